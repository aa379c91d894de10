// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live.c: `trace --live`: rounds of probing (probe.c) into statistics
 * (core/live.h), those into frames (format/live.h), those onto the terminal
 * (live_screen.h), and keys back. Everything happens in the thread that probes:
 * it looks at the keys often enough.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "format/phrase.h"
#include "live_names.h"
#include "live_screen.h"

#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull
#define PATHS_MAX 1000u /* that a person may look through */
#define LOOK_EVERY_NS (20 * NSEC_PER_MSEC)
#define WAIT_MS 50
#define MESSAGE_NS (15 * NSEC_PER_SEC) /* that a warning stays */

/* One path, and what is shown of it; or a target of which nothing is probed. */
struct watched {
	const struct cp_probe_dest *dest; /* NULL: the latter, only name and as_path are set */
	struct cp_live_path live;
	struct cp_path view;
	struct cp_judgement judgement;
	struct cp_rec_path rec;
	char name[300], detail[80], as_path[CP_PHRASE_MAX];
};

struct live {
	struct cp_audit *audit;
	struct cp_live_screen screen;
	struct cp_live_names *names; /* NULL: not asked for */
	struct watched *paths; /* [n] */
	struct cp_live_row *rows; /* [n] */
	uint32_t n, n_rounds;
	uint64_t round_ns; /* when the latest one began */
	uint64_t looked_ns, message_ns;
	char title[64], message[512];
	int rc; /* -errno of a drawing */
};

/* ---- Paths ---- */

/* Addresses of a target that are probed. */
static uint32_t count_dests(const struct cp_audit *audit, size_t target)
{
	uint32_t n = 0;

	for (uint32_t d = audit->target_first[target]; d < audit->target_first[target + 1]; d++)
		n += !audit->dests[audit->target_dests[d]].skip;
	return n;
}

static uint32_t count_rows(const struct cp_audit *audit)
{
	uint32_t n = 0;

	for (size_t t = 0; t < audit->targets.n; t++) {
		uint32_t n_dests = count_dests(audit, t);

		n += n_dests ? n_dests * audit->opts->n_flows : 1;
	}
	return n;
}

static struct cp_live_row bare_row(const struct watched *path)
{
	return (struct cp_live_row){
	        .name = path->name, .detail = path->detail, .rtt_us = UINT32_MAX, .loss_permille = UINT32_MAX};
}

/* A target that is not probed is listed with the reason. */
static void add_unprobed(struct live *live, size_t number)
{
	const struct cp_audit *audit = live->audit;
	const struct cp_target *target = &audit->targets.items[number];
	struct watched *path = &live->paths[live->n];
	const char *why = cp_dns_status_name(cp_audit_answer(audit, target)->status);

	for (uint32_t d = audit->target_first[number]; d < audit->target_first[number + 1]; d++)
		why = cp_skip_name(audit->dests[audit->target_dests[d]].skip);
	cp_phrase_target(target, path->name, sizeof(path->name));
	snprintf(path->as_path, sizeof(path->as_path), "%s", why);
	live->rows[live->n] = bare_row(path);
	live->rows[live->n++].as_path = path->as_path;
}

static void add_path(struct live *live, const struct cp_target *target, const struct cp_probe_dest *dest, uint32_t flow)
{
	const struct cp_audit *audit = live->audit;
	struct watched *path = &live->paths[live->n];
	char addr[CP_ADDR_STRLEN];

	path->dest = dest;
	path->rec = (struct cp_rec_path){
	        .target = target,
	        .answer = cp_audit_answer(audit, target),
	        .dest = dest->addr,
	        .path = &path->view,
	        .asdb = audit->asdb,
	        .start = &audit->start,
	};
	path->view.dest = dest->index;
	path->view.flow = flow;
	cp_live_path_init(&path->live, audit->opts->first_ttl, audit->opts->max_ttl);
	cp_phrase_target(target, path->name, sizeof(path->name));
	cp_addr_format(&dest->addr, addr);
	if (audit->opts->n_flows > 1)
		snprintf(path->detail, sizeof(path->detail), "%s f%u", addr, flow);
	else
		snprintf(path->detail, sizeof(path->detail), "%s", addr);
	live->rows[live->n++] = bare_row(path);
}

static void add_paths(struct live *live)
{
	const struct cp_audit *audit = live->audit;

	for (size_t t = 0; t < audit->targets.n; t++) {
		if (!count_dests(audit, t))
			add_unprobed(live, t);
		for (uint32_t d = audit->target_first[t]; d < audit->target_first[t + 1]; d++) {
			const struct cp_probe_dest *dest = &audit->dests[audit->target_dests[d]];

			for (uint32_t flow = 0; !dest->skip && flow < audit->opts->n_flows; flow++)
				add_path(live, &audit->targets.items[t], dest, flow);
		}
	}
}

/* ---- A round's results ---- */

