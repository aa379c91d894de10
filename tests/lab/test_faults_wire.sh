#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_faults_wire.sh: networks that mislead: loops, balancers, firewalls, NAT,
# silence, answers that come twice, late or not at all, a flood of foreign
# packets. Two networks behind the vantage, one of kernel routers:
#
#                      +-- p1 -- q1 --+
#   a eth0 ------- b --+-- ...        +-- c  198.19.0.0/17, TCP port 443
#     |                +-- p4 -- q4 --+
#     +-- eth1 --- r   198.19.128.0/17: the responder (responder.c)

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq nft
lab_up_pair || exit 1
# Namespaces of the branches: the numbers are those of their links.
branches=(1 2 3 4)

# --- the kernel routers ---

add_nodes() { # node...
	local node
	for node; do
		ip netns add "$LAB_ID-$node" && ip -n "$LAB_ID-$node" link set lo up || return
		lab_exec "$LAB_ID-$node" sysctl -qw net.ipv4.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0 net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0 \
			net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 || return
	done
}

join() { # near far network: veth to-far in near, to-near in far; the addresses .0 and .1 of a /31
	ip link add "to-$2" netns "$LAB_ID-$1" type veth peer name "to-$1" netns "$LAB_ID-$2" &&
		ip -n "$LAB_ID-$1" addr add "$3.0/31" dev "to-$2" && ip -n "$LAB_ID-$1" link set "to-$2" up &&
		ip -n "$LAB_ID-$2" addr add "$3.1/31" dev "to-$1" && ip -n "$LAB_ID-$2" link set "to-$1" up
}

build_routers() {
	local i hops=()
	add_nodes c p1 p2 p3 p4 q1 q2 q3 q4 &&
		lab_exec "$LAB_B" sysctl -qw net.ipv4.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 \
			net.ipv4.icmp_ratemask=0 net.ipv4.fib_multipath_hash_policy=1 net.ipv4.conf.all.send_redirects=0 \
			net.ipv4.conf.eth0.send_redirects=0 || return
	for i in "${branches[@]}"; do
		join b "p$i" "198.18.1$i" && join "p$i" "q$i" "198.18.2$i" && join "q$i" c "198.18.3$i" &&
			ip -n "$LAB_ID-p$i" route add 198.19.0.0/17 via "198.18.2$i.1" &&
			ip -n "$LAB_ID-p$i" route add 198.18.0.0/24 via "198.18.1$i.0" &&
			ip -n "$LAB_ID-q$i" route add 198.19.0.0/17 via "198.18.3$i.1" &&
			ip -n "$LAB_ID-q$i" route add 198.18.0.0/24 via "198.18.2$i.0" &&
			ip -n "$LAB_ID-q$i" route add "198.18.1$i.0/31" via "198.18.2$i.0" &&
			ip -n "$LAB_ID-c" route add "198.18.1$i.0/31" via "198.18.3$i.0" || return
		hops+=(nexthop via "198.18.1$i.1")
	done
	ip -n "$LAB_B" route add 198.19.0.0/17 "${hops[@]}" &&
		ip -n "$LAB_ID-c" route add local 198.19.0.0/17 dev lo && ip -n "$LAB_ID-c" route add 198.18.0.0/24 via 198.18.31.0 &&
		ip -n "$LAB_A" route add 198.19.0.0/17 via "$LAB_B_ADDR"
}

build_responder() {
	ip netns add "$LAB_ID-r" && ip -n "$LAB_ID-r" link set lo up &&
		ip link add eth1 netns "$LAB_A" type veth peer name eth0 netns "$LAB_ID-r" &&
		ip -n "$LAB_A" addr add 198.18.1.1/24 dev eth1 && ip -n "$LAB_A" link set eth1 up &&
		ip -n "$LAB_ID-r" addr add 198.18.1.2/24 dev eth0 && ip -n "$LAB_ID-r" link set eth0 up &&
		ip -n "$LAB_A" route add 198.19.128.0/17 via 198.18.1.2
}

build_routers && build_responder || exit 1
lab_serve c "$BUILD/lab/tcp_sink" 120 "$LAB_DIR/c.stats" 443

