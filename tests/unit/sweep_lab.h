/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sweep_lab.h: a simulated Internet with a simulated clock for sweeps, and a
 * loop that drives one as the audit does and checks each step. Everything
 * follows from the world's seed. To be included after cmocka.h.
 */
#ifndef CP_TEST_SWEEP_LAB_H
#define CP_TEST_SWEEP_LAB_H

#include <stdlib.h>
#include <string.h>

#include "core/sweep.h"
#include "cp_perm.h"

#define MSEC 1000000ull
#define SEC 1000000000ull

enum { PENDING_MAX = 1 << 16, DESTS_MAX = 10000, SLOW_MS = 10000 };

/* What the network does. Everything follows from `seed`, so a failure repeats. */
struct world {
	struct cp_shape shape;
	uint32_t attempts, gap, timeout_ms, cap;
	uint64_t seed;
	uint32_t loss_percent; /* of probes or their answers */
	uint32_t dup_percent;
	uint32_t silent_percent; /* of routers */
	uint32_t slow_percent; /* of routers that answer after slow_ns */
	uint64_t slow_ns;
	uint64_t far_ns; /* on top of every round trip */
	uint32_t odd_percent; /* of paths that are longer or shorter on the way back */
	uint32_t dead_percent; /* of destinations: nothing answers from there */
	bool void_everywhere; /* nobody answers at all */
	bool exhaustive; /* how it is swept */
	uint32_t same_distance; /* of all destinations; 0: they differ */
	uint32_t n_shared; /* TTLs whose router all paths share; 0: two */
	uint32_t fan_ttl; /* here stand eight routers, each before destinations of its own; 0: nowhere */
	uint32_t balance_ttl; /* here the paths of a /24 are spread over two routers; 0: nowhere */
	bool mute_branch; /* the second of them never answers */
	uint64_t limited_ttls; /* where routers limit their answers; bit i: TTL i + 1 */
	uint64_t refill_ns; /* they answer once in this time, */
	uint32_t burst; /* after so many at once */
	uint32_t spread_ttl; /* here the packets of a flow are spread ... */
	uint32_t spread_width; /* ... over so many routers, by chance ... */
	bool spread_rotates; /* ... or one after the other */
	uint64_t change_ns; /* so long after the start other routers stand at change_ttl, for good; 0: never */
	uint32_t change_ttl;
	bool find_per_packet; /* how it is swept */
	uint32_t ring_percent; /* of replies that find the ring full, up to ring_pass */
	uint32_t ring_pass;
	uint32_t ring_room; /* replies that find room in each pass in any case */
	uint32_t refused_percent; /* of probes that the host does not transmit, up to refused_pass */
	uint32_t refused_pass;
};

struct sim {
	const struct world *world;
	struct cp_sweep *sweep;
	uint32_t n_paths;
	struct cp_addr dests[DESTS_MAX];
	uint8_t *n_asked; /* [slots] */
	uint32_t *pass; /* [slots] in which it was asked last */
	uint32_t *again_pass; /* [paths] in which a TTL at or beyond the destination was asked again */
	uint64_t *asked_ns; /* [dests] when it was asked last */
	uint64_t slow_from_ns; /* first long wait */
	uint64_t least_gap_ns; /* between probes of a destination since then */
	struct bucket {
		uint64_t tokens_ns, at_ns;
	} buckets[CP_TTL_MAX + 1][16]; /* by TTL and router */
	uint64_t *half_open_ns; /* [paths] until then the server answers no other SYN of the flow */
	uint64_t now_ns;
	uint64_t start_ns;
	uint64_t n_sent;
	uint32_t n_repeats[CP_TTL_MAX + 1]; /* questions to slots that had answered */
	uint64_t n_again; /* ... and their answers */
	uint32_t n_spread;
	uint32_t n_in_ring, ring_pass; /* replies that found room in a pass */
	struct cp_losses losses;
	uint64_t ids_hash; /* of the sequence of ids */
	uint32_t n_pending;
	struct pending {
		uint64_t due_ns;
		struct cp_event event;
	} pending[PENDING_MAX]; /* a heap, the next one first */
};

