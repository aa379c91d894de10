// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_frame.c: the frames we send, probes of all kinds and answers, byte for
 * byte against an independent builder. Built at the release optimisation level too: a
 * checksum that breaks the aliasing rules is wrong only there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cp_wire.h"
#include "wire_lab.h"

/* ---- Build ---- */

struct random_probe {
	struct lab_probe plain;
	struct cp_dest dest;
	struct cp_nexthop nexthop;
	struct cp_probe probe;
};

/* From p->plain, what cp_wire_build() wants. */
static void finish_probe(struct random_probe *p)
{
	static const uint8_t segments[] = {
	        [LAB_OPENS] = CP_SEGMENT_SYN, [LAB_PROBES] = CP_SEGMENT_DATA, [LAB_ENDS] = CP_SEGMENT_CLOSE};
	bool v6 = lab_is_v6(p->plain.kind);

	p->dest = (struct cp_dest){
	        .addr = lab_addr(v6, p->plain.dst),
	        .port = cp_swap16(p->plain.dport),
	        .proto = lab_proto(p->plain.kind),
	        .flags = v6 ? CP_DEST_V6 : 0,
	};
	p->nexthop = (struct cp_nexthop){.src = lab_addr(v6, p->plain.src)};
	memcpy(p->nexthop.dmac, lab_far_mac, 6);
	memcpy(p->nexthop.smac, lab_near_mac, 6);
	p->probe = (struct cp_probe){
	        .dest = &p->dest,
	        .nexthop = &p->nexthop,
	        .token = p->plain.token,
	        .flow = p->plain.flow,
	        .sport = p->plain.sport,
	        .ttl = p->plain.ttl,
	        .ack = p->plain.ack,
	        .segment = segments[p->plain.role],
	};
}

static void draw_probe(struct random_probe *p, enum lab_kind kind, uint64_t *random)
{
	p->plain = (struct lab_probe){
	        .kind = kind,
	        .src = lab_random(random),
	        .dst = lab_random(random),
	        .sport = (uint16_t)lab_random(random),
	        .dport = (uint16_t)lab_random(random),
	        .token = lab_random(random),
	        .flow = lab_random(random) % CP_FLOWS_MAX,
	        .ttl = (uint8_t)lab_random(random),
	        .ack = lab_random(random),
	};
	if (kind == LAB_UDP4 && !(p->plain.token & 0xffff))
		p->plain.token++;
	finish_probe(p);
}

/* Out of line, so that the compiler does not warn of what the function under test refuses. */
static __attribute__((noinline)) uint32_t build(uint8_t *buf, uint32_t n, const struct cp_probe *probe)
{
	return cp_wire_build(buf, buf + n, probe);
}

static __attribute__((noinline)) int answer(uint8_t *buf, uint32_t n, uint32_t l2_len, bool v6, uint8_t flags)
{
	return v6 ? cp_wire_make_answer6(buf, buf + n, l2_len, flags)
	          : cp_wire_make_answer4(buf, buf + n, l2_len, flags);
}

static int reset(uint8_t *buf, uint32_t n, uint32_t l2_len, bool v6)
{
	return answer(buf, n, l2_len, v6, CP_TCP_RST);
}

static void check_build(const struct random_probe *p, uint64_t *random)
{
	uint8_t canvas[CP_FRAME_MAX + 32], before[sizeof(canvas)];
	uint32_t ip_len = lab_ip_len(p->plain.kind), len;
	struct lab_frame want;

	lab_probe_frame(&want, &p->plain);
	len = want.len;
	assert_int_equal(cp_wire_frame_len(&p->dest, p->probe.segment), len);
	if (p->plain.role == LAB_OPENS)
		assert_int_equal(len, LAB_ETH_LEN + lab_packet_len(p->plain.kind));
	/* What a receiver left in the page must not show. */
	for (uint32_t b = 0; b < sizeof(canvas); b++)
		before[b] = canvas[b] = (uint8_t)lab_random(random);
	assert_int_equal(build(canvas, sizeof(canvas), &p->probe), len);
	assert_memory_equal(canvas, want.b, len);
	assert_memory_equal(canvas + len, before + len, sizeof(canvas) - len);
	if (!lab_is_v6(p->plain.kind))
		assert_int_equal(lab_sum(0, canvas + 14, 20), 0xffff);
	assert_int_equal(
	        lab_l4_sum(canvas + LAB_ETH_LEN, canvas + LAB_ETH_LEN + ip_len, len - LAB_ETH_LEN - ip_len), 0xffff);
}

