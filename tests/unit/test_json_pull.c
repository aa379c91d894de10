// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_json_pull.c: the grammar of RFC 8259 case by case, against jansson, and
 * the meaning of strings and numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "json_dom.h"

struct grammar_case {
	const char *text;
	bool is_valid;
};

static const struct grammar_case grammar[] = {
        {"{}", true}, {"[]", true}, {" [ ] ", true}, {"{\"a\":1}", true}, {"{\"a\" : [1, 2,\t3]\r\n}", true},
        {"[[[[]]],{\"a\":{}}]", true}, {"\"\"", true}, {"null", true}, {"true", true}, {"false", true}, {"0", true},
        {"-0", true}, {"-12.5e+3", true}, {"1E400", true}, /* a number all the same */
        {"0.1", true}, {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", true}, {"\"\\ud83d\\ude00\"", true},
        {"\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"", true}, {"\"eight by\xc3\xa9tes and more than that\"", true},
        {"", false}, {" ", false}, {"{", false}, {"[", false}, {"}", false}, {"]", false}, {"{]", false}, {"[}", false},
        {"[1}", false}, {"{\"a\":1]", false}, {"{\"a\"}", false}, {"{\"a\":}", false}, {"{\"a\":1,}", false},
        {"{,}", false}, {"{1:2}", false}, {"{\"a\" 1}", false}, {"{\"a\":1 \"b\":2}", false}, {"{a:1}", false},
        {"{'a':1}", false}, {"[1,]", false}, {"[,1]", false}, {"[1 2]", false}, {"[1", false}, {"[1,", false},
        {"{\"a\"", false}, {"{\"a\":", false}, {"{\"a\":1", false}, {"nul", false}, {"nulL", false}, {"True", false},
        {"NaN", false}, {"Infinity", false}, {"-Infinity", false}, {"01", false}, {"-01", false}, {"+1", false},
        {"-", false}, {".5", false}, {"1.", false}, {"1.e1", false}, {"1e", false}, {"1e+", false}, {"0x10", false},
        {"1 2", false}, {"{}{}", false}, {"\"", false}, {"\"a", false}, {"\"\\", false}, {"\"\\\"", false},
        {"\"\\x\"", false}, {"\"\\u12\"", false}, {"\"\\u12g4\"", false}, {"\"\\ud83d\"", false},
        {"\"\\ud83dx\"", false}, {"\"\\ud83d\\n\"", false}, {"\"\\ud83d\\u0041\"", false}, {"\"\\ude00\"", false},
        {"\"tab\there\"", false}, {"\"line\nhere\"", false},
        {"\"a long text with a control character \x01 far behind\"", false}, {"\"\x80\"", false}, {"\"\xc3\"", false},
        {"\"\xc3(\"", false}, {"\"\xc0\xaf\"", false}, /* overlong */
        {"\"\xe0\x80\xaf\"", false}, {"\"\xf0\x80\x80\xaf\"", false}, {"\"\xed\xa0\x80\"", false}, /* surrogate */
        {"\"\xf4\x90\x80\x80\"", false}, /* beyond U+10FFFF */
        {"\"\xf5\x80\x80\x80\"", false}, {"\"\xe2\x82", false}, {"\xef\xbb\xbf{}", false}, /* byte order mark */
};

static void test_grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(grammar) / sizeof(grammar[0]); i++) {
		size_t len = strlen(grammar[i].text);
		char *exact = malloc(len); /* no NUL behind it: a read beyond the end shows */
		const char *verdict;
		struct json_dom dom;
		json_t *value;

		assert_true(exact || len == 0);
		if (len)
			memcpy(exact, grammar[i].text, len);
		value = json_dom_read(&dom, exact, len);
		if ((value != NULL) != grammar[i].is_valid)
			fail_msg("%s: %s", grammar[i].text, value ? "was read" : "was refused");
		json_decref(value);
		verdict = json_dom_compare(exact, len);
		if (verdict)
			fail_msg("%s: %s", grammar[i].text, verdict);
		free(exact);
	}
}

