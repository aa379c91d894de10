// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_tap.c: attaches tap.bpf.c to an interface of this namespace, says
 * "ready", and at SIGTERM prints "destination ttl nanoseconds" of every probe
 * that was answered: how long the far end took.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tap.h"
#include "tap.skel.h"

static void die(const char *what)
{
	fprintf(stderr, "bench_tap: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void print_stamps(int map)
{
	struct tap_stamp stamp;
	uint32_t key = 0;
	void *before = NULL;

	while (bpf_map_get_next_key(map, before, &key) == 0) {
		char text[INET_ADDRSTRLEN];
		struct in_addr addr;

		before = &key;
		if (bpf_map_lookup_elem(map, &key, &stamp) || !stamp.out_ns)
			continue;
		addr.s_addr = htonl(stamp.destination);
		printf("%s %u %llu\n", inet_ntop(AF_INET, &addr, text, sizeof(text)), stamp.ttl,
		        stamp.out_ns - stamp.in_ns);
	}
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter);
	struct bpf_link *link;
	struct tap *skel;
	sigset_t set;
	int signo;

	if (argc != 2) {
		fprintf(stderr, "usage: bench_tap INTERFACE\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	skel = tap__open_and_load();
	if (!skel)
		die("load");
	hook.ifindex = (int)if_nametoindex(argv[1]);
	filter.prog_fd = bpf_program__fd(skel->progs.tap_out);
	link = bpf_program__attach_xdp(skel->progs.tap_in, hook.ifindex);
	if (!link || bpf_tc_hook_create(&hook) || bpf_tc_attach(&hook, &filter))
		die(argv[1]);
	puts("ready");
	fflush(stdout);
	sigwait(&set, &signo);
	print_stamps(bpf_map__fd(skel->maps.stamps));
	bpf_link__destroy(link);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	bpf_tc_hook_destroy(&hook);
	tap__destroy(skel);
	return 0;
}
