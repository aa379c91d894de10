// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_sweep_lost.c: sweeps on a host that loses answers in a full ring, or
 * does not get its probes out: what the network shows is found all the same
 * once that is over, and silence is doubtful as long as it is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sweep_lab.h"

static struct world world_of(uint64_t seed)
{
	return (struct world){
	        .shape = {.n_dests = 100, .n_flows = 1, .n_ttls = 24, .first_ttl = 1},
	        .attempts = 1 + (uint32_t)seed % 3,
	        .gap = 5,
	        .timeout_ms = 2000,
	        .cap = 64,
	        .seed = seed,
	        .silent_percent = 10,
	};
}

/* How many hops the network shows were not found; none was invented. */
static uint32_t n_missing(const struct sim *sim)
{
	const struct world *world = sim->world;
	uint32_t n = 0;

	for (uint32_t number = 0; number < sim->n_paths; number++) {
		struct cp_path path;

		cp_sweep_path(sim->sweep, number, &path);
		for (uint32_t ttl = 1; ttl <= distance(world, number) && !dead(world, number); ttl++) {
			const struct cp_hop *hop = ttl <= path.n_hops ? &path.hops[ttl - 1] : NULL;
			struct cp_addr want = responder(sim, number, ttl);

			assert_true(!hop || !hop->kind || visible(world, number, ttl));
			if (!visible(world, number, ttl))
				continue;
			if (hop && hop->kind)
				assert_memory_equal(&hop->addr, &want, sizeof(want));
			else
				n++;
		}
	}
	return n;
}

static void what_the_ring_lost_is_asked_again(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct world world = world_of(seed);
		struct sim *sim;

		world.ring_percent = seed % 2 ? 60 : 100;
		world.ring_room = seed % 2 ? 0 : 70;
		world.ring_pass = 1 + (uint32_t)seed % 5;
		sim = sim_new(&world);
		run(sim);
		assert_true(sim->losses.n_replies > 50);
		assert_false(cp_sweep_doubtful(sim->sweep));
		assert_int_equal(n_missing(sim), 0);
		for (uint32_t path = 0; path < sim->n_paths; path++)
			assert_true(cp_sweep_path_complete(sim->sweep, path));
		sim_free(sim);
	}
}

/* As long as answers are lost, silence proves nothing; and it ends. */
static void a_ring_that_stays_full(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = world_of(seed);
		struct sim *sim;

		world.ring_percent = 60;
		world.ring_pass = UINT32_MAX;
		sim = sim_new(&world);
		run(sim);
		assert_true(cp_sweep_doubtful(sim->sweep));
		for (uint32_t slot = 0; slot < cp_shape_slots(&world.shape); slot++)
			assert_true(sim->n_asked[slot] <= world.attempts + 4);
		sim_free(sim);
	}
}

/* A pattern of answers that a full ring makes is not taken for a limit of routers. */
static void a_full_ring_is_no_limit(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = world_of(seed);
		struct cp_addr router;
		struct sim *sim;

		world.ring_percent = 100;
		world.ring_room = 900;
		world.ring_pass = 2;
		world.same_distance = 12;
		world.silent_percent = 0;
		sim = sim_new(&world);
		run(sim);
		assert_true(sim->losses.n_replies > 0);
		for (uint32_t ttl = 1; ttl <= 24; ttl++)
			assert_false(cp_sweep_limited(sim->sweep, ttl, &router));
		assert_int_equal(n_missing(sim), 0);
		sim_free(sim);
	}
}

static void refused_probes_are_asked_again(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct world world = world_of(seed);
		struct sim *sim;

		world.refused_percent = seed % 2 ? 40 : 100;
		world.refused_pass = 2;
		sim = sim_new(&world);
		run(sim);
		assert_true(sim->losses.n_probes > 50);
		assert_false(cp_sweep_doubtful(sim->sweep));
		assert_int_equal(n_missing(sim), 0);
		sim_free(sim);
	}
}

static void an_interface_that_takes_nothing(void **state)
{
	struct world world = world_of(1);
	struct sim *sim;

	(void)state;
	world.refused_percent = 100;
	world.refused_pass = UINT32_MAX;
	sim = sim_new(&world);
	run(sim);
	assert_true(cp_sweep_doubtful(sim->sweep));
	sim_free(sim);
}

static uint32_t most_asked(const struct sim *sim)
{
	uint32_t most = 0;

	for (uint32_t slot = 0; slot < cp_shape_slots(&sim->world->shape); slot++)
		most = sim->n_asked[slot] > most ? sim->n_asked[slot] : most;
	return most;
}

/* Few are made up for by the other attempts, if there are any. */
static void a_few_refused_probes(void **state)
{
	(void)state;
	for (uint32_t attempts = 1; attempts <= 3; attempts += 2) {
		struct world world = world_of(2);
		struct sim *sim;

		world.attempts = attempts;
		sim = sim_new(&world);
		sim->losses.n_probes = 5;
		world.refused_percent = 1; /* as a world that may ask on */
		run(sim);
		assert_false(cp_sweep_doubtful(sim->sweep));
		assert_int_equal(most_asked(sim), 3);
		sim_free(sim);
	}
}

/* A host that loses nothing is asked nothing more. */
static void without_losses_no_question_more(void **state)
{
	struct world world = world_of(2);
	struct sim *sim = sim_new(&world);

	(void)state;
	run(sim);
	assert_false(cp_sweep_doubtful(sim->sweep));
	assert_int_equal(most_asked(sim), 3);
	sim_free(sim);
}

/* A probe has no room for more attempts. */
static void no_attempt_left(void **state)
{
	struct world world = world_of(3);
	struct sim *sim;

	(void)state;
	world.attempts = CP_ATTEMPTS_MAX;
	world.ring_percent = 50;
	world.ring_pass = 3;
	sim = sim_new(&world);
	run(sim);
	assert_true(cp_sweep_doubtful(sim->sweep));
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_the_ring_lost_is_asked_again),
	        cmocka_unit_test(a_ring_that_stays_full),
	        cmocka_unit_test(a_full_ring_is_no_limit),
	        cmocka_unit_test(refused_probes_are_asked_again),
	        cmocka_unit_test(an_interface_that_takes_nothing),
	        cmocka_unit_test(a_few_refused_probes),
	        cmocka_unit_test(without_losses_no_question_more),
	        cmocka_unit_test(no_attempt_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
