// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text_trace.c: rows of text become a path. Must not know any tool's words.
 */
#include "text_trace.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	GAP = 12, /* the default of --gap */
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PORT_UNREACHABLE = 3,
	ICMP6_UNREACHABLE = 1,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_PORT_UNREACHABLE = 4,
};

void cp_text_trace_init(struct cp_text_trace *text, const struct cp_import_sink *sink)
{
	memset(text, 0, sizeof(*text));
	text->sink = sink;
}

void cp_text_trace_start(struct cp_text_trace *text, size_t line)
{
	size_t n_found = text->n_found;

	cp_text_trace_init(text, text->sink);
	text->n_found = n_found;
	text->is_open = true;
	text->arrival = CP_REPLY_UNTOLD;
	text->trace.line = line;
	text->trace.wall_ms = UINT64_MAX;
}

/* ---- Heading ---- */

/* Letters, digits, '-' and '_' in labels (RFC 1123, and what is in use); bytes of other alphabets as they are. */
static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || (c & 0x80);
}

bool cp_text_trace_host(struct cp_text_trace *text, size_t line, const char *host, size_t len)
{
	struct cp_addr addr;

	if (cp_scan_addr(host, len, &addr)) {
		cp_addr_format(&addr, text->host);
		return true;
	}
	if (len > 1 && host[len - 1] == '.')
		len--;
	if (len == 0 || len >= sizeof(text->host)) {
		cp_text_trace_refuse(text, line, "the destination's name has %zu characters", len);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		text->host[i] = host[i] >= 'A' && host[i] <= 'Z' ? (char)(host[i] - 'A' + 'a') : host[i];
		if (!is_host_char(text->host[i])) {
			text->host[0] = '\0';
			cp_text_trace_refuse(text, line, "the destination has no valid host name");
			return false;
		}
	}
	text->host[len] = '\0';
	return true;
}

void cp_text_trace_dest(struct cp_text_trace *text, const struct cp_addr *dest)
{
	text->trace.dest = *dest;
	text->has_dest = true;
}

void cp_text_trace_refuse(struct cp_text_trace *text, size_t line, const char *fmt, ...)
{
	va_list args;

	if (text->bad_line)
		return;
	text->bad_line = line;
	va_start(args, fmt);
	vsnprintf(text->bad_why, sizeof(text->bad_why), fmt, args);
	va_end(args);
	/* It may quote the text, which may hold anything. */
	for (char *c = text->bad_why; *c; c++)
		*c = *c >= ' ' && *c < 0x7f ? *c : '?';
}

/* ---- Rows ---- */

uint32_t cp_text_trace_next(const struct cp_text_trace *text)
{
	const struct cp_path *path = &text->trace.path;

	return text->is_open && path->n_hops ? path->hops[0].ttl + path->n_hops : 0;
}

static struct cp_hop *add_hop(struct cp_text_trace *text, uint32_t ttl)
{
	struct cp_path *path = &text->trace.path;
	struct cp_hop *hop = &path->hops[path->n_hops++];

	memset(hop, 0, sizeof(*hop));
	hop->ttl = (uint8_t)ttl;
	text->dest_answered = false;
	text->dest_rtt_us = 0;
	return hop;
}

static bool check_ttl(struct cp_text_trace *text, size_t line, uint32_t ttl)
{
	uint32_t first = text->trace.path.n_hops ? text->trace.path.hops[0].ttl : ttl;

	if (ttl >= 1 && ttl < first + CP_TTL_MAX && ttl <= UINT8_MAX)
		return true;
	cp_text_trace_refuse(text, line, "TTL %u: a path has at most %d hops", ttl, CP_TTL_MAX);
	return false;
}

int cp_text_trace_row(struct cp_text_trace *text, size_t line, uint32_t ttl, struct cp_hop **ret_hop)
{
	uint32_t next = cp_text_trace_next(text);
	int rc = 0;

	*ret_hop = NULL;
	if (!text->is_open || ttl < next) {
		rc = cp_text_trace_finish(text);
		cp_text_trace_start(text, line);
		cp_text_trace_refuse(text, line, "no heading before this hop says where the path leads");
		next = 0;
	}
	if (!check_ttl(text, line, ttl))
		return rc;
	if (next && ttl > next)
		cp_text_trace_refuse(text, line, "the line of TTL %u is missing before that of TTL %u", next, ttl);
	if (!next || ttl == next)
		*ret_hop = add_hop(text, ttl);
	return rc;
}

struct cp_hop *cp_text_trace_hop(struct cp_text_trace *text, size_t line, uint32_t ttl)
{
	struct cp_path *path = &text->trace.path;

	if (!check_ttl(text, line, ttl))
		return NULL;
	if (path->n_hops && ttl < path->hops[0].ttl) {
		cp_text_trace_refuse(
		        text, line, "TTL %u is below TTL %u, where the path begins", ttl, path->hops[0].ttl);
		return NULL;
	}
	if (!path->n_hops)
		add_hop(text, ttl);
	while (path->hops[0].ttl + path->n_hops <= ttl)
		add_hop(text, path->hops[0].ttl + path->n_hops);
	return &path->hops[ttl - path->hops[0].ttl];
}

static void set_time_exceeded(struct cp_hop *hop)
{
	hop->kind = CP_REPLY_TIME_EXCEEDED;
	hop->icmp_type = cp_addr_is_v4(&hop->addr) ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED;
}

