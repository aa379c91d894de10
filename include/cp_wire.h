/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_wire.h: how a probe looks and how a reply is understood: frame build,
 * reply parse, keyed identity, checksums. One source for BPF, gcc and clang;
 * the only place that swaps byte order. No state, no maps, no I/O.
 *
 * Pointers come as (data, end) pairs and every access is preceded by a bounds
 * check in the form the BPF verifier understands.
 */
#ifndef CP_WIRE_H
#define CP_WIRE_H

#include "cp_abi.h"
#include "cp_perm.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define cp_swap16(x) __builtin_bswap16((__u16)(x))
#define cp_swap32(x) __builtin_bswap32((__u32)(x))
#else
#define cp_swap16(x) ((__u16)(x))
#define cp_swap32(x) ((__u32)(x))
#endif

/* Own wire structs: the kernel's drag socket headers into BPF code. */
#define CP_WIRE_STRUCT __attribute__((packed, aligned(2), may_alias))

struct cp_eth {
	__u8 dst[6], src[6];
	__u16 type;
} CP_WIRE_STRUCT;

struct cp_ip4 {
	__u8 version_ihl, tos;
	__u16 total_len, id, frag;
	__u8 ttl, protocol;
	__u16 check;
	__u8 src[4], dst[4];
} CP_WIRE_STRUCT;

struct cp_tcp {
	__u16 sport, dport;
	__u32 seq, ack;
	__u8 offset; /* data offset in the high 4 bits */
	__u8 flags;
	__u16 window, check, urgent;
} CP_WIRE_STRUCT;

struct cp_icmp {
	__u8 type, code;
	__u16 check;
	__u16 unused, mtu; /* RFC 1191; RFC 4884 length in the low byte of `unused` */
} CP_WIRE_STRUCT;

typedef __u16 __attribute__((may_alias)) cp_word;

enum {
	CP_ETH_P_IP = 0x0800,
	CP_IPPROTO_ICMP = 1,
	CP_IPPROTO_TCP = 6,
	CP_IP_DF = 0x4000,
	CP_IP_FRAG_MASK = 0x1fff,
	CP_TCP_RST = 0x04,
	CP_TCP_SYN = 0x02,
	CP_TCP_ACK = 0x10,
	CP_ICMP_UNREACHABLE = 3,
	CP_ICMP_TIME_EXCEEDED = 11,
	CP_ICMP_FRAG_NEEDED = 4,
};

#define CP_SYN_OPTIONS_LEN 12
#define CP_SYN_SEGMENT_LEN ((__u32)sizeof(struct cp_tcp) + CP_SYN_OPTIONS_LEN)
#define CP_SYN4_FRAME_LEN ((__u32)(sizeof(struct cp_eth) + sizeof(struct cp_ip4)) + CP_SYN_SEGMENT_LEN)
/* In XDP a reset is padded to the smallest Ethernet frame without FCS; an skb the driver pads itself. */
#define CP_RST4_FRAME_LEN 60u
#define CP_RST4_PACKET_LEN ((__u32)(sizeof(struct cp_ip4) + sizeof(struct cp_tcp)))
#define CP_RST4_CHECK_AT ((__u32)(sizeof(struct cp_ip4) + __builtin_offsetof(struct cp_tcp, check)))

/* ---- Checksums (RFC 1071) ---- */

/* Sum of n 16-bit words (network order, as they lie), to be folded. p is 2-byte aligned. */
CP_INLINE __u32 cp_sum_words(const void *p, __u32 n)
{
	const cp_word *w = (const cp_word *)p;
	__u32 sum = 0;

#if defined(__bpf__)
#pragma unroll
#endif
	for (__u32 i = 0; i < n; i++)
		sum += w[i];
	return sum;
}

CP_INLINE __u16 cp_sum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* ---- Addresses ---- */

CP_INLINE void cp_addr_set_v4(struct cp_addr *addr, const __u8 v4[4])
{
	__builtin_memset(addr->b, 0, 10);
	addr->b[10] = 0xff;
	addr->b[11] = 0xff;
	__builtin_memcpy(addr->b + 12, v4, 4);
}

CP_INLINE int cp_addr_same(const struct cp_addr *a, const struct cp_addr *b)
{
	__u64 x[2], y[2];

	__builtin_memcpy(x, a, 16);
	__builtin_memcpy(y, b, 16);
	return x[0] == y[0] && x[1] == y[1];
}

/* ---- Build ---- */

