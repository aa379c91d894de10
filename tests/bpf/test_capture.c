// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_capture.c: what the capture programs do with replies, near-replies and
 * everything else: verdict, event, counters, and the bytes they let pass.
 * Needs root.
 */
#include "bpf_util.h"

/* ---- Replies ---- */

/* What is to be reported of a packet that answers a slot's latest attempt, but for the times. */
static struct cp_event event_of(enum lab_packet packet, uint32_t slot)
{
	static const struct cp_event rows[PACKETS] = {
	        [TIME_EXCEEDED] = {.kind = CP_REPLY_TIME_EXCEEDED, .quoted_ttl = 1},
	        [UNREACHABLE] = {.kind = CP_REPLY_UNREACHABLE, .quoted_ttl = 40},
	        [FRAG_NEEDED] = {.kind = CP_REPLY_UNREACHABLE, .quoted_ttl = 9, .next_mtu = 1280},
	        [SYN_ACK] = {.kind = CP_REPLY_SYN_ACK},
	        [SYN_ACK_BARE] = {.kind = CP_REPLY_SYN_ACK},
	        [RST_ACK] = {.kind = CP_REPLY_RST},
	        [RST_OPTIONS] = {.kind = CP_REPLY_RST},
	        [ECHO_REPLY] = {.kind = CP_REPLY_ECHO},
	};
	static const uint8_t types[FRAG_NEEDED + 1][2] = {{11, 3}, {3, 1}, {3, 2}},
	                                         codes[][2] = {{0, 0}, {13, 4}, {4, 0}};
	bool v6 = lab_is_v6(lab_kind_of(slot)), router = packet == TIME_EXCEEDED || packet == FRAG_NEEDED;
	struct cp_event event = rows[packet];

	if (packet <= FRAG_NEEDED) {
		event.icmp_type = types[packet][v6];
		event.icmp_code = codes[packet][v6];
	}
	event.reply_ttl = packet <= FRAG_NEEDED ? 250 : 55;
	event.slot = slot;
	event.attempt = (uint8_t)(slot % 4);
	event.from = router ? lab_addr(v6, LAB_ROUTER) : lab_dest(slot / LAB_SLOTS_OF_DEST).addr;
	return event;
}

static void every_kind_becomes_an_event(void **state)
{
	uint64_t n_matched = 0, n_resets = 0;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (uint32_t i = 0; i < HOOKS * PACKETS * LAB_SLOTS; i++) {
		enum hook hook = i % HOOKS;
		enum lab_packet packet = i / HOOKS % PACKETS;
		uint32_t slot = i / HOOKS / PACKETS;
		bool resets = packet == SYN_ACK || packet == SYN_ACK_BARE;
		struct cp_event want = event_of(packet, slot), got;
		uint64_t before_ns = lab_now_ns();
		struct lab_frame f;

		if (slot % 8 == 7 || !lab_answers(packet, lab_kind_of(slot)))
			continue;
		lab_make(lab, packet, lab_latest(slot), &f);
		assert_int_equal(capture(lab, hook, &f).fate, resets ? ANSWER : CONSUME);
		got = lab_take_one(lab);
		assert_in_range(got.rx_ns, before_ns, lab_now_ns());
		assert_in_range(got.tx_ns, lab_left_ns(lab, slot) - LAB_UNIT_NS, lab_left_ns(lab, slot) + LAB_UNIT_NS);
		want.rx_ns = got.rx_ns;
		want.tx_ns = cp_sent_ns(lab_stamp(lab, slot, slot % 4), got.rx_ns);
		assert_memory_equal(&got, &want, sizeof(got));
		n_matched++;
		n_resets += resets;
	}
	assert_true(lab_stat(lab, CP_STAT_RX_MATCHED) == n_matched);
	assert_true(lab_stat(lab, CP_STAT_RX_RST_SENT) == n_resets);
	for (uint32_t s = CP_STAT_REJ_TOKEN; s < CP_STAT_MAX; s++)
		assert_true(lab_stat(lab, s) == 0);
}

static void an_older_attempt_is_late(void **state)
{
	LAB_OR_SKIP(state);

	for (uint32_t i = 0; i < HOOKS * LAB_KINDS * CP_ATTEMPTS_MAX; i++) {
		uint32_t attempt = i / HOOKS % CP_ATTEMPTS_MAX,
		         slot = i / HOOKS / CP_ATTEMPTS_MAX * LAB_SLOTS_OF_DEST + 5;
		struct cp_event event;
		struct lab_frame f;

		lab->sent[slot] = lab_stamp(lab, slot, 7);
		lab_make(lab, TIME_EXCEEDED, cp_id_make(slot, attempt), &f);
		assert_int_equal(capture(lab, i % HOOKS, &f).fate, CONSUME);
		event = lab_take_one(lab);
		assert_int_equal(event.slot, slot);
		assert_int_equal(event.attempt, attempt);
		assert_int_equal(event.flags, attempt < 7 ? CP_EV_LATE : 0);
		assert_true(event.tx_ns == (attempt < 7 ? 0 : cp_sent_ns(lab_stamp(lab, slot, 7), event.rx_ns)));
	}
}

