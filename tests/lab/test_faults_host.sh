#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_faults_host.sh: what this host withholds or does to a run: rights,
# memory, open files, a reader of the results, signals, a stop of the whole
# process. Each ends with one clear line or changes nothing.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq bpftool tc
lab_up_story || exit 1
cold=$LAB_COLD
mkdir "$LAB_DIR/run"

cold() { # command args...
	local command=$1
	shift
	run_cp "$cold" "$command" --vantage-as 8075 "$@"
}

# Hops as "name address ttl ip" lines, from truth or from a run, silent tails dropped in both.
awk -F'\t' '$1 == "cold" && $3 !~ /:/ && $7 != "silent" {print $2, $3, $4, $5}' "$LAB_TRUTH" |
	awk '{key = $1 " " $2; line[++n] = $0; at[n] = key; if ($4 != "*") last[key] = n}
	     END {for (i = 1; i <= n; i++) if (i <= last[at[i]]) print line[i]}' | sort >"$LAB_DIR/cold.truth"

measured() { # ndjson
	jq -r 'select(.type == "path") | .target.name as $n | .destination.ip as $d | .hops[] |
		"\($n) \($d) \(.ttl) \(.ip // "*")"' "$1" | sort
}

adds_up() { # ndjson: every line is whole, the last one is end, and its identity holds
	jq -es '.[-1].type == "end" and (.[-1].accounting |
		.attempted == .replied + .timed_out + .tx_errors + .blocked)' "$1"
}

ended() { # ndjson
	tail -n 1 "$1" | jq -r .reason
}

# A run as a child of this shell, without a function in between that would get its signals; its pid in $pid.
start() { # out args...
	local out=$1
	shift
	(
		cd "$LAB_DIR/run" && exec nsenter --net="/run/netns/$cold" "$CP" audit --vantage-as 8075 -4 --resolver "$LAB_DNS" \
			--overlay "$LAB_OVERLAY" --blocklist none "$@"
	) >"$out" 2>"$out.err" &
	pid=$!
}

wait_attached() {
	local i
	for ((i = 0; i < 250; i++)); do
		[[ -z $(lab_exec "$cold" "$BUILD/lab/tcx_query" eth0) ]] || return 0
		sleep 0.02
	done
	not_ok 'a run attaches within 5 s' "$(tail -n 3 "$LAB_DIR"/*.err)"
	finish
}

# Milliseconds until $pid has ended; its exit status in $rc.
await() {
	local begin=${EPOCHREALTIME/./}
	wait "$pid"
	rc=$?
	took_ms=$(((${EPOCHREALTIME/./} - begin) / 1000))
}

# --- rights: each capability alone is missed by name ---

without() { # capabilities left, name args...
	local left=$1
	shift
	lab_exec "$cold" setpriv --bounding-set="-all,$left" --inh-caps=-all "$CP" audit --blocklist none \
		--overlay "$LAB_OVERLAY" --vantage-as 8075 --no-rdns 198.18.17.30 -r 2000 "$@"
}

for datapath in tc xdp; do
	refuses "F14: $datapath: CAP_BPF is missed by name" 1 'missing CAP_BPF:' \
		without +net_admin,+perfmon,+net_raw --datapath $datapath
	refuses "F14: $datapath: CAP_NET_ADMIN is missed by name" 1 'missing CAP_NET_ADMIN:' \
		without +bpf,+perfmon,+net_raw --datapath $datapath
	begin=$SECONDS
	refuses "F14: $datapath: CAP_PERFMON is missed by name" 1 'missing CAP_PERFMON:' \
		without +net_admin,+bpf,+net_raw --datapath $datapath
	check "F14: $datapath: and without seconds in the verifier" test $((SECONDS - begin)) -le 5
	check "F14: $datapath: CAP_NET_RAW is not needed" without +net_admin,+bpf,+perfmon --datapath $datapath
done
refuses 'F14: all that are missing are named' 1 'missing CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON:' without +net_raw
refuses 'F14: a resolver that does not answer is not waited for first' 1 'missing CAP_BPF' \
	without +net_admin,+perfmon --resolver 198.18.1.99 zenn.dev
check_eq 'F14: nothing is left attached' '' "$(attached "$cold")"

# --- memory: a control group that a run does not fit in ---

group=/sys/fs/cgroup/$LAB_ID limit=memory.max events=memory.events
if ! grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
	group=/sys/fs/cgroup/memory/$LAB_ID limit=memory.limit_in_bytes events=memory.oom_control
