#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_datapath.sh: every datapath on every kind of interface: one that carries
# somebody else's XDP or tc programs, several queues, no XDP in the driver, a
# veth whose far end takes no XDP frames; and what killed runs leave behind.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq bpftool ethtool unshare
lab_up_pair || exit 1

foreign=$BUILD/lab/foreign.bpf.o
in_a() { lab_exec "$LAB_A" "$@"; }
in_b() { lab_exec "$LAB_B" "$@"; }

kernel_has() { # major minor
	local major minor
	IFS=.- read -r major minor _ <<<"$(uname -r)"
	((major > $1 || (major == $1 && minor >= $2)))
}
tc=tc-clsact beside=xdp-clsact
! kernel_has 6 6 || tc=tc-tcx beside=xdp-tcx

# Probes one host behind the interface; the run's records are in $LAB_DIR/out.
probe() { # args...
	run_cp "$LAB_A" audit -w 500 -q 2 -m 4 "$@" -o "ndjson=$LAB_DIR/out" 2>"$LAB_DIR/err"
}

field() { # jq-expression over the run's records
	jq -rs "$1" "$LAB_DIR/out"
}

# Holds when the run took that datapath and every path reached its end.
works() { # what datapath args...
	local what=$1 datapath=$2
	shift 2
	probe "$@" || {
		not_ok "$what" "$(cat "$LAB_DIR/err")"
		return
	}
	check_eq "$what" "$datapath, all reached" \
		"$(field '(map(select(.type == "start"))[0].datapath) + ", " +
			if map(select(.type == "path")) | length > 0 and all(.reached) then "all" else "not all" end + " reached"')"
}

refuses() { # what regex args...
	local what=$1 regex=$2
	shift 2
	probe "$@"
	check_eq "$what: exit status" 1 $?
	check "$what: says why and what to do" grep -qE -- "$regex" "$LAB_DIR/err"
}

xdp_id() { # interface: of the program on it, or null
	in_a ip -j link show "$1" | jq '.[0].xdp.prog.id'
}

why() { field 'map(select(.type == "start"))[0].datapath_why'; }
# Without those about the AS data: this lab has none.
warnings() { field 'map(select(.type == "warning" and .code != "no-database").code) | join(" ")'; }

# The far ends of the lab's links must take XDP frames.
for ns in "$LAB_A" "$LAB_B"; do
	lab_exec "$ns" ethtool -K eth0 gro on >/dev/null
done

# A run against silence, in the background, its pid in $pid. Ends when the caller kills it, or by --max-runtime.
in_a ip route add 198.19.7.0/24 via "$LAB_B_ADDR"
slow() { # args...
	rm -f "$LAB_DIR/slow"
	(
		cd "$LAB_DIR" && exec nsenter --net="/run/netns/$LAB_A" "$CP" audit --blocklist none --no-rdns -r 4 \
			--max-runtime 20 198.19.7.7 "$@" -o "ndjson=$LAB_DIR/slow"
	) >/dev/null 2>&1 &
	pid=$!
	wait_for slow_runs || not_ok 'a slow run starts' "$*"
}

slow_runs() { [[ -s $LAB_DIR/slow ]]; }

wait_for() { # condition...: up to 5 s
	local i
	for ((i = 0; i < 100; i++)); do
		! "$@" || return 0
		sleep 0.05
	done
	return 1
}

end_slow() { # signal
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null
}

filters() { in_a tc filter show dev eth0 ingress; }
our_filters() { filters | grep -c ' cp_tc_capture'; }
clsact() { in_a tc qdisc show dev eth0 clsact; }

# --- nobody else ---

works 'tc' $tc "$LAB_B_ADDR" --datapath tc
works 'xdp' xdp-native "$LAB_B_ADDR" --datapath xdp
works 'xdp, generic' xdp-generic "$LAB_B_ADDR" --datapath xdp --xdp-mode generic
works 'auto takes xdp at a high rate' xdp-native "$LAB_B_ADDR" -r 300k

# --- somebody else's XDP program, left there by a tool that is gone ---