/* What one probe needs; dest and nexthop decide the family. */
struct cp_probe {
	const struct cp_dest *dest;
	const struct cp_nexthop *nexthop;
	__u32 token; /* cp_token() of the probe id */
	__u16 sport; /* host order */
	__u8 ttl;
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
 * Writes an Ethernet + IPv4 + TCP SYN frame of CP_SYN4_FRAME_LEN bytes at
 * data, every byte of it: live-frame pages are recycled with whatever the
 * receiver left in them. The options are those of an ordinary SYN (MSS, SACK
 * permitted, window scale), because some firewalls drop bare ones.
 * Returns the length, or 0 when [data, end) is too short.
 */
CP_INLINE __u32 cp_wire_build_syn4(void *data, void *end, const struct cp_probe *probe)
{
	struct cp_eth *eth = (struct cp_eth *)data;
	struct cp_ip4 *ip = (struct cp_ip4 *)(eth + 1);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);
	cp_word *opt = (cp_word *)(tcp + 1);
	__u32 sum;

	if ((void *)(opt + CP_SYN_OPTIONS_LEN / 2) > end)
		return 0;
	__builtin_memcpy(eth->dst, probe->nexthop->dmac, 6);
	__builtin_memcpy(eth->src, probe->nexthop->smac, 6);
	eth->type = cp_swap16(CP_ETH_P_IP);

	ip->version_ihl = 0x45;
	ip->tos = 0;
	ip->total_len = cp_swap16(CP_SYN4_FRAME_LEN - sizeof(*eth));
	ip->id = cp_swap16(cp_wire_ip_id(probe->token));
	ip->frag = cp_swap16(CP_IP_DF);
	ip->ttl = probe->ttl;
	ip->protocol = CP_IPPROTO_TCP;
	ip->check = 0;
	__builtin_memcpy(ip->src, probe->nexthop->src.b + 12, 4);
	__builtin_memcpy(ip->dst, probe->dest->addr.b + 12, 4);
	ip->check = cp_sum_fold(cp_sum_words(ip, sizeof(*ip) / 2));

	tcp->sport = cp_swap16(probe->sport);
	tcp->dport = probe->dest->port;
	tcp->seq = cp_swap32(probe->token);
	tcp->ack = 0;
	tcp->offset = (CP_SYN_SEGMENT_LEN / 4) << 4;
	tcp->flags = CP_TCP_SYN;
	tcp->window = cp_swap16(64240);
	tcp->check = 0;
	tcp->urgent = 0;
	opt[0] = cp_swap16(0x0204); /* MSS */
	opt[1] = cp_swap16(1460);
	opt[2] = cp_swap16(0x0402); /* SACK permitted */
	opt[3] = cp_swap16(0x0101); /* NOP NOP */
	opt[4] = cp_swap16(0x0103); /* NOP, window scale */
	opt[5] = cp_swap16(0x0307); /* ... 7 */

	sum = cp_sum_words(ip->src, 4); /* pseudo header: both addresses */
	sum += cp_swap16(CP_IPPROTO_TCP) + cp_swap16(CP_SYN_SEGMENT_LEN);
	sum += cp_sum_words(tcp, CP_SYN_SEGMENT_LEN / 2);
	tcp->check = cp_sum_fold(sum);
	return CP_SYN4_FRAME_LEN;
}

/* ---- Parse ---- */

enum cp_parse {
	CP_PARSE_FOREIGN = 0, /* nothing we could have caused */
	CP_PARSE_REPLY, /* may be ours: to be validated */
	CP_PARSE_SHORT, /* bears one of our ports, but too short to prove anything */
	CP_PARSE_FLAGS, /* TCP to one of our ports that answers no SYN */
};

/* A reply, taken apart. */
struct cp_reply {
	struct cp_addr from; /* outer source */
	struct cp_addr dst; /* whom the probe was sent to, as the reply has it */
	__u32 token;
	__u16 dst_port; /* network order */
	__u16 next_mtu;
	__u16 ip_id; /* quoted identification, host order */
	__u8 kind; /* enum cp_reply_kind */
	__u8 icmp_type, icmp_code;
	__u8 reply_ttl, quoted_ttl;
	__u8 quoted; /* the probe was quoted in an ICMP error */
	__u8 our_port; /* the source port (of the quote) is in our range */
};

CP_INLINE int cp_wire_port_is_ours(const struct cp_run *run, __u16 port_be)
{
	__u32 port = cp_swap16(port_be);

	return port - run->port_base < run->n_flows;
}

