// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_run.c: what NDJSON says is read back as it was; odd, new and broken records.
 */
#include "records.h"
#include "story.h"

#include <errno.h>
#include <stdio.h>

#include "import/run.h"

struct seen {
	struct cp_words *words;
	struct cp_run_counts counts;
	struct cp_run_path path;
	struct cp_run_start start;
	struct cp_run_database databases[4];
	struct cp_run_target_end target;
	struct cp_run_summary summary;
	struct cp_run_egress egress[8];
	struct cp_run_warning warning;
	struct cp_run_end end;
	size_t n_paths, n_bad, line; /* of the latest record or bad one */
	char why[256];
	int stop;
};

static int see_start(void *ctx, size_t line, const struct cp_run_start *rec)
{
	struct seen *seen = ctx;

	seen->line = line;
	seen->start = *rec;
	assert_true(rec->n_databases <= 4);
	for (size_t i = 0; i < rec->n_databases; i++)
		seen->databases[i] = rec->databases[i];
	return 0;
}

static int see_path(void *ctx, size_t line, const struct cp_run_path *rec)
{
	struct seen *seen = ctx;

	seen->line = line;
	seen->path = *rec;
	seen->n_paths++;
	return seen->stop;
}

static int see_target(void *ctx, size_t line, const struct cp_run_target_end *rec)
{
	struct seen *seen = ctx;

	seen->line = line;
	seen->target = *rec;
	return 0;
}

static int see_summary(void *ctx, size_t line, const struct cp_run_summary *rec)
{
	struct seen *seen = ctx;

	seen->line = line;
	seen->summary = *rec;
	assert_true(rec->n_egress <= 8);
	for (size_t i = 0; i < rec->n_egress; i++)
		seen->egress[i] = rec->egress[i];
	return 0;
}

static int see_warning(void *ctx, size_t line, const struct cp_run_warning *rec)
{
	struct seen *seen = ctx;

	seen->line = line;
	seen->warning = *rec;
	return 0;
}

static int see_end(void *ctx, size_t line, const struct cp_run_end *rec)
{
	struct seen *seen = ctx;

	seen->line = line;
	seen->end = *rec;
	return 0;
}

static void see_bad(void *ctx, size_t line, const char *why)
{
	struct seen *seen = ctx;

	seen->line = line;
	seen->n_bad++;
	snprintf(seen->why, sizeof(seen->why), "%s", why);
}

static int read_text(struct seen *seen, const char *text, size_t len)
{
	struct cp_run_sink sink = {.start = see_start,
	        .path = see_path,
	        .target = see_target,
	        .summary = see_summary,
	        .warning = see_warning,
	        .end = see_end,
	        .bad = see_bad,
	        .ctx = seen};
	/* No byte behind the text: a read beyond it shows. */
	/* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): of an empty text nothing may be read either */
	char *exact = malloc(len);
	int rc;

	assert_true(exact || len == 0);
	if (len)
		memcpy(exact, text, len);
	cp_words_free(seen->words);
	*seen = (struct seen){.stop = seen->stop};
	assert_int_equal(cp_words_new(&seen->words), 0);
	rc = cp_run_read(exact, len, seen->words, &sink, &seen->counts);
	free(exact);
	return rc;
}

struct fixture_run {
	struct seen seen;
	struct mem_sink mem;
	struct cp_sink sink;
	struct cp_asdb *asdb;
	void *writer;
};

static int setup(void **state)
{
	struct fixture_run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->sink = mem_sink_of(&run->mem);
	run->asdb = make_asdb();
	assert_int_equal(cp_format_ndjson.open(&run->sink, NULL, &run->writer), 0);
	*state = run;
	return 0;
}

static int teardown(void **state)
{
	struct fixture_run *run = *state;

	cp_format_ndjson.close(run->writer);
	cp_asdb_free(run->asdb);
	cp_words_free(run->seen.words);
	mem_free(&run->mem);
	free(run);
	return 0;
}

static void read_back(struct fixture_run *run)
{
	assert_int_equal(read_text(&run->seen, run->mem.buf, run->mem.len), 0);
	if (run->seen.n_bad)
		fail_msg("line %zu: %s", run->seen.line, run->seen.why);
}

/* ---- What we write ---- */

