// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_wire.c: replies to TCP probes over IPv4, cut, changed and forged.
 * Buffers have exactly the size of their frame, so that the address sanitizer
 * sees any step beyond. Other probes: test_wire_kinds.c; what we send
 * ourselves: test_frame.c.
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

static void time_exceeded(struct lab_frame *f, const struct lab_probe *probe)
{
	struct lab_icmp icmp = {.from = ROUTER, .type = 11, .quoted_ttl = 1};

	lab_icmp_frame(f, &icmp, probe);
}

/* Offsets in a frame without IP options. */
enum { OUTER = 14, QUOTE = OUTER + 28, QUOTE_TCP = QUOTE + 20 };

/* ---- Replies of every kind ---- */

static void every_probe_is_recognised_in_its_quote(void **state)
{
	uint64_t random = 17;

	(void)state;
	for (uint32_t slot = 0; slot < N_SLOTS_OF_KIND; slot++) {
		for (uint32_t attempt = 0; attempt < CP_ATTEMPTS_MAX; attempt++) {
			struct lab_probe probe = probe_of(cp_id_make(slot, attempt));
			struct lab_icmp icmp = {
			        .from = lab_random(&random),
			        .type = 11,
			        .quoted_ttl = (uint8_t)(attempt + 1),
			        .n_quoted = attempt % 2 ? 0 : LAB_PROBE_LEN,
			};
			struct cp_addr from = cp_addr_from_v4(icmp.from), dst = cp_addr_from_v4(probe.dst);
			struct cp_reply reply;
			struct lab_frame f;
			uint32_t id;

			lab_icmp_frame(&f, &icmp, &probe);
			assert_int_equal(judge(&f, &reply, &id), VALID);
			assert_int_equal(id, cp_id_make(slot, attempt));
			assert_int_equal(reply.kind, CP_REPLY_TIME_EXCEEDED);
			assert_int_equal(reply.icmp_type, 11);
			assert_int_equal(reply.icmp_code, 0);
			assert_int_equal(reply.quoted_ttl, attempt + 1);
			assert_int_equal(reply.reply_ttl, 250);
			assert_int_equal(reply.next_mtu, 0);
			assert_memory_equal(&reply.from, &from, sizeof(from));
			assert_memory_equal(&reply.dst, &dst, sizeof(dst));
		}
	}
}

/* Code 1 is a timeout of reassembly: odd for a probe this small, but whoever sends it is on the path. */
static void time_exceeded_keeps_any_code(void **state)
{
	struct lab_probe probe = probe_of(6);

	(void)state;
	for (uint32_t code = 0; code < 256; code++) {
		struct lab_icmp icmp = {
		        .from = ROUTER, .type = 11, .code = (uint8_t)code, .mtu = 1400, .quoted_ttl = 1};
		struct cp_reply reply;
		struct lab_frame f;

		lab_icmp_frame(&f, &icmp, &probe);
		assert_int_equal(judge(&f, &reply, NULL), VALID);
		assert_int_equal(reply.kind, CP_REPLY_TIME_EXCEEDED);
		assert_int_equal(reply.icmp_code, code);
		assert_int_equal(reply.next_mtu, 0);
	}
}

static void unreachable_keeps_code_and_mtu(void **state)
{
	struct lab_probe probe = probe_of(5);

	(void)state;
	for (uint32_t code = 0; code < 16; code++) {
		struct lab_icmp icmp = {
		        .from = ROUTER, .type = 3, .code = (uint8_t)code, .mtu = 1400, .quoted_ttl = 60};
		struct cp_reply reply;
		struct lab_frame f;

		lab_icmp_frame(&f, &icmp, &probe);
		assert_int_equal(judge(&f, &reply, NULL), VALID);
		assert_int_equal(reply.kind, CP_REPLY_UNREACHABLE);
		assert_int_equal(reply.icmp_type, 3);
		assert_int_equal(reply.icmp_code, code);
		assert_int_equal(reply.quoted_ttl, 60);
		assert_int_equal(reply.next_mtu, code == 4 ? 1400 : 0);
	}
}

