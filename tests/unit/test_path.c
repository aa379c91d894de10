// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_path.c: replies in, paths out: where a path ends and why, what a hop
 * keeps of its replies, and that a store of any size forgets nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"

enum { GAP = 4, T0 = 1000000000 };

/* One destination, one flow; TTLs from first. */
static struct cp_paths *new_paths(uint32_t first, uint32_t n_ttls)
{
	struct cp_shape shape = {1, 1, n_ttls, first};
	struct cp_paths *paths;

	assert_int_equal(cp_paths_new(&shape, &paths), 0);
	return paths;
}

static struct cp_addr addr_of(uint32_t n)
{
	return cp_addr_from_v4(0xc6120000u + n);
}

static const struct cp_addr *dest(void)
{
	static struct cp_addr addr;

	addr = cp_addr_from_v4(0xcb007101u);
	return &addr;
}

static struct cp_event event_of(uint32_t slot, const struct cp_addr *from, enum cp_reply_kind kind)
{
	return (struct cp_event){
	        .rx_ns = T0 + 5000000,
	        .tx_ns = T0,
	        .from = *from,
	        .slot = slot,
	        .kind = (uint8_t)kind,
	        .icmp_type = kind == CP_REPLY_TIME_EXCEEDED ? 11
	                     : kind == CP_REPLY_UNREACHABLE ? 3
	                                                    : 0,
	        .reply_ttl = 60,
	};
}

static enum cp_reply_result reply(struct cp_paths *paths, uint32_t slot, uint32_t from, enum cp_reply_kind kind)
{
	struct cp_addr addr = addr_of(from);
	struct cp_event event = event_of(slot, from ? &addr : dest(), kind);

	return cp_paths_reply(paths, &event, dest());
}

/*
 * A path in words, one letter a TTL: '*' silent, 'A'..'Z' the router of that letter, '!' an unreachable from a
 * router of its own, '$' the destination, '%' a time exceeded from the destination.
 */
static void play(struct cp_paths *paths, uint32_t first_slot, const char *script)
{
	for (uint32_t i = 0; script[i]; i++) {
		char c = script[i];

		if (c == '$')
			reply(paths, first_slot + i, 0, CP_REPLY_SYN_ACK);
		else if (c == '%')
			reply(paths, first_slot + i, 0, CP_REPLY_TIME_EXCEEDED);
		else if (c == '!')
			reply(paths, first_slot + i, 1000, CP_REPLY_UNREACHABLE);
		else if (c != '*')
			reply(paths, first_slot + i, (uint32_t)c, CP_REPLY_TIME_EXCEEDED);
	}
}

static void check(const char *script, uint32_t n_ttls, enum cp_end end, uint32_t n_hops, uint32_t end_ttl)
{
	struct cp_paths *paths = new_paths(1, n_ttls);
	struct cp_path path;

	play(paths, 0, script);
	cp_paths_get(paths, 0, GAP, &path);
	if (path.end != end || path.n_hops != n_hops || path.reached != (end == CP_END_REACHED))
		fail_msg("%s: %s after %u hops, not %s after %u", script, cp_end_name(path.end), path.n_hops,
		        cp_end_name(end), n_hops);
	if (cp_paths_end_ttl(paths, 0) != end_ttl)
		fail_msg("%s: ends at %u, not %u", script, cp_paths_end_ttl(paths, 0), end_ttl);
	for (uint32_t i = 0; i < path.n_hops; i++) {
		assert_int_equal(path.hops[i].ttl, i + 1);
		assert_int_equal(path.hops[i].kind == CP_REPLY_NONE, script[i] == '*');
		assert_int_equal(cp_addr_is_zero(&path.hops[i].addr), script[i] == '*');
	}
	cp_paths_free(paths);
}

static void ends(void **state)
{
	(void)state;
	check("ABC$", 8, CP_END_REACHED, 4, 4);
	check("ABC$$$$$", 8, CP_END_REACHED, 4, 4);
	check("$", 1, CP_END_REACHED, 1, 1);
	check("***$", 4, CP_END_REACHED, 4, 4);
	check("AB*$*$EF", 8, CP_END_REACHED, 4, 4);
	check("ABC!", 8, CP_END_UNREACHABLE, 4, 4);
	check("AB!!!!!!", 8, CP_END_UNREACHABLE, 3, 3);
	check("!", 8, CP_END_UNREACHABLE, 1, 1);
	/* A router that refuses sometimes does not outweigh the destination's answer. */
	check("AB!D$", 8, CP_END_REACHED, 5, 5);
	check("AB$D!", 8, CP_END_REACHED, 3, 3);
	/* Time exceeded from the destination's own address is a hop: something in front of it forwards. */
	check("AB%$", 8, CP_END_REACHED, 4, 4);
	check("AB%", 8, CP_END_GAP, 3, 0);
}

