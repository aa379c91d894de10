#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bench_scale.sh: whole audits of the XDP Internet (docs/lab.md) by size, as one
# table: what was asked and found, how long, at what cost. Asserts nothing.
#
#   bench_scale.sh [DESTINATIONS...]     default 1000 10000 65536; 1048576 at most
#   SCALE_RATE=2000000  SCALE_DATAPATH=xdp  SCALE_ARGS='further arguments of the audit'

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
read -ra further <<<"${SCALE_ARGS-}"

size_row() { # destinations weather options of the Internet...
	local n=$1 weather=$2
	shift 2
	targets "$n"
	net_up "$@"
	audit --datapath "${SCALE_DATAPATH:-xdp}" -r "${SCALE_RATE:-2000000}" "${further[@]}" || { net_down && return; }
	compare
	row "$(thousands "$n")" "$weather" "$(thousands "${accounting[transmitted]}")" \
		"$(calc "${accounting[transmitted]} / $n")" "${tally[found_pct]}" $((tally[wrong] + tally[overshot])) \
		"${accounting[lost]}" "${accounting[probing_s]}" "$(calc "${accounting[total_ns]} / 1e9")" \
		"${took[cpu_s]}" "${took[rss_mib]} + ${took[maps_mib]}"
	[[ $weather == clear ]] || return
	case $n in
	65536) fact '65,536 destinations, probing' "${accounting[probing_s]} s" '1 s' ;;
	1048576)
		fact '1,048,576 destinations, probing' "${accounting[probing_s]} s" '16 s'
		fact '1,048,576 destinations, memory (RSS + BPF)' "$((took[rss_mib] + took[maps_mib])) MiB" '512 MiB'
		;;
	esac
}

pair_up
[[ ${SCALE_DATAPATH:-xdp} != tc ]] || near_end_up
(($# > 0)) || set -- 1000 10000 65536
cat <<'END'
Clear: every router and destination answers. Mixed: 10 % of the routers and 5 % of the destinations are silent, others refuse, 40 %
of the router groups balance by flow, 5 % of the paths have quotes rewritten by a NAT. Wrong are hops that contradict the truth,
lost are answers that were dropped, and counted, on their way to user space. CPU seconds are the program's; the Internet answers
within them, because it runs where the frames are sent. MiB is RSS (without the view of BPF maps) + what the kernel
accounts to our BPF maps and programs.

END
{
	row destinations weather probes 'a dest.' '% found' wrong lost 'probing s' 'total s' 'CPU s' MiB
	for size in "$@"; do
		size_row "$size" clear
		size_row "$size" mixed "${mixed_weather[@]}"
	done
} | table
