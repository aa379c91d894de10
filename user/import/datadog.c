// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * datadog.c: Datadog's Network Path events, with one row of hops (older agents)
 * or several runs, and the output of its datadog-traceroute.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json_formats.h"
#include "json_records.h"
#include "json_trace.h"
#include "json_value.h"

struct datadog {
	struct cp_json_reader reader;
	struct cp_json_trace trace;
};

/* What all runs of an event have in common. */
struct event {
	const char *host;
	uint64_t port;
	uint8_t proto; /* 0: not told */
	struct cp_addr dest, source; /* zero: not told */
	uint64_t wall_ms;
	size_t line;
};

/* A member that may be "" where it is not known. 0 or -EINVAL. */
static int read_addr(const json_t *object, const char *key, struct cp_addr *ret_addr, struct cp_err *err)
{
	const char *text = NULL;
	int rc = cp_value_string(object, key, &text, err);

	if (rc > 0 && *text)
		rc = cp_value_addr(object, key, ret_addr, err);
	return rc < 0 ? rc : 0;
}

static int read_protocol(const json_t *object, uint8_t *ret_proto, struct cp_err *err)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} protocols[] = {{"TCP", IPPROTO_TCP}, {"UDP", IPPROTO_UDP}, {"ICMP", IPPROTO_ICMP}};
	const char *name = NULL;
	int rc = cp_value_string(object, "protocol", &name, err);

	if (rc <= 0 || !*name)
		return rc < 0 ? rc : 0;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcasecmp(name, protocols[i].name) == 0) {
			*ret_proto = protocols[i].proto;
			return 0;
		}
	}
	return cp_err_set(err, -EINVAL, "protocol: TCP, UDP or ICMP is wanted");
}

/* ---- Hops ---- */

/* The first of reverse_dns; older ones have hostname, which repeats the address where there is no name. */
static int read_name(const json_t *json, const char **ret_name, struct cp_err *err)
{
	const char *name = NULL, *addr = NULL;
	json_t *names = NULL;

	if (cp_value_string(json, "hostname", &name, err) < 0 || cp_value_string(json, "ip_address", &addr, err) < 0 ||
	        cp_value_array(json, "reverse_dns", &names, err) < 0)
		return -EINVAL;
	if (json_array_size(names))
		name = json_string_value(json_array_get(names, 0));
	*ret_name = name && *name && !(addr && strcmp(name, addr) == 0) ? name : NULL;
	return 0;
}

/* Says who answered. The address of a hop that did not is "", null, or made up ("unknown_hop_3"). */
static int read_reachable(const json_t *json, bool *ret_answered, struct cp_err *err)
{
	bool answered = false;
	int rc = cp_value_bool(json, "reachable", &answered, err);

	rc = rc ? rc : cp_value_bool(json, "success", &answered, err);
	if (rc < 0)
		return rc;
	*ret_answered = answered;
	return rc > 0 ? 0 : cp_err_set(err, -EINVAL, "a hop that says neither reachable nor success");
}

static int take_hop(struct datadog *datadog, const json_t *json, struct cp_err *err)
{
	struct cp_json_trace *trace = &datadog->trace;
	struct cp_hop hop = {.kind = CP_REPLY_NONE};
	bool answered = false;
	uint64_t ttl = 0;
	int rc;

	if (!json_is_object(json))
		return cp_err_set(err, -EINVAL, "hops: an object is wanted");
	rc = cp_value_uint(json, "ttl", 255, &ttl, err);
	if (rc <= 0)
		return rc ? rc : cp_err_set(err, -EINVAL, "a hop without its ttl");
	rc = read_reachable(json, &answered, err);
	rc = rc ? rc : cp_json_trace_asked(trace, ttl, 1, err);
	if (rc || !answered)
		return rc;
	rc = cp_value_addr(json, "ip_address", &hop.addr, err);
	if (rc <= 0)
		return rc ? rc : cp_err_set(err, -EINVAL, "a hop that answered without ip_address");
	if (cp_value_ms(json, "rtt", &hop.rtt_us, err) < 0 || read_name(json, &hop.ptr, err))
		return -EINVAL;
	if (cp_addr_eq(&hop.addr, &trace->trace.dest))
		hop.kind = CP_REPLY_UNTOLD;
	else
		cp_json_set_icmp(&hop, CP_REPLY_TIME_EXCEEDED, 0);
	return cp_json_trace_answer(trace, ttl, &hop, err);
}

/* One run: its own addresses go before the event's. */
static int take_run(
        struct datadog *datadog, const struct event *event, const json_t *run, uint32_t number, struct cp_err *err)
{
	struct cp_trace *trace = &datadog->trace.trace;
	json_t *source = NULL, *destination = NULL, *hops = NULL, *hop;
	size_t i;
	int rc;

