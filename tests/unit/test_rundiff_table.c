// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rundiff_table.c: how a comparison reads, as a list and side by side;
 * that its lines fit whatever is in them; what is cut and what is coloured.
 */
#include "rundiff_lab.h"
#include "story.h"

#include <errno.h>
#include <stdio.h>

static const char golden[] = "before    runs/monday.ndjson: 7 targets, 7 paths from vm-weu-01 in AS8075 on\n"
                             "          2026-07-14 at 10:00 UTC\n"
                             "after     runs/tuesday.ndjson: 7 targets, 7 paths from vm-weu-01 in AS8075 on\n"
                             "          2026-07-15 at 10:00 UTC\n"
                             "warning: something is not fair\n"
                             "\n"
                             "targets   6 in both runs: 2 worse, 1 better, 1 gone, 1 new, 1 resolves\n"
                             "          otherwise, 1 other addresses, 1 other CNAME chain\n"
                             "paths     5 in both runs: 1 worse, 1 unreached, 2 other exit, 1 other AS path,\n"
                             "          1 better, 1 gone, 1 new, 2 slower, 1 other exit router\n"
                             "\n"
                             "worse: lost.example direct -> not measured\n"
                             "    DNS        ok -> dns_nxdomain\n"
                             "worse: zenn.dev direct -> transit\n"
                             "    to         203.0.113.1 flow 0 and 1 path more\n"
                             "    before     * 8075 > 13335 Cloudflare\n"
                             "    after      private * > 3491 PCCW Global 13335 Cloudflare\n"
                             "    exit       AS13335 Cloudflare at ams from 198.18.0.1 -> AS3491 PCCW Global\n"
                             "    time       12.0 ms -> 45.0 ms, +33.0 ms (+275%)\n"
                             "unreached: login.microsoft.com detour -> inside\n"
                             "    before     * 8075 > 3491 PCCW Global 8075 Microsoft\n"
                             "    after      * 8075\n"
                             "    exit       AS3491 PCCW Global from 198.18.0.2 -> none\n"
                             "    end        reached -> gap\n"
                             "gone: old.example inside (only in the run before)\n"
                             "new: new.example direct (only in the run after)\n"
                             "slower: far.example inside\n"
                             "    time       10.0 ms -> 16.0 ms, +6.00 ms (+60%)\n"
                             "other addresses: moved.example inside\n"
                             "    addresses  -203.0.113.5 +203.0.113.6\n"
                             "    CNAME      a.cdn.example -> b.cdn.example\n"
                             "\n"
                             "exit    AS, router  name         before  share  after  share\n"
                             "AS           13335  Cloudflare        2  28.6%      2  28.6%\n"
                             "AS            3491  PCCW Global       1  14.3%      1  14.3%\n"
                             "site             -  fra               -      -      1  14.3%  new\n"
                             "router  198.18.0.9                    -      -      1  14.3%  new\n"
                             "\n"
                             "verdicts  inside 4 -> 4, direct 2 -> 1, transit 0 -> 1, detour 1 -> 0\n"
                             "decided   7 of 7 -> 6 of 7 targets\n"
                             "reached   7 of 7 -> 6 of 7 paths\n"
                             "answered  42 of 70 -> 42 of 70 hops\n"
                             "silence   3 AS paths differ in it alone, which is no difference\n"
                             "time      median +0.100 ms (+1.2%) over 4 paths to the destination\n"
                             "          median 0.000 ms (+0.0%) over 1 path to the exit\n";

