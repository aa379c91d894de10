/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_wire_build.h: the frames we send: probes and resets. Included through
 * cp_wire.h.
 */
#ifndef CP_WIRE_BUILD_H
#define CP_WIRE_BUILD_H

#include "cp_wire_base.h"

/* What a TCP probe is. */
enum cp_segment {
	CP_SEGMENT_SYN = 0,
	CP_SEGMENT_DATA, /* one byte in an open connection */
	CP_SEGMENT_CLOSE, /* the reset that ends it */
};

/* What one probe needs; dest and nexthop decide the family. */
struct cp_probe {
	const struct cp_dest *dest;
	const struct cp_nexthop *nexthop;
	__u32 token; /* cp_token() of the probe id; the sequence number of CP_SEGMENT_DATA and _CLOSE */
	__u32 ack; /* of CP_SEGMENT_DATA */
	__u32 flow; /* number of the flow */
	__u16 sport; /* host order; TCP and UDP */
	__u8 ttl;
	__u8 segment; /* enum cp_segment; TCP */
};

/*
 * The IPv4 identification of a probe follows from its token: when a NAT has
 * rewritten the quoted source port, it is a second witness against chance.
 */
CP_INLINE __u16 cp_wire_ip_id(__u32 token)
{
	return (__u16)(token ^ token >> 16);
}

/*
 * The checksum of our echo requests, the same for all probes of a flow: load
 * balancers hash the first four bytes of ICMP (Augustin et al., "Avoiding
 * traceroute anomalies with Paris traceroute", 2006).
 */
#define CP_ECHO_CHECK 0x4350u
CP_INLINE __u16 cp_wire_echo_check(__u32 flow)
{
	return (__u16)(CP_ECHO_CHECK + flow);
}

/* The flow label of our IPv6 probes, the same for all probes of a flow. */
CP_INLINE __u32 cp_wire_flow_label(__u16 sport)
{
	return 0x60000000u | 0xc0000u | sport;
}

/* Sum of the pseudo header; len in host order. */
CP_INLINE __u32 cp_sum_pseudo4(const struct cp_ip4 *ip, __u8 proto, __u32 len)
{
	return cp_sum_words(ip->src, 4) + cp_swap16(proto) + cp_swap16(len);
}

CP_INLINE __u32 cp_sum_pseudo6(const struct cp_ip6 *ip, __u8 proto, __u32 len)
{
	return cp_sum_words(ip->src, 16) + cp_swap16(proto) + cp_swap16(len);
}

CP_INLINE void cp_build_eth(struct cp_eth *eth, const struct cp_probe *probe, __u16 type)
{
	__builtin_memcpy(eth->dst, probe->nexthop->dmac, 6);
	__builtin_memcpy(eth->src, probe->nexthop->smac, 6);
	eth->type = cp_swap16(type);
}

CP_INLINE void cp_build_ip4(struct cp_ip4 *ip, const struct cp_probe *probe, __u8 proto, __u32 len, __u16 id)
{
	ip->version_ihl = 0x45;
	ip->tos = 0;
	ip->total_len = cp_swap16(sizeof(*ip) + len);
	ip->id = cp_swap16(id);
	ip->frag = cp_swap16(CP_IP_DF);
	ip->ttl = probe->ttl;
	ip->protocol = proto;
	ip->check = 0;
	__builtin_memcpy(ip->src, probe->nexthop->src.b + 12, 4);
	__builtin_memcpy(ip->dst, probe->dest->addr.b + 12, 4);
	ip->check = cp_sum_fold(cp_sum_words(ip, sizeof(*ip) / 2));
}

CP_INLINE void cp_build_ip6(struct cp_ip6 *ip, const struct cp_probe *probe, __u8 proto, __u32 len)
{
	ip->version_class_label = cp_swap32(cp_wire_flow_label(probe->sport));
	ip->payload_len = cp_swap16(len);
	ip->next_header = proto;
	ip->hop_limit = probe->ttl;
	__builtin_memcpy(ip->src, probe->nexthop->src.b, 16);
	__builtin_memcpy(ip->dst, probe->dest->addr.b, 16);
}

/* Header, options and data. */
CP_INLINE __u32 cp_segment_len(enum cp_segment segment)
{
	if (segment == CP_SEGMENT_SYN)
		return CP_SYN_SEGMENT_LEN;
	return (__u32)sizeof(struct cp_tcp) + (segment == CP_SEGMENT_DATA);
}

