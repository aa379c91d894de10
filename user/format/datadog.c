// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * datadog.c: paths in the shape of Datadog's Network Path payload, one object
 * a line, for what was built on that. After pkg/networkpath/payload of
 * DataDog/datadog-agent (the form with "traceroute.runs"). What their agent
 * knows and a path does not is null; the verdict is in the tags.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ends.h"
#include "json_lines.h"
#include "silent.h"

#define TAG_MAX 320

struct datadog {
	struct cp_json_lines lines;
	uint64_t n_paths;
	char run_id[24]; /* of this run, from its seed and start: the same run written twice has the same */
	char *host, *version;
};

static int open_datadog(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state)
{
	(void)options;
	return cp_json_lines_new(sink, sizeof(struct datadog), ret_state);
}

static void close_datadog(void *ctx)
{
	struct datadog *state = ctx;

	if (!state)
		return;
	free(state->host);
	free(state->version);
	cp_json_lines_free(state);
}

static int keep(const char *text, char **ret_copy)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	free(*ret_copy);
	*ret_copy = copy;
	return 0;
}

static int take_start(void *ctx, const struct cp_rec_start *rec)
{
	struct datadog *state = ctx;
	uint64_t id = (rec->wall_ms ^ rec->seed * 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
	int rc = keep(rec->host, &state->host);

	state->lines.wall_ms = rec->wall_ms;
	snprintf(state->run_id, sizeof(state->run_id), "%016" PRIx64, id ^ id >> 31);
	return rc ? rc : keep(rec->version, &state->version);
}

static const char *protocol(const struct cp_target *target)
{
	const char *name = cp_proto_name(target->proto);

	if (!name)
		return NULL;
	return *name == 't' ? "TCP" : *name == 'u' ? "UDP" : "ICMP";
}

/* A hop's name as the list that theirs is; left out without one. */
static void reverse_dns(struct cp_json *json, const struct cp_hop *hop)
{
	if (!hop->ptr)
		return;
	cp_json_array(json, "reverse_dns");
	cp_json_string(json, NULL, hop->ptr);
	cp_json_array_end(json);
}

static void hop_object(struct cp_json *json, const struct cp_hop *hop)
{
	bool seen = !cp_addr_is_zero(&hop->addr) && !(hop->flags & CP_HOP_INFERRED);

	cp_json_object(json, NULL);
	cp_json_uint(json, "ttl", hop->ttl);
	if (seen)
		cp_json_addr(json, "ip_address", &hop->addr);
	else
		cp_json_null(json, "ip_address");
	if (seen)
		reverse_dns(json, hop);
	if (seen && hop->rtt_us)
		cp_json_fixed(json, "rtt", hop->rtt_us, 3);
	cp_json_bool(json, "reachable", seen);
	cp_json_object_end(json);
}

static void result_id(struct cp_json *json, const char *key, const struct datadog *state)
{
	char id[64];

	snprintf(id, sizeof(id), "%s-%" PRIu64, state->run_id, state->n_paths);
	cp_json_string(json, key, id);
}

static void port(struct cp_json *json, const struct cp_target *target)
{
	cp_json_uint_if(json, "port", target->port, target->port != 0);
}

static void traceroute(struct datadog *state, const struct cp_rec_path *rec)
{
	const struct cp_path *path = rec->path;
	struct cp_json *json = &state->lines.json;
	uint32_t length = path->reached && path->n_hops ? path->hops[path->n_hops - 1].ttl : 0;

	cp_json_object(json, "traceroute");
	cp_json_array(json, "runs");
	cp_json_object(json, NULL);
	result_id(json, "run_id", state);
	cp_json_object(json, "source");
	cp_json_null(json, "ip_address");
	cp_json_null(json, "port");
	cp_json_object_end(json);
	cp_json_object(json, "destination");
	cp_json_addr(json, "ip_address", &rec->dest);
	port(json, rec->target);
	cp_json_object_end(json);
	cp_json_array(json, "hops");
	for (uint32_t i = 0; i < path->n_hops; i++)
		hop_object(json, &path->hops[i]);
	cp_json_array_end(json);
	cp_json_object_end(json);
	cp_json_array_end(json);
	cp_json_object(json, "hop_count");
	cp_json_uint_if(json, "avg", length, length != 0);
	cp_json_uint_if(json, "min", length, length != 0);
	cp_json_uint_if(json, "max", length, length != 0);
	cp_json_object_end(json);
	cp_json_object_end(json);
}

/* loss: hundredths of a percent. Percentage is what theirs is called, too: it is a share, from 0 to 1. */
static void loss_share(struct cp_json *json, uint32_t loss)
{
	if (loss == CP_QUALITY_UNKNOWN)
		cp_json_null(json, "packet_loss_percentage");
	else
		cp_json_fixed(json, "packet_loss_percentage", loss, 4);
}

/* Without probes end to end, the destination's own answer: each of its probes but the last stayed without one. */
static void last_probe(struct cp_json *json, const struct cp_path *path)
{
	const struct cp_hop *hop = path->reached && path->n_hops ? &path->hops[path->n_hops - 1] : NULL;
	uint64_t n_sent = hop && hop->attempts ? hop->attempts : 1;

	if (!hop || (hop->flags & CP_HOP_INFERRED)) {
		cp_json_null(json, "e2e_probe");
		return;
	}
	cp_json_object(json, "e2e_probe");
	cp_json_array(json, "rtts");
	if (hop->rtt_us)
		cp_json_fixed(json, NULL, hop->rtt_us, 3);
	cp_json_array_end(json);
	cp_json_uint(json, "packets_sent", n_sent);
	cp_json_uint(json, "packets_received", 1);
	loss_share(json, (uint32_t)((n_sent - 1) * 10000 / n_sent));
	cp_json_null(json, "jitter");
	if (hop->rtt_us) {
		cp_json_object(json, "rtt");
		cp_json_fixed(json, "avg", hop->rtt_us, 3);
		cp_json_fixed(json, "min", hop->rtt_us, 3);
		cp_json_fixed(json, "max", hop->rtt_us, 3);
		cp_json_object_end(json);
	} else {
		cp_json_null(json, "rtt");
	}
	cp_json_object_end(json);
}

static void milliseconds(struct cp_json *json, const char *key, uint32_t us)
{
	if (us == CP_QUALITY_UNKNOWN)
		cp_json_null(json, key);
	else
		cp_json_fixed(json, key, us, 3);
}

/* As it was measured. Their jitter is the mean absolute difference of round trips that follow each other. */
static void measured(struct cp_json *json, const struct cp_quality_stats *e2e)
{
	uint32_t loss = cp_quality_loss(e2e);

	cp_json_object(json, "e2e_probe");
	if (e2e->n_rtts && !e2e->rtts_us) {
		cp_json_null(json, "rtts");
	} else {
		cp_json_array(json, "rtts");
		for (uint32_t i = 0; i < e2e->n_rtts; i++)
			cp_json_fixed(json, NULL, e2e->rtts_us[i], 3);
		cp_json_array_end(json);
	}
	cp_json_uint(json, "packets_sent", e2e->n_sent);
	cp_json_uint(json, "packets_received", e2e->n_received);
	loss_share(json, loss);
	milliseconds(json, "jitter", e2e->jitter_mean_us);
	if (e2e->n_rtts) {
		cp_json_object(json, "rtt");
		milliseconds(json, "avg", e2e->rtt_avg_us);
		milliseconds(json, "min", e2e->rtt_min_us);
		milliseconds(json, "max", e2e->rtt_max_us);
		cp_json_object_end(json);
	} else {
		cp_json_null(json, "rtt");
	}
	cp_json_object_end(json);
}

static void tag(struct cp_json *json, const char *key, const char *value)
{
	char text[TAG_MAX];

	if (!value)
		return;
	snprintf(text, sizeof(text), "%s:%s", key, value);
	cp_json_string(json, NULL, text);
}

static void tag_asn(struct cp_json *json, const char *key, uint32_t asn)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", asn);
	tag(json, key, asn ? text : NULL);
}

