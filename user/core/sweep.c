// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep.c: which slot next, and when it is over. First one scout a path, at
 * the highest TTL: whether the destination answers, and from how far. Then
 * passes that ask what is still silent and may lie on the path. Between passes
 * it waits for replies as long as the round trips seen so far give reason to.
 *
 * The order within a pass: paths that have the same number of TTLs to ask form
 * a lane, in the keyed order. A lane is walked round after round, each time
 * with one TTL a path, drawn at random; which lane is next is drawn in
 * proportion to what is left in it. So the probes of one destination are
 * spread over the whole pass, and so are those of a router.
 *
 * All probes of a flow are SYNs of one 5-tuple. While a server holds the
 * half-open state of one, it does not answer another (RFC 9293, 3.10.7.4: an
 * unacceptable segment gets a bare ACK), until our RST has come. So at and
 * beyond the destination probes must not fly together: the scout's reply TTL
 * bounds the first pass, and what stayed silent just below the known end may
 * be the destination, unanswered because another probe was there first. Of
 * these suspects the highest is asked alone: were any of them the destination,
 * it would answer. If it stays silent they are routers and fly together.
 */
#include "sweep.h"

#include <errno.h>
#include <stdlib.h>

#include "cp_perm.h"

#define NSEC_PER_USEC 1000ull
#define EXTEND_TTLS 3u /* a destination further away than its reply TTL hinted at is looked for in steps of this */
#define SETTLED_WAIT_US 50000u /* on top of two round trips, once every path's end is known */
#define AHEAD 8u /* paths to look ahead, so that memory keeps up */
#define OPEN_WAIT_US 300000u /* at least, while some is not: most of the Internet answers within that */

enum phase { PHASE_PASS, PHASE_WAIT, PHASE_LAST_WAIT, PHASE_DONE };

struct track {
	uint64_t ask; /* what this pass still has to ask; bit i: TTL first_ttl + i */
	uint16_t alone_pass; /* when the highest suspect was asked alone ... */
	uint8_t alone_end; /* ... below which end; 0: not yet */
	uint8_t limit; /* highest TTL to ask; 0: the scout is still out */
	bool open; /* listed; others have nothing more to ask, unless another reply comes */
	bool mute; /* not listed, with TTLs that stayed silent */
	bool ended; /* counted in n_ended */
};

/* Paths with equally many TTLs to ask in this pass. */
struct lane {
	uint32_t first, n; /* its part of the order */
	uint32_t at;
	uint32_t left; /* probes */
};

/* A path whose turn comes soon, and what is drawn for it. */
struct due {
	uint32_t path;
	uint32_t random;
};

struct cp_sweep {
	struct cp_sweep_config config;
	struct cp_paths *paths;
	struct track *tracks; /* [n_paths] */
	uint32_t n_paths;
	uint32_t *open; /* paths that may have something to ask, in the keyed order */
	uint32_t n_open;
	uint32_t n_mute;
	uint32_t *order; /* paths that have something to ask in this pass, lane by lane */
	struct lane lanes[CP_TTL_MAX];
	uint32_t n_left; /* probes of this pass, at most; those of the queue included */
	struct due queue[2 * AHEAD];
	uint32_t queue_at, n_queued;
	uint64_t random;
	enum phase phase;
	uint32_t pass; /* 0: scouts */
	uint32_t n_outstanding; /* asked in this pass and still silent */
	uint32_t n_ended; /* paths whose end is known */
	bool flushed;
	uint64_t flushed_ns;
	uint64_t grace_until_ns; /* replies to what a pass left open may come until then */
	uint64_t max_rtt_us;
	uint64_t n_sent;
};

/* The keyed order of all paths, and the scouts: one probe each, at the highest TTL. */
static void init_order(struct cp_sweep *sweep)
{
	struct cp_perm perm;
	uint32_t key[4];

	for (uint32_t i = 0; i < 4; i++)
		key[i] = cp_mix32((uint32_t)(sweep->config.seed >> (i & 1) * 32) + i * 0x9e3779b9u);
	sweep->random = (uint64_t)key[2] << 32 | key[3];
	cp_perm_init(&perm, key, sweep->n_paths);
	for (uint32_t i = 0; i < sweep->n_paths; i++) {
		sweep->open[i] = sweep->order[i] = cp_perm_at(&perm, i);
		sweep->tracks[i].open = true;
		sweep->tracks[i].ask = 1ull << (sweep->config.shape.n_ttls - 1);
	}
	sweep->n_open = sweep->n_paths;
	sweep->n_left = sweep->n_paths;
	sweep->lanes[0] = (struct lane){.n = sweep->n_paths, .left = sweep->n_paths};
}

