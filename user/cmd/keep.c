// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * keep.c: the run, its targets and what is said of it as a whole, as rows of a
 * store. Paths and hops: keep_path.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/grow.h"
#include "format/ndjson_part.h"
#include "io/host.h"
#include "keep_impl.h"

#define DAY_MS (24ull * 60 * 60 * 1000)
#define MIB ((uint64_t)1 << 20)

/* ---- Failing ---- */

void cp_keep_fail(struct cp_keep *keep, int rc)
{
	if (rc == 0 || keep->error)
		return;
	keep->error = rc;
	/* What SQLite says of its own last doings would be of no help for other errors. */
	snprintf(keep->error_text, sizeof(keep->error_text), "%s",
	        rc == -ENOSPC    ? "the disk is full; --store-max-mb keeps a store small"
	        : rc == -ENOMEM  ? "out of memory"
	        : rc == -EBUSY   ? "another process has been writing to it for too long"
	        : rc == -EBADMSG ? "the database is damaged"
	                         : cp_store_error(keep->store));
}

bool cp_keep_failed(struct cp_keep *keep, const char **ret_code, struct cp_err *err)
{
	if (!keep || !keep->error || keep->is_told)
		return false;
	keep->is_told = true;
	*ret_code = keep->error == -ENOSPC ? "store-full" : "store-failed";
	cp_err_set(
	        err, keep->error, "%s: not everything of this run is stored: %s", keep->config.path, keep->error_text);
	return true;
}

int cp_keep_error(const struct cp_keep *keep)
{
	return keep ? keep->error : 0;
}

bool cp_keep_is_shared(const struct cp_keep *keep)
{
	return keep && keep->is_shared;
}

int64_t cp_keep_run(const struct cp_keep *keep)
{
	return keep && keep->has_begun ? keep->run.run : 0;
}

static bool is_on(const struct cp_keep *keep)
{
	return keep && keep->has_begun && !keep->error;
}

void cp_keep_add(struct cp_keep *keep, enum cp_store_table table, const void *row)
{
	if (!keep->error)
		cp_keep_fail(keep, cp_store_add(keep->store, table, row));
}

/* ---- Texts ---- */

static int take_text(char **text, size_t *cap, const char *line, size_t len)
{
	if (len > *cap) {
		char *grown = realloc(*text, len);

		if (!grown)
			return -ENOMEM;
		*text = grown;
		*cap = len;
	}
	memcpy(*text, line, len);
	(*text)[len - 1] = '\0'; /* for the newline */
	return 0;
}

static int write_text(void *ctx, const char *line, size_t len)
{
	struct cp_keep_text *text = ctx;

	return take_text(&text->text, &text->cap, line, len);
}

static int write_record(void *ctx, const char *line, size_t len)
{
	struct cp_keep *keep = ctx;

	return take_text(&keep->record, &keep->record_cap, line, len);
}

struct cp_json *cp_keep_text_begin(struct cp_keep_text *text)
{
	return &text->json;
}

const char *cp_keep_text_end(struct cp_keep_text *text)
{
	return cp_json_line(&text->json) == 0 ? text->text : NULL;
}

/* ---- Names of ASes ---- */

