#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_internet.sh: the program against the XDP Internet (docs/lab.md): 2,000
# destinations, every hop against the truth, every frame accounted for at both
# ends of the link. First the Internet itself against another tool.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq traceroute
lab_up_pair || exit 1
internet=$BUILD/lab/internet

lab_exec "$LAB_A" ip route add 198.18.0.0/15 via "$LAB_B_ADDR" || exit 1
lab_exec "$LAB_A" ip route add 2001:db8:1::/96 via "$LAB_B_ADDR6" || exit 1
for address in "$LAB_B_ADDR" "$LAB_B_ADDR6"; do
	lab_exec "$LAB_A" ip neigh replace "$address" dev eth0 nud permanent \
		lladdr "$(lab_exec "$LAB_B" ip -br link show eth0 | awk '{print $3}')" || exit 1
done

# Servers die with the shell that starts them, so these three run in this one. Without them there is no test.
wait_ready() { # node
	local i
	for ((i = 0; i < 500; i++)); do
		! grep -q '^ready' "$LAB_DIR/$1.log" 2>/dev/null || return 0
		sleep 0.01
	done
	not_ok "the program on the link comes up in $1" "$(cat "$LAB_DIR/$1.log")"
	finish
}

net_up() { # options...
	rm -f "$LAB_DIR/b.log"
	lab_serve b "$internet" serve "$LAB_B" eth0 "$@"
	net_pid=$!
	wait_ready b
}

net_down() {
	kill "$net_pid" && wait "$net_pid"
}

# A value of a list of "name value" lines.
value() { # file name
	sed -n "s/^$2 //p" "$1"
}

near_end_up() {
	rm -f "$LAB_DIR/a.log"
	lab_serve a "$internet" near-end "$LAB_A" eth0
	near_pid=$!
	wait_ready a
}

near_end_down() {
	kill "$near_pid" && wait "$near_pid"
}

# --- the Internet, seen by another tool and by the kernel ---

# "destination ttl hop labels" lines of one traceroute.
traced() { # destination options...
	lab_exec "$LAB_A" traceroute -n -q 1 -w 1 -m 31 -e "${@:2}" "$1" |
		awk -v d="$1" 'NR > 1 {
			labels = ""
			rest = $0
			while (match(rest, /L=[0-9]+/)) {
				labels = labels (labels == "" ? "" : ",") substr(rest, RSTART + 2, RLENGTH - 2)
				rest = substr(rest, RSTART + RLENGTH)
			}
			hop = $2
			sub(/<.*/, "", hop)
			print d, $1, hop, (labels == "" ? "-" : labels)
		}'
}

# Five destinations by traceroute, and the truth of the same: the source port is 40000, echo requests have none.
other_tool() { # name options of `internet truth`... -- options of traceroute...
	local name=$1 destination truth=()
	shift
	while [[ $1 != -- ]]; do
		truth+=("$1")
		shift
	done
	shift
	"$internet" truth 5 --sport 40000 "${net_knobs[@]}" "${truth[@]}" | awk '{print $1, $4, $5, $6}' >"$LAB_DIR/truth"
	for destination in $(cut -d' ' -f1 "$LAB_DIR/truth" | uniq); do
		traced "$destination" "$@"
	done >"$LAB_DIR/traced"
	check_same "another tool's traceroute by $name sees the truth, labels too" "$LAB_DIR/truth" "$LAB_DIR/traced"
}

net_knobs=(--balanced 50 --mpls 40 --asymmetry 3 --nat 0)
net_up "${net_knobs[@]}"
near_end_up
other_tool tcp -- -T -p 443 --sport=40000
other_tool tcp6 --ipv6 1 -- -6 -T -p 443 --sport=40000
other_tool udp -- -U -p 443 --sport=40000
other_tool udp6 --ipv6 1 -- -6 -U -p 443 --sport=40000
net_down
# Its echo requests differ in what balancers look at.
net_knobs=(--mpls 40 --asymmetry 3 --nat 0)
net_up "${net_knobs[@]}"
other_tool icmp --echo 1 -- -I
other_tool icmp6 --ipv6 1 --echo 1 -- -6 -I
for address in 198.19.0.0 2001:db8:1::c613:0; do
	# shellcheck disable=SC2016 # expanded by the inner shell
	check_eq "a datagram to $address is answered" ping "$(
		lab_exec "$LAB_A" timeout 5 bash -c "exec 3<>/dev/udp/$address/443"' && printf ping >&3 && head -c 4 <&3'
	)"
