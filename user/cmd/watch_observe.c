// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_observe.c: the records of a run as what a detector of changes is told
 * (core/change.h): of each target its verdict, paths, exits, answers, round
 * trips and loss, of the run and of each group how much was decided. Must not
 * know what is usual, nor what becomes of a change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/grow.h"
#include "watch.h"

#define STEP_MAX 96
#define UNKNOWN CP_CHANGE_UNKNOWN

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

/* A destination of the target at hand. */
struct seen_dest {
	struct cp_addr addr;
	uint32_t rtt_us; /* the least of its paths; UNKNOWN */
	bool is_mute; /* it answered none of the probes end to end */
	uint32_t e2e_rtt_us; /* median of them; UNKNOWN */
};

/* A target that the run has told of. */
struct seen_target {
	const char *group; /* borrowed until the end of the run */
	bool is_decided;
};

struct cp_watch_observer {
	struct cp_change *change; /* borrowed */
	/* of the run */
	bool is_begun, has_ended; /* a run; any run before */
	bool e2e_doubtful; /* this host lost some of the probes end to end */
	struct seen_target *targets;
	size_t n_targets, cap_targets;
	/* of the target at hand */
	struct texts steps;
	struct seen_path *paths;
	size_t n_paths, cap_paths;
	struct seen_dest *dests;
	size_t n_dests, cap_dests;
	uint64_t n_sent, n_received; /* end to end */
	bool doubtful;
	enum cp_confidence confidence;
};

/* ---- Paths and destinations ---- */

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
	if (cp_grow(&texts->at, &texts->n_cap, texts->n, sizeof(*texts->at)))
		return -ENOMEM;
	memcpy(texts->bytes + texts->len, step, len);
	texts->at[texts->n++] = texts->len;
	texts->len += len;
	return 0;
}

static int add_dest(struct cp_watch_observer *observer, const struct cp_rec_path *rec)
{
	const struct cp_quality_stats *e2e = rec->e2e;
	struct seen_dest *dest;

	if (cp_grow(&observer->dests, &observer->cap_dests, observer->n_dests, sizeof(*observer->dests)))
		return -ENOMEM;
	dest = &observer->dests[observer->n_dests++];
	*dest = (struct seen_dest){.addr = rec->dest, .rtt_us = UNKNOWN, .e2e_rtt_us = UNKNOWN};
	if (!e2e)
		return 0;
	observer->n_sent += e2e->n_sent;
	observer->n_received += e2e->n_received;
	dest->is_mute = e2e->n_sent && !e2e->n_received;
	if (e2e->n_rtts)
		dest->e2e_rtt_us = e2e->rtt_p50_us;
	return 0;
}

/* The paths of a destination come one after the other. */
static int take_dest(struct cp_watch_observer *observer, const struct cp_rec_path *rec)
{
	const struct cp_path *path = rec->path;
	const struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;
	struct seen_dest *dest;

	if (observer->n_dests == 0 || !cp_addr_eq(&observer->dests[observer->n_dests - 1].addr, &rec->dest)) {
		int rc = add_dest(observer, rec);

		if (rc)
			return rc;
	}
	dest = &observer->dests[observer->n_dests - 1];
	if (path->reached && last && cp_addr_eq(&last->addr, &rec->dest) && last->rtt_us < dest->rtt_us)
		dest->rtt_us = last->rtt_us;
	return 0;
}

static int take_path(void *state, const struct cp_rec_path *rec)
{
	const uint32_t doubts = 1u << CP_WHY_INTERRUPTED | 1u << CP_WHY_REPLIES_LOST | 1u << CP_WHY_ROUTE_CHANGED;
	const struct cp_judgement *judgement = rec->judgement;
	struct cp_watch_observer *observer = state;
	struct seen_path *path;
	char step[STEP_MAX];
	int rc = cp_grow(&observer->paths, &observer->cap_paths, observer->n_paths, sizeof(*observer->paths));

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
	return rc ? rc : take_dest(observer, rec);
}

/*
 * Many probes say more of a round trip than one hop's answer. Where all of them are lost the hop's is no substitute:
 * the two are not the same number.
 */
static uint32_t rtt_of(const struct seen_dest *dest)
{
	return dest->e2e_rtt_us != UNKNOWN || dest->is_mute ? dest->e2e_rtt_us : dest->rtt_us;
}

static int compare_rtts(const void *a, const void *b)
{
	uint32_t x = rtt_of(a), y = rtt_of(b);

	return (x > y) - (x < y);
}

/* Median of the destinations that answered; unknown ones are behind them. */
static bool median_rtt(struct cp_watch_observer *observer, uint32_t *ret_rtt_us)
{
	size_t n = 0;

	if (observer->n_dests)
		qsort(observer->dests, observer->n_dests, sizeof(*observer->dests), compare_rtts);
	while (n < observer->n_dests && rtt_of(&observer->dests[n]) != UNKNOWN)
		n++;
	if (n == 0)
		return false;
	*ret_rtt_us = rtt_of(&observer->dests[(n - 1) / 2]);
	return true;
}

static void fill_loss(const struct cp_watch_observer *observer, struct cp_change_target *target)
{
	uint64_t n_sent = observer->n_sent, n_lost = n_sent - observer->n_received;

	if (!n_sent || observer->e2e_doubtful)
		return;
	target->has_loss = true;
	target->loss_permille = (uint32_t)((n_lost * 1000 + n_sent / 2) / n_sent);
	target->n_loss_probes = n_sent < UINT32_MAX ? (uint32_t)n_sent : UINT32_MAX;
}

