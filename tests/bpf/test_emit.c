// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_emit.c: what the emitters put on the wire, byte for byte, and what
 * they refuse to send. Needs root.
 */
#include "bpf_util.h"

#include "xmit.skel.h"

static bool is_sent(const struct lab *lab, uint32_t id)
{
	struct lab_probe probe = lab_probe_of(lab, id);

	return probe.kind != LAB_UDP4 || (probe.token & 0xffff);
}

/* Fills the work ring with n ids of all kinds, neighbours being of different ones. */
static void fill_work(struct lab *lab, uint32_t n)
{
	for (uint32_t i = 0, at = 0; i < n; at++) {
		uint32_t id = cp_id_make(at * 25 % LAB_SLOTS, at / LAB_SLOTS % CP_ATTEMPTS_MAX);

		if (is_sent(lab, id))
			lab->work[i++] = lab_work(CP_WORK_PROBE, id);
	}
}

static void check_all_slots(struct lab *lab, enum emitter emitter)
{
	const uint32_t n = LAB_SLOTS * (CP_ATTEMPTS_MAX - 1);

	fill_work(lab, n);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = lab->work[i].id;
		struct lab_probe probe = lab_probe_of(lab, id);
		uint8_t want[CP_FRAME_MAX];
		uint32_t len = host_frame(lab, id, want);
		/* An skb is stretched or cut; a live frame can only be cut. */
		const uint32_t lens[] = {emitter == TC ? LAB_ETH_LEN + 20 : len, len, CP_FRAME_MAX, 200};
		uint64_t before_ns = lab_now_ns(), now_ns;
		struct emitted out = emit_over(lab, emitter, lens[i % 4]);
		struct lab_frame plain;
		uint32_t sent;

		lab_probe_frame(&plain, &probe);
		assert_int_equal(out.len, len);
		assert_memory_equal(out.frame, want, out.len);
		assert_memory_equal(out.frame, plain.b, out.len);
		sent = lab->sent[cp_id_slot(id)];
		assert_int_equal(cp_sent_attempt(sent), cp_id_attempt(id));
		now_ns = lab_now_ns();
		assert_in_range(cp_sent_ns(sent, now_ns), before_ns - LAB_UNIT_NS, now_ns);
		assert_int_equal(*lab_cursor(lab), i + 1);
	}
	lab_expect_only(lab, CP_STAT_MAX, 0);
}

static void tc_frames_equal_the_hosts(void **state)
{
	LAB_OR_SKIP(state);
	check_all_slots(lab, TC);
}

static void xdp_frames_equal_the_hosts(void **state)
{
	LAB_OR_SKIP(state);
	check_all_slots(lab, XDP);
}

/* ---- Refusals ---- */

/* Neither sent nor stamped, and counted where it belongs. */
static void refused(struct lab *lab, uint32_t id, uint32_t stat_id)
{
	for (enum emitter emitter = TC; emitter <= XDP; emitter++) {
		uint64_t cursor = *lab_cursor(lab), n = lab_stat(lab, stat_id);

		lab_queue(lab, CP_WORK_PROBE, id);
		assert_int_equal(emit(lab, emitter).len, 0);
		assert_true(lab_stat(lab, stat_id) == n + 1);
		assert_true(*lab_cursor(lab) == cursor + 1);
	}
	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++) {
		if (lab->sent[slot])
			fail_msg("id %08x: slot %u is stamped", id, slot);
	}
}

static void blocked_destinations(void **state)
{
	LAB_OR_SKIP(state);
	lab->dests[2].flags |= CP_DEST_BLOCKED;
	for (uint32_t i = 0; i < LAB_SLOTS_OF_DEST; i++)
		refused(lab, 2 * LAB_SLOTS_OF_DEST + i, CP_STAT_TX_BLOCKED);
	lab_expect_only(lab, CP_STAT_TX_BLOCKED, 2 * LAB_SLOTS_OF_DEST);
	lab_queue(lab, CP_WORK_PROBE, 0);
	assert_int_equal(emit(lab, TC).len, CP_SYN4_FRAME_LEN);
}

static void slots_that_do_not_exist(void **state)
{
	LAB_OR_SKIP(state);
	refused(lab, LAB_SLOTS, CP_STAT_TX_INVALID);
	refused(lab, CP_SLOTS_MAX - 1, CP_STAT_TX_INVALID);
	refused(lab, UINT32_MAX, CP_STAT_TX_INVALID);
	/* In the maps, which are rounded up or larger, but not in the run. */
	lab->skel->bss->run.n_slots = LAB_SLOTS - 1;
	refused(lab, LAB_SLOTS - 1, CP_STAT_TX_INVALID);
	lab->skel->bss->run.n_slots = LAB_SLOTS;
	lab_expect_only(lab, CP_STAT_TX_INVALID, 8);
}

