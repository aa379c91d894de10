/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_top.h: the screens of a watch that goes on: its audits and their
 * targets, one target's paths, the latest changes, the log. As live.h: frames
 * of cells, without terminal, clock or probing.
 */
#ifndef CP_LIVE_TOP_H
#define CP_LIVE_TOP_H

#include "live_run.h"

/* One audit now. Strings are borrowed. */
struct cp_live_audit {
	const char *name;
	bool is_running;
	const char *phase; /* of the run at hand: "pass 2"; NULL: none */
	uint64_t n_done, n_total; /* of it; n_total 0: unknown */
	uint64_t next_ms; /* until it is due; 0: it is */
	uint64_t took_ms; /* its latest run; UINT64_MAX: there was none */
	int status; /* exit status of that */
	const struct cp_live_run *run; /* the newest that has results; NULL: none */
};

/* A change that was confirmed. */
struct cp_live_change {
	uint64_t at_ms; /* Unix time */
	const char *audit;
	const char *target; /* as cp_phrase_target() has it, or what it is of instead */
	const char *old_text, *new_text;
	enum cp_change_kind kind;
	enum cp_change_state state;
	enum cp_change_severity severity;
	bool is_muted;
};

struct cp_live_log_line {
	uint64_t at_ms;
	const char *text;
};

struct cp_live_top {
	const char *agent;
	uint64_t now_ms; /* Unix time */
	uint64_t rate_pps;
	const struct cp_live_audit *audits; /* [n_audits] */
	uint32_t n_audits;
	const struct cp_live_row *rows; /* [n_rows] of the tab; arranged */
	uint32_t n_rows;
	const struct cp_live_change *changes; /* [n_changes], the oldest first */
	uint32_t n_changes;
	const struct cp_live_log_line *log; /* [n_log], likewise */
	uint32_t n_log;
	/* the current row's; run NULL: there is none */
	const struct cp_live_audit *audit;
	const struct cp_live_run *run;
	uint32_t target;
	bool is_ending; /* the user has quit, and a run is being finished */
};

/* Tabs that so many audits have: all of them together first, unless there is just one. */
uint32_t cp_live_top_tabs(uint32_t n_audits);
/* The audit of a tab; UINT32_MAX: all. */
uint32_t cp_live_top_audit(uint32_t n_audits, uint32_t tab);

/*
 * If the user wants the target of the chosen change: makes its row the current one, and takes off a filter that hides
 * it. True: arrange the rows anew. Where it is not among the rows, nothing happens.
 */
bool cp_live_top_open(struct cp_live_ui *ui, const struct cp_live_top *top);
/* Draws whatever the ui says is to be seen. */
void cp_live_top_draw(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top);

#endif
