// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_tally.c: equal paths are one row, rows are in order, and nothing is lost where rows run out.
 */
#include "story.h"

#include <stdio.h>

#include "format/tally.h"

static void add(struct cp_tally *tally, struct fixture *fix, const struct cp_asdb *asdb)
{
	struct cp_ends ends;

	fix->rec.asdb = asdb;
	cp_ends_of(&fix->rec, &ends);
	assert_int_equal(cp_tally_add(tally, &fix->rec, &ends), 0);
}

static void test_rows(void **state)
{
	struct cp_asdb *asdb = make_asdb();
	struct fixture fix[STORY_TARGETS];
	const struct cp_tally_row *rows;
	struct cp_tally *tally;
	size_t n;

	(void)state;
	make_story(fix);
	assert_int_equal(cp_tally_new(&tally), 0);
	fix[3].target.group = "";
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < STORY_TARGETS - 1; i++)
			add(tally, &fix[i], asdb);
		rows = cp_tally_rows(tally, &n); /* and goes on after it */
	}
	assert_int_equal(n, 8);
	assert_null(rows[0].group); /* an empty one is none */
	assert_int_equal(rows[0].n_paths, 2);
	assert_string_equal(rows[1].group, "controls");
	assert_int_equal(rows[1].verdict, CP_DIRECT);
	assert_int_equal(rows[2].verdict, CP_TRANSIT);
	assert_true(rows[2].leaves);
	assert_int_equal(rows[2].exit_asn, 3491);
	assert_string_equal(rows[2].exit_as_name, "PCCW Global (HK) Limited");
	assert_string_equal(rows[2].dest_as_name, "Cloudflare Inc.");
	assert_string_equal(rows[3].group, "m365");
	assert_false(rows[3].leaves);
	assert_false(rows[7].is_rest);
	cp_tally_free(tally);
	cp_tally_free(NULL);
	cp_asdb_free(asdb);
}

static void test_too_many(void **state)
{
	enum { N = CP_TALLY_ROWS_MAX + 300 };
	const struct cp_tally_row *rows;
	struct cp_tally *tally;
	uint64_t sum = 0, rest = 0;
	struct fixture fix;
	char group[32];
	size_t n;

	(void)state;
	assert_int_equal(cp_tally_new(&tally), 0);
	for (unsigned i = 0; i < N; i++) {
		snprintf(group, sizeof(group), "group %u", i);
		story_inside(&fix, "login.microsoft.com", 8075);
		fix.target.group = group;
		fix.judgement.verdict = i % 2 ? CP_INSIDE : CP_DIRECT;
		add(tally, &fix, NULL);
	}
	rows = cp_tally_rows(tally, &n);
	assert_int_equal(n, CP_TALLY_ROWS_MAX + 2);
	for (size_t i = 0; i < n; i++) {
		sum += rows[i].n_paths;
		rest += rows[i].is_rest ? rows[i].n_paths : 0;
	}
	assert_int_equal(sum, N);
	assert_int_equal(rest, 300);
	assert_true(rows[n - 1].is_rest);
	assert_int_equal(rows[n - 2].verdict, CP_INSIDE);
	assert_int_equal(rows[n - 1].verdict, CP_DIRECT);
	cp_tally_free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
