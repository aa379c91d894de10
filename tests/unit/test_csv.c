// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_csv.c: rows as docs/formats.md promises them, and what hostile cells turn into.
 */
#include "story.h"

#include <stdio.h>

#define PATH_HEADER                                                                                                    \
	"target,port,protocol,group,expect,verdict,confidence,reasons,as_path,exit_asn,exit_as_name,exit_ixp,"         \
	"exit_ttl_min,exit_ttl_max,last_home,first_foreign,first_foreign_rtt_us,destination,destination_asn,"          \
	"destination_as_name,cname,flow,tcp_method,reached,end_reason,rtt_us,hops,hops_seen,probes,skip_reason,"       \
	"service_tag,e2e_sent,e2e_received,e2e_loss_pct,e2e_rtt_min_us,e2e_rtt_avg_us,e2e_rtt_max_us,e2e_rtt_p50_us,"  \
	"e2e_rtt_p95_us,e2e_rtt_p99_us,e2e_jitter_us,e2e_jitter_mean_us\n"
#define NO_E2E ",,,,,,,,,,,"

static void test_story(void **state)
{
	struct mem_sink mem = {0};

	(void)state;
	tell_story(&cp_format_csv, NULL, &mem);
	assert_string_equal(mem.buf, PATH_HEADER
	        "zenn.dev,443,tcp,controls,,direct,high,,* 8075 13335,13335,Cloudflare Inc.,,2,3,198.18.0.1,198.18.3.1,"
	        "1800,203.0.113.9,13335,Cloudflare Inc.,,0,,true,reached,2000,4,3,0,," NO_E2E "\n"
	        "hot.zenn.dev,443,tcp,controls,,transit,medium,silent-border,* 8075 3491 13335,3491,"
	        "PCCW Global (HK) Limited,,2,3,198.18.0.1,198.18.2.1,1500,203.0.113.9,13335,Cloudflare Inc.,,0,,true,"
	        "reached,2000,5,4,0,," NO_E2E "\n"
	        "203.0.113.77,443,tcp,m365,,inside,high,,* 8075,,,,,,,,,198.18.77.7,8075,Microsoft "
	        "Corporation,,0,,true,"
	        "reached,1200,3,2,0,," NO_E2E "\n"
	        "login.microsoft.com,443,tcp,m365,,inside,high,,* 8075,,,,,,,,,198.18.77.7,8075,Microsoft "
	        "Corporation,,0,"
	        ",true,reached,1200,3,2,0,," NO_E2E "\n"
	        "security.microsoft.com,443,tcp,m365,,inside,high,siblings,* 8075 8068,,,,,,,,,198.18.77.7,8068,"
	        "Microsoft Corporation,,0,,true,reached,1200,3,2,0,," NO_E2E "\n"
	        "www.microsoft.com,443,tcp,m365,,direct,high,cname-cdn,* 8075 16625,16625,Akamai Technologies "
	        "Inc.,,2,3,"
	        "198.18.0.1,198.18.3.1,1800,203.0.113.9,16625,Akamai Technologies Inc.,"
	        "www.microsoft.com-c-3.edgekey.test e13678.dscb.akamaiedge.test,0,,true,reached,2000,4,3,0,," NO_E2E
	        "\n"
	        "www.xbox.com,443,tcp,m365,,direct,high,siblings,* 8075 20940 16625,20940,Akamai International "
	        "B.V.,,2,3,"
	        "198.18.0.1,198.18.2.1,1500,203.0.113.9,16625,Akamai Technologies "
	        "Inc.,,0,,true,reached,2000,5,4,0,," NO_E2E "\n"
	        "quiet.example,443,tcp,m365,,undecided,low,no-evidence not-reached,*,,,,,,,,,"
	        "2001:db8:1234:5678:9abc:def0:1234:5678,13335,Cloudflare Inc.,,0,,false,gap,,2,0,0,," NO_E2E "\n"
	        "gone.microsoft.com,443,tcp,m365,,,,,,,,,,,,,,,,,,,,,,,,,,dns_nxdomain," NO_E2E "\n");
	mem_free(&mem);
}

static void test_egress(void **state)
{
	struct mem_sink mem = {0};

	(void)state;
	tell_story(&cp_format_egress_csv, NULL, &mem);
	assert_string_equal(mem.buf,
	        "role,asn,as_name,org,as_role,ixp,paths,share_pct,destinations,targets,exit_routers,handover_p50_us,"
	        "handover_p95_us,handover_p99_us,cold_share_pct\n"
	        "home,8075,Microsoft Corporation,microsoft,microsoft-backbone,,7,87.50,7,7,,,,,\n"
	        "home,8068,Microsoft Corporation,microsoft,microsoft,,1,12.50,1,1,,,,,\n"
	        "exit,13335,Cloudflare Inc.,cloudflare,cdn-cloudflare,,1,12.50,0,0,1,1800,12345,12345,50\n"
	        "destination,13335,Cloudflare Inc.,cloudflare,cdn-cloudflare,,3,37.50,3,3,,,,,\n"
	        "ixp,,,,,Lab-IX Frankfurt,1,12.50,0,0,,,,,\n");
	mem_free(&mem);
}

