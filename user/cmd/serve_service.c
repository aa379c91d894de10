// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * serve_service.c: the service: HTTP server, endpoints and dashboard put
 * together, and a thread that looks into the store every second and tells
 * subscribers what is new. Prints nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "core/builtin.h"
#include "io/host.h"
#include "serve_asset.h"

#define LOOK_NS 1000000000ull
#define VIEW_MS 5000
#define NEWS_MAX 500 /* of a kind, at one look; the rest comes with the next */

/* How far the store has been told. */
struct seen {
	struct cp_api_lease lease; /* store NULL: none */
	int64_t version; /* of the data, of this connection */
	int64_t ended_ms; /* of the newest run */
	int64_t at_ms, seq; /* of the newest change */
};

struct cp_serve {
	struct cp_api api;
	struct cp_assets *assets;
	struct seen seen;
	pthread_t looker;
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool has_looker, stops;
};

/* ---- Requests ---- */

static void handle(void *ctx, const struct cp_http_request *request, struct cp_http_response *response)
{
	struct cp_serve *serve = ctx;
	const char *path = cp_uri_path(request->uri);

	if (strcmp(path, "/api/v1/events") == 0)
		*response = (struct cp_http_response){
		        .status = 200, .type = "text/event-stream; charset=utf-8", .is_events = true};
	else if (strncmp(path, "/api/", 5) == 0)
		cp_api_answer(&serve->api, request->uri, response);
	else if (strcmp(path, "/metrics") == 0)
		cp_api_metrics(&serve->api, request->uri, response);
	else
		cp_assets_answer(serve->assets, request, response);
	if (response->status == 404 && !response->type)
		cp_api_refuse(response, 404, "there is no such page");
}

/* ---- Events ---- */

/* One event whose data is a JSON object. */
struct event {
	struct cp_api_buffer buffer;
	struct cp_json json;
	struct cp_sink sink;
};

static void event_begin(struct event *event)
{
	*event = (struct event){.sink = {.write = cp_api_buffer_write}};
	event->sink.ctx = &event->buffer;
	cp_json_init(&event->json, &event->sink);
	cp_json_object(&event->json, NULL);
}

static int event_send(struct cp_serve *serve, struct event *event, const char *name)
{
	int rc;

	cp_json_object_end(&event->json);
	rc = cp_json_line(&event->json);
	if (rc == 0)
		rc = cp_http_publish(serve->api.http, name, event->buffer.data, event->buffer.len - 1);
	cp_json_free(&event->json);
	free(event->buffer.data);
	return rc;
}

int cp_serve_progress(struct cp_serve *serve, const char *audit, uint64_t n_done, uint64_t n_total)
{
	struct event event;

	event_begin(&event);
	cp_json_string(&event.json, "audit", audit);
	cp_json_uint(&event.json, "done", n_done);
	cp_json_uint(&event.json, "total", n_total);
	return event_send(serve, &event, "progress");
}

static int64_t number(const struct cp_store_cell *cell)
{
	return cell->is_null ? 0 : cell->number;
}

static int send_row(struct cp_serve *serve, const char *name, const struct cp_store_cell *cells, size_t n)
{
	struct event event;
	int rc;

	event_begin(&event);
	for (size_t i = 0; i < n; i++)
		cp_api_cell(&event.json, &cells[i]);
	rc = event_send(serve, &event, name);
	return rc == -E2BIG ? 0 : rc; /* no browser could take it; the list of changes has it */
}

static int tell_run(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct cp_serve *serve = ctx;

	serve->seen.ended_ms = number(&cells[n - 1]);
	return send_row(serve, "run", cells, n);
}

static void count_change(struct cp_api *api, const char *kind)
{
	size_t i = 0;

	while (i < CP_API_CHANGE_KINDS && (!kind || strcmp(kind, cp_api_change_kinds[i]) != 0))
		i++;
	atomic_fetch_add(&api->n_changes[i], 1);
}

static int tell_change(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct cp_serve *serve = ctx;
	const char *kind = NULL, *state = NULL;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(cells[i].name, "kind") == 0)
			kind = cells[i].text;
		else if (strcmp(cells[i].name, "state") == 0)
			state = cells[i].text;
		else if (strcmp(cells[i].name, "seq") == 0)
			serve->seen.seq = number(&cells[i]);
		else if (strcmp(cells[i].name, "at_ms") == 0)
			serve->seen.at_ms = number(&cells[i]);
	}
	/* What settles is as it was before that. */
	if (!state || strcmp(state, "settled") != 0)
		count_change(&serve->api, kind);
	return send_row(serve, "change", cells, n);
}

/* ---- Looking ---- */

static int take_number(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	int64_t *to = ctx;

	(void)n;
	*to = number(&cells[0]);
	return 0;
}

static int take_newest_change(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	struct seen *seen = ctx;

	(void)n;
	seen->at_ms = number(&cells[0]);
	seen->seq = number(&cells[1]);
	return 0;
}

/* What is there already is no news. */
static int take_stock(struct cp_serve *serve, const struct cp_store_args *args)
{
	struct cp_store *store = serve->seen.lease.store;
	int rc = cp_store_ask(store, CP_ASK_LAST_END, args, take_number, &serve->seen.ended_ms);

	serve->seen.at_ms = 0;
	serve->seen.seq = -1;
	return rc ? rc : cp_store_ask(store, CP_ASK_LAST_CHANGE, args, take_newest_change, &serve->seen);
}

