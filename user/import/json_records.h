/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json_records.h: the objects of a text that tools write: one a line, one
 * spread over lines, or an array of them. What is broken is named and passed
 * over. Must not know any tool's names.
 */
#ifndef CP_JSON_RECORDS_H
#define CP_JSON_RECORDS_H

#include <jansson.h>

#include "import.h"

/*
 * Takes one object. 0; -EINVAL with err set: it is a bad record; -ECANCELED: stop, the reason is with ctx; -ENOMEM.
 */
typedef int (*cp_record_take)(void *ctx, const json_t *record, size_t line, struct cp_err *err);

/*
 * 0, also when every record was bad; -ECANCELED as take said. With err set: -ENOMEM, and -EINVAL for a text with
 * nothing in it. source names the text.
 */
int cp_json_records(const char *text, size_t len, const char *source, const struct cp_import_sink *sink,
        cp_record_take take, void *ctx, struct cp_err *err);

/* What a reader of such records keeps while it reads; the first member of its own state. */
struct cp_json_reader {
	const struct cp_import_sink *sink;
	int sink_rc; /* what the sink returned, where take says -ECANCELED for it */
};

/*
 * struct cp_import_format.read of a format whose records are such objects: they go to take with a zeroed state of
 * size bytes, which begins with a reader.
 */
int cp_json_read(const char *text, size_t len, const char *source, const struct cp_import_sink *sink,
        cp_record_take take, size_t size, struct cp_err *err);

/*
 * The first objects of a text, for detection: look is called for each member on the first and second level, with the
 * text of its value when that is a string, "" otherwise. parent is NULL on the first level.
 */
struct cp_json_member {
	const char *parent, *key, *value; /* cut to some length; for the call */
};
void cp_json_look(
        const char *text, size_t len, void (*look)(void *ctx, const struct cp_json_member *member), void *ctx);

#endif
