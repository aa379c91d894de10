// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_look.c: what can be known of an interface's XDP side without
 * attaching to it: whose program is there, and what the driver can. Changes
 * nothing.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>

#include "engine_impl.h"

/* include/uapi/linux/netdev.h of Linux 6.3, which Debian 12 does not have. */
#define NETDEV_CMD_DEV_GET 1
#define NETDEV_A_DEV_IFINDEX 1
#define NETDEV_A_DEV_XDP_FEATURES 3
#define NETDEV_XDP_ACT_BASIC (1u << 0)
#define NETDEV_XDP_ACT_NDO_XMIT (1u << 2)

#define REPLY_SIZE 16384 /* the family's description is the longest */

/* ---- What the driver can, by generic netlink ---- */

struct attr_find {
	uint16_t type;
	size_t size;
	void *value;
	bool found;
};

static int on_attr(const struct nlattr *attr, void *data)
{
	struct attr_find *find = data;

	if (mnl_attr_get_type(attr) != find->type || mnl_attr_get_payload_len(attr) < find->size)
		return MNL_CB_OK;
	memcpy(find->value, mnl_attr_get_payload(attr), find->size);
	find->found = true;
	return MNL_CB_OK;
}

static int on_reply(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), on_attr, data);
}

static struct nlmsghdr *genl_begin(void *buf, uint16_t family, uint8_t command)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl->cmd = command;
	genl->version = 1;
	return nlh;
}

/* Sends the request that stands in buf, and finds one attribute of the answer. */
static bool genl_ask(struct mnl_socket *nl, char *buf, struct attr_find *find)
{
	ssize_t len;
	int rc = MNL_CB_OK;

	if (mnl_socket_sendto(nl, buf, ((struct nlmsghdr *)buf)->nlmsg_len) < 0)
		return false;
	while (rc == MNL_CB_OK) {
		len = mnl_socket_recvfrom(nl, buf, REPLY_SIZE);
		rc = len < 0 ? MNL_CB_ERROR
		             : mnl_cb_run(buf, (size_t)len, 0, mnl_socket_get_portid(nl), on_reply, find);
	}
	return rc == MNL_CB_STOP && find->found;
}

static bool xdp_features(struct mnl_socket *nl, uint32_t ifindex, uint64_t *ret_features)
{
	uint16_t family = 0;
	uint64_t features = 0;
	struct attr_find find_family = {CTRL_ATTR_FAMILY_ID, sizeof(family), &family, false};
	struct attr_find find_features = {NETDEV_A_DEV_XDP_FEATURES, sizeof(features), &features, false};
	char buf[REPLY_SIZE];

	mnl_attr_put_strz(genl_begin(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY), CTRL_ATTR_FAMILY_NAME, "netdev");
	if (!genl_ask(nl, buf, &find_family))
		return false;
	mnl_attr_put_u32(genl_begin(buf, family, NETDEV_CMD_DEV_GET), NETDEV_A_DEV_IFINDEX, ifindex);
	if (!genl_ask(nl, buf, &find_features))
		return false;
	*ret_features = features;
	return true;
}

static void look_at_driver(uint32_t ifindex, struct cp_engine_xdp *xdp)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_GENERIC);
	uint64_t features = 0;

	if (!nl)
		return;
	xdp->known = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 && xdp_features(nl, ifindex, &features);
	xdp->native = features & NETDEV_XDP_ACT_BASIC;
	xdp->emits = features & NETDEV_XDP_ACT_NDO_XMIT;
	mnl_socket_close(nl);
}

/* ---- Whose program is there ---- */

static void look_at_program(uint32_t ifindex, struct cp_engine_xdp *xdp)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int fd;

	if (bpf_xdp_query((int)ifindex, 0, &query) || query.attach_mode == XDP_ATTACHED_NONE)
		return;
	/* Several programs at once have no common id: the one that sees packets first. */
	xdp->prog_id = query.prog_id ?: query.hw_prog_id ?: query.drv_prog_id ?: query.skb_prog_id;
	xdp->generic = query.attach_mode == XDP_ATTACHED_SKB;
	fd = bpf_prog_get_fd_by_id(xdp->prog_id);
	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		memcpy(xdp->prog_name, info.name, sizeof(xdp->prog_name) - 1);
	close(fd);
}

void cp_engine_xdp_look(uint32_t ifindex, struct cp_engine_xdp *ret_xdp)
{
	struct cp_engine_xdp xdp = {0};

	look_at_program(ifindex, &xdp);
	look_at_driver(ifindex, &xdp);
	*ret_xdp = xdp;
}

const char *cp_engine_xdp_owner(const struct cp_engine_xdp *xdp, char *buf, size_t size)
{
	if (strcmp(xdp->prog_name, "xdp_dispatcher") == 0)
		snprintf(buf, size, "libxdp's XDP dispatcher (id %u)", xdp->prog_id);
	else
		snprintf(buf, size, "another XDP program (id %u%s%s)", xdp->prog_id, xdp->prog_name[0] ? ", " : "",
		        xdp->prog_name);
	return buf;
}

const char *cp_engine_xdp_remedy(const struct cp_engine_xdp *xdp, const char *ifname, char *buf, size_t size)
{
	/* libxdp pins what it attaches: `ip link` would leave that behind. */
	if (strcmp(xdp->prog_name, "xdp_dispatcher") == 0)
		snprintf(buf, size, "xdp-loader unload %s --all", ifname);
	else
		snprintf(buf, size, "ip link set dev %s %s off", ifname, xdp->generic ? "xdpgeneric" : "xdpdrv");
	return buf;
}
