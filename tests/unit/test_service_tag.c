// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_service_tag.c: Azure service tags: which tag an address has, and files
 * that are none.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/service_tag.h"

#define TAG(name, region, service, prefixes)                                                                           \
	"{\"name\":\"" name "\",\"id\":\"" name "\",\"properties\":{\"changeNumber\":1,\"region\":\"" region           \
	"\",\"regionId\":0,\"platform\":\"Azure\",\"systemService\":\"" service "\",\"addressPrefixes\":[" prefixes    \
	"],\"networkFeatures\":null}}"
#define FILE_OF(tags) "{\"changeNumber\":374,\"cloud\":\"Public\",\"values\":[" tags "]}"

/* In the shape of the real file, with all its ways to overlap. */
static const char sample[] = FILE_OF(TAG("AzureCloud", "", "",
        "\"20.38.64.0/19\",\"20.60.0.0/16\",\"13.64.0.0/11\",\"2603:1020::/28\"") "," TAG("AzureCloud.northeurope",
        "northeurope", "", "\"20.60.40.0/23\",\"20.38.64.0/19\"") "," TAG("AzureFrontDoor.Frontend", "",
        "AzureFrontDoor", "\"13.107.246.0/24\",\"2620:1ec:bdf::/48\"") "," TAG("Storage", "", "AzureStorage",
        "\"20.60.0.0/16\",\"20.60.40.0/23\"") "," TAG("Storage.NorthEurope", "northeurope", "AzureStorage",
        "\"20.60.40.0/23\",\"2603:1020:5::/48\"") "," TAG("ActionGroup", "", "ActionGroup",
        "\"13.65.0.4/30\"") "," TAG("Big", "", "",
        "\"13.65.0.4/30\",\"13.65.0.8/30\",\"13.65.0.12/30\"") "," TAG("LogicApps.WestUS", "westus", "",
        "\"20.38.96.7/32\"") "," TAG("AzureCloudish", "", "", "\"20.38.80.0/24\"") "," TAG("Empty", "", "", ""));

static struct cp_service_tags *parse(const char *text)
{
	struct cp_service_tags *tags = NULL;
	struct cp_err err = {""};

	if (cp_service_tags_parse(text, strlen(text), "tags.json", &tags, &err))
		fail_msg("%s", err.text);
	assert_non_null(tags);
	return tags;
}

static const struct cp_service_tag *look(const struct cp_service_tags *tags, const char *text)
{
	struct cp_addr addr;

	assert_int_equal(cp_addr_parse(text, &addr), 0);
	return cp_service_tags_lookup(tags, &addr);
}

static void expect(
        const struct cp_service_tags *tags, const char *text, const char *name, const char *region, const char *service)
{
	const struct cp_service_tag *tag = look(tags, text);

	if (!tag)
		fail_msg("%s: no tag, not %s", text, name);
	assert_string_equal(tag->name, name);
	assert_string_equal(tag->service, service);
	assert_string_equal(tag->region ? tag->region : "-", region);
}

static void test_most_specific(void **state)
{
	struct cp_service_tags *tags = parse(sample);

	(void)state;
	assert_int_equal(cp_service_tags_n_prefixes(tags), 18);
	/* The longest prefix. */
	expect(tags, "13.107.246.40", "AzureFrontDoor.Frontend", "-", "AzureFrontDoor");
	expect(tags, "2620:1ec:bdf::5", "AzureFrontDoor.Frontend", "-", "AzureFrontDoor");
	expect(tags, "2603:1020:5::1", "Storage.NorthEurope", "northeurope", "AzureStorage");
	expect(tags, "20.38.96.7", "LogicApps.WestUS", "westus", "LogicApps");
	/* Of the same prefix a service before AzureCloud, a region's before the world's. */
	expect(tags, "20.60.40.4", "Storage.NorthEurope", "northeurope", "AzureStorage");
	expect(tags, "20.60.41.255", "Storage.NorthEurope", "northeurope", "AzureStorage");
	expect(tags, "20.60.42.0", "Storage", "-", "AzureStorage");
	expect(tags, "13.65.0.5", "ActionGroup", "-", "ActionGroup"); /* has fewer prefixes than Big */
	expect(tags, "13.65.0.8", "Big", "-", "Big");
	/* Nothing but AzureCloud: the narrower of it, then the one that names a region. */
	expect(tags, "20.38.70.1", "AzureCloud.northeurope", "northeurope", "AzureCloud");
	expect(tags, "13.64.0.1", "AzureCloud", "-", "AzureCloud");
	expect(tags, "2603:1020:6::1", "AzureCloud", "-", "AzureCloud");
	/* A name that only begins like it is a service. */
	expect(tags, "20.38.80.9", "AzureCloudish", "northeurope", "AzureCloudish");
	assert_null(look(tags, "20.61.0.0"));
	assert_null(look(tags, "13.107.247.0"));
	assert_null(look(tags, "0.0.0.0"));
	assert_null(look(tags, "255.255.255.255"));
	assert_null(look(tags, "::"));
	assert_null(look(tags, "ffff::"));
	cp_service_tags_free(tags);
}

