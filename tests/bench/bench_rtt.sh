#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bench_rtt.sh: how far our round-trip times are from the truth, at 10,000
# packets/s, by datapath. Asserts nothing.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
n_destinations=1024

# Joins "destination ttl true-ns" with the run's round-trip times -> sorted differences in microseconds.
differences() {
	jq -r 'select(.type == "path") | .destination.ip as $d | .hops[] | select(.rtt_us) | "\($d) \(.ttl) \(.rtt_us)"' \
		"$LAB_DIR/out.ndjson" |
		awk 'NR == FNR {if (NF == 3) truth[$1 " " $2] = $3 / 1000; next}
			($1 " " $2) in truth {d = $3 - truth[$1 " " $2]; print d < 0 ? -d : d}' "$LAB_DIR/b.tap.log" - | sort -n
}

percentiles() { # sorted numbers -> number p50 p99 max
	awk '{v[NR] = $1} function rank(p,  r) {r = p * NR / 100; return v[r == int(r) ? r : int(r) + 1]}
		END {printf "%d %.1f %.1f %.1f\n", NR, rank(50), rank(99), v[NR]}'
}

rtt_row() { # datapath
	local tap_pid responder_pid n p50 p99 max
	rm -f "$LAB_DIR"/b.*.log
	lab_serve b.tap "$BUILD/bench/bench_tap" eth0
	tap_pid=$!
	wait_ready b.tap
	lab_serve b.responder "$BUILD/lab/responder" --hops 10 --delay-ms 20 --seconds 120 eth0
	responder_pid=$!
	wait_ready b.responder
	audit --datapath "$1" -r 10000
	kill "$responder_pid" "$tap_pid" && wait "$responder_pid" "$tap_pid"
	read -r n p50 p99 max < <(differences | percentiles)
	row "$1" "$(thousands "$n")" "$p50" "$p99" "$max"
	fact "RTT error at 10,000 packets/s, $1, p99" "$p99 us" '50 us'
}

pair_up
targets $n_destinations
cat <<'END'
1,024 destinations ten hops away, each answer 20 ms late, 10,000 packets/s. The truth are stamps at the far end of the link, by the
same clock: from the probe's arrival there to the departure of its answer. The error is what our round-trip time says beyond that,
so both crossings of the link are in it.

END
{
	row datapath answers 'p50 us' 'p99 us' 'max us'
	rtt_row xdp
	near_end_up
	rtt_row tc
	near_end_down
} >"$LAB_DIR/rows"
table <"$LAB_DIR/rows"