audit() { # name targets... [-- args...]: leaves $LAB_DIR/name.ndjson
	local name=$1
	run_cp "$LAB_A" audit -r 2000 -w 500 -o "ndjson=$LAB_DIR/$name.ndjson" "${@:2}"
}

adds_up() { # name
	jq -es '.[-1].type == "end" and (.[-1].accounting |
		.attempted == .replied + .timed_out + .tx_errors + .blocked and .matched == .replied + .duplicates)' \
		"$LAB_DIR/$1.ndjson"
}

# One line a path, sorted: destination, end reason, its code, and the hops.
paths() { # name
	jq -r 'select(.type == "path") | "\(.destination.ip) \(.end_reason) \(.end_code // "-") \([.hops[].ip // "*"] | join(" "))"' \
		"$LAB_DIR/$1.ndjson" | sort
}

# The same, with the four branches as one: px, qx.
merged() { # name
	paths "$1" | sed -E 's/198\.18\.1[1-4]\.1/px/g; s/198\.18\.2[1-4]\.1/qx/g'
}

nft_rules() { # node chain-line rule...
	local node=$1 chain=$2
	shift 2
	{
		printf 'table ip t {\n chain c {\n  %s\n' "$chain"
		printf '  %s\n' "$@"
		printf ' }\n}\n'
	} | lab_exec "$LAB_ID-$node" nft -f -
}

nft_clear() { # node
	lab_exec "$LAB_ID-$1" nft delete table ip t
}

# --- balancing by flow ---

check 'F33: balanced by flow: the audit runs' audit flows 198.19.0.{1..6} --flows 20
check 'F33: balanced by flow: the accounting adds up' adds_up flows
check_eq 'F33: balanced by flow: all four branches are seen' 4 \
	"$(jq -r 'select(.type == "path") | .hops[1].ip' "$LAB_DIR/flows.ndjson" | sort -u | wc -l)"
check_eq 'F33: balanced by flow: 120 whole paths' '120 px qx' \
	"$(merged flows | grep -cE '^(198\.19\.0\.[1-6]) reached - 198\.18\.0\.2 px qx \1$') px qx"
check_eq 'F33: balanced by flow: no link that does not exist' '' "$(jq -r 'select(.type == "path") |
	select((.hops[1].ip | split(".")[2] | tonumber) + 10 != (.hops[2].ip | split(".")[2] | tonumber)) | .flow' \
	"$LAB_DIR/flows.ndjson")"

# --- three ends that are no arrival, and one that is ---

nft_rules b 'type filter hook forward priority 0;' 'ip daddr 198.19.1.4 reject with icmp type admin-prohibited'
nft_rules c 'type filter hook input priority 0;' 'ip daddr 198.19.1.2 drop' \
	'ip daddr 198.19.1.3 meta l4proto tcp reject with tcp reset'
check 'F34: the audit runs' audit ends 198.19.1.{1..4}:443
check_eq 'F34: accepted, dropped, reset, prohibited: each ends in its own way' "$(
	cat <<-END
		198.19.1.1 reached - 198.18.0.2 px qx 198.19.1.1
		198.19.1.2 gap - 198.18.0.2 px qx
		198.19.1.3 reached - 198.18.0.2 px qx 198.19.1.3
		198.19.1.4 unreachable 13 198.18.0.2 198.18.0.2
	END
)" "$(merged ends | sed -E 's/( \*)+$//')"
check_eq 'F34: a reset is told from an acceptance' 'syn-ack rst' \
	"$(jq -r 'select(.type == "path" and .end_reason == "reached") | .hops[-1].reply' "$LAB_DIR/ends.ndjson" | xargs)"
check 'F34: the accounting adds up' adds_up ends
nft_clear b
nft_clear c

# --- a loop between two routers ---

ip -n "$LAB_B" route add 198.19.2.0/24 via 198.18.11.1
ip -n "$LAB_ID-p1" route add 198.19.2.0/24 via 198.18.11.0
check 'F32: a loop: the audit runs' audit loop 198.19.2.{1..5}
check_eq 'F32: a loop: it is named, and cut where it closes' '5 loop - 198.18.0.2 198.18.11.1 198.18.0.2' \
	"$(paths loop | cut -d' ' -f2- | uniq -c | xargs)"
