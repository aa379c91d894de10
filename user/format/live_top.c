// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_top.c: which screen of a watch is drawn, what they have in common, and
 * the first one: a line an audit, and the list of targets below.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "live_top_impl.h"
#include "phrase.h"
#include "text.h"

#define AUDITS_MAX 5u /* lines, on the smallest screen */
#define ROWS_AN_AUDIT 4u /* further rows that make room for another */
#define BOTTOM 2u /* rows: the latest log line, the keys */
#define CLOCK_AT 18u
#define AUDIT_AT 2u
#define AUDIT_WIDTH 13u
#define STATE_AT 16u
#define STATE_WIDTH 23u
#define TOOK_AT 26u
#define COUNTS_AT 40u
#define MSEC_PER_SEC 1000u
#define SEC_PER_DAY 86400u

uint32_t cp_live_top_tabs(uint32_t n_audits)
{
	return n_audits > 1 ? n_audits + 1 : 1;
}

uint32_t cp_live_top_audit(uint32_t n_audits, uint32_t tab)
{
	if (n_audits == 1)
		return 0;
	return tab ? tab - 1 : UINT32_MAX;
}

/* ---- Words ---- */

static const char *say_clock(uint64_t ms, char buf[CP_LIVE_WHEN_MAX])
{
	unsigned s = (unsigned)(ms / MSEC_PER_SEC % SEC_PER_DAY);

	snprintf(buf, CP_LIVE_WHEN_MAX, "%02u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	return buf;
}

const char *cp_live_top_when(uint64_t at_ms, uint64_t now_ms, char buf[CP_LIVE_WHEN_MAX])
{
	uint64_t s = at_ms / MSEC_PER_SEC;
	char date[CP_NUM_MAX], clock[CP_LIVE_WHEN_MAX];

	if (s / SEC_PER_DAY == now_ms / MSEC_PER_SEC / SEC_PER_DAY)
		return say_clock(at_ms, buf);
	cp_text_date(s, date);
	snprintf(buf, CP_LIVE_WHEN_MAX, "%.5s %.5s", strchr(date, '-') + 1, say_clock(at_ms, clock));
	return buf;
}

/* "4.2 s", "57 s", "12 min", "5 h". */
static const char *say_span(uint64_t ms, char buf[CP_NUM_MAX])
{
	uint64_t s = ms / MSEC_PER_SEC;

	if (ms < 10 * MSEC_PER_SEC)
		snprintf(buf, CP_NUM_MAX, "%.1f s", (double)ms / MSEC_PER_SEC);
	else if (s < 120)
		snprintf(buf, CP_NUM_MAX, "%" PRIu64 " s", s);
	else if (s < 7200)
		snprintf(buf, CP_NUM_MAX, "%" PRIu64 " min", s / 60);
	else
		snprintf(buf, CP_NUM_MAX, "%" PRIu64 " h", s / 3600);
	return buf;
}

const char *cp_live_change_text(const struct cp_live_change *change, char *buf, size_t size)
{
	snprintf(buf, size, "%s -> %s%s", change->old_text, change->new_text, change->is_muted ? " (muted)" : "");
	return buf;
}

unsigned cp_live_change_attr(const struct cp_live_change *change)
{
	static const unsigned attrs[] = {CP_LIVE_CYAN, CP_LIVE_YELLOW, CP_LIVE_RED | CP_LIVE_BOLD};

	return change->state == CP_CHANGE_CHANGED ? attrs[change->severity] : CP_LIVE_GREEN;
}

const char *cp_live_change_word(const struct cp_live_change *change)
{
	return change->state == CP_CHANGE_CHANGED ? cp_change_severity_name(change->severity)
	                                          : cp_change_state_name(change->state);
}

/* ---- Pages ---- */

bool cp_live_page_next(struct cp_live_page *page, unsigned *ret_row)
{
	uint32_t line = page->n++;

	if (line < page->scroll || line - page->scroll >= page->room)
		return false;
	*ret_row = page->first + (line - page->scroll);
	return true;
}

unsigned cp_live_page_room(const struct cp_live_frame *frame, unsigned first)
{
	return frame->n_rows - first - BOTTOM;
}

void cp_live_page_draw(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top,
        unsigned first, cp_live_page_fn lines)
{
	struct cp_live_page count = {.first = first};
	struct cp_live_page page = {.first = first, .room = cp_live_page_room(frame, first)};

	lines(frame, &count, ui, top);
	if (count.n <= page.room)
		ui->scroll = 0;
	else if (ui->scroll > count.n - page.room)
		ui->scroll = count.n - page.room;
	page.scroll = ui->scroll;
	lines(frame, &page, ui, top);
}

/* ---- Top and bottom ---- */

/* "2/15  by RTT", "changes of all audits". */
static void say_place(const struct cp_live_ui *ui, const struct cp_live_top *top, char *buf, size_t size)
{
	uint32_t only = cp_live_top_audit(top->n_audits, ui->tab);

	if (ui->pane == CP_LIVE_LOG)
		snprintf(buf, size, "log");
	else if (ui->pane)
		snprintf(buf, size, "changes of %.40s", only == UINT32_MAX ? "all audits" : top->audits[only].name);
	else
		snprintf(buf, size, "%u/%u%s%s", ui->n_shown ? cp_live_ui_place(ui) + 1 : 0, ui->n_shown,
		        ui->sort ? "  by " : "", ui->sort ? cp_live_sort_name(ui->sort) : "");
}

static void draw_head(struct cp_live_frame *frame, const struct cp_live_ui *ui, const struct cp_live_top *top)
{
	char words[200], clock[CP_LIVE_WHEN_MAX], rate[CP_NUM_MAX], filter[80] = "", place[80];
	unsigned n;

	if (ui->filter[0])
		snprintf(filter, sizeof(filter), "  /%s", ui->filter);
	say_place(ui, top, place, sizeof(place));
	snprintf(words, sizeof(words), "  %s%s%s", place, filter, ui->paused ? "  PAUSED" : "");
	n = cp_text_columns(words);
	n = n < frame->n_columns ? n : frame->n_columns;
	cp_live_put(frame, 0, frame->n_columns - n, n, ui->paused ? CP_LIVE_YELLOW | CP_LIVE_BOLD : 0, words);
	n = frame->n_columns - n;
	cp_live_put(frame, 0, 0, n, CP_LIVE_BOLD, "coldpotato watch");
	snprintf(words, sizeof(words), "%s UTC  %s/s  %s", say_clock(top->now_ms, clock),
	        cp_text_count(top->rate_pps, rate), top->agent);
	if (n > CLOCK_AT)
		cp_live_put(frame, 0, CLOCK_AT, n - CLOCK_AT, 0, words);
}

static void draw_bottom(
        struct cp_live_frame *frame, const struct cp_live_ui *ui, const struct cp_live_top *top, const char *keys)
{
	const struct cp_live_log_line *line = top->n_log ? &top->log[top->n_log - 1] : NULL;
	unsigned row = frame->n_rows - BOTTOM, n;
	char when[CP_LIVE_WHEN_MAX];
	bool is_loud;

	if (line && ui->pane != CP_LIVE_LOG) {
		is_loud = strncmp(line->text, "warning: ", 9) == 0 || strncmp(line->text, "change: ", 8) == 0;
		n = cp_live_put(
		        frame, row, 0, frame->n_columns, CP_LIVE_DIM, cp_live_top_when(line->at_ms, top->now_ms, when));
		cp_live_put(frame, row, n + 1, frame->n_columns, is_loud ? CP_LIVE_YELLOW : CP_LIVE_PLAIN, line->text);
	}
	if (ui->typing)
		cp_live_draw_typing(frame, ui, row + 1);
	else if (top->is_ending)
		cp_live_put(frame, row + 1, 0, frame->n_columns, CP_LIVE_YELLOW,
		        "ending: the run at hand stops and keeps what it has");
	else
		cp_live_put(frame, row + 1, 0, frame->n_columns, CP_LIVE_DIM, keys);
}

/* ---- Audits ---- */

/* "pass 2  31%". */
static const char *say_progress(const struct cp_live_audit *audit, char *buf, size_t size)
{
	uint64_t done = audit->n_done < audit->n_total ? audit->n_done : audit->n_total;

	if (audit->n_total)
		snprintf(buf, size, "%s  %" PRIu64 "%%", audit->phase ? audit->phase : "", done * 100 / audit->n_total);
	else
		snprintf(buf, size, "%s", audit->phase ? audit->phase : "");
	return buf;
}

static bool has_failed(const struct cp_live_audit *audit)
{
	return audit->took_ms != UINT64_MAX && (audit->status == 1 || audit->status == 2);
}

static void draw_audit_state(
        struct cp_live_frame *frame, unsigned row, const struct cp_live_audit *audit, bool is_paused)
{
	char words[100], progress[64], next[CP_NUM_MAX], took[CP_NUM_MAX];
	unsigned attr = CP_LIVE_PLAIN;

	if (audit->is_running) {
		snprintf(words, sizeof(words), "running  %s", say_progress(audit, progress, sizeof(progress)));
		attr = CP_LIVE_BOLD;
	} else if (is_paused) {
		snprintf(words, sizeof(words), "held");
		attr = CP_LIVE_YELLOW;
	} else if (audit->next_ms == 0) {
		snprintf(words, sizeof(words), "due");
	} else {
		snprintf(words, sizeof(words), "in %s", say_span(audit->next_ms, next));
	}
	cp_live_put(frame, row, STATE_AT, STATE_WIDTH, attr, words);
	if (audit->is_running || audit->took_ms == UINT64_MAX)
		return;
	if (has_failed(audit))
		cp_live_put(frame, row, TOOK_AT, COUNTS_AT - TOOK_AT - 1, CP_LIVE_RED, "latest failed");
	else if (audit->status == 3)
		cp_live_put(frame, row, TOOK_AT, COUNTS_AT - TOOK_AT - 1, CP_LIVE_RED, "policy broken");
	else {
		snprintf(words, sizeof(words), "took %s", say_span(audit->took_ms, took));
		cp_live_put(frame, row, TOOK_AT, COUNTS_AT - TOOK_AT - 1, CP_LIVE_DIM, words);
	}
}

/* Targets by verdict, the worst first. */
static void draw_counts(struct cp_live_frame *frame, unsigned row, const uint32_t verdicts[CP_VERDICTS],
        uint32_t n_unmeasured, bool has_run)
{
	unsigned at = COUNTS_AT;
	char words[64];

	if (!has_run)
		cp_live_put(frame, row, at, frame->n_columns, CP_LIVE_DIM, "no result yet");
	for (int i = CP_VERDICTS - 1; i >= 0; i--) {
		if (!verdicts[i])
			continue;
		if (at > COUNTS_AT)
			at += cp_live_put(frame, row, at, 2, 0, ", ");
		snprintf(words, sizeof(words), "%u %s", verdicts[i], cp_verdict_name((enum cp_verdict)i));
		at += cp_live_put(frame, row, at, frame->n_columns, cp_live_verdict_attr((enum cp_verdict)i), words);
	}
	snprintf(words, sizeof(words), "%s%u unmeasured", at > COUNTS_AT ? ", " : "", n_unmeasured);
	if (n_unmeasured)
		cp_live_put(frame, row, at, frame->n_columns, CP_LIVE_DIM, words);
}

/* What goes on: who runs, or who is next. */
static void draw_all_state(struct cp_live_frame *frame, unsigned row, const struct cp_live_top *top, bool is_paused)
{
	const struct cp_live_audit *running = NULL, *next = NULL;
	char words[200], progress[64], span[CP_NUM_MAX];
	unsigned attr = CP_LIVE_PLAIN;

	for (uint32_t i = 0; i < top->n_audits; i++) {
		if (top->audits[i].is_running)
			running = &top->audits[i];
		if (!next || top->audits[i].next_ms < next->next_ms)
			next = &top->audits[i];
	}
	if (!next)
		return; /* the file is still being read */
	if (running) {
		snprintf(words, sizeof(words), "%.100s: %s", running->name,
		        say_progress(running, progress, sizeof(progress)));
		attr = CP_LIVE_BOLD;
	} else if (is_paused) {
		snprintf(words, sizeof(words), "paused: none begins");
		attr = CP_LIVE_YELLOW;
	} else {
		snprintf(words, sizeof(words), "next: %.100s in %s", next->name, say_span(next->next_ms, span));
	}
	cp_live_put(frame, row, STATE_AT, STATE_WIDTH, attr, words);
}

static void draw_all(
        struct cp_live_frame *frame, unsigned row, const struct cp_live_ui *ui, const struct cp_live_top *top)
{
	uint32_t verdicts[CP_VERDICTS] = {0}, n_unmeasured = 0;
	bool has_run = false;

	for (uint32_t i = 0; i < top->n_audits; i++) {
		const struct cp_live_run *run = top->audits[i].run;

		for (int k = 0; run && k < CP_VERDICTS; k++)
			verdicts[k] += run->verdicts[k];
		n_unmeasured += run ? run->n_unmeasured : 0;
		has_run |= run != NULL;
	}
	draw_all_state(frame, row, top, ui->paused);
	draw_counts(frame, row, verdicts, n_unmeasured, has_run);
}

static void draw_tab(struct cp_live_frame *frame, unsigned row, const struct cp_live_ui *ui,
        const struct cp_live_top *top, uint32_t tab)
{
	uint32_t number = cp_live_top_audit(top->n_audits, tab);
	const struct cp_live_audit *audit = number == UINT32_MAX ? NULL : &top->audits[number];
	static const uint32_t none[CP_VERDICTS];
	bool is_here = tab == ui->tab;

	cp_live_put(frame, row, 0, 1, CP_LIVE_BOLD, is_here ? ">" : " ");
	cp_live_put(frame, row, AUDIT_AT, AUDIT_WIDTH, is_here ? CP_LIVE_BOLD : 0, audit ? audit->name : "all audits");
	if (!audit) {
		draw_all(frame, row, ui, top);
		return;
	}
	draw_audit_state(frame, row, audit, ui->paused);
	draw_counts(frame, row, audit->run ? audit->run->verdicts : none, audit->run ? audit->run->n_unmeasured : 0,
	        audit->run != NULL);
}

/* All together stay in sight, and the chosen one. Returns the lines. */
static unsigned draw_audits(
        struct cp_live_frame *frame, unsigned row, const struct cp_live_ui *ui, const struct cp_live_top *top)
{
	uint32_t n_tabs = cp_live_top_tabs(top->n_audits), from = 1;
	unsigned n = AUDITS_MAX + (frame->n_rows - CP_LIVE_ROWS_MIN) / ROWS_AN_AUDIT;

	n = n < n_tabs ? n : n_tabs;
	if (ui->tab >= n)
		from = ui->tab - n + 2;
	draw_tab(frame, row, ui, top, 0);
	for (uint32_t i = 1; i < n; i++)
		draw_tab(frame, row + i, ui, top, from + i - 1);
	return n;
}

/* ---- Screens ---- */

static const char list_keys[] = "q quit  p pause  a now  Tab next  Enter open  c changes  L log  / filter  ? help";
static const char target_keys[] = "q quit  p pause  a now  Tab next  l list  n addresses  c changes  L log  ? help";
static const char pane_keys[] = "q quit  p pause  Tab next audit  Enter open  Esc back  / filter  ? help";

static void draw_list(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top)
{
	struct cp_live_list list = {.changes = true, .audit = cp_live_top_audit(top->n_audits, ui->tab) == UINT32_MAX};
	bool is_filtered = ui->filter[0] || (ui->typing && ui->draft[0]);
	unsigned row = 1;

	draw_head(frame, ui, top);
	row += draw_audits(frame, row, ui, top);
	cp_live_draw_rows(frame, ui, &list, top->rows, row, frame->n_rows - row - BOTTOM,
	        is_filtered ? "nothing matches the filter" : "no result yet");
}

static void draw_help(struct cp_live_frame *frame)
{
	static const char *const lines[] = {
	        "Keys",
	        "  q  quit: the run at hand stops and keeps what it has",
	        "  p  pause and go on: no audit begins; the run at hand goes on to its end",
	        "  a  audit now: the chosen audit, or all of them, as soon as none runs",
	        "  r  reset: forget the changes that were counted",
	        "  Tab, Shift-Tab, left, right  next and previous audit; of a target: target",
	        "  up, down, PgUp, PgDn, Home, End  move; in a target, or a pane: scroll",
	        "  Enter, Esc, l  open a target, also that of a change; back to the list",
	        "  /  filter: name, group, address, AS path or verdict; Esc takes it off",
	        "  s  sort: as given, by name, or the worst verdict, RTT, loss, changes first",
	        "  n  names or addresses of routers",
	        "  c  latest changes            L  log            ?  this help",
	        "",
	        "Columns",
	        "  !     changed in the latest 10 runs      Chg  changes since the start, or r",
	        "  Sure  confidence of its worst path, whose AS path it is",
	        "  Loss  end to end where e2e asks for that; else paths without an answer of",
	        "        their destination",
	        "  ms    median round trip of its destinations",
	        "",
	        "Times are UTC; the rate is of all audits together, in packets a second.",
	};

	cp_live_draw_help(frame, lines, sizeof(lines) / sizeof(lines[0]));
}

void cp_live_top_draw(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top)
{
	const char *keys = pane_keys;

	cp_live_frame_clear(frame);
	if (cp_live_draw_too_small(frame))
		return;
	if (ui->help) {
		draw_help(frame);
		return;
	}
	if (ui->pane) {
		draw_head(frame, ui, top);
		if (ui->pane == CP_LIVE_CHANGES)
			cp_live_top_draw_changes(frame, ui, top);
		else
			cp_live_top_draw_log(frame, ui, top);
	} else if (ui->in_list || !top->run) {
		draw_list(frame, ui, top);
		keys = list_keys;
	} else {
		cp_live_top_draw_target(frame, ui, top);
		keys = target_keys;
	}
	draw_bottom(frame, ui, top, keys);
}