int cp_sweep_new(const struct cp_sweep_config *config, struct cp_sweep **ret_sweep)
{
	struct cp_sweep *sweep = calloc(1, sizeof(*sweep));

	if (!sweep)
		return -ENOMEM;
	sweep->config = *config;
	sweep->n_paths = config->shape.n_dests * config->shape.n_flows;
	sweep->tracks = calloc(sweep->n_paths, sizeof(*sweep->tracks));
	sweep->open = calloc(sweep->n_paths, sizeof(*sweep->open));
	sweep->order = calloc(sweep->n_paths, sizeof(*sweep->order));
	if (!sweep->tracks || !sweep->open || !sweep->order || cp_paths_new(&config->shape, &sweep->paths)) {
		cp_sweep_free(sweep);
		return -ENOMEM;
	}
	init_order(sweep);
	*ret_sweep = sweep;
	return 0;
}

void cp_sweep_free(struct cp_sweep *sweep)
{
	if (!sweep)
		return;
	cp_paths_free(sweep->paths);
	free(sweep->tracks);
	free(sweep->open);
	free(sweep->order);
	free(sweep);
}

static uint32_t max_ttl(const struct cp_sweep *sweep)
{
	return sweep->config.shape.first_ttl + sweep->config.shape.n_ttls - 1;
}

static uint32_t slot_of(const struct cp_sweep *sweep, uint32_t path, uint32_t ttl)
{
	return path * sweep->config.shape.n_ttls + ttl - sweep->config.shape.first_ttl;
}

/* The TTLs of a path up to this one, a bit each. */
static uint64_t up_to(const struct cp_sweep *sweep, uint32_t ttl)
{
	uint32_t first = sweep->config.shape.first_ttl;

	return ttl < first ? 0 : ttl - first >= 63 ? ~0ull : (1ull << (ttl - first + 1)) - 1;
}

/* ---- What to ask ---- */

/* What is known of a path, to decide about its TTLs. */
struct view {
	uint32_t path;
	uint32_t end; /* 0: not known */
	uint32_t top; /* highest TTL that may be asked at all */
	uint32_t retry_top; /* ... and asked again */
	uint32_t suspects; /* first TTL of the silent stretch that ends just below the end */
	uint64_t silent; /* TTLs up to top that did not answer, a bit each */
};

static struct view view_of(const struct cp_sweep *sweep, uint32_t path)
{
	uint32_t last = cp_paths_last_ttl(sweep->paths, path), behind = last ? last + 1 : sweep->config.shape.first_ttl;
	struct view view = {.path = path, .end = cp_paths_end_ttl(sweep->paths, path)};

	view.top = sweep->tracks[path].limit;
	if (view.end && view.end <= view.top)
		view.top = view.end - 1;
	view.retry_top = view.end ? view.top : behind - 1 + sweep->config.gap;
	view.suspects = view.end ? behind : UINT32_MAX;
	view.silent = up_to(sweep, view.top) & ~cp_paths_answered(sweep->paths, path);
	return view;
}

/* May this suspect be asked in that pass, without others of its path that could stand in its light? */
static bool suspect_may_fly(const struct cp_sweep *sweep, const struct view *view, uint32_t ttl, uint32_t pass)
{
	const struct track *track = &sweep->tracks[view->path];

	if (track->alone_end == view->end)
		return track->alone_pass != pass;
	return ttl == view->end - 1;
}

/* May a silent TTL at or below the top be asked in that pass, after so many attempts? */
static bool wanted(
        const struct cp_sweep *sweep, const struct view *view, uint32_t ttl, uint32_t pass, uint32_t attempts)
{
	if (attempts == 0)
		return true;
	return attempts < sweep->config.attempts && ttl <= view->retry_top &&
	       (ttl < view->suspects || suspect_may_fly(sweep, view, ttl, pass));
}

static void note_asked_again(struct cp_sweep *sweep, const struct view *view, uint32_t ttl)
{
	struct track *track = &sweep->tracks[view->path];

	if (view->end && ttl == view->end - 1 && track->alone_end != view->end) {
		track->alone_end = (uint8_t)view->end;
		track->alone_pass = (uint16_t)sweep->pass;
	}
}

