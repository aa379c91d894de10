// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_live_screen.c: the screens of a live view, whole ones compared: sizes,
 * IPv6, ASCII, long and hostile names, what keys do.
 */
#include "records.h"

#include <stdio.h>

#include "format/live.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A path and its rounds; the fixture is the judged view. */
struct scene {
	struct fixture fix;
	struct cp_live_path live;
	struct cp_asdb *asdb;
	struct cp_home home;
	struct cp_live_ui ui;
	struct cp_live_row row;
	struct cp_live_frame *frame;
};

static int setup(void **state)
{
	static uint32_t asns[] = {8068, 8075};
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->asdb = make_asdb();
	scene->home = (struct cp_home){asns, ARRAY_SIZE(asns)};
	cp_live_ui_init(&scene->ui, 1);
	cp_live_path_init(&scene->live, 1, 30);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	cp_live_frame_free(scene->frame);
	cp_live_ui_free(&scene->ui);
	cp_asdb_free(scene->asdb);
	free(scene);
	return 0;
}

/* "* 8075 > 13335": one silent, one home, one foreign hop and the destination. */
static void make_path(struct scene *scene, bool v6)
{
	struct fixture *fix = &scene->fix;

	fix_target(fix, "zenn.dev", v6 ? "2001:db8:3:101::30" : "203.0.113.9");
	fix_hop(fix, NULL, 0, 0);
	fix_hop(fix, v6 ? "2001:db8:1111:2222:3333:4444:5555:6666" : "198.18.16.17", 8075, 1500)->ptr =
	        "be-1-0.ibr01.fra.ntwk.msn.net";
	fix_hop(fix, v6 ? "2001:db8:3:1::1" : "198.18.48.3", 13335, 1800);
	fix_reached(fix, v6 ? "2001:db8:3:101::30" : "203.0.113.9", 13335, 2000);
	fix_step(fix, CP_STEP_SILENT, 0, 1, 1);
	fix_step(fix, CP_STEP_AS, 8075, 2, 2);
	fix_step(fix, CP_STEP_AS, 13335, 3, 4);
	fix_exit(fix, 1, 2);
	fix->judgement.verdict = CP_DIRECT;
	fix->rec.asdb = scene->asdb;
	scene->row = (struct cp_live_row){.name = "zenn.dev", .rtt_us = 2000, .loss_permille = 0};
}

/* Rounds with these round trips; 0: the hop before the last is silent. */
static void rounds(struct scene *scene, const uint32_t *us, size_t n)
{
	struct cp_path path;

	for (size_t i = 0; i < n; i++) {
		path = scene->fix.path;
		for (uint32_t k = 1; k < path.n_hops; k++)
			path.hops[k].rtt_us = us[i] ? us[i] + k * 100 : 900;
		if (us[i] == 0)
			path.hops[path.n_hops - 2] = (struct cp_hop){.ttl = path.hops[path.n_hops - 2].ttl};
		cp_live_path_round(&scene->live, &path, 0xf);
	}
}

static void draw(struct scene *scene, unsigned n_rows, unsigned n_columns, bool ascii)
{
	struct cp_live_about about = {.title = "coldpotato trace", .n_rounds = scene->live.n_rounds};
	struct cp_live_shown shown = {&scene->live, &scene->fix.rec, &scene->home};

	cp_live_frame_free(scene->frame);
	scene->frame = NULL;
	assert_int_equal(cp_live_frame_new(n_rows, n_columns, ascii, &scene->frame), 0);
	assert_int_equal(cp_live_ui_arrange(&scene->ui, &scene->row, 1), 0);
	cp_live_draw(scene->frame, &scene->ui, &about, &scene->row, &shown);
}

/* The screen is these lines, then empty ones, then the last. */
static void assert_screen(const struct cp_live_frame *frame, const char *const *lines, size_t n, const char *last)
{
	char text[1024];

	for (unsigned row = 0; row < frame->n_rows; row++) {
		const char *expected = row < n ? lines[row] : row == frame->n_rows - 1 ? last : "";

		assert_string_equal(cp_live_row_text(frame, row, text, sizeof(text)), expected);
	}
}

static const char path_keys[] = "q quit  p pause  r reset  Tab next  l list  d columns  n names  / filter  ? help";
static const char list_keys[] = "q quit  p pause  r reset  Enter open  s sort  / filter  ? help";

