// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_live_top_keys.c: what keys do to the view of a watch, and what its
 * screens do at their limits.
 */
#include "live_top_lab.h"

/* ---- Keys ---- */

static void test_tabs_go_round(void **state)
{
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	draw(scene, 24, 80, false);
	assert_int_equal(scene->ui.n_shown, 3);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_BACK_TAB, 18);
	draw(scene, 24, 80, false);
	assert_int_equal(scene->ui.tab, 3);
	assert_string_equal(row_text(scene, 6), "  no result yet");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_RIGHT, 18);
	assert_int_equal(scene->ui.tab, 0);
	draw(scene, 24, 80, false);
	/* In a target, to the next one. */
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ENTER, 18);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_TAB, 18);
	assert_int_equal(scene->ui.tab, 0);
	assert_int_equal(scene->ui.current, 1);
}

static void test_panes_open_and_close(void **state)
{
	struct scene *scene = *state;
	struct cp_live_ui *ui = &scene->ui;

	make_watch(scene, "zenn.dev");
	draw(scene, 24, 80, false);
	type_all(ui, "cL");
	assert_int_equal(ui->pane, CP_LIVE_LOG);
	type_all(ui, "L");
	assert_int_equal(ui->pane, CP_LIVE_NO_PANE);
	type_all(ui, "L");
	cp_live_ui_key(ui, CP_LIVE_KEY_ENTER, 18);
	assert_true(!ui->pane && ui->in_list);
	cp_live_ui_key(ui, CP_LIVE_KEY_ENTER, 18);
	type_all(ui, "c");
	cp_live_ui_key(ui, CP_LIVE_KEY_ESCAPE, 18); /* back to the target */
	assert_true(!ui->pane && !ui->in_list);
	type_all(ui, "cl");
	assert_true(!ui->pane && ui->in_list);
	type_all(ui, "ar");
	assert_true(ui->now && ui->reset);
	/* A view without tabs knows none of this. */
	ui->n_tabs = 0;
	ui->now = false;
	type_all(ui, "caL");
	assert_true(!ui->pane && !ui->now);
}

static void test_a_group_is_found_by_the_filter(void **state)
{
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	type_all(&scene->ui, "/WEB");
	draw(scene, 24, 80, false);
	assert_int_equal(scene->ui.n_shown, 2);
	assert_string_equal(row_text(scene, 23), "Filter: WEB");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ESCAPE, 18);
	type_all(&scene->ui, "/nothing");
	draw(scene, 24, 80, false);
	assert_string_equal(row_text(scene, 6), "  nothing matches the filter");
}

static void test_the_filter_holds_in_panes(void **state)
{
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	type_all(&scene->ui, "c/exit-as");
	draw(scene, 24, 80, false);
	assert_memory_equal(row_text(scene, 2), "> 06:12:30    recovered login.example", 37);
	assert_string_equal(row_text(scene, 3), "");
	type_all(&scene->ui, "x");
	draw(scene, 24, 80, false);
	assert_string_equal(row_text(scene, 2), "  none of them is shown");
	scene->top.n_changes = 0;
	draw(scene, 24, 80, false);
	assert_string_equal(row_text(scene, 2), "  no change since the view began");
}

