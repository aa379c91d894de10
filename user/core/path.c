// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * path.c: the per-slot store and the assembly of paths. A slot costs 16
 * bytes; responders' addresses are interned, since thousands of paths share
 * their near hops. Knows nothing of time beyond the stamps in an event.
 */
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cell {
	uint32_t addr_id; /* 0: silent */
	uint32_t rtt_us;
	uint8_t kind, icmp_type, icmp_code, reply_ttl;
	uint8_t quoted_ttl, attempts, flags;
	uint8_t pass; /* of the latest probe, modulo 256 */
};

/* Where a path is known to end, and how far anything answered; 0: not known. */
struct ends {
	uint8_t reached_ttl;
	uint8_t unreachable_ttl;
	uint8_t last_ttl;
};

struct cp_paths {
	struct cp_shape shape;
	struct cell *cells; /* [slots] */
	struct ends *ends; /* [n_dests * n_flows] */
	struct cp_addr *addrs; /* interned; id 0 is "none" */
	uint32_t n_addrs, cap_addrs;
	uint32_t *index; /* open addressing, ids; 0 empty */
	uint32_t index_mask;
};

uint32_t cp_shape_slots(const struct cp_shape *shape)
{
	return shape->n_dests * shape->n_flows * shape->n_ttls;
}

uint32_t cp_shape_path(const struct cp_shape *shape, uint32_t slot)
{
	return slot / shape->n_ttls;
}

uint32_t cp_shape_ttl(const struct cp_shape *shape, uint32_t slot)
{
	return shape->first_ttl + slot % shape->n_ttls;
}

const char *cp_end_name(enum cp_end end)
{
	static const char *const names[] = {"reached", "unreachable", "loop", "gap", "max-ttl", "interrupted"};

	return names[end];
}

/* ---- Interned addresses ---- */

static uint32_t addr_hash(const struct cp_addr *addr)
{
	uint64_t half[2];

	memcpy(half, addr, sizeof(half));
	half[0] = (half[0] ^ half[1] ^ half[1] >> 31) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(half[0] >> 32);
}

static int intern_grow(struct cp_paths *paths)
{
	uint32_t size = (paths->index_mask + 1) * 2, mask = size - 1;
	uint32_t *index = calloc(size, sizeof(*index));
	struct cp_addr *addrs = realloc(paths->addrs, size / 2 * sizeof(*addrs));

	if (addrs)
		paths->addrs = addrs;
	if (!index || !addrs) {
		free(index);
		return -ENOMEM;
	}
	for (uint32_t id = 1; id < paths->n_addrs; id++) {
		uint32_t at = addr_hash(&addrs[id]) & mask;

		while (index[at])
			at = (at + 1) & mask;
		index[at] = id;
	}
	free(paths->index);
	paths->index = index;
	paths->index_mask = mask;
	paths->cap_addrs = size / 2;
	return 0;
}

/* Id of an address, adding it. 0: out of memory. */
static uint32_t intern(struct cp_paths *paths, const struct cp_addr *addr)
{
	uint32_t at;

	if (paths->n_addrs == paths->cap_addrs && intern_grow(paths))
		return 0;
	at = addr_hash(addr) & paths->index_mask;
	while (paths->index[at]) {
		if (cp_addr_eq(&paths->addrs[paths->index[at]], addr))
			return paths->index[at];
		at = (at + 1) & paths->index_mask;
	}
	paths->addrs[paths->n_addrs] = *addr;
	paths->index[at] = paths->n_addrs;
	return paths->n_addrs++;
}

/* ---- Store ---- */

