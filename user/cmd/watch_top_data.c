// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_top_data.c: what the audits' thread tells the view: which audits there
 * are, how far they are, their newest runs, changes. It waits for nothing but
 * the lock, which is never held while a terminal is written to.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch_top_impl.h"

#define NSEC_PER_MSEC 1000000ull
#define CHANGES_MAX 1000u /* the latest */
#define CHANGE_TEXT_MAX 400u /* bytes of each text of a change */
#define PROGRESS_NS (100 * NSEC_PER_MSEC) /* between two words on it */

/* ---- Audits ---- */

void cp_top_audits_free(struct cp_top_audit *audits, uint32_t n)
{
	for (uint32_t i = 0; audits && i < n; i++) {
		free(audits[i].name);
		cp_live_run_free(audits[i].run);
	}
	free(audits);
}

static struct cp_top_audit *find(const struct cp_watch_top *top, const char *name, uint32_t *ret_number)
{
	for (uint32_t i = 0; name && i < top->n_audits; i++) {
		if (strcmp(top->audits[i].name, name) == 0) {
			*ret_number = i;
			return &top->audits[i];
		}
	}
	return NULL;
}

static bool has_same_audits(const struct cp_watch_top *top, const struct cp_watch_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_items; i++) {
		if (i >= top->n_audits || strcmp(top->audits[i].name, plan->items[i].audit->name) != 0)
			return false;
	}
	return plan->n_items == top->n_audits;
}

/* Audits that go on keep what is known of them; without memory, the view goes on with the old ones. */
static void take_plan(struct cp_watch_top *top, const struct cp_watch_plan *plan)
{
	struct cp_top_audit *audits = calloc(plan->n_items, sizeof(*audits));
	struct cp_live_audit *shown = calloc(plan->n_items, sizeof(*shown));
	bool is_whole = audits && shown;

	for (uint32_t i = 0; is_whole && i < plan->n_items; i++) {
		audits[i].name = strdup(plan->items[i].audit->name);
		is_whole = audits[i].name != NULL;
	}
	if (!is_whole) {
		cp_top_audits_free(audits, plan->n_items);
		free(shown);
		return;
	}
	for (uint32_t i = 0; i < plan->n_items; i++) {
		uint32_t number;
		struct cp_top_audit *was = find(top, audits[i].name, &number);

		shown[i] = was ? top->shown[number] : (struct cp_live_audit){.took_ms = UINT64_MAX};
		shown[i].name = audits[i].name;
		if (!was)
			continue;
		audits[i].n_runs = was->n_runs;
		audits[i].run = was->run;
		was->run = NULL;
	}
	cp_top_audits_free(top->audits, top->n_audits);
	free(top->shown);
	top->audits = audits;
	top->shown = shown;
	top->n_audits = plan->n_items;
	atomic_fetch_add(&top->version, 1);
}

void cp_watch_top_show(struct cp_watch_top *top, const struct cp_watch_plan *plan, const struct cp_watch_item *running)
{
	if (!top)
		return;
	pthread_mutex_lock(&top->lock);
	if (!has_same_audits(top, plan))
		take_plan(top, plan);
	snprintf(top->agent, sizeof(top->agent), "%s", plan->agent);
	top->rate_pps = plan->items[0].opts.rate_pps;
	for (uint32_t i = 0; i < plan->n_items; i++) {
		uint32_t number;
		struct cp_top_audit *audit = find(top, plan->items[i].audit->name, &number);

		if (!audit)
			continue;
		audit->due_ns = cp_schedule_job_ns(plan->schedule, plan->items[i].job);
		top->shown[number].is_running = &plan->items[i] == running;
		top->shown[number].phase = &plan->items[i] == running ? "resolving" : NULL;
		top->shown[number].n_total = 0;
	}
	pthread_mutex_unlock(&top->lock);
}

void cp_watch_top_ran(
        struct cp_watch_top *top, const struct cp_watch_item *item, const struct cp_watch_outcome *outcome)
{
	uint32_t number;

	if (!top)
		return;
	pthread_mutex_lock(&top->lock);
	if (find(top, item->audit->name, &number)) {
		top->shown[number].took_ms = outcome->took_ns / NSEC_PER_MSEC;
		top->shown[number].status = outcome->status;
	}
	pthread_mutex_unlock(&top->lock);
}

/* ---- Progress ---- */

