// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * coldpotato.bpf.c: the datapath. Emits probes inside BPF_PROG_RUN calls and
 * captures their answers into a ring buffer. All knowledge of frames is in
 * cp_wire.h; here are only maps, counters and the choice of what to return.
 *
 * XDP emitter and capture are one program: a live-frame run of a program that
 * is attached nowhere makes the kernel rewrite its XDP dispatcher around each
 * call (25 ms); attached, the same call takes microseconds.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "conn.h"
#include "cp_abi.h"
#include "cp_wire.h"
#include "maps.h"

#define LOOPBACK_IFINDEX 1
#define L2_LEN ((__u32)sizeof(struct cp_eth))
#define PULL_LEN 256u /* outer header, ICMP, quote and a label stack */

/* ---- Emission ---- */

/* One piece of work: what to send, and where to note that it was. */
struct emission {
	struct cp_probe probe;
	struct cp_dest *dest; /* the probe's */
	__u32 *sent;
	struct cp_conn *conn; /* of a flow that has one */
	__u64 now_ns;
	__u32 id;
	__u32 frame_len;
};

/* The blocklist's last word; a destination is looked up once. */
static __always_inline int emit_allowed(struct cp_dest *dest)
{
	struct cp_block_key key = {.n_bits = 8 + 128, .family = dest->flags & CP_DEST_V6 ? 6 : 4};

	if (!(dest->flags & (CP_DEST_BLOCKED | CP_DEST_CLEARED))) {
		__builtin_memcpy(key.addr, &dest->addr, sizeof(key.addr));
		dest->flags |= bpf_map_lookup_elem(&cp_blocks, &key) ? CP_DEST_BLOCKED : CP_DEST_CLEARED;
	}
	return !(dest->flags & CP_DEST_BLOCKED);
}

/* Returns 0 when a packet at now_ns would be one too many. The budget is not charged then. */
static __always_inline int emit_conforms(const struct cp_budget_rule *rule, const __u64 *due_ns, __u64 now_ns)
{
	return !due_ns || *due_ns <= now_ns + rule->tolerance_ns;
}

static __always_inline void emit_charge(const struct cp_budget_rule *rule, __u64 *due_ns, __u64 now_ns)
{
	if (due_ns)
		*due_ns = (*due_ns > now_ns ? *due_ns : now_ns) + rule->interval_ns;
}

/* Charges the budgets of a destination's address and of its prefix. Returns 0 when one of them is spent. */
static __always_inline int emit_within_budget(const struct cp_dest *dest, __u64 now_ns)
{
	__u32 host = dest->host_budget, prefix = dest->prefix_budget;
	__u64 *host_due = run.host_rule.interval_ns ? bpf_map_lookup_elem(&cp_budgets, &host) : NULL;
	__u64 *prefix_due = run.prefix_rule.interval_ns ? bpf_map_lookup_elem(&cp_budgets, &prefix) : NULL;

	if (!emit_conforms(&run.host_rule, host_due, now_ns) || !emit_conforms(&run.prefix_rule, prefix_due, now_ns))
		return 0;
	emit_charge(&run.host_rule, host_due, now_ns);
	emit_charge(&run.prefix_rule, prefix_due, now_ns);
	return 1;
}

/* The reset that ends a connection. Returns 0 when there is none. */
static __always_inline int emit_end(struct emission *emission, __u32 op)
{
	struct cp_probe *probe = &emission->probe;
	struct cp_conn *conn = emission->conn;

	count(CP_STAT_TX_CLOSE);
	if (!conn || conn->state < CP_CONN_OPEN)
		return 0;
	__sync_val_compare_and_swap(
	        &conn->state, CP_CONN_OPEN, op == CP_WORK_GIVE_UP ? CP_CONN_UNUSED : CP_CONN_CLOSED);
	probe->segment = CP_SEGMENT_CLOSE;
	probe->token = conn->iss + 1;
	probe->ttl = 64;
	return 1;
}

