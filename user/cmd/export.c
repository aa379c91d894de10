// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export.c: `report` and `export`: a run that was stored, shown again or handed
 * on, in any output format, as it was judged then. Sends nothing, asks nobody
 * and needs no rights.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "gate.h"
#include "replay.h"
#include "stored.h"

struct job {
	struct cp_opts opts; /* the outputs but for NDJSON */
	struct cp_opts_output copies[CP_OPTS_LIST_MAX]; /* that one: the records as they are */
	uint32_t n_copies;
	const char *source;
	char *text;
	size_t len;
	struct cp_audit *audit;
	struct cp_replay *replay;
};

/* ---- NDJSON ---- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int write_copy(const struct job *job, const char *path, struct cp_err *err)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
	int rc = fd < 0 ? -errno : write_all(fd, job->text, job->len);

	/* Some file systems say only now that the disk is full. */
	if (path && fd >= 0 && close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	return cp_err_set(
	        err, rc == -EINVAL ? -EIO : rc, "cannot write %s: %s", path ? path : "standard output", strerror(-rc));
}

static int write_copies(const struct job *job, struct cp_err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < job->n_copies && rc == 0; i++)
		rc = write_copy(job, job->copies[i].path, err);
	return rc;
}

static void sort_outputs(struct job *job, const struct cp_opts *opts)
{
	job->opts = *opts;
	job->opts.n_outputs = 0;
	for (uint32_t i = 0; i < opts->n_outputs; i++) {
		if (opts->outputs[i].format == &cp_format_ndjson)
			job->copies[job->n_copies++] = opts->outputs[i];
		else
			job->opts.outputs[job->opts.n_outputs++] = opts->outputs[i];
	}
}

/* ---- The others ---- */

/* --policy and --fail-on, where report is asked for them. */
static int new_gate(struct job *job, struct cp_err *err)
{
	struct cp_audit *audit = job->audit;
	int rc = cp_gate_new(&job->opts, audit->asdb, &audit->home, &audit->gate, err);

	return rc == -ENOMEM ? rc : rc ? -EINVAL : 0;
}

/* What a run lacks may have broken a rule; but what is broken is. */
static int status_of(const struct job *job)
{
	const struct cp_replay *run = job->replay;
	int status = job->audit->gate ? cp_gate_status(job->audit->gate, run->n_unmeasured) : CP_EXIT_OK;

	return status == CP_EXIT_OK && (!run->has_end || run->n_bad) ? CP_EXIT_UNDECIDED : status;
}

/* *ret_status: of the program, when nothing fails. */
static int replay(struct job *job, int *ret_status, struct cp_err *err)
{
	struct cp_replay *run = job->replay;
	struct cp_err end_err;
	int rc = cp_replay_learn(run, job->text, job->len, job->source, err), end_rc;

	rc = rc ? rc : new_gate(job, err);
	if (rc)
		return rc;
	rc = cp_outputs_open(job->audit, err);
	rc = rc ? rc : cp_replay_show(run, job->text, job->len, job->source, err);
	if (rc == 0)
		*ret_status = status_of(job);
	end_rc = cp_outputs_end(
	        job->audit, rc ? err->text : run->error, rc ? CP_EXIT_FAILED : run->exit_status, &end_err);
	if (rc == 0 && end_rc) {
		*err = end_err;
		rc = end_rc == -EINVAL ? -EIO : end_rc;
	}
	return rc;
}

static int new_replay(struct job *job, const char *command, struct cp_err *err)
{
	job->audit = calloc(1, sizeof(*job->audit));
	job->replay = calloc(1, sizeof(*job->replay));
	if (!job->audit || !job->replay)
		return cp_err_set(err, -ENOMEM, "out of memory");
	job->audit->opts = &job->opts;
	job->audit->command = command;
	job->audit->end_reason = "done";
	job->replay->audit = job->audit;
	return 0;
}

/* What is handed on as it is should be a run; a database has nothing else. */
static int check_records(struct job *job, const char *name, struct cp_err *err)
{
	const char *which;
	char *path;

	if (cp_stored_is_store(name, &path, &which)) {
		free(path);
		return 0;
	}
	return cp_replay_learn(job->replay, job->text, job->len, job->source, err);
}

static bool copies_records(const struct cp_opts *opts)
{
	for (uint32_t i = 0; i < opts->n_outputs; i++) {
		if (opts->outputs[i].format == &cp_format_ndjson)
			return true;
	}
	return false;
}

static int run(struct job *job, const struct cp_opts *opts, const char *command, int *ret_status, struct cp_err *err)
{
	int rc;

	if (opts->n_targets != 1)
		return cp_err_set(err, -EINVAL, "%s wants one run: RUN.ndjson, FILE.db or FILE.db:WHICH, not %zu",
		        command, opts->n_targets);
	if ((opts->policy || opts->fail_verdicts || opts->fail_reasons) && copies_records(opts))
		return cp_err_set(err, -EINVAL,
		        "-o ndjson hands the run on as it is, without what --policy or --fail-on make of it; "
		        "'coldpotato "
		        "policy check POLICY %s -o ndjson' writes that",
		        opts->targets[0]);
	job->source = strcmp(opts->targets[0], "-") ? opts->targets[0] : "standard input";
	sort_outputs(job, opts);
	rc = cp_stored_read(opts->targets[0], opts->agent, &job->text, &job->len, err);
	rc = rc ? rc : new_replay(job, command, err);
	if (rc == 0 && job->opts.n_outputs)
		rc = replay(job, ret_status, err);
	else if (rc == 0)
		rc = check_records(job, opts->targets[0], err);
	return rc ? rc : write_copies(job, err);
}

static int run_command(const struct cp_opts *opts, const char *command)
{
	struct job *job = calloc(1, sizeof(*job));
	struct cp_err err = {.text = ""};
	int status = CP_EXIT_OK, rc = job ? run(job, opts, command, &status, &err) : -ENOMEM;

	if (job) {
		if (job->replay)
			cp_replay_free(job->replay);
		free(job->replay);
		cp_audit_free(job->audit);
		free(job->text);
	}
	free(job);
	if (rc == 0)
		return status;
	fprintf(stderr, "coldpotato: %s\n", err.text[0] ? err.text : "out of memory");
	return rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
}

int cp_cmd_report(const struct cp_opts *opts)
{
	return run_command(opts, "report");
}

int cp_cmd_export(const struct cp_opts *opts)
{
	return run_command(opts, "export");
}
