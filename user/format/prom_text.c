// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * prom_text.c: Prometheus text (exposition format 0.0.4), piece by piece.
 */
#include "prom_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define LINE_ROOM 512

void cp_prom_text_free(struct cp_prom_text *text)
{
	free(text->buf);
	*text = (struct cp_prom_text){0};
}

static bool room(struct cp_prom_text *text, size_t more)
{
	size_t cap = text->cap ? text->cap : 4096;
	char *grown;

	if (text->rc)
		return false;
	while (cap - text->len < more)
		cap *= 2;
	if (cap == text->cap)
		return true;
	grown = realloc(text->buf, cap);
	if (!grown) {
		text->rc = -ENOMEM;
		return false;
	}
	text->buf = grown;
	text->cap = cap;
	return true;
}

static void put(struct cp_prom_text *text, const char *data, size_t len)
{
	if (!room(text, len))
		return;
	memcpy(text->buf + text->len, data, len);
	text->len += len;
}

void cp_prom_add(struct cp_prom_text *text, const struct cp_prom_text *more)
{
	if (more->len)
		put(text, more->buf, more->len);
	text->rc = text->rc ? text->rc : more->rc;
}

void cp_prom_say(struct cp_prom_text *text, const char *fmt, ...)
{
	char line[LINE_ROOM];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	put(text, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void cp_prom_family(struct cp_prom_text *text, const char *name, const char *type, const char *help)
{
	cp_prom_say(text, "# HELP coldpotato_%s %s\n# TYPE coldpotato_%s %s\n", name, help, name, type);
}

void cp_prom_single(struct cp_prom_text *text, const char *name, const char *type, const char *help, uint64_t value)
{
	cp_prom_family(text, name, type, help);
	cp_prom_say(text, "coldpotato_%s %" PRIu64 "\n", name, value);
}

/*
 * A label's value: the format escapes backslash, quote and newline; other control characters are shown as escapes, for
 * the terminals that metrics are looked at on.
 */
static void label_text(struct cp_prom_text *text, const char *value)
{
	size_t len = value ? strlen(value) : 0;

	for (size_t at = 0; at < len;) {
		uint32_t c = 0;
		size_t n = cp_utf8_decode(value + at, len - at, &c);

		if (!n)
			put(text, CP_UTF8_REPLACEMENT, sizeof(CP_UTF8_REPLACEMENT) - 1);
		else if (c == '\\' || c == '"')
			cp_prom_say(text, "\\%c", (int)c);
		else if (c == '\n')
			put(text, "\\n", 2);
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			cp_prom_say(text, "\\\\x%02x", (unsigned)c);
		else
			put(text, value + at, n);
		at += n ? n : 1;
	}
}

void cp_prom_label(struct cp_prom_text *text, char before, const char *name, const char *value)
{
	cp_prom_say(text, "%c%s=\"", before, name);
	label_text(text, value);
	put(text, "\"", 1);
}

void cp_prom_end_labels(struct cp_prom_text *text, uint64_t value)
{
	cp_prom_say(text, "} %" PRIu64 "\n", value);
}

void cp_prom_scaled(struct cp_prom_text *text, const char *before, uint64_t value, uint64_t unit, int decimals)
{
	cp_prom_say(text, "%s %" PRIu64 ".%0*" PRIu64 "\n", before, value / unit, decimals, value % unit);
}

void cp_prom_ratio(struct cp_prom_text *text, uint64_t n, uint64_t of)
{
	cp_prom_say(text, "} %.6f\n", (double)n / (double)of);
}
