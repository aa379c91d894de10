#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_faults_device.sh: what an interface and its queues do: native XDP that
# is refused or missing, an MTU that shrinks, several receive queues,
# super-frames of foreign traffic, a full transmit queue, a full ring buffer.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq ethtool tc bpftool
lab_up_pair || exit 1
internet=$BUILD/lab/internet
weather=(--rst 15 --unreachable 10 --balanced 40)
"$internet" targets 400 >"$LAB_DIR/targets" || exit 1

lab_exec "$LAB_A" ip route add 198.18.0.0/15 via "$LAB_B_ADDR" || exit 1
lab_exec "$LAB_A" ip neigh replace "$LAB_B_ADDR" dev eth0 nud permanent \
	lladdr "$(lab_exec "$LAB_B" ip -br link show eth0 | awk '{print $3}')" || exit 1

# --- servers; they die with the shell that starts them, so these functions run in it ---

wait_ready() { # node
	local i
	for ((i = 0; i < 500; i++)); do
		! grep -q '^ready' "$LAB_DIR/$1.log" 2>/dev/null || return 0
		sleep 0.01
	done
	not_ok "the program on the link comes up in $1" "$(cat "$LAB_DIR/$1.log")"
	finish
}

far_up() { # program options...
	rm -f "$LAB_DIR/b.log"
	lab_serve b "$@"
	far_pid=$!
	wait_ready b
}

far_down() {
	kill "$far_pid" && wait "$far_pid"
}

net_up() { # options...
	far_up "$internet" serve "$LAB_B" eth0 "${weather[@]}" "$@"
}

near_up() {
	rm -f "$LAB_DIR/a.log"
	lab_serve a "$internet" near-end "$LAB_A" eth0
	near_pid=$!
	wait_ready a
}

near_down() {
	kill "$near_pid" && wait "$near_pid"
}

# --- a run and what it found ---

audit() { # name args...: leaves $LAB_DIR/name.ndjson
	run_cp "$LAB_A" audit --vantage-as 8075 -o "ndjson=$LAB_DIR/$1.ndjson" "${@:2}"
}

value() { # file name
	sed -n "s/^$2 //p" "$1"
}

accounting() { # name jq-expression over the accounting
	tail -n 1 "$LAB_DIR/$1.ndjson" | jq -r ".accounting | $2"
}

datapath() { # name
	head -n 1 "$LAB_DIR/$1.ndjson" | jq -r .datapath
}

adds_up() { # what name
	check_eq "$1: the accounting adds up" true "$(accounting "$2" \
		'.attempted == .replied + .timed_out + .tx_errors + .blocked and .matched == .replied + .duplicates')"
}

# Ends the Internet, and compares: every visible hop found, none wrong, every frame accounted for at both ends.
right() { # what name
	local out=$LAB_DIR/$2.ndjson counts=$LAB_DIR/b.log
	far_down
	"$internet" check "$out" --sport "$(value "$counts" port_low)" "${weather[@]}" >"$LAB_DIR/tally"
	check_eq "$1: every visible hop is found, none is wrong" "$(value "$LAB_DIR/tally" visible) 0" \
		"$(value "$LAB_DIR/tally" found) $(value "$LAB_DIR/tally" wrong)"
	adds_up "$1" "$2"
	check_eq "$1: nothing is lost uncounted" "$(value "$counts" received) $(
		awk '/^(time_exceeded|syn_ack|rst|port_unreachable|prohibited|bare_ack) / {n += $2} END {print n}' "$counts"
	)" "$(accounting "$2" '"\(.transmitted + .resets_sent) \(.matched + .lost + ([.rejected[]] | add))"')"
	check_eq "$1: nothing is left attached" '' "$(attached "$LAB_A")"
}

targets=@$LAB_DIR/targets

# --- native XDP that is refused: the far end of the veth takes larger packets than the program can ---

ip -n "$LAB_B" link set eth0 mtu 9000
refuses 'F12: native XDP is refused: said with a remedy' 1 'eth0 refuses XDP.*--xdp-mode generic' \
	audit native "$targets" --datapath xdp --xdp-mode native
net_up --generic 1
check 'F12: native XDP is refused: by default the run goes on' audit refused "$targets" --datapath xdp
check_eq 'F12: native XDP is refused: in generic mode' xdp-generic "$(datapath refused)"
right 'F12: native XDP is refused' refused
ip -n "$LAB_B" link set eth0 mtu 1500

# --- a device that has none, and cannot transmit for XDP either ---

