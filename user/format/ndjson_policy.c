// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ndjson_policy.c: what came of a policy, as JSON: docs/records.md has each
 * field. Must not know how a record begins and ends.
 */
#include "ndjson_policy.h"

static const char *severity(const struct cp_policy_rule *rule)
{
	return rule->is_warning ? "warn" : "fail";
}

static void count_object(struct cp_json *json, const struct cp_policy_count *count)
{
	cp_json_object(json, NULL);
	cp_json_string(json, "name", count->rule->name);
	cp_json_string(json, "severity", severity(count->rule));
	cp_json_string(json, "state", cp_policy_state_name(count->state));
	cp_json_uint(json, "targets", count->n_targets);
	cp_json_uint(json, "kept", count->n_kept);
	cp_json_uint(json, "violated", count->n_violated);
	cp_json_uint(json, "undecided", count->n_undecided);
	cp_json_uint(json, "unmeasured", count->n_unmeasured);
	cp_json_fixed(json, "max_undecided_pct", count->rule->max_undecided, 2);
	cp_json_uint(json, "violations", count->n_violations);
	cp_json_object_end(json);
}

static void violation_object(
        struct cp_json *json, const struct cp_policy_violation *violation, const struct cp_asdb *asdb)
{
	const struct cp_as *as = violation->asn && asdb ? cp_asdb_as(asdb, violation->asn) : NULL;
	const struct cp_target *target = violation->target;
	char text[512];

	cp_json_object(json, NULL);
	cp_json_string(json, "rule", violation->rule->name);
	cp_json_string(json, "severity", severity(violation->rule));
	cp_json_object(json, "target");
	cp_json_string(json, "name", target->host);
	cp_json_uint_if(json, "port", target->port, target->port != 0);
	cp_json_string(json, "protocol", cp_proto_name(target->proto));
	cp_json_string(json, "group", target->group);
	cp_json_object_end(json);
	cp_json_addr(json, "ip", &violation->dest);
	cp_json_uint(json, "flow", violation->flow);
	cp_json_string(json, "what", cp_breach_name(violation->breach));
	cp_json_string(json, "verdict", cp_verdict_name(violation->verdict));
	cp_json_string(json, "confidence", cp_confidence_name(violation->confidence));
	cp_json_uint_if(json, "asn", violation->asn, violation->asn != 0);
	cp_json_string(json, "as_name", as ? as->name : NULL);
	cp_json_uint_if(json, "exit_asn", violation->exit_asn, violation->exit_asn != 0);
	cp_json_string(
	        json, "reason", violation->breach == CP_BREACH_REASON ? cp_reason_name(violation->reason) : NULL);
	cp_json_string(json, "text", cp_policy_violation_text(violation, text, sizeof(text)));
	cp_json_object_end(json);
}

void cp_ndjson_policy(struct cp_json *json, const struct cp_rec_policy *rec)
{
	const struct cp_policy_result *result = rec->result;

	cp_json_string(json, "source", result->policy->source);
	cp_json_string(json, "state", cp_policy_state_name(result->state));
	cp_json_array(json, "rules");
	for (size_t i = 0; i < result->n_counts; i++)
		count_object(json, &result->counts[i]);
	cp_json_array_end(json);
	cp_json_uint(json, "unmatched_targets", result->n_unmatched);
	cp_json_uint(json, "violations_total", result->n_violations_all);
	cp_json_array(json, "violations");
	for (size_t i = 0; i < result->n_violations; i++)
		violation_object(json, &result->violations[i], rec->asdb);
	cp_json_array_end(json);
}
