// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text.c: layout of text for people. Every byte of data goes through
 * put_char(), the one place that escapes, measures and breaks lines.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

struct cp_glyph cp_text_glyph(const char *s, size_t len)
{
	struct cp_glyph glyph = {.taken = 1, .len = 3, .columns = 1, .bytes = CP_UTF8_REPLACEMENT};
	uint32_t c = 0;
	size_t n = cp_utf8_decode(s, len, &c);

	if (!n)
		return glyph;
	glyph.taken = n;
	glyph.columns = cp_utf8_columns(c);
	if (glyph.columns) {
		glyph.len = n;
		memcpy(glyph.bytes, s, n);
	} else {
		glyph.len = (size_t)snprintf(
		        glyph.bytes, sizeof(glyph.bytes), c < 0x100 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
		glyph.columns = (unsigned)glyph.len;
	}
	return glyph;
}

void cp_text_init(struct cp_text *text, const struct cp_sink *sink, unsigned width, bool color)
{
	memset(text, 0, sizeof(*text));
	text->sink = *sink;
	text->width = width ? width : CP_TEXT_WIDTH_DEFAULT;
	if (text->width < CP_TEXT_WIDTH_MIN)
		text->width = CP_TEXT_WIDTH_MIN;
	text->color = color;
}

int cp_text_flush(struct cp_text *text)
{
	if (!text->rc && text->len)
		text->rc = text->sink.write(text->sink.ctx, text->buf, text->len);
	text->len = 0;
	return text->rc;
}

static void raw(struct cp_text *text, const char *data, size_t len)
{
	if (text->len + len > sizeof(text->buf))
		(void)cp_text_flush(text); /* sticky: the caller's own flush returns it */
	memcpy(text->buf + text->len, data, len);
	text->len += len;
}

static void switch_color(struct cp_text *text)
{
	static const char *const codes[] = {
	        [CP_PLAIN] = "\033[0m",
	        [CP_BOLD] = "\033[1m",
	        [CP_DIM] = "\033[2m",
	        [CP_GREEN] = "\033[32m",
	        [CP_CYAN] = "\033[36m",
	        [CP_YELLOW] = "\033[33m",
	        [CP_RED] = "\033[31m",
	};

	if (!text->color || text->now == text->next)
		return;
	if (text->now != CP_PLAIN)
		raw(text, codes[CP_PLAIN], strlen(codes[CP_PLAIN]));
	if (text->next != CP_PLAIN)
		raw(text, codes[text->next], strlen(codes[text->next]));
	text->now = text->next;
}

/* A colour starts with the character it is for, behind the blanks owed, and ends with the last one. */
void cp_text_color(struct cp_text *text, enum cp_text_color color)
{
	text->next = color;
	if (color == CP_PLAIN)
		switch_color(text);
}

static void end_line(struct cp_text *text)
{
	raw(text, "\n", 1);
	text->column = text->blanks = 0;
}

void cp_text_newline(struct cp_text *text)
{
	cp_text_color(text, CP_PLAIN);
	end_line(text);
}

void cp_text_break(struct cp_text *text)
{
	if (text->column)
		cp_text_newline(text);
	text->blanks = 0;
}

/* An indent leaves a quarter of the line. */
static unsigned indent_of(const struct cp_text *text)
{
	unsigned most = text->width * 3 / 4;

	return text->indent < most ? text->indent : most;
}

static void wrap(struct cp_text *text)
{
	end_line(text);
	text->blanks = indent_of(text);
}

static void put_glyph(struct cp_text *text, const struct cp_glyph *glyph)
{
	if (text->column + text->blanks + glyph->columns > text->width)
		wrap(text);
	for (; text->blanks; text->blanks--, text->column++)
		raw(text, " ", 1);
	switch_color(text);
	raw(text, glyph->bytes, glyph->len);
	text->column += glyph->columns;
}

static void put_char(struct cp_text *text, const char **s, const char *end)
{
	struct cp_glyph glyph = cp_text_glyph(*s, (size_t)(end - *s));

	if (**s == ' ')
		text->blanks++;
	else
		put_glyph(text, &glyph);
	*s += glyph.taken;
}

void cp_text_put(struct cp_text *text, const char *s)
{
	const char *end = s + strlen(s);

	while (s < end)
		put_char(text, &s, end);
}

static unsigned columns_n(const char *s, size_t len)
{
	unsigned columns = 0;

	for (size_t at = 0; at < len;) {
		struct cp_glyph glyph = cp_text_glyph(s + at, len - at);

		columns += glyph.columns;
		at += glyph.taken;
	}
	return columns;
}

unsigned cp_text_columns(const char *s)
{
	return columns_n(s, strlen(s));
}

static void word_n(struct cp_text *text, const char *word, size_t len)
{
	const char *end = word + len;

	if (text->column && !text->blanks)
		text->blanks = 1;
	/* The last column is left to the punctuation that cp_text_put() may set behind the word. */
	if (text->column && text->column + text->blanks + columns_n(word, len) >= text->width)
		wrap(text);
	while (word < end)
		put_char(text, &word, end);
}

void cp_text_word(struct cp_text *text, const char *word)
{
	word_n(text, word, strlen(word));
}

void cp_text_words(struct cp_text *text, const char *s)
{
	for (;;) {
		size_t n;

		s += strspn(s, " ");
		n = strcspn(s, " ");
		if (!n)
			return;
		word_n(text, s, n);
		s += n;
	}
}

void cp_text_printf(struct cp_text *text, const char *fmt, ...)
{
	char sentence[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	cp_text_words(text, sentence);
}

/* Bytes of s that fit n columns, and the columns they take. */
static size_t fit(const char *s, size_t len, unsigned n, unsigned *ret_columns)
{
	unsigned columns = 0;
	size_t at = 0;

	while (at < len) {
		struct cp_glyph glyph = cp_text_glyph(s + at, len - at);

		if (columns + glyph.columns > n)
			break;
		columns += glyph.columns;
		at += glyph.taken;
	}
	*ret_columns = columns;
	return at;
}

void cp_text_cell(struct cp_text *text, const char *s, unsigned n, bool right)
{
	size_t len = strlen(s), n_bytes;
	unsigned columns;
	const char *end;

	if (!n)
		return;
	n_bytes = fit(s, len, n, &columns);
	if (n_bytes < len)
		n_bytes = fit(s, len, n - 1, &columns);
	end = s + n_bytes;
	columns += n_bytes < len;
	if (right)
		text->blanks += n - columns;
	while (s < end)
		put_char(text, &s, end);
	if (n_bytes < len)
		cp_text_put(text, "…");
	if (!right)
		text->blanks += n - columns;
}

void cp_text_tab(struct cp_text *text, unsigned column)
{
	if (text->column + text->blanks < column)
		text->blanks = column - text->column;
	else if (text->column && !text->blanks)
		text->blanks = 1;
}

const char *cp_text_count(uint64_t n, char buf[CP_NUM_MAX])
{
	char reversed[CP_NUM_MAX];
	size_t len = 0, at = 0;

	if (n == UINT64_MAX)
		return strcpy(buf, "?");
	do {
		if (len % 4 == 3)
			reversed[len++] = ',';
		reversed[len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (len)
		buf[at++] = reversed[--len];
	buf[at] = '\0';
	return buf;
}

/* value / unit with `decimals` digits after the point as long as it is below limit, without any from there on. */
static const char *scaled(uint64_t value, uint64_t unit, uint64_t limit, unsigned decimals, char buf[CP_NUM_MAX])
{
	uint64_t scale = 1, rounded;
	char whole[CP_NUM_MAX];

	for (unsigned i = 0; i < decimals; i++)
		scale *= 10;
	if (value / unit >= limit)
		return cp_text_count(value / unit + (value % unit >= unit / 2), buf);
	rounded = (value + unit / scale / 2) / (unit / scale);
	snprintf(buf, CP_NUM_MAX, "%.20s.%0*u", cp_text_count(rounded / scale, whole), (int)decimals,
	        (unsigned)(rounded % scale));
	return buf;
}

const char *cp_text_ms(uint32_t us, char buf[CP_NUM_MAX])
{
	if (us == UINT32_MAX)
		return strcpy(buf, "-");
	if (us < 10000)
		return scaled(us, 1000, 10, 2, buf);
	return scaled(us, 1000, 1000, 1, buf);
}

const char *cp_text_seconds(uint64_t ns, char buf[CP_NUM_MAX])
{
	if (ns < 10000000000)
		return scaled(ns, 1000000000, 10, 2, buf);
	return scaled(ns, 1000000000, 1000, 1, buf);
}

/* Days since 1970-01-01 -> year, month, day in the Gregorian calendar; years are counted from March on. */
const char *cp_text_date(uint64_t s, char buf[CP_NUM_MAX])
{
	uint64_t days = s / 86400 + 719468; /* since 0000-03-01 */
	uint64_t era = days / 146097, day = days % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153; /* 0: March */

	snprintf(buf, CP_NUM_MAX, "%04u-%02u-%02u", (unsigned)(era * 400 + year + (month >= 10)),
	        (unsigned)(month < 10 ? month + 3 : month - 9), (unsigned)(of_year - (153 * month + 2) / 5 + 1));
	return buf;
}
