// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * prom.c: what a run came to, as Prometheus text, for node_exporter's textfile
 * collector. The next run replaces all of it. Labels carry groups, verdicts and
 * ASes, never an address and never a target; a series that would be one too
 * many is counted as "other". What is unknown has no sample.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prom_e2e.h"
#include "silent.h"
#include "tally.h"

#define GROUPS_MAX 200u
#define OTHER "(other)"
#define N_OUTCOMES (CP_VERDICTS + 1) /* the last: without a verdict */

struct group {
	const char *name; /* borrowed until the end record; NULL: none */
	uint64_t n[N_OUTCOMES];
	struct cp_prom_e2e e2e;
};

struct prom {
	struct cp_sink sink;
	struct cp_prom_text text;
	struct cp_tally *tally;
	struct group groups[GROUPS_MAX + 1]; /* the last: all others */
	size_t n_groups;
	uint64_t wall_ms; /* of the start */
};

static int open_prom(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state)
{
	struct prom *prom = calloc(1, sizeof(*prom));

	(void)options;
	if (!prom || cp_tally_new(&prom->tally)) {
		free(prom);
		return -ENOMEM;
	}
	prom->sink = *sink;
	prom->wall_ms = CP_UNKNOWN;
	*ret_state = prom;
	return 0;
}

static void close_prom(void *ctx)
{
	struct prom *prom = ctx;

	if (!prom)
		return;
	cp_tally_free(prom->tally);
	for (size_t i = 0; i <= GROUPS_MAX; i++)
		cp_prom_e2e_free(&prom->groups[i].e2e);
	cp_prom_text_free(&prom->text);
	free(prom);
}

/* ---- text ---- */

static int flush(struct prom *prom)
{
	struct cp_prom_text *text = &prom->text;

	if (!text->rc && text->len)
		text->rc = prom->sink.write(prom->sink.ctx, text->buf, text->len);
	text->len = 0;
	return text->rc;
}

static void family(struct prom *prom, const char *name, const char *help)
{
	cp_prom_family(&prom->text, name, "gauge", help);
}

/* first: the label that opens the braces. */
static void label(struct prom *prom, bool first, const char *name, const char *value)
{
	cp_prom_label(&prom->text, first ? '{' : ',', name, value);
}

static void label_asn(struct prom *prom, bool first, const char *name, uint32_t asn)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", asn);
	label(prom, first, name, asn ? text : NULL);
}

static void end_labels(struct prom *prom, uint64_t value)
{
	cp_prom_end_labels(&prom->text, value);
}

/* A metric without labels; nothing when unknown. */
static void single(struct prom *prom, const char *name, const char *help, uint64_t value)
{
	if (value == CP_UNKNOWN)
		return;
	cp_prom_single(&prom->text, name, "gauge", help, value);
}

/* ---- start ---- */

/* The oldest of a layer's databases, if the one at i is the layer's first with a date; CP_UNKNOWN otherwise. */
static uint64_t oldest_of_layer(const struct cp_rec_start *rec, size_t i)
{
	uint64_t oldest = rec->databases[i].built_at_s;

	for (size_t k = 0; k < rec->n_databases && oldest != CP_UNKNOWN; k++) {
		uint64_t other = rec->databases[k].built_at_s;

		if (other == CP_UNKNOWN || strcmp(rec->databases[k].layer, rec->databases[i].layer) != 0)
			continue;
		if (k < i)
			return CP_UNKNOWN;
		oldest = other < oldest ? other : oldest;
	}
	return oldest;
}

static void databases(struct prom *prom, const struct cp_rec_start *rec)
{
	static const char built[] = "database_built_timestamp_seconds", age[] = "database_age_seconds";
	uint64_t oldest, now_s = prom->wall_ms / 1000;
	bool named = false;

	for (size_t i = 0; i < rec->n_databases; i++) {
		oldest = oldest_of_layer(rec, i);
		if (oldest == CP_UNKNOWN)
			continue;
		if (!named)
			family(prom, built,
			        "When the AS data was built, Unix time; of several files of a layer the oldest.");
		named = true;
		cp_prom_say(&prom->text, "coldpotato_%s", built);
		label(prom, true, "layer", rec->databases[i].layer);
		end_labels(prom, oldest);
	}
	if (!named || prom->wall_ms == CP_UNKNOWN)
		return;
	family(prom, age, "Age of the AS data when the run started.");
	for (size_t i = 0; i < rec->n_databases; i++) {
		oldest = oldest_of_layer(rec, i);
		if (oldest == CP_UNKNOWN)
			continue;
		cp_prom_say(&prom->text, "coldpotato_%s", age);
		label(prom, true, "layer", rec->databases[i].layer);
		end_labels(prom, now_s > oldest ? now_s - oldest : 0);
	}
}