/* Where the transport layer of a quote without options lies. */
static uint32_t quoted_l4_at(enum lab_kind kind)
{
	return LAB_ETH_LEN + 2 * lab_ip_len(kind) + 8;
}

static void a_modified_quote_is_flagged(void **state)
{
	static const uint32_t at[] = {[LAB_TCP4] = 0, [LAB_ICMP4] = 2}; /* source port, checksum */
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (enum hook hook = 0; hook < HOOKS; hook++) {
		for (enum lab_kind kind = LAB_TCP4; kind <= LAB_ICMP4; kind += LAB_ICMP4) {
			struct lab_frame f;

			lab_make(lab, TIME_EXCEEDED, lab_latest(kind * LAB_SLOTS_OF_DEST + 9), &f);
			lab_set16(f.b + quoted_l4_at(kind) + at[kind], 1024);
			assert_int_equal(capture(lab, hook, &f).fate, CONSUME);
			assert_int_equal(lab_take_one(lab).flags, CP_EV_QUOTE_MODIFIED);
		}
	}
	lab_expect_only(lab, CP_STAT_RX_MATCHED, 2 * HOOKS);
}

static void check_reset(struct lab *lab, enum hook hook, uint32_t id, uint32_t n_options)
{
	struct lab_probe probe = lab_probe_of(lab, id);
	struct lab_frame f, want;
	struct outcome out;

	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, n_options);
	out = capture(lab, hook, &f);
	expect_answer(&out, hook, &f, CP_TCP_RST);
	lab_reset_frame(&want, &probe);
	assert_memory_equal(out.frame, want.b, want.len);
	assert_int_equal(lab_take_one(lab).kind, CP_REPLY_SYN_ACK);
}

static void resets_equal_the_hosts(void **state)
{
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (enum hook hook = 0; hook < HOOKS; hook++) {
		for (uint32_t n_options = 0; n_options <= 40; n_options += 4) {
			check_reset(lab, hook, lab_latest(n_options / 2), n_options);
			check_reset(lab, hook, lab_latest(LAB_TCP6 * LAB_SLOTS_OF_DEST + n_options / 2), n_options);
		}
	}
	assert_true(lab_stat(lab, CP_STAT_RX_RST_SENT) == HOOKS * 22);
}

static void no_reset_for_ip_options(void **state)
{
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (enum hook hook = 0; hook < HOOKS; hook++) {
		struct lab_probe probe = lab_probe_of(lab, lab_latest(2));
		struct lab_frame f;

		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 4, 12);
		assert_int_equal(capture(lab, hook, &f).fate, CONSUME);
		assert_int_equal(lab_take_one(lab).kind, CP_REPLY_SYN_ACK);
	}
	lab_expect_only(lab, CP_STAT_RX_MATCHED, HOOKS);
}

/* ---- What is not ours ---- */

/* Passed untouched by both programs, no event, and one count each in stat_id (CP_STAT_MAX: in none). */
static void passed(struct lab *lab, const struct lab_frame *f, uint32_t stat_id)
{
	uint64_t before[CP_STAT_MAX];

	for (uint32_t s = 0; s < CP_STAT_MAX; s++)
		before[s] = lab_stat(lab, s);
	for (enum hook hook = 0; hook < HOOKS; hook++) {
		assert_int_equal(capture(lab, hook, f).fate, PASS);
		expect_no_event(lab);
	}
	for (uint32_t s = 0; s < CP_STAT_MAX; s++)
		assert_true(lab_stat(lab, s) == before[s] + (s == stat_id ? HOOKS : 0));
}