static const uint32_t some_us[] = {1000, 1500, 0, 3000, 2000};

/* ---- one path ---- */

static void test_a_path_at_80x24(void **state)
{
	static const char *const lines[] = {
	        "zenn.dev  203.0.113.9  flow 0                                path 1/1    round 5",
	        "direct (confidence high)  * 8075 > 13335 Cloudflare",
	        "leaves home between TTL 2 (198.18.16.17, Frankfurt) and TTL 3 (198.18.48.3, AS1…",
	        " TTL Host             AS      Loss Asked  Last   Avg  Best Worst StDev Recent",
	        "   1 *                        100%     5     -     -     -     -     - xxxxx",
	        "   2 be-1-0.ibr01.fra 8075      0%     5  2.10  1.76  0.90  3.10  0.88 ▁▃▁█▄",
	        " > 3 198.18.48.3      13335    20%     5  2.20  2.08  1.20  3.20  0.85 ▁▂x█▄",
	        "   4 203.0.113.9      13335     0%     5  2.30  1.92  0.90  3.30  0.93 ▂▃▁█▅",
	};
	struct scene *scene = *state;

	make_path(scene, false);
	rounds(scene, some_us, ARRAY_SIZE(some_us));
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), path_keys);
}

static void test_a_path_in_ascii(void **state)
{
	static const char *const lines[] = {
	        "zenn.dev  203.0.113.9  flow 0                                path 1/1    round 5",
	        "direct (confidence high)  * 8075 > 13335 Cloudflare",
	        "leaves home between TTL 2 (198.18.16.17, Frankfurt) and TTL 3 (198.18.48.3, AS1~",
	        " TTL Host             AS      Loss Asked  Last   Avg  Best Worst StDev Recent",
	        "   1 *                        100%     5     -     -     -     -     - xxxxx",
	        "   2 be-1-0.ibr01.fra 8075      0%     5  2.10  1.76  0.90  3.10  0.88 _-_#~",
	        " > 3 198.18.48.3      13335    20%     5  2.20  2.08  1.20  3.20  0.85 _.x#~",
	        "   4 203.0.113.9      13335     0%     5  2.30  1.92  0.90  3.30  0.93 .-_#=",
	};
	struct scene *scene = *state;

	make_path(scene, false);
	rounds(scene, some_us, ARRAY_SIZE(some_us));
	draw(scene, 24, 80, true);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), path_keys);
}

static void test_an_ipv6_path_at_120x40(void **state)
{
	static const char *const lines[] = {
	        "zenn.dev  2001:db8:3:101::30  flow 0                                                                 "
	        "path 1/1    round 5",
	        "direct (confidence high)  * 8075 > 13335 Cloudflare",
	        "leaves home between TTL 2 (2001:db8:1111:2222:3333:4444:5555:6666, Frankfurt) and TTL 3 "
	        "(2001:db8:3:1::1, AS13335)",
	        " TTL Host                                   AS               Loss Asked  Last   Avg  Best Worst StDev "
	        "Recent",
	        "   1 *                                                       100%     5     -     -     -     -     - "
	        "xxxxx",
	        "   2 2001:db8:1111:2222:3333:4444:5555:6666 8075 Microsoft     0%     5  2.10  1.76  0.90  3.10  0.88 "
	        "▁▃▁█▄",
	        " > 3 2001:db8:3:1::1                        13335 Cloudflare  20%     5  2.20  2.08  1.20  3.20  0.85 "
	        "▁▂x█▄",
	        "   4 2001:db8:3:101::30                     13335 Cloudflare   0%     5  2.30  1.92  0.90  3.30  0.93 "
	        "▂▃▁█▅",
	};
	struct scene *scene = *state;

	make_path(scene, true);
	rounds(scene, some_us, ARRAY_SIZE(some_us));
	scene->ui.addresses = true;
	draw(scene, 40, 120, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), path_keys);
}