static inline uint32_t roll(const struct world *world, uint32_t what, uint32_t a, uint32_t b)
{
	uint32_t seed = cp_mix32((uint32_t)world->seed + what * 0x9e3779b9u);

	return cp_mix32(cp_mix32(seed ^ a) + b);
}

static inline bool chance(const struct world *world, uint32_t percent, uint32_t what, uint32_t a, uint32_t b)
{
	return roll(world, what, a, b) % 100 < percent;
}

/* ---- Topology: what would answer at a TTL of a path ---- */

enum { DISTANCE = 1, DEAD, SILENT, SLOW, LOST, TWICE, ODD, BRANCH, SPREAD, RING, REFUSED };

static inline uint32_t distance(const struct world *world, uint32_t path)
{
	uint32_t dest = path / world->shape.n_flows;

	if (world->same_distance)
		return world->same_distance;
	return 3 + roll(world, DISTANCE, dest, 0) % (world->shape.n_ttls - 4) + world->shape.first_ttl - 1;
}

static inline bool dead(const struct world *world, uint32_t path)
{
	return chance(world, world->dead_percent, DEAD, path / world->shape.n_flows, 0);
}

/* Which of the routers that stand at a shared TTL. */
static inline uint32_t branch(const struct world *world, uint32_t path, uint32_t ttl)
{
	if (ttl == world->fan_ttl)
		return path / world->shape.n_flows * 8 / world->shape.n_dests;
	return ttl == world->balance_ttl ? roll(world, BRANCH, path, 0) & 1 : 0;
}

/* Does anybody answer there? Silence never runs as long as the gap. */
static inline bool visible(const struct world *world, uint32_t path, uint32_t ttl)
{
	if (world->void_everywhere)
		return false;
	if (ttl >= distance(world, path))
		return !dead(world, path);
	if (world->mute_branch && ttl == world->balance_ttl && branch(world, path, ttl))
		return false;
	return ttl % world->gap == 0 || !chance(world, world->silent_percent, SILENT, path, ttl);
}

static inline struct cp_addr responder(const struct sim *sim, uint32_t path, uint32_t ttl)
{
	if (ttl >= distance(sim->world, path))
		return sim->dests[path / sim->world->shape.n_flows];
	/* Near hops are shared by all. */
	if (ttl <= (sim->world->n_shared ? sim->world->n_shared : 2))
		return cp_addr_from_v4(0xc6120000u + 16 * ttl + branch(sim->world, path, ttl));
	return cp_addr_from_v4(0xc6120000u + 65536 + path * 64 + ttl);
}

static inline uint64_t rtt_ns(const struct world *world, uint32_t path, uint32_t ttl)
{
	if (ttl < distance(world, path) && chance(world, world->slow_percent, SLOW, path, ttl))
		return world->slow_ns;
	return world->far_ns + (ttl < distance(world, path) ? ttl : distance(world, path)) * 700000ull +
	       path % 7 * 1000;
}

/* What is left of the TTL of the destination's answer: systems start at different values, and routes back differ. */
static inline uint8_t reply_ttl(const struct world *world, uint32_t path)
{
	static const uint8_t starts[] = {64, 128, 255, 200};
	uint32_t back = distance(world, path), odd = roll(world, ODD, path, 1);

	if (odd % 100 < world->odd_percent)
		back = 1 + odd / 100 % (back + 6);
	return (uint8_t)(starts[roll(world, ODD, path, 2) % (world->odd_percent ? 4 : 3)] - (back - 1));
}

static inline bool lost(const struct world *world, uint32_t id)
{
	return chance(world, world->loss_percent, LOST, id, 0);
}

/* Who answers a probe that leaves now. */
static inline struct cp_addr answerer(struct sim *sim, uint32_t id, uint32_t path, uint32_t ttl)
{
	const struct world *world = sim->world;
	struct cp_addr addr = responder(sim, path, ttl);

	if (ttl >= distance(world, path))
		return addr;
	if (ttl == world->spread_ttl)
		addr.b[4] = (uint8_t)((world->spread_rotates ? sim->n_spread++ : roll(world, SPREAD, id, 0)) %
		                      world->spread_width);
	if (world->change_ns && ttl == world->change_ttl && sim->now_ns >= sim->start_ns + world->change_ns)
		addr.b[5] = 1;
	return addr;
}

