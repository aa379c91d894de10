#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_story_watch.sh: a route changes under a running `watch`: the exit AS of zenn.dev
# goes from 3491 to 2914. The log, the alert's command, the store, the API, the metrics
# and the page in a browser say the same of it: what, from what, to what, and when.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/watch.sh
. "$_lib_root/tests/lab/watch.sh"

lab_need jq curl sqlite3
lab_up_story || exit 1
# shellcheck source=tests/lab/browser.sh
. "$_lib_root/tests/lab/browser.sh"

work=$LAB_DIR/work
store=$work/runs.db
mkdir -p "$work/state"
lab_router n1 2914 h4 f1 hot cf || exit 1
ip -n "$LAB_HOT" link set lo up

cat >"$work/tell" <<END
#!/bin/sh
cat >>$work/told
END
chmod +x "$work/tell"
cat >"$work/watch.yaml" <<END
agent: lab
store: $store
listen: 127.0.0.1:9180
overlay: $LAB_OVERLAY
alerts: {command: [$work/tell], confirm: 2/3, state: $work/state}
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s}
audits:
  - {name: story, targets: [zenn.dev, login.microsoft.com], interval: 1s}
END

api() { # path
	lab_exec "$LAB_HOT" curl -s "http://127.0.0.1:9180$1"
}
metric() { # series, of $work/metrics
	awk -v series="$1" 'index($0, series " ") == 1 {print $NF}' "$work/metrics"
}
exit_paths() { # asn: as /metrics has it
	sed -n "s/^coldpotato_exit_paths{.*asn=\"$1\".*} //p" "$work/metrics"
}
served() { # kind: a change that is served
	[[ $(api "/api/v1/changes?kind=$1" | jq '.total') == 1 ]]
}

watch_up hot "$CP" watch -c "$work/watch.yaml" --blocklist none --resolver "$LAB_DNS"
check 'learns what is usual' until_true 60 ran story 6
api /metrics >"$work/metrics"
check_eq 'before: the metric has all paths at 3491' '2 ' "$(exit_paths 3491) $(exit_paths 2914)"
check_eq 'before: no change is counted' '0 0' "$(metric 'coldpotato_changes_total{kind="exit-as-new"}') $(
	metric 'coldpotato_changes_total{kind="as-path"}')"
check_eq 'before: nothing is told' '' "$(cat "$work/told" 2>/dev/null)"

# --- the route changes, while somebody looks at the page, if there is a browser ---

# Between two runs, so that none sees both ways.
cat >"$work/reroute" <<END
#!/bin/sh
n=\$(wc -l <"$log")
while [ "\$(wc -l <"$log")" = "\$n" ]; do sleep 0.02; done
exec ip -n $LAB_ID-h4 route replace ${_lab_prefix4[cf]} via ${_lab_down4[h4 n1]}
END
chmod +x "$work/reroute"
why=$(browser_missing)
if [[ -z $why ]]; then
	browser_run "$LAB_HOT" story_watch.mjs http://127.0.0.1:9180/ "$work/reroute" "$work/page.json"
else
	echo "SKIP - the page in a browser: $why"
	"$work/reroute"
fi
for kind in as-path exit-as-new exit-as-gone; do
	check "$kind: is served" until_true 60 served $kind
done
api /metrics >"$work/metrics"
api /api/v1/changes >"$work/api.json"
api '/api/v1/targets/history?name=zenn.dev&limit=500' >"$work/history.json"
check_eq 'after: the metric has all paths at 2914' ' 2' "$(exit_paths 3491) $(exit_paths 2914)"
watch_down TERM
check_eq 'it ends well' 143 "$status"

# --- all say the same ---

# A change a line: what, target, from, to; the record's and the row's also when (each time in ms).
jq -r '"\(.kind) \(.target.name):\(.target.port)/\(.target.protocol) \(.old) -> \(.new)"' "$work/told" | sort >"$work/want"
check_eq 'three kinds of change are told' 'as-path exit-as-gone exit-as-new' "$(awk '{print $1}' "$work/want" | xargs)"
check_eq 'all of one target' zenn.dev:443/tcp "$(awk '{print $2}' "$work/want" | sort -u)"
check_eq 'the exit AS that is new' 'exit-as-new zenn.dev:443/tcp 3491 -> 2914' "$(grep exit-as-new "$work/want")"
check_eq 'nothing else is told' '' "$(jq -r 'select(.state != "changed" or .target.name != "zenn.dev") | .kind' "$work/told")"

