// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * follow.c: what the plan took from the kernel (links, next hops, routes), kept
 * true while probes are out. A link that is down or a next hop that does not
 * answer stops the feeding and is waited for; a link that is gone ends the run;
 * a new link-layer address is used at once. A destination whose route changed
 * is marked and probed over its old next hop to the end: what its probes saw is
 * one path, never a mixture of two.
 *
 * A probe that cannot pass is refused by the emitter (an empty next hop), so it
 * counts as a transmit error, not as a loss in the network.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "io/watch.h"

#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define EVERY_NS (50 * NSEC_PER_MSEC)
#define ROUTES_A_CALL 64u /* half a millisecond: the ring must not overflow meanwhile */
#define NEIGHBOUR_GRACE_NS                                                                                             \
	(500 * NSEC_PER_MSEC) /* the kernel asks again a second later; no frame may wait for that                      \
	                       */
#define NEIGHBOUR_PATIENCE_NS (10 * NSEC_PER_SEC)
#define LINK_PATIENCE_NS (60 * NSEC_PER_SEC)
#define ROUTES_PATIENCE_NS                                                                                             \
	(3 * NSEC_PER_SEC) /* whoever manages the network puts its routes back after a link is up                      \
	                    */

struct link_state {
	bool used; /* probes leave by it */
	bool blinked; /* it was down since the last look */
	uint64_t down_since_ns; /* 0: up */
	uint64_t up_since_ns; /* after a gap, until its routes are back; else 0 */
	bool xdp_seen; /* the next is known */
	uint32_t xdp_prog_id;
};

struct hop_state {
	const struct cp_probe_dest *sample; /* a destination behind it; NULL: not in use */
	uint64_t silent_since_ns; /* 0: its link-layer address is known */
	uint32_t n_kept; /* destinations that the kernel still routes over it */
	bool unused; /* there is none any more */
	bool off; /* the emitter refuses its probes */
	bool told; /* ... and the user knows that it is silent */
	bool given_up; /* off, and nobody waits for it */
};

struct cp_follow {
	struct cp_audit *audit;
	struct cp_progress *progress;
	struct cp_rtnl *rtnl;
	struct cp_watch *watch;
	struct link_state links[CP_IFACES_MAX];
	struct hop_state hops[CP_NEXTHOPS_MAX];
	uint64_t next_ns;
	bool look; /* links and next hops are to be looked at */
	bool unsettled; /* ... again, because something is waited for */
	bool paused;
	bool routes_stale; /* routes changed since they were last compared */
	size_t route_at; /* next destination to compare; n_dests: none */
	size_t n_changed, n_told; /* destinations whose route changed; of them told of */
	const struct cp_probe_dest *changed; /* the first of them */
};

static void tell(struct cp_follow *follow, const char *code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

static void tell(struct cp_follow *follow, const char *code, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cp_progress_clear(follow->progress);
	cp_outputs_warn(follow->audit, code, "%s", text);
}

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NSEC_PER_SEC;
}

/* ---- Opening ---- */

static void find_in_use(struct cp_follow *follow)
{
	const struct cp_audit *audit = follow->audit;

	for (size_t i = 0; i < audit->n_dests; i++) {
		const struct cp_probe_dest *dest = &audit->dests[i];

		if (dest->skip || follow->hops[dest->nexthop].sample)
			continue;
		follow->hops[dest->nexthop].sample = dest;
		follow->links[audit->hops[dest->nexthop].link].used = true;
	}
}

static bool route_get(struct cp_follow *follow, const struct cp_probe_dest *dest, struct cp_route *ret_route)
{
	const struct cp_opts *opts = follow->audit->opts;
	/* As the plan asked: the interface of -i is the first it learnt. */
	uint32_t ifindex = opts->interface ? follow->audit->links[0].ifindex : 0;
	struct cp_err ignored;

	return cp_route_get(follow->rtnl, &dest->addr, ifindex, opts->has_source ? &opts->source : NULL, ret_route,
	               &ignored) == 0;
}

