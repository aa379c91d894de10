/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_run.h: the newest run of an audit as a live view keeps it: made of the
 * records of the run, with texts of its own, small, and bounded. Knows neither
 * screen nor keys.
 *
 *   cp_live_run_new(&run)
 *   cp_live_run_start(), then cp_live_run_path() and cp_live_run_target() in the order of records
 *   cp_live_run_finish(run, before, number)      takes over what is counted from run to run
 *   cp_live_run_change()                         for each change that the run confirmed
 */
#ifndef CP_LIVE_RUN_H
#define CP_LIVE_RUN_H

#include "core/change.h"
#include "live.h"

#define CP_LIVE_RUN_PATHS 64u /* of a target, that are kept hop by hop */
#define CP_LIVE_RUN_HOPS (1u << 20) /* of all targets; paths beyond that are not kept */

typedef uint32_t cp_live_text; /* of a run; 0: "" */

struct cp_live_run_hop {
	struct cp_addr addr; /* zero: nobody answered */
	uint32_t rtt_us; /* UINT32_MAX: unknown */
	cp_live_text name, as;
	uint8_t ttl;
	uint8_t attr; /* whose it is, as a colour */
	bool is_exit; /* the first outside home */
};

struct cp_live_run_path {
	struct cp_addr dest;
	uint32_t flow;
	cp_live_text as_path;
	cp_live_text meaning; /* where it leaves home, or why it is judged so */
	cp_live_text e2e; /* of the destination's first path: its quality end to end */
	uint32_t first_hop, n_hops;
	uint32_t rtt_us; /* of the destination; UINT32_MAX: unknown */
	enum cp_verdict verdict;
	enum cp_confidence confidence;
};

struct cp_live_run_target {
	cp_live_text name, group, detail, as_path;
	cp_live_text flows; /* how its paths differ */
	bool is_judged;
	enum cp_verdict verdict;
	enum cp_confidence confidence; /* of its worst path */
	uint32_t first_path, n_paths; /* that are kept */
	uint32_t n_all_paths;
	uint32_t rtt_us, loss_permille; /* UINT32_MAX: unknown */
	bool has_e2e; /* they are end to end */
	uint32_t n_changes; /* counted from run to run */
	uint32_t changed_run; /* number of the latest; 0: none */
};

/* Read it; only the functions below write it. */
struct cp_live_run {
	uint64_t wall_ms;
	uint32_t number; /* of the audit's runs, from 1; 0: not finished */
	struct cp_live_run_target *targets; /* [n_targets] */
	struct cp_live_run_path *paths; /* [n_paths] */
	struct cp_live_run_hop *hops; /* [n_hops] */
	struct cp_live_row *rows; /* [n_targets], once it is finished */
	uint32_t n_targets, n_paths, n_hops;
	uint32_t verdicts[CP_VERDICTS]; /* targets */
	uint32_t n_unmeasured; /* targets */
	/* private */
	uint32_t cap_targets, cap_paths, cap_hops;
	char *bytes; /* all texts, one after the other */
	uint32_t n_bytes, cap_bytes;
	cp_live_text *index; /* open-addressing hash of texts */
	uint32_t n_texts, cap_index;
	uint32_t *by_name; /* the same of targets, 1-based, once it is finished */
	uint32_t cap_by_name;
	struct cp_live_run_tally *tally; /* of the target at hand */
};

int cp_live_run_new(struct cp_live_run **ret_run); /* -ENOMEM */
void cp_live_run_free(struct cp_live_run *run); /* takes NULL */
/* Each 0, or -ENOMEM, after which the run is of no use. */
int cp_live_run_start(struct cp_live_run *run, const struct cp_rec_start *rec);
int cp_live_run_path(struct cp_live_run *run, const struct cp_rec_path *rec);
int cp_live_run_target(struct cp_live_run *run, const struct cp_rec_target *rec);
/* before: of the same audit; NULL: there was none. number: of the run, from 1. */
int cp_live_run_finish(struct cp_live_run *run, const struct cp_live_run *before, uint32_t number);

const char *cp_live_run_text(const struct cp_live_run *run, cp_live_text text);
/* Counts a change of a target, of which the run may know nothing. name: as cp_phrase_target() has it. */
void cp_live_run_change(struct cp_live_run *run, const char *name);
/* As if nothing had ever changed. */
void cp_live_run_reset(struct cp_live_run *run);

#endif
