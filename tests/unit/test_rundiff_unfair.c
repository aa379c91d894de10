// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rundiff_unfair.c: what makes it unfair to compare two runs, setting by
 * setting, and that what a run does not say is no difference.
 */
#include "rundiff_lab.h"

#include <stdio.h>

struct said {
	char codes[256], texts[2048];
};

static void take(void *ctx, const char *code, const char *text)
{
	struct said *said = ctx;

	snprintf(said->codes + strlen(said->codes), sizeof(said->codes) - strlen(said->codes), "%s ", code);
	snprintf(said->texts + strlen(said->texts), sizeof(said->texts) - strlen(said->texts), "%s\n", text);
}

/* Compares two runs that are alike but for what change() does to the later one. */
static struct said said_of(void (*change)(struct cp_rundiff_run *run))
{
	struct cp_rundiff_run runs[CP_SIDES] = {story_run("a", STORY_MS), story_run("b", STORY_MS + 1)};
	struct said said = {{0}, {0}};

	change(&runs[CP_AFTER]);
	cp_rundiff_find_unfair(runs, take, &said);
	return said;
}

static const uint32_t other_home[] = {8075};
static const struct cp_rec_database one[] = {
        {.layer = "database", .name = "/a/asn.csv", .n_rows = 10, .built_at_s = 1000}};
static const struct cp_rec_database moved[] = {
        {.layer = "database", .name = "/b/asn.csv", .n_rows = 10, .built_at_s = 1000}};
static const struct cp_rec_database newer[] = {
        {.layer = "database", .name = "/a/asn.csv", .n_rows = 10, .built_at_s = 2000}};
static const struct cp_rec_database other[] = {
        {.layer = "database", .name = "/a/asn.csv", .n_rows = 10, .built_at_s = 1000},
        {.layer = "builtin", .name = "built-in", .n_rows = 5, .built_at_s = CP_UNKNOWN}};

#define CHANGE(name, what)                                                                                             \
	static void name(struct cp_rundiff_run *run)                                                                   \
	{                                                                                                              \
		what;                                                                                                  \
	}
CHANGE(nothing, (void)run)
CHANGE(vantage, run->vantage_asn = 3491)
CHANGE(host, run->host = "vm-weu-02")
CHANGE(home, (run->home_asns = other_home, run->n_home_asns = 1, run->home_spec = "8075"))
CHANGE(datapath, run->datapath = "xdp-native")
CHANGE(method, run->tcp_method = "sack")
CHANGE(protocol, run->protocols = CP_RUNDIFF_TCP | CP_RUNDIFF_ICMP)
CHANGE(flows, run->n_flows = 8)
CHANGE(first_ttl, run->first_ttl = 5)
CHANGE(max_ttl, run->max_ttl = 64)
CHANGE(attempts, run->attempts = 1)
CHANGE(timeout, run->timeout_ms = 200)
CHANGE(resolver, run->resolver = "198.18.0.54")
CHANGE(version, run->version = "2.0")
CHANGE(order, run->wall_ms = STORY_MS - 1)
CHANGE(unknown, (*run = (struct cp_rundiff_run){.name = "b",
                         .wall_ms = CP_UNKNOWN,
                         .first_ttl = CP_UNKNOWN,
                         .max_ttl = CP_UNKNOWN,
                         .attempts = CP_UNKNOWN,
                         .timeout_ms = CP_UNKNOWN,
                         .n_flows = CP_UNKNOWN}))
CHANGE(all, (run->vantage_asn = 3491, run->datapath = "xdp-native", run->n_flows = 1, run->wall_ms = 0))

static void test_settings(void **state)
{
	static const struct {
		void (*change)(struct cp_rundiff_run *run);
		const char *codes;
	} cases[] = {
	        {nothing, ""}, {vantage, "vantage "}, {host, "host "}, {home, "home "}, {datapath, "datapath "},
	        {method, "tcp-method "}, {protocol, "protocol "}, {flows, "flows "}, {first_ttl, "ttl "},
	        {max_ttl, "ttl "}, {attempts, "attempts "}, {timeout, "timeout "}, {resolver, "resolver "},
	        {version, "version "}, {order, "order "}, {unknown, ""},
	        {all, "vantage datapath flows "}, /* of two vantages none is the earlier */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(said_of(cases[i].change).codes, cases[i].codes);
}

static void test_texts_name_both(void **state)
{
	(void)state;
	assert_string_equal(said_of(vantage).texts, "the probes start in AS8075 before, in AS3491 after\n");
	assert_string_equal(
	        said_of(home).texts, "home is not the same: microsoft (2 ASes) before, 8075 (1 AS) after\n");
	assert_string_equal(said_of(flows).texts, "flows for each destination: 2 before, 8 after\n");
	assert_string_equal(said_of(protocol).texts,
	        "the targets are probed by tcp before, by tcp icmp after: not the same targets\n");
}

static void test_databases(void **state)
{
	static const struct {
		const struct cp_rec_database *databases;
		size_t n;
		const char *texts;
	} cases[] = {
	        {one, 1, ""},
	        {moved, 1, ""}, /* the same file elsewhere */
	        {newer, 1,
	                "the AS data is not the same: database asn.csv of 10 rows before, database asn.csv of 10 rows "
	                "after (of another date)\n"},
	        {other, 2, "the AS data is not the same: none before, builtin built-in of 5 rows after\n"},
	        {NULL, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_rundiff_run runs[CP_SIDES] = {story_run("a", STORY_MS), story_run("b", STORY_MS)};
		struct said said = {{0}, {0}};

		runs[CP_BEFORE].databases = one;
		runs[CP_BEFORE].n_databases = 1;
		runs[CP_AFTER].databases = cases[i].databases;
		runs[CP_AFTER].n_databases = cases[i].n;
		cp_rundiff_find_unfair(runs, take, &said);
		assert_string_equal(said.texts, cases[i].texts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_settings),
	        cmocka_unit_test(test_texts_name_both),
	        cmocka_unit_test(test_databases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
