// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep_slow.c: routers that limit their answers (Linux: one a second to the
 * same host, after a burst of six). Owns how such a TTL is told from a silent
 * one, and the slow lane its silent slots are left to: rounds of about a
 * second, in which each TTL gets as many probes, evenly spread, as its routers
 * were seen to answer, and a destination one. An attempt fired into a limit
 * would be wasted, so the passes leave those TTLs alone. Bounded in time: what
 * cannot be seen in it may be inferred (sweep_infer.c), or stays silent,
 * marked. Must not know how paths are asked otherwise.
 */
#include <stdlib.h>

#include "sweep_impl.h"

#define ROUND_NS NSEC_PER_SEC
#define REST_NS (NSEC_PER_SEC + 100 * NSEC_PER_MSEC) /* after a pass, for a router to have an answer again */
#define FIRST_QUOTA 8u
#define MAX_QUOTA 512u
#define MAX_ASKS 65536u
#define SURE 12u /* answers in a row, if one of two routers side by side never answers: by chance, 1 in 600 times */
#define SURE_SLOW 3u /* ... and of those to probes at a slow pace */
#define TICK_NS (NSEC_PER_SEC / 32)
#define DEST_TICKS 32u /* between two probes of a destination */
#define EXTRA_WALK 65536u /* paths looked at in a round on top of all of them once */
#define MAX_CHECKS 1024u /* slots that can be inferred, one after the other: then the others can be, too */

/* ---- Is a TTL limited? ---- */

struct tally {
	uint32_t n_answered, n_silent;
	uint32_t n_inverted; /* pairs of a silent slot and an answer to a later one */
	uint32_t n_front; /* answers before the first silence */
	bool many; /* routers */
	struct cp_addr router; /* one of them */
};

/* What came of a sample. Slots that may lie at or beyond the end of their path say nothing. */
static struct tally tally_of(const struct cp_sweep *sweep, const struct sample *sample)
{
	const struct cp_shape *shape = &sweep->config.shape;
	struct tally tally = {0};

	for (uint32_t i = 0; i < sample->n; i++) {
		uint32_t path = cp_shape_path(shape, sample->slots[i]), ttl = cp_shape_ttl(shape, sample->slots[i]);
		uint32_t end = cp_paths_end_ttl(sweep->paths, path);
		const struct cp_addr *from = cp_paths_from(sweep->paths, sample->slots[i]);

		if (end ? ttl >= end : ttl > cp_paths_last_ttl(sweep->paths, path))
			continue;
		if (!from) {
			tally.n_silent++;
			continue;
		}
		tally.many |= tally.n_answered && !cp_addr_eq(&tally.router, from);
		tally.router = *from;
		tally.n_answered++;
		tally.n_front += tally.n_silent == 0;
		tally.n_inverted += tally.n_silent;
	}
	return tally;
}

/*
 * A full bucket answers first and then hardly ever; what is silent for other
 * reasons is spread all over the sample. An empty bucket lets a few retries
 * through, where a silent router lets none and a lossy path most. The odds
 * that chance makes the first pattern are 1 in (a + s choose a), which for
 * twelve pairs is below 1 in 28.
 */
static bool looks_limited(const struct tally *tally, bool retry)
{
	uint32_t n_pairs = tally->n_answered * tally->n_silent;

	if (tally->n_answered < 2 || tally->n_silent < 2)
		return false;
	if (n_pairs >= (tally->many ? 40 : 12) && tally->n_inverted * 16 <= n_pairs)
		return true;
	return retry && !tally->many && n_pairs >= 12 && tally->n_silent >= 2 * tally->n_answered;
}

void cp_slow_detect(struct cp_sweep *sweep, bool lost)
{
	struct slow *slow = &sweep->slow;

	for (uint32_t i = 0; i < sweep->config.shape.n_ttls; i++) {
		struct tally tally = tally_of(sweep, &slow->samples[i]);

		slow->samples[i].n = 0;
		if (lost || !sweep->config.slow_ms || (slow->held | slow->freed) >> i & 1)
			continue;
		if (!looks_limited(&tally, sweep->pass > 1))
			continue;
		slow->held |= 1ull << i;
		slow->paces[i].router = tally.router;
		slow->paces[i].n_front = tally.n_front;
	}
}

