// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_policy.c: any bytes as a policy file. What is refused has one line with
 * the file's name; what is accepted decides for targets without trouble.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/policy_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

/* One line that no terminal takes for more than text. */
static int is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

static void check_rule(const struct cp_policy_rule *rule)
{
	require(rule->name && *rule->name);
	require(rule->max_undecided <= CP_POLICY_ALL);
	require((rule->verdicts & rule->forbid) == 0);
	require(rule->verdicts < 1u << CP_VERDICTS && rule->forbid < 1u << CP_VERDICTS);
	for (size_t i = 0; i < rule->allow_as.n; i++)
		require(rule->allow_as.items[i] != 0);
}

static void evaluate(const struct cp_policy *policy)
{
	static const struct cp_target targets[] = {
	        {.host = "a.example", .group = "g", .port = 443, .proto = IPPROTO_TCP},
	        {.host = "2001:db8::1", .proto = IPPROTO_ICMP},
	};
	static const uint32_t asns[] = {8075, 3491, 13335};
	const struct cp_home home = {0};
	struct cp_policy_result result;
	struct cp_policy_eval *eval;

	if (cp_policy_eval_new(policy, NULL, &home, &eval))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct cp_policy_seen seen = {
		        .target = &targets[i], .verdict = (enum cp_verdict)i, .asns = asns, .n_asns = 3};

		require(cp_policy_eval_path(eval, &seen, 0) == 0);
		cp_policy_eval_target(eval, &targets[i]);
	}
	cp_policy_eval_result(eval, &result);
	for (size_t i = 0; i < result.n_violations; i++) {
		char text[64];

		require(strlen(cp_policy_violation_text(&result.violations[i], text, sizeof(text))) < sizeof(text));
	}
	cp_policy_eval_free(eval);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cp_policy policy;
	struct cp_err err = {.text = ""};
	int rc = cp_policy_read((const char *)data, size, "fuzz", NULL, &policy, &err);

	if (rc) {
		require(strncmp(err.text, "fuzz:", 5) == 0 && is_printable(err.text));
		return 0;
	}
	require(err.text[0] == '\0' && policy.n_rules > 0);
	for (size_t i = 0; i < policy.n_rules; i++)
		check_rule(&policy.rules[i]);
	evaluate(&policy);
	cp_policy_free(&policy);
	return 0;
}
