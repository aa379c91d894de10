#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_cli.sh: bad input, missing rights, broken networks, signals: each gets
# one clear line and the right exit status, and leaves nothing behind.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq bpftool capsh tcpdump nft
lab_up_story || exit 1

ends_well() { # ndjson: complete lines, the last one is end
	jq -es '.[-1].type == "end"' "$1" >/dev/null
}

too_wide() { # file: lines over 80 columns
	LC_ALL=C.UTF-8 sed -En '/^.{81,}/p' "$1"
}

cold() { # command args...
	local command=$1
	shift
	run_cp "$LAB_COLD" "$command" --vantage-as 8075 "$@"
}

# --- usage ---

refuses 'unknown option' 2 '--frobnicate' cold audit --frobnicate zenn.dev
refuses 'malformed target' 2 'zenn.dev:99999' cold audit zenn.dev:99999
printf 'zenn.dev\n# fine\nbad_host!\n' >"$LAB_DIR/bad.txt"
refuses 'malformed target in a file, with its line' 2 'bad.txt:3' cold audit "@$LAB_DIR/bad.txt"
refuses 'missing target file' 2 'nosuch.txt' cold audit "@$LAB_DIR/nosuch.txt"
refuses 'unknown preset' 2 'preset:nosuch|nosuch' cold audit preset:nosuch
printf '198.18.0.0/24 1\nnonsense here\n' >"$LAB_DIR/bad.tsv"
refuses 'bad AS table, with its line' 2 'bad.tsv:2' cold audit --asdb "$LAB_DIR/bad.tsv" zenn.dev
refuses 'unknown output format' 2 'yaml' cold audit -o yaml zenn.dev
refuses 'no target' 2 'target' cold audit

# --- DNS ---

refuses 'F39: no target resolves' 1 'nosuch.lab.*dns_nxdomain' cold audit nosuch.lab
cold audit -4 zenn.dev nosuch.lab -o "ndjson=$LAB_DIR/mixed.ndjson" 2>/dev/null
check_eq 'F39: some do not resolve: exit status tells' 4 $?
check_eq 'F39: some do not resolve: a record with the error' dns_nxdomain \
	"$(jq -r 'select(.type == "target" and .target.name == "nosuch.lab") | .dns' "$LAB_DIR/mixed.ndjson")"
check_eq 'F39: some do not resolve: the others still run' direct \
	"$(jq -r 'select(.type == "target" and .target.name == "zenn.dev") | .verdict' "$LAB_DIR/mixed.ndjson")"
refuses 'F39: dead resolver' 1 'dns_timeout' cold audit --resolver 198.18.1.99 zenn.dev
cold audit 198.18.17.30 --resolver 198.18.1.99 -o "ndjson=$LAB_DIR/literal.ndjson" 2>/dev/null
check_eq 'F39: dead resolver: addresses still run' 0 $?

# --- interface, route, next hop, rights ---

refuses 'missing interface' 1 'nosuch0' cold audit -i nosuch0 zenn.dev
lab_exec "$LAB_COLD" ip link add down0 type veth peer name down1
refuses 'interface down' 1 'down0.*down' cold audit -i down0 zenn.dev
lab_exec "$LAB_COLD" ip link del down0
lab_exec "$LAB_COLD" ip route add unreachable 203.0.113.0/24
refuses 'no route' 1 '203.0.113.9' cold audit 203.0.113.9
lab_exec "$LAB_COLD" ip route replace 203.0.113.0/24 via 198.18.0.254 dev eth0 onlink
refuses 'next hop that does not answer' 1 '198.18.0.254' cold audit 203.0.113.9
lab_exec "$LAB_COLD" ip route del 203.0.113.0/24
refuses 'F42: the default blocklist holds' 1 'blocklist' \
	lab_exec "$LAB_COLD" "$CP" audit --overlay "$LAB_OVERLAY" 198.18.17.30
refuses 'missing capability is named' 1 'CAP_' lab_exec "$LAB_COLD" capsh --drop=cap_bpf,cap_sys_admin,cap_net_admin -- \
	-c "exec '$CP' audit --blocklist none 198.18.17.30"

# --- a foreign XDP program ---

check 'a foreign XDP program can be attached' \
	lab_exec "$LAB_COLD" ip link set dev eth0 xdpgeneric obj "$BUILD/lab/foreign.bpf.o" sec xdp
foreign_id=$(lab_exec "$LAB_COLD" ip -j link show eth0 | jq '.[0].xdp.prog.id')
refuses 'foreign XDP program: --xdp-mode refuses, names it' 1 "id $foreign_id" \
	cold audit --datapath xdp --xdp-mode generic zenn.dev
