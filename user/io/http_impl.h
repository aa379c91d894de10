/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * http_impl.h: private to http*.c: the server with its two tables, of
 * connections (http_watch.c) and of subscribers (http_events.c). Each has a
 * lock of its own; no function holds both.
 */
#ifndef CP_HTTP_IMPL_H
#define CP_HTTP_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "http.h"

#define EVENT_QUEUE 65536u /* bytes that may wait for a subscriber */
#define EVENT_COMMENT_S 15u /* silence after which a comment is sent, so that a dead client is noticed */

enum cp_http_phase {
	CP_HTTP_FREE = 0,
	CP_HTTP_ASKING, /* the request is not complete */
	CP_HTTP_ANSWERING,
	CP_HTTP_STREAMING,
};

struct cp_http_connection {
	struct cp_http *http;
	enum cp_http_phase phase;
	bool is_cut;
	int fd; /* the library's; not to be closed here */
	uint64_t since_ns; /* of the phase */
};

struct cp_http_subscriber {
	struct cp_http *http;
	struct MHD_Connection *connection; /* NULL: free */
	bool is_suspended, is_over;
	uint64_t spoken_ns;
	size_t n_queued;
	char *queue; /* [EVENT_QUEUE] */
};

struct cp_http {
	struct cp_http_settings settings;
	struct MHD_Daemon *daemon;
	uint16_t port;

	pthread_mutex_t connections_lock;
	struct cp_http_connection *connections; /* [settings.max_connections] */

	pthread_mutex_t events_lock;
	struct cp_http_subscriber *subscribers; /* [settings.max_subscribers] */
	bool is_stopping; /* under events_lock */

	pthread_t clock;
	pthread_mutex_t clock_lock;
	pthread_cond_t clock_stop;
	bool has_clock, clock_stops;

	atomic_uint_fast64_t answers[6], n_cut, n_subscribers_cut;
};

uint64_t cp_http_now_ns(void);

/* ---- http_answer.c: callbacks of the library; cls of the first: the server ---- */

enum MHD_Result cp_http_answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
        const char *version, const char *upload, size_t *n_upload, void **context);
void *cp_http_take_uri(void *cls, const char *uri, struct MHD_Connection *connection);
void cp_http_completed(
        void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code);

/* ---- http_watch.c ---- */

int cp_http_watch_new(struct cp_http *http);
void cp_http_watch_free(struct cp_http *http);
/* MHD_NotifyConnectionCallback; cls: the server. */
void cp_http_watch_connection(
        void *cls, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code);
void cp_http_watch_phase(struct MHD_Connection *connection, enum cp_http_phase phase);
/* Cuts the connections that have been too long in their phase. */
void cp_http_watch_tick(struct cp_http *http, uint64_t now_ns);

/* ---- http_events.c ---- */

int cp_http_events_new(struct cp_http *http);
void cp_http_events_free(struct cp_http *http);
/* A response that streams to the connection; NULL: no room for one more. */
struct MHD_Response *cp_http_events_join(struct cp_http *http, struct MHD_Connection *connection);
void cp_http_events_tick(struct cp_http *http, uint64_t now_ns);
/* Lets every stream end; the library must have no suspended connection when it is stopped. */
void cp_http_events_stop(struct cp_http *http);

#endif
