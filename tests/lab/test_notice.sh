#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_notice.sh: what `watch` notices beside verdicts and exits, on two hosts: loss
# end to end, and a group of which less is decided than before; and what an
# audit says of it itself: how often it must be seen, what is not looked at, what
# nobody is told of.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/watch.sh
. "$_lib_root/tests/lab/watch.sh"

lab_need jq nft curl
lab_up_pair || exit 1

told=$LAB_DIR/a.watch.log
conf=$LAB_DIR/watch.yaml
printf '198.18.0.0/15 8075\n' >"$LAB_DIR/home.txt"
printf 'fqdn,port,group\n%s,443,web\n%s,444,web\n%s,445,core\n' "$LAB_B_ADDR" "$LAB_B_ADDR" "$LAB_B_ADDR" >"$LAB_DIR/names.csv"

# The far end is a host without servers, whose resets are answers.
far() { # nft rules for what it sends to a
	lab_exec "$LAB_B" nft -f - <<-END
		table inet lab {}
		delete table inet lab
		table inet lab {
			chain out { type filter hook output priority 0; $1
			}
		}
	END
}


notices() { # pattern of a record's fields
	grep -qE "^\{\"type\":\"change\".*$1" "$told"
}

changes() { # jq-filter: audit, kind, subject, state, muted of the changes it lets through
	grep '^{"type":"change"' "$told" | jq -r "select($1) | \"\(.audit) \(.kind) \(.target.port // .group // \"run\") \(.state) \(.muted)\""
}

# --- loss end to end, and groups ---

cat >"$conf" <<END
overlay: $LAB_DIR/home.txt
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s, interval: 300ms, timeout: 200ms, attempts: 2}
audits:
  - {name: ends, targets: ["$LAB_B_ADDR:443"], e2e: 6, e2e_interval: 20ms}
  - {name: groups, targets: ["@$LAB_DIR/names.csv"]}
END
far ''
watch_up a "$CP" watch -c "$conf" --blocklist none -o ndjson
check 'learns what is usual' until_true 15 eval 'ran ends 10 && ran groups 10'
check_eq 'the probes were sent' 6 "$(grep '^{"type":"path"' "$told" | jq -r 'select(.target.port == 443) | .e2e.sent // empty' | head -n 1)"
check_eq 'and nothing is told' '' "$(changes true)"
far 'tcp sport 443 numgen inc mod 2 == 0 drop; tcp sport 444 drop;'
check 'loss end to end is noticed' until_true 20 notices '"audit":"ends".*"kind":"loss","state":"changed"'
check 'how much' grep -qE '"kind":"loss".*"old":"0.0 %","new":"[345][0-9].[0-9] %"' "$told"
check 'a group of which less is decided is noticed' until_true 20 notices '"group":"web","kind":"coverage","state":"changed"'
check 'the run as a whole, too' until_true 20 notices '"target":null,"group":null,"kind":"coverage","state":"changed"'
check_eq 'how much of each' $'66.6 %\n50.0 %' "$(grep '"kind":"coverage"' "$told" | jq -r '"\(.new)"' | sort -r)"
far ''
check 'the end of loss is noticed' until_true 20 notices '"audit":"ends".*"kind":"loss","state":"recovered"'
check 'that of coverage, too' until_true 20 notices '"group":"web","kind":"coverage","state":"recovered"'
check_eq 'the other group was as ever' '' "$(changes '.group == "core"')"
check_eq 'no loss is told where no probe was sent' '' "$(changes '.audit == "groups" and .kind == "loss"')"
watch_down TERM

# --- round trips end to end ---

