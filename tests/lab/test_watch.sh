#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_watch.sh: `watch` in the story lab: audits take turns within one rate, the
# file is read again and a wrong one changes nothing, a route that changes under
# it is seen by the next run, nothing is left behind and nothing leaks.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/watching.sh
. "$(dirname "$0")/watching.sh"

lab_need jq bpftool curl sqlite3
lab_up_story || exit 1

runs=$LAB_DIR/runs
conf=$LAB_DIR/watch.yaml
overlay=$LAB_DIR/as.txt
log=$LAB_DIR/cold.watch.log
mkdir "$runs"
cp "$LAB_OVERLAY" "$overlay"

common=(--blocklist none --resolver "$LAB_DNS")

n_runs() { # audit
	grep -cE "^coldpotato: $1: ([0-9]+ targets|no result)" "$log"
}

ran() { # audit times
	(($(n_runs "$1") >= $2))
}

# --- the configuration ---

cat >"$conf" <<END
agent: lab
output: $runs
keep: 4
rate: 200
overlay: $overlay
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s}
audits:
  - {name: names, targets: ["@$LAB_NAMES"], interval: 3s}
  - {name: two, targets: [zenn.dev, login.microsoft.com], interval: 1s, flows: 3}
END
bad() { # what regex sed-expression
	sed "$3" "$conf" >"$LAB_DIR/bad.yaml"
	refuses "$1" 2 "$2" "$CP" watch -c "$LAB_DIR/bad.yaml" --check
}
check_eq 'check: what will run' 'names: every 3 s, up to 0 s later two: every 1 s, up to 0 s later' \
	"$("$CP" watch -c "$conf" --check | xargs)"
bad 'check: an unknown key' 'bad.yaml:3:1: .*kept' 's/^keep/kept/'
bad 'check: a wrong value of an option' 'bad.yaml:9:80: flows wants a number of flows, 1 to 64' 's/flows: 3/flows: 99/'
bad 'check: a time without unit' 'bad.yaml:9:69: interval wants a time with its unit' 's/interval: 1s/interval: 1/'
bad 'check: a file of targets that is missing' "bad.yaml:8:5: audit 'names': .*nosuch" 's/@[^"]*/@nosuch/'
bad 'check: an output that is no directory' 'bad.yaml:2:9: output: ' 's/^output: .*/output: nosuch/'
bad 'check: a jitter as long as the interval' "bad.yaml:9:5: audit 'two': the jitter must be less" 's/jitter: 0s/jitter: 1s/'
refuses 'check: no YAML at all' 2 'bad2.yaml' "$CP" watch -c "$LAB_DIR/bad2.yaml" --check
refuses 'a configuration is needed' 2 'watch needs a configuration: -c FILE' "$CP" watch
refuses 'records go to standard output only' 2 'watch writes ndjson to standard output' "$CP" watch -c "$conf" -o table

# --- once ---