for how in 'xdpdrv xdp foreign' 'xdpgeneric xdp foreign' 'xdpdrv xdp/dispatcher dispatcher'; do
	read -r mode section name <<<"$how"
	check "F03: $name by $mode: can be attached" in_a ip link set dev eth0 "$mode" obj "$foreign" sec "$section"
	id=$(xdp_id eth0)
	works "$name by $mode: auto takes tc" $tc "$LAB_B_ADDR" -r 300k
	check "F03: $name by $mode: auto names it" grep -qE "$name.*id $id|id $id.*$name" <<<"$(why)"
	works "$name by $mode: xdp emits beside it" $beside "$LAB_B_ADDR" --datapath xdp
	works "$name by $mode: xdp emits beside it, IPv6" $beside "$LAB_B_ADDR6" --datapath xdp
	check "F03: $name by $mode: xdp names it" grep -q "id $id" <<<"$(why)"
	refuses "F03: $name by $mode: --xdp-mode cannot be had" "id $id.*--datapath tc" "$LAB_B_ADDR" --datapath xdp --xdp-mode native
	slow --datapath xdp
	end_slow KILL
	check_eq "F03: $name by $mode: untouched, after a killed run, too" "$id" "$(xdp_id eth0)"
	run_cp "$LAB_A" doctor "$LAB_B_ADDR" >"$LAB_DIR/doctor"
	check_eq "F03: $name by $mode: doctor finds nothing broken" 0 $?
	check_eq "F03: $name by $mode: doctor fits 80 columns" '' "$(grep -E '.{81}' "$LAB_DIR/doctor")"
	check "F03: $name by $mode: doctor names it" grep -q "id $id" "$LAB_DIR/doctor"
	remedy=$(sed -n 's/.*if nobody needs it: //p' "$LAB_DIR/doctor")
	if [[ $name == dispatcher ]]; then
		check_eq "F03: $name: libxdp's own tool is named" 'xdp-loader unload eth0 --all' "$remedy"
		remedy='ip link set dev eth0 xdpdrv off'
	fi
	# shellcheck disable=SC2086 # words of a command
	check "F03: $name by $mode: the remedy works" in_a $remedy
	check_eq "F03: $name by $mode: it is gone then" null "$(xdp_id eth0)"
done

# --- somebody else's XDP program, after us ---

slow --datapath xdp
ours=$(xdp_id eth0)
out=$(in_a ip link set dev eth0 xdpgeneric obj "$foreign" sec xdp 2>&1)
check_eq 'F04: another tool after us in xdp: gets nothing' 2 $?
check_eq 'F04: another tool after us in xdp: ours stays' "$ours" "$(xdp_id eth0)"
end_slow TERM
check_eq 'F04: another tool after us in xdp: ours goes when we do' null "$(xdp_id eth0)"

slow --datapath tc
check 'F04: another tool after us in tc: can attach' in_a ip link set dev eth0 xdpgeneric obj "$foreign" sec xdp
id=$(xdp_id eth0)
sleep 1
check 'F04: another tool after us in tc: the run goes on' kill -0 "$pid"
end_slow TERM
check 'F04: another tool after us in tc: the run noticed' grep -q '"code":"xdp-attached"' "$LAB_DIR/slow"
check_eq 'F04: another tool after us in tc: it stays' "$id" "$(xdp_id eth0)"
in_a ip link set dev eth0 xdpgeneric off

# --- killed runs ---

