// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep_ask.c: what to ask of a path: which of its TTLs may lie on it, were
 * silent, and may be asked again. Must not know when, nor in which order.
 *
 * All probes of a flow are SYNs of one 5-tuple. While a server holds the
 * half-open state of one, it does not answer another (RFC 9293, 3.10.7.4: an
 * unacceptable segment gets a bare ACK), until our RST has come. So at and
 * beyond the destination probes must not fly together: the scout's reply TTL
 * bounds the first pass, and what stayed silent just below the known end may
 * be the destination, unanswered because another probe was there first. Of
 * these suspects the highest is asked alone: were any of them the destination,
 * it would answer. If it stays silent they are routers and fly together. The
 * same holds for what an exhaustive sweep asks beyond the end.
 */
#include "sweep_impl.h"

#define EXTEND_TTLS 3u /* a destination further away than its reply TTL hinted at is looked for in steps of this */

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
	if (view.end && view.end <= view.top && !sweep->config.exhaustive)
		view.top = view.end - 1;
	view.retry_top = view.end || sweep->config.exhaustive ? view.top : behind - 1 + sweep->config.gap;
	view.suspects = view.end ? behind : UINT32_MAX;
	view.silent = up_to(sweep, view.top) & ~cp_paths_answered(sweep->paths, path);
	return view;
}

/*
 * May a silent TTL be asked, in that pass or later, after so many attempts? What lies too far behind the last answer
 * is asked once. Since something was lost, all are asked once more. If that is the only probe a suspect gets, it may
 * have been in the shadow of another, so it gets a second.
 */
static bool has_attempts(
        const struct cp_sweep *sweep, const struct view *view, uint32_t ttl, uint32_t pass, uint32_t attempts)
{
	uint32_t max = ttl <= view->retry_top ? sweep->config.attempts : 1, n_extra = sweep->lost.n_extra;

	if (n_extra &&
	        !cp_paths_sent_since(sweep->paths, slot_of(sweep, view->path, ttl), sweep->lost.extra_pass, pass))
		return attempts < CP_ATTEMPTS_MAX;
	if (ttl >= view->suspects && ttl < view->end && (n_extra || max == 1))
		max += n_extra + 1;
	return attempts < max;
}

/* The same, as things stand. */
static bool has_attempts_left(const struct cp_sweep *sweep, const struct view *view, uint32_t ttl)
{
	return has_attempts(
	        sweep, view, ttl, sweep->pass, cp_paths_attempts(sweep->paths, slot_of(sweep, view->path, ttl)));
}

/* The highest suspect was asked often enough, if never alone: it will not be again. */
static bool top_suspect_spent(const struct cp_sweep *sweep, const struct view *view)
{
	return !has_attempts_left(sweep, view, view->end - 1);
}

/*
 * May a TTL that could be the destination be asked in that pass, without others of its path that could stand in its
 * light?
 */
static bool suspect_may_fly(const struct cp_sweep *sweep, const struct view *view, uint32_t ttl, uint32_t pass)
{
	const struct track *track = &sweep->tracks[view->path];

	if (track->alone_end == view->end)
		return track->alone_pass != pass;
	return ttl == view->end - 1 || view->suspects == view->end || top_suspect_spent(sweep, view);
}

/* The highest suspect, before it was asked: whether it is the destination matters even where routers limit answers. */
static bool may_fly_alone(const struct cp_sweep *sweep, const struct view *view, uint32_t ttl)
{
	return ttl == view->end - 1 && sweep->tracks[view->path].alone_end != view->end;
}

/* The TTLs of a path that are left to the slow lane. */
static uint64_t held_of(const struct cp_sweep *sweep, const struct view *view)
{
	return sweep->slow.held & (view->end ? up_to(sweep, view->end - 1) : ~0ull);
}