static void build_equals_independent_builder(void **state)
{
	uint64_t random = 11;
	struct random_probe p;

	(void)state;
	for (int i = 0; i < 120000; i++) {
		draw_probe(&p, i % LAB_KINDS, &random);
		check_build(&p, &random);
	}
}

static void segments_equal_independent_builder(void **state)
{
	uint64_t random = 61;
	struct random_probe p;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		draw_probe(&p, i % 2 ? LAB_TCP6 : LAB_TCP4, &random);
		p.plain.role = i / 2 % 2 ? LAB_PROBES : LAB_ENDS;
		finish_probe(&p);
		check_build(&p, &random);
	}
}

/* Where one's complement arithmetic has two zeros, and where a carry is carried again. */
static void tokens_at_the_edges(void **state)
{
	static const uint16_t halves[] = {0, 1, 0x00ff, 0x7fff, 0x8000, 0xfffe, 0xffff};
	const uint32_t n = sizeof(halves) / sizeof(halves[0]);
	uint64_t random = 43;
	struct random_probe p;

	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		for (uint32_t i = 0; i < n * n; i++) {
			draw_probe(&p, kind, &random);
			p.plain.token = (uint32_t)halves[i / n] << 16 | halves[i % n];
			finish_probe(&p);
			if (kind != LAB_UDP4 || halves[i % n])
				check_build(&p, &random);
		}
	}
}

/* Every sum the rest of a payload probe can have, up to and over both zeros. */
static void every_checksum_of_a_payload(void **state)
{
	static const enum lab_kind kinds[] = {LAB_UDP4, LAB_ICMP4, LAB_UDP6, LAB_ICMP6};
	uint64_t random = 47;
	struct random_probe p;

	(void)state;
	for (uint32_t high = 0; high <= 0xffff; high++) {
		draw_probe(&p, kinds[high % 4], &random);
		for (uint32_t i = 0; i < 4; i++) {
			p.plain.kind = kinds[i];
			p.plain.token = high << 16 | 0x1234;
			finish_probe(&p);
			check_build(&p, &random);
		}
	}
}

static void build_in_buffers_up_to(const struct random_probe *p)
{
	uint32_t len = cp_wire_frame_len(&p->dest, p->probe.segment);

	for (uint32_t n = 0; n <= len; n++) {
		uint8_t *buf = malloc(n ? n : 1);

		assert_non_null(buf);
		memset(buf, 0xa5, n);
		assert_int_equal(build(buf, n, &p->probe), n == len ? len : 0);
		for (uint32_t b = 0; n < len && b < n; b++)
			assert_int_equal(buf[b], 0xa5);
		free(buf);
	}
}

static void build_refuses_every_shorter_buffer(void **state)
{
	uint64_t random = 13;
	struct random_probe p;

	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		draw_probe(&p, kind, &random);
		build_in_buffers_up_to(&p);
		for (enum lab_role role = LAB_PROBES; lab_proto(kind) == 6 && role <= LAB_ENDS; role++) {
			p.plain.role = role;
			finish_probe(&p);
			build_in_buffers_up_to(&p);
		}
	}
}

static void refuse(struct random_probe *p)
{
	uint8_t canvas[CP_FRAME_MAX + 32];

	memset(canvas, 0xa5, sizeof(canvas));
	assert_int_equal(build(canvas, sizeof(canvas), &p->probe), 0);
	for (uint32_t b = 0; b < sizeof(canvas); b++)
		assert_int_equal(canvas[b], 0xa5);
}

static void build_refuses_what_cannot_be_known_again(void **state)
{
	uint64_t random = 53;
	struct random_probe p;

	(void)state;
	/* Without a checksum a UDP probe over IPv4 does not name itself; over IPv6 it does. */
	for (uint32_t high = 0; high <= 0xffff; high += 257) {
		draw_probe(&p, LAB_UDP4, &random);
		p.plain.token = high << 16;
		finish_probe(&p);
		refuse(&p);
		p.plain.kind = LAB_UDP6;
		finish_probe(&p);
		check_build(&p, &random);
	}
	for (uint32_t proto = 0; proto < 256; proto++) {
		if (proto == 1 || proto == 6 || proto == 17)
			continue;
		for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
			draw_probe(&p, kind, &random);
			p.dest.proto = (uint8_t)proto;
			assert_int_equal(cp_wire_frame_len(&p.dest, CP_SEGMENT_SYN), 0);
			refuse(&p);
		}
	}
}

