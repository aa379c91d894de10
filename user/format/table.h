/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * table.h: what the table keeps of targets until it is written: all of a short
 * run, the worst of a long one. Private to table.c and table_case.c.
 */
#ifndef CP_TABLE_H
#define CP_TABLE_H

#include "explain.h"
#include "record.h"
#include "text.h"

#define CP_TABLE_ALL 40 /* up to so many targets each has its line */
#define CP_TABLE_WORST 20 /* of more, so many of those that are not well */

/* How a target came out: its verdict, or why it has none. From best to worst. */
enum cp_table_outcome {
	/* enum cp_verdict */
	CP_TABLE_UNRESOLVED = CP_VERDICTS,
	CP_TABLE_SKIPPED,
	CP_TABLE_OUTCOMES,
};
enum cp_table_outcome cp_table_outcome(const struct cp_rec_target *rec);
const char *cp_table_outcome_name(enum cp_table_outcome outcome);
enum cp_text_color cp_table_outcome_color(enum cp_table_outcome outcome);

/* A sentence of why a target is not well. */
struct cp_table_sentence {
	enum cp_explain_topic topic;
	char *text; /* owned */
};

/* One target as it will be shown. Strings are owned, in words (phrase.h); NULL: nothing to say. */
struct cp_table_case {
	const struct cp_target *target; /* borrowed until the end record */
	const struct cp_answer *answer; /* likewise */
	enum cp_table_outcome outcome;
	enum cp_confidence confidence; /* of the worst path */
	uint32_t reasons; /* likewise */
	struct cp_addr dest; /* likewise */
	char *as_path, *exit; /* likewise */
	char *skip_reason;
	char *flows; /* how its paths differ */
	struct cp_table_sentence *sentences; /* of the worst path; with --explain */
	size_t n_sentences;
	uint32_t n_dests, n_flows; /* with a path */
	uint32_t n_dests_like, n_flows_like; /* of them, with the target's verdict */
};

/* The target whose paths are coming in. */
struct cp_table_tally {
	const struct cp_target *target; /* NULL: none */
	struct cp_table_case worst; /* its texts only if it may be shown */
	bool has_path;
	struct cp_addr dest; /* the one whose flows are coming in */
	enum cp_verdict dest_verdict;
	uint32_t n_dests[CP_VERDICTS], n_flows[CP_VERDICTS];
};

struct cp_table_cases {
	bool explain;
	struct cp_table_tally now;
	struct cp_table_case all[CP_TABLE_ALL]; /* the first ones */
	struct cp_table_case worst[CP_TABLE_OUTCOMES][CP_TABLE_WORST]; /* those after them, not well, by outcome */
	size_t n_all;
	size_t n_worst[CP_TABLE_OUTCOMES]; /* kept */
	uint64_t n_bad; /* targets that are not well, kept or not */
	uint64_t n_targets;
};

/* Paths of a target come first, then it. 0 or -ENOMEM. */
int cp_table_cases_path(struct cp_table_cases *cases, const struct cp_rec_path *rec);
int cp_table_cases_target(struct cp_table_cases *cases, const struct cp_rec_target *rec);
void cp_table_cases_print(const struct cp_table_cases *cases, struct cp_text *text);
void cp_table_cases_free(struct cp_table_cases *cases);

#endif
