// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_wire_conn.c: probes inside TCP connections: their sequence numbers, the
 * options of a segment, and what a segment of the server means. The frames
 * themselves are in test_frame.c.
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

/* ---- Sequence numbers ---- */

/* The last ones wrap around among the probes. */
static const uint32_t initial_numbers[] = {
        0, 1, 2, 0x12345678, 0x7fffffff, 0x80000000, 0xfffffbff, 0xfffffc00, 0xfffffff0, 0xfffffffe, 0xffffffff};
enum { N_INITIAL = sizeof(initial_numbers) / sizeof(initial_numbers[0]) };

static void every_probe_has_a_number_of_its_own(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < N_INITIAL; i++) {
		struct cp_conn conn = {.iss = initial_numbers[i]};
		uint32_t before = conn.iss + 1;

		for (uint32_t attempt = 0; attempt < CP_ATTEMPTS_MAX; attempt++) {
			for (uint32_t ttl_index = 0; ttl_index < CP_TTL_MAX; ttl_index++) {
				uint32_t seq = cp_conn_seq(&conn, ttl_index, attempt), got_index, got_attempt;

				/* Behind what comes before it and a hole of at least one byte. */
				assert_true(seq - before >= 2);
				before = seq;
				assert_int_equal(cp_conn_probe(&conn, seq, &got_index, &got_attempt), 1);
				assert_int_equal(got_index, ttl_index);
				assert_int_equal(got_attempt, attempt);
			}
		}
	}
}

/* As docs/datapath.md has it: initial sequence number + 3 + 2 * (64 * attempt + TTL - first TTL). */
static int names_a_probe(uint32_t behind)
{
	return behind >= 3 && behind <= 3 + 2 * (64 * 7 + 63) && behind % 2 == 1;
}

static void look_up(uint32_t iss, uint32_t behind, uint32_t *n_found)
{
	struct cp_conn conn = {.iss = iss};
	uint32_t ttl_index = 77, attempt = 77;
	int found = cp_conn_probe(&conn, iss + behind, &ttl_index, &attempt);

	if (found != names_a_probe(behind))
		fail_msg("%08x + %u: %d", iss, behind, found);
	*n_found += (uint32_t)found;
	if (found)
		assert_int_equal(3 + 2 * (64 * attempt + ttl_index), behind);
	else
		assert_true(ttl_index == 77 && attempt == 77);
}

static void other_numbers_name_no_probe(void **state)
{
	uint64_t random = 71;
	uint32_t n_found, n_chance = 0;

	(void)state;
	for (uint32_t i = 0; i < N_INITIAL; i++) {
		n_found = 0;
		for (uint32_t behind = 0; behind < 70000; behind++)
			look_up(initial_numbers[i], behind, &n_found);
		assert_int_equal(n_found, CP_ATTEMPTS_MAX * CP_TTL_MAX);
		for (uint32_t ahead = 1; ahead < 70000; ahead++)
			look_up(initial_numbers[i], -ahead, &n_found);
		for (uint32_t half = 0; half < 70000; half++)
			look_up(initial_numbers[i], 0x80000000u - 35000 + half, &n_found);
		assert_int_equal(n_found, CP_ATTEMPTS_MAX * CP_TTL_MAX);
	}
	for (int i = 0; i < 200000; i++)
		look_up(lab_random(&random), lab_random(&random), &n_chance);
}

/* ---- Options ---- */

/* Reads the options of a segment of n bytes from a buffer of exactly that size. */
static struct cp_tcp_options read_options(const uint8_t *segment, uint32_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	struct cp_tcp_options options;

	assert_non_null(copy);
	memset(&options, 0xa5, sizeof(options));
	memcpy(copy, segment, n);
	cp_wire_tcp_options((const struct cp_tcp *)copy, copy + n, &options);
	assert_memory_equal(copy, segment, n);
	free(copy);
	return options;
}

/* The same, plainly. */
static struct cp_tcp_options plain_options(const uint8_t *segment, uint32_t n)
{
	struct cp_tcp_options options = {.left = 0};
	uint32_t header = n >= 20 ? (segment[12] >> 4) * 4u : 0, at = 20, len;