lab_exec "$LAB_A" ip link add mv0 link eth0 type macvlan mode bridge
lab_exec "$LAB_A" ip addr add 198.18.0.9/24 dev mv0
lab_exec "$LAB_A" ip link set mv0 up
macvlan=(-i mv0 --source 198.18.0.9)
lab_exec "$LAB_A" ip route add 198.18.0.0/15 via "$LAB_B_ADDR" dev mv0 metric 10
lab_exec "$LAB_A" ip neigh replace "$LAB_B_ADDR" dev mv0 nud permanent \
	lladdr "$(lab_exec "$LAB_B" ip -br link show eth0 | awk '{print $3}')"
refuses 'F12: a device without native XDP: asked for, it is refused' 1 'driver of mv0 has no XDP.*--datapath tc' \
	audit native "$targets" "${macvlan[@]}" --datapath xdp --xdp-mode native
refuses 'F12: a device that cannot transmit for XDP: it is refused before the run' 1 'driver of mv0 has no XDP.*--datapath tc' \
	audit none "$targets" "${macvlan[@]}" --datapath xdp -r 100000 -q 1 -w 100
net_up
near_up
check 'F12: a device without native XDP: tc serves' audit tc "$targets" "${macvlan[@]}" --datapath tc -r 100000
near_down
right 'F12: a device without native XDP' tc
lab_exec "$LAB_A" ip link del mv0

# --- several queues ---

queues() { # name options of the program...
	local name=queues-$1
	net_up
	[[ $2 != tc ]] || near_up
	check "F19: $1: four queues: the audit runs" audit "$name" "$targets" --datapath "${@:2}" -r 100000
	[[ $2 != tc ]] || near_down
	right "F19: $1: four queues" "$name"
}

old_mac=$(lab_exec "$LAB_B" cat /sys/class/net/eth0/address)
ip -n "$LAB_A" link del eth0
ip link add eth0 netns "$LAB_A" numrxqueues 4 numtxqueues 4 type veth \
	peer name eth0 netns "$LAB_B" address "$old_mac" numrxqueues 4 numtxqueues 4
for ns in "$LAB_A" "$LAB_B"; do
	lab_exec "$ns" ethtool -K eth0 gro on tx off >/dev/null
	ip -n "$ns" link set eth0 up
done
ip -n "$LAB_A" addr add "$LAB_A_ADDR/24" dev eth0
ip -n "$LAB_B" addr add "$LAB_B_ADDR/24" dev eth0
ip -n "$LAB_A" route add 198.18.0.0/15 via "$LAB_B_ADDR"
ip -n "$LAB_A" neigh replace "$LAB_B_ADDR" dev eth0 nud permanent lladdr "$old_mac"
queues native xdp
queues tc tc

# --- super-frames of foreign traffic ---

lab_serve a "$BUILD/lab/tcp_sink" 60 "$LAB_DIR/a.stats" 80
sink_pid=$!
_lab_wait_port a tcp6 0050 || exit 1
super() { # name options of the program...
	local what="F20: $1: foreign super-frames" name=super-$1 before bulk
	before=$(lab_sink_stat a bytes)
	far_up "$BUILD/lab/responder" --hops 6 eth0
	lab_exec "$LAB_B" timeout 20 bash -c "head -c 300M /dev/zero >/dev/tcp/$LAB_A_ADDR/80" &
	bulk=$!
	check "$what: the audit runs" audit "$name" 198.19.128.{1..200} -r 2000 "${@:2}"
	wait "$bulk"
	check_eq "$what: the transfer ends well" 0 $?
	far_down
	check_eq "$what: every hop is found" '200 1200 1200' "$(accounting "$name" '"\(.complete_paths) \(.hops) \(.hops_seen)"')"
	adds_up "$what" "$name"
	check_eq "$what: none of it is taken for an answer" 0 "$(accounting "$name" '[.rejected[]] | add')"
	check_eq "$what: every byte arrived" $((300 << 20)) $(($(lab_sink_stat a bytes) - before))
}
for ns in "$LAB_A" "$LAB_B"; do
	lab_exec "$ns" ethtool -K eth0 gro on tx on tso on >/dev/null
done
super generic --datapath xdp --xdp-mode generic
super tc --datapath tc
check 'F20: there were super-frames' test "$(lab_exec "$LAB_B" awk '/eth0:/ {print int($10 / $11)}' /proc/net/dev)" -gt 3000
kill "$sink_pid"
for ns in "$LAB_A" "$LAB_B"; do
	lab_exec "$ns" ethtool -K eth0 tx off >/dev/null
done

# --- a rate beyond what the interface takes ---

