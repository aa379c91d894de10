// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_guards.c: the emitter's last word: blocked prefixes, and budgets of a
 * destination's address and of its prefix. Needs root.
 */
#include "bpf_util.h"

/* Puts a piece of work on the ring and runs the emitter. */
static struct emitted work_off(struct lab *lab, enum emitter emitter, enum cp_work_op op, uint32_t id)
{
	lab_queue(lab, op, id);
	return emit(lab, emitter);
}

static bool is_any_stamped(const struct lab *lab)
{
	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++) {
		if (lab->sent[slot])
			return true;
	}
	return false;
}

static uint32_t slot_to(uint32_t dest)
{
	return dest * LAB_SLOTS_OF_DEST;
}

/* ---- Blocked prefixes ---- */

/* As cp_engine_block() does it: n_bits of 128, for IPv4 too. */
static void block(struct lab *lab, struct cp_addr first, uint32_t n_bits, bool v6)
{
	struct cp_block_key key = {.n_bits = 8 + n_bits, .family = v6 ? 6 : 4};
	uint8_t blocked = 1;

	memcpy(key.addr, &first, sizeof(key.addr));
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(lab->skel->maps.cp_blocks), &key, &blocked, 0), 0);
}

/* Bit d of blocked says that destination d must not be sent to, and all others must be. */
static void expect_blocked(struct lab *lab, uint32_t blocked)
{
	for (enum emitter emitter = TC; emitter <= XDP; emitter++) {
		for (uint32_t d = 0; d < LAB_DESTS; d++)
			lab->dests[d] = lab_dest(d);
		for (uint32_t i = 0; i < 2 * LAB_DESTS; i++) {
			uint32_t d = i % LAB_DESTS, flag = blocked >> d & 1 ? CP_DEST_BLOCKED : CP_DEST_CLEARED;
			uint64_t n = lab_stat(lab, CP_STAT_TX_BLOCKED);
			uint8_t want[CP_FRAME_MAX];
			struct emitted out;

			lab->sent[slot_to(d)] = 0;
			out = work_off(lab, emitter, CP_WORK_PROBE, slot_to(d));
			assert_int_equal(lab->dests[d].flags & (CP_DEST_BLOCKED | CP_DEST_CLEARED | CP_DEST_V6),
			        flag | (lab_is_v6(lab_kind_of(slot_to(d))) ? CP_DEST_V6 : 0));
			if (flag == CP_DEST_BLOCKED) {
				assert_int_equal(out.len, 0);
				assert_true(lab_stat(lab, CP_STAT_TX_BLOCKED) == n + 1);
				assert_true(lab->sent[slot_to(d)] == 0);
				continue;
			}
			assert_int_equal(out.len, host_frame(lab, slot_to(d), want));
			assert_memory_equal(out.frame, want, out.len);
			assert_true(lab->sent[slot_to(d)] != 0);
		}
	}
	lab_expect_only(lab, CP_STAT_TX_BLOCKED, lab_stat(lab, CP_STAT_TX_BLOCKED));
}

/* Destinations 0 to 2 and 6 to 8 have IPv4 addresses, 203.0.113.<number>; the others IPv6 ones. */
enum { ALL_V4 = 0x1c7, ALL_V6 = 0xe38 };

static void prefixes_block_what_they_hold(void **state)
{
	LAB_OR_SKIP(state);

	expect_blocked(lab, 0);
	block(lab, lab->dests[7].addr, 128, false);
	expect_blocked(lab, 1u << 7);
	block(lab, lab->dests[9].addr, 128, true);
	expect_blocked(lab, 1u << 7 | 1u << 9);
	/* 203.0.113.0/30; 6, 7 and 8 are outside. */
	block(lab, lab->dests[0].addr, 126, false);
	expect_blocked(lab, 1u << 7 | 1u << 9 | 7);
}

static void a_wider_prefix_holds_more(void **state)
{
	/* From 203.0.113.0/28 on, which holds all of them, to 203.0.113.0/32. */
	static const uint32_t held[] = {ALL_V4, 0x0c7, 0x007, 0x003, 0x001};
	LAB_OR_SKIP(state);

	for (uint32_t n_bits = 96; n_bits <= 128; n_bits++) {
		lab_reset(lab);
		block(lab, lab->dests[0].addr, n_bits, false);
		expect_blocked(lab, held[n_bits < 124 ? 0 : n_bits - 124]);
	}
}

