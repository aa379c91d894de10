// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_uri.c: request targets: what is read, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "core/uri.h"

static struct cp_uri uri;

static void test_path(void **state)
{
	(void)state;
	assert_int_equal(cp_uri_parse("/", &uri), 0);
	assert_string_equal(cp_uri_path(&uri), "/");
	assert_null(cp_uri_param(&uri, "limit"));
	assert_int_equal(cp_uri_parse("/a%2fb/%E2%82%ac+%2B", &uri), 0);
	assert_string_equal(cp_uri_path(&uri), "/a/b/\xe2\x82\xac++");
}

static void test_params(void **state)
{
	(void)state;
	assert_int_equal(cp_uri_parse("/x?limit=5&q=a+b%26c&&empty=&bare&q=second&t=a=b", &uri), 0);
	assert_string_equal(cp_uri_path(&uri), "/x");
	assert_string_equal(cp_uri_param(&uri, "limit"), "5");
	assert_string_equal(cp_uri_param(&uri, "q"), "a b&c");
	assert_string_equal(cp_uri_param(&uri, "empty"), "");
	assert_string_equal(cp_uri_param(&uri, "bare"), "");
	assert_string_equal(cp_uri_param(&uri, "t"), "a=b");
	assert_null(cp_uri_param(&uri, "LIMIT"));
	assert_null(cp_uri_param(&uri, ""));
}

static void test_refused(void **state)
{
	/* no path, bad escapes, NUL, controls, overlong, surrogate, beyond U+10FFFF, cut short, C1, fragment */
	static const char *const bad[] = {"", "x", "http://h/", "*", "/%", "/%4", "/%zz", "/%00", "/%0a", "/%7f",
	        "/%c0%af", "/%e0%80%af", "/%ed%a0%80", "/%f4%90%80%80", "/%f5%80%80%80", "/%e2%82", "/\xff", "/%c2%85",
	        "/a#b", "/?q=%ff", "/?%ff=q", "/?q=%0", "/?q=%00", "/?q=\x01"};
	struct cp_uri before;

	(void)state;
	assert_int_equal(cp_uri_parse("/kept?a=1", &uri), 0);
	before = uri;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (cp_uri_parse(bad[i], &uri) != -EINVAL)
			fail_msg("'%s' was not refused", bad[i]);
		assert_memory_equal(&uri, &before, sizeof(uri));
	}
}

static void test_too_big(void **state)
{
	char raw[CP_URI_MAX + 2];

	(void)state;
	memset(raw, 'a', sizeof(raw));
	raw[0] = '/';
	raw[CP_URI_MAX] = '\0';
	assert_int_equal(cp_uri_parse(raw, &uri), 0);
	assert_int_equal(strlen(cp_uri_path(&uri)), CP_URI_MAX);
	raw[CP_URI_MAX] = 'a';
	raw[CP_URI_MAX + 1] = '\0';
	assert_int_equal(cp_uri_parse(raw, &uri), -E2BIG);
	assert_int_equal(cp_uri_parse("/?a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a", &uri), 0);
	assert_int_equal(cp_uri_parse("/?a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a", &uri), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_path),
	        cmocka_unit_test(test_params),
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_too_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
