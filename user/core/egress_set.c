// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * egress_set.c: an open-addressing hash of (row, thing, 16 bytes). Must not
 * know what the bytes mean.
 */
#include "egress_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

void cp_egress_set_free(struct cp_egress_set *set)
{
	free(set->members);
	*set = (struct cp_egress_set){0};
}

/* The place of a member: taken by it, or free. */
static struct cp_egress_member *find(
        struct cp_egress_member *members, size_t cap, const struct cp_egress_member *member)
{
	uint64_t half[2];

	memcpy(half, member->key, sizeof(half));
	for (size_t i = mix(half[0] ^ mix(half[1] + member->row_plus_1 + ((uint64_t)member->thing << 32)));; i++) {
		struct cp_egress_member *slot = &members[i & (cap - 1)];

		if (!slot->row_plus_1 || (slot->row_plus_1 == member->row_plus_1 && slot->thing == member->thing &&
		                                 memcmp(slot->key, member->key, sizeof(slot->key)) == 0))
			return slot;
	}
}

int cp_egress_set_reserve(struct cp_egress_set *set, size_t more)
{
	size_t cap = set->cap ? set->cap : 64;
	struct cp_egress_member *members;

	while ((set->n + more) * 2 > cap)
		cap *= 2;
	if (cap == set->cap)
		return 0;
	members = calloc(cap, sizeof(*members));
	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < set->cap; i++) {
		if (set->members[i].row_plus_1)
			*find(members, cap, &set->members[i]) = set->members[i];
	}
	free(set->members);
	set->members = members;
	set->cap = cap;
	return 0;
}

struct cp_egress_member *cp_egress_set_add(
        struct cp_egress_set *set, uint32_t row, enum cp_egress_thing thing, const uint8_t key[16])
{
	struct cp_egress_member member = {.row_plus_1 = row + 1, .thing = thing}, *slot;

	memcpy(member.key, key, sizeof(member.key));
	slot = find(set->members, set->cap, &member);
	if (!slot->row_plus_1) {
		*slot = member;
		set->n++;
	}
	slot->n_added++;
	return slot;
}

void cp_egress_set_hash(const char *text, uint8_t ret_key[16])
{
	uint64_t half[2] = {0xcbf29ce484222325ull, 0};

	for (; *text; text++) {
		half[0] = (half[0] ^ (uint8_t)*text) * 0x100000001b3ull; /* FNV-1a */
		half[1] = mix(half[1] + (uint8_t)*text);
	}
	memcpy(ret_key, half, sizeof(half));
}