CP_INLINE void cp_build_tcp(struct cp_tcp *tcp, const struct cp_probe *probe, __u32 len, __u8 flags, __u16 window)
{
	tcp->sport = cp_swap16(probe->sport);
	tcp->dport = probe->dest->port;
	tcp->seq = cp_swap32(probe->token);
	tcp->ack = 0;
	tcp->offset = (__u8)((len / 4) << 4);
	tcp->flags = flags;
	tcp->window = cp_swap16(window);
	tcp->check = 0;
	tcp->urgent = 0;
}

/* A SYN with the options of an ordinary one: some firewalls drop bare ones. pseudo: sum of the pseudo header. */
CP_INLINE void cp_build_syn(struct cp_tcp *tcp, const struct cp_probe *probe, __u32 pseudo)
{
	cp_word *opt = (cp_word *)(tcp + 1);

	cp_build_tcp(tcp, probe, CP_SYN_SEGMENT_LEN, CP_TCP_SYN, 64240);
	opt[0] = cp_swap16(0x0204); /* MSS */
	opt[1] = cp_swap16(1460);
	opt[2] = cp_swap16(0x0402); /* SACK permitted */
	opt[3] = cp_swap16(0x0101); /* NOP NOP */
	opt[4] = cp_swap16(0x0103); /* NOP, window scale */
	opt[5] = cp_swap16(0x0307); /* ... 7 */
	tcp->check = cp_sum_fold(pseudo + cp_sum_words(tcp, CP_SYN_SEGMENT_LEN / 2));
}

/* A byte of data, zero, which so adds nothing to the sum; or the reset. */
CP_INLINE void cp_build_segment(
        struct cp_tcp *tcp, const struct cp_probe *probe, const enum cp_segment segment, __u32 pseudo)
{
	if (segment == CP_SEGMENT_DATA) {
		cp_build_tcp(tcp, probe, sizeof(*tcp), CP_TCP_ACK | CP_TCP_PSH, CP_TCP_WINDOW);
		tcp->ack = cp_swap32(probe->ack);
		*(__u8 *)(tcp + 1) = 0;
	} else {
		cp_build_tcp(tcp, probe, sizeof(*tcp), CP_TCP_RST, 0);
	}
	tcp->check = cp_sum_fold(pseudo + cp_sum_words(tcp, sizeof(*tcp) / 2));
}

/*
 * The payload of UDP and ICMP probes: the token, then a word chosen so that
 * the checksum of the whole, `check` included in sum, comes out right.
 */
CP_INLINE void cp_build_payload(cp_word *payload, __u32 token, __u32 sum)
{
	payload[0] = cp_swap16(token >> 16);
	payload[1] = cp_swap16(token);
	payload[2] = 0;
	payload[3] = 0;
	payload[2] = cp_sum_fold(sum + payload[0] + payload[1]);
}

/*
 * The low half of the token is the UDP checksum, which routers quote. Zero
 * would mean "none" (RFC 768): over IPv4 such a probe cannot be told from
 * another and is not sent (the slot's next attempt has another token); over
 * IPv6 the token is quoted itself.
 */
CP_INLINE __u16 cp_wire_udp_check(__u32 token)
{
	return (__u16)token ? (__u16)token : 0xffff;
}

CP_INLINE void cp_build_udp(struct cp_udp *udp, const struct cp_probe *probe, __u32 pseudo)
{
	udp->sport = cp_swap16(probe->sport);
	udp->dport = probe->dest->port;
	udp->len = cp_swap16(sizeof(*udp) + CP_PAYLOAD_LEN);
	udp->check = cp_swap16(cp_wire_udp_check(probe->token));
	cp_build_payload((cp_word *)(udp + 1), probe->token, pseudo + cp_sum_words(udp, sizeof(*udp) / 2));
}

CP_INLINE void cp_build_echo(struct cp_echo *echo, const struct cp_probe *probe, __u8 type, __u32 pseudo)
{
	echo->type = type;
	echo->code = 0;
	echo->check = cp_swap16(cp_wire_echo_check(probe->flow));
	echo->id = cp_swap16(probe->token >> 16);
	echo->seq = cp_swap16(probe->token);
	cp_build_payload((cp_word *)(echo + 1), probe->token, pseudo + cp_sum_words(echo, sizeof(*echo) / 2));
}

