// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * policy.c: which rule decides for a target, and whether its paths keep it.
 * Must not know where rules come from (import/policy_yaml.c, an option), nor
 * who shows the result.
 */
#include "policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "glob.h"

/* ---- rules ---- */

static void free_words(struct cp_policy_words *words)
{
	for (size_t i = 0; words->items && i < words->n; i++)
		free(words->items[i]);
	free(words->items);
}

void cp_policy_free(struct cp_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; policy->rules && i < policy->n_rules; i++) {
		struct cp_policy_rule *rule = &policy->rules[i];

		free(rule->name);
		free_words(&rule->groups);
		free_words(&rule->targets);
		free_words(&rule->allow_roles);
		free_words(&rule->forbid_roles);
		free(rule->allow_as.items);
		free(rule->forbid_as.items);
	}
	free(policy->rules);
	free(policy->source);
	*policy = (struct cp_policy){0};
}

bool cp_policy_pattern_matches(const char *pattern, const struct cp_target *target)
{
	bool is_v6 = strchr(target->host, ':') != NULL;
	char text[300];
	int n;

	if (cp_glob_matches(pattern, target->host))
		return true;
	if (!strchr(pattern, ':') && !strchr(pattern, '/'))
		return false;
	n = snprintf(text, sizeof(text), is_v6 ? "[%.255s]" : "%.255s", target->host);
	if (target->port)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ":%u", target->port);
	if (cp_glob_matches(pattern, text))
		return true;
	snprintf(text + n, sizeof(text) - (size_t)n, "/%s", cp_proto_name(target->proto));
	return cp_glob_matches(pattern, text);
}

/* Can match nothing but one host: no wildcard, and neither port nor protocol (an IPv6 address has colons, too). */
static bool is_plain_name(const char *pattern)
{
	const char *colon = strchr(pattern, ':');

	return !strpbrk(pattern, "*?/[") && (!colon || strchr(colon + 1, ':'));
}

static int compare_patterns(const void *a_, const void *b_)
{
	const char *a = *(const char *const *)a_, *b = *(const char *const *)b_;
	bool a_is_plain = is_plain_name(a), b_is_plain = is_plain_name(b);

	return a_is_plain != b_is_plain ? (a_is_plain ? -1 : 1) : strcmp(a, b);
}

void cp_policy_rule_index(struct cp_policy_rule *rule)
{
	struct cp_policy_words *targets = &rule->targets;

	for (size_t i = 0; i < targets->n; i++) {
		for (char *s = targets->items[i]; *s; s++)
			*s = (char)(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
	}
	if (targets->n)
		qsort(targets->items, targets->n, sizeof(*targets->items), compare_patterns);
	rule->n_exact = 0;
	while (rule->n_exact < targets->n && is_plain_name(targets->items[rule->n_exact]))
		rule->n_exact++;
}

static int compare_to_host(const void *host, const void *item)
{
	return strcmp(host, *(const char *const *)item);
}

static bool rule_matches(const struct cp_policy_rule *rule, const struct cp_target *target)
{
	bool in_group = rule->groups.n == 0, in_targets = rule->targets.n == 0;

	for (size_t i = 0; i < rule->groups.n && !in_group; i++)
		in_group = target->group && strcmp(rule->groups.items[i], target->group) == 0;
	if (in_group && rule->n_exact)
		in_targets = bsearch(target->host, rule->targets.items, rule->n_exact, sizeof(*rule->targets.items),
		        compare_to_host);
	for (size_t i = rule->n_exact; i < rule->targets.n && in_group && !in_targets; i++)
		in_targets = cp_policy_pattern_matches(rule->targets.items[i], target);
	return in_group && in_targets;
}

const struct cp_policy_rule *cp_policy_rule_of(const struct cp_policy *policy, const struct cp_target *target)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		if (rule_matches(&policy->rules[i], target))
			return &policy->rules[i];
	}
	return NULL;
}

const char *cp_breach_name(enum cp_breach breach)
{
	static const char *const names[CP_BREACHES] = {
	        [CP_BREACH_NONE] = "none",
	        [CP_BREACH_VERDICT] = "verdict",
	        [CP_BREACH_REASON] = "reason",
	        [CP_BREACH_FORBIDDEN_AS] = "forbidden-as",
	        [CP_BREACH_FORBIDDEN_ROLE] = "forbidden-role",
	        [CP_BREACH_AS] = "as",
	};

	return names[breach];
}

