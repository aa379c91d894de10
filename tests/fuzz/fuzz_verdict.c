// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_verdict.c: any path that anybody may have measured, with any names on
 * its hops: judged, counted, combined, explained. Aborts when a home verdict
 * shows a foreign hop that no name explains, or when a line for people holds
 * what a terminal obeys.
 *
 * First byte: flags. Second: vantage. Then 8 bytes a hop: whose, its number,
 * RTT, reply TTL, labels, flags, length of the name that follows, kind.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/combine.h"
#include "core/egress.h"
#include "format/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REACHED = 1, LOST = 2, UNASKED = 4, END = 0x70 };

struct world {
	struct cp_asdb *asdb;
	struct cp_home home;
};

struct names {
	char text[CP_TTL_MAX][256];
};

static void require(int promise)
{
	if (!promise)
		abort();
}

static struct world make_world(void)
{
	static const char rows[] = "198.18.0.0/24 8075\n198.18.1.0/24 8068\n198.18.2.0/24 3356\n198.18.3.0/24 13335\n"
	                           "198.18.4.0/24 8075_3356\n198.18.5.0/24 12076\n198.18.6.0/24 1299\n";
	static const char names[] = "asn,name,org,role\n8075,Microsoft,ms,microsoft-backbone\n"
	                            "8068,Microsoft,ms,microsoft\n12076,Microsoft,ms,microsoft-expressroute\n"
	                            "13335,Cloudflare,cf,cdn\n";
	static const char ixps[] = "prefix,ixp\n198.18.7.0/24,LabIX\n";
	struct world world = {0};
	struct cp_err err;

	require(!cp_asdb_new(&world.asdb));
	require(!cp_asdb_add_rows(world.asdb, CP_ASDB_OVERLAY, rows, sizeof(rows) - 1, "rows", &err));
	require(!cp_asdb_add_ixps(world.asdb, ixps, sizeof(ixps) - 1, "ixps", &err));
	require(!cp_asdb_add_names(world.asdb, names, sizeof(names) - 1, "names", &err));
	require(!cp_asdb_seal(world.asdb));
	require(!cp_home_parse(world.asdb, "microsoft", &world.home, &err));
	return world;
}

static struct cp_addr addr_of(uint8_t whose, uint8_t number)
{
	if (whose % 12 >= 10)
		return (struct cp_addr){0};
	if (whose % 12 == 9)
		return cp_addr_from_v4(0x0a000000u | number);
	return cp_addr_from_v4(0xc6120000u | (uint32_t)(whose % 12) << 8 | number); /* 8: nobody's */
}

static void make_path(const uint8_t *data, size_t size, struct cp_path *path, struct names *names)
{
	while (size >= 8 && path->n_hops < CP_TTL_MAX) {
		struct cp_hop *hop = &path->hops[path->n_hops];
		char *name = names->text[path->n_hops];
		size_t len = data[6] < size - 8 ? data[6] : size - 8;

		hop->ttl = (uint8_t)++path->n_hops;
		hop->addr = addr_of(data[0], data[1]);
		hop->kind = cp_addr_is_zero(&hop->addr) ? CP_REPLY_NONE : data[7] % 8;
		hop->rtt_us = data[2] * 400u;
		hop->reply_ttl = data[3];
		hop->n_mpls = data[4] % (CP_MPLS_MAX + 1);
		hop->flags = data[5] & (CP_HOP_LATE | CP_HOP_INFERRED | CP_HOP_OTHER_ADDR);
		hop->attempts = data[7] >> 4;
		memcpy(name, data + 8, len);
		name[len] = '\0';
		hop->ptr = data[6] ? name : NULL;
		data += 8 + len;
		size -= 8 + len;
	}
}

static int take(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		require(data[i] == '\n' || (unsigned char)data[i] >= 0x20);
	return 0;
}

static int tell(void *ctx, enum cp_explain_topic topic, const char *sentence)
{
	cp_explain_line(ctx, 2, topic, false, sentence);
	return 0;
}

