// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_park.c: attaches the XDP emitter where it sees no packet, for a run
 * whose interfaces carry somebody else's XDP program. A live-frame run of a
 * program that is attached nowhere takes 25 ms; where it is attached does not
 * matter. The place is the loopback interface of a network namespace that
 * nobody but this process has: link and namespace go when it ends, however.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "engine_impl.h"

#define LOOPBACK_IFINDEX 1 /* in every network namespace */

struct parking {
	int prog_fd, rc;
	struct cp_park park;
};

/* On a thread of its own, since only the thread changes its namespace, and none has to find its way back. */
static void *park_thread(void *arg)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	struct parking *parking = arg;

	if (unshare(CLONE_NEWNET)) {
		parking->rc = -errno;
		return NULL;
	}
	/* The link alone would not keep the namespace. */
	parking->park.netns_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (parking->park.netns_fd < 0) {
		parking->rc = -errno;
		return NULL;
	}
	parking->park.link_fd = bpf_link_create(parking->prog_fd, LOOPBACK_IFINDEX, BPF_XDP, &opts);
	if (parking->park.link_fd < 0)
		parking->rc = parking->park.link_fd;
	return NULL;
}

int cp_park_open(int prog_fd, struct cp_park *ret_park, struct cp_err *err)
{
	struct parking parking = {.prog_fd = prog_fd, .park = CP_PARK_NONE};
	pthread_t thread;
	int rc = -pthread_create(&thread, NULL, park_thread, &parking);

	if (rc == 0) {
		pthread_join(thread, NULL);
		rc = parking.rc;
	}
	if (rc) {
		cp_park_close(&parking.park);
		return cp_err_set(err, rc,
		        "cannot set the XDP emitter up beside another XDP program: %s%s; use --datapath tc",
		        strerror(-rc), rc == -EPERM ? " (it takes CAP_SYS_ADMIN)" : "");
	}
	*ret_park = parking.park;
	return 0;
}

void cp_park_close(struct cp_park *park)
{
	if (park->link_fd >= 0)
		close(park->link_fd);
	if (park->netns_fd >= 0)
		close(park->netns_fd);
	*park = (struct cp_park)CP_PARK_NONE;
}
