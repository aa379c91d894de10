/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_lab.h: runs of an audit made of records, for the tests of what a live
 * view keeps of them and shows.
 */
#ifndef CP_TEST_LIVE_LAB_H
#define CP_TEST_LIVE_LAB_H

#include "records.h"

#include <stdio.h>

#include "format/live_top.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define LAB_MS UINT64_C(1795932753000) /* 2026-11-29 06:12:33 UTC */

static uint32_t lab_asns[] = {8068, 8075};
static const struct cp_home lab_home = {lab_asns, ARRAY_SIZE(lab_asns)};

static inline struct cp_live_run *lab_run(void)
{
	struct cp_rec_start start = {.wall_ms = LAB_MS - 3000, .home = &lab_home, .audit = "web"};
	struct cp_live_run *run;

	assert_int_equal(cp_live_run_new(&run), 0);
	assert_int_equal(cp_live_run_start(run, &start), 0);
	return run;
}

/* "private * 8075 > exit 13335", or without an exit (0) to a home destination. */
static inline void lab_path(
        struct fixture *fix, const struct cp_asdb *asdb, const char *host, const char *dest, uint32_t exit_asn)
{
	fix_target(fix, host, dest);
	fix->rec.asdb = asdb;
	fix_hop(fix, "10.0.0.1", 0, 300);
	fix->judgement.origins[0] = (struct cp_origin){.kind = CP_ORIGIN_SPECIAL, .label = "private"};
	fix_hop(fix, NULL, 0, 0);
	fix_hop(fix, "198.18.16.17", 8075, 1500)->ptr = "be-1-0.ibr01.fra.ntwk.msn.net";
	fix_step(fix, CP_STEP_PRIVATE, 0, 1, 1);
	fix_step(fix, CP_STEP_SILENT, 0, 2, 2);
	fix_step(fix, CP_STEP_AS, 8075, 3, 3);
	if (!exit_asn) {
		fix_reached(fix, dest, 8075, 2000);
		fix->judgement.verdict = CP_INSIDE;
		return;
	}
	fix_hop(fix, "198.18.48.3", exit_asn, 1800);
	fix_step(fix, CP_STEP_AS, exit_asn, 4, 4);
	fix_reached(fix, dest, 13335, 12345);
	if (exit_asn != 13335)
		fix_step(fix, CP_STEP_AS, 13335, 5, 5);
	fix_exit(fix, 2, 3);
	fix->judgement.verdict = exit_asn == 13335 ? CP_DIRECT : CP_TRANSIT;
}

static inline void lab_target(struct cp_live_run *run, struct fixture *fix, bool is_probed, const char *skip)
{
	struct cp_rec_target rec = {.target = &fix->target,
	        .answer = &fix->answer,
	        .n_dests = is_probed,
	        .verdict = fix->judgement.verdict,
	        .asdb = fix->rec.asdb,
	        .skip_reason = skip};

	assert_int_equal(cp_live_run_target(run, &rec), 0);
}

/* A target with one path, and its record. */
static inline void lab_add(struct cp_live_run *run, struct fixture *fix)
{
	assert_int_equal(cp_live_run_path(run, &fix->rec), 0);
	lab_target(run, fix, true, NULL);
}

#endif
