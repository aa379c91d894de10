// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * verdict.c: evidence -> verdict, by an ordered table of rules (docs/verdicts.md
 * says them in words). Must not look at hops: what a rule needs to know of
 * them, evidence.c found out.
 */
#include "verdict.h"

#include <string.h>

#include "evidence.h"

/* ---- The rules' predicates: each asks one thing of the evidence ---- */

static bool dest_is_private(const struct cp_evidence *ev)
{
	return ev->dest.kind == CP_ORIGIN_SPECIAL;
}

static bool dest_has_no_origin(const struct cp_evidence *ev)
{
	return ev->dest.kind != CP_ORIGIN_AS;
}

static bool dest_is_half_home(const struct cp_evidence *ev)
{
	return !ev->dest_home && !ev->dest_foreign;
}

static bool nothing_seen(const struct cp_evidence *ev)
{
	return !ev->answered && !ev->public_hops;
}

static bool left_and_came_back(const struct cp_evidence *ev)
{
	return ev->excursion == CP_EXC_CLOSED;
}

/* Carried by others when last seen. Coming back is not seen, so it is no detour; a looping or unfinished path says
 * less. */
static bool left_for_good(const struct cp_evidence *ev)
{
	return ev->excursion == CP_EXC_OPEN && ev->excursion_stretch.n_alien && !ev->loop &&
	       ev->path->end != CP_END_INTERRUPTED;
}

static bool third_certain(const struct cp_evidence *ev)
{
	return ev->third_as == CP_THIRD_CERTAIN;
}

static bool left_over_ixp(const struct cp_evidence *ev)
{
	return ev->excursion == CP_EXC_IXP;
}

static bool weak_foreign_hop(const struct cp_evidence *ev)
{
	return (ev->excursion == CP_EXC_WEAK && ev->excursion_stretch.n_alien) || ev->third_as == CP_THIRD_WEAK;
}

static bool third_single(const struct cp_evidence *ev)
{
	return ev->third_as == CP_THIRD_BETWEEN;
}

static bool is_unclear(const struct cp_evidence *ev)
{
	return ev->unclear_hops;
}

static bool is_kin_excursion(const struct cp_evidence *ev)
{
	return ev->excursion == CP_EXC_KIN;
}

static bool is_looping(const struct cp_evidence *ev)
{
	return ev->loop && !ev->answered;
}

static bool is_interrupted(const struct cp_evidence *ev)
{
	return ev->path->end == CP_END_INTERRUPTED && !ev->answered;
}

/*
 * Nothing of the destination's network was seen where it had to be; or the path was last seen outside home; or what was
 * seen last may, by its name, be the neighbour's end of a link.
 */
static bool ends_too_early(const struct cp_evidence *ev)
{
	bool ends_abroad = ev->dest_home && ev->far_end_other;

	return !ev->answered && (ev->n_dest_side == 0 || ev->excursion != CP_EXC_NONE || ends_abroad);
}

/* The first AS seen being home proves nothing when somebody else may stand before it. */
static bool vantage_is_unknown(const struct cp_evidence *ev)
{
	return !ev->vantage_asn;
}

static bool is_inside(const struct cp_evidence *ev)
{
	return ev->dest_home && ev->vantage_home;
}

/* Between two networks, and no router of either was seen: who handed over to whom? */
static bool only_the_end_seen(const struct cp_evidence *ev)
{
	return !is_inside(ev) && ev->n_own_side == 0 && ev->n_dest_side == 0;
}

static bool rests_on_lost_silence(const struct cp_evidence *ev)
{
	return ev->in->replies_lost && ev->silence;
}

static bool is_unasked(const struct cp_evidence *ev)
{
	return ev->in->sack_unavailable;
}

static bool dest_is_contested(const struct cp_evidence *ev)
{
	return ev->dest_split && ev->n_dest_side > 0;
}

static bool always(const struct cp_evidence *ev)
{
	(void)ev;
	return true;
}

/* ---- The hops a verdict rests on ---- */

static uint64_t bit_of(const struct cp_evidence *ev, int hop)
{
	return hop >= 0 && hop < ev->n_hops ? 1ull << hop : 0;
}

static uint64_t use_none(const struct cp_evidence *ev)
{
	(void)ev;
	return 0;
}

static uint64_t use_seen(const struct cp_evidence *ev)
{
	return ev->public_hops;
}

static uint64_t use_unclear(const struct cp_evidence *ev)
{
	return ev->unclear_hops;
}

