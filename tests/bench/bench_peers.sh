#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bench_peers.sh: the same work for other tools and for ours, in the same lab
# and the same run (scripts/deps bench installs them). Asserts nothing.
# Arguments: paths, frames; default both. BENCH_QUICK=1: less of it.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
few=64
many=${BENCH_QUICK:+1000}
many=${many:-10000}
declare -A ours

version() { # package
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null | sed 's/^[0-9]*://; s/[-+].*//'
}

# --- whole paths ---

# Rows "destination ttl hop" of what traceroute, mtr (behind a line that names the destination) and scamper print.
seen_by_others() { # files...
	cat "$@" | awk '/^traceroute / {d = $2 == "to" ? $3 : $NF; next}
		$1 ~ /^[0-9]+(\.\|--)?$/ && $2 ~ /^[0-9.]+$/ {print d, $1 + 0, $2}'
}

seen_by_us() {
	jq -r 'select(.type == "path") | .destination.ip as $d | .hops[] | select(.ip and .reply) | "\($d) \(.ttl) \(.ip)"' \
		"$LAB_DIR/out.ndjson"
}

# "found% wrong" of such rows; hops beyond the truth's last one are repetitions of the end.
hops_found() {
	awk 'NR == FNR {truth[$1 " " $2] = $3; visible += $3 != "*"; next}
		!(($1 " " $2) in truth) || seen[$1 " " $2]++ {next}
		truth[$1 " " $2] == $3 {found++; next}
		{wrong++}
		END {print int(found * 1e5 / visible) / 1e3, wrong + 0}' "$LAB_DIR/truth" -
}

# Nobody balances here, so that any source port will do.
truth() { # destinations options...
	"$internet" truth "$1" --sport 40000 "${net_options[@]}" "${@:2}" | awk '{print $1, $4, $5}' >"$LAB_DIR/truth"
}

work() { # destinations
	targets "$1"
	cut -d: -f1 "$LAB_DIR/targets" >"$LAB_DIR/addresses"
	truth "$1"
}

path_row() { # key tool destinations seen-file
	local found wrong rate ratio
	read -r found wrong < <(hops_found <"$4")
	rate=$(calc "$3 / ${took[wall_s]}" %.0f)
	if [[ $2 == coldpotato* ]]; then
		ours[$1]=$rate
		ratio=''
	else
		ratio=$(calc "${ours[$1]} / $rate" %.1f)
		fact "paths/s beside $2, $(thousands "$3") destinations" "${ours[$1]}, $ratio times as many" "$rate, $found % of the hops"
	fi
	((!took[timed_out])) || ratio+=' (did not end in time)'
	row "$2" "$(thousands "$3")" "${took[wall_s]}" "$rate" "$ratio" "$found" "$wrong" "${took[cpu_s]}"
}

path_ours() { # key what destinations options...
	audit "${@:4}" || return
	seen_by_us >"$LAB_DIR/seen"
	path_row "$1" "coldpotato, $2" "$3" "$LAB_DIR/seen"
}

path_scamper() { # key what options-of-trace
	command -v scamper >/dev/null || { row "scamper, $2" 'not installed' && return; }
	rm -f "$LAB_DIR/scamper.out"
	measure 100 scamper -c "trace $3 -m 30 -q 1 -w 1" -p 10000 -O text -o "$LAB_DIR/scamper.out" \
		-f "$LAB_DIR/addresses" || ((took[timed_out])) || { row "scamper, $2" "$(tail -n 1 "$LAB_DIR/said")" && return; }
	seen_by_others "$LAB_DIR/scamper.out" >"$LAB_DIR/seen"
	path_row "$1" "scamper $(version scamper), $2" "$many" "$LAB_DIR/seen"
}

