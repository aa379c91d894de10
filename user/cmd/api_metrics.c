// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_metrics.c: the newest run of each audit, and the service itself, as
 * Prometheus text (exposition format 0.0.4). Base units; labels carry audits,
 * groups, verdicts, ASes and kinds, never an address and never a target; what
 * would be one series too many is counted as "(other)". What is unknown has no
 * sample.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api_metrics.h"
#include "io/host.h"
#include "version.h"

#define VIEW_MS 8000 /* Prometheus waits for ten seconds */
#define EXITS_MAX 20 /* of an audit */
#define N_VERDICTS 6 /* the last: none */

static const char *const verdicts[N_VERDICTS] = {"inside", "direct", "undecided", "transit", "detour", "none"};

const char *const cp_api_change_kinds[CP_API_CHANGE_KINDS] = {
        "verdict", "exit-as-new", "exit-as-gone", "as-path", "rtt", "loss", "coverage", "dns", "cname"};

struct metrics {
	struct cp_prom_text text;
	struct cp_store *store;
	struct cp_store_args args;
	/* Of the audit being read: how many series it has, and what did not get one of its own. */
	char audit[256];
	bool has_audit;
	uint64_t n_series;
	int64_t rest[N_VERDICTS];
};

/* ---- Text ---- */

static void family(struct metrics *m, const char *name, const char *type, const char *help)
{
	cp_prom_family(&m->text, name, type, help);
}

static void label(struct metrics *m, char before, const char *name, const char *value)
{
	cp_prom_label(&m->text, before, name, value);
}

static void label_asn(struct metrics *m, const struct cp_store_cell *asn)
{
	char text[24] = "";

	if (!asn->is_null)
		snprintf(text, sizeof(text), "%" PRId64, asn->number);
	label(m, ',', "asn", text);
}

static void sample(struct metrics *m, const char *name, const char *audit)
{
	cp_prom_say(&m->text, "coldpotato_%s", name);
	label(m, '{', "audit", audit);
}

static void seconds(struct metrics *m, int64_t value, int64_t unit, int decimals)
{
	cp_prom_say(&m->text, "} %s%lld.%0*lld\n", value < 0 ? "-" : "", llabs(value) / unit, decimals,
	        llabs(value) % unit);
}

static const char *text_of(const struct cp_store_cell *cell)
{
	return cell->text ? cell->text : "";
}

/* ---- Runs: one family after the other, each with a sample of every audit ---- */

enum run_column {
	RUN_AUDIT = 0,
	RUN_START,
	RUN_END,
	RUN_EXIT,
	RUN_PROBES,
	RUN_REPLIES,
	RUN_LOST,
	RUN_PATHS,
	RUN_COMPLETE,
	RUN_HOPS,
	RUN_SEEN,
	RUN_DONE,
	RUN_ROWS_LOST
};

struct run_family {
	const char *name, *help;
	enum run_column column;
	enum run_column of; /* RUN_AUDIT: the value itself, else a ratio; RUN_START of RUN_END: the time between */
	bool is_ms;
};

static const struct run_family run_families[] = {
        {"run_start_timestamp_seconds", "When the newest finished run of an audit started, Unix time.", RUN_START,
                RUN_AUDIT, true},
        {"run_end_timestamp_seconds", "When it ended, Unix time.", RUN_END, RUN_AUDIT, true},
        {"run_duration_seconds", "How long it took.", RUN_END, RUN_START, true},
        {"run_exit_status", "Its exit status.", RUN_EXIT, RUN_AUDIT, false},
        {"run_success", "1 when it ended by itself; 0 when it failed or was interrupted.", RUN_DONE, RUN_AUDIT, false},
        {"run_probes", "Probes it attempted.", RUN_PROBES, RUN_AUDIT, false},
        {"run_replies", "Replies proven to be to its probes.", RUN_REPLIES, RUN_AUDIT, false},
        {"run_replies_lost", "Replies to it that found no room.", RUN_LOST, RUN_AUDIT, false},
        {"run_rows_lost", "Rows of it that could not be stored.", RUN_ROWS_LOST, RUN_AUDIT, false},
        {"run_paths", "Its paths.", RUN_PATHS, RUN_AUDIT, false},
        {"run_complete_ratio", "Share of its paths of which nothing is left to ask.", RUN_COMPLETE, RUN_PATHS, false},
        {"run_hops_seen_ratio", "Share of its hops that answered.", RUN_SEEN, RUN_HOPS, false},
};

struct run_reader {
	struct metrics *m;
	const struct run_family *family;
};