static void test_a_change_opens_its_target(void **state)
{
	struct scene *scene = *state;
	struct cp_live_ui *ui = &scene->ui;

	make_watch(scene, "zenn.dev");
	type_all(ui, "/inside");
	cp_live_ui_key(ui, CP_LIVE_KEY_ENTER, 18);
	type_all(ui, "c");
	draw(scene, 24, 80, false);
	cp_live_ui_key(ui, CP_LIVE_KEY_DOWN, 18); /* there is just one */
	draw(scene, 24, 80, false);
	assert_memory_equal(row_text(scene, 2), "> 06:11:33    critical  zenn.dev ", 33);
	cp_live_ui_key(ui, CP_LIVE_KEY_ENTER, 18);
	draw(scene, 24, 80, false);
	assert_true(!ui->pane && !ui->in_list);
	assert_memory_equal(row_text(scene, 0), "zenn.dev  audit web", 19);
	assert_string_equal(ui->filter, ""); /* it hid the target */
	/* What is not among the rows stays where it is. */
	type_all(ui, "c");
	cp_live_ui_key(ui, CP_LIVE_KEY_END, 18);
	draw(scene, 24, 80, false);
	assert_memory_equal(row_text(scene, 4), "> 11-28 06:12 info", 18);
	cp_live_ui_key(ui, CP_LIVE_KEY_ENTER, 18);
	draw(scene, 24, 80, false);
	assert_int_equal(ui->pane, CP_LIVE_CHANGES);
}

static void test_the_chosen_change_stays_in_sight(void **state)
{
	static struct cp_live_change changes[100];
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		changes[i] = scene->changes[1];
		changes[i].at_ms = LAB_MS + i * 1000;
	}
	scene->top.changes = changes;
	scene->top.n_changes = ARRAY_SIZE(changes);
	type_all(&scene->ui, "c");
	draw(scene, 24, 80, false);
	assert_memory_equal(row_text(scene, 2), "> 06:14:12", 10);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_PAGE_DOWN, 30);
	draw(scene, 24, 80, false);
	assert_memory_equal(row_text(scene, 21), "> 06:13:42", 10);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_END, 18);
	draw(scene, 24, 80, false);
	assert_memory_equal(row_text(scene, 21), "> 06:12:33", 10);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_HOME, 18);
	draw(scene, 24, 80, false);
	assert_memory_equal(row_text(scene, 2), "> 06:14:12", 10);
}

static void test_a_long_target_scrolls(void **state)
{
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	draw(scene, 24, 80, false);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ENTER, 18);
	draw(scene, 24, 80, false);
	assert_int_equal(scene->ui.scroll, 0);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_PAGE_DOWN, 18);
	draw(scene, 24, 80, false);
	assert_int_equal(scene->ui.scroll, 0); /* all of it is in sight */
	scene->top.n_changes = 0;
	scene->runs[0]->targets[0].n_all_paths = 9;
	scene->runs[0]->paths[0].meaning = scene->runs[0]->paths[0].as_path;
	scene->runs[0]->paths[0].e2e = scene->runs[0]->paths[0].as_path;
	scene->runs[0]->targets[0].flows = scene->runs[0]->paths[0].as_path;
	draw(scene, 24, 80, false);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_END, 18);
	draw(scene, 24, 80, false);
	assert_string_equal(row_text(scene, 18), "     7 further paths are not kept here");
}

/* ---- Sizes ---- */

static void test_the_chosen_audit_stays_in_sight(void **state)
{
	static struct cp_live_audit audits[40];
	struct scene *scene = *state;
	char name[ARRAY_SIZE(audits)][16];

	make_watch(scene, "zenn.dev");
	for (size_t i = 0; i < ARRAY_SIZE(audits); i++) {
		snprintf(name[i], sizeof(name[i]), "audit-%zu", i);
		audits[i] = (struct cp_live_audit){.name = name[i], .next_ms = 7200000 + i, .took_ms = UINT64_MAX};
	}
	audits[7].next_ms = 200000;
	scene->top.audits = audits;
	scene->top.n_audits = ARRAY_SIZE(audits);
	scene->ui.n_tabs = cp_live_top_tabs(ARRAY_SIZE(audits));
	scene->ui.tab = 31;
	cp_live_ui_arrange(&scene->ui, scene->rows, 0);
	scene->frame = NULL;
	assert_int_equal(cp_live_frame_new(24, 80, false, &scene->frame), 0);
	cp_live_top_draw(scene->frame, &scene->ui, &scene->top);
	assert_string_equal(row_text(scene, 1), "  all audits    next: audit-7 in 3 min  no result yet");
	assert_string_equal(row_text(scene, 2), "  audit-27      in 2 h                  no result yet");
	assert_string_equal(row_text(scene, 5), "> audit-30      in 2 h                  no result yet");
	assert_memory_equal(row_text(scene, 6), "  Target", 8);
}

