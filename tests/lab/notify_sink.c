// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * notify_sink.c: stands in for a service manager: binds a datagram socket and
 * writes each message as one line, "<monotonic ms> <message>", line feeds within
 * it as spaces. Usage: notify_sink PATH, until it is killed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char message[4096];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || fd < 0 || strlen(argv[1]) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "usage: notify_sink PATH\n");
		return 2;
	}
	memcpy(addr.sun_path, argv[1], strlen(argv[1]));
	unlink(argv[1]);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror(argv[1]);
		return 1;
	}
	for (;;) {
		ssize_t n = recv(fd, message, sizeof(message) - 1, 0);
		struct timespec now;

		if (n < 0)
			return 1;
		for (ssize_t i = 0; i < n; i++) {
			if (message[i] == '\n')
				message[i] = ' ';
		}
		message[n] = '\0';
		clock_gettime(CLOCK_MONOTONIC, &now);
		printf("%lld %s\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, message);
		fflush(stdout);
	}
}
