/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch_top_impl.h: private to watch_top*.c: what the audits' thread tells and
 * the view's thread shows.
 */
#ifndef CP_WATCH_TOP_IMPL_H
#define CP_WATCH_TOP_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "format/phrase.h"
#include "live_log.h"
#include "live_screen.h"
#include "watch.h"

struct cp_top_audit {
	char *name;
	bool is_wanted; /* now */
	uint32_t n_runs; /* that had results */
	uint64_t due_ns; /* cp_host_clock_boot_ns() */
	struct cp_live_run *run; /* the newest; NULL: none */
	char phase[32];
};

enum cp_top_end { CP_TOP_GOES_ON = 0, CP_TOP_QUIT, CP_TOP_GONE };

struct cp_watch_top {
	pthread_t thread;
	bool has_thread;
	struct cp_live_log *log;
	atomic_bool stop, is_over; /* asked of the view's thread; it is about to end */
	atomic_bool paused;
	atomic_int end; /* enum cp_top_end */
	atomic_uint version; /* of what is guarded by the lock; more with each change of rows */
	/* of the audits' thread */
	struct cp_live_run *building; /* the run at hand; NULL: it cannot be shown */
	char *building_name; /* its audit */
	uint64_t progress_ns; /* last told */
	/* of the view's thread */
	struct cp_live_screen screen;
	struct cp_live_row *rows; /* [n_rows] of the tab */
	struct cp_top_ref {
		uint32_t audit, target;
	} * refs; /* [n_rows] */
	uint32_t n_rows;
	uint32_t rows_version, rows_tab; /* that they are of */
	char current_audit[80], current_name[CP_PHRASE_MAX]; /* of the current row */
	uint64_t drawn_ns;

	pthread_mutex_t lock; /* guards the rest */
	struct cp_top_audit *audits; /* [n_audits] */
	struct cp_live_audit *shown; /* [n_audits], the same as it is drawn */
	uint32_t n_audits;
	struct cp_live_change *changes; /* [n_changes], texts are owned */
	uint32_t n_changes;
	char agent[256];
	uint32_t rate_pps; /* as configured */
};

/* watch_top_data.c; the lock is held by whoever calls. */
void cp_top_audits_free(struct cp_top_audit *audits, uint32_t n);
int cp_top_changes_new(struct cp_watch_top *top); /* -ENOMEM */
void cp_top_changes_free(struct cp_watch_top *top);
/* Makes the rows those of the tab, if they are not, and keeps to the row that was the current one. 0 or -ENOMEM. */
int cp_top_refresh_rows(struct cp_watch_top *top);

#endif
