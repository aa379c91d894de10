// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asdb.c: the database itself: its life, its rows and names, lookups, siblings.
 * Must not know any text format (asdb_parse.c) nor where a text came from.
 */
#include "asdb_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"

#define STRING_BLOCK 65536

struct cp_asdb_block {
	struct cp_asdb_block *next;
	size_t used, size;
	char bytes[];
};

static uint32_t mix(uint32_t hash, uint32_t value)
{
	hash = (hash ^ value) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

static uint32_t hash_origin(const struct cp_origin *origin)
{
	uint32_t hash = mix(origin->layer + (origin->disputed ? CP_ASDB_LAYERS : 0u), origin->n_asn);

	for (unsigned int i = 0; i < origin->n_asn; i++)
		hash = mix(hash, origin->asn[i]);
	return hash;
}

static uint32_t hash_asn(uint32_t asn)
{
	return mix(0, asn);
}

/* Enters item (an index) into a table that has room and does not hold it. */
static void index_enter(struct cp_asdb_index *index, uint32_t hash, uint32_t item)
{
	size_t i = hash & (index->cap - 1);

	while (index->slots[i])
		i = (i + 1) & (index->cap - 1);
	index->slots[i] = item + 1;
	index->n++;
}

typedef uint32_t (*hash_item_fn)(const struct cp_asdb *db, uint32_t item);

static uint32_t hash_origin_item(const struct cp_asdb *db, uint32_t item)
{
	return hash_origin(&db->origins[item]);
}

static uint32_t hash_as_item(const struct cp_asdb *db, uint32_t item)
{
	return hash_asn(db->ases[item].asn);
}

/* Keeps the table at most half full. */
static int index_reserve(struct cp_asdb *db, struct cp_asdb_index *index, hash_item_fn hash_item)
{
	if (index->n * 2 < index->cap)
		return 0;

	struct cp_asdb_index bigger = {.cap = index->cap ? index->cap * 2 : 512};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < index->cap; i++) {
		uint32_t item = index->slots[i];

		if (item)
			index_enter(&bigger, hash_item(db, item - 1), item - 1);
	}
	free(index->slots);
	*index = bigger;
	return 0;
}

int cp_asdb_new(struct cp_asdb **ret_db)
{
	struct cp_asdb *db = calloc(1, sizeof(*db));

	if (!db)
		return -ENOMEM;
	if (cp_grow(&db->origins, &db->cap_origins, 0, sizeof(*db->origins)) < 0) {
		free(db);
		return -ENOMEM;
	}
	db->origins[0] = (struct cp_origin){.kind = CP_ORIGIN_UNKNOWN};
	db->n_origins = 1;
	*ret_db = db;
	return 0;
}

static void free_rows(struct cp_asdb_rows *rows)
{
	free(rows->items);
	*rows = (struct cp_asdb_rows){0};
}

void cp_asdb_free(struct cp_asdb *db)
{
	if (!db)
		return;
	while (db->strings) {
		struct cp_asdb_block *next = db->strings->next;

		free(db->strings);
		db->strings = next;
	}
	free_rows(&db->rows4);
	free_rows(&db->rows6);
	free(db->origins);
	free(db->by_origin.slots);
	free(db->ases);
	free(db->by_asn.slots);
	free(db->table4.segments);
	free(db->table4.by_top);
	free(db->table6.first);
	free(db->table6.origin);
	free(db->table6.by_top);
	free(db);
}

int cp_asdb_put_string(struct cp_asdb *db, const char *text, const char **ret_copy)
{
	size_t n = strlen(text) + 1;
	struct cp_asdb_block *block = db->strings;

	if (!block || block->size - block->used < n) {
		size_t size = n > STRING_BLOCK ? n : STRING_BLOCK;

		block = malloc(sizeof(*block) + size);
		if (!block)
			return -ENOMEM;
		block->next = db->strings;
		block->used = 0;
		block->size = size;
		db->strings = block;
	}
	*ret_copy = memcpy(block->bytes + block->used, text, n);
	block->used += n;
	return 0;
}

static bool same_origin(const struct cp_origin *a, const struct cp_origin *b)
{
	return a->kind == b->kind && a->layer == b->layer && a->n_asn == b->n_asn && a->disputed == b->disputed &&
	       a->label == b->label && memcmp(a->asn, b->asn, a->n_asn * sizeof(a->asn[0])) == 0;
}

