// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_compare.c: joins the paths of two runs target by target, compares
 * what is in both, and puts the worst first. Which two paths are different,
 * rundiff_rules.c knows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rundiff_impl.h"

/* Not measured is worse than any verdict. */
static int rank_of(int8_t verdict)
{
	return verdict < 0 ? CP_VERDICTS : verdict;
}

/* ---- Paths, target by target ---- */

static int compare_paths(const void *a, const void *b, void *ctx)
{
	const struct cp_rundiff_path *paths = ctx;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int order = cp_addr_cmp(&paths[i].dest, &paths[k].dest);

	if (order)
		return order;
	if (paths[i].flow != paths[k].flow)
		return paths[i].flow < paths[k].flow ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* Lines up the paths of one run by target, and those of a target by address and flow. */
static int line_up(struct cp_rundiff *diff, enum cp_rundiff_side side)
{
	struct cp_rundiff_path *paths = diff->paths[side];
	size_t n = diff->n_paths[side], n_targets = diff->n_targets;
	uint32_t *first = calloc(n_targets + 2, sizeof(*first));
	uint32_t *of = reallocarray(NULL, n + 1, sizeof(*of));

	diff->first_of[side] = first;
	diff->paths_of[side] = of;
	if (!first || !of)
		return -ENOMEM;
	/* One place further on than in the end: filling moves each to where the next one begins. */
	for (size_t i = 0; i < n; i++)
		first[paths[i].target + 2]++;
	for (size_t t = 0; t < n_targets; t++)
		first[t + 2] += first[t + 1];
	for (size_t i = 0; i < n; i++)
		of[first[paths[i].target + 1]++] = (uint32_t)i;
	for (size_t t = 0; t < n_targets; t++)
		qsort_r(of + first[t], first[t + 1] - first[t], sizeof(*of), compare_paths, paths);
	return 0;
}

/* ---- Totals of a run ---- */

static void add_totals(const struct cp_rundiff *diff, enum cp_rundiff_side side, struct cp_rundiff_totals *totals)
{
	totals->n_paths = diff->n_paths[side];
	for (size_t i = 0; i < diff->n_paths[side]; i++) {
		const struct cp_rundiff_path *path = &diff->paths[side][i];

		if (path->verdict >= 0)
			totals->paths[path->verdict]++;
		totals->n_reached += path->reached == 1;
		totals->n_exits += path->has_exit;
		totals->n_hops += path->n_hops;
		totals->n_hops_seen += path->n_hops_seen;
		totals->n_e2e_sent += path->flow == 0 ? path->e2e.n_sent : 0;
		totals->n_e2e_received += path->flow == 0 ? path->e2e.n_received : 0;
	}
	for (size_t t = 0; t < diff->n_targets; t++) {
		const struct cp_rundiff_view *view = &diff->targets[t].views[side];

		totals->n_targets += view->is_present;
		if (view->is_present && view->verdict >= 0)
			totals->targets[view->verdict]++;
	}
}

/* ---- Views of a target ---- */

static bool is_worse(const struct cp_rundiff *diff, enum cp_rundiff_side side, uint32_t path, uint32_t than)
{
	return than == CP_RUNDIFF_NONE || diff->paths[side][path].verdict > diff->paths[side][than].verdict;
}

static void view_target(struct cp_rundiff *diff, enum cp_rundiff_side side, uint32_t target)
{
	struct cp_rundiff_view *view = &diff->targets[target].views[side];
	const uint32_t *of = diff->paths_of[side];
	uint32_t first = diff->first_of[side][target], end = diff->first_of[side][target + 1];
	int8_t worst = -1;

	view->n_paths = end - first;
	for (uint32_t i = first; i < end; i++) {
		if (is_worse(diff, side, of[i], view->shown))
			view->shown = of[i];
	}
	if (view->shown != CP_RUNDIFF_NONE)
		worst = diff->paths[side][view->shown].verdict;
	/* Cut off before its record. */
	if (!view->addresses)
		view->verdict = worst;
}

/* ---- Pairs ---- */

static int add_pair(struct cp_rundiff *diff, uint32_t before, uint32_t after, uint32_t changes)
{
	int rc = cp_rundiff_grow(&diff->pairs, &diff->pairs_cap, diff->n_pairs, sizeof(*diff->pairs));

	if (rc)
		return rc;
	diff->pairs[diff->n_pairs++] = (struct cp_rundiff_pair){{before, after}, changes};
	for (int i = 0; i < CP_RD_MAX; i++)
		diff->result.n_path_changes[i] += changes >> i & 1;
	return 0;
}

static int take_alone(struct cp_rundiff *diff, enum cp_rundiff_side side, uint32_t path)
{
	const struct cp_rundiff_target *target = &diff->targets[diff->paths[side][path].target];
	enum cp_rundiff_side other = side == CP_BEFORE ? CP_AFTER : CP_BEFORE;

	diff->result.n_paths_only[side]++;
	/* Of a target that is in one run only, the target says it. */
	if (!target->views[other].is_present || diff->limits.is_cut[other])
		return 0;
	return side == CP_BEFORE ? add_pair(diff, path, CP_RUNDIFF_NONE, CP_RD_BIT(CP_RD_GONE))
	                         : add_pair(diff, CP_RUNDIFF_NONE, path, CP_RD_BIT(CP_RD_NEW));
}

/* The pair that stands for its target: the worst after, and of those the worst before. */
static void maybe_show(
        struct cp_rundiff *diff, struct cp_rundiff_target *target, uint32_t before, uint32_t after, bool is_first)
{
	struct cp_rundiff_view *views = target->views;
	int by_after =
	        is_first ? 1
	                 : diff->paths[CP_AFTER][after].verdict - diff->paths[CP_AFTER][views[CP_AFTER].shown].verdict;
	int by_before = is_first ? 1
	                         : diff->paths[CP_BEFORE][before].verdict -
	                                   diff->paths[CP_BEFORE][views[CP_BEFORE].shown].verdict;

	if (by_after < 0 || (by_after == 0 && by_before <= 0))
		return;
	views[CP_BEFORE].shown = before;
	views[CP_AFTER].shown = after;
}

static int take_both(
        struct cp_rundiff *diff, struct cp_rundiff_target *target, uint32_t before, uint32_t after, bool is_first)
{
	const struct cp_rundiff_path *left = &diff->paths[CP_BEFORE][before], *right = &diff->paths[CP_AFTER][after];
	uint32_t changes = cp_rundiff_compare_paths(left, right, &diff->limits);

	diff->result.n_paths_both++;
	diff->result.n_as_paths_silent += cp_rundiff_compare_as(left->as_path, right->as_path) == CP_RD_AS_SILENT;
	maybe_show(diff, target, before, after, is_first);
	target->path_changes |= changes;
	return changes ? add_pair(diff, before, after, changes) : 0;
}

static int compare_keys(const struct cp_rundiff_path *a, const struct cp_rundiff_path *b)
{
	int order = cp_addr_cmp(&a->dest, &b->dest);

	return order ? order : a->flow < b->flow ? -1 : a->flow > b->flow;
}

static int worst_pair_first(const void *a, const void *b)
{
	const struct cp_rundiff_pair *left = a, *right = b;
	int by = __builtin_ctz(left->changes) - __builtin_ctz(right->changes);

	if (by)
		return by;
	/* As they came. */
	for (int side = 0; side < CP_SIDES; side++) {
		if (left->paths[side] != right->paths[side])
			return left->paths[side] < right->paths[side] ? -1 : 1;
	}
	return 0;
}

/* Merges the two lines of paths of one target. Equal keys meet in the order in which they came. */
static int pair_up(struct cp_rundiff *diff, uint32_t number)
{
	struct cp_rundiff_target *target = &diff->targets[number];
	const uint32_t *before = diff->paths_of[CP_BEFORE] + diff->first_of[CP_BEFORE][number];
	const uint32_t *before_end = diff->paths_of[CP_BEFORE] + diff->first_of[CP_BEFORE][number + 1];
	const uint32_t *after = diff->paths_of[CP_AFTER] + diff->first_of[CP_AFTER][number];
	const uint32_t *after_end = diff->paths_of[CP_AFTER] + diff->first_of[CP_AFTER][number + 1];
	bool is_first = true;
	int rc = 0;

	target->first_pair = (uint32_t)diff->n_pairs;
	while (rc == 0 && (before < before_end || after < after_end)) {
		int order = before == before_end ? 1
		            : after == after_end
		                    ? -1
		                    : compare_keys(&diff->paths[CP_BEFORE][*before], &diff->paths[CP_AFTER][*after]);

		if (order < 0) {
			rc = take_alone(diff, CP_BEFORE, *before++);
		} else if (order > 0) {
			rc = take_alone(diff, CP_AFTER, *after++);
		} else {
			rc = take_both(diff, target, *before++, *after++, is_first);
			is_first = false;
		}
	}
	target->n_pairs = (uint32_t)diff->n_pairs - target->first_pair;
	if (target->n_pairs > 1)
		qsort(diff->pairs + target->first_pair, target->n_pairs, sizeof(*diff->pairs), worst_pair_first);
	return rc;
}

/* ---- Targets ---- */

static uint32_t compare_answers(const struct cp_rundiff_view *before, const struct cp_rundiff_view *after)
{
	uint32_t changes = 0;

	if (!before->dns || !after->dns || !before->addresses || !after->addresses)
		return 0;
	/* A name that does not resolve has neither. */
	if (strcmp(before->dns, after->dns) != 0)
		return CP_RD_BIT(CP_RD_DNS);
	if (before->addresses != after->addresses)
		changes |= CP_RD_BIT(CP_RD_ADDRESSES);
	if (before->cname != after->cname)
		changes |= CP_RD_BIT(CP_RD_CNAME);
	return changes;
}

static uint32_t compare_target(const struct cp_rundiff *diff, const struct cp_rundiff_target *target)
{
	const struct cp_rundiff_view *before = &target->views[CP_BEFORE], *after = &target->views[CP_AFTER];
	uint32_t changes;

	if (!after->is_present)
		return diff->limits.is_cut[CP_AFTER] ? 0 : CP_RD_BIT(CP_RD_GONE);
	if (!before->is_present)
		return diff->limits.is_cut[CP_BEFORE] ? 0 : CP_RD_BIT(CP_RD_NEW);
	changes = compare_answers(before, after);
	if (before->verdict != after->verdict)
		changes |= CP_RD_BIT(rank_of(after->verdict) > rank_of(before->verdict) ? CP_RD_WORSE : CP_RD_BETTER);
	return changes;
}

static int take_target(struct cp_rundiff *diff, uint32_t number)
{
	struct cp_rundiff_target *target = &diff->targets[number];
	struct cp_rundiff_result *result = &diff->result;
	int rc;

	view_target(diff, CP_BEFORE, number);
	view_target(diff, CP_AFTER, number);
	target->changes = compare_target(diff, target);
	for (int i = 0; i < CP_RD_MAX; i++)
		result->n_target_changes[i] += target->changes >> i & 1;
	if (!target->views[CP_BEFORE].is_present)
		result->n_targets_only[CP_AFTER]++;
	else if (!target->views[CP_AFTER].is_present)
		result->n_targets_only[CP_BEFORE]++;
	else
		result->n_targets_both++;
	rc = pair_up(diff, number);
	if ((target->changes | target->path_changes) & CP_RD_NEWS ||
	        target->changes & (CP_RD_BIT(CP_RD_GONE) | CP_RD_BIT(CP_RD_NEW)))
		result->has_news = true;
	if ((target->changes | target->path_changes) & (CP_RD_BIT(CP_RD_WORSE) | CP_RD_BIT(CP_RD_UNREACHED)))
		result->has_worse = true;
	return rc;
}

/* ---- Order ---- */

static bool is_different(const struct cp_rundiff_target *target)
{
	return target->changes || target->n_pairs;
}

/* How bad: the worst change, its own before its paths'. Paths in one run only come with the addresses. */
static int badness(const struct cp_rundiff_target *target)
{
	int own = target->changes ? 2 * __builtin_ctz(target->changes) : 2 * CP_RD_MAX;
	int paths = target->path_changes ? 2 * __builtin_ctz(target->path_changes) + 1 : 2 * CP_RD_MAX;
	int worst = own < paths ? own : paths;

	return is_different(target) ? worst : 2 * CP_RD_MAX + 1;
}

static int worst_target_first(const void *a, const void *b, void *ctx)
{
	const struct cp_rundiff_target *targets = ctx;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int by = badness(&targets[i]) - badness(&targets[k]);

	by = by ? by : rank_of(targets[k].views[CP_AFTER].verdict) - rank_of(targets[i].views[CP_AFTER].verdict);
	by = by ? by : rank_of(targets[i].views[CP_BEFORE].verdict) - rank_of(targets[k].views[CP_BEFORE].verdict);
	if (by)
		return by;
	return i < k ? -1 : i > k;
}

static int sort_targets(struct cp_rundiff *diff)
{
	diff->order = reallocarray(NULL, diff->n_targets + 1, sizeof(*diff->order));
	if (!diff->order)
		return -ENOMEM;
	for (size_t i = 0; i < diff->n_targets; i++) {
		diff->order[i] = (uint32_t)i;
		diff->result.n_different += is_different(&diff->targets[i]);
	}
	qsort_r(diff->order, diff->n_targets, sizeof(*diff->order), worst_target_first, diff->targets);
	return 0;
}

/* ---- Shifts of times ---- */

static int compare_shifts(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

/* Of an even number of values, the lower one of the two in the middle. */
static int64_t median(int64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare_shifts);
	return values[(n - 1) / 2];
}

typedef uint32_t time_of_fn(const struct cp_rundiff_path *path);

static uint32_t time_of_dest(const struct cp_rundiff_path *path)
{
	return path->rtt_dest_us;
}

static uint32_t time_of_exit(const struct cp_rundiff_path *path)
{
	return path->rtt_exit_us;
}

/* 0: unknown, or told with another flow. */
static uint32_t time_end_to_end(const struct cp_rundiff_path *path)
{
	return path->flow == 0 && path->e2e.n_sent && path->e2e.rtt_us != UINT32_MAX ? path->e2e.rtt_us : 0;
}

/* Differences, or their thousandths of the time before, of all paths in both runs. */
static size_t collect(struct cp_rundiff *diff, time_of_fn *time_of, bool is_exit, bool relative)
{
	size_t n = 0;

	for (uint32_t t = 0; t < diff->n_targets; t++) {
		uint32_t i = diff->first_of[CP_BEFORE][t], k = diff->first_of[CP_AFTER][t];

		while (i < diff->first_of[CP_BEFORE][t + 1] && k < diff->first_of[CP_AFTER][t + 1]) {
			const struct cp_rundiff_path *before = &diff->paths[CP_BEFORE][diff->paths_of[CP_BEFORE][i]];
			const struct cp_rundiff_path *after = &diff->paths[CP_AFTER][diff->paths_of[CP_AFTER][k]];
			int order = compare_keys(before, after);
			int64_t from = time_of(before), to = time_of(after);

			i += order <= 0;
			k += order >= 0;
			if (order || !from || !to || (is_exit && before->exit_asn != after->exit_asn))
				continue;
			diff->shifts[n++] = relative ? (to - from) * 1000 / from : to - from;
		}
	}
	return n;
}

static struct cp_rundiff_shift find_shift(struct cp_rundiff *diff, time_of_fn *time_of, bool is_exit)
{
	struct cp_rundiff_shift shift = {.n = collect(diff, time_of, is_exit, false)};

	if (!shift.n)
		return shift;
	shift.median_us = median(diff->shifts, shift.n);
	collect(diff, time_of, is_exit, true);
	shift.median_permille = median(diff->shifts, shift.n);
	return shift;
}

/* ---- All of it ---- */

static int compare(struct cp_rundiff *diff)
{
	int rc = line_up(diff, CP_BEFORE);

	rc = rc ? rc : line_up(diff, CP_AFTER);
	for (uint32_t t = 0; t < diff->n_targets && rc == 0; t++)
		rc = take_target(diff, t);
	rc = rc ? rc : sort_targets(diff);
	rc = rc ? rc : cp_rundiff_count_exits(diff);
	if (rc)
		return rc;
	diff->shifts = reallocarray(NULL, diff->result.n_paths_both + 1, sizeof(*diff->shifts));
	if (!diff->shifts)
		return -ENOMEM;
	diff->result.dest_shift = find_shift(diff, time_of_dest, false);
	diff->result.exit_shift = find_shift(diff, time_of_exit, true);
	diff->result.e2e_shift = find_shift(diff, time_end_to_end, false);
	return 0;
}

int cp_rundiff_compare(
        struct cp_rundiff *diff, const struct cp_rundiff_limits *limits, const struct cp_rundiff_result **ret_result)
{
	struct cp_rundiff_result *result = &diff->result;
	int rc;

	diff->limits = *limits;
	rc = compare(diff);
	if (rc)
		return rc;
	for (int side = 0; side < CP_SIDES; side++) {
		result->paths[side] = diff->paths[side];
		add_totals(diff, side, &result->totals[side]);
	}
	result->targets = diff->targets;
	result->n_targets = diff->n_targets;
	result->order = diff->order;
	result->pairs = diff->pairs;
	result->exits = diff->exits;
	result->n_exits = diff->n_exits;
	*ret_result = result;
	return 0;
}