static int compare_asns(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* 0: it is new; 1: it was there; -ENOMEM. */
static int remember_asn(struct cp_keep *keep, uint32_t asn)
{
	size_t at = keep->n_asns;

	if (keep->n_asns && bsearch(&asn, keep->asns, keep->n_asns, sizeof(asn), compare_asns))
		return 1;
	if (cp_grow(&keep->asns, &keep->cap_asns, keep->n_asns, sizeof(*keep->asns)))
		return -ENOMEM;
	while (at && keep->asns[at - 1] > asn)
		at--;
	memmove(keep->asns + at + 1, keep->asns + at, (keep->n_asns - at) * sizeof(*keep->asns));
	keep->asns[at] = asn;
	keep->n_asns++;
	return 0;
}

const char *cp_keep_as_name(struct cp_keep *keep, const struct cp_asdb *asdb, uint32_t asn)
{
	const struct cp_as *as = asdb && asn ? cp_asdb_as(asdb, asn) : NULL;
	struct cp_store_as row;
	int rc;

	if (!as || !as->name)
		return NULL;
	rc = remember_asn(keep, asn);
	if (rc < 0)
		cp_keep_fail(keep, rc);
	if (rc)
		return as->name;
	row = (struct cp_store_as){.agent = keep->agent, .run = keep->run.run, .asn = asn, .name = as->name};
	cp_keep_add(keep, CP_STORE_ASES, &row);
	return as->name;
}

/* ---- Opening ---- */

static void free_keep(struct cp_keep *keep)
{
	cp_store_close(keep->store);
	cp_format_ndjson.close(keep->ndjson);
	for (int i = 0; i < CP_KEEP_TEXTS; i++) {
		cp_json_free(&keep->texts[i].json);
		free(keep->texts[i].text);
	}
	for (size_t i = 0; i < sizeof(keep->strings) / sizeof(keep->strings[0]); i++)
		free(keep->strings[i]);
	free(keep->record);
	free(keep->settings);
	free(keep->databases);
	free(keep->accounting);
	free(keep->asns);
	cp_keep_edges_free(keep);
	free(keep);
}

void cp_keep_close(struct cp_keep *keep)
{
	if (keep)
		free_keep(keep);
}

int cp_keep_open(const struct cp_keep_config *config, struct cp_keep **ret_keep, struct cp_err *err)
{
	struct cp_keep *keep = calloc(1, sizeof(*keep));
	int rc;

	if (!keep)
		return cp_err_set(err, -ENOMEM, "out of memory");
	keep->config = *config;
	keep->record_sink = (struct cp_sink){.write = write_record, .ctx = keep};
	for (int i = 0; i < CP_KEEP_TEXTS; i++)
		cp_json_init(&keep->texts[i].json, &(struct cp_sink){.write = write_text, .ctx = &keep->texts[i]});
	if (config->agent)
		snprintf(keep->agent, sizeof(keep->agent), "%s", config->agent);
	else if (cp_host_name(keep->agent, sizeof(keep->agent)))
		strcpy(keep->agent, "unknown");
	rc = cp_format_ndjson.open(&keep->record_sink, &(struct cp_format_options){0}, &keep->ndjson);
	if (rc)
		cp_err_set(err, rc, "out of memory");
	rc = rc ? rc : cp_store_open(config->path, CP_STORE_WRITE, &keep->store, err);
	if (rc) {
		free_keep(keep);
		return rc;
	}
	*ret_keep = keep;
	return 0;
}

/* ---- start ---- */

static const char *copy(struct cp_keep *keep, int nth, const char *text)
{
	keep->strings[nth] = text ? strdup(text) : NULL;
	if (text && !keep->strings[nth])
		cp_keep_fail(keep, -ENOMEM);
	return keep->strings[nth];
}

/* A copy of a text that was made; NULL: out of memory. */
static char *own(struct cp_keep *keep, const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (!copied)
		cp_keep_fail(keep, -ENOMEM);
	return copied;
}

static void prune(struct cp_keep *keep)
{
	struct cp_store_limits limits = {
	        .keep_ms = keep->config.keep_days * DAY_MS, .max_bytes = keep->config.max_mb * MIB};
	struct cp_store_pruned pruned;

	cp_keep_fail(keep, cp_store_prune(keep->store, &limits, cp_host_clock_wall_ms(), &pruned));
}

static int take_number(void *ctx, const void *row)
{
	const struct cp_store_run *run = row;
	int64_t *number = ctx;

	*number = run->run;
	return 0;
}

/* Runs are numbered by their start: one after all that are known was begun by somebody else, who says to be us. */
static void look_for_others(struct cp_keep *keep)
{
	struct cp_keep_known *known = keep->config.known;
	struct cp_store_query query;
	int64_t newest = 0;
	int rc;

	if (!known)
		return;
	cp_store_query_init(&query);
	query.agent = keep->agent;
	query.audit = keep->config.audit;
	rc = cp_store_find_run(keep->store, CP_STORE_LATEST, 0, &query, take_number, &newest);
	if (rc && rc != -ENOENT)
		cp_keep_fail(keep, rc);
	keep->is_shared = known->run && newest > known->run;
	if (keep->is_shared)
		known->n_conflicts++;
	if (newest > known->run)
		known->run = newest;
}

static void begin_run(struct cp_keep *keep)
{
	struct cp_keep_known *known = keep->config.known;

	look_for_others(keep);
	if (!keep->error)
		cp_keep_fail(keep, cp_store_begin_run(keep->store, &keep->run));
	keep->has_begun = !keep->error;
	if (known && keep->has_begun && keep->run.run > known->run)
		known->run = keep->run.run;
}

void cp_keep_start(struct cp_keep *keep, const struct cp_rec_start *rec)
{
	struct cp_store_run *run;

	if (!keep || keep->error)
		return;
	run = &keep->run;
	cp_store_row_init(CP_STORE_RUNS, run);
	if (cp_format_ndjson.start(keep->ndjson, rec) == 0)
		keep->settings = own(keep, keep->record);
	cp_ndjson_databases(cp_keep_text_begin(&keep->texts[0]), NULL, rec);
	keep->databases = own(keep, cp_keep_text_end(&keep->texts[0]));
	run->agent = keep->agent;
	run->audit = keep->config.audit;
	run->command = copy(keep, 0, rec->command);
	run->version = copy(keep, 1, rec->version);
	run->host = copy(keep, 2, rec->host);
	run->started_ms = cp_keep_number(rec->wall_ms);
	run->vantage_asn = rec->vantage.asn ? rec->vantage.asn : CP_STORE_NULL;
	run->vantage_why = copy(keep, 3, rec->vantage.why);
	run->home_spec = copy(keep, 4, rec->home_spec);
	run->datapath = copy(keep, 5, rec->datapath);
	run->rate_pps = cp_keep_number(rec->rate_pps);
	run->flows = rec->n_flows ? rec->n_flows : CP_STORE_NULL;
	run->seed = cp_keep_number(rec->seed);
	run->databases = keep->databases;
	run->settings = keep->settings;
	run->n_targets = cp_keep_number(rec->n_targets);
	run->n_dests = cp_keep_number(rec->n_dests);
	/* Before, too: on a full disk what goes makes room for what comes, while the reserve is still there. */
	if (!keep->error)
		prune(keep);
	if (!keep->error)
		begin_run(keep);
}

/* ---- target ---- */

static const char *string_array(struct cp_keep_text *text, char *const *items, size_t n)
{
	struct cp_json *json = cp_keep_text_begin(text);

	cp_json_array(json, NULL);
	for (size_t i = 0; i < n; i++)
		cp_json_string(json, NULL, items[i]);
	cp_json_array_end(json);
	return cp_keep_text_end(text);
}

static const char *address_array(struct cp_keep_text *text, const struct cp_answer *answer)
{
	struct cp_json *json = cp_keep_text_begin(text);

	cp_json_array(json, NULL);
	for (size_t i = 0; answer && i < answer->n_addrs; i++)
		cp_json_addr(json, NULL, &answer->addrs[i]);
	cp_json_array_end(json);
	return cp_keep_text_end(text);
}

void cp_keep_target(struct cp_keep *keep, const struct cp_rec_target *rec)
{
	const struct cp_answer *answer = rec->answer;
	struct cp_store_target row;

	if (!is_on(keep))
		return;
	cp_store_row_init(CP_STORE_TARGETS, &row);
	row.agent = keep->agent;
	row.run = keep->run.run;
	row.seq = keep->n_targets++;
	row.name = rec->target->host;
	row.port = rec->target->port ? rec->target->port : CP_STORE_NULL;
	row.protocol = cp_proto_name(rec->target->proto);
	row.group = rec->target->group;
	row.expect = rec->target->expect;
	row.dns = answer ? cp_dns_status_name(answer->status) : NULL;
	row.cname = string_array(&keep->texts[0], answer ? answer->cname : NULL, answer ? answer->n_cname : 0);
	row.addresses = address_array(&keep->texts[1], answer);
	row.n_dests = (int64_t)rec->n_dests;
	row.n_paths = keep->target_paths;
	row.verdict = rec->n_dests ? cp_verdict_name(rec->verdict) : NULL;
	row.skip_reason = rec->skip_reason;
	cp_ndjson_flows(cp_keep_text_begin(&keep->texts[2]), NULL, rec->combined, rec->asdb);
	row.flows = cp_keep_text_end(&keep->texts[2]);
	if (!row.cname || !row.addresses || !row.flows)
		cp_keep_fail(keep, -ENOMEM);
	cp_keep_add(keep, CP_STORE_TARGETS, &row);
	for (uint32_t i = 0; rec->combined && i < rec->combined->n_exits; i++)
		cp_keep_as_name(keep, rec->asdb, rec->combined->exits[i].asn);
	keep->target_paths = 0;
}

/* ---- summary ---- */

static int64_t us_or_null(uint32_t us)
{
	return us == CP_EGRESS_UNKNOWN ? CP_STORE_NULL : us;
}

static const char *site_array(struct cp_keep_text *text, const struct cp_egress_row *row)
{
	struct cp_json *json = cp_keep_text_begin(text);

	cp_json_array(json, NULL);
	for (size_t i = 0; i < row->n_sites; i++) {
		cp_json_object(json, NULL);
		cp_json_string(json, "place", row->sites[i].place);
		cp_json_uint(json, "paths", row->sites[i].n_paths);
		cp_json_object_end(json);
	}
	cp_json_array_end(json);
	return cp_keep_text_end(text);
}

static void add_egress(struct cp_keep *keep, const struct cp_rec_summary *rec, size_t nth)
{
	const struct cp_egress_row *egress = &rec->egress[nth];
	const struct cp_as *as = rec->asdb && egress->asn ? cp_asdb_as(rec->asdb, egress->asn) : NULL;
	struct cp_store_egress row;

	cp_store_row_init(CP_STORE_EGRESS, &row);
	row.agent = keep->agent;
	row.run = keep->run.run;
	row.seq = (int64_t)nth;
	row.role = cp_as_role_name(egress->role);
	row.asn = egress->asn ? egress->asn : CP_STORE_NULL;
	row.as_name = cp_keep_as_name(keep, rec->asdb, egress->asn);
	row.ixp = egress->asn ? NULL : egress->label;
	row.as_org = as ? as->org : NULL;
	row.as_role = as ? as->role : NULL;
	row.paths = (int64_t)egress->n_paths;
	row.dests = (int64_t)egress->n_dests;
	row.targets = (int64_t)egress->n_targets;
	row.groups = (int64_t)egress->n_groups;
	row.exit_routers = egress->role == CP_ROLE_EXIT ? egress->n_exit_routers : CP_STORE_NULL;
	row.exit_sites = site_array(&keep->texts[0], egress);
	row.handover_p50_us = us_or_null(egress->handover_p50_us);
	row.handover_p95_us = us_or_null(egress->handover_p95_us);
	row.handover_p99_us = us_or_null(egress->handover_p99_us);
	row.cold_share_pct = us_or_null(egress->cold_share_pct);
	row.replies = (int64_t)egress->n_replies;
	row.probes = egress->n_probes ? (int64_t)egress->n_probes : CP_STORE_NULL;
	row.unanswered = egress->n_probes ? (int64_t)egress->n_unanswered : CP_STORE_NULL;
	if (!row.exit_sites)
		cp_keep_fail(keep, -ENOMEM);
	cp_keep_add(keep, CP_STORE_EGRESS, &row);
}

void cp_keep_summary(struct cp_keep *keep, const struct cp_rec_summary *rec)
{
	if (!is_on(keep))
		return;
	for (size_t i = 0; i < rec->n_egress; i++)
		add_egress(keep, rec, i);
	cp_keep_edges_write(keep);
	keep->run.n_inside = (int64_t)rec->verdicts[CP_INSIDE];
	keep->run.n_direct = (int64_t)rec->verdicts[CP_DIRECT];
	keep->run.n_undecided = (int64_t)rec->verdicts[CP_UNDECIDED];
	keep->run.n_transit = (int64_t)rec->verdicts[CP_TRANSIT];
	keep->run.n_detour = (int64_t)rec->verdicts[CP_DETOUR];
}

/* ---- warning, policy ---- */

void cp_keep_warning(struct cp_keep *keep, const struct cp_rec_warning *rec)
{
	struct cp_store_warning row;

	if (!is_on(keep))
		return;
	row = (struct cp_store_warning){.agent = keep->agent,
	        .run = keep->run.run,
	        .seq = keep->n_warnings++,
	        .code = rec->code,
	        .text = rec->text};
	cp_keep_add(keep, CP_STORE_WARNINGS, &row);
	/* Probing may come next: no other process should wait for it. */
	if (!keep->error)
		cp_keep_fail(keep, cp_store_commit(keep->store));
}

void cp_keep_policy(struct cp_keep *keep, const struct cp_rec_policy *rec)
{
	struct cp_store_policy row;

	if (!is_on(keep))
		return;
	if (cp_format_ndjson.policy(keep->ndjson, rec)) {
		cp_keep_fail(keep, -ENOMEM);
		return;
	}
	row = (struct cp_store_policy){
	        .agent = keep->agent, .run = keep->run.run, .seq = keep->n_policies++, .record = keep->record};
	cp_keep_add(keep, CP_STORE_POLICIES, &row);
}

/* ---- end ---- */

static void take_accounting(struct cp_keep *keep, const struct cp_accounting *acc)
{
	struct cp_store_run *run = &keep->run;

	cp_ndjson_accounting(cp_keep_text_begin(&keep->texts[0]), NULL, acc);
	keep->accounting = own(keep, cp_keep_text_end(&keep->texts[0]));
	run->accounting = keep->accounting;
	run->n_paths = cp_keep_number(acc->n_paths);
	run->n_complete = cp_keep_number(acc->n_complete);
	run->n_hops = cp_keep_number(acc->n_hops);
	run->n_hops_seen = cp_keep_number(acc->n_hops_seen);
	run->probes = cp_keep_number(acc->transmitted);
	run->replies = cp_keep_number(acc->replied);
	run->lost = cp_keep_number(acc->lost);
}

void cp_keep_end(struct cp_keep *keep, const struct cp_rec_end *rec)
{
	struct cp_store_run *run;

	if (!keep)
		return;
	if (keep->has_begun) {
		run = &keep->run;
		take_accounting(keep, &rec->accounting);
		run->ended_ms = (int64_t)cp_host_clock_wall_ms();
		run->end_reason = rec->reason;
		run->error = rec->error;
		run->exit_status = rec->exit_status;
		/* Also when there was a failure: the reserve has room for this. */
		cp_keep_fail(keep, cp_store_end_run(keep->store, run));
	}
	prune(keep);
}
