// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_conn_replies.c: what routers and servers answer to probes in TCP
 * connections: quotes, acknowledgements, and all else. Needs root.
 */
#include "conn_lab.h"

/* ---- Quotes of routers ---- */

static void make_quote(const struct flow *flow, const struct lab_probe *probe, struct lab_frame *ret_frame)
{
	const struct lab_icmp icmp = {.from = LAB_ROUTER, .type = is_v6(flow) ? 3 : 11, .quoted_ttl = 1};

	lab_icmp_frame(ret_frame, &icmp, probe);
}

static struct cp_event router_event(const struct flow *flow, uint8_t attempt, uint8_t flags)
{
	return (struct cp_event){.from = lab_addr(is_v6(flow), LAB_ROUTER),
	        .kind = CP_REPLY_TIME_EXCEEDED,
	        .icmp_type = is_v6(flow) ? 3 : 11,
	        .reply_ttl = 250,
	        .quoted_ttl = 1,
	        .attempt = attempt,
	        .flags = flags};
}

static void check_quotes(const struct flow *flow)
{
	uint64_t n = 0;

	open_conn(flow);
	for (uint32_t i = 0; i < LAB_TTLS * CP_ATTEMPTS_MAX; i++) {
		uint32_t ttl_index = i % LAB_TTLS, attempt = i / LAB_TTLS, latest = attempt < 4 ? 4 : attempt;
		struct lab_probe probe = data_probe(flow, ttl_index, attempt);
		struct lab_frame f;

		stamp(flow, ttl_index, latest);
		make_quote(flow, &probe, &f);
		expect_fate(flow, &f, CONSUME);
		expect_event(flow, ttl_index, router_event(flow, (uint8_t)attempt, attempt < latest ? CP_EV_LATE : 0));
		n++;
	}
	lab_expect_only(flow->lab, CP_STAT_RX_MATCHED, n);
	assert_int_equal(flow->conn->sacked, 0);
}

static void quotes_of_data_name_the_probe(void **state)
{
	in_all_ways(state, check_quotes);
}

static void check_quotes_in_states(const struct flow *flow)
{
	struct lab_probe probe = data_probe(flow, 3, 1);
	struct lab_frame f;

	open_conn(flow);
	stamp(flow, 3, 1);
	make_quote(flow, &probe, &f);
	for (uint32_t s = CP_CONN_NONE; s <= CP_CONN_CLOSED; s++) {
		flow->conn->state = s;
		/* What was sent is still on its way when the connection ends. */
		if (s < CP_CONN_OPEN) {
			expect_passed(flow, &f, CP_STAT_REJ_TOKEN);
		} else {
			expect_fate(flow, &f, CONSUME);
			expect_event(flow, 3, router_event(flow, 1, 0));
		}
		expect_state(flow, s);
	}
}

static void quotes_outlive_the_connection(void **state)
{
	in_all_ways(state, check_quotes_in_states);
}

/* As stamp(), and the first probe of the next path too, which the TTL behind the last one must not name. */
static void stamp_with_next(const struct flow *flow, uint32_t ttl_index, uint32_t attempt)
{
	stamp(flow, ttl_index, attempt);
	flow->lab->sent[slot_of(flow, LAB_TTLS)] = lab_stamp(flow->lab, slot_of(flow, LAB_TTLS), 0);
}

static void expect_quote_passed(const struct flow *flow, const struct lab_probe *probe)
{
	struct lab_frame f;

	make_quote(flow, probe, &f);
	expect_passed(flow, &f, CP_STAT_REJ_TOKEN);
}

static void check_false_quotes(const struct flow *flow)
{
	struct lab_probe probe;

	open_conn(flow);
	stamp_with_next(flow, 3, 1);
	probe = data_probe(flow, 3, 2); /* an attempt that was not made */
	expect_quote_passed(flow, &probe);
	probe = data_probe(flow, 4, 0); /* a TTL that was not asked */
	expect_quote_passed(flow, &probe);
	probe = data_probe(flow, LAB_TTLS, 0); /* one that the run does not have */
	expect_quote_passed(flow, &probe);
	probe = data_probe(flow, 3, 1);
	probe.token++;
	expect_quote_passed(flow, &probe);
	probe = data_probe(flow, 3, 1);
	probe.dport ^= 1;
	expect_quote_passed(flow, &probe);
	probe = data_probe(flow, 3, 1);
	probe.dst ^= 1;
	expect_quote_passed(flow, &probe);
	/* The port of another of our flows, which has no connection. */
	probe = data_probe(flow, 3, 1);
	probe.sport = (uint16_t)(LAB_PORT_BASE + (flow->path + 1) % LAB_FLOWS);
	expect_quote_passed(flow, &probe);
}