bool cp_text_trace_has_arrived(const struct cp_text_trace *text)
{
	const struct cp_path *path = &text->trace.path;

	return text->is_open && text->has_dest && path->n_hops &&
	       (text->dest_answered || cp_addr_eq(&path->hops[path->n_hops - 1].addr, &text->trace.dest));
}

bool cp_text_trace_answer(struct cp_text_trace *text, struct cp_hop *hop, const struct cp_who *who, uint32_t rtt_us)
{
	char *name = text->names[hop - text->trace.path.hops];

	if (cp_addr_is_zero(&hop->addr)) {
		hop->addr = who->addr;
		hop->rtt_us = rtt_us;
		set_time_exceeded(hop);
		snprintf(name, CP_NAME_SIZE, "%s", who->name);
		hop->ptr = name[0] ? name : NULL;
		return true;
	}
	if (cp_addr_eq(&hop->addr, &who->addr)) {
		hop->rtt_us = hop->rtt_us ? hop->rtt_us : rtt_us;
		return true;
	}
	hop->flags |= CP_HOP_OTHER_ADDR;
	if (text->has_dest && cp_addr_eq(&who->addr, &text->trace.dest)) {
		text->dest_answered = true;
		text->dest_rtt_us = text->dest_rtt_us ? text->dest_rtt_us : rtt_us;
	}
	return false;
}

void cp_text_trace_drop(struct cp_text_trace *text)
{
	text->trace.path.n_hops--;
	text->dest_answered = false;
	text->is_cut = true;
}

void cp_text_trace_probe(struct cp_hop *hop, uint32_t n)
{
	hop->attempts = (uint8_t)(hop->attempts + n < UINT8_MAX ? hop->attempts + n : UINT8_MAX);
}

/* ---- Handing over ---- */

static void set_arrival(struct cp_hop *hop, uint8_t kind)
{
	bool is_v4 = cp_addr_is_v4(&hop->addr);

	hop->kind = kind;
	hop->icmp_type = hop->icmp_code = 0;
	if (kind == CP_REPLY_ECHO) {
		hop->icmp_type = is_v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	} else if (kind == CP_REPLY_UNREACHABLE) {
		hop->icmp_type = is_v4 ? ICMP_UNREACHABLE : ICMP6_UNREACHABLE;
		hop->icmp_code = is_v4 ? ICMP_PORT_UNREACHABLE : ICMP6_PORT_UNREACHABLE;
	}
}

/*
 * The tools stop at the TTL at which the destination answers as such. Its address
 * in an earlier row is that of something in front of it (a NAT, a balancer).
 */
static void note_arrival(struct cp_text_trace *text)
{
	struct cp_path *path = &text->trace.path;
	struct cp_hop *last = &path->hops[path->n_hops - 1];

	if (text->arrival == CP_REPLY_NONE)
		return;
	if (text->dest_answered && last->kind == CP_REPLY_TIME_EXCEEDED) {
		last->addr = text->trace.dest;
		last->rtt_us = text->dest_rtt_us;
		last->ptr = NULL;
		last->n_mpls = 0;
	}
	if (last->kind == CP_REPLY_TIME_EXCEEDED && cp_addr_eq(&last->addr, &text->trace.dest))
		set_arrival(last, text->arrival);
}

/* Ends the path, given all rows of it. */
static void end_path(struct cp_text_trace *text)
{
	struct cp_path *path = &text->trace.path;
	uint32_t first = path->hops[0].ttl, n_rows = path->n_hops, n_ttls = n_rows;
	bool is_silent = path->hops[n_rows - 1].kind == CP_REPLY_NONE;

	if (text->is_trimmed && is_silent && text->max_ttl >= first && text->max_ttl - first + 1 > n_rows)
		n_ttls = text->max_ttl - first + 1;
	note_arrival(text);
	path->n_probes = 0;
	for (uint32_t i = 0; i < n_rows; i++)
		path->n_probes += path->hops[i].attempts;
	cp_path_finish(path, &text->trace.dest, n_ttls, GAP);
	if (path->end == CP_END_MAX_TTL && (text->is_cut || first + n_ttls - 1 < text->max_ttl))
		path->end = CP_END_INTERRUPTED;
}

static int hand_over(struct cp_text_trace *text)
{
	struct cp_trace *trace = &text->trace;
	struct cp_addr literal;

	end_path(text);
	if (!text->host[0])
		cp_addr_format(&trace->dest, text->host);
	trace->target.host = text->host;
	trace->target.is_literal = cp_addr_parse(text->host, &literal) == 0;
	trace->answer.status = trace->target.is_literal ? CP_DNS_LITERAL : CP_DNS_OK;
	trace->answer.addrs = &trace->dest;
	trace->answer.n_addrs = 1;
	return text->sink->trace(text->sink->ctx, trace);
}

int cp_text_trace_finish(struct cp_text_trace *text)
{
	if (!text->is_open)
		return 0;
	text->is_open = false;
	text->n_found++;
	if (text->close)
		text->close(text);
	if (!text->bad_line && !text->trace.path.n_hops)
		cp_text_trace_refuse(text, text->trace.line, "no hop follows this heading");
	if (!text->bad_line && !text->has_dest)
		cp_text_trace_refuse(text, text->trace.line, "the text does not tell the destination's address");
	if (!text->bad_line)
		return hand_over(text);
	text->sink->bad(text->sink->ctx, text->bad_line, text->bad_why);
	return 0;
}
