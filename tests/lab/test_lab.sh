#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_lab.sh: checks the lab itself with ordinary kernel tools: what ping, dig
# and TCP connections see from the vantages must be what LAB_TRUTH says, and what
# the story asks for. Knows nothing of the program under test.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

root=$_lib_root

# --- helpers -----------------------------------------------------------------

# What answers a ping with this TTL: its address, or * for silence.
hop_of() { # namespace address ttl
	local seen
	seen=$(lab_exec "$1" ping -n -c 1 -W 2 -t "$3" "$2" | sed -n \
		-e 's/^[0-9]* bytes from \([0-9a-f.:]*\): icmp_seq=1 .*/\1/p' \
		-e 's/^From \([0-9a-f.:]*\) icmp_seq=1 Time.*exceeded.*/\1/p')
	echo "${seen:-*}"
}

# Measures the hops of a file of rows "vantage name address ttl ..." (tabs), all at once: the same rows with the hop seen
# in fifth place.
trace_all() { # file
	local vantage name address ttl i=0 pids=()
	mkdir "$LAB_DIR/hops"
	while IFS=$'\t' read -r vantage name address ttl _; do
		i=$((i + 1))
		printf '%s\t%s\t%s\t%s\t%s\n' "$vantage" "$name" "$address" "$ttl" \
			"$(hop_of "$LAB_ID-$vantage" "$address" "$ttl")" >"$LAB_DIR/hops/$(printf %04d $i)" &
		pids+=($!)
	done <"$1"
	wait "${pids[@]}"
	cat "$LAB_DIR"/hops/*
}

# AS path to the first IPv4 address of each name, from measured hops and LAB_OVERLAY: "vantage name asn asn ...",
# silence, hops without AS and repeats left out.
as_paths() { # measured-file
	awk -F '\t' -v overlay="$LAB_OVERLAY" '
	function number(address, part) {
		split(address, part, ".")
		return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
	}
	function asn_of(address, i, best, found) {
		best = -1
		for (i = 0; i < n; i++)
			if (int(number(address) / size[i]) == int(first[i] / size[i]) && (best < 0 || size[i] < best)) {
				best = size[i]
				found = asn[i]
			}
		return best < 0 ? "" : found
	}
	BEGIN {
		n = m = 0
		while ((getline line <overlay) > 0) {
			split(line, row, "[ /]")
			if (row[1] ~ /:/)
				continue
			first[n] = number(row[1])
			size[n] = 2 ^ (32 - row[2])
			asn[n++] = row[3]
		}
	}
	$3 ~ /:/ { next }
	{
		key = $1 " " $2
		if (!(key in address)) {
			order[m++] = key
			address[key] = $3
		}
		if ($3 != address[key] || $5 == "*")
			next
		a = asn_of($5)
		if (a != "" && a != last[key])
			path[key] = path[key] " " a
		last[key] = a
	}
	END { for (i = 0; i < m; i++) print order[i] path[order[i]] }' "$1"
}

can_connect() { # namespace address port
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_exec "$1" timeout 3 bash -c '</dev/tcp/$1/$2' connect "$2" "$3" 2>/dev/null
}

answers_of() { # namespace name type: data of the answers in order, names without the last dot
	lab_exec "$1" dig +short +time=2 +tries=2 "@$LAB_DNS" "$2" "$3" | sed 's/\.$//'
}

status_of() { # namespace name type
	lab_exec "$1" dig +time=2 +tries=2 "@$LAB_DNS" "$2" "$3" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'
}

n_namespaces() { # lab id
	ip netns list | grep -c "^$1-"
}

n_exceeded() { # namespace address ttl count: how many of quick pings were answered by the router
	lab_exec "$1" ping -n -q -c "$4" -i 0.002 -W 1 -t "$3" "$2" | sed -n 's/.*+\([0-9]*\) errors.*/\1/p'
}

# shellcheck disable=SC2317 # called through check
nothing_left() { # lab id, directory
	[[ $(n_namespaces "$1") == 0 && ! -e $2 ]]
}

# --- the story ---------------------------------------------------------------

