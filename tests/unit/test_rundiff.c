// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rundiff.c: two runs joined: which targets and paths meet, what is in
 * one only, in which order differences come, totals, exits and medians.
 */
#include "rundiff_lab.h"

#include <stdio.h>

#define BIT(change) CP_RD_BIT(CP_RD_##change)

struct lab {
	struct cp_rundiff *diff;
	struct strings strings;
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	assert_int_equal(cp_rundiff_new(&lab->diff), 0);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	cp_rundiff_free(lab->diff);
	free_strings(&lab->strings);
	free(lab);
	return 0;
}

static const struct cp_rundiff_target *target_of(const struct cp_rundiff_result *result, const char *host)
{
	for (size_t i = 0; i < result->n_targets; i++) {
		if (strcmp(result->targets[i].name.host, host) == 0)
			return &result->targets[i];
	}
	fail_msg("no target %s", host);
	return NULL;
}

static void test_story(void **state)
{
	static const struct {
		const char *host;
		uint32_t changes, path_changes;
	} want[] = {
	        /* the worst first: own verdict, then what only paths show; transit before not measured is not so bad */
	        {"lost.example", BIT(WORSE) | BIT(DNS), 0},
	        {"zenn.dev", BIT(WORSE), BIT(WORSE) | BIT(EXIT) | BIT(AS_PATH) | BIT(SLOWER) | BIT(ROUTER)},
	        {"login.microsoft.com", BIT(BETTER), BIT(BETTER) | BIT(EXIT) | BIT(UNREACHED)},
	        {"old.example", BIT(GONE), 0},
	        {"new.example", BIT(NEW), 0},
	        {"far.example", 0, BIT(SLOWER)},
	        {"moved.example", BIT(ADDRESSES) | BIT(CNAME), 0},
	        {"same.example", 0, 0},
	};
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	tell_runs(lab->diff, &lab->strings);
	result = compare(lab->diff);
	assert_int_equal(result->n_targets, 8);
	assert_int_equal(result->n_different, 7);
	for (size_t i = 0; i < 8; i++) {
		const struct cp_rundiff_target *target = &result->targets[result->order[i]];

		assert_string_equal(target->name.host, want[i].host);
		assert_int_equal(target->changes, want[i].changes);
		assert_int_equal(target->path_changes, want[i].path_changes);
	}
	assert_int_equal(result->n_targets_both, 6);
	assert_int_equal(result->n_targets_only[CP_BEFORE], 1);
	assert_int_equal(result->n_targets_only[CP_AFTER], 1);
	assert_int_equal(result->n_paths_both, 5);
	assert_int_equal(result->n_paths_only[CP_BEFORE], 2);
	assert_int_equal(result->n_paths_only[CP_AFTER], 2);
	assert_int_equal(result->n_as_paths_silent, 3); /* zenn.dev's flow 1, same.example, login */
	assert_int_equal(result->n_target_changes[CP_RD_WORSE], 2);
	assert_int_equal(result->n_path_changes[CP_RD_WORSE], 1);
	assert_true(result->has_news && result->has_worse);
}

static void test_a_run_is_like_itself(void **state)
{
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	for (int side = 0; side < CP_SIDES; side++)
		add_paths(lab->diff, &lab->strings, side, story_before, sizeof(story_before) / sizeof(story_before[0]));
	result = compare(lab->diff);
	assert_int_equal(result->n_different, 0);
	assert_int_equal(result->n_paths_both, 7);
	assert_int_equal(result->n_targets_both, 6);
	assert_false(result->has_news || result->has_worse);
	assert_int_equal(result->dest_shift.n, 7);
	assert_int_equal(result->dest_shift.median_us, 0);
}

static void test_nothing_at_all(void **state)
{
	struct lab *lab = *state;
	const struct cp_rundiff_result *result = compare(lab->diff);

	assert_int_equal(result->n_targets, 0);
	assert_int_equal(result->n_exits, 0);
	assert_int_equal(result->dest_shift.n, 0);
	assert_false(result->has_news);
}

/* The order of records does not matter, and which of several flows is which does. */
static void test_paths_meet_by_address_and_flow(void **state)
{
	static const struct path_spec before[] = {
	        {.host = "a", .dest = "203.0.113.1", .flow = 0, .verdict = CP_INSIDE, .as_path = "1"},
	        {.host = "a", .dest = "203.0.113.1", .flow = 1, .verdict = CP_DIRECT, .as_path = "2"},
	        {.host = "a", .dest = "2001:db8::1", .flow = 0, .verdict = CP_TRANSIT, .as_path = "3"},
	        {.host = "b", .dest = "203.0.113.1", .flow = 0, .verdict = CP_DETOUR, .as_path = "4"},
	};
	static const size_t shuffled[] = {3, 1, 2, 0};
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	add_paths(lab->diff, &lab->strings, CP_BEFORE, before, 4);
	for (size_t i = 0; i < 4; i++)
		add_path(lab->diff, &lab->strings, CP_AFTER, &before[shuffled[i]]);
	result = compare(lab->diff);
	assert_int_equal(result->n_paths_both, 4);
	assert_int_equal(result->n_different, 0);
}

