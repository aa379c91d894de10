/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd.h: the commands, one file each. They compose what is below and are the
 * only ones that print. Each returns the exit status of the program.
 */
#ifndef CP_CMD_H
#define CP_CMD_H

#include <stdio.h>

#include "opts.h"

/* Exit statuses; a run ended by a signal is 128 + its number. */
enum {
	CP_EXIT_OK = 0,
	CP_EXIT_FAILED = 1,
	CP_EXIT_USAGE = 2,
	CP_EXIT_VIOLATED = 3, /* done, and a path breaks --policy or has what --fail-on names; diff: what
	                         --fail-on-change refuses */
	CP_EXIT_UNDECIDED =
	        4, /* done, but some targets could not be measured, or more are undecided than the policy allows */
};

int cp_cmd_audit(const struct cp_opts *opts);
int cp_cmd_trace(const struct cp_opts *opts);
int cp_cmd_analyze(const struct cp_opts *opts);
int cp_cmd_diff(const struct cp_opts *opts);
int cp_cmd_watch(const struct cp_opts *opts);
int cp_cmd_serve(const struct cp_opts *opts);
int cp_cmd_doctor(const struct cp_opts *opts);
int cp_cmd_policy(const struct cp_opts *opts);
int cp_cmd_report(const struct cp_opts *opts);
int cp_cmd_export(const struct cp_opts *opts);
int cp_cmd_runs(const struct cp_opts *opts);
int cp_cmd_help(const struct cp_opts *opts);
int cp_cmd_version(const struct cp_opts *opts);
int cp_cmd_man(const struct cp_opts *opts);
int cp_cmd_completion(const struct cp_opts *opts);

/* What stands there when no command is given. */
void cp_help_short(FILE *out);

/* Columns of the terminal on standard output, or what COLUMNS says; 0: unknown. */
unsigned cp_terminal_width(void);

#endif
