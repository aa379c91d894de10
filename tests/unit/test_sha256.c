// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_sha256.c: the examples of FIPS 180-4 and RFC 6234, and every length around a block's end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/sha256.h"

static void assert_hash(const void *data, size_t len, const char *hex)
{
	uint8_t hash[CP_SHA256_LEN];
	char text[CP_SHA256_HEX];

	cp_sha256(data, len, hash);
	assert_string_equal(cp_sha256_hex(hash, text), hex);
}

static void test_examples(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char *million = malloc(1000000);

	(void)state;
	assert_non_null(million);
	memset(million, 'a', 1000000);
	assert_hash("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_hash(
	        two_blocks, sizeof(two_blocks) - 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	assert_hash(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

/* A hash of the hashes of 0 to 199 letters: the value is that of sha256sum(1). */
static void test_every_length(void **state)
{
	char letters[200], all[200 * (CP_SHA256_HEX - 1)], text[CP_SHA256_HEX];
	uint8_t hash[CP_SHA256_LEN];

	(void)state;
	memset(letters, 'x', sizeof(letters));
	for (size_t len = 0; len < sizeof(letters); len++) {
		cp_sha256(letters, len, hash);
		memcpy(all + len * (CP_SHA256_HEX - 1), cp_sha256_hex(hash, text), CP_SHA256_HEX - 1);
	}
	assert_hash(all, sizeof(all), "f61ffcc417e1f0e59eba2da7fa32fbe05b64e478b68c6bacf990455f00248b98");
}

static void test_base64(void **state)
{
	uint8_t hash[CP_SHA256_LEN];
	char text[CP_SHA256_BASE64];

	(void)state;
	cp_sha256("alert('Hello, world.');", 23, hash);
	assert_string_equal(cp_sha256_base64(hash, text), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_examples),
	        cmocka_unit_test(test_every_length),
	        cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
