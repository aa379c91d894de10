// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_capture.c: what the capture programs do with replies, near-replies and
 * everything else: verdict, event, counters, and the bytes they let pass.
 * Needs root.
 */
#include "bpf_util.h"

enum hook { HOOK_XDP, HOOK_TC, HOOKS };
enum fate { PASS, CONSUME, RESET };

struct outcome {
	enum fate fate;
	uint8_t frame[sizeof(((struct lab_frame *)0)->b)];
	uint32_t len;
};

static enum fate fate_of(enum hook hook, uint32_t retval)
{
	static const uint32_t of_hook[HOOKS][3] = {
	        [HOOK_XDP] = {XDP_PASS, XDP_DROP, XDP_TX},
	        [HOOK_TC] = {(uint32_t)TC_ACT_UNSPEC, TC_ACT_SHOT, TC_ACT_REDIRECT},
	};

	for (enum fate fate = PASS; fate <= RESET; fate++) {
		if (of_hook[hook][fate] == retval)
			return fate;
	}
	fail_msg("hook %d returned %u", hook, retval);
	return PASS;
}

/* Hands a frame to a capture program, as if it had come in from the TAP. */
static struct outcome capture(struct lab *lab, enum hook hook, const struct lab_frame *f)
{
	struct xdp_md xdp = {.data_end = f->len, .ingress_ifindex = lab->tap_ifindex};
	struct __sk_buff skb = {.ifindex = lab->tap_ifindex};
	struct outcome out;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->b, .data_size_in = f->len, .data_out = out.frame,
	        .data_size_out = sizeof(out.frame), .repeat = 1);

	opts.ctx_in = hook == HOOK_XDP ? (void *)&xdp : (void *)&skb;
	opts.ctx_size_in = hook == HOOK_XDP ? sizeof(xdp) : sizeof(skb);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(hook == HOOK_XDP ? lab->skel->progs.cp_xdp
	                                                                         : lab->skel->progs.cp_tc_capture),
	                         &opts),
	        0);
	out.fate = fate_of(hook, opts.retval);
	out.len = opts.data_size_out;
	if (out.fate == PASS) {
		assert_int_equal(out.len, f->len);
		assert_memory_equal(out.frame, f->b, f->len);
	}
	return out;
}

static void expect_no_event(struct lab *lab)
{
	assert_int_equal(ring_buffer__consume(lab->ring), 0);
}

/* ---- Replies ---- */

static void every_kind_becomes_an_event(void **state)
{
	static const struct {
		enum fate fate;
		struct cp_event event;
	} rows[PACKETS] = {
	        [TIME_EXCEEDED] = {CONSUME,
	                {.kind = CP_REPLY_TIME_EXCEEDED, .icmp_type = 11, .reply_ttl = 250, .quoted_ttl = 1}},
	        [UNREACHABLE] = {CONSUME, {.kind = CP_REPLY_UNREACHABLE,
	                                          .icmp_type = 3,
	                                          .icmp_code = 13,
	                                          .reply_ttl = 250,
	                                          .quoted_ttl = 40}},
	        [FRAG_NEEDED] = {CONSUME, {.kind = CP_REPLY_UNREACHABLE,
	                                          .icmp_type = 3,
	                                          .icmp_code = 4,
	                                          .reply_ttl = 250,
	                                          .quoted_ttl = 9,
	                                          .next_mtu = 1280}},
	        [SYN_ACK] = {RESET, {.kind = CP_REPLY_SYN_ACK, .reply_ttl = 55}},
	        [SYN_ACK_BARE] = {RESET, {.kind = CP_REPLY_SYN_ACK, .reply_ttl = 55}},
	        [RST_ACK] = {CONSUME, {.kind = CP_REPLY_RST, .reply_ttl = 55}},
	        [RST_OPTIONS] = {CONSUME, {.kind = CP_REPLY_RST, .reply_ttl = 55}},
	};
	uint64_t n_matched = 0, n_resets = 0;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (enum hook hook = 0; hook < HOOKS; hook++) {
		for (enum lab_packet packet = 0; packet < PACKETS; packet++) {
			for (uint32_t slot = 0; slot < LAB_SLOTS; slot += slot % 8 == 6 ? 2 : 1) {
				struct cp_event want = rows[packet].event, got;
				uint64_t before_ns = lab_now_ns();
				struct lab_frame f;

				lab_make(lab, packet, lab_latest(slot), &f);
				assert_int_equal(capture(lab, hook, &f).fate, rows[packet].fate);
				got = lab_take_one(lab);
				assert_in_range(got.rx_ns, before_ns, lab_now_ns());
				want.rx_ns = got.rx_ns;
				want.tx_ns = 1000000000 + slot;
				want.slot = slot;
				want.attempt = (uint8_t)(slot % 4);
				want.from = packet == TIME_EXCEEDED || packet == FRAG_NEEDED
				                    ? cp_addr_from_v4(LAB_ROUTER)
				                    : lab->dests[slot / (LAB_FLOWS * LAB_TTLS)].addr;
				assert_memory_equal(&got, &want, sizeof(got));
				n_matched++;
				n_resets += rows[packet].fate == RESET;
			}
		}
	}
	assert_true(lab_stat(lab, CP_STAT_RX_MATCHED) == n_matched);
	assert_true(lab_stat(lab, CP_STAT_RX_RST_SENT) == n_resets);
	for (uint32_t s = CP_STAT_REJ_TOKEN; s < CP_STAT_MAX; s++)
		assert_true(lab_stat(lab, s) == 0);
}

