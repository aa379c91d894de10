// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_top_pane.c: what is shown instead of the list: the latest changes, and
 * the log; the newest first.
 */
#include <stdio.h>
#include <string.h>

#include "live_top_impl.h"
#include "text.h"

#define ROW_TITLE 1u
#define ROW_LINES 2u
#define WHEN_AT 2u /* behind the mark of the chosen one */
#define WORD_WIDTH 9u /* "recovered" */
#define KIND_WIDTH 12u /* "exit-as-gone" */
#define AUDIT_WIDTH 12u
#define AUDIT_FROM 100u /* columns of the screen, in which the audit has room */
#define TARGET_MIN 20u
#define TEXT_MAX 512u

/* ---- Changes ---- */

static bool is_shown(const struct cp_live_ui *ui, const struct cp_live_top *top, const struct cp_live_change *change)
{
	uint32_t number = cp_live_top_audit(top->n_audits, ui->tab);

	if (number != UINT32_MAX && strcmp(top->audits[number].name, change->audit) != 0)
		return false;
	return cp_live_ui_matches(ui, change->target) || cp_live_ui_matches(ui, change->audit) ||
	       cp_live_ui_matches(ui, change->old_text) || cp_live_ui_matches(ui, change->new_text) ||
	       cp_live_ui_matches(ui, cp_change_kind_name(change->kind)) ||
	       cp_live_ui_matches(ui, cp_live_change_word(change));
}

struct layout {
	unsigned word, audit, target, target_width, kind, text; /* audit 0: not shown */
};

static struct layout lay_out(const struct cp_live_frame *frame)
{
	bool has_audit = frame->n_columns >= AUDIT_FROM;
	struct layout layout = {.word = WHEN_AT + CP_LIVE_WHEN_WIDTH + 1};
	unsigned at = layout.word + WORD_WIDTH + 1;

	layout.audit = has_audit ? at : 0;
	at += has_audit ? AUDIT_WIDTH + 1 : 0;
	layout.target = at;
	layout.target_width = TARGET_MIN + (frame->n_columns - CP_LIVE_COLUMNS_MIN) / 4;
	layout.kind = at + layout.target_width + 1;
	layout.text = layout.kind + KIND_WIDTH + 1;
	return layout;
}

static void draw_change(
        struct cp_live_frame *frame, unsigned row, const struct cp_live_top *top, const struct cp_live_change *change)
{
	struct layout layout = lay_out(frame);
	char when[CP_LIVE_WHEN_MAX], text[TEXT_MAX];

	cp_live_put(frame, row, WHEN_AT, CP_LIVE_WHEN_WIDTH, 0, cp_live_top_when(change->at_ms, top->now_ms, when));
	cp_live_put(frame, row, layout.word, WORD_WIDTH, cp_live_change_attr(change), cp_live_change_word(change));
	if (layout.audit)
		cp_live_put(frame, row, layout.audit, AUDIT_WIDTH, 0, change->audit);
	cp_live_put(frame, row, layout.target, layout.target_width, 0, change->target);
	cp_live_put(frame, row, layout.kind, KIND_WIDTH, 0, cp_change_kind_name(change->kind));
	cp_live_put(frame, row, layout.text, frame->n_columns - layout.text, 0,
	        cp_live_change_text(change, text, sizeof(text)));
}

static void change_lines(struct cp_live_frame *frame, struct cp_live_page *page, const struct cp_live_ui *ui,
        const struct cp_live_top *top)
{
	unsigned row;

	for (uint32_t i = top->n_changes; i-- > 0;) {
		uint32_t line = page->n;

		if (!is_shown(ui, top, &top->changes[i]) || !cp_live_page_next(page, &row))
			continue;
		cp_live_put(frame, row, 0, 1, CP_LIVE_BOLD, line == ui->line ? ">" : " ");
		draw_change(frame, row, top, &top->changes[i]);
	}
	if (page->n == 0 && cp_live_page_next(page, &row))
		cp_live_put(frame, row, WHEN_AT, frame->n_columns, CP_LIVE_DIM,
		        top->n_changes ? "none of them is shown" : "no change since the view began");
}

/* The change in a line of those shown; NULL: there are not so many. Their number is left in *ret_n. */
static const struct cp_live_change *change_at(
        const struct cp_live_ui *ui, const struct cp_live_top *top, uint32_t line, uint32_t *ret_n)
{
	const struct cp_live_change *found = NULL;
	uint32_t n = 0;

	for (uint32_t i = top->n_changes; i-- > 0;) {
		if (!is_shown(ui, top, &top->changes[i]))
			continue;
		if (n++ == line)
			found = &top->changes[i];
	}
	*ret_n = n;
	return found;
}

