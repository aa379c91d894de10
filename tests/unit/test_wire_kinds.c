// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_wire_kinds.c: replies to probes of all kinds: TCP, UDP and ICMP echo
 * over both families. Buffers have exactly the size of their frame, so that
 * the address sanitizer sees any step beyond. More of TCP over IPv4 is in
 * test_wire.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cp_wire.h"
#include "reply_lab.h"
#include "wire_lab.h"

static const char *const kind_names[LAB_KINDS] = {"TCP4", "UDP4", "ICMP4", "TCP6", "UDP6", "ICMP6"};

/* The same error in either family. */
static struct lab_icmp time_exceeded_of(enum lab_kind kind)
{
	return (struct lab_icmp){.from = ROUTER, .type = lab_is_v6(kind) ? 3 : 11, .quoted_ttl = 1};
}

static struct lab_icmp too_big_of(enum lab_kind kind)
{
	if (lab_is_v6(kind))
		return (struct lab_icmp){.from = ROUTER, .type = 2, .quoted_ttl = 9, .mtu = 1280};
	return (struct lab_icmp){.from = ROUTER, .type = 3, .code = 4, .quoted_ttl = 9, .mtu = 1280};
}

static void time_exceeded(struct lab_frame *f, const struct lab_probe *probe)
{
	struct lab_icmp icmp = time_exceeded_of(probe->kind);

	lab_icmp_frame(f, &icmp, probe);
}

enum { OUTER = LAB_ETH_LEN };

/* Offsets in a frame without IP options. */
static uint32_t message_at(enum lab_kind kind)
{
	return OUTER + lab_ip_len(kind);
}

static uint32_t quote_at(enum lab_kind kind)
{
	return message_at(kind) + 8;
}

static uint32_t quoted_l4_at(enum lab_kind kind)
{
	return quote_at(kind) + lab_ip_len(kind);
}

/* How much of the transport layer has to be quoted. */
static uint32_t l4_need(enum lab_kind kind)
{
	return kind == LAB_UDP6 ? 12 : 8;
}

static void expect_kind(const struct lab_frame *f, enum outcome want, enum lab_kind kind, const char *what)
{
	char text[96];

	snprintf(text, sizeof(text), "%s: %s", kind_names[kind], what);
	expect(f, want, text);
}

/* Refused for its token or its destination, whichever it is. */
static void expect_refused(const struct lab_frame *f, enum lab_kind kind, const char *what)
{
	expect_kind(f, judge(f, NULL, NULL) == NO_SLOT ? NO_SLOT : WRONG_DEST, kind, what);
}

/* ---- Recognised ---- */

static void check_quote(const struct lab_icmp *icmp, uint32_t want_id, uint32_t kind_of_reply, uint32_t want_mtu)
{
	struct lab_probe probe = probe_of(want_id);
	bool v6 = lab_is_v6(probe.kind);
	struct cp_addr from = lab_addr(v6, icmp->from), dst = lab_addr(v6, probe.dst);
	struct cp_reply reply;
	struct lab_frame f;
	uint32_t id;

	lab_icmp_frame(&f, icmp, &probe);
	assert_int_equal(judge(&f, &reply, &id), VALID);
	assert_int_equal(id, want_id);
	assert_int_equal(reply.kind, kind_of_reply);
	assert_int_equal(reply.proto, lab_proto(probe.kind));
	assert_int_equal(reply.v6, v6);
	assert_int_equal(reply.icmp_type, icmp->type);
	assert_int_equal(reply.icmp_code, icmp->code);
	assert_int_equal(reply.quoted_ttl, icmp->quoted_ttl);
	assert_int_equal(reply.reply_ttl, 250);
	assert_int_equal(reply.next_mtu, want_mtu);
	assert_int_equal(reply.quoted, 1);
	assert_int_equal(reply.our_port, 1);
	assert_memory_equal(&reply.from, &from, sizeof(from));
	assert_memory_equal(&reply.dst, &dst, sizeof(dst));
}