check_eq 'F32: a loop: it is a reason, and nothing is concluded' '5 undecided true' \
	"$(jq -r 'select(.type == "path") | "\(.verdict) \(.reasons | index("loop") != null)"' "$LAB_DIR/loop.ndjson" |
		uniq -c | xargs)"
check 'F32: a loop: no TTL is asked more often than allowed' jq -es \
	'all(.type != "path" or .probes <= 32 * 2)' "$LAB_DIR/loop.ndjson"

# --- ends that answer with few TTLs left, or from nearer than they are ---

lab_exec "$LAB_ID-c" sysctl -qw net.ipv4.ip_default_ttl=20
check 'F32: answers with few TTLs left: the audit runs' audit low 198.19.0.{1..4}
check_eq 'F32: answers with few TTLs left: every hop all the same' 4 \
	"$(merged low | grep -cE '^(198\.19\.0\.[1-4]) reached - 198\.18\.0\.2 px qx \1$')"
lab_exec "$LAB_ID-c" sysctl -qw net.ipv4.ip_default_ttl=64
for i in "${branches[@]}"; do
	nft_rules "q$i" 'type nat hook prerouting priority -100;' 'ip daddr 198.19.0.3 tcp dport 443 redirect to :9'
done
check 'F32: a proxy in front: the audit runs' audit proxy 198.19.0.{2..4} --flows 4
check_eq 'F32: a proxy in front: paths end where it answers, the others do not' '4 198.19.0.2 px qx 4 198.19.0.3 px 4 198.19.0.4 px qx' \
	"$(merged proxy | sed -nE 's/^(198\.19\.0\.[2-4]) reached - 198\.18\.0\.2 (.*) \1$/\1 \2/p' | uniq -c | xargs)"
for i in "${branches[@]}"; do
	nft_clear "q$i"
done

# --- a NAT on the way ---

nft_rules b 'type nat hook postrouting priority 100;' 'meta l4proto { tcp, udp } masquerade to :20000-29999' masquerade
ip -n "$LAB_ID-c" route del 198.18.0.0/24 # only what went through the NAT finds its way back
for proto in tcp udp icmp; do
	check "F26: a NAT: $proto: the audit runs" audit nat 198.19.0.{1..4} -P $proto
	check_eq "F26: a NAT: $proto: every hop is matched" 4 \
		"$(merged nat | grep -cE '^(198\.19\.0\.[1-4]) reached (-|3) 198\.18\.0\.2 px qx \1$')"
	# Flags: a server whose RST is late says so with a bare ACK.
	check_eq "F26: a NAT: $proto: no answer is refused" 0 \
		"$(jq 'select(.type == "end") | .accounting.rejected | add - .flags' "$LAB_DIR/nat.ndjson")"
done
ip -n "$LAB_ID-c" route add 198.18.0.0/24 via 198.18.31.0
nft_clear b

# --- networks by name: an exchange, and hops of nobody ---

printf '198.18.0.0/24 8075\n198.19.0.0/16 13335\n198.18.11.0/24 8075\n198.18.12.0/24 8075\n%s\n' \
	'198.18.13.0/24 8075' '198.18.14.0/24 8075' >"$LAB_DIR/outside.txt"
printf '%s\n' prefix,ixp 198.18.2{1..4}.0/24,LabIX >"$LAB_DIR/ixp.csv"
check 'F35: an exchange: the audit runs' \
	audit ixp 198.19.0.{1..4} --vantage-as 8075 --overlay "$LAB_DIR/outside.txt" --ixp "$LAB_DIR/ixp.csv"
check_eq 'F35: an exchange: it is named and is no AS' '4 direct 8075 IXP:LabIX 13335' \
	"$(jq -r 'select(.type == "path") | "\(.verdict) \(.as_path | join(" "))"' "$LAB_DIR/ixp.ndjson" | uniq -c | xargs)"
check_eq 'F35: an exchange: the exit goes to the network behind it' '13335 null' "$(
	jq -r 'select(.type == "summary") | .egress[] | select(.role == "exit" or .role == "ixp") | .asn' "$LAB_DIR/ixp.ndjson" | xargs
)"
check 'F35: special-use hops: the audit runs' \
	audit nobody 198.19.0.{1..4} --vantage-as 8075 --overlay "$LAB_DIR/outside.txt"