static void an_older_attempt_is_late(void **state)
{
	LAB_OR_SKIP(state);

	for (enum hook hook = 0; hook < HOOKS; hook++) {
		lab->sent[5] = cp_sent_make(123456, 7);
		for (uint32_t attempt = 0; attempt < CP_ATTEMPTS_MAX; attempt++) {
			struct cp_event event;
			struct lab_frame f;

			lab_make(lab, TIME_EXCEEDED, cp_id_make(5, attempt), &f);
			assert_int_equal(capture(lab, hook, &f).fate, CONSUME);
			event = lab_take_one(lab);
			assert_int_equal(event.attempt, attempt);
			assert_int_equal(event.flags, attempt < 7 ? CP_EV_LATE : 0);
			assert_true(event.tx_ns == (attempt < 7 ? 0 : 123456));
		}
	}
}

static void a_modified_quote_is_flagged(void **state)
{
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (enum hook hook = 0; hook < HOOKS; hook++) {
		struct lab_frame f;

		lab_make(lab, TIME_EXCEEDED, lab_latest(9), &f);
		lab_set16(f.b + 14 + 28 + 20, 1024);
		assert_int_equal(capture(lab, hook, &f).fate, CONSUME);
		assert_int_equal(lab_take_one(lab).flags, CP_EV_QUOTE_MODIFIED);
	}
	lab_expect_only(lab, CP_STAT_RX_MATCHED, HOOKS);
}

static void resets_equal_the_hosts(void **state)
{
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (enum hook hook = 0; hook < HOOKS; hook++) {
		for (uint32_t n_options = 0; n_options <= 40; n_options += 4) {
			struct lab_probe probe = lab_probe_of(lab, lab_latest(n_options));
			struct lab_frame f, want;
			struct outcome out;

			lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, n_options);
			want = f;
			out = capture(lab, hook, &f);
			assert_int_equal(out.fate, RESET);
			assert_int_equal(cp_wire_make_rst4(want.b, want.b + want.len, LAB_ETH_LEN), 1);
			/* XDP keeps the padding of the smallest frame, an skb is padded by its driver. */
			if (hook == HOOK_TC)
				assert_int_equal(out.len, LAB_ETH_LEN + CP_RST4_PACKET_LEN);
			else
				assert_int_equal(out.len, f.len < CP_RST4_FRAME_LEN ? f.len : CP_RST4_FRAME_LEN);
			assert_memory_equal(out.frame, want.b, out.len);
			lab_take_one(lab);
		}
	}
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

static void claims_that_fail(void **state)
{
	struct lab_probe probe;
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	lab_make(lab, TIME_EXCEEDED, cp_id_make(LAB_SLOTS, 0), &f);
	lab_set16(f.b + 14 + 28 + 20, LAB_PORT_BASE);
	passed(lab, &f, CP_STAT_REJ_TOKEN);
	lab_make(lab, TIME_EXCEEDED, lab_latest(9), &f);
	f.b[14 + 28 + 19] ^= 1;
	passed(lab, &f, CP_STAT_REJ_DEST);
	lab_make(lab, TIME_EXCEEDED, lab_latest(7), &f);
	passed(lab, &f, CP_STAT_REJ_UNSENT);
	lab_make(lab, RST_ACK, cp_id_make(9, 2), &f);
	passed(lab, &f, CP_STAT_REJ_UNSENT);
	lab_make(lab, SYN_ACK, cp_id_make(9, 7), &f);
	passed(lab, &f, CP_STAT_REJ_UNSENT);
	lab_make(lab, TIME_EXCEEDED, lab_latest(9), &f);
	f.len -= 1;
	passed(lab, &f, CP_STAT_REJ_SHORT);
	probe = lab_probe_of(lab, lab_latest(9));
	lab_tcp_frame(&f, &probe, LAB_ACK, 0, 0);
	passed(lab, &f, CP_STAT_REJ_FLAGS);
	lab_tcp_frame(&f, &probe, LAB_RST, 0, 0);
	passed(lab, &f, CP_STAT_REJ_FLAGS);
}

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
	/* A time exceeded for another program's TCP probe, and for a ping; a segment of another connection. */
	probe = lab_probe_of(lab, lab_latest(9));
	probe.sport = 50000;
	probe.token ^= 0x5a5a5a5a;
	lab_icmp_frame(&f, &(struct lab_icmp){.from = LAB_ROUTER, .type = 11, .quoted_ttl = 1}, &probe);
	passed(lab, &f, CP_STAT_MAX);
	f.b[14 + 28 + 9] = 1;
	passed(lab, &f, CP_STAT_MAX);
	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 12);
	passed(lab, &f, CP_STAT_MAX);
	lab_tcp_frame(&f, &probe, LAB_ACK | LAB_PSH, 0, 12);
	lab_fill(&f, 'x', 400);
	passed(lab, &f, CP_STAT_MAX);
}

