// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_combine.c: several flows, judged one by one (verdict_lab.h): what they
 * say together, and what shows only in comparison.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/combine.h"
#include "verdict_lab.h"

#define FLOWS_MAX 64

struct flows {
	struct cp_path paths[FLOWS_MAX];
	struct cp_judgement judgements[FLOWS_MAX];
	struct cp_combined combined;
	size_t n;
};

/* Paths, NULL-terminated, from vantage 8075. */
static struct flows *run(void **state, const char *const *paths)
{
	const struct lab *lab = *state;
	struct flows *flows = calloc(1, sizeof(*flows));

	assert_non_null(flows);
	for (; paths[flows->n]; flows->n++) {
		struct sample sample = {.path = paths[flows->n], .vantage = 8075};

		judge(lab, &sample, &flows->paths[flows->n], &flows->judgements[flows->n]);
	}
	cp_combine_flows(flows->paths, flows->judgements, flows->n, &lab->home, &flows->combined);
	return flows;
}

#define RUN(...) run(state, (const char *const[]){__VA_ARGS__, NULL})

static bool has(const struct flows *flows, size_t flow, enum cp_reason reason)
{
	return flows->judgements[flow].reasons >> reason & 1;
}

static void test_alike(void **state)
{
	struct flows *flows = RUN("8075 3356=1 3356=2 13335=9!", "8075 3356=3 3356=4 13335=9!");

	assert_int_equal(flows->combined.verdict, CP_TRANSIT);
	assert_int_equal(flows->combined.n_paths, 2);
	assert_int_equal(flows->combined.by_verdict[CP_TRANSIT], 2);
	assert_int_equal(flows->combined.n_exits, 1);
	assert_int_equal(flows->combined.exits[0].asn, 3356);
	assert_int_equal(flows->combined.exits[0].n_paths, 2);
	assert_false(cp_combined_differ(&flows->combined));
	assert_false(has(flows, 0, CP_WHY_FLOWS_DISAGREE));
	free(flows);
}

static void test_two_of_eight_left(void **state)
{
	struct flows *flows = RUN("8075=1 8075=2 8075=9!", "8075=1 8075=3 8075=9!", "8075=1 3491 3491 8075=9!",
	        "8075=1 8075=2 8075=9!", "8075=1 8075=3 8075=9!", "8075=1 8075=2 8075=9!", "8075=1 3491 3491 8075=9!",
	        "8075=1 8075=2 8075=9!");

	assert_int_equal(flows->combined.verdict, CP_DETOUR);
	assert_int_equal(flows->combined.by_verdict[CP_INSIDE], 6);
	assert_int_equal(flows->combined.by_verdict[CP_DETOUR], 2);
	assert_int_equal(flows->combined.n_exits, 1);
	assert_int_equal(flows->combined.exits[0].asn, 3491);
	assert_int_equal(flows->combined.exits[0].n_paths, 2);
	for (size_t i = 0; i < flows->n; i++) {
		assert_true(has(flows, i, CP_WHY_FLOWS_DISAGREE));
		/* Each path keeps the verdict of its own evidence. */
		assert_int_equal(flows->judgements[i].verdict, i == 2 || i == 6 ? CP_DETOUR : CP_INSIDE);
	}
	free(flows);
}

static void test_exits_differ(void **state)
{
	struct flows *flows = RUN("8075 3356 3356 13335=9!", "8075 1299 1299 13335=9!");

	assert_int_equal(flows->combined.by_verdict[CP_TRANSIT], 2);
	assert_int_equal(flows->combined.n_exits, 2);
	assert_true(cp_combined_differ(&flows->combined));
	assert_true(has(flows, 0, CP_WHY_FLOWS_DISAGREE) && has(flows, 1, CP_WHY_FLOWS_DISAGREE));
	free(flows);
}

/* An exchange's LAN with nobody seen behind it is an exit of its own; an exit nobody showed is counted apart. */
static void test_exits_without_an_as(void **state)
{
	const struct lab *lab = *state;
	struct cp_combined combined = {0};
	struct cp_judgement judgement;
	struct sample samples[] = {{.path = "8075 ix", .dest = "13335", .vantage = 8075},
	        {.path = "8075 8075", .dest = "13335", .vantage = 8075}};
	struct cp_path path;

	for (int i = 0; i < 2; i++) {
		judge(lab, &samples[i], &path, &judgement);
		cp_combine_path(&combined, &judgement, &lab->home);
	}
	assert_int_equal(combined.n_exits, 1);
	assert_int_equal(combined.exits[0].asn, 0);
	assert_string_equal(combined.exits[0].ixp, "LabIX");
	assert_int_equal(combined.n_unseen_exits, 1);
}