check_eq "F35: special-use hops: they are nobody's, and no exit" '4 direct 8075 private 13335' \
	"$(jq -r 'select(.type == "path") | "\(.verdict) \(.as_path | join(" "))"' "$LAB_DIR/nobody.ndjson" | uniq -c | xargs)"
check_eq 'F35: special-use hops: the exit is a range' '2 4 13335' \
	"$(jq -r 'select(.type == "path") | .exit | "\(.ttl_min) \(.ttl_max) \(.first_foreign.asn)"' "$LAB_DIR/nobody.ndjson" | sort -u)"

# --- all routers are silent ---

for node in b p1 p2 p3 p4 q1 q2 q3 q4; do
	ip -n "$LAB_ID-$node" rule add pref 1 iif lo ipproto 1 blackhole
done
echo '198.19.0.0/16 8075' >"$LAB_DIR/home.txt"
silent() { # what expected overlay args...
	check "F31: $1: the audit runs" audit silent 198.19.0.{1..4} --overlay "$3" "${@:4}"
	check_eq "F31: $1" "4 reached $2" "$(jq -r 'select(.type == "path") |
		"\(.end_reason) \(.as_path | join(" ")) \(.verdict) \(.confidence) \(.reasons | join(" "))"' \
		"$LAB_DIR/silent.ndjson" | uniq -c | xargs)"
}
silent 'silence to a destination at home, from somewhere' '* 8075 undecided low vantage-unknown' "$LAB_DIR/home.txt"
silent 'silence to a destination at home, from home' '* 8075 inside low silent-middle' "$LAB_DIR/home.txt" --vantage-as 8075
silent 'silence to a destination elsewhere, from home' '* 13335 undecided low silent-border silent-middle' \
	"$LAB_DIR/outside.txt" --vantage-as 8075
for node in b p1 p2 p3 p4 q1 q2 q3 q4; do
	ip -n "$LAB_ID-$node" rule del pref 1
done

# --- a flood of packets of others ---

flood() { # datapath
	local what="F38: $1: a flood of pings" pid
	lab_exec "$LAB_A" ping -q -f -l 200 -w 3 -s 400 "$LAB_B_ADDR" >"$LAB_DIR/ping.out" 2>&1 &
	pid=$!
	check "$what: the audit runs" audit flood 198.19.0.{1..250} --datapath "$1" -q 5
	wait "$pid"
	check "$what: it was one" test "$(sed -nE 's/^([0-9]+) packets transmitted.*/\1/p' "$LAB_DIR/ping.out")" -gt 5000
	check_eq "$what: every hop is found" 250 \
		"$(merged flood | grep -cE '^(198\.19\.0\.[0-9]+) reached - 198\.18\.0\.2 px qx \1$')"
	check "$what: the accounting adds up" adds_up flood
	# An echo reply has the checksum of our own once in 65,536 times: it is passed on, but counted.
	check_eq "$what: no packet of others is taken for an answer" '0 0 true' "$(jq -r 'select(.type == "end") | .accounting |
		"\(.lost) \(.rejected | .dest + .unsent + .short) \(.rejected.token < 50)"' "$LAB_DIR/flood.ndjson")"
}
flood tc
flood xdp

# --- answers that come twice, or late ---

responder_up() { # options...
	local i
	rm -f "$LAB_DIR/r.log"
	lab_serve r "$BUILD/lab/responder" --hops 6 "$@" eth0
	responder_pid=$!
	for ((i = 0; i < 500; i++)); do
		! grep -q '^ready' "$LAB_DIR/r.log" 2>/dev/null || return 0
		sleep 0.01
	done
	not_ok 'the responder comes up' "$(cat "$LAB_DIR/r.log")"
	finish
}

responder_down() { # after a moment in which the last answers leave
	sleep 0.3
	kill "$responder_pid" && wait "$responder_pid"
}

