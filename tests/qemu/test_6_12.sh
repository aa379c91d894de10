#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_6_12.sh: the program on the newer kernel that Debian 12 offers.

# shellcheck source=tests/qemu/vm.sh
. "$(dirname "$0")/vm.sh"
vm_test 6.12 bookworm-backports kernels
