// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff.c: keeps what two runs say, compactly: targets once for both, paths
 * without their hops, lists of strings once each. Compares nothing.
 */
#include "rundiff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rundiff_impl.h"

int cp_rundiff_new(struct cp_rundiff **ret_diff)
{
	struct cp_rundiff *diff = calloc(1, sizeof(*diff));

	if (!diff)
		return -ENOMEM;
	diff->last_target[CP_BEFORE] = diff->last_target[CP_AFTER] = CP_RUNDIFF_NONE;
	*ret_diff = diff;
	return 0;
}

void cp_rundiff_free(struct cp_rundiff *diff)
{
	if (!diff)
		return;
	for (int side = 0; side < CP_SIDES; side++) {
		free(diff->paths[side]);
		free(diff->paths_of[side]);
		free(diff->first_of[side]);
	}
	for (size_t i = 0; i < diff->n_lists; i++)
		free(diff->lists[i]);
	free(diff->lists);
	free(diff->list_index.slots);
	free(diff->targets);
	free(diff->target_index.slots);
	free(diff->ases);
	free(diff->as_index.slots);
	free(diff->pairs);
	free(diff->order);
	free(diff->shifts);
	free(diff->exits);
	free(diff->exit_index.slots);
	free(diff);
}

/* ---- Lists ---- */

struct list_key {
	const char *const *items;
	size_t n;
};

static uint64_t hash_items(const char *const *items, size_t n)
{
	uint64_t hash = n;

	for (size_t i = 0; i < n; i++)
		hash = cp_rundiff_hash_text(hash, items[i]);
	return hash;
}

static uint64_t hash_list(const void *ctx, uint32_t number)
{
	const struct cp_rundiff_list *list = ((const struct cp_rundiff *)ctx)->lists[number];

	return hash_items(list->items, list->n);
}

static bool same_list(const void *ctx, uint32_t number, const void *key)
{
	const struct cp_rundiff_list *list = ((const struct cp_rundiff *)ctx)->lists[number];
	const struct list_key *wanted = key;

	if (list->n != wanted->n)
		return false;
	for (size_t i = 0; i < wanted->n; i++) {
		if (list->items[i] != wanted->items[i] && strcmp(list->items[i], wanted->items[i]) != 0)
			return false;
	}
	return true;
}

/* The one list of these strings; NULL: out of memory. */
static const struct cp_rundiff_list *keep_list(struct cp_rundiff *diff, const char *const *items, size_t n)
{
	struct list_key key = {items, n};
	uint64_t hash = hash_items(items, n);
	uint32_t number = cp_rundiff_index_find(&diff->list_index, hash, same_list, diff, &key);
	struct cp_rundiff_list *list;

	if (number != CP_RUNDIFF_NONE)
		return diff->lists[number];
	if (cp_rundiff_grow(&diff->lists, &diff->lists_cap, diff->n_lists, sizeof(struct cp_rundiff_list *)) ||
	        cp_rundiff_index_reserve(&diff->list_index, hash_list, diff))
		return NULL;
	list = malloc(sizeof(*list) + n * sizeof(*items));
	if (!list)
		return NULL;
	list->n = (uint32_t)n;
	if (n)
		memcpy(list->items, items, n * sizeof(*items));
	cp_rundiff_index_put(&diff->list_index, hash, (uint32_t)diff->n_lists);
	diff->lists[diff->n_lists++] = list;
	return list;
}

