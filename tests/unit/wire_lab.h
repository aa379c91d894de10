/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wire_lab.h: packets for tests, written byte by byte with an own checksum,
 * so that cp_wire.h is compared with something that shares no line with it.
 * Must not include cp_wire.h.
 */
#ifndef CP_TEST_WIRE_LAB_H
#define CP_TEST_WIRE_LAB_H

#include <stdint.h>
#include <string.h>

#include "core/addr.h"

#define LAB_ETH_LEN 14u
#define LAB_PROBE_LEN 52u /* IPv4 packet of a probe */
#define LAB_PREFIX_ADDR 0xc6120000u /* 198.18.0.0 */

#define LAB_SERVER_SEQ 0x12345678u /* initial sequence number of all servers */
#define LAB_WINDOW 502 /* that we announce in a connection */

enum { LAB_FIN = 0x01, LAB_SYN = 0x02, LAB_RST = 0x04, LAB_PSH = 0x08, LAB_ACK = 0x10 };

struct lab_frame {
	uint8_t b[640];
	uint32_t len;
};

/* What we probe with. */
enum lab_kind { LAB_TCP4, LAB_UDP4, LAB_ICMP4, LAB_TCP6, LAB_UDP6, LAB_ICMP6, LAB_KINDS };

static inline bool lab_is_v6(enum lab_kind kind)
{
	return kind >= LAB_TCP6;
}

/* As struct cp_dest has it: ICMP for both families. */
static inline uint8_t lab_proto(enum lab_kind kind)
{
	return (uint8_t[]){6, 17, 1}[kind % 3];
}

static inline uint32_t lab_ip_len(enum lab_kind kind)
{
	return lab_is_v6(kind) ? 40 : 20;
}

/* Length of the IP packet of a probe. */
static inline uint32_t lab_packet_len(enum lab_kind kind)
{
	return lab_ip_len(kind) + (kind % 3 == LAB_TCP4 ? 32 : 16);
}

/* What a TCP probe is: a SYN, a byte in an open connection, or the reset that ends it. */
enum lab_role { LAB_OPENS = 0, LAB_PROBES, LAB_ENDS };

/* What a probe or an answer says about itself; all in host order. IPv6 addresses are made of src and dst: lab_v6(). */
struct lab_probe {
	enum lab_kind kind;
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t token, flow; /* token: the sequence number of TCP */
	uint8_t ttl;
	enum lab_role role;
	uint32_t ack; /* of LAB_PROBES */
};

static const uint8_t lab_near_mac[6] = {2, 0, 0, 0, 0, 1}, lab_far_mac[6] = {2, 0, 0, 0, 0, 2};

/* xorshift64*: the same numbers on every machine. */
static inline uint32_t lab_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 2685821657736338717ull >> 32);
}

/* ---- Bytes ---- */

static inline void lab_put(struct lab_frame *f, const void *bytes, uint32_t n)
{
	memcpy(f->b + f->len, bytes, n);
	f->len += n;
}

static inline void lab_fill(struct lab_frame *f, uint8_t byte, uint32_t n)
{
	memset(f->b + f->len, byte, n);
	f->len += n;
}

static inline void lab_set16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void lab_set32(uint8_t *at, uint32_t value)
{
	lab_set16(at, value >> 16);
	lab_set16(at + 2, value);
}

static inline uint32_t lab_get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t lab_get32(const uint8_t *at)
{
	return lab_get16(at) << 16 | lab_get16(at + 2);
}

/* ---- Checksums, a byte at a time ---- */

