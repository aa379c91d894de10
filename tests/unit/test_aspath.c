// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_aspath.c: the TTLs of the steps, full paths and answers from elsewhere.
 * How steps collapse, and the exits, test_verdict.c checks path by path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict_lab.h"

static void test_as_path_ttls(void **state)
{
	static const struct sample sample = {.path = "* * 8075 * 8075 * ix 13335", .dest = "13335", .vantage = 8075};
	static const uint8_t want[][2] = {{1, 2}, {3, 5}, {6, 6}, {7, 7}, {8, 8}, {9, 9}};
	struct cp_judgement judgement;
	struct cp_path path;
	char text[32];

	judge(*state, &sample, &path, &judgement);
	assert_int_equal(judgement.n_as_path, 6);
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(judgement.as_path[i].first_ttl, want[i][0]);
		assert_int_equal(judgement.as_path[i].last_ttl, want[i][1]);
	}
	assert_string_equal(cp_as_step_format(&judgement.as_path[3], text, sizeof(text)), "IXP:LabIX");
	assert_string_equal(cp_as_step_format(&judgement.as_path[3], text, 6), "IXP:L");
}

/* Sixty-four hops, each another step, and the destination silent: every slot of the AS path is used. */
static void test_as_path_full(void **state)
{
	struct sample sample = {.dest = "13335", .vantage = 8075};
	struct cp_judgement judgement;
	struct cp_path path;
	char text[512] = "";

	for (int i = 0; i < CP_TTL_MAX; i++)
		strcat(text, i % 2 ? "3356 " : "1299 ");
	sample.path = text;
	judge(*state, &sample, &path, &judgement);
	assert_int_equal(judgement.n_as_path, CP_TTL_MAX + 1);
	assert_int_equal(judgement.as_path[CP_TTL_MAX].kind, CP_STEP_SILENT);
	assert_int_equal(judgement.verdict, CP_TRANSIT);
	assert_int_equal(judgement.used, UINT64_MAX);
}

/* Other tools may know that the destination answered without saying from which address. */
static void judge_answered(const struct lab *lab, const struct sample *sample, struct cp_judgement *ret)
{
	struct cp_path path;
	struct cp_addr dest;
	struct cp_verdict_input input = {
	        .path = &path, .dest = &dest, .vantage.asn = 8075, .home = &lab->home, .asdb = lab->asdb};

	parse_path(sample, &path, &dest);
	path.reached = true;
	path.end = CP_END_REACHED;
	cp_judge(&input, ret);
}

static void test_answer_from_elsewhere(void **state)
{
	struct cp_judgement judgement;
	char text[64];

	judge_answered(*state, &(struct sample){.path = "8075 8075", .dest = "8068"}, &judgement);
	assert_int_equal(judgement.verdict, CP_INSIDE);
	assert_int_equal(judgement.confidence, CP_CONF_HIGH);
	format_as_path(&judgement, text, sizeof(text));
	assert_string_equal(text, "8075 8068");

	judge_answered(*state, &(struct sample){.path = "8075 3356 3356", .dest = "8075"}, &judgement);
	assert_int_equal(judgement.verdict, CP_DETOUR);
	assert_int_equal(judgement.confidence, CP_CONF_HIGH);
	format_as_path(&judgement, text, sizeof(text));
	assert_string_equal(text, "8075 3356 8075");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_as_path_ttls),
	        cmocka_unit_test(test_as_path_full),
	        cmocka_unit_test(test_answer_from_elsewhere),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
