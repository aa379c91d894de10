// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_formats.c: the formats of a comparison. A new one is one line here.
 */
#include <string.h>

#include "rundiff.h"

const struct cp_rundiff_format *cp_rundiff_format_find(const char *name)
{
	static const struct cp_rundiff_format *const formats[] = {&cp_rundiff_table, &cp_rundiff_ndjson};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	}
	return NULL;
}