	while (at < header && at < n && segment[at] != 0) {
		if (segment[at] == 1) {
			at++;
			continue;
		}
		len = at + 1 < n ? segment[at + 1] : 0;
		if (len < 2 || at + len > header)
			break;
		if (segment[at] == 4)
			options.sack_permitted = 1;
		if (segment[at] == 5 && len >= 10 && at + 10 <= n) {
			options.left = lab_get32(segment + at + 2);
			options.n_blocks = (uint8_t)((len - 2) / 8);
		}
		at += len;
	}
	return options;
}

static void expect_options(const uint8_t *segment, uint32_t n, const struct cp_tcp_options *want, const char *what)
{
	struct cp_tcp_options got = read_options(segment, n);

	if (got.left != want->left || got.n_blocks != want->n_blocks || got.sack_permitted != want->sack_permitted)
		fail_msg("%s, %u bytes: left %08x, %u blocks, permitted %u; not %08x, %u, %u", what, n, got.left,
		        got.n_blocks, got.sack_permitted, want->left, want->n_blocks, want->sack_permitted);
}

#define TIMESTAMPS 8, 10, 1, 2, 3, 4, 5, 6, 7, 8
#define BLOCK(first) 0xab, 0xcd, 0xef, first, 0xab, 0xcd, 0xef, (first) + 1
#define LEFT(first) (0xabcdef00u + (first))

