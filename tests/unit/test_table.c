// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_table.c: the audit's table: how a small story reads, that its lines fit
 * whatever is in them, and what it says of long, mixed, partial and hostile
 * runs.
 */
#include "story.h"

#include <errno.h>
#include <stdio.h>

static const char golden[] = "9 targets, 8 addresses from vm-weu-01 in AS8075 via tc-tcx eth0 at 10,000 pps\n"
                             "AS data: asn.mmdb (2026-07-01, 14 d old), built-in\n"
                             "\n"
                             "group     targets  inside  direct  undecided  transit  unresolved\n"
                             "controls        2       -       1          -        1           -\n"
                             "m365            7       3       2          1        -           1\n"
                             "total           9       3       3          1        1           1\n"
                             "\n"
                             "target                  verdict     conf  AS path\n"
                             "zenn.dev                direct      high  * 8075 > 13335 Cloudflare\n"
                             "hot.zenn.dev            transit     med   * 8075 > 3491 PCCW Global 13335\n"
                             "                                          Cloudflare\n"
                             "    to     203.0.113.9\n"
                             "    exit   between TTL 2 (198.18.0.1) and TTL 3 (198.18.2.1, AS3491)\n"
                             "    why    border hops silent\n"
                             "203.0.113.77            inside      high  * 8075\n"
                             "login.microsoft.com     inside      high  * 8075\n"
                             "security.microsoft.com  inside      high  * 8075 8068\n"
                             "www.microsoft.com       direct      high  * 8075 > 16625 Akamai\n"
                             "    cname  www.microsoft.com-c-3.edgekey.test > e13678.dscb.akamaiedge.test\n"
                             "www.xbox.com            direct      high  * 8075 > 20940 16625 Akamai\n"
                             "quiet.example           undecided   low   * (13335 Cloudflare)\n"
                             "    to     2001:db8:1234:5678:9abc:def0:1234:5678\n"
                             "    why    nothing answered, destination did not answer\n"
                             "gone.microsoft.com      unresolved        dns_nxdomain\n"
                             "\n"
                             "egress         AS name             paths share routers ms p50 ms p95 cold loss\n"
                             "home         8075 Microsoft            7 87.5%       -      -      -    -    -\n"
                             "home         8068 Microsoft            1 12.5%       -      -      -    -    -\n"
                             "exit        13335 Cloudflare           1 12.5%       1   1.80   12.3  50%  25%\n"
                             "destination 13335 Cloudflare           3 37.5%       -      -      -    -    -\n"
                             "ixp           IXP Lab-IX Frankfurt     1 12.5%       -      -      -    -    -\n"
                             "\n"
                             "probed   9 targets, 1 unresolved; 8 addresses, 8 paths\n"
                             "coverage 7 of 8 paths complete, 41 of 60 hops answered, 154.2 probes each\n"
                             "probes   1,234 attempted, 1,230 transmitted, 4 blocked, 30 replied, 1,200 timed\n"
                             "         out\n"
                             "replies  33 matched, 2 duplicate, 1 late, 0 lost, 4 rejected (token 3, unsent 1)\n"
                             "rate     10,008 pps of 10,000 asked for, 0.12 s probing, 1.40 s in all\n";

static void test_golden(void **state)
{
	struct mem_sink mem = {0};

	(void)state;
	tell_story(&cp_format_table, NULL, &mem);
	assert_string_equal(mem.buf, golden);
	mem_free(&mem);
}

static void test_kinds_of_ases_where_there_is_room(void **state)
{
	const struct cp_format_options wide = {.width = 120};
	struct mem_sink mem = {0};

	(void)state;
	tell_story(&cp_format_table, &wide, &mem);
	assert_non_null(strstr(mem.buf, "  cold  loss  kind\n"));
	assert_non_null(strstr(mem.buf, "  25%  cdn-cloudflare\n"));
	mem_free(&mem);
}

static void test_service_tags_are_shown(void **state)
{
	const struct cp_service_tag tag = {.name = "Storage.\033[31mNorthEurope", .region = "northeurope"};
	const struct cp_rec_end end = {.reason = "done"};
	struct mem_sink mem = {0};
	struct fixture fix;
	void *ctx = NULL;
	struct cp_sink sink = mem_sink_of(&mem);

	(void)state;
	assert_int_equal(cp_format_table.open(&sink, NULL, &ctx), 0);
	story_outside(&fix, "zenn.dev", 0, 13335);
	fix.rec.service_tag = &tag;
	assert_int_equal(cp_format_table.path(ctx, &fix.rec), 0);
	assert_int_equal(
	        cp_format_table.target(ctx,
	                &(struct cp_rec_target){
	                        .target = &fix.target, .answer = &fix.answer, .n_dests = 1, .verdict = CP_DIRECT}),
	        0);
	assert_int_equal(cp_format_table.end(ctx, &end), 0);
	assert_non_null(strstr(mem.buf, "    tag    Storage."));
	assert_null(strchr(mem.buf, '\033'));
	cp_format_table.close(ctx);
	mem_free(&mem);
}