static void assert_same_hop(const struct cp_hop *a, const struct cp_hop *b)
{
	assert_true(cp_addr_eq(&a->addr, &b->addr));
	assert_int_equal(a->rtt_us, b->rtt_us);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->icmp_type, b->icmp_type);
	assert_int_equal(a->icmp_code, b->icmp_code);
	assert_int_equal(a->reply_ttl, b->reply_ttl);
	assert_int_equal(a->quoted_ttl, b->quoted_ttl);
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->n_mpls, b->n_mpls);
	assert_memory_equal(a->mpls, b->mpls, sizeof(a->mpls));
}

static void test_path(void **state)
{
	struct fixture_run *run = *state;
	const struct cp_run_path *path = &run->seen.path;
	struct fixture fix;

	story_outside(&fix, "zenn.dev", 3491, 13335);
	fix.target.group = "con\"trols\x1b";
	fix.path.flow = 2;
	fix.path.n_probes = 9;
	fix.path.hops[0].attempts = 3;
	fix.path.hops[1].n_mpls = 2;
	fix.path.hops[1].mpls[0] = 24001u << 12 | 5u << 9 | 255;
	fix.path.hops[1].mpls[1] = 1048575u << 12 | 1u << 8 | 1;
	fix.path.hops[2].flags = CP_HOP_LATE | CP_HOP_QUOTE_MODIFIED | CP_HOP_OTHER_ADDR | CP_HOP_LIMITED |
	                         CP_HOP_INFERRED | CP_HOP_PER_PACKET;
	fix.path.hops[3].kind = CP_REPLY_UNREACHABLE;
	fix.judgement.reasons = WHY(SILENT_BORDER) | WHY(SACK_UNAVAILABLE) | WHY(CNAME_CDN);
	fix.judgement.verdict = CP_TRANSIT;
	fix.judgement.confidence = CP_CONF_MEDIUM;
	fix_cname(&fix, "edge.test");
	fix_cname(&fix, "edge2.test");
	fix.rec.asdb = run->asdb;
	fix.rec.tcp_method = "sack";
	assert_int_equal(cp_format_ndjson.path(run->writer, &fix.rec), 0);
	read_back(run);

	assert_int_equal(run->seen.n_paths, 1);
	assert_string_equal(path->target.name, "zenn.dev");
	assert_string_equal(path->target.group, "con\"trols\x1b");
	assert_int_equal(path->target.port, 443);
	assert_int_equal(path->target.proto, IPPROTO_TCP);
	assert_true(cp_addr_eq(&path->dest, &fix.rec.dest));
	assert_int_equal(path->dest_asn, 13335);
	assert_string_equal(path->dest_as_name, "Cloudflare Inc.");
	assert_null(path->service_tag);
	assert_int_equal(path->cname.n, 2);
	assert_string_equal(path->cname.items[1], "edge2.test");
	assert_int_equal(path->flow, 2);
	assert_string_equal(path->tcp_method, "sack");
	assert_null(path->sack_fallback);
	assert_int_equal(path->reached, 1);
	assert_int_equal(path->end, CP_END_REACHED);
	assert_int_equal(path->end_code, -1);
	assert_int_equal(path->n_probes, 9);
	assert_int_equal(path->verdict, CP_TRANSIT);
	assert_int_equal(path->confidence, CP_CONF_MEDIUM);
	assert_int_equal(path->reasons, fix.judgement.reasons);
	assert_int_equal(path->as_path.n, 4);
	assert_string_equal(path->as_path.items[0], "*");
	assert_string_equal(path->as_path.items[2], "3491");
	assert_true(path->exit.present);
	assert_int_equal(path->exit.ttl_min, 2);
	assert_int_equal(path->exit.ttl_max, 3);
	assert_true(cp_addr_eq(&path->exit.last_home, &fix.path.hops[1].addr));
	assert_true(cp_addr_eq(&path->exit.first_foreign, &fix.path.hops[2].addr));
	assert_int_equal(path->exit.first_foreign_asn, 3491);
	assert_string_equal(path->exit.first_foreign_as_name, "PCCW Global (HK) Limited");
	assert_null(path->exit.first_foreign_ixp);
	assert_int_equal(path->n_hops, fix.path.n_hops);
	for (uint32_t i = 0; i < path->n_hops; i++)
		assert_same_hop(&path->hops[i].hop, &fix.path.hops[i]);
	assert_int_equal(path->hops[1].asn, 8075);
	assert_string_equal(path->hops[1].as_name, "Microsoft Corporation");
	assert_int_equal(path->hops[0].asn, 0);
	assert_null(path->hops[0].as_name);
}

