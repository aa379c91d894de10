// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * manpage.c: the hidden command behind man/coldpotato.8: the tables as man(7)
 * source. Must not name an option itself.
 */
#include <string.h>

#include "cmd.h"
#include "help.h"
#include "version.h"

/* Text as roff takes it: dashes stay dashes, backslashes and leading dots are no commands. */
static void put_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

static void put_term(const char *term, const char *text)
{
	fputs(".TP\n.B ", stdout);
	put_text(term);
	putchar('\n');
	put_text(text);
	putchar('\n');
}

static void put_pairs(const struct cp_help_pair *pairs)
{
	for (; pairs->term; pairs++)
		put_term(pairs->term, pairs->text);
}

static void put_commands(void)
{
	puts(".SH COMMANDS");
	for (enum cp_command c = 0; c < CP_COMMANDS; c++) {
		const struct cp_command_info *info = &cp_commands[c];

		if (!info->help)
			continue;
		printf(".TP\n.B %s ", info->name);
		put_text(info->args);
		putchar('\n');
		put_text(info->about ? info->about : info->help);
		putchar('\n');
	}
}

/* "Taken by audit, trace." where an option is not of every command that takes targets. */
static void put_commands_of(const struct cp_opt *opt)
{
	unsigned missing = 0;
	const char *joint = "Taken by";

	for (enum cp_command c = 0; c < CP_COMMANDS; c++)
		missing += cp_commands[c].takes_targets && !(opt->commands >> c & 1);
	if (!missing)
		return;
	for (enum cp_command c = 0; c < CP_COMMANDS; c++) {
		if (!cp_commands[c].takes_targets || !(opt->commands >> c & 1))
			continue;
		printf("%s %s", joint, cp_commands[c].name);
		joint = ",";
	}
	puts(".");
}

static void put_option(const struct cp_opt *opt)
{
	char arg[64], text[512];

	fputs(".TP\n", stdout);
	if (opt->letter)
		printf("\\fB\\-%c\\fR, ", opt->letter);
	fputs("\\fB\\-\\-", stdout);
	put_text(opt->name);
	fputs("\\fR", stdout);
	if (*cp_opt_arg(opt, arg, sizeof(arg))) {
		fputs(" \\fI", stdout);
		put_text(arg);
		fputs("\\fR", stdout);
	}
	putchar('\n');
	put_text(cp_help_option(opt, text, sizeof(text)));
	puts(".");
	put_commands_of(opt);
}

static void put_options(void)
{
	puts(".SH OPTIONS\nThe command comes first; options and targets may be mixed. Of an option that is not "
	     "repeatable, the last one counts.");
	for (enum cp_opt_group group = 0; group < CP_OPT_HIDDEN; group++) {
		printf(".SS %s\n", cp_opt_group_name(group));
		for (const struct cp_opt *opt = cp_opt_table; opt->name; opt++)
			if (opt->group == group)
				put_option(opt);
	}
}

static void put_examples(void)
{
	puts(".SH EXAMPLES");
	for (enum cp_command c = 0; c < CP_COMMANDS; c++)
		if (cp_commands[c].help && cp_help_examples(c))
			put_pairs(cp_help_examples(c));
}

int cp_cmd_man(const struct cp_opts *opts)
{
	(void)opts;
	puts(".\\\" SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause");
	puts(".\\\" Printed by coldpotato --help-man; change user/opts_table.c or user/cmd/help_text.c instead.");
	puts(".TH COLDPOTATO 8 \"\" \"coldpotato " CP_VERSION "\" \"System administration\"");
	puts(".SH NAME\ncoldpotato \\- " CP_HELP_PURPOSE);
	puts(".SH SYNOPSIS\n.B coldpotato\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fITARGET\\fR...]");
	put_commands();
	puts(".SH TARGETS");
	put_pairs(cp_help_targets);
	put_options();
	puts(".SH EXIT STATUS");
	put_pairs(cp_help_statuses);
	puts(".SH ENVIRONMENT");
	put_term("NO_COLOR", "When set and not empty, no colours unless the command line asks for them always.");
	put_examples();
	return fflush(stdout) || ferror(stdout) ? CP_EXIT_FAILED : CP_EXIT_OK;
}
