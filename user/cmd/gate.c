// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * gate.c: the policy file, and --fail-on as a policy of one rule, over what a
 * run reports. Must not know how paths were come by, nor print.
 */
#include "gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "import/policy_yaml.h"
#include "io/host.h"

struct cp_gate {
	struct cp_policy policies[CP_GATE_RESULTS_MAX];
	struct cp_policy_eval *evals[CP_GATE_RESULTS_MAX];
	size_t n;
	bool has_file;
};

static int read_file(const char *path, const struct cp_asdb *asdb, struct cp_policy *ret_policy, struct cp_err *err)
{
	size_t len;
	char *text;
	int rc = cp_host_file_read(path, CP_POLICY_FILE_MAX, &text, &len, err);

	if (rc)
		return rc;
	rc = cp_policy_read(text, len, path, asdb, ret_policy, err);
	free(text);
	return rc;
}

static int make_fail_on(const struct cp_opts *opts, struct cp_policy *policy)
{
	struct cp_policy_rule *rule = calloc(1, sizeof(*rule));

	if (!rule)
		return -ENOMEM;
	policy->rules = rule;
	policy->n_rules = 1;
	policy->source = strdup("--fail-on");
	rule->name = strdup("--fail-on");
	rule->forbid = opts->fail_verdicts;
	rule->forbid_reasons = opts->fail_reasons;
	rule->max_undecided = CP_POLICY_ALL;
	return policy->source && rule->name ? 0 : -ENOMEM;
}

static int fill(struct cp_gate *gate, const struct cp_opts *opts, const struct cp_asdb *asdb,
        const struct cp_home *home, struct cp_err *err)
{
	int rc = 0;

	if (opts->policy) {
		rc = read_file(opts->policy, asdb, &gate->policies[gate->n], err);
		if (rc)
			return rc;
		gate->n++;
		gate->has_file = true;
	}
	if (opts->fail_verdicts || opts->fail_reasons)
		rc = make_fail_on(opts, &gate->policies[gate->n++]);
	for (size_t i = 0; i < gate->n && rc == 0; i++)
		rc = cp_policy_eval_new(&gate->policies[i], asdb, home, &gate->evals[i]);
	return rc ? cp_err_set(err, rc, "out of memory") : 0;
}

int cp_gate_new(const struct cp_opts *opts, const struct cp_asdb *asdb, const struct cp_home *home,
        struct cp_gate **ret_gate, struct cp_err *err)
{
	struct cp_gate *gate = NULL;
	int rc = 0;

	if (opts->policy || opts->fail_verdicts || opts->fail_reasons) {
		gate = calloc(1, sizeof(*gate));
		rc = gate ? fill(gate, opts, asdb, home, err) : cp_err_set(err, -ENOMEM, "out of memory");
	}
	if (rc) {
		cp_gate_free(gate);
		return rc;
	}
	*ret_gate = gate;
	return 0;
}

void cp_gate_free(struct cp_gate *gate)
{
	if (!gate)
		return;
	for (size_t i = 0; i < CP_GATE_RESULTS_MAX; i++) {
		cp_policy_eval_free(gate->evals[i]);
		cp_policy_free(&gate->policies[i]);
	}
	free(gate);
}

int cp_gate_path(struct cp_gate *gate, const struct cp_rec_path *rec, uint32_t vantage_asn)
{
	struct cp_policy_seen seen = {.target = rec->target, .dest = rec->dest};
	uint32_t asns[CP_POLICY_ASNS_MAX];
	int rc = 0;

	if (!gate)
		return 0;
	cp_policy_see(rec->path, rec->judgement, asns, &seen);
	for (size_t i = 0; i < gate->n && rc == 0; i++)
		rc = cp_policy_eval_path(gate->evals[i], &seen, vantage_asn);
	return rc;
}

void cp_gate_target(struct cp_gate *gate, const struct cp_rec_target *rec)
{
	for (size_t i = 0; gate && i < gate->n; i++)
		cp_policy_eval_target(gate->evals[i], rec->target);
}

size_t cp_gate_results(struct cp_gate *gate, struct cp_policy_result ret_results[CP_GATE_RESULTS_MAX])
{
	size_t n = gate ? gate->n : 0;

	for (size_t i = 0; i < n; i++)
		cp_policy_eval_result(gate->evals[i], &ret_results[i]);
	return n;
}

int cp_gate_status(struct cp_gate *gate, uint64_t n_unmeasured)
{
	struct cp_policy_result results[CP_GATE_RESULTS_MAX] = {0};
	size_t n = cp_gate_results(gate, results);

	for (size_t i = 0; i < n; i++) {
		if (results[i].state == CP_POLICY_VIOLATED)
			return CP_EXIT_VIOLATED;
	}
	/* A policy says how many may be missing where its rules match; elsewhere none may. */
	if (gate && gate->has_file)
		return results[0].state == CP_POLICY_UNDECIDED || results[0].n_unmatched_unmeasured ? CP_EXIT_UNDECIDED
		                                                                                    : CP_EXIT_OK;
	return n_unmeasured ? CP_EXIT_UNDECIDED : CP_EXIT_OK;
}
