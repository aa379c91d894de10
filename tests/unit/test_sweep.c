// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_sweep.c: sweeps over a simulated Internet with a simulated clock:
 * every hop that answers is found, nothing is asked twice or in vain, and it
 * ends in bounded time whatever the network does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sweep_lab.h"

/* Would slot have been answered in any of its attempts? */
static bool within_reach(const struct world *world, uint32_t slot)
{
	for (uint32_t attempt = 0; attempt < world->attempts; attempt++) {
		if (!lost(world, cp_id_make(slot, attempt)))
			return true;
	}
	return false;
}

/* Returns 1 when the hop is there. */
static uint32_t check_hop(const struct sim *sim, uint32_t path, const struct cp_hop *hop)
{
	const struct world *world = sim->world;
	uint32_t slot = path * world->shape.n_ttls + hop->ttl - world->shape.first_ttl;
	struct cp_addr want = responder(sim, path, hop->ttl);

	if ((hop->kind != CP_REPLY_NONE) != (visible(world, path, hop->ttl) && within_reach(world, slot)))
		fail_msg("path %u, TTL %u: %s", path, hop->ttl, hop->kind ? "invented" : "not found");
	if (hop->kind == CP_REPLY_NONE) {
		/* Silence is a finding only when it was asked for often enough. */
		if (hop->attempts != world->attempts)
			fail_msg("path %u, TTL %u: silent after %u attempts", path, hop->ttl, hop->attempts);
		return 0;
	}
	assert_memory_equal(&hop->addr, &want, sizeof(want));
	if (!(hop->flags & CP_HOP_LATE))
		assert_int_equal(hop->rtt_us, rtt_ns(world, path, hop->ttl) / 1000);
	assert_int_equal(hop->flags & CP_HOP_OTHER_ADDR, 0);
	return 1;
}

/* The paths hold what the network shows: all of it, nothing else. Returns the number of hops found. */
static uint32_t check_paths(const struct sim *sim)
{
	const struct world *world = sim->world;
	uint32_t n_found = 0;

	for (uint32_t n = 0; n < world->shape.n_dests * world->shape.n_flows; n++) {
		struct cp_path path;

		cp_paths_get(cp_sweep_paths(sim->sweep), n, world->gap, &path);
		assert_int_equal(path.reached, !dead(world, n) && !world->void_everywhere);
		if (path.reached && path.n_hops != distance(world, n) - world->shape.first_ttl + 1)
			fail_msg("path %u: reached after %u hops, but it is %u away", n, path.n_hops,
			        distance(world, n));
		for (uint32_t i = 0; i < path.n_hops; i++)
			n_found += check_hop(sim, n, &path.hops[i]);
		if (!cp_sweep_path_complete(sim->sweep, n))
			fail_msg("path %u: not complete, though the run is over", n);
	}
	return n_found;
}

static struct world world_of(uint64_t seed)
{
	return (struct world){
	        .shape = {.n_dests = 60, .n_flows = 2, .n_ttls = 24, .first_ttl = 1},
	        .attempts = 3,
	        .gap = 5,
	        .timeout_ms = 2000,
	        .cap = 64,
	        .seed = seed,
	};
}

/* Returns the probes that were needed. */
static uint64_t simulate(const struct world *world)
{
	struct sim *sim = sim_new(world);
	uint64_t n_sent;

	run(sim);
	check_paths(sim);
	/* What comes after the end changes nothing and breaks nothing. */
	while (sim->n_pending)
		deliver_one(sim);
	assert_true(cp_sweep_done(sim->sweep, sim->now_ns));
	check_paths(sim);
	n_sent = sim->n_sent;
	sim_free(sim);
	return n_sent;
}

/* ---- Tests ---- */

static void everything_answers(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = world_of(seed);
		uint64_t n_sent = simulate(&world);

		/* Once is enough. */
		assert_true(n_sent <= cp_shape_slots(&world.shape));
	}
}

/* The answer's TTL is a hint, not a promise. */
static void misleading_distances(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world world = world_of(seed);

		world.odd_percent = 100;
		simulate(&world);
		world.silent_percent = 50;
		simulate(&world);
	}
}

