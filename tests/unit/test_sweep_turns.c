// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_sweep_turns.c: sweeps past routers that spread the packets of one flow,
 * past some that spread flows, and while a route changes: only the first are
 * found, for few questions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sweep_lab.h"

enum { SPREAD_TTL = 6, N_SHARED = 8 };

static struct world world_of(uint64_t seed)
{
	return (struct world){
	        .shape = {.n_dests = 60, .n_flows = 2, .n_ttls = 24, .first_ttl = 1},
	        .attempts = 3,
	        .gap = 5,
	        .timeout_ms = 2000,
	        .cap = 64,
	        .seed = seed,
	        .n_shared = N_SHARED,
	        .find_per_packet = true,
	};
}

struct found {
	uint32_t n_right, n_missed, n_wrong; /* marks of hops */
	uint32_t n_paths;
};

/* Compares the marks with where the packets of a flow are spread. */
static struct found found_by(const struct sim *sim)
{
	struct found found = {0};

	for (uint32_t number = 0; number < sim->n_paths; number++) {
		struct cp_path path;
		bool any = false;

		cp_sweep_path(sim->sweep, number, &path);
		for (uint32_t i = 0; i < path.n_hops; i++) {
			const struct cp_hop *hop = &path.hops[i];
			bool want = hop->ttl == sim->world->spread_ttl && hop->kind == CP_REPLY_TIME_EXCEEDED;
			bool is = hop->flags & CP_HOP_PER_PACKET;

			found.n_right += is && want;
			found.n_missed += !is && want;
			found.n_wrong += is && !want;
			any |= is;
		}
		assert_int_equal(path.per_packet, any);
		found.n_paths += any;
	}
	return found;
}

static struct found simulate(const struct world *world)
{
	struct sim *sim = sim_new(world);
	struct found found;

	run(sim);
	found = found_by(sim);
	sim_free(sim);
	return found;
}

static void spread_packets_are_found(void **state)
{
	uint32_t n_found = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct world world = world_of(seed);
		struct found found;

		world.spread_ttl = SPREAD_TTL;
		world.spread_width = 2 + (uint32_t)seed % 3;
		world.spread_rotates = seed & 1;
		found = simulate(&world);
		assert_int_equal(found.n_wrong, 0);
		/* Whoever stands before them is the same for all paths: it is found for all, or not. */
		assert_true(found.n_right == 0 || found.n_missed == 0);
		assert_int_equal(found.n_right, found.n_paths);
		n_found += found.n_right > 0;
	}
	/* Of two by chance one is missed in 64 times, and taken for a change in 64. */
	assert_true(n_found >= 56);
}

static void one_path(void **state)
{
	uint32_t n_found = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct world world = world_of(seed);
		struct found found;

		world.shape.n_dests = world.shape.n_flows = 1;
		world.same_distance = 14;
		world.spread_ttl = SPREAD_TTL;
		world.spread_width = 3;
		found = simulate(&world);
		assert_int_equal(found.n_wrong, 0);
		n_found += found.n_right;
	}
	/* Two questions: of three by chance, both meet the first again once in 9 times. */
	assert_in_range(n_found, 40, 60);
}

static void spread_flows_are_not(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct world world = world_of(seed);
		struct found found;

		world.balance_ttl = 5;
		world.fan_ttl = 3;
		world.silent_percent = seed % 2 ? 20 : 0;
		world.loss_percent = seed % 3 ? 0 : 10;
		world.dup_percent = 30;
		found = simulate(&world);
		assert_int_equal(found.n_paths, 0);
	}
}

/* Whenever it comes, in the middle of the questions too. */
static void a_change_for_good_is_not(void **state)
{
	uint32_t n_changed = 0;

	(void)state;
	for (uint64_t change_ns = MSEC / 2; change_ns < 400 * MSEC; change_ns += MSEC / 2) {
		struct world world = world_of(change_ns);
		struct sim *sim;

		world.shape.n_dests = 20;
		world.change_ns = change_ns;
		world.change_ttl = SPREAD_TTL;
		sim = sim_new(&world);
		run(sim);
		assert_int_equal(found_by(sim).n_paths, 0);
		n_changed += sim->now_ns > sim->start_ns + change_ns;
		sim_free(sim);
	}
	assert_true(n_changed > 50);
}

static uint64_t n_sent(const struct world *world, uint64_t *ret_n_again)
{
	struct sim *sim = sim_new(world);
	uint64_t n;

	run(sim);
	n = sim->n_sent;
	*ret_n_again = sim->n_again;
	sim_free(sim);
	return n;
}