static void gap_or_max_ttl(void **state)
{
	(void)state;
	check("********", 8, CP_END_GAP, 0, 0);
	check("***", 3, CP_END_MAX_TTL, 0, 0);
	check("ABCD****", 8, CP_END_GAP, 4, 0);
	check("ABCDE***", 8, CP_END_MAX_TTL, 5, 0);
	check("ABCDEFGH", 8, CP_END_MAX_TTL, 8, 0);
	/* An answer behind a long silence is still part of the path. */
	check("A*****GH", 8, CP_END_MAX_TTL, 8, 0);
	check("A******H****", 12, CP_END_GAP, 8, 0);
}

static void loops(void **state)
{
	(void)state;
	check("ABA", 8, CP_END_LOOP, 3, 0);
	check("XABCABC", 8, CP_END_LOOP, 5, 0);
	check("A*B*A*B*", 8, CP_END_LOOP, 5, 0);
	check("AB*A", 8, CP_END_LOOP, 4, 0);
	check("AABA", 8, CP_END_LOOP, 4, 0);
	check("ABAB!", 8, CP_END_LOOP, 3, 5);
	/* Not loops. */
	check("AA", 2, CP_END_MAX_TTL, 2, 0);
	check("A*A", 3, CP_END_MAX_TTL, 3, 0);
	check("AAAABB", 6, CP_END_MAX_TTL, 6, 0);
	check("*A**A*", 6, CP_END_MAX_TTL, 5, 0);
	/* Who reaches the destination has not looped. */
	check("ABA$", 8, CP_END_REACHED, 4, 4);
}

static void unreachable_from_router_or_destination(void **state)
{
	struct cp_paths *paths = new_paths(1, 8);
	struct cp_addr router = addr_of('R');
	struct cp_event event = event_of(4, &router, CP_REPLY_UNREACHABLE);
	struct cp_path path;

	(void)state;
	event.icmp_code = 13;
	assert_int_equal(cp_paths_reply(paths, &event, dest()), CP_REPLY_NEW);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.end, CP_END_UNREACHABLE);
	assert_int_equal(path.end_kind, CP_REPLY_UNREACHABLE);
	assert_int_equal(path.end_code, 13);
	assert_int_equal(path.n_hops, 5);

	event = event_of(6, dest(), CP_REPLY_UNREACHABLE);
	event.icmp_code = 10;
	assert_int_equal(cp_paths_reply(paths, &event, dest()), CP_REPLY_NEW);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.end, CP_END_REACHED);
	assert_true(path.reached);
	assert_int_equal(path.end_kind, CP_REPLY_UNREACHABLE);
	assert_int_equal(path.n_hops, 7);
	assert_int_equal(path.hops[6].icmp_code, 10);
	cp_paths_free(paths);
}

static void end_kind_is_that_of_the_nearest_answer(void **state)
{
	struct cp_paths *paths = new_paths(1, 8);
	struct cp_path path;

	(void)state;
	reply(paths, 7, 0, CP_REPLY_SYN_ACK);
	reply(paths, 5, 0, CP_REPLY_RST);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.end_kind, CP_REPLY_RST);
	assert_int_equal(path.n_hops, 6);
	assert_int_equal(cp_paths_last_ttl(paths, 0), 0);
	reply(paths, 2, 'C', CP_REPLY_TIME_EXCEEDED);
	assert_int_equal(cp_paths_last_ttl(paths, 0), 3);
	/* Behind the end nothing counts. */
	reply(paths, 6, 'G', CP_REPLY_TIME_EXCEEDED);
	assert_int_equal(cp_paths_last_ttl(paths, 0), 3);
	cp_paths_free(paths);
}

/* ---- What a hop keeps ---- */

