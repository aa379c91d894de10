// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * output.c: owns the files and standard output, and hands every record to
 * every output asked for with -o. An output that fails is dropped; its error
 * becomes the run's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "audit_impl.h"
#include "cmd.h"
#include "gate.h"
#include "keep.h"
#include "version.h"

#define BUFFER_BYTES (1u << 18)

/* Not stdio's: in its pieces of 4 KiB, writing a large run takes longer than making the text. */
struct cp_output_file {
	int fd;
	bool is_terminal; /* shown at once */
	size_t len;
	char data[BUFFER_BYTES];
};

static int flush_file(struct cp_output_file *file)
{
	size_t done = 0;

	while (done < file->len) {
		ssize_t n = write(file->fd, file->data + done, file->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
		/* A second signal does not wait for a reader. */
		if (done < file->len && cp_signals_seen(NULL) > 1)
			return -EINTR;
	}
	file->len = 0;
	return 0;
}

static int write_file(void *ctx, const char *data, size_t len)
{
	struct cp_output_file *file = ctx;
	int rc = 0;

	while (len && rc == 0) {
		size_t room = BUFFER_BYTES - file->len, n = len < room ? len : room;

		memcpy(file->data + file->len, data, n);
		file->len += n;
		data += n;
		len -= n;
		if (file->len == BUFFER_BYTES)
			rc = flush_file(file);
	}
	return rc == 0 && file->is_terminal ? flush_file(file) : rc;
}

static int open_file(const char *path, struct cp_output_file **ret_file)
{
	struct cp_output_file *file = malloc(sizeof(*file));
	int rc;

	if (!file)
		return -ENOMEM;
	file->len = 0;
	file->fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
	if (file->fd < 0) {
		rc = -errno;
		free(file);
		return rc;
	}
	file->is_terminal = isatty(file->fd);
	*ret_file = file;
	return 0;
}

unsigned cp_terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	unsigned long n = 0;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		n = size.ws_col;
	else if (columns)
		n = strtoul(columns, NULL, 10);
	return n < 40 || n > 1000 ? 0 : (unsigned)n;
}

static int open_output(struct cp_audit *audit, const struct cp_opts_output *spec, struct cp_err *err)
{
	struct cp_output *output = &audit->outputs[audit->n_outputs];
	enum cp_when color = audit->opts->color;
	struct cp_format_options options = {.width = cp_terminal_width(), .explain = audit->opts->explain};
	int rc;

	*output = (struct cp_output){.format = spec->format, .path = spec->path};
	rc = open_file(spec->path, &output->file);
	if (rc)
		return cp_err_set(
		        err, rc, "cannot write %s: %s", spec->path ? spec->path : "standard output", strerror(-rc));
	options.color = color == CP_WHEN_ALWAYS || (color == CP_WHEN_AUTO && !spec->path && output->file->is_terminal);
	output->sink = (struct cp_sink){.write = write_file, .ctx = output->file};
	audit->n_outputs++;
	rc = output->format->open(&output->sink, &options, &output->state);
	output->error = rc;
	return rc ? cp_err_set(err, rc, "out of memory") : 0;
}

static int open_store(struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_opts *opts = audit->opts;
	struct cp_keep_config config = {.path = opts->store,
	        .agent = opts->agent,
	        .audit = audit->env ? audit->env->name : NULL,
	        .keep_days = opts->store_keep_days,
	        .max_mb = opts->store_max_mb,
	        .known = audit->env ? audit->env->known : NULL};

	return opts->store ? cp_keep_open(&config, &audit->keep, err) : 0;
}

int cp_outputs_open(struct cp_audit *audit, struct cp_err *err)
{
	int rc = open_store(audit, err);

	if (gethostname(audit->host, sizeof(audit->host) - 1))
		audit->host[0] = '\0';
	for (uint32_t i = 0; i < audit->opts->n_outputs && rc == 0; i++)
		rc = open_output(audit, &audit->opts->outputs[i], err);
	return rc;
}

