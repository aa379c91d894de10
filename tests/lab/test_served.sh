#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_served.sh: from the wire to the page: the story lab is watched from both
# vantages into one store, as two agents, while a route changes; some runs measure the
# destinations end to end, and some of that is lost. `serve` over it, and a real
# browser at each view of its dashboard.
#
# Usage: test_served.sh [PART...]   (parts of tests/web/served.mjs; default: all)

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/watch.sh
. "$_lib_root/tests/lab/watch.sh"

lab_need jq curl sqlite3 nft
lab_up_story || exit 1
# shellcheck source=tests/lab/browser.sh
. "$_lib_root/tests/lab/browser.sh"

why=$(browser_missing)
[[ -z $why ]] || skip "the dashboard in a browser: $why"
[[ -s $BUILD/web/echarts.js ]] || skip 'the dashboard in a browser: the program was built without ECharts'

# --- the store ---

store=$LAB_DIR/story.db
lab_router n1 2914 h4 f1 hot cf || exit 1
watch_from() { # vantage options...
	local vantage=$1
	shift
	cat >"$LAB_DIR/$vantage.yaml" <<-END
		agent: $vantage
		store: $store
		overlay: $LAB_OVERLAY
		alerts: {confirm: 2/3}
		defaults: {vantage_as: AS8075, jitter: 0s}
		audits:
		  - {name: story, targets: ["@$LAB_NAMES"], interval: 1s, flows: 2}
	END
	watch_up "$vantage" "$CP" watch -c "$LAB_DIR/$vantage.yaml" --blocklist none --resolver "$LAB_DNS" "$@"
}
n_changes() { # of the route
	sqlite3 "$store" "SELECT count(*) FROM changes WHERE kind NOT IN ('rtt', 'loss')"
}
# Every fifth probe to zenn.dev itself is lost: those of paths have a lower TTL there.
for node in c1 h1; do
	lab_exec "$LAB_ID-$node" nft -f - <<'NFT' || exit 1
table ip lossy {
	chain forward {
		type filter hook forward priority 0
		ip daddr { 198.18.49.10, 198.18.49.11 } ip ttl > 20 numgen inc mod 5 == 4 drop
	}
}
NFT
done
watch_from hot --e2e 4
check 'hot: learns what is usual' until_true 120 ran story 6
lab_via h4 cf n1
check 'hot: three changes of one target' until_true 120 eval '(($(n_changes) >= 3))'
lab_via h4 cf p1
check 'hot: and their end' until_true 120 eval '(($(n_changes) >= 5))'
watch_down TERM
watch_from cold
check 'cold: some runs' until_true 60 ran story 2
watch_down TERM
watch_from cold --e2e 4
check 'cold: some more, with probes end to end' until_true 90 ran story 3
watch_down TERM
# Without the runs that the end of the watch cut short, and as if both agents had started their last in the same millisecond.
tables='targets paths hops egress edges warnings ases policies runs'
for table in $tables; do
	echo "DELETE FROM $table WHERE (agent, run) IN (SELECT agent, run FROM runs WHERE end_reason IS NOT 'done');"
done | sqlite3 "$store"
cold=$(sqlite3 "$store" "SELECT max(run) FROM runs WHERE agent = 'cold'")
hot=$(sqlite3 "$store" "SELECT max(run) FROM runs WHERE agent = 'hot'")
for table in $tables; do
	echo "UPDATE $table SET run = $cold WHERE agent = 'hot' AND run = $hot;"
done | sqlite3 "$store"
sqlite3 "$store" "UPDATE runs SET started_ms = started_ms + $cold - $hot, ended_ms = ended_ms + $cold - $hot
	WHERE agent = 'hot' AND run = $cold"
check_eq 'two runs have the same number' 2 "$(sqlite3 "$store" "SELECT count(*) FROM runs WHERE run = $cold")"

bare=$(sqlite3 "$store" "SELECT min(run) FROM runs WHERE agent = 'cold'")
check_eq 'cold: its first run measured nothing end to end, its last did' '0 1' "$(
	sqlite3 -separator ' ' "$store" "SELECT max(run = $bare AND e2e IS NOT NULL), max(run = $cold AND e2e IS NOT NULL)
	FROM paths WHERE agent = 'cold'"
)"

# --- the page ---

lab_exec "$LAB_COLD" ip link set lo up
nsenter --net="/run/netns/$LAB_COLD" timeout 600 "$CP" serve "$store" --listen 127.0.0.1:9180 >"$LAB_DIR/serve.log" 2>&1 &
pid=$!
until_true 10 grep -qs 'serving on' "$LAB_DIR/serve.log"
browser_run "$LAB_COLD" served.mjs http://127.0.0.1:9180/ "$cold" "$bare" "$@"
kill "$pid"
wait "$pid"
finish
