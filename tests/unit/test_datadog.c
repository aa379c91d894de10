// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_datadog.c: a path in the shape of Datadog's payload, compared as a whole with another parser's reading.
 */
#include "json_lab.h"

static void test_reached(void **state)
{
	const struct cp_service_tag tag = {.name = "AzureFrontDoor.Frontend"};
	struct fixture fix;
	json_t *got;
	char *run;

	(void)state;
	story_outside(&fix, "zenn.dev", 0, 13335);
	fix.rec.service_tag = &tag;
	fix.target.group = "controls";
	fix.path.hops[1].ptr = "ae1.icr01.example";
	fix.path.hops[3].attempts = 4;
	got = json_lab_written(&cp_format_datadog, &fix, 1784116800123);
	run = strdup(json_string_value(json_object_get(got, "test_run_id")));
	assert_int_equal(strlen(run), 16);
	assert_memory_equal(json_string_value(json_object_get(got, "test_result_id")), run, 16);
	json_object_del(got, "test_run_id");
	json_object_del(got, "test_result_id");
	json_object_del(json_array_get(json_object_get(json_object_get(got, "traceroute"), "runs"), 0), "run_id");
	assert_json(got,
	        "{'timestamp':1784116800123,'agent_version':'0.1.0','namespace':null,'test_config_id':null,"
	        "'origin':'network_path_integration','test_run_type':'triggered','source_product':'network_path',"
	        "'collector_type':'agent','protocol':'TCP',"
	        "'source':{'name':'vm-weu-01','display_name':'vm-weu-01','hostname':'vm-weu-01'},"
	        "'destination':{'hostname':'zenn.dev','port':443},"
	        "'traceroute':{'runs':[{'source':{'ip_address':null,'port':null},"
	        "'destination':{'ip_address':'203.0.113.9','port':443},'hops':["
	        "{'ttl':1,'ip_address':null,'reachable':false},"
	        "{'ttl':2,'ip_address':'198.18.0.1','reverse_dns':['ae1.icr01.example'],'rtt':1.0,'reachable':true},"
	        "{'ttl':3,'ip_address':'198.18.3.1','rtt':1.8,'reachable':true},"
	        "{'ttl':4,'ip_address':'203.0.113.9','rtt':2.0,'reachable':true}]}],"
	        "'hop_count':{'avg':4,'min':4,'max':4}},"
	        "'e2e_probe':{'rtts':[2.0],'packets_sent':4,'packets_received':1,'packet_loss_percentage':0.75,"
	        "'jitter':null,'rtt':{'avg':2.0,'min':2.0,'max':2.0}},"
	        "'tags':['verdict:direct','confidence:high','group:controls','exit_asn:13335','destination_asn:13335',"
	        "'service_tag:AzureFrontDoor.Frontend']"
	        "}");
	free(run);
}

static void test_unreached(void **state)
{
	struct fixture fix;
	json_t *got, *count;

	(void)state;
	story_undecided(&fix, "quiet.example");
	fix.target.port = 0;
	fix.target.proto = IPPROTO_ICMP;
	got = json_lab_written(&cp_format_datadog, &fix, CP_UNKNOWN);
	count = json_object_get(json_object_get(got, "traceroute"), "hop_count");
	assert_true(json_is_null(json_object_get(got, "timestamp")));
	assert_true(json_is_null(json_object_get(got, "e2e_probe")));
	assert_true(json_is_null(json_object_get(count, "avg")));
	assert_true(json_is_null(json_object_get(json_object_get(got, "destination"), "port")));
	assert_string_equal(json_string_value(json_object_get(got, "protocol")), "ICMP");
	assert_json(json_incref(json_object_get(got, "tags")),
	        "['verdict:undecided','confidence:low','reason:no-evidence',"
	        "'reason:not-reached','destination_asn:13335']");
	json_decref(got);
}

/* The same run has the same identity, another start another one; results of a run are told apart. */
static void test_identity(void **state)
{
	struct fixture fix;
	json_t *a, *b, *c;

	(void)state;
	story_inside(&fix, "login.microsoft.com", 8075);
	a = json_lab_written(&cp_format_datadog, &fix, 1000);
	b = json_lab_written(&cp_format_datadog, &fix, 1000);
	c = json_lab_written(&cp_format_datadog, &fix, 1001);
	assert_true(json_equal(a, b));
	assert_string_not_equal(json_string_value(json_object_get(a, "test_run_id")),
	        json_string_value(json_object_get(c, "test_run_id")));
	json_decref(a);
	json_decref(b);
	json_decref(c);
}

static void test_inferred_is_not_reachable(void **state)
{
	struct fixture fix;
	json_t *got, *hop;

	(void)state;
	story_inside(&fix, "login.microsoft.com", 8075);
	fix.path.hops[1].flags = CP_HOP_INFERRED;
	got = json_lab_written(&cp_format_datadog, &fix, 1000);
	hop = json_array_get(
	        json_object_get(json_array_get(json_object_get(json_object_get(got, "traceroute"), "runs"), 0), "hops"),
	        1);
	assert_json(json_incref(hop), "{'ttl':2,'ip_address':null,'reachable':false}");
	json_decref(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_reached),
	        cmocka_unit_test(test_unreached),
	        cmocka_unit_test(test_identity),
	        cmocka_unit_test(test_inferred_is_not_reachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
