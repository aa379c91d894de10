// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rundiff_e2e.c: loss, round trips and jitter end to end compared: what is a change, what chance alone may do, and
 * how it is told.
 */
#include "rundiff_lab.h"

#include <stdio.h>

#define BIT(name) CP_RD_BIT(CP_RD_##name)
#define UNKNOWN UINT32_MAX

static const struct {
	const char *what;
	struct cp_rundiff_e2e before, after;
	uint32_t want;
} cases[] = {
        {"nothing", {10, 10, 10000, 100}, {10, 10, 10000, 100}, 0},
        {"one lost of ten is chance", {10, 10, 10000, 0}, {10, 9, 10000, 0}, 0},
        {"three of ten may be", {10, 10, 10000, 0}, {10, 7, 10000, 0}, 0},
        {"four of ten are more loss", {10, 10, 10000, 0}, {10, 6, 10000, 0}, BIT(MORE_LOSS)},
        {"and none any more is less", {10, 6, 10000, 0}, {10, 10, 10000, 0}, BIT(LESS_LOSS)},
        {"of few probes nothing follows", {1, 1, 10000, 0}, {1, 0, UNKNOWN, UNKNOWN}, 0},
        {"of many less than five points is none", {1000, 1000, 10000, 0}, {1000, 951, 10000, 0}, 0},
        {"of many five points are", {1000, 1000, 10000, 0}, {1000, 950, 10000, 0}, BIT(MORE_LOSS)},
        {"all of them", {10, 10, 10000, 0}, {10, 0, UNKNOWN, UNKNOWN}, BIT(MORE_LOSS)},
        {"all before and after", {10, 0, UNKNOWN, UNKNOWN}, {10, 0, UNKNOWN, UNKNOWN}, 0},
        {"not measured before", {0}, {10, 5, 10000, 0}, 0},
        {"not measured after", {10, 5, 10000, 0}, {0}, 0},
        {"slower by both limits", {10, 10, 20000, 0}, {10, 10, 25000, 0}, BIT(E2E_SLOWER)},
        {"slower by one limit only", {10, 10, 4000, 0}, {10, 10, 8000, 0}, 0},
        {"faster", {10, 10, 25000, 0}, {10, 10, 20000, 0}, BIT(E2E_FASTER)},
        {"a time that is not known", {10, 10, UNKNOWN, UNKNOWN}, {10, 10, 90000, 9000}, 0},
        {"more jitter, from none", {10, 10, 10000, 0}, {10, 10, 10000, 5000}, BIT(MORE_JITTER)},
        {"less jitter", {10, 10, 10000, 9000}, {10, 10, 10000, 1000}, BIT(LESS_JITTER)},
        {"all at once", {50, 50, 10000, 100}, {50, 25, 30000, 8000},
                BIT(MORE_LOSS) | BIT(E2E_SLOWER) | BIT(MORE_JITTER)},
};

static uint32_t changes_of(const struct cp_rundiff_e2e *before, const struct cp_rundiff_e2e *after, uint32_t flow)
{
	struct cp_rundiff_list empty = {0};
	struct cp_rundiff_path left = {.as_path = &empty, .flow = flow, .e2e = *before}, right = left;

	right.e2e = *after;
	return cp_rundiff_compare_paths(&left, &right, &usual_limits);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t got = changes_of(&cases[i].before, &cases[i].after, 0);

		if (got != cases[i].want)
			fail_msg("%s: changes %#x, not %#x", cases[i].what, got, cases[i].want);
		/* Another flow to that destination has the same, and does not say it again. */
		assert_int_equal(changes_of(&cases[i].before, &cases[i].after, 1), 0);
	}
}

/* ---- How it is told ---- */

struct lab {
	struct cp_rundiff *diff;
	struct strings strings;
	struct mem_sink mem;
	struct cp_rundiff_report report;
};

static void add(struct lab *lab, enum cp_rundiff_side side, const char *host, uint32_t flow, struct cp_rundiff_e2e e2e)
{
	struct cp_rundiff_name name = name_of(host);
	struct cp_rundiff_path path = {.dest = addr_of("203.0.113.1"),
	        .flow = flow,
	        .rtt_dest_us = 12000,
	        .verdict = CP_INSIDE,
	        .reached = 1,
	        .end = CP_END_REACHED,
	        .n_hops = 2,
	        .n_hops_seen = 2,
	        .e2e = e2e};
	const char *steps[] = {"8075"};

	assert_int_equal(cp_rundiff_add_path(lab->diff, side, &name, &path, steps, 1), 0);
}