/* In an open connection a probe is data. */
static __always_inline void emit_data(struct emission *emission, __u32 ttl_index)
{
	struct cp_probe *probe = &emission->probe;
	struct cp_conn *conn = emission->conn;

	if (!conn || conn->state != CP_CONN_OPEN)
		return;
	probe->segment = CP_SEGMENT_DATA;
	probe->token = cp_conn_seq(conn, ttl_index, cp_id_attempt(emission->id));
	probe->ack = conn->irs + 1;
	if (probe->ttl > conn->top_sent)
		conn->top_sent = probe->ttl;
}

/* The emitter's own lane. */
static __always_inline __u32 lane_here(void)
{
	if (run.n_lanes <= 1)
		return 0;
	return run.lane_of_cpu[bpf_get_smp_processor_id() & (CP_CPUS_MAX - 1)] & (CP_LANES_MAX - 1);
}

static __always_inline struct cp_work *work_at(__u32 lane, __u64 cursor)
{
	__u32 at = lane * CP_WORK_SLOTS + ((__u32)cursor & (CP_WORK_SLOTS - 1));

	return bpf_map_lookup_elem(&cp_work, &at);
}

/* What is to be sent, by its place in the tables. Returns 0 when it has none. */
static __always_inline int emit_find(struct emission *emission, const struct cp_work *work)
{
	struct cp_probe *probe = &emission->probe;
	__u32 dest_index = work->dest, path = work->dest * run.n_flows + work->flow;
	struct cp_dest *dest = bpf_map_lookup_elem(&cp_dests, &dest_index);
	__u32 nexthop, slot = cp_id_slot(work->id);

	emission->id = work->id;
	emission->sent = sent_of(slot);
	if (!dest || !emission->sent || slot >= run.n_slots || slot != path * run.n_ttls + work->ttl_index)
		return 0;
	emission->dest = dest;
	probe->dest = dest;
	nexthop = dest->nexthop;
	probe->nexthop = bpf_map_lookup_elem(&cp_nexthops, &nexthop);
	probe->token = cp_token(run.token_key, emission->id);
	probe->flow = work->flow;
	probe->sport = (__u16)((dest->proto == CP_IPPROTO_UDP ? run.udp_port_base : run.port_base) + work->flow);
	probe->ttl = (__u8)(run.first_ttl + work->ttl_index);
	if (dest->flags & CP_DEST_SACK)
		emission->conn = bpf_map_lookup_elem(&cp_conns, &path);
	return 1;
}

/* Takes the next piece of work. Returns 0 when it must not be sent, which is counted. */
static __always_inline int emit_take(struct emission *emission)
{
	__u32 lane = lane_here();
	__u64 cursor = lanes[lane].cursor;
	struct cp_work *work = work_at(lane, cursor);
	struct cp_probe *probe = &emission->probe;

	lanes[lane].cursor = cursor + 1;
	/* The clock waits for all that was read before, so it is read first. */
	emission->now_ns = bpf_ktime_get_ns();
	if (!work || !emit_find(emission, work))
		goto invalid;
	if (!emit_allowed(emission->dest)) {
		count(CP_STAT_TX_BLOCKED);
		return 0;
	}
	if (work->op != CP_WORK_PROBE) {
		if (!emit_end(emission, work->op))
			return 0;
	} else if (!emit_within_budget(emission->dest, emission->now_ns)) {
		count(CP_STAT_TX_BUDGET);
		return 0;
	} else {
		emit_data(emission, work->ttl_index);
	}
	emission->frame_len = cp_wire_frame_len(probe->dest, (enum cp_segment)probe->segment);
	if (!probe->nexthop || !probe->nexthop->ifindex || !emission->frame_len)
		goto invalid;
	return 1;
invalid:
	count(CP_STAT_TX_INVALID);
	return 0;
}

/* Builds the frame and notes the time. Returns the interface to send it through, 0: not buildable, which is counted. */
static __always_inline __u32 emit_build(const struct emission *emission, void *data, void *end)
{
	if (!cp_wire_build(data, end, &emission->probe)) {
		count(CP_STAT_TX_INVALID);
		return 0;
	}
	if (emission->probe.segment != CP_SEGMENT_CLOSE)
		*emission->sent = cp_sent_make(emission->now_ns, cp_id_attempt(emission->id));
	return emission->probe.nexthop->ifindex;
}