static void test_lines_fit_any_width(void **state)
{
	(void)state;
	for (unsigned width = 60; width <= 200; width++) {
		struct cp_format_options options = {.width = width};
		struct mem_sink mem = {0};

		tell_story(&cp_format_table, &options, &mem);
		assert_no_line_wider(mem.buf, width);
		assert_null(strchr(mem.buf, '\033'));
		assert_non_null(strstr(mem.buf, "security.microsoft.com"));
		mem_free(&mem);
	}
}

/* Loss is shown where there is room for it. */
static void test_wide_egress(void **state)
{
	struct cp_format_options options = {.width = 120};
	struct mem_sink mem = {0};

	(void)state;
	tell_story(&cp_format_table, &options, &mem);
	assert_non_null(strstr(mem.buf, "  cold  loss"));
	assert_non_null(strstr(mem.buf, "   50%   25%"));
	mem_free(&mem);
}

static void test_colours_only_when_asked(void **state)
{
	struct cp_format_options options = {.color = true};
	struct mem_sink mem = {0};

	(void)state;
	tell_story(&cp_format_table, &options, &mem);
	assert_non_null(strstr(mem.buf, "\033[32minside\033[0m"));
	assert_non_null(strstr(mem.buf, "\033[36mdirect\033[0m"));
	assert_non_null(strstr(mem.buf, "\033[33mundecided\033[0m"));
	assert_non_null(strstr(mem.buf, "\033[31mtransit\033[0m"));
	mem_free(&mem);
}

/* ---- a table under construction ---- */

struct audit {
	struct mem_sink mem;
	struct cp_asdb *asdb;
	void *ctx;
};

static int setup(void **state)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	struct cp_format_options options = {.width = 80};
	struct cp_sink sink;

	assert_non_null(audit);
	sink = mem_sink_of(&audit->mem);
	audit->asdb = make_asdb();
	*state = audit;
	return cp_format_table.open(&sink, &options, &audit->ctx);
}

static int teardown(void **state)
{
	struct audit *audit = *state;

	cp_format_table.close(audit->ctx);
	cp_format_table.close(NULL);
	cp_asdb_free(audit->asdb);
	mem_free(&audit->mem);
	free(audit);
	return 0;
}

static void feed(struct audit *audit, struct fixture *fix)
{
	assert_int_equal(story_feed(&cp_format_table, audit->ctx, fix, audit->asdb), 0);
}

static void finish(struct audit *audit, const char *reason, const char *error)
{
	assert_int_equal(story_end(&cp_format_table, audit->ctx, reason, error), 0);
	assert_no_line_wider(audit->mem.buf, 80);
}

static void test_exits_say_where(void **state)
{
	const struct cp_egress_site sites[] = {{.place = "Frankfurt", .n_paths = 5}, {.place = "dm4", .n_paths = 1}};
	const struct cp_egress_row rows[] = {
	        {.asn = 3491, .role = CP_ROLE_EXIT, .n_paths = 6, .n_exit_routers = 3, .sites = sites, .n_sites = 2},
	        {.asn = 13335,
	                .role = CP_ROLE_EXIT,
	                .n_paths = 1,
	                .n_exit_routers = 1,
	                .sites = sites + 1,
	                .n_sites = 1},
	        {.asn = 8075, .role = CP_ROLE_DEST, .n_paths = 1}};
	const struct cp_rec_summary summary = {.egress = rows, .n_egress = 3, .n_paths = 8};
	struct audit *audit = *state;

	assert_int_equal(cp_format_table.summary(audit->ctx, &summary), 0);
	finish(audit, "done", NULL);
	assert_non_null(strstr(audit->mem.buf, "share routers from         ms p50"));
	assert_non_null(strstr(audit->mem.buf, " 3 Frankfurt +1 "));
	assert_non_null(strstr(audit->mem.buf, " 1 dm4 "));
}

static void assert_says(const struct audit *audit, const char *what)
{
	if (!strstr(audit->mem.buf, what))
		fail_msg("'%s' is not in:\n%s", what, audit->mem.buf);
}