net_up
near_up
head -n 100 "$LAB_DIR/targets" >"$LAB_DIR/hundred"
lab_exec "$LAB_A" tc qdisc add dev eth0 root tbf rate 2mbit burst 4000 limit 8000
check 'F61: 40 times the rate of the queue: the run ends well' audit tbf "@$LAB_DIR/hundred" --datapath tc -r 100000 -q 2 -w 300
dropped=$(lab_exec "$LAB_A" tc -s -j qdisc show dev eth0 | jq '.[0].drops')
lab_exec "$LAB_A" tc qdisc del dev eth0 root
near_down
far_down
adds_up 'F61: 40 times the rate of the queue' tbf
check "F61: 40 times the rate of the queue: what it dropped ($dropped) is counted" test "$dropped" -gt 300 -a \
	"$(accounting tbf .tx_errors)" -le "$dropped" -a "$(accounting tbf '.tx_errors + .resets_sent')" -ge "$dropped"
check_eq 'F61: 40 times the rate of the queue: what was transmitted arrived' true "$(accounting tbf \
	".transmitted <= $(value "$LAB_DIR/b.log" received) and .transmitted + .resets_sent >= $(value "$LAB_DIR/b.log" received)")"

# The same, until the queue is gone: what it dropped is asked again, though there is one attempt only.
net_up
near_up
lab_exec "$LAB_A" tc qdisc add dev eth0 root tbf rate 2mbit burst 4000 limit 8000
drops() {
	lab_exec "$LAB_A" tc -s -j qdisc show dev eth0 root | jq '.[0].drops'
}
(
	for ((i = 0; i < 500 && $(drops) < 300; i++)); do :; done
	lab_exec "$LAB_A" tc qdisc del dev eth0 root
) &
pid=$!
check 'F61: a queue that is full for a while: the run ends well' audit burst "@$LAB_DIR/hundred" --datapath tc -r 100000 -q 1
wait "$pid"
near_down
check 'F61: a queue that is full for a while: probes were dropped' test "$(accounting burst .tx_errors)" -gt 100
far_down
"$internet" check "$LAB_DIR/burst.ndjson" --sport "$(value "$LAB_DIR/b.log" port_low)" "${weather[@]}" >"$LAB_DIR/tally"
check_eq 'F61: a queue that is full for a while: every visible hop is found, none is wrong' \
	"$(value "$LAB_DIR/tally" visible) 0" "$(value "$LAB_DIR/tally" found) $(value "$LAB_DIR/tally" wrong)"
adds_up 'F61: a queue that is full for a while' burst
check_eq 'F61: a queue that is full for a while: no silence is doubted' 0 "$(grep -c replies-lost "$LAB_DIR/burst.ndjson")"

# --- an MTU that shrinks while probes are out ---

shrinking() { # name args...
	run_cp "$LAB_A" audit --vantage-as 8075 -o "ndjson=$LAB_DIR/$1.ndjson" "${@:2}" >"$LAB_DIR/out" 2>"$LAB_DIR/err" &
	pid=$!
	sleep 0.7
	ip -n "$LAB_A" link set eth0 mtu 68
	wait "$pid"
	rc=$?
	ip -n "$LAB_A" link set eth0 mtu 1500
}
net_up
near_up
shrinking mtu4 "$targets" --datapath tc -r 5000
near_down
far_down
check_eq 'F09: an MTU of 68: exit status' 0 "$rc"
adds_up 'F09: an MTU of 68' mtu4
check_eq 'F09: an MTU of 68: probes still fit, all of them' "$(value "$LAB_DIR/b.log" received) 0" \
	"$(accounting mtu4 '"\(.transmitted + .resets_sent) \(.tx_errors)"')"

lab_exec "$LAB_B" ip -6 route add local 2001:db8:1::/64 dev lo
lab_exec "$LAB_A" ip -6 addr replace "$LAB_A_ADDR6/64" dev eth0 nodad
lab_exec "$LAB_B" ip -6 addr replace "$LAB_B_ADDR6/64" dev eth0 nodad
lab_exec "$LAB_A" ip -6 route add 2001:db8:1::/64 via "$LAB_B_ADDR6"
shrinking mtu6 2001:db8:1::{1..9}{0..9}{0..9} --datapath tc -r 1000
check_eq 'F09: an MTU too small for IPv6: the run ends, exit status' 1 "$rc"
check_eq 'F09: an MTU too small for IPv6: one line says why' 1 "$(grep -c '^coldpotato: no next hop answers any more' "$LAB_DIR/err")"
check_eq 'F09: an MTU too small for IPv6: the result is marked' failed "$(tail -n 1 "$LAB_DIR/mtu6.ndjson" | jq -r .reason)"
check 'F09: an MTU too small for IPv6: the routes that went are told' \
	jq -es 'any(.type == "warning" and .code == "route-changed")' "$LAB_DIR/mtu6.ndjson"
