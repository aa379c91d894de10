# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# watch.sh: what lab tests that leave `watch` running source after lib.sh: one at a
# time, its process in $pid, its log in $log. Knows no configuration.

watch_up() { # vantage words...
	local vantage=$1
	shift
	log=$LAB_DIR/$vantage.watch.log
	: >"$log" # of the one before: the server does so later than it is looked at
	lab_serve "$vantage.watch" "$@"
	# shellcheck disable=SC2154 # scripts/lab's
	pid=${_lab_server_pid[$vantage.watch]}
}

# shellcheck disable=SC2034 # callers use $status
watch_down() { # signal: exit status in $status
	kill "-${1:-TERM}" "$pid"
	wait "$pid" 2>/dev/null
	status=$?
}

says() { # regex: a line of the log
	grep -qE -- "$1" "$log"
}

n_runs() { # audit
	grep -cE "^coldpotato: $1: ([0-9]+ targets?|no result)" "$log"
}

ran() { # audit times
	(($(n_runs "$1") >= $2))
}
