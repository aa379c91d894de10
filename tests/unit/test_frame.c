// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_frame.c: the frames we send, SYNs and resets, byte for byte against an
 * independent builder. Built at the release optimisation level too: a
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

static void draw_probe(struct random_probe *p, uint64_t *random)
{
	p->plain = (struct lab_probe){
	        .src = lab_random(random),
	        .dst = lab_random(random),
	        .sport = (uint16_t)lab_random(random),
	        .dport = (uint16_t)lab_random(random),
	        .token = lab_random(random),
	        .ttl = (uint8_t)lab_random(random),
	};
	p->dest = (struct cp_dest){
	        .addr = cp_addr_from_v4(p->plain.dst), .port = cp_swap16(p->plain.dport), .proto = 6};
	p->nexthop = (struct cp_nexthop){.src = cp_addr_from_v4(p->plain.src)};
	memcpy(p->nexthop.dmac, lab_far_mac, 6);
	memcpy(p->nexthop.smac, lab_near_mac, 6);
	p->probe = (struct cp_probe){
	        .dest = &p->dest,
	        .nexthop = &p->nexthop,
	        .token = p->plain.token,
	        .sport = p->plain.sport,
	        .ttl = p->plain.ttl,
	};
}

static void build_equals_independent_builder(void **state)
{
	uint8_t canvas[CP_SYN4_FRAME_LEN + 32], before[sizeof(canvas)];
	uint64_t random = 11;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct random_probe p;
		struct lab_frame want;

		draw_probe(&p, &random);
		lab_probe_frame(&want, &p.plain);
		assert_int_equal(want.len, CP_SYN4_FRAME_LEN);
		/* What a receiver left in the page must not show. */
		for (uint32_t b = 0; b < sizeof(canvas); b++)
			before[b] = canvas[b] = (uint8_t)lab_random(&random);
		assert_int_equal(cp_wire_build(canvas, canvas + sizeof(canvas), &p.probe), CP_SYN4_FRAME_LEN);
		assert_memory_equal(canvas, want.b, want.len);
		assert_memory_equal(canvas + want.len, before + want.len, sizeof(canvas) - want.len);
		assert_int_equal(lab_sum(0, canvas + 14, 20), 0xffff);
		assert_int_equal(lab_tcp_sum(canvas + 14, canvas + 34, 32), 0xffff);
	}
}

/* Out of line, so that the compiler does not warn of what the function under test refuses. */
static __attribute__((noinline)) uint32_t build(uint8_t *buf, uint32_t n, const struct cp_probe *probe)
{
	return cp_wire_build(buf, buf + n, probe);
}

static __attribute__((noinline)) int reset(uint8_t *buf, uint32_t n)
{
	return cp_wire_make_rst4(buf, buf + n, LAB_ETH_LEN);
}

static void build_refuses_every_shorter_buffer(void **state)
{
	uint64_t random = 13;
	struct random_probe p;

	(void)state;
	draw_probe(&p, &random);
	for (uint32_t n = 0; n <= CP_SYN4_FRAME_LEN; n++) {
		uint8_t *buf = malloc(n ? n : 1);

		assert_non_null(buf);
		memset(buf, 0xa5, n);
		if (n == CP_SYN4_FRAME_LEN) {
			assert_int_equal(build(buf, n, &p.probe), n);
		} else {
			assert_int_equal(build(buf, n, &p.probe), 0);
			for (uint32_t b = 0; b < n; b++)
				assert_int_equal(buf[b], 0xa5);
		}
		free(buf);
	}
}

/* ---- Reset ---- */

static struct lab_probe probe_of(uint32_t token)
{
	return (struct lab_probe){
	        .src = LAB_PREFIX_ADDR + 1,
	        .dst = 0xcb007107u,
	        .sport = 40000,
	        .dport = 443,
	        .token = token,
	        .ttl = 64,
	};
}

static void make_reset(uint32_t l2_len)
{
	for (uint32_t n_options = 0; n_options <= 40; n_options += 4) {
		struct lab_probe probe = probe_of(n_options * 0x11111111u);
		struct lab_frame f, want = {.len = 0};
		uint32_t skip = LAB_ETH_LEN - l2_len, len;
		uint8_t *copy, *ip;

		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, n_options);
		len = f.len - skip;
		copy = malloc(len);
		assert_non_null(copy);
		memcpy(copy, f.b + skip, len);
		assert_int_equal(cp_wire_make_rst4(copy, copy + len, l2_len), 1);

		lab_eth(&want, lab_far_mac, lab_near_mac);
		ip = lab_ip(&want, probe.src, probe.dst, 6, 64, 0, 0);
		lab_tcp(&want, ip, probe.sport, probe.dport, probe.token + 1, 0, LAB_RST, 0, "", 0);
		lab_ip_end(&want, ip);
		assert_memory_equal(copy, want.b + skip, want.len - skip);
		free(copy);
	}
}

static void reset_closes_the_connection(void **state)
{
	(void)state;
	make_reset(LAB_ETH_LEN);
	make_reset(0);
}

/* As the kernel completes a checksum with a difference: net/core/utils.c, inet_proto_csum_replace_by_diff(). */
static void reset_with_its_checksum_left_open(void **state)
{
	uint64_t random = 37;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct lab_probe probe = probe_of(lab_random(&random));
		uint32_t l2_len = i % 2 ? LAB_ETH_LEN : 0, whole, open, diff;
		struct lab_frame f;
		uint8_t *ip = f.b + l2_len, pseudo[4] = {0, 6, 0, 20};

		probe.dst = lab_random(&random);
		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 0);
		memmove(f.b, f.b + LAB_ETH_LEN - l2_len, 40 + l2_len);
		assert_int_equal(cp_wire_make_rst4(f.b, f.b + l2_len + 40, l2_len), 1);
		whole = lab_get16(ip + CP_RST4_CHECK_AT);
		diff = cp_wire_rst4_unfinish(f.b, f.b + l2_len + 40, l2_len);
		open = lab_get16(ip + CP_RST4_CHECK_AT);
		assert_int_equal(open, lab_sum(lab_sum(0, ip + 12, 8), pseudo, 4));
		diff = cp_swap16((diff & 0xffff) + (diff >> 16));
		assert_int_equal(~(diff + (~open & 0xffff)) % 0xffff, whole % 0xffff);
	}
}

static void reset_refuses_short_frames_and_options(void **state)
{
	struct lab_probe probe = probe_of(0xffffffff);
	struct lab_frame f, before;

	(void)state;
	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 0);
	for (uint32_t n = 0; n < LAB_ETH_LEN + 40; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		assert_non_null(copy);
		memcpy(copy, f.b, n);
		assert_int_equal(reset(copy, n), 0);
		assert_memory_equal(copy, f.b, n);
		free(copy);
	}
	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 8, 12);
	before = f;
	assert_int_equal(cp_wire_make_rst4(f.b, f.b + f.len, LAB_ETH_LEN), 0);
	assert_memory_equal(f.b, before.b, f.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(build_equals_independent_builder),
	        cmocka_unit_test(build_refuses_every_shorter_buffer),
	        cmocka_unit_test(reset_closes_the_connection),
	        cmocka_unit_test(reset_with_its_checksum_left_open),
	        cmocka_unit_test(reset_refuses_short_frames_and_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
