// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link.c: what the kernel knows of one interface. Owns no state; must not know
 * routes or neighbours.
 */
#include "io/rtnl.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

_Static_assert(IFLA_MAX < CP_RTNL_ATTRS, "attribute table too small");

#define CP_ALTNAME_SIZE 128 /* longest alternative name, with its NUL */

static int cp_link_unknown(const char *name, uint32_t ifindex, int rc, struct cp_err *err)
{
	char number[16];
	const char *kind = name ? "named" : "with index";

	snprintf(number, sizeof(number), "%u", ifindex);
	if (rc == -ENODEV)
		return cp_err_set(err, rc, "no interface %s %s: `ip link` lists them", kind, name ? name : number);
	return cp_err_set(err, rc, "cannot read the interface %s %s: %s; try `ip -d link show`", kind,
	        name ? name : number, strerror(-rc));
}

static void cp_link_read_xdp(const struct cp_attrs *attrs, struct cp_link *link)
{
	/* Several modes at once have no common id: name the one that sees packets first. */
	static const unsigned types[] = {
	        IFLA_XDP_PROG_ID, IFLA_XDP_HW_PROG_ID, IFLA_XDP_DRV_PROG_ID, IFLA_XDP_SKB_PROG_ID};
	struct cp_attrs xdp;

	cp_attrs_parse_nested(attrs->at[IFLA_XDP], &xdp);
	link->xdp_mode = cp_attrs_u8(&xdp, IFLA_XDP_ATTACHED);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && !link->xdp_prog_id; i++)
		link->xdp_prog_id = cp_attrs_u32(&xdp, types[i]);
}

static void cp_link_read_mac(const struct nlattr *attr, struct cp_link *link)
{
	if (attr && mnl_attr_get_payload_len(attr) == sizeof(link->mac))
		memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
}

static void cp_link_read_stats(const struct nlattr *attr, struct cp_link *link)
{
	struct rtnl_link_stats64 stats = {0};
	size_t size = attr ? mnl_attr_get_payload_len(attr) : 0;

	/* Copied: netlink aligns to 4 bytes only, and another kernel's struct may be shorter or longer. */
	if (size)
		memcpy(&stats, mnl_attr_get_payload(attr), size < sizeof(stats) ? size : sizeof(stats));
	link->tx_packets = stats.tx_packets;
}

static void cp_link_read(const struct ifinfomsg *header, const struct cp_attrs *attrs, struct cp_link *link)
{
	struct cp_attrs info;

	link->ifindex = (uint32_t)header->ifi_index;
	link->up = (header->ifi_flags & IFF_UP) && (header->ifi_flags & IFF_LOWER_UP);
	link->loopback = header->ifi_flags & IFF_LOOPBACK;
	/* Loopback frames carry an Ethernet header, too. */
	link->l3 = header->ifi_type != ARPHRD_ETHER && header->ifi_type != ARPHRD_LOOPBACK;
	link->mtu = cp_attrs_u32(attrs, IFLA_MTU);
	link->n_rx_queues = cp_attrs_u32(attrs, IFLA_NUM_RX_QUEUES);
	link->n_tx_queues = cp_attrs_u32(attrs, IFLA_NUM_TX_QUEUES);
	cp_attrs_str(attrs, IFLA_IFNAME, link->name, sizeof(link->name));
	cp_attrs_parse_nested(attrs->at[IFLA_LINKINFO], &info);
	cp_attrs_str(&info, IFLA_INFO_KIND, link->kind, sizeof(link->kind));
	cp_link_read_mac(attrs->at[IFLA_ADDRESS], link);
	cp_link_read_stats(attrs->at[IFLA_STATS64], link);
	cp_link_read_xdp(attrs, link);
}

/* Stays "" for the drivers that have no name to give (loopback). */
static void cp_link_read_driver(struct cp_rtnl *rtnl, struct cp_link *link)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (void *)&info};

	memcpy(request.ifr_name, link->name, sizeof(request.ifr_name));
	if (ioctl(mnl_socket_get_fd(rtnl->sock), SIOCETHTOOL, &request) == 0)
		snprintf(link->driver, sizeof(link->driver), "%.*s", (int)sizeof(link->driver) - 1, info.driver);
}

int cp_link_get(struct cp_rtnl *rtnl, const char *name, uint32_t ifindex, struct cp_link *ret_link, struct cp_err *err)
{
	struct ifinfomsg *request = cp_rtnl_begin(rtnl, RTM_GETLINK, 0, sizeof(*request));
	size_t length = name ? strlen(name) : 0;
	struct cp_link link = {0};
	struct cp_attrs attrs;
	const void *header;
	int rc;

	if (name ? length == 0 || length >= CP_ALTNAME_SIZE : ifindex == 0)
		return cp_link_unknown(name, ifindex, -ENODEV, err);
	request->ifi_index = name ? 0 : (int)ifindex;
	/* The kernel looks up alternative names under either attribute, but takes long ones under the second only. */
	if (name)
		cp_rtnl_put(rtnl, length < IF_NAMESIZE ? IFLA_IFNAME : IFLA_ALT_IFNAME, length + 1, name);
	rc = cp_rtnl_ask(rtnl, &header, &attrs);
	if (rc)
		return cp_link_unknown(name, ifindex, rc, err);
	cp_link_read(header, &attrs, &link);
	cp_link_read_driver(rtnl, &link);
	*ret_link = link;
	return 0;
}
