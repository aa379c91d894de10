// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_ndjson.c: every record type, read back by another parser (jansson) and
 * compared as a whole with what docs/records.md promises for it.
 */
#include "story.h"

#include <errno.h>

#include <jansson.h>

static json_t *parse(const struct mem_sink *mem)
{
	json_error_t error;
	json_t *value;

	assert_int_equal(mem->n_writes, 1);
	assert_int_equal(mem->buf[mem->len - 1], '\n');
	value = json_loadb(mem->buf, mem->len, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		fail_msg("%s at %d: %s", error.text, error.position, mem->buf);
	return value;
}

/* Takes both; expected is JSON text with ' for ". */
static void assert_record(struct mem_sink *mem, const char *expected)
{
	json_t *got = parse(mem), *want;
	json_error_t error;
	char *text = strdup(expected), *got_text;

	for (char *s = text; *s; s++)
		*s = *s == '\'' ? '"' : *s;
	want = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!want)
		fail_msg("the test's own JSON, column %d: %s", error.column, error.text);
	if (!json_equal(got, want)) {
		got_text = json_dumps(got, JSON_SORT_KEYS | JSON_INDENT(1));
		free(text);
		text = json_dumps(want, JSON_SORT_KEYS | JSON_INDENT(1));
		assert_string_equal(got_text, text);
	}
	free(text);
	json_decref(got);
	json_decref(want);
	mem_free(mem);
}

/* A part of the record, as it is. */
static void assert_holds(const struct mem_sink *mem, const char *expected)
{
	char *text = strdup(expected);

	for (char *s = text; *s; s++)
		*s = *s == '\'' ? '"' : *s;
	if (!strstr(mem->buf, text))
		fail_msg("%s is not in %s", text, mem->buf);
	free(text);
}

struct writer {
	struct mem_sink mem;
	void *ctx;
	struct cp_asdb *asdb;
};

static int setup(void **state)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	struct cp_sink sink;

	assert_non_null(writer);
	sink = mem_sink_of(&writer->mem);
	writer->asdb = make_asdb();
	*state = writer;
	return cp_format_ndjson.open(&sink, NULL, &writer->ctx);
}

static int teardown(void **state)
{
	struct writer *writer = *state;

	cp_format_ndjson.close(writer->ctx);
	cp_format_ndjson.close(NULL);
	cp_asdb_free(writer->asdb);
	mem_free(&writer->mem);
	free(writer);
	return 0;
}

#define HEAD(type) "{'type':'" type "','schema_version':1,"
#define ZEN "'target':{'name':'zenn.dev','port':443,'protocol':'tcp','group':null},"
#define NAMELESS "'role':null,'site':null,'city':null,"
#define SILENT(ttl, attempts)                                                                                          \
	"{'ttl':" ttl ",'ip':null,'rtt_us':null,'asn':null,'as_name':null,'asns':null,'ixp':null,'ptr':null," NAMELESS \
	"'reply':null,"                                                                                                \
	"'icmp_type':null,'icmp_code':null,'reply_ttl':null,'quoted_ttl':null,'mpls':[],'attempts':" attempts          \
	",'inferred':false,'flags':[]}"

