#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_follow.sh: links, next hops and routes that change while probes are out:
# the run waits, follows or ends, says so, and shows no wrong hop.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq bpftool
lab_up_story || exit 1

# Hops as "name address ttl ip" lines, from truth or from a run, silent tails dropped in both.
truth() { # vantage
	awk -F'\t' -v v="$1" '$1 == v && $3 !~ /:/ && $7 != "silent" {print $2, $3, $4, $5}' "$LAB_TRUTH" |
		awk '{key = $1 " " $2; line[++n] = $0; at[n] = key; if ($4 != "*") last[key] = n}
		     END {for (i = 1; i <= n; i++) if (i <= last[at[i]]) print line[i]}' | sort
}

measured() { # ndjson
	jq -r 'select(.type == "path") | .target.name as $n | .destination.ip as $d | .hops[] |
		"\($n) \($d) \(.ttl) \(.ip // "*")"' "$1" | sort
}

attached() { # namespace
	[[ -n $(lab_exec "$1" "$BUILD/lab/tcx_query" eth0) ]] ||
		[[ -n $(lab_exec "$1" bpftool -j net show dev eth0 | jq -r '.[].xdp[]') ]]
}

transmitted() { # namespace
	lab_exec "$1" cat /proc/net/dev | sed -n 's/^ *eth0://p' | awk '{print $10}'
}

start() { # namespace out args...: a run of some seconds that has begun to send; its pid in $pid
	local ns=$1 out=$2 i before
	shift 2
	before=$(transmitted "$ns")
	(
		cd "$LAB_DIR" && exec nsenter --net="/run/netns/$ns" "$CP" audit --vantage-as 8075 -4 --resolver "$LAB_DNS" \
			--overlay "$LAB_OVERLAY" --blocklist none -w 250 "@$LAB_NAMES" -o "ndjson=$out" "$@"
	) >/dev/null 2>"$out.err" &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		! attached "$ns" || break
		sleep 0.02
	done
	for ((i = 0; i < 200; i++)); do
		(($(transmitted "$ns") < before + 40)) || break # DNS first, then probes
		sleep 0.02
	done
}

warned() { # ndjson code: the texts
	jq -r --arg code "$2" 'select(.type == "warning" and .code == $code) | .text' "$1"
}

says() { # ndjson code: within some seconds, the run on standard error
	local i
	for ((i = 0; i < 200; i++)); do
		! grep -q "$2" "$1.err" || return 0
		sleep 0.02
	done
	cat "$1.err"
	return 1
}

ends_well() { # what out truth
	local out=$2
	wait $pid
	check_eq "$1: exit status" 0 $?
	check_eq "$1: the run is complete" "done" "$(tail -n 1 "$out" | jq -r .reason)"
	measured "$out" >"$out.hops"
	check_same "$1: every hop is the known one" "$3" "$out.hops"
	check "$1: the accounting adds up" jq -e 'select(.type == "end") | .accounting |
		.attempted == .replied + .timed_out + .tx_errors + .blocked' "$out"
}

cold=$LAB_COLD c1=$LAB_ID-c1
gateway=198.18.0.3
truth cold >"$LAB_DIR/cold.truth"

# --- the link loses its carrier, and has it again ---

carrier() { # name args...
	local out=$LAB_DIR/carrier-$1.ndjson what="F06: $1: no carrier for 2 s" sent
	start "$cold" "$out" "${@:2}" -r 200
	ip -n "$c1" link set to-cold down
	check "$what: it is said" says "$out" 'eth0 is down'
	sleep 0.1
	sent=$(transmitted "$cold")
	sleep 1.9
	check_eq "$what: nothing is sent meanwhile" "$sent" "$(transmitted "$cold")"
	ip -n "$c1" link set to-cold up
	lab_routes_back
	ends_well "$what" "$out" "$LAB_DIR/cold.truth"
	check_eq "$what: the gap is told once" 1 "$(warned "$out" interface-down | wc -l)"
	check_eq "$what: so is its end" 1 "$(warned "$out" interface-up | wc -l)"
	check_eq "$what: no path is doubted" 0 "$(jq -c 'select(.type == "path" and
		(.reasons | index("route-changed") or index("replies-lost")))' "$out" | wc -l)"
}

# Taking a link down takes its routes away, on both of its ends.
routes_of_c1=$(ip -n "$c1" route show dev to-cold | grep -v 'proto kernel')
lab_routes_back() {
	local route
	while read -r route; do
		# shellcheck disable=SC2086 # words of a command
		[[ -z $route ]] || ip -n "$c1" route replace $route dev to-cold
	done <<<"$routes_of_c1"
}

carrier tc --datapath tc
carrier xdp --datapath xdp

# --- somebody takes the interface down; its routes come back late ---

