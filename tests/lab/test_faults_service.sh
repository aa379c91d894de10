#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_faults_service.sh: a watch as a service: nobody reads what it writes, it is
# told to end, slowed down or out of time, it has few open files. What the
# service manager hears, and what is in the store afterwards.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq curl sqlite3
lab_up_story || exit 1

# shellcheck source=tests/lab/watch_lab.sh
. "$(dirname "$0")/watch_lab.sh"

# --- F58, F52: nobody reads what it writes: stuck, and the service manager hears nothing ---

cat >"$conf" <<END
agent: lab
store: $db
defaults: {vantage_as: AS8075, jitter: 0s, interval: 200ms, no_rdns: true}
audits:
  - {name: pipe, targets: ["@$LAB_NAMES"], flows: 8, ipv4: true}
END
lab_serve cold.notify "$BUILD/lab/notify_sink" "$LAB_DIR/notify"
heard=$LAB_DIR/cold.notify.log
soon test -S "$LAB_DIR/notify"
n_fed() {
	grep -c 'WATCHDOG=1' "$heard"
}
fed() { # times
	(($(n_fed) >= $1))
}
is_stuck() { # in a write to a pipe
	grep -qs pipe "/proc/$pid/wchan"
}
mkfifo "$LAB_DIR/pipe"
# The reader opens it, and reads when the file "go" is there.
reader() {
	rm -f "$LAB_DIR/go"
	{
		exec <"$LAB_DIR/pipe"
		until [[ -e $LAB_DIR/go ]]; do sleep 0.05; done
		exec cat >"$1"
	} &
	reader=$!
}
reader "$LAB_DIR/read.ndjson"
watch_up pipe env NOTIFY_SOCKET="$LAB_DIR/notify" WATCHDOG_USEC=600000 "$CP" watch -c "$conf" "${common[@]}" -o ndjson -r 20k \
	>"$LAB_DIR/pipe"
check 'F58: fed at first' soon fed 1
check 'F58: the pipe is full' soon is_stuck
sleep 0.3
n=$(n_fed)
sleep 2
check_eq 'F58: stuck for three times what the manager allows: not fed' "$n" "$(n_fed)"
check 'F58: and still stuck' is_stuck
touch "$LAB_DIR/go"
check 'F58: fed again' soon fed $((n + 2))
watch_down TERM
wait "$reader"
check_eq 'F52: a slow reader: exit status' 143 "$status"
check_eq 'F52: a slow reader has all of it' 0 "$(jq -s '[.[] | select(.type == "start")] | length' "$LAB_DIR/read.ndjson" |
	awk -v e="$(jq -c 'select(.type == "end")' "$LAB_DIR/read.ndjson" | wc -l)" '{print $1 - e}')"
check_eq 'F52: as many runs as are stored' "$(sql "SELECT count(*) FROM runs WHERE audit = 'pipe'")" \
	"$(grep -c '"type":"start"' "$LAB_DIR/read.ndjson")"

# --- F56: stuck, and told to end: the second signal does it ---

reader /dev/null
watch_up pipe "$CP" watch -c "$conf" "${common[@]}" -o ndjson -r 20k >"$LAB_DIR/pipe"
check 'F56: it is stuck' soon is_stuck
kill -TERM "$pid"
sleep 0.5
check 'F56: one signal lets it write on' kill -0 "$pid"
watch_down INT
check "F56: the second ends it: $took_ms ms" test "$took_ms" -lt 2000
check_eq 'F56: its exit status' 143 "$status"
check_eq 'F56: nothing is left attached' '' "$(attached "$LAB_COLD")"
touch "$LAB_DIR/go"
wait "$reader"
# A slow run, cut short.
sed 's/flows: 8/flows: 1/' "$conf" >"$LAB_DIR/slow.yaml"
watch_up slow "$CP" watch -c "$LAB_DIR/slow.yaml" "${common[@]}" -r 10
n=$(sql 'SELECT count(*) FROM runs')
has_begun() { # a run more than n
	(($(sql 'SELECT count(*) FROM runs') > n))
}
check 'F56: a slow run begins' soon has_begun
sleep 1
watch_down INT
check_eq 'F56: SIGINT while probing: exit status' 130 "$status"
check "F56: SIGINT while probing: $took_ms ms" test "$took_ms" -lt 3000
check_eq 'F56: SIGINT while probing: the run has its end' 'interrupted' \
	"$(sql "SELECT end_reason FROM runs WHERE audit = 'pipe' ORDER BY run DESC LIMIT 1")"

# --- F52: a reader that leaves; F53: a full disk ---

