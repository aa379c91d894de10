// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * words.c: strings kept once, in blocks, found by an open-addressing hash. Must
 * not know what they mean.
 */
#include "words.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536u
#define SLOTS_MIN 1024u

struct block {
	struct block *next;
	size_t len, size;
	char text[];
};

struct slot {
	const char *word; /* NULL: free */
	uint32_t len, hash;
};

struct cp_words {
	struct block *blocks; /* the first takes the next word */
	struct slot *slots;
	size_t n, n_slots; /* a power of two, more than half of it free */
};

int cp_words_new(struct cp_words **ret_words)
{
	struct cp_words *words = calloc(1, sizeof(*words));

	if (words)
		words->slots = calloc(SLOTS_MIN, sizeof(*words->slots));
	if (!words || !words->slots) {
		free(words);
		return -ENOMEM;
	}
	words->n_slots = SLOTS_MIN;
	*ret_words = words;
	return 0;
}

void cp_words_free(struct cp_words *words)
{
	if (!words)
		return;
	for (struct block *block = words->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(words->slots);
	free(words);
}

/* Eight bytes at a time; a word's end is read as its last eight bytes, so that none is left out. */
static uint32_t hash_of(const char *text, size_t len)
{
	uint64_t hash = len * 0x9e3779b97f4a7c15ull, part = 0;

	for (size_t i = 0; i + 8 <= len; i += 8) {
		memcpy(&part, text + i, 8);
		hash = (hash ^ part) * 0xff51afd7ed558ccdull;
		hash ^= hash >> 32;
	}
	part = 0;
	memcpy(&part, text + len - len % 8, len % 8);
	hash = (hash ^ part) * 0xff51afd7ed558ccdull;
	return (uint32_t)(hash ^ hash >> 32);
}

static struct slot *find(const struct cp_words *words, const char *text, size_t len, uint32_t hash)
{
	for (size_t i = hash & (words->n_slots - 1);; i = (i + 1) & (words->n_slots - 1)) {
		struct slot *slot = &words->slots[i];

		if (!slot->word || (slot->hash == hash && slot->len == len && memcmp(slot->word, text, len) == 0))
			return slot;
	}
}

static int grow(struct cp_words *words)
{
	struct cp_words grown = *words;

	if (words->n < words->n_slots / 2)
		return 0;
	grown.n_slots *= 2;
	grown.slots = calloc(grown.n_slots, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < words->n_slots; i++) {
		const struct slot *slot = &words->slots[i];

		if (slot->word)
			*find(&grown, slot->word, slot->len, slot->hash) = *slot;
	}
	free(words->slots);
	*words = grown;
	return 0;
}

static char *make_room(struct cp_words *words, size_t size)
{
	struct block *block = words->blocks;

	if (!block || block->size - block->len < size) {
		size_t block_size = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = malloc(sizeof(*block) + block_size);
		if (!block)
			return NULL;
		block->len = 0;
		block->size = block_size;
		block->next = words->blocks;
		words->blocks = block;
	}
	block->len += size;
	return block->text + block->len - size;
}

const char *cp_words_add(struct cp_words *words, const char *text, size_t len)
{
	uint32_t hash = hash_of(text, len);
	struct slot *slot = find(words, text, len, hash);
	char *copy;

	if (slot->word)
		return slot->word;
	if (len >= UINT32_MAX || grow(words))
		return NULL;
	copy = make_room(words, len + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*find(words, text, len, hash) = (struct slot){copy, (uint32_t)len, hash};
	words->n++;
	return copy;
}
