// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep_order.c: the order within a pass. Paths that have the same number of
 * TTLs to ask form a lane, in the keyed order. A lane is walked round after
 * round, each time with one TTL a path, drawn at random; which lane is next is
 * drawn in proportion to what is left in it. So the probes of one destination
 * are spread over the whole pass, and so are those of a router. Must not know
 * why a TTL is asked.
 */
#include "sweep_impl.h"

/* The keyed order of all paths, and the scouts: one probe each, at the highest TTL. */
void cp_order_init(struct cp_sweep *sweep)
{
	uint32_t top = max_ttl(sweep), n_ttls = sweep->config.exhaustive ? sweep->config.shape.n_ttls : 1;
	uint64_t ask = sweep->config.exhaustive ? up_to(sweep, top) : ttl_bit(sweep, top);
	uint32_t key[4];

	for (uint32_t i = 0; i < 4; i++)
		key[i] = cp_mix32((uint32_t)(sweep->config.seed >> (i & 1) * 32) + i * 0x9e3779b9u);
	sweep->random = (uint64_t)key[2] << 32 | key[3];
	cp_perm_init(&sweep->perm, key, sweep->n_paths);
	for (uint32_t i = 0; i < sweep->n_paths; i++) {
		sweep->open[i] = sweep->order[i] = cp_perm_at(&sweep->perm, i);
		sweep->tracks[i].open = true;
		sweep->tracks[i].ask = ask;
	}
	sweep->n_open = sweep->n_paths;
	sweep->n_left = sweep->n_paths * n_ttls;
	sweep->lanes[0] = (struct lane){.n = sweep->n_paths, .left = sweep->n_left};
}

static void prefetch(const struct cp_sweep *sweep, const uint32_t *list, uint32_t at, uint32_t n)
{
	if (at + 2 * AHEAD < n) {
		__builtin_prefetch(&sweep->tracks[list[at + 2 * AHEAD]]);
		cp_paths_prefetch(sweep->paths, list[at + 2 * AHEAD]);
	}
	if (at + AHEAD < n)
		cp_paths_prefetch_slots(sweep->paths, list[at + AHEAD]);
}

/* Counts paths by the TTLs they have to ask. */
static void collect(struct cp_sweep *sweep, uint32_t pass, uint32_t n_by_ttls[CP_TTL_MAX + 1])
{
	uint32_t n_open = 0;

	for (uint32_t i = 0; i < sweep->n_open; i++) {
		uint32_t path = sweep->open[i];

		prefetch(sweep, sweep->open, i, sweep->n_open);
		cp_ask_set_limit(sweep, path);
		if (!cp_ask_collect(sweep, path, pass))
			continue;
		sweep->open[n_open++] = path;
		n_by_ttls[__builtin_popcountll(sweep->tracks[path].ask)]++;
	}
	sweep->n_open = n_open;
}

/* Sorts the paths that have something to ask into lanes. */
static void line_up(struct cp_sweep *sweep, const uint32_t n_by_ttls[CP_TTL_MAX + 1])
{
	uint32_t place[CP_TTL_MAX + 1], n = 0, n_lanes = 0;

	sweep->n_left = 0;
	for (uint32_t n_ttls = 1; n_ttls <= CP_TTL_MAX; n_ttls++) {
		struct lane lane = {.first = n, .n = n_by_ttls[n_ttls], .left = n_by_ttls[n_ttls] * n_ttls};

		place[n_ttls] = n;
		n += lane.n;
		sweep->n_left += lane.left;
		if (lane.n)
			sweep->lanes[n_lanes++] = lane;
	}
	for (uint32_t i = 0; i < sweep->n_open; i++) {
		uint32_t path = sweep->open[i];

		if (i + AHEAD < sweep->n_open)
			__builtin_prefetch(&sweep->tracks[sweep->open[i + AHEAD]]);
		if (sweep->tracks[path].ask)
			sweep->order[place[__builtin_popcountll(sweep->tracks[path].ask)]++] = path;
	}
}

void cp_order_collect(struct cp_sweep *sweep, uint32_t pass)
{
	uint32_t n_by_ttls[CP_TTL_MAX + 1] = {0};

	collect(sweep, pass, n_by_ttls);
	line_up(sweep, n_by_ttls);
}

/*
 * Draws whose turn comes after those in the queue. n_left is greater than n_queued. The generator: Marsaglia,
 * "Xorshift RNGs", 2003.
 */
static struct due draw_turn(struct cp_sweep *sweep)
{
	uint64_t random = sweep->random;
	struct lane *lane = sweep->lanes;
	uint32_t drawn, at;

	random ^= random << 13;
	random ^= random >> 7;
	random ^= random << 17;
	sweep->random = random;
	random *= 0x2545f4914f6cdd1dull;
	drawn = (uint32_t)((random >> 32) * (sweep->n_left - sweep->n_queued) >> 32);
	while (drawn >= lane->left)
		drawn -= lane++->left;
	at = lane->at++;
	if (lane->at == lane->n)
		lane->at = 0;
	lane->left--;
	return (struct due){sweep->order[lane->first + at], (uint32_t)random};
}

/* Whose turn it is. The queue is there to know it ahead, so that memory keeps up. n_left is not 0. */
static struct due next_turn(struct cp_sweep *sweep)
{
	struct due first;

	while (sweep->n_queued < 2 * AHEAD && sweep->n_queued < sweep->n_left) {
		struct due drawn = draw_turn(sweep);

		__builtin_prefetch(&sweep->tracks[drawn.path], 1);
		cp_paths_prefetch(sweep->paths, drawn.path);
		sweep->queue[(sweep->queue_at + sweep->n_queued++) % (2 * AHEAD)] = drawn;
	}
	if (sweep->n_queued > AHEAD)
		cp_paths_prefetch_slots(sweep->paths, sweep->queue[(sweep->queue_at + AHEAD) % (2 * AHEAD)].path);
	first = sweep->queue[sweep->queue_at++ % (2 * AHEAD)];
	sweep->n_queued--;
	sweep->n_left--;
	return first;
}

/* One of the TTLs a path still has to ask: the first from a random place on. */
static uint32_t next_ttl(const struct cp_sweep *sweep, uint64_t ask, uint32_t random)
{
	uint32_t width = 64 - (uint32_t)__builtin_clzll(ask);
	uint64_t start = (uint64_t)random * width >> 32, above = ask >> start << start;

	return lowest_ttl(sweep, above ? above : ask);
}

uint32_t cp_order_next(struct cp_sweep *sweep, uint32_t *ret_ids, uint32_t cap)
{
	uint32_t n = 0;

	while (n < cap && sweep->n_left) {
		struct due next = next_turn(sweep);
		struct track *track = &sweep->tracks[next.path];
		uint32_t ttl;

		/* Answers that came meanwhile may have left nothing to ask. */
		if (!track->ask)
			continue;
		ttl = next_ttl(sweep, track->ask, next.random);
		track->ask &= ~ttl_bit(sweep, ttl);
		n += cp_ask_take(sweep, next.path, ttl, &ret_ids[n]);
	}
	return n;
}

void cp_order_reopen(struct cp_sweep *sweep, uint32_t path)
{
	struct track *track = &sweep->tracks[path];

	if (track->open)
		return;
	sweep->n_mute -= track->mute;
	track->mute = false;
	track->open = true;
	sweep->open[sweep->n_open++] = path;
}
