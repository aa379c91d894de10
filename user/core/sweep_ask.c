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
 * it would answer. If it stays silent they are routers and fly together.
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

bool cp_ask_collect(struct cp_sweep *sweep, uint32_t path, uint32_t pass)
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

void cp_ask_set_limit(struct cp_sweep *sweep, uint32_t path)
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

bool cp_ask_take(struct cp_sweep *sweep, uint32_t path, uint32_t ttl, uint32_t *ret_id)
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

bool cp_ask_silent(const struct cp_sweep *sweep, uint32_t path)
{
	return view_of(sweep, path).silent;
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
