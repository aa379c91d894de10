// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * err.c: formats the one sentence of an error. Must not know who shows it.
 */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cp_err_set(struct cp_err *err, int rc, const char *fmt, ...)
{
	/* Not straight into err: an argument may be the older sentence that a caller adds to. */
	char text[sizeof(err->text)];
	va_list args;

	if (!err)
		return rc;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		text[0] = '\0';
	memcpy(err->text, text, strlen(text) + 1);
	return rc;
}
