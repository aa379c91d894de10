#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bench_costs.sh: what single things cost in the XDP Internet (docs/lab.md):
# probing every slot, a core at a steady rate, silent hops, TCP SACK. Asserts
# nothing. Arguments: exhaustive, cpu, silent, sack; default all.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

reached() {
	jq 'select(.type == "path" and .reached) | 1' "$LAB_DIR/out.ndjson" | wc -l
}

exhaustive_row() { # what options...
	local what=$1
	shift
	net_up "${mixed_weather[@]}"
	audit --datapath xdp -r 1000000 "$@" || { net_down && return; }
	compare
	: "${every_probe:=${accounting[transmitted]}}"
	row "$what" "$(thousands "${accounting[transmitted]}")" "${tally[found_pct]}" \
		"$(calc "100 - 100 * ${accounting[transmitted]} / $every_probe" %.0f)"
	fact "10,000 destinations, $what" "$(thousands "${accounting[transmitted]}") probes, ${tally[found_pct]} % of the hops"
}

cost_exhaustive() {
	local every_probe=''
	targets 10000
	printf '### Naive and economical\n\n10,000 destinations, mixed weather, 30 TTLs, three attempts at a silent hop.\n\n'
	{
		row probing probes '% found' '% saved'
		exhaustive_row 'every slot (--exhaustive)' --exhaustive
		exhaustive_row 'what is needed'
	} >"$LAB_DIR/rows"
	table <"$LAB_DIR/rows"
}

cpu_row() { # datapath
	local far
	net_up
	FAR_PROGRAM=internet audit --datapath "$1" -r 50000 || { net_down && return; }
	net_down
	far=$(calc "100 * ${took[far_s]} / ${accounting[probing_s]}" %.1f)
	row "$1" "$(thousands "${accounting[transmitted]}")" "$(thousands "$(calc "${accounting[transmitted]} / ${accounting[probing_s]}" %.0f)")" \
		"${took[link_cpu_pct]}" "$far"
	fact "CPU at 50,000 packets/s, $1" "${took[link_cpu_pct]} % of a core, $far of it the far end's program" '15 %'
}

cost_cpu() {
	cat <<'END'
### A core at 50,000 packets/s

20,000 destinations. User and system time of the program while the middle nine tenths of its frames leave, in per cent of one core.
On veth this includes all that happens to a frame: delivery, the Internet's answer, its delivery and our capture run where the frame
is sent; how much of it the Internet's program takes is known from the kernel's own count.

END
	targets 20000
	{
		row datapath probes 'per second' '% of a core' 'of it the far end'
		cpu_row xdp
		near_end_up
		cpu_row tc
		near_end_down
	} >"$LAB_DIR/rows"
	table <"$LAB_DIR/rows"
}

silent_row() { # what destinations goal options of the audit...
	local what=$1 n=$2 goal=$3
	shift 3
	targets "$n"
	audit --datapath xdp "$@" || return
	row "$what" "${accounting[transmitted]}" "$(reached)" "${took[wall_s]}"
	[[ -z $goal ]] || fact "$what, whole run" "${took[wall_s]} s" "$goal"
}

cost_silent() {
	printf '### Silence\n\nSilent hops are asked three times. The whole run of the program.\n\n'
	{
		row what probes reached 'wall s'
		net_up --distance-min 9 --distance-max 9
		silent_row 'one path, all hops answer' 1 '0.3 s + RTT'
		net_down
		net_up --distance-min 9 --distance-max 9 --silent 100
		silent_row 'one path, 8 silent hops' 1 ''
		silent_row '1,024 destinations, 8 silent hops each' 1024 '1.5 s' -r 50000
		net_down
	} >"$LAB_DIR/rows"
	table <"$LAB_DIR/rows"
}

cost_sack() {
	local n_reached
	printf '### TCP SACK\n\n4,096 destinations, each path asked inside a connection of its own, all at once.\n\n'
	targets 4096
	{
		row destinations probes '% found' reached 'connections opened' closed 'wall s'
		net_up
		audit --datapath xdp -r 200000 --tcp-method sack || { net_down && return; }
		compare
		n_reached=$(reached)
		row 4,096 "$(thousands "${accounting[transmitted]}")" "${tally[found_pct]}" "$n_reached" \
			"${accounting[connections_opened]}" "${accounting[connections_closed]}" "${took[wall_s]}"
		fact '4,096 destinations by TCP SACK' "${took[wall_s]} s, $n_reached reached"
	} >"$LAB_DIR/rows"
	table <"$LAB_DIR/rows"
}

pair_up
(($# > 0)) || set -- exhaustive cpu silent sack
for cost in "$@"; do
	"cost_$cost"
done
