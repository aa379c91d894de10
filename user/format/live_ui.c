// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_ui.c: what keys do, and which rows are shown in which order. Draws
 * nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "live.h"

#define SCROLL_MAX INT32_MAX

const char *cp_live_sort_name(enum cp_live_sort sort)
{
	static const char *const names[CP_LIVE_SORTS] = {"as given", "name", "verdict", "RTT", "loss", "changes"};

	return names[sort];
}

void cp_live_ui_init(struct cp_live_ui *ui, uint32_t n_rows)
{
	*ui = (struct cp_live_ui){.in_list = n_rows > 1};
}

void cp_live_ui_free(struct cp_live_ui *ui)
{
	free(ui->order);
	ui->order = NULL;
	ui->n_shown = ui->cap = 0;
}

/* ---- Which rows ---- */

static bool has_text(const char *where, const char *what)
{
	size_t n = strlen(what);

	for (; where && *where; where++) {
		if (strncasecmp(where, what, n) == 0)
			return true;
	}
	return n == 0;
}

/* While a filter is typed, its effect is seen already. */
bool cp_live_ui_matches(const struct cp_live_ui *ui, const char *text)
{
	return has_text(text, ui->typing ? ui->draft : ui->filter);
}

static bool is_shown(const struct cp_live_ui *ui, const struct cp_live_row *row)
{
	return cp_live_ui_matches(ui, row->name) || cp_live_ui_matches(ui, row->detail) ||
	       cp_live_ui_matches(ui, row->as_path) || cp_live_ui_matches(ui, row->group) ||
	       (row->is_judged && cp_live_ui_matches(ui, cp_verdict_name(row->verdict)));
}

struct comparison {
	const struct cp_live_row *rows;
	enum cp_live_sort sort;
};

