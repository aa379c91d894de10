# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# lib.sh: what the benchmarks share: the XDP Internet on the far end of a pair
# (docs/lab.md), one way to measure a program, tables. Knows no single
# benchmark. BENCH_FACTS is the file that takes the lines of the summary.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib.sh"
internet=$BUILD/lab/internet
# shellcheck disable=SC2034 # for the benchmarks
mixed_weather=(--silent 10 --dark 5 --rst 10 --unreachable 5 --prohibited 5 --balanced 40 --mpls 10 --nat 5)
declare -A took accounting tally

# A line of the summary. Goals are those of the design, or what it is compared with.
fact() { # what measured goal
	printf '%s\t%s\t%s\n' "$1" "$2" "${3-}" >>"${BENCH_FACTS:-/dev/null}"
}

# Lines of cells with tabs between, the first one the heads -> a Markdown table that reads well as text, too.
table() {
	awk -F'\t' '
	{ for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) }
	  if (NF > columns) columns = NF }
	END {
		for (row = 1; row <= NR; row++) {
			line = rule = "|"
			for (i = 1; i <= columns; i++) {
				line = line sprintf(" %-*s |", width[i], cell[row, i])
				dashes = sprintf("%*s", width[i] + 2, "")
				gsub(/ /, "-", dashes)
				rule = rule dashes "|"
			}
			print line
			if (row == 1) print rule
		}
	}'
	echo
}

# Cells of one line.
row() {
	local IFS=$'\t'
	echo "$*"
}

calc() { # awk-expression format
	awk "BEGIN {printf \"${2:-%.2f}\", $1}"
}

# "1,048,576"
thousands() { # number
	sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"
}

# --- the network ---

wait_ready() { # node
	local i
	for ((i = 0; i < 500; i++)); do
		! grep -q '^ready' "$LAB_DIR/$1.log" 2>/dev/null || return 0
		sleep 0.01
	done
	cat "$LAB_DIR/$1.log" >&2
	exit 1
}

pair_up() {
	lab_need jq
	lab_up_pair || exit 1
	far_mac=$(lab_exec "$LAB_B" ip -br link show eth0 | awk '{print $3}')
	lab_exec "$LAB_A" ip route add 198.18.0.0/15 via "$LAB_B_ADDR" || exit 1
	lab_exec "$LAB_A" ip neigh replace "$LAB_B_ADDR" dev eth0 nud permanent lladdr "$far_mac" || exit 1
}

net_up() { # options...
	rm -f "$LAB_DIR/b.log"
	net_options=("$@")
	lab_serve b "$internet" serve "$LAB_B" eth0 "$@"
	net_pid=$!
	wait_ready b
}

net_down() {
	kill "$net_pid" && wait "$net_pid"
}

# What programs other than ours by XDP need: see docs/lab.md.
near_end_up() {
	rm -f "$LAB_DIR/a.log"
	lab_serve a "$internet" near-end "$LAB_A" eth0
	near_pid=$!
	wait_ready a
}

near_end_down() {
	kill "$near_pid" && wait "$near_pid"
}

targets() { # number: into $LAB_DIR/targets
	"$internet" targets "$1" >"$LAB_DIR/targets"
}

# --- the measured program ---

# Reads "name value" lines into an associative array.
read_values() { # array file
	local -n _array=$1
	local name value
	while read -r name value; do
		# shellcheck disable=SC2004 # a name, not a number
		_array[$name]=$value
	done <"$2"
}

# Runs a command beside the Internet and fills took[]; its output goes to $LAB_DIR/said.
measure() { # seconds command...
	local rc seconds=$1
	shift
	# shellcheck disable=SC2034 # for the caller
	took=()
	lab_exec "$LAB_A" "$BUILD/bench/bench_run" "$LAB_DIR/took" "$seconds" "$@" >"$LAB_DIR/said" 2>&1 </dev/null
	rc=$?
	read_values took "$LAB_DIR/took"
	return $rc
}

# An audit of $LAB_DIR/targets: records in $LAB_DIR/out.ndjson, accounting[] filled. Says why when it did not end well.
audit() { # options...
	local out=$LAB_DIR/out.ndjson rc
	accounting=()
	measure 300 "$CP" audit "@$LAB_DIR/targets" --blocklist none --no-rdns --vantage-as 8075 --progress never \
		-o "ndjson=$out" "$@"
	rc=$?
	if ! tail -n 1 "$out" | jq -e 'select(.type == "end" and .reason == "done")' >"$LAB_DIR/end"; then
		row "broke (exit $rc): $(tail -n 1 "$LAB_DIR/said")"
		return 1
	fi
	jq -r '.accounting | to_entries[] | select(.value | type == "number") | "\(.key) \(.value)"' "$LAB_DIR/end" \
		>"$LAB_DIR/accounting"
	read_values accounting "$LAB_DIR/accounting"
	accounting[probing_s]=$(calc "${accounting[probing_ns]} / 1e9" %.3f)
}

# Ends the Internet and fills tally[] with the comparison of the audit and the truth.
compare() {
	net_down
	tally=()
	"$internet" check "$LAB_DIR/out.ndjson" --sport "$(sed -n 's/^port_low //p' "$LAB_DIR/b.log")" \
		"${net_options[@]}" >"$LAB_DIR/tally" 2>/dev/null
	read_values tally "$LAB_DIR/tally"
	# Rounded down: only all is 100.
	tally[found_pct]=$(awk -v f="${tally[found]}" -v v="${tally[visible]}" 'BEGIN {print int(f * 1e5 / v) / 1e3}')
}
