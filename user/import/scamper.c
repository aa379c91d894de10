// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * scamper.c: what sc_warts2json prints of traces, also with the line that
 * M-Lab's traceroute-caller puts before them.
 */
#include "scamper.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "json_formats.h"
#include "json_records.h"
#include "json_value.h"

enum { TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

/* ---- Common to trace and tracelb ---- */

/*
 * "icmp-paris", "icmp-echo", "udp-paris", "udp-dport", "tcp-ack" ... Of UDP the port is a service's only where it does
 * not count up with the probes.
 */
static void read_method(struct cp_trace *trace, const char *method, uint64_t port)
{
	if (strncmp(method, "icmp", 4) == 0)
		trace->target.proto = IPPROTO_ICMP;
	else if (strncmp(method, "udp", 3) == 0)
		trace->target.proto = IPPROTO_UDP;
	else if (strncmp(method, "tcp", 3) == 0)
		trace->target.proto = IPPROTO_TCP;
	if (trace->target.proto == IPPROTO_TCP || strcmp(method, "udp-paris") == 0)
		trace->target.port = (uint16_t)port;
	trace->tcp_method = strcmp(method, "tcp") == 0 ? "syn" : NULL;
}

static int read_time(struct cp_trace *trace, const json_t *record, struct cp_err *err)
{
	uint64_t sec = 0, usec = 0;
	json_t *start = NULL;

	if (cp_value_object(record, "start", &start, err) < 0 || cp_value_uint(start, "usec", 999999, &usec, err) < 0)
		return -EINVAL;
	switch (cp_value_uint(start, "sec", UINT32_MAX, &sec, err)) {
	case 0:
		return 0;
	case 1:
		trace->wall_ms = sec * 1000 + usec / 1000;
		return 0;
	default:
		return -EINVAL;
	}
}

int cp_scamper_head(struct cp_scamper *scamper, const json_t *record, size_t line, struct cp_err *err)
{
	struct cp_trace *trace = &scamper->trace.trace;
	const char *method = "";
	uint64_t port = 0;
	int rc;

	cp_json_trace_start(&scamper->trace, line);
	if (cp_value_string(record, "method", &method, err) < 0 ||
	        cp_value_uint(record, "dport", UINT16_MAX, &port, err) < 0 ||
	        cp_value_addr(record, "src", &trace->source, err) < 0)
		return -EINVAL;
	rc = cp_value_addr(record, "dst", &trace->dest, err);
	if (rc <= 0)
		return rc ? rc : cp_err_set(err, -EINVAL, "a trace without dst");
	read_method(trace, method, port);
	return read_time(trace, record, err);
}

static int read_kind(const struct cp_scamper *scamper, const json_t *reply, uint64_t *ret_quoted, struct cp_hop *hop,
        struct cp_err *err)
{
	uint64_t type, code = 0, flags;
	int rc = cp_value_uint(reply, "icmp_type", 255, &type, err);

	if (rc < 0 || cp_value_uint(reply, "icmp_code", 255, &code, err) < 0)
		return -EINVAL;
	if (rc > 0) {
		hop->kind = cp_json_icmp_kind(cp_addr_is_v4(&hop->addr), type);
		hop->icmp_type = (uint8_t)type;
		hop->icmp_code = (uint8_t)code;
		return cp_value_uint(reply, "icmp_q_ttl", 255, ret_quoted, err) < 0 ? -EINVAL : 0;
	}
	rc = cp_value_uint(reply, "tcp_flags", 255, &flags, err);
	hop->kind = CP_REPLY_UNTOLD;
	if (rc > 0 && flags & TCP_RST)
		hop->kind = CP_REPLY_RST;
	else if (rc > 0 && flags & TCP_SYN && flags & TCP_ACK)
		hop->kind = CP_REPLY_SYN_ACK;
	else if (rc == 0 && scamper->trace.trace.target.proto == IPPROTO_UDP)
		hop->kind = CP_REPLY_UDP;
	return rc < 0 ? rc : 0;
}

int cp_scamper_answer(const struct cp_scamper *scamper, const json_t *reply, const char *ttl_key, struct cp_hop *hop,
        struct cp_err *err)
{
	uint64_t ttl = 0, quoted = 0;