done
check_eq 'the kernel finds no wrong checksum in what it was sent' '0 0 0 0 0' "$(
	lab_exec "$LAB_A" nstat -asz TcpInCsumErrors IcmpInCsumErrors Icmp6InCsumErrors UdpInCsumErrors Udp6InCsumErrors |
		awk 'NR > 1 {print $2}' | paste -sd' '
)"
check_eq 'and it was sent something' '1 1' "$(
	lab_exec "$LAB_A" nstat -asz IcmpInTimeExcds Icmp6InTimeExcds | awk 'NR > 1 {print ($2 > 60)}' | paste -sd' '
)"
near_end_down
net_down

# --- the program ---

identity() { # ndjson
	jq -e 'select(.type == "end") | .accounting |
		.attempted == .replied + .timed_out + .tx_errors + .blocked and
		.matched == .replied + .duplicates' "$1"
}

# Nothing is lost uncounted: what left arrived, what was answered was matched, rejected, or counted as lost.
both_ends() { # ndjson counts
	local sent answered
	sent=$(jq 'select(.type == "end") | .accounting | .transmitted + .resets_sent' "$1")
	answered=$(jq 'select(.type == "end") | .accounting | .matched + .lost + ([.rejected[]] | add)' "$1")
	[[ $sent == "$(value "$2" received)" ]] || { echo "sent $sent, received $(value "$2" received)" && return 1; }
	awk -v want="$answered" '/^(time_exceeded|syn_ack|rst|udp|echo|port_unreachable|prohibited|bare_ack) / {n += $2}
		END {if (n != want) {print "answered " n ", accounted for " want; exit 1}}' "$2"
}

compare() { # out counts options...: leaves the tally in $LAB_DIR/tally
	local out=$1 counts=$2
	shift 2
	"$internet" check "$out" --sport "$(value "$counts" port_low)" "$@" >"$LAB_DIR/tally"
}

targets() { # options...: what the next audits ask for
	"$internet" targets 2000 "$@" >"$LAB_DIR/targets" || exit 1
}

# One audit: what holds in whatever weather, and by whatever method.
audit() { # name options of the Internet... -- options of the program...
	local name=$1 out=$LAB_DIR/$1.ndjson counts=$LAB_DIR/$1.counts
	shift
	net_knobs=()
	while [[ $1 != -- ]]; do
		net_knobs+=("$1")
		shift
	done
	shift
	net_up "${net_knobs[@]}"
	check "$name: the audit runs" run_cp "$LAB_A" audit --vantage-as 8075 "@$LAB_DIR/targets" -r 100000 \
		-o "ndjson=$out" "$@"
	net_down
	cp "$LAB_DIR/b.log" "$counts"
	check "$name: the paths compare with the truth" compare "$out" "$counts" "${net_knobs[@]}"
	check_eq "$name: no hop is wrong, nor its reply TTL" '0 0' \
		"$(value "$LAB_DIR/tally" wrong) $(value "$LAB_DIR/tally" wrong_ttl)"
	check_eq "$name: every probe arrived whole and was understood" '0 0' \
		"$(value "$counts" truncated) $(value "$counts" unknown)"
}

weather() { # as above: by probes that are answered one by one
	audit "$@"
	check "$1: the accounting adds up" identity "$LAB_DIR/$1.ndjson"
	check "$1: nothing is lost uncounted" both_ends "$LAB_DIR/$1.ndjson" "$LAB_DIR/$1.counts"
}

complete() { # name paths
	check_eq "$1: every path is there" "$2" "$(value "$LAB_DIR/tally" paths)"
	check_eq "$1: every visible hop is found" "$(value "$LAB_DIR/tally" visible)" "$(value "$LAB_DIR/tally" found)"
}

ends=(--rst 15 --unreachable 10 --prohibited 10)
targets

weather clear "${ends[@]}" --balanced 40 -- --datapath xdp
complete clear 2000
weather mixed "${ends[@]}" --dark 10 --silent 10 --balanced 40 --mpls 20 --nat 10 --asymmetry 2 -- --datapath xdp
complete mixed 2000
near_end_up
weather mixed-tc "${ends[@]}" --dark 10 --silent 10 --balanced 40 --mpls 20 --nat 10 --asymmetry 2 -- --datapath tc
complete mixed-tc 2000
near_end_down
weather flows "${ends[@]}" --balanced 100 -- --datapath xdp --flows 3
complete flows 6000
check_eq 'flows: who balances them is not said to spread packets' '0 0' \
	"$(value "$LAB_DIR/tally" spread_wrong) $(jq -s 'map(select(.code == "per-packet")) | length' "$LAB_DIR/flows.ndjson")"
