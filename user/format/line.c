// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * line.c: a string put together piece by piece.
 */
#include "line.h"

#include <stdarg.h>
#include <stdio.h>

struct cp_line cp_line_of(char *buf, size_t size)
{
	buf[0] = '\0';
	return (struct cp_line){.buf = buf, .size = size};
}

void cp_line_add(struct cp_line *line, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line->buf + line->len, line->size - line->len, fmt, args);
	va_end(args);
	if (n > 0)
		line->len += (size_t)n < line->size - line->len ? (size_t)n : line->size - line->len - 1;
}
