/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * import_lab.h: texts read by an import format, and each trace as one line that
 * a table can state:
 *
 *   a.test>198.18.9.9 tcp/443 from 198.18.0.7: * x2 198.18.1.1@1000 198.18.9.9@2000=syn-ack | reached
 *
 * A hop is '*' or an address; @ its time in us, = its kind unless time-exceeded, x how many probes unless one, then
 * letters for flags, [labels], "name". A bad record is "LINE: why".
 */
#ifndef CP_TEST_IMPORT_LAB_H
#define CP_TEST_IMPORT_LAB_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/import.h"

struct import_lab {
	char text[65536];
	size_t len;
	size_t n_traces, n_bad, n_notes;
	int stop; /* what the sink returns */
	struct cp_trace last;
};

__attribute__((format(printf, 2, 3))) static inline void lab_say(struct import_lab *lab, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(lab->text + lab->len, sizeof(lab->text) - lab->len, fmt, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < sizeof(lab->text) - lab->len);
	lab->len += (size_t)n;
}

static inline void lab_say_hop(struct import_lab *lab, const struct cp_hop *hop)
{
	static const char *const kinds[] = {[CP_REPLY_NONE] = "none",
	        [CP_REPLY_SYN_ACK] = "syn-ack",
	        [CP_REPLY_RST] = "rst",
	        [CP_REPLY_ECHO] = "echo",
	        [CP_REPLY_UDP] = "udp",
	        [CP_REPLY_SACK] = "sack",
	        [CP_REPLY_UNTOLD] = "?"};
	bool is_silent = cp_addr_is_zero(&hop->addr);
	char addr[CP_ADDR_STRLEN];

	lab_say(lab, " %s", is_silent ? "*" : cp_addr_format(&hop->addr, addr));
	if (hop->rtt_us)
		lab_say(lab, "@%u", hop->rtt_us);
	if (hop->kind == CP_REPLY_UNREACHABLE)
		lab_say(lab, "=!%u", hop->icmp_code);
	else if (!is_silent && hop->kind != CP_REPLY_TIME_EXCEEDED)
		lab_say(lab, "=%s", kinds[hop->kind]);
	if (hop->attempts != 1)
		lab_say(lab, "x%u", hop->attempts);
	lab_say(lab, "%s%s%s%s%s", hop->flags & CP_HOP_LATE ? "L" : "", hop->flags & CP_HOP_QUOTE_MODIFIED ? "M" : "",
	        hop->flags & CP_HOP_INFERRED ? "I" : "", hop->flags & CP_HOP_OTHER_ADDR ? "O" : "",
	        hop->flags & CP_HOP_LIMITED ? "R" : "");
	for (int i = 0; i < hop->n_mpls; i++)
		lab_say(lab, "[%u/%u/%u/%u]", hop->mpls[i] >> 12, hop->mpls[i] >> 9 & 7, hop->mpls[i] >> 8 & 1,
		        hop->mpls[i] & 255);
	if (hop->ptr)
		lab_say(lab, "\"%s\"", hop->ptr);
}

static inline int lab_trace(void *ctx, const struct cp_trace *trace)
{
	struct import_lab *lab = ctx;
	char addr[CP_ADDR_STRLEN];
	const char *proto = cp_proto_name(trace->target.proto);

	lab->n_traces++;
	lab->last = *trace;
	lab_say(lab, "%s>%s %s", trace->target.host, cp_addr_format(&trace->dest, addr), proto ? proto : "?");
	if (trace->target.port)
		lab_say(lab, "/%u", trace->target.port);
	if (!cp_addr_is_zero(&trace->source))
		lab_say(lab, " from %s", cp_addr_format(&trace->source, addr));
	if (trace->path.flow)
		lab_say(lab, " flow %u", trace->path.flow);
	if (trace->path.n_hops && trace->path.hops[0].ttl != 1)
		lab_say(lab, " ttl %u", trace->path.hops[0].ttl);
	lab_say(lab, ":");
	for (uint32_t i = 0; i < trace->path.n_hops; i++) {
		assert_int_equal(trace->path.hops[i].ttl, trace->path.hops[0].ttl + i);
		lab_say_hop(lab, &trace->path.hops[i]);
	}
	lab_say(lab, " | %s\n", cp_end_name(trace->path.end));
	assert_int_equal(trace->path.reached, trace->path.end == CP_END_REACHED);
	return lab->stop;
}

