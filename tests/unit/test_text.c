// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_text.c: what text.c guarantees whatever it is fed, and its numbers.
 */
#include "records.h"

#include <errno.h>
#include <stdio.h>

#include "format/grid.h"
#include "format/text.h"
#include "format/utf8.h"

static uint64_t rng_state = 4711;

static unsigned rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (unsigned)(rng_state >> 8);
}

static void random_text(char *s, size_t max)
{
	static const char *const pieces[] = {"word", " ", "漢字", "é", "\033[2J", "\n", "\r", "\xff", "\xc2\x9b",
	        "\xe2\x80\xae", "a\xcc\x81", "…", "\t"};
	size_t len = 0, want = rng() % (max - 16);

	while (len < want) {
		const char *piece = pieces[rng() % (sizeof(pieces) / sizeof(pieces[0]))];

		memcpy(s + len, piece, strlen(piece));
		len += strlen(piece);
	}
	s[len] = '\0';
}

/* Columns as a terminal that knows wide CJK characters would count them; fails on anything it would obey. */
static void assert_tame(const struct mem_sink *mem, unsigned width)
{
	unsigned columns = 0;

	for (size_t at = 0; at < mem->len;) {
		uint32_t c = 0;
		size_t n = cp_utf8_decode(mem->buf + at, mem->len - at, &c);

		assert_true(n > 0);
		if (c == '\n') {
			assert_true(columns <= width);
			assert_true(at == 0 || mem->buf[at - 1] != ' ');
			columns = 0;
		} else {
			assert_true(c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
			assert_true(c != 0x202e && c != 0x301);
			columns += c >= 0x2e80 && c <= 0x9fff ? 2 : 1;
		}
		at += n;
	}
	assert_int_equal(columns, 0);
}

static void test_random_text_is_tame(void **state)
{
	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct mem_sink mem = {0};
		struct cp_sink sink = mem_sink_of(&mem);
		struct cp_text text;
		char s[200];

		cp_text_init(&text, &sink, 61, false);
		for (int i = 0; i < 20; i++) {
			random_text(s, sizeof(s));
			text.indent = rng() % 90;
			cp_text_color(&text, CP_RED);
			switch (rng() % 6) {
			case 0:
				cp_text_put(&text, s);
				break;
			case 1:
				cp_text_words(&text, s);
				break;
			case 2:
				cp_text_cell(&text, s, rng() % 40, rng() & 1);
				break;
			case 3:
				cp_text_tab(&text, rng() % 100);
				break;
			case 4:
				cp_text_word(&text, s);
				break;
			default:
				cp_text_newline(&text);
			}
		}
		cp_text_newline(&text);
		assert_int_equal(cp_text_flush(&text), 0);
		assert_tame(&mem, 61);
		mem_free(&mem);
	}
}

static void test_words_wrap_and_lose_nothing(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_text text;
	char word[151];

	(void)state;
	memset(word, 'x', 150);
	word[150] = '\0';
	cp_text_init(&text, &sink, 60, false);
	text.indent = 4;
	cp_text_words(&text, "one  two");
	cp_text_word(&text, word);
	cp_text_put(&text, ",");
	cp_text_newline(&text);
	assert_int_equal(cp_text_flush(&text), 0);
	/* 150 are 56 + 56 + 38 at an indent of 4. */
	assert_int_equal(mem.len, 7 + 1 + 4 + 56 + 1 + 4 + 56 + 1 + 4 + 38 + 2);
	assert_memory_equal(mem.buf, "one two\n    xxx", 15);
	assert_string_equal(mem.buf + mem.len - 5, "xxx,\n");
	mem_free(&mem);
}

static void test_cells(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_text text;

	(void)state;
	cp_text_init(&text, &sink, 0, false);
	cp_text_cell(&text, "abcdef", 4, false);
	cp_text_put(&text, "|");
	cp_text_cell(&text, "漢字漢", 4, false); /* the ellipsis takes the place of half a character */
	cp_text_put(&text, "|");
	cp_text_cell(&text, "ab", 4, true);
	cp_text_put(&text, "|");
	cp_text_cell(&text, "\033", 4, false);
	cp_text_put(&text, "|");
	cp_text_cell(&text, "ab", 9, false);
	cp_text_newline(&text);
	assert_int_equal(cp_text_flush(&text), 0);
	assert_string_equal(mem.buf, "abc…|漢… |  ab|\\x1b|ab\n");
	mem_free(&mem);
}