static uint64_t asked_of(const struct cp_audit *audit, uint32_t number)
{
	uint32_t n_ttls = audit->opts->max_ttl - audit->opts->first_ttl + 1;
	uint64_t asked = 0;

	for (uint32_t i = 0; i < n_ttls; i++)
		asked |= (uint64_t)(cp_paths_attempts(cp_sweep_paths(audit->sweep), number * n_ttls + i) > 0) << i;
	return asked;
}

static void name_hops(struct live *live, struct watched *path)
{
	for (uint32_t i = 0; live->names && i < path->view.n_hops; i++) {
		struct cp_hop *hop = &path->view.hops[i];

		if (!cp_addr_is_zero(&hop->addr) && !cp_addr_eq(&hop->addr, &path->dest->addr))
			hop->ptr = cp_live_names_get(live->names, &hop->addr);
	}
}

static void judge(struct live *live, struct watched *path)
{
	const struct cp_audit *audit = live->audit;
	struct cp_verdict_input input = {
	        .path = &path->view,
	        .dest = &path->dest->addr,
	        .cname = (const char *const *)path->rec.answer->cname,
	        .n_cname = path->rec.answer->n_cname,
	        .vantage = audit->vantage,
	        .home = &audit->home,
	        .asdb = audit->asdb,
	        .replies_lost = cp_sweep_doubtful(audit->sweep) || cp_follow_doubts(audit, path->dest),
	};

	cp_judge(&input, &path->judgement);
	if (path->dest->route_changed) {
		path->judgement.reasons |= 1u << CP_WHY_ROUTE_CHANGED;
		path->judgement.confidence = cp_reason_cap(CP_WHY_ROUTE_CHANGED);
	}
	path->rec.judgement = &path->judgement;
}

static void fill_row(const struct watched *path, struct cp_live_row *row)
{
	const struct cp_live_hop *end = path->live.end_ttl ? cp_live_path_hop(&path->live, path->live.end_ttl) : NULL;

	row->as_path = path->as_path;
	row->is_judged = true;
	row->verdict = path->judgement.verdict;
	row->confidence = path->judgement.confidence;
	row->rtt_us = end && end->times.n ? (uint32_t)(end->times.mean_us + 0.5) : UINT32_MAX;
	row->loss_permille = end ? cp_live_hop_loss_permille(end) : UINT32_MAX;
	row->n_changes = path->live.n_changes;
	row->is_fresh = path->live.changed_round && path->live.n_rounds - path->live.changed_round < CP_LIVE_FRESH;
}

/* The path as it stands, judged, and what the list says of it. */
static void refresh_path(struct live *live, uint32_t i)
{
	struct watched *path = &live->paths[i];
	uint32_t dest = path->dest->index, flow = path->view.flow;

	cp_live_path_view(&path->live, &path->dest->addr, live->audit->opts->gap, &path->view);
	path->view.dest = dest;
	path->view.flow = flow;
	name_hops(live, path);
	judge(live, path);
	cp_phrase_as_path(&path->rec, path->as_path, sizeof(path->as_path));
	fill_row(path, &live->rows[i]);
}

static void take_round(struct live *live)
{
	const struct cp_audit *audit = live->audit;
	struct cp_path round;

	live->n_rounds++;
	for (uint32_t i = 0; i < live->n; i++) {
		struct watched *path = &live->paths[i];
		uint32_t number;

		if (!path->dest)
			continue;
		number = path->dest->index * audit->opts->n_flows + path->view.flow;
		cp_sweep_path(audit->sweep, number, &round);
		cp_live_path_round(&path->live, &round, asked_of(audit, number));
		refresh_path(live, i);
	}
}

static void reset(struct live *live)
{
	for (uint32_t i = 0; i < live->n; i++) {
		struct watched *path = &live->paths[i];

		if (!path->dest)
			continue;
		cp_live_path_init(&path->live, live->audit->opts->first_ttl, live->audit->opts->max_ttl);
		path->rec.judgement = NULL;
		live->rows[i] = bare_row(path);
	}
	live->n_rounds = 0;
}

/* ---- The screen ---- */

static int draw_frame(void *ctx, struct cp_live_frame *frame)
{
	struct live *live = ctx;
	struct cp_live_ui *ui = &live->screen.ui;
	struct cp_live_about about = {.title = live->title, .n_rounds = live->n_rounds};
	const struct watched *current;
	struct cp_live_shown shown;
	int rc = cp_live_ui_arrange(ui, live->rows, live->n);

	if (rc)
		return rc;
	if (live->message[0] && cp_host_clock_mono_ns() - live->message_ns < MESSAGE_NS)
		about.message = live->message;
	current = &live->paths[ui->current];
	shown = (struct cp_live_shown){.live = &current->live, .rec = &current->rec, .home = &live->audit->home};
	cp_live_draw(frame, ui, &about, live->rows, ui->n_shown && current->dest ? &shown : NULL);
	return 0;
}

static int draw(struct live *live)
{
	return cp_live_screen_draw(&live->screen, draw_frame, live);
}

