// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_policy.c: user/core/policy.c: which rule decides, what breaks it, what
 * stays open, and what a judged path shows. Rules are read from text, so that
 * a case reads like a policy file.
 */
#include "records.h"

#include <errno.h>
#include <stdio.h>

#include "core/policy.h"
#include "import/policy_yaml.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct cp_policy policy_of(const char *text)
{
	struct cp_policy policy;
	struct cp_err err = {.text = ""};

	if (cp_policy_read(text, strlen(text), "p", NULL, &policy, &err))
		fail_msg("%s in:\n%s", err.text, text);
	return policy;
}

static struct cp_target target_of(const char *host, const char *group, uint16_t port, uint8_t proto)
{
	return (struct cp_target){.host = host, .group = group, .port = port, .proto = proto};
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *host;
		uint16_t port;
		uint8_t proto;
		bool matches;
	} cases[] = {
	        {"zenn.dev", "zenn.dev", 443, IPPROTO_TCP, true},
	        {"ZENN.dev", "zenn.dev", 443, IPPROTO_TCP, true},
	        {"zenn.de", "zenn.dev", 443, IPPROTO_TCP, false},
	        {"enn.dev", "zenn.dev", 443, IPPROTO_TCP, false},
	        {"*.office.com", "a.b.office.com", 443, IPPROTO_TCP, true},
	        {"*.office.com", "office.com", 443, IPPROTO_TCP, false},
	        {"*.office.com", "x.office.com.evil", 443, IPPROTO_TCP, false},
	        {"*", "anything", 0, IPPROTO_ICMP, true},
	        {"", "anything", 0, IPPROTO_ICMP, false},
	        {"?.b", "a.b", 443, IPPROTO_TCP, true},
	        {"?.b", "aa.b", 443, IPPROTO_TCP, false},
	        {"*a*b*c", "xxaxxbxxbxxc", 443, IPPROTO_TCP, true},
	        {"*a*b*c", "xxaxxcxxb", 443, IPPROTO_TCP, false},
	        {"zenn.dev:443", "zenn.dev", 443, IPPROTO_TCP, true},
	        {"zenn.dev:80", "zenn.dev", 443, IPPROTO_TCP, false},
	        {"zenn.dev:443/udp", "zenn.dev", 443, IPPROTO_UDP, true},
	        {"zenn.dev:443/tcp", "zenn.dev", 443, IPPROTO_UDP, false},
	        {"*/icmp", "zenn.dev", 0, IPPROTO_ICMP, true},
	        {"zenn.dev/icmp", "zenn.dev", 0, IPPROTO_ICMP, true},
	        {"2001:db8::1", "2001:db8::1", 443, IPPROTO_TCP, true},
	        {"[2001:db8::1]:443", "2001:db8::1", 443, IPPROTO_TCP, true},
	        {"2001:db8::*", "2001:db8::1", 443, IPPROTO_TCP, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cp_target target = target_of(cases[i].host, NULL, cases[i].port, cases[i].proto);

		if (cp_policy_pattern_matches(cases[i].pattern, &target) != cases[i].matches)
			fail_msg("'%s' against %s:%u", cases[i].pattern, cases[i].host, cases[i].port);
	}
}

/* A rule with an index decides as one without. */
static void test_index(void **state)
{
	static const char *const hosts[] = {
	        "a.x", "b.x", "c.x", "zz.y", "a.y", "2001:db8::1", "2001:db8::2", "198.18.0.1", "a.x.y", "x"};
	char *items[] = {"C.x", "*.y", "2001:db8::1", "b.x:443", "[2001:db8::2]:443", "198.18.0.1", "a.x", "?"};
	char copies[ARRAY_SIZE(items)][32], *sorted[ARRAY_SIZE(items)];
	struct cp_policy_rule plain = {.name = "r", .targets = {items, ARRAY_SIZE(items)}};
	struct cp_policy_rule indexed = {.name = "r", .targets = {sorted, ARRAY_SIZE(items)}};
	const struct cp_policy without = {.rules = &plain, .n_rules = 1}, with = {.rules = &indexed, .n_rules = 1};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		snprintf(copies[i], sizeof(copies[i]), "%s", items[i]);
		sorted[i] = copies[i];
	}
	cp_policy_rule_index(&indexed);
	assert_int_equal(indexed.n_exact, 4);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct cp_target target = target_of(hosts[i], NULL, 443, IPPROTO_TCP);
		bool matches = cp_policy_rule_of(&without, &target) != NULL;

		assert_int_equal(cp_policy_rule_of(&with, &target) != NULL, matches);
		n += matches;
	}
	assert_int_equal(n, ARRAY_SIZE(hosts));
	struct cp_target other = target_of("other.host", NULL, 443, IPPROTO_TCP);

	assert_null(cp_policy_rule_of(&with, &other));
}