static int take_start(void *ctx, const struct cp_rec_start *rec)
{
	struct prom *prom = ctx;

	prom->wall_ms = rec->wall_ms;
	family(prom, "run_info", "The run these metrics are of; always 1.");
	cp_prom_say(&prom->text, "coldpotato_run_info");
	label(prom, true, "version", rec->version);
	label(prom, false, "command", rec->command);
	label(prom, false, "datapath", rec->datapath);
	label_asn(prom, false, "vantage_asn", rec->vantage.asn);
	label(prom, false, "home", rec->home_spec);
	end_labels(prom, 1);
	if (rec->wall_ms != CP_UNKNOWN) {
		family(prom, "run_start_timestamp_seconds", "When the run started, Unix time.");
		cp_prom_scaled(&prom->text, "coldpotato_run_start_timestamp_seconds", rec->wall_ms, 1000, 3);
	}
	databases(prom, rec);
	return flush(prom);
}

/* ---- targets and paths ---- */

static struct group *group_of(struct prom *prom, const char *name)
{
	if (name && strcmp(name, OTHER) == 0)
		return &prom->groups[GROUPS_MAX];
	if (name && !*name)
		name = NULL;
	for (size_t i = 0; i < prom->n_groups; i++) {
		const char *other = prom->groups[i].name;

		if (other == name || (other && name && strcmp(other, name) == 0))
			return &prom->groups[i];
	}
	if (prom->n_groups == GROUPS_MAX)
		return &prom->groups[GROUPS_MAX];
	prom->groups[prom->n_groups].name = name;
	return &prom->groups[prom->n_groups++];
}

static int take_target(void *ctx, const struct cp_rec_target *rec)
{
	struct prom *prom = ctx;

	group_of(prom, rec->target->group)->n[rec->n_dests ? rec->verdict : CP_VERDICTS]++;
	return prom->text.rc;
}

static int take_path(void *ctx, const struct cp_rec_path *rec)
{
	struct prom *prom = ctx;
	struct cp_ends ends;
	int rc = cp_prom_e2e_add(&group_of(prom, rec->target->group)->e2e, rec);

	cp_ends_of(rec, &ends);
	return rc ? rc : cp_tally_add(prom->tally, rec, &ends);
}

static void write_targets(struct prom *prom)
{
	family(prom, "targets", "Targets by group and verdict; \"none\": nothing of them could be probed.");
	for (size_t i = 0; i <= GROUPS_MAX; i++) {
		const struct group *group = &prom->groups[i];
		uint64_t any = 0;

		for (int k = 0; k < N_OUTCOMES; k++)
			any |= group->n[k];
		/* All verdicts of a group that exists: an alert must see a 0 turn into a 1. */
		for (int k = 0; any && k < N_OUTCOMES; k++) {
			cp_prom_say(&prom->text, "coldpotato_targets");
			label(prom, true, "group", i == GROUPS_MAX ? OTHER : group->name);
			label(prom, false, "verdict", k < CP_VERDICTS ? cp_verdict_name(k) : "none");
			end_labels(prom, group->n[k]);
		}
	}
}

static void write_paths(struct prom *prom)
{
	const struct cp_tally_row *rows;
	size_t n;

	rows = cp_tally_rows(prom->tally, &n);
	family(prom, "paths",
	        "Paths by group, verdict, the AS or exchange that home hands them to, and the destination's AS.");
	for (size_t i = 0; i < n; i++) {
		const struct cp_tally_row *row = &rows[i];

		cp_prom_say(&prom->text, "coldpotato_paths");
		label(prom, true, "group", row->is_rest ? OTHER : row->group);
		label(prom, false, "verdict", cp_verdict_name(row->verdict));
		label(prom, false, "leaves", row->is_rest ? "other" : row->leaves ? "true" : "false");
		label_asn(prom, false, "exit_asn", row->exit_asn);
		label(prom, false, "exit_as_name", row->exit_as_name);
		label(prom, false, "exit_ixp", row->exit_ixp && !*row->exit_ixp ? "?" : row->exit_ixp);
		label_asn(prom, false, "destination_asn", row->dest_asn);
		label(prom, false, "destination_as_name", row->dest_as_name);
		end_labels(prom, row->n_paths);
	}
}

