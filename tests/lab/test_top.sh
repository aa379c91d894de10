#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_top.sh: watch --top on a real terminal (tmux): what it shows, what keys
# do, that a route's change is shown, that auditing goes on whatever becomes of
# the terminal, and that it is put back however it ends.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/terminal.sh
. "$(dirname "$0")/terminal.sh"

lab_need tmux jq script sqlite3
lab_up_story || exit 1

conf=$LAB_DIR/watch.yaml
cat >"$conf" <<END
agent: lab
store: $LAB_DIR/runs.db
overlay: $LAB_OVERLAY
rate: 2k
alerts: {confirm: 1/2}
defaults: {vantage_as: AS8075, jitter: 0s}
audits:
  - {name: names, targets: ["@$LAB_NAMES"], interval: 1h}
  - {name: two, targets: [zenn.dev, login.microsoft.com], interval: 1s, flows: 2}
END
cp "$conf" "$LAB_DIR/good.yaml"
top_args=(-c "$conf" --blocklist none --resolver "$LAB_DNS")
mark='coldpotato watch  [0-9:]+ UTC'

top() { # words...
	run_there "$CP" watch --top "${top_args[@]}" "$@"
}

# Runs that the store has of an audit.
n_runs() { # audit
	sqlite3 "$LAB_DIR/runs.db" "SELECT count(*) FROM runs WHERE audit = '$1' AND end_reason = 'done'"
}

until_runs() { # audit n
	local i
	for ((i = 0; i < 200; i++)); do
		(($(n_runs "$1") < $2)) || return 0
		sleep 0.1
	done
	echo "$1 has $(n_runs "$1") runs"
	return 1
}

# --- where it cannot ---

refuses 'without a terminal it says so' 2 '--top wants a terminal on standard input and output' \
	lab_exec "$LAB_COLD" "$CP" watch --top "${top_args[@]}"
dumb() { # TERM: on a terminal of that kind; what is said there goes to standard error
	script -qec "ip netns exec $LAB_COLD env TERM=$1 $CP watch --top ${top_args[*]}" /dev/null >&2
}
refuses 'a dumb terminal will not do' 2 "TERM is 'dumb'" dumb dumb
refuses 'nor one that nobody knows' 2 "TERM is 'nosuch'" dumb nosuch
refuses 'standard output is the screen' 2 'top does not go with --output' \
	lab_exec "$LAB_COLD" "$CP" watch --top "${top_args[@]}" -o ndjson
refuses 'nothing to look at with --check' 2 'top does not go with --check' \
	lab_exec "$LAB_COLD" "$CP" watch --top "${top_args[@]}" --check
refuses 'nothing to look at with --once' 2 'top does not go with --once' \
	lab_exec "$LAB_COLD" "$CP" watch --top "${top_args[@]}" --once

# --- what it shows ---

open_terminal "$LAB_HOT" 79 24
top
check 'a narrow terminal is refused' sees '^coldpotato: --top wants a terminal of 80x24 at least; this one is 79x24'
run_there 'echo status-$?'
check 'a narrow terminal: the exit status' sees '^status-2$'
tm resize-window -t t -x 80 -y 24
run_there clear
stty_there "$LAB_DIR/stty.before"
top
check 'agent, time and rate' sees '^coldpotato watch  [0-9:]{8} UTC  2,000/s  lab +1/13'
check 'all audits together' sees '^> all audits +.* [1-9] transit'
check 'one that waits' sees '^  names +in (60|59) min +took [0-9.]+ s +3 transit, 8 inside'
check 'a target, its verdict and its path' sees '^> zenn.dev +transit +medium +0% +[0-9.]+ +> 3491 PCCW'
check 'the latest log line' sees '^[0-9:]{8} (two|names): [0-9]+ targets?'
check 'nothing is wider than the screen' test -z "$(screen | LC_ALL=C.UTF-8 grep -E '^.{81,}')"

# --- keys ---

