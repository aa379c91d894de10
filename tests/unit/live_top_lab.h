/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_top_lab.h: a watch as its view is told of it, for the tests of its
 * screens and keys.
 */
#ifndef CP_TEST_LIVE_TOP_LAB_H
#define CP_TEST_LIVE_TOP_LAB_H

#include "live_lab.h"

#define N_AUDITS 3

struct scene {
	struct cp_asdb *asdb;
	struct fixture fix;
	struct cp_live_ui ui;
	struct cp_live_audit audits[N_AUDITS];
	struct cp_live_run *runs[N_AUDITS];
	struct cp_live_row rows[8];
	struct cp_live_change changes[3];
	struct cp_live_log_line log[2];
	struct cp_live_top top;
	struct cp_live_frame *frame;
};

static inline int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->asdb = make_asdb();
	cp_live_ui_init(&scene->ui, 2);
	*state = scene;
	return 0;
}

static inline int teardown(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < N_AUDITS; i++)
		cp_live_run_free(scene->runs[i]);
	cp_live_frame_free(scene->frame);
	cp_live_ui_free(&scene->ui);
	cp_asdb_free(scene->asdb);
	free(scene);
	return 0;
}

/* ---- A watch ---- */

/* Of one target or two: a transit, and one that does not resolve. */
static inline void make_run(struct scene *scene, uint32_t number, const char *host, bool has_both)
{
	struct cp_live_run *run = lab_run();
	struct fixture *fix = &scene->fix;

	lab_path(fix, scene->asdb, host, "203.0.113.9", has_both ? 3491 : 0);
	fix->target.group = "web";
	assert_int_equal(cp_live_run_path(run, &fix->rec), 0);
	fix->path.flow = 1;
	lab_add(run, fix);
	fix_target(fix, "nosuch.example", NULL);
	if (has_both)
		lab_target(run, fix, false, "dns_nxdomain");
	assert_int_equal(cp_live_run_finish(run, NULL, 1), 0);
	scene->runs[number] = run;
}

static inline void make_changes(struct scene *scene, const char *host)
{
	scene->changes[0] = (struct cp_live_change){.at_ms = LAB_MS - 86400000,
	        .audit = "web",
	        .target = "other.example",
	        .old_text = "8075",
	        .new_text = "8075, 13335",
	        .kind = CP_CHANGE_DNS,
	        .is_muted = true};
	scene->changes[1] = (struct cp_live_change){.at_ms = LAB_MS - 60000,
	        .audit = "web",
	        .target = host,
	        .old_text = "inside",
	        .new_text = "transit",
	        .kind = CP_CHANGE_VERDICT,
	        .severity = CP_SEVERITY_CRITICAL};
	scene->changes[2] = (struct cp_live_change){.at_ms = LAB_MS - 3000,
	        .audit = "dns",
	        .target = "login.example",
	        .old_text = "13335",
	        .new_text = "3491",
	        .kind = CP_CHANGE_EXIT_GONE,
	        .state = CP_CHANGE_RECOVERED,
	        .severity = CP_SEVERITY_WARNING};
}

/* One waits and had results, one runs, one has never run. */
static inline void make_watch(struct scene *scene, const char *host)
{
	make_run(scene, 0, host, true);
	make_run(scene, 1, "login.example", false);
	make_changes(scene, host);
	cp_live_run_change(scene->runs[0], host);
	scene->audits[0] = (struct cp_live_audit){
	        .name = "web", .next_ms = 57900, .took_ms = 2100, .status = 4, .run = scene->runs[0]};
	scene->audits[1] = (struct cp_live_audit){.name = "dns",
	        .is_running = true,
	        .phase = "pass 2",
	        .n_done = 31,
	        .n_total = 100,
	        .took_ms = 900,
	        .run = scene->runs[1]};
	scene->audits[2] =
	        (struct cp_live_audit){.name = "a-long-name-of-an-audit", .next_ms = 0, .took_ms = UINT64_MAX};
	scene->log[0] = (struct cp_live_log_line){.at_ms = LAB_MS - 60000, .text = "web: 2 targets"};
	scene->log[1] = (struct cp_live_log_line){.at_ms = LAB_MS - 1000,
	        .text = "warning: web: 1 addresses cannot be probed: 203.0.113.77: no route to it, and no more is "
	                "known of it \x1b[2J"};
	scene->top = (struct cp_live_top){.agent = "vm-westeurope-1",
	        .now_ms = LAB_MS,
	        .rate_pps = 10000,
	        .audits = scene->audits,
	        .n_audits = N_AUDITS,
	        .rows = scene->rows,
	        .changes = scene->changes,
	        .n_changes = ARRAY_SIZE(scene->changes),
	        .log = scene->log,
	        .n_log = ARRAY_SIZE(scene->log)};
	scene->ui.n_tabs = cp_live_top_tabs(N_AUDITS);
}

/* As the program does: the rows of the tab, and the current one's run. */
static inline void draw(struct scene *scene, unsigned n_rows, unsigned n_columns, bool ascii)
{
	struct cp_live_top *top = &scene->top;
	uint32_t only = cp_live_top_audit(top->n_audits, scene->ui.tab), n = 0, of[8], which[8];

	for (uint32_t i = 0; i < top->n_audits; i++) {
		const struct cp_live_run *run = scene->audits[i].run;

		for (uint32_t k = 0; run && (only == UINT32_MAX || only == i) && k < run->n_targets; k++) {
			scene->rows[n] = run->rows[k];
			scene->rows[n].audit = scene->audits[i].name;
			of[n] = i;
			which[n++] = k;
		}
	}
	cp_live_frame_free(scene->frame);
	scene->frame = NULL;
	assert_int_equal(cp_live_frame_new(n_rows, n_columns, ascii, &scene->frame), 0);
	top->n_rows = n;
	assert_int_equal(cp_live_ui_arrange(&scene->ui, scene->rows, n), 0);
	if (cp_live_top_open(&scene->ui, top))
		assert_int_equal(cp_live_ui_arrange(&scene->ui, scene->rows, n), 0);
	top->run = NULL;
	if (scene->ui.n_shown) {
		top->audit = &scene->audits[of[scene->ui.current]];
		top->run = top->audit->run;
		top->target = which[scene->ui.current];
	}
	cp_live_top_draw(scene->frame, &scene->ui, top);
}

static inline void type_all(struct cp_live_ui *ui, const char *text)
{
	for (; *text; text++)
		cp_live_ui_key(ui, (uint32_t)*text, 18);
}

/* These lines, then empty ones, then the last two. */
static inline void assert_screen(
        const struct cp_live_frame *frame, const char *const *lines, size_t n, const char *const last[2])
{
	char text[1024];

	for (unsigned row = 0; row < frame->n_rows; row++) {
		const char *expected = row < n                    ? lines[row]
		                       : row >= frame->n_rows - 2 ? last[row - (frame->n_rows - 2)]
		                                                  : "";

		assert_string_equal(cp_live_row_text(frame, row, text, sizeof(text)), expected);
	}
}

static inline const char *row_text(const struct scene *scene, unsigned row)
{
	static char text[1024];

	return cp_live_row_text(scene->frame, row, text, sizeof(text));
}

#endif
