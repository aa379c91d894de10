// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_import_atlas.c: RIPE Atlas results, field by odd field.
 */
#include "import/json_formats.h"
#include "import_lab.h"

#define HEAD "{'fw':5080,'type':'traceroute','msm_id':1,'prb_id':2,'af':4,'timestamp':1726263182,'from':'198.18.0.7',"
#define TO "'src_addr':'192.168.0.2','dst_name':'a.test','dst_addr':'198.18.9.9',"
#define ICMP HEAD TO "'proto':'ICMP','paris_id':0,'result':["
#define UDP HEAD TO "'proto':'UDP','paris_id':3,'result':["
#define TCP HEAD TO "'proto':'TCP','paris_id':0,'dst_port':443,'result':["
#define STARS "{'x':'*'},{'x':'*'},{'x':'*'}"
#define HOP1 "{'hop':1,'result':[{'from':'192.168.0.1','ttl':64,'size':76,'rtt':0.5}]}"
#define DEST(fields) "{'from':'198.18.9.9','ttl':55,'rtt':2" fields "}"
#define HEAD_ICMP "a.test>198.18.9.9 icmp from 198.18.0.7: "

static const struct import_case cases[] = {
        /* Three packets a hop: the first answer is the hop, silence is counted. */
        {ICMP "{'hop':1,'result':[{'x':'*'},{'from':'192.168.0.1','ttl':64,'rtt':1.234},{'from':'192.168.0.1','rtt':9}"
              "]},{'hop':2,'result':[" STARS "]},{'hop':3,'result':[" DEST("") "]}]}",
                HEAD_ICMP "192.168.0.1@1234x3 *x3 198.18.9.9@2000=echo | reached\n"},
        /* Another address answered, too. */
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':1},{'from':'192.168.0.2','rtt':2}]}]}",
                HEAD_ICMP "192.168.0.1@1000x2O | max-ttl\n"},
        /* The destination's arrival goes before a router's answer. */
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':1}," DEST("") "]}]}",
                HEAD_ICMP "198.18.9.9@2000=echox2O | reached\n"},
        /* How the destination answers depends on the protocol. */
        {UDP HOP1 ",{'hop':2,'result':[" DEST(",'ittl':0") "]}]}",
                "a.test>198.18.9.9 udp from 198.18.0.7 flow 3: 192.168.0.1@500 198.18.9.9@2000=!3 | reached\n"},
        {TCP HOP1 ",{'hop':2,'result':[" DEST(",'flags':'SA'") "]}]}",
                "a.test>198.18.9.9 tcp/443 from 198.18.0.7: 192.168.0.1@500 198.18.9.9@2000=syn-ack | reached\n"},
        {TCP HOP1 ",{'hop':2,'result':[" DEST(",'flags':'RA'") "]}]}",
                "a.test>198.18.9.9 tcp/443 from 198.18.0.7: 192.168.0.1@500 198.18.9.9@2000=rst | reached\n"},
        /* From the destination's address, but no segment: a NAT in front of it. */
        {TCP HOP1 ",{'hop':2,'result':[" DEST("") "]}]}",
                "a.test>198.18.9.9 tcp/443 from 198.18.0.7: 192.168.0.1@500 198.18.9.9@2000 | max-ttl\n"},
        {ICMP HOP1 ",{'hop':2,'result':[" DEST(",'ittl':3") "]},{'hop':3,'result':[" DEST("") "]}]}",
                HEAD_ICMP "192.168.0.1@500 198.18.9.9@2000 198.18.9.9@2000=echo | reached\n"},
        /* ... or Atlas itself says so. */
        {HEAD TO "'proto':'UDP','destination_ip_responded':false,'result':[{'hop':1,'result':[" DEST("") "]}]}",
                "a.test>198.18.9.9 udp from 198.18.0.7: 198.18.9.9@2000 | max-ttl\n"},
        /* Errors, of either family; a number where there is no letter. */
        {ICMP HOP1 ",{'hop':2,'result':[{'from':'198.18.1.1','rtt':1,'err':'A'}]}]}",
                HEAD_ICMP "192.168.0.1@500 198.18.1.1@1000=!13 | unreachable\n"},
        {ICMP HOP1 ",{'hop':2,'result':[{'from':'198.18.1.1','rtt':1,'err':'H'}]}]}",
                HEAD_ICMP "192.168.0.1@500 198.18.1.1@1000=!1 | unreachable\n"},
        {ICMP HOP1 ",{'hop':2,'result':[{'from':'198.18.1.1','rtt':1,'err':10}]}]}",
                HEAD_ICMP "192.168.0.1@500 198.18.1.1@1000=!10 | unreachable\n"},
        {ICMP HOP1 ",{'hop':2,'result':[{'from':'198.18.1.1','rtt':1,'err':'9'}]}]}",
                HEAD_ICMP "192.168.0.1@500 198.18.1.1@1000=!9 | unreachable\n"},
        {HEAD "'dst_addr':'2001:db8::9','proto':'UDP','af':6,'result':[{'hop':1,'result':[{'from':'2001:db8::1',"
              "'rtt':1,'err':'h'}]}]}",
                "2001:db8::9>2001:db8::9 udp from 198.18.0.7: 2001:db8::1@1000=!2 | unreachable\n"},
        {HEAD "'dst_addr':'2001:db8::9','proto':'UDP','af':6,'result':[{'hop':1,'result':[{'from':'2001:db8::9',"
              "'rtt':1}]}]}",
                "2001:db8::9>2001:db8::9 udp from 198.18.0.7: 2001:db8::9@1000=!4 | reached\n"},
        {ICMP "{'hop':1,'result':[{'from':'198.18.1.1','rtt':1,'err':'q'}]}]}", "1: err: not an error that is known\n"},
        {ICMP "{'hop':1,'result':[{'from':'198.18.1.1','rtt':1,'err':'h'}]}]}", "1: err: not an error that is known\n"},
        {ICMP "{'hop':1,'result':[{'from':'198.18.1.1','rtt':1,'err':256}]}]}", "1: err: not an error that is known\n"},
        {ICMP "{'hop':1,'result':[{'from':'198.18.1.1','rtt':1,'err':{}}]}]}", "1: err: not an error that is known\n"},
        /* Late by one packet: the one before, which was of this TTL, or of another and nobody's. */
        {ICMP "{'hop':1,'result':[{'x':'*'},{'from':'192.168.0.1','late':1},{'x':'*'}]}]}",
                HEAD_ICMP "192.168.0.1x2L | max-ttl\n"},
        {ICMP HOP1
                ",{'hop':2,'result':[{'from':'192.168.0.1','late':1},{'x':'*'}]},{'hop':3,'result':[" DEST("") "]}]}",
                HEAD_ICMP "192.168.0.1@500 * 198.18.9.9@2000=echo | reached\n"},
        {ICMP "{'hop':1,'result':[{'x':'*'},{'from':'192.168.0.1','late':1},{'from':'192.168.0.1','rtt':3}]}]}",
                HEAD_ICMP "192.168.0.1@3000x2 | max-ttl\n"},
        /* A duplicate is no probe. */
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':1},{'from':'192.168.0.1','rtt':2,'dup':true}]}]}",
                HEAD_ICMP "192.168.0.1@1000 | max-ttl\n"},
        /* The destination was rewritten on the way. */
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':1,'edst':'198.18.7.7'}]}]}",
                HEAD_ICMP "192.168.0.1@1000M | max-ttl\n"},
        /* Labels. */
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':1,'icmpext':{'version':2,'rfc4884':0,'obj':["
              "{'class':1,'type':1,'mpls':[{'label':4466,'exp':5,'s':0,'ttl':1},{'label':7,'exp':0,'s':1,'ttl':2}]},"
              "{'class':2,'type':3}]}}]}]}",
                HEAD_ICMP "192.168.0.1@1000[4466/5/0/1][7/0/1/2] | max-ttl\n"},
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','icmpext':{'obj':[{'mpls':[{'label':1048576}]}]}}]}]}",
                "1: label: the number is too large\n"},
        /* The last-ditch probe puts the destination behind what was asked; a router's answer to it says nothing. */
        {ICMP HOP1 ",{'hop':2,'result':[" STARS "]},{'hop':255,'result':[" DEST("") "," DEST("") "]}]}",
                HEAD_ICMP "192.168.0.1@500 *x3 198.18.9.9@2000=echo | reached\n"},
        {ICMP HOP1 ",{'hop':2,'result':[" STARS "]},{'hop':255,'result':[{'from':'198.18.1.1','rtt':1}]}]}",
                HEAD_ICMP "192.168.0.1@500 | max-ttl\n"},
        {ICMP HOP1 ",{'hop':2,'result':[" STARS "]},{'hop':255,'result':[" STARS "]}]}",
                HEAD_ICMP "192.168.0.1@500 | max-ttl\n"},
        /* No name, or an address for one; the controller never saw the probe. */
        {"{'prb_id':2,'type':'traceroute','from':'','src_addr':'198.18.0.8','dst_name':'198.18.9.9','dst_addr':'198.18."
         "9.9',"
         "'proto':'TCP','result':[" HOP1 "]}",
                "198.18.9.9>198.18.9.9 tcp from 198.18.0.8: 192.168.0.1@500 | max-ttl\n"},
        {"{'prb_id':2,'dst_name':'B.Test.','dst_addr':'198.18.9.9','result':[" HOP1 "]}",
                "b.test>198.18.9.9 ?: 192.168.0.1@500 | max-ttl\n"},
        /* First hop later than 1. */
        {"{'prb_id':2,'dst_addr':'198.18.9.9','result':[{'hop':4,'result':[{'from':'192.168.0.1','rtt':1}]}]}",
                "198.18.9.9>198.18.9.9 ? ttl 4: 192.168.0.1@1000 | max-ttl\n"},
        /* A loop. */
        {ICMP HOP1 ",{'hop':2,'result':[{'from':'198.18.1.1','rtt':1}]},"
                   "{'hop':3,'result':[{'from':'192.168.0.1','rtt':1}]}]}",
                HEAD_ICMP "192.168.0.1@500 198.18.1.1@1000 192.168.0.1@1000 | loop\n"},
        /* Whole arrays, of several, over lines; good ones are kept. */
        {"[\n" ICMP HOP1 "]},\n{'type':'ping','prb_id':1},\n7," ICMP HOP1 "]}]\n",
                HEAD_ICMP "192.168.0.1@500 | max-ttl\n"
                          "3: a result of another kind than traceroute\n4: an object is wanted\n" HEAD_ICMP
                          "192.168.0.1@500 | max-ttl\n"},
        {ICMP HOP1 "]}\n" ICMP HOP1 "\n" ICMP "\n\n" ICMP HOP1 "]}\ngarbage\n" ICMP HOP1 "]} x\n" ICMP HOP1 "]}",
                HEAD_ICMP "192.168.0.1@500 | max-ttl\n2: a comma is missing\n3: a comma is missing\n" HEAD_ICMP
                          "192.168.0.1@500 | max-ttl\n6: neither an object nor an array\n" HEAD_ICMP
                          "192.168.0.1@500 | max-ttl\n7: neither an object nor an array\n" HEAD_ICMP
                          "192.168.0.1@500 | max-ttl\n"},
        {"[" ICMP HOP1 "]},\n{'prb_id':1,\n", HEAD_ICMP "192.168.0.1@500 | max-ttl\n3: cut off\n"},
        /* Nothing that could be judged. */
        {HEAD "'dst_name':'a.test','result':[{'error':'name resolution failed'}]}",
                "1: no dst_addr: the probe did not resolve the name\n"},
        {ICMP "{'hop':1,'error':'sendto failed'}]}", "1: nothing was measured: the probe could not send\n"},
        {ICMP "{'hop':1,'result':[{'error':'bind failed: Invalid argument'}]}]}",
                "1: nothing was measured: the probe could not send\n"},
        {ICMP "]}", "1: a trace without hops\n"},
        {HEAD TO "'proto':'ICMP'}", "1: a traceroute without a result\n"},
        /* Wrong kinds and hostile numbers. */
        {HEAD TO "'result':'text of firmware 1'}", "1: result: an array is wanted\n"},
        {ICMP "7]}", "1: result: an object is wanted\n"},
        {ICMP "{'hop':1,'result':[7]}]}", "1: result: an object is wanted\n"},
        {ICMP "{'result':[]}]}", "1: a hop without its number\n"},
        {ICMP "{'hop':'1','result':[]}]}", "1: hop: a whole number is wanted\n"},
        {ICMP "{'hop':-1,'result':[]}]}", "1: hop: a whole number is wanted\n"},
        {ICMP "{'hop':1.5,'result':[]}]}", "1: hop: a whole number is wanted\n"},
        {ICMP "{'hop':256,'result':[]}]}", "1: hop: the number is too large\n"},
        {ICMP "{'hop':0,'result':[{'x':'*'}]}]}", "1: a TTL of 0\n"},
        {ICMP "{'hop':65,'result':[{'from':'192.168.0.1','rtt':1}]}]}",
                "1: an answer at TTL 65: a path has hops from 1 to 64\n"},
        {ICMP HOP1 ",{'hop':65,'result':[{'x':'*'}]}]}", HEAD_ICMP "192.168.0.1@500 | max-ttl\n"},
        {ICMP "{'hop':1,'result':[{'from':'not an address','rtt':1}]}]}", "1: from: an address is wanted\n"},
        {ICMP "{'hop':1,'result':[{'from':7,'rtt':1}]}]}", "1: from: a string is wanted\n"},
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':-0.1}]}]}",
                "1: rtt: a time from 0 ms to 4,294 s is wanted\n"},
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':1e300}]}]}",
                "1: rtt: a time from 0 ms to 4,294 s is wanted\n"},
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':NaN}]}]}", "1: not a value\n"},
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':1e999}]}]}", "1: a number is too large\n"},
        {ICMP "{'hop':99999999999999999999,'result':[]}]}", "1: a number is too large\n"},
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':'1'}]}]}", "1: rtt: a number is wanted\n"},
        {ICMP "{'hop':1,'result':[{'from':'192.168.0.1','rtt':0.0001}]}]}", HEAD_ICMP "192.168.0.1@1 | max-ttl\n"},
        {HEAD "'dst_name':'a b','dst_addr':'198.18.9.9','result':[]}", "1: the destination has no valid host name\n"},
        {HEAD "'dst_name':'\\u001b[31m','dst_addr':'198.18.9.9','result':[]}",
                "1: the destination has no valid host name\n"},
        {HEAD "'dst_name':'a\\u0000b','dst_addr':'198.18.9.9','result':[]}", "1: a NUL in a string\n"},
        {"{'prb_id':1,'type':7}", "1: type: a string is wanted\n"},
};