static void tags(struct cp_json *json, const struct cp_rec_path *rec)
{
	struct cp_ends ends;

	cp_ends_of(rec, &ends);
	cp_json_array(json, "tags");
	tag(json, "verdict", cp_verdict_name(rec->judgement->verdict));
	tag(json, "confidence", cp_confidence_name(rec->judgement->confidence));
	for (int i = 0; i < CP_WHY_MAX; i++)
		tag(json, "reason", rec->judgement->reasons >> i & 1 ? cp_reason_name(i) : NULL);
	tag(json, "group", rec->target->group);
	tag_asn(json, "exit_asn", ends.exit_asn);
	tag(json, "exit_ixp", ends.exit_ixp);
	tag_asn(json, "destination_asn", ends.dest_asn);
	tag(json, "service_tag", rec->service_tag ? rec->service_tag->name : NULL);
	cp_json_array_end(json);
}

static int write_path(void *ctx, const struct cp_rec_path *rec)
{
	struct datadog *state = ctx;
	struct cp_json *json = &state->lines.json;

	cp_json_object(json, NULL);
	cp_json_uint_if(json, "timestamp", state->lines.wall_ms, state->lines.wall_ms != CP_UNKNOWN);
	cp_json_string(json, "agent_version", state->version);
	cp_json_null(json, "namespace");
	cp_json_null(json, "test_config_id");
	result_id(json, "test_result_id", state);
	cp_json_string(json, "test_run_id", *state->run_id ? state->run_id : NULL);
	cp_json_string(json, "origin", "network_path_integration");
	cp_json_string(json, "test_run_type", "triggered");
	cp_json_string(json, "source_product", "network_path");
	cp_json_string(json, "collector_type", "agent");
	cp_json_string(json, "protocol", protocol(rec->target));
	cp_json_object(json, "source");
	cp_json_string(json, "name", state->host);
	cp_json_string(json, "display_name", state->host);
	cp_json_string(json, "hostname", state->host);
	cp_json_object_end(json);
	cp_json_object(json, "destination");
	cp_json_string(json, "hostname", rec->target->host);
	port(json, rec->target);
	cp_json_object_end(json);
	traceroute(state, rec);
	if (rec->e2e)
		measured(json, rec->e2e);
	else
		last_probe(json, rec->path);
	tags(json, rec);
	cp_json_object_end(json);
	state->n_paths++;
	return cp_json_line(json);
}

const struct cp_format cp_format_datadog = {
        .name = "datadog",
        .open = open_datadog,
        .start = take_start,
        .target = cp_silent_target,
        .path = write_path,
        .warning = cp_silent_warning,
        .summary = cp_silent_summary,
        .end = cp_silent_end,
        .close = close_datadog,
};