static void first_reply_wins(void **state)
{
	struct cp_paths *paths = new_paths(1, 4);
	struct cp_addr a = addr_of('A'), b = addr_of('B');
	struct cp_event event = event_of(1, &a, CP_REPLY_TIME_EXCEEDED);
	struct cp_path path;

	(void)state;
	assert_true(cp_paths_silent(paths, 1));
	event.quoted_ttl = 1;
	event.icmp_code = 0;
	assert_int_equal(cp_paths_reply(paths, &event, dest()), CP_REPLY_NEW);
	assert_false(cp_paths_silent(paths, 1));
	event.rx_ns += 1000000;
	event.quoted_ttl = 2;
	assert_int_equal(cp_paths_reply(paths, &event, dest()), CP_REPLY_DUP);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.hops[1].rtt_us, 5000);
	assert_int_equal(path.hops[1].quoted_ttl, 1);
	assert_int_equal(path.hops[1].reply_ttl, 60);
	assert_int_equal(path.hops[1].icmp_type, 11);
	assert_int_equal(path.hops[1].flags, 0);

	event.from = b;
	assert_int_equal(cp_paths_reply(paths, &event, dest()), CP_REPLY_DUP);
	cp_paths_get(paths, 0, GAP, &path);
	assert_memory_equal(&path.hops[1].addr, &a, sizeof(a));
	assert_int_equal(path.hops[1].flags, CP_HOP_OTHER_ADDR);
	cp_paths_free(paths);
}

static void flags_of_the_event_reach_the_hop(void **state)
{
	struct cp_paths *paths = new_paths(1, 4);
	struct cp_addr a = addr_of('A');
	struct cp_event event = event_of(0, &a, CP_REPLY_TIME_EXCEEDED);
	struct cp_path path;

	(void)state;
	event.tx_ns = 0;
	event.flags = CP_EV_LATE;
	cp_paths_reply(paths, &event, dest());
	event = event_of(2, &a, CP_REPLY_TIME_EXCEEDED);
	event.flags = CP_EV_QUOTE_MODIFIED;
	cp_paths_reply(paths, &event, dest());
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.hops[0].flags, CP_HOP_LATE);
	assert_int_equal(path.hops[0].rtt_us, 0);
	assert_int_equal(path.hops[1].flags, 0);
	assert_int_equal(path.hops[2].flags, CP_HOP_QUOTE_MODIFIED);
	assert_int_equal(path.hops[2].rtt_us, 5000);
	cp_paths_free(paths);
}

/* Late means that its round trip is unknown; a router that is asked again tells it then. */
static void newer_answer_completes_a_late_one(void **state)
{
	struct cp_paths *paths = new_paths(1, 4);
	struct cp_addr a = addr_of('A'), b = addr_of('B');
	struct cp_event late = event_of(0, &a, CP_REPLY_TIME_EXCEEDED), timely = late;
	struct cp_path path;

	(void)state;
	late.tx_ns = 0;
	late.flags = CP_EV_LATE;
	assert_int_equal(cp_paths_reply(paths, &late, dest()), CP_REPLY_NEW);
	assert_int_equal(cp_paths_reply(paths, &late, dest()), CP_REPLY_DUP);
	timely.from = b;
	assert_int_equal(cp_paths_reply(paths, &timely, dest()), CP_REPLY_DUP);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.hops[0].rtt_us, 0);
	assert_int_equal(path.hops[0].flags, CP_HOP_LATE | CP_HOP_OTHER_ADDR);
	timely.from = a;
	timely.rx_ns += 2000000;
	assert_int_equal(cp_paths_reply(paths, &timely, dest()), CP_REPLY_DUP);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.hops[0].rtt_us, 7000);
	assert_int_equal(path.hops[0].flags, CP_HOP_OTHER_ADDR);
	timely.rx_ns += 2000000;
	assert_int_equal(cp_paths_reply(paths, &timely, dest()), CP_REPLY_DUP);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.hops[0].rtt_us, 7000);
	cp_paths_free(paths);
}

