// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_sweep.c: what it costs to decide: sweeps over a simulated Internet of
 * 1,000 to 1,048,576 destinations, without a packet. Every answer is a pure
 * function of the slot, the clock is simulated, and replies come 16,384 probes
 * later, so that what they touch is as cold as it is in a real run. Must not
 * know how the sweep decides.
 *
 * usage: bench_sweep [destinations...]
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/sweep.h"
#include "cp_perm.h"

#define N_TTLS 30u
#define BATCH 256u
#define IN_FLIGHT 16384u /* events, a power of two */
#define RING (2 * IN_FLIGHT)
#define SEND_NS 1000u /* a million probes a second */
#define HOP_NS 700000u
#define SILENT_ROUTER_PERCENT 15u
#define SILENT_DEST_PERCENT 10u
#define NEIGHBOURS 64u /* destinations equally far */
#define NEAR_TTLS 3u /* hops that all paths share */

struct internet {
	uint32_t n_dests;
	struct cp_addr *dests;
	struct cp_sweep *sweep;
	uint64_t now_ns;
	uint32_t head, tail; /* of what is in flight */
	struct cp_event events[RING];
};

struct cost {
	uint64_t n_probes, next_ns;
	uint64_t n_replies, reply_ns;
	uint64_t n_turns, turn_ns, longest_turn_ns;
	uint64_t n_near; /* probes of the hops that all paths share */
	uint64_t n_visible, n_found, n_wrong;
	uint64_t n_complete;
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* not what others take */
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_maxrss;
}

/* ---- The Internet, a pure function of destination and TTL ---- */

static uint32_t roll(uint32_t what, uint32_t a, uint32_t b)
{
	return cp_mix32(cp_mix32(what * 0x9e3779b9u ^ a) + b);
}

static uint32_t distance(uint32_t dest)
{
	return 5 + roll(1, dest / NEIGHBOURS, 0) % 16;
}

/* A tree: the first hops are everybody's, four destinations share the last one. */
static uint32_t router(uint32_t dest, uint32_t ttl)
{
	uint32_t left = distance(dest) - ttl;

	return ttl <= NEAR_TTLS || left > 15 ? ttl : roll(2, ttl, dest >> 2 * left);
}

static bool answers(uint32_t dest, uint32_t ttl)
{
	if (ttl >= distance(dest))
		return roll(3, dest, 0) % 100 >= SILENT_DEST_PERCENT;
	return ttl <= NEAR_TTLS || roll(4, router(dest, ttl), ttl) % 100 >= SILENT_ROUTER_PERCENT;
}

static struct cp_addr responder(const struct internet *net, uint32_t dest, uint32_t ttl)
{
	return ttl >= distance(dest) ? net->dests[dest] : cp_addr_from_v4(router(dest, ttl) | 0x80000000u);
}

static void answer(struct internet *net, uint32_t id)
{
	uint32_t slot = cp_id_slot(id), dest = slot / N_TTLS, ttl = slot % N_TTLS + 1, far = distance(dest);
	bool arrived = ttl >= far;

	if (!answers(dest, ttl))
		return;
	net->events[net->tail++ % RING] = (struct cp_event){
	        .tx_ns = net->now_ns,
	        .rx_ns = net->now_ns + (arrived ? far : ttl) * HOP_NS,
	        .from = responder(net, dest, ttl),
	        .slot = slot,
	        .attempt = (uint8_t)cp_id_attempt(id),
	        .kind = arrived ? CP_REPLY_SYN_ACK : CP_REPLY_TIME_EXCEEDED,
	        .icmp_type = arrived ? 0 : 11,
	        .reply_ttl = (uint8_t)(arrived ? 128 - far + 1 : 255 - ttl + 1),
	        .quoted_ttl = arrived ? 0 : 1,
	};
}

/* ---- A run ---- */

static void deliver(struct internet *net, struct cost *cost, uint32_t n_left)
{
	uint32_t n = net->tail - net->head > n_left ? net->tail - net->head - n_left : 0, n_now;
	enum cp_reply_result results[BATCH];
	uint64_t start_ns = clock_ns();

	for (uint32_t i = 0; i < n; i += n_now) {
		uint32_t at = net->head % RING;

		n_now = n - i < BATCH ? n - i : BATCH;
		n_now = at + n_now > RING ? RING - at : n_now;
		cp_sweep_replies(net->sweep, &net->events[at], n_now, results);
		net->head += n_now;
	}
	cost->reply_ns += clock_ns() - start_ns;
	cost->n_replies += n;
}

/* The pass is out: what is in flight arrives, and the wait is slept through. False: the run is over. */
static bool wait_out(struct internet *net, struct cost *cost)
{
	uint64_t start_ns, spent_ns;
	bool done;

	cp_sweep_flushed(net->sweep, net->now_ns);
	deliver(net, cost, 0);
	start_ns = clock_ns();
	net->now_ns += cp_sweep_wait_ns(net->sweep, net->now_ns);
	done = cp_sweep_done(net->sweep, net->now_ns);
	spent_ns = clock_ns() - start_ns;
	cost->turn_ns += spent_ns;
	cost->n_turns++;
	if (spent_ns > cost->longest_turn_ns)
		cost->longest_turn_ns = spent_ns;
	return !done;
}