cp "$LAB_DIR/err" "$LAB_DIR/xdp.err"
check 'foreign XDP program: auto takes tc' cold audit -4 -r 300k zenn.dev -o "ndjson=$LAB_DIR/foreign.ndjson"
check_eq 'foreign XDP program: the header says so' tc-tcx \
	"$(jq -r 'select(.type == "start") | .datapath' "$LAB_DIR/foreign.ndjson")"
check_eq 'foreign XDP program: untouched' "$foreign_id" \
	"$(lab_exec "$LAB_COLD" ip -j link show eth0 | jq '.[0].xdp.prog.id')"
# shellcheck disable=SC2016 # the backquotes are in the message
remedy=$(sed -n 's/.*`ip \(link set .*off\)`.*/\1/p' "$LAB_DIR/xdp.err")
# shellcheck disable=SC2086 # words of a command
lab_exec "$LAB_COLD" ip $remedy
check_eq 'foreign XDP program: the remedy we name removes it' '' "$(attached "$LAB_COLD")"

# --- output ---

refuses 'a full disk as output' 1 'No space left' cold audit -4 zenn.dev -o ndjson=/dev/full
{
	sleep 0.2
	cold audit -4 zenn.dev -o ndjson 2>"$LAB_DIR/err"
} | true
check_eq 'a closed pipe ends the run with 1' 1 "${PIPESTATUS[0]}"

# --- dry run ---

lab_exec "$LAB_COLD" tcpdump -qni eth0 -U -w "$LAB_DIR/dry.pcap" tcp 2>"$LAB_DIR/tcpdump.log" &
pid=$!
for ((i = 0; i < 100; i++)); do
	! grep -q listening "$LAB_DIR/tcpdump.log" || break
	sleep 0.05
done
cold audit --dry-run zenn.dev 198.18.17.30 >"$LAB_DIR/dry" 2>&1
check_eq '--dry-run succeeds' 0 $?
sleep 0.3
kill $pid
wait $pid
check_eq '--dry-run sends no probe' '' "$(tcpdump -qnr "$LAB_DIR/dry.pcap" 2>/dev/null)"
check '--dry-run lists destinations' grep -q 198.18.17.30 "$LAB_DIR/dry"
check '--dry-run says how much it would be' grep -q '^2 targets, 3 destinations: at most 90 probes an attempt, up to 3 attempts, at' "$LAB_DIR/dry"
check '--dry-run counts probes end to end' grep -q 'and 30 probes end to end' <(
	cold audit --dry-run --e2e 10 zenn.dev 198.18.17.30 | tr -s '\n ' ' '
)
check_eq '--dry-run: no line is over 80 columns' '' "$(LC_ALL=C.UTF-8 sed -En '/^.{81,}/p' "$LAB_DIR/dry")"
refuses '--dry-run: a full disk' 1 'cannot write the plan' eval 'cold audit --dry-run zenn.dev >/dev/full'
check 'a closed UDP port is an answer' grep -q 'port-unreachable$' <(cold trace -4 -P udp -p 53 zenn.dev)

# --- help ---

commands=$("$CP" help | awk '/^Usage/ {on = 1; next} on && /^  [a-z]/ {print $1} on && /^.coldpotato help/ {exit}')
check 'help lists the commands' test "$(wc -w <<<"$commands")" -ge 12
for command in $commands; do
	"$CP" help "$command" >"$LAB_DIR/help"
	check_eq "help $command: no line is over 80 columns, none is blank twice" '' \
		"$(LC_ALL=C.UTF-8 awk 'length > 80 {print} !length && !last && NR > 1 {print "blank at " NR} {last = length}' "$LAB_DIR/help")"
done
check 'help runs: the formats that it writes, and no others' eval '"$CP" help runs | grep -q "table or ndjson, to standard output or a file$" &&
	! "$CP" help runs | grep -q html'

# --- doctor, trace ---

cold doctor -4 zenn.dev www.xbox.com >"$LAB_DIR/doctor" 2>&1
check_eq 'doctor finds the lab healthy' 0 $?
check_eq 'doctor fits 80 columns' '' "$(too_wide "$LAB_DIR/doctor")"
check 'doctor fits a screen' test "$(wc -l <"$LAB_DIR/doctor")" -le 24
for what in kernel rights clock vantage 'AS data' DNS interface XDP 'next hop' datapath answers ICMP; do
	check "doctor looks at: $what" grep -qE "^(ok|note) +$what " "$LAB_DIR/doctor"
done
check 'doctor says what a fast run would take' grep -q 'at higher rates: xdp' "$LAB_DIR/doctor"
# What an instance without an inbound rule for ICMP sees.
lab_exec "$LAB_ID-c1" nft -f - <<-'NFT'
	table ip nsg {
		chain out { type filter hook postrouting priority 0; oifname "to-cold" icmp type time-exceeded drop; }
	}