static void silent_hops_are_asked_again(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = world_of(seed);

		world.silent_percent = 60;
		simulate(&world);
		world.shape.first_ttl = 4;
		world.cap = 1;
		simulate(&world);
	}
}

static void losses_are_made_up_for(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world world = world_of(seed);

		world.attempts = 8;
		world.loss_percent = 20;
		world.silent_percent = 30;
		simulate(&world);
	}
}

static void duplicates_change_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = world_of(seed);

		world.attempts = 8;
		world.loss_percent = 10;
		world.dup_percent = 50;
		simulate(&world);
	}
}

/*
 * Slower than the pauses between passes, which follow the round trips of the others, but not slower than all passes:
 * found, though asked again meanwhile.
 */
static void slow_routers_are_found(void **state)
{
	static const uint64_t slow_ns[] = {110 * MSEC, 180 * MSEC, 230 * MSEC};

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct world world = world_of(seed);

		world.slow_percent = 20;
		world.slow_ns = slow_ns[seed % 3];
		simulate(&world);
	}
}

static void a_far_network(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = world_of(seed);

		world.far_ns = seed * 190 * MSEC;
		world.attempts = 8;
		world.loss_percent = 20;
		world.silent_percent = 20;
		simulate(&world);
	}
}

/* Answers that come after everything is over. */
static void answers_after_the_end(void **state)
{
	struct world world = world_of(3);
	struct sim *sim;
	uint32_t n_left;

	(void)state;
	world.slow_percent = 30;
	world.slow_ns = 60 * SEC;
	sim = sim_new(&world);
	run(sim);
	n_left = sim->n_pending;
	assert_true(n_left > 100);
	while (sim->n_pending)
		deliver_one(sim);
	assert_true(cp_sweep_done(sim->sweep, sim->now_ns));
	assert_true(check_paths(sim) > 100);
	sim_free(sim);
}

static void nobody_answers(void **state)
{
	(void)state;
	for (uint32_t attempts = 1; attempts <= CP_ATTEMPTS_MAX; attempts++) {
		struct world world = world_of(attempts);
		struct sim *sim;
		uint64_t start_ns, least_ns;

		world.void_everywhere = true;
		world.attempts = attempts;
		sim = sim_new(&world);
		start_ns = sim->now_ns;
		run(sim);
		/* Each is asked once; behind the first gap nothing is worth a second question. */
		assert_int_equal(
		        sim->n_sent, cp_shape_slots(&world.shape) + (uint64_t)120 * world.gap * (attempts - 1));
		/* All the time there is for the scouts and for the last; in between nothing says that it is worth it.
		 */
		least_ns = (2 * world.timeout_ms + (attempts - 1) * 300) * MSEC;
		assert_true(sim->now_ns - start_ns >= least_ns);
		assert_true(sim->now_ns - start_ns <= least_ns + sim->n_sent * 10000 + MSEC);
		check_paths(sim);
		sim_free(sim);
	}
}

static void dead_destinations(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = world_of(seed);
		struct sim *sim;

		world.dead_percent = 30;
		world.silent_percent = 20;
		sim = sim_new(&world);
		run(sim);
		for (uint32_t slot = 0; slot < cp_shape_slots(&world.shape); slot++) {
			uint32_t path = cp_shape_path(&world.shape, slot), ttl = cp_shape_ttl(&world.shape, slot);

			/* Far behind the last hop that answered, one question is all. */
			if (dead(&world, path) && ttl >= distance(&world, path) + world.gap)
				assert_int_equal(sim->n_asked[slot], 1);
		}
		sim_free(sim);
	}
}

static void ends_at_once_when_all_is_known(void **state)
{
	struct world world = world_of(5);
	struct sim *sim = sim_new(&world);
	uint64_t start_ns = sim->now_ns;

	(void)state;
	run(sim);
	/* Sending, a round trip for the scouts and one for the rest: no grace time on top. */
	assert_true(sim->now_ns - start_ns < sim->n_sent * 10000 + 2 * 17 * MSEC);
	sim_free(sim);
}

