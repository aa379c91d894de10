// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_asdb_merge.c: several databases: what they agree on, what one of them
 * alone knows, where they disagree, and what that does to a verdict (F36).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/asdb.h"
#include "core/verdict.h"

#define SOURCES_MAX 4

static const char names[] = "asn,name,org,role\n8075,Microsoft,Microsoft,microsoft-backbone\n"
                            "8068,Microsoft,Microsoft,microsoft\n3356,Lumen,Lumen,tier1\n13335,Cloudflare,C,cdn\n";

/* A sealed database of these sources, NULL behind the last. */
static struct cp_asdb *merged(const char *const *sources)
{
	struct cp_asdb *db = NULL;
	struct cp_err err = {""};

	assert_int_equal(cp_asdb_new(&db), 0);
	assert_int_equal(cp_asdb_add_names(db, names, sizeof(names) - 1, "n", &err), 0);
	for (; *sources; sources++) {
		cp_asdb_next_source(db);
		if (cp_asdb_add_rows(db, CP_ASDB_DATABASE, *sources, strlen(*sources), "t", &err))
			fail_msg("%s", err.text);
	}
	assert_int_equal(cp_asdb_seal(db), 0);
	return db;
}

static struct cp_origin look(const struct cp_asdb *db, const char *text)
{
	struct cp_origin origin;
	struct cp_addr addr;

	assert_int_equal(cp_addr_parse(text, &addr), 0);
	cp_asdb_lookup(db, &addr, &origin);
	return origin;
}

