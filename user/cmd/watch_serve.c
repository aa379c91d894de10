// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_serve.c: the HTTP service (serve.h) beside the audits, and what it
 * tells of them: its threads read a copy that the audits' thread renews.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/http.h"
#include "watch.h"

#define NSEC_PER_MSEC 1000000ull

struct cp_watch_board {
	struct cp_serve *serve;
	char *path, *listen; /* what it was begun with */
	pthread_mutex_t lock; /* guards the rest */
	struct cp_serve_audit *audits;
	size_t n;
	struct cp_serve_counts counts;
	struct cp_serve_watch watch; /* its rate: unless signals halve it */
};

static size_t copy_audits(void *ctx, struct cp_serve_audit *ret_audits, size_t max)
{
	struct cp_watch_board *board = ctx;
	size_t n;

	pthread_mutex_lock(&board->lock);
	n = board->n < max ? board->n : max;
	if (n)
		memcpy(ret_audits, board->audits, n * sizeof(*ret_audits));
	pthread_mutex_unlock(&board->lock);
	return n;
}

static void copy_counts(void *ctx, struct cp_serve_counts *ret_counts)
{
	struct cp_watch_board *board = ctx;

	pthread_mutex_lock(&board->lock);
	*ret_counts = board->counts;
	pthread_mutex_unlock(&board->lock);
}

void cp_watch_board_count(
        struct cp_watch_board *board, const struct cp_watch_changes *changes, const struct cp_watch_alarm *alarm)
{
	struct cp_serve_counts counts = {.n_untracked = 0};

	if (!board)
		return;
	cp_watch_changes_count(changes, &counts);
	cp_watch_alarm_count(alarm, &counts);
	pthread_mutex_lock(&board->lock);
	board->counts = counts;
	pthread_mutex_unlock(&board->lock);
}

static void copy_watch(void *ctx, struct cp_serve_watch *ret_watch)
{
	struct cp_watch_board *board = ctx;

	pthread_mutex_lock(&board->lock);
	*ret_watch = board->watch;
	pthread_mutex_unlock(&board->lock);
	ret_watch->rate_pps >>= cp_signals_rate_halvings();
	if (!ret_watch->rate_pps)
		ret_watch->rate_pps = 1;
}

static void show_tally(const struct cp_watch_tally *tally, struct cp_serve_audit *audit)
{
	audit->n_runs = tally->n_runs;
	audit->n_failed = tally->n_failed;
	audit->n_missed = tally->n_missed;
	audit->n_conflicts = tally->known.n_conflicts;
}

void cp_watch_board_show(struct cp_watch_board *board, const struct cp_watch_plan *plan,
        const struct cp_watch_item *running, const struct cp_watch_reloads *reloads)
{
	const struct cp_serve_watch watch = {.n_reloads = reloads->n_taken,
	        .n_refused = reloads->n_refused,
	        .taken_ms = reloads->taken_ms,
	        .is_refused = reloads->is_refused,
	        .rate_pps = plan->items[0].opts.rate_pps};
	uint64_t now_ns = cp_host_clock_boot_ns(), now_ms = cp_host_clock_wall_ms();
	struct cp_serve_audit *audits = board ? calloc(plan->n_items, sizeof(*audits)) : NULL;

	if (!audits) /* what was shown before stays */
		return;
	for (uint32_t i = 0; i < plan->n_items; i++) {
		const struct cp_watch_item *item = &plan->items[i];
		uint64_t due_ns = cp_schedule_job_ns(plan->schedule, item->job);
		uint64_t wait_ms = due_ns > now_ns ? (due_ns - now_ns) / NSEC_PER_MSEC : 0;

		snprintf(audits[i].name, sizeof(audits[i].name), "%s", item->audit->name);
		snprintf(audits[i].state, sizeof(audits[i].state), "%s", item == running ? "running" : "waiting");
		audits[i].interval_ms = (int64_t)(item->interval_ns / NSEC_PER_MSEC);
		audits[i].next_ms = (int64_t)(now_ms + wait_ms);
		show_tally(&item->tally, &audits[i]);
	}
	pthread_mutex_lock(&board->lock);
	free(board->audits);
	board->audits = audits;
	board->n = plan->n_items;
	board->watch = watch;
	pthread_mutex_unlock(&board->lock);
}

void cp_watch_board_free(struct cp_watch_board *board)
{
	if (!board)
		return;
	cp_serve_stop(board->serve);
	pthread_mutex_destroy(&board->lock);
	free(board->audits);
	free(board->path);
	free(board->listen);
	free(board);
}

static void announce(const struct cp_addr *addr, uint16_t port)
{
	bool is_v4 = cp_addr_is_v4(addr);
	char text[CP_ADDR_STRLEN];

	cp_addr_format(addr, text);
	if (!cp_http_is_loopback(addr))
		fprintf(stderr,
		        "coldpotato: warning: %s can be reached by others: what the store has is shown to whoever "
		        "asks, "
		        "without a password and unencrypted\n",
		        text);
	fprintf(stderr, "coldpotato: serving on http://%s%s%s:%u/\n", is_v4 ? "" : "[", text, is_v4 ? "" : "]", port);
}

static int begin(struct cp_watch_board *board, struct cp_err *err)
{
	struct cp_serve_settings settings = {
	        .path = board->path, .audits = copy_audits, .counts = copy_counts, .watch = copy_watch, .ctx = board};
	sigset_t all, before;
	int rc;

	cp_serve_listen_parse(board->listen, &settings.addr, &settings.port);
	/* Signals are this thread's: its system calls are to be cut short by them. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = cp_serve_start(&settings, &board->serve, err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		announce(&settings.addr, cp_serve_port(board->serve));
	return rc;
}

static int open_board(const struct cp_opts *opts, struct cp_watch_board **ret_board, struct cp_err *err)
{
	struct cp_watch_board *board = calloc(1, sizeof(*board));
	int rc;

	if (!board)
		return cp_err_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&board->lock, NULL);
	board->path = strdup(opts->store);
	board->listen = strdup(opts->listen);
	rc = board->path && board->listen ? begin(board, err) : cp_err_set(err, -ENOMEM, "out of memory");
	if (rc) {
		cp_watch_board_free(board);
		return rc;
	}
	*ret_board = board;
	return 0;
}

int cp_watch_board_sync(struct cp_watch_board **board, const struct cp_watch_plan *plan, struct cp_err *err)
{
	const struct cp_opts *opts = &plan->items[0].opts;
	bool wanted = cp_opts_given(opts, "listen");
	struct cp_watch_board *fresh = NULL;
	int rc;

	if (wanted && *board && strcmp((*board)->path, opts->store) == 0 && strcmp((*board)->listen, opts->listen) == 0)
		return 0;
	rc = wanted ? open_board(opts, &fresh, err) : 0;
	if (rc)
		return rc;
	cp_watch_board_free(*board);
	*board = fresh;
	return 0;
}
