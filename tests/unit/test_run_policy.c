// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_run_policy.c: the record of a policy is read back as it was written; what is none is refused.
 */
#include "story.h"

#include <stdio.h>

#include "import/run.h"

struct seen {
	size_t n, n_bad, n_rules, n_violations;
	struct cp_run_policy policy;
	struct cp_run_rule rules[2];
	struct cp_run_violation violations[2];
	char texts[8][64]; /* kept strings */
	char why[160];
};

static void keep(char text[64], const char *from)
{
	snprintf(text, 64, "%s", from ? from : "(null)");
}

static int take_policy(void *ctx, size_t line, const struct cp_run_policy *rec)
{
	struct seen *seen = ctx;

	(void)line;
	seen->n++;
	seen->policy = *rec;
	assert_true(rec->n_rules <= 2 && rec->n_violations <= 2);
	for (size_t i = 0; i < rec->n_rules; i++)
		seen->rules[i] = rec->rules[i];
	for (size_t i = 0; i < rec->n_violations; i++)
		seen->violations[i] = rec->violations[i];
	keep(seen->texts[0], rec->source);
	if (rec->n_rules)
		keep(seen->texts[1], rec->rules[0].name);
	if (rec->n_violations) {
		keep(seen->texts[2], rec->violations[0].rule);
		keep(seen->texts[3], rec->violations[0].target.name);
		keep(seen->texts[4], rec->violations[0].text);
	}
	return 0;
}

static void take_bad(void *ctx, size_t line, const char *why)
{
	struct seen *seen = ctx;

	(void)line;
	seen->n_bad++;
	snprintf(seen->why, sizeof(seen->why), "%s", why);
}

static void read_text(const char *text, struct seen *seen)
{
	const struct cp_run_sink sink = {.policy = take_policy, .bad = take_bad, .ctx = seen};
	struct cp_run_counts counts;
	struct cp_words *words;

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(cp_words_new(&words), 0);
	assert_int_equal(cp_run_read(text, strlen(text), words, &sink, &counts), 0);
	cp_words_free(words);
}

static void test_written(void **state)
{
	struct cp_policy_rule rules[] = {{.name = (char *)(uintptr_t) "the \"control\"",
	                                         .verdicts = 1u << CP_DIRECT,
	                                         .max_undecided = 2550,
	                                         .is_warning = true},
	        {.name = (char *)(uintptr_t) "default", .max_undecided = CP_POLICY_ALL}};
	const struct cp_policy policy = {.source = (char *)(uintptr_t) "p.yaml", .rules = rules, .n_rules = 2};
	const struct cp_target target = {.host = "zenn.dev", .port = 443, .proto = IPPROTO_TCP};
	const struct cp_policy_violation violation = {.rule = &rules[0],
	        .target = &target,
	        .dest = addr_of("203.0.113.9"),
	        .flow = 3,
	        .verdict = CP_TRANSIT,
	        .breach = CP_BREACH_VERDICT,
	        .exit_asn = 3491};
	const struct cp_policy_count counts[] = {{.rule = &rules[0],
	                                                 .n_targets = 7,
	                                                 .n_kept = 1,
	                                                 .n_violated = 2,
	                                                 .n_undecided = 4,
	                                                 .n_unmeasured = 3,
	                                                 .n_violations = 9,
	                                                 .state = CP_POLICY_VIOLATED},
	        {.rule = &rules[1]}};
	const struct cp_policy_result result = {.policy = &policy,
	        .counts = counts,
	        .n_counts = 2,
	        .violations = &violation,
	        .n_violations = 1,
	        .n_violations_all = 9,
	        .n_unmatched = 5,
	        .state = CP_POLICY_UNDECIDED};
	const struct cp_rec_policy rec = {.result = &result};
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct seen seen;
	void *ctx;

	(void)state;
	assert_int_equal(cp_format_ndjson.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_ndjson.policy(ctx, &rec), 0);
	cp_format_ndjson.close(ctx);
	read_text(mem.buf, &seen);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.n_bad, 0);
	assert_string_equal(seen.texts[0], "p.yaml");
	assert_int_equal(seen.policy.state, CP_POLICY_UNDECIDED);
	assert_int_equal(seen.policy.n_unmatched, 5);
	assert_int_equal(seen.policy.n_violations_all, 9);
	assert_int_equal(seen.policy.n_rules, 2);
	assert_string_equal(seen.texts[1], "the \"control\"");
	assert_true(seen.rules[0].is_warning && !seen.rules[1].is_warning);
	assert_int_equal(seen.rules[0].state, CP_POLICY_VIOLATED);
	assert_int_equal(seen.rules[0].n_targets, 7);
	assert_int_equal(seen.rules[0].n_kept, 1);
	assert_int_equal(seen.rules[0].n_violated, 2);
	assert_int_equal(seen.rules[0].n_undecided, 4);
	assert_int_equal(seen.rules[0].n_unmeasured, 3);
	assert_int_equal(seen.rules[0].n_violations, 9);
	assert_int_equal(seen.rules[0].max_undecided, 2550);
	assert_int_equal(seen.policy.n_violations, 1);
	assert_string_equal(seen.texts[2], "the \"control\"");
	assert_string_equal(seen.texts[3], "zenn.dev");
	assert_string_equal(seen.texts[4], "transit (exit to AS3491); wanted: direct");
	assert_int_equal(seen.violations[0].flow, 3);
	assert_true(seen.violations[0].is_warning);
	assert_true(cp_addr_eq(&seen.violations[0].dest, &violation.dest));
	mem_free(&mem);
}

/* A rule of which only the name is left is told as it was. */
static void test_text_of_before(void **state)
{
	const struct cp_policy_violation violation = {.breach = CP_BREACH_AS, .text = "as it was"};
	char buf[64];

	(void)state;
	assert_string_equal(cp_policy_violation_text(&violation, buf, sizeof(buf)), "as it was");
	assert_string_equal(cp_policy_violation_text(&violation, buf, 6), "as it");
}

static void test_bad(void **state)
{
#define HEAD "{\"type\":\"policy\",\"schema_version\":1,"
	static const struct {
		const char *text, *why;
	} cases[] = {
	        {HEAD "\"state\":\"holds\"}", "a policy without its source"},
	        {HEAD "\"source\":\"x\",\"state\":\"fine\"}", "state: holds, undecided or violated is wanted"},
	        {HEAD "\"source\":\"x\",\"rules\":[{}]}", "rules: a rule without a name"},
	        {HEAD "\"source\":\"x\",\"rules\":[{\"name\":\"a\",\"severity\":\"hint\"}]}",
	                "rules: severity: fail or warn is wanted"},
	        {HEAD "\"source\":\"x\",\"rules\":[{\"name\":\"a\",\"max_undecided_pct\":101}]}",
	                "rules: max_undecided_pct: a percentage is wanted"},
	        {HEAD "\"source\":\"x\",\"violations\":[{\"rule\":\"a\",\"text\":\"b\"}]}",
	                "violations: a violation without its rule, its target or its text"},
	        {HEAD "\"source\":\"x\",\"violations\":7}", "violations: an array is wanted"},
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_text(cases[i].text, &seen);
		assert_int_equal(seen.n, 0);
		assert_string_equal(seen.why, cases[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_written),
	        cmocka_unit_test(test_text_of_before),
	        cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
