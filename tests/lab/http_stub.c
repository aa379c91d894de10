// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * http_stub.c: an HTTP server for tests, as bad as it is told to be. Keeps
 * what it is sent; must not know what that is.
 *
 * Usage: http_stub ADDRESS PORT DIRECTORY ANSWER...
 * The nth request is answered with the nth ANSWER, all further ones with the
 * last: a status ("200"), a status with Retry-After ("429/2"), "slow" (nothing
 * for 3 s, then closes), "reset" (after the request was read), "endless" (200
 * and a body without end), "garbage". Requests are kept as DIRECTORY/N.head and
 * N.body, counted from 1. Prints "ready" once it listens.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (2u << 20)

static void keep(const char *directory, unsigned number, const char *suffix, const char *data, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u.%s", directory, number, suffix);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, len, file) != len || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

/* Reads one request. False: it did not come whole. */
static bool read_request(int fd, char *request, size_t *ret_head, size_t *ret_body)
{
	size_t len = 0, head = 0, body = 0;

	while (len < REQUEST_MAX) {
		ssize_t n = read(fd, request + len, REQUEST_MAX - len);
		const char *end, *length;

		if (n <= 0)
			return false;
		len += (size_t)n;
		request[len] = '\0';
		end = strstr(request, "\r\n\r\n");
		if (end && !head) {
			head = (size_t)(end - request) + 4;
			length = strcasestr(request, "\r\nContent-Length:");
			body = length ? strtoul(length + 17, NULL, 10) : 0;
		}
		if (head && len >= head + body) {
			*ret_head = head;
			*ret_body = body;
			return true;
		}
	}
	return false;
}

static void reset(int fd)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		perror("http_stub: send");
}

static void answer_endlessly(int fd)
{
	char junk[4096];

	memset(junk, 'x', sizeof(junk));
	say(fd, "HTTP/1.1 200 OK\r\n\r\n");
	while (send(fd, junk, sizeof(junk), MSG_NOSIGNAL) > 0)
		;
}

static void answer_status(int fd, const char *answer)
{
	const char *after = strchr(answer, '/');
	char text[256];

	snprintf(text, sizeof(text), "HTTP/1.1 %.3s Said\r\n%s%s%sLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
	        answer, after ? "Retry-After: " : "", after ? after + 1 : "", after ? "\r\n" : "");
	say(fd, text);
}

static void serve(int fd, const char *answer)
{
	if (strcmp(answer, "slow") == 0)
		sleep(3);
	else if (strcmp(answer, "reset") == 0)
		reset(fd);
	else if (strcmp(answer, "endless") == 0)
		answer_endlessly(fd);
	else if (strcmp(answer, "garbage") == 0)
		say(fd, "\x1b[31mno such protocol\r\n\r\n");
	else
		answer_status(fd, answer);
}

static int listen_on(const char *address, const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (inet_pton(AF_INET, address, &at.sin_addr) != 1 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	        listen(fd, 16) < 0) {
		perror("http_stub");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	char *request = malloc(REQUEST_MAX + 1);
	unsigned number = 0;
	int fd;

	if (argc < 5 || !request) {
		fprintf(stderr, "usage: http_stub ADDRESS PORT DIRECTORY ANSWER...\n");
		return 2;
	}
	fd = listen_on(argv[1], argv[2]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int peer = accept(fd, NULL, NULL);
		size_t head, body;

		if (peer < 0)
			continue;
		if (read_request(peer, request, &head, &body)) {
			number++;
			keep(argv[3], number, "head", request, head);
			keep(argv[3], number, "body", request + head, body);
			serve(peer, argv[4 + (number < (unsigned)argc - 4 ? number - 1 : (unsigned)argc - 5)]);
		}
		close(peer);
	}
}
