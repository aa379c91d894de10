// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch.c: `watch`: the loop that runs the audits of a file when they are due,
 * one at a time, reads the file again on SIGHUP, and tells the service manager
 * that it gets on.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "io/notify.h"
#include "watch.h"

#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define ALERT_MS 50 /* between looks at what is being delivered */
#define COUNT_NS NSEC_PER_SEC /* between looks at the numbers for metrics */
#define NAP_MS 500 /* a signal that comes just before a nap is seen after it */
#define VIEWED_NAP_MS 50 /* with somebody at the keys */

struct watch {
	const struct cp_opts *typed;
	struct cp_watch_plan *plan;
	struct cp_notify *notify;
	struct cp_watch_changes *changes;
	struct cp_watch_alarm *alarm;
	struct cp_watch_board *board; /* NULL: nothing is served */
	struct cp_watch_top *top; /* NULL: no --top */
	struct cp_watch_reloads reloads;
	struct cp_env shared; /* by all runs */
	uint64_t told_ns; /* WATCHDOG=1 was last sent */
	uint64_t counted_ns; /* numbers for metrics were last shown */
	uint64_t end_ns; /* --max-runtime; UINT64_MAX: none */
	unsigned n_reloads;
	int worst; /* exit status of the runs so far */
};

static void log_line(const char *line)
{
	fputs(line, stderr);
}

/* From the loops of this thread only, each time round: a loop that hangs says nothing. audit: the run; NULL: none. */
static void gets_on(void *ctx, const struct cp_audit *audit)
{
	struct watch *watch = ctx;
	uint64_t every_ns = cp_notify_watchdog_ns(watch->notify) / 3, now_ns;

	cp_watch_alarm_tick(watch->alarm, watch->typed->once ? NULL : watch->changes);
	if (audit)
		cp_watch_top_progress(watch->top, audit);
	now_ns = cp_host_clock_mono_ns();
	if (now_ns - watch->counted_ns >= COUNT_NS) {
		watch->counted_ns = now_ns;
		cp_watch_board_count(watch->board, watch->changes, watch->alarm);
	}
	if (!every_ns)
		return;
	if (now_ns - watch->told_ns < every_ns)
		return;
	watch->told_ns = now_ns;
	cp_notify_send(watch->notify, "WATCHDOG=1");
}

static int worse(int a, int b)
{
	/* From good to bad. */
	static const int order[] = {CP_EXIT_OK, CP_EXIT_UNDECIDED, CP_EXIT_VIOLATED, CP_EXIT_USAGE, CP_EXIT_FAILED};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (order[i] == a)
			return b;
		if (order[i] == b)
			return a;
	}
	return a;
}

static uint32_t seconds_left(const struct watch *watch)
{
	uint64_t now_ns = cp_host_clock_boot_ns();

	if (watch->end_ns == UINT64_MAX)
		return 0;
	return now_ns < watch->end_ns ? (uint32_t)((watch->end_ns - now_ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC) : 1;
}

static bool out_of_time(const struct watch *watch)
{
	return cp_host_clock_boot_ns() >= watch->end_ns;
}

/* Without a reader of standard output all further runs would be for nothing. */
static bool is_read(const struct watch *watch)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return watch->typed->n_outputs == 0 || poll(&out, 1, 0) < 1 || !(out.revents & (POLLERR | POLLNVAL));
}

static void tell(void *ctx, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	struct watch *watch = ctx;

	cp_watch_alarm_tell(watch->alarm, event, origin);
	cp_watch_top_change(watch->top, event, origin);
}

/* When each audit is next due, and which runs (NULL: none), for those who look on. */
static void show(struct watch *watch, const struct cp_watch_item *running)
{
	cp_watch_board_show(watch->board, watch->plan, running, &watch->reloads);
	cp_watch_top_show(watch->top, watch->plan, running);
}

static void count_run(struct cp_watch_tally *tally, const struct cp_watch_outcome *outcome, uint64_t n_missed)
{
	tally->n_runs++;
	tally->n_failed += outcome->status == CP_EXIT_FAILED || outcome->status == CP_EXIT_USAGE;
	tally->n_missed += n_missed;
}

