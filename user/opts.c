// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * opts.c: reads a command line by the option table and checks that its parts
 * fit together. Must not print, exit or know what a command does.
 */
#include "opts.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define LONG_BASE 256 /* getopt's value of long option i is LONG_BASE + i; letters are below */

struct reader {
	int argc;
	char **argv;
	struct cp_opts opts;
	enum cp_command instead; /* of --help and the like; CP_COMMANDS: none */
	struct cp_err *err;
};

/* What getopt_long() wants, made from the table. */
struct getopt_spec {
	struct option longs[CP_OPTS_MAX + 1];
	char letters[2 + 2 * CP_OPTS_MAX + 1];
};

/* Levenshtein distance; words beyond 31 characters are far from everything. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[32];
	size_t n = strlen(b);

	if (n >= 32 || strlen(a) >= 32)
		return 32;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; a[i]; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			best = best < diagonal + 1 ? best : diagonal + 1;
			row[j + 1] = best < row[j] + 1 ? best : row[j] + 1;
		}
	}
	return row[n];
}

/* Keeps the nearer of two words in *best; far-off words never count. */
static void nearer(const char *typed, const char *word, const char **best, unsigned *best_distance)
{
	unsigned d = distance(typed, word);

	if (d <= 2 && d < strlen(word) && d < *best_distance) {
		*best = word;
		*best_distance = d;
	}
}

static int unknown_command(const char *typed, struct cp_err *err)
{
	const char *best = NULL;
	unsigned d = 32;

	for (enum cp_command c = 0; c < CP_COMMANDS; c++)
		if (cp_commands[c].help)
			nearer(typed, cp_commands[c].name, &best, &d);
	if (best)
		return cp_err_set(err, -EINVAL, "unknown command '%s'; did you mean '%s'?", typed, best);
	return cp_err_set(err, -EINVAL, "unknown command '%s'; 'coldpotato help' lists them", typed);
}

static int find_command(const char *name, enum cp_command *ret_command, struct cp_err *err)
{
	for (enum cp_command c = 0; c < CP_COMMANDS; c++) {
		if (cp_commands[c].help && strcmp(cp_commands[c].name, name) == 0) {
			*ret_command = c;
			return 0;
		}
	}
	return unknown_command(name, err);
}

static int unknown_long(const char *typed, struct cp_err *err)
{
	size_t len = strcspn(typed, "=");
	const char *best = NULL, *first = NULL;
	unsigned d = 32;
	char name[32] = "";

	if (len < sizeof(name))
		memcpy(name, typed, len);
	for (const struct cp_opt *opt = cp_opt_table; opt->name; opt++) {
		if (opt->group == CP_OPT_HIDDEN)
			continue;
		nearer(name, opt->name, &best, &d);
		if (strncmp(opt->name, typed, len) != 0 || (first && strcmp(first, opt->name) == 0))
			continue;
		if (first)
			return cp_err_set(err, -EINVAL, "--%.*s may mean --%s or --%s; write it out", (int)len, typed,
			        first, opt->name);
		first = opt->name;
	}
	if (best)
		return cp_err_set(err, -EINVAL, "unknown option --%.*s; did you mean --%s?", (int)len, typed, best);
	return cp_err_set(err, -EINVAL, "unknown option --%.*s; 'coldpotato help COMMAND' lists them", (int)len, typed);
}

/* The table's option of a getopt value; NULL: none. */
static const struct cp_opt *find_option(int value)
{
	if (value >= LONG_BASE)
		return &cp_opt_table[value - LONG_BASE];
	for (const struct cp_opt *opt = cp_opt_table; opt->name; opt++)
		if (value && opt->letter == value)
			return opt;
	return NULL;
}

static bool takes_argument(const struct cp_opt *opt)
{
	char arg[64];

	return *cp_opt_arg(opt, arg, sizeof(arg));
}

/* The first word that is a command's name; CP_COMMANDS: none is. */
static enum cp_command guess_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		for (enum cp_command c = 0; c < CP_COMMANDS; c++) {
			if (cp_commands[c].help && strcmp(cp_commands[c].name, argv[i]) == 0)
				return c;
		}
	}
	return CP_COMMANDS;
}

/* Another row of its name is the command's, or is before it. */
static bool is_shadowed(const struct cp_opt *opt, enum cp_command command)
{
	unsigned is_of = opt->commands >> command & 1;

	for (const struct cp_opt *other = cp_opt_table; other->name; other++) {
		unsigned other_is_of = other->commands >> command & 1;

		if (other == opt || strcmp(other->name, opt->name) != 0)
			continue;
		if (other_is_of > is_of || (other_is_of == is_of && other < opt))
			return true;
	}
	return false;
}