static void test_cases(void **state)
{
	(void)state;
	lab_check(&cp_import_atlas, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_details(void **state)
{
	struct import_lab *lab = calloc(1, sizeof(*lab));
	char text[4096];
	size_t len = lab_unquote(
	        ICMP "{'hop':1,'result':[{'from':'192.168.0.1','ttl':250,'rtt':1,'ittl':2}]}]}", text, sizeof(text));

	(void)state;
	assert_non_null(lab);
	assert_int_equal(lab_read_bytes(lab, &cp_import_atlas, text, len, NULL), 0);
	assert_int_equal(lab->last.wall_ms, 1726263182000);
	assert_int_equal(lab->last.line, 1);
	assert_int_equal(lab->last.path.hops[0].reply_ttl, 250);
	assert_int_equal(lab->last.path.hops[0].quoted_ttl, 2);
	assert_int_equal(lab->last.path.n_probes, 1);
	assert_int_equal(lab->last.answer.status, CP_DNS_OK);
	free(lab);
}

static void test_edges(void **state)
{
	(void)state;
	lab_check_edges(&cp_import_atlas, ICMP HOP1 "]}\n" UDP HOP1 "]}\n");
	lab_detect(&cp_import_atlas, ICMP HOP1 "]}");
	lab_detect(&cp_import_atlas, "[\n " TCP HOP1 "]}]");
	lab_detect(&cp_import_atlas, "\n{'from':'198.18.0.1','result':[");
	lab_detect(NULL, "{'a':{'prb_id':1}}");
	lab_detect(NULL, "");
	lab_detect(NULL, "a line of somebody's log");
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