/* One run, and a line on it. */
static void run_item(struct watch *watch, struct cp_watch_item *item)
{
	struct cp_watch_plan *plan = watch->plan;
	struct cp_watch_outcome outcome;
	char text[256], more[64] = "", next[64] = "";
	uint64_t now_ns, due_ns, n_missed;

	cp_watch_plan_refresh(plan);
	show(watch, item);
	cp_watch_run(
	        plan, item, &watch->shared, cp_watch_changes_hook(watch->changes, item), seconds_left(watch), &outcome);
	cp_watch_changes_tell(watch->changes, item, tell, watch);
	cp_watch_board_count(watch->board, watch->changes, watch->alarm);
	if (!cp_signals_seen(NULL))
		watch->worst = worse(watch->worst, outcome.status);
	now_ns = cp_host_clock_boot_ns();
	/* One that ran before it was due is due all the same. */
	n_missed = cp_schedule_job_ns(plan->schedule, item->job) <= now_ns
	                   ? cp_schedule_done(plan->schedule, item->job, now_ns)
	                   : 0;
	count_run(&item->tally, &outcome, n_missed);
	due_ns = cp_schedule_job_ns(plan->schedule, item->job);
	if (outcome.status)
		snprintf(more, sizeof(more), "; exit status %d", outcome.status);
	if (!watch->typed->once && n_missed)
		snprintf(next, sizeof(next), "; %llu missed, next in %.1f s", (unsigned long long)n_missed,
		        (double)(due_ns - now_ns) / 1e9);
	else if (!watch->typed->once)
		snprintf(next, sizeof(next), "; next in %.1f s", (double)(due_ns - now_ns) / 1e9);
	show(watch, NULL);
	cp_watch_top_ran(watch->top, item, &outcome);
	cp_watch_describe(&outcome, text, sizeof(text));
	fprintf(stderr, "coldpotato: %s: %s%s%s\n", item->audit->name, text, more, next);
	cp_notify_send(watch->notify, "STATUS=%s: %s%s", item->audit->name, text, more);
}

/* ---- Reading the file again ---- */

static bool is_same_store(const struct cp_watch_plan *a, const struct cp_watch_plan *b)
{
	const char *path_a = a->items[0].opts.store, *path_b = b->items[0].opts.store;

	return path_a && path_b && strcmp(path_a, path_b) == 0 && strcmp(a->agent, b->agent) == 0;
}

static void carry_item(struct cp_watch_plan *plan, struct cp_watch_item *item, const struct cp_watch_plan *before,
        const struct cp_watch_item *item_before)
{
	cp_schedule_carry(plan->schedule, item->job, before->schedule, item_before->job);
	item->tally = item_before->tally;
	if (!is_same_store(plan, before))
		item->tally.known.run = 0;
}

static void carry_on(struct cp_watch_plan *plan, const struct cp_watch_plan *before)
{
	for (uint32_t i = 0; i < plan->n_items; i++) {
		for (uint32_t k = 0; k < before->n_items; k++) {
			if (strcmp(plan->items[i].audit->name, before->items[k].audit->name) == 0)
				carry_item(plan, &plan->items[i], before, &before->items[k]);
		}
	}
}

/* Takes a new plan over, or leaves everything as it was. */
static int take_over(struct watch *watch, struct cp_watch_plan *plan, struct cp_err *err)
{
	struct cp_watch_changes *changes;
	struct cp_watch_alarm *alarm = NULL;
	struct cp_err ignored;
	int rc = cp_watch_changes_new(plan, watch->changes, &changes, err);

	if (rc)
		return rc;
	/* Two would share a spool. */
	cp_watch_alarm_free(watch->alarm);
	watch->alarm = NULL;
	rc = cp_watch_alarm_new(plan, &alarm, err);
	rc = rc ? rc : cp_watch_board_sync(&watch->board, plan, err);
	if (rc) {
		cp_watch_alarm_free(alarm);
		cp_watch_changes_free(changes);
		if (watch->plan && cp_watch_alarm_new(watch->plan, &watch->alarm, &ignored))
			fprintf(stderr, "coldpotato: warning: nobody is told of changes any more: %s\n", ignored.text);
		return rc;
	}
	if (watch->plan)
		carry_on(plan, watch->plan);
	cp_watch_changes_free(watch->changes);
	cp_watch_plan_free(watch->plan);
	watch->changes = changes;
	watch->alarm = alarm;
	watch->plan = plan;
	watch->reloads.taken_ms = cp_host_clock_wall_ms();
	cp_watch_board_count(watch->board, watch->changes, watch->alarm);
	return 0;
}

