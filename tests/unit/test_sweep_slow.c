// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_sweep_slow.c: sweeps past routers that limit their answers like Linux,
 * in simulated time: what can be seen within the slow lane's time is seen,
 * what cannot is inferred only where nothing speaks against it, and both the
 * number of probes and the time are bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep_lab.h"

struct found {
	uint32_t n_visible, n_seen, n_inferred, n_limited;
};

/* Everything below the destinations, 7 TTLs, is shared. */
static struct world chain(uint32_t n_dests, uint64_t seed)
{
	return (struct world){
	        .shape = {.n_dests = n_dests, .n_flows = 1, .n_ttls = 24, .first_ttl = 1},
	        .attempts = 3,
	        .gap = 5,
	        .timeout_ms = 2000,
	        .cap = 64,
	        .seed = seed,
	        .same_distance = 8,
	        .n_shared = 7,
	        .limited_ttls = 0x7f,
	        .refill_ns = SEC,
	        .burst = 6,
	};
}

static void count_hop(const struct sim *sim, uint32_t path, const struct cp_hop *hop, struct found *found)
{
	struct cp_addr want = responder(sim, path, hop->ttl), router;
	bool shown = !cp_addr_is_zero(&hop->addr), seen = hop->kind != CP_REPLY_NONE;

	assert_true(hop->attempts >= 1 && hop->attempts <= sim->world->attempts);
	assert_int_equal(seen, !cp_paths_silent(cp_sweep_paths(sim->sweep), path * 24 + hop->ttl - 1));
	if (shown && !cp_addr_eq(&hop->addr, &want))
		fail_msg("path %u, TTL %u: %s wrong", path, hop->ttl, seen ? "seen" : "inferred");
	/* What was not seen says so, and has nothing but an address. */
	assert_int_equal(!!(hop->flags & CP_HOP_INFERRED), shown && !seen);
	if (!seen)
		assert_int_equal(hop->rtt_us | hop->reply_ttl | hop->quoted_ttl | hop->n_mpls, 0);
	if (hop->flags & CP_HOP_LIMITED) {
		assert_false(seen);
		assert_true(cp_sweep_limited(sim->sweep, hop->ttl, &router));
	}
	found->n_visible += visible(sim->world, path, hop->ttl);
	found->n_seen += seen;
	found->n_inferred += shown && !seen;
	found->n_limited += (hop->flags & CP_HOP_LIMITED) != 0;
}

static struct found count_hops(const struct sim *sim)
{
	struct found found = {0};

	for (uint32_t n = 0; n < sim->n_paths; n++) {
		struct cp_path path;

		cp_sweep_path(sim->sweep, n, &path);
		assert_true(path.reached);
		assert_int_equal(path.n_hops, sim->world->same_distance);
		assert_true(cp_sweep_path_complete(sim->sweep, n));
		for (uint32_t i = 0; i < path.n_hops; i++)
			count_hop(sim, n, &path.hops[i], &found);
	}
	return found;
}

static void check_bounds(const struct sim *sim, uint64_t start_ns)
{
	/* The slow lane's time, one round more, and the passes; what a pass sends is spread over its time. */
	assert_true(sim->now_ns - start_ns < (SLOW_MS + 5000) * MSEC + sim->n_sent * 10000);
	/* TTLs that turned out to be silent are asked in passes again. */
	if (sim->slow_from_ns && !sim->world->mute_branch)
		assert_true(sim->least_gap_ns >= 900 * MSEC);
}

static struct found sweep_past(const struct world *world, uint64_t *ret_n_sent)
{
	struct sim *sim = sim_new(world);
	uint64_t start_ns = sim->now_ns;
	struct found found;

	run(sim);
	check_bounds(sim, start_ns);
	found = count_hops(sim);
	*ret_n_sent = sim->n_sent;
	sim_free(sim);
	return found;
}

/* ---- Seen ---- */

static void few_paths_at_one_a_second(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world world = chain(12, seed);
		uint64_t n_sent;
		struct found found = sweep_past(&world, &n_sent);

		assert_true(found.n_seen * 100 >= found.n_visible * 99);
	}
}

