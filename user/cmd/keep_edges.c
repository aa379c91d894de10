// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * keep_edges.c: who hands over to whom on the AS paths of a run. Silence
 * between two networks is bridged, as border routers are often silent; an
 * address that is nobody's is not, as another network may be there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/grow.h"
#include "keep_impl.h"

#define LABEL_MAX 300

static bool is_neighbour(const struct cp_as_step *step)
{
	return step->kind == CP_STEP_AS || step->kind == CP_STEP_IXP;
}

static const char *ixp_of(const struct cp_as_step *step)
{
	return step->kind == CP_STEP_IXP ? step->label ? step->label : "" : NULL;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* NULL: out of memory. */
static struct cp_keep_edge *edge_of(struct cp_keep *keep, const struct cp_as_step *from, const struct cp_as_step *to)
{
	uint32_t from_asn = from->kind == CP_STEP_AS ? from->asn : 0, to_asn = to->kind == CP_STEP_AS ? to->asn : 0;
	struct cp_keep_edge *edge;

	for (size_t i = 0; i < keep->n_edges; i++) {
		edge = &keep->edges[i];
		if (edge->from == from_asn && edge->to == to_asn && is_same(edge->from_ixp, ixp_of(from)) &&
		        is_same(edge->to_ixp, ixp_of(to)))
			return edge;
	}
	if (cp_grow(&keep->edges, &keep->cap_edges, keep->n_edges, sizeof(*keep->edges)))
		return NULL;
	edge = &keep->edges[keep->n_edges++];
	*edge = (struct cp_keep_edge){.from = from_asn, .to = to_asn, .from_ixp = ixp_of(from), .to_ixp = ixp_of(to)};
	return edge;
}

static int add_rtt(struct cp_keep_edge *edge, uint32_t rtt_us)
{
	if (rtt_us == 0)
		return 0;
	if (cp_grow(&edge->rtts, &edge->cap_rtts, edge->n_rtts, sizeof(*edge->rtts)))
		return -ENOMEM;
	edge->rtts[edge->n_rtts++] = rtt_us;
	return 0;
}

/* At the first hop of a step; 0: unknown. */
static uint32_t rtt_at(const struct cp_path *path, const struct cp_as_step *step)
{
	uint32_t first = path->n_hops ? path->hops[0].ttl : 0;

	return first && step->first_ttl >= first && step->first_ttl - first < path->n_hops
	               ? path->hops[step->first_ttl - first].rtt_us
	               : 0;
}

int cp_keep_edges_add(struct cp_keep *keep, const struct cp_rec_path *rec)
{
	const struct cp_judgement *judgement = rec->judgement;
	const struct cp_as_step *from = NULL;
	int rc = 0;

	keep->asdb = rec->asdb;
	for (uint32_t i = 0; i < judgement->n_as_path && rc == 0; i++) {
		const struct cp_as_step *step = &judgement->as_path[i];

		if (is_neighbour(step) && from) {
			struct cp_keep_edge *edge = edge_of(keep, from, step);

			if (!edge)
				return -ENOMEM;
			edge->n_dests += !edge->n_paths || !cp_addr_eq(&edge->last_dest, &rec->dest);
			edge->n_paths++;
			edge->last_dest = rec->dest;
			rc = add_rtt(edge, rtt_at(rec->path, step));
		}
		if (is_neighbour(step))
			from = step;
		else if (step->kind != CP_STEP_SILENT)
			from = NULL;
	}
	return rc;
}

static int compare_rtts(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static const char *label_of(struct cp_keep *keep, uint32_t asn, const char *ixp, char buf[LABEL_MAX])
{
	if (asn)
		return cp_keep_as_name(keep, keep->asdb, asn);
	snprintf(buf, LABEL_MAX, "IXP:%s", ixp);
	return buf;
}

void cp_keep_edges_write(struct cp_keep *keep)
{
	for (size_t i = 0; i < keep->n_edges; i++) {
		struct cp_keep_edge *edge = &keep->edges[i];
		char from[LABEL_MAX], to[LABEL_MAX];
		struct cp_store_edge row = {
		        .agent = keep->agent,
		        .run = keep->run.run,
		        .seq = (int64_t)i,
		        .from_asn = edge->from ? edge->from : CP_STORE_NULL,
		        .to_asn = edge->to ? edge->to : CP_STORE_NULL,
		        .from_label = label_of(keep, edge->from, edge->from_ixp, from),
		        .to_label = label_of(keep, edge->to, edge->to_ixp, to),
		        .paths = (int64_t)edge->n_paths,
		        .dests = (int64_t)edge->n_dests,
		        .rtt_p50_us = CP_STORE_NULL,
		};

		if (edge->n_rtts) {
			qsort(edge->rtts, edge->n_rtts, sizeof(*edge->rtts), compare_rtts);
			row.rtt_p50_us = edge->rtts[(edge->n_rtts - 1) / 2];
		}
		cp_keep_add(keep, CP_STORE_EDGES, &row);
	}
}

void cp_keep_edges_free(struct cp_keep *keep)
{
	for (size_t i = 0; i < keep->n_edges; i++)
		free(keep->edges[i].rtts);
	free(keep->edges);
}