const char *cp_policy_state_name(enum cp_policy_state state)
{
	static const char *const names[] = {"holds", "undecided", "violated"};

	return names[state];
}

/* ---- what a path shows ---- */

static void add_asn(struct cp_policy_seen *seen, uint32_t *asns, uint32_t asn)
{
	for (size_t i = 0; i < seen->n_asns; i++) {
		if (asns[i] == asn)
			return;
	}
	asns[seen->n_asns++] = asn;
}

/* Of several ASes that announce an address, the one that the AS path shows at that TTL, else the first; as in records,
 * so that a stored run is looked at as it was. 0: none. */
static uint32_t origin_asn(const struct cp_judgement *judgement, const struct cp_origin *origin, uint8_t ttl)
{
	if (origin->kind != CP_ORIGIN_AS)
		return 0;
	for (uint32_t i = 0; origin->n_asn > 1 && i < judgement->n_as_path; i++) {
		const struct cp_as_step *step = &judgement->as_path[i];

		for (int k = 0; step->kind == CP_STEP_AS && ttl >= step->first_ttl && ttl <= step->last_ttl &&
		                k < origin->n_asn;
		        k++) {
			if (origin->asn[k] == step->asn)
				return step->asn;
		}
	}
	return origin->asn[0];
}

void cp_policy_see(
        const struct cp_path *path, const struct cp_judgement *judgement, uint32_t *asns, struct cp_policy_seen *seen)
{
	const struct cp_exit *exit = &judgement->exit;
	uint8_t end_ttl = path->n_hops ? path->hops[path->n_hops - 1].ttl : 0;
	uint32_t dest_asn = origin_asn(judgement, &judgement->dest_origin, end_ttl);

	seen->flow = path->flow;
	seen->verdict = judgement->verdict;
	seen->confidence = judgement->confidence;
	seen->reasons = judgement->reasons;
	seen->asns = asns;
	seen->n_asns = 0;
	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		if (judgement->as_path[i].kind == CP_STEP_AS)
			add_asn(seen, asns, judgement->as_path[i].asn);
	}
	if (dest_asn)
		add_asn(seen, asns, dest_asn);
	seen->exit_asn = 0;
	if (exit->present && exit->first_foreign >= 0)
		seen->exit_asn = origin_asn(
		        judgement, &judgement->origins[exit->first_foreign], path->hops[exit->first_foreign].ttl);
}

uint32_t cp_policy_vantage(const struct cp_policy_seen *seen, uint32_t vantage_asn)
{
	if (!vantage_asn && seen->reasons >> CP_WHY_VANTAGE_ASSUMED & 1 && seen->n_asns)
		return seen->asns[0];
	return vantage_asn;
}

/* ---- evaluation ---- */

struct cp_policy_eval {
	const struct cp_policy *policy;
	const struct cp_asdb *asdb;
	const struct cp_home *home;
	struct cp_policy_count *counts; /* [policy->n_rules] */
	uint64_t n_unmatched, n_unmatched_unmeasured, n_violations;
	struct cp_policy_violation *violations;
	size_t n_kept, cap;
	/* the target whose paths are coming in */
	const struct cp_target *now; /* NULL: none */
	struct cp_policy_count *count; /* of its rule; NULL: none matches */
	bool is_violated, is_undecided;
};

int cp_policy_eval_new(const struct cp_policy *policy, const struct cp_asdb *asdb, const struct cp_home *home,
        struct cp_policy_eval **ret_eval)
{
	struct cp_policy_eval *eval = calloc(1, sizeof(*eval));

	if (eval)
		eval->counts = calloc(policy->n_rules + 1, sizeof(*eval->counts));
	if (!eval || !eval->counts) {
		free(eval);
		return -ENOMEM;
	}
	eval->policy = policy;
	eval->asdb = asdb;
	eval->home = home;
	for (size_t i = 0; i < policy->n_rules; i++)
		eval->counts[i].rule = &policy->rules[i];
	*ret_eval = eval;
	return 0;
}

void cp_policy_eval_free(struct cp_policy_eval *eval)
{
	if (!eval)
		return;
	free(eval->counts);
	free(eval->violations);
	free(eval);
}

static bool has_asn(const struct cp_policy_asns *asns, uint32_t asn)
{
	for (size_t i = 0; i < asns->n; i++) {
		if (asns->items[i] == asn)
			return true;
	}
	return false;
}

