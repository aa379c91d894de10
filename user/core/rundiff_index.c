// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_index.c: finds things by their content, and makes room for more of
 * them. Must not know what they are.
 */
#include "rundiff_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 64u

uint64_t cp_rundiff_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

uint64_t cp_rundiff_hash_text(uint64_t seed, const char *text)
{
	uint64_t hash = seed ^ 0x9e3779b97f4a7c15ull;

	for (const char *s = text; s && *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3ull;
	return cp_rundiff_mix(hash + (text != NULL));
}

static uint32_t *free_slot(const struct cp_rundiff_index *index, uint64_t hash)
{
	size_t i = hash & (index->cap - 1);

	while (index->slots[i])
		i = (i + 1) & (index->cap - 1);
	return &index->slots[i];
}

int cp_rundiff_index_reserve(struct cp_rundiff_index *index, cp_rundiff_hash_fn *hash, const void *ctx)
{
	struct cp_rundiff_index grown = {.cap = index->cap ? index->cap * 2 : SLOTS_MIN, .n = index->n};

	if (index->n < index->cap / 2)
		return 0;
	grown.slots = calloc(grown.cap, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < index->cap; i++) {
		if (index->slots[i])
			*free_slot(&grown, hash(ctx, index->slots[i] - 1)) = index->slots[i];
	}
	free(index->slots);
	*index = grown;
	return 0;
}

uint32_t cp_rundiff_index_find(
        const struct cp_rundiff_index *index, uint64_t hash, cp_rundiff_same_fn *same, const void *ctx, const void *key)
{
	if (!index->cap)
		return CP_RUNDIFF_NONE;
	for (size_t i = hash & (index->cap - 1); index->slots[i]; i = (i + 1) & (index->cap - 1)) {
		if (same(ctx, index->slots[i] - 1, key))
			return index->slots[i] - 1;
	}
	return CP_RUNDIFF_NONE;
}

void cp_rundiff_index_put(struct cp_rundiff_index *index, uint64_t hash, uint32_t number)
{
	*free_slot(index, hash) = number + 1;
	index->n++;
}

int cp_rundiff_grow(void *items_ptr, size_t *cap, size_t n, size_t size)
{
	size_t grown_cap = *cap ? *cap + *cap / 2 : 32;
	void *items, *grown;

	if (n < *cap)
		return 0;
	if (n >= CP_RUNDIFF_NONE - 1)
		return -ENOMEM; /* numbers have 32 bits */
	memcpy(&items, items_ptr, sizeof(items));
	grown = reallocarray(items, grown_cap, size);
	if (!grown)
		return -ENOMEM;
	memcpy(items_ptr, &grown, sizeof(grown));
	*cap = grown_cap;
	/* cppcheck-suppress memleak ; items_ptr has it */
	return 0;
}
