// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text_reader.c: line by line through a text of some tool. Must not know any
 * tool's words.
 */
#include "text_reader.h"

#include <errno.h>
#include <string.h>

enum { MATCH_LINES = 400 };

/* A line that cannot be read may have been a row. What had arrived before lacks none. */
static int skip_line(struct cp_text_reader *reader, size_t number, const char *why)
{
	if (cp_text_trace_has_arrived(&reader->text))
		return cp_text_trace_finish(&reader->text);
	if (reader->text.is_open)
		cp_text_trace_refuse(&reader->text, number, "%s", why);
	return 0;
}

int cp_text_read(struct cp_text_reader *reader, const char *text, size_t len, const char *source, const char *tool,
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

enum cp_import_match cp_text_match(const char *text, size_t len, enum cp_import_match (*look)(const char *line))
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
