// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * notify.c: owns the socket to the service manager. Never blocks, never prints.
 */
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct cp_notify {
	int fd; /* -1: nobody listens */
	uint64_t watchdog_ns;
};

/* systemd gives the interval to one process, which WATCHDOG_PID names. */
static uint64_t watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long long n;
	char *end;

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	n = strtoull(usec, &end, 10);
	return *end || n > UINT64_MAX / 1000 ? 0 : n * 1000;
}

/* A path, or '@' and an abstract name. */
static int connect_to(const char *name, int *ret_fd)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd;

	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(addr.sun_path))
		return -EINVAL;
	memcpy(addr.sun_path, name, len);
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

int cp_notify_open(struct cp_notify **ret_notify, struct cp_err *err)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct cp_notify *notify = calloc(1, sizeof(*notify));
	int rc = 0;

	if (!notify)
		return cp_err_set(err, -ENOMEM, "out of memory");
	notify->fd = -1;
	if (name && *name)
		rc = connect_to(name, &notify->fd);
	if (rc) {
		free(notify);
		return cp_err_set(
		        err, rc, "cannot reach the service manager's socket (NOTIFY_SOCKET): %s", strerror(-rc));
	}
	if (notify->fd >= 0)
		notify->watchdog_ns = watchdog_ns();
	*ret_notify = notify;
	return 0;
}

void cp_notify_close(struct cp_notify *notify)
{
	if (!notify)
		return;
	if (notify->fd >= 0)
		close(notify->fd);
	free(notify);
}

void cp_notify_send(const struct cp_notify *notify, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int n;

	if (notify->fd < 0)
		return;
	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		send(notify->fd, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1, MSG_NOSIGNAL);
}

uint64_t cp_notify_watchdog_ns(const struct cp_notify *notify)
{
	return notify->watchdog_ns;
}
