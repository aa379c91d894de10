// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_change.c: from the records of runs to what changed between them
 * (core/change.h), a detector for each audit. Changes are kept until the run has
 * ended. Must not know who is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "watch.h"

#define STATE_MAX (1u << 28)
#define STEP_MAX 96

/* A change until it is told, with its own strings. */
struct kept_event {
	struct cp_change_event event;
	char *texts[4];
};

/* A list of texts of a target, one after the other. */
struct texts {
	char *bytes;
	size_t len, cap;
	size_t *at;
	size_t n, n_cap;
};

struct seen_path {
	size_t first, n_steps; /* among the steps */
	bool reached;
};

struct observer {
	const struct cp_watch_item *item;
	const struct cp_watch_changes *all;
	struct cp_change *change;
	bool is_begun;
	uint32_t coverage_permille; /* of the run */
	/* of the target at hand */
	struct texts steps;
	struct seen_path *paths;
	size_t n_paths, cap_paths;
	struct cp_addr dest; /* of the latest path */
	uint32_t *rtts, n_rtts, cap_rtts; /* of its destinations, the least of each */
	bool doubtful;
	enum cp_confidence confidence;
	/* confirmed by this run */
	struct kept_event *events;
	size_t n_events, cap_events;
	int error;
};

struct cp_watch_changes {
	const struct cp_watch_plan *plan;
	struct observer *observers; /* [n], as the items */
	uint32_t n;
};

/* Makes room for one more. 0 or -ENOMEM. */
static int grow(void *items, size_t n, size_t *cap, size_t size)
{
	void **array = items, *more;

	if (n < *cap)
		return 0;
	more = reallocarray(*array, *cap ? *cap * 2 : 16, size);
	if (!more)
		return -ENOMEM;
	*array = more;
	*cap = *cap ? *cap * 2 : 16;
	return 0;
}

/* ---- observing ---- */

static int add_step(struct texts *texts, const char *step)
{
	size_t len = strlen(step) + 1;

	if (texts->len + len > texts->cap) {
		size_t cap = (texts->cap + len) * 2;
		char *bytes = realloc(texts->bytes, cap);

		if (!bytes)
			return -ENOMEM;
		texts->bytes = bytes;
		texts->cap = cap;
	}
	if (grow(&texts->at, texts->n, &texts->n_cap, sizeof(*texts->at)))
		return -ENOMEM;
	memcpy(texts->bytes + texts->len, step, len);
	texts->at[texts->n++] = texts->len;
	texts->len += len;
	return 0;
}

static int add_rtt(struct observer *observer, const struct cp_rec_path *rec)
{
	const struct cp_path *path = rec->path;
	const struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;
	bool is_same = observer->n_paths > 1 && cp_addr_eq(&observer->dest, &rec->dest);
	size_t cap = observer->cap_rtts;

	if (!is_same) {
		if (grow(&observer->rtts, observer->n_rtts, &cap, sizeof(*observer->rtts)))
			return -ENOMEM;
		observer->cap_rtts = (uint32_t)cap;
		observer->rtts[observer->n_rtts++] = CP_CHANGE_UNKNOWN;
		observer->dest = rec->dest;
	}
	if (path->reached && last && cp_addr_eq(&last->addr, &rec->dest) &&
	        last->rtt_us < observer->rtts[observer->n_rtts - 1])
		observer->rtts[observer->n_rtts - 1] = last->rtt_us;
	return 0;
}

static int take_path(void *state, const struct cp_rec_path *rec)
{
	const uint32_t doubts = 1u << CP_WHY_INTERRUPTED | 1u << CP_WHY_REPLIES_LOST | 1u << CP_WHY_ROUTE_CHANGED;
	const struct cp_judgement *judgement = rec->judgement;
	struct observer *observer = state;
	struct seen_path *path;
	char step[STEP_MAX];
	int rc = grow(&observer->paths, observer->n_paths, &observer->cap_paths, sizeof(*observer->paths));

	if (rc)
		return rc;
	path = &observer->paths[observer->n_paths++];
	*path = (struct seen_path){
	        .first = observer->steps.n, .n_steps = judgement->n_as_path, .reached = rec->path->reached};
	for (uint32_t i = 0; i < judgement->n_as_path && rc == 0; i++)
		rc = add_step(&observer->steps, cp_as_step_format(&judgement->as_path[i], step, sizeof(step)));
	observer->doubtful |= (judgement->reasons & doubts) || rec->path->end == CP_END_INTERRUPTED;
	if (observer->n_paths == 1 || judgement->confidence < observer->confidence)
		observer->confidence = judgement->confidence;
	return rc ? rc : add_rtt(observer, rec);
}

