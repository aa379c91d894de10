// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcp_sink.c: a real TCP server for lab namespaces: the kernel does handshakes
 * and SACK, this accepts, discards and counts. Knows nothing of probes or of
 * the lab's topology. Lives for a bounded time, so that no lab leaves it behind.
 *
 *   tcp_sink [-c | -r] [-b TEXT] [-q N] SECONDS STATSFILE PORT...
 *
 * -c closes each connection once accepted (otherwise the peer closes first),
 * -r resets it; -b speaks first; -q accepts nothing, with room for N in the
 * queue of each port. STATSFILE is replaced on SIGUSR1 and at the end (SIGTERM,
 * SIGINT or after SECONDS): lines "accepted N", "open N", "bytes N", "refused N".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SINK_PORTS_MAX 16

enum sink_kind {
	SINK_LISTENER,
	SINK_CONNECTION,
	SINK_SIGNAL,
	SINK_TIMER,
};

struct sink {
	int epoll_fd;
	int signal_fd;
	int timer_fd;
	int spare_fd; /* given up for a moment to accept-and-drop when out of descriptors */
	const char *stats_path;
	const char *banner; /* or NULL */
	bool close_at_once, reset_at_once;
	int queue; /* of a listener nobody accepts from; 0: we do */
	uint64_t n_accepted;
	uint64_t n_open;
	uint64_t n_bytes;
	uint64_t n_refused; /* accepted and dropped: out of descriptors or memory */
};

static uint64_t sink_tag(enum sink_kind kind, int fd)
{
	return (uint64_t)kind << 32 | (uint32_t)fd;
}

static int sink_watch(const struct sink *sink, enum sink_kind kind, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = sink_tag(kind, fd)};

	return epoll_ctl(sink->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* By rename, so that a reader never sees half a file. */
static int sink_write_stats(const struct sink *sink)
{
	char tmp[4096];
	FILE *file;

	if (snprintf(tmp, sizeof(tmp), "%s.new", sink->stats_path) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	file = fopen(tmp, "w");
	if (!file)
		return -errno;
	fprintf(file, "accepted %llu\nopen %llu\nbytes %llu\nrefused %llu\n", (unsigned long long)sink->n_accepted,
	        (unsigned long long)sink->n_open, (unsigned long long)sink->n_bytes,
	        (unsigned long long)sink->n_refused);
	if (fclose(file))
		return -errno;
	return rename(tmp, sink->stats_path) ? -errno : 0;
}

/* Dual-stack: one socket a port serves 0.0.0.0 and [::]. */
static int sink_listen(const struct sink *sink, uint16_t port)
{
	struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
	int on = 1, off = 0, fd, rc;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	        bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, sink->queue ? sink->queue : 65535)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = sink->queue ? 0 : sink_watch(sink, SINK_LISTENER, fd);
	if (rc)
		close(fd);
	return rc;
}

static void sink_reset(int fd)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* Without this a full descriptor table would leave the connection in the queue and epoll spinning. */
static void sink_refuse(struct sink *sink, int listen_fd)
{
	close(sink->spare_fd);
	close(accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC));
	sink->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sink->n_refused++;
}

static void sink_greet(const struct sink *sink, int fd)
{
	size_t len = strlen(sink->banner);

	/* A new connection's buffer takes a short banner whole; if the peer has reset it already, the read sees that.
	 */
	if (send(fd, sink->banner, len, MSG_NOSIGNAL) != (ssize_t)len)
		shutdown(fd, SHUT_RDWR);
}

static int sink_accept(struct sink *sink, int listen_fd)
{
	int fd, rc;

	fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			sink_refuse(sink, listen_fd);
		return errno == EBADF || errno == EINVAL ? -errno : 0;
	}
	sink->n_accepted++;
	if (sink->banner)
		sink_greet(sink, fd);
	if (sink->reset_at_once) {
		sink_reset(fd);
		return 0;
	}
	if (sink->close_at_once) {
		close(fd);
		return 0;
	}
	rc = sink_watch(sink, SINK_CONNECTION, fd);
	if (rc) {
		close(fd);
		return rc;
	}
	sink->n_open++;
	return 0;
}

static void sink_drain(struct sink *sink, int fd)
{
	char buf[65536];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0) {
		sink->n_bytes += (uint64_t)n;
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(fd);
	sink->n_open--;
}

/* 1: time to end, 0: go on, or -errno. */
static int sink_signal(const struct sink *sink)
{
	struct signalfd_siginfo info;

	if (read(sink->signal_fd, &info, sizeof(info)) != sizeof(info))
		return -EIO;
	if (info.ssi_signo == SIGUSR1)
		return sink_write_stats(sink);
	return 1;
}

static int sink_event(struct sink *sink, const struct epoll_event *event)
{
	int fd = (int)(event->data.u64 & UINT32_MAX);

	switch ((enum sink_kind)(event->data.u64 >> 32)) {
	case SINK_LISTENER:
		return sink_accept(sink, fd);
	case SINK_CONNECTION:
		sink_drain(sink, fd);
		return 0;
	case SINK_SIGNAL:
		return sink_signal(sink);
	case SINK_TIMER:
		break;
	}
	return 1;
}

static int sink_run(struct sink *sink)
{
	struct epoll_event events[64];
	int n, rc = 0;

	while (!rc) {
		n = epoll_wait(sink->epoll_fd, events, 64, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n && !rc; i++)
			rc = sink_event(sink, &events[i]);
	}
	return rc < 0 ? rc : sink_write_stats(sink);
}

static int sink_open(struct sink *sink, time_t seconds)
{
	struct itimerspec lifetime = {.it_value.tv_sec = seconds};
	struct rlimit limit;
	sigset_t set;
	int rc;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit))
			return -errno;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	sink->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sink->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	sink->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	sink->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (sink->epoll_fd < 0 || sink->signal_fd < 0 || sink->timer_fd < 0 || sink->spare_fd < 0)
		return -errno;
	if (timerfd_settime(sink->timer_fd, 0, &lifetime, NULL))
		return -errno;
	rc = sink_watch(sink, SINK_SIGNAL, sink->signal_fd);
	return rc ? rc : sink_watch(sink, SINK_TIMER, sink->timer_fd);
}

static bool sink_number(const char *text, long min, long max, long *ret_value)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

static int sink_usage(void)
{
	fprintf(stderr, "usage: tcp_sink [-c | -r] [-b TEXT] [-q N] SECONDS STATSFILE PORT...\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct sink sink = {0};
	long seconds, port, queue;
	int opt, rc;

	while ((opt = getopt(argc, argv, "crb:q:")) != -1) {
		if (opt == 'c')
			sink.close_at_once = true;
		else if (opt == 'r')
			sink.reset_at_once = true;
		else if (opt == 'q' && sink_number(optarg, 1, 65535, &queue))
			sink.queue = (int)queue;
		else if (opt == 'b')
			sink.banner = optarg;
		else
			return sink_usage();
	}
	if (argc - optind < 3 || argc - optind - 2 > SINK_PORTS_MAX || !sink_number(argv[optind], 1, 86400, &seconds))
		return sink_usage();
	sink.stats_path = argv[optind + 1];
	rc = sink_open(&sink, seconds);
	for (int i = optind + 2; i < argc && !rc; i++) {
		if (!sink_number(argv[i], 1, 65535, &port))
			return sink_usage();
		rc = sink_listen(&sink, (uint16_t)port);
	}
	if (!rc)
		rc = sink_run(&sink);
	if (rc)
		fprintf(stderr, "tcp_sink: %s\n", strerror(-rc));
	return rc ? 1 : 0;
}
