// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_change.c: a detector of changes (core/change.h) for each audit: made
 * as the file says, kept over restarts and reloads, fed by watch_observe.c.
 * Changes are kept until the run has ended. Must not know who is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/grow.h"
#include "watch.h"

#define STATE_MAX (1u << 28)
#define LASTS_REPEATS 4 /* that may be missing before Alertmanager takes a change for over; as Prometheus does */

/* A change until it is told, with its own strings. */
struct kept_event {
	struct cp_change_event event;
	char *texts[4];
};

/* An audit, run after run. */
struct tracker {
	const struct cp_watch_item *item;
	const struct cp_watch_changes *all;
	struct cp_change *change;
	struct cp_watch_observer *observer; /* what tells it */
	bool has_run; /* since the program started */
	struct cp_change_stats stats; /* when it had last run */
	/* confirmed by this run */
	struct kept_event *events;
	size_t n_events, cap_events;
	uint64_t n_lost; /* that could not be kept */
};

struct cp_watch_changes {
	const struct cp_watch_plan *plan;
	struct tracker *trackers; /* [n], as the items */
	uint32_t n;
};

struct cp_hook cp_watch_changes_hook(struct cp_watch_changes *changes, const struct cp_watch_item *item)
{
	return cp_watch_observer_hook(changes->trackers[item - changes->plan->items].observer);
}

/* ---- changes, until they are told ---- */

static void free_event(struct kept_event *kept)
{
	for (size_t i = 0; i < sizeof(kept->texts) / sizeof(kept->texts[0]); i++)
		free(kept->texts[i]);
}

static void keep_event(void *ctx, const struct cp_change_event *event)
{
	const char *texts[] = {event->target, event->group, event->old_text, event->new_text};
	struct tracker *tracker = ctx;
	struct kept_event *kept;
	bool is_whole = true;

	if (cp_grow(&tracker->events, &tracker->cap_events, tracker->n_events, sizeof(*tracker->events))) {
		tracker->n_lost++;
		return;
	}
	kept = &tracker->events[tracker->n_events];
	*kept = (struct kept_event){.event = *event};
	for (size_t i = 0; i < 4; i++) {
		kept->texts[i] = texts[i] ? strdup(texts[i]) : NULL;
		is_whole &= !texts[i] || kept->texts[i];
	}
	kept->event.target = kept->texts[0];
	kept->event.group = kept->texts[1];
	kept->event.old_text = kept->texts[2];
	kept->event.new_text = kept->texts[3];
	if (is_whole) {
		tracker->n_events++;
	} else {
		free_event(kept);
		tracker->n_lost++;
	}
}

/* ---- over restarts ---- */

static void state_path(const struct tracker *tracker, const char *suffix, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s.changes%s", tracker->all->plan->conf.alerts.state, tracker->item->audit->name,
	        suffix);
}

static int write_text(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rc = 0;

	if (fd < 0)
		return -errno;
	while (len && rc == 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			rc = -errno;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	if (close(fd) && rc == 0)
		rc = -errno;
	return rc;
}

static void save(const struct tracker *tracker)
{
	char path[PATH_MAX], part[PATH_MAX], *text;
	size_t len;
	int rc;

	if (!tracker->all->plan->conf.alerts.state)
		return;
	state_path(tracker, "", path);
	state_path(tracker, ".part", part);
	rc = cp_change_save(tracker->change, &text, &len);
	if (rc == 0) {
		rc = write_text(part, text, len);
		free(text);
	}
	if (rc == 0 && rename(part, path))
		rc = -errno;
	if (rc)
		fprintf(stderr, "coldpotato: warning: %s: cannot save what is usual to %s: %s\n",
		        tracker->item->audit->name, path, strerror(-rc));
}

/* From the run before, else from the file; a file that is no good is said, and everything is learned anew. */
static int restore(struct tracker *tracker, const struct tracker *before, struct cp_err *err)
{
	char path[PATH_MAX], *text;
	size_t len;
	int rc;

	if (before) {
		tracker->has_run = before->has_run;
		rc = cp_change_save(before->change, &text, &len);
		if (rc)
			return cp_err_set(err, rc, "out of memory");
	} else if (!tracker->all->plan->conf.alerts.state) {
		return 0;
	} else {
		state_path(tracker, "", path);
		if (access(path, F_OK) && errno == ENOENT)
			return 0;
		rc = cp_host_file_read(path, STATE_MAX, &text, &len, err);
		if (rc)
			return rc;
	}
	rc = cp_change_restore(tracker->change, text, len, err);
	free(text);
	if (rc == -EINVAL) {
		fprintf(stderr, "coldpotato: warning: %s: what was usual is not known any more: %s\n",
		        tracker->item->audit->name, err->text);
		rc = 0;
	}
	return rc;
}

/* ---- all audits ---- */

/* mutes: [audit->n_mutes], filled and borrowed. */
static int make_config(const struct cp_watch_conf *conf, const struct cp_watch_audit *audit, struct cp_mute *mutes,
        struct cp_change_config *ret_config, struct cp_err *err)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_err why;

	for (int i = 0; i < CP_CHANGE_KINDS; i++) {
		config.rules[i].off = audit->rules[i].is_off;
		if (!audit->rules[i].n)
			continue;
		config.rules[i].n = audit->rules[i].n;
		config.rules[i].m = audit->rules[i].m;
	}
	for (uint32_t i = 0; i < audit->n_mutes; i++) {
		if (cp_mute_parse(audit->mutes[i].text, &mutes[i], &why))
			return cp_watch_conf_refuse(conf, err, audit->mutes[i].place, NULL, why.text);
	}
	config.mutes = mutes;
	config.n_mutes = audit->n_mutes;
	*ret_config = config;
	return 0;
}

