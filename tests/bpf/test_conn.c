// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_conn.c: how the TCP connections of SACK probing are opened, what is
 * sent in them, and how they are ended. Needs root.
 */
#include "conn_lab.h"

/* ---- The handshake ---- */

static void check_opens(const struct flow *flow)
{
	const struct cp_conn want = {
	        .state = CP_CONN_OPEN, .iss = flow->scout.token, .irs = LAB_SERVER_SEQ, .hint_ttl = 64 - 55 + 1};
	uint64_t stats[CP_STAT_MAX] = {[CP_STAT_RX_MATCHED] = 1, [CP_STAT_RX_ACK_SENT] = 1, [CP_STAT_CONN_OPENED] = 1};
	struct lab_frame f;

	lab_tcp_frame(&f, &flow->scout, LAB_SYN | LAB_ACK, 0, 20);
	expect_answered(flow, &f, LAB_ACK);
	expect_event(flow, TOP, server_event(flow, CP_REPLY_SYN_ACK));
	assert_memory_equal(flow->conn, &want, sizeof(want));
	lab_expect_stats(flow->lab, stats);
	/* The server did not see the ACK. */
	expect_answered(flow, &f, LAB_ACK);
	expect_event(flow, TOP, server_event(flow, CP_REPLY_SYN_ACK));
	assert_memory_equal(flow->conn, &want, sizeof(want));
	stats[CP_STAT_RX_MATCHED]++;
	stats[CP_STAT_RX_ACK_SENT]++;
	lab_expect_stats(flow->lab, stats);
}

static void a_permitting_syn_ack_opens(void **state)
{
	in_all_ways(state, check_opens);
}

static void check_second_syn_ack(const struct flow *flow)
{
	uint32_t slot = slot_of(flow, 2);
	struct flow other = *flow;
	struct cp_conn before;
	struct lab_frame f;

	open_conn(flow);
	before = *flow->conn;
	/* Of another instance of the server, with other numbers. */
	lab_tcp_frame(&f, &flow->scout, LAB_SYN | LAB_ACK, 0, 20);
	f.b[LAB_ETH_LEN + lab_ip_len(flow->scout.kind) + 7] ^= 1;
	expect_answered(flow, &f, LAB_RST);
	/* Of a SYN that was sent beside the scout. */
	other.scout = lab_probe_of(flow->lab, slot);
	flow->lab->sent[slot] = lab_stamp(flow->lab, slot, 0);
	lab_tcp_frame(&f, &other.scout, LAB_SYN | LAB_ACK, 0, 20);
	expect_answered(&other, &f, LAB_RST);
	assert_memory_equal(flow->conn, &before, sizeof(before));
	lab_expect_stats(flow->lab, (const uint64_t[CP_STAT_MAX]){[CP_STAT_RX_MATCHED] = 2, [CP_STAT_RX_RST_SENT] = 2});
}

static void a_flow_has_one_connection(void **state)
{
	in_all_ways(state, check_second_syn_ack);
}

static void check_not_permitted(const struct flow *flow)
{
	struct lab_frame f;

	for (uint32_t n_options = 0; n_options <= 20; n_options += 20) {
		/* The second one comes too late, permitted or not. */
		lab_tcp_frame(&f, &flow->scout, LAB_SYN | LAB_ACK, 0, n_options);
		expect_answered(flow, &f, LAB_RST);
		expect_event(flow, TOP, server_event(flow, CP_REPLY_SYN_ACK));
		expect_state(flow, CP_CONN_NOT_PERMITTED);
	}
	lab_expect_stats(flow->lab, (const uint64_t[CP_STAT_MAX]){[CP_STAT_RX_MATCHED] = 2, [CP_STAT_RX_RST_SENT] = 2});
}

static void without_permission_there_is_none(void **state)
{
	in_all_ways(state, check_not_permitted);
}

static void check_closing(const struct flow *flow)
{
	struct lab_frame f;

	flow->lab->skel->bss->run.closing = 1;
	lab_tcp_frame(&f, &flow->scout, LAB_SYN | LAB_ACK, 0, 20);
	expect_answered(flow, &f, LAB_RST);
	expect_state(flow, CP_CONN_NONE);
	open_conn(flow);
	expect_answered(flow, &f, LAB_RST);
	lab_expect_stats(flow->lab, (const uint64_t[CP_STAT_MAX]){[CP_STAT_RX_MATCHED] = 2, [CP_STAT_RX_RST_SENT] = 2});
}