/* What a bad verdict accuses. */
static const struct cp_stretch *accused(const struct cp_evidence *ev)
{
	return ev->excursion > CP_EXC_KIN ? &ev->excursion_stretch : &ev->third_stretch;
}

static uint64_t use_stretch(const struct cp_evidence *ev)
{
	const struct cp_stretch *stretch = accused(ev);

	return stretch->hops | bit_of(ev, stretch->left) | bit_of(ev, stretch->right);
}

static uint64_t use_third(const struct cp_evidence *ev)
{
	return ev->third_stretch.hops | bit_of(ev, ev->third_stretch.left) | bit_of(ev, ev->third_stretch.right);
}

/* ---- How sure ---- */

static enum cp_confidence unsure(const struct cp_evidence *ev)
{
	(void)ev;
	return CP_CONF_LOW;
}

static enum cp_confidence sure_of_excursion(const struct cp_evidence *ev)
{
	return ev->excursion_stretch.broken ? CP_CONF_MEDIUM : CP_CONF_HIGH;
}

static enum cp_confidence sure_of_third(const struct cp_evidence *ev)
{
	return ev->third_stretch.broken ? CP_CONF_MEDIUM : CP_CONF_HIGH;
}

/* One silent TTL at the border can hide one router; more can hide a network. */
static enum cp_confidence sure_of_border(const struct cp_evidence *ev)
{
	return ev->n_border_unseen > 1 ? CP_CONF_LOW : ev->n_border_unseen ? CP_CONF_MEDIUM : CP_CONF_HIGH;
}

/* Nothing but the destination's answer: low. Each home router seen on the way raises it. */
static enum cp_confidence sure_of_inside(const struct cp_evidence *ev)
{
	if (ev->n_home == 0)
		return CP_CONF_LOW;
	return ev->n_home == 1 && ev->n_unseen > 0 ? CP_CONF_MEDIUM : CP_CONF_HIGH;
}

/* A good verdict that counts a foreign number as home's for its name rests on a hint. */
static enum cp_confidence sure_with_hints(const struct cp_evidence *ev, enum cp_confidence confidence)
{
	return ev->far_end_home && confidence > CP_CONF_MEDIUM ? CP_CONF_MEDIUM : confidence;
}

/* ---- The rules ---- */

#define WHY(reason) CP_WHY_BIT(CP_WHY_##reason)
/* Facts that say nothing about a verdict are left out of its reasons. */
#define NO_VANTAGE (WHY(VANTAGE_UNKNOWN) | WHY(VANTAGE_ASSUMED))
#define NO_SILENCE (WHY(REPLIES_LOST))
#define NO_HINT (WHY(FAR_END) | WHY(ASYMMETRIC_RETURN) | WHY(MPLS_TUNNEL))
#define NO_PATH (NO_VANTAGE | NO_SILENCE | NO_HINT | WHY(SIBLINGS) | WHY(IXP) | WHY(SILENT_BORDER))
#define RULE(id) CP_RULE_##id

struct rule {
	enum cp_rule id; /* its code and its sentence */
	bool (*holds)(const struct cp_evidence *ev);
	enum cp_verdict verdict;
	uint32_t reasons; /* this rule's own */
	uint32_t beside; /* facts that do not matter to it */
	enum cp_confidence (*confidence)(const struct cp_evidence *ev); /* before the reasons lower it */
	uint64_t (*used)(const struct cp_evidence *ev);
};

_Static_assert(CP_WHY_MAX <= 32, "reasons are bits of 32");