static void reload(struct watch *watch)
{
	struct cp_watch_plan *plan = NULL;
	struct cp_err err;
	int rc;

	cp_notify_send(watch->notify, "RELOADING=1\nMONOTONIC_USEC=%llu",
	        (unsigned long long)(cp_host_clock_mono_ns() / 1000));
	rc = cp_watch_plan_load(watch->typed, &plan, &err);
	rc = rc ? rc : take_over(watch, plan, &err);
	if (rc) {
		fprintf(stderr, "coldpotato: %s; the configuration in use stays\n", err.text);
		cp_watch_plan_free(plan);
		watch->reloads.n_refused++;
	} else {
		watch->reloads.n_taken++;
		fprintf(stderr, "coldpotato: %s is read again: %u audits\n", watch->typed->config, plan->n_items);
	}
	watch->reloads.is_refused = rc != 0;
	show(watch, NULL);
	cp_notify_send(watch->notify, "READY=1");
}

/* ---- The loop ---- */

/* Sleeps until a point in time, a signal, or a moment has passed. */
static void nap(struct watch *watch, uint64_t until_ns)
{
	uint64_t now_ns = cp_host_clock_boot_ns(), ms = watch->top ? VIEWED_NAP_MS : NAP_MS;
	uint64_t watchdog_ms = cp_notify_watchdog_ns(watch->notify) / NSEC_PER_MSEC;

	if (until_ns > watch->end_ns)
		until_ns = watch->end_ns;
	if (cp_watch_alarm_waits(watch->alarm))
		ms = ALERT_MS;
	if (watchdog_ms && watchdog_ms / 4 < ms)
		ms = watchdog_ms / 4;
	if (until_ns <= now_ns)
		return;
	if ((until_ns - now_ns) / NSEC_PER_MSEC < ms)
		ms = (until_ns - now_ns) / NSEC_PER_MSEC + 1;
	poll(NULL, 0, (int)ms);
}

/* What somebody at the keys wants now, else what is due. Jobs are numbered as the items are. */
static uint32_t next_job(struct watch *watch)
{
	struct cp_watch_plan *plan = watch->plan;

	for (uint32_t i = 0; i < plan->n_items; i++) {
		if (cp_watch_top_wants(watch->top, plan->items[i].audit->name))
			return i;
	}
	if (cp_watch_top_is_paused(watch->top))
		return CP_SCHEDULE_NONE;
	return cp_schedule_due(plan->schedule, cp_host_clock_boot_ns());
}

static void run_due(struct watch *watch)
{
	struct cp_watch_plan *plan = watch->plan;
	uint32_t job = next_job(watch);

	if (job == CP_SCHEDULE_NONE && cp_watch_top_is_paused(watch->top))
		nap(watch, UINT64_MAX);
	else if (job == CP_SCHEDULE_NONE)
		nap(watch, cp_schedule_next_ns(plan->schedule));
	else
		run_item(watch, &plan->items[job]);
}

static void run_once(struct watch *watch)
{
	for (uint32_t i = 0; i < watch->plan->n_items && !cp_signals_seen(NULL) && !out_of_time(watch); i++)
		run_item(watch, &watch->plan->items[i]);
	/* The round is over. */
	cp_watch_alarm_round(watch->alarm, watch->changes);
}

/* Returns the exit status. */
static int run_all(struct watch *watch)
{
	int number, status;

	if (watch->typed->once)
		run_once(watch);
	while (!watch->typed->once && !cp_signals_seen(NULL) && !out_of_time(watch)) {
		unsigned n_reloads = cp_signals_reloads();

		gets_on(watch, NULL);
		if (n_reloads != watch->n_reloads) {
			watch->n_reloads = n_reloads;
			reload(watch);
		}
		if (!is_read(watch)) {
			fprintf(stderr, "coldpotato: nobody reads standard output any more\n");
			return CP_EXIT_FAILED;
		}
		run_due(watch);
	}
	if (cp_watch_top_has_ended(watch->top, watch->worst, &status))
		return status;
	return cp_signals_seen(&number) ? 128 + number : watch->worst;
}