static void every_probe_is_recognised_in_its_quote(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < N_SLOTS; slot++) {
		for (uint32_t attempt = 0; attempt < CP_ATTEMPTS_MAX; attempt++) {
			uint32_t id = cp_id_make(slot, attempt);
			enum lab_kind kind = probe_of(id).kind;
			struct lab_icmp icmp = time_exceeded_of(kind);

			if (kind == LAB_UDP4 && !(probe_of(id).token & 0xffff))
				continue; /* is not sent */
			icmp.quoted_ttl = (uint8_t)(attempt + 1);
			icmp.n_quoted = lab_packet_len(kind);
			check_quote(&icmp, id, CP_REPLY_TIME_EXCEEDED, 0);
			icmp.n_quoted = lab_ip_len(kind) + l4_need(kind);
			check_quote(&icmp, id, CP_REPLY_TIME_EXCEEDED, 0);
		}
	}
}

static void unreachable_keeps_code_and_mtu(void **state)
{
	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		struct lab_icmp icmp = too_big_of(kind);

		check_quote(&icmp, slot_of(kind, 8), CP_REPLY_UNREACHABLE, 1280);
		icmp.mtu = 65535;
		check_quote(&icmp, slot_of(kind, 8), CP_REPLY_UNREACHABLE, 65535);
		icmp.mtu = 0;
		check_quote(&icmp, slot_of(kind, 8), CP_REPLY_UNREACHABLE, 0);
		icmp = (struct lab_icmp){
		        .from = ROUTER, .type = lab_is_v6(kind) ? 1 : 3, .quoted_ttl = 60, .mtu = 1400};
		for (uint32_t code = 0; code < 256; code++) {
			icmp.code = (uint8_t)code;
			check_quote(&icmp, slot_of(kind, code), CP_REPLY_UNREACHABLE,
			        !lab_is_v6(kind) && code == 4 ? 1400 : 0);
		}
	}
}

/* The MTU of ICMPv6 has 32 bits; what does not fit is as good as unlimited. */
static void mtu_beyond_sixteen_bits(void **state)
{
	static const uint32_t mtus[] = {65536, 0x10500, 0x7fffffff, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct lab_icmp icmp = too_big_of(LAB_TCP6);

		icmp.mtu = mtus[i];
		check_quote(&icmp, slot_of(LAB_TCP6, 8), CP_REPLY_UNREACHABLE, 65535);
	}
}

static void check_answer(const struct lab_frame *f, uint32_t want_id, uint32_t kind_of_reply)
{
	struct lab_probe probe = probe_of(want_id);
	struct cp_addr from = lab_addr(lab_is_v6(probe.kind), probe.dst);
	struct cp_reply reply;
	uint32_t id;

	assert_int_equal(judge(f, &reply, &id), VALID);
	assert_int_equal(id, want_id);
	assert_int_equal(reply.kind, kind_of_reply);
	assert_int_equal(reply.proto, lab_proto(probe.kind));
	assert_int_equal(reply.reply_ttl, 55);
	assert_int_equal(reply.quoted_ttl, 0);
	assert_int_equal(reply.icmp_type, 0);
	assert_int_equal(reply.quoted, 0);
	assert_memory_equal(&reply.from, &from, sizeof(from));
}

static void destination_answers_name_the_probe(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < N_SLOTS; slot++) {
		for (uint32_t attempt = 0; attempt < CP_ATTEMPTS_MAX; attempt++) {
			uint32_t id = cp_id_make(slot, attempt);
			struct lab_probe probe = probe_of(id);
			struct lab_frame f;

			if (lab_proto(probe.kind) == 6) {
				lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 12);
				check_answer(&f, id, CP_REPLY_SYN_ACK);
				lab_tcp_frame(&f, &probe, LAB_RST | LAB_ACK, 0, 0);
				check_answer(&f, id, CP_REPLY_RST);
			} else if (lab_proto(probe.kind) == 1) {
				lab_echo_frame(&f, &probe, attempt * 4);
				check_answer(&f, id, CP_REPLY_ECHO);
			}
		}
	}
}

