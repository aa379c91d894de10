// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_budget.c: no destination and no prefix gets more than its budget at any
 * time, and nothing that had to wait is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/budget.h"

#define SEC 1000000000ull
#define PER_DEST 4u

static struct cp_addr addr(const char *text)
{
	struct cp_addr ret;

	assert_int_equal(cp_addr_parse(text, &ret), 0);
	return ret;
}

static void addresses_and_prefixes_are_shared(void **state)
{
	struct cp_addr dests[] = {addr("198.18.0.1"), addr("198.18.0.2"), addr("198.18.1.1"), addr("198.18.0.1"),
	        addr("2001:db8:0:1::1"), addr("2001:db8:0:2::1"), addr("2001:db8:1::1")};
	struct cp_budget *budget;

	(void)state;
	assert_int_equal(cp_budget_new(dests, 7, cp_budget_rule(1, 1), cp_budget_rule(1, 1), &budget), 0);
	assert_int_equal(cp_budget_host(budget, 0), cp_budget_host(budget, 3));
	assert_int_not_equal(cp_budget_host(budget, 0), cp_budget_host(budget, 1));
	assert_int_equal(cp_budget_prefix(budget, 0), cp_budget_prefix(budget, 1));
	assert_int_not_equal(cp_budget_prefix(budget, 0), cp_budget_prefix(budget, 2));
	assert_int_equal(cp_budget_prefix(budget, 4), cp_budget_prefix(budget, 5));
	assert_int_not_equal(cp_budget_prefix(budget, 4), cp_budget_prefix(budget, 6));
	assert_int_equal(cp_budget_n(budget), 6 + 4);
	for (uint32_t i = 0; i < 7; i++) {
		assert_true(cp_budget_host(budget, i) < cp_budget_n(budget));
		assert_true(cp_budget_prefix(budget, i) < cp_budget_n(budget));
	}
	cp_budget_free(budget);
	cp_budget_free(NULL);
}

static void rules_allow_a_tenth_of_a_second_ahead(void **state)
{
	struct cp_budget_rule rule = cp_budget_rule(1000, 64);

	(void)state;
	assert_true(rule.interval_ns == SEC / 1000 && rule.tolerance_ns == 63 * SEC / 1000);
	rule = cp_budget_rule(200, 64);
	assert_true(rule.interval_ns == SEC / 200 && rule.tolerance_ns == 19 * SEC / 200);
	rule = cp_budget_rule(5, 64);
	assert_true(rule.interval_ns == SEC / 5 && rule.tolerance_ns == 0);
	rule = cp_budget_rule(0, 64);
	assert_true(rule.interval_ns == 0);
}

/* Sends 40 destinations' slots through budgets and records when each left; index by id. */
struct flight {
	struct cp_budget *budget;
	uint64_t left_ns[40 * PER_DEST];
	uint32_t n_left;
};

static void leave(struct flight *flight, const uint32_t *ids, uint32_t n, uint64_t now_ns)
{
	for (uint32_t i = 0; i < n; i++) {
		assert_true(flight->left_ns[ids[i]] == 0);
		flight->left_ns[ids[i]] = now_ns;
		flight->n_left++;
	}
}

static void fly(struct flight *flight)
{
	uint32_t ids[40 * PER_DEST], n, n_all = 40 * PER_DEST;
	uint64_t now_ns = SEC;

	for (uint32_t i = 0; i < n_all; i++)
		ids[i] = i;
	assert_int_equal(cp_budget_admit(flight->budget, PER_DEST, now_ns, ids, n_all, &n), 0);
	assert_int_equal(n + cp_budget_waiting(flight->budget), n_all);
	leave(flight, ids, n, now_ns);
	for (; cp_budget_waiting(flight->budget) && now_ns < 1000 * SEC; now_ns += SEC / 1000) {
		n = cp_budget_due(flight->budget, now_ns, ids, 3);
		leave(flight, ids, n, now_ns);
	}
	assert_int_equal(flight->n_left, n_all);
}

/* In no second more than allowed, of those whose destination number modulo `share` is the same. */
static void assert_rate(const struct flight *flight, uint32_t share, uint32_t at_most)
{
	for (uint32_t a = 0; a < 40 * PER_DEST; a++) {
		uint32_t n = 0;

		for (uint32_t b = 0; b < 40 * PER_DEST; b++)
			n += a / PER_DEST % share == b / PER_DEST % share && flight->left_ns[b] >= flight->left_ns[a] &&
			     flight->left_ns[b] < flight->left_ns[a] + SEC;
		assert_true(n <= at_most);
	}
}

static void nobody_gets_more_than_the_budget(void **state)
{
	struct flight flight = {.n_left = 0};
	struct cp_addr dests[40];

	(void)state;
	/* Destinations 0, 4, 8 ... share an address; 0, 2, 4 ... a prefix. */
	for (uint32_t i = 0; i < 40; i++) {
		dests[i] = addr("198.18.0.1");
		dests[i].b[14] = i % 2;
		dests[i].b[15] = (uint8_t)(i % 4);
	}
	assert_int_equal(cp_budget_new(dests, 40, cp_budget_rule(5, 64), cp_budget_rule(8, 64), &flight.budget), 0);
	fly(&flight);
	assert_rate(&flight, 4, 5);
	assert_rate(&flight, 2, 8);
	cp_budget_free(flight.budget);
}

static void without_rules_nobody_waits(void **state)
{
	struct cp_addr dests[40] = {0};
	struct flight flight = {.n_left = 0};

	(void)state;
	assert_int_equal(cp_budget_new(dests, 40, cp_budget_rule(0, 64), cp_budget_rule(0, 64), &flight.budget), 0);
	fly(&flight);
	for (uint32_t i = 0; i < 40 * PER_DEST; i++)
		assert_true(flight.left_ns[i] == SEC);
	cp_budget_free(flight.budget);
}

/* What was saved up is there at once: ten for a hundred a second. */
static void a_rest_may_be_ahead_of_time(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	uint32_t ids[PER_DEST * 8], n;
	struct cp_budget *budget;

	(void)state;
	for (uint32_t i = 0; i < PER_DEST * 8; i++)
		ids[i] = i;
	assert_int_equal(cp_budget_new(&dest, 1, cp_budget_rule(100, 64), cp_budget_rule(0, 1), &budget), 0);
	assert_int_equal(cp_budget_admit(budget, PER_DEST * 8, SEC, ids, PER_DEST * 8, &n), 0);
	assert_int_equal(n, 10);
	assert_int_equal(cp_budget_due(budget, SEC + SEC / 100 - 1, ids, 32), 0);
	assert_int_equal(cp_budget_due(budget, SEC + SEC / 100, ids, 32), 1);
	assert_int_equal(ids[0], 10);
	assert_int_equal(cp_budget_due(budget, SEC + SEC / 10, ids, 32), 9);
	cp_budget_free(budget);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(addresses_and_prefixes_are_shared),
	        cmocka_unit_test(rules_allow_a_tenth_of_a_second_ahead),
	        cmocka_unit_test(nobody_gets_more_than_the_budget),
	        cmocka_unit_test(without_rules_nobody_waits),
	        cmocka_unit_test(a_rest_may_be_ahead_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
