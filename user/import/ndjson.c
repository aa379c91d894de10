// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ndjson.c: our own records as paths to judge anew: hops, destination, CNAME
 * chain and vantage are taken, verdicts are not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_formats.h"
#include "json_records.h"
#include "json_trace.h"
#include "run.h"

/* What was known of a path besides its hops. */
#define DOUBTS (1u << CP_WHY_REPLIES_LOST | 1u << CP_WHY_ROUTE_CHANGED | 1u << CP_WHY_SACK_UNAVAILABLE)

struct ndjson {
	const struct cp_import_sink *sink;
	uint32_t vantage_asn;
	uint64_t wall_ms;
	struct cp_trace trace; /* large: kept off the stack */
};

static int take_start(void *ctx, size_t line, const struct cp_run_start *rec)
{
	struct ndjson *ndjson = ctx;

	(void)line;
	ndjson->vantage_asn = rec->vantage_asn;
	ndjson->wall_ms = rec->wall_ms;
	return 0;
}

static void take_hops(const struct cp_run_path *rec, struct cp_path *path)
{
	for (uint32_t i = 0; i < rec->n_hops; i++) {
		struct cp_hop *hop = &path->hops[i];

		*hop = rec->hops[i].hop;
		/* An import's answers may be of no known kind. */
		if (hop->kind == CP_REPLY_NONE && !cp_addr_is_zero(&hop->addr) && !(hop->flags & CP_HOP_INFERRED))
			hop->kind = CP_REPLY_UNTOLD;
	}
	path->n_hops = rec->n_hops;
	path->n_probes = rec->n_probes > UINT32_MAX ? 0 : (uint32_t)rec->n_probes;
}

/* As it was told; where that is missing, as the hops tell. */
static void take_end(const struct cp_run_path *rec, struct cp_path *path)
{
	const struct cp_hop *last = rec->n_hops ? &path->hops[rec->n_hops - 1] : NULL;

	if (rec->end < 0 || rec->reached < 0) {
		cp_path_finish(path, &rec->dest, path->n_hops, CP_IMPORT_GAP);
		return;
	}
	path->end = (uint8_t)rec->end;
	path->reached = rec->reached;
	path->end_code = (uint8_t)(rec->end_code < 0 ? 0 : rec->end_code);
	path->end_kind = last && (path->reached || path->end == CP_END_UNREACHABLE) ? last->kind : CP_REPLY_NONE;
}

static int take_path(void *ctx, size_t line, const struct cp_run_path *rec)
{
	struct ndjson *ndjson = ctx;
	struct cp_trace *trace = &ndjson->trace;
	struct cp_addr literal;

	if (!rec->target.name || cp_addr_is_zero(&rec->dest)) {
		ndjson->sink->bad(ndjson->sink->ctx, line, "a path without a target or without its address");
		return 0;
	}
	if (rec->reached > 0 && !rec->n_hops) {
		ndjson->sink->bad(ndjson->sink->ctx, line, "a path that reached its destination without a hop");
		return 0;
	}
	memset(trace, 0, offsetof(struct cp_trace, path) + offsetof(struct cp_path, hops));
	trace->target = (struct cp_target){
	        .host = rec->target.name,
	        .group = rec->target.group,
	        .port = rec->target.port,
	        .proto = rec->target.proto,
	        .is_literal = cp_addr_parse(rec->target.name, &literal) == 0,
	};
	trace->dest = rec->dest;
	trace->answer = (struct cp_answer){
	        .status = trace->target.is_literal ? CP_DNS_LITERAL : CP_DNS_OK,
	        .addrs = &trace->dest,
	        .n_addrs = 1,
	        .cname = (char **)(uintptr_t)rec->cname.items, /* only read */
	        .n_cname = rec->cname.n,
	};
	trace->vantage_asn = ndjson->vantage_asn;
	trace->wall_ms = ndjson->wall_ms;
	trace->tcp_method = rec->tcp_method;
	trace->sack_fallback = rec->sack_fallback;
	trace->reasons = rec->reasons & DOUBTS;
	trace->e2e = rec->has_e2e ? &rec->e2e : NULL;
	trace->line = line;
	trace->path.flow = rec->flow;
	take_hops(rec, &trace->path);
	take_end(rec, &trace->path);
	return ndjson->sink->trace(ndjson->sink->ctx, trace);
}

static void take_bad(void *ctx, size_t line, const char *why)
{
	struct ndjson *ndjson = ctx;

	ndjson->sink->bad(ndjson->sink->ctx, line, why);
}

static int read_ndjson(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	struct ndjson *ndjson = calloc(1, sizeof(*ndjson));
	const struct cp_run_sink run = {.start = take_start, .path = take_path, .bad = take_bad, .ctx = ndjson};
	struct cp_run_counts counts = {0};
	struct cp_words *words = NULL;
	int rc = ndjson ? cp_words_new(&words) : -ENOMEM;

	if (rc == 0) {
		ndjson->sink = sink;
		ndjson->wall_ms = UINT64_MAX;
		rc = cp_run_read(text, len, words, &run, &counts);
	}
	cp_words_free(words);
	free(ndjson);
	if (rc == -ENOMEM)
		return cp_err_set(err, rc, "%s: out of memory", source);
	if (rc == 0 && counts.n_records == 0)
		return cp_err_set(err, -EINVAL, "%s: no record in it", source);
	if (rc == 0 && !counts.has_end && sink->note)
		sink->note(sink->ctx, "the run was cut off: its file has no end record");
	return rc;
}

static void look(void *ctx, const struct cp_json_member *member)
{
	enum cp_import_match *match = ctx;

	if (!member->parent && strcmp(member->key, "schema_version") == 0)
		*match = CP_IMPORT_SURE;
}

static enum cp_import_match match_ndjson(const char *text, size_t len)
{
	enum cp_import_match match = CP_IMPORT_NO;

	cp_json_look(text, len, look, &match);
	return match;
}

const struct cp_import_format cp_import_ndjson = {
        .name = "ndjson",
        .what = "what coldpotato wrote with -o ndjson",
        .match = match_ndjson,
        .read = read_ndjson,
};
