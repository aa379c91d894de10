// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* test_standstill.c: a loop that stood still, by the clocks it looked at (F45). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/standstill.h"

#define MS 1000000ull

static void a_loop_that_goes_round(void **state)
{
	struct cp_standstill still = {0};

	(void)state;
	for (uint64_t now_ns = 7000 * MS; now_ns < 9000 * MS; now_ns += 10 * MS)
		assert_int_equal(cp_standstill_look(&still, now_ns, now_ns), 0);
	assert_int_equal(cp_standstill_look(&still, 9989 * MS, 9989 * MS), 0);
	assert_false(cp_standstill_within(&still, 0, UINT64_MAX));
}

static void a_frozen_machine(void **state)
{
	struct cp_standstill still = {0};

	(void)state;
	cp_standstill_look(&still, 1000 * MS, 1000 * MS);
	assert_int_equal(cp_standstill_look(&still, 31000 * MS, 31000 * MS), 30000 * MS);
	assert_int_equal(cp_standstill_look(&still, 31001 * MS, 31001 * MS), 0);
	assert_true(cp_standstill_within(&still, 900 * MS, 31000 * MS)); /* a probe that was out */
	assert_true(cp_standstill_within(&still, 900 * MS, 1100 * MS));
	assert_false(cp_standstill_within(&still, 900 * MS, 999 * MS)); /* answered before */
	assert_false(cp_standstill_within(&still, 31001 * MS, 31002 * MS)); /* left after */
}

/* The steady clock stands still, too. */
static void a_suspended_machine(void **state)
{
	struct cp_standstill still = {0};

	(void)state;
	cp_standstill_look(&still, 1000 * MS, 5000 * MS);
	assert_int_equal(cp_standstill_look(&still, 1001 * MS, 65000 * MS), 60000 * MS);
	assert_true(cp_standstill_within(&still, 999 * MS, 1002 * MS));
}

static void a_loop_that_was_left(void **state)
{
	struct cp_standstill still = {0};

	(void)state;
	cp_standstill_look(&still, 1000 * MS, 1000 * MS);
	cp_standstill_leave(&still);
	assert_int_equal(cp_standstill_look(&still, 31000 * MS, 31000 * MS), 0);
	assert_int_equal(cp_standstill_look(&still, 33000 * MS, 33000 * MS), 2000 * MS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_loop_that_goes_round),
	        cmocka_unit_test(a_frozen_machine),
	        cmocka_unit_test(a_suspended_machine),
	        cmocka_unit_test(a_loop_that_was_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
