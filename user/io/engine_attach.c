// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_attach.c: puts a capture program on an interface and takes it off
 * again. Never evicts anybody else's program.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "engine_impl.h"

/* Not in libbpf 1.1 nor in the headers of Linux 6.1; include/uapi/linux/bpf.h of 6.6. */
#define CP_BPF_TCX_INGRESS 46
#define CP_BPF_F_BEFORE (1u << 3)

uint32_t cp_xdp_owner(uint32_t ifindex)
{
	uint32_t id = 0;

	return bpf_xdp_query_id((int)ifindex, 0, &id) ? 0 : id;
}

static const char *xdp_mode_name(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query((int)ifindex, 0, &query) == 0 && query.attach_mode == XDP_ATTACHED_SKB)
		return "xdp-generic";
	return "xdp-native";
}

static int explain_xdp(struct cp_err *err, int rc, uint32_t ifindex, const char *ifname, enum cp_xdp_mode mode)
{
	switch (rc) {
	case -EBUSY:
		return cp_err_set(err, rc,
		        "%s carries another XDP program (id %u), which is left alone: use --datapath tc, or remove it "
		        "with "
		        "`ip link set dev %s %s off`",
		        ifname, cp_xdp_owner(ifindex), ifname,
		        strcmp(xdp_mode_name(ifindex), "xdp-generic") == 0 ? "xdpgeneric" : "xdpdrv");
	case -EOPNOTSUPP:
		return cp_err_set(err, rc, "the driver of %s has no %s XDP: use --xdp-mode generic or --datapath tc",
		        ifname, mode == CP_XDP_NATIVE ? "native" : "such");
	case -EPERM:
	case -EACCES:
		return cp_err_set(err, rc,
		        "not allowed to attach XDP to %s: run as root, or with CAP_NET_ADMIN and CAP_BPF", ifname);
	case -EINVAL:
	case -ERANGE:
		return cp_err_set(err, -EOPNOTSUPP,
		        "%s refuses XDP (an MTU above a page, or receive offloads, can be why): use --xdp-mode generic "
		        "or "
		        "--datapath tc",
		        ifname);
	default:
		return cp_err_set(err, rc, "cannot attach XDP to %s: %s", ifname, strerror(-rc));
	}
}

int cp_attach_xdp(int prog_fd, uint32_t ifindex, const char *ifname, enum cp_xdp_mode mode,
        struct cp_attachment *ret_at, struct cp_err *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	int fd;

	if (cp_xdp_owner(ifindex))
		return explain_xdp(err, -EBUSY, ifindex, ifname, mode);
	if (mode != CP_XDP_AUTO)
		opts.flags = mode == CP_XDP_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
	fd = bpf_link_create(prog_fd, (int)ifindex, BPF_XDP, &opts);
	if (fd < 0 && mode == CP_XDP_AUTO && fd != -EBUSY && fd != -EPERM) {
		/* The driver has XDP but not for this configuration: generic mode serves too. */
		opts.flags = XDP_FLAGS_SKB_MODE;
		fd = bpf_link_create(prog_fd, (int)ifindex, BPF_XDP, &opts);
	}
	if (fd < 0)
		return explain_xdp(err, fd, ifindex, ifname, mode);
	*ret_at = (struct cp_attachment){.ifindex = ifindex, .link_fd = fd, .mode = xdp_mode_name(ifindex)};
	return 0;
}

/* BPF_LINK_CREATE for TCX, by hand; first in line, and every other program still runs after ours. */
static int tcx_link(int prog_fd, uint32_t ifindex)
{
	struct {
		uint32_t prog_fd, target_ifindex, attach_type, flags;
		uint32_t relative_fd, pad;
		uint64_t expected_revision;
	} attr = {
	        .prog_fd = (uint32_t)prog_fd,
	        .target_ifindex = ifindex,
	        .attach_type = CP_BPF_TCX_INGRESS,
	        .flags = CP_BPF_F_BEFORE,
	};
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : (int)fd;
}

int cp_attach_tc(int prog_fd, uint32_t ifindex, const char *ifname, enum cp_tc_attach how, struct cp_attachment *ret_at,
        struct cp_err *err)
{
	int fd = how == CP_TC_CLSACT ? -EOPNOTSUPP : tcx_link(prog_fd, ifindex), rc;

	if (fd >= 0) {
		*ret_at = (struct cp_attachment){.ifindex = ifindex, .link_fd = fd, .mode = "tc-tcx"};
		return 0;
	}
	if (fd == -EPERM)
		return cp_err_set(
		        err, fd, "not allowed to attach to %s: run as root, or with CAP_NET_ADMIN and CAP_BPF", ifname);
	if (how == CP_TC_TCX)
		return cp_err_set(err, fd, "cannot attach a TCX link to %s (Linux 6.6 has them first): %s", ifname,
		        strerror(-fd));
	rc = cp_clsact_attach(prog_fd, ifindex, ret_at);
	if (rc)
		return cp_err_set(err, rc, "cannot attach a tc filter to %s: %s", ifname, strerror(-rc));
	return 0;
}

void cp_detach(struct cp_attachment *at)
{
	if (at->clsact)
		cp_clsact_detach(at);
	else if (at->mode && at->link_fd >= 0)
		close(at->link_fd);
	memset(at, 0, sizeof(*at));
	at->link_fd = -1;
}