# Tools for one destination, sixteen of them at a time; the command says "traceroute to DESTINATION" first.
path_single() { # tool name command, with $1 for the destination
	command -v "$1" >/dev/null || { row "$2" 'not installed' && return; }
	rm -rf "$LAB_DIR/single"
	mkdir "$LAB_DIR/single"
	measure 60 xargs -a "$LAB_DIR/addresses" -P 16 -n 1 sh -c "{ $3; } >\"$LAB_DIR/single/\$1\" 2>&1" sh ||
		((took[timed_out])) || { row "$2" "$(cat "$LAB_DIR"/single/* | tail -n 1)" && return; }
	seen_by_others "$LAB_DIR"/single/* >"$LAB_DIR/seen"
	path_row few "$2" $few "$LAB_DIR/seen"
}

peers_paths() {
	cat <<'END'
### Paths

10 % of the routers and 5 % of the destinations are silent; 30 TTLs, one attempt at each. Tools for one destination run sixteen at
a time. Wrong are hops that contradict the truth. "Ours" is how many paths a second coldpotato has for one of theirs, by the row
of the same number of destinations above, which has the same rate limit as theirs, if they have one.

END
	near_end_up
	net_up --silent 10 --dark 5
	{
		row tool destinations 'wall s' 'paths/s' ours '% found' wrong 'CPU s'
		work $few
		path_ours few '10,000 packets/s' $few -q 1 --datapath tc
		path_single traceroute "traceroute $(version traceroute), 16 at a time" \
			'traceroute -T -n -q 1 -w 1 -m 30 -p 443 "$1"'
		path_single mtr "mtr $(version mtr-tiny), 16 at a time" \
			'echo "traceroute to $1"; mtr -T -P 443 -n -r -c 1 -G 1 -Z 1 -m 30 "$1"'
		work "$many"
		path_ours many '10,000 packets/s' "$many" -q 1 --datapath tc
		path_scamper many 'TCP, 10,000 packets/s' '-P tcp -d 443'
		truth "$many" --echo 1
		path_scamper many 'ICMP Paris, 10,000 packets/s' '-P icmp-paris'
		truth "$many"
		near_end_down
		path_ours fast '2,000,000 packets/s' "$many" -q 1 --datapath xdp -r 2000000 &&
			fact "paths/s without a limit of 10,000 packets/s, $(thousands "$many") destinations" "${ours[fast]}"
	} >"$LAB_DIR/rows"
	net_down
	table <"$LAB_DIR/rows"
}

# --- raw emission ---

frame_row() { # tool
	local ratio=''
	if ((!took[packets])); then
		row "$1" "nothing sent: $(tail -n 1 "$LAB_DIR/said")"
		return
	fi
	if [[ $1 == coldpotato* ]]; then
		ours[frames]=${ours[frames]:-${took[pps]}}
	else
		ratio=$(calc "${ours[frames]} / ${took[pps]}" %.1f)
		fact "frames/s beside $1" "$(thousands "${ours[frames]}"), $ratio times as many" "$(thousands "${took[pps]}")"
	fi
	row "$1" "$(thousands "${took[packets]}")" "${took[link_s]}" "$(thousands "${took[pps]}")" "$ratio" "${took[link_cpu_pct]}"
}

frame_others() { # tool version command...
	command -v "$1" >/dev/null || { row "$1" 'not installed' && return; }
	measure 10 "${@:3}" || true # what it sent counts, not how it ends
	frame_row "$1 $2"
}

peers_frames() {
	cat <<'END'
### Frames

SYNs to 65,536 destinations that do not answer, without a rate limit, as the link counts them; the rate is that of the middle nine
tenths. Ours are probes of 30 TTLs, whose bookkeeping is part of the work.

END
	net_up --silent 100 --dark 100
	targets 65536
	{
		row tool frames s 'frames/s' ours '% of a core'
		audit --datapath xdp -r 10000000 -q 1 --exhaustive && frame_row 'coldpotato, XDP'
		near_end_up
		audit --datapath tc -r 10000000 -q 1 --exhaustive -m 10 && frame_row 'coldpotato, tc'
		frame_others zmap "$(version zmap)" zmap -i eth0 -G "$far_mac" -S "$LAB_A_ADDR" -p 443 -P 3 -B 10G -c 1 -b /dev/null \
			-C /dev/null -o /dev/null -q --disable-syslog 198.19.0.0/16
		frame_others masscan "$(version masscan)" masscan 198.19.0.0/16 -p 440-442 --adapter eth0 --adapter-ip "$LAB_A_ADDR" \
			--adapter-port 61000 --router-mac "$far_mac" --rate 10000000 --wait 0 -oL /dev/null
		near_end_down
	} >"$LAB_DIR/rows"
	net_down
	table <"$LAB_DIR/rows"
}

pair_up
(($# > 0)) || set -- paths frames
for peers in "$@"; do
	"peers_$peers"
done
