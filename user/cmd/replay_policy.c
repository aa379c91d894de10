// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * replay_policy.c: what came of a policy back from what was written of it: its
 * rules by name, and who broke them. Evaluates nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

void cp_replay_policy_free(struct cp_replay_policy *policy)
{
	if (!policy)
		return;
	free(policy->rules);
	free(policy->counts);
	free(policy->violations);
	free(policy->targets);
	free(policy);
}

static uint64_t or_none(uint64_t n)
{
	return n == CP_RUN_UNKNOWN ? 0 : n;
}

static void fill_rule(const struct cp_run_rule *rec, struct cp_policy_rule *rule, struct cp_policy_count *count)
{
	rule->name = (char *)(uintptr_t)rec->name; /* only read */
	rule->is_warning = rec->is_warning;
	rule->max_undecided = (uint32_t)rec->max_undecided;
	*count = (struct cp_policy_count){.rule = rule,
	        .n_targets = or_none(rec->n_targets),
	        .n_kept = or_none(rec->n_kept),
	        .n_violated = or_none(rec->n_violated),
	        .n_undecided = or_none(rec->n_undecided),
	        .n_unmeasured = or_none(rec->n_unmeasured),
	        .n_violations = or_none(rec->n_violations),
	        .state = rec->state};
}

/* The rule of a name; the last, which has none, when the record does not list it. */
static struct cp_policy_rule *rule_of(struct cp_policy_rule *rules, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	}
	return &rules[n];
}

static void fill_violation(const struct cp_run_violation *rec, struct cp_policy_rule *rule, struct cp_target *target,
        struct cp_policy_violation *violation)
{
	struct cp_addr literal;

	*target = (struct cp_target){.host = rec->target.name,
	        .group = rec->target.group,
	        .port = rec->target.port,
	        .proto = rec->target.proto,
	        .is_literal = cp_addr_parse(rec->target.name, &literal) == 0};
	*violation = (struct cp_policy_violation){
	        .rule = rule, .target = target, .dest = rec->dest, .flow = rec->flow, .text = rec->text};
}

int cp_replay_policy_new(const struct cp_run_policy *rec, struct cp_replay_policy **ret_policy)
{
	struct cp_replay_policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return -ENOMEM;
	policy->rules = calloc(rec->n_rules + 1, sizeof(*policy->rules));
	policy->counts = calloc(rec->n_rules + 1, sizeof(*policy->counts));
	policy->violations = calloc(rec->n_violations + 1, sizeof(*policy->violations));
	policy->targets = calloc(rec->n_violations + 1, sizeof(*policy->targets));
	if (!policy->rules || !policy->counts || !policy->violations || !policy->targets) {
		cp_replay_policy_free(policy);
		return -ENOMEM;
	}
	for (size_t i = 0; i < rec->n_rules; i++)
		fill_rule(&rec->rules[i], &policy->rules[i], &policy->counts[i]);
	policy->rules[rec->n_rules].name = (char *)(uintptr_t) "?"; /* only read */
	for (size_t i = 0; i < rec->n_violations; i++)
		fill_violation(&rec->violations[i], rule_of(policy->rules, rec->n_rules, rec->violations[i].rule),
		        &policy->targets[i], &policy->violations[i]);
	policy->policy = (struct cp_policy){
	        .source = (char *)(uintptr_t)rec->source, .rules = policy->rules, .n_rules = rec->n_rules};
	policy->result = (struct cp_policy_result){.policy = &policy->policy,
	        .counts = policy->counts,
	        .n_counts = rec->n_rules,
	        .violations = policy->violations,
	        .n_violations = rec->n_violations,
	        .n_violations_all = or_none(rec->n_violations_all),
	        .n_unmatched = or_none(rec->n_unmatched),
	        .state = rec->state};
	*ret_policy = policy;
	return 0;
}
