// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep.c: which slot next, and when it is over. A run is a series of passes,
 * one an attempt, each in the keyed order over all slots; a pass asks only
 * what is still silent and may still lie on the path. Between passes it waits
 * for replies, as long as the round trips seen so far give reason to.
 */
#include "sweep.h"

#include <errno.h>
#include <stdlib.h>

#include "cp_perm.h"

#define NSEC_PER_USEC 1000ull

enum phase { PHASE_PASS, PHASE_WAIT, PHASE_DONE };

struct cp_sweep {
	struct cp_sweep_config config;
	struct cp_paths *paths;
	struct cp_perm order;
	uint32_t n_slots;
	enum phase phase;
	uint32_t pass; /* attempt number of the probes it hands out */
	uint32_t at; /* index into the order */
	bool flushed;
	uint64_t flushed_ns;
	uint64_t max_rtt_us;
	uint64_t n_sent;
	uint32_t n_ended; /* paths whose end is known */
	uint32_t witness; /* while waiting: the slot that was wanted when last looked */
};

int cp_sweep_new(const struct cp_sweep_config *config, struct cp_sweep **ret_sweep)
{
	struct cp_sweep *sweep = calloc(1, sizeof(*sweep));
	uint32_t key[4];

	if (!sweep)
		return -ENOMEM;
	for (uint32_t i = 0; i < 4; i++)
		key[i] = cp_mix32((uint32_t)(config->seed >> (i & 1) * 32) + i * 0x9e3779b9u);
	sweep->config = *config;
	sweep->n_slots = cp_shape_slots(&config->shape);
	cp_perm_init(&sweep->order, key, sweep->n_slots);
	if (cp_paths_new(&config->shape, &sweep->paths)) {
		free(sweep);
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
	free(sweep);
}

/* May this TTL lie on the path, by what is known of its end? */
static bool on_path(const struct cp_sweep *sweep, uint32_t path, uint32_t ttl, bool first_pass)
{
	uint32_t end = cp_paths_end_ttl(sweep->paths, path), last;

	if (end)
		return ttl <= end;
	if (first_pass)
		return true;
	last = cp_paths_last_ttl(sweep->paths, path);
	return ttl <= (last ? last : sweep->config.shape.first_ttl - 1) + sweep->config.gap;
}

static bool wanted(const struct cp_sweep *sweep, uint32_t slot, uint32_t pass)
{
	const struct cp_shape *shape = &sweep->config.shape;

	if (!cp_paths_silent(sweep->paths, slot))
		return false;
	return on_path(sweep, cp_shape_path(shape, slot), cp_shape_ttl(shape, slot), pass == 0);
}

/* How long after its last probe the next pass may ask again. */
static uint64_t retry_wait_ns(const struct cp_sweep *sweep)
{
	const struct cp_shape *shape = &sweep->config.shape;
	uint64_t timeout_us = sweep->config.timeout_ms * 1000ull, wait_us;

	if (sweep->max_rtt_us == 0)
		return timeout_us * NSEC_PER_USEC;
	/* Once every destination has answered, no router in between can be much further away. */
	if (sweep->n_ended == shape->n_dests * shape->n_flows)
		wait_us = sweep->max_rtt_us * 2 + 50000;
	else
		wait_us = sweep->max_rtt_us * 2 < 300000 ? 300000 : sweep->max_rtt_us * 2;
	return (wait_us < timeout_us ? wait_us : timeout_us) * NSEC_PER_USEC;
}

/* How long after the last probe of all a reply is still waited for. */
static uint64_t grace_ns(const struct cp_sweep *sweep)
{
	uint64_t timeout_us = sweep->config.timeout_ms * 1000ull, wait_us = sweep->max_rtt_us * 3 + 300000;

	if (sweep->max_rtt_us == 0 || wait_us > timeout_us)
		wait_us = timeout_us;
	return wait_us * NSEC_PER_USEC;
}

static bool last_pass(const struct cp_sweep *sweep)
{
	return sweep->pass + 1 >= sweep->config.attempts;
}

/*
 * Ends a wait that has nothing left to wait for. Runs after every reply, so it does not look at all slots: as long as
 * the witness is wanted, nothing else matters, and the next one is looked for from there.
 */
static void settle(struct cp_sweep *sweep)
{
	if (sweep->phase != PHASE_WAIT || !sweep->flushed)
		return;
	for (uint32_t n = 0; n < sweep->n_slots; n++) {
		if (wanted(sweep, sweep->witness, 1))
			return;
		if (++sweep->witness == sweep->n_slots)
			sweep->witness = 0;
	}
	sweep->phase = PHASE_DONE;
}

/* Moves from waiting to the next pass or to the end when the time has come. */
static void turn(struct cp_sweep *sweep, uint64_t now_ns)
{
	uint64_t wait_ns = last_pass(sweep) ? grace_ns(sweep) : retry_wait_ns(sweep);

	settle(sweep);
	if (sweep->phase != PHASE_WAIT || !sweep->flushed || now_ns < sweep->flushed_ns + wait_ns)
		return;
	if (last_pass(sweep)) {
		sweep->phase = PHASE_DONE;
		return;
	}
	sweep->phase = PHASE_PASS;
	sweep->pass++;
	sweep->at = 0;
}

uint32_t cp_sweep_next(struct cp_sweep *sweep, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap)
{
	uint32_t n = 0;

	turn(sweep, now_ns);
	if (sweep->phase != PHASE_PASS)
		return 0;
	for (; n < cap && sweep->at < sweep->n_slots; sweep->at++) {
		uint32_t slot = cp_perm_at(&sweep->order, sweep->at);

		if (!wanted(sweep, slot, sweep->pass))
			continue;
		cp_paths_sent(sweep->paths, slot);
		ret_ids[n++] = cp_id_make(slot, sweep->pass);
	}
	sweep->n_sent += n;
	if (n)
		sweep->flushed = false;
	if (sweep->at == sweep->n_slots)
		sweep->phase = PHASE_WAIT;
	settle(sweep);
	return n;
}

void cp_sweep_flushed(struct cp_sweep *sweep, uint64_t now_ns)
{
	if (sweep->flushed)
		return;
	sweep->flushed = true;
	sweep->flushed_ns = now_ns;
	settle(sweep);
}

enum cp_reply_result cp_sweep_reply(struct cp_sweep *sweep, const struct cp_event *event)
{
	const struct cp_shape *shape = &sweep->config.shape;
	uint32_t path = cp_shape_path(shape, event->slot);
	const struct cp_addr *dest = &sweep->config.dests[path / shape->n_flows];
	bool had_end = cp_paths_end_ttl(sweep->paths, path);
	enum cp_reply_result result = cp_paths_reply(sweep->paths, event, dest);
	uint64_t rtt_us;

	if (result == CP_REPLY_NEW && !had_end && cp_paths_end_ttl(sweep->paths, path))
		sweep->n_ended++;
	if (event->tx_ns && event->rx_ns > event->tx_ns) {
		rtt_us = (event->rx_ns - event->tx_ns) / NSEC_PER_USEC;
		if (rtt_us + 1 > sweep->max_rtt_us)
			sweep->max_rtt_us = rtt_us + 1;
	}
	settle(sweep);
	return result;
}

uint64_t cp_sweep_wait_ns(const struct cp_sweep *sweep, uint64_t now_ns)
{
	uint64_t due_ns;

	if (sweep->phase != PHASE_WAIT)
		return 0;
	if (!sweep->flushed)
		return UINT64_MAX;
	due_ns = sweep->flushed_ns + (last_pass(sweep) ? grace_ns(sweep) : retry_wait_ns(sweep));
	return due_ns > now_ns ? due_ns - now_ns : 0;
}

bool cp_sweep_done(const struct cp_sweep *sweep, uint64_t now_ns)
{
	if (sweep->phase == PHASE_DONE)
		return true;
	if (sweep->phase != PHASE_WAIT || !sweep->flushed)
		return false;
	return last_pass(sweep) && cp_sweep_wait_ns(sweep, now_ns) == 0;
}

/* Has the last pass been here? Attempts cannot tell: a slot may have been skipped in an earlier pass. */
static bool asked_for_the_last_time(const struct cp_sweep *sweep, uint32_t slot)
{
	if (!last_pass(sweep))
		return false;
	return sweep->phase != PHASE_PASS || cp_perm_index(&sweep->order, slot) < sweep->at;
}

bool cp_sweep_path_complete(const struct cp_sweep *sweep, uint32_t path)
{
	const struct cp_shape *shape = &sweep->config.shape;

	for (uint32_t i = 0; i < shape->n_ttls; i++) {
		uint32_t slot = path * shape->n_ttls + i;

		if (wanted(sweep, slot, 1) && !asked_for_the_last_time(sweep, slot))
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
	*ret_total = sweep->n_sent + (sweep->phase == PHASE_PASS ? sweep->n_slots - sweep->at : 0);
	*ret_pass = sweep->pass;
}
