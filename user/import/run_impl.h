/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * run_impl.h: what the readers of records share: run.c finds the records,
 * run_path.c, run_policy.c and run_records.c read them.
 */
#ifndef CP_RUN_IMPL_H
#define CP_RUN_IMPL_H

#include "fields.h"
#include "run.h"

#define CP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The record being read, in the member of its type, and the lists that it points to. */
struct cp_run_work {
	struct cp_fields fields;
	struct cp_run_path path;
	struct cp_run_start start;
	struct cp_run_target_end target;
	struct cp_run_summary summary;
	struct cp_run_policy policy;
	struct cp_run_warning warning;
	struct cp_run_end end;
	uint32_t *asns;
	size_t asns_cap;
	struct cp_run_database *databases;
	size_t databases_cap;
	struct cp_run_egress *egress;
	size_t egress_cap;
	struct cp_run_rule *rules;
	size_t rules_cap;
	struct cp_run_violation *violations;
	size_t violations_cap;
};

/*
 * Each reads the rest of a record, whose opening brace is the token read last, into its member of work.
 * 0, -EINVAL (work->fields.why), -ENOMEM.
 */
int cp_run_read_path(struct cp_run_work *work);
int cp_run_read_start(struct cp_run_work *work);
int cp_run_read_target(struct cp_run_work *work);
int cp_run_read_summary(struct cp_run_work *work);
int cp_run_read_policy(struct cp_run_work *work);
int cp_run_read_warning(struct cp_run_work *work);
int cp_run_read_end(struct cp_run_work *work);

/* What several records have. The value's first token is read already. */
int cp_run_read_target_object(struct cp_fields *fields, struct cp_run_target *target);
int cp_run_read_strings(struct cp_fields *fields, struct cp_run_strings *strings);
/* A percentage into its hundredths. */
int cp_run_read_percent(struct cp_fields *fields, double max, uint64_t *ret_hundredths);
int cp_run_read_verdict(struct cp_fields *fields, int8_t *ret_verdict);

#endif
