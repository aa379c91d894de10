// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_exits.c: where the paths of two runs leave home: how many by AS, by
 * site and by router. Must not know pairs.
 */
#include <stdlib.h>
#include <string.h>

#include "rundiff_impl.h"

static uint64_t hash_key(const struct cp_rundiff_exit *key)
{
	uint64_t hash = cp_rundiff_hash_text((uint64_t)key->asn << 8 | key->kind, key->label), part;

	for (size_t i = 0; i < sizeof(key->router); i += sizeof(part)) {
		memcpy(&part, (const char *)&key->router + i, sizeof(part));
		hash = cp_rundiff_mix(hash ^ part);
	}
	return hash;
}
_Static_assert(sizeof(struct cp_addr) % sizeof(uint64_t) == 0, "addresses are read word by word");

static uint64_t hash_exit(const void *ctx, uint32_t number)
{
	return hash_key(&((const struct cp_rundiff *)ctx)->exits[number]);
}

static bool same_exit(const void *ctx, uint32_t number, const void *key)
{
	const struct cp_rundiff_exit *exit = &((const struct cp_rundiff *)ctx)->exits[number], *wanted = key;

	if (exit->kind != wanted->kind || exit->asn != wanted->asn || !exit->label != !wanted->label)
		return false;
	if (exit->label && strcmp(exit->label, wanted->label) != 0)
		return false;
	return cp_addr_eq(&exit->router, &wanted->router);
}

static int count(struct cp_rundiff *diff, enum cp_rundiff_side side, const struct cp_rundiff_exit *key)
{
	uint64_t hash = hash_key(key);
	uint32_t number = cp_rundiff_index_find(&diff->exit_index, hash, same_exit, diff, key);
	int rc = 0;

	if (number == CP_RUNDIFF_NONE) {
		rc = cp_rundiff_grow(&diff->exits, &diff->exits_cap, diff->n_exits, sizeof(*diff->exits));
		rc = rc ? rc : cp_rundiff_index_reserve(&diff->exit_index, hash_exit, diff);
		if (rc)
			return rc;
		number = (uint32_t)diff->n_exits++;
		diff->exits[number] = *key;
		cp_rundiff_index_put(&diff->exit_index, hash, number);
	}
	diff->exits[number].n_paths[side]++;
	return 0;
}

static int count_path(struct cp_rundiff *diff, enum cp_rundiff_side side, const struct cp_rundiff_path *path)
{
	struct cp_rundiff_exit as = {
	        .kind = CP_RD_EXIT_AS, .asn = path->exit_asn, .label = path->exit_asn ? NULL : path->exit_ixp};
	struct cp_rundiff_exit site = {.kind = CP_RD_EXIT_SITE, .label = path->site};
	struct cp_rundiff_exit router = {.kind = CP_RD_EXIT_ROUTER, .router = path->last_home};
	bool is_point = cp_rundiff_exit_is_point(path);
	int rc;

	if (!path->has_exit)
		return 0;
	rc = count(diff, side, &as);
	if (rc == 0 && is_point && path->site)
		rc = count(diff, side, &site);
	if (rc == 0 && is_point && !cp_addr_is_zero(&path->last_home))
		rc = count(diff, side, &router);
	return rc;
}

static uint64_t size_of(const struct cp_rundiff_exit *exit)
{
	return exit->n_paths[CP_BEFORE] > exit->n_paths[CP_AFTER] ? exit->n_paths[CP_BEFORE] : exit->n_paths[CP_AFTER];
}

/* By kind, then by falling paths; what is equal in both, by what it is, so that a result is the same each time. */
static int compare_exits(const void *a, const void *b)
{
	const struct cp_rundiff_exit *left = a, *right = b;
	int order;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (size_of(left) != size_of(right))
		return size_of(left) > size_of(right) ? -1 : 1;
	if (left->asn != right->asn)
		return left->asn < right->asn ? -1 : 1;
	order = strcmp(left->label ? left->label : "", right->label ? right->label : "");
	return order ? order : cp_addr_cmp(&left->router, &right->router);
}

int cp_rundiff_count_exits(struct cp_rundiff *diff)
{
	for (int side = 0; side < CP_SIDES; side++) {
		for (size_t i = 0; i < diff->n_paths[side]; i++) {
			int rc = count_path(diff, side, &diff->paths[side][i]);

			if (rc)
				return rc;
		}
	}
	if (diff->n_exits)
		qsort(diff->exits, diff->n_exits, sizeof(*diff->exits), compare_exits);
	return 0;
}
