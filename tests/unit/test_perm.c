// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_perm.c: the slot order and the tokens are bijections under any key,
 * and the order spreads what lies together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cp_abi.h"
#include "cp_perm.h"
#include "wire_lab.h"

static const __u32 keys[][4] = {
        {0, 0, 0, 0},
        {1, 2, 3, 4},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
        {0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static void check_bijection(const __u32 key[4], uint32_t n)
{
	uint8_t *seen = calloc(n, 1);
	struct cp_perm perm;

	assert_non_null(seen);
	cp_perm_init(&perm, key, n);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t place = cp_perm_at(&perm, i);

		if (place >= n)
			fail_msg("n %u: %u goes to %u", n, i, place);
		if (seen[place]++)
			fail_msg("n %u: place %u is taken twice", n, place);
		if (cp_perm_index(&perm, place) != i)
			fail_msg("n %u: %u goes to %u and comes back as %u", n, i, place, cp_perm_index(&perm, place));
	}
	free(seen);
}

static void order_is_a_bijection(void **state)
{
	static const uint32_t sizes[] = {
	        1, 2, 3, 4, 5, 7, 8, 9, 31, 100, 1000, 4095, 4096, 4097, 65535, 65536, 65537, 100003, 1u << 20};

	(void)state;
	for (size_t k = 0; k < N_KEYS; k++) {
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			check_bijection(keys[k], sizes[s]);
	}
}

/* Too large to go through, so: in range, and back again. */
static void order_of_the_largest_runs(void **state)
{
	static const uint32_t sizes[] = {CP_SLOTS_MAX, CP_SLOTS_MAX - 1, (1u << 28) + 1, 1u << 31, UINT32_MAX};
	uint64_t random = 3;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct cp_perm perm;

		cp_perm_init(&perm, keys[1], sizes[s]);
		for (uint32_t i = 0; i < 100000; i++) {
			uint32_t index = lab_random(&random) % sizes[s], place = cp_perm_at(&perm, index);

			assert_true(place < sizes[s]);
			assert_int_equal(cp_perm_index(&perm, place), index);
		}
	}
}

/* Unrelated orders agree in one place on average, whatever their size. */
static void keys_give_different_orders(void **state)
{
	enum { N = 1000, PAIRS = 500 };
	uint64_t random = 7;
	uint32_t total = 0;

	(void)state;
	for (int pair = 0; pair < PAIRS; pair++) {
		struct cp_perm a, b;
		__u32 key[2][4];
		uint32_t same = 0;

		for (int word = 0; word < 8; word++)
			key[word / 4][word % 4] = lab_random(&random);
		cp_perm_init(&a, key[0], N);
		cp_perm_init(&b, key[1], N);
		for (uint32_t i = 0; i < N; i++)
			same += cp_perm_at(&a, i) == cp_perm_at(&b, i);
		if (same > 10)
			fail_msg("pair %d: %u of %d places are the same", pair, same, N);
		total += same;
	}
	assert_in_range(total, PAIRS / 2, PAIRS * 3 / 2);
}

struct spread {
	uint32_t same_dest; /* consecutive places at one destination */
	uint32_t busiest_dest, busiest_ttl; /* most probes in one window */
};

/* 1,000 destinations with 32 TTLs each, seen through windows of 1,000 consecutive probes. */
static struct spread measure_spread(const __u32 key[4])
{
	enum { DESTS = 1000, TTLS = 32, WINDOW = 1000 };
	uint16_t per_dest[DESTS], per_ttl[TTLS];
	struct spread spread = {0};
	uint32_t last = UINT32_MAX;
	struct cp_perm perm;

	cp_perm_init(&perm, key, DESTS * TTLS);
	for (uint32_t i = 0; i < DESTS * TTLS; i++) {
		uint32_t slot = cp_perm_at(&perm, i), dest = slot / TTLS, ttl = slot % TTLS;

		if (i % WINDOW == 0) {
			memset(per_dest, 0, sizeof(per_dest));
			memset(per_ttl, 0, sizeof(per_ttl));
		}
		if (++per_dest[dest] > spread.busiest_dest)
			spread.busiest_dest = per_dest[dest];
		if (++per_ttl[ttl] > spread.busiest_ttl)
			spread.busiest_ttl = per_ttl[ttl];
		spread.same_dest += dest == last;
		last = dest;
	}
	return spread;
}

static void order_spreads_destinations_and_ttls(void **state)
{
	(void)state;
	for (size_t k = 0; k < N_KEYS; k++) {
		struct spread spread = measure_spread(keys[k]);

		/* A perfect shuffle has 32 such pairs, 1 probe a destination and 31 a TTL in a window. */
		if (spread.same_dest > 80 || spread.busiest_dest > 9 || spread.busiest_ttl > 62)
			fail_msg("key %zu: %u pairs at one destination; a window with %u at one, %u at one TTL", k,
			        spread.same_dest, spread.busiest_dest, spread.busiest_ttl);
	}
}

