// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_e2e.c: end-to-end quality in every format that has a place for it, of
 * one destination that lost a fifth and one that never answered.
 */
#include "story.h"

#include <stdio.h>

static const uint32_t samples[] = {1000, 1100, 800, 900};

/* Five sent, four answered; one answer came too late. */
static struct cp_quality_stats some_lost(void)
{
	struct cp_quality_stats stats = {.n_sent = 5, .n_received = 4, .n_late = 1};
	uint32_t scratch[4];

	cp_quality_measure(samples, 4, scratch, &stats);
	return stats;
}

static struct cp_quality_stats all_lost(void)
{
	struct cp_quality_stats stats = {.n_sent = 3, .n_refused = 3};

	cp_quality_measure(NULL, 0, NULL, &stats);
	return stats;
}

/* A run of two targets, the first with two flows: what a format writes of it. */
static void tell(const struct cp_format *format, const struct cp_quality_stats *first,
        const struct cp_quality_stats *second, struct mem_sink *mem)
{
	struct cp_sink sink = mem_sink_of(mem);
	struct cp_rec_start start = story_start();
	struct cp_asdb *asdb = make_asdb();
	struct fixture fix[2];
	void *ctx;

	story_outside(&fix[0], "zenn.dev", 0, 13335);
	story_outside(&fix[1], "hot.zenn.dev", 0, 13335);
	fix[0].target.group = "one";
	fix[1].target.group = "two";
	fix[0].rec.e2e = first;
	fix[1].rec.e2e = second;
	assert_int_equal(format->open(&sink, NULL, &ctx), 0);
	assert_int_equal(format->start(ctx, &start), 0);
	fix[0].rec.asdb = fix[1].rec.asdb = asdb;
	assert_int_equal(format->path(ctx, &fix[0].rec), 0);
	fix[0].path.flow = 1;
	assert_int_equal(story_feed(format, ctx, &fix[0], asdb), 0);
	assert_int_equal(story_feed(format, ctx, &fix[1], asdb), 0);
	assert_int_equal(story_summary(format, ctx, asdb), 0);
	assert_int_equal(story_end(format, ctx, "done", NULL), 0);
	format->close(ctx);
	cp_asdb_free(asdb);
}

static void assert_says(const struct mem_sink *mem, const char *text)
{
	if (!strstr(mem->buf, text))
		fail_msg("no '%s' in:\n%s", text, mem->buf);
}

static void assert_silent(const struct cp_format *format, const char *text)
{
	struct mem_sink mem = {0};

	tell(format, NULL, NULL, &mem);
	if (strstr(mem.buf, text))
		fail_msg("there is '%s' in:\n%s", text, mem.buf);
	mem_free(&mem);
}

static void test_ndjson(void **state)
{
	struct cp_quality_stats some = some_lost(), none = all_lost();
	struct mem_sink mem = {0};

	(void)state;
	tell(&cp_format_ndjson, &some, &none, &mem);
	assert_says(&mem, "\"e2e\":{\"sent\":5,\"received\":4,\"loss_pct\":20.00,\"refused\":0,\"late\":1,"
	                  "\"rtts\":4,\"rtt_min_us\":800,\"rtt_avg_us\":950,\"rtt_max_us\":1100,\"rtt_p50_us\":900,"
	                  "\"rtt_p95_us\":1100,\"rtt_p99_us\":1100,\"jitter_us\":29,\"jitter_mean_us\":167}");
	assert_says(&mem, "\"e2e\":{\"sent\":3,\"received\":0,\"loss_pct\":100.00,\"refused\":3,\"late\":0,"
	                  "\"rtts\":0,\"rtt_min_us\":null,\"rtt_avg_us\":null,\"rtt_max_us\":null,\"rtt_p50_us\":null,"
	                  "\"rtt_p95_us\":null,\"rtt_p99_us\":null,\"jitter_us\":null,\"jitter_mean_us\":null}");
	mem_free(&mem);
	assert_silent(&cp_format_ndjson, "\"e2e\":{");
}

static void test_csv(void **state)
{
	struct cp_quality_stats some = some_lost(), none = all_lost();
	struct mem_sink mem = {0};

	(void)state;
	tell(&cp_format_csv, &some, &none, &mem);
	assert_says(&mem, "zenn.dev,443,tcp,one,,direct");
	assert_says(&mem, ",5,4,20.00,800,950,1100,900,1100,1100,29,167\n");
	assert_says(&mem, ",3,0,100.00,,,,,,,,\n");
	mem_free(&mem);
}

static void test_datadog(void **state)
{
	struct cp_quality_stats some = some_lost(), none = all_lost();
	struct mem_sink mem = {0};

	(void)state;
	tell(&cp_format_datadog, &some, &none, &mem);
	assert_says(&mem, "\"e2e_probe\":{\"rtts\":[1.000,1.100,0.800,0.900],\"packets_sent\":5,\"packets_received\":4,"
	                  "\"packet_loss_percentage\":0.2000,\"jitter\":0.167,"
	                  "\"rtt\":{\"avg\":0.950,\"min\":0.800,\"max\":1.100}}");
	assert_says(&mem, "\"e2e_probe\":{\"rtts\":[],\"packets_sent\":3,\"packets_received\":0,"
	                  "\"packet_loss_percentage\":1.0000,\"jitter\":null,\"rtt\":null}");
	mem_free(&mem);
	some.rtts_us = NULL; /* read from a record */
	tell(&cp_format_datadog, &some, &none, &mem);
	assert_says(&mem, "\"e2e_probe\":{\"rtts\":null,\"packets_sent\":5,");
	mem_free(&mem);
}