static void test_path_of_corners(void **state)
{
	struct fixture_run *run = *state;
	const struct cp_run_path *path = &run->seen.path;
	struct fixture fix;

	fix_target(&fix, "2001:db8::9", "2001:db8::9");
	fix.target.port = 0;
	fix.target.proto = IPPROTO_ICMP;
	fix_hop(&fix, "2001:db8::1", 0, 0);
	fix.judgement.origins[0] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = ""};
	fix_exit(&fix, -1, -1);
	fix.path.end = CP_END_UNREACHABLE;
	fix.path.end_code = 0;
	fix.rec.sack_fallback = "not-permitted";
	assert_int_equal(cp_format_ndjson.path(run->writer, &fix.rec), 0);
	read_back(run);
	assert_int_equal(path->target.port, 0);
	assert_int_equal(path->target.proto, IPPROTO_ICMP);
	assert_null(path->target.group);
	assert_int_equal(path->end_code, 0);
	assert_int_equal(path->end, CP_END_UNREACHABLE);
	assert_int_equal(path->reached, 0);
	assert_string_equal(path->sack_fallback, "not-permitted");
	assert_string_equal(path->hops[0].ixp, "");
	assert_true(path->exit.present);
	assert_int_equal(path->exit.ttl_max, 0);
	assert_true(cp_addr_is_zero(&path->exit.last_home));
	assert_true(cp_addr_is_zero(&path->exit.first_foreign));
	assert_true(cp_addr_eq(&path->hops[0].hop.addr, &fix.path.hops[0].addr));
}

/* Every name that we write is one that we read. */
static void test_all_names(void **state)
{
	struct fixture_run *run = *state;

	for (int i = 0; i < CP_WHY_MAX; i++) {
		struct fixture fix;

		mem_free(&run->mem);
		story_inside(&fix, "a.test", 8075);
		fix.path.hops[1].kind = (uint8_t)(1 + i % CP_REPLY_SACK);
		fix.path.end = (uint8_t)(i % (CP_END_INTERRUPTED + 1));
		fix.judgement.verdict = i % CP_VERDICTS;
		fix.judgement.confidence = i % 3;
		fix.judgement.reasons = 1u << i;
		assert_int_equal(cp_format_ndjson.path(run->writer, &fix.rec), 0);
		read_back(run);
		assert_int_equal(run->seen.path.hops[1].hop.kind, fix.path.hops[1].kind);
		assert_int_equal(run->seen.path.end, fix.path.end);
		assert_int_equal(run->seen.path.verdict, fix.judgement.verdict);
		assert_int_equal(run->seen.path.confidence, fix.judgement.confidence);
		assert_int_equal(run->seen.path.reasons, fix.judgement.reasons);
	}
}

static void test_start_summary_end(void **state)
{
	struct fixture_run *run = *state;
	struct seen *seen = &run->seen;
	struct cp_rec_start start = story_start();
	const struct cp_rec_warning warning = {.code = "stale-database", .text = "400\ndays"};
	uint32_t asns[] = {8068, 8075};
	struct cp_home home = {.asns = asns, .n = 2};

	start.home = &home;
	assert_int_equal(cp_format_ndjson.start(run->writer, &start), 0);
	assert_int_equal(cp_format_ndjson.warning(run->writer, &warning), 0);
	assert_int_equal(story_summary(&cp_format_ndjson, run->writer, run->asdb), 0);
	assert_int_equal(story_end(&cp_format_ndjson, run->writer, "failed", "eth0: link is down"), 0);
	read_back(run);

	assert_string_equal(seen->start.command, "audit");
	assert_string_equal(seen->start.host, "vm-weu-01");
	assert_int_equal(seen->start.wall_ms, 1784116800000);
	assert_int_equal(seen->start.vantage_asn, 8075);
	assert_string_equal(seen->start.vantage_why, "azure-dmi");
	assert_int_equal(seen->start.n_home_asns, 2);
	assert_int_equal(seen->start.n_databases, 2);
	assert_string_equal(seen->databases[0].name, "asn.mmdb");
	assert_string_equal(seen->databases[0].type, "GeoLite2-ASN");
	assert_true(seen->databases[0].n_rows == 515158 && seen->databases[0].age_days == 14);
	assert_true(seen->databases[1].built_at_s == CP_RUN_UNKNOWN && seen->databases[1].age_days == CP_RUN_UNKNOWN);
	assert_string_equal(seen->warning.text, "400\ndays");
	assert_int_equal(seen->summary.n_paths, 8);
	assert_int_equal(seen->summary.verdicts[CP_INSIDE], 3);
	assert_int_equal(seen->summary.verdicts[CP_DETOUR], 0);
	assert_int_equal(seen->summary.n_egress, 5);
	assert_string_equal(seen->egress[0].role, "home");
	assert_int_equal(seen->egress[0].share_hundredths, 8750);
	assert_int_equal(seen->egress[0].handover_p50_us, CP_RUN_UNKNOWN);
	assert_int_equal(seen->egress[2].handover_p50_us, 1800);
	assert_int_equal(seen->egress[2].cold_share_pct, 50);
	assert_int_equal(seen->egress[4].asn, 0);
	assert_string_equal(seen->egress[4].ixp, "Lab-IX Frankfurt");
	assert_int_equal(seen->summary.accounting.attempted, 1234);
	assert_int_equal(seen->summary.accounting.rejected_unsent, 1);
	assert_int_equal(seen->summary.accounting.n_hops_seen, 41);
	assert_string_equal(seen->end.reason, "failed");
	assert_string_equal(seen->end.error, "eth0: link is down");
	assert_int_equal(seen->end.exit_status, 1);
	assert_int_equal(seen->end.accounting.n_complete, 7);
	assert_true(seen->counts.has_end);
	assert_int_equal(seen->counts.n_records, 4);
}