static void destination_answers_name_the_probe(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < N_SLOTS_OF_KIND; slot++) {
		uint32_t want = cp_id_make(slot, slot % CP_ATTEMPTS_MAX), id;
		struct lab_probe probe = probe_of(want);
		struct cp_addr from = cp_addr_from_v4(probe.dst);
		bool ack = slot % 2;
		struct cp_reply reply;
		struct lab_frame f;

		lab_tcp_frame(&f, &probe, ack ? LAB_SYN | LAB_ACK : LAB_RST | LAB_ACK, 0, ack ? 12 : 0);
		assert_int_equal(judge(&f, &reply, &id), VALID);
		assert_int_equal(id, want);
		assert_int_equal(reply.kind, ack ? CP_REPLY_SYN_ACK : CP_REPLY_RST);
		assert_int_equal(reply.reply_ttl, 55);
		assert_int_equal(reply.quoted_ttl, 0);
		assert_int_equal(reply.icmp_type, 0);
		assert_memory_equal(&reply.from, &from, sizeof(from));
	}
}

/* Both ends of the sequence space: the acknowledged number wraps. */
static void acknowledgement_wraps(void **state)
{
	static const uint32_t tokens[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		struct lab_probe probe = probe_of(0);
		struct cp_reply reply;
		struct lab_frame f;

		probe.token = tokens[i];
		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 0);
		assert_int_equal(cp_wire_parse_frame(&run, f.b, f.b + f.len, &reply), CP_PARSE_REPLY);
		assert_int_equal(reply.token, tokens[i]);
	}
}

static void other_flags_answer_no_syn(void **state)
{
	struct lab_probe probe = probe_of(9);
	struct lab_frame f;

	(void)state;
	for (uint32_t flags = 0; flags < 256; flags++) {
		uint32_t seen = flags & (LAB_SYN | LAB_RST | LAB_ACK);
		bool answer = seen == (LAB_SYN | LAB_ACK) || seen == (LAB_RST | LAB_ACK);
		char what[32];

		snprintf(what, sizeof(what), "flags %02x", flags);
		lab_tcp_frame(&f, &probe, (uint8_t)flags, 0, 0);
		expect(&f, answer ? VALID : FLAGS, what);
		/* The same segment to a port that is not ours is nobody's business. */
		lab_set16(f.b + OUTER + 22, PORT_BASE + N_FLOWS);
		expect(&f, FOREIGN, what);
		lab_set16(f.b + OUTER + 22, PORT_BASE - 1);
		expect(&f, FOREIGN, what);
	}
}

/* ---- Cut and bent ---- */

/* Every prefix of f: foreign, from n_port on short, from n_whole on the outcome of the whole. */
static void check_prefixes(struct lab_frame *f, uint32_t n_port, uint32_t n_whole)
{
	enum outcome whole = judge(f, NULL, NULL);
	uint32_t len = f->len;

	assert_int_equal(whole, VALID);
	for (f->len = 0; f->len <= len; f->len++) {
		char what[32];

		snprintf(what, sizeof(what), "%u of %u bytes", f->len, len);
		expect(f, f->len < n_port ? FOREIGN : f->len < n_whole ? SHORT : VALID, what);
	}
}