static void same_seed_same_sequence(void **state)
{
	uint64_t hash[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct world world = world_of(i < 2 ? 42 : 43);
		struct sim *sim = sim_new(&world);

		world.loss_percent = 10;
		run(sim);
		hash[i] = sim->ids_hash;
		sim_free(sim);
	}
	assert_true(hash[0] == hash[1]);
	assert_true(hash[0] != hash[2]);
}

static void both_halves_of_the_seed_count(void **state)
{
	static const uint64_t seeds[] = {0, 1, 1ull << 32, 1ull << 63, 0xffffffff};
	uint32_t ids[5][64];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct world world = world_of(seeds[i]);
		struct sim *sim = sim_new(&world);

		assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns, ids[i], 64), 64);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(ids[i], ids[j], sizeof(ids[i]));
		sim_free(sim);
	}
}

static void waits_for_the_flush(void **state)
{
	struct world world = world_of(1);
	struct sim *sim;
	uint32_t ids[64];
	uint64_t n = 0;

	(void)state;
	world.void_everywhere = true;
	sim = sim_new(&world);
	/* One scout a path, at the highest TTL. */
	for (uint32_t got = 1; got; n += got) {
		got = cp_sweep_next(sim->sweep, sim->now_ns, ids, 64);
		for (uint32_t i = 0; i < got; i++)
			assert_int_equal(cp_shape_ttl(&world.shape, cp_id_slot(ids[i])), world.shape.n_ttls);
		assert_false(cp_sweep_done(sim->sweep, sim->now_ns));
	}
	assert_int_equal(n, 120);
	sim->now_ns += 3600 * SEC;
	assert_true(cp_sweep_wait_ns(sim->sweep, sim->now_ns) == UINT64_MAX);
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns, ids, 64), 0);
	assert_false(cp_sweep_done(sim->sweep, sim->now_ns));

	cp_sweep_flushed(sim->sweep, sim->now_ns);
	assert_true(cp_sweep_wait_ns(sim->sweep, sim->now_ns) == world.timeout_ms * MSEC);
	/* Said twice, the first counts. */
	cp_sweep_flushed(sim->sweep, sim->now_ns + SEC);
	assert_true(cp_sweep_wait_ns(sim->sweep, sim->now_ns) == world.timeout_ms * MSEC);
	/* A clock that was read a little earlier is no reason to hurry. */
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns - 1, ids, 64), 0);
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns + world.timeout_ms * MSEC - 1, ids, 64), 0);
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns + world.timeout_ms * MSEC, ids, 64), 64);
	sim_free(sim);
}

static void progress(void **state)
{
	struct world world = world_of(2);
	struct sim *sim = sim_new(&world);
	uint64_t sent, total;
	uint32_t pass, ids[64];

	(void)state;
	cp_sweep_progress(sim->sweep, &sent, &total, &pass);
	assert_int_equal(sent, 0);
	assert_int_equal(total, 120);
	assert_int_equal(pass, 0);
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns, ids, 64), 64);
	cp_sweep_progress(sim->sweep, &sent, &total, &pass);
	assert_int_equal(sent, 64);
	assert_int_equal(total, 120);
	sim_free(sim);
}

/* ---- When a path is complete ---- */

static void answer(struct cp_sweep *sweep, uint32_t slot, const struct cp_addr *from, enum cp_reply_kind kind)
{
	struct cp_event event = {.rx_ns = 2000, .tx_ns = 1000, .from = *from, .slot = slot, .kind = (uint8_t)kind};

	assert_int_equal(cp_sweep_reply(sweep, &event), CP_REPLY_NEW);
}

/* Hands out a whole pass and waits it out. Returns the number of probes. */
static uint32_t one_pass(struct cp_sweep *sweep, uint64_t *now_ns)
{
	uint32_t ids[64], n = cp_sweep_next(sweep, *now_ns, ids, 64);

	assert_int_equal(cp_sweep_next(sweep, *now_ns, ids, 64), 0);
	cp_sweep_flushed(sweep, *now_ns);
	*now_ns += 10 * SEC;
	return n;
}

