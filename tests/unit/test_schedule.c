// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_schedule.c: jobs keep to their grids however late they are served, make
 * up for what they missed by one run, and take turns.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/schedule.h"

#define SEC 1000000000ull
#define MIN (60 * SEC)

static struct cp_schedule *make(uint64_t seed)
{
	struct cp_schedule *schedule;

	assert_int_equal(cp_schedule_new(seed, &schedule), 0);
	return schedule;
}

static uint32_t add(struct cp_schedule *schedule, uint64_t start_ns, uint64_t interval_ns, uint64_t jitter_ns)
{
	uint32_t job = 77;

	assert_int_equal(cp_schedule_add(schedule, start_ns, interval_ns, jitter_ns, &job), 0);
	return job;
}

static void lateness_does_not_add_up(void **state)
{
	struct cp_schedule *schedule = make(1);
	uint32_t job = add(schedule, 5 * SEC, MIN, 0);

	(void)state;
	for (uint64_t k = 0; k < 10000; k++) {
		assert_true(cp_schedule_next_ns(schedule) == 5 * SEC + k * MIN);
		assert_int_equal(cp_schedule_due(schedule, 5 * SEC + k * MIN - 1), CP_SCHEDULE_NONE);
		assert_int_equal(cp_schedule_due(schedule, 5 * SEC + k * MIN), job);
		/* Each run begins late and takes some time. */
		assert_int_equal(cp_schedule_done(schedule, job, 5 * SEC + k * MIN + k * 1000003), 0);
	}
	cp_schedule_free(schedule);
}

static void a_long_run_skips_what_it_covers(void **state)
{
	struct cp_schedule *schedule = make(1);
	uint32_t job = add(schedule, 0, MIN, 0);

	(void)state;
	assert_int_equal(cp_schedule_done(schedule, job, MIN), 1); /* it ended just as the next was due */
	assert_true(cp_schedule_job_ns(schedule, job) == 2 * MIN);
	assert_int_equal(cp_schedule_done(schedule, job, 2 * MIN + 3 * MIN + SEC), 3);
	assert_true(cp_schedule_job_ns(schedule, job) == 6 * MIN);
	cp_schedule_free(schedule);
}

static void a_suspended_machine_makes_no_burst(void **state)
{
	struct cp_schedule *schedule = make(1);
	uint32_t job = add(schedule, 0, MIN, 0);
	uint64_t woke_ns = 7ull * 24 * 60 * MIN + 10 * SEC;

	(void)state;
	cp_schedule_done(schedule, job, SEC);
	assert_int_equal(cp_schedule_due(schedule, woke_ns), job);
	assert_int_equal(cp_schedule_done(schedule, job, woke_ns + 2 * SEC), 7 * 24 * 60 - 1);
	assert_int_equal(cp_schedule_due(schedule, woke_ns + 2 * SEC), CP_SCHEDULE_NONE);
	assert_true(cp_schedule_next_ns(schedule) == (7ull * 24 * 60 + 1) * MIN);
	cp_schedule_free(schedule);
}

static void who_waits_longest_is_first(void **state)
{
	struct cp_schedule *schedule = make(1);
	uint32_t a = add(schedule, 3 * SEC, MIN, 0), b = add(schedule, SEC, 2 * MIN, 0),
	         c = add(schedule, 3 * SEC, MIN, 0);

	(void)state;
	assert_int_equal(cp_schedule_due(schedule, 2 * SEC), b);
	assert_int_equal(cp_schedule_due(schedule, 10 * SEC), b);
	cp_schedule_done(schedule, b, 10 * SEC);
	assert_int_equal(cp_schedule_due(schedule, 10 * SEC), a); /* of equals, the first added */
	cp_schedule_done(schedule, a, 11 * SEC);
	assert_int_equal(cp_schedule_due(schedule, 11 * SEC), c);
	cp_schedule_done(schedule, c, 12 * SEC);
	assert_int_equal(cp_schedule_due(schedule, 12 * SEC), CP_SCHEDULE_NONE);
	cp_schedule_free(schedule);
}

