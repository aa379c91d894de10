// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * http_events.c: subscribers of server-sent events. A stream with nothing to
 * say is suspended, and resumed by who puts something into its queue. Lock
 * order: the library's of a response, then events_lock, then the library's of
 * a worker.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_impl.h"

#define NS_PER_S 1000000000ull
#define BLOCK 4096

int cp_http_events_new(struct cp_http *http)
{
	int rc;

	http->subscribers = calloc(http->settings.max_subscribers, sizeof(*http->subscribers));
	if (!http->subscribers)
		return -ENOMEM;
	rc = pthread_mutex_init(&http->events_lock, NULL);
	if (rc) {
		free(http->subscribers);
		http->subscribers = NULL;
	}
	return -rc;
}

void cp_http_events_free(struct cp_http *http)
{
	if (!http->subscribers)
		return;
	for (unsigned i = 0; i < http->settings.max_subscribers; i++)
		free(http->subscribers[i].queue);
	free(http->subscribers);
	pthread_mutex_destroy(&http->events_lock);
}

/* ---- one subscriber; events_lock is held ---- */

static void wake(struct cp_http_subscriber *subscriber)
{
	if (!subscriber->is_suspended)
		return;
	subscriber->is_suspended = false;
	MHD_resume_connection(subscriber->connection);
}

static void say(struct cp_http_subscriber *subscriber, const char *text, size_t len)
{
	if (EVENT_QUEUE - subscriber->n_queued < len) {
		if (!subscriber->is_over)
			atomic_fetch_add(&subscriber->http->n_subscribers_cut, 1);
		subscriber->is_over = true;
	} else {
		memcpy(subscriber->queue + subscriber->n_queued, text, len);
		subscriber->n_queued += len;
	}
	subscriber->spoken_ns = cp_http_now_ns();
	wake(subscriber);
}

/* ---- the library's side ---- */

static ssize_t next_block(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct cp_http_subscriber *subscriber = cls;
	struct cp_http *http = subscriber->http;
	size_t n;

	(void)pos;
	pthread_mutex_lock(&http->events_lock);
	n = subscriber->n_queued < max ? subscriber->n_queued : max;
	memcpy(buf, subscriber->queue, n);
	subscriber->n_queued -= n;
	memmove(subscriber->queue, subscriber->queue + n, subscriber->n_queued);
	if (n == 0 && !http->is_stopping && !subscriber->is_over) {
		subscriber->is_suspended = true;
		MHD_suspend_connection(subscriber->connection);
	}
	if (n == 0 && !subscriber->is_suspended) {
		pthread_mutex_unlock(&http->events_lock);
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	pthread_mutex_unlock(&http->events_lock);
	return (ssize_t)n;
}

static void leave(void *cls)
{
	struct cp_http_subscriber *subscriber = cls;

	pthread_mutex_lock(&subscriber->http->events_lock);
	subscriber->connection = NULL;
	free(subscriber->queue);
	subscriber->queue = NULL;
	pthread_mutex_unlock(&subscriber->http->events_lock);
}

/* events_lock is held. NULL: no room, or no memory. */
static struct cp_http_subscriber *place(struct cp_http *http, struct MHD_Connection *connection)
{
	static const char hello[] = "retry: 3000\n: coldpotato\n\n";

	for (unsigned i = 0; i < http->settings.max_subscribers && !http->is_stopping; i++) {
		struct cp_http_subscriber *subscriber = &http->subscribers[i];

		if (subscriber->connection)
			continue;
		*subscriber = (struct cp_http_subscriber){.http = http, .queue = malloc(EVENT_QUEUE)};
		if (!subscriber->queue)
			return NULL;
		subscriber->connection = connection;
		say(subscriber, hello, sizeof(hello) - 1);
		return subscriber;
	}
	return NULL;
}

struct MHD_Response *cp_http_events_join(struct cp_http *http, struct MHD_Connection *connection)
{
	struct cp_http_subscriber *subscriber;
	struct MHD_Response *response;

	pthread_mutex_lock(&http->events_lock);
	subscriber = place(http, connection);
	pthread_mutex_unlock(&http->events_lock);
	if (!subscriber)
		return NULL;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, next_block, subscriber, leave);
	if (!response)
		leave(subscriber);
	return response;
}

/* ---- from outside ---- */

static void say_to_all(struct cp_http *http, const char *text, size_t len)
{
	pthread_mutex_lock(&http->events_lock);
	for (unsigned i = 0; i < http->settings.max_subscribers; i++) {
		if (http->subscribers[i].connection)
			say(&http->subscribers[i], text, len);
	}
	pthread_mutex_unlock(&http->events_lock);
}

int cp_http_publish(struct cp_http *http, const char *name, const char *data, size_t len)
{
	size_t n_head = strlen("event: \ndata: ") + strlen(name), size = n_head + len + 2;
	char *text;

	if (size > EVENT_QUEUE)
		return -E2BIG;
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	snprintf(text, n_head + 1, "event: %s\ndata: ", name);
	memcpy(text + n_head, data, len);
	memcpy(text + n_head + len, "\n\n", 3);
	say_to_all(http, text, size);
	free(text);
	return 0;
}

/* The library does not look at a suspended connection; as long as it is that, its descriptor stays. */
static bool has_left(const struct cp_http_subscriber *subscriber)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(subscriber->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd fd = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void cp_http_events_tick(struct cp_http *http, uint64_t now_ns)
{
	static const char comment[] = ": still here\n\n";

	pthread_mutex_lock(&http->events_lock);
	for (unsigned i = 0; i < http->settings.max_subscribers; i++) {
		struct cp_http_subscriber *subscriber = &http->subscribers[i];

		if (subscriber->is_suspended && has_left(subscriber)) {
			subscriber->is_over = true;
			wake(subscriber);
		} else if (subscriber->connection && now_ns > subscriber->spoken_ns &&
		           now_ns - subscriber->spoken_ns >= EVENT_COMMENT_S * NS_PER_S) {
			say(subscriber, comment, sizeof(comment) - 1);
		}
	}
	pthread_mutex_unlock(&http->events_lock);
}

void cp_http_events_stop(struct cp_http *http)
{
	pthread_mutex_lock(&http->events_lock);
	http->is_stopping = true;
	for (unsigned i = 0; i < http->settings.max_subscribers; i++) {
		if (http->subscribers[i].connection)
			wake(&http->subscribers[i]);
	}
	pthread_mutex_unlock(&http->events_lock);
}