static bool has_role(const struct cp_policy_eval *eval, const struct cp_policy_words *roles, uint32_t asn)
{
	const struct cp_as *as = roles->n && eval->asdb ? cp_asdb_as(eval->asdb, asn) : NULL;

	for (size_t i = 0; as && as->role && i < roles->n; i++) {
		if (strcmp(roles->items[i], as->role) == 0)
			return true;
	}
	return false;
}

/* Home and the vantage's own network need no leave; they can be forbidden, though. */
static enum cp_breach check_asn(
        const struct cp_policy_eval *eval, const struct cp_policy_rule *rule, uint32_t asn, uint32_t vantage_asn)
{
	if (has_asn(&rule->forbid_as, asn))
		return CP_BREACH_FORBIDDEN_AS;
	if (has_role(eval, &rule->forbid_roles, asn))
		return CP_BREACH_FORBIDDEN_ROLE;
	if ((!rule->allow_as.n && !rule->allow_roles.n) || asn == vantage_asn || cp_home_has(eval->home, asn))
		return CP_BREACH_NONE;
	if (has_asn(&rule->allow_as, asn) || has_role(eval, &rule->allow_roles, asn))
		return CP_BREACH_NONE;
	return CP_BREACH_AS;
}

static bool allows_verdict(const struct cp_policy_rule *rule, enum cp_verdict verdict)
{
	return !(rule->forbid >> verdict & 1) && (!rule->verdicts || rule->verdicts >> verdict & 1);
}

/* No verdict, and the rule does not say itself what to think of that. */
static bool is_open(const struct cp_policy_rule *rule, const struct cp_policy_seen *seen)
{
	return seen->verdict == CP_UNDECIDED && !((rule->verdicts | rule->forbid) >> CP_UNDECIDED & 1);
}

static enum cp_breach find_breach(const struct cp_policy_eval *eval, const struct cp_policy_rule *rule,
        const struct cp_policy_seen *seen, uint32_t vantage_asn, struct cp_policy_violation *violation)
{
	uint32_t reasons = seen->reasons & rule->forbid_reasons;

	if (!is_open(rule, seen) && !allows_verdict(rule, seen->verdict))
		return CP_BREACH_VERDICT;
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (reasons >> i & 1) {
			violation->reason = i;
			return CP_BREACH_REASON;
		}
	}
	/* What the evidence is too weak for, a hop or two of some AS included, breaks nothing. */
	for (size_t i = 0; i < seen->n_asns && seen->verdict != CP_UNDECIDED; i++) {
		enum cp_breach breach = check_asn(eval, rule, seen->asns[i], vantage_asn);

		violation->asn = seen->asns[i];
		if (breach)
			return breach;
	}
	violation->asn = 0;
	return CP_BREACH_NONE;
}

