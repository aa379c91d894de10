// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_hops.c: a trace for people: the lines of one path, every flag, narrow
 * widths with long addresses, what is said of targets and ends.
 */
#include "story.h"

#include <errno.h>

#include "format/phrase.h"

struct trace {
	struct mem_sink mem;
	struct cp_asdb *asdb;
	void *ctx;
};

static int setup(void **state)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	struct cp_format_options options = {.width = 80};
	struct cp_sink sink;

	assert_non_null(trace);
	sink = mem_sink_of(&trace->mem);
	trace->asdb = make_asdb();
	*state = trace;
	return cp_format_hops.open(&sink, &options, &trace->ctx);
}

static int teardown(void **state)
{
	struct trace *trace = *state;

	cp_format_hops.close(trace->ctx);
	cp_format_hops.close(NULL);
	cp_asdb_free(trace->asdb);
	mem_free(&trace->mem);
	free(trace);
	return 0;
}

static void feed_path(struct trace *trace, struct fixture *fix)
{
	fix->rec.asdb = trace->asdb;
	assert_int_equal(cp_format_hops.path(trace->ctx, &fix->rec), 0);
}

static void feed_target(struct trace *trace, struct fixture *fix, size_t n_dests)
{
	struct cp_rec_target rec = {
	        .target = &fix->target, .answer = &fix->answer, .n_dests = n_dests, .verdict = fix->judgement.verdict};

	assert_int_equal(cp_format_hops.target(trace->ctx, &rec), 0);
}

static void test_a_path_reads_well(void **state)
{
	struct trace *trace = *state;
	struct fixture fix;

	story_outside(&fix, "zenn.dev", 3491, 13335);
	fix_cname(&fix, "edge.test");
	fix.judgement.verdict = CP_TRANSIT;
	fix.judgement.confidence = CP_CONF_MEDIUM;
	fix.judgement.reasons = WHY(SILENT_BORDER);
	feed_path(trace, &fix);
	feed_target(trace, &fix, 1); /* one path has said it all */
	assert_string_equal(trace->mem.buf,
	        "\n"
	        "zenn.dev 203.0.113.9 tcp port 443, flow 0\n"
	        "cname edge.test\n"
	        "   1  *\n"
	        "   2  198.18.0.1   AS8075 Microsoft      1.00 ms\n"
	        ">  3  198.18.2.1   AS3491 PCCW Global    1.50 ms\n"
	        "   4  198.18.3.1   AS13335 Cloudflare    1.80 ms\n"
	        "   5  203.0.113.9  AS13335 Cloudflare    2.00 ms  syn-ack\n"
	        "transit (confidence medium): * 8075 > 3491 PCCW Global 13335 Cloudflare\n"
	        "  Leaves home between TTL 2 (198.18.0.1) and TTL 3 (198.18.2.1, AS3491).\n"
	        "  Hops are silent where the path leaves home, so the exit is a range of TTLs,\n"
	        "  not a point.\n");
}

static void assert_line(struct trace *trace, const char *line)
{
	if (!strstr(trace->mem.buf, line))
		fail_msg("'%s' is not in:\n%s", line, trace->mem.buf);
}

static void unreachable(struct fixture *fix, const char *addr, uint8_t code)
{
	struct cp_hop *hop = fix_hop(fix, addr, 0, 1000);

	hop->kind = CP_REPLY_UNREACHABLE;
	hop->icmp_code = code;
}