/* The same foreign address among other home routers: another address of a home router, most likely. Still undecided. */
static void test_third_party_in_other_company(void **state)
{
	struct flows *flows =
	        RUN("8075=1 3356=5 8075=2 8075=9!", "8075=3 8075=4 3356=5 8075=6 8075=9!", "8075=1 8075=7 8075=9!");

	assert_int_equal(flows->judgements[0].verdict, CP_UNDECIDED);
	assert_true(has(flows, 0, CP_WHY_SINGLE_FOREIGN_HOP) && has(flows, 0, CP_WHY_THIRD_PARTY_ADDRESS));
	assert_true(has(flows, 1, CP_WHY_THIRD_PARTY_ADDRESS));
	assert_false(has(flows, 2, CP_WHY_THIRD_PARTY_ADDRESS));
	assert_int_equal(flows->combined.verdict, CP_UNDECIDED);
	free(flows);

	/* The same way through it again says nothing new; neither does half of it, nor silence beside it. */
	flows = RUN("8075=1 3356=5 8075=2 8075=9!", "8075=1 3356=5 8075=2 8075=9!", "8075=3 3356=5 8075=2 8075=9!",
	        "8075=3 3356=5 * 8075=9!");
	for (size_t i = 0; i < flows->n; i++)
		assert_false(has(flows, i, CP_WHY_THIRD_PARTY_ADDRESS));
	free(flows);

	/* Where it has another foreign hop beside it, it is abroad. */
	flows = RUN("8075=1 3356=5 8075=2 8075=9!", "8075=3 3356=5 3356=6 8075=4 8075=9!");
	assert_false(has(flows, 0, CP_WHY_THIRD_PARTY_ADDRESS));
	assert_int_equal(flows->combined.verdict, CP_DETOUR);
	free(flows);
}

static void test_destinations_of_a_target(void **state)
{
	struct flows *good = RUN("8075=1 8075=9!", "8075=2 8075=9!");
	struct flows *bad = RUN("8075=1 3491 3491 8075=8!", "8075=2 8075=8!");
	struct cp_combined target = {0}, none = {0};

	cp_combine_dest(&target, &good->combined);
	cp_combine_dest(&target, &bad->combined);
	cp_combine_dest(&target, &none); /* nothing was probed there */
	assert_int_equal(target.verdict, CP_DETOUR);
	assert_int_equal(target.n_paths, 4);
	assert_int_equal(target.by_verdict[CP_INSIDE], 3);
	assert_int_equal(target.n_dests, 2);
	assert_int_equal(target.dests_by_verdict[CP_INSIDE], 1);
	assert_int_equal(target.dests_by_verdict[CP_DETOUR], 1);
	assert_int_equal(target.exits[0].n_paths, 1);
	free(good);
	free(bad);
}

/* More exits than are told apart lose no path; 64 flows are as many as there can be. */
static void test_many_exits(void **state)
{
	struct cp_combined combined = {0};
	uint32_t n = 0;

	for (uint32_t i = 0; i < FLOWS_MAX; i++) {
		struct cp_judgement judgement = {
		        .verdict = CP_TRANSIT, .exit = {.present = true, .ttl_max = 2, .first_foreign = 1}};

		judgement.as_path[0] =
		        (struct cp_as_step){.kind = CP_STEP_AS, .asn = 64500 + i % 16, .first_ttl = 2, .last_ttl = 2};
		judgement.n_as_path = 1;
		cp_combine_path(&combined, &judgement, &((struct lab *)*state)->home);
	}
	for (uint32_t i = 0; i < combined.n_exits; i++)
		n += combined.exits[i].n_paths;
	assert_int_equal(combined.n_exits, CP_COMBINE_EXITS);
	assert_int_equal(n, FLOWS_MAX / 2);
	assert_int_equal(combined.n_other_exits, FLOWS_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_alike),
	        cmocka_unit_test(test_two_of_eight_left),
	        cmocka_unit_test(test_exits_differ),
	        cmocka_unit_test(test_exits_without_an_as),
	        cmocka_unit_test(test_third_party_in_other_company),
	        cmocka_unit_test(test_destinations_of_a_target),
	        cmocka_unit_test(test_many_exits),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