n_complete() { # runs that are stored as a whole
	sql 'SELECT count(*) FROM runs WHERE n_complete = n_paths AND n_paths > 0'
}

n=$(n_complete)
lab_exec "$LAB_COLD" timeout 30 "$CP" watch -c "$conf" "${common[@]}" -o ndjson -r 20k 2>"$LAB_DIR/err" | head -n 1 >/dev/null
check_eq 'F52: a reader that leaves: exit status' 1 "${PIPESTATUS[0]}"
check 'F52: a reader that leaves: said' grep -q 'nobody reads standard output any more' "$LAB_DIR/err"
check_eq 'F52: a reader that leaves: the store has the run' $((n + 1)) "$(n_complete)"
n=$(n_complete)
lab_exec "$LAB_COLD" "$CP" watch -c "$conf" "${common[@]}" -o ndjson -r 20k --once >/dev/full 2>"$LAB_DIR/err"
check_eq 'F53: standard output is a full disk: exit status' 1 $?
check_eq 'F53: standard output is a full disk: one line says so' 1 "$(grep -c 'No space left on device' "$LAB_DIR/err")"
check_eq 'F53: standard output is a full disk: the store has the run' $((n + 1)) "$(n_complete)"

n=$(n_complete)
watch_up full "$CP" watch -c "$conf" "${common[@]}" -o ndjson -r 20k >/dev/full
check 'F53: it may have room again: a watch goes on, and says so each time' soon said 'No space left on device' 2
watch_down TERM
check_eq 'F53: until it is told to end' 143 "$status"
check 'F53: and stores its runs' test "$(n_complete)" -gt "$n"

# --- F60: few open files; F64: out of time, and slower on demand ---

cat >"$conf" <<END
agent: lab
store: $db
listen: 127.0.0.1:9180
defaults: {vantage_as: AS8075, jitter: 0s, interval: 500ms, no_rdns: true}
audits:
  - {name: few, targets: ["@$LAB_NAMES"], ipv4: true}
END
limited() { # files words...
	# shellcheck disable=SC2016 # expanded there
	bash -c 'ulimit -n "$0" && exec "$@"' "$@"
}
# shellcheck disable=SC2016 # expanded there
watch_up few bash -c 'ulimit -n "$0" && exec "$@"' 64 "$CP" watch -c "$conf" "${common[@]}" -r 20k
check 'F60: 64 open files: it runs' soon ran 2
check_eq 'F60: 64 open files: it serves, and no run failed' 0 "$(metric 'watch_failed_runs_total{audit="few"}')"
lab_exec "$LAB_COLD" "$BUILD/lab/http_clients" 127.0.0.1 9180 /api/v1/runs/latest slow 60 6 >"$LAB_DIR/slow" &
slow=$!
sleep 1
check 'F60: clients take the rest: it goes on' runs_on 3
kill "$slow" 2>/dev/null
wait "$slow" 2>/dev/null
check_eq 'F60: clients take the rest: no run failed, or it is said' "$(n_said 'exit status [12]')" "$(n_said '[Tt]oo many open files')"
kill -USR1 "$pid"
check 'F64: SIGUSR1: metrics have half the rate' soon metric_is watch_rate_packets_per_second 10000
kill -USR2 "$pid"
check 'F64: SIGUSR2: and the whole' soon metric_is watch_rate_packets_per_second 20000
watch_down TERM
check_eq 'F60: it ends' 143 "$status"
sed -i '/^listen/d' "$conf"
limited 12 nsenter --net="/run/netns/$LAB_COLD" "$CP" watch -c "$conf" "${common[@]}" --once 2>"$LAB_DIR/err"
check_eq 'F60: 12 open files: exit status' 1 $?
check_eq 'F60: 12 open files: said in one line' 1 "$(grep -c '[Tt]oo many open files' "$LAB_DIR/err")"
begin=$SECONDS
lab_exec "$LAB_COLD" "$CP" watch -c "$LAB_DIR/slow.yaml" "${common[@]}" -r 10 --max-runtime 2 2>"$LAB_DIR/err"
check_eq 'F64: --max-runtime: exit status' 0 $?
check "F64: --max-runtime: it ends in time ($((SECONDS - begin)) s)" test $((SECONDS - begin)) -le 6
check_eq 'F64: --max-runtime: the run is marked' max-runtime \
	"$(sql "SELECT end_reason FROM runs WHERE audit = 'pipe' ORDER BY run DESC LIMIT 1")"
check_eq 'nothing is left attached' '' "$(attached "$LAB_COLD")"

finish