/* Length of the Ethernet frame of such a probe to dest; 0: a protocol we do not send. */
CP_INLINE __u32 cp_wire_frame_len(const struct cp_dest *dest, enum cp_segment segment)
{
	__u32 len = sizeof(struct cp_eth) + (dest->flags & CP_DEST_V6 ? sizeof(struct cp_ip6) : sizeof(struct cp_ip4));

	switch (dest->proto) {
	case CP_IPPROTO_TCP:
		return len + cp_segment_len(segment);
	case CP_IPPROTO_UDP:
	case CP_IPPROTO_ICMP:
		return len + (__u32)sizeof(struct cp_udp) + CP_PAYLOAD_LEN;
	default:
		return 0;
	}
}

/* A frame of an open connection; segment is a constant, as the verifier wants the length. */
CP_INLINE __u32 cp_build_segment4(
        struct cp_eth *eth, void *end, const struct cp_probe *probe, const enum cp_segment segment)
{
	struct cp_ip4 *ip = (struct cp_ip4 *)(eth + 1);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);
	const __u32 len = cp_segment_len(segment);

	if ((void *)((__u8 *)tcp + len) > end)
		return 0;
	cp_build_eth(eth, probe, CP_ETH_P_IP);
	cp_build_ip4(ip, probe, CP_IPPROTO_TCP, len, cp_wire_ip_id(probe->token));
	cp_build_segment(tcp, probe, segment, cp_sum_pseudo4(ip, CP_IPPROTO_TCP, len));
	return (__u32)(sizeof(*eth) + sizeof(*ip)) + len;
}

CP_INLINE __u32 cp_build_segment6(
        struct cp_eth *eth, void *end, const struct cp_probe *probe, const enum cp_segment segment)
{
	struct cp_ip6 *ip = (struct cp_ip6 *)(eth + 1);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);
	const __u32 len = cp_segment_len(segment);

	if ((void *)((__u8 *)tcp + len) > end)
		return 0;
	cp_build_eth(eth, probe, CP_ETH_P_IPV6);
	cp_build_ip6(ip, probe, CP_IPPROTO_TCP, len);
	cp_build_segment(tcp, probe, segment, cp_sum_pseudo6(ip, CP_IPPROTO_TCP, len));
	return (__u32)(sizeof(*eth) + sizeof(*ip)) + len;
}

CP_INLINE __u32 cp_build_4(struct cp_eth *eth, void *end, const struct cp_probe *probe)
{
	struct cp_ip4 *ip = (struct cp_ip4 *)(eth + 1);
	void *l4 = ip + 1;
	const __u32 short_len = sizeof(struct cp_udp) + CP_PAYLOAD_LEN;

	if (probe->dest->proto == CP_IPPROTO_TCP) {
		if (probe->segment == CP_SEGMENT_DATA)
			return cp_build_segment4(eth, end, probe, CP_SEGMENT_DATA);
		if (probe->segment == CP_SEGMENT_CLOSE)
			return cp_build_segment4(eth, end, probe, CP_SEGMENT_CLOSE);
		if ((void *)((__u8 *)l4 + CP_SYN_SEGMENT_LEN) > end)
			return 0;
		cp_build_eth(eth, probe, CP_ETH_P_IP);
		cp_build_ip4(ip, probe, CP_IPPROTO_TCP, CP_SYN_SEGMENT_LEN, cp_wire_ip_id(probe->token));
		cp_build_syn((struct cp_tcp *)l4, probe, cp_sum_pseudo4(ip, CP_IPPROTO_TCP, CP_SYN_SEGMENT_LEN));
		return CP_SYN4_FRAME_LEN;
	}
	if ((void *)((__u8 *)l4 + short_len) > end || (probe->dest->proto == CP_IPPROTO_UDP && !(__u16)probe->token))
		return 0;
	cp_build_eth(eth, probe, CP_ETH_P_IP);
	if (probe->dest->proto == CP_IPPROTO_UDP) {
		/* The other half of the token: a router quotes it, and the checksum. */
		cp_build_ip4(ip, probe, CP_IPPROTO_UDP, short_len, (__u16)(probe->token >> 16));
		cp_build_udp((struct cp_udp *)l4, probe, cp_sum_pseudo4(ip, CP_IPPROTO_UDP, short_len));
	} else {
		cp_build_ip4(ip, probe, CP_IPPROTO_ICMP, short_len, cp_wire_ip_id(probe->token));
		cp_build_echo((struct cp_echo *)l4, probe, CP_ICMP_ECHO, 0);
	}
	return (__u32)(sizeof(*eth) + sizeof(*ip)) + short_len;
}

