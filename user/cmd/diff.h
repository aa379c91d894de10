/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * diff.h: two runs on their way from files into a comparison. Private to
 * diff.c and diff_read.c.
 */
#ifndef CP_DIFF_H
#define CP_DIFF_H

#include "core/err.h"
#include "format/rundiff.h"
#include "import/words.h"

/* Two runs, and what is to be said of them. */
struct cp_diff {
	const char *agent; /* whose runs, where they are in a store; NULL: anybody's */
	struct cp_words *words; /* own all strings of the runs */
	struct cp_rundiff *diff;
	struct cp_rundiff_run runs[CP_SIDES];
	uint32_t *home_asns[CP_SIDES]; /* what runs point to */
	struct cp_rec_database *databases[CP_SIDES];
	struct cp_rec_warning *warnings; /* texts are owned */
	size_t n_warnings, warnings_cap;
	bool is_partial; /* a run was cut off, or records were left out */
};

/* 0 or -ENOMEM. */
__attribute__((format(printf, 3, 4))) int cp_diff_warn(struct cp_diff *diff, const char *code, const char *fmt, ...);
/*
 * Reads a run ("-": standard input) into diff, a piece at a time. 0; -EINVAL: it cannot be read, or holds nothing of a
 * run, err says file, line and why; -ENOMEM. Records that cannot be understood are left out, counted and named.
 */
int cp_diff_read(struct cp_diff *diff, enum cp_rundiff_side side, const char *path, struct cp_err *err);

#endif
