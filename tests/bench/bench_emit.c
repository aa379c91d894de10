// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_emit.c: frames a second that really leave, by datapath, each beside
 * the ceiling of an empty program in the same run; all on one core. Takes
 * two interfaces of a veth pair in two network namespaces (tests/bench/run).
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cp_perm.h"
#include "cp_wire.h"
#include "io/engine.h"

#include "ceiling.skel.h"

#define N_DESTS 65536u
#define N_TTLS 32u
#define FRAMES_PER_CALL 8192
#define PUSH 4096u

struct bench {
	struct ceiling *skel;
	uint32_t ifindex;
	char ifname[16];
	uint64_t n_frames;
};

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void die(const char *what, int rc)
{
	fprintf(stderr, "bench_emit: %s: %s\n", what, strerror(rc < 0 ? -rc : rc));
	exit(1);
}

static void enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path, errno);
	close(fd);
}

static uint64_t received(const struct bench *bench)
{
	int n_cpus = libbpf_num_possible_cpus();
	uint64_t values[n_cpus > 0 ? n_cpus : 1], sum = 0;
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(bench->skel->maps.received), &zero, values))
		return 0;
	for (int i = 0; i < n_cpus; i++)
		sum += values[i];
	return sum;
}

static double report(const char *what, uint64_t n_sent, uint64_t n_received, double seconds, double ceiling)
{
	double pps = (double)n_received / seconds;

	printf("%-22s %10llu sent %10llu received  %6.2f Mpps", what, (unsigned long long)n_sent,
	        (unsigned long long)n_received, pps / 1e6);
	if (ceiling > 0)
		printf("  %4.0f %% of the ceiling", 100 * pps / ceiling);
	printf("\n");
	return pps;
}

static double run_ceiling(struct bench *bench, bool xdp)
{
	unsigned char frame[CP_SYN4_FRAME_LEN] = {[12] = 0x08};
	LIBBPF_OPTS(
	        bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame), .repeat = FRAMES_PER_CALL);
	struct bpf_program *prog = xdp ? bench->skel->progs.ceiling_xdp : bench->skel->progs.ceiling_tc;
	struct bpf_link *link = NULL;
	uint64_t before = received(bench), n_sent = 0;
	double start, seconds;

	if (xdp) {
		link = bpf_program__attach_xdp(prog, (int)bench->ifindex);
		if (!link)
			die("attach", errno);
		opts.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
		opts.batch_size = 64;
	}
	start = now_s();
	for (; n_sent < bench->n_frames; n_sent += FRAMES_PER_CALL) {
		int rc = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);

		if (rc)
			die("run", rc);
	}
	seconds = now_s() - start;
	bpf_link__destroy(link);
	usleep(50000);
	return report(xdp ? "xdp, empty program" : "tc, empty program", n_sent, received(bench) - before, seconds, 0);
}

static void ignore_event(void *ctx, const struct cp_event *event)
{
	(void)ctx;
	(void)event;
}

static struct cp_engine *open_engine(const struct bench *bench, bool xdp)
{
	struct cp_engine_config config = {
	        .datapath = xdp ? CP_DATAPATH_XDP : CP_DATAPATH_TC,
	        .ifindexes = {bench->ifindex},
	        .n_ifaces = 1,
	        .n_dests = N_DESTS,
	        .n_flows = 1,
	        .n_ttls = N_TTLS,
	        .first_ttl = 1,
	        .n_nexthops = 1,
	        .port_base = 20000,
	        .token_key = {1, 2, 3, 4},
	        .rate_pps = 100000000,
	};
	struct cp_nexthop nexthop = {.ifindex = bench->ifindex, .dmac = {2, 0, 0, 0, 0, 1}, .smac = {2, 0, 0, 0, 0, 2}};
	struct cp_engine *engine;
	struct cp_err err;

