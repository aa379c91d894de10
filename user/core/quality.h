/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * quality.h: end-to-end quality: probes to the destination itself, paced and
 * numbered, and what their answers come to: loss, round trips, jitter. Pure:
 * time is an argument. Must not know how a probe is transmitted, nor what the
 * probes of paths found.
 *
 * A probe is one of the slot with the highest TTL of a destination's flow 0,
 * once the paths are done. Its number is the attempt in a probe id, modulo 8.
 * A destination has one probe out at a time, so none is ambiguous.
 */
#ifndef CP_QUALITY_H
#define CP_QUALITY_H

#include "path.h"

#define CP_QUALITY_UNKNOWN UINT32_MAX
#define CP_QUALITY_PROBES_MAX 1000u /* of a destination */

struct cp_quality_config {
	struct cp_shape shape;
	uint32_t n_probes; /* for each destination, 1..CP_QUALITY_PROBES_MAX */
	uint32_t interval_ms; /* between two probes of a destination, at least; not 0 */
	uint32_t timeout_ms; /* an answer that takes longer is late, and its probe lost */
	uint64_t seed; /* of the order of destinations */
	uint64_t start_ns;
	const struct cp_addr *dests; /* [n_dests], borrowed */
	/* Was a probe that found no answer transmitted? If not, it is sent again, and no loss. NULL: all are. */
	bool (*transmitted)(void *ctx, uint32_t id);
	void *transmitted_ctx;
	const struct cp_paths
	        *paths; /* whose probes have used numbers of the slots; NULL: none. For cp_quality_new() only */
};

struct cp_quality;

/* Bytes that so many destinations take. */
uint64_t cp_quality_memory(uint32_t n_dests, uint32_t n_probes);
/* 0 or -ENOMEM. */
int cp_quality_new(const struct cp_quality_config *config, struct cp_quality **ret_quality);
void cp_quality_free(struct cp_quality *quality); /* takes NULL */

/* Writes up to cap probe ids (cp_id_make) whose time has come at now_ns; returns how many. */
uint32_t cp_quality_next(struct cp_quality *quality, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap);
/* These, of those handed out, are queued for transmission in this order; sooner or later all that are handed out are.
 */
void cp_quality_queued(struct cp_quality *quality, const uint32_t *ids, uint32_t n);
/* All that was queued, but for the last n_waiting, has left by now_ns: its time runs from there on. */
void cp_quality_left(struct cp_quality *quality, uint64_t now_ns, uint32_t n_waiting);
/* Every reply captured up to before_ns was handed in: what is out for longer than the timeout by then is lost. */
void cp_quality_expire(struct cp_quality *quality, uint64_t before_ns);
/*
 * The host stood still until now_ns: what had left and is not answered may have been, and nobody heard it. Such probes
 * count neither as sent nor as lost; others stand for them, and an answer that still comes is a duplicate.
 */
void cp_quality_stood_still(struct cp_quality *quality, uint64_t now_ns);

enum cp_quality_result {
	CP_QUALITY_FOREIGN = 0, /* not to a probe of these */
	CP_QUALITY_ANSWERED, /* the probe that is out, which it settles */
	CP_QUALITY_LATE, /* a probe that had been given up for lost, and is */
	CP_QUALITY_DUP, /* a probe that was answered before */
};
enum cp_quality_result cp_quality_reply(struct cp_quality *quality, const struct cp_event *event);

/* Every probe of every destination is settled. */
bool cp_quality_done(const struct cp_quality *quality);
/* The run stops here: what is handed out and not settled counts neither as sent nor as lost. */
void cp_quality_abandon(struct cp_quality *quality);
/* Probes settled so far, and all there will be. */
void cp_quality_progress(const struct cp_quality *quality, uint64_t *ret_settled, uint64_t *ret_total);

/* One destination's. Times in microseconds, CP_QUALITY_UNKNOWN without a sample. */
struct cp_quality_stats {
	uint32_t n_sent; /* probes whose outcome is known */
	uint32_t n_received; /* of those, answered by the destination in time */
	uint32_t n_refused; /* of the others, answered by somebody else: a router that said why not */
	uint32_t n_late; /* ... answered too late */
	uint32_t n_rtts; /* of those received, with a round trip that is known */
	uint32_t rtt_min_us, rtt_avg_us, rtt_max_us;
	uint32_t rtt_p50_us, rtt_p95_us,
	        rtt_p99_us; /* nearest rank: the least sample that so many percent do not exceed */
	uint32_t jitter_us; /* interarrival jitter (RFC 3550, 6.4.1 and A.8) of the round trips, after the last one */
	uint32_t jitter_mean_us; /* mean absolute difference of round trips that follow each other */
	const uint32_t *rtts_us; /* [n_rtts], the samples in the order in which they came; borrowed. NULL: not kept */
};
/* Of samples in the order in which they came; sets all but the first four members. scratch: [n]. */
void cp_quality_measure(const uint32_t *rtts_us, uint32_t n, uint32_t *scratch, struct cp_quality_stats *ret_stats);
/* Nothing sent, nothing known. */
void cp_quality_forget(struct cp_quality_stats *ret_stats);
void cp_quality_stats(const struct cp_quality *quality, uint32_t dest, struct cp_quality_stats *ret_stats);
/* Lost of sent in hundredths of a percent, rounded; CP_QUALITY_UNKNOWN when nothing was sent. */
uint32_t cp_quality_loss(const struct cp_quality_stats *stats);

#endif
