// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * change.c: the detector: who is watched, its configuration, and what becomes
 * an event. Must not know how a state is confirmed (change_observe.c and those
 * below it) nor how it is kept (change_state.c).
 */
#include "change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "change_impl.h"

static const char *const kind_names[CP_CHANGE_KINDS] = {
        [CP_CHANGE_VERDICT] = "verdict",
        [CP_CHANGE_EXIT_NEW] = "exit-as-new",
        [CP_CHANGE_EXIT_GONE] = "exit-as-gone",
        [CP_CHANGE_AS_PATH] = "as-path",
        [CP_CHANGE_RTT] = "rtt",
        [CP_CHANGE_LOSS] = "loss",
        [CP_CHANGE_COVERAGE] = "coverage",
        [CP_CHANGE_DNS] = "dns",
        [CP_CHANGE_CNAME] = "cname",
};

const char *cp_change_kind_name(enum cp_change_kind kind)
{
	return kind_names[kind];
}

int cp_change_kind_parse(const char *name, enum cp_change_kind *ret_kind)
{
	for (int i = 0; i < CP_CHANGE_KINDS; i++) {
		if (strcmp(name, kind_names[i]) == 0) {
			*ret_kind = (enum cp_change_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *cp_change_state_name(enum cp_change_state state)
{
	static const char *const names[] = {"changed", "recovered", "settled"};

	return names[state];
}

const char *cp_change_severity_name(enum cp_change_severity severity)
{
	static const char *const names[] = {"info", "warning", "critical"};

	return names[severity];
}

/* ---- Configuration ---- */

struct cp_change_config cp_change_defaults(void)
{
	struct cp_change_config config = {
	        .n_learn = 3,
	        .n_learn_dns = 24,
	        .n_level_min = 8,
	        .rtt_abs_us = 5000,
	        .rtt_pct = 25,
	        .loss_abs_permille = 50,
	        .coverage_abs_permille = 100,
	        .mad_factor = 6,
	        .min_coverage_permille = 500,
	        .dns_by = CP_CHANGE_DNS_AS,
	        .n_forget = 1000,
	        .n_targets_max = 100000,
	};

	for (int i = 0; i < CP_CHANGE_KINDS; i++)
		config.rules[i] = (struct cp_change_rule){.n = 2, .m = 3, .n_settle = 288};
	config.rules[CP_CHANGE_VERDICT].n_settle = 0; /* nobody gets used to a path that leaves home */
	config.rules[CP_CHANGE_COVERAGE].n_settle = 0;
	return config;
}

static int check(const struct cp_change_config *config, struct cp_err *err)
{
	for (int i = 0; i < CP_CHANGE_KINDS; i++) {
		const struct cp_change_rule *rule = &config->rules[i];

		if (rule->n < 1 || rule->n > rule->m || rule->m > CP_CHANGE_WINDOW_MAX)
			return cp_err_set(err, -EINVAL,
			        "change %s: cannot be confirmed by %u of %u runs; write 1 to %d of %d", kind_names[i],
			        rule->n, rule->m, CP_CHANGE_WINDOW_MAX, CP_CHANGE_WINDOW_MAX);
		if (rule->n_settle && rule->n_settle < rule->m)
			return cp_err_set(err, -EINVAL, "change %s: cannot settle after %u runs, before %u can end it",
			        kind_names[i], rule->n_settle, rule->m);
	}
	if (config->n_level_min < 2 || config->n_level_min > CP_LEVEL_MAX)
		return cp_err_set(err, -EINVAL, "change: a median of %u values; write 2 to %d", config->n_level_min,
		        CP_LEVEL_MAX);
	if (config->n_targets_max < 1 || config->n_forget < 1)
		return cp_err_set(err, -EINVAL, "change: wants room for one target at least, and one run to forget it");
	return 0;
}

int cp_change_new(const struct cp_change_config *config, cp_change_cb cb, void *ctx, struct cp_change **ret_change,
        struct cp_err *err)
{
	struct cp_change *change;
	int rc = check(config, err);

	if (rc < 0)
		return rc;
	change = calloc(1, sizeof(*change));
	if (!change)
		return cp_err_set(err, -ENOMEM, "change: out of memory");
	change->config = *config;
	change->cb = cb;
	change->ctx = ctx;
	if (config->n_mutes) {
		change->mutes = calloc(config->n_mutes, sizeof(change->mutes[0]));
		if (!change->mutes) {
			cp_change_free(change);
			return cp_err_set(err, -ENOMEM, "change: out of memory");
		}
		memcpy(change->mutes, config->mutes, config->n_mutes * sizeof(change->mutes[0]));
	}
	change->config.mutes = change->mutes;
	*ret_change = change;
	return 0;
}

void cp_watched_free(struct cp_watched *watched)
{
	if (!watched)
		return;
	for (int i = 0; i < CP_SETS; i++)
		cp_set_free(&watched->sets[i]);
	for (int i = 0; i < CP_CHANGE_KINDS; i++)
		free(watched->alarms[i].told);
	free(watched->name);
	free(watched->group);
	free(watched);
}

void cp_change_free(struct cp_change *change)
{
	if (!change)
		return;
	for (uint32_t i = 0; i < change->cap; i++)
		cp_watched_free(change->table[i]);
	free(change->table);
	free(change->mutes);
	free(change);
}

/* ---- Who is watched ---- */

/* FNV-1a. */
static uint64_t hash_of(const struct cp_watched *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *c = key->name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	hash = (hash ^ key->port) * UINT64_C(0x100000001b3);
	hash = (hash ^ key->proto) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32 ^ key->is_scope;
}

static bool is_same(const struct cp_watched *a, const struct cp_watched *b)
{
	return a->is_scope == b->is_scope && a->port == b->port && a->proto == b->proto &&
	       strcmp(a->name, b->name) == 0;
}

/* Where it is, or would be. The table has a free place. */
static struct cp_watched **place_of(struct cp_watched **table, uint32_t cap, const struct cp_watched *key)
{
	uint32_t at = (uint32_t)hash_of(key) & (cap - 1);

	while (table[at] && !is_same(table[at], key))
		at = (at + 1) & (cap - 1);
	return &table[at];
}

/* Moves all into a table of another size. */
static int resize(struct cp_change *change, uint32_t cap)
{
	struct cp_watched **table = calloc(cap, sizeof(struct cp_watched *));

	if (!table)
		return -ENOMEM;
	for (uint32_t i = 0; i < change->cap; i++) {
		if (change->table[i])
			*place_of(table, cap, change->table[i]) = change->table[i];
	}
	free(change->table);
	change->table = table;
	change->cap = cap;
	return 0;
}

static int add(struct cp_change *change, const struct cp_watched *key, struct cp_watched **ret_watched)
{
	struct cp_watched *watched;

	if (change->n >= change->config.n_targets_max)
		return -ENOSPC;
	if (change->n + 1 > change->cap / 2 && resize(change, change->cap ? change->cap * 2 : 64) < 0)
		return -ENOMEM;
	watched = calloc(1, sizeof(*watched));
	if (!watched)
		return -ENOMEM;
	watched->is_scope = key->is_scope;
	watched->port = key->port;
	watched->proto = key->proto;
	watched->name = strdup(key->name);
	watched->group = strdup(key->group);
	watched->verdict.usual = watched->verdict.now = -1;
	if (!watched->name || !watched->group) {
		cp_watched_free(watched);
		return -ENOMEM;
	}
	*place_of(change->table, change->cap, key) = watched;
	change->n++;
	*ret_watched = watched;
	return 0;
}

int cp_change_find(struct cp_change *change, const struct cp_watched *key, struct cp_watched **ret_watched)
{
	struct cp_watched *watched = change->cap ? *place_of(change->table, change->cap, key) : NULL;
	int rc = watched ? 0 : add(change, key, &watched);
	char *group;

	if (rc < 0)
		return rc;
	if (strcmp(watched->group, key->group) != 0) {
		group = strdup(key->group);
		if (!group)
			return -ENOMEM;
		free(watched->group);
		watched->group = group;
	}
	*ret_watched = watched;
	return 0;
}

bool cp_watched_active(const struct cp_watched *watched, enum cp_change_kind kind)
{
	switch (kind) {
	case CP_CHANGE_VERDICT:
		return watched->verdict.now != watched->verdict.usual;
	case CP_CHANGE_EXIT_NEW:
		return cp_set_has(&watched->sets[CP_SET_EXITS], CP_ENTRY_NEW);
	case CP_CHANGE_EXIT_GONE:
		return cp_set_has(&watched->sets[CP_SET_EXITS], CP_ENTRY_GONE);
	case CP_CHANGE_AS_PATH:
		return cp_set_has(&watched->sets[CP_SET_PATHS], CP_ENTRY_NEW);
	case CP_CHANGE_RTT:
		return watched->levels[CP_LEVEL_RTT].active;
	case CP_CHANGE_LOSS:
		return watched->levels[CP_LEVEL_LOSS].active;
	case CP_CHANGE_COVERAGE:
		return watched->levels[CP_LEVEL_COVERAGE].active;
	case CP_CHANGE_DNS:
		return cp_set_has(&watched->sets[CP_SET_DNS], CP_ENTRY_NEW | CP_ENTRY_GONE);
	case CP_CHANGE_CNAME:
		return cp_set_has(&watched->sets[CP_SET_CNAME], CP_ENTRY_NEW);
	case CP_CHANGE_KINDS:
		break;
	}
	return false;
}

/* ---- What lasts ---- */

void cp_alarm_tell(struct cp_alarm *alarm, const struct cp_change_event *event)
{
	size_t n_old = strlen(event->old_text) + 1, n_new = strlen(event->new_text) + 1;
	struct cp_told *told = malloc(sizeof(*told) + n_old + n_new);

	free(alarm->told);
	alarm->told = told;
	if (!told)
		return;
	*told = (struct cp_told){.run = event->run, .at_ms = event->at_ms, .first_ms = event->first_seen_ms};
	memcpy(told->texts, event->old_text, n_old);
	memcpy(told->texts + n_old, event->new_text, n_new);
	told->new_text = told->texts + n_old;
}

static bool is_ongoing(const struct cp_change *change, const struct cp_watched *watched, enum cp_change_kind kind)
{
	return !change->config.rules[kind].off && change->n_runs - watched->last_run < CP_CHANGE_WINDOW_MAX &&
	       cp_watched_active(watched, kind);
}

static uint64_t last_of_set(const struct cp_set *set)
{
	uint64_t last_ms = 0;

	for (unsigned i = 0; i < set->n; i++) {
		const struct cp_entry *entry = &set->entries[i];

		if (entry->flags & (CP_ENTRY_NEW | CP_ENTRY_GONE) && entry->last_ms > last_ms)
			last_ms = entry->last_ms;
	}
	return last_ms;
}

static uint64_t last_seen_ms(const struct cp_watched *watched, enum cp_change_kind kind)
{
	switch (kind) {
	case CP_CHANGE_VERDICT:
		return watched->verdict.last_ms;
	case CP_CHANGE_EXIT_NEW:
	case CP_CHANGE_EXIT_GONE:
		return last_of_set(&watched->sets[CP_SET_EXITS]);
	case CP_CHANGE_AS_PATH:
		return last_of_set(&watched->sets[CP_SET_PATHS]);
	case CP_CHANGE_RTT:
		return watched->levels[CP_LEVEL_RTT].last_ms;
	case CP_CHANGE_LOSS:
		return watched->levels[CP_LEVEL_LOSS].last_ms;
	case CP_CHANGE_COVERAGE:
		return watched->levels[CP_LEVEL_COVERAGE].last_ms;
	case CP_CHANGE_DNS:
		return last_of_set(&watched->sets[CP_SET_DNS]);
	case CP_CHANGE_CNAME:
		return last_of_set(&watched->sets[CP_SET_CNAME]);
	case CP_CHANGE_KINDS:
		break;
	}
	return 0;
}

struct cp_change_event cp_watched_event(const struct cp_watched *watched, enum cp_change_kind kind)
{
	const char *group = watched->is_scope ? watched->name : watched->group;

	return (struct cp_change_event){.kind = kind,
	        .severity = (enum cp_change_severity)watched->alarms[kind].severity,
	        .target = watched->is_scope ? NULL : watched->name,
	        .group = group[0] ? group : NULL,
	        .port = watched->port,
	        .proto = watched->proto,
	        .muted = watched->alarms[kind].muted};
}

static void hand_out(const struct cp_watched *watched, enum cp_change_kind kind, cp_change_cb cb, void *ctx)
{
	const struct cp_told *told = watched->alarms[kind].told;
	struct cp_change_event event = cp_watched_event(watched, kind);

	event.last_seen_ms = last_seen_ms(watched, kind);
	if (told) {
		event.run = told->run;
		event.at_ms = told->at_ms;
		event.first_seen_ms = told->first_ms;
		event.old_text = told->texts;
		event.new_text = told->new_text;
	}
	if (event.last_seen_ms < event.first_seen_ms)
		event.last_seen_ms = event.first_seen_ms;
	cb(ctx, &event);
}

void cp_change_active(const struct cp_change *change, cp_change_cb cb, void *ctx)
{
	for (uint32_t i = 0; i < change->cap; i++) {
		for (int kind = 0; change->table[i] && kind < CP_CHANGE_KINDS; kind++) {
			if (is_ongoing(change, change->table[i], (enum cp_change_kind)kind))
				hand_out(change->table[i], (enum cp_change_kind)kind, cb, ctx);
		}
	}
}

/* ---- Runs ---- */

void cp_change_begin(struct cp_change *change, uint64_t run, uint64_t at_ms)
{
	change->run = run;
	change->at_ms = at_ms;
	change->n_runs++;
}

/* Takes one out; what was put behind it for lack of room moves up, so that no hole hides it. */
static void drop(struct cp_change *change, uint32_t hole)
{
	uint32_t mask = change->cap - 1;

	cp_watched_free(change->table[hole]);
	change->n--;
	for (uint32_t at = (hole + 1) & mask; change->table[at]; at = (at + 1) & mask) {
		uint32_t home = (uint32_t)hash_of(change->table[at]) & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		change->table[hole] = change->table[at];
		hole = at;
	}
	change->table[hole] = NULL;
}

void cp_change_end(struct cp_change *change)
{
	uint32_t i = 0;

	while (i < change->cap) {
		const struct cp_watched *watched = change->table[i];

		if (watched && change->n_runs - watched->last_run >= change->config.n_forget)
			drop(change, i);
		else
			i++;
	}
}

static size_t bytes_of(const struct cp_watched *watched)
{
	size_t n = sizeof(*watched) + strlen(watched->name) + strlen(watched->group) + 2;

	for (int i = 0; i < CP_CHANGE_KINDS; i++) {
		const struct cp_told *told = watched->alarms[i].told;

		n += told ? sizeof(*told) + strlen(told->texts) + strlen(told->new_text) + 2 : 0;
	}
	for (int i = 0; i < CP_SETS; i++) {
		n += watched->sets[i].cap * sizeof(struct cp_entry);
		for (unsigned j = 0; j < watched->sets[i].n; j++)
			n += strlen(watched->sets[i].entries[j].text) + 1;
	}
	return n;
}

void cp_change_stats(const struct cp_change *change, struct cp_change_stats *ret_stats)
{
	struct cp_change_stats stats = {.n_runs = change->n_runs,
	        .n_events = change->n_events,
	        .n_muted = change->n_muted,
	        .n_untracked = change->n_untracked,
	        .n_targets = change->n,
	        .bytes = sizeof(*change) + change->cap * sizeof(change->table[0]) +
	                 change->config.n_mutes * sizeof(change->mutes[0])};

	for (uint32_t i = 0; i < change->cap; i++) {
		if (!change->table[i])
			continue;
		stats.bytes += bytes_of(change->table[i]);
		for (int kind = 0; kind < CP_CHANGE_KINDS; kind++) {
			if (!is_ongoing(change, change->table[i], (enum cp_change_kind)kind))
				continue;
			stats.n_active[kind]++;
			stats.n_active_muted[kind] += change->table[i]->alarms[kind].muted;
		}
	}
	*ret_stats = stats;
}