/* Devices without a link-layer header see the same. */
static void no_link_layer_no_difference(void **state)
{
	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		struct lab_probe probe = probe_of(slot_of(kind, 50));
		struct cp_reply framed, bare;
		struct lab_frame f;

		time_exceeded(&f, &probe);
		for (uint32_t n = OUTER; n <= f.len; n++) {
			assert_int_equal(cp_wire_parse_ip(&run, f.b + OUTER, f.b + n, &bare),
			        cp_wire_parse_frame(&run, f.b, f.b + n, &framed));
			assert_memory_equal(&bare, &framed, sizeof(bare));
		}
	}
}

/* ---- Cut and bent ---- */

/* Every prefix of f: foreign, from n_port on short, from n_whole on valid. */
static void check_prefixes(struct lab_frame *f, enum lab_kind kind, uint32_t n_port, uint32_t n_whole)
{
	uint32_t len = f->len;

	expect_kind(f, VALID, kind, "the whole");
	for (f->len = 0; f->len <= len; f->len++) {
		char what[48];

		snprintf(what, sizeof(what), "%u of %u bytes", f->len, len);
		expect_kind(f, f->len < n_port ? FOREIGN : f->len < n_whole ? SHORT : VALID, kind, what);
	}
}

static void truncation_at_every_byte(void **state)
{
	struct lab_frame f;

	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		struct lab_probe probe = probe_of(slot_of(kind, 33));
		/* ICMP has no port that could be ours before its checksum, which is looked at last. */
		uint32_t n_port = lab_proto(kind) == 1 ? 8 : 4;

		for (uint32_t n = 0; n <= (lab_is_v6(kind) ? 0 : 40); n += 4) {
			struct lab_icmp icmp = time_exceeded_of(kind);

			icmp.n_outer_options = n;
			icmp.n_quoted_options = lab_is_v6(kind) ? 0 : 40 - n;
			icmp.n_quoted = lab_packet_len(kind) + icmp.n_quoted_options;
			lab_icmp_frame(&f, &icmp, &probe);
			check_prefixes(&f, kind, quoted_l4_at(kind) + n + icmp.n_quoted_options + n_port,
			        quoted_l4_at(kind) + n + icmp.n_quoted_options + l4_need(kind));
			if (lab_proto(kind) == 6) {
				lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, n, 40);
				check_prefixes(&f, kind, message_at(kind) + n + 4, message_at(kind) + n + 20);
			} else if (lab_proto(kind) == 1) {
				lab_echo_frame(&f, &probe, n);
				check_prefixes(&f, kind, message_at(kind) + n + 8, message_at(kind) + n + 8);
			}
		}
	}
}

static void versions_of_the_other_family(void **state)
{
	(void)state;
	for (enum lab_kind kind = LAB_TCP6; kind < LAB_KINDS; kind++) {
		struct lab_probe probe = probe_of(slot_of(kind, 41));
		struct lab_frame f;

		for (uint32_t version = 0; version < 16; version++) {
			enum outcome want = version == 6 ? VALID : FOREIGN;

			time_exceeded(&f, &probe);
			f.b[OUTER] = (uint8_t)(version << 4 | (f.b[OUTER] & 15));
			expect_kind(&f, want, kind, "outer version");
			time_exceeded(&f, &probe);
			f.b[quote_at(kind)] = (uint8_t)(version << 4 | 5);
			expect_kind(&f, want, kind, "quoted version");
		}
		time_exceeded(&f, &probe);
		lab_set16(f.b + 12, 0x0800);
		expect_kind(&f, FOREIGN, kind, "EtherType of IPv4");
	}
}

static void next_headers_and_types(void **state)
{
	struct lab_frame f;

	(void)state;
	for (enum lab_kind kind = LAB_TCP6; kind < LAB_KINDS; kind++) {
		struct lab_probe probe = probe_of(slot_of(kind, 42));

		for (uint32_t value = 0; value < 256; value++) {
			bool known = value == 6 || value == 17 || value == 58;
			bool right = value == (kind == LAB_ICMP6 ? 58 : lab_proto(kind));
			enum outcome got;

			time_exceeded(&f, &probe);
			f.b[OUTER + 6] = (uint8_t)value;
			expect_kind(&f, value == 58 ? VALID : FOREIGN, kind, "outer next header");
			time_exceeded(&f, &probe);
			f.b[message_at(kind)] = (uint8_t)value;
			expect_kind(&f, value >= 1 && value <= 3 ? VALID : FOREIGN, kind, "ICMPv6 type");
			time_exceeded(&f, &probe);
			f.b[quote_at(kind) + 6] = (uint8_t)value;
			got = judge(&f, NULL, NULL);
			if ((got == VALID) != right || (!known && got != FOREIGN))
				fail_msg("%s: quoted next header %u: %d", kind_names[kind], value, got);
		}
	}
}

