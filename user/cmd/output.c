// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * output.c: owns the files and standard output, and hands every record to
 * every output asked for with -o. An output that fails is dropped; its error
 * becomes the run's.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "audit_impl.h"
#include "version.h"

/* A record is kilobytes: in pieces as small as stdio's own, writing them takes longer than making them. */
#define BUFFER_BYTES (1u << 18)

static int write_file(void *ctx, const char *data, size_t len)
{
	FILE *file = ctx;

	errno = 0;
	if (fwrite(data, 1, len, file) == len)
		return 0;
	return errno ? -errno : -EIO;
}

static unsigned terminal_width(void)
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
	struct cp_format_options options = {.width = terminal_width()};
	int rc;

	*output = (struct cp_output){.format = spec->format, .path = spec->path};
	output->file = spec->path ? fopen(spec->path, "we") : stdout;
	if (!output->file)
		return cp_err_set(err, -errno, "cannot write %s: %s", spec->path, strerror(errno));
	if (!isatty(fileno(output->file)))
		setvbuf(output->file, NULL, _IOFBF, BUFFER_BYTES);
	options.color = color == CP_WHEN_ALWAYS || (color == CP_WHEN_AUTO && !spec->path && isatty(STDOUT_FILENO));
	output->sink = (struct cp_sink){.write = write_file, .ctx = output->file};
	audit->n_outputs++;
	rc = output->format->open(&output->sink, &options, &output->state);
	output->error = rc;
	return rc ? cp_err_set(err, rc, "out of memory") : 0;
}

int cp_outputs_open(struct cp_audit *audit, struct cp_err *err)
{
	int rc = 0;

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
	}

static void flush_output(struct cp_output *output)
{
	errno = 0;
	if (fflush(output->file) && !output->error)
		output->error = errno ? -errno : -EIO;
}

void cp_outputs_start(struct cp_audit *audit)
{
	const struct cp_opts *opts = audit->opts;
	const char *interfaces[CP_IFACES_MAX];
	struct cp_rec_start rec = {
	        .version = CP_VERSION,
	        .command = audit->command,
	        .wall_ms = audit->start_wall_ms,
	        .mono_ns = audit->start_ns,
	        .host = audit->host,
	        .datapath = audit->engine ? cp_engine_datapath(audit->engine) : NULL,
	        .datapath_why = audit->engine ? cp_engine_why(audit->engine) : NULL,
	        .interfaces = interfaces,
	        .n_interfaces = audit->n_links,
	        .rate_pps = opts->rate_pps,
	        .first_ttl = opts->first_ttl,
	        .max_ttl = opts->max_ttl,
	        .attempts = opts->attempts,
	        .timeout_ms = opts->timeout_ms,
	        .n_flows = opts->n_flows,
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
		interfaces[i] = audit->links[i].name;
	EACH_OUTPUT(audit, start, &rec)
	/* A reader of a pipe learns at once that a run has begun, and we whether anybody reads. */
	for (uint32_t i = 0; i < audit->n_outputs; i++)
		flush_output(&audit->outputs[i]);
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
	if (!shown_on_stdout(audit))
		fprintf(stderr, "coldpotato: warning: %s\n", text);
	EACH_OUTPUT(audit, warning, &rec)
}

void cp_outputs_path(struct cp_audit *audit, const struct cp_rec_path *rec)
{
	EACH_OUTPUT(audit, path, rec)
}

void cp_outputs_target(struct cp_audit *audit, const struct cp_rec_target *rec)
{
	EACH_OUTPUT(audit, target, rec)
}

void cp_outputs_summary(struct cp_audit *audit, const struct cp_rec_summary *rec)
{
	EACH_OUTPUT(audit, summary, rec)
}

bool cp_outputs_dead(const struct cp_audit *audit)
{
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
	if (output->path)
		fclose(output->file);
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

	EACH_OUTPUT(audit, end, &rec)
	for (uint32_t i = 0; i < audit->n_outputs; i++) {
		struct cp_output *output = &audit->outputs[i];

		close_output(output);
		if (output->error && !rc)
			rc = cp_err_set(err, output->error, "cannot write %s to %s: %s", output->format->name,
			        output->path ? output->path : "standard output", strerror(-output->error));
	}
	audit->n_outputs = 0;
	return rc;
}