/* Hundreds of thousands of rows share a few ten thousand origins. */
int cp_asdb_put_origin(struct cp_asdb *db, const struct cp_origin *origin, uint32_t *ret_number)
{
	uint32_t hash = hash_origin(origin);

	if (index_reserve(db, &db->by_origin, hash_origin_item) < 0)
		return -ENOMEM;

	/* Labels are compared by address and left out of the hash: only AS origins are worth sharing. */
	if (origin->kind == CP_ORIGIN_AS) {
		size_t mask = db->by_origin.cap - 1;

		for (size_t i = hash & mask; db->by_origin.slots[i]; i = (i + 1) & mask) {
			uint32_t number = db->by_origin.slots[i] - 1;

			if (same_origin(&db->origins[number], origin)) {
				*ret_number = number;
				return 0;
			}
		}
	}
	if (cp_grow(&db->origins, &db->cap_origins, db->n_origins, sizeof(*db->origins)) < 0)
		return -ENOMEM;
	*ret_number = (uint32_t)db->n_origins++;
	db->origins[*ret_number] = *origin;
	if (origin->kind == CP_ORIGIN_AS)
		index_enter(&db->by_origin, hash, *ret_number);
	return 0;
}

static uint64_t read64(const uint8_t *b)
{
	return (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 | (uint64_t)b[2] << 40 | (uint64_t)b[3] << 32 |
	       (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 | (uint64_t)b[6] << 8 | b[7];
}

static unsigned __int128 addr_number(const struct cp_addr *addr)
{
	return (unsigned __int128)read64(addr->b) << 64 | read64(addr->b + 8);
}

int cp_asdb_put_row(
        struct cp_asdb_rows *rows, unsigned __int128 first, unsigned __int128 last, uint32_t origin, uint32_t source)
{
	if (cp_grow(&rows->items, &rows->cap, rows->n, sizeof(*rows->items)) < 0)
		return -ENOMEM;
	rows->items[rows->n] = (struct cp_asdb_row){
	        .first = first, .last = last, .origin = origin, .seq = (uint32_t)rows->n, .source = source};
	rows->n++;
	return 0;
}

int cp_asdb_put_range(
        struct cp_asdb *db, const struct cp_addr *first, const struct cp_addr *last, const struct cp_origin *origin)
{
	/* Only a range that is IPv4 at both ends is one: a wide IPv6 range never covers the mapped space in it. */
	bool is_v4 = cp_addr_is_v4(first) && cp_addr_is_v4(last);
	uint32_t number;
	int rc = cp_asdb_put_origin(db, origin, &number);

	if (rc == 0 && is_v4)
		rc = cp_asdb_put_row(&db->rows4, cp_addr_v4(first), cp_addr_v4(last), number, db->source);
	else if (rc == 0)
		rc = cp_asdb_put_row(&db->rows6, addr_number(first), addr_number(last), number, db->source);
	if (rc == 0)
		db->n_rows[origin->layer]++;
	return rc;
}

void cp_asdb_next_source(struct cp_asdb *db)
{
	db->source++;
}

int cp_asdb_add_range(struct cp_asdb *db, enum cp_asdb_layer layer, const struct cp_addr *first,
        const struct cp_addr *last, uint32_t asn)
{
	struct cp_origin origin = {.kind = CP_ORIGIN_AS, .layer = (uint8_t)layer, .n_asn = 1, .asn = {asn}};

	if (db->is_sealed || !asn || cp_addr_is_v4(first) != cp_addr_is_v4(last) || cp_addr_cmp(first, last) > 0)
		return -EINVAL;
	return cp_asdb_put_range(db, first, last, &origin);
}

static struct cp_as *find_as(const struct cp_asdb *db, uint32_t asn)
{
	if (!db->by_asn.cap)
		return NULL;

	size_t mask = db->by_asn.cap - 1;

	for (size_t i = hash_asn(asn) & mask; db->by_asn.slots[i]; i = (i + 1) & mask) {
		struct cp_as *as = &db->ases[db->by_asn.slots[i] - 1];

		if (as->asn == asn)
			return as;
	}
	return NULL;
}

int cp_asdb_put_as(struct cp_asdb *db, uint32_t asn, struct cp_as **ret_as)
{
	struct cp_as *as = find_as(db, asn);

	if (as) {
		*ret_as = as;
		return 0;
	}
	if (index_reserve(db, &db->by_asn, hash_as_item) < 0 ||
	        cp_grow(&db->ases, &db->cap_ases, db->n_ases, sizeof(*db->ases)) < 0)
		return -ENOMEM;
	as = &db->ases[db->n_ases];
	*as = (struct cp_as){.asn = asn, .name = ""};
	index_enter(&db->by_asn, hash_asn(asn), (uint32_t)db->n_ases++);
	*ret_as = as;
	return 0;
}

int cp_asdb_add_name(struct cp_asdb *db, uint32_t asn, const char *name)
{
	struct cp_as *as;

	if (cp_asdb_put_as(db, asn, &as) < 0)
		return -ENOMEM;
	return as->name[0] == '\0' ? cp_asdb_put_string(db, name, &as->name) : 0;
}

int cp_asdb_seal(struct cp_asdb *db)
{
	int rc;

	if (db->is_sealed)
		return 0;
	rc = cp_asdb_add_special(db);
	if (rc == 0)
		rc = cp_asdb_merge_sources(db);
	if (rc == 0)
		rc = cp_asdb_flatten4(db, &db->rows4, &db->table4);
	if (rc == 0)
		rc = cp_asdb_flatten6(db, &db->rows6, &db->table6);
	if (rc < 0)
		return rc;
	free_rows(&db->rows4);
	free_rows(&db->rows6);
	db->is_sealed = true;
	return 0;
}

/* The origin of the last segment that begins at or before key. */
static uint32_t search4(const struct cp_asdb_table4 *table, uint32_t key)
{
	const uint32_t *top = &table->by_top[key >> CP_ASDB_TOP4_SHIFT];
	const struct cp_asdb_segment4 *lo = table->segments + top[0];
	size_t n = top[1] - top[0] + 1;

	while (n > 1) {
		size_t half = n / 2;

		lo = lo[half].first <= key ? lo + half : lo;
		n -= half;
	}
	return lo->origin;
}

static bool is_at_or_before(const struct cp_asdb_key6 *key, uint64_t hi, uint64_t lo)
{
	return key->hi < hi || (key->hi == hi && key->lo <= lo);
}

static uint32_t search6(const struct cp_asdb_table6 *table, uint64_t hi, uint64_t lo)
{
	const struct cp_asdb_key6 *at = table->first;
	size_t n = table->n;

	if (hi >> 61 == CP_ASDB_TOP6_BASE >> 61) {
		const uint32_t *top = &table->by_top[(hi - CP_ASDB_TOP6_BASE) >> CP_ASDB_TOP6_SHIFT];

		at += top[0];
		n = top[1] - top[0] + 1;
	}
	while (n > 1) {
		size_t half = n / 2;

		at = is_at_or_before(&at[half], hi, lo) ? at + half : at;
		n -= half;
	}
	return table->origin[at - table->first];
}

void cp_asdb_lookup(const struct cp_asdb *db, const struct cp_addr *addr, struct cp_origin *ret_origin)
{
	uint32_t origin = 0;

	if (db->is_sealed && cp_addr_is_v4(addr))
		origin = search4(&db->table4, cp_addr_v4(addr));
	else if (db->is_sealed)
		origin = search6(&db->table6, read64(addr->b), read64(addr->b + 8));
	*ret_origin = db->origins[origin];
}

size_t cp_asdb_n_rows(const struct cp_asdb *db, enum cp_asdb_layer layer)
{
	return db->n_rows[layer];
}

size_t cp_asdb_n_disputed(const struct cp_asdb *db)
{
	return db->n_disputed;
}

const struct cp_as *cp_asdb_as(const struct cp_asdb *db, uint32_t asn)
{
	return find_as(db, asn);
}

int cp_asdb_set_name(struct cp_asdb *db, uint32_t asn, const char *name)
{
	struct cp_as *as;
	const char *copy;
	int rc = cp_asdb_put_string(db, name, &copy);

	rc = rc ? rc : cp_asdb_put_as(db, asn, &as);
	if (rc == 0)
		as->name = copy;
	return rc;
}

bool cp_asdb_siblings(const struct cp_asdb *db, uint32_t a, uint32_t b)
{
	if (a == b)
		return true;

	const struct cp_as *as_a = find_as(db, a), *as_b = find_as(db, b);

	return as_a && as_b && as_a->org && as_b->org && strcmp(as_a->org, as_b->org) == 0;
}
