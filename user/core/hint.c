// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * hint.c: what names, round trips, reply TTLs and labels add to the evidence.
 * All of it is weak: a name can be wrong, an answer slow, a way back another
 * one. Owns how far each may reach; must not know any verdict.
 */
#include <string.h>
#include <strings.h>

#include "evidence.h"
#include "router_name.h"

#define RETURN_MAX 40 /* routers on a way back; more is a TTL that was not counted down from where we think */
#define ASYMMETRY                                                                                                      \
	5 /* routers more or fewer than on the way there: no longer a matter of a tunnel's end or a hop that hides */
#define SLACK_US 500u /* round trips differ by so much for no reason */
#define EARLY_US 1000u /* and never by so much in the wrong direction, all of them */

static bool is_certain_home(const struct cp_evidence *ev, int i)
{
	return ev->may[i] == CP_MAY_HOME;
}

static bool same_hop(const struct cp_evidence *ev, int a, int b)
{
	return cp_addr_eq(&ev->path->hops[a].addr, &ev->path->hops[b].addr);
}

/* The next hop behind i that shows an AS or an IXP LAN; n_hops: none. */
static int next_seen(const struct cp_evidence *ev, int i)
{
	for (i++; i < ev->n_hops && ev->sight[i] < CP_SIGHT_IXP; i++)
		;
	return i;
}

/* ---- Names ---- */

/* Microsoft's router names say something of home only when home is Microsoft's own network, not a subsidiary's. */
static bool home_is_microsoft(const struct cp_evidence *ev)
{
	for (size_t i = 0; i < ev->in->home->n; i++) {
		const struct cp_as *as = cp_asdb_as(ev->in->asdb, ev->in->home->asns[i]);

		if (as && as->role && (!strcmp(as->role, "microsoft-backbone") || !strcmp(as->role, "microsoft")))
			return true;
	}
	return false;
}

static bool is_same_router(const struct cp_router_name *a, const struct cp_router_name *b)
{
	return a->microsoft && b->microsoft && *a->router && !strcmp(a->router, b->router) && !strcmp(a->site, b->site);
}

static struct cp_router_name name_of(const struct cp_evidence *ev, int i)
{
	struct cp_router_name name = {0};

	if (i >= 0 && i < ev->n_hops)
		cp_router_name_parse(ev->path->hops[i].ptr, &name);
	return name;
}

/*
 * The part of a name that somebody registered, roughly: its last two labels, three where the second last is as short as
 * in "co.uk". NULL when there is no such part.
 */
static const char *domain_of(const char *name)
{
	const char *dots[3] = {NULL, NULL, NULL}; /* the last ones */
	size_t len = name ? strlen(name) : 0;

	while (len && name[len - 1] == '.')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (name[i] != '.')
			continue;
		dots[0] = dots[1];
		dots[1] = dots[2];
		dots[2] = name + i;
	}
	if (!dots[2])
		return NULL;
	if (!dots[1])
		return name;
	if (dots[2] - dots[1] > 4)
		return dots[1] + 1;
	return dots[0] ? dots[0] + 1 : name;
}

static bool is_same_domain(const char *a, const char *b)
{
	const char *left = domain_of(a), *right = domain_of(b);

	return left && right && !strcasecmp(left, right);
}

/* Hops that are neither home's nor, on the way to a foreign destination, of its side; IXP LANs among them. */
static uint32_t n_outside(const struct cp_evidence *ev)
{
	uint8_t allowed = (uint8_t)(CP_MAY_HOME | (ev->dest_foreign ? ev->dest_side : 0));
	uint32_t n = 0;

	for (int i = 0; i < ev->n_hops; i++) {
		if (ev->sight[i] == CP_SIGHT_IXP)
			n++;
		else if (ev->may[i] && !(ev->may[i] & allowed))
			n++;
	}
	return n;
}

