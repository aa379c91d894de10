#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What route.h and host.h report, against what ip(8), ss(8) and /proc report, in
# namespaces of its own:
#
#   host                                      router
#   h0 198.18.1.1/24 ---------------- r0 198.18.1.2/24   answers, default gateway
#      2001:db8:1::1/64                  2001:db8:1::2/64
#   h1 198.18.2.1/24 ---------------- r1 (down: h1 has no carrier)
#   t0 198.18.9.1/24, a tun device: no link-layer header
#
#   bare: a tun device and no address at all
# shellcheck disable=SC2016 # back quotes in expected sentences are meant literally
# shellcheck disable=SC2317 # cleanup runs from the trap
set -u
cd "$(dirname "$0")/../.." || exit 1

[ "$(id -u)" = 0 ] || { echo "SKIP - needs root"; exit 0; }
for tool in ip nsenter jq gcc clang pkg-config unshare timeout; do
	command -v $tool >/dev/null || { echo "SKIP - needs $tool"; exit 0; }
done

host=cp$$-host router=cp$$-router bare=cp$$-bare failed=0 pids=()
tmp=$(mktemp -d) || exit 1
cleanup() {
	for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
	for netns in $host $router $bare; do ip netns del "$netns" 2>/dev/null; done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

h() { nsenter --net=/run/netns/$host "$@"; }
r() { nsenter --net=/run/netns/$router "$@"; }
b() { nsenter --net=/run/netns/$bare "$@"; }
t() { h timeout 20 "$tmp/route_test" "$@"; }
ok() { echo "ok - $1"; }
not_ok() { echo "not ok - $1: $2"; failed=1; }
is() { # what got want
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', want '$3'"; fi
}
has() { # what text part
	if [[ $2 == *"$3"* ]]; then ok "$1"; else not_ok "$1" "'$2' lacks '$3'"; fi
}
key() { sed -n "s/^$2=//p" <<<"$1"; } # key=value lines -> the value
index() { h ip -j link show dev "$1" | jq '.[0].ifindex'; }

build() {
	local libs
	read -ra libs <<<"$(pkg-config --libs libmnl)"
	gcc -std=gnu17 -D_GNU_SOURCE -Iinclude -Iuser -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		-Wall -Wextra -Werror -o "$tmp/route_test" tests/lab/route_test.c user/io/{route,rtnl,link,neigh,host}.c \
		user/core/{addr,err}.c "${libs[@]}" -ldl || return 1
	printf '%s\n' '__attribute__((section("xdp"), used)) int pass(void *ctx) { return ctx ? 2 : 2; }' |
		clang -O2 -target bpf -x c -c -o "$tmp/pass.o" -
}

net_up() {
	for netns in $host $router $bare; do ip netns add "$netns" || return 1; done
	r sysctl -qw net.ipv4.ip_forward=0 || return 1
	h ip link add h0 numtxqueues 2 numrxqueues 3 type veth peer name r0 netns $router || return 1
	h ip link add h1 type veth peer name r1 netns $router || return 1
	h ip tuntap add dev t0 mode tun || return 1
	for dev in lo h0 h1 t0; do h ip link set $dev up || return 1; done
	for dev in lo r0; do r ip link set $dev up || return 1; done
	h ip address add 198.18.1.1/24 dev h0 && h ip address add 198.18.1.7/24 dev h0 || return 1
	h ip address add 2001:db8:1::1/64 dev h0 nodad || return 1
	h ip address add 198.18.2.1/24 dev h1 && h ip address add 198.18.9.1/24 dev t0 || return 1
	r ip address add 198.18.1.2/24 dev r0 && r ip address add 2001:db8:1::2/64 dev r0 nodad || return 1
	# Neighbours that do not answer are given up after 3 x 100 ms instead of 3 s.
	for dev in h0 h1; do
		h sysctl -qw net.ipv4.neigh.$dev.retrans_time_ms=100 net.ipv6.neigh.$dev.retrans_time_ms=100 || return 1
	done
}

check_link() { # name
	local got json sent after
	json=$(h ip -d -s -j link show dev "$1")
	got=$(t link "$1")
	after=$(h ip -s -j link show dev "$1" | jq '.[0].stats64.tx.packets')
	sent=$(key "$got" tx_packets)
	if [ "$sent" -ge "$(jq '.[0].stats64.tx.packets' <<<"$json")" ] && [ "$sent" -le "$after" ]; then
		ok "packets sent by $1"
	else
		not_ok "packets sent by $1" "$sent, then $after"
	fi
	got=$(grep -v '^driver=\|^rc=\|^tx_packets=' <<<"$got")
	is "link $1 as ip(8) shows it" "$got" "$(jq -r '.[0] |
		def lower: .flags | index("LOWER_UP") != null;
		"ifindex=\(.ifindex)", "name=\(.ifname)",
		"up=\(if (.flags | index("UP") != null) and lower then 1 else 0 end)",
		"loopback=\(if .link_type == "loopback" then 1 else 0 end)",
		"l3=\(if .link_type == "ether" or .link_type == "loopback" then 0 else 1 end)",
		"mac=\(.address // "00:00:00:00:00:00")", "mtu=\(.mtu)",
		"n_rx_queues=\(.num_rx_queues)", "n_tx_queues=\(.num_tx_queues)",
		"xdp_mode=\(.xdp.mode // 0)", "xdp_prog_id=\(.xdp.prog.id // 0)",
		"kind=\(.linkinfo.info_kind // "")"' <<<"$json")"
	is "link $1 by index" "$(t link "-$(jq '.[0].ifindex' <<<"$json")" | grep -v ^tx_)" "$(t link "$1" | grep -v ^tx_)"
}

check_route() { # what dst [oif name] [from addr]: as ip route get has it
	local what=$1 json want got args from=
	shift
	[ "${2-}" = from ] && from=$3
	json=$(h ip -j route get "$@" 2>&1) || { not_ok "$what" "ip route get: $json"; return; }
	want=$(jq -r --arg dst "$1" --arg from "$from" '.[0] |
		"\(.dev) \(if $from == "" then .prefsrc else $from end) \(.gateway // .via.host // $dst)"' <<<"$json")
	args=("${@/from/src}")
	[ "${2-}" = oif ] && args[2]=$(index "$3")
	got=$(t route "${args[@]}")
	is "$what" "$(key "$got" ifindex) $(key "$got" src) $(key "$got" nexthop)" "$(index "${want%% *}") ${want#* }"
}

check_refused() { # what rc part args...
	local what=$1 rc=$2 part=$3 got
	shift 3
	got=$(t "$@")
	is "$what: errno" "$(key "$got" rc)" "$rc"
	has "$what: sentence" "$(key "$got" err)" "$part"
}

links() {
	local long=interface-with-a-very-long-alternative-name
	for dev in lo h0 h1 t0; do check_link $dev; done
	is "a veth with a live peer is up" "$(key "$(t link h0)" up)" 1
	is "a veth whose peer is down is not" "$(key "$(t link h1)" up)" 0
	is "queues of a link" "$(t link h0 | grep queues | xargs)" "n_rx_queues=3 n_tx_queues=2"
	is "a tun device has no link-layer header" "$(key "$(t link t0)" l3)" 1
	is "the driver of a veth" "$(key "$(t link h0)" driver)" veth
	is "the driver of a tun" "$(key "$(t link t0)" driver)" tun
	h ip link property add dev h0 altname $long altname short
	is "a link by a long alternative name" "$(key "$(t link $long)" name)" h0
	is "a link by a short alternative name" "$(key "$(t link short)" name)" h0
	for mode in xdpgeneric xdpdrv; do
		if h ip link set dev h0 $mode obj "$tmp/pass.o" sec xdp 2>"$tmp/log"; then
			check_link h0
			is "$mode is seen" "$(key "$(t link h0)" xdp_mode)" "$([ $mode = xdpdrv ] && echo 1 || echo 2)"
		else
			not_ok "attach $mode" "$(cat "$tmp/log")"
		fi
		h ip link set dev h0 $mode off
	done
	check_refused "an unknown link" ENODEV "no interface named eth9" link eth9
	check_refused "an unknown index" ENODEV "no interface with index 4242" link -4242
	check_refused "an empty name" ENODEV "ip link" link ""
}

routes_v4() {
	check_refused "no route (IPv4)" ENETUNREACH 'no route to 203.0.113.9: check `ip route get 203.0.113.9`' \
		route 203.0.113.9
	check_refused "no route on an interface" ENETUNREACH "no route to 203.0.113.9 through h0" \
		route 203.0.113.9 oif "$(index h0)"
	# The first question's answer, a route, comes late and must not pass for the second one's, a refusal.
	is "answers that come after ENOBUFS are not mistaken" \
		"$(LOSE=1 t route 203.0.113.9 oif "$(index h0)" | head -1)" rc=ENETUNREACH
	h ip route add default via 198.18.1.2
	check_route "default gateway" 203.0.113.9
	check_route "default gateway, interface given" 203.0.113.9 oif h0
	check_route "on-link destination" 198.18.1.55
	check_route "on-link destination, interface given" 198.18.1.55 oif h0
	check_route "source given" 203.0.113.9 from 198.18.1.7
	h ip route add 203.0.113.128/25 via 198.18.1.3 src 198.18.1.7
	check_route "preferred source of a route" 203.0.113.200
	h ip route add 203.0.113.0/25 via 198.18.1.4 table 100 && h ip rule add from 198.18.1.7 table 100
	check_route "policy routing by source" 203.0.113.9 from 198.18.1.7
	check_route "policy routing, another source" 203.0.113.9 from 198.18.1.1
	h ip route add 198.18.6.0/24 nexthop via 198.18.1.3 nexthop via 198.18.1.4
	for last in 1 2 3 4 5 6 7 8; do check_route "multipath 198.18.6.$last" 198.18.6.$last; done
	check_route "tun device" 198.18.9.77
	h ip route add blackhole 198.18.66.0/24
	check_refused blackhole ENETUNREACH "no route to 198.18.66.1: a 'blackhole'" route 198.18.66.1
	h ip route add unreachable 198.18.67.0/24
	check_refused unreachable ENETUNREACH "an 'unreachable' route" route 198.18.67.1
	h ip route add prohibit 198.18.68.0/24
	check_refused prohibit ENETUNREACH "a 'prohibit' route" route 198.18.68.1
	h ip route add throw 198.18.69.0/24
	check_refused "throw, and no further table" ENETUNREACH "no route to 198.18.69.1: check" route 198.18.69.1
	check_refused "own address" EADDRNOTAVAIL "198.18.1.1 is an address of this host" route 198.18.1.1
	check_refused loopback EADDRNOTAVAIL "127.0.0.1 is an address of this host" route 127.0.0.1
	check_refused broadcast EADDRNOTAVAIL "198.18.1.255 is a broadcast" route 198.18.1.255
	check_refused multicast EADDRNOTAVAIL "224.0.0.1 is a broadcast or multicast" route 224.0.0.1
	check_refused "foreign source" EINVAL "cannot send from 198.18.77.7" route 203.0.113.9 src 198.18.77.7
	check_refused "source of the other family" EINVAL "different families" route 203.0.113.9 src 2001:db8:1::1
	check_refused "no such interface" ENODEV "no interface #4242" route 203.0.113.9 oif 4242
}

routes_v6() {
	check_refused "no route (IPv6)" ENETUNREACH 'check `ip route get 2001:db8:9::9`' route 2001:db8:9::9
	h ip -6 route add default via 2001:db8:1::2
	check_route "IPv6 default gateway" 2001:db8:9::9
	check_route "IPv6 default gateway, interface given" 2001:db8:9::9 oif h0
	check_route "IPv6 on-link destination" 2001:db8:1::77
	check_route "IPv6 source given" 2001:db8:9::9 from 2001:db8:1::1
	h ip -6 route add blackhole 2001:db8:66::/48
	check_refused "IPv6 blackhole" ENETUNREACH "a 'blackhole' route" route 2001:db8:66::1
	h ip -6 route add unreachable 2001:db8:67::/48
	check_refused "IPv6 unreachable" ENETUNREACH "an 'unreachable' route" route 2001:db8:67::1
	h ip -6 route add prohibit 2001:db8:68::/48
	check_refused "IPv6 prohibit" ENETUNREACH "a 'prohibit' route" route 2001:db8:68::1
	check_refused "IPv6 own address" EADDRNOTAVAIL "is an address of this host" route 2001:db8:1::1
	check_refused "IPv6 loopback" EADDRNOTAVAIL "is an address of this host" route ::1
	check_refused "IPv6 multicast" EADDRNOTAVAIL "multicast" route ff02::1 oif "$(index h0)"
	check_refused "IPv6 unspecified" EADDRNOTAVAIL "no destination" route ::
	check_refused "IPv6 foreign source" EINVAL "cannot send from" route 2001:db8:9::9 src 2001:db8:77::7
	h ip route add 198.18.5.0/24 via inet6 2001:db8:1::2 dev h0
	check_route "IPv4 via an IPv6 gateway" 198.18.5.9
	# A route, but no IPv6 address anywhere.
	b ip tuntap add dev t0 mode tun && b ip link set t0 up && b ip -6 address flush dev t0
	b ip -6 route add 2001:db8:10::/48 dev t0
	has "no IPv6 source" "$(b "$tmp/route_test" route 2001:db8:10::1 | xargs -0)" \
		"rc=ENETUNREACH
err=no source address for 2001:db8:10::1 on t0"
	b ip route add 203.0.113.0/24 dev t0
	has "no IPv4 source" "$(b "$tmp/route_test" route 203.0.113.9 | xargs -0)" \
		"rc=ENETUNREACH
err=no source address for 203.0.113.9 on t0"
}

# Destinations of every kind, many of each and mixed, so that no batch is of one kind.
mixed() {
	seq 200 | awk '{
		n = split("203.0.113. 198.18.1. 198.18.6. 198.18.66. 198.18.67. 198.18.68. 198.18.69. 198.18.9. " \
			"127.0.0. 224.0.0. 2001:db8:9:: 2001:db8:1:: 2001:db8:66:: 2001:db8:67:: 2001:db8:68:: ff02::", prefix, " ")
		for (i = 1; i <= n; i++)
			print prefix[i] $1
		print "::1\n::"
	}'
}

# Every destination asked in a batch is answered as it is alone.
check_many() { # what [args...]: of route_test routes
	local what=$1
	shift
	t routes one "$@" <"$tmp/mixed" | grep -v ^err= >"$tmp/one"
	t routes many "$@" <"$tmp/mixed" | grep -v ^err= >"$tmp/many"
	is "$what: all are answered" "$(wc -l <"$tmp/many")" "$(wc -l <"$tmp/mixed")"
	is "$what: as one by one" "$(diff "$tmp/one" "$tmp/many" | head -3)" ""
}

routes_many() {
	local h0
	h0=$(index h0)
	mixed >"$tmp/mixed"
	check_many "many routes"
	is "many routes: each kind of answer" "$(grep -E '^(203.0.113.9|198.18.(1.1|1.55|66.5|67.5|68.5|69.5|9.77)|2001:db8:66::5) ' \
		"$tmp/many" | sort -u)" "$(sort <<-END
		198.18.1.1 EADDRNOTAVAIL
		198.18.1.55 $h0 198.18.1.1 198.18.1.55
		198.18.66.5 ENETUNREACH
		198.18.67.5 ENETUNREACH
		198.18.68.5 ENETUNREACH
		198.18.69.5 ENETUNREACH
		198.18.9.77 $(index t0) 198.18.9.1 198.18.9.77
		2001:db8:66::5 ENETUNREACH
		203.0.113.9 $h0 198.18.1.1 198.18.1.2
		END
	)"
	check_many "many routes, interface given" oif "$h0"
	check_many "many routes, source given" src 198.18.1.7
	is "many routes: policy routing by source" "$(grep '^203.0.113.9 ' "$tmp/many" | sort -u)" \
		"203.0.113.9 $h0 198.18.1.7 198.18.1.4"
	check_many "many routes, foreign source" src 198.18.77.7
	is "many routes, foreign source: none" "$(grep -vc 'EINVAL$\|^:: ' "$tmp/many")" 0
	check_many "many routes, IPv6 source given" src 2001:db8:1::1
	SMALL=1 check_many "many routes, most answers lost"
	DEAF=1 check_many "many routes, all answers lost"
	has "many routes: a sentence" "$(echo 198.18.66.5 | t routes many)" "no route to 198.18.66.5: a 'blackhole'"
}

