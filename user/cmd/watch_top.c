// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_top.c: `watch --top`: the view has a thread of its own, so that a
 * terminal that takes nothing holds nobody up; what it shows and what it is
 * asked for pass through a lock (watch_top_data.c).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "watch_top_impl.h"

#define NSEC_PER_MSEC 1000000ull
#define KEY_MS 50
#define DRAW_NS (300 * NSEC_PER_MSEC) /* between two looks at what goes on */
#define JOIN_MS 500u /* until a terminal counts as stuck */
#define JOIN_LOOK_MS 5

/* ---- Drawing ---- */

/* What is drawn of an audit that nobody has to tell. */
static void complete_audits(struct cp_watch_top *top)
{
	uint64_t now_ns = cp_host_clock_boot_ns();

	for (uint32_t i = 0; i < top->n_audits; i++) {
		const struct cp_top_audit *audit = &top->audits[i];

		top->shown[i].run = audit->run;
		top->shown[i].next_ms = audit->due_ns > now_ns ? (audit->due_ns - now_ns) / NSEC_PER_MSEC : 0;
	}
}

/* So that it can be found again among other rows. */
static void note_current(struct cp_watch_top *top)
{
	const struct cp_live_row *row = &top->rows[top->screen.ui.current];

	if (!top->screen.ui.n_shown)
		return;
	snprintf(top->current_audit, sizeof(top->current_audit), "%s", row->audit);
	snprintf(top->current_name, sizeof(top->current_name), "%s", row->name);
}

static struct cp_live_top look_at(const struct cp_watch_top *top)
{
	uint64_t rate_pps = top->rate_pps >> cp_signals_rate_halvings();

	return (struct cp_live_top){.agent = top->agent,
	        .now_ms = cp_host_clock_wall_ms(),
	        .rate_pps = rate_pps ? rate_pps : 1,
	        .audits = top->shown,
	        .n_audits = top->n_audits,
	        .rows = top->rows,
	        .n_rows = top->n_rows,
	        .changes = top->changes,
	        .n_changes = top->n_changes,
	        .is_ending = atomic_load(&top->end) != CP_TOP_GOES_ON};
}

static void draw_now(struct cp_watch_top *top, struct cp_live_top *now, struct cp_live_frame *frame)
{
	struct cp_live_ui *ui = &top->screen.ui;

	if (ui->n_shown) {
		const struct cp_top_ref *ref = &top->refs[ui->current];

		now->audit = &top->shown[ref->audit];
		now->run = top->audits[ref->audit].run;
		now->target = ref->target;
	}
	now->log = cp_live_log_lock(top->log, &now->n_log);
	cp_live_top_draw(frame, ui, now);
	cp_live_log_unlock(top->log);
}

static int draw_locked(struct cp_watch_top *top, struct cp_live_frame *frame)
{
	struct cp_live_ui *ui = &top->screen.ui;
	struct cp_live_top now;
	int rc;

	complete_audits(top);
	rc = cp_top_refresh_rows(top);
	rc = rc ? rc : cp_live_ui_arrange(ui, top->rows, top->n_rows);
	if (rc)
		return rc;
	now = look_at(top);
	if (cp_live_top_open(ui, &now))
		rc = cp_live_ui_arrange(ui, top->rows, top->n_rows);
	if (rc)
		return rc;
	note_current(top);
	draw_now(top, &now, frame);
	return 0;
}

static int draw_frame(void *ctx, struct cp_live_frame *frame)
{
	struct cp_watch_top *top = ctx;
	int rc;

	pthread_mutex_lock(&top->lock);
	rc = draw_locked(top, frame);
	pthread_mutex_unlock(&top->lock);
	return rc;
}

/* ---- What is asked for ---- */

static void reset(struct cp_watch_top *top)
{
	pthread_mutex_lock(&top->lock);
	for (uint32_t i = 0; i < top->n_audits; i++) {
		if (top->audits[i].run)
			cp_live_run_reset(top->audits[i].run);
	}
	atomic_fetch_add(&top->version, 1);
	pthread_mutex_unlock(&top->lock);
}

static void want_now(struct cp_watch_top *top)
{
	uint32_t only;

	pthread_mutex_lock(&top->lock);
	only = cp_live_top_audit(top->n_audits, top->screen.ui.tab);
	for (uint32_t i = 0; i < top->n_audits; i++)
		top->audits[i].is_wanted |= only == UINT32_MAX || only == i;
	pthread_mutex_unlock(&top->lock);
}

/* The run at hand is cut short as by Ctrl-C: this thread has that signal blocked, so the audits' one gets it. */
static void end(struct cp_watch_top *top, enum cp_top_end why)
{
	atomic_store(&top->end, why);
	kill(getpid(), SIGINT);
}

static void take_choices(struct cp_watch_top *top)
{
	struct cp_live_ui *ui = &top->screen.ui;

	atomic_store(&top->paused, ui->paused);
	if (ui->reset)
		reset(top);
	if (ui->now)
		want_now(top);
	ui->reset = ui->now = false;
	if (ui->quit && atomic_load(&top->end) == CP_TOP_GOES_ON)
		end(top, cp_term_is_gone() ? CP_TOP_GONE : CP_TOP_QUIT);
}

