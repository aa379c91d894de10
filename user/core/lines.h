/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * lines.h: walks the lines of a text that came from outside (target files,
 * blocklists) and refuses what no such text may hold. Must not know what a
 * line means.
 */
#ifndef CP_LINES_H
#define CP_LINES_H

#include <stddef.h>

#include "err.h"

#define CP_LINE_MAX 1024 /* bytes, without the line end */

struct cp_lines {
	size_t number; /* of the line handed out last; the first is 1 */
	/* private */
	const char *next, *end;
};

/* Starts before the first line; a UTF-8 byte order mark is skipped. */
struct cp_lines cp_lines_start(const char *text, size_t len);
/*
 * Copies the next line without its LF or CRLF. 1, 0 at the end, or -EINVAL for
 * a control character other than a tab or a line that is too long.
 */
int cp_lines_next(struct cp_lines *lines, char ret_line[CP_LINE_MAX + 1], struct cp_err *err);

/* Cuts white space off both ends, in place; returns the start. */
char *cp_line_trim(char *line);

#endif
