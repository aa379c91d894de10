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

#include "cp_abi.h"
#include "cp_wire.h"

#define LOOPBACK_IFINDEX 1
#define L2_LEN ((__u32)sizeof(struct cp_eth))
#define PULL_LEN 256u /* outer header, ICMP, quote and a label stack */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CP_WORK_SLOTS);
	__type(key, __u32);
	__type(value, __u64); /* probe id in the low half: array elements are 8 bytes in any case */
} cp_work SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_dest);
} cp_dests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64); /* cp_sent_make() */
} cp_sent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CP_NEXTHOPS_MAX);
	__type(key, __u32);
	__type(value, struct cp_nexthop);
} cp_nexthops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CP_STAT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} cp_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} cp_ring SEC(".maps");

struct cp_run run;
__u64 ring_wake_bytes; /* unread data at which the reader is woken */

static __always_inline void count(__u32 stat)
{
	__u64 *value = bpf_map_lookup_elem(&cp_stats, &stat);

	if (value)
		__sync_fetch_and_add(value, 1);
}

/* ---- Emission ---- */

/* One piece of work: what to send, and where to note that it was. */
struct emission {
	struct cp_probe probe;
	__u64 *sent;
	__u32 id;
	__u32 frame_len;
};

/* Takes the next piece of work. Returns 0 when it must not be sent, which is counted. */
static __always_inline int emit_take(struct emission *emission)
{
	__u32 at = (__u32)__sync_fetch_and_add(&run.cursor, 1) & (CP_WORK_SLOTS - 1);
	__u64 *work = bpf_map_lookup_elem(&cp_work, &at);
	__u32 slot, dest_index, rest, nexthop, per_dest = run.n_flows * run.n_ttls;
	struct cp_probe *probe = &emission->probe;

	if (!work || !per_dest || !run.n_ttls)
		goto invalid;
	emission->id = (__u32)*work;
	slot = cp_id_slot(emission->id);
	dest_index = slot / per_dest;
	rest = slot % per_dest;
	probe->dest = bpf_map_lookup_elem(&cp_dests, &dest_index);
	emission->sent = bpf_map_lookup_elem(&cp_sent, &slot);
	if (!probe->dest || !emission->sent || slot >= run.n_slots)
		goto invalid;
	if (probe->dest->flags & CP_DEST_BLOCKED) {
		count(CP_STAT_TX_BLOCKED);
		return 0;
	}
	nexthop = probe->dest->nexthop;
	probe->nexthop = bpf_map_lookup_elem(&cp_nexthops, &nexthop);
	emission->frame_len = cp_wire_frame_len(probe->dest);
	if (!probe->nexthop || !probe->nexthop->ifindex || !emission->frame_len)
		goto invalid;
	probe->token = cp_token(run.token_key, emission->id);
	probe->flow = rest / run.n_ttls;
	probe->sport =
	        (__u16)((probe->dest->proto == CP_IPPROTO_UDP ? run.udp_port_base : run.port_base) + probe->flow);
	probe->ttl = (__u8)(run.first_ttl + rest % run.n_ttls);
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
	*emission->sent = cp_sent_make(bpf_ktime_get_ns(), cp_id_attempt(emission->id));
	return emission->probe.nexthop->ifindex;
}

