// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_run_e2e.c: what a record says was measured end to end is read back as it was; what cannot be is refused.
 */
#include "story.h"

#include <stdio.h>

#include "import/run.h"

#define HEAD "{\"type\":\"path\",\"schema_version\":1,"

struct seen {
	struct cp_run_path path;
	struct cp_run_start start;
	struct cp_run_end end;
	size_t n_paths, n_bad;
	char why[128];
};

static int take_path(void *ctx, size_t line, const struct cp_run_path *rec)
{
	struct seen *seen = ctx;

	(void)line;
	seen->path = *rec;
	seen->n_paths++;
	return 0;
}

static int take_start(void *ctx, size_t line, const struct cp_run_start *rec)
{
	(void)line;
	((struct seen *)ctx)->start = *rec;
	return 0;
}

static int take_end(void *ctx, size_t line, const struct cp_run_end *rec)
{
	(void)line;
	((struct seen *)ctx)->end = *rec;
	return 0;
}

static void take_bad(void *ctx, size_t line, const char *why)
{
	struct seen *seen = ctx;

	(void)line;
	seen->n_bad++;
	snprintf(seen->why, sizeof(seen->why), "%s", why);
}

/* The strings of what was seen are gone. */
static void read_text(const char *text, size_t len, struct seen *seen)
{
	const struct cp_run_sink sink = {
	        .start = take_start, .path = take_path, .end = take_end, .bad = take_bad, .ctx = seen};
	struct cp_run_counts counts;
	struct cp_words *words;

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(cp_words_new(&words), 0);
	assert_int_equal(cp_run_read(text, len, words, &sink, &counts), 0);
	cp_words_free(words);
}

static void read_e2e(const char *e2e, struct seen *seen)
{
	char text[512];

	snprintf(text, sizeof(text), HEAD "\"e2e\":%s}", e2e);
	read_text(text, strlen(text), seen);
}

/* Samples are not written. */
static void test_written(void **state)
{
	static const uint32_t samples[] = {1000, 1100, 800, 900};
	struct cp_quality_stats stats = {.n_sent = 9, .n_received = 5, .n_refused = 1, .n_late = 2};
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_rec_start start = story_start();
	struct cp_asdb *asdb = make_asdb();
	struct fixture fix;
	struct seen seen;
	uint32_t scratch[4];
	void *ctx;

	(void)state;
	cp_quality_measure(samples, 4, scratch, &stats);
	start.n_e2e = 9;
	start.e2e_interval_ms = 111;
	story_outside(&fix, "zenn.dev", 3491, 13335);
	fix.rec.e2e = &stats;
	assert_int_equal(cp_format_ndjson.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_ndjson.start(ctx, &start), 0);
	assert_int_equal(story_feed(&cp_format_ndjson, ctx, &fix, asdb), 0);
	assert_int_equal(story_end(&cp_format_ndjson, ctx, "done", NULL), 0);
	cp_format_ndjson.close(ctx);
	read_text(mem.buf, strlen(mem.buf), &seen);
	assert_int_equal(seen.n_paths, 1);
	assert_int_equal(seen.n_bad, 0);
	assert_true(seen.path.has_e2e);
	stats.rtts_us = NULL;
	assert_memory_equal(&seen.path.e2e, &stats, sizeof(stats));
	assert_int_equal(seen.start.n_e2e, 9);
	assert_int_equal(seen.start.e2e_interval_ms, 111);
	assert_int_equal(seen.end.accounting.e2e_attempted, 0);
	mem_free(&mem);
	cp_asdb_free(asdb);
}

static void test_not_measured(void **state)
{
	struct seen seen;

	(void)state;
	read_e2e("null", &seen);
	assert_int_equal(seen.n_paths, 1);
	assert_false(seen.path.has_e2e);
}

/* In runs from before they were counted all answers had one; but no time makes none. */
static void test_rtts(void **state)
{
	struct seen seen;

	(void)state;
	read_e2e("{\"sent\":5,\"received\":4,\"rtt_min_us\":1,\"rtt_avg_us\":2,\"rtt_max_us\":3}", &seen);
	assert_int_equal(seen.path.e2e.n_rtts, 4);
	assert_int_equal(seen.path.e2e.rtt_p50_us, CP_QUALITY_UNKNOWN);
	assert_int_equal(seen.path.e2e.jitter_us, CP_QUALITY_UNKNOWN);
	read_e2e("{\"sent\":5,\"received\":4,\"rtts\":4}", &seen);
	assert_int_equal(seen.path.e2e.n_rtts, 0);
	assert_int_equal(seen.n_bad, 0);
}

static void test_bad(void **state)
{
	static const struct {
		const char *e2e, *why;
	} cases[] = {
	        {"{\"sent\":5,\"received\":6}", "e2e: more answers than probes end to end"},
	        {"{\"sent\":5,\"received\":4,\"refused\":1,\"late\":1}", "e2e: more answers than probes end to end"},
	        {"{\"sent\":5,\"received\":4,\"rtts\":5}", "e2e: more answers than probes end to end"},
	        {"{\"received\":4294967295,\"sent\":4294967295,\"late\":4294967295}",
	                "e2e: more answers than probes end to end"},
	        {"{\"sent\":4294967296}", "e2e: sent: the number is too large"},
	        {"{\"rtt_avg_us\":-1}", "e2e: rtt_avg_us: a whole number is wanted"},
	        {"5", "e2e: an object is wanted"},
	        {"[]", "e2e: an object is wanted"},
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_e2e(cases[i].e2e, &seen);
		assert_int_equal(seen.n_paths, 0);
		assert_string_equal(seen.why, cases[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_written),
	        cmocka_unit_test(test_not_measured),
	        cmocka_unit_test(test_rtts),
	        cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