static void jitter_stays_within_bounds_and_on_the_grid(void **state)
{
	struct cp_schedule *schedule = make(42), *same = make(42), *other = make(43);
	uint64_t min_ns = UINT64_MAX, max_ns = 0, n_differ = 0;

	(void)state;
	add(schedule, SEC, MIN, 10 * SEC);
	add(same, SEC, MIN, 10 * SEC);
	add(other, SEC, MIN, 10 * SEC);
	for (uint64_t k = 0; k < 1000; k++) {
		uint64_t due_ns = cp_schedule_job_ns(schedule, 0), late_ns = due_ns - SEC - k * MIN;

		assert_true(due_ns >= SEC + k * MIN && late_ns <= 10 * SEC);
		min_ns = late_ns < min_ns ? late_ns : min_ns;
		max_ns = late_ns > max_ns ? late_ns : max_ns;
		assert_true(cp_schedule_job_ns(same, 0) == due_ns);
		n_differ += cp_schedule_job_ns(other, 0) != due_ns;
		assert_int_equal(cp_schedule_done(schedule, 0, due_ns), 0);
		assert_int_equal(cp_schedule_done(same, 0, due_ns), 0);
		assert_int_equal(cp_schedule_done(other, 0, cp_schedule_job_ns(other, 0)), 0);
	}
	assert_true(min_ns < SEC && max_ns > 9 * SEC);
	assert_true(n_differ > 990);
	cp_schedule_free(schedule);
	cp_schedule_free(same);
	cp_schedule_free(other);
}

/* Almost the whole interval: the order of the points still holds, and none is lost. */
static void the_widest_jitter_loses_no_point(void **state)
{
	struct cp_schedule *schedule = make(7);

	(void)state;
	add(schedule, 0, SEC, SEC - 1);
	for (uint64_t k = 0; k < 1000; k++)
		assert_int_equal(cp_schedule_done(schedule, 0, cp_schedule_job_ns(schedule, 0)), 0);
	/* However long after, the next is to come and is not more than an interval and its jitter away. */
	for (uint64_t now_ns = 2000 * SEC; now_ns < 3000 * SEC; now_ns += 37 * SEC / 10) {
		cp_schedule_done(schedule, 0, now_ns);
		assert_true(cp_schedule_job_ns(schedule, 0) > now_ns);
		assert_true(cp_schedule_job_ns(schedule, 0) < now_ns + 2 * SEC);
	}
	cp_schedule_free(schedule);
}

static void a_reload_keeps_the_grid(void **state)
{
	struct cp_schedule *before = make(1), *after = make(1);

	(void)state;
	add(before, 0, MIN, SEC);
	add(before, 0, MIN, SEC);
	cp_schedule_done(before, 0, 10 * MIN + 5 * SEC);
	add(after, 10 * MIN + 30 * SEC, MIN, SEC);
	add(after, 10 * MIN + 30 * SEC, 2 * MIN, SEC);
	cp_schedule_carry(after, 0, before, 0);
	cp_schedule_carry(after, 1, before, 0); /* another interval: another grid */
	assert_true(cp_schedule_job_ns(after, 0) == cp_schedule_job_ns(before, 0));
	assert_true(cp_schedule_job_ns(after, 1) >= 10 * MIN + 30 * SEC);
	assert_true(cp_schedule_job_ns(after, 1) <= 10 * MIN + 31 * SEC);
	cp_schedule_free(before);
	cp_schedule_free(after);
}

static void what_cannot_be_is_refused(void **state)
{
	struct cp_schedule *schedule = make(1);
	uint32_t job = 5;

	(void)state;
	assert_int_equal(cp_schedule_add(schedule, 0, 0, 0, &job), -EINVAL);
	assert_int_equal(cp_schedule_add(schedule, 0, SEC, SEC, &job), -EINVAL);
	assert_int_equal(job, 5);
	assert_true(cp_schedule_next_ns(schedule) == UINT64_MAX);
	assert_int_equal(cp_schedule_due(schedule, UINT64_MAX - 1), CP_SCHEDULE_NONE);
	job = add(schedule, UINT64_MAX - 5, SEC, 0);
	cp_schedule_done(schedule, job, UINT64_MAX - 5);
	assert_true(cp_schedule_job_ns(schedule, job) == UINT64_MAX); /* never */
	cp_schedule_free(schedule);
	cp_schedule_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lateness_does_not_add_up),
	        cmocka_unit_test(a_long_run_skips_what_it_covers),
	        cmocka_unit_test(a_suspended_machine_makes_no_burst),
	        cmocka_unit_test(who_waits_longest_is_first),
	        cmocka_unit_test(jitter_stays_within_bounds_and_on_the_grid),
	        cmocka_unit_test(the_widest_jitter_loses_no_point),
	        cmocka_unit_test(a_reload_keeps_the_grid),
	        cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