/* ---- A round ---- */

static void count_silent(struct cp_sweep *sweep)
{
	for (uint32_t i = 0; i < sweep->config.shape.n_ttls; i++)
		sweep->slow.paces[i].n_silent = 0;
	for (uint32_t path = 0; path < sweep->n_paths; path++) {
		for (uint64_t rest = cp_ask_slow(sweep, path); rest; rest &= rest - 1)
			sweep->slow.paces[__builtin_ctzll(rest)].n_silent++;
	}
}

/* How many probes a TTL gets in this round: no more than needed to be through with it in time. */
static void plan(struct pace *pace, uint32_t n_rounds)
{
	uint32_t needed = (pace->n_silent + n_rounds - 1) / n_rounds;
	uint32_t most = pace->steady ? pace->quota : pace->quota ? 2 * pace->quota : FIRST_QUOTA;

	if (most > MAX_QUOTA)
		most = MAX_QUOTA;
	if (needed)
		pace->quota = needed < most ? needed : most;
	pace->n_turns = pace->n_silent ? 0 : pace->quota;
	pace->n_sent = pace->n_walked = pace->n_checked = 0;
	pace->crowded = needed > (pace->steady ? pace->quota : MAX_QUOTA);
}

bool cp_slow_begin(struct cp_sweep *sweep, uint64_t now_ns, uint64_t wait_ns)
{
	struct slow *slow = &sweep->slow;
	uint32_t n_silent = 0;
	uint64_t left_ns;

	/* A round without a probe: the rest can be inferred. */
	if (sweep->phase == PHASE_SLOW && slow->n_asks == slow->round_asks)
		return false;
	if (!slow->held || (slow->until_ns && now_ns >= slow->until_ns) || slow->n_asks == MAX_ASKS)
		return false;
	count_silent(sweep);
	for (uint64_t rest = slow->held; rest; rest &= rest - 1)
		n_silent += slow->paces[__builtin_ctzll(rest)].n_silent;
	if (!slow->asks)
		slow->asks = calloc(MAX_ASKS, sizeof(*slow->asks));
	if (!n_silent || !slow->asks)
		return false;
	slow->round_ns = now_ns;
	if (sweep->phase != PHASE_SLOW && sweep->flushed_ns + REST_NS > now_ns)
		slow->round_ns = sweep->flushed_ns + REST_NS;
	if (!slow->until_ns)
		slow->until_ns = slow->round_ns + sweep->config.slow_ms * NSEC_PER_MSEC;
	left_ns = slow->until_ns > slow->round_ns ? slow->until_ns - slow->round_ns : 0;
	for (uint64_t rest = slow->held; rest; rest &= rest - 1)
		plan(&slow->paces[__builtin_ctzll(rest)], 1 + (uint32_t)(left_ns / (ROUND_NS + wait_ns)));
	cp_infer_gather(sweep);
	slow->round_asks = slow->n_asks;
	sweep->pass++;
	sweep->n_outstanding = 0;
	return true;
}

/* When the next probe of a TTL is due; UINT64_MAX: all are out. */
static uint64_t probe_due_ns(const struct slow *slow, const struct pace *pace)
{
	if (pace->n_turns >= pace->quota || slow->n_asks == MAX_ASKS)
		return UINT64_MAX;
	return slow->round_ns + pace->n_turns * ROUND_NS / pace->quota;
}

/* The time in the slow lane, never 0. */
static uint16_t tick_of(const struct cp_sweep *sweep, uint64_t now_ns)
{
	uint64_t begin_ns = sweep->slow.until_ns - sweep->config.slow_ms * NSEC_PER_MSEC;

	return (uint16_t)(1 + (now_ns - begin_ns) / TICK_NS);
}

/* The place where a path's destination has its time in the slow lane. */
static uint16_t *dest_tick(struct cp_sweep *sweep, uint32_t path)
{
	return &sweep->tracks[path - path % sweep->config.shape.n_flows].slow_tick;
}