/* A device without a link-layer header knows a packet's family by what the skb is marked as. */
static __always_inline void tc_mark(struct __sk_buff *skb, __u16 protocol)
{
	if (skb->protocol != cp_swap16(protocol))
		bpf_skb_change_proto(skb, cp_swap16(protocol), 0);
}

SEC("tc")
int cp_tc_emit(struct __sk_buff *skb)
{
	struct emission emission = {};
	__u32 ifindex, sent;
	long rc;

	if (!emit_take(&emission))
		return TC_ACT_OK;
	sent = *emission.sent;
	if (emission.probe.nexthop->flags & CP_NH_L3)
		tc_mark(skb, emission.probe.dest->flags & CP_DEST_V6 ? CP_ETH_P_IPV6 : CP_ETH_P_IP);
	if (skb->len != emission.frame_len)
		bpf_skb_change_tail(skb, emission.frame_len, 0);
	ifindex = emit_build(&emission, (void *)(long)skb->data, (void *)(long)skb->data_end);
	if (!ifindex)
		return TC_ACT_OK;
	rc = bpf_clone_redirect(skb, ifindex, 0);
	/* 2 is NET_XMIT_CN: congestion notified, frame taken. */
	if (rc != 0 && rc != 2) {
		count(CP_STAT_TX_ERROR);
		*emission.sent = sent;
	}
	return TC_ACT_OK;
}

static __always_inline int xdp_emit(struct xdp_md *ctx)
{
	struct emission emission = {};
	__s64 excess;
	__u32 ifindex;

	if (!emit_take(&emission))
		return XDP_DROP;
	excess = (__s64)(ctx->data_end - ctx->data) - emission.frame_len;
	if (excess > 0)
		bpf_xdp_adjust_tail(ctx, (int)-excess);
	ifindex = emit_build(&emission, (void *)(long)ctx->data, (void *)(long)ctx->data_end);
	return ifindex ? (int)bpf_redirect(ifindex, 0) : XDP_DROP;
}

/* ---- Capture ---- */

static __always_inline enum fate reject(const struct cp_reply *reply, __u32 stat)
{
	/* Without our port it is just somebody else's packet. */
	if (reply->our_port)
		count_reply(stat);
	return FATE_PASS;
}

/* A received packet's IP header and what follows. */
struct packet {
	const void *ip, *end;
};

