/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * gate.h: --policy and --fail-on of a command that judges paths: fed with each
 * path and target as they are handed to the outputs, it says what came of them
 * and what the exit status is. Knows no run.
 */
#ifndef CP_GATE_H
#define CP_GATE_H

#include "core/policy.h"
#include "format/record.h"
#include "opts.h"

struct cp_gate;

#define CP_GATE_RESULTS_MAX 2

/*
 * Reads the policy file. *ret_gate is NULL when the command line asks for neither; every function below takes that and
 * does nothing. asdb and home are borrowed until it is freed. 0, -ENOMEM, or -EINVAL and others of reading a file.
 */
int cp_gate_new(const struct cp_opts *opts, const struct cp_asdb *asdb, const struct cp_home *home,
        struct cp_gate **ret_gate, struct cp_err *err);
void cp_gate_free(struct cp_gate *gate);

/* Paths of a target come before it. vantage_asn: 0 unknown. 0 or -ENOMEM. */
int cp_gate_path(struct cp_gate *gate, const struct cp_rec_path *rec, uint32_t vantage_asn);
void cp_gate_target(struct cp_gate *gate, const struct cp_rec_target *rec);
/* After the last target; returns how many. What they point to stays until the gate is freed. */
size_t cp_gate_results(struct cp_gate *gate, struct cp_policy_result ret_results[CP_GATE_RESULTS_MAX]);
/* The exit status of a run that is complete; n_unmeasured: targets without a path. */
int cp_gate_status(struct cp_gate *gate, uint64_t n_unmeasured);

#endif
