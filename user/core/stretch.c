// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * stretch.c: what lies between two sightings of the same network. Owns the
 * grading of excursions from home and of third ASes; must not know verdicts.
 */
#include "evidence.h"

static bool within(uint8_t may, uint8_t mask)
{
	return may && !(may & ~mask);
}

/* True when hop i's address was already counted in this stretch: one router, not two. */
static bool is_counted(const struct cp_evidence *ev, const struct cp_stretch *stretch, int i)
{
	for (int j = stretch->left + 1; j < i; j++) {
		if (stretch->hops & 1ull << j && cp_addr_eq(&ev->path->hops[i].addr, &ev->path->hops[j].addr))
			return true;
	}
	return false;
}

static void take_hop(const struct cp_evidence *ev, const struct cp_walk *walk, int i, struct cp_stretch *stretch)
{
	bool is_ixp = ev->sight[i] == CP_SIGHT_IXP, is_alien = within(ev->may[i], walk->alien);
	bool is_known = is_counted(ev, stretch, i);

	if (is_ixp || is_alien) {
		stretch->broken |= stretch->hops && !(stretch->hops & 1ull << (i - 1));
		stretch->hops |= 1ull << i;
	}
	stretch->n_kin += ev->may[i] && !is_alien && !(ev->may[i] & walk->anchors);
	stretch->n_ixp += is_ixp && !is_known;
	stretch->n_alien += is_alien && !is_known;
}

struct cp_stretch cp_stretch_start(const struct cp_walk *walk)
{
	return (struct cp_stretch){.left = -1, .right = -1, .right_may = walk->start_may};
}

bool cp_stretch_next(const struct cp_evidence *ev, const struct cp_walk *walk, struct cp_stretch *stretch)
{
	int i = stretch->right;

	if (i >= ev->n_hops)
		return false;
	*stretch = (struct cp_stretch){.left = i, .left_may = stretch->right_may};
	for (i++; i < ev->n_hops && !within(ev->may[i], walk->anchors); i++)
		take_hop(ev, walk, i, stretch);
	stretch->right = i;
	stretch->right_may = i < ev->n_hops ? ev->may[i] : walk->end_may;
	return true;
}

/* ---- Excursions: from home to home ---- */

static enum cp_excursion grade_excursion(const struct cp_stretch *stretch)
{
	bool is_back = stretch->right_may != 0;

	if (stretch->n_alien + stretch->n_ixp >= 2)
		return is_back ? CP_EXC_CLOSED : CP_EXC_OPEN;
	if (stretch->n_ixp)
		return is_back ? CP_EXC_IXP : CP_EXC_WEAK;
	if (stretch->n_alien)
		return CP_EXC_WEAK;
	return stretch->n_kin ? CP_EXC_KIN : CP_EXC_NONE;
}

static void grade_excursions(struct cp_evidence *ev)
{
	uint8_t kin = (uint8_t)(CP_MAY_DEST | (ev->vantage_home ? CP_MAY_OWN : 0));
	struct cp_walk walk = {
	        .anchors = CP_MAY_HOME,
	        .alien = (uint8_t)(CP_MAY_ALL & ~CP_MAY_HOME & ~kin),
	        .start_may = ev->vantage_home ? CP_MAY_HOME : 0,
	        .end_may = ev->answered ? CP_MAY_HOME : 0,
	};
	struct cp_stretch stretch = cp_stretch_start(&walk);

	while (cp_stretch_next(ev, &walk, &stretch)) {
		enum cp_excursion grade = stretch.left_may ? grade_excursion(&stretch) : CP_EXC_NONE;

		if (grade > ev->excursion) {
			ev->excursion = grade;
			ev->excursion_stretch = stretch;
		}
	}
}

/* ---- Third ASes: between the vantage's network and the destination's ---- */

static bool is_between(const struct cp_evidence *ev, const struct cp_stretch *stretch)
{
	uint8_t left = stretch->left_may, right = stretch->right_may;

	if (!left || !right)
		return false;
	return !(within(left, ev->own) && within(right, ev->own)) &&
	       !(within(left, ev->dest_side) && within(right, ev->dest_side));
}

static enum cp_third grade_third(const struct cp_evidence *ev, const struct cp_stretch *stretch)
{
	if (!stretch->n_alien)
		return CP_THIRD_NONE;
	if (stretch->n_alien + stretch->n_ixp >= 2)
		return CP_THIRD_CERTAIN;
	return is_between(ev, stretch) ? CP_THIRD_BETWEEN : CP_THIRD_WEAK;
}

static void grade_thirds(struct cp_evidence *ev)
{
	uint8_t dest_may = ev->dest_home ? CP_MAY_HOME : CP_MAY_DEST;
	struct cp_walk walk = {
	        .anchors = ev->own | ev->dest_side,
	        .alien = ev->third,
	        .start_may = ev->vantage_home      ? CP_MAY_HOME
	                     : ev->vantage_foreign ? CP_MAY_OWN
	                                           : 0,
	        .end_may = ev->answered ? dest_may : 0,
	};
	struct cp_stretch stretch = cp_stretch_start(&walk);

	while (cp_stretch_next(ev, &walk, &stretch)) {
		enum cp_third grade = grade_third(ev, &stretch);

		if (grade > ev->third_as) {
			ev->third_as = grade;
			ev->third_stretch = stretch;
		}
	}
}

void cp_stretch_grade(struct cp_evidence *ev)
{
	if (ev->dest_home)
		grade_excursions(ev);
	if (ev->dest_foreign || (ev->dest_home && ev->vantage_foreign))
		grade_thirds(ev);
}