/* "-", "1", "1_2"; a '!' behind it: disputed. */
static void expect(const struct cp_asdb *db, const char *text, const char *want)
{
	struct cp_origin origin = look(db, text);
	char got[128] = "-";
	size_t n = 0;

	for (int i = 0; origin.kind == CP_ORIGIN_AS && i < origin.n_asn; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%u", i ? "_" : "", origin.asn[i]);
	if (origin.disputed)
		strcat(got, "!");
	if (strcmp(got, want) != 0)
		fail_msg("%s: %s, not %s", text, got, want);
}

static void test_agreement_is_no_dispute(void **state)
{
	const char *const sources[] = {"20.0.0.0/8 1\n2a00::/16 5\n20.9.0.0/16 7_8\n",
	        "20.0.0.0/9 1\n20.128.0.0/9 1\n2a00::/16 5\n20.9.0.0/16 8_7\n", NULL};
	struct cp_asdb *db = merged(sources);

	(void)state;
	expect(db, "20.0.0.1", "1");
	expect(db, "20.200.0.1", "1");
	expect(db, "2a00::1", "5");
	expect(db, "20.9.0.1", "7_8"); /* several origins, but the same ones */
	assert_int_equal(cp_asdb_n_disputed(db), 0);
	assert_int_equal(cp_asdb_n_rows(db, CP_ASDB_DATABASE), 7);
	cp_asdb_free(db);
}

static void test_each_adds_what_it_alone_knows(void **state)
{
	const char *const sources[] = {
	        "20.0.0.0/8 1\n", "2a00::/16 5\n21.0.0.0/8 2\n", "255.0.0.0/8 9\n22.0.0.0/8 3\n", NULL};
	struct cp_asdb *db = merged(sources);

	(void)state;
	expect(db, "20.255.255.255", "1");
	expect(db, "21.0.0.0", "2");
	expect(db, "22.0.0.9", "3");
	expect(db, "19.0.0.0", "-");
	expect(db, "23.0.0.0", "-");
	expect(db, "2a00::1", "5");
	assert_int_equal(cp_asdb_n_disputed(db), 0);
	cp_asdb_free(db);
}

/* Neither the order of the files nor how narrow a row is decides between two of them. */
static void test_disagreement_shows_both(void **state)
{
	const char *const one[] = {"20.0.0.0/8 1\n2a00::/16 5\n", "20.1.0.0/16 2\n2a00::/32 6\n", NULL};
	const char *const other[] = {"20.1.0.0/16 2\n2a00::/32 6\n", "20.0.0.0/8 1\n2a00::/16 5\n", NULL};
	const char *const three[] = {"20.0.0.0/8 1\n", "20.1.0.0/16 2_1\n", "20.1.2.0/24 3\n", NULL};
	struct cp_asdb *db = merged(one);

	(void)state;
	expect(db, "20.0.255.255", "1");
	expect(db, "20.1.0.0", "1_2!");
	expect(db, "20.1.255.255", "1_2!");
	expect(db, "20.2.0.0", "1");
	expect(db, "2a00::1", "5_6!");
	expect(db, "2a00:0:0:1::", "5_6!");
	expect(db, "2a00:1::", "5");
	assert_int_equal(cp_asdb_n_disputed(db), 2);
	cp_asdb_free(db);
	db = merged(other);
	expect(db, "20.1.0.0", "2_1!");
	expect(db, "20.2.0.0", "1");
	assert_int_equal(cp_asdb_n_disputed(db), 2);
	cp_asdb_free(db);
	db = merged(three);
	expect(db, "20.1.1.1", "1_2!");
	expect(db, "20.1.2.1", "1_2_3!");
	cp_asdb_free(db);
}

/* Within a source, and without cp_asdb_next_source(), it is as ever: the narrowest row, then the last one. */
static void test_one_source_has_no_dispute(void **state)
{
	const char *const sources[] = {"20.0.0.0/8 1\n20.1.0.0/16 2\n20.0.0.0/8 3\n", NULL};
	struct cp_asdb *db = merged(sources);

	(void)state;
	expect(db, "20.0.0.1", "3");
	expect(db, "20.1.0.1", "2");
	assert_int_equal(cp_asdb_n_disputed(db), 0);
	cp_asdb_free(db);
}

/* What the user says and what is built in are no sources: they come before and after. */
static void test_other_layers_stay_out_of_it(void **state)
{
	struct cp_asdb *db = NULL;
	static const char overlay[] = "20.0.0.0/16 64500\n", a[] = "20.0.0.0/8 1\n", b[] = "20.0.0.0/8 2\n",
	                  builtin[] = "20.0.0.0/7 8075\n";

	(void)state;
	assert_int_equal(cp_asdb_new(&db), 0);
	cp_asdb_next_source(db);
	assert_int_equal(cp_asdb_add_rows(db, CP_ASDB_OVERLAY, overlay, strlen(overlay), "t", NULL), 0);
	cp_asdb_next_source(db);
	assert_int_equal(cp_asdb_add_rows(db, CP_ASDB_DATABASE, a, strlen(a), "t", NULL), 0);
	cp_asdb_next_source(db);
	assert_int_equal(cp_asdb_add_rows(db, CP_ASDB_DATABASE, b, strlen(b), "t", NULL), 0);
	assert_int_equal(cp_asdb_add_rows(db, CP_ASDB_BUILTIN, builtin, strlen(builtin), "t", NULL), 0);
	assert_int_equal(cp_asdb_seal(db), 0);
	expect(db, "20.0.0.1", "64500");
	expect(db, "20.1.0.1", "1_2!");
	expect(db, "21.0.0.1", "8075");
	cp_asdb_free(db);
}

/* ---- against a scan ---- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed * 0x2545f4914f6cdd1dull >> 20;
}

struct twin_row {
	uint32_t first, last, asn;
};

/* The AS of the narrowest row, of the last among equals; 0: none. */
static uint32_t scan(const struct twin_row *rows, size_t n, uint32_t addr)
{
	const struct twin_row *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].first > addr || rows[i].last < addr)
			continue;
		if (!best || rows[i].last - rows[i].first <= best->last - best->first)
			best = &rows[i];
	}
	return best ? best->asn : 0;
}

