// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * aspath.c: hops with their origins -> the AS path and the exit. Must not know
 * rules: what is written here is what was seen, whatever the verdict.
 */
#include "evidence.h"

#include <stdio.h>
#include <string.h>

const char *cp_as_step_format(const struct cp_as_step *step, char *buf, size_t size)
{
	switch (step->kind) {
	case CP_STEP_AS:
		snprintf(buf, size, "%u", step->asn);
		break;
	case CP_STEP_IXP:
		snprintf(buf, size, "IXP:%s", step->label ? step->label : "");
		break;
	case CP_STEP_PRIVATE:
		snprintf(buf, size, "private");
		break;
	case CP_STEP_UNKNOWN:
		snprintf(buf, size, "?");
		break;
	default:
		snprintf(buf, size, "*");
	}
	return buf;
}

/* ---- AS path ---- */

static bool is_gap(const struct cp_as_step *step)
{
	return step->kind == CP_STEP_SILENT || step->kind == CP_STEP_PRIVATE;
}

static bool is_same(const struct cp_as_step *a, const struct cp_as_step *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == CP_STEP_AS)
		return a->asn == b->asn;
	if (a->kind == CP_STEP_IXP)
		return !strcmp(a->label ? a->label : "", b->label ? b->label : "");
	return true;
}

/* Silence between two such steps is theirs. */
static bool is_one_network(const struct cp_evidence *ev, const struct cp_as_step *a, const struct cp_as_step *b)
{
	if (a->kind != CP_STEP_AS || b->kind != CP_STEP_AS)
		return false;
	return cp_asdb_siblings(ev->in->asdb, a->asn, b->asn) ||
	       (cp_home_has(ev->in->home, a->asn) && cp_home_has(ev->in->home, b->asn));
}

/* Drops the trailing gaps when the last step before them and the new one are of one network. */
static void absorb_gaps(const struct cp_evidence *ev, struct cp_judgement *judgement, const struct cp_as_step *step)
{
	uint32_t n = judgement->n_as_path;

	while (n > 0 && is_gap(&judgement->as_path[n - 1]))
		n--;
	if (n == 0 || n == judgement->n_as_path || !is_one_network(ev, &judgement->as_path[n - 1], step))
		return;
	judgement->as_path[n - 1].last_ttl = judgement->as_path[judgement->n_as_path - 1].last_ttl;
	judgement->n_as_path = n;
}

static void push_step(const struct cp_evidence *ev, struct cp_judgement *judgement, const struct cp_as_step *step)
{
	const uint32_t max = sizeof(judgement->as_path) / sizeof(judgement->as_path[0]);
	struct cp_as_step *last;

	if (!is_gap(step))
		absorb_gaps(ev, judgement, step);
	last = judgement->n_as_path ? &judgement->as_path[judgement->n_as_path - 1] : NULL;
	if (last && is_same(last, step))
		last->last_ttl = step->last_ttl;
	else if (judgement->n_as_path < max)
		judgement->as_path[judgement->n_as_path++] = *step;
}

/* Of several ASes that announce an address, the one the path is in already; else the first. */
static uint32_t step_asn(const struct cp_judgement *judgement, const struct cp_origin *origin)
{
	for (uint32_t i = judgement->n_as_path; i-- > 0;) {
		const struct cp_as_step *step = &judgement->as_path[i];

		if (step->kind == CP_STEP_AS)
			return cp_origin_has(origin, step->asn) ? step->asn : origin->asn[0];
	}
	return origin->asn[0];
}

static void fill_step(const struct cp_judgement *judgement, const struct cp_origin *origin, struct cp_as_step *step)
{
	switch (origin->kind) {
	case CP_ORIGIN_AS:
		step->kind = CP_STEP_AS;
		step->asn = step_asn(judgement, origin);
		break;
	case CP_ORIGIN_IXP:
		step->kind = CP_STEP_IXP;
		step->label = origin->label;
		break;
	case CP_ORIGIN_SPECIAL:
		step->kind = CP_STEP_PRIVATE;
		break;
	default:
		step->kind = CP_STEP_UNKNOWN;
	}
}

