// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * grow.c: arrays that grow one element at a time, to twice their size.
 */
#include "grow.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN 16u

int cp_grow(void *items_ptr, size_t *cap, size_t n, size_t size)
{
	size_t grown_cap = *cap ? *cap * 2 : CAP_MIN;
	void *items, *grown;

	if (n < *cap)
		return 0;
	memcpy(&items, items_ptr, sizeof(items));
	grown = grown_cap < UINT32_MAX ? reallocarray(items, grown_cap, size) : NULL;
	if (!grown)
		return -ENOMEM;
	memcpy(items_ptr, &grown, sizeof(grown));
	*cap = grown_cap;
	/* cppcheck-suppress memleak ; items_ptr has it */
	return 0;
}