int cp_paths_new(const struct cp_shape *shape, struct cp_paths **ret_paths)
{
	struct cp_paths *paths = calloc(1, sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	paths->shape = *shape;
	paths->cells = calloc(cp_shape_slots(shape), sizeof(*paths->cells));
	paths->ends = calloc((size_t)shape->n_dests * shape->n_flows, sizeof(*paths->ends));
	paths->index_mask = 511;
	paths->n_addrs = 1;
	if (!paths->cells || !paths->ends || intern_grow(paths)) {
		cp_paths_free(paths);
		return -ENOMEM;
	}
	*ret_paths = paths;
	return 0;
}

void cp_paths_free(struct cp_paths *paths)
{
	if (!paths)
		return;
	free(paths->cells);
	free(paths->ends);
	free(paths->addrs);
	free(paths->index);
	free(paths);
}

void cp_paths_sent(struct cp_paths *paths, uint32_t slot, uint32_t pass)
{
	paths->cells[slot].attempts++;
	paths->cells[slot].pass = (uint8_t)pass;
}

bool cp_paths_sent_in(const struct cp_paths *paths, uint32_t slot, uint32_t pass)
{
	return paths->cells[slot].attempts && paths->cells[slot].pass == (uint8_t)pass;
}

bool cp_paths_silent(const struct cp_paths *paths, uint32_t slot)
{
	return paths->cells[slot].kind == CP_REPLY_NONE;
}

uint32_t cp_paths_attempts(const struct cp_paths *paths, uint32_t slot)
{
	return paths->cells[slot].attempts;
}

uint32_t cp_paths_reply_ttl(const struct cp_paths *paths, uint32_t slot)
{
	return paths->cells[slot].reply_ttl;
}

static void lower(uint8_t *ttl, uint32_t candidate)
{
	if (*ttl == 0 || candidate < *ttl)
		*ttl = (uint8_t)candidate;
}

/* A time-exceeded message from the destination's own address is a hop (a NAT or a balancer in front), not an arrival.
 */
static void note_end(struct ends *ends, const struct cp_event *event, const struct cp_addr *dest, uint32_t ttl)
{
	if (ttl > ends->last_ttl)
		ends->last_ttl = (uint8_t)ttl;
	if (event->kind == CP_REPLY_TIME_EXCEEDED)
		return;
	if (event->kind == CP_REPLY_UNREACHABLE && !cp_addr_eq(&event->from, dest))
		lower(&ends->unreachable_ttl, ttl);
	else
		lower(&ends->reached_ttl, ttl);
}

/* Round trip of an event, 0: unknown. One too short to measure is not unknown. */
static uint32_t rtt_of(const struct cp_event *event)
{
	uint64_t rtt_us;

	if (!event->tx_ns)
		return 0;
	rtt_us = event->rx_ns > event->tx_ns ? (event->rx_ns - event->tx_ns) / 1000 : 0;
	return rtt_us == 0 ? 1 : rtt_us > UINT32_MAX ? 0 : (uint32_t)rtt_us;
}

static void note_duplicate(const struct cp_paths *paths, const struct cp_event *event, struct cell *cell)
{
	if (!cp_addr_eq(&paths->addrs[cell->addr_id], &event->from)) {
		cell->flags |= CP_HOP_OTHER_ADDR;
	} else if (cell->flags & CP_HOP_LATE && rtt_of(event)) {
		/* The answer to the newer attempt has what the late one could not tell. */
		cell->rtt_us = rtt_of(event);
		cell->flags &= (uint8_t)~CP_HOP_LATE;
	}
}

enum cp_reply_result cp_paths_reply(struct cp_paths *paths, const struct cp_event *event, const struct cp_addr *dest)
{
	struct cell *cell = &paths->cells[event->slot];
	uint32_t addr_id;

	if (cell->kind != CP_REPLY_NONE) {
		note_duplicate(paths, event, cell);
		return CP_REPLY_DUP;
	}
	addr_id = intern(paths, &event->from);
	if (!addr_id)
		return CP_REPLY_DUP; /* out of memory: the slot stays silent and is asked again */
	cell->addr_id = addr_id;
	cell->rtt_us = rtt_of(event);
	cell->kind = event->kind;
	cell->icmp_type = event->icmp_type;
	cell->icmp_code = event->icmp_code;
	cell->reply_ttl = event->reply_ttl;
	cell->quoted_ttl = event->quoted_ttl;
	cell->flags |= (uint8_t)((event->flags & CP_EV_LATE ? CP_HOP_LATE : 0) |
	                         (event->flags & CP_EV_QUOTE_MODIFIED ? CP_HOP_QUOTE_MODIFIED : 0));
	note_end(&paths->ends[cp_shape_path(&paths->shape, event->slot)], event, dest,
	        cp_shape_ttl(&paths->shape, event->slot));
	return CP_REPLY_NEW;
}

uint32_t cp_paths_end_ttl(const struct cp_paths *paths, uint32_t path)
{
	const struct ends *ends = &paths->ends[path];

	return ends->reached_ttl ? ends->reached_ttl : ends->unreachable_ttl;
}

uint32_t cp_paths_last_ttl(const struct cp_paths *paths, uint32_t path)
{
	uint32_t ttl = cp_paths_end_ttl(paths, path), first = paths->shape.first_ttl;

	if (!ttl)
		return paths->ends[path].last_ttl;
	while (ttl-- > first) {
		if (!cp_paths_silent(paths, path * paths->shape.n_ttls + ttl - first))
			return ttl;
	}
	return 0;
}

/* ---- Assembly ---- */

static void fill_hop(const struct cp_paths *paths, const struct cell *cell, uint32_t ttl, struct cp_hop *ret_hop)
{
	memset(ret_hop, 0, sizeof(*ret_hop));
	ret_hop->ttl = (uint8_t)ttl;
	ret_hop->attempts = cell->attempts;
	if (cell->kind == CP_REPLY_NONE)
		return;
	ret_hop->addr = paths->addrs[cell->addr_id];
	ret_hop->rtt_us = cell->rtt_us;
	ret_hop->kind = cell->kind;
	ret_hop->icmp_type = cell->icmp_type;
	ret_hop->icmp_code = cell->icmp_code;
	ret_hop->reply_ttl = cell->reply_ttl;
	ret_hop->quoted_ttl = cell->quoted_ttl;
	ret_hop->flags = cell->flags;
}

/*
 * Index of the hop that closes a loop: an address seen before, with another
 * one in between (the same router twice running is zero-TTL forwarding, and
 * silence in between proves nothing). n_hops when there is none.
 */
static uint32_t find_loop(const struct cp_path *path)
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

static void end_path(const struct cp_paths *paths, uint32_t gap, struct cp_path *path)
{
	const struct cp_shape *shape = &paths->shape;
	const struct ends *ends = &paths->ends[path->dest * shape->n_flows + path->flow];
	const struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;
	uint32_t loop;

	if (ends->reached_ttl) {
		path->reached = true;
		path->end = CP_END_REACHED;
		path->end_kind = last->kind;
		return;
	}
	loop = find_loop(path);
	if (loop < path->n_hops) {
		path->n_hops = loop + 1;
		path->end = CP_END_LOOP;
	} else if (ends->unreachable_ttl) {
		path->end = CP_END_UNREACHABLE;
		path->end_kind = last->kind;
		path->end_code = last->icmp_code;
	} else {
		path->end = shape->n_ttls - path->n_hops >= gap ? CP_END_GAP : CP_END_MAX_TTL;
	}
}

void cp_paths_get(const struct cp_paths *paths, uint32_t number, uint32_t gap, struct cp_path *ret_path)
{
	const struct cp_shape *shape = &paths->shape;
	const struct cell *cells = &paths->cells[(size_t)number * shape->n_ttls];
	uint32_t last = cp_paths_end_ttl(paths, number);

	memset(ret_path, 0, offsetof(struct cp_path, hops));
	if (!last)
		last = cp_paths_last_ttl(paths, number);
	ret_path->dest = number / shape->n_flows;
	ret_path->flow = number % shape->n_flows;
	for (uint32_t i = 0; i < shape->n_ttls; i++)
		ret_path->n_probes += cells[i].attempts;
	for (uint32_t ttl = shape->first_ttl; ttl <= last; ttl++)
		fill_hop(paths, &cells[ttl - shape->first_ttl], ttl, &ret_path->hops[ret_path->n_hops++]);
	end_path(paths, gap, ret_path);
}
