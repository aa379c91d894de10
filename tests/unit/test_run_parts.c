// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_run_parts.c: what run.h reads for showing a run again: interfaces, the
 * rule of a verdict, and the sites, groups and losses of an AS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "import/run.h"

#define HEAD(type) "{\"type\":\"" type "\",\"schema_version\":1,"

struct seen {
	struct cp_run_start start;
	struct cp_run_path path;
	struct cp_run_egress egress;
	size_t n_bad;
	char why[128];
};

static int take_start(void *ctx, size_t line, const struct cp_run_start *rec)
{
	(void)line;
	((struct seen *)ctx)->start = *rec;
	return 0;
}

static int take_path(void *ctx, size_t line, const struct cp_run_path *rec)
{
	(void)line;
	((struct seen *)ctx)->path = *rec;
	return 0;
}

static int take_summary(void *ctx, size_t line, const struct cp_run_summary *rec)
{
	(void)line;
	assert_int_equal(rec->n_egress, 1);
	((struct seen *)ctx)->egress = rec->egress[0];
	return 0;
}

static void take_bad(void *ctx, size_t line, const char *why)
{
	struct seen *seen = ctx;

	(void)line;
	seen->n_bad++;
	strncpy(seen->why, why, sizeof(seen->why) - 1);
}

/* *ret_words own the strings. */
static void read_text(const char *text, struct seen *seen, struct cp_words **ret_words)
{
	const struct cp_run_sink sink = {
	        .start = take_start, .path = take_path, .summary = take_summary, .bad = take_bad, .ctx = seen};
	struct cp_run_counts counts;

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(cp_words_new(ret_words), 0);
	assert_int_equal(cp_run_read(text, strlen(text), *ret_words, &sink, &counts), 0);
}

static void test_start(void **state)
{
	struct cp_words *words;
	struct seen seen;

	(void)state;
	read_text(HEAD("start") "\"interfaces\":[\"eth0\",\"wg0\"],\"senders\":2}\n", &seen, &words);
	assert_int_equal(seen.start.interfaces.n, 2);
	assert_string_equal(seen.start.interfaces.items[1], "wg0");
	assert_int_equal(seen.start.n_senders, 2);
	cp_words_free(words);
	read_text(HEAD("start") "\"interfaces\":[],\"senders\":null}\n", &seen, &words);
	assert_int_equal(seen.start.interfaces.n, 0);
	assert_int_equal(seen.start.n_senders, CP_RUN_UNKNOWN);
	cp_words_free(words);
}

static void test_rule(void **state)
{
	struct cp_words *words;
	struct seen seen;

	(void)state;
	read_text(HEAD("path") "\"rule\":\"third-as\",\"hops\":[{\"ttl\":1,\"ip\":\"198.18.0.1\",\"reply\":\"time-"
	                       "exceeded\","
	                       "\"flags\":[\"per-packet\"]}]}\n",
	        &seen, &words);
	assert_int_equal(seen.path.rule, CP_RULE_THIRD_AS);
	assert_int_equal(seen.path.hops[0].hop.flags, CP_HOP_PER_PACKET);
	cp_words_free(words);
	/* Rules are added: one that is not known is no reason to leave a path out. */
	read_text(HEAD("path") "\"rule\":\"of-tomorrow\"}\n", &seen, &words);
	assert_int_equal(seen.n_bad, 0);
	assert_int_equal(seen.path.rule, CP_RULE_NONE);
	cp_words_free(words);
}

static void test_egress(void **state)
{
	struct cp_words *words;
	struct seen seen;

	(void)state;
	read_text(HEAD("summary") "\"egress\":[{\"role\":\"exit\",\"groups\":2,\"replies\":3,\"probes\":4,\"loss_pct\":"
	                          "25.00,"
	                          "\"exit_sites\":[{\"place\":\"Frankfurt\",\"paths\":7},{\"place\":\"x\"}]}]}\n",
	        &seen, &words);
	assert_int_equal(seen.egress.n_groups, 2);
	assert_int_equal(seen.egress.n_replies, 3);
	assert_int_equal(seen.egress.n_probes, 4);
	assert_int_equal(seen.egress.loss_hundredths, 2500);
	assert_int_equal(seen.egress.n_sites, 2);
	assert_string_equal(seen.egress.sites[0].place, "Frankfurt");
	assert_int_equal(seen.egress.sites[0].n_paths, 7);
	assert_int_equal(seen.egress.sites[1].n_paths, CP_RUN_UNKNOWN);
	cp_words_free(words);
}

/* More sites than there is room for: the rest is left out. */
static void test_many_sites(void **state)
{
	char text[1024] = HEAD("summary") "\"egress\":[{\"exit_sites\":[{\"place\":\"0\"}";
	struct cp_words *words;
	struct seen seen;

	(void)state;
	for (int i = 0; i < CP_RUN_SITES_MAX + 3; i++)
		strcat(text, ",{\"place\":\"more\"}");
	strcat(text, "]}]}\n");
	read_text(text, &seen, &words);
	assert_int_equal(seen.egress.n_sites, CP_RUN_SITES_MAX);
	cp_words_free(words);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	        {HEAD("summary") "\"egress\":[{\"loss_pct\":100.5}]}\n", "egress: loss_pct: a percentage is wanted"},
	        {HEAD("summary") "\"egress\":[{\"loss_pct\":\"x\"}]}\n", "egress: loss_pct: a percentage is wanted"},
	        {HEAD("summary") "\"egress\":[{\"exit_sites\":[1]}]}\n", "egress: exit_sites: an object is wanted"},
	        {HEAD("start") "\"interfaces\":[1]}\n", "interfaces: a string is wanted"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_words *words;
		struct seen seen;

		read_text(cases[i].text, &seen, &words);
		assert_int_equal(seen.n_bad, 1);
		assert_string_equal(seen.why, cases[i].why);
		cp_words_free(words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_start),
	        cmocka_unit_test(test_rule),
	        cmocka_unit_test(test_egress),
	        cmocka_unit_test(test_many_sites),
	        cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