/* The first that holds decides. Certain harm first, then what keeps a good verdict away, then the good verdicts. */
static const struct rule rules[] = {
        {RULE(PRIVATE_ENDPOINT), dest_is_private, CP_UNDECIDED, WHY(PRIVATE_ENDPOINT), NO_PATH, unsure, use_none},
        {RULE(DEST_NO_ORIGIN), dest_has_no_origin, CP_UNDECIDED, WHY(NO_ORIGIN), NO_VANTAGE | NO_SILENCE, unsure,
                use_seen},
        {RULE(DEST_HALF_HOME), dest_is_half_home, CP_UNDECIDED, WHY(MULTI_ORIGIN), NO_VANTAGE | NO_SILENCE, unsure,
                use_seen},
        {RULE(HOPS_NOT_ASKED), is_unasked, CP_UNDECIDED, WHY(SACK_UNAVAILABLE), NO_VANTAGE, unsure, use_seen},
        {RULE(NOTHING_ANSWERED), nothing_seen, CP_UNDECIDED, WHY(NO_EVIDENCE), NO_VANTAGE, unsure, use_none},
        {RULE(LEFT_AND_RETURNED), left_and_came_back, CP_DETOUR, 0, NO_VANTAGE | NO_SILENCE, sure_of_excursion,
                use_stretch},
        {RULE(LEFT_NOT_RETURNED), left_for_good, CP_TRANSIT, 0, NO_VANTAGE | NO_SILENCE, sure_of_excursion,
                use_stretch},
        {RULE(THIRD_AS), third_certain, CP_TRANSIT, 0, NO_SILENCE, sure_of_third, use_third},
        {RULE(IXP_EXCURSION), left_over_ixp, CP_DETOUR, 0, NO_VANTAGE | NO_SILENCE, unsure, use_stretch},
        {RULE(LONE_FOREIGN_HOP), weak_foreign_hop, CP_UNDECIDED, WHY(SINGLE_FOREIGN_HOP), 0, unsure, use_stretch},
        {RULE(LONE_THIRD_HOP), third_single, CP_TRANSIT, WHY(SINGLE_FOREIGN_HOP), NO_SILENCE, unsure, use_third},
        {RULE(UNCLEAR_HOP), is_unclear, CP_UNDECIDED, 0, 0, unsure, use_unclear},
        {RULE(SIBLING_EXCURSION), is_kin_excursion, CP_UNDECIDED, WHY(SIBLINGS), 0, unsure, use_seen},
        {RULE(LOOP), is_looping, CP_UNDECIDED, WHY(LOOP), 0, unsure, use_seen},
        {RULE(INTERRUPTED), is_interrupted, CP_UNDECIDED, WHY(INTERRUPTED), 0, unsure, use_seen},
        {RULE(END_NOT_SEEN), ends_too_early, CP_UNDECIDED, WHY(NOT_REACHED), 0, unsure, use_seen},
        {RULE(VANTAGE_UNKNOWN), vantage_is_unknown, CP_UNDECIDED, WHY(VANTAGE_UNKNOWN), 0, unsure, use_seen},
        {RULE(ENDS_ONLY), only_the_end_seen, CP_UNDECIDED, WHY(SILENT_MIDDLE), 0, unsure, use_seen},
        {RULE(SILENCE_DOUBTFUL), rests_on_lost_silence, CP_UNDECIDED, WHY(REPLIES_LOST), 0, unsure, use_seen},
        {RULE(DEST_CONTESTED), dest_is_contested, CP_UNDECIDED, WHY(MULTI_ORIGIN), 0, unsure, use_seen},
        {RULE(ALL_HOME), is_inside, CP_INSIDE, 0, 0, sure_of_inside, use_seen},
        {RULE(TWO_NETWORKS), always, CP_DIRECT, 0, 0, sure_of_border, use_seen},
};

/* ---- Facts: reasons that stand beside a verdict ---- */

/* True when a hop's AS differs from ref, the AS that stands for its side, and is its sibling. */
static bool is_sibling(const struct cp_evidence *ev, int i, uint32_t ref)
{
	const struct cp_origin *origin = &ev->origins[i];

	return ref && !cp_origin_has(origin, ref) && cp_asdb_siblings(ev->in->asdb, ref, origin->asn[0]);
}

static bool has_siblings(const struct cp_evidence *ev)
{
	uint32_t dest = ev->dest.kind == CP_ORIGIN_AS ? ev->dest.asn[0] : 0;
	uint32_t home = ev->dest_home ? dest : 0;

	for (int i = 0; i < ev->n_hops; i++) {
		if (ev->may[i] == CP_MAY_HOME) {
			if (is_sibling(ev, i, home))
				return true;
			home = home ? home : ev->origins[i].asn[0];
		} else if (ev->may[i] == CP_MAY_DEST && is_sibling(ev, i, dest)) {
			return true;
		} else if (ev->may[i] == CP_MAY_OWN && is_sibling(ev, i, ev->vantage_asn)) {
			return true;
		}
	}
	return false;
}

static bool dest_is_cdn(const struct cp_evidence *ev)
{
	const struct cp_as *as = ev->dest_foreign ? cp_asdb_as(ev->in->asdb, ev->dest.asn[0]) : NULL;

	return as && as->role && (!strcmp(as->role, "cdn") || !strncmp(as->role, "cdn-", 4));
}

static bool has_ixp(const struct cp_evidence *ev)
{
	for (int i = 0; i < ev->n_hops; i++) {
		if (ev->sight[i] == CP_SIGHT_IXP)
			return true;
	}
	return false;
}