static void claims_of_a_kind_that_fail(struct lab *lab, enum lab_kind kind)
{
	uint32_t first = kind * LAB_SLOTS_OF_DEST, need = kind == LAB_UDP6 ? 12 : 8;
	struct lab_frame f;

	lab_make(lab, TIME_EXCEEDED, LAB_SLOTS + first, &f);
	passed(lab, &f, CP_STAT_REJ_TOKEN);
	lab_make(lab, TIME_EXCEEDED, lab_latest(first + 9), &f);
	f.b[quoted_l4_at(kind) - 1] ^= 1;
	passed(lab, &f, CP_STAT_REJ_DEST);
	lab_make(lab, TIME_EXCEEDED, lab_latest(first + 7), &f);
	passed(lab, &f, CP_STAT_REJ_UNSENT);
	lab_make(lab, UNREACHABLE, cp_id_make(first + 9, 2), &f);
	passed(lab, &f, CP_STAT_REJ_UNSENT);
	lab_make(lab, TIME_EXCEEDED, lab_latest(first + 9), &f);
	f.len = quoted_l4_at(kind) + need - 1;
	passed(lab, &f, lab_proto(kind) == 1 ? CP_STAT_MAX : CP_STAT_REJ_SHORT);
	if (lab_proto(kind) == 1) {
		lab_make(lab, ECHO_REPLY, LAB_SLOTS + first, &f);
		passed(lab, &f, CP_STAT_REJ_TOKEN);
		lab_make(lab, ECHO_REPLY, cp_id_make(first + 9, 7), &f);
		passed(lab, &f, CP_STAT_REJ_UNSENT);
		lab_make(lab, ECHO_REPLY, lab_latest(first + 9), &f);
		f.b[LAB_ETH_LEN + (lab_is_v6(kind) ? 23 : 15)] ^= 1;
		passed(lab, &f, CP_STAT_REJ_DEST);
	}
}

static void claims_that_fail(void **state)
{
	static const enum lab_kind tcp[] = {LAB_TCP4, LAB_TCP6};
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++)
		claims_of_a_kind_that_fail(lab, kind);
	for (int i = 0; i < 2; i++) {
		uint32_t slot = tcp[i] * LAB_SLOTS_OF_DEST + 9;
		struct lab_probe probe = lab_probe_of(lab, lab_latest(slot));

		lab_make(lab, RST_ACK, cp_id_make(slot, 2), &f);
		passed(lab, &f, CP_STAT_REJ_UNSENT);
		lab_make(lab, SYN_ACK, cp_id_make(slot, 7), &f);
		passed(lab, &f, CP_STAT_REJ_UNSENT);
		lab_tcp_frame(&f, &probe, LAB_ACK, 0, 0);
		passed(lab, &f, CP_STAT_REJ_FLAGS);
		lab_tcp_frame(&f, &probe, LAB_RST, 0, 0);
		passed(lab, &f, CP_STAT_REJ_FLAGS);
		f.len -= 8;
		passed(lab, &f, CP_STAT_REJ_SHORT);
	}
}

/* The token of one destination in a packet of another protocol: whoever saw a probe can make it, and it proves nothing.
 */
static void tokens_in_other_protocols(void **state)
{
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		for (enum lab_kind other = 0; other < LAB_KINDS; other++) {
			struct lab_probe probe = lab_probe_of(lab, lab_latest(kind * LAB_SLOTS_OF_DEST + 9));
			struct lab_icmp icmp = {.from = LAB_ROUTER, .quoted_ttl = 1};
			struct lab_frame f;

			if (kind == other)
				continue;
			probe.kind = other;
			probe.sport =
			        (uint16_t)((lab_proto(other) == 17 ? LAB_UDP_PORT_BASE : LAB_PORT_BASE) + probe.flow);
			icmp.type = lab_is_v6(other) ? 3 : 11;
			lab_icmp_frame(&f, &icmp, &probe);
			passed(lab, &f, CP_STAT_REJ_DEST);
			if (lab_proto(other) == 17)
				continue;
			if (lab_proto(other) == 1)
				lab_echo_frame(&f, &probe, 0);
			else
				lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 12);
			passed(lab, &f, CP_STAT_REJ_DEST);
		}
	}
}

/* F22 */
static void packets_of_others(void **state)
{
	static const uint16_t ethertypes[] = {0x0806, 0x86dd, 0x8100, 0x88cc};
	struct lab_probe probe;
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (size_t i = 0; i < sizeof(ethertypes) / sizeof(ethertypes[0]); i++) {
		lab_make(lab, TIME_EXCEEDED, lab_latest(9), &f);
		lab_set16(f.b + 12, ethertypes[i]);
		passed(lab, &f, CP_STAT_MAX);
	}
	/* Errors about other programs' probes, pings of others, segments of other connections. */
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		probe = lab_probe_of(lab, lab_latest(kind * LAB_SLOTS_OF_DEST + 9));
		probe.sport = 33000;
		probe.flow = 0x1111;
		probe.token ^= 0x5a5a5a5a;
		lab_icmp_frame(&f,
		        &(struct lab_icmp){.from = LAB_ROUTER, .type = lab_is_v6(kind) ? 3 : 11, .quoted_ttl = 1},
		        &probe);
		passed(lab, &f, CP_STAT_MAX);
		lab_echo_frame(&f, &probe, 0);
		passed(lab, &f, CP_STAT_MAX);
		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 12);
		passed(lab, &f, CP_STAT_MAX);
		lab_tcp_frame(&f, &probe, LAB_ACK | LAB_PSH, 0, 12);
		lab_fill(&f, 'x', 400);
		passed(lab, &f, CP_STAT_MAX);
	}
}

