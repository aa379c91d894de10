// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_rules.c: when two paths are different, each rule for itself. Must
 * not know runs, nor how paths are kept. Silence is no evidence: what a hop
 * that did not answer may hide is no difference.
 */
#include "rundiff.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 128 /* in an AS path; what is behind is not looked at */

const char *cp_rundiff_change_name(enum cp_rundiff_change change)
{
	static const char *const names[CP_RD_MAX] = {
	        [CP_RD_WORSE] = "worse",
	        [CP_RD_UNREACHED] = "unreached",
	        [CP_RD_EXIT] = "exit",
	        [CP_RD_AS_PATH] = "as-path",
	        [CP_RD_BETTER] = "better",
	        [CP_RD_REACHED] = "reached",
	        [CP_RD_GONE] = "gone",
	        [CP_RD_NEW] = "new",
	        [CP_RD_MORE_LOSS] = "more-loss",
	        [CP_RD_SLOWER] = "slower",
	        [CP_RD_E2E_SLOWER] = "e2e-slower",
	        [CP_RD_EXIT_SLOWER] = "exit-slower",
	        [CP_RD_MORE_JITTER] = "more-jitter",
	        [CP_RD_DNS] = "dns",
	        [CP_RD_ADDRESSES] = "addresses",
	        [CP_RD_CNAME] = "cname",
	        [CP_RD_ROUTER] = "router",
	        [CP_RD_EXIT_FASTER] = "exit-faster",
	        [CP_RD_FASTER] = "faster",
	        [CP_RD_E2E_FASTER] = "e2e-faster",
	        [CP_RD_LESS_LOSS] = "less-loss",
	        [CP_RD_LESS_JITTER] = "less-jitter",
	};

	return names[change];
}

/* ---- AS paths ---- */

/* Silence, private addresses and public ones without a known AS: any networks, or none. */
static bool is_open(const char *step)
{
	return strcmp(step, "*") == 0 || strcmp(step, "?") == 0 || strcmp(step, "private") == 0;
}

/*
 * Is there a sequence of networks that both may stand for? Position by
 * position of `a`, the set of positions of `b` that the beginnings may have come to.
 */
static bool may_be_one(const struct cp_rundiff_list *a, const struct cp_rundiff_list *b)
{
	size_t n = a->n < STEPS_MAX ? a->n : STEPS_MAX, m = b->n < STEPS_MAX ? b->n : STEPS_MAX;
	bool now[STEPS_MAX + 1] = {[0] = true};

	for (size_t j = 0; j < m; j++)
		now[j + 1] = now[j] && is_open(b->items[j]);
	for (size_t i = 0; i < n; i++) {
		bool open = is_open(a->items[i]), next[STEPS_MAX + 1] = {[0] = now[0] && open};

		for (size_t j = 0; j < m; j++) {
			if (open)
				next[j + 1] = now[j + 1] || next[j] || now[j];
			else if (is_open(b->items[j]))
				next[j + 1] = next[j] || now[j] || now[j + 1];
			else
				next[j + 1] = now[j] && strcmp(a->items[i], b->items[j]) == 0;
		}
		memcpy(now, next, sizeof(now));
	}
	return now[m];
}