keys Tab
check 'Tab: one audit' sees '^> names +in '
check 'Tab: its targets' sees ' 1/11$'
keys Tab
check 'Tab: the next one' sees '^> two +(running|in |due)'
keys BTab BTab
check 'Shift-Tab: all again' sees '^> all audits'
keys / xbox Enter
check '/: a filter' sees ' 1/1  /xbox$'
check '/: what it lets through' sees '^> www.xbox.com +transit'
keys Escape
check 'Esc: no filter' sees ' [0-9]+/13$'
keys / control Enter
check '/: a group' sees '/control'
keys Escape s s
check 's: sorted' sees ' by verdict$'
check 's: the worst first' test "$(screen | grep -E '^.[ !].* (transit|inside) ' | grep -oE 'transit|inside' | head -n 1)" = transit
keys s s s s '?'
check '?: help' sees '^ Keys'
keys Space
check 'any key goes back' sees '^> all audits'
keys Home Enter
check 'Enter: a target' sees '^zenn.dev  audit names  group '
check 'Enter: its verdict' sees '^transit \(confidence medium\)  .*> 3491 PCCW Global 13335 Cloudflare'
check 'Enter: where it leaves home' sees '^leaves home between '
check 'Enter: a path' sees '^ TTL 198.18.49.[0-9]+ flow 0: transit, medium +AS +ms$'
check 'Enter: the exit is marked' sees '^ > [0-9] .*pccwbtn.net +3491 PCCW Global +[0-9.]+$'
check 'Enter: silent hops are stars' sees '^ +2 \*$'
keys n
check 'n: addresses' sees '^ > [0-9] 198.18.96.[0-9]+ +3491'
keys n Tab
check 'Tab: the next target' sees '^vm-own.lab  audit names'
keys Escape
check 'Esc: the list' sees '^> all audits'
keys L
check 'L: the log' sees '^Time +Log, the newest first'
check 'L: its lines' sees '^[0-9:]{8} +two: 2 targets: 1 transit, 1 inside; 100 %'
keys L
sees '^> all audits' >/dev/null

# --- holding and hurrying ---

keys p
check 'p: said' sees ' PAUSED$'
check 'p: held' sees '^  two +held'
sleep 0.5
n=$(n_runs two)
sleep 2.5
check_eq 'p: no audit begins' "$n" "$(n_runs two)"
n=$(n_runs names)
keys Tab a
check 'a: the audit runs now' until_runs names $((n + 1))
check 'a: it is held again' sees '^> names +held'
check_eq 'a: no other does' 1 $(($(n_runs names) - n))
keys p BTab
check 'p: it goes on' sees_not 'PAUSED'
n=$(n_runs two)
check 'p: runs again' until_runs two $((n + 1))

# --- a route changes ---

# Learned from first: three runs.
check 'some runs' until_runs two 5
via=$(ip -n "$LAB_ID-h4" route get 198.18.17.30 | sed -n 's/.* via \([^ ]*\) .*/\1/p')
ip -n "$LAB_ID-h4" route replace 198.18.49.0/24 via "$via"
keys Tab
sees '^> names' >/dev/null
keys Tab
check 'change: marked and counted' sees '^.!zenn.dev +direct +medium +0% +[0-9.]+ +[1-9] +8075 '
check 'change: in the log' sees '^[0-9:]{8} '
keys c
check 'change: what it was' sees '^[> ] [0-9:]{8} +info +zenn.dev +verdict +transit -> direct'
check 'change: another exit' sees '^[> ] [0-9:]{8} +warning +zenn.dev +exit-as-gone 3491 -> 13335'
check 'change: of one audit' sees ' changes of two$'
keys Enter
check 'change: Enter opens its target' sees '^zenn.dev  audit two'
check 'change: of the target' sees '^[0-9:]{8} +info +verdict +transit -> direct'
check 'change: its path now' sees '^direct \(confidence medium\)  .*8075 .*> 13335 Cloudflare'
keys l r
check 'r: counted anew' sees '^> zenn.dev +direct +medium +0% +[0-9.]+ +8075 '

# --- the file is read again; the screen is not torn ---

pid=$(program_pid)
sed 's/interval: 1s/interval: 1/' "$LAB_DIR/good.yaml" >"$conf"
kill -HUP "$pid"
check 'SIGHUP: a wrong file is said at the bottom' sees '^[0-9:]{8} .*watch.yaml:9:'
sed 's/name: names/name: renamed/' "$LAB_DIR/good.yaml" >"$conf"
kill -HUP "$pid"
check 'SIGHUP: a good one is taken' sees '^  renamed +'
check 'SIGHUP: what goes on keeps its results' sees '^> zenn.dev +direct'
check 'the screen is whole' test "$(screen | grep -cE '^(coldpotato watch|  Target  |q quit)')" = 3
cp "$LAB_DIR/good.yaml" "$conf"

# --- sizes ---

tm resize-window -t t -x 70 -y 20
check 'a terminal that becomes too small is told' sees '70x20 is too small'
tm resize-window -t t -x 120 -y 40
check 'a wide one is used' sees '^  Target +Address +Verdict'
tm resize-window -t t -x 80 -y 24
check 'and a small one again' sees '^  Target +Verdict'