tunnels() {
	if ! h ip route add 198.18.71.0/24 encap ip id 7 dst 198.18.1.2 dev h0 2>/dev/null; then
		echo "SKIP - kernel without lightweight tunnels"
		return
	fi
	check_refused "a route that wraps packets" EOPNOTSUPP "wraps packets" route 198.18.71.1
}

neighbours() {
	local h0 mac
	h0=$(index h0)
	mac=$(r ip -j link show dev r0 | jq -r '.[0].address')
	for addr in 198.18.1.2 2001:db8:1::2; do
		h ip neigh flush dev h0 >/dev/null 2>&1
		is "$addr answers" "$(t neigh "$h0" $addr 10000 | xargs)" "rc=0 mac=$mac"
		is "$addr is in the kernel's table" "$(h ip -j neigh show to $addr dev h0 | jq -r '.[0].lladdr')" "$mac"
		is "$addr from the table, no time to ask" "$(t neigh "$h0" $addr 0 | xargs)" "rc=0 mac=$mac"
		h ip neigh replace $addr dev h0 lladdr "$mac" nud stale
		is "$addr when stale" "$(t neigh "$h0" $addr 0 | xargs)" "rc=0 mac=$mac"
		is "$addr stays stale" "$(h ip -j neigh show to $addr dev h0 | jq -r '.[0].state[0]')" STALE
		h ip neigh replace $addr dev h0 lladdr 02:00:00:00:00:99 nud permanent
		is "$addr when permanent" "$(t neigh "$h0" $addr 0 | xargs)" "rc=0 mac=02:00:00:00:00:99"
		is "$addr stays permanent" "$(h ip -j neigh show to $addr dev h0 | jq -r '.[0].state[0]')" PERMANENT
		h ip neigh del $addr dev h0
	done
	# The kernel gives up long before 19 s; the time limit of t() would leave no line at all.
	check_refused "silent neighbour" EHOSTUNREACH "198.18.1.99 on h0 does not answer ARP" neigh "$h0" 198.18.1.99 19000
	check_refused "silent again, after the failure" EHOSTUNREACH "does not answer ARP" neigh "$h0" 198.18.1.99 19000
	check_refused "silent neighbour (IPv6)" EHOSTUNREACH "does not answer neighbour discovery" \
		neigh "$h0" 2001:db8:1::99 19000
	check_refused "silent neighbour, short wait" EHOSTUNREACH "did not answer ARP within 1 ms" \
		neigh "$h0" 198.18.1.98 1
	# A neighbour that failed and then comes up is found.
	r ip address add 198.18.1.99/24 dev r0
	is "a failed neighbour that came up" "$(t neigh "$h0" 198.18.1.99 10000 | xargs)" "rc=0 mac=$mac"
	check_refused "neighbour without a carrier" EHOSTUNREACH "198.18.2.9 on h1" neigh "$(index h1)" 198.18.2.9 19000
	check_refused "neighbour on a tun" EOPNOTSUPP "no Ethernet address" neigh "$(index t0)" 198.18.9.7 1000
	check_refused "neighbour on no interface" ENODEV "#4242" neigh 4242 198.18.1.2 100
}

