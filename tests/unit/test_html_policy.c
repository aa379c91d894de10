// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_html_policy.c: what came of a policy on the page; hostile names are text; nothing without a policy.
 */
#include "story.h"

#include <stdio.h>

static char evil[] = "</h3><script>alert(1)</script>\033[31m";
static char plain[] = "the rest";

static void tell(bool with_policy, size_t n_violations, struct mem_sink *mem)
{
	struct cp_policy_rule rules[] = {
	        {.name = evil, .verdicts = 1u << CP_DIRECT}, {.name = plain, .is_warning = true}};
	const struct cp_policy policy = {.source = evil, .rules = rules, .n_rules = 2};
	const struct cp_target target = {.host = "zenn.dev", .port = 443, .proto = IPPROTO_TCP};
	const struct cp_policy_count counts[] = {
	        {.rule = &rules[0], .n_targets = 1234, .n_kept = 1230, .n_violated = 4, .state = CP_POLICY_VIOLATED},
	        {.rule = &rules[1], .n_targets = 2, .n_undecided = 2, .state = CP_POLICY_UNDECIDED}};
	static struct cp_policy_violation violations[150];
	struct cp_policy_result result = {.policy = &policy,
	        .counts = counts,
	        .n_counts = 2,
	        .violations = violations,
	        .n_violations = n_violations,
	        .n_violations_all = n_violations,
	        .n_unmatched = 1,
	        .state = CP_POLICY_VIOLATED};
	const struct cp_rec_policy rec = {.result = &result};
	struct cp_sink sink = mem_sink_of(mem);
	struct cp_rec_start start = story_start();
	void *ctx;

	for (size_t i = 0; i < n_violations; i++)
		violations[i] = (struct cp_policy_violation){.rule = &rules[0],
		        .target = &target,
		        .dest = addr_of("203.0.113.9"),
		        .flow = i != 0,
		        .verdict = CP_TRANSIT,
		        .breach = CP_BREACH_VERDICT,
		        .exit_asn = 3491};
	assert_int_equal(cp_format_html.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_html.start(ctx, &start), 0);
	if (with_policy)
		assert_int_equal(cp_format_html.policy(ctx, &rec), 0);
	assert_int_equal(story_end(&cp_format_html, ctx, "done", NULL), 0);
	cp_format_html.close(ctx);
}

static void assert_has(const struct mem_sink *mem, const char *text)
{
	if (!strstr(mem->buf, text))
		fail_msg("no '%s' in the page", text);
}

static void test_policy(void **state)
{
	struct mem_sink mem = {0};

	(void)state;
	tell(true, 2, &mem);
	assert_has(&mem, "<a href=\"#policy\">Policy</a>");
	assert_has(&mem, "<h3>&lt;/h3&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m <span class=\"pill "
	                 "v3\">violated</span>");
	assert_has(&mem,
	        "<td><span class=\"pill v3\">violated</span></td><td class=\"num\">1,234</td><td class=\"num\">1,230"
	        "</td><td class=\"num\">4</td><td class=\"num zero\">0</td>");
	assert_has(
	        &mem, "the rest <span class=\"note\">only a warning</span></th><td><span class=\"pill v2\">undecided");
	assert_has(&mem, "1 target matches no rule.");
	assert_has(&mem, "<li><b>zenn.dev</b> 203.0.113.9: transit (exit to AS3491); wanted: direct");
	assert_has(&mem, "<li><b>zenn.dev</b> 203.0.113.9, flow 1: transit");
	assert_null(strstr(mem.buf, "<script>alert(1)"));
	assert_null(strstr(mem.buf, "more paths break a rule"));
	mem_free(&mem);
}

static void test_many(void **state)
{
	struct mem_sink mem = {0};

	(void)state;
	tell(true, 150, &mem);
	assert_has(&mem, "50 more paths break a rule; the run's NDJSON has them.");
	mem_free(&mem);
}

static void test_none(void **state)
{
	struct mem_sink mem = {0};

	(void)state;
	tell(false, 0, &mem);
	assert_null(strstr(mem.buf, "\"policy\""));
	assert_null(strstr(mem.buf, "#policy"));
	mem_free(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_policy),
	        cmocka_unit_test(test_many),
	        cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