static int by_number(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* The worst first; what is not known last. */
static int by_worst(uint32_t a, uint32_t b)
{
	if (a == UINT32_MAX || b == UINT32_MAX)
		return by_number(a, b);
	return by_number(b, a);
}

static int compare(const void *a_ptr, const void *b_ptr, void *ctx)
{
	const struct comparison *comparison = ctx;
	uint32_t i = *(const uint32_t *)a_ptr, j = *(const uint32_t *)b_ptr;
	const struct cp_live_row *a = &comparison->rows[i], *b = &comparison->rows[j];
	int order = 0;

	switch (comparison->sort) {
	case CP_LIVE_BY_NAME:
		order = strcmp(a->name, b->name);
		break;
	case CP_LIVE_BY_VERDICT:
		order = by_worst(a->is_judged ? a->verdict : UINT32_MAX, b->is_judged ? b->verdict : UINT32_MAX);
		break;
	case CP_LIVE_BY_RTT:
		order = by_worst(a->rtt_us, b->rtt_us);
		break;
	case CP_LIVE_BY_LOSS:
		order = by_worst(a->loss_permille, b->loss_permille);
		break;
	case CP_LIVE_BY_CHANGES:
		order = by_worst(a->n_changes, b->n_changes);
		break;
	default:
		break;
	}
	return order ? order : by_number(i, j);
}

int cp_live_ui_arrange(struct cp_live_ui *ui, const struct cp_live_row *rows, uint32_t n_rows)
{
	struct comparison comparison = {rows, ui->sort};
	bool found = false;

	if (ui->cap < n_rows) {
		uint32_t *order = reallocarray(ui->order, n_rows, sizeof(*order));

		if (!order)
			return -ENOMEM;
		ui->order = order;
		ui->cap = n_rows;
	}
	ui->n_shown = 0;
	for (uint32_t i = 0; i < n_rows; i++) {
		if (!is_shown(ui, &rows[i]))
			continue;
		ui->order[ui->n_shown++] = i;
		found |= i == ui->current;
	}
	if (ui->n_shown > 1)
		qsort_r(ui->order, ui->n_shown, sizeof(*ui->order), compare, &comparison);
	if (!found && ui->n_shown) {
		ui->current = ui->order[0];
		ui->scroll = 0;
	}
	return 0;
}

uint32_t cp_live_ui_place(const struct cp_live_ui *ui)
{
	for (uint32_t i = 0; i < ui->n_shown; i++) {
		if (ui->order[i] == ui->current)
			return i;
	}
	return 0;
}

/* ---- Keys ---- */

/* To another row; past the last comes the first only if it wraps. */
static void move(struct cp_live_ui *ui, int64_t by, bool wraps)
{
	int64_t n = ui->n_shown, place = (int64_t)cp_live_ui_place(ui) + by;

	if (!n)
		return;
	if (wraps)
		place = (place % n + n) % n;
	else
		place = place < 0 ? 0 : place >= n ? n - 1 : place;
	if (ui->current == ui->order[place])
		return;
	ui->current = ui->order[place];
	ui->scroll = 0;
}

/* The drawing cuts what is too much. */
static void add(uint32_t *line, int64_t by)
{
	int64_t to = (int64_t)*line + by;

	*line = to < 0 ? 0 : to > SCROLL_MAX ? SCROLL_MAX : (uint32_t)to;
}

static void go(struct cp_live_ui *ui, int64_t by)
{
	if (ui->pane == CP_LIVE_CHANGES)
		add(&ui->line, by);
	else if (ui->in_list && !ui->pane)
		move(ui, by, false);
	else
		add(&ui->scroll, by);
}

/* Escape and Enter end the typing, the former as if there had been none. */
static void type(struct cp_live_ui *ui, uint32_t key)
{
	size_t len = strlen(ui->draft);

	if (key == CP_LIVE_KEY_ENTER || key == CP_LIVE_KEY_ESCAPE) {
		if (key == CP_LIVE_KEY_ENTER)
			memcpy(ui->filter, ui->draft, sizeof(ui->filter));
		ui->typing = false;
	} else if (key == CP_LIVE_KEY_BACKSPACE && len) {
		ui->draft[len - 1] = '\0';
	} else if (key >= ' ' && key <= '~' && len + 1 < sizeof(ui->draft)) {
		ui->draft[len] = (char)key;
		ui->draft[len + 1] = '\0';
	}
}

/* A pane is opened at its latest line; the same key closes it. */
static void turn_to(struct cp_live_ui *ui, enum cp_live_pane pane)
{
	if (!ui->n_tabs)
		return;
	ui->pane = ui->pane == pane ? CP_LIVE_NO_PANE : pane;
	ui->scroll = ui->line = 0;
}

static void open_chosen(struct cp_live_ui *ui)
{
	if (ui->pane == CP_LIVE_CHANGES)
		ui->opens = true;
	else if (ui->pane)
		turn_to(ui, CP_LIVE_NO_PANE);
	else
		ui->in_list = false;
}

static void escape(struct cp_live_ui *ui)
{
	if (ui->pane)
		turn_to(ui, CP_LIVE_NO_PANE);
	else if (ui->filter[0])
		ui->filter[0] = '\0';
	else
		ui->in_list = true;
}

/* To the next tab where there are several lists, else to the next row. */
static void tab(struct cp_live_ui *ui, int by)
{
	if (ui->n_tabs && (ui->in_list || ui->pane))
		ui->tab = (uint32_t)(((int64_t)ui->tab + by + ui->n_tabs) % ui->n_tabs);
	else
		move(ui, by, true);
}

static void walk(struct cp_live_ui *ui, uint32_t key, uint32_t page)
{
	switch (key) {
	case CP_LIVE_KEY_UP:
	case 'k':
		go(ui, -1);
		break;
	case CP_LIVE_KEY_DOWN:
	case 'j':
		go(ui, 1);
		break;
	case CP_LIVE_KEY_PAGE_UP:
		go(ui, -(int64_t)page);
		break;
	case CP_LIVE_KEY_PAGE_DOWN:
		go(ui, page);
		break;
	case CP_LIVE_KEY_HOME:
		go(ui, -(int64_t)UINT32_MAX);
		break;
	case CP_LIVE_KEY_END:
		go(ui, UINT32_MAX);
		break;
	case CP_LIVE_KEY_TAB:
	case CP_LIVE_KEY_RIGHT:
		tab(ui, 1);
		break;
	case CP_LIVE_KEY_BACK_TAB:
	case CP_LIVE_KEY_LEFT:
		tab(ui, -1);
		break;
	default:
		break;
	}
}

/* What is shown, and how. */
static void look(struct cp_live_ui *ui, uint32_t key, uint32_t page)
{
	switch (key) {
	case 'd':
		ui->columns = (ui->columns + 1) % CP_LIVE_COLUMN_SETS;
		break;
	case 'n':
		ui->addresses = !ui->addresses;
		break;
	case 's':
		ui->sort = (ui->sort + 1) % CP_LIVE_SORTS;
		break;
	case 'c':
		turn_to(ui, CP_LIVE_CHANGES);
		break;
	case 'L':
		turn_to(ui, CP_LIVE_LOG);
		break;
	case 'l':
		ui->in_list = !ui->in_list || ui->pane;
		ui->pane = CP_LIVE_NO_PANE;
		break;
	case CP_LIVE_KEY_ENTER:
		open_chosen(ui);
		break;
	case CP_LIVE_KEY_ESCAPE:
		escape(ui);
		break;
	default:
		walk(ui, key, page);
	}
}

void cp_live_ui_key(struct cp_live_ui *ui, uint32_t key, uint32_t page)
{
	if (ui->typing) {
		type(ui, key);
		return;
	}
	if (ui->help) {
		ui->help = key == CP_LIVE_KEY_NONE;
		ui->quit = key == 'q';
		return;
	}
	switch (key) {
	case 'q':
		ui->quit = true;
		break;
	case 'p':
		ui->paused = !ui->paused;
		break;
	case 'r':
		ui->reset = true;
		break;
	case 'a':
		ui->now = ui->n_tabs > 0;
		break;
	case '?':
	case 'h':
		ui->help = true;
		break;
	case '/':
		ui->typing = true;
		ui->draft[0] = '\0';
		break;
	default:
		look(ui, key, page);
	}
}
