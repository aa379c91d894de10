// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ndjson.c: records as JSON, one object a line: an interface, described field
 * by field in docs/records.md. Changes are additive; unknown is null, never 0.
 * Keeps nothing between records but its line buffer, one AS name and the text
 * of hops.
 */
#include <errno.h>
#include <stdlib.h>

#include "e2e.h"
#include "ends.h"
#include "json.h"
#include "ndjson_hop.h"
#include "ndjson_part.h"
#include "ndjson_policy.h"
#include "record.h"

struct ndjson {
	struct cp_json json;
	const struct cp_asdb *asdb; /* of as */
	uint32_t asn; /* the AS looked up last: the hops of a path repeat it. 0: none yet */
	const struct cp_as *as;
	struct cp_hop_texts *hops;
};

static int open_ndjson(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state)
{
	struct ndjson *state = calloc(1, sizeof(*state));

	(void)options; /* lines for machines have neither width nor colour */
	if (!state || cp_hop_texts_new(&state->hops)) {
		free(state);
		return -ENOMEM;
	}
	cp_json_init(&state->json, sink);
	*ret_state = state;
	return 0;
}

static void close_ndjson(void *ctx)
{
	struct ndjson *state = ctx;

	if (!state)
		return;
	cp_json_free(&state->json);
	cp_hop_texts_free(state->hops);
	free(state);
}

static struct cp_json *begin(struct ndjson *state, const char *type)
{
	cp_ndjson_begin(&state->json, type);
	return &state->json;
}

static int finish(struct ndjson *state)
{
	return cp_ndjson_finish(&state->json);
}

/* CP_UNKNOWN is null. */
static void maybe(struct cp_json *json, const char *key, uint64_t value)
{
	cp_json_uint_if(json, key, value, value != CP_UNKNOWN);
}

static void strings(struct cp_json *json, const char *key, const char *const *items, size_t n)
{
	cp_json_array(json, key);
	for (size_t i = 0; i < n; i++)
		cp_json_string(json, NULL, items[i]);
	cp_json_array_end(json);
}

static const char *as_name(struct ndjson *state, const struct cp_asdb *asdb, uint32_t asn)
{
	if (!asdb || !asn)
		return NULL;
	if (asn != state->asn || asdb != state->asdb) {
		state->asdb = asdb;
		state->asn = asn;
		state->as = cp_asdb_as(asdb, asn);
	}
	return state->as ? state->as->name : NULL;
}

/* "asn" and "as_name"; 0: unknown, or nobody's. */
static void as_fields(struct ndjson *state, const struct cp_asdb *asdb, uint32_t asn)
{
	cp_json_uint_if(&state->json, "asn", asn, asn != 0);
	cp_json_string(&state->json, "as_name", as_name(state, asdb, asn));
}

/* ---- start ---- */

static void where_from(struct cp_json *json, const struct cp_rec_start *rec)
{
	cp_json_object(json, "vantage");
	cp_json_uint_if(json, "asn", rec->vantage.asn, rec->vantage.asn != 0);
	cp_json_string(json, "why", rec->vantage.why);
	cp_json_object_end(json);
	cp_json_object(json, "home");
	cp_json_string(json, "spec", rec->home_spec);
	cp_json_array(json, "asns");
	for (size_t i = 0; rec->home && i < rec->home->n; i++)
		cp_json_uint(json, NULL, rec->home->asns[i]);
	cp_json_array_end(json);
	cp_json_object_end(json);
}

/* 0 is none of its values: unknown. */
static void setting(struct cp_json *json, const char *key, uint32_t value)
{
	cp_json_uint_if(json, key, value, value != 0);
}