/* Every beginning of a text, and every text with one byte changed: the two agree. */
static void test_agrees_with_jansson(void **state)
{
	static const char text[] =
	        "{\"type\":\"path\",\"n\":[1,-2.50,3e2,null,true,false],\"s\":\"a\\u00e9\\n\xe2\x82\xac\","
	        "\"o\":{\"k\":{},\"l\":[],\"long string of more than eight bytes\":\"\\\\\"}} ";
	static const char bytes[] = "{}[]\",:\\0-e.tnfu \n\x01\x7f\x80\xbf\xc3\xe2\xf0\xff";
	char changed[sizeof(text)];

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++)
		assert_null(json_dom_compare(text, len));
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			const char *verdict;

			memcpy(changed, text, sizeof(text));
			changed[i] = bytes[b];
			verdict = json_dom_compare(changed, sizeof(text) - 1);
			if (verdict)
				fail_msg("%s: %s", changed, verdict);
		}
	}
}

static void test_depth(void **state)
{
	char text[2 * (CP_PULL_DEPTH + 1)];
	struct cp_pull pull;

	(void)state;
	memset(text, '[', CP_PULL_DEPTH);
	memset(text + CP_PULL_DEPTH, ']', CP_PULL_DEPTH);
	cp_pull_init(&pull, text, 2 * CP_PULL_DEPTH);
	assert_int_equal(cp_pull_next(&pull), CP_PULL_ARRAY);
	assert_true(cp_pull_skip(&pull));
	assert_int_equal(cp_pull_next(&pull), CP_PULL_END);

	memset(text, '[', CP_PULL_DEPTH + 1);
	memset(text + CP_PULL_DEPTH + 1, ']', CP_PULL_DEPTH + 1);
	cp_pull_init(&pull, text, sizeof(text));
	cp_pull_next(&pull);
	assert_false(cp_pull_skip(&pull));
	assert_string_equal(pull.why, "nested too deeply");
	assert_int_equal(cp_pull_next(&pull), CP_PULL_ERROR);
}