/* A hop beside the one in question is home's by its address, and nothing in its name speaks against that. */
static bool is_plain_home(const struct cp_evidence *ev, int i, const struct cp_router_name *name)
{
	return is_certain_home(ev, i) && !(ev->far_end_other >> i & 1) &&
	       (!ev->path->hops[i].ptr || name->microsoft || i == ev->dest_hop);
}

/*
 * True when hop i, of a foreign number, is home's router by its name. The hops beside it must be home's, and a name
 * that repeats the router before it says the contrary: the far end of that router's link. A name that the next hop
 * repeats makes that one the far end, and so no witness.
 */
static bool is_home_by_name(const struct cp_evidence *ev, int i)
{
	struct cp_router_name before, name, behind;

	if (i < 1 || i + 1 >= ev->n_hops || !ev->path->hops[i].ptr)
		return false;
	name = name_of(ev, i);
	if (!name.microsoft)
		return false;
	before = name_of(ev, i - 1);
	behind = name_of(ev, i + 1);
	return is_plain_home(ev, i - 1, &before) && is_plain_home(ev, i + 1, &behind) &&
	       !is_same_router(&before, &name) && !is_same_router(&name, &behind);
}

/*
 * True when hop i, of home's number and the last of home before something else (or of all that was seen), is by its
 * name the neighbour's router: it repeats the name of the router seen before it, or shares its domain with the foreign
 * hop behind it.
 */
static bool is_other_by_name(const struct cp_evidence *ev, int i)
{
	int next = next_seen(ev, i), last = i - 1;
	struct cp_router_name before, name;

	if (!ev->path->hops[i].ptr || i == ev->dest_hop)
		return false;
	if (next < ev->n_hops ? ev->may[next] & CP_MAY_HOME : ev->answered)
		return false;
	name = name_of(ev, i);
	if (!name.microsoft)
		return next < ev->n_hops && is_same_domain(ev->path->hops[i].ptr, ev->path->hops[next].ptr);
	while (last >= 0 && (ev->sight[last] < CP_SIGHT_IXP || same_hop(ev, i, last)))
		last--;
	if (last < 0)
		return false;
	before = name_of(ev, last);
	return is_certain_home(ev, last) && is_same_router(&before, &name);
}

void cp_hint_names(struct cp_evidence *ev)
{
	bool named = false;

	for (int i = 0; i < ev->n_hops; i++)
		named |= ev->path->hops[i].ptr != NULL;
	if (!named || !home_is_microsoft(ev))
		return;
	for (int i = 0; i < ev->n_hops; i++) {
		if (is_certain_home(ev, i) && is_other_by_name(ev, i))
			ev->far_end_other |= 1ull << i;
	}
	/*
	 * A name is good for one hop: two outside home are outside, whatever they are called. And it accuses nobody:
	 * where home itself would be a third AS, its hops are not to become more. Where the packets of a flow are
	 * spread, the hops beside it are no neighbours that could vouch for it.
	 */
	if (n_outside(ev) != 1 || (ev->vantage_foreign && !ev->dest_home) || ev->path->per_packet)
		return;
	for (int i = 1; i < ev->n_hops; i++) {
		if (ev->may[i] && !(ev->may[i] & CP_MAY_HOME) && is_home_by_name(ev, i)) {
			ev->far_end_home |= 1ull << i;
			ev->may[i] = CP_MAY_HOME;
		}
	}
}

/* ---- Round trips, reply TTLs, labels ---- */

int cp_return_length(uint8_t reply_ttl)
{
	int start = reply_ttl <= 64 ? 64 : reply_ttl <= 128 ? 128 : 255;

	return reply_ttl && start - reply_ttl <= RETURN_MAX ? start - reply_ttl : -1;
}

static uint32_t rtt_of(const struct cp_evidence *ev, int i)
{
	return ev->path->hops[i].rtt_us;
}

