// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_import_datadog.c: Datadog's Network Path events of either shape, and what
 * datadog-traceroute prints.
 */
#include "import/json_formats.h"
#include "import_lab.h"

#define EVENT(protocol)                                                                                                \
	"{'timestamp':1726263182123,'agent_version':'7.70.0','namespace':'default','test_run_id':'x','protocol':"      \
	"'" protocol "','source':{'name':'vm','hostname':'vm','public_ip':'198.18.0.7'},"                              \
	"'destination':{'hostname':'Login.Test','port':443},'traceroute':{'hop_count':{'avg':2,'min':2,'max':2},'"     \
	"runs':["
#define RUN(hops)                                                                                                      \
	"{'run_id':'r','source':{'ip_address':'192.168.0.2','port':1},'destination':{'ip_address':'198.18.9.9','port'" \
	":443},"                                                                                                       \
	"'hops':[" hops "]}"
#define HOP(ttl, addr, rtt) "{'ttl':" ttl ",'ip_address':'" addr "','rtt':" rtt ",'reachable':true}"
#define DARK(ttl) "{'ttl':" ttl ",'ip_address':'','reachable':false}"
#define END "]},'e2e_probe':{'rtts':null}}"
#define SAYS "login.test>198.18.9.9 tcp/443 from 198.18.0.7"

