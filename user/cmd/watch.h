/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.h: private to watch*.c: the configuration made ready to run
 * (watch_plan.c), one run of an audit (watch_run.c), and the command (watch.c).
 */
#ifndef CP_WATCH_CMD_H
#define CP_WATCH_CMD_H

#include <limits.h>

#include "audit_impl.h"
#include "core/change.h"
#include "core/schedule.h"
#include "format/change.h"
#include "import/watch_yaml.h"
#include "keep.h"
#include "serve.h"

/* How the runs of an audit went since the start; goes on when the file is read again. */
struct cp_watch_tally {
	uint64_t n_runs, n_failed; /* n_failed: of them */
	uint64_t n_missed; /* points of the grid without a run of their own */
	struct cp_keep_known known;
};

/* How reading the file again went. */
struct cp_watch_reloads {
	uint64_t n_taken, n_refused;
	uint64_t taken_ms; /* Unix time: the configuration in use was taken */
	bool is_refused; /* the latest was */
};

/* One audit of the file, ready to run. */
struct cp_watch_item {
	const struct cp_watch_audit *audit;
	struct cp_opts opts;
	uint64_t interval_ns, jitter_ns;
	uint32_t job; /* in the schedule */
	struct cp_watch_tally tally;
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

/* Runs an audit once. env: what it shares with others; name, knowledge, known and hooks are set here. */
void cp_watch_run(const struct cp_watch_plan *plan, struct cp_watch_item *item, const struct cp_env *shared,
        struct cp_hook changes, uint32_t max_runtime_s, struct cp_watch_outcome *ret_outcome);
/* "113 targets: 100 inside, 13 direct; 98 % of 452 paths complete; 2.1 s". Returns buf. */
const char *cp_watch_describe(const struct cp_watch_outcome *outcome, char *buf, size_t size);

/* ---- watch_observe.c: the records of runs as what a detector of changes is told ---- */

struct cp_watch_observer; /* of one audit */

/* change is borrowed. 0 or -ENOMEM. */
int cp_watch_observer_new(struct cp_change *change, struct cp_watch_observer **ret_observer);
void cp_watch_observer_free(struct cp_watch_observer *observer); /* takes NULL */
/* A run has been observed to its end. */
bool cp_watch_observer_has_run(const struct cp_watch_observer *observer);
/* Receives the records of a run. */
struct cp_hook cp_watch_observer_hook(struct cp_watch_observer *observer);

/* ---- watch_change.c: what changed from run to run ---- */

struct cp_watch_changes; /* what is usual for each audit of a plan, and changes that nobody was told of yet */

/*
 * Takes over what `before` (NULL: none) and the state directory know of audits of the same names. -EINVAL: the file's
 * alerts make no sense.
 */
int cp_watch_changes_new(const struct cp_watch_plan *plan, const struct cp_watch_changes *before,
        struct cp_watch_changes **ret_changes, struct cp_err *err);
void cp_watch_changes_free(struct cp_watch_changes *changes); /* takes NULL */
/* Receives the records of a run of one item. */
struct cp_hook cp_watch_changes_hook(struct cp_watch_changes *changes, const struct cp_watch_item *item);
typedef void (*cp_watch_change_cb)(
        void *ctx, const struct cp_change_event *event, const struct cp_change_origin *origin);
/* Hands out the changes that the latest run of the item confirmed, and saves what is known. */
void cp_watch_changes_tell(
        struct cp_watch_changes *changes, const struct cp_watch_item *item, cp_watch_change_cb cb, void *ctx);

/*
 * Hands out what lasts and is not muted, of audits that have run since the program started: what was kept from before
 * may be over.
 */
void cp_watch_changes_active(const struct cp_watch_changes *changes, cp_watch_change_cb cb, void *ctx);

/* Sets what it knows of the numbers: changes that last. */
void cp_watch_changes_count(const struct cp_watch_changes *changes, struct cp_serve_counts *counts);

/* ---- watch_alert.c: who is told of changes: log, standard output, store, webhook, command ---- */

struct cp_watch_alarm;

int cp_watch_alarm_new(const struct cp_watch_plan *plan, struct cp_watch_alarm **ret_alarm, struct cp_err *err);
void cp_watch_alarm_free(struct cp_watch_alarm *alarm); /* waits a moment for what is under way; takes NULL */
/* cp_watch_change_cb; ctx is the alarm. */
void cp_watch_alarm_tell(void *ctx, const struct cp_change_event *event, const struct cp_change_origin *origin);
/* Often. Tells the webhook again what lasts (changes NULL: not that), when it is time. Takes NULL. */
void cp_watch_alarm_tick(struct cp_watch_alarm *alarm, const struct cp_watch_changes *changes);
/* The same now, and waits a moment for it: nobody will tick any more. Takes NULL. */
void cp_watch_alarm_round(struct cp_watch_alarm *alarm, const struct cp_watch_changes *changes);
/* Sets what it knows of the numbers: delivery. Takes NULL. */
void cp_watch_alarm_count(const struct cp_watch_alarm *alarm, struct cp_serve_counts *counts);
bool cp_watch_alarm_waits(const struct cp_watch_alarm *alarm); /* something is under way: tick every 100 ms */

/* ---- watch_serve.c: the HTTP service beside the audits, where the file says `listen` ---- */

struct cp_watch_board;

/*
 * Serves as the plan says: begins, ends, or begins again elsewhere; *board is NULL where nothing is served. 0, or
 * -errno with err set and what was served still served.
 */
int cp_watch_board_sync(struct cp_watch_board **board, const struct cp_watch_plan *plan, struct cp_err *err);
/* Shows how each audit gets on, when it is next due, and which runs (NULL: none). */
void cp_watch_board_show(struct cp_watch_board *board, const struct cp_watch_plan *plan,
        const struct cp_watch_item *running, const struct cp_watch_reloads *reloads);
/* Shows numbers for metrics. Takes NULL for the board. */
void cp_watch_board_count(
        struct cp_watch_board *board, const struct cp_watch_changes *changes, const struct cp_watch_alarm *alarm);
void cp_watch_board_free(struct cp_watch_board *board); /* ends the service; takes NULL */

/* ---- watch_top*.c: --top, a view on the terminal; it has a thread of its own. All take NULL: there is no view ---- */

struct cp_watch_top;

/* Can there be a view? Before anything is begun. -EINVAL: no. */
int cp_watch_top_check(const struct cp_opts *opts, struct cp_err *err);
/* Takes the terminal over, and what is written to stderr. 0 or -errno. */
int cp_watch_top_open(const struct cp_opts *opts, struct cp_watch_top **ret_top, struct cp_err *err);
void cp_watch_top_close(struct cp_watch_top *top);
/* Receives the records of every run; not NULL. */
struct cp_hook cp_watch_top_hook(struct cp_watch_top *top);
/* Shows when each audit is next due, and which runs (NULL: none). */
void cp_watch_top_show(struct cp_watch_top *top, const struct cp_watch_plan *plan, const struct cp_watch_item *running);
/* How far the run at hand is; call it often. */
void cp_watch_top_progress(struct cp_watch_top *top, const struct cp_audit *run);
void cp_watch_top_ran(
        struct cp_watch_top *top, const struct cp_watch_item *item, const struct cp_watch_outcome *outcome);
void cp_watch_top_change(
        struct cp_watch_top *top, const struct cp_change_event *event, const struct cp_change_origin *origin);
/* No audit is to begin but those that are wanted. */
bool cp_watch_top_is_paused(const struct cp_watch_top *top);
/* True once after the user wanted this audit to run now. */
bool cp_watch_top_wants(struct cp_watch_top *top, const char *audit);
/* The user has quit, or the terminal is gone: *ret_status is what the program ends with; worst: of its runs. */
bool cp_watch_top_has_ended(const struct cp_watch_top *top, int worst, int *ret_status);

#endif
