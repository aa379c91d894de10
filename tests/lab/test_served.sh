#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_served.sh: from the wire to the page: audits of the story lab from both
# vantages into one store, `serve` over it, and a real browser at its dashboard.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq curl
lab_up_story || exit 1
# shellcheck source=tests/lab/browser.sh
. "$_lib_root/tests/lab/browser.sh"

why=$(browser_missing)
[[ -z $why ]] || skip "the dashboard in a browser: $why"
[[ -s $BUILD/web/echarts.js ]] || skip 'the dashboard in a browser: the program was built without ECharts'

store=$LAB_DIR/story.db
for vantage in "$LAB_COLD" "$LAB_HOT"; do
	check "$vantage: the audit is stored" run_cp "$vantage" audit --vantage-as 8075 "@$LAB_NAMES" --store "$store" \
		-o csv=/dev/null
done

nsenter --net="/run/netns/$LAB_COLD" timeout 120 "$CP" serve "$store" --listen 127.0.0.1:9180 >"$LAB_DIR/serve.log" 2>&1 &
pid=$!
for ((i = 0; i < 100; i++)); do
	! grep -qs 'serving on' "$LAB_DIR/serve.log" || break
	sleep 0.05
done
lab_exec "$LAB_COLD" ip link set lo up
browser_run "$LAB_COLD" served.mjs http://127.0.0.1:9180/
kill "$pid"
wait "$pid"
finish
