// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * plan.c: from addresses to what the engine can send: unique destinations,
 * blocklist, routes, next hops and their link-layer addresses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"

#define NEIGHBOUR_TIMEOUT_MS 1500u

const char *cp_skip_name(enum cp_skip skip)
{
	/* A closed list, in records. */
	static const char *const names[] = {
	        [CP_SKIP_NOT] = NULL,
	        [CP_SKIP_BLOCKLISTED] = "blocklisted",
	        [CP_SKIP_NO_ROUTE] = "no-route",
	        [CP_SKIP_NO_NEIGHBOUR] = "next-hop-silent",
	        [CP_SKIP_LOCAL] = "own-address",
	        [CP_SKIP_INTERFACE] = "interface-down",
	        [CP_SKIP_TOO_MANY] = "too-many-next-hops",
	};

	return names[skip];
}

/* ---- Unique destinations ---- */

struct dest_index {
	uint32_t *table; /* open addressing, index + 1 */
	uint32_t mask;
};

static uint32_t dest_hash(const struct cp_addr *addr, uint16_t port)
{
	uint64_t half[2], h;

	/* Neighbouring addresses differ in their last bytes only: mix, then take the high bits (MurmurHash3's
	 * finaliser). */
	memcpy(half, addr, sizeof(half));
	h = half[0] ^ half[1] ^ port;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ull;
	return (uint32_t)(h >> 32);
}

static uint32_t find_or_add(
        struct cp_audit *audit, struct dest_index *index, const struct cp_addr *addr, const struct cp_target *target)
{
	uint32_t at = dest_hash(addr, target->port) & index->mask;

	for (; index->table[at]; at = (at + 1) & index->mask) {
		const struct cp_probe_dest *dest = &audit->dests[index->table[at] - 1];

		if (dest->port == target->port && dest->proto == target->proto && cp_addr_eq(&dest->addr, addr))
			return index->table[at] - 1;
	}
	audit->dests[audit->n_dests] =
	        (struct cp_probe_dest){.addr = *addr, .port = target->port, .proto = target->proto};
	index->table[at] = (uint32_t)++audit->n_dests;
	return (uint32_t)audit->n_dests - 1;
}

static size_t n_used(const struct cp_audit *audit, const struct cp_target *target)
{
	size_t n = cp_audit_answer(audit, target)->n_addrs;

	return audit->opts->addresses == CP_ADDRESSES_FIRST && n > 1 ? 1 : n;
}

static int unique_dests(struct cp_audit *audit)
{
	struct dest_index index = {.mask = 1023};
	size_t total = 0;

	for (size_t t = 0; t < audit->targets.n; t++)
		total += n_used(audit, &audit->targets.items[t]);
	while (index.mask < total * 2)
		index.mask = index.mask * 2 + 1;
	index.table = calloc(index.mask + 1, sizeof(*index.table));
	audit->dests = calloc(total + 1, sizeof(*audit->dests));
	audit->target_dests = calloc(total + 1, sizeof(*audit->target_dests));
	audit->target_first = calloc(audit->targets.n + 1, sizeof(*audit->target_first));
	if (!index.table || !audit->dests || !audit->target_dests || !audit->target_first) {
		free(index.table);
		return -ENOMEM;
	}
	total = 0;
	for (size_t t = 0; t < audit->targets.n; t++) {
		const struct cp_target *target = &audit->targets.items[t];
		const struct cp_answer *answer = cp_audit_answer(audit, target);

		if (target->is_literal)
			cp_addr_parse(target->host, &audit->literal_addr);
		audit->target_first[t] = (uint32_t)total;
		for (size_t a = 0; a < n_used(audit, target); a++)
			audit->target_dests[total++] = find_or_add(audit, &index, &answer->addrs[a], target);
	}
	audit->target_first[audit->targets.n] = (uint32_t)total;
	free(index.table);
	return 0;
}

/* ---- The way out ---- */