static bool is_same_list(const struct cp_rundiff_list *a, const struct cp_rundiff_list *b)
{
	if (a == b)
		return true;
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

enum cp_rundiff_as cp_rundiff_compare_as(const struct cp_rundiff_list *before, const struct cp_rundiff_list *after)
{
	if (is_same_list(before, after))
		return CP_RD_AS_SAME;
	/* An AS path that the record does not have. */
	if (!before->n || !after->n)
		return CP_RD_AS_SILENT;
	return may_be_one(before, after) ? CP_RD_AS_SILENT : CP_RD_AS_CHANGED;
}

/* ---- Exits ---- */

bool cp_rundiff_exit_is_point(const struct cp_rundiff_path *path)
{
	return path->has_exit && path->exit_ttl_max == path->exit_ttl_min + 1;
}

/* Both known, and not the same. */
static bool differ(const char *a, const char *b)
{
	return a && b && a != b && strcmp(a, b) != 0;
}

static bool is_decided(const struct cp_rundiff_path *path)
{
	return path->verdict >= 0 && path->verdict != CP_UNDECIDED;
}

static uint32_t compare_exits(const struct cp_rundiff_path *before, const struct cp_rundiff_path *after)
{
	const struct cp_addr *a = &before->last_home, *b = &after->last_home;

	/* No exit may also mean that none could be proven. */
	if (before->has_exit != after->has_exit)
		return is_decided(before) && is_decided(after) ? CP_RD_BIT(CP_RD_EXIT) : 0;
	if (!before->has_exit)
		return 0;
	if (before->exit_asn && after->exit_asn && before->exit_asn != after->exit_asn)
		return CP_RD_BIT(CP_RD_EXIT);
	if (!cp_rundiff_exit_is_point(before) || !cp_rundiff_exit_is_point(after))
		return 0;
	if (!before->exit_ixp != !after->exit_ixp || differ(before->exit_ixp, after->exit_ixp) ||
	        differ(before->site, after->site))
		return CP_RD_BIT(CP_RD_EXIT);
	if (!cp_addr_is_zero(a) && !cp_addr_is_zero(b) && !cp_addr_eq(a, b))
		return CP_RD_BIT(CP_RD_ROUTER);
	return 0;
}

uint32_t cp_rundiff_cold_pct(const struct cp_rundiff_path *path)
{
	uint64_t pct;

	if (!path->has_exit || !path->rtt_home_us || !path->rtt_dest_us)
		return UINT32_MAX;
	pct = (100ull * path->rtt_home_us + path->rtt_dest_us / 2) / path->rtt_dest_us;
	return pct < 100 ? (uint32_t)pct : 100; /* a router may answer later than what lies behind it */
}

/* ---- Times ---- */

/* Both are known. */
static uint32_t compare_known(uint32_t before_us, uint32_t after_us, const struct cp_rundiff_limits *limits,
        enum cp_rundiff_change slower, enum cp_rundiff_change faster)
{
	uint64_t by = after_us > before_us ? after_us - before_us : before_us - after_us;

	if (!by || by < limits->rtt_us || by * 100 < (uint64_t)limits->rtt_pct * before_us)
		return 0;
	return CP_RD_BIT(after_us > before_us ? slower : faster);
}

static uint32_t compare_times(uint32_t before_us, uint32_t after_us, const struct cp_rundiff_limits *limits,
        enum cp_rundiff_change slower, enum cp_rundiff_change faster)
{
	return before_us && after_us ? compare_known(before_us, after_us, limits, slower, faster) : 0;
}

/* ---- End to end ---- */

/*
 * Loss is of few probes, so that chance alone moves it: a change is one that both the limit and the test of two
 * proportions (pooled; two standard deviations, 95 %) say.
 */
static uint32_t compare_loss(const struct cp_rundiff_e2e *before, const struct cp_rundiff_e2e *after)
{
	double n = before->n_sent, m = after->n_sent, lost = n - before->n_received, lost_after = m - after->n_received;
	double by = lost_after / m - lost / n, pooled = (lost + lost_after) / (n + m);

	if (by * by < (CP_RUNDIFF_LOSS_MIN / 1e4) * (CP_RUNDIFF_LOSS_MIN / 1e4) ||
	        by * by <= 4 * pooled * (1 - pooled) * (1 / n + 1 / m))
		return 0;
	return CP_RD_BIT(by > 0 ? CP_RD_MORE_LOSS : CP_RD_LESS_LOSS);
}

static uint32_t compare_e2e(
        const struct cp_rundiff_e2e *before, const struct cp_rundiff_e2e *after, const struct cp_rundiff_limits *limits)
{
	uint32_t changes;

	if (!before->n_sent || !after->n_sent)
		return 0;
	changes = compare_loss(before, after);
	if (before->rtt_us != UINT32_MAX && after->rtt_us != UINT32_MAX)
		changes |= compare_known(before->rtt_us, after->rtt_us, limits, CP_RD_E2E_SLOWER, CP_RD_E2E_FASTER);
	if (before->jitter_us != UINT32_MAX && after->jitter_us != UINT32_MAX)
		changes |= compare_known(
		        before->jitter_us, after->jitter_us, limits, CP_RD_MORE_JITTER, CP_RD_LESS_JITTER);
	return changes;
}

/* ---- A path ---- */

static uint32_t compare_verdicts(int8_t before, int8_t after)
{
	if (before < 0 || after < 0 || before == after)
		return 0;
	return CP_RD_BIT(after > before ? CP_RD_WORSE : CP_RD_BETTER);
}

uint32_t cp_rundiff_compare_paths(const struct cp_rundiff_path *before, const struct cp_rundiff_path *after,
        const struct cp_rundiff_limits *limits)
{
	uint32_t changes = compare_verdicts(before->verdict, after->verdict) | compare_exits(before, after);

	if (before->reached >= 0 && after->reached >= 0 && before->reached != after->reached)
		changes |= CP_RD_BIT(after->reached ? CP_RD_REACHED : CP_RD_UNREACHED);
	if (cp_rundiff_compare_as(before->as_path, after->as_path) == CP_RD_AS_CHANGED)
		changes |= CP_RD_BIT(CP_RD_AS_PATH);
	changes |= compare_times(before->rtt_dest_us, after->rtt_dest_us, limits, CP_RD_SLOWER, CP_RD_FASTER);
	/* Of another exit the time is another's. */
	if (!(changes & CP_RD_BIT(CP_RD_EXIT)))
		changes |= compare_times(
		        before->rtt_exit_us, after->rtt_exit_us, limits, CP_RD_EXIT_SLOWER, CP_RD_EXIT_FASTER);
	/* Once a destination, which has the same for all its flows. */
	if (before->flow == 0 && after->flow == 0)
		changes |= compare_e2e(&before->e2e, &after->e2e, limits);
	return changes;
}