/* ICMP error at `icmp`: finds the quoted TCP header. */
CP_INLINE enum cp_parse cp_wire_parse_icmp4(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_icmp *icmp = (const struct cp_icmp *)data;
	const struct cp_ip4 *quote = (const struct cp_ip4 *)(icmp + 1);
	const struct cp_tcp *tcp;
	__u32 ihl;

	if ((const void *)(quote + 1) > end)
		return CP_PARSE_FOREIGN;
	if (icmp->type == CP_ICMP_TIME_EXCEEDED)
		ret_reply->kind = CP_REPLY_TIME_EXCEEDED;
	else if (icmp->type == CP_ICMP_UNREACHABLE)
		ret_reply->kind = CP_REPLY_UNREACHABLE;
	else
		return CP_PARSE_FOREIGN;
	ihl = (quote->version_ihl & 0x0f) * 4u;
	if (quote->version_ihl >> 4 != 4 || ihl < sizeof(*quote) || quote->protocol != CP_IPPROTO_TCP)
		return CP_PARSE_FOREIGN;
	tcp = (const struct cp_tcp *)((const __u8 *)quote + ihl);
	if ((const void *)((const __u8 *)tcp + 4) > end)
		return CP_PARSE_FOREIGN;
	ret_reply->our_port = (__u8)cp_wire_port_is_ours(run, tcp->sport);
	if ((const void *)((const __u8 *)tcp + 8) > end)
		return ret_reply->our_port ? CP_PARSE_SHORT : CP_PARSE_FOREIGN;
	cp_addr_set_v4(&ret_reply->dst, quote->dst);
	ret_reply->token = cp_swap32(tcp->seq);
	ret_reply->dst_port = tcp->dport;
	ret_reply->ip_id = cp_swap16(quote->id);
	ret_reply->quoted_ttl = quote->ttl;
	ret_reply->quoted = 1;
	ret_reply->icmp_type = icmp->type;
	ret_reply->icmp_code = icmp->code;
	if (icmp->type == CP_ICMP_UNREACHABLE && icmp->code == CP_ICMP_FRAG_NEEDED)
		ret_reply->next_mtu = cp_swap16(icmp->mtu);
	return CP_PARSE_REPLY;
}

/* TCP segment at `data`: an answer acknowledges our sequence number + 1, so it names the probe. */
CP_INLINE enum cp_parse cp_wire_parse_tcp(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_tcp *tcp = (const struct cp_tcp *)data;
	__u8 flags;

	if ((const void *)((const __u8 *)tcp + 4) > end || !cp_wire_port_is_ours(run, tcp->dport))
		return CP_PARSE_FOREIGN;
	if ((const void *)(tcp + 1) > end)
		return CP_PARSE_SHORT;
	flags = tcp->flags & (CP_TCP_SYN | CP_TCP_RST | CP_TCP_ACK);
	if (flags == (CP_TCP_SYN | CP_TCP_ACK))
		ret_reply->kind = CP_REPLY_SYN_ACK;
	else if (flags == (CP_TCP_RST | CP_TCP_ACK))
		ret_reply->kind = CP_REPLY_RST;
	else
		return CP_PARSE_FLAGS;
	ret_reply->our_port = 1;
	ret_reply->token = cp_swap32(tcp->ack) - 1;
	ret_reply->dst = ret_reply->from;
	ret_reply->dst_port = tcp->sport;
	return CP_PARSE_REPLY;
}

/*
 * Takes an IPv4 packet at data apart. *ret_reply is always written, and
 * whole when the result is CP_PARSE_REPLY; nothing is validated yet.
 */
CP_INLINE enum cp_parse cp_wire_parse_ip4(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_ip4 *ip = (const struct cp_ip4 *)data;
	const void *l4;
	__u32 ihl;

	__builtin_memset(ret_reply, 0, sizeof(*ret_reply));
	if ((const void *)(ip + 1) > end)
		return CP_PARSE_FOREIGN;
	ihl = (ip->version_ihl & 0x0f) * 4u;
	if (ip->version_ihl >> 4 != 4 || ihl < sizeof(*ip) || (ip->frag & cp_swap16(CP_IP_FRAG_MASK)))
		return CP_PARSE_FOREIGN;
	l4 = (const __u8 *)data + ihl;
	if (ip->protocol != CP_IPPROTO_ICMP && ip->protocol != CP_IPPROTO_TCP)
		return CP_PARSE_FOREIGN;
	cp_addr_set_v4(&ret_reply->from, ip->src);
	ret_reply->reply_ttl = ip->ttl;
	if (ip->protocol == CP_IPPROTO_ICMP)
		return cp_wire_parse_icmp4(run, l4, end, ret_reply);
	return cp_wire_parse_tcp(run, l4, end, ret_reply);
}

/* An Ethernet frame; see cp_wire_parse_ip4(). Tagged frames are foreign. */
CP_INLINE enum cp_parse cp_wire_parse_frame(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_eth *eth = (const struct cp_eth *)data;

	__builtin_memset(ret_reply, 0, sizeof(*ret_reply));
	if ((const void *)(eth + 1) > end || eth->type != cp_swap16(CP_ETH_P_IP))
		return CP_PARSE_FOREIGN;
	return cp_wire_parse_ip4(run, eth + 1, end, ret_reply);
}

/* ---- Identity ---- */

enum cp_validity {
	CP_VALID = 0,
	CP_VALID_MODIFIED, /* ours, though a middlebox changed the quote */
	CP_INVALID_TOKEN, /* no such slot */
	CP_INVALID_DEST, /* the slot belongs to another destination or port */
};

