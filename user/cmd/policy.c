// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * policy.c: `policy check` and `policy generate`: policies without probing,
 * over a run that was stored with -o ndjson. Probes nothing, asks nobody.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "core/builtin.h"
#include "core/policy_draft.h"
#include "format/phrase_policy.h"
#include "format/policy_file.h"
#include "import/policy_run.h"
#include "import/policy_yaml.h"
#include "io/host.h"
#include "stored.h"

/* What both subcommands work with. */
struct policy_job {
	const struct cp_opts *opts;
	struct cp_asdb *asdb; /* names and roles of ASes */
	struct cp_policy policy;
	struct cp_policy_eval *eval;
	struct cp_draft *draft;
	struct cp_policy_run run;
	bool has_run;
};

static void free_job(struct policy_job *job)
{
	cp_policy_eval_free(job->eval);
	cp_draft_free(job->draft);
	cp_policy_free(&job->policy);
	cp_policy_run_free(&job->run);
	cp_asdb_free(job->asdb);
}

static int load_names(struct policy_job *job, struct cp_err *err)
{
	size_t len;
	const char *text = cp_builtin("asns.csv", &len);
	int rc = cp_asdb_new(&job->asdb);

	rc = rc ? rc : cp_asdb_add_names(job->asdb, text, len, "asns.csv", err);
	rc = rc ? rc : cp_asdb_seal(job->asdb);
	return rc == -ENOMEM ? cp_err_set(err, rc, "out of memory") : rc;
}

/* A file that cannot be read is the user's to mend, as a wrong option is. */
static int not_usable(int rc)
{
	return rc == -ENOMEM ? rc : -EINVAL;
}