	cp_json_trace_start(&datadog->trace, event->line);
	trace->dest = event->dest;
	trace->source = event->source;
	trace->wall_ms = event->wall_ms;
	trace->target.proto = event->proto;
	trace->target.port = event->proto == IPPROTO_ICMP ? 0 : (uint16_t)event->port;
	trace->path.flow = number;
	if (cp_value_object(run, "destination", &destination, err) < 0 ||
	        cp_value_object(run, "source", &source, err) < 0 ||
	        read_addr(destination, "ip_address", &trace->dest, err) ||
	        (cp_addr_is_zero(&trace->source) && read_addr(source, "ip_address", &trace->source, err)) ||
	        cp_json_trace_host(&datadog->trace, event->host, err) || cp_value_array(run, "hops", &hops, err) < 0)
		return -EINVAL;
	json_array_foreach(hops, i, hop)
	{
		rc = take_hop(datadog, hop, err);
		if (rc)
			return rc;
	}
	return cp_json_trace_finish(
	        &datadog->trace, CP_END_MAX_TTL, datadog->reader.sink, &datadog->reader.sink_rc, err);
}

/* ---- Events ---- */

static int read_event(const json_t *record, struct event *event, struct cp_err *err)
{
	json_t *source = NULL, *destination = NULL, *params = NULL;
	uint64_t timestamp;
	int rc;

	if (cp_value_object(record, "source", &source, err) < 0 ||
	        cp_value_object(record, "destination", &destination, err) < 0 ||
	        cp_value_object(record, "params", &params, err) < 0)
		return -EINVAL;
	rc = cp_value_uint(record, "timestamp", UINT64_MAX, &timestamp, err);
	if (rc > 0)
		event->wall_ms = timestamp;
	/* The command's output has the first three in params. */
	if (rc < 0 || read_protocol(record, &event->proto, err) || read_protocol(params, &event->proto, err) ||
	        cp_value_string(destination, "hostname", &event->host, err) < 0 ||
	        cp_value_string(params, "hostname", &event->host, err) < 0 ||
	        cp_value_uint(destination, "port", UINT16_MAX, &event->port, err) < 0 ||
	        cp_value_uint(params, "port", UINT16_MAX, &event->port, err) < 0 ||
	        read_addr(destination, "ip_address", &event->dest, err) ||
	        read_addr(source, "public_ip", &event->source, err))
		return -EINVAL;
	return 0;
}

static int take_runs(struct datadog *datadog, const struct event *event, const json_t *runs, struct cp_err *err)
{
	json_t *run;
	size_t i;

	if (!json_array_size(runs))
		return cp_err_set(err, -EINVAL, "a traceroute without runs");
	json_array_foreach(runs, i, run)
	{
		struct cp_err why;
		int rc = json_is_object(run) ? take_run(datadog, event, run, (uint32_t)i, &why)
		                             : cp_err_set(&why, -EINVAL, "an object is wanted");

		if (rc == -EINVAL)
			datadog->reader.sink->bad(
			        datadog->reader.sink->ctx, event->line, why.text); /* the other runs are kept */
		else if (rc)
			return rc;
	}
	return 0;
}

static int take_event(void *ctx, const json_t *record, size_t line, struct cp_err *err)
{
	struct event event = {.wall_ms = UINT64_MAX, .line = line};
	json_t *traceroute = NULL, *runs = NULL;
	struct datadog *datadog = ctx;
	int rc = read_event(record, &event, err);

	if (rc || cp_value_object(record, "traceroute", &traceroute, err) < 0 ||
	        cp_value_array(traceroute, "runs", &runs, err) < 0)
		return -EINVAL;
	if (traceroute)
		return take_runs(datadog, &event, runs, err);
	if (!json_object_get(record, "hops"))
		return cp_err_set(err, -EINVAL, "neither traceroute.runs nor hops");
	return take_run(datadog, &event, record, 0, err);
}

static int read_datadog(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	return cp_json_read(text, len, source, sink, take_event, sizeof(struct datadog), err);
}

struct marks {
	bool has_runs, has_hops, has_destination, has_path_id;
};

static void look(void *ctx, const struct cp_json_member *member)
{
	struct marks *marks = ctx;

	if (member->parent) {
		marks->has_runs |= strcmp(member->parent, "traceroute") == 0 && strcmp(member->key, "runs") == 0;
		return;
	}
	marks->has_hops |= strcmp(member->key, "hops") == 0;
	marks->has_destination |= strcmp(member->key, "destination") == 0;
	marks->has_path_id |= strcmp(member->key, "path_id") == 0 || strcmp(member->key, "pathtrace_id") == 0 ||
	                      strcmp(member->key, "agent_version") == 0 || strcmp(member->key, "namespace") == 0;
}

static enum cp_import_match match_datadog(const char *text, size_t len)
{
	struct marks marks = {.has_runs = false};

	cp_json_look(text, len, look, &marks);
	if (marks.has_runs || (marks.has_destination && marks.has_hops && marks.has_path_id))
		return CP_IMPORT_SURE;
	return marks.has_destination && marks.has_hops ? CP_IMPORT_MAYBE : CP_IMPORT_NO;
}

const struct cp_import_format cp_import_datadog = {
        .name = "datadog",
        .what = "Datadog Network Path events, and output of datadog-traceroute (JSON)",
        .match = match_datadog,
        .read = read_datadog,
};