static void test_path_direct(void **state)
{
	struct writer *writer = *state;
	const struct cp_service_tag tag = {.name = "AzureFrontDoor.Frontend", .service = "AzureFrontDoor"};
	struct fixture fix;

	story_outside(&fix, "zenn.dev", 0, 13335);
	fix.rec.service_tag = &tag;
	fix.path.hops[0].attempts = 3;
	fix.path.flow = 2;
	fix.path.n_probes = 9;
	fix.judgement.reasons = WHY(SILENT_BORDER) | WHY(CNAME_CDN);
	fix.judgement.rule = CP_RULE_TWO_NETWORKS;
	fix.rec.asdb = writer->asdb;
	fix.rec.tcp_method = "sack";
	fix_cname(&fix, "edge.test");
	assert_int_equal(cp_format_ndjson.path(writer->ctx, &fix.rec), 0);
	assert_record(&writer->mem, HEAD("path") ZEN
	        "'destination':{'ip':'203.0.113.9','asn':13335,'as_name':'Cloudflare "
	        "Inc.','asns':null,'asn_disputed':false,'cname':['edge.test'],"
	        "'service_tag':'AzureFrontDoor.Frontend','service_region':null},'flow':2,'tcp_method':'sack','sack_"
	        "fallback':null,'reached':true,'end_reason':'"
	        "reached','end_code':null,'probes':9,"
	        "'verdict':'direct','confidence':'high','rule':'two-networks',"
	        "'reasons':['silent-border','cname-cdn'],"
	        "'as_path':['*','8075','13335'],"
	        "'exit':{'ttl_min':2,'ttl_max':3,'last_home':{'ip':'198.18.0.1','ptr':null,'role':null,'site':null,'"
	        "city':null},"
	        "'first_foreign':{'ip':'198.18.3.1','asn':13335,'as_name':'Cloudflare Inc.','ixp':null}},"
	        "'e2e':null,'hops':[" SILENT("1",
	                "3") ","
	                     "{'ttl':2,'ip':'198.18.0.1','rtt_us':1000,'asn':8075,'as_name':'Microsoft "
	                     "Corporation','asns':null,'ixp':null,"
	                     "'ptr':null," NAMELESS "'reply':'time-exceeded','icmp_type':11,'icmp_code':0,'reply_"
	                     "ttl':60,'quoted_ttl':1,"
	                     "'mpls':[],'attempts':1,'inferred':false,'flags':[]},"
	                     "{'ttl':3,'ip':'198.18.3.1','rtt_us':1800,'asn':13335,'as_name':'"
	                     "Cloudflare Inc.','asns':null,'ixp':null,"
	                     "'ptr':null," NAMELESS "'reply':'time-exceeded','icmp_type':11,'icmp_code':0,'reply_"
	                     "ttl':60,'quoted_ttl':1,"
	                     "'mpls':[],'attempts':1,'inferred':false,'flags':[]},"
	                     "{'ttl':4,'ip':'203.0.113.9','rtt_us':2000,'asn':13335,'as_name':'"
	                     "Cloudflare Inc.','asns':null,'ixp':null,"
	                     "'ptr':null," NAMELESS "'reply':'syn-ack','icmp_type':null,'icmp_code':null,'reply_ttl'"
	                     ":60,'quoted_ttl':null,"
	                     "'mpls':[],'attempts':1,'inferred':false,'flags':[]}]}");
}

/* What names say stands at the hops and where the path leaves home, escaped. */
static void test_path_of_names(void **state)
{
	struct writer *writer = *state;
	struct fixture fix;

	story_outside(&fix, "zenn.dev", 0, 13335);
	fix.path.hops[1].ptr = "ae2-0.sof01-96cbe-1a.ntwk.msn.net";
	fix.path.hops[2].ptr = "\x1b[31m<b>\"\\\n\xff.lab";
	assert_int_equal(cp_format_ndjson.path(writer->ctx, &fix.rec), 0);
	assert_holds(&writer->mem,
	        "'last_home':{'ip':'198.18.0.1','ptr':'ae2-0.sof01-96cbe-1a.ntwk.msn.net','role':'internet "
	        "edge','site':'sof01','city':'Sofia'}");
	assert_holds(&writer->mem,
	        "'ixp':null,'ptr':'ae2-0.sof01-96cbe-1a.ntwk.msn.net','role':'internet edge','site':'sof01',"
	        "'city':'Sofia','reply':");
	assert_holds(&writer->mem,
	        "'ptr':'\\u001b[31m<b>\\\"\\\\\\n\xef\xbf\xbd.lab','role':null,'site':null,'city':null,'reply'");
}

