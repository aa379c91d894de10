// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * replay_path.c: a path and its judgement back from what was written of them.
 * Judges nothing: what was not written stays unknown.
 */
#include <stdlib.h>
#include <string.h>

#include "replay.h"

/* ---- Hops ---- */

/* Of a path without hops its exit is still known: both ends of it, and silence in between. */
static void hops_of_exit(const struct cp_run_exit *exit, struct cp_path *path)
{
	uint8_t first = exit->ttl_min ? exit->ttl_min : exit->ttl_max, last = exit->ttl_max ? exit->ttl_max : first;

	if (!exit->present || !first || last < first || last > CP_TTL_MAX)
		return;
	path->n_hops = last - first + 1u;
	for (uint32_t i = 0; i < path->n_hops; i++)
		path->hops[i].ttl = (uint8_t)(first + i);
	if (exit->ttl_min) {
		path->hops[0].addr = exit->last_home;
		path->hops[0].ptr = exit->last_home_ptr;
		path->hops[0].kind = CP_REPLY_TIME_EXCEEDED;
	}
	if (exit->ttl_max && !cp_addr_is_zero(&exit->first_foreign)) {
		path->hops[path->n_hops - 1].addr = exit->first_foreign;
		path->hops[path->n_hops - 1].kind = CP_REPLY_TIME_EXCEEDED;
	}
}

static void fill_path(const struct cp_run_path *rec, struct cp_path *path)
{
	memset(path, 0, sizeof(*path));
	path->flow = rec->flow;
	path->reached = rec->reached == 1;
	path->end = rec->end >= 0 ? (uint8_t)rec->end : CP_END_INTERRUPTED;
	path->end_code = rec->end_code >= 0 ? (uint8_t)rec->end_code : 0;
	path->n_probes = rec->n_probes > UINT32_MAX ? 0 : (uint32_t)rec->n_probes;
	path->n_hops = rec->n_hops;
	for (uint32_t i = 0; i < rec->n_hops; i++) {
		path->hops[i] = rec->hops[i].hop;
		path->per_packet |= (rec->hops[i].hop.flags & CP_HOP_PER_PACKET) != 0;
	}
	if (rec->n_hops && (path->reached || path->end == CP_END_UNREACHABLE))
		path->end_kind = rec->hops[rec->n_hops - 1].hop.kind;
	if (!rec->n_hops)
		hops_of_exit(&rec->exit, path);
}

/* ---- Origins ---- */

static struct cp_origin as_origin(uint32_t asn)
{
	return asn ? (struct cp_origin){.kind = CP_ORIGIN_AS, .n_asn = 1, .asn = {asn}} : (struct cp_origin){0};
}

static struct cp_origin origin_of(
        const struct cp_audit *audit, const struct cp_addr *addr, uint32_t asn, const char *ixp)
{
	struct cp_origin origin = as_origin(asn), special;

	if (ixp)
		return (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = ixp};
	if (asn || cp_addr_is_zero(addr))
		return origin;
	/* Which addresses are nobody's is the same for every run. */
	cp_asdb_lookup(audit->asdb, addr, &special);
	return special.kind == CP_ORIGIN_SPECIAL ? special : origin;
}

static void fill_origins(const struct cp_audit *audit, const struct cp_run_path *rec, const struct cp_path *path,
        struct cp_judgement *judgement)
{
	judgement->dest_origin = as_origin(rec->dest_asn);
	for (uint32_t i = 0; i < rec->n_hops; i++)
		judgement->origins[i] = origin_of(audit, &rec->hops[i].hop.addr, rec->hops[i].asn, rec->hops[i].ixp);
	if (rec->n_hops || !path->n_hops)
		return;
	if (rec->exit.ttl_min && audit->home.n)
		judgement->origins[0] = as_origin(audit->vantage.asn ? audit->vantage.asn : audit->home.asns[0]);
	if (rec->exit.ttl_max)
		judgement->origins[path->n_hops - 1] = origin_of(
		        audit, &rec->exit.first_foreign, rec->exit.first_foreign_asn, rec->exit.first_foreign_ixp);
}

/* ---- AS path ---- */

static struct cp_as_step parse_step(const char *text)
{
	struct cp_as_step step = {.kind = CP_STEP_UNKNOWN};
	char *end;
	unsigned long asn = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && asn && asn <= UINT32_MAX)
		step = (struct cp_as_step){.kind = CP_STEP_AS, .asn = (uint32_t)asn};
	else if (strncmp(text, "IXP:", 4) == 0)
		step = (struct cp_as_step){.kind = CP_STEP_IXP, .label = text + 4};
	else if (strcmp(text, "private") == 0)
		step.kind = CP_STEP_PRIVATE;
	else if (strcmp(text, "*") == 0)
		step.kind = CP_STEP_SILENT;
	return step;
}