/* ---- end to end ---- */

/* Nothing where it was not measured. */
static void write_e2e(struct prom *prom)
{
	struct cp_prom_e2e groups[GROUPS_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i <= GROUPS_MAX; i++) {
		if (!prom->groups[i].e2e.sum.n_dests)
			continue;
		groups[n] = prom->groups[i].e2e;
		groups[n++].group = i == GROUPS_MAX ? OTHER : prom->groups[i].name;
	}
	if (n)
		cp_prom_e2e_write(&prom->text, groups, n);
}

/* ---- summary ---- */

static void egress_labels(struct prom *prom, const char *name, const struct cp_rec_summary *rec,
        const struct cp_egress_row *row, const char *percentile)
{
	cp_prom_say(&prom->text, "coldpotato_%s", name);
	label(prom, true, "role", cp_as_role_name(row->role));
	label_asn(prom, false, "asn", row->asn);
	label(prom, false, "as_name", cp_ends_as_name(rec->asdb, row->asn));
	label(prom, false, "ixp", row->asn ? NULL : row->label);
	if (percentile)
		label(prom, false, "percentile", percentile);
}

static void handover(struct prom *prom, const struct cp_rec_summary *rec, const struct cp_egress_row *row)
{
	const struct {
		uint32_t us;
		const char *percentile;
	} values[] = {{row->handover_p50_us, "50"}, {row->handover_p95_us, "95"}, {row->handover_p99_us, "99"}};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (values[i].us == CP_EGRESS_UNKNOWN)
			continue;
		egress_labels(prom, "egress_handover_rtt_seconds", rec, row, values[i].percentile);
		cp_prom_scaled(&prom->text, "}", values[i].us, 1000000, 6);
	}
}

static void write_egress(struct prom *prom, const struct cp_rec_summary *rec)
{
	family(prom, "egress_paths", "Paths on which an AS or exchange has a role.");
	for (size_t i = 0; i < rec->n_egress; i++) {
		egress_labels(prom, "egress_paths", rec, &rec->egress[i], NULL);
		end_labels(prom, rec->egress[i].n_paths);
	}
	family(prom, "egress_routers", "Distinct last routers of home that hand over to an AS.");
	for (size_t i = 0; i < rec->n_egress; i++) {
		if (rec->egress[i].role != CP_ROLE_EXIT)
			continue;
		egress_labels(prom, "egress_routers", rec, &rec->egress[i], NULL);
		end_labels(prom, rec->egress[i].n_exit_routers);
	}
	family(prom, "egress_handover_rtt_seconds", "Round trip to the first router of an AS that home hands over to.");
	for (size_t i = 0; i < rec->n_egress; i++)
		handover(prom, rec, &rec->egress[i]);
	family(prom, "egress_cold_potato_ratio",
	        "Share of the round trip to the destination that is made inside home, median of the paths.");
	for (size_t i = 0; i < rec->n_egress; i++) {
		if (rec->egress[i].cold_share_pct == CP_EGRESS_UNKNOWN)
			continue;
		egress_labels(prom, "egress_cold_potato_ratio", rec, &rec->egress[i], NULL);
		cp_prom_scaled(&prom->text, "}", rec->egress[i].cold_share_pct, 100, 2);
	}
}

static int write_summary(void *ctx, const struct cp_rec_summary *rec)
{
	struct prom *prom = ctx;

	write_targets(prom);
	write_paths(prom);
	write_egress(prom, rec);
	write_e2e(prom);
	return flush(prom);
}

/* ---- end ---- */

struct sample {
	const char *label;
	uint64_t n;
};

static void samples(struct prom *prom, const char *name, const char *key, const struct sample *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].n == CP_UNKNOWN)
			continue;
		cp_prom_say(&prom->text, "coldpotato_%s", name);
		label(prom, true, key, items[i].label);
		end_labels(prom, items[i].n);
	}
}

