/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * scamper.h: what scamper's two kinds of traceroute have in common. Private to
 * scamper.c and scamper_lb.c.
 */
#ifndef CP_SCAMPER_H
#define CP_SCAMPER_H

#include <jansson.h>

#include "json_records.h"
#include "json_trace.h"

struct cp_scamper {
	struct cp_json_reader reader;
	struct cp_json_trace trace;
};

/* Addresses, protocol, ports and time; starts scamper->trace. 0 or -EINVAL. */
int cp_scamper_head(struct cp_scamper *scamper, const json_t *record, size_t line, struct cp_err *err);
/* Time, kind and TTLs of one answer, whose address is set. 0 or -EINVAL. */
int cp_scamper_answer(const struct cp_scamper *scamper, const json_t *reply, const char *ttl_key, struct cp_hop *hop,
        struct cp_err *err);
/* A record of type tracelb: every flow that shows something new is a trace. 0, -EINVAL, -ECANCELED, -ENOMEM. */
int cp_scamper_tracelb(struct cp_scamper *scamper, const json_t *record, size_t line, struct cp_err *err);

#endif
