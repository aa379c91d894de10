#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_faults_watch.sh: what may happen to a watch while it runs: to its file, its
# AS data and its store, hostile clients and hostile names. What it says of it,
# in the log and in its metrics; and that measuring goes on.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq curl sqlite3
lab_up_story || exit 1

# shellcheck source=tests/lab/watch_lab.sh
. "$(dirname "$0")/watch_lab.sh"

overlay=$LAB_DIR/as.mmdb asdb=$LAB_DIR/asdb.mmdb told=$LAB_DIR/told

make_mmdb() { # days-old
	"$BUILD/lab/mmdb_make" geolite 28 6 $((EPOCHSECONDS - $1 * 86400)) <"$LAB_OVERLAY"
}

# --- F57: the configuration is read again; what metrics say of a watch ---

make_mmdb 5 | tee "$overlay" >"$asdb"
cat >"$LAB_DIR/tell" <<END
#!/bin/sh
cat >>$told
END
chmod +x "$LAB_DIR/tell"
mkdir "$LAB_DIR/state"
cat >"$conf" <<END
agent: lab
store: $db
listen: 127.0.0.1:9180
rate: 4k
overlay: $overlay
asdb: ["$asdb"]
alerts: {command: [$LAB_DIR/tell], confirm: 1/1, state: $LAB_DIR/state}
defaults: {vantage_as: AS8075, jitter: 0s, interval: 1s}
audits:
  - {name: zenn, targets: [zenn.dev, login.microsoft.com], no_rdns: true}
END
cp "$conf" "$LAB_DIR/good.yaml"
began=$EPOCHSECONDS
watch_up main "$CP" watch -c "$conf" "${common[@]}"
main=$pid
check 'F57: it runs' soon ran 2
api /metrics >"$LAB_DIR/metrics"
promtool=$("$_lib_root/scripts/fetch-promtool" "$BUILD/web" 2>/dev/null) || promtool=
if [[ -n $promtool ]]; then
	check_eq 'F57: promtool has nothing to say' '' "$("$promtool" check metrics <"$LAB_DIR/metrics" 2>&1)"
else
	echo 'SKIP - F57: no promtool'
fi
check_eq 'F57: metrics: the configuration was taken' 1 "$(metric watch_config_last_reload_successful)"
taken=$(metric watch_config_last_reload_success_timestamp_seconds)
check "F57: metrics: when it was ($taken)" test "${taken%.*}" -ge "$began" -a "${taken%.*}" -le "$EPOCHSECONDS"
check 'F57: metrics: runs' test "$(metric 'watch_runs_total{audit="zenn"}')" -ge 2
check_eq 'F57: metrics: none of them failed' 0 "$(metric 'watch_failed_runs_total{audit="zenn"}')"
check_eq 'F57: metrics: interval' 1.000 "$(metric 'watch_interval_seconds{audit="zenn"}')"
next=$(metric 'watch_next_run_timestamp_seconds{audit="zenn"}')
check "F57: metrics: when it is next due ($next)" test $((${next%.*} - EPOCHSECONDS)) -ge -2 -a $((${next%.*} - EPOCHSECONDS)) -le 3
check_eq 'F57: metrics: rate' 4000 "$(metric watch_rate_packets_per_second)"

refused() { # what regex sed-expression times
	local n before
	before=$(n_said 'the configuration in use stays')
	n=$(metric 'watch_runs_total{audit="zenn"}')
	sed "$3" "$LAB_DIR/good.yaml" >"$conf"
	kill -HUP "$pid"
	check "F57: $1: refused with its place" soon said "$2; the configuration in use stays"
	check_eq "F57: $1: one line" $((before + 1)) "$(n_said "watch.yaml:|in use stays")"
	check "F57: $1: metrics say so" soon metric_is watch_config_last_reload_successful 0
	check_eq "F57: $1: metrics: it is counted" "$4" "$(metric 'watch_config_reloads_total{result="refused"}')"
	check_eq "F57: $1: metrics: the old one is in use" "$taken" "$(metric watch_config_last_reload_success_timestamp_seconds)"
	check "F57: $1: the old one goes on" runs_on 1
	check "F57: $1: metrics: its runs are counted on" test "$(metric 'watch_runs_total{audit="zenn"}')" -gt "$n"
}
refused 'no YAML' 'watch.yaml:[0-9]+:[0-9]+: .*' 's/name: zenn/{name: zenn/' 1
refused 'a wrong value' 'watch.yaml:10:[0-9]+: .*' 's/zenn, targets/zenn, flows: 300, targets/' 2
refused 'an address that is taken' 'cannot listen on 198.18.0.77:80.*' 's/127.0.0.1:9180/198.18.0.77:80/' 3
cp "$LAB_DIR/good.yaml" "$conf"
kill -HUP "$pid"
check 'F57: a good one: metrics say so' soon metric_is watch_config_last_reload_successful 1
check_eq 'F57: a good one: metrics: it is counted' 1 "$(metric 'watch_config_reloads_total{result="taken"}')"
check 'F57: a good one: metrics: since then' test "$(metric watch_config_last_reload_success_timestamp_seconds)" '>' "$taken"