static void forged_replies_change_only_counters(void **state)
{
	uint64_t random = 29;
	struct lab_frame icmp, segment;
	LAB_OR_SKIP(state);

	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++)
		lab->sent[slot] = cp_sent_make(1, 7);
	lab_make(lab, TIME_EXCEEDED, lab_latest(9), &icmp);
	lab_make(lab, SYN_ACK, lab_latest(9), &segment);
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t token = lab_random(&random);

		lab_set16(icmp.b + 14 + 28 + 4, token >> 16 ^ (token & 0xffff));
		lab_set32(icmp.b + 14 + 28 + 24, token);
		lab_set32(segment.b + 14 + 28, token);
		assert_int_equal(capture(lab, HOOK_XDP, i % 2 ? &icmp : &segment).fate, PASS);
	}
	expect_no_event(lab);
	assert_true(lab_stat(lab, CP_STAT_REJ_TOKEN) + lab_stat(lab, CP_STAT_REJ_DEST) == 100000);
	assert_true(lab_stat(lab, CP_STAT_RX_MATCHED) == 0);
	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++)
		assert_true(lab->sent[slot] == cp_sent_make(1, 7));
}

/* ---- The ring ---- */

static void a_full_ring_loses_exactly(void **state)
{
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (uint32_t i = 0; i < 1000; i++) {
		lab_make(lab, i % 2 ? TIME_EXCEEDED : SYN_ACK, lab_latest(i % 100 / 8 * 8), &f);
		/* Ours, even if there is no room for the news: the kernel must not answer it. */
		assert_int_equal(capture(lab, i % 4 < 2 ? HOOK_XDP : HOOK_TC, &f).fate, i % 2 ? CONSUME : RESET);
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

/* ---- BPF against host ---- */

struct judgement {
	enum fate fate;
	uint32_t stat;
	uint32_t id;
	struct cp_reply reply;
	bool modified;
};

static struct judgement turned_away(struct judgement judgement, uint32_t stat_id)
{
	judgement.fate = PASS;
	judgement.stat = judgement.reply.our_port ? stat_id : CP_STAT_MAX;
	return judgement;
}

/* The same rules, as the host's build of cp_wire.h has them. */
static struct judgement host_judge(const struct lab *lab, const struct lab_frame *f)
{
	const struct cp_run *run = &lab->skel->bss->run;
	struct judgement judgement = {.fate = PASS, .stat = CP_STAT_MAX};
	enum cp_validity validity;
	uint32_t index;
	uint64_t sent;

	switch (cp_wire_parse_frame(run, f->b, f->b + f->len, &judgement.reply)) {
	case CP_PARSE_FOREIGN:
		return judgement;
	case CP_PARSE_SHORT:
		judgement.stat = CP_STAT_REJ_SHORT;
		return judgement;
	case CP_PARSE_FLAGS:
		judgement.stat = CP_STAT_REJ_FLAGS;
		return judgement;
	case CP_PARSE_REPLY:
		break;
	}
	if (!cp_wire_claim(run, &judgement.reply, &judgement.id, &index))
		return turned_away(judgement, CP_STAT_REJ_TOKEN);
	validity = cp_wire_validate(&judgement.reply, &lab->dests[index]);
	if (validity == CP_INVALID_DEST)
		return turned_away(judgement, CP_STAT_REJ_DEST);
	sent = lab->sent[cp_id_slot(judgement.id)];
	if (!sent || cp_id_attempt(judgement.id) > cp_sent_attempt(sent))
		return turned_away(judgement, CP_STAT_REJ_UNSENT);
	judgement.modified = validity == CP_VALID_MODIFIED;
	judgement.stat = CP_STAT_RX_MATCHED;
	judgement.fate = judgement.reply.kind == CP_REPLY_SYN_ACK && f->b[14] == 0x45 ? RESET : CONSUME;
	return judgement;
}

static void mutate(struct lab_frame *f, uint64_t *random)
{
	for (uint32_t n = lab_random(random) % 4; n > 0; n--) {
		uint32_t at = lab_random(random) % f->len;

		switch (lab_random(random) % 5) {
		case 0:
			f->b[at] ^= (uint8_t)(1u << lab_random(random) % 8);
			break;
		case 1:
			f->b[at] = (uint8_t)lab_random(random);
			break;
		case 2: /* the fields that decide: version, fragment, protocols, ports */
			at = (uint32_t[]){
			        14, 20, 21, 23, 34, 35, 42, 51, 62, 63, 64, 65, 36, 37, 47}[lab_random(random) % 15];
			if (at < f->len)
				f->b[at] ^= (uint8_t)(1u << lab_random(random) % 8);
			break;
		case 3: /* the kernel makes no test packet of less than an IPv4 header */
			if (f->len > 40)
				f->len = 34 + lab_random(random) % (f->len - 34);
			break;
		default:
			lab_fill(f, (uint8_t)lab_random(random), lab_random(random) % 16);
		}
	}
}

static void compare_event(struct lab *lab, const struct judgement *host)
{
	struct cp_event event = lab_take_one(lab);
	uint64_t sent = lab->sent[cp_id_slot(host->id)];
	bool late = cp_sent_attempt(sent) != cp_id_attempt(host->id);

	assert_int_equal(event.slot, cp_id_slot(host->id));
	assert_int_equal(event.attempt, cp_id_attempt(host->id));
	assert_int_equal(event.kind, host->reply.kind);
	assert_int_equal(event.icmp_type, host->reply.icmp_type);
	assert_int_equal(event.icmp_code, host->reply.icmp_code);
	assert_int_equal(event.reply_ttl, host->reply.reply_ttl);
	assert_int_equal(event.quoted_ttl, host->reply.quoted_ttl);
	assert_int_equal(event.next_mtu, host->reply.next_mtu);
	assert_int_equal(event.flags, (late ? CP_EV_LATE : 0) | (host->modified ? CP_EV_QUOTE_MODIFIED : 0));
	assert_true(event.tx_ns == (late ? 0 : cp_sent_ns(sent)));
	assert_memory_equal(&event.from, &host->reply.from, sizeof(event.from));
}

static void mutated_replies_are_judged_as_on_the_host(void **state)
{
	uint64_t random = 31, counts[CP_STAT_MAX + 1] = {0}, n_resets = 0;
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (uint32_t i = 0; i < 60000; i++) {
		enum hook hook = i % HOOKS;
		struct judgement host;

		lab_make(
		        lab, i / 2 % PACKETS, cp_id_make(lab_random(&random) % LAB_SLOTS, lab_random(&random) % 4), &f);
		mutate(&f, &random);
		host = host_judge(lab, &f);
		if (capture(lab, hook, &f).fate != host.fate)
			fail_msg("frame %u: hook %d and host disagree", i, hook);
		counts[host.stat]++;
		n_resets += host.fate == RESET;
		if (host.stat == CP_STAT_RX_MATCHED)
			compare_event(lab, &host);
		else
			expect_no_event(lab);
	}
	for (uint32_t s = CP_STAT_RX_MATCHED; s < CP_STAT_MAX; s++) {
		if (s == CP_STAT_RX_LOST)
			continue;
		if (s == CP_STAT_RX_RST_SENT)
			counts[s] = n_resets;
		if (lab_stat(lab, s) != counts[s])
			fail_msg("counter %u: %llu, on the host %llu", s, (unsigned long long)lab_stat(lab, s),
			        (unsigned long long)counts[s]);
		/* A mutation that never leads here tests nothing. */
		assert_true(counts[s] > 50);
	}
	assert_true(counts[CP_STAT_MAX] > 1000);
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
	        cmocka_unit_test(packets_of_others),
	        cmocka_unit_test(forged_replies_change_only_counters),
	        cmocka_unit_test(a_full_ring_loses_exactly),
	        cmocka_unit_test(the_reader_is_woken),
	        cmocka_unit_test(mutated_replies_are_judged_as_on_the_host),
	};

	return cmocka_run_group_tests(tests, setup, lab_teardown);
}