/* Everything that can be unknown is; an IXP without a name, labels, flags and a MOAS hop besides. */
static void test_path_of_corners(void **state)
{
	struct writer *writer = *state;
	struct fixture fix;
	struct cp_hop *hop;

	fix_target(&fix, "2001:db8::9", "2001:db8::9");
	fix.target.is_literal = true;
	fix.target.port = 0;
	fix.target.proto = IPPROTO_TCP;
	fix.target.group = (char *)"a\"b";
	fix.rec.tcp_method = "syn";
	fix.rec.sack_fallback = "not-permitted";
	fix_hop(&fix, "2001:db8::1", 0, 0)->flags = CP_HOP_LATE | CP_HOP_QUOTE_MODIFIED | CP_HOP_OTHER_ADDR;
	fix.judgement.origins[0] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = ""};
	hop = fix_hop(&fix, "2001:db8::2", 64500, 70);
	fix.judgement.origins[1].n_asn = 2;
	fix.judgement.origins[1].asn[1] = 3491;
	fix.judgement.origins[1].disputed = true;
	hop->kind = CP_REPLY_UNREACHABLE;
	hop->icmp_type = 1;
	hop->icmp_code = 0;
	hop->reply_ttl = hop->quoted_ttl = 0;
	hop->flags = CP_HOP_INFERRED | CP_HOP_LIMITED;
	hop->n_mpls = 2;
	hop->mpls[0] = 24001u << 12 | 5u << 9 | 255;
	hop->mpls[1] = 1048575u << 12 | 1u << 8 | 1;
	fix_step(&fix, CP_STEP_IXP, 0, 1, 1);
	fix_step(&fix, CP_STEP_AS, 3491, 2, 2);
	fix_step(&fix, CP_STEP_UNKNOWN, 0, 3, 3);
	fix_step(&fix, CP_STEP_PRIVATE, 0, 4, 4);
	fix_exit(&fix, -1, -1);
	fix.path.end = CP_END_UNREACHABLE;
	fix.path.end_code = 0;
	fix.judgement.verdict = CP_UNDECIDED;
	fix.judgement.confidence = CP_CONF_LOW;
	assert_int_equal(cp_format_ndjson.path(writer->ctx, &fix.rec), 0); /* without AS names at all */
	assert_record(&writer->mem,
	        HEAD("path") "'target':{'name':'2001:db8::9','port':null,'protocol':'tcp','group':'a\\\"b'},"
	                     "'destination':{'ip':'2001:db8::9','asn':null,'as_name':null,'asns':null,'asn_disputed':"
	                     "false,'cname':[],'service_tag':"
	                     "null,'service_region':null},"
	                     "'flow':0,'tcp_method':'syn','sack_fallback':'not-permitted','reached':false,'end_reason':"
	                     "'unreachable','end_code':0,'probes':0,"
	                     "'verdict':'undecided','confidence':'low','rule':null,'reasons':[],"
	                     "'as_path':['IXP:','3491','?','private'],"
	                     "'exit':{'ttl_min':0,'ttl_max':null,'last_home':null,'first_foreign':null},'e2e':null,'"
	                     "hops':["
	                     "{'ttl':1,'ip':'2001:db8::1','rtt_us':null,'asn':null,'as_name':null,'asns':null,'ixp':'',"
	                     "'ptr':"
	                     "null," NAMELESS
	                     "'reply':'time-exceeded','icmp_type':11,'icmp_code':0,'reply_ttl':60,'quoted_ttl':1,"
	                     "'mpls':[],'attempts':1,'inferred':false,'flags':['late','quote-modified','other-address']"
	                     "},"
	                     "{'ttl':2,'ip':'2001:db8::2','rtt_us':70,'asn':3491,'as_name':null,'asns':[64500,3491],'"
	                     "ixp':null,'ptr':"
	                     "null," NAMELESS
	                     "'reply':'unreachable','icmp_type':1,'icmp_code':0,'reply_ttl':null,'quoted_ttl':null,"
	                     "'mpls':[{'label':24001,'tc':5,'s':0,'ttl':255},{'label':1048575,'tc':0,'s':1,'ttl':1}],"
	                     "'attempts':1,'inferred':true,'flags':['asn-disputed','limited']}]}");
}

static void test_path_inside_has_no_exit(void **state)
{
	struct writer *writer = *state;
	struct fixture fix;
	json_t *got;

	story_inside(&fix, "login.microsoft.com", 8075);
	fix.rec.asdb = writer->asdb;
	fix.rec.answer = NULL; /* a caller that has none */
	assert_int_equal(cp_format_ndjson.path(writer->ctx, &fix.rec), 0);
	got = parse(&writer->mem);
	assert_true(json_is_null(json_object_get(got, "exit")));
	assert_int_equal(json_array_size(json_object_get(got, "hops")), 3);
	json_decref(got);
}

