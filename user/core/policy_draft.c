// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * policy_draft.c: targets that came out alike get one rule. What came out for
 * most targets of a group is the group's rule; the others are its exceptions.
 * Must not know how a rule is written down.
 */
#include "policy_draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How a target came out. */
struct outcome {
	const struct cp_target *target;
	uint32_t verdicts;
	uint32_t *asns; /* sorted */
	size_t n_asns;
	bool is_undecided;
};

struct cp_draft {
	const struct cp_home *home;
	struct outcome *items;
	size_t n, cap;
	struct outcome now; /* the target whose paths are coming in; target NULL: none */
	/* made by cp_draft_rules() */
	struct cp_draft_rule *rules;
	size_t n_rules, rules_cap;
	const struct cp_target **targets; /* of all rules, one after another */
	bool *needs_port;
};

int cp_draft_new(const struct cp_home *home, struct cp_draft **ret_draft)
{
	struct cp_draft *draft = calloc(1, sizeof(*draft));

	if (!draft)
		return -ENOMEM;
	draft->home = home;
	*ret_draft = draft;
	return 0;
}

void cp_draft_free(struct cp_draft *draft)
{
	if (!draft)
		return;
	for (size_t i = 0; i < draft->n; i++)
		free(draft->items[i].asns);
	free(draft->items);
	free(draft->now.asns);
	free(draft->rules);
	free(draft->targets);
	free(draft->needs_port);
	free(draft);
}

/* ---- what is fed ---- */