sockets() {
	is "10,000 routes on one handle, interrupted" "$(t storm 10000 198.18.1.55)" ok=10000
	is "answers lost twice" "$(LOSE=2 t route 198.18.1.55 | head -1)" rc=0
	is "waiting is interrupted" "$(LOSE=9 LOSE_AS=EINTR t route 198.18.1.55 | head -1)" rc=0
	is "answers that come too late" "$(LOSE=9 LOSE_AS=EAGAIN t route 198.18.1.55 | head -1)" rc=ETIMEDOUT
	is "answers that never come" "$(LOSE=9 t route 198.18.1.55 | head -1)" rc=ENOBUFS
}

hold() { # file args...: holds ports in the background; the pid in $held
	local out=$1
	shift
	: >"$out"
	nsenter --net=/run/netns/$host "$tmp/route_test" "$@" >"$out" 2>&1 & # not h(): its shell would be what is killed
	held=$!
	pids+=("$held")
	disown "$held" # no word from the shell when it is killed
	until grep -q "^base=\|^err=" "$out" || ! kill -0 "$held" 2>/dev/null; do sleep 0.02; done
}

end() { # pid
	kill -KILL "$1"
	while kill -0 "$1" 2>/dev/null; do sleep 0.02; done
}

ports() {
	local a b first n
	h sysctl -qw net.ipv4.ip_local_port_range="32768 60999" net.ipv4.ip_local_reserved_ports="2000-2100,9999"
	for proto in tcp udp; do
		hold "$tmp/a" ports 64 $proto hold
		first=$held
		a=$(key "$(cat "$tmp/a")" base)
		hold "$tmp/b" ports 64 $proto hold
		b=$(key "$(cat "$tmp/b")" base)
		if [ $((a > b ? a - b : b - a)) -ge 64 ]; then ok "$proto: two at once are disjoint"; else
			not_ok "$proto: two at once are disjoint" "$a and $b"
		fi
		if [ "$a" -ge 61000 ] || [ $((a + 63)) -le 32767 ]; then ok "$proto: outside the ephemeral range"; else
			not_ok "$proto: outside the ephemeral range" "$a"
		fi
		# Room for exactly these 64 ports and no others: taken while held, free after SIGKILL.
		h sysctl -qw net.ipv4.ip_local_reserved_ports="1024-$((a - 1)),$((a + 64))-65535"
		is "$proto: held ports are not given twice" "$(t ports 64 $proto | head -1)" rc=EADDRINUSE
		end "$first"
		is "$proto: freed by SIGKILL" "$(t ports 64 $proto | xargs)" "rc=0 base=$a"
		is "$proto: freed by release" "$(t ports 64 $proto | xargs)" "rc=0 base=$a"
		# One of them busy on a single IPv4 address: the only room is beside it.
		hold "$tmp/c" bind $proto 198.18.1.1 $((a + 32))
		is "$proto: a busy port is avoided" "$(t ports 32 $proto | xargs)" "rc=0 base=$a"
		is "$proto: no room beside it for more" "$(t ports 33 $proto | head -1)" rc=EADDRINUSE
		end "$held"
		h sysctl -qw net.ipv4.ip_local_reserved_ports="2000-2100,9999"
	done
	is "without IPv6" "$(NO_IPV6=1 t ports 64 tcp | head -1)" rc=0
	is "one number for TCP and another for UDP" "$(t ports 8 both | grep -c rc=0)" 2
	h sysctl -qw net.ipv4.ip_local_port_range="1024 65535"
	is "all ports ephemeral: still some to hold" "$(t ports 64 tcp | head -1)" rc=0
	h sysctl -qw net.ipv4.ip_local_port_range="32768 60999"
	n=$(h bash -c "ulimit -n 20; '$tmp/route_test' ports 64 udp")
	has "too few open files" "$n" "ulimit -n"
	check_refused "too many ports" EINVAL "1 to 64" ports 65 tcp
	check_refused "no port" EINVAL "1 to 64" ports 0 tcp
}