static void make_spec(enum cp_command command, struct getopt_spec *spec)
{
	/* '-': words come in order, so that the command is known early; ':': we write the messages. */
	char *letter = stpcpy(spec->letters, "-:");
	size_t n = 0;

	for (size_t i = 0; cp_opt_table[i].name; i++) {
		const struct cp_opt *opt = &cp_opt_table[i];
		int has_arg = takes_argument(opt) ? required_argument : no_argument;

		if (!is_shadowed(opt, command))
			spec->longs[n++] =
			        (struct option){.name = opt->name, .has_arg = has_arg, .val = LONG_BASE + (int)i};
		if (opt->letter)
			*letter++ = opt->letter;
		if (opt->letter && has_arg)
			*letter++ = ':';
	}
	*letter = '\0';
	spec->longs[n] = (struct option){0};
}

static int take_option(struct reader *reader, const struct cp_opt *opt, const char *text)
{
	reader->opts.given[opt - cp_opt_table] = true;
	if (opt->parse)
		return opt->parse(opt, text, &reader->opts, reader->err);
	reader->instead = opt->instead;
	return 0;
}

/* The first word is the command; the rest are its targets, or the topic of help. */
static int take_word(struct reader *reader, const char *word)
{
	struct cp_opts *opts = &reader->opts;

	if (opts->command == CP_COMMANDS)
		return find_command(word, &opts->command, reader->err);
	if (opts->command == CP_CMD_HELP && opts->topic == CP_COMMANDS)
		return find_command(word, &opts->topic, reader->err);
	if (!cp_commands[opts->command].takes_targets && !cp_commands[opts->command].takes_words)
		return cp_err_set(reader->err, -EINVAL, "%s does not know what to do with '%s'",
		        cp_commands[opts->command].name, word);
	opts->targets[opts->n_targets++] = word;
	return 0;
}

/* What getopt_long() could not use. Its value for it is optopt; for an unknown long option there is none. */
static int bad_option(struct reader *reader, bool missing_argument)
{
	const struct cp_opt *opt = find_option(optopt);

	if (opt && missing_argument)
		return cp_err_set(
		        reader->err, -EINVAL, "--%s wants %s after it", opt->name, opt->wants ? opt->wants : "a word");
	if (opt)
		return cp_err_set(reader->err, -EINVAL, "--%s takes no argument", opt->name);
	if (optopt)
		return cp_err_set(
		        reader->err, -EINVAL, "unknown option -%c; 'coldpotato help COMMAND' lists them", optopt);
	return unknown_long(reader->argv[optind - 1] + 2, reader->err);
}

static int read_words(struct reader *reader)
{
	struct getopt_spec spec;
	int value, rc = 0;

	make_spec(guess_command(reader->argc, reader->argv), &spec);
	optind = 0; /* 0, not 1: makes glibc start over, its place inside a word included */
	opterr = 0;
	while (!rc && (value = getopt_long(reader->argc, reader->argv, spec.letters, spec.longs, NULL)) != -1) {
		if (value == 1)
			rc = take_word(reader, optarg);
		else if (value == '?' || value == ':')
			rc = bad_option(reader, value == ':');
		else
			rc = take_option(reader, find_option(value), optarg);
	}
	for (int i = optind; !rc && i < reader->argc; i++) /* after "--" */
		rc = take_word(reader, reader->argv[i]);
	return rc;
}

/* Settings whose default depends on others. */
static void fill_in(struct cp_opts *opts)
{
	const char *output = cp_commands[opts->command].output;

	if (!opts->want_v4 && !opts->want_v6)
		opts->want_v4 = opts->want_v6 = true;
	if (opts->live) {
		opts->attempts = 1; /* a round */
		opts->progress = CP_WHEN_NEVER;
	}
	if (!opts->n_outputs && output)
		opts->outputs[opts->n_outputs++].format = cp_format_find(output);
}

static int check_outputs(const struct cp_opts *opts, struct cp_err *err)
{
	for (uint32_t i = 0; i < opts->n_outputs; i++) {
		const char *path = opts->outputs[i].path;

		for (uint32_t j = i + 1; j < opts->n_outputs; j++) {
			const char *other = opts->outputs[j].path;

			if (!path && !other)
				return cp_err_set(err, -EINVAL,
				        "two formats for standard output; write one to a file: --output %s=FILE",
				        opts->outputs[j].format->name);
			if (path && other && strcmp(path, other) == 0)
				return cp_err_set(err, -EINVAL, "--output writes two formats to '%s'", path);
		}
	}
	return 0;
}

