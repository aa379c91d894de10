#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_audit.sh: the program against the story lab: every hop against the known
# topology for each datapath, the verdicts of the story, the accounting, and
# that nothing foreign is harmed.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq bpftool
lab_up_story || exit 1

# Hops as "vantage name address ttl ip" lines, from truth or from a run, silent tails dropped in both.
truth() { # vantage
	awk -F'\t' -v v="$1" '$1 == v && $7 != "silent" {print $2, $3, $4, $5}' "$LAB_TRUTH" |
		awk '{key = $1 " " $2; line[++n] = $0; at[n] = key; if ($4 != "*") last[key] = n}
		     END {for (i = 1; i <= n; i++) if (i <= last[at[i]]) print line[i]}' | sort
}

measured() { # ndjson
	jq -r 'select(.type == "path") | .target.name as $n | .destination.ip as $d | .hops[] |
		"\($n) \($d) \(.ttl) \(.ip // "*")"' "$1" | sort
}

audit() { # vantage-namespace out args...
	local ns=$1 out=$2
	shift 2
	run_cp "$ns" audit --vantage-as 8075 "@$LAB_NAMES" -o "ndjson=$out" "$@"
}

nothing_attached() { # namespace
	[[ -z $(lab_exec "$1" "$BUILD/lab/tcx_query" eth0) ]] &&
		[[ -z $(lab_exec "$1" bpftool -j net show dev eth0 | jq -r '.[] | (.xdp + .tc)[]') ]]
}

# The accounting identity of a run, from its end record.
identity() { # ndjson
	jq -e 'select(.type == "end") | .accounting |
		.attempted == .replied + .timed_out + .tx_errors + .blocked and .lost == 0 and
		.matched == .replied + .duplicates' "$1"
}

truth cold >"$LAB_DIR/cold.truth"
truth hot >"$LAB_DIR/hot.truth"

datapath() { # name expected-datapath args...
	local out=$LAB_DIR/$1.ndjson want=$2 name=$1
	shift 2
	check "$name: the audit runs" audit "$LAB_COLD" "$out" "$@"
	check_eq "$name: the datapath is the one asked for" "$want" "$(jq -r 'select(.type == "start") | .datapath' "$out")"
	measured "$out" >"$LAB_DIR/$name.hops"
	check_same "$name: every hop is the known one" "$LAB_DIR/cold.truth" "$LAB_DIR/$name.hops"
	check "$name: the accounting adds up" identity "$out"
	check "$name: nothing is left attached" nothing_attached "$LAB_COLD"
}

datapath tcx tc-tcx --datapath tc --tc-attach tcx
datapath clsact tc-clsact --datapath tc --tc-attach clsact
datapath native xdp-native --datapath xdp --xdp-mode native
datapath generic xdp-generic --datapath xdp --xdp-mode generic
datapath auto tc-tcx -r 1000
datapath fast xdp-native -r 300k

# --- the other protocols; the lab's servers answer all of them ---

for proto in udp icmp; do
	[[ $proto == icmp ]] && sed -i 's/,443,/,,/' "$LAB_NAMES"
	datapath $proto-tc tc-tcx -P $proto --datapath tc
	datapath $proto-xdp xdp-native -P $proto --datapath xdp
done

check 'hot: the audit runs' audit "$LAB_HOT" "$LAB_DIR/hot.ndjson"
measured "$LAB_DIR/hot.ndjson" >"$LAB_DIR/hot.hops"
check_same 'hot: every hop is the known one' "$LAB_DIR/hot.truth" "$LAB_DIR/hot.hops"

# --- verdicts of the story ---

story() { # ndjson name verdict as-path
	local got
	got=$(jq -r --arg n "$2" 'select(.type == "path" and .target.name == $n) | "\(.verdict) \(.as_path | join(" "))"' \
		"$1" | sort -u)
	check_eq "story: $2" "$3 $4" "$got"
}

cold=$LAB_DIR/tcx.ndjson
story "$cold" zenn.dev direct '* 8075 13335'
story "$LAB_DIR/hot.ndjson" zenn.dev transit 'private * 3491 13335'
story "$cold" vm-own.lab inside '* 8075 *'
for name in myapp.azurewebsites.net login.microsoft.com outlook.cloud.microsoft teams.microsoft.com \
	outlook.office365.com sharepoint.com; do
	story "$cold" $name inside '* 8075'
done
story "$cold" security.microsoft.com inside '* 8075 8068'
story "$cold" www.microsoft.com direct '* 8075 16625'
story "$cold" www.xbox.com direct '* 8075 20940 16625'
check_eq 'story: the CNAME chain of www.microsoft.com is evidence' e13678.dscb.akamaiedge.net \
	"$(jq -r 'select(.type == "path" and .target.name == "www.microsoft.com") | .destination.cname[-1]' "$cold")"