/* ---- Rewritten by a middlebox ---- */

/* A NAT in front of us rewrote the source port, or the checksum of a ping, and did not put it back in the quote. */
static void rewritten_quotes(void **state)
{
	static const enum outcome without_port[LAB_KINDS] = {
	        [LAB_TCP4] = MODIFIED,
	        [LAB_ICMP4] = MODIFIED,
	        [LAB_UDP4] = WRONG_DEST,
	        [LAB_TCP6] = WRONG_DEST,
	        [LAB_UDP6] = WRONG_DEST,
	        [LAB_ICMP6] = WRONG_DEST,
	};
	struct lab_frame f;

	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		struct lab_probe probe = probe_of(slot_of(kind, 77));
		uint32_t quote = quote_at(kind), l4 = quoted_l4_at(kind), check = lab_proto(kind) == 1 ? 2 : 0;

		time_exceeded(&f, &probe);
		memset(f.b + quote + (lab_is_v6(kind) ? 8 : 12), 0xfd, lab_is_v6(kind) ? 16 : 4);
		expect_kind(&f, VALID, kind, "quoted source rewritten");
		lab_set16(f.b + l4 + check, 1024);
		expect_kind(&f, without_port[kind], kind, "quoted source and source port or checksum rewritten");
		if (without_port[kind] == MODIFIED) {
			lab_set16(f.b + quote + 4, lab_get16(f.b + quote + 4) ^ 1);
			expect_kind(&f, WRONG_DEST, kind, "... and the identification too");
			time_exceeded(&f, &probe);
			lab_set16(f.b + quote + 4, lab_get16(f.b + quote + 4) ^ 1);
			expect_kind(&f, MODIFIED, kind, "quoted identification rewritten");
		}
		/* What routers do change on the way: class, length, TTL, the header checksum. */
		time_exceeded(&f, &probe);
		f.b[quote + 1] ^= 0xb0;
		if (lab_is_v6(kind)) {
			lab_set16(f.b + quote + 4, 0);
			f.b[quote + 7] = 0;
		} else {
			lab_set16(f.b + quote + 2, 0);
			lab_set16(f.b + quote + 10, 0xdead);
			f.b[quote + 8] = 0;
		}
		expect_kind(&f, VALID, kind, "quoted class, length, TTL, checksum");
	}
}

static void another_destination_or_port(void **state)
{
	struct lab_frame f;

	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		struct lab_probe probe = probe_of(slot_of(kind, 78));
		uint32_t n = lab_is_v6(kind) ? 16 : 4, dst = quoted_l4_at(kind) - n;

		for (uint32_t bit = 0; bit < n * 8; bit++) {
			time_exceeded(&f, &probe);
			f.b[dst + bit / 8] ^= (uint8_t)(1u << bit % 8);
			expect_kind(&f, WRONG_DEST, kind, "quoted destination rewritten");
			if (lab_proto(kind) == 17)
				continue;
			if (lab_proto(kind) == 6)
				lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 12);
			else
				lab_echo_frame(&f, &probe, 0);
			f.b[OUTER + (n == 16 ? 8 : 12) + bit / 8] ^= (uint8_t)(1u << bit % 8);
			expect_kind(&f, WRONG_DEST, kind, "an answer from elsewhere");
		}
		for (uint32_t bit = 0; lab_proto(kind) != 1 && bit < 16; bit++) {
			time_exceeded(&f, &probe);
			f.b[quoted_l4_at(kind) + 2 + bit / 8] ^= (uint8_t)(1u << bit % 8);
			expect_kind(&f, WRONG_DEST, kind, "quoted destination port rewritten");
		}
	}
}

/* ---- Of another protocol or family ---- */

