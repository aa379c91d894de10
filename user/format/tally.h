/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tally.h: counts paths by group, verdict, exit and destination AS. Bounded:
 * what would be one row too many is counted in a row for the rest.
 */
#ifndef CP_TALLY_H
#define CP_TALLY_H

#include "ends.h"

#define CP_TALLY_ROWS_MAX 2000u

/* Strings are owned by the tally; NULL: unknown, or none. */
struct cp_tally_row {
	char *group;
	enum cp_verdict verdict;
	bool leaves; /* home */
	bool is_rest; /* of all groups and ASes that have no row; only the verdict is known */
	uint32_t exit_asn;
	char *exit_as_name;
	char *exit_ixp; /* "" an unnamed one */
	uint32_t dest_asn;
	char *dest_as_name;
	uint64_t n_paths;
};

struct cp_tally;

int cp_tally_new(struct cp_tally **ret_tally); /* -ENOMEM */
void cp_tally_free(struct cp_tally *tally); /* takes NULL */
/* 0 or -ENOMEM. */
int cp_tally_add(struct cp_tally *tally, const struct cp_rec_path *rec, const struct cp_ends *ends);
/* The rows, by group (none first), verdict and falling paths; the rest last. Sorts; valid until the next add. */
const struct cp_tally_row *cp_tally_rows(struct cp_tally *tally, size_t *ret_n);

#endif