static int take_run(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	const struct run_reader *reader = ctx;
	const struct run_family *f = reader->family;
	const struct cp_store_cell *value = &cells[f->column], *of = &cells[f->of];
	struct metrics *m = reader->m;

	(void)n;
	if (value->is_null || (f->of != RUN_AUDIT && (of->is_null || (!f->is_ms && of->number <= 0))))
		return 0;
	sample(m, f->name, text_of(&cells[RUN_AUDIT]));
	if (f->is_ms)
		seconds(m, value->number - (f->of == RUN_AUDIT ? 0 : of->number), 1000, 3);
	else if (f->of == RUN_AUDIT)
		cp_prom_say(&m->text, "} %" PRId64 "\n", value->number);
	else
		cp_prom_say(&m->text, "} %.6f\n", (double)value->number / (double)of->number);
	return 0;
}

static int write_runs(struct metrics *m)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(run_families) / sizeof(run_families[0]) && rc == 0; i++) {
		struct run_reader reader = {m, &run_families[i]};

		family(m, reader.family->name, "gauge", reader.family->help);
		rc = cp_store_ask(m->store, CP_ASK_METRIC_RUNS, &m->args, take_run, &reader);
	}
	return rc;
}

/* ---- Rows of an audit, of which only the first get a series of their own ---- */

typedef void write_rest_fn(struct metrics *m);

static void end_audit(struct metrics *m, write_rest_fn *write_rest)
{
	if (m->has_audit)
		write_rest(m);
	m->has_audit = false;
	m->n_series = 0;
	memset(m->rest, 0, sizeof(m->rest));
}

static void begin_row(struct metrics *m, const char *audit, write_rest_fn *write_rest)
{
	if (m->has_audit && strcmp(m->audit, audit) != 0)
		end_audit(m, write_rest);
	snprintf(m->audit, sizeof(m->audit), "%s", audit);
	m->has_audit = true;
	m->n_series++;
}

/* ---- Targets ---- */

static void targets_of(struct metrics *m, const char *group, const int64_t n[N_VERDICTS])
{
	for (size_t i = 0; i < N_VERDICTS; i++) {
		sample(m, "targets", m->audit);
		label(m, ',', "group", group);
		label(m, ',', "verdict", verdicts[i]);
		cp_prom_say(&m->text, "} %" PRId64 "\n", n[i]);
	}
}

static void rest_of_targets(struct metrics *m)
{
	if (m->n_series > CP_METRICS_GROUPS_MAX)
		targets_of(m, CP_METRICS_OTHER, m->rest);
}

static void get_counts(const struct cp_store_cell *cells, int64_t ret_n[N_VERDICTS])
{
	for (size_t i = 0; i < N_VERDICTS; i++)
		ret_n[i] = cells[i].number;
}

static int take_targets(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct metrics *m = ctx;
	int64_t counts[N_VERDICTS];

	(void)n;
	begin_row(m, text_of(&cells[0]), rest_of_targets);
	get_counts(cells + 2, counts);
	if (m->n_series <= CP_METRICS_GROUPS_MAX)
		targets_of(m, text_of(&cells[1]), counts);
	for (size_t i = 0; i < N_VERDICTS && m->n_series > CP_METRICS_GROUPS_MAX; i++)
		m->rest[i] += counts[i];
	return 0;
}

static void coverage_of(struct metrics *m, const char *group, const int64_t n[N_VERDICTS])
{
	int64_t all = 0;

	for (size_t i = 0; i < N_VERDICTS; i++)
		all += n[i];
	if (!all)
		return;
	sample(m, "coverage_ratio", m->audit);
	label(m, ',', "group", group);
	cp_prom_say(&m->text, "} %.6f\n", (double)(all - n[2] - n[5]) / (double)all);
}

static void rest_of_coverage(struct metrics *m)
{
	if (m->n_series > CP_METRICS_GROUPS_MAX)
		coverage_of(m, CP_METRICS_OTHER, m->rest);
}

static int take_coverage(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct metrics *m = ctx;
	int64_t counts[N_VERDICTS];

	(void)n;
	begin_row(m, text_of(&cells[0]), rest_of_coverage);
	get_counts(cells + 2, counts);
	if (m->n_series <= CP_METRICS_GROUPS_MAX)
		coverage_of(m, text_of(&cells[1]), counts);
	for (size_t i = 0; i < N_VERDICTS && m->n_series > CP_METRICS_GROUPS_MAX; i++)
		m->rest[i] += counts[i];
	return 0;
}

