// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_scamper.c: scamper's traces and load-balanced traces, as sc_warts2json
 * prints them.
 */
#include "import/json_formats.h"
#include "import_lab.h"

#define UUID "{'UUID':'a_1_unsafe_0','TracerouteCallerVersion':'1','CachedResult':false}\n"
#define CYCLE "{'type':'cycle-start','list_name':'default','id':0,'hostname':'h','start_time':1}\n"
#define STOP "{'type':'cycle-stop','list_name':'default','id':0,'hostname':'h','stop_time':2}\n"
#define HEAD(method, more)                                                                                             \
	"{'type':'trace','version':'0.1','method':'" method "','src':'198.18.0.7','dst':'198.18.9.9'," more            \
	"'start':{'sec':1638999963,'usec':787829},'firsthop':1,'attempts':2,"
#define HOP(ttl, addr, fields) "{'addr':'" addr "','probe_ttl':" ttl ",'probe_id':1,'reply_ttl':60" fields "}"
#define TE ",'rtt':1.5,'icmp_type':11,'icmp_code':0,'icmp_q_ttl':1"
#define SAYS_ICMP "198.18.9.9>198.18.9.9 icmp from 198.18.0.7: "

static const struct import_case traces[] = {
        /* M-Lab's four lines. Silent hops got all attempts. */
        {UUID CYCLE HEAD("icmp-echo-paris", "") "'stop_reason':'COMPLETED','hop_count':4,'hops':[" HOP(
                 "1", "192.168.0.1", TE) "," HOP("3", "198.18.1.1", TE) "," HOP("4", "198.18.9.9",
                 ",'rtt':2.25,'icmp_type':0,'icmp_code':0") "]}\n" STOP,
                SAYS_ICMP "192.168.0.1@1500 *x2 198.18.1.1@1500 198.18.9.9@2250=echo | reached\n"},
        /* probe_id says how many attempts an answer took; several answers to one TTL. */
        {HEAD("icmp-paris", "") "'hop_count':2,'hops':[{'addr':'192.168.0.1','probe_ttl':1,'probe_id':2" TE "},"
                                "{'addr':'192.168.0.2','probe_ttl':1,'probe_id':1" TE
                                "}," HOP("2", "198.18.1.1", TE ",'name':'r.test'") "]}",
                SAYS_ICMP "192.168.0.1@1500x2O 198.18.1.1@1500\"r.test\" | max-ttl\n"},
        /* Protocols; a port that counts up with the probes is no service's. */
        {HEAD("tcp", "'dport':443,'sport':1,") "'hops':[" HOP("1", "198.18.9.9", ",'rtt':1,'tcp_flags':18") "]}",
                "198.18.9.9>198.18.9.9 tcp/443 from 198.18.0.7: 198.18.9.9@1000=syn-ack | reached\n"},
        {HEAD("tcp-ack", "'dport':80,") "'hops':[" HOP("1", "198.18.9.9", ",'rtt':1,'tcp_flags':4") "]}",
                "198.18.9.9>198.18.9.9 tcp/80 from 198.18.0.7: 198.18.9.9@1000=rst | reached\n"},
        {HEAD("tcp", "'dport':80,") "'hops':[" HOP("1", "198.18.9.9", ",'rtt':1,'tcp_flags':16") "]}",
                "198.18.9.9>198.18.9.9 tcp/80 from 198.18.0.7: 198.18.9.9@1000=? | reached\n"},
        {HEAD("udp-paris", "'dport':53,") "'hops':[" HOP("1", "198.18.9.9", ",'rtt':1") "]}",
                "198.18.9.9>198.18.9.9 udp/53 from 198.18.0.7: 198.18.9.9@1000=udp | reached\n"},
        {HEAD("udp", "'dport':33435,") "'hops':[" HOP("1", "198.18.9.9", ",'rtt':1,'icmp_type':3,'icmp_code':3") "]}",
                "198.18.9.9>198.18.9.9 udp from 198.18.0.7: 198.18.9.9@1000=!3 | reached\n"},
        /* IPv6, and IPv4 written as IPv6. */
        {"{'type':'trace','method':'icmp-paris','src':'2001:db8::7','dst':'2001:db8::9','hops':["
         "{'addr':'2001:db8::1','probe_ttl':1,'icmp_type':3,'icmp_code':0},"
         "{'addr':'2001:db8::2','probe_ttl':2,'icmp_type':1,'icmp_code':1}]}",
                "2001:db8::9>2001:db8::9 icmp from 2001:db8::7: 2001:db8::1 2001:db8::2=!1 | unreachable\n"},
        {"{'type':'trace','method':'icmp-paris','dst':'::ffff:198.18.9.9','hops':["
         "{'addr':'::ffff:198.18.9.9','probe_ttl':2,'icmp_type':0,'icmp_code':0}]}",
                "198.18.9.9>198.18.9.9 icmp: * 198.18.9.9=echo | reached\n"},
        /* Labels, in both of the ways they have been written. */
        {HEAD("icmp-paris", "") "'hops':[" HOP("1", "192.168.0.1",
                 TE
                 ",'icmpext':[{'ie_cn':1,'ie_ct':1,'ie_dl':4,'mpls_labels':"
                 "[{'mpls_ttl':1,'mpls_s':1,'mpls_exp':2,'mpls_label':24001}]},{'ie_cn':2,'ie_ct':2,'ie_dl':0}]") "]}",
                SAYS_ICMP "192.168.0.1@1500[24001/2/1/1] | max-ttl\n"},
        /* What scamper says of the end stands where the hops leave it open. */
        {HEAD("icmp-paris", "") "'stop_reason':'GAPLIMIT','hop_count':6,'hops':[" HOP("1", "192.168.0.1", TE) "]}",
                SAYS_ICMP "192.168.0.1@1500 | gap\n"},
        {HEAD("icmp-paris", "") "'stop_reason':'HALTED','hop_count':1,'hops':[" HOP("1", "192.168.0.1", TE) "]}",
                SAYS_ICMP "192.168.0.1@1500 | interrupted\n"},
        {HEAD("icmp-paris", "") "'stop_reason':'LOOP','hop_count':1,'hops':[" HOP("1", "192.168.0.1", TE) "]}",
                SAYS_ICMP "192.168.0.1@1500 | loop\n"},
        {HEAD("icmp-paris", "") "'stop_reason':'UNREACH','hops':[" HOP(
                 "1", "198.18.1.1", ",'icmp_type':3,'icmp_code':13") "]}",
                SAYS_ICMP "198.18.1.1=!13 | unreachable\n"},
        {HEAD("icmp-paris", "") "'stop_reason':'COMPLETED','hop_count':0}", "1: a trace without hops\n"},
        /* All silent: that is a measurement. */
        {HEAD("icmp-paris", "") "'stop_reason':'GAPLIMIT','hop_count':5,'hops':[]}", SAYS_ICMP "| gap\n"},
        /* Spread over lines. */
        {"{\n 'type': 'trace',\n 'dst': '198.18.9.9',\n 'hops': [\n  {'addr':'192.168.0.1','probe_ttl':1" TE
         "}\n ]\n}\n" CYCLE,
                "198.18.9.9>198.18.9.9 ?: 192.168.0.1@1500 | max-ttl\n"},
        /* Refused. */
        {"{'type':'ping','dst':'198.18.9.9'}", "1: a record that is neither a trace nor a tracelb\n"},
        {"{'dst':'198.18.9.9'}", "1: a record without a type\n"},
        {"{'type':'trace','hops':[]}", "1: a trace without dst\n"},
        {"{'type':'trace','dst':'localhost'}", "1: dst: an address is wanted\n"},
        {"{'type':'trace','dst':'198.18.9.9','dport':65536}", "1: dport: the number is too large\n"},
        {"{'type':'trace','dst':'198.18.9.9','start':1}", "1: start: an object is wanted\n"},
        {"{'type':'trace','dst':'198.18.9.9','start':{'sec':-1}}", "1: sec: a whole number is wanted\n"},
        {HEAD("icmp", "") "'hops':{}}", "1: hops: an array is wanted\n"},
        {HEAD("icmp", "") "'hops':['*']}", "1: hops: an object is wanted\n"},
        {HEAD("icmp", "") "'hops':[{'probe_ttl':1}]}", "1: a hop without addr\n"},
        {HEAD("icmp", "") "'hops':[{'addr':'192.168.0.1'}]}", "1: a hop without probe_ttl\n"},
        {HEAD("icmp", "") "'hops':[" HOP("0", "192.168.0.1", TE) "]}",
                "1: an answer at TTL 0: a path has hops from 1 to 64\n"},
        {HEAD("icmp", "") "'hops':[" HOP("65", "192.168.0.1", TE) "]}",
                "1: an answer at TTL 65: a path has hops from 1 to 64\n"},
        {HEAD("icmp", "") "'hops':[" HOP("300", "192.168.0.1", TE) "]}", "1: probe_ttl: the number is too large\n"},
        {HEAD("icmp", "") "'hops':[" HOP("1", "192.168.0.1", ",'rtt':-1") "]}",
                "1: rtt: a time from 0 ms to 4,294 s is wanted\n"},
        {HEAD("icmp", "") "'hops':[" HOP("1", "192.168.0.1", ",'icmp_type':256") "]}",
                "1: icmp_type: the number is too large\n"},
        {HEAD("icmp", "") "'hops':[" HOP("1", "192.168.0.1", ",'icmpext':[{'mpls_labels':[{'mpls_exp':8}]}]") "]}",
                "1: mpls_exp: the number is too large\n"},
};