lab_exec "$LAB_COLD" "$CP" watch -c "$conf" "${common[@]}" --once -o ndjson -r 2k >"$LAB_DIR/once.ndjson" 2>"$LAB_DIR/err"
check_eq 'once: ends well' 0 $?
check_eq 'once: a run of each audit' 2 "$(jq -r 'select(.type == "end") | .reason' "$LAB_DIR/once.ndjson" | grep -c "^done")"
check_eq 'once: two lines on standard error' 2 "$(wc -l <"$LAB_DIR/err")"
lab_exec "$LAB_HOT" "$CP" watch -c "$conf" "${common[@]}" --once --fail-on transit -r 2k 2>"$LAB_DIR/err"
check_eq 'once: the worst exit status' 3 $?
rm -f "$runs"/*

# --- audits take turns within one rate; what the service manager hears ---

lab_serve cold.notify "$BUILD/lab/notify_sink" "$LAB_DIR/notify"
heard=$LAB_DIR/cold.notify.log
until_true 5 test -S "$LAB_DIR/notify"
lab_exec "$LAB_COLD" tc qdisc add dev eth0 clsact
lab_exec "$LAB_COLD" tc filter add dev eth0 ingress pref 77 handle 7 bpf da obj "$BUILD/lab/foreign.bpf.o" sec tc
watch_up cold env NOTIFY_SOCKET="$LAB_DIR/notify" WATCHDOG_USEC=600000 "$CP" watch -c "$conf" "${common[@]}"
check 'notify: ready' until_true 10 grep -q 'READY=1' "$heard"

packets() {
	ip -n "$LAB_ID-c1" -s -j link show to-cold | jq '.[0].stats64.rx.packets'
}

# The busiest of ten seconds, at the far end.
busiest() {
	local before now most=0 i
	before=$(packets)
	for ((i = 0; i < 10; i++)); do
		sleep 1
		now=$(packets)
		((now - before <= most)) || most=$((now - before))
		before=$now
	done
	echo "$most"
}
most=$(busiest)
check 'rate: both audits together keep to it' test "$most" -le 260
check 'rate: it is used' test "$most" -ge 120
check 'both audits run again and again' until_true 20 eval 'ran names 2 && ran two 3'

# Start and end of each run, in the order of starts: none may begin before the one before it has ended.
overlaps() {
	jq -rs '[.[] | select(.type == "start" or .type == "end")] | range(0; length; 2) as $i |
		"\(.[$i].mono_ns) \(.[$i].mono_ns + .[$i + 1].accounting.total_ns)"' "$runs"/*.ndjson | sort -n |
		awk 'NR > 1 && $1 < end {n++} {end = $2} END {print n + 0}'
}
check_eq 'no run overlaps another' 0 "$(overlaps)"
check 'old files are pruned' until_true 30 eval 'ran two 6 && (($(ls "$runs" | grep -c "^two-") == 4))'
check_eq 'every file is whole' '' "$(for f in "$runs"/*.ndjson; do tail -n 1 "$f" | jq -r 'select(.type != "end" or .reason != "done")'; done)"
check 'notify: the watchdog is fed' test "$(grep -c 'WATCHDOG=1' "$heard")" -ge 10
check 'notify: status' grep -qE 'STATUS=two: 2 targets' "$heard"
kill -STOP "$pid"
sleep 0.3
n=$(grep -c 'WATCHDOG=1' "$heard")
sleep 1.5
check_eq 'notify: nothing while it is stuck' "$n" "$(grep -c 'WATCHDOG=1' "$heard")"
kill -CONT "$pid"
check 'notify: fed again' until_true 5 eval "((\$(grep -c 'WATCHDOG=1' '$heard') > $n))"

# --- reading the file again ---

cp "$conf" "$LAB_DIR/good.yaml"
sed -i 's/flows: 3/flows: 300/' "$conf"
kill -HUP "$pid"
check 'reload: a wrong file is refused with its place' until_true 20 says 'watch.yaml:9:80: flows wants .*; the configuration in use stays'
n=$(n_runs two)
check 'reload: the old one goes on' until_true 20 ran two $((n + 1))
sed -e 's/name: two/name: deux/' "$LAB_DIR/good.yaml" >"$conf"
kill -HUP "$pid"
check 'reload: a good one is taken' until_true 20 says 'watch.yaml is read again: 2 audits'
check 'reload: its audits run' until_true 20 ran deux 1
check_eq 'notify: reloading, twice' 2 "$(grep -c 'RELOADING=1 MONOTONIC_USEC=' "$heard")"

before=$(date +%s%N)
watch_down TERM
check_eq 'SIGTERM: exit status' 143 "$status"
check 'SIGTERM: in less than two seconds' test $((($(date +%s%N) - before) / 1000000)) -lt 2000
check 'notify: stopping' grep -q 'STOPPING=1' "$heard"
check_eq 'nothing is left attached but what was there' 'foreign.bpf.o:[tc] qdisc clsact ffff: parent ffff:fff1' "$(attached "$LAB_COLD" | xargs)"
check 'the foreign filter is still there' eval 'lab_exec "$LAB_COLD" tc filter show dev eth0 ingress | grep -q "pref 77"'
lab_exec "$LAB_COLD" tc qdisc del dev eth0 clsact

# --- a route, and AS data, change under it ---

cat >"$conf" <<END
output: $runs
overlay: $overlay
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s}
audits:
  - {name: zenn, targets: [zenn.dev], interval: 1s}
END
watch_up hot "$CP" watch -c "$conf" "${common[@]}"
latest() { # the AS path of the latest run
	local file
	file=$(find "$runs" -name 'zenn-*.ndjson' | sort | tail -n 1)
	[[ -z $file ]] || jq -r 'select(.type == "path") | "\(.verdict) \(.as_path | join(" "))"' "$file" | sort -u
}
is_latest() { # verdict and AS path
	[[ $(latest) == "$1" ]]
}
check 'before: 3491 carries it' until_true 20 is_latest 'transit private * 3491 13335'
sed -i 's/ 3491$/ 2914/' "$overlay"
check 'AS data: the next run has the new' until_true 20 is_latest 'transit private * 2914 13335'
check 'AS data: said' says 'AS data was changed and is read again'
echo 'not a row' >"$overlay"
check 'AS data: what cannot be read is refused' until_true 20 says 'warning: .*as.txt.*; the AS data in use stays'
check 'AS data: the old stays' is_latest 'transit private * 2914 13335'
cp "$LAB_OVERLAY" "$overlay"
via_carrier=$(ip -n "$LAB_ID-h4" route get 198.18.49.10 | sed -n 's/.* via \([^ ]*\) .*/\1/p')
via=$(ip -n "$LAB_ID-h4" route get 198.18.17.30 | sed -n 's/.* via \([^ ]*\) .*/\1/p')
ip -n "$LAB_ID-h4" route replace 198.18.49.0/24 via "$via"
check 'route: the next run sees the new way' until_true 20 is_latest 'direct private * 8075 * 13335'
check_eq 'route: attached once, and only once' 1 "$(lab_exec "$LAB_HOT" "$BUILD/lab/tcx_query" eth0 | wc -w)"
watch_down KILL
check_eq 'SIGKILL: nothing is left attached' '' "$(attached "$LAB_HOT")"