/* Not by trying every way: this would take longer than anybody waits. */
static void test_pattern_is_cheap(void **state)
{
	char pattern[200], host[250];
	struct cp_target target = target_of(host, NULL, 443, IPPROTO_TCP);

	(void)state;
	for (size_t i = 0; i < 198; i += 2)
		memcpy(pattern + i, "*a", 2);
	memcpy(pattern + 198, "b", 2);
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_false(cp_policy_pattern_matches(pattern, &target));
}

static void test_first_rule_decides(void **state)
{
	static const struct {
		const char *host, *group, *rule; /* NULL: none */
	} cases[] = {
	        {"a.x", "g1", "one"},
	        {"b.x", "g1", "two"},
	        {"a.x", "g2", "two"},
	        {"a.x", NULL, "three"},
	        {"b.y", NULL, NULL},
	        {"a.x", "g3", "three"},
	};
	struct cp_policy policy = policy_of("version: 1\n"
	                                    "rules:\n"
	                                    "  - {name: one, group: [g1], target: [a.*]}\n"
	                                    "  - {name: two, group: [g1, g2]}\n"
	                                    "  - {name: three, target: ['*.x']}\n");
	struct cp_target other = target_of("any", NULL, 1, IPPROTO_TCP);
	struct cp_policy rest;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cp_target target = target_of(cases[i].host, cases[i].group, 443, IPPROTO_TCP);
		const struct cp_policy_rule *rule = cp_policy_rule_of(&policy, &target);

		if (!cases[i].rule)
			assert_null(rule);
		else
			assert_string_equal(rule ? rule->name : "none", cases[i].rule);
	}
	cp_policy_free(&policy);
	rest = policy_of("version: 1\nrules: []\ndefault: {verdicts: [inside]}\n");
	assert_string_equal(cp_policy_rule_of(&rest, &other)->name, "default");
	cp_policy_free(&rest);
}

/* One path against one rule, given as the keys of its default. Home: 8075, 8068. */
struct path_case {
	const char *why;
	const char *rule;
	enum cp_verdict verdict;
	enum cp_confidence confidence;
	uint32_t reasons;
	uint32_t asns[5]; /* up to the first 0 */
	uint32_t vantage_asn;
	enum cp_breach breach;
	bool is_undecided;
	uint32_t asn; /* that breaks it */
};

#define R(reason) (1u << CP_WHY_##reason)

