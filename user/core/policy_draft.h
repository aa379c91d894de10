/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policy_draft.h: what a run shows -> the few rules that it keeps: by group,
 * with exceptions by target. Fed one judged path and one target at a time.
 * Knows no file format.
 */
#ifndef CP_POLICY_DRAFT_H
#define CP_POLICY_DRAFT_H

#include "policy.h"

/* One rule. Strings and targets are borrowed from those the draft was fed with. */
struct cp_draft_rule {
	const char *group; /* NULL: of no group */
	bool is_rest; /* for all targets of the group that no rule before it names; of no group: for all others */
	const struct cp_target *const *targets; /* in order: that it is for, or is_rest stands for */
	const bool *needs_port; /* of each: the same host is there with another port or protocol */
	size_t n_targets;
	uint32_t verdicts; /* 1 << enum cp_verdict, of paths with a verdict; 0: there were none */
	const uint32_t *asns; /* foreign ones seen on these, sorted */
	size_t n_asns;
	uint64_t n_undecided; /* targets with a path without a verdict, or without a path */
};

struct cp_draft;

int cp_draft_new(const struct cp_home *home, struct cp_draft **ret_draft); /* 0 or -ENOMEM; home is borrowed */
void cp_draft_free(struct cp_draft *draft); /* takes NULL */
/* As cp_policy_eval_path() and cp_policy_eval_target(); targets are borrowed until the draft is freed. 0 or -ENOMEM. */
int cp_draft_path(struct cp_draft *draft, const struct cp_policy_seen *seen, uint32_t vantage_asn);
int cp_draft_target(struct cp_draft *draft, const struct cp_target *target);
/*
 * The rules, in the order in which they must be asked: groups by name, in each the exceptions and then the rest; last
 * the targets of no group. The same run gives the same rules in whatever order it was fed. Owned by the draft, valid
 * until it is fed again. 0 or -ENOMEM.
 */
int cp_draft_rules(struct cp_draft *draft, const struct cp_draft_rule **ret_rules, size_t *ret_n);

#endif