	if (cp_value_uint(reply, ttl_key, 255, &ttl, err) < 0 || cp_value_ms(reply, "rtt", &hop->rtt_us, err) < 0 ||
	        read_kind(scamper, reply, &quoted, hop, err))
		return -EINVAL;
	hop->reply_ttl = (uint8_t)ttl;
	hop->quoted_ttl = (uint8_t)quoted;
	return 0;
}

/* ---- trace ---- */

static int read_labels(const json_t *extension, struct cp_hop *hop, struct cp_err *err)
{
	json_t *labels = NULL, *label;
	size_t i;
	int rc = cp_value_array(extension, "mpls_labels", &labels, err);

	json_array_foreach(labels, i, label)
	{
		uint64_t value = 0, exp = 0, s = 0, ttl = 0;

		if (cp_value_uint(label, "mpls_label", 0xfffff, &value, err) < 0 ||
		        cp_value_uint(label, "mpls_exp", 7, &exp, err) < 0 ||
		        cp_value_uint(label, "mpls_s", 1, &s, err) < 0 ||
		        cp_value_uint(label, "mpls_ttl", 255, &ttl, err) < 0)
			return -EINVAL;
		if (hop->n_mpls < CP_MPLS_MAX)
			hop->mpls[hop->n_mpls++] = (uint32_t)(value << 12 | exp << 9 | s << 8 | ttl);
	}
	return rc < 0 ? rc : 0;
}

static int read_extensions(const json_t *reply, struct cp_hop *hop, struct cp_err *err)
{
	json_t *extensions = NULL, *extension;
	size_t i;
	int rc = cp_value_array(reply, "icmpext", &extensions, err);

	json_array_foreach(extensions, i, extension)
	{
		int label_rc = read_labels(extension, hop, err);

		rc = rc < 0 ? rc : label_rc;
	}
	return rc < 0 ? rc : 0;
}

static int take_hop(
        struct cp_scamper *scamper, const json_t *reply, uint64_t attempts[CP_TTL_MAX + 1], struct cp_err *err)
{
	struct cp_hop hop = {.kind = CP_REPLY_NONE};
	uint64_t ttl = 0, attempt = 1;
	int rc;

	if (!json_is_object(reply))
		return cp_err_set(err, -EINVAL, "hops: an object is wanted");
	rc = cp_value_addr(reply, "addr", &hop.addr, err);
	if (rc <= 0)
		return rc ? rc : cp_err_set(err, -EINVAL, "a hop without addr");
	rc = cp_value_uint(reply, "probe_ttl", 255, &ttl, err);
	if (rc <= 0)
		return rc ? rc : cp_err_set(err, -EINVAL, "a hop without probe_ttl");
	if (cp_value_uint(reply, "probe_id", 255, &attempt, err) < 0 ||
	        cp_value_string(reply, "name", &hop.ptr, err) < 0 ||
	        cp_scamper_answer(scamper, reply, "reply_ttl", &hop, err) || read_extensions(reply, &hop, err))
		return -EINVAL;
	rc = cp_json_trace_answer(&scamper->trace, ttl, &hop, err);
	/* probe_id counts the attempts at a TTL from 1. */
	if (rc == 0 && attempt > attempts[ttl])
		attempts[ttl] = attempt;
	return rc;
}

/* How many probes each TTL took: to a silent one all attempts went. */
static int count_probes(
        struct cp_scamper *scamper, const json_t *record, const uint64_t attempts[CP_TTL_MAX + 1], struct cp_err *err)
{
	uint64_t first = 1, n_hops = 0, n_attempts = 1;

