#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_6_1.sh: the program on the kernel of Debian 12, the oldest it supports.

# shellcheck source=tests/qemu/vm.sh
. "$(dirname "$0")/vm.sh"
vm_test 6.1 bookworm kernels