fi

group_down() {
	local i
	for ((i = 0; i < 100; i++)); do
		[[ -d $group ]] && ! rmdir "$group" 2>/dev/null || return 0
		sleep 0.05
	done
}

capped() ( # mebibytes command...
	echo $(($1 << 20)) >"$group/$limit" && echo "$BASHPID" >"$group/cgroup.procs" || exit 99
	shift
	"$@"
)

oom_kills() {
	sed -n 's/^oom_kill //p' "$group/$events"
}

if mkdir "$group" 2>/dev/null && [[ -e $group/$limit ]]; then
	trap 'trap "" HUP INT TERM; lab_down; group_down' EXIT
	"$BUILD/lab/internet" targets 100000 >"$LAB_DIR/hundred"
	"$BUILD/lab/internet" targets 1000000 >"$LAB_DIR/million"
	refuses 'F16: tables beyond the limit: refused with their size' 1 '100000 destinations need up to [0-9]+ MiB' \
		capped 128 cold audit "@$LAB_DIR/hundred" --flows 8
	check_eq 'F16: nothing is left attached' '' "$(attached "$cold")"
	check 'F16: a smaller run passes below the same limit' capped 128 cold audit 198.18.17.30
	capped 256 cold audit "@$LAB_DIR/million" >"$LAB_DIR/million.out" 2>"$LAB_DIR/million.err" &
	million=$! # looked at in the end: it takes some seconds
else
	million=
	echo 'SKIP - F16, F59: no memory limits by control groups here'
fi

# --- open files ---

limited() ( # files command...
	ulimit -n "$1" || exit 99
	shift
	"$@"
)

check 'F60: 64 open files are enough' limited 64 cold audit -4 "@$LAB_NAMES" -o "ndjson=$LAB_DIR/files.ndjson"
measured "$LAB_DIR/files.ndjson" >"$LAB_DIR/files.hops"
check_same 'F60: and every hop is the known one' "$LAB_DIR/cold.truth" "$LAB_DIR/files.hops"
refuses 'F60: more flows than open files: the limit is named' 1 'ulimit -n' \
	limited 64 cold audit 198.18.17.30 --flows 64
for files in 8 16; do
	refuses "F60: $files open files: said in one line" 1 '[Tt]oo many open files' limited $files cold audit 198.18.17.30
done
check_eq 'F60: nothing is left attached' '' "$(attached "$cold")"

# --- source ports ---

lab_exec "$cold" sysctl -qw net.ipv4.ip_local_reserved_ports=1024-40000,40004-65535
check 'F29: three source ports left: two flows find room' cold audit 198.18.17.30 --flows 2
refuses 'F29: three source ports left: four flows do not' 1 'no 4 free TCP ports in a row' \
	cold audit 198.18.17.30 --flows 4
lab_exec "$cold" sysctl -qw net.ipv4.ip_local_reserved_ports=

# --- who reads the results ---

full() { # args...
	cold audit -4 zenn.dev "$@" >/dev/full
}
full_disk() { # what args...
	local what=$1 rc
	shift
	full "$@" 2>"$LAB_DIR/err"
	rc=$?
	check_eq "F53: $what: standard output is a full disk: exit status" 1 $rc
	check_eq "F53: $what: one line says so" 1 "$(grep -c 'No space left on device' "$LAB_DIR/err")"
	check_eq "F53: $what: nothing is left attached" '' "$(attached "$cold")"
}
full_disk table -o table
full_disk ndjson -o ndjson
refuses 'F53: an output that is full does not harm the other' 1 'No space left' \
	cold audit -4 zenn.dev -o "ndjson=$LAB_DIR/kept.ndjson" -o ndjson=/dev/full
check 'F53: which is complete' adds_up "$LAB_DIR/kept.ndjson"

# So many flows fill a pipe of 64 KiB several times.
many=(audit -4 "@$LAB_NAMES" --flows 15 -r 20000 -o ndjson)
{
	cold "${many[@]}" 2>"$LAB_DIR/err"
	echo $? >"$LAB_DIR/status"
} | {
	sleep 2
	cat >"$LAB_DIR/slow.ndjson"
}
check_eq 'F52: a reader that lets us wait: exit status' 0 "$(cat "$LAB_DIR/status")"
check 'F52: a reader that lets us wait gets all of it' adds_up "$LAB_DIR/slow.ndjson"
check 'F52: which is more than a pipe holds' test "$(stat -c %s "$LAB_DIR/slow.ndjson")" -gt 150000