/* A live view is neither stored nor judged as a whole, and asks each TTL once a round. */
static int check_live(const struct cp_opts *opts, struct cp_err *err)
{
	static const char *const others[] = {
	        "output", "policy", "fail-on", "explain", "attempts", "dry-run", "progress", "e2e", NULL};

	if (!opts->live)
		return cp_opts_given(opts, "interval") ? cp_err_set(err, -EINVAL, "--interval is for --live") : 0;
	for (size_t i = 0; others[i]; i++) {
		if (cp_opts_given(opts, others[i]))
			return cp_err_set(err, -EINVAL, "--live does not go with --%s", others[i]);
	}
	if (opts->tcp_method != CP_METHOD_SYN)
		return cp_err_set(err, -EINVAL, "--live probes with --tcp-method syn only");
	return 0;
}

int cp_opts_check(const struct cp_opts *opts, struct cp_err *err)
{
	if (opts->first_ttl > opts->max_ttl)
		return cp_err_set(err, -EINVAL, "--first-ttl wants a TTL up to --max-ttl %u, not '%u'", opts->max_ttl,
		        opts->first_ttl);
	if (opts->has_source && !(cp_addr_is_v4(&opts->source) ? opts->want_v4 : opts->want_v6))
		return cp_err_set(err, -EINVAL, "--source is an address of the family that -4 or -6 excludes");
	return check_outputs(opts, err);
}

int cp_opts_set(struct cp_opts *opts, const char *name, const char *text, struct cp_err *err)
{
	for (const struct cp_opt *opt = cp_opt_table; opt->name; opt++) {
		if (!opt->parse || strcmp(opt->name, name) != 0)
			continue;
		opts->given[opt - cp_opt_table] = true;
		return opt->parse(opt, text, opts, err);
	}
	return cp_err_set(err, -EINVAL, "there is no option --%s", name);
}

static int check_settings(const struct reader *reader)
{
	const struct cp_opts *opts = &reader->opts;
	const struct cp_command_info *command = &cp_commands[opts->command];

	for (size_t i = 0; cp_opt_table[i].name; i++)
		if (opts->given[i] && !(cp_opt_table[i].commands >> opts->command & 1))
			return cp_err_set(reader->err, -EINVAL, "--%s is not an option of %s", cp_opt_table[i].name,
			        command->name);
	if (command->needs_target && !opts->n_targets && !opts->datadog_conf)
		return cp_err_set(reader->err, -EINVAL,
		        "%s needs a target: a name, an address, @FILE, - or preset:microsoft", command->name);
	if (check_live(opts, reader->err))
		return -EINVAL;
	return cp_opts_check(opts, reader->err);
}

static int finish(struct reader *reader)
{
	struct cp_opts *opts = &reader->opts;

	if (reader->instead != CP_COMMANDS) {
		if (opts->command != CP_CMD_HELP)
			opts->topic = opts->command;
		opts->command = reader->instead;
		return 0;
	}
	if (opts->command == CP_COMMANDS)
		return cp_err_set(reader->err, -EINVAL, "no command given; 'coldpotato help' lists them");
	fill_in(opts);
	return check_settings(reader);
}

int cp_opts_parse(int argc, char **argv, struct cp_opts *ret_opts, struct cp_err *err)
{
	struct reader reader = {
	        .argc = argc, .argv = argv, .opts = cp_opts_defaults, .instead = CP_COMMANDS, .err = err};
	int rc;

	reader.opts.targets = calloc((size_t)argc + 1, sizeof(*reader.opts.targets));
	if (!reader.opts.targets)
		return cp_err_set(err, -ENOMEM, "out of memory");
	rc = read_words(&reader);
	if (!rc)
		rc = finish(&reader);
	if (rc) {
		cp_opts_free(&reader.opts);
		return rc;
	}
	*ret_opts = reader.opts;
	return 0;
}

void cp_opts_free(struct cp_opts *opts)
{
	if (!opts)
		return;
	free(opts->targets);
	opts->targets = NULL;
	opts->n_targets = 0;
}

bool cp_opts_given(const struct cp_opts *opts, const char *name)
{
	for (size_t i = 0; cp_opt_table[i].name; i++) {
		if (strcmp(cp_opt_table[i].name, name) == 0)
			return opts->given[i];
	}
	return false;
}
