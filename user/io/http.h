/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * http.h: a small read-only HTTP/1.1 server (libmicrohttpd) that assumes the
 * worst of its clients: GET and HEAD only, bounded connections, sizes and
 * times, security headers on everything, a Host that cannot be rebound. And
 * server-sent events (WHATWG HTML, 9.2) with bounded queues. Knows neither what
 * is served nor where it comes from.
 *
 * Threads: cp_http_start() starts its own (N_WORKERS and a clock) and returns;
 * no function here waits for a client. The handler is called by the workers,
 * by several at a time, and may take its time: only that worker waits. Everything
 * else may be called by any thread, the handler excepted from calling
 * cp_http_stop().
 */
#ifndef CP_HTTP_H
#define CP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"
#include "core/uri.h"

struct cp_http;

struct cp_http_request {
	const struct cp_uri *uri;
	bool accepts_gzip;
};

/* What the handler answers. It comes as 404 without a body. */
struct cp_http_response {
	unsigned status;
	const char *type; /* Content-Type, a literal */
	char *owned; /* the body: free()d by the server ... */
	const void *fixed; /* ... or bytes that outlive it; NULL: owned */
	size_t len;
	bool is_gzip; /* the body is; Vary is sent whenever there is an entity tag */
	bool is_events; /* no body: the connection becomes a subscriber of cp_http_publish() */
	char etag[72]; /* without quotes; "": none. A request that has it is answered with 304 */
};

typedef void cp_http_handler(void *ctx, const struct cp_http_request *request, struct cp_http_response *response);

struct cp_http_settings {
	struct cp_addr addr; /* to listen on */
	uint16_t port; /* 0: any that is free */
	unsigned max_connections; /* 0 in this and the following: the default */
	unsigned max_per_address;
	unsigned max_subscribers;
	unsigned request_s; /* to get a whole request, also after the one before it */
	unsigned crowded_s; /* the same while more than three quarters of the connections are in use */
	unsigned answer_s; /* for a client to take an answer */
	cp_http_handler *handler;
	void *ctx;
};

/* 0; -errno with err set: the address is in use, is not this host's, ... */
int cp_http_start(const struct cp_http_settings *settings, struct cp_http **ret_http, struct cp_err *err);
/* Ends connections and threads; answers that are on their way are cut. Takes NULL. */
void cp_http_stop(struct cp_http *http);
uint16_t cp_http_port(const struct cp_http *http);
/* Whether only this host can reach an address. */
bool cp_http_is_loopback(const struct cp_addr *addr);

/*
 * Hands an event to every subscriber. name: a literal; data: len bytes in one line. Copies; a subscriber whose queue
 * is full is cut off (its browser comes back by itself). 0, or -E2BIG when no queue could hold it.
 */
int cp_http_publish(struct cp_http *http, const char *name, const char *data, size_t len);

struct cp_http_stats {
	uint64_t answers[6]; /* by the first digit of the status; what the library itself refuses is not in it */
	uint64_t n_cut; /* connections cut because the client was too slow */
	uint64_t n_subscribers_cut; /* subscribers cut because their queue was full */
	unsigned n_connections, n_subscribers; /* now */
};
void cp_http_stats(struct cp_http *http, struct cp_http_stats *ret_stats);

#endif
