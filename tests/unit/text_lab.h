/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_lab.h: what a format makes of a text, written down so that a test can
 * compare it with one string:
 *
 *   T LINE HOST DEST PROTO[:PORT] END      a trace, and its hops:
 *   TTL *                                  silence
 *   TTL ADDR US [NAME] [EXTRAS]            other-addr '~', inferred 'i', not time-exceeded '=KIND TYPE/CODE',
 *                                          labels '<LABEL,TC,S,TTL>'
 *   B LINE WHY                             a bad record
 *   E WHY                                  the text was refused
 *
 * Attempts follow as 'xN' where they are not 3. The text lies in a buffer of
 * exactly its size.
 */
#ifndef CP_TEXT_LAB_H
#define CP_TEXT_LAB_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

struct transcript {
	char text[32768];
	size_t len;
};

static inline void __attribute__((format(printf, 2, 3))) note(struct transcript *log, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(log->text + log->len, sizeof(log->text) - log->len, fmt, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < sizeof(log->text) - log->len);
	log->len += (size_t)n;
}

static inline void note_hop(struct transcript *log, const struct cp_hop *hop)
{
	static const char *const kinds[] = {
	        "none", "exceeded", "unreachable", "syn-ack", "rst", "echo", "udp", "sack", "?"};
	char addr[CP_ADDR_STRLEN];

	note(log, "%u %s", hop->ttl, cp_addr_is_zero(&hop->addr) ? "*" : cp_addr_format(&hop->addr, addr));
	if (!cp_addr_is_zero(&hop->addr))
		note(log, " %u", hop->rtt_us);
	if (hop->ptr)
		note(log, " %s", hop->ptr);
	if (hop->flags & CP_HOP_OTHER_ADDR)
		note(log, " ~");
	if (hop->flags & CP_HOP_INFERRED)
		note(log, " i");
	else if (!cp_addr_is_zero(&hop->addr) && hop->kind != CP_REPLY_TIME_EXCEEDED)
		note(log, " =%s %u/%u", kinds[hop->kind], hop->icmp_type, hop->icmp_code);
	for (uint32_t i = 0; i < hop->n_mpls; i++)
		note(log, " <%u,%u,%u,%u>", hop->mpls[i] >> 12, hop->mpls[i] >> 9 & 7, hop->mpls[i] >> 8 & 1,
		        hop->mpls[i] & 255);
	if (hop->attempts != 3)
		note(log, " x%u", hop->attempts);
	note(log, "\n");
}

static inline int note_trace(void *ctx, const struct cp_trace *trace)
{
	struct transcript *log = ctx;
	const char *proto = cp_proto_name(trace->target.proto);
	char addr[CP_ADDR_STRLEN];
	struct cp_addr literal;

	assert_int_equal(trace->answer.n_addrs, 1);
	assert_memory_equal(&trace->answer.addrs[0], &trace->dest, sizeof(trace->dest));
	assert_int_equal(trace->target.is_literal, cp_addr_parse(trace->target.host, &literal) == 0);
	assert_int_equal(trace->answer.status, trace->target.is_literal ? CP_DNS_LITERAL : CP_DNS_OK);
	assert_int_equal(trace->path.reached, trace->path.end == CP_END_REACHED);
	note(log, "T %zu %s %s %s", trace->line, trace->target.host, cp_addr_format(&trace->dest, addr),
	        proto ? proto : "?");
	if (trace->target.port)
		note(log, ":%u", trace->target.port);
	note(log, " %s\n", cp_end_name(trace->path.end));
	if (trace->wall_ms != UINT64_MAX)
		note(log, "at %llu\n", (unsigned long long)trace->wall_ms);
	if (!cp_addr_is_zero(&trace->source))
		note(log, "from %s\n", cp_addr_format(&trace->source, addr));
	for (uint32_t i = 0; i < trace->path.n_hops; i++) {
		assert_int_equal(trace->path.hops[i].ttl, trace->path.hops[0].ttl + i);
		note_hop(log, &trace->path.hops[i]);
	}
	return 0;
}

static inline void note_bad(void *ctx, size_t line, const char *why)
{
	note(ctx, "B %zu %s\n", line, why);
}

static inline void read_bytes(
        const struct cp_import_format *format, const char *text, size_t len, struct transcript *ret_log)
{
	struct cp_import_sink sink = {.trace = note_trace, .bad = note_bad, .ctx = ret_log};
	struct cp_err err = {{0}};
	char *exact = malloc(len ? len : 1);
	int rc;

	assert_non_null(exact);
	memcpy(exact, text, len);
	ret_log->len = 0;
	ret_log->text[0] = '\0';
	rc = format->read(exact, len, "text", &sink, &err);
	assert_true(rc == 0 || rc == -EINVAL);
	if (rc)
		note(ret_log, "E %s\n", err.text);
	free(exact);
}

static inline void check_text(const struct cp_import_format *format, const char *text, const char *want)
{
	static struct transcript log;

	read_bytes(format, text, strlen(text), &log);
	if (strcmp(log.text, want) != 0)
		fail_msg("%s\n--- gives\n%s--- not\n%s", text, log.text, want);
}

struct import_case {
	const char *text, *want;
};

static inline void check_cases(const struct cp_import_format *format, const struct import_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_text(format, cases[i].text, cases[i].want);
}

#endif
