// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * egress.c: which ASes carried how much of a run, in which role. Keeps one
 * record an (AS or IXP, role), every RTT sample (percentiles are exact) and
 * the sets of exit routers, sites and groups. Labels stay the AS database's. An add reserves all
 * it needs before it counts anything, so a failed one leaves no half path.
 */
#include "egress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egress_set.h"
#include "router_name.h"

#define KEYS_MAX (2 * CP_TTL_MAX + 4) /* roles in one path */

struct key {
	uint32_t asn;
	enum cp_as_role role;
	const char *label;
};

struct counter {
	struct cp_egress_row row;
	uint32_t last_target, last_dest; /* of the latest path; meaningful once row.n_paths is not 0 */
	uint64_t last_group; /* number of the group counted last; 0: none */
};

/* Values of many rows: row index in the high half, value in the low one, so that sorting groups them. */
struct samples {
	uint64_t *items;
	size_t n, cap;
};

struct cp_egress {
	struct counter *counters;
	size_t n, cap;
	uint32_t *index; /* hash of counters: number + 1, 0 free */
	size_t index_cap;
	struct cp_egress_set things;
	const char *group; /* of the targets that are added; NULL: none */
	uint64_t nth_group;
	uint8_t group_key[16];
	struct samples handover, cold;
	struct cp_egress_row *rows; /* as handed out */
	struct cp_egress_site *sites; /* likewise */
	uint64_t n_total;
};

/* What one path contributes. */
struct facts {
	struct key keys[KEYS_MAX];
	uint32_t n_replies[KEYS_MAX], n_probes[KEYS_MAX], n_unanswered[KEYS_MAX];
	size_t n_keys;
	size_t exit_key; /* index into keys; KEYS_MAX: none */
	const struct cp_hop *last_home; /* NULL: not seen */
	uint32_t handover_us; /* CP_EGRESS_UNKNOWN */
	uint32_t cold_pct; /* CP_EGRESS_UNKNOWN */
};

const char *cp_as_role_name(enum cp_as_role role)
{
	static const char *const names[CP_ROLES] = {
	        [CP_ROLE_HOME] = "home",
	        [CP_ROLE_EXIT] = "exit",
	        [CP_ROLE_TRANSIT] = "transit",
	        [CP_ROLE_DEST] = "destination",
	        [CP_ROLE_IXP] = "ixp",
	};

	return names[role];
}

int cp_egress_new(struct cp_egress **ret_egress)
{
	struct cp_egress *egress = calloc(1, sizeof(*egress));

	if (!egress)
		return -ENOMEM;
	*ret_egress = egress;
	return 0;
}

void cp_egress_free(struct cp_egress *egress)
{
	if (!egress)
		return;
	free(egress->counters);
	free(egress->index);
	cp_egress_set_free(&egress->things);
	free(egress->handover.items);
	free(egress->cold.items);
	free(egress->rows);
	free(egress->sites);
	free(egress);
}

static bool same_key(const struct key *a, const struct key *b)
{
	if (a->asn != b->asn || a->role != b->role)
		return false;
	return a->label == b->label || (a->label && b->label && strcmp(a->label, b->label) == 0);
}

static size_t add_key(struct facts *facts, struct key key)
{
	for (size_t i = 0; i < facts->n_keys; i++) {
		if (same_key(&facts->keys[i], &key))
			return i;
	}
	facts->keys[facts->n_keys] = key;
	return facts->n_keys++;
}

static bool step_is_as(const struct cp_as_step *step, uint32_t asn)
{
	return step->kind == CP_STEP_AS && step->asn == asn;
}

/* Of several origins of the destination, the one the AS path shows counts. 0: unknown. */
static uint32_t dest_asn(const struct cp_judgement *judgement)
{
	const struct cp_origin *origin = &judgement->dest_origin;

	if (origin->kind != CP_ORIGIN_AS)
		return 0;
	for (uint32_t i = judgement->n_as_path; i-- > 0;) {
		for (int k = 0; k < origin->n_asn; k++) {
			if (step_is_as(&judgement->as_path[i], origin->asn[k]))
				return origin->asn[k];
		}
	}
	return origin->asn[0];
}