CP_INLINE __u32 cp_build_6(struct cp_eth *eth, void *end, const struct cp_probe *probe)
{
	struct cp_ip6 *ip = (struct cp_ip6 *)(eth + 1);
	void *l4 = ip + 1;
	const __u32 short_len = sizeof(struct cp_udp) + CP_PAYLOAD_LEN;

	if (probe->dest->proto == CP_IPPROTO_TCP) {
		if (probe->segment == CP_SEGMENT_DATA)
			return cp_build_segment6(eth, end, probe, CP_SEGMENT_DATA);
		if (probe->segment == CP_SEGMENT_CLOSE)
			return cp_build_segment6(eth, end, probe, CP_SEGMENT_CLOSE);
		if ((void *)((__u8 *)l4 + CP_SYN_SEGMENT_LEN) > end)
			return 0;
		cp_build_eth(eth, probe, CP_ETH_P_IPV6);
		cp_build_ip6(ip, probe, CP_IPPROTO_TCP, CP_SYN_SEGMENT_LEN);
		cp_build_syn((struct cp_tcp *)l4, probe, cp_sum_pseudo6(ip, CP_IPPROTO_TCP, CP_SYN_SEGMENT_LEN));
		return CP_SYN6_FRAME_LEN;
	}
	if ((void *)((__u8 *)l4 + short_len) > end)
		return 0;
	cp_build_eth(eth, probe, CP_ETH_P_IPV6);
	if (probe->dest->proto == CP_IPPROTO_UDP) {
		cp_build_ip6(ip, probe, CP_IPPROTO_UDP, short_len);
		cp_build_udp((struct cp_udp *)l4, probe, cp_sum_pseudo6(ip, CP_IPPROTO_UDP, short_len));
	} else {
		cp_build_ip6(ip, probe, CP_IPPROTO_ICMPV6, short_len);
		cp_build_echo(
		        (struct cp_echo *)l4, probe, CP_ICMP6_ECHO, cp_sum_pseudo6(ip, CP_IPPROTO_ICMPV6, short_len));
	}
	return (__u32)(sizeof(*eth) + sizeof(*ip)) + short_len;
}

/*
 * Writes the Ethernet frame of a probe at data, every byte of it: live-frame
 * pages are recycled with whatever the receiver left in them. Returns its
 * length (cp_wire_frame_len), or 0, nothing written, when [data, end) is too
 * short for it or the probe is not one we send.
 */
CP_INLINE __u32 cp_wire_build(void *data, void *end, const struct cp_probe *probe)
{
	struct cp_eth *eth = (struct cp_eth *)data;

	if ((void *)(eth + 1) > end || !cp_wire_frame_len(probe->dest, CP_SEGMENT_SYN))
		return 0;
	return probe->dest->flags & CP_DEST_V6 ? cp_build_6(eth, end, probe) : cp_build_4(eth, end, probe);
}

/* ---- Answers to segments ---- */

/*
 * Turns the TCP header of a segment, addresses already swapped, into that of
 * its answer: the RST (RFC 9293, 3.5.2: sequence number from the acknowledged
 * one), or the ACK that completes the handshake of a SYN-ACK.
 */
CP_INLINE void cp_answer_tcp(struct cp_tcp *tcp, __u8 flags, __u32 pseudo)
{
	__u16 port = tcp->sport;
	__u32 seq = tcp->seq;

	tcp->sport = tcp->dport;
	tcp->dport = port;
	tcp->seq = tcp->ack;
	tcp->ack = flags == CP_TCP_ACK ? cp_swap32(cp_swap32(seq) + 1) : 0;
	tcp->offset = (sizeof(*tcp) / 4) << 4;
	tcp->flags = flags;
	tcp->window = flags == CP_TCP_ACK ? cp_swap16(CP_TCP_WINDOW) : 0;
	tcp->check = 0;
	tcp->urgent = 0;
	tcp->check = cp_sum_fold(pseudo + cp_sum_words(tcp, sizeof(*tcp) / 2));
}

