// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * http_watch.c: how long each connection has been in its phase, and the end of
 * those that are too slow: the library's own time-out starts anew with every
 * byte, so that a client that sends one every few seconds would stay for ever.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "http_impl.h"

#define NS_PER_S 1000000000ull

uint64_t cp_http_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int cp_http_watch_new(struct cp_http *http)
{
	int rc;

	http->connections = calloc(http->settings.max_connections, sizeof(*http->connections));
	if (!http->connections)
		return -ENOMEM;
	rc = pthread_mutex_init(&http->connections_lock, NULL);
	if (rc) {
		free(http->connections);
		http->connections = NULL;
	}
	return -rc;
}

void cp_http_watch_free(struct cp_http *http)
{
	if (http->connections)
		pthread_mutex_destroy(&http->connections_lock);
	free(http->connections);
}

static struct cp_http_connection *start(struct cp_http *http, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	for (unsigned i = 0; info && i < http->settings.max_connections; i++) {
		struct cp_http_connection *slot = &http->connections[i];

		if (slot->phase != CP_HTTP_FREE)
			continue;
		*slot = (struct cp_http_connection){
		        .http = http, .phase = CP_HTTP_ASKING, .fd = info->connect_fd, .since_ns = cp_http_now_ns()};
		return slot;
	}
	return NULL;
}

/* The library tells of the end before it closes the descriptor: under the lock, fd is always that connection's. */
void cp_http_watch_connection(
        void *cls, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct cp_http *http = cls;
	struct cp_http_connection *slot = *socket_context;

	pthread_mutex_lock(&http->connections_lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = start(http, connection);
	else if (slot)
		slot->phase = CP_HTTP_FREE;
	pthread_mutex_unlock(&http->connections_lock);
}

void cp_http_watch_phase(struct MHD_Connection *connection, enum cp_http_phase phase)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct cp_http_connection *slot = info ? info->socket_context : NULL;

	if (!slot)
		return;
	pthread_mutex_lock(&slot->http->connections_lock);
	slot->phase = phase;
	slot->since_ns = cp_http_now_ns();
	pthread_mutex_unlock(&slot->http->connections_lock);
}

/* Where there is little room, who does not ask goes first. */
static unsigned time_to_ask(const struct cp_http *http)
{
	const struct cp_http_settings *s = &http->settings;
	unsigned n_used = 0;

	for (unsigned i = 0; i < s->max_connections; i++)
		n_used += http->connections[i].phase != CP_HTTP_FREE;
	return n_used > s->max_connections / 4 * 3 && s->crowded_s < s->request_s ? s->crowded_s : s->request_s;
}

static bool is_late(const struct cp_http_connection *slot, uint64_t now_ns, uint64_t ask_s, uint64_t answer_s)
{
	uint64_t limit_s = slot->phase == CP_HTTP_ASKING ? ask_s : answer_s;

	if (slot->is_cut || (slot->phase != CP_HTTP_ASKING && slot->phase != CP_HTTP_ANSWERING))
		return false;
	return now_ns > slot->since_ns && now_ns - slot->since_ns > limit_s * NS_PER_S;
}

void cp_http_watch_tick(struct cp_http *http, uint64_t now_ns)
{
	unsigned ask_s;

	pthread_mutex_lock(&http->connections_lock);
	ask_s = time_to_ask(http);
	for (unsigned i = 0; i < http->settings.max_connections; i++) {
		struct cp_http_connection *slot = &http->connections[i];

		if (!is_late(slot, now_ns, ask_s, http->settings.answer_s))
			continue;
		slot->is_cut = true;
		/* The library sees the end of it and cleans up; one that is gone already is fine, too. */
		if (shutdown(slot->fd, SHUT_RDWR) == 0)
			atomic_fetch_add(&http->n_cut, 1);
	}
	pthread_mutex_unlock(&http->connections_lock);
}
