// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * help.c: `coldpotato help`, --help and version, printed from the option and
 * command tables. Must not name an option itself.
 */
#include "help.h"

#include <string.h>

#include "cmd.h"
#include "opts_value.h"
#include "version.h"

#define WIDTH 79 /* fits a terminal of 80 columns */

/* Prints `term` in a column that ends at `column`, then `text` wrapped beside it. */
static void print_pair(FILE *out, int column, const char *term, const char *text)
{
	int at = fprintf(out, "  %s", term);

	if (at > column - 2) {
		fputc('\n', out);
		at = 0;
	}
	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > column && at + 1 + (int)len > WIDTH) {
			fputc('\n', out);
			at = 0;
		}
		if (at < column)
			at += fprintf(out, "%*s", column - at, "");
		else
			at += fprintf(out, " ");
		at += fprintf(out, "%.*s", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_pairs(FILE *out, int column, const struct cp_help_pair *pairs)
{
	for (; pairs->term; pairs++)
		print_pair(out, column, pairs->term, pairs->text);
}

/* A paragraph over the whole width. */
static void print_paragraph(FILE *out, const char *text)
{
	int at = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (at && at + 1 + (int)len > WIDTH) {
			fputc('\n', out);
			at = 0;
		}
		at += fprintf(out, "%s%.*s", at ? " " : "", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_option(FILE *out, enum cp_command command, const struct cp_opt *opt)
{
	const char *help = opt->parse == cp_opt_parse_output ? cp_commands[command].output_help : NULL;
	char term[128], arg[64], text[512];
	char letter[5] = "    ";

	if (opt->letter)
		snprintf(letter, sizeof(letter), "-%c, ", opt->letter);
	cp_opt_arg(opt, arg, sizeof(arg));
	snprintf(term, sizeof(term), "%s--%s%s%s", letter, opt->name, *arg ? " " : "", arg);
	print_pair(out, 28, term, help ? help : cp_help_option(opt, text, sizeof(text)));
}

static void print_options(FILE *out, enum cp_command command)
{
	for (enum cp_opt_group group = 0; group < CP_OPT_HIDDEN; group++) {
		bool heading = false;

		for (const struct cp_opt *opt = cp_opt_table; opt->name; opt++) {
			if (opt->group != group || !(opt->commands >> command & 1))
				continue;
			if (!heading)
				fprintf(out, "\n%s:\n", cp_opt_group_name(group));
			heading = true;
			print_option(out, command, opt);
		}
	}
}

static void print_examples(FILE *out, enum cp_command command)
{
	const struct cp_help_pair *example = cp_help_examples(command);

	if (!example)
		return;
	for (; example->term; example++)
		fprintf(out, "  %s\n      %s\n", example->term, example->text);
}

static void print_commands(FILE *out)
{
	for (enum cp_command c = 0; c < CP_COMMANDS; c++)
		if (cp_commands[c].help)
			print_pair(out, 12, cp_commands[c].name, cp_commands[c].help);
}

void cp_help_short(FILE *out)
{
	fputs("Usage: coldpotato COMMAND [OPTION...] [TARGET...]\n\n", out);
	print_commands(out);
	fputs("\n'coldpotato help COMMAND' explains one.\n", out);
}

static void help_program(FILE *out)
{
	print_paragraph(out, "coldpotato " CP_HELP_PURPOSE ".");
	fputc('\n', out);
	cp_help_short(out);
	fputs("\nExamples:\n", out);
	for (enum cp_command c = 0; c < CP_COMMANDS; c++)
		print_examples(out, c);
	fputs("\nExit status:\n", out);
	print_pairs(out, 14, cp_help_statuses);
}

static void help_command(FILE *out, enum cp_command command)
{
	const struct cp_command_info *info = &cp_commands[command];

	fprintf(out, "Usage: coldpotato %s [OPTION...]%s%s\n\n", info->name, *info->args ? " " : "", info->args);
	print_paragraph(out, info->about ? info->about : info->help);
	if (info->takes_targets) {
		fputs("\nTARGET is one of:\n", out);
		print_pairs(out, 24, cp_help_targets);
	}
	print_options(out, command);
	if (cp_help_examples(command))
		fputs("\nExamples:\n", out);
	print_examples(out, command);
}

/* A reader that went away (`| head`) is a failure the exit status should tell, and nothing more. */
static int flushed(void)
{
	return fflush(stdout) || ferror(stdout) ? CP_EXIT_FAILED : CP_EXIT_OK;
}

int cp_cmd_help(const struct cp_opts *opts)
{
	if (opts->topic == CP_COMMANDS)
		help_program(stdout);
	else
		help_command(stdout, opts->topic);
	return flushed();
}

int cp_cmd_version(const struct cp_opts *opts)
{
	(void)opts;
	puts("coldpotato " CP_VERSION);
	return flushed();
}