check_eq 'story: every path says which rule decided' 'all-home two-networks' \
	"$(jq -r 'select(.type == "path") | .rule' "$cold" | sort -u | xargs)"

# --- trace --explain: one path of each verdict, with the hops cited ---

explains() { # what vantage-namespace verdict rule regex args...
	local what=$1 ns=$2 verdict=$3 rule=$4 regex=$5 out=$LAB_DIR/explain.txt
	shift 5
	run_cp "$ns" trace --explain -4 --addresses first "$@" >"$out" 2>"$LAB_DIR/explain.err"
	check "explain: $what: the rule" grep -q "^  rule  *$rule: " "$out"
	# As sentences are broken into lines, without the breaks.
	check "explain: $what: the verdict" grep -q "So the verdict is ${verdict}[.]" <(tr -s ' \n' ' ' <"$out")
	check "explain: $what: the evidence" grep -qE "$regex" <(tr -s ' \n' ' ' <"$out")
	check_eq "explain: $what: at most 80 columns" '' "$(LC_ALL=C.UTF-8 sed -En '/^.{81,}/p' "$out")"
}

explains inside "$LAB_COLD" inside all-home \
	'last home The last home router seen is TTL 9, 198.18.32.3 of AS8068 .*TTL 1 to 5 silent: between the vantage, which is home' \
	--vantage-as 8075 security.microsoft.com
explains direct "$LAB_COLD" direct two-networks \
	'before the exit is TTL 9, 198.18.16.17 of AS8075.*The first hop outside is TTL 10, .* of AS16625 Akamai.*cname-cdn' \
	--vantage-as 8075 www.microsoft.com
explains transit "$LAB_HOT" transit third-as \
	'The first hop outside is TTL 5, 198.18.96.3 of AS3491.*at most medium with silent-border.*would help more attempts' \
	--vantage-as 8075 zenn.dev
explains detour "$LAB_HOT" detour left-and-returned \
	'The first hop outside is TTL 5, 198.18.96.3 of AS3491.*Likewise not home.s: TTL 6' \
	--vantage-as 8075 --home 8075,13335 zenn.dev
explains undecided "$LAB_COLD" undecided vantage-unknown \
	'vantage Where the probes start is not known.*another network may hide there.*would help .*--vantage-as' \
	security.microsoft.com
run_cp "$LAB_COLD" audit --explain -4 zenn.dev >"$LAB_DIR/explain.txt" 2>&1
check 'explain: an audit says it of targets that are not well' grep -q '^    rule  *vantage-unknown: ' "$LAB_DIR/explain.txt"

# --- flows of one destination, together ---

audit "$LAB_COLD" "$LAB_DIR/flows.ndjson" --flows 8
check_eq 'flows: each target counts its paths, by verdict and exit' '' "$(
	jq -cs '(map(select(.type == "path")) | group_by(.target.name)) as $paths | map(select(.type == "target" and .flows)) |
		map(. as $t | ($paths[] | select(.[0].target.name == $t.target.name)) as $p |
			select(.flows.paths != ($p | length) or .verdict != ($p | map(.verdict) | unique | .[-1]) or
				([.flows.verdicts[]] | add) != .flows.paths or
				([.flows.exits[].paths] | add // 0) + .flows.other_exits + .flows.unseen_exits !=
					($p | map(select(.exit)) | length)) | .target.name) | .[]' "$LAB_DIR/flows.ndjson"
)"

# A router of home balances zenn.dev over a second way out, through AS3491: some flows are handed over, others carried.
second_way() {
	local m3=$LAB_ID-m3 p1=$LAB_ID-p1
	ip -n "$m3" link add to-p1 type veth peer name to-m3 netns "$p1" &&
		ip -n "$m3" addr add 198.18.96.200/31 dev to-p1 && ip -n "$m3" link set to-p1 up &&
		ip -n "$p1" addr add 198.18.96.201/31 dev to-m3 && ip -n "$p1" link set to-m3 up &&
		ip -n "$p1" route add "$LAB_COLD_ADDR" via 198.18.96.200 &&
		ip -n "$LAB_ID-p2" route add "$LAB_COLD_ADDR" via 198.18.96.4 &&
		lab_exec "$m3" sysctl -qw net.ipv4.fib_multipath_hash_policy=1 &&
		ip -n "$m3" route replace 198.18.49.0/24 nexthop via 198.18.16.17 nexthop via 198.18.96.201
}
check 'flows: home gets a second way out' second_way
run_cp "$LAB_COLD" audit -4 --vantage-as 8075 --flows 32 --addresses first zenn.dev -o "ndjson=$LAB_DIR/ways.ndjson" -o table \
	>"$LAB_DIR/ways.txt" 2>&1
check_eq 'flows: the target has the worst verdict of its flows' transit \
	"$(jq -r 'select(.type == "target") | .verdict' "$LAB_DIR/ways.ndjson")"
