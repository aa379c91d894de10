// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_answer.c: names of DNS statuses (an interface: they stand in records)
 * and the end of an answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/target.h"

static void names_every_status(void **state)
{
	static const char *const names[] = {"ok", "literal", "dns_nxdomain", "dns_nodata", "dns_servfail",
	        "dns_timeout", "dns_refused", "dns_error"};

	(void)state;
	assert_int_equal(CP_DNS_ERROR + 1, sizeof(names) / sizeof(names[0]));
	for (unsigned int i = 0; i <= CP_DNS_ERROR; i++)
		assert_string_equal(cp_dns_status_name((enum cp_dns_status)i), names[i]);
}

static void frees_half_built_answers(void **state)
{
	struct cp_answer answer = {.status = CP_DNS_OK, .n_addrs = 1, .n_cname = 2};

	(void)state;
	cp_answer_free(NULL);
	answer.addrs = calloc(1, sizeof(*answer.addrs));
	answer.cname = calloc(2, sizeof(*answer.cname));
	assert_non_null(answer.cname);
	answer.cname[0] = strdup("a.example"); /* the second was never made */
	cp_answer_free(&answer);
	assert_null(answer.addrs);
	assert_null(answer.cname);
	assert_int_equal(answer.n_addrs + answer.n_cname, 0);
	cp_answer_free(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_every_status),
	        cmocka_unit_test(frees_half_built_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
