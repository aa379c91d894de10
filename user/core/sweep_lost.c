// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep_lost.c: what this host lost itself: answers that found the ring full,
 * probes that were not transmitted. How many is known, but not whose. So when
 * nothing is left to ask, everything silent gets one more attempt, and again,
 * until such a round goes through without a loss. If none does, silence is
 * doubtful. Must not know why something is lost.
 */
#include "sweep_impl.h"

#define ROUNDS_MAX 3u
#define MANY 10u /* one in so many makes a pattern of its own */
#define DOUBT_FROM 100u /* one probe in so many that was not transmitted; fewer are made up for by other attempts */

static struct mark mark_now(const struct cp_sweep *sweep)
{
	struct mark mark = {.n_sent = sweep->n_sent};

	if (sweep->config.count_losses)
		sweep->config.count_losses(sweep->config.losses_ctx, &mark.losses);
	return mark;
}

static bool lost_much(const struct cp_sweep *sweep, const struct mark *since, const struct mark *now)
{
	uint64_t n_probes = now->losses.n_probes - since->losses.n_probes;

	if (now->losses.n_replies > since->losses.n_replies)
		return true;
	return n_probes && (sweep->config.attempts == 1 || n_probes * DOUBT_FROM > now->n_sent - since->n_sent);
}

bool cp_lost_in_pass(struct cp_sweep *sweep)
{
	struct mark now = mark_now(sweep), since = sweep->lost.pass;
	uint64_t n_lost = now.losses.n_replies - since.losses.n_replies + now.losses.n_probes - since.losses.n_probes;

	sweep->lost.pass = now;
	return n_lost * MANY > now.n_sent - since.n_sent;
}

bool cp_lost_begin(struct cp_sweep *sweep)
{
	struct lost *lost = &sweep->lost;
	struct mark now = mark_now(sweep);

	if (!lost_much(sweep, &lost->extra, &now) || lost->n_extra == ROUNDS_MAX ||
	        sweep->config.attempts + lost->n_extra + 2 > CP_ATTEMPTS_MAX)
		return false;
	lost->n_extra++;
	lost->extra_pass = sweep->pass + 1;
	for (uint32_t path = 0; path < sweep->n_paths; path++) {
		sweep->tracks[path].alone_end = 0; /* what was asked alone may have answered */
		cp_order_reopen(sweep, path);
	}
	cp_order_collect(sweep, sweep->pass + 1);
	lost->extra = now;
	return sweep->n_left;
}

bool cp_sweep_doubtful(const struct cp_sweep *sweep)
{
	struct mark now = mark_now(sweep);

	return lost_much(sweep, &sweep->lost.extra, &now);
}