/* F21 */
static void forged_replies_change_only_counters(void **state)
{
	uint64_t random = 29;
	LAB_OR_SKIP(state);

	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++)
		lab->sent[slot] = lab_stamp(lab, slot, 7);
	for (uint32_t i = 0; i < 100000; i++) {
		enum lab_kind kind = i / 2 % LAB_KINDS;
		struct lab_probe probe = lab_probe_of(lab, kind * LAB_SLOTS_OF_DEST + 9);
		struct lab_icmp icmp = lab_error(TIME_EXCEEDED, &probe);
		struct lab_frame f;

		probe.token = lab_random(&random) | (kind == LAB_UDP4);
		if (i % 2 && lab_proto(kind) == 6)
			lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 20);
		else if (i % 2 && lab_proto(kind) == 1)
			lab_echo_frame(&f, &probe, 0);
		else
			lab_icmp_frame(&f, &icmp, &probe);
		assert_int_equal(capture(lab, HOOK_XDP, &f).fate, PASS);
	}
	expect_no_event(lab);
	assert_true(lab_stat(lab, CP_STAT_REJ_TOKEN) + lab_stat(lab, CP_STAT_REJ_DEST) == 100000);
	assert_true(lab_stat(lab, CP_STAT_RX_MATCHED) == 0);
	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++)
		assert_true(lab->sent[slot] == lab_stamp(lab, slot, 7));
}

/* ---- The ring ---- */

static void a_full_ring_loses_exactly(void **state)
{
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (uint32_t i = 0; i < 1000; i++) {
		lab_make(lab, i % 2 ? TIME_EXCEEDED : SYN_ACK, lab_latest(i % LAB_SLOTS_OF_DEST / 8 * 8), &f);
		/* Ours, even if there is no room for the news: the kernel must not answer it. */
		assert_int_equal(capture(lab, i % 4 < 2 ? HOOK_XDP : HOOK_TC, &f).fate, i % 2 ? CONSUME : ANSWER);
	}
	lab->n_events = 0;
	ring_buffer__consume(lab->ring);
	assert_true(lab_stat(lab, CP_STAT_RX_LOST) > 0);
	assert_true(lab_stat(lab, CP_STAT_RX_MATCHED) == lab->n_events);
	assert_true(lab_stat(lab, CP_STAT_RX_MATCHED) + lab_stat(lab, CP_STAT_RX_LOST) == 1000);
	assert_true(lab_stat(lab, CP_STAT_RX_RST_SENT) == 500);
	/* Room again: nothing is lost. */
	lab_make(lab, TIME_EXCEEDED, lab_latest(0), &f);
	capture(lab, HOOK_TC, &f);
	assert_int_equal(lab_take_one(lab).slot, 0);
}

/* Whoever sleeps on the ring is woken by the first event, or only from a fill level on. */
static void the_reader_is_woken(void **state)
{
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	lab_make(lab, TIME_EXCEEDED, lab_latest(0), &f);
	assert_int_equal(ring_buffer__poll(lab->ring, 0), 0);
	capture(lab, HOOK_XDP, &f);
	assert_int_equal(ring_buffer__poll(lab->ring, 0), 1);
	lab->skel->bss->ring_wake_bytes = 5 * (sizeof(struct cp_event) + 8);
	for (uint32_t n = 0; n < 5; n++) {
		assert_int_equal(ring_buffer__poll(lab->ring, 0), 0);
		capture(lab, HOOK_XDP, &f);
	}
	assert_int_equal(ring_buffer__poll(lab->ring, 0), 5);
	lab->skel->bss->ring_wake_bytes = 0;
}

static int setup(void **state)
{
	return lab_open(state, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_kind_becomes_an_event),
	        cmocka_unit_test(an_older_attempt_is_late),
	        cmocka_unit_test(a_modified_quote_is_flagged),
	        cmocka_unit_test(resets_equal_the_hosts),
	        cmocka_unit_test(no_reset_for_ip_options),
	        cmocka_unit_test(claims_that_fail),
	        cmocka_unit_test(tokens_in_other_protocols),
	        cmocka_unit_test(packets_of_others),
	        cmocka_unit_test(forged_replies_change_only_counters),
	        cmocka_unit_test(a_full_ring_loses_exactly),
	        cmocka_unit_test(the_reader_is_woken),
	};

	return cmocka_run_group_tests(tests, setup, lab_teardown);
}