static void roles_of_steps(
        struct facts *facts, const struct cp_judgement *judgement, const struct cp_home *home, uint32_t neighbour)
{
	bool carried = judgement->verdict == CP_TRANSIT || judgement->verdict == CP_DETOUR;
	uint32_t dest = dest_asn(judgement);

	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		const struct cp_as_step *step = &judgement->as_path[i];

		if (step->kind == CP_STEP_IXP)
			add_key(facts, (struct key){.role = CP_ROLE_IXP, .label = step->label ? step->label : ""});
		if (step->kind != CP_STEP_AS)
			continue;
		/* Elsewhere what is left is the vantage's own AS, a sibling of an end, or too weak to accuse. */
		if (cp_home_has(home, step->asn))
			add_key(facts, (struct key){.asn = step->asn, .role = CP_ROLE_HOME});
		else if (step->asn != neighbour && step->asn != dest && carried)
			add_key(facts, (struct key){.asn = step->asn, .role = CP_ROLE_TRANSIT});
	}
	if (dest)
		add_key(facts, (struct key){.asn = dest, .role = CP_ROLE_DEST});
}

/* How much of the way to the destination, in time, was made at home; in percent. */
static uint32_t cold_share(const struct cp_path *path, const struct cp_hop *last_home)
{
	uint32_t whole = path->reached && path->n_hops ? path->hops[path->n_hops - 1].rtt_us : 0;
	uint64_t pct;

	if (!whole || !last_home || !last_home->rtt_us)
		return CP_EGRESS_UNKNOWN;
	pct = (100ull * last_home->rtt_us + whole / 2) / whole;
	return pct < 100 ? (uint32_t)pct : 100; /* a router may answer later than what lies behind it */
}

/* True when the hop answered for this path and is part of the step. */
static bool answers_for(const struct cp_as_step *step, const struct cp_hop *hop, const struct cp_origin *origin)
{
	if (cp_addr_is_zero(&hop->addr) || hop->flags & CP_HOP_INFERRED)
		return false;
	if (step->kind == CP_STEP_IXP)
		return origin->kind == CP_ORIGIN_IXP;
	for (int k = 0; origin->kind == CP_ORIGIN_AS && k < origin->n_asn && k < CP_MOAS_MAX; k++) {
		if (origin->asn[k] == step->asn)
			return true;
	}
	return false;
}

static void count_replies(struct facts *facts, const struct cp_path *path, const struct cp_judgement *judgement,
        const struct cp_as_step *step)
{
	struct key key = {.asn = step->asn, .label = step->kind == CP_STEP_IXP ? step->label ? step->label : "" : NULL};
	uint32_t first = path->n_hops ? path->hops[0].ttl : 0, n_replies = 0, n_probes = 0, n_unanswered = 0;

	for (uint32_t ttl = step->first_ttl > first ? step->first_ttl : first;
	        ttl <= step->last_ttl && ttl - first < path->n_hops; ttl++) {
		const struct cp_hop *hop = &path->hops[ttl - first];

		if (!answers_for(step, hop, &judgement->origins[ttl - first]))
			continue;
		n_replies++;
		n_probes += hop->attempts; /* 0: not known */
		n_unanswered += hop->attempts ? hop->attempts - 1u : 0;
	}
	for (size_t i = 0; i < facts->n_keys; i++) {
		key.role = facts->keys[i].role;
		if (!same_key(&facts->keys[i], &key))
			continue;
		facts->n_replies[i] += n_replies;
		facts->n_probes[i] += n_probes;
		facts->n_unanswered[i] += n_unanswered;
	}
}