static void test_flags(void **state)
{
	struct trace *trace = *state;
	struct fixture fix;
	struct cp_hop *hop;

	fix_target(&fix, "198.18.9.9", "198.18.9.9");
	fix.target.is_literal = true;
	unreachable(&fix, "198.18.0.1", 0);
	unreachable(&fix, "198.18.0.2", 1);
	unreachable(&fix, "198.18.0.3", 2);
	unreachable(&fix, "198.18.0.4", 4);
	unreachable(&fix, "198.18.0.5", 13);
	unreachable(&fix, "198.18.0.6", 5);
	unreachable(&fix, "2001:db8::7", 0);
	unreachable(&fix, "2001:db8::8", 1);
	unreachable(&fix, "2001:db8::9", 3);
	hop = fix_hop(&fix, "198.18.0.10", 0, 0);
	hop->flags = CP_HOP_LATE | CP_HOP_INFERRED | CP_HOP_QUOTE_MODIFIED | CP_HOP_OTHER_ADDR;
	hop = fix_hop(&fix, "198.18.0.11", 0, 1000);
	hop->n_mpls = 2;
	hop->mpls[0] = 24001u << 12;
	hop->mpls[1] = 17u << 12;
	hop = fix_hop(&fix, "198.18.0.12", 0, 0);
	hop->kind = CP_REPLY_NONE;
	hop->flags = CP_HOP_INFERRED | CP_HOP_LIMITED;
	hop = fix_hop(&fix, "::", 0, 0);
	hop->kind = CP_REPLY_NONE;
	hop->flags = CP_HOP_LIMITED;
	fix_hop(&fix, "198.18.0.14", 0, 0)->flags = CP_HOP_OTHER_ADDR | CP_HOP_PER_PACKET;
	fix.judgement.origins[0] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = "Lab-IX"};
	fix.judgement.origins[1] = (struct cp_origin){.kind = CP_ORIGIN_SPECIAL, .label = "benchmarking"};
	fix.judgement.origins[2] = (struct cp_origin){.kind = CP_ORIGIN_AS, .n_asn = 2, .asn = {8075, 3491}};
	feed_path(trace, &fix);
	assert_line(trace, "198.18.0.1   IXP:Lab-IX           1.00 ms  !N\n");
	assert_line(trace, "198.18.0.2   benchmarking         1.00 ms  !H\n");
	assert_line(trace, "198.18.0.3   AS8075+ Microsoft    1.00 ms  !P\n");
	assert_line(trace, "198.18.0.4   AS unknown           1.00 ms  !F\n");
	assert_line(trace, "1.00 ms  !A\n");
	assert_line(trace, "1.00 ms  !5\n");
	assert_line(trace, "2001:db8::7  AS unknown           1.00 ms  !N\n");
	assert_line(trace, "2001:db8::8  AS unknown           1.00 ms  !A\n");
	assert_line(trace, "2001:db8::9  AS unknown           1.00 ms  !H\n");
	assert_line(trace, "198.18.0.10  AS unknown                 ?  ~ late rewritten varies\n");
	assert_line(trace, "1.00 ms  MPLS 24001, 17\n");
	assert_line(trace, "198.18.0.12  AS unknown                 ?  ~ limited\n");
	assert_line(trace, "  13  *  limited\n");
	assert_line(trace, "198.18.0.14  AS unknown                 ?  varies per packet\n");
}

static void test_long_addresses_fit(void **state)
{
	static const char name[] = "a-rather-long-name-of-an-interface.of-a-router.at-a-site.of.a.network.example";

	(void)state;
	for (unsigned width = 60; width <= 100; width++) {
		struct cp_format_options options = {.width = width};
		struct mem_sink mem = {0};
		struct cp_sink sink = mem_sink_of(&mem);
		struct cp_asdb *asdb = make_asdb();
		struct fixture fix;
		void *ctx;

		fix_target(&fix, "long.test", "2001:db8:1111:2222:3333:4444:5555:6666");
		fix_hop(&fix, "2001:db8:1111:2222:3333:4444:5555:7777", 3491, 123456789)->ptr = name;
		fix_reached(&fix, "2001:db8:1111:2222:3333:4444:5555:6666", 13335, 2000);
		fix.rec.asdb = asdb;
		assert_int_equal(cp_format_hops.open(&sink, &options, &ctx), 0);
		assert_int_equal(cp_format_hops.path(ctx, &fix.rec), 0);
		assert_no_line_wider(mem.buf, width);
		assert_non_null(strstr(mem.buf, "2001:db8:1111:2222:3333:4444:5555:7777"));
		assert_non_null(strstr(mem.buf, "AS13335"));
		assert_null(strchr(mem.buf, '\033'));
		cp_format_hops.close(ctx);
		cp_asdb_free(asdb);
		mem_free(&mem);
	}
}

static const char *name_in(const char *ptr, unsigned columns)
{
	static char buf[512];

	return cp_phrase_router(ptr, columns, buf, sizeof(buf));
}

static void test_names_are_shortened(void **state)
{
	static const char ms[] = "be-1-0.ibr01.fra.ntwk.msn.net", other[] = "bg-10.br01.ams02.pccwbtn.net";

	(void)state;
	assert_string_equal(name_in(ms, 41), "be-1-0.ibr01.fra.ntwk.msn.net (Frankfurt)");
	assert_string_equal(name_in(ms, 40), "be-1-0.ibr01.fra (Frankfurt)");
	assert_string_equal(name_in(ms, 28), "be-1-0.ibr01.fra (Frankfurt)");
	assert_string_equal(name_in(ms, 27), "be-1-0.ibr01.fra");
	assert_string_equal(name_in(ms, 16), "be-1-0.ibr01.fra");
	assert_string_equal(name_in(ms, 15), "…ibr01.fra");
	assert_string_equal(name_in(ms, 9), "…fra");
	assert_string_equal(name_in(ms, 3), "");
	assert_string_equal(name_in("ae1.rwa02.dm4.ntwk.msn.net", 26), "ae1.rwa02.dm4.ntwk.msn.net");
	assert_string_equal(name_in("ae1.rwa02.dm4.ntwk.msn.net", 25), "ae1.rwa02.dm4");
	assert_string_equal(name_in("ae1.rwa02.dm4.ntwk.msn.net.", 13), "ae1.rwa02.dm4");
	assert_string_equal(name_in(other, 28), other);
	assert_string_equal(name_in(other, 27), "…br01.ams02.pccwbtn.net");
	assert_string_equal(name_in(other, 22), "…ams02.pccwbtn.net");
	assert_string_equal(name_in(other, 4), "…net");
	assert_string_equal(name_in(other, 3), "");
	assert_string_equal(name_in("oneword", 6), "");
	assert_string_equal(name_in("x.", 1), "");
	assert_string_equal(name_in("", 0), "");
	assert_string_equal(name_in("...", 1), "");
	/* What is escaped takes more columns than it has bytes. */
	assert_string_equal(name_in("\033.lab", 8), "\033.lab");
	assert_string_equal(name_in("\033.lab", 7), "…lab");
}

