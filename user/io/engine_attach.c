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

int cp_explain_xdp_owner(struct cp_err *err, const struct cp_engine_xdp *xdp, const char *ifname)
{
	char owner[CP_XDP_OWNER_SIZE], remedy[CP_XDP_REMEDY_SIZE];

	return cp_err_set(err, -EBUSY, "%s carries %s, which is left alone: use --datapath tc, or remove it with `%s`",
	        ifname, cp_engine_xdp_owner(xdp, owner, sizeof(owner)),
	        cp_engine_xdp_remedy(xdp, ifname, remedy, sizeof(remedy)));
}

int cp_explain_no_xmit(struct cp_err *err, const char *ifname)
{
	return cp_err_set(err, -EOPNOTSUPP,
	        "%s would drop what XDP sends (a driver without transmission, or only with a native program; a veth "
	        "whose far end has neither XDP nor GRO): use --datapath tc",
	        ifname);
}

static int explain_xdp(struct cp_err *err, int rc, uint32_t ifindex, const char *ifname, enum cp_xdp_mode mode)
{
	struct cp_engine_xdp xdp;

	switch (rc) {
	case -EBUSY:
		cp_engine_xdp_look(ifindex, &xdp);
		return cp_explain_xdp_owner(err, &xdp, ifname);
	case -EOPNOTSUPP:
		return cp_err_set(err, rc, "the driver of %s has no %s XDP: use --xdp-mode generic or --datapath tc",
		        ifname, mode == CP_XDP_NATIVE ? "native" : "such");
	case -EPERM:
	case -EACCES:
		return cp_err_set(err, rc,
		        "not allowed to attach XDP to %s: run as root, or with CAP_NET_ADMIN and CAP_BPF", ifname);
	case -EINVAL:
	case -ERANGE:
	case -ENOSPC:
		return cp_err_set(err, -EOPNOTSUPP,
		        "%s refuses XDP (an MTU above a page, receive offloads or too few receive queues can be why): "
		        "use --xdp-mode generic or --datapath tc",
		        ifname);
	default:
		return cp_err_set(err, rc, "cannot attach XDP to %s: %s", ifname, strerror(-rc));
	}
}

int cp_attach_xdp(int prog_fd, uint32_t ifindex, const char *ifname, enum cp_xdp_mode mode,
        struct cp_attachment *ret_at, struct cp_err *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	struct cp_engine_xdp xdp;
	int fd;

	cp_engine_xdp_look(ifindex, &xdp);
	if (xdp.prog_id)
		return cp_explain_xdp_owner(err, &xdp, ifname);
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
	/* Some drivers send frames for others only once a native program is there. */
	cp_engine_xdp_look(ifindex, &xdp);
	if (xdp.known && !xdp.emits) {
		close(fd);
		return cp_explain_no_xmit(err, ifname);
	}
	*ret_at = (struct cp_attachment){
	        .ifindex = ifindex, .link_fd = fd, .mode = xdp.generic ? "xdp-generic" : "xdp-native"};
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