adds_up 'F09: an MTU too small for IPv6' mtu6

# --- a full ring buffer: the reader stands still while the answers of more than a second come ---

packets() { # column of /proc/net/dev
	lab_exec "$LAB_A" awk -v n="$1" '/^ *eth0:/ {print $n}' /proc/net/dev
}

# For 10 s at most, and no longer than the program runs. It does so while answers are awaited, if it stands still.
await_packets() { # received | transmitted, number
	local column=3 i
	[[ $1 == received ]] || column=11
	for ((i = 0; i < 500 && $(packets $column) < $2; i++)); do
		[[ $1 == received ]] || jobs -rp | grep -qx "$pid" || return
		sleep 0.02
	done
}

echo '198.18.0.0/15 8075' >"$LAB_DIR/home.txt"
lab_exec "$LAB_A" ethtool -K eth0 gro off >/dev/null
"$internet" targets 60 >"$LAB_DIR/targets"
echo 198.18.7.7:443 >>"$LAB_DIR/targets" # never answers, so that the run waits, and the last answers come before its end

await_quiet() { # received | transmitted
	local column=3 before
	[[ $1 == received ]] || column=11
	until before=$(packets $column) && sleep 0.2 && (($(packets $column) == before)); do :; done
}

# Once so many packets have left, and no more do, the program stands still until all answers to them have come.
stall() { # transmitted
	await_packets transmitted "$1" || return
	await_quiet transmitted
	kill -STOP "$pid"
	await_packets received $(($(packets 3) + 5000))
	await_quiet received
	kill -CONT "$pid"
}

# The first time 60 scouts, 6,000 resets and more than 1,140 probes to the routers have left; each is answered a hundred
# times, and the ring holds 14,563 answers. So some 150 slots are seen each time, and the others are asked again.
full_ring() { # what once|always
	local before what="F05: $1" name=ring-$2
	far_up "$BUILD/lab/responder" --hops 20 --delay-ms 1500 --copies 100 eth0
	before=$(packets 11)
	(
		cd "$LAB_DIR/run" && exec nsenter --net="/run/netns/$LAB_A" "$CP" audit --vantage-as 8075 --blocklist none "$targets" \
			--overlay "$LAB_DIR/home.txt" --no-rdns --datapath tc -r 25000 -q 1 -w 3000 -o "ndjson=$LAB_DIR/$name.ndjson"
	) >"$LAB_DIR/out" 2>"$LAB_DIR/err" &
	pid=$!
	stall $((before + 60 + 6000 + 1100))
	while [[ $2 == always ]] && stall $(($(packets 11) + 250)); do :; done
	wait "$pid"
	check_eq "$what: exit status" 0 $?
	far_down
	# The run ends with the first of the answers to its last question.
	check "$what: every answer is matched or counted as lost" awk -v n="$(value "$LAB_DIR/b.log" answered)" \
		-v seen="$(accounting "$name" '.matched + .lost + ([.rejected[]] | add)')" 'BEGIN {exit !(seen <= n && seen > n - 100)}'
	check "$what: $(accounting "$name" .lost) were lost" test "$(accounting "$name" .lost)" -gt 0
	adds_up "$what" "$name"
}

verdicts() { # name
	jq -r 'select(.type == "path" and .destination.ip != "198.18.7.7") | [.verdict, .confidence, .reasons[]] | join(" ")' \
		"$LAB_DIR/$1.ndjson" | sort | uniq -c | xargs
}

full_ring 'the ring is full for a while' once
check_eq 'F05: the ring is full for a while: what it lost is asked again, and found' '1200 true' "$(jq -r '
	select(.type == "path" and .reached) | .hops[] | "\(.ip != null)"' "$LAB_DIR/ring-once.ndjson" | sort | uniq -c | xargs)"
check_eq 'F05: the ring is full for a while: so the verdicts hold' '60 inside high' "$(verdicts ring-once)"
check_eq 'F05: the ring is full for a while: no silence is doubted' 0 "$(grep -c replies-lost "$LAB_DIR/ring-once.ndjson")"

full_ring 'the ring is full again and again' always
check_eq 'F05: the ring is full again and again: the run says so' 1 \
	"$(grep -c '^{"type":"warning".*"code":"replies-lost"' "$LAB_DIR/ring-always.ndjson")"
check_eq 'F05: the ring is full again and again: what stayed silent is undecided for it' 'undecided true' "$(
	jq -r 'select(.type == "path" and any(.hops[]; .ip == null)) |
		"\(.verdict) \(.reasons | index("replies-lost") != null)"' "$LAB_DIR/ring-always.ndjson" | sort -u
)"

finish
