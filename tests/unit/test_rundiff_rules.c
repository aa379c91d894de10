// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rundiff_rules.c: when two paths are different, case by case, and what
 * each case stands for.
 */
#include "rundiff_lab.h"

#include <stdio.h>

#define BIT(change) CP_RD_BIT(CP_RD_##change)

/* ---- AS paths ---- */

static struct cp_rundiff_list *list_of(const char *text, char *copy, size_t size)
{
	const char *steps[64];
	struct cp_rundiff_list *list;
	size_t n;

	assert_true((size_t)snprintf(copy, size, "%s", text) < size);
	n = cut_steps(copy, steps);
	list = malloc(sizeof(*list) + sizeof(steps));
	assert_non_null(list);
	list->n = (uint32_t)n;
	memcpy(list->items, steps, n * sizeof(*steps));
	return list;
}

static const struct {
	const char *what, *before, *after;
	enum cp_rundiff_as want;
} as_cases[] = {
        {"equal", "* 8075 13335", "* 8075 13335", CP_RD_AS_SAME},
        {"another carrier", "8075 3491 13335", "8075 3356 13335", CP_RD_AS_CHANGED},
        {"a carrier more", "8075 13335", "8075 3491 13335", CP_RD_AS_CHANGED},
        {"a carrier less", "8075 3491 13335", "8075 13335", CP_RD_AS_CHANGED},
        {"a silent head that answers now", "* 8075", "8075", CP_RD_AS_SILENT},
        {"a private head is nobody's", "private * 8075", "* 8075", CP_RD_AS_SILENT},
        {"a carrier that is silent now", "8075 3491 13335", "8075 * 13335", CP_RD_AS_SILENT},
        {"a carrier whose AS is not known now", "8075 3491 13335", "8075 ? 13335", CP_RD_AS_SILENT},
        {"silence may be several networks", "8075 3491 3356 13335", "8075 * 13335", CP_RD_AS_SILENT},
        {"silence may be none", "8075 * 13335", "8075 13335", CP_RD_AS_SILENT},
        {"a silent tail", "8075 *", "8075 3491 13335", CP_RD_AS_SILENT},
        {"silence elsewhere explains nothing", "* 8075 3491 13335", "* 8075 3356 13335", CP_RD_AS_CHANGED},
        {"another way round", "8075 8068", "8068 8075", CP_RD_AS_CHANGED},
        {"an exchange", "8075 IXP:Lab 13335", "8075 13335", CP_RD_AS_CHANGED},
        {"another exchange", "8075 IXP:A 13335", "8075 IXP:B 13335", CP_RD_AS_CHANGED},
        {"both silent at different places", "8075 * 13335", "* 8075 13335", CP_RD_AS_SILENT},
        {"each may fill the silence of the other", "8075 * 13335", "* 3491 13335", CP_RD_AS_SILENT},
        {"a silent head may hide a way there and back", "* 8075 3491 8075", "* 8075", CP_RD_AS_SILENT},
        {"both silent, and known hops contradict", "8075 * 13335", "3491 * 13335", CP_RD_AS_CHANGED},
        {"a sibling more", "8075", "8075 8068", CP_RD_AS_CHANGED},
        {"nothing is known of one", "", "8075 13335", CP_RD_AS_SILENT},
        {"nothing but silence", "*", "8075 3491 8075", CP_RD_AS_SILENT},
        {"a number is no prefix of another", "8075", "80751", CP_RD_AS_CHANGED},
};

static void test_as_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(as_cases) / sizeof(as_cases[0]); i++) {
		char left[128], right[128];
		struct cp_rundiff_list *before = list_of(as_cases[i].before, left, sizeof(left));
		struct cp_rundiff_list *after = list_of(as_cases[i].after, right, sizeof(right));

		if (cp_rundiff_compare_as(before, after) != as_cases[i].want ||
		        cp_rundiff_compare_as(after, before) != as_cases[i].want)
			fail_msg("%s: %s | %s", as_cases[i].what, as_cases[i].before, as_cases[i].after);
		free(before);
		free(after);
	}
}

/* Longer than any record has, and no two steps alike: nothing is read or written beyond. */
static void test_long_as_paths(void **state)
{
	struct cp_rundiff_list *list = malloc(sizeof(*list) + 300 * sizeof(char *));
	struct cp_rundiff_list *other = malloc(sizeof(*list) + 300 * sizeof(char *));

	(void)state;
	assert_true(list && other);
	list->n = other->n = 300;
	for (size_t i = 0; i < 300; i++) {
		list->items[i] = i % 2 ? "*" : "8075";
		other->items[i] = "*";
	}
	assert_int_equal(cp_rundiff_compare_as(list, other), CP_RD_AS_SILENT);
	free(list);
	free(other);
}

