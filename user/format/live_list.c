// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_list.c: the screen of all paths, or of whatever the rows are: a line
 * each, the current one marked.
 */
#include <stdio.h>

#include "live.h"
#include "text.h"

#define ROW_TITLES 1u
#define ROW_LINES 2u
#define NAME_AT 2u
#define NAME_MIN 19u
#define DETAIL_MIN 17u
#define VERDICT_WIDTH 9u /* "undecided" */
#define CONFIDENCE_WIDTH 6u
#define LOSS_WIDTH 4u
#define RTT_WIDTH 6u
#define AS_MIN 11u

struct layout {
	unsigned name_width, detail, detail_width, verdict, confidence, loss, rtt, as, as_width;
};

/* What a wider screen has more is shared by name, detail and AS path. */
static struct layout lay_out(const struct cp_live_frame *frame)
{
	unsigned fixed = NAME_AT + 1 + 1 + VERDICT_WIDTH + 1 + CONFIDENCE_WIDTH + 1 + LOSS_WIDTH + 1 + RTT_WIDTH + 1;
	unsigned least = fixed + NAME_MIN + DETAIL_MIN + AS_MIN; /* CP_LIVE_COLUMNS_MIN */
	unsigned left = frame->n_columns - least;
	struct layout layout = {.name_width = NAME_MIN + left / 3, .detail_width = DETAIL_MIN + left / 3};

	layout.detail = NAME_AT + layout.name_width + 1;
	layout.verdict = layout.detail + layout.detail_width + 1;
	layout.confidence = layout.verdict + VERDICT_WIDTH + 1;
	layout.loss = layout.confidence + CONFIDENCE_WIDTH + 1;
	layout.rtt = layout.loss + LOSS_WIDTH + 1;
	layout.as = layout.rtt + RTT_WIDTH + 1;
	layout.as_width = frame->n_columns - layout.as;
	return layout;
}

static void draw_titles(struct cp_live_frame *frame, const struct layout *layout)
{
	cp_live_put(frame, ROW_TITLES, NAME_AT, layout->name_width, 0, "Target");
	cp_live_put(frame, ROW_TITLES, layout->detail, layout->detail_width, 0, "Address");
	cp_live_put(frame, ROW_TITLES, layout->verdict, VERDICT_WIDTH, 0, "Verdict");
	cp_live_put(frame, ROW_TITLES, layout->confidence, CONFIDENCE_WIDTH, 0, "Sure");
	cp_live_put_right(frame, ROW_TITLES, layout->loss, LOSS_WIDTH, 0, "Loss");
	cp_live_put_right(frame, ROW_TITLES, layout->rtt, RTT_WIDTH, 0, "ms");
	cp_live_put(frame, ROW_TITLES, layout->as, layout->as_width, 0, "AS path");
	cp_live_paint(frame, ROW_TITLES, CP_LIVE_REVERSE);
}

static void draw_line(
        struct cp_live_frame *frame, unsigned at, const struct layout *layout, const struct cp_live_row *row, bool here)
{
	char words[CP_NUM_MAX] = "-";

	cp_live_put(frame, at, 0, 1, CP_LIVE_BOLD, here ? ">" : " ");
	cp_live_put(frame, at, 1, 1, CP_LIVE_BOLD, row->is_fresh ? "!" : " ");
	cp_live_put(frame, at, NAME_AT, layout->name_width, here ? CP_LIVE_BOLD : 0, row->name);
	cp_live_put(frame, at, layout->detail, layout->detail_width, 0, row->detail ? row->detail : "");
	if (row->is_judged) {
		cp_live_put(frame, at, layout->verdict, VERDICT_WIDTH, cp_live_verdict_attr(row->verdict),
		        cp_verdict_name(row->verdict));
		cp_live_put(frame, at, layout->confidence, CONFIDENCE_WIDTH, 0, cp_confidence_name(row->confidence));
	}
	if (row->loss_permille != UINT32_MAX)
		snprintf(words, sizeof(words), "%s%u%%", row->loss_permille && row->loss_permille < 10 ? "<" : "",
		        row->loss_permille && row->loss_permille < 10 ? 1 : row->loss_permille / 10);
	cp_live_put_right(frame, at, layout->loss, LOSS_WIDTH, 0, words);
	cp_live_put_right(frame, at, layout->rtt, RTT_WIDTH, 0, cp_text_ms(row->rtt_us, words));
	cp_live_put(frame, at, layout->as, layout->as_width, 0, row->as_path ? row->as_path : "");
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

void cp_live_draw_list(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_about *about,
        const struct cp_live_row *rows)
{
	struct layout layout = lay_out(frame);
	uint32_t room = frame->n_rows - ROW_LINES - 1;

	cp_live_put(frame, 0, 0, frame->n_columns, CP_LIVE_BOLD, about->title);
	cp_live_draw_state(frame, ui, about);
	draw_titles(frame, &layout);
	follow(ui, room);
	if (!ui->n_shown)
		cp_live_put(frame, ROW_LINES, NAME_AT, frame->n_columns, CP_LIVE_DIM, "nothing matches the filter");
	for (uint32_t i = 0; i < room && ui->list_top + i < ui->n_shown; i++) {
		uint32_t row = ui->order[ui->list_top + i];

		draw_line(frame, ROW_LINES + i, &layout, &rows[row], row == ui->current);
	}
}
