/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * keep.h: a run into a store, record by record (audit --store, watch). After a
 * failure everything but cp_keep_end() does nothing: who measures goes on.
 */
#ifndef CP_KEEP_H
#define CP_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "format/record.h"

struct cp_keep;

/* What a process that repeats an audit knows of its runs in a store; zero at first. */
struct cp_keep_known {
	int64_t run; /* the newest there is, as far as it knows */
	uint64_t n_conflicts; /* runs before which somebody else had begun one of the same agent and audit */
};

struct cp_keep_config {
	const char *path;
	const char *agent; /* NULL: the name of the host */
	const char *audit; /* name of a watched audit; NULL: none */
	uint64_t keep_days; /* 0: all */
	uint64_t max_mb; /* 0: no limit */
	struct cp_keep_known *known; /* kept up by each run; NULL: nobody repeats it */
};

/* Strings are borrowed until it is closed. 0; -EINVAL: not a file to store in, err says why; -errno. */
int cp_keep_open(const struct cp_keep_config *config, struct cp_keep **ret_keep, struct cp_err *err);

/* Each in the order of struct cp_format. NULL: there is no store. */
void cp_keep_start(struct cp_keep *keep, const struct cp_rec_start *rec);
void cp_keep_path(struct cp_keep *keep, const struct cp_rec_path *rec);
void cp_keep_target(struct cp_keep *keep, const struct cp_rec_target *rec);
void cp_keep_warning(struct cp_keep *keep, const struct cp_rec_warning *rec);
void cp_keep_summary(struct cp_keep *keep, const struct cp_rec_summary *rec);
void cp_keep_policy(struct cp_keep *keep, const struct cp_rec_policy *rec);
/* Ends the run, and then keeps the store within its limits. */
void cp_keep_end(struct cp_keep *keep, const struct cp_rec_end *rec);

/* True once after a failure: a sentence for people, and the code of a warning. */
bool cp_keep_failed(struct cp_keep *keep, const char **ret_code, struct cp_err *err);
/* The store has a run of this agent and audit that another process began while this one repeats them. */
bool cp_keep_is_shared(const struct cp_keep *keep);
/* 0, or the -errno of the first failure. */
int cp_keep_error(const struct cp_keep *keep);
/* The run's key; 0: none has begun. */
int64_t cp_keep_run(const struct cp_keep *keep);

void cp_keep_close(struct cp_keep *keep); /* takes NULL */

#endif