static bool route_is_kept(struct cp_follow *follow, const struct cp_probe_dest *dest)
{
	const struct cp_hop_out *hop = &follow->audit->hops[dest->nexthop];
	struct cp_route route;

	return route_get(follow, dest, &route) && route.ifindex == hop->nexthop.ifindex &&
	       cp_addr_eq(&route.src, &hop->nexthop.src) &&
	       ((hop->nexthop.flags & CP_NH_L3) || cp_addr_eq(&route.nexthop, &hop->addr));
}

int cp_follow_open(
        struct cp_audit *audit, struct cp_progress *progress, struct cp_follow **ret_follow, struct cp_err *err)
{
	struct cp_follow *follow = calloc(1, sizeof(*follow));
	int rc;

	if (!follow)
		return cp_err_set(err, -ENOMEM, "out of memory");
	follow->audit = audit;
	follow->progress = progress;
	follow->route_at = audit->n_dests;
	find_in_use(follow);
	rc = cp_rtnl_open(&follow->rtnl, err);
	rc = rc ? rc : cp_watch_open(&follow->watch, err);
	if (rc) {
		cp_follow_close(follow);
		return rc;
	}
	/* The plan is a moment old. All its routes again would cost a large run too much: one of each next hop. */
	follow->look = true;
	for (uint32_t i = 0; i < audit->n_hops && !follow->routes_stale; i++)
		follow->routes_stale = follow->hops[i].sample && !route_is_kept(follow, follow->hops[i].sample);
	*ret_follow = follow;
	return 0;
}

void cp_follow_close(struct cp_follow *follow)
{
	if (!follow)
		return;
	cp_watch_close(follow->watch);
	cp_rtnl_close(follow->rtnl);
	free(follow);
}

/* ---- Next hops ---- */

/* Hands the next hop to the emitter as it is now, or an empty one. */
static int put_hop(struct cp_follow *follow, uint32_t i, bool off)
{
	struct cp_nexthop nexthop = follow->audit->hops[i].nexthop;

	if (off)
		nexthop.ifindex = 0;
	if (off && !follow->hops[i].off)
		follow->audit->hops[i].n_gaps++;
	follow->hops[i].off = off;
	return cp_engine_set_nexthop(follow->audit->engine, i, &nexthop);
}

