/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * traces.h: imported traces, kept until all are read, since those of one target
 * need not stand together. Owns all that they point to. Must not know what is
 * done with them.
 */
#ifndef CP_TRACES_H
#define CP_TRACES_H

#include "core/target.h"
#include "core/verdict.h"
#include "import/import.h"

struct cp_kept_trace {
	uint32_t target; /* index; targets are numbered as they appear */
	uint32_t dest; /* number of this address of this target, likewise */
	struct cp_addr addr;
	struct cp_vantage vantage;
	const char *tcp_method, *sack_fallback; /* NULL */
	const char **cname;
	uint32_t n_cname;
	uint32_t reasons; /* as in struct cp_trace */
	const struct cp_quality_stats *e2e; /* without samples; NULL: not measured */
	const struct cp_hop *hops;
	uint32_t n_probes;
	uint8_t n_hops, end, end_kind, end_code;
	bool reached;
};

struct cp_traces;

int cp_traces_new(struct cp_traces **ret_traces);
void cp_traces_free(struct cp_traces *traces); /* takes NULL */
/* Copies a trace. vantage.why is borrowed. 0 or -ENOMEM. */
int cp_traces_add(struct cp_traces *traces, const struct cp_trace *trace, struct cp_vantage vantage);
/*
 * After the last trace: orders them by target, by address and by appearance, and makes the answers. 0 or -ENOMEM.
 */
int cp_traces_sort(struct cp_traces *traces);

size_t cp_traces_n(const struct cp_traces *traces);
size_t cp_traces_n_targets(const struct cp_traces *traces);
size_t cp_traces_n_dests(const struct cp_traces *traces);
const struct cp_target *cp_traces_target(const struct cp_traces *traces, size_t i);
/* After sorting. */
const struct cp_kept_trace *cp_traces_at(const struct cp_traces *traces, size_t i);
/* All addresses that a target's traces went to; the CNAME chain of the first that has one. */
const struct cp_answer *cp_traces_answer(const struct cp_traces *traces, size_t target);

/* The path as it was imported, with a flow number. */
void cp_traces_path(const struct cp_kept_trace *trace, uint32_t flow, struct cp_path *ret_path);

#endif