static void none_is_opened_while_closing(void **state)
{
	in_all_ways(state, check_closing);
}

static void check_not_for_sack(const struct flow *flow)
{
	struct lab_frame f;

	flow->lab->dests[flow->path / LAB_FLOWS].flags &= (uint8_t)~CP_DEST_SACK;
	lab_tcp_frame(&f, &flow->scout, LAB_SYN | LAB_ACK, 0, 20);
	expect_answered(flow, &f, LAB_RST);
	expect_state(flow, CP_CONN_NONE);
}

static void other_destinations_are_reset(void **state)
{
	in_all_ways(state, check_not_for_sack);
}

static void check_syn_refused(const struct flow *flow)
{
	uint32_t slot = slot_of(flow, 2);
	struct lab_probe other = lab_probe_of(flow->lab, slot);
	struct lab_frame f;

	lab_tcp_frame(&f, &flow->scout, LAB_RST | LAB_ACK, 0, 0);
	expect_fate(flow, &f, CONSUME);
	expect_state(flow, CP_CONN_NONE);
	expect_event(flow, TOP, server_event(flow, CP_REPLY_RST));
	open_conn(flow);
	flow->lab->sent[slot] = lab_stamp(flow->lab, slot, 0);
	lab_tcp_frame(&f, &other, LAB_RST | LAB_ACK, 0, 0);
	expect_fate(flow, &f, CONSUME);
	expect_event(flow, 2, server_event(flow, CP_REPLY_RST));
	expect_state(flow, CP_CONN_OPEN);
	/* What opened it is taken back. */
	lab_tcp_frame(&f, &flow->scout, LAB_RST | LAB_ACK, 0, 0);
	expect_fate(flow, &f, CONSUME);
	expect_event(flow, TOP, server_event(flow, CP_REPLY_RST));
	expect_state(flow, CP_CONN_PEER_CLOSED);
	lab_expect_only(flow->lab, CP_STAT_RX_MATCHED, 3);
}

static void a_reset_of_a_syn(void **state)
{
	in_all_ways(state, check_syn_refused);
}

static void check_hints(const struct flow *flow)
{
	static const uint8_t rows[][2] = {
	        {64, 1}, {63, 2}, {1, 64}, {65, 64}, {128, 1}, {127, 2}, {129, 127}, {255, 1}, {250, 6}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lab_frame f;

		memset(flow->conn, 0, sizeof(*flow->conn));
		lab_tcp_frame(&f, &flow->scout, LAB_SYN | LAB_ACK, 0, 20);
		f.b[LAB_ETH_LEN + (is_v6(flow) ? 7 : 8)] = rows[i][0];
		expect_fate(flow, &f, ANSWER);
		assert_int_equal(flow->conn->hint_ttl, rows[i][1]);
		assert_int_equal(lab_take_one(flow->lab).reply_ttl, rows[i][0]);
	}
}

static void the_distance_is_guessed(void **state)
{
	in_all_ways(state, check_hints);
}

/* ---- What is sent ---- */

static void expect_emitted(const struct flow *flow, const struct emitted *out, const struct lab_probe *probe)
{
	uint8_t host[CP_FRAME_MAX];
	struct lab_frame plain;

	lab_probe_frame(&plain, probe);
	assert_int_equal(out->len, plain.len);
	assert_memory_equal(out->frame, plain.b, out->len);
	assert_int_equal(host_build(flow->lab, flow->path / LAB_FLOWS, probe, host), out->len);
	assert_memory_equal(out->frame, host, out->len);
}

static void check_data(const struct flow *flow)
{
	uint32_t top = 0;

	open_conn(flow);
	for (uint32_t i = 0; i < LAB_TTLS * CP_ATTEMPTS_MAX; i++) {
		uint32_t ttl_index = i * 5 % LAB_TTLS, attempt = i / LAB_TTLS, id;
		struct lab_probe want = data_probe(flow, ttl_index, attempt);
		uint64_t before_ns = lab_now_ns(), now_ns;
		struct emitted out;
		uint32_t sent;

		id = cp_id_make(slot_of(flow, ttl_index), attempt);
		out = work_off(flow, CP_WORK_PROBE, id);
		expect_emitted(flow, &out, &want);
		sent = flow->lab->sent[cp_id_slot(id)];
		assert_int_equal(cp_sent_attempt(sent), attempt);
		now_ns = lab_now_ns();
		assert_in_range(cp_sent_ns(sent, now_ns), before_ns - LAB_UNIT_NS, now_ns);
		top = want.ttl > top ? want.ttl : top;
		assert_int_equal(flow->conn->top_sent, top);
	}
	expect_state(flow, CP_CONN_OPEN);
	lab_expect_only(flow->lab, CP_STAT_MAX, 0);
}