/* A service around a piece of AzureCloud says more about it than AzureCloud does. */
static void test_service_around_cloud(void **state)
{
	struct cp_service_tags *tags =
	        parse(FILE_OF(TAG("AzureCloud.we", "we", "", "\"20.0.0.0/24\",\"20.0.0.0/28\"") "," TAG(
	                "Sql", "", "", "\"20.0.0.0/16\"") "," TAG("AzureCloud", "", "", "\"20.0.0.0/8\"")));

	(void)state;
	expect(tags, "20.0.0.1", "Sql", "we", "Sql"); /* the region of AzureCloud there */
	expect(tags, "20.0.0.200", "Sql", "we", "Sql");
	expect(tags, "20.0.1.1", "Sql", "-", "Sql");
	expect(tags, "20.1.0.1", "AzureCloud", "-", "AzureCloud");
	cp_service_tags_free(tags);
}

static void test_not_service_tags(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	        {"", "not JSON, or cut short"},
	        {"garbage", "tags.json:1:"},
	        {"{\"values\":[{\"name\":\"A\"", "not JSON, or cut short"},
	        {"[]", "it has no array \"values\""},
	        {"{\"a\":1}", "it has no array \"values\""},
	        {"{\"values\":{}}", "it has no array \"values\""},
	        {"{\"values\":[]}", "no service tags in it"},
	        {"{\"values\":[1,2]}", "no service tags in it"},
	        {FILE_OF(TAG("A", "", "", "\"20.0.0.0/8\"") ",{\"properties\":{\"addressPrefixes\":[]}}"),
	                "tag 2: has no name"},
	        {FILE_OF(TAG("A", "", "", "\"20.0.0.0/8\"") ",{\"name\":7,\"properties\":{\"addressPrefixes\":[]}}"),
	                "tag 2: has no name"},
	        {FILE_OF(TAG("A", "", "", "\"20.0.0.0/8\"") ",{\"name\":\"B\"}"), "tag 2: has no properties"},
	        {FILE_OF(TAG("A", "", "", "\"20.0.0.0/33\"")), "tag 1: an element of addressPrefixes is not a prefix"},
	        {FILE_OF(TAG("A", "", "", "17")), "tag 1: an element of addressPrefixes is not a prefix"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_service_tags *tags = NULL;
		struct cp_err err = {""};

		assert_int_equal(
		        cp_service_tags_parse(cases[i].text, strlen(cases[i].text), "tags.json", &tags, &err), -EINVAL);
		if (!strstr(err.text, cases[i].why) || strncmp(err.text, "tags.json", 9) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, err.text, cases[i].why);
		assert_null(tags);
	}
	cp_service_tags_free(NULL);
}

/* Cut short at every byte it is refused. */
static void test_cut_short(void **state)
{
	(void)state;
	for (size_t n = 0; n + 1 < sizeof(sample) - 1; n += 3) {
		struct cp_service_tags *tags = NULL;

		assert_int_equal(cp_service_tags_parse(sample, n, "t", &tags, NULL), -EINVAL);
		assert_null(tags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_most_specific),
	        cmocka_unit_test(test_service_around_cloud),
	        cmocka_unit_test(test_not_service_tags),
	        cmocka_unit_test(test_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