/* Calls one function of every living format's table. */
#define EACH_OUTPUT(audit, call, rec)                                                                                  \
	for (uint32_t i_ = 0; i_ < (audit)->n_outputs; i_++) {                                                         \
		struct cp_output *output_ = &(audit)->outputs[i_];                                                     \
		if (!output_->error)                                                                                   \
			output_->error = output_->format->call(output_->state, rec);                                   \
	}                                                                                                              \
	for (uint32_t i_ = 0; (audit)->env && i_ < (audit)->env->n_hooks; i_++) {                                      \
		const struct cp_hook *hook_ = &(audit)->env->hooks[i_];                                                \
		if (!(audit)->hook_errors[i_])                                                                         \
			(audit)->hook_errors[i_] = hook_->format->call(hook_->state, rec);                             \
	}

/* A store that fails is a warning of the run, and its exit status. */
static void check_store(struct cp_audit *audit)
{
	struct cp_err err;
	const char *code;

	if (cp_keep_failed(audit->keep, &code, &err))
		cp_outputs_warn(audit, code, "%s", err.text);
}

static void flush_output(struct cp_output *output)
{
	if (!output->error)
		output->error = flush_file(output->file);
}

/* Nobody here knows how what was imported was measured. */
static void forget_probing(struct cp_rec_start *rec)
{
	rec->host = rec->tcp_method = NULL;
	rec->rate_pps = rec->seed = CP_UNKNOWN;
	rec->first_ttl = rec->max_ttl = rec->attempts = rec->timeout_ms = rec->n_flows = 0;
}

static void hand_over_start(struct cp_audit *audit)
{
	EACH_OUTPUT(audit, start, &audit->start)
	cp_keep_start(audit->keep, &audit->start);
	/* A reader of a pipe learns at once that a run has begun, and we whether anybody reads. */
	for (uint32_t i = 0; i < audit->n_outputs; i++)
		flush_output(&audit->outputs[i]);
	check_store(audit);
	if (cp_keep_is_shared(audit->keep))
		cp_outputs_warn(audit, "agent-twice",
		        "somebody else stores runs of this audit as the same agent in %s: give each an agent name of "
		        "its own",
		        audit->opts->store);
}

void cp_outputs_start(struct cp_audit *audit)
{
	const struct cp_opts *opts = audit->opts;
	static const char *const methods[] = {"syn", "sack", "prefer_sack"};

	audit->start = (struct cp_rec_start){
	        .version = CP_VERSION,
	        .command = audit->command,
	        .wall_ms = audit->start_wall_ms,
	        .mono_ns = audit->start_ns,
	        .host = audit->host,
	        .agent = audit->opts->agent,
	        .audit = audit->env ? audit->env->name : NULL,
	        .datapath = audit->engine ? cp_engine_datapath(audit->engine) : NULL,
	        .datapath_why = audit->engine ? cp_engine_why(audit->engine) : NULL,
	        .interfaces = audit->start_interfaces,
	        .n_interfaces = audit->n_links,
	        .rate_pps = opts->rate_pps,
	        .n_senders = audit->engine ? cp_engine_n_lanes(audit->engine) : CP_UNKNOWN,
	        .first_ttl = opts->first_ttl,
	        .max_ttl = opts->max_ttl,
	        .attempts = opts->attempts,
	        .timeout_ms = opts->timeout_ms,
	        .n_flows = opts->n_flows,
	        .tcp_method = methods[opts->tcp_method],
	        .n_e2e = opts->n_e2e,
	        .e2e_interval_ms = cp_e2e_interval_ms(opts),
	        .seed = audit->seed,
	        .resolver = audit->resolver[0] ? audit->resolver : NULL,
	        .vantage = audit->vantage,
	        .home = &audit->home,
	        .home_spec = opts->home,
	        .databases = audit->databases,
	        .n_databases = audit->n_databases,
	        .n_targets = audit->targets.n,
	        .n_dests = audit->n_probed,
	};
	for (uint32_t i = 0; i < audit->n_links; i++)
		audit->start_interfaces[i] = audit->links[i].name;
	if (audit->is_import)
		forget_probing(&audit->start);
	hand_over_start(audit);
}

void cp_outputs_start_as(struct cp_audit *audit, const struct cp_rec_start *rec)
{
	audit->start = *rec;
	hand_over_start(audit);
}

static bool shown_on_stdout(const struct cp_audit *audit)
{
	for (uint32_t i = 0; i < audit->n_outputs; i++) {
		if (!audit->outputs[i].path)
			return true;
	}
	return false;
}