static void test_an_ipv6_path_at_80x24(void **state)
{
	static const char *const lines[] = {
	        "zenn.dev  2001:db8:3:101::30  flow 0                         path 1/1    round 5",
	        "direct (confidence high)  * 8075 > 13335 Cloudflare",
	        "leaves home between TTL 2 (2001:db8:1111:2222:3333:4444:5555:6666, Frankfurt) a…",
	        " TTL Host              AS      Loss Asked  Last   Avg  Best Worst StDev Recent",
	        "   1 *                         100%     5     -     -     -     -     - xxxxx",
	        "   2 2001:db8:1111:22… 8075      0%     5  2.10  1.76  0.90  3.10  0.88 ▁▃▁█▄",
	        " > 3 2001:db8:3:1::1   13335    20%     5  2.20  2.08  1.20  3.20  0.85 ▁▂x█▄",
	        "   4 2001:db8:3:101::… 13335     0%     5  2.30  1.92  0.90  3.30  0.93 ▂▃▁█▅",
	};
	struct scene *scene = *state;

	make_path(scene, true);
	rounds(scene, some_us, ARRAY_SIZE(some_us));
	scene->ui.addresses = true;
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), path_keys);
}

static void test_a_change_is_marked_and_says_who_it_was(void **state)
{
	static const char *const lines[] = {
	        "zenn.dev  203.0.113.9  flow 0                                path 1/1    round 4",
	        "direct (confidence high)  * 8075 > 13335 Cloudflare",
	        "leaves home between TTL 2 (198.18.16.17, Frankfurt) and TTL 3 (198.18.48.77, AS…",
	        " TTL Host                                AS               Loss Asked  Last   Avg",
	        "   1 *                                                    100%     4     -     -",
	        "   2 be-1-0.ibr01.fra (Frankfurt)        8075 Microsoft     0%     4  2.10  1.98",
	        "!> 3 198.18.48.77, was 198.18.48.3       13335 Cloudflare   0%     4  2.20  2.08",
	        "   4 203.0.113.9                         13335 Cloudflare   0%     4  2.30  2.18",
	};
	struct scene *scene = *state;

	make_path(scene, false);
	rounds(scene, some_us, 2);
	scene->fix.path.hops[2].addr = addr_of("198.18.48.77");
	rounds(scene, some_us + 3, 2);
	scene->ui.columns = CP_LIVE_NAMES;
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), path_keys);
}

static void test_a_hostile_name_is_text(void **state)
{
	static const char *const lines[] = {
	        "\\x1b[31mred�  203.0.113.9  flow 0                            path 1/1    round 5",
	        "direct (confidence high)  * 8075 > 13335 Cloudflare",
	        "leaves home between TTL 2 (198.18.16.17) and TTL 3 (198.18.48.3, AS13335)",
	        " TTL Host                                AS               Loss Asked  Last   Avg",
	        "   1 *                                                    100%     5     -     -",
	        "   2 …��<b>                              8075 Microsoft     0%     5  2.10  1.76",
	        " > 3 \\u{202e}abc中文.example             13335 Cloudflare  20%     5  2.20  2.08",
	        "   4 203.0.113.9                         13335 Cloudflare   0%     5  2.30  1.92",
	};
	struct scene *scene = *state;

	make_path(scene, false);
	scene->fix.path.hops[1].ptr = "\x1b[2J\x1b]0;x\x07\r\nevil.\xff\xfe<b>";
	scene->fix.path.hops[2].ptr = "\u202eabc\u4e2d\u6587.example";
	scene->fix.target.host = "\x1b[31mred\x9b";
	rounds(scene, some_us, ARRAY_SIZE(some_us));
	scene->ui.columns = CP_LIVE_NAMES;
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), path_keys);
}

static void test_cells_hold_one_printable_character_each(void **state)
{
	struct scene *scene = *state;
	char name[600];

	make_path(scene, false);
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = (char)(i * 7 % 255 + 1);
	name[sizeof(name) - 1] = '\0';
	scene->fix.path.hops[1].ptr = name;
	scene->fix.target.host = name;
	rounds(scene, some_us, ARRAY_SIZE(some_us));
	for (int ascii = 0; ascii < 2; ascii++) {
		draw(scene, 24, 80, ascii);
		for (unsigned i = 0; i < 24 * 80; i++) {
			const struct cp_live_cell *cell = &scene->frame->cells[i];
			unsigned char c = (unsigned char)cell->text[0];

			assert_true(c == 0 || (c >= ' ' && c != 0x7f));
			assert_true(c != 0xc2 || (unsigned char)cell->text[1] >= 0xa0); /* no C1 control */
			if (ascii)
				assert_true(c < 0x80);
			if (c < 0x80)
				assert_int_equal(cell->text[c > 0], 0);
		}
	}
}