/* ---- A target ---- */

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

static int make_lists(const struct cp_watch_observer *observer, const struct cp_rec_target *rec, struct lists *lists)
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

static void fill_target(struct cp_watch_observer *observer, const struct cp_rec_target *rec, struct lists *lists,
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
	fill_loss(observer, target);
}

static void forget_target(struct cp_watch_observer *observer)
{
	observer->steps.len = observer->steps.n = 0;
	observer->n_paths = 0;
	observer->n_dests = 0;
	observer->n_sent = observer->n_received = 0;
	observer->doubtful = false;
}

static int note_target(struct cp_watch_observer *observer, const struct cp_rec_target *rec)
{
	if (cp_grow(&observer->targets, &observer->cap_targets, observer->n_targets, sizeof(*observer->targets)))
		return -ENOMEM;
	observer->targets[observer->n_targets++] = (struct seen_target){
	        .group = rec->target->group,
	        .is_decided = rec->n_dests && rec->verdict != CP_UNDECIDED,
	};
	return 0;
}

static int take_target(void *state, const struct cp_rec_target *rec)
{
	struct cp_watch_observer *observer = state;
	struct cp_change_target target;
	struct lists lists = {0};
	int rc = make_lists(observer, rec, &lists);

	rc = rc ? rc : note_target(observer, rec);
	if (rc == 0) {
		fill_target(observer, rec, &lists, &target);
		/* Too many targets, or a name without end: that one is not watched (cp_change_stats() counts). */
		if (cp_change_target(observer->change, &target) == -ENOMEM)
			rc = -ENOMEM;
	}
	free_lists(&lists);
	forget_target(observer);
	return rc;
}

/* ---- A run ---- */

static int take_start(void *state, const struct cp_rec_start *rec)
{
	struct cp_watch_observer *observer = state;

	forget_target(observer);
	cp_change_begin(observer->change, rec->wall_ms, rec->wall_ms);
	observer->is_begun = true;
	observer->e2e_doubtful = false;
	observer->n_targets = 0;
	return 0;
}

/* It comes before the targets. */
static int take_warning(void *state, const struct cp_rec_warning *rec)
{
	struct cp_watch_observer *observer = state;

	observer->e2e_doubtful |= strcmp(rec->code, "e2e-doubtful") == 0;
	return 0;
}

static int take_summary(void *state, const struct cp_rec_summary *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

static const char *group_of(const struct seen_target *target)
{
	return target->group ? target->group : "";
}

static int compare_groups(const void *a, const void *b)
{
	return strcmp(group_of(a), group_of(b));
}

/* The share of the targets from `first` on, n of them, that are decided. */
static uint32_t decided_permille(const struct cp_watch_observer *observer, size_t first, size_t n)
{
	uint64_t n_decided = 0;

	for (size_t i = first; i < first + n; i++)
		n_decided += observer->targets[i].is_decided;
	return n ? (uint32_t)(n_decided * 1000 / n) : UNKNOWN;
}

/* What is of no group is of the run only. -ENOMEM; a group too many is not watched (cp_change_stats() counts). */
static int observe_coverage(struct cp_watch_observer *observer)
{
	size_t n_all = observer->n_targets, first = 0, n;
	int rc;

	if (n_all)
		qsort(observer->targets, n_all, sizeof(*observer->targets), compare_groups);
	rc = cp_change_coverage(observer->change, NULL, decided_permille(observer, 0, n_all));
	for (; first < n_all && rc != -ENOMEM; first += n) {
		const char *group = group_of(&observer->targets[first]);

		for (n = 1; first + n < n_all && strcmp(group, group_of(&observer->targets[first + n])) == 0; n++)
			;
		if (*group)
			rc = cp_change_coverage(observer->change, group, decided_permille(observer, first, n));
	}
	return rc == -ENOMEM ? rc : 0;
}

static int take_end(void *state, const struct cp_rec_end *rec)
{
	struct cp_watch_observer *observer = state;
	int rc = 0;

	if (!observer->is_begun)
		return 0;
	/* A run that was cut short has less of everything. */
	if (strcmp(rec->reason, "done") == 0)
		rc = observe_coverage(observer);
	cp_change_end(observer->change);
	observer->is_begun = false;
	observer->has_ended = true;
	return rc;
}

static const struct cp_format observe_format = {
        .name = "detection of changes",
        .start = take_start,
        .target = take_target,
        .path = take_path,
        .warning = take_warning,
        .summary = take_summary,
        .end = take_end,
};

struct cp_hook cp_watch_observer_hook(struct cp_watch_observer *observer)
{
	return (struct cp_hook){.format = &observe_format, .state = observer};
}

bool cp_watch_observer_has_run(const struct cp_watch_observer *observer)
{
	return observer->has_ended;
}

int cp_watch_observer_new(struct cp_change *change, struct cp_watch_observer **ret_observer)
{
	struct cp_watch_observer *observer = calloc(1, sizeof(*observer));

	if (!observer)
		return -ENOMEM;
	observer->change = change;
	*ret_observer = observer;
	return 0;
}

void cp_watch_observer_free(struct cp_watch_observer *observer)
{
	if (!observer)
		return;
	free(observer->targets);
	free(observer->steps.bytes);
	free(observer->steps.at);
	free(observer->paths);
	free(observer->dests);
	free(observer);
}
