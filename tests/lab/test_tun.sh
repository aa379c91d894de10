#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_tun.sh: probes through an interface without a link-layer header, both
# families and all protocols: hops right, packets marked as what they are.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq
[[ -c /dev/net/tun ]] || skip 'no /dev/net/tun'
lab_up_pair || exit 1

lab_serve a.wire "$BUILD/lab/tun_wire" "${LAB_SECONDS:-600}" "$LAB_A" "$LAB_B" cptun
pid=$!
for ((i = 0; i < 500; i++)); do
	! grep -q '^ready' "$LAB_DIR/a.wire.log" 2>/dev/null || break
	sleep 0.01
done

# B is the router behind the link, and the server behind that router.
end_up() { # namespace number
	lab_exec "$1" sh -c "ip link set cptun up && ip addr add 198.18.9.$2/24 dev cptun &&
		ip -6 addr add 2001:db8:9::$2/64 dev cptun nodad"
}
{
	end_up "$LAB_A" 1 && end_up "$LAB_B" 2 &&
		lab_exec "$LAB_A" ip route add 198.19.0.0/16 dev cptun &&
		lab_exec "$LAB_A" ip -6 route add 2001:db8:a::/48 dev cptun &&
		lab_exec "$LAB_B" sh -c 'ip link set lo up && ip addr add 198.19.0.1/32 dev lo &&
			ip -6 addr add 2001:db8:a::1/128 dev lo nodad'
} || exit 1
lab_serve b.sink "$BUILD/lab/tcp_sink" "${LAB_SECONDS:-600}" "$LAB_DIR/sink.stats" 443
_lab_wait_port b.sink tcp6 01BB || exit 1

audit() { # name targets... -- args...: leaves $LAB_DIR/out
	run_cp "$LAB_A" audit --vantage-as 8075 -m 8 -w 300 198.19.0.1 2001:db8:a::1 -o "ndjson=$LAB_DIR/out" "$@"
}

for args in '' '-P udp' '-P icmp' '--tcp-method sack'; do
	# shellcheck disable=SC2086 # words
	check "tun: audit $args: it runs" audit $args
	check_eq "tun: audit $args: both families arrive, at the first TTL" \
		'198.19.0.1 reached 198.19.0.1|2001:db8:a::1 reached 2001:db8:a::1' "$(
			jq -r 'select(.type == "path") | "\(.destination.ip) \(.end_reason) \([.hops[].ip] | join(" "))"' \
				"$LAB_DIR/out" | sort | paste -sd'|'
		)"
	check_eq "tun: audit $args: the datapath is tc" 1 "$(jq -r 'select(.type == "start") | .datapath' "$LAB_DIR/out" | grep -c ^tc)"
done
refuses 'tun: XDP needs a link-layer header' 1 'link-layer header.*--datapath tc' run_cp "$LAB_A" audit --datapath xdp 198.19.0.1
kill "$pid"
wait "$pid"
check_eq 'tun: every packet was marked as of the family that it is' 'mismarked 0' "$(grep ^mismarked "$LAB_DIR/a.wire.log")"

finish