/* Index of the link, learning it. -ENETDOWN: it is down; -ENOSPC: too many. */
static int use_link(struct cp_audit *audit, struct cp_rtnl *rtnl, uint32_t ifindex, struct cp_err *err)
{
	struct cp_link link;
	int rc;

	for (uint32_t i = 0; i < audit->n_links; i++) {
		if (audit->links[i].ifindex == ifindex)
			return (int)i;
	}
	if (audit->n_links == CP_IFACES_MAX)
		return cp_err_set(err, -ENOSPC, "probes would leave by more than %d interfaces: choose one with -i",
		        CP_IFACES_MAX);
	rc = cp_link_get(rtnl, NULL, ifindex, &link, err);
	if (rc)
		return rc;
	if (!link.up)
		return cp_err_set(err, -ENETDOWN, "interface %s is down: `ip link set %s up`", link.name, link.name);
	audit->links[audit->n_links] = link;
	return (int)audit->n_links++;
}

/* Index of the next hop, adding it unresolved. -ENOSPC: too many. */
static int use_hop(struct cp_audit *audit, uint32_t link, const struct cp_route *route)
{
	const struct cp_link *out = &audit->links[link];
	struct cp_hop_out *hop;

	for (uint32_t i = 0; i < audit->n_hops; i++) {
		hop = &audit->hops[i];
		if (hop->link == link && cp_addr_eq(&hop->nexthop.src, &route->src) &&
		        (out->l3 || cp_addr_eq(&hop->addr, &route->nexthop)))
			return (int)i;
	}
	if (audit->n_hops == CP_NEXTHOPS_MAX)
		return -ENOSPC;
	hop = &audit->hops[audit->n_hops];
	*hop = (struct cp_hop_out){.addr = route->nexthop, .link = link};
	hop->nexthop.src = route->src;
	hop->nexthop.ifindex = route->ifindex;
	hop->nexthop.flags = out->l3 ? CP_NH_L3 : 0;
	memcpy(hop->nexthop.smac, out->mac, 6);
	return (int)audit->n_hops++;
}

static void use_route(struct cp_audit *audit, struct cp_rtnl *rtnl, const struct cp_route *route,
        struct cp_probe_dest *dest, struct cp_err *err)
{
	int rc = use_link(audit, rtnl, route->ifindex, err);

	if (rc < 0) {
		dest->skip = rc == -ENOSPC ? CP_SKIP_TOO_MANY : CP_SKIP_INTERFACE;
		return;
	}
	rc = use_hop(audit, (uint32_t)rc, route);
	if (rc < 0)
		dest->skip = CP_SKIP_TOO_MANY;
	else
		dest->nexthop = (uint16_t)rc;
}

/* Routes of up to CP_ROUTES_MAX destinations, by their indexes. */
static void route_some(struct cp_audit *audit, struct cp_rtnl *rtnl, uint32_t ifindex, const size_t *indexes,
        uint32_t n, struct cp_err *err)
{
	const struct cp_addr *source = audit->opts->has_source ? &audit->opts->source : NULL;
	struct cp_addr addrs[CP_ROUTES_MAX] = {0};
	struct cp_route routes[CP_ROUTES_MAX];
	int rcs[CP_ROUTES_MAX];

	for (uint32_t i = 0; i < n; i++)
		addrs[i] = audit->dests[indexes[i]].addr;
	cp_routes_get(rtnl, addrs, n, ifindex, source, routes, rcs, err);
	for (uint32_t i = 0; i < n; i++) {
		struct cp_probe_dest *dest = &audit->dests[indexes[i]];

		if (rcs[i])
			dest->skip = rcs[i] == -EADDRNOTAVAIL ? CP_SKIP_LOCAL : CP_SKIP_NO_ROUTE;
		else
			use_route(audit, rtnl, &routes[i], dest, err);
	}
}

static void route_all(struct cp_audit *audit, struct cp_rtnl *rtnl, uint32_t ifindex, struct cp_err *err)
{
	size_t indexes[CP_ROUTES_MAX];
	uint32_t n = 0;

	for (size_t i = 0; i < audit->n_dests; i++) {
		if (cp_blocklist_match(audit->blocklist, &audit->dests[i].addr)) {
			audit->dests[i].skip = CP_SKIP_BLOCKLISTED;
			continue;
		}
		indexes[n++] = i;
		if (n == CP_ROUTES_MAX) {
			route_some(audit, rtnl, ifindex, indexes, n, err);
			n = 0;
		}
	}
	route_some(audit, rtnl, ifindex, indexes, n, err);
}