static void assert_silent_about(const struct audit *audit, const char *what)
{
	if (strstr(audit->mem.buf, what))
		fail_msg("'%s' is in:\n%s", what, audit->mem.buf);
}

/* A target's first paths feed the table without its target record. */
static void feed_path(struct audit *audit, struct fixture *fix, enum cp_verdict verdict, const char *dest)
{
	fix->rec.asdb = audit->asdb;
	fix->rec.dest = addr_of(dest);
	fix->judgement.verdict = verdict;
	assert_int_equal(cp_format_table.path(audit->ctx, &fix->rec), 0);
}

static void feed_target(struct audit *audit, struct fixture *fix, enum cp_verdict verdict, size_t n_dests)
{
	struct cp_rec_target rec = {
	        .target = &fix->target, .answer = &fix->answer, .n_dests = n_dests, .verdict = verdict};

	assert_int_equal(cp_format_table.target(audit->ctx, &rec), 0);
}

static void test_differing_addresses_are_told(void **state)
{
	struct audit *audit = *state;
	struct fixture fix;

	story_outside(&fix, "two.test", 3491, 13335);
	feed_path(audit, &fix, CP_DIRECT, "203.0.113.1");
	feed_path(audit, &fix, CP_DIRECT, "203.0.113.1");
	feed_path(audit, &fix, CP_DIRECT, "203.0.113.2");
	feed_path(audit, &fix, CP_TRANSIT, "203.0.113.2");
	feed_target(audit, &fix, CP_TRANSIT, 2);
	finish(audit, "done", NULL);
	assert_says(audit, "to     203.0.113.2; 1 of 2 addresses: transit\n");
}

static void test_differing_flows_are_told(void **state)
{
	struct audit *audit = *state;
	struct fixture fix;

	story_outside(&fix, "203.0.113.1", 3491, 13335);
	fix.target.is_literal = true;
	feed_path(audit, &fix, CP_DIRECT, "203.0.113.1");
	feed_path(audit, &fix, CP_TRANSIT, "203.0.113.1");
	feed_path(audit, &fix, CP_DIRECT, "203.0.113.1");
	feed_target(audit, &fix, CP_TRANSIT, 1);
	finish(audit, "done", NULL);
	assert_says(audit, "to     203.0.113.1; 1 of 3 flows: transit\n");
}

/* Where the paths leave by, when they differ, in one line. */
static void test_flows_line(void **state)
{
	static const struct cp_combined combined = {
	        .verdict = CP_TRANSIT,
	        .n_paths = 8,
	        .by_verdict = {[CP_DIRECT] = 6, [CP_TRANSIT] = 2},
	        .exits = {{.asn = 13335, .n_paths = 6}, {.asn = 3491, .n_paths = 2}},
	        .n_exits = 2,
	};
	struct audit *audit = *state;
	struct fixture fix;
	struct cp_rec_target rec = {.target = &fix.target, .answer = &fix.answer, .n_dests = 1};

	story_outside(&fix, "mixed.test", 3491, 13335);
	feed_path(audit, &fix, CP_DIRECT, "203.0.113.1");
	feed_path(audit, &fix, CP_TRANSIT, "203.0.113.1");
	rec.verdict = CP_TRANSIT;
	rec.combined = &combined;
	rec.asdb = audit->asdb;
	assert_int_equal(cp_format_table.target(audit->ctx, &rec), 0);
	finish(audit, "done", NULL);
	assert_says(audit, "    flows  6 of 8 direct, 2 of 8 transit; 6 of 8 leave home through AS13335\n"
	                   "           Cloudflare, 2 of 8 through AS3491 PCCW Global\n");
}

