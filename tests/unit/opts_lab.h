/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * opts_lab.h: command lines as the tests of options write them.
 */
#ifndef CP_TEST_OPTS_LAB_H
#define CP_TEST_OPTS_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "opts.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ARGS_MAX 64

/* Parses a line of words separated by single spaces; the words live in `line` afterwards. */
static inline int parse(char *line, struct cp_opts *ret_opts, struct cp_err *err)
{
	char *argv[ARGS_MAX + 1] = {"coldpotato"};
	int argc = 1;

	while (line && argc < ARGS_MAX)
		argv[argc++] = strsep(&line, " ");
	assert_null(line);
	return cp_opts_parse(argc, argv, ret_opts, err);
}

/* Parses a line that must be accepted. */
static inline struct cp_opts accepted(const char *text, char *line, size_t size)
{
	struct cp_err err = {.text = ""};
	struct cp_opts opts;

	assert_true((size_t)snprintf(line, size, "%s", text) < size);
	if (parse(line, &opts, &err))
		fail_msg("'%s' was refused: %s", text, err.text);
	return opts;
}

#define ACCEPT(text)                                                                                                   \
	char line_[512];                                                                                               \
	struct cp_opts opts = accepted(text, line_, sizeof(line_))

#endif
