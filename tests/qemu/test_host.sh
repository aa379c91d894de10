#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_host.sh: what happens to the machine under the program: power, clocks, a
# standstill.

# shellcheck source=tests/qemu/vm.sh
. "$(dirname "$0")/vm.sh"
vm_test 6.1 bookworm host