/* Keeps them sorted and each once. */
static int add_asn(struct outcome *outcome, uint32_t asn)
{
	size_t at = 0;
	uint32_t *more;

	while (at < outcome->n_asns && outcome->asns[at] < asn)
		at++;
	if (at < outcome->n_asns && outcome->asns[at] == asn)
		return 0;
	more = reallocarray(outcome->asns, outcome->n_asns + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	memmove(more + at + 1, more + at, (outcome->n_asns - at) * sizeof(*more));
	more[at] = asn;
	outcome->asns = more;
	outcome->n_asns++;
	return 0;
}

int cp_draft_path(struct cp_draft *draft, const struct cp_policy_seen *seen, uint32_t vantage_asn)
{
	struct outcome *now = &draft->now;
	int rc = 0;

	now->target = seen->target;
	if (seen->verdict == CP_UNDECIDED) {
		now->is_undecided = true;
		return 0;
	}
	now->verdicts |= 1u << seen->verdict;
	vantage_asn = cp_policy_vantage(seen, vantage_asn);
	for (size_t i = 0; i < seen->n_asns && rc == 0; i++) {
		if (seen->asns[i] != vantage_asn && !cp_home_has(draft->home, seen->asns[i]))
			rc = add_asn(now, seen->asns[i]);
	}
	return rc;
}

int cp_draft_target(struct cp_draft *draft, const struct cp_target *target)
{
	if (draft->n == draft->cap) {
		size_t cap = draft->cap ? draft->cap * 2 : 64;
		struct outcome *more = reallocarray(draft->items, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		draft->items = more;
		draft->cap = cap;
	}
	if (draft->now.target != target)
		draft->now.is_undecided = true;
	draft->now.target = target;
	draft->items[draft->n++] = draft->now;
	draft->now = (struct outcome){0};
	return 0;
}

/* ---- orders ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* By name; no group is last. */
static int compare_groups(const char *a, const char *b)
{
	if (!a || !b)
		return (a == NULL) - (b == NULL);
	return strcmp(a, b);
}

static int compare_hosts(const struct cp_target *a, const struct cp_target *b)
{
	int by_host = strcmp(a->host, b->host);

	if (by_host)
		return by_host;
	return a->proto != b->proto ? compare_u64(a->proto, b->proto) : compare_u64(a->port, b->port);
}

/* By verdicts, then ASes; without a verdict: last. */
static int compare_signatures(const struct outcome *a, const struct outcome *b)
{
	if (a->verdicts != b->verdicts && (!a->verdicts || !b->verdicts))
		return a->verdicts ? -1 : 1;
	if (a->verdicts != b->verdicts)
		return compare_u64(a->verdicts, b->verdicts);
	for (size_t i = 0; i < a->n_asns && i < b->n_asns; i++) {
		if (a->asns[i] != b->asns[i])
			return compare_u64(a->asns[i], b->asns[i]);
	}
	return compare_u64(a->n_asns, b->n_asns);
}

static int compare_outcomes(const void *a_, const void *b_)
{
	const struct outcome *a = a_, *b = b_;
	int by = compare_groups(a->target->group, b->target->group);

	by = by ? by : compare_signatures(a, b);
	return by ? by : compare_hosts(a->target, b->target);
}

/* ---- rules ---- */

static int add_rule(struct cp_draft *draft, const struct cp_draft_rule *rule)
{
	if (draft->n_rules == draft->rules_cap) {
		size_t cap = draft->rules_cap ? draft->rules_cap * 2 : 16;
		struct cp_draft_rule *more = reallocarray(draft->rules, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		draft->rules = more;
		draft->rules_cap = cap;
	}
	draft->rules[draft->n_rules++] = *rule;
	return 0;
}

/* The end of the stretch from `from` on that came out alike, up to `end`. */
static size_t alike(const struct cp_draft *draft, size_t from, size_t end)
{
	size_t i = from + 1;

	while (i < end && compare_signatures(&draft->items[from], &draft->items[i]) == 0)
		i++;
	return i;
}

/* Appends targets [from, end) to those of the rule, which are the last ones handed out. */
static void take_targets(struct cp_draft *draft, size_t *n_out, size_t from, size_t end, struct cp_draft_rule *rule)
{
	for (size_t i = from; i < end; i++) {
		draft->targets[(*n_out)++] = draft->items[i].target;
		rule->n_targets++;
		rule->n_undecided += draft->items[i].is_undecided;
	}
}

static struct cp_draft_rule start_rule(const struct cp_draft *draft, const struct outcome *outcome, size_t n_out)
{
	return (struct cp_draft_rule){
	        .group = outcome->target->group,
	        .targets = &draft->targets[n_out],
	        .needs_port = &draft->needs_port[n_out],
	        .verdicts = outcome->verdicts,
	        .asns = outcome->asns,
	        .n_asns = outcome->n_asns,
	};
}

/* One group: [from, end) of the items. The exceptions, then what most came out as, with those that have no verdict. */
static int make_group(struct cp_draft *draft, size_t from, size_t end, size_t *n_out)
{
	size_t main_from = from, main_end = from, open_from = end;
	struct cp_draft_rule rule;
	int rc = 0;

	for (size_t i = from, next; i < end; i = next) {
		next = alike(draft, i, end);
		if (!draft->items[i].verdicts)
			open_from = i;
		if ((draft->items[i].verdicts || i == from) && next - i > main_end - main_from) {
			main_from = i;
			main_end = next;
		}
	}
	for (size_t i = from, next; i < open_from && rc == 0; i = next) {
		next = alike(draft, i, open_from);
		if (i == main_from)
			continue;
		rule = start_rule(draft, &draft->items[i], *n_out);
		take_targets(draft, n_out, i, next, &rule);
		rc = add_rule(draft, &rule);
	}
	if (rc)
		return rc;
	rule = start_rule(draft, &draft->items[main_from], *n_out);
	rule.is_rest = true;
	if (main_from < open_from)
		take_targets(draft, n_out, main_from, main_end, &rule);
	take_targets(draft, n_out, open_from, end, &rule);
	return add_rule(draft, &rule);
}

static int compare_by_host(const void *a, const void *b, void *ctx)
{
	struct cp_draft *draft = ctx;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	int by = compare_hosts(draft->targets[i], draft->targets[k]);

	return by ? by : compare_u64(i, k);
}

static int find_ports(struct cp_draft *draft, size_t n)
{
	size_t *order = calloc(n + 1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_by_host, draft);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(draft->targets[order[i - 1]]->host, draft->targets[order[i]]->host) == 0)
			draft->needs_port[order[i - 1]] = draft->needs_port[order[i]] = true;
	}
	free(order);
	return 0;
}

int cp_draft_rules(struct cp_draft *draft, const struct cp_draft_rule **ret_rules, size_t *ret_n)
{
	size_t n_out = 0;
	int rc = 0;

	free(draft->targets);
	free(draft->needs_port);
	draft->targets = calloc(draft->n + 1, sizeof(*draft->targets));
	draft->needs_port = calloc(draft->n + 1, sizeof(*draft->needs_port));
	draft->n_rules = 0;
	if (!draft->targets || !draft->needs_port)
		return -ENOMEM;
	if (draft->n)
		qsort(draft->items, draft->n, sizeof(*draft->items), compare_outcomes);
	for (size_t i = 0, end; i < draft->n && rc == 0; i = end) {
		const char *group = draft->items[i].target->group;

		for (end = i + 1; end < draft->n; end++) {
			if (compare_groups(group, draft->items[end].target->group) != 0)
				break;
		}
		rc = make_group(draft, i, end, &n_out);
	}
	rc = rc ? rc : find_ports(draft, n_out);
	if (rc)
		return rc;
	*ret_rules = draft->rules;
	*ret_n = draft->n_rules;
	return 0;
}