static void quotes_of_what_was_not_sent(void **state)
{
	in_all_ways(state, check_false_quotes);
}

static void check_nat(const struct flow *flow)
{
	struct lab_probe probe = data_probe(flow, 3, 1);
	uint8_t *id;
	struct lab_frame f;

	open_conn(flow);
	stamp(flow, 3, 1);
	make_quote(flow, &probe, &f);
	if (!is_v6(flow)) {
		id = f.b + LAB_ETH_LEN + 20 + 8 + 4;
		id[1] ^= 1;
		expect_fate(flow, &f, CONSUME);
		expect_event(flow, 3, router_event(flow, 1, CP_EV_QUOTE_MODIFIED));
	}
	probe.sport = 1024;
	make_quote(flow, &probe, &f);
	if (is_v6(flow)) {
		/* Nothing stands in for the port, and without it it is somebody else's. */
		expect_passed(flow, &f, CP_STAT_MAX);
		return;
	}
	expect_fate(flow, &f, CONSUME);
	expect_event(flow, 3, router_event(flow, 1, CP_EV_QUOTE_MODIFIED));
	id = f.b + LAB_ETH_LEN + 20 + 8 + 4;
	id[1] ^= 1;
	expect_passed(flow, &f, CP_STAT_MAX);
	lab_expect_only(flow->lab, CP_STAT_RX_MATCHED, 2);
}

static void quotes_from_behind_a_nat(void **state)
{
	in_all_ways(state, check_nat);
}

/* ---- Segments of the server ---- */

static void check_sack(const struct flow *flow)
{
	uint64_t n = 0;

	open_conn(flow);
	for (uint32_t i = 0; i < LAB_TTLS * CP_ATTEMPTS_MAX; i++) {
		uint32_t ttl_index = i % LAB_TTLS, attempt = i / LAB_TTLS, latest = attempt < 4 ? 4 : attempt;
		struct cp_event want = server_event(flow, CP_REPLY_SACK);
		struct lab_frame f;

		stamp(flow, ttl_index, latest);
		lab_sack_frame(&f, &flow->scout, data_seq(flow, ttl_index, attempt));
		expect_fate(flow, &f, CONSUME);
		want.attempt = (uint8_t)attempt;
		want.flags = attempt < latest ? CP_EV_LATE : 0;
		expect_event(flow, ttl_index, want);
		assert_int_equal(flow->conn->sacked, 1);
		n++;
	}
	expect_state(flow, CP_CONN_OPEN);
	lab_expect_only(flow->lab, CP_STAT_RX_MATCHED, n);
}

static void sack_names_the_probe(void **state)
{
	in_all_ways(state, check_sack);
}

/* The event is of the slot's latest probe, which left in between: exact to a unit. */
static void expect_timed(const struct flow *flow, const struct cp_event *event, uint64_t before_ns, uint64_t after_ns)
{
	assert_true(event->tx_ns == cp_sent_ns(flow->lab->sent[event->slot], event->rx_ns));
	assert_in_range(event->tx_ns, before_ns - LAB_UNIT_NS, after_ns + LAB_UNIT_NS);
	assert_true(event->rx_ns >= event->tx_ns);
}

/* Emitted, acknowledged and timed, from the scout on. */
static void check_round_trip(const struct flow *flow)
{
	uint64_t before_ns = lab_now_ns(), after_ns;
	struct cp_event event;
	struct lab_frame f;

	work_off(flow, CP_WORK_PROBE, slot_of(flow, TOP));
	after_ns = lab_now_ns();
	lab_tcp_frame(&f, &flow->scout, LAB_SYN | LAB_ACK, 0, 20);
	expect_answered(flow, &f, LAB_ACK);
	event = lab_take_one(flow->lab);
	assert_int_equal(event.slot, slot_of(flow, TOP));
	expect_timed(flow, &event, before_ns, after_ns);
	before_ns = lab_now_ns();
	work_off(flow, CP_WORK_PROBE, cp_id_make(slot_of(flow, 6), 2));
	after_ns = lab_now_ns();
	lab_sack_frame(&f, &flow->scout, data_seq(flow, 6, 2));
	expect_fate(flow, &f, CONSUME);
	event = lab_take_one(flow->lab);
	assert_int_equal(event.slot, slot_of(flow, 6));
	assert_int_equal(event.attempt, 2);
	assert_int_equal(event.kind, CP_REPLY_SACK);
	expect_timed(flow, &event, before_ns, after_ns);
}