/* May a silent TTL at or below the top be asked in that pass, after so many attempts? */
static bool wanted(
        const struct cp_sweep *sweep, const struct view *view, uint32_t ttl, uint32_t pass, uint32_t attempts)
{
	if (attempts == 0)
		return true;
	if (held_of(sweep, view) & ttl_bit(sweep, ttl) && !may_fly_alone(sweep, view, ttl))
		return false;
	return has_attempts(sweep, view, ttl, pass, attempts) &&
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

/* Was everything asked often enough that may lie on the path, but for what the slow lane has? */
static bool complete(const struct cp_sweep *sweep, uint32_t path, bool but_held)
{
	const struct track *track = &sweep->tracks[path];
	struct view view = view_of(sweep, path);
	uint64_t silent = view.silent & up_to(sweep, sweep->lost.n_extra ? view.top : view.retry_top);

	if (track->limit == 0 || view.end > track->limit + 1u)
		return false;
	if (but_held)
		silent &= ~held_of(sweep, &view);
	for (; silent; silent &= silent - 1) {
		uint32_t ttl = lowest_ttl(sweep, silent);

		if (has_attempts_left(sweep, &view, ttl))
			return false;
	}
	return true;
}

bool cp_ask_collect(struct cp_sweep *sweep, uint32_t path, uint32_t pass)
{
	struct track *track = &sweep->tracks[path];
	struct view view = view_of(sweep, path);
	uint64_t ask = 0;

	for (uint64_t rest = view.silent; rest; rest &= rest - 1) {
		uint32_t ttl = lowest_ttl(sweep, rest);

		if (wanted(sweep, &view, ttl, pass, cp_paths_attempts(sweep->paths, slot_of(sweep, path, ttl))))
			ask |= rest & -rest;
	}
	track->ask = ask;
	track->end = (uint8_t)view.end;
	if (ask || !complete(sweep, path, true))
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

void cp_ask_set_limit(struct cp_sweep *sweep, uint32_t path)
{
	struct track *track = &sweep->tracks[path];
	uint32_t end = cp_paths_end_ttl(sweep->paths, path), limit = track->limit;

	if (!end || sweep->config.exhaustive)
		limit = max_ttl(sweep);
	else if (limit == 0)
		limit = hinted_ttl(sweep, path);
	else if (end > limit + 1)
		limit = limit + EXTEND_TTLS < end - 1 ? limit + EXTEND_TTLS : end - 1;
	if (track->limit == 0)
		cp_paths_expect(sweep->paths, path, limit);
	track->limit = (uint8_t)limit;
}

bool cp_ask_take(struct cp_sweep *sweep, uint32_t path, uint32_t ttl, uint32_t *ret_id)
{
	uint32_t slot = slot_of(sweep, path, ttl), attempts = cp_paths_attempts(sweep->paths, slot);

	/* A slot's first probe flies with others of its path. */
	if (attempts) {
		struct view view = view_of(sweep, path);

		/* If the end came to be known in this pass, others of it fly where the destination may be. */
		if (ttl >= view.suspects && view.end != sweep->tracks[path].end)
			return false;
		if (!wanted(sweep, &view, ttl, sweep->pass, attempts))
			return false;
		note_asked_again(sweep, &view, ttl);
	}
	cp_slow_note(sweep, ttl, slot);
	cp_paths_sent(sweep->paths, slot, sweep->pass);
	*ret_id = cp_id_make(slot, attempts);
	return true;
}

bool cp_ask_silent(const struct cp_sweep *sweep, uint32_t path)
{
	return view_of(sweep, path).silent;
}

uint64_t cp_ask_slow(const struct cp_sweep *sweep, uint32_t path)
{
	struct view view = view_of(sweep, path);
	uint64_t may = 0;

	for (uint64_t rest = view.silent & held_of(sweep, &view) & up_to(sweep, view.retry_top); rest;
	        rest &= rest - 1) {
		uint32_t ttl = lowest_ttl(sweep, rest);

		if (has_attempts_left(sweep, &view, ttl))
			may |= rest & -rest;
	}
	return may;
}

uint32_t cp_ask_take_slow(struct cp_sweep *sweep, uint32_t path, uint32_t ttl)
{
	uint32_t slot = slot_of(sweep, path, ttl), attempts = cp_paths_attempts(sweep->paths, slot);
	struct view view = view_of(sweep, path);

	note_asked_again(sweep, &view, ttl);
	cp_paths_sent(sweep->paths, slot, sweep->pass);
	return cp_id_make(slot, attempts);
}

bool cp_ask_end_sure(const struct cp_sweep *sweep, uint32_t path)
{
	struct view view = view_of(sweep, path);

	return view.end && (view.suspects == view.end || sweep->tracks[path].alone_end == view.end);
}

bool cp_sweep_path_complete(const struct cp_sweep *sweep, uint32_t path)
{
	return complete(sweep, path, sweep->phase == PHASE_DONE);
}
