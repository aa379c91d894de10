#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_dashboard.sh: the dashboard in a real browser, over made-up runs (tests/web/
# mock_api.mjs stands in for the server). Both run in a lab namespace.
#
# Usage: test_dashboard.sh [PART...]   (parts of tests/web/dashboard.mjs; default: all)

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need node
lab_up_pair || exit 1
# shellcheck source=tests/lab/browser.sh
. "$_lib_root/tests/lab/browser.sh"

why=$(browser_missing)
[[ -z $why ]] || skip "the dashboard in a browser: $why"
[[ -s $BUILD/web/echarts.js ]] || skip 'the dashboard in a browser: the program was built without ECharts'

browser_run "$LAB_A" dashboard.mjs "$_lib_root/web/dashboard" "$BUILD/web/echarts.js" "$@"
finish
