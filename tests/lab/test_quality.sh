#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_quality.sh: probes end to end (--e2e): kernel servers lose none of them
# and are left with nothing, loss is what the network lost, round trips and
# jitter are what a responder made them, budgets hold at the far end, and a run
# that is stopped tells what it had.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq nft ss tcpdump

# One audit; the accounting adds up, as a whole and of the probes end to end.
audit() { # name namespace args...: leaves $LAB_DIR/<name>.ndjson
	local name=$1 out=$LAB_DIR/$1.ndjson
	check "$name: the audit runs" run_cp "$2" audit --vantage-as 8075 -o "ndjson=$out" "${@:3}"
	adds_up "$name"
}

adds_up() { # name
	check_eq "$1: the accounting adds up" 'true true true' "$(jq -r 'select(.type == "end") | .accounting |
		"\(.attempted == .replied + .timed_out + .tx_errors + .blocked) \(.matched == .replied + .duplicates) " +
		"\(.e2e_attempted == .e2e_replied + .e2e_timed_out + .e2e_unsent)"' "$LAB_DIR/$1.ndjson")"
}

# An expression over the list of what was measured of each destination.
e2e() { # name expression
	jq -rs "map(select(.type == \"path\" and .flow == 0) | .e2e) | $2" "$LAB_DIR/$1.ndjson"
}

# --- kernel servers: 20 probes to each of 300, ten a second, and none is lost ---

lab_up_grid 300 || exit 1
# In the sender's time: with a thread of their own, routers drop what comes while a busy machine keeps it from running.
lab_exec "$LAB_ID-r1" sh -c 'echo 0 >/sys/class/net/to-v/threaded' 2>/dev/null || :

# Frames that the lab's own links have dropped, as they do when a busy machine keeps the routers from running.
link_drops() {
	local node
	for node in v r1 r2 r3 r4 r5 r6 r7 r8 d1 d2 d3; do
		lab_exec "$LAB_ID-$node" ip -s -j link 2>/dev/null | jq '.[].stats64 | .rx.dropped + .tx.dropped'
	done | awk '{n += $1} END {print n + 0}'
}

none_lost() { # name targets args...
	local name=$1 targets=$2 before drops lost
	shift 2
	before=$(link_drops)
	audit "$name" "$LAB_VANTAGE" "@$targets" --e2e 20 --e2e-interval 100 "$@"
	drops=$(($(link_drops) - before))
	lost=$(e2e "$name" 'map(.sent - .received) | add')
	check "$name: none is lost but for what the lab's links dropped ($lost, $drops)" test "$lost" -ge 0 -a "$lost" -le "$drops"
	check_eq "$name: all are answered, in time and at a time that is known" '300 6000 0 true' "$(e2e "$name" '
		"\(length) \(map(.sent) | add) \(map(.late + .refused) | add) " +
		"\(all(.[]; .rtt_min_us > 0 and .rtt_min_us <= .rtt_p50_us and .rtt_p50_us <= .rtt_p95_us and
			.rtt_p95_us <= .rtt_p99_us and .rtt_p99_us <= .rtt_max_us and .jitter_us != null))"')"
}

none_lost tcp "$LAB_TARGETS"
none_lost tcp-xdp "$LAB_TARGETS" --datapath xdp --xdp-mode generic
none_lost sack "$LAB_TARGETS" --tcp-method prefer_sack --flows 2
none_lost tcp6 "$LAB_TARGETS6"
sed 's/:[0-9]*$//' "$LAB_TARGETS" >"$LAB_DIR/addresses"
none_lost icmp "$LAB_DIR/addresses" -P icmp
check_eq 'servers are left with no connection, half-open or open' 0 "$(
	for node in d1 d2 d3; do
		lab_exec "$LAB_ID-$node" ss -Htn state connected
	done | wc -l
)"
check_eq 'off, there is nothing of it' 'null 0' "$(
	run_cp "$LAB_VANTAGE" audit --vantage-as 8075 "$(head -n 1 "$LAB_TARGETS")" -o ndjson |
		jq -r 'select(.type == "path").e2e, select(.type == "end").accounting.e2e_attempted' | paste -sd' '
)"

# A server whose SYN-ACK is lost stays in SYN-RECEIVED for a second. Were it probed in that time, one loss would be several.
# Each is lost but once: what the server repeats arrives.
head -n 30 "$LAB_TARGETS" >"$LAB_DIR/few"
for node in d1 d2 d3; do
	lab_exec "$LAB_ID-$node" nft -f - <<'NFT' || exit 1
