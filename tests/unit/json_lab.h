/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json_lab.h: what the tests of formats with one JSON value a path share: a
 * path written and read back by another parser, compared as a whole.
 */
#ifndef CP_TEST_JSON_LAB_H
#define CP_TEST_JSON_LAB_H

#include "story.h"

#include <jansson.h>

static inline json_t *json_lab_written(const struct cp_format *format, const struct fixture *fix, uint64_t wall_ms)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_rec_start start = story_start();
	json_error_t error;
	json_t *got;
	void *ctx;

	start.wall_ms = wall_ms;
	assert_int_equal(format->open(&sink, NULL, &ctx), 0);
	assert_int_equal(format->start(ctx, &start), 0);
	assert_int_equal(format->path(ctx, &fix->rec), 0);
	assert_int_equal(mem.n_writes, 1);
	assert_int_equal(mem.buf[mem.len - 1], '\n');
	got = json_loadb(mem.buf, mem.len, JSON_REJECT_DUPLICATES, &error);
	if (!got)
		fail_msg("%s at %d: %s", error.text, error.position, mem.buf);
	format->close(ctx);
	mem_free(&mem);
	return got;
}

/* Takes got; expected is JSON text with ' for ". */
static inline void assert_json(json_t *got, const char *expected)
{
	char *text = strdup(expected), *got_text;
	json_error_t error;
	json_t *want;

	for (char *s = text; *s; s++)
		*s = *s == '\'' ? '"' : *s;
	want = json_loads(text, 0, &error);
	if (!want)
		fail_msg("the test's own JSON, column %d: %s", error.column, error.text);
	if (!json_equal(got, want)) {
		got_text = json_dumps(got, JSON_SORT_KEYS);
		free(text);
		text = json_dumps(want, JSON_SORT_KEYS);
		assert_string_equal(got_text, text);
	}
	free(text);
	json_decref(want);
	json_decref(got);
}

#endif
