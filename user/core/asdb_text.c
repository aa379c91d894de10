// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asdb_text.c: cuts a text into lines and lines into fields. Must not know
 * what the fields mean.
 */
#include "asdb_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void cp_asdb_text_init(struct cp_asdb_text *text, const char *bytes, size_t len, const char *source, struct cp_err *err)
{
	static const char bom[] = "\xef\xbb\xbf";

	text->pos = bytes;
	text->end = len ? bytes + len : bytes;
	text->source = source;
	text->err = err;
	text->line = 0;
	if (len >= 3 && memcmp(bytes, bom, 3) == 0)
		text->pos += 3;
}

int cp_asdb_text_bad(const struct cp_asdb_text *text, const char *what, const char *field)
{
	char plain[81];

	if (!field)
		return cp_err_set(text->err, -EINVAL, "%s:%zu: %s", text->source, text->line, what);
	return cp_err_set(text->err, -EINVAL, "%s:%zu: %s '%s'", text->source, text->line, what,
	        cp_asdb_plain(field, plain, sizeof(plain)));
}

const char *cp_asdb_text_where(const struct cp_asdb_text *text, char buf[CP_ASDB_WHERE_MAX])
{
	snprintf(buf, CP_ASDB_WHERE_MAX, "%s:%zu", text->source, text->line);
	return buf;
}

/* The bytes 0x80 to 0x9f are control characters to some terminals, though UTF-8 has other uses for them. */
const char *cp_asdb_plain(const char *field, char *buf, size_t size)
{
	size_t n = 0;

	for (; field[n] != '\0' && n + 1 < size; n++) {
		unsigned char c = (unsigned char)field[n];

		buf[n] = c < 0x20 || (c >= 0x7f && c < 0xa0) ? '?' : field[n];
	}
	buf[n] = '\0';
	return buf;
}

int cp_asdb_text_next(struct cp_asdb_text *text)
{
	while (text->pos < text->end) {
		const char *line = text->pos;
		const char *newline = memchr(line, '\n', (size_t)(text->end - line));
		size_t n = (size_t)((newline ? newline : text->end) - line);

		text->pos = newline ? newline + 1 : text->end;
		text->line++;
		if (n >= sizeof(text->buf))
			return cp_asdb_text_bad(text, "line too long", NULL);
		if (memchr(line, '\0', n))
			return cp_asdb_text_bad(text, "NUL byte: not a text file?", NULL);
		if (n > 0 && line[n - 1] == '\r')
			n--;
		memcpy(text->buf, line, n);
		text->buf[n] = '\0';

		char first = text->buf[strspn(text->buf, " \t")];

		if (first != '\0' && first != '#')
			return 1;
	}
	return 0;
}

/* Unquotes in place. Returns where the field ended, at the separator or the NUL; NULL: malformed. */
static char *cut_quoted(char *field, char separator)
{
	char *to = field;
	char *from = field + 1;

	for (;; from++) {
		if (*from == '\0')
			return NULL;
		if (*from == '"') {
			if (from[1] != '"')
				break;
			from++;
		}
		*to++ = *from;
	}
	from++;
	from += strspn(from, " ");
	if (*from != separator && *from != '\0')
		return NULL;
	/* to is before from, and *from is still needed: the end mark goes where the copy ended. */
	*to = '\0';
	return from;
}

static char *cut_plain(char *field, char separator)
{
	size_t n = 0;

	while (field[n] != '\0' && field[n] != separator)
		n++;

	size_t kept = n;

	while (kept > 0 && field[kept - 1] == ' ')
		kept--;
	/* A blank before the separator becomes the end mark; the separator itself is cut by the caller. */
	if (kept < n)
		field[kept] = '\0';
	return field + n;
}

int cp_asdb_split(char *line, char separator, char **fields, int max)
{
	for (int n = 0; n < max; n++) {
		line += strspn(line, " ");
		fields[n] = line;

		char *end = separator == ',' && *line == '"' ? cut_quoted(line, separator) : cut_plain(line, separator);

		if (!end)
			return -EINVAL;
		if (*end == '\0')
			return n + 1;
		*end = '\0';
		line = end + 1;
	}
	return -EINVAL;
}