static void write_probes(struct prom *prom, const struct cp_accounting *a)
{
	const struct sample probes[] = {{"attempted", a->attempted}, {"transmitted", a->transmitted},
	        {"failed", a->tx_errors}, {"blocked", a->blocked}, {"over_budget", a->over_budget},
	        {"replied", a->replied}, {"timed_out", a->timed_out}};
	const struct sample replies[] = {
	        {"matched", a->matched}, {"duplicate", a->duplicates}, {"late", a->late}, {"lost", a->lost}};
	const struct sample rejected[] = {{"token", a->rejected_token}, {"dest", a->rejected_dest},
	        {"unsent", a->rejected_unsent}, {"flags", a->rejected_flags}, {"short", a->rejected_short}};

	family(prom, "run_probes",
	        "Probes of the run by what became of them: attempted = replied + timed_out + failed + blocked.");
	samples(prom, "run_probes", "state", probes, sizeof(probes) / sizeof(probes[0]));
	family(prom, "run_replies", "Replies proven to be to probes of the run.");
	samples(prom, "run_replies", "state", replies, sizeof(replies) / sizeof(replies[0]));
	family(prom, "run_replies_rejected", "Replies that claimed to be to probes of the run and failed validation.");
	samples(prom, "run_replies_rejected", "reason", rejected, sizeof(rejected) / sizeof(rejected[0]));
}

/* n / of with six decimals; no sample without a denominator. */
static void ratio(struct prom *prom, const char *name, const char *help, uint64_t n, uint64_t of)
{
	if (n == CP_UNKNOWN || of == CP_UNKNOWN || !of)
		return;
	family(prom, name, help);
	cp_prom_say(&prom->text, "coldpotato_%s %.6f\n", name, (double)n / (double)of);
}

static void write_coverage(struct prom *prom, const struct cp_accounting *a)
{
	single(prom, "run_destinations", "Addresses probed.", a->n_dests);
	single(prom, "run_targets_unresolved", "Targets whose name did not resolve.", a->n_unresolved);
	single(prom, "run_targets_skipped", "Targets whose addresses were not to be probed.", a->n_skipped);
	single(prom, "run_paths", "Paths of the run.", a->n_paths);
	single(prom, "run_hops", "TTLs up to the end of each path.", a->n_hops);
	single(prom, "run_hops_seen", "Of those, answered.", a->n_hops_seen);
	ratio(prom, "run_complete_ratio", "Share of the paths of which nothing is left to ask.", a->n_complete,
	        a->n_paths);
	ratio(prom, "run_hops_seen_ratio", "Share of the hops that answered.", a->n_hops_seen, a->n_hops);
}

static int write_end(void *ctx, const struct cp_rec_end *rec)
{
	struct prom *prom = ctx;
	bool done = rec->reason && strcmp(rec->reason, "done") == 0;
	uint64_t total_ns = rec->accounting.total_ns;

	single(prom, "run_success", "1 when the run ended by itself; 0 when it failed or was interrupted.", done);
	family(prom, "run_exit_status", "Exit status of the run.");
	cp_prom_say(&prom->text, "coldpotato_run_exit_status %d\n", rec->exit_status);
	if (total_ns != CP_UNKNOWN) {
		family(prom, "run_duration_seconds", "How long the run took.");
		cp_prom_scaled(&prom->text, "coldpotato_run_duration_seconds", total_ns, 1000000000, 9);
	}
	if (prom->wall_ms != CP_UNKNOWN && total_ns != CP_UNKNOWN) {
		family(prom, "run_end_timestamp_seconds", "When the run ended, Unix time.");
		cp_prom_scaled(&prom->text, "coldpotato_run_end_timestamp_seconds", prom->wall_ms + total_ns / 1000000,
		        1000, 3);
	}
	write_coverage(prom, &rec->accounting);
	write_probes(prom, &rec->accounting);
	return flush(prom);
}

const struct cp_format cp_format_prom = {
        .name = "prom",
        .open = open_prom,
        .start = take_start,
        .target = take_target,
        .path = take_path,
        .warning = cp_silent_warning,
        .summary = write_summary,
        .end = write_end,
        .close = close_prom,
};
