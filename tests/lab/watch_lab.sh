# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# watch_lab.sh: a watch in the story's vantage, its log, its metrics and its
# store, for tests of what may happen to one. Sourced after lib.sh, with the
# story up.
# shellcheck disable=SC2034 # for the tests

conf=$LAB_DIR/watch.yaml
db=$LAB_DIR/runs.db
common=(--blocklist none --resolver "$LAB_DNS")
ip -n "$LAB_COLD" link set lo up

# A watch in the vantage, its pid in $pid, its standard error in $log; standard output is the caller's.
watch_up() { # name words...
	local name=$1
	shift
	log=$LAB_DIR/$name.log
	setpriv --pdeathsig KILL nsenter --net="/run/netns/$LAB_COLD" "$@" 2>"$log" </dev/null &
	pid=$!
}

watch_down() { # [signal]: exit status in $status, milliseconds until then in $took_ms
	local begin=${EPOCHREALTIME/./}
	kill "-${1:-TERM}" "$pid"
	wait "$pid" 2>/dev/null
	status=$?
	took_ms=$(((${EPOCHREALTIME/./} - begin) / 1000))
}

soon() { # command...: until it succeeds, for half a minute
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" && return
		sleep 0.05
	done
	return 1
}

n_said() { # regex
	grep -cE -- "$1" "$log"
}

said() { # regex [times]
	(($(n_said "$1") >= ${2:-1}))
}

n_runs() {
	n_said '^coldpotato: [a-z]+: ([0-9]+ targets|no result)'
}

ran() { # times
	(($(n_runs) >= $1))
}

runs_on() { # times more
	local before
	before=$(n_runs)
	soon ran $((before + $1))
}

api() { # path curl-args...
	lab_exec "$LAB_COLD" curl -sS -m 10 "http://127.0.0.1:9180$1" "${@:2}"
}

metric() { # series
	api /metrics | awk -v series="coldpotato_$1" 'index($0, series " ") == 1 {print $NF}'
}

metric_is() { # series value
	[[ $(metric "$1") == "$2" ]]
}

sql() {
	sqlite3 "$db" "$1"
}

