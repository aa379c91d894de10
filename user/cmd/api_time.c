// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_time.c: the same thing at several times: a target's history, the heat
 * map of verdicts, two runs beside each other, changes.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"

#define HEATMAP_RUNS 50
#define HEATMAP_RUNS_MAX 500

int cp_api_target_history(struct cp_api_call *call)
{
	int rc;

	call->args.name = cp_uri_param(call->uri, "name");
	call->args.protocol = cp_uri_param(call->uri, "protocol");
	if (call->args.protocol && !*call->args.protocol)
		call->args.protocol = NULL;
	if (!call->args.name || !*call->args.name)
		return cp_api_fail(call, 400, "name is missing: the target as it was asked for");
	call->args.limit = 100;
	rc = cp_api_number(call, "limit", 1, CP_API_LIMIT_MAX, &call->args.limit);
	rc = rc ? rc : cp_api_number(call, "port", 0, 65535, &call->args.port);
	return rc ? rc : cp_api_array(call, "items", CP_ASK_TARGET_HISTORY);
}

/* ---- Heat map ---- */

/* The target whose cells are being read; they come target by target, run by run. */
struct heatmap {
	struct cp_json *json;
	char key[512]; /* name, port and protocol */
	char cells[HEATMAP_RUNS_MAX];
	size_t n_runs;
	bool has_target;
};

static void end_target(struct heatmap *heatmap)
{
	if (!heatmap->has_target)
		return;
	cp_json_string_n(heatmap->json, "cells", strlen("cells"), heatmap->cells, heatmap->n_runs);
	cp_json_object_end(heatmap->json);
	heatmap->has_target = false;
}

/* Whether the cells are those of the target before; makes them so. */
static bool same_target(struct heatmap *heatmap, const struct cp_store_cell *cells)
{
	char key[sizeof(heatmap->key)];
	bool is_same;

	snprintf(key, sizeof(key), "%s\n%lld\n%s", cells[0].text ? cells[0].text : "", (long long)cells[1].number,
	        cells[2].text ? cells[2].text : "");
	is_same = heatmap->has_target && strcmp(key, heatmap->key) == 0;
	memcpy(heatmap->key, key, sizeof(key));
	return is_same;
}

static int take_cell(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct heatmap *heatmap = ctx;
	int64_t at = cells[4].number;

	(void)n;
	if (!same_target(heatmap, cells)) {
		end_target(heatmap);
		cp_json_object(heatmap->json, NULL);
		for (size_t i = 0; i < 4; i++)
			cp_api_cell(heatmap->json, &cells[i]);
		memset(heatmap->cells, '.', sizeof(heatmap->cells));
		heatmap->has_target = true;
	}
	if (at >= 0 && (size_t)at < heatmap->n_runs)
		heatmap->cells[at] = cells[5].text[0];
	return heatmap->json->rc;
}

struct runs {
	struct cp_json *json;
	size_t n;
};

static int take_run(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct runs *runs = ctx;

	runs->n++;
	cp_json_object(runs->json, NULL);
	for (size_t i = 0; i < n; i++)
		cp_api_cell(runs->json, &cells[i]);
	cp_json_object_end(runs->json);
	return runs->json->rc;
}

int cp_api_heatmap(struct cp_api_call *call)
{
	struct heatmap heatmap = {.json = &call->json};
	struct runs runs = {.json = &call->json};
	int rc;

	call->args.limit = HEATMAP_RUNS;
	rc = cp_api_number(call, "runs", 1, HEATMAP_RUNS_MAX, &call->args.limit);
	if (rc)
		return rc;
	cp_json_array(&call->json, "runs");
	rc = cp_store_ask(call->store, CP_ASK_HEATMAP_RUNS, &call->args, take_run, &runs);
	cp_json_array_end(&call->json);
	if (rc)
		return rc;
	heatmap.n_runs = runs.n;
	cp_json_array(&call->json, "targets");
	rc = cp_store_ask(call->store, CP_ASK_HEATMAP_CELLS, &call->args, take_cell, &heatmap);
	end_target(&heatmap);
	cp_json_array_end(&call->json);
	return rc;
}

/* ---- Two runs ---- */

#define SIDE_CELLS 6

/* SIDE_CELLS cells; null when the run does not have the target. */
static void write_side(struct cp_json *json, const char *key, const struct cp_store_cell *cells)
{
	if (cells[0].is_null) {
		cp_json_null(json, key);
		return;
	}
	cp_json_object(json, key);
	for (size_t i = 0; i < SIDE_CELLS; i++)
		cp_api_cell(json, &cells[i]);
	cp_json_object_end(json);
}

/* In the order of CP_ASK_COMPARE_TARGETS. */
static int write_pair(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct cp_json *json = ctx;

	cp_json_object(json, NULL);
	for (size_t i = 0; i < 4; i++)
		cp_api_cell(json, &cells[i]);
	write_side(json, "a", cells + 4);
	write_side(json, "b", cells + 4 + SIDE_CELLS);
	for (size_t i = 4 + 2 * SIDE_CELLS; i < n; i++)
		cp_api_cell(json, &cells[i]);
	cp_json_object_end(json);
	return json->rc;
}

/* A side: the run that a= or b= refers to, of the agent of a_agent= or b_agent=, or else of agent=. */
static int find_side(struct cp_api_call *call, const char *name, const char *agent_name, struct cp_api_run_key *key)
{
	const char *reference = cp_uri_param(call->uri, name), *agent = cp_uri_param(call->uri, agent_name);
	const char *agent_of_both = call->args.agent;
	int rc;

	if (!reference || !*reference)
		return cp_api_fail(call, 400, "a and b are missing: the two runs");
	if (agent && *agent)
		call->args.agent = agent;
	rc = cp_api_find_run(call, reference, key);
	call->args.agent = agent_of_both;
	return rc;
}

int cp_api_compare(struct cp_api_call *call)
{
	struct cp_api_run_key a, b;
	int rc = find_side(call, "a", "a_agent", &a);

	rc = rc ? rc : find_side(call, "b", "b_agent", &b);
	if (rc)
		return rc;
	call->args.agent = a.agent;
	call->args.run = a.run;
	call->args.agent_b = b.agent;
	call->args.run_b = b.run;
	cp_json_int(&call->json, "a", a.run);
	cp_json_string(&call->json, "a_agent", a.agent);
	cp_json_int(&call->json, "b", b.run);
	cp_json_string(&call->json, "b_agent", b.agent);
	cp_json_array(&call->json, "targets");
	rc = cp_store_ask(call->store, CP_ASK_COMPARE_TARGETS, &call->args, write_pair, &call->json);
	cp_json_array_end(&call->json);
	return rc ? rc : cp_api_array(call, "exits", CP_ASK_COMPARE_EXITS);
}

/* ---- Changes ---- */

int cp_api_changes(struct cp_api_call *call)
{
	int rc = cp_api_page(call, 500);

	rc = rc ? rc : cp_api_number(call, "since", 0, INT64_MAX, &call->args.from);
	return rc ? rc : cp_api_list(call, CP_ASK_CHANGES, CP_ASK_N_CHANGES);
}
