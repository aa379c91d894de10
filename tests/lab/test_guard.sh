#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_guard.sh: what must never be on the wire, seen from the far end of the
# wire: packets to blocked addresses (F62), more packets to an address or a
# prefix than its budget (F63), more than the rate that was asked for since (F64).

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq tcpdump
lab_up_pair || exit 1
lab_exec "$LAB_A" ip route add 198.19.0.0/16 via "$LAB_B_ADDR" || exit 1
lab_exec "$LAB_B" ip route add blackhole 198.19.0.0/16 || exit 1

# Records what arrives for the lab's destinations, as "seconds address" lines, while the command runs.
seen_while() { # out command...
	local out=$1 pid i
	shift
	(exec nsenter --net="/run/netns/$LAB_B" tcpdump -ni eth0 -tt --immediate-mode -l 'dst net 198.19.0.0/16') \
		>"$LAB_DIR/capture" 2>"$LAB_DIR/capture.err" &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		! grep -q '^listening' "$LAB_DIR/capture.err" || break
		sleep 0.01
	done
	"$@"
	sleep 0.3
	kill $pid
	wait $pid
	awk '$2 == "IP" {sub(/\.[0-9]+:$/, "", $5); print $1, $5}' "$LAB_DIR/capture" >"$out"
}

audit() { # out args...
	local out=$1
	shift
	run_cp "$LAB_A" audit -o "ndjson=$out" --vantage-as 8075 "$@" >"$LAB_DIR/audit.out" 2>&1
}

count() { # end-record expression
	jq "select(.type == \"end\") | .accounting | $1" "$LAB_DIR/out"
}

# --- F62: blocked addresses ---

printf '198.19.7.0/24\n198.19.9.9\n' >"$LAB_DIR/blocked"
for datapath in tc xdp; do
	seen_while "$LAB_DIR/seen" audit "$LAB_DIR/out" --datapath $datapath -m 6 -q 1 -w 200 --blocklist "$LAB_DIR/blocked" \
		198.19.7.1 198.19.7.255 198.19.8.1 198.19.9.9 198.19.9.10
	check_eq "F62: $datapath: only what is not blocked is on the wire" '198.19.8.1 198.19.9.10' \
		"$(cut -d' ' -f2 "$LAB_DIR/seen" | sort -u | paste -sd' ')"
done
audit "$LAB_DIR/out" --blocklist "$LAB_DIR/none" 198.19.8.1
check_eq 'F62: without its blocklist the run is refused' 2 $?

# --- F63: budgets. 12 ports of an address, two addresses of a prefix ---

for ((port = 81; port <= 92; port++)); do
	echo "198.19.1.1:$port"
	echo "198.19.2.$((port % 2 + 1)):$port"
done >"$LAB_DIR/targets"

# The most packets of those an expression picks within any second.
most_in_a_second() { # awk-expression
	awk "$1"'{t[++n] = $1; while (t[n] - t[first + 1] >= 1) first++; if (n - first > most) most = n - first}
		END {print most + 0}' "$LAB_DIR/seen"
}

# The datapath tolerates what is up to 50 ms late.
budgets() { # name args...
	local name=$1
	shift
	seen_while "$LAB_DIR/seen" audit "$LAB_DIR/out" -m 3 -q 1 -w 200 --dest-rate 10 --prefix-rate 12 "@$LAB_DIR/targets" "$@"
	check_eq "F63: $name: every probe was sent all the same" '72 0' "$(count .transmitted) $(count .over_budget)"
	check_eq "F63: $name: and seen" 72 "$(wc -l <"$LAB_DIR/seen")"
	check_eq "F63: $name: no address ever gets more than its budget" 1 \
		"$(($(most_in_a_second '$2 == "198.19.1.1"') <= 11))"
	check_eq "F63: $name: nor does a prefix" 1 "$(($(most_in_a_second '$2 ~ /^198.19.2./') <= 13))"
}
budgets tc --datapath tc
budgets xdp --datapath xdp
seen_while "$LAB_DIR/seen" audit "$LAB_DIR/out" -m 3 -q 1 -w 200 --dest-rate 0 --prefix-rate 0 "@$LAB_DIR/targets"
check_eq 'F63: without budgets they come faster' 1 "$(($(most_in_a_second '$2 == "198.19.1.1"') > 20))"

# --- F64: the rate is changed while probes fly: 400/s, 100/s for two seconds, 400/s again ---

seq -f '198.19.%.0f.1' 1 250 >"$LAB_DIR/targets"
seq -f '198.19.%.0f.2' 1 250 >>"$LAB_DIR/targets"
change_rate() {
	local pid i
	(
		cd "$LAB_DIR" && exec nsenter --net="/run/netns/$LAB_A" "$CP" audit --blocklist none -m 3 -q 1 -w 200 -r 400 \
			--no-rdns --datapath tc -o "ndjson=$LAB_DIR/out" "@$LAB_DIR/targets"
	) >/dev/null 2>&1 &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		! grep -q . "$LAB_DIR/capture" || break
		sleep 0.01
	done
	sleep 1
	kill -USR1 "$pid" && sleep 0.2 && kill -USR1 "$pid"
	sleep 2
	kill -USR2 "$pid" && sleep 0.2 && kill -USR2 "$pid"
	wait "$pid"
}
seen_while "$LAB_DIR/seen" change_rate
# Packets in the second from 1.5 s after the first one on, which is all slow.
slow=$(awk 'NR == 1 {t = $1 + 1.7} $1 >= t && $1 < t + 1 {n++} END {print n + 0}' "$LAB_DIR/seen")
check_eq "F64: a quarter of the rate within a second ($slow of 100 packets)" 1 "$((slow > 60 && slow < 140))"
check_eq 'F64: it is said each time' '100 400' "$(
	jq -r 'select(.type == "warning" and .code == "rate-changed") | .text' "$LAB_DIR/out" | awk '{print $1}' |
		sed -n '$p; /^100$/p' | paste -sd' '
)"
check_eq 'F64: and the run goes on to its end' 'done' "$(jq -r 'select(.type == "end") | .reason' "$LAB_DIR/out")"

finish