static int hop_answers(struct cp_follow *follow, uint32_t i, const uint8_t mac[6])
{
	struct cp_hop_out *hop = &follow->audit->hops[i];
	struct hop_state *state = &follow->hops[i];
	bool moved = memcmp(mac, hop->nexthop.dmac, 6) != 0, told = state->told;
	char addr[CP_ADDR_STRLEN];

	state->silent_since_ns = 0;
	state->told = false;
	state->given_up = false;
	if (!moved && !state->off)
		return 0;
	memcpy(hop->nexthop.dmac, mac, 6);
	if (moved) {
		/* What went to the old address may have gone nowhere. */
		hop->n_gaps += !state->off;
		tell(follow, "next-hop-moved",
		        "next hop %s now has the link-layer address %02x:%02x:%02x:%02x:%02x:%02x",
		        cp_addr_format(&hop->addr, addr), mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	} else if (told) {
		tell(follow, "next-hop-back", "next hop %s answers again", cp_addr_format(&hop->addr, addr));
	}
	return put_hop(follow, i, false);
}

/* A neighbour that is itself the destination may go away as it likes, and an old router once nothing uses it. */
static bool is_worth_waiting(const struct cp_follow *follow, uint32_t i, uint64_t silent_ns)
{
	const struct hop_state *state = &follow->hops[i];

	return !state->unused && silent_ns < NEIGHBOUR_PATIENCE_NS &&
	       !cp_addr_eq(&follow->audit->hops[i].addr, &state->sample->addr);
}

static int hop_is_silent(struct cp_follow *follow, uint32_t i, uint64_t now_ns)
{
	struct cp_hop_out *hop = &follow->audit->hops[i];
	struct hop_state *state = &follow->hops[i];
	char addr[CP_ADDR_STRLEN];
	uint64_t silent_ns;
	int rc = 0;

	if (!state->silent_since_ns)
		state->silent_since_ns = now_ns;
	silent_ns = now_ns - state->silent_since_ns;
	if (silent_ns < NEIGHBOUR_GRACE_NS || state->given_up)
		return 0;
	cp_addr_format(&hop->addr, addr);
	if (!state->off)
		rc = put_hop(follow, i, true);
	if (!state->told) {
		state->told = true;
		tell(follow, "next-hop-silent",
		        "next hop %s on %s does not answer any more: nothing is sent to it until it does", addr,
		        follow->audit->links[hop->link].name);
	}
	state->given_up = !is_worth_waiting(follow, i, silent_ns);
	hop->lost |= state->given_up;
	return rc;
}

static int look_at_hops(struct cp_follow *follow, uint64_t now_ns)
{
	struct cp_err ignored;
	uint8_t mac[6];
	int rc = 0;

	for (uint32_t i = 0; i < follow->audit->n_hops && rc == 0; i++) {
		const struct cp_hop_out *hop = &follow->audit->hops[i];
		struct hop_state *state = &follow->hops[i];

		if (!state->sample || follow->links[hop->link].down_since_ns)
			continue;
		memcpy(mac, hop->nexthop.dmac, sizeof(mac));
		if ((hop->nexthop.flags & CP_NH_L3) ||
		        cp_neigh_get(follow->rtnl, hop->nexthop.ifindex, &hop->addr, 0, mac, &ignored) == 0)
			rc = hop_answers(follow, i, mac);
		else
			rc = hop_is_silent(follow, i, now_ns);
		follow->unsettled |= state->silent_since_ns != 0;
	}
	return rc;
}

/* ---- Links ---- */

static int link_is_gone(const struct cp_link *link, struct cp_err *err)
{
	return cp_err_set(err, -ENODEV,
	        "interface %s (index %u) was removed during the run: run again once `ip link` shows it", link->name,
	        link->ifindex);
}

static int link_is_down(struct cp_follow *follow, uint32_t i, uint64_t now_ns, struct cp_err *err)
{
	const struct cp_audit *audit = follow->audit;
	struct link_state *state = &follow->links[i];
	int rc = 0;

	if (state->down_since_ns && now_ns - state->down_since_ns >= LINK_PATIENCE_NS)
		return cp_err_set(err, -ENETDOWN,
		        "interface %s has been down for %.0f s: `ip link set %s up`, then run again",
		        audit->links[i].name, seconds(now_ns - state->down_since_ns), audit->links[i].name);
	if (state->down_since_ns)
		return 0;
	state->down_since_ns = now_ns;
	for (uint32_t h = 0; h < audit->n_hops && rc == 0; h++) {
		if (audit->hops[h].link != i || !follow->hops[h].sample)
			continue;
		follow->hops[h].silent_since_ns = 0;
		follow->hops[h].given_up = false;
		rc = put_hop(follow, h, true);
	}
	tell(follow, "interface-down", "interface %s is down: nothing is sent until it is up again",
	        audit->links[i].name);
	return rc ? cp_err_set(err, rc, "cannot stop sending: %s", strerror(-rc)) : 0;
}

static void link_is_up(struct cp_follow *follow, uint32_t i, uint64_t now_ns)
{
	struct link_state *state = &follow->links[i];
	const char *name = follow->audit->links[i].name;

	if (state->down_since_ns) {
		tell(follow, "interface-up", "interface %s is up again, after %.1f s", name,
		        seconds(now_ns - state->down_since_ns));
		state->up_since_ns = now_ns;
		state->down_since_ns = 0;
	} else if (state->blinked) {
		tell(follow, "interface-down", "interface %s was down for a moment", name);
		for (uint32_t h = 0; h < follow->audit->n_hops; h++)
			follow->audit->hops[h].n_gaps += follow->audit->hops[h].link == i;
	}
}

static int take_own_mac(struct cp_follow *follow, uint32_t i, const struct cp_link *now)
{
	struct cp_audit *audit = follow->audit;
	int rc = 0;

	if (memcmp(audit->links[i].mac, now->mac, sizeof(now->mac)) == 0)
		return 0;
	memcpy(audit->links[i].mac, now->mac, sizeof(now->mac));
	for (uint32_t h = 0; h < audit->n_hops && rc == 0; h++) {
		if (audit->hops[h].link != i)
			continue;
		memcpy(audit->hops[h].nexthop.smac, now->mac, sizeof(now->mac));
		rc = put_hop(follow, h, follow->hops[h].off);
	}
	return rc;
}

/* Our own programs are attached before the first look, so a change is somebody else's. */
static void look_at_xdp(struct cp_follow *follow, uint32_t i, const struct cp_link *now)
{
	struct link_state *state = &follow->links[i];

	if (state->xdp_seen && now->xdp_prog_id && now->xdp_prog_id != state->xdp_prog_id)
		tell(follow, "xdp-attached",
		        "somebody attached an XDP program (id %u) to %s during the run: it may keep answers from us",
		        now->xdp_prog_id, now->name);
	state->xdp_seen = true;
	state->xdp_prog_id = now->xdp_prog_id;
}

static int look_at_links(struct cp_follow *follow, uint64_t now_ns, struct cp_err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < follow->audit->n_links && rc == 0; i++) {
		struct link_state *state = &follow->links[i];
		struct cp_link now;

		if (!state->used)
			continue;
		rc = cp_link_get(follow->rtnl, NULL, follow->audit->links[i].ifindex, &now, err);
		if (rc == -ENODEV)
			return link_is_gone(&follow->audit->links[i], err);
		if (rc)
			return rc;
		if (now.up)
			link_is_up(follow, i, now_ns);
		else
			rc = link_is_down(follow, i, now_ns, err);
		state->blinked = false;
		look_at_xdp(follow, i, &now);
		rc = rc ? rc : take_own_mac(follow, i, &now);
	}
	return rc;
}