static const struct path_case path_cases[] = {
        {"an allowed verdict", "verdicts: [inside]", CP_INSIDE, CP_CONF_HIGH, 0, {8075}, 8075, CP_BREACH_NONE, 0, 0},
        {"another verdict", "verdicts: [inside]", CP_DIRECT, CP_CONF_HIGH, 0, {8075, 1}, 8075, CP_BREACH_VERDICT, 0, 0},
        {"one of several", "verdicts: [inside, direct]", CP_DIRECT, CP_CONF_LOW, 0, {8075, 1}, 8075, CP_BREACH_NONE, 0,
                0},
        {"a forbidden verdict", "forbid: [transit, detour]", CP_DETOUR, CP_CONF_LOW, 0, {8075}, 8075, CP_BREACH_VERDICT,
                0, 0},
        {"not a forbidden verdict", "forbid: [transit, detour]", CP_DIRECT, CP_CONF_LOW, 0, {8075}, 8075,
                CP_BREACH_NONE, 0, 0},
        {"undecided is no violation", "verdicts: [inside]", CP_UNDECIDED, CP_CONF_LOW, 0, {8075}, 8075, CP_BREACH_NONE,
                1, 0},
        {"... unless it is forbidden", "forbid: [undecided]", CP_UNDECIDED, CP_CONF_LOW, 0, {8075}, 8075,
                CP_BREACH_VERDICT, 0, 0},
        {"... and fine where it is allowed", "verdicts: [inside, undecided]", CP_UNDECIDED, CP_CONF_LOW, 0, {8075},
                8075, CP_BREACH_NONE, 0, 0},
        {"too little confidence is open", "{verdicts: [inside], min_confidence: medium}", CP_INSIDE, CP_CONF_LOW, 0,
                {8075}, 8075, CP_BREACH_NONE, 1, 0},
        {"enough confidence", "{verdicts: [inside], min_confidence: medium}", CP_INSIDE, CP_CONF_MEDIUM, 0, {8075},
                8075, CP_BREACH_NONE, 0, 0},
        {"a bad verdict of low confidence is bad", "{verdicts: [inside], min_confidence: high}", CP_TRANSIT,
                CP_CONF_LOW, 0, {8075, 3491}, 8075, CP_BREACH_VERDICT, 0, 0},
        {"a forbidden reason", "forbid_reasons: [private-endpoint]", CP_INSIDE, CP_CONF_LOW, R(PRIVATE_ENDPOINT), {0},
                8075, CP_BREACH_REASON, 0, 0},
        {"... also of an undecided path", "forbid_reasons: [loop]", CP_UNDECIDED, CP_CONF_LOW, R(LOOP) | R(IXP), {0},
                8075, CP_BREACH_REASON, 0, 0},
        {"another reason", "forbid_reasons: [loop]", CP_INSIDE, CP_CONF_LOW, R(IXP), {8075}, 8075, CP_BREACH_NONE, 0,
                0},
        {"home and vantage need no leave", "allow_as: [13335]", CP_DIRECT, CP_CONF_LOW, 0, {64500, 8075, 13335}, 64500,
                CP_BREACH_NONE, 0, 0},
        {"an assumed vantage needs none", "allow_as: [13335]", CP_DIRECT, CP_CONF_LOW, R(VANTAGE_ASSUMED),
                {64500, 13335}, 0, CP_BREACH_NONE, 0, 0},
        {"an unknown vantage's neighbour does", "allow_as: [13335]", CP_DIRECT, CP_CONF_LOW, 0, {64500, 13335}, 0,
                CP_BREACH_AS, 0, 64500},
        {"an AS that is not allowed", "allow_as: [AS13335]", CP_TRANSIT, CP_CONF_LOW, 0, {8075, 3491, 13335}, 8075,
                CP_BREACH_AS, 0, 3491},
        {"... is nothing on a path without a verdict", "allow_as: [13335]", CP_UNDECIDED, CP_CONF_LOW,
                R(SINGLE_FOREIGN_HOP), {8075, 3491}, 8075, CP_BREACH_NONE, 1, 0},
        {"a role that is allowed", "allow_roles: [cdn-cloudflare, cdn-akamai]", CP_DIRECT, CP_CONF_LOW, 0,
                {8075, 16625, 20940}, 8075, CP_BREACH_NONE, 0, 0},
        {"an AS or a role", "{allow_as: [3491], allow_roles: [cdn-cloudflare]}", CP_TRANSIT, CP_CONF_LOW, 0,
                {8075, 3491, 13335}, 8075, CP_BREACH_NONE, 0, 0},
        {"a role that is not", "allow_roles: [cdn-cloudflare]", CP_DIRECT, CP_CONF_LOW, 0, {8075, 16625}, 8075,
                CP_BREACH_AS, 0, 16625},
        {"an AS nobody knows has no role", "allow_roles: [cdn-cloudflare]", CP_DIRECT, CP_CONF_LOW, 0, {8075, 64999},
                8075, CP_BREACH_AS, 0, 64999},
        {"a forbidden AS", "forbid_as: [3491]", CP_TRANSIT, CP_CONF_LOW, 0, {8075, 3491, 13335}, 8075,
                CP_BREACH_FORBIDDEN_AS, 0, 3491},
        {"home can be forbidden", "forbid_as: [8068]", CP_INSIDE, CP_CONF_LOW, 0, {8075, 8068}, 8075,
                CP_BREACH_FORBIDDEN_AS, 0, 8068},
        {"a forbidden role", "forbid_roles: [tier1]", CP_TRANSIT, CP_CONF_LOW, 0, {8075, 3491, 13335}, 8075,
                CP_BREACH_FORBIDDEN_ROLE, 0, 3491},
        {"forbidden goes before allowed", "{allow_as: [3491], forbid_as: [3491]}", CP_DIRECT, CP_CONF_LOW, 0,
                {8075, 3491}, 8075, CP_BREACH_FORBIDDEN_AS, 0, 3491},
        {"the verdict goes before the AS", "{verdicts: [inside], forbid_as: [3491]}", CP_TRANSIT, CP_CONF_LOW, 0,
                {8075, 3491}, 8075, CP_BREACH_VERDICT, 0, 0},
        {"a rule that asks for nothing", "{severity: fail}", CP_DETOUR, CP_CONF_LOW, R(LOOP), {8075, 3491}, 8075,
                CP_BREACH_NONE, 0, 0},
};

