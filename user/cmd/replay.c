// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * replay.c: the records of a run back into what they were written from, for the
 * outputs. Reads the text twice: first for what the run knows as a whole (names
 * of ASes, home, targets and their answers), then record by record. Must not
 * judge anew; only counts what the paths of a target have in common.
 */
#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/builtin.h"
#include "core/grow.h"
#include "gate.h"

/* ---- First: names, home, targets ---- */

static void take_bad(void *ctx, size_t line, const char *why)
{
	struct cp_replay *replay = ctx;

	if (replay->n_bad++)
		return;
	replay->first_bad = line;
	snprintf(replay->bad_why, sizeof(replay->bad_why), "%s", why);
}

static int compare_asns(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static int learn_start(void *ctx, size_t line, const struct cp_run_start *rec)
{
	struct cp_replay *replay = ctx;
	struct cp_home *home = &replay->audit->home;

	(void)line;
	replay->is_run = true;
	if (home->n || !rec->n_home_asns)
		return 0;
	home->asns = reallocarray(NULL, rec->n_home_asns, sizeof(*home->asns));
	if (!home->asns)
		return -ENOMEM;
	memcpy(home->asns, rec->home_asns, rec->n_home_asns * sizeof(*home->asns));
	home->n = rec->n_home_asns;
	qsort(home->asns, home->n, sizeof(*home->asns), compare_asns);
	return 0;
}

static int learn_name(struct cp_replay *replay, uint32_t asn, const char *name)
{
	const struct cp_as *as = asn && name ? cp_asdb_as(replay->audit->asdb, asn) : NULL;

	if (!asn || !name || (as && as->name && strcmp(as->name, name) == 0))
		return 0;
	return cp_asdb_set_name(replay->audit->own.asdb, asn, name);
}

static int learn_path(void *ctx, size_t line, const struct cp_run_path *rec)
{
	struct cp_replay *replay = ctx;
	int rc = learn_name(replay, rec->dest_asn, rec->dest_as_name);

	(void)line;
	rc = rc ? rc : learn_name(replay, rec->exit.first_foreign_asn, rec->exit.first_foreign_as_name);
	for (uint32_t i = 0; i < rec->n_hops && rc == 0; i++)
		rc = learn_name(replay, rec->hops[i].asn, rec->hops[i].as_name);
	return rc;
}

static int learn_summary(void *ctx, size_t line, const struct cp_run_summary *rec)
{
	int rc = 0;

	(void)line;
	for (size_t i = 0; i < rec->n_egress && rc == 0; i++)
		rc = learn_name(ctx, rec->egress[i].asn, rec->egress[i].as_name);
	return rc;
}

static enum cp_dns_status dns_status(const char *name)
{
	for (int i = CP_DNS_OK; name && i <= CP_DNS_ERROR; i++) {
		if (strcmp(name, cp_dns_status_name(i)) == 0)
			return i;
	}
	return CP_DNS_ERROR;
}

static int fill_answer(const struct cp_run_strings *cname, const struct cp_run_strings *addresses, const char *dns,
        struct cp_answer *answer)
{
	answer->status = dns_status(dns);
	answer->cname = calloc(cname->n + 1, sizeof(*answer->cname));
	answer->addrs = calloc(addresses->n + 1, sizeof(*answer->addrs));
	if (!answer->cname || !answer->addrs)
		return -ENOMEM;
	for (uint32_t i = 0; i < cname->n; i++)
		answer->cname[answer->n_cname++] = (char *)cname->items[i];
	for (uint32_t i = 0; i < addresses->n; i++)
		answer->n_addrs += cp_addr_parse(addresses->items[i], &answer->addrs[answer->n_addrs]) == 0;
	return 0;
}

static int add_target(struct cp_replay *replay, const struct cp_run_target_end *rec)
{
	struct cp_replay_target *target = calloc(1, sizeof(*target));

	if (!target)
		return -ENOMEM;
	if (cp_grow(&replay->targets, &replay->cap_targets, replay->n_targets, sizeof(struct cp_replay_target *))) {
		free(target);
		return -ENOMEM;
	}
	replay->targets[replay->n_targets++] = target;
	target->target = (struct cp_target){.host = rec->target.name,
	        .group = rec->target.group,
	        .expect = rec->expect,
	        .port = rec->target.port,
	        .proto = rec->target.proto};
	return fill_answer(&rec->cname, &rec->addresses, rec->dns, &target->answer);
}

static int learn_target(void *ctx, size_t line, const struct cp_run_target_end *rec)
{
	(void)line;
	return rec->target.name ? add_target(ctx, rec) : 0;
}

/* ---- Then: start ---- */

/* 0 is unknown. */
static uint32_t setting(uint64_t value)
{
	return value > UINT32_MAX ? 0 : (uint32_t)value;
}

static void fill_start(const struct cp_run_start *rec, const struct cp_audit *audit, struct cp_rec_start *start)
{
	*start = (struct cp_rec_start){
	        .version = rec->version,
	        .command = rec->command,
	        .wall_ms = rec->wall_ms,
	        .mono_ns = rec->mono_ns,
	        .host = rec->host,
	        .agent = rec->agent,
	        .audit = rec->audit,
	        .datapath = rec->datapath,
	        .datapath_why = rec->datapath_why,
	        .interfaces = audit->start_interfaces,
	        .n_interfaces = rec->interfaces.n < CP_IFACES_MAX ? rec->interfaces.n : CP_IFACES_MAX,
	        .rate_pps = rec->rate_pps,
	        .n_senders = rec->n_senders,
	        .first_ttl = setting(rec->first_ttl),
	        .max_ttl = setting(rec->max_ttl),
	        .attempts = setting(rec->attempts),
	        .timeout_ms = setting(rec->timeout_ms),
	        .n_flows = setting(rec->n_flows),
	        .tcp_method = rec->tcp_method,
	        .n_e2e = setting(rec->n_e2e),
	        .e2e_interval_ms = setting(rec->e2e_interval_ms),
	        .seed = rec->seed,
	        .resolver = rec->resolver,
	        .vantage = {.asn = rec->vantage_asn, .why = rec->vantage_why},
	        .home = &audit->home,
	        .home_spec = rec->home_spec,
	        .databases = audit->databases,
	        .n_databases = audit->n_databases,
	        .n_targets = rec->n_targets,
	        .n_dests = rec->n_dests,
	};
}

static int show_start(void *ctx, size_t line, const struct cp_run_start *rec)
{
	struct cp_replay *replay = ctx;
	struct cp_audit *audit = replay->audit;
	struct cp_rec_start start;

	(void)line;
	if (replay->has_start)
		return 0;
	replay->has_start = true;
	for (size_t i = 0; i < rec->n_databases && i < CP_DATABASES_MAX; i++)
		audit->databases[audit->n_databases++] = (struct cp_rec_database){.layer = rec->databases[i].layer,
		        .name = rec->databases[i].name,
		        .n_rows = rec->databases[i].n_rows,
		        .built_at_s = rec->databases[i].built_at_s,
		        .age_days = rec->databases[i].age_days,
		        .type = rec->databases[i].type};
	for (uint32_t i = 0; i < rec->interfaces.n && i < CP_IFACES_MAX; i++)
		audit->start_interfaces[i] = rec->interfaces.items[i];
	audit->vantage = (struct cp_vantage){.asn = rec->vantage_asn, .why = rec->vantage_why};
	fill_start(rec, audit, &start);
	cp_outputs_start_as(audit, &start);
	return 0;
}

/* ---- path, target ---- */

/* A destination is done; its paths are those of the target. */
static void close_dest(struct cp_replay *replay)
{
	if (replay->n_dest_paths)
		cp_combine_dest(&replay->combined, &replay->dest_combined);
	replay->dest_combined = (struct cp_combined){0};
	replay->n_dest_paths = 0;
}

static int show_path(void *ctx, size_t line, const struct cp_run_path *rec)
{
	struct cp_replay *replay = ctx;
	struct cp_audit *audit = replay->audit;
	const struct cp_service_tag tag = {.name = rec->service_tag, .region = rec->service_region};
	struct cp_replay_target *target;
	struct cp_rec_path path;

	if (replay->at == replay->n_targets || cp_addr_is_zero(&rec->dest)) {
		take_bad(replay, line, "a path whose target is missing");
		return 0;
	}
	target = replay->targets[replay->at];
	cp_replay_path(audit, rec, &replay->path, &replay->judgement);
	if (replay->n_dest_paths && !cp_addr_eq(&replay->dest, &rec->dest))
		close_dest(replay);
	replay->dest = rec->dest;
	replay->n_dest_paths++;
	cp_combine_path(&replay->dest_combined, &replay->judgement, &audit->home);
	path = (struct cp_rec_path){
	        .target = &target->target,
	        .answer = &target->answer,
	        .dest = rec->dest,
	        .path = &replay->path,
	        .judgement = &replay->judgement,
	        .asdb = audit->asdb,
	        .service_tag = rec->service_tag ? &tag : NULL,
	        .tcp_method = rec->tcp_method,
	        .sack_fallback = rec->sack_fallback,
	        .e2e = rec->has_e2e ? &rec->e2e : NULL,
	        .start = &audit->start,
	};
	cp_outputs_path(audit, &path);
	if (cp_gate_path(audit->gate, &path, audit->vantage.asn))
		return -ENOMEM;
	return cp_outputs_dead(audit) ? -EPIPE : 0;
}

static int show_target(void *ctx, size_t line, const struct cp_run_target_end *rec)
{
	struct cp_replay *replay = ctx;
	struct cp_replay_target *target;
	struct cp_rec_target record;

	if (!rec->target.name) {
		take_bad(replay, line, "a target without a name");
		return 0;
	}
	target = replay->targets[replay->at++];
	close_dest(replay);
	record = (struct cp_rec_target){
	        .target = &target->target,
	        .answer = &target->answer,
	        .n_dests = rec->n_dests == CP_RUN_UNKNOWN || rec->verdict < 0 ? 0 : rec->n_dests,
	        .verdict = rec->verdict < 0 ? CP_UNDECIDED : (enum cp_verdict)rec->verdict,
	        .combined = replay->combined.n_paths ? &replay->combined : NULL,
	        .asdb = replay->audit->asdb,
	        .skip_reason = rec->skip_reason,
	};
	replay->n_unmeasured += record.n_dests == 0;
	cp_outputs_target(replay->audit, &record);
	cp_gate_target(replay->audit->gate, &record);
	replay->combined = (struct cp_combined){0};
	return cp_outputs_dead(replay->audit) ? -EPIPE : 0;
}

/* ---- summary, warning, end ---- */

static struct cp_accounting accounting_of(const struct cp_run_accounting *rec)
{
#define SAME(member) .member = rec->member
	return (struct cp_accounting){SAME(attempted), SAME(transmitted), SAME(tx_errors), SAME(blocked),
	        SAME(over_budget), SAME(replied), SAME(timed_out), SAME(matched), SAME(duplicates), SAME(late),
	        SAME(rejected_token), SAME(rejected_dest), SAME(rejected_unsent), SAME(rejected_flags),
	        SAME(rejected_short), SAME(lost), SAME(resets_sent), SAME(acks_sent), SAME(connections_opened),
	        SAME(connections_closed), SAME(e2e_attempted), SAME(e2e_replied), SAME(e2e_timed_out), SAME(e2e_unsent),
	        SAME(e2e_late), SAME(probing_ns), SAME(total_ns), SAME(n_targets), SAME(n_unresolved), SAME(n_skipped),
	        SAME(n_dests), SAME(n_paths), SAME(n_complete), SAME(n_hops), SAME(n_hops_seen)};
#undef SAME
}

static uint64_t or_zero(uint64_t value)
{
	return value == CP_RUN_UNKNOWN ? 0 : value;
}

static uint32_t us(uint64_t value)
{
	return value >= CP_EGRESS_UNKNOWN ? CP_EGRESS_UNKNOWN : (uint32_t)value;
}

static enum cp_as_role role_of(const char *name)
{
	for (int i = 0; name && i < CP_ROLES; i++) {
		if (strcmp(name, cp_as_role_name(i)) == 0)
			return i;
	}
	return CP_ROLES;
}

/* sites: room for CP_EGRESS_SITES. */
static void fill_egress(const struct cp_run_egress *rec, struct cp_egress_site *sites, struct cp_egress_row *row)
{
	*row = (struct cp_egress_row){
	        .asn = rec->asn,
	        .label = rec->ixp,
	        .role = role_of(rec->role),
	        .n_paths = or_zero(rec->n_paths),
	        .n_dests = or_zero(rec->n_dests),
	        .n_targets = or_zero(rec->n_targets),
	        .n_groups = or_zero(rec->n_groups),
	        .n_replies = or_zero(rec->n_replies),
	        .n_probes = or_zero(rec->n_probes),
	        .n_exit_routers = (uint32_t)or_zero(rec->n_exit_routers),
	        .sites = sites,
	        .handover_p50_us = us(rec->handover_p50_us),
	        .handover_p95_us = us(rec->handover_p95_us),
	        .handover_p99_us = us(rec->handover_p99_us),
	        .cold_share_pct = us(rec->cold_share_pct),
	};
	/* The share is written in hundredths of a percent, rounded to the nearest. */
	row->n_unanswered = (or_zero(rec->loss_hundredths) * row->n_probes + 5000) / 10000;
	for (uint32_t i = 0; i < rec->n_sites && i < CP_EGRESS_SITES; i++) {
		sites[row->n_sites].place = rec->sites[i].place ? rec->sites[i].place : "?";
		sites[row->n_sites++].n_paths = or_zero(rec->sites[i].n_paths);
	}
}

static int show_summary(void *ctx, size_t line, const struct cp_run_summary *rec)
{
	struct cp_replay *replay = ctx;
	struct cp_egress_row *rows = calloc(rec->n_egress + 1, sizeof(*rows));
	struct cp_egress_site *sites = calloc((rec->n_egress + 1) * CP_EGRESS_SITES, sizeof(*sites));
	struct cp_rec_summary summary = {.egress = rows,
	        .n_paths = or_zero(rec->n_paths),
	        .accounting = accounting_of(&rec->accounting),
	        .asdb = replay->audit->asdb};

	(void)line;
	if (!rows || !sites) {
		free(rows);
		free(sites);
		return -ENOMEM;
	}
	for (size_t i = 0; i < rec->n_egress; i++) {
		/* A role that is not known here has no place in a report. */
		if (role_of(rec->egress[i].role) == CP_ROLES)
			continue;
		fill_egress(&rec->egress[i], sites + i * CP_EGRESS_SITES, &rows[summary.n_egress]);
		summary.n_egress++;
	}
	for (int i = 0; i < CP_VERDICTS; i++)
		summary.verdicts[i] = or_zero(rec->verdicts[i]);
	cp_outputs_summary(replay->audit, &summary);
	free(rows);
	free(sites);
	return 0;
}

/* What came of it then; where another policy is asked for, only that is of interest. */
static int show_policy(void *ctx, size_t line, const struct cp_run_policy *rec)
{
	struct cp_replay *replay = ctx;
	struct cp_replay_policy *policy;
	int rc = 0;

	(void)line;
	if (replay->audit->gate)
		return 0;
	rc = cp_replay_policy_new(rec, &policy);
	if (rc)
		return rc;
	policy->next = replay->policies;
	replay->policies = policy;
	cp_outputs_policy(
	        replay->audit, &(struct cp_rec_policy){.result = &policy->result, .asdb = replay->audit->asdb});
	return cp_outputs_dead(replay->audit) ? -EPIPE : 0;
}

static int show_warning(void *ctx, size_t line, const struct cp_run_warning *rec)
{
	struct cp_replay *replay = ctx;

	(void)line;
	if (rec->text)
		cp_outputs_warn(replay->audit, rec->code ? rec->code : "warning", "%s", rec->text);
	return 0;
}

static int show_end(void *ctx, size_t line, const struct cp_run_end *rec)
{
	struct cp_replay *replay = ctx;

	(void)line;
	replay->has_end = true;
	replay->audit->end_reason = rec->reason ? rec->reason : "unknown";
	replay->audit->accounting = accounting_of(&rec->accounting);
	replay->exit_status = rec->exit_status == INT64_MIN ? 0 : (int)rec->exit_status;
	if (rec->error && !replay->error)
		replay->error = strdup(rec->error);
	return rec->error && !replay->error ? -ENOMEM : 0;
}

/* ---- A run ---- */

static int prepare(struct cp_replay *replay, struct cp_err *err)
{
	struct cp_audit *audit = replay->audit;
	size_t len;
	const char *text = cp_builtin("asns.csv", &len);
	int rc = cp_words_new(&replay->words);

	rc = rc ? rc : cp_asdb_new(&audit->own.asdb);
	/* For what networks are to each other; what they are called is the run's to say. */
	rc = rc ? rc : cp_asdb_add_names(audit->own.asdb, text, len, "asns.csv", err);
	rc = rc ? rc : cp_asdb_seal(audit->own.asdb);
	audit->asdb = audit->own.asdb;
	memset(&audit->accounting, 0xff, sizeof(audit->accounting)); /* CP_UNKNOWN, every one */
	return rc;
}

static void say_what_lacks(struct cp_replay *replay, const char *source)
{
	if (!replay->has_end) {
		replay->audit->end_reason = "interrupted";
		cp_outputs_warn(replay->audit, "cut-off", "%s is cut off: it has no end", source);
	}
	if (replay->n_bad)
		cp_outputs_warn(replay->audit, "bad-records", "%s: %zu records were left out; line %zu: %s", source,
		        replay->n_bad, replay->first_bad, replay->bad_why);
}

int cp_replay_learn(struct cp_replay *replay, const char *text, size_t len, const char *source, struct cp_err *err)
{
	const struct cp_run_sink learn = {.start = learn_start,
	        .path = learn_path,
	        .target = learn_target,
	        .summary = learn_summary,
	        .ctx = replay};
	struct cp_run_counts counts;
	int rc = prepare(replay, err);

	rc = rc ? rc : cp_run_read(text, len, replay->words, &learn, &counts);
	if (rc == 0 && !replay->is_run && !replay->n_targets && !counts.has_end)
		return cp_err_set(err, -EINVAL,
		        "%s: nothing of a run in it; a run is what -o ndjson wrote, or is in a database (FILE.db)",
		        source);
	return rc ? cp_err_set(err, rc, "not enough memory for %s", source) : 0;
}

int cp_replay_show(struct cp_replay *replay, const char *text, size_t len, const char *source, struct cp_err *err)
{
	const struct cp_run_sink show = {.start = show_start,
	        .path = show_path,
	        .target = show_target,
	        .summary = show_summary,
	        .policy = show_policy,
	        .warning = show_warning,
	        .end = show_end,
	        .bad = take_bad,
	        .ctx = replay};
	struct cp_run_counts counts;
	int rc = cp_run_read(text, len, replay->words, &show, &counts);

	/* That nobody takes them any more is said by the outputs themselves. */
	if (rc && rc != -EPIPE)
		return cp_err_set(err, rc, "not enough memory for %s", source);
	if (rc == 0)
		say_what_lacks(replay, source);
	cp_outputs_policies(replay->audit);
	return 0;
}

void cp_replay_free(struct cp_replay *replay)
{
	for (size_t i = 0; i < replay->n_targets; i++) {
		free(replay->targets[i]->answer.cname);
		free(replay->targets[i]->answer.addrs);
		free(replay->targets[i]);
	}
	free(replay->targets);
	for (struct cp_replay_policy *policy = replay->policies, *next; policy; policy = next) {
		next = policy->next;
		cp_replay_policy_free(policy);
	}
	free(replay->error);
	cp_words_free(replay->words);
}
