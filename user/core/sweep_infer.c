// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sweep_infer.c: what a silent slot would have said, had its router not
 * answered others instead. Only at TTLs that were found to be limited, and
 * only if all paths with the same neighbours saw one router there: the one
 * before it, and the one behind it, or, where that is not known either, the
 * same distance to the same network (/24, /48). How many have to agree: enough
 * of the same neighbours, or one if all behind the same router before it do.
 * A probe at a pace that the router keeps up with, and yet silent, is a vote
 * against. Must not know how they came to be limited.
 */
#include <stdlib.h>
#include <string.h>

#include "sweep_impl.h"

#define MIN_AGREEING 8u /* with the same neighbours: of two ways chosen by chance, both are seen with 99 % */
#define MIN_AGREEING_POOL 8u /* with the same router before */
#define MAX_WITNESSES 4096u /* a TTL */

/* Who has to agree: paths with the same router before, and with the same one behind, or the same network. */
enum kind { KIND_POOL, KIND_NEXT, KIND_NETWORK };

static struct cp_addr network_of(const struct cp_addr *addr)
{
	struct cp_addr network = *addr;
	uint32_t keep = cp_addr_is_v4(addr) ? 15 : 6;

	memset(&network.b[keep], 0, sizeof(network.b) - keep);
	return network;
}

/* The neighbours of a path's i-th hop. False: what the kind asks for is not known. */
static bool key_of(
        const struct cp_sweep *sweep, const struct cp_path *path, uint32_t i, enum kind kind, union cp_record *ret_key)
{
	const struct cp_addr *dest = &sweep->config.dests[path->dest];
	const struct cp_hop *hops = path->hops, *before = NULL, *next = i + 1 < path->n_hops ? &hops[i + 1] : NULL;
	bool next_is_end = path->reached && i + 2 == path->n_hops;
	struct cp_addr network = network_of(dest);
	uint64_t right = 0, right_ttl = 0;

	for (uint32_t j = i; j > 0 && !before; j--)
		before = cp_addr_is_zero(&hops[j - 1].addr) ? NULL : &hops[j - 1];
	if (!before && hops[0].ttl != 1)
		return false;
	if (kind == KIND_NEXT) {
		if (!next || next->kind == CP_REPLY_NONE || next_is_end)
			return false;
		right = word_of(&next->addr);
	} else if (kind == KIND_NETWORK) {
		if (!path->reached || !next)
			return false;
		right = word_of(&network);
		right_ttl = path->n_hops;
	}
	*ret_key = (union cp_record){.words = {before ? word_of(&before->addr) : 0, right,
	                                     hops[i].ttl | (before ? before->ttl : 0ull) << 8 | right_ttl << 16 |
	                                             (uint64_t)kind << 24 | (uint64_t)cp_addr_is_v4(dest) << 32,
	                                     0}};
	return true;
}

/* ---- Gathering ---- */

void cp_infer_free(struct infer *infer)
{
	cp_table_free(&infer->keys);
	free(infer->contexts);
	*infer = (struct infer){0};
}

/* The context of a key, a new one if need be. NULL: out of memory. */
static struct context *add_context(struct infer *infer, const union cp_record *key)
{
	uint32_t id = cp_table_intern(&infer->keys, key), cap = infer->cap ? infer->cap : 256;
	struct context *contexts;

	if (!id)
		return NULL;
	while (cap <= id)
		cap *= 2;
	if (cap > infer->cap) {
		contexts = realloc(infer->contexts, cap * sizeof(*contexts));
		if (!contexts)
			return NULL;
		memset(contexts + infer->cap, 0, (cap - infer->cap) * sizeof(*contexts));
		infer->contexts = contexts;
		infer->cap = cap;
	}
	return &infer->contexts[id];
}

/* Notes who answered between neighbours, or, NULL, that nobody did who could have. NULL: out of memory. */
static struct context *note(struct infer *infer, const union cp_record *key, const struct cp_addr *router)
{
	struct context *context = add_context(infer, key);

	if (!context)
		return NULL;
	if (!router) {
		context->n_broken++;
		return context;
	}
	context->mixed |= context->n_seen && !cp_addr_eq(&context->router, router);
	context->router = *router;
	context->n_seen++;
	return context;
}

/* What a path has to say of one of its TTLs. False: out of memory. */
static bool add_witness(struct cp_sweep *sweep, uint32_t slot, const struct cp_addr *router)
{
	uint32_t i = slot % sweep->config.shape.n_ttls;
	const struct context *context;
	union cp_record key, pool_key;
	struct cp_path path;

	cp_sweep_path(sweep, cp_shape_path(&sweep->config.shape, slot), &path);
	if (i >= path.n_hops || !key_of(sweep, &path, i, KIND_POOL, &pool_key))
		return true;
	if (!note(&sweep->infer, &pool_key, router))
		return false;
	for (enum kind kind = KIND_NEXT; kind <= KIND_NETWORK; kind++) {
		if (!key_of(sweep, &path, i, kind, &key))
			continue;
		context = note(&sweep->infer, &key, router);
		if (!context)
			return false;
		if (context->mixed)
			add_context(&sweep->infer, &pool_key)->balanced = true;
	}
	return true;
}