# All paths are the responder's, and each frame is accounted for at both ends. A run ends with the first answer to its last
# probe: further ones may come too late.
right() { # name paths answers-a-probe
	local sent answered seen
	check "F27: $1: the accounting adds up" adds_up "$1"
	check_eq "F27: $1: every hop is the known one" "$2" "$(paths "$1" |
		grep -cE '^(198\.19\.128\.[0-9]+) reached - 198\.18\.8\.1 198\.18\.16\.1 198\.18\.24\.1 198\.18\.32\.1 198\.18\.40\.1 \1$')"
	sent=$(sed -n 's/^received //p' "$LAB_DIR/r.log")
	answered=$(sed -n 's/^answered //p' "$LAB_DIR/r.log")
	seen=$(jq 'select(.type == "end") | .accounting | .matched + .lost + (.rejected | add)' "$LAB_DIR/$1.ndjson")
	check_eq "F27: $1: every probe arrived" "$sent" "$(jq 'select(.type == "end") | .accounting.transmitted' "$LAB_DIR/$1.ndjson")"
	check "F27: $1: every answer is accounted for ($seen of $answered)" \
		test "$seen" -le "$answered" -a "$seen" -gt $((answered - $3))
}

responder_up --copies 3
check 'F27: answers come three times: the audit runs' audit copies 198.19.128.{1..50}
responder_down
right copies 50 3
check 'F27: answers come three times: two of three are duplicates' jq -e 'select(.type == "end") | .accounting |
	.duplicates <= 2 * .replied and .duplicates >= 2 * .replied - 2' "$LAB_DIR/copies.ndjson"
check_eq 'F27: answers come three times: no hop is doubted for it' 0 \
	"$(jq -r 'select(.type == "path") | .hops[].flags[]' "$LAB_DIR/copies.ndjson" | wc -l)"

responder_up --twins
check 'F27: routers answer from two addresses: the audit runs' audit twins 198.19.128.{1..50}
responder_down
right twins 50 2
check_eq 'F27: routers answer from two addresses: the first counts, the second is a flag' '250 true' \
	"$(jq -r 'select(.type == "path") | .hops[:-1][] | .flags == ["other-address"]' "$LAB_DIR/twins.ndjson" | uniq -c | xargs)"

# The answer to a probe comes when the next one to the same TTL is out.
responder_up --delay-ms 180
check 'F28: answers after the timeout: the audit runs' audit late 198.19.128.{1..50} -w 100 -q 4 -r 100000
responder_down
check_eq 'F28: answers after the timeout: every hop is the known one' 50 "$(paths late |
	grep -cE '^(198\.19\.128\.[0-9]+) reached - 198\.18\.8\.1 198\.18\.16\.1 198\.18\.24\.1 198\.18\.32\.1 198\.18\.40\.1 \1$')"
check 'F28: answers after the timeout: the accounting adds up' adds_up late
check 'F28: answers after the timeout: they are counted as late' jq -es '.[-1].accounting.late > 0' "$LAB_DIR/late.ndjson"
check_eq 'F28: answers after the timeout: none is credited to a newer probe' 0 \
	"$(jq -r 'select(.type == "path") | .hops[].rtt_us // 1000000 | select(. < 180000)' "$LAB_DIR/late.ndjson" | wc -l)"

responder_up --delay-ms 100
(
	cd "$LAB_DIR/run" && exec nsenter --net="/run/netns/$LAB_A" "$CP" audit --blocklist none --no-rdns -r 200 \
		198.19.128.{1..250} -o "ndjson=$LAB_DIR/stopped.ndjson"
) 2>"$LAB_DIR/err" &
pid=$!
for ((i = 0; i < 500; i++)); do
	! grep -qs '"start"' "$LAB_DIR/stopped.ndjson" || break
	sleep 0.02
done
sleep 1
kill -INT "$pid"
wait "$pid"
check_eq 'F28: SIGINT with answers under way: exit status' 130 $?
responder_down
check_eq 'F28: SIGINT with answers under way: all of them are still taken' 'true 0' \
	"$(jq -r 'select(.type == "end") | .accounting | "\(.replied > 50) \(.timed_out)"' "$LAB_DIR/stopped.ndjson")"
check 'F28: SIGINT with answers under way: the accounting adds up' adds_up stopped

finish
