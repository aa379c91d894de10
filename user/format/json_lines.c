// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * json_lines.c: life of the state that formats of JSON lines share.
 */
#include "json_lines.h"

#include <errno.h>
#include <stdlib.h>

int cp_json_lines_new(const struct cp_sink *sink, size_t size, void **ret_state)
{
	struct cp_json_lines *lines = calloc(1, size);

	if (!lines)
		return -ENOMEM;
	cp_json_init(&lines->json, sink);
	lines->wall_ms = CP_UNKNOWN;
	*ret_state = lines;
	return 0;
}

void cp_json_lines_free(void *state)
{
	struct cp_json_lines *lines = state;

	if (!lines)
		return;
	cp_json_free(&lines->json);
	free(lines);
}