static void round_trip_times(void **state)
{
	static const struct {
		uint64_t tx_ns, rx_ns;
		uint32_t rtt_us;
	} rows[] = {
	        {T0, T0 + 1000, 1},
	        {T0, T0 + 1999, 1},
	        {T0, T0 + 2000, 2},
	        {T0, T0 + 999, 1}, /* known, so not the 0 of "unknown" */
	        {T0, T0, 1},
	        {T0, T0 - 1, 1},
	        {T0, T0 + UINT32_MAX * 1000ull, UINT32_MAX},
	        {T0, T0 + UINT32_MAX * 1000ull + 1000, 0},
	        {1, UINT64_MAX, 0},
	        {0, T0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cp_paths *paths = new_paths(1, 1);
		struct cp_addr a = addr_of('A');
		struct cp_event event = event_of(0, &a, CP_REPLY_TIME_EXCEEDED);
		struct cp_path path;

		event.tx_ns = rows[i].tx_ns;
		event.rx_ns = rows[i].rx_ns;
		cp_paths_reply(paths, &event, dest());
		cp_paths_get(paths, 0, GAP, &path);
		if (path.hops[0].rtt_us != rows[i].rtt_us)
			fail_msg("row %zu: %u us, not %u", i, path.hops[0].rtt_us, rows[i].rtt_us);
		cp_paths_free(paths);
	}
}

/* Label stacks and long round trips are rare and kept aside, each with its own slot. */
static void label_stacks(void **state)
{
	struct cp_paths *paths = new_paths(1, CP_TTL_MAX);
	struct cp_addr a = addr_of('A');
	struct cp_path path;

	(void)state;
	for (uint32_t slot = 0; slot < CP_TTL_MAX; slot++) {
		struct cp_event event = event_of(slot, &a, CP_REPLY_TIME_EXCEEDED);

		/* What lies behind the stack is not part of it. */
		for (uint32_t i = 0; i < CP_MPLS_MAX; i++)
			event.mpls[i] = slot / 10 * 4096 + i + 1;
		event.n_mpls = (uint8_t)(slot % (CP_MPLS_MAX + 2));
		event.rx_ns += slot % 3 ? 0 : 5000000000ull;
		assert_int_equal(cp_paths_reply(paths, &event, dest()), CP_REPLY_NEW);
	}
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.n_hops, CP_TTL_MAX);
	for (uint32_t slot = 0; slot < CP_TTL_MAX; slot++) {
		uint32_t n = slot % (CP_MPLS_MAX + 2) < CP_MPLS_MAX ? slot % (CP_MPLS_MAX + 2) : CP_MPLS_MAX;

		assert_int_equal(path.hops[slot].n_mpls, n);
		for (uint32_t i = 0; i < CP_MPLS_MAX; i++)
			assert_int_equal(path.hops[slot].mpls[i], i < n ? slot / 10 * 4096 + i + 1 : 0);
		assert_int_equal(path.hops[slot].rtt_us, slot % 3 ? 5000 : 5005000);
		assert_memory_equal(&path.hops[slot].addr, &a, sizeof(a));
	}
	cp_paths_free(paths);
}

/* What a late reply said stays, when the newer one adds its round trip, be it short or long. */
static void label_stack_of_a_late_reply(void **state)
{
	static const uint64_t rtts_us[] = {1, 4194302, 4194303, 4194304, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(rtts_us) / sizeof(rtts_us[0]); i++) {
		struct cp_paths *paths = new_paths(1, 2);
		struct cp_addr a = addr_of('A');
		struct cp_event event = event_of(0, &a, CP_REPLY_TIME_EXCEEDED);
		struct cp_path path;

		event.tx_ns = 0;
		event.flags = CP_EV_LATE | CP_EV_QUOTE_MODIFIED;
		event.n_mpls = 1;
		event.mpls[0] = 77;
		assert_int_equal(cp_paths_reply(paths, &event, dest()), CP_REPLY_NEW);
		event = event_of(0, &a, CP_REPLY_TIME_EXCEEDED);
		event.rx_ns = T0 + rtts_us[i] * 1000;
		assert_int_equal(cp_paths_reply(paths, &event, dest()), CP_REPLY_DUP);
		cp_paths_get(paths, 0, GAP, &path);
		assert_int_equal(path.hops[0].rtt_us, rtts_us[i]);
		assert_int_equal(path.hops[0].flags, CP_HOP_QUOTE_MODIFIED);
		assert_int_equal(path.hops[0].n_mpls, 1);
		assert_int_equal(path.hops[0].mpls[0], 77);
		cp_paths_free(paths);
	}
}