static const char golden_sides[] = "              monday.ndjson from AS8075         tuesday.ndjson from AS8075\n"
                                   "lost.example\n"
                                   "  verdict     direct                            not measured\n"
                                   "zenn.dev\n"
                                   "  verdict     direct                            transit\n"
                                   "  AS path     * 8075 > 13335 Cloudflare         private * > 3491 PCCW Global\n"
                                   "                                                13335 Cloudflare\n"
                                   "  exit        AS13335 Cloudflare at ams         AS3491 PCCW Global\n"
                                   "  hand-over   TTL 7, 11.0 ms                    TTL 1 to 5, 6.00 ms\n"
                                   "  destination 12.0 ms                           45.0 ms\n"
                                   "  cold share  83%                               -\n"
                                   "login.microsoft.com\n"
                                   "  verdict     detour                            inside\n"
                                   "  AS path     * 8075 > 3491 PCCW Global 8075    * 8075\n"
                                   "              Microsoft\n"
                                   "  exit        AS3491 PCCW Global                none\n"
                                   "  hand-over   TTL 5 to 6, 5.00 ms               -\n"
                                   "  destination 20.0 ms                           not reached (gap)\n"
                                   "  cold share  20%                               -\n"
                                   "old.example\n"
                                   "  verdict     inside                            not in this run\n"
                                   "  AS path     * 8075                            -\n"
                                   "  destination 8.00 ms                           -\n"
                                   "new.example\n"
                                   "  verdict     not in this run                   direct\n"
                                   "  AS path     -                                 8075 > IXP:Lab-IX 13335\n"
                                   "                                                Cloudflare\n"
                                   "  exit        -                                 AS13335 Cloudflare over Lab-IX\n"
                                   "                                                at fra\n"
                                   "  hand-over   -                                 TTL 4, 1.00 ms\n"
                                   "  destination -                                 2.00 ms\n"
                                   "  cold share  -                                 45%\n"
                                   "far.example\n"
                                   "  verdict     inside                            inside\n"
                                   "  AS path     * 8075                            * 8075\n"
                                   "  destination 10.0 ms                           16.0 ms\n"
                                   "moved.example\n"
                                   "  verdict     inside                            inside\n"
                                   "  AS path     * 8075                            * 8075\n"
                                   "  destination 8.00 ms                           8.00 ms\n"
                                   "same.example\n"
                                   "  verdict     inside                            inside\n"
                                   "  AS path     * 8075                            8075\n"
                                   "  destination 8.00 ms                           8.10 ms\n"
                                   "\n";

struct lab {
	struct cp_rundiff *diff;
	struct strings strings;
	struct mem_sink mem;
	struct cp_rundiff_report report;
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

	mem_free(&lab->mem);
	cp_rundiff_free(lab->diff);
	free_strings(&lab->strings);
	free(lab);
	return 0;
}

static void begin(struct lab *lab)
{
	tell_runs(lab->diff, &lab->strings);
	lab->report = story_report(lab->diff, compare(lab->diff));
}

static const char *written(struct lab *lab, const struct cp_format_options *options)
{
	struct cp_sink sink = mem_sink_of(&lab->mem);

	mem_free(&lab->mem);
	assert_int_equal(cp_rundiff_table.write(&sink, options, &lab->report), 0);
	return lab->mem.buf;
}

static void test_golden(void **state)
{
	static const struct cp_rec_warning warning = {"x", "something is not fair"};
	struct lab *lab = *state;

	begin(lab);
	lab->report.warnings = &warning;
	lab->report.n_warnings = 1;
	assert_string_equal(written(lab, NULL), golden);
}

static void test_side_by_side(void **state)
{
	struct lab *lab = *state;
	const char *text;

	begin(lab);
	lab->report.side_by_side = true;
	text = written(lab, NULL);
	assert_non_null(strstr(text, golden_sides));
	assert_null(strstr(text, "worse: zenn.dev"));
}

static void test_lines_fit_any_width(void **state)
{
	struct lab *lab = *state;

	begin(lab);
	for (unsigned width = 60; width <= 200; width++) {
		struct cp_format_options options = {.width = width};

		lab->report.side_by_side = width % 2;
		assert_no_line_wider(written(lab, &options), width);
		assert_null(strchr(lab->mem.buf, '\033'));
		assert_non_null(strstr(lab->mem.buf, "login.microsoft.com"));
	}
}

static void test_colours_only_when_asked(void **state)
{
	struct cp_format_options options = {.color = true};
	struct lab *lab = *state;
	const char *text;

	begin(lab);
	text = written(lab, &options);
	assert_non_null(strstr(text, "\033[31mworse\033[0m: zenn.dev"));
	assert_non_null(strstr(text, "\033[36mdirect\033[0m"));
	assert_non_null(strstr(text, "\033[31mtransit\033[0m"));
	assert_non_null(strstr(text, "\033[33mgone\033[0m"));
}