facts() {
	local got
	got=$(t facts)
	is "no fact fails" "$(grep -c '^rc=0' <<<"$got") $(grep -c ^rc= <<<"$got")" "7 7"
	is "host name" "$(key "$got" name)" "$(uname -n)"
	is "kernel" "$(key "$got" kernel)" "$(uname -r)"
	is "a buffer that is too small" "$(key "$got" tiny)" ENAMETOOLONG
	is "capabilities" "$(key "$got" caps)" "$(sed -n 's/^CapEff:\t//p' /proc/self/status)"
	is "no capabilities" "$(key "$(h setpriv --bounding-set=-all --inh-caps=-all "$tmp/route_test" facts)" caps)" \
		0000000000000000
	is "network namespace" "$(key "$got" netns)" "$(stat -Lc %i /run/netns/$host)"
	is "random bytes differ" "$(key "$got" random_differs)" 1
	is "the clock does not go back" "$(key "$got" mono_grows)" 1
	got=$(key "$(t facts)" wall_ms)
	# Between two readings of date(1).
	if [ $((got / 1000)) -ge "$began" ] && [ $((got / 1000)) -le "$(date +%s)" ]; then ok "wall clock"; else
		not_ok "wall clock" "$got"
	fi
}

azure() { # tag want: as if the machine had that asset tag
	unshare -m sh -c 'mount -t tmpfs none /sys/class && mkdir -p /sys/class/dmi/id &&
		if [ -n "$2" ]; then echo "$2" >/sys/class/dmi/id/chassis_asset_tag; fi; "$1" facts' \
		- "$tmp/route_test" "$1" >"$tmp/azure"
	is "in Azure with asset tag '$1'" "$(key "$(cat "$tmp/azure")" azure)" "$2"
}

