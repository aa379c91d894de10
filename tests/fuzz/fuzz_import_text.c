// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_import_text.c: any bytes as the output of each tool that writes for
 * people. What is handed over must be a path that could be, and a text without
 * a record must be refused in words.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/text_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int promise)
{
	if (!promise)
		abort();
}

struct seen {
	size_t n_traces, n_bad, n_lines;
};

/* A name or a reason: one line, not too long. */
static void check_words(const char *text, bool is_ascii)
{
	size_t len = strnlen(text, 512);

	require(len > 0 && len < 512);
	for (size_t i = 0; i < len; i++)
		require((unsigned char)text[i] >= ' ' && text[i] != 0x7f && !(is_ascii && text[i] & 0x80));
}

static void check_path(const struct cp_path *path, const struct cp_addr *dest)
{
	const struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;

	require(path->n_hops <= CP_TTL_MAX && path->end <= CP_END_INTERRUPTED);
	require(path->reached == (path->end == CP_END_REACHED));
	require(!last || !cp_addr_is_zero(&last->addr));
	require(!path->reached || (last && cp_addr_eq(&last->addr, dest) && last->kind == path->end_kind));
	require(path->end != CP_END_UNREACHABLE || (last && last->kind == CP_REPLY_UNREACHABLE));
	for (uint32_t i = 0; i < path->n_hops; i++) {
		const struct cp_hop *hop = &path->hops[i];

		require(hop->ttl >= 1 && hop->ttl == path->hops[0].ttl + i);
		require(hop->kind <= CP_REPLY_UNTOLD && hop->n_mpls <= CP_MPLS_MAX);
		require(!cp_addr_is_zero(&hop->addr) || (hop->kind == CP_REPLY_NONE && !hop->rtt_us && !hop->ptr));
		if (hop->ptr)
			check_words(hop->ptr, false);
	}
}

static int check_trace(void *ctx, const struct cp_trace *trace)
{
	struct seen *seen = ctx;
	struct cp_addr literal;

	seen->n_traces++;
	require(trace->line >= 1 && trace->line <= seen->n_lines);
	require(!cp_addr_is_zero(&trace->dest) && trace->answer.n_addrs == 1);
	check_words(trace->target.host, false);
	require(trace->target.is_literal == (cp_addr_parse(trace->target.host, &literal) == 0));
	check_path(&trace->path, &trace->dest);
	return 0;
}

static void check_bad(void *ctx, size_t line, const char *why)
{
	struct seen *seen = ctx;

	seen->n_bad++;
	require(line >= 1 && line <= seen->n_lines);
	check_words(why, true);
}

static size_t count_lines(const uint8_t *data, size_t size)
{
	size_t n = 1;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cp_import_format *const formats[] = {
	        &cp_import_traceroute, &cp_import_tracert, &cp_import_tracepath, &cp_import_mtr_text, &cp_import_nmap};
	const char *text = (const char *)data;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct seen seen = {.n_lines = count_lines(data, size)};
		struct cp_import_sink sink = {.trace = check_trace, .bad = check_bad, .ctx = &seen};
		struct cp_err err = {{0}};
		int rc;

		require(formats[i]->match(text, size) <= CP_IMPORT_SURE);
		rc = formats[i]->read(text, size, "fuzz", &sink, &err);
		require(rc == (seen.n_traces + seen.n_bad ? 0 : -EINVAL));
		require((rc != 0) == (err.text[0] != '\0'));
	}
	return 0;
}
