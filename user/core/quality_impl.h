/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * quality_impl.h: the state of the end-to-end probes: written by quality.c,
 * summed up by quality_stats.c. Private to them.
 */
#ifndef CP_QUALITY_IMPL_H
#define CP_QUALITY_IMPL_H

#include "quality.h"

enum quality_state {
	QUALITY_IDLE = 0, /* in the heap */
	QUALITY_TAKEN, /* handed out and not queued yet, or done */
	QUALITY_OUT, /* in the list */
};

struct quality_dest {
	uint64_t at_ns; /* idle: when its probe is due; out: when that left, 0: still queued */
	uint32_t next, prev; /* in the list */
	uint32_t n_settled; /* sent, or never transmitted */
	uint32_t n_sent, n_received, n_refused, n_late, n_rtts; /* as in cp_quality_stats */
	uint32_t rest_ms[CP_ATTEMPTS_MAX]; /* a number may be used from then on, since the start */
	uint8_t state; /* enum quality_state */
	uint8_t number; /* of the latest probe */
	uint8_t n_unsent; /* times in a row that a probe was not transmitted */
	uint8_t used, silent; /* numbers, a bit each: ours; whose latest probe was lost, without a late answer so far */
};

struct cp_quality {
	struct cp_quality_config config;
	struct quality_dest *dests; /* [n_dests] */
	uint32_t *heap; /* those idle, the first one due on top */
	uint32_t n_idle;
	uint32_t first, last; /* of the list; those that have left go before those that wait to */
	uint32_t first_waiting, n_waiting;
	uint32_t *rtts_us; /* [n_dests * n_probes], in the order in which they came */
	uint32_t *scratch; /* [n_probes] */
	uint64_t n_settled;
};

#endif
