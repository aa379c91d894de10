// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * json_records.c: finds where records begin and end with the strict reader,
 * which tells the line of an error, and has jansson make trees of the good
 * ones.
 */
#include "json_records.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json_pull.h"

#define LOOK_RECORDS 4 /* as many are looked at for detection */
#define LOOK_BYTES 65536u
#define LOOK_NAME 64

struct walk {
	const char *at, *end;
	const char *counted; /* lines are counted up to here */
	size_t line; /* of counted */
	const struct cp_import_sink *sink;
	cp_record_take take;
	void *ctx;
};

static size_t line_at(struct walk *walk, const char *at)
{
	while (walk->counted < at) {
		const char *newline = memchr(walk->counted, '\n', (size_t)(at - walk->counted));

		walk->counted = newline ? newline + 1 : at;
		walk->line += newline != NULL;
	}
	return walk->line;
}

static void refuse(struct walk *walk, const char *at, const char *why)
{
	walk->sink->bad(walk->sink->ctx, line_at(walk, at), why);
}

/* What the grammar allows and jansson does not hold. */
static const char *why_not(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_numeric_overflow:
		return "a number is too large";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a NUL in a string";
	default:
		return "not JSON";
	}
}

static int take_record(struct walk *walk, const char *start, const char *end)
{
	json_error_t error;
	json_t *record = json_loadb(start, (size_t)(end - start), 0, &error);
	size_t line = line_at(walk, start);
	struct cp_err err = {.text = ""};
	int rc;

	if (!record && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!record) {
		refuse(walk, start, why_not(&error));
		return 0;
	}
	rc = walk->take(walk->ctx, record, line, &err);
	json_decref(record);
	if (rc != -EINVAL)
		return rc;
	refuse(walk, start, err.text);
	return 0;
}

/* To the next line that begins with a record; the line of `from` is lost. */
static void resume_behind(struct walk *walk, const char *from)
{
	while (from < walk->end) {
		const char *newline = memchr(from, '\n', (size_t)(walk->end - from));

		from = newline ? newline + 1 : walk->end;
		if (from < walk->end && (*from == '{' || *from == '['))
			break;
	}
	walk->at = from;
}

static int take_object(struct walk *walk)
{
	const char *start = walk->at;
	struct cp_pull pull;

	cp_pull_init(&pull, start, (size_t)(walk->end - start));
	cp_pull_next(&pull);
	if (!cp_pull_skip(&pull)) {
		refuse(walk, start, pull.why);
		resume_behind(walk, start);
		return 0;
	}
	walk->at = pull.at;
	return take_record(walk, start, pull.at);
}

static int take_array(struct walk *walk)
{
	const char *start = walk->at;
	struct cp_pull pull;

	cp_pull_init(&pull, start, (size_t)(walk->end - start));
	cp_pull_next(&pull);
	for (;;) {
		enum cp_pull_kind kind = cp_pull_next(&pull);
		const char *element = pull.text;
		int rc = 0;

		if (kind == CP_PULL_ARRAY_END)
			break;
		if (!cp_pull_skip(&pull)) {
			refuse(walk, pull.at, pull.why);
			resume_behind(walk, pull.at);
			return 0;
		}
		if (kind == CP_PULL_OBJECT)
			rc = take_record(walk, element, pull.at);
		else
			refuse(walk, element, "an object is wanted");
		if (rc)
			return rc;
	}
	walk->at = pull.at;
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_mark(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
}

int cp_json_records(const char *text, size_t len, const char *source, const struct cp_import_sink *sink,
        cp_record_take take, void *ctx, struct cp_err *err)
{
	struct walk walk = {.at = skip_mark(text, len),
	        .end = text + len,
	        .counted = text,
	        .line = 1,
	        .sink = sink,
	        .take = take,
	        .ctx = ctx};
	bool is_blank = true;
	int rc = 0;

	while (rc == 0) {
		while (walk.at < walk.end && is_space(*walk.at))
			walk.at++;
		if (walk.at == walk.end)
			break;
		is_blank = false;
		if (*walk.at == '{') {
			rc = take_object(&walk);
		} else if (*walk.at == '[') {
			rc = take_array(&walk);
		} else {
			refuse(&walk, walk.at, "neither an object nor an array");
			resume_behind(&walk, walk.at);
		}
	}
	if (rc == -ENOMEM)
		return cp_err_set(err, rc, "%s: out of memory", source);
	return is_blank ? cp_err_set(err, -EINVAL, "%s: nothing in it", source) : rc;
}

/* ---- Detection ---- */

static void copy_token(const struct cp_pull *pull, char to[LOOK_NAME])
{
	snprintf(to, LOOK_NAME, "%.*s", (int)(pull->len < LOOK_NAME ? pull->len : LOOK_NAME - 1), pull->text);
}

/* The members of one record; as far as the text goes. */
static bool look_record(struct cp_pull *pull, void (*look)(void *ctx, const struct cp_json_member *member), void *ctx)
{
	char keys[2][LOOK_NAME] = {"", ""}, value[LOOK_NAME];
	uint32_t top = pull->depth;

	for (;;) {
		enum cp_pull_kind kind = cp_pull_next(pull);
		uint32_t level = pull->depth - top;

		if (kind == CP_PULL_ERROR || kind == CP_PULL_END)
			return false;
		if (kind == CP_PULL_OBJECT_END && pull->depth + 1 == top)
			return true;
		if (kind != CP_PULL_KEY || level > 1)
			continue;
		copy_token(pull, keys[level]);
		kind = cp_pull_next(pull);
		value[0] = '\0';
		if (kind == CP_PULL_STRING)
			copy_token(pull, value);
		look(ctx,
		        &(struct cp_json_member){.parent = level ? keys[0] : NULL, .key = keys[level], .value = value});
	}
}

int cp_json_read(const char *text, size_t len, const char *source, const struct cp_import_sink *sink,
        cp_record_take take, size_t size, struct cp_err *err)
{
	struct cp_json_reader *reader = calloc(1, size);
	int rc;

	if (!reader)
		return cp_err_set(err, -ENOMEM, "%s: out of memory", source);
	reader->sink = sink;
	rc = cp_json_records(text, len, source, sink, take, reader, err);
	rc = rc == -ECANCELED ? reader->sink_rc : rc;
	free(reader);
	return rc;
}

void cp_json_look(const char *text, size_t len, void (*look)(void *ctx, const struct cp_json_member *member), void *ctx)
{
	const char *at = skip_mark(text, len), *end = text + (len < LOOK_BYTES ? len : LOOK_BYTES);
	struct cp_pull pull;

	while (at < end && is_space(*at))
		at++;
	cp_pull_init(&pull, at, (size_t)(end - at));
	for (int i = 0; i < LOOK_RECORDS; i++) {
		enum cp_pull_kind kind = cp_pull_next(&pull);

		if (kind == CP_PULL_ARRAY && i == 0)
			kind = cp_pull_next(&pull);
		if (kind == CP_PULL_END) {
			/* The next record is a text of its own. */
			cp_pull_init(&pull, pull.at, (size_t)(end - pull.at));
			kind = cp_pull_next(&pull);
		}
		if (kind != CP_PULL_OBJECT || !look_record(&pull, look, ctx))
			return;
	}
}