static int setup(void **state)
{
	static const struct cp_rundiff_e2e good = {50, 50, 12000, 30}, bad = {50, 40, 36000, 8029},
	                                   silent = {50, 0, UNKNOWN, UNKNOWN};
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	assert_int_equal(cp_rundiff_new(&lab->diff), 0);
	for (uint32_t flow = 0; flow < 2; flow++) {
		add(lab, CP_BEFORE, "lossy.example", flow, good);
		add(lab, CP_AFTER, "lossy.example", flow, bad);
	}
	add(lab, CP_BEFORE, "silent.example", 0, silent);
	add(lab, CP_AFTER, "silent.example", 0, (struct cp_rundiff_e2e){0});
	lab->report = story_report(lab->diff, compare(lab->diff));
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	mem_free(&lab->mem);
	cp_rundiff_free(lab->diff);
	free(lab);
	return 0;
}

static void write_as(struct lab *lab, const struct cp_rundiff_format *format)
{
	struct cp_sink sink = mem_sink_of(&lab->mem);

	assert_int_equal(format->write(&sink, NULL, &lab->report), 0);
}

static void assert_says(const struct lab *lab, const char *text)
{
	if (!strstr(lab->mem.buf, text))
		fail_msg("no '%s' in:\n%s", text, lab->mem.buf);
}

static void test_table(void **state)
{
	struct lab *lab = *state;

	write_as(lab, &cp_rundiff_table);
	assert_says(lab, "paths     3 in both runs: 1 more loss, 1 slower end to end, 1 more jitter\n");
	assert_says(lab, "more loss: lossy.example inside\n"
	                 "    to         203.0.113.1 flow 0\n"
	                 "    loss       0.00 % -> 20.00 %, 0 of 50 -> 10 of 50 probes end to end\n"
	                 "    end to end 12.0 ms -> 36.0 ms, +24.0 ms (+200%)\n"
	                 "    jitter     0.030 ms -> 8.029 ms, +8.00 ms (+26663%)\n");
	assert_says(lab, "          median +24.0 ms (+200.0%) over 1 path end to end\n"
	                 "loss      50.00 % -> 20.00 % end to end, of 100 -> 50 probes\n");
	assert_false(lab->report.result->has_news); /* loss shuts no gate */
}

static void test_sides(void **state)
{
	struct lab *lab = *state;

	lab->report.side_by_side = true;
	write_as(lab, &cp_rundiff_table);
	assert_says(lab, "  end to end  0.00 % lost, median 12.0 ms,      20.00 % lost, median 36.0 ms,\n"
	                 "              jitter 0.030 ms                   jitter 8.029 ms\n");
	assert_says(lab, "  end to end  100.00 % lost                     -\n");
}

static void test_ndjson(void **state)
{
	struct lab *lab = *state;

	lab->report.side_by_side = true;
	write_as(lab, &cp_rundiff_ndjson);
	assert_says(lab, "\"changes\":[\"more-loss\",\"e2e-slower\",\"more-jitter\"]");
	assert_says(lab,
	        "\"e2e\":{\"sent\":50,\"received\":40,\"loss_pct\":20.00,\"rtt_p50_us\":36000,\"jitter_us\":8029}");
	assert_says(
	        lab, "\"e2e\":{\"sent\":50,\"received\":0,\"loss_pct\":100.00,\"rtt_p50_us\":null,\"jitter_us\":null}");
	assert_says(lab, "\"e2e_loss_shift_pct\":20.00,\"e2e_rtt_shift_us\":24000,\"e2e_jitter_shift_us\":7999}\n");
	assert_says(lab, "\"e2e_rtt_shift\":{\"paths\":1,\"median_us\":24000,\"median_permille\":2000}");
	assert_says(lab, "\"e2e_sent\":100,\"e2e_received\":50}");
	assert_says(lab, "\"e2e_sent\":50,\"e2e_received\":40}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rules),
	        cmocka_unit_test_setup_teardown(test_table, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_sides, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_ndjson, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