lab_exec "$LAB_A" ip route add 198.19.0.0/16 via "$LAB_B_ADDR"
responder_up() { # options...
	[[ -z ${responder-} ]] || { kill "$responder"; wait "$responder"; } 2>/dev/null
	lab_serve b.responder "$BUILD/lab/responder" --hops 3 "$@" eth0
	responder=${_lab_server_pid[b.responder]}
	until_true 5 grep -q '^ready' "$LAB_DIR/b.responder.log" || not_ok 'the responder comes up' "$(cat "$LAB_DIR/b.responder.log")"
}
cat >"$conf" <<END
overlay: $LAB_DIR/home.txt
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s, interval: 200ms, timeout: 200ms}
audits:
  - {name: far, targets: ["198.19.0.1:443"], e2e: 5, e2e_interval: 20ms, max_ttl: 6}
END
responder_up
watch_up a "$CP" watch -c "$conf" --blocklist none -o ndjson
check 'round trips: learns what is usual' until_true 40 ran far 10
responder_up --delay-ms 40
check 'round trips: slower is noticed' until_true 40 notices '"kind":"rtt","state":"changed"'
check_eq 'round trips: by the median of the probes end to end of that run' true "$(grep '^{' "$told" | jq -s '
	[foreach .[] as $r (null; if $r.type == "start" then $r.wall_ms else . end; select($r.type == "path") | {run: ., p50: $r.e2e.rtt_p50_us})] as $paths |
	[.[] | select(.type == "change" and .kind == "rtt")][0] as $change |
	[$paths[] | select(.run == $change.run) | "\(.p50 / 1000 | floor).\(.p50 % 1000 + 1000 | tostring[1:]) ms"] == [$change.new]')"
watch_down TERM
kill "$responder"

# --- what an audit says of it ---

lab_exec "$LAB_A" ip link set lo up
metric() { # series
	lab_exec "$LAB_A" curl -s -m 5 http://127.0.0.1:9180/metrics | awk -v series="coldpotato_$1" '$1 == series {print $2}'
}

cat >"$LAB_DIR/tell" <<END
#!/bin/sh
cat >>$LAB_DIR/told
END
chmod +x "$LAB_DIR/tell"
cat >"$conf" <<END
overlay: $LAB_DIR/home.txt
store: $LAB_DIR/runs.db
listen: 127.0.0.1:9180
alerts: {command: [$LAB_DIR/tell], confirm: 5/5, mute: ["* 00:00-24:00 group=core"]}
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s, interval: 300ms, timeout: 200ms, attempts: 1, targets: []}
audits:
  - {name: deaf, targets: ["@$LAB_DIR/names.csv"], changes: {coverage: off}}
  - {name: mute, targets: ["@$LAB_DIR/names.csv"], confirm: 1/1, mute: ["* 00:00-24:00 group=web"]}
  - {name: slow, targets: ["@$LAB_DIR/names.csv"]}
END
refuses 'targets are no default' 2 'watch.yaml:5:[0-9]+: .*targets' "$CP" watch -c "$conf" --check
sed -i 's/, targets: \[\]//' "$conf"
sed 's/group=web/groups=web/' "$conf" >"$LAB_DIR/bad.yaml"
refuses 'check: a window of one audit' 2 'bad.yaml:8:[0-9]+: ' "$CP" watch -c "$LAB_DIR/bad.yaml" --check
watch_up a "$CP" watch -c "$conf" --blocklist none -o ndjson
check 'rules: learns what is usual' until_true 40 eval 'ran deaf 10 && ran mute 10 && ran slow 10'
far 'tcp sport 444-445 drop;'
check 'rules: noticed' until_true 60 notices '"audit":"slow".*"group":"web","kind":"coverage","state":"changed"'
# How many runs have seen it when it is told.
n_seen() { # audit
	grep '^{"type":"change"' "$told" | jq -r "select(.audit == \"$1\" and .group == \"web\") | \"\(.first_seen_ms) \(.at_ms)\"" |
		while read -r first at; do
			grep '^{"type":"start"' "$told" |
				jq -r "select(.audit == \"$1\" and .wall_ms >= $first and .wall_ms <= $at) | 1" | wc -l
		done
}
check_eq 'rules: by so many runs as the audit says, else as all' '1 5' "$(n_seen mute) $(n_seen slow)"
check_eq 'rules: off is off' '' "$(changes '.audit == "deaf" and .kind == "coverage"')"
check_eq 'rules: a window of the audit, and one of all' $'mute coverage core changed true\nmute coverage web changed true' \
	"$(changes '.audit == "mute" and .group != null and .target == null' | sort -u)"