table inet loss {
	counter dropped { }
	set lost {
		typeof ip saddr . tcp sport . tcp ackseq
		size 65535
		flags dynamic
	}
	chain output {
		type filter hook output priority 0
		tcp flags & (syn | ack) != syn | ack accept
		ip saddr . tcp sport . tcp ackseq @lost accept
		numgen inc mod 9 == 8 add @lost { ip saddr . tcp sport . tcp ackseq } counter name dropped drop
	}
}
NFT
done
audit syn-acks "$LAB_VANTAGE" "@$LAB_DIR/few" --e2e 20 --e2e-interval 50 -w 300
dropped=$(for node in d1 d2 d3; do
	lab_exec "$LAB_ID-$node" nft -j list counters | jq '.nftables[].counter.packets // empty'
done | awk "{n += \$1} END {print n + 0}")
lost=$(e2e syn-acks 'map(.sent - .received) | add')
check "SYN-ACKs are lost: so many probes are, and no more ($lost; $dropped SYN-ACKs dropped in all)" \
	test "${lost:-0}" -gt 30 -a "$lost" -le "$dropped"
check 'SYN-ACKs are lost: repeated ones are late, but for those that come after the end' \
	jq -es --argjson lost "$lost" '.[-1].accounting.e2e_late | . <= $lost and . >= $lost - 30' "$LAB_DIR/syn-acks.ndjson"
lab_down

# --- two hosts on one link: the XDP Internet loses a tenth ---

lab_up_pair || exit 1
lab_exec "$LAB_A" ip route add 198.18.0.0/15 via "$LAB_B_ADDR" || exit 1
lab_exec "$LAB_A" ip neigh replace "$LAB_B_ADDR" dev eth0 nud permanent \
	lladdr "$(lab_exec "$LAB_B" ip -br link show eth0 | awk '{print $3}')" || exit 1

far_up() { # command...
	local i
	rm -f "$LAB_DIR/b.log"
	lab_serve b "$@"
	far_pid=$!
	for ((i = 0; i < 500; i++)); do
		! grep -q '^ready' "$LAB_DIR/b.log" 2>/dev/null || return 0
		sleep 0.01
	done
	not_ok 'the far end comes up' "$(cat "$LAB_DIR/b.log")"
	finish
}

far_down() {
	sleep 0.3
	kill "$far_pid" && wait "$far_pid"
}

"$BUILD/lab/internet" targets 500 >"$LAB_DIR/targets"
printf '198.18.0.0/15 8075\n' >"$LAB_DIR/home.txt"
far_up "$BUILD/lab/internet" serve "$LAB_B" eth0 --loss 10 --loss-anew 1 --dark 0 --rst 20 --silent 0 --prohibited 0
audit loss "$LAB_A" "@$LAB_DIR/targets" --overlay "$LAB_DIR/home.txt" --datapath xdp --e2e 20 --e2e-interval 20 -w 200
far_down
# Of 10,000 probes a tenth, give or take four standard deviations; at a destination none loses nine of 20 but by a chance
# of one in 100,000, and most lose some.
check_eq 'loss: a tenth is lost' '500 10000 true true true' "$(e2e loss '
	(map(.sent - .received) | add) as $lost | "\(length) \(map(.sent) | add) \($lost > 880 and $lost < 1120) " +
	"\(map(.sent - .received) | max < 10) \(map(select(.received < .sent)) | length > 380)"')"
check_eq 'loss: what was answered is what the far end answered' 'true' "$(jq -r 'select(.type == "end") | .accounting |
	.e2e_replied + .e2e_timed_out == 10000 and .e2e_late == 0 and .lost == 0' "$LAB_DIR/loss.ndjson")"
check_eq 'loss: percent are of what was sent' true \
	"$(e2e loss 'all(.[]; (.loss_pct - (.sent - .received) * 100 / .sent) * 1000 | round == 0)')"

# Servers that a second SYN finds in SYN-RECEIVED answer it with a bare ACK only, unless they were reset before.
"$BUILD/lab/internet" targets 100 >"$LAB_DIR/targets"
far_up "$BUILD/lab/internet" serve "$LAB_B" eth0 --half-open 1 --dark 0 --rst 0 --unreachable 0 --prohibited 0
audit half-open "$LAB_A" "@$LAB_DIR/targets" --overlay "$LAB_DIR/home.txt" --datapath xdp -r 2000 --e2e 20
check_eq 'half-open: a reset frees the server for the next probe' '2000 2000' \
	"$(e2e half-open '"\(map(.sent) | add) \(map(.received) | add)"')"
