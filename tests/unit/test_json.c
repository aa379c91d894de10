// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_json.c: the JSON writer against another parser (jansson): what random
 * calls wrote is read back and compared with what they were given.
 */
#include "records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "format/json.h"

static uint64_t rng_state;

static uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

/* ---- an own, naive idea of what a string must become ---- */

static size_t sequence_length(const unsigned char *s, size_t len)
{
	/* Table 3-7 of the Unicode standard, row by row. */
	static const struct {
		unsigned char lead_lo, lead_hi, second_lo, second_hi;
		size_t n;
	} rows[] = {
	        {0x00, 0x7f, 0, 0, 1},
	        {0xc2, 0xdf, 0x80, 0xbf, 2},
	        {0xe0, 0xe0, 0xa0, 0xbf, 3},
	        {0xe1, 0xec, 0x80, 0xbf, 3},
	        {0xed, 0xed, 0x80, 0x9f, 3},
	        {0xee, 0xef, 0x80, 0xbf, 3},
	        {0xf0, 0xf0, 0x90, 0xbf, 4},
	        {0xf1, 0xf3, 0x80, 0xbf, 4},
	        {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (s[0] < rows[i].lead_lo || s[0] > rows[i].lead_hi)
			continue;
		if (rows[i].n > len || (rows[i].n > 1 && (s[1] < rows[i].second_lo || s[1] > rows[i].second_hi)))
			return 0;
		for (size_t k = 2; k < rows[i].n; k++) {
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		}
		return rows[i].n;
	}
	return 0;
}

static size_t repaired(const unsigned char *s, size_t len, char *out)
{
	size_t n_out = 0;

	for (size_t at = 0; at < len;) {
		size_t n = sequence_length(s + at, len - at);

		if (n) {
			memcpy(out + n_out, s + at, n);
			n_out += n;
			at += n;
		} else {
			memcpy(out + n_out, "\xef\xbf\xbd", 3);
			n_out += 3;
			at++;
		}
	}
	return n_out;
}

static size_t random_bytes(unsigned char *s, size_t max)
{
	static const char *const pieces[] = {"\"", "\\", "\n", "\033[31m", "é", "漢", "😀", "\xed\xa0\x80", "\xc0\xaf",
	        "\xf4\x90\x80\x80", "\xff", "\xe2\x82", "\x7f", "\xc2\x9b", "plain text ", "/", "\xef\xbf\xbf"};
	size_t len = 0, want = rng() % max;

	while (len < want) {
		const char *piece = pieces[rng() % (sizeof(pieces) / sizeof(pieces[0]))];
		size_t n = strlen(piece);

		if (rng() % 3 == 0 || len + n > max) {
			s[len++] = (unsigned char)rng();
		} else {
			memcpy(s + len, piece, n);
			len += n;
		}
	}
	return len;
}

static void test_random_strings(void **state)
{
	enum { MAX = 300 };
	unsigned char given[MAX];
	char expected[MAX * 3];

	(void)state;
	rng_state = 88172645463325252u;
	for (int round = 0; round < 20000; round++) {
		size_t len = random_bytes(given, MAX), n_expected = repaired(given, len, expected);
		struct mem_sink mem = {0};
		struct cp_sink sink = mem_sink_of(&mem);
		json_error_t error;
		struct cp_json json;
		json_t *parsed, *value;

		cp_json_init(&json, &sink);
		cp_json_object(&json, NULL);
		cp_json_string_n(&json, "s", 1, (const char *)given, len);
		cp_json_object_end(&json);
		assert_int_equal(cp_json_line(&json), 0);
		for (size_t i = 0; i + 1 < mem.len; i++)
			assert_true((unsigned char)mem.buf[i] >= 0x20 && mem.buf[i] != 0x7f);
		parsed = json_loadb(mem.buf, mem.len, JSON_ALLOW_NUL, &error);
		assert_non_null(parsed);
		value = json_object_get(parsed, "s");
		assert_int_equal(json_string_length(value), n_expected);
		assert_memory_equal(json_string_value(value), expected, n_expected);
		json_decref(parsed);
		cp_json_free(&json);
		mem_free(&mem);
	}
}

/* A random value of any type, the same as jansson's own, to be compared as a whole. */
static json_t *random_value(struct cp_json *json, const char *key, unsigned depth)
{
	static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};
	json_t *value, *child;
	unsigned char text[64];
	char fixed[200];
	size_t n;
	int64_t i;

	switch (rng() % (depth ? 8 : 6)) {
	case 0:
		cp_json_null(json, key);
		return json_null();
	case 1:
		n = rng() & 1;
		cp_json_bool(json, key, n);
		return json_boolean(n);
	case 2:
		i = (int64_t)(rng() >> rng() % 64);
		cp_json_int(json, key, i);
		return json_integer(i);
	case 3:
		i = (int64_t)(rng() >> (1 + rng() % 63));
		cp_json_uint(json, key, (uint64_t)i);
		return json_integer(i);
	case 4:
		i = (int64_t)(rng() % 1000000000);
		cp_json_fixed(json, key, (uint64_t)i, 3);
		snprintf(fixed, sizeof(fixed), "%" PRId64 ".%03d", i / 1000, (int)(i % 1000));
		return json_real(strtod(fixed, NULL));
	case 5:
		n = repaired(text, random_bytes(text, sizeof(text)), fixed);
		cp_json_string_n(json, key, cp_json_key_len(key), fixed, n);
		return json_stringn(fixed, n);
	case 6:
		value = json_array();
		cp_json_array(json, key);
		for (n = rng() % 5; n; n--)
			assert_int_equal(json_array_append_new(value, random_value(json, NULL, depth - 1)), 0);
		cp_json_array_end(json);
		return value;
	default:
		value = json_object();
		cp_json_object(json, key);
		for (n = rng() % 6; n; n--) {
			child = random_value(json, keys[n - 1], depth - 1);
			assert_int_equal(json_object_set_new(value, keys[n - 1], child), 0);
		}
		cp_json_object_end(json);
		return value;
	}
}