# --- F43: the AS data changes under it, for better and for worse ---

verdicts() { # of the newest run that has ended
	api '/api/v1/runs/latest/targets' | jq -r '.items[] | "\(.name) \(.verdict)"' | sort | xargs
}
before=$(verdicts)
check_eq 'F43: before' 'login.microsoft.com inside zenn.dev direct' "$before"
truncate -s 300 "$overlay"
check 'F43: cut short in place: said, with its name' soon said 'warning: .*as.mmdb: .*; the AS data in use stays'
runs_on 2
check_eq 'F43: cut short in place: said once' 1 "$(n_said 'the AS data in use stays')"
check_eq 'F43: cut short in place: the verdicts stay' "$before" "$(verdicts)"
head -c 4000 /dev/urandom >"$overlay.new" && mv "$overlay.new" "$overlay"
check 'F43: replaced by noise: said, too' soon said 'the AS data in use stays' 2
runs_on 2
check_eq 'F43: replaced by noise: the verdicts stay' "$before" "$(verdicts)"
rm "$overlay"
check 'F43: deleted: said, too' soon said 'as.mmdb: No such file.*; the AS data in use stays'
runs_on 1
check_eq 'F43: deleted: the verdicts stay' "$before" "$(verdicts)"
make_mmdb 5 >"$overlay.new" && mv "$overlay.new" "$overlay"
check 'F43: a good one takes its place: read' soon said 'the AS data was changed and is read again'
make_mmdb 400 >"$asdb.new" && mv "$asdb.new" "$asdb"
check 'F43: an old one: the run is warned of it' soon said 'warning: zenn: .*asdb.mmdb is 400 days old'
runs_on 1
check_eq 'F43: an old one: the verdicts are the same' "$before" "$(verdicts)"
age=$(metric 'database_age_seconds{audit="zenn",layer="database"}')
check "F43: an old one: metrics have its age ($age)" test "$age" -ge $((400 * 86400)) -a "$age" -le $((400 * 86400 + 3600))
make_mmdb 5 >"$asdb.new" && mv "$asdb.new" "$asdb"

# --- F54: somebody else stores runs as the same agent ---

sed "/^listen/d; s#$LAB_DIR/state#$LAB_DIR/other#" "$LAB_DIR/good.yaml" >"$LAB_DIR/other.yaml"
mkdir "$LAB_DIR/other"
check_eq 'F54: alone: no conflict' 0 "$(metric 'watch_agent_conflicts_total{audit="zenn"}')"
watch_up other "$CP" watch -c "$LAB_DIR/other.yaml" "${common[@]}"
check 'F54: the other notices' soon said 'warning: zenn: somebody else stores runs of this audit as the same agent in .*runs.db'
log=$LAB_DIR/main.log
check 'F54: the first notices' soon said 'warning: zenn: somebody else stores runs of this audit as the same agent'
has_conflicts() {
	(($(metric 'watch_agent_conflicts_total{audit="zenn"}') >= 1))
}
check 'F54: metrics say so' soon has_conflicts
watch_down TERM
pid=$main
check_eq 'F54: the other ends' 143 "$status"
check 'F54: the runs are marked' test "$(sql "SELECT count(DISTINCT run) FROM warnings WHERE code = 'agent-twice'")" -ge 2
runs_on 2 # the first of them may still find the other's last
n=$(metric 'watch_agent_conflicts_total{audit="zenn"}')
runs_on 2
check_eq 'F54: alone again: no further conflict' "$n" "$(metric 'watch_agent_conflicts_total{audit="zenn"}')"
check_eq 'F54: no run is mixed of two: each path has its hops' 0 "$(sql 'SELECT count(*) FROM paths AS p WHERE n_hops <>
	(SELECT count(*) FROM hops AS h WHERE h.agent = p.agent AND h.run = p.run AND h.path = p.seq)')"

# --- F65: clients that mean no good; measuring goes on ---

missed=$(metric 'watch_missed_runs_total{audit="zenn"}')
sed 's/interval: 1s/interval: 3s/' "$LAB_DIR/good.yaml" >"$conf"
kill -HUP "$pid"
soon said 'watch.yaml is read again' 2
n=$(n_runs)
lab_exec "$LAB_COLD" "$BUILD/lab/http_clients" 127.0.0.1 9180 / slow 1000 10 >"$LAB_DIR/slow" &
slow=$!
sleep 1
for path in '/api/v1/%ff%fe' '/%c0%af' '/api/v1/runs%00'; do
	api "$path" --path-as-is -o /dev/null
	api / -o /dev/null -H "X-Huge: $(printf 'a%.0s' {1..20000})"