/* Probe id a reply claims; *ret_dest_index is its destination. Returns 0 when the slot does not exist. */
CP_INLINE int cp_wire_claim(
        const struct cp_run *run, const struct cp_reply *reply, __u32 *ret_id, __u32 *ret_dest_index)
{
	__u32 id = cp_token_inverse(run->token_key, reply->token);
	__u32 per_dest = run->n_flows * run->n_ttls;

	if (cp_id_slot(id) >= run->n_slots || per_dest == 0)
		return 0;
	*ret_id = id;
	*ret_dest_index = cp_id_slot(id) / per_dest;
	return 1;
}

/* Does the reply prove a probe to dest? The quoted source is not looked at: a NAT may have rewritten it. */
CP_INLINE enum cp_validity cp_wire_validate(const struct cp_reply *reply, const struct cp_dest *dest)
{
	int id_ok = !reply->quoted || reply->ip_id == cp_wire_ip_id(reply->token);

	if (!cp_addr_same(&reply->dst, &dest->addr) || reply->dst_port != dest->port)
		return CP_INVALID_DEST;
	if (reply->our_port && id_ok)
		return CP_VALID;
	return reply->our_port || id_ok ? CP_VALID_MODIFIED : CP_INVALID_DEST;
}

/* ---- Reset ---- */

/*
 * Turns a received SYN-ACK frame in place into the RST that closes it (RFC
 * 9293, 3.5.2: sequence number from the acknowledged one): swaps the ends and
 * rewrites both headers. The caller has parsed the frame and trims it to
 * CP_RST4_FRAME_LEN. Returns 0 when the frame is too short for that.
 */
CP_INLINE int cp_wire_make_rst4(void *data, void *end, __u32 l2_len)
{
	struct cp_ip4 *ip = (struct cp_ip4 *)((__u8 *)data + l2_len);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);
	__u8 addr[6];
	__u16 port;
	__u32 sum;

	if ((void *)(tcp + 1) > end || ip->version_ihl != 0x45)
		return 0;
	if (l2_len) {
		struct cp_eth *eth = (struct cp_eth *)data;

		__builtin_memcpy(addr, eth->dst, 6);
		__builtin_memcpy(eth->dst, eth->src, 6);
		__builtin_memcpy(eth->src, addr, 6);
	}
	__builtin_memcpy(addr, ip->dst, 4);
	__builtin_memcpy(ip->dst, ip->src, 4);
	__builtin_memcpy(ip->src, addr, 4);
	ip->tos = 0;
	ip->total_len = cp_swap16(CP_RST4_PACKET_LEN);
	ip->id = 0;
	ip->frag = cp_swap16(CP_IP_DF);
	ip->ttl = 64;
	ip->check = 0;
	ip->check = cp_sum_fold(cp_sum_words(ip, sizeof(*ip) / 2));

	port = tcp->sport;
	tcp->sport = tcp->dport;
	tcp->dport = port;
	tcp->seq = tcp->ack;
	tcp->ack = 0;
	tcp->offset = (sizeof(*tcp) / 4) << 4;
	tcp->flags = CP_TCP_RST;
	tcp->window = 0;
	tcp->check = 0;
	tcp->urgent = 0;
	sum = cp_sum_words(ip->src, 4);
	sum += cp_swap16(CP_IPPROTO_TCP) + cp_swap16(sizeof(*tcp));
	sum += cp_sum_words(tcp, sizeof(*tcp) / 2);
	tcp->check = cp_sum_fold(sum);
	return 1;
}

/*
 * A received skb may still wait for its TCP checksum (CHECKSUM_PARTIAL: a neighbour on the same machine left it to the
 * device), and so does the reset made of it; only the kernel knows. Leaves what such an skb must hold, the sum of the
 * pseudo header, and returns the difference that completes it, for bpf_l4_csum_replace(), which applies it to all
 * others. [data, end) holds a frame of cp_wire_make_rst4(), else 0 is returned.
 */
CP_INLINE __u32 cp_wire_rst4_unfinish(void *data, void *end, __u32 l2_len)
{
	struct cp_ip4 *ip = (struct cp_ip4 *)((__u8 *)data + l2_len);
	struct cp_tcp *tcp = (struct cp_tcp *)(ip + 1);
	__u32 sum, diff;

	if ((void *)(tcp + 1) > end)
		return 0;
	sum = cp_sum_words(ip->src, 4);
	sum += cp_swap16(CP_IPPROTO_TCP) + cp_swap16(sizeof(*tcp));
	sum = (__u16)~cp_sum_fold(sum);
	diff = (__u16)~tcp->check + sum;
	tcp->check = (__u16)sum;
	return diff;
}

#endif