static void a_hundred_paths_at_25_a_second(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = chain(100, seed);
		uint64_t n_sent;
		struct found found;

		/* Five of seven: a destination is asked once a second, and there are not ten of them. */
		world.refill_ns = SEC / 25;
		world.limited_ttls = 0x1f;
		found = sweep_past(&world, &n_sent);
		assert_true(found.n_seen * 100 >= found.n_visible * 99);
	}
}

/* Without limits nothing waits, nothing is marked. */
static void no_limits(void **state)
{
	struct world world = chain(100, 1);
	struct sim *sim = sim_new(&world);
	struct found found;

	(void)state;
	world.limited_ttls = 0;
	run(sim);
	assert_true(sim->slow_from_ns == 0);
	found = count_hops(sim);
	assert_int_equal(found.n_seen, found.n_visible);
	assert_int_equal(found.n_limited, 0);
	sim_free(sim);
}

/* ---- Inferred ---- */

static void ten_thousand_paths_share_a_router(void **state)
{
	struct world world = chain(10000, 3);
	uint64_t n_sent;
	struct found found;

	(void)state;
	world.limited_ttls = 1 << 2;
	world.fan_ttl = 4;
	found = sweep_past(&world, &n_sent);
	assert_true(found.n_inferred > 9900);
	assert_int_equal(found.n_seen + found.n_inferred, found.n_visible);
	/* One for each slot below the end, a scout each, and what the router can answer. */
	assert_true(n_sent <= 9 * 10000 + 100);
}

static void a_crowd_behind_a_chain(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct world world = chain(1000, seed);
		uint64_t n_sent;
		struct found found = sweep_past(&world, &n_sent);

		assert_true((found.n_seen + found.n_inferred) * 100 >= found.n_visible * 99);
		assert_true(found.n_seen < found.n_visible / 2);
		assert_true(n_sent <= 9 * 1000 + 7 * 200);
	}
}

/* Two routers between the same neighbours: whose turn it was is not known. */
static void balanced_neighbours(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = chain(1000, seed);
		struct found found;
		uint64_t n_sent;

		world.balance_ttl = 3;
		world.limited_ttls = 1 << 2;
		found = sweep_past(&world, &n_sent);
		assert_int_equal(found.n_inferred, 0);
		assert_true(found.n_limited > 900);
		/* Not worse if more is limited: nothing wrong (checked there), and nothing at the balanced TTL. */
		world.limited_ttls = 0x7f;
		found = sweep_past(&world, &n_sent);
		assert_true(found.n_limited >= found.n_inferred + 900);
	}
}

/*
 * The same, but one of the two never answers: the other one's name must not be put there. By chance alone (12 answers
 * in a row) it is once in some hundred runs; not in these.
 */
static void a_mute_branch(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world world = chain(1000, seed);
		struct found found;
		uint64_t n_sent;

		world.balance_ttl = 3;
		world.mute_branch = true;
		world.limited_ttls = 1 << 2;
		found = sweep_past(&world, &n_sent);
		assert_int_equal(found.n_inferred, 0);
	}
}

/* Losses on top: slower, not wrong. */
static void limits_and_losses(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct world world = chain(200, seed);
		struct sim *sim;

		world.loss_percent = 5;
		world.attempts = 5;
		sim = sim_new(&world);
		run(sim);
		for (uint32_t n = 0; n < sim->n_paths; n++) {
			struct cp_path path;

			cp_sweep_path(sim->sweep, n, &path);
			for (uint32_t i = 0; i < path.n_hops && i < 7; i++) {
				struct cp_addr want = responder(sim, n, path.hops[i].ttl);

				if (!cp_addr_is_zero(&path.hops[i].addr))
					assert_memory_equal(&path.hops[i].addr, &want, sizeof(want));
			}
		}
		sim_free(sim);
	}
}

/* ---- One attempt ---- */

