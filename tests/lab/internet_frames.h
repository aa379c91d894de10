/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * internet_frames.h: how the answers of the XDP Internet look: each is made of
 * the received frame, in place. Has frames of its own, so that the program
 * under test cannot agree with itself. It must not know who answers what
 * (internet.bpf.c). Functions take the family as a constant, so that each is
 * compiled for one; all return 0, or -1 without room.
 */
#ifndef INTERNET_FRAMES_H
#define INTERNET_FRAMES_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "internet.h"

#define ETH_LEN ((__u32)sizeof(struct ethhdr))
#define IP_LEN(v6) ((v6) ? (__u32)sizeof(struct ipv6hdr) : (__u32)sizeof(struct iphdr))
#define TCP_LEN ((__u32)sizeof(struct tcphdr))
#define SACK_LEN 12u /* of the options that show one block */
#define ETH_FRAME_MIN 60u
#define IP_FLAG_DF 0x4000
#define IP_FRAGMENT 0x3fff /* more fragments, or not the first */
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10
#define ECHO_REQUEST(v6) ((v6) ? 128 : 8)
#define ECHO_REPLY(v6) ((v6) ? 129 : 0)

/* What is quoted, behind the IP header. Of a longer packet its begin: few lengths keep the verifier's work small. */
#define QUOTE_SHORT 8u /* RFC 792 */
#define QUOTE_DATAGRAM 16u /* an echo request or a datagram with 8 bytes */
#define QUOTE_SYN 32u /* an ordinary SYN */
#define QUOTE_PADDED 128u /* with the IP header, before extensions (RFC 4884, 5.1) */
#define EXTENSION_LEN 8u /* of a label stack, without its entries (RFC 4950) */
#define ERROR_LEN(v6) (IP_LEN(v6) + (__u32)sizeof(struct icmp_error)) /* in front of the quote */

struct icmp_error {
	__u8 type, code;
	__u16 check;
	__u8 length6, length4; /* RFC 4884: of the quote, in 8 or 4 bytes; 0: no extensions */
	__u16 unused;
};

struct echo {
	__u8 type, code;
	__u16 check, id, sequence;
};

struct extension {
	__u8 version, reserved;
	__u16 check;
	__u16 length; /* of the object: class, type and entries */
	__u8 class, type;
	__u32 entries[INTERNET_MPLS_MAX];
};

typedef __u16 __attribute__((may_alias)) word;

/* ---- Checksums (RFC 1071) ---- */

static __always_inline __u32 sum_words(const void *data, __u32 n_bytes)
{
	const word *w = data;
	__u32 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < n_bytes / 2; i++)
		sum += w[i];
	return sum;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)((sum & 0xffff) + (sum >> 16));
}

static __always_inline __u32 sum_pseudo(const void *ip, const int v6, __u16 protocol, __u16 length)
{
	return sum_words(ip + (v6 ? 8 : 12), v6 ? 32 : 8) + bpf_htons(protocol) + bpf_htons(length);
}

/* ---- Headers in front ---- */

static __always_inline long frame_len(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data_end - (void *)(long)ctx->data;
}

static __always_inline void fill_eth(struct ethhdr *eth, const __u8 received[2 * ETH_ALEN], const int v6)
{
	__builtin_memcpy(eth->h_dest, received + ETH_ALEN, ETH_ALEN);
	__builtin_memcpy(eth->h_source, received, ETH_ALEN);
	eth->h_proto = bpf_htons(v6 ? ETH_P_IPV6 : ETH_P_IP);
}

static __always_inline void finish_ip4(struct iphdr *ip)
{
	ip->check = 0;
	ip->check = (__u16)~fold(sum_words(ip, sizeof(*ip)));
}

static __always_inline void number_to_ip6(__u32 number, struct in6_addr *ret_address)
{
	ret_address->s6_addr32[0] = bpf_htonl(INTERNET_V6_HIGH);
	ret_address->s6_addr32[1] = bpf_htonl(INTERNET_V6_LOW);
	ret_address->s6_addr32[2] = 0;
	ret_address->s6_addr32[3] = bpf_htonl(number);
}

/* An IP header towards who sent the one at `heard`, which may be the same. length: of what follows it. */
static __always_inline void fill_ip(
        void *data, const void *heard, const int v6, __u8 protocol, __u32 length, __u32 from, __u8 ttl)
{
	if (v6) {
		struct in6_addr to = ((const struct ipv6hdr *)heard)->saddr;
		struct ipv6hdr *ip = data;

		*(__u32 *)data = bpf_htonl(6u << 28);
		ip->payload_len = bpf_htons((__u16)length);
		ip->nexthdr = protocol;
		ip->hop_limit = ttl;
		number_to_ip6(from, &ip->saddr);
		ip->daddr = to;
	} else {
		__u32 to = ((const struct iphdr *)heard)->saddr;
		struct iphdr *ip = data;

		ip->version = 4;
		ip->ihl = 5;
		ip->tos = 0;
		ip->tot_len = bpf_htons((__u16)(sizeof(*ip) + length));
		ip->id = 0;
		ip->frag_off = bpf_htons(IP_FLAG_DF);
		ip->ttl = ttl;
		ip->protocol = protocol;
		ip->saddr = bpf_htonl(from);
		ip->daddr = to;
		finish_ip4(ip);
	}
}

