// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_report.c: what a path costs after the probing: assembled, judged,
 * counted, written as NDJSON. Paths to as many destinations as asked for come
 * from a simulated Internet, without a packet, and are the same in every run,
 * so that what two versions write can be compared byte by byte.
 *
 * usage: bench_report [destinations [file for the records]]     default 65536
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cp_perm.h"
#include "format/record.h"

#define N_TTLS 30u
#define GAP 8u
#define NEAR_TTLS 3u /* hops that all paths share */
#define N_ROWS 65536u /* a /16 each */
#define HOME 8075u

struct bench {
	uint32_t n_dests;
	struct cp_paths *paths;
	struct cp_asdb *asdb;
	struct cp_home home;
	struct cp_egress *egress;
	void *ndjson;
	FILE *out; /* NULL: nowhere */
	uint64_t n_bytes, n_hops;
	struct cp_path path;
	struct cp_judgement judgement;
};

/* How far a pass over all paths goes. */
enum stage { ASSEMBLE, JUDGE, COUNT, WRITE, STAGES };

static double clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* not what others take */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *must(void *memory)
{
	if (!memory) {
		fputs("bench_report: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

static void check(int rc)
{
	if (rc) {
		fprintf(stderr, "bench_report: %s\n", strerror(-rc));
		exit(1);
	}
}

/* ---- The Internet, a pure function of destination and TTL ---- */

static uint32_t roll(uint32_t what, uint32_t a, uint32_t b)
{
	return cp_mix32(cp_mix32(what * 0x9e3779b9u ^ a) + b);
}

static uint32_t distance(uint32_t dest)
{
	return 9 + roll(1, dest / 64, 0) % 9;
}

static struct cp_addr destination(uint32_t dest)
{
	return cp_addr_from_v4(0xc0000000u + dest * 8);
}

/* A tree: the first hops are everybody's, four destinations share the last one. */
static struct cp_addr router(uint32_t dest, uint32_t ttl)
{
	uint32_t left = distance(dest) - ttl;
	uint32_t number = ttl <= NEAR_TTLS || left > 15 ? ttl : roll(2, ttl, dest >> 2 * left);
	struct cp_addr v6 = {.b = {0x20, 0x01, 0x0d, 0xb8}};

	if (number % 64 != 63)
		return cp_addr_from_v4(0x80000000u | number);
	memcpy(v6.b + 12, &number, sizeof(number));
	return v6;
}

static void answer(struct bench *bench, uint32_t dest, uint32_t ttl)
{
	bool arrived = ttl == distance(dest);
	struct cp_addr addr = destination(dest), from = arrived ? addr : router(dest, ttl);
	uint32_t seed = arrived ? dest : (uint32_t)from.b[15] << 8 | from.b[14];
	struct cp_event event = {
	        .tx_ns = 1000000,
	        .rx_ns = 1000000 + ttl * 700000u + roll(3, dest, ttl) % 500000,
	        .from = from,
	        .slot = dest * N_TTLS + ttl - 1,
	        .kind = arrived ? CP_REPLY_SYN_ACK : CP_REPLY_TIME_EXCEEDED,
	        .icmp_type = arrived ? 0 : 11,
	        .reply_ttl = (uint8_t)(arrived ? 128 - ttl : 255 - ttl),
	        .quoted_ttl = arrived ? 0 : 1,
	};

	cp_paths_sent(bench->paths, event.slot, 0);
	if (roll(4, seed, ttl) % 100 < 15)
		return;
	if (!arrived && roll(5, seed, ttl) % 10 == 0) {
		event.n_mpls = 1;
		event.mpls[0] = roll(6, seed, ttl);
	}
	cp_paths_reply(bench->paths, &event, &addr);
}

static void answer_all(struct bench *bench)
{
	const struct cp_shape shape = {bench->n_dests, 1, N_TTLS, 1};

	check(cp_paths_new(&shape, &bench->paths));
	for (uint32_t dest = 0; dest < bench->n_dests; dest++)
		cp_paths_expect(bench->paths, dest, distance(dest));
	for (uint32_t ttl = 1; ttl < N_TTLS; ttl++) {
		for (uint32_t dest = 0; dest < bench->n_dests; dest++) {
			if (ttl <= distance(dest))
				answer(bench, dest, ttl);
		}
	}
}

/* Who announces it all: three prefixes of four belong to home. */
static void open_asdb(struct bench *bench)
{
	static const char names[] = "asn,name,org,role\n8075,Microsoft Corporation,microsoft,microsoft-backbone\n";
	size_t cap = N_ROWS * 64, len = 0;
	char *text = must(malloc(cap));
	struct cp_err err;
	int rc = cp_asdb_new(&bench->asdb);

	for (uint32_t i = 0; i < N_ROWS; i++) {
		uint32_t prefix = 0x8000u + i / 2, asn = roll(7, i, 0) % 4 ? HOME : 64512 + i % 500;

		len += (size_t)snprintf(text + len, cap - len, "%u.%u.%u.0,%u.%u.%u.255,%u,\"Network %u, Inc.\"\n",
		        prefix >> 8, prefix & 0xff, i % 2 * 128, prefix >> 8, prefix & 0xff, i % 2 * 128 + 127, asn,
		        asn);
	}
	rc = rc ? rc : cp_asdb_add_names(bench->asdb, names, sizeof(names) - 1, "names", &err);
	rc = rc ? rc : cp_asdb_add_rows(bench->asdb, CP_ASDB_OVERLAY, text, len, "rows", &err);
	rc = rc ? rc : cp_asdb_seal(bench->asdb);
	check(rc ? rc : cp_home_parse(bench->asdb, "AS8075", &bench->home, &err));
	free(text);
}

/* ---- The report ---- */

static int take(void *ctx, const char *data, size_t len)
{
	struct bench *bench = ctx;

	bench->n_bytes += len;
	return bench->out && fwrite(data, 1, len, bench->out) != len ? -EIO : 0;
}

static void report(struct bench *bench, uint32_t dest, enum stage stage)
{
	char host[CP_ADDR_STRLEN];
	struct cp_addr addr = destination(dest);
	struct cp_target target = {.host = host, .port = 443, .proto = IPPROTO_TCP};
	struct cp_answer answer = {.status = CP_DNS_LITERAL, .addrs = &addr, .n_addrs = 1};
	struct cp_verdict_input input = {
	        .path = &bench->path,
	        .dest = &addr,
	        .vantage = {HOME, "--vantage-as"},
	        .home = &bench->home,
	        .asdb = bench->asdb,
	};
	struct cp_rec_path rec = {
	        .target = &target,
	        .answer = &answer,
	        .dest = addr,
	        .path = &bench->path,
	        .judgement = &bench->judgement,
	        .asdb = bench->asdb,
	        .tcp_method = "syn",
	};
	struct cp_rec_target summary = {.target = &target, .answer = &answer, .n_dests = 1};

	cp_paths_get(bench->paths, dest, GAP, &bench->path);
	if (stage >= JUDGE)
		cp_judge(&input, &bench->judgement);
	if (stage >= COUNT)
		check(cp_egress_add(bench->egress, dest, &bench->path, &bench->judgement, &bench->home));
	if (stage < WRITE)
		return;
	cp_addr_format(&addr, host);
	check(cp_format_ndjson.path(bench->ndjson, &rec));
	summary.verdict = bench->judgement.verdict;
	check(cp_format_ndjson.target(bench->ndjson, &summary));
	bench->n_hops += bench->path.n_hops;
}

static double pass(struct bench *bench, enum stage stage)
{
	double start_s = clock_s();

	check(cp_egress_new(&bench->egress));
	for (uint32_t dest = 0; dest < bench->n_dests; dest++)
		report(bench, dest, stage);
	cp_egress_free(bench->egress);
	return clock_s() - start_s;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"assembled", "judged", "counted", "written"};
	struct bench *bench = must(calloc(1, sizeof(*bench)));
	struct cp_sink sink = {.write = take, .ctx = bench};
	double s, before_s = 0;

	bench->n_dests = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 65536;
	if (bench->n_dests == 0 || bench->n_dests > 1u << 22) {
		fputs("usage: bench_report [destinations, 4194304 at most [file]]\n", stderr);
		return 2;
	}
	bench->out = argc > 2 ? must(fopen(argv[2], "w")) : NULL;
	check(cp_format_ndjson.open(&sink, &(struct cp_format_options){0}, &bench->ndjson));
	open_asdb(bench);
	answer_all(bench);
	for (enum stage stage = ASSEMBLE; stage < STAGES; stage++) {
		s = pass(bench, stage);
		printf("%-10s %8.2f us a path\n", names[stage], (s - before_s) * 1e6 / bench->n_dests);
		before_s = s;
	}
	printf("%u paths of %.1f hops in %.2f s of CPU, %.0f bytes each\n", bench->n_dests,
	        (double)bench->n_hops / bench->n_dests, s, (double)bench->n_bytes / bench->n_dests);
	cp_format_ndjson.close(bench->ndjson);
	cp_paths_free(bench->paths);
	cp_home_free(&bench->home);
	cp_asdb_free(bench->asdb);
	if (bench->out && fclose(bench->out))
		check(-EIO);
	free(bench);
	return 0;
}
