// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * audit.c: `audit` and `trace`: the same run, shown differently. Composes the
 * steps of audit_impl.h and decides the exit status.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "cmd.h"
#include "gate.h"

void cp_audit_free(struct cp_audit *audit)
{
	if (!audit)
		return;
	cp_engine_close(audit->engine);
	cp_ports_release(audit->tcp_ports);
	cp_ports_release(audit->udp_ports);
	cp_sweep_free(audit->sweep);
	cp_e2e_free(audit->e2e);
	cp_names_free(audit->names);
	cp_budget_free(audit->budget);
	for (size_t i = 0; audit->answers && i < audit->targets.n_names; i++)
		cp_answer_free(&audit->answers[i]);
	free(audit->answers);
	free(audit->dests);
	free(audit->target_first);
	free(audit->target_dests);
	free(audit->probe_addrs);
	cp_gate_free(audit->gate);
	cp_datadog_free(audit->datadog);
	cp_targets_free(&audit->targets);
	cp_home_free(&audit->home);
	cp_blocklist_free(audit->blocklist);
	cp_knowledge_free(&audit->own);
	free(audit);
}

static void log_line(const char *line)
{
	fputs(line, stderr);
}

/* What the user should hear of before the results. */
static void warn_of_gaps(struct cp_audit *audit, const struct cp_err *last)
{
	size_t n_unrouted = 0, n_blocked = 0;

	for (size_t i = 0; i < audit->n_dests; i++) {
		enum cp_skip skip = audit->dests[i].skip;

		if (skip == CP_SKIP_NOT)
			continue;
		if (skip == CP_SKIP_BLOCKLISTED)
			n_blocked++;
		else
			n_unrouted++;
	}
	if (cp_engine_n_tidied(audit->engine))
		cp_outputs_warn(audit, "stale-filter", "took off %u tc filters that a killed run had left behind",
		        cp_engine_n_tidied(audit->engine));
	if (n_blocked)
		cp_outputs_warn(
		        audit, "blocklisted", "%zu addresses are on the blocklist and are not probed", n_blocked);
	if (n_unrouted)
		cp_outputs_warn(audit, "unroutable", "%zu addresses cannot be probed: %s", n_unrouted, last->text);
}

/* Nothing can be probed: says why, by the first obstacle. */
static int nothing_to_probe(const struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_answer *answer = cp_audit_answer(audit, &audit->targets.items[0]);

	if (audit->n_dests == 0)
		return cp_err_set(err, -ENOENT, "no target resolves: %s: %s (resolver %s)",
		        audit->targets.items[0].host, cp_dns_status_name(answer->status),
		        audit->resolver[0] ? audit->resolver : "none");
	if (audit->dests[0].skip == CP_SKIP_BLOCKLISTED)
		return cp_err_set(err, -EACCES,
		        "every address is on the blocklist; the default one holds special-use ranges, --blocklist none "
		        "lifts it");
	return err->text[0] ? -EHOSTUNREACH : cp_err_set(err, -EHOSTUNREACH, "no address can be probed");
}

static int choose_seed(struct cp_audit *audit, struct cp_err *err)
{
	int rc;

	audit->seed = audit->opts->seed;
	if (audit->opts->has_seed)
		return 0;
	/* 53 bits, so that every JSON reader sees the same number. */
	rc = cp_host_random(&audit->seed, sizeof(audit->seed));
	audit->seed >>= 11;
	return rc ? cp_err_set(err, rc, "no random bytes: %s", strerror(-rc)) : 0;
}

static int check_rights(struct cp_err *err)
{
	char missing[64];

	/* Where they cannot be told, the kernel will say. */
	if (cp_host_missing_caps(missing, sizeof(missing)) || !missing[0])
		return 0;
	return cp_err_set(
	        err, -EPERM, "missing %s: run as root, or with CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON", missing);
}

/* What is written down. opts: audit->opts, to be completed. */
static int read_up(struct cp_audit *audit, struct cp_opts *opts, struct cp_err *err)
{
	int rc = cp_audit_load(audit, err);

	rc = rc ? rc : cp_datadog_load(audit, opts, err);
	rc = rc ? rc : cp_gate_new(audit->opts, audit->asdb, &audit->home, &audit->gate, err);
	rc = rc ? rc : cp_audit_gather(audit, err);
	/* A file that cannot be read or understood is the user's to mend, as a wrong option is. */
	return rc == 0 || rc == -ENOMEM ? rc : -EINVAL;
}

static int prepare(struct cp_audit *audit, struct cp_opts *opts, struct cp_err *err)
{
	struct cp_progress progress;
	int rc = read_up(audit, opts, err);

	if (rc)
		return rc;
	cp_audit_progress(audit);
	rc = audit->opts->dry_run ? 0 : check_rights(err);
	rc = rc ? rc : choose_seed(audit, err);
	if (rc)
		return rc;
	cp_progress_init(&progress, audit->opts);
	cp_progress_text(&progress, "resolving ...");
	rc = cp_audit_resolve(audit, err);
	if (rc == 0) {
		cp_progress_text(&progress, "looking up routes ...");
		rc = cp_audit_plan(audit, err);
	}
	cp_progress_clear(&progress);
	/* A plan that was cut short looks as if nothing could be reached. */
	return cp_signals_seen(NULL) ? -ECANCELED : rc;
}