/* Every IPv6 address and no IPv4 address, though those are kept as mapped ones; and the other way round. */
static void families_are_apart(void **state)
{
	const struct cp_addr any = {.b = {0}};
	LAB_OR_SKIP(state);

	block(lab, any, 0, true);
	block(lab, cp_addr_from_v4(0), 96, true);
	block(lab, lab->dests[1].addr, 128, true);
	expect_blocked(lab, ALL_V6);
	lab_reset(lab);
	block(lab, cp_addr_from_v4(0), 96, false);
	block(lab, lab->dests[3].addr, 128, false);
	expect_blocked(lab, ALL_V4);
}

static void nothing_of_a_connection_either(void **state)
{
	LAB_OR_SKIP(state);

	lab_use_sack(lab);
	block(lab, lab->dests[0].addr, 128, false);
	lab->conns[0] = (struct cp_conn){.state = CP_CONN_OPEN, .iss = 1, .irs = 2};
	for (enum cp_work_op op = CP_WORK_PROBE; op <= CP_WORK_GIVE_UP; op++) {
		assert_int_equal(work_off(lab, TC, op, 0).len, 0);
		assert_int_equal(work_off(lab, XDP, op, 0).len, 0);
	}
	lab_expect_only(lab, CP_STAT_TX_BLOCKED, 6);
	assert_false(is_any_stamped(lab));
	assert_int_equal(lab->conns[0].state, CP_CONN_OPEN);
}

/* ---- Budgets ---- */

/* So long that no time passes between two packets of a test. */
#define HOUR 3600000000000ull

/* Destinations 0 and 1 have budgets 0 and 1 of their own, and share budget 2 of their prefix; the rest has 3 and 4. */
static void set_rules(struct lab *lab, uint32_t host_ahead, uint32_t prefix_ahead)
{
	lab->skel->bss->run.host_rule = (struct cp_budget_rule){HOUR, host_ahead * HOUR};
	lab->skel->bss->run.prefix_rule = (struct cp_budget_rule){HOUR, prefix_ahead * HOUR};
	for (uint32_t d = 0; d < LAB_DESTS; d++) {
		lab->dests[d].host_budget = d < 2 ? d : 3;
		lab->dests[d].prefix_budget = d < 2 ? 2 : 4;
	}
}

static uint64_t budget(const struct lab *lab, uint32_t index)
{
	uint64_t due_ns;

	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(lab->skel->maps.cp_budgets), &index, &due_ns), 0);
	return due_ns;
}

/* n packets leave for a destination, each to another slot of it; whatever emitter's turn it is. */
static void expect_sent(struct lab *lab, uint32_t dest, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = slot_to(dest) + i;

		assert_true(work_off(lab, i % 2 ? TC : XDP, CP_WORK_PROBE, slot).len > 0);
		assert_true(lab->sent[slot] != 0);
	}
}

/* Neither sent nor stamped nor charged to anybody. */
static void expect_refused(struct lab *lab, uint32_t dest)
{
	uint32_t slot = slot_to(dest) + LAB_SLOTS_OF_DEST - 1;
	uint64_t before[LAB_BUDGETS];

	for (uint32_t b = 0; b < LAB_BUDGETS; b++)
		before[b] = budget(lab, b);
	for (enum emitter emitter = TC; emitter <= XDP; emitter++) {
		uint64_t n = lab_stat(lab, CP_STAT_TX_BUDGET);

		assert_int_equal(work_off(lab, emitter, CP_WORK_PROBE, slot).len, 0);
		assert_true(lab->sent[slot] == 0);
		assert_true(lab_stat(lab, CP_STAT_TX_BUDGET) == n + 1);
	}
	for (uint32_t b = 0; b < LAB_BUDGETS; b++)
		assert_true(budget(lab, b) == before[b]);
}

static void a_burst_then_nothing(void **state)
{
	LAB_OR_SKIP(state);

	for (uint32_t ahead = 0; ahead <= 6; ahead++) {
		lab_reset(lab);
		set_rules(lab, ahead, 100);
		/* One that is due, and so many ahead of time. */
		expect_sent(lab, 0, 1 + ahead);
		expect_refused(lab, 0);
		/* The neighbour has not sent anything. */
		expect_sent(lab, 1, 1 + ahead);
		expect_refused(lab, 1);
		lab_expect_only(lab, CP_STAT_TX_BUDGET, 4);
	}
}

