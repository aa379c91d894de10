/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * import.h: results of other tools (and our own) as the paths that the verdict
 * engine judges. A format reads a text it is given and hands over one trace at
 * a time; what it cannot understand is counted and named, never guessed. Opens
 * nothing, keeps nothing.
 */
#ifndef CP_IMPORT_H
#define CP_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/path.h"
#include "core/quality.h"
#include "core/target.h"
#include "core/verdict.h"

/* One path as some tool measured it. All of it is borrowed for the call. */
struct cp_trace {
	struct cp_target target; /* host: the name or address asked for; port 0: not said */
	struct cp_answer answer; /* the destination's address and CNAME chain, as far as it is told */
	struct cp_addr dest;
	struct cp_addr source; /* public address of the vantage; zero: not told */
	uint32_t vantage_asn; /* 0: not told */
	uint64_t wall_ms; /* when it was measured; UINT64_MAX: not told */
	const char *tcp_method; /* "syn", "sack"; NULL: not TCP, or not told */
	const char *sack_fallback; /* as in struct cp_rec_path; NULL */
	/*
	 * What whoever measured knows and no hop shows: bits of CP_WHY_REPLIES_LOST, CP_WHY_ROUTE_CHANGED and
	 * CP_WHY_SACK_UNAVAILABLE.
	 */
	uint32_t reasons;
	const struct cp_quality_stats *e2e; /* of the destination; NULL: not measured */
	size_t line; /* 1-based, where it begins in the text */
	struct cp_path path; /* hops' ptr: the names that the tool printed */
};

struct cp_import_sink {
	/* 0, or -errno to stop. */
	int (*trace)(void *ctx, const struct cp_trace *trace);
	/* A record that was left out, and why. It need not be the last. */
	void (*bad)(void *ctx, size_t line, const char *why);
	/* Something about the text as a whole that its reader should hear of. NULL: nobody listens. */
	void (*note)(void *ctx, const char *text);
	void *ctx;
};

/* How sure a format is of a text. */
enum cp_import_match { CP_IMPORT_NO = 0, CP_IMPORT_MAYBE, CP_IMPORT_SURE };

struct cp_import_format {
	const char *name; /* as given with --input-format */
	const char *what; /* "RIPE Atlas traceroute results (JSON)" */
	/* Looks at the beginning of a text (not NUL-terminated) only. */
	enum cp_import_match (*match)(const char *text, size_t len);
	/*
	 * Reads all of it. 0, also when every record was bad; -ENOMEM; what the sink returned; -EINVAL with err for a
	 * text that is not of this format at all. source names the text in messages.
	 */
	int (*read)(const char *text, size_t len, const char *source, const struct cp_import_sink *sink,
	        struct cp_err *err);
};

/* NULL-terminated, in the order in which they are asked. */
extern const struct cp_import_format *const cp_import_formats[];
const struct cp_import_format *cp_import_find(const char *name); /* NULL when unknown */
/* The format that is surest of a text, NULL when none is. */
const struct cp_import_format *cp_import_detect(const char *text, size_t len);

#endif
