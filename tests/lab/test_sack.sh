#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_sack.sh: TCP probes behind a hole (--tcp-method sack, prefer_sack)
# against servers of the kernel's and stubs with manners of their own, in the
# grid lab: every hop against the topology, every reason to fall back, and what
# the servers are left with: no byte, no connection.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq nft ss nstat
n_many=4096
lab_up_grid $n_many || exit 1
d1=$LAB_ID-d1 d2=$LAB_ID-d2 d3=$LAB_ID-d3
servers=(d1 d2 d3) # that write what they counted

# --- further servers: d2 has kernel ones by port, d3 a stub that owns a prefix of its own ---

serve_sink() { # name options... port
	servers+=("d2.$1")
	lab_serve "d2.$1" "$LAB_TCP_SINK" "${@:2:$#-2}" "${LAB_SECONDS:-3600}" "$LAB_DIR/d2.$1.stats" "${@: -1}"
	_lab_wait_port "d2.$1" tcp6 "$(printf %04X "${@: -1}")" || exit 1
}

serve_sink banner -b 'SSH-2.0-lab' 21
serve_sink closing -c 7
serve_sink resetting -r 8
serve_sink curt -c -b '220 busy' 22
serve_sink full -q 1 9
lab_exec "$d2" nft -f - <<'NFT' || exit 1
table inet lab {
	chain input {
		type filter hook input priority 0
		tcp dport 82 drop
	}
}
NFT
stub4=198.19.255 stub6=2001:db8:c::ff
{
	lab_exec "$d3" ip route add blackhole $stub4.0/24 table local &&
		lab_exec "$d3" ip route add blackhole ${stub6}00/120 table local
} || exit 1
lab_serve d3.stub "$BUILD/lab/tcp_stub" "${LAB_SECONDS:-3600}" "$LAB_DIR/d3.stub.stats" to-r8
for ((i = 0; i < 500; i++)); do
	! grep -q '^ready' "$LAB_DIR/d3.stub.log" 2>/dev/null || break
	sleep 0.01
done

# --- a run, and what it says ---

audit() { # name method targets args...: leaves $LAB_DIR/<name>.ndjson
	local name=$1 method=$2 targets=$3
	shift 3
	check "$name: the audit runs" run_cp "$LAB_VANTAGE" audit --vantage-as 8075 --tcp-method "$method" "@$targets" \
		-o "ndjson=$LAB_DIR/$name.ndjson" "$@"
	check_eq "$name: the accounting adds up" true "$(
		jq 'select(.type == "end") | .accounting |
			.attempted == .replied + .timed_out + .tx_errors + .blocked and .lost == 0' "$LAB_DIR/$name.ndjson"
	)"
}

# "destination port method fallback" of each path.
outcomes() { # ndjson
	jq -r 'select(.type == "path") | "\(.destination.ip) \(.target.port) \(.tcp_method) \(.sack_fallback)"' "$1" | sort
}

