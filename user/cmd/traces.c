// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * traces.c: traces by target and destination. Hops lie one behind the other in
 * blocks: of the 64 that a path may have, few are in use.
 */
#include "traces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/grow.h"
#include "import/words.h"

#define BLOCK_BYTES (1u << 20)
#define SLOTS_MIN 1024u

struct block {
	struct block *next;
	size_t len;
	_Alignas(16) char bytes[BLOCK_BYTES];
};

/* Open addressing: numbers of targets or of addresses, from 1; 0: free. */
struct index {
	uint32_t *slots;
	size_t n_slots; /* a power of two, at least half of it free */
};

struct dest {
	uint32_t target;
	struct cp_addr addr;
};

struct order {
	uint64_t key; /* target, dest */
	uint32_t item;
};

struct cp_traces {
	struct cp_words *words;
	struct block *blocks;
	struct cp_kept_trace *items;
	size_t n, cap;
	struct cp_target *targets;
	size_t n_targets, targets_cap;
	struct dest *dests;
	size_t n_dests, dests_cap;
	struct index by_target, by_dest;
	/* made by sorting */
	struct order *order;
	struct cp_answer *answers; /* [n_targets] */
	struct cp_addr *addrs; /* [n_dests]; the answers point into it */
};

int cp_traces_new(struct cp_traces **ret_traces)
{
	struct cp_traces *traces = calloc(1, sizeof(*traces));

	if (!traces || cp_words_new(&traces->words)) {
		free(traces);
		return -ENOMEM;
	}
	*ret_traces = traces;
	return 0;
}

void cp_traces_free(struct cp_traces *traces)
{
	if (!traces)
		return;
	for (struct block *block = traces->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	cp_words_free(traces->words);
	free(traces->items);
	free(traces->targets);
	free(traces->dests);
	free(traces->by_target.slots);
	free(traces->by_dest.slots);
	free(traces->order);
	free(traces->answers);
	free(traces->addrs);
	free(traces);
}

/* ---- Memory ---- */

/* Room for so much, less than a block. NULL: out of memory. */
static void *take_bytes(struct cp_traces *traces, size_t size)
{
	struct block *block = traces->blocks;
	void *copy;

	size = (size + 15) & ~(size_t)15;
	if (!block || BLOCK_BYTES - block->len < size) {
		block = malloc(sizeof(*block));
		if (!block)
			return NULL;
		block->len = 0;
		block->next = traces->blocks;
		traces->blocks = block;
	}
	copy = block->bytes + block->len;
	block->len += size;
	return copy;
}

/* text NULL stays NULL. -ENOMEM. */
static int keep_text(struct cp_traces *traces, const char *text, const char **ret_text)
{
	*ret_text = text ? cp_words_add(traces->words, text, strlen(text)) : NULL;
	return text && !*ret_text ? -ENOMEM : 0;
}

/* ---- Numbers of targets and addresses ---- */

static uint64_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ b) * 0xff51afd7ed558ccdull;
	return a ^ a >> 32;
}

/* Strings are kept once, so that their addresses tell them apart. */
static uint64_t target_hash(const struct cp_target *target)
{
	return mix((uintptr_t)target->host, (uint64_t)target->port << 8 | target->proto);
}

static bool same_target(const struct cp_target *a, const struct cp_target *b)
{
	return a->host == b->host && a->port == b->port && a->proto == b->proto;
}

static uint64_t dest_hash(const struct dest *dest)
{
	uint64_t half[2];

	memcpy(half, &dest->addr, sizeof(half));
	return mix(mix(half[0], half[1]), dest->target);
}

static bool same_dest(const struct dest *a, const struct dest *b)
{
	return a->target == b->target && cp_addr_eq(&a->addr, &b->addr);
}

/* The slot of a target, or the one where it would be. */
static uint32_t *find_target(const struct cp_traces *traces, const struct index *index, const struct cp_target *target)
{
	size_t i = target_hash(target) & (index->n_slots - 1);

	while (index->slots[i] && !same_target(&traces->targets[index->slots[i] - 1], target))
		i = (i + 1) & (index->n_slots - 1);
	return &index->slots[i];
}

static uint32_t *find_dest(const struct cp_traces *traces, const struct index *index, const struct dest *dest)
{
	size_t i = dest_hash(dest) & (index->n_slots - 1);

	while (index->slots[i] && !same_dest(&traces->dests[index->slots[i] - 1], dest))
		i = (i + 1) & (index->n_slots - 1);
	return &index->slots[i];
}