static void test_target_records(void **state)
{
	static const struct cp_combined combined = {
	        .verdict = CP_TRANSIT,
	        .n_paths = 8,
	        .by_verdict = {[CP_INSIDE] = 5, [CP_TRANSIT] = 3},
	        .n_dests = 1,
	        .dests_by_verdict = {[CP_TRANSIT] = 1},
	        .exits = {{.asn = 3491, .n_paths = 2}, {.ixp = "LabIX", .n_paths = 1}},
	        .n_exits = 2,
	        .n_unseen_exits = 1,
	};
	struct writer *writer = *state;
	struct cp_rec_target rec;
	struct fixture fix;

	fix_target(&fix, "zenn.dev", "203.0.113.9");
	fix_cname(&fix, "edge.test");
	fix.addrs[1] = addr_of("2001:db8::9");
	fix.answer.n_addrs = 2;
	fix.target.expect = (char *)"non-ms";
	rec = (struct cp_rec_target){
	        .target = &fix.target, .answer = &fix.answer, .n_dests = 1, .verdict = CP_TRANSIT, .skip_reason = NULL};
	rec.combined = &combined;
	rec.asdb = writer->asdb;
	assert_int_equal(cp_format_ndjson.target(writer->ctx, &rec), 0);
	assert_record(&writer->mem,
	        HEAD("target") ZEN "'expect':'non-ms','dns':'ok','cname':['edge.test'],"
	                           "'addresses':['203.0.113.9','2001:db8::9'],'destinations':1,'verdict':'transit',"
	                           "'skip_reason':null,'flows':{'paths':8,"
	                           "'verdicts':{'inside':5,'direct':0,'undecided':0,'transit':3,'detour':0},"
	                           "'destination_verdicts':{'inside':0,'direct':0,'undecided':0,'transit':1,"
	                           "'detour':0},'exits':[{'asn':3491,'as_name':'PCCW Global (HK) Limited','ixp':null,"
	                           "'paths':2},{'asn':null,'as_name':null,'ixp':'LabIX','paths':1}],"
	                           "'other_exits':0,'unseen_exits':1}}");

	fix_target(&fix, "zenn.dev", NULL);
	rec = (struct cp_rec_target){.target = &fix.target, .answer = &fix.answer, .skip_reason = "dns_nxdomain"};
	assert_int_equal(cp_format_ndjson.target(writer->ctx, &rec), 0);
	assert_record(&writer->mem,
	        HEAD("target") ZEN "'expect':null,'dns':'dns_nxdomain','cname':[],'addresses':[],'destinations':0,"
	                           "'verdict':null,'skip_reason':'dns_nxdomain','flows':null}");
}

/* IPv4 text is written by the format itself: the same as cp_addr_format() for every value of an octet. */
static void test_ipv4_text(void **state)
{
	struct writer *writer = *state;
	char text[CP_ADDR_STRLEN];
	struct fixture fix;
	json_t *got;

	for (uint32_t i = 0; i < 256; i++) {
		fix_target(&fix, "zenn.dev", "203.0.113.9");
		fix.rec.dest = cp_addr_from_v4(i << 24 | (255 - i) << 16 | (i ^ 0x55) << 8 | (i * 7 & 0xff));
		assert_int_equal(cp_format_ndjson.path(writer->ctx, &fix.rec), 0);
		got = parse(&writer->mem);
		assert_string_equal(json_string_value(json_object_get(json_object_get(got, "destination"), "ip")),
		        cp_addr_format(&fix.rec.dest, text));
		json_decref(got);
		mem_free(&writer->mem);
	}
}