/* ---- ICMP errors ---- */

/* What an ICMP error consists of. Type and code are those of its family. */
struct error_plan {
	__u32 from;
	__u32 router; /* 0: a destination says it */
	__u32 quote_len; /* behind the IP header: one of QUOTE_* */
	__u32 n_labels;
	__u8 type, code, ttl;
	__u8 nat;
};

/* What a router sees of the packet it quotes: the last TTL, and what a NAT before it made of the source. */
static __always_inline void age_quote(void *quote, const int v6, int nat)
{
	struct iphdr *ip = quote;

	if (v6) {
		((struct ipv6hdr *)quote)->hop_limit = 1;
		return;
	}
	ip->ttl = 1;
	if (nat) {
		ip->saddr = bpf_htonl(INTERNET_NAT | (bpf_ntohl(ip->saddr) & 0xff));
		*(__u16 *)(ip + 1) ^= bpf_htons(0x5a5a);
	}
	finish_ip4(ip);
}

/* Writes the n entries of a router's label stack at data; returns their share of the ICMP checksum, -1 without room. */
static __always_inline long write_labels(
        void *data, void *end, const struct internet_knobs *knobs, __u32 router, __u32 n)
{
	struct extension *extension = data;
	__u32 sum;

	if (data + EXTENSION_LEN > end)
		return -1;
	extension->version = 2 << 4;
	extension->reserved = 0;
	extension->check = 0;
	extension->length = bpf_htons((__u16)(4 + 4 * n));
	extension->class = 1;
	extension->type = 1;
	sum = sum_words(extension, EXTENSION_LEN);
	for (__u32 i = 0; i < INTERNET_MPLS_MAX && i < n; i++) {
		if ((void *)(extension->entries + i + 1) > end)
			return -1;
		extension->entries[i] = bpf_htonl(internet_label(knobs, router, i, n));
		sum += sum_words(extension->entries + i, 4);
	}
	extension->check = (__u16)~fold(sum);
	return (long)sum + extension->check;
}

/* The sum over an ICMP error with a quote of that length; padding adds nothing. */
static __always_inline long sum_error(const void *icmp, const void *end, const __u32 length)
{
	return icmp + sizeof(struct icmp_error) + length <= end
	               ? (long)sum_words(icmp, sizeof(struct icmp_error) + length)
	               : -1;
}

/*
 * Room for the labels as well is made before the frame, where a driver always has some, so the quote moves; behind it
 * come the padding and the labels.
 */
static __always_inline int move_quote(struct xdp_md *ctx, const int v6, const __u32 length, __u32 n_labels)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u8 quote[QUOTE_SYN + sizeof(struct ipv6hdr)];

	if (data + ETH_LEN + length > end)
		return -1;
	__builtin_memcpy(quote, data + ETH_LEN, length);
	if (bpf_xdp_adjust_head(ctx, -(int)(ERROR_LEN(v6) + QUOTE_PADDED - length + EXTENSION_LEN + 4 * n_labels)))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH_LEN + ERROR_LEN(v6) + QUOTE_PADDED > end)
		return -1;
	__builtin_memcpy(data + ETH_LEN + ERROR_LEN(v6), quote, length);
	__builtin_memset(data + ETH_LEN + ERROR_LEN(v6) + length, 0, QUOTE_PADDED - length);
	return 0;
}

/* Calls what wants the length of the quote as a constant. */
#define FOR_QUOTE_LEN(plan, v6, call)                                                                                  \
	((plan)->quote_len == QUOTE_SYN               ? call(IP_LEN(v6) + QUOTE_SYN)                                   \
	        : (plan)->quote_len == QUOTE_DATAGRAM ? call(IP_LEN(v6) + QUOTE_DATAGRAM)                              \
	                                              : call(IP_LEN(v6) + QUOTE_SHORT))

/* Cuts the frame to what is quoted, and makes room for what comes around it. */
static __always_inline int make_room(struct xdp_md *ctx, const int v6, const struct error_plan *plan)
{
	long excess = frame_len(ctx) - (long)(ETH_LEN + IP_LEN(v6) + plan->quote_len);

	if (excess < 0 || (excess > 0 && bpf_xdp_adjust_tail(ctx, (int)-excess)))
		return -1;
	if (!plan->n_labels)
		return bpf_xdp_adjust_head(ctx, -(int)ERROR_LEN(v6)) ? -1 : 0;
#define MOVE_QUOTE(length) move_quote(ctx, v6, length, plan->n_labels)
	return FOR_QUOTE_LEN(plan, v6, MOVE_QUOTE);
}