static void tokens_come_back(void **state)
{
	static const uint32_t edges[] = {
	        0, 1, 0xffff, 0x10000, CP_SLOTS_MAX - 1, CP_SLOTS_MAX, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
	uint64_t random = 5;

	(void)state;
	for (size_t k = 0; k < N_KEYS; k++) {
		for (size_t e = 0; e < sizeof(edges) / sizeof(edges[0]); e++) {
			assert_int_equal(cp_token_inverse(keys[k], cp_token(keys[k], edges[e])), edges[e]);
			assert_int_equal(cp_token(keys[k], cp_token_inverse(keys[k], edges[e])), edges[e]);
		}
		for (int i = 0; i < 200000; i++) {
			uint32_t id = lab_random(&random);

			if (cp_token_inverse(keys[k], cp_token(keys[k], id)) != id)
				fail_msg("key %zu: id %08x", k, id);
		}
	}
}

/* Whoever sees one token must not be able to say the next one: neighbouring ids differ in half of their bits. */
static void tokens_of_neighbours_look_unrelated(void **state)
{
	(void)state;
	for (size_t k = 0; k < N_KEYS; k++) {
		for (int bit = 0; bit < 32; bit++) {
			uint32_t flipped = 0;

			for (uint32_t id = 0; id < 1000; id++)
				flipped += (uint32_t)__builtin_popcount(
				        cp_token(keys[k], id) ^ cp_token(keys[k], id ^ 1u << bit));
			if (flipped < 15000 || flipped > 17000)
				fail_msg("key %zu: bit %d of the id flips %u of 32000 token bits", k, bit, flipped);
		}
	}
}

static void ids_hold_slot_and_attempt(void **state)
{
	static const uint32_t slots[] = {0, 1, 12345, CP_SLOTS_MAX - 1};

	(void)state;
	for (size_t s = 0; s < sizeof(slots) / sizeof(slots[0]); s++) {
		for (uint32_t attempt = 0; attempt < CP_ATTEMPTS_MAX; attempt++) {
			uint32_t id = cp_id_make(slots[s], attempt);

			assert_int_equal(cp_id_slot(id), slots[s]);
			assert_int_equal(cp_id_attempt(id), attempt);
		}
	}
}

/* ---- Times of emission ---- */

enum { UNIT_NS = 1024 };
#define WRAP_NS ((uint64_t)UNIT_NS << 29) /* 549.8 s */

/* The stamp that would be 0, which means "never", is of the unit before. */
static void check_sent(uint64_t left_ns, uint32_t attempt, uint64_t age_ns)
{
	bool early = attempt == 0 && left_ns % WRAP_NS < UNIT_NS;
	uint32_t sent = cp_sent_make(left_ns, attempt);
	uint64_t now_ns = left_ns + age_ns, got_ns = cp_sent_ns(sent, now_ns);
	uint64_t truth_ns = early ? left_ns - UNIT_NS : left_ns;

	assert_int_not_equal(sent, 0);
	assert_int_equal(cp_sent_attempt(sent), attempt);
	if (got_ns > now_ns || got_ns + UNIT_NS <= truth_ns || got_ns >= truth_ns + UNIT_NS)
		fail_msg("left at %llu, attempt %u, age %llu: %llu", (unsigned long long)left_ns, attempt,
		        (unsigned long long)age_ns, (unsigned long long)got_ns);
}

static void times_of_emission_are_exact_to_a_unit(void **state)
{
	static const uint64_t near_ns[] = {WRAP_NS, 7 * WRAP_NS, 5 * WRAP_NS + WRAP_NS / 2, 0x0123456789abcdef,
	        (UINT64_MAX / WRAP_NS - 1) * WRAP_NS};
	static const uint64_t ages_ns[] = {
	        0, 1, UNIT_NS - 1, UNIT_NS, UNIT_NS + 1, 20000000, WRAP_NS / 2, 539999999999, WRAP_NS - 2 * UNIT_NS};

	(void)state;
	for (size_t n = 0; n < sizeof(near_ns) / sizeof(near_ns[0]); n++) {
		for (uint64_t left_ns = near_ns[n] - 3 * UNIT_NS; left_ns < near_ns[n] + 3 * UNIT_NS; left_ns += 11) {
			for (size_t a = 0; a < sizeof(ages_ns) / sizeof(ages_ns[0]); a++) {
				for (uint32_t attempt = 0; attempt < CP_ATTEMPTS_MAX; attempt++)
					check_sent(left_ns, attempt, ages_ns[a]);
			}
		}
	}
	/* Whatever passes the wrap-around in between, at all ages. */
	for (uint64_t age_ns = 0; age_ns <= WRAP_NS - 2 * UNIT_NS; age_ns += 12345678)
		check_sent(3 * WRAP_NS - age_ns / 2, (uint32_t)(age_ns % CP_ATTEMPTS_MAX), age_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(order_is_a_bijection),
	        cmocka_unit_test(order_of_the_largest_runs),
	        cmocka_unit_test(keys_give_different_orders),
	        cmocka_unit_test(order_spreads_destinations_and_ttls),
	        cmocka_unit_test(tokens_come_back),
	        cmocka_unit_test(tokens_of_neighbours_look_unrelated),
	        cmocka_unit_test(ids_hold_slot_and_attempt),
	        cmocka_unit_test(times_of_emission_are_exact_to_a_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
