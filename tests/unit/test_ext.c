// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_ext.c: label stacks in ICMP extensions: well-formed ones are read, odd
 * and hostile ones are left unread, and no byte beyond the packet is touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cp_wire.h"

/* An ICMP error with a quote and an extension structure, built byte by byte. */
struct error {
	uint8_t b[512];
	size_t len;
	size_t ext; /* where the extension begins */
};

static void put16(struct error *error, uint32_t value)
{
	error->b[error->len++] = (uint8_t)(value >> 8);
	error->b[error->len++] = (uint8_t)value;
}

static void object(struct error *error, uint8_t class, uint8_t type, const uint32_t *words, uint32_t n)
{
	put16(error, 4 + 4 * n);
	error->b[error->len++] = class;
	error->b[error->len++] = type;
	for (uint32_t i = 0; i < n; i++) {
		put16(error, words[i] >> 16);
		put16(error, words[i] & 0xffff);
	}
}

static void start(struct error *error, int v6, uint32_t quote_len, int says_length)
{
	memset(error, 0, sizeof(*error));
	error->b[0] = v6 ? 3 : 11;
	if (says_length && v6)
		error->b[4] = (uint8_t)(quote_len / 8);
	else if (says_length)
		error->b[5] = (uint8_t)(quote_len / 4);
	error->ext = error->len = 8 + quote_len;
	put16(error, 0x2000);
	put16(error, 0);
}

/* The naive checksum of the structure, put into it. */
static void finish(struct error *error)
{
	uint32_t sum = 0;

	for (size_t i = error->ext; i < error->len; i += 2)
		sum += (uint32_t)error->b[i] << 8 | error->b[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	error->b[error->ext + 2] = (uint8_t)(~sum >> 8);
	error->b[error->ext + 3] = (uint8_t)~sum;
}

/* Reads from a buffer of exactly that size, so that the sanitizer sees a byte too many. */
static uint32_t read_labels(const struct error *error, size_t len, int v6, uint32_t labels[CP_MPLS_MAX])
{
	uint8_t *exact = malloc(len ? len : 1);
	uint32_t n;

	assert_non_null(exact);
	memcpy(exact, error->b, len);
	memset(labels, 0xee, CP_MPLS_MAX * sizeof(*labels));
	n = cp_wire_mpls(exact, exact + len, v6, labels);
	free(exact);
	return n;
}

static const uint32_t stack[] = {16 << 12 | 1, 0xabcde000u | 0x100 | 254, 3 << 12 | 0x1ff};

static void stacks_are_read(void **state)
{
	uint32_t labels[CP_MPLS_MAX];
	struct error error;

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		for (int says_length = 0; says_length < 2; says_length++) {
			for (uint32_t n = 1; n <= 3; n++) {
				start(&error, v6, 128, says_length);
				object(&error, 1, 1, stack, n);
				finish(&error);
				assert_int_equal(read_labels(&error, error.len, v6, labels), n);
				assert_memory_equal(labels, stack, n * sizeof(*stack));
			}
		}
	}
}

static void other_objects_are_skipped(void **state)
{
	static const uint32_t interface[] = {1, 2, 3};
	uint32_t labels[CP_MPLS_MAX];
	struct error error;

	(void)state;
	start(&error, 0, 160, 1);
	object(&error, 2, 0x0e, interface, 3);
	object(&error, 1, 1, stack, 2);
	finish(&error);
	assert_int_equal(read_labels(&error, error.len, 0, labels), 2);
	assert_memory_equal(labels, stack, 2 * sizeof(*stack));
	start(&error, 0, 128, 1);
	object(&error, 2, 0x0e, interface, 3);
	finish(&error);
	assert_int_equal(read_labels(&error, error.len, 0, labels), 0);
}

/* A router without a checksum says so with zero (RFC 4884, 7). */
static void a_missing_checksum_is_fine(void **state)
{
	uint32_t labels[CP_MPLS_MAX];
	struct error error;

	(void)state;
	start(&error, 0, 128, 1);
	object(&error, 1, 1, stack, 1);
	assert_int_equal(read_labels(&error, error.len, 0, labels), 1);
}

static void deep_stacks_are_cut(void **state)
{
	uint32_t deep[6] = {1, 2, 3, 4, 5, 6}, labels[CP_MPLS_MAX];
	struct error error;

	(void)state;
	start(&error, 0, 128, 1);
	object(&error, 1, 1, deep, 6);
	finish(&error);
	assert_int_equal(read_labels(&error, error.len, 0, labels), CP_MPLS_MAX);
	assert_memory_equal(labels, deep, sizeof(labels));
}

/* F24: The length of the object bounds a stack, whatever its bottom bits say: what follows is another object. */
static void bottom_bits_bound_nothing(void **state)
{
	static const uint32_t interface[] = {1, 2, 3};
	uint32_t labels[CP_MPLS_MAX];

	(void)state;
	for (uint32_t bottoms = 0; bottoms < 8; bottoms++) {
		uint32_t entries[3];
		struct error error;

		for (uint32_t i = 0; i < 3; i++)
			entries[i] = (100 + i) << 12 | (bottoms >> i & 1) << 8 | 1;
		start(&error, 0, 128, 1);
		object(&error, 1, 1, entries, 3);
		object(&error, 2, 0x0e, interface, 3);
		finish(&error);
		assert_int_equal(read_labels(&error, error.len, 0, labels), 3);
		assert_memory_equal(labels, entries, sizeof(entries));
	}
}

/* F24 */
static void broken_ones_are_left(void **state)
{
	uint32_t labels[CP_MPLS_MAX];
	struct error good, error;

	(void)state;
	start(&good, 0, 128, 1);
	object(&good, 1, 1, stack, 2);
	finish(&good);
	for (size_t bit = 0; bit < (good.len - good.ext) * 8; bit++) {
		error = good;
		error.b[error.ext + bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(read_labels(&error, error.len, 0, labels), 0); /* the checksum is wrong by one bit */
	}
	for (size_t len = 0; len < good.len; len++)
		assert_int_equal(read_labels(&good, len, 0, labels), 0); /* cut short: wrong checksum, or nothing */
	error = good;
	error.b[5] = 4; /* a quote shorter than RFC 4884 allows */
	assert_int_equal(read_labels(&error, error.len, 0, labels), 0);
	error = good;
	error.b[5] = 255; /* ... and one longer than the packet */
	assert_int_equal(read_labels(&error, error.len, 0, labels), 0);
	for (uint32_t len = 0; len < 4; len++) {
		start(&error, 0, 128, 1);
		object(&error, 1, 1, stack, 1);
		error.b[error.ext + 5] = (uint8_t)len; /* an object shorter than its own head */
		assert_int_equal(read_labels(&error, error.len, 0, labels), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(stacks_are_read),
	        cmocka_unit_test(other_objects_are_skipped),
	        cmocka_unit_test(a_missing_checksum_is_fine),
	        cmocka_unit_test(deep_stacks_are_cut),
	        cmocka_unit_test(bottom_bits_bound_nothing),
	        cmocka_unit_test(broken_ones_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
