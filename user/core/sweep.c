// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep.c: when to ask, and when it is over. First one scout a path, at the
 * highest TTL: whether the destination answers, and from how far. Then passes
 * that ask what is still silent and may lie on the path. Between passes it
 * waits for replies as long as the round trips seen so far give reason to.
 */
#include <errno.h>
#include <stdlib.h>

#include "sweep_impl.h"

#define SETTLED_WAIT_US 50000u /* on top of two round trips, once every path's end is known */
#define OPEN_WAIT_US 300000u /* at least, while some is not: most of the Internet answers within that */

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
	cp_order_init(sweep);
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
	free(sweep->slow.asks);
	cp_infer_free(&sweep->infer);
	cp_turns_free(&sweep->turns);
	free(sweep);
}

/* ---- When ---- */

static uint64_t timeout_us(const struct cp_sweep *sweep)
{
	return sweep->config.timeout_ms * 1000ull;
}

static uint64_t cap_to_timeout_ns(const struct cp_sweep *sweep, uint64_t wait_us)
{
	return (wait_us < timeout_us(sweep) ? wait_us : timeout_us(sweep)) * NSEC_PER_USEC;
}

/* How long to wait for those of whom it is known about how far they are. */
static uint64_t settled_wait_ns(const struct cp_sweep *sweep)
{
	return cap_to_timeout_ns(sweep, sweep->max_rtt_us * 2 + SETTLED_WAIT_US);
}

/*
 * How long after its last probe a pass waits for what is outstanding. Once
 * every destination has answered, no router in between can be much further.
 * While nobody has answered nothing is known of round trips: scouts get all
 * the time there is (RFC 6298, 2.1), since probes that fly together at a
 * server further away than that stand in each other's light. If even that
 * brought nothing, there is nothing to wait for between passes; only after
 * the last.
 */
static uint64_t pass_wait_ns(const struct cp_sweep *sweep)
{
	uint64_t two_rtt_us = sweep->max_rtt_us * 2;

	if (!sweep->max_rtt_us && sweep->pass == 0)
		return cap_to_timeout_ns(sweep, UINT64_MAX);
	if (sweep->n_ended == sweep->n_paths)
		return settled_wait_ns(sweep);
	return cap_to_timeout_ns(sweep, two_rtt_us > OPEN_WAIT_US ? two_rtt_us : OPEN_WAIT_US);
}

/* How long after the very last probe a reply is still waited for. */
static uint64_t grace_ns(const struct cp_sweep *sweep)
{
	if (!sweep->max_rtt_us)
		return cap_to_timeout_ns(sweep, UINT64_MAX);
	if (sweep->n_ended == sweep->n_paths)
		return cap_to_timeout_ns(sweep, sweep->max_rtt_us * 2 + 2 * SETTLED_WAIT_US);
	return cap_to_timeout_ns(sweep, sweep->max_rtt_us * 3 + OPEN_WAIT_US);
}

static uint64_t due_ns(const struct cp_sweep *sweep)
{
	if (sweep->phase == PHASE_SLOW)
		return cp_slow_due_ns(sweep, pass_wait_ns(sweep));
	if (sweep->phase == PHASE_LAST_WAIT)
		return sweep->grace_until_ns;
	if (!sweep->n_outstanding)
		return sweep->flushed_ns;
	return sweep->flushed_ns + (sweep->phase == PHASE_TURNS ? settled_wait_ns(sweep) : pass_wait_ns(sweep));
}

/* Is there a silent slot left that a reply would tell something of? */
static bool any_silent(const struct cp_sweep *sweep)
{
	if (sweep->n_mute)
		return true;
	for (uint32_t i = 0; i < sweep->n_open; i++) {
		if (cp_ask_silent(sweep, sweep->open[i]))
			return true;
	}
	return false;
}

static void begin_pass(struct cp_sweep *sweep)
{
	sweep->phase = PHASE_PASS;
	sweep->pass++;
	sweep->n_outstanding = 0;
}