static struct cp_sweep *one_path(uint32_t first_ttl, const struct cp_addr *dest)
{
	struct cp_sweep_config config = {
	        .shape = {.n_dests = 1, .n_flows = 1, .n_ttls = 12, .first_ttl = first_ttl},
	        .attempts = 3,
	        .gap = 2,
	        .timeout_ms = 1000,
	        .dests = dest,
	};
	struct cp_sweep *sweep;

	assert_int_equal(cp_sweep_new(&config, &sweep), 0);
	return sweep;
}

/* A path without an end is complete when the gap behind its last hop has been asked as often as allowed. */
static void complete_without_an_end(void **state)
{
	struct cp_addr dest = cp_addr_from_v4(0xcb007101u), router = cp_addr_from_v4(0xc6120001u);

	(void)state;
	for (uint32_t first_ttl = 1; first_ttl <= 9; first_ttl += 4) {
		struct cp_sweep *sweep = one_path(first_ttl, &dest);
		uint64_t now_ns = SEC;

		assert_false(cp_sweep_path_complete(sweep, 0));
		assert_int_equal(one_pass(sweep, &now_ns), 1);
		assert_false(cp_sweep_path_complete(sweep, 0));
		assert_int_equal(one_pass(sweep, &now_ns), 11);
		assert_false(cp_sweep_path_complete(sweep, 0));
		assert_int_equal(one_pass(sweep, &now_ns), 2);
		/* A late answer moves the horizon: what was left out of the last pass is asked again. */
		answer(sweep, 3, &router, CP_REPLY_TIME_EXCEEDED);
		assert_false(cp_sweep_path_complete(sweep, 0));
		assert_int_equal(one_pass(sweep, &now_ns), 5);
		assert_false(cp_sweep_path_complete(sweep, 0));
		assert_int_equal(one_pass(sweep, &now_ns), 3);
		assert_true(cp_sweep_path_complete(sweep, 0));
		assert_int_equal(one_pass(sweep, &now_ns), 0);
		assert_true(cp_sweep_done(sweep, now_ns));
		cp_sweep_free(sweep);
	}
}

/* What an earlier pass left unanswered is no reason to wait for the next one, which was answered in full. */
static void a_pass_ends_with_its_last_answer(void **state)
{
	struct cp_addr dest = cp_addr_from_v4(0xcb007101u), router = cp_addr_from_v4(0xc6120001u);
	struct cp_sweep *sweep = one_path(1, &dest);
	uint64_t now_ns = SEC;
	uint32_t ids[12];

	(void)state;
	assert_int_equal(one_pass(sweep, &now_ns), 1);
	assert_int_equal(one_pass(sweep, &now_ns), 11);
	assert_int_equal(cp_sweep_next(sweep, now_ns, ids, 12), 2);
	cp_sweep_flushed(sweep, now_ns);
	answer(sweep, 0, &router, CP_REPLY_TIME_EXCEEDED);
	assert_true(cp_sweep_wait_ns(sweep, now_ns) > 0);
	answer(sweep, 1, &router, CP_REPLY_TIME_EXCEEDED);
	assert_true(cp_sweep_wait_ns(sweep, now_ns) == 0);
	assert_int_equal(cp_sweep_next(sweep, now_ns, ids, 12), 2);
	cp_sweep_free(sweep);
}

/* Replies taken together are the same as one by one, whatever their number; the same slot twice among them too. */
static void replies_together(void **state)
{
	struct world world = world_of(7);

	(void)state;
	for (uint32_t n = 0; n <= 64; n++) {
		struct sim *one = sim_new(&world), *all = sim_new(&world);
		enum cp_reply_result results[64];
		struct cp_event events[64];
		struct cp_path a, b;
		uint32_t ids[120];

		assert_int_equal(cp_sweep_next(one->sweep, one->now_ns, ids, 120), 120);
		assert_int_equal(cp_sweep_next(all->sweep, all->now_ns, ids, 120), 120);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t slot = cp_id_slot(ids[i % 50]);

			events[i] = (struct cp_event){.rx_ns = SEC + 5 * MSEC + i * 1000, .tx_ns = SEC, .slot = slot};
			events[i].from = one->dests[cp_shape_path(&world.shape, slot) / 2];
			events[i].kind = CP_REPLY_SYN_ACK;
		}
		cp_sweep_replies(all->sweep, events, n, results);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(results[i], i < 50 ? CP_REPLY_NEW : CP_REPLY_DUP);
			assert_int_equal(cp_sweep_reply(one->sweep, &events[i]), results[i]);
		}
		for (uint32_t path = 0; path < 120; path++) {
			memset(&a, 0, sizeof(a));
			memset(&b, 0, sizeof(b));
			cp_paths_get(cp_sweep_paths(one->sweep), path, world.gap, &a);
			cp_paths_get(cp_sweep_paths(all->sweep), path, world.gap, &b);
			assert_memory_equal(&a, &b, sizeof(a));
		}
		sim_free(one);
		sim_free(all);
	}
}

