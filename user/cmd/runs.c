// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * runs.c: `runs`: which runs a database holds, as a table or as a record each.
 * Sends nothing, asks nobody and needs no rights.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "format/grid.h"
#include "format/json.h"
#include "format/ndjson_part.h"
#include "import/run.h"
#include "stored.h"

#define N_COLUMNS 12
#define CELL_MAX 32

struct listing {
	struct cp_store *store;
	struct cp_grid *grid; /* or, NULL: records */
	struct cp_json json;
	FILE *stream;
};

static int write_stream(void *ctx, const char *data, size_t len)
{
	FILE *stream = ctx;

	errno = 0;
	return fwrite(data, 1, len, stream) == len ? 0 : errno ? -errno : -EIO;
}

/* ---- Policies of a run ---- */

typedef void take_policy_fn(void *ctx, const char *source, enum cp_policy_state state);

struct policies {
	struct cp_words *words; /* own the strings */
	take_policy_fn *take;
	void *ctx;
};

static int take_result(void *ctx, size_t line, const struct cp_run_policy *rec)
{
	const struct policies *policies = ctx;

	(void)line;
	policies->take(policies->ctx, rec->source, rec->state);
	return 0;
}

/* A record that is none says nothing. */
static int take_row(void *ctx, const void *row)
{
	const struct cp_store_policy *policy = row;
	const struct policies *policies = ctx;
	const struct cp_run_sink sink = {.policy = take_result, .ctx = ctx};
	struct cp_run_counts counts;

	if (!policy->record)
		return 0;
	return cp_run_read(policy->record, strlen(policy->record), policies->words, &sink, &counts);
}

/* Each policy that the run was held against, in their order. */
static int each_policy(struct cp_store *store, const struct cp_store_run *run, take_policy_fn *take, void *ctx)
{
	struct policies policies = {.take = take, .ctx = ctx};
	struct cp_store_query query;
	int rc = cp_words_new(&policies.words);

	cp_store_query_init(&query);
	query.agent = run->agent;
	query.run = run->run;
	rc = rc ? rc : cp_store_read(store, CP_STORE_POLICIES, &query, take_row, &policies, NULL);
	cp_words_free(policies.words);
	return rc;
}

/* ---- As a record ---- */

static void write_policy(void *ctx, const char *source, enum cp_policy_state state)
{
	struct cp_json *json = ctx;

	cp_json_object(json, NULL);
	cp_json_string(json, "source", source);
	cp_json_string(json, "state", cp_policy_state_name(state));
	cp_json_object_end(json);
}

static int add_record(struct listing *listing, const struct cp_store_run *run)
{
	struct cp_json *json = &listing->json;
	int rc;

	cp_ndjson_begin(json, "run");
	cp_json_string(json, "agent", run->agent);
	cp_stored_number(json, "run", run->run);
	cp_json_string(json, "audit", run->audit && run->audit[0] ? run->audit : NULL);
	cp_json_string(json, "command", run->command);
	cp_json_string(json, "host", run->host);
	cp_stored_number(json, "started_ms", run->started_ms);
	cp_stored_number(json, "ended_ms", run->ended_ms);
	cp_json_string(json, "end_reason", run->end_reason);
	cp_stored_number(json, "exit_status", run->exit_status);
	cp_stored_number(json, "vantage_asn", run->vantage_asn);
	cp_stored_number(json, "targets", run->n_targets);
	cp_stored_number(json, "destinations", run->n_dests);
	cp_stored_number(json, "paths", run->n_paths);
	cp_stored_verdicts(json, run);
	cp_stored_number(json, "rows_lost", run->rows_lost);
	cp_json_bool(json, "hops_pruned", run->hops_pruned == 1);
	cp_json_array(json, "policies");
	rc = each_policy(listing->store, run, write_policy, json);
	cp_json_array_end(json);
	cp_json_object_end(json);
	return rc ? rc : cp_json_line(json);
}

/* ---- As a row ---- */

static const char *cell(char buf[CELL_MAX], int64_t value)
{
	if (value == CP_STORE_NULL)
		return "-";
	snprintf(buf, CELL_MAX, "%" PRId64, value);
	return buf;
}

static const char *when(char buf[CELL_MAX], int64_t ms)
{
	time_t time = (time_t)(ms / 1000);
	struct tm tm;

	if (ms == CP_STORE_NULL || !localtime_r(&time, &tm) || !strftime(buf, CELL_MAX, "%FT%T", &tm))
		return "-";
	return buf;
}

struct worst {
	bool any;
	enum cp_policy_state state;
};

static void take_worst(void *ctx, const char *source, enum cp_policy_state state)
{
	struct worst *worst = ctx;

	(void)source;
	worst->state = !worst->any || state > worst->state ? state : worst->state;
	worst->any = true;
}

