// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep_turns.c: routers that spread the packets of one flow over several
 * ways. Behind one, what two TTLs of a flow show need not be one way, and a
 * link between them may not exist. Such a router is told from a stable path
 * only by asking twice: so at the end, slots that have answered are asked
 * again, a few behind each router, those that most paths go through first, and
 * no more than a small share of all probes.
 *
 * One other answer proves nothing: the route may have changed meanwhile. A
 * change for good shows each router in one unbroken stretch of a slot's
 * answers, in the order of the questions. So a router spreads packets if one
 * that had answered a slot does so again after another one did; where another
 * one was seen, the slot is asked on until that happens, or it may be asked no
 * more. Flows that differ are never compared with each other. Must not know
 * what is silent.
 */
#include <stdlib.h>

#include "sweep_impl.h"

#define QUESTIONS 6u /* behind a router: of two ways taken by chance, one is missed 1 in 64 times */
#define SHARE 125u /* one planned question in so many probes; asking on may add as many, and half of it again */
#define LEAST 64u /* questions that are planned in any case: enough for the hops of some paths */
#define MOST 16384u
#define WALK_MAX 16384u /* paths looked at, by chance */
#define KEYS_MAX 65536u

/* ---- What is next to what ---- */

/* A hop that answered and the one before it, on a path that is walked from its start. */
struct step {
	uint32_t slot;
	union cp_record key;
};

struct walk {
	uint32_t path;
	uint64_t rest; /* TTLs to come, a bit each */
	const struct cp_addr *before; /* NULL: none answered so far */
};

static union cp_record key_of(const struct cp_addr *before, uint32_t ttl)
{
	union cp_record key = {.words = {0, 0, ttl, before != NULL}};

	if (before)
		memcpy(key.words, before, sizeof(*before));
	return key;
}

/* Below the end of a path only routers are asked. Where they limit their answers they would not give any. */
static struct walk walk_of(const struct cp_sweep *sweep, uint32_t path)
{
	uint32_t end = cp_paths_end_ttl(sweep->paths, path);

	return (struct walk){
	        .path = path,
	        .rest = cp_paths_answered(sweep->paths, path) & up_to(sweep, end ? end - 1 : max_ttl(sweep)),
	};
}

static bool walk_on(const struct cp_sweep *sweep, struct walk *walk, struct step *ret_step)
{
	while (walk->rest) {
		uint32_t ttl = lowest_ttl(sweep, walk->rest);

		walk->rest &= walk->rest - 1;
		ret_step->slot = slot_of(sweep, walk->path, ttl);
		ret_step->key = key_of(walk->before, ttl);
		walk->before = cp_paths_from(sweep->paths, ret_step->slot);
		if (!(sweep->slow.held & ttl_bit(sweep, ttl)))
			return true;
	}
	return false;
}

static uint32_t n_walked(const struct cp_sweep *sweep)
{
	return sweep->n_paths < WALK_MAX ? sweep->n_paths : WALK_MAX;
}

/* Counts the paths behind each router. False: out of memory. */
static bool count(struct cp_sweep *sweep)
{
	struct turns *turns = &sweep->turns;
	struct step step;

	for (uint32_t i = 0; i < n_walked(sweep); i++) {
		struct walk walk = walk_of(sweep, cp_perm_at(&sweep->perm, i));

		while (walk_on(sweep, &walk, &step)) {
			uint32_t id = turns->keys.n <= KEYS_MAX ? cp_table_intern(&turns->keys, &step.key)
			                                        : cp_table_find(&turns->keys, &step.key);

			if (!id && turns->keys.n <= KEYS_MAX)
				return false;
			turns->crossings[id].n_paths++;
		}
	}
	return true;
}

/* ---- What to ask ---- */

/* How often a slot may be asked before anything odd was seen of it. */
static uint32_t attempts_max(const struct cp_sweep *sweep)
{
	return sweep->config.attempts > 2 ? sweep->config.attempts : 2;
}

