/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * route.h: what the kernel knows of the way out: routes, source addresses,
 * links, neighbours, through rtnetlink (libmnl). Reads only, except that it
 * asks the kernel to resolve a neighbour. Never prints.
 */
#ifndef CP_ROUTE_H
#define CP_ROUTE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"

struct cp_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool up; /* IFF_UP and carrier */
	bool loopback;
	bool l3; /* no link-layer header: tun, wireguard ... */
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t n_rx_queues, n_tx_queues;
	uint8_t xdp_mode; /* IFLA_XDP_ATTACHED: 0 none, XDP_ATTACHED_DRV, _SKB, _HW, _MULTI */
	uint32_t xdp_prog_id; /* 0: none */
	char kind[16]; /* IFLA_INFO_KIND: "veth", "tun", ... or "" */
	char driver[32]; /* of SIOCETHTOOL GDRVINFO, or "" */
	uint64_t tx_packets; /* IFLA_STATS64 */
};

struct cp_route {
	uint32_t ifindex;
	struct cp_addr src; /* the kernel's preferred source */
	struct cp_addr nexthop; /* gateway, or the destination itself when on-link */
};

struct cp_rtnl; /* a netlink socket and its caches; one thread */

int cp_rtnl_open(struct cp_rtnl **ret_rtnl, struct cp_err *err);
void cp_rtnl_close(struct cp_rtnl *rtnl); /* takes NULL */

/* By name (ifindex 0) or by index (name NULL). -ENODEV names it. */
int cp_link_get(struct cp_rtnl *rtnl, const char *name, uint32_t ifindex, struct cp_link *ret_link, struct cp_err *err);

/*
 * The kernel's route to dst (RTM_GETROUTE). ifindex 0: any; src NULL: the kernel's choice. -ENETUNREACH: no route,
 * or an unreachable/blackhole/prohibit one; -EADDRNOTAVAIL: dst is one of the host's own addresses (local route) or
 * broadcast/multicast. A gateway of the other family (RTA_VIA) is understood.
 */
int cp_route_get(struct cp_rtnl *rtnl, const struct cp_addr *dst, uint32_t ifindex, const struct cp_addr *src,
        struct cp_route *ret_route, struct cp_err *err);

/*
 * The same for up to CP_ROUTES_MAX destinations at once, which is several times faster than one by one: what
 * cp_route_get() would return for dsts[i] is in ret_rcs[i], and if that is 0 its route in ret_routes[i]. err: why one
 * of those that failed did.
 */
#define CP_ROUTES_MAX 128
void cp_routes_get(struct cp_rtnl *rtnl, const struct cp_addr *dsts, uint32_t n, uint32_t ifindex,
        const struct cp_addr *src, struct cp_route *ret_routes, int *ret_rcs, struct cp_err *err);

/*
 * Link-layer address of a neighbour: from the kernel's table when usable (REACHABLE, STALE, DELAY, PROBE, PERMANENT,
 * NOARP); else the kernel is asked to resolve it (NTF_USE) and polled up to timeout_ms. -EHOSTUNREACH: it does not
 * answer.
 */
int cp_neigh_get(struct cp_rtnl *rtnl, uint32_t ifindex, const struct cp_addr *addr, unsigned timeout_ms,
        uint8_t ret_mac[6], struct cp_err *err);

#endif