/* The kinds remember which container they are in, also at full depth. */
static void test_containers(void **state)
{
	static const enum cp_pull_kind kinds[] = {CP_PULL_OBJECT, CP_PULL_KEY, CP_PULL_ARRAY, CP_PULL_OBJECT,
	        CP_PULL_KEY, CP_PULL_NUMBER, CP_PULL_OBJECT_END, CP_PULL_ARRAY, CP_PULL_ARRAY_END, CP_PULL_ARRAY_END,
	        CP_PULL_KEY, CP_PULL_NULL, CP_PULL_OBJECT_END, CP_PULL_END, CP_PULL_END};
	static const char text[] = "{\"a\":[{\"b\":1},[]],\"c\":null} x";
	struct cp_pull pull;

	(void)state;
	cp_pull_init(&pull, text, sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_int_equal(cp_pull_next(&pull), kinds[i]);
	assert_false(cp_pull_rest_is_blank(&pull));
	assert_string_equal(pull.at, " x");
}

static void test_skip(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[1,{\"c\":2}]},\"d\":\"e\"}";
	struct cp_pull pull;

	(void)state;
	cp_pull_init(&pull, text, sizeof(text) - 1);
	cp_pull_next(&pull);
	assert_int_equal(cp_pull_next(&pull), CP_PULL_KEY);
	assert_true(cp_pull_skip(&pull)); /* from the key over the value */
	assert_int_equal(cp_pull_next(&pull), CP_PULL_KEY);
	assert_true(cp_pull_is(&pull, "d"));
	assert_false(cp_pull_is(&pull, "de"));
	assert_false(cp_pull_is(&pull, ""));
	assert_true(cp_pull_skip(&pull));
	assert_int_equal(cp_pull_next(&pull), CP_PULL_OBJECT_END);
}

static void test_unescape(void **state)
{
	static const struct {
		const char *text, *meaning;
	} cases[] = {
	        {"\"plain\"", "plain"},
	        {"\"\\b\\f\\n\\r\\t\\\"\\\\\\/\"", "\b\f\n\r\t\"\\/"},
	        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	        {"\"a\\u0000b\"", "a\xef\xbf\xbd"
	                          "b"},
	        {"\"\\u001b[31m\"", "\x1b[31m"},
	        {"\"\"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_pull pull;
		char *text;

		cp_pull_init(&pull, cases[i].text, strlen(cases[i].text));
		assert_int_equal(cp_pull_next(&pull), CP_PULL_STRING);
		text = malloc(cp_pull_room(&pull)); /* exact: the sanitizer sees an overrun */
		assert_non_null(text);
		assert_int_equal(cp_pull_unescape(&pull, text), strlen(cases[i].meaning));
		assert_string_equal(text, cases[i].meaning);
		free(text);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool is_uint, is_double;
		uint64_t uint;
		double real;
	} cases[] = {
	        {"0", true, true, 0, 0},
	        {"18446744073709551615", true, true, UINT64_MAX, 18446744073709551615.0},
	        {"18446744073709551616", false, true, 0, 18446744073709551616.0},
	        {"99999999999999999999", false, true, 0, 1e20},
	        {"-1", false, true, 0, -1},
	        {"1.0", false, true, 0, 1},
	        {"1e2", false, true, 0, 100},
	        {"0.25", false, true, 0, 0.25},
	        {"1e400", false, false, 0, 0},
	        {"-1e400", false, false, 0, 0},
	        {"true", false, false, 0, 0},
	        {"\"1\"", false, false, 0, 0},
	        {"0.0000000000000000000000000000000000000000000000000000000000000000001", false, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_pull pull;
		uint64_t uint = 7;
		double real = 7;

		cp_pull_init(&pull, cases[i].text, strlen(cases[i].text));
		cp_pull_next(&pull);
		assert_int_equal(cp_pull_uint(&pull, &uint), cases[i].is_uint);
		assert_int_equal(uint, cases[i].is_uint ? cases[i].uint : 7);
		assert_int_equal(cp_pull_double(&pull, &real), cases[i].is_double);
		assert_true(real == (cases[i].is_double ? cases[i].real : 7));
	}
}

/* Errors point at the byte that is wrong. */
static void test_where(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *why;
	} cases[] = {
	        {"{\"a\":1,}", 7, "a name in quotes is missing"},
	        {"[1 2]", 3, "a comma is missing"},
	        {"[1", 2, "cut off"},
	        {"[tru]", 1, "not a value"},
	        {"[\"ab\x01\"]", 4, "a control character in a string"},
	        {"[\"abcdefgh\xff\"]", 10, "a string is not UTF-8"},
	        {"[\"\\q\"]", 2, "a bad escape in a string"},
	        {"[-x]", 2, "a number without digits"},
	        {"[1.x]", 2, "a number without digits behind its point"},
	        {"[1ex]", 3, "a number without digits in its exponent"},
	        {"{\"a\"1}", 4, "no colon behind a name"},
	        {"[\"abc", 5, "a string does not end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_pull pull;

		cp_pull_init(&pull, cases[i].text, strlen(cases[i].text));
		while (cp_pull_next(&pull) != CP_PULL_ERROR)
			assert_int_not_equal(pull.kind, CP_PULL_END);
		assert_string_equal(pull.why, cases[i].why);
		assert_int_equal(pull.at - cases[i].text, cases[i].at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_grammar),
	        cmocka_unit_test(test_agrees_with_jansson),
	        cmocka_unit_test(test_depth),
	        cmocka_unit_test(test_containers),
	        cmocka_unit_test(test_skip),
	        cmocka_unit_test(test_unescape),
	        cmocka_unit_test(test_numbers),
	        cmocka_unit_test(test_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