static void test_random_structures(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_json json;

	(void)state;
	rng_state = 20240229;
	cp_json_init(&json, &sink);
	for (int round = 0; round < 20000; round++) {
		json_t *expected, *parsed;
		json_error_t error;

		mem.len = 0;
		mem.n_writes = 0;
		expected = random_value(&json, NULL, 4);
		assert_int_equal(cp_json_line(&json), 0);
		assert_int_equal(mem.n_writes, 1);
		assert_int_equal(mem.buf[mem.len - 1], '\n');
		assert_null(memchr(mem.buf, '\n', mem.len - 1));
		parsed =
		        json_loadb(mem.buf, mem.len, JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
		if (!parsed)
			fail_msg("%s in %s", error.text, mem.buf);
		assert_true(json_equal(expected, parsed));
		json_decref(expected);
		json_decref(parsed);
	}
	cp_json_free(&json);
	mem_free(&mem);
}

static void test_exact_text(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_json json;

	(void)state;
	cp_json_init(&json, &sink);
	cp_json_object(&json, NULL);
	cp_json_uint(&json, "max", UINT64_MAX);
	cp_json_int(&json, "min", INT64_MIN);
	cp_json_uint(&json, "zero", 0);
	cp_json_uint_string(&json, "text", UINT64_MAX);
	cp_json_fixed(&json, "small", 5, 2);
	cp_json_fixed(&json, "whole", 10000, 2);
	cp_json_fixed(&json, "none", 7, 0);
	cp_json_fixed(&json, "big", UINT64_MAX, 9);
	cp_json_string(&json, "no", NULL);
	cp_json_string(&json, "esc", "\033[0m\"\\\t\x7f\xc2\x85/");
	cp_json_array(&json, "empty");
	cp_json_array_end(&json);
	cp_json_object(&json, "o");
	cp_json_object_end(&json);
	cp_json_object_end(&json);
	assert_int_equal(cp_json_line(&json), 0);
	assert_string_equal(mem.buf, "{\"max\":18446744073709551615,\"min\":-9223372036854775808,\"zero\":0,\"text\":"
	                             "\"18446744073709551615\",\"small\":0.05,"
	                             "\"whole\":100.00,\"none\":7,\"big\":18446744073.709551615,\"no\":null,"
	                             "\"esc\":\"\\u001b[0m\\\"\\\\\\t\\u007f\\u0085/\",\"empty\":[],\"o\":{}}\n");
	cp_json_free(&json);
	mem_free(&mem);
}

static void test_sink_error_sticks(void **state)
{
	struct mem_sink mem = {.fail_at = 2};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_json json;

	(void)state;
	cp_json_init(&json, &sink);
	cp_json_null(&json, NULL);
	assert_int_equal(cp_json_line(&json), 0);
	cp_json_null(&json, NULL);
	assert_int_equal(cp_json_line(&json), -EPIPE);
	cp_json_null(&json, NULL);
	assert_int_equal(cp_json_line(&json), -EPIPE);
	assert_int_equal(mem.n_after, 0);
	assert_string_equal(mem.buf, "null\n");
	cp_json_free(&json);
	cp_json_free(NULL);
	mem_free(&mem);
}

static int take_line(void *ctx, const char *data, size_t len)
{
	snprintf(ctx, 256, "%.*s", (int)len, data);
	return 0;
}

/* What is JSON already goes through; what a reader would stumble over does not. */
static void test_value(void **state)
{
	static const char raw[] = "[\"a\xff\x7f\xc2\x9b\xc3\xa9\",{\"b\":1}]";
	char line[256];
	const struct cp_sink sink = {.write = take_line, .ctx = line};
	struct cp_json json;

	(void)state;
	cp_json_init(&json, &sink);
	cp_json_object(&json, NULL);
	cp_json_int(&json, "n", 1);
	cp_json_value_n(&json, "v", 1, raw, sizeof(raw) - 1);
	cp_json_value_n(&json, "none", 4, "", 0);
	cp_json_value_n(&json, "w", 1, "null", 4);
	cp_json_object_end(&json);
	assert_int_equal(cp_json_line(&json), 0);
	assert_string_equal(line, "{\"n\":1,\"v\":[\"a\xef\xbf\xbd\\u007f\\u009b\xc3\xa9\",{\"b\":1}],\"w\":null}\n");
	cp_json_free(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_value),
	        cmocka_unit_test(test_random_strings),
	        cmocka_unit_test(test_random_structures),
	        cmocka_unit_test(test_exact_text),
	        cmocka_unit_test(test_sink_error_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