void cp_aspath_build(const struct cp_evidence *ev, struct cp_judgement *judgement)
{
	const struct cp_hop *hops = ev->path->hops;
	uint8_t end_ttl = ev->n_hops ? hops[ev->n_hops - 1].ttl : 0;
	struct cp_as_step tail = {.kind = CP_STEP_SILENT, .first_ttl = end_ttl + 1, .last_ttl = end_ttl + 1};

	judgement->n_as_path = 0;
	if (ev->n_hops && hops[0].ttl > 1) {
		struct cp_as_step head = {.kind = CP_STEP_SILENT, .first_ttl = 1, .last_ttl = hops[0].ttl - 1};

		push_step(ev, judgement, &head);
	}
	for (int i = 0; i < ev->n_hops; i++) {
		struct cp_as_step step = {.kind = CP_STEP_SILENT, .first_ttl = hops[i].ttl, .last_ttl = hops[i].ttl};

		if (!cp_addr_is_zero(&hops[i].addr))
			fill_step(judgement, &ev->origins[i], &step);
		push_step(ev, judgement, &step);
	}
	if (ev->answered && ev->dest_hop < 0)
		fill_step(judgement, &ev->dest, &tail);
	if (!ev->answered || ev->dest_hop < 0)
		push_step(ev, judgement, &tail);
}

/* ---- Exit ---- */

static void fill_exit(const struct cp_evidence *ev, const struct cp_stretch *stretch, struct cp_exit *exit)
{
	int first = stretch->hops ? __builtin_ctzll(stretch->hops) : -1;

	/* Nothing foreign was seen: it leaves home somewhere behind the last home hop, if the destination is outside.
	 */
	if (first < 0 && (stretch->left < 0 || !ev->dest_foreign))
		return;
	exit->present = true;
	exit->last_home = (int8_t)stretch->left;
	exit->first_foreign = (int8_t)first;
	exit->ttl_min = stretch->left < 0 ? 0 : ev->path->hops[stretch->left].ttl;
	exit->ttl_max = first < 0 ? 0 : ev->path->hops[first].ttl;
}

/*
 * The first departure from home that is certain: one of two hops or more, or
 * the last one, after which home is not seen again. A single foreign hop with
 * home behind it is no exit. An IXP hop is the first thing outside.
 */
void cp_exit_find(const struct cp_evidence *ev, struct cp_exit *ret_exit)
{
	struct cp_walk walk = {
	        .anchors = CP_MAY_HOME,
	        .alien = CP_MAY_ALL & ~CP_MAY_HOME,
	        .start_may = ev->vantage_home ? CP_MAY_HOME : 0,
	};
	struct cp_stretch stretch = cp_stretch_start(&walk);
	struct cp_exit exit = {.last_home = -1, .first_foreign = -1};

	if (ev->dest_home) {
		if (ev->excursion >= CP_EXC_IXP)
			fill_exit(ev, &ev->excursion_stretch, &exit);
		*ret_exit = exit;
		return;
	}
	while (cp_stretch_next(ev, &walk, &stretch)) {
		bool is_certain = stretch.n_alien + stretch.n_ixp >= 2 || stretch.right == ev->n_hops;

		if (stretch.left_may && is_certain) {
			fill_exit(ev, &stretch, &exit);
			break;
		}
	}
	*ret_exit = exit;
}

uint32_t cp_exit_asn(const struct cp_judgement *judgement, const struct cp_home *home)
{
	if (!judgement->exit.present || judgement->exit.first_foreign < 0)
		return 0;
	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		const struct cp_as_step *step = &judgement->as_path[i];

		if (step->kind == CP_STEP_AS && step->last_ttl >= judgement->exit.ttl_max &&
		        !cp_home_has(home, step->asn))
			return step->asn;
	}
	return 0;
}
