// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asdb_merge.c: several databases made into one, so that no order of theirs
 * decides who is right. Each is flattened by itself (its most specific row
 * wins); where two then name different sets of ASes, the origin is all of them
 * and disputed. Must not know formats, names, or the other layers.
 */
#include "asdb_impl.h"

#include <errno.h>
#include <stdlib.h>

/* One source, flattened, and how far the walk over all of them has come in it. */
struct cursor {
	struct cp_asdb_segments segments;
	size_t at;
};

struct merge {
	struct cp_asdb *db;
	struct cursor *cursors; /* [n] */
	uint32_t n;
	struct cp_asdb_rows out;
};

static void free_merge(struct merge *merge)
{
	for (uint32_t i = 0; merge->cursors && i < merge->n; i++) {
		free(merge->cursors[i].segments.first);
		free(merge->cursors[i].segments.origin);
	}
	free(merge->cursors);
	free(merge->out.items);
}

static bool is_database_row(const struct cp_asdb *db, const struct cp_asdb_row *row)
{
	return db->origins[row->origin].layer == CP_ASDB_DATABASE;
}

static bool has_asn(const struct cp_origin *origin, uint32_t asn)
{
	for (unsigned int i = 0; i < origin->n_asn; i++) {
		if (origin->asn[i] == asn)
			return true;
	}
	return false;
}

static bool same_set(const struct cp_origin *a, const struct cp_origin *b)
{
	for (unsigned int i = 0; i < a->n_asn; i++) {
		if (!has_asn(b, a->asn[i]))
			return false;
	}
	return a->n_asn == b->n_asn;
}

/* What the sources say of the segment the walk stands at; *ret_number 0: none of them knows it. */
static int agree(const struct merge *merge, uint32_t *ret_number)
{
	const struct cp_asdb *db = merge->db;
	struct cp_origin all = {.kind = CP_ORIGIN_UNKNOWN};
	const struct cp_origin *first = NULL;
	uint32_t number = 0;

	for (uint32_t i = 0; i < merge->n; i++) {
		const struct cursor *cursor = &merge->cursors[i];
		uint32_t its = cursor->segments.origin[cursor->at];

		if (its == number || db->origins[its].kind != CP_ORIGIN_AS)
			continue;
		if (!first) {
			number = its;
			first = &db->origins[its];
			all = *first;
			continue;
		}
		all.disputed |= !same_set(first, &db->origins[its]);
		for (unsigned int k = 0; k < db->origins[its].n_asn; k++)
			cp_origin_add(&all, db->origins[its].asn[k]);
	}
	if (all.disputed)
		return cp_asdb_put_origin(merge->db, &all, ret_number);
	*ret_number = number;
	return 0;
}

/* The first address behind the segment the walk stands at; false: there is none. Moves on the cursors that end there.
 */
static bool advance(struct merge *merge, unsigned __int128 *ret_next)
{
	unsigned __int128 next = 0;
	bool any = false;

	for (uint32_t i = 0; i < merge->n; i++) {
		const struct cursor *cursor = &merge->cursors[i];

		if (cursor->at + 1 >= cursor->segments.n)
			continue;
		if (!any || cursor->segments.first[cursor->at + 1] < next)
			next = cursor->segments.first[cursor->at + 1];
		any = true;
	}
	for (uint32_t i = 0; any && i < merge->n; i++) {
		struct cursor *cursor = &merge->cursors[i];

		if (cursor->at + 1 < cursor->segments.n && cursor->segments.first[cursor->at + 1] == next)
			cursor->at++;
	}
	*ret_next = next;
	return any;
}

static int put(struct merge *merge, unsigned __int128 first, unsigned __int128 last, uint32_t origin)
{
	if (!origin)
		return 0;
	merge->db->n_disputed += merge->db->origins[origin].disputed;
	return cp_asdb_put_row(&merge->out, first, last, origin, 0);
}

/* Walks all sources from the lowest address to max. */
static int walk(struct merge *merge, unsigned __int128 max)
{
	unsigned __int128 first = 0, next;
	uint32_t origin, following;
	int rc = agree(merge, &origin);

	while (rc == 0 && advance(merge, &next)) {
		rc = agree(merge, &following);
		if (rc || following == origin)
			continue;
		rc = put(merge, first, next - 1, origin);
		first = next;
		origin = following;
	}
	return rc ? rc : put(merge, first, max, origin);
}

/* Flattens the rows of each source by themselves. */
static int split(struct merge *merge, const struct cp_asdb_rows *rows, unsigned __int128 max)
{
	for (uint32_t i = 0; i < merge->n; i++) {
		struct cp_asdb_rows own = {0};
		int rc = 0;

		for (size_t r = 0; r < rows->n && rc == 0; r++) {
			const struct cp_asdb_row *row = &rows->items[r];

			if (row->source == i && is_database_row(merge->db, row))
				rc = cp_asdb_put_row(&own, row->first, row->last, row->origin, i);
		}
		if (rc == 0)
			rc = cp_asdb_segment_rows(merge->db, &own, max, &merge->cursors[i].segments);
		free(own.items);
		if (rc)
			return rc;
	}
	return 0;
}

/* Puts the merged rows in the place of those they were made from. */
static int replace(struct merge *merge, struct cp_asdb_rows *rows)
{
	size_t n = 0;
	int rc = 0;

	for (size_t r = 0; r < rows->n; r++) {
		if (!is_database_row(merge->db, &rows->items[r]))
			rows->items[n++] = rows->items[r];
	}
	rows->n = n;
	for (size_t r = 0; r < merge->out.n && rc == 0; r++) {
		const struct cp_asdb_row *row = &merge->out.items[r];

		rc = cp_asdb_put_row(rows, row->first, row->last, row->origin, 0);
	}
	return rc;
}

static int merge_family(struct cp_asdb *db, struct cp_asdb_rows *rows, unsigned __int128 max)
{
	struct merge merge = {.db = db, .n = db->source + 1};
	int rc;

	merge.cursors = calloc(merge.n, sizeof(*merge.cursors));
	rc = merge.cursors ? split(&merge, rows, max) : -ENOMEM;
	if (rc == 0)
		rc = walk(&merge, max);
	if (rc == 0)
		rc = replace(&merge, rows);
	free_merge(&merge);
	return rc;
}

/* A family that only one source knows, as when IPv4 and IPv6 come in two files, is as it should be. */
static bool is_shared(const struct cp_asdb *db, const struct cp_asdb_rows *rows)
{
	const struct cp_asdb_row *one = NULL;

	for (size_t r = 0; r < rows->n; r++) {
		const struct cp_asdb_row *row = &rows->items[r];

		if (!is_database_row(db, row))
			continue;
		if (one && one->source != row->source)
			return true;
		one = row;
	}
	return false;
}

int cp_asdb_merge_sources(struct cp_asdb *db)
{
	int rc = 0;

	if (is_shared(db, &db->rows4))
		rc = merge_family(db, &db->rows4, UINT32_MAX);
	if (rc == 0 && is_shared(db, &db->rows6))
		rc = merge_family(db, &db->rows6, ~(unsigned __int128)0);
	return rc;
}