static int exit_status(const struct cp_audit *audit, int rc)
{
	int number = 0;

	if (cp_signals_seen(&number))
		return 128 + number;
	if (rc == -EINVAL)
		return CP_EXIT_USAGE;
	if (rc)
		return CP_EXIT_FAILED;
	if (audit->opts->dry_run)
		return CP_EXIT_OK;
	return cp_gate_status(audit->gate, audit->accounting.n_unresolved + audit->accounting.n_skipped);
}

static int probe_and_report(struct cp_audit *audit, struct cp_err *err)
{
	struct cp_err report_err;
	int rc = cp_audit_open(audit, err), report_rc;

	if (rc)
		return rc;
	cp_outputs_start(audit);
	cp_audit_warn_data(audit);
	cp_datadog_warn(audit);
	warn_of_gaps(audit, err);
	if (cp_outputs_dead(
	            audit)) /* nobody would see what we probe for; the outputs' own error is reported at their end */
		return 0;
	if (audit->opts->live)
		return cp_live_run(audit, err);
	rc = cp_audit_probe(audit, err);
	if (audit->replies_lost)
		cp_outputs_warn(audit, "replies-lost",
		        "%" PRIu64 " probes were not transmitted and %" PRIu64
		        " replies found the ring buffer full: what stayed silent is not judged by its silence",
		        audit->accounting.tx_errors + audit->accounting.over_budget, audit->accounting.lost);
	cp_e2e_warn(audit);
	if (rc == 0)
		cp_audit_name_hops(audit);
	cp_signals_spare_writes();
	/* What was measured is shown also when probing failed half-way. */
	report_rc = cp_audit_report(audit, &report_err);
	if (rc == 0 && report_rc) {
		*err = report_err;
		rc = report_rc;
	}
	return rc;
}

static int run(struct cp_audit *audit, struct cp_opts *opts, struct cp_err *err)
{
	int rc = prepare(audit, opts, err);

	if (rc)
		return rc;
	if (audit->opts->dry_run) {
		cp_datadog_warn(audit);
		return cp_audit_show_plan(audit, err);
	}
	if (audit->n_probed == 0)
		return nothing_to_probe(audit, err);
	rc = probe_and_report(audit, err);
	return rc == -EINVAL ? -EIO : rc; /* here it is the kernel's word, not about what the user wrote */
}

/* A failure, for whoever started us. */
static void say(const struct cp_env *env, const struct cp_err *err)
{
	if (env && env->name)
		fprintf(stderr, "coldpotato: %s: %s\n", env->name, err->text);
	else
		fprintf(stderr, "coldpotato: %s\n", err->text);
}

static struct cp_audit *new_audit(const struct cp_opts *opts, const char *command, const struct cp_env *env)
{
	struct cp_audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return NULL;
	audit->opts = opts;
	audit->env = env;
	audit->command = command;
	audit->start_ns = cp_host_clock_mono_ns();
	audit->start_wall_ms = cp_host_clock_wall_ms();
	audit->end_reason = "done";
	return audit;
}

int cp_audit_run(const struct cp_opts *opts, const char *command, const struct cp_env *env)
{
	struct cp_opts effective = *opts; /* a file may say what was not typed */
	struct cp_audit *audit = new_audit(&effective, command, env);
	struct cp_err err = {.text = "out of memory"}, output_err;
	int rc, status;

	if (!audit) {
		say(env, &err);
		return CP_EXIT_FAILED;
	}
	err.text[0] = '\0';
	cp_signals_catch();
	if (opts->live)
		rc = cp_live_check(opts, &err);
	else
		rc = opts->dry_run ? 0 : cp_outputs_open(audit, &err);
	rc = rc ? rc : run(audit, &effective, &err);
	status = exit_status(audit, rc);
	if (rc == -ECANCELED)
		audit->end_reason = "interrupted";
	if (cp_outputs_end(audit, rc && rc != -ECANCELED ? err.text : NULL, status, &output_err)) {
		say(env, &output_err);
		status = status ? status : CP_EXIT_FAILED;
	}
	if (rc && rc != -ECANCELED)
		say(env, &err);
	cp_audit_free(audit);
	return status;
}

int cp_audit_check(const struct cp_opts *opts, const struct cp_env *env, struct cp_err *err)
{
	struct cp_opts effective = *opts;
	struct cp_audit *audit = new_audit(&effective, "check", env);
	int rc = audit ? read_up(audit, &effective, err) : cp_err_set(err, -ENOMEM, "out of memory");

	cp_audit_free(audit);
	return rc;
}

static int run_command(const struct cp_opts *opts, const char *command)
{
	if (opts->verbose)
		cp_engine_set_log(log_line);
	return cp_audit_run(opts, command, NULL);
}

int cp_cmd_audit(const struct cp_opts *opts)
{
	return run_command(opts, "audit");
}

int cp_cmd_trace(const struct cp_opts *opts)
{
	return run_command(opts, "trace");
}