/* F23 */
static void truncation_at_every_byte(void **state)
{
	struct lab_probe probe = probe_of(33);
	struct lab_frame f;

	(void)state;
	for (uint32_t outer = 0; outer <= 40; outer += 4) {
		for (uint32_t quoted = 0; quoted <= 40; quoted += 4) {
			struct lab_icmp icmp = {
			        .from = ROUTER,
			        .type = quoted & 4 ? 3 : 11,
			        .quoted_ttl = 1,
			        .n_quoted = LAB_PROBE_LEN + quoted,
			        .n_outer_options = outer,
			        .n_quoted_options = quoted,
			};

			lab_icmp_frame(&f, &icmp, &probe);
			check_prefixes(&f, QUOTE_TCP + outer + quoted + 4, QUOTE_TCP + outer + quoted + 8);
		}
		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, outer, 40);
		check_prefixes(&f, OUTER + 20 + outer + 4, OUTER + 20 + outer + 20);
		lab_tcp_frame(&f, &probe, LAB_RST | LAB_ACK, outer, 0);
		check_prefixes(&f, OUTER + 20 + outer + 4, OUTER + 20 + outer + 20);
	}
}

/* F25 */
static void fragments(void **state)
{
	struct lab_probe probe = probe_of(40);
	struct lab_frame f;

	(void)state;
	time_exceeded(&f, &probe);
	lab_set16(f.b + OUTER + 6, 0x2000);
	expect(&f, VALID, "the first fragment holds the quote");
	for (uint32_t offset = 1; offset < 0x2000; offset <<= 1) {
		lab_set16(f.b + OUTER + 6, offset);
		expect(&f, FOREIGN, "a later fragment");
		lab_set16(f.b + OUTER + 6, 0x2000 | offset);
		expect(&f, FOREIGN, "a middle fragment");
	}
	/* BSD's old habit: the fragment field of the quote in host order. The token proves the probe all the same. */
	time_exceeded(&f, &probe);
	lab_set16(f.b + QUOTE + 6, 0x0040);
	expect(&f, VALID, "a swapped fragment field in the quote");
}

static void versions_and_header_lengths(void **state)
{
	struct lab_probe probe = probe_of(41);
	struct lab_frame f;

	(void)state;
	for (uint32_t byte = 0; byte < 256; byte++) {
		bool good = byte == 0x45;

		if (byte >> 4 == 4 && (byte & 15) > 5)
			continue; /* options: truncation_at_every_byte() */
		time_exceeded(&f, &probe);
		f.b[OUTER] = (uint8_t)byte;
		expect(&f, good ? VALID : FOREIGN, "outer version");
		time_exceeded(&f, &probe);
		f.b[QUOTE] = (uint8_t)byte;
		expect(&f, good ? VALID : FOREIGN, "quoted version");
		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 0);
		f.b[OUTER] = (uint8_t)byte;
		expect(&f, good ? VALID : FOREIGN, "version of a segment");
	}
}

static void other_protocols_are_foreign(void **state)
{
	static const uint16_t ethertypes[] = {0, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x0008, 0xffff};
	struct lab_probe probe = probe_of(42);
	struct lab_frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(ethertypes) / sizeof(ethertypes[0]); i++) {
		time_exceeded(&f, &probe);
		lab_set16(f.b + 12, ethertypes[i]);
		expect(&f, FOREIGN, "EtherType");
	}
	for (uint32_t proto = 0; proto < 256; proto++) {
		time_exceeded(&f, &probe);
		f.b[QUOTE + 9] = (uint8_t)proto;
		expect(&f, proto == 6 ? VALID : proto == 17 ? NO_SLOT : FOREIGN, "quoted protocol");
		if (proto == 1 || proto == 6)
			continue;
		time_exceeded(&f, &probe);
		f.b[OUTER + 9] = (uint8_t)proto;
		expect(&f, FOREIGN, "protocol");
	}
	for (uint32_t type = 0; type < 256; type++) {
		time_exceeded(&f, &probe);
		f.b[OUTER + 20] = (uint8_t)type;
		expect(&f, type == 3 || type == 11 ? VALID : FOREIGN, "ICMP type");
	}
}

/* ---- Rewritten by a middlebox ---- */

