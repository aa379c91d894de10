// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sample.c: writes a made-up run in an output format, for the tests that look
 * at the result with other programs: a browser, promtool.
 *
 * Usage: sample FORMAT story|hostile|N       N: so many destinations
 */
#include <stdio.h>

#include "../unit/story.h"

static const char *const groups[] = {
        "identity", "exchange-online", "teams", "sharepoint", "azure-platform", "controls"};
static const uint32_t outside[] = {13335, 16625, 20940};

static int to_stdout(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	return fwrite(data, 1, len, stdout) == len ? 0 : -5;
}

static char *text_of(const char *fmt, unsigned a, unsigned b)
{
	static char texts[8][80];
	static unsigned next;
	char *text = texts[next++ % 8];

	snprintf(text, sizeof(texts[0]), fmt, a, b);
	return text;
}

static void home_hops(struct fixture *fix, unsigned i, unsigned n)
{
	fix_hop(fix, NULL, 0, 0);
	fix_hop(fix, NULL, 0, 0);
	for (unsigned k = 0; k < n; k++) {
		struct cp_hop *hop =
		        fix_hop(fix, text_of("198.18.%u.%u", 10 + k, (i * 7 + k) % 40), 8075, 800 + 300 * k + i % 97);

		hop->n_mpls = k == 1;
		hop->mpls[0] = 24000u << 12;
	}
	fix_step(fix, CP_STEP_SILENT, 0, 1, 2);
	fix_step(fix, CP_STEP_AS, 8075, 3, (int)fix->path.n_hops);
}

static void foreign_hops(struct fixture *fix, uint32_t asn, unsigned i)
{
	int first = (int)fix->path.n_hops + 1;

	fix_hop(fix, text_of("198.19.%u.%u", asn % 200, i % 30), asn, 4000 + i % 500);
	fix_hop(fix, text_of("198.19.%u.%u", asn % 200, 100 + i % 30), asn, 5200 + i % 500);
	fix_step(fix, CP_STEP_AS, asn, first, first + 1);
}

/* Of a hundred: eighty inside, twelve direct, five in transit, two undecided, one on a detour. */
static void make_target(struct fixture *fix, unsigned i)
{
	static char host[64]; /* until the next one */
	unsigned kind = i * 37 % 100;
	uint32_t dest = kind < 80 || kind == 99 ? 8075 : outside[i % 3];
	int last_home;

	snprintf(host, sizeof(host), "host-%05u.%u.example", i, i % 7);
	fix_target(fix, host, text_of("203.0.%u.%u", 113 + i / 250 % 40, 1 + i % 250));
	fix->target.group = (char *)groups[kind < 80 ? i % 5 : 5];
	home_hops(fix, i, 4 + i % 3);
	last_home = (int)fix->path.n_hops - 1;
	fix->judgement.verdict = CP_INSIDE;
	if (kind >= 97 && kind < 99) {
		fix_hop(fix, NULL, 0, 0);
		fix->path.end = CP_END_GAP;
		fix->judgement.dest_origin = (struct cp_origin){.kind = CP_ORIGIN_AS, .n_asn = 1, .asn = {dest}};
		fix->judgement.verdict = CP_UNDECIDED;
		fix->judgement.confidence = CP_CONF_LOW;
		fix->judgement.reasons = WHY(NOT_REACHED) | WHY(SILENT_BORDER);
		return;
	}
	if (kind >= 80) {
		fix->judgement.verdict = kind < 92 ? CP_DIRECT : kind < 97 ? CP_TRANSIT : CP_DETOUR;
		foreign_hops(fix, kind < 92 ? dest : 3491, i);
		fix_exit(fix, last_home, last_home + 1);
	}
	fix_reached(fix, text_of("203.0.%u.%u", 113 + i / 250 % 40, 1 + i % 250), dest, 6500 + i % 3000);
	if (fix->judgement.verdict > CP_DIRECT)
		fix_step(fix, CP_STEP_AS, dest, (int)fix->path.n_hops, (int)fix->path.n_hops);
}

static void make_hostile(struct fixture *fix)
{
	static const char evil[] =
	        "</script><script>alert(1)</script><img src=x onerror=alert(2)>\033[31m\r\n\"'&\xff\xe2\x80\xae";

	story_outside(fix, evil, 3491, 13335);
	fix->target.group = (char *)"=cmd|' /C calc'!A0</td><!--";
	fix->judgement.verdict = CP_TRANSIT;
	fix_cname(fix, evil);
	fix->path.hops[1].ptr = evil;
	fix->judgement.origins[2] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = evil};
}

/* End to end: of seven destinations one loses something, and some more the greater their number is. */
static void measure(struct fixture *fix, unsigned i)
{
	static struct cp_quality_stats stats; /* until the next one */
	static uint32_t rtts_us[10];
	uint32_t scratch[10], n = i % 7 ? 10 : 9 - i % 6;

	stats = (struct cp_quality_stats){.n_sent = 10, .n_received = n};
	for (uint32_t k = 0; k < n; k++)
		rtts_us[k] = 6000 + i % 3000 + k * (i % 50);
	cp_quality_measure(rtts_us, n, scratch, &stats);
	fix->rec.e2e = &stats;
}

static int feed(const struct cp_format *format, void *ctx, const char *what, const struct cp_asdb *asdb)
{
	unsigned long n = strtoul(what, NULL, 10);
	struct fixture fix;
	int rc = 0;

	if (strcmp(what, "hostile") == 0) {
		make_hostile(&fix);
		measure(&fix, 0);
		return story_feed(format, ctx, &fix, asdb);
	}
	for (unsigned i = 0; i < n && rc == 0; i++) {
		make_target(&fix, i);
		fix.answer.cname[0] = NULL;
		measure(&fix, i);
		rc = story_feed(format, ctx, &fix, asdb);
	}
	return rc;
}

static int feed_story(const struct cp_format *format, void *ctx, const struct cp_asdb *asdb)
{
	struct fixture fix[STORY_TARGETS];
	int rc = 0;

	make_story(fix);
	for (int i = 0; i < STORY_TARGETS && rc == 0; i++)
		rc = story_feed(format, ctx, &fix[i], asdb);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct cp_sink sink = {.write = to_stdout};
	static uint32_t asns[] = {8068, 8075};
	const struct cp_format *format = argc == 3 ? cp_format_find(argv[1]) : NULL;
	struct cp_home home = {.asns = asns, .n = 2};
	struct cp_rec_start start = story_start();
	struct cp_asdb *asdb;
	void *ctx;
	int rc;

	if (!format) {
		fprintf(stderr, "usage: sample FORMAT story|hostile|N\n");
		return 2;
	}
	asdb = make_asdb();
	start.home = &home;
	rc = format->open(&sink, NULL, &ctx);
	if (rc)
		return 1;
	rc = format->start(ctx, &start);
	if (rc == 0)
		rc = strcmp(argv[2], "story") == 0 ? feed_story(format, ctx, asdb) : feed(format, ctx, argv[2], asdb);
	rc = rc ? rc : story_summary(format, ctx, asdb);
	rc = rc ? rc : story_end(format, ctx, "done", NULL);
	format->close(ctx);
	cp_asdb_free(asdb);
	return rc || fflush(stdout) ? 1 : 0;
}
