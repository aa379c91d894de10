/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * combine.h: what several paths say together: the flows of a destination, the
 * destinations of a target. Counts them by verdict and by where they leave
 * home, and finds what only shows in comparison. Pure.
 */
#ifndef CP_COMBINE_H
#define CP_COMBINE_H

#include "verdict.h"

#define CP_COMBINE_EXITS 8

/* Paths that leave home through one AS. */
struct cp_combined_exit {
	uint32_t asn; /* 0: an AS was not seen, but the LAN of this exchange was */
	const char *ixp; /* its name, "" unknown, borrowed of the AS database; NULL: not an exchange */
	uint32_t n_paths;
};

/* Zeroed: of nothing yet. */
struct cp_combined {
	enum cp_verdict verdict; /* the worst; meaningless when n_paths is 0 */
	uint32_t n_paths;
	uint32_t by_verdict[CP_VERDICTS]; /* paths */
	uint32_t n_dests;
	uint32_t dests_by_verdict[CP_VERDICTS]; /* each with the worst of its paths */
	struct cp_combined_exit exits[CP_COMBINE_EXITS]; /* in the order in which they were met */
	uint32_t n_exits;
	uint32_t n_other_exits; /* paths through further ASes */
	uint32_t n_unseen_exits; /* paths that leave home, and what is behind it did not answer */
};

/* Counts one judged path. */
void cp_combine_path(struct cp_combined *combined, const struct cp_judgement *judgement, const struct cp_home *home);
/* Adds a destination, all paths of which are counted, to those of its target. */
void cp_combine_dest(struct cp_combined *target, const struct cp_combined *dest);
/* True when the paths differ in verdict, or leave home through different ASes. */
bool cp_combined_differ(const struct cp_combined *combined);

/*
 * The flows of one destination, judged one by one: adds the reasons that only show in comparison, in place, and counts
 * them into *ret_combined. No verdict changes: it remains that of its own path.
 *   flows-disagree       cp_combined_differ() says so
 *   third-party-address  the single foreign hop of an undecided path is seen in another flow, too, at once between
 *                        two home hops, and neither of them is the same
 * paths and judgements: n each, of the same flow at the same index.
 */
void cp_combine_flows(const struct cp_path *paths, struct cp_judgement *judgements, size_t n,
        const struct cp_home *home, struct cp_combined *ret_combined);

#endif