static void test_a_single_audit_is_its_own_line(void **state)
{
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	scene->top.n_audits = 1;
	scene->ui.n_tabs = cp_live_top_tabs(1);
	scene->audits[0].status = 1;
	draw(scene, 24, 80, false);
	assert_string_equal(row_text(scene, 1), "> web           in 57 s   latest failed 1 transit, 1 unmeasured");
	assert_memory_equal(row_text(scene, 2), "  Target", 8);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_TAB, 18);
	assert_int_equal(scene->ui.tab, 0);
}

static void test_before_the_file_is_read(void **state)
{
	struct scene *scene = *state;
	struct cp_live_top top = {.agent = "", .now_ms = LAB_MS, .rate_pps = 1, .rows = scene->rows};

	scene->ui.n_tabs = cp_live_top_tabs(0);
	assert_int_equal(cp_live_frame_new(24, 80, false, &scene->frame), 0);
	cp_live_top_draw(scene->frame, &scene->ui, &top);
	assert_string_equal(row_text(scene, 1), "> all audits                            no result yet");
	assert_string_equal(row_text(scene, 22), "");
}

static void test_ending_is_said(void **state)
{
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	scene->top.is_ending = true;
	draw(scene, 24, 80, false);
	assert_string_equal(row_text(scene, 23), "ending: the run at hand stops and keeps what it has");
}

static void test_a_small_terminal_is_told_so(void **state)
{
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	draw(scene, 23, 80, false);
	assert_string_equal(row_text(scene, 0), "80x23 is too small");
	draw(scene, 1, 1, true);
}

static void test_help_fits(void **state)
{
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	type_all(&scene->ui, "?");
	draw(scene, 24, 80, true);
	for (unsigned row = 0; row < 24; row++)
		assert_null(strchr(row_text(scene, row), '~'));
	assert_string_equal(row_text(scene, 1), " Keys");
	assert_string_equal(row_text(scene, 23), "any key goes back");
}

/* Whatever the names are, on every screen. */
static void test_cells_hold_one_printable_character_each(void **state)
{
	struct scene *scene = *state;
	static char name[600];

	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = (char)(i * 7 % 255 + 1);
	name[sizeof(name) - 1] = '\0';
	make_watch(scene, name);
	scene->log[1].text = scene->changes[1].new_text = scene->top.agent = name;
	for (int i = 0; i < 8; i++) {
		bool ascii = i & 1;

		scene->ui.pane = i < 4 ? CP_LIVE_NO_PANE : i < 6 ? CP_LIVE_CHANGES : CP_LIVE_LOG;
		scene->ui.in_list = i < 2;
		draw(scene, 24, 80, ascii);
		for (unsigned k = 0; k < 24 * 80; k++) {
			const struct cp_live_cell *cell = &scene->frame->cells[k];
			unsigned char c = (unsigned char)cell->text[0];

			assert_true(c == 0 || (c >= ' ' && c != 0x7f));
			assert_true(c != 0xc2 || (unsigned char)cell->text[1] >= 0xa0); /* no C1 control */
			if (ascii)
				assert_true(c < 0x80);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_tabs_go_round, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_panes_open_and_close, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_group_is_found_by_the_filter, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_the_filter_holds_in_panes, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_change_opens_its_target, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_the_chosen_change_stays_in_sight, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_long_target_scrolls, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_the_chosen_audit_stays_in_sight, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_single_audit_is_its_own_line, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_before_the_file_is_read, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_ending_is_said, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_small_terminal_is_told_so, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_help_fits, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_cells_hold_one_printable_character_each, setup, teardown),
	};

	return cmocka_run_group_tests_name("live_top_keys", tests, NULL, NULL);
}