done 2>/dev/null
wait "$slow"
check 'F65: the clients were there' grep -q '^connected 1000 ' "$LAB_DIR/slow"
check "F65: runs were on time ($(($(n_runs) - n)) in 10 s)" test $(($(n_runs) - n)) -ge 3
# A busy host may let one slip.
after=$(metric 'watch_missed_runs_total{audit="zenn"}')
check "F65: none is missed for it (from $missed to $after)" test $((after - missed)) -le 1
check_eq 'F65: none failed' 0 "$(metric 'watch_failed_runs_total{audit="zenn"}')"
check_eq 'F65: no path of them is cut short, no reply lost' 0 \
	"$(sql 'SELECT count(*) FROM runs WHERE exit_status = 0 AND (n_complete <> n_paths OR lost <> 0)')"
cp "$LAB_DIR/good.yaml" "$conf"

# --- F66: names and aliases from whoever owns them ---

for mode in plain hostile; do
	[[ $mode == plain ]] && port=5301 || port=5302
	lab_serve "dns.$mode" "$BUILD/lab/dns_stub" "$LAB_DNS" "$port" 120 "$mode"
	soon grep -qs ready "$LAB_DIR/dns.$mode.log"
done
# Answers of the stubs are black holes here, which does not matter: what they are called does.
hostile_conf() { # port
	sed -e 's/zenn.dev, login.microsoft.com\], no_rdns: true/"hostile.lab", 198.18.49.10], ipv4: true, attempts: 1, timeout: 100ms/' \
		-e 's/interval: 1s/interval: 100ms/' -e "s/name: zenn/name: names, resolver: \"$LAB_DNS:$1\"/" "$LAB_DIR/good.yaml"
}
watch_down TERM
check_eq 'F66: the watch before ends' 143 "$status"
check "F56: SIGTERM while clients are served: $took_ms ms" test "$took_ms" -lt 3000
hostile_conf 5301 >"$conf"
watch_up names "$CP" watch -c "$conf" --blocklist none
check 'F66: it runs until it knows what is usual' soon ran 26
hostile_conf 5302 >"$conf"
kill -HUP "$pid"
check 'F66: the change is in the log' soon said '^coldpotato: change: .*hostile.lab.* cname: '
check 'F66: and told to the command' soon grep -qs '"kind":"cname"' "$told"
runs_on 1
clean_in() { # what file: no control character but newlines
	check_eq "F66: $1: nothing for a terminal" 0 "$(LC_ALL=C grep -caP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$2")"
	check "F66: $1: there is something" test -s "$2"
}
api /metrics >"$LAB_DIR/metrics"
api /api/v1/changes >"$LAB_DIR/changes"
api /api/v1/runs/latest/targets/0 >"$LAB_DIR/target0"
api /api/v1/runs/latest/targets/1 >"$LAB_DIR/target1"
"$CP" export "$db" >"$LAB_DIR/export"
clean_in 'the log' "$log"
clean_in 'what the command is given' "$told"
clean_in 'the changes served' "$LAB_DIR/changes"
clean_in 'a target served' "$LAB_DIR/target0"
clean_in 'a path served' "$LAB_DIR/target1"
clean_in 'the metrics' "$LAB_DIR/metrics"
clean_in 'a run exported' "$LAB_DIR/export"
hostile_name='\027[31mred\010<script>alert\(1\)</script>\"\\&\255\128\013\008.\194\1552j.lab'
check_eq 'F66: the alias is what DNS writes, in the store' "$hostile_name" \
	"$(sql "SELECT json_extract(cname, '\$[0]') FROM targets WHERE name = 'hostile.lab' ORDER BY run DESC LIMIT 1")"
check_eq 'F66: in the change that is served' true "$(jq --arg n "$hostile_name" '[.items[] | select(.kind == "cname").new] | any(contains($n))' "$LAB_DIR/changes")"
check_eq 'F66: in what the command is given' true "$(jq -s --arg n "$hostile_name" 'any(.[]; .kind == "cname" and (.new | contains($n)))' "$told")"
check_eq 'F66: routers have the hostile name, in the API' "$hostile_name" \
	"$(jq -r '[.paths[].hops[].ptr // empty] | unique | .[0]' "$LAB_DIR/target1" "$LAB_DIR/target0" | grep -v null | sort -u)"
check_eq 'F66: every line of the log is ours' 0 "$(grep -cv '^coldpotato: ' "$log")"
[[ -z $promtool ]] || check_eq 'F66: promtool has nothing to say' '' "$("$promtool" check metrics <"$LAB_DIR/metrics" 2>&1)"
watch_down TERM
check_eq 'nothing is left attached' '' "$(attached "$LAB_COLD")"

finish
