// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * analyze.c: `analyze`: results that somebody measured before, judged by the
 * same rules and shown by the same outputs as an audit's. Sends nothing and
 * needs no rights.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "cmd.h"
#include "core/grow.h"
#include "gate.h"
#include "import/import.h"
#include "stored.h"
#include "traces.h"

#define FILE_MAX ((size_t)1 << 36) /* memory is the limit */
#define NAMED_MAX 10 /* bad records of a file that are named; the others are counted */
#define BATCH CP_FLOWS_MAX /* paths to one address that are judged together */

/* What is to be said once the outputs have begun. */
struct remark {
	const char *code;
	char *text;
};

struct analyze {
	struct cp_audit *audit;
	struct cp_traces *traces;
	struct cp_egress *egress;
	uint64_t verdicts[CP_VERDICTS];
	/* the file being read */
	const char *name;
	size_t n_bad; /* of it */
	bool is_out_of_memory;
	/* of all */
	bool is_partial; /* something is missing, or was left out */
	struct remark *remarks;
	size_t n_remarks, remarks_cap;
	bool has_vantage, has_vantages; /* any; several */
	/* Large: kept off the stack. */
	struct cp_path paths[BATCH];
	struct cp_judgement judgements[BATCH];
	struct cp_rec_path records[BATCH];
};

/* ---- Remarks ---- */

__attribute__((format(printf, 3, 4))) static void remark(
        struct analyze *analyze, const char *code, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	if (cp_grow(&analyze->remarks, &analyze->remarks_cap, analyze->n_remarks, sizeof(*analyze->remarks))) {
		analyze->is_out_of_memory = true;
		return;
	}
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		analyze->is_out_of_memory = true;
	else
		analyze->remarks[analyze->n_remarks++] = (struct remark){code, text};
}

static void take_bad(void *ctx, size_t line, const char *why)
{
	struct analyze *analyze = ctx;

	if (analyze->n_bad++ < NAMED_MAX)
		remark(analyze, "bad-record", "%s:%zu: left out: %s", analyze->name, line, why);
}

static void take_note(void *ctx, const char *text)
{
	struct analyze *analyze = ctx;

	remark(analyze, "input", "%s: %s", analyze->name, text);
	analyze->is_partial = true;
}

/* ---- Reading ---- */

static struct cp_vantage vantage_of(const struct cp_audit *audit, const struct cp_trace *trace)
{
	struct cp_origin origin;

	if (audit->opts->vantage_as)
		return (struct cp_vantage){audit->opts->vantage_as, "--vantage-as"};
	if (trace->vantage_asn)
		return (struct cp_vantage){trace->vantage_asn, "recorded"};
	cp_asdb_lookup(audit->asdb, &trace->source, &origin);
	if (!cp_addr_is_zero(&trace->source) && origin.kind == CP_ORIGIN_AS && origin.n_asn == 1)
		return (struct cp_vantage){origin.asn[0], "source-address"};
	return (struct cp_vantage){0};
}

static int take_trace(void *ctx, const struct cp_trace *trace)
{
	struct analyze *analyze = ctx;
	struct cp_audit *audit = analyze->audit;
	struct cp_vantage vantage = vantage_of(audit, trace);

	if (cp_signals_seen(NULL))
		return -ECANCELED;
	if (!analyze->has_vantage)
		audit->vantage = vantage;
	analyze->has_vantages |= analyze->has_vantage && vantage.asn != audit->vantage.asn;
	analyze->has_vantage = true;
	return cp_traces_add(analyze->traces, trace, vantage);
}

static int not_recognised(const char *name, struct cp_err *err)
{
	char known[256] = "";

	for (size_t i = 0; cp_import_formats[i]; i++) {
		size_t len = strlen(known);

		snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "", cp_import_formats[i]->name);
	}
	return cp_err_set(err, -EINVAL, "%s: of no format that is known (%s; --input-format names one)", name, known);
}

static bool is_blank(const char *text, size_t len)
{
	while (len && strchr(" \t\r\n", text[len - 1]) && text[len - 1])
		len--;
	return len == 0;
}