static inline void lab_bad(void *ctx, size_t line, const char *why)
{
	struct import_lab *lab = ctx;

	lab->n_bad++;
	lab_say(lab, "%zu: %s\n", line, why);
}

static inline void lab_note(void *ctx, const char *text)
{
	struct import_lab *lab = ctx;

	lab->n_notes++;
	lab_say(lab, "note: %s\n", text);
}

/* Without a byte behind the text: a read beyond it shows. */
static inline int lab_read_bytes(
        struct import_lab *lab, const struct cp_import_format *format, const char *text, size_t len, struct cp_err *err)
{
	const struct cp_import_sink sink = {.trace = lab_trace, .bad = lab_bad, .note = lab_note, .ctx = lab};
	/* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): of an empty text nothing may be read either */
	char *exact = malloc(len);
	int rc;

	assert_true(exact || len == 0);
	if (len)
		memcpy(exact, text, len);
	*lab = (struct import_lab){.stop = lab->stop};
	rc = format->read(exact, len, "lab", &sink, err);
	free(exact);
	return rc;
}

/* ' stands for ". */
static inline size_t lab_unquote(const char *text, char *to, size_t size)
{
	size_t len = strlen(text);

	assert_true(len < size);
	for (size_t i = 0; i <= len; i++)
		to[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	return len;
}

struct import_case {
	const char *text, *want;
};

/* Every text as the lines it must become; and each is found to be of this format. */
static inline void lab_check(const struct cp_import_format *format, const struct import_case *cases, size_t n)
{
	struct import_lab *lab = calloc(1, sizeof(*lab));
	char text[32768];

	assert_non_null(lab);
	for (size_t i = 0; i < n; i++) {
		size_t len = lab_unquote(cases[i].text, text, sizeof(text));
		struct cp_err err = {.text = ""};

		assert_int_equal(lab_read_bytes(lab, format, text, len, &err), 0);
		if (strcmp(lab->text, cases[i].want) != 0)
			fail_msg("case %zu of %s:\n%.400s\nand not\n%.400s", i, format->name, lab->text, cases[i].want);
	}
	free(lab);
}

static inline void lab_detect(const struct cp_import_format *format, const char *quoted)
{
	char text[32768];
	size_t len = lab_unquote(quoted, text, sizeof(text));
	const struct cp_import_format *found = cp_import_detect(text, len);

	if (found != format)
		fail_msg("%s: taken for %s", quoted, found ? found->name : "nothing");
}

/* A text of something else entirely is refused as a whole; what the sink returns ends the reading. */
static inline void lab_check_edges(const struct cp_import_format *format, const char *quoted)
{
	struct import_lab *lab = calloc(1, sizeof(*lab));
	struct cp_err err = {.text = ""};
	char text[32768];
	size_t len = lab_unquote(quoted, text, sizeof(text));

	assert_non_null(lab);
	assert_int_equal(lab_read_bytes(lab, format, "", 0, &err), -EINVAL);
	assert_int_equal(strncmp(err.text, "lab: ", 5), 0);
	lab->stop = -EPIPE;
	assert_int_equal(lab_read_bytes(lab, format, text, len, &err), -EPIPE);
	assert_int_equal(lab->n_traces, 1);
	/* Every beginning of it: nothing is read beyond, nothing is made up. */
	lab->stop = 0;
	for (size_t cut = 1; cut < len; cut++) {
		lab_read_bytes(lab, format, text, cut, &err);
		assert_true(lab->n_traces + lab->n_bad > 0);
	}
	assert_ptr_equal(cp_import_find(format->name), format);
	free(lab);
}

#endif