static void the_whole_way(void **state)
{
	in_all_ways(state, check_round_trip);
}

static void check_several_blocks(const struct flow *flow)
{
	struct lab_segment segment = {.seq = LAB_SERVER_SEQ + 1,
	        .ack = flow->scout.token + 1,
	        .flags = LAB_ACK,
	        .options = {1, 1, 5, 26},
	        .n_options = 28};
	struct lab_frame f;

	open_conn(flow);
	stamp(flow, 2, 0);
	stamp(flow, 5, 0);
	/* The one that triggered it is first: the duplicate of 5 (RFC 2883). */
	for (uint32_t i = 0; i < 3; i++) {
		lab_set32(segment.options + 4 + i * 8, data_seq(flow, i == 1 ? 2 : 5, 0));
		lab_set32(segment.options + 8 + i * 8, data_seq(flow, i == 1 ? 2 : 5, 0) + 1);
	}
	lab_segment_frame(&f, &flow->scout, &segment);
	expect_fate(flow, &f, CONSUME);
	expect_event(flow, 5, server_event(flow, CP_REPLY_SACK));
}

static void the_first_block_counts(void **state)
{
	in_all_ways(state, check_several_blocks);
}

static void check_forged_blocks(const struct flow *flow)
{
	const uint32_t lefts[] = {
	        data_seq(flow, 3, 2), /* an attempt that was not made */
	        data_seq(flow, 4, 0), /* a TTL that was not asked */
	        data_seq(flow, LAB_TTLS, 0), /* one that the run does not have */
	        data_seq(flow, 3, 1) + 1,
	        data_seq(flow, 3, 1) - 1,
	        flow->scout.token,
	        flow->scout.token + 1,
	        data_seq(flow, 63, 7) + 2,
	        data_seq(flow, 3, 1) ^ 0x80000000,
	};
	const uint32_t n = sizeof(lefts) / sizeof(lefts[0]);
	struct cp_conn before;
	struct lab_frame f;

	open_conn(flow);
	stamp_with_next(flow, 3, 1);
	before = *flow->conn;
	for (uint32_t i = 0; i < n; i++) {
		lab_sack_frame(&f, &flow->scout, lefts[i]);
		expect_fate(flow, &f, CONSUME);
		expect_no_event(flow->lab);
	}
	assert_memory_equal(flow->conn, &before, sizeof(before));
	lab_expect_only(flow->lab, CP_STAT_REJ_UNSENT, n);
}

static void forged_blocks_prove_nothing(void **state)
{
	in_all_ways(state, check_forged_blocks);
}

static void check_other_numbers(const struct flow *flow)
{
	static const uint8_t all_flags[] = {LAB_ACK, LAB_ACK | LAB_PSH, LAB_ACK | LAB_FIN};
	struct lab_probe off = flow->scout;
	struct lab_frame f;

	open_conn(flow);
	stamp(flow, 3, 1);
	for (uint32_t bit = 0; bit < 32; bit++) {
		make_segment(flow, all_flags[bit % 3], 0, 1u << bit, bit % 2, &f);
		expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
		off.token = flow->scout.token + (1u << bit);
		lab_sack_frame(&f, &off, data_seq(flow, 3, 1));
		expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
	}
	/* A reset behind the window, one before it. */
	make_segment(flow, LAB_RST, 0x10000, 0, 0, &f);
	expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
	make_segment(flow, LAB_RST, 0xffffffff, 0, 0, &f);
	expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
	make_segment(flow, LAB_RST | LAB_ACK, 0x10000, 77, 0, &f);
	expect_passed(flow, &f, CP_STAT_REJ_TOKEN);
	make_segment(flow, LAB_SYN | LAB_ACK, 0, 77, 0, &f);
	expect_passed(flow, &f, CP_STAT_REJ_TOKEN);
}

static void segments_with_other_numbers_pass(void **state)
{
	in_all_ways(state, check_other_numbers);
}