static const struct import_case cases[] = {
        /* Several runs are flows. */
        {EVENT("TCP") RUN(HOP("1", "192.168.0.1", "0.5") "," DARK("2") "," HOP("3", "198.18.9.9", "2.25")) "," RUN(
                 HOP("1", "192.168.0.1", "0.5") "," HOP("2", "198.18.9.9", "2")) END,
                SAYS ": 192.168.0.1@500 * 198.18.9.9@2250=? | reached\n" SAYS
                     " flow 1: 192.168.0.1@500 198.18.9.9@2000=? | reached\n"},
        /* Names; an address that is null. */
        {EVENT("ICMP") RUN(
                 "{'ttl':1,'ip_address':'192.168.0.1','reverse_dns':['r1.test','r2.test'],'rtt':1,'reachable':true},"
                 "{'ttl':2,'ip_address':null,'reachable':false}") END,
                "login.test>198.18.9.9 icmp from 198.18.0.7: 192.168.0.1@1000\"r1.test\" | max-ttl\n"},
        {EVENT("UDP") RUN(HOP("1", "198.18.9.9", "1")) END,
                "login.test>198.18.9.9 udp/443 from 198.18.0.7: 198.18.9.9@1000=? | reached\n"},
        /* What the command prints: who is asked stands in params. */
        {"{'params':{'protocol':'tcp','hostname':'a.test','port':8443},'traceroute':{'runs':[" RUN(
                 HOP("1", "192.168.0.1", "1")) "]}}",
                "a.test>198.18.9.9 tcp/8443 from 192.168.0.2: 192.168.0.1@1000 | max-ttl\n"},
        /* Older events: one row of hops, unknown ones with names of their own. */
        {"{'timestamp':1,'path_id':'p','protocol':'TCP','source':{'hostname':'vm'},'destination':{'hostname':'a.test',"
         "'ip_address':'198.18.9.9','port':443},'hops':[{'ttl':1,'ip_address':'192.168.0.1','hostname':'192.168.0.1','"
         "rtt':1,"
         "'reachable':true},{'ttl':2,'ip_address':'unknown_hop_2','hostname':'unknown_hop_2','reachable':false},"
         "{'ttl':3,'ip_address':'198.18.9.9','hostname':'a.test','rtt':3,'reachable':true}]}",
                "a.test>198.18.9.9 tcp/443: 192.168.0.1@1000 * 198.18.9.9@3000=?\"a.test\" | reached\n"},
        {"{'path_id':'p','destination':{'hostname':'a.test','ip_address':'198.18.9.9'},'hops':[{'ttl':1,"
         "'ip_address':'192.168.0.1','success':true},{'ttl':2,'ip_address':'198.18.1.1','success':false}]}",
                "a.test>198.18.9.9 ?: 192.168.0.1 | max-ttl\n"},
        /* A bad run costs itself only. */
        {EVENT("TCP") RUN(HOP("0", "192.168.0.1", "1")) ",7," RUN(HOP("1", "192.168.0.1", "1")) END,
                "1: a TTL of 0\n1: an object is wanted\n" SAYS " flow 2: 192.168.0.1@1000 | max-ttl\n"},
        /* Refused. */
        {EVENT("SCTP") RUN("") END, "1: protocol: TCP, UDP or ICMP is wanted\n"},
        {EVENT("TCP") END, "1: a traceroute without runs\n"},
        {EVENT("TCP") RUN("") END, "1: a trace without hops\n"},
        {EVENT("TCP") "{'hops':[" HOP("1", "192.168.0.1", "1") "]}" END, "1: the destination's address is not told\n"},
        {EVENT("TCP") RUN("7") END, "1: hops: an object is wanted\n"},
        {EVENT("TCP") RUN("{'ttl':1}") END, "1: a hop that says neither reachable nor success\n"},
        {EVENT("TCP") RUN("{'reachable':true}") END, "1: a hop without its ttl\n"},
        {EVENT("TCP") RUN("{'ttl':1,'reachable':true}") END, "1: a hop that answered without ip_address\n"},
        {EVENT("TCP") RUN("{'ttl':1,'reachable':'yes'}") END, "1: reachable: true or false is wanted\n"},
        {EVENT("TCP") RUN(HOP("1", "unknown_hop_1", "1")) END, "1: ip_address: an address is wanted\n"},
        {EVENT("TCP") RUN(HOP("1", "192.168.0.1", "-1")) END, "1: rtt: a time from 0 ms to 4,294 s is wanted\n"},
        {EVENT("TCP") RUN(HOP("1", "192.168.0.1", "1e999")) END, "1: a number is too large\n"},
        {EVENT("TCP") RUN(HOP("65", "192.168.0.1", "1")) END, "1: an answer at TTL 65: a path has hops from 1 to 64\n"},
        {"{'destination':{'hostname':'a.test'}}", "1: neither traceroute.runs nor hops\n"},
        {"{'destination':'a.test'}", "1: destination: an object is wanted\n"},
        {"{'destination':{'hostname':'a\\nb','ip_address':'198.18.9.9'},'hops':[]}",
                "1: the destination has no valid host name\n"},
        {"{'destination':{'port':65536}}", "1: port: the number is too large\n"},
        {"{'timestamp':-1}", "1: timestamp: a whole number is wanted\n"},
};

static void test_cases(void **state)
{
	(void)state;
	lab_check(&cp_import_datadog, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_edges(void **state)
{
	struct import_lab *lab = calloc(1, sizeof(*lab));
	char text[4096];
	size_t len = lab_unquote(EVENT("TCP") RUN(HOP("1", "192.168.0.1", "1")) END, text, sizeof(text));

	(void)state;
	assert_non_null(lab);
	assert_int_equal(lab_read_bytes(lab, &cp_import_datadog, text, len, NULL), 0);
	assert_int_equal(lab->last.wall_ms, 1726263182123);
	free(lab);
	lab_check_edges(&cp_import_datadog, EVENT("TCP") RUN(HOP("1", "192.168.0.1", "1")) END);
	lab_detect(&cp_import_datadog, EVENT("TCP"));
	lab_detect(&cp_import_datadog, "[{'params':{},'traceroute':{'runs':[]}}]");
	lab_detect(&cp_import_datadog, "{'path_id':'p','destination':{},'hops':[]}");
	lab_detect(&cp_import_datadog, "{'destination':{},'hops':[]}");
	lab_detect(NULL, "{'hops':[]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),
	        cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
