// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api.c: which path is which endpoint, what its parameters say, and the answer
 * when it fails. One view of the store a request.
 */
#include "api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sha256.h"

#define VIEW_MS 10000
#define ETAG_BYTES 16

static const struct {
	const char *path; /* '*': any one segment */
	cp_api_fn *fn;
} routes[] = {
        {"/api/v1/status", cp_api_status},
        {"/api/v1/runs", cp_api_runs},
        {"/api/v1/runs/*", cp_api_run},
        {"/api/v1/runs/*/targets", cp_api_targets},
        {"/api/v1/runs/*/targets/*", cp_api_target},
        {"/api/v1/runs/*/flow", cp_api_flow},
        {"/api/v1/runs/*/egress", cp_api_egress},
        {"/api/v1/flow-history", cp_api_flow_history},
        {"/api/v1/targets/history", cp_api_target_history},
        {"/api/v1/heatmap", cp_api_heatmap},
        {"/api/v1/as/*", cp_api_as},
        {"/api/v1/compare", cp_api_compare},
        {"/api/v1/changes", cp_api_changes},
};

int cp_api_buffer_write(void *ctx, const char *data, size_t len)
{
	struct cp_api_buffer *buffer = ctx;
	char *grown = realloc(buffer->data, buffer->len + len + 1);

	if (!grown)
		return -ENOMEM;
	memcpy(grown + buffer->len, data, len);
	buffer->data = grown;
	buffer->len += len;
	grown[buffer->len] = '\0';
	return 0;
}

/* ---- Parameters ---- */

int cp_api_fail(struct cp_api_call *call, unsigned status, const char *fmt, ...)
{
	va_list args;

	call->status = status;
	va_start(args, fmt);
	vsnprintf(call->err.text, sizeof(call->err.text), fmt, args);
	va_end(args);
	return -EINVAL;
}

/* Digits only, at most 18 of them. */
static int read_number(const char *text, int64_t *ret_number)
{
	size_t len = strlen(text);

	if (!len || len > 18 || strspn(text, "0123456789") != len)
		return -EINVAL;
	*ret_number = strtoll(text, NULL, 10);
	return 0;
}

int cp_api_number(struct cp_api_call *call, const char *name, int64_t min, int64_t max, int64_t *number)
{
	const char *text = cp_uri_param(call->uri, name);
	int64_t value;

	if (!text || !*text)
		return 0;
	if (read_number(text, &value) || value < min || value > max)
		return cp_api_fail(
		        call, 400, "%s wants a number from %lld to %lld", name, (long long)min, (long long)max);
	*number = value;
	return 0;
}

int cp_api_page(struct cp_api_call *call, int64_t fallback)
{
	int rc;

	call->args.limit = fallback;
	call->args.offset = 0;
	rc = cp_api_number(call, "limit", 1, CP_API_LIMIT_MAX, &call->args.limit);
	return rc ? rc : cp_api_number(call, "offset", 0, 1000000000, &call->args.offset);
}

static int take_key(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct cp_api_run_key *key = ctx;

	(void)n;
	if (!cells[0].text || cells[0].len >= sizeof(key->agent))
		return -EBADMSG;
	memcpy(key->agent, cells[0].text, cells[0].len + 1);
	key->run = cells[1].number;
	key->has_ended = cells[2].number != 0;
	return 0;
}

int cp_api_find_run(struct cp_api_call *call, const char *reference, struct cp_api_run_key *ret_key)
{
	struct cp_api_run_key key = {.run = CP_STORE_NULL};
	struct cp_store_args args = call->args;
	int rc;

	args.run = args.to = CP_STORE_NULL;
	if (strncmp(reference, "before:", 7) == 0)
		rc = read_number(reference + 7, &args.to);
	else
		rc = strcmp(reference, "latest") == 0 ? 0 : read_number(reference, &args.run);
	if (rc)
		return cp_api_fail(call, 400, "a run is latest, its number or before:MILLISECONDS");
	rc = cp_store_ask(call->store, CP_ASK_FIND_RUN, &args, take_key, &key);
	if (rc)
		return rc;
	if (key.run == CP_STORE_NULL)
		return cp_api_fail(call, 404, "there is no such run");
	*ret_key = key;
	return 0;
}

int cp_api_take_run(struct cp_api_call *call, struct cp_api_run_key *key)
{
	int rc = cp_api_find_run(call, call->word[0], key);

	if (rc)
		return rc;
	call->args.agent = key->agent;
	call->args.run = key->run;
	return 0;
}

void cp_api_write_key(struct cp_api_call *call, const struct cp_api_run_key *key)
{
	cp_json_int(&call->json, "run", key->run);
	cp_json_string(&call->json, "agent", key->agent);
}

/* ---- Rows ---- */

static int write_row(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct cp_json *json = ctx;

	cp_json_object(json, NULL);
	for (size_t i = 0; i < n; i++)
		cp_api_cell(json, &cells[i]);
	cp_json_object_end(json);
	return json->rc;
}

int cp_api_array(struct cp_api_call *call, const char *key, enum cp_store_question question)
{
	int rc;

	cp_json_array(&call->json, key);
	rc = cp_store_ask(call->store, question, &call->args, write_row, &call->json);
	cp_json_array_end(&call->json);
	return rc;
}

