# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# lib.sh: what every lab test sources: the lab (scripts/lab), the output
# convention (one line "ok - what" or "not ok - what: detail" a check) and
# run_cp. Knows nothing of any single test. Use:
#
#   . "$(dirname "$0")/lib.sh"
#   lab_need; lab_up_story || exit 1
#   check 'what must hold' command...
#   finish

_lib_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lab
. "$_lib_root/scripts/lab"
lab_trap

BUILD=${BUILD:-$_lib_root/build}
CP=${CP:-$BUILD/coldpotato}
_lib_n_ok=0
_lib_n_not_ok=0

ok() { # what
	printf "ok - %s\n" "$1"
	_lib_n_ok=$((_lib_n_ok + 1))
}

not_ok() { # what detail
	echo "not ok - $1: ${2//$'\n'/ | }"
	_lib_n_not_ok=$((_lib_n_not_ok + 1))
}

# Holds when the command succeeds; its output is the detail when it does not.
check() { # what command...
	local what=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	if [[ $rc == 0 ]]; then
		ok "$what"
	else
		not_ok "$what" "exit $rc: $(tail -n 5 <<<"$out")"
	fi
}

check_eq() { # what expected actual
	if [[ $2 == "$3" ]]; then
		ok "$1"
	else
		not_ok "$1" "expected '$2', got '$3'"
	fi
}

# Holds when two files are equal; the detail is the first differences.
check_same() { # what expected-file actual-file
	local out
	if out=$(diff "$2" "$3"); then
		ok "$1"
	else
		not_ok "$1" "$(head -n 6 <<<"$out")"
	fi
}

# Runs a command; holds when it exits with the status and says the text (an extended regex) in one line on stderr, which
# is left in $LAB_DIR/err.
refuses() { # what status regex command...
	local what=$1 status=$2 regex=$3 rc
	shift 3
	"$@" >"$LAB_DIR/out" 2>"$LAB_DIR/err"
	rc=$?
	if [[ $rc != "$status" ]]; then
		not_ok "$what" "exit $rc, not $status: $(head -n 3 "$LAB_DIR/err")"
	elif ! grep -qE -- "$regex" "$LAB_DIR/err"; then
		not_ok "$what" "stderr says: $(head -n 3 "$LAB_DIR/err")"
	elif [[ $(grep -cv '^coldpotato: warning:' "$LAB_DIR/err") != 1 ]]; then
		not_ok "$what" "more than one line: $(head -n 5 "$LAB_DIR/err")"
	else
		ok "$what"
	fi
}

# Waits until a command succeeds.
until_true() { # seconds command...
	local i n=$(($1 * 20))
	shift
	for ((i = 0; i < n; i++)); do
		"$@" && return
		sleep 0.05
	done
	return 1
}

# What hangs on a namespace's eth0, one word each.
attached() { # namespace
	lab_exec "$1" "$BUILD/lab/tcx_query" eth0
	lab_exec "$1" bpftool -j net show dev eth0 | jq -r '.[] | (.xdp + .tc)[] | .name // .id'
	lab_exec "$1" tc qdisc show dev eth0 clsact
}

# Ends the test: it cannot run here, which is not a failure.
skip() { # why
	echo "SKIP - $1"
	exit 0
}

lab_need() { # skips when the lab, or one of the named tools, is missing
	local missing tool
	missing=$(lab_missing) || skip "$missing"
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "no $tool"
	done
}

# Ends the test. One without a single check has failed.
finish() {
	((_lib_n_ok + _lib_n_not_ok > 0)) || not_ok 'at least one check ran' 'none did'
	exit $((_lib_n_not_ok > 0))
}

# Runs the program in a namespace, with the lab's DNS (without any, where it has none) and AS table, in a directory of its own below LAB_DIR. What the
# caller says comes last and so wins.
run_cp() ( # namespace command args...
	ns=$1
	command=$2
	shift 2
	lab_args=(--blocklist none)
	if [[ -n ${LAB_DNS-} ]]; then
		lab_args+=(--resolver "$LAB_DNS")
	elif [[ $command != doctor ]]; then
		lab_args+=(--no-rdns) # it would ask the host's own, and wait
	fi
	[[ -z ${LAB_OVERLAY-} ]] || lab_args+=(--overlay "$LAB_OVERLAY")
	mkdir -p "$LAB_DIR/run" && cd "$LAB_DIR/run" || exit 1
	TMPDIR=$LAB_DIR/run lab_exec "$ns" "$CP" "$command" "${lab_args[@]}" "$@"
)
