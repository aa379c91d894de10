#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# resolve.h against a real DNS server and one that misbehaves, in namespaces of
# its own without a route out:
#
#   client                                  server
#   c0 198.18.53.1/24 -------------- s0  198.18.53.53  port 53: dnsmasq, 5353: dns_stub, 5399: dns_stub drop
#                                        198.18.53.54  port 53: dns_stub servfail
#                                        198.18.53.55  port 53: dns_stub drop
# shellcheck disable=SC2317 # cleanup runs from the trap
set -u
cd "$(dirname "$0")/../.." || exit 1

[[ $(id -u) == 0 ]] || { echo "SKIP - needs root"; exit 0; }
for tool in ip nsenter dnsmasq gcc pkg-config unshare timeout; do
	command -v $tool >/dev/null || { echo "SKIP - needs $tool"; exit 0; }
done

client=cp$$-c server=cp$$-s failed=0 pids=()
tmp=$(mktemp -d) || exit 1
cleanup() {
	((${#pids[@]})) && kill -TERM "${pids[@]}" 2>/dev/null # timeout(1) hands it on
	wait 2>/dev/null
	for netns in $client $server; do ip netns del "$netns" 2>/dev/null; done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

ok() { echo "ok - $1"; }
not_ok() { echo "not ok - $1: ${2//$'\n'/ | }"; failed=1; }
is() { # what got want
	if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1" "got '$2', want '$3'"; fi
}
c() { nsenter --net=/run/netns/$client "$@"; }
s() { nsenter --net=/run/netns/$server "$@"; }
# resolve_test's arguments; names on standard input
resolve() { c timeout 60 "$tmp/resolve_test" "$@" 2>&1; }
stub=198.18.53.53:5353
# A name's line, as the stub's answer makes it.
one() { # what name families expected-rest [option value]...
	local what=$1 name=$2 families=$3 want=$4
	shift 4
	is "$what" "$(resolve $stub "$families" "$@" <<<"$name.lab")" "$name.lab $want"$'\n''rc 0'
}

build() {
	local flags=(-std=gnu17 -D_GNU_SOURCE -Iinclude -Iuser -g -O1 -Wall -Wextra -Werror
		"-fsanitize=address,undefined" -fno-sanitize-recover=all) libs
	read -ra libs <<<"$(pkg-config --libs libcares)"
	gcc "${flags[@]}" -o "$tmp/resolve_test" tests/lab/resolve_test.c user/io/{resolve,dns_channel,dns_message}.c \
		user/core/{target,answer,addr,err}.c "${libs[@]}" || return 1
	gcc "${flags[@]}" -o "$tmp/dns_stub" tests/lab/dns_stub.c
}

net_up() {
	for netns in $client $server; do ip netns add "$netns" || return 1; done
	c ip link add c0 type veth peer name s0 netns $server || return 1
	c ip link set lo up && s ip link set lo up || return 1
	c ip address add 198.18.53.1/24 dev c0 && c ip link set c0 up || return 1
	for host in 53 54 55; do s ip address add 198.18.53.$host/24 dev s0 || return 1; done
	s ip link set s0 up
}

start() { # command...: in the server's namespace, until cleanup; waits until it is ready
	nsenter --net=/run/netns/$server timeout -k 1 300 "$@" >"$tmp/started" 2>&1 &
	pids+=($!)
	for ((try = 0; try < 100; try++)); do
		grep -q ready "$tmp/started" && return 0
		sleep 0.05
	done
	return 1
}

start_servers() {
	for i in {1..1000}; do
		echo "198.18.$((i / 250)).$((i % 250 + 1)) h$i.lab"
		echo "2001:db8::$i h$i.lab"
	done >"$tmp/hosts"
	start "$tmp/dns_stub" 198.18.53.53 5353 300 && start "$tmp/dns_stub" 198.18.53.53 5399 300 drop || return 1
	start "$tmp/dns_stub" 198.18.53.54 53 300 servfail && start "$tmp/dns_stub" 198.18.53.55 53 300 drop || return 1
	nsenter --net=/run/netns/$server timeout -k 1 300 dnsmasq --conf-file=/dev/null --keep-in-foreground \
		--no-resolv --no-hosts --user=root --pid-file= \
		--listen-address=198.18.53.53 --bind-interfaces --addn-hosts="$tmp/hosts" --local=/lab/ \
		--cname=alias.lab,alias2.lab --cname=alias2.lab,h7.lab --log-facility="$tmp/dnsmasq.log" &
	pids+=($!)
	for ((try = 0; try < 100; try++)); do
		[[ $(resolve 198.18.53.53 4 timeout 100 tries 1 <<<h1.lab | tee "$tmp/started") == *" ok "* ]] && return 0
		sleep 0.05
	done
	return 1
}

test_dnsmasq() {
	local i
	sed -n 's/.* //p' "$tmp/hosts" | uniq >"$tmp/names"
	for i in {1..1000}; do
		echo "h$i.lab ok 198.18.$((i / 250)).$((i % 250 + 1)),2001:db8::$i -"
	done >"$tmp/want"
	echo 'rc 0' >>"$tmp/want"
	resolve 198.18.53.53 46 <"$tmp/names" >"$tmp/got"
	is '1000 names, both families, each answered once' "$(diff "$tmp/want" "$tmp/got" | head -n 4)" ''
	resolve 198.18.53.53 46 window 3 <"$tmp/names" >"$tmp/got"
	is 'the same through a window of 3' "$(diff "$tmp/want" "$tmp/got" | head -n 4)" ''
	is 'a chain of aliases' "$(resolve 198.18.53.53:53 4 <<<alias.lab)" \
		$'alias.lab ok 198.18.0.8 alias2.lab>h7.lab\nrc 0'
	is 'a name that does not exist' "$(resolve 198.18.53.53 46 <<<h1001.lab)" $'h1001.lab dns_nxdomain - -\nrc 0'
	is 'no names, no questions' "$(resolve 198.18.53.53 46 </dev/null)" 'rc 0'
}

test_families() {
	one 'A before AAAA, in answer order' plain 46 'ok 198.18.0.1,198.18.0.2,2001:db8::1 -'
	one 'IPv4 only' plain 4 'ok 198.18.0.1,198.18.0.2 -'
	one 'IPv6 only' plain 6 'ok 2001:db8::1 -'
	one 'a name with IPv4 only' v4 46 'ok 198.18.0.1,198.18.0.2 -'
	one 'a name with IPv6 only' v6 46 'ok 2001:db8::1 -'
	one 'AAAA of a name with IPv4 only' v4 6 'dns_nodata - -'
	one 'A is good, AAAA fails' bad6 46 'ok 198.18.0.1,198.18.0.2 -'
	one 'the failing question alone' bad6 6 'dns_servfail - -'
	is 'neither family' "$(resolve $stub none <<<plain.lab)" \
		$'plain.lab called 0 times\nrc EINVAL neither IPv4 nor IPv6 addresses are wanted'
}

test_chains() {
	one 'F41: a chain of three' chain 46 'ok 198.18.0.1,198.18.0.2,2001:db8::1 one.lab>two.lab>three.lab'
	one 'records in reverse, the chain in order' shuffled 46 \
		'ok 198.18.0.1,198.18.0.2,2001:db8::1 one.lab>two.lab>three.lab'
	one 'F41: a dangling alias keeps its chain' dangling 46 'dns_nxdomain - gone.lab'
	one 'a chain that comes back to itself' loop 46 'dns_error - -'
	one "another owner's records are not taken" other 4 'ok 198.18.0.1,198.18.0.2 -'
	# shellcheck disable=SC1003 # backslashes are what comes
	one 'F66: an alias of hostile bytes is escaped' hostile 4 'ok 198.18.0.1,198.18.0.2 '"$(printf '%s' '\027[31mred\010<script>' \
		'alert\(1\)</script>\"\\&\255\128\013\008.\194\1552j.lab')"
	one 'F41: repeats are dropped' dup 4 'ok 198.18.0.1,198.18.0.2 -'
}

test_statuses() {
	local many4 many6 i
	one 'F40: NXDOMAIN' nx 46 'dns_nxdomain - -'
	one 'F40: NODATA' nodata 46 'dns_nodata - -'
	one 'F40: SERVFAIL' servfail 46 'dns_servfail - -'
	one 'REFUSED' refused 46 'dns_refused - -'
	one 'FORMERR' formerr 46 'dns_error - -'
	one 'a record cut off' short 4 'dns_error - -'
	one 'a server without EDNS' noedns 46 'ok 198.18.0.1,198.18.0.2,2001:db8::1 -'
	one 'F40: the first question lost' drop1 46 'ok 198.18.0.1,198.18.0.2,2001:db8::1 -' timeout 200
	one 'F40: no answer' drop 46 'dns_timeout - -' timeout 100 tries 2
	for i in {1..40}; do
		many4+=,198.18.0.$i
		many6+=,2001:db8::$(printf %x "$i")
	done
	one 'F40: truncated, then over TCP' tc 46 "ok ${many4#,}$many6 -"
	one 'F40: truncated, and TCP hangs up' tchang 4 'dns_error - -' timeout 200
}

ptr() { # what address expected-rest [option value]...
	local what=$1 address=$2 want=$3
	shift 3
	is "names: $what" "$(resolve $stub ptr "$@" <<<"$address")" "$address $want"$'\n''rc 0'
}

test_ptrs() {
	local i longest
	ptr 'an IPv4 address' 198.18.200.201 'ok - host-201.lab'
	ptr 'an IPv6 address' 2001:db8::1234:abc1 'ok - host-1.lab'
	ptr 'the first of two' 198.18.0.2 'ok - host-2.lab'
	# shellcheck disable=SC1003 # backslashes are what comes
	ptr 'hostile bytes are escaped' 198.18.0.3 'ok - '"$(printf '%s' '\027[31mred\010<script>alert\(1\)</script>\"' \
		'\\&\255\128\013\008.\194\1552j.lab')"
	ptr 'a delegated zone' 198.18.0.4 'ok - 4.0-63.lab>host-4.lab'
	printf -v longest '%063d.%063d.%063d.%061d' 0 0 0 0
	ptr 'the longest name' 198.18.0.6 "ok - ${longest//0/x}"
	ptr 'NXDOMAIN' 198.18.0.0 'dns_nxdomain - -'
	ptr 'NODATA' 198.18.0.9 'dns_nodata - -'
	ptr 'SERVFAIL' 198.18.0.10 'dns_servfail - -'
	ptr 'REFUSED' 198.18.0.11 'dns_refused - -'
	ptr 'no answer' 198.18.0.12 'dns_timeout - -' timeout 100 tries 2
	ptr 'a record cut off' 198.18.0.13 'dns_error - -'
	ptr 'a name that points to itself' 198.18.0.8 'dns_error - -'
	ptr "another owner's record is not taken" 198.18.0.14 'dns_nodata - -'
	ptr 'truncated, then over TCP' 198.18.0.15 'ok - host-15.lab'
	is 'names: one that has more than 253 bytes once escaped is none' \
		"$(resolve $stub ptr <<<198.18.0.7 | cut -d' ' -f1-3 | head -n 1)" '198.18.0.7 dns_nodata -'
	is 'names: the root is none' "$(resolve $stub ptr <<<198.18.0.5 | cut -d' ' -f1-3 | head -n 1)" \
		'198.18.0.5 dns_nodata -'
	for ((i = 0; i < 3000; i++)); do echo "198.18.$((i / 200 + 20)).$((i % 200 + 20))"; done >"$tmp/names"
	is 'names: 3000 addresses, each has its own' "$(resolve $stub ptr window 256 <"$tmp/names" | grep -v '^rc 0$' |
		awk '{split($1, b, "."); if ($4 != "host-" b[4] ".lab") print}' | head -n 3)" ''
	is 'names: the time is up' "$(resolve 198.18.53.53:5399 ptr until 300 <"$tmp/names" | tail -n 1)" \
		'rc ECANCELED stopped while resolving names'
}

# Everything at once: no name's trouble touches another's.
test_mixture() {
	local i kinds=(plain servfail nx nodata refused drop1 tc chain noedns dangling)
	for ((i = 0; i < 2000; i++)); do
		echo "${kinds[i % 10]}-$i.lab"
	done >"$tmp/names"
	resolve $stub 46 timeout 1000 <"$tmp/names" >"$tmp/got"
	is 'F40: 2000 names, well and ill mixed' "$(awk '{split($1, kind, "-"); n[kind[1] " " $2]++}
		END {for (k in n) print n[k], k}' "$tmp/got" | sort | tr '\n' ,)" "$(printf '%s,' '1 rc 0' \
		'200 chain ok' '200 dangling dns_nxdomain' '200 drop1 ok' '200 nodata dns_nodata' '200 noedns ok' \
		'200 nx dns_nxdomain' '200 plain ok' '200 refused dns_refused' '200 servfail dns_servfail' '200 tc ok')"
}

# 3 x 100 ms, doubling: 0.7 s for a windowful; all 5000 names one windowful after the other would take 14 s.
test_dead_resolver() {
	local status
	for i in {1..5000}; do echo "h$i.lab"; done >"$tmp/names"
	c timeout 7 "$tmp/resolve_test" 198.18.53.53:5399 46 timeout 100 <"$tmp/names" >"$tmp/got" 2>&1
	is 'F39: a dead resolver: every name dns_timeout, in the time of one windowful' \
		"$(cut -d' ' -f2- "$tmp/got" | sort | uniq -c | tr -s '\n ' ' ')" ' 1 0 5000 dns_timeout - - '
	is 'a closed port' "$(resolve 198.18.53.53:5398 46 <<<plain.lab)" $'plain.lab dns_error - -\nrc 0'
	status=$(c timeout 7 "$tmp/resolve_test" 198.18.53.53:5399 46 timeout 60000 stop 200 <"$tmp/names" 2>&1 |
		tail -n 1)
	is 'stopped while names are in flight' "$status" 'rc ECANCELED stopped while resolving names'
	status=$(for i in {1..3000}; do echo "plain-$i.lab"; done | resolve $stub 46 stop 1 | tail -n 1)
	case $status in
	'rc 0' | 'rc ECANCELED stopped while resolving names') ok 'stopped amid answers' ;;
	*) not_ok 'stopped amid answers' "$status" ;;
	esac
}

# resolv.conf and hosts of the test's own, seen by this one process tree only
with_files() { # resolv.conf-text command...
	printf '%b' "$1" >"$tmp/resolv.conf"
	shift
	echo '203.0.113.66 h1.lab' >"$tmp/etc-hosts"
	# shellcheck disable=SC2016 # expands in the inner shell
	c timeout 60 unshare -m sh -c 'mount --bind "$0/resolv.conf" /etc/resolv.conf &&
		mount --bind "$0/etc-hosts" /etc/hosts && exec "$@"' "$tmp" "$@" 2>&1
}

test_resolv_conf() {
	local want=$'h1.lab ok 198.18.0.2,2001:db8::1 -\nrc 0'
	is 'resolv.conf, and not the hosts file' \
		"$(with_files 'nameserver 198.18.53.53\n' "$tmp/resolve_test" - 46 <<<h1.lab)" "$want"
	is 'the next server when the first one fails' "$(with_files \
		'nameserver 198.18.53.54\nnameserver 198.18.53.53\n' "$tmp/resolve_test" - 46 <<<h1.lab)" "$want"
	is 'the next server when the first one is silent' "$(with_files \
		'nameserver 198.18.53.55\nnameserver 198.18.53.53\n' "$tmp/resolve_test" - 46 timeout 200 <<<h1.lab)" \
		"$want"
	is 'every server fails' "$(with_files 'nameserver 198.18.53.54\nnameserver 198.18.53.55\n' \
		"$tmp/resolve_test" - 4 timeout 100 tries 1 <<<h1.lab)" $'h1.lab dns_servfail - -\nrc 0'
	is 'search domains are not tried' "$(with_files 'nameserver 198.18.53.53\nsearch lab\noptions ndots:5\n' \
		"$tmp/resolve_test" - 4 <<<h1 | sed 's/ [^ ]* - -$/ nothing/')" $'h1 nothing\nrc 0'
	is 'describes resolv.conf' "$(with_files 'nameserver 198.18.53.54\nnameserver 2001:db8::53\n' \
		"$tmp/resolve_test" describe -)" '0 198.18.53.54:53,[2001:db8::53]:53'
}

test_describe() {
	local server want
	while read -r server want; do
		is "describes $server" "$("$tmp/resolve_test" describe "$server")" "$want"
	done <<-'END'
		198.18.0.53 0 198.18.0.53:53
		198.18.0.53:5353 0 198.18.0.53:5353
		2001:db8::53 0 [2001:db8::53]:53
		[2001:db8::53]:5353 0 [2001:db8::53]:5353
		dns.example EINVAL untouched
		198.18.0.53:0 EINVAL untouched
		198.18.0.53/tcp EINVAL untouched
	END
	is 'describes into a buffer that just fits' "$("$tmp/resolve_test" describe 198.18.0.53 15)" '0 198.18.0.53:53'
	is 'describes into one that is too small' "$("$tmp/resolve_test" describe 198.18.0.53 14)" 'ENOSPC untouched'
	is 'a malformed server is refused' "$(resolve dns.example 46 <<<h1.lab)" \
		$'h1.lab called 0 times\nrc EINVAL resolver "dns.example": write its address, with :port when it is not 53'
}

build || { not_ok 'builds' 'see above'; exit 1; }
net_up || { not_ok 'the network comes up' "ip failed"; exit 1; }
start_servers || { not_ok 'the servers answer' "$(tail -n 3 "$tmp/started" "$tmp/dnsmasq.log" 2>&1)"; exit 1; }
test_dnsmasq
test_families
test_chains
test_statuses
test_ptrs
test_mixture
test_dead_resolver
test_resolv_conf
test_describe
exit $failed