static struct cp_home make_home(void)
{
	static uint32_t asns[] = {8068, 8075};

	return (struct cp_home){.asns = asns, .n = 2};
}

static void check_path_case(const struct path_case *item, const struct cp_asdb *asdb)
{
	const struct cp_home home = make_home();
	const struct cp_target target = target_of("zenn.dev", NULL, 443, IPPROTO_TCP);
	struct cp_policy_seen seen = {
	        .target = &target,
	        .verdict = item->verdict,
	        .confidence = item->confidence,
	        .reasons = item->reasons,
	        .asns = item->asns,
	};
	struct cp_policy_eval *eval;
	struct cp_policy_result result;
	struct cp_policy policy;
	char text[256];

	while (seen.n_asns < ARRAY_SIZE(item->asns) && item->asns[seen.n_asns])
		seen.n_asns++;
	snprintf(text, sizeof(text), "version: 1\nrules: []\ndefault: %s%s%s\n", item->rule[0] == '{' ? "" : "{",
	        item->rule, item->rule[0] == '{' ? "" : "}");
	policy = policy_of(text);
	assert_int_equal(cp_policy_eval_new(&policy, asdb, &home, &eval), 0);
	assert_int_equal(cp_policy_eval_path(eval, &seen, item->vantage_asn), 0);
	cp_policy_eval_target(eval, &target);
	cp_policy_eval_result(eval, &result);
	if ((result.n_violations ? result.violations[0].breach : CP_BREACH_NONE) != item->breach)
		fail_msg("%s: %s", item->why, cp_breach_name(result.n_violations ? result.violations[0].breach : 0));
	if (item->breach)
		assert_int_equal(result.violations[0].asn, item->asn);
	assert_int_equal(result.n_violations_all, item->breach != CP_BREACH_NONE);
	assert_int_equal(result.counts[0].n_targets, 1);
	assert_int_equal(result.counts[0].n_violated, item->breach != CP_BREACH_NONE);
	if (result.counts[0].n_undecided != item->is_undecided)
		fail_msg("%s: %s", item->why, item->is_undecided ? "not undecided" : "undecided");
	assert_int_equal(result.state, item->breach         ? CP_POLICY_VIOLATED
	                               : item->is_undecided ? CP_POLICY_UNDECIDED
	                                                    : CP_POLICY_HOLDS);
	cp_policy_eval_free(eval);
	cp_policy_free(&policy);
}

static void test_paths(void **state)
{
	struct cp_asdb *asdb = make_asdb();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(path_cases); i++)
		check_path_case(&path_cases[i], asdb);
	cp_asdb_free(asdb);
}

/* Targets of one rule by outcome: k kept, v violated, u undecided, - not measured, o of no rule, x of none, unmeasured.
 */
static enum cp_policy_state state_of_run(
        const char *rule, const char *outcomes, struct cp_policy_count *ret_count, struct cp_policy_result *ret_result)
{
	const struct cp_home home = make_home();
	struct cp_target targets[32];
	struct cp_policy_eval *eval;
	struct cp_policy_result result;
	struct cp_policy policy;
	char text[256];

	snprintf(text, sizeof(text), "version: 1\nrules:\n- {name: r, group: [g], verdicts: [inside], %s}\n", rule);
	policy = policy_of(text);
	assert_int_equal(cp_policy_eval_new(&policy, NULL, &home, &eval), 0);
	for (size_t i = 0; outcomes[i]; i++) {
		char what = outcomes[i];
		struct cp_policy_seen seen = {.target = &targets[i], .verdict = CP_INSIDE};

		targets[i] = target_of("t", what == 'o' || what == 'x' ? NULL : "g", 443, IPPROTO_TCP);
		/* The worst of its paths is what counts. */
		if (what != '-' && what != 'x')
			cp_policy_eval_path(eval, &seen, 0);
		seen.verdict = what == 'v' ? CP_TRANSIT : CP_UNDECIDED;
		if (what == 'v' || what == 'u')
			cp_policy_eval_path(eval, &seen, 0);
		cp_policy_eval_target(eval, &targets[i]);
	}
	cp_policy_eval_result(eval, &result);
	*ret_count = result.counts[0];
	*ret_result = result;
	cp_policy_eval_free(eval);
	cp_policy_free(&policy);
	return result.state;
}