static void check_bare(const struct flow *flow)
{
	struct lab_frame f;

	open_conn(flow);
	make_segment(flow, LAB_ACK, 0, 0, 0, &f);
	/* A window update, a keep-alive: nothing was sent that it could acknowledge. */
	expect_fate(flow, &f, CONSUME);
	expect_state(flow, CP_CONN_OPEN);
	/* Acknowledged before, so it can be. */
	stamp(flow, 3, 0);
	flow->conn->sacked = 1;
	expect_fate(flow, &f, CONSUME);
	expect_state(flow, CP_CONN_OPEN);
	flow->conn->sacked = 0;
	expect_answered(flow, &f, LAB_RST);
	expect_state(flow, CP_CONN_UNUSED);
	expect_no_event(flow->lab);
	lab_expect_stats(flow->lab, (const uint64_t[CP_STAT_MAX]){[CP_STAT_RX_STREAM] = 3, [CP_STAT_RX_RST_SENT] = 1});
}

static void a_bare_acknowledgement_of_data_ends_it(void **state)
{
	in_all_ways(state, check_bare);
}

static void check_stream(const struct flow *flow)
{
	static const uint32_t sizes[] = {1, 6, 100, 500};
	struct lab_frame f;

	open_conn(flow);
	stamp(flow, 3, 0);
	for (uint32_t i = 0; i < 4; i++) {
		make_segment(flow, LAB_ACK | LAB_PSH, i * 1000, 0, sizes[i], &f);
		expect_fate(flow, &f, CONSUME);
	}
	expect_no_event(flow->lab);
	expect_state(flow, CP_CONN_OPEN);
	lab_expect_only(flow->lab, CP_STAT_RX_STREAM, 4);
}

static void what_the_server_sends_is_swallowed(void **state)
{
	in_all_ways(state, check_stream);
}

static void check_peer_closes(const struct flow *flow)
{
	struct lab_frame f;

	open_conn(flow);
	make_segment(flow, LAB_ACK | LAB_FIN, 0, 0, 0, &f);
	expect_answered(flow, &f, LAB_RST);
	expect_state(flow, CP_CONN_PEER_CLOSED);
	open_conn(flow);
	make_segment(flow, LAB_RST, 0, 0, 0, &f);
	expect_fate(flow, &f, CONSUME);
	expect_state(flow, CP_CONN_PEER_CLOSED);
	open_conn(flow);
	make_segment(flow, LAB_RST, 0xffff, 99, 0, &f);
	expect_fate(flow, &f, CONSUME);
	expect_state(flow, CP_CONN_PEER_CLOSED);
	open_conn(flow);
	make_segment(flow, LAB_RST | LAB_ACK, 0, 99, 0, &f);
	expect_fate(flow, &f, CONSUME);
	expect_state(flow, CP_CONN_PEER_CLOSED);
	expect_no_event(flow->lab);
	lab_expect_stats(flow->lab, (const uint64_t[CP_STAT_MAX]){[CP_STAT_RX_STREAM] = 4, [CP_STAT_RX_RST_SENT] = 1});
}

static void the_server_may_close(void **state)
{
	in_all_ways(state, check_peer_closes);
}

/* Every segment of a connection that is over is answered, but a reset; of one that never was it is not ours. */
static void check_states(const struct flow *flow)
{
	struct lab_frame frames[4], reset;

	make_segment(flow, LAB_ACK, 0, 0, 0, &frames[0]);
	make_segment(flow, LAB_ACK | LAB_PSH, 0, 0, 9, &frames[1]);
	make_segment(flow, LAB_ACK | LAB_FIN, 0, 0, 0, &frames[2]);
	lab_sack_frame(&frames[3], &flow->scout, data_seq(flow, 3, 0));
	make_segment(flow, LAB_RST, 0, 0, 0, &reset);
	open_conn(flow);
	stamp(flow, 3, 0);
	for (uint32_t s = CP_CONN_NONE; s <= CP_CONN_CLOSED; s++) {
		flow->conn->state = s;
		for (uint32_t i = 0; i < 4 && s != CP_CONN_OPEN; i++) {
			if (s < CP_CONN_OPEN)
				expect_passed(flow, &frames[i], CP_STAT_REJ_FLAGS);
			else
				expect_answered(flow, &frames[i], LAB_RST);
		}
		if (s < CP_CONN_OPEN)
			expect_passed(flow, &reset, CP_STAT_REJ_FLAGS);
		else if (s != CP_CONN_OPEN)
			expect_fate(flow, &reset, CONSUME);
		expect_state(flow, s);
	}
	expect_no_event(flow->lab);
	assert_int_equal(flow->conn->sacked, 0);
	lab_expect_stats(
	        flow->lab, (const uint64_t[CP_STAT_MAX]){
	                           [CP_STAT_RX_STREAM] = 15, [CP_STAT_RX_RST_SENT] = 12, [CP_STAT_REJ_FLAGS] = 15});
}