/* Finds what a pass would ask of a path. False: nothing, now or later, unless another reply comes. */
static bool collect_path(struct cp_sweep *sweep, uint32_t path, uint32_t pass)
{
	struct track *track = &sweep->tracks[path];
	struct view view = view_of(sweep, path);
	uint64_t ask = 0;

	for (uint64_t rest = view.silent; rest; rest &= rest - 1) {
		uint32_t ttl = sweep->config.shape.first_ttl + (uint32_t)__builtin_ctzll(rest);

		if (wanted(sweep, &view, ttl, pass, cp_paths_attempts(sweep->paths, slot_of(sweep, path, ttl))))
			ask |= rest & -rest;
	}
	track->ask = ask;
	if (ask || !cp_sweep_path_complete(sweep, path))
		return true;
	track->open = false;
	track->mute = view.silent;
	sweep->n_mute += track->mute;
	return false;
}

/*
 * Where the destination should be, by what is left of its answer's TTL: hosts
 * start at 64, 128 or 255, and routes are mostly as long back as forth.
 */
static uint32_t hinted_ttl(const struct cp_sweep *sweep, uint32_t path)
{
	uint32_t top = max_ttl(sweep), reply_ttl = cp_paths_reply_ttl(sweep->paths, slot_of(sweep, path, top));
	uint32_t start = reply_ttl <= 64 ? 64 : reply_ttl <= 128 ? 128 : 255, ttl = start - reply_ttl + 1;

	return ttl < top ? ttl : top;
}

/* At the end of a pass: how far the path is to be asked in the next. */
static void set_limit(struct cp_sweep *sweep, uint32_t path)
{
	struct track *track = &sweep->tracks[path];
	uint32_t end = cp_paths_end_ttl(sweep->paths, path), limit = track->limit;

	if (!end)
		limit = max_ttl(sweep);
	else if (limit == 0)
		limit = hinted_ttl(sweep, path);
	else if (end > limit + 1)
		limit = limit + EXTEND_TTLS < end - 1 ? limit + EXTEND_TTLS : end - 1;
	if (track->limit == 0)
		cp_paths_expect(sweep->paths, path, limit);
	track->limit = (uint8_t)limit;
}

/* ---- In which order ---- */

static void prefetch(const struct cp_sweep *sweep, const uint32_t *list, uint32_t at, uint32_t n)
{
	if (at + 2 * AHEAD < n) {
		__builtin_prefetch(&sweep->tracks[list[at + 2 * AHEAD]]);
		cp_paths_prefetch(sweep->paths, list[at + 2 * AHEAD]);
	}
	if (at + AHEAD < n)
		cp_paths_prefetch_slots(sweep->paths, list[at + AHEAD]);
}