static __always_inline int make_error(
        struct xdp_md *ctx, const struct internet_knobs *knobs, const int v6, const struct error_plan *plan)
{
	__u32 length = (__u32)sizeof(struct icmp_error) + IP_LEN(v6) + plan->quote_len;
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, *ip, *quote;
	const __u8 protocol = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	struct icmp_error *icmp;
	__u8 macs[2 * ETH_ALEN];
	long sum, label_sum = 0;

	if (data + sizeof(macs) > end)
		return -1;
	__builtin_memcpy(macs, data, sizeof(macs));
	if (make_room(ctx, v6, plan))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = data + ETH_LEN;
	icmp = ip + IP_LEN(v6);
	quote = icmp + 1;
	if (quote + IP_LEN(v6) + QUOTE_SHORT > end)
		return -1;
	fill_eth(data, macs, v6);
	if (plan->n_labels) {
		length = (__u32)sizeof(struct icmp_error) + QUOTE_PADDED + EXTENSION_LEN + 4 * plan->n_labels;
		label_sum = write_labels(quote + QUOTE_PADDED, end, knobs, plan->router, plan->n_labels);
	}
	fill_ip(ip, quote, v6, protocol, length, plan->from, plan->ttl);
	age_quote(quote, v6, plan->nat);
	icmp->type = plan->type;
	icmp->code = plan->code;
	icmp->check = 0;
	icmp->length6 = plan->n_labels && v6 ? QUOTE_PADDED / 8 : 0;
	icmp->length4 = plan->n_labels && !v6 ? QUOTE_PADDED / 4 : 0;
	icmp->unused = 0;
#define SUM_ERROR(length) sum_error(icmp, end, length)
	sum = FOR_QUOTE_LEN(plan, v6, SUM_ERROR);
	if (sum < 0 || label_sum < 0)
		return -1;
	if (v6)
		sum += sum_pseudo(ip, v6, protocol, (__u16)length);
	icmp->check = (__u16)~fold((__u32)(sum + label_sum));
	return 0;
}

/* ---- Answers of a destination ---- */

/* Data that arrived, as sequence numbers. */
struct sack_block {
	__u32 left, right;
};

/*
 * Back to where it came from, with `length` bytes behind the IP header (0: all); returns those, NULL if there are
 * fewer than `least` in the frame.
 */
static __always_inline void *turn_around(struct xdp_md *ctx, const int v6, const struct internet_hop *hop,
        __u8 protocol, const __u32 least, __u32 length)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, *ip = data + ETH_LEN;
	__u8 macs[2 * ETH_ALEN];

	if (ip + IP_LEN(v6) + least > end)
		return NULL;
	__builtin_memcpy(macs, data, sizeof(macs));
	fill_eth(data, macs, v6);
	if (!length)
		length = v6 ? bpf_ntohs(((struct ipv6hdr *)ip)->payload_len)
		            : bpf_ntohs(((struct iphdr *)ip)->tot_len) - (__u32)sizeof(struct iphdr);
	fill_ip(ip, ip, v6, protocol, length, hop->address, hop->reply_ttl);
	return ip + IP_LEN(v6);
}

static __always_inline void swap_ports(struct tcphdr *tcp)
{
	__u16 port = tcp->source;

	tcp->source = tcp->dest;
	tcp->dest = port;
}

/* Turns the received SYN into an answer with its options, fit for a SYN-ACK. */
static __always_inline int make_syn_ack(struct xdp_md *ctx, const int v6, const struct internet_hop *hop, __u32 iss)
{
	struct tcphdr *tcp = turn_around(ctx, v6, hop, IPPROTO_TCP, TCP_LEN, 0);
	__u32 before;
	__u16 check;

	if (!tcp)
		return -1;
	/* The sum changes by what changes in the header; ends swapped sum up to the same (RFC 1624). */
	check = tcp->check;
	tcp->check = 0;
	before = sum_words(tcp, TCP_LEN);
	swap_ports(tcp);
	tcp->ack_seq = bpf_htonl(bpf_ntohl(tcp->seq) + 1);
	tcp->seq = bpf_htonl(iss);
	((__u8 *)tcp)[13] = TCP_SYN | TCP_ACK;
	tcp->window = bpf_htons(65160);
	tcp->check = (__u16)~fold((__u16)~check + (__u16)~fold(before) + sum_words(tcp, TCP_LEN));
	return 0;
}

