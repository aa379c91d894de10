// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * completion.c: the hidden command behind man/completion.bash: the tables as a
 * bash completion. Must not name an option itself.
 */
#include <string.h>

#include "cmd.h"
#include "help.h"

static void put_head(void)
{
	puts("# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n"
	     "# Completion of coldpotato for bash. Printed by coldpotato --help-completion; change\n"
	     "# user/opts_table.c instead.\n"
	     "# shellcheck shell=bash\n"
	     "_coldpotato()\n"
	     "{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word command='' words=''\n"
	     "\n"
	     "\t# bash cuts words at '=' and ':': what stands before the cut is what counts.\n"
	     "\tlocal cut=$prev\n"
	     "\tif [[ $cur == [=:] ]]; then\n"
	     "\t\tcut=$cur cur=''\n"
	     "\telif [[ $prev == [=:] ]]; then\n"
	     "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	     "\tfi\n"
	     "\tif [[ $cut == '=' && $prev != -* ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "\t\treturn\n"
	     "\tfi");
}

/* The case pattern of an option: "-r | --rate". */
static void put_pattern(const struct cp_opt *opt)
{
	putchar('\t');
	if (opt->letter)
		printf("-%c | ", opt->letter);
	printf("--%s)", opt->name);
}

static void put_values(void)
{
	char arg[64];

	puts("\tcase $prev in");
	for (const struct cp_opt *opt = cp_opt_table; opt->name; opt++) {
		if (!*cp_opt_arg(opt, arg, sizeof(arg)))
			continue;
		put_pattern(opt);
		if (cp_opt_value(opt, 0)) {
			fputs(" words='", stdout);
			for (size_t i = 0; cp_opt_value(opt, i); i++)
				printf("%s%s", i ? " " : "", cp_opt_value(opt, i));
			puts("' ;;");
		} else if (strncmp(arg, "FILE", 4) == 0) {
			puts(" mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;");
		} else if (strcmp(arg, "IF") == 0) {
			puts(" words=$(cd /sys/class/net && echo *) ;;");
		} else {
			puts(" return ;;");
		}
	}
	puts("\tpreset) words='microsoft controls' ;;\n\tesac");
}

static void put_commands(void)
{
	fputs("\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase $word in\n\t\t", stdout);
	for (enum cp_command c = 0; c < CP_COMMANDS; c++)
		if (cp_commands[c].help)
			printf("%s%s", c ? " | " : "", cp_commands[c].name);
	puts(") command=$word; break ;;\n\t\tesac\n\tdone");
}

static void put_words(enum cp_command command)
{
	const char *joint = "";

	printf("\t\t%s) words='", cp_commands[command].name);
	if (cp_commands[command].takes_targets) {
		fputs("preset:", stdout);
		joint = " ";
	}
	for (enum cp_command c = 0; command == CP_CMD_HELP && c < CP_COMMANDS; c++) {
		if (cp_commands[c].help) {
			printf("%s%s", joint, cp_commands[c].name);
			joint = " ";
		}
	}
	for (const struct cp_opt *opt = cp_opt_table; opt->name; opt++) {
		if (opt->group != CP_OPT_HIDDEN && opt->commands >> command & 1) {
			printf("%s--%s", joint, opt->name);
			joint = " ";
		}
	}
	puts("' ;;");
}

int cp_cmd_completion(const struct cp_opts *opts)
{
	(void)opts;
	put_head();
	put_values();
	put_commands();
	puts("\tif [[ -z $words && $cur == @* ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -P @ -- \"${cur#@}\")\n"
	     "\t\treturn\n"
	     "\tfi\n"
	     "\tif [[ -z $words ]]; then\n"
	     "\t\tcase $command in");
	fputs("\t\t'') words='", stdout);
	for (enum cp_command c = 0; c < CP_COMMANDS; c++)
		if (cp_commands[c].help)
			printf("%s%s", c ? " " : "", cp_commands[c].name);
	puts("' ;;");
	for (enum cp_command c = 0; c < CP_COMMANDS; c++)
		if (cp_commands[c].help)
			put_words(c);
	puts("\t\tesac\n"
	     "\tfi\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	     "\tif [[ ${COMPREPLY[0]} == *: ]]; then\n"
	     "\t\tcompopt -o nospace\n"
	     "\tfi\n"
	     "}\n"
	     "complete -F _coldpotato coldpotato");
	return fflush(stdout) || ferror(stdout) ? CP_EXIT_FAILED : CP_EXIT_OK;
}
