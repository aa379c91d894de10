#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_rdns.sh: the names of routers, in the story: whom the program asks, how
# often and for how long, what it makes of no answer, and that a name from
# whoever owns an address does no harm (F66).

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq dig dnsmasq
lab_up_story || exit 1

records=$LAB_DIR/records.ndjson
logged=$LAB_DNS:5300 queries=$LAB_DIR/queries hostile=$LAB_DNS:5301 silent=$LAB_DNS:5302 closed=$LAB_DNS:5399

# The lab's names once more, at a server that keeps a log; one that lies; one that never answers.
lab_serve dns.logged timeout 300 dnsmasq --keep-in-foreground --conf-file="$LAB_DIR/dnsmasq.conf" --port=5300 \
	--log-queries --log-facility="$queries"
lab_serve dns.hostile "$BUILD/lab/dns_stub" "$LAB_DNS" 5301 300 hostile
lab_serve dns.silent "$BUILD/lab/dns_stub" "$LAB_DNS" 5302 300 drop

answers() { # port name type
	lab_exec "$LAB_COLD" dig +short +tries=1 +time=1 "@$LAB_DNS" -p "$1" "$2" "$3" | grep -q .
}
for ((i = 0; i < 100; i++)); do
	answers 5300 zenn.dev A && answers 5301 zenn.dev A && grep -q ready "$LAB_DIR/dns.silent.log" && break
	sleep 0.05
done
check 'the name servers answer' test "$i" -lt 100

run() { # args...: of what is in the NDJSON, too
	run_cp "$LAB_COLD" audit --vantage-as 8075 "@$LAB_NAMES" -o "ndjson=$records" "$@"
}
n_asked() { grep -c 'query\[PTR\]' "$queries"; }
routers() { # those whose names are worth asking for
	jq -r 'select(.type == "path") | .destination.ip as $d | .hops[] | select(.ip and .ip != $d) | .ip' "$records" | sort -u
}
warnings() { jq -r 'select(.type == "warning") | .code' "$records" | grep '^rdns' | paste -sd ' '; }
said() { # warning code
	jq -r --arg code "$1" 'select(.type == "warning" and .code == $code) | .text' "$records"
}
n_named() { jq -r 'select(.type == "path") | .hops[] | select(.ptr) | .ip' "$records" | sort -u | wc -l; }
seconds() { jq -r 'select(.type == "end") | .accounting.total_ns / 1e9' "$records"; }
under() { # seconds limit
	awk -v s="$1" -v limit="$2" 'BEGIN {exit !(s != "" && s < limit)}'
}

# --- names ---

: >"$queries"
check 'names: the audit runs' run --resolver "$logged"
routers >"$LAB_DIR/routers"
while read -r ip; do
	name=$(lab_exec "$LAB_COLD" dig +short "@$LAB_DNS" -x "$ip" | sed 's/\.$//')
	echo "$ip ${name:-null}"
done <"$LAB_DIR/routers" >"$LAB_DIR/expected"
jq -r 'select(.type == "path") | .destination.ip as $d | .hops[] | select(.ip and .ip != $d) | "\(.ip) \(.ptr)"' "$records" |
	sort -u >"$LAB_DIR/named"
check_same 'names: every router of either family has the name that dig finds' "$LAB_DIR/expected" "$LAB_DIR/named"
check 'names: there are some of both families' test "$(grep -c '\.msn\.net' <(grep -v : "$LAB_DIR/named"))" -gt 2 -a \
	"$(grep -c '\.msn\.net' <(grep : "$LAB_DIR/named"))" -gt 1
check_eq 'names: each router is asked for once, and nobody else' "$(wc -l <"$LAB_DIR/routers")" "$(n_asked)"
check_eq 'names: nothing to warn of' '' "$(warnings)"
check_eq 'names: what one says of its router' 'be-1-0.ibr01.fra.ntwk.msn.net backbone fra Frankfurt' "$(jq -r \
	'select(.type == "path") | .hops[] | select(.ptr and (.ptr | test("ibr01"))) | "\(.ptr) \(.role) \(.site) \(.city)"' \
	"$records" | sort -u)"
check_eq 'names: where the path leaves home' 'ae2-0.fra-96cbe-2a.ntwk.msn.net fra Frankfurt' "$(jq -r \
	'select(.type == "path" and .target.name == "zenn.dev") | .exit.last_home | "\(.ptr) \(.site) \(.city)"' "$records" | sort -u)"
run_cp "$LAB_COLD" trace --vantage-as 8075 zenn.dev >"$LAB_DIR/trace"
check 'names: trace shows them' grep -q 'ms  ae2-0.fra-96cbe-2a' "$LAB_DIR/trace"
check 'names: trace says the site of the exit' grep -q 'TTL 9 (198.18.16.17, Frankfurt)' "$LAB_DIR/trace"
run_cp "$LAB_HOT" trace --vantage-as 8075 zenn.dev >"$LAB_DIR/trace"
check 'names: those of others, too' grep -q 'bg-4.br02.fra02.pccwbtn.net\|…br02.fra02' "$LAB_DIR/trace"

