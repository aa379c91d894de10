// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_grow.c: arrays keep what is in them when they grow, and stay as they are when they cannot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "core/grow.h"

static void test_grows(void **state)
{
	uint32_t *items = NULL;
	size_t cap = 0;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		assert_int_equal(cp_grow(&items, &cap, n, sizeof(*items)), 0);
		assert_true(cap > n);
		items[n] = (uint32_t)n;
	}
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(items[n], n);
	free(items);
}

static void test_cannot(void **state)
{
	char byte = 0, *items = &byte;
	size_t cap = UINT32_MAX / 2 + 1;

	(void)state;
	assert_int_equal(cp_grow(&items, &cap, cap, 1), -ENOMEM);
	assert_ptr_equal(items, &byte);
	assert_int_equal(cap, UINT32_MAX / 2 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_grows),
	        cmocka_unit_test(test_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
