// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * evidence.c: a path with its origins -> what it shows. Owns the reading of
 * hops, vantage and destination; must not know any verdict.
 */
#include "evidence.h"

#include <string.h>

static uint32_t n_asns(const struct cp_origin *origin)
{
	if (origin->kind != CP_ORIGIN_AS)
		return 0;
	return origin->n_asn < CP_MOAS_MAX ? origin->n_asn : CP_MOAS_MAX;
}

bool cp_origin_has(const struct cp_origin *origin, uint32_t asn)
{
	for (uint32_t i = 0; i < n_asns(origin); i++) {
		if (origin->asn[i] == asn)
			return true;
	}
	return false;
}

/* How many of an origin's ASes are home. */
static uint32_t n_in_home(const struct cp_evidence *ev, const struct cp_origin *origin)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < n_asns(origin); i++)
		n += cp_home_has(ev->in->home, origin->asn[i]);
	return n;
}

/* ---- The destination ---- */

static void read_dest(struct cp_evidence *ev)
{
	const struct cp_origin *dest = &ev->dest;
	uint32_t n_home = n_in_home(ev, dest);

	ev->answered = ev->path->reached;
	ev->dest_hop = -1;
	if (ev->answered && ev->n_hops > 0 && cp_addr_eq(&ev->path->hops[ev->n_hops - 1].addr, ev->in->dest))
		ev->dest_hop = ev->n_hops - 1;
	if (dest->kind != CP_ORIGIN_AS)
		return;
	ev->dest_home = n_home > 0 && n_home == n_asns(dest);
	ev->dest_foreign = n_home == 0;
	for (uint32_t i = 1; ev->dest_foreign && i < n_asns(dest); i++)
		ev->dest_split |= !cp_asdb_siblings(ev->in->asdb, dest->asn[0], dest->asn[i]);
}

/* ---- Loops ---- */

/*
 * An address that comes back after another one: a loop, unless the destination
 * answered, when it is a sign of balancing or of a change of route. Where it
 * did not, silence may hide the other one. Private addresses may be used twice
 * on one path.
 */
static int find_repeat(const struct cp_evidence *ev)
{
	const struct cp_hop *hops = ev->path->hops;

	for (int i = 2; i < ev->n_hops; i++) {
		bool other_between = false;

		if (cp_addr_is_zero(&hops[i].addr) || ev->origins[i].kind == CP_ORIGIN_SPECIAL)
			continue;
		for (int j = i - 1; j >= 0; j--) {
			if (cp_addr_is_zero(&hops[j].addr)) {
				other_between |= !ev->answered;
				continue;
			}
			if (!cp_addr_eq(&hops[j].addr, &hops[i].addr))
				other_between = true;
			else if (other_between)
				return i;
		}
	}
	return ev->n_hops;
}

static void cut_loop(struct cp_evidence *ev)
{
	int repeat = find_repeat(ev);

	ev->loop = repeat < ev->n_hops || ev->path->end == CP_END_LOOP;
	if (!ev->answered && repeat < ev->n_hops)
		ev->n_hops = repeat + 1;
}

/* ---- The vantage ---- */

static bool is_inferred(const struct cp_evidence *ev, int i)
{
	return ev->path->hops[i].flags & CP_HOP_INFERRED;
}

/* The first hop with an AS; what the destination's own address answers says nothing of where the probes start. */
static int first_as_hop(const struct cp_evidence *ev)
{
	for (int i = 0; i < ev->n_hops; i++) {
		bool is_dest = cp_addr_eq(&ev->path->hops[i].addr, ev->in->dest);

		if (ev->origins[i].kind == CP_ORIGIN_AS && !is_dest && !is_inferred(ev, i))
			return i;
	}
	return -1;
}

/* True when every TTL before hop i was probed and answered from a private address. */
static bool head_is_private(const struct cp_evidence *ev, int i)
{
	if (ev->path->hops[0].ttl != 1)
		return false;
	while (i-- > 0) {
		if (ev->origins[i].kind != CP_ORIGIN_SPECIAL)
			return false;
	}
	return true;
}

/*
 * What nobody told us, the first AS seen may tell. A foreign one is taken
 * whatever comes before it, unless silence could hide the real vantage and all
 * that is left is the destination's own network. Home is taken only when no
 * silence comes before it, and for a home destination only when nothing at all
 * does: an ISP may number its routers privately.
 */
static bool may_assume(const struct cp_evidence *ev, int first)
{
	const struct cp_origin *origin = &ev->origins[first];
	uint32_t n_home = n_in_home(ev, origin);
	bool is_private = head_is_private(ev, first);

	if (n_home > 0)
		return n_home == n_asns(origin) && (ev->head_bare || (is_private && !ev->dest_home));
	for (uint32_t i = 0; i < n_asns(&ev->dest); i++) {
		if (cp_asdb_siblings(ev->in->asdb, origin->asn[0], ev->dest.asn[i]))
			return is_private;
	}
	return true;
}