/* Is a path to be asked at that TTL now? */
static bool suits(struct cp_sweep *sweep, uint32_t path, uint32_t ttl, uint64_t now_ns)
{
	uint16_t tick = *dest_tick(sweep, path);

	if (tick && tick_of(sweep, now_ns) < tick + DEST_TICKS)
		return false;
	if (!(cp_ask_slow(sweep, path) & ttl_bit(sweep, ttl)))
		return false;
	return true;
}

/*
 * The next path to ask at a TTL. In a crowd that is one of which nothing can be inferred; if there is none, any, until
 * the limit is certain. False: there is none now.
 */
static bool pick(struct cp_sweep *sweep, struct pace *pace, uint32_t ttl, uint64_t now_ns, uint32_t *ret_path)
{
	bool found = false;

	for (uint32_t i = 0; i < sweep->n_paths && pace->n_walked < sweep->n_paths + EXTRA_WALK; i++) {
		uint32_t path = cp_perm_at(&sweep->perm, pace->at);

		pace->at = (pace->at + 1) % sweep->n_paths;
		pace->n_walked++;
		if (!suits(sweep, path, ttl, now_ns))
			continue;
		*ret_path = path;
		if (!pace->crowded || (pace->n_checked < MAX_CHECKS && !cp_infer_can(sweep, path, ttl)))
			return true;
		found = !cp_slow_sure(pace);
		if (pace->n_checked++ >= MAX_CHECKS)
			return found;
	}
	return found;
}

static uint32_t ask(struct cp_sweep *sweep, struct pace *pace, uint32_t path, uint32_t ttl, uint64_t now_ns)
{
	struct slow *slow = &sweep->slow;
	uint32_t id = cp_ask_take_slow(sweep, path, ttl);

	*dest_tick(sweep, path) = tick_of(sweep, now_ns);
	slow->asks[slow->n_asks++] = (struct slow_ask){.slot = cp_id_slot(id)};
	pace->n_sent++;
	pace->n_asked++;
	return id;
}

uint32_t cp_slow_next(struct cp_sweep *sweep, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap)
{
	struct slow *slow = &sweep->slow;
	uint32_t n = 0;

	for (uint64_t rest = slow->held; rest; rest &= rest - 1) {
		struct pace *pace = &slow->paces[__builtin_ctzll(rest)];
		uint32_t ttl = lowest_ttl(sweep, rest), path;

		while (n < cap && probe_due_ns(slow, pace) <= now_ns) {
			pace->n_turns++;
			if (pick(sweep, pace, ttl, now_ns, &path))
				ret_ids[n++] = ask(sweep, pace, path, ttl, now_ns);
		}
	}
	return n;
}

/* Nothing is silent any more, and nothing is on its way. */
static bool all_answered(const struct cp_sweep *sweep)
{
	for (uint64_t rest = sweep->slow.held; rest; rest &= rest - 1) {
		const struct pace *pace = &sweep->slow.paces[__builtin_ctzll(rest)];

		if (pace->n_sent < pace->n_silent)
			return false;
	}
	return sweep->n_outstanding == 0;
}

/* When the next probe of all TTLs is due. */
static uint64_t next_probe_ns(const struct slow *slow)
{
	uint64_t next_ns = UINT64_MAX;

	for (uint64_t rest = slow->held; rest; rest &= rest - 1) {
		uint64_t due_ns = probe_due_ns(slow, &slow->paces[__builtin_ctzll(rest)]);

		next_ns = due_ns < next_ns ? due_ns : next_ns;
	}
	return next_ns;
}

static uint32_t largest_quota(const struct slow *slow)
{
	uint32_t largest = 1;

	for (uint64_t rest = slow->held; rest; rest &= rest - 1) {
		uint32_t quota = slow->paces[__builtin_ctzll(rest)].quota;

		largest = quota > largest ? quota : largest;
	}
	return largest;
}

bool cp_slow_round_over(const struct cp_sweep *sweep)
{
	return next_probe_ns(&sweep->slow) == UINT64_MAX;
}

