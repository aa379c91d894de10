/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * import_check.h: any bytes through an import format. What is handed over must
 * be a path that the verdict engine can rely on, and it is judged.
 */
#ifndef CP_FUZZ_IMPORT_CHECK_H
#define CP_FUZZ_IMPORT_CHECK_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

struct import_check {
	struct cp_asdb *asdb;
	struct cp_home home;
	size_t n;
};

static void require(int holds)
{
	if (!holds)
		abort();
}

static void check_hops(const struct cp_path *path)
{
	require(path->n_hops <= CP_TTL_MAX);
	for (uint32_t i = 0; i < path->n_hops; i++) {
		const struct cp_hop *hop = &path->hops[i];

		require(hop->ttl >= 1 && hop->ttl <= CP_TTL_MAX);
		require(i == 0 || hop->ttl == path->hops[i - 1].ttl + 1);
		require(hop->n_mpls <= CP_MPLS_MAX);
		require(hop->kind == CP_REPLY_NONE || !cp_addr_is_zero(&hop->addr));
		require(!hop->ptr || strlen(hop->ptr) < 1u << 30);
	}
	require(path->end <= CP_END_INTERRUPTED);
	require(!path->reached || path->n_hops);
}

static int check_trace(void *ctx, const struct cp_trace *trace)
{
	struct import_check *check = ctx;
	struct cp_judgement judgement;
	const struct cp_verdict_input input = {
	        .path = &trace->path,
	        .dest = &trace->dest,
	        .cname = (const char *const *)trace->answer.cname,
	        .n_cname = trace->answer.n_cname,
	        .vantage = {.asn = trace->vantage_asn},
	        .home = &check->home,
	        .asdb = check->asdb,
	};

	check->n++;
	require(trace->line > 0 && trace->target.host && trace->target.host[0]);
	require(!cp_addr_is_zero(&trace->dest) && trace->answer.n_addrs == 1);
	check_hops(&trace->path);
	cp_judge(&input, &judgement);
	require(judgement.verdict < CP_VERDICTS);
	require(judgement.n_as_path <= CP_TTL_MAX + 1);
	return 0;
}

static void check_bad(void *ctx, size_t line, const char *why)
{
	struct import_check *check = ctx;

	check->n++;
	require(line > 0 && why[0]);
	for (const char *c = why; *c; c++)
		require((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f); /* nothing of the text itself */
}

/* Made once: it costs more than to read an input. */
static const struct import_check *knowledge(void)
{
	static const char rows[] =
	        "192.168.0.0/16 1\n198.18.0.0/16 8075\n198.19.0.0/16 64500\n2001:db8::/32 64501_8075\n";
	static struct import_check made;
	struct cp_err err;

	if (made.asdb)
		return &made;
	require(cp_asdb_new(&made.asdb) == 0);
	require(cp_asdb_add_rows(made.asdb, CP_ASDB_OVERLAY, rows, sizeof(rows) - 1, "rows", &err) == 0);
	require(cp_asdb_seal(made.asdb) == 0);
	require(cp_home_parse(made.asdb, "8075", &made.home, &err) == 0);
	return &made;
}

static void check_import(const struct cp_import_format *format, const uint8_t *data, size_t size)
{
	struct import_check check = *knowledge();
	const struct cp_import_sink sink = {.trace = check_trace, .bad = check_bad, .ctx = &check};
	struct cp_err err = {.text = ""};
	int rc;

	format->match((const char *)data, size);
	rc = format->read((const char *)data, size, "fuzz", &sink, &err);
	require(rc == 0 || (rc == -EINVAL && err.text[0] && check.n == 0));
}

#endif
