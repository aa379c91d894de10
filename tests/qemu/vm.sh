# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# vm.sh: boots a guest and reports what its tests say. Emulated (TCG): no KVM is
# needed. Its only network is a hub between two NICs of its own.

set -uo pipefail
_vm_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${B:-build}
# shellcheck source=tests/qemu/image.sh
. "$_vm_root/tests/qemu/image.sh"
_vm_seconds=540 # then it is taken to hang; alone on two cores it takes a minute or two

_vm_skip() { # why
	echo "SKIP - $1"
	exit 0
}

_vm_need() {
	local tool
	[[ $(uname -m) == x86_64 ]] || _vm_skip 'the guests are x86_64'
	for tool in qemu-system-x86_64 busybox apt-get dpkg xz "${_image_programs[@]}"; do
		type -P "$tool" >/dev/null || _vm_skip "no $tool (scripts/deps qemu)"
	done
}

# -cpu: QEMU 7.2 emulates the 16-byte compare-and-swap in a way that Linux 6.12 crashes on; four levels of page tables
# are faster than five.
_vm_boot() { # console-file results-file
	qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max,cx16=off,la57=off -smp 2 -m 768 \
		-nodefaults -no-user-config -display none -no-reboot -kernel "$image_dir/vmlinuz" \
		-initrd "$image_dir/initramfs" -append 'console=ttyS0 quiet panic=-1 mitigations=off' \
		-chardev file,id=console,path="$1" -serial chardev:console \
		-chardev file,id=results,path="$2" -serial chardev:results \
		-netdev hubport,id=near,hubid=0 -device virtio-net-pci,netdev=near,mac=02:00:00:00:00:0a \
		-netdev hubport,id=far,hubid=0 -device virtio-net-pci,netdev=far,mac=02:00:00:00:00:0b \
		</dev/null 2>"$1.qemu" &
	local pid=$! end=$((SECONDS + _vm_seconds))
	# shellcheck disable=SC2064 # the pid of now
	trap "kill $pid 2>/dev/null" EXIT
	while kill -0 $pid 2>/dev/null && ((SECONDS < end)); do
		sleep 0.2
	done
	kill $pid 2>/dev/null
	wait $pid
	trap - EXIT
}

# Boots a kernel, and prints its results as those of this test.
vm_test() { # series suite
	local console results status
	_vm_need
	image_kernel "$1" "$2" || _vm_skip "no cloud kernel $1 of Debian $2 to be had here"
	image_initramfs || { echo "not ok - $1: the guest can be built" && exit 1; }
	console=$image_dir/console results=$image_dir/results
	rm -f "$console" "$results"
	_vm_boot "$console" "$results"
	tr -d '\r' <"$results" | sed "s/^\(ok\|not ok\|SKIP\) - /&$1: /"
	status=$(tr -d '\r' <"$results" | sed -n 's/^end of tests: //p')
	[[ -z $status ]] || exit "$status"
	echo "not ok - $1: the guest comes to the end of its tests within $_vm_seconds s:"
	grep -v 'is not connected to host network' "$console.qemu"
	tail -n 40 "$console"
	exit 1
}
