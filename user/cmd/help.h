/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * help.h: private to help.c, manpage.c and completion.c: the words they share.
 */
#ifndef CP_HELP_H
#define CP_HELP_H

#include "opts.h"

struct cp_help_pair {
	const char *term; /* NULL ends a list */
	const char *text;
};

#define CP_HELP_PURPOSE "shows, path by path, whether traffic to Microsoft stays on Microsoft's network"

extern const struct cp_help_pair cp_help_targets[]; /* forms of TARGET */
extern const struct cp_help_pair cp_help_statuses[]; /* exit statuses */
/* Examples of a command: the line to type, what it does; NULL when it has none. */
const struct cp_help_pair *cp_help_examples(enum cp_command command);

/* The help of an option with what it accepts and its default, into buf; returns buf. */
const char *cp_help_option(const struct cp_opt *opt, char *buf, size_t size);

#endif