static inline uint32_t lab_sum(uint32_t sum, const uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
		while (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

/* Over a transport header and its payload, with the pseudo header of the addresses at ip where there is one. */
static inline uint32_t lab_l4_sum(const uint8_t *ip, const uint8_t *l4, uint32_t n)
{
	bool v6 = ip[0] >> 4 == 6;
	uint8_t proto = ip[v6 ? 6 : 9], pseudo[4] = {0, proto, (uint8_t)(n >> 8), (uint8_t)n};

	if (proto == 1)
		return lab_sum(0, l4, n);
	return lab_sum(lab_sum(lab_sum(0, ip + (v6 ? 8 : 12), v6 ? 32 : 8), pseudo, 4), l4, n);
}

/* ---- Headers ---- */

static inline void lab_eth(struct lab_frame *f, const uint8_t dst[6], const uint8_t src[6], bool v6)
{
	lab_put(f, dst, 6);
	lab_put(f, src, 6);
	lab_put(f, v6 ? "\x86\xdd" : "\x08\x00", 2);
}

/* 2001:db8::/32 and twelve more bytes, all of which depend on the number. */
static inline void lab_v6(uint32_t number, uint8_t ret_addr[16])
{
	lab_set32(ret_addr, 0x20010db8);
	lab_set32(ret_addr + 4, number * 0x9e3779b1u);
	lab_set32(ret_addr + 8, ~number * 0x85ebca6bu);
	lab_set32(ret_addr + 12, number);
}

static inline struct cp_addr lab_addr(bool v6, uint32_t number)
{
	struct cp_addr addr = cp_addr_from_v4(number);

	if (v6)
		lab_v6(number, addr.b);
	return addr;
}

/* An IPv4 header with n_options bytes of NOPs; to be closed by lab_ip_end(). */
static inline uint8_t *lab_ip(
        struct lab_frame *f, uint32_t src, uint32_t dst, uint8_t proto, uint8_t ttl, uint16_t id, uint32_t n_options)
{
	uint8_t *ip = f->b + f->len;

	lab_fill(f, 0, 20);
	lab_fill(f, 1, n_options);
	ip[0] = (uint8_t)(0x40 | (5 + n_options / 4));
	lab_set16(ip + 4, id);
	ip[6] = 0x40;
	ip[8] = ttl;
	ip[9] = proto;
	lab_set32(ip + 12, src);
	lab_set32(ip + 16, dst);
	return ip;
}

static inline uint8_t *lab_ip6(
        struct lab_frame *f, uint32_t src, uint32_t dst, uint8_t next_header, uint8_t hop_limit, uint32_t label)
{
	uint8_t *ip = f->b + f->len;

	lab_fill(f, 0, 40);
	lab_set32(ip, 0x60000000 | label);
	ip[6] = next_header;
	ip[7] = hop_limit;
	lab_v6(src, ip + 8);
	lab_v6(dst, ip + 24);
	return ip;
}

/* Everything behind ip is its payload. */
static inline void lab_ip_end(struct lab_frame *f, uint8_t *ip)
{
	uint32_t len = (uint32_t)(f->b + f->len - ip);

	if (ip[0] >> 4 == 6) {
		lab_set16(ip + 4, len - 40);
		return;
	}
	lab_set16(ip + 2, len);
	lab_set16(ip + 10, 0);
	lab_set16(ip + 10, ~lab_sum(0, ip, (ip[0] & 15u) * 4) & 0xffff);
}

static inline void lab_tcp(struct lab_frame *f, const uint8_t *ip, uint16_t sport, uint16_t dport, uint32_t seq,
        uint32_t ack, uint8_t flags, uint16_t window, const void *options, uint32_t n_options)
{
	uint8_t *tcp = f->b + f->len;

	lab_fill(f, 0, 20);
	lab_put(f, options, n_options);
	lab_set16(tcp, sport);
	lab_set16(tcp + 2, dport);
	lab_set32(tcp + 4, seq);
	lab_set32(tcp + 8, ack);
	tcp[12] = (uint8_t)((20 + n_options) / 4 << 4);
	tcp[13] = flags;
	lab_set16(tcp + 14, window);
	lab_set16(tcp + 16, ~lab_l4_sum(ip, tcp, 20 + n_options) & 0xffff);
}

/* Adds n bytes of data to the segment behind ip. */
static inline void lab_tcp_data(struct lab_frame *f, const uint8_t *ip, uint8_t byte, uint32_t n)
{
	uint8_t *tcp = f->b + (ip - f->b) + (ip[0] >> 4 == 6 ? 40 : (ip[0] & 15) * 4);

	lab_fill(f, byte, n);
	lab_set16(tcp + 16, 0);
	lab_set16(tcp + 16, ~lab_l4_sum(ip, tcp, (uint32_t)(f->b + f->len - tcp)) & 0xffff);
}

static inline void lab_tcp_probe(struct lab_frame *f, const uint8_t *ip, const struct lab_probe *probe)
{
	static const uint8_t options[12] = {2, 4, 0x05, 0xb4, 4, 2, 1, 1, 1, 3, 3, 7};
	const uint16_t sport = probe->sport, dport = probe->dport;

	if (probe->role == LAB_OPENS) {
		lab_tcp(f, ip, sport, dport, probe->token, 0, LAB_SYN, 64240, options, sizeof(options));
	} else if (probe->role == LAB_PROBES) {
		lab_tcp(f, ip, sport, dport, probe->token, probe->ack, LAB_ACK | LAB_PSH, LAB_WINDOW, "", 0);
		lab_tcp_data(f, ip, 0, 1);
	} else {
		lab_tcp(f, ip, sport, dport, probe->token, 0, LAB_RST, 0, "", 0);
	}
}

/* Sixteen bytes with a checksum that is given: the token in the payload, and what makes the checksum right. */
static inline void lab_close_payload(const uint8_t *ip, uint8_t *l4, uint32_t check_at, uint32_t check, uint32_t token)
{
	lab_set16(l4 + check_at, check);
	lab_set32(l4 + 8, token);
	lab_set16(l4 + 12, 0xffff - lab_l4_sum(ip, l4, 16));
}

static inline void lab_udp(struct lab_frame *f, const uint8_t *ip, const struct lab_probe *probe)
{
	uint8_t *udp = f->b + f->len;
	uint32_t check = probe->token & 0xffff;

	lab_fill(f, 0, 16);
	lab_set16(udp, probe->sport);
	lab_set16(udp + 2, probe->dport);
	lab_set16(udp + 4, 16);
	lab_close_payload(ip, udp, 6, check ? check : 0xffff, probe->token);
}

static inline void lab_echo(struct lab_frame *f, const uint8_t *ip, const struct lab_probe *probe)
{
	uint8_t *echo = f->b + f->len;

	lab_fill(f, 0, 16);
	echo[0] = lab_is_v6(probe->kind) ? 128 : 8;
	lab_set32(echo + 4, probe->token);
	lab_close_payload(ip, echo, 2, 0x4350 + probe->flow, probe->token);
}

/* ---- Packets ---- */

/* The probe as an IP packet, as cp_wire.h promises it. n_options: of IPv4, which a middlebox may have added. */
static inline void lab_probe_packet(struct lab_frame *f, const struct lab_probe *probe, uint32_t n_options)
{
	uint32_t high = probe->token >> 16, low = probe->token & 0xffff;
	uint16_t id = (uint16_t)(probe->kind == LAB_UDP4 ? high : high ^ low);
	uint8_t *ip;

	if (lab_is_v6(probe->kind))
		ip = lab_ip6(f, probe->src, probe->dst, probe->kind == LAB_ICMP6 ? 58 : lab_proto(probe->kind),
		        probe->ttl, 0xc0000 + probe->sport);
	else
		ip = lab_ip(f, probe->src, probe->dst, lab_proto(probe->kind), probe->ttl, id, n_options);
	if (lab_proto(probe->kind) == 6)
		lab_tcp_probe(f, ip, probe);
	else if (lab_proto(probe->kind) == 17)
		lab_udp(f, ip, probe);
	else
		lab_echo(f, ip, probe);
	lab_ip_end(f, ip);
}

static inline void lab_probe_frame(struct lab_frame *f, const struct lab_probe *probe)
{
	f->len = 0;
	lab_eth(f, lab_far_mac, lab_near_mac, lab_is_v6(probe->kind));
	lab_probe_packet(f, probe, 0);
}

/* What may differ between ICMP errors. */
struct lab_icmp {
	uint32_t from;
	uint8_t type, code, quoted_ttl;
	uint32_t mtu;
	uint32_t n_quoted; /* bytes of the probe that are quoted; 0: header and eight bytes, ICMPv6: all */
	uint32_t n_outer_options, n_quoted_options; /* IPv4 only */
};

/* Begins a packet of the probe's family to us. */
static inline uint8_t *lab_answer(struct lab_frame *f, const struct lab_probe *probe, uint32_t from, uint8_t proto,
        uint8_t ttl, uint32_t n_options)
{
	bool v6 = lab_is_v6(probe->kind);

	f->len = 0;
	lab_eth(f, lab_near_mac, lab_far_mac, v6);
	if (v6)
		return lab_ip6(f, from, probe->src, proto == 1 ? 58 : proto, ttl, 0x12345);
	return lab_ip(f, from, probe->src, proto, ttl, 7, n_options);
}

static inline void lab_icmp_frame(struct lab_frame *f, const struct lab_icmp *icmp, const struct lab_probe *probe)
{
	struct lab_probe quoted = *probe;
	struct lab_frame quote = {.len = 0};
	uint8_t *ip, *message;
	uint32_t n;

	quoted.ttl = icmp->quoted_ttl;
	lab_probe_packet(&quote, &quoted, icmp->n_quoted_options);
	n = lab_is_v6(probe->kind) ? quote.len : 28 + icmp->n_quoted_options;
	if (icmp->n_quoted)
		n = icmp->n_quoted;
	ip = lab_answer(f, probe, icmp->from, 1, 250, icmp->n_outer_options);
	message = f->b + f->len;
	lab_fill(f, 0, 8);
	message[0] = icmp->type;
	message[1] = icmp->code;
	lab_set32(message + 4, icmp->mtu);
	lab_put(f, quote.b, n);
	lab_set16(message + 2, ~lab_l4_sum(ip, message, 8 + n) & 0xffff);
	lab_ip_end(f, ip);
}

/* What the destination answers to a probe. */
static inline void lab_tcp_frame(
        struct lab_frame *f, const struct lab_probe *probe, uint8_t flags, uint32_t n_ip_options, uint32_t n_options)
{
	static const uint8_t options[40] = {2, 4, 0x05, 0xa0, 4, 2, 1, 1, 1, 3, 3, 7, 1};
	uint8_t *ip = lab_answer(f, probe, probe->dst, 6, 55, n_ip_options);

	lab_tcp(f, ip, probe->dport, probe->sport, LAB_SERVER_SEQ, probe->token + 1, flags, 65535, options, n_options);
	lab_ip_end(f, ip);
}

/* Any segment of the server. */
struct lab_segment {
	uint32_t seq, ack;
	uint8_t flags;
	uint8_t options[40];
	uint32_t n_options, n_data;
};

static inline void lab_segment_frame(
        struct lab_frame *f, const struct lab_probe *probe, const struct lab_segment *segment)
{
	uint8_t *ip = lab_answer(f, probe, probe->dst, 6, 55, 0);

	lab_tcp(f, ip, probe->dport, probe->sport, segment->seq, segment->ack, segment->flags, 65535, segment->options,
	        segment->n_options);
	lab_tcp_data(f, ip, 'x', segment->n_data);
	lab_ip_end(f, ip);
}

/* The acknowledgement of one byte at left, behind a hole, in a connection whose SYN was the probe. */
static inline void lab_sack_frame(struct lab_frame *f, const struct lab_probe *probe, uint32_t left)
{
	struct lab_segment segment = {.seq = LAB_SERVER_SEQ + 1,
	        .ack = probe->token + 1,
	        .flags = LAB_ACK,
	        .options = {1, 1, 5, 10},
	        .n_options = 12};

	lab_set32(segment.options + 4, left);
	lab_set32(segment.options + 8, left + 1);
	lab_segment_frame(f, probe, &segment);
}

static inline void lab_echo_frame(struct lab_frame *f, const struct lab_probe *probe, uint32_t n_ip_options)
{
	uint8_t *ip = lab_answer(f, probe, probe->dst, 1, 55, n_ip_options), *echo = f->b + f->len;

	lab_echo(f, ip, probe);
	echo[0] = lab_is_v6(probe->kind) ? 129 : 0;
	lab_set16(echo + 2, 0);
	lab_set16(echo + 2, ~lab_l4_sum(ip, echo, 16) & 0xffff);
	lab_ip_end(f, ip);
}

/* What lab_tcp_frame(), a SYN-ACK, is answered with: the RST, or the ACK that opens the connection. */
static inline void lab_answer_frame(struct lab_frame *f, const struct lab_probe *probe, uint8_t flags)
{
	bool v6 = lab_is_v6(probe->kind), acks = flags == LAB_ACK;
	uint8_t *ip;

	f->len = 0;
	lab_eth(f, lab_far_mac, lab_near_mac, v6);
	ip = v6 ? lab_ip6(f, probe->src, probe->dst, 6, 64, 0) : lab_ip(f, probe->src, probe->dst, 6, 64, 0, 0);
	lab_tcp(f, ip, probe->sport, probe->dport, probe->token + 1, acks ? LAB_SERVER_SEQ + 1 : 0, flags,
	        acks ? LAB_WINDOW : 0, "", 0);
	lab_ip_end(f, ip);
}

static inline void lab_reset_frame(struct lab_frame *f, const struct lab_probe *probe)
{
	lab_answer_frame(f, probe, LAB_RST);
}

#endif