static void test_names_stand_behind_the_round_trip(void **state)
{
	struct trace *trace = *state;
	struct fixture fix;

	story_outside(&fix, "zenn.dev", 3491, 13335);
	fix.path.hops[1].ptr = "ae2-0.sof01-96cbe-1a.ntwk.msn.net";
	fix.path.hops[2].ptr = "bg-10.br01.ams02.pccwbtn.net";
	fix.path.hops[2].n_mpls = 1;
	fix.path.hops[2].mpls[0] = 24001u << 12;
	fix.path.hops[3].ptr = "\033]0;x\007\n.\xff.lab";
	feed_path(trace, &fix);
	assert_line(trace, "   2  198.18.0.1   AS8075 Microsoft      1.00 ms  ae2-0.sof01-96cbe-1a (Sofia)\n");
	assert_line(trace, ">  3  198.18.2.1   AS3491 PCCW Global    1.50 ms  …pccwbtn.net  MPLS 24001\n");
	assert_line(trace, "   4  198.18.3.1   AS13335 Cloudflare    1.80 ms  \\x1b]0;x\\x07\\x0a.\xef\xbf\xbd.lab\n");
	assert_line(trace, "  Leaves home between TTL 2 (198.18.0.1, Sofia) and TTL 3 (198.18.2.1, AS3491).\n");
	fix.path.hops[1].ptr = "be1013.rwa02.dm4.ntwk.msn.net"; /* a site without a city */
	feed_path(trace, &fix);
	assert_line(trace, "TTL 2 (198.18.0.1, dm4) and");
}

static void test_several_paths_end_in_one_word(void **state)
{
	struct trace *trace = *state;
	struct fixture fix;

	story_outside(&fix, "zenn.dev", 0, 13335);
	feed_path(trace, &fix);
	feed_path(trace, &fix);
	feed_target(trace, &fix, 2);
	assert_line(trace, "\nzenn.dev: direct is the worst of its 2 paths\n");
}

static void test_nothing_probed(void **state)
{
	struct trace *trace = *state;
	struct fixture fix;

	fix_target(&fix, "gone.test", NULL);
	feed_target(trace, &fix, 0);
	assert_string_equal(trace->mem.buf, "\ngone.test: not probed: dns_nxdomain\n");
}

static void test_ends_are_said_once(void **state)
{
	static const struct {
		enum cp_end end;
		const char *sentence;
	} ends[] = {
	        {CP_END_UNREACHABLE, "A router said"},
	        {CP_END_LOOP, "runs in a loop"},
	        {CP_END_GAP, "Nothing answered from there on"},
	        {CP_END_MAX_TTL, "The highest TTL"},
	        {CP_END_INTERRUPTED, "The run stopped before"},
	};
	struct trace *trace = *state;
	const char *first;
	struct fixture fix;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		trace->mem.len = 0;
		fix_target(&fix, "a.test", "203.0.113.9");
		fix_hop(&fix, "198.18.0.1", 8075, 1000);
		fix.path.end = (uint8_t)ends[i].end;
		fix.judgement.reasons = WHY(LOOP) | WHY(INTERRUPTED);
		feed_path(trace, &fix);
		first = strstr(trace->mem.buf, ends[i].sentence);
		assert_non_null(first);
		assert_null(strstr(first + 1, ends[i].sentence));
	}
}

static void test_partial_and_accounting(void **state)
{
	struct trace *trace = *state;

	assert_int_equal(story_end(&cp_format_hops, trace->ctx, "interrupted", NULL), 0);
	assert_line(trace, "0 lost, 4 rejected (token 3, unsent 1)\n");
	assert_line(trace, "\nINTERRUPTED: the results are partial.\n");
}