files() {
	local got
	head -c 100000 /dev/urandom >"$tmp/big"
	printf 'a\0b' >"$tmp/nul"
	: >"$tmp/empty"
	for max in 100000 100001; do
		t file "$tmp/big" $max >"$tmp/got"
		{ printf 'rc=0\nlen=100000\nterminated=1\n'; cat "$tmp/big"; } >"$tmp/want"
		if cmp -s "$tmp/got" "$tmp/want"; then ok "a file of 100000 bytes, at most $max"; else
			not_ok "a file of 100000 bytes, at most $max" "$(head -c 100 "$tmp/got" | head -3 | xargs)"
		fi
	done
	check_refused "a file that is too big" EFBIG "larger than 99999 bytes" file "$tmp/big" 99999
	check_refused "a file that is not there" ENOENT "cannot read $tmp/none" file "$tmp/none" 10
	check_refused "a directory" EISDIR "cannot read" file "$tmp" 10
	is "an empty file" "$(t file "$tmp/empty" 0 | xargs)" "rc=0 len=0 terminated=1"
	is "a file with a NUL" "$(t file "$tmp/nul" 3 | tr '\0' 0 | xargs)" "rc=0 len=3 terminated=1 a0b"
	got=$({ printf 'one,'; sleep 0.1; printf two; } | t file - 100 | xargs)
	is "standard input, in pieces" "$got" "rc=0 len=7 terminated=1 one,two"
	got=$(t file <(printf three) 100 | xargs)
	is "a named pipe" "$got" "rc=0 len=5 terminated=1 three"
	t file - 10 <"$tmp/big" >"$tmp/got"
	is "standard input that is too big" "$(head -1 "$tmp/got")" rc=EFBIG
	has "standard input is named" "$(cat "$tmp/got")" "standard input is larger than 10 bytes"
}

began=$(date +%s)
build || { not_ok "build" "see above"; exit 1; }
net_up || { echo "SKIP - cannot make network namespaces, veth or tun here"; exit 0; }
links
routes_v4
routes_v6
routes_many
tunnels
neighbours
sockets
ports
facts
azure 7783-7084-3265-9085-8269-3286-77 1
azure 7783-7084-3265-9085-8269-3286-7 0
azure "" 0
files
exit $failed
