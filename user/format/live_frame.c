// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_frame.c: a screen as cells. Every byte of data goes through put_glyph(),
 * so that none can be more than a character in its place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"
#include "text.h"

int cp_live_frame_new(unsigned n_rows, unsigned n_columns, bool ascii, struct cp_live_frame **ret_frame)
{
	struct cp_live_frame *frame = calloc(1, sizeof(*frame));

	if (!frame)
		return -ENOMEM;
	*frame = (struct cp_live_frame){.n_rows = n_rows, .n_columns = n_columns, .ascii = ascii};
	frame->cells = calloc((size_t)n_rows * n_columns + 1, sizeof(*frame->cells));
	if (!frame->cells) {
		free(frame);
		return -ENOMEM;
	}
	cp_live_frame_clear(frame);
	*ret_frame = frame;
	return 0;
}

void cp_live_frame_free(struct cp_live_frame *frame)
{
	if (!frame)
		return;
	free(frame->cells);
	free(frame);
}

void cp_live_frame_clear(struct cp_live_frame *frame)
{
	for (size_t i = 0; i < (size_t)frame->n_rows * frame->n_columns; i++)
		frame->cells[i] = (struct cp_live_cell){.text = " "};
}

static struct cp_live_cell *cell_at(struct cp_live_frame *frame, unsigned row, unsigned column)
{
	return &frame->cells[(size_t)row * frame->n_columns + column];
}

/* What stands for a character where only ASCII may. */
static struct cp_glyph in_ascii(struct cp_glyph glyph)
{
	bool is_ellipsis = glyph.len == 3 && memcmp(glyph.bytes, "…", 3) == 0;

	if (glyph.len == 1 || glyph.bytes[0] == '\\')
		return glyph;
	memset(glyph.bytes, is_ellipsis ? '~' : '?', glyph.columns);
	glyph.len = glyph.columns;
	return glyph;
}

/* An escape takes a cell a character. */
static void put_glyph(
        struct cp_live_frame *frame, unsigned row, unsigned column, unsigned attr, const struct cp_glyph *glyph)
{
	bool is_plain = glyph->len == glyph->columns;

	for (unsigned i = 0; i < glyph->columns; i++) {
		struct cp_live_cell *cell = cell_at(frame, row, column + i);

		*cell = (struct cp_live_cell){.attr = (uint8_t)attr};
		if (is_plain)
			cell->text[0] = glyph->bytes[i];
		else if (i == 0)
			memcpy(cell->text, glyph->bytes, glyph->len);
	}
}

static struct cp_glyph glyph_of(const struct cp_live_frame *frame, const char *s, const char *end)
{
	struct cp_glyph glyph = cp_text_glyph(s, (size_t)(end - s));

	return frame->ascii ? in_ascii(glyph) : glyph;
}

unsigned cp_live_put(
        struct cp_live_frame *frame, unsigned row, unsigned column, unsigned width, unsigned attr, const char *text)
{
	const char *end = text + strlen(text);
	unsigned at = 0, columns = cp_text_columns(text);
	struct cp_glyph glyph;

	if (row >= frame->n_rows || column >= frame->n_columns)
		return 0;
	width = width < frame->n_columns - column ? width : frame->n_columns - column;
	for (; text < end; text += glyph.taken, at += glyph.columns) {
		glyph = glyph_of(frame, text, end);
		if (at + glyph.columns > (columns > width ? width - (width > 0) : width))
			break;
		put_glyph(frame, row, column + at, attr, &glyph);
	}
	if (text < end && at < width) {
		static const char ellipsis[] = "…";

		glyph = glyph_of(frame, ellipsis, ellipsis + sizeof(ellipsis) - 1);
		put_glyph(frame, row, column + at, attr, &glyph);
		at++;
	}
	return at;
}

void cp_live_put_right(
        struct cp_live_frame *frame, unsigned row, unsigned column, unsigned width, unsigned attr, const char *text)
{
	unsigned columns = cp_text_columns(text), shift = columns < width ? width - columns : 0;

	cp_live_put(frame, row, column + shift, width - shift, attr, text);
}

void cp_live_paint(struct cp_live_frame *frame, unsigned row, unsigned attr)
{
	for (unsigned i = 0; row < frame->n_rows && i < frame->n_columns; i++)
		cell_at(frame, row, i)->attr = (uint8_t)attr;
}

const char *cp_live_row_text(const struct cp_live_frame *frame, unsigned row, char *buf, size_t size)
{
	size_t len = 0;

	for (unsigned i = 0; i < frame->n_columns; i++) {
		const char *text = frame->cells[(size_t)row * frame->n_columns + i].text;
		size_t n = strlen(text);

		if (len + n >= size)
			break;
		memcpy(buf + len, text, n);
		len += n;
	}
	while (len && buf[len - 1] == ' ')
		len--;
	buf[len] = '\0';
	return buf;
}