check_eq 'rules: of another audit, that of all only' $'slow coverage core changed true\nslow coverage web changed false' \
	"$(changes '.audit == "slow" and .group != null and .target == null' | sort -u)"
until_true 10 grep -qs '"audit":"slow"' "$LAB_DIR/told"
check_eq 'rules: what is muted is delivered to nobody' '' "$(jq -c 'select(.muted)' "$LAB_DIR/told")"
# The run and two groups of each of two audits; of those, web of one and core of both are muted.
more() {
	(($(metric alert_commands_total) >= 3)) && [[ $(metric 'changes_active{kind="coverage"}') == 6 ]]
}
check 'metrics: commands, and what lasts' until_true 10 more
check_eq 'metrics: of that, muted; and nothing of a webhook' '3  0' \
	"$(metric 'changes_muted{kind="coverage"}') $(metric alerts_delivered_total) $(metric alert_commands_failed_total)"
watch_down TERM

# --- very much at once ---

mkdir "$LAB_DIR/got"
lab_exec "$LAB_B" ip route add local 198.18.4.0/22 dev lo
lab_exec "$LAB_A" ip route add 198.18.4.0/22 via "$LAB_B_ADDR"
long=$(printf 'x%.0s' {1..200})
{
	echo fqdn,port,group
	for ((i = 0; i < 1000; i++)); do
		echo "198.18.$((4 + i / 250)).$((i % 250 + 1)),443,$i-$long"
	done
} >"$LAB_DIR/names.csv"
cat >"$conf" <<END
overlay: $LAB_DIR/home.txt
alerts: {webhook: "http://127.0.0.1:9093/", confirm: 1/1, repeat: 2s}
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s, interval: 500ms, timeout: 300ms, attempts: 1, max_ttl: 2}
audits:
  - {name: many, targets: ["@$LAB_DIR/names.csv"], changes: {exit-as-gone: off, as-path: off, rtt: off}}
END
lab_serve a.stub "$BUILD/lab/http_stub" 127.0.0.1 9093 "$LAB_DIR/got" 200
far ''
watch_up a "$CP" watch -c "$conf" --blocklist none
check 'many: learns what is usual' until_true 60 ran many 10
far 'tcp sport 443 drop;'
# The rounds, by the end that they say: how many alerts, in how many bodies.
rounds() {
	find "$LAB_DIR/got" -name '*.body' -size +100k -exec jq -c '"\(.[0].endsAt) \(length)"' {} + | tr -d '"' |
		awk '{alerts[$1] += $2; bodies[$1]++} END {for (end in alerts) print alerts[end], bodies[end]}' | sort -rn
}
whole_round() {
	[[ $(rounds | head -n 1) == '1001 '[2-9] ]]
}
check 'many: all that last are told again, in a few bodies' until_true 60 whole_round
check_eq 'many: none of which is larger than a web server takes' '' "$(find "$LAB_DIR/got" -name '*.body' -size +272k)"
check_eq 'many: each is in a round once' 1001 "$(
	end=$(find "$LAB_DIR/got" -name '*.body' -size +100k -exec jq -r '.[0].endsAt' {} + | sort | uniq -c | sort -rn | awk 'NR == 1 {print $2}')
	find "$LAB_DIR/got" -name '*.body' -size +1k -exec jq -r ".[] | select(.endsAt == \"$end\") | .labels.group // \"run\"" {} + | sort -u | wc -l
)"
watch_down TERM

finish