/* All is right but the protocol, or the family: even towards a destination of the same address and port. */
static void another_protocol_or_family(void **state)
{
	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		for (enum lab_kind other = 0; other < LAB_KINDS; other++) {
			struct lab_probe probe = probe_of(slot_of(kind, 10));
			struct cp_dest dest = dest_of(kind * N_OF_KIND);
			struct cp_reply reply;
			struct lab_frame f;
			enum cp_validity got;

			probe.kind = other;
			probe.sport = lab_proto(other) == 17 ? UDP_PORT_BASE : PORT_BASE;
			time_exceeded(&f, &probe);
			assert_int_equal(cp_wire_parse_frame(&run, f.b, f.b + f.len, &reply), CP_PARSE_REPLY);
			assert_int_equal(reply.our_port, 1);
			assert_int_equal(reply.token, probe.token);
			dest.addr = reply.dst;
			dest.port = reply.dst_port;
			got = cp_wire_validate(&reply, &dest);
			if (got != (kind == other ? CP_VALID : CP_INVALID_DEST))
				fail_msg("%s quoted for %s: %d", kind_names[other], kind_names[kind], got);
		}
	}
}

/* An IPv4 destination in an IPv6 header (::ffff:a.b.c.d): no probe of ours ever looked so. */
static void mapped_addresses(void **state)
{
	struct lab_probe probe = probe_of(slot_of(LAB_TCP4, 10));
	struct cp_addr mapped = lab_addr(false, probe.dst);
	struct lab_frame f;

	(void)state;
	probe.kind = LAB_TCP6;
	time_exceeded(&f, &probe);
	memcpy(f.b + quote_at(LAB_TCP6) + 24, &mapped, 16);
	expect(&f, WRONG_DEST, "a quote towards a mapped address");
	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 12);
	memcpy(f.b + OUTER + 8, &mapped, 16);
	expect(&f, WRONG_DEST, "a SYN-ACK from a mapped address");
}

/* Each protocol has its own range of source ports, and none when it does not run. */
static void ports_of_the_other_protocol(void **state)
{
	struct cp_run tcp_only = run;
	struct cp_reply reply;
	struct lab_frame f;

	(void)state;
	tcp_only.udp_port_base = 0;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		struct lab_probe probe = probe_of(slot_of(kind, 10));
		uint32_t base = lab_proto(kind) == 17 ? UDP_PORT_BASE : PORT_BASE;

		if (lab_proto(kind) == 1)
			continue;
		time_exceeded(&f, &probe);
		for (uint32_t port = 0; port <= 65535; port++) {
			lab_set16(f.b + quoted_l4_at(kind), port);
			assert_int_equal(cp_wire_parse_frame(&run, f.b, f.b + f.len, &reply), CP_PARSE_REPLY);
			assert_int_equal(reply.our_port, port - base < N_FLOWS);
			cp_wire_parse_frame(&tcp_only, f.b, f.b + f.len, &reply);
			assert_int_equal(reply.our_port, lab_proto(kind) == 6 && port - base < N_FLOWS);
		}
	}
}

/* ---- Pings of others ---- */

static void pings_of_others(void **state)
{
	static const enum lab_kind kinds[] = {LAB_ICMP4, LAB_ICMP6};
	struct cp_reply reply;
	struct lab_frame f;

	(void)state;
	for (int i = 0; i < 2; i++) {
		enum lab_kind kind = kinds[i];
		struct lab_probe probe = probe_of(slot_of(kind, 20));
		uint32_t at = message_at(kind), n_ours = 0;

		for (uint32_t check = 0; check <= 0xffff; check++) {
			enum outcome got;

			lab_echo_frame(&f, &probe, 0);
			lab_set16(f.b + at + 2, check);
			got = judge(&f, NULL, NULL);
			assert_true(got == VALID || got == FOREIGN);
			n_ours += got == VALID;
		}
		assert_int_equal(n_ours, N_FLOWS);
		lab_echo_frame(&f, &probe, 0);
		lab_set16(f.b + at + 4, 0x1234);
		lab_set16(f.b + at + 6, 1);
		assert_true(judge(&f, &reply, NULL) == NO_SLOT || judge(&f, &reply, NULL) == WRONG_DEST);
		assert_int_equal(reply.our_port, 1);
		lab_echo_frame(&f, &probe, 0);
		f.b[at + 1] = 1;
		expect_kind(&f, FOREIGN, kind, "code of an echo reply");
		/* A ping to us that looks like ours, and an error about an echo reply of ours. */
		lab_echo_frame(&f, &probe, 0);
		f.b[at] = kind == LAB_ICMP6 ? 128 : 8;
		expect_kind(&f, FOREIGN, kind, "an echo request");
		time_exceeded(&f, &probe);
		f.b[quoted_l4_at(kind)] = kind == LAB_ICMP6 ? 129 : 0;
		expect_kind(&f, FOREIGN, kind, "an echo reply in a quote");
		/* Somebody's ping to the same destination. */
		probe.token = 0x12340001;
		probe.flow = 0x7777;
		time_exceeded(&f, &probe);
		assert_int_equal(judge(&f, &reply, NULL), NO_SLOT);
		assert_int_equal(reply.our_port, 0);
	}
}

