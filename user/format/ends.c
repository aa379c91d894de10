// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ends.c: reads the two ends of a path off its judgement.
 */
#include "ends.h"

#include <stdio.h>
#include <string.h>

#define STEP_MAX 256

const char *cp_ends_as_name(const struct cp_asdb *asdb, uint32_t asn)
{
	const struct cp_as *as = asdb && asn ? cp_asdb_as(asdb, asn) : NULL;

	return as ? as->name : NULL;
}

uint32_t cp_ends_origin(const struct cp_judgement *judgement, const struct cp_origin *origin, uint8_t ttl)
{
	if (origin->kind != CP_ORIGIN_AS)
		return 0;
	for (uint32_t i = 0; origin->n_asn > 1 && i < judgement->n_as_path; i++) {
		const struct cp_as_step *step = &judgement->as_path[i];

		if (step->kind != CP_STEP_AS || ttl < step->first_ttl || ttl > step->last_ttl)
			continue;
		for (int k = 0; k < origin->n_asn; k++) {
			if (origin->asn[k] == step->asn)
				return step->asn;
		}
	}
	return origin->asn[0];
}

/* An AS of the path before that TTL, or of the same organisation as one. */
static bool is_of_before(const struct cp_rec_path *rec, uint32_t asn, uint8_t ttl)
{
	const struct cp_judgement *judgement = rec->judgement;

	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		const struct cp_as_step *step = &judgement->as_path[i];

		if (step->kind != CP_STEP_AS || step->first_ttl >= ttl)
			continue;
		if (step->asn == asn || (rec->asdb && cp_asdb_siblings(rec->asdb, step->asn, asn)))
			return true;
	}
	return false;
}

/* The first AS at or behind a TTL that is not that of the path before it; 0: none. */
static uint32_t asn_behind(const struct cp_rec_path *rec, uint8_t ttl)
{
	const struct cp_judgement *judgement = rec->judgement;

	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		const struct cp_as_step *step = &judgement->as_path[i];

		if (step->kind == CP_STEP_AS && step->last_ttl >= ttl && !is_of_before(rec, step->asn, ttl))
			return step->asn;
	}
	return 0;
}

static void find_exit(const struct cp_rec_path *rec, struct cp_ends *ends)
{
	const struct cp_judgement *judgement = rec->judgement;
	const struct cp_exit *exit = &judgement->exit;
	const struct cp_origin *origin;

	ends->leaves = exit->present;
	if (!exit->present)
		return;
	if (exit->last_home >= 0)
		ends->last_home = &rec->path->hops[exit->last_home];
	if (exit->first_foreign < 0)
		return;
	ends->first_foreign = &rec->path->hops[exit->first_foreign];
	origin = &judgement->origins[exit->first_foreign];
	if (origin->kind == CP_ORIGIN_IXP) {
		ends->exit_ixp = origin->label ? origin->label : "";
		ends->exit_asn = asn_behind(rec, ends->first_foreign->ttl);
	} else {
		ends->exit_asn = cp_ends_origin(judgement, origin, ends->first_foreign->ttl);
	}
	ends->exit_as_name = cp_ends_as_name(rec->asdb, ends->exit_asn);
}

void cp_ends_of(const struct cp_rec_path *rec, struct cp_ends *ret_ends)
{
	const struct cp_path *path = rec->path;
	const struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;
	struct cp_ends ends = {0};

	find_exit(rec, &ends);
	ends.dest_asn = cp_ends_origin(rec->judgement, &rec->judgement->dest_origin, last ? last->ttl : 0);
	ends.dest_as_name = cp_ends_as_name(rec->asdb, ends.dest_asn);
	if (path->reached && last)
		ends.dest_rtt_us = last->rtt_us;
	*ret_ends = ends;
}

/* Appends a word; what does not fit is cut. */
static void append(char *buf, size_t size, size_t *len, const char *word)
{
	int n = snprintf(buf + *len, size - *len, "%s%s", *len ? " " : "", word);

	*len += n > 0 ? (size_t)n : 0;
	*len = *len < size ? *len : size - 1;
}

const char *cp_ends_as_path(const struct cp_judgement *judgement, char *buf, size_t size)
{
	char word[STEP_MAX];
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < judgement->n_as_path; i++)
		append(buf, size, &len, cp_as_step_format(&judgement->as_path[i], word, sizeof(word)));
	return buf;
}

const char *cp_ends_reasons(uint32_t reasons, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (reasons >> i & 1)
			append(buf, size, &len, cp_reason_name(i));
	}
	return buf;
}