# "destination port ttl hop" lines, silent tails dropped.
measured() { # ndjson
	jq -r 'select(.type == "path") | .destination.ip as $d | .target.port as $p | .hops as $h |
		([$h[] | select(.ip) | .ttl] | max // 0) as $last | $h[] | select(.ttl <= $last) |
		"\($d) \($p) \(.ttl) \(.ip // "*")"' "$1" | sort
}

# The same from the truth, of paths given as "destination port" and then anything; with "no-answer" at the end of
# the line without their destination.
truth() {
	awk 'NR == FNR {split($3, hop, ","); n[NR] = length(hop); for (i in hop) at[NR, i] = hop[i]; next}
		{
			v6 = index($1, ":") > 0
			split($1, part, v6 ? ":" : ".")
			if (v6)
				k = 4 + index("abc", part[3]) - 1
			else
				k = part[2] == 18 ? 1 : part[3] < 128 ? 2 : 3
			for (i = 1; i <= n[k]; i++)
				print $1, $2, i, at[k, i]
			if ($NF != "no-answer")
				print $1, $2, n[k] + 1, $1
		}' "$LAB_TRUTH" - | sort
}

hops_are_right() { # name paths-file: whose hops must all be there
	truth <"$2" >"$LAB_DIR/truth"
	measured "$LAB_DIR/$1.ndjson" | grep -Ff <(sed 's/^\([^ ]* [^ ]*\).*/\1 /' "$2") >"$LAB_DIR/hops"
	check_same "$1: every hop is the known one" "$LAB_DIR/truth" "$LAB_DIR/hops"
}

accounting() { # name expression
	jq "select(.type == \"end\") | .accounting | $2" "$LAB_DIR/$1.ndjson"
}

# Holds as soon as the command prints what is expected, within ten seconds.
becomes() { # what expected command...
	local what=$1 want=$2 i got
	shift 2
	for ((i = 0; i < 100; i++)); do
		got=$("$@")
		[[ $got != "$want" ]] || break
		sleep 0.1
	done
	check_eq "$what" "$want" "$got"
}

# --- what the servers say ---

total() { # key: over all kernel servers
	local server sum=0
	for server in "${servers[@]}"; do
		sum=$((sum + $(lab_sink_stat "$server" "$1")))
	done
	echo $sum
}

connections() { # that any kernel still has, listeners not counted
	local ns
	for ns in "$d1" "$d2" "$d3"; do
		lab_exec "$ns" ss -Htan state connected
	done | wc -l
}

servers_are_clean() { # name
	becomes "$1: no server keeps a connection" 0 connections
	becomes "$1: nor its application" 0 total open
	check_eq "$1: no application got a byte" 0 "$(total bytes)"
	becomes "$1: the stub has no connection left, and got no byte" '0 0' stub_stats open bytes
}

stub_stats() { # keys...
	local key values=()
	for key; do
		values+=("$(lab_sink_stat d3.stub "$key")")
	done
	echo "${values[*]}"
}

# --- ordinary servers, both families, both datapaths ---

{
	head -n 12 "$LAB_TARGETS"
	head -n 12 "$LAB_TARGETS6"
} >"$LAB_DIR/few"

ordinary() { # name method args...
	local name=$1 method=$2 before
	shift 2
	before=$(total accepted)
	audit "$name" "$method" "$LAB_DIR/few" -w 500 "$@"
	sed 's/$/ 443 sack null/' "$LAB_DIR/few" | sort >"$LAB_DIR/paths"
	outcomes "$LAB_DIR/$name.ndjson" >"$LAB_DIR/outcomes"
	check_same "$name: every path was asked behind a hole" "$LAB_DIR/paths" "$LAB_DIR/outcomes"
	hops_are_right "$name" "$LAB_DIR/paths"
	check_eq "$name: it is the SACK that tells the distance" '24 sack' "$(
		jq -r 'select(.type == "path" and .reached) | .destination.ip as $d | .hops[] | select(.ip == $d) | .reply' \
			"$LAB_DIR/$name.ndjson" | sort | uniq -c | awk '{print $1, $2}'
	)"
	becomes "$name: each connection is one of ours" "$(accounting "$name" .connections_opened)" accepted_since "$before"
	check_eq "$name: as many are closed as opened" "$(accounting "$name" .connections_opened)" \
		"$(accounting "$name" .connections_closed)"
	check_eq "$name: acknowledgements are counted" true "$(accounting "$name" '.acks_sent >= 24')"
	servers_are_clean "$name"
}

accepted_since() { # before
	echo $(($(total accepted) - $1))
}

ordinary tc sack --datapath tc
ordinary xdp sack --datapath xdp
ordinary clsact sack --datapath tc --tc-attach clsact
ordinary generic sack --datapath xdp --xdp-mode generic
ordinary prefer-tc prefer_sack --datapath tc
ordinary prefer-xdp prefer_sack --datapath xdp

# --- the other methods and protocols say so ---

for method in syn -; do
	args=(--tcp-method syn)
	[[ $method != - ]] || args=(-P udp)
	run_cp "$LAB_VANTAGE" audit "${args[@]}" "@$LAB_DIR/few" -o "ndjson=$LAB_DIR/other.ndjson" >/dev/null 2>&1
	check_eq "${args[*]}: the record says the method" "24 ${method/-/null} null" "$(
		outcomes "$LAB_DIR/other.ndjson" | cut -d' ' -f3- | sort | uniq -c | awk '{print $1, $2, $3}'
	)"
	check_eq "${args[*]}: no connection is opened" '0 0' \
		"$(accounting other .connections_opened) $(accounting other .connections_closed)"
done

# --- every kind of server at once. d1 does not know SACK now ---

lab_exec "$d1" sysctl -qw net.ipv4.tcp_sack=0 || exit 1
stub_modes=(null unused unused null null null null unused null closed not-permitted) # from port 9000 on

