// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_atlas.c: a path as a RIPE Atlas traceroute result, compared as a whole with another parser's reading.
 */
#include "json_lab.h"

#define HEAD                                                                                                           \
	"{'fw':5000,'type':'traceroute','msm_id':null,'msm_name':'Traceroute','prb_id':null,'lts':-1,"                 \
	"'timestamp':1784116800,'af':4,'dst_name':'zenn.dev','dst_addr':'203.0.113.9',"

static void test_reached(void **state)
{
	struct fixture fix;

	(void)state;
	story_outside(&fix, "zenn.dev", 0, 13335);
	fix.path.hops[0].attempts = 2;
	fix.path.hops[1].attempts = 3;
	fix.path.hops[1].n_mpls = 1;
	fix.path.hops[1].mpls[0] = 24001u << 12 | 5u << 9 | 1u << 8 | 254;
	fix.path.hops[2].quoted_ttl = 4;
	fix.path.flow = 2;
	assert_json(json_lab_written(&cp_format_atlas, &fix, 1784116800123),
	        HEAD "'proto':'TCP','paris_id':3,'result':["
	             "{'hop':1,'result':[{'x':'*'},{'x':'*'}]},"
	             "{'hop':2,'result':[{'x':'*'},{'x':'*'},{'from':'198.18.0.1','ttl':60,'rtt':1.0,'icmpext':"
	             "{'version':2,'rfc4884':1,'obj':[{'class':1,'type':1,'mpls':[{'label':24001,'exp':5,'s':1,'ttl':"
	             "254}]}]}"
	             "}]},"
	             "{'hop':3,'result':[{'from':'198.18.3.1','ttl':60,'rtt':1.8,'ittl':4}]},"
	             "{'hop':4,'result':[{'from':'203.0.113.9','ttl':60,'rtt':2.0,'flags':'SA'}]}]}");
}

/* An RTT that is not known is left out, an inferred hop answered on another path, a code has its letter or number. */
static void test_corners(void **state)
{
	struct fixture fix;
	struct cp_hop *hop;

	(void)state;
	fix_target(&fix, "zenn.dev", "203.0.113.9");
	fix.target.proto = IPPROTO_ICMP;
	fix_hop(&fix, "198.18.0.1", 8075, 0)->flags = CP_HOP_LATE;
	fix_hop(&fix, "198.18.0.2", 8075, 70)->flags = CP_HOP_INFERRED;
	hop = fix_hop(&fix, "198.18.0.3", 8075, 80);
	hop->kind = CP_REPLY_UNREACHABLE;
	hop->icmp_code = 13;
	hop->reply_ttl = 0;
	hop = fix_hop(&fix, "198.18.0.4", 8075, 80);
	hop->kind = CP_REPLY_UNREACHABLE;
	hop->icmp_code = 10;
	hop->reply_ttl = 0;
	fix_hop(&fix, NULL, 0, 0)->attempts = 0;
	assert_json(json_lab_written(&cp_format_atlas, &fix, 1784116800123),
	        HEAD "'proto':'ICMP','paris_id':1,'result':[{'hop':1,'result':[{'from':'198.18.0.1','ttl':60}]},"
	             "{'hop':2,'result':[{'x':'*'}]},"
	             "{'hop':3,'result':[{'from':'198.18.0.3','rtt':0.08,'err':'A'}]},"
	             "{'hop':4,'result':[{'from':'198.18.0.4','rtt':0.08,'err':10}]},"
	             "{'hop':5,'result':[{'x':'*'}]}]}");
}

static void test_ipv6_and_unknown_time(void **state)
{
	struct fixture fix;
	struct cp_hop *hop;
	json_t *got;

	(void)state;
	fix_target(&fix, "six.example", "2001:db8::9");
	fix.target.proto = IPPROTO_UDP;
	hop = fix_hop(&fix, "2001:db8::9", 13335, 90);
	hop->kind = CP_REPLY_UNREACHABLE;
	hop->icmp_code = 4;
	got = json_lab_written(&cp_format_atlas, &fix, CP_UNKNOWN);
	assert_true(json_is_null(json_object_get(got, "timestamp")));
	assert_int_equal(json_integer_value(json_object_get(got, "af")), 6);
	assert_string_equal(json_string_value(json_object_get(got, "proto")), "UDP");
	assert_json(json_incref(json_object_get(got, "result")),
	        "[{'hop':1,'result':[{'from':'2001:db8::9','ttl':60,'rtt':0.09,'err':'p'}]}]");
	json_decref(got);
}

static void test_hostile_name(void **state)
{
	struct fixture fix;
	json_t *got;

	(void)state;
	story_outside(&fix, "a\"b\n\033[31m\xff", 0, 13335);
	got = json_lab_written(&cp_format_atlas, &fix, 0);
	assert_string_equal(json_string_value(json_object_get(got, "dst_name")), "a\"b\n\033[31m\ufffd");
	json_decref(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_reached),
	        cmocka_unit_test(test_corners),
	        cmocka_unit_test(test_ipv6_and_unknown_time),
	        cmocka_unit_test(test_hostile_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
