/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * html_text.h: HTML under construction in a growing buffer. The one place
 * where data becomes markup. Knows no record.
 */
#ifndef CP_HTML_TEXT_H
#define CP_HTML_TEXT_H

#include <stddef.h>

#include "sink.h"

/* Zeroed: empty. */
struct cp_html {
	char *buf; /* NUL-terminated when not NULL */
	size_t len, cap;
	int rc; /* -ENOMEM; everything after it does nothing */
};

void cp_html_free(struct cp_html *html); /* takes NULL; leaves it empty */
/* Markup of the program, or what was escaped before. */
void cp_html_raw(struct cp_html *html, const char *markup);
void cp_html_raw_n(struct cp_html *html, const char *markup, size_t len);
/* Formatted markup, at most 1,023 bytes: for numbers and the program's own words, never for data. */
void cp_html_rawf(struct cp_html *html, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Data as text: for the content of elements and for attributes in quotes. Characters of markup become references;
 * control characters, bidirectional overrides and what else has no width are shown as escapes ("\x1b"), bytes that are
 * no UTF-8 as U+FFFD. NULL: nothing.
 */
void cp_html_text(struct cp_html *html, const char *text);
/* The same of a formatted text, cut at 1,023 bytes. */
void cp_html_textf(struct cp_html *html, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends another one. */
void cp_html_add(struct cp_html *html, const struct cp_html *other);
/* Hands all of it to the sink and empties the buffer. 0 or -errno. */
int cp_html_flush(struct cp_html *html, const struct cp_sink *sink);

#endif
