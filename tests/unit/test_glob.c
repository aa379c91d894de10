// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_glob.c: which patterns match which names, and that none takes for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/glob.h"

static void test_matches(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
	        {"", "", true},
	        {"", "a", false},
	        {"*", "", true},
	        {"*", "anything", true},
	        {"?", "", false},
	        {"?", "a", true},
	        {"a*c", "abbbc", true},
	        {"a*c", "abbbd", false},
	        {"*.example", "LOGIN.Example", true},
	        {"*.example", "example", false},
	        {"a**b", "ab", true},
	        {"*a*b*", "xxaxxbxx", true},
	        {"*ab", "aab", true},
	        {"[a]", "a", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cp_glob_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("%s of %s", cases[i].pattern, cases[i].text);
	}
}

/* One that tries all ways would not come back. */
static void test_cost(void **state)
{
	char pattern[201], text[2001];

	(void)state;
	for (size_t i = 0; i < 200; i += 2)
		memcpy(pattern + i, "*a", 2);
	memcpy(pattern + 199, "b", 2);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(cp_glob_matches(pattern, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_matches),
	        cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
