// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * json_trace.c: answers become a path. Must not know any tool's names.
 */
#include "json_trace.h"

#include <errno.h>
#include <string.h>

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_TIME_EXCEEDED = 11,
	ICMP6_UNREACHABLE = 1,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_ECHO_REPLY = 129,
};

void cp_json_trace_start(struct cp_json_trace *trace, size_t line)
{
	memset(trace, 0, sizeof(*trace));
	trace->trace.line = line;
	trace->trace.wall_ms = UINT64_MAX;
}

/* ---- ICMP ---- */

uint8_t cp_json_icmp_kind(bool is_v4, uint64_t type)
{
	if (type == (is_v4 ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED))
		return CP_REPLY_TIME_EXCEEDED;
	if (type == (is_v4 ? ICMP_UNREACHABLE : ICMP6_UNREACHABLE))
		return CP_REPLY_UNREACHABLE;
	return type == (is_v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY) ? CP_REPLY_ECHO : CP_REPLY_UNTOLD;
}

void cp_json_set_icmp(struct cp_hop *hop, uint8_t kind, uint8_t code)
{
	bool is_v4 = cp_addr_is_v4(&hop->addr);

	hop->kind = kind;
	hop->icmp_code = code;
	if (kind == CP_REPLY_TIME_EXCEEDED)
		hop->icmp_type = is_v4 ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED;
	else if (kind == CP_REPLY_UNREACHABLE)
		hop->icmp_type = is_v4 ? ICMP_UNREACHABLE : ICMP6_UNREACHABLE;
	else
		hop->icmp_type = is_v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
}

/* ---- Host ---- */

/* Letters, digits, '-' and '_' in labels (RFC 1123, and what is in use); bytes of other alphabets as they are. */
static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || (c & 0x80);
}

int cp_json_trace_host(struct cp_json_trace *trace, const char *host, struct cp_err *err)
{
	size_t len = host ? strlen(host) : 0;
	struct cp_addr addr;

	if (len == 0)
		return 0;
	if (cp_addr_parse(host, &addr) == 0) {
		cp_addr_format(&addr, trace->host);
		return 0;
	}
	len -= len > 1 && host[len - 1] == '.';
	if (len >= sizeof(trace->host))
		return cp_err_set(err, -EINVAL, "the destination's name has %zu characters", len);
	for (size_t i = 0; i < len; i++) {
		trace->host[i] = host[i] >= 'A' && host[i] <= 'Z' ? (char)(host[i] - 'A' + 'a') : host[i];
		if (!is_host_char(trace->host[i]))
			return cp_err_set(err, -EINVAL, "the destination has no valid host name");
	}
	trace->host[len] = '\0';
	return 0;
}

/* ---- Hops ---- */

static void note_ttl(struct cp_json_trace *trace, uint32_t ttl)
{
	if (!trace->first_ttl || ttl < trace->first_ttl)
		trace->first_ttl = ttl;
	if (ttl > trace->last_ttl)
		trace->last_ttl = ttl;
}

int cp_json_trace_asked(struct cp_json_trace *trace, uint64_t ttl, uint64_t n, struct cp_err *err)
{
	uint64_t sum;

	if (ttl < 1)
		return cp_err_set(err, -EINVAL, "a TTL of 0");
	if (ttl > CP_TTL_MAX)
		return 0; /* silence that no path can show */
	note_ttl(trace, (uint32_t)ttl);
	sum = trace->hops[ttl].attempts + n;
	trace->hops[ttl].attempts = (uint8_t)(sum < UINT8_MAX ? sum : UINT8_MAX);
	return 0;
}

int cp_json_trace_answer(struct cp_json_trace *trace, uint64_t ttl, const struct cp_hop *answer, struct cp_err *err)
{
	bool arrives = answer->kind != CP_REPLY_TIME_EXCEEDED && cp_addr_eq(&answer->addr, &trace->trace.dest);
	struct cp_hop *hop;
	bool is_other;

	if (ttl < 1 || ttl > CP_TTL_MAX)
		return cp_err_set(err, -EINVAL, "an answer at TTL %llu: a path has hops from 1 to %d",
		        (unsigned long long)ttl, CP_TTL_MAX);
	note_ttl(trace, (uint32_t)ttl);
	hop = &trace->hops[ttl];
	is_other = hop->kind != CP_REPLY_NONE && !cp_addr_eq(&hop->addr, &answer->addr);
	if (hop->kind == CP_REPLY_NONE || (is_other && arrives)) {
		uint8_t attempts = hop->attempts;

		*hop = *answer;
		hop->attempts = attempts;
		hop->flags &= (uint8_t)~CP_HOP_OTHER_ADDR;
		hop->flags |= is_other ? CP_HOP_OTHER_ADDR : 0;
	} else if (is_other) {
		hop->flags |= CP_HOP_OTHER_ADDR;
	} else if (!hop->rtt_us && answer->rtt_us) {
		hop->rtt_us = answer->rtt_us;
		hop->flags &= (uint8_t)~CP_HOP_LATE;
	}
	return 0;
}

void cp_json_trace_answer_beyond(struct cp_json_trace *trace, const struct cp_hop *answer)
{
	struct cp_err err;
	uint32_t ttl = trace->last_ttl + 1;

	for (uint32_t i = 1; i <= trace->last_ttl; i++) {
		/* It answered nearer, so that nothing is learned. */
		if (trace->hops[i].kind != CP_REPLY_NONE && cp_addr_eq(&trace->hops[i].addr, &answer->addr))
			return;
	}
	if (ttl <= CP_TTL_MAX && cp_json_trace_answer(trace, ttl, answer, &err) == 0)
		trace->hops[ttl].attempts = answer->attempts;
}

/* ---- Handing over ---- */

static void end_path(struct cp_json_trace *trace, enum cp_end end)
{
	struct cp_path *path = &trace->trace.path;
	uint32_t n_ttls = trace->last_ttl - trace->first_ttl + 1;

	for (uint32_t ttl = trace->first_ttl; ttl <= trace->last_ttl; ttl++) {
		struct cp_hop *hop = &path->hops[path->n_hops++];

		*hop = trace->hops[ttl];
		hop->ttl = (uint8_t)ttl;
		path->n_probes += hop->attempts;
	}
	cp_path_finish(path, &trace->trace.dest, n_ttls, CP_IMPORT_GAP);
	if ((path->end == CP_END_MAX_TTL || path->end == CP_END_GAP) && end != CP_END_MAX_TTL)
		path->end = (uint8_t)end;
}

int cp_json_trace_finish(struct cp_json_trace *trace, enum cp_end end, const struct cp_import_sink *sink, int *ret_sink,
        struct cp_err *err)
{
	struct cp_trace *out = &trace->trace;
	struct cp_addr literal;

	if (cp_addr_is_zero(&out->dest))
		return cp_err_set(err, -EINVAL, "the destination's address is not told");
	if (!trace->last_ttl)
		return cp_err_set(err, -EINVAL, "a trace without hops");
	end_path(trace, end);
	if (!trace->host[0])
		cp_addr_format(&out->dest, trace->host);
	out->target.host = trace->host;
	out->target.is_literal = cp_addr_parse(trace->host, &literal) == 0;
	out->answer.status = out->target.is_literal ? CP_DNS_LITERAL : CP_DNS_OK;
	out->answer.addrs = &out->dest;
	out->answer.n_addrs = 1;
	*ret_sink = sink->trace(sink->ctx, out);
	return *ret_sink ? -ECANCELED : 0;
}