/* Whatever is expected of a path, every slot has a place of its own. */
static void expectations_change_nothing(void **state)
{
	struct cp_shape shape = {.n_dests = 14, .n_flows = 1, .n_ttls = 12, .first_ttl = 3};
	struct cp_paths *paths;

	(void)state;
	assert_int_equal(cp_paths_new(&shape, &paths), 0);
	for (uint32_t n = 0; n < shape.n_dests; n++) {
		if (n > 0)
			cp_paths_expect(paths, n, n + 1);
		/* Said too late, or twice. */
		cp_paths_sent(paths, n * 12 + 11 - n % 12, 0);
		cp_paths_expect(paths, n, 14);
		for (uint32_t i = 0; i < 12; i++)
			reply(paths, n * 12 + i * 5 % 12, n * 12 + i * 5 % 12 + 1, CP_REPLY_TIME_EXCEEDED);
	}
	for (uint32_t slot = 0; slot < cp_shape_slots(&shape); slot++) {
		struct cp_addr want = addr_of(slot + 1);
		struct cp_path path;

		cp_paths_get(paths, slot / 12, GAP, &path);
		assert_int_equal(path.n_hops, 12);
		assert_int_equal(path.n_probes, 1);
		assert_memory_equal(&path.hops[slot % 12].addr, &want, sizeof(want));
		assert_int_equal(cp_paths_attempts(paths, slot), slot % 12 == 11 - slot / 12 % 12);
		assert_true(cp_paths_answered(paths, slot / 12) == 0xfff);
	}
	cp_paths_free(paths);
}

static void attempts_are_counted(void **state)
{
	struct cp_paths *paths = new_paths(1, 4);
	struct cp_path path;

	(void)state;
	assert_false(cp_paths_sent_in(paths, 0, 0));
	for (uint32_t slot = 0; slot < 4; slot++) {
		for (uint32_t n = 0; n <= slot; n++)
			cp_paths_sent(paths, slot, n);
	}
	reply(paths, 2, 'C', CP_REPLY_TIME_EXCEEDED);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.n_probes, 1 + 2 + 3 + 4); /* also of what lies behind the last hop */
	assert_int_equal(path.n_hops, 3);
	for (uint32_t slot = 0; slot < 4; slot++) {
		assert_int_equal(cp_paths_attempts(paths, slot), slot + 1);
		assert_true(cp_paths_sent_in(paths, slot, slot));
		assert_false(cp_paths_sent_in(paths, slot, slot + 1));
	}
	assert_int_equal(cp_paths_reply_ttl(paths, 2), 60);
	assert_int_equal(cp_paths_reply_ttl(paths, 3), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(path.hops[i].attempts, i + 1);
	cp_paths_free(paths);
}

/* ---- Shapes ---- */

static void first_ttl_above_one(void **state)
{
	struct cp_paths *paths = new_paths(5, 10);
	struct cp_path path;

	(void)state;
	play(paths, 0, "*B*D$");
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.n_hops, 5);
	assert_int_equal(path.hops[0].ttl, 5);
	assert_int_equal(path.hops[4].ttl, 9);
	assert_int_equal(path.end, CP_END_REACHED);
	assert_int_equal(cp_paths_end_ttl(paths, 0), 9);
	assert_int_equal(cp_paths_last_ttl(paths, 0), 8);
	cp_paths_free(paths);

	paths = new_paths(5, 10);
	assert_int_equal(cp_paths_last_ttl(paths, 0), 0);
	play(paths, 0, "A");
	assert_int_equal(cp_paths_last_ttl(paths, 0), 5);
	cp_paths_free(paths);
}

static void the_longest_path(void **state)
{
	struct cp_paths *paths = new_paths(1, CP_TTL_MAX);
	struct cp_path path;

	(void)state;
	for (uint32_t i = 0; i < CP_TTL_MAX; i++)
		reply(paths, i, i + 1, CP_REPLY_TIME_EXCEEDED);
	cp_paths_get(paths, 0, GAP, &path);
	assert_int_equal(path.n_hops, CP_TTL_MAX);
	assert_int_equal(path.end, CP_END_MAX_TTL);
	assert_int_equal(path.hops[CP_TTL_MAX - 1].ttl, CP_TTL_MAX);
	cp_paths_free(paths);
}

