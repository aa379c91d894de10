// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_hops.c: a trace for people: the lines of one path, every flag, narrow
 * widths with long addresses, what is said of targets and ends.
 */
#include "story.h"

#include <errno.h>

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
	(void)state;
	for (unsigned width = 60; width <= 100; width++) {
		struct cp_format_options options = {.width = width};
		struct mem_sink mem = {0};
		struct cp_sink sink = mem_sink_of(&mem);
		struct cp_asdb *asdb = make_asdb();
		struct fixture fix;
		void *ctx;

		fix_target(&fix, "long.test", "2001:db8:1111:2222:3333:4444:5555:6666");
		fix_hop(&fix, "2001:db8:1111:2222:3333:4444:5555:7777", 3491, 123456789);
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

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(test_a_path_reads_well),
	        TEST(test_flags),
	        cmocka_unit_test(test_long_addresses_fit),
	        TEST(test_several_paths_end_in_one_word),
	        TEST(test_nothing_probed),
	        TEST(test_ends_are_said_once),
	        TEST(test_partial_and_accounting),
	        TEST(test_hostile_names_are_escaped),
	        cmocka_unit_test(test_sink_error_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
