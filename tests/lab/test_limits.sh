#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_limits.sh: the program past real Linux routers with the kernel's own
# limits of ICMP errors (one a second to the same host, after six): a small
# audit sees every hop, a crowd sees or infers every hop, and nothing is wrong.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq
LAB_ICMP_LIMITS=default

# Rows "destination ttl hop", one for each router before a target; hop is * where it never answers.
grid_truth() { # targets
	awk -F'\t' 'NR == FNR {six = $1 ~ /:/; hops[six, n[six]++] = $3; next}
		{m = split(hops[$1 ~ /:/, (FNR - 1) % 3], hop, ","); for (i = 1; i <= m; i++) print $1, i, hop[i]}' \
		"$LAB_TRUTH" "$1" | sort
}

# The same from a run, with "seen" or "inferred" or "silent" behind, but for the destination's own row.
grid_rows() { # ndjson
	jq -r 'select(.type == "path") | .destination.ip as $d | .hops[] | select(.ip != $d) |
		"\($d) \(.ttl) \(.ip // "*") \(if .reply then "seen" elif .inferred then "inferred" else "silent" end)"' "$1" | sort
}

# "visible shown wrong": hops the truth can show; those a run shows right; those it shows otherwise.
compare() { # truth rows
	awk 'NR == FNR {truth[$1 " " $2] = $3; visible += $3 != "*"; next}
		$3 == "*" {next}
		truth[$1 " " $2] == $3 {right++; next}
		{wrong++}
		END {printf "%d %d %d\n", visible, right, wrong}' "$1" "$2"
}

identity() { # ndjson
	jq -e 'select(.type == "end") | .accounting |
		.attempted == .replied + .timed_out + .tx_errors + .blocked and .lost == 0 and
		.matched == .replied + .duplicates and .complete_paths == .paths' "$1"
}

# Every hop right, 99 % of them shown, in bounded time and within three attempts.
audit_grid() { # name targets args...
	local name=$1 targets=$2 out=$LAB_DIR/$1.ndjson visible shown wrong
	shift 2
	check "$name: the audit ends" timeout 60 nsenter --net="/run/netns/$LAB_VANTAGE" "$CP" audit --blocklist none \
		--no-rdns --overlay "$LAB_OVERLAY" --vantage-as 8075 "@$targets" -o "ndjson=$out" "$@"
	grid_truth "$targets" >"$LAB_DIR/$name.truth"
	grid_rows "$out" >"$LAB_DIR/$name.rows"
	read -r visible shown wrong < <(compare "$LAB_DIR/$name.truth" "$LAB_DIR/$name.rows")
	check_eq "F30: $name: no hop is wrong" 0 "$wrong"
	check "F30: $name: 99 % of $visible hops are shown ($shown)" test $((shown * 100)) -ge $((visible * 99)) -a "$visible" -gt 0
	check_eq "$name: every destination is reached" "$(wc -l <"$targets")" \
		"$(jq -r 'select(.type == "path" and .reached) | .destination.ip' "$out" | sort -u | wc -l)"
	# More only of what a busy host did not transmit.
	check_eq "$name: three attempts at most" true "$(jq -s '(if .[-1].accounting.tx_errors > 0 then 7 else 3 end) as $most |
		map(select(.type == "path") | .hops[].attempts) | max <= $most' "$out")"
	check_eq "$name: what is inferred has no round trip, and says why" 0 \
		"$(jq -r 'select(.type == "path") | .hops[] | select(.inferred) |
			select(.rtt_us != null or .reply != null or (.flags | index("limited") | not)) | .ttl' "$out" | wc -l)"
	check "$name: the accounting adds up, every path is complete" identity "$out"
	check "$name: bounded in time" jq -e 'select(.type == "end") | .accounting.total_ns < 25e9' "$out"
}

n_marked() { # ndjson how
	awk -v how="$2" '$4 == how {n++} END {print n + 0}' "$LAB_DIR/$1.rows"
}

if lab_up_grid 1200; then
	head -n 12 "$LAB_TARGETS" >"$LAB_DIR/few"
	head -n 240 "$LAB_TARGETS" >"$LAB_DIR/crowd"

	audit_grid few "$LAB_DIR/few"
	check_eq 'F30: few: all of them are seen, none inferred' 0 "$(n_marked few inferred)"
	sleep 7 # the routers have their burst again
	audit_grid crowd "$LAB_DIR/crowd"
	check 'F30: crowd: most are inferred' test "$(n_marked crowd inferred)" -gt "$(n_marked crowd seen)"
	check 'F30: crowd: a warning names the TTL' jq -se 'any(.[]; .code == "rate-limited" and
		(.text | test("TTL 1 .*198[.]18[.]0[.]")))' "$LAB_DIR/crowd.ndjson"
	check_eq 'F30: crowd: the summary counts what was seen only' "$(($(n_marked crowd seen) + 240))" \
		"$(jq -r 'select(.type == "summary") | .accounting.hops_seen' "$LAB_DIR/crowd.ndjson")"
	sleep 7
	audit_grid six "$LAB_TARGETS6"
	lab_down
else
	not_ok 'grid: builds' 'it did not'
fi
finish