audit udp "$LAB_A" "@$LAB_DIR/targets" --overlay "$LAB_DIR/home.txt" --datapath xdp -P udp -r 2000 --e2e 10
far_down
check_eq 'udp: a datagram as an answer is received, at a time that is not known' '1000 1000 true' "$(e2e udp '
	"\(map(.sent) | add) \(map(.received) | add) \(all(.[]; .rtt_min_us == null and .jitter_us == null and .loss_pct == 0))"')"

# --- a responder: 30 ms, and every other answer 20 ms later ---

responder() { # options...
	far_up "$BUILD/lab/responder" --hops 3 "$@" eth0
}

responder --delay-ms 30 --sway-ms 20
audit sway "$LAB_A" 198.19.0.1 --e2e 41 --e2e-interval 60
far_down
# No answer comes early; how late one is, is the machine's affair: so bounds are from below, and of middles.
check_eq 'sway: round trips are those of the responder' '41 true true true' "$(e2e sway '.[0] |
	"\(.received) \(.rtt_min_us >= 30000 and .rtt_min_us < 45000) \(.rtt_max_us >= 50000) " +
	"\(.rtt_avg_us >= 39500 and .rtt_avg_us < 60000)"')"
check_eq 'sway: jitter is, by both ways of counting' 'true true' "$(e2e sway '.[0] |
	"\(.jitter_mean_us > 15000 and .jitter_mean_us < 40000) \(.jitter_us > 12000 and .jitter_us < 40000)"')"

responder --delay-ms 30
audit steady "$LAB_A" 198.19.0.1 --e2e 20 --e2e-interval 10
far_down
check_eq 'steady: a round trip longer than the interval is no loss' '20 20 true' \
	"$(e2e steady '.[0] | "\(.sent) \(.received) \(.rtt_min_us >= 30000)"')"
check 'steady: and none of one number is out twice' jq -es '.[-1].accounting | .duplicates == 0 and .e2e_late == 0' \
	"$LAB_DIR/steady.ndjson"

responder --delay-ms 180
audit late "$LAB_A" 198.19.0.{1..5} --e2e 12 --e2e-interval 20 -w 100
far_down
# The last of each destination come when the run is over, or shortly before.
check_eq 'late: an answer after the timeout is a loss, and no round trip' '60 0 true true' "$(e2e late '
	"\(map(.sent) | add) \(map(.received) | add) \(map(.late) | add | . >= 55 and . <= 60) \(all(.[]; .rtt_min_us == null and .loss_pct == 100))"')"

responder --copies 3
audit copies "$LAB_A" 198.19.0.{1..5} --e2e 20 --e2e-interval 10
far_down
check_eq 'copies: an answer counts once' '100 100 true' "$(e2e copies '"\(map(.sent) | add) \(map(.received) | add) " +
	"\(all(.[]; .late == 0))"')"

# --- budgets: four ports of an address share one ---

responder
printf '198.19.0.1:%s\n' 81 82 83 84 >"$LAB_DIR/targets"
: >"$LAB_DIR/capture.err"
(exec nsenter --net="/run/netns/$LAB_B" tcpdump -ni eth0 -tt --immediate-mode -l \
	'dst net 198.19.0.0/16 and tcp[tcpflags] & tcp-syn != 0') >"$LAB_DIR/capture" 2>"$LAB_DIR/capture.err" &
pid=$!
for ((i = 0; i < 500; i++)); do
	! grep -q '^listening' "$LAB_DIR/capture.err" || break
	sleep 0.01
