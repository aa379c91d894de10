// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_addr.c: address text, prefixes, order; and the error sentence, which
 * has no more to it than fits here.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/addr.h"
#include "core/err.h"

static struct cp_addr addr_of(const char *text)
{
	struct cp_addr addr;

	assert_int_equal(cp_addr_parse(text, &addr), 0);
	return addr;
}

static void test_parse_and_format(void **state)
{
	static const struct {
		const char *text, *canonical;
		bool is_v4;
	} cases[] = {
	        {"0.0.0.0", "0.0.0.0", true},
	        {"192.0.2.1", "192.0.2.1", true},
	        {"255.255.255.255", "255.255.255.255", true},
	        {"::ffff:192.0.2.1", "192.0.2.1", true},
	        {"::ffff:c000:201", "192.0.2.1", true},
	        {"::", "::", false},
	        {"::1", "::1", false},
	        {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", false},
	        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", false},
	        {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", false},
	        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_addr addr = addr_of(cases[i].text);
		char buf[CP_ADDR_STRLEN];

		assert_ptr_equal(cp_addr_format(&addr, buf), buf);
		assert_string_equal(buf, cases[i].canonical);
		assert_int_equal(cp_addr_is_v4(&addr), cases[i].is_v4);

		struct cp_addr again = addr_of(buf);

		assert_true(cp_addr_eq(&addr, &again));
	}
}

static void test_parse_refuses(void **state)
{
	static const char *const cases[] = {"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ",
	        " 1.2.3.4", "0x1.2.3.4", "1.2.3.4/32", ":", ":::", "1::2::3", "12345::", "g::", "fe80::1%lo", "[::1]",
	        "::1.2.3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "example.com"};
	struct cp_addr untouched;

	(void)state;
	memset(&untouched, 0xa5, sizeof(untouched));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_addr addr = untouched;

		assert_int_equal(cp_addr_parse(cases[i], &addr), -EINVAL);
		assert_memory_equal(&addr, &untouched, sizeof(addr));
	}
}

static void test_v4_number(void **state)
{
	struct cp_addr addr = cp_addr_from_v4(0xc6336401), text = addr_of("198.51.100.1");

	(void)state;
	assert_true(cp_addr_eq(&addr, &text));
	assert_true(cp_addr_is_v4(&addr));
	assert_int_equal(cp_addr_v4(&addr), 0xc6336401);
}

static void test_zero_and_order(void **state)
{
	/* In memcmp order all of IPv4 sits between ::1 and 2001:db8::. */
	static const char *const ascending[] = {"::", "::1", "0.0.0.0", "9.255.0.0", "10.0.0.0", "255.255.255.255",
	        "2001:db8::", "2001:db8::1", "ff02::1"};
	struct cp_addr none = {0}, v4_zero = addr_of("0.0.0.0"), v6_zero = addr_of("::");

	(void)state;
	assert_true(cp_addr_is_zero(&none));
	assert_true(cp_addr_is_zero(&v6_zero));
	assert_false(cp_addr_is_zero(&v4_zero));
	for (size_t i = 0; i < sizeof(ascending) / sizeof(ascending[0]); i++) {
		for (size_t j = 0; j < sizeof(ascending) / sizeof(ascending[0]); j++) {
			struct cp_addr a = addr_of(ascending[i]), b = addr_of(ascending[j]);
			int order = cp_addr_cmp(&a, &b);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(cp_addr_eq(&a, &b), i == j);
		}
	}
}

static void test_prefix(void **state)
{
	static const struct {
		const char *text, *first, *last;
	} cases[] = {
	        {"10.0.0.0/8", "10.0.0.0", "10.255.255.255"},
	        {"10.1.2.3/8", "10.0.0.0", "10.255.255.255"},
	        {"198.51.100.129/25", "198.51.100.128", "198.51.100.255"},
	        {"198.51.100.7/31", "198.51.100.6", "198.51.100.7"},
	        {"198.51.100.7/32", "198.51.100.7", "198.51.100.7"},
	        {"198.51.100.7", "198.51.100.7", "198.51.100.7"},
	        {"1.2.3.4/0", "0.0.0.0", "255.255.255.255"},
	        {"2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
	        {"2001:db8:ffff::1/33", "2001:db8:8000::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
	        {"2001:db8::1/128", "2001:db8::1", "2001:db8::1"},
	        {"2001:db8::1", "2001:db8::1", "2001:db8::1"},
	        {"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	        {"::ffff:198.51.100.7/120", "198.51.100.0", "198.51.100.255"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_addr first, last;
		char buf[CP_ADDR_STRLEN];

		assert_int_equal(cp_addr_parse_prefix(cases[i].text, &first, &last), 0);
		assert_string_equal(cp_addr_format(&first, buf), cases[i].first);
		assert_string_equal(cp_addr_format(&last, buf), cases[i].last);
	}
}

static void test_prefix_refuses(void **state)
{
	static const char *const cases[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
	        "10.0.0.0/ 8", "10.0.0.0/8 ", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/4294967304",
	        "10.0.0.0/255.0.0.0", "10/8", "::/129", "2001:db8::/1280", "2001:db8::/x",
	        "0000000000000000000000000000000000000000000000000000000000000000/1"};
	struct cp_addr untouched;

	(void)state;
	memset(&untouched, 0xa5, sizeof(untouched));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_addr first = untouched, last = untouched;

		assert_int_equal(cp_addr_parse_prefix(cases[i], &first, &last), -EINVAL);
		assert_memory_equal(&first, &untouched, sizeof(first));
		assert_memory_equal(&last, &untouched, sizeof(last));
	}
}

static void test_err(void **state)
{
	struct cp_err err;

	(void)state;
	assert_int_equal(cp_err_set(NULL, -EIO, "%d", 1), -EIO);
	assert_int_equal(cp_err_set(&err, -ENOENT, "no %s", "file"), -ENOENT);
	assert_string_equal(err.text, "no file");
	/* Adding to the sentence that is already there. */
	assert_int_equal(cp_err_set(&err, -EINVAL, "list:%d: %s", 7, err.text), -EINVAL);
	assert_string_equal(err.text, "list:7: no file");
	/* Too long: cut, still a string. */
	assert_int_equal(cp_err_set(&err, -EINVAL, "%0600d", 1), -EINVAL);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_parse_and_format),
	        cmocka_unit_test(test_parse_refuses),
	        cmocka_unit_test(test_v4_number),
	        cmocka_unit_test(test_zero_and_order),
	        cmocka_unit_test(test_prefix),
	        cmocka_unit_test(test_prefix_refuses),
	        cmocka_unit_test(test_err),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