static void test_hostile_names_are_escaped(void **state)
{
	static char evil[] = "x\033[2J\ny";
	struct trace *trace = *state;
	struct fixture fix;

	story_outside(&fix, evil, 0, 13335);
	fix_cname(&fix, evil);
	fix.judgement.origins[1] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = evil};
	feed_path(trace, &fix);
	feed_path(trace, &fix);
	feed_target(trace, &fix, 1);
	assert_null(strchr(trace->mem.buf, '\033'));
	assert_null(strstr(trace->mem.buf, "\ny"));
	assert_line(trace, "IXP:x\\x1b[2J\\x0ay");
	assert_line(trace, "cname x\\x1b[2J\\x0ay\n");
}

static void test_sink_error_is_returned(void **state)
{
	struct mem_sink mem = {.fail_at = 1};
	struct cp_sink sink = mem_sink_of(&mem);
	struct fixture fix;
	void *ctx;

	(void)state;
	story_inside(&fix, "login.microsoft.com", 8075);
	assert_int_equal(cp_format_hops.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_hops.path(ctx, &fix.rec), -EPIPE);
	assert_int_equal(cp_format_hops.path(ctx, &fix.rec), -EPIPE);
	assert_int_equal(mem.n_after, 0);
	cp_format_hops.close(ctx);
}

/* What the flows of a target say together, when they differ. */
static void test_flows_line(void **state)
{
	static const struct cp_combined combined = {
	        .verdict = CP_TRANSIT,
	        .n_paths = 8,
	        .by_verdict = {[CP_INSIDE] = 6, [CP_TRANSIT] = 2},
	        .exits = {{.asn = 3491, .n_paths = 2}},
	        .n_exits = 1,
	};
	struct trace *trace = *state;
	struct fixture fix;
	struct cp_rec_target rec = {.target = &fix.target, .n_dests = 1, .combined = &combined};

	story_outside(&fix, "mixed.test", 3491, 13335);
	feed_path(trace, &fix);
	feed_path(trace, &fix);
	rec.answer = &fix.answer;
	rec.verdict = CP_TRANSIT;
	rec.asdb = trace->asdb;
	assert_int_equal(cp_format_hops.target(trace->ctx, &rec), 0);
	assert_non_null(
	        strstr(trace->mem.buf, "mixed.test: transit is the worst of its 2 paths\n"
	                               "flows  6 of 8 inside, 2 of 8 transit; 2 of 8 leave home through AS3491 PCCW\n"
	                               "  Global\n"));
}

/* With --explain: what holds for the run is said once, reasons in the explanation only; nothing is wider than asked. */
static void test_explain(void **state)
{
	(void)state;
	for (unsigned width = 60; width <= 120; width += 20) {
		struct cp_format_options options = {.width = width, .explain = true};
		struct cp_rec_start start = story_start();
		const struct cp_home home = {.asns = (uint32_t[]){8068, 8075}, .n = 2};
		struct mem_sink mem = {0};
		struct cp_sink sink = mem_sink_of(&mem);
		struct fixture fix;
		void *ctx;

		start.home = &home;
		story_outside(&fix, "zenn.dev", 0, 13335);
		fix.judgement.rule = CP_RULE_TWO_NETWORKS;
		fix.judgement.vantage_asn = 8075;
		fix.judgement.reasons = WHY(CNAME_CDN);
		fix.rec.start = &start;
		assert_int_equal(cp_format_hops.open(&sink, &options, &ctx), 0);
		assert_int_equal(cp_format_hops.path(ctx, &fix.rec), 0);
		assert_int_equal(cp_format_hops.path(ctx, &fix.rec), 0);
		cp_format_hops.close(ctx);
		assert_no_line_wider(mem.buf, width);
		assert_non_null(strstr(mem.buf, "  rule         two-networks: "));
		assert_non_null(strstr(mem.buf, "  reasons      cname-cdn: A CNAME chain "));
		assert_null(strstr(mem.buf, "\n  A CNAME chain"));
		assert_non_null(strstr(mem.buf, "Home is microsoft: AS8068, AS8075."));
		assert_null(strstr(strstr(mem.buf, "Home is") + 1, "Home is"));
		mem_free(&mem);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(test_a_path_reads_well),
	        TEST(test_flags),
	        cmocka_unit_test(test_long_addresses_fit),
	        cmocka_unit_test(test_names_are_shortened),
	        TEST(test_names_stand_behind_the_round_trip),
	        TEST(test_several_paths_end_in_one_word),
	        TEST(test_nothing_probed),
	        TEST(test_ends_are_said_once),
	        TEST(test_partial_and_accounting),
	        TEST(test_hostile_names_are_escaped),
	        TEST(test_flows_line),
	        cmocka_unit_test(test_explain),
	        cmocka_unit_test(test_sink_error_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
