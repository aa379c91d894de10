/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text.h: text for people, into a byte sink. Guarantees, whatever it is fed:
 * no line is wider than the width, no control character or escape code of the
 * data reaches the sink, no escape code at all without colour, no trailing
 * blanks. Knows no record.
 */
#ifndef CP_TEXT_H
#define CP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink.h"

#define CP_TEXT_WIDTH_DEFAULT 80
#define CP_TEXT_WIDTH_MIN 60 /* narrower than this is not laid out for */

enum cp_text_color { CP_PLAIN = 0, CP_BOLD, CP_DIM, CP_GREEN, CP_CYAN, CP_YELLOW, CP_RED };

struct cp_text {
	struct cp_sink sink;
	unsigned width;
	unsigned indent; /* where a line that is broken goes on */
	unsigned column; /* columns written to this line */
	unsigned blanks; /* owed before the next character of this line */
	bool color;
	enum cp_text_color now; /* colour in force */
	enum cp_text_color next; /* colour of the next character */
	int rc; /* first error of the sink; everything after it does nothing */
	size_t len;
	char buf[4096];
};

/* width 0: the default. */
void cp_text_init(struct cp_text *text, const struct cp_sink *sink, unsigned width, bool color);
/* Colour of what follows, up to the end of the line at most. */
void cp_text_color(struct cp_text *text, enum cp_text_color color);
/* Appends; breaks the line only where the width forces it. */
void cp_text_put(struct cp_text *text, const char *s);
/* Appends a word after one blank (none at the start of a line or its indent), on a new line when it does not fit. */
void cp_text_word(struct cp_text *text, const char *word);
/* Appends the words of s. */
void cp_text_words(struct cp_text *text, const char *s);
/* The same of a formatted sentence, cut at 1,023 bytes. */
void cp_text_printf(struct cp_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends s cut to n columns (the last one an ellipsis) and padded to them. */
void cp_text_cell(struct cp_text *text, const char *s, unsigned n, bool right);
/* Moves to a column of this line; where it is reached already, one blank. */
void cp_text_tab(struct cp_text *text, unsigned column);
/* Ends the line if there is anything on it. */
void cp_text_break(struct cp_text *text);
/* Ends the line, also an empty one. */
void cp_text_newline(struct cp_text *text);
/* Hands everything to the sink. 0 or the first -errno. */
int cp_text_flush(struct cp_text *text);

/* One character as it may be shown: itself, or its escape. */
struct cp_glyph {
	size_t taken; /* bytes of the source */
	size_t len;
	unsigned columns;
	char bytes[12];
};
/* The first one of s; len > 0 bytes are readable. */
struct cp_glyph cp_text_glyph(const char *s, size_t len);

/* Columns that s takes once escaped. */
unsigned cp_text_columns(const char *s);

#define CP_NUM_MAX 32
/* "1,907,119"; "?" for UINT64_MAX. Return buf. */
const char *cp_text_count(uint64_t n, char buf[CP_NUM_MAX]);
/* Microseconds as milliseconds: "0.4", "12.3", "1,203"; "-" for UINT32_MAX. */
const char *cp_text_ms(uint32_t us, char buf[CP_NUM_MAX]);
/* Nanoseconds as seconds: "0.81", "33.0", "1,203". */
const char *cp_text_seconds(uint64_t ns, char buf[CP_NUM_MAX]);
/* Unix seconds as "2026-07-14" (UTC). */
const char *cp_text_date(uint64_t s, char buf[CP_NUM_MAX]);

#endif
