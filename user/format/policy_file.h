/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policy_file.h: drafted rules -> a policy file (YAML) to be reviewed. What it
 * writes, import/policy_yaml.c reads.
 */
#ifndef CP_POLICY_FILE_H
#define CP_POLICY_FILE_H

#include "core/policy_draft.h"
#include "sink.h"

/* Where the rules come from, for the comment above them. */
struct cp_policy_origin {
	const char *source; /* the run's file */
	const char *host; /* that probed; NULL: not told */
	uint64_t wall_ms; /* start of the run, Unix time; UINT64_MAX: not told */
	uint32_t vantage_asn; /* 0: unknown */
	const struct cp_home *home;
	const struct cp_asdb *asdb; /* names of ASes, for comments */
};

/* 0, -ENOMEM or -errno of the sink. */
int cp_policy_file_write(const struct cp_policy_origin *origin, const struct cp_draft_rule *rules, size_t n_rules,
        const struct cp_sink *sink);

#endif