/* The end of a pass, or of what came between passes: what comes next. */
static void move_on(struct cp_sweep *sweep, uint64_t now_ns)
{
	enum phase from = sweep->phase;

	cp_order_collect(sweep, sweep->pass + 1);
	if (sweep->n_left) {
		begin_pass(sweep);
	} else if (from != PHASE_SLOW && cp_slow_begin(sweep, now_ns, pass_wait_ns(sweep))) {
		sweep->phase = PHASE_SLOW;
	} else if (cp_lost_begin(sweep)) {
		begin_pass(sweep);
	} else if (cp_turns_begin(sweep)) {
		sweep->phase = PHASE_TURNS;
	} else if (from != PHASE_LAST_WAIT && now_ns < sweep->grace_until_ns && any_silent(sweep)) {
		sweep->phase = PHASE_LAST_WAIT;
	} else {
		sweep->phase = PHASE_DONE;
		if (sweep->slow.held)
			cp_infer_gather(sweep);
	}
}

/* Moves on when a wait is over. */
static void turn(struct cp_sweep *sweep, uint64_t now_ns)
{
	if (sweep->phase == PHASE_PASS || sweep->phase == PHASE_DONE || !sweep->flushed || now_ns < due_ns(sweep))
		return;
	if (sweep->phase == PHASE_SLOW) {
		if (!cp_slow_round_over(sweep))
			return;
		cp_slow_end_round(sweep);
		if (cp_slow_begin(sweep, now_ns, pass_wait_ns(sweep)))
			return;
		cp_slow_end(sweep);
	} else if (sweep->phase == PHASE_TURNS) {
		if (!cp_turns_round_over(sweep) || cp_turns_next_round(sweep))
			return;
	} else if (sweep->phase == PHASE_WAIT) {
		if (sweep->n_outstanding)
			sweep->grace_until_ns = sweep->flushed_ns + grace_ns(sweep);
		cp_slow_detect(sweep, cp_lost_in_pass(sweep));
	}
	move_on(sweep, now_ns);
}

/* ---- Interface ---- */

uint32_t cp_sweep_next(struct cp_sweep *sweep, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap)
{
	uint32_t n = 0;

	turn(sweep, now_ns);
	if (sweep->phase == PHASE_PASS)
		n = cp_order_next(sweep, ret_ids, cap);
	else if (sweep->phase == PHASE_SLOW)
		n = cp_slow_next(sweep, now_ns, ret_ids, cap);
	else if (sweep->phase == PHASE_TURNS)
		n = cp_turns_next(sweep, ret_ids, cap);
	sweep->n_sent += n;
	sweep->n_outstanding += n;
	if (n)
		sweep->flushed = false;
	if (sweep->phase == PHASE_PASS && !sweep->n_left)
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
		if (!sweep->config.exhaustive)
			track->ask &= up_to(sweep, end - 1);
		sweep->n_ended += !track->ended;
		track->ended = true;
	}
	cp_order_reopen(sweep, path);
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
	} else if (sweep->phase == PHASE_TURNS && cp_turns_reply(sweep, event)) {
		result = CP_REPLY_AGAIN;
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
	uint64_t due;

	if (sweep->phase == PHASE_PASS || sweep->phase == PHASE_DONE)
		return 0;
	if (sweep->phase == PHASE_TURNS && !cp_turns_round_over(sweep))
		return 0;
	due = sweep->flushed || sweep->phase == PHASE_SLOW ? due_ns(sweep) : UINT64_MAX;
	if (due == UINT64_MAX)
		return UINT64_MAX;
	return due > now_ns ? due - now_ns : 0;
}

bool cp_sweep_done(struct cp_sweep *sweep, uint64_t now_ns)
{
	turn(sweep, now_ns);
	return sweep->phase == PHASE_DONE;
}

bool cp_sweep_wants(const struct cp_sweep *sweep, uint32_t id)
{
	return sweep->phase == PHASE_TURNS || cp_paths_silent(sweep->paths, cp_id_slot(id));
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
