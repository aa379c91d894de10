// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_asdb.c: how long a table of 515,000 ranges takes to load, and how many
 * lookups a second it answers. The table is synthetic, of a fixed seed, or what
 * the files have that are named (any format that --asdb takes).
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/asdb.h"
#include "io/asfile.h"

#define N_V4 412000u
#define N_V6 103000u
#define N_ASNS 80000u
#define N_QUERIES (1u << 20)
#define N_ROUNDS 8
#define LINE_MAX_BYTES 160
#define FILE_MAX_BYTES ((size_t)1 << 30)

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed * 0x2545f4914f6cdd1dull >> 16;
}

/* IPv4 from 1.0.0.0 to 223.255.255.255 in order, with gaps, as real tables are. */
static size_t write_v4(char *text, uint64_t *seed)
{
	uint32_t step = (0xdfffffffu - 0x01000000u) / N_V4;
	size_t len = 0;

	for (uint32_t i = 0; i < N_V4; i++) {
		struct cp_addr first = cp_addr_from_v4(0x01000000u + i * step);
		struct cp_addr last = cp_addr_from_v4(0x01000000u + i * step + (uint32_t)(next_random(seed) % step));
		char buf[2][CP_ADDR_STRLEN];
		uint32_t asn = 1 + (uint32_t)(next_random(seed) % N_ASNS);

		len += (size_t)sprintf(text + len, "%s,%s,%" PRIu32 ",\"Network %" PRIu32 ", Inc.\"\n",
		        cp_addr_format(&first, buf[0]), cp_addr_format(&last, buf[1]), asn, asn);
	}
	return len;
}

static struct cp_addr v6_addr(uint32_t prefix, uint8_t fill)
{
	struct cp_addr addr = {.b = {0x2a}};

	addr.b[1] = (uint8_t)(prefix >> 24);
	addr.b[2] = (uint8_t)(prefix >> 16);
	addr.b[3] = (uint8_t)(prefix >> 8);
	addr.b[4] = (uint8_t)prefix;
	memset(addr.b + 5, fill, 11);
	return addr;
}

static size_t write_v6(char *text, uint64_t *seed)
{
	uint32_t step = UINT32_MAX / N_V6;
	size_t len = 0;

	for (uint32_t i = 0; i < N_V6; i++) {
		struct cp_addr first = v6_addr(i * step, 0);
		struct cp_addr last = v6_addr(i * step + (uint32_t)(next_random(seed) % step), 0xff);
		char buf[2][CP_ADDR_STRLEN];

		len += (size_t)sprintf(text + len, "%s,%s,%" PRIu32 "\n", cp_addr_format(&first, buf[0]),
		        cp_addr_format(&last, buf[1]), 1 + (uint32_t)(next_random(seed) % N_ASNS));
	}
	return len;
}

static struct cp_asdb *load(const char *text, size_t len)
{
	uint64_t start = now_ns();
	struct cp_asdb *db = NULL;
	struct cp_err err = {""};

	if (cp_asdb_new(&db) || cp_asdb_add_rows(db, CP_ASDB_DATABASE, text, len, "synthetic", &err) ||
	        cp_asdb_seal(db)) {
		fprintf(stderr, "bench_asdb: %s\n", err.text);
		cp_asdb_free(db);
		return NULL;
	}
	printf("asdb load: %zu rows, %.1f MB of text, %.3f s\n", cp_asdb_n_rows(db, CP_ASDB_DATABASE),
	        (double)len / 1e6, (double)(now_ns() - start) / 1e9);
	return db;
}

/* Each file a source of its own, as for a run. */
static struct cp_asdb *load_files(char **paths, int n_paths)
{
	uint64_t start = now_ns();
	struct cp_asdb *db = NULL;
	struct cp_err err = {"out of memory"};
	int rc = cp_asdb_new(&db);

	for (int i = 0; i < n_paths && rc == 0; i++) {
		struct cp_asfile_info info;

		cp_asdb_next_source(db);
		rc = cp_asfile_load(paths[i], FILE_MAX_BYTES, CP_ASDB_DATABASE, db, &info, &err);
	}
	if (rc || cp_asdb_seal(db)) {
		fprintf(stderr, "bench_asdb: %s\n", err.text);
		cp_asdb_free(db);
		return NULL;
	}
	printf("asdb load: %zu rows of %d files, %zu ranges disputed, %.3f s\n", cp_asdb_n_rows(db, CP_ASDB_DATABASE),
	        n_paths, cp_asdb_n_disputed(db), (double)(now_ns() - start) / 1e9);
	return db;
}

static void measure(const struct cp_asdb *db, const char *what, const struct cp_addr *queries)
{
	uint64_t n_known = 0, start = now_ns();

	for (unsigned int round = 0; round < N_ROUNDS; round++) {
		for (uint32_t i = 0; i < N_QUERIES; i++) {
			struct cp_origin origin;

			cp_asdb_lookup(db, &queries[i], &origin);
			n_known += origin.kind == CP_ORIGIN_AS;
		}
	}

	uint64_t n = (uint64_t)N_QUERIES * N_ROUNDS;

	printf("asdb lookup %s: %.1f M/s (%.0f %% of the addresses known)\n", what,
	        (double)n * 1e3 / (double)(now_ns() - start), 100.0 * (double)n_known / (double)n);
}

static struct cp_asdb *load_synthetic(uint64_t *seed)
{
	char *text = malloc((size_t)(N_V4 + N_V6) * LINE_MAX_BYTES);
	struct cp_asdb *db = NULL;

	if (text) {
		size_t len = write_v4(text, seed);

		len += write_v6(text + len, seed);
		db = load(text, len);
	}
	free(text);
	return db;
}

int main(int argc, char **argv)
{
	uint64_t seed = 20250101;
	struct cp_addr *v4 = calloc(N_QUERIES, sizeof(*v4)), *v6 = calloc(N_QUERIES, sizeof(*v6));
	struct cp_asdb *db = NULL;

	if (v4 && v6)
		db = argc > 1 ? load_files(argv + 1, argc - 1) : load_synthetic(&seed);
	if (db) {
		for (uint32_t i = 0; i < N_QUERIES; i++) {
			v4[i] = cp_addr_from_v4((uint32_t)next_random(&seed));
			v6[i] = v6_addr((uint32_t)next_random(&seed), (uint8_t)next_random(&seed));
		}
		measure(db, "IPv4", v4);
		measure(db, "IPv6", v6);
	}
	cp_asdb_free(db);
	free(v4);
	free(v6);
	return db ? EXIT_SUCCESS : EXIT_FAILURE;
}
