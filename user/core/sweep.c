// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep.c: which slot next, and when it is over. First one scout a path, at
 * the highest TTL: whether the destination answers, and from how far. Then
 * passes, each in the keyed order over all slots, that ask what is still
 * silent and may lie on the path. Between passes it waits for replies as long
 * as the round trips seen so far give reason to.
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
#define OPEN_WAIT_US 300000u /* at least, while some is not: most of the Internet answers within that */

enum phase { PHASE_PASS, PHASE_WAIT, PHASE_LAST_WAIT, PHASE_DONE };

struct track {
	uint8_t limit; /* highest TTL to ask; 0: the scout is still out */
	uint8_t alone_end; /* the end whose highest suspect was asked alone; 0: none yet */
	bool closed; /* nothing more to ask, unless another reply comes */
	uint32_t alone_pass; /* ... and when */
};

struct cp_sweep {
	struct cp_sweep_config config;
	struct cp_paths *paths;
	struct track *tracks; /* [n_paths] */
	uint32_t n_paths;
	uint32_t key[4]; /* of the order */
	uint32_t *todo; /* slots of this pass; NULL for the scouts */
	uint32_t n_todo, cap_todo;
	struct cp_perm order; /* over the scouts' paths, or over todo */
	enum phase phase;
	uint32_t pass; /* 0: scouts */
	uint32_t at; /* index into the order */
	uint32_t n_outstanding; /* asked in this pass and still silent */
	uint32_t n_ended; /* paths whose end is known */
	bool flushed;
	uint64_t flushed_ns;
	uint64_t grace_until_ns; /* replies to what a pass left open may come until then */
	uint64_t max_rtt_us;
	uint64_t n_sent;
};

int cp_sweep_new(const struct cp_sweep_config *config, struct cp_sweep **ret_sweep)
{
	struct cp_sweep *sweep = calloc(1, sizeof(*sweep));

	if (!sweep)
		return -ENOMEM;
	for (uint32_t i = 0; i < 4; i++)
		sweep->key[i] = cp_mix32((uint32_t)(config->seed >> (i & 1) * 32) + i * 0x9e3779b9u);
	sweep->config = *config;
	sweep->n_paths = config->shape.n_dests * config->shape.n_flows;
	sweep->n_todo = sweep->n_paths;
	cp_perm_init(&sweep->order, sweep->key, sweep->n_todo);
	sweep->tracks = calloc(sweep->n_paths, sizeof(*sweep->tracks));
	if (!sweep->tracks || cp_paths_new(&config->shape, &sweep->paths)) {
		cp_sweep_free(sweep);
		return -ENOMEM;
	}
	*ret_sweep = sweep;
	return 0;
}

