// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_asdb_flatten.c: random rows that overlap in every way, in several
 * layers and both families, looked up and compared with a linear scan.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/asdb.h"

struct twin_row {
	enum cp_asdb_layer layer;
	struct cp_addr first, last;
	uint32_t asn;
};

#define TWIN_ROWS 300

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed * 0x2545f4914f6cdd1dull >> 20;
}

/*
 * Addresses from a small space, so that rows overlap in every way, and its ends: IPv4 at 20.0.0.0 or over the last
 * addresses, IPv6 with the interesting bits at 8, 32, 80 or 112 bits from the front.
 */
static struct cp_addr random_addr(uint64_t *seed, bool is_v6)
{
	uint64_t r = next_random(seed);
	uint16_t low = (uint16_t)(r & ((r & 1u << 20) ? 0xffff : 0x3ff));

	if (!is_v6)
		return cp_addr_from_v4((r & 7u << 21) ? 0x1400fc00u + low : 0xffff0000u | low);

	struct cp_addr addr = {.b = {0x2a}};
	size_t at = (size_t[]){1, 4, 10, 14}[next_random(seed) % 4];

	addr.b[at] = (uint8_t)(low >> 8);
	addr.b[at + 1] = (uint8_t)low;
	if (next_random(seed) % 16 == 0)
		memset(addr.b, 0xff, 14);
	return addr;
}

/* The 128-bit distance, as bytes that compare in order. */
static struct cp_addr row_size(const struct twin_row *row)
{
	struct cp_addr size = row->last;
	int borrow = 0;

	for (int i = 15; i >= 0; i--) {
		int digit = row->last.b[i] - row->first.b[i] - borrow;

		borrow = digit < 0;
		size.b[i] = (uint8_t)digit;
	}
	return size;
}

static const struct twin_row *twin_lookup(const struct twin_row *rows, size_t n, const struct cp_addr *addr)
{
	const struct twin_row *best = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct twin_row *row = &rows[i];

		if (cp_addr_cmp(&row->first, addr) > 0 || cp_addr_cmp(&row->last, addr) < 0)
			continue;
		if (cp_addr_is_v4(&row->first) != cp_addr_is_v4(addr))
			continue;
		if (best && best->layer < row->layer)
			continue;
		if (best && best->layer == row->layer) {
			struct cp_addr size = row_size(row), best_size = row_size(best);

			if (cp_addr_cmp(&size, &best_size) > 0)
				continue;
		}
		best = row;
	}
	return best;
}

static void make_row(uint64_t *seed, struct cp_asdb *db, struct twin_row *ret_row)
{
	/* The overlay hides special-use space, so that the twin need not know it: the ends of IPv4 are in there. */
	static const enum cp_asdb_layer layers[] = {CP_ASDB_OVERLAY, CP_ASDB_DATABASE, CP_ASDB_BUILTIN};
	bool is_v6 = next_random(seed) & 1;
	struct twin_row row = {
	        .layer = layers[next_random(seed) % 3],
	        .first = random_addr(seed, is_v6),
	        .last = random_addr(seed, is_v6),
	        .asn = 1 + (uint32_t)(next_random(seed) % 40),
	};
	char first[CP_ADDR_STRLEN], last[CP_ADDR_STRLEN], text[160];

	if (cp_addr_cmp(&row.first, &row.last) > 0) {
		struct cp_addr swap = row.first;

		row.first = row.last;
		row.last = swap;
	}
	if (next_random(seed) % 8 == 0)
		row.last = row.first;
	snprintf(text, sizeof(text), "%s,%s,%u\n", cp_addr_format(&row.first, first), cp_addr_format(&row.last, last),
	        row.asn);
	assert_int_equal(cp_asdb_add_rows(db, row.layer, text, strlen(text), "t", NULL), 0);
	*ret_row = row;
}

static void check_twin(
        const struct cp_asdb *db, const struct twin_row *rows, size_t n, const struct cp_addr *addr, size_t *n_hits)
{
	const struct twin_row *want = twin_lookup(rows, n, addr);
	struct cp_origin got;

	cp_asdb_lookup(db, addr, &got);
	if (!want || (got.kind == CP_ORIGIN_SPECIAL && want->layer > CP_ASDB_SPECIAL)) {
		assert_int_not_equal(got.kind, CP_ORIGIN_AS);
		return;
	}
	assert_int_equal(got.kind, CP_ORIGIN_AS);
	assert_int_equal(got.layer, want->layer);
	assert_int_equal(got.n_asn, 1);
	assert_int_equal(got.asn[0], want->asn);
	(*n_hits)++;
}

static struct cp_addr neighbour(struct cp_addr addr, int step)
{
	int carry = step;

	for (int i = 15; i >= 0 && carry; i--) {
		int digit = addr.b[i] + carry;

		addr.b[i] = (uint8_t)digit;
		carry = digit < 0 ? -1 : digit > 255;
	}
	return addr;
}

static void test_against_linear_scan(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15ull;
	size_t n_hits = 0;

	(void)state;
	for (int round = 0; round < 12; round++) {
		struct cp_asdb *db = NULL;
		struct twin_row rows[TWIN_ROWS];
		size_t n = round < 6 ? (size_t)round : TWIN_ROWS;

		assert_int_equal(cp_asdb_new(&db), 0);
		for (size_t i = 0; i < n; i++)
			make_row(&seed, db, &rows[i]);
		assert_int_equal(cp_asdb_seal(db), 0);
		for (size_t i = 0; i < n; i++) {
			for (int step = -1; step <= 1; step++) {
				struct cp_addr first = neighbour(rows[i].first, step);
				struct cp_addr last = neighbour(rows[i].last, step);

				check_twin(db, rows, n, &first, &n_hits);
				check_twin(db, rows, n, &last, &n_hits);
			}
		}
		for (int i = 0; i < 3000; i++) {
			struct cp_addr addr = random_addr(&seed, i & 1);

			check_twin(db, rows, n, &addr, &n_hits);
		}
		cp_asdb_free(db);
	}
	assert_true(n_hits > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_against_linear_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