/* Takes one key, waiting for it so long. */
static void take_key(struct live *live, int timeout_ms)
{
	if (!cp_live_screen_key(&live->screen, timeout_ms))
		return;
	if (live->screen.ui.reset)
		reset(live);
	live->screen.ui.reset = false;
	live->rc = draw(live);
}

static void take_names(struct live *live)
{
	if (!live->names || !cp_live_names_poll(live->names))
		return;
	for (uint32_t i = 0; i < live->n; i++) {
		if (live->paths[i].rec.judgement)
			refresh_path(live, i);
	}
	live->rc = draw(live);
}

/* ---- Called by the probing ---- */

static bool has_enough(const struct live *live)
{
	return live->screen.ui.quit || live->rc;
}

static int look(void *ctx)
{
	struct live *live = ctx;
	uint64_t now_ns = cp_host_clock_mono_ns();

	if (now_ns - live->looked_ns < LOOK_EVERY_NS)
		return has_enough(live);
	live->looked_ns = now_ns;
	take_key(live, 0);
	return has_enough(live);
}

static void warn(void *ctx, const char *text)
{
	struct live *live = ctx;

	snprintf(live->message, sizeof(live->message), "%s", text);
	live->message_ns = cp_host_clock_mono_ns();
}

/* Until it is time for the next round. 1; 0: enough. */
static int wait_for_round(struct live *live)
{
	const struct cp_opts *opts = live->audit->opts;
	uint64_t next_ns = live->round_ns + opts->interval_ms * NSEC_PER_MSEC, now_ns;

	for (;;) {
		now_ns = cp_host_clock_mono_ns();
		if (cp_signals_seen(NULL)) {
			live->audit->end_reason = "interrupted";
			return 0;
		}
		if (opts->max_runtime_s && now_ns - live->audit->start_ns >= opts->max_runtime_s * NSEC_PER_SEC)
			return 0;
		if (has_enough(live))
			return 0;
		if (now_ns >= next_ns && !live->screen.ui.paused)
			return 1;
		take_names(live);
		take_key(live, live->screen.ui.paused || next_ns - now_ns > WAIT_MS * NSEC_PER_MSEC
		                       ? WAIT_MS
		                       : (int)((next_ns - now_ns) / NSEC_PER_MSEC));
	}
}

static int between(void *ctx, struct cp_err *err)
{
	struct live *live = ctx;
	int more;

	if (!has_enough(live)) {
		take_round(live);
		live->rc = draw(live);
	}
	more = wait_for_round(live);
	live->round_ns = cp_host_clock_mono_ns();
	return live->rc ? cp_err_set(err, live->rc, "out of memory") : more;
}

/* ---- Life ---- */

static struct cp_term_config term_config(const struct cp_opts *opts)
{
	return (struct cp_term_config){.option = "--live",
	        .instead = "without --live, trace writes records",
	        .color = opts->color != CP_WHEN_NEVER};
}

static int open_live(struct live *live, struct cp_err *err)
{
	struct cp_audit *audit = live->audit;
	struct cp_term_config config = term_config(audit->opts);
	uint32_t n = count_rows(audit);
	int rc;

	if (n > PATHS_MAX)
		return cp_err_set(err, -E2BIG, "%u paths are more than --live can show; %u are the most", n, PATHS_MAX);
	live->paths = calloc((size_t)n + 1, sizeof(*live->paths));
	live->rows = calloc((size_t)n + 1, sizeof(*live->rows));
	if (!live->paths || !live->rows)
		return cp_err_set(err, -ENOMEM, "out of memory");
	add_paths(live);
	snprintf(live->title, sizeof(live->title), "coldpotato trace  %zu targets", audit->targets.n);
	if (!audit->opts->no_rdns) {
		rc = cp_live_names_open(audit->opts, &live->names);
		if (rc)
			return cp_err_set(err, rc, "cannot ask for names: %s", strerror(-rc));
	}
	return cp_live_screen_open(&live->screen, &config, live->n, err);
}

static void close_live(struct live *live)
{
	cp_live_screen_close(&live->screen);
	cp_live_names_close(live->names);
	free(live->paths);
	free(live->rows);
	free(live);
}

int cp_live_check(const struct cp_opts *opts, struct cp_err *err)
{
	struct cp_term_config config = term_config(opts);

	return cp_term_check(&config, err);
}

int cp_live_run(struct cp_audit *audit, struct cp_err *err)
{
	struct live *live = calloc(1, sizeof(*live));
	struct cp_rounds rounds = {look, between, warn, live};
	int rc;

	if (!live)
		return cp_err_set(err, -ENOMEM, "out of memory");
	live->audit = audit;
	rc = open_live(live, err);
	rc = rc ? rc : draw(live);
	if (rc == 0) {
		live->round_ns = cp_host_clock_mono_ns();
		audit->rounds = &rounds;
		rc = cp_audit_probe(audit, err);
		audit->rounds = NULL;
	}
	close_live(live);
	return rc;
}