bool cp_live_top_open(struct cp_live_ui *ui, const struct cp_live_top *top)
{
	uint32_t n;
	const struct cp_live_change *change = ui->opens ? change_at(ui, top, ui->line, &n) : NULL;

	ui->opens = false;
	for (uint32_t i = 0; change && i < top->n_rows; i++) {
		if (strcmp(top->rows[i].name, change->target) != 0 || strcmp(top->rows[i].audit, change->audit) != 0)
			continue;
		ui->current = i;
		ui->scroll = 0;
		ui->pane = CP_LIVE_NO_PANE;
		ui->in_list = false;
		ui->filter[0] = '\0';
		return true;
	}
	return false;
}

/* The chosen line is one of those there are, and in sight. */
static void follow(struct cp_live_ui *ui, const struct cp_live_top *top, uint32_t room)
{
	uint32_t n;

	change_at(ui, top, ui->line, &n);
	if (ui->line >= n)
		ui->line = n ? n - 1 : 0;
	if (ui->line < ui->scroll)
		ui->scroll = ui->line;
	if (ui->line >= ui->scroll + room)
		ui->scroll = ui->line - room + 1;
}

void cp_live_top_draw_changes(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top)
{
	struct layout layout = lay_out(frame);

	cp_live_put(frame, ROW_TITLE, WHEN_AT, CP_LIVE_WHEN_WIDTH, 0, "Time");
	cp_live_put(frame, ROW_TITLE, layout.word, WORD_WIDTH, 0, "Severity");
	if (layout.audit)
		cp_live_put(frame, ROW_TITLE, layout.audit, AUDIT_WIDTH, 0, "Audit");
	cp_live_put(frame, ROW_TITLE, layout.target, layout.target_width, 0, "Target");
	cp_live_put(frame, ROW_TITLE, layout.kind, KIND_WIDTH, 0, "Kind");
	cp_live_put(frame, ROW_TITLE, layout.text, frame->n_columns - layout.text, 0, "Old -> new");
	cp_live_paint(frame, ROW_TITLE, CP_LIVE_REVERSE);
	follow(ui, top, cp_live_page_room(frame, ROW_LINES));
	cp_live_page_draw(frame, ui, top, ROW_LINES, change_lines);
}

/* ---- The log ---- */

/* Where a line of so many columns ends: behind a blank, if there is one. */
static size_t find_break(const char *text, unsigned width)
{
	const char *end = text + strlen(text), *rest = text;
	size_t blank = 0;
	unsigned n = 0;

	while (rest < end) {
		struct cp_glyph glyph = cp_text_glyph(rest, (size_t)(end - rest));

		if (n + glyph.columns > width || (size_t)(rest - text) + glyph.taken >= TEXT_MAX)
			return blank ? blank : (size_t)(rest - text);
		n += glyph.columns;
		rest += glyph.taken;
		if (rest[-1] == ' ')
			blank = (size_t)(rest - text);
	}
	return (size_t)(rest - text);
}

/* Puts what fits of a text into a row (NULL: nowhere); returns the rest. */
static const char *put_piece(struct cp_live_frame *frame, const unsigned *row, unsigned column, const char *text)
{
	unsigned width = frame->n_columns - column;
	size_t len = find_break(text, width);
	char piece[TEXT_MAX];

	memcpy(piece, text, len);
	piece[len] = '\0';
	if (row)
		cp_live_put(frame, *row, column, width, 0, piece);
	return text + len;
}

static void log_lines(struct cp_live_frame *frame, struct cp_live_page *page, const struct cp_live_ui *ui,
        const struct cp_live_top *top)
{
	char when[CP_LIVE_WHEN_MAX];
	unsigned row;

	for (uint32_t i = top->n_log; i-- > 0;) {
		const struct cp_live_log_line *line = &top->log[i];
		const char *text = line->text;
		bool is_first = true;

		if (!cp_live_ui_matches(ui, text))
			continue;
		do {
			bool is_seen = cp_live_page_next(page, &row);

			if (is_seen && is_first)
				cp_live_put(frame, row, 0, CP_LIVE_WHEN_WIDTH, CP_LIVE_DIM,
				        cp_live_top_when(line->at_ms, top->now_ms, when));
			text = put_piece(frame, is_seen ? &row : NULL, CP_LIVE_WHEN_WIDTH + 1, text);
			is_first = false;
		} while (*text);
	}
}

void cp_live_top_draw_log(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top)
{
	cp_live_put(frame, ROW_TITLE, 0, CP_LIVE_WHEN_WIDTH, 0, "Time");
	cp_live_put(frame, ROW_TITLE, CP_LIVE_WHEN_WIDTH + 1, frame->n_columns, 0, "Log, the newest first");
	cp_live_paint(frame, ROW_TITLE, CP_LIVE_REVERSE);
	cp_live_page_draw(frame, ui, top, ROW_LINES, log_lines);
}