done
audit budget "$LAB_A" "@$LAB_DIR/targets" -m 4 --dest-rate 10 --e2e 10 --e2e-interval 10
sleep 0.3
kill "$pid"
wait "$pid"
far_down
check_eq 'budget: all probes are sent, and answered' '40 40' "$(e2e budget '"\(map(.sent) | add) \(map(.received) | add)"')"
# In any second, of which the datapath tolerates that it is 50 ms long, and the capture's clock some more.
most=$(awk '{t[++n] = $1; while (t[n] - t[first + 1] >= 1) first++; if (n - first > most) most = n - first}
	END {print (n >= 40 ? most : 999)}' "$LAB_DIR/capture")
check "budget: the address never gets more than its budget ($most a second)" test "$most" -le 12

responder
seq -f '198.19.1.%.0f' 1 100 >"$LAB_DIR/targets"
audit rate "$LAB_A" "@$LAB_DIR/targets" -r 200 --e2e 5 --e2e-interval 10
far_down
check_eq 'rate: 500 probes at 200 a second take their time, and none is lost' '500 500 true' "$(e2e rate '
	"\(map(.sent) | add) \(map(.received) | add)"') $(jq 'select(.type == "end") | .accounting.total_ns > 2400000000' "$LAB_DIR/rate.ndjson")"

# --- a run that is stopped has what it had ---

stopped() { # name end-reason exit-status
	adds_up "$1"
	check_eq "$1: it says why" "$2 $3" \
		"$(jq -r 'select(.type == "end") | "\(.reason) \(.exit_status)"' "$LAB_DIR/$1.ndjson")"
	check_eq "$1: the paths are whole, what was measured is told, and nothing of it is lost" 'true true true' "$(
		jq -rs 'map(select(.type == "path")) | "\(all(.[]; .reached)) \(all(.[]; .e2e.sent > 0 and .e2e.sent < 500)) " +
			"\(all(.[]; .e2e.loss_pct == 0))"' "$LAB_DIR/$1.ndjson"
	)"
}

responder --delay-ms 20
(
	cd "$LAB_DIR" && exec nsenter --net="/run/netns/$LAB_A" "$CP" audit --blocklist none --no-rdns --vantage-as 8075 \
		198.19.0.{1..20} --e2e 500 --e2e-interval 50 -o "ndjson=$LAB_DIR/interrupted.ndjson"
) 2>"$LAB_DIR/err" &
pid=$!
sleep 3
kill -INT "$pid"
wait "$pid"
check_eq 'interrupted: exit status' 130 $?
stopped interrupted interrupted 130
run_cp "$LAB_A" audit 198.19.0.{1..20} --vantage-as 8075 --max-runtime 3 --e2e 500 --e2e-interval 50 \
	-o "ndjson=$LAB_DIR/runtime.ndjson"
stopped runtime max-runtime 0

# --- settings, and what people read ---

cat >"$LAB_DIR/conf.yaml" <<'YAML'
init_config: {e2e_queries: 7}
instances:
  - {hostname: 198.19.0.1, port: 443, protocol: TCP}
  - {hostname: 198.19.0.2, port: 443, protocol: TCP}
YAML
conf() { # args...
	run_cp "$LAB_A" audit --vantage-as 8075 --datadog-conf "$LAB_DIR/conf.yaml" -o "ndjson=$LAB_DIR/conf.ndjson" "$@"
	jq -rs '"\(.[0].e2e) \(.[0].e2e_interval_ms) \(map(select(.type == "path").e2e.received))"' "$LAB_DIR/conf.ndjson"
}
check_eq "Datadog's e2e_queries are --e2e" '7 142 [7,7]' "$(conf)"
check_eq 'what is typed goes before them' '3 333 [3,3]' "$(conf --e2e 3)"
check_eq 'e2e_probe of the Datadog format is what was measured' '5 5 0 true' "$(
	run_cp "$LAB_A" audit 198.19.0.1 --vantage-as 8075 --e2e 5 -o datadog |
		jq -r '.e2e_probe | "\(.rtts | length) \(.packets_sent) \(.packet_loss_percentage) \(.jitter < .rtt.max)"'
)"
check 'a trace says it in one sentence' grep -q '^  end to end: 5 of 5 probes answered, 0.00 % lost, RTT' <(
	run_cp "$LAB_A" trace 198.19.0.1 --vantage-as 8075 --e2e 5
)
check 'the table sums it up' grep -q '^10 probes end to end to 2 destinations, 0.00 % lost, RTT' <(
	run_cp "$LAB_A" audit 198.19.0.1 198.19.0.2 --vantage-as 8075 --e2e 5
)
far_down
refuses 'too many probes' 2 'e2e wants a number of probes, up to 1000' run_cp "$LAB_A" audit --e2e 1001 198.19.0.1
refuses 'too short an interval' 2 'e2e-interval wants milliseconds, 10 to 60000' \
	run_cp "$LAB_A" audit --e2e 3 --e2e-interval 9 198.19.0.1

finish
