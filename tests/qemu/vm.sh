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
_vm_mebibytes=768

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

# A guest that asks for it, by a line "freeze N" among its results, stands still for N seconds, as one does that is moved
# to another host.
_vm_freeze() { # qemu-pid results-file asked-before
	local seconds
	[[ -e $2 ]] || return
	mapfile -t seconds < <(tr -d '\r' <"$2" | sed -n 's/^freeze \([0-9]*\)$/\1/p')
	((${#seconds[@]} > $3)) || return
	kill -STOP "$1"
	sleep "${seconds[$3]}"
	kill -CONT "$1"
}

# -cpu: QEMU 7.2 emulates the 16-byte compare-and-swap in a way that Linux 6.12 crashes on; four levels of page tables
# are faster than five.
_vm_boot() { # guest
	local base=$image_dir/$1 pid end=$((SECONDS + _vm_seconds)) n_frozen=0
	qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max,cx16=off,la57=off -smp 2 -m "$_vm_mebibytes" \
		-nodefaults -no-user-config -display none -no-reboot -kernel "$image_dir/vmlinuz" \
		-initrd "$base.initramfs" -append "console=ttyS0 quiet panic=-1 mitigations=off guest=$1" \
		-chardev file,id=console,path="$base.console" -serial chardev:console \
		-chardev file,id=results,path="$base.results" -serial chardev:results \
		-netdev hubport,id=near,hubid=0 -device virtio-net-pci,netdev=near,mac=02:00:00:00:00:0a \
		-netdev hubport,id=far,hubid=0 -device virtio-net-pci,netdev=far,mac=02:00:00:00:00:0b \
		</dev/null 2>"$base.qemu" &
	pid=$!
	# shellcheck disable=SC2064 # the pid of now
	trap "kill -CONT $pid; kill $pid 2>/dev/null" EXIT
	while kill -0 $pid 2>/dev/null && ((SECONDS < end)); do
		! _vm_freeze $pid "$base.results" $n_frozen || n_frozen=$((n_frozen + 1))
		sleep 0.2
	done
	kill $pid 2>/dev/null
	wait $pid
	trap - EXIT
}

# Boots a kernel with a script of tests/qemu/guest, and prints its results as those of this test. The function, if one is named,
# is given the guest's root directory before it is packed.
vm_test() { # series suite guest [function]
	local base status root what="$1 $3"
	_vm_need
	image_kernel "$1" "$2" || _vm_skip "no cloud kernel $1 of Debian $2 to be had here"
	base=$image_dir/$3 root=$image_dir/$3.root
	rm -rf "$root" "$base".{initramfs,console,results,qemu}
	if ! { image_root "$root" && ${4:-true} "$root" && image_pack "$root" "$base.initramfs"; }; then
		echo "not ok - $what: the guest can be built"
		exit 1
	fi
	_vm_boot "$3"
	rm -f "$base.initramfs"
	tr -d '\r' <"$base.results" | sed "s/^\(ok\|not ok\|SKIP\) - /&$1: /"
	status=$(tr -d '\r' <"$base.results" | sed -n 's/^end of tests: //p')
	[[ -z $status ]] || exit "$status"
	echo "not ok - $what: the guest comes to the end of its tests within $_vm_seconds s:"
	grep -v 'is not connected to host network' "$base.qemu"
	tail -n 40 "$base.console"
	exit 1
}
