#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bench_dashboard.sh: how fast the dashboard of `serve` is in a browser on the same
# host, over a store of 24 runs of 5,000 targets: first paint, the board, scrolling.
# Asserts nothing.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
lab_need jq
lab_up_pair || exit 1
# shellcheck source=tests/lab/browser.sh
. tests/lab/browser.sh

why=$(browser_missing)
[[ -z $why ]] || skip "the dashboard in a browser: $why"

for ((run = 0; run < 24; run++)); do
	"$BUILD/lab/make_store" "$LAB_DIR/large.db" run $((1700000000000 + 300000 * run)) 3491 4995 || exit 1
done
ip -n "$LAB_A" link set lo up
lab_serve a.serve "$CP" serve "$LAB_DIR/large.db" --listen 127.0.0.1:9180
until_true 10 grep -qs 'serving on' "$LAB_DIR/a.serve.log"
lab_exec "$LAB_A" node tests/web/bench.mjs "$BROWSER_MODULES" "$BROWSER" "$BROWSER_SHOTS" http://127.0.0.1:9180/ |
	grep -v '^#' | tee "$LAB_DIR/rows" | table
of() { # row column
	awk -F'\t' -v row="$1" -v column="$2" 'index($1, row) == 1 {print $column; exit}' "$LAB_DIR/rows"
}
fact 'dashboard, 5,000 targets: first paint, nothing cached, median' "$(of 'first paint, nothing cached' 2) ms" '300 ms'
fact 'dashboard: a frame while 5,000 targets scroll, 95 %' "$(of 'a frame while the board' 3) ms" '16.7 ms is every frame'