static void test_port_and_protocol_are_part_of_a_target(void **state)
{
	struct lab *lab = *state;
	const struct cp_rundiff_path path = {.dest = addr_of("203.0.113.1"), .verdict = CP_INSIDE, .reached = 1};
	const struct cp_rundiff_name names[] = {{"a", "g", 443, IPPROTO_TCP}, {"a", "h", 443, IPPROTO_TCP},
	        {"a", NULL, 80, IPPROTO_TCP}, {"a", NULL, 443, IPPROTO_UDP}};
	const struct cp_rundiff_result *result;

	assert_int_equal(cp_rundiff_add_path(lab->diff, CP_BEFORE, &names[0], &path, NULL, 0), 0);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(cp_rundiff_add_path(lab->diff, CP_AFTER, &names[i], &path, NULL, 0), 0);
	result = compare(lab->diff);
	assert_int_equal(result->n_targets, 3); /* the group is no part */
	assert_int_equal(result->n_targets_both, 1);
	assert_int_equal(result->n_target_changes[CP_RD_NEW], 2);
}

/* The same path told twice: the first meets the first, the second the second, a third nobody. */
static void test_repeats_meet_in_order(void **state)
{
	static const struct path_spec twice[] = {
	        {.host = "a", .dest = "203.0.113.1", .verdict = CP_INSIDE, .as_path = "1"},
	        {.host = "a", .dest = "203.0.113.1", .verdict = CP_DETOUR, .as_path = "1"},
	        {.host = "a", .dest = "203.0.113.1", .verdict = CP_DETOUR, .as_path = "1"},
	};
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	add_paths(lab->diff, &lab->strings, CP_BEFORE, twice, 2);
	add_paths(lab->diff, &lab->strings, CP_AFTER, twice, 3);
	result = compare(lab->diff);
	assert_int_equal(result->n_paths_both, 2);
	assert_int_equal(result->n_path_changes[CP_RD_NEW], 1);
	assert_int_equal(result->n_path_changes[CP_RD_WORSE], 0);
}

static void test_answers(void **state)
{
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	add_target(lab->diff, &lab->strings, CP_BEFORE, "turned", CP_INSIDE, "ok", "203.0.113.1 203.0.113.2", "a b");
	add_target(lab->diff, &lab->strings, CP_AFTER, "turned", CP_INSIDE, "ok", "203.0.113.2 203.0.113.1", "a b");
	add_target(lab->diff, &lab->strings, CP_BEFORE, "grown", CP_INSIDE, "ok", "203.0.113.1", "");
	add_target(lab->diff, &lab->strings, CP_AFTER, "grown", CP_INSIDE, "ok", "203.0.113.1 203.0.113.2", "");
	add_target(lab->diff, &lab->strings, CP_BEFORE, "chain", CP_INSIDE, "ok", "203.0.113.1", "a b");
	add_target(lab->diff, &lab->strings, CP_AFTER, "chain", CP_INSIDE, "ok", "203.0.113.1", "b a");
	add_target(lab->diff, &lab->strings, CP_BEFORE, "dead", -1, "dns_timeout", "", "");
	add_target(lab->diff, &lab->strings, CP_AFTER, "dead", -1, "dns_nxdomain", "", "");
	add_target(lab->diff, &lab->strings, CP_BEFORE, "back", -1, "dns_timeout", "", "");
	add_target(lab->diff, &lab->strings, CP_AFTER, "back", CP_DETOUR, "ok", "203.0.113.1", "a");
	result = compare(lab->diff);
	assert_int_equal(target_of(result, "turned")->changes, 0);
	assert_int_equal(target_of(result, "grown")->changes, BIT(ADDRESSES));
	assert_int_equal(target_of(result, "chain")->changes, BIT(CNAME));
	assert_int_equal(target_of(result, "dead")->changes, BIT(DNS));
	assert_int_equal(target_of(result, "back")->changes, BIT(DNS) | BIT(BETTER));
	assert_int_equal(result->totals[CP_AFTER].targets[CP_DETOUR], 1);
}

