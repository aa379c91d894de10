// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * lines.c: line by line through a text from outside. Must not know what a line
 * means.
 */
#include "lines.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct cp_lines cp_lines_start(const char *text, size_t len)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct cp_lines lines = {.next = text, .end = len ? text + len : text};

	if (len >= sizeof(bom) - 1 && memcmp(text, bom, sizeof(bom) - 1) == 0)
		lines.next += sizeof(bom) - 1;
	return lines;
}

static int check_characters(const char *line, size_t len, struct cp_err *err)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c == '\0')
			return cp_err_set(err, -EINVAL,
			        "NUL byte in column %zu: the file must be plain text (UTF-16 is not)", i + 1);
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return cp_err_set(
			        err, -EINVAL, "control character 0x%02x in column %zu", (unsigned int)c, i + 1);
	}
	return 0;
}

int cp_lines_next(struct cp_lines *lines, char ret_line[CP_LINE_MAX + 1], struct cp_err *err)
{
	if (lines->next == lines->end)
		return 0;

	const char *line = lines->next;
	const char *lf = memchr(line, '\n', (size_t)(lines->end - line));
	size_t len = (size_t)((lf ? lf : lines->end) - line);

	lines->next = lf ? lf + 1 : lines->end;
	lines->number++;
	if (len && line[len - 1] == '\r')
		len--;
	if (len > CP_LINE_MAX)
		return cp_err_set(err, -EINVAL, "the line has %zu bytes, at most %d are allowed", len, CP_LINE_MAX);

	int rc = check_characters(line, len, err);

	if (rc < 0)
		return rc;
	memcpy(ret_line, line, len);
	ret_line[len] = '\0';
	return 1;
}

char *cp_line_trim(char *line)
{
	size_t len;

	while (is_blank(*line))
		line++;
	len = strlen(line);
	while (len && is_blank(line[len - 1]))
		len--;
	line[len] = '\0';
	return line;
}