static int write_start(void *ctx, const struct cp_rec_start *rec)
{
	struct cp_json *json = begin(ctx, "start");

	cp_json_string(json, "version", rec->version);
	cp_json_string(json, "command", rec->command);
	maybe(json, "wall_ms", rec->wall_ms);
	maybe(json, "mono_ns", rec->mono_ns);
	cp_json_string(json, "host", rec->host);
	if (rec->audit) {
		cp_json_string(json, "agent", rec->agent);
		cp_json_string(json, "audit", rec->audit);
	}
	cp_json_string(json, "datapath", rec->datapath);
	cp_json_string(json, "datapath_why", rec->datapath_why);
	strings(json, "interfaces", rec->interfaces, rec->n_interfaces);
	maybe(json, "rate_pps", rec->rate_pps);
	maybe(json, "senders", rec->n_senders);
	setting(json, "first_ttl", rec->first_ttl);
	setting(json, "max_ttl", rec->max_ttl);
	setting(json, "attempts", rec->attempts);
	setting(json, "timeout_ms", rec->timeout_ms);
	setting(json, "flows", rec->n_flows);
	cp_json_string(json, "tcp_method", rec->tcp_method);
	setting(json, "e2e", rec->n_e2e);
	setting(json, "e2e_interval_ms", rec->e2e_interval_ms);
	maybe(json, "seed", rec->seed);
	cp_json_string(json, "resolver", rec->resolver);
	where_from(json, rec);
	cp_ndjson_databases(json, "databases", rec);
	maybe(json, "targets", rec->n_targets);
	maybe(json, "destinations", rec->n_dests);
	return finish(ctx);
}

/* ---- target ---- */

static void target_object(struct cp_json *json, const struct cp_target *target)
{
	cp_json_object(json, "target");
	cp_json_string(json, "name", target->host);
	cp_json_uint_if(json, "port", target->port, target->port != 0);
	cp_json_string(json, "protocol", cp_proto_name(target->proto));
	cp_json_string(json, "group", target->group);
	cp_json_object_end(json);
}

static void cname_array(struct cp_json *json, const struct cp_answer *answer)
{
	strings(json, "cname", answer ? (const char *const *)answer->cname : NULL, answer ? answer->n_cname : 0);
}

static int write_target(void *ctx, const struct cp_rec_target *rec)
{
	struct cp_json *json = begin(ctx, "target");

	target_object(json, rec->target);
	cp_json_string(json, "expect", rec->target->expect);
	cp_json_string(json, "dns", rec->answer ? cp_dns_status_name(rec->answer->status) : NULL);
	cname_array(json, rec->answer);
	cp_json_array(json, "addresses");
	for (size_t i = 0; rec->answer && i < rec->answer->n_addrs; i++)
		cp_json_addr(json, NULL, &rec->answer->addrs[i]);
	cp_json_array_end(json);
	cp_json_uint(json, "destinations", rec->n_dests);
	cp_json_string(json, "verdict", rec->n_dests ? cp_verdict_name(rec->verdict) : NULL);
	cp_json_string(json, "skip_reason", rec->skip_reason);
	cp_ndjson_flows(json, "flows", rec->combined, rec->asdb);
	return finish(ctx);
}

/* ---- path ---- */

static void hop_object(struct ndjson *state, const struct cp_rec_path *rec, uint32_t i)
{
	const struct cp_hop *hop = &rec->path->hops[i];
	const struct cp_origin *origin = &rec->judgement->origins[i];
	bool is_seen = !cp_addr_is_zero(&hop->addr);

	cp_hop_texts_write(state->hops, &state->json, hop, rec->asdb, is_seen ? origin : NULL,
	        is_seen ? cp_ends_origin(rec->judgement, origin, hop->ttl) : 0, is_seen ? cp_record_ixp(origin) : NULL);
}

