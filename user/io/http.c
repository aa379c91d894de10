// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * http.c: the server's life: its socket, libmicrohttpd's workers and the clock
 * that looks after slow clients. What a request is answered is http_answer.c's.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_impl.h"

#define N_WORKERS 2u
#define MEMORY_PER_CONNECTION 16384u /* for a request's head and an answer's: longer heads are refused with 431 */
#define BACKLOG 128
#define TICK_NS 500000000

/* ---- the socket ---- */

bool cp_http_is_loopback(const struct cp_addr *addr)
{
	struct cp_addr v6;

	if (cp_addr_is_v4(addr))
		return cp_addr_v4(addr) >> 24 == 127;
	return cp_addr_parse("::1", &v6) == 0 && cp_addr_eq(addr, &v6);
}

static int bind_to(const struct addrinfo *info, int *ret_fd)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, rc = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	        (info->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) ||
	        bind(fd, info->ai_addr, info->ai_addrlen) || listen(fd, BACKLOG))
		rc = -errno;
	if (rc)
		close(fd);
	else
		*ret_fd = fd;
	return rc;
}

static int port_of(int fd, uint16_t *ret_port)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char text[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		return -errno;
	if (getnameinfo((const struct sockaddr *)&addr, len, NULL, 0, text, sizeof(text), NI_NUMERICSERV))
		return -EINVAL;
	*ret_port = (uint16_t)strtoul(text, NULL, 10);
	return 0;
}

static int listen_on(const struct cp_http_settings *settings, int *ret_fd, uint16_t *ret_port, struct cp_err *err)
{
	const struct addrinfo hints = {
	        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	bool is_v4 = cp_addr_is_v4(&settings->addr);
	char text[CP_ADDR_STRLEN], port[8];
	struct addrinfo *info;
	int fd = -1, rc;

	cp_addr_format(&settings->addr, text);
	snprintf(port, sizeof(port), "%u", settings->port);
	rc = getaddrinfo(text, port, &hints, &info) ? -EINVAL : 0;
	if (rc == 0) {
		rc = bind_to(info, &fd);
		freeaddrinfo(info);
	}
	if (rc == 0)
		rc = port_of(fd, ret_port);
	if (rc) {
		if (fd >= 0)
			close(fd);
		return cp_err_set(err, rc, "cannot listen on %s%s%s:%s: %s", is_v4 ? "" : "[", text, is_v4 ? "" : "]",
		        port, strerror(-rc));
	}
	*ret_fd = fd;
	return 0;
}

/* ---- the clock ---- */

static void *tick(void *ctx)
{
	struct cp_http *http = ctx;

	pthread_mutex_lock(&http->clock_lock);
	while (!http->clock_stops) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&http->clock_stop, &http->clock_lock, &until);
		pthread_mutex_unlock(&http->clock_lock);
		cp_http_watch_tick(http, cp_http_now_ns());
		cp_http_events_tick(http, cp_http_now_ns());
		pthread_mutex_lock(&http->clock_lock);
	}
	pthread_mutex_unlock(&http->clock_lock);
	return NULL;
}

static int start_clock(struct cp_http *http)
{
	pthread_condattr_t attr;
	int rc = pthread_condattr_init(&attr);

	if (rc)
		return -rc;
	rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = rc ? rc : pthread_cond_init(&http->clock_stop, &attr);
	pthread_condattr_destroy(&attr);
	if (rc)
		return -rc;
	pthread_mutex_init(&http->clock_lock, NULL); /* of the default kind, which cannot fail */
	rc = pthread_create(&http->clock, NULL, tick, http);
	if (rc) {
		pthread_cond_destroy(&http->clock_stop);
		pthread_mutex_destroy(&http->clock_lock);
	}
	http->has_clock = rc == 0;
	return -rc;
}

static void stop_clock(struct cp_http *http)
{
	if (!http->has_clock)
		return;
	pthread_mutex_lock(&http->clock_lock);
	http->clock_stops = true;
	pthread_cond_signal(&http->clock_stop);
	pthread_mutex_unlock(&http->clock_lock);
	pthread_join(http->clock, NULL);
	pthread_cond_destroy(&http->clock_stop);
	pthread_mutex_destroy(&http->clock_lock);
}