/* ---- Simulation ---- */

static inline uint32_t pass_of(const struct sim *sim)
{
	uint64_t unused;
	uint32_t pass;

	cp_sweep_progress(sim->sweep, &unused, &unused, &pass);
	return pass;
}

static inline void count_losses(void *ctx, struct cp_losses *ret_losses)
{
	*ret_losses = ((const struct sim *)ctx)->losses;
}

static inline void push(struct sim *sim, uint64_t due_ns, const struct cp_event *event)
{
	uint32_t at = sim->n_pending++;

	assert_true(at < PENDING_MAX);
	for (; at && sim->pending[(at - 1) / 2].due_ns > due_ns; at = (at - 1) / 2)
		sim->pending[at] = sim->pending[(at - 1) / 2];
	sim->pending[at] = (struct pending){due_ns, *event};
}

static inline struct pending pop(struct sim *sim)
{
	struct pending first = sim->pending[0], last = sim->pending[--sim->n_pending];
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < sim->n_pending) {
		if (child + 1 < sim->n_pending && sim->pending[child + 1].due_ns < sim->pending[child].due_ns)
			child++;
		if (sim->pending[child].due_ns >= last.due_ns)
			break;
		sim->pending[at] = sim->pending[child];
		at = child;
	}
	sim->pending[at] = last;
	return first;
}

static inline struct sim *sim_new(const struct world *world)
{
	uint32_t n_slots = cp_shape_slots(&world->shape);
	struct sim *sim = calloc(1, sizeof(*sim));
	struct cp_sweep_config config = {
	        .shape = world->shape,
	        .attempts = world->attempts,
	        .gap = world->gap,
	        .timeout_ms = world->timeout_ms,
	        .slow_ms = SLOW_MS,
	        .exhaustive = world->exhaustive,
	        .seed = world->seed,
	        .find_per_packet = world->find_per_packet,
	        .count_losses = count_losses,
	        .losses_ctx = sim,
	};

	assert_non_null(sim);
	assert_true(world->shape.n_dests <= DESTS_MAX);
	sim->world = world;
	sim->n_paths = world->shape.n_dests * world->shape.n_flows;
	for (uint32_t d = 0; d < world->shape.n_dests; d++)
		sim->dests[d] = cp_addr_from_v4(0xcb007100u + d);
	config.dests = sim->dests;
	sim->n_asked = calloc(n_slots, 1);
	sim->pass = calloc(n_slots, sizeof(*sim->pass));
	sim->again_pass = calloc(n_slots, sizeof(*sim->again_pass));
	sim->half_open_ns = calloc(n_slots, sizeof(*sim->half_open_ns));
	sim->asked_ns = calloc(world->shape.n_dests, sizeof(*sim->asked_ns));
	sim->least_gap_ns = UINT64_MAX;
	assert_true(sim->asked_ns && sim->n_asked && sim->pass && sim->again_pass && sim->half_open_ns);
	sim->now_ns = sim->start_ns = 1000 * SEC;
	assert_int_equal(cp_sweep_new(&config, &sim->sweep), 0);
	return sim;
}

static inline void sim_free(struct sim *sim)
{
	cp_sweep_free(sim->sweep);
	free(sim->n_asked);
	free(sim->pass);
	free(sim->again_pass);
	free(sim->half_open_ns);
	free(sim->asked_ns);
	free(sim);
}