out=$LAB_DIR/admin.ndjson
start "$cold" "$out" --datapath tc -r 200
ip -n "$cold" link set eth0 down
check 'F06: interface down: it is said' says "$out" 'eth0 is down'
ip -n "$cold" link set eth0 up
sleep 0.5
ip -n "$cold" route add default via $gateway
ends_well 'F06: interface down' "$out" "$LAB_DIR/cold.truth"
check_eq 'F06: interface down: routes that are back are no other routes' '' "$(warned "$out" route-changed)"

# --- the gateway gets another address on the link ---

out=$LAB_DIR/moved.ndjson new=02:00:00:00:be:ef
old=$(ip -n "$c1" -j link show to-cold | jq -r '.[0].address')
start "$cold" "$out" --datapath tc -r 200
ip -n "$c1" link set to-cold address $new
sleep 0.2
ip -n "$cold" neigh replace $gateway lladdr $new dev eth0 nud reachable
ends_well 'F11: gateway moved' "$out" "$LAB_DIR/cold.truth"
check_eq 'F11: gateway moved: it is said' "next hop $gateway now has the link-layer address $new" \
	"$(warned "$out" next-hop-moved)"
ip -n "$c1" link set to-cold address "$old"
ip -n "$cold" neigh replace $gateway lladdr "$old" dev eth0 nud reachable

# --- the gateway does not answer for a while ---

out=$LAB_DIR/silent.ndjson
lab_exec "$c1" sysctl -qw net.ipv4.conf.to-cold.arp_ignore=8
start "$cold" "$out" --datapath tc -r 200
ip -n "$cold" neigh del $gateway dev eth0
check 'F11: gateway silent: it is said' says "$out" "$gateway on eth0 does not answer"
lab_exec "$c1" sysctl -qw net.ipv4.conf.to-cold.arp_ignore=0
ends_well 'F11: gateway silent' "$out" "$LAB_DIR/cold.truth"
check_eq 'F11: gateway silent: its return is said' "next hop $gateway answers again" "$(warned "$out" next-hop-back)"

# --- another route, to some of the destinations ---

out=$LAB_DIR/route.ndjson
ip -n "$cold" addr add 198.18.0.130/32 dev eth0
start "$cold" "$out" --datapath tc -r 200
ip -n "$cold" route add 198.18.49.0/24 via $gateway src 198.18.0.130
ends_well 'F10: route changed' "$out" "$LAB_DIR/cold.truth"
check 'F10: route changed: it is said' grep -q 'route to 2 of ' <(warned "$out" route-changed)
check_eq 'F10: route changed: these paths are marked, no others' '198.18.49.10 low 198.18.49.11 low' \
	"$(jq -r 'select(.type == "path" and (.reasons | index("route-changed"))) |
		"\(.destination.ip) \(.confidence)"' "$out" | sort | xargs)"
ip -n "$cold" route del 198.18.49.0/24
ip -n "$cold" addr del 198.18.0.130/32 dev eth0

# --- changes that do not concern the run ---

out=$LAB_DIR/other.ndjson
start "$cold" "$out" --datapath tc -r 200
ip -n "$cold" link add other0 type veth peer name other1
ip -n "$cold" link set other0 up
ip -n "$cold" route add unreachable 203.0.113.0/24
ip -n "$cold" link del other0
ends_well 'changes elsewhere' "$out" "$LAB_DIR/cold.truth"
check_eq 'changes elsewhere: nothing is said' '' "$(jq -c 'select(.type == "warning")' "$out")"

# --- the interface is removed, and another one gets its name ---

removed() { # name namespace args...
	local out=$LAB_DIR/removed-$1.ndjson what="F07: $1: interface removed" i rc
	start "$2" "$out" "${@:3}" -r 10
	ip -n "$2" link del eth0
	ip -n "$2" link add eth0 type veth peer name eth1
	for ((i = 0; i < 250; i++)); do
		kill -0 $pid 2>/dev/null || break
		sleep 0.02
	done
	check "$what: the run ends within 5 s" test $i -lt 250
	kill $pid 2>/dev/null
	wait $pid
	check_eq "$what: exit status" 1 $?
	check_eq "$what: one clear line" 1 "$(grep -c '^coldpotato: interface eth0 .*was removed' "$out.err")"
	check_eq "$what: the result is marked" failed "$(tail -n 1 "$out" | jq -r .reason)"
	check "$what: what was found is shown" jq -es 'any(.type == "path")' "$out"
	check "$what: the other interface is left alone" test -z "$(lab_exec "$2" "$BUILD/lab/tcx_query" eth0)"
}

removed tc "$cold" --datapath tc
removed xdp "$LAB_HOT" --datapath xdp

finish
