# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# image.sh: makes what a guest boots from: a Debian kernel, downloaded and
# unpacked below the build directory but never installed, and an initramfs of
# this host's own programs, the built tree, and kernel modules. Knows nothing of
# what runs in the guest.

_image_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# What the guest's scripts call that is not left to busybox.
_image_programs=(bash bpftool cp cut date diff dmsetup dnsmasq env ethtool find grep head id ip jq mawk mkdir mke2fs mktemp
	mount nsenter ping rm sed seq setpriv sleep sort sqlite3 ss stat tail tc timeout tr umount uniq unshare wc xargs)
_image_built=(coldpotato lab/tcp_sink lab/tcx_query)
# Directories of modules, with all that these modules need.
_image_modules=(drivers/block/brd.ko drivers/md/{dm-mod,dm-flakey}.ko drivers/net/veth.ko drivers/net/virtio_net.ko drivers/net/net_failover.ko drivers/virtio
	net/{802,8021q,core,llc,mpls,sched} net/ipv4/ip_tunnel.ko)

# Runs an apt program that sees one Debian suite only, from the mirror the host uses; its lists are kept below $1.
_image_apt() { # directory suite program args...
	local dir=$1 mirror
	mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2>/dev/null | sed -n 's/^Debian \(.*\)/\1/p' | head -n 1)
	[[ -n $mirror ]] || return
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" || return
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $2 main" >"$dir/sources.list"
	(
		cd "$dir" && LC_ALL=C exec "$3" -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=- \
			-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root "${@:4}"
	) 2>/dev/null
}

_image_download() { # directory series suite: a .deb in the directory
	local package
	_image_apt "$1" "$3" apt-get -qq update >/dev/null || return
	package=$(_image_apt "$1" "$3" apt-cache search --names-only "^linux-image-$2\\.[^ ]*-cloud-amd64\$" |
		cut -d' ' -f1 | sort -V | tail -n 1)
	[[ -n $package ]] && _image_apt "$1" "$3" apt-get -qq download "$package" >/dev/null
}

# Of a kernel package: vmlinuz, and the modules as plain files with their dependencies.
_image_unpack() { # directory
	local dir=$1 all=$1/all release module
	dpkg -x "$dir"/linux-image-*.deb "$all" && release=$(basename "$all"/lib/modules/*) || return
	for module in "${_image_modules[@]/#/lib/modules/$release/kernel/}"; do
		(cd "$all" && find . -path "./$module*" -name '*.ko*' -exec cp --parents -t "$dir/part" {} +) || return
	done
	find "$dir/part" -name '*.ko.xz' -exec xz -d {} + && busybox depmod -b "$dir/part" "$release" &&
		cp "$all/boot/vmlinuz-$release" "$dir/vmlinuz"
}

_image_fetch() { # directory series suite
	rm -rf "$1"
	mkdir -p "$1/part" && _image_download "$@" && _image_unpack "$1" || return
	echo "${_image_modules[*]}" >"$1/part/of" && mv "$1/part" "$1/modules"
	rm -rf "$1"/{all,cache,lists,*.deb}
}

# A kernel below the build directory, from before or fetched now: $image_dir with vmlinuz and modules/. Tests that run at
# once share it, and take turns here.
image_kernel() { # series suite
	local dir
	dir=$(realpath "$BUILD")/qemu
	image_dir=$dir/$1
	mkdir -p "$dir" && (
		flock 9
		[[ $(cat "$image_dir/modules/of" 2>/dev/null) != "${_image_modules[*]}" ]] || exit 0
		_image_fetch "$image_dir.new" "$@" || exit
		rm -rf "$image_dir"
		mv "$image_dir.new" "$image_dir"
	) 9>"$dir/$1.lock"
}

# Copies programs, and the libraries they take, to their places below a root.
_image_copy() { # root program...
	{
		printf '%s\n' "${@:2}"
		ldd "${@:2}" | grep -o '/[^ :]* (' | cut -d' ' -f1
	} | sort -u | xargs cp -L --parents -t "$1"
}

# The directory tree that a guest starts from, made anew each time: that takes a second, and it cannot be stale. The
# built tree is in /src.
image_root() { # root
	local root=$1 dir programs built
	rm -rf "$root"
	mkdir -p "$root"/{dev,etc,proc,root,run,sys,tmp,usr/{bin,busybox,lib,lib64,sbin},src/{build/lab,scripts,tests}} || return
	for dir in bin lib lib64 sbin; do
		ln -s "usr/$dir" "$root/$dir"
	done
	mapfile -t programs < <(type -P "${_image_programs[@]}")
	[[ ${#programs[@]} == "${#_image_programs[@]}" ]] || return
	_image_copy "$root" "${programs[@]}" "$(realpath "$BUILD/coldpotato")" && cp /bin/busybox "$root/bin/" || return
	busybox --list | xargs -I{} ln -s /bin/busybox "$root/usr/busybox/{}"
	ln -s /bin/busybox "$root/usr/sbin/modprobe" # the kernel looks for it here
	echo 'root:x:0:0::/root:/bin/bash' >"$root/etc/passwd"
	cp -r "$image_dir/modules/lib/modules" "$root/usr/lib/" || return
	cp -r "$_image_root/tests/"{lab,qemu} "$root/src/tests/" && cp "$_image_root/scripts/lab" "$root/src/scripts/" || return
	for built in "${_image_built[@]}"; do
		cp "$BUILD/$built" "$root/src/build/$built" || return
	done
	ln -s src/tests/qemu/guest/init "$root/init"
}

image_pack() { # root initramfs
	(cd "$1" && find . | busybox cpio -o -H newc) >"$2" 2>/dev/null || return
	rm -rf "$1"
}