static uint32_t collect_facts(const struct cp_evidence *ev)
{
	uint32_t facts = 0;

	facts |= ev->answered ? 0 : WHY(NOT_REACHED);
	facts |= ev->loop ? WHY(LOOP) : 0;
	facts |= is_interrupted(ev) ? WHY(INTERRUPTED) : 0;
	facts |= ev->vantage_assumed ? WHY(VANTAGE_ASSUMED) : 0;
	facts |= vantage_is_unknown(ev) ? WHY(VANTAGE_UNKNOWN) : 0;
	facts |= has_ixp(ev) ? WHY(IXP) : 0;
	facts |= has_siblings(ev) ? WHY(SIBLINGS) : 0;
	facts |= dest_is_cdn(ev) && ev->in->n_cname > 0 ? WHY(CNAME_CDN) : 0;
	facts |= rests_on_lost_silence(ev) ? WHY(REPLIES_LOST) : 0;
	facts |= ev->far_end_home || ev->far_end_other ? WHY(FAR_END) : 0;
	facts |= ev->asymmetric ? WHY(ASYMMETRIC_RETURN) : 0;
	facts |= ev->mpls_gap ? WHY(MPLS_TUNNEL) : 0;
	facts |= ev->path->per_packet ? WHY(PER_PACKET) : 0;
	return facts;
}

/* What blurs the border where the path leaves home. */
static uint32_t exit_reasons(const struct cp_evidence *ev, const struct cp_exit *exit)
{
	uint32_t reasons = 0;

	if (exit->first_foreign < 0)
		return 0;
	if (cp_evidence_unseen(ev, exit->last_home, exit->first_foreign) > 0)
		reasons |= WHY(SILENT_BORDER);
	for (int i = exit->last_home + 1; i < exit->first_foreign; i++) {
		if (ev->unclear_hops & 1ull << i)
			reasons |= ev->unclear_reasons;
	}
	return reasons;
}

static uint32_t verdict_reasons(const struct cp_evidence *ev, const struct rule *rule, const struct cp_exit *exit)
{
	uint32_t reasons = exit_reasons(ev, exit);

	if (rule->verdict == CP_DIRECT) {
		reasons |= ev->n_border_unseen ? WHY(SILENT_BORDER) : 0;
		reasons |= ev->tolerated_reasons;
	}
	if (rule->verdict == CP_INSIDE && ev->n_home == 0)
		reasons |= WHY(SILENT_MIDDLE);
	if (rule->verdict == CP_UNDECIDED)
		reasons |= ev->unclear_reasons;
	if (rule->id == CP_RULE_LONE_FOREIGN_HOP && ev->third_party)
		reasons |= WHY(THIRD_PARTY_ADDRESS);
	if (rule->verdict > CP_UNDECIDED && cp_hint_too_early(ev, accused(ev)->hops))
		reasons |= WHY(RTT_CONTRADICTION);
	return rule->reasons | ((reasons | collect_facts(ev)) & ~rule->beside);
}

/* ---- Judging ---- */

static enum cp_confidence lower_confidence(enum cp_confidence confidence, uint32_t reasons)
{
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (reasons & CP_WHY_BIT(i) && cp_reason_cap(i) < confidence)
			confidence = cp_reason_cap(i);
	}
	return confidence;
}

void cp_judge(const struct cp_verdict_input *input, struct cp_judgement *ret_judgement)
{
	const struct rule *rule = rules;
	struct cp_evidence ev;

	memset(ret_judgement, 0, sizeof(*ret_judgement));
	cp_evidence_gather(input, ret_judgement->origins, &ev);
	ret_judgement->dest_origin = ev.dest;
	cp_aspath_build(&ev, ret_judgement);
	cp_exit_find(&ev, &ret_judgement->exit);

	while (!rule->holds(&ev))
		rule++;
	ret_judgement->rule = rule->id;
	ret_judgement->verdict = rule->verdict;
	ret_judgement->reasons = verdict_reasons(&ev, rule, &ret_judgement->exit);
	ret_judgement->basis = rule->confidence(&ev);
	ret_judgement->confidence =
	        lower_confidence(sure_with_hints(&ev, ret_judgement->basis), ret_judgement->reasons);
	ret_judgement->used = rule->used(&ev);
	ret_judgement->far_end = ev.far_end_home | ev.far_end_other;
	ret_judgement->vantage_asn = ev.vantage_asn;
}
