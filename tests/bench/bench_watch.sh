#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bench_watch.sh: what a watch of 2,000 destinations with 3 flows costs in the
# XDP Internet (docs/lab.md): user and system time of a run as a share of a
# minute, and memory. Time is compressed: the runs follow each other, and the
# share is reckoned for one a minute. Asserts nothing. Argument: number of runs.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

n_runs=${1:-5}

cpu_ticks() { # pid: user and system time, of its threads, too
	awk '{print $14 + $15}' "/proc/$1/stat"
}

n_done() {
	grep -c '^coldpotato: all: [0-9]* targets' "$LAB_DIR/a.watch.log"
}

cost_watch() {
	local pid before after per_run hz rss
	hz=$(getconf CLK_TCK)
	targets 2000
	cat >"$LAB_DIR/watch.yaml" <<END
store: $LAB_DIR/runs.db
rate: 10k
audits:
  - {name: all, targets: ["@$LAB_DIR/targets"], interval: 15s, jitter: 0s, flows: 3, vantage_as: AS8075}
END
	net_up "${mixed_weather[@]}"
	near_end_up
	lab_serve a.watch "$CP" watch -c "$LAB_DIR/watch.yaml" --blocklist none --no-rdns
	pid=${_lab_server_pid[a.watch]}
	while kill -0 "$pid" && (($(n_done) < 1)); do sleep 0.1; done
	before=$(cpu_ticks "$pid")
	while kill -0 "$pid" && (($(n_done) < n_runs + 1)); do sleep 0.1; done
	after=$(cpu_ticks "$pid")
	rss=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status")
	kill "$pid" && wait "$pid"
	near_end_down
	net_down
	per_run=$(calc "($after - $before) / $hz / $n_runs" %.2f)
	row runs 'CPU s a run' '% of a core at one a minute' 'peak RSS MiB' 'the last run'
	row "$n_runs" "$per_run" "$(calc "100 * $per_run / 60" %.1f)" "$(calc "$rss / 1024" %.0f)" \
		"$(grep '^coldpotato: all: [0-9]' "$LAB_DIR/a.watch.log" | tail -n 1 | sed 's/^coldpotato: all: //; s/; next.*//')"
	fact 'watch, 2,000 destinations, 3 flows, every 60 s' \
		"$(calc "100 * $per_run / 60" %.1f) % of a core, $(calc "$rss / 1024" %.0f) MiB" '5 %, 100 MiB'
}

printf '2,000 destinations with 3 flows each, mixed weather, every run kept in the store.\n\n'
pair_up
cost_watch >"$LAB_DIR/rows"
table <"$LAB_DIR/rows"