for how in 'xdp-native --datapath xdp' 'tc-clsact --datapath tc --tc-attach clsact'; do
	read -ra words <<<"$how"
	rm -f "$runs"/*
	watch_up hot "$CP" watch -c "$conf" "${common[@]}" "${words[@]:1}"
	until_true 20 ran zenn 3
	check_eq "${words[0]}: three runs" "${words[0]}" "$(jq -r 'select(.type == "start") | .datapath' "$runs"/*.ndjson | sort -u)"
	check_eq "${words[0]}: each reached its end" '' "$(jq -r 'select(.type == "path" and (.reached | not)) | .destination.ip' "$runs"/*.ndjson)"
	watch_down KILL
	check "${words[0]}: SIGKILL: nothing is left attached" until_true 5 eval '[[ -z $(attached "$LAB_HOT") ]]'
done

# --- a change is noticed, told, stored and served, and all agree ---

cat >"$LAB_DIR/tell" <<END
#!/bin/sh
cat >>$LAB_DIR/told
END
chmod +x "$LAB_DIR/tell"
mkdir "$LAB_DIR/state"
cat >"$LAB_DIR/change.yaml" <<END
agent: lab
store: $LAB_DIR/runs.db
listen: 127.0.0.1:9180
overlay: $overlay
alerts: {command: [$LAB_DIR/tell], confirm: 2/3, state: $LAB_DIR/state}
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s}
audits:
  - {name: zenn, targets: [zenn.dev], interval: 500ms}
END
sed 's#confirm: 2/3#mute: ["sometimes"]#' "$LAB_DIR/change.yaml" >"$LAB_DIR/bad.yaml"
refuses 'check: a mute window' 2 'bad.yaml:5:[0-9]+: ' "$CP" watch -c "$LAB_DIR/bad.yaml" --check
sed '/^store/d' "$LAB_DIR/change.yaml" >"$LAB_DIR/bad.yaml"
refuses 'check: nothing to serve' 2 'bad.yaml:2:9: listen serves a store' "$CP" watch -c "$LAB_DIR/bad.yaml" --check
ip -n "$LAB_HOT" link set lo up
api() { # path
	lab_exec "$LAB_HOT" curl -s "http://127.0.0.1:9180$1"
}
watch_up hot "$CP" watch -c "$LAB_DIR/change.yaml" "${common[@]}"
check 'change: learns what is usual' until_true 30 ran zenn 5
check_eq 'change: nothing is told before' '' "$(cat "$LAB_DIR/told" 2>/dev/null)"
ip -n "$LAB_ID-h4" route replace 198.18.49.0/24 via "$via_carrier"
check 'change: told to the command' until_true 20 grep -q '"kind":"verdict"' "$LAB_DIR/told"
told=$(jq -r 'select(.kind == "verdict") | "\(.audit) \(.target.name) \(.old) \(.new) \(.state)"' "$LAB_DIR/told")
check_eq 'change: what it says' 'zenn zenn.dev direct transit changed' "$told"
check_eq 'change: once' 1 "$(grep -c '"kind":"verdict"' "$LAB_DIR/told")"
check 'change: in the log' says '^coldpotato: change: .*zenn.dev:443/tcp verdict: direct -> transit'
check_eq 'change: in the store' 'zenn zenn.dev direct transit' \
	"$(sqlite3 -separator ' ' "$LAB_DIR/runs.db" "SELECT audit, target, old, new FROM changes WHERE kind = 'verdict'")"
check_eq 'change: served' 'zenn zenn.dev direct transit' \
	"$(api /api/v1/changes | jq -r '.items[] | select(.kind == "verdict") | "\(.audit) \(.target) \(.old) \(.new)"')"
check 'change: the exit, too' until_true 20 grep -q '"kind":"exit-as-new"' "$LAB_DIR/told"
check 'metrics are served' grep -q '^coldpotato_' <(api /metrics)
watch_down TERM
check_eq 'change: SIGTERM ends all of it' 143 "$status"
n=$(wc -l <"$LAB_DIR/told") # SIGTERM waits for what is under way
watch_up hot "$CP" watch -c "$LAB_DIR/change.yaml" "${common[@]}"
until_true 20 ran zenn 4
check_eq 'change: a restart tells nothing twice' "$n" "$(wc -l <"$LAB_DIR/told")"
ip -n "$LAB_ID-h4" route replace 198.18.49.0/24 via "$via"
check 'change: its end is told, too' until_true 20 grep -q '"kind":"verdict".*"state":"recovered"' "$LAB_DIR/told"
watch_down TERM

# --- nobody reads ---

lab_exec "$LAB_HOT" timeout 30 "$CP" watch -c "$conf" "${common[@]}" -o ndjson 2>"$LAB_DIR/err" | head -n 1 >/dev/null
check_eq 'a closed pipe ends it' 1 "${PIPESTATUS[0]}"

# --- a service without root, with no more rights than it needs ---

if setpriv --reuid nobody --clear-groups --inh-caps +bpf,+net_admin,+perfmon,+net_raw \
	--ambient-caps +bpf,+net_admin,+perfmon,+net_raw true 2>/dev/null; then
	sed "/^output/d" "$conf" >"$LAB_DIR/service.yaml"
	chmod 755 "$LAB_DIR" && chmod 644 "$LAB_DIR/service.yaml" "$overlay"
	install -m 755 "$CP" "$LAB_DIR/coldpotato"
	lab_exec "$LAB_HOT" setpriv --reuid nobody --clear-groups --inh-caps +bpf,+net_admin,+perfmon,+net_raw \
		--ambient-caps +bpf,+net_admin,+perfmon,+net_raw --bounding-set -all,+bpf,+net_admin,+perfmon,+net_raw \
		"$LAB_DIR/coldpotato" watch -c "$LAB_DIR/service.yaml" "${common[@]}" --once >"$LAB_DIR/out" 2>&1
	check_eq 'the rights of the unit are enough' '0 1' "$? $(grep -c '1 targets: 1 direct' "$LAB_DIR/out")"
fi

# --- nothing leaks: an hour of a run a minute ---

last_run=${WATCH_RUNS:-60}
sed -i 's/interval: 1s/interval: 400ms, jitter: 0s, flows: 3/; s/zenn.dev/zenn.dev, login.microsoft.com/' "$conf"
watch_up cold "$CP" watch -c "$conf" "${common[@]}" -r 20k
# What is held between runs: the least of what is seen after a few of them, as one may look too late. Open files, of them
# programs, maps and links; RSS in KiB.
held() { # run
	local i
	for ((i = 0; i < 5; i++)); do
		until_true 120 ran zenn $(($1 + i))
		echo "$(find "/proc/$pid/fd" -type l | wc -l) $(cat "/proc/$pid/fdinfo"/* 2>/dev/null | grep -cE '^(prog_id|map_id|link_id):') $(
			awk '/^VmRSS/ {print $2}' "/proc/$pid/status")"
	done | sort -n | head -n 1
}
read -r files_before bpf_before rss_before <<<"$(held 10)"
read -r files_after bpf_after rss_after <<<"$(held "$last_run")"
check_eq 'leaks: open files' "$files_before" "$files_after"
check_eq 'leaks: BPF objects' "$bpf_before" "$bpf_after"
check "leaks: memory ($rss_before KiB after 10 runs, $rss_after KiB after $last_run)" \
	test "$rss_after" -le $((rss_before + 1024))
watch_down INT
check_eq 'SIGINT: exit status' 130 "$status"
check_eq 'SIGINT: nothing is left attached' '' "$(attached "$LAB_COLD")"

# --- the interface goes away and comes back ---

lab_down
lab_up_pair || exit 1
conf=$LAB_DIR/watch.yaml
printf 'audits:\n  - {name: b, targets: ["%s"], interval: 500ms, jitter: 0s}\n' "$LAB_B_ADDR" >"$conf"
watch_up a "$CP" watch -c "$conf" --blocklist none --no-rdns
check 'lost: runs' until_true 20 says '^coldpotato: b: 1 targets: .*1 paths complete; [0-9.]+ s; next'
cat >"$LAB_DIR/a.plan" <<<"$(lab_exec "$LAB_A" ip -o addr show dev eth0 scope global | awk '{print $4}')"
cat >"$LAB_DIR/b.plan" <<<"$(lab_exec "$LAB_B" ip -o addr show dev eth0 scope global | awk '{print $4}')"
ip -n "$LAB_A" link del eth0
check 'lost: said' until_true 20 says '^coldpotato: b: .*(route|removed|no address)'
ip link add eth0 netns "$LAB_A" type veth peer name eth0 netns "$LAB_B"
for ns in a b; do
	name=$LAB_A
	[[ $ns == a ]] || name=$LAB_B
	ip -n "$name" link set eth0 up
	while read -r address; do
		[[ $address == *:* ]] && nodad=nodad || nodad=
		# shellcheck disable=SC2086 # no word where it is empty
		ip -n "$name" addr add "$address" dev eth0 $nodad
	done <"$LAB_DIR/$ns.plan"
done
n=$(grep -c '1 paths complete' "$log")
check 'lost: runs again on the new one' until_true 20 eval "((\$(grep -c '1 paths complete' '$log') > $n + 1))"
check_eq 'lost: attached again' 1 "$(lab_exec "$LAB_A" "$BUILD/lab/tcx_query" eth0 | wc -w)"
watch_down TERM

finish
