/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * replay.h: a run that was written before, through the outputs once more, as it
 * was judged then. Private to export.c and replay*.c.
 */
#ifndef CP_REPLAY_H
#define CP_REPLAY_H

#include "audit_impl.h"
#include "import/run.h"

/* A target of the run; what a record points to must last until its end. */
struct cp_replay_target {
	struct cp_target target;
	struct cp_answer answer; /* its arrays are owned, their strings the words' */
};

/* What came of a policy then. Strings are the words'. */
struct cp_replay_policy {
	struct cp_replay_policy *next;
	struct cp_policy policy;
	struct cp_policy_rule *rules;
	struct cp_policy_count *counts;
	struct cp_policy_violation *violations;
	struct cp_target *targets; /* of the violations */
	struct cp_policy_result result;
};

struct cp_replay {
	struct cp_audit *audit; /* of the outputs; its asdb, home and vantage are the run's */
	struct cp_words *words;
	struct cp_replay_target **targets; /* in the order of their records */
	size_t n_targets, cap_targets, at; /* at: the one whose paths are being read */
	struct cp_combined combined, dest_combined; /* of the target and the destination at hand */
	struct cp_addr dest;
	size_t n_dest_paths; /* of the destination at hand */
	struct cp_replay_policy *policies;
	uint64_t n_unmeasured; /* targets without a path */
	size_t n_bad, first_bad; /* records left out; line of the first */
	char bad_why[192];
	int exit_status; /* as the run had it */
	bool is_run; /* a start was found */
	bool has_start, has_end;
	char *error; /* of the end record */
	/* Large: kept off the stack. */
	struct cp_path path;
	struct cp_judgement judgement;
};

/*
 * Reads a run for what it knows as a whole; call it first. 0; -EINVAL: there is nothing of a run in the text, err says
 * so; -ENOMEM.
 */
int cp_replay_learn(struct cp_replay *replay, const char *text, size_t len, const char *source, struct cp_err *err);
/*
 * Hands the records of the same text to the outputs, which are open; not their end. The end's exit status and reason
 * are left in replay and audit. 0 or -ENOMEM.
 */
int cp_replay_show(struct cp_replay *replay, const char *text, size_t len, const char *source, struct cp_err *err);
void cp_replay_free(struct cp_replay *replay); /* what it points to, not itself */

/* replay_policy.c: what came of a policy, from what was written of it. */
int cp_replay_policy_new(const struct cp_run_policy *rec, struct cp_replay_policy **ret_policy); /* -ENOMEM */
void cp_replay_policy_free(struct cp_replay_policy *policy); /* takes NULL */

/* replay_path.c: a path and its judgement, from what was written of them. */
void cp_replay_path(const struct cp_audit *audit, const struct cp_run_path *rec, struct cp_path *ret_path,
        struct cp_judgement *ret_judgement);

#endif