static const struct tracker *find(const struct cp_watch_changes *changes, const char *name)
{
	for (uint32_t i = 0; changes && i < changes->n; i++) {
		if (strcmp(changes->trackers[i].item->audit->name, name) == 0)
			return &changes->trackers[i];
	}
	return NULL;
}

static int make_detector(struct tracker *tracker, struct cp_err *err)
{
	const struct cp_watch_audit *audit = tracker->item->audit;
	struct cp_mute *mutes = calloc(audit->n_mutes + 1, sizeof(*mutes));
	struct cp_change_config config;
	int rc = mutes ? make_config(&tracker->all->plan->conf, audit, mutes, &config, err)
	               : cp_err_set(err, -ENOMEM, "out of memory");

	rc = rc ? rc : cp_change_new(&config, keep_event, tracker, &tracker->change, err);
	if (rc == 0 && cp_watch_observer_new(tracker->change, &tracker->observer))
		rc = cp_err_set(err, -ENOMEM, "out of memory");
	free(mutes);
	return rc;
}

int cp_watch_changes_new(const struct cp_watch_plan *plan, const struct cp_watch_changes *before,
        struct cp_watch_changes **ret_changes, struct cp_err *err)
{
	struct cp_watch_changes *changes = calloc(1, sizeof(*changes));
	int rc = 0;

	if (changes) {
		changes->plan = plan;
		changes->trackers = calloc(plan->n_items, sizeof(*changes->trackers));
	}
	if (!changes || !changes->trackers)
		rc = cp_err_set(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < plan->n_items && rc == 0; i++) {
		struct tracker *tracker = &changes->trackers[changes->n++];

		tracker->item = &plan->items[i];
		tracker->all = changes;
		rc = make_detector(tracker, err);
		rc = rc ? rc : restore(tracker, find(before, tracker->item->audit->name), err);
		if (rc == 0)
			cp_change_stats(tracker->change, &tracker->stats);
	}
	if (rc) {
		cp_watch_changes_free(changes);
		return rc;
	}
	*ret_changes = changes;
	return 0;
}

void cp_watch_changes_free(struct cp_watch_changes *changes)
{
	if (!changes)
		return;
	for (uint32_t i = 0; i < changes->n; i++) {
		struct tracker *tracker = &changes->trackers[i];

		cp_watch_observer_free(tracker->observer);
		cp_change_free(tracker->change);
		for (size_t k = 0; k < tracker->n_events; k++)
			free_event(&tracker->events[k]);
		free(tracker->events);
	}
	free(changes->trackers);
	free(changes);
}

static struct cp_change_origin origin_of(const struct cp_watch_changes *changes, const struct cp_watch_item *item)
{
	const struct cp_watch_alerts *alerts = &changes->plan->conf.alerts;

	return (struct cp_change_origin){
	        .agent = changes->plan->agent,
	        .audit = item->audit->name,
	        .names = changes->plan->knowledge.asdb,
	        .dashboard_url = alerts->dashboard_url,
	        .ends_ms =
	                alerts->repeat_ms ? cp_host_clock_wall_ms() + LASTS_REPEATS * (uint64_t)alerts->repeat_ms : 0,
	};
}

void cp_watch_changes_tell(
        struct cp_watch_changes *changes, const struct cp_watch_item *item, cp_watch_change_cb cb, void *ctx)
{
	struct tracker *tracker = &changes->trackers[item - changes->plan->items];
	const struct cp_change_origin origin = origin_of(changes, item);

	for (size_t i = 0; i < tracker->n_events; i++) {
		cb(ctx, &tracker->events[i].event, &origin);
		free_event(&tracker->events[i]);
	}
	if (tracker->n_lost)
		fprintf(stderr, "coldpotato: warning: %s: out of memory: %llu changes are not told\n",
		        item->audit->name, (unsigned long long)tracker->n_lost);
	tracker->n_events = 0;
	tracker->n_lost = 0;
	tracker->has_run |= cp_watch_observer_has_run(tracker->observer);
	cp_change_stats(tracker->change, &tracker->stats);
	save(tracker);
}

struct active {
	const struct cp_change_origin *origin;
	cp_watch_change_cb cb;
	void *ctx;
};

static void hand_out(void *ctx, const struct cp_change_event *event)
{
	const struct active *active = ctx;

	if (!event->muted)
		active->cb(active->ctx, event, active->origin);
}

void cp_watch_changes_active(const struct cp_watch_changes *changes, cp_watch_change_cb cb, void *ctx)
{
	for (uint32_t i = 0; i < changes->n; i++) {
		const struct cp_change_origin origin = origin_of(changes, changes->trackers[i].item);
		struct active active = {.origin = &origin, .cb = cb, .ctx = ctx};

		if (changes->trackers[i].has_run)
			cp_change_active(changes->trackers[i].change, hand_out, &active);
	}
}

void cp_watch_changes_count(const struct cp_watch_changes *changes, struct cp_serve_counts *counts)
{
	memset(counts->n_active, 0, sizeof(counts->n_active));
	memset(counts->n_active_muted, 0, sizeof(counts->n_active_muted));
	counts->n_untracked = 0;
	for (uint32_t i = 0; i < changes->n; i++) {
		const struct cp_change_stats *stats = &changes->trackers[i].stats;

		counts->n_untracked += stats->n_untracked;
		for (int kind = 0; kind < CP_CHANGE_KINDS; kind++) {
			counts->n_active[kind] += stats->n_active[kind];
			counts->n_active_muted[kind] += stats->n_active_muted[kind];
		}
	}
}
