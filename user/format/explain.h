/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * explain.h: why a path has its verdict, in sentences for an auditor, with the
 * hops cited. Pure: from the record of a path to sentences, one at a time.
 */
#ifndef CP_EXPLAIN_H
#define CP_EXPLAIN_H

#include "record.h"
#include "text.h"

/* What a sentence is about; sentences come in this order, several or none of each. */
enum cp_explain_topic {
	CP_EXPLAIN_HOME = 0, /* what counts as inside */
	CP_EXPLAIN_VANTAGE, /* where the probes start, and how that is known */
	CP_EXPLAIN_DEST, /* whose the destination is, and whether it answered */
	CP_EXPLAIN_LAST_HOME, /* the last home hop */
	CP_EXPLAIN_FOREIGN, /* the first hop outside */
	CP_EXPLAIN_SILENCE, /* what did not answer, and why that matters or not */
	CP_EXPLAIN_RULE, /* which rule decided */
	CP_EXPLAIN_REASON, /* what else the evidence shows */
	CP_EXPLAIN_CONFIDENCE, /* why it is not higher */
	CP_EXPLAIN_HELP, /* what would raise it */
	CP_EXPLAIN_DATA, /* the AS data used, and its age */
	CP_EXPLAIN_TOPICS,
};
const char *cp_explain_topic_name(enum cp_explain_topic topic); /* "home", "last home" ... */

/* Takes a sentence, which may hold hostile text (names) and is valid for the call. 0, or -errno to stop. */
typedef int cp_explain_fn(void *ctx, enum cp_explain_topic topic, const char *sentence);

/*
 * Explains the judgement of a path. Without rec->start neither home nor the AS data are known, and what needs them is
 * left out. 0, or what fn returned.
 */
int cp_explain(const struct cp_rec_path *rec, cp_explain_fn *fn, void *ctx);

/* A sentence for people, in lines; again: the one before was about the same. */
void cp_explain_line(
        struct cp_text *text, unsigned indent, enum cp_explain_topic topic, bool again, const char *sentence);

/* The rule as a sentence: what the evidence shows. "" for CP_RULE_NONE. */
const char *cp_explain_rule(enum cp_rule rule);
/* What helps against a reason, to stand after "What would help:"; NULL: nothing does, or nothing has to. */
const char *cp_explain_help(enum cp_reason reason);

#endif
