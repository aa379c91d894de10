/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_abi.h: what the BPF programs and user space agree on: limits, map
 * layouts, events, counters. Compiled by clang -target bpf, gcc and clang.
 * It must not know how a frame looks (cp_wire.h) nor who reads an event.
 */
#ifndef CP_ABI_H
#define CP_ABI_H

#include <linux/types.h>

/*
 * A probe id is the 32-bit number a probe carries on the wire, before keying:
 * the slot in the low 29 bits, the attempt in the high 3. The attempt is in it
 * so that a late reply is never credited to a newer probe of the same slot.
 */
#define CP_SLOT_BITS 29
#define CP_SLOTS_MAX (1u << CP_SLOT_BITS)
#define CP_ATTEMPTS_MAX 8
#define CP_TTL_MAX 64
#define CP_FLOWS_MAX 64
#define CP_NEXTHOPS_MAX 256
#define CP_MPLS_MAX 4
#define CP_LANES_MAX 8u /* emitters at work at once, a power of two */
#define CP_CPUS_MAX 1024u /* of a host with several lanes, a power of two */
#define CP_WORK_SLOTS 65536u /* entries of a lane's work ring, a power of two */
#define CP_BLOCKS_MAX 65536u /* prefixes of the blocklist */

static inline __u32 cp_id_make(__u32 slot, __u32 attempt)
{
	return slot | attempt << CP_SLOT_BITS;
}
static inline __u32 cp_id_slot(__u32 id)
{
	return id & (CP_SLOTS_MAX - 1);
}
static inline __u32 cp_id_attempt(__u32 id)
{
	return id >> CP_SLOT_BITS;
}

/* An address of either family in network order; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
struct cp_addr {
	__u8 b[16];
};

/* cp_dest.flags and cp_nexthop.flags */
enum {
	CP_DEST_V6 = 1u << 0,
	CP_DEST_BLOCKED = 1u << 1, /* never transmitted to; counted CP_STAT_TX_BLOCKED; also set by the emitter */
	CP_DEST_SACK = 1u << 2, /* TCP: probed inside a connection once its flow has one */
	CP_DEST_CLEARED = 1u << 3, /* set by the emitter: the blocklist does not have it */
};
enum {
	CP_NH_L3 = 1u << 0, /* device without a link-layer header (tun, wg) */
};

/* One destination, as the emitter and the validator need it. */
struct cp_dest {
	struct cp_addr addr;
	__u16 port; /* network order; 0 for protocols without ports */
	__u8 proto; /* IPPROTO_* */
	__u8 flags; /* CP_DEST_* */
	__u32 nexthop; /* index into the next-hop map */
	__u32 host_budget, prefix_budget; /* indexes into the budget map */
};

/*
 * What is never transmitted to, as key of a longest-prefix-match map. IPv4
 * addresses are apart, so that no IPv6 prefix holds a mapped one.
 */
struct cp_block_key {
	__u32 n_bits; /* of what follows */
	__u8 family; /* 4 or 6 */
	__u8 addr[16]; /* of struct cp_addr */
	__u8 reserved[3];
};

/*
 * A budget: so many packets a second on average, and a few ahead of time. The
 * generic cell rate algorithm (ITU-T I.371): each packet moves the theoretical
 * arrival time of the next one on by an interval, and one that would come
 * earlier than the tolerance allows does not conform.
 */
struct cp_budget_rule {
	__u64 interval_ns; /* 0: no limit */
	__u64 tolerance_ns;
};

/* Where frames leave: interface, link-layer and source address. */
struct cp_nexthop {
	struct cp_addr src;
	__u32 ifindex;
	__u8 dmac[6];
	__u8 smac[6];
	__u32 flags; /* CP_NH_* */
};

/*
 * Time of the latest transmission of a slot, in 32 bits, since a run may have
 * 2^29 of them: CLOCK_MONOTONIC in units of 1,024 ns, modulo 2^29 (nine
 * minutes), in the high 29 bits; its attempt in the low 3. 0: never probed.
 */