static int write_targets(struct metrics *m)
{
	int rc;

	family(m, "targets", "gauge", "Targets by group and verdict; none: nothing of them could be probed.");
	rc = cp_store_ask(m->store, CP_ASK_METRIC_TARGETS, &m->args, take_targets, m);
	end_audit(m, rest_of_targets);
	family(m, "coverage_ratio", "gauge", "Share of the targets that are decided, by group.");
	rc = rc ? rc : cp_store_ask(m->store, CP_ASK_METRIC_TARGETS, &m->args, take_coverage, m);
	end_audit(m, rest_of_coverage);
	return rc;
}

/* ---- Exits ---- */

static void rest_of_exits(struct metrics *m)
{
	if (m->n_series <= EXITS_MAX)
		return;
	sample(m, "exit_paths", m->audit);
	label(m, ',', "asn", CP_METRICS_OTHER);
	label(m, ',', "as_name", CP_METRICS_OTHER);
	label(m, ',', "ixp", "");
	cp_prom_say(&m->text, "} %" PRId64 "\n", m->rest[0]);
}

static int take_exit(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct metrics *m = ctx;

	(void)n;
	begin_row(m, text_of(&cells[0]), rest_of_exits);
	if (m->n_series > EXITS_MAX) {
		m->rest[0] += cells[4].number;
		return 0;
	}
	sample(m, "exit_paths", m->audit);
	label_asn(m, &cells[1]);
	label(m, ',', "as_name", text_of(&cells[2]));
	label(m, ',', "ixp", text_of(&cells[3]));
	cp_prom_say(&m->text, "} %" PRId64 "\n", cells[4].number);
	return 0;
}

static int write_exits(struct metrics *m)
{
	int rc;

	family(m, "exit_paths", "gauge", "Paths by the AS or exchange that home hands them to.");
	rc = cp_store_ask(m->store, CP_ASK_METRIC_EXITS, &m->args, take_exit, m);
	end_audit(m, rest_of_exits);
	return rc;
}

/* ---- Round-trip times ---- */

static void no_rest(struct metrics *m)
{
	(void)m; /* percentiles of several groups cannot be added up */
}

static int take_rtt(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	static const char *const quantiles[] = {"0.5", "0.95", "0.99"};
	struct metrics *m = ctx;

	(void)n;
	begin_row(m, text_of(&cells[0]), no_rest);
	if (m->n_series > CP_METRICS_GROUPS_MAX)
		return 0;
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		sample(m, "destination_rtt_seconds", m->audit);
		label(m, ',', "group", text_of(&cells[1]));
		label(m, ',', "quantile", quantiles[i]);
		seconds(m, cells[4 + i].number, 1000000, 6);
	}
	sample(m, "destination_rtt_seconds_sum", m->audit);
	label(m, ',', "group", text_of(&cells[1]));
	seconds(m, cells[3].number, 1000000, 6);
	sample(m, "destination_rtt_seconds_count", m->audit);
	label(m, ',', "group", text_of(&cells[1]));
	cp_prom_say(&m->text, "} %" PRId64 "\n", cells[2].number);
	return 0;
}

static int write_rtts(struct metrics *m)
{
	int rc;

	family(m, "destination_rtt_seconds", "summary",
	        "Round trips to the destinations of the newest finished run, by group.");
	rc = cp_store_ask(m->store, CP_ASK_METRIC_RTT, &m->args, take_rtt, m);
	end_audit(m, no_rest);
	return rc;
}

/* ---- AS data ---- */

struct database_reader {
	struct metrics *m;
	int64_t now_s; /* 0: the time itself, not the age */
};

static int take_database(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	const struct database_reader *reader = ctx;
	struct metrics *m = reader->m;
	int64_t built = cells[2].number;

	(void)n;
	sample(m, reader->now_s ? "database_age_seconds" : "database_built_timestamp_seconds", text_of(&cells[0]));
	label(m, ',', "layer", text_of(&cells[1]));
	cp_prom_say(&m->text, "} %" PRId64 "\n",
	        !reader->now_s          ? built
	        : reader->now_s > built ? reader->now_s - built
	                                : 0);
	return 0;
}

static int write_databases(struct metrics *m)
{
	struct database_reader reader = {m, 0};
	int rc;

	family(m, "database_built_timestamp_seconds", "gauge",
	        "When the AS data was built, Unix time; of several files of a layer the oldest.");
	rc = cp_store_ask(m->store, CP_ASK_METRIC_DATABASES, &m->args, take_database, &reader);
	reader.now_s = (int64_t)(cp_host_clock_wall_ms() / 1000);
	family(m, "database_age_seconds", "gauge", "How old it is now.");
	return rc ? rc : cp_store_ask(m->store, CP_ASK_METRIC_DATABASES, &m->args, take_database, &reader);
}

