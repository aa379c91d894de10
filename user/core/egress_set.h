/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * egress_set.h: which distinct things a row of the egress statistics was seen
 * with: exit routers, groups of targets. Private to egress.c.
 */
#ifndef CP_EGRESS_SET_H
#define CP_EGRESS_SET_H

#include <stddef.h>
#include <stdint.h>

#include "router_name.h"

enum cp_egress_thing { CP_THING_ROUTER = 0, CP_THING_GROUP };

/* Zeroed: empty. */
struct cp_egress_set {
	struct cp_egress_member *members; /* hash */
	size_t n, cap;
};
struct cp_egress_member {
	uint8_t key[16]; /* an address, the hash of a label */
	uint32_t row_plus_1; /* 0: free slot */
	uint32_t thing; /* enum cp_egress_thing */
	uint64_t n_added; /* times */
	char place[CP_ROUTER_PART_MAX]; /* of a router, the user's to fill; "": not known */
};

void cp_egress_set_free(struct cp_egress_set *set);
/* Makes room for so many additions, which then cannot fail. 0 or -ENOMEM. */
int cp_egress_set_reserve(struct cp_egress_set *set, size_t more);
/* Returns the member, valid until the next reservation; n_added is 1 when it was not there. */
struct cp_egress_member *cp_egress_set_add(
        struct cp_egress_set *set, uint32_t row, enum cp_egress_thing thing, const uint8_t key[16]);
/* 128 bits that stand for a text of any length. */
void cp_egress_set_hash(const char *text, uint8_t ret_key[16]);

#endif