/* What load balancers hash does not differ between the probes of a flow, and does between flows. */
static void probes_of_a_flow_look_alike(void **state)
{
	uint64_t random = 59;

	(void)state;
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++) {
		uint32_t l4 = LAB_ETH_LEN + lab_ip_len(kind), at = lab_is_v6(kind) ? 22 : 26;
		uint8_t first[CP_FRAME_MAX], frame[CP_FRAME_MAX];
		struct random_probe p;

		draw_probe(&p, kind, &random);
		assert_true(build(first, sizeof(first), &p.probe) > 0);
		for (int i = 0; i < 2000; i++) {
			p.probe.token = lab_random(&random) | 1;
			p.probe.ttl = (uint8_t)lab_random(&random);
			assert_true(build(frame, sizeof(frame), &p.probe) > 0);
			/* Addresses; ports, or type, code and checksum. */
			assert_memory_equal(frame + at, first + at, l4 + 4 - at);
			/* Version, class and flow label; version and TOS. */
			assert_memory_equal(frame + LAB_ETH_LEN, first + LAB_ETH_LEN, lab_is_v6(kind) ? 4 : 2);
		}
		p.probe.flow ^= 1;
		p.probe.sport ^= 1;
		assert_true(build(frame, sizeof(frame), &p.probe) > 0);
		assert_memory_not_equal(frame + l4, first + l4, 4);
		if (lab_is_v6(kind))
			assert_memory_not_equal(frame + LAB_ETH_LEN, first + LAB_ETH_LEN, 4);
	}
}

/* ---- Answers ---- */

static struct lab_probe probe_of(bool v6, uint32_t token)
{
	return (struct lab_probe){
	        .kind = v6 ? LAB_TCP6 : LAB_TCP4,
	        .src = LAB_PREFIX_ADDR + 1,
	        .dst = 0xcb007107u,
	        .sport = 40000,
	        .dport = 443,
	        .token = token,
	        .ttl = 64,
	};
}

static void make_answer(bool v6, uint32_t l2_len, uint8_t flags)
{
	for (uint32_t n_options = 0; n_options <= 40; n_options += 4) {
		struct lab_probe probe = probe_of(v6, n_options * 0x11111111u);
		struct lab_frame f, want;
		uint32_t skip = LAB_ETH_LEN - l2_len, len, want_len;
		uint8_t *copy;

		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, n_options);
		len = f.len - skip;
		copy = malloc(len);
		assert_non_null(copy);
		memcpy(copy, f.b + skip, len);
		assert_int_equal(answer(copy, len, l2_len, v6, flags), 1);
		lab_answer_frame(&want, &probe, flags);
		want_len = want.len - skip;
		assert_int_equal(want_len, l2_len + (v6 ? CP_ANSWER6_PACKET_LEN : CP_ANSWER4_PACKET_LEN));
		assert_memory_equal(copy, want.b + skip, want_len);
		/* The caller cuts the rest off; it is not touched. */
		assert_memory_equal(copy + want_len, f.b + skip + want_len, len - want_len);
		free(copy);
	}
}

static void a_syn_ack_is_answered(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		make_answer(v6, LAB_ETH_LEN, CP_TCP_RST);
		make_answer(v6, 0, CP_TCP_RST);
		make_answer(v6, LAB_ETH_LEN, CP_TCP_ACK);
		make_answer(v6, 0, CP_TCP_ACK);
	}
}

/* Sequence and acknowledgement number, whatever they were: the acknowledged byte, and the one behind the SYN. */
static void an_ack_fits_every_syn_ack(void **state)
{
	uint64_t random = 67;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		bool v6 = i % 2;
		struct lab_probe probe = probe_of(v6, lab_random(&random));
		struct lab_segment segment = {
		        .seq = i / 2 % 4 ? lab_random(&random) : 0xffffffff,
		        .ack = i / 2 % 4 == 1 ? 0 : lab_random(&random),
		        .flags = LAB_SYN | LAB_ACK,
		};
		uint8_t *ip, *tcp;
		struct lab_frame f;

		lab_segment_frame(&f, &probe, &segment);
		assert_int_equal(answer(f.b, f.len, LAB_ETH_LEN, v6, CP_TCP_ACK), 1);
		ip = f.b + LAB_ETH_LEN;
		tcp = ip + (v6 ? 40 : 20);
		assert_int_equal(lab_get32(tcp + 4), segment.ack);
		assert_int_equal(lab_get32(tcp + 8), segment.seq + 1);
		assert_int_equal(lab_l4_sum(ip, tcp, 20), 0xffff);
		if (!v6)
			assert_int_equal(lab_sum(0, ip, 20), 0xffff);
	}
}