static int compare_rtts(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Median of the destinations that answered; unknown ones are behind them. */
static bool median_rtt(struct observer *observer, uint32_t *ret_rtt_us)
{
	size_t n = 0;

	if (observer->n_rtts)
		qsort(observer->rtts, observer->n_rtts, sizeof(*observer->rtts), compare_rtts);
	while (n < observer->n_rtts && observer->rtts[n] != CP_CHANGE_UNKNOWN)
		n++;
	if (n == 0)
		return false;
	*ret_rtt_us = observer->rtts[(n - 1) / 2];
	return true;
}

/* What the lists of a target are made of; all in one. */
struct lists {
	const char **steps;
	struct cp_change_path *paths;
	struct cp_change_answer *answers;
	struct cp_change_exit exits[CP_COMBINE_EXITS];
};

static void free_lists(struct lists *lists)
{
	free(lists->steps);
	free(lists->paths);
	free(lists->answers);
}

static int make_lists(const struct observer *observer, const struct cp_rec_target *rec, struct lists *lists)
{
	const struct cp_answer *answer = rec->answer;

	lists->steps = calloc(observer->steps.n + 1, sizeof(*lists->steps));
	lists->paths = calloc(observer->n_paths + 1, sizeof(*lists->paths));
	lists->answers = calloc(answer->n_addrs + 1, sizeof(*lists->answers));
	if (!lists->steps || !lists->paths || !lists->answers)
		return -ENOMEM;
	for (size_t i = 0; i < observer->steps.n; i++)
		lists->steps[i] = observer->steps.bytes + observer->steps.at[i];
	for (size_t i = 0; i < observer->n_paths; i++)
		lists->paths[i] = (struct cp_change_path){.steps = lists->steps + observer->paths[i].first,
		        .n_steps = observer->paths[i].n_steps,
		        .reached = observer->paths[i].reached};
	for (size_t i = 0; i < answer->n_addrs; i++) {
		struct cp_origin origin;

		cp_asdb_lookup(rec->asdb, &answer->addrs[i], &origin);
		lists->answers[i].addr = answer->addrs[i];
		lists->answers[i].asn = origin.kind == CP_ORIGIN_AS ? origin.asn[0] : 0;
	}
	return 0;
}

/* Borders are known as a whole, or nothing is concluded from what is missing. */
static bool fill_exits(const struct cp_combined *combined, struct lists *lists, struct cp_change_target *target)
{
	target->exits = lists->exits;
	for (uint32_t i = 0; i < combined->n_exits; i++) {
		if (combined->exits[i].asn)
			lists->exits[target->n_exits++] = (struct cp_change_exit){
			        .asn = combined->exits[i].asn, .n_paths = combined->exits[i].n_paths};
	}
	return !combined->n_unseen_exits && !combined->n_other_exits && target->n_exits == combined->n_exits &&
	       !combined->by_verdict[CP_UNDECIDED];
}

static void fill_target(struct observer *observer, const struct cp_rec_target *rec, struct lists *lists,
        struct cp_change_target *target)
{
	enum cp_dns_status status = rec->answer->status;

	*target = (struct cp_change_target){
	        .name = rec->target->host,
	        .group = rec->target->group,
	        .port = rec->target->port,
	        .proto = rec->target->proto,
	        .doubtful = observer->doubtful,
	        .has_verdict = rec->n_dests > 0,
	        .verdict = rec->verdict,
	        .confidence = observer->confidence,
	        .paths = lists->paths,
	        .n_paths = observer->n_paths,
	        .has_dns = status == CP_DNS_OK || status == CP_DNS_NXDOMAIN || status == CP_DNS_NODATA,
	        .answers = lists->answers,
	        .n_answers = rec->answer->n_addrs,
	        .cname = (const char *const *)rec->answer->cname,
	        .n_cname = rec->answer->n_cname,
	};
	if (rec->combined)
		target->has_exits = fill_exits(rec->combined, lists, target);
	target->has_rtt = median_rtt(observer, &target->rtt_us);
}

static void forget_target(struct observer *observer)
{
	observer->steps.len = observer->steps.n = 0;
	observer->n_paths = 0;
	observer->n_rtts = 0;
	observer->doubtful = false;
}

static int take_target(void *state, const struct cp_rec_target *rec)
{
	struct observer *observer = state;
	struct cp_change_target target;
	struct lists lists = {0};
	int rc = make_lists(observer, rec, &lists);

	if (rc == 0) {
		fill_target(observer, rec, &lists, &target);
		rc = cp_change_target(observer->change, &target);
		/* Too many targets, or a name without end: that one is not watched (cp_change_stats() counts). */
		rc = rc == -ENOMEM ? rc : observer->error;
	}
	free_lists(&lists);
	forget_target(observer);
	return rc;
}

static int take_start(void *state, const struct cp_rec_start *rec)
{
	struct observer *observer = state;

	forget_target(observer);
	cp_change_begin(observer->change, rec->wall_ms, rec->wall_ms);
	observer->is_begun = true;
	observer->coverage_permille = CP_CHANGE_UNKNOWN;
	return 0;
}

static int take_warning(void *state, const struct cp_rec_warning *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

static int take_summary(void *state, const struct cp_rec_summary *rec)
{
	const struct cp_accounting *acc = &rec->accounting;
	struct observer *observer = state;

	if (acc->n_paths)
		observer->coverage_permille = (uint32_t)(acc->n_complete * 1000 / acc->n_paths);
	return 0;
}

static int take_end(void *state, const struct cp_rec_end *rec)
{
	struct observer *observer = state;
	int rc = 0;

	if (!observer->is_begun)
		return 0;
	/* A run that was cut short has less of everything. */
	if (strcmp(rec->reason, "done") == 0)
		rc = cp_change_coverage(observer->change, NULL, observer->coverage_permille);
	cp_change_end(observer->change);
	observer->is_begun = false;
	return rc;
}

static const struct cp_format change_format = {
        .name = "detection of changes",
        .start = take_start,
        .target = take_target,
        .path = take_path,
        .warning = take_warning,
        .summary = take_summary,
        .end = take_end,
};

struct cp_hook cp_watch_changes_hook(struct cp_watch_changes *changes, const struct cp_watch_item *item)
{
	return (struct cp_hook){.format = &change_format, .state = &changes->observers[item - changes->plan->items]};
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
	struct observer *observer = ctx;
	struct kept_event *kept;

	if (grow(&observer->events, observer->n_events, &observer->cap_events, sizeof(*observer->events))) {
		observer->error = -ENOMEM;
		return;
	}
	kept = &observer->events[observer->n_events];
	*kept = (struct kept_event){.event = *event};
	for (size_t i = 0; i < 4; i++) {
		kept->texts[i] = texts[i] ? strdup(texts[i]) : NULL;
		if (texts[i] && !kept->texts[i])
			observer->error = -ENOMEM;
	}
	kept->event.target = kept->texts[0];
	kept->event.group = kept->texts[1];
	kept->event.old_text = kept->texts[2];
	kept->event.new_text = kept->texts[3];
	if (observer->error)
		free_event(kept);
	else
		observer->n_events++;
}

/* ---- over restarts ---- */

static void state_path(const struct observer *observer, const char *suffix, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s.changes%s", observer->all->plan->conf.alerts.state, observer->item->audit->name,
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

static void save(const struct observer *observer)
{
	char path[PATH_MAX], part[PATH_MAX], *text;
	size_t len;
	int rc;

	if (!observer->all->plan->conf.alerts.state)
		return;
	state_path(observer, "", path);
	state_path(observer, ".part", part);
	rc = cp_change_save(observer->change, &text, &len);
	if (rc == 0) {
		rc = write_text(part, text, len);
		free(text);
	}
	if (rc == 0 && rename(part, path))
		rc = -errno;
	if (rc)
		fprintf(stderr, "coldpotato: warning: %s: cannot save what is usual to %s: %s\n",
		        observer->item->audit->name, path, strerror(-rc));
}

/* From the run before, else from the file; a file that is no good is said, and everything is learned anew. */
static int restore(struct observer *observer, const struct observer *before, struct cp_err *err)
{
	char path[PATH_MAX], *text;
	size_t len;
	int rc;

	if (before) {
		rc = cp_change_save(before->change, &text, &len);
		if (rc)
			return cp_err_set(err, rc, "out of memory");
	} else if (!observer->all->plan->conf.alerts.state) {
		return 0;
	} else {
		state_path(observer, "", path);
		if (access(path, F_OK) && errno == ENOENT)
			return 0;
		rc = cp_host_file_read(path, STATE_MAX, &text, &len, err);
		if (rc)
			return rc;
	}
	rc = cp_change_restore(observer->change, text, len, err);
	free(text);
	if (rc == -EINVAL) {
		fprintf(stderr, "coldpotato: warning: %s: what was usual is not known any more: %s\n",
		        observer->item->audit->name, err->text);
		rc = 0;
	}
	return rc;
}

/* ---- all audits ---- */

static int make_config(const struct cp_watch_conf *conf, struct cp_mute *mutes, struct cp_change_config *ret_config,
        struct cp_err *err)
{
	const struct cp_watch_alerts *alerts = &conf->alerts;
	struct cp_change_config config = cp_change_defaults();
	struct cp_err why;
	char place[40];

	for (int i = 0; i < CP_CHANGE_KINDS && alerts->n; i++) {
		config.rules[i].n = (uint8_t)alerts->n;
		config.rules[i].m = (uint8_t)alerts->m;
	}
	for (uint32_t i = 0; i < alerts->n_mutes; i++) {
		snprintf(place, sizeof(place), "alerts.mute.%u", i);
		if (cp_mute_parse(alerts->mutes[i], &mutes[i], &why))
			return cp_watch_conf_refuse(conf, err, place, NULL, why.text);
	}
	config.mutes = mutes;
	config.n_mutes = alerts->n_mutes;
	*ret_config = config;
	return 0;
}

static const struct observer *find(const struct cp_watch_changes *changes, const char *name)
{
	for (uint32_t i = 0; changes && i < changes->n; i++) {
		if (strcmp(changes->observers[i].item->audit->name, name) == 0)
			return &changes->observers[i];
	}
	return NULL;
}

static int make_observers(struct cp_watch_changes *changes, const struct cp_watch_changes *before,
        const struct cp_change_config *config, struct cp_err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < changes->plan->n_items && rc == 0; i++) {
		struct observer *observer = &changes->observers[changes->n++];

		observer->item = &changes->plan->items[i];
		observer->all = changes;
		rc = cp_change_new(config, keep_event, observer, &observer->change, err);
		rc = rc ? rc : restore(observer, find(before, observer->item->audit->name), err);
	}
	return rc;
}

int cp_watch_changes_new(const struct cp_watch_plan *plan, const struct cp_watch_changes *before,
        struct cp_watch_changes **ret_changes, struct cp_err *err)
{
	struct cp_mute *mutes = calloc(plan->conf.alerts.n_mutes + 1, sizeof(*mutes));
	struct cp_watch_changes *changes = calloc(1, sizeof(*changes));
	struct cp_change_config config;
	int rc = -ENOMEM;

	if (changes) {
		changes->plan = plan;
		changes->observers = calloc(plan->n_items, sizeof(*changes->observers));
	}
	if (!mutes || !changes || !changes->observers)
		cp_err_set(err, rc, "out of memory");
	else
		rc = make_config(&plan->conf, mutes, &config, err);
	rc = rc ? rc : make_observers(changes, before, &config, err);
	free(mutes);
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
		struct observer *observer = &changes->observers[i];

		cp_change_free(observer->change);
		for (size_t k = 0; k < observer->n_events; k++)
			free_event(&observer->events[k]);
		free(observer->events);
		free(observer->steps.bytes);
		free(observer->steps.at);
		free(observer->paths);
		free(observer->rtts);
	}
	free(changes->observers);
	free(changes);
}

void cp_watch_changes_tell(
        struct cp_watch_changes *changes, const struct cp_watch_item *item, cp_watch_change_cb cb, void *ctx)
{
	struct observer *observer = &changes->observers[item - changes->plan->items];
	const struct cp_change_origin origin = {
	        .agent = changes->plan->agent,
	        .audit = item->audit->name,
	        .dashboard_url = changes->plan->conf.alerts.dashboard_url,
	};

	for (size_t i = 0; i < observer->n_events; i++) {
		cb(ctx, &observer->events[i].event, &origin);
		free_event(&observer->events[i]);
	}
	observer->n_events = 0;
	observer->error = 0;
	save(observer);
}
