/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * grid.h: small tables for people: aligned columns as wide as their content,
 * one column that takes what is left, and columns that give way when the width
 * does not suffice. Knows no record.
 */
#ifndef CP_GRID_H
#define CP_GRID_H

#include "text.h"

#define CP_GRID_COLUMNS 12

struct cp_grid_column {
	const char *title;
	const char *short_title; /* used for all columns when the width is short; NULL: the title */
	bool right;
	bool flexible; /* shrinks when the width is short */
	bool optional; /* left out when every cell is "", "-" or "0" */
	unsigned give_way; /* 0: never; else left out when the width is short, highest first */
};

struct cp_grid;

int cp_grid_new(const struct cp_grid_column *columns, size_t n_columns, struct cp_grid **ret_grid); /* -ENOMEM */
void cp_grid_free(struct cp_grid *grid); /* takes NULL */
/* Adds a row of n_columns cells, which are copied. 0 or -ENOMEM. */
int cp_grid_add(struct cp_grid *grid, const char *const *cells);
/* Writes title line and rows. */
void cp_grid_print(const struct cp_grid *grid, struct cp_text *text);

#endif
