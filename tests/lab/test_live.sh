#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_live.sh: trace --live on a real terminal (tmux): what it shows, what keys
# do, that a route's change is seen while it runs, that answers to older rounds
# count for none, and that the terminal is put back however it ends.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/terminal.sh
. "$(dirname "$0")/terminal.sh"

lab_need tmux jq script
lab_up_story || exit 1

live_args=(--blocklist none --resolver "$LAB_DNS" --overlay "$LAB_OVERLAY" --vantage-as 8075 --interval 200 -4)

# The first line stays the same for a second, once the round at hand is over.
stands_still() {
	local i before after
	for ((i = 0; i < 10; i++)); do
		before=$(screen | head -n 1)
		sleep 1
		after=$(screen | head -n 1)
		[[ $before != "$after" ]] || return 0
	done
	echo "$after"
	return 1
}

live() { # targets...
	run_there "$CP" trace --live "${live_args[@]}" "$@"
}

# --- where it cannot ---

refuses 'without a terminal it says so' 2 'terminal' run_cp "$LAB_COLD" trace --live zenn.dev
dumb() { # TERM: on a terminal of that kind; what is said there goes to standard error
	script -qec "ip netns exec $LAB_COLD env TERM=$1 $CP trace --live ${live_args[*]} zenn.dev" /dev/null >&2
}
refuses 'a dumb terminal will not do' 2 "TERM is 'dumb'" dumb dumb
refuses 'nor one that nobody knows' 2 "TERM is 'nosuch'" dumb nosuch
refuses '--live is for reading: no output format' 2 'live does not go with --output' \
	run_cp "$LAB_COLD" trace --live -o ndjson zenn.dev

# --- what it shows ---

open_terminal "$LAB_COLD" 80 24
stty_there "$LAB_DIR/stty.before"
live zenn.dev login.microsoft.com www.xbox.com nosuch.lab
check 'a list of all paths, judged' sees '^> zenn.dev +198.18.49.10 +direct +high +0%'
check 'a verdict each' sees '^  login.microsoft.com 198.18.17.31 +inside'
check 'what is not probed is there, with the reason' sees '^  nosuch.lab .*dns_nxd'
keys Enter
check 'one path, its verdict on top' sees '^direct \(confidence high\)  \* 8075 > 13335 Cloudflare'
check 'its routers, by name' sees '^ +6 ae20-0.ams-96c-1a +8075 +0% +[0-9]+ +[0-9.]+'
check 'the exit is marked' sees '^ >10 198.18.48.3 +13335 +0%'
check 'silent hops are stars' sees '^ +7 \* +100% +[0-9]+ +- +- '
check 'the end' sees '^ +11 198.18.49.10 +13335 +0%'
check 'nothing is wider than the screen' test -z "$(screen | LC_ALL=C.UTF-8 grep -E '^.{81,}')"

# --- keys ---

keys n
check 'n: addresses' sees '^ +6 198.18.16.[0-9]+ +8075'
keys n d
check 'd: names of ASes' sees '^ +6 ae20-0.ams-96c-1a .*8075 Microsoft'
keys d
check 'd: a long graph' sees 'Last Recent'
keys d Tab
check 'Tab: the next path' sees '^zenn.dev  198.18.49.11'
keys '?'
check '?: help' sees '^ Keys'
keys Space
check 'any key goes back' sees 'path 2/6'
keys p
check 'p: paused' sees 'PAUSED'
check 'p: nothing goes on' stands_still
keys r
check 'r: counted anew' sees 'round 0  PAUSED'
keys p
check 'p: it goes on' sees 'round [1-9][0-9]*$'
keys / xbox Enter
check '/: a filter' sees '^www.xbox.com .*path 1/1  /xbox'
keys Escape
check 'Esc: no filter' sees 'path [0-9]/6'
keys l s s s
check 's: sorted' sees 'by RTT'
tm resize-window -t t -x 70 -y 20
check 'a narrow terminal is told' sees '70x20 is too small'
tm resize-window -t t -x 120 -y 40
check 'a wide one is used' sees '^  Target {20,}Address'
tm resize-window -t t -x 80 -y 24
keys q
check 'q: the terminal is as it was' is_restored 0 'round [0-9]+'
check_eq 'q: nothing is left attached' '' "$(attached "$LAB_COLD")"