static void test_shares(void **state)
{
	static const struct {
		const char *rule, *outcomes;
		enum cp_policy_state state;
	} cases[] = {
	        {"severity: fail", "kkkk", CP_POLICY_HOLDS},
	        {"severity: fail", "", CP_POLICY_HOLDS},
	        {"severity: fail", "kkku", CP_POLICY_UNDECIDED},
	        {"severity: fail", "kkk-", CP_POLICY_UNDECIDED},
	        {"severity: fail", "kkkv", CP_POLICY_VIOLATED},
	        {"severity: fail", "uuuv", CP_POLICY_VIOLATED},
	        {"severity: warn", "kkkv", CP_POLICY_HOLDS},
	        {"severity: warn", "uuuu", CP_POLICY_HOLDS},
	        {"max_undecided: 25%", "kkku", CP_POLICY_HOLDS},
	        {"max_undecided: 25%", "kkk-", CP_POLICY_HOLDS},
	        {"max_undecided: 24.99%", "kkku", CP_POLICY_UNDECIDED},
	        {"max_undecided: 25%", "kku", CP_POLICY_UNDECIDED},
	        {"min_coverage: 75%", "kkku", CP_POLICY_HOLDS},
	        {"min_coverage: 76", "kkku", CP_POLICY_UNDECIDED},
	        {"min_coverage: 75%, max_undecided: 10%", "kkku", CP_POLICY_UNDECIDED},
	        {"min_coverage: 90%, max_undecided: 50%", "kkku", CP_POLICY_UNDECIDED},
	        {"max_undecided: 100%", "uu--", CP_POLICY_HOLDS},
	        {"severity: fail", "koo", CP_POLICY_HOLDS},
	};
	struct cp_policy_count count;
	struct cp_policy_result result;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (state_of_run(cases[i].rule, cases[i].outcomes, &count, &result) != cases[i].state)
			fail_msg("%s: %s", cases[i].rule, cases[i].outcomes);
	}
	state_of_run("severity: warn", "kvvu--oox", &count, &result);
	assert_int_equal(count.n_targets, 6);
	assert_int_equal(count.n_kept, 1);
	assert_int_equal(count.n_violated, 2);
	assert_int_equal(count.n_undecided, 3);
	assert_int_equal(count.n_unmeasured, 2);
	assert_int_equal(count.n_violations, 2);
	assert_int_equal(count.state, CP_POLICY_VIOLATED);
	assert_int_equal(result.n_unmatched, 3);
	assert_int_equal(result.n_unmatched_unmeasured, 1);
}

static void test_kept_violations_are_bounded(void **state)
{
	const struct cp_home home = make_home();
	const struct cp_target target = target_of("t", NULL, 443, IPPROTO_TCP);
	struct cp_policy policy = policy_of("version: 1\nrules: []\ndefault: {forbid: [transit]}\n");
	struct cp_policy_eval *eval;
	struct cp_policy_result result;

	(void)state;
	assert_int_equal(cp_policy_eval_new(&policy, NULL, &home, &eval), 0);
	for (uint32_t i = 0; i < CP_POLICY_KEPT + 5; i++)
		assert_int_equal(
		        cp_policy_eval_path(
		                eval, &(struct cp_policy_seen){.target = &target, .flow = i, .verdict = CP_TRANSIT}, 0),
		        0);
	cp_policy_eval_target(eval, &target);
	cp_policy_eval_result(eval, &result);
	assert_int_equal(result.n_violations, CP_POLICY_KEPT);
	assert_int_equal(result.n_violations_all, CP_POLICY_KEPT + 5);
	assert_int_equal(result.violations[7].flow, 7);
	cp_policy_eval_free(eval);
	cp_policy_eval_free(NULL);
	cp_policy_free(&policy);
}