static int by_paths(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Plans questions, where most paths go first. Returns their number. 0 also: out of memory. */
static uint32_t plan(struct cp_sweep *sweep)
{
	struct turns *turns = &sweep->turns;
	uint64_t most = sweep->n_sent / SHARE, *ranks = malloc(turns->keys.n * sizeof(*ranks));
	uint32_t n = 0;

	if (!ranks)
		return 0;
	most = most < LEAST ? LEAST : most > MOST ? MOST : most;
	for (uint32_t id = 1; id < turns->keys.n; id++)
		ranks[id - 1] = (uint64_t)turns->crossings[id].n_paths << 32 | (turns->keys.n - id);
	qsort(ranks, turns->keys.n - 1, sizeof(*ranks), by_paths);
	for (uint32_t i = 0; i + 1 < turns->keys.n; i++) {
		struct crossing *crossing = &turns->crossings[turns->keys.n - (uint32_t)ranks[i]];
		uint32_t wanted = crossing->n_paths * (attempts_max(sweep) - 1);

		wanted = wanted < QUESTIONS ? wanted : QUESTIONS;
		if (n + wanted > most)
			break;
		crossing->n_planned = wanted;
		n += wanted;
	}
	free(ranks);
	return n;
}

/* Questions to a slot, of those that are left to be given out: the paths share them. */
static uint32_t questions_of(
        const struct cp_sweep *sweep, const struct crossing *crossing, uint32_t slot, uint32_t left)
{
	uint32_t share = (crossing->n_planned + crossing->n_paths - 1) / crossing->n_paths;
	uint32_t attempts = cp_paths_attempts(sweep->paths, slot), may = attempts_max(sweep);

	may = attempts < may ? may - attempts : 0;
	share = share < may ? share : may;
	return share < left ? share : left;
}

/* Gives the questions out to slots. */
static void give_out(struct cp_sweep *sweep)
{
	struct turns *turns = &sweep->turns;
	uint32_t n_questions;
	struct step step;

	for (uint32_t i = 0; i < n_walked(sweep); i++) {
		struct walk walk = walk_of(sweep, cp_perm_at(&sweep->perm, i));

		while (walk_on(sweep, &walk, &step)) {
			uint32_t key = cp_table_find(&turns->keys, &step.key);
			struct crossing *crossing = &turns->crossings[key];

			n_questions = questions_of(sweep, crossing, step.slot, crossing->n_planned);
			if (!key || !n_questions)
				continue;
			crossing->n_planned -= n_questions;
			turns->repeats[turns->n_repeats++] = (struct repeat){
			        .slot = step.slot,
			        .key = key,
			        .n_planned = (uint8_t)n_questions,
			        .seen = {word_of(walk.before)},
			        .n_seen = 1,
			};
		}
	}
}

static int by_slot(const void *a, const void *b, void *repeats)
{
	uint32_t x = ((struct repeat *)repeats)[*(const uint32_t *)a].slot;
	uint32_t y = ((struct repeat *)repeats)[*(const uint32_t *)b].slot;

	return x < y ? -1 : x > y;
}

static bool choose(struct cp_sweep *sweep)
{
	struct turns *turns = &sweep->turns;
	uint32_t n = 0;

	turns->crossings = calloc(KEYS_MAX + 2, sizeof(*turns->crossings));
	if (!turns->crossings || cp_table_init(&turns->keys, 0) || !count(sweep))
		return false;
	n = plan(sweep);
	turns->repeats = n ? calloc(n, sizeof(*turns->repeats)) : NULL;
	turns->by_slot = n ? calloc(n, sizeof(*turns->by_slot)) : NULL;
	if (!turns->repeats || !turns->by_slot)
		return false;
	give_out(sweep);
	for (uint32_t i = 0; i < turns->n_repeats; i++)
		turns->by_slot[i] = i;
	qsort_r(turns->by_slot, turns->n_repeats, sizeof(*turns->by_slot), by_slot, turns->repeats);
	return true;
}

bool cp_turns_begin(struct cp_sweep *sweep)
{
	if (!sweep->config.find_per_packet || sweep->turns.begun)
		return false;
	sweep->turns.begun = true;
	if (choose(sweep) && cp_turns_next_round(sweep))
		return true;
	cp_turns_free(&sweep->turns);
	sweep->turns.begun = true;
	return false;
}

void cp_turns_free(struct turns *turns)
{
	cp_table_free(&turns->keys);
	free(turns->crossings);
	free(turns->repeats);
	free(turns->by_slot);
	*turns = (struct turns){0};
}

/* ---- Asking ---- */

static bool is_due(const struct cp_sweep *sweep, uint32_t i)
{
	const struct repeat *repeat = &sweep->turns.repeats[i];
	const struct crossing *crossing = &sweep->turns.crossings[repeat->key];

	if (crossing->takes_turns || cp_paths_attempts(sweep->paths, repeat->slot) >= CP_ATTEMPTS_MAX)
		return false;
	return repeat->n_asked < repeat->n_planned || crossing->follow == i + 1;
}

bool cp_turns_next_round(struct cp_sweep *sweep)
{
	struct turns *turns = &sweep->turns;
	bool any = false;

	for (uint32_t i = 0; i < turns->n_repeats; i++) {
		turns->repeats[i].waiting = false;
		any |= is_due(sweep, i);
	}
	if (!any)
		return false;
	turns->at = 0;
	sweep->pass++;
	sweep->n_outstanding = 0;
	return true;
}

bool cp_turns_round_over(const struct cp_sweep *sweep)
{
	return sweep->turns.at == sweep->turns.n_repeats;
}

uint32_t cp_turns_next(struct cp_sweep *sweep, uint32_t *ret_ids, uint32_t cap)
{
	struct turns *turns = &sweep->turns;
	uint32_t n = 0;

	for (; n < cap && turns->at < turns->n_repeats; turns->at++) {
		struct repeat *repeat = &turns->repeats[turns->at];

		if (!is_due(sweep, turns->at))
			continue;
		repeat->attempt = (uint8_t)cp_paths_attempts(sweep->paths, repeat->slot);
		repeat->waiting = true;
		repeat->n_asked++;
		cp_paths_sent(sweep->paths, repeat->slot, sweep->pass);
		ret_ids[n++] = cp_id_make(repeat->slot, repeat->attempt);
	}
	return n;
}

/* ---- Answers ---- */

static uint32_t find_repeat(const struct turns *turns, uint32_t slot)
{
	uint32_t low = 0, high = turns->n_repeats;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (turns->repeats[turns->by_slot[middle]].slot < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low < turns->n_repeats ? turns->by_slot[low] : 0;
}

/* Notes who answered. True: it had done so, before another one did. */
static bool came_back(struct repeat *repeat, uint64_t who)
{
	if (repeat->seen[repeat->n_seen - 1] == who)
		return false;
	for (uint32_t i = 0; i + 1 < repeat->n_seen; i++) {
		if (repeat->seen[i] == who)
			return true;
	}
	repeat->seen[repeat->n_seen++] = who;
	return false;
}

bool cp_turns_reply(struct cp_sweep *sweep, const struct cp_event *event)
{
	struct turns *turns = &sweep->turns;
	uint32_t i = find_repeat(turns, event->slot);
	struct repeat *repeat = &turns->repeats[i];
	struct crossing *crossing = &turns->crossings[repeat->key];

	if (repeat->slot != event->slot || !repeat->waiting || event->attempt != repeat->attempt)
		return false;
	repeat->waiting = false;
	sweep->n_outstanding--;
	if (came_back(repeat, word_of(&event->from)) && !crossing->takes_turns) {
		crossing->takes_turns = true;
		turns->n_found++;
	}
	if (repeat->n_seen > 1 && !crossing->follow)
		crossing->follow = i + 1;
	return true;
}

void cp_turns_mark(const struct cp_sweep *sweep, struct cp_path *path)
{
	const struct cp_addr *before = NULL;

	if (!sweep->turns.n_found)
		return;
	for (uint32_t i = 0; i < path->n_hops; i++) {
		struct cp_hop *hop = &path->hops[i];
		union cp_record key = key_of(before, hop->ttl);

		if (hop->kind == CP_REPLY_NONE)
			continue;
		before = &hop->addr;
		if (hop->kind != CP_REPLY_TIME_EXCEEDED ||
		        !sweep->turns.crossings[cp_table_find(&sweep->turns.keys, &key)].takes_turns)
			continue;
		hop->flags |= CP_HOP_PER_PACKET;
		path->per_packet = true;
	}
}
