/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rundiff_impl.h: what the files of a diff share: rundiff.c keeps what runs
 * say, rundiff_compare.c compares, rundiff_exits.c counts exits,
 * rundiff_index.c finds things by their content.
 */
#ifndef CP_RUNDIFF_IMPL_H
#define CP_RUNDIFF_IMPL_H

#include "rundiff.h"

/* Open addressing over things that have numbers; whose they are, their owner knows. */
struct cp_rundiff_index {
	uint32_t *slots; /* number + 1; 0: free */
	size_t cap, n; /* cap: a power of two, more than half of it free */
};
typedef bool cp_rundiff_same_fn(const void *ctx, uint32_t number, const void *key);
typedef uint64_t cp_rundiff_hash_fn(const void *ctx, uint32_t number);

/* Room for one more. 0 or -ENOMEM. */
int cp_rundiff_index_reserve(struct cp_rundiff_index *index, cp_rundiff_hash_fn *hash, const void *ctx);
/* The number of what equals key, CP_RUNDIFF_NONE: nothing does. */
uint32_t cp_rundiff_index_find(const struct cp_rundiff_index *index, uint64_t hash, cp_rundiff_same_fn *same,
        const void *ctx, const void *key);
/* Puts in what is not there. Reserve first. */
void cp_rundiff_index_put(struct cp_rundiff_index *index, uint64_t hash, uint32_t number);

uint64_t cp_rundiff_mix(uint64_t x);
uint64_t cp_rundiff_hash_text(uint64_t seed, const char *text); /* takes NULL */

/* Room for one more element of `size` bytes; items may move. 0 or -ENOMEM. */
int cp_rundiff_grow(void *items_ptr, size_t *cap, size_t n, size_t size);

struct cp_rundiff_as_name {
	uint32_t asn;
	const char *name;
};

struct cp_rundiff {
	struct cp_rundiff_path *paths[CP_SIDES];
	size_t n_paths[CP_SIDES], paths_cap[CP_SIDES];
	struct cp_rundiff_target *targets;
	size_t n_targets, targets_cap;
	struct cp_rundiff_index target_index;
	uint32_t last_target[CP_SIDES]; /* the paths of a target follow each other */
	struct cp_rundiff_list **lists;
	size_t n_lists, lists_cap;
	struct cp_rundiff_index list_index;
	struct cp_rundiff_as_name *ases;
	size_t n_ases, ases_cap;
	struct cp_rundiff_index as_index;
	/* rundiff_compare.c */
	struct cp_rundiff_limits limits;
	uint32_t *paths_of[CP_SIDES]; /* paths, target by target */
	uint32_t *first_of[CP_SIDES]; /* [n_targets + 1]: where those of a target begin in paths_of */
	struct cp_rundiff_pair *pairs;
	size_t n_pairs, pairs_cap;
	uint32_t *order;
	int64_t *shifts; /* [paths in both runs at most], for medians */
	/* rundiff_exits.c */
	struct cp_rundiff_exit *exits;
	size_t n_exits, exits_cap;
	struct cp_rundiff_index exit_index;
	struct cp_rundiff_result result;
};

/* Counts and sorts the exits of all paths. 0 or -ENOMEM. */
int cp_rundiff_count_exits(struct cp_rundiff *diff);

#endif