	if (cp_value_uint(record, "firsthop", 255, &first, err) < 0 ||
	        cp_value_uint(record, "hop_count", 255, &n_hops, err) < 0 ||
	        cp_value_uint(record, "attempts", 255, &n_attempts, err) < 0)
		return -EINVAL;
	n_hops = n_hops > scamper->trace.last_ttl ? n_hops : scamper->trace.last_ttl;
	for (uint64_t ttl = first; ttl <= n_hops && ttl <= CP_TTL_MAX; ttl++) {
		int rc = cp_json_trace_asked(&scamper->trace, ttl, attempts[ttl] ? attempts[ttl] : n_attempts, err);

		if (rc)
			return rc;
	}
	return 0;
}

static enum cp_end end_of(const char *stop_reason)
{
	if (strcmp(stop_reason, "GAPLIMIT") == 0)
		return CP_END_GAP;
	if (strcmp(stop_reason, "LOOP") == 0)
		return CP_END_LOOP;
	if (strcmp(stop_reason, "HALTED") == 0 || strcmp(stop_reason, "ERROR") == 0 || strcmp(stop_reason, "GSS") == 0)
		return CP_END_INTERRUPTED;
	return CP_END_MAX_TTL;
}

static int take_trace(struct cp_scamper *scamper, const json_t *record, size_t line, struct cp_err *err)
{
	uint64_t attempts[CP_TTL_MAX + 1] = {0};
	const char *stop_reason = "";
	json_t *hops = NULL, *hop;
	size_t i;
	int rc = cp_scamper_head(scamper, record, line, err);

	if (rc || cp_value_string(record, "stop_reason", &stop_reason, err) < 0 ||
	        cp_value_array(record, "hops", &hops, err) < 0)
		return -EINVAL;
	json_array_foreach(hops, i, hop)
	{
		rc = take_hop(scamper, hop, attempts, err);
		if (rc)
			return rc;
	}
	rc = count_probes(scamper, record, attempts, err);
	return rc ? rc
	          : cp_json_trace_finish(
	                    &scamper->trace, end_of(stop_reason), scamper->reader.sink, &scamper->reader.sink_rc, err);
}

/* ---- Records ---- */

static int take_record(void *ctx, const json_t *record, size_t line, struct cp_err *err)
{
	struct cp_scamper *scamper = ctx;
	const char *type = NULL;

	if (cp_value_string(record, "type", &type, err) < 0)
		return -EINVAL;
	if (!type && json_object_get(record, "UUID"))
		return 0; /* M-Lab's heading */
	if (!type)
		return cp_err_set(err, -EINVAL, "a record without a type");
	if (strcmp(type, "trace") == 0)
		return take_trace(scamper, record, line, err);
	if (strcmp(type, "tracelb") == 0)
		return cp_scamper_tracelb(scamper, record, line, err);
	if (strcmp(type, "cycle-start") == 0 || strcmp(type, "cycle-stop") == 0 || strcmp(type, "cycle-def") == 0)
		return 0;
	return cp_err_set(err, -EINVAL, "a record that is neither a trace nor a tracelb");
}

static int read_scamper(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	return cp_json_read(text, len, source, sink, take_record, sizeof(struct cp_scamper), err);
}

static void look(void *ctx, const struct cp_json_member *member)
{
	static const char *const types[] = {"trace", "tracelb", "cycle-start", "cycle-stop", "cycle-def"};
	enum cp_import_match *match = ctx;

	if (member->parent)
		return;
	if (strcmp(member->key, "TracerouteCallerVersion") == 0)
		*match = CP_IMPORT_SURE;
	if (strcmp(member->key, "UUID") == 0 && *match == CP_IMPORT_NO)
		*match = CP_IMPORT_MAYBE;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(member->key, "type") == 0 && strcmp(member->value, types[i]) == 0)
			*match = CP_IMPORT_SURE;
	}
}

static enum cp_import_match match_scamper(const char *text, size_t len)
{
	enum cp_import_match match = CP_IMPORT_NO;

	cp_json_look(text, len, look, &match);
	return match;
}

const struct cp_import_format cp_import_scamper = {
        .name = "scamper",
        .what = "scamper's trace and tracelb (sc_warts2json), also M-Lab's",
        .match = match_scamper,
        .read = read_scamper,
};