/* Addresses that come and go are the target's affair: they make no path worse, and no news. */
static void test_moved_addresses_are_no_news(void **state)
{
	static const struct path_spec before = {
	        .host = "a", .dest = "203.0.113.1", .verdict = CP_INSIDE, .as_path = "1"};
	static const struct path_spec after = {
	        .host = "a", .dest = "203.0.113.2", .verdict = CP_INSIDE, .as_path = "1"};
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	add_path(lab->diff, &lab->strings, CP_BEFORE, &before);
	add_path(lab->diff, &lab->strings, CP_AFTER, &after);
	result = compare(lab->diff);
	assert_int_equal(result->n_path_changes[CP_RD_GONE], 1);
	assert_int_equal(result->n_path_changes[CP_RD_NEW], 1);
	assert_int_equal(result->targets[0].n_pairs, 2);
	assert_int_equal(result->targets[0].path_changes, 0);
	assert_false(result->has_news);
}

/* What a run that was cut off lacks is not gone; and its targets have the verdict of the paths that are there. */
static void test_cut_off(void **state)
{
	const struct cp_rundiff_limits limits = {.rtt_us = 5000, .rtt_pct = 20, .is_cut = {false, true}};
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	add_paths(lab->diff, &lab->strings, CP_BEFORE, story_before, sizeof(story_before) / sizeof(story_before[0]));
	add_path(lab->diff, &lab->strings, CP_AFTER, &story_after[0]);
	assert_int_equal(cp_rundiff_compare(lab->diff, &limits, &result), 0);
	assert_int_equal(result->n_different, 1);
	assert_int_equal(result->n_targets_only[CP_BEFORE], 5);
	assert_int_equal(result->n_target_changes[CP_RD_GONE], 0);
	assert_int_equal(result->n_path_changes[CP_RD_GONE], 0); /* zenn.dev's flow 1 */
	assert_int_equal(target_of(result, "zenn.dev")->views[CP_AFTER].verdict, CP_TRANSIT);
	assert_true(result->has_worse);
}

static void test_shown_is_the_worst_pair(void **state)
{
	static const struct path_spec before[] = {
	        {.host = "a", .dest = "203.0.113.1", .verdict = CP_DETOUR, .as_path = "1"}, /* in one run only */
	        {.host = "a", .dest = "203.0.113.2", .verdict = CP_INSIDE, .as_path = "1"},
	        {.host = "a", .dest = "203.0.113.3", .verdict = CP_DIRECT, .as_path = "1"},
	        {.host = "a", .dest = "203.0.113.4", .verdict = CP_INSIDE, .as_path = "1"},
	};
	static const struct path_spec after[] = {
	        {.host = "a", .dest = "203.0.113.4", .verdict = CP_INSIDE, .as_path = "1"},
	        {.host = "a", .dest = "203.0.113.3", .verdict = CP_TRANSIT, .as_path = "1"},
	        {.host = "a", .dest = "203.0.113.2", .verdict = CP_TRANSIT, .as_path = "1"},
	};
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	add_paths(lab->diff, &lab->strings, CP_BEFORE, before, 4);
	add_paths(lab->diff, &lab->strings, CP_AFTER, after, 3);
	result = compare(lab->diff);
	assert_int_equal(result->targets[0].views[CP_BEFORE].shown, 2);
	assert_int_equal(result->targets[0].views[CP_AFTER].shown, 1);
	assert_int_equal(result->targets[0].views[CP_BEFORE].verdict, CP_DETOUR);
	assert_int_equal(result->targets[0].n_pairs, 3);
	assert_int_equal(result->pairs[0].changes, BIT(WORSE));
	assert_int_equal(result->pairs[2].changes, BIT(GONE));
}

static const struct cp_rundiff_exit *exit_of(
        const struct cp_rundiff_result *result, enum cp_rundiff_exit_kind kind, uint32_t asn, const char *label)
{
	for (size_t i = 0; i < result->n_exits; i++) {
		const struct cp_rundiff_exit *exit = &result->exits[i];

		if (exit->kind == kind && exit->asn == asn && (!label || strcmp(exit->label, label) == 0))
			return exit;
	}
	fail_msg("no exit %u %s", asn, label ? label : "");
	return NULL;
}

static void test_exits(void **state)
{
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;
	const struct cp_rundiff_exit *exit;

	tell_runs(lab->diff, &lab->strings);
	result = compare(lab->diff);
	exit = exit_of(result, CP_RD_EXIT_AS, 13335, NULL);
	assert_int_equal(exit->n_paths[CP_BEFORE], 2);
	assert_int_equal(exit->n_paths[CP_AFTER], 2);
	exit = exit_of(result, CP_RD_EXIT_AS, 3491, NULL);
	assert_int_equal(exit->n_paths[CP_BEFORE], 1);
	assert_int_equal(exit->n_paths[CP_AFTER], 1);
	exit = exit_of(result, CP_RD_EXIT_SITE, 0, "fra");
	assert_int_equal(exit->n_paths[CP_BEFORE], 0);
	assert_int_equal(exit->n_paths[CP_AFTER], 1);
	/* 198.18.0.1 in both, 198.18.0.9 after; 198.18.0.2 stands before a silent border: it may not be the one */
	assert_int_equal(result->n_exits, 2 + 2 + 2);
	assert_int_equal(result->totals[CP_BEFORE].n_exits, 3);
	for (size_t i = 1; i < result->n_exits; i++)
		assert_true(result->exits[i - 1].kind <= result->exits[i].kind);
}

