// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * neigh.c: a neighbour's link-layer address from the kernel's table; asks the
 * kernel to resolve it when it is not there, and never sends a packet itself.
 * Owns no state; must not know routes.
 */
#include "io/rtnl.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <time.h>

_Static_assert(NDA_MAX < CP_RTNL_ATTRS, "attribute table too small");

#define CP_NUD_USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)
#define CP_NEIGH_POLL_NS 3000000

struct cp_neigh {
	uint16_t state; /* NUD_*; NUD_NONE: no entry */
	bool has_mac;
	uint8_t mac[6];
};

static void cp_neigh_begin(
        struct cp_rtnl *rtnl, uint16_t type, uint16_t flags, uint32_t ifindex, const struct cp_addr *addr)
{
	struct ndmsg *request = cp_rtnl_begin(rtnl, type, flags, sizeof(*request));

	request->ndm_family = (uint8_t)cp_addr_family(addr);
	request->ndm_ifindex = (int)ifindex;
	request->ndm_flags = type == RTM_NEWNEIGH ? NTF_USE : 0;
	cp_rtnl_put_addr(rtnl, NDA_DST, addr);
}

static int cp_neigh_look(struct cp_rtnl *rtnl, uint32_t ifindex, const struct cp_addr *addr, struct cp_neigh *ret_neigh)
{
	struct cp_neigh neigh = {0};
	const struct nlattr *lladdr;
	struct cp_attrs attrs;
	const void *header;
	int rc;

	cp_neigh_begin(rtnl, RTM_GETNEIGH, 0, ifindex, addr);
	rc = cp_rtnl_ask(rtnl, &header, &attrs);
	if (rc && rc != -ENOENT)
		return rc;
	if (!rc) {
		neigh.state = ((const struct ndmsg *)header)->ndm_state;
		lladdr = attrs.at[NDA_LLADDR];
		neigh.has_mac = lladdr && mnl_attr_get_payload_len(lladdr) == sizeof(neigh.mac);
		if (neigh.has_mac)
			memcpy(neigh.mac, mnl_attr_get_payload(lladdr), sizeof(neigh.mac));
	}
	*ret_neigh = neigh;
	return 0;
}

static uint64_t cp_neigh_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Polls until the entry is usable or resolution has ended without; -ETIMEDOUT: neither in time. */
static int cp_neigh_wait(struct cp_rtnl *rtnl, uint32_t ifindex, const struct cp_addr *addr, unsigned timeout_ms,
        struct cp_neigh *ret_neigh)
{
	const struct timespec pause = {.tv_nsec = CP_NEIGH_POLL_NS};
	uint64_t deadline_ns = cp_neigh_now_ns() + (uint64_t)timeout_ms * 1000000u;
	struct cp_neigh neigh;
	int rc;

	for (;;) {
		rc = cp_neigh_look(rtnl, ifindex, addr, &neigh);
		if (rc)
			return rc;
		if (neigh.state & CP_NUD_USABLE)
			break;
		if (neigh.state & NUD_FAILED)
			return -EHOSTUNREACH;
		if (cp_neigh_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL); /* cut short by a signal: an early look, no harm */
	}
	*ret_neigh = neigh;
	return 0;
}

static int cp_neigh_resolve(struct cp_rtnl *rtnl, uint32_t ifindex, const struct cp_addr *addr, unsigned timeout_ms,
        struct cp_neigh *ret_neigh)
{
	struct cp_link link;
	int rc = cp_link_get(rtnl, NULL, ifindex, &link, NULL);

	if (rc)
		return rc;
	/* Such devices keep one entry for everybody, under no address: it would be waited for in vain. */
	if (link.l3 || link.loopback)
		return -EOPNOTSUPP;
	/* As if a packet for it were waiting: starts the kernel's own resolution, or restarts it after a failure. */
	cp_neigh_begin(rtnl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_ACK, ifindex, addr);
	rc = cp_rtnl_tell(rtnl);
	return rc ? rc : cp_neigh_wait(rtnl, ifindex, addr, timeout_ms, ret_neigh);
}

static int cp_neigh_fail(struct cp_rtnl *rtnl, uint32_t ifindex, const struct cp_addr *addr, unsigned timeout_ms,
        int rc, struct cp_err *err)
{
	const char *what = cp_addr_is_v4(addr) ? "ARP" : "neighbour discovery";
	char text[CP_ADDR_STRLEN], name[IF_NAMESIZE];

	cp_addr_format(addr, text);
	cp_rtnl_ifname(rtnl, ifindex, name);
	switch (rc) {
	case -EHOSTUNREACH:
		return cp_err_set(err, -EHOSTUNREACH,
		        "next hop %s on %s does not answer %s: check that it is up and on this link "
		        "(`ip neigh show dev %s`)",
		        text, name, what, name);
	case -ETIMEDOUT:
		return cp_err_set(err, -EHOSTUNREACH,
		        "next hop %s on %s did not answer %s within %u ms: check that it is up and on this link "
		        "(`ip neigh show dev %s`)",
		        text, name, what, timeout_ms, name);
	case -EOPNOTSUPP:
		return cp_err_set(
		        err, rc, "next hop %s on %s has no Ethernet address: choose an Ethernet interface", text, name);
	default:
		return cp_err_set(err, rc, "cannot look up next hop %s on %s: %s; check `ip link show %s`", text, name,
		        strerror(-rc), name);
	}
}

int cp_neigh_get(struct cp_rtnl *rtnl, uint32_t ifindex, const struct cp_addr *addr, unsigned timeout_ms,
        uint8_t ret_mac[6], struct cp_err *err)
{
	struct cp_neigh neigh;
	int rc = cp_neigh_look(rtnl, ifindex, addr, &neigh);

	if (!rc && !(neigh.state & CP_NUD_USABLE))
		rc = cp_neigh_resolve(rtnl, ifindex, addr, timeout_ms, &neigh);
	if (!rc && !neigh.has_mac)
		rc = -EOPNOTSUPP;
	if (rc)
		return cp_neigh_fail(rtnl, ifindex, addr, timeout_ms, rc, err);
	memcpy(ret_mac, neigh.mac, sizeof(neigh.mac));
	return 0;
}
