// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * run_policy.c: the record "policy": what came of a policy, as it was told then.
 */
#include <errno.h>

#include "core/grow.h"
#include "run_impl.h"

static int take_state(struct cp_fields *fields, enum cp_policy_state *ret_state)
{
	for (int i = CP_POLICY_HOLDS; i <= CP_POLICY_VIOLATED; i++) {
		if (cp_fields_says(fields, cp_policy_state_name(i))) {
			*ret_state = i;
			return 0;
		}
	}
	return cp_fields_refuse(fields, "holds, undecided or violated is wanted");
}

static int take_severity(struct cp_fields *fields, bool *ret_is_warning)
{
	if (!cp_fields_says(fields, "warn") && !cp_fields_says(fields, "fail"))
		return cp_fields_refuse(fields, "fail or warn is wanted");
	*ret_is_warning = cp_fields_says(fields, "warn");
	return 0;
}

/* ---- Rules ---- */

static int read_rule_state(struct cp_fields *fields, void *out)
{
	return take_state(fields, &((struct cp_run_rule *)out)->state);
}

static int read_rule_severity(struct cp_fields *fields, void *out)
{
	return take_severity(fields, &((struct cp_run_rule *)out)->is_warning);
}

static int read_max_undecided(struct cp_fields *fields, void *out)
{
	return cp_run_read_percent(fields, 100, &((struct cp_run_rule *)out)->max_undecided);
}

static int read_rule(struct cp_fields *fields, void *out)
{
#define RULE(kind, key, member) CP_FIELD(kind, key, struct cp_run_rule, member)
	static const struct cp_field table[] = {
	        RULE(CP_FIELD_STRING, "name", name),
	        CP_FIELD_READ("severity", read_rule_severity),
	        CP_FIELD_READ("state", read_rule_state),
	        RULE(CP_FIELD_UINT, "targets", n_targets),
	        RULE(CP_FIELD_UINT, "kept", n_kept),
	        RULE(CP_FIELD_UINT, "violated", n_violated),
	        RULE(CP_FIELD_UINT, "undecided", n_undecided),
	        RULE(CP_FIELD_UINT, "unmeasured", n_unmeasured),
	        CP_FIELD_READ("max_undecided_pct", read_max_undecided),
	        RULE(CP_FIELD_UINT, "violations", n_violations),
	};
#undef RULE
	struct cp_run_work *work = out;
	struct cp_run_rule *rule;
	int rc = cp_grow(&work->rules, &work->rules_cap, work->policy.n_rules, sizeof(*work->rules));

	if (rc)
		return rc;
	rule = &work->rules[work->policy.n_rules++];
	*rule = (struct cp_run_rule){0};
	rc = cp_fields_object(fields, table, CP_COUNT(table), rule);
	return rc == 0 && !rule->name ? cp_fields_refuse(fields, "a rule without a name") : rc;
}

static int read_rules(struct cp_fields *fields, void *out)
{
	((struct cp_run_work *)out)->policy.n_rules = 0;
	return cp_fields_array(fields, read_rule, out);
}

/* ---- Violations ---- */

static int read_violation_target(struct cp_fields *fields, void *out)
{
	return cp_run_read_target_object(fields, &((struct cp_run_violation *)out)->target);
}

static int read_violation_severity(struct cp_fields *fields, void *out)
{
	return take_severity(fields, &((struct cp_run_violation *)out)->is_warning);
}

static int read_violation(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_STRING, "rule", struct cp_run_violation, rule),
	        CP_FIELD_READ("severity", read_violation_severity),
	        CP_FIELD_READ("target", read_violation_target),
	        CP_FIELD(CP_FIELD_ADDR, "ip", struct cp_run_violation, dest),
	        CP_FIELD(CP_FIELD_UINT, "flow", struct cp_run_violation, flow),
	        CP_FIELD(CP_FIELD_STRING, "text", struct cp_run_violation, text),
	};
	struct cp_run_work *work = out;
	struct cp_run_violation *violation;
	int rc =
	        cp_grow(&work->violations, &work->violations_cap, work->policy.n_violations, sizeof(*work->violations));

	if (rc)
		return rc;
	violation = &work->violations[work->policy.n_violations++];
	*violation = (struct cp_run_violation){0};
	rc = cp_fields_object(fields, table, CP_COUNT(table), violation);
	if (rc == 0 && (!violation->rule || !violation->text || !violation->target.name))
		return cp_fields_refuse(fields, "a violation without its rule, its target or its text");
	return rc;
}

static int read_violations(struct cp_fields *fields, void *out)
{
	((struct cp_run_work *)out)->policy.n_violations = 0;
	return cp_fields_array(fields, read_violation, out);
}

/* ---- The record ---- */

static int read_state(struct cp_fields *fields, void *out)
{
	return take_state(fields, &((struct cp_run_work *)out)->policy.state);
}

int cp_run_read_policy(struct cp_run_work *work)
{
#define POLICY(kind, key, member) CP_FIELD(kind, key, struct cp_run_work, policy.member)
	static const struct cp_field table[] = {
	        POLICY(CP_FIELD_STRING, "source", source),
	        CP_FIELD_READ("state", read_state),
	        CP_FIELD_READ("rules", read_rules),
	        POLICY(CP_FIELD_UINT, "unmatched_targets", n_unmatched),
	        POLICY(CP_FIELD_UINT, "violations_total", n_violations_all),
	        CP_FIELD_READ("violations", read_violations),
	};
#undef POLICY
	struct cp_run_policy *policy = &work->policy;
	int rc;

	*policy = (struct cp_run_policy){0};
	rc = cp_fields_read(&work->fields, table, CP_COUNT(table), work);
	policy->rules = work->rules;
	policy->violations = work->violations;
	return rc == 0 && !policy->source ? cp_fields_refuse(&work->fields, "a policy without its source") : rc;
}
