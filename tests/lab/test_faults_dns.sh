#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_faults_dns.sh: name servers that are dead, lossy or at odds, answers that
# are many, bogus or other ones the next time: what an audit, and a watch, say
# of each name and what they send.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq curl sqlite3 tcpdump
lab_up_story || exit 1
# shellcheck source=tests/lab/watch_lab.sh
. "$(dirname "$0")/watch_lab.sh"

for mode in '' drop; do
	lab_serve "dns.stub$mode" "$BUILD/lab/dns_stub" "$LAB_DNS" "53${#mode}0" 200 "$mode"
	soon grep -qs ready "$LAB_DIR/dns.stub$mode.log"
done
stub=$LAB_DNS:5300 dead=$LAB_DNS:5340

# Few probes: most of what the stub answers are addresses of nobody here.
audit() { # name args...
	local name=$1
	shift
	run_cp "$LAB_COLD" audit --vantage-as 8075 -4 -q 2 -w 200 --no-rdns -r 5000 -o "ndjson=$LAB_DIR/$name.ndjson" "$@"
}

names() { # name
	jq -r 'select(.type == "target") | "\(.target.name) \(.dns)"' "$LAB_DIR/$1.ndjson" | sort
}

seconds() { # name
	jq 'select(.type == "end") | .accounting.total_ns / 1e9 | ceil' "$LAB_DIR/$1.ndjson"
}

# --- F39: nobody answers ---

# All of them wait for the same.
for i in {1..500}; do echo "name-$i.lab"; done >"$LAB_DIR/names"
for kind in servfail nx refused nodata drop1 tc dangling plain; do
	echo "$kind-7.lab"
done >"$LAB_DIR/kinds"
audit dead --resolver "$dead" zenn.dev teams.microsoft.com 198.18.49.10 2>"$LAB_DIR/dead.err" &
dead_pid=$!
audit all-dead --resolver "$dead" "@$LAB_DIR/names" 2>"$LAB_DIR/all-dead.err" &
all_dead_pid=$!
audit kinds --resolver "$stub" "@$LAB_DIR/kinds" 198.18.49.10 2>"$LAB_DIR/kinds.err"
kinds=$?
wait "$dead_pid"
check_eq 'F39: a dead resolver, and an address: exit status' 4 $?
check_eq 'F39: a dead resolver, and an address: each has its word' \
	'198.18.49.10 literal teams.microsoft.com dns_timeout zenn.dev dns_timeout' "$(names dead | xargs)"
check_eq 'F39: a dead resolver, and an address: the address was probed' 198.18.49.10 \
	"$(jq -r 'select(.type == "path" and .reached) | .destination.ip' "$LAB_DIR/dead.ndjson" | sort -u)"
wait "$all_dead_pid"
check_eq 'F39: a dead resolver, and names only: exit status' 1 $?
check 'F39: a dead resolver, and names only: said' grep -q 'no target resolves: .*dns_timeout .*resolver' "$LAB_DIR/all-dead.err"

# --- F40: some answers are lost, others are refusals, others too long for a datagram ---

check_eq 'F40: ill and well: exit status' 4 $kinds
cat >"$LAB_DIR/kinds.truth" <<END
198.18.49.10 literal
dangling-7.lab dns_nxdomain
drop1-7.lab ok
nodata-7.lab dns_nodata
nx-7.lab dns_nxdomain
plain-7.lab ok
refused-7.lab dns_refused
servfail-7.lab dns_servfail
tc-7.lab ok
END
names kinds >"$LAB_DIR/kinds.names"
check_same 'F40: each name has its own reason' "$LAB_DIR/kinds.truth" "$LAB_DIR/kinds.names"
check "F40: retries are bounded ($(seconds kinds) s)" test "$(seconds kinds)" -le 20

# --- F41: many addresses, a chain of aliases; another answer the next time ---

check_eq 'F41: forty addresses: all are destinations' 40 \
	"$(jq '.addresses | length' <(jq -c 'select(.type == "target" and .target.name == "tc-7.lab")' "$LAB_DIR/kinds.ndjson"))"
check_eq 'F41: forty addresses: all are probed, but our own' 39 \
	"$(jq -r 'select(.type == "path" and .target.name == "tc-7.lab") | .destination.ip' "$LAB_DIR/kinds.ndjson" | sort -u | wc -l)"