static void rewritten_quotes(void **state)
{
	struct lab_probe probe = probe_of(77);
	struct lab_frame f;

	(void)state;
	time_exceeded(&f, &probe);
	lab_set32(f.b + QUOTE + 12, 0x0a000001);
	expect(&f, VALID, "quoted source rewritten");
	lab_set16(f.b + QUOTE_TCP, 1024);
	expect(&f, MODIFIED, "quoted source and source port rewritten");
	lab_set16(f.b + QUOTE + 4, lab_get16(f.b + QUOTE + 4) ^ 1);
	expect(&f, WRONG_DEST, "... and the identification too");

	time_exceeded(&f, &probe);
	lab_set16(f.b + QUOTE + 4, lab_get16(f.b + QUOTE + 4) ^ 1);
	expect(&f, MODIFIED, "quoted identification rewritten");

	for (uint32_t bit = 0; bit < 32; bit++) {
		time_exceeded(&f, &probe);
		lab_set32(f.b + QUOTE + 16, probe.dst ^ 1u << bit);
		expect(&f, WRONG_DEST, "quoted destination rewritten");
	}
	for (uint32_t bit = 0; bit < 16; bit++) {
		time_exceeded(&f, &probe);
		lab_set16(f.b + QUOTE_TCP + 2, (uint32_t)probe.dport ^ 1u << bit);
		expect(&f, WRONG_DEST, "quoted destination port rewritten");
	}
	/* What routers and NATs do change on the way: TOS, length, TTL and checksum of the quote. */
	time_exceeded(&f, &probe);
	f.b[QUOTE + 1] = 0xb8;
	lab_set16(f.b + QUOTE + 2, 1500);
	f.b[QUOTE + 8] = 0;
	lab_set16(f.b + QUOTE + 10, 0xdead);
	expect(&f, VALID, "quoted TOS, length, TTL, checksum");
}

static void answers_from_elsewhere(void **state)
{
	struct lab_probe probe = probe_of(78);
	struct lab_frame f;

	(void)state;
	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 12);
	lab_set32(f.b + OUTER + 12, ROUTER);
	expect(&f, WRONG_DEST, "a SYN-ACK from another address");
	lab_tcp_frame(&f, &probe, LAB_RST | LAB_ACK, 0, 0);
	lab_set16(f.b + OUTER + 20, probe.dport ^ 1u);
	expect(&f, WRONG_DEST, "a RST from another port");
}

/* ---- Forged and foreign ---- */

static void any_changed_token_bit_is_refused(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < N_SLOTS_OF_KIND; slot++) {
		for (uint32_t bit = 0; bit < 32; bit++) {
			struct lab_probe probe = probe_of(slot);
			enum outcome got;
			struct lab_frame f;

			probe.token ^= 1u << bit;
			time_exceeded(&f, &probe);
			got = judge(&f, NULL, NULL);
			if (got != NO_SLOT && got != WRONG_DEST)
				fail_msg("slot %u, token bit %u: accepted", slot, bit);
		}
	}
}

/* F21: The forger knows everything but the key: address, ports, and how the identification follows from the token. */
static void a_million_forgeries(void **state)
{
	struct lab_probe probe = probe_of(100);
	uint8_t *icmp, *syn_ack;
	uint32_t accepted = 0;
	uint64_t random = 19;
	struct lab_frame f;

	(void)state;
	time_exceeded(&f, &probe);
	icmp = malloc(f.len);
	syn_ack = malloc(OUTER + 40);
	assert_true(icmp && syn_ack);
	memcpy(icmp, f.b, f.len);
	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 0);
	memcpy(syn_ack, f.b, f.len);
	for (uint32_t i = 0; i < 1000000; i++) {
		uint32_t token = lab_random(&random), id, index;
		uint8_t *frame = i % 2 ? icmp : syn_ack;
		struct cp_reply reply;
		struct cp_dest dest;

		lab_set16(icmp + QUOTE + 4, token >> 16 ^ (token & 0xffff));
		lab_set32(icmp + QUOTE_TCP + 4, token);
		lab_set32(syn_ack + OUTER + 28, token);
		if (cp_wire_parse_frame(&run, frame, frame + (i % 2 ? QUOTE_TCP + 8 : OUTER + 40), &reply) !=
		        CP_PARSE_REPLY)
			fail_msg("forgery %u does not even parse", i);
		if (!cp_wire_claim(&run, &reply, &id, &index))
			continue;
		dest = dest_of(index);
		accepted += cp_wire_validate(&reply, &dest) <= CP_VALID_MODIFIED;
	}
	free(icmp);
	free(syn_ack);
	assert_int_equal(accepted, 0);
}