NFT
cold doctor -4 zenn.dev >"$LAB_DIR/doctor" 2>&1
check_eq 'doctor without ICMP: exit status' 1 $?
check 'doctor without ICMP: names the security group' \
	grep -q 'network security group' <(tr -s '\n ' ' ' <"$LAB_DIR/doctor")
check 'doctor without ICMP: TCP tells it from a dead network' grep -q 'TCP comes back' "$LAB_DIR/doctor"
lab_exec "$LAB_ID-c1" nft delete table ip nsg
# So many targets that not each can have a line.
cold doctor -4 "@$LAB_NAMES" nosuch{1..9}.lab >"$LAB_DIR/doctor" 2>&1
check_eq 'doctor with many targets: exit status' 1 $?
check 'doctor with many targets: fits a screen and a bit' test "$(wc -l <"$LAB_DIR/doctor")" -le 36
check 'doctor with many targets: says that there are more' grep -qE '^note +DNS +[.]{3} and more' "$LAB_DIR/doctor"
cold trace -4 www.xbox.com >"$LAB_DIR/trace" 2>&1
check 'trace shows the destination' grep -q 198.18.66.10 "$LAB_DIR/trace"
check_eq 'trace fits 80 columns' '' "$(too_wide "$LAB_DIR/trace")"
cold audit -4 "@$LAB_NAMES" >"$LAB_DIR/table" 2>/dev/null
check_eq 'audit fits 80 columns' '' "$(too_wide "$LAB_DIR/table")"

# --- signals ---

slow() { # out args...: a run that takes a minute, as a child of this shell; its pid in $pid
	local out=$1
	shift
	(
		cd "$LAB_DIR" && exec nsenter --net="/run/netns/$LAB_COLD" "$CP" audit --vantage-as 8075 -4 --resolver "$LAB_DNS" \
			--overlay "$LAB_OVERLAY" --blocklist none -r 10 "@$LAB_NAMES" -o "ndjson=$out" "$@"
	) >/dev/null 2>&1 &
	pid=$!
	for ((i = 0; i < 100; i++)); do
		[[ -z $(attached "$LAB_COLD") ]] || break
		sleep 0.05
	done
	sleep 0.5
}

for how in 'tcx --datapath tc --tc-attach tcx' 'clsact --datapath tc --tc-attach clsact' 'xdp --datapath xdp'; do
	read -ra words <<<"$how"
	for signal in INT TERM; do
		slow "$LAB_DIR/signal.ndjson" "${words[@]:1}"
		kill -$signal $pid
		wait $pid
		rc=$?
		check_eq "${words[0]}: SIG$signal: exit status" "$([[ $signal == INT ]] && echo 130 || echo 143)" $rc
		check "${words[0]}: SIG$signal: the output is complete" ends_well "$LAB_DIR/signal.ndjson"
		check_eq "${words[0]}: SIG$signal: the result is marked" interrupted \
			"$(tail -n 1 "$LAB_DIR/signal.ndjson" | jq -r .reason)"
		check_eq "${words[0]}: SIG$signal: nothing is left attached" '' "$(attached "$LAB_COLD")"
	done
	slow "$LAB_DIR/killed.ndjson" "${words[@]:1}"
	kill -KILL $pid
	wait $pid 2>/dev/null
	sleep 0.3
	check_eq "F01: ${words[0]}: SIGKILL: nothing is left attached" '' "$(attached "$LAB_COLD")"
	check "F01: ${words[0]}: SIGKILL: the next run attaches at once" cold audit -4 zenn.dev "${words[@]:1}"
done

# --- a clsact qdisc and a filter of somebody else's ---

lab_exec "$LAB_COLD" tc qdisc add dev eth0 clsact
lab_exec "$LAB_COLD" tc filter add dev eth0 ingress pref 1 u32 match u32 0 0 flowid 1:1
check 'a foreign tc filter: the audit runs' cold audit -4 zenn.dev --datapath tc --tc-attach clsact
check 'a foreign tc filter: it is still there' \
	grep -q 'pref 1 u32' <(lab_exec "$LAB_COLD" tc filter show dev eth0 ingress)
lab_exec "$LAB_COLD" tc qdisc del dev eth0 clsact

cold audit -4 -r 10 --max-runtime 1 "@$LAB_NAMES" -o "ndjson=$LAB_DIR/limit.ndjson" >/dev/null 2>&1
check_eq '--max-runtime: the result is marked' max-runtime "$(tail -n 1 "$LAB_DIR/limit.ndjson" | jq -r .reason)"

finish
