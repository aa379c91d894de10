// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asdb_flatten.c: makes of overlapping rows of several layers one list of
 * segments that do not overlap. Must not know formats nor names.
 *
 * Where rows overlap, wholly or in part, the first layer wins; in a layer the
 * smallest range; among equally large ones the row that was added later (so
 * that the end of a file, or a second file, corrects what came before).
 *
 * One sweep from the lowest address to the highest, with the rows that cover
 * the current address in a heap, best on top: O(n log n).
 */
#include "asdb_impl.h"

#include <errno.h>
#include <stdlib.h>

struct heap {
	const struct cp_asdb *db;
	const struct cp_asdb_row **rows;
	size_t n;
};

static bool is_better(const struct cp_asdb *db, const struct cp_asdb_row *a, const struct cp_asdb_row *b)
{
	uint8_t layer_a = db->origins[a->origin].layer, layer_b = db->origins[b->origin].layer;
	unsigned __int128 size_a = a->last - a->first, size_b = b->last - b->first;

	if (layer_a != layer_b)
		return layer_a < layer_b;
	if (size_a != size_b)
		return size_a < size_b;
	return a->seq > b->seq;
}

static void heap_push(struct heap *heap, const struct cp_asdb_row *row)
{
	size_t i = heap->n++;

	for (; i > 0; i = (i - 1) / 2) {
		const struct cp_asdb_row *parent = heap->rows[(i - 1) / 2];

		if (!is_better(heap->db, row, parent))
			break;
		heap->rows[i] = parent;
	}
	heap->rows[i] = row;
}

static void heap_pop(struct heap *heap)
{
	const struct cp_asdb_row *row = heap->rows[--heap->n];
	size_t i = 0, child;

	for (; (child = 2 * i + 1) < heap->n; i = child) {
		if (child + 1 < heap->n && is_better(heap->db, heap->rows[child + 1], heap->rows[child]))
			child++;
		if (!is_better(heap->db, heap->rows[child], row))
			break;
		heap->rows[i] = heap->rows[child];
	}
	heap->rows[i] = row;
}

static void emit(struct cp_asdb_segments *out, unsigned __int128 first, uint32_t origin)
{
	if (out->n > 0 && out->origin[out->n - 1] == origin)
		return;
	out->first[out->n] = first;
	out->origin[out->n] = origin;
	out->n++;
}

/* rows are sorted by their first address; out has room for 2 n + 2 segments. */
static void sweep(
        const struct cp_asdb_rows *rows, unsigned __int128 max, struct heap *heap, struct cp_asdb_segments *out)
{
	const struct cp_asdb_row *next = rows->items, *end = rows->items + rows->n;
	unsigned __int128 here = 0;

	for (;;) {
		while (next < end && next->first <= here)
			heap_push(heap, next++);
		while (heap->n > 0 && heap->rows[0]->last < here)
			heap_pop(heap);
		if (heap->n == 0) {
			emit(out, here, 0);
			if (next == end)
				return;
			here = next->first;
			continue;
		}

		const struct cp_asdb_row *top = heap->rows[0];

		emit(out, here, top->origin);
		if (next < end && next->first <= top->last)
			here = next->first;
		else if (top->last == max)
			return;
		else
			here = top->last + 1;
	}
}

static int compare_first(const void *a, const void *b)
{
	const struct cp_asdb_row *row_a = a, *row_b = b;

	return (row_a->first > row_b->first) - (row_a->first < row_b->first);
}

/* Most tables come sorted, and looking costs nothing next to sorting. */
static void sort_rows(struct cp_asdb_rows *rows)
{
	for (size_t i = 1; i < rows->n; i++) {
		if (rows->items[i - 1].first > rows->items[i].first) {
			qsort(rows->items, rows->n, sizeof(*rows->items), compare_first);
			return;
		}
	}
}

static void free_segments(struct cp_asdb_segments *segments)
{
	free(segments->first);
	free(segments->origin);
}

