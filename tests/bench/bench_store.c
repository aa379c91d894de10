// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_store.c: how many hop rows a second the store takes, and how long the
 * history of an AS takes to read. Paths of fifteen hops over runs of twenty
 * thousand paths, made up, the same every time.
 *
 * usage: bench_store FILE [paths [hops]]     default 100000 of 15; FILE must not be there, and is removed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/store.h"

#define PATHS_A_RUN 20000
#define START_MS 1700000000000
#define ASES 40 /* that paths leave through */

static double clock_s(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void check(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench_store: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static void begin(struct cp_store *store, int64_t nth)
{
	struct cp_store_run run;

	cp_store_row_init(CP_STORE_RUNS, &run);
	run.agent = "bench";
	run.started_ms = START_MS + nth * 60000;
	check(cp_store_begin_run(store, &run), "begin_run");
}

static void add_path(struct cp_store *store, int64_t n, int n_hops)
{
	struct cp_store_path path;
	struct cp_store_hop hop;
	char dest[32], ip[32];

	snprintf(dest, sizeof(dest), "198.18.%d.%d", (int)(n % 50000 / 250), (int)(n % 250));
	cp_store_row_init(CP_STORE_PATHS, &path);
	path.agent = "bench";
	path.run = START_MS + n / PATHS_A_RUN * 60000;
	path.seq = path.target = n % PATHS_A_RUN;
	path.dest_ip = dest;
	path.verdict = "transit";
	path.as_path = "8075 3491 64500";
	path.foreign_asn = 64512 + n * 7 % ASES;
	check(cp_store_add(store, CP_STORE_PATHS, &path), "add a path");
	cp_store_row_init(CP_STORE_HOPS, &hop);
	hop.agent = "bench";
	hop.run = path.run;
	hop.path = path.seq;
	hop.ip = ip;
	hop.reply = "time-exceeded";
	hop.ptr = "ae102-0.icr02.fra21.ntwk.msn.net";
	for (int i = 1; i <= n_hops; i++) {
		snprintf(ip, sizeof(ip), "203.0.113.%d", (int)((n + i * 16) % 255));
		hop.ttl = i;
		hop.asn = i < 8 ? 8075 : path.foreign_asn;
		hop.rtt_us = 1000 * i;
		hop.icmp_type = 11;
		hop.icmp_code = 0;
		hop.attempts = 1;
		check(cp_store_add(store, CP_STORE_HOPS, &hop), "add a hop");
	}
}

struct sum {
	int64_t n_runs, n_paths;
};

static int take(void *ctx, const void *row)
{
	const struct cp_store_as_share *share = row;
	struct sum *sum = ctx;

	sum->n_runs++;
	sum->n_paths += share->paths;
	return 0;
}

static void remove_all(const char *path)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-reserve"};
	char name[4096];

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		unlink(name);
	}
}

int main(int argc, char **argv)
{
	int64_t n_paths = argc > 2 ? atoll(argv[2]) : 100000;
	int n_hops = argc > 3 ? atoi(argv[3]) : 15;
	struct cp_store *store;
	struct cp_store_query query;
	struct cp_err err = {.text = ""};
	struct sum sum = {0};
	uint64_t bytes;
	double start, start_cpu, took, took_cpu;

	if (argc < 2 || n_paths < 1 || n_hops < 1 || n_hops > 64 || access(argv[1], F_OK) == 0) {
		fputs("usage: bench_store FILE [paths [hops]]: FILE must not be there\n", stderr);
		return 2;
	}
	if (cp_store_open(argv[1], CP_STORE_WRITE, &store, &err)) {
		fprintf(stderr, "bench_store: %s\n", err.text);
		return 1;
	}
	start = clock_s(CLOCK_MONOTONIC);
	start_cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	for (int64_t n = 0; n < n_paths; n++) {
		if (n % PATHS_A_RUN == 0)
			begin(store, n / PATHS_A_RUN);
		add_path(store, n, n_hops);
	}
	check(cp_store_commit(store), "commit");
	took = clock_s(CLOCK_MONOTONIC) - start;
	took_cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - start_cpu;
	check(cp_store_bytes(store, &bytes), "bytes");
	printf("written        %8.0f hop rows/s  (%lld paths of %d hops in %.2f s, %.2f s of CPU; %.0f bytes a hop "
	       "row)\n",
	        (double)n_paths * n_hops / took, (long long)n_paths, n_hops, took, took_cpu,
	        (double)bytes / (double)(n_paths * n_hops));
	cp_store_query_init(&query);
	start = clock_s(CLOCK_MONOTONIC);
	check(cp_store_as_history(store, 64512, &query, take, &sum), "as_history");
	printf("history of AS  %8.1f ms          (%lld of %lld paths, in %lld runs)\n",
	        (clock_s(CLOCK_MONOTONIC) - start) * 1000, (long long)sum.n_paths, (long long)n_paths,
	        (long long)sum.n_runs);
	cp_store_close(store);
	remove_all(argv[1]);
	return 0;
}
