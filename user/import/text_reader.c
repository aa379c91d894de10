// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text_reader.c: line by line through a text of some tool. Must not know any
 * tool's words.
 */
#include "text_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text_utf16.h"

enum {
	MATCH_LINES = 400,
	MATCH_UTF16 = 1 << 16, /* bytes of UTF-16 that are looked at */
};

/* A line that cannot be read may have been a row. What had arrived before lacks none. */
static int skip_line(struct cp_text_reader *reader, size_t number, const char *why)
{
	if (cp_text_trace_has_arrived(&reader->text))
		return cp_text_trace_finish(&reader->text);
	if (reader->text.is_open)
		cp_text_trace_refuse(&reader->text, number, "%s", why);
	return 0;
}

static int read_lines(struct cp_text_reader *reader, const char *text, size_t len, const char *source, const char *tool,
        const struct cp_import_sink *sink, cp_text_take take, struct cp_err *err)
{
	struct cp_lines lines = cp_lines_start(text, len);
	struct cp_err why, first_why = {{0}};
	char line[CP_LINE_MAX + 1];
	size_t first_line = 0;
	int rc = 0;

	cp_text_trace_init(&reader->text, sink);
	reader->command.is_seen = false;
	for (int got; rc == 0 && (got = cp_lines_next(&lines, line, &why)) != 0;) {
		reader->is_cut = lines.next == lines.end && text[len - 1] != '\n';
		if (got > 0) {
			rc = take(reader, lines.number, line);
			continue;
		}
		rc = skip_line(reader, lines.number, why.text);
		if (!first_line) {
			first_line = lines.number;
			first_why = why;
		}
	}
	rc = rc ? rc : cp_text_trace_finish(&reader->text);
	if (rc || reader->text.n_found)
		return rc;
	if (first_line)
		return cp_err_set(err, -EINVAL, "%s:%zu: %s", source, first_line, first_why.text);
	return cp_err_set(err, -EINVAL, "%s: holds no output of %s", source, tool);
}

int cp_text_read(struct cp_text_reader *reader, const char *text, size_t len, const char *source, const char *tool,
        const struct cp_import_sink *sink, cp_text_take take, struct cp_err *err)
{
	char *utf8 = NULL;
	int rc = 0;

	if (cp_utf16_is(text, len)) {
		rc = cp_utf16_to_utf8(text, len, &utf8, &len);
		text = utf8;
	}
	rc = rc ? rc : read_lines(reader, text, len, source, tool, sink, take, err);
	free(utf8);
	return rc;
}

static enum cp_import_match match_lines(const char *text, size_t len, enum cp_import_match (*look)(const char *line))
{
	struct cp_lines lines = cp_lines_start(text, len);
	enum cp_import_match best = CP_IMPORT_NO;
	char line[CP_LINE_MAX + 1];
	struct cp_err why;
	int got;

	while (best < CP_IMPORT_SURE && lines.number < MATCH_LINES && (got = cp_lines_next(&lines, line, &why)) != 0) {
		enum cp_import_match match = got > 0 ? look(line) : CP_IMPORT_NO;

		best = match > best ? match : best;
	}
	return best;
}

enum cp_import_match cp_text_match(const char *text, size_t len, enum cp_import_match (*look)(const char *line))
{
	enum cp_import_match match;
	char *utf8;

	if (!cp_utf16_is(text, len))
		return match_lines(text, len, look);
	if (cp_utf16_to_utf8(text, len < MATCH_UTF16 ? len : MATCH_UTF16, &utf8, &len) < 0)
		return CP_IMPORT_NO;
	match = match_lines(utf8, len, look);
	free(utf8);
	return match;
}