static void say_progress(const struct cp_audit *run, struct cp_top_audit *audit, struct cp_live_audit *shown)
{
	uint32_t pass;

	if (run->e2e) {
		snprintf(audit->phase, sizeof(audit->phase), "end to end");
		cp_e2e_progress(run, &shown->n_done, &shown->n_total);
	} else if (run->sweep) {
		cp_sweep_progress(run->sweep, &shown->n_done, &shown->n_total, &pass);
		snprintf(audit->phase, sizeof(audit->phase), "pass %u", pass + 1);
	} else {
		return;
	}
	shown->phase = audit->phase;
}

void cp_watch_top_progress(struct cp_watch_top *top, const struct cp_audit *run)
{
	uint64_t now_ns = cp_host_clock_mono_ns();
	struct cp_top_audit *audit;
	uint32_t number;

	if (!top || now_ns - top->progress_ns < PROGRESS_NS)
		return;
	/* The view has the lock while it draws: it will be told the next time. */
	if (pthread_mutex_trylock(&top->lock))
		return;
	top->progress_ns = now_ns;
	audit = find(top, run->env->name, &number);
	if (audit)
		say_progress(run, audit, &top->shown[number]);
	pthread_mutex_unlock(&top->lock);
}

/* ---- The records of a run ---- */

static void drop_run(struct cp_watch_top *top)
{
	cp_live_run_free(top->building);
	free(top->building_name);
	top->building = NULL;
	top->building_name = NULL;
}

/* A run that cannot be shown goes on all the same. */
static int shows(struct cp_watch_top *top, int rc)
{
	if (rc == 0)
		return 0;
	fprintf(stderr, "coldpotato: warning: %s: not enough memory to show this run\n",
	        top->building_name ? top->building_name : "?");
	drop_run(top);
	return 0;
}

static int take_start(void *state, const struct cp_rec_start *rec)
{
	struct cp_watch_top *top = state;
	int rc;

	drop_run(top);
	rc = cp_live_run_new(&top->building);
	if (rc == 0)
		top->building_name = strdup(rec->audit ? rec->audit : "");
	if (rc == 0 && !top->building_name)
		rc = -ENOMEM;
	return shows(top, rc ? rc : cp_live_run_start(top->building, rec));
}

static int take_path(void *state, const struct cp_rec_path *rec)
{
	struct cp_watch_top *top = state;

	return top->building ? shows(top, cp_live_run_path(top->building, rec)) : 0;
}

static int take_target(void *state, const struct cp_rec_target *rec)
{
	struct cp_watch_top *top = state;

	return top->building ? shows(top, cp_live_run_target(top->building, rec)) : 0;
}

