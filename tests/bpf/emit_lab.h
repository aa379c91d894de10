/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emit_lab.h: runs the emitters in the lab of bpf_util.h, and what the host's
 * build of cp_wire.h makes of the same probes.
 */
#ifndef CP_TEST_EMIT_LAB_H
#define CP_TEST_EMIT_LAB_H

#include "bpf_util.h"

enum emitter { TC, XDP };

struct emitted {
	uint8_t frame[256];
	uint32_t len; /* 0: nothing was sent */
};

/* Runs an emitter once, over len bytes of what a recycled page may hold. */
static inline struct emitted emit_over(struct lab *lab, enum emitter emitter, uint32_t len)
{
	static uint64_t random = 23;
	uint8_t dirty[256];
	struct emitted out = {.len = 0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = dirty, .data_size_in = len, .repeat = 1);

	for (uint32_t b = 0; b < len; b++)
		dirty[b] = (uint8_t)lab_random(&random);
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

static inline struct emitted emit(struct lab *lab, enum emitter emitter)
{
	return emit_over(lab, emitter, CP_FRAME_MAX);
}

/* What the host's build of cp_wire.h makes of a probe to a destination. Returns its length. */
static inline uint32_t host_build(
        const struct lab *lab, uint32_t dest, const struct lab_probe *plain, uint8_t ret_frame[CP_FRAME_MAX])
{
	static const uint8_t segments[] = {
	        [LAB_OPENS] = CP_SEGMENT_SYN, [LAB_PROBES] = CP_SEGMENT_DATA, [LAB_ENDS] = CP_SEGMENT_CLOSE};
	struct cp_nexthop nexthop = lab_nexthop(lab, lab_is_v6(plain->kind));
	struct cp_probe probe = {
	        .dest = &lab->dests[dest],
	        .nexthop = &nexthop,
	        .token = plain->token,
	        .ack = plain->ack,
	        .flow = plain->flow,
	        .sport = plain->sport,
	        .ttl = plain->ttl,
	        .segment = segments[plain->role],
	};

	return cp_wire_build(ret_frame, ret_frame + CP_FRAME_MAX, &probe);
}

/* ... of an id. */
static inline uint32_t host_frame(const struct lab *lab, uint32_t id, uint8_t ret_frame[CP_FRAME_MAX])
{
	struct lab_probe plain = lab_probe_of(lab, id);
	uint32_t len = host_build(lab, cp_id_slot(id) / LAB_SLOTS_OF_DEST, &plain, ret_frame);

	assert_int_equal(len, LAB_ETH_LEN + lab_packet_len(plain.kind));
	return len;
}

#endif