static void test_what_a_path_shows(void **state)
{
	struct fixture fix;
	uint32_t asns[CP_POLICY_ASNS_MAX];
	struct cp_policy_seen seen = {0};

	(void)state;
	fix_target(&fix, "zenn.dev", "198.18.49.10");
	fix_hop(&fix, NULL, 0, 0);
	fix_hop(&fix, "198.18.2.1", 8075, 1000);
	fix_hop(&fix, "198.18.3.1", 3491, 2000);
	fix_step(&fix, CP_STEP_SILENT, 0, 1, 1);
	fix_step(&fix, CP_STEP_AS, 8075, 2, 2);
	fix_step(&fix, CP_STEP_AS, 3491, 3, 3);
	fix_step(&fix, CP_STEP_AS, 8075, 4, 4);
	fix_exit(&fix, 1, 2);
	fix.judgement.dest_origin = (struct cp_origin){.kind = CP_ORIGIN_AS, .n_asn = 1, .asn = {13335}};
	fix.judgement.verdict = CP_TRANSIT;
	fix.path.flow = 3;
	cp_policy_see(&fix.path, &fix.judgement, asns, &seen);
	assert_int_equal(seen.verdict, CP_TRANSIT);
	assert_int_equal(seen.flow, 3);
	assert_int_equal(seen.n_asns, 3);
	assert_int_equal(seen.asns[0], 8075);
	assert_int_equal(seen.asns[1], 3491);
	assert_int_equal(seen.asns[2], 13335); /* also when the destination is silent */
	assert_int_equal(seen.exit_asn, 3491);
	/* Of a destination that several announce it is the one on the path, else the first; as in its record. */
	fix.judgement.dest_origin = (struct cp_origin){.kind = CP_ORIGIN_AS, .n_asn = 2, .asn = {13335, 3491}};
	cp_policy_see(&fix.path, &fix.judgement, asns, &seen);
	assert_int_equal(seen.n_asns, 2);
	fix.judgement.dest_origin.asn[1] = 64500;
	cp_policy_see(&fix.path, &fix.judgement, asns, &seen);
	assert_int_equal(seen.n_asns, 3);
	assert_int_equal(seen.asns[2], 13335);
}

static void test_words(void **state)
{
	static const struct {
		const char *rule;
		struct cp_policy_violation violation;
		const char *text;
	} cases[] = {
	        {"verdicts: [inside, direct]", {.breach = CP_BREACH_VERDICT, .verdict = CP_TRANSIT, .exit_asn = 3491},
	                "transit (exit to AS3491); wanted: inside or direct"},
	        {"forbid: [detour]", {.breach = CP_BREACH_VERDICT, .verdict = CP_DETOUR}, "detour is forbidden"},
	        {"forbid_reasons: [ixp]", {.breach = CP_BREACH_REASON, .verdict = CP_DIRECT, .reason = CP_WHY_IXP},
	                "ixp (direct) is forbidden"},
	        {"forbid_as: [1]", {.breach = CP_BREACH_FORBIDDEN_AS, .asn = 1}, "AS1 is forbidden"},
	        {"forbid_roles: [tier1]", {.breach = CP_BREACH_FORBIDDEN_ROLE, .asn = 1},
	                "AS1 has a role that is forbidden"},
	        {"{allow_as: [2, 3], allow_roles: [cdn]}", {.breach = CP_BREACH_AS, .asn = 1},
	                "AS1 is not allowed; allowed: AS2, AS3, cdn"},
	};
	char text[128], small[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cp_policy_violation violation = cases[i].violation;
		struct cp_policy policy;
		char file[256];

		snprintf(file, sizeof(file), "version: 1\nrules: []\ndefault: %s%s%s\n",
		        cases[i].rule[0] == '{' ? "" : "{", cases[i].rule, cases[i].rule[0] == '{' ? "" : "}");
		policy = policy_of(file);
		violation.rule = &policy.rules[0];
		assert_string_equal(cp_policy_violation_text(&violation, text, sizeof(text)), cases[i].text);
		assert_int_equal(strlen(cp_policy_violation_text(&violation, small, sizeof(small))), 7);
		cp_policy_free(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_patterns),
	        cmocka_unit_test(test_pattern_is_cheap),
	        cmocka_unit_test(test_index),
	        cmocka_unit_test(test_first_rule_decides),
	        cmocka_unit_test(test_paths),
	        cmocka_unit_test(test_shares),
	        cmocka_unit_test(test_kept_violations_are_bounded),
	        cmocka_unit_test(test_what_a_path_shows),
	        cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
