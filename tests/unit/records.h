/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * records.h: hand-made records and a sink in memory, for the tests of the
 * output formats and of the egress statistics. A test states the hops, the
 * AS path and the judgement itself: nothing here is computed by the code
 * under test.
 */
#ifndef CP_TEST_RECORDS_H
#define CP_TEST_RECORDS_H

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/record.h"

/* ---- sink ---- */

struct mem_sink {
	char *buf; /* NUL-terminated */
	size_t len;
	unsigned n_writes;
	unsigned fail_at; /* number of the write that fails with -EPIPE; 0: none */
	unsigned n_after; /* writes after the failed one: a defect */
};

static inline int mem_write(void *ctx, const char *data, size_t len)
{
	struct mem_sink *mem = ctx;

	if (mem->fail_at && mem->n_writes >= mem->fail_at)
		mem->n_after++;
	if (++mem->n_writes == mem->fail_at)
		return -32; /* -EPIPE */
	mem->buf = realloc(mem->buf, mem->len + len + 1);
	assert_non_null(mem->buf);
	memcpy(mem->buf + mem->len, data, len);
	mem->len += len;
	mem->buf[mem->len] = '\0';
	return 0;
}

static inline struct cp_sink mem_sink_of(struct mem_sink *mem)
{
	return (struct cp_sink){.write = mem_write, .ctx = mem};
}

static inline void mem_free(struct mem_sink *mem)
{
	free(mem->buf);
	*mem = (struct mem_sink){0};
}

/* ---- AS names ---- */

static inline struct cp_asdb *make_asdb(void)
{
	static const char names[] = "asn,name,org,role\n"
	                            "8075,Microsoft Corporation,microsoft,microsoft-backbone\n"
	                            "8068,Microsoft Corporation,microsoft,microsoft\n"
	                            "13335,Cloudflare Inc.,cloudflare,cdn-cloudflare\n"
	                            "16625,Akamai Technologies Inc.,akamai,cdn-akamai\n"
	                            "20940,Akamai International B.V.,akamai,cdn-akamai\n"
	                            "3491,PCCW Global (HK) Limited,pccw,tier1\n";
	struct cp_asdb *db = NULL;
	struct cp_err err;

	assert_int_equal(cp_asdb_new(&db), 0);
	assert_int_equal(cp_asdb_add_names(db, names, sizeof(names) - 1, "names", &err), 0);
	assert_int_equal(cp_asdb_seal(db), 0);
	return db;
}

/* ---- targets and paths ---- */

static inline struct cp_addr addr_of(const char *text)
{
	struct cp_addr addr;

	assert_int_equal(cp_addr_parse(text, &addr), 0);
	return addr;
}

struct fixture {
	struct cp_target target;
	struct cp_answer answer;
	struct cp_addr addrs[4];
	char *cname[4];
	struct cp_path path;
	struct cp_judgement judgement;
	struct cp_rec_path rec;
};

/* A target with one address, and an empty path to it. dest NULL: the name did not resolve. */
static inline void fix_target(struct fixture *fix, const char *host, const char *dest)
{
	memset(fix, 0, sizeof(*fix));
	fix->target = (struct cp_target){.host = (char *)host, .port = 443, .proto = IPPROTO_TCP};
	fix->answer = (struct cp_answer){.addrs = fix->addrs, .cname = fix->cname, .status = CP_DNS_NXDOMAIN};
	fix->judgement.exit.last_home = fix->judgement.exit.first_foreign = -1;
	fix->judgement.confidence = fix->judgement.basis = CP_CONF_HIGH;
	if (dest) {
		fix->answer.status = CP_DNS_OK;
		fix->answer.n_addrs = 1;
		fix->addrs[0] = addr_of(dest);
	}
	fix->rec = (struct cp_rec_path){.target = &fix->target,
	        .answer = &fix->answer,
	        .dest = fix->addrs[0],
	        .path = &fix->path,
	        .judgement = &fix->judgement};
}

/* Appends a hop with the origin asn (0: unknown); addr NULL: silent. */
static inline struct cp_hop *fix_hop(struct fixture *fix, const char *addr, uint32_t asn, uint32_t rtt_us)
{
	uint32_t i = fix->path.n_hops++;
	struct cp_hop *hop = &fix->path.hops[i];

	*hop = (struct cp_hop){.ttl = (uint8_t)(i + 1), .attempts = 1};
	if (!addr)
		return hop;
	hop->addr = addr_of(addr);
	hop->rtt_us = rtt_us;
	hop->kind = CP_REPLY_TIME_EXCEEDED;
	hop->icmp_type = 11;
	hop->reply_ttl = 60;
	hop->quoted_ttl = 1;
	if (asn)
		fix->judgement.origins[i] =
		        (struct cp_origin){.kind = CP_ORIGIN_AS, .layer = CP_ASDB_DATABASE, .n_asn = 1, .asn = {asn}};
	return hop;
}

/* The destination's own answer as the last hop. */
static inline void fix_reached(struct fixture *fix, const char *addr, uint32_t asn, uint32_t rtt_us)
{
	struct cp_hop *hop = fix_hop(fix, addr, asn, rtt_us);

	hop->kind = CP_REPLY_SYN_ACK;
	hop->icmp_type = 0;
	hop->quoted_ttl = 0;
	fix->path.reached = true;
	fix->path.end = CP_END_REACHED;
	fix->path.end_kind = CP_REPLY_SYN_ACK;
	fix->judgement.dest_origin = fix->judgement.origins[fix->path.n_hops - 1];
}

static inline void fix_step(struct fixture *fix, enum cp_step_kind kind, uint32_t asn, int first_ttl, int last_ttl)
{
	fix->judgement.as_path[fix->judgement.n_as_path++] = (struct cp_as_step){
	        .kind = (uint8_t)kind, .asn = asn, .first_ttl = (uint8_t)first_ttl, .last_ttl = (uint8_t)last_ttl};
}

/* last_home and first_foreign are indexes of hops. */
static inline void fix_exit(struct fixture *fix, int last_home, int first_foreign)
{
	fix->judgement.exit = (struct cp_exit){
	        .present = true,
	        .ttl_min = last_home < 0 ? 0 : fix->path.hops[last_home].ttl,
	        .ttl_max = first_foreign < 0 ? 0 : fix->path.hops[first_foreign].ttl,
	        .last_home = (int8_t)last_home,
	        .first_foreign = (int8_t)first_foreign,
	};
}

static inline void fix_cname(struct fixture *fix, const char *name)
{
	fix->cname[fix->answer.n_cname++] = (char *)name;
}

#define WHY(reason) (1u << CP_WHY_##reason)

#endif