/* What was seen at a TTL, those below it being done. */
static bool gather_ttl(struct cp_sweep *sweep, uint32_t ttl)
{
	uint32_t n_witnesses = 0;

	for (uint32_t i = 0; i < sweep->n_paths && n_witnesses < MAX_WITNESSES; i++) {
		uint32_t path = cp_perm_at(&sweep->perm, i), slot = slot_of(sweep, path, ttl);

		if (cp_paths_silent(sweep->paths, slot))
			continue;
		n_witnesses++;
		if (!add_witness(sweep, slot, cp_paths_from(sweep->paths, slot)))
			return false;
	}
	for (uint32_t i = 0; i < sweep->slow.n_asks; i++) {
		const struct slow_ask *ask = &sweep->slow.asks[i];

		if (!ask->kept_pace || cp_shape_ttl(&sweep->config.shape, ask->slot) != ttl)
			continue;
		if (cp_paths_silent(sweep->paths, ask->slot) && !add_witness(sweep, ask->slot, NULL))
			return false;
	}
	return true;
}

void cp_infer_gather(struct cp_sweep *sweep)
{
	bool ok;

	cp_infer_free(&sweep->infer);
	ok = cp_table_init(&sweep->infer.keys, 0) == 0;
	for (uint64_t rest = sweep->slow.held; rest && ok; rest &= rest - 1)
		ok = gather_ttl(sweep, lowest_ttl(sweep, rest));
	if (!ok)
		cp_infer_free(&sweep->infer);
}

/* ---- Inferring ---- */

static bool agrees(const struct context *context)
{
	return context->n_seen && !context->mixed && context->n_broken * 8 <= context->n_seen;
}

static const struct context *find(const struct cp_sweep *sweep, const struct cp_path *path, uint32_t i, enum kind kind)
{
	union cp_record key;
	uint32_t id;

	if (!key_of(sweep, path, i, kind, &key))
		return NULL;
	id = cp_table_find(&sweep->infer.keys, &key);
	return id ? &sweep->infer.contexts[id] : NULL;
}

/* The router at a silent hop, those before it being filled in; NULL: cannot be said. */
static const struct cp_addr *router_at(const struct cp_sweep *sweep, const struct cp_path *path, uint32_t i)
{
	const struct context *pool = find(sweep, path, i, KIND_POOL);
	bool pool_agrees = pool && agrees(pool) && pool->n_seen >= MIN_AGREEING_POOL;
	uint32_t number = path->dest * sweep->config.shape.n_flows + path->flow;
	const struct cp_addr *router = NULL;

	if (!pool || pool->balanced)
		return NULL;
	for (enum kind kind = KIND_NEXT; kind <= KIND_NETWORK; kind++) {
		const struct context *context = find(sweep, path, i, kind);

		if (!context || (kind == KIND_NETWORK && !cp_ask_end_sure(sweep, number)))
			continue;
		if (!agrees(context) || (router && !cp_addr_eq(router, &context->router)))
			return NULL;
		if (pool_agrees || context->n_seen >= MIN_AGREEING)
			router = &context->router;
	}
	return router;
}

/* Marks and fills in the hops of limited TTLs. */
static void fill(const struct cp_sweep *sweep, struct cp_path *path)
{
	for (uint32_t i = 0; i < path->n_hops; i++) {
		struct cp_hop *hop = &path->hops[i];
		const struct cp_addr *router;

		if (hop->kind != CP_REPLY_NONE || !(sweep->slow.held >> i & 1))
			continue;
		hop->flags |= CP_HOP_LIMITED;
		if (!sweep->infer.contexts || !cp_slow_sure(&sweep->slow.paces[i]))
			continue;
		router = router_at(sweep, path, i);
		if (!router)
			continue;
		hop->addr = *router;
		hop->flags |= CP_HOP_INFERRED;
	}
}

bool cp_infer_can(const struct cp_sweep *sweep, uint32_t number, uint32_t ttl)
{
	uint32_t i = ttl - sweep->config.shape.first_ttl;
	struct cp_path path;

	cp_sweep_path(sweep, number, &path);
	return i < path.n_hops && sweep->infer.contexts && router_at(sweep, &path, i);
}

void cp_sweep_path(const struct cp_sweep *sweep, uint32_t number, struct cp_path *ret_path)
{
	cp_paths_get(sweep->paths, number, sweep->config.gap, ret_path);
	fill(sweep, ret_path);
	cp_turns_mark(sweep, ret_path);
}