/* Is this a probe that the sweep had reason to send? */
static inline void check_question(struct sim *sim, uint32_t slot, uint32_t attempt)
{
	const struct cp_paths *paths = cp_sweep_paths(sim->sweep);
	const struct world *world = sim->world;
	uint32_t path = cp_shape_path(&world->shape, slot), ttl = cp_shape_ttl(&world->shape, slot), pass;
	uint32_t end = cp_paths_end_ttl(paths, path);
	bool loses = world->loss_percent || world->ring_percent || world->refused_percent;
	bool repeats = world->find_per_packet && !cp_paths_silent(paths, slot);

	pass = pass_of(sim);
	assert_true(slot < cp_shape_slots(&world->shape));
	/* With one attempt, a TTL that may be the destination gets a second. What was lost here is asked again. */
	assert_true(attempt < world->attempts || (attempt == 1 && world->attempts == 1 && ttl < end) || repeats ||
	            (attempt < world->attempts + 4 && (world->ring_percent || world->refused_percent)));
	assert_true(attempt < CP_ATTEMPTS_MAX);
	if (attempt != sim->n_asked[slot])
		fail_msg("slot %u: attempt %u after %u", slot, attempt, sim->n_asked[slot]);
	if (attempt && sim->pass[slot] == pass)
		fail_msg("slot %u: asked twice in pass %u", slot, pass);
	if (!cp_paths_silent(paths, slot) && !repeats)
		fail_msg("slot %u: asked though it has answered", slot);
	if (end && ttl >= end && !world->exhaustive)
		fail_msg("path %u: TTL %u asked, though it ends at %u", path, ttl, end);
	/*
	 * Two SYNs of a flow at one server, and only one is answered: once the end is in sight, never again together.
	 * A lost answer can make the destination look like a silent router, which may fly with others.
	 */
	if (!loses && !world->exhaustive && end && attempt && ttl >= distance(world, path)) {
		if (sim->again_pass[path] == pass)
			fail_msg("path %u: two TTLs beyond the destination asked again in pass %u", path, pass);
		sim->again_pass[path] = pass;
	}
	sim->n_repeats[ttl] += repeats;
	sim->n_asked[slot]++;
	sim->pass[slot] = pass;
}

/* As Linux does it (inet_peer_xrlim_allow): time is saved up, and an answer costs the refill time. */
static inline bool within_limit(struct sim *sim, uint32_t path, uint32_t ttl, uint64_t now_ns)
{
	const struct world *world = sim->world;
	struct bucket *bucket = &sim->buckets[ttl][branch(world, path, ttl)];

	if (!(world->limited_ttls >> (ttl - 1) & 1))
		return true;
	bucket->tokens_ns += now_ns - bucket->at_ns;
	if (bucket->tokens_ns > world->burst * world->refill_ns)
		bucket->tokens_ns = world->burst * world->refill_ns;
	bucket->at_ns = now_ns;
	if (bucket->tokens_ns < world->refill_ns)
		return false;
	bucket->tokens_ns -= world->refill_ns;
	return true;
}

/* Does the network answer a probe that leaves now? */
static inline bool answers(struct sim *sim, uint32_t id, uint32_t path, uint32_t ttl)
{
	const struct world *world = sim->world;
	uint64_t rtt = rtt_ns(world, path, ttl), arrival_ns = sim->now_ns + rtt / 2;

	if (!visible(world, path, ttl) || lost(world, id))
		return false;
	if (ttl < distance(world, path))
		return within_limit(sim, path, ttl, arrival_ns);
	if (arrival_ns < sim->half_open_ns[path])
		return false;
	sim->half_open_ns[path] = arrival_ns + rtt; /* our RST arrives */
	return true;
}

static inline void note_gap(struct sim *sim, uint32_t dest)
{
	uint64_t gap_ns = sim->now_ns - sim->asked_ns[dest];

	if (sim->slow_from_ns && sim->asked_ns[dest] >= sim->slow_from_ns && gap_ns < sim->least_gap_ns)
		sim->least_gap_ns = gap_ns;
	sim->asked_ns[dest] = sim->now_ns;
}

static inline void transmit(struct sim *sim, uint32_t id)
{
	const struct world *world = sim->world;
	uint32_t slot = cp_id_slot(id), attempt = cp_id_attempt(id);
	uint32_t path = cp_shape_path(&world->shape, slot), ttl = cp_shape_ttl(&world->shape, slot);
	struct cp_event event = {.tx_ns = sim->now_ns, .slot = slot, .attempt = (uint8_t)attempt, .reply_ttl = 250};

	check_question(sim, slot, attempt);
	note_gap(sim, path / world->shape.n_flows);
	sim->n_sent++;
	sim->ids_hash = (sim->ids_hash ^ id) * 0x9e3779b97f4a7c15ull;
	if (pass_of(sim) <= world->refused_pass && chance(world, world->refused_percent, REFUSED, id, 0)) {
		sim->losses.n_probes++;
		return;
	}
	if (!answers(sim, id, path, ttl))
		return;
	event.from = answerer(sim, id, path, ttl);
	event.kind = CP_REPLY_TIME_EXCEEDED;
	if (ttl >= distance(world, path)) {
		event.kind = CP_REPLY_SYN_ACK;
		event.reply_ttl = reply_ttl(world, path);
	}
	event.rx_ns = sim->now_ns + rtt_ns(world, path, ttl);
	push(sim, event.rx_ns, &event);
	if (chance(world, world->dup_percent, TWICE, id, 0))
		push(sim, event.rx_ns + MSEC, &event);
}