static int tell_news(struct cp_serve *serve, struct cp_store_args *args)
{
	struct cp_store *store = serve->seen.lease.store;
	int rc;

	args->limit = NEWS_MAX;
	args->from = serve->seen.ended_ms;
	rc = cp_store_ask(store, CP_ASK_ENDED_RUNS, args, tell_run, serve);
	args->from = serve->seen.at_ms;
	args->seq = serve->seen.seq;
	return rc ? rc : cp_store_ask(store, CP_ASK_NEW_CHANGES, args, tell_change, serve);
}

static int look_inside(struct cp_serve *serve, bool is_new)
{
	struct cp_store *store = serve->seen.lease.store;
	struct cp_store_args args;
	int64_t version = 0;
	int rc;

	cp_store_args_init(&args);
	rc = cp_store_ask(store, CP_ASK_VERSION, &args, take_number, &version);
	if (rc || (!is_new && version == serve->seen.version))
		return rc;
	rc = cp_store_view(store, VIEW_MS);
	rc = rc ? rc : is_new ? take_stock(serve, &args) : tell_news(serve, &args);
	cp_store_view_end(store);
	if (rc == 0)
		serve->seen.version = version;
	return rc;
}

/* A store that cannot be read now is tried again at the next look; who asks for it is told why. */
static void look(struct cp_serve *serve)
{
	struct seen *seen = &serve->seen;
	struct cp_err err = {.text = ""};
	bool is_new = false;

	if (seen->lease.store && !cp_api_pool_is_current(&serve->api.pool, &seen->lease)) {
		cp_store_close(seen->lease.store);
		seen->lease.store = NULL;
	}
	if (!seen->lease.store) {
		if (cp_api_pool_take(&serve->api.pool, &seen->lease, &err))
			return;
		is_new = true;
	}
	if (look_inside(serve, is_new) && is_new) {
		cp_store_close(seen->lease.store);
		seen->lease.store = NULL;
	}
}

static void *look_again(void *ctx)
{
	struct cp_serve *serve = ctx;
	struct timespec until;

	pthread_mutex_lock(&serve->lock);
	while (!serve->stops) {
		pthread_mutex_unlock(&serve->lock);
		look(serve);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += LOOK_NS / 1000000000ull;
		pthread_mutex_lock(&serve->lock);
		if (!serve->stops)
			pthread_cond_timedwait(&serve->stop, &serve->lock, &until);
	}
	pthread_mutex_unlock(&serve->lock);
	return NULL;
}

/* ---- The whole ---- */

static int start_looking(struct cp_serve *serve)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&serve->looker, NULL, look_again, serve);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	serve->has_looker = rc == 0;
	return -rc;
}

static int read_names(struct cp_api *api, struct cp_err *err)
{
	static const char name[] = "asns.csv";
	size_t len;
	const char *text = cp_builtin(name, &len);
	int rc = cp_asdb_new(&api->names);

	rc = rc ? rc : cp_asdb_add_names(api->names, text, len, name, err);
	return rc ? rc : cp_asdb_seal(api->names);
}

static int start(struct cp_serve *serve, const struct cp_serve_settings *settings, struct cp_err *err)
{
	const struct cp_http_settings http = {
	        .addr = settings->addr, .port = settings->port, .handler = handle, .ctx = serve};
	int rc = read_names(&serve->api, err);

	rc = rc ? rc : cp_assets_new(&serve->assets);
	if (rc)
		return cp_err_set(err, rc, "out of memory");
	rc = cp_http_start(&http, &serve->api.http, err);
	if (rc)
		return rc;
	rc = start_looking(serve);
	return rc ? cp_err_set(err, rc, "cannot start a thread: %s", strerror(-rc)) : 0;
}

int cp_serve_start(const struct cp_serve_settings *settings, struct cp_serve **ret_serve, struct cp_err *err)
{
	struct cp_serve *serve = calloc(1, sizeof(*serve));
	pthread_condattr_t attr;
	int rc;

	if (!serve)
		return cp_err_set(err, -ENOMEM, "out of memory");
	serve->api.settings = *settings;
	serve->api.started_ms = cp_host_clock_wall_ms();
	cp_api_pool_init(&serve->api.pool, settings->path);
	pthread_mutex_init(&serve->lock, NULL); /* on Linux none of these can fail */
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&serve->stop, &attr);
	pthread_condattr_destroy(&attr);
	rc = start(serve, settings, err);
	if (rc) {
		cp_serve_stop(serve);
		return rc;
	}
	*ret_serve = serve;
	return 0;
}

void cp_serve_stop(struct cp_serve *serve)
{
	if (!serve)
		return;
	if (serve->has_looker) {
		pthread_mutex_lock(&serve->lock);
		serve->stops = true;
		pthread_cond_signal(&serve->stop);
		pthread_mutex_unlock(&serve->lock);
		pthread_join(serve->looker, NULL);
	}
	cp_http_stop(serve->api.http);
	cp_store_close(serve->seen.lease.store);
	cp_api_pool_free(&serve->api.pool);
	cp_assets_free(serve->assets);
	cp_asdb_free(serve->api.names);
	pthread_cond_destroy(&serve->stop);
	pthread_mutex_destroy(&serve->lock);
	free(serve);
}

uint16_t cp_serve_port(const struct cp_serve *serve)
{
	return cp_http_port(serve->api.http);
}