check_eq 'flows: both exits are counted' '13335 3491 32' "$(jq -r 'select(.type == "target") | .flows |
	"\(.exits | map(.asn) | sort | reverse | join(" ")) \([.exits[].paths] | add)"' "$LAB_DIR/ways.ndjson")"
check_eq 'flows: each has the verdict of its own path, and the reason that others differ' 'direct 13335 true transit 3491 true' "$(
	jq -r 'select(.type == "path") |
		"\(.verdict) \(.exit.first_foreign.asn) \(.reasons | index("flows-disagree") != null)"' "$LAB_DIR/ways.ndjson" |
		sort -u | xargs
)"
check 'flows: people read it in a line' grep -qE \
	'flows +[0-9]+ of 32 direct, [0-9]+ of 32 transit; [0-9]+ of 32 leave home through AS' \
	<(tr -s ' \n' ' ' <"$LAB_DIR/ways.txt")
ip -n "$LAB_ID-m3" route replace 198.18.49.0/24 via 198.18.16.17

# --- repeatable by seed; first and last record ---

for i in 1 2; do
	run_cp "$LAB_COLD" audit --seed 7 zenn.dev -o "ndjson=$LAB_DIR/seed$i" || :
	jq -c 'select(.type == "path") | [.destination.ip, .as_path, [.hops[].ip]]' "$LAB_DIR/seed$i" | sort >"$LAB_DIR/seed$i.paths"
done
check_same 'the same seed gives the same paths' "$LAB_DIR/seed1.paths" "$LAB_DIR/seed2.paths"
check_eq 'the first record is start' start "$(head -n 1 "$cold" | jq -r .type)"
check_eq 'the last record is end' end "$(tail -n 1 "$cold" | jq -r .type)"

# --- servers keep no half-open state: every SYN-ACK was answered by a RST ---

check_eq 'no server keeps a half-open connection' 0 \
	"$(lab_exec "$LAB_ID-ms" ss -Htn state syn-recv | wc -l)"
check_eq 'no application ever saw a connection' 0 "$(lab_sink_stat ms accepted)"

# --- foreign traffic passes unharmed while probes fly ---

foreign() { # name args...
	local name=$1 pid lost page
	shift
	audit "$LAB_COLD" "$LAB_DIR/foreign.ndjson" -r 2000 -q 8 -w 300 "$@" >"$LAB_DIR/foreign.out" 2>&1 &
	pid=$!
	lost=$(lab_exec "$LAB_COLD" ping -n -c 40 -i 0.01 198.18.17.30 | sed -n 's/.* \([0-9]*\)% packet loss.*/\1/p')
	check_eq "$name: another tool's ping loses nothing" 0 "$lost"
	page=$(lab_exec "$LAB_COLD" traceroute -n -I -m 12 -q 1 -w 1 198.18.17.30 | awk 'NR > 1 {print $2}' | tr '\n' ' ')
	check_eq "$name: another tool's traceroute sees its own hops" \
		"$(awk '$2 == "198.18.17.30" {print $3, $4}' "$LAB_DIR/cold.truth" | sort -n | cut -d' ' -f2 | tr '\n' ' ')" "$page"
	# shellcheck disable=SC2016 # expanded by the inner shell
	check "$name: the kernel's own connections work" lab_exec "$LAB_COLD" \
		timeout 5 bash -c 'for i in {1..20}; do : >/dev/tcp/198.18.17.30/443 || exit 1; done'
	wait "$pid"
	measured "$LAB_DIR/foreign.ndjson" >"$LAB_DIR/foreign.hops"
	check_same "$name: and the audit beside them is right" "$LAB_DIR/cold.truth" "$LAB_DIR/foreign.hops"
}
foreign tc --datapath tc
foreign xdp --datapath xdp

# --- two runs at once: the second finds its own ports, and its own replies ---

audit "$LAB_COLD" "$LAB_DIR/two1.ndjson" -r 2000 --datapath tc &
pid=$!
audit "$LAB_COLD" "$LAB_DIR/two2.ndjson" -r 2000 --datapath tc
check_eq 'two runs at once: the second ends well' 0 $?
wait $pid
check_eq 'two runs at once: the first ends well' 0 $?
for i in 1 2; do
	measured "$LAB_DIR/two$i.ndjson" >"$LAB_DIR/two$i.hops"
	check_same "two runs at once: run $i is right" "$LAB_DIR/cold.truth" "$LAB_DIR/two$i.hops"
done

# --- AS data: silence before the first home hop proves nothing without a vantage ---

run_cp "$LAB_COLD" audit -4 security.microsoft.com -o "ndjson=$LAB_DIR/unknown.ndjson" || :
check_eq 'without a known vantage a silent head is undecided' 'undecided vantage-unknown' "$(
	jq -r 'select(.type == "path") | "\(.verdict) \(.reasons | map(select(. == "vantage-unknown")) | join(" "))"' \
		"$LAB_DIR/unknown.ndjson"
)"

finish