/* As the kernel completes a checksum with a difference: net/core/utils.c, inet_proto_csum_replace_by_diff(). */
static void answer_with_its_checksum_left_open(void **state)
{
	uint64_t random = 37;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		bool v6 = i / 2 % 2;
		struct lab_probe probe = probe_of(v6, lab_random(&random));
		uint32_t l2_len = i % 2 ? LAB_ETH_LEN : 0, ip_len = v6 ? 40 : 20, whole, open, diff;
		uint8_t flags = i / 4 % 2 ? CP_TCP_ACK : CP_TCP_RST;
		uint32_t check_at = v6 ? CP_ANSWER6_CHECK_AT : CP_ANSWER4_CHECK_AT;
		struct lab_frame f;
		uint8_t *ip = f.b + l2_len, pseudo[4] = {0, 6, 0, 20};

		probe.dst = lab_random(&random);
		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 0);
		memmove(f.b, f.b + LAB_ETH_LEN - l2_len, ip_len + 20 + l2_len);
		assert_int_equal(answer(f.b, l2_len + ip_len + 20, l2_len, v6, flags), 1);
		assert_int_equal(check_at, ip_len + 16);
		whole = lab_get16(ip + check_at);
		diff = v6 ? cp_wire_answer6_unfinish(f.b, ip + ip_len + 20, l2_len)
		          : cp_wire_answer4_unfinish(f.b, ip + ip_len + 20, l2_len);
		open = lab_get16(ip + check_at);
		assert_int_equal(open, lab_sum(lab_sum(0, ip + (v6 ? 8 : 12), v6 ? 32 : 8), pseudo, 4));
		diff = cp_swap16((diff & 0xffff) + (diff >> 16));
		assert_int_equal(~(diff + (~open & 0xffff)) % 0xffff, whole % 0xffff);
	}
}

static void unfinish_refuses_short_frames(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct lab_probe probe = probe_of(v6, 1);
		struct lab_frame f;

		lab_reset_frame(&f, &probe);
		for (uint32_t n = 0; n < f.len; n++) {
			uint8_t *copy = malloc(n ? n : 1);

			assert_non_null(copy);
			memcpy(copy, f.b, n);
			assert_int_equal(v6 ? cp_wire_answer6_unfinish(copy, copy + n, LAB_ETH_LEN)
			                    : cp_wire_answer4_unfinish(copy, copy + n, LAB_ETH_LEN),
			        0);
			assert_memory_equal(copy, f.b, n);
			free(copy);
		}
	}
}

static void reset_refuses_short_frames(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct lab_probe probe = probe_of(v6, 0xffffffff);
		struct lab_frame f;

		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 0);
		for (uint32_t n = 0; n < f.len; n++) {
			uint8_t *copy = malloc(n ? n : 1);

			assert_non_null(copy);
			memcpy(copy, f.b, n);
			assert_int_equal(reset(copy, n, LAB_ETH_LEN, v6), 0);
			assert_memory_equal(copy, f.b, n);
			free(copy);
		}
	}
}

static void reset_refuses_options_and_extensions(void **state)
{
	struct lab_probe probe = probe_of(false, 1);
	struct lab_frame f, before;

	(void)state;
	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 8, 12);
	before = f;
	assert_int_equal(reset(f.b, f.len, LAB_ETH_LEN, false), 0);
	assert_memory_equal(f.b, before.b, f.len);
	probe = probe_of(true, 1);
	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 12);
	f.b[LAB_ETH_LEN + 6] = 60;
	before = f;
	assert_int_equal(reset(f.b, f.len, LAB_ETH_LEN, true), 0);
	assert_memory_equal(f.b, before.b, f.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(build_equals_independent_builder),
	        cmocka_unit_test(segments_equal_independent_builder),
	        cmocka_unit_test(tokens_at_the_edges),
	        cmocka_unit_test(every_checksum_of_a_payload),
	        cmocka_unit_test(build_refuses_every_shorter_buffer),
	        cmocka_unit_test(build_refuses_what_cannot_be_known_again),
	        cmocka_unit_test(probes_of_a_flow_look_alike),
	        cmocka_unit_test(a_syn_ack_is_answered),
	        cmocka_unit_test(an_ack_fits_every_syn_ack),
	        cmocka_unit_test(answer_with_its_checksum_left_open),
	        cmocka_unit_test(unfinish_refuses_short_frames),
	        cmocka_unit_test(reset_refuses_short_frames),
	        cmocka_unit_test(reset_refuses_options_and_extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