static void test_target(void **state)
{
	struct fixture_run *run = *state;
	const struct cp_run_target_end *target = &run->seen.target;
	struct fixture fix;
	struct cp_rec_target rec = {.target = &fix.target, .answer = &fix.answer, .n_dests = 1, .verdict = CP_DETOUR};

	story_outside(&fix, "zenn.dev", 0, 13335);
	fix.target.expect = "ms";
	fix_cname(&fix, "edge.test");
	assert_int_equal(cp_format_ndjson.target(run->writer, &rec), 0);
	read_back(run);
	assert_string_equal(target->target.name, "zenn.dev");
	assert_string_equal(target->expect, "ms");
	assert_string_equal(target->dns, "ok");
	assert_string_equal(target->cname.items[0], "edge.test");
	assert_string_equal(target->addresses.items[0], "203.0.113.9");
	assert_int_equal(target->n_dests, 1);
	assert_int_equal(target->verdict, CP_DETOUR);
	assert_null(target->skip_reason);
}

/* ---- What others might write ---- */

/* ' for ", as it stands in the cases. */
static int read_quoted(struct seen *seen, const char *text)
{
	char json[8192];
	size_t len = strlen(text);

	assert_true(len < sizeof(json));
	for (size_t i = 0; i <= len; i++)
		json[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	return read_text(seen, json, len);
}

#define HEAD "{'type':'path','schema_version':1"

struct bad_case {
	const char *text, *why;
};

static const struct bad_case bad_cases[] = {
        {"x", "not a value"},
        {"[]", "an object is wanted"},
        {"1", "an object is wanted"},
        {"{}", "a record without a type"},
        {"{'type':null}", "a record without a type"},
        {"{'type':7}", "type: a string is wanted"},
        {"{'type':'path','schema_version':2}", "a schema_version that is not 1"},
        {"{'type':'path','schema_version':'1'}", "schema_version: a whole number is wanted"},
        {HEAD ",'flow':1", "cut off"},
        {HEAD ",'flow':1}}", "something follows the record on its line"},
        {HEAD ",'flow':1} {}", "something follows the record on its line"},
        {HEAD ",'flow':-1}", "flow: a whole number is wanted"},
        {HEAD ",'flow':1.5}", "flow: a whole number is wanted"},
        {HEAD ",'flow':1e2}", "flow: a whole number is wanted"},
        {HEAD ",'flow':'1'}", "flow: a whole number is wanted"},
        {HEAD ",'flow':NaN}", "not a value"},
        {HEAD ",'flow':4294967296}", "flow: the number is too large"},
        {HEAD ",'probes':18446744073709551616}", "probes: a whole number is wanted"},
        {HEAD ",'reached':1}", "reached: true or false is wanted"},
        {HEAD ",'verdict':'good'}", "verdict: not a verdict"},
        {HEAD ",'confidence':'total'}", "confidence: not a confidence"},
        {HEAD ",'end_reason':'bored'}", "end_reason: not an end of a path"},
        {HEAD ",'end_code':256}", "end_code: the number is too large"},
        {HEAD ",'reasons':['loop',1]}", "reasons: a string is wanted"},
        {HEAD ",'reasons':{}}", "reasons: an array is wanted"},
        {HEAD ",'target':'x'}", "target: an object is wanted"},
        {HEAD ",'target':{'port':65536}}", "target: port: the number is too large"},
        {HEAD ",'target':{'protocol':'sctp'}}", "target: protocol: not a protocol"},
        {HEAD ",'target':{'protocol':'aaaaaaaaaaaaaaaaaaaaaaa'}}", "target: protocol: not a protocol"},
        {HEAD ",'destination':{'ip':'1.2.3'}}", "destination: ip: not an address"},
        {HEAD ",'destination':{'ip':'1.2.3.256'}}", "destination: ip: not an address"},
        {HEAD ",'destination':{'ip':'01.2.3.4'}}", "destination: ip: not an address"},
        {HEAD ",'destination':{'ip':'1.2.3.4.5'}}", "destination: ip: not an address"},
        {HEAD ",'destination':{'ip':'::1%eth0'}}", "destination: ip: not an address"},
        {HEAD ",'destination':{'ip':''}}", "destination: ip: not an address"},
        {HEAD ",'destination':{'ip':1}}", "destination: ip: an address in quotes is wanted"},
        {HEAD ",'hops':[{'ttl':0}]}", "hops: a TTL from 1 to 64 is wanted"},
        {HEAD ",'hops':[{'ttl':65}]}", "hops: a TTL from 1 to 64 is wanted"},
        {HEAD ",'hops':[{'ttl':256}]}", "hops: ttl: the number is too large"},
        {HEAD ",'hops':[{'ttl':1},{'ttl':3}]}", "hops: TTLs that follow each other are wanted"},
        {HEAD ",'hops':[{'ttl':2},{'ttl':1}]}", "hops: TTLs that follow each other are wanted"},
        {HEAD ",'hops':[{'ttl':1,'reply':'rst'}]}", "hops: a reply from no address"},
        {HEAD ",'hops':[{'ttl':1,'reply':'carrier-pigeon'}]}", "hops: reply: not a kind of reply"},
        {HEAD ",'hops':[{'ttl':1,'rtt_us':4294967296}]}", "hops: rtt_us: the number is too large"},
        {HEAD ",'hops':[{'ttl':1,'mpls':[{'label':1048576}]}]}", "hops: mpls: not a label stack entry"},
        {HEAD ",'hops':[1]}", "hops: an object is wanted"},
        {HEAD ",'hops':[null]}", "hops: an object is wanted"},
        {HEAD ",'as_path':[8075]}", "as_path: a string is wanted"},
        {HEAD ",'target':{'name':'a\xff'}}", "target: a string is not UTF-8"},
        {"{'type':'end','schema_version':1,'exit_status':1.5}", "exit_status: a whole number is wanted"},
        {"{'type':'end','schema_version':1,'exit_status':1e300}", "exit_status: a whole number is wanted"},
        {"{'type':'summary','schema_version':1,'egress':[{'share_pct':-1}]}",
                "egress: share_pct: a percentage is wanted"},
};

static void test_bad_records(void **state)
{
	struct fixture_run *run = *state;

	for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
		assert_int_equal(read_quoted(&run->seen, bad_cases[i].text), 0);
		if (run->seen.n_bad != 1 || strcmp(run->seen.why, bad_cases[i].why) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", bad_cases[i].text, run->seen.why, bad_cases[i].why);
		assert_int_equal(run->seen.counts.n_bad, 1);
		assert_int_equal(run->seen.n_paths, 0);
	}
}

/* A bad record costs itself only, and its line is named. */
static void test_good_ones_are_kept(void **state)
{
	struct fixture_run *run = *state;

	assert_int_equal(read_quoted(&run->seen, HEAD ",'flow':1}\n\n \r\n{bad}\r\n" HEAD ",'flow':2}\r\n"
	                                              "{'type':'gossip','schema_version':1}\n" HEAD ",'flow':3"),
	        0);
	assert_int_equal(run->seen.n_paths, 2);
	assert_int_equal(run->seen.path.flow, 2);
	assert_int_equal(run->seen.n_bad, 2);
	assert_int_equal(run->seen.line, 7);
	assert_string_equal(run->seen.why, "cut off");
	assert_int_equal(run->seen.counts.n_records, 5);
	assert_int_equal(run->seen.counts.n_unknown, 1);
	assert_int_equal(run->seen.counts.n_bad, 2);
	assert_false(run->seen.counts.has_end);
}

/* Order, white space, escapes and keys of later versions do not matter; what is missing is unknown. */
static void test_additive(void **state)
{
	struct fixture_run *run = *state;
	const struct cp_run_path *path = &run->seen.path;

	assert_int_equal(
	        read_quoted(&run->seen, " { 'flow' : 5 , 'later':{'a':[1,{}],'type':'end'}, '\\u0072eached':true,"
	                                "'reasons':['loop','later'],'hops':[{'later':1,'ttl':7}],'schema_version':1,"
	                                "'type':'path' }"),
	        0);
	assert_int_equal(run->seen.n_bad, 0);
	assert_int_equal(run->seen.n_paths, 1);
	assert_int_equal(path->flow, 5);
	assert_int_equal(path->reached, 1);
	assert_int_equal(path->reasons, WHY(LOOP));
	assert_int_equal(path->n_hops, 1);
	assert_int_equal(path->hops[0].hop.ttl, 7);
	assert_int_equal(path->end, -1);
	assert_int_equal(path->verdict, -1);
	assert_int_equal(path->confidence, -1);
	assert_int_equal(path->n_probes, CP_RUN_UNKNOWN);
	assert_null(path->target.name);
	assert_true(cp_addr_is_zero(&path->dest));
	assert_false(path->exit.present);
}

static void test_limits(void **state)
{
	struct fixture_run *run = *state;
	char text[8192] = HEAD ",'as_path':[";
	size_t len = strlen(text);

	for (int i = 0; i < CP_RUN_STRINGS_MAX + 3; i++)
		len += (size_t)sprintf(text + len, "%s'%d'", i ? "," : "", i);
	sprintf(text + len, "],'hops':[");
	assert_int_equal(read_quoted(&run->seen, strcat(text, "]}")), 0);
	assert_int_equal(run->seen.path.as_path.n, CP_RUN_STRINGS_MAX);
	assert_int_equal(run->seen.path.as_path.n_left_out, 3);

	len = (size_t)sprintf(text, HEAD ",'hops':[");
	for (int i = 0; i < CP_TTL_MAX; i++)
		len += (size_t)sprintf(text + len, "%s{'ttl':%d}", i ? "," : "", i + 1);
	sprintf(text + len, "]}");
	assert_int_equal(read_quoted(&run->seen, text), 0);
	assert_int_equal(run->seen.path.n_hops, CP_TTL_MAX);
	sprintf(text + len, ",{'ttl':65}]}");
	assert_int_equal(read_quoted(&run->seen, text), 0);
	assert_string_equal(run->seen.why, "hops: too many hops");
}

/* What a sink returns ends the reading, -EINVAL too. */
static void test_sink_stops(void **state)
{
	struct fixture_run *run = *state;

	run->seen.stop = -EINVAL;
	assert_int_equal(read_quoted(&run->seen, HEAD "}\n" HEAD "}\n"), -EINVAL);
	assert_int_equal(run->seen.n_paths, 1);
	assert_int_equal(run->seen.n_bad, 0);
	run->seen.stop = 0;
	assert_int_equal(read_quoted(&run->seen, ""), 0);
	assert_int_equal(run->seen.counts.n_records, 0);
}

/* Equal words are one; many and long ones are kept. */
static void test_words(void **state)
{
	struct fixture_run *run = *state;
	const char *first[3000];
	char text[100000];
	struct cp_words *words;

	(void)run;
	assert_int_equal(cp_words_new(&words), 0);
	for (int i = 0; i < 3000; i++) {
		int len = sprintf(text, "word number %d", i);

		first[i] = cp_words_add(words, text, (size_t)len);
		assert_string_equal(first[i], text);
	}
	for (int i = 0; i < 3000; i++) {
		int len = sprintf(text, "word number %d and more", i);

		assert_ptr_equal(cp_words_add(words, text, (size_t)len - 9), first[i]);
	}
	memset(text, 'x', sizeof(text));
	assert_int_equal(strlen(cp_words_add(words, text, sizeof(text))), sizeof(text));
	assert_string_equal(cp_words_add(words, "", 0), "");
	assert_string_equal(first[2999], "word number 2999");
	cp_words_free(words);
	cp_words_free(NULL);
}

#define RUN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        RUN_TEST(test_path),
	        RUN_TEST(test_path_of_corners),
	        RUN_TEST(test_all_names),
	        RUN_TEST(test_start_summary_end),
	        RUN_TEST(test_target),
	        RUN_TEST(test_bad_records),
	        RUN_TEST(test_good_ones_are_kept),
	        RUN_TEST(test_additive),
	        RUN_TEST(test_limits),
	        RUN_TEST(test_sink_stops),
	        RUN_TEST(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