static void probes_of_an_open_connection_are_data(void **state)
{
	in_all_ways(state, check_data);
}

static void check_syns(const struct flow *flow)
{
	struct lab_probe want = lab_probe_of(flow->lab, cp_id_make(slot_of(flow, 4), 3));
	struct emitted out;

	open_conn(flow);
	for (uint32_t s = CP_CONN_NONE; s <= CP_CONN_CLOSED; s++) {
		if (s == CP_CONN_OPEN)
			continue;
		flow->conn->state = s;
		out = work_off(flow, CP_WORK_PROBE, cp_id_make(slot_of(flow, 4), 3));
		expect_emitted(flow, &out, &want);
	}
	/* Nor has a destination a connection that is not to be probed so. */
	open_conn(flow);
	flow->lab->dests[flow->path / LAB_FLOWS].flags &= (uint8_t)~CP_DEST_SACK;
	out = work_off(flow, CP_WORK_PROBE, cp_id_make(slot_of(flow, 4), 3));
	expect_emitted(flow, &out, &want);
	assert_int_equal(flow->conn->top_sent, 0);
}

static void probes_are_syns_in_all_other_states(void **state)
{
	in_all_ways(state, check_syns);
}

/* Returns the state that is left. */
static enum cp_conn_state end_conn(const struct flow *flow, enum cp_work_op op, enum cp_conn_state from)
{
	uint64_t n = lab_stat(flow->lab, CP_STAT_TX_CLOSE);
	uint32_t before[LAB_SLOTS];
	struct lab_probe want = flow->scout;
	struct emitted out;

	want.role = LAB_ENDS;
	want.token++;
	want.ttl = 64;
	open_conn(flow);
	flow->conn->state = from;
	memcpy(before, flow->lab->sent, sizeof(before));
	out = work_off(flow, op, slot_of(flow, 5));
	if (from >= CP_CONN_OPEN)
		expect_emitted(flow, &out, &want);
	else
		assert_int_equal(out.len, 0);
	assert_memory_equal(flow->lab->sent, before, sizeof(before));
	assert_true(lab_stat(flow->lab, CP_STAT_TX_CLOSE) == n + 1);
	return flow->conn->state;
}

static void check_ends(const struct flow *flow)
{
	for (uint32_t s = CP_CONN_NONE; s <= CP_CONN_CLOSED; s++) {
		assert_int_equal(end_conn(flow, CP_WORK_CLOSE, s), s == CP_CONN_OPEN ? CP_CONN_CLOSED : s);
		assert_int_equal(end_conn(flow, CP_WORK_GIVE_UP, s), s == CP_CONN_OPEN ? CP_CONN_UNUSED : s);
	}
	lab_expect_only(flow->lab, CP_STAT_TX_CLOSE, 2 * (CP_CONN_CLOSED + 1));
	open_conn(flow);
	flow->lab->dests[flow->path / LAB_FLOWS].flags &= (uint8_t)~CP_DEST_SACK;
	assert_int_equal(work_off(flow, CP_WORK_CLOSE, slot_of(flow, 5)).len, 0);
	expect_state(flow, CP_CONN_OPEN);
	lab_expect_only(flow->lab, CP_STAT_TX_CLOSE, 2 * (CP_CONN_CLOSED + 1) + 1);
}

static void connections_are_reset(void **state)
{
	in_all_ways(state, check_ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_permitting_syn_ack_opens),
	        cmocka_unit_test(a_flow_has_one_connection),
	        cmocka_unit_test(without_permission_there_is_none),
	        cmocka_unit_test(none_is_opened_while_closing),
	        cmocka_unit_test(other_destinations_are_reset),
	        cmocka_unit_test(a_reset_of_a_syn),
	        cmocka_unit_test(the_distance_is_guessed),
	        cmocka_unit_test(probes_of_an_open_connection_are_data),
	        cmocka_unit_test(probes_are_syns_in_all_other_states),
	        cmocka_unit_test(connections_are_reset),
	};

	return cmocka_run_group_tests(tests, conn_setup, lab_teardown);
}
