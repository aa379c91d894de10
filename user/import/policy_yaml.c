// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * policy_yaml.c: the schema of a policy file, and what libcyaml made of one as
 * the rules that core/policy.c knows. Must not know what a rule does.
 */
#include "policy_yaml.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml.h"

#define VERSION 1
#define REST_NAME "default" /* the key, and the rule that it makes */
#define RULES_MAX 10000
#define WORDS_MAX 1000000
#define WORD_BYTES 4096
#define PATH_MAX_BYTES 96 /* "rules.9999.allow_roles.99999" */

struct file_list {
	char **items;
	uint32_t n;
};

/* A rule as it stands in the file. */
struct file_rule {
	char *name;
	struct file_list group, target;
	uint32_t verdicts, forbid; /* 1 << enum cp_verdict */
	struct file_list forbid_reasons;
	struct file_list allow_as, forbid_as, allow_roles, forbid_roles;
	enum cp_confidence min_confidence;
	char *min_coverage, *max_undecided; /* "95%" */
	uint32_t severity; /* 1: warn */
};

struct file_policy {
	uint32_t version;
	struct file_rule *rules;
	uint32_t n_rules;
	struct file_rule *rest; /* "default" */
};

static const cyaml_strval_t verdicts[] = {
        {"inside", 1 << CP_INSIDE},
        {"direct", 1 << CP_DIRECT},
        {"undecided", 1 << CP_UNDECIDED},
        {"transit", 1 << CP_TRANSIT},
        {"detour", 1 << CP_DETOUR},
};
static const cyaml_strval_t confidences[] = {{"low", CP_CONF_LOW}, {"medium", CP_CONF_MEDIUM}, {"high", CP_CONF_HIGH}};
static const cyaml_strval_t severities[] = {{"fail", 0}, {"warn", 1}};

static const cyaml_schema_value_t word = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, WORD_BYTES)};

#define LIST(key_, member_)                                                                                            \
	CYAML_FIELD_SEQUENCE_COUNT(key_, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file_rule, member_.items,    \
	        member_.n, &word, 1, WORDS_MAX)
/* What "default" and every rule may say. */
#define DEMANDS                                                                                                        \
	CYAML_FIELD_FLAGS("verdicts", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct file_rule, verdicts, verdicts,   \
	        CYAML_ARRAY_LEN(verdicts)),                                                                            \
	        CYAML_FIELD_FLAGS("forbid", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct file_rule, forbid,         \
	                verdicts, CYAML_ARRAY_LEN(verdicts)),                                                          \
	        LIST("forbid_reasons", forbid_reasons), LIST("allow_as", allow_as), LIST("forbid_as", forbid_as),      \
	        LIST("allow_roles", allow_roles), LIST("forbid_roles", forbid_roles),                                  \
	        CYAML_FIELD_ENUM("min_confidence", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct file_rule,          \
	                min_confidence, confidences, CYAML_ARRAY_LEN(confidences)),                                    \
	        CYAML_FIELD_STRING_PTR("min_coverage", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file_rule,     \
	                min_coverage, 1, WORD_BYTES),                                                                  \
	        CYAML_FIELD_STRING_PTR("max_undecided", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file_rule,    \
	                max_undecided, 1, WORD_BYTES),                                                                 \
	        CYAML_FIELD_ENUM("severity", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct file_rule, severity,      \
	                severities, CYAML_ARRAY_LEN(severities)),                                                      \
	        CYAML_FIELD_END

static const cyaml_schema_field_t rule_fields[] = {
        CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct file_rule, name, 1, WORD_BYTES),
        LIST("group", group),
        LIST("target", target),
        DEMANDS,
};
static const cyaml_schema_field_t rest_fields[] = {DEMANDS};
static const cyaml_schema_value_t rule_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct file_rule, rule_fields),
};
static const cyaml_schema_field_t policy_fields[] = {
        CYAML_FIELD_UINT("version", CYAML_FLAG_DEFAULT, struct file_policy, version),
        CYAML_FIELD_SEQUENCE_COUNT(
                "rules", CYAML_FLAG_POINTER, struct file_policy, rules, n_rules, &rule_schema, 0, RULES_MAX),
        CYAML_FIELD_MAPPING_PTR(
                REST_NAME, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file_policy, rest, rest_fields),
        CYAML_FIELD_END,
};
static const cyaml_schema_value_t policy_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file_policy, policy_fields),
};

/* What is being made into rules. */
struct reading {
	const struct cp_yaml *yaml;
	const struct cp_asdb *asdb;
	struct cp_err *err;
	char where[32]; /* "rules.3", "default" */
};

__attribute__((format(printf, 3, 4))) static int refuse(
        const struct reading *reading, const char *key, const char *fmt, ...)
{
	char path[PATH_MAX_BYTES], what[384];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	snprintf(path, sizeof(path), "%s.%s", reading->where, key);
	return cp_yaml_refuse(reading->yaml, reading->err, path, "%s", what);
}