/* The cell of the group, which is the operator's own text; other cells go the same way. */
static void assert_cell(const char *group, const char *expected)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_rec_target rec;
	struct fixture fix;
	char want[512];
	void *ctx;

	fix_target(&fix, "gone.example", NULL);
	fix.target.group = group;
	rec = (struct cp_rec_target){.target = &fix.target, .answer = &fix.answer};
	assert_int_equal(cp_format_csv.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_csv.target(ctx, &rec), 0);
	snprintf(want, sizeof(want), "gone.example,443,tcp,%s,,,,,,,,,,,,,,,,,,,,,,,,,,dns_nxdomain," NO_E2E "\n",
	        expected);
	assert_string_equal(mem.buf, want);
	cp_format_csv.close(ctx);
	mem_free(&mem);
}

static void test_hostile_cells(void **state)
{
	(void)state;
	assert_cell("a,b", "\"a,b\"");
	assert_cell("say \"hi\"", "\"say \"\"hi\"\"\"");
	assert_cell("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\"");
	assert_cell("+1", "\"'+1\"");
	assert_cell("-1", "\"'-1\"");
	assert_cell("@SUM(A1)", "\"'@SUM(A1)\"");
	assert_cell("\uff1d1+1", "\"'\uff1d1+1\"");
	assert_cell("\t=1", "\\x09=1");
	assert_cell("two\r\nlines", "two\\x0d\\x0alines");
	assert_cell("\033[31mred", "\\x1b[31mred");
	assert_cell("\xc2\x9b"
	            "31m",
	        "\\x9b31m"); /* CSI of the C1 controls */
	assert_cell("bad \xff\xfe utf-8", "bad \ufffd\ufffd utf-8");
	assert_cell("a=b", "a=b");
	assert_cell("", "");
}

static void test_exchange_and_unknowns(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_asdb *asdb = make_asdb();
	const struct cp_service_tag tag = {.name = "Storage,\033NorthEurope", .region = "northeurope"};
	struct fixture fix;
	void *ctx;

	(void)state;
	story_outside(&fix, "zenn.dev", 3491, 13335);
	fix.rec.service_tag = &tag;
	fix.judgement.origins[2] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = "Lab-IX"};
	fix.judgement.as_path[2].kind = CP_STEP_IXP;
	fix.judgement.as_path[2].label = "Lab-IX";
	fix.target.port = 0;
	fix.path.hops[2].rtt_us = 0;
	fix.rec.asdb = asdb;
	fix.rec.answer = NULL;
	fix.rec.tcp_method = "sack";
	assert_int_equal(cp_format_csv.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_csv.path(ctx, &fix.rec), 0);
	assert_string_equal(mem.buf,
	        "zenn.dev,,tcp,,,direct,high,,* 8075 IXP:Lab-IX 13335,13335,Cloudflare Inc.,Lab-IX,2,3,198.18.0.1,"
	        "198.18.2.1,,203.0.113.9,13335,Cloudflare "
	        "Inc.,,0,sack,true,reached,2000,5,4,0,,\"Storage,\\x1bNorthEurope\"" NO_E2E "\n");
	cp_format_csv.close(ctx);
	cp_asdb_free(asdb);
	mem_free(&mem);
}

static void test_sink_error(void **state)
{
	struct mem_sink mem = {.fail_at = 2};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_rec_start start = story_start();
	struct fixture fix;
	void *ctx;

	(void)state;
	story_inside(&fix, "login.microsoft.com", 8075);
	assert_int_equal(cp_format_csv.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_csv.start(ctx, &start), 0);
	assert_int_equal(cp_format_csv.path(ctx, &fix.rec), -32);
	assert_int_equal(cp_format_csv.path(ctx, &fix.rec), -32);
	assert_int_equal(mem.n_after, 0);
	cp_format_csv.close(ctx);
	cp_format_csv.close(NULL);
	mem_free(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_story),
	        cmocka_unit_test(test_egress),
	        cmocka_unit_test(test_hostile_cells),
	        cmocka_unit_test(test_exchange_and_unknowns),
	        cmocka_unit_test(test_sink_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