static void neighbours_share_the_budget_of_their_prefix(void **state)
{
	LAB_OR_SKIP(state);

	set_rules(lab, 3, 4);
	expect_sent(lab, 0, 3);
	expect_sent(lab, 1, 2);
	expect_refused(lab, 0); /* though its own budget has one left */
	expect_refused(lab, 1);
	expect_sent(lab, 2, 4);
	expect_refused(lab, 2); /* its own; the prefix has one left */
	expect_refused(lab, 5);
	lab_expect_only(lab, CP_STAT_TX_BUDGET, 8);
}

/* What was not sent in time is not saved up. */
static void a_packet_moves_the_due_time_on(void **state)
{
	uint64_t before_ns, host, prefix;
	LAB_OR_SKIP(state);

	for (enum emitter emitter = TC; emitter <= XDP; emitter++) {
		set_rules(lab, 1, 1);
		lab_set_budget(lab, 0, 5);
		lab_set_budget(lab, 2, 0);
		before_ns = lab_now_ns();
		assert_true(work_off(lab, emitter, CP_WORK_PROBE, slot_to(0)).len > 0);
		host = budget(lab, 0);
		prefix = budget(lab, 2);
		assert_in_range(host, before_ns + HOUR, lab_now_ns() + HOUR);
		assert_true(host == prefix);
		assert_true(work_off(lab, emitter, CP_WORK_PROBE, slot_to(0)).len > 0);
		assert_true(budget(lab, 0) == host + HOUR && budget(lab, 2) == prefix + HOUR);
		expect_refused(lab, 0);
	}
	assert_true(budget(lab, 1) == 0 && budget(lab, 3) == 0);
}

static void time_heals(void **state)
{
	LAB_OR_SKIP(state);

	set_rules(lab, 2, 100);
	expect_sent(lab, 0, 3);
	expect_refused(lab, 0);
	lab_set_budget(lab, 0, budget(lab, 0) - HOUR);
	expect_sent(lab, 0, 1);
	expect_refused(lab, 0);
}

static void no_rule_no_limit(void **state)
{
	LAB_OR_SKIP(state);

	set_rules(lab, 0, 0);
	lab->skel->bss->run.host_rule.interval_ns = 0;
	lab_set_budget(lab, 0, UINT64_MAX);
	expect_sent(lab, 0, 1);
	expect_refused(lab, 1);
	lab->skel->bss->run.prefix_rule.interval_ns = 0;
	lab_set_budget(lab, 2, UINT64_MAX);
	expect_sent(lab, 1, LAB_SLOTS_OF_DEST);
	assert_true(budget(lab, 0) == UINT64_MAX && budget(lab, 1) == 0 && budget(lab, 2) == UINT64_MAX);
}

/* A server is not left waiting because the budget is spent. */
static void resets_of_connections_are_free(void **state)
{
	uint64_t want[CP_STAT_MAX] = {[CP_STAT_TX_CLOSE] = 2, [CP_STAT_TX_BUDGET] = 2};
	LAB_OR_SKIP(state);

	lab_use_sack(lab);
	set_rules(lab, 0, 100);
	lab->conns[0] = (struct cp_conn){.state = CP_CONN_OPEN, .iss = 1, .irs = 2};
	expect_sent(lab, 0, 1);
	expect_refused(lab, 0);
	for (enum emitter emitter = TC; emitter <= XDP; emitter++) {
		uint64_t due_ns = budget(lab, 0);

		assert_true(work_off(lab, emitter, CP_WORK_CLOSE, 0).len > 0);
		assert_true(budget(lab, 0) == due_ns);
	}
	lab_expect_stats(lab, want);
}

static int setup(void **state)
{
	return lab_open(state, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(prefixes_block_what_they_hold),
	        cmocka_unit_test(a_wider_prefix_holds_more),
	        cmocka_unit_test(families_are_apart),
	        cmocka_unit_test(nothing_of_a_connection_either),
	        cmocka_unit_test(a_burst_then_nothing),
	        cmocka_unit_test(neighbours_share_the_budget_of_their_prefix),
	        cmocka_unit_test(a_packet_moves_the_due_time_on),
	        cmocka_unit_test(time_heals),
	        cmocka_unit_test(no_rule_no_limit),
	        cmocka_unit_test(resets_of_connections_are_free),
	};

	return cmocka_run_group_tests(tests, setup, lab_teardown);
}
