// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * grid.c: the layout of small tables. Owns copies of the cells.
 */
#include "grid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FLEXIBLE_MIN 12 /* before other columns give way */
#define FLEXIBLE_LEAST 4 /* when none is left to */

struct cp_grid {
	struct cp_grid_column columns[CP_GRID_COLUMNS];
	size_t n_columns;
	char **cells; /* row by row */
	size_t n_cells, cap;
};

/* How the columns lie in one width. */
struct layout {
	unsigned widths[CP_GRID_COLUMNS]; /* 0: not shown */
	bool left_out[CP_GRID_COLUMNS]; /* gave way */
	unsigned gap;
	bool short_titles;
};

int cp_grid_new(const struct cp_grid_column *columns, size_t n_columns, struct cp_grid **ret_grid)
{
	struct cp_grid *grid = calloc(1, sizeof(*grid));

	if (!grid)
		return -ENOMEM;
	memcpy(grid->columns, columns, n_columns * sizeof(*columns));
	grid->n_columns = n_columns;
	*ret_grid = grid;
	return 0;
}

void cp_grid_free(struct cp_grid *grid)
{
	if (!grid)
		return;
	for (size_t i = 0; i < grid->n_cells; i++)
		free(grid->cells[i]);
	free(grid->cells);
	free(grid);
}

int cp_grid_add(struct cp_grid *grid, const char *const *cells)
{
	size_t n_before = grid->n_cells;

	if (grid->n_cells + grid->n_columns > grid->cap) {
		size_t cap = (grid->cap + grid->n_columns) * 2;
		char **grown = realloc(grid->cells, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		grid->cells = grown;
		grid->cap = cap;
	}
	for (size_t i = 0; i < grid->n_columns; i++) {
		grid->cells[grid->n_cells] = strdup(cells[i]);
		if (!grid->cells[grid->n_cells])
			goto undo;
		grid->n_cells++;
	}
	return 0;
undo:
	while (grid->n_cells > n_before)
		free(grid->cells[--grid->n_cells]);
	return -ENOMEM;
}

static const char *title(const struct cp_grid *grid, size_t column, bool short_titles)
{
	const struct cp_grid_column *c = &grid->columns[column];

	return short_titles && c->short_title ? c->short_title : c->title;
}

static bool says_nothing(const char *cell)
{
	return !*cell || strcmp(cell, "-") == 0 || strcmp(cell, "0") == 0;
}

/* The width that shows all of a column; 0 when it has nothing to show. */
static unsigned full_width(const struct cp_grid *grid, size_t column, bool short_titles)
{
	unsigned widest = cp_text_columns(title(grid, column, short_titles));
	bool empty = true;

	for (size_t i = column; i < grid->n_cells; i += grid->n_columns) {
		unsigned columns = cp_text_columns(grid->cells[i]);

		widest = columns > widest ? columns : widest;
		empty &= says_nothing(grid->cells[i]);
	}
	return empty && grid->columns[column].optional ? 0 : widest;
}

static unsigned total(const struct cp_grid *grid, const struct layout *layout)
{
	unsigned sum = 0;

	for (size_t i = 0; i < grid->n_columns; i++)
		sum += layout->widths[i] ? layout->widths[i] + layout->gap : 0;
	return sum ? sum - layout->gap : 0;
}

/* Takes what is missing from the flexible columns, down to `least` each; true when that was enough. */
static bool squeeze(const struct cp_grid *grid, struct layout *layout, unsigned width, unsigned least)
{
	unsigned need = total(grid, layout);

	for (size_t i = 0; i < grid->n_columns && need > width; i++) {
		unsigned missing = need - width, spare;

		if (!grid->columns[i].flexible || layout->widths[i] <= least)
			continue;
		spare = layout->widths[i] - least;
		layout->widths[i] -= missing < spare ? missing : spare;
		need -= missing < spare ? missing : spare;
	}
	return need <= width;
}

/* Leaves out the column that gives way first; false when none is left to. */
static bool leave_out(const struct cp_grid *grid, struct layout *layout)
{
	size_t first = grid->n_columns;

	for (size_t i = 0; i < grid->n_columns; i++) {
		if (layout->widths[i] && grid->columns[i].give_way &&
		        (first == grid->n_columns || grid->columns[i].give_way > grid->columns[first].give_way))
			first = i;
	}
	if (first == grid->n_columns)
		return false;
	layout->left_out[first] = true;
	return true;
}

static bool try_fit(const struct cp_grid *grid, struct layout *layout, unsigned width, unsigned least)
{
	for (size_t i = 0; i < grid->n_columns; i++)
		layout->widths[i] = layout->left_out[i] ? 0 : full_width(grid, i, layout->short_titles);
	return squeeze(grid, layout, width, least);
}

static struct layout lay_out(const struct cp_grid *grid, unsigned width)
{
	struct layout layout = {.gap = 2};

	if (try_fit(grid, &layout, width, FLEXIBLE_MIN))
		return layout;
	layout.short_titles = true;
	if (try_fit(grid, &layout, width, FLEXIBLE_MIN))
		return layout;
	layout.gap = 1;
	while (!try_fit(grid, &layout, width, FLEXIBLE_MIN)) {
		if (leave_out(grid, &layout))
			continue;
		try_fit(grid, &layout, width, FLEXIBLE_LEAST);
		break;
	}
	return layout;
}

static const char *cell_at(const struct cp_grid *grid, const struct layout *layout, size_t row, size_t column)
{
	return row ? grid->cells[(row - 1) * grid->n_columns + column] : title(grid, column, layout->short_titles);
}

void cp_grid_print(const struct cp_grid *grid, struct cp_text *text)
{
	struct layout layout = lay_out(grid, text->width);
	size_t n_rows = grid->n_cells / grid->n_columns;

	for (size_t row = 0; row <= n_rows; row++) {
		unsigned at = 0;

		if (!row)
			cp_text_color(text, CP_BOLD);
		for (size_t i = 0; i < grid->n_columns; i++) {
			if (!layout.widths[i])
				continue;
			if (at)
				cp_text_tab(text, at);
			cp_text_cell(text, cell_at(grid, &layout, row, i), layout.widths[i], grid->columns[i].right);
			at += layout.widths[i] + layout.gap;
		}
		cp_text_newline(text);
	}
}
