// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_path_finish.c: where paths end that others measured. One letter a hop:
 * '*' silent, '$' the destination arrives, 'd' its address in a time-exceeded
 * message, lower case an unreachable message, else a router.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/path.h"

enum { GAP = 4, CODE = 13 };

static struct cp_addr addr_of(char letter)
{
	return cp_addr_from_v4(0xc6120000u + (uint8_t)letter);
}

static struct cp_hop hop_of(char letter, uint8_t ttl)
{
	struct cp_hop hop = {.ttl = ttl, .attempts = 1};

	if (letter == '*')
		return hop;
	if (letter == '$' || letter == 'd') {
		hop.addr = addr_of('$');
		hop.kind = letter == '$' ? CP_REPLY_UNTOLD : CP_REPLY_TIME_EXCEEDED;
	} else if (letter >= 'a') {
		hop.addr = addr_of((char)(letter - 'a' + 'A'));
		hop.kind = CP_REPLY_UNREACHABLE;
		hop.icmp_code = CODE;
	} else {
		hop.addr = addr_of(letter);
		hop.kind = CP_REPLY_TIME_EXCEEDED;
	}
	return hop;
}

static void finish_of_letters(void **state)
{
	static const struct {
		const char *hops;
		uint32_t n_ttls;
		enum cp_end end;
		uint32_t n_hops;
		uint8_t end_kind, end_code;
	} rows[] = {
	        {"", 0, CP_END_MAX_TTL, 0, 0, 0},
	        {"", 30, CP_END_GAP, 0, 0, 0},
	        {"AB$", 3, CP_END_REACHED, 3, CP_REPLY_UNTOLD, 0},
	        {"A*$*B", 5, CP_END_REACHED, 3, CP_REPLY_UNTOLD, 0},
	        /* A NAT answers with the destination's address. */
	        {"Ad$", 3, CP_END_REACHED, 3, CP_REPLY_UNTOLD, 0},
	        {"ABd", 3, CP_END_MAX_TTL, 3, 0, 0},
	        {"ABd****", 7, CP_END_GAP, 3, 0, 0},
	        /* Reaching it beats an unreachable message and a loop on the way. */
	        {"Ab$", 3, CP_END_REACHED, 3, CP_REPLY_UNTOLD, 0},
	        {"ABA$", 4, CP_END_REACHED, 4, CP_REPLY_UNTOLD, 0},
	        {"ABc", 3, CP_END_UNREACHABLE, 3, CP_REPLY_UNREACHABLE, CODE},
	        {"A*c**D", 6, CP_END_UNREACHABLE, 3, CP_REPLY_UNREACHABLE, CODE},
	        {"ABAc", 4, CP_END_LOOP, 3, 0, 0},
	        {"ABCABC", 30, CP_END_LOOP, 4, 0, 0},
	        {"AABB", 4, CP_END_MAX_TTL, 4, 0, 0},
	        {"AB***", 5, CP_END_MAX_TTL, 2, 0, 0},
	        {"AB****", 6, CP_END_GAP, 2, 0, 0},
	        {"AB", 6, CP_END_GAP, 2, 0, 0},
	        {"A****B", 6, CP_END_MAX_TTL, 6, 0, 0},
	};
	struct cp_addr dest = addr_of('$');

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cp_path path = {.end_code = 99, .end_kind = 99, .reached = true};

		for (const char *c = rows[i].hops; *c; c++, path.n_hops++)
			path.hops[path.n_hops] = hop_of(*c, (uint8_t)(path.n_hops + 1));
		cp_path_finish(&path, &dest, rows[i].n_ttls, GAP);
		if (path.end != rows[i].end || path.n_hops != rows[i].n_hops)
			fail_msg("%s: %s after %u hops", rows[i].hops, cp_end_name(path.end), path.n_hops);
		assert_int_equal(path.reached, rows[i].end == CP_END_REACHED);
		assert_int_equal(path.end_kind, rows[i].end_kind);
		assert_int_equal(path.end_code, rows[i].end_code);
	}
}

static void unreachable_from_the_destination_is_an_arrival(void **state)
{
	struct cp_path path = {.n_hops = 1, .hops = {hop_of('c', 1)}};
	struct cp_addr dest = path.hops[0].addr;

	(void)state;
	cp_path_finish(&path, &dest, 1, GAP);
	assert_int_equal(path.end, CP_END_REACHED);
	assert_int_equal(path.end_kind, CP_REPLY_UNREACHABLE);
	assert_int_equal(path.end_code, 0);
}

/* It was seen on other paths: it has an address and no kind. */
static void inferred_hops_are_no_silence(void **state)
{
	struct cp_addr dest = addr_of('$');
	struct cp_path path = {.n_hops = 3,
	        .hops = {hop_of('A', 1), {.ttl = 2, .addr = addr_of('B'), .flags = CP_HOP_INFERRED}, hop_of('*', 3)}};

	(void)state;
	cp_path_finish(&path, &dest, 3, GAP);
	assert_int_equal(path.n_hops, 2);
	assert_int_equal(path.end, CP_END_MAX_TTL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(finish_of_letters),
	        cmocka_unit_test(unreachable_from_the_destination_is_an_arrival),
	        cmocka_unit_test(inferred_hops_are_no_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