static int add_row(struct listing *listing, const struct cp_store_run *run)
{
	struct worst worst = {.any = false};
	int rc = each_policy(listing->store, run, take_worst, &worst);
	char number_of[CELL_MAX], started[CELL_MAX], counts[6][CELL_MAX];
	const char *cells[N_COLUMNS] = {
	        cell(number_of, run->run),
	        when(started, run->started_ms),
	        run->agent,
	        run->audit ? run->audit : "",
	        run->end_reason ? run->end_reason : "not ended",
	        cell(counts[0], run->n_paths),
	        cell(counts[1], run->n_inside),
	        cell(counts[2], run->n_direct),
	        cell(counts[3], run->n_undecided),
	        cell(counts[4], run->n_transit),
	        cell(counts[5], run->n_detour),
	        worst.any ? cp_policy_state_name(worst.state) : "",
	};

	return rc ? rc : cp_grid_add(listing->grid, cells);
}

static int take_run(void *ctx, const void *row)
{
	struct listing *listing = ctx;

	return listing->grid ? add_row(listing, row) : add_record(listing, row);
}

/* ---- The command ---- */

static int list(struct cp_store *store, const struct cp_opts *opts, struct listing *listing)
{
	static const struct cp_grid_column columns[N_COLUMNS] = {
	        {.title = "run"},
	        {.title = "started"},
	        {.title = "agent", .flexible = true},
	        {.title = "audit", .flexible = true, .optional = true},
	        {.title = "end"},
	        {.title = "paths", .right = true, .give_way = 1},
	        {.title = "inside", .short_title = "in", .right = true},
	        {.title = "direct", .short_title = "dir", .right = true},
	        {.title = "undecided", .short_title = "und", .right = true},
	        {.title = "transit", .short_title = "tra", .right = true},
	        {.title = "detour", .short_title = "det", .right = true},
	        {.title = "policy", .optional = true},
	};
	const struct cp_sink sink = {.write = write_stream, .ctx = listing->stream};
	bool is_table = opts->outputs[0].format == &cp_format_table;
	struct cp_store_query query;
	struct cp_text text;
	int rc = is_table ? cp_grid_new(columns, N_COLUMNS, &listing->grid) : 0;

	if (rc)
		return rc;
	cp_json_init(&listing->json, &sink);
	cp_store_query_init(&query);
	query.agent = opts->agent;
	rc = cp_store_read(store, CP_STORE_RUNS, &query, take_run, listing, NULL);
	if (rc == 0 && is_table) {
		cp_text_init(&text, &sink, cp_terminal_width(), false);
		cp_grid_print(listing->grid, &text);
		rc = cp_text_flush(&text);
	}
	cp_grid_free(listing->grid);
	cp_json_free(&listing->json);
	return rc;
}

static int check(const struct cp_opts *opts, struct cp_err *err)
{
	if (opts->n_targets != 1)
		return cp_err_set(err, -EINVAL, "runs wants one database, FILE.db, not %zu", opts->n_targets);
	if (opts->n_outputs != 1 ||
	        (opts->outputs[0].format != &cp_format_table && opts->outputs[0].format != &cp_format_ndjson))
		return cp_err_set(err, -EINVAL, "runs writes table or ndjson, one of them");
	return 0;
}

static int write_list(struct cp_store *store, const struct cp_opts *opts, struct cp_err *err)
{
	const char *path = opts->outputs[0].path;
	struct listing listing = {.store = store, .stream = path ? fopen(path, "we") : stdout};
	int rc = listing.stream ? list(store, opts, &listing) : -errno;

	if (listing.stream && fflush(listing.stream) && rc == 0)
		rc = -errno;
	if (path && listing.stream && fclose(listing.stream) && rc == 0)
		rc = -errno;
	if (rc == -EBADMSG)
		return cp_err_set(err, -EINVAL, "%s: the database is damaged", cp_store_path_name(store));
	return rc ? cp_err_set(err, rc == -EINVAL ? -EIO : rc, "cannot list the runs of %s in %s: %s",
	                    cp_store_path_name(store), path ? path : "standard output", strerror(-rc))
	          : 0;
}

int cp_cmd_runs(const struct cp_opts *opts)
{
	struct cp_store *store = NULL;
	struct cp_err err = {.text = ""};
	int rc = check(opts, &err);

	rc = rc ? rc : cp_store_open(opts->targets[0], CP_STORE_READ, &store, &err);
	rc = rc ? rc : write_list(store, opts, &err);
	cp_store_close(store);
	if (rc == 0)
		return CP_EXIT_OK;
	fprintf(stderr, "coldpotato: %s\n", err.text);
	return rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
}