/* ---- The view's thread ---- */

static void choose_signals(void)
{
	static const int ours[] = {SIGWINCH, SIGTSTP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		sigdelset(&set, ours[i]);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
}

static void *view(void *arg)
{
	struct cp_watch_top *top = arg;

	choose_signals();
	while (!atomic_load(&top->stop)) {
		bool is_changed = cp_live_screen_key(&top->screen, KEY_MS);
		uint64_t now_ns = cp_host_clock_mono_ns();

		take_choices(top);
		if (atomic_load(&top->end) == CP_TOP_GONE)
			break;
		if (!is_changed && now_ns - top->drawn_ns < DRAW_NS)
			continue;
		top->drawn_ns = now_ns;
		/* Without memory the screen stays as it is, and the next try may have some. */
		cp_live_screen_draw(&top->screen, draw_frame, top);
	}
	atomic_store(&top->is_over, true);
	return NULL;
}

/* Signals of the view are not to come to this thread, which has better things to do. */
static void leave_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	pthread_sigmask(how, &set, NULL);
}

static int begin(struct cp_watch_top *top)
{
	sigset_t all, before;
	int rc;

	leave_signals(SIG_BLOCK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = -pthread_create(&top->thread, NULL, view, top);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	top->has_thread = rc == 0;
	return rc;
}

/* ---- Life ---- */

static struct cp_term_config term_config(const struct cp_opts *opts)
{
	return (struct cp_term_config){.option = "--top",
	        .instead = "without --top, watch writes a log",
	        .color = opts->color != CP_WHEN_NEVER,
	        .keeps_hangup = true};
}

int cp_watch_top_check(const struct cp_opts *opts, struct cp_err *err)
{
	struct cp_term_config config = term_config(opts);

	if (opts->n_outputs)
		return cp_err_set(err, -EINVAL, "--top does not go with --output: the screen is on standard output");
	if (opts->check || opts->once)
		return cp_err_set(err, -EINVAL, "--top does not go with --%s", opts->check ? "check" : "once");
	return cp_term_check(&config, err);
}

int cp_watch_top_open(const struct cp_opts *opts, struct cp_watch_top **ret_top, struct cp_err *err)
{
	struct cp_watch_top *top = calloc(1, sizeof(*top));
	struct cp_term_config config = term_config(opts);
	int rc;

	if (!top)
		return cp_err_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&top->lock, NULL);
	rc = cp_top_changes_new(top);
	rc = rc ? rc : cp_live_log_open(&top->log);
	if (rc)
		cp_err_set(err, rc, "out of memory");
	rc = rc ? rc : cp_live_screen_open(&top->screen, &config, 2, err);
	if (rc == 0) {
		rc = begin(top);
		if (rc)
			cp_err_set(err, rc, "cannot begin the view: %s", strerror(-rc));
	}
	if (rc) {
		cp_watch_top_close(top);
		return rc;
	}
	*ret_top = top;
	return 0;
}

static bool ends_soon(struct cp_watch_top *top)
{
	for (unsigned ms = 0; ms < JOIN_MS; ms += JOIN_LOOK_MS) {
		if (atomic_load(&top->is_over))
			return true;
		poll(NULL, 0, JOIN_LOOK_MS);
	}
	return false;
}

/* A terminal that takes nothing does not keep the program from ending. */
static void join(struct cp_watch_top *top)
{
	bool is_stuck = false;

	atomic_store(&top->stop, true);
	while (!ends_soon(top)) {
		cp_term_release(is_stuck);
		is_stuck = true;
	}
	pthread_join(top->thread, NULL);
}

void cp_watch_top_close(struct cp_watch_top *top)
{
	if (!top)
		return;
	if (top->has_thread)
		join(top);
	cp_live_screen_close(&top->screen);
	leave_signals(SIG_UNBLOCK);
	cp_live_log_close(top->log);
	cp_top_audits_free(top->audits, top->n_audits);
	cp_top_changes_free(top);
	cp_live_run_free(top->building);
	free(top->building_name);
	free(top->shown);
	free(top->rows);
	free(top->refs);
	pthread_mutex_destroy(&top->lock);
	free(top);
}

/* ---- For the audits' thread ---- */

bool cp_watch_top_is_paused(const struct cp_watch_top *top)
{
	return top && atomic_load(&top->paused);
}

bool cp_watch_top_wants(struct cp_watch_top *top, const char *audit)
{
	bool is_wanted = false;

	if (!top)
		return false;
	pthread_mutex_lock(&top->lock);
	for (uint32_t i = 0; i < top->n_audits; i++) {
		if (strcmp(top->audits[i].name, audit) != 0)
			continue;
		is_wanted = top->audits[i].is_wanted;
		top->audits[i].is_wanted = false;
	}
	pthread_mutex_unlock(&top->lock);
	return is_wanted;
}

bool cp_watch_top_has_ended(const struct cp_watch_top *top, int worst, int *ret_status)
{
	int why = top ? atomic_load(&top->end) : CP_TOP_GOES_ON;

	if (why == CP_TOP_GOES_ON)
		return false;
	*ret_status = why == CP_TOP_GONE ? 128 + SIGHUP : worst;
	return true;
}