/* With --explain: sentences for the worst path of what is not well, instead of its details. */
static void test_explain(void **state)
{
	struct cp_format_options options = {.width = 80, .explain = true};
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct audit *given = *state, audit = {.asdb = given->asdb};
	struct fixture fix;

	assert_int_equal(cp_format_table.open(&sink, &options, &audit.ctx), 0);
	story_outside(&fix, "good.test", 0, 13335);
	feed_path(&audit, &fix, CP_DIRECT, "203.0.113.1");
	feed_target(&audit, &fix, CP_DIRECT, 1);
	story_outside(&fix, "mixed.test", 3491, 13335);
	feed_path(&audit, &fix, CP_UNDECIDED, "203.0.113.1");
	fix.judgement.rule = CP_RULE_THIRD_AS;
	feed_path(&audit, &fix, CP_TRANSIT, "203.0.113.1");
	feed_target(&audit, &fix, CP_TRANSIT, 1);
	assert_int_equal(story_end(&cp_format_table, audit.ctx, "done", NULL), 0);
	cp_format_table.close(audit.ctx);
	assert_no_line_wider(mem.buf, 80);
	assert_non_null(strstr(mem.buf, "    rule         third-as: two or more hops"));
	assert_non_null(strstr(mem.buf, "    outside      The first hop outside is TTL 3, 198.18.2.1 of AS3491"));
	assert_null(strstr(strstr(mem.buf, "    rule ") + 1, "    rule ")); /* of one path of one target */
	assert_null(strstr(mem.buf, "    exit "));
	mem_free(&mem);
}

static void test_the_worst_path_is_shown(void **state)
{
	struct audit *audit = *state;
	struct fixture good, bad;

	story_outside(&good, "mixed.test", 0, 13335);
	story_outside(&bad, "mixed.test", 3491, 13335);
	bad.rec.target = &good.target;
	feed_path(audit, &good, CP_DIRECT, "203.0.113.1");
	feed_path(audit, &bad, CP_TRANSIT, "203.0.113.1");
	feed_path(audit, &good, CP_DIRECT, "203.0.113.1");
	feed_target(audit, &good, CP_TRANSIT, 1);
	finish(audit, "done", NULL);
	assert_says(audit, "8075 > 3491 PCCW Global 13335");
}

/* Of a long run: detours, then transits, then undecided; never the good ones; and how to see the rest. */
static void test_a_long_run_shows_the_worst(void **state)
{
	enum { N = 300 };
	struct fixture *fix = calloc(N, sizeof(*fix));
	struct audit *audit = *state;
	char names[N][24];

	assert_non_null(fix);
	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "host%03d.test", i);
		if (i % 10 == 0)
			story_undecided(&fix[i], names[i]);
		else
			story_inside(&fix[i], names[i], 8075);
		if (i == 5 || i == 250)
			fix[i].judgement.verdict = CP_TRANSIT;
		if (i == 299)
			fix[i].judgement.verdict = CP_DETOUR;
		feed(audit, &fix[i]);
	}
	finish(audit, "done", NULL);
	assert_says(audit, "300 targets: 268 inside, 29 undecided, 2 transit, 1 detour");
	assert_says(audit, "host005.test");
	assert_says(audit, "host250.test");
	assert_says(audit, "host299.test");
	assert_says(audit, "host000.test");
	assert_silent_about(audit, "host001.test");
	assert_says(audit, "… and 12 more; -o ndjson has every target and path\n");
	assert_true(strstr(audit->mem.buf, "host299.test") < strstr(audit->mem.buf, "host005.test"));
	assert_true(strstr(audit->mem.buf, "host250.test") < strstr(audit->mem.buf, "host000.test"));
	free(fix);
}

static void test_exactly_forty_are_all_shown(void **state)
{
	enum { N = 40 };
	struct fixture *fix = calloc(N, sizeof(*fix));
	struct audit *audit = *state;
	char names[N][24];

	assert_non_null(fix);
	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "host%03d.test", i);
		story_inside(&fix[i], names[i], 8075);
		feed(audit, &fix[i]);
	}
	finish(audit, "done", NULL);
	for (int i = 0; i < N; i++)
		assert_says(audit, names[i]);
	assert_silent_about(audit, "more;");
	free(fix);
}

static void test_many_groups_are_lumped(void **state)
{
	enum { N = 60 };
	struct fixture *fix = calloc(N, sizeof(*fix));
	struct audit *audit = *state;
	char names[N][24];

	assert_non_null(fix);
	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "group%02d", i);
		story_inside(&fix[i], "a.test", 8075);
		fix[i].target.group = names[i];
		feed(audit, &fix[i]);
	}
	finish(audit, "done", NULL);
	assert_says(audit, "\ngroup38               1       1       -\n");
	assert_says(audit, "\n(other groups)       21      21       -\n");
	assert_says(audit, "\ntotal                60      60       -\n");
	assert_silent_about(audit, "group39");
	free(fix);
}

static void test_partial_runs_say_so(void **state)
{
	struct audit *audit = *state;
	struct fixture fix;

	story_inside(&fix, "login.microsoft.com", 8075);
	feed(audit, &fix);
	finish(audit, "interrupted", NULL);
	assert_says(audit, "INTERRUPTED: the results are partial.");
	assert_says(audit, "login.microsoft.com");
	assert_says(audit, "probes ");
}

