/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_trace.h: one trace as it is put together from a text, line by line, and
 * handed over when it is whole. Owns its strings. A trace in which something
 * is not understood is left out and named by its first such line. Must not
 * know any tool's words.
 */
#ifndef CP_TEXT_TRACE_H
#define CP_TEXT_TRACE_H

#include "import.h"
#include "text_scan.h"

struct cp_text_trace {
	/* What the heading tells; cp_text_trace_start() sets all of it back but sink. */
	const struct cp_import_sink *sink;
	bool is_open;
	bool has_dest;
	struct cp_trace trace; /* dest, source, wall_ms, target.proto and .port are the reader's to set */
	/* enum cp_reply_kind of the destination's answer in the last row; CP_REPLY_NONE: rows say themselves when it is
	 * one */
	uint8_t arrival;
	uint32_t max_ttl; /* highest that was to be asked; 0: not told */
	void (*close)(struct cp_text_trace *text); /* looks at the trace when all of it is there, or NULL */
	bool is_trimmed; /* silence up to max_ttl is not shown */
	bool is_cut; /* the text ends within the trace */
	size_t bad_line; /* 0: all is well */
	/* private */
	size_t n_found; /* traces and bad records so far, never set back */
	char host[CP_NAME_SIZE];
	char names[CP_TTL_MAX][CP_NAME_SIZE];
	uint32_t dest_rtt_us;
	bool dest_answered; /* in the last row, and not first */
	char bad_why[160];
};

void cp_text_trace_init(struct cp_text_trace *text, const struct cp_import_sink *sink);
/* A heading was seen: begins a trace; the one before must be finished. */
void cp_text_trace_start(struct cp_text_trace *text, size_t line);
/* Name or address asked for. False: it is no host name (the trace is refused). */
bool cp_text_trace_host(struct cp_text_trace *text, size_t line, const char *host, size_t len);
void cp_text_trace_dest(struct cp_text_trace *text, const struct cp_addr *dest);
/* The trace will be left out. */
void cp_text_trace_refuse(struct cp_text_trace *text, size_t line, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
/*
 * The row of a TTL, which must be the next. A row that begins anew is of a trace
 * whose heading is missing: the one before is finished. NULL in ret_hop: the
 * trace is refused. Returns what the sink returned.
 */
int cp_text_trace_row(struct cp_text_trace *text, size_t line, uint32_t ttl, struct cp_hop **ret_hop);
/* The row that has to come next; 0: any may. */
uint32_t cp_text_trace_next(const struct cp_text_trace *text);
/* The row of a TTL in any order; rows before it that were not seen are silent. NULL: refused. */
struct cp_hop *cp_text_trace_hop(struct cp_text_trace *text, size_t line, uint32_t ttl);
/*
 * A router's answer. The first of a row makes the hop; another address is noted in
 * it. True when this one is the hop's. rtt_us 0: not told.
 */
bool cp_text_trace_answer(struct cp_text_trace *text, struct cp_hop *hop, const struct cp_who *who, uint32_t rtt_us);
/* The last row is taken back, since the text ends within it. */
void cp_text_trace_drop(struct cp_text_trace *text);
/* The destination's address answered in the last row. */
bool cp_text_trace_has_arrived(const struct cp_text_trace *text);
/* n more probes were sent for the hop. */
void cp_text_trace_probe(struct cp_hop *hop, uint32_t n);
/* Hands the trace over, or says why not. Returns what the sink returned; nothing is open afterwards. */
int cp_text_trace_finish(struct cp_text_trace *text);

#endif