weather generic "${ends[@]}" --generic 1 -- --datapath xdp --xdp-mode generic
complete generic 2000
# So fast that a call sends more than one batch, and recycles the pages our resets left.
weather fast "${ends[@]}" --balanced 40 -- --datapath xdp -r 2000000
complete fast 2000
# Side by side. One queue of a veth is not enough for two senders at full speed.
for node in "$LAB_A" "$LAB_B"; do
	lab_exec "$node" ethtool -L eth0 rx 2 tx 2 2>/dev/null
done
if [[ $(nproc) -ge 2 ]]; then
	weather lanes "${ends[@]}" --balanced 40 -- --datapath xdp -r 2000000 --senders 2
	complete lanes 2000
	check_eq 'lanes: there are two senders' 2 "$(jq 'select(.type == "start").senders' "$LAB_DIR/lanes.ndjson")"
	near_end_up
	weather lanes-tc "${ends[@]}" --balanced 40 -- --datapath tc -r 100000 --senders 2
	complete lanes-tc 2000
	near_end_down
else
	skip 'lanes: one core'
fi
weather half-open --half-open 1 --balanced 40 -- --datapath xdp
complete half-open 2000

weather loss "${ends[@]}" --loss 10 --silent 5 --balanced 40 -- --datapath xdp
check_eq 'loss: some was lost, and 99 % is found all the same' '1 1' "$(
	awk '{v[$1] = $2} END {print (v["lost"] > 1000), (v["found"] >= v["visible"] * 0.99)}' \
		"$LAB_DIR/loss.counts" "$LAB_DIR/tally"
)"
weather limit --limit 1000 -- --datapath xdp
check_eq 'limit: some routers ran out of tokens' 1 "$(($(value "$LAB_DIR/limit.counts" limited) > 0))"

# --- routers that spread the packets of a flow ---

# Which hops are behind one is known; of the paths, that they pass one.
spread() { # name least-percent options of the Internet... -- options of the program...
	weather "$1" "${@:3}"
	check_eq "$1: every visible hop is found" "$(value "$LAB_DIR/tally" visible)" "$(value "$LAB_DIR/tally" found)"
	check_eq "$1: no other hop is taken for one behind them" 0 "$(value "$LAB_DIR/tally" spread_wrong)"
	check "$1: $2 % of the $(value "$LAB_DIR/tally" spread) hops behind them are known ($(value "$LAB_DIR/tally" spread_found))" \
		awk -v least="$2" '{v[$1] = $2} END {exit !(v["spread"] > 0 && v["spread_found"] * 100 >= v["spread"] * least)}' \
		"$LAB_DIR/tally"
	check_eq "$1: the warning, the reasons and the hops speak of the same paths" 'true medium' "$(jq -rs '
		(map(select(.type == "path" and any(.hops[].flags[]; . == "per-packet")))) as $flagged |
		"\(all(.[]; .type != "path" or ((.reasons | index("per-packet") != null) == any(.hops[].flags[]; . == "per-packet"))) and
		any(.[]; .code == "per-packet" and (.text | startswith("\($flagged | length) of "))))" +
		" \($flagged | map(.confidence) | unique | join(" "))"' "$LAB_DIR/$1.ndjson")"
}

printf '198.18.0.0/15 8075\n2001:db8:1::/96 8075\n' >"$LAB_DIR/home.txt"
home=(--overlay "$LAB_DIR/home.txt")
spread spread 5 --per-packet 30 --balanced 40 -- --datapath xdp "${home[@]}"
check_eq 'spread: that cost 2 % of the probes at most' true "$(jq -s '
	([.[] | select(.type == "path") | .hops[] | select(.reply == "time-exceeded") | .attempts - 1] | add) as $more |
	$more > 0 and $more <= .[-1].accounting.attempted / 50' "$LAB_DIR/spread.ndjson")"