static const struct shape {
	const char *what;
	struct cp_tcp_options want;
	uint8_t n; /* bytes of options, a multiple of four */
	uint8_t b[40];
} shapes[] = {
        {"none", {0}, 0, {0}},
        {"SACK permitted", {.sack_permitted = 1}, 4, {4, 2, 1, 1}},
        {"... behind NOPs", {.sack_permitted = 1}, 8, {1, 1, 1, 1, 1, 1, 4, 2}},
        {"... as Linux has it", {.sack_permitted = 1}, 20, {2, 4, 5, 0xb4, 4, 2, TIMESTAMPS, 1, 3, 3, 7}},
        {"... behind 38 NOPs", {.sack_permitted = 1}, 40,
                {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                        1, 1, 1, 1, 4, 2}},
        {"... behind the end", {0}, 8, {1, 0, 4, 2, 4, 2, 4, 2}},
        {"... in another option", {0}, 8, {3, 8, 4, 2, 4, 2, 4, 2}},
        {"one block", {LEFT(7), 1, 0}, 12, {1, 1, 5, 10, BLOCK(7)}},
        {"... behind timestamps", {LEFT(7), 1, 0}, 24, {1, 1, TIMESTAMPS, 1, 1, 5, 10, BLOCK(7)}},
        {"... before them", {LEFT(9), 1, 0}, 20, {5, 10, BLOCK(9), TIMESTAMPS}},
        {"three blocks", {LEFT(5), 3, 0}, 28, {1, 1, 5, 26, BLOCK(5), BLOCK(1), BLOCK(3)}},
        {"four blocks", {LEFT(5), 4, 0}, 36, {1, 1, 5, 34, BLOCK(5), BLOCK(1), BLOCK(3), BLOCK(9)}},
        {"D-SACK", {LEFT(3), 2, 0}, 20, {1, 1, 5, 18, BLOCK(3), BLOCK(3)}},
        {"a block and a half", {LEFT(3), 1, 0}, 16, {1, 1, 5, 14, BLOCK(3), 0xab, 0xcd, 0xef, 5}},
        {"no block", {0}, 4, {1, 1, 5, 2}},
        {"half a block", {0}, 8, {1, 1, 5, 6, 0xab, 0xcd, 0xef, 5}},
        {"length 0", {0}, 8, {3, 0, 4, 2, 4, 2, 4, 2}},
        {"length 1", {0}, 8, {3, 1, 4, 2, 4, 2, 4, 2}},
        {"SACK of length 0", {0}, 12, {5, 0, BLOCK(3), 4, 2}},
        {"SACK of length 1", {0}, 12, {5, 1, BLOCK(3), 4, 2}},
        {"past the header", {0}, 12, {1, 1, 5, 11, BLOCK(3)}},
        {"far past it", {0}, 12, {1, 1, 5, 255, BLOCK(3)}},
        {"kind in the last byte", {.sack_permitted = 1}, 8, {4, 2, 1, 1, 1, 1, 1, 5}},
        {"unknown ones before", {LEFT(3), 1, 1}, 24, {253, 4, 1, 2, 30, 6, 1, 2, 3, 4, 4, 2, 1, 1, 5, 10, BLOCK(3)}},
};
enum { N_SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

static uint32_t make_segment(const struct shape *shape, uint8_t ret_segment[60])
{
	memset(ret_segment, 0xff, 20);
	ret_segment[12] = (uint8_t)((5 + shape->n / 4) << 4);
	memcpy(ret_segment + 20, shape->b, shape->n);
	return 20u + shape->n;
}

static void options_of_all_shapes(void **state)
{
	uint8_t segment[60];

	(void)state;
	for (uint32_t i = 0; i < N_SHAPES; i++) {
		uint32_t n = make_segment(&shapes[i], segment);

		assert_true(shapes[i].n % 4 == 0);
		expect_options(segment, n, &shapes[i].want, shapes[i].what);
	}
}

/* What the header does not span is data, whatever it looks like. */
static void data_are_no_options(void **state)
{
	static const struct shape inside = {"", {0}, 16, {1, 1, 5, 10, BLOCK(3), 4, 2, 1, 1}};
	const struct cp_tcp_options nothing = {.left = 0}, block = {.left = LEFT(3), .n_blocks = 1};
	uint8_t segment[60];
	uint32_t n = make_segment(&inside, segment);

	(void)state;
	for (uint32_t words = 0; words <= 7; words++) {
		segment[12] = (uint8_t)(words << 4);
		expect_options(segment, n, &nothing, "cut by its own word");
	}
	segment[12] = 8 << 4;
	expect_options(segment, n, &block, "behind the header");
}

static void cut_at_every_byte(void **state)
{
	uint8_t segment[60];

	(void)state;
	for (uint32_t i = 0; i < N_SHAPES; i++) {
		uint32_t n = make_segment(&shapes[i], segment);

		for (uint32_t cut = 0; cut <= n; cut++) {
			struct cp_tcp_options want = plain_options(segment, cut);

			expect_options(segment, cut, &want, shapes[i].what);
		}
	}
}

static void options_equal_a_plain_reader(void **state)
{
	static const uint8_t kinds[] = {0, 1, 1, 2, 3, 4, 5, 5, 8}, lens[] = {2, 2, 3, 4, 10, 10, 18, 26};
	uint32_t n_with_blocks = 0, n_permitted = 0;
	uint64_t random = 73;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint8_t segment[72];
		uint32_t n = 20 + lab_random(&random) % 53;
		struct cp_tcp_options want;

		for (uint32_t b = 0; b < n; b++)
			segment[b] = (uint8_t)lab_random(&random);
		/* Mostly well-formed, with now and then a byte of chance. */
		for (uint32_t at = 20; at + 1 < n;) {
			uint8_t kind = kinds[lab_random(&random) % sizeof(kinds)];
			uint8_t len = lens[lab_random(&random) % sizeof(lens)];

			if (lab_random(&random) % 8 == 0)
				break;
			segment[at] = kind;
			if (kind > 1)
				segment[at + 1] = len;
			at += kind > 1 ? len : 1;
		}
		want = plain_options(segment, n);
		expect_options(segment, n, &want, "random");
		n_with_blocks += want.n_blocks > 0;
		n_permitted += want.sack_permitted;
	}
	assert_true(n_with_blocks > 10000 && n_permitted > 10000);
}

/* ---- Segments ---- */

static const struct cp_run run = {
        .token_key = {1, 2, 3, 4},
        .n_slots = 60,
        .n_dests = 1,
        .n_flows = 2,
        .n_ttls = 30,
        .first_ttl = 1,
        .port_base = 40000,
        .sack = 1,
};

