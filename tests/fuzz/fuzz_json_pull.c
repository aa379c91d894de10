// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_json_pull.c: any bytes as JSON. We and jansson must agree on whether it
 * is JSON, and on what it says.
 */
#include <stdint.h>
#include <stdio.h>

#include "../unit/json_dom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *verdict = json_dom_compare((const char *)data, size);

	if (verdict) {
		fprintf(stderr, "%s\n", verdict);
		abort();
	}
	return 0;
}