static void test_hops(void **state)
{
	struct cp_quality_stats some = some_lost(), none = all_lost(), unmeasured = {0};
	struct mem_sink mem = {0};

	(void)state;
	tell(&cp_format_hops, &some, &none, &mem);
	assert_says(&mem, "  end to end: 4 of 5 probes answered, 20.00 % lost (1 answered too late), RTT\n"
	                  "  min/p50/p95/max 0.80/0.90/1.10/1.10 ms, jitter 0.03 ms\n");
	assert_says(&mem, "  end to end: 0 of 3 probes answered, 100.00 % lost (3 refused by a router)\n");
	mem_free(&mem);
	some.n_rtts = 0; /* UDP */
	tell(&cp_format_hops, &some, &unmeasured, &mem);
	assert_says(&mem, "RTT\n  unknown, as these answers name no probe\n");
	assert_says(&mem, "end to end: the run stopped before it was probed\n");
	mem_free(&mem);
	assert_silent(&cp_format_hops, "end to end");
}

/* A destination counts once, however many flows lead there. */
static void test_table(void **state)
{
	struct cp_quality_stats some = some_lost(), none = all_lost();
	struct mem_sink mem = {0};

	(void)state;
	tell(&cp_format_table, &some, &none, &mem);
	assert_says(&mem, "8 probes end to end to 2 destinations, 50.00 % lost at 2 of them, RTT\n"
	                  "  min/avg/max 0.80/0.95/1.10 ms\n");
	mem_free(&mem);
	assert_silent(&cp_format_table, "end to end");
}

static void test_prom(void **state)
{
	struct cp_quality_stats some = some_lost(), none = all_lost();
	struct mem_sink mem = {0};

	(void)state;
	tell(&cp_format_prom, &some, &none, &mem);
	assert_says(&mem, "\ncoldpotato_e2e_probes{group=\"one\",state=\"sent\"} 5\n"
	                  "coldpotato_e2e_probes{group=\"one\",state=\"received\"} 4\n"
	                  "coldpotato_e2e_probes{group=\"two\",state=\"sent\"} 3\n"
	                  "coldpotato_e2e_probes{group=\"two\",state=\"received\"} 0\n");
	assert_says(&mem, "\ncoldpotato_e2e_destinations{group=\"one\",lossy=\"true\"} 1\n"
	                  "coldpotato_e2e_destinations{group=\"one\",lossy=\"false\"} 0\n");
	assert_says(&mem, "\ncoldpotato_e2e_loss_ratio{group=\"one\"} 0.200000\n"
	                  "coldpotato_e2e_loss_ratio{group=\"two\"} 1.000000\n");
	assert_says(&mem, "\n# TYPE coldpotato_e2e_rtt_seconds summary\n"
	                  "coldpotato_e2e_rtt_seconds{group=\"one\",quantile=\"0.5\"} 0.000900\n"
	                  "coldpotato_e2e_rtt_seconds{group=\"one\",quantile=\"0.95\"} 0.000900\n"
	                  "coldpotato_e2e_rtt_seconds{group=\"one\",quantile=\"0.99\"} 0.000900\n"
	                  "coldpotato_e2e_rtt_seconds_sum{group=\"one\"} 0.000900\n"
	                  "coldpotato_e2e_rtt_seconds_count{group=\"one\"} 1\n"
	                  "# HELP coldpotato_e2e_rtt_min_seconds");
	assert_says(&mem, "\ncoldpotato_e2e_rtt_min_seconds{group=\"one\"} 0.000800\n");
	assert_says(&mem, "\ncoldpotato_e2e_rtt_avg_seconds{group=\"one\"} 0.000950\n");
	assert_says(&mem, "\ncoldpotato_e2e_rtt_max_seconds{group=\"one\"} 0.001100\n"
	                  "# HELP coldpotato_e2e_jitter_seconds");
	assert_says(&mem, "\ncoldpotato_e2e_jitter_seconds{group=\"one\"} 0.000167\n");
	mem_free(&mem);
	assert_silent(&cp_format_prom, "e2e_");
}

static void test_html(void **state)
{
	struct cp_quality_stats some = some_lost(), none = all_lost();
	struct mem_sink mem = {0};

	(void)state;
	tell(&cp_format_html, &some, &none, &mem);
	assert_says(&mem, "<th class=\"num\">Loss</th><th class=\"num\">Median RTT</th><th class=\"num\">Jitter</th>");
	assert_says(&mem,
	        "<td class=\"num lossy\">20.00 %</td><td class=\"num\">0.90 ms</td><td class=\"num\">29 µs</td></tr>");
	assert_says(&mem, "<td class=\"num lossy\">100.00 %</td><td class=\"num\">–</td><td class=\"num\">–</td></tr>");
	assert_says(&mem, "<tr><th scope=\"row\">one</th><td class=\"num\">1</td><td class=\"num\">1</td>"
	                  "<td class=\"num\">5</td><td class=\"num\">20.00 %</td><td>20.00 % <span class=\"note\">"
	                  "zenn.dev</span></td><td>0.90 ms <span");
	assert_says(&mem, "\"4 of 5 probes answered, 20.00 % lost (1 answered too late), RTT min/p50/p95/max "
	                  "0.80/0.90/1.10/1.10 ms, jitter 0.03 ms\"]");
	assert_says(&mem, ",2000,900,29]");
	assert_says(&mem, ",10000,-1,-1]");
	mem_free(&mem);
	assert_silent(&cp_format_html, "id=\"quality");
	assert_silent(&cp_format_html, ">Median RTT<");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_ndjson),
	        cmocka_unit_test(test_csv),
	        cmocka_unit_test(test_datadog),
	        cmocka_unit_test(test_hops),
	        cmocka_unit_test(test_table),
	        cmocka_unit_test(test_prom),
	        cmocka_unit_test(test_html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
