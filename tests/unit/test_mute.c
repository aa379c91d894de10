// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_mute.c: windows of silence: how they are written, when they hold.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/mute.h"

#define HOUR UINT64_C(3600000)
#define SUNDAY UINT64_C(1795910400000) /* 2026-11-29T00:00Z */

static void test_holds(void **state)
{
	static const struct {
		const char *text;
		uint64_t at_ms;
		const char *target, *group;
		bool holds;
	} cases[] = {
	        {"* 00:00-24:00", SUNDAY, "a", NULL, true},
	        {"Sun 10:00-11:00", SUNDAY + 10 * HOUR, "a", NULL, true},
	        {"Sun 10:00-11:00", SUNDAY + 11 * HOUR, "a", NULL, false},
	        {"Sun 10:00-11:00", SUNDAY + 10 * HOUR - 1, "a", NULL, false},
	        {"sat 10:00-11:00", SUNDAY + 10 * HOUR, "a", NULL, false},
	        {"Mon-Fri 10:00-11:00", SUNDAY + 10 * HOUR, "a", NULL, false},
	        {"Mon-Fri 10:00-11:00", SUNDAY + 34 * HOUR, "a", NULL, true},
	        {"Fri-Mon 10:00-11:00", SUNDAY + 10 * HOUR, "a", NULL, true},
	        {"Wed,Sun 10:00-11:00", SUNDAY + 10 * HOUR, "a", NULL, true},
	        /* over midnight: it is the day that it begins on */
	        {"Sat 22:00-06:00", SUNDAY + 5 * HOUR, "a", NULL, true},
	        {"Sat 22:00-06:00", SUNDAY + 6 * HOUR, "a", NULL, false},
	        {"Sat 22:00-06:00", SUNDAY + 23 * HOUR, "a", NULL, false},
	        {"Sun 22:00-06:00", SUNDAY + 23 * HOUR, "a", NULL, true},
	        {"Sun 22:00-06:00", SUNDAY + 5 * HOUR, "a", NULL, false},
	        {"2026-11-29T00:00/2026-11-29T01:30", SUNDAY + HOUR, "a", NULL, true},
	        {"2026-11-29T00:00/2026-11-29T01:30", SUNDAY + 2 * HOUR, "a", NULL, false},
	        {"2026-11-28T24:00/2026-12-01T00:00", SUNDAY, "a", NULL, true},
	        {"* 00:00-24:00 target=*.example", SUNDAY, "login.EXAMPLE", NULL, true},
	        {"* 00:00-24:00 target=*.example", SUNDAY, "login.test", NULL, false},
	        {"* 00:00-24:00 target=*.example group=core", SUNDAY, "a.example", "core", true},
	        {"* 00:00-24:00 group=core target=*.example", SUNDAY, "a.example", "edge", false},
	        {"* 00:00-24:00 group=core", SUNDAY, "a", NULL, false},
	        {"* 00:00-24:00 group=*", SUNDAY, "a", NULL, true},
	        {"*\t00:00-24:00", SUNDAY, NULL, "core", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_err err = {{0}};
		struct cp_mute mute;

		if (cp_mute_parse(cases[i].text, &mute, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		if (cp_mute_holds(&mute, cases[i].at_ms, cases[i].target, cases[i].group) != cases[i].holds)
			fail_msg("case %zu: %s", i, cases[i].text);
	}
}

static void test_moments(void **state)
{
	static const struct {
		const char *text;
		uint64_t from_s, to_s;
	} cases[] = {
	        {"1970-01-01T00:00/1970-01-02T00:00", 0, 86400},
	        {"2000-02-29T00:00/2000-03-01T00:00", 951782400, 951868800},
	        {"2024-02-28T00:00/2024-03-01T12:34", 1709078400, 1709296440},
	        {"2100-02-28T00:00/2100-03-01T00:00", 4107456000, 4107542400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_mute mute;

		assert_int_equal(cp_mute_parse(cases[i].text, &mute, NULL), 0);
		assert_int_equal(mute.from_ms, cases[i].from_s * 1000);
		assert_int_equal(mute.to_ms, cases[i].to_s * 1000);
	}
}

static void test_bad(void **state)
{
	static const char *const cases[] = {"", " ", "*", "Sun", "Sun 10:00", "Sun 10:00-", "Sun 10:00-11:60",
	        "Sun 25:00-26:00", "Sun 24:00-01:00", "Sun 1:00-2:00", "Sun 10:00-11:000", "So 10:00-11:00",
	        "Sun, 10:00-11:00", "Sun- 10:00-11:00", ",Sun 10:00-11:00", "Sun 10:00-11:00 host=a",
	        "Sun 10:00-11:00 target=", "Sun 10:00-11:00 target=a target=b", "2026-02-29T00:00/2026-03-01T00:00",
	        "2026-11-29T00:00/2026-11-29T00:00", "2026-11-29T00:00/", "2026-11-29/2026-11-30",
	        "1969-12-31T00:00/2026-11-30T00:00", "2026-13-01T00:00/2027-01-01T00:00", "/"};
	char wide[700];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_mute mute = {.days = 99};
		struct cp_err err = {{0}};

		if (cp_mute_parse(cases[i], &mute, &err) != -EINVAL)
			fail_msg("taken: %s", cases[i]);
		assert_int_equal(mute.days, 99);
		assert_true(strncmp(err.text, "mute window: ", 13) == 0);
	}
	memset(wide, 'a', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	assert_int_equal(cp_mute_parse(wide, &(struct cp_mute){0}, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_holds),
	        cmocka_unit_test(test_moments),
	        cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