static int read_text(struct analyze *analyze, const char *text, size_t len, struct cp_err *err)
{
	const struct cp_import_sink sink = {.trace = take_trace, .bad = take_bad, .note = take_note, .ctx = analyze};
	const struct cp_import_format *format = analyze->audit->opts->input_format;
	int rc;

	if (is_blank(text, len)) {
		remark(analyze, "input", "%s: nothing in it", analyze->name);
		return 0;
	}
	format = format ? format : cp_import_detect(text, len);
	if (!format)
		return not_recognised(analyze->name, err);
	rc = format->read(text, len, analyze->name, &sink, err);
	return rc == -ENOMEM ? cp_err_set(err, rc, "%s: not enough memory for its traces", analyze->name) : rc;
}

/* A file, standard input, or a run of a database: anybody's, as --agent says whose the analysis will be. */
static int load(const char *name, char **ret_text, size_t *ret_len, struct cp_err *err)
{
	const char *which;
	char *path;

	if (!cp_stored_is_store(name, &path, &which))
		return cp_host_file_read(name, FILE_MAX, ret_text, ret_len, err);
	free(path);
	return cp_stored_read(name, NULL, ret_text, ret_len, err);
}

static int read_file(struct analyze *analyze, const char *path, struct cp_err *err)
{
	size_t len;
	char *text;
	int rc = load(path, &text, &len, err);

	if (rc)
		return cp_signals_seen(NULL) ? -ECANCELED : rc == -ENOMEM ? rc : -EINVAL;
	analyze->name = strcmp(path, "-") == 0 ? "standard input" : path;
	analyze->n_bad = 0;
	rc = read_text(analyze, text, len, err);
	free(text);
	if (analyze->n_bad > NAMED_MAX)
		remark(analyze, "bad-records", "%s: %zu records more were left out", analyze->name,
		        analyze->n_bad - NAMED_MAX);
	analyze->is_partial |= analyze->n_bad > 0;
	return rc;
}

static int read_files(struct analyze *analyze, struct cp_err *err)
{
	const struct cp_opts *opts = analyze->audit->opts;
	int rc = 0;

	if (!opts->n_targets)
		return cp_err_set(err, -EINVAL, "analyze needs a file of results, or - for standard input");
	for (size_t i = 0; i < opts->n_targets && rc == 0; i++)
		rc = read_file(analyze, opts->targets[i], err);
	if (rc == 0 && (analyze->is_out_of_memory || cp_traces_sort(analyze->traces)))
		rc = cp_err_set(err, -ENOMEM, "not enough memory for the traces");
	return rc;
}

/* ---- Judging ---- */

static void judge(struct analyze *analyze, const struct cp_kept_trace *trace, uint32_t flow, uint32_t i)
{
	const uint32_t route_changed = 1u << CP_WHY_ROUTE_CHANGED;
	struct cp_audit *audit = analyze->audit;
	struct cp_judgement *judgement = &analyze->judgements[i];
	struct cp_verdict_input input = {
	        .path = &analyze->paths[i],
	        .dest = &trace->addr,
	        .cname = (const char *const *)trace->cname,
	        .n_cname = trace->n_cname,
	        .vantage = trace->vantage,
	        .home = &audit->home,
	        .asdb = audit->asdb,
	        .replies_lost = trace->reasons >> CP_WHY_REPLIES_LOST & 1,
	        .sack_unavailable = trace->reasons >> CP_WHY_SACK_UNAVAILABLE & 1,
	};

	cp_traces_path(trace, flow, &analyze->paths[i]);
	cp_judge(&input, judgement);
	if (trace->reasons & route_changed) {
		judgement->reasons |= route_changed;
		judgement->confidence = cp_reason_cap(CP_WHY_ROUTE_CHANGED);
	}
	analyze->records[i] = (struct cp_rec_path){
	        .target = cp_traces_target(analyze->traces, trace->target),
	        .answer = cp_traces_answer(analyze->traces, trace->target),
	        .dest = trace->addr,
	        .path = &analyze->paths[i],
	        .judgement = judgement,
	        .asdb = audit->asdb,
	        .service_tag = cp_audit_service_tag(audit, &trace->addr),
	        .start = &audit->start,
	        .tcp_method = trace->tcp_method,
	        .sack_fallback = trace->sack_fallback,
	        .e2e = trace->e2e,
	};
}

