/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * story.h: a small audit for the tests of the formats for people: a few names
 * of each outcome, fed to a format as a run would feed it.
 */
#ifndef CP_TEST_STORY_H
#define CP_TEST_STORY_H

#include "records.h"

/* "* 8075 … > neighbour … destination", each with one router; neighbour 0: none in between. */
static inline void story_outside(struct fixture *fix, const char *host, uint32_t neighbour, uint32_t dest)
{
	fix_target(fix, host, "203.0.113.9");
	fix_hop(fix, NULL, 0, 0);
	fix_hop(fix, "198.18.0.1", 8075, 1000);
	fix_step(fix, CP_STEP_SILENT, 0, 1, 1);
	fix_step(fix, CP_STEP_AS, 8075, 2, 2);
	if (neighbour) {
		fix_hop(fix, "198.18.2.1", neighbour, 1500);
		fix_step(fix, CP_STEP_AS, neighbour, 3, 3);
	}
	fix_hop(fix, "198.18.3.1", dest, 1800);
	fix_reached(fix, "203.0.113.9", dest, 2000);
	fix_step(fix, CP_STEP_AS, dest, (int)fix->path.n_hops - 1, (int)fix->path.n_hops);
	fix_exit(fix, 1, 2);
	fix->judgement.verdict = CP_DIRECT;
}

static inline void story_inside(struct fixture *fix, const char *host, uint32_t dest)
{
	fix_target(fix, host, "198.18.77.7");
	fix_hop(fix, NULL, 0, 0);
	fix_hop(fix, "198.18.0.1", 8075, 1000);
	fix_reached(fix, "198.18.77.7", dest, 1200);
	fix_step(fix, CP_STEP_SILENT, 0, 1, 1);
	fix_step(fix, CP_STEP_AS, 8075, 2, dest == 8075 ? 3 : 2);
	if (dest != 8075)
		fix_step(fix, CP_STEP_AS, dest, 3, 3);
	fix->judgement.verdict = CP_INSIDE;
}

static inline void story_undecided(struct fixture *fix, const char *host)
{
	fix_target(fix, host, "2001:db8:1234:5678:9abc:def0:1234:5678");
	fix_hop(fix, NULL, 0, 0);
	fix_hop(fix, NULL, 0, 0);
	fix_step(fix, CP_STEP_SILENT, 0, 1, 3);
	fix->path.end = CP_END_GAP;
	fix->judgement.dest_origin = (struct cp_origin){.kind = CP_ORIGIN_AS, .n_asn = 1, .asn = {13335}};
	fix->judgement.verdict = CP_UNDECIDED;
	fix->judgement.confidence = CP_CONF_LOW;
	fix->judgement.reasons = WHY(NO_EVIDENCE) | WHY(NOT_REACHED);
}

enum { STORY_TARGETS = 9 };

static inline void make_story(struct fixture fix[STORY_TARGETS])
{
	story_outside(&fix[0], "zenn.dev", 0, 13335);
	fix[0].target.group = (char *)"controls";
	story_outside(&fix[1], "hot.zenn.dev", 3491, 13335);
	fix[1].target.group = (char *)"controls";
	fix[1].judgement.verdict = CP_TRANSIT;
	fix[1].judgement.confidence = CP_CONF_MEDIUM;
	fix[1].judgement.reasons = WHY(SILENT_BORDER);
	story_inside(&fix[2], "203.0.113.77", 8075);
	fix[2].target.is_literal = true;
	story_inside(&fix[3], "login.microsoft.com", 8075);
	story_inside(&fix[4], "security.microsoft.com", 8068);
	fix[4].judgement.reasons = WHY(SIBLINGS);
	story_outside(&fix[5], "www.microsoft.com", 0, 16625);
	fix[5].judgement.reasons = WHY(CNAME_CDN);
	fix_cname(&fix[5], "www.microsoft.com-c-3.edgekey.test");
	fix_cname(&fix[5], "e13678.dscb.akamaiedge.test");
	story_outside(&fix[6], "www.xbox.com", 20940, 16625);
	fix[6].judgement.reasons = WHY(SIBLINGS);
	story_undecided(&fix[7], "quiet.example");
	fix_target(&fix[8], "gone.microsoft.com", NULL);
	for (int i = 2; i < STORY_TARGETS; i++)
		fix[i].target.group = (char *)"m365";
}

static inline struct cp_accounting story_accounting(void)
{
	return (struct cp_accounting){
	        .attempted = 1234,
	        .transmitted = 1230,
	        .tx_errors = 0,
	        .blocked = 4,
	        .replied = 30,
	        .timed_out = 1200,
	        .matched = 33,
	        .duplicates = 2,
	        .late = 1,
	        .rejected_token = 3,
	        .rejected_unsent = 1,
	        .probing_ns = 122900000,
	        .total_ns = 1400000000,
	        .n_targets = STORY_TARGETS,
	        .n_unresolved = 1,
	        .n_dests = 8,
	        .n_paths = 8,
	        .n_complete = 7,
	        .n_hops = 60,
	        .n_hops_seen = 41,
	};
}

