// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_flow.c: through which ASes the paths of a run leave, and one AS seen by
 * itself.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"

#define HISTORY_RUNS 100 /* of the flow, whose paths are counted run by run */
#define HISTORY_RUNS_MAX 500

int cp_api_flow(struct cp_api_call *call)
{
	struct cp_api_run_key key;
	int rc = cp_api_take_run(call, &key);

	if (rc)
		return rc;
	cp_api_write_key(call, &key);
	rc = cp_api_array(call, "nodes", CP_ASK_FLOW_NODES);
	return rc ? rc : cp_api_array(call, "links", CP_ASK_FLOW_LINKS);
}

int cp_api_egress(struct cp_api_call *call)
{
	struct cp_api_run_key key;
	int rc = cp_api_take_run(call, &key);

	if (rc)
		return rc;
	cp_api_write_key(call, &key);
	return cp_api_array(call, "items", CP_ASK_EGRESS);
}

int cp_api_flow_history(struct cp_api_call *call)
{
	int rc;

	call->args.limit = HISTORY_RUNS;
	rc = cp_api_number(call, "limit", 1, HISTORY_RUNS_MAX, &call->args.limit);
	rc = rc ? rc : cp_api_number(call, "from", 0, INT64_MAX, &call->args.from);
	rc = rc ? rc : cp_api_number(call, "to", 0, INT64_MAX, &call->args.to);
	return rc ? rc : cp_api_array(call, "runs", CP_ASK_FLOW_HISTORY);
}

/* ---- One AS ---- */

static int read_asn(struct cp_api_call *call)
{
	const char *text = call->word[0];
	size_t len;

	if ((text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's'))
		text += 2;
	len = strlen(text);
	if (!len || len > 10 || strspn(text, "0123456789") != len)
		return cp_api_fail(call, 400, "an AS is its number");
	call->args.asn = strtoll(text, NULL, 10);
	if (call->args.asn < 1 || call->args.asn > UINT32_MAX)
		return cp_api_fail(call, 400, "an AS is its number");
	return 0;
}

struct name {
	struct cp_json *json;
	const struct cp_as *as; /* NULL: nothing is known of it here */
};

/* As the run called it, or as it is called here. */
static int write_name(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	const struct name *name = ctx;

	(void)n;
	if (cells[0].text)
		cp_json_string_n(name->json, "as_name", strlen("as_name"), cells[0].text, cells[0].len);
	else
		cp_json_string(name->json, "as_name", name->as ? name->as->name : NULL);
	return 0;
}

static int write_as(struct cp_api_call *call)
{
	struct cp_json *json = &call->json;
	struct name name = {json, cp_asdb_as(call->api->names, (uint32_t)call->args.asn)};
	int rc;

	cp_json_int(json, "asn", call->args.asn);
	rc = cp_store_ask(call->store, CP_ASK_AS_NAME, &call->args, write_name, &name);
	cp_json_string(json, "org", name.as ? name.as->org : NULL);
	cp_json_string(json, "role", name.as ? name.as->role : NULL);
	return rc;
}

int cp_api_as(struct cp_api_call *call)
{
	const char *reference = cp_uri_param(call->uri, "run"), *audit = call->args.audit;
	struct cp_api_run_key key;
	int rc = read_asn(call);

	call->args.limit = HISTORY_RUNS;
	rc = rc ? rc : cp_api_number(call, "limit", 1, CP_API_LIMIT_MAX, &call->args.limit);
	rc = rc ? rc : cp_api_find_run(call, reference && *reference ? reference : "latest", &key);
	if (rc)
		return rc;
	call->args.agent = key.agent;
	call->args.run = key.run;
	cp_api_write_key(call, &key);
	rc = write_as(call);
	rc = rc ? rc : cp_api_array(call, "roles", CP_ASK_AS_ROLES);
	rc = rc ? rc : cp_api_array(call, "handovers", CP_ASK_AS_HANDOVERS);
	rc = rc ? rc : cp_api_array(call, "sites", CP_ASK_AS_SITES);
	rc = rc ? rc : cp_api_array(call, "targets", CP_ASK_AS_TARGETS);
	call->args.audit = audit;
	return rc ? rc : cp_api_array(call, "history", CP_ASK_AS_HISTORY);
}
