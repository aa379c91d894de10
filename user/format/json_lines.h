/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json_lines.h: what formats have in common that write an object a path and
 * want to know of the run when it began: atlas, datadog.
 */
#ifndef CP_JSON_LINES_H
#define CP_JSON_LINES_H

#include "json.h"
#include "record.h"

/* The first member of their state. */
struct cp_json_lines {
	struct cp_json json;
	uint64_t wall_ms; /* of the run's start, CP_UNKNOWN */
};

/* A zeroed state of size bytes, and its lines. 0 or -ENOMEM. */
int cp_json_lines_new(const struct cp_sink *sink, size_t size, void **ret_state);
void cp_json_lines_free(void *state); /* takes NULL */

#endif