static int refuse_item(const struct reading *reading, const char *key, size_t i, const char *item, const char *what)
{
	char path[48];

	snprintf(path, sizeof(path), "%s.%zu", key, i);
	return refuse(reading, path, "%s: '%.64s' %s", key, item, what);
}

static int copy_words(const struct file_list *list, struct cp_policy_words *ret_words)
{
	ret_words->items = calloc(list->n + 1, sizeof(*ret_words->items));
	if (!ret_words->items)
		return -ENOMEM;
	for (; ret_words->n < list->n; ret_words->n++) {
		ret_words->items[ret_words->n] = strdup(list->items[ret_words->n]);
		if (!ret_words->items[ret_words->n])
			return -ENOMEM;
	}
	return 0;
}

/* "8075" or "AS8075". */
static int parse_asn(const char *text, uint32_t *ret_asn)
{
	uint64_t asn = 0;

	if ((text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's'))
		text += 2;
	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 10)
		return -EINVAL;
	for (; *text; text++)
		asn = asn * 10 + (uint64_t)(*text - '0');
	if (asn == 0 || asn > UINT32_MAX)
		return -EINVAL;
	*ret_asn = (uint32_t)asn;
	return 0;
}

static int take_roles(
        const struct reading *reading, const char *key, const struct file_list *list, struct cp_policy_words *ret_words)
{
	for (uint32_t i = 0; reading->asdb && i < list->n; i++) {
		const char *role = list->items[i];
		struct cp_home found = {0};
		uint32_t asn;
		int rc = strchr(role, ',') || parse_asn(role, &asn) == 0
		                 ? -EINVAL
		                 : cp_home_parse(reading->asdb, role, &found, NULL);

		cp_home_free(&found);
		if (rc)
			return rc == -ENOMEM ? rc
			                     : refuse_item(reading, key, i, role, "is a role that no known AS has");
	}
	return copy_words(list, ret_words);
}

static int take_asns(
        const struct reading *reading, const char *key, const struct file_list *list, struct cp_policy_asns *ret_asns)
{
	ret_asns->items = calloc(list->n + 1, sizeof(*ret_asns->items));
	if (!ret_asns->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->n; i++) {
		if (parse_asn(list->items[i], &ret_asns->items[i]))
			return refuse_item(reading, key, i, list->items[i], "is no AS number");
		ret_asns->n++;
	}
	return 0;
}

static int take_reasons(const struct reading *reading, const struct file_list *list, uint32_t *ret_reasons)
{
	uint32_t reasons = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		int reason = 0;

		while (reason < CP_WHY_MAX && strcmp(cp_reason_name(reason), list->items[i]) != 0)
			reason++;
		if (reason == CP_WHY_MAX)
			return refuse_item(reading, "forbid_reasons", i, list->items[i],
			        "is no reason code; docs/verdicts.md lists them");
		reasons |= 1u << reason;
	}
	*ret_reasons = reasons;
	return 0;
}

/* "95%", "99.5 %", "95": hundredths of a percent. */
static int parse_share(const char *text, uint32_t *ret_share)
{
	size_t whole = strspn(text, "0123456789"), n_decimals = 0;
	uint32_t share = 0;

	if (whole == 0 || whole > 3)
		return -EINVAL;
	for (size_t i = 0; i < whole; i++)
		share = share * 10 + (uint32_t)(text[i] - '0');
	text += whole;
	if (*text == '.') {
		n_decimals = strspn(++text, "0123456789");
		if (n_decimals == 0 || n_decimals > 2)
			return -EINVAL;
	}
	share *= 100;
	if (n_decimals)
		share += (uint32_t)(text[0] - '0') * 10 + (n_decimals > 1 ? (uint32_t)(text[1] - '0') : 0);
	text += n_decimals;
	text += strspn(text, " ");
	if (*text == '%')
		text++;
	if (*text || share > CP_POLICY_ALL)
		return -EINVAL;
	*ret_share = share;
	return 0;
}

/* Two ways to say one thing; the stricter counts. */
static int take_shares(const struct reading *reading, const struct file_rule *file, uint32_t *ret_max_undecided)
{
	uint32_t max_undecided = 0, covered = CP_POLICY_ALL;

	if (file->max_undecided && parse_share(file->max_undecided, &max_undecided))
		return refuse(reading, "max_undecided", "max_undecided wants a share of 0%% to 100%%, not '%.64s'",
		        file->max_undecided);
	if (file->min_coverage && parse_share(file->min_coverage, &covered))
		return refuse(reading, "min_coverage", "min_coverage wants a share of 0%% to 100%%, not '%.64s'",
		        file->min_coverage);
	if (!file->max_undecided || (file->min_coverage && CP_POLICY_ALL - covered < max_undecided))
		max_undecided = CP_POLICY_ALL - covered;
	*ret_max_undecided = max_undecided;
	return 0;
}

