// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_import_ndjson.c: our own records as paths to judge anew.
 */
#include "import/json_formats.h"
#include "import_lab.h"

#define START "{'type':'start','schema_version':1,'wall_ms':1784116800000,'vantage':{'asn':8075,'why':'azure-dmi'}}\n"
#define PATH "{'type':'path','schema_version':1,'target':{'name':'a.test','port':443,'protocol':'tcp','group':'g'},"
#define DEST "'destination':{'ip':'198.18.9.9','asn':1,'cname':['b.test','c.test']},'flow':3,"
#define HOP(ttl, ip, reply)                                                                                            \
	"{'ttl':" ttl ",'ip':" ip ",'rtt_us':1500,'reply':" reply ",'attempts':2,'inferred':false,'flags':[]}"
#define HOPS "'hops':[" HOP("1", "'192.168.0.1'", "'time-exceeded'") "," HOP("2", "'198.18.9.9'", "'syn-ack'") "]}\n"
#define END "{'type':'end','schema_version':1,'reason':'done'}\n"
#define NOTE "note: the run was cut off: its file has no end record\n"

static const struct import_case cases[] = {
        {START PATH DEST "'reached':true,'end_reason':'reached'," HOPS "{'type':'target','schema_version':1}\n" END,
                "a.test>198.18.9.9 tcp/443 flow 3: 192.168.0.1@1500x2 198.18.9.9@1500=syn-ackx2 | reached\n"},
        /* The end as it was told, and as the hops tell when it was not. */
        {PATH DEST "'reached':false,'end_reason':'interrupted','hops':[" HOP(
                 "1", "'192.168.0.1'", "'time-exceeded'") "]}\n" END,
                "a.test>198.18.9.9 tcp/443 flow 3: 192.168.0.1@1500x2 | interrupted\n"},
        {PATH DEST HOPS END,
                "a.test>198.18.9.9 tcp/443 flow 3: 192.168.0.1@1500x2 198.18.9.9@1500=syn-ackx2 | reached\n"},
        /* An answer of which nobody knew the kind, and an inferred hop, which is none. */
        {PATH DEST "'reached':true,'end_reason':'reached','hops':[{'ttl':1,'ip':'192.168.0.1','inferred':true,'"
                   "attempts':1},"
                   "{'ttl':2,'ip':'198.18.9.9','reply':null,'attempts':1}]}\n" END,
                "a.test>198.18.9.9 tcp/443 flow 3: 192.168.0.1=noneI 198.18.9.9=? | reached\n"},
        {PATH DEST HOPS,
                "a.test>198.18.9.9 tcp/443 flow 3: 192.168.0.1@1500x2 198.18.9.9@1500=syn-ackx2 | reached\n" NOTE},
        {PATH "'hops':[]}\n" END, "1: a path without a target or without its address\n"},
        {"{'type':'path','schema_version':1," DEST HOPS END, "1: a path without a target or without its address\n"},
        {PATH DEST "'reached':true,'end_reason':'reached','hops':[]}\n" END,
                "1: a path that reached its destination without a hop\n"},
        {"garbage\n" END, "1: not a value\n"},
        {PATH DEST HOPS "{'type':'pa",
                "a.test>198.18.9.9 tcp/443 flow 3: 192.168.0.1@1500x2 198.18.9.9@1500=syn-ackx2 | reached\n"
                "2: a string does not end\n" NOTE},
};

static void test_cases(void **state)
{
	(void)state;
	lab_check(&cp_import_ndjson, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_details(void **state)
{
	struct import_lab *lab = calloc(1, sizeof(*lab));
	const struct cp_trace *trace = &lab->last;
	char text[4096];
	size_t len = lab_unquote(START PATH DEST "'tcp_method':'syn','sack_fallback':'refused','probes':9,"
	                                         "'reasons':['replies-lost','loop','route-changed']," HOPS END,
	        text, sizeof(text));

	(void)state;
	assert_int_equal(lab_read_bytes(lab, &cp_import_ndjson, text, len, NULL), 0);
	assert_int_equal(trace->vantage_asn, 8075);
	assert_int_equal(trace->wall_ms, 1784116800000);
	assert_int_equal(trace->line, 2);
	assert_int_equal(trace->path.n_probes, 9);
	assert_int_equal(trace->answer.n_cname, 2);
	assert_int_equal(trace->reasons, 1u << CP_WHY_REPLIES_LOST | 1u << CP_WHY_ROUTE_CHANGED);
	free(lab);
}

static void test_edges(void **state)
{
	(void)state;
	lab_check_edges(&cp_import_ndjson, PATH DEST HOPS);
	lab_detect(&cp_import_ndjson, START);
	lab_detect(&cp_import_ndjson, PATH DEST HOPS);
	lab_detect(NULL, "{'type':'start'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),
	        cmocka_unit_test(test_details),
	        cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