static void errors_of_other_tools(void **state)
{
	static const uint8_t ping_error[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, /* Ethernet */
	        0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 198, 18, 1, 2, 198, 18, 0, 1, /* IPv4 */
	        11, 0, 0, 0, 0, 0, 0, 0, /* time exceeded */
	        0x45, 0, 0, 84, 0x12, 0x34, 0x40, 0, 1, 1, 0, 0, 198, 18, 0, 1, 203, 0, 113, 0, /* IPv4, ICMP */
	        8, 0, 0, 0, 0x9c, 0x40, 0, 1}; /* echo request, its checksum and id where ports are */
	struct lab_probe other = probe_of(7);
	struct lab_frame f = {.len = 0};
	struct cp_reply reply;

	(void)state;
	lab_put(&f, ping_error, sizeof(ping_error));
	assert_int_equal(judge(&f, &reply, NULL), NO_SLOT);
	assert_int_equal(reply.our_port, 0);
	f.b[QUOTE + 9] = 17;
	assert_int_equal(judge(&f, &reply, NULL), NO_SLOT);
	assert_int_equal(reply.our_port, 0);
	/* Another traceroute to the same destination and port: parsed, but neither port nor token are ours. */
	other.sport = 33000;
	other.token = 0x11223344;
	time_exceeded(&f, &other);
	assert_int_equal(judge(&f, &reply, NULL), NO_SLOT);
	assert_int_equal(reply.our_port, 0);
	/* Our own resets quote a sequence number that is no probe's. */
	other = probe_of(7);
	other.token++;
	time_exceeded(&f, &other);
	expect(&f, NO_SLOT, "time exceeded for our own reset");
}

/* A second run of ours on this host: other key, other ports, same destinations. */
static void other_run_is_foreign(void **state)
{
	struct cp_run other = run;

	(void)state;
	other.token_key[2] ^= 1;
	for (uint32_t slot = 0; slot < N_SLOTS_OF_KIND; slot++) {
		struct lab_probe probe = probe_of(slot);
		enum outcome got;
		struct lab_frame f;

		probe.sport = (uint16_t)(probe.sport + N_FLOWS);
		probe.token = cp_token(other.token_key, slot);
		time_exceeded(&f, &probe);
		got = judge(&f, NULL, NULL);
		assert_true(got == NO_SLOT || got == WRONG_DEST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_probe_is_recognised_in_its_quote),
	        cmocka_unit_test(time_exceeded_keeps_any_code),
	        cmocka_unit_test(unreachable_keeps_code_and_mtu),
	        cmocka_unit_test(destination_answers_name_the_probe),
	        cmocka_unit_test(acknowledgement_wraps),
	        cmocka_unit_test(other_flags_answer_no_syn),
	        cmocka_unit_test(truncation_at_every_byte),
	        cmocka_unit_test(fragments),
	        cmocka_unit_test(versions_and_header_lengths),
	        cmocka_unit_test(other_protocols_are_foreign),
	        cmocka_unit_test(rewritten_quotes),
	        cmocka_unit_test(answers_from_elsewhere),
	        cmocka_unit_test(any_changed_token_bit_is_refused),
	        cmocka_unit_test(a_million_forgeries),
	        cmocka_unit_test(errors_of_other_tools),
	        cmocka_unit_test(other_run_is_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