/* An index of twice the size for n entries, empty; nothing when there is room. */
static int grow_index(const struct index *index, size_t n, struct index *ret_grown)
{
	*ret_grown = (struct index){.n_slots = index->n_slots ? index->n_slots * 2 : SLOTS_MIN};
	if (n < index->n_slots / 2)
		return 0;
	ret_grown->slots = calloc(ret_grown->n_slots, sizeof(*ret_grown->slots));
	return ret_grown->slots ? 0 : -ENOMEM;
}

static int make_room_for_target(struct cp_traces *traces)
{
	struct index grown;

	if (cp_grow(&traces->targets, &traces->targets_cap, traces->n_targets, sizeof(*traces->targets)) ||
	        grow_index(&traces->by_target, traces->n_targets, &grown))
		return -ENOMEM;
	if (!grown.slots)
		return 0;
	for (uint32_t i = 0; i < traces->n_targets; i++)
		*find_target(traces, &grown, &traces->targets[i]) = i + 1;
	free(traces->by_target.slots);
	traces->by_target = grown;
	return 0;
}

static int make_room_for_dest(struct cp_traces *traces)
{
	struct index grown;

	if (cp_grow(&traces->dests, &traces->dests_cap, traces->n_dests, sizeof(*traces->dests)) ||
	        grow_index(&traces->by_dest, traces->n_dests, &grown))
		return -ENOMEM;
	if (!grown.slots)
		return 0;
	for (uint32_t i = 0; i < traces->n_dests; i++)
		*find_dest(traces, &grown, &traces->dests[i]) = i + 1;
	free(traces->by_dest.slots);
	traces->by_dest = grown;
	return 0;
}

static int number_target(struct cp_traces *traces, const struct cp_target *like, uint32_t *ret_number)
{
	struct cp_target target = {.port = like->port, .proto = like->proto, .is_literal = like->is_literal};
	uint32_t *slot;

	if (make_room_for_target(traces) || keep_text(traces, like->host, &target.host) ||
	        keep_text(traces, like->group, &target.group))
		return -ENOMEM;
	slot = find_target(traces, &traces->by_target, &target);
	if (!*slot) {
		traces->targets[traces->n_targets++] = target;
		*slot = (uint32_t)traces->n_targets;
	}
	*ret_number = *slot - 1;
	return 0;
}

static int number_dest(struct cp_traces *traces, uint32_t target, const struct cp_addr *addr, uint32_t *ret_number)
{
	struct dest dest = {.target = target, .addr = *addr};
	uint32_t *slot;

	if (make_room_for_dest(traces))
		return -ENOMEM;
	slot = find_dest(traces, &traces->by_dest, &dest);
	if (!*slot) {
		traces->dests[traces->n_dests++] = dest;
		*slot = (uint32_t)traces->n_dests;
	}
	*ret_number = *slot - 1;
	return 0;
}

/* ---- Traces ---- */

static int keep_hops(struct cp_traces *traces, const struct cp_path *path, struct cp_kept_trace *kept)
{
	struct cp_hop *hops = take_bytes(traces, path->n_hops * sizeof(*hops));

	if (!hops)
		return -ENOMEM;
	for (uint32_t i = 0; i < path->n_hops; i++) {
		hops[i] = path->hops[i];
		if (keep_text(traces, path->hops[i].ptr, &hops[i].ptr))
			return -ENOMEM;
	}
	kept->hops = hops;
	return 0;
}

static int keep_cname(struct cp_traces *traces, const struct cp_answer *answer, struct cp_kept_trace *kept)
{
	size_t n = answer->n_cname < BLOCK_BYTES / 16 / sizeof(char *) ? answer->n_cname
	                                                               : BLOCK_BYTES / 16 / sizeof(char *);

	kept->cname = n ? take_bytes(traces, n * sizeof(*kept->cname)) : NULL;
	if (n && !kept->cname)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (keep_text(traces, answer->cname[i], &kept->cname[i]))
			return -ENOMEM;
	}
	kept->n_cname = (uint32_t)n;
	return 0;
}

static int keep_e2e(struct cp_traces *traces, const struct cp_quality_stats *e2e, struct cp_kept_trace *kept)
{
	struct cp_quality_stats *copy = e2e ? take_bytes(traces, sizeof(*copy)) : NULL;

	if (e2e && !copy)
		return -ENOMEM;
	if (e2e) {
		*copy = *e2e;
		copy->rtts_us = NULL;
	}
	kept->e2e = copy;
	return 0;
}