static bool is_of_step(const struct cp_as_step *step, const struct cp_hop *hop, const struct cp_origin *origin)
{
	bool is_seen = !cp_addr_is_zero(&hop->addr);

	switch (step->kind) {
	case CP_STEP_AS:
		return is_seen && origin->kind == CP_ORIGIN_AS && origin->asn[0] == step->asn;
	case CP_STEP_IXP:
		return is_seen && origin->kind == CP_ORIGIN_IXP;
	case CP_STEP_PRIVATE:
		return is_seen && origin->kind == CP_ORIGIN_SPECIAL;
	case CP_STEP_UNKNOWN:
		return is_seen && origin->kind == CP_ORIGIN_UNKNOWN;
	default:
		return !is_seen;
	}
}

/* Finds the hops of a step from *at on, and moves *at behind them. */
static void place_step(
        const struct cp_path *path, const struct cp_judgement *judgement, struct cp_as_step *step, uint32_t *at)
{
	uint32_t first = *at, last;

	while (first < path->n_hops && !is_of_step(step, &path->hops[first], &judgement->origins[first]))
		first++;
	if (first == path->n_hops)
		return; /* absorbed by a neighbour, or nothing but the vantage */
	for (last = first; last + 1 < path->n_hops; last++) {
		if (!is_of_step(step, &path->hops[last + 1], &judgement->origins[last + 1]))
			break;
	}
	/* Silence between hops of one network is that network's. */
	for (uint32_t i = last + 1; step->kind == CP_STEP_AS && i < path->n_hops; i++) {
		if (is_of_step(step, &path->hops[i], &judgement->origins[i]))
			last = i;
		else if (!cp_addr_is_zero(&path->hops[i].addr))
			break;
	}
	step->first_ttl = path->hops[first].ttl;
	step->last_ttl = path->hops[last].ttl;
	*at = last + 1;
}

static void fill_as_path(const struct cp_run_path *rec, const struct cp_path *path, struct cp_judgement *judgement)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < rec->as_path.n && i <= CP_TTL_MAX; i++) {
		judgement->as_path[i] = parse_step(rec->as_path.items[i]);
		place_step(path, judgement, &judgement->as_path[i], &at);
		judgement->n_as_path++;
	}
}

/* ---- Exit ---- */

/* The hop at a TTL with that address; -1: there is none. */
static int8_t hop_at(const struct cp_path *path, uint8_t ttl, const struct cp_addr *addr)
{
	uint32_t first = path->n_hops ? path->hops[0].ttl : 0;

	if (!ttl || !path->n_hops || cp_addr_is_zero(addr) || ttl < first || ttl - first >= path->n_hops)
		return -1;
	return (int8_t)(ttl - first);
}

static void fill_exit(const struct cp_run_path *rec, const struct cp_path *path, struct cp_judgement *judgement)
{
	judgement->exit = (struct cp_exit){
	        .present = rec->exit.present,
	        .ttl_min = rec->exit.ttl_min,
	        .ttl_max = rec->exit.ttl_max,
	        .last_home = hop_at(path, rec->exit.ttl_min, &rec->exit.last_home),
	        .first_foreign = hop_at(path, rec->exit.ttl_max, &rec->exit.first_foreign),
	};
}

/* ---- The path ---- */

void cp_replay_path(const struct cp_audit *audit, const struct cp_run_path *rec, struct cp_path *ret_path,
        struct cp_judgement *ret_judgement)
{
	struct cp_judgement *judgement = ret_judgement;

	fill_path(rec, ret_path);
	memset(judgement, 0, sizeof(*judgement));
	judgement->verdict = rec->verdict >= 0 ? (enum cp_verdict)rec->verdict : CP_UNDECIDED;
	judgement->confidence = rec->confidence >= 0 ? (enum cp_confidence)rec->confidence : CP_CONF_LOW;
	judgement->basis = judgement->confidence;
	judgement->reasons = rec->reasons;
	judgement->rule = (enum cp_rule)rec->rule;
	judgement->vantage_asn = audit->vantage.asn;
	fill_origins(audit, rec, ret_path, judgement);
	fill_as_path(rec, ret_path, judgement);
	fill_exit(rec, ret_path, judgement);
	/* Which hops decided is not written: all of other networks are shown. */
	for (uint32_t i = 0; i < ret_path->n_hops; i++) {
		const struct cp_origin *origin = &judgement->origins[i];

		if (origin->kind == CP_ORIGIN_AS && !cp_home_has(&audit->home, origin->asn[0]))
			judgement->used |= 1ull << i;
	}
}