SEC("tc")
int cp_tc_emit(struct __sk_buff *skb)
{
	struct emission emission = {};
	__u32 ifindex;
	long rc;

	if (!emit_take(&emission))
		return TC_ACT_OK;
	if (skb->len != emission.frame_len)
		bpf_skb_change_tail(skb, emission.frame_len, 0);
	ifindex = emit_build(&emission, (void *)(long)skb->data, (void *)(long)skb->data_end);
	if (!ifindex)
		return TC_ACT_OK;
	rc = bpf_clone_redirect(skb, ifindex, 0);
	/* 2 is NET_XMIT_CN: congestion notified, frame taken. */
	if (rc != 0 && rc != 2)
		count(CP_STAT_TX_ERROR);
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

enum fate { FATE_PASS = 0, FATE_CONSUME, FATE_RESET };

static __always_inline enum fate reject(const struct cp_reply *reply, __u32 stat)
{
	/* Without our port it is just somebody else's packet. */
	if (reply->our_port)
		count(stat);
	return FATE_PASS;
}

/* A received packet's IP header and what follows. */
struct packet {
	const void *ip, *end;
};

static __always_inline void report(
        const struct cp_reply *reply, const struct packet *packet, __u32 id, __u64 sent, __u8 flags)
{
	__u64 now_ns = bpf_ktime_get_ns(), wake = BPF_RB_NO_WAKEUP;
	struct cp_event *event = bpf_ringbuf_reserve(&cp_ring, sizeof(*event), 0);

	if (!event) {
		count(CP_STAT_RX_LOST);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->rx_ns = now_ns;
	if (cp_sent_attempt(sent) == cp_id_attempt(id))
		event->tx_ns = cp_sent_ns(sent);
	else
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
	count(CP_STAT_RX_MATCHED);
}

/* Validates a parsed packet and reports it when it is ours. */
static __always_inline enum fate judge(enum cp_parse parsed, const struct cp_reply *reply, const struct packet *packet)
{
	__u32 id, slot, dest_index;
	enum cp_validity validity;
	struct cp_dest *dest;
	__u64 *sent;

	if (parsed == CP_PARSE_FOREIGN)
		return FATE_PASS;
	if (parsed == CP_PARSE_SHORT || parsed == CP_PARSE_FLAGS) {
		count(parsed == CP_PARSE_SHORT ? CP_STAT_REJ_SHORT : CP_STAT_REJ_FLAGS);
		return FATE_PASS;
	}
	if (!cp_wire_claim(&run, reply, &id, &dest_index))
		return reject(reply, CP_STAT_REJ_TOKEN);
	slot = cp_id_slot(id);
	dest = bpf_map_lookup_elem(&cp_dests, &dest_index);
	sent = bpf_map_lookup_elem(&cp_sent, &slot);
	if (!dest || !sent)
		return reject(reply, CP_STAT_REJ_TOKEN);
	validity = cp_wire_validate(reply, dest);
	if (validity == CP_INVALID_DEST)
		return reject(reply, CP_STAT_REJ_DEST);
	if (!*sent || cp_id_attempt(id) > cp_sent_attempt(*sent))
		return reject(reply, CP_STAT_REJ_UNSENT);
	report(reply, packet, id, *sent, validity == CP_VALID_MODIFIED ? CP_EV_QUOTE_MODIFIED : 0);
	return reply->kind == CP_REPLY_SYN_ACK ? FATE_RESET : FATE_CONSUME;
}

static __always_inline int xdp_capture(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct cp_reply reply;
	struct packet packet = {data + L2_LEN, end};
	enum fate fate = judge(cp_wire_parse_frame(&run, data, end, &reply), &reply, &packet);
	__s64 excess = (__s64)(end - data);

	if (fate == FATE_PASS)
		return XDP_PASS;
	if (fate == FATE_CONSUME)
		return XDP_DROP;
	if (!(reply.v6 ? cp_wire_make_rst6(data, end, L2_LEN) : cp_wire_make_rst4(data, end, L2_LEN)))
		return XDP_DROP;
	excess -= reply.v6 ? L2_LEN + CP_RST6_PACKET_LEN : CP_RST4_FRAME_LEN;
	if (excess > 0)
		bpf_xdp_adjust_tail(ctx, (int)-excess);
	count(CP_STAT_RX_RST_SENT);
	return XDP_TX;
}

SEC("xdp")
int cp_xdp(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex == LOOPBACK_IFINDEX ? xdp_emit(ctx) : xdp_capture(ctx);
}

/* Turns the SYN-ACK in skb into a reset. Returns 0 when it cannot be. */
static __always_inline int tc_reset(struct __sk_buff *skb, void *data, void *end, __u32 l2_len, int v6)
{
	__u64 diff;

	if (v6) {
		if (!cp_wire_make_rst6(data, end, l2_len))
			return 0;
		diff = cp_wire_rst6_unfinish(data, end, l2_len);
		bpf_l4_csum_replace(skb, l2_len + CP_RST6_CHECK_AT, 0, diff, 0);
		bpf_skb_change_tail(skb, l2_len + CP_RST6_PACKET_LEN, 0);
	} else {
		if (!cp_wire_make_rst4(data, end, l2_len))
			return 0;
		diff = cp_wire_rst4_unfinish(data, end, l2_len);
		bpf_l4_csum_replace(skb, l2_len + CP_RST4_CHECK_AT, 0, diff, 0);
		bpf_skb_change_tail(skb, l2_len + CP_RST4_PACKET_LEN, 0);
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
	if (fate == FATE_CONSUME || !tc_reset(skb, data, end, l2_len, reply.v6))
		return TC_ACT_SHOT;
	count(CP_STAT_RX_RST_SENT);
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