/* ---- paths ---- */

#define TO "a.example", "203.0.113.1", 0
#define NO_EXIT 0, NULL, 0, 0
#define POINT 13335, "198.18.0.1", 6, 7
#define RANGE 13335, "198.18.0.1", 4, 7
#define TIMES 10000, 11000, 100000, false

static const struct {
	const char *what;
	struct path_spec before, after;
	uint32_t want;
} cases[] = {
        {"nothing", {TO, CP_DIRECT, "8075 13335", POINT, TIMES, NULL, NULL},
                {TO, CP_DIRECT, "8075 13335", POINT, TIMES, NULL, NULL}, 0},
        {"a worse verdict", {TO, CP_INSIDE, "8075", NO_EXIT, TIMES, NULL, NULL},
                {TO, CP_UNDECIDED, "8075", NO_EXIT, TIMES, NULL, NULL}, BIT(WORSE)},
        {"a better verdict", {TO, CP_DETOUR, "8075", NO_EXIT, TIMES, NULL, NULL},
                {TO, CP_INSIDE, "8075", NO_EXIT, TIMES, NULL, NULL}, BIT(BETTER)},
        {"a verdict that is not known is none", {TO, -1, "8075", NO_EXIT, TIMES, NULL, NULL},
                {TO, CP_DETOUR, "8075", NO_EXIT, TIMES, NULL, NULL}, 0},
        {"an exit where there was none", {TO, CP_INSIDE, "8075", NO_EXIT, TIMES, NULL, NULL},
                {TO, CP_INSIDE, "8075", POINT, TIMES, NULL, NULL}, BIT(EXIT)},
        {"no exit proven is not no exit", {TO, CP_UNDECIDED, "8075", NO_EXIT, TIMES, NULL, NULL},
                {TO, CP_UNDECIDED, "8075", POINT, TIMES, NULL, NULL}, 0},
        {"another exit AS", {TO, CP_TRANSIT, "8075", 3491, "198.18.0.1", 6, 7, TIMES, NULL, NULL},
                {TO, CP_TRANSIT, "8075", 3356, "198.18.0.1", 6, 7, TIMES, NULL, NULL}, BIT(EXIT)},
        {"an exit AS that is silent now", {TO, CP_DIRECT, "8075", POINT, TIMES, NULL, NULL},
                {TO, CP_DIRECT, "8075", 0, "198.18.0.1", 6, 0, TIMES, NULL, NULL}, 0},
        {"another site", {TO, CP_DIRECT, "8075", POINT, TIMES, "ams", NULL},
                {TO, CP_DIRECT, "8075", POINT, TIMES, "lon", NULL}, BIT(EXIT)},
        {"a site that is not known now", {TO, CP_DIRECT, "8075", POINT, TIMES, "ams", NULL},
                {TO, CP_DIRECT, "8075", POINT, TIMES, NULL, NULL}, 0},
        {"another site behind a silent border", {TO, CP_DIRECT, "8075", RANGE, TIMES, "ams", NULL},
                {TO, CP_DIRECT, "8075", POINT, TIMES, "lon", NULL}, 0},
        {"over another exchange", {TO, CP_DIRECT, "8075", POINT, TIMES, NULL, "Lab-IX"},
                {TO, CP_DIRECT, "8075", POINT, TIMES, NULL, "Other-IX"}, BIT(EXIT)},
        {"over an exchange now", {TO, CP_DIRECT, "8075", POINT, TIMES, NULL, NULL},
                {TO, CP_DIRECT, "8075", POINT, TIMES, NULL, "Lab-IX"}, BIT(EXIT)},
        {"another router of the same exit", {TO, CP_DIRECT, "8075", POINT, TIMES, "ams", NULL},
                {TO, CP_DIRECT, "8075", 13335, "198.18.0.2", 6, 7, TIMES, "ams", NULL}, BIT(ROUTER)},
        {"another last hop before a silent border", {TO, CP_DIRECT, "8075", POINT, TIMES, NULL, NULL},
                {TO, CP_DIRECT, "8075", 13335, "198.18.0.2", 4, 7, TIMES, NULL, NULL}, 0},
        {"a destination that is silent now", {TO, CP_INSIDE, "8075", NO_EXIT, TIMES, NULL, NULL},
                {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 0, true, NULL, NULL}, BIT(UNREACHED)},
        {"one that answers now", {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 0, true, NULL, NULL},
                {TO, CP_INSIDE, "8075", NO_EXIT, TIMES, NULL, NULL}, BIT(REACHED)},
        {"another AS path", {TO, CP_TRANSIT, "8075 3491 13335", NO_EXIT, TIMES, NULL, NULL},
                {TO, CP_TRANSIT, "8075 3356 13335", NO_EXIT, TIMES, NULL, NULL}, BIT(AS_PATH)},
        {"slower by 20 %", {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 100000, false, NULL, NULL},
                {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 120000, false, NULL, NULL}, BIT(SLOWER)},
        {"slower by less than 20 %", {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 100000, false, NULL, NULL},
                {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 119999, false, NULL, NULL}, 0},
        {"twice as slow, by less than 5 ms", {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 4999, false, NULL, NULL},
                {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 9998, false, NULL, NULL}, 0},
        {"faster", {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 20000, false, NULL, NULL},
                {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 15000, false, NULL, NULL}, BIT(FASTER)},
        {"a time that is not known", {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 0, false, NULL, NULL},
                {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 90000, false, NULL, NULL}, 0},
        {"a slower exit", {TO, CP_DIRECT, "8075", POINT, 1000, 2000, 100000, false, NULL, NULL},
                {TO, CP_DIRECT, "8075", POINT, 1000, 9000, 100000, false, NULL, NULL}, BIT(EXIT_SLOWER)},
        {"a faster exit", {TO, CP_DIRECT, "8075", POINT, 1000, 9000, 100000, false, NULL, NULL},
                {TO, CP_DIRECT, "8075", POINT, 1000, 2000, 100000, false, NULL, NULL}, BIT(EXIT_FASTER)},
        {"the time of another exit is another's", {TO, CP_DIRECT, "8075", POINT, 1000, 2000, 100000, false, NULL, NULL},
                {TO, CP_DIRECT, "8075", 3491, "198.18.0.1", 6, 7, 1000, 9000, 100000, false, NULL, NULL}, BIT(EXIT)},
        {"all at once", {TO, CP_INSIDE, "8075", NO_EXIT, 0, 0, 10000, false, NULL, NULL},
                {TO, CP_DETOUR, "8075 3491 8075", 3491, "198.18.0.1", 6, 7, 0, 0, 0, true, NULL, NULL},
                BIT(WORSE) | BIT(EXIT) | BIT(UNREACHED) | BIT(AS_PATH)},
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_rundiff_path before = path_of(&cases[i].before), after = path_of(&cases[i].after);
		char left[128], right[128];
		struct cp_rundiff_list *old = list_of(cases[i].before.as_path, left, sizeof(left));
		struct cp_rundiff_list *now = list_of(cases[i].after.as_path, right, sizeof(right));
		uint32_t got;

		before.as_path = old;
		after.as_path = now;
		got = cp_rundiff_compare_paths(&before, &after, &usual_limits);
		if (got != cases[i].want)
			fail_msg("%s: changes %#x, not %#x", cases[i].what, got, cases[i].want);
		free(old);
		free(now);
	}
}