check 'log: exit ASes have names' says 'exit-as-new: AS3491 PCCW Global -> AS2914 NTT'
sed -n 's/^coldpotato: change: story: warning: \([^ ]*\) \([a-z-]*\): /\2 \1 /p' "$log" |
	sed -E '/^exit/s/AS([0-9]+)( [A-Za-z ]+)?( ->|$)/\1\3/g' | sort >"$work/logged"
check_same 'log: the same' "$work/want" "$work/logged"

when='.kind, .target, .port, .protocol, .old, .new, .at_ms, .run, .first_seen_ms, .last_seen_ms, .severity'
jq -r "[(.port = .target.port | .protocol = .target.protocol | .target = .target.name) | $when] | map(tostring) | join(\"|\")" \
	"$work/told" | sort >"$work/told.rows"
jq -r ".items[] | [$when] | map(tostring) | join(\"|\")" "$work/api.json" | sort >"$work/api.rows"
sqlite3 -separator '|' "$store" "SELECT ${when//./} FROM changes" | sort >"$work/sql.rows"
check_same 'API: the same, to the millisecond' "$work/told.rows" "$work/api.rows"
check_same 'SQL: the same, to the millisecond' "$work/told.rows" "$work/sql.rows"

for kind in as-path exit-as-new exit-as-gone verdict; do
	check_eq "metric: changes of kind $kind" "$(grep -c "^$kind " "$work/want")" \
		"$(metric "coldpotato_changes_total{kind=\"$kind\"}")"
done

# When it was seen first is the first run that has it, in the history and in the run itself.
first=$(jq -r 'select(.kind == "exit-as-new") | .first_seen_ms' "$work/told")
seen=$(jq -r 'select(.kind == "exit-as-new") | .run' "$work/told")
check_eq 'history: each run left through one of the two' '' \
	"$(jq -r '.items[] | select(.exits | length != 1) | .run' "$work/history.json")"
check_eq 'history: first seen in the first run that leaves through 2914' "$first" \
	"$(jq '[.items[] | select(.exits[0].asn == 2914) | .started_ms] | min' "$work/history.json")"
check_eq 'history: no run leaves through 3491 after it' true \
	"$(jq --argjson first "$first" '[.items[] | select(.exits[0].asn == 3491) | .started_ms] | max < $first' "$work/history.json")"
n_seen=$(jq --argjson first "$first" --argjson seen "$seen" \
	'[.items[] | select(.started_ms >= $first and .run <= $seen)] | length' "$work/history.json")
check "history: two of three runs confirmed it ($n_seen)" test "$n_seen" -ge 2 -a "$n_seen" -le 3
before=$(jq --argjson first "$first" '[.items[] | select(.run < $first) | .run] | max' "$work/history.json")
runs=$("$CP" runs "$store" -o ndjson | jq -r 'select(.run) | .run')
exits_of() { # run
	"$CP" export "$store:$1" -o ndjson |
		jq -r 'select(.type == "path" and .target.name == "zenn.dev") | .as_path | map(select(. != "*")) | join(" ")' | sort -u
}
for pair in "$before 3491" "$seen 2914"; do
	read -r run asn <<<"$pair"
	check "runs: run $run is listed" grep -qx "$run" <<<"$runs"
	check_eq "export: run $run went through $asn" "private $asn 13335" "$(exits_of "$run")"
done

# --- and so does the page ---

if [[ -s $work/page.json ]]; then
	jq -r '.rows[] | "\(.kind) \(.target)/tcp \(.old) -> \(.new)"' "$work/page.json" | sort >"$work/page"
	check_same 'page: the same' "$work/want" "$work/page"
	jq -r '"\(.kind) \(.at_ms) \(.run)"' "$work/told" | sort >"$work/told.times"
	jq -r '.rows[] | "\(.kind) \(.at_ms) \(.run)"' "$work/page.json" | sort >"$work/page.times"
	check_same 'page: at the same times, of the same runs' "$work/told.times" "$work/page.times"
	check_eq 'page: what it showed as the first run with 2914 is that one' "$first" "$(jq .first_new_ms "$work/page.json")"
	check_eq 'page: and as the last with 3491, too' "$before" "$(jq .last_old_ms "$work/page.json")"
fi
finish