#define LB                                                                                                             \
	"{'type':'tracelb','version':'0.1','method':'icmp-echo','src':'198.18.0.7','dst':'198.18.9.9','firsthop':1,"   \
	"'attempts':3,'nodes':["
#define PROBE(ttl, flow, reply) "{'replyc':1,'ttl':" ttl ",'attempt':0,'flowid':" flow ",'replies':[" reply "]}"
#define LB_TE "{'ttl':60,'rtt':1.5,'icmp_type':11,'icmp_code':0,'icmp_q_ttl':1}"
#define LB_ECHO "{'ttl':60,'rtt':9,'icmp_type':0,'icmp_code':0}"
#define LINK(addr, probes) "{'addr':'" addr "','probes':[" probes "]}"

static const struct import_case balanced[] = {
        /* One way: two flows saw the same, and one of them is enough. */
        {LB "{'addr':'192.168.0.1','q_ttl':1,'linkc':1,'links':[[" LINK(
                 "198.18.1.1", PROBE("2", "1", LB_TE) "," PROBE(
                                       "2", "2", LB_TE)) "]]},"
                                                         "{'addr':'198.18.1.1','q_ttl':1,'linkc':1,'links':[[" LINK(
                                                                 "198.18.9.9", PROBE("3", "1", LB_ECHO)) "]]}]}",
                SAYS_ICMP "192.168.0.1 198.18.1.1@1500 198.18.9.9@9000=echo | reached\n"},
        /* A diamond: two flows show both sides; flow 2 was not sent to where all flows meet again. */
        {LB "{'addr':'192.168.0.1','q_ttl':1,'linkc':2,'links':[[" LINK("198.18.1.1", PROBE("2", "1", LB_TE)) "," LINK(
                 "198.18.1.2",
                 PROBE("2", "2",
                         LB_TE)) "]]},"
                                 "{'addr':'198.18.1.1','linkc':1,'links':[[" LINK("198.18.2.1",
                                         PROBE("3", "1",
                                                 LB_TE)) "]]},"
                                                         "{'addr':'198.18.1.2','linkc':1,'links':[[" LINK("198.18.2.1",
                                                                 PROBE("3", "2",
                                                                         LB_TE)) "]]},"
                                                                                 "{'addr':'198.18.2.1','linkc':1,'"
                                                                                 "links':[[" LINK("198.18.3.1",
                                                                                         PROBE("4", "1",
                                                                                                 LB_TE)) "]]},"
                                                                                                         "{'addr':'198."
                                                                                                         "18.3.1','"
                                                                                                         "linkc':1,'"
                                                                                                         "links':["
                                                                                                         "[" LINK("198."
                                                                                                                  "18."
                                                                                                                  "9.9",
                                                                                                                 PROBE("5",
                                                                                                                         "1",
                                                                                                                         LB_ECHO)) "]]}]}",
                SAYS_ICMP
                "192.168.0.1 198.18.1.1@1500 198.18.2.1@1500 198.18.3.1@1500 198.18.9.9@9000=echo | reached\n"
                "198.18.9.9>198.18.9.9 icmp from 198.18.0.7 flow 1: 192.168.0.1 198.18.1.2@1500 198.18.2.1@1500 "
                "198.18.3.1=nonex0I 198.18.9.9=echox0 | reached\n"},
        /* Silence between two nodes. */
        {LB "{'addr':'192.168.0.1','linkc':1,'links':[[{'addr':'*'}],[" LINK(
                 "198.18.1.1", PROBE("3", "1", LB_TE)) "],[{'addr':'*'}]]}]}",
                SAYS_ICMP "192.168.0.1 *x3 198.18.1.1@1500 | max-ttl\n"},
        /* Nothing behind the first router. */
        {LB "{'addr':'192.168.0.1','q_ttl':1,'linkc':1,'links':[[{'addr':'*'}],[{'addr':'*'}]]}]}",
                SAYS_ICMP "192.168.0.1 | max-ttl\n"},
        {LB "]}", "1: a tracelb without probes that were answered\n"},
        {LB "7]}", "1: a node without addr\n"},
        {LB "{'addr':'192.168.0.1','links':[[{}]]}]}", "1: a link without addr\n"},
        {LB "{'addr':'192.168.0.1','links':[[" LINK("198.18.1.1", "{'flowid':1}") "]]}]}",
                "1: a probe without a TTL from 1 to 64\n"},
        {LB "{'addr':'192.168.0.1','links':[[" LINK("198.18.1.1", "{'flowid':1,'ttl':65}") "]]}]}",
                "1: a probe without a TTL from 1 to 64\n"},
        {LB "{'addr':'nobody','links':[]}]}", "1: addr: an address is wanted\n"},
        {LB "{'addr':'192.168.0.1','links':[[" LINK("nobody", "") "]]}]}", "1: addr: an address is wanted\n"},
        {LB "{'addr':'192.168.0.1','links':[[" LINK("198.18.1.1", PROBE("2", "-1", LB_TE)) "]]}]}",
                "1: flowid: a whole number is wanted\n"},
        /* A comma too many, as old versions wrote it, is no JSON. */
        {LB "{'addr':'192.168.0.1','links':[[{'addr':'*'}],]}]}\n" STOP, "1: not a value\n"},
};

