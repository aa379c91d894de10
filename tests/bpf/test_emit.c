// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_emit.c: what the emitters put on the wire, byte for byte, and what
 * they refuse to send. Needs root.
 */
#include "bpf_util.h"

enum emitter { TC, XDP };

struct emitted {
	uint8_t frame[256];
	uint32_t len; /* 0: nothing was sent */
};

/* Runs an emitter once, over what a recycled page may hold. */
static struct emitted emit_over(struct lab *lab, enum emitter emitter, uint8_t *dirty, uint32_t len)
{
	struct emitted out = {.len = 0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = dirty, .data_size_in = len, .repeat = 1);

	dirty[12] = 0x08; /* the kernel looks at the EtherType of a test skb */
	dirty[13] = 0;
	if (emitter == XDP) {
		opts.data_out = out.frame;
		opts.data_size_out = sizeof(out.frame);
		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.cp_xdp), &opts), 0);
		if (opts.retval == XDP_REDIRECT)
			out.len = opts.data_size_out;
		else
			assert_int_equal(opts.retval, XDP_DROP);
	} else {
		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.cp_tc_emit), &opts), 0);
		assert_int_equal(opts.retval, TC_ACT_OK);
		out.len = lab_read(lab->tap_fd, LAB_ETH_LEN, out.frame, sizeof(out.frame));
	}
	return out;
}

static struct emitted emit(struct lab *lab, enum emitter emitter)
{
	static uint64_t random = 23;
	uint8_t dirty[CP_SYN4_FRAME_LEN];

	for (uint32_t b = 0; b < sizeof(dirty); b++)
		dirty[b] = (uint8_t)lab_random(&random);
	return emit_over(lab, emitter, dirty, sizeof(dirty));
}

/* What the host's build of cp_wire.h makes of an id. */
static void host_frame(const struct lab *lab, uint32_t id, uint8_t ret_frame[CP_SYN4_FRAME_LEN])
{
	uint32_t path = cp_id_slot(id) / LAB_TTLS;
	struct cp_nexthop nexthop = lab_nexthop(lab);
	struct cp_probe probe = {
	        .dest = &lab->dests[path / LAB_FLOWS],
	        .nexthop = &nexthop,
	        .token = cp_token(lab->skel->bss->run.token_key, id),
	        .flow = path % LAB_FLOWS,
	        .sport = (uint16_t)(LAB_PORT_BASE + path % LAB_FLOWS),
	        .ttl = (uint8_t)(LAB_FIRST_TTL + cp_id_slot(id) % LAB_TTLS),
	};

	assert_int_equal(cp_wire_build(ret_frame, ret_frame + CP_SYN4_FRAME_LEN, &probe), CP_SYN4_FRAME_LEN);
}

static void check_all_slots(struct lab *lab, enum emitter emitter)
{
	uint32_t n = 0;

	for (uint32_t attempt = 0; attempt < CP_ATTEMPTS_MAX; attempt++) {
		for (uint32_t slot = 0; slot < LAB_SLOTS; slot++)
			lab->work[n++] = cp_id_make(slot, attempt);
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = (uint32_t)lab->work[i];
		struct lab_probe probe = lab_probe_of(lab, id);
		uint8_t want[CP_SYN4_FRAME_LEN];
		uint64_t before_ns = lab_now_ns(), sent;
		struct emitted out = emit(lab, emitter);
		struct lab_frame plain;

		host_frame(lab, id, want);
		lab_probe_frame(&plain, &probe);
		assert_int_equal(out.len, CP_SYN4_FRAME_LEN);
		assert_memory_equal(out.frame, want, out.len);
		assert_memory_equal(out.frame, plain.b, out.len);
		sent = lab->sent[cp_id_slot(id)];
		assert_int_equal(cp_sent_attempt(sent), cp_id_attempt(id));
		assert_in_range(cp_sent_ns(sent), before_ns, lab_now_ns());
		assert_int_equal(lab->skel->bss->run.cursor, i + 1);
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
		uint64_t cursor = lab->skel->bss->run.cursor, n = lab_stat(lab, stat_id);

		lab->work[cursor & (CP_WORK_SLOTS - 1)] = id;
		assert_int_equal(emit(lab, emitter).len, 0);
		assert_true(lab_stat(lab, stat_id) == n + 1);
		assert_true(lab->skel->bss->run.cursor == cursor + 1);
	}
	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++) {
		if (lab->sent[slot])
			fail_msg("id %08x: slot %u is stamped", id, slot);
	}
}

static void blocked_destinations(void **state)
{
	LAB_OR_SKIP(state);
	lab->dests[2].flags = CP_DEST_BLOCKED;
	for (uint32_t i = 0; i < LAB_FLOWS * LAB_TTLS; i++)
		refused(lab, 2 * LAB_FLOWS * LAB_TTLS + i, CP_STAT_TX_BLOCKED);
	lab_expect_only(lab, CP_STAT_TX_BLOCKED, 2 * LAB_FLOWS * LAB_TTLS);
	lab->work[lab->skel->bss->run.cursor] = 0;
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
	lab->skel->bss->run.n_ttls = 0;
	refused(lab, 0, CP_STAT_TX_INVALID);
	lab_expect_only(lab, CP_STAT_TX_INVALID, 10);
}