# --- ends ---

keys q
check 'q: the terminal is as it was' is_restored 0 "$mark"
check_eq 'q: nothing is left attached' '' "$(attached "$LAB_HOT")"
check_eq 'q: the run at hand is in the store as what it is' 0 \
	"$(sqlite3 "$LAB_DIR/runs.db" "SELECT count(*) FROM runs WHERE end_reason IS NULL")"

for signal in INT:130 TERM:143 SEGV:139 ABRT:134 QUIT:131; do
	top
	sees "$mark" >/dev/null
	kill "-${signal%:*}" "$(program_pid)"
	# What the shell says of a death stands on the screen it was given back.
	check "SIG${signal%:*}: the terminal is as it was" is_restored "${signal#*:}" "$mark"
done

top
sees '^> zenn.dev' >/dev/null
keys C-z
check 'Ctrl-Z: the shell is back' sees_not "$mark"
run_there fg
check 'Ctrl-Z: it goes on' sees "$mark"
n=$(n_runs two)
check 'Ctrl-Z: so do the audits' until_runs two $((n + 1))
keys q
check 'Ctrl-Z: the terminal is as it was' is_restored 0 "$mark"

run_there "$CP" watch --top "${top_args[@]}" -c "$LAB_DIR/nosuch.yaml"
check 'a failure is said on a usable terminal' sees '^coldpotato: .*nosuch.yaml'
run_there clear

# --- a terminal that takes nothing ---

top
sees '^> zenn.dev' >/dev/null
keys C-s
n=$(n_runs two)
check 'Ctrl-S: auditing goes on' until_runs two $((n + 4))
before=$(screen | head -n 1)
sleep 1.5
check_eq 'Ctrl-S: the screen stands still' "$before" "$(screen | head -n 1)"
keys C-q
sleep 1
check 'Ctrl-Q: it moves again' test "$before" != "$(screen | head -n 1)"
for signal in TERM:143 SEGV:139; do
	keys C-s
	sleep 1
	begin=$(date +%s%N)
	pid=$(program_pid)
	kill "-${signal%:*}" "$pid"
	check "Ctrl-S, SIG${signal%:*}: it ends all the same" timeout 5 tail --pid="$pid" -f /dev/null
	check "Ctrl-S, SIG${signal%:*}: at once" test $((($(date +%s%N) - begin) / 1000000)) -lt 4000
	check "Ctrl-S, SIG${signal%:*}: the terminal is as it was" is_restored "${signal#*:}" "$mark"
	[[ $signal == SEGV:139 ]] || { top && sees '^> zenn.dev' >/dev/null; }
done

# --- standard error elsewhere ---

top --e2e 4 2\>"$LAB_DIR/top.log"
sees '^  zenn.dev .* [0-9.]+ ' >/dev/null
keys / two Escape Tab Tab Home Enter
check 'e2e: loss is of the whole way' sees '^198.18.49.[0-9]+ .* ms  loss 0% end to end  '
check 'e2e: a line a destination' sees '^     end to end: 4 of 4 probes answered, '
check 'log: shown' sees '^[0-9:]{8} two: 2 targets'
keys q
is_restored 0 "$mark" >/dev/null
check 'log: and written where it was to go' grep -qE '^coldpotato: two: 2 targets: ' "$LAB_DIR/top.log"
check_eq 'log: nothing else is written there' 0 "$(grep -cv '^coldpotato: ' "$LAB_DIR/top.log")"

# --- ASCII, no colour ---

run_there "LC_ALL=C NO_COLOR=1 $CP watch --top ${top_args[*]}"
check 'ASCII: it shows the targets' sees '^> zenn.dev +direct'
check 'ASCII: nothing else' test -z "$(screen | LC_ALL=C grep -P '[^\x00-\x7f]')"
check 'NO_COLOR: no colour' test -z "$(tm capture-pane -pe -t t | grep -P '\x1b\[([0-9]+;)*3[0-8](;[0-9]+)*m' | cat -v)"

# --- the terminal goes away ---

keys q
sees_not "$mark" >/dev/null
run_there "(trap '' HUP; $CP watch --top ${top_args[*]}; echo \$? >$LAB_DIR/status)"
sees '^> zenn.dev' >/dev/null
pid=$(program_pid)
close_terminal
check 'no terminal any more: it ends' timeout 10 tail --pid="$pid" -f /dev/null
check_eq 'no terminal any more: the exit status' 129 "$(cat "$LAB_DIR/status")"
check_eq 'no terminal any more: nothing is left attached' '' "$(attached "$LAB_HOT")"

finish
