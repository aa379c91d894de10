// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live.c: what rounds of the same path add up to.
 */
#include "live.h"

#include <string.h>

#define FARTHER_ROUNDS 3u /* running, until a path counts as grown */

/* ---- Times ---- */

void cp_live_times_add(struct cp_live_times *times, uint32_t rtt_us)
{
	double before_us = rtt_us - times->mean_us;

	if (times->n == 0 || rtt_us < times->best_us)
		times->best_us = rtt_us;
	if (times->n == 0 || rtt_us > times->worst_us)
		times->worst_us = rtt_us;
	times->last_us = rtt_us;
	times->n++;
	times->mean_us += before_us / times->n;
	times->m2 += before_us * (rtt_us - times->mean_us);
}

/* Newton's method; the pure layers do without the mathematics library. */
static double square_root(double x)
{
	double root = x > 1 ? x : 1;

	for (int i = 0; i < 64 && root * root - x > 1e-9 * x; i++)
		root = (root + x / root) / 2;
	return x > 0 ? root : 0;
}

double cp_live_times_stdev_us(const struct cp_live_times *times)
{
	return times->n > 1 ? square_root(times->m2 / (times->n - 1)) : 0;
}

/* ---- One TTL ---- */

static void note_outcome(struct cp_live_hop *hop, uint32_t outcome)
{
	hop->recent[hop->n_recent++ % CP_LIVE_RECENT] = outcome;
}

/* True when another router answers now. */
static bool take_answer(struct cp_live_path *live, struct cp_live_hop *hop, const struct cp_hop *answer)
{
	bool changed = hop->now.kind != CP_REPLY_NONE && !cp_addr_eq(&hop->now.addr, &answer->addr);

	hop->n_asked++;
	hop->n_answered++;
	if (changed) {
		hop->before = hop->now.addr;
		hop->changed_round = live->n_rounds;
	}
	hop->now = *answer;
	hop->now.ptr = NULL;
	hop->seen_round = live->n_rounds;
	if (answer->rtt_us)
		cp_live_times_add(&hop->times, answer->rtt_us);
	note_outcome(hop, answer->rtt_us);
	return changed;
}

static void take_silence(struct cp_live_path *live, struct cp_live_hop *hop)
{
	hop->n_asked++;
	note_outcome(hop, CP_LIVE_LOST);
	if (live->n_rounds - hop->seen_round >= CP_LIVE_MEMORY)
		hop->now = (struct cp_hop){0};
}

/* ---- A round ---- */

void cp_live_path_init(struct cp_live_path *live, uint32_t first_ttl, uint32_t max_ttl)
{
	memset(live, 0, sizeof(*live));
	live->first_ttl = first_ttl;
	live->max_ttl = max_ttl;
}

static bool has_answer(const struct cp_path *round, uint32_t i)
{
	return i < round->n_hops && round->hops[i].kind != CP_REPLY_NONE;
}

static uint32_t round_end(const struct cp_path *round)
{
	bool ended = round->end == CP_END_REACHED || round->end == CP_END_UNREACHABLE;

	return ended && round->n_hops ? round->hops[round->n_hops - 1].ttl : 0;
}

/* Does a router answer where, or behind where, the path was seen to end? */
static bool goes_on(const struct cp_live_path *live, const struct cp_path *round)
{
	for (uint32_t i = 0; i < round->n_hops; i++) {
		if (round->hops[i].ttl >= live->end_ttl && round->hops[i].kind == CP_REPLY_TIME_EXCEEDED)
			return true;
	}
	return false;
}

/* Finds out where the path ends now. True: that changed. */
static bool settle_end(struct cp_live_path *live, const struct cp_path *round)
{
	uint32_t end = round_end(round), before = live->end_ttl;

	if (before && !goes_on(live, round)) {
		if (end == 0 || (end > before && ++live->n_farther < FARTHER_ROUNDS))
			return false;
	}
	live->n_farther = 0;
	live->end_ttl = (uint8_t)end;
	return before && end != before;
}

static void settle_top(struct cp_live_path *live, const struct cp_path *round)
{
	if (live->end_ttl) {
		live->top_ttl = live->end_ttl;
		return;
	}
	for (uint32_t i = 0; i < round->n_hops; i++) {
		if (round->hops[i].kind != CP_REPLY_NONE && round->hops[i].ttl > live->top_ttl)
			live->top_ttl = round->hops[i].ttl;
	}
}

/* Who was silent in a round that showed another way may not be on it. */
static void forget_unseen(struct cp_live_path *live)
{
	for (uint32_t i = 0; i <= live->max_ttl - live->first_ttl; i++) {
		if (live->hops[i].seen_round != live->n_rounds)
			live->hops[i].now = (struct cp_hop){0};
	}
}

void cp_live_path_round(struct cp_live_path *live, const struct cp_path *round, uint64_t asked)
{
	bool changed;

	live->n_rounds++;
	changed = settle_end(live, round);
	live->n_changes += changed;
	settle_top(live, round);
	for (uint32_t ttl = live->first_ttl; ttl <= live->top_ttl; ttl++) {
		uint32_t i = ttl - live->first_ttl;

		if (has_answer(round, i)) {
			bool other = take_answer(live, &live->hops[i], &round->hops[i]);

			live->n_changes += other;
			changed |= other;
		} else if (asked >> i & 1) {
			take_silence(live, &live->hops[i]);
		}
	}
	if (!changed)
		return;
	live->changed_round = live->n_rounds;
	forget_unseen(live);
}

void cp_live_path_view(
        const struct cp_live_path *live, const struct cp_addr *dest, uint32_t gap, struct cp_path *ret_path)
{
	memset(ret_path, 0, sizeof(*ret_path));
	for (uint32_t ttl = live->first_ttl; ttl <= live->top_ttl; ttl++) {
		const struct cp_live_hop *from = &live->hops[ttl - live->first_ttl];
		struct cp_hop *hop = &ret_path->hops[ret_path->n_hops++];

		*hop = from->now;
		hop->ttl = (uint8_t)ttl;
		hop->attempts = (uint8_t)(from->n_asked < UINT8_MAX ? from->n_asked : UINT8_MAX);
		if (hop->kind != CP_REPLY_NONE && from->times.n)
			hop->rtt_us = from->times.best_us;
		ret_path->n_probes += from->n_asked;
	}
	cp_path_finish(ret_path, dest, live->max_ttl - live->first_ttl + 1, gap);
}

/* ---- Questions ---- */

const struct cp_live_hop *cp_live_path_hop(const struct cp_live_path *live, uint32_t ttl)
{
	return ttl >= live->first_ttl && ttl <= live->top_ttl ? &live->hops[ttl - live->first_ttl] : NULL;
}

bool cp_live_hop_is_fresh(const struct cp_live_path *live, const struct cp_live_hop *hop)
{
	return hop->changed_round && live->n_rounds - hop->changed_round < CP_LIVE_FRESH;
}

uint32_t cp_live_hop_loss_permille(const struct cp_live_hop *hop)
{
	if (!hop->n_asked)
		return UINT32_MAX;
	return (uint32_t)((uint64_t)(hop->n_asked - hop->n_answered) * 1000 / hop->n_asked);
}

bool cp_live_hop_recent(const struct cp_live_hop *hop, uint32_t back, uint32_t *ret_rtt_us)
{
	if (back >= CP_LIVE_RECENT || back >= hop->n_recent)
		return false;
	*ret_rtt_us = hop->recent[(hop->n_recent - 1 - back) % CP_LIVE_RECENT];
	return true;
}