static inline struct cp_rec_start story_start(void)
{
	static const char *const interfaces[] = {"eth0"};
	static const struct cp_rec_database databases[] = {
	        {.layer = "database", .name = "asn.mmdb", .n_rows = 515158, .built_at_s = 1782864000},
	        {.layer = "builtin", .name = "built-in", .n_rows = 900, .built_at_s = CP_UNKNOWN},
	};

	return (struct cp_rec_start){
	        .version = "0.1.0",
	        .command = "audit",
	        .wall_ms = 1784116800000,
	        .mono_ns = 5,
	        .host = "vm-weu-01",
	        .datapath = "tc-tcx",
	        .datapath_why = "rate at most 200,000 pps",
	        .interfaces = interfaces,
	        .n_interfaces = 1,
	        .rate_pps = 10000,
	        .n_senders = 1,
	        .first_ttl = 1,
	        .max_ttl = 32,
	        .attempts = 2,
	        .timeout_ms = 1000,
	        .n_flows = 1,
	        .seed = 42,
	        .resolver = "198.18.0.53:53",
	        .vantage = {.asn = 8075, .why = "azure-dmi"},
	        .home_spec = "microsoft",
	        .databases = databases,
	        .n_databases = 2,
	        .n_targets = STORY_TARGETS,
	        .n_dests = 8,
	};
}

/* Feeds one path and its target. The first error is returned. */
static inline int story_feed(const struct cp_format *format, void *ctx, struct fixture *fix, const struct cp_asdb *asdb)
{
	bool resolved = fix->answer.n_addrs > 0;
	struct cp_rec_target target = {.target = &fix->target,
	        .answer = &fix->answer,
	        .n_dests = resolved,
	        .verdict = fix->judgement.verdict,
	        .skip_reason = resolved ? NULL : "dns_nxdomain"};
	int rc = 0;

	fix->rec.asdb = asdb;
	if (resolved)
		rc = format->path(ctx, &fix->rec);
	return rc ? rc : format->target(ctx, &target);
}

static inline int story_summary(const struct cp_format *format, void *ctx, const struct cp_asdb *asdb)
{
	static const struct cp_egress_row rows[] = {
#define ROW(number, what, paths, ...)                                                                                  \
	{.asn = number,                                                                                                \
	        .role = what,                                                                                          \
	        .n_paths = paths,                                                                                      \
	        .n_dests = paths,                                                                                      \
	        .n_targets = paths,                                                                                    \
	        .handover_p50_us = CP_EGRESS_UNKNOWN,                                                                  \
	        .handover_p95_us = CP_EGRESS_UNKNOWN,                                                                  \
	        .handover_p99_us = CP_EGRESS_UNKNOWN,                                                                  \
	        .cold_share_pct = CP_EGRESS_UNKNOWN}
	        ROW(8075, CP_ROLE_HOME, 7),
	        ROW(8068, CP_ROLE_HOME, 1),
	        {.asn = 13335,
	                .role = CP_ROLE_EXIT,
	                .n_paths = 1,
	                .n_exit_routers = 1,
	                .n_groups = 2,
	                .n_replies = 3,
	                .n_probes = 4,
	                .n_unanswered = 1,
	                .handover_p50_us = 1800,
	                .handover_p95_us = 12345,
	                .handover_p99_us = 12345,
	                .cold_share_pct = 50},
	        ROW(13335, CP_ROLE_DEST, 3),
	        {.label = "Lab-IX Frankfurt",
	                .role = CP_ROLE_IXP,
	                .n_paths = 1,
	                .handover_p50_us = CP_EGRESS_UNKNOWN,
	                .handover_p95_us = CP_EGRESS_UNKNOWN,
	                .handover_p99_us = CP_EGRESS_UNKNOWN,
	                .cold_share_pct = CP_EGRESS_UNKNOWN},
#undef ROW
	};
	struct cp_rec_summary summary = {.egress = rows,
	        .n_egress = sizeof(rows) / sizeof(rows[0]),
	        .n_paths = 8,
	        .verdicts = {3, 3, 1, 1, 0},
	        .accounting = story_accounting(),
	        .asdb = asdb};

	return format->summary(ctx, &summary);
}

static inline int story_end(const struct cp_format *format, void *ctx, const char *reason, const char *error)
{
	struct cp_rec_end end = {
	        .reason = reason, .error = error, .exit_status = error ? 1 : 0, .accounting = story_accounting()};

	return format->end(ctx, &end);
}

/* The whole story into mem. */
static inline void tell_story(
        const struct cp_format *format, const struct cp_format_options *options, struct mem_sink *mem)
{
	static struct fixture fix[STORY_TARGETS];
	struct cp_sink sink = mem_sink_of(mem);
	struct cp_rec_start start = story_start();
	struct cp_asdb *asdb = make_asdb();
	void *ctx = NULL;

	make_story(fix);
	assert_int_equal(format->open(&sink, options, &ctx), 0);
	assert_int_equal(format->start(ctx, &start), 0);
	for (int i = 0; i < STORY_TARGETS; i++)
		assert_int_equal(story_feed(format, ctx, &fix[i], asdb), 0);
	assert_int_equal(story_summary(format, ctx, asdb), 0);
	assert_int_equal(story_end(format, ctx, "done", NULL), 0);
	format->close(ctx);
	cp_asdb_free(asdb);
}

/* Columns of each line, counting code points: the stories have no wide characters. */
static inline void assert_no_line_wider(const char *text, size_t width)
{
	size_t columns = 0;

	for (const char *s = text; *s; s++) {
		if (*s == '\n') {
			assert_true(columns <= width);
			columns = 0;
		} else if (((unsigned char)*s & 0xc0) != 0x80) {
			columns++;
		}
	}
	assert_int_equal(columns, 0); /* the last line is ended */
}

#endif