static void count_path(struct cp_accounting *acc, const struct cp_path *path)
{
	acc->n_paths++;
	acc->n_hops += path->n_hops;
	for (uint32_t i = 0; i < path->n_hops; i++)
		acc->n_hops_seen += path->hops[i].kind != CP_REPLY_NONE;
}

/* The paths [first, first + n) all lead to one address, dest; the first of them is flow `flow`. */
static int report_batch(struct analyze *analyze, size_t first, uint32_t n, uint32_t flow, struct cp_combined *dest)
{
	struct cp_audit *audit = analyze->audit;
	struct cp_combined batch;
	uint32_t target = cp_traces_at(analyze->traces, first)->target;
	int rc = 0;

	for (uint32_t i = 0; i < n; i++)
		judge(analyze, cp_traces_at(analyze->traces, first + i), flow + i, i);
	cp_combine_flows(analyze->paths, analyze->judgements, n, &audit->home, &batch);
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		cp_combine_path(dest, &analyze->judgements[i], &audit->home);
		count_path(&audit->accounting, &analyze->paths[i]);
		cp_outputs_path(audit, &analyze->records[i]);
		rc = cp_gate_path(
		        audit->gate, &analyze->records[i], cp_traces_at(analyze->traces, first + i)->vantage.asn);
		rc = rc ? rc
		        : cp_egress_add(
		                  analyze->egress, target, &analyze->paths[i], &analyze->judgements[i], &audit->home);
	}
	return rc;
}

/* All paths to the address of the trace at *at, which is moved behind them. */
static int report_dest(struct analyze *analyze, size_t *at, struct cp_combined *target)
{
	const struct cp_traces *traces = analyze->traces;
	uint32_t dest = cp_traces_at(traces, *at)->dest, flow = 0;
	struct cp_combined combined = {0};
	int rc = 0;

	while (rc == 0 && *at < cp_traces_n(traces) && cp_traces_at(traces, *at)->dest == dest) {
		uint32_t n = 0;

		while (n < BATCH && *at + n < cp_traces_n(traces) && cp_traces_at(traces, *at + n)->dest == dest)
			n++;
		rc = report_batch(analyze, *at, n, flow, &combined);
		flow += n;
		*at += n;
	}
	cp_combine_dest(target, &combined);
	return rc;
}

static int report_target(struct analyze *analyze, size_t *at)
{
	const struct cp_traces *traces = analyze->traces;
	uint32_t target = cp_traces_at(traces, *at)->target;
	struct cp_combined combined = {0};
	struct cp_rec_target rec = {
	        .target = cp_traces_target(traces, target),
	        .answer = cp_traces_answer(traces, target),
	        .asdb = analyze->audit->asdb,
	        .combined = &combined,
	};
	int rc = 0;

	cp_egress_group(analyze->egress, rec.target->group);
	while (rc == 0 && *at < cp_traces_n(traces) && cp_traces_at(traces, *at)->target == target) {
		rec.n_dests++;
		rc = report_dest(analyze, at, &combined);
	}
	if (rc)
		return rc;
	rec.verdict = combined.verdict;
	analyze->verdicts[rec.verdict]++;
	cp_outputs_target(analyze->audit, &rec);
	cp_gate_target(analyze->audit->gate, &rec);
	return 0;
}

/* What no result tells is unknown. */
static void start_accounting(struct analyze *analyze)
{
	struct cp_accounting *acc = &analyze->audit->accounting;

	memset(acc, 0xff, sizeof(*acc)); /* all of its members are 64-bit numbers; this is CP_UNKNOWN */
	acc->n_targets = cp_traces_n_targets(analyze->traces);
	acc->n_dests = cp_traces_n_dests(analyze->traces);
	acc->n_paths = acc->n_hops = acc->n_hops_seen = 0;
}

static int report_summary(struct analyze *analyze)
{
	struct cp_audit *audit = analyze->audit;
	struct cp_rec_summary rec = {.asdb = audit->asdb};
	int rc = cp_egress_rows(analyze->egress, &rec.egress, &rec.n_egress, &rec.n_paths);

	if (rc)
		return rc;
	audit->accounting.total_ns = cp_host_clock_mono_ns() - audit->start_ns;
	memcpy(rec.verdicts, analyze->verdicts, sizeof(rec.verdicts));
	rec.accounting = audit->accounting;
	cp_outputs_summary(audit, &rec);
	cp_outputs_policies(audit);
	return 0;
}