/* Does a reply find the ring full? Answers come first and then hardly any, as a reader that stands still makes it. */
static inline bool ring_is_full(struct sim *sim, const struct cp_event *event)
{
	const struct world *world = sim->world;

	if (sim->ring_pass != pass_of(sim)) {
		sim->ring_pass = pass_of(sim);
		sim->n_in_ring = 0;
	}
	if (sim->ring_pass > world->ring_pass || sim->n_in_ring++ < world->ring_room)
		return false;
	return chance(world, world->ring_percent, RING, cp_id_make(event->slot, event->attempt), sim->ring_pass);
}

/* As the datapath does it: an answer to an older attempt has no time of emission. */
static inline void deliver_one(struct sim *sim)
{
	struct pending pending = pop(sim);

	if (pending.event.attempt + 1 != sim->n_asked[pending.event.slot]) {
		pending.event.tx_ns = 0;
		pending.event.flags = CP_EV_LATE;
	}
	if (ring_is_full(sim, &pending.event))
		sim->losses.n_replies++;
	else
		sim->n_again += cp_sweep_reply(sim->sweep, &pending.event) == CP_REPLY_AGAIN;
}

/* One turn of the audit's loop. False: the run is over. */
static inline bool step(struct sim *sim)
{
	uint32_t ids[64], n = cp_sweep_next(sim->sweep, sim->now_ns, ids, sim->world->cap);
	uint64_t wait_ns;
	bool done;

	assert_true(n <= sim->world->cap);
	for (uint32_t i = 0; i < n; i++) {
		sim->now_ns += 10000;
		transmit(sim, ids[i]);
	}
	if (n == 0)
		cp_sweep_flushed(sim->sweep, sim->now_ns);
	while (sim->n_pending && sim->pending[0].due_ns <= sim->now_ns)
		deliver_one(sim);
	done = cp_sweep_done(sim->sweep, sim->now_ns);
	wait_ns = cp_sweep_wait_ns(sim->sweep, sim->now_ns);
	if (done) {
		assert_true(wait_ns == 0);
		return false;
	}
	if (n == 0 && wait_ns == UINT64_MAX)
		fail_msg("all is flushed, and it waits for a flush");
	if (n == 0) {
		if (sim->n_pending && sim->pending[0].due_ns - sim->now_ns < wait_ns)
			wait_ns = sim->pending[0].due_ns - sim->now_ns;
		if (wait_ns > 500 * MSEC && !sim->slow_from_ns)
			sim->slow_from_ns = sim->now_ns;
		sim->now_ns += wait_ns;
	}
	return true;
}

static inline void run(struct sim *sim)
{
	const struct world *world = sim->world;
	uint64_t start_ns = sim->now_ns, n_slots = cp_shape_slots(&world->shape), n_steps = 0;
	/* The worst: every TTL of a path but the last is a suspect, asked alone. */
	uint64_t limit_ns = (2 + world->attempts * world->shape.n_ttls) * (world->timeout_ms * MSEC + n_slots * 10000);
	uint32_t id;

	while (step(sim)) {
		if (sim->now_ns - start_ns > limit_ns)
			fail_msg("not over after %llu ms", (unsigned long long)(limit_ns / MSEC));
		/* Each turn hands something out, takes a reply, or comes after a wait. */
		if (++n_steps > 4 * n_slots * world->attempts + 100)
			fail_msg("it turns in circles");
	}
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns, &id, 1), 0);
	assert_true(cp_sweep_done(sim->sweep, sim->now_ns));
}

#endif