static void read_vantage(struct cp_evidence *ev)
{
	int first = first_as_hop(ev);

	ev->vantage_asn = ev->in->vantage.asn;
	ev->head_bare = first == 0 && ev->path->hops[0].ttl == 1;
	if (!ev->vantage_asn && first >= 0 && may_assume(ev, first)) {
		ev->vantage_asn = ev->origins[first].asn[0];
		ev->vantage_assumed = true;
	}
	ev->vantage_home = ev->vantage_asn && cp_home_has(ev->in->home, ev->vantage_asn);
	ev->vantage_foreign = ev->vantage_asn && !ev->vantage_home;
}

/* ---- Sides ---- */

/* An unknown vantage is on home's side: rules that need more ask for it. */
static void set_sides(struct cp_evidence *ev)
{
	ev->own = ev->vantage_foreign ? CP_MAY_OWN : CP_MAY_HOME | CP_MAY_OWN;
	ev->dest_side = ev->dest_home ? CP_MAY_HOME | CP_MAY_DEST : CP_MAY_DEST;
	if (ev->vantage_asn) {
		for (uint32_t i = 0; i < n_asns(&ev->dest); i++) {
			if (cp_asdb_siblings(ev->in->asdb, ev->vantage_asn, ev->dest.asn[i]))
				ev->own |= ev->dest_side;
		}
	}
	ev->third = (uint8_t)(CP_MAY_ALL & ~(ev->own | ev->dest_side));
}

static uint8_t may_of_asn(const struct cp_evidence *ev, uint32_t asn)
{
	if (cp_home_has(ev->in->home, asn))
		return CP_MAY_HOME;
	for (uint32_t i = 0; i < n_asns(&ev->dest); i++) {
		if (cp_asdb_siblings(ev->in->asdb, asn, ev->dest.asn[i]))
			return CP_MAY_DEST;
	}
	if (ev->vantage_asn && cp_asdb_siblings(ev->in->asdb, asn, ev->vantage_asn))
		return CP_MAY_OWN;
	return CP_MAY_THIRD;
}

static uint8_t may_of_origin(const struct cp_evidence *ev, const struct cp_origin *origin)
{
	uint8_t may = 0;

	for (uint32_t i = 0; i < n_asns(origin); i++)
		may |= may_of_asn(ev, origin->asn[i]);
	return may ? may : CP_MAY_ALL;
}

/*
 * A hop that was not seen for this path is no evidence for a good verdict (it
 * reads as silence) and none for a bad one (it reads as unclear).
 */
static void read_inferred(struct cp_evidence *ev, int i)
{
	bool is_good = ev->may[i] == CP_MAY_HOME || (ev->may[i] == CP_MAY_DEST && ev->dest_foreign);

	if (ev->sight[i] == CP_SIGHT_PUBLIC && is_good) {
		ev->sight[i] = CP_SIGHT_NONE;
		ev->may[i] = 0;
	} else if (ev->sight[i] >= CP_SIGHT_IXP) {
		ev->sight[i] = CP_SIGHT_PUBLIC;
		ev->may[i] = CP_MAY_ALL;
	}
}

static void read_hop(struct cp_evidence *ev, int i)
{
	const struct cp_origin *origin = &ev->origins[i];

	if (cp_addr_is_zero(&ev->path->hops[i].addr)) {
		ev->sight[i] = CP_SIGHT_NONE;
	} else if (origin->kind == CP_ORIGIN_SPECIAL) {
		ev->sight[i] = CP_SIGHT_PRIVATE;
	} else if (origin->kind == CP_ORIGIN_IXP) {
		ev->sight[i] = CP_SIGHT_IXP;
	} else {
		ev->sight[i] = CP_SIGHT_PUBLIC;
		ev->may[i] = may_of_origin(ev, origin);
	}
	if (is_inferred(ev, i))
		read_inferred(ev, i);
}

/* ---- Counts ---- */

uint32_t cp_evidence_unseen(const struct cp_evidence *ev, int left, int right)
{
	uint32_t n = 0;

	if (left < 0 && ev->n_hops > 0)
		n = ev->path->hops[0].ttl ? ev->path->hops[0].ttl - 1u : 0;
	for (int i = left + 1; i < right && i < ev->n_hops; i++)
		n += ev->sight[i] <= CP_SIGHT_PRIVATE;
	return n;
}

static bool within(uint8_t may, uint8_t mask)
{
	return may && !(may & ~mask);
}