test_story_paths() {
	trace_all "$LAB_TRUTH" >"$LAB_DIR/measured"
	cut -f 1-5 "$LAB_TRUTH" >"$LAB_DIR/expected"
	check_same "story: every hop of every path is the truth's ($(wc -l <"$LAB_DIR/expected") hops)" \
		"$LAB_DIR/expected" "$LAB_DIR/measured"
	cat >"$LAB_DIR/expected" <<'AS'
cold zenn.dev 8075 13335
hot zenn.dev 3491 13335
cold vm-own.lab 8075
hot vm-own.lab 8075
cold myapp.azurewebsites.net 8075
hot myapp.azurewebsites.net 8075
cold login.microsoft.com 8075
hot login.microsoft.com 8075
cold outlook.cloud.microsoft 8075
hot outlook.cloud.microsoft 8075
cold teams.microsoft.com 8075
hot teams.microsoft.com 8075
cold outlook.office365.com 8075
hot outlook.office365.com 8075
cold sharepoint.com 8075
hot sharepoint.com 8075
cold security.microsoft.com 8075 8068
hot security.microsoft.com 8075 8068
cold www.microsoft.com 8075 16625
hot www.microsoft.com 3491 16625
cold www.xbox.com 8075 20940 16625
hot www.xbox.com 3491 20940 16625
AS
	as_paths "$LAB_DIR/measured" >"$LAB_DIR/as_paths"
	check_same 'story: AS paths are those the story asks for' "$LAB_DIR/expected" "$LAB_DIR/as_paths"
	check_eq 'story: the first five hops of the cold vantage never answer' '*' \
		"$(awk '$1 == "cold" && $4 <= 5 { print $5 }' "$LAB_DIR/measured" | sort -u)"
	check_eq 'story: the own VM and its last hop stay silent' '* *' \
		"$(awk '$1 == "cold" && $2 == "vm-own.lab" && $4 >= 9 { print $5 }' "$LAB_DIR/measured" | paste -sd ' ')"
}

test_story_servers() {
	local vantage address mark port seen pids=() before
	while IFS=$'\t' read -r vantage _ address _ _ _ mark; do
		[[ $mark != hop ]] || continue
		for port in 80 443; do
			{
				can_connect "$LAB_ID-$vantage" "$address" $port && seen=reached || seen=silent
				[[ $seen == "$mark" ]] || echo "$vantage>$address:$port: $seen" >>"$LAB_DIR/unexpected"
			} &
			pids+=($!)
		done
	done <"$LAB_TRUTH"
	wait "${pids[@]}"
	check_eq 'story: reached destinations take TCP connections on 80 and 443, silent ones do not' '' \
		"$(cat "$LAB_DIR/unexpected" 2>/dev/null)"
	before=$(lab_sink_stat ms accepted)
	for address in 198.18.17.20 198.18.17.31 2001:db8:1:101::30; do
		# shellcheck disable=SC2016 # expanded by the inner shell
		lab_exec "$LAB_HOT" bash -c 'exec 3<>"/dev/tcp/$1/443"; printf 12345 >&3' send "$address"
	done
	check_eq 'story: the server counts connections' $((before + 3)) "$(lab_sink_stat ms accepted)"
	check_eq 'story: the server counts bytes' 15 "$(lab_sink_stat ms bytes)"
}

