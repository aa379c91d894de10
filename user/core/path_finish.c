// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * path_finish.c: where a row of hops ends, and why: loops, and the end of paths
 * that others measured. Knows hops alone, not how they came to be.
 */
#include "path.h"

uint32_t cp_path_find_loop(const struct cp_path *path)
{
	for (uint32_t i = 2; i < path->n_hops; i++) {
		bool other_between = false;

		if (path->hops[i].kind == CP_REPLY_NONE)
			continue;
		for (uint32_t j = i; j-- > 0;) {
			if (path->hops[j].kind == CP_REPLY_NONE)
				continue;
			if (!cp_addr_eq(&path->hops[j].addr, &path->hops[i].addr))
				other_between = true;
			else if (other_between)
				return i;
		}
	}
	return path->n_hops;
}

static bool is_arrival(const struct cp_hop *hop, const struct cp_addr *dest)
{
	return hop->kind != CP_REPLY_NONE && hop->kind != CP_REPLY_TIME_EXCEEDED && cp_addr_eq(&hop->addr, dest);
}

static bool is_refusal(const struct cp_hop *hop, const struct cp_addr *dest)
{
	return hop->kind == CP_REPLY_UNREACHABLE && !cp_addr_eq(&hop->addr, dest);
}

/* Index of the first hop that `ends` a path, n_hops when there is none. */
static uint32_t find_end(const struct cp_path *path, const struct cp_addr *dest,
        bool (*ends)(const struct cp_hop *, const struct cp_addr *))
{
	uint32_t i = 0;

	while (i < path->n_hops && !ends(&path->hops[i], dest))
		i++;
	return i;
}

/* An inferred hop has an address and no kind. */
static void cut_silence(struct cp_path *path)
{
	while (path->n_hops && cp_addr_is_zero(&path->hops[path->n_hops - 1].addr))
		path->n_hops--;
}

void cp_path_finish(struct cp_path *path, const struct cp_addr *dest, uint32_t n_ttls, uint32_t gap)
{
	uint32_t arrival = find_end(path, dest, is_arrival), refusal = find_end(path, dest, is_refusal), loop;

	path->reached = arrival < path->n_hops;
	path->end_kind = CP_REPLY_NONE;
	path->end_code = 0;
	if (path->reached) {
		path->n_hops = arrival + 1;
		path->end = CP_END_REACHED;
		path->end_kind = path->hops[arrival].kind;
		return;
	}
	if (refusal < path->n_hops)
		path->n_hops = refusal + 1;
	else
		refusal = CP_TTL_MAX;
	cut_silence(path);
	loop = cp_path_find_loop(path);
	if (loop < path->n_hops) {
		path->n_hops = loop + 1;
		path->end = CP_END_LOOP;
	} else if (refusal < CP_TTL_MAX) {
		path->end = CP_END_UNREACHABLE;
		path->end_kind = path->hops[refusal].kind;
		path->end_code = path->hops[refusal].icmp_code;
	} else {
		path->end = n_ttls - path->n_hops >= gap ? CP_END_GAP : CP_END_MAX_TTL;
	}
}