/* ---- the whole ---- */

static void fill_in(struct cp_http_settings *settings)
{
	settings->max_connections = settings->max_connections ? settings->max_connections : 128;
	/* This host's clients all have one address: a browser and Prometheus must not go short because of a third. */
	if (!settings->max_per_address)
		settings->max_per_address = cp_http_is_loopback(&settings->addr) ? settings->max_connections : 64;
	settings->max_subscribers = settings->max_subscribers ? settings->max_subscribers : 32;
	settings->request_s = settings->request_s ? settings->request_s : 15;
	settings->crowded_s = settings->crowded_s ? settings->crowded_s : 3;
	settings->answer_s = settings->answer_s ? settings->answer_s : 60;
}

/* The library decodes nothing: cp_uri_parse() has read the whole of it. */
static size_t leave_escaped(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls;
	(void)connection;
	return strlen(text);
}

static int start_daemon(struct cp_http *http, int fd)
{
	const struct cp_http_settings *s = &http->settings;

	errno = 0;
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME, 0, NULL, NULL,
	        cp_http_answer, http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, N_WORKERS,
	        MHD_OPTION_CONNECTION_LIMIT, s->max_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->max_per_address,
	        MHD_OPTION_CONNECTION_TIMEOUT, s->answer_s + s->request_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	        (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
	        leave_escaped, NULL, MHD_OPTION_URI_LOG_CALLBACK, cp_http_take_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED,
	        cp_http_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, cp_http_watch_connection, http, MHD_OPTION_END);
	return http->daemon ? 0 : errno ? -errno : -ENOMEM;
}

/* Signals are for who called: no thread that is started here takes one. */
static int start_threads(struct cp_http *http, int fd)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = start_daemon(http, fd);
	if (rc)
		close(fd); /* until then it is not the library's */
	rc = rc ? rc : start_clock(http);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int cp_http_start(const struct cp_http_settings *settings, struct cp_http **ret_http, struct cp_err *err)
{
	struct cp_http *http = calloc(1, sizeof(*http));
	int fd = -1, rc;

	if (!http)
		return cp_err_set(err, -ENOMEM, "out of memory");
	http->settings = *settings;
	fill_in(&http->settings);
	rc = listen_on(settings, &fd, &http->port, err);
	if (rc) {
		free(http);
		return rc;
	}
	rc = cp_http_watch_new(http);
	rc = rc ? rc : cp_http_events_new(http);
	if (rc)
		close(fd);
	rc = rc ? rc : start_threads(http, fd);
	if (rc) {
		cp_http_stop(http);
		return cp_err_set(err, rc, "cannot start the HTTP server: %s", strerror(-rc));
	}
	*ret_http = http;
	return 0;
}

void cp_http_stop(struct cp_http *http)
{
	if (!http)
		return;
	stop_clock(http);
	if (http->daemon) {
		cp_http_events_stop(http);
		MHD_stop_daemon(http->daemon);
	}
	cp_http_events_free(http);
	cp_http_watch_free(http);
	free(http);
}

uint16_t cp_http_port(const struct cp_http *http)
{
	return http->port;
}

void cp_http_stats(struct cp_http *http, struct cp_http_stats *ret_stats)
{
	*ret_stats = (struct cp_http_stats){
	        .n_cut = atomic_load(&http->n_cut), .n_subscribers_cut = atomic_load(&http->n_subscribers_cut)};
	for (size_t i = 0; i < sizeof(http->answers) / sizeof(http->answers[0]); i++)
		ret_stats->answers[i] = atomic_load(&http->answers[i]);
	pthread_mutex_lock(&http->connections_lock);
	for (unsigned i = 0; i < http->settings.max_connections; i++)
		ret_stats->n_connections += http->connections[i].phase != CP_HTTP_FREE;
	pthread_mutex_unlock(&http->connections_lock);
	pthread_mutex_lock(&http->events_lock);
	for (unsigned i = 0; i < http->settings.max_subscribers; i++)
		ret_stats->n_subscribers += http->subscribers[i].connection != NULL;
	pthread_mutex_unlock(&http->events_lock);
}
