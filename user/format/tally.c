// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tally.c: the counting: a hash table of row numbers over an array of rows.
 */
#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_SIZE 8192u /* a power of two, several times CP_TALLY_ROWS_MAX */
#define ROWS (CP_TALLY_ROWS_MAX + CP_VERDICTS) /* with those of the rest */

struct cp_tally {
	struct cp_tally_row rows[ROWS];
	size_t n_rows;
	uint16_t index[INDEX_SIZE]; /* row number + 1; 0: free */
	bool sorted; /* the index does not hold any more */
};

int cp_tally_new(struct cp_tally **ret_tally)
{
	struct cp_tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return -ENOMEM;
	*ret_tally = tally;
	return 0;
}

static void free_row(struct cp_tally_row *row)
{
	free(row->group);
	free(row->exit_as_name);
	free(row->exit_ixp);
	free(row->dest_as_name);
}

void cp_tally_free(struct cp_tally *tally)
{
	if (!tally)
		return;
	for (size_t i = 0; i < tally->n_rows; i++)
		free_row(&tally->rows[i]);
	free(tally);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
	for (const char *s = text ? text : "\1"; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u; /* FNV-1a */
	return hash;
}

static uint32_t hash_of(const struct cp_tally_row *row)
{
	uint32_t hash = hash_text(2166136261u, row->group);

	hash = hash_text(hash, row->exit_ixp);
	hash ^= row->exit_asn * 2654435761u + row->dest_asn * 40503u + (uint32_t)row->verdict * 97u +
	        row->leaves * 13u + row->is_rest;
	return (hash ^ hash >> 15) * 2246822519u >> 8;
}

static bool is_same(const struct cp_tally_row *a, const struct cp_tally_row *b)
{
	return a->verdict == b->verdict && a->leaves == b->leaves && a->is_rest == b->is_rest &&
	       a->exit_asn == b->exit_asn && a->dest_asn == b->dest_asn && same_text(a->group, b->group) &&
	       same_text(a->exit_ixp, b->exit_ixp);
}

/* Where a row like this is, or would be, in the index. */
static uint16_t *find(struct cp_tally *tally, const struct cp_tally_row *row)
{
	uint32_t at = hash_of(row) % INDEX_SIZE;

	while (tally->index[at] && !is_same(&tally->rows[tally->index[at] - 1], row))
		at = (at + 1) % INDEX_SIZE;
	return &tally->index[at];
}

static void rebuild(struct cp_tally *tally)
{
	memset(tally->index, 0, sizeof(tally->index));
	for (size_t i = 0; i < tally->n_rows; i++)
		*find(tally, &tally->rows[i]) = (uint16_t)(i + 1);
	tally->sorted = false;
}

static bool copy_text(char **text)
{
	if (*text)
		*text = strdup(*text);
	return *text != NULL;
}

/* Adds the row, whose texts are borrowed, with texts of its own. */
static int add_row(struct cp_tally *tally, const struct cp_tally_row *row, uint16_t *slot)
{
	struct cp_tally_row own = *row;
	bool failed = false;

	failed |= !copy_text(&own.group) && row->group;
	failed |= !copy_text(&own.exit_as_name) && row->exit_as_name;
	failed |= !copy_text(&own.exit_ixp) && row->exit_ixp;
	failed |= !copy_text(&own.dest_as_name) && row->dest_as_name;
	if (failed) {
		free_row(&own);
		return -ENOMEM;
	}
	tally->rows[tally->n_rows++] = own;
	*slot = (uint16_t)tally->n_rows;
	return 0;
}

int cp_tally_add(struct cp_tally *tally, const struct cp_rec_path *rec, const struct cp_ends *ends)
{
	struct cp_tally_row row = {
	        .group = (char *)rec->target->group,
	        .verdict = rec->judgement->verdict,
	        .leaves = ends->leaves,
	        .exit_asn = ends->exit_asn,
	        .exit_as_name = (char *)ends->exit_as_name,
	        .exit_ixp = (char *)ends->exit_ixp,
	        .dest_asn = ends->dest_asn,
	        .dest_as_name = (char *)ends->dest_as_name,
	};
	uint16_t *slot;
	int rc = 0;

	if (row.group && !*row.group)
		row.group = NULL;
	if (tally->sorted)
		rebuild(tally);
	slot = find(tally, &row);
	if (!*slot && tally->n_rows >= CP_TALLY_ROWS_MAX) {
		row = (struct cp_tally_row){.verdict = rec->judgement->verdict, .is_rest = true};
		slot = find(tally, &row);
	}
	if (!*slot)
		rc = add_row(tally, &row, slot);
	if (rc)
		return rc;
	tally->rows[*slot - 1].n_paths++;
	return 0;
}

static int compare_rows(const void *a_row, const void *b_row)
{
	const struct cp_tally_row *a = a_row, *b = b_row;
	int order;

	if (a->is_rest != b->is_rest)
		return a->is_rest ? 1 : -1;
	order = strcmp(a->group ? a->group : "", b->group ? b->group : "");
	if (order)
		return order;
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict ? -1 : 1;
	if (a->n_paths != b->n_paths)
		return a->n_paths > b->n_paths ? -1 : 1;
	if (a->exit_asn != b->exit_asn)
		return a->exit_asn < b->exit_asn ? -1 : 1;
	return a->dest_asn < b->dest_asn ? -1 : a->dest_asn > b->dest_asn;
}

const struct cp_tally_row *cp_tally_rows(struct cp_tally *tally, size_t *ret_n)
{
	qsort(tally->rows, tally->n_rows, sizeof(tally->rows[0]), compare_rows);
	tally->sorted = true;
	*ret_n = tally->n_rows;
	return tally->rows;
}