static void work_that_contradicts_itself(void **state)
{
	struct cp_work work = lab_work(CP_WORK_PROBE, LAB_SLOTS_OF_DEST);
	LAB_OR_SKIP(state);

	for (int i = 0; i < 3; i++) {
		lab->work[i] = work;
		lab->work[i].dest += i == 0;
		lab->work[i].flow = (uint8_t)(work.flow + (i == 1));
		lab->work[i].ttl_index = (uint8_t)(work.ttl_index + (i == 2));
		assert_int_equal(emit(lab, TC).len, 0);
	}
	lab_expect_only(lab, CP_STAT_TX_INVALID, 3);
}

/* Each lane takes its own work, and moves its own cursor only. */
static void lanes_keep_apart(void **state)
{
	cpu_set_t before, one;
	uint32_t cpu;
	LAB_OR_SKIP(state);

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	cpu = (uint32_t)sched_getcpu();
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	lab->skel->bss->run.n_lanes = LAB_LANES;
	for (uint32_t lane = 0; lane < LAB_LANES; lane++) {
		uint8_t want[CP_FRAME_MAX];
		struct emitted out;

		lab->skel->bss->run.lane_of_cpu[cpu] = (uint8_t)lane;
		lab->work[lane * CP_WORK_SLOTS] = lab_work(CP_WORK_PROBE, lane * 80);
		out = emit(lab, TC);
		assert_int_equal(out.len, host_frame(lab, lane * 80, want));
		assert_memory_equal(out.frame, want, out.len);
		for (uint32_t i = 0; i < LAB_LANES; i++)
			assert_int_equal(lab->skel->bss->lanes[i].cursor, i <= lane);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

static void next_hops_that_do_not_exist(void **state)
{
	struct cp_nexthop empty = {.ifindex = 0};
	LAB_OR_SKIP(state);

	lab->dests[0].nexthop = CP_NEXTHOPS_MAX;
	refused(lab, 0, CP_STAT_TX_INVALID);
	lab_set_nexthop(lab, 2, &empty);
	lab->dests[0].nexthop = 2;
	refused(lab, 0, CP_STAT_TX_INVALID);
	lab_expect_only(lab, CP_STAT_TX_INVALID, 4);
}

static void protocols_we_do_not_send(void **state)
{
	static const uint8_t protocols[] = {0, 2, 41, 58, 132, 255};
	LAB_OR_SKIP(state);

	for (size_t i = 0; i < sizeof(protocols); i++) {
		for (uint32_t d = 0; d < LAB_KINDS; d++) {
			lab->dests[d].proto = protocols[i];
			refused(lab, d * LAB_SLOTS_OF_DEST, CP_STAT_TX_INVALID);
		}
	}
	lab_expect_only(lab, CP_STAT_TX_INVALID, 2 * LAB_KINDS * sizeof(protocols));
}

/* The one token in 65536 with which a UDP probe over IPv4 could not be known again. */
static void tokens_without_a_checksum(void **state)
{
	const uint32_t v4 = LAB_UDP4 * LAB_SLOTS_OF_DEST, v6 = LAB_UDP6 * LAB_SLOTS_OF_DEST;
	struct cp_run *run;
	uint8_t want[CP_FRAME_MAX];
	struct emitted out;
	LAB_OR_SKIP(state);

	run = &lab->skel->bss->run;
	while (cp_token(run->token_key, v4) & 0xffff)
		run->token_key[0]++;
	refused(lab, v4, CP_STAT_TX_INVALID);
	while (cp_token(run->token_key, v6) & 0xffff)
		run->token_key[0]++;
	lab_queue(lab, CP_WORK_PROBE, v6);
	out = emit(lab, TC);
	assert_int_equal(out.len, host_frame(lab, v6, want));
	assert_memory_equal(out.frame, want, out.len);
	assert_int_equal(lab_get16(out.frame + LAB_ETH_LEN + 46), 0xffff);
	lab_expect_only(lab, CP_STAT_TX_INVALID, 2);
}

static void xdp_buffers_that_are_too_short(void **state)
{
	uint64_t n = 0;
	LAB_OR_SKIP(state);

	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		/* The kernel makes no test packet of less than an IPv4 header. */
		for (uint32_t len = LAB_ETH_LEN + 20; len < LAB_ETH_LEN + lab_packet_len(kind); len++) {
			lab->work[n++] = lab_work(CP_WORK_PROBE, kind * LAB_SLOTS_OF_DEST);
			assert_int_equal(emit_over(lab, XDP, len).len, 0);
		}
		assert_true(lab->sent[kind * LAB_SLOTS_OF_DEST] == 0);
	}
	lab_expect_only(lab, CP_STAT_TX_INVALID, n);
}

static void devices_that_refuse(void **state)
{
	struct cp_nexthop gone;
	LAB_OR_SKIP(state);

	gone = lab_nexthop(lab, false);
	gone.ifindex = 9999;
	lab_set_nexthop(lab, 0, &gone);
	lab_queue(lab, CP_WORK_PROBE, 0);
	assert_int_equal(emit(lab, TC).len, 0);
	lab_expect_only(lab, CP_STAT_TX_ERROR, 1);
}

/* ---- The work ring ---- */

static void cursor_goes_round(void **state)
{
	static const uint64_t starts[] = {CP_WORK_SLOTS - 2, 0xfffffffeull, 0xffffffffffffull - 1};
	LAB_OR_SKIP(state);

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		*lab_cursor(lab) = starts[i];
		for (uint32_t n = 0; n < 4; n++)
			lab->work[(starts[i] + n) & (CP_WORK_SLOTS - 1)] = lab_work(CP_WORK_PROBE, n * 80);
		for (uint32_t n = 0; n < 4; n++) {
			struct emitted out = emit(lab, n % 2 ? TC : XDP);
			uint8_t want[CP_FRAME_MAX];

			assert_int_equal(out.len, host_frame(lab, n * 80, want));
			assert_memory_equal(out.frame, want, out.len);
		}
		assert_true(*lab_cursor(lab) == starts[i] + 4);
	}
}