/* ---- Routes ---- */

/* Compares the routes of up to n destinations with the plan's. */
static void compare_routes(struct cp_follow *follow, size_t n)
{
	struct cp_audit *audit = follow->audit;
	char addr[CP_ADDR_STRLEN];

	if (follow->route_at == audit->n_dests) {
		if (!follow->routes_stale)
			return;
		follow->routes_stale = false;
		follow->route_at = 0;
		for (uint32_t i = 0; i < audit->n_hops; i++)
			follow->hops[i].n_kept = 0;
	}
	for (; n && follow->route_at < audit->n_dests; follow->route_at++, n--) {
		struct cp_probe_dest *dest = &audit->dests[follow->route_at];

		if (dest->skip)
			continue;
		if (route_is_kept(follow, dest)) {
			follow->hops[dest->nexthop].n_kept++;
		} else if (!dest->route_changed) {
			dest->route_changed = true;
			follow->changed = follow->changed ? follow->changed : dest;
			follow->n_changed++;
		}
	}
	if (follow->route_at < audit->n_dests)
		return;
	for (uint32_t i = 0; i < audit->n_hops; i++)
		follow->hops[i].unused = follow->hops[i].n_kept == 0;
	if (follow->n_changed > follow->n_told)
		tell(follow, "route-changed",
		        "this host's route to %zu of %u destinations changed during the run (%s among them): their "
		        "probes keep "
		        "to the old one, their verdicts have low confidence",
		        follow->n_changed, audit->n_probed, cp_addr_format(&follow->changed->addr, addr));
	follow->n_told = follow->n_changed;
}

/* After a gap: has each next hop of a link at least some route again? Not waited for without end. */
static bool routes_are_back(struct cp_follow *follow, uint64_t now_ns)
{
	bool back = true;

	for (uint32_t h = 0; h < follow->audit->n_hops; h++) {
		const struct link_state *link = &follow->links[follow->audit->hops[h].link];
		struct cp_route route;

		if (link->up_since_ns && now_ns - link->up_since_ns < ROUTES_PATIENCE_NS && follow->hops[h].sample)
			back &= route_get(follow, follow->hops[h].sample, &route);
	}
	for (uint32_t i = 0; back && i < follow->audit->n_links; i++)
		follow->links[i].up_since_ns = 0;
	return back;
}

/* ---- Together ---- */