#define CP_SENT_SHIFT 10
static inline __u32 cp_sent_make(__u64 now_ns, __u32 attempt)
{
	__u32 sent = (__u32)(now_ns >> CP_SENT_SHIFT << 3) | attempt;

	return sent ? sent : ~7u; /* a unit early, as no time may lie ahead of the clock */
}
/* The time, given a later one that is less than nine minutes away. Exact to a unit. */
static inline __u64 cp_sent_ns(__u32 sent, __u64 now_ns)
{
	__u32 age = ((__u32)(now_ns >> CP_SENT_SHIFT) - (sent >> 3)) & (CP_SLOTS_MAX - 1);

	return now_ns - ((__u64)age << CP_SENT_SHIFT);
}
static inline __u32 cp_sent_attempt(__u32 sent)
{
	return sent & 7;
}

/* Of slots 2 i and 2 i + 1: an array's elements take eight bytes in any case. */
struct cp_sent_pair {
	__u32 sent[2];
};

/*
 * TCP SACK probing. A flow's connection is opened by a scout's SYN; then the
 * probe of a TTL is one byte of data behind a hole, which a server can do
 * nothing with but acknowledge it selectively (RFC 2018). The hole is never
 * filled, so no application gets a byte.
 */
enum cp_conn_state {
	CP_CONN_NONE = 0, /* no SYN-ACK yet: probes are SYNs, as they are in all states but CP_CONN_OPEN */
	CP_CONN_OPENING, /* iss and irs are being written */
	CP_CONN_NOT_PERMITTED, /* the SYN-ACK did not permit SACK */
	CP_CONN_OPEN, /* from here on iss and irs are valid */
	CP_CONN_UNUSED, /* it did, but data behind the hole is not acknowledged selectively */
	CP_CONN_PEER_CLOSED, /* the server closed or reset it */
	CP_CONN_CLOSED, /* reset by us, at the end */
};

/* The connection of a flow; number: dest * n_flows + flow. */
struct cp_conn {
	__u32 state; /* enum cp_conn_state */
	__u32 iss, irs; /* initial sequence numbers, ours and the server's, host order */
	__u8 sacked; /* something was acknowledged selectively */
	__u8 hint_ttl; /* the distance, judging by what was left of the SYN-ACK's TTL */
	__u8 top_sent; /* highest TTL of a data probe so far */
	__u8 reserved;
};

/* Finds a destination by what a packet says of it. */
struct cp_dest_key {
	struct cp_addr addr;
	__u16 port; /* network order */
	__u16 proto; /* CP_IPPROTO_TCP or _UDP */
};

enum cp_work_op {
	CP_WORK_PROBE = 0,
	CP_WORK_CLOSE, /* reset the connection of the id's path */
	CP_WORK_GIVE_UP, /* ... since SACK is of no use in it: its probes are SYNs from now on */
};

/* A piece of work: a probe id, and what the slot in it stands for, so that the emitter need not divide. */
struct cp_work {
	__u32 id;
	__u32 dest; /* index */
	__u8 flow;
	__u8 ttl_index; /* TTL - first TTL */
	__u8 op; /* enum cp_work_op */
	__u8 reserved[5];
};

/*
 * An emitter's place in its own work ring. Nobody else writes it, so it takes no locked instruction: one would wait
 * for the stores of the frame before, of which some miss every cache.
 */
struct cp_lane {
	__u64 cursor; /* work consumed so far */
	__u64 reserved[7]; /* a cache line each */
};

/* What kind of packet answered a probe. Values appear in events: append only. */
enum cp_reply_kind {
	CP_REPLY_NONE = 0,
	CP_REPLY_TIME_EXCEEDED,
	CP_REPLY_UNREACHABLE,
	CP_REPLY_SYN_ACK,
	CP_REPLY_RST,
	CP_REPLY_ECHO,
	CP_REPLY_UDP,
	CP_REPLY_SACK,
	CP_REPLY_UNTOLD, /* only in imported results: what kind of answer it was is not told */
};