static int take_warning(void *state, const struct cp_rec_warning *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

static int take_summary(void *state, const struct cp_rec_summary *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

/* The run at hand takes the place of the one before. */
static int put_in_place(struct cp_watch_top *top)
{
	uint32_t number;
	struct cp_top_audit *audit = find(top, top->building_name, &number);
	int rc;

	if (!audit)
		return 0;
	rc = cp_live_run_finish(top->building, audit->run, audit->n_runs + 1);
	if (rc)
		return rc;
	cp_live_run_free(audit->run);
	audit->run = top->building;
	audit->n_runs++;
	top->shown[number].run = audit->run;
	top->building = NULL;
	atomic_fetch_add(&top->version, 1);
	return 0;
}

static int take_end(void *state, const struct cp_rec_end *rec)
{
	struct cp_watch_top *top = state;
	int rc = 0;

	(void)rec;
	if (top->building && top->building->n_targets) {
		pthread_mutex_lock(&top->lock);
		rc = put_in_place(top);
		pthread_mutex_unlock(&top->lock);
	}
	shows(top, rc);
	drop_run(top);
	return 0;
}

static const struct cp_format top_format = {
        .name = "view",
        .start = take_start,
        .target = take_target,
        .path = take_path,
        .warning = take_warning,
        .summary = take_summary,
        .end = take_end,
};

struct cp_hook cp_watch_top_hook(struct cp_watch_top *top)
{
	return (struct cp_hook){.format = &top_format, .state = top};
}

/* ---- Changes ---- */

static void free_change(struct cp_live_change *change)
{
	free((char *)change->audit);
	free((char *)change->target);
	free((char *)change->old_text);
	free((char *)change->new_text);
}

void cp_top_changes_free(struct cp_watch_top *top)
{
	for (uint32_t i = 0; i < top->n_changes; i++)
		free_change(&top->changes[i]);
	free(top->changes);
}

static const char *say_subject(const struct cp_change_event *event, char *buf, size_t size)
{
	struct cp_target target = {.host = event->target, .port = event->port, .proto = event->proto};

	if (event->target)
		return cp_phrase_target(&target, buf, size);
	snprintf(buf, size, "%s%s", event->group ? "group " : "the run", event->group ? event->group : "");
	return buf;
}

static char *cut(const char *text)
{
	return strndup(text ? text : "", CHANGE_TEXT_MAX);
}

void cp_watch_top_change(
        struct cp_watch_top *top, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	char name[CP_PHRASE_MAX];
	struct cp_live_change change = {.at_ms = event->at_ms,
	        .kind = event->kind,
	        .state = event->state,
	        .severity = event->severity,
	        .is_muted = event->muted};
	struct cp_top_audit *audit;
	uint32_t number;

	if (!top)
		return;
	change.audit = cut(origin->audit);
	change.target = cut(say_subject(event, name, sizeof(name)));
	change.old_text = cut(event->old_text);
	change.new_text = cut(event->new_text);
	if (!change.audit || !change.target || !change.old_text || !change.new_text) {
		free_change(&change);
		return;
	}
	pthread_mutex_lock(&top->lock);
	if (top->n_changes == CHANGES_MAX) {
		free_change(&top->changes[0]);
		memmove(top->changes, top->changes + 1, (CHANGES_MAX - 1) * sizeof(change));
		top->n_changes--;
	}
	top->changes[top->n_changes++] = change;
	audit = find(top, origin->audit, &number);
	if (audit && audit->run && event->target && event->state != CP_CHANGE_SETTLED)
		cp_live_run_change(audit->run, name);
	atomic_fetch_add(&top->version, 1);
	pthread_mutex_unlock(&top->lock);
}

int cp_top_changes_new(struct cp_watch_top *top)
{
	top->changes = calloc(CHANGES_MAX, sizeof(*top->changes));
	return top->changes ? 0 : -ENOMEM;
}

/* ---- Rows ---- */

/* The row that is the same as one of the rows before; 0 where there is none. */
static uint32_t find_row(const struct cp_watch_top *top, const char *audit, const char *name)
{
	for (uint32_t i = 0; i < top->n_rows; i++) {
		if (strcmp(top->rows[i].audit, audit) == 0 && strcmp(top->rows[i].name, name) == 0)
			return i;
	}
	return 0;
}

static int fill_rows(struct cp_watch_top *top, uint32_t first, uint32_t n_audits)
{
	struct cp_live_row *rows;
	struct cp_top_ref *refs;
	uint32_t n = 0;

	for (uint32_t i = first; i < first + n_audits; i++)
		n += top->audits[i].run ? top->audits[i].run->n_targets : 0;
	rows = calloc((size_t)n + 1, sizeof(*rows));
	refs = calloc((size_t)n + 1, sizeof(*refs));
	if (!rows || !refs) {
		free(rows);
		free(refs);
		return -ENOMEM;
	}
	n = 0;
	for (uint32_t i = first; i < first + n_audits; i++) {
		const struct cp_live_run *run = top->audits[i].run;

		for (uint32_t k = 0; run && k < run->n_targets; k++) {
			rows[n] = run->rows[k];
			rows[n].audit = top->audits[i].name;
			refs[n++] = (struct cp_top_ref){i, k};
		}
	}
	free(top->rows);
	free(top->refs);
	top->rows = rows;
	top->refs = refs;
	top->n_rows = n;
	return 0;
}

int cp_top_refresh_rows(struct cp_watch_top *top)
{
	struct cp_live_ui *ui = &top->screen.ui;
	uint32_t version = atomic_load(&top->version), only;
	int rc;

	ui->n_tabs = cp_live_top_tabs(top->n_audits);
	ui->tab = ui->tab < ui->n_tabs ? ui->tab : 0;
	if (top->rows && top->rows_version == version && top->rows_tab == ui->tab)
		return 0;
	only = cp_live_top_audit(top->n_audits, ui->tab);
	rc = only == UINT32_MAX ? fill_rows(top, 0, top->n_audits) : fill_rows(top, only, 1);
	if (rc)
		return rc;
	ui->current = find_row(top, top->current_audit, top->current_name);
	top->rows_version = version;
	top->rows_tab = ui->tab;
	return 0;
}