static void exit_object(struct ndjson *state, const struct cp_rec_path *rec)
{
	const struct cp_exit *exit = &rec->judgement->exit;
	struct cp_json *json = &state->json;

	if (!exit->present) {
		cp_json_null(json, "exit");
		return;
	}
	cp_json_object(json, "exit");
	cp_json_uint(json, "ttl_min", exit->ttl_min);
	cp_json_uint_if(json, "ttl_max", exit->ttl_max, exit->ttl_max != 0);
	if (exit->last_home >= 0) {
		const struct cp_hop *hop = &rec->path->hops[exit->last_home];

		cp_json_object(json, "last_home");
		cp_json_addr(json, "ip", &hop->addr);
		cp_router_fields(json, hop->ptr);
		cp_json_object_end(json);
	} else {
		cp_json_null(json, "last_home");
	}
	if (exit->first_foreign >= 0) {
		const struct cp_hop *hop = &rec->path->hops[exit->first_foreign];
		const struct cp_origin *origin = &rec->judgement->origins[exit->first_foreign];

		cp_json_object(json, "first_foreign");
		cp_json_addr(json, "ip", &hop->addr);
		as_fields(state, rec->asdb, cp_ends_origin(rec->judgement, origin, hop->ttl));
		cp_json_string(json, "ixp", cp_record_ixp(origin));
		cp_json_object_end(json);
	} else {
		cp_json_null(json, "first_foreign");
	}
	cp_json_object_end(json);
}

static void destination_object(struct ndjson *state, const struct cp_rec_path *rec)
{
	uint8_t end_ttl = rec->path->n_hops ? rec->path->hops[rec->path->n_hops - 1].ttl : 0;
	const struct cp_origin *dest = &rec->judgement->dest_origin;
	struct cp_json *json = &state->json;

	cp_json_object(json, "destination");
	cp_json_addr(json, "ip", &rec->dest);
	as_fields(state, rec->asdb, cp_ends_origin(rec->judgement, dest, end_ttl));
	cp_json_asns(json, "asns", dest);
	cp_json_bool(json, "asn_disputed", dest->disputed);
	cname_array(json, rec->answer);
	cp_json_string(json, "service_tag", rec->service_tag ? rec->service_tag->name : NULL);
	cp_json_string(json, "service_region", rec->service_tag ? rec->service_tag->region : NULL);
	cp_json_object_end(json);
}

static void judgement_fields(struct cp_json *json, const struct cp_judgement *judgement)
{
	char step[256];

	cp_json_string(json, "verdict", cp_verdict_name(judgement->verdict));
	cp_json_string(json, "confidence", cp_confidence_name(judgement->confidence));
	cp_json_string(json, "rule", cp_rule_name(judgement->rule));
	cp_json_array(json, "reasons");
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (judgement->reasons >> i & 1)
			cp_json_string(json, NULL, cp_reason_name(i));
	}
	cp_json_array_end(json);
	cp_json_array(json, "as_path");
	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		if (judgement->as_path[i].kind == CP_STEP_AS)
			cp_json_uint_string(json, NULL, judgement->as_path[i].asn);
		else
			cp_json_string(json, NULL, cp_as_step_format(&judgement->as_path[i], step, sizeof(step)));
	}
	cp_json_array_end(json);
}

static int write_path(void *ctx, const struct cp_rec_path *rec)
{
	struct ndjson *state = ctx;
	const struct cp_path *path = rec->path;
	struct cp_json *json = begin(state, "path");

	target_object(json, rec->target);
	destination_object(state, rec);
	cp_json_uint(json, "flow", path->flow);
	cp_json_string(json, "tcp_method", rec->tcp_method);
	cp_json_string(json, "sack_fallback", rec->sack_fallback);
	cp_json_bool(json, "reached", path->reached);
	cp_json_string(json, "end_reason", cp_end_name(path->end));
	cp_json_uint_if(json, "end_code", path->end_code, path->end == CP_END_UNREACHABLE);
	cp_json_uint(json, "probes", path->n_probes);
	judgement_fields(json, rec->judgement);
	exit_object(state, rec);
	cp_e2e_json(json, "e2e", rec->e2e);
	cp_json_array(json, "hops");
	for (uint32_t i = 0; i < path->n_hops; i++)
		hop_object(state, rec, i);
	cp_json_array_end(json);
	return finish(state);
}

/* ---- summary, warning, end ---- */

static void microseconds(struct cp_json *json, const char *key, uint32_t us)
{
	cp_json_uint_if(json, key, us, us != CP_EGRESS_UNKNOWN);
}