	memcpy(config.ifnames[0], bench->ifname, sizeof(bench->ifname));
	if (cp_engine_open(&config, &engine, &err)) {
		fprintf(stderr, "bench_emit: %s\n", err.text);
		exit(1);
	}
	cp_addr_set_v4(&nexthop.src, (const uint8_t[]){198, 18, 0, 1});
	cp_engine_set_nexthop(engine, 0, &nexthop);
	for (uint32_t i = 0; i < N_DESTS; i++) {
		struct cp_dest dest = {.port = cp_swap16(443), .proto = IPPROTO_TCP};

		cp_addr_set_v4(&dest.addr, (const uint8_t[]){198, 19, (uint8_t)(i >> 8), (uint8_t)i});
		cp_engine_set_dest(engine, i, &dest);
	}
	return engine;
}

/* The ids to send, in the spread order of a real run, made beforehand: deciding is measured by bench_sweep. */
static uint32_t *make_ids(void)
{
	uint32_t *ids = calloc(N_DESTS * N_TTLS, sizeof(*ids)), key[4] = {5, 6, 7, 8};
	struct cp_perm perm;

	if (!ids)
		die("ids", ENOMEM);
	cp_perm_init(&perm, key, N_DESTS * N_TTLS);
	for (uint32_t i = 0; i < N_DESTS * N_TTLS; i++)
		ids[i] = cp_id_make(cp_perm_at(&perm, i), 0);
	return ids;
}

static void run_ours(struct bench *bench, bool xdp, double ceiling)
{
	struct cp_engine *engine = open_engine(bench, xdp);
	struct cp_engine_stats stats;
	uint32_t *ids = make_ids();
	uint64_t n = 0, before = received(bench);
	struct cp_err err;

	if (cp_engine_start(engine, &err))
		die(err.text, 0);
	while (n < bench->n_frames) {
		if (cp_engine_room(engine) < PUSH) {
			cp_engine_drain(engine, 1, ignore_event, NULL);
			continue;
		}
		int rc = cp_engine_push(engine, CP_WORK_PROBE, ids + n % (N_DESTS * N_TTLS), PUSH);

		if (rc)
			die("push", rc);
		n += PUSH;
	}
	while (!cp_engine_idle(engine) && !cp_engine_error(engine))
		usleep(100);
	cp_engine_stop(engine);
	usleep(50000);
	cp_engine_stats(engine, &stats);
	report(xdp ? "xdp, coldpotato" : "tc, coldpotato", stats.transmitted, received(bench) - before,
	        (double)cp_engine_take_busy_ns(engine) * 1e-9, ceiling);
	cp_engine_close(engine);
	free(ids);
}

int main(int argc, char **argv)
{
	struct bench bench = {.n_frames = 1 << 22};
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter);
	struct bpf_link *sink;
	cpu_set_t cpus;

	if (argc != 5) {
		fprintf(stderr, "usage: bench_emit NETNS IFACE FAR_NETNS FAR_IFACE\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	enter(argv[3]);
	bench.skel = ceiling__open_and_load();
	if (!bench.skel)
		die("load", errno);
	hook.ifindex = (int)if_nametoindex(argv[4]);
	filter.prog_fd = bpf_program__fd(bench.skel->progs.ceiling_sink_tc);
	sink = bpf_program__attach_xdp(bench.skel->progs.ceiling_sink_xdp, hook.ifindex);
	if (!sink || bpf_tc_hook_create(&hook) || bpf_tc_attach(&hook, &filter))
		die("attach sinks", errno);
	enter(argv[1]);
	bench.ifindex = if_nametoindex(argv[2]);
	snprintf(bench.ifname, sizeof(bench.ifname), "%s", argv[2]);
	bench.skel->bss->out_ifindex = bench.ifindex;
	run_ours(&bench, true, run_ceiling(&bench, true));
	bpf_link__destroy(sink);
	bench.n_frames = 1 << 20;
	run_ours(&bench, false, run_ceiling(&bench, false));
	ceiling__destroy(bench.skel);
	return 0;
}