"$internet" targets 64 >"$LAB_DIR/targets"
near=(--distance-min 5 --distance-max 7 --per-packet 100)
spread spread-near 50 "${near[@]}" -- --datapath xdp "${home[@]}"
check_eq 'spread-near: all paths are known to pass one' 64 "$(
	jq -r 'select(.type == "path" and (.reasons | index("per-packet"))) | .destination.ip' "$LAB_DIR/spread-near.ndjson" | wc -l
)"
near_end_up
spread spread-tc 50 "${near[@]}" -- --datapath tc "${home[@]}"
near_end_down
"$internet" targets 64 --ipv6 1 >"$LAB_DIR/targets"
spread spread6 50 "${near[@]}" -- --datapath xdp "${home[@]}"
net_up "${near[@]}"
check 'spread: the table for people marks the hops' grep -qE '198[.]18[.].* per packet$' <(
	run_cp "$LAB_A" trace 198.19.0.0:443 "${home[@]}" --vantage-as 8075 --datapath xdp
)
net_down
targets

# --- the other protocols, and IPv6. A datagram as an answer would not count as one, so there are none ---

refusing=(--rst 50 --unreachable 30 --prohibited 20 --balanced 40 --mpls 20 --asymmetry 2)
for datapath in xdp tc; do
	[[ $datapath == xdp ]] || near_end_up
	targets
	weather "udp-$datapath" "${refusing[@]}" --silent 10 -- --datapath $datapath -P udp
	complete "udp-$datapath" 2000
	targets --ipv6 1
	weather "udp6-$datapath" "${refusing[@]}" -- --datapath $datapath -P udp
	complete "udp6-$datapath" 2000
	weather "tcp6-$datapath" "${ends[@]}" --balanced 40 --mpls 20 --dark 10 -- --datapath $datapath
	complete "tcp6-$datapath" 2000
	targets --echo 1
	weather "icmp-$datapath" "${ends[@]}" --balanced 40 --mpls 20 --dark 10 -- --datapath $datapath -P icmp
	complete "icmp-$datapath" 2000
	targets --ipv6 1 --echo 1
	weather "icmp6-$datapath" "${ends[@]}" --balanced 40 --mpls 20 --asymmetry 2 -- --datapath $datapath -P icmp
	complete "icmp6-$datapath" 2000
	[[ $datapath == xdp ]] || near_end_down
done

# --- TCP behind a hole: to who accepts, and by SYNs to the others; every path is asked in its own connection ---

behind_a_hole() { # name paths options of the Internet... -- options of the program...
	audit "$1" "${@:3}" --tcp-method prefer_sack
	complete "$1" "$2"
	check_eq "$1: each reason to fall back is one the Internet gave" 'null refused no-answer' "$(
		jq -r 'select(.type == "path") | .sack_fallback' "$LAB_DIR/$1.ndjson" | sort | uniq -c | sort -rn |
			awk '{print $2}' | paste -sd' '
	)"
	check_eq "$1: who answers as a server is asked behind a hole" 1 "$(($(value "$LAB_DIR/$1.counts" acks) >= $2 / 2))"
	check_eq "$1: every connection is closed" 1 "$(
		awk '{v[$1] = $2} END {print (v["resets"] >= v["acks"] && v["sack"] >= v["acks"])}' "$LAB_DIR/$1.counts"
	)"
}

servers=(--rst 15 --dark 10 --silent 10 --balanced 40 --mpls 20 --nat 10 --asymmetry 2)
targets
behind_a_hole sack-xdp 2000 "${servers[@]}" -- --datapath xdp
behind_a_hole sack-flows 6000 "${servers[@]}" -- --datapath xdp --flows 3
targets --ipv6 1
behind_a_hole sack6-xdp 2000 "${servers[@]}" -- --datapath xdp
near_end_up
behind_a_hole sack6-tc 2000 "${servers[@]}" -- --datapath tc
targets
behind_a_hole sack-tc 2000 "${servers[@]}" -- --datapath tc
near_end_down

# --- UDP that is answered: a destination is there, though its answer does not say how far ---

weather udp-answered --silent 0 -- --datapath xdp -P udp
check_eq 'udp-answered: every path is reached' 2000 "$(
	jq -c 'select(.type == "path" and .reached and .hops[-1].reply == "udp") | 1' "$LAB_DIR/udp-answered.ndjson" | wc -l
)"
check_eq 'udp-answered: an answer that names no probe has no round trip' 0 "$(
	jq -c 'select(.type == "path") | .hops[] | select(.reply == "udp" and .rtt_us)' "$LAB_DIR/udp-answered.ndjson" | wc -l
)"

# --- the comparison itself can fail ---

"$internet" check "$LAB_DIR/clear.ndjson" --sport 1 --seed 2 "${ends[@]}" --balanced 40 >"$LAB_DIR/tally" 2>/dev/null
check_eq 'against the truth of another Internet, hops are wrong' 1 "$(($(value "$LAB_DIR/tally" wrong) > 1000))"

finish
