/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * path_table.h: what replies say, interned: records of 32 bytes, numbered from
 * 1, found again by their content. Private to path.c and to the sweep's table
 * of neighbours. Knows no slots.
 */
#ifndef CP_PATH_TABLE_H
#define CP_PATH_TABLE_H

#include "path.h"

#define CP_RECORDS_MAX (1u << 28) /* numbers are smaller */

/* What few replies have. */
struct more {
	uint32_t rtt_us; /* if it is too long for where short ones are kept */
	uint32_t n_mpls;
	uint32_t mpls[CP_MPLS_MAX];
};

/* What a reply says, but for its round trip. In whole words: it is compared and hashed that way. */
struct reply {
	struct cp_addr from;
	uint64_t said; /* a byte each, by enum said */
	uint64_t more_id; /* 0: none */
};

enum said { SAID_KIND, SAID_ICMP_TYPE, SAID_ICMP_CODE, SAID_REPLY_TTL, SAID_QUOTED_TTL, SAID_QUOTE_MODIFIED };

/* Interned as a whole, so what a member does not use is zero. */
union cp_record {
	struct reply reply;
	struct more more;
	uint64_t words[4];
};

/* Records, numbered from 1, found again by their content. */
struct cp_table {
	union cp_record *records;
	uint32_t n, cap; /* the unused number 0 included */
	uint32_t *index; /* open addressing, numbers; 0: empty */
	uint32_t index_mask;
};

static inline uint32_t cp_record_hash(const union cp_record *record)
{
	uint64_t a = (record->words[0] ^ record->words[2] * 0xd6e8feb86659fd93ull) * 0x9e3779b97f4a7c15ull;
	uint64_t b = (record->words[1] ^ record->words[3] * 0xa0761d6478bd642full) * 0xe7037ed1a0b428dbull;
	uint64_t hash = (a ^ a >> 32 ^ (b << 32 | b >> 32)) * 0x9e3779b97f4a7c15ull;

	/* What tells addresses of IPv4 apart stands high in b, and must come to stand low. */
	return (uint32_t)(hash >> 32);
}

/* For an empty table; it grows beyond n_expected. 0 or -ENOMEM. */
int cp_table_init(struct cp_table *table, uint32_t n_expected);
void cp_table_free(struct cp_table *table);
/* Number of a record, 0: not there. */
uint32_t cp_table_find(const struct cp_table *table, const union cp_record *record);
/* Number of a record, adding it. 0: out of memory. */
uint32_t cp_table_intern(struct cp_table *table, const union cp_record *record);

#endif