int cp_asdb_segment_rows(const struct cp_asdb *db, struct cp_asdb_rows *rows, unsigned __int128 max,
        struct cp_asdb_segments *ret_segments)
{
	size_t room = 2 * rows->n + 2;
	struct heap heap = {.db = db, .rows = calloc(rows->n + 1, sizeof(*heap.rows))};
	struct cp_asdb_segments out = {
	        .first = calloc(room, sizeof(*out.first)),
	        .origin = calloc(room, sizeof(*out.origin)),
	};

	if (!heap.rows || !out.first || !out.origin) {
		free(heap.rows);
		free_segments(&out);
		return -ENOMEM;
	}
	sort_rows(rows);
	sweep(rows, max, &heap, &out);
	free(heap.rows);
	*ret_segments = out;
	return 0;
}

static void fill_by_top4(struct cp_asdb_table4 *table)
{
	uint32_t segment = 0;

	for (uint32_t top = 0; top < CP_ASDB_TOP4_N; top++) {
		while (segment + 1 < table->n && table->segments[segment + 1].first <= top << CP_ASDB_TOP4_SHIFT)
			segment++;
		table->by_top[top] = segment;
	}
	table->by_top[CP_ASDB_TOP4_N] = (uint32_t)table->n - 1;
}

static void fill_by_top6(struct cp_asdb_table6 *table)
{
	uint32_t segment = 0;

	for (uint32_t top = 0; top <= CP_ASDB_TOP6_N; top++) {
		uint64_t hi = CP_ASDB_TOP6_BASE + ((uint64_t)top << CP_ASDB_TOP6_SHIFT);

		while (segment + 1 < table->n &&
		        (table->first[segment + 1].hi < hi ||
		                (table->first[segment + 1].hi == hi && table->first[segment + 1].lo == 0)))
			segment++;
		table->by_top[top] = segment;
	}
}

int cp_asdb_flatten4(const struct cp_asdb *db, struct cp_asdb_rows *rows, struct cp_asdb_table4 *ret_table)
{
	struct cp_asdb_segments segments;

	if (cp_asdb_segment_rows(db, rows, UINT32_MAX, &segments) < 0)
		return -ENOMEM;

	struct cp_asdb_table4 table = {
	        .segments = calloc(segments.n, sizeof(*table.segments)),
	        .n = segments.n,
	        .by_top = calloc(CP_ASDB_TOP4_N + 1, sizeof(*table.by_top)),
	};

	if (!table.segments || !table.by_top) {
		free(table.segments);
		free(table.by_top);
		free_segments(&segments);
		return -ENOMEM;
	}
	for (size_t i = 0; i < segments.n; i++) {
		table.segments[i].first = (uint32_t)segments.first[i];
		table.segments[i].origin = segments.origin[i];
	}
	fill_by_top4(&table);
	free_segments(&segments);
	*ret_table = table;
	return 0;
}

int cp_asdb_flatten6(const struct cp_asdb *db, struct cp_asdb_rows *rows, struct cp_asdb_table6 *ret_table)
{
	struct cp_asdb_segments segments;

	if (cp_asdb_segment_rows(db, rows, ~(unsigned __int128)0, &segments) < 0)
		return -ENOMEM;

	struct cp_asdb_table6 table = {
	        .first = calloc(segments.n, sizeof(*table.first)),
	        .origin = calloc(segments.n, sizeof(*table.origin)),
	        .n = segments.n,
	        .by_top = calloc(CP_ASDB_TOP6_N + 1, sizeof(*table.by_top)),
	};

	if (!table.first || !table.origin || !table.by_top) {
		free(table.first);
		free(table.origin);
		free(table.by_top);
		free_segments(&segments);
		return -ENOMEM;
	}
	for (size_t i = 0; i < segments.n; i++) {
		table.first[i].hi = (uint64_t)(segments.first[i] >> 64);
		table.first[i].lo = (uint64_t)segments.first[i];
		table.origin[i] = segments.origin[i];
	}
	fill_by_top6(&table);
	free_segments(&segments);
	*ret_table = table;
	return 0;
}
