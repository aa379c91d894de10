// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_run.c: the service itself, runs, and the targets of a run down to the
 * hops.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api.h"
#include "io/host.h"
#include "version.h"

/* ---- The service ---- */

/* With the log that has not been moved into it yet. */
static int64_t bytes_of(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	int64_t bytes = 0;
	char *name;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct stat st;

		if (asprintf(&name, "%s%s", path, suffixes[i]) < 0)
			return bytes;
		if (stat(name, &st) == 0)
			bytes += st.st_size;
		free(name);
	}
	return bytes;
}

static int write_cells(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct cp_json *json = ctx;

	for (size_t i = 0; i < n; i++)
		cp_api_cell(json, &cells[i]);
	return json->rc;
}

static int write_store(struct cp_api_call *call)
{
	const char *path = call->api->settings.path, *base = strrchr(path, '/');
	int rc;

	cp_json_object(&call->json, "store");
	cp_json_string(&call->json, "path_name", base ? base + 1 : path);
	cp_json_int(&call->json, "bytes", bytes_of(path));
	rc = cp_store_ask(call->store, CP_ASK_TOTALS, &call->args, write_cells, &call->json);
	cp_json_object_end(&call->json);
	return rc;
}

static void number_or_null(struct cp_json *json, const char *key, int64_t number)
{
	if (number == CP_STORE_NULL)
		cp_json_null(json, key);
	else
		cp_json_int(json, key, number);
}

/* Of one that is being repeated. */
static int write_watched(struct cp_api_call *call, const struct cp_serve_audit *audit)
{
	struct cp_json *json = &call->json;
	int64_t last;
	int rc;

	call->args.audit = audit->name;
	rc = cp_api_count(call, CP_ASK_AUDIT_LAST, &last);
	if (rc)
		return rc;
	cp_json_object(json, NULL);
	cp_json_string(json, "name", audit->name);
	cp_json_int(json, "interval_s", audit->interval_ms / 1000);
	number_or_null(json, "last_run", last);
	cp_json_int(json, "next_ms", audit->next_ms);
	cp_json_string(json, "state", audit->state);
	cp_json_object_end(json);
	return json->rc;
}

static int write_all_watched(struct cp_api_call *call)
{
	const struct cp_serve_settings *settings = &call->api->settings;
	struct cp_serve_audit audits[CP_SERVE_AUDITS_MAX];
	size_t n = settings->audits(settings->ctx, audits, CP_SERVE_AUDITS_MAX);
	int rc = 0;

	cp_json_array(&call->json, "audits");
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = write_watched(call, &audits[i]);
	cp_json_array_end(&call->json);
	return rc;
}

static int take_agent(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	(void)n;
	cp_json_string_n(ctx, "agent", strlen("agent"), cells[0].text ? cells[0].text : "", cells[0].len);
	return 0;
}

static int write_agent(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct cp_json *json = ctx;

	(void)n;
	cp_json_string_n(json, NULL, 0, cells[0].text ? cells[0].text : "", cells[0].len);
	return json->rc;
}

/* Whose runs the store has. */
static int write_agents(struct cp_api_call *call)
{
	int rc;

	cp_json_array(&call->json, "agents");
	rc = cp_store_ask(call->store, CP_ASK_AGENTS, &call->args, write_agent, &call->json);
	cp_json_array_end(&call->json);
	return rc;
}

int cp_api_status(struct cp_api_call *call)
{
	struct cp_json *json = &call->json;
	char host[256];
	size_t before;
	int rc;

	cp_store_args_init(&call->args);
	cp_json_string(json, "version", CP_VERSION);
	cp_json_string(json, "host", cp_host_name(host, sizeof(host)) == 0 ? host : NULL);
	before = json->len;
	rc = cp_store_ask(call->store, CP_ASK_FIND_RUN, &call->args, take_agent, json);
	if (json->len == before)
		cp_json_null(json, "agent");
	rc = rc ? rc : write_agents(call);
	cp_json_uint(json, "started_ms", call->api->started_ms);
	rc = rc ? rc : write_store(call);
	cp_json_bool(json, "watching", call->api->settings.audits != NULL);
	if (rc)
		return rc;
	return call->api->settings.audits ? write_all_watched(call) : cp_api_array(call, "audits", CP_ASK_AUDITS);
}

/* ---- Runs ---- */

int cp_api_runs(struct cp_api_call *call)
{
	int rc = cp_api_page(call, 100);

	return rc ? rc : cp_api_list(call, CP_ASK_RUNS, CP_ASK_N_RUNS);
}

int cp_api_run(struct cp_api_call *call)
{
	struct cp_api_run_key key;
	int rc = cp_api_take_run(call, &key);

	rc = rc ? rc : cp_store_ask(call->store, CP_ASK_RUN, &call->args, write_cells, &call->json);
	return rc ? rc : cp_api_array(call, "warnings", CP_ASK_WARNINGS);
}

/* ---- Targets ---- */

int cp_api_targets(struct cp_api_call *call)
{
	struct cp_api_run_key key;
	int rc = cp_api_page(call, CP_API_LIMIT_MAX);

	rc = rc ? rc : cp_api_take_run(call, &key);
	if (rc)
		return rc;
	cp_api_write_key(call, &key);
	rc = cp_api_list(call, CP_ASK_TARGETS, CP_ASK_N_TARGETS);
	return rc ? rc : cp_api_array(call, "groups", CP_ASK_GROUPS);
}

/* A path, and in it its hops. */
static int write_path(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct cp_api_call *call = ctx;
	int rc;

	cp_json_object(&call->json, NULL);
	rc = write_cells(&call->json, cells, n);
	call->args.path = cells[0].number;
	rc = rc ? rc : cp_api_array(call, "hops", CP_ASK_HOPS);
	cp_json_object_end(&call->json);
	return rc;
}

int cp_api_target(struct cp_api_call *call)
{
	struct cp_api_run_key key;
	size_t before;
	char *end;
	int rc = cp_api_page(call, CP_API_LIMIT_MAX);

	call->args.group = call->args.verdict = call->args.text = NULL;
	call->args.seq = strtoll(call->word[1], &end, 10);
	if (rc == 0 && (*end || call->args.seq < 0 || strspn(call->word[1], "0123456789") > 18))
		rc = cp_api_fail(call, 400, "a target is its number in the run");
	rc = rc ? rc : cp_api_take_run(call, &key);
	if (rc)
		return rc;
	cp_api_write_key(call, &key);
	before = call->json.len;
	rc = cp_store_ask(call->store, CP_ASK_TARGETS, &call->args, write_cells, &call->json);
	if (rc == 0 && call->json.len == before)
		return cp_api_fail(call, 404, "there is no such target in the run");
	cp_json_array(&call->json, "paths");
	rc = rc ? rc : cp_store_ask(call->store, CP_ASK_PATHS, &call->args, write_path, call);
	cp_json_array_end(&call->json);
	return rc;
}