: >"$queries"
check 'a literal target: the audit runs' run_cp "$LAB_COLD" audit --vantage-as 8075 --resolver "$logged" 198.18.49.10 \
	-o "ndjson=$records"
check_eq 'a literal target: its routers are asked for' 4 "$(n_asked)"
check_eq 'a literal target: the record says who was asked' "$logged" "$(jq -r 'select(.type == "start") | .resolver' "$records")"

: >"$queries"
check '--no-rdns: the audit runs' run --resolver "$logged" --no-rdns
check_eq '--no-rdns: nobody is asked' 0 "$(n_asked)"
check_eq '--no-rdns: no names' 0 "$(n_named)"
check_eq '--no-rdns: nothing to warn of' '' "$(warnings)"

: >"$queries"
check '--rdns-max: the audit runs' run --resolver "$logged" --rdns-max 2
check_eq '--rdns-max: so many are asked for' 2 "$(n_asked)"
check_eq '--rdns-max: so many have names' 2 "$(n_named)"
check_eq '--rdns-max: it says what is left out' \
	"$(($(wc -l <"$LAB_DIR/routers") - 2)) of $(wc -l <"$LAB_DIR/routers") router addresses" "$(said rdns-cut | grep -o '^.* addresses')"

# --- no answer ---

one() { # args...
	run_cp "$LAB_COLD" audit --vantage-as 8075 198.18.49.10 -o "ndjson=$records" "$@"
}
one --no-rdns
without=$(seconds)
cp "$records" "$LAB_DIR/without"
check 'a silent server: the audit runs' one --resolver "$silent"
check "a silent server: it costs the bound at most ($(seconds) s, $without s without)" under "$(seconds)" \
	"$(awk -v s="$without" 'BEGIN {print s + 4.5}')"
check_eq 'a silent server: it says so' '4 of 4 router addresses had no answer' "$(said rdns-timeout | grep -o '^.* answer')"
check_eq 'a silent server: the verdict is there' direct "$(jq -r 'select(.type == "path") | .verdict' "$records")"
check_eq 'a silent server: unknown is null' 0 "$(n_named)"
check 'a closed port: the audit runs' one --resolver "$closed"
check_eq 'a closed port: it says so' rdns-failed "$(warnings)"
check 'a run out of time does not wait for names' one --resolver "$silent" --max-runtime 1
check "a run out of time does not wait for names: it ends ($(seconds) s)" under "$(seconds)" 3.5
check_eq 'a run out of time does not wait for names: it says so' rdns-timeout "$(warnings)"

# Ctrl-C while the last thing that is missing are names.
: >"$LAB_DIR/err"
(
	cd "$LAB_DIR" && exec nsenter --net="/run/netns/$LAB_COLD" "$CP" audit --vantage-as 8075 --overlay "$LAB_OVERLAY" \
		--blocklist none --resolver "$silent" --progress always 198.18.49.10 -o "ndjson=$records"
) 2>"$LAB_DIR/err" &
pid=$!
for ((i = 0; i < 500; i++)); do
	grep -q 'asking for names' "$LAB_DIR/err" && break
	sleep 0.01
done
kill -INT "$pid"
before=$(date +%s%N)
wait "$pid"
check_eq 'interrupted while asking: the status says so' 130 $?
check 'interrupted while asking: it ends at once' under "$((($(date +%s%N) - before) / 1000000))" 2000
check_eq 'interrupted while asking: the path is reported' direct "$(jq -r 'select(.type == "path") | .verdict' "$records")"
check_eq 'interrupted while asking: the end says so' 'interrupted 130' \
	"$(jq -r 'select(.type == "end") | "\(.reason) \(.exit_status)"' "$records")"
check_eq 'interrupted while asking: no blame for the server' '' "$(warnings)"

# --- F66 ---

clean() { # file: no control character but newlines, nothing that ends a line early
	! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$1" && ! LC_ALL=C grep -q $'\xc2\x9b' "$1"
}
check 'F66: the audit runs' run_cp "$LAB_COLD" audit --vantage-as 8075 198.18.49.10 --resolver "$hostile" -o "ndjson=$records" \
	-o "table=$LAB_DIR/table" -o "hops=$LAB_DIR/hops"
check_eq 'F66: every router has the hostile name' 4 "$(n_named)"
for format in records.ndjson table hops; do
	check "F66: $format: nothing that a terminal acts on" clean "$LAB_DIR/$format"
done
check_eq 'F66: NDJSON: every line is a record' "$(wc -l <"$records")" "$(jq -c 'select(.type)' "$records" | wc -l)"
# What DNS escapes stays escaped, so it is text for whoever shows it next.
check_eq 'F66: NDJSON: the name as DNS writes it' \
	'\027[31mred\010<script>alert\(1\)</script>\"\\&\255\128\013\008.\194\1552j.lab' \
	"$(jq -r 'select(.type == "path") | .exit.last_home.ptr' "$records")"
check 'F66: hops: the end of the name is shown' grep -q '…\\194\\1552j.lab' "$LAB_DIR/hops"
check_eq 'F66: nobody takes it for a name of Microsoft' null \
	"$(jq -r 'select(.type == "path") | .hops[] | select(.ptr) | .site' "$records" | sort -u)"
finish