/* ---- The service ---- */

static void write_changes(struct metrics *m, struct cp_api *api)
{
	family(m, "changes_total", "counter", "Changes that came into the store since the service started, by kind.");
	for (size_t i = 0; i <= CP_API_CHANGE_KINDS; i++) {
		cp_prom_say(&m->text, "coldpotato_changes_total");
		label(m, '{', "kind", i < CP_API_CHANGE_KINDS ? cp_api_change_kinds[i] : CP_METRICS_OTHER);
		cp_prom_say(&m->text, "} %" PRIuFAST64 "\n", atomic_load(&api->n_changes[i]));
	}
}

static void write_http(struct metrics *m, struct cp_api *api)
{
	struct cp_http_stats stats;

	cp_http_stats(api->http, &stats);
	family(m, "http_requests_total", "counter", "Answers by class of status.");
	for (unsigned i = 2; i < sizeof(stats.answers) / sizeof(stats.answers[0]); i++)
		cp_prom_say(
		        &m->text, "coldpotato_http_requests_total{class=\"%uxx\"} %" PRIu64 "\n", i, stats.answers[i]);
	cp_prom_single(&m->text, "http_connections", "gauge", "Connections now.", stats.n_connections);
	cp_prom_single(&m->text, "http_connections_cut_total", "counter",
	        "Connections cut because the client was too slow.", stats.n_cut);
	cp_prom_single(&m->text, "http_subscribers", "gauge", "Subscribers of events now.", stats.n_subscribers);
	cp_prom_single(&m->text, "http_subscribers_cut_total", "counter",
	        "Subscribers cut because they did not take their events.", stats.n_subscribers_cut);
}

static void write_service(struct metrics *m, struct cp_api *api, bool is_up)
{
	struct stat st;

	family(m, "build_info", "gauge", "The version; always 1.");
	cp_prom_say(&m->text, "coldpotato_build_info{version=\"%s\"} 1\n", CP_VERSION);
	cp_prom_single(&m->text, "serve_start_timestamp_seconds", "gauge", "When the service started, Unix time.",
	        api->started_ms / 1000);
	cp_prom_single(&m->text, "store_up", "gauge", "1 when the store could be read for these metrics.", is_up);
	if (stat(api->settings.path, &st) == 0)
		cp_prom_single(
		        &m->text, "store_bytes", "gauge", "Size of the file of the store.", (uint64_t)st.st_size);
	write_changes(m, api);
	cp_api_watch_metrics(&m->text, api);
	write_http(m, api);
}

static int write_store(struct metrics *m)
{
	int rc = cp_store_view(m->store, VIEW_MS);

	rc = rc ? rc : write_runs(m);
	rc = rc ? rc : write_targets(m);
	rc = rc ? rc : write_exits(m);
	rc = rc ? rc : write_rtts(m);
	rc = rc ? rc : cp_api_metrics_e2e(m->store, &m->args, &m->text);
	rc = rc ? rc : write_databases(m);
	cp_store_view_end(m->store);
	return rc;
}

/* What the store says, all of it or nothing; m->text is the caller's in either case. */
static int read_store(struct cp_api *api, const char *agent, struct metrics *m)
{
	struct cp_err err = {.text = ""};
	struct cp_api_lease lease;
	int rc = cp_api_pool_take(&api->pool, &lease, &err);

	if (rc)
		return rc;
	m->store = lease.store;
	cp_store_args_init(&m->args);
	m->args.agent = agent;
	rc = write_store(m);
	rc = rc ? rc : m->text.rc;
	cp_api_pool_give(&api->pool, &lease, rc == 0);
	return rc;
}

void cp_api_metrics(struct cp_api *api, const struct cp_uri *uri, struct cp_http_response *response)
{
	const char *agent = cp_uri_param(uri, "agent");
	struct metrics stored = {.n_series = 0}, m = {.n_series = 0};
	int rc = read_store(api, agent && *agent ? agent : NULL, &stored);

	write_service(&m, api, rc == 0);
	if (rc == 0)
		cp_prom_add(&m.text, &stored.text);
	cp_prom_text_free(&stored.text);
	if (m.text.rc) {
		cp_prom_text_free(&m.text);
		cp_api_refuse(response, 503, "out of memory");
		return;
	}
	*response = (struct cp_http_response){.status = 200,
	        .type = "text/plain; version=0.0.4; charset=utf-8",
	        .owned = m.text.buf,
	        .len = m.text.len};
}
