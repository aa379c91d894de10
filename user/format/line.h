/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * line.h: a string put together piece by piece in a buffer of fixed size; what
 * does not fit is cut.
 */
#ifndef CP_LINE_H
#define CP_LINE_H

#include <stddef.h>

struct cp_line {
	char *buf; /* always terminated */
	size_t size, len;
};

/* An empty one; size is not 0. */
struct cp_line cp_line_of(char *buf, size_t size);
void cp_line_add(struct cp_line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
