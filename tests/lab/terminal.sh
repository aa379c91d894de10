# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# terminal.sh: a terminal (tmux) with a shell in a namespace, for the tests of
# live views: types, looks at the screen, compares what a program leaves behind.
# Sourced after lib.sh.

tm() { tmux -S "$LAB_DIR/tmux" "$@"; }

# A shell in a vantage, in a terminal of that size. Its prompt is a lone '$', so that the screen says when it is back.
open_terminal() { # namespace columns rows
	env -u NO_COLOR LC_ALL=C.UTF-8 tmux -S "$LAB_DIR/tmux" -f /dev/null new-session -d -s t -x "$2" -y "$3" \
		"nsenter --net=/run/netns/$1 bash --norc --noprofile"
	tm set-option -g status off
	run_there "PS1='\$ '; clear"
	sees '^\$$'
}

close_terminal() { tm kill-server 2>/dev/null; }

screen() { tm capture-pane -p -t t; }

# Waits until a line of the screen matches.
sees() { # regex
	local i
	for ((i = 0; i < 100; i++)); do
		! screen | grep -qE -- "$1" || return 0
		sleep 0.1
	done
	echo "no /$1/ in:"
	screen
	return 1
}

sees_not() { # regex
	local i
	for ((i = 0; i < 100; i++)); do
		screen | grep -qE -- "$1" || return 0
		sleep 0.1
	done
	echo "still /$1/ in:"
	screen
	return 1
}

keys() { tm send-keys -t t "$@"; }

# Types a command line.
run_there() { # words...
	keys -l "$*"
	keys Enter
}

# The program that the shell runs.
program_pid() { pgrep -nP "$(tm display-message -p -t t '#{pane_pid}')"; }

# The settings of the terminal, as its shell sees them, into a file.
stty_there() { # file
	run_there "stty -g >$1; echo so\$((40 + 2))"
	sees "^so42$" >/dev/null
	run_there clear
	sees '^\$$' >/dev/null
}

# The terminal is as it was: its settings (in $LAB_DIR/stty.before), its cursor, its screen, on which the view showed the
# mark, and the status of the program is this one.
is_restored() { # status mark
	sees_not "$2" || return
	run_there 'echo status-$?'
	sees "^status-$1\$" || return
	stty_there "$LAB_DIR/stty.after"
	diff "$LAB_DIR/stty.before" "$LAB_DIR/stty.after" || return
	[[ $(tm display-message -p -t t '#{alternate_on}#{cursor_flag}#{keypad_cursor_flag}') == 010 ]] ||
		{ tm display-message -p -t t '#{alternate_on}#{cursor_flag}#{keypad_cursor_flag}'; return 1; }
}