/* The same router may answer at two TTLs running. */
static bool is_repeat(const struct cp_evidence *ev, int i)
{
	const struct cp_hop *hops = ev->path->hops;

	return i > 0 && cp_addr_eq(&hops[i].addr, &hops[i - 1].addr);
}

static void count_hops(struct cp_evidence *ev)
{
	uint64_t named = ev->far_end_home | ev->far_end_other; /* home's by one sign only: never raise a confidence */

	ev->silence = !ev->answered;
	for (int i = 0; i < ev->n_hops; i++) {
		bool is_dest = ev->answered && cp_addr_eq(&ev->path->hops[i].addr, ev->in->dest);

		ev->silence |= ev->sight[i] == CP_SIGHT_NONE;
		if (ev->sight[i] < CP_SIGHT_IXP)
			continue;
		ev->public_hops |= 1ull << i;
		if (ev->may[i] == CP_MAY_HOME)
			ev->home_hops |= 1ull << i;
		if (is_dest || is_repeat(ev, i))
			continue;
		ev->n_home += ev->may[i] == CP_MAY_HOME && !(named >> i & 1);
		ev->n_own_side += within(ev->may[i], ev->own);
		ev->n_dest_side += within(ev->may[i], ev->dest_side);
	}
	ev->n_unseen = cp_evidence_unseen(ev, -1, ev->n_hops);
}

static int last_within(const struct cp_evidence *ev, uint8_t mask)
{
	int i = ev->n_hops - 1;

	while (i >= 0 && !within(ev->may[i], mask))
		i--;
	return i;
}

/* The first hop of the destination's side behind the last one of ours; n_hops: the destination itself, or nothing. */
static int border_right(const struct cp_evidence *ev, int left)
{
	int i = left + 1;

	while (i < ev->n_hops && !within(ev->may[i], ev->dest_side))
		i++;
	return i;
}

static uint32_t unclear_reason(const struct cp_evidence *ev, int i)
{
	if (is_inferred(ev, i))
		return CP_WHY_BIT(CP_WHY_SINGLE_FOREIGN_HOP);
	return CP_WHY_BIT(ev->origins[i].kind == CP_ORIGIN_AS ? CP_WHY_MULTI_ORIGIN : CP_WHY_UNMAPPED_HOP);
}

/*
 * True when hop i, read one way, allows a good verdict and, read another, does
 * not; or when the readings at least differ in how bad it is.
 */
static bool is_unclear(const struct cp_evidence *ev, int i)
{
	uint8_t may = ev->may[i];

	if (ev->dest_home && !ev->vantage_foreign)
		return may & (may - 1);
	return may & ev->third && may & ~ev->third;
}

/* Between two hops of a foreign destination's own network nothing changes how the path got there. */
static void find_unclear(struct cp_evidence *ev)
{
	int left = last_within(ev, (uint8_t)(ev->own & ~ev->dest_side));
	int border = border_right(ev, left), last = last_within(ev, ev->dest_side);

	if (!(ev->own & ev->dest_side))
		ev->n_border_unseen = cp_evidence_unseen(ev, left, border);
	for (int i = 0; i < ev->n_hops; i++) {
		if (i == ev->dest_hop || !is_unclear(ev, i))
			continue; /* a destination of unclear origin is a matter of its own */
		if (ev->dest_foreign && i > border && i < last) {
			ev->tolerated_reasons |= unclear_reason(ev, i);
		} else {
			ev->unclear_hops |= 1ull << i;
			ev->unclear_reasons |= unclear_reason(ev, i);
		}
	}
}

void cp_evidence_gather(
        const struct cp_verdict_input *input, struct cp_origin *origins, struct cp_evidence *ret_evidence)
{
	struct cp_evidence ev = {.in = input, .path = input->path, .origins = origins};

	ev.n_hops = (int)(ev.path->n_hops < CP_TTL_MAX ? ev.path->n_hops : CP_TTL_MAX);
	memset(origins, 0, CP_TTL_MAX * sizeof(*origins));
	for (int i = 0; i < ev.n_hops; i++) {
		if (!cp_addr_is_zero(&ev.path->hops[i].addr))
			cp_asdb_lookup(input->asdb, &ev.path->hops[i].addr, &origins[i]);
	}
	cp_asdb_lookup(input->asdb, input->dest, &ev.dest);
	read_dest(&ev);
	cut_loop(&ev);
	read_vantage(&ev);
	set_sides(&ev);
	for (int i = 0; i < ev.n_hops; i++)
		read_hop(&ev, i);
	cp_hint_names(&ev);
	count_hops(&ev);
	find_unclear(&ev);
	cp_stretch_grade(&ev);
	cp_hint_times(&ev);
	*ret_evidence = ev;
}