static void next_hops_that_do_not_exist(void **state)
{
	struct cp_nexthop empty = {.ifindex = 0};
	LAB_OR_SKIP(state);

	lab->dests[0].nexthop = CP_NEXTHOPS_MAX;
	refused(lab, 0, CP_STAT_TX_INVALID);
	lab_set_nexthop(lab, 1, &empty);
	lab->dests[0].nexthop = 1;
	refused(lab, 0, CP_STAT_TX_INVALID);
	lab_expect_only(lab, CP_STAT_TX_INVALID, 4);
}

static void xdp_buffers_that_are_too_short(void **state)
{
	uint8_t dirty[CP_SYN4_FRAME_LEN] = {0};
	uint64_t n = 0;
	LAB_OR_SKIP(state);

	/* The kernel makes no test packet of less than an IPv4 header. */
	for (uint32_t len = LAB_ETH_LEN + 20; len < CP_SYN4_FRAME_LEN; len++) {
		lab->work[n++] = 0;
		assert_int_equal(emit_over(lab, XDP, dirty, len).len, 0);
	}
	assert_true(lab->sent[0] == 0);
	lab_expect_only(lab, CP_STAT_TX_INVALID, n);
}

static void devices_that_refuse(void **state)
{
	struct cp_nexthop gone;
	LAB_OR_SKIP(state);

	gone = lab_nexthop(lab);
	gone.ifindex = 9999;
	lab_set_nexthop(lab, 0, &gone);
	lab->work[0] = 0;
	assert_int_equal(emit(lab, TC).len, 0);
	lab_expect_only(lab, CP_STAT_TX_ERROR, 1);
}

/* ---- The work ring ---- */

static void cursor_goes_round(void **state)
{
	static const uint64_t starts[] = {CP_WORK_SLOTS - 2, 0xfffffffeull, 0xffffffffffffull - 1};
	LAB_OR_SKIP(state);

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		lab->skel->bss->run.cursor = starts[i];
		for (uint32_t n = 0; n < 4; n++)
			lab->work[(starts[i] + n) & (CP_WORK_SLOTS - 1)] = n * 10;
		for (uint32_t n = 0; n < 4; n++) {
			struct emitted out = emit(lab, n % 2 ? TC : XDP);
			uint8_t want[CP_SYN4_FRAME_LEN];

			host_frame(lab, n * 10, want);
			assert_int_equal(out.len, sizeof(want));
			assert_memory_equal(out.frame, want, sizeof(want));
		}
		assert_true(lab->skel->bss->run.cursor == starts[i] + 4);
	}
}

/* ---- Real transmission ---- */

static void device_without_link_layer(void **state)
{
	struct cp_nexthop nexthop;
	uint8_t want[CP_SYN4_FRAME_LEN], got[256];
	LAB_OR_SKIP(state);

	nexthop = lab_nexthop(lab);
	nexthop.ifindex = lab->tun_ifindex;
	nexthop.flags = CP_NH_L3;
	lab_set_nexthop(lab, 0, &nexthop);
	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++) {
		lab->work[slot] = slot;
		assert_int_equal(emit(lab, TC).len, 0); /* nothing on the TAP */
		host_frame(lab, slot, want);
		assert_int_equal(lab_read(lab->tun_fd, 0, got, sizeof(got)), LAB_PROBE_LEN);
		assert_memory_equal(got, want + LAB_ETH_LEN, LAB_PROBE_LEN);
	}
	lab_expect_only(lab, CP_STAT_MAX, 0);
}

/* As the sender does it: many frames a call, recycled pages, counted by the driver's own word. */
static void live_frames(void **state)
{
	enum { N = 400 }; /* less than a TAP queues */
	uint8_t dirty[CP_SYN4_FRAME_LEN] = {[12] = 0x08}, got[256], want[CP_SYN4_FRAME_LEN];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = dirty, .data_size_in = sizeof(dirty), .repeat = N,
	        .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);
	struct bpf_link *link;
	LAB_OR_SKIP(state);

	link = bpf_program__attach(lab->skel->progs.cp_xdp_xmit);
	assert_non_null(link);
	for (uint32_t i = 0; i < N; i++)
		lab->work[i] = cp_id_make(i * 7 % LAB_SLOTS, i / LAB_SLOTS);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.cp_xdp), &opts), 0);
	for (uint32_t i = 0; i < N; i++) {
		host_frame(lab, (uint32_t)lab->work[i], want);
		assert_int_equal(lab_read(lab->tap_fd, LAB_ETH_LEN, got, sizeof(got)), sizeof(want));
		assert_memory_equal(got, want, sizeof(want));
	}
	assert_int_equal(lab_read(lab->tap_fd, LAB_ETH_LEN, got, sizeof(got)), 0);
	bpf_link__destroy(link);
	assert_int_equal(lab->skel->bss->run.cursor, N);
	lab_expect_only(lab, CP_STAT_TX_TAKEN, N);
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
	        cmocka_unit_test(xdp_buffers_that_are_too_short),
	        cmocka_unit_test(devices_that_refuse),
	        cmocka_unit_test(cursor_goes_round),
	        cmocka_unit_test(device_without_link_layer),
	        cmocka_unit_test(live_frames),
	};

	return cmocka_run_group_tests(tests, setup, lab_teardown);
}