audit first --resolver "$stub" tc-7.lab 198.18.49.10 --addresses first 2>"$LAB_DIR/err"
check_eq 'F41: --addresses first: one of forty is probed, and the record says so' '1 1 40' "$(jq -r '
	select(.type == "path" and .target.name == "tc-7.lab") | .destination.ip' "$LAB_DIR/first.ndjson" | sort -u | wc -l) $(jq -r '
	select(.type == "target" and .target.name == "tc-7.lab") | "\(.destinations) \(.addresses | length)"' "$LAB_DIR/first.ndjson")"
audit chain --resolver "$stub" chain-7.lab 198.18.49.10 2>"$LAB_DIR/err"
check_eq 'F41: aliases: the chain is evidence' 'one.lab two.lab three.lab' \
	"$(jq -r 'select(.type == "target" and .target.name == "chain-7.lab") | .cname | join(" ")' "$LAB_DIR/chain.ndjson")"

# A watch asks anew for each run.
hosts=$LAB_DIR/hosts
echo '198.18.49.10 moving.lab' >"$hosts"
lab_serve dns.moving timeout 200 dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= \
	--port=5310 --listen-address="$LAB_DNS" --bind-interfaces --local-ttl=0 --addn-hosts="$hosts"
cat >"$conf" <<END
agent: lab
store: $db
overlay: $LAB_OVERLAY
defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s, interval: 500ms}
audits:
  - {name: moving, targets: [moving.lab], resolver: "$LAB_DNS:5310", ipv4: true}
END
watch_up moving "$CP" watch -c "$conf" --blocklist none
latest() { # address of the newest path, and its verdict
	sql "SELECT dest_ip || ' ' || verdict FROM paths ORDER BY run DESC, seq LIMIT 1"
}
is_latest() {
	[[ $(latest) == "$1" ]]
}
check 'F41: before: one address' soon is_latest '198.18.49.10 direct'
echo '198.18.17.30 moving.lab' >"$hosts"
kill -HUP "${_lab_server_pid[dns.moving]}" # timeout(1) hands it on
check 'F41: another answer: the next run goes there' soon is_latest '198.18.17.30 inside'
check_eq 'F41: no run has both' 0 "$(sql 'SELECT count(*) FROM (SELECT run FROM paths GROUP BY run HAVING count(DISTINCT dest_ip) > 1)')"
watch_down TERM
check_eq 'F41: the watch ends' 143 "$status"

# --- F42: an answer that is not to be probed ---

lab_serve cold.tcpdump tcpdump -qnU -i eth0 -w "$LAB_DIR/bogon.pcap" 'dst net 198.18.49.0/24 and not port 53'
soon grep -qs 'listening on' "$LAB_DIR/cold.tcpdump.log"
echo '198.18.49.0/24' >"$LAB_DIR/blocked"
audit bogon --blocklist "$LAB_DIR/blocked" zenn.dev login.microsoft.com --resolver "$LAB_DNS" 2>"$LAB_DIR/err"
check_eq 'F42: an answer on the blocklist: exit status' 4 $?
check_eq 'F42: an answer on the blocklist: the reason is recorded' 'zenn.dev blocklisted' \
	"$(jq -r 'select(.type == "target" and .skip_reason) | "\(.target.name) \(.skip_reason)"' "$LAB_DIR/bogon.ndjson")"
check_eq 'F42: an answer on the blocklist: the other is probed' login.microsoft.com \
	"$(jq -r 'select(.type == "path" and .reached) | .target.name' "$LAB_DIR/bogon.ndjson" | sort -u)"
check_eq 'F42: an answer on the blocklist: it is counted' 2 "$(jq 'select(.type == "warning" and .code == "blocklisted") |
	.text | capture("^(?<n>[0-9]+) ").n | tonumber' "$LAB_DIR/bogon.ndjson")"
kill "${_lab_server_pid[cold.tcpdump]}"
sleep 0.3
check_eq 'F42: an answer on the blocklist: no packet to it' '' "$(tcpdump -qnr "$LAB_DIR/bogon.pcap" 2>/dev/null)"
refuses 'F42: a special-use address, by default' 1 'every address is on the blocklist' \
	lab_exec "$LAB_COLD" "$CP" audit --resolver "$LAB_DNS" zenn.dev

finish