/* A small share of the probes; each answered one is told from a duplicate. */
static void few_questions(void **state)
{
	uint64_t n_again, n_plain, n_more;

	(void)state;
	for (uint32_t n_dests = 1; n_dests <= 10000; n_dests *= 10) {
		struct world world = world_of(n_dests);

		world.shape = (struct cp_shape){.n_dests = n_dests, .n_flows = 1, .n_ttls = 24, .first_ttl = 1};
		world.dup_percent = n_dests == 100 ? 100 : 0;
		world.find_per_packet = false;
		n_plain = n_sent(&world, &n_again);
		assert_int_equal(n_again, 0);
		world.find_per_packet = true;
		n_more = n_sent(&world, &n_again) - n_plain;
		assert_int_equal(n_again, n_more);
		assert_true(n_more > 0 && n_more <= (n_plain / 125 < 64 ? 64 : n_plain / 125));
		world.spread_ttl = 2;
		world.spread_width = 8;
		n_more = n_sent(&world, &n_again) - n_plain;
		assert_true(n_more <= (n_plain / 125 < 64 ? 160 : n_plain / 50));
	}
}

/* While nothing is odd about it, a slot is not asked more often than a silent one. */
static void no_slot_is_bothered(void **state)
{
	(void)state;
	for (uint32_t attempts = 1; attempts <= CP_ATTEMPTS_MAX; attempts++) {
		struct world world = world_of(attempts);
		struct sim *sim;

		world.shape.n_dests = world.shape.n_flows = 1;
		world.attempts = attempts;
		sim = sim_new(&world);
		run(sim);
		for (uint32_t slot = 0; slot < cp_shape_slots(&world.shape); slot++)
			assert_true(sim->n_asked[slot] <= (attempts < 2 ? 2 : attempts));
		sim_free(sim);
	}
}

/* Routers that limit their answers have none to spare. */
static void not_where_answers_are_limited(void **state)
{
	struct world world = world_of(8);
	struct cp_addr router;
	struct sim *sim;

	(void)state;
	world.shape.n_dests = 400;
	world.shape.n_flows = 1;
	world.limited_ttls = 1;
	world.refill_ns = SEC;
	world.burst = 6;
	sim = sim_new(&world);
	run(sim);
	assert_true(cp_sweep_limited(sim->sweep, 1, &router));
	assert_int_equal(sim->n_repeats[1], 0);
	assert_true(sim->n_repeats[2] > 0);
	assert_int_equal(found_by(sim).n_paths, 0);
	sim_free(sim);
}

static void same_seed_same_questions(void **state)
{
	uint64_t hash[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world world = world_of(9);
		struct sim *sim;

		world.spread_ttl = SPREAD_TTL;
		world.spread_width = 2;
		sim = sim_new(&world);
		run(sim);
		hash[i] = sim->ids_hash;
		sim_free(sim);
	}
	assert_true(hash[0] == hash[1]);
}

/* What waits for its turn is worth it still, though its slot has answered. */
static void questions_are_wanted(void **state)
{
	struct world world = world_of(10);
	struct sim *sim = sim_new(&world);
	const struct cp_paths *paths = cp_sweep_paths(sim->sweep);
	uint32_t n_repeats = 0, ids[64];

	(void)state;
	do {
		uint32_t n = cp_sweep_next(sim->sweep, sim->now_ns, ids, 64);

		for (uint32_t i = 0; i < n; i++) {
			assert_true(cp_sweep_wants(sim->sweep, ids[i]));
			n_repeats += !cp_paths_silent(paths, cp_id_slot(ids[i]));
			transmit(sim, ids[i]);
		}
		if (n == 0)
			cp_sweep_flushed(sim->sweep, sim->now_ns);
		sim->now_ns += MSEC;
		while (sim->n_pending && sim->pending[0].due_ns <= sim->now_ns)
			deliver_one(sim);
	} while (!cp_sweep_done(sim->sweep, sim->now_ns));
	assert_int_equal(n_repeats, 64);
	/* Others are not, once they have answered. */
	for (uint32_t slot = 0; slot < 24; slot++)
		assert_int_equal(cp_sweep_wants(sim->sweep, slot), cp_paths_silent(paths, slot));
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(spread_packets_are_found),
	        cmocka_unit_test(one_path),
	        cmocka_unit_test(spread_flows_are_not),
	        cmocka_unit_test(a_change_for_good_is_not),
	        cmocka_unit_test(few_questions),
	        cmocka_unit_test(no_slot_is_bothered),
	        cmocka_unit_test(not_where_answers_are_limited),
	        cmocka_unit_test(same_seed_same_questions),
	        cmocka_unit_test(questions_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