test_story_dns() {
	local vantage name end want
	for vantage in "$LAB_COLD" "$LAB_HOT"; do
		end=${vantage##*-}
		cut -f 2,3 "$LAB_TRUTH" | sort -u | while read -r name want; do
			[[ $want == *:* ]] && echo "$name AAAA $want" || echo "$name A $want"
		done >"$LAB_DIR/expected"
		tail -n +2 "$LAB_NAMES" | while IFS=, read -r name _; do
			answers_of "$vantage" "$name" A | grep '^[0-9.]*$' | sed "s/^/$name A /"
			answers_of "$vantage" "$name" AAAA | grep : | sed "s/^/$name AAAA /"
		done | sort >"$LAB_DIR/resolved"
		check_same "story: names resolve to the addresses of the truth from $end" "$LAB_DIR/expected" "$LAB_DIR/resolved"
		want='www.microsoft.com-c-3.edgekey.net www.microsoft.com-c-3.edgekey.net.globalredir.akadns.net'
		want+=' e13678.dscb.akamaiedge.net 198.18.65.10'
		check_eq "story: www.microsoft.com has its CNAME chain from $end" "$want" \
			"$(answers_of "$vantage" www.microsoft.com A | paste -sd ' ')"
	done
	want='www.xbox.com.edgekey.net e1822.dspb.akamaiedge.net 198.18.66.10'
	check_eq 'story: www.xbox.com has its CNAME chain' "$want" "$(answers_of "$LAB_COLD" www.xbox.com A | paste -sd ' ')"
	check_eq 'story: no AAAA is an empty answer, not an error' NOERROR "$(status_of "$LAB_COLD" zenn.dev AAAA)"
	check_eq 'story: other names are refused' NXDOMAIN "$(status_of "$LAB_COLD" example.com A)"
	check_eq 'story: a backbone router has its reverse name' be-1-0.ibr01.fra.ntwk.msn.net \
		"$(lab_exec "$LAB_COLD" dig +short "@$LAB_DNS" -x 198.18.16.7 | sed 's/\.$//')"
}

test_story_isolation() {
	local name bad='' dev state gro
	for name in $(_lab_namespaces); do
		lab_exec "$LAB_ID-$name" ip -o link show type veth | grep -v "link-netns $LAB_ID-" && bad+=" $name:link"
		[[ ${_lab_kind[$name]} != vantage ]] && ip -n "$LAB_ID-$name" route get 192.0.2.1 >/dev/null 2>&1 &&
			bad+=" $name:route"
		for dev in $(lab_exec "$LAB_ID-$name" bash -c "$(declare -f _lab_devices); _lab_devices"); do
			state=$(lab_exec "$LAB_ID-$name" ethtool -k "$dev" | grep -E '^(generic-receive-offload|tx-checksumming):')
			[[ $dev =~ ^(eth0|to-(cold|hot))$ ]] && gro=on || gro=off
			[[ $state == $'tx-checksumming: off\ngeneric-receive-offload: '$gro ]] || bad+=" $name:$dev:$state"
		done
	done
	check_eq 'story: links end in lab namespaces, no router knows a way out, offloads are set' '' "$bad"
	check_eq 'story: the root namespace has no lab address' '' "$(ip -o addr | grep -E ' (198\.1[89]\.|2001:db8:)')"
	check_eq 'story: the root namespace has no lab route' '' \
		"$( (ip route; ip -6 route) | grep -E '^(198\.1[89]\.|2001:db8:)')"
}

test_icmp_limits() {
	local answered
	check_eq 'limits off: a router answers 60 of 60 quick probes' 60 "$(n_exceeded "$LAB_COLD" 198.18.49.10 6 60)"
	check_eq 'limits off: the same over IPv6' 60 "$(n_exceeded "$LAB_COLD" 2001:db8:1:101::30 6 60)"
	# shellcheck disable=SC2016 # expanded inside the other lab
	answered=$(LAB_ID=${LAB_ID}limit LAB_ICMP_LIMITS=default "$root/scripts/lab" story bash -c \
		'"$1" exec "$LAB_COLD" ping -n -q -c 60 -i 0.002 -W 1 -t 6 198.18.49.10' ping "$root/scripts/lab" |
		sed -n 's/.*+\([0-9]*\) errors.*/\1/p')
	check "limits default: the kernel's own limit hides some (${answered:-0} of 60 answered)" \
		test "${answered:-60}" -lt 60
}

# --- more than one lab, and their end ----------------------------------------

test_two_labs() {
	local id=$LAB_ID other=${LAB_ID}second before out
	before=$(n_namespaces "$LAB_ID")
	# shellcheck disable=SC2016 # expanded inside the other lab
	out=$(LAB_ID=$other "$root/scripts/lab" story bash -c '
		"$1" exec "$LAB_COLD" ping -n -c 1 -W 2 198.18.17.30 >/dev/null && echo "second reached"
		ip netns list | grep -c "^$2-"' second "$root/scripts/lab" "$id")
	check_eq 'two labs: the second works beside the first' "second reached $before" "$(paste -sd ' ' <<<"$out")"
	check_eq 'two labs: the second is gone' 0 "$(n_namespaces "$other")"
	check_eq 'two labs: the first is whole' "$before" "$(n_namespaces "$LAB_ID")"
	check 'two labs: the first still works' can_connect "$LAB_COLD" 198.18.49.10 443
	LAB_ID=$LAB_ID "$root/scripts/lab" story true 2>/dev/null
	check_eq 'two labs: one with the same id is refused' 1 $?
	check_eq 'two labs: the refusal leaves the first alone' "$before" "$(n_namespaces "$LAB_ID")"
}

test_down() {
	local id=$LAB_ID dir=$LAB_DIR pids=("${_lab_server_pid[@]}") pid alive=0
	check_eq 'down: the lab had six servers' 6 ${#pids[@]}
	{ lab_exec "$LAB_HOT" sleep 1000; } 2>/dev/null &
	pids+=($!)
	disown $!
	lab_down
	for pid in "${pids[@]}"; do
		kill -0 "$pid" 2>/dev/null && alive=$((alive + 1))
	done
	check_eq 'down: servers and what else ran in the lab have ended' 0 $alive
	check 'down: namespaces and files are gone' nothing_left "$id" "$dir"
	check 'down: a second time does nothing' lab_down
}

# Starts `scripts/lab story` in the background; its command writes LAB_DIR to a file, then sleeps.
start_lab() { # lab id, file
	rm -f "$2"
	# shellcheck disable=SC2016 # expanded by the lab's command
	LAB_ID=$1 "$root/scripts/lab" story bash -c 'echo "$LAB_DIR" >"$1.new"; mv "$1.new" "$1"; exec sleep 1000' \
		bash "$2" &
	until [[ -e $2 ]] || ! kill -0 $! 2>/dev/null; do
		sleep 0.05
	done
}

test_ends() {
	local id=cp$$end file left i dir
	file=$(mktemp "${TMPDIR:-/tmp}/cp$$file.XXXXXX")
	"$root/scripts/lab" pair bash -c 'exit 7'
	check_eq 'command: exits with the status of what it ran' 7 $?
	CC=false LAB_TCP_SINK=/nonexistent LAB_ID=$id "$root/scripts/lab" story true 2>/dev/null
	check_eq 'command: a lab that cannot be built fails' 1 $?
	check_eq 'command: and leaves no namespace' 0 "$(n_namespaces "$id")"

	# timeout signals its child and then the whole group: the second signal finds the lab coming down
	for i in 0.1 0.4 0.8; do
		LAB_ID=$id timeout "$i" "$root/scripts/lab" story sleep 1000 2>/dev/null
	done
	check_eq 'command: interrupted while building, it leaves no namespace' 0 "$(n_namespaces "$id")"
	check_eq 'command: nor a file' '' "$(compgen -G "${TMPDIR:-/tmp}/$id.*")"

	start_lab "$id" "$file"
	dir=$(<"$file")
	kill -TERM $!
	wait $!
	check_eq 'command: SIGTERM ends the command, then the lab' 143 $?
	check 'command: nothing is left after SIGTERM' nothing_left "$id" "$dir"

	start_lab "$id" "$file"
	dir=$(<"$file")
	kill -KILL $!
	wait $! 2>/dev/null
	for ((i = 0; i < 100; i++)); do
		left=$(LAB_ID=$id _lab_strangers)
		[[ -n $left ]] || break
		sleep 0.05
	done
	check_eq 'command: servers die with a killed lab' '' "$left"
	LAB_ID=$id "$root/scripts/lab" down
	check 'command: down removes what it left' nothing_left "$id" "$dir"
	rm -f "$file"
}

# --- the other labs ----------------------------------------------------------

# For each prefix of the grid's truth its last target, as rows "vantage prefix address ttl hop".
grid_rows() {
	local prefix hops hop targets address ttl i=0
	while IFS=$'\t' read -r prefix _ hops; do
		i=$((i + 1))
		targets=$LAB_TARGETS
		[[ $prefix != *:* ]] || targets=$LAB_TARGETS6
		address=$(awk -v k=$((i % 3)) 'NR % 3 == k { last = $0 } END { print last }' "$targets")
		ttl=0
		while read -r hop; do
			ttl=$((ttl + 1))
			printf 'v\t%s\t%s\t%d\t%s\n' "$prefix" "$address" $ttl "$hop"
		done < <(tr , '\n' <<<"$hops,$address")
	done <"$LAB_TRUTH"
}

test_grid() {
	local address
	check_eq 'grid: as many targets as asked, none twice' '1000 1000' \
		"$(sort -u "$LAB_TARGETS" | wc -l) $(sort -u "$LAB_TARGETS6" | wc -l)"
	grid_rows >"$LAB_DIR/expected"
	trace_all "$LAB_DIR/expected" >"$LAB_DIR/measured"
	check_same "grid: every hop to the last target of each prefix is the truth's" \
		"$LAB_DIR/expected" "$LAB_DIR/measured"
	printf 'v %s\n' '198.18.128.0/17 8075' '198.19.0.0/17 8075 8068' '198.19.128.0/17 8075 13335' >"$LAB_DIR/expected"
	as_paths "$LAB_DIR/measured" >"$LAB_DIR/as_paths"
	check_same 'grid: AS paths of the three branches' "$LAB_DIR/expected" "$LAB_DIR/as_paths"
	for address in $(tail -n 3 "$LAB_TARGETS") $(tail -n 3 "$LAB_TARGETS6"); do
		check "grid: $address takes TCP connections" can_connect "$LAB_VANTAGE" "$address" 443
	done
	check_eq 'grid: more destinations than addresses are refused' 1 "$(lab_up_grid 98305 2>/dev/null; echo $?)"
}

test_pair() {
	check 'pair: IPv4' lab_exec "$LAB_A" ping -n -c 1 -W 2 "$LAB_B_ADDR"
	check 'pair: IPv6' lab_exec "$LAB_B" ping -n -c 1 -W 2 "$LAB_A_ADDR6"
}

lab_need ping dig timeout awk diff
lab_up_story || exit 1
test_story_paths
test_story_servers
test_story_dns
test_story_isolation
test_icmp_limits
test_two_labs
test_down
test_ends
if lab_up_grid 1000; then
	test_grid
	lab_down
else
	not_ok 'grid: builds' 'it did not'
fi
if lab_up_pair; then
	test_pair
	lab_down
else
	not_ok 'pair: builds' 'it did not'
fi
check_eq 'all: no namespace of ours is left' 0 "$(n_namespaces "cp$$")"
finish