/* ---- Forged ---- */

static void any_changed_token_bit_is_refused(void **state)
{
	struct lab_frame f;

	(void)state;
	for (uint32_t slot = 0; slot < N_SLOTS; slot++) {
		for (uint32_t bit = 0; bit < 32; bit++) {
			struct lab_probe probe = probe_of(slot);

			probe.token ^= 1u << bit;
			if (probe.kind == LAB_UDP4 && !(probe.token & 0xffff))
				continue;
			time_exceeded(&f, &probe);
			expect_refused(&f, probe.kind, "a changed bit in a quoted token");
			if (lab_proto(probe.kind) != 1)
				continue;
			lab_echo_frame(&f, &probe, 0);
			expect_refused(&f, probe.kind, "a changed bit in the token of an echo reply");
		}
	}
}

/* The forger knows everything but the key, and quotes what a probe with a guessed token would look like. */
static void a_million_forgeries(void **state)
{
	uint32_t accepted = 0, n_claims = 0;
	uint64_t random = 61;
	struct lab_frame f;

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++) {
		struct lab_probe probe = probe_of(slot_of(i % LAB_KINDS, 100));
		struct cp_reply reply;
		struct cp_dest dest;
		uint32_t id, index;

		probe.token = lab_random(&random);
		if (probe.kind == LAB_UDP4)
			probe.token |= 1;
		if (i % 2 && lab_proto(probe.kind) == 1)
			lab_echo_frame(&f, &probe, 0);
		else if (i % 2 && lab_proto(probe.kind) == 6)
			lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 0);
		else
			time_exceeded(&f, &probe);
		if (cp_wire_parse_frame(&run, f.b, f.b + f.len, &reply) != CP_PARSE_REPLY || !reply.our_port)
			fail_msg("forgery %u does not even parse", i);
		if (!cp_wire_claim(&run, &reply, &id, &index))
			continue;
		n_claims++;
		dest = dest_of(index);
		accepted += cp_wire_validate(&reply, &dest) <= CP_VALID_MODIFIED;
	}
	/* 8640 of 2^32 tokens name a slot. */
	assert_in_range(n_claims, 0, 20);
	assert_int_equal(accepted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_probe_is_recognised_in_its_quote),
	        cmocka_unit_test(unreachable_keeps_code_and_mtu),
	        cmocka_unit_test(mtu_beyond_sixteen_bits),
	        cmocka_unit_test(destination_answers_name_the_probe),
	        cmocka_unit_test(no_link_layer_no_difference),
	        cmocka_unit_test(truncation_at_every_byte),
	        cmocka_unit_test(versions_of_the_other_family),
	        cmocka_unit_test(next_headers_and_types),
	        cmocka_unit_test(rewritten_quotes),
	        cmocka_unit_test(another_destination_or_port),
	        cmocka_unit_test(another_protocol_or_family),
	        cmocka_unit_test(mapped_addresses),
	        cmocka_unit_test(ports_of_the_other_protocol),
	        cmocka_unit_test(pings_of_others),
	        cmocka_unit_test(any_changed_token_bit_is_refused),
	        cmocka_unit_test(a_million_forgeries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
