// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_lines.c: cutting a text from outside into lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/lines.h"

static void check_next(struct cp_lines *lines, size_t number, const char *want)
{
	char line[CP_LINE_MAX + 1];

	assert_int_equal(cp_lines_next(lines, line, NULL), 1);
	assert_string_equal(line, want);
	assert_int_equal(lines->number, number);
}

static void check_end(struct cp_lines *lines)
{
	char line[CP_LINE_MAX + 1] = "untouched";

	assert_int_equal(cp_lines_next(lines, line, NULL), 0);
	assert_int_equal(cp_lines_next(lines, line, NULL), 0);
	assert_string_equal(line, "untouched");
}

static void walks_lines(void **state)
{
	static const char text[] = "\xef\xbb\xbfone\r\n\n two\t\n\r\nlast";
	struct cp_lines lines = cp_lines_start(text, sizeof(text) - 1);

	(void)state;
	check_next(&lines, 1, "one");
	check_next(&lines, 2, "");
	check_next(&lines, 3, " two\t");
	check_next(&lines, 4, "");
	check_next(&lines, 5, "last");
	check_end(&lines);
}

static void walks_nothing(void **state)
{
	struct cp_lines none = cp_lines_start(NULL, 0), bom = cp_lines_start("\xef\xbb\xbf", 3);
	struct cp_lines newline = cp_lines_start("\n", 1);

	(void)state;
	check_end(&none);
	check_end(&bom);
	check_next(&newline, 1, "");
	check_end(&newline);
}

/* The text need not end in a NUL: it is copied out of a buffer of its own size, which the sanitizer guards. */
static void stays_in_the_text(void **state)
{
	char *text = malloc(4);

	(void)state;
	assert_non_null(text);
	memcpy(text, "ab\nc", 4);

	struct cp_lines lines = cp_lines_start(text, 4);

	check_next(&lines, 1, "ab");
	check_next(&lines, 2, "c");
	check_end(&lines);
	free(text);
}

static void check_refused(const char *text, size_t len, const char *sentence)
{
	struct cp_lines lines = cp_lines_start(text, len);
	char line[CP_LINE_MAX + 1] = "untouched";
	struct cp_err err = {{0}};

	assert_int_equal(cp_lines_next(&lines, line, &err), -EINVAL);
	assert_string_equal(err.text, sentence);
	assert_string_equal(line, "untouched");
}

static void refuses_what_is_no_text(void **state)
{
	char line[CP_LINE_MAX + 2];

	(void)state;
	check_refused("a\0b", 3, "NUL byte in column 2: the file must be plain text (UTF-16 is not)");
	check_refused("\x7f", 1, "control character 0x7f in column 1");
	check_refused("a\r\r\n", 4, "control character 0x0d in column 2");
	memset(line, 'x', sizeof(line));
	check_refused(line, CP_LINE_MAX + 1, "the line has 1025 bytes, at most 1024 are allowed");
	line[CP_LINE_MAX] = '\r';
	line[CP_LINE_MAX + 1] = '\n';

	struct cp_lines lines = cp_lines_start(line, sizeof(line));
	char out[CP_LINE_MAX + 1];

	assert_int_equal(cp_lines_next(&lines, out, NULL), 1);
	assert_int_equal(strlen(out), CP_LINE_MAX);
}

static void trims(void **state)
{
	char both[] = " \t a b\t ", none[] = "a", blank[] = " \t", empty[] = "";

	(void)state;
	assert_string_equal(cp_line_trim(both), "a b");
	assert_string_equal(cp_line_trim(none), "a");
	assert_string_equal(cp_line_trim(blank), "");
	assert_string_equal(cp_line_trim(empty), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(walks_lines),
	        cmocka_unit_test(walks_nothing),
	        cmocka_unit_test(stays_in_the_text),
	        cmocka_unit_test(refuses_what_is_no_text),
	        cmocka_unit_test(trims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