static void flows_are_kept_apart(void **state)
{
	static const char *const scripts[6] = {"AB$", "AXY$", "", "!", "ABA", "ABCDEFGH"};
	static const uint8_t ends_of[6] = {
	        CP_END_REACHED, CP_END_REACHED, CP_END_GAP, CP_END_UNREACHABLE, CP_END_LOOP, CP_END_MAX_TTL};
	struct cp_shape shape = {.n_dests = 2, .n_flows = 3, .n_ttls = 8, .first_ttl = 1};
	struct cp_paths *paths;
	struct cp_path path;

	(void)state;
	assert_int_equal(cp_shape_slots(&shape), 48);
	assert_int_equal(cp_paths_new(&shape, &paths), 0);
	for (uint32_t n = 0; n < 6; n++)
		play(paths, n * 8, scripts[n]);
	for (uint32_t n = 0; n < 6; n++) {
		assert_int_equal(cp_shape_path(&shape, n * 8), n);
		assert_int_equal(cp_shape_path(&shape, n * 8 + 7), n);
		assert_int_equal(cp_shape_ttl(&shape, n * 8), 1);
		assert_int_equal(cp_shape_ttl(&shape, n * 8 + 7), 8);
		cp_paths_get(paths, n, GAP, &path);
		assert_int_equal(path.dest, n / 3);
		assert_int_equal(path.flow, n % 3);
		assert_int_equal(path.end, ends_of[n]);
	}
	cp_paths_free(paths);
}

/* Every slot another address, both families; each is found again after the table has grown several times. */
static void thousands_of_addresses(void **state)
{
	enum { TTLS = 32, DESTS = 300 };
	struct cp_shape shape = {.n_dests = DESTS, .n_flows = 1, .n_ttls = TTLS, .first_ttl = 1};
	struct cp_paths *paths;
	struct cp_path path;

	(void)state;
	assert_int_equal(cp_paths_new(&shape, &paths), 0);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t slot = 0; slot < DESTS * TTLS; slot++) {
			struct cp_addr from = addr_of(slot + 1);
			struct cp_event event;

			if (slot % 2)
				from.b[0] = 0x20;
			event = event_of(slot, &from, CP_REPLY_TIME_EXCEEDED);
			assert_int_equal(
			        cp_paths_reply(paths, &event, dest()), round == 0 ? CP_REPLY_NEW : CP_REPLY_DUP);
		}
	}
	for (uint32_t n = 0; n < DESTS; n++) {
		cp_paths_get(paths, n, GAP, &path);
		assert_int_equal(path.n_hops, TTLS);
		for (uint32_t i = 0; i < TTLS; i++) {
			struct cp_addr want = addr_of(n * TTLS + i + 1);

			if ((n * TTLS + i) % 2)
				want.b[0] = 0x20;
			assert_memory_equal(&path.hops[i].addr, &want, sizeof(want));
			/* A duplicate from the same address is no other address. */
			assert_int_equal(path.hops[i].flags, 0);
		}
	}
	cp_paths_free(paths);
}

static void end_names(void **state)
{
	(void)state;
	assert_string_equal(cp_end_name(CP_END_REACHED), "reached");
	assert_string_equal(cp_end_name(CP_END_UNREACHABLE), "unreachable");
	assert_string_equal(cp_end_name(CP_END_LOOP), "loop");
	assert_string_equal(cp_end_name(CP_END_GAP), "gap");
	assert_string_equal(cp_end_name(CP_END_MAX_TTL), "max-ttl");
	assert_string_equal(cp_end_name(CP_END_INTERRUPTED), "interrupted");
	cp_paths_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(ends),
	        cmocka_unit_test(gap_or_max_ttl),
	        cmocka_unit_test(loops),
	        cmocka_unit_test(unreachable_from_router_or_destination),
	        cmocka_unit_test(end_kind_is_that_of_the_nearest_answer),
	        cmocka_unit_test(first_reply_wins),
	        cmocka_unit_test(flags_of_the_event_reach_the_hop),
	        cmocka_unit_test(newer_answer_completes_a_late_one),
	        cmocka_unit_test(round_trip_times),
	        cmocka_unit_test(label_stacks),
	        cmocka_unit_test(label_stack_of_a_late_reply),
	        cmocka_unit_test(expectations_change_nothing),
	        cmocka_unit_test(attempts_are_counted),
	        cmocka_unit_test(first_ttl_above_one),
	        cmocka_unit_test(the_longest_path),
	        cmocka_unit_test(flows_are_kept_apart),
	        cmocka_unit_test(thousands_of_addresses),
	        cmocka_unit_test(end_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