/* The connection of the second flow. */
static struct lab_probe scout(bool v6)
{
	return (struct lab_probe){
	        .kind = v6 ? LAB_TCP6 : LAB_TCP4,
	        .src = LAB_PREFIX_ADDR + 1,
	        .dst = 0xcb007107u,
	        .sport = 40001,
	        .dport = 443,
	        .token = 0xfffffffd,
	};
}
static const struct cp_conn opened = {.state = CP_CONN_OPEN, .iss = 0xfffffffd, .irs = LAB_SERVER_SEQ};

static enum cp_parse parse(const struct cp_run *of_run, const struct lab_frame *f, struct cp_reply *ret_reply)
{
	uint8_t *copy = malloc(f->len);
	enum cp_parse parsed;

	assert_non_null(copy);
	memcpy(copy, f->b, f->len);
	parsed = cp_wire_parse_frame(of_run, copy, copy + f->len, ret_reply);
	free(copy);
	return parsed;
}

static void a_segment_is_taken_apart(void **state)
{
	struct cp_run without = run;

	(void)state;
	without.sack = 0;
	for (int v6 = 0; v6 < 2; v6++) {
		struct lab_probe probe = scout(v6);
		struct lab_segment segment = {.seq = 0x01020304,
		        .ack = 0x05060708,
		        .flags = LAB_ACK | LAB_PSH,
		        .options = {1, 1, 5, 10, BLOCK(7)},
		        .n_options = 12,
		        .n_data = 1};
		struct cp_reply reply;
		struct lab_frame f;

		lab_segment_frame(&f, &probe, &segment);
		assert_int_equal(parse(&without, &f, &reply), CP_PARSE_FLAGS);
		assert_int_equal(parse(&run, &f, &reply), CP_PARSE_SEGMENT);
		assert_int_equal(reply.seq, segment.seq);
		assert_int_equal(reply.ack, segment.ack);
		assert_int_equal(reply.left, LEFT(7));
		assert_int_equal(reply.n_blocks, 1);
		assert_int_equal(reply.sack_permitted, 0);
		assert_int_equal(reply.has_data, 1);
		assert_int_equal(reply.flow, 1);
		assert_int_equal(reply.tcp_flags, LAB_ACK | LAB_PSH);
		assert_true(reply.our_port && !reply.quoted && reply.v6 == v6);
		lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, 20);
		assert_int_equal(parse(&run, &f, &reply), CP_PARSE_REPLY);
		assert_true(reply.sack_permitted && !reply.has_data && !reply.n_blocks);
		/* The padding of a short Ethernet frame is no data. */
		lab_tcp_frame(&f, &probe, LAB_ACK, 0, 0);
		lab_fill(&f, 0, 6);
		assert_int_equal(parse(&run, &f, &reply), CP_PARSE_SEGMENT);
		assert_true(!reply.sack_permitted && !reply.has_data && !reply.n_blocks);
	}
}

static void expect_news(const struct lab_segment *segment, enum cp_conn_news want, const char *what)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct lab_probe probe = scout(v6);
		enum cp_conn_news got;
		struct cp_reply reply;
		struct lab_frame f;

		lab_segment_frame(&f, &probe, segment);
		assert_int_equal(parse(&run, &f, &reply),
		        segment->flags == (LAB_RST | LAB_ACK) || segment->flags == (LAB_SYN | LAB_ACK)
		                ? CP_PARSE_REPLY
		                : CP_PARSE_SEGMENT);
		got = cp_wire_conn_news(&opened, &reply);
		if (got != want)
			fail_msg("%s: %d, not %d", what, got, want);
	}
}