static unsigned attr_at(const struct scene *scene, unsigned row, unsigned column)
{
	return scene->frame->cells[row * scene->frame->n_columns + column].attr;
}

static void test_colours_say_whose_a_hop_is(void **state)
{
	struct scene *scene = *state;

	make_path(scene, false);
	scene->fix.judgement.origins[2] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = "Lab-IX"};
	rounds(scene, some_us, ARRAY_SIZE(some_us));
	draw(scene, 24, 80, false);
	assert_int_equal(attr_at(scene, 1, 0), CP_LIVE_CYAN | CP_LIVE_BOLD);
	assert_int_equal(attr_at(scene, 3, 79), CP_LIVE_REVERSE);
	assert_int_equal(attr_at(scene, 4, 5), CP_LIVE_DIM);
	assert_int_equal(attr_at(scene, 5, 5), CP_LIVE_GREEN);
	assert_int_equal(attr_at(scene, 6, 5), CP_LIVE_MAGENTA | CP_LIVE_BOLD);
	assert_int_equal(attr_at(scene, 7, 5), CP_LIVE_YELLOW);
	scene->fix.judgement.origins[1] = (struct cp_origin){.kind = CP_ORIGIN_SPECIAL, .label = "private"};
	draw(scene, 24, 80, false);
	assert_int_equal(attr_at(scene, 5, 5), CP_LIVE_DIM);
}

static void test_a_long_path_scrolls(void **state)
{
	struct scene *scene = *state;
	char addr[32], text[256];

	make_path(scene, false);
	while (scene->fix.path.n_hops < 30) {
		snprintf(addr, sizeof(addr), "198.18.2.%u", scene->fix.path.n_hops);
		fix_hop(&scene->fix, addr, 8075, 1000);
	}
	scene->fix.path.end = CP_END_MAX_TTL;
	rounds(scene, some_us, 2);
	draw(scene, 24, 80, false);
	cp_live_row_text(scene->frame, 22, text, sizeof(text));
	assert_memory_equal(text, "  19 198.18.2.18", 16);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_END, 18);
	draw(scene, 24, 80, false);
	cp_live_row_text(scene->frame, 22, text, sizeof(text));
	assert_memory_equal(text, "  30 198.18.2.29", 16);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_PAGE_UP, 18);
	draw(scene, 24, 80, false);
	assert_int_equal(scene->ui.scroll, 0);
}

static void test_before_the_first_round(void **state)
{
	static const char *const lines[] = {
	        "zenn.dev  203.0.113.9  flow 0                                path 1/1    round 0",
	        "probing ...",
	};
	struct scene *scene = *state;

	make_path(scene, false);
	scene->fix.rec.judgement = NULL;
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), path_keys);
}

static void test_a_small_terminal_is_told_so(void **state)
{
	static const char *const lines[] = {"79x24 is too small", "wants 80x24; q quits"};
	static const char *const narrow[] = {"12x1 is too…"};
	struct scene *scene = *state;

	make_path(scene, false);
	rounds(scene, some_us, 1);
	draw(scene, 24, 79, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), "");
	draw(scene, 1, 12, false);
	assert_screen(scene->frame, narrow, ARRAY_SIZE(narrow), "");
	draw(scene, 1, 1, true);
}

static void test_help_fits(void **state)
{
	struct scene *scene = *state;
	char text[256];

	make_path(scene, false);
	cp_live_ui_key(&scene->ui, '?', 18);
	draw(scene, 24, 80, true);
	for (unsigned row = 0; row < 24; row++)
		assert_null(strchr(cp_live_row_text(scene->frame, row, text, sizeof(text)), '~'));
	assert_string_equal(cp_live_row_text(scene->frame, 1, text, sizeof(text)), " Keys");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_NONE, 18); /* a resize */
	assert_true(scene->ui.help);
	cp_live_ui_key(&scene->ui, ' ', 18);
	assert_false(scene->ui.help);
	assert_false(scene->ui.quit);
}

/* ---- the list ---- */

