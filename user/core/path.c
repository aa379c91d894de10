// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * path.c: the store of replies and the assembly of paths. A slot costs eight
 * bytes, and only up to the TTL its path was asked to: what a reply says, who
 * sent it included, is interned, since thousands of paths share their near
 * hops and differ in the round trip alone. Knows nothing of time beyond the
 * stamps in an event.
 */
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPLIES_MAX (1u << 28) /* ids of struct reply fit struct cell */
#define RTT_LONG ((1u << 22) - 1) /* the round trip, 4.2 s or more, is in struct more */
#define RUN_STEP 4u /* cells of a path are allocated in multiples of this */

/* One slot. */
struct cell {
	uint32_t reply_id : 28; /* 0: silent */
	uint32_t attempts : 4;
	uint32_t rtt_us : 22; /* 0: unknown; RTT_LONG */
	uint32_t late : 1;
	uint32_t other_addr : 1;
	uint32_t pass : 8; /* of the latest probe, modulo 256 */
};

/* What few replies have. */
struct more {
	uint32_t rtt_us; /* if the cell says RTT_LONG */
	uint32_t n_mpls;
	uint32_t mpls[CP_MPLS_MAX];
};

/* What a reply says, but for its round trip. Interned: no padding that is not zero. */
struct reply {
	struct cp_addr from;
	uint32_t more_id; /* 0: none */
	uint8_t kind, icmp_type, icmp_code, reply_ttl;
	uint8_t quoted_ttl;
	uint8_t quote_modified;
	uint16_t unused;
};

/* Interned records of one size, numbered from 1, found again by their content. */
struct table {
	uint32_t size; /* of a record, a multiple of four */
	uint32_t n, cap; /* records, the unused number 0 included */
	uint8_t *records;
	uint32_t *index; /* open addressing, numbers; 0: empty */
	uint32_t index_mask;
};

/*
 * A path's cells: the one of the highest TTL, which is probed first of all,
 * lies here; the others in two runs, the first up to the TTL that was expected
 * or asked for first, the second from there on. Neither ever moves.
 */
struct row {
	uint64_t answered; /* bit i: TTL first_ttl + i */
	struct cell top;
	uint32_t runs[2]; /* places in cells; 0: none */
	uint8_t n_first; /* length of the first run */
	uint8_t reached_ttl, unreachable_ttl; /* where the path is known to end; 0: not known */
};