static int report(struct analyze *analyze, struct cp_err *err)
{
	struct cp_audit *audit = analyze->audit;
	size_t at = 0;
	int rc = 0;

	audit->targets.n = cp_traces_n_targets(analyze->traces); /* only their number is looked at */
	audit->n_probed = (uint32_t)cp_traces_n_dests(analyze->traces);
	if (analyze->has_vantages)
		audit->vantage = (struct cp_vantage){0};
	start_accounting(analyze);
	cp_outputs_start(audit);
	cp_audit_warn_data(audit);
	for (size_t i = 0; i < analyze->n_remarks; i++)
		cp_outputs_warn(audit, analyze->remarks[i].code, "%s", analyze->remarks[i].text);
	if (!cp_traces_n(analyze->traces))
		return cp_err_set(err, -ENODATA, "no trace to judge: none of the files holds one that can be used");
	while (at < cp_traces_n(analyze->traces) && rc == 0 && !cp_outputs_dead(audit))
		rc = cp_signals_seen(NULL) ? -ECANCELED : report_target(analyze, &at);
	rc = rc ? rc : report_summary(analyze);
	return rc == -ENOMEM ? cp_err_set(err, rc, "not enough memory for the report") : rc;
}

/* ---- The command ---- */

static int run(struct analyze *analyze, struct cp_err *err)
{
	struct cp_audit *audit = analyze->audit;
	int rc = cp_audit_load(audit, err);

	rc = rc ? rc : cp_gate_new(audit->opts, audit->asdb, &audit->home, &audit->gate, err);
	if (rc)
		return rc == -ENOMEM ? rc : -EINVAL;
	if (cp_traces_new(&analyze->traces) || cp_egress_new(&analyze->egress))
		return cp_err_set(err, -ENOMEM, "out of memory");
	rc = read_files(analyze, err);
	return rc ? rc : report(analyze, err);
}

static int exit_status(const struct analyze *analyze, int rc)
{
	int number = 0, status;

	if (cp_signals_seen(&number))
		return 128 + number;
	if (rc)
		return rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
	status = cp_gate_status(analyze->audit->gate, 0);
	return status == CP_EXIT_OK && analyze->is_partial ? CP_EXIT_UNDECIDED : status;
}

static int run_and_end(struct analyze *analyze)
{
	struct cp_audit *audit = analyze->audit;
	struct cp_err err = {.text = ""}, output_err;
	int rc = cp_outputs_open(audit, &err), status;

	rc = rc ? rc : run(analyze, &err);
	status = exit_status(analyze, rc);
	if (rc == -ECANCELED)
		audit->end_reason = "interrupted";
	if (cp_outputs_end(audit, rc && rc != -ECANCELED ? err.text : NULL, status, &output_err)) {
		fprintf(stderr, "coldpotato: %s\n", output_err.text);
		status = status ? status : CP_EXIT_FAILED;
	}
	if (rc && rc != -ECANCELED)
		fprintf(stderr, "coldpotato: %s\n", err.text);
	return status;
}

int cp_cmd_analyze(const struct cp_opts *opts)
{
	struct analyze *analyze = calloc(1, sizeof(*analyze));
	struct cp_audit *audit = calloc(1, sizeof(*audit));
	int status = CP_EXIT_FAILED;

	if (analyze && audit) {
		cp_signals_catch();
		audit->opts = opts;
		audit->command = "analyze";
		audit->start_ns = cp_host_clock_mono_ns();
		audit->start_wall_ms = cp_host_clock_wall_ms();
		audit->end_reason = "done";
		audit->is_import = true;
		analyze->audit = audit;
		status = run_and_end(analyze);
	} else {
		fputs("coldpotato: out of memory\n", stderr);
	}
	for (size_t i = 0; analyze && i < analyze->n_remarks; i++)
		free(analyze->remarks[i].text);
	if (analyze) {
		free(analyze->remarks);
		cp_egress_free(analyze->egress);
		cp_traces_free(analyze->traces);
	}
	free(analyze);
	cp_audit_free(audit);
	return status;
}
