/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json_trace.h: one trace as it is put together from a record, answer by
 * answer, in any order of TTLs. Owns its strings but the routers' names. Must
 * not know any tool's names.
 */
#ifndef CP_JSON_TRACE_H
#define CP_JSON_TRACE_H

#include "import.h"

#define CP_IMPORT_GAP 12 /* silent hops in a row that end a path: the default of --gap */

struct cp_json_trace {
	struct cp_trace
	        trace; /* dest, source, vantage_asn, wall_ms, tcp_method, target.port and .proto: the reader's */
	/* private */
	struct cp_hop hops[CP_TTL_MAX + 1]; /* by TTL */
	uint32_t first_ttl, last_ttl; /* asked or answered; 0: none */
	char host[256];
};

void cp_json_trace_start(struct cp_json_trace *trace, size_t line);
/* The name or address asked for; NULL or "": not told. -EINVAL when it is no host name. */
int cp_json_trace_host(struct cp_json_trace *trace, const char *host, struct cp_err *err);
/* n probes were sent with this TTL. -EINVAL for a TTL of 0. */
int cp_json_trace_asked(struct cp_json_trace *trace, uint64_t ttl, uint64_t n, struct cp_err *err);
/*
 * An answer to a probe with this TTL; of struct cp_hop ttl, attempts and CP_HOP_OTHER_ADDR are filled in here. The
 * first is the hop, one from another address is noted in it; but the destination's arrival takes the place of a
 * router's answer. -EINVAL for a TTL that a path cannot have.
 */
int cp_json_trace_answer(struct cp_json_trace *trace, uint64_t ttl, const struct cp_hop *answer, struct cp_err *err);
/*
 * An answer to a probe whose TTL says only that the destination is no nearer than what was asked: it becomes the hop
 * behind all others.
 */
void cp_json_trace_answer_beyond(struct cp_json_trace *trace, const struct cp_hop *answer);
/*
 * Hands the trace over. end: what the tool says of the end where the hops leave it open (neither reached, unreachable
 * nor a loop), CP_END_MAX_TTL: nothing. -EINVAL with err: there is nothing to hand over; -ECANCELED: the sink returned
 * *ret_sink.
 */
int cp_json_trace_finish(struct cp_json_trace *trace, enum cp_end end, const struct cp_import_sink *sink, int *ret_sink,
        struct cp_err *err);

/* What an ICMP message is, of either family; CP_REPLY_UNTOLD for types that no probe causes. */
uint8_t cp_json_icmp_kind(bool is_v4, uint64_t type);
/* Sets kind, type and code of a message of the given kind (time-exceeded, unreachable, echo). */
void cp_json_set_icmp(struct cp_hop *hop, uint8_t kind, uint8_t code);

#endif