# "destination port fallback"; ? where the server decides whether its end comes before the last SACK
{
	printf '%s 443 not-permitted\n' 198.18.128.9 2001:db8:a::9
	for a in 198.19.0.9 2001:db8:b::9; do
		printf "$a %s\n" '443 null' '21 null' '7 ?' '8 ?' '22 ?' '81 refused' '82 no-answer'
	done
	for ((i = 0; i < ${#stub_modes[@]}; i++)); do
		echo "$stub4.$((i + 1)) $((9000 + i)) ${stub_modes[i]}"
		printf '%s%02x %d %s\n' $stub6 $((i + 1)) $((9000 + i)) "${stub_modes[i]}"
	done
} | sort >"$LAB_DIR/cases"
awk '{print index($1, ":") ? "[" $1 "]:" $2 : $1 ":" $2}' "$LAB_DIR/cases" >"$LAB_DIR/case-targets"

# What the cases may come to: their method and reason, with those the server decides as in the run.
expected_outcomes() { # swept-by outcomes-file
	awk -v by="$1" 'NR == FNR {got[$1, $2] = $4; next}
		$3 == "?" {$3 = got[$1, $2] == "null" ? "null" : "closed"}
		{print $1, $2, ($3 == "null" ? "sack" : by), $3}' "$2" "$LAB_DIR/cases" | sort
}

cases() { # name method swept-by args...
	local name=$1 method=$2 by=$3
	shift 3
	audit "$name" "$method" "$LAB_DIR/case-targets" -w 500 "$@"
	outcomes "$LAB_DIR/$name.ndjson" >"$LAB_DIR/outcomes"
	expected_outcomes "$by" "$LAB_DIR/outcomes" >"$LAB_DIR/paths"
	check_same "$name: every server is known for what it is" "$LAB_DIR/paths" "$LAB_DIR/outcomes"
	# Strict, a path without SACK has no hops but those seen before it was given up.
	[[ $method == prefer_sack ]] || sed -i '/ null$/!d' "$LAB_DIR/paths"
	hops_are_right "$name" "$LAB_DIR/paths"
	servers_are_clean "$name"
}

strict_says_nothing() { # name
	check_eq "$1: without SACK there is no verdict" '' "$(
		jq -r 'select(.type == "path" and .sack_fallback and .verdict != "undecided") |
			"\(.destination.ip) \(.verdict)"' "$LAB_DIR/$1.ndjson"
	)"
	check_eq "$1: who answered the handshake counts as reached, who did not does not" '' "$(
		jq -r 'select(.type == "path") | select(.reached == (.sack_fallback == "no-answer")) |
			"\(.destination.ip) \(.sack_fallback)"' "$LAB_DIR/$1.ndjson"
	)"
}

no_router_is_made_up() { # name: also where the hops are not all there
	truth <"$LAB_DIR/cases" >"$LAB_DIR/truth"
	measured "$LAB_DIR/$1.ndjson" >"$LAB_DIR/hops"
	awk 'NR == FNR {known[$0]; next} $4 != "*" && $4 != $1 && !($0 in known)' "$LAB_DIR/truth" "$LAB_DIR/hops" \
		>"$LAB_DIR/wrong"
	check_same "$1: no router is claimed where it is not" /dev/null "$LAB_DIR/wrong"
}

for datapath in tc xdp; do
	cases "cases-$datapath" sack sack --datapath $datapath
	strict_says_nothing "cases-$datapath"
	no_router_is_made_up "cases-$datapath"
	cases "cases-prefer-$datapath" prefer_sack syn --datapath $datapath
done
check_eq 'the stub found nothing wrong with our segments' '0 0 0' "$(stub_stats bad_checksum bad_ack overflow)"
check_eq 'the stub did lose, forge and answer' true \
	"$(stub_stats lost forged sacks | awk '{print ($1 > 8 && $2 > 8 && $3 > 50) ? "true" : $0}')"

# --- forged blocks: rejected, counted, and of no effect ---

printf '%s\n' "$stub4.77:9006" "[${stub6}77]:9006" >"$LAB_DIR/liars"
forged=$(stub_stats forged)
# Where servers do not answer at once, SYNs of one 5-tuple follow each other, and a late reset may meet the next
# connection, which ignores it; these do answer.
resets=$(stub_stats bad_reset)
audit liar sack "$LAB_DIR/liars"
printf '%s 9006 sack null\n' $stub4.77 ${stub6}77 >"$LAB_DIR/paths"
hops_are_right liar "$LAB_DIR/paths"
check_eq 'liar: each forged answer is rejected' $(($(stub_stats forged) - forged)) \
	"$(accounting liar '[.rejected[]] | add')"
servers_are_clean liar
check_eq 'liar: every reset was fit to be believed' "$resets" "$(stub_stats bad_reset)"

# --- a listener whose queue is full: what it drops is not credited, what it keeps is ended ---

seq -f '198.19.1.%.0f:9' 1 8 >"$LAB_DIR/queued"
for method in sack prefer_sack; do
	audit "full-$method" $method "$LAB_DIR/queued" -w 500
	outcomes "$LAB_DIR/full-$method.ndjson" | awk '$4 == "null"' >"$LAB_DIR/paths"
	check_eq "full-$method: no more paths by SACK than the queue has room for" true \
		"$( (($(wc -l <"$LAB_DIR/paths") <= 2)) && echo true)"
	hops_are_right "full-$method" "$LAB_DIR/paths"
	becomes "full-$method: the server keeps no connection" 0 connections
done

# --- thousands at once ---

lab_exec "$d1" sysctl -qw net.ipv4.tcp_sack=1 || exit 1

overflows() {
	local ns
	for ns in "$d1" "$d2" "$d3"; do
		lab_exec "$ns" nstat -asz TcpExtListenOverflows TcpExtListenDrops
	done | awk '/^Tcp/ {n += $2} END {print n}'
}

many() { # name targets args...
	local name=$1 targets=$2 before dropped
	shift 2
	before=$(total accepted) dropped=$(overflows)
	audit "$name" sack "$targets" -q 5 -w 600 "$@"
	sed 's/$/ 443 sack null/' "$targets" | sort >"$LAB_DIR/paths"
	outcomes "$LAB_DIR/$name.ndjson" >"$LAB_DIR/outcomes"
	check_same "$name: every path was asked behind a hole" "$LAB_DIR/paths" "$LAB_DIR/outcomes"
	check_eq "$name: every path is reached" $n_many \
		"$(jq -c 'select(.type == "path" and .reached) | 1' "$LAB_DIR/$name.ndjson" | wc -l)"
	hops_are_right "$name" "$LAB_DIR/paths"
	check_eq "$name: no accept queue ran over" "$dropped" "$(overflows)"
	becomes "$name: each connection is one of ours" "$(accounting "$name" .connections_opened)" accepted_since "$before"
	servers_are_clean "$name"
}

# The routers are the kernel's and lose what they cannot keep up with, hence the attempts.
many many-xdp "$LAB_TARGETS" -r 10000 --datapath xdp
many many-tc "$LAB_TARGETS" -r 10000 --datapath tc
many many-v6 "$LAB_TARGETS6" -r 10000 --datapath xdp

# --- a run that is cut short leaves no connection behind ---

for how in limit signal; do
	if [[ $how == limit ]]; then
		run_cp "$LAB_VANTAGE" audit --tcp-method sack -r 2000 --max-runtime 3 "@$LAB_TARGETS" \
			-o "ndjson=$LAB_DIR/$how.ndjson" >/dev/null 2>&1
	else
		# In the foreground: otherwise there is a second signal, to the group, and at that the program leaves at once.
		lab_exec "$LAB_VANTAGE" timeout --foreground -s TERM 3 "$CP" audit --blocklist none --overlay "$LAB_OVERLAY" \
			--no-rdns --tcp-method sack -r 2000 "@$LAB_TARGETS" -o "ndjson=$LAB_DIR/$how.ndjson" >/dev/null 2>&1
	fi
	check_eq "cut short by $how: it had connections" true "$(accounting "$how" '.connections_opened > 0')"
	servers_are_clean "cut short by $how"
done

# --- the kernel's own connections pass, while ours are open ---

run_cp "$LAB_VANTAGE" audit --tcp-method sack -r 2000 "@$LAB_DIR/few" -o "ndjson=$LAB_DIR/beside.ndjson" \
	>"$LAB_DIR/beside.out" 2>&1 &
pid=$!
# shellcheck disable=SC2016 # expanded by the inner shell
check 'the kernel opens and closes connections of its own' lab_exec "$LAB_VANTAGE" \
	timeout 5 bash -c 'for i in {1..20}; do : >/dev/tcp/198.19.0.9/443 || exit 1; done'
check_eq 'and so it talks to a server that speaks first' SSH-2.0-lab "$(
	lab_exec "$LAB_VANTAGE" timeout 5 bash -c 'exec 3<>/dev/tcp/198.19.0.9/21 && head -c 11 <&3'
)"
wait $pid
check_eq 'beside them, the audit ends well' 0 $?
sed 's/$/ 443 sack null/' "$LAB_DIR/few" >"$LAB_DIR/paths"
hops_are_right beside "$LAB_DIR/paths"

finish