CP_INLINE void cp_swap_macs(struct cp_eth *eth)
{
	__u8 mac[6];

	__builtin_memcpy(mac, eth->dst, 6);
	__builtin_memcpy(eth->dst, eth->src, 6);
	__builtin_memcpy(eth->src, mac, 6);
}

/*
 * Turns a received TCP frame in place into its answer (cp_answer_tcp): swaps
 * the ends and rewrites both headers. flags: CP_TCP_RST, or CP_TCP_ACK for a
 * SYN-ACK. The caller has parsed the frame and trims it to
 * CP_ANSWER4_FRAME_LEN. Returns 0 when the frame is too short for that.
 */
CP_INLINE int cp_wire_make_answer4(void *data, void *end, __u32 l2_len, __u8 flags)
{
	struct cp_ip4 *ip = (struct cp_ip4 *)((__u8 *)data + l2_len);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);
	__u8 addr[4];

	if ((void *)(tcp + 1) > end || ip->version_ihl != 0x45)
		return 0;
	if (l2_len)
		cp_swap_macs((struct cp_eth *)data);
	__builtin_memcpy(addr, ip->dst, 4);
	__builtin_memcpy(ip->dst, ip->src, 4);
	__builtin_memcpy(ip->src, addr, 4);
	ip->tos = 0;
	ip->total_len = cp_swap16(CP_ANSWER4_PACKET_LEN);
	ip->id = 0;
	ip->frag = cp_swap16(CP_IP_DF);
	ip->ttl = 64;
	ip->check = 0;
	ip->check = cp_sum_fold(cp_sum_words(ip, sizeof(*ip) / 2));

	cp_answer_tcp(tcp, flags, cp_sum_pseudo4(ip, CP_IPPROTO_TCP, sizeof(*tcp)));
	return 1;
}

/*
 * A received skb may still wait for its TCP checksum (CHECKSUM_PARTIAL: a
 * neighbour on the same machine left it to the device), and so does the answer
 * made of it; only the kernel knows. Leaves what such an skb must hold, the
 * sum of the pseudo header, and returns the difference that completes it, for
 * bpf_l4_csum_replace(), which applies it to all others.
 */
CP_INLINE __u32 cp_unfinish_tcp(struct cp_tcp *tcp, __u32 pseudo)
{
	__u32 sum = (__u16)~cp_sum_fold(pseudo), diff = (__u16)~tcp->check + sum;

	tcp->check = (__u16)sum;
	return diff;
}

/* For a frame of cp_wire_make_answer4(); 0 when [data, end) is too short. */
CP_INLINE __u32 cp_wire_answer4_unfinish(void *data, void *end, __u32 l2_len)
{
	struct cp_ip4 *ip = (struct cp_ip4 *)((__u8 *)data + l2_len);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);

	if ((void *)(tcp + 1) > end)
		return 0;
	return cp_unfinish_tcp(tcp, cp_sum_pseudo4(ip, CP_IPPROTO_TCP, sizeof(*tcp)));
}

/* ... of cp_wire_make_answer6(). */
CP_INLINE __u32 cp_wire_answer6_unfinish(void *data, void *end, __u32 l2_len)
{
	struct cp_ip6 *ip = (struct cp_ip6 *)((__u8 *)data + l2_len);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);

	if ((void *)(tcp + 1) > end)
		return 0;
	return cp_unfinish_tcp(tcp, cp_sum_pseudo6(ip, CP_IPPROTO_TCP, sizeof(*tcp)));
}

/* cp_wire_make_answer4() for IPv6. */
CP_INLINE int cp_wire_make_answer6(void *data, void *end, __u32 l2_len, __u8 flags)
{
	struct cp_ip6 *ip = (struct cp_ip6 *)((__u8 *)data + l2_len);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);
	__u8 addr[16];

	if ((void *)(tcp + 1) > end || ip->next_header != CP_IPPROTO_TCP)
		return 0;
	if (l2_len)
		cp_swap_macs((struct cp_eth *)data);
	__builtin_memcpy(addr, ip->dst, 16);
	__builtin_memcpy(ip->dst, ip->src, 16);
	__builtin_memcpy(ip->src, addr, 16);
	ip->version_class_label = cp_swap32(0x60000000u);
	ip->payload_len = cp_swap16(sizeof(*tcp));
	ip->hop_limit = 64;
	cp_answer_tcp(tcp, flags, cp_sum_pseudo6(ip, CP_IPPROTO_TCP, sizeof(*tcp)));
	return 1;
}

#endif