static int take_changes(struct cp_follow *follow, struct cp_err *err)
{
	const struct cp_audit *audit = follow->audit;
	struct cp_changes changes;
	int rc = cp_watch_poll(follow->watch, &changes);

	if (rc < 0)
		return cp_err_set(err, rc, "cannot follow routes and interfaces: %s", strerror(-rc));
	for (uint32_t c = 0; c < changes.n_links; c++) {
		for (uint32_t i = 0; i < audit->n_links; i++) {
			if (audit->links[i].ifindex != changes.links[c].ifindex || !follow->links[i].used)
				continue;
			/* Another interface may have its index by now, so asking is not enough. */
			if (changes.links[c].gone)
				return link_is_gone(&audit->links[i], err);
			follow->links[i].blinked |= changes.links[c].down;
		}
	}
	follow->look |= rc > 0;
	follow->routes_stale |= changes.routes || changes.overrun;
	return 0;
}

/* Is sending to wait? -EHOSTUNREACH: nothing is left to wait for. */
static int decide(struct cp_follow *follow, uint64_t now_ns, struct cp_err *err)
{
	bool any_left = false, paused = false;

	for (uint32_t i = 0; i < follow->audit->n_hops; i++) {
		const struct hop_state *state = &follow->hops[i];

		any_left |= state->sample && !state->given_up;
		paused |= state->off && !state->given_up;
	}
	if (!any_left)
		return cp_err_set(err, -EHOSTUNREACH,
		        "no next hop answers any more: check the gateway (`ip neigh`, `ip route`), then run again");
	follow->paused = !routes_are_back(follow, now_ns) || paused;
	follow->unsettled |= follow->paused;
	return 0;
}

static int look(struct cp_follow *follow, uint64_t now_ns, struct cp_err *err)
{
	int rc = take_changes(follow, err);

	if (rc || (!follow->look && !follow->unsettled))
		return rc;
	follow->look = false;
	follow->unsettled = false;
	rc = look_at_links(follow, now_ns, err);
	if (rc)
		return rc;
	rc = look_at_hops(follow, now_ns);
	if (rc)
		return cp_err_set(err, rc, "cannot change a next hop: %s", strerror(-rc));
	return decide(follow, now_ns, err);
}

/* While a link is down, or its routes are not yet back, the kernel has no routes worth comparing. */
static bool routes_are_settled(const struct cp_follow *follow)
{
	for (uint32_t i = 0; i < follow->audit->n_links; i++) {
		if (follow->links[i].down_since_ns || follow->links[i].up_since_ns)
			return false;
	}
	return true;
}

int cp_follow_poll(struct cp_follow *follow, uint64_t now_ns, struct cp_err *err)
{
	if (now_ns >= follow->next_ns) {
		int rc = look(follow, now_ns, err);

		if (rc)
			return rc;
		follow->next_ns = now_ns + EVERY_NS;
	}
	if (routes_are_settled(follow))
		compare_routes(follow, ROUTES_A_CALL);
	return follow->paused;
}

void cp_follow_finish(struct cp_follow *follow)
{
	struct cp_changes changes;

	for (uint32_t i = 0; i < follow->audit->n_links; i++) {
		if (follow->links[i].down_since_ns)
			tell(follow, "interface-down", "interface %s was still down when the run ended, for %.1f s",
			        follow->audit->links[i].name,
			        seconds(cp_host_clock_mono_ns() - follow->links[i].down_since_ns));
	}
	if (cp_watch_poll(follow->watch, &changes) > 0)
		follow->routes_stale |= changes.routes || changes.overrun;
	while (routes_are_settled(follow) && cp_signals_seen(NULL) < 2 &&
	        (follow->routes_stale || follow->route_at < follow->audit->n_dests))
		compare_routes(follow, ROUTES_A_CALL);
}

/*
 * A silent slot is asked once in each of so many passes, and a gap falls into
 * one of them: as long as there were fewer gaps, it was asked outside of them.
 */
bool cp_follow_doubts(const struct cp_audit *audit, const struct cp_probe_dest *dest)
{
	const struct cp_hop_out *hop = &audit->hops[dest->nexthop];

	return hop->lost || hop->n_gaps >= audit->opts->attempts;
}