static bool is_home(const struct cp_home *home, const struct cp_origin *origin)
{
	return origin->kind == CP_ORIGIN_AS && cp_home_has(home, origin->asn[0]) &&
	       (origin->n_asn < 2 || cp_home_has(home, origin->asn[1]));
}

static void check_inside(const struct cp_path *path, const struct cp_judgement *judgement, const struct cp_home *home)
{
	for (uint32_t i = 0; judgement->verdict == CP_INSIDE && i < path->n_hops; i++) {
		if (cp_addr_is_zero(&path->hops[i].addr) || judgement->origins[i].kind == CP_ORIGIN_SPECIAL)
			continue;
		require(is_home(home, &judgement->origins[i]) || judgement->far_end == 1ull << i);
	}
}

static void explain(const struct cp_path *path, const struct cp_judgement *judgement, const struct world *world,
        const struct cp_addr *dest)
{
	struct cp_target target = {.host = "name.test", .port = 443, .proto = IPPROTO_TCP};
	struct cp_rec_start start = {.home = &world->home, .wall_ms = CP_UNKNOWN};
	struct cp_rec_path rec = {.target = &target,
	        .dest = *dest,
	        .path = path,
	        .judgement = judgement,
	        .asdb = world->asdb,
	        .start = &start};
	struct cp_sink sink = {.write = take};
	struct cp_text text;

	cp_text_init(&text, &sink, 80, false);
	require(!cp_explain(&rec, tell, &text));
	require(!cp_text_flush(&text));
}

static void count(const struct cp_path *paths, struct cp_judgement *judgements, const struct cp_home *home)
{
	const struct cp_egress_row *rows;
	struct cp_combined combined;
	struct cp_egress *egress;
	uint64_t n_total;
	size_t n;

	cp_combine_flows(paths, judgements, 2, home, &combined);
	require(combined.n_paths == 2 && combined.verdict >= judgements[0].verdict &&
	        combined.verdict >= judgements[1].verdict);
	require(!cp_egress_new(&egress));
	cp_egress_group(egress, "group");
	for (int i = 0; i < 2; i++)
		require(!cp_egress_add(egress, 0, &paths[i], &judgements[i], home));
	require(!cp_egress_rows(egress, &rows, &n, &n_total));
	for (size_t i = 0; i < n; i++)
		require(rows[i].n_unanswered <= rows[i].n_probes && rows[i].n_groups == 1);
	cp_egress_free(egress);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t vantages[] = {0, 8075, 8068, 3356, 12076, 13335};
	static struct world world;
	static struct cp_path paths[2];
	static struct cp_judgement judgements[2];
	static struct names names;
	struct cp_addr dest = addr_of(0, 250);
	uint8_t flags = size > 0 ? data[0] : 0;
	struct cp_verdict_input input = {.path = &paths[0],
	        .dest = &dest,
	        .vantage = {size > 1 ? vantages[data[1] % 6] : 0, "--vantage-as"},
	        .replies_lost = flags & LOST,
	        .sack_unavailable = flags & UNASKED};

	if (!world.asdb)
		world = make_world();
	input.home = &world.home;
	input.asdb = world.asdb;
	memset(&paths[0], 0, sizeof(paths[0]));
	if (size > 2)
		make_path(data + 2, size - 2, &paths[0], &names);
	paths[0].end = (uint8_t)((flags & END) >> 4);
	if (paths[0].end > CP_END_INTERRUPTED)
		paths[0].end = CP_END_GAP;
	if (flags & REACHED && paths[0].n_hops) {
		paths[0].reached = true;
		paths[0].end = CP_END_REACHED;
		dest = paths[0].hops[paths[0].n_hops - 1].addr;
	}
	cp_judge(&input, &judgements[0]);
	check_inside(&paths[0], &judgements[0], &world.home);
	explain(&paths[0], &judgements[0], &world, &dest);
	paths[1] = paths[0]; /* the same, but for its first hop */
	paths[1].hops[0].addr = (struct cp_addr){0};
	input.path = &paths[1];
	cp_judge(&input, &judgements[1]);
	count(paths, judgements, &world.home);
	return 0;
}