/* Collects what a pass would ask of the paths that are still open. Counts paths by the TTLs they have to ask. */
static void collect(struct cp_sweep *sweep, uint32_t pass, uint32_t n_by_ttls[CP_TTL_MAX + 1])
{
	uint32_t n_open = 0;

	for (uint32_t i = 0; i < sweep->n_open; i++) {
		uint32_t path = sweep->open[i];

		prefetch(sweep, sweep->open, i, sweep->n_open);
		set_limit(sweep, path);
		if (!collect_path(sweep, path, pass))
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

	return sweep->config.shape.first_ttl + (uint32_t)__builtin_ctzll(above ? above : ask);
}

/* ---- When ---- */

static uint64_t cap_to_timeout_ns(const struct cp_sweep *sweep, uint64_t wait_us)
{
	uint64_t timeout_us = sweep->config.timeout_ms * 1000ull;

	return (wait_us < timeout_us && sweep->max_rtt_us ? wait_us : timeout_us) * NSEC_PER_USEC;
}

/*
 * How long after its last probe a pass waits for what is outstanding. Once
 * every destination has answered, no router in between can be much further.
 */
static uint64_t pass_wait_ns(const struct cp_sweep *sweep)
{
	uint64_t two_rtt_us = sweep->max_rtt_us * 2;

	if (sweep->n_ended == sweep->n_paths)
		return cap_to_timeout_ns(sweep, two_rtt_us + SETTLED_WAIT_US);
	return cap_to_timeout_ns(sweep, two_rtt_us > OPEN_WAIT_US ? two_rtt_us : OPEN_WAIT_US);
}

/* How long after the very last probe a reply is still waited for. */
static uint64_t grace_ns(const struct cp_sweep *sweep)
{
	if (sweep->n_ended == sweep->n_paths)
		return cap_to_timeout_ns(sweep, sweep->max_rtt_us * 2 + 2 * SETTLED_WAIT_US);
	return cap_to_timeout_ns(sweep, sweep->max_rtt_us * 3 + OPEN_WAIT_US);
}

static uint64_t due_ns(const struct cp_sweep *sweep)
{
	if (sweep->phase == PHASE_LAST_WAIT)
		return sweep->grace_until_ns;
	return sweep->flushed_ns + (sweep->n_outstanding ? pass_wait_ns(sweep) : 0);
}

/* Is there a silent slot left that a reply would tell something of? */
static bool any_silent(const struct cp_sweep *sweep)
{
	if (sweep->n_mute)
		return true;
	for (uint32_t i = 0; i < sweep->n_open; i++) {
		if (view_of(sweep, sweep->open[i]).silent)
			return true;
	}
	return false;
}

/* Moves on when a wait is over. */
static void turn(struct cp_sweep *sweep, uint64_t now_ns)
{
	bool waiting = sweep->phase == PHASE_WAIT || sweep->phase == PHASE_LAST_WAIT;
	uint32_t n_by_ttls[CP_TTL_MAX + 1] = {0};

	if (!waiting || !sweep->flushed || now_ns < due_ns(sweep))
		return;
	if (sweep->phase == PHASE_WAIT && sweep->n_outstanding)
		sweep->grace_until_ns = sweep->flushed_ns + grace_ns(sweep);
	collect(sweep, sweep->pass + 1, n_by_ttls);
	line_up(sweep, n_by_ttls);
	if (sweep->n_left) {
		sweep->phase = PHASE_PASS;
		sweep->pass++;
		sweep->n_outstanding = 0;
	} else if (sweep->phase == PHASE_WAIT && now_ns < sweep->grace_until_ns && any_silent(sweep)) {
		sweep->phase = PHASE_LAST_WAIT;
	} else {
		sweep->phase = PHASE_DONE;
	}
}

/* ---- Interface ---- */

/* Takes a TTL of a path to be transmitted in this pass, if it is still wanted. */
static bool take(struct cp_sweep *sweep, uint32_t path, uint32_t ttl, uint32_t *ret_id)
{
	uint32_t slot = slot_of(sweep, path, ttl), attempts = cp_paths_attempts(sweep->paths, slot);

	/* A slot's first probe flies with others of its path. */
	if (attempts) {
		struct view view = view_of(sweep, path);

		if (!wanted(sweep, &view, ttl, sweep->pass, attempts))
			return false;
		note_asked_again(sweep, &view, ttl);
	}
	cp_paths_sent(sweep->paths, slot, sweep->pass);
	*ret_id = cp_id_make(slot, attempts);
	return true;
}

uint32_t cp_sweep_next(struct cp_sweep *sweep, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap)
{
	uint32_t n = 0;

	turn(sweep, now_ns);
	if (sweep->phase != PHASE_PASS)
		return 0;
	while (n < cap && sweep->n_left) {
		struct due next = next_turn(sweep);
		struct track *track = &sweep->tracks[next.path];
		uint32_t ttl;

		/* Answers that came meanwhile may have left nothing to ask. */
		if (!track->ask)
			continue;
		ttl = next_ttl(sweep, track->ask, next.random);
		track->ask &= ~(1ull << (ttl - sweep->config.shape.first_ttl));
		n += take(sweep, next.path, ttl, &ret_ids[n]);
	}
	sweep->n_sent += n;
	sweep->n_outstanding += n;
	if (n)
		sweep->flushed = false;
	if (!sweep->n_left)
		sweep->phase = PHASE_WAIT;
	return n;
}

void cp_sweep_flushed(struct cp_sweep *sweep, uint64_t now_ns)
{
	if (sweep->flushed)
		return;
	sweep->flushed = true;
	sweep->flushed_ns = now_ns;
}

/* A slot has answered: its path may have more to tell than was thought. */
static void note_reply(struct cp_sweep *sweep, uint32_t path)
{
	struct track *track = &sweep->tracks[path];
	uint32_t end = cp_paths_end_ttl(sweep->paths, path);

	track->ask &= ~cp_paths_answered(sweep->paths, path);
	if (end) {
		track->ask &= up_to(sweep, end - 1);
		sweep->n_ended += !track->ended;
		track->ended = true;
	}
	if (track->open)
		return;
	sweep->n_mute -= track->mute;
	track->mute = false;
	track->open = true;
	sweep->open[sweep->n_open++] = path;
}

enum cp_reply_result cp_sweep_reply(struct cp_sweep *sweep, const struct cp_event *event)
{
	const struct cp_shape *shape = &sweep->config.shape;
	uint32_t path = cp_shape_path(shape, event->slot);
	const struct cp_addr *dest = &sweep->config.dests[path / shape->n_flows];
	enum cp_reply_result result = cp_paths_reply(sweep->paths, event, dest);
	uint64_t rtt_us;

	if (result == CP_REPLY_NEW) {
		note_reply(sweep, path);
		sweep->n_outstanding -= cp_paths_sent_in(sweep->paths, event->slot, sweep->pass);
	}
	if (event->tx_ns && event->rx_ns > event->tx_ns) {
		rtt_us = (event->rx_ns - event->tx_ns) / NSEC_PER_USEC;
		if (rtt_us + 1 > sweep->max_rtt_us)
			sweep->max_rtt_us = rtt_us + 1;
	}
	return result;
}

void cp_sweep_replies(
        struct cp_sweep *sweep, const struct cp_event *events, uint32_t n, enum cp_reply_result *ret_results)
{
	/* Nearly all the time goes into waiting for memory, so it is asked for ahead, in the order of need. */
	for (uint32_t i = 0; i < n + 2 * AHEAD; i++) {
		if (i < n) {
			__builtin_prefetch(&sweep->tracks[cp_shape_path(&sweep->config.shape, events[i].slot)], 1);
			cp_paths_prefetch_reply(sweep->paths, &events[i]);
		}
		if (i >= AHEAD && i - AHEAD < n)
			cp_paths_prefetch_reply_slot(sweep->paths, &events[i - AHEAD]);
		if (i >= 2 * AHEAD)
			ret_results[i - 2 * AHEAD] = cp_sweep_reply(sweep, &events[i - 2 * AHEAD]);
	}
}

uint64_t cp_sweep_wait_ns(const struct cp_sweep *sweep, uint64_t now_ns)
{
	if (sweep->phase == PHASE_PASS || sweep->phase == PHASE_DONE)
		return 0;
	if (!sweep->flushed)
		return UINT64_MAX;
	return due_ns(sweep) > now_ns ? due_ns(sweep) - now_ns : 0;
}

bool cp_sweep_done(struct cp_sweep *sweep, uint64_t now_ns)
{
	turn(sweep, now_ns);
	return sweep->phase == PHASE_DONE;
}

bool cp_sweep_path_complete(const struct cp_sweep *sweep, uint32_t path)
{
	const struct track *track = &sweep->tracks[path];
	uint32_t end = cp_paths_end_ttl(sweep->paths, path), last = cp_paths_last_ttl(sweep->paths, path);
	uint32_t top = end ? end - 1 : (last ? last : sweep->config.shape.first_ttl - 1) + sweep->config.gap;
	uint64_t silent;

	if (track->limit == 0 || (end && end > track->limit + 1u))
		return false;
	silent = up_to(sweep, top < max_ttl(sweep) ? top : max_ttl(sweep)) & ~cp_paths_answered(sweep->paths, path);
	for (; silent; silent &= silent - 1) {
		uint32_t ttl = sweep->config.shape.first_ttl + (uint32_t)__builtin_ctzll(silent);

		if (cp_paths_attempts(sweep->paths, slot_of(sweep, path, ttl)) < sweep->config.attempts)
			return false;
	}
	return true;
}

const struct cp_paths *cp_sweep_paths(const struct cp_sweep *sweep)
{
	return sweep->paths;
}

void cp_sweep_progress(const struct cp_sweep *sweep, uint64_t *ret_sent, uint64_t *ret_total, uint32_t *ret_pass)
{
	*ret_sent = sweep->n_sent;
	*ret_total = sweep->n_sent + (sweep->phase == PHASE_PASS ? sweep->n_left : 0);
	*ret_pass = sweep->pass;
}