/* The probes of a pass are spread: over destinations, evenly, and over TTLs. */
static void no_bursts(void **state)
{
	struct world world = world_of(11);
	struct sim *sim;
	uint32_t ids[120 * 24], last_at[120] = {0}, n_near = 0, n = 0, got;

	(void)state;
	world.void_everywhere = true;
	sim = sim_new(&world);
	while (cp_sweep_next(sim->sweep, sim->now_ns, ids, 64))
		continue;
	cp_sweep_flushed(sim->sweep, sim->now_ns);
	sim->now_ns += 10 * SEC;
	while ((got = cp_sweep_next(sim->sweep, sim->now_ns, ids + n, 64)))
		n += got;
	assert_int_equal(n, 120 * 23);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t path = cp_shape_path(&world.shape, cp_id_slot(ids[i]));

		if (i >= 120)
			assert_int_equal(i - last_at[path], 120);
		last_at[path] = i;
		n_near += i < n / 2 && cp_shape_ttl(&world.shape, cp_id_slot(ids[i])) == 1;
	}
	/* One TTL's probes are not all at one end: 120 of them, each in either half. */
	assert_in_range(n_near, 30, 90);
	sim_free(sim);
}

/* ... and complete at once when all below the end has answered. */
static void complete_below_the_end(void **state)
{
	struct cp_addr dest = cp_addr_from_v4(0xcb007101u), router = cp_addr_from_v4(0xc6120001u);
	struct cp_sweep *sweep = one_path(1, &dest);
	uint64_t now_ns = SEC;

	(void)state;
	assert_int_equal(one_pass(sweep, &now_ns), 1);
	answer(sweep, 11, &dest, CP_REPLY_SYN_ACK);
	assert_false(cp_sweep_path_complete(sweep, 0));
	one_pass(sweep, &now_ns);
	answer(sweep, 1, &dest, CP_REPLY_SYN_ACK);
	assert_false(cp_sweep_path_complete(sweep, 0));
	answer(sweep, 0, &router, CP_REPLY_TIME_EXCEEDED);
	assert_true(cp_sweep_path_complete(sweep, 0));
	assert_int_equal(one_pass(sweep, &now_ns), 0);
	assert_true(cp_sweep_done(sweep, now_ns));
	cp_sweep_free(sweep);
	cp_sweep_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(everything_answers),
	        cmocka_unit_test(misleading_distances),
	        cmocka_unit_test(silent_hops_are_asked_again),
	        cmocka_unit_test(losses_are_made_up_for),
	        cmocka_unit_test(duplicates_change_nothing),
	        cmocka_unit_test(slow_routers_are_found),
	        cmocka_unit_test(a_far_network),
	        cmocka_unit_test(answers_after_the_end),
	        cmocka_unit_test(nobody_answers),
	        cmocka_unit_test(dead_destinations),
	        cmocka_unit_test(ends_at_once_when_all_is_known),
	        cmocka_unit_test(same_seed_same_sequence),
	        cmocka_unit_test(both_halves_of_the_seed_count),
	        cmocka_unit_test(waits_for_the_flush),
	        cmocka_unit_test(progress),
	        cmocka_unit_test(replies_together),
	        cmocka_unit_test(no_bursts),
	        cmocka_unit_test(complete_without_an_end),
	        cmocka_unit_test(complete_below_the_end),
	        cmocka_unit_test(a_pass_ends_with_its_last_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