/* ---- Real transmission ---- */

static void device_without_link_layer(void **state)
{
	uint8_t want[CP_FRAME_MAX], got[256];
	LAB_OR_SKIP(state);

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct cp_nexthop nexthop = lab_nexthop(lab, v6);

		nexthop.ifindex = lab->tun_ifindex;
		nexthop.flags = CP_NH_L3;
		lab_set_nexthop(lab, v6, &nexthop);
	}
	fill_work(lab, LAB_SLOTS);
	for (uint32_t i = 0; i < LAB_SLOTS; i++) {
		uint32_t len = host_frame(lab, lab->work[i].id, want) - LAB_ETH_LEN;

		assert_int_equal(emit(lab, TC).len, 0); /* nothing on the TAP */
		assert_int_equal(lab_read(lab->tun_fd, 0, got, sizeof(got)), len);
		assert_memory_equal(got, want + LAB_ETH_LEN, len);
	}
	lab_expect_only(lab, CP_STAT_MAX, 0);
}

enum { MANY = 400 }; /* less than a TAP queues */

static void expect_many(struct lab *lab)
{
	uint8_t got[256], want[CP_FRAME_MAX];

	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t len = host_frame(lab, lab->work[i].id, want);

		assert_int_equal(lab_read(lab->tap_fd, LAB_ETH_LEN, got, sizeof(got)), len);
		assert_memory_equal(got, want, len);
	}
	assert_int_equal(lab_read(lab->tap_fd, LAB_ETH_LEN, got, sizeof(got)), 0);
	assert_int_equal(*lab_cursor(lab), MANY);
}

/* As the sender does it: many frames a call, recycled pages, counted by the driver's own word. */
static void live_frames(void **state)
{
	static const uint32_t lens[] = {CP_FRAME_MAX, CP_FRAME_MAX + 1, 200};
	uint8_t dirty[200] = {[12] = 0x08};
	struct xmit *xmit = xmit__open();
	struct stat ns;
	LAB_OR_SKIP(state);

	assert_non_null(xmit);
	assert_int_equal(stat("/proc/self/ns/net", &ns), 0);
	xmit->rodata->netns_inum = (uint32_t)ns.st_ino;
	assert_int_equal(bpf_map__reuse_fd(xmit->maps.cp_stats, bpf_map__fd(lab->skel->maps.cp_stats)), 0);
	assert_int_equal(xmit__load(xmit), 0);
	assert_int_equal(xmit__attach(xmit), 0);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = dirty, .data_size_in = lens[i], .repeat = MANY,
		        .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);

		lab_reset(lab);
		fill_work(lab, MANY);
		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.cp_xdp), &opts), 0);
		expect_many(lab);
		lab_expect_only(lab, CP_STAT_TX_TAKEN, MANY);
	}
	xmit__destroy(xmit);
}

/* One skb for all of them, while its clones wait in the queue of the device. */
static void many_from_one_skb(void **state)
{
	static const uint32_t lens[] = {LAB_ETH_LEN + 20, CP_FRAME_MAX, 200};
	uint8_t dirty[200] = {[12] = 0x08};
	LAB_OR_SKIP(state);

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = dirty, .data_size_in = lens[i], .repeat = MANY);

		lab_reset(lab);
		fill_work(lab, MANY);
		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.cp_tc_emit), &opts), 0);
		expect_many(lab);
		lab_expect_only(lab, CP_STAT_MAX, 0);
	}
}

static int setup(void **state)
{
	return lab_open(state, 1 << 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(tc_frames_equal_the_hosts),
	        cmocka_unit_test(xdp_frames_equal_the_hosts),
	        cmocka_unit_test(blocked_destinations),
	        cmocka_unit_test(slots_that_do_not_exist),
	        cmocka_unit_test(next_hops_that_do_not_exist),
	        cmocka_unit_test(protocols_we_do_not_send),
	        cmocka_unit_test(tokens_without_a_checksum),
	        cmocka_unit_test(xdp_buffers_that_are_too_short),
	        cmocka_unit_test(devices_that_refuse),
	        cmocka_unit_test(work_that_contradicts_itself),
	        cmocka_unit_test(lanes_keep_apart),
	        cmocka_unit_test(cursor_goes_round),
	        cmocka_unit_test(device_without_link_layer),
	        cmocka_unit_test(live_frames),
	        cmocka_unit_test(many_from_one_skb),
	};

	return cmocka_run_group_tests(tests, setup, lab_teardown);
}