{
	cold "${many[@]}" -o "ndjson=$LAB_DIR/store.ndjson" 2>"$LAB_DIR/err"
	echo $? >"$LAB_DIR/status"
} | head -n 1 >"$LAB_DIR/head"
check_eq 'F52: a reader that leaves: exit status' 1 "$(cat "$LAB_DIR/status")"
check_eq 'F52: a reader that leaves: one line says so' 1 "$(grep -c 'Broken pipe' "$LAB_DIR/err")"
check 'F52: a reader that leaves: the other output is complete' adds_up "$LAB_DIR/store.ndjson"
check_eq 'F52: a reader that leaves: nothing is left attached' '' "$(attached "$cold")"

# --- the whole process stands still for a while ---

out=$LAB_DIR/frozen.ndjson what='F45: stopped for 2 s'
start "$LAB_DIR/frozen" -r 250 -q 2 -w 500 "@$LAB_NAMES" -o "ndjson=$out"
wait_attached
sleep 0.3
kill -STOP "$pid"
sleep 2
kill -CONT "$pid"
await
check_eq "$what: exit status" 0 $rc
measured "$out" >"$out.hops"
check_same "$what: every hop is the known one" "$LAB_DIR/cold.truth" "$out.hops"
check "$what: the accounting adds up, nothing was lost" jq -e 'select(.type == "end") | .accounting |
	.attempted == .replied + .timed_out + .tx_errors + .blocked and .lost == 0' "$out"
check_eq "$what: no round trip has it in it" 0 \
	"$(jq -r 'select(.type == "path") | .hops[].rtt_us // 0 | select(. > 1500000)' "$out" | wc -l)"
check "$what: it is said" grep -q 'stood still for [12]' "$LAB_DIR/frozen.err"
check "$what: it happened while probes were out" \
	test "$(jq 'select(.type == "end") | .accounting.total_ns' "$out")" -gt 2000000000

# Times of the kernel and of the process are a day apart.
check 'F45: in a time namespace of its own: the audit runs' lab_exec "$cold" unshare --time --monotonic 86400 --boottime 86400 \
	"$CP" audit --vantage-as 8075 -4 --resolver "$LAB_DNS" --overlay "$LAB_OVERLAY" --blocklist none "@$LAB_NAMES" \
	-o "ndjson=$LAB_DIR/namespace.ndjson"
measured "$LAB_DIR/namespace.ndjson" >"$LAB_DIR/namespace.hops"
check_same 'F45: in a time namespace of its own: every hop is the known one' "$LAB_DIR/cold.truth" "$LAB_DIR/namespace.hops"
check_eq 'F45: in a time namespace of its own: round trips are true' 0 \
	"$(jq -r 'select(.type == "path") | .hops[] | select(.ip) | .rtt_us // 9e9 | select(. > 2000000)' \
		"$LAB_DIR/namespace.ndjson" | wc -l)"

# --- signals ---

start "$LAB_DIR/once" -r 10 "@$LAB_NAMES" -o "ndjson=$LAB_DIR/once.ndjson"
wait_attached
sleep 0.3
kill -INT "$pid"
await
check_eq 'F56: one SIGINT while probing: exit status' 130 $rc
check "F56: one SIGINT while probing: it takes $took_ms ms, at most 3 s" test $took_ms -lt 3000
check 'F56: one SIGINT while probing: the output is complete' adds_up "$LAB_DIR/once.ndjson"

start "$LAB_DIR/twice" -r 10 "@$LAB_NAMES" -o "ndjson=$LAB_DIR/twice.ndjson"
wait_attached
sleep 0.3
kill -TERM "$pid"
kill -INT "$pid"
await
check "F56: SIGTERM, then SIGINT: exit status" test $rc = 143 -o $rc = 130
check "F56: SIGTERM, then SIGINT: it takes $took_ms ms, at most 2 s" test $took_ms -lt 2000
check 'F56: SIGTERM, then SIGINT: the output is complete' adds_up "$LAB_DIR/twice.ndjson"

