// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * main.c: reads the command line and hands over to the command. Nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "opts.h"

static int (*const commands[CP_COMMANDS])(const struct cp_opts *opts) = {
        [CP_CMD_AUDIT] = cp_cmd_audit,
        [CP_CMD_TRACE] = cp_cmd_trace,
        [CP_CMD_ANALYZE] = cp_cmd_analyze,
        [CP_CMD_DIFF] = cp_cmd_diff,
        [CP_CMD_WATCH] = cp_cmd_watch,
        [CP_CMD_SERVE] = cp_cmd_serve,
        [CP_CMD_DOCTOR] = cp_cmd_doctor,
        [CP_CMD_POLICY] = cp_cmd_policy,
        [CP_CMD_REPORT] = cp_cmd_report,
        [CP_CMD_EXPORT] = cp_cmd_export,
        [CP_CMD_RUNS] = cp_cmd_runs,
        [CP_CMD_HELP] = cp_cmd_help,
        [CP_CMD_VERSION] = cp_cmd_version,
        [CP_CMD_MAN] = cp_cmd_man,
        [CP_CMD_COMPLETION] = cp_cmd_completion,
};

int main(int argc, char **argv)
{
	struct cp_err err = {.text = ""};
	const char *no_color = getenv("NO_COLOR");
	struct cp_opts opts;
	int rc;

	if (argc < 2) {
		cp_help_short(stderr);
		return CP_EXIT_USAGE;
	}
	rc = cp_opts_parse(argc, argv, &opts, &err);
	if (rc) {
		fprintf(stderr, "coldpotato: %s\n", err.text);
		return rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
	}
	if (no_color && *no_color && opts.color == CP_WHEN_AUTO)
		opts.color = CP_WHEN_NEVER;
	rc = commands[opts.command](&opts);
	cp_opts_free(&opts);
	return rc;
}