void cp_outputs_warn(struct cp_audit *audit, const char *code, const char *fmt, ...)
{
	struct cp_rec_warning rec = {.code = code};
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	rec.text = text;
	if (audit->rounds)
		audit->rounds->warn(audit->rounds->ctx, text);
	else if (audit->env && audit->env->name)
		fprintf(stderr, "coldpotato: warning: %s: %s\n", audit->env->name, text);
	else if (!shown_on_stdout(audit))
		fprintf(stderr, "coldpotato: warning: %s\n", text);
	EACH_OUTPUT(audit, warning, &rec)
	cp_keep_warning(audit->keep, &rec);
	check_store(audit);
}

void cp_outputs_path(struct cp_audit *audit, const struct cp_rec_path *rec)
{
	EACH_OUTPUT(audit, path, rec)
	cp_keep_path(audit->keep, rec);
	check_store(audit);
}

void cp_outputs_target(struct cp_audit *audit, const struct cp_rec_target *rec)
{
	EACH_OUTPUT(audit, target, rec)
	cp_keep_target(audit->keep, rec);
	check_store(audit);
}

void cp_outputs_summary(struct cp_audit *audit, const struct cp_rec_summary *rec)
{
	EACH_OUTPUT(audit, summary, rec)
	cp_keep_summary(audit->keep, rec);
	check_store(audit);
}

void cp_outputs_policy(struct cp_audit *audit, const struct cp_rec_policy *rec)
{
	for (uint32_t i = 0; i < audit->n_outputs; i++) {
		struct cp_output *output = &audit->outputs[i];

		if (!output->error && output->format->policy)
			output->error = output->format->policy(output->state, rec);
	}
	for (uint32_t i = 0; audit->env && i < audit->env->n_hooks; i++) {
		const struct cp_hook *hook = &audit->env->hooks[i];

		if (!audit->hook_errors[i] && hook->format->policy)
			audit->hook_errors[i] = hook->format->policy(hook->state, rec);
	}
	cp_keep_policy(audit->keep, rec);
}

void cp_outputs_policies(struct cp_audit *audit)
{
	struct cp_policy_result results[CP_GATE_RESULTS_MAX];
	size_t n = cp_gate_results(audit->gate, results);

	for (size_t i = 0; i < n; i++)
		cp_outputs_policy(audit, &(struct cp_rec_policy){.result = &results[i], .asdb = audit->asdb});
}

bool cp_outputs_dead(const struct cp_audit *audit)
{
	if (audit->keep && !cp_keep_error(audit->keep))
		return false;
	for (uint32_t i = 0; i < audit->n_outputs; i++) {
		if (!audit->outputs[i].error)
			return false;
	}
	return audit->n_outputs > 0;
}

static void close_output(struct cp_output *output)
{
	if (output->state)
		output->format->close(output->state);
	flush_output(output);
	/* Some file systems say only now that the disk is full. */
	if (output->path && close(output->file->fd) < 0 && !output->error)
		output->error = -errno;
	free(output->file);
}

int cp_outputs_end(struct cp_audit *audit, const char *error, int exit_status, struct cp_err *err)
{
	struct cp_rec_end rec = {
	        .reason = error ? "failed" : audit->end_reason,
	        .error = error,
	        .exit_status = exit_status,
	        .accounting = audit->accounting,
	};
	int rc = 0;

	/* The store first, so that the others can say what became of it. */
	cp_keep_end(audit->keep, &rec);
	check_store(audit);
	if (cp_keep_error(audit->keep)) {
		rc = cp_err_set(
		        err, cp_keep_error(audit->keep), "%s: the run is not stored as a whole", audit->opts->store);
		rec.exit_status = exit_status ? exit_status : CP_EXIT_FAILED;
	}
	EACH_OUTPUT(audit, end, &rec)
	for (uint32_t i = 0; i < audit->n_outputs; i++) {
		struct cp_output *output = &audit->outputs[i];

		close_output(output);
		if (output->error && !rc)
			rc = cp_err_set(err, output->error, "cannot write %s to %s: %s", output->format->name,
			        output->path ? output->path : "standard output", strerror(-output->error));
	}
	audit->n_outputs = 0;
	for (uint32_t i = 0; i < CP_HOOKS_MAX && !rc; i++) {
		if (audit->hook_errors[i])
			rc = cp_err_set(err, audit->hook_errors[i], "the %s took no more records: %s",
			        audit->env->hooks[i].format->name, strerror(-audit->hook_errors[i]));
	}
	cp_keep_close(audit->keep);
	audit->keep = NULL;
	return rc;
}