start "$LAB_DIR/dns" --resolver 198.18.1.99 zenn.dev teams.microsoft.com -o "ndjson=$LAB_DIR/dns.ndjson"
sleep 0.5
kill -INT "$pid"
await
check_eq 'F56: SIGINT while the resolver is silent: exit status' 130 $rc
check "F56: SIGINT while the resolver is silent: it takes $took_ms ms, at most 2 s" test $took_ms -lt 2000
check_eq 'F56: SIGINT while the resolver is silent: the result is marked' interrupted "$(ended "$LAB_DIR/dns.ndjson")"

# The report is under way and nobody reads it.
mkfifo "$LAB_DIR/fifo"
stuck() { # out: a run that is stuck writing; its reader waits for the file "go"
	rm -f "$LAB_DIR/go"
	{
		exec <"$LAB_DIR/fifo"
		for ((i = 0; i < 200; i++)); do
			[[ ! -e $LAB_DIR/go ]] || break
			sleep 0.05
		done
		cat >"$1"
	} &
	reader=$!
	start "$LAB_DIR/fifo" "@$LAB_NAMES" --flows 15 -r 20000 -o ndjson
	for ((i = 0; i < 500; i++)); do
		! grep -q pipe "/proc/$pid/wchan" || break # the pipe is full
		sleep 0.02
	done
	sleep 0.2
}
stuck "$LAB_DIR/stuck1"
kill -INT "$pid"
sleep 0.5
touch "$LAB_DIR/go"
await
wait $reader
check_eq 'F56: SIGINT while the reader is slow: exit status' 130 $rc
check 'F56: SIGINT while the reader is slow: the output is complete' adds_up "$LAB_DIR/stuck1"
stuck "$LAB_DIR/stuck2"
kill -INT "$pid"
sleep 0.2
kill -INT "$pid"
await
check "F56: a second SIGINT while nobody reads: it takes $took_ms ms, at most 2 s" test $took_ms -lt 2000
check "F56: a second SIGINT while nobody reads: exit status $rc" test $rc -ne 0
touch "$LAB_DIR/go"
wait $reader
check_eq 'F56: nothing is left attached' '' "$(attached "$cold")"

# --- out of time ---

start "$LAB_DIR/limit" -r 10 --max-runtime 1 "@$LAB_NAMES" -o "ndjson=$LAB_DIR/limit.ndjson"
await
check_eq 'F64: --max-runtime 1: exit status' 0 $rc
check "F64: --max-runtime 1: it takes $took_ms ms, at most 4 s" test $took_ms -lt 4000
check_eq 'F64: --max-runtime 1: the result is marked' max-runtime "$(ended "$LAB_DIR/limit.ndjson")"
check 'F64: --max-runtime 1: so are the paths that were not done' jq -es \
	'any(.type == "path" and .end_reason == "interrupted" and (.reasons | index("interrupted")))' "$LAB_DIR/limit.ndjson"
check 'F64: --max-runtime 1: none of them is judged' jq -es \
	'all(.type != "path" or (.reasons | index("interrupted") | not) or .verdict == "undecided")' "$LAB_DIR/limit.ndjson"
check 'F64: --max-runtime 1: the accounting adds up' adds_up "$LAB_DIR/limit.ndjson"

start "$LAB_DIR/unheard" --resolver 198.18.1.99 --max-runtime 1 zenn.dev teams.microsoft.com 198.18.17.30 \
	-o "ndjson=$LAB_DIR/unheard.ndjson"
await
check_eq 'F64: --max-runtime 1 and a silent resolver: exit status' 4 $rc
check "F64: --max-runtime 1 and a silent resolver: it takes $took_ms ms, at most 5 s" test $took_ms -lt 5000
check_eq 'F64: --max-runtime 1 and a silent resolver: the result is marked' max-runtime "$(ended "$LAB_DIR/unheard.ndjson")"
check_eq 'F64: --max-runtime 1 and a silent resolver: so are the names' 'dns_timeout dns_timeout literal' \
	"$(jq -r 'select(.type == "target") | .dns' "$LAB_DIR/unheard.ndjson" | sort | xargs)"

# --- the million ---

if [[ -n $million ]]; then
	wait "$million"
	check_eq 'F59: a million targets in 256 MiB: exit status' 1 $?
	check 'F59: a million targets in 256 MiB: refused with their size' \
		grep -q '1000000 destinations need up to [0-9]* MiB' "$LAB_DIR/million.err"
	check_eq 'F59: nobody was killed for memory' 0 "$(oom_kills)"
fi

finish