static void test_traces(void **state)
{
	(void)state;
	lab_check(&cp_import_scamper, traces, sizeof(traces) / sizeof(traces[0]));
}

static void test_balanced(void **state)
{
	(void)state;
	lab_check(&cp_import_scamper, balanced, sizeof(balanced) / sizeof(balanced[0]));
}

static void test_edges(void **state)
{
	static const char good[] = HEAD("icmp-paris", "") "'hops':[" HOP("1", "192.168.0.1", TE) "]}\n";
	struct import_lab *lab = calloc(1, sizeof(*lab));
	char text[4096];
	size_t len = lab_unquote(good, text, sizeof(text));

	(void)state;
	assert_non_null(lab);
	assert_int_equal(lab_read_bytes(lab, &cp_import_scamper, text, len, NULL), 0);
	assert_int_equal(lab->last.wall_ms, 1638999963787);
	assert_int_equal(lab->last.path.hops[0].reply_ttl, 60);
	assert_int_equal(lab->last.path.hops[0].quoted_ttl, 1);
	free(lab);
	lab_check_edges(&cp_import_scamper, good);
	lab_detect(&cp_import_scamper, good);
	lab_detect(&cp_import_scamper, UUID CYCLE);
	lab_detect(&cp_import_scamper, CYCLE);
	lab_detect(&cp_import_scamper, LB);
	lab_detect(NULL, "{'type':'path'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_traces),
	        cmocka_unit_test(test_balanced),
	        cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
