// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_standstill.c: a loop that stood still, by the clocks it looked at, and
 * what that does to probes end to end that were out (F45).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quality.h"
#include "core/standstill.h"

#define MS 1000000ull
#define START (1000 * MS)

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

/* ---- probes end to end ---- */

static uint32_t probe(struct cp_quality *quality, uint64_t now_ns)
{
	uint32_t id;

	assert_int_equal(cp_quality_next(quality, now_ns, &id, 1), 1);
	cp_quality_queued(quality, &id, 1);
	cp_quality_left(quality, now_ns, 0);
	return id;
}

static enum cp_quality_result answer(struct cp_quality *quality, uint32_t id, uint64_t tx_ns, uint64_t rx_ns)
{
	const struct cp_event event = {.rx_ns = rx_ns,
	        .tx_ns = tx_ns,
	        .slot = cp_id_slot(id),
	        .attempt = (uint8_t)cp_id_attempt(id),
	        .kind = CP_REPLY_SYN_ACK};

	return cp_quality_reply(quality, &event);
}

/* A frozen machine hears nothing: that is no loss, and its next probe has another number. */
static void a_standstill_is_no_loss(void **state)
{
	struct cp_addr dest;
	const struct cp_quality_config config = {.shape = {1, 2, 30, 1},
	        .n_probes = 2,
	        .interval_ms = 100,
	        .timeout_ms = 500,
	        .seed = 7,
	        .start_ns = START,
	        .dests = &dest};
	struct cp_quality *quality = NULL;
	struct cp_quality_stats stats;
	uint32_t id, again, none;

	(void)state;
	assert_int_equal(cp_addr_parse("198.18.0.1", &dest), 0);
	assert_int_equal(cp_quality_new(&config, &quality), 0);
	id = probe(quality, START);
	cp_quality_stood_still(quality, START + 30000 * MS);
	cp_quality_expire(quality, START + 30000 * MS);
	assert_int_equal(answer(quality, id, START, START + 30001 * MS), CP_QUALITY_DUP);
	assert_int_equal(cp_quality_next(quality, START + 30099 * MS, &none, 1), 0);
	again = probe(quality, START + 30100 * MS);
	assert_int_not_equal(cp_id_attempt(again), cp_id_attempt(id));
	assert_int_equal(answer(quality, again, START + 30100 * MS, START + 30101 * MS), CP_QUALITY_ANSWERED);
	id = probe(quality, START + 30201 * MS);
	assert_int_equal(answer(quality, id, START + 30201 * MS, START + 30202 * MS), CP_QUALITY_ANSWERED);
	assert_true(cp_quality_done(quality));
	cp_quality_stats(quality, 0, &stats);
	assert_true(stats.n_sent == 2 && stats.n_received == 2 && stats.n_late == 0);
	cp_quality_free(quality);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_loop_that_goes_round),
	        cmocka_unit_test(a_frozen_machine),
	        cmocka_unit_test(a_suspended_machine),
	        cmocka_unit_test(a_loop_that_was_left),
	        cmocka_unit_test(a_standstill_is_no_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
