// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_draw.c: which screen is drawn, and what they have in common: the state
 * in the first row, keys and messages in the last, the help, and the word that
 * a terminal is too small.
 */
#include <stdio.h>
#include <string.h>

#include "live.h"
#include "phrase.h"
#include "text.h"

unsigned cp_live_verdict_attr(enum cp_verdict verdict)
{
	static const unsigned attrs[] = {
	        [CP_PLAIN] = CP_LIVE_PLAIN,
	        [CP_BOLD] = CP_LIVE_BOLD,
	        [CP_DIM] = CP_LIVE_DIM,
	        [CP_GREEN] = CP_LIVE_GREEN,
	        [CP_CYAN] = CP_LIVE_CYAN,
	        [CP_YELLOW] = CP_LIVE_YELLOW,
	        [CP_RED] = CP_LIVE_RED,
	};

	return attrs[cp_phrase_color(verdict)];
}

void cp_live_draw_state(struct cp_live_frame *frame, const struct cp_live_ui *ui, const struct cp_live_about *about)
{
	char words[160], filter[80] = "";
	unsigned n;

	if (ui->filter[0])
		snprintf(filter, sizeof(filter), "  /%s", ui->filter);
	snprintf(words, sizeof(words), "  %s%u/%u%s  %s%s  round %u%s", ui->in_list ? "" : "path ",
	        ui->n_shown ? cp_live_ui_place(ui) + 1 : 0, ui->n_shown, filter, ui->sort ? "by " : "",
	        ui->sort ? cp_live_sort_name(ui->sort) : "", about->n_rounds, ui->paused ? "  PAUSED" : "");
	n = cp_text_columns(words);
	n = n < frame->n_columns ? n : frame->n_columns;
	cp_live_put(frame, 0, frame->n_columns - n, n, ui->paused ? CP_LIVE_YELLOW | CP_LIVE_BOLD : 0, words);
}

void cp_live_draw_typing(struct cp_live_frame *frame, const struct cp_live_ui *ui, unsigned row)
{
	unsigned n = cp_live_put(frame, row, 0, frame->n_columns, CP_LIVE_BOLD, "Filter: ");

	n += cp_live_put(frame, row, n, frame->n_columns - n, 0, ui->draft);
	cp_live_put(frame, row, n, 1, CP_LIVE_REVERSE, " ");
}

static void draw_last_row(
        struct cp_live_frame *frame, const struct cp_live_ui *ui, const struct cp_live_about *about, bool is_list)
{
	static const char list_keys[] = "q quit  p pause  r reset  Enter open  s sort  / filter  ? help";
	static const char path_keys[] =
	        "q quit  p pause  r reset  Tab next  l list  d columns  n names  / filter  ? help";
	unsigned row = frame->n_rows - 1;

	if (ui->typing) {
		cp_live_draw_typing(frame, ui, row);
	} else if (about->message) {
		cp_live_put(frame, row, 0, frame->n_columns, CP_LIVE_YELLOW, about->message);
	} else {
		cp_live_put(frame, row, 0, frame->n_columns, CP_LIVE_DIM, is_list ? list_keys : path_keys);
	}
}

void cp_live_draw_help(struct cp_live_frame *frame, const char *const *lines, size_t n)
{
	for (unsigned i = 0; i < n; i++)
		cp_live_put(frame, i + 1, 1, frame->n_columns - 1, lines[i][0] == ' ' ? 0 : CP_LIVE_BOLD, lines[i]);
	cp_live_put(frame, frame->n_rows - 1, 0, frame->n_columns, CP_LIVE_DIM, "any key goes back");
}

static void draw_help(struct cp_live_frame *frame)
{
	static const char *const lines[] = {
	        "Keys",
	        "  q  quit                      p  pause and go on",
	        "  ?  this help                 r  reset: forget what was counted",
	        "  Tab, Shift-Tab, left, right  next and previous path",
	        "  up, down, PgUp, PgDn         scroll; in the list: move",
	        "  l, Enter, Esc                list of all paths; open one; back",
	        "  /  filter: name, address, AS path or verdict; Esc takes it off",
	        "  s  sort the list             d  other columns",
	        "  n  names or addresses of routers",
	        "",
	        "Columns",
	        "  >  the first hop outside     !  changed in the last 10 rounds",
	        "  Asked  rounds in which this TTL was asked; Loss: those without an answer.",
	        "         Routers may limit their answers: only loss that goes on to the end is",
	        "  Last ... StDev  round-trip time in milliseconds",
	        "  Recent  the last rounds, the latest on the right; x: no answer, ?: no time",
	        "  *  nobody answered in the last 10 rounds",
	        "",
	        "Colours: home green, other ASes yellow, exchange points magenta, private dim",
	};

	cp_live_draw_help(frame, lines, sizeof(lines) / sizeof(lines[0]));
}

bool cp_live_draw_too_small(struct cp_live_frame *frame)
{
	char words[96];

	if (frame->n_rows >= CP_LIVE_ROWS_MIN && frame->n_columns >= CP_LIVE_COLUMNS_MIN)
		return false;
	snprintf(words, sizeof(words), "%ux%u is too small", frame->n_columns, frame->n_rows);
	cp_live_put(frame, 0, 0, frame->n_columns, 0, words);
	snprintf(words, sizeof(words), "wants %ux%u; q quits", CP_LIVE_COLUMNS_MIN, CP_LIVE_ROWS_MIN);
	cp_live_put(frame, 1, 0, frame->n_columns, 0, words);
	return true;
}

void cp_live_draw(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_about *about,
        const struct cp_live_row *rows, const struct cp_live_shown *shown)
{
	cp_live_frame_clear(frame);
	if (cp_live_draw_too_small(frame))
		return;
	if (ui->help) {
		draw_help(frame);
		return;
	}
	if (ui->in_list || !shown)
		cp_live_draw_list(frame, ui, about, rows);
	else
		cp_live_draw_path(frame, ui, about, shown);
	draw_last_row(frame, ui, about, ui->in_list || !shown);
}
