/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live.h: a path that is asked again and again, round by round: who answers at
 * each TTL now, who did before, how often nobody did, and the round-trip times.
 * Knows neither clock nor screen, and nothing of how a round is probed.
 */
#ifndef CP_LIVE_H
#define CP_LIVE_H

#include "path.h"

#define CP_LIVE_RECENT 64 /* rounds of which each TTL's outcome is kept */
#define CP_LIVE_MEMORY 10u /* rounds after which a router that stays silent is taken off the path */
#define CP_LIVE_FRESH 10u /* rounds for which a change is worth pointing at */
#define CP_LIVE_LOST UINT32_MAX /* of a recent outcome: no answer */

/* Round-trip times. Mean and variance by Welford's method (Technometrics 4, 1962): one pass, no cancellation. */
struct cp_live_times {
	uint32_t n;
	uint32_t last_us, best_us, worst_us; /* with n > 0 */
	double mean_us, m2; /* m2: the sum of squared differences from the mean */
};
void cp_live_times_add(struct cp_live_times *times, uint32_t rtt_us);
/* Of the sample (n - 1), 0 for a single one. */
double cp_live_times_stdev_us(const struct cp_live_times *times);

/* One TTL of a path. */
struct cp_live_hop {
	struct cp_hop now; /* the latest answer; kind CP_REPLY_NONE: none, or forgotten. ptr is not kept */
	struct cp_addr before; /* who answered before the latest change; zero: there was none */
	uint32_t seen_round, changed_round; /* rounds count from 1; 0: never */
	uint32_t n_asked, n_answered; /* rounds */
	struct cp_live_times times; /* of the answers whose round trip is known */
	uint32_t recent[CP_LIVE_RECENT]; /* a ring: microseconds, 0: answered, not timed, CP_LIVE_LOST */
	uint32_t n_recent; /* written in all; the latest is at (n_recent - 1) % CP_LIVE_RECENT */
};

struct cp_live_path {
	uint32_t first_ttl, max_ttl;
	uint32_t n_rounds;
	uint32_t n_changes; /* of hops and of the length */
	uint32_t changed_round; /* of the latest; 0: never */
	uint8_t end_ttl; /* where the path ends, by the destination or an unreachable message; 0: not known */
	uint8_t top_ttl; /* highest TTL that belongs to it so far; 0: none */
	uint8_t n_farther; /* rounds running in which the end answered from farther away only */
	struct cp_live_hop hops[CP_TTL_MAX]; /* by TTL - first_ttl */
};

/* Also forgets everything. */
void cp_live_path_init(struct cp_live_path *live, uint32_t first_ttl, uint32_t max_ttl);
/*
 * Takes one round: the path as it was found, and the TTLs that were asked (bit i: TTL first_ttl + i), of which one
 * that is not in the path stayed silent.
 *
 * The end's own answer may get lost, and that to a probe of a higher TTL not: a round in which the end answered only
 * from farther away, with nobody in between, counts as a loss, unless it is so three times running.
 */
void cp_live_path_round(struct cp_live_path *live, const struct cp_path *round, uint64_t asked);
/*
 * The path as it stands, to be judged and shown: at each TTL the latest answer of the last rounds, with the best
 * round trip, as that is the least disturbed one. gap as for cp_path_finish().
 */
void cp_live_path_view(
        const struct cp_live_path *live, const struct cp_addr *dest, uint32_t gap, struct cp_path *ret_path);

/* NULL: the TTL is none of the path's. */
const struct cp_live_hop *cp_live_path_hop(const struct cp_live_path *live, uint32_t ttl);
/* Did this hop change lately? */
bool cp_live_hop_is_fresh(const struct cp_live_path *live, const struct cp_live_hop *hop);
/* Rounds without an answer, in thousandths of those asked; UINT32_MAX: not asked yet. */
uint32_t cp_live_hop_loss_permille(const struct cp_live_hop *hop);
/* The outcome of the round before `back` others; false: there was none, or it is no longer kept. */
bool cp_live_hop_recent(const struct cp_live_hop *hop, uint32_t back, uint32_t *ret_rtt_us);

#endif
