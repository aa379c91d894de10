#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bench_scale.sh: whole audits of the XDP Internet (docs/lab.md) by size, as one
# table: what was asked and found, how long, at what cost. Asserts nothing.
#
#   bench_scale.sh [DESTINATIONS...]     default 1000 10000 65536; 1048576 at most
#   SCALE_RATE=2000000  SCALE_DATAPATH=xdp  SCALE_ARGS='further arguments of the audit'
#
# clear: every router and destination answers. mixed: 10 % of the routers and 5 % of the destinations are silent, others
# refuse, 40 % of the router groups balance by flow, 5 % of the paths have quotes rewritten by a NAT. One core or two: CPU
# seconds are the program's, and the Internet answers within them, because it runs where the frames are sent.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
internet=$BUILD/lab/internet
TIMEFORMAT='%R %U %S'

near_end() {
	[[ ${SCALE_DATAPATH:-xdp} != tc ]] || lab_serve a "$internet" near-end "$LAB_A" eth0
}

net_up() { # options...
	local i
	rm -f "$LAB_DIR/b.log"
	lab_serve b "$internet" serve "$LAB_B" eth0 "$@"
	net_pid=$!
	for ((i = 0; i < 500; i++)); do
		! grep -q '^ready' "$LAB_DIR/b.log" 2>/dev/null || return 0
		sleep 0.01
	done
	cat "$LAB_DIR/b.log" >&2
	exit 1
}

# The largest resident set a process ever had, in MiB, as long as it can be asked; its pid is in a file by then.
watch_memory() { # pid-file
	local kib peak=0
	while [[ ! -s $1 ]]; do
		sleep 0.01
	done
	while kib=$(awk '/^VmHWM/ {print $2}' "/proc/$(<"$1")/status" 2>/dev/null) && [[ -n $kib ]]; do
		peak=$kib
		sleep 0.02
	done
	echo $((peak / 1024))
}

# Runs the audit; leaves "real user sys" in $LAB_DIR/time and the peak memory in $LAB_DIR/memory.
audit() { # out
	local watcher args
	read -ra args <<<"${SCALE_ARGS-}"
	rm -f "$LAB_DIR/pid"
	watch_memory "$LAB_DIR/pid" >"$LAB_DIR/memory" &
	watcher=$!
	# shellcheck disable=SC2016 # expanded by the inner shell
	{ time lab_exec "$LAB_A" bash -c 'echo $$ >"$0"; exec "$@"' "$LAB_DIR/pid" "$CP" audit "@$LAB_DIR/targets" \
		--blocklist none --vantage-as 8075 --progress never --datapath "${SCALE_DATAPATH:-xdp}" \
		-r "${SCALE_RATE:-2000000}" -o "ndjson=$1" "${args[@]}" 2>"$LAB_DIR/errors"; } 2>"$LAB_DIR/time"
	wait "$watcher"
}

row() { # destinations weather options of the Internet...
	local out=$LAB_DIR/out.ndjson n=$1 weather=$2
	shift 2
	"$internet" targets "$n" >"$LAB_DIR/targets"
	net_up "$@"
	audit "$out"
	kill "$net_pid" && wait "$net_pid"
	"$internet" check "$out" --sport "$(sed -n 's/^port_low //p' "$LAB_DIR/b.log")" "$@" >"$LAB_DIR/tally" 2>/dev/null
	if ! tail -n 1 "$out" | jq -e '.type == "end" and .reason == "done"' >/dev/null; then
		printf '%s\t%s\tbroke: %s\n' "$n" "$weather" "$(tail -n 1 "$LAB_DIR/errors")"
		return
	fi
	tail -n 1 "$out" | jq -r --arg n "$n" --arg weather "$weather" --rawfile tally "$LAB_DIR/tally" \
		--rawfile time "$LAB_DIR/time" --rawfile memory "$LAB_DIR/memory" '
		($tally | split("\n") | map(select(. != "") | split(" ") | {(.[0]): (.[1] | tonumber)}) | add) as $t |
		($time | split("\n")[0] | split(" ") | map(tonumber)) as $s | .accounting as $a |
		[$n, $weather, $a.transmitted, ($a.transmitted * 100 / ($n | tonumber) | round / 100),
		 ($t.found * 100000 / $t.visible | floor / 1000), $t.wrong + $t.overshot, $a.lost,
		 ($a.probing_ns / 1e7 | round / 100), $s[0], ($s[1] + $s[2] | . * 100 | round / 100), ($memory | tonumber)] | @tsv'
}

lab_need jq
lab_up_pair || exit 1
lab_exec "$LAB_A" ip route add 198.18.0.0/15 via "$LAB_B_ADDR" || exit 1
lab_exec "$LAB_A" ip neigh replace "$LAB_B_ADDR" dev eth0 nud permanent \
	lladdr "$(lab_exec "$LAB_B" ip -br link show eth0 | awk '{print $3}')" || exit 1
near_end
(($# > 0)) || set -- 1000 10000 65536
{
	printf 'destinations\tweather\tprobes\ta dest.\t%% found\twrong\tlost\tprobing s\ttotal s\tCPU s\tMiB\n'
	for size in "$@"; do
		row "$size" clear
		row "$size" mixed --silent 10 --dark 5 --rst 10 --unreachable 5 --prohibited 5 --balanced 40 --mpls 10 --nat 5
	done
} | column -t -s $'\t'
