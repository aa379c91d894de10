// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_list.c: the screen of all paths, or of whatever the rows are: a line
 * each, the current one marked.
 */
#include <stdio.h>

#include "live.h"
#include "text.h"

#define ROW_LIST 1u
#define NAME_AT 2u
#define NAME_MIN 19u
#define NAME_ALONE_MIN 20u /* without the address beside it */
#define DETAIL_MIN 17u
#define DETAIL_FROM 110u /* columns of the screen, in which addresses have room beside changes */
#define AUDIT_FROM 100u
#define AUDIT_WIDTH 12u
#define VERDICT_WIDTH 9u /* "undecided" */
#define CONFIDENCE_WIDTH 6u
#define LOSS_WIDTH 4u
#define RTT_WIDTH 6u
#define CHANGES_WIDTH 3u
#define AS_MIN 11u

/* A width of 0: not shown. */
struct column {
	unsigned at, width;
};

struct layout {
	struct column name, audit, detail, verdict, confidence, loss, rtt, changes, as;
};

static struct column place(unsigned *at, unsigned width)
{
	struct column column = {.at = *at, .width = width};

	*at += width ? width + 1 : 0;
	return column;
}

/* What a wider screen has more is shared by name, detail and AS path, which gets most of it beside changes. */
static struct layout lay_out(const struct cp_live_frame *frame, const struct cp_live_list *list)
{
	bool has_detail = !list->changes || frame->n_columns >= DETAIL_FROM;
	unsigned name = has_detail ? NAME_MIN : NAME_ALONE_MIN, detail = has_detail ? DETAIL_MIN : 0;
	unsigned audit = list->audit && frame->n_columns >= AUDIT_FROM ? AUDIT_WIDTH : 0;
	unsigned changes = list->changes ? CHANGES_WIDTH : 0;
	unsigned fixed = NAME_AT + 1 + VERDICT_WIDTH + 1 + CONFIDENCE_WIDTH + 1 + LOSS_WIDTH + 1 + RTT_WIDTH + 1 +
	                 (changes ? changes + 1 : 0) + (audit ? audit + 1 : 0) + (detail ? detail + 1 : 0);
	unsigned share = (frame->n_columns - fixed - name - AS_MIN) / (list->changes ? 4 : 3), at = NAME_AT;
	struct layout layout;

	layout.name = place(&at, name + share);
	layout.audit = place(&at, audit);
	layout.detail = place(&at, detail ? detail + share : 0);
	layout.verdict = place(&at, VERDICT_WIDTH);
	layout.confidence = place(&at, CONFIDENCE_WIDTH);
	layout.loss = place(&at, LOSS_WIDTH);
	layout.rtt = place(&at, RTT_WIDTH);
	layout.changes = place(&at, changes);
	layout.as = place(&at, frame->n_columns - at);
	return layout;
}

static void put(struct cp_live_frame *frame, unsigned row, struct column column, unsigned attr, const char *text)
{
	if (column.width && text)
		cp_live_put(frame, row, column.at, column.width, attr, text);
}

static void put_right(struct cp_live_frame *frame, unsigned row, struct column column, const char *text)
{
	if (column.width)
		cp_live_put_right(frame, row, column.at, column.width, 0, text);
}

static void draw_titles(struct cp_live_frame *frame, unsigned row, const struct layout *layout)
{
	put(frame, row, layout->name, 0, "Target");
	put(frame, row, layout->audit, 0, "Audit");
	put(frame, row, layout->detail, 0, "Address");
	put(frame, row, layout->verdict, 0, "Verdict");
	put(frame, row, layout->confidence, 0, "Sure");
	put_right(frame, row, layout->loss, "Loss");
	put_right(frame, row, layout->rtt, "ms");
	put_right(frame, row, layout->changes, "Chg");
	put(frame, row, layout->as, 0, "AS path");
	cp_live_paint(frame, row, CP_LIVE_REVERSE);
}

const char *cp_live_say_loss(uint32_t permille, char buf[CP_NUM_MAX])
{
	bool is_small = permille && permille < 10;

	if (permille == UINT32_MAX)
		snprintf(buf, CP_NUM_MAX, "-");
	else
		snprintf(buf, CP_NUM_MAX, "%s%u%%", is_small ? "<" : "", is_small ? 1 : permille / 10);
	return buf;
}

static void draw_line(
        struct cp_live_frame *frame, unsigned at, const struct layout *layout, const struct cp_live_row *row, bool here)
{
	char words[CP_NUM_MAX] = "-";

	cp_live_put(frame, at, 0, 1, CP_LIVE_BOLD, here ? ">" : " ");
	cp_live_put(frame, at, 1, 1, CP_LIVE_BOLD, row->is_fresh ? "!" : " ");
	put(frame, at, layout->name, here ? CP_LIVE_BOLD : 0, row->name);
	put(frame, at, layout->audit, 0, row->audit);
	put(frame, at, layout->detail, 0, row->detail);
	if (row->is_judged) {
		put(frame, at, layout->verdict, cp_live_verdict_attr(row->verdict), cp_verdict_name(row->verdict));
		put(frame, at, layout->confidence, 0, cp_confidence_name(row->confidence));
	}
	put_right(frame, at, layout->loss, cp_live_say_loss(row->loss_permille, words));
	put_right(frame, at, layout->rtt, cp_text_ms(row->rtt_us, words));
	snprintf(words, sizeof(words), "%u", row->n_changes);
	put_right(frame, at, layout->changes, row->n_changes ? words : "");
	put(frame, at, layout->as, 0, row->as_path);
}

/* The current row stays in sight. */
static void follow(struct cp_live_ui *ui, uint32_t room)
{
	uint32_t place = cp_live_ui_place(ui), most = ui->n_shown > room ? ui->n_shown - room : 0;

	if (place < ui->list_top)
		ui->list_top = place;
	if (place >= ui->list_top + room)
		ui->list_top = place - room + 1;
	ui->list_top = ui->list_top < most ? ui->list_top : most;
}

void cp_live_draw_rows(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_list *list,
        const struct cp_live_row *rows, unsigned first, unsigned n_lines, const char *nothing)
{
	struct layout layout = lay_out(frame, list);
	uint32_t room = n_lines - 1;

	draw_titles(frame, first, &layout);
	follow(ui, room);
	if (!ui->n_shown)
		cp_live_put(frame, first + 1, NAME_AT, frame->n_columns, CP_LIVE_DIM, nothing);
	for (uint32_t i = 0; i < room && ui->list_top + i < ui->n_shown; i++) {
		uint32_t row = ui->order[ui->list_top + i];

		draw_line(frame, first + 1 + i, &layout, &rows[row], row == ui->current);
	}
}

void cp_live_draw_list(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_about *about,
        const struct cp_live_row *rows)
{
	const struct cp_live_list list = {.changes = false};

	cp_live_put(frame, 0, 0, frame->n_columns, CP_LIVE_BOLD, about->title);
	cp_live_draw_state(frame, ui, about);
	cp_live_draw_rows(frame, ui, &list, rows, ROW_LIST, frame->n_rows - ROW_LIST - 1, "nothing matches the filter");
}