static void test_without_limits_every_shift_counts(void **state)
{
	const struct cp_rundiff_limits none = {0};
	struct cp_rundiff_list empty = {0};
	struct cp_rundiff_path before = {.as_path = &empty, .rtt_dest_us = 1000}, after = before;

	(void)state;
	assert_int_equal(cp_rundiff_compare_paths(&before, &after, &none), 0);
	after.rtt_dest_us = 1001;
	assert_int_equal(cp_rundiff_compare_paths(&before, &after, &none), BIT(SLOWER));
	after.rtt_dest_us = UINT32_MAX;
	assert_int_equal(cp_rundiff_compare_paths(&before, &after, &none), BIT(SLOWER));
}

static void test_cold_share(void **state)
{
	struct cp_rundiff_path path = {.has_exit = true, .rtt_home_us = 5000, .rtt_dest_us = 10000};

	(void)state;
	assert_int_equal(cp_rundiff_cold_pct(&path), 50);
	path.rtt_home_us = 20000; /* a router that answers late */
	assert_int_equal(cp_rundiff_cold_pct(&path), 100);
	path.rtt_home_us = 0;
	assert_int_equal(cp_rundiff_cold_pct(&path), UINT32_MAX);
	path.rtt_home_us = 5000;
	path.has_exit = false;
	assert_int_equal(cp_rundiff_cold_pct(&path), UINT32_MAX);
}

static void test_every_change_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < CP_RD_MAX; i++) {
		assert_non_null(cp_rundiff_change_name(i));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(cp_rundiff_change_name(i), cp_rundiff_change_name(k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_as_paths),
	        cmocka_unit_test(test_long_as_paths),
	        cmocka_unit_test(test_paths),
	        cmocka_unit_test(test_without_limits_every_shift_counts),
	        cmocka_unit_test(test_cold_share),
	        cmocka_unit_test(test_every_change_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
