// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * path_table.c: the hash table behind interned replies. Must not know what a
 * record means.
 */
#include "path_table.h"

#include <errno.h>
#include <stdlib.h>

static bool record_eq(const union cp_record *a, const union cp_record *b)
{
	return !((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1]) | (a->words[2] ^ b->words[2]) |
	         (a->words[3] ^ b->words[3]));
}

/* Makes room for `cap` records, a power of two. */
static int table_grow(struct cp_table *table, uint32_t cap)
{
	uint32_t mask = cap * 2 - 1;
	uint32_t *index = calloc((size_t)mask + 1, sizeof(*index));
	union cp_record *records = realloc(table->records, (size_t)cap * sizeof(*records));

	if (records)
		table->records = records;
	if (!index || !records) {
		free(index);
		return -ENOMEM;
	}
	for (uint32_t id = 1; id < table->n; id++) {
		uint32_t at = cp_record_hash(&records[id]) & mask;

		while (index[at])
			at = (at + 1) & mask;
		index[at] = id;
	}
	free(table->index);
	table->index = index;
	table->index_mask = mask;
	table->cap = cap;
	return 0;
}

int cp_table_init(struct cp_table *table, uint32_t n_expected)
{
	uint32_t cap = 256;

	while (cap < n_expected && cap < CP_RECORDS_MAX)
		cap *= 2;
	table->n = 1;
	return table_grow(table, cap);
}

uint32_t cp_table_intern(struct cp_table *table, const union cp_record *record)
{
	uint32_t at;

	if (table->n == table->cap && (table->cap >= CP_RECORDS_MAX || table_grow(table, table->cap * 2)))
		return 0;
	at = cp_record_hash(record) & table->index_mask;
	while (table->index[at]) {
		if (record_eq(&table->records[table->index[at]], record))
			return table->index[at];
		at = (at + 1) & table->index_mask;
	}
	table->records[table->n] = *record;
	table->index[at] = table->n;
	return table->n++;
}

uint32_t cp_table_find(const struct cp_table *table, const union cp_record *record)
{
	uint32_t at = cp_record_hash(record) & table->index_mask;

	while (table->index[at] && !record_eq(&table->records[table->index[at]], record))
		at = (at + 1) & table->index_mask;
	return table->index[at];
}

void cp_table_free(struct cp_table *table)
{
	free(table->records);
	free(table->index);
}