static const struct cp_live_row list[] = {
        {.name = "zenn.dev",
                .detail = "198.18.49.10",
                .as_path = "* 8075 > 13335 Cloudflare",
                .is_judged = true,
                .verdict = CP_DIRECT,
                .confidence = CP_CONF_HIGH,
                .rtt_us = 1234,
                .loss_permille = 0},
        {.name = "a-very-long-name-of-a-service.with.many.labels.example",
                .detail = "2001:db8:1111:2222:3333:4444:5555:6666",
                .as_path = "3491",
                .is_judged = true,
                .verdict = CP_TRANSIT,
                .confidence = CP_CONF_LOW,
                .rtt_us = 45678,
                .loss_permille = 4,
                .n_changes = 2,
                .is_fresh = true},
        {.name = "not.yet", .rtt_us = UINT32_MAX, .loss_permille = UINT32_MAX},
};

static void draw_list(struct scene *scene, unsigned n_rows, unsigned n_columns)
{
	struct cp_live_about about = {.title = "coldpotato trace", .n_rounds = 7};

	cp_live_frame_free(scene->frame);
	scene->frame = NULL;
	assert_int_equal(cp_live_frame_new(n_rows, n_columns, false, &scene->frame), 0);
	assert_int_equal(cp_live_ui_arrange(&scene->ui, list, ARRAY_SIZE(list)), 0);
	cp_live_draw(scene->frame, &scene->ui, &about, list, NULL);
}

static void test_a_list_at_80x24(void **state)
{
	static const char *const lines[] = {
	        "coldpotato trace                                                  1/3    round 7",
	        "  Target              Address           Verdict   Sure   Loss     ms AS path",
	        "> zenn.dev            198.18.49.10      direct    high     0%   1.23 * 8075 > 1…",
	        " !a-very-long-name-o… 2001:db8:1111:22… transit   low     <1%   45.7 3491",
	        "  not.yet                                                   -      -",
	};
	struct scene *scene = *state;

	draw_list(scene, 24, 80);
	scene->ui.in_list = true;
	draw_list(scene, 24, 80);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), list_keys);
}

static void test_a_list_at_120x40_sorted(void **state)
{
	static const char *const lines[] = {
	        "coldpotato trace                                                                                    "
	        "2/3  by RTT  round 7",
	        "  Target                           Address                        Verdict   Sure   Loss     ms AS "
	        "path",
	        " !a-very-long-name-of-a-service.w… 2001:db8:1111:2222:3333:4444:… transit   low     <1%   45.7 3491",
	        "> zenn.dev                         198.18.49.10                   direct    high     0%   1.23 * 8075 "
	        "> 13335 Cloudflare",
	        "  not.yet                                                                             -      -",
	};
	struct scene *scene = *state;

	scene->ui.in_list = true;
	scene->ui.sort = CP_LIVE_BY_RTT;
	draw_list(scene, 40, 120);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), list_keys);
}

static void type_all(struct cp_live_ui *ui, const char *text)
{
	for (; *text; text++)
		cp_live_ui_key(ui, (uint32_t)*text, 18);
}

static void test_a_filter_is_typed(void **state)
{
	struct scene *scene = *state;
	char text[256];

	scene->ui.in_list = true;
	type_all(&scene->ui, "/TRANSq");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_BACKSPACE, 18);
	draw_list(scene, 24, 80);
	assert_false(scene->ui.quit);
	assert_int_equal(scene->ui.n_shown, 1);
	assert_int_equal(scene->ui.current, 1);
	assert_string_equal(cp_live_row_text(scene->frame, 23, text, sizeof(text)), "Filter: TRANS");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ENTER, 18);
	draw_list(scene, 24, 80);
	assert_int_equal(scene->ui.n_shown, 1);
	assert_true(scene->ui.in_list);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ESCAPE, 18);
	draw_list(scene, 24, 80);
	assert_int_equal(scene->ui.n_shown, 3);
	type_all(&scene->ui, "/nothing like it");
	draw_list(scene, 24, 80);
	assert_int_equal(scene->ui.n_shown, 0);
	assert_string_equal(cp_live_row_text(scene->frame, 2, text, sizeof(text)), "  nothing matches the filter");
	type_all(&scene->ui, "................................................................"); /* more than fits */
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ESCAPE, 18);
	draw_list(scene, 24, 80);
	assert_int_equal(scene->ui.n_shown, 3);
}

