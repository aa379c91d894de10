// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * verdict.c: evidence -> verdict, by an ordered table of rules (docs/verdicts.md
 * says them in words). Must not look at hops: what a rule needs to know of
 * them, evidence.c found out.
 */
#include "verdict.h"

#include <string.h>

#include "evidence.h"

const char *cp_verdict_name(enum cp_verdict verdict)
{
	static const char *const names[CP_VERDICTS] = {
	        [CP_INSIDE] = "inside",
	        [CP_DIRECT] = "direct",
	        [CP_UNDECIDED] = "undecided",
	        [CP_TRANSIT] = "transit",
	        [CP_DETOUR] = "detour",
	};

	return verdict < CP_VERDICTS ? names[verdict] : "?";
}

const char *cp_confidence_name(enum cp_confidence confidence)
{
	static const char *const names[] = {
	        [CP_CONF_LOW] = "low",
	        [CP_CONF_MEDIUM] = "medium",
	        [CP_CONF_HIGH] = "high",
	};

	return confidence <= CP_CONF_HIGH ? names[confidence] : "?";
}

const char *cp_reason_name(enum cp_reason reason)
{
	static const char *const names[CP_WHY_MAX] = {
	        [CP_WHY_SILENT_BORDER] = "silent-border",
	        [CP_WHY_SILENT_MIDDLE] = "silent-middle",
	        [CP_WHY_VANTAGE_UNKNOWN] = "vantage-unknown",
	        [CP_WHY_VANTAGE_ASSUMED] = "vantage-assumed",
	        [CP_WHY_SINGLE_FOREIGN_HOP] = "single-foreign-hop",
	        [CP_WHY_IXP] = "ixp",
	        [CP_WHY_SIBLINGS] = "siblings",
	        [CP_WHY_NO_ORIGIN] = "no-origin",
	        [CP_WHY_UNMAPPED_HOP] = "unmapped-hop",
	        [CP_WHY_MULTI_ORIGIN] = "multi-origin",
	        [CP_WHY_PRIVATE_ENDPOINT] = "private-endpoint",
	        [CP_WHY_NO_EVIDENCE] = "no-evidence",
	        [CP_WHY_NOT_REACHED] = "not-reached",
	        [CP_WHY_LOOP] = "loop",
	        [CP_WHY_CNAME_CDN] = "cname-cdn",
	        [CP_WHY_INTERRUPTED] = "interrupted",
	        [CP_WHY_REPLIES_LOST] = "replies-lost",
	        [CP_WHY_ROUTE_CHANGED] = "route-changed",
	        [CP_WHY_SACK_UNAVAILABLE] = "sack-unavailable",
	        [CP_WHY_PER_PACKET] = "per-packet",
	};

	return reason < CP_WHY_MAX ? names[reason] : "?";
}

enum cp_verdict cp_verdict_worse(enum cp_verdict a, enum cp_verdict b)
{
	return a > b ? a : b;
}

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