static int compare_texts(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* The same, whatever their order. */
static const struct cp_rundiff_list *keep_set(struct cp_rundiff *diff, const char *const *items, size_t n)
{
	const char **sorted = reallocarray(NULL, n ? n : 1, sizeof(*sorted));
	const struct cp_rundiff_list *list;

	if (!sorted)
		return NULL;
	if (n)
		memcpy(sorted, items, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_texts);
	list = keep_list(diff, sorted, n);
	free(sorted);
	return list;
}

/* ---- Targets ---- */

static uint64_t hash_name(const struct cp_rundiff_name *name)
{
	return cp_rundiff_hash_text((uint64_t)name->port << 8 | name->proto, name->host);
}

static uint64_t hash_target(const void *ctx, uint32_t number)
{
	return hash_name(&((const struct cp_rundiff *)ctx)->targets[number].name);
}

static bool is_same_name(const struct cp_rundiff_name *a, const struct cp_rundiff_name *b)
{
	return a->port == b->port && a->proto == b->proto && (a->host == b->host || strcmp(a->host, b->host) == 0);
}

static bool same_target(const void *ctx, uint32_t number, const void *key)
{
	return is_same_name(&((const struct cp_rundiff *)ctx)->targets[number].name, key);
}

static int find_target(
        struct cp_rundiff *diff, enum cp_rundiff_side side, const struct cp_rundiff_name *name, uint32_t *ret_number)
{
	const struct cp_rundiff_view none = {.verdict = -1, .shown = CP_RUNDIFF_NONE};
	uint32_t *last = &diff->last_target[side], number;
	uint64_t hash;

	if (*last != CP_RUNDIFF_NONE && is_same_name(&diff->targets[*last].name, name)) {
		*ret_number = *last;
		return 0;
	}
	hash = hash_name(name);
	number = cp_rundiff_index_find(&diff->target_index, hash, same_target, diff, name);
	if (number == CP_RUNDIFF_NONE) {
		if (cp_rundiff_grow(&diff->targets, &diff->targets_cap, diff->n_targets, sizeof(*diff->targets)) ||
		        cp_rundiff_index_reserve(&diff->target_index, hash_target, diff))
			return -ENOMEM;
		number = (uint32_t)diff->n_targets++;
		diff->targets[number] = (struct cp_rundiff_target){.name = *name, .views = {none, none}};
		cp_rundiff_index_put(&diff->target_index, hash, number);
	}
	diff->targets[number].views[side].is_present = true;
	*last = *ret_number = number;
	return 0;
}

int cp_rundiff_add_target(struct cp_rundiff *diff, enum cp_rundiff_side side, const struct cp_rundiff_name *name,
        const struct cp_rundiff_answer *answer)
{
	const struct cp_rundiff_list *cname = keep_list(diff, answer->cname, answer->n_cname);
	const struct cp_rundiff_list *addresses = keep_set(diff, answer->addresses, answer->n_addresses);
	struct cp_rundiff_view *view;
	uint32_t number;
	int rc = cname && addresses ? find_target(diff, side, name, &number) : -ENOMEM;

	if (rc)
		return rc;
	view = &diff->targets[number].views[side];
	/* Said twice: the worst counts, as among the paths of one. */
	view->verdict = view->verdict > answer->verdict ? view->verdict : answer->verdict;
	view->dns = answer->dns;
	view->skip_reason = answer->skip_reason;
	view->cname = cname;
	view->addresses = addresses;
	return 0;
}

/* ---- Paths ---- */

int cp_rundiff_add_path(struct cp_rundiff *diff, enum cp_rundiff_side side, const struct cp_rundiff_name *name,
        const struct cp_rundiff_path *path, const char *const *as_path, size_t n_as_path)
{
	const struct cp_rundiff_list *list = keep_list(diff, as_path, n_as_path);
	struct cp_rundiff_path *kept;
	uint32_t number;
	int rc = list ? find_target(diff, side, name, &number) : -ENOMEM;

	rc = rc ? rc
	        : cp_rundiff_grow(
	                  &diff->paths[side], &diff->paths_cap[side], diff->n_paths[side], sizeof(*diff->paths[side]));
	if (rc)
		return rc;
	kept = &diff->paths[side][diff->n_paths[side]++];
	*kept = *path;
	kept->target = number;
	kept->as_path = list;
	return 0;
}

/* ---- Names of ASes ---- */

static uint64_t hash_as(const void *ctx, uint32_t number)
{
	return cp_rundiff_mix(((const struct cp_rundiff *)ctx)->ases[number].asn);
}

static bool same_as(const void *ctx, uint32_t number, const void *key)
{
	return ((const struct cp_rundiff *)ctx)->ases[number].asn == *(const uint32_t *)key;
}

int cp_rundiff_add_as(struct cp_rundiff *diff, uint32_t asn, const char *as_name)
{
	if (!asn || !as_name || cp_rundiff_as_name(diff, asn))
		return 0;
	if (cp_rundiff_grow(&diff->ases, &diff->ases_cap, diff->n_ases, sizeof(*diff->ases)) ||
	        cp_rundiff_index_reserve(&diff->as_index, hash_as, diff))
		return -ENOMEM;
	cp_rundiff_index_put(&diff->as_index, cp_rundiff_mix(asn), (uint32_t)diff->n_ases);
	diff->ases[diff->n_ases++] = (struct cp_rundiff_as_name){asn, as_name};
	return 0;
}

const char *cp_rundiff_as_name(const struct cp_rundiff *diff, uint32_t asn)
{
	uint32_t number = cp_rundiff_index_find(&diff->as_index, cp_rundiff_mix(asn), same_as, diff, &asn);

	return number == CP_RUNDIFF_NONE ? NULL : diff->ases[number].name;
}
