# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# watching.sh: starts and ends `watch` in a lab's namespace and waits for what
# it says. Sourced after lib.sh.
# shellcheck disable=SC2034,SC2154 # what it leaves is for who sources it; _lab_server_pid is of scripts/lab

watch_up() { # vantage words...: pid in $pid
	local vantage=$1
	shift
	log=$LAB_DIR/$vantage.watch.log
	: >"$log" # what the one before said is not this one's
	lab_serve "$vantage.watch" "$@"
	pid=${_lab_server_pid[$vantage.watch]}
}

watch_down() { # signal: exit status in $status
	kill "-${1:-TERM}" "$pid"
	wait "$pid" 2>/dev/null
	status=$?
}

until_true() { # seconds command...
	local i n=$(($1 * 20))
	shift
	for ((i = 0; i < n; i++)); do
		"$@" && return
		sleep 0.05
	done
	return 1
}

says() { # regex: a line of the log
	grep -qE -- "$1" "$log"
}
