# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# lib.sh: what the tests of a guest share: runs of the program in the grid lab,
# compared with its truth, and what is between the vantage and its first router.
# Knows nothing of single faults. Emulated, a process takes a tenth of a second
# to start: few are.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../lab/lib.sh"

# Both NICs of the machine are on one hub, which leads nowhere.
# shellcheck disable=SC2034 # for the tests
near_mac=02:00:00:00:00:0a far_mac=02:00:00:00:00:0b

grid_up() { # $v and $r1: vantage and first router; $dev: the vantage's interface
	lab_up_grid 6 || exit 1
	v=$LAB_VANTAGE r1=$LAB_ID-r1 dev=eth0
	grid_truth 1 "$LAB_TARGETS" >"$LAB_DIR/truth4"
	grid_truth 4 "$LAB_TARGETS6" >"$LAB_DIR/truth6"
}

# "address ttl hop" lines: the grid's three branches, from a line of LAB_TRUTH on, take turns in its targets.
grid_truth() { # first-line targets
	tail -n "+$1" "$LAB_TRUTH" | head -n 3 | awk -F'\t' '
		FNR == NR {hops[FNR - 1] = $3; next}
		{n = split(hops[(FNR - 1) % 3], hop, ","); hop[++n] = $1; for (i = 1; i <= n; i++) print $1, i, hop[i]}
	' - "$2" | sort
}

audit() { # out args...: of the IPv4 targets, unless others are named; what it says in out.said
	local out=$1 targets=@$LAB_TARGETS
	shift
	[[ $* != *@* ]] || targets=
	# shellcheck disable=SC2086 # none or one
	lab_exec "$v" timeout -k 1 60 "$CP" audit --vantage-as 8075 --blocklist none --overlay "$LAB_OVERLAY" -r 1000 "$@" \
		$targets --no-rdns -o "ndjson=$out" >"$out.said" 2>&1
}

# Checks an ended run: its exit status, hops (left in out.hops) and accounting; leaves its $datapath and $why.
# shellcheck disable=SC2034 # for the tests
right() { # what status out [truth]
	local adds_up truth=${4:-$LAB_DIR/truth4}
	check_eq "$1: exit status" 0 "$2"
	[[ $2 == 0 ]] || tail -n 3 "$3.said"
	{ read -r datapath && read -r why && read -r adds_up && sort -u >"$3.hops"; } < <(jq -rs '(.[] |
		if .type == "start" then .datapath, .datapath_why else empty end), (.[-1].accounting |
		.attempted == .replied + .timed_out + .tx_errors + .blocked and .lost == 0), (.[] |
		select(.type == "path") | .destination.ip as $d | .hops[] | "\($d) \(.ttl) \(.ip // "*")")' "$3")
	check_eq "$1: the accounting adds up" true "$adds_up"
	if [[ $truth == any ]]; then
		return
	elif [[ $(<"$3.hops") == "$(<"$truth")" ]]; then
		ok "$1: every hop is the known one"
	else
		not_ok "$1: every hop is the known one" "$(diff "$truth" "$3.hops" | head -n 6)"
	fi
}

# Audits, and checks all of it: also the datapath, and that nothing is left of it.
audited() { # what datapath truth args...
	local what=$1 want=$2 truth=$3 out=$LAB_DIR/run
	rm -f "$out"
	shift 3
	audit "$out" "$@"
	right "$what" $? "$out" "$truth"
	check_eq "$what: the datapath is the one to expect" "$want" "$datapath"
	check_eq "$what: nothing is left attached" '' "$(hung)"
}

hung() { # whatever of ours is on the vantage's interface, or runs
	# shellcheck disable=SC2016 # expanded there
	lab_exec "$v" bash -c 'ip link show dev "$1" | grep -o "prog/xdp.*"; tc qdisc show dev "$1" clsact
		"$2" "$1"; cat /proc/[0-9]*/comm 2>/dev/null | grep ^coldpotato' - "$dev" "$BUILD/lab/tcx_query"
}

soon() { # seconds command...: until it succeeds
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return
		sleep 0.1
	done
}

# Has the runner (vm.sh) stop the whole machine for so many seconds; holds when that was seen here. What the emulated clock
# counts with, 21 s at most.
stand_still() { # seconds
	local before now i
	echo "freeze $1" >/dev/ttyS1 # where results go; check keeps the standard output
	read -r now _ </proc/uptime
	for ((i = 0; i < 120; i++)); do
		before=${now%.*}
		sleep 0.25
		read -r now _ </proc/uptime
		((${now%.*} - before < $1 - 1)) || return 0
	done
	return 1
}

is_gone() { [[ -z $(hung) ]]; }
is_over() { ! kill -0 "$pid" 2>/dev/null; }
has_sent() { (($(transmitted) >= $1)); }

transmitted() {
	lab_exec "$v" awk -v dev="$dev:" '$1 == dev {print $10}' /proc/net/dev
}

begin() { # out args...: a run of many seconds that has begun to send; its pid in $pid
	local before
	before=$(transmitted)
	audit "$@" -r 8 &
	pid=$!
	soon 20 has_sent $((before + 4)) || not_ok 'a run begins to send' "$(tail -n 3 "$1.said")"
}

# Puts two interfaces of the root namespace between the vantage and its first router.
connect() { # near far: the first becomes $dev
	ip link set "$1" netns "$v" name "$dev" && ip link set "$2" netns "$r1" name to-v || return
	ip -n "$v" -batch - <<-END && ip -n "$r1" -batch - <<-END || return
		addr add $LAB_VANTAGE_ADDR/31 dev $dev
		addr add 2001:db8:0:1::/127 dev $dev nodad
		link set $dev up
		route add default via 198.18.0.3
		route add ::/0 via 2001:db8:0:1::1
	END
		addr add 198.18.0.3/31 dev to-v
		addr add 2001:db8:0:1::1/127 dev to-v nodad
		link set to-v up
	END
	lab_exec "$v" ethtool -K "$dev" gro on tx off >/dev/null && lab_exec "$r1" ethtool -K to-v gro on tx off >/dev/null
}

nic() { # mac: name of a NIC of the root namespace
	ip -o link | sed -n "s/^[0-9]*: \([^:@]*\).*$1.*/\1/p"
}
