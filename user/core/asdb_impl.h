/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * asdb_impl.h: what the asdb_*.c files share; nobody else includes it.
 *
 * Until it is sealed a database is a heap of rows (ranges with an origin).
 * Sealing first makes one source of the several databases (asdb_merge.c), then
 * flattens all layers of a family into one sorted table of segments, so that a
 * lookup is one search whatever the number of layers.
 */
#ifndef CP_ASDB_IMPL_H
#define CP_ASDB_IMPL_H

#include "asdb.h"

/* One range as it was given. IPv4 rows hold the 32-bit address as a number. */
struct cp_asdb_row {
	unsigned __int128 first, last;
	uint32_t origin; /* index into origins */
	uint32_t seq; /* later rows have higher numbers */
	uint32_t source; /* of the databases, from 0 */
};

struct cp_asdb_rows {
	struct cp_asdb_row *items;
	size_t n, cap;
};

/* Ranges that do not overlap: each ends before the next one, the first begins at zero. */
struct cp_asdb_segments {
	unsigned __int128 *first;
	uint32_t *origin;
	size_t n;
};

/* Open addressing; an entry is the index of an item + 1, 0 is empty; cap is a power of two. */
struct cp_asdb_index {
	uint32_t *slots;
	size_t cap, n;
};

/*
 * Segments: each begins at its first address and ends before the next one; the first begins at zero. by_top narrows
 * the search: entry x is the segment that holds the first address with the top bits x, one more entry the last segment.
 */
struct cp_asdb_segment4 {
	uint32_t first;
	uint32_t origin;
};

struct cp_asdb_table4 {
	struct cp_asdb_segment4 *segments;
	size_t n;
	uint32_t *by_top;
};

#define CP_ASDB_TOP4_SHIFT 16
#define CP_ASDB_TOP4_N 65536u

/* Searched by the high half, which settles nearly all comparisons. */
struct cp_asdb_key6 {
	uint64_t hi, lo;
};

struct cp_asdb_table6 {
	struct cp_asdb_key6 *first;
	uint32_t *origin;
	size_t n;
	uint32_t *by_top; /* of 2000::/3, where all unicast addresses in use are: the 17 bits that follow */
};

#define CP_ASDB_TOP6_SHIFT 44
#define CP_ASDB_TOP6_N 131072u
#define CP_ASDB_TOP6_BASE 0x2000000000000000ull

struct cp_asdb_block;

struct cp_asdb {
	struct cp_asdb_rows rows4, rows6; /* freed by the seal */
	size_t n_rows[CP_ASDB_LAYERS];
	uint32_t source; /* of the rows that come next */
	size_t n_disputed;

	struct cp_origin *origins; /* [0]: CP_ORIGIN_UNKNOWN */
	size_t n_origins, cap_origins;
	struct cp_asdb_index by_origin;

	struct cp_as *ases;
	size_t n_ases, cap_ases;
	struct cp_asdb_index by_asn;

	struct cp_asdb_block *strings;

	struct cp_asdb_table4 table4;
	struct cp_asdb_table6 table6;
	bool is_sealed;
};

/* asdb.c: what the parsers fill a database with. Each returns 0 or -ENOMEM. */
int cp_asdb_put_range(
        struct cp_asdb *db, const struct cp_addr *first, const struct cp_addr *last, const struct cp_origin *origin);
/* The number of an origin, entered when it is new. */
int cp_asdb_put_origin(struct cp_asdb *db, const struct cp_origin *origin, uint32_t *ret_number);
/* A row of a family whose origin has its number; counted in no layer. */
int cp_asdb_put_row(
        struct cp_asdb_rows *rows, unsigned __int128 first, unsigned __int128 last, uint32_t origin, uint32_t source);
/* The entry of asn, made empty (name "") when there was none. Valid until the next call. */
int cp_asdb_put_as(struct cp_asdb *db, uint32_t asn, struct cp_as **ret_as);
/* A copy that lives as long as the database. */
int cp_asdb_put_string(struct cp_asdb *db, const char *text, const char **ret_copy);

/* asdb_special.c */
int cp_asdb_add_special(struct cp_asdb *db);

/* Of an origin by more ASes than there is room for, the first ones stay: it is marked as several either way. */
void cp_origin_add(struct cp_origin *origin, uint32_t asn);

/* asdb_merge.c: the rows of all databases become those of one. 0 or -ENOMEM. */
int cp_asdb_merge_sources(struct cp_asdb *db);

/* asdb_flatten.c: from rows to tables. 0 or -ENOMEM. */
/* Sorts the rows; max: the last address of the family. Both arrays of *ret_segments are the caller's to free. */
int cp_asdb_segment_rows(const struct cp_asdb *db, struct cp_asdb_rows *rows, unsigned __int128 max,
        struct cp_asdb_segments *ret_segments);
int cp_asdb_flatten4(const struct cp_asdb *db, struct cp_asdb_rows *rows, struct cp_asdb_table4 *ret_table);
int cp_asdb_flatten6(const struct cp_asdb *db, struct cp_asdb_rows *rows, struct cp_asdb_table6 *ret_table);

/* asdb_text.c: a text line by line, and lines into fields. */
#define CP_ASDB_LINE_MAX 4096

struct cp_asdb_text {
	const char *pos, *end;
	const char *source;
	struct cp_err *err;
	size_t line; /* number of the current line, from 1 */
	char buf[CP_ASDB_LINE_MAX]; /* the current line, NUL-terminated; may be cut up */
};

void cp_asdb_text_init(
        struct cp_asdb_text *text, const char *bytes, size_t len, const char *source, struct cp_err *err);
/* 1: buf holds the next line that is neither empty nor a comment. 0: none left. -EINVAL: NUL byte or too long. */
int cp_asdb_text_next(struct cp_asdb_text *text);
/* Fails with "<source>:<line>: <what> '<field>'"; field may be NULL. Returns -EINVAL. */
int cp_asdb_text_bad(const struct cp_asdb_text *text, const char *what, const char *field);
/* "<source>:<line>" of the current line into buf; returns buf. */
#define CP_ASDB_WHERE_MAX 300
const char *cp_asdb_text_where(const struct cp_asdb_text *text, char buf[CP_ASDB_WHERE_MAX]);
/* A field as a message may show it: cut to size, control characters as '?'. Returns buf. */
const char *cp_asdb_plain(const char *field, char *buf, size_t size);
/*
 * Cuts a line at the separator; blanks around a field go. With a comma, fields may be double-quoted, "" is a quote.
 * Returns the number of fields; -EINVAL: an unclosed quote, something after a quote, more than max fields.
 */
int cp_asdb_split(char *line, char separator, char **fields, int max);

#endif
