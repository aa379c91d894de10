// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_text.c: the buffer and the escaping.
 */
#include "html_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define FIRST_CAP 1024
#define LINE_MAX_BYTES 1024

void cp_html_free(struct cp_html *html)
{
	if (!html)
		return;
	free(html->buf);
	*html = (struct cp_html){0};
}

static int grow(struct cp_html *html, size_t more)
{
	size_t cap = html->cap ? html->cap : FIRST_CAP;
	char *grown;

	while (cap - html->len < more + 1)
		cap *= 2;
	if (cap == html->cap)
		return 0;
	grown = realloc(html->buf, cap);
	if (!grown)
		return -ENOMEM;
	html->buf = grown;
	html->cap = cap;
	return 0;
}

void cp_html_raw_n(struct cp_html *html, const char *markup, size_t len)
{
	if (html->rc)
		return;
	html->rc = grow(html, len);
	if (html->rc)
		return;
	memcpy(html->buf + html->len, markup, len);
	html->len += len;
	html->buf[html->len] = '\0';
}

void cp_html_raw(struct cp_html *html, const char *markup)
{
	cp_html_raw_n(html, markup, strlen(markup));
}

void cp_html_rawf(struct cp_html *html, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cp_html_raw(html, text);
}

static const char *reference(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static size_t text_char(struct cp_html *html, const char *s, size_t len)
{
	const char *markup;
	uint32_t c = 0;
	size_t n = cp_utf8_decode(s, len, &c);

	if (!n) {
		cp_html_raw(html, CP_UTF8_REPLACEMENT);
		return 1;
	}
	markup = reference(c);
	if (markup)
		cp_html_raw(html, markup);
	else if (!cp_utf8_columns(c))
		cp_html_rawf(html, c < 0x100 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
	else
		cp_html_raw_n(html, s, n);
	return n;
}

void cp_html_text(struct cp_html *html, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	for (size_t at = 0; at < len && !html->rc;)
		at += text_char(html, text + at, len - at);
}

void cp_html_textf(struct cp_html *html, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cp_html_text(html, text);
}

void cp_html_add(struct cp_html *html, const struct cp_html *other)
{
	if (other->rc && !html->rc)
		html->rc = other->rc;
	if (other->len)
		cp_html_raw_n(html, other->buf, other->len);
}

int cp_html_flush(struct cp_html *html, const struct cp_sink *sink)
{
	int rc = html->rc;

	if (!rc && html->len)
		rc = sink->write(sink->ctx, html->buf, html->len);
	html->len = 0;
	return rc;
}