/* Who hands over: the last home hop, unless that is by its name the neighbour's end of the link. NULL: not seen. */
static const struct cp_hop *exit_router(const struct cp_path *path, const struct cp_judgement *judgement)
{
	int i = judgement->exit.last_home;

	while (i >= 0 && judgement->far_end >> i & 1)
		i--;
	return i < 0 || cp_addr_is_zero(&path->hops[i].addr) ? NULL : &path->hops[i];
}

static void collect(struct facts *facts, const struct cp_path *path, const struct cp_judgement *judgement,
        const struct cp_home *home)
{
	uint32_t neighbour = cp_exit_asn(judgement, home);
	const struct cp_exit *exit = &judgement->exit;

	*facts = (struct facts){.handover_us = CP_EGRESS_UNKNOWN, .cold_pct = CP_EGRESS_UNKNOWN};
	roles_of_steps(facts, judgement, home, neighbour);
	facts->exit_key = KEYS_MAX;
	if (neighbour)
		facts->exit_key = add_key(facts, (struct key){.asn = neighbour, .role = CP_ROLE_EXIT});
	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		if (judgement->as_path[i].kind == CP_STEP_AS || judgement->as_path[i].kind == CP_STEP_IXP)
			count_replies(facts, path, judgement, &judgement->as_path[i]);
	}
	if (!neighbour)
		return;
	facts->last_home = exit_router(path, judgement);
	if (path->hops[exit->first_foreign].rtt_us)
		facts->handover_us = path->hops[exit->first_foreign].rtt_us;
	facts->cold_pct = cold_share(path, facts->last_home);
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

static size_t hash_key(const struct key *key)
{
	uint64_t hash = (uint64_t)key->asn << 8 | key->role;

	for (const char *s = key->label; s && *s; s++)
		hash = hash * 31 + (unsigned char)*s;
	return mix(hash);
}

static struct key key_of(const struct counter *counter)
{
	return (struct key){.asn = counter->row.asn, .role = counter->row.role, .label = counter->row.label};
}

/* The place of key in the index: taken by it, or free. */
static uint32_t *find(const struct cp_egress *egress, const struct key *key)
{
	for (size_t i = hash_key(key);; i++) {
		uint32_t *slot = &egress->index[i & (egress->index_cap - 1)];
		struct key found;

		if (!*slot)
			return slot;
		found = key_of(&egress->counters[*slot - 1]);
		if (same_key(&found, key))
			return slot;
	}
}