struct cp_paths {
	struct cp_shape shape;
	struct row *rows; /* [n_dests * n_flows] */
	struct cell *cells; /* room for all; the kernel lends what is touched. Place 0 stays unused. */
	size_t n_cells; /* handed out */
	struct table replies, mores;
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

/* ---- Interned records ---- */

static uint32_t table_hash(const struct table *table, const void *record)
{
	uint64_t hash = 0;
	uint32_t word;

	for (uint32_t at = 0; at < table->size; at += (uint32_t)sizeof(word)) {
		memcpy(&word, (const uint8_t *)record + at, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

static const void *table_at(const struct table *table, uint32_t id)
{
	return table->records + (size_t)id * table->size;
}

/* Makes room for at least `cap` records, a power of two. */
static int table_grow(struct table *table, uint32_t cap)
{
	uint32_t mask = cap * 2 - 1;
	uint32_t *index = calloc((size_t)mask + 1, sizeof(*index));
	uint8_t *records = realloc(table->records, (size_t)cap * table->size);

	if (records)
		table->records = records;
	if (!index || !records) {
		free(index);
		return -ENOMEM;
	}
	for (uint32_t id = 1; id < table->n; id++) {
		uint32_t at = table_hash(table, table_at(table, id)) & mask;

		while (index[at])
			at = (at + 1) & mask;
		index[at] = id;
	}
	free(table->index);
	table->index = index;
	table->index_mask = mask;
	table->cap = cap;
	return 0;
}

static int table_init(struct table *table, size_t size, uint32_t n_expected)
{
	uint32_t cap = 256;

	while (cap < n_expected && cap < REPLIES_MAX / 2)
		cap *= 2;
	table->size = (uint32_t)size;
	table->n = 1;
	return table_grow(table, cap);
}

/* Number of a record, adding it. 0: out of memory. */
static uint32_t table_intern(struct table *table, const void *record)
{
	uint32_t at;

	if (table->n == table->cap && (table->n >= REPLIES_MAX || table_grow(table, table->cap * 2)))
		return 0;
	at = table_hash(table, record) & table->index_mask;
	while (table->index[at]) {
		if (memcmp(table_at(table, table->index[at]), record, table->size) == 0)
			return table->index[at];
		at = (at + 1) & table->index_mask;
	}
	memcpy(table->records + (size_t)table->n * table->size, record, table->size);
	table->index[at] = table->n;
	return table->n++;
}

static const struct reply *reply_at(const struct cp_paths *paths, uint32_t id)
{
	return table_at(&paths->replies, id);
}

static uint32_t intern_reply(struct cp_paths *paths, const struct reply *reply, const struct more *more)
{
	struct reply whole = *reply;

	whole.more_id = 0;
	if (more->rtt_us || more->n_mpls) {
		whole.more_id = table_intern(&paths->mores, more);
		if (!whole.more_id)
			return 0;
	}
	return table_intern(&paths->replies, &whole);
}

/* ---- Store ---- */

int cp_paths_new(const struct cp_shape *shape, struct cp_paths **ret_paths)
{
	struct cp_paths *paths = calloc(1, sizeof(*paths));
	size_t n_paths = (size_t)shape->n_dests * shape->n_flows;
	int rc;

	if (!paths)
		return -ENOMEM;
	paths->shape = *shape;
	paths->n_cells = 1;
	paths->cells = calloc(n_paths * (shape->n_ttls - 1) + 1, sizeof(*paths->cells));
	paths->rows = calloc(n_paths, sizeof(*paths->rows));
	rc = paths->cells && paths->rows ? 0 : -ENOMEM;
	/* Every destination answers, and there are routers. */
	rc = rc ? rc : table_init(&paths->replies, sizeof(struct reply), shape->n_dests + shape->n_dests / 4);
	rc = rc ? rc : table_init(&paths->mores, sizeof(struct more), 0);
	if (rc) {
		cp_paths_free(paths);
		return rc;
	}
	*ret_paths = paths;
	return 0;
}

void cp_paths_free(struct cp_paths *paths)
{
	if (!paths)
		return;
	free(paths->rows);
	free(paths->cells);
	free(paths->replies.records);
	free(paths->replies.index);
	free(paths->mores.records);
	free(paths->mores.index);
	free(paths);
}

/* Hands out the run a cell lies in. i < n_ttls - 1, as the last cell lies in the row. */
static void add_run(struct cp_paths *paths, struct row *row, uint32_t i)
{
	uint32_t n_all = paths->shape.n_ttls - 1, n = (i + RUN_STEP) / RUN_STEP * RUN_STEP;

	if (row->n_first == 0) {
		row->n_first = (uint8_t)(n < n_all ? n : n_all);
		row->runs[0] = (uint32_t)paths->n_cells;
		paths->n_cells += row->n_first;
	} else {
		row->runs[1] = (uint32_t)paths->n_cells;
		paths->n_cells += n_all - row->n_first;
	}
}

/* NULL: never asked, never answered. */
static struct cell *find_cell(const struct cp_paths *paths, struct row *row, uint32_t i)
{
	if (i == paths->shape.n_ttls - 1)
		return &row->top;
	if (i < row->n_first)
		return &paths->cells[row->runs[0] + i];
	return row->runs[1] ? &paths->cells[row->runs[1] + i - row->n_first] : NULL;
}

static struct cell *make_cell(struct cp_paths *paths, struct row *row, uint32_t i)
{
	if (!find_cell(paths, row, i))
		add_run(paths, row, i);
	return find_cell(paths, row, i);
}

static struct cell read_cell(const struct cp_paths *paths, uint32_t path, uint32_t i)
{
	const struct cell *cell = find_cell(paths, &paths->rows[path], i);

	return cell ? *cell : (struct cell){0};
}

static struct cell read_slot(const struct cp_paths *paths, uint32_t slot)
{
	uint32_t path = cp_shape_path(&paths->shape, slot);

	return read_cell(paths, path, slot - path * paths->shape.n_ttls);
}

void cp_paths_expect(struct cp_paths *paths, uint32_t path, uint32_t ttl)
{
	struct row *row = &paths->rows[path];
	uint32_t n_all = paths->shape.n_ttls - 1, n = ttl + 1 - paths->shape.first_ttl;

	if (row->n_first == 0 && n_all && ttl >= paths->shape.first_ttl)
		add_run(paths, row, (n < n_all ? n : n_all) - 1);
}

void cp_paths_prefetch(const struct cp_paths *paths, uint32_t path)
{
	__builtin_prefetch(&paths->rows[path]);
}

void cp_paths_prefetch_slots(const struct cp_paths *paths, uint32_t path)
{
	enum { LINE_CELLS = 64 / sizeof(struct cell) };
	const struct row *row = &paths->rows[path];

	for (uint32_t i = 0; i < row->n_first; i += LINE_CELLS)
		__builtin_prefetch(&paths->cells[row->runs[0] + i]);
}

void cp_paths_sent(struct cp_paths *paths, uint32_t slot, uint32_t pass)
{
	uint32_t path = cp_shape_path(&paths->shape, slot);
	struct cell *cell = make_cell(paths, &paths->rows[path], slot - path * paths->shape.n_ttls);

	cell->attempts = (cell->attempts + 1) & 0xf;
	cell->pass = pass & 0xff;
}

bool cp_paths_sent_in(const struct cp_paths *paths, uint32_t slot, uint32_t pass)
{
	struct cell cell = read_slot(paths, slot);

	return cell.attempts && cell.pass == (pass & 0xff);
}

uint64_t cp_paths_answered(const struct cp_paths *paths, uint32_t path)
{
	return paths->rows[path].answered;
}

bool cp_paths_silent(const struct cp_paths *paths, uint32_t slot)
{
	uint32_t path = cp_shape_path(&paths->shape, slot);

	return !(paths->rows[path].answered >> (slot - path * paths->shape.n_ttls) & 1);
}

uint32_t cp_paths_attempts(const struct cp_paths *paths, uint32_t slot)
{
	return read_slot(paths, slot).attempts;
}

uint32_t cp_paths_reply_ttl(const struct cp_paths *paths, uint32_t slot)
{
	struct cell cell = read_slot(paths, slot);

	return cell.reply_id ? reply_at(paths, cell.reply_id)->reply_ttl : 0;
}

static void lower(uint8_t *ttl, uint32_t candidate)
{
	if (*ttl == 0 || candidate < *ttl)
		*ttl = (uint8_t)candidate;
}

/* A time-exceeded message from the destination's own address is a hop (a NAT or a balancer in front), not an arrival.
 */
static void note_end(struct row *row, const struct cp_event *event, const struct cp_addr *dest, uint32_t ttl)
{
	if (event->kind == CP_REPLY_TIME_EXCEEDED)
		return;
	if (event->kind == CP_REPLY_UNREACHABLE && !cp_addr_eq(&event->from, dest))
		lower(&row->unreachable_ttl, ttl);
	else
		lower(&row->reached_ttl, ttl);
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

/* What an event says besides struct reply; rtt_us is what rtt_of() tells. */
static struct more more_of(const struct cp_event *event, uint32_t rtt_us)
{
	struct more more = {.rtt_us = rtt_us >= RTT_LONG ? rtt_us : 0};

	more.n_mpls = event->n_mpls < CP_MPLS_MAX ? event->n_mpls : CP_MPLS_MAX;
	memcpy(more.mpls, event->mpls, more.n_mpls * sizeof(more.mpls[0]));
	return more;
}

static struct more read_more(const struct cp_paths *paths, const struct reply *reply)
{
	struct more more = {0};

	if (reply->more_id)
		memcpy(&more, table_at(&paths->mores, reply->more_id), sizeof(more));
	return more;
}

/* The answer to the newer attempt has what the late one could not tell. */
static void complete_late(struct cp_paths *paths, struct cell *cell, uint32_t rtt_us)
{
	struct reply reply = *reply_at(paths, cell->reply_id);
	struct more more = read_more(paths, &reply);
	uint32_t id;

	more.rtt_us = rtt_us >= RTT_LONG ? rtt_us : 0;
	id = intern_reply(paths, &reply, &more);
	if (!id)
		return;
	cell->reply_id = id & (REPLIES_MAX - 1);
	cell->rtt_us = rtt_us < RTT_LONG ? rtt_us & RTT_LONG : RTT_LONG;
	cell->late = 0;
}

static void note_duplicate(struct cp_paths *paths, const struct cp_event *event, struct cell *cell)
{
	uint32_t rtt_us = rtt_of(event);

	if (!cp_addr_eq(&reply_at(paths, cell->reply_id)->from, &event->from))
		cell->other_addr = 1;
	else if (cell->late && rtt_us)
		complete_late(paths, cell, rtt_us);
}

static uint32_t intern_event(struct cp_paths *paths, const struct cp_event *event, uint32_t rtt_us)
{
	struct more more = more_of(event, rtt_us);
	struct reply reply = {
	        .from = event->from,
	        .kind = event->kind,
	        .icmp_type = event->icmp_type,
	        .icmp_code = event->icmp_code,
	        .reply_ttl = event->reply_ttl,
	        .quoted_ttl = event->quoted_ttl,
	        .quote_modified = !!(event->flags & CP_EV_QUOTE_MODIFIED),
	};

	return intern_reply(paths, &reply, &more);
}

enum cp_reply_result cp_paths_reply(struct cp_paths *paths, const struct cp_event *event, const struct cp_addr *dest)
{
	uint32_t path = cp_shape_path(&paths->shape, event->slot), i = event->slot - path * paths->shape.n_ttls;
	struct row *row = &paths->rows[path];
	uint32_t rtt_us = rtt_of(event), id;
	struct cell *cell;

	if (row->answered >> i & 1) {
		note_duplicate(paths, event, find_cell(paths, row, i));
		return CP_REPLY_DUP;
	}
	id = intern_event(paths, event, rtt_us);
	if (!id)
		return CP_REPLY_DUP; /* out of memory: the slot stays silent and is asked again */
	cell = make_cell(paths, row, i);
	cell->reply_id = id & (REPLIES_MAX - 1);
	cell->rtt_us = rtt_us < RTT_LONG ? rtt_us & RTT_LONG : RTT_LONG;
	cell->late = (event->flags & CP_EV_LATE) != 0;
	row->answered |= 1ull << i;
	note_end(row, event, dest, paths->shape.first_ttl + i);
	return CP_REPLY_NEW;
}

uint32_t cp_paths_end_ttl(const struct cp_paths *paths, uint32_t path)
{
	const struct row *row = &paths->rows[path];

	return row->reached_ttl ? row->reached_ttl : row->unreachable_ttl;
}

uint32_t cp_paths_last_ttl(const struct cp_paths *paths, uint32_t path)
{
	uint32_t first = paths->shape.first_ttl, end = cp_paths_end_ttl(paths, path);
	uint64_t answered = paths->rows[path].answered;

	if (end)
		answered &= (1ull << (end - first)) - 1;
	return answered ? first + 63 - (uint32_t)__builtin_clzll(answered) : 0;
}

/* ---- Assembly ---- */

static void fill_hop(const struct cp_paths *paths, struct cell cell, uint32_t ttl, struct cp_hop *ret_hop)
{
	const struct reply *reply;
	struct more more;

	memset(ret_hop, 0, sizeof(*ret_hop));
	ret_hop->ttl = (uint8_t)ttl;
	ret_hop->attempts = cell.attempts;
	if (!cell.reply_id)
		return;
	reply = reply_at(paths, cell.reply_id);
	more = read_more(paths, reply);
	ret_hop->addr = reply->from;
	ret_hop->rtt_us = cell.rtt_us == RTT_LONG ? more.rtt_us : cell.rtt_us;
	ret_hop->kind = reply->kind;
	ret_hop->icmp_type = reply->icmp_type;
	ret_hop->icmp_code = reply->icmp_code;
	ret_hop->reply_ttl = reply->reply_ttl;
	ret_hop->quoted_ttl = reply->quoted_ttl;
	ret_hop->flags = (uint8_t)((cell.late ? CP_HOP_LATE : 0) | (cell.other_addr ? CP_HOP_OTHER_ADDR : 0) |
	                           (reply->quote_modified ? CP_HOP_QUOTE_MODIFIED : 0));
	ret_hop->n_mpls = (uint8_t)more.n_mpls;
	memcpy(ret_hop->mpls, more.mpls, sizeof(ret_hop->mpls));
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
	const struct row *row = &paths->rows[path->dest * shape->n_flows + path->flow];
	const struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;
	uint32_t loop;

	if (row->reached_ttl) {
		path->reached = true;
		path->end = CP_END_REACHED;
		path->end_kind = last->kind;
		return;
	}
	loop = find_loop(path);
	if (loop < path->n_hops) {
		path->n_hops = loop + 1;
		path->end = CP_END_LOOP;
	} else if (row->unreachable_ttl) {
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
	uint32_t last = cp_paths_end_ttl(paths, number);

	memset(ret_path, 0, offsetof(struct cp_path, hops));
	if (!last)
		last = cp_paths_last_ttl(paths, number);
	ret_path->dest = number / shape->n_flows;
	ret_path->flow = number % shape->n_flows;
	for (uint32_t i = 0; i < shape->n_ttls; i++)
		ret_path->n_probes += read_cell(paths, number, i).attempts;
	for (uint32_t ttl = shape->first_ttl; ttl <= last; ttl++)
		fill_hop(paths, read_cell(paths, number, ttl - shape->first_ttl), ttl,
		        &ret_path->hops[ret_path->n_hops++]);
	end_path(paths, gap, ret_path);
}