int cp_traces_add(struct cp_traces *traces, const struct cp_trace *trace, struct cp_vantage vantage)
{
	const struct cp_path *path = &trace->path;
	struct cp_kept_trace kept = {
	        .addr = trace->dest,
	        .vantage = vantage,
	        .reasons = trace->reasons,
	        .n_probes = path->n_probes,
	        .n_hops = (uint8_t)path->n_hops,
	        .end = path->end,
	        .end_kind = path->end_kind,
	        .end_code = path->end_code,
	        .reached = path->reached,
	};

	if (cp_grow(&traces->items, &traces->cap, traces->n, sizeof(*traces->items)) ||
	        number_target(traces, &trace->target, &kept.target) ||
	        number_dest(traces, kept.target, &kept.addr, &kept.dest) || keep_hops(traces, path, &kept) ||
	        keep_e2e(traces, trace->e2e, &kept) || keep_cname(traces, &trace->answer, &kept) ||
	        keep_text(traces, trace->tcp_method, &kept.tcp_method) ||
	        keep_text(traces, trace->sack_fallback, &kept.sack_fallback))
		return -ENOMEM;
	traces->items[traces->n++] = kept;
	return 0;
}

void cp_traces_path(const struct cp_kept_trace *trace, uint32_t flow, struct cp_path *ret_path)
{
	memset(ret_path, 0, offsetof(struct cp_path, hops));
	ret_path->dest = trace->dest;
	ret_path->flow = flow;
	ret_path->end = trace->end;
	ret_path->end_kind = trace->end_kind;
	ret_path->end_code = trace->end_code;
	ret_path->reached = trace->reached;
	ret_path->n_probes = trace->n_probes;
	ret_path->n_hops = trace->n_hops;
	if (trace->n_hops)
		memcpy(ret_path->hops, trace->hops, trace->n_hops * sizeof(*trace->hops));
}

/* ---- Order ---- */

static int compare(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->item < y->item ? -1 : 1;
}

/* Addresses are numbered as they appear, so that those of a target come in that order. */
static void make_answers(struct cp_traces *traces)
{
	size_t n_addrs = 0;

	for (size_t i = 0; i < traces->n; i++) {
		const struct cp_kept_trace *trace = cp_traces_at(traces, i);
		struct cp_answer *answer = &traces->answers[trace->target];
		bool is_new = i == 0 || cp_traces_at(traces, i - 1)->dest != trace->dest;

		if (is_new) {
			traces->addrs[n_addrs] = trace->addr;
			answer->addrs = answer->n_addrs ? answer->addrs : &traces->addrs[n_addrs];
			answer->n_addrs++;
			n_addrs++;
		}
		answer->status = traces->targets[trace->target].is_literal ? CP_DNS_LITERAL : CP_DNS_OK;
		if (!answer->n_cname && trace->n_cname) {
			answer->cname = (char **)(uintptr_t)trace->cname; /* only read */
			answer->n_cname = trace->n_cname;
		}
	}
}

int cp_traces_sort(struct cp_traces *traces)
{
	traces->order = calloc(traces->n + 1, sizeof(*traces->order));
	traces->answers = calloc(traces->n_targets + 1, sizeof(*traces->answers));
	traces->addrs = calloc(traces->n_dests + 1, sizeof(*traces->addrs));
	if (!traces->order || !traces->answers || !traces->addrs)
		return -ENOMEM;
	for (uint32_t i = 0; i < traces->n; i++) {
		const struct cp_kept_trace *trace = &traces->items[i];

		traces->order[i] = (struct order){(uint64_t)trace->target << 32 | trace->dest, i};
	}
	qsort(traces->order, traces->n, sizeof(*traces->order), compare);
	make_answers(traces);
	return 0;
}

size_t cp_traces_n(const struct cp_traces *traces)
{
	return traces->n;
}

size_t cp_traces_n_targets(const struct cp_traces *traces)
{
	return traces->n_targets;
}

size_t cp_traces_n_dests(const struct cp_traces *traces)
{
	return traces->n_dests;
}

const struct cp_target *cp_traces_target(const struct cp_traces *traces, size_t i)
{
	return &traces->targets[i];
}

const struct cp_kept_trace *cp_traces_at(const struct cp_traces *traces, size_t i)
{
	return &traces->items[traces->order[i].item];
}

const struct cp_answer *cp_traces_answer(const struct cp_traces *traces, size_t target)
{
	return &traces->answers[target];
}
