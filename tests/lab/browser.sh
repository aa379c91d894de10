# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# browser.sh: what lab tests that drive a browser source after lib.sh. Debian's
# chromium, driven by playwright-core from npm, inside a lab namespace: nothing it
# may ask for can leave the machine. Knows no page.

# shellcheck disable=SC2154 # _lib_root is lib.sh's
_browser_scripts=$_lib_root/tests/web
BROWSER=$(type -P chromium || type -P chromium-browser) || BROWSER=''
BROWSER_MODULES=$BUILD/web/browser
BROWSER_SHOTS=$BUILD/web/shots
mkdir -p "$BROWSER_SHOTS"

# Says why the browser cannot be driven; nothing when it can.
browser_missing() {
	local lock=$_browser_scripts/package-lock.json

	[[ -n $BROWSER ]] || { echo 'no chromium (scripts/deps test)'; return; }
	type node npm >/dev/null 2>&1 || { echo 'no nodejs or npm (scripts/deps test)'; return; }
	cmp -s "$lock" "$BROWSER_MODULES/package-lock.json" && [[ -d $BROWSER_MODULES/node_modules ]] && return
	mkdir -p "$BROWSER_MODULES" && cp "${lock/-lock/}" "$lock" "$BROWSER_MODULES"
	(cd "$BROWSER_MODULES" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
		--fetch-retries=1 --fetch-timeout=60000) >"$LAB_DIR/npm.log" 2>&1 || echo 'npm cannot get playwright-core'
}

# Runs a script of tests/web in a namespace; its lines "ok - " and "not ok - " are checks of this test.
browser_run() { # namespace script args...
	local ns=$1 script=$2 log=$LAB_DIR/browser.log line
	shift 2
	lab_exec "$ns" node "$_browser_scripts/$script" "$BROWSER_MODULES" "$BROWSER" "$BROWSER_SHOTS" "$@" >"$log" 2>&1
	cat "$log"
	while read -r line; do
		case $line in
		'ok - '*) _lib_n_ok=$((_lib_n_ok + 1)) ;;
		'not ok - '*) _lib_n_not_ok=$((_lib_n_not_ok + 1)) ;;
		esac
	done <"$log"
	check 'the browser was driven to the end' grep -q '^# end$' "$log"
}