void cp_sweep_free(struct cp_sweep *sweep)
{
	if (!sweep)
		return;
	cp_paths_free(sweep->paths);
	free(sweep->tracks);
	free(sweep->todo);
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

/* ---- What to ask ---- */

/* What is known of a path, to decide about its TTLs. */
struct view {
	uint32_t path;
	uint32_t end; /* 0: not known */
	uint32_t top; /* highest TTL that may be asked at all */
	uint32_t retry_top; /* ... and asked again */
	uint32_t suspects; /* first TTL of the silent stretch that ends just below the end */
};

static struct view view_of(const struct cp_sweep *sweep, uint32_t path)
{
	uint32_t first = sweep->config.shape.first_ttl, last = cp_paths_last_ttl(sweep->paths, path);
	struct view view = {.path = path, .end = cp_paths_end_ttl(sweep->paths, path)};

	view.top = sweep->tracks[path].limit;
	if (view.end && view.end <= view.top)
		view.top = view.end - 1;
	view.retry_top = view.end ? view.top : (last ? last : first - 1) + sweep->config.gap;
	view.suspects = view.end ? view.end : UINT32_MAX;
	while (view.end && view.suspects > first &&
	        cp_paths_silent(sweep->paths, slot_of(sweep, path, view.suspects - 1)))
		view.suspects--;
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

static bool wanted(const struct cp_sweep *sweep, const struct view *view, uint32_t ttl, uint32_t pass)
{
	uint32_t slot = slot_of(sweep, view->path, ttl), attempts = cp_paths_attempts(sweep->paths, slot);

	if (ttl > view->top || attempts >= sweep->config.attempts || !cp_paths_silent(sweep->paths, slot))
		return false;
	if (attempts == 0)
		return true;
	return ttl <= view->retry_top && (ttl < view->suspects || suspect_may_fly(sweep, view, ttl, pass));
}

static void note_asked(struct cp_sweep *sweep, const struct view *view, uint32_t ttl)
{
	struct track *track = &sweep->tracks[view->path];

	/* A slot's first probe flies with others of its path. */
	if (!view->end || cp_paths_attempts(sweep->paths, slot_of(sweep, view->path, ttl)) == 0)
		return;
	if (ttl == view->end - 1 && track->alone_end != view->end) {
		track->alone_end = (uint8_t)view->end;
		track->alone_pass = sweep->pass;
	}
}

static int push_todo(struct cp_sweep *sweep, uint32_t slot)
{
	if (sweep->n_todo == sweep->cap_todo) {
		uint32_t cap = sweep->cap_todo ? sweep->cap_todo * 2 : 1024;
		uint32_t *todo = realloc(sweep->todo, (size_t)cap * sizeof(*todo));

		if (!todo)
			return -ENOMEM;
		sweep->todo = todo;
		sweep->cap_todo = cap;
	}
	sweep->todo[sweep->n_todo++] = slot;
	return 0;
}

/* Collects what a pass would ask. Out of memory ends the list: what is missing is asked in the pass after. */
static void collect(struct cp_sweep *sweep, uint32_t pass)
{
	sweep->n_todo = 0;
	for (uint32_t path = 0; path < sweep->n_paths; path++) {
		uint32_t before = sweep->n_todo;
		struct view view;

		if (sweep->tracks[path].closed)
			continue;
		view = view_of(sweep, path);
		for (uint32_t ttl = sweep->config.shape.first_ttl; ttl <= view.top; ttl++) {
			if (wanted(sweep, &view, ttl, pass) && push_todo(sweep, slot_of(sweep, path, ttl)))
				return;
		}
		sweep->tracks[path].closed = sweep->n_todo == before && cp_sweep_path_complete(sweep, path);
	}
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

/* At the end of a pass: how far each path is to be asked in the next. */
static void set_limits(struct cp_sweep *sweep)
{
	for (uint32_t path = 0; path < sweep->n_paths; path++) {
		struct track *track = &sweep->tracks[path];
		uint32_t end = cp_paths_end_ttl(sweep->paths, path), limit = track->limit;

		if (track->closed)
			continue;
		if (!end)
			limit = max_ttl(sweep);
		else if (limit == 0)
			limit = hinted_ttl(sweep, path);
		else if (end > limit + 1)
			limit = limit + EXTEND_TTLS < end - 1 ? limit + EXTEND_TTLS : end - 1;
		track->limit = (uint8_t)limit;
	}
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
static bool any_open(const struct cp_sweep *sweep)
{
	for (uint32_t path = 0; path < sweep->n_paths; path++) {
		struct view view = view_of(sweep, path);

		for (uint32_t ttl = sweep->config.shape.first_ttl; ttl <= view.top; ttl++) {
			if (cp_paths_silent(sweep->paths, slot_of(sweep, path, ttl)))
				return true;
		}
	}
	return false;
}

/* Moves on when a wait is over. */
static void turn(struct cp_sweep *sweep, uint64_t now_ns)
{
	bool waiting = sweep->phase == PHASE_WAIT || sweep->phase == PHASE_LAST_WAIT;

	if (!waiting || !sweep->flushed || now_ns < due_ns(sweep))
		return;
	if (sweep->phase == PHASE_WAIT && sweep->n_outstanding)
		sweep->grace_until_ns = sweep->flushed_ns + grace_ns(sweep);
	set_limits(sweep);
	collect(sweep, sweep->pass + 1);
	if (sweep->n_todo) {
		sweep->phase = PHASE_PASS;
		sweep->pass++;
		sweep->at = 0;
		sweep->n_outstanding = 0;
		cp_perm_init(&sweep->order, sweep->key, sweep->n_todo);
	} else if (sweep->phase == PHASE_WAIT && now_ns < sweep->grace_until_ns && any_open(sweep)) {
		sweep->phase = PHASE_LAST_WAIT;
	} else {
		sweep->phase = PHASE_DONE;
	}
}

/* ---- Interface ---- */

/* The slot at a place of this pass's order. */
static uint32_t slot_at(const struct cp_sweep *sweep, uint32_t at)
{
	uint32_t i = cp_perm_at(&sweep->order, at);

	return sweep->pass == 0 ? slot_of(sweep, i, max_ttl(sweep)) : sweep->todo[i];
}

/* Takes a slot of this pass to be transmitted, if it is still wanted. */
static bool take(struct cp_sweep *sweep, uint32_t slot)
{
	const struct cp_shape *shape = &sweep->config.shape;
	uint32_t ttl = cp_shape_ttl(shape, slot);
	struct view view;

	if (sweep->pass == 0)
		return true;
	view = view_of(sweep, cp_shape_path(shape, slot));
	if (!wanted(sweep, &view, ttl, sweep->pass))
		return false;
	note_asked(sweep, &view, ttl);
	return true;
}

uint32_t cp_sweep_next(struct cp_sweep *sweep, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap)
{
	uint32_t n = 0;

	turn(sweep, now_ns);
	if (sweep->phase != PHASE_PASS)
		return 0;
	for (; n < cap && sweep->at < sweep->n_todo; sweep->at++) {
		uint32_t slot = slot_at(sweep, sweep->at);

		if (!take(sweep, slot))
			continue;
		ret_ids[n++] = cp_id_make(slot, cp_paths_attempts(sweep->paths, slot));
		cp_paths_sent(sweep->paths, slot, sweep->pass);
	}
	sweep->n_sent += n;
	sweep->n_outstanding += n;
	if (n)
		sweep->flushed = false;
	if (sweep->at == sweep->n_todo)
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

enum cp_reply_result cp_sweep_reply(struct cp_sweep *sweep, const struct cp_event *event)
{
	const struct cp_shape *shape = &sweep->config.shape;
	uint32_t path = cp_shape_path(shape, event->slot);
	const struct cp_addr *dest = &sweep->config.dests[path / shape->n_flows];
	bool had_end = cp_paths_end_ttl(sweep->paths, path);
	enum cp_reply_result result = cp_paths_reply(sweep->paths, event, dest);
	uint64_t rtt_us;

	if (result == CP_REPLY_NEW) {
		sweep->tracks[path].closed = false;
		sweep->n_ended += !had_end && cp_paths_end_ttl(sweep->paths, path);
		sweep->n_outstanding -= cp_paths_sent_in(sweep->paths, event->slot, sweep->pass);
	}
	if (event->tx_ns && event->rx_ns > event->tx_ns) {
		rtt_us = (event->rx_ns - event->tx_ns) / NSEC_PER_USEC;
		if (rtt_us + 1 > sweep->max_rtt_us)
			sweep->max_rtt_us = rtt_us + 1;
	}
	return result;
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

	if (track->limit == 0 || (end && end > track->limit + 1u))
		return false;
	for (uint32_t ttl = sweep->config.shape.first_ttl; ttl <= top && ttl <= max_ttl(sweep); ttl++) {
		uint32_t slot = slot_of(sweep, path, ttl);

		if (cp_paths_silent(sweep->paths, slot) &&
		        cp_paths_attempts(sweep->paths, slot) < sweep->config.attempts)
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
	*ret_total = sweep->n_sent + (sweep->phase == PHASE_PASS ? sweep->n_todo - sweep->at : 0);
	*ret_pass = sweep->pass;
}
