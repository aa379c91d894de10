/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * api.h: private to serve_*.c and api*.c: what a request is answered
 * out of the store, as JSON (docs/serve.md) or as Prometheus text. Knows HTTP
 * only by what it answers.
 */
#ifndef CP_API_H
#define CP_API_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/asdb.h"
#include "format/json.h"
#include "format/prom_text.h"
#include "io/http.h"
#include "io/store.h"
#include "serve.h"

#define CP_API_JSON "application/json; charset=utf-8"
#define CP_API_LIMIT_MAX 5000
#define CP_API_CHANGE_KINDS 9

/* Bytes that grow; a sink of its own. */
struct cp_api_buffer {
	char *data;
	size_t len;
};
int cp_api_buffer_write(void *ctx, const char *data, size_t len);

/* ---- api_pool.c: connections to the store, each used by one thread at a time ---- */

#define CP_API_POOL 4
struct cp_api_pool {
	pthread_mutex_t lock;
	const char *path; /* borrowed */
	struct {
		struct cp_store *store; /* NULL: none */
		uint64_t device, inode; /* of the file when it was opened */
	} idle[CP_API_POOL];
};
struct cp_api_lease {
	struct cp_store *store;
	uint64_t device, inode;
};
void cp_api_pool_init(struct cp_api_pool *pool, const char *path);
void cp_api_pool_free(struct cp_api_pool *pool);
/* Whether a connection is still to the file that has the path. */
bool cp_api_pool_is_current(const struct cp_api_pool *pool, const struct cp_api_lease *lease);
/* A connection to the file that has the path now: a replaced one is noticed. 0 or -errno with err set. */
int cp_api_pool_take(struct cp_api_pool *pool, struct cp_api_lease *ret_lease, struct cp_err *err);
/* is_sound: it can be used again. */
void cp_api_pool_give(struct cp_api_pool *pool, const struct cp_api_lease *lease, bool is_sound);

/* ---- The whole ---- */

struct cp_api {
	struct cp_serve_settings settings;
	struct cp_api_pool pool;
	struct cp_asdb *names; /* of ASes, built in */
	struct cp_http *http;
	uint64_t started_ms;
	/* Changes seen since the start, by kind; the last: of kinds that are not known. */
	atomic_uint_fast64_t n_changes[CP_API_CHANGE_KINDS + 1];
};
extern const char *const cp_api_change_kinds[CP_API_CHANGE_KINDS];

/* One request being answered. */
struct cp_api_call {
	struct cp_api *api;
	struct cp_store *store;
	const struct cp_uri *uri;
	char word[2][64]; /* what stood for the '*' of the route */
	struct cp_store_args args; /* as the parameters say */
	struct cp_json json;
	unsigned status; /* of an error */
	struct cp_err err;
};

/* Writes one JSON object into call->json. 0; -errno, call->status and err set where it is not the store that failed. */
typedef int cp_api_fn(struct cp_api_call *call);

cp_api_fn cp_api_status, cp_api_runs, cp_api_run, cp_api_targets, cp_api_target; /* api_run.c */
cp_api_fn cp_api_flow, cp_api_egress, cp_api_flow_history, cp_api_as; /* api_flow.c */
cp_api_fn cp_api_target_history, cp_api_heatmap, cp_api_compare, cp_api_changes; /* api_time.c */

/* Answers a path below /api/. */
void cp_api_answer(struct cp_api *api, const struct cp_uri *uri, struct cp_http_response *response);
/* api_metrics.c: answers /metrics (agent=: of that agent's runs), also when the store cannot be read. */
void cp_api_metrics(struct cp_api *api, const struct cp_uri *uri, struct cp_http_response *response);
/* api_watch.c: its part of what a watch that serves counts itself; nothing where nobody watches. */
void cp_api_watch_metrics(struct cp_prom_text *text, const struct cp_api *api);
/* The error that a store which cannot be opened is answered with. */
void cp_api_refuse(struct cp_http_response *response, unsigned status, const char *text);

/* ---- For the endpoints ---- */

int cp_api_fail(struct cp_api_call *call, unsigned status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Reads the number of a parameter into *number, which stays as it is when there is none. */
int cp_api_number(struct cp_api_call *call, const char *name, int64_t min, int64_t max, int64_t *number);
/* limit and offset into call->args. */
int cp_api_page(struct cp_api_call *call, int64_t fallback);
/* Finds the run of a reference (latest, a number, before:MS) among those that agent and audit allow. */
struct cp_api_run_key {
	char agent[256];
	int64_t run;
	bool has_ended;
};
int cp_api_find_run(struct cp_api_call *call, const char *reference, struct cp_api_run_key *ret_key);
/* The same for the first word of the route; sets agent and run of call->args, which borrow from *key. */
int cp_api_take_run(struct cp_api_call *call, struct cp_api_run_key *key);

/* "run" and "agent". */
void cp_api_write_key(struct cp_api_call *call, const struct cp_api_run_key *key);

/* Writes a cell as its name says. */
void cp_api_cell(struct cp_json *json, const struct cp_store_cell *cell);
/* Asks, and writes every row as an object into the array `key`. */
int cp_api_array(struct cp_api_call *call, const char *key, enum cp_store_question question);
/* The first cell of the only row; CP_STORE_NULL when it is NULL. */
int cp_api_count(struct cp_api_call *call, enum cp_store_question question, int64_t *ret_n);
/* "items" and "total". */
int cp_api_list(struct cp_api_call *call, enum cp_store_question items, enum cp_store_question total);

#endif
