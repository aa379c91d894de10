// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * http_clients.c: many HTTP clients at once, badly behaved ones among them.
 *
 *   http_clients ADDR PORT PATH MODE N SECONDS
 *
 * MODE slow: a request that never ends, a byte a second on each connection.
 *      ask:  a whole request; the answer is read.
 *      deaf: a whole request; nothing is read.
 * Prints, when everything has ended or the seconds are over:
 *   "connected N answered N refused N closed N" and the first and last second of a close.
 * answered: status 200; refused: another status.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define N_MAX 4000

enum mode { SLOW, ASK, DEAF };

struct client {
	int fd; /* -1: closed */
	bool is_connected, has_status;
	char head[16];
	size_t n_head;
};

static struct client clients[N_MAX];
static unsigned n_connected, n_answered, n_refused, n_closed;
static double first_close = -1, last_close = -1;

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void close_client(struct client *client, double at)
{
	close(client->fd);
	client->fd = -1;
	n_closed++;
	first_close = first_close < 0 ? at : first_close;
	last_close = at;
}

static void start_client(struct client *client, const struct addrinfo *info)
{
	client->fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (client->fd < 0 || (connect(client->fd, info->ai_addr, info->ai_addrlen) && errno != EINPROGRESS)) {
		perror("http_clients");
		exit(1);
	}
}

static void send_text(struct client *client, const char *text, double at)
{
	if (send(client->fd, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		close_client(client, at);
}

static void read_some(struct client *client, double at)
{
	char block[65536];
	ssize_t n = recv(client->fd, block, sizeof(block), 0);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		close_client(client, at);
		return;
	}
	for (ssize_t i = 0; i < n && client->n_head < sizeof(client->head) - 1; i++)
		client->head[client->n_head++] = block[i];
	if (client->has_status || client->n_head < 12)
		return;
	client->has_status = true;
	if (memcmp(client->head, "HTTP/1.1 200", 12) == 0)
		n_answered++;
	else
		n_refused++;
}

static void first_words(struct client *client, const char *request, double at)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error) {
		close_client(client, at);
		return;
	}
	client->is_connected = true;
	n_connected++;
	send_text(client, request, at);
}

/* One look at all of them. */
static void turn(const char *request, enum mode mode, unsigned n, double at)
{
	static struct pollfd fds[N_MAX];

	for (unsigned i = 0; i < n; i++) {
		short events = clients[i].is_connected ? (mode == DEAF ? 0 : POLLIN) : POLLOUT;

		fds[i] = (struct pollfd){.fd = clients[i].fd, .events = events};
	}
	poll(fds, n, 200);
	for (unsigned i = 0; i < n; i++) {
		struct client *client = &clients[i];

		if (client->fd < 0 || !fds[i].revents)
			continue;
		if (!client->is_connected)
			first_words(client, request, at);
		else if (mode == DEAF)
			close_client(client, at); /* no more than an error can be told here */
		else
			read_some(client, at);
	}
}

static void run(const char *request, enum mode mode, unsigned n, double seconds)
{
	double start = now_s(), next = 1;

	while (now_s() - start < seconds && n_closed < n) {
		double at = now_s() - start;

		turn(request, mode, n, at);
		if (mode != SLOW || at < next)
			continue;
		next = at + 1;
		for (unsigned i = 0; i < n; i++) {
			if (clients[i].fd >= 0 && clients[i].is_connected)
				send_text(&clients[i], "x", at);
		}
	}
}

int main(int argc, char **argv)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	const struct rlimit files = {N_MAX + 100, N_MAX + 100};
	struct addrinfo *info;
	char request[4096];
	enum mode mode;
	unsigned n;

	if (argc != 7 || getaddrinfo(argv[1], argv[2], &hints, &info)) {
		fprintf(stderr, "usage: http_clients ADDR PORT PATH slow|ask|deaf N SECONDS\n");
		return 1;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	mode = strcmp(argv[4], "slow") == 0 ? SLOW : strcmp(argv[4], "ask") == 0 ? ASK : DEAF;
	n = (unsigned)atoi(argv[5]);
	n = n < N_MAX ? n : N_MAX;
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s", argv[3],
	        mode == SLOW  ? "X-Slow: "
	        : mode == ASK ? "Connection: close\r\n\r\n"
	                      : "\r\n");
	for (unsigned i = 0; i < n; i++)
		start_client(&clients[i], info);
	run(request, mode, n, atof(argv[6]));
	printf("connected %u answered %u refused %u closed %u first %.0f last %.0f\n", n_connected, n_answered,
	        n_refused, n_closed, first_close, last_close);
	freeaddrinfo(info);
	return 0;
}
