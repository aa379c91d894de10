#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_systemd.sh: the units of packaging/ under a real systemd, this host's own,
# as the first process of a guest.

# shellcheck source=tests/qemu/vm.sh
. "$(dirname "$0")/vm.sh"

systemd=/lib/systemd
# What a machine without disks and logins gets by with; no logind, no udev, no journal.
units=(basic final local-fs local-fs-pre multi-user network network-online paths poweroff shutdown slices sockets swap
	sysinit timers time-set time-sync umount)

with_systemd() { # root
	local root=$1 unit
	_image_copy "$root" "$systemd"/{systemd,systemd-shutdown} "$(type -P systemctl)" &&
		make -s -C "$_vm_root" install B="$(realpath "$BUILD")" DESTDIR="$root" PREFIX=/usr || return
	mkdir -p "$root/usr/lib/systemd/system" "$root/etc/systemd/system/multi-user.target.wants" "$root/etc/coldpotato" \
		"$root/var/lib" "$root/var/tmp" "$root/var/log" || return
	for unit in "${units[@]/%/.target}" systemd-poweroff.service; do
		cp "$systemd/system/$unit" "$root/usr/lib/systemd/system/" || return
	done
	cp "$_vm_root/tests/qemu/guest/systemd.service" "$root/etc/systemd/system/tests.service" &&
		ln -s ../tests.service "$root/etc/systemd/system/multi-user.target.wants/" &&
		ln -s /usr/lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target" &&
		ln -s /bin/busybox "$root/usr/bin/kill" # of procps
	printf 'NAME=guest\nID=guest\n' >"$root/etc/os-release"
	: >"$root/etc/machine-id"
}

[[ -x $systemd/systemd && -n $(type -P systemctl) ]] || _vm_skip 'no systemd here'
_vm_mebibytes=1024
vm_test 6.1 bookworm systemd with_systemd