/* Between two home hops at once, no later than the slower of them, and from as far away: as they would answer. */
static bool looks_third_party(const struct cp_evidence *ev, const struct cp_stretch *stretch)
{
	int i = stretch->hops ? __builtin_ctzll(stretch->hops) : -1, left, here, right;
	uint32_t slower;

	if (ev->path->per_packet || i < 1 || stretch->left != i - 1 || stretch->right != i + 1 || i + 1 >= ev->n_hops)
		return false;
	if (!is_certain_home(ev, i - 1) || !is_certain_home(ev, i + 1) || ev->far_end_other)
		return false;
	if (!rtt_of(ev, i - 1) || !rtt_of(ev, i) || !rtt_of(ev, i + 1))
		return false;
	slower = rtt_of(ev, i - 1) > rtt_of(ev, i + 1) ? rtt_of(ev, i - 1) : rtt_of(ev, i + 1);
	left = cp_return_length(ev->path->hops[i - 1].reply_ttl);
	here = cp_return_length(ev->path->hops[i].reply_ttl);
	right = cp_return_length(ev->path->hops[i + 1].reply_ttl);
	if (left < 0 || here < 0 || right < 0 || rtt_of(ev, i) > slower + slower / 10 + SLACK_US)
		return false;
	return here >= (left < right ? left : right) - 1 && here <= (left > right ? left : right) + 1;
}

/*
 * The answer from farthest away tells most: a router at TTL t is t - 1 routers away. (Forward and return path length:
 * Vanaubel et al., "Through the Wormhole: Tracking Invisible MPLS Tunnels", IMC 2017.)
 */
static bool is_asymmetric(const struct cp_evidence *ev)
{
	int i = ev->n_hops - 1, back, there;

	while (i >= 0 && ev->sight[i] < CP_SIGHT_IXP)
		i--;
	if (i < 0 || ev->path->hops[i].flags & CP_HOP_INFERRED)
		return false;
	back = cp_return_length(ev->path->hops[i].reply_ttl);
	there = ev->path->hops[i].ttl - 1;
	return back >= 0 && (back - there >= ASYMMETRY || there - back >= ASYMMETRY);
}

static bool has_mpls_gap(const struct cp_evidence *ev)
{
	const struct cp_hop *hops = ev->path->hops;
	int left = -1;

	for (int i = 0; i < ev->n_hops; i++) {
		if (ev->sight[i] == CP_SIGHT_NONE)
			continue;
		if (left >= 0 && i > left + 1 && is_certain_home(ev, left) && is_certain_home(ev, i) &&
		        (hops[left].n_mpls || hops[i].n_mpls))
			return true;
		left = i;
	}
	return false;
}

bool cp_hint_too_early(const struct cp_evidence *ev, uint64_t hops)
{
	uint32_t latest = 0, before = UINT32_MAX, n_before = 0;
	bool outside = false;

	for (int i = 0; i < ev->n_hops; i++) {
		bool is_foreign = hops >> i & 1;

		outside |= is_foreign;
		if (!rtt_of(ev, i))
			continue;
		if (is_foreign) {
			latest = rtt_of(ev, i) > latest ? rtt_of(ev, i) : latest;
		} else if (!outside) {
			before = rtt_of(ev, i) < before ? rtt_of(ev, i) : before;
			n_before++;
		}
	}
	/* One hop before them may just be slow to answer. */
	return latest && n_before > 1 && before > latest && before - latest > EARLY_US;
}

void cp_hint_times(struct cp_evidence *ev)
{
	if (ev->excursion == CP_EXC_WEAK && ev->excursion_stretch.n_alien == 1)
		ev->third_party = looks_third_party(ev, &ev->excursion_stretch);
	else if (ev->third_as == CP_THIRD_WEAK)
		ev->third_party = looks_third_party(ev, &ev->third_stretch);
	ev->asymmetric = is_asymmetric(ev);
	ev->mpls_gap = has_mpls_gap(ev);
}