static int keep(struct cp_policy_eval *eval, const struct cp_policy_violation *violation)
{
	eval->n_violations++;
	if (eval->n_kept == CP_POLICY_KEPT)
		return 0;
	if (eval->n_kept == eval->cap) {
		size_t cap = eval->cap ? eval->cap * 2 : 16;
		struct cp_policy_violation *more = reallocarray(eval->violations, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		eval->violations = more;
		eval->cap = cap;
	}
	eval->violations[eval->n_kept++] = *violation;
	return 0;
}

static void begin_target(struct cp_policy_eval *eval, const struct cp_target *target)
{
	const struct cp_policy_rule *rule = cp_policy_rule_of(eval->policy, target);

	eval->now = target;
	eval->count = rule ? &eval->counts[rule - eval->policy->rules] : NULL;
	eval->is_violated = eval->is_undecided = false;
}

int cp_policy_eval_path(struct cp_policy_eval *eval, const struct cp_policy_seen *seen, uint32_t vantage_asn)
{
	struct cp_policy_violation violation = {
	        .target = seen->target,
	        .dest = seen->dest,
	        .flow = seen->flow,
	        .verdict = seen->verdict,
	        .confidence = seen->confidence,
	        .exit_asn = seen->exit_asn,
	};

	vantage_asn = cp_policy_vantage(seen, vantage_asn);
	if (eval->now != seen->target)
		begin_target(eval, seen->target);
	if (!eval->count)
		return 0;
	violation.rule = eval->count->rule;
	violation.breach = find_breach(eval, violation.rule, seen, vantage_asn, &violation);
	if (!violation.breach) {
		eval->is_undecided |=
		        is_open(violation.rule, seen) || seen->confidence < violation.rule->min_confidence;
		return 0;
	}
	eval->is_violated = true;
	eval->count->n_violations++;
	return keep(eval, &violation);
}

void cp_policy_eval_target(struct cp_policy_eval *eval, const struct cp_target *target)
{
	bool is_measured = eval->now == target;
	struct cp_policy_count *count;

	if (!is_measured)
		begin_target(eval, target);
	count = eval->count;
	if (!count) {
		eval->n_unmatched++;
		eval->n_unmatched_unmeasured += !is_measured;
	} else {
		count->n_targets++;
		if (eval->is_violated)
			count->n_violated++;
		else if (eval->is_undecided || !is_measured)
			count->n_undecided++;
		else
			count->n_kept++;
		count->n_unmeasured += !is_measured;
	}
	eval->now = NULL;
}

static enum cp_policy_state state_of(const struct cp_policy_count *count)
{
	if (count->n_violated)
		return CP_POLICY_VIOLATED;
	return count->n_undecided * CP_POLICY_ALL > count->rule->max_undecided * count->n_targets ? CP_POLICY_UNDECIDED
	                                                                                          : CP_POLICY_HOLDS;
}

void cp_policy_eval_result(struct cp_policy_eval *eval, struct cp_policy_result *ret_result)
{
	struct cp_policy_result result = {
	        .policy = eval->policy,
	        .counts = eval->counts,
	        .n_counts = eval->policy->n_rules,
	        .violations = eval->violations,
	        .n_violations = eval->n_kept,
	        .n_violations_all = eval->n_violations,
	        .n_unmatched = eval->n_unmatched,
	        .n_unmatched_unmeasured = eval->n_unmatched_unmeasured,
	};

	for (size_t i = 0; i < result.n_counts; i++) {
		struct cp_policy_count *count = &eval->counts[i];

		count->state = state_of(count);
		if (!count->rule->is_warning && count->state > result.state)
			result.state = count->state;
	}
	*ret_result = result;
}

/* ---- in words ---- */

struct words {
	char *buf;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *words, const char *fmt, ...)
{
	va_list args;
	int n;

	if (words->len >= words->size)
		return;
	va_start(args, fmt);
	n = vsnprintf(words->buf + words->len, words->size - words->len, fmt, args);
	va_end(args);
	words->len += n > 0 ? (size_t)n : 0;
}

static void say_verdicts(struct words *words, const struct cp_policy_rule *rule)
{
	const char *joint = "; wanted: ";

	if (!rule->verdicts) {
		say(words, " is forbidden");
		return;
	}
	for (int i = 0; i < CP_VERDICTS; i++) {
		if (!allows_verdict(rule, i))
			continue;
		say(words, "%s%s", joint, cp_verdict_name(i));
		joint = " or ";
	}
}

static void say_allowed(struct words *words, const struct cp_policy_rule *rule)
{
	const char *joint = "";

	say(words, " is not allowed; allowed: ");
	for (size_t i = 0; i < rule->allow_as.n && i < 8; i++, joint = ", ")
		say(words, "%sAS%u", joint, rule->allow_as.items[i]);
	if (rule->allow_as.n > 8)
		say(words, ", ...");
	for (size_t i = 0; i < rule->allow_roles.n; i++, joint = ", ")
		say(words, "%s%s", joint, rule->allow_roles.items[i]);
}

const char *cp_policy_violation_text(const struct cp_policy_violation *violation, char *buf, size_t size)
{
	struct words words = {buf, size, 0};

	buf[0] = '\0';
	if (violation->text) {
		say(&words, "%s", violation->text);
		return buf;
	}
	switch (violation->breach) {
	case CP_BREACH_VERDICT:
		say(&words, "%s", cp_verdict_name(violation->verdict));
		if (violation->exit_asn)
			say(&words, " (exit to AS%u)", violation->exit_asn);
		say_verdicts(&words, violation->rule);
		break;
	case CP_BREACH_REASON:
		say(&words, "%s (%s) is forbidden", cp_reason_name(violation->reason),
		        cp_verdict_name(violation->verdict));
		break;
	case CP_BREACH_FORBIDDEN_AS:
		say(&words, "AS%u is forbidden", violation->asn);
		break;
	case CP_BREACH_FORBIDDEN_ROLE:
		say(&words, "AS%u has a role that is forbidden", violation->asn);
		break;
	case CP_BREACH_AS:
		say(&words, "AS%u", violation->asn);
		say_allowed(&words, violation->rule);
		break;
	default:
		break;
	}
	return buf;
}