static void after_the_end_resets_answer(void **state)
{
	in_all_ways(state, check_states);
}

static void check_others(const struct flow *flow)
{
	struct flow other = *flow;
	struct lab_frame f;

	open_conn(flow);
	stamp(flow, 3, 0);
	other.scout.dst ^= 1;
	make_segment(&other, LAB_ACK, 0, 0, 0, &f);
	expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
	lab_sack_frame(&f, &other.scout, data_seq(flow, 3, 0));
	expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
	other.scout.dst = flow->scout.dst;
	other.scout.dport ^= 1;
	make_segment(&other, LAB_RST, 0, 0, 0, &f);
	expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
	other.scout.dport = flow->scout.dport;
	/* Of another flow, which has no connection; of somebody else's port. */
	other.scout.sport = (uint16_t)(LAB_PORT_BASE + (flow->path + 1) % LAB_FLOWS);
	make_segment(&other, LAB_ACK | LAB_FIN, 0, 0, 0, &f);
	expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
	other.scout.sport = LAB_PORT_BASE + LAB_FLOWS;
	make_segment(&other, LAB_ACK | LAB_FIN, 0, 0, 0, &f);
	expect_passed(flow, &f, CP_STAT_MAX);
	/* Without connections in the run it is as it was before there were any. */
	flow->lab->skel->bss->run.sack = 0;
	lab_sack_frame(&f, &flow->scout, data_seq(flow, 3, 0));
	expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
}

static void segments_of_others_pass(void **state)
{
	in_all_ways(state, check_others);
}

/* An IPv4 destination as ::ffff:a.b.c.d in an IPv6 header is nothing we have a connection with. */
static void check_mapped(const struct flow *flow)
{
	struct lab_probe probe = flow->scout;
	struct cp_addr mapped = lab_addr(false, probe.dst);
	struct lab_frame f;

	if (is_v6(flow))
		return;
	open_conn(flow);
	stamp(flow, 3, 0);
	probe.kind = LAB_TCP6;
	lab_sack_frame(&f, &probe, data_seq(flow, 3, 0));
	memcpy(f.b + LAB_ETH_LEN + 8, &mapped, 16);
	expect_passed(flow, &f, CP_STAT_REJ_FLAGS);
	probe = data_probe(flow, 3, 0);
	probe.kind = LAB_TCP6;
	lab_icmp_frame(&f, &(struct lab_icmp){.from = LAB_ROUTER, .type = 3, .quoted_ttl = 1}, &probe);
	memcpy(f.b + LAB_ETH_LEN + 40 + 8 + 24, &mapped, 16);
	expect_passed(flow, &f, CP_STAT_REJ_TOKEN);
}

static void mapped_addresses_have_none(void **state)
{
	in_all_ways(state, check_mapped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(quotes_of_data_name_the_probe),
	        cmocka_unit_test(quotes_outlive_the_connection),
	        cmocka_unit_test(quotes_of_what_was_not_sent),
	        cmocka_unit_test(quotes_from_behind_a_nat),
	        cmocka_unit_test(sack_names_the_probe),
	        cmocka_unit_test(the_whole_way),
	        cmocka_unit_test(the_first_block_counts),
	        cmocka_unit_test(forged_blocks_prove_nothing),
	        cmocka_unit_test(segments_with_other_numbers_pass),
	        cmocka_unit_test(a_bare_acknowledgement_of_data_ends_it),
	        cmocka_unit_test(what_the_server_sends_is_swallowed),
	        cmocka_unit_test(the_server_may_close),
	        cmocka_unit_test(after_the_end_resets_answer),
	        cmocka_unit_test(segments_of_others_pass),
	        cmocka_unit_test(mapped_addresses_have_none),
	};

	return cmocka_run_group_tests(tests, conn_setup, lab_teardown);
}
