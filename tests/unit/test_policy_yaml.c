// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_policy_yaml.c: user/import/policy_yaml.c: every key of a policy file,
 * and what is wrong with one, with line and column.
 */
#include "records.h"

#include <errno.h>
#include <stdio.h>

#include "import/policy_yaml.h"

static const char full[] = "version: 1\n"
                           "rules:\n"
                           "  - name: m365 stays inside\n"
                           "    group: [m365, exchange]\n"
                           "    target: ['*.office.com', login.microsoft.com]\n"
                           "    verdicts: [inside, direct]\n"
                           "    forbid: [transit]\n"
                           "    forbid_reasons: [private-endpoint, loop]\n"
                           "    allow_as: [8075, AS8068, as64500]\n"
                           "    forbid_as: [4294967295]\n"
                           "    allow_roles: [cdn-akamai]\n"
                           "    forbid_roles: [tier1, microsoft]\n"
                           "    min_confidence: medium\n"
                           "    min_coverage: 99.5%\n"
                           "    max_undecided: 3 %\n"
                           "    severity: warn\n"
                           "  - name: two\n"
                           "default:\n"
                           "  max_undecided: 100\n";

static void test_every_key(void **state)
{
	struct cp_asdb *asdb = make_asdb();
	struct cp_policy policy;
	struct cp_err err = {.text = ""};
	const struct cp_policy_rule *rule;

	(void)state;
	if (cp_policy_read(full, sizeof(full) - 1, "p.yaml", asdb, &policy, &err))
		fail_msg("%s", err.text);
	assert_string_equal(policy.source, "p.yaml");
	assert_int_equal(policy.n_rules, 3);
	rule = &policy.rules[0];
	assert_string_equal(rule->name, "m365 stays inside");
	assert_int_equal(rule->groups.n, 2);
	assert_string_equal(rule->groups.items[1], "exchange");
	assert_int_equal(rule->targets.n, 2);
	assert_int_equal(rule->n_exact, 1); /* plain names first */
	assert_string_equal(rule->targets.items[0], "login.microsoft.com");
	assert_string_equal(rule->targets.items[1], "*.office.com");
	assert_int_equal(rule->verdicts, 1u << CP_INSIDE | 1u << CP_DIRECT);
	assert_int_equal(rule->forbid, 1u << CP_TRANSIT);
	assert_int_equal(rule->forbid_reasons, WHY(PRIVATE_ENDPOINT) | WHY(LOOP));
	assert_int_equal(rule->allow_as.n, 3);
	assert_int_equal(rule->allow_as.items[1], 8068);
	assert_int_equal(rule->allow_as.items[2], 64500);
	assert_int_equal(rule->forbid_as.items[0], UINT32_MAX);
	assert_string_equal(rule->allow_roles.items[0], "cdn-akamai");
	assert_int_equal(rule->forbid_roles.n, 2);
	assert_int_equal(rule->min_confidence, CP_CONF_MEDIUM);
	assert_int_equal(rule->max_undecided, 50); /* the stricter of both */
	assert_true(rule->is_warning);
	rule = &policy.rules[1];
	assert_int_equal(rule->verdicts | rule->forbid | rule->max_undecided, 0);
	assert_int_equal(rule->groups.n + rule->targets.n, 0);
	assert_false(rule->is_warning);
	assert_string_equal(policy.rules[2].name, "default");
	assert_int_equal(policy.rules[2].max_undecided, CP_POLICY_ALL);
	cp_policy_free(&policy);
	assert_null(policy.rules);
	cp_policy_free(&policy);
	cp_policy_free(NULL);
	cp_asdb_free(asdb);
}

