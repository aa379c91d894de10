/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * conn_lab.h: flows with connections in the lab of bpf_util.h, and what is to
 * be expected of them.
 */
#ifndef CP_TEST_CONN_LAB_H
#define CP_TEST_CONN_LAB_H

#include "bpf_util.h"

enum { TOP = LAB_TTLS - 1 }; /* the TTL index of a scout */

/* A flow of a TCP destination, whose scout has been sent. */
struct flow {
	struct lab *lab;
	enum hook hook;
	uint32_t path;
	struct lab_probe scout;
	struct cp_conn *conn;
};

static inline uint32_t slot_of(const struct flow *flow, uint32_t ttl_index)
{
	return flow->path * LAB_TTLS + ttl_index;
}

static inline bool is_v6(const struct flow *flow)
{
	return lab_is_v6(flow->scout.kind);
}

typedef void (*flow_check)(const struct flow *flow);

/* Runs a check for both hooks, both families and all flows, each time in a run of its own. */
static inline void in_all_ways(void **state, flow_check check)
{
	static const uint32_t dests[] = {0, 3, 6, 9};
	LAB_OR_SKIP(state);

	for (uint32_t i = 0; i < HOOKS * LAB_FLOWS * 4; i++) {
		struct flow flow = {.lab = lab, .hook = i % HOOKS};

		lab_reset(lab);
		lab_use_sack(lab);
		flow.path = dests[i / HOOKS / LAB_FLOWS] * LAB_FLOWS + i / HOOKS % LAB_FLOWS;
		flow.scout = lab_probe_of(lab, slot_of(&flow, TOP));
		flow.conn = &lab->conns[flow.path];
		lab->sent[slot_of(&flow, TOP)] = lab_stamp(lab, slot_of(&flow, TOP), 0);
		check(&flow);
		for (uint32_t path = 0; path < LAB_PATHS; path++)
			assert_true(path == flow.path || lab->conns[path].state == CP_CONN_NONE);
	}
}

/* As if the handshake were over. Nothing has been sent since. */
static inline void open_conn(const struct flow *flow)
{
	*flow->conn = (struct cp_conn){.state = CP_CONN_OPEN, .iss = flow->scout.token, .irs = LAB_SERVER_SEQ};
}

/* docs/datapath.md: initial sequence number + 3 + 2 * (64 * attempt + TTL - first TTL). */
static inline uint32_t data_seq(const struct flow *flow, uint32_t ttl_index, uint32_t attempt)
{
	return flow->scout.token + 3 + 2 * (64 * attempt + ttl_index);
}

static inline struct lab_probe data_probe(const struct flow *flow, uint32_t ttl_index, uint32_t attempt)
{
	struct lab_probe probe = flow->scout;

	probe.role = LAB_PROBES;
	probe.token = data_seq(flow, ttl_index, attempt);
	probe.ack = LAB_SERVER_SEQ + 1;
	probe.ttl = (uint8_t)(LAB_FIRST_TTL + ttl_index);
	return probe;
}

/* The data probes of a TTL up to an attempt have been sent. */
static inline void stamp(const struct flow *flow, uint32_t ttl_index, uint32_t attempt)
{
	uint32_t slot = slot_of(flow, ttl_index);

	flow->lab->sent[slot] = lab_stamp(flow->lab, slot, attempt);
	flow->conn->top_sent = (uint8_t)(LAB_FIRST_TTL + TOP);
}

static inline void expect_fate(const struct flow *flow, const struct lab_frame *f, enum fate want)
{
	assert_int_equal(capture(flow->lab, flow->hook, f).fate, want);
}

/* Let by, without an event, and counted in stat_id alone (CP_STAT_MAX: nowhere). */
static inline void expect_passed(const struct flow *flow, const struct lab_frame *f, uint32_t stat_id)
{
	struct cp_conn before = *flow->conn;
	uint64_t want[CP_STAT_MAX + 1];

	for (uint32_t s = 0; s < CP_STAT_MAX; s++)
		want[s] = lab_stat(flow->lab, s);
	want[stat_id]++;
	expect_fate(flow, f, PASS);
	expect_no_event(flow->lab);
	lab_expect_stats(flow->lab, want);
	assert_memory_equal(flow->conn, &before, sizeof(before));
}

/* The answer is, byte for byte, what an independent builder makes of it. */
static inline void expect_answered(const struct flow *flow, const struct lab_frame *f, uint8_t flags)
{
	struct outcome out = capture(flow->lab, flow->hook, f);
	struct lab_frame want;

	expect_answer(&out, flow->hook, f, flags);
	lab_answer_frame(&want, &flow->scout, flags);
	assert_memory_equal(out.frame, want.b, want.len);
}

static inline void expect_state(const struct flow *flow, enum cp_conn_state want)
{
	assert_int_equal(flow->conn->state, want);
}

/* An event of this flow, but for the time of arrival, which is checked. */
static inline void expect_event(const struct flow *flow, uint32_t ttl_index, struct cp_event want)
{
	struct cp_event got = lab_take_one(flow->lab);

	want.slot = slot_of(flow, ttl_index);
	assert_in_range(lab_now_ns() - got.rx_ns, 0, 60ull * 1000000000);
	want.rx_ns = got.rx_ns;
	if (!(want.flags & CP_EV_LATE))
		want.tx_ns = cp_sent_ns(lab_stamp(flow->lab, want.slot, want.attempt), got.rx_ns);
	assert_memory_equal(&got, &want, sizeof(got));
}

static inline struct cp_event server_event(const struct flow *flow, enum cp_reply_kind kind)
{
	return (struct cp_event){
	        .from = lab_addr(is_v6(flow), flow->scout.dst), .kind = (uint8_t)kind, .reply_ttl = 55};
}

static inline void make_segment(const struct flow *flow, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t n_data,
        struct lab_frame *ret_frame)
{
	struct lab_segment segment = {
	        .seq = LAB_SERVER_SEQ + 1 + seq, .ack = flow->scout.token + 1 + ack, .flags = flags, .n_data = n_data};

	lab_segment_frame(ret_frame, &flow->scout, &segment);
}

static inline struct emitted work_off(const struct flow *flow, enum cp_work_op op, uint32_t id)
{
	struct lab *lab = flow->lab;

	lab_queue(lab, op, id);
	return emit(lab, flow->hook == HOOK_TC ? TC : XDP);
}

static inline int conn_setup(void **state)
{
	return lab_open(state, 4096);
}

#endif
