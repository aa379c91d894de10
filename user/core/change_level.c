// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * change_level.c: a number that is measured run after run, and when it has
 * shifted: by the median and the median absolute deviation of its last values
 * (Hampel's identifier; 1.4826 makes a deviation of the normal distribution's
 * out of it). Must not know what the number means.
 */
#include <stdlib.h>
#include <string.h>

#include "change_impl.h"

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The lower one of an even number. */
static uint32_t median(uint32_t *values, unsigned n)
{
	qsort(values, n, sizeof(values[0]), compare);
	return values[(n - 1) / 2];
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

static uint32_t median_of(const struct cp_level *level, uint32_t *ret_mad)
{
	uint32_t values[CP_LEVEL_MAX], middle;

	memcpy(values, level->values, level->n * sizeof(values[0]));
	middle = median(values, level->n);
	for (unsigned i = 0; i < level->n; i++)
		values[i] = distance(values[i], middle);
	*ret_mad = median(values, level->n);
	return middle;
}

static bool is_outside(const struct cp_level_limits *limits, uint32_t value, uint32_t middle, uint32_t mad)
{
	uint64_t away = distance(value, middle);

	if (value > middle ? !limits->up : !limits->down)
		return false;
	return away > limits->absolute && away * 100 > (uint64_t)limits->pct * middle &&
	       away * 10000 > (uint64_t)limits->mad_factor * mad * 14826;
}

static void keep(struct cp_level *level, uint32_t value)
{
	level->values[level->next] = value;
	level->next = (uint8_t)((level->next + 1) % CP_LEVEL_MAX);
	if (level->n < CP_LEVEL_MAX)
		level->n++;
}

/* What was usual is forgotten; what is now is learned anew. */
static enum cp_step settle(struct cp_level *level)
{
	level->n = level->next = 0;
	level->window = level->n_window = 0;
	level->active = false;
	return CP_STEP_SETTLED;
}

static enum cp_step go_on(struct cp_level *level, const struct cp_change_rule *rule, unsigned in_window)
{
	if (level->n_active < UINT16_MAX)
		level->n_active++;
	if (!in_window && level->n_window >= rule->m) {
		level->active = false;
		return CP_STEP_OVER;
	}
	if (rule->n_settle && level->n_active >= rule->n_settle)
		return settle(level);
	return CP_STEP_NOTHING;
}

enum cp_step cp_level_step(struct cp_level *level, const struct cp_level_limits *limits,
        const struct cp_change_rule *rule, uint32_t value, uint64_t at_ms, uint32_t *ret_usual)
{
	unsigned mask = (1u << rule->m) - 1, in_window;
	uint32_t usual, mad;
	bool outside;

	if (level->n == 0 || (level->n < limits->n_min && !level->active)) {
		keep(level, value);
		return CP_STEP_NOTHING;
	}
	usual = median_of(level, &mad);
	outside = is_outside(limits, value, usual, mad);
	*ret_usual = usual;
	if (outside) {
		if (!level->active && !(level->window & (mask >> 1)))
			level->first_ms = at_ms;
		level->last_ms = at_ms;
		level->value = value;
	}
	level->window = (uint8_t)(level->window << 1 | outside);
	if (level->n_window < CP_CHANGE_WINDOW_MAX)
		level->n_window++;
	in_window = level->window & mask;
	if (level->active)
		return go_on(level, rule, in_window);
	if (outside && __builtin_popcount(in_window) >= rule->n) {
		level->active = true;
		level->n_active = 0;
		return CP_STEP_FIRED;
	}
	keep(level, value);
	return CP_STEP_NOTHING;
}