/* A verdict and a confidence by any other name than the program's own would be refused where it is meant. */
static void test_names_are_the_programs(void **state)
{
	char text[256];
	struct cp_policy policy;
	struct cp_err err = {.text = ""};

	(void)state;
	for (int i = 0; i < CP_VERDICTS; i++) {
		snprintf(text, sizeof(text), "version: 1\nrules: [{name: a, verdicts: [%s]}]\n", cp_verdict_name(i));
		assert_int_equal(cp_policy_read(text, strlen(text), "p", NULL, &policy, &err), 0);
		assert_int_equal(policy.rules[0].verdicts, 1u << i);
		cp_policy_free(&policy);
	}
	for (int i = CP_CONF_LOW; i <= CP_CONF_HIGH; i++) {
		snprintf(text, sizeof(text), "version: 1\nrules: [{name: a, min_confidence: %s}]\n",
		        cp_confidence_name(i));
		assert_int_equal(cp_policy_read(text, strlen(text), "p", NULL, &policy, &err), 0);
		assert_int_equal(policy.rules[0].min_confidence, i);
		cp_policy_free(&policy);
	}
	for (int i = 0; i < CP_WHY_MAX; i++) {
		snprintf(text, sizeof(text), "version: 1\nrules: [{name: a, forbid_reasons: [%s]}]\n",
		        cp_reason_name(i));
		assert_int_equal(cp_policy_read(text, strlen(text), "p", NULL, &policy, &err), 0);
		assert_int_equal(policy.rules[0].forbid_reasons, 1u << i);
		cp_policy_free(&policy);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *rule, *err; /* behind "version: 1\nrules:\n- " */
	} cases[] = {
	        {"name: a\n  verdict: [inside]\n",
	                "p:4:3: unknown key 'verdict'; known here: name group target verdicts forbid forbid_reasons "
	                "allow_as forbid_as allow_roles forbid_roles min_confidence min_coverage max_undecided "
	                "severity"},
	        {"name: a\n  group: m365\n", "p:4:10: group wants a list, not a single value"},
	        {"name: a\n  verdicts: [insied]\n",
	                "p:4:14: verdicts: 'insied' is none of inside, direct, undecided, transit, detour"},
	        {"name: a\n  verdicts: [transit]\n  forbid: [transit]\n",
	                "p:5:11: forbid names a verdict that verdicts allows"},
	        {"name: a\n  allow_as: [1, AS1x]\n", "p:4:17: allow_as: 'AS1x' is no AS number"},
	        {"name: a\n  allow_as: [0]\n", "p:4:14: allow_as: '0' is no AS number"},
	        {"name: a\n  forbid_as: [4294967296]\n", "p:4:15: forbid_as: '4294967296' is no AS number"},
	        {"name: a\n  allow_roles: [tier1, cdn]\n", "p:4:24: allow_roles: 'cdn' is a role that no known AS has"},
	        {"name: a\n  allow_roles: [8075]\n", "p:4:17: allow_roles: '8075' is a role that no known AS has"},
	        {"name: a\n  forbid_roles: ['tier1,cdn']\n",
	                "p:4:18: forbid_roles: 'tier1,cdn' is a role that no known AS has"},
	        {"name: a\n  forbid_reasons: [nosuch]\n",
	                "p:4:20: forbid_reasons: 'nosuch' is no reason code; docs/verdicts.md lists them"},
	        {"name: a\n  min_coverage: 101%\n", "p:4:17: min_coverage wants a share of 0% to 100%, not '101%'"},
	        {"name: a\n  min_coverage: -1%\n", "p:4:17: min_coverage wants a share of 0% to 100%, not '-1%'"},
	        {"name: a\n  max_undecided: 5%%\n", "p:4:18: max_undecided wants a share of 0% to 100%, not '5%%'"},
	        {"name: a\n  max_undecided: 5.123%\n",
	                "p:4:18: max_undecided wants a share of 0% to 100%, not '5.123%'"},
	        {"name: a\n  max_undecided: 5.%\n", "p:4:18: max_undecided wants a share of 0% to 100%, not '5.%'"},
	        {"name: a\n  min_confidence: sure\n", "p:4:19: min_confidence: 'sure' is none of low, medium, high"},
	        {"name: a\n  severity: error\n", "p:4:13: severity: 'error' is none of fail, warn"},
	        {"verdicts: [inside]\n", "p:3:3: rules: 'name' is missing"},
	        {"name: a\n- name: b\n- name: a\n", "p:5:9: a second rule of the name 'a'"},
	        {"name: default\ndefault: {verdicts: [inside]}\n", "p:3:9: a second rule of the name 'default'"},
	        {"name: a\ndefault:\n  name: rest\n",
	                "p:5:3: unknown key 'name'; known here: verdicts forbid forbid_reasons allow_as forbid_as "
	                "allow_roles forbid_roles min_confidence min_coverage max_undecided severity"},
	        {"name: a\ndefault:\n", "p:4:9: default wants a mapping (key: value), not nothing"},
	        {"name: a\ndefault: {allow_as: [x]}\n", "p:4:22: allow_as: 'x' is no AS number"},
	};
	struct cp_asdb *asdb = make_asdb();
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_policy policy;
		struct cp_err err = {.text = ""};

		snprintf(text, sizeof(text), "version: 1\nrules:\n- %s", cases[i].rule);
		if (cp_policy_read(text, strlen(text), "p", asdb, &policy, &err) != -EINVAL)
			fail_msg("accepted: %s", text);
		assert_string_equal(err.text, cases[i].err);
	}
	cp_asdb_free(asdb);
}

static void test_files(void **state)
{
	static const struct {
		const char *text, *err;
	} cases[] = {
	        {"version: 2\nrules: [{name: a}]\n", "p:1:10: version 2 is not known: this is version 1"},
	        {"version: 1\nrules: []\n", "p:2:8: neither rules nor a default"},
	        {"version: 1\n", "p:1:1: 'rules' is missing"},
	        {"rules: []\n", "p:1:1: 'version' is missing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_policy policy;
		struct cp_err err = {.text = ""};

		assert_int_equal(
		        cp_policy_read(cases[i].text, strlen(cases[i].text), "p", NULL, &policy, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_key),
	        cmocka_unit_test(test_names_are_the_programs),
	        cmocka_unit_test(test_mistakes),
	        cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
