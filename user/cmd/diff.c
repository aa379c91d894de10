// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * diff.c: `diff`: two runs, and what is different between them. Sends nothing,
 * asks nobody and needs no rights.
 */
#include "diff.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "core/grow.h"
#include "format/text.h"

#define LINE_WIDTH 100000 /* no line is broken */

/* ---- Warnings ---- */

int cp_diff_warn(struct cp_diff *diff, const char *code, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	if (cp_grow(&diff->warnings, &diff->warnings_cap, diff->n_warnings, sizeof(*diff->warnings)))
		return -ENOMEM;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	diff->warnings[diff->n_warnings++] = (struct cp_rec_warning){code, text};
	return 0;
}

struct unfair {
	struct cp_diff *diff;
	int rc;
};

static void take_unfair(void *ctx, const char *code, const char *text)
{
	struct unfair *unfair = ctx;

	if (unfair->rc == 0)
		unfair->rc = cp_diff_warn(unfair->diff, code, "%s", text);
}

/* ---- Output ---- */

static int write_stream(void *ctx, const char *data, size_t len)
{
	FILE *stream = ctx;

	errno = 0;
	return fwrite(data, 1, len, stream) == len ? 0 : errno ? -errno : -EIO;
}

static int flush(FILE *stream)
{
	errno = 0;
	return fflush(stream) == 0 && !ferror(stream) ? 0 : errno ? -errno : -EIO;
}

static int write_output(const struct cp_opts *opts, const struct cp_opts_output *output,
        const struct cp_rundiff_report *report, struct cp_err *err)
{
	const struct cp_rundiff_format *format = cp_rundiff_format_find(output->format->name);
	FILE *stream = output->path ? fopen(output->path, "we") : stdout;
	struct cp_format_options options = {.width = cp_terminal_width()};
	struct cp_sink sink = {.write = write_stream, .ctx = stream};
	int rc;

	if (!stream)
		return cp_err_set(err, -errno, "cannot write %s: %s", output->path, strerror(errno));
	options.color = opts->color == CP_WHEN_ALWAYS ||
	                (opts->color == CP_WHEN_AUTO && !output->path && isatty(STDOUT_FILENO));
	rc = format->write(&sink, &options, report);
	rc = rc ? rc : flush(stream);
	/* Some file systems say only now that the disk is full. */
	if (output->path && fclose(stream) && rc == 0)
		rc = -errno;
	return rc ? cp_err_set(err, rc, "cannot write %s to %s: %s", format->name,
	                    output->path ? output->path : "standard output", strerror(-rc))
	          : 0;
}

static bool shown_on_stdout(const struct cp_opts *opts)
{
	for (uint32_t i = 0; i < opts->n_outputs; i++) {
		if (!opts->outputs[i].path)
			return true;
	}
	return false;
}

/* They quote what runs say: escaped, as everywhere, and each in one line. */
static void print_warnings(const struct cp_rundiff_report *report)
{
	const struct cp_sink sink = {.write = write_stream, .ctx = stderr};
	struct cp_text text;

	cp_text_init(&text, &sink, LINE_WIDTH, false);
	for (size_t i = 0; i < report->n_warnings; i++) {
		cp_text_words(&text, "coldpotato: warning:");
		cp_text_words(&text, report->warnings[i].text);
		cp_text_newline(&text);
	}
	(void)cp_text_flush(&text); /* there is nowhere to say that standard error fails */
}

static int write_outputs(const struct cp_opts *opts, const struct cp_rundiff_report *report, struct cp_err *err)
{
	int rc = 0;

	if (!shown_on_stdout(opts))
		print_warnings(report);
	for (uint32_t i = 0; i < opts->n_outputs && rc == 0; i++)
		rc = write_output(opts, &opts->outputs[i], report, err);
	return rc;
}

/* ---- The command ---- */