# --- ends ---

for signal in INT:130 TERM:143 SEGV:139 ABRT:134 QUIT:131 HUP:129; do
	live zenn.dev
	sees 'round [0-9]+' >/dev/null
	kill "-${signal%:*}" "$(program_pid)"
	# What the shell says of a death stands on the screen it was given back.
	check "SIG${signal%:*}: the terminal is as it was" is_restored "${signal#*:}" 'round [0-9]+'
done

# --- a run that fails ---

live nosuch.lab
check 'a failure is said on a usable terminal' sees 'no target resolves'
check 'a failure: the terminal is as it was' is_restored 1 'round [0-9]+'

# --- ASCII, no colour ---

run_there "LC_ALL=C NO_COLOR=1 $CP trace --live ${live_args[*]} zenn.dev --addresses first"
check 'ASCII: it shows the path' sees '^ >10 198.18.48.3 +13335'
check 'ASCII: nothing else' test -z "$(screen | LC_ALL=C grep -P '[^\x00-\x7f]')"
check 'NO_COLOR: no colour' test -z "$(tm capture-pane -pe -t t | grep -P '\x1b\[([0-9]+;)*3[0-8](;[0-9]+)*m' | cat -v)"
keys q
is_restored 0 'round [0-9]+' >/dev/null
close_terminal

# --- a route changes ---

# From the hot vantage zenn.dev is left to 3491. h4 then learns a better way, over m1: 8075 to the end.
via_m1=$(lab_exec "$LAB_ID-h4" ip -j addr show to-m1 | jq -r '.[0].addr_info[] | select(.family == "inet") | .local')
via_m1=${via_m1%.*}.$((${via_m1##*.} + 1)) # the far end of the /31
back_x1=$(lab_exec "$LAB_ID-x1" ip -j addr show to-m3 | jq -r '.[0].addr_info[] | select(.family == "inet") | .local')
back_x1=${back_x1%.*}.$((${back_x1##*.} - 1))
open_terminal "$LAB_HOT" 80 24
live zenn.dev --addresses first
check 'before: 3491 carries it' sees '^transit .*3491'
check 'before: its router' sees '^ > 5 .*pccwbtn.net +3491'
lab_exec "$LAB_ID-x1" ip route add "$LAB_HOT_ADDR/32" via "$back_x1"
lab_exec "$LAB_ID-h4" ip route replace 198.18.49.0/24 via "$via_m1"
check 'after: another router, marked as new' sees '^! +5 ae20-0.ams-96c-1a +8075'
check 'after: another verdict' sees '^direct \(confidence .*8075 > 13335'
keys d
check 'after: who it was' sees '^! +5 .*, was 198.18.9[0-9]'
keys q
close_terminal

# --- late answers ---

# Every answer takes longer than a round: it counts for no round, least of all for the one in which it comes.
lab_down
lab_up_pair || exit 1
lab_exec "$LAB_A" ip route add 198.19.0.0/16 via "$LAB_B_ADDR"
responder() { # delay
	ip netns exec "$LAB_B" "$BUILD/lab/responder" --hops 4 --delay-ms "$1" --seconds 60 eth0 >/dev/null &
	responder_pid=$!
}
live_args=(--blocklist none --no-rdns --interval 100 -w 300)
responder 5000
open_terminal "$LAB_A" 80 24
stty_there "$LAB_DIR/stty.before"
live 198.19.0.7
check 'late: rounds go on' sees 'round [1-9][0-9]'
check_eq 'late: nobody has answered' '' "$(screen | grep -E '^..[ 0-9][0-9] [0-9]')"
kill "$responder_pid"
wait "$responder_pid" 2>/dev/null
responder 50
check 'in time: the round trip is the whole one' sees '^ +2 [0-9.]+ .* 5[0-9]\.[0-9] +5[0-9]\.[0-9] +5[0-9]\.[0-9] '
keys q
check 'in time: the end' is_restored 0 'round [0-9]+'
close_terminal
kill "$responder_pid"
wait "$responder_pid" 2>/dev/null

finish