/* cp_event.flags */
enum {
	CP_EV_LATE = 1u << 0, /* answers an older attempt than the latest; RTT unknown */
	CP_EV_QUOTE_MODIFIED = 1u << 1, /* a middlebox rewrote the quoted packet */
};

/* One reply, as it stands in the ring buffer. 64 bytes. */
struct cp_event {
	__u64 rx_ns; /* CLOCK_MONOTONIC at capture */
	__u64 tx_ns; /* same clock at emission; 0: unknown (CP_EV_LATE) */
	struct cp_addr from; /* who answered */
	__u32 slot;
	__u8 attempt;
	__u8 kind; /* enum cp_reply_kind */
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 reply_ttl; /* of the outer header, as it arrived */
	__u8 quoted_ttl; /* of the quoted header; 0: no quote */
	__u8 flags; /* CP_EV_* */
	__u8 n_mpls;
	__u16 next_mtu; /* of "fragmentation needed" / "packet too big", else 0 */
	__u16 reserved;
	__u32 mpls[CP_MPLS_MAX]; /* label stack entries, host order (RFC 4950) */
};

/*
 * Exact counters, one per-CPU array entry each. Append only. Probes that leave
 * as they should are counted by the lanes' cursors alone.
 */
enum cp_stat {
	CP_STAT_TX_TAKEN = 0, /* live frames the driver took (xdp datapath) */
	CP_STAT_TX_ERROR, /* frames the driver refused */
	CP_STAT_TX_BLOCKED, /* not sent: the destination is blocked */
	CP_STAT_TX_INVALID, /* not sent: no such slot, destination or next hop, or frame not buildable */
	CP_STAT_RX_MATCHED, /* ours, proven, in the ring */
	CP_STAT_RX_LOST, /* ours, proven, but the ring was full */
	CP_STAT_RX_RST_SENT, /* resets sent for answered SYNs */
	CP_STAT_REJ_TOKEN, /* claimed to be ours: slot does not exist */
	CP_STAT_REJ_DEST, /* ... slot exists, but towards another destination */
	CP_STAT_REJ_UNSENT, /* ... slot or attempt was never transmitted */
	CP_STAT_REJ_FLAGS, /* ... TCP segment that answers no SYN */
	CP_STAT_REJ_SHORT, /* ... too short to prove anything */
	CP_STAT_RX_ACK_SENT, /* handshakes completed, repetitions included */
	CP_STAT_RX_STREAM, /* segments of our connections that answer no probe */
	CP_STAT_CONN_OPENED,
	CP_STAT_TX_CLOSE, /* resets that close a connection, twice each */
	CP_STAT_TX_BUDGET, /* not sent: more than the budget of its destination or prefix allows */
	CP_STAT_MAX,
};

/*
 * Settings of the run; one instance, in the BPF object's .bss, mapped by user
 * space. All but `closing` and, between rounds, `token_key` are written before
 * the first probe and constant afterwards.
 */
struct cp_run {
	__u32 token_key[4]; /* per-run secret of the probe identity */
	__u32 n_slots; /* n_dests * n_flows * n_ttls, at most CP_SLOTS_MAX */
	__u32 n_dests;
	__u32 n_flows;
	__u32 n_ttls;
	__u32 first_ttl;
	__u16 port_base; /* TCP, host order; flow f uses port_base + f */
	__u16 udp_port_base; /* UDP likewise; 0: no such probes */
	struct cp_budget_rule host_rule, prefix_rule;
	__u32 closing; /* 1: no connection is opened any more */
	__u32 sack; /* 1: there are connections, and a table to find destinations in */
	__u32 n_lanes; /* more than one: lane_of_cpu says whose the emitter is */
	__u8 lane_of_cpu[CP_CPUS_MAX];
};

#endif