static void test_colour_ends_with_the_line(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_text text;

	(void)state;
	cp_text_init(&text, &sink, 0, true);
	cp_text_color(&text, CP_GREEN);
	cp_text_put(&text, "a");
	cp_text_color(&text, CP_GREEN);
	cp_text_color(&text, CP_RED);
	cp_text_put(&text, "b");
	cp_text_newline(&text);
	cp_text_put(&text, "c");
	cp_text_break(&text);
	cp_text_break(&text);
	assert_int_equal(cp_text_flush(&text), 0);
	assert_string_equal(mem.buf, "\033[32ma\033[0m\033[31mb\033[0m\nc\n");
	mem_free(&mem);
}

static void test_sink_error_sticks(void **state)
{
	struct mem_sink mem = {.fail_at = 1};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_text text;

	(void)state;
	cp_text_init(&text, &sink, 0, false);
	for (int i = 0; i < 5000; i++) {
		cp_text_put(&text, "some line");
		cp_text_newline(&text);
	}
	assert_int_equal(cp_text_flush(&text), -EPIPE);
	assert_int_equal(cp_text_flush(&text), -EPIPE);
	assert_int_equal(mem.n_after, 0);
}

static void test_numbers(void **state)
{
	char buf[CP_NUM_MAX];

	(void)state;
	assert_string_equal(cp_text_count(0, buf), "0");
	assert_string_equal(cp_text_count(999, buf), "999");
	assert_string_equal(cp_text_count(1907119, buf), "1,907,119");
	assert_string_equal(cp_text_count(UINT64_MAX - 1, buf), "18,446,744,073,709,551,614");
	assert_string_equal(cp_text_count(UINT64_MAX, buf), "?");
	assert_string_equal(cp_text_ms(UINT32_MAX, buf), "-");
	assert_string_equal(cp_text_ms(7, buf), "0.01");
	assert_string_equal(cp_text_ms(1234, buf), "1.23");
	assert_string_equal(cp_text_ms(12345, buf), "12.3");
	assert_string_equal(cp_text_ms(999960, buf), "1,000.0");
	assert_string_equal(cp_text_ms(1234567, buf), "1,235");
	assert_string_equal(cp_text_seconds(810000000, buf), "0.81");
	assert_string_equal(cp_text_seconds(33040000000, buf), "33.0");
	assert_string_equal(cp_text_date(0, buf), "1970-01-01");
	assert_string_equal(cp_text_date(951782400, buf), "2000-02-29");
	assert_string_equal(cp_text_date(951868800, buf), "2000-03-01");
	assert_string_equal(cp_text_date(1735689599, buf), "2024-12-31");
	assert_string_equal(cp_text_date(4107542399, buf), "2100-02-28");
	assert_string_equal(cp_text_date(4107542400, buf), "2100-03-01");
}

static void test_grid_gives_way(void **state)
{
	static const struct cp_grid_column columns[] = {
	        {.title = "name", .flexible = true},
	        {.title = "always", .right = true},
	        {.title = "empty", .optional = true},
	        {.title = "second", .give_way = 1},
	        {.title = "first", .give_way = 2},
	};
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_grid *grid;
	struct cp_text text;

	(void)state;
	cp_text_init(&text, &sink, 60, false);
	assert_int_equal(cp_grid_new(columns, 5, &grid), 0);
	assert_int_equal(cp_grid_add(grid, (const char *const[]){"a rather long name of a thing", "1", "-",
	                                           "twenty-two characters.", "and twenty in this.."}),
	        0);
	cp_grid_print(grid, &text);
	assert_int_equal(cp_text_flush(&text), 0);
	assert_string_equal(mem.buf, "name                          always second\n"
	                             "a rather long name of a thing      1 twenty-two characters.\n");
	cp_grid_free(grid);
	cp_grid_free(NULL);
	mem_free(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_random_text_is_tame),
	        cmocka_unit_test(test_words_wrap_and_lose_nothing),
	        cmocka_unit_test(test_cells),
	        cmocka_unit_test(test_colour_ends_with_the_line),
	        cmocka_unit_test(test_sink_error_sticks),
	        cmocka_unit_test(test_numbers),
	        cmocka_unit_test(test_grid_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
