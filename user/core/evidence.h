/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * evidence.h: what a path shows, before any rule looks at it: which network
 * each hop may belong to, where the probes start, what lies between two
 * sightings of the same network. Private to the verdict engine (verdict.c,
 * evidence.c, stretch.c, hint.c, aspath.c).
 */
#ifndef CP_EVIDENCE_H
#define CP_EVIDENCE_H

#include "verdict.h"

/*
 * Whose hop may it be. One bit: certain. Several: an address that nobody or
 * several networks announce. A verdict must hold whichever of them is true.
 */
enum {
	CP_MAY_HOME = 1u << 0, /* an AS of the home set */
	CP_MAY_OWN = 1u << 1, /* not home, but the vantage's organisation */
	CP_MAY_DEST = 1u << 2, /* not home, but the destination's organisation */
	CP_MAY_THIRD = 1u << 3, /* anybody else */
	CP_MAY_ALL = 15u,
};

enum cp_sight { CP_SIGHT_NONE = 0, CP_SIGHT_PRIVATE, CP_SIGHT_IXP, CP_SIGHT_PUBLIC };

/* The hops between two anchors, an anchor being a hop that certainly belongs to given networks. */
struct cp_stretch {
	int left, right; /* anchor hops; -1: the start of the path; n_hops: its end */
	uint8_t left_may, right_may; /* whose the anchors are; 0: nothing is known there */
	uint32_t n_alien; /* distinct addresses certainly of an alien network */
	uint32_t n_ixp; /* distinct addresses on IXP LANs */
	uint32_t n_kin; /* hops that are certainly no anchor's, and not certainly alien */
	uint64_t hops; /* bits of the hops counted in n_alien and n_ixp */
	bool broken; /* between two of those something silent or unclear */
};

/* What networks a walk stops at, and which are alien to them. */
struct cp_walk {
	uint8_t anchors, alien; /* CP_MAY_* */
	uint8_t start_may, end_may; /* whose the two ends of the path are; 0: unknown */
};

/* How far the path went from home and back, worst last; only for a home destination. */
enum cp_excursion {
	CP_EXC_NONE = 0,
	CP_EXC_KIN, /* other ASes of home's organisation, outside the home set */
	CP_EXC_WEAK, /* one foreign hop, or one IXP hop after which nothing came back */
	CP_EXC_IXP, /* one IXP hop, then home again */
	CP_EXC_OPEN, /* left home for certain, not seen to come back */
	CP_EXC_CLOSED, /* left home for certain and came back */
};

/* How sure it is that a third AS carries the path, surest last. */
enum cp_third {
	CP_THIRD_NONE = 0,
	CP_THIRD_WEAK, /* one hop, between hops of one network or at the end of what was seen */
	CP_THIRD_BETWEEN, /* one hop, between the vantage's network and the destination's */
	CP_THIRD_CERTAIN, /* more than one hop, or one behind an IXP LAN */
};

struct cp_evidence {
	const struct cp_verdict_input *in;
	const struct cp_path *path;
	const struct cp_origin *origins; /* of the hops */
	struct cp_origin dest;
	int n_hops; /* what follows a loop is not looked at */
	int dest_hop; /* the destination's own answer; -1: none */
	uint8_t sight[CP_TTL_MAX]; /* enum cp_sight */
	uint8_t may[CP_TTL_MAX]; /* CP_MAY_*; 0 unless public */

	bool answered; /* the destination did */
	bool dest_home, dest_foreign; /* certainly; neither when its origin is unclear */
	bool dest_split; /* foreign, and announced by unrelated ASes */
	bool loop;
	bool silence; /* a probed TTL stayed silent, or the destination did */

	uint32_t vantage_asn; /* 0: unknown */
	bool vantage_assumed; /* from the first AS seen */
	bool vantage_home, vantage_foreign; /* neither when unknown */
	bool head_bare; /* the first hop of all is the first AS seen */

	uint8_t own, dest_side, third; /* CP_MAY_* masks of the three sides */
	uint32_t n_home; /* distinct home routers, without the destination's own answer */
	uint32_t n_own_side, n_dest_side; /* routers of either side, likewise */
	uint32_t n_unseen; /* silent, private and unprobed TTLs before the end of the path */
	uint32_t n_border_unseen; /* of those, between the last own hop and the destination's first */
	uint64_t home_hops, public_hops, unclear_hops; /* bits */
	uint32_t unclear_reasons, tolerated_reasons; /* reason bits of unclear hops that block, and that do not */

	uint64_t far_end_home; /* bits: foreign number, but by its name home's router: taken for home */
	uint64_t far_end_other; /* bits: home's number where home ends, but by its name the neighbour's router */
	bool third_party; /* the single foreign hop may be a home router's other address */
	bool asymmetric; /* the way back is not as long as the way there */
	bool mpls_gap; /* silence between home hops, with labels beside it */

	enum cp_excursion excursion;
	struct cp_stretch excursion_stretch;
	enum cp_third third_as;
	struct cp_stretch third_stretch;
};

#define CP_WHY_BIT(reason) (1u << (reason))

/* Fills origins (CP_TTL_MAX of them) and the evidence, which points to them. */
void cp_evidence_gather(
        const struct cp_verdict_input *input, struct cp_origin *origins, struct cp_evidence *ret_evidence);

/*
 * Walks from anchor to anchor. First call: stretch->right is -1 and right_may
 * the walk's start_may. False when the end has been passed.
 */
bool cp_stretch_next(const struct cp_evidence *ev, const struct cp_walk *walk, struct cp_stretch *stretch);
struct cp_stretch cp_stretch_start(const struct cp_walk *walk);
/* Grades all stretches: ev->excursion, ev->third_as and the stretches they rest on. */
void cp_stretch_grade(struct cp_evidence *ev);

/* Before hops are counted: names. Sets far_end_home and far_end_other, and what the former may be. */
void cp_hint_names(struct cp_evidence *ev);
/* After stretches are graded: round trips, reply TTLs and labels. Sets third_party, asymmetric and mpls_gap. */
void cp_hint_times(struct cp_evidence *ev);
/* True when these hops, those outside, all answered faster than anything before the first of them. */
bool cp_hint_too_early(const struct cp_evidence *ev, uint64_t hops);

bool cp_origin_has(const struct cp_origin *origin, uint32_t asn);
/* Silent, private and unprobed TTLs strictly between two hop indices; left may be -1, right may be n_hops. */
uint32_t cp_evidence_unseen(const struct cp_evidence *ev, int left, int right);

void cp_aspath_build(const struct cp_evidence *ev, struct cp_judgement *judgement);
void cp_exit_find(const struct cp_evidence *ev, struct cp_exit *ret_exit);

#endif
