// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * budget.c: budgets of addresses and prefixes, by the generic cell rate
 * algorithm (ITU-T I.371), and a heap of the probes that wait. A probe that is
 * too early gets the first free time at once, so each is put off once.
 */
#include "budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cp_perm.h"

#define NSEC_PER_SEC 1000000000ull
#define AHEAD_PER_SEC 10u

/* A probe that waits. */
struct waiter {
	uint64_t due_ns;
	uint32_t id;
};

struct cp_budget {
	struct cp_budget_rule rules[2]; /* of a host, of a prefix */
	uint32_t *numbers[2]; /* [n_dests]: budget of a destination */
	uint64_t *due_ns; /* [n]: theoretical arrival time of the next packet */
	uint32_t n;
	struct waiter *heap;
	uint32_t n_waiting, cap;
};

struct cp_budget_rule cp_budget_rule(uint32_t pps, uint32_t max_ahead)
{
	uint32_t ahead = pps / AHEAD_PER_SEC;
	struct cp_budget_rule rule = {0};

	if (!pps)
		return rule;
	ahead = ahead < 1 ? 1 : ahead > max_ahead ? max_ahead : ahead;
	rule.interval_ns = NSEC_PER_SEC / pps;
	rule.tolerance_ns = (ahead - 1) * rule.interval_ns;
	return rule;
}

/* ---- Numbers ---- */

static struct cp_addr prefix_of(const struct cp_addr *addr)
{
	uint32_t n_bytes = cp_addr_is_v4(addr) ? 15 : 6;
	struct cp_addr prefix = *addr;

	memset(prefix.b + n_bytes, 0, sizeof(prefix.b) - n_bytes);
	return prefix;
}

static uint32_t hash_of(const struct cp_addr *addr)
{
	uint32_t words[4], hash = 0;

	memcpy(words, addr, sizeof(words));
	for (uint32_t i = 0; i < 4; i++)
		hash = cp_mix32(hash ^ words[i]) * 0x9e3779b1u;
	return hash ^ hash >> 16;
}

/* Numbers addresses, equal ones alike, from budget->n on. seen: [mask + 1], scratch. */
static void number(struct cp_budget *budget, const struct cp_addr *addrs, uint32_t n, uint32_t *seen, uint32_t mask,
        uint32_t *ret_numbers)
{
	memset(seen, 0xff, ((size_t)mask + 1) * sizeof(*seen));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = hash_of(&addrs[i]) & mask;

		while (seen[at] != UINT32_MAX && !cp_addr_eq(&addrs[seen[at]], &addrs[i]))
			at = (at + 1) & mask;
		if (seen[at] == UINT32_MAX) {
			seen[at] = i;
			ret_numbers[i] = budget->n++;
		} else {
			ret_numbers[i] = ret_numbers[seen[at]];
		}
	}
}

static int number_all(struct cp_budget *budget, const struct cp_addr *dests, uint32_t n)
{
	uint32_t mask = 1023, *seen;
	struct cp_addr *prefixes = calloc(n + 1, sizeof(*prefixes));

	while (mask < n * 2ull)
		mask = mask * 2 + 1;
	seen = malloc(((size_t)mask + 1) * sizeof(*seen));
	if (seen && prefixes) {
		for (uint32_t i = 0; i < n; i++)
			prefixes[i] = prefix_of(&dests[i]);
		number(budget, dests, n, seen, mask, budget->numbers[0]);
		number(budget, prefixes, n, seen, mask, budget->numbers[1]);
		budget->due_ns = calloc(budget->n + 1, sizeof(*budget->due_ns));
	}
	free(seen);
	free(prefixes);
	return budget->due_ns ? 0 : -ENOMEM;
}

int cp_budget_new(const struct cp_addr *dests, uint32_t n, struct cp_budget_rule host, struct cp_budget_rule prefix,
        struct cp_budget **ret_budget)
{
	struct cp_budget *budget = calloc(1, sizeof(*budget));
	int rc = -ENOMEM;