/* Sequence number, acknowledgement (less what was to be expected), flags, blocks, data. */
static const struct {
	const char *what;
	uint32_t seq, ack;
	uint8_t flags;
	bool blocks;
	uint32_t n_data;
	enum cp_conn_news want;
} segments[] = {
        {"SACK", 0, 0, LAB_ACK, true, 0, CP_CONN_ARRIVAL},
        {"SACK with data", 0, 0, LAB_ACK | LAB_PSH, true, 9, CP_CONN_ARRIVAL},
        {"SACK with FIN", 0, 0, LAB_ACK | LAB_FIN, true, 0, CP_CONN_ARRIVAL},
        {"SACK, other acknowledgement", 0, 1, LAB_ACK, true, 0, CP_CONN_FOREIGN},
        {"SACK without ACK", 0, 0, 0, true, 0, CP_CONN_FOREIGN},
        {"bare", 0, 0, LAB_ACK, false, 0, CP_CONN_BARE},
        {"bare, later", 5000, 0, LAB_ACK, false, 0, CP_CONN_BARE},
        {"bare, acknowledges more", 0, 1, LAB_ACK, false, 0, CP_CONN_FOREIGN},
        {"bare, acknowledges less", 0, 0xffffffff, LAB_ACK, false, 0, CP_CONN_FOREIGN},
        {"data", 0, 0, LAB_ACK | LAB_PSH, false, 1, CP_CONN_STREAM},
        {"data of another", 0, 77, LAB_ACK | LAB_PSH, false, 1, CP_CONN_FOREIGN},
        {"FIN", 0, 0, LAB_ACK | LAB_FIN, false, 0, CP_CONN_ENDS},
        {"FIN with data", 0, 0, LAB_ACK | LAB_FIN | LAB_PSH, false, 5, CP_CONN_ENDS},
        {"FIN without ACK", 0, 0, LAB_FIN, false, 0, CP_CONN_FOREIGN},
        {"no flags", 0, 0, 0, false, 0, CP_CONN_FOREIGN},
        {"SYN-ACK", 0, 0, LAB_SYN | LAB_ACK, false, 0, CP_CONN_FOREIGN},
        {"SYN", 0, 0, LAB_SYN, false, 0, CP_CONN_FOREIGN},
        {"RST", 0, 0, LAB_RST, false, 0, CP_CONN_ENDS},
        {"RST, other acknowledgement", 0, 77, LAB_RST, false, 0, CP_CONN_ENDS},
        {"RST-ACK", 0, 77, LAB_RST | LAB_ACK, false, 0, CP_CONN_ENDS},
        {"RST with a block", 0, 0, LAB_RST | LAB_ACK, true, 0, CP_CONN_ENDS},
        {"RST, end of the window", 0xffff, 0, LAB_RST, false, 0, CP_CONN_ENDS},
        {"RST, behind it", 0x10000, 0, LAB_RST, false, 0, CP_CONN_FOREIGN},
        {"RST, before it", 0xffffffff, 0, LAB_RST, false, 0, CP_CONN_FOREIGN},
};

static void what_a_segment_means(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		struct lab_segment segment = {.seq = LAB_SERVER_SEQ + 1 + segments[i].seq,
		        .ack = opened.iss + 1 + segments[i].ack,
		        .flags = segments[i].flags,
		        .options = {1, 1, 5, 10, BLOCK(7)},
		        .n_options = segments[i].blocks ? 12 : 0,
		        .n_data = segments[i].n_data};

		expect_news(&segment, segments[i].want, segments[i].what);
	}
}

/* Sequence numbers of the server may wrap around in the window, too. */
static void the_window_wraps_around(void **state)
{
	struct cp_conn conn = {.state = CP_CONN_OPEN, .irs = 0xfffffff0};
	struct cp_reply reply = {.tcp_flags = LAB_RST};

	(void)state;
	for (uint32_t behind = 0; behind < 0x20000; behind++) {
		reply.seq = conn.irs + 1 + behind;
		assert_int_equal(cp_wire_conn_news(&conn, &reply), behind <= 0xffff ? CP_CONN_ENDS : CP_CONN_FOREIGN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_probe_has_a_number_of_its_own),
	        cmocka_unit_test(other_numbers_name_no_probe),
	        cmocka_unit_test(options_of_all_shapes),
	        cmocka_unit_test(data_are_no_options),
	        cmocka_unit_test(cut_at_every_byte),
	        cmocka_unit_test(options_equal_a_plain_reader),
	        cmocka_unit_test(a_segment_is_taken_apart),
	        cmocka_unit_test(what_a_segment_means),
	        cmocka_unit_test(the_window_wraps_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