programs() { # of the slow run: all ids it holds
	sed -n 's/^prog_id:\t*//p' /proc/"$pid"/fdinfo/* 2>/dev/null | sort -u
}

none_loaded() { # ids...
	local id
	for id; do
		! bpftool prog show id "$id" >/dev/null 2>&1 || return 1
	done
}

check 'beside: a foreign program' in_a ip link set dev eth0 xdpgeneric obj "$foreign" sec xdp
id=$(xdp_id eth0)
slow --datapath xdp
mapfile -t ids < <(programs)
check 'beside: the run has programs' test ${#ids[@]} -gt 0
check 'beside: the emitter is attached, which live frames need to be fast' \
	grep -qE '^link_type:[[:space:]]*xdp$' /proc/"$pid"/fdinfo/*
check_eq 'beside: but not where the probes leave' "$id" "$(xdp_id eth0)"
end_slow KILL
check 'F01: beside: SIGKILL leaves none of them' wait_for none_loaded "${ids[@]}"
in_a ip link set dev eth0 xdpgeneric off

# Kills a run with its janitor: what the kernel does not remove by itself stays.
kill_both() {
	local janitor
	slow --datapath tc --tc-attach clsact
	read -r janitor <"/proc/$pid/task/$pid/children"
	check_eq 'the janitor is there' coldpotato-tidy "$(cat "/proc/$janitor/comm")"
	kill -KILL "$janitor"
	end_slow KILL
}

kill_both
check_eq 'F02: run and janitor killed: the filter stays' 1 "$(our_filters)"
works 'run and janitor killed: the next run works' $tc "$LAB_B_ADDR" --datapath tc
check_eq 'F02: run and janitor killed: the next run says what it took off' stale-filter "$(warnings)"
check_eq 'F02: run and janitor killed: no filter is left' '' "$(filters)"
check_eq 'F02: run and janitor killed: no qdisc is left' '' "$(clsact)"

in_a tc qdisc add dev eth0 clsact
check 'a filter of the same priority and kind' \
	in_a tc filter add dev eth0 ingress pref 49213 handle 7 bpf da obj "$foreign" sec tc
kill_both
theirs=$(filters | grep -v ' cp_tc_capture')
works 'beside a foreign filter: the next run works' xdp-native "$LAB_B_ADDR" --datapath xdp
check_eq 'beside a foreign filter: ours is gone, theirs is not' "$theirs" "$(filters)"
check 'beside a foreign filter: the qdisc stays' grep -q clsact <<<"$(clsact)"
in_a tc qdisc del dev eth0 clsact

# Process ids of one PID namespace mean nothing in another.
slow --datapath tc --tc-attach clsact
theirs=$(filters)
check 'a run that lives: another one, which does not see its process' \
	in_a unshare --pid --fork --mount-proc "$CP" audit --blocklist none -w 500 -m 4 "$LAB_B_ADDR" --datapath tc \
	--tc-attach clsact --no-rdns -o "ndjson=$LAB_DIR/out"
check_eq 'a run that lives: nothing to tidy up' '' "$(warnings)"
check_eq 'a run that lives: it keeps its filter' "$theirs" "$(filters)"
end_slow TERM
check_eq 'a run that lives: no filter is left in the end' '' "$(filters)"
check_eq 'a run that lives: no qdisc is left in the end' '' "$(clsact)"

# --- other traffic, in frames larger than any on a wire ---

bytes_in() { sed -n 's/^bytes //p' "$LAB_DIR/sink"; }
rejected() { jq -s '.[-1].accounting.rejected | add' "$LAB_DIR/slow"; }

in_b ethtool -K eth0 tso on gso on >/dev/null
for how in "--datapath tc" "--datapath xdp --xdp-mode generic" "--datapath xdp"; do
	rm -f "$LAB_DIR/sink"
	lab_serve a "$BUILD/lab/tcp_sink" 30 "$LAB_DIR/sink" 9000
	sink=$!
	# shellcheck disable=SC2086 # words
	slow $how
	check "$how: others' bulk traffic gets through" in_b timeout 10 bash -c \
		"until exec 3<>/dev/tcp/$LAB_A_ADDR/9000; do sleep 0.1; done 2>/dev/null; head -c 20000000 /dev/zero >&3"
	end_slow TERM
	kill $sink
	wait $sink
	check_eq "$how: all of it" 20000000 "$(bytes_in)"
	check_eq "$how: none of it is rejected" 0 "$(rejected)"
done

# --- several queues ---

ip link add mq0 netns "$LAB_A" numrxqueues 4 numtxqueues 4 type veth \
	peer name mq0 netns "$LAB_B" numrxqueues 4 numtxqueues 4
in_a sysctl -qw net.ipv6.conf.mq0.accept_dad=0 2>/dev/null
for ns in "$LAB_A" "$LAB_B"; do
	lab_exec "$ns" ip link set mq0 up
	lab_exec "$ns" ethtool -K mq0 gro on >/dev/null
done
in_a ip addr add 203.0.113.1/24 dev mq0
in_b ip addr add 203.0.113.2/24 dev mq0
in_b ip route add local 198.19.0.0/24 dev lo
in_a ip route add 198.19.0.0/24 via 203.0.113.2
for ((i = 1; i < 200; i++)); do
	echo "198.19.0.$i"
done >"$LAB_DIR/many"

busy_queues() { in_a ethtool -S mq0 | grep -cE 'rx_queue_[0-9]+_xdp_packets: [1-9]'; }

works 'four queues: tc' $tc "@$LAB_DIR/many" --datapath tc
works 'four queues: xdp' xdp-native "@$LAB_DIR/many" --datapath xdp
check 'four queues: answers came on more than one' test "$(busy_queues)" -gt 1
works 'four queues: generic' xdp-generic "@$LAB_DIR/many" --datapath xdp --xdp-mode generic
check 'four queues: doctor counts them' \
	grep -q 'mq0: .*4 rx and 4 tx queues' <(run_cp "$LAB_A" doctor 198.19.0.1)

# The queues are rebuilt while a run is on them.
probe "@$LAB_DIR/many" --datapath xdp -r 400 -m 8 --max-runtime 20 &
run=$!
wait_for test "$(xdp_id mq0)" != null
sleep 0.5
for how in 'gro off' 'gro on' 'tso off' 'tso on'; do
	# shellcheck disable=SC2086 # two words
	in_a ethtool -K mq0 $how >/dev/null
done
in_a ethtool -L mq0 tx 2 || not_ok 'the number of queues can be changed' 'ethtool -L'
wait $run
check_eq 'queues rebuilt in a run: it ends well' 0 $?
check_eq 'queues rebuilt in a run: all reached' '199 done' \
	"$(field '"\(map(select(.type == "path" and .reached)) | length) \(.[-1].reason)"')"
in_a ip link del mq0

# --- frames too large for native XDP ---

in_a ip link set dev eth0 mtu 9000
in_b ip link set dev eth0 mtu 9000
works 'MTU 9000: xdp takes generic mode' xdp-generic "$LAB_B_ADDR" --datapath xdp
refuses 'MTU 9000: native' 'MTU.*--xdp-mode generic' "$LAB_B_ADDR" --datapath xdp --xdp-mode native
check 'MTU 9000: doctor says so' grep -q 'at this MTU: generic mode' <(run_cp "$LAB_A" doctor "$LAB_B_ADDR")
in_a ip link set dev eth0 mtu 1500
in_b ip link set dev eth0 mtu 1500

# --- no XDP in the driver; a veth whose far end does not take what XDP sends ---

if kernel_has 6 3; then
	in_a ip link add name mv0 link eth0 type macvlan mode bridge
	in_a ip addr add 198.18.4.1/24 dev mv0
	in_a ip link set mv0 up
	in_b ip addr add 198.18.4.2/24 dev eth0
	works 'no XDP in the driver: auto takes tc' $tc 198.18.4.2 -r 300k -i mv0
	check 'no XDP in the driver: auto says so' grep -q 'mv0 has no XDP' <<<"$(why)"
	refuses 'no XDP in the driver' 'mv0 has no XDP.*--datapath tc' 198.18.4.2 --datapath xdp -i mv0
	in_a ip link del mv0

	in_b ethtool -K eth0 gro off >/dev/null
	works 'far end without GRO: auto takes tc' $tc "$LAB_B_ADDR" -r 300k
	refuses 'far end without GRO' 'far end has neither XDP nor GRO.*--datapath tc' "$LAB_B_ADDR" --datapath xdp
	check_eq 'far end without GRO: nothing is left attached' null "$(xdp_id eth0)"
fi

finish