static int reserve_counters(struct cp_egress *egress, size_t more)
{
	size_t cap = egress->cap ? egress->cap : 64;
	struct counter *counters;
	uint32_t *index;

	while (cap < egress->n + more)
		cap *= 2;
	if (cap == egress->cap)
		return 0;
	counters = realloc(egress->counters, cap * sizeof(*counters));
	if (!counters)
		return -ENOMEM;
	egress->counters = counters;
	index = calloc(cap * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(egress->index);
	egress->index = index;
	egress->index_cap = cap * 2;
	egress->cap = cap;
	for (size_t i = 0; i < egress->n; i++) {
		struct key key = key_of(&counters[i]);

		*find(egress, &key) = (uint32_t)i + 1;
	}
	return 0;
}

static int reserve_sample(struct samples *samples)
{
	size_t cap = samples->cap ? samples->cap * 2 : 256;
	uint64_t *items;

	if (samples->n < samples->cap)
		return 0;
	items = realloc(samples->items, cap * sizeof(*items));
	if (!items)
		return -ENOMEM;
	samples->items = items;
	samples->cap = cap;
	return 0;
}

static uint32_t count_key(struct cp_egress *egress, const struct facts *facts, size_t i, uint32_t target, uint32_t dest)
{
	const struct key *key = &facts->keys[i];
	uint32_t *slot = find(egress, key), row;
	struct counter *counter;
	bool new_target, new_dest;

	if (!*slot) {
		egress->counters[egress->n] = (struct counter){
		        .row = {.asn = key->asn, .label = key->label, .role = key->role},
		};
		*slot = (uint32_t)++egress->n;
	}
	row = *slot - 1;
	counter = &egress->counters[row];
	new_target = !counter->row.n_paths || counter->last_target != target;
	new_dest = new_target || counter->last_dest != dest;
	counter->row.n_paths++;
	counter->row.n_targets += new_target;
	counter->row.n_dests += new_dest;
	counter->row.n_replies += facts->n_replies[i];
	counter->row.n_probes += facts->n_probes[i];
	counter->row.n_unanswered += facts->n_unanswered[i];
	counter->last_target = target;
	counter->last_dest = dest;
	if (egress->group && counter->last_group != egress->nth_group) {
		counter->row.n_groups +=
		        cp_egress_set_add(&egress->things, row, CP_THING_GROUP, egress->group_key)->n_added == 1;
		counter->last_group = egress->nth_group;
	}
	return row;
}

/* A run may have looked the name up for some of a router's paths only. */
static void place_router(struct cp_egress_member *router, const char *ptr)
{
	struct cp_router_name name;

	if (router->place[0] || !ptr)
		return;
	cp_router_name_parse(ptr, &name);
	snprintf(router->place, sizeof(router->place), "%s", name.city ? name.city : name.site);
}

static void count_exit(struct cp_egress *egress, const struct facts *facts, uint32_t row)
{
	struct cp_egress_member *router;

	if (facts->handover_us != CP_EGRESS_UNKNOWN)
		egress->handover.items[egress->handover.n++] = (uint64_t)row << 32 | facts->handover_us;
	if (facts->cold_pct != CP_EGRESS_UNKNOWN)
		egress->cold.items[egress->cold.n++] = (uint64_t)row << 32 | facts->cold_pct;
	if (!facts->last_home)
		return;
	router = cp_egress_set_add(&egress->things, row, CP_THING_ROUTER, facts->last_home->addr.b);
	egress->counters[row].row.n_exit_routers += router->n_added == 1;
	place_router(router, facts->last_home->ptr);
}

void cp_egress_group(struct cp_egress *egress, const char *group)
{
	if (group && egress->group && !strcmp(group, egress->group)) {
		egress->group = group;
		return;
	}
	egress->group = group;
	egress->nth_group++;
	if (group)
		cp_egress_set_hash(group, egress->group_key);
}

int cp_egress_add(struct cp_egress *egress, uint32_t target, const struct cp_path *path,
        const struct cp_judgement *judgement, const struct cp_home *home)
{
	struct facts facts;

	collect(&facts, path, judgement, home);
	if (reserve_counters(egress, facts.n_keys) || reserve_sample(&egress->handover) ||
	        reserve_sample(&egress->cold) || cp_egress_set_reserve(&egress->things, facts.n_keys + 2))
		return -ENOMEM;
	for (size_t i = 0; i < facts.n_keys; i++) {
		uint32_t row = count_key(egress, &facts, i, target, path->dest);

		if (i == facts.exit_key)
			count_exit(egress, &facts, row);
	}
	egress->n_total++;
	return 0;
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank: the smallest sample that at least pct percent of the n samples do not exceed. */
static uint32_t percentile(const uint64_t *sorted, size_t n, unsigned pct)
{
	return n ? (uint32_t)sorted[(n * pct + 99) / 100 - 1] : CP_EGRESS_UNKNOWN;
}

/* The samples of one row, which come in the order of rows; *at moves on past them. */
static const uint64_t *of_row(const struct samples *samples, size_t row, size_t *at, size_t *ret_n)
{
	size_t from = *at;

	while (*at < samples->n && samples->items[*at] >> 32 == row)
		(*at)++;
	*ret_n = *at - from;
	return *ret_n ? samples->items + from : NULL;
}

static int cmp_rows(const void *a, const void *b)
{
	const struct cp_egress_row *x = a, *y = b;

	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	if (x->n_paths != y->n_paths)
		return x->n_paths > y->n_paths ? -1 : 1;
	if (x->asn != y->asn)
		return x->asn < y->asn ? -1 : 1;
	return strcmp(x->label ? x->label : "", y->label ? y->label : "");
}

static int cmp_places(const void *a, const void *b)
{
	const struct cp_egress_site *x = a, *y = b;

	return x->row != y->row ? (x->row < y->row ? -1 : 1) : strcmp(x->place, y->place);
}

static int cmp_sites(const void *a, const void *b)
{
	const struct cp_egress_site *x = a, *y = b;

	if (x->row != y->row || x->n_paths == y->n_paths)
		return cmp_places(a, b);
	return x->n_paths > y->n_paths ? -1 : 1;
}

/* One site a row and place, out of all routers; in the order of rows. */
static int gather_sites(struct cp_egress *egress, size_t *ret_n)
{
	struct cp_egress_site *sites = reallocarray(egress->sites, egress->things.n + 1, sizeof(*sites));
	size_t n = 0, n_merged = 0;

	if (!sites)
		return -ENOMEM;
	egress->sites = sites;
	for (size_t i = 0; i < egress->things.cap; i++) {
		const struct cp_egress_member *router = &egress->things.members[i];

		if (router->row_plus_1 && router->place[0])
			sites[n++] = (struct cp_egress_site){
			        .place = router->place, .n_paths = router->n_added, .row = router->row_plus_1 - 1};
	}
	qsort(sites, n, sizeof(*sites), cmp_places);
	for (size_t i = 0; i < n; i++) {
		if (n_merged && cmp_places(&sites[n_merged - 1], &sites[i]) == 0)
			sites[n_merged - 1].n_paths += sites[i].n_paths;
		else
			sites[n_merged++] = sites[i];
	}
	qsort(sites, n_merged, sizeof(*sites), cmp_sites);
	*ret_n = n_merged;
	return 0;
}

/* Before the rows are sorted. */
static void fill_sites(struct cp_egress *egress, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cp_egress_row *row = &egress->rows[egress->sites[i].row];

		if (!row->n_sites++)
			row->sites = &egress->sites[i];
	}
}

static void fill_rows(struct cp_egress *egress)
{
	size_t at_handover = 0, at_cold = 0;

	for (size_t i = 0; i < egress->n; i++) {
		struct cp_egress_row *row = &egress->rows[i];
		const uint64_t *sorted;
		size_t n;

		*row = egress->counters[i].row;
		sorted = of_row(&egress->handover, i, &at_handover, &n);
		row->handover_p50_us = percentile(sorted, n, 50);
		row->handover_p95_us = percentile(sorted, n, 95);
		row->handover_p99_us = percentile(sorted, n, 99);
		sorted = of_row(&egress->cold, i, &at_cold, &n);
		row->cold_share_pct = percentile(sorted, n, 50);
	}
}

int cp_egress_rows(
        struct cp_egress *egress, const struct cp_egress_row **ret_rows, size_t *ret_n, uint64_t *ret_n_total)
{
	if (egress->n) {
		struct cp_egress_row *rows = realloc(egress->rows, egress->n * sizeof(*rows));
		size_t n_sites;

		if (!rows)
			return -ENOMEM;
		egress->rows = rows;
		if (gather_sites(egress, &n_sites))
			return -ENOMEM;
		if (egress->handover.n)
			qsort(egress->handover.items, egress->handover.n, sizeof(uint64_t), cmp_u64);
		if (egress->cold.n)
			qsort(egress->cold.items, egress->cold.n, sizeof(uint64_t), cmp_u64);
		fill_rows(egress);
		fill_sites(egress, n_sites);
		qsort(egress->rows, egress->n, sizeof(*egress->rows), cmp_rows);
	}
	*ret_rows = egress->rows;
	*ret_n = egress->n;
	*ret_n_total = egress->n_total;
	return 0;
}