uint64_t cp_slow_due_ns(const struct cp_sweep *sweep, uint64_t wait_ns)
{
	const struct slow *slow = &sweep->slow;
	uint64_t due_ns = next_probe_ns(slow), end_ns = slow->round_ns + ROUND_NS, spaced_ns;

	if (due_ns != UINT64_MAX || !sweep->flushed)
		return due_ns;
	if (slow->n_asks == slow->round_asks || all_answered(sweep))
		return sweep->flushed_ns;
	spaced_ns = sweep->flushed_ns + ROUND_NS / largest_quota(slow);
	return (end_ns > spaced_ns ? end_ns : spaced_ns) + wait_ns;
}

/* ---- Looking back ---- */

/* Does it answer nearly always, when asked slowly? */
static bool answers_slowly(const struct pace *pace)
{
	return pace->n_kept >= SURE_SLOW && pace->n_broken * 4 <= pace->n_kept;
}

/* Silence at a pace that suits the router is no limit. */
static bool is_silent(const struct pace *pace)
{
	if (pace->n_asked >= 2 && pace->n_answered == 0)
		return true;
	return pace->n_broken >= 2 && pace->n_broken > pace->n_kept;
}

static void give_back(struct cp_sweep *sweep, uint64_t ttls)
{
	if (!ttls)
		return;
	sweep->slow.held &= ~ttls;
	sweep->slow.freed |= ttls;
	for (uint32_t path = 0; path < sweep->n_paths; path++)
		cp_order_reopen(sweep, path);
}

/* What came of a round at a TTL. */
static void learn(struct pace *pace, uint32_t n_answered)
{
	pace->n_answered += n_answered;
	/* Right after a cut the router may still be short of answers. */
	pace->kept_pace = n_answered * 4 >= pace->n_sent * 3 || (pace->quota == 1 && !pace->cut);
	pace->cut = n_answered < pace->n_sent && pace->quota > 1;
	if (pace->kept_pace) {
		pace->n_kept += n_answered;
		pace->n_broken += pace->n_sent - n_answered;
	}
	if (n_answered < pace->n_sent) {
		pace->steady = true;
		pace->quota = n_answered > 1 ? n_answered - 1 : 1; /* one was saved up */
	}
}

void cp_slow_end_round(struct cp_sweep *sweep)
{
	struct slow *slow = &sweep->slow;
	uint32_t n_answered[CP_TTL_MAX] = {0};
	uint64_t silent = 0;

	for (uint32_t i = slow->round_asks; i < slow->n_asks; i++)
		n_answered[slow->asks[i].slot % sweep->config.shape.n_ttls] +=
		        !cp_paths_silent(sweep->paths, slow->asks[i].slot);
	for (uint64_t rest = slow->held; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		learn(&slow->paces[i], n_answered[i]);
		if (is_silent(&slow->paces[i]))
			silent |= rest & -rest;
	}
	for (uint32_t i = slow->round_asks; i < slow->n_asks; i++)
		slow->asks[i].kept_pace = slow->paces[slow->asks[i].slot % sweep->config.shape.n_ttls].kept_pace;
	give_back(sweep, silent);
}

void cp_slow_end(struct cp_sweep *sweep)
{
	uint64_t doubtful = 0;

	for (uint64_t rest = sweep->slow.held; rest; rest &= rest - 1) {
		const struct pace *pace = &sweep->slow.paces[__builtin_ctzll(rest)];

		if (pace->n_asked && !answers_slowly(pace))
			doubtful |= rest & -rest;
	}
	give_back(sweep, doubtful);
}

bool cp_slow_sure(const struct pace *pace)
{
	return answers_slowly(pace) && pace->n_front + pace->n_kept >= SURE + 2 * pace->n_broken;
}

bool cp_sweep_limited(const struct cp_sweep *sweep, uint32_t ttl, struct cp_addr *ret_router)
{
	if (ttl < sweep->config.shape.first_ttl || ttl > max_ttl(sweep) || !(sweep->slow.held & ttl_bit(sweep, ttl)))
		return false;
	*ret_router = sweep->slow.paces[ttl - sweep->config.shape.first_ttl].router;
	return true;
}