static void test_top(void **state)
{
	struct lab *lab = *state;

	begin(lab);
	lab->report.top = 2;
	written(lab, NULL);
	assert_non_null(strstr(lab->mem.buf, "zenn.dev"));
	assert_null(strstr(lab->mem.buf, "login.microsoft.com"));
	assert_non_null(strstr(lab->mem.buf, "… and 5 more (--top 0 shows all)"));
	lab->report.top = 1;
	lab->report.side_by_side = true;
	assert_non_null(strstr(written(lab, NULL), "… and 7 more targets (--top 0 shows all)"));
	lab->report.top = 0;
	assert_null(strstr(written(lab, NULL), "more"));
}

static void test_no_change(void **state)
{
	struct lab *lab = *state;

	for (int side = 0; side < CP_SIDES; side++)
		add_paths(lab->diff, &lab->strings, side, story_before, 7);
	lab->report = story_report(lab->diff, compare(lab->diff));
	written(lab, NULL);
	assert_non_null(strstr(lab->mem.buf, "\nNo change of verdict, exit, AS path or reach.\n"));
	assert_non_null(strstr(lab->mem.buf, "\ntargets   6 in both runs\npaths     7 in both runs\n"));
	assert_null(strstr(lab->mem.buf, "->  "));
}

/* Runs that share nothing, or are empty, have not proven that nothing changed. */
static void test_nothing_in_common(void **state)
{
	struct lab *lab = *state;

	lab->report = story_report(lab->diff, compare(lab->diff));
	assert_null(strstr(written(lab, NULL), "No change"));
	assert_non_null(strstr(lab->mem.buf, "not known in both"));
}

static void test_hostile_data_is_escaped(void **state)
{
	static char evil[] = "a\033]0;owned\007\nb\x9b"
	                     "31m\xc2\x9bK\xe2\x80\xae";
	struct cp_rec_warning warning = {.code = "x", .text = evil};
	struct lab *lab = *state;

	for (int side = 0; side < CP_SIDES; side++) {
		struct path_spec spec = {.host = evil,
		        .dest = "203.0.113.1",
		        .verdict = side == CP_BEFORE ? CP_DIRECT : CP_DETOUR,
		        .as_path = side == CP_BEFORE ? evil : "IXP:\033[2J",
		        .exit_asn = 1,
		        .ttl_min = 1,
		        .ttl_max = 2,
		        .site = evil,
		        .ixp = side == CP_BEFORE ? evil : "\033[2J"};

		add_path(lab->diff, &lab->strings, side, &spec);
		add_target(lab->diff, &lab->strings, side, evil, CP_INSIDE, "ok", side ? evil : "x", side ? "y" : evil);
	}
	assert_int_equal(cp_rundiff_add_as(lab->diff, 1, evil), 0);
	lab->report = story_report(lab->diff, compare(lab->diff));
	lab->report.runs[CP_BEFORE].name = lab->report.runs[CP_BEFORE].host = evil;
	lab->report.warnings = &warning;
	lab->report.n_warnings = 1;
	for (int i = 0; i < 2; i++) {
		lab->report.side_by_side = i;
		written(lab, NULL);
		assert_no_line_wider(lab->mem.buf, 80);
		for (const char *s = lab->mem.buf; *s; s++)
			assert_true(*s == '\n' || (unsigned char)*s >= 0x20);
		assert_null(strstr(lab->mem.buf, "\xc2\x9b"));
		assert_non_null(strstr(lab->mem.buf, "\\x1b]0;owned"));
	}
}

static void test_sink_error_is_returned(void **state)
{
	struct lab *lab = *state;
	struct cp_sink sink = mem_sink_of(&lab->mem);

	begin(lab);
	lab->mem.fail_at = 1;
	assert_int_equal(cp_rundiff_table.write(&sink, NULL, &lab->report), -EPIPE);
	assert_int_equal(lab->mem.n_after, 0);
}

static void test_formats_are_found(void **state)
{
	(void)state;
	assert_ptr_equal(cp_rundiff_format_find("table"), &cp_rundiff_table);
	assert_ptr_equal(cp_rundiff_format_find("ndjson"), &cp_rundiff_ndjson);
	assert_null(cp_rundiff_format_find("hops"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(test_golden),
	        TEST(test_side_by_side),
	        TEST(test_lines_fit_any_width),
	        TEST(test_colours_only_when_asked),
	        TEST(test_top),
	        TEST(test_no_change),
	        TEST(test_nothing_in_common),
	        TEST(test_hostile_data_is_escaped),
	        TEST(test_sink_error_is_returned),
	        cmocka_unit_test(test_formats_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