static int take_count(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	int64_t *count = ctx;

	(void)n;
	*count = cells[0].is_null ? CP_STORE_NULL : cells[0].number;
	return 0;
}

int cp_api_count(struct cp_api_call *call, enum cp_store_question question, int64_t *ret_n)
{
	return cp_store_ask(call->store, question, &call->args, take_count, ret_n);
}

int cp_api_list(struct cp_api_call *call, enum cp_store_question items, enum cp_store_question total)
{
	int64_t n = 0;
	int rc = cp_api_count(call, total, &n);

	rc = rc ? rc : cp_api_array(call, "items", items);
	cp_json_int(&call->json, "total", n);
	return rc;
}

/* ---- The request ---- */

static cp_api_fn *find_route(const char *path, struct cp_api_call *call)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *want = routes[i].path, *got = path;
		size_t n_words = 0;

		while (*want && *got) {
			size_t len = strcspn(got, "/");

			if (*want != '*') {
				if (*want++ != *got++)
					break;
				continue;
			}
			if (!len || len >= sizeof(call->word[0]))
				break;
			snprintf(call->word[n_words++], sizeof(call->word[0]), "%.*s", (int)len, got);
			want++;
			got += len;
		}
		if (!*want && !*got)
			return routes[i].fn;
	}
	return NULL;
}

void cp_api_refuse(struct cp_http_response *response, unsigned status, const char *text)
{
	struct cp_api_buffer buffer = {.data = NULL};
	const struct cp_sink sink = {.write = cp_api_buffer_write, .ctx = &buffer};
	struct cp_json json;

	cp_json_init(&json, &sink);
	cp_json_object(&json, NULL);
	cp_json_string(&json, "error", text);
	cp_json_object_end(&json);
	if (cp_json_line(&json))
		buffer.len = 0; /* without memory the status has to do */
	cp_json_free(&json);
	*response = (struct cp_http_response){
	        .status = status, .type = CP_API_JSON, .owned = buffer.data, .len = buffer.len};
}

static void set_etag(struct cp_http_response *response)
{
	uint8_t hash[CP_SHA256_LEN];
	char hex[CP_SHA256_HEX];

	cp_sha256(response->owned, response->len, hash);
	snprintf(response->etag, sizeof(response->etag), "%.*s", 2 * ETAG_BYTES, cp_sha256_hex(hash, hex));
}

static void read_common(struct cp_api_call *call)
{
	static const char *const names[] = {"audit", "agent", "group", "verdict", "kind", "q"};
	const char **const to[] = {&call->args.audit, &call->args.agent, &call->args.group, &call->args.verdict,
	        &call->args.kind, &call->args.text};

	cp_store_args_init(&call->args);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*to[i] = cp_uri_param(call->uri, names[i]);
		/* audit= is the audit without a name, and group= the group; nothing else is empty. */
		if (*to[i] && !**to[i] && i != 0 && i != 2)
			*to[i] = NULL;
	}
}

/* 0 or -errno with call->err set. */
static int ask(struct cp_api_call *call, cp_api_fn *fn)
{
	int rc = cp_store_view(call->store, VIEW_MS);

	read_common(call);
	cp_json_object(&call->json, NULL);
	rc = rc ? rc : fn(call);
	cp_json_object_end(&call->json);
	cp_store_view_end(call->store);
	rc = rc ? rc : cp_json_line(&call->json);
	if (rc == 0 || call->status)
		return rc;
	call->status = rc == -EBADMSG || rc == -EIO ? 500 : 503;
	if (rc == -ETIMEDOUT)
		cp_err_set(&call->err, rc, "the store took too long to answer; ask for less");
	else
		cp_err_set(&call->err, rc, "the store cannot be read: %s", strerror(-rc));
	return rc;
}

void cp_api_answer(struct cp_api *api, const struct cp_uri *uri, struct cp_http_response *response)
{
	struct cp_api_buffer buffer = {.data = NULL};
	const struct cp_sink sink = {.write = cp_api_buffer_write, .ctx = &buffer};
	struct cp_api_call call = {.api = api, .uri = uri};
	cp_api_fn *fn = find_route(cp_uri_path(uri), &call);
	struct cp_api_lease lease;
	int rc;

	if (!fn) {
		cp_api_refuse(response, 404, "there is no such endpoint; docs/serve.md lists them");
		return;
	}
	if (cp_api_pool_take(&api->pool, &lease, &call.err)) {
		cp_api_refuse(response, 503, call.err.text);
		return;
	}
	call.store = lease.store;
	cp_json_init(&call.json, &sink);
	rc = ask(&call, fn);
	cp_json_free(&call.json);
	cp_api_pool_give(&api->pool, &lease, rc == 0 || (call.status >= 400 && call.status < 500));
	if (rc) {
		free(buffer.data);
		cp_api_refuse(response, call.status, call.err.text);
		return;
	}
	*response =
	        (struct cp_http_response){.status = 200, .type = CP_API_JSON, .owned = buffer.data, .len = buffer.len};
	set_etag(response);
}