/* Nothing is asked again, so nothing proves the limit: marked, not inferred. */
static void one_attempt_infers_nothing(void **state)
{
	struct world world = chain(100, 1);
	struct found found;
	uint64_t n_sent;

	(void)state;
	world.attempts = 1;
	/* Not the last hops: what may be the destination is asked a second time. */
	world.limited_ttls = 0xf;
	found = sweep_past(&world, &n_sent);
	assert_int_equal(found.n_inferred, 0);
	assert_true(found.n_limited > 300);
	assert_true(n_sent <= 9 * 100);
}

/* How far a destination is does not depend on the attempts: its own probes may have stood in each other's light. */
static void one_attempt_finds_the_distance(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world world = chain(100, seed);
		struct sim *sim;

		world.attempts = 1;
		world.limited_ttls = 0;
		world.n_shared = 2;
		world.same_distance = 0;
		world.odd_percent = 100;
		world.silent_percent = 30;
		sim = sim_new(&world);
		run(sim);
		for (uint32_t n = 0; n < sim->n_paths; n++) {
			struct cp_path path;

			cp_sweep_path(sim->sweep, n, &path);
			assert_true(path.reached);
			assert_int_equal(path.n_hops, distance(&world, n));
			assert_true(cp_sweep_path_complete(sim->sweep, n));
		}
		sim_free(sim);
	}
}

/* ---- Exhaustive ---- */

static void exhaustive_asks_every_slot(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct world world = chain(60, seed);
		struct sim *sim;

		world.exhaustive = true;
		world.limited_ttls = 0;
		world.same_distance = 0;
		world.n_shared = 2;
		world.silent_percent = 30;
		world.dead_percent = 20;
		sim = sim_new(&world);
		run(sim);
		for (uint32_t slot = 0; slot < cp_shape_slots(&world.shape); slot++) {
			bool silent = cp_paths_silent(cp_sweep_paths(sim->sweep), slot);

			assert_in_range(sim->n_asked[slot], 1, world.attempts);
			if (silent)
				assert_int_equal(sim->n_asked[slot], world.attempts);
		}
		for (uint32_t n = 0; n < sim->n_paths; n++) {
			struct cp_path path;

			cp_sweep_path(sim->sweep, n, &path);
			assert_int_equal(path.reached, !dead(&world, n));
			if (path.reached)
				assert_int_equal(path.n_hops, distance(&world, n));
			assert_true(cp_sweep_path_complete(sim->sweep, n));
		}
		sim_free(sim);
	}
}

/* ---- Time ---- */

/* The wait is for the slow lane's next probe, not for the end of its round; switched off, there is none. */
static void waits_for_the_next_slow_probe(void **state)
{
	struct world world = chain(100, 2);
	struct sim *sim = sim_new(&world);
	uint64_t wait_ns;
	uint32_t id;

	(void)state;
	world.refill_ns = SEC / 25;
	while (!sim->slow_from_ns)
		assert_true(step(sim));
	/* All TTLs begin the round together. */
	for (int i = 0; i < 7; i++)
		assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns, &id, 1), 1);
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns, &id, 1), 0);
	wait_ns = cp_sweep_wait_ns(sim->sweep, sim->now_ns);
	assert_in_range(wait_ns, SEC / 8 - 1, SEC / 8);
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns + wait_ns - 1, &id, 1), 0);
	assert_int_equal(cp_sweep_next(sim->sweep, sim->now_ns + wait_ns, &id, 1), 1);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(few_paths_at_one_a_second),
	        cmocka_unit_test(a_hundred_paths_at_25_a_second),
	        cmocka_unit_test(no_limits),
	        cmocka_unit_test(ten_thousand_paths_share_a_router),
	        cmocka_unit_test(a_crowd_behind_a_chain),
	        cmocka_unit_test(balanced_neighbours),
	        cmocka_unit_test(a_mute_branch),
	        cmocka_unit_test(limits_and_losses),
	        cmocka_unit_test(one_attempt_infers_nothing),
	        cmocka_unit_test(one_attempt_finds_the_distance),
	        cmocka_unit_test(exhaustive_asks_every_slot),
	        cmocka_unit_test(waits_for_the_next_slow_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