	if (!budget)
		return rc;
	budget->rules[0] = host;
	budget->rules[1] = prefix;
	budget->numbers[0] = calloc(n + 1, sizeof(**budget->numbers));
	budget->numbers[1] = calloc(n + 1, sizeof(**budget->numbers));
	if (budget->numbers[0] && budget->numbers[1])
		rc = number_all(budget, dests, n);
	if (rc) {
		cp_budget_free(budget);
		return rc;
	}
	*ret_budget = budget;
	return 0;
}

void cp_budget_free(struct cp_budget *budget)
{
	if (!budget)
		return;
	free(budget->numbers[0]);
	free(budget->numbers[1]);
	free(budget->due_ns);
	free(budget->heap);
	free(budget);
}

uint32_t cp_budget_host(const struct cp_budget *budget, uint32_t dest)
{
	return budget->numbers[0][dest];
}

uint32_t cp_budget_prefix(const struct cp_budget *budget, uint32_t dest)
{
	return budget->numbers[1][dest];
}

uint32_t cp_budget_n(const struct cp_budget *budget)
{
	return budget->n;
}

/* ---- Waiting ---- */

static void swap(struct waiter *a, struct waiter *b)
{
	struct waiter c = *a;

	*a = *b;
	*b = c;
}

static int wait_until(struct cp_budget *budget, uint64_t due_ns, uint32_t id)
{
	uint32_t at = budget->n_waiting;

	if (at == budget->cap) {
		uint32_t cap = budget->cap ? budget->cap * 2 : 1024;
		struct waiter *heap = reallocarray(budget->heap, cap, sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		budget->heap = heap;
		budget->cap = cap;
	}
	budget->heap[budget->n_waiting++] = (struct waiter){due_ns, id};
	for (; at && budget->heap[at].due_ns < budget->heap[(at - 1) / 2].due_ns; at = (at - 1) / 2)
		swap(&budget->heap[at], &budget->heap[(at - 1) / 2]);
	return 0;
}

static uint32_t take_first(struct cp_budget *budget)
{
	uint32_t id = budget->heap[0].id, at = 0, child;

	budget->heap[0] = budget->heap[--budget->n_waiting];
	while ((child = 2 * at + 1) < budget->n_waiting) {
		if (child + 1 < budget->n_waiting && budget->heap[child + 1].due_ns < budget->heap[child].due_ns)
			child++;
		if (budget->heap[at].due_ns <= budget->heap[child].due_ns)
			break;
		swap(&budget->heap[at], &budget->heap[child]);
		at = child;
	}
	return id;
}

/* The first time at which the packet conforms to both budgets, which are charged for it. */
static uint64_t reserve(struct cp_budget *budget, uint32_t dest, uint64_t now_ns)
{
	uint64_t at_ns = now_ns;

	for (uint32_t i = 0; i < 2; i++) {
		uint64_t due_ns = budget->due_ns[budget->numbers[i][dest]];

		if (budget->rules[i].interval_ns && due_ns > at_ns + budget->rules[i].tolerance_ns)
			at_ns = due_ns - budget->rules[i].tolerance_ns;
	}
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t *due_ns = &budget->due_ns[budget->numbers[i][dest]];

		*due_ns = (*due_ns > at_ns ? *due_ns : at_ns) + budget->rules[i].interval_ns;
	}
	return at_ns;
}

int cp_budget_admit(
        struct cp_budget *budget, uint32_t slots_per_dest, uint64_t now_ns, uint32_t *ids, uint32_t n, uint32_t *ret_n)
{
	uint32_t n_kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t at_ns = reserve(budget, cp_id_slot(ids[i]) / slots_per_dest, now_ns);

		if (at_ns <= now_ns)
			ids[n_kept++] = ids[i];
		else if (wait_until(budget, at_ns, ids[i]))
			return -ENOMEM;
	}
	*ret_n = n_kept;
	return 0;
}

uint32_t cp_budget_due(struct cp_budget *budget, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap)
{
	uint32_t n = 0;

	while (n < cap && budget->n_waiting && budget->heap[0].due_ns <= now_ns)
		ret_ids[n++] = take_first(budget);
	return n;
}

uint32_t cp_budget_waiting(const struct cp_budget *budget)
{
	return budget->n_waiting;
}