static int take_rule(
        struct reading *reading, const struct file_rule *file, const char *name, struct cp_policy_rule *rule)
{
	int rc;

	if (file->verdicts & file->forbid)
		return refuse(reading, "forbid", "forbid names a verdict that verdicts allows");
	rule->verdicts = file->verdicts;
	rule->forbid = file->forbid;
	rule->min_confidence = file->min_confidence;
	rule->is_warning = file->severity == 1;
	rule->name = strdup(name);
	rc = rule->name ? copy_words(&file->group, &rule->groups) : -ENOMEM;
	rc = rc ? rc : copy_words(&file->target, &rule->targets);
	rc = rc ? rc : take_reasons(reading, &file->forbid_reasons, &rule->forbid_reasons);
	rc = rc ? rc : take_asns(reading, "allow_as", &file->allow_as, &rule->allow_as);
	rc = rc ? rc : take_asns(reading, "forbid_as", &file->forbid_as, &rule->forbid_as);
	rc = rc ? rc : take_roles(reading, "allow_roles", &file->allow_roles, &rule->allow_roles);
	rc = rc ? rc : take_roles(reading, "forbid_roles", &file->forbid_roles, &rule->forbid_roles);
	rc = rc ? rc : take_shares(reading, file, &rule->max_undecided);
	if (rc == 0)
		cp_policy_rule_index(rule);
	return rc;
}

static int compare_names(const void *a, const void *b, void *ctx)
{
	const struct file_rule *rules = ctx;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int by_name = strcmp(rules[i].name, rules[k].name);

	return by_name ? by_name : (i > k) - (i < k);
}

/* Reports name rules, so a name stands for one. */
static int check_names(struct reading *reading, const struct file_policy *file)
{
	uint32_t *order = calloc(file->n_rules + 1, sizeof(*order));
	int rc = 0;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < file->n_rules; i++)
		order[i] = i;
	qsort_r(order, file->n_rules, sizeof(*order), compare_names, file->rules);
	for (uint32_t i = 0; i < file->n_rules && rc == 0; i++) {
		const char *name = file->rules[order[i]].name;

		if (!(i && strcmp(name, file->rules[order[i - 1]].name) == 0) &&
		        !(file->rest && strcmp(name, REST_NAME) == 0))
			continue;
		snprintf(reading->where, sizeof(reading->where), "rules.%u", order[i]);
		rc = refuse(reading, "name", "a second rule of the name '%.64s'", name);
	}
	free(order);
	return rc;
}

static int take_policy(struct reading *reading, const struct file_policy *file, struct cp_policy *policy)
{
	int rc;

	if (file->version != VERSION)
		return cp_yaml_refuse(reading->yaml, reading->err, "version",
		        "version %u is not known: this is version %d", file->version, VERSION);
	if (file->n_rules == 0 && !file->rest)
		return cp_yaml_refuse(reading->yaml, reading->err, "rules", "neither rules nor a default");
	rc = check_names(reading, file);
	if (rc)
		return rc;
	policy->rules = calloc(file->n_rules + 1, sizeof(*policy->rules));
	if (!policy->rules)
		return -ENOMEM;
	for (uint32_t i = 0; i < file->n_rules && rc == 0; i++) {
		policy->n_rules++;
		snprintf(reading->where, sizeof(reading->where), "rules.%u", i);
		rc = take_rule(reading, &file->rules[i], file->rules[i].name, &policy->rules[i]);
	}
	if (rc || !file->rest)
		return rc;
	snprintf(reading->where, sizeof(reading->where), REST_NAME);
	return take_rule(reading, file->rest, REST_NAME, &policy->rules[policy->n_rules++]);
}

int cp_policy_read(const char *text, size_t len, const char *source, const struct cp_asdb *asdb,
        struct cp_policy *ret_policy, struct cp_err *err)
{
	const struct cp_yaml_schema schema = {.top = &policy_schema};
	struct cp_policy policy = {0};
	struct cp_yaml *yaml;
	int rc = cp_yaml_read(text, len, source, &schema, &yaml, err);

	if (rc)
		return rc;
	policy.source = strdup(source);
	if (!policy.source) {
		rc = -ENOMEM;
	} else {
		struct reading reading = {.yaml = yaml, .asdb = asdb, .err = err};

		rc = take_policy(&reading, cp_yaml_data(yaml), &policy);
	}
	cp_yaml_free(yaml);
	if (rc) {
		cp_policy_free(&policy);
		return rc == -ENOMEM ? cp_err_set(err, rc, "out of memory") : rc;
	}
	*ret_policy = policy;
	return 0;
}
