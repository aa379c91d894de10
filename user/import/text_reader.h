/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_reader.h: what the readers of tools' texts have in common: they go line
 * by line through a text in which other things may stand, too, and refuse one
 * that holds nothing of theirs. Must not know any tool's words.
 */
#ifndef CP_TEXT_READER_H
#define CP_TEXT_READER_H

#include "core/lines.h"
#include "text_command.h"
#include "text_trace.h"

struct cp_text_reader {
	struct cp_text_trace text;
	struct cp_text_command command; /* the latest */
	bool is_cut; /* the line at hand is the last one and has no end */
};

/* Takes a line. 0, or what stops the reading. */
typedef int (*cp_text_take)(struct cp_text_reader *reader, size_t number, const char *line);

/*
 * Reads all of a text. tool names it in messages. What cp_import_format.read
 * returns.
 */
int cp_text_read(struct cp_text_reader *reader, const char *text, size_t len, const char *source, const char *tool,
        const struct cp_import_sink *sink, cp_text_take take, struct cp_err *err);
/*
 * The surest of what look says of the first lines of a text: lines that cannot
 * be read are passed over.
 */
enum cp_import_match cp_text_match(const char *text, size_t len, enum cp_import_match (*look)(const char *line));

#endif