static void run(struct internet *net, struct cost *cost)
{
	uint32_t ids[BATCH], n;

	for (;;) {
		uint64_t start_ns = clock_ns();

		n = cp_sweep_next(net->sweep, net->now_ns, ids, BATCH);
		cost->next_ns += clock_ns() - start_ns;
		cost->n_probes += n;
		if (n == 0 && !wait_out(net, cost))
			return;
		for (uint32_t i = 0; i < n; i++) {
			net->now_ns += SEND_NS;
			cost->n_near += cp_id_slot(ids[i]) % N_TTLS < NEAR_TTLS;
			answer(net, ids[i]);
		}
		if (n)
			deliver(net, cost, IN_FLIGHT);
	}
}

/* Is what the paths say what there is? */
static void compare(const struct internet *net, struct cost *cost)
{
	for (uint32_t dest = 0; dest < net->n_dests; dest++) {
		struct cp_path path;

		cp_paths_get(cp_sweep_paths(net->sweep), dest, 5, &path);
		cost->n_complete += cp_sweep_path_complete(net->sweep, dest);
		for (uint32_t ttl = 1; ttl <= distance(dest); ttl++) {
			struct cp_addr from = responder(net, dest, ttl);
			const struct cp_hop *hop = &path.hops[ttl - 1];

			cost->n_visible += answers(dest, ttl);
			if (ttl > path.n_hops || hop->kind == CP_REPLY_NONE)
				continue;
			cost->n_found += cp_addr_eq(&hop->addr, &from);
			cost->n_wrong += !cp_addr_eq(&hop->addr, &from);
		}
	}
}

static void print_row(const struct internet *net, const struct cost *cost, uint64_t kib)
{
	printf("%8" PRIu32 " %7.2f %7.1f%% %9.1f %9.1f %6" PRIu64 " %10.3f %10.3f %7.1f %9.4f%% %5" PRIu64 " %9.4f%%\n",
	        net->n_dests, (double)cost->n_probes / net->n_dests,
	        100.0 * (double)cost->n_near / (double)cost->n_probes, (double)cost->next_ns / (double)cost->n_probes,
	        (double)cost->reply_ns / (double)cost->n_replies, cost->n_turns, (double)cost->turn_ns / 1e6,
	        (double)cost->longest_turn_ns / 1e6, (double)kib / 1024,
	        100.0 * (double)cost->n_found / (double)cost->n_visible, cost->n_wrong,
	        100.0 * (double)cost->n_complete / net->n_dests);
}

static int measure(uint32_t n_dests)
{
	struct internet *net = calloc(1, sizeof(*net));
	struct cost cost = {0};
	struct cp_sweep_config config = {
	        .shape = {.n_dests = n_dests, .n_flows = 1, .n_ttls = N_TTLS, .first_ttl = 1},
	        .attempts = 3,
	        .gap = 5,
	        .timeout_ms = 2000,
	        .seed = 1,
	};
	uint64_t before_kib, kib;

	if (!net || !(net->dests = malloc(n_dests * sizeof(*net->dests))))
		return EXIT_FAILURE;
	net->n_dests = n_dests;
	net->now_ns = 1000000000;
	for (uint32_t i = 0; i < n_dests; i++)
		net->dests[i] = cp_addr_from_v4(0x0a000000u + i);
	memset(net->events, 1, sizeof(net->events)); /* resident before the sweep is */
	config.dests = net->dests;
	before_kib = peak_kib();
	if (cp_sweep_new(&config, &net->sweep))
		return EXIT_FAILURE;
	run(net, &cost);
	kib = peak_kib() - before_kib;
	compare(net, &cost);
	print_row(net, &cost, kib);
	cp_sweep_free(net->sweep);
	free(net->dests);
	free(net);
	return EXIT_SUCCESS;
}

/* Each size in a process of its own: the peak of memory is the process's. */
static int measure_apart(uint32_t n_dests)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int rc = measure(n_dests);

		fflush(stdout);
		_exit(rc);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "bench_sweep: %" PRIu32 " destinations: failed\n", n_dests);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = {1000, 65536, 262144, 1048576};
	int rc = EXIT_SUCCESS;

	printf("%u TTLs, %u %% of the routers and %u %% of the destinations silent; MiB: what the sweep adds\n", N_TTLS,
	        SILENT_ROUTER_PERCENT, SILENT_DEST_PERCENT);
	printf("%8s %7s %8s %9s %9s %6s %10s %10s %7s %10s %5s %10s\n", "dests", "probes/", "of it", "next", "reply",
	        "turns", "turns", "longest", "MiB", "hops", "hops", "paths");
	printf("%8s %7s %8s %9s %9s %6s %10s %10s %7s %10s %5s %10s\n", "", "dest", "TTL 1-3", "ns/probe", "ns/reply",
	        "", "ms", "ms", "", "found", "wrong", "complete");
	for (int i = 1; i < argc; i++)
		rc |= measure_apart((uint32_t)strtoul(argv[i], NULL, 10));
	for (size_t i = 0; argc == 1 && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		rc |= measure_apart(sizes[i]);
	return rc;
}
