/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policy_run.h: a stored run (-o ndjson) as what policies look at: paths as
 * they were judged then, and targets. Must not know any rule.
 */
#ifndef CP_POLICY_RUN_H
#define CP_POLICY_RUN_H

#include "core/policy.h"

/* In the order of the run: the paths of a target, then it. Each returns 0 or -errno to stop. */
struct cp_policy_run_sink {
	int (*path)(void *ctx, const struct cp_policy_seen *seen, uint32_t vantage_asn);
	int (*target)(void *ctx, const struct cp_target *target);
	void *ctx;
};

/* What is known of the run. Strings and targets live as long as it. */
struct cp_policy_run {
	struct cp_home home; /* set before the first path is handed over */
	const char *host; /* NULL: not told */
	uint64_t wall_ms; /* UINT64_MAX: not told */
	uint32_t vantage_asn; /* 0: unknown */
	bool is_complete; /* has its end, which says that all was done */
	size_t n_bad; /* records that were left out */
	size_t bad_line; /* of the first one */
	char bad_why[256];
	struct cp_policy_run_store *store; /* private */
};

/*
 * Reads a run into run, which is to be freed in either case; source names the text in messages. 0, -ENOMEM, what the
 * sink returned, or -EINVAL with err for a text that has no start record.
 */
int cp_policy_run_read(const char *text, size_t len, const char *source, const struct cp_policy_run_sink *sink,
        struct cp_policy_run *run, struct cp_err *err);
void cp_policy_run_free(struct cp_policy_run *run);

#endif