static void test_start(void **state)
{
	struct cp_rec_start start = story_start();
	struct writer *writer = *state;
	uint32_t asns[] = {8068, 8075};
	struct cp_home home = {.asns = asns, .n = 2};

	start.home = &home;
	assert_int_equal(cp_format_ndjson.start(writer->ctx, &start), 0);
	assert_record(&writer->mem,
	        HEAD("start") "'version':'0.1.0','command':'audit','wall_ms':1784116800000,'mono_ns':5,"
	                      "'host':'vm-weu-01','datapath':'tc-tcx','datapath_why':'rate at most 200,000 pps',"
	                      "'interfaces':['eth0'],'rate_pps':10000,'senders':1,'first_ttl':1,'max_ttl':32,'attempts'"
	                      ":2,"
	                      "'timeout_ms':1000,'flows':1,'tcp_method':null,'e2e':null,'e2e_interval_ms':null,'seed':"
	                      "42,'resolver':'198.18.0.53:53',"
	                      "'vantage':{'asn':8075,'why':'azure-dmi'},"
	                      "'home':{'spec':'microsoft','asns':[8068,8075]},"
	                      "'databases':[{'layer':'database','name':'asn.mmdb','database_type':'GeoLite2-ASN','rows'"
	                      ":515158,"
	                      "'built_at_s':1782864000,'age_days':14},"
	                      "{'layer':'builtin','name':'built-in','database_type':null,'rows':900,'built_at_s':null,'"
	                      "age_days':null}],"
	                      "'targets':9,'destinations':8}");

	start = (struct cp_rec_start){
	        .version = "0.1.0", .command = "trace", .rate_pps = CP_UNKNOWN, .n_senders = CP_UNKNOWN};
	assert_int_equal(cp_format_ndjson.start(writer->ctx, &start), 0);
	assert_record(&writer->mem,
	        HEAD("start") "'version':'0.1.0','command':'trace','wall_ms':0,'mono_ns':0,'host':null,"
	                      "'datapath':null,'datapath_why':null,'interfaces':[],'rate_pps':null,'senders':null,'"
	                      "first_ttl':null,"
	                      "'max_ttl':null,'attempts':null,'timeout_ms':null,'flows':null,'tcp_method':null,'e2e':"
	                      "null,'e2e_interval_ms':null,'seed':"
	                      "0,"
	                      "'resolver':"
	                      "null,"
	                      "'vantage':{'asn':null,'why':null},'home':{'spec':null,'asns':[]},'databases':[],"
	                      "'targets':0,'destinations':0}");
}

#define ACCOUNTING                                                                                                     \
	"'accounting':{'attempted':1234,'transmitted':1230,'tx_errors':0,'blocked':4,'over_budget':0,'replied':30,'"   \
	"timed_out':1200,"                                                                                             \
	"'matched':33,'duplicates':2,'late':1,'rejected':{'token':3,'dest':0,'unsent':1,'flags':0,'short':0},"         \
	"'lost':0,'resets_sent':0,'acks_sent':0,'connections_opened':0,'connections_closed':0,'e2e_attempted':0,'e2e_" \
	"replied':0,'e2e_timed_out':0,'e2e_unsent':0,'e2e_late':0,'probing_ns':122900000,"                             \
	"'total_ns':1400000000,'targets':9,'unresolved':1,"                                                            \
	"'skipped':0,'destinations':8,'paths':8,'complete_paths':7,'hops':60,'hops_seen':41}"
#define NO_RTT                                                                                                         \
	"'groups':0,'exit_sites':[],'replies':0,'probes':null,'loss_pct':null,'handover_p50_us':null,"                 \
	"'handover_p95_us':null,'handover_p99_us':null,'cold_share_pct':null}"

static void test_summary(void **state)
{
	struct writer *writer = *state;

	assert_int_equal(story_summary(&cp_format_ndjson, writer->ctx, writer->asdb), 0);
	assert_record(&writer->mem,
	        HEAD("summary") "'paths':8,'verdicts':{'inside':3,'direct':3,'undecided':1,'transit':1,'detour':0},"
	                        "'egress':["
	                        "{'role':'home','asn':8075,'as_name':'Microsoft "
	                        "Corporation','as_org':'microsoft','as_role':'microsoft-backbone','ixp':null,'paths':7,"
	                        "'destinations':7,'targets':7,'share_pct':87.5,'exit_routers':null," NO_RTT
	                        ",{'role':'home','asn':8068,'as_name':'Microsoft "
	                        "Corporation','as_org':'microsoft','as_role':'microsoft','ixp':null,'paths':1,"
	                        "'destinations':1,'targets':1,'share_pct':12.5,'exit_routers':null," NO_RTT
	                        ",{'role':'exit','asn':13335,'as_name':'Cloudflare "
	                        "Inc.','as_org':'cloudflare','as_role':'cdn-cloudflare','ixp':null,'paths':1,"
	                        "'destinations':0,'targets':0,'share_pct':12.5,'exit_routers':1,'exit_sites':[],"
	                        "'groups':2,'replies':3,'probes':4,'loss_pct':25.0,"
	                        "'handover_p50_us':1800,'handover_p95_us':12345,'handover_p99_us':12345,"
	                        "'cold_share_pct':50}"
	                        ",{'role':'destination','asn':13335,'as_name':'Cloudflare "
	                        "Inc.','as_org':'cloudflare','as_role':'cdn-cloudflare','ixp':null,'paths':3,"
	                        "'destinations':3,'targets':3,'share_pct':37.5,'exit_routers':null," NO_RTT
	                        ",{'role':'ixp','asn':null,'as_name':null,'as_org':null,'as_role':null,'ixp':'Lab-IX "
	                        "Frankfurt','paths':1,"
	                        "'destinations':0,'targets':0,'share_pct':12.5,'exit_routers':null," NO_RTT
	                        "]," ACCOUNTING "}");
}