static void test_medians(void **state)
{
	/* by 1, 2 and 30 ms: an outlier moves no median; the fourth is not known in both */
	static const uint32_t before_us[] = {10000, 10000, 10000, 10000}, after_us[] = {11000, 12000, 40000, 0};
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	for (uint32_t i = 0; i < 4; i++) {
		struct path_spec spec = {.host = "a",
		        .dest = "203.0.113.1",
		        .flow = i,
		        .as_path = "1",
		        .exit_asn = 13335,
		        .rtt_exit_us = before_us[i],
		        .rtt_dest_us = before_us[i]};

		add_path(lab->diff, &lab->strings, CP_BEFORE, &spec);
		spec.rtt_dest_us = after_us[i];
		spec.rtt_exit_us = 9000;
		spec.exit_asn = i == 3 ? 3491 : 13335; /* another's time */
		add_path(lab->diff, &lab->strings, CP_AFTER, &spec);
	}
	result = compare(lab->diff);
	assert_int_equal(result->dest_shift.n, 3);
	assert_int_equal(result->dest_shift.median_us, 2000);
	assert_int_equal(result->dest_shift.median_permille, 200);
	assert_int_equal(result->exit_shift.n, 3);
	assert_int_equal(result->exit_shift.median_us, -1000);
	assert_int_equal(result->exit_shift.median_permille, -100);
}

/* More of everything than the tables begin with. */
static void test_many(void **state)
{
	enum { N = 5000 };
	static char hosts[N][16], sites[N][16];
	struct lab *lab = *state;
	const struct cp_rundiff_result *result;

	for (int side = 0; side < CP_SIDES; side++) {
		for (uint32_t i = 0; i < N; i++) {
			uint32_t at = side == CP_BEFORE ? i : N - 1 - i;
			struct cp_rundiff_name name = name_of(hosts[at]);
			struct cp_rundiff_path path = {.dest = cp_addr_from_v4(0xcb007100 + at),
			        .has_exit = true,
			        .exit_asn = 1 + at,
			        .exit_ttl_min = 1,
			        .exit_ttl_max = 2,
			        .verdict = at == 77 && side == CP_AFTER ? CP_DETOUR : CP_DIRECT,
			        .reached = 1,
			        .site = sites[at],
			        .last_home = cp_addr_from_v4(0xc6120000 + at)};
			const char *as_path[] = {sites[at]};

			snprintf(hosts[at], sizeof(hosts[at]), "host%u", at);
			snprintf(sites[at], sizeof(sites[at]), "%u", at);
			assert_int_equal(cp_rundiff_add_path(lab->diff, side, &name, &path, as_path, 1), 0);
			assert_int_equal(cp_rundiff_add_as(lab->diff, 1 + at, hosts[at]), 0);
		}
	}
	result = compare(lab->diff);
	assert_int_equal(result->n_paths_both, N);
	assert_int_equal(result->n_different, 1);
	assert_string_equal(result->targets[result->order[0]].name.host, "host77");
	assert_int_equal(result->n_exits, 3 * N);
	for (size_t i = 0; i < result->n_exits; i++)
		assert_true(result->exits[i].n_paths[CP_BEFORE] == 1 && result->exits[i].n_paths[CP_AFTER] == 1);
	assert_string_equal(cp_rundiff_as_name(lab->diff, N), hosts[N - 1]);
	assert_null(cp_rundiff_as_name(lab->diff, N + 1));
}

static void test_free_of_nothing(void **state)
{
	(void)state;
	cp_rundiff_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(test_story),
	        TEST(test_a_run_is_like_itself),
	        TEST(test_nothing_at_all),
	        TEST(test_paths_meet_by_address_and_flow),
	        TEST(test_port_and_protocol_are_part_of_a_target),
	        TEST(test_repeats_meet_in_order),
	        TEST(test_answers),
	        TEST(test_moved_addresses_are_no_news),
	        TEST(test_cut_off),
	        TEST(test_shown_is_the_worst_pair),
	        TEST(test_exits),
	        TEST(test_medians),
	        TEST(test_many),
	        cmocka_unit_test(test_free_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