/* Asks for all neighbours first, then waits: silent ones cost one timeout, not one each. */
static void resolve_hops(struct cp_audit *audit, struct cp_rtnl *rtnl, struct cp_err *err)
{
	uint64_t deadline_ns = cp_host_clock_mono_ns() + NEIGHBOUR_TIMEOUT_MS * 1000000ull;
	struct cp_err ignored;

	for (uint32_t pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < audit->n_hops && !cp_signals_seen(NULL); i++) {
			struct cp_hop_out *hop = &audit->hops[i];
			uint64_t now_ns = cp_host_clock_mono_ns();
			unsigned wait_ms = now_ns < deadline_ns ? (unsigned)((deadline_ns - now_ns) / 1000000) : 1;

			if (hop->resolved || (hop->nexthop.flags & CP_NH_L3)) {
				hop->resolved = true;
				continue;
			}
			hop->resolved = cp_neigh_get(rtnl, hop->nexthop.ifindex, &hop->addr, pass ? wait_ms : 0,
			                        hop->nexthop.dmac, pass ? err : &ignored) == 0;
		}
	}
}

static int keep_probed(struct cp_audit *audit)
{
	audit->probe_addrs = calloc(audit->n_dests + 1, sizeof(*audit->probe_addrs));
	if (!audit->probe_addrs)
		return -ENOMEM;
	for (size_t i = 0; i < audit->n_dests; i++) {
		struct cp_probe_dest *dest = &audit->dests[i];

		if (!dest->skip && !audit->hops[dest->nexthop].resolved)
			dest->skip = CP_SKIP_NO_NEIGHBOUR;
		if (dest->skip)
			continue;
		dest->index = audit->n_probed;
		audit->probe_addrs[audit->n_probed++] = dest->addr;
	}
	return 0;
}

/* The interface of -i, which must be usable. */
static int chosen_interface(struct cp_audit *audit, struct cp_rtnl *rtnl, uint32_t *ret_ifindex, struct cp_err *err)
{
	struct cp_link link;
	int rc;

	*ret_ifindex = 0;
	if (!audit->opts->interface)
		return 0;
	rc = cp_link_get(rtnl, audit->opts->interface, 0, &link, err);
	if (rc)
		return rc;
	if (link.loopback)
		return cp_err_set(
		        err, -EINVAL, "%s is the loopback interface: nothing leaves the host there", link.name);
	rc = use_link(audit, rtnl, link.ifindex, err);
	if (rc < 0)
		return rc;
	*ret_ifindex = link.ifindex;
	return 0;
}

static int plan_with(struct cp_audit *audit, struct cp_rtnl *rtnl, struct cp_err *err)
{
	uint32_t ifindex;
	int rc = chosen_interface(audit, rtnl, &ifindex, err);

	if (rc)
		return rc;
	route_all(audit, rtnl, ifindex, err);
	if (!audit->opts->dry_run)
		resolve_hops(audit, rtnl, err);
	else
		for (uint32_t i = 0; i < audit->n_hops; i++)
			audit->hops[i].resolved = true;
	return 0;
}

int cp_audit_plan(struct cp_audit *audit, struct cp_err *err)
{
	static const struct cp_addr none;
	struct cp_rtnl *rtnl;
	int rc = unique_dests(audit);

	if (rc)
		return cp_err_set(err, rc, "out of memory");
	rc = cp_rtnl_open(&rtnl, err);
	if (rc)
		return rc;
	rc = plan_with(audit, rtnl, err);
	cp_rtnl_close(rtnl);
	if (rc)
		return rc;
	rc = keep_probed(audit);
	if (rc)
		return cp_err_set(err, rc, "out of memory");
	cp_audit_find_vantage(audit, audit->n_hops ? &audit->hops[0].nexthop.src : &none);
	return 0;
}
