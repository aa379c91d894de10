// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * formats.c: the list of output formats. A new one is one line here.
 */
#include <string.h>

#include "record.h"

const struct cp_format *const cp_formats[] = {
        &cp_format_table,
        &cp_format_hops,
        &cp_format_ndjson,
        &cp_format_csv,
        &cp_format_egress_csv,
        &cp_format_atlas,
        &cp_format_datadog,
        &cp_format_prom,
        &cp_format_html,
        NULL,
};

const struct cp_format *cp_format_find(const char *name)
{
	for (size_t i = 0; cp_formats[i]; i++) {
		if (strcmp(cp_formats[i]->name, name) == 0)
			return cp_formats[i];
	}
	return NULL;
}