static void egress_object(struct ndjson *state, const struct cp_rec_summary *rec, const struct cp_egress_row *row)
{
	const struct cp_as *as = row->asn && rec->asdb ? cp_asdb_as(rec->asdb, row->asn) : NULL;
	struct cp_json *json = &state->json;

	cp_json_object(json, NULL);
	cp_json_string(json, "role", cp_as_role_name(row->role));
	as_fields(state, rec->asdb, row->asn);
	cp_json_string(json, "as_org", as ? as->org : NULL);
	cp_json_string(json, "as_role", as ? as->role : NULL);
	cp_json_string(json, "ixp", row->asn ? NULL : row->label);
	cp_json_uint(json, "paths", row->n_paths);
	cp_json_uint(json, "destinations", row->n_dests);
	cp_json_uint(json, "targets", row->n_targets);
	cp_json_uint(json, "groups", row->n_groups);
	if (rec->n_paths)
		cp_json_fixed(json, "share_pct", (row->n_paths * 10000 + rec->n_paths / 2) / rec->n_paths, 2);
	else
		cp_json_null(json, "share_pct");
	cp_json_uint_if(json, "exit_routers", row->n_exit_routers, row->role == CP_ROLE_EXIT);
	cp_json_array(json, "exit_sites");
	for (size_t i = 0; i < row->n_sites; i++) {
		cp_json_object(json, NULL);
		cp_json_string(json, "place", row->sites[i].place);
		cp_json_uint(json, "paths", row->sites[i].n_paths);
		cp_json_object_end(json);
	}
	cp_json_array_end(json);
	cp_json_uint(json, "replies", row->n_replies);
	cp_json_uint_if(json, "probes", row->n_probes, row->n_probes != 0);
	if (row->n_probes)
		cp_json_fixed(json, "loss_pct", (row->n_unanswered * 10000 + row->n_probes / 2) / row->n_probes, 2);
	else
		cp_json_null(json, "loss_pct");
	microseconds(json, "handover_p50_us", row->handover_p50_us);
	microseconds(json, "handover_p95_us", row->handover_p95_us);
	microseconds(json, "handover_p99_us", row->handover_p99_us);
	cp_json_uint_if(json, "cold_share_pct", row->cold_share_pct, row->cold_share_pct != CP_EGRESS_UNKNOWN);
	cp_json_object_end(json);
}

static int write_summary(void *ctx, const struct cp_rec_summary *rec)
{
	struct ndjson *state = ctx;
	struct cp_json *json = begin(state, "summary");

	cp_json_uint(json, "paths", rec->n_paths);
	cp_json_object(json, "verdicts");
	for (int i = 0; i < CP_VERDICTS; i++)
		cp_json_uint(json, cp_verdict_name(i), rec->verdicts[i]);
	cp_json_object_end(json);
	cp_json_array(json, "egress");
	for (size_t i = 0; i < rec->n_egress; i++)
		egress_object(state, rec, &rec->egress[i]);
	cp_json_array_end(json);
	cp_ndjson_accounting(json, "accounting", &rec->accounting);
	return finish(state);
}

static int write_warning(void *ctx, const struct cp_rec_warning *rec)
{
	struct cp_json *json = begin(ctx, "warning");

	cp_json_string(json, "code", rec->code);
	cp_json_string(json, "text", rec->text);
	return finish(ctx);
}

static int write_policy(void *ctx, const struct cp_rec_policy *rec)
{
	cp_ndjson_policy(begin(ctx, "policy"), rec);
	return finish(ctx);
}

static int write_end(void *ctx, const struct cp_rec_end *rec)
{
	struct cp_json *json = begin(ctx, "end");

	cp_json_string(json, "reason", rec->reason);
	cp_json_string(json, "error", rec->error);
	cp_json_int(json, "exit_status", rec->exit_status);
	cp_ndjson_accounting(json, "accounting", &rec->accounting);
	return finish(ctx);
}

const struct cp_format cp_format_ndjson = {
        .name = "ndjson",
        .open = open_ndjson,
        .start = write_start,
        .target = write_target,
        .path = write_path,
        .warning = write_warning,
        .summary = write_summary,
        .policy = write_policy,
        .end = write_end,
        .close = close_ndjson,
};
