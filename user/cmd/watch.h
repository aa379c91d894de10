/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.h: private to watch*.c: the configuration made ready to run
 * (watch_plan.c), one run of an audit (watch_run.c), and the command (watch.c).
 */
#ifndef CP_WATCH_CMD_H
#define CP_WATCH_CMD_H

#include <limits.h>

#include "audit_impl.h"
#include "core/schedule.h"
#include "import/watch_yaml.h"

/* One audit of the file, ready to run. */
struct cp_watch_item {
	const struct cp_watch_audit *audit;
	struct cp_opts opts;
	uint64_t interval_ns, jitter_ns;
	uint32_t job; /* in the schedule */
};

/* A configuration, with all that it names read. */
struct cp_watch_plan {
	struct cp_watch_conf conf;
	char agent[256];
	struct cp_watch_item *items;
	uint32_t n_items;
	struct cp_schedule *schedule; /* by cp_host_clock_boot_ns() */
	struct cp_knowledge knowledge;
	uint64_t bad_stamp; /* of AS data that could not be read; 0: none */
};

/*
 * Reads typed->config and checks every audit. Options that were typed go before what the file says; they are borrowed.
 * 0 or -errno; -EINVAL: what is written down is wrong.
 */
int cp_watch_plan_load(const struct cp_opts *typed, struct cp_watch_plan **ret_plan, struct cp_err *err);
void cp_watch_plan_free(struct cp_watch_plan *plan); /* takes NULL */
/* Reads AS data whose files changed; says once on standard error when that fails, and keeps what there was. */
void cp_watch_plan_refresh(struct cp_watch_plan *plan);

/* What came of one run, for the log. */
struct cp_watch_outcome {
	int status; /* exit status */
	bool has_summary;
	uint64_t verdicts[CP_VERDICTS];
	struct cp_accounting accounting;
	uint64_t took_ns;
};

/* Runs an audit once. env: what it shares with others; name, knowledge and hooks are set here. */
void cp_watch_run(const struct cp_watch_plan *plan, const struct cp_watch_item *item, const struct cp_env *shared,
        uint32_t max_runtime_s, struct cp_watch_outcome *ret_outcome);
/* "113 targets: 100 inside, 13 direct; 98 % of 452 paths complete; 2.1 s". Returns buf. */
const char *cp_watch_describe(const struct cp_watch_outcome *outcome, char *buf, size_t size);

/* ---- watch_serve.c: the HTTP service beside the audits, where the file says `listen` ---- */

struct cp_watch_board;

/*
 * Serves as the plan says: begins, ends, or begins again elsewhere; *board is NULL where nothing is served. 0, or
 * -errno with err set and what was served still served.
 */
int cp_watch_board_sync(struct cp_watch_board **board, const struct cp_watch_plan *plan, struct cp_err *err);
/* Shows when each audit is next due, and which runs (NULL: none). */
void cp_watch_board_show(
        struct cp_watch_board *board, const struct cp_watch_plan *plan, const struct cp_watch_item *running);
void cp_watch_board_free(struct cp_watch_board *board); /* ends the service; takes NULL */

#endif
