// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_mtr_json.c: reports of mtr --json, of version 0.95 and of older ones.
 */
#include "import/json_formats.h"
#include "import_lab.h"

#define HEAD(dst)                                                                                                      \
	"{'report':{'mtr':{'src':'vm','dst':'" dst "','tos':0,'tests':10,'psize':'64','bitpattern':'0x00'},'hubs':["
#define HUB(count, host, avg)                                                                                          \
	"{'count':" count ",'host':'" host "','Loss%':0.0,'Snt':10,'Last':9.0,'Avg':" avg                              \
	",'Best':0.5,'Wrst':9.0,'StDev':0.1}"
#define SILENT(count)                                                                                                  \
	"{'count':" count ",'host':'?\?\?','Loss%':100.0,'Snt':10,'Last':0.0,'Avg':0.0,'Best':0.0,'Wrst':0.0}"
#define END "]}}"
#define NOT_TOLD "1: the address of 'a.test' is not told: run mtr with it, or with --show-ips for a row of that name\n"

static const struct import_case cases[] = {
        {HEAD("198.18.9.9") HUB("1", "192.168.0.1", "1.25") "," SILENT("2") "," HUB("3", "198.18.9.9", "2.0") END,
                "198.18.9.9>198.18.9.9 ?: 192.168.0.1@1250x10 *x10 198.18.9.9@2000=?x10 | reached\n"},
        /* Older: numbers as strings; AS numbers. */
        {"{'report':{'mtr':{'src':'vm','dst':'198.18.9.9','tos':'0x0','psize':'64','bitpattern':'0x00','tests':'3'},'"
         "hubs':["
         "{'count':'1','host':'192.168.0.1','ASN':'AS?\?\?','Loss%':0.00,'Snt':3,'Last':1.0,'Avg':1.5,'Best':1.0},"
         "{'count':' 2','host':'198.18.1.1','ASN':'AS64500','Loss%':0.00,'Snt':'3','Avg':2}]}}",
                "198.18.9.9>198.18.9.9 ?: 192.168.0.1@1500x3 198.18.1.1@2000x3 | max-ttl\n"},
        /* Names with addresses; a name that is the address again. */
        {HEAD("a.test") HUB("1", "r1.test (192.168.0.1)", "1") "," HUB("2", "198.18.9.9 (198.18.9.9)", "2") "," HUB(
                 "3", "A.test (198.18.9.9)", "2") END,
                "a.test>198.18.9.9 ?: 192.168.0.1@1000x10\"r1.test\" 198.18.9.9@2000=?x10 | reached\n"},
        {HEAD("r1 (x).test") HUB("1", "r1 (x).test (2001:db8::1)", "1") END,
                "1: the destination has no valid host name\n"},
        {HEAD("r1.test") HUB("1", "r1.test (2001:db8::1)", "1") END,
                "r1.test>2001:db8::1 ?: 2001:db8::1@1000=?x10\"r1.test\" | reached\n"},
        /* The last row may be a router that refused. */
        {HEAD("a.test") HUB("1", "192.168.0.1", "1") "," HUB("2", "198.18.9.9", "2") END, NOT_TOLD},
        {HEAD("a.test") HUB("1", "b.test (198.18.9.9)", "2") END, NOT_TOLD},
        /* mtr shows a row beyond the last router, so that the destination did not answer here. */
        {HEAD("198.18.9.9") HUB("1", "192.168.0.1", "1") "," SILENT("2") END,
                "198.18.9.9>198.18.9.9 ?: 192.168.0.1@1000x10 | max-ttl\n"},
        {HEAD("a.test") HUB("1", "192.168.0.1", "1") "," SILENT("2") END, NOT_TOLD},
        /* Average, or what there is. */
        {HEAD("198.18.9.9") "{'count':1,'host':'192.168.0.1','Best':0.7,'Last':3}" END,
                "198.18.9.9>198.18.9.9 ?: 192.168.0.1@700 | max-ttl\n"},
        {HEAD("198.18.9.9") "{'count':1,'host':'192.168.0.1'}" END, "198.18.9.9>198.18.9.9 ?: 192.168.0.1 | max-ttl\n"},
        /* Names alone do not say which network a hop is in. */
        {HEAD("198.18.9.9") HUB("1", "_gateway", "1") END,
                "1: hop 1 has a name but no address: mtr tells both with --show-ips, addresses with --no-dns\n"},
        {HEAD("198.18.9.9") HUB("1", "a (b)", "1") END, "1: host: no address between the parentheses\n"},
        {HEAD("198.18.9.9") HUB("1", "a (198.18.1.1) b", "1") END,
                "1: hop 1 has a name but no address: mtr tells both with --show-ips, addresses with --no-dns\n"},
        /* Refused. */
        {"{'report':{'mtr':{'dst':'198.18.9.9'}}}",
                "1: not a report of mtr: report.mtr.dst and report.hubs are wanted\n"},
        {"{'report':{'hubs':[]}}", "1: not a report of mtr: report.mtr.dst and report.hubs are wanted\n"},
        {"{'report':[]}", "1: report: an object is wanted\n"},
        {HEAD("198.18.9.9") END, "1: a trace without hops\n"},
        {HEAD("a.test") END, "1: a report without hubs\n"},
        {HEAD("a b") HUB("1", "192.168.0.1", "1") END, "1: the destination has no valid host name\n"},
        {HEAD("198.18.9.9") "7" END, "1: hubs: an object is wanted\n"},
        {HEAD("198.18.9.9") HUB("0", "192.168.0.1", "1") END, "1: a hub without its count\n"},
        {HEAD("198.18.9.9") HUB("65", "192.168.0.1", "1") END, "1: count: the number is too large\n"},
        {HEAD("198.18.9.9") HUB("'1x'", "192.168.0.1", "1") END, "1: count: a whole number up to 64 is wanted\n"},
        {HEAD("198.18.9.9") HUB("'-1'", "192.168.0.1", "1") END, "1: count: a whole number is wanted\n"},
        {HEAD("198.18.9.9") HUB("'99999999999999999999999'", "192.168.0.1", "1") END,
                "1: count: a whole number up to 64 is wanted\n"},
        {HEAD("198.18.9.9") HUB("1", "192.168.0.1", "-1") END, "1: Avg: a time from 0 ms to 4,294 s is wanted\n"},
        {HEAD("198.18.9.9") HUB("1", "192.168.0.1", "nan") END, "1: not a value\n"},
        {HEAD("198.18.9.9") "{'count':1}" END, "1: hop 1 has no host\n"},
        {HEAD("198.18.9.9") "{'count':1,'host':'192.168.0.1','Loss%':101}" END, "1: Loss%: a percentage is wanted\n"},
};

static void test_cases(void **state)
{
	(void)state;
	lab_check(&cp_import_mtr_json, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_edges(void **state)
{
	(void)state;
	lab_check_edges(&cp_import_mtr_json, HEAD("198.18.9.9") HUB("1", "192.168.0.1", "1") END);
	lab_detect(&cp_import_mtr_json, "{\n  'report': {\n    'mtr': {\n      'src': 'vm'");
	lab_detect(NULL, "{'report':{'other':1}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),
	        cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