static void test_failed_before_anything(void **state)
{
	struct cp_rec_end end = {.reason = "failed", .error = "eth0: no such interface"};
	struct audit *audit = *state;

	assert_int_equal(cp_format_table.end(audit->ctx, &end), 0);
	assert_true(!audit->mem.buf || !*audit->mem.buf); /* standard error says it */
}

static void test_failed_later(void **state)
{
	struct audit *audit = *state;
	struct cp_rec_start start = story_start();
	struct fixture fix;

	assert_int_equal(cp_format_table.start(audit->ctx, &start), 0);
	story_inside(&fix, "login.microsoft.com", 8075);
	feed(audit, &fix);
	finish(audit, "failed", "eth0: link is down");
	assert_says(audit, "\nFAILED: the results are partial. eth0: link is down\n");
}

static void test_stopped(void **state)
{
	struct audit *audit = *state;
	struct cp_rec_start start = story_start();
	struct fixture fix;

	assert_int_equal(cp_format_table.start(audit->ctx, &start), 0);
	story_inside(&fix, "login.microsoft.com", 8075);
	feed(audit, &fix);
	finish(audit, "max-runtime", NULL);
	assert_says(audit, "\nSTOPPED by --max-runtime: the results are partial.\n");
}

static void test_hostile_data_is_escaped(void **state)
{
	static char evil[] = "a\033]0;owned\007\nb\x9b"
	                     "31m\xc2\x9bK\xe2\x80\xae";
	struct cp_rec_warning warning = {.code = "x", .text = evil};
	struct cp_rec_start start = story_start();
	struct audit *audit = *state;
	struct fixture fix, other;
	unsigned n_lines = 0;

	start.host = evil;
	assert_int_equal(cp_format_table.start(audit->ctx, &start), 0);
	assert_int_equal(cp_format_table.warning(audit->ctx, &warning), 0);
	story_undecided(&fix, evil);
	fix.target.group = evil;
	fix.judgement.reasons = WHY(CNAME_CDN);
	fix_cname(&fix, evil);
	fix.judgement.as_path[0] = (struct cp_as_step){.kind = CP_STEP_IXP, .label = evil};
	feed(audit, &fix);
	story_inside(&other, "z.test", 8075); /* a second group, so that the groups are shown */
	feed(audit, &other);
	finish(audit, "failed", evil);
	for (const unsigned char *s = (unsigned char *)audit->mem.buf; *s; s++) {
		assert_true(*s >= 0x20 || *s == '\n');
		assert_false(s[0] == 0xc2 && s[1] < 0xa0);
		n_lines += *s == '\n';
	}
	assert_null(strstr(audit->mem.buf, "\xe2\x80\xae"));
	assert_null(strstr(audit->mem.buf, "\nb"));
	assert_says(audit, "a\\x1b]0;owned\\x07\\x0ab\xef\xbf\xbd"
	                   "31m\\x9bK\\u{202e}");
	assert_true(n_lines > 10);
}

static void test_sink_error_is_returned(void **state)
{
	struct mem_sink mem = {.fail_at = 1};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_rec_start start = story_start();
	void *ctx;

	(void)state;
	assert_int_equal(cp_format_table.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_table.start(ctx, &start), -EPIPE);
	assert_int_equal(story_end(&cp_format_table, ctx, "done", NULL), -EPIPE);
	assert_int_equal(mem.n_after, 0);
	cp_format_table.close(ctx);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_golden),
	        cmocka_unit_test(test_kinds_of_ases_where_there_is_room),
	        cmocka_unit_test(test_service_tags_are_shown),
	        cmocka_unit_test(test_lines_fit_any_width),
	        cmocka_unit_test(test_wide_egress),
	        cmocka_unit_test(test_colours_only_when_asked),
	        TEST(test_exits_say_where),
	        TEST(test_differing_addresses_are_told),
	        TEST(test_differing_flows_are_told),
	        TEST(test_flows_line),
	        TEST(test_explain),
	        TEST(test_the_worst_path_is_shown),
	        TEST(test_a_long_run_shows_the_worst),
	        TEST(test_exactly_forty_are_all_shown),
	        TEST(test_many_groups_are_lumped),
	        TEST(test_partial_runs_say_so),
	        TEST(test_failed_before_anything),
	        TEST(test_failed_later),
	        TEST(test_stopped),
	        TEST(test_hostile_data_is_escaped),
	        cmocka_unit_test(test_sink_error_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