static void test_keys_go_from_path_to_path(void **state)
{
	struct scene *scene = *state;
	struct cp_live_ui *ui = &scene->ui;

	draw_list(scene, 24, 80);
	cp_live_ui_key(ui, CP_LIVE_KEY_TAB, 18);
	assert_int_equal(ui->current, 1);
	cp_live_ui_key(ui, CP_LIVE_KEY_LEFT, 18);
	cp_live_ui_key(ui, CP_LIVE_KEY_BACK_TAB, 18);
	assert_int_equal(ui->current, 2); /* round the corner */
	cp_live_ui_key(ui, CP_LIVE_KEY_RIGHT, 18);
	assert_int_equal(ui->current, 0);
	ui->in_list = true;
	cp_live_ui_key(ui, CP_LIVE_KEY_UP, 18);
	assert_int_equal(ui->current, 0); /* not round it */
	cp_live_ui_key(ui, CP_LIVE_KEY_PAGE_DOWN, 18);
	assert_int_equal(ui->current, 2);
	cp_live_ui_key(ui, CP_LIVE_KEY_ENTER, 18);
	assert_false(ui->in_list);
	cp_live_ui_key(ui, CP_LIVE_KEY_ESCAPE, 18);
	assert_true(ui->in_list);
	type_all(ui, "prnd");
	assert_true(ui->paused && ui->reset && ui->addresses);
	assert_int_equal(ui->columns, CP_LIVE_NAMES);
	cp_live_ui_key(ui, 'q', 18);
	assert_true(ui->quit);
}

static void test_sorting_puts_the_worst_first_and_the_unknown_last(void **state)
{
	static const struct {
		enum cp_live_sort sort;
		uint32_t order[3];
	} cases[] = {
	        {CP_LIVE_BY_ORDER, {0, 1, 2}},
	        {CP_LIVE_BY_NAME, {1, 2, 0}},
	        {CP_LIVE_BY_VERDICT, {1, 0, 2}},
	        {CP_LIVE_BY_RTT, {1, 0, 2}},
	        {CP_LIVE_BY_LOSS, {1, 0, 2}},
	        {CP_LIVE_BY_CHANGES, {1, 0, 2}},
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scene->ui.sort = cases[i].sort;
		assert_int_equal(cp_live_ui_arrange(&scene->ui, list, ARRAY_SIZE(list)), 0);
		assert_memory_equal(scene->ui.order, cases[i].order, sizeof(cases[i].order));
	}
}

/* The current row is in sight however many there are. */
static void test_a_long_list_follows_the_current_row(void **state)
{
	static struct cp_live_row rows[100];
	struct cp_live_about about = {.title = "t"};
	struct scene *scene = *state;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = (struct cp_live_row){.name = "n", .rtt_us = UINT32_MAX, .loss_permille = UINT32_MAX};
	cp_live_ui_init(&scene->ui, ARRAY_SIZE(rows));
	assert_true(scene->ui.in_list);
	assert_int_equal(cp_live_frame_new(24, 80, false, &scene->frame), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(cp_live_ui_arrange(&scene->ui, rows, ARRAY_SIZE(rows)), 0);
		cp_live_draw(scene->frame, &scene->ui, &about, rows, NULL);
		cp_live_row_text(scene->frame, i == 0 ? 2 : i == 1 ? 22 : 2, text, sizeof(text));
		assert_int_equal(text[0], '>');
		cp_live_ui_key(&scene->ui, i == 0 ? CP_LIVE_KEY_END : CP_LIVE_KEY_HOME, 18);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_a_path_at_80x24, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_path_in_ascii, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_an_ipv6_path_at_120x40, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_an_ipv6_path_at_80x24, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_change_is_marked_and_says_who_it_was, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_hostile_name_is_text, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_cells_hold_one_printable_character_each, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_colours_say_whose_a_hop_is, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_long_path_scrolls, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_before_the_first_round, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_small_terminal_is_told_so, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_help_fits, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_list_at_80x24, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_list_at_120x40_sorted, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_filter_is_typed, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_keys_go_from_path_to_path, setup, teardown),
	        cmocka_unit_test_setup_teardown(
	                test_sorting_puts_the_worst_first_and_the_unknown_last, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_long_list_follows_the_current_row, setup, teardown),
	};

	return cmocka_run_group_tests_name("live_screen", tests, NULL, NULL);
}