static const char *source_of(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

static int load_policy(struct policy_job *job, const char *path, struct cp_err *err)
{
	size_t len;
	char *text;
	int rc = cp_host_file_read(path, CP_POLICY_FILE_MAX, &text, &len, err);

	if (rc)
		return not_usable(rc);
	rc = cp_policy_read(text, len, source_of(path), job->asdb, &job->policy, err);
	free(text);
	return rc;
}

static int read_run(struct policy_job *job, const char *path, const struct cp_policy_run_sink *sink, struct cp_err *err)
{
	const char *source = source_of(path);
	size_t len;
	char *text;
	int rc = cp_stored_read(path, job->opts->agent, &text, &len, err);

	if (rc)
		return not_usable(rc);
	rc = cp_policy_run_read(text, len, source, sink, &job->run, err);
	free(text);
	if (rc)
		return rc;
	job->has_run = true;
	if (job->run.n_bad)
		fprintf(stderr, "coldpotato: warning: %s: %zu records were left out; line %zu: %s\n", source,
		        job->run.n_bad, job->run.bad_line, job->run.bad_why);
	if (!job->run.is_complete)
		fprintf(stderr, "coldpotato: warning: %s: the run was not complete\n", source);
	return 0;
}

/* ---- output ---- */

static int write_stream(void *ctx, const char *data, size_t len)
{
	FILE *stream = ctx;

	return fwrite(data, 1, len, stream) == len ? 0 : errno ? -errno : -EIO;
}

/* After all was written, with rc. Some file systems say only now that the disk is full. */
static int finish(int rc, const char *path, struct cp_err *err)
{
	if (rc == -ENOMEM)
		return cp_err_set(err, rc, "out of memory");
	return rc ? cp_err_set(err, rc, "cannot write %s: %s", path ? path : "standard output", strerror(-rc)) : 0;
}

static int flush_stdout(int rc, struct cp_err *err)
{
	if (fflush(stdout) && rc == 0)
		rc = errno ? -errno : -EIO;
	return finish(rc == -EINVAL ? -EIO : rc, NULL, err);
}

/* ---- check ---- */

static int eval_path(void *ctx, const struct cp_policy_seen *seen, uint32_t vantage_asn)
{
	return cp_policy_eval_path(((struct policy_job *)ctx)->eval, seen, vantage_asn);
}

static int eval_target(void *ctx, const struct cp_target *target)
{
	cp_policy_eval_target(((struct policy_job *)ctx)->eval, target);
	return 0;
}

static int show_json(struct policy_job *job, const struct cp_policy_result *result, const struct cp_sink *sink)
{
	const struct cp_format *format = &cp_format_ndjson;
	const struct cp_rec_policy rec = {.result = result, .asdb = job->asdb};
	void *state;
	int rc = format->open(sink, NULL, &state);

	if (rc)
		return rc;
	rc = format->policy(state, &rec);
	format->close(state);
	return rc;
}

static int show_text(struct policy_job *job, const struct cp_policy_result *result, const struct cp_sink *sink)
{
	bool color = job->opts->color == CP_WHEN_ALWAYS || (job->opts->color == CP_WHEN_AUTO && isatty(STDOUT_FILENO));
	struct cp_text text;
	int rc;

	cp_text_init(&text, sink, 0, color);
	rc = cp_phrase_policy(&text, result);
	return rc ? rc : cp_text_flush(&text);
}

static int show(struct policy_job *job, const struct cp_policy_result *result, struct cp_err *err)
{
	const struct cp_sink sink = {.write = write_stream, .ctx = stdout};
	int rc;

	if (job->opts->policy_output && strcmp(job->opts->policy_output, "ndjson") == 0)
		rc = show_json(job, result, &sink);
	else
		rc = show_text(job, result, &sink);
	return flush_stdout(rc, err);
}

static int status_of(const struct policy_job *job, const struct cp_policy_result *result)
{
	if (result->state == CP_POLICY_VIOLATED)
		return CP_EXIT_VIOLATED;
	/* What is missing may have broken a rule. */
	if (result->state == CP_POLICY_UNDECIDED || result->n_unmatched_unmeasured || job->run.n_bad ||
	        !job->run.is_complete)
		return CP_EXIT_UNDECIDED;
	return CP_EXIT_OK;
}

static int check(struct policy_job *job, int *ret_status, struct cp_err *err)
{
	const struct cp_policy_run_sink sink = {eval_path, eval_target, job};
	const char *output = job->opts->policy_output;
	struct cp_policy_result result;
	int rc;

	if (job->opts->n_targets < 2 || job->opts->n_targets > 3)
		return cp_err_set(err, -EINVAL, "policy check wants a policy file, and a run to check or none");
	if (output && strcmp(output, "ndjson") != 0 && strcmp(output, "table") != 0)
		return cp_err_set(
		        err, -EINVAL, "policy check writes table or ndjson to standard output, not '%s'", output);
	rc = load_policy(job, job->opts->targets[1], err);
	if (rc)
		return rc;
	if (job->opts->n_targets == 2) {
		printf("%s: %zu rules, well-formed\n", job->policy.source, job->policy.n_rules);
		return flush_stdout(0, err);
	}
	rc = cp_policy_eval_new(&job->policy, job->asdb, &job->run.home, &job->eval);
	if (rc)
		return cp_err_set(err, rc, "out of memory");
	rc = read_run(job, job->opts->targets[2], &sink, err);
	if (rc)
		return rc;
	cp_policy_eval_result(job->eval, &result);
	*ret_status = status_of(job, &result);
	return show(job, &result, err);
}

/* ---- generate ---- */

static int draft_path(void *ctx, const struct cp_policy_seen *seen, uint32_t vantage_asn)
{
	return cp_draft_path(((struct policy_job *)ctx)->draft, seen, vantage_asn);
}

static int draft_target(void *ctx, const struct cp_target *target)
{
	return cp_draft_target(((struct policy_job *)ctx)->draft, target);
}

static int write_file(
        const struct cp_policy_origin *origin, const struct cp_draft_rule *rules, size_t n, const char *path)
{
	FILE *stream = fopen(path, "we");
	const struct cp_sink sink = {.write = write_stream, .ctx = stream};
	int rc;

	if (!stream)
		return -errno;
	rc = cp_policy_file_write(origin, rules, n, &sink);
	if (fclose(stream) && rc == 0)
		rc = errno ? -errno : -EIO;
	return rc;
}

static int write_draft(struct policy_job *job, const char *source, struct cp_err *err)
{
	const struct cp_policy_origin origin = {
	        .source = source,
	        .host = job->run.host,
	        .wall_ms = job->run.wall_ms,
	        .vantage_asn = job->run.vantage_asn,
	        .home = &job->run.home,
	        .asdb = job->asdb,
	};
	const struct cp_sink sink = {.write = write_stream, .ctx = stdout};
	const char *path = job->opts->policy_output;
	const struct cp_draft_rule *rules;
	size_t n;
	int rc = cp_draft_rules(job->draft, &rules, &n);

	if (rc)
		return cp_err_set(err, rc, "out of memory");
	if (n == 0)
		return cp_err_set(err, -EINVAL, "%s: the run has no target", source);
	if (path && strcmp(path, "-") != 0)
		return finish(write_file(&origin, rules, n, path), path, err);
	return flush_stdout(cp_policy_file_write(&origin, rules, n, &sink), err);
}

static int generate(struct policy_job *job, struct cp_err *err)
{
	const struct cp_policy_run_sink sink = {draft_path, draft_target, job};
	int rc;

	if (job->opts->n_targets != 2)
		return cp_err_set(err, -EINVAL, "policy generate wants a run that was written with -o ndjson=FILE");
	rc = cp_draft_new(&job->run.home, &job->draft);
	if (rc)
		return cp_err_set(err, rc, "out of memory");
	rc = read_run(job, job->opts->targets[1], &sink, err);
	return rc ? rc : write_draft(job, source_of(job->opts->targets[1]), err);
}

int cp_cmd_policy(const struct cp_opts *opts)
{
	const char *what = opts->n_targets ? opts->targets[0] : "";
	struct policy_job job = {.opts = opts};
	struct cp_err err = {.text = ""};
	int status = CP_EXIT_OK, rc = load_names(&job, &err);

	if (rc == 0 && strcmp(what, "check") == 0)
		rc = check(&job, &status, &err);
	else if (rc == 0 && strcmp(what, "generate") == 0)
		rc = generate(&job, &err);
	else if (rc == 0)
		rc = cp_err_set(&err, -EINVAL, "policy wants 'check POLICY [RUN]' or 'generate RUN'%s%s%s",
		        *what ? ", not '" : "", what, *what ? "'" : "");
	free_job(&job);
	if (rc == 0)
		return status;
	fprintf(stderr, "coldpotato: %s\n", err.text);
	return rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
}