static void test_against_a_scan(void **state)
{
	uint64_t seed = 4711;
	size_t n_disputed = 0, n_agreed = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct twin_row rows[SOURCES_MAX][60];
		size_t n_sources = 2 + next_random(&seed) % (SOURCES_MAX - 1);
		struct cp_asdb *db = NULL;

		assert_int_equal(cp_asdb_new(&db), 0);
		for (size_t s = 0; s < n_sources; s++) {
			cp_asdb_next_source(db);
			for (size_t i = 0; i < 60; i++) {
				struct twin_row *row = &rows[s][i];
				uint32_t a = 0x14000000u + (uint32_t)(next_random(&seed) & 0x3ff);

				*row = (struct twin_row){a, a + (uint32_t)(next_random(&seed) & 0x3f),
				        1 + (uint32_t)(next_random(&seed) % 3)};

				struct cp_addr first = cp_addr_from_v4(row->first), last = cp_addr_from_v4(row->last);

				assert_int_equal(cp_asdb_add_range(db, CP_ASDB_DATABASE, &first, &last, row->asn), 0);
			}
		}
		assert_int_equal(cp_asdb_seal(db), 0);
		for (uint32_t addr = 0x14000000u; addr < 0x14000500u; addr++) {
			struct cp_addr full = cp_addr_from_v4(addr);
			struct cp_origin origin;
			uint32_t seen = 0;

			for (size_t s = 0; s < n_sources; s++)
				seen |= 1u << scan(rows[s], 60, addr);
			seen &= ~1u;
			cp_asdb_lookup(db, &full, &origin);
			assert_int_equal(origin.n_asn, __builtin_popcount(seen));
			assert_int_equal(origin.disputed, origin.n_asn > 1);
			for (int i = 0; i < origin.n_asn; i++)
				assert_true(seen >> origin.asn[i] & 1);
			n_disputed += origin.disputed;
			n_agreed += origin.n_asn == 1;
		}
		cp_asdb_free(db);
	}
	assert_true(n_disputed > 1000 && n_agreed > 1000);
}

/* ---- what it does to a verdict ---- */

static void judge(const struct cp_asdb *db, const char *middle, struct cp_judgement *ret_judgement)
{
	const char *const hops[] = {"20.0.0.1", middle, "20.0.0.3", "20.0.0.9"};
	struct cp_path path = {.n_hops = 4, .reached = true, .end = CP_END_REACHED};
	struct cp_home home = {0};
	struct cp_addr dest;

	for (int i = 0; i < 4; i++) {
		path.hops[i] = (struct cp_hop){.ttl = (uint8_t)(i + 1), .kind = CP_REPLY_TIME_EXCEEDED, .attempts = 1};
		assert_int_equal(cp_addr_parse(hops[i], &path.hops[i].addr), 0);
	}
	path.hops[3].kind = CP_REPLY_SYN_ACK;
	dest = path.hops[3].addr;
	assert_int_equal(cp_home_parse(db, "microsoft", &home, NULL), 0);

	struct cp_verdict_input input = {.path = &path, .dest = &dest, .vantage.asn = 8075, .home = &home, .asdb = db};

	cp_judge(&input, ret_judgement);
	cp_home_free(&home);
}

static void test_verdict(void **state)
{
	const char *const sources[] = {"20.0.0.0/24 8075\n20.0.1.0/24 8075\n20.0.2.0/24 8075\n20.0.3.0/24 8075\n",
	        "20.0.0.0/24 8075\n20.0.1.0/24 3356\n20.0.2.0/24 8068\n", NULL};
	struct cp_judgement *judgement = calloc(1, sizeof(*judgement));
	struct cp_asdb *db = merged(sources);

	(void)state;
	assert_non_null(judgement);
	judge(db, "20.0.0.2", judgement);
	assert_int_equal(judgement->verdict, CP_INSIDE);
	/* One source says Lumen: inside for the one, gone and come back for the other. */
	judge(db, "20.0.1.2", judgement);
	assert_int_equal(judgement->verdict, CP_UNDECIDED);
	assert_true(judgement->reasons >> CP_WHY_MULTI_ORIGIN & 1);
	assert_true(judgement->origins[1].disputed);
	assert_int_equal(judgement->origins[1].n_asn, 2);
	/* They disagree, but both say home: it does not matter. */
	judge(db, "20.0.2.2", judgement);
	assert_int_equal(judgement->verdict, CP_INSIDE);
	assert_true(judgement->origins[1].disputed);
	/* Only one of them knows it. */
	judge(db, "20.0.3.2", judgement);
	assert_int_equal(judgement->verdict, CP_INSIDE);
	assert_false(judgement->origins[1].disputed);
	cp_asdb_free(db);
	free(judgement);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_agreement_is_no_dispute),
	        cmocka_unit_test(test_each_adds_what_it_alone_knows),
	        cmocka_unit_test(test_disagreement_shows_both),
	        cmocka_unit_test(test_one_source_has_no_dispute),
	        cmocka_unit_test(test_other_layers_stay_out_of_it),
	        cmocka_unit_test(test_against_a_scan),
	        cmocka_unit_test(test_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