/* ---- The command ---- */

static int check_typed(const struct cp_opts *opts, struct cp_err *err)
{
	if (!opts->config)
		return cp_err_set(err, -EINVAL, "watch needs a configuration: -c FILE");
	for (uint32_t i = 0; i < opts->n_outputs; i++) {
		if (opts->outputs[i].format != &cp_format_ndjson || opts->outputs[i].path)
			return cp_err_set(err, -EINVAL,
			        "watch writes ndjson to standard output; `output:` in the configuration writes files");
	}
	return opts->watch_top ? cp_watch_top_check(opts, err) : 0;
}

static int show_plan(struct cp_watch_plan *plan)
{
	struct cp_watch_changes *changes;
	struct cp_err err;

	if (cp_watch_changes_new(plan, NULL, &changes, &err)) {
		fprintf(stderr, "coldpotato: %s\n", err.text);
		return CP_EXIT_USAGE;
	}
	cp_watch_changes_free(changes);
	for (uint32_t i = 0; i < plan->n_items; i++) {
		const struct cp_watch_item *item = &plan->items[i];

		printf("%s: every %g s, up to %g s later\n", item->audit->name, (double)item->interval_ns / 1e9,
		        (double)item->jitter_ns / 1e9);
	}
	return fflush(stdout) ? CP_EXIT_FAILED : CP_EXIT_OK;
}

static int start(struct watch *watch, struct cp_watch_plan *plan, struct cp_err *err)
{
	int rc = cp_notify_open(&watch->notify, err);

	if (rc == 0 && watch->typed->watch_top)
		rc = cp_watch_top_open(watch->typed, &watch->top, err);
	if (watch->top)
		watch->shared.hooks[watch->shared.n_hooks++] = cp_watch_top_hook(watch->top);
	rc = rc ? rc : cp_engine_keep_new(&watch->shared.keep, err);
	rc = rc ? rc : take_over(watch, plan, err);
	if (rc) {
		cp_watch_plan_free(plan);
		return rc;
	}
	if (watch->typed->max_runtime_s)
		watch->end_ns = cp_host_clock_boot_ns() + watch->typed->max_runtime_s * NSEC_PER_SEC;
	show(watch, NULL);
	watch->shared.progress = gets_on;
	watch->shared.ctx = watch;
	cp_notify_send(watch->notify, "READY=1\nSTATUS=%u audits", watch->plan->n_items);
	return 0;
}

static int run_plan(struct watch *watch, struct cp_watch_plan *plan)
{
	struct cp_err err = {.text = ""};
	int rc = start(watch, plan, &err), status;

	status = rc == 0 ? run_all(watch) : rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
	if (watch->notify)
		cp_notify_send(watch->notify, "STOPPING=1");
	cp_watch_board_free(watch->board);
	cp_watch_alarm_free(watch->alarm);
	cp_watch_changes_free(watch->changes);
	cp_engine_keep_free(watch->shared.keep);
	cp_notify_close(watch->notify);
	cp_watch_plan_free(watch->plan);
	cp_watch_top_close(watch->top);
	if (rc)
		fprintf(stderr, "coldpotato: %s\n", err.text);
	return status;
}

int cp_cmd_watch(const struct cp_opts *opts)
{
	struct watch watch = {.typed = opts, .end_ns = UINT64_MAX};
	struct cp_watch_plan *plan = NULL;
	struct cp_err err = {.text = ""};
	int status, rc = check_typed(opts, &err);

	cp_signals_catch();
	cp_signals_catch_reload();
	if (opts->verbose)
		cp_engine_set_log(log_line);
	rc = rc ? rc : cp_watch_plan_load(opts, &plan, &err);
	if (rc) {
		fprintf(stderr, "coldpotato: %s\n", err.text);
		return rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
	}
	if (!opts->check)
		return run_plan(&watch, plan);
	status = show_plan(plan);
	cp_watch_plan_free(plan);
	return status;
}