static void test_exit_sites(void **state)
{
	const struct cp_egress_site sites[] = {
	        {.place = "Frankfurt", .n_paths = 5000000000}, {.place = "dm4", .n_paths = 1}};
	const struct cp_egress_row row = {.asn = 3491, .role = CP_ROLE_EXIT, .sites = sites, .n_sites = 2};
	const struct cp_rec_summary summary = {.egress = &row, .n_egress = 1};
	struct writer *writer = *state;

	assert_int_equal(cp_format_ndjson.summary(writer->ctx, &summary), 0);
	assert_holds(&writer->mem,
	        "'exit_sites':[{'place':'Frankfurt','paths':5000000000},{'place':'dm4','paths':1}],'replies");
}

static void test_warning_and_end(void **state)
{
	const struct cp_rec_warning warning = {.code = "stale-database", .text = "the AS data is\n400 days old"};
	struct writer *writer = *state;

	assert_int_equal(cp_format_ndjson.warning(writer->ctx, &warning), 0);
	assert_record(&writer->mem, HEAD("warning") "'code':'stale-database','text':'the AS data is\\n400 days old'}");
	assert_int_equal(story_end(&cp_format_ndjson, writer->ctx, "failed", "eth0: link is down"), 0);
	assert_record(&writer->mem,
	        HEAD("end") "'reason':'failed','error':'eth0: link is down','exit_status':1," ACCOUNTING "}");
}

static void test_unknown_accounting_is_null(void **state)
{
	struct cp_rec_end end = {.reason = "done", .accounting = {.transmitted = CP_UNKNOWN}};
	struct writer *writer = *state;
	json_t *got, *accounting;

	assert_int_equal(cp_format_ndjson.end(writer->ctx, &end), 0);
	got = parse(&writer->mem);
	accounting = json_object_get(got, "accounting");
	assert_true(json_is_null(json_object_get(accounting, "transmitted")));
	assert_int_equal(json_integer_value(json_object_get(accounting, "attempted")), 0);
	json_decref(got);
}

static void test_sink_error_is_returned(void **state)
{
	struct mem_sink mem = {.fail_at = 2};
	struct cp_sink sink = mem_sink_of(&mem);
	struct fixture fix;
	void *ctx;

	(void)state;
	story_inside(&fix, "login.microsoft.com", 8075);
	assert_int_equal(cp_format_ndjson.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_ndjson.path(ctx, &fix.rec), 0);
	assert_int_equal(cp_format_ndjson.path(ctx, &fix.rec), -EPIPE);
	assert_int_equal(cp_format_ndjson.path(ctx, &fix.rec), -EPIPE);
	assert_int_equal(mem.n_after, 0);
	cp_format_ndjson.close(ctx);
	mem_free(&mem);
}

static void test_formats_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; cp_formats[i]; i++)
		assert_ptr_equal(cp_format_find(cp_formats[i]->name), cp_formats[i]);
	assert_ptr_equal(cp_format_find("ndjson"), &cp_format_ndjson);
	assert_ptr_equal(cp_format_find("table"), &cp_format_table);
	assert_ptr_equal(cp_format_find("hops"), &cp_format_hops);
	assert_null(cp_format_find("ndjso"));
	assert_null(cp_format_find(""));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(test_path_direct),
	        TEST(test_path_of_names),
	        TEST(test_path_of_corners),
	        TEST(test_path_inside_has_no_exit),
	        TEST(test_target_records),
	        TEST(test_ipv4_text),
	        TEST(test_start),
	        TEST(test_summary),
	        TEST(test_exit_sites),
	        TEST(test_warning_and_end),
	        TEST(test_unknown_accounting_is_null),
	        cmocka_unit_test(test_sink_error_is_returned),
	        cmocka_unit_test(test_formats_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