/* Nothing of the destination's network was seen where it had to be; or the path was last seen outside home. */
static bool ends_too_early(const struct cp_evidence *ev)
{
	return !ev->answered && (ev->n_dest_side == 0 || ev->excursion != CP_EXC_NONE);
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

static uint64_t use_stretch(const struct cp_evidence *ev)
{
	const struct cp_stretch *stretch = ev->excursion > CP_EXC_KIN ? &ev->excursion_stretch : &ev->third_stretch;

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

/* ---- The rules ---- */

#define WHY(reason) CP_WHY_BIT(CP_WHY_##reason)
/* Facts that say nothing about a verdict are left out of its reasons. */
#define NO_VANTAGE (WHY(VANTAGE_UNKNOWN) | WHY(VANTAGE_ASSUMED))
#define NO_SILENCE (WHY(REPLIES_LOST))
#define NO_PATH (NO_VANTAGE | NO_SILENCE | WHY(SIBLINGS) | WHY(IXP) | WHY(SILENT_BORDER))

struct rule {
	bool (*holds)(const struct cp_evidence *ev);
	enum cp_verdict verdict;
	uint32_t reasons; /* this rule's own */
	uint32_t beside; /* facts that do not matter to it */
	enum cp_confidence (*confidence)(const struct cp_evidence *ev); /* before the reasons lower it */
	uint64_t (*used)(const struct cp_evidence *ev);
};

/* The first that holds decides. Certain harm first, then what keeps a good verdict away, then the good verdicts. */
static const struct rule rules[] = {
        {dest_is_private, CP_UNDECIDED, WHY(PRIVATE_ENDPOINT), NO_PATH, unsure, use_none},
        {dest_has_no_origin, CP_UNDECIDED, WHY(NO_ORIGIN), NO_VANTAGE | NO_SILENCE, unsure, use_seen},
        {dest_is_half_home, CP_UNDECIDED, WHY(MULTI_ORIGIN), NO_VANTAGE | NO_SILENCE, unsure, use_seen},
        {is_unasked, CP_UNDECIDED, WHY(SACK_UNAVAILABLE), NO_VANTAGE, unsure, use_seen},
        {nothing_seen, CP_UNDECIDED, WHY(NO_EVIDENCE), NO_VANTAGE, unsure, use_none},
        {left_and_came_back, CP_DETOUR, 0, NO_VANTAGE | NO_SILENCE, sure_of_excursion, use_stretch},
        {left_for_good, CP_TRANSIT, 0, NO_VANTAGE | NO_SILENCE, sure_of_excursion, use_stretch},
        {third_certain, CP_TRANSIT, 0, NO_SILENCE, sure_of_third, use_third},
        {left_over_ixp, CP_DETOUR, 0, NO_VANTAGE | NO_SILENCE, unsure, use_stretch},
        {weak_foreign_hop, CP_UNDECIDED, WHY(SINGLE_FOREIGN_HOP), 0, unsure, use_stretch},
        {third_single, CP_TRANSIT, WHY(SINGLE_FOREIGN_HOP), NO_SILENCE, unsure, use_third},
        {is_unclear, CP_UNDECIDED, 0, 0, unsure, use_unclear},
        {is_kin_excursion, CP_UNDECIDED, WHY(SIBLINGS), 0, unsure, use_seen},
        {is_looping, CP_UNDECIDED, WHY(LOOP), 0, unsure, use_seen},
        {is_interrupted, CP_UNDECIDED, WHY(INTERRUPTED), 0, unsure, use_seen},
        {ends_too_early, CP_UNDECIDED, WHY(NOT_REACHED), 0, unsure, use_seen},
        {vantage_is_unknown, CP_UNDECIDED, WHY(VANTAGE_UNKNOWN), 0, unsure, use_seen},
        {only_the_end_seen, CP_UNDECIDED, WHY(SILENT_MIDDLE), 0, unsure, use_seen},
        {rests_on_lost_silence, CP_UNDECIDED, WHY(REPLIES_LOST), 0, unsure, use_seen},
        {dest_is_contested, CP_UNDECIDED, WHY(MULTI_ORIGIN), 0, unsure, use_seen},
        {is_inside, CP_INSIDE, 0, 0, sure_of_inside, use_seen},
        {always, CP_DIRECT, 0, 0, sure_of_border, use_seen},
};

/* The highest confidence a verdict can have with a reason; those not listed lower nothing. */
static const struct {
	enum cp_reason reason;
	enum cp_confidence at_most;
} caps[] = {
        {CP_WHY_SILENT_BORDER, CP_CONF_MEDIUM},
        {CP_WHY_VANTAGE_UNKNOWN, CP_CONF_MEDIUM},
        {CP_WHY_VANTAGE_ASSUMED, CP_CONF_MEDIUM},
        {CP_WHY_UNMAPPED_HOP, CP_CONF_MEDIUM},
        {CP_WHY_MULTI_ORIGIN, CP_CONF_MEDIUM},
        {CP_WHY_NOT_REACHED, CP_CONF_MEDIUM},
        {CP_WHY_LOOP, CP_CONF_MEDIUM},
        {CP_WHY_PER_PACKET, CP_CONF_MEDIUM},
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
	return rule->reasons | ((reasons | collect_facts(ev)) & ~rule->beside);
}

/* ---- Judging ---- */

static enum cp_confidence lower_confidence(enum cp_confidence confidence, uint32_t reasons)
{
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		if (reasons & CP_WHY_BIT(caps[i].reason) && caps[i].at_most < confidence)
			confidence = caps[i].at_most;
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
	ret_judgement->verdict = rule->verdict;
	ret_judgement->reasons = verdict_reasons(&ev, rule, &ret_judgement->exit);
	ret_judgement->confidence = lower_confidence(rule->confidence(&ev), ret_judgement->reasons);
	ret_judgement->used = rule->used(&ev);
}