/* Turns the received SYN into a segment without options, in the smallest frame. */
static __always_inline int make_bare(
        struct xdp_md *ctx, const int v6, const struct internet_hop *hop, __u8 flags, __u32 seq, __u32 ack)
{
	const __u32 shortest = v6 ? ETH_LEN + IP_LEN(v6) + TCP_LEN : ETH_FRAME_MIN;
	long excess = frame_len(ctx) - (long)shortest;
	struct tcphdr *tcp;

	if (excess > 0 && bpf_xdp_adjust_tail(ctx, (int)-excess))
		return -1;
	tcp = turn_around(ctx, v6, hop, IPPROTO_TCP, shortest - ETH_LEN - IP_LEN(v6), TCP_LEN);
	if (!tcp)
		return -1;
	swap_ports(tcp);
	tcp->seq = bpf_htonl(seq);
	tcp->ack_seq = bpf_htonl(ack);
	((__u8 *)tcp)[12] = TCP_LEN / 4 << 4;
	((__u8 *)tcp)[13] = flags;
	tcp->window = 0;
	tcp->check = 0;
	tcp->urg_ptr = 0;
	tcp->check =
	        (__u16)~fold(sum_pseudo((void *)tcp - IP_LEN(v6), v6, IPPROTO_TCP, TCP_LEN) + sum_words(tcp, TCP_LEN));
	if (!v6)
		__builtin_memset(tcp + 1, 0, ETH_FRAME_MIN - ETH_LEN - IP_LEN(v6) - TCP_LEN);
	return 0;
}

/*
 * Answers a segment with data behind a hole (RFC 2018): an acknowledgement of all before the hole, and one block. It is
 * longer than what it answers; there is always room before a frame, so it begins there and is written anew.
 */
static __always_inline int make_sack(
        struct xdp_md *ctx, const int v6, const struct internet_hop *hop, __u32 irs, const struct sack_block *block)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u32 length = TCP_LEN + SACK_LEN, frame = ETH_LEN + IP_LEN(v6) + length;
	__u8 macs[2 * ETH_ALEN], heard[sizeof(struct ipv6hdr)] __attribute__((aligned(8)));
	struct tcphdr tcp, *out;
	__u32 *options;

	if (data + ETH_LEN + IP_LEN(v6) + TCP_LEN > end)
		return -1;
	__builtin_memcpy(macs, data, sizeof(macs));
	__builtin_memcpy(heard, data + ETH_LEN, IP_LEN(v6));
	__builtin_memcpy(&tcp, data + ETH_LEN + IP_LEN(v6), TCP_LEN);
	if (bpf_xdp_adjust_head(ctx, (int)(frame_len(ctx) - (long)frame)))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + frame > end)
		return -1;
	fill_eth(data, macs, v6);
	fill_ip(data + ETH_LEN, heard, v6, IPPROTO_TCP, length, hop->address, hop->reply_ttl);
	swap_ports(&tcp);
	tcp.seq = tcp.ack_seq;
	tcp.ack_seq = bpf_htonl(irs + 1);
	((__u8 *)&tcp)[12] = (__u8)(length / 4 << 4);
	((__u8 *)&tcp)[13] = TCP_ACK;
	tcp.window = bpf_htons(65160);
	tcp.check = 0;
	tcp.urg_ptr = 0;
	out = data + ETH_LEN + IP_LEN(v6);
	__builtin_memcpy(out, &tcp, TCP_LEN);
	options = (void *)(out + 1);
	options[0] = bpf_htonl(0x0101050a); /* two NOPs, SACK, its length */
	options[1] = bpf_htonl(block->left);
	options[2] = bpf_htonl(block->right);
	out->check = (__u16)~fold(sum_pseudo(data + ETH_LEN, v6, IPPROTO_TCP, length) + sum_words(out, length));
	return 0;
}

/* The datagram comes back as it is: ends swapped sum up to the same. */
static __always_inline int make_udp(struct xdp_md *ctx, const int v6, const struct internet_hop *hop)
{
	struct udphdr *udp = turn_around(ctx, v6, hop, IPPROTO_UDP, sizeof(*udp), 0);
	__u16 port;

	if (!udp)
		return -1;
	port = udp->source;
	udp->source = udp->dest;
	udp->dest = port;
	return 0;
}

/* Only the type changes, and the sum by as much (RFC 1624). */
static __always_inline int make_echo_reply(struct xdp_md *ctx, const int v6, const struct internet_hop *hop)
{
	struct echo *echo = turn_around(ctx, v6, hop, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, sizeof(*echo), 0);

	if (!echo)
		return -1;
	echo->type = ECHO_REPLY(v6);
	echo->check = (__u16)~fold(
	        (__u16)~echo->check + (__u16)~bpf_htons(ECHO_REQUEST(v6) << 8) + bpf_htons(ECHO_REPLY(v6) << 8));
	return 0;
}

#endif
