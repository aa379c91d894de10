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

enum { LAB_SYN = 0x02, LAB_RST = 0x04, LAB_PSH = 0x08, LAB_ACK = 0x10 };

struct lab_frame {
	uint8_t b[640];
	uint32_t len;
};

/* What a probe or an answer says about itself; all in host order. */
struct lab_probe {
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t token;
	uint8_t ttl;
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

/* Over a TCP segment and the pseudo header of the addresses at ip. */
static inline uint32_t lab_tcp_sum(const uint8_t *ip, const uint8_t *tcp, uint32_t n)
{
	uint8_t pseudo[4] = {0, 6, (uint8_t)(n >> 8), (uint8_t)n};

	return lab_sum(lab_sum(lab_sum(0, ip + 12, 8), pseudo, 4), tcp, n);
}

/* ---- Headers ---- */

static inline void lab_eth(struct lab_frame *f, const uint8_t dst[6], const uint8_t src[6])
{
	lab_put(f, dst, 6);
	lab_put(f, src, 6);
	lab_put(f, "\x08\x00", 2);
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

/* Everything behind ip is its payload. */
static inline void lab_ip_end(struct lab_frame *f, uint8_t *ip)
{
	lab_set16(ip + 2, (uint32_t)(f->b + f->len - ip));
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
	lab_set16(tcp + 16, ~lab_tcp_sum(ip, tcp, 20 + n_options) & 0xffff);
}

/* ---- Packets ---- */

/* The probe as an IPv4 packet, as cp_wire.h promises it. n_options: of IP, which a middlebox may have added. */
static inline void lab_probe_packet(struct lab_frame *f, const struct lab_probe *probe, uint32_t n_options)
{
	static const uint8_t options[12] = {2, 4, 0x05, 0xb4, 4, 2, 1, 1, 1, 3, 3, 7};
	uint16_t id = (uint16_t)((probe->token >> 16) ^ (probe->token & 0xffff));
	uint8_t *ip = lab_ip(f, probe->src, probe->dst, 6, probe->ttl, id, n_options);

	lab_tcp(f, ip, probe->sport, probe->dport, probe->token, 0, LAB_SYN, 64240, options, sizeof(options));
	lab_ip_end(f, ip);
}

static inline void lab_probe_frame(struct lab_frame *f, const struct lab_probe *probe)
{
	f->len = 0;
	lab_eth(f, lab_far_mac, lab_near_mac);
	lab_probe_packet(f, probe, 0);
}

/* What may differ between ICMP errors. */
struct lab_icmp {
	uint32_t from;
	uint8_t type, code, quoted_ttl;
	uint16_t mtu;
	uint32_t n_quoted; /* bytes of the probe that are quoted; 0: header and eight bytes */
	uint32_t n_outer_options, n_quoted_options;
};

static inline void lab_icmp_frame(struct lab_frame *f, const struct lab_icmp *icmp, const struct lab_probe *probe)
{
	struct lab_probe quoted = *probe;
	struct lab_frame quote = {.len = 0};
	uint32_t n = icmp->n_quoted ? icmp->n_quoted : 28 + icmp->n_quoted_options;
	uint8_t *ip, *message;

	quoted.ttl = icmp->quoted_ttl;
	lab_probe_packet(&quote, &quoted, icmp->n_quoted_options);
	f->len = 0;
	lab_eth(f, lab_near_mac, lab_far_mac);
	ip = lab_ip(f, icmp->from, probe->src, 1, 250, 7, icmp->n_outer_options);
	message = f->b + f->len;
	lab_fill(f, 0, 8);
	message[0] = icmp->type;
	message[1] = icmp->code;
	lab_set16(message + 6, icmp->mtu);
	lab_put(f, quote.b, n);
	lab_set16(message + 2, ~lab_sum(0, message, 8 + n) & 0xffff);
	lab_ip_end(f, ip);
}

/* What the destination answers to a probe. */
static inline void lab_tcp_frame(
        struct lab_frame *f, const struct lab_probe *probe, uint8_t flags, uint32_t n_ip_options, uint32_t n_options)
{
	static const uint8_t options[40] = {2, 4, 0x05, 0xa0, 4, 2, 1, 1, 1, 3, 3, 7, 1};
	uint8_t *ip;

	f->len = 0;
	lab_eth(f, lab_near_mac, lab_far_mac);
	ip = lab_ip(f, probe->dst, probe->src, 6, 55, 0, n_ip_options);
	lab_tcp(f, ip, probe->dport, probe->sport, 0x12345678, probe->token + 1, flags, 65535, options, n_options);
	lab_ip_end(f, ip);
}

#endif
