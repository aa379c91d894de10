/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_wire_base.h: wire structs, constants, checksums: what building and
 * parsing share. Included through cp_wire.h.
 */
#ifndef CP_WIRE_BASE_H
#define CP_WIRE_BASE_H

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

struct cp_ip6 {
	__u32 version_class_label;
	__u16 payload_len;
	__u8 next_header, hop_limit;
	__u8 src[16], dst[16];
} CP_WIRE_STRUCT;

struct cp_tcp {
	__u16 sport, dport;
	__u32 seq, ack;
	__u8 offset; /* data offset in the high 4 bits */
	__u8 flags;
	__u16 window, check, urgent;
} CP_WIRE_STRUCT;

struct cp_udp {
	__u16 sport, dport;
	__u16 len, check;
} CP_WIRE_STRUCT;

/* An ICMP or ICMPv6 error, RFC 792 and RFC 4443. */
struct cp_icmp {
	__u8 type, code;
	__u16 check;
	__u8 len6, len4; /* RFC 4884: length of the quote, in 8 bytes (ICMPv6) and 4 bytes (ICMP) */
	__u16 mtu; /* RFC 1191; ICMPv6 "packet too big" has its low half here, the high one in the two before */
} CP_WIRE_STRUCT;

struct cp_echo {
	__u8 type, code;
	__u16 check;
	__u16 id, seq;
} CP_WIRE_STRUCT;

typedef __u16 __attribute__((may_alias)) cp_word;

enum {
	CP_ETH_P_IP = 0x0800,
	CP_ETH_P_IPV6 = 0x86dd,
	CP_IPPROTO_ICMP = 1, /* in struct cp_dest: ICMPv6 too */
	CP_IPPROTO_TCP = 6,
	CP_IPPROTO_UDP = 17,
	CP_IPPROTO_ICMPV6 = 58,
	CP_IP_DF = 0x4000,
	CP_IP_FRAG_MASK = 0x1fff,
	CP_TCP_FIN = 0x01,
	CP_TCP_SYN = 0x02,
	CP_TCP_RST = 0x04,
	CP_TCP_PSH = 0x08,
	CP_TCP_ACK = 0x10,
	CP_ICMP_UNREACHABLE = 3,
	CP_ICMP_TIME_EXCEEDED = 11,
	CP_ICMP_FRAG_NEEDED = 4,
	CP_ICMP_ECHO = 8,
	CP_ICMP_ECHO_REPLY = 0,
	CP_ICMP6_UNREACHABLE = 1,
	CP_ICMP6_TOO_BIG = 2,
	CP_ICMP6_TIME_EXCEEDED = 3,
	CP_ICMP6_ECHO = 128,
	CP_ICMP6_ECHO_REPLY = 129,
};

#define CP_SYN_OPTIONS_LEN 12
#define CP_TCP_WINDOW 502 /* scaled by the 7 of our SYN: 64,256 bytes */
#define CP_SYN_SEGMENT_LEN ((__u32)sizeof(struct cp_tcp) + CP_SYN_OPTIONS_LEN)
#define CP_SYN4_FRAME_LEN ((__u32)(sizeof(struct cp_eth) + sizeof(struct cp_ip4)) + CP_SYN_SEGMENT_LEN)
/* In XDP an answer is padded to the smallest Ethernet frame without FCS; an skb the driver pads itself. */
#define CP_ANSWER4_FRAME_LEN 60u
#define CP_ANSWER4_PACKET_LEN ((__u32)(sizeof(struct cp_ip4) + sizeof(struct cp_tcp)))
#define CP_SYN6_FRAME_LEN ((__u32)(sizeof(struct cp_eth) + sizeof(struct cp_ip6)) + CP_SYN_SEGMENT_LEN)
#define CP_ANSWER6_PACKET_LEN ((__u32)(sizeof(struct cp_ip6) + sizeof(struct cp_tcp)))
/* UDP and ICMP probes carry their token and a word that brings the checksum to its value. */
#define CP_PAYLOAD_LEN 8u
#define CP_FRAME_MAX CP_SYN6_FRAME_LEN
#define CP_ANSWER6_CHECK_AT ((__u32)(sizeof(struct cp_ip6) + __builtin_offsetof(struct cp_tcp, check)))
#define CP_ANSWER4_CHECK_AT ((__u32)(sizeof(struct cp_ip4) + __builtin_offsetof(struct cp_tcp, check)))

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

#endif
