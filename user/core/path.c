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

#include "path_table.h"

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
	struct cp_table table;
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

/* ---- Interned replies ---- */

static const struct reply *reply_at(const struct cp_paths *paths, uint32_t id)
{
	return &paths->table.records[id].reply;
}

static uint8_t said(const struct reply *reply, enum said what)
{
	return (uint8_t)(reply->said >> what * 8);
}

/* Number of what an answer has beyond struct reply, 0 if that is nothing. False: out of memory. */
static bool intern_more(struct cp_paths *paths, const struct more *more, uint64_t *ret_id)
{
	union cp_record record = {.words = {0}};

	if (!more->rtt_us && !more->n_mpls) {
		*ret_id = 0;
		return true;
	}
	record.more = *more;
	*ret_id = cp_table_intern(&paths->table, &record);
	return *ret_id;
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
	rc = rc ? rc : cp_table_init(&paths->table, shape->n_dests + shape->n_dests / 4);
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
	cp_table_free(&paths->table);
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

bool cp_paths_sent_since(const struct cp_paths *paths, uint32_t slot, uint32_t since, uint32_t pass)
{
	struct cell cell = read_slot(paths, slot);

	return cell.attempts && pass >= since && ((pass - cell.pass) & 0xff) <= pass - since;
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

const struct cp_addr *cp_paths_from(const struct cp_paths *paths, uint32_t slot)
{
	struct cell cell = read_slot(paths, slot);

	return cell.reply_id ? &reply_at(paths, cell.reply_id)->from : NULL;
}

uint32_t cp_paths_reply_ttl(const struct cp_paths *paths, uint32_t slot)
{
	struct cell cell = read_slot(paths, slot);

	return cell.reply_id ? said(reply_at(paths, cell.reply_id), SAID_REPLY_TTL) : 0;
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

/* The round trip as a cell has it, and as struct more has it. */
static uint32_t short_rtt(uint32_t rtt_us)
{
	return rtt_us < RTT_LONG ? rtt_us : RTT_LONG;
}

static uint32_t long_rtt(uint32_t rtt_us)
{
	return rtt_us < RTT_LONG ? 0 : rtt_us;
}

static struct more read_more(const struct cp_paths *paths, const struct reply *reply)
{
	return reply->more_id ? paths->table.records[reply->more_id].more : (struct more){0};
}

/* The answer to the newer attempt has what the late one could not tell. */
static void complete_late(struct cp_paths *paths, struct cell *cell, uint32_t rtt_us)
{
	union cp_record record = paths->table.records[cell->reply_id];
	struct more more = read_more(paths, &record.reply);
	uint32_t id = cell->reply_id;

	if (long_rtt(rtt_us)) {
		more.rtt_us = rtt_us;
		if (!intern_more(paths, &more, &record.reply.more_id))
			return;
		id = cp_table_intern(&paths->table, &record);
	}
	if (!id)
		return;
	cell->reply_id = id & (CP_RECORDS_MAX - 1);
	cell->rtt_us = short_rtt(rtt_us) & RTT_LONG;
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

static struct more more_of(const struct cp_event *event)
{
	struct more more = {.rtt_us = long_rtt(rtt_of(event))};

	if (event->n_mpls) {
		more.n_mpls = event->n_mpls < CP_MPLS_MAX ? event->n_mpls : CP_MPLS_MAX;
		memcpy(more.mpls, event->mpls, more.n_mpls * sizeof(more.mpls[0]));
	}
	return more;
}

static union cp_record record_of(const struct cp_event *event, uint64_t more_id)
{
	bool modified = event->flags & CP_EV_QUOTE_MODIFIED;
	union cp_record record;

	record.reply.from = event->from;
	record.reply.said =
	        (uint64_t)event->kind << SAID_KIND * 8 | (uint64_t)event->icmp_type << SAID_ICMP_TYPE * 8 |
	        (uint64_t)event->icmp_code << SAID_ICMP_CODE * 8 | (uint64_t)event->reply_ttl << SAID_REPLY_TTL * 8 |
	        (uint64_t)event->quoted_ttl << SAID_QUOTED_TTL * 8 | (uint64_t)modified << SAID_QUOTE_MODIFIED * 8;
	record.reply.more_id = more_id;
	return record;
}

/* Where the index is looked at for a reply that has nothing more. */
static const uint32_t *likely_index(const struct cp_paths *paths, const struct cp_event *event)
{
	union cp_record record = record_of(event, 0);

	return &paths->table.index[cp_record_hash(&record) & paths->table.index_mask];
}

void cp_paths_prefetch_reply(const struct cp_paths *paths, const struct cp_event *event)
{
	__builtin_prefetch(&paths->rows[cp_shape_path(&paths->shape, event->slot)], 1);
	__builtin_prefetch(likely_index(paths, event));
}

void cp_paths_prefetch_reply_slot(const struct cp_paths *paths, const struct cp_event *event)
{
	uint32_t path = cp_shape_path(&paths->shape, event->slot);

	__builtin_prefetch(find_cell(paths, &paths->rows[path], event->slot - path * paths->shape.n_ttls), 1);
	__builtin_prefetch(&paths->table.records[*likely_index(paths, event)]);
}

/* The first reply of a slot. False: out of memory, the slot stays silent and is asked again. */
static bool keep(struct cp_paths *paths, const struct cp_event *event, struct row *row, uint32_t i)
{
	uint32_t rtt_us = rtt_of(event), id;
	uint64_t more_id;
	struct more more = more_of(event);
	union cp_record record;
	struct cell *cell;

	if (!intern_more(paths, &more, &more_id))
		return false;
	record = record_of(event, more_id);
	id = cp_table_intern(&paths->table, &record);
	if (!id)
		return false;
	cell = make_cell(paths, row, i);
	cell->reply_id = id & (CP_RECORDS_MAX - 1);
	cell->rtt_us = short_rtt(rtt_us) & RTT_LONG;
	cell->late = (event->flags & CP_EV_LATE) != 0;
	return true;
}

enum cp_reply_result cp_paths_reply(struct cp_paths *paths, const struct cp_event *event, const struct cp_addr *dest)
{
	uint32_t path = cp_shape_path(&paths->shape, event->slot), i = event->slot - path * paths->shape.n_ttls;
	struct row *row = &paths->rows[path];

	if (row->answered >> i & 1) {
		note_duplicate(paths, event, find_cell(paths, row, i));
		return CP_REPLY_DUP;
	}
	if (!keep(paths, event, row, i))
		return CP_REPLY_DUP;
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
	ret_hop->kind = said(reply, SAID_KIND);
	ret_hop->icmp_type = said(reply, SAID_ICMP_TYPE);
	ret_hop->icmp_code = said(reply, SAID_ICMP_CODE);
	ret_hop->reply_ttl = said(reply, SAID_REPLY_TTL);
	ret_hop->quoted_ttl = said(reply, SAID_QUOTED_TTL);
	ret_hop->flags = (uint8_t)((cell.late ? CP_HOP_LATE : 0) | (cell.other_addr ? CP_HOP_OTHER_ADDR : 0) |
	                           (said(reply, SAID_QUOTE_MODIFIED) ? CP_HOP_QUOTE_MODIFIED : 0));
	ret_hop->n_mpls = (uint8_t)more.n_mpls;
	memcpy(ret_hop->mpls, more.mpls, sizeof(ret_hop->mpls));
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
	loop = cp_path_find_loop(path);
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