static __always_inline void report(
        const struct cp_reply *reply, const struct packet *packet, __u32 id, __u32 sent, __u8 flags)
{
	__u64 now_ns = bpf_ktime_get_ns(), wake = BPF_RB_NO_WAKEUP;
	struct cp_event *event = bpf_ringbuf_reserve(&cp_ring, sizeof(*event), 0);

	if (!event) {
		count_reply(CP_STAT_RX_LOST);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->rx_ns = now_ns;
	if (reply->kind != CP_REPLY_UDP && cp_sent_attempt(sent) == cp_id_attempt(id))
		event->tx_ns = cp_sent_ns(sent, now_ns);
	else if (reply->kind != CP_REPLY_UDP)
		flags |= CP_EV_LATE;
	event->from = reply->from;
	event->slot = cp_id_slot(id);
	event->attempt = (__u8)cp_id_attempt(id);
	event->kind = reply->kind;
	event->icmp_type = reply->icmp_type;
	event->icmp_code = reply->icmp_code;
	event->reply_ttl = reply->reply_ttl;
	event->quoted_ttl = reply->quoted_ttl;
	event->flags = flags;
	event->next_mtu = reply->next_mtu;
	if (reply->quoted)
		event->n_mpls = (__u8)cp_wire_mpls(packet->ip + reply->ip_len, packet->end, reply->v6, event->mpls);
	if (bpf_ringbuf_query(&cp_ring, BPF_RB_AVAIL_DATA) >= ring_wake_bytes)
		wake = BPF_RB_FORCE_WAKEUP;
	bpf_ringbuf_submit(event, wake);
	count_reply(CP_STAT_RX_MATCHED);
}

/* ---- Whose packet it is ---- */

/* No SYN, datagram or echo request of ours: a segment of a connection, or nobody's. */
static __always_inline enum fate judge_conn(struct cp_reply *reply, const struct packet *packet, __u32 stat)
{
	struct conn_probe probe = {};
	int fate;

	if (!run.sack || reply->proto != CP_IPPROTO_TCP)
		return reject(reply, stat);
	if (reply->quoted)
		fate = conn_quoted(reply, &probe) ? FATE_CONSUME : FATE_PASS;
	else
		fate = conn_segment(reply, &probe);
	if (fate == FATE_PASS)
		return reject(reply, stat);
	if (!reply->quoted)
		reply->kind = CP_REPLY_SACK;
	if (probe.found)
		report(reply, packet, probe.id, probe.sent, probe.event_flags);
	return fate;
}

/* A destination's answer to some datagram of a flow: of the one with the highest TTL, which came furthest, says the
 * event. */
static __always_inline enum fate judge_datagram(const struct cp_reply *reply, const struct packet *packet)
{
	__u32 path, slot, *sent;

	if (!indexed_dest(reply, &path))
		return reject(reply, CP_STAT_REJ_DEST);
	slot = (path + reply->flow) * run.n_ttls + run.n_ttls - 1;
	sent = sent_of(slot);
	if (!sent || !*sent)
		return reject(reply, CP_STAT_REJ_UNSENT);
	report(reply, packet, cp_id_make(slot, cp_sent_attempt(*sent)), *sent, 0);
	return FATE_CONSUME;
}

/* Validates a parsed packet and reports it when it is ours. */
static __always_inline enum fate judge(enum cp_parse parsed, struct cp_reply *reply, const struct packet *packet)
{
	__u32 id, slot, dest_index;
	enum cp_validity validity;
	struct cp_dest *dest;
	__u32 *sent;

	if (parsed == CP_PARSE_FOREIGN)
		return FATE_PASS;
	if (parsed == CP_PARSE_SHORT || parsed == CP_PARSE_FLAGS) {
		count_reply(parsed == CP_PARSE_SHORT ? CP_STAT_REJ_SHORT : CP_STAT_REJ_FLAGS);
		return FATE_PASS;
	}
	if (parsed == CP_PARSE_DATAGRAM)
		return judge_datagram(reply, packet);
	if (parsed == CP_PARSE_SEGMENT)
		return judge_conn(reply, packet, CP_STAT_REJ_FLAGS);
	if (!cp_wire_claim(&run, reply, &id, &dest_index))
		return judge_conn(reply, packet, CP_STAT_REJ_TOKEN);
	slot = cp_id_slot(id);
	dest = bpf_map_lookup_elem(&cp_dests, &dest_index);
	sent = sent_of(slot);
	if (!dest || !sent)
		return judge_conn(reply, packet, CP_STAT_REJ_TOKEN);
	validity = cp_wire_validate(reply, dest);
	if (validity == CP_INVALID_DEST)
		return judge_conn(reply, packet, CP_STAT_REJ_DEST);
	if (!*sent || cp_id_attempt(id) > cp_sent_attempt(*sent))
		return judge_conn(reply, packet, CP_STAT_REJ_UNSENT);
	report(reply, packet, id, *sent, validity == CP_VALID_MODIFIED ? CP_EV_QUOTE_MODIFIED : 0);
	if (dest->flags & CP_DEST_SACK)
		return conn_answered(reply, slot / run.n_ttls);
	return reply->kind == CP_REPLY_SYN_ACK ? FATE_RESET : FATE_CONSUME;
}

static __always_inline __u8 answer_flags(enum fate fate)
{
	return fate == FATE_ACK ? CP_TCP_ACK : CP_TCP_RST;
}

static __always_inline void count_answer(enum fate fate)
{
	count_reply(fate == FATE_ACK ? CP_STAT_RX_ACK_SENT : CP_STAT_RX_RST_SENT);
}

static __always_inline int xdp_capture(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct cp_reply reply;
	struct packet packet = {data + L2_LEN, end};
	enum fate fate = judge(cp_wire_parse_frame(&run, data, end, &reply), &reply, &packet);
	__s64 excess = (__s64)(end - data);
	__u8 flags;

	if (fate == FATE_PASS)
		return XDP_PASS;
	if (fate == FATE_CONSUME)
		return XDP_DROP;
	flags = answer_flags(fate);
	if (!(reply.v6 ? cp_wire_make_answer6(data, end, L2_LEN, flags)
	               : cp_wire_make_answer4(data, end, L2_LEN, flags)))
		return XDP_DROP;
	excess -= reply.v6 ? L2_LEN + CP_ANSWER6_PACKET_LEN : CP_ANSWER4_FRAME_LEN;
	if (excess > 0)
		bpf_xdp_adjust_tail(ctx, (int)-excess);
	count_answer(fate);
	return XDP_TX;
}

SEC("xdp")
int cp_xdp(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex == LOOPBACK_IFINDEX ? xdp_emit(ctx) : xdp_capture(ctx);
}

/* Turns the segment in skb into its answer. Returns 0 when it cannot be. */
static __always_inline int tc_answer(
        struct __sk_buff *skb, const struct packet *packet, __u32 l2_len, int v6, __u8 flags)
{
	void *data = (void *)packet->ip - l2_len, *end = (void *)packet->end;
	__u64 diff;

	if (v6) {
		if (!cp_wire_make_answer6(data, end, l2_len, flags))
			return 0;
		diff = cp_wire_answer6_unfinish(data, end, l2_len);
		bpf_l4_csum_replace(skb, l2_len + CP_ANSWER6_CHECK_AT, 0, diff, 0);
		bpf_skb_change_tail(skb, l2_len + CP_ANSWER6_PACKET_LEN, 0);
	} else {
		if (!cp_wire_make_answer4(data, end, l2_len, flags))
			return 0;
		diff = cp_wire_answer4_unfinish(data, end, l2_len);
		bpf_l4_csum_replace(skb, l2_len + CP_ANSWER4_CHECK_AT, 0, diff, 0);
		bpf_skb_change_tail(skb, l2_len + CP_ANSWER4_PACKET_LEN, 0);
	}
	return 1;
}

static __always_inline int tc_capture(struct __sk_buff *skb, __u32 l2_len)
{
	struct cp_reply reply;
	struct packet packet;
	enum cp_parse parsed;
	void *data, *end;
	enum fate fate;

	if (skb->protocol != cp_swap16(CP_ETH_P_IP) && skb->protocol != cp_swap16(CP_ETH_P_IPV6))
		return TC_ACT_UNSPEC;
	if (skb->data_end - skb->data < PULL_LEN)
		bpf_skb_pull_data(skb, skb->len < PULL_LEN ? skb->len : PULL_LEN);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	parsed = l2_len ? cp_wire_parse_frame(&run, data, end, &reply) : cp_wire_parse_ip(&run, data, end, &reply);
	packet.ip = data + l2_len;
	packet.end = end;
	fate = judge(parsed, &reply, &packet);
	/* TC_ACT_UNSPEC, not OK: whatever else sits on this hook still gets its say. */
	if (fate == FATE_PASS)
		return TC_ACT_UNSPEC;
	if (fate == FATE_CONSUME || !tc_answer(skb, &packet, l2_len, reply.v6, answer_flags(fate)))
		return TC_ACT_SHOT;
	count_answer(fate);
	return (int)bpf_redirect(skb->ifindex, 0);
}

SEC("tc")
int cp_tc_capture(struct __sk_buff *skb)
{
	return tc_capture(skb, L2_LEN);
}

/* For devices without a link-layer header. */
SEC("tc")
int cp_tc_capture_l3(struct __sk_buff *skb)
{
	return tc_capture(skb, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
