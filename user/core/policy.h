/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policy.h: what a run is expected to show, and whether it does: rules over
 * targets, fed one judged path and one target at a time. Pure; reads no file.
 * docs/policy.md has the rules in words.
 */
#ifndef CP_POLICY_H
#define CP_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target.h"
#include "verdict.h"

#define CP_POLICY_ALL 10000u /* a share, in hundredths of a percent */

struct cp_policy_words {
	char **items;
	size_t n;
};

struct cp_policy_asns {
	uint32_t *items;
	size_t n;
};

/* One rule. All of it is owned. What is empty or 0 asks for nothing. */
struct cp_policy_rule {
	char *name;
	struct cp_policy_words groups; /* labels, exactly */
	struct cp_policy_words targets; /* patterns: '*' any characters, '?' one; no case */
	size_t n_exact; /* the first so many of them are plain names, sorted: see cp_policy_rule_index() */
	uint32_t verdicts; /* 1 << enum cp_verdict: the only ones allowed; 0: any */
	uint32_t forbid; /* 1 << enum cp_verdict */
	uint32_t forbid_reasons; /* 1 << enum cp_reason */
	struct cp_policy_asns allow_as, forbid_as;
	struct cp_policy_words allow_roles, forbid_roles;
	enum cp_confidence min_confidence; /* a path that keeps the rule with less is undecided */
	uint32_t max_undecided; /* of the rule's targets, at most CP_POLICY_ALL */
	bool is_warning; /* told, but without effect on the exit status */
};

/* The first rule that matches a target decides; a rule without groups and targets matches each. */
struct cp_policy {
	char *source; /* the file, or the option */
	struct cp_policy_rule *rules;
	size_t n_rules;
};
/* Makes the look-up of a rule that lists many names fast; reorders its targets. Optional. */
void cp_policy_rule_index(struct cp_policy_rule *rule);
void cp_policy_free(struct cp_policy *policy); /* frees the members, zeroes it; takes NULL */

/* Whether a pattern covers a target: its host; one with ':' or '/' also host:port or host:port/protocol (IPv6 in
 * brackets). */
bool cp_policy_pattern_matches(const char *pattern, const struct cp_target *target);
/* The rule that decides for a target; NULL: none. */
const struct cp_policy_rule *cp_policy_rule_of(const struct cp_policy *policy, const struct cp_target *target);

/* What a path breaks; the first in this order counts. */
enum cp_breach {
	CP_BREACH_NONE = 0,
	CP_BREACH_VERDICT,
	CP_BREACH_REASON,
	CP_BREACH_FORBIDDEN_AS,
	CP_BREACH_FORBIDDEN_ROLE,
	CP_BREACH_AS, /* an AS that is not allowed */
	CP_BREACHES,
};
const char *cp_breach_name(enum cp_breach breach); /* "verdict", "reason", "forbidden-as", "forbidden-role", "as" */

/* One judged path, as far as rules look at it. Borrowed for the call, but target until the evaluation is freed. */
struct cp_policy_seen {
	const struct cp_target *target;
	struct cp_addr dest;
	uint32_t flow;
	enum cp_verdict verdict;
	enum cp_confidence confidence;
	uint32_t reasons; /* 1 << enum cp_reason */
	const uint32_t *asns; /* the ASes of the path in its order, and the destination's */
	size_t n_asns;
	uint32_t exit_asn; /* the first foreign AS behind the exit; 0: no exit, or not seen */
};
#define CP_POLICY_ASNS_MAX (CP_TTL_MAX + 2)
/* Gathers asns and exit_asn of a judged path into seen; asns: room for CP_POLICY_ASNS_MAX. */
void cp_policy_see(
        const struct cp_path *path, const struct cp_judgement *judgement, uint32_t *asns, struct cp_policy_seen *seen);

/* The vantage's AS: as known, or else the path's first one where that was taken as it. 0: neither. */
uint32_t cp_policy_vantage(const struct cp_policy_seen *seen, uint32_t vantage_asn);

struct cp_policy_violation {
	const struct cp_policy_rule *rule;
	const struct cp_target *target;
	struct cp_addr dest;
	uint32_t flow;
	enum cp_verdict verdict;
	enum cp_confidence confidence;
	enum cp_breach breach;
	uint32_t asn; /* the AS that breaks the rule; else 0 */
	uint32_t exit_asn; /* 0: no exit, or not seen */
	enum cp_reason reason; /* CP_BREACH_REASON */
	const char *text; /* as it was told before, of a rule of which only the name is known; NULL: the rule says it */
};
/* "transit; wanted: inside or direct", "AS3491 is forbidden" ...; returns buf. */
const char *cp_policy_violation_text(const struct cp_policy_violation *violation, char *buf, size_t size);

enum cp_policy_state { CP_POLICY_HOLDS = 0, CP_POLICY_UNDECIDED, CP_POLICY_VIOLATED };
const char *cp_policy_state_name(enum cp_policy_state state); /* "holds", "undecided", "violated" */

/* How the targets of a rule came out: n_targets = n_kept + n_violated + n_undecided. */
struct cp_policy_count {
	const struct cp_policy_rule *rule;
	uint64_t n_targets, n_kept, n_violated;
	uint64_t n_undecided; /* no path breaks the rule, and some cannot be told, or none was measured */
	uint64_t n_unmeasured; /* of those: no path at all */
	uint64_t n_violations; /* paths */
	enum cp_policy_state state;
};

struct cp_policy_result {
	const struct cp_policy *policy;
	const struct cp_policy_count *counts; /* by rule, in their order */
	size_t n_counts;
	const struct cp_policy_violation *violations; /* in the order of the run */
	size_t n_violations; /* kept: CP_POLICY_KEPT at most */
	uint64_t n_violations_all;
	uint64_t n_unmatched; /* targets that no rule matches */
	uint64_t n_unmatched_unmeasured; /* of those */
	enum cp_policy_state state; /* the worst of the rules that are no warnings */
};
#define CP_POLICY_KEPT 1000u

struct cp_policy_eval;

/* Everything given is borrowed until the evaluation is freed. asdb: roles of ASes; NULL: none has one. 0 or -ENOMEM. */
int cp_policy_eval_new(const struct cp_policy *policy, const struct cp_asdb *asdb, const struct cp_home *home,
        struct cp_policy_eval **ret_eval);
void cp_policy_eval_free(struct cp_policy_eval *eval); /* takes NULL */
/* Paths of a target follow each other, then comes it. vantage_asn: 0 unknown. 0 or -ENOMEM. */
int cp_policy_eval_path(struct cp_policy_eval *eval, const struct cp_policy_seen *seen, uint32_t vantage_asn);
void cp_policy_eval_target(struct cp_policy_eval *eval, const struct cp_target *target);
/* Owned by eval, valid until the next call. */
void cp_policy_eval_result(struct cp_policy_eval *eval, struct cp_policy_result *ret_result);

#endif
