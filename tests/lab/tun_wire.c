// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tun_wire.c: a link without a link-layer header: a TUN device in each of two
 * network namespaces, what leaves the one arriving at the other. Counts
 * packets that are marked as of another family than they are. Lives for a
 * bounded time.
 *
 *   tun_wire SECONDS NAMESPACE NAMESPACE DEVICE
 *
 * Prints "ready" once both devices are there, and "mismarked N" at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 65536

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

/* Opens a TUN device in a namespace, with the kernel's word on each packet's protocol before it. */
static int open_end(const char *netns, const char *device)
{
	struct ifreq request = {.ifr_flags = IFF_TUN};
	char path[256];
	int ns, fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		return -1;
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	return fd < 0 || ioctl(fd, TUNSETIFF, &request) ? -1 : fd;
}

/* Carries what waits at one end to the other. Returns how many packets were marked wrongly. */
static unsigned carry(int from, int to)
{
	static uint8_t packet[PACKET_MAX];
	unsigned n_mismarked = 0;
	ssize_t n;

	while ((n = read(from, packet, sizeof(packet))) > (ssize_t)sizeof(struct tun_pi)) {
		unsigned version = packet[sizeof(struct tun_pi)] >> 4, marked = packet[2] << 8 | packet[3];

		n_mismarked += marked != (version == 6 ? 0x86dd : 0x0800);
		if (write(to, packet, (size_t)n) < 0 && errno != EAGAIN)
			break;
	}
	return n_mismarked;
}

int main(int argc, char **argv)
{
	unsigned n_mismarked = 0;
	struct pollfd ends[2];
	time_t until;

	if (argc != 5) {
		fprintf(stderr, "usage: tun_wire SECONDS NAMESPACE NAMESPACE DEVICE\n");
		return 2;
	}
	signal(SIGTERM, stop);
	until = time(NULL) + atoi(argv[1]);
	for (int i = 0; i < 2; i++) {
		ends[i] = (struct pollfd){.fd = open_end(argv[2 + i], argv[4]), .events = POLLIN};
		if (ends[i].fd < 0) {
			perror(argv[2 + i]);
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	while (!stopped && time(NULL) < until) {
		poll(ends, 2, 100);
		n_mismarked += carry(ends[0].fd, ends[1].fd);
		n_mismarked += carry(ends[1].fd, ends[0].fd);
	}
	printf("mismarked %u\n", n_mismarked);
	return 0;
}