static int check(const struct cp_opts *opts, struct cp_err *err)
{
	if (opts->n_targets != 2)
		return cp_err_set(err, -EINVAL, "diff wants two runs, the one before and the one after, not %zu",
		        opts->n_targets);
	if (strcmp(opts->targets[0], "-") == 0 && strcmp(opts->targets[1], "-") == 0)
		return cp_err_set(err, -EINVAL, "only one of the two runs can be standard input");
	for (uint32_t i = 0; i < opts->n_outputs; i++) {
		const char *name = opts->outputs[i].format->name;

		if (!cp_rundiff_format_find(name))
			return cp_err_set(err, -EINVAL, "diff writes table or ndjson, not %s", name);
	}
	return 0;
}

static int read_both(struct cp_diff *diff, const struct cp_opts *opts, struct cp_err *err)
{
	struct unfair unfair = {diff, 0};
	int rc = 0;

	if (cp_words_new(&diff->words) || cp_rundiff_new(&diff->diff))
		return cp_err_set(err, -ENOMEM, "out of memory");
	for (int side = 0; side < CP_SIDES && rc == 0; side++)
		rc = cp_diff_read(diff, side, opts->targets[side], err);
	if (rc)
		return rc;
	cp_rundiff_find_unfair(diff->runs, take_unfair, &unfair);
	return unfair.rc ? cp_err_set(err, unfair.rc, "out of memory") : 0;
}

static int exit_status(const struct cp_diff *diff, const struct cp_opts *opts, const struct cp_rundiff_result *result)
{
	if (opts->fail_on_change == CP_FAIL_ON_ANY && result->has_news)
		return CP_EXIT_VIOLATED;
	if (opts->fail_on_change == CP_FAIL_ON_WORSE && result->has_worse)
		return CP_EXIT_VIOLATED;
	return diff->is_partial ? CP_EXIT_UNDECIDED : CP_EXIT_OK;
}

static int run(struct cp_diff *diff, const struct cp_opts *opts, int *ret_status, struct cp_err *err)
{
	struct cp_rundiff_report report = {.side_by_side = opts->side_by_side, .top = opts->top};
	int rc = check(opts, err);

	rc = rc ? rc : read_both(diff, opts, err);
	if (rc)
		return rc;
	report.limits = (struct cp_rundiff_limits){
	        .rtt_us = opts->rtt_ms * 1000,
	        .rtt_pct = opts->rtt_pct,
	        .is_cut = {!diff->runs[CP_BEFORE].end_reason, !diff->runs[CP_AFTER].end_reason},
	};
	rc = cp_rundiff_compare(diff->diff, &report.limits, &report.result);
	if (rc)
		return cp_err_set(err, rc, "not enough memory to compare the runs");
	memcpy(report.runs, diff->runs, sizeof(report.runs));
	report.diff = diff->diff;
	report.warnings = diff->warnings;
	report.n_warnings = diff->n_warnings;
	report.side_by_side |= cp_rundiff_other_vantage(diff->runs);
	report.exit_status = exit_status(diff, opts, report.result);
	*ret_status = report.exit_status;
	return write_outputs(opts, &report, err);
}

static void free_diff(struct cp_diff *diff)
{
	for (int side = 0; side < CP_SIDES; side++) {
		free(diff->home_asns[side]);
		free(diff->databases[side]);
	}
	for (size_t i = 0; i < diff->n_warnings; i++)
		free((char *)diff->warnings[i].text);
	free(diff->warnings);
	cp_rundiff_free(diff->diff);
	cp_words_free(diff->words);
}

int cp_cmd_diff(const struct cp_opts *opts)
{
	struct cp_diff diff = {.agent = opts->agent};
	struct cp_err err = {.text = ""};
	int status = CP_EXIT_OK, rc = run(&diff, opts, &status, &err);

	free_diff(&diff);
	if (rc == 0)
		return status;
	fprintf(stderr, "coldpotato: %s\n", err.text);
	return rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
}
