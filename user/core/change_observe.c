// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * change_observe.c: one observation of a target, taken apart by kind of
 * change, and the events that come of it. Must not know what was before, which
 * is with verdict tracks, levels and sets.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "change_impl.h"

/* ---- Events ---- */

struct outcome {
	enum cp_change_kind kind;
	enum cp_step step;
	enum cp_change_severity severity; /* of what is confirmed now */
	uint64_t first_ms, last_ms;
	const char *old_text, *new_text;
};

static bool is_muted(const struct cp_change *change, const struct cp_watched *watched)
{
	const char *target = watched->is_scope ? NULL : watched->name;
	const char *group = watched->is_scope ? watched->name : watched->group;

	for (size_t i = 0; i < change->config.n_mutes; i++) {
		if (cp_mute_holds(&change->mutes[i], change->at_ms, target, group))
			return true;
	}
	return false;
}

/* What ends is told to whom it was told that it began. */
static void tell(struct cp_change *change, struct cp_watched *watched, const struct outcome *outcome)
{
	struct cp_alarm *alarm = &watched->alarms[outcome->kind];
	struct cp_change_event event;

	if (outcome->step == CP_STEP_NOTHING)
		return;
	if (outcome->step == CP_STEP_FIRED) {
		alarm->muted = is_muted(change, watched);
		alarm->severity = (uint8_t)outcome->severity;
	}
	event = cp_watched_event(watched, outcome->kind);
	event.state = outcome->step == CP_STEP_FIRED  ? CP_CHANGE_CHANGED
	              : outcome->step == CP_STEP_OVER ? CP_CHANGE_RECOVERED
	                                              : CP_CHANGE_SETTLED;
	event.seq = ++change->n_events;
	event.run = change->run;
	event.at_ms = change->at_ms;
	event.first_seen_ms = outcome->first_ms;
	event.last_seen_ms = outcome->last_ms > outcome->first_ms ? outcome->last_ms : outcome->first_ms;
	event.old_text = outcome->old_text;
	event.new_text = outcome->new_text;
	change->n_muted += event.muted;
	if (outcome->step == CP_STEP_FIRED) {
		cp_alarm_tell(alarm, &event);
	} else {
		free(alarm->told);
		alarm->told = NULL;
	}
	if (change->cb)
		change->cb(change->ctx, &event);
}

/* ---- Verdict ---- */

static unsigned times(const struct cp_verdict_track *track, unsigned m, enum cp_verdict verdict)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m && i < track->n; i++)
		n += (track->ring >> 4 * i & 15) == verdict;
	return n;
}

static enum cp_change_severity verdict_severity(int8_t before, enum cp_verdict now, enum cp_confidence confidence)
{
	enum cp_change_severity severity = CP_SEVERITY_WARNING;

	if ((int)now < before)
		return CP_SEVERITY_INFO;
	if (now == CP_TRANSIT || now == CP_DETOUR)
		severity = CP_SEVERITY_CRITICAL;
	return confidence == CP_CONF_LOW ? severity - 1 : severity;
}

static enum cp_step verdict_step(struct cp_verdict_track *track, const struct cp_change_rule *rule,
        enum cp_verdict verdict, uint64_t at_ms, int8_t *ret_before)
{
	*ret_before = track->now;
	if ((int)verdict != track->now && times(track, rule->m - 1u, verdict) == 0)
		track->first_ms[verdict] = at_ms;
	track->ring = track->ring << 4 | verdict;
	if (track->n < CP_CHANGE_WINDOW_MAX)
		track->n++;
	if (track->now != track->usual && track->n_active < UINT16_MAX)
		track->n_active++;
	if (track->usual < 0) {
		if (times(track, rule->m, verdict) >= rule->n)
			track->usual = track->now = (int8_t)verdict;
		return CP_STEP_NOTHING;
	}
	if ((int)verdict == track->now) {
		track->last_ms = at_ms;
		if (track->now == track->usual || !rule->n_settle || track->n_active < rule->n_settle)
			return CP_STEP_NOTHING;
		track->usual = track->now;
		return CP_STEP_SETTLED;
	}
	if (times(track, rule->m, verdict) < ((int)verdict == track->usual ? rule->m : rule->n))
		return CP_STEP_NOTHING;
	if (track->now == track->usual)
		track->n_active = 0;
	track->now = (int8_t)verdict;
	if ((int)verdict == track->usual)
		return CP_STEP_OVER;
	track->last_ms = at_ms;
	return CP_STEP_FIRED;
}

static void observe_verdict(struct cp_change *change, struct cp_watched *watched, const struct cp_change_target *target)
{
	struct cp_verdict_track *track = &watched->verdict;
	const struct cp_change_rule *rule = &change->config.rules[CP_CHANGE_VERDICT];
	struct outcome outcome = {.kind = CP_CHANGE_VERDICT};
	int8_t before, usual = track->usual;

	if (rule->off || !target->has_verdict || target->doubtful || target->verdict == CP_UNDECIDED)
		return;
	outcome.step = verdict_step(track, rule, target->verdict, change->at_ms, &before);
	if (outcome.step == CP_STEP_NOTHING)
		return;
	if (outcome.step == CP_STEP_SETTLED)
		before = usual;
	outcome.severity = verdict_severity(before, target->verdict, target->confidence);
	outcome.first_ms = track->first_ms[outcome.step == CP_STEP_OVER ? before : (int8_t)target->verdict];
	outcome.last_ms = track->last_ms;
	outcome.old_text = cp_verdict_name((enum cp_verdict)before);
	outcome.new_text = cp_verdict_name(target->verdict);
	tell(change, watched, &outcome);
}

/* ---- Levels ---- */

static void say_level(enum cp_level_kind kind, uint32_t value, char text[32])
{
	if (kind == CP_LEVEL_RTT)
		snprintf(text, 32, "%u.%03u ms", value / 1000, value % 1000);
	else
		snprintf(text, 32, "%u.%u %%", value / 10, value % 10);
}

static struct cp_level_limits limits_of(const struct cp_change_config *config, enum cp_level_kind kind)
{
	struct cp_level_limits limits = {.n_min = config->n_level_min, .mad_factor = config->mad_factor};

	if (kind == CP_LEVEL_RTT) {
		limits.up = limits.down = true;
		limits.absolute = config->rtt_abs_us;
		limits.pct = config->rtt_pct;
	} else {
		limits.up = kind == CP_LEVEL_LOSS;
		limits.down = kind == CP_LEVEL_COVERAGE;
		limits.absolute = kind == CP_LEVEL_LOSS ? config->loss_abs_permille : config->coverage_abs_permille;
	}
	return limits;
}

/* n_probes: that the value comes from; 0: not known. One of several may be lost by chance, however few they are. */
static void observe_level(struct cp_change *change, struct cp_watched *watched, enum cp_level_kind kind, uint32_t value,
        uint32_t n_probes)
{
	static const enum cp_change_kind kinds[CP_LEVELS] = {CP_CHANGE_RTT, CP_CHANGE_LOSS, CP_CHANGE_COVERAGE};
	const struct cp_change_rule *rule = &change->config.rules[kinds[kind]];
	struct cp_level_limits limits = limits_of(&change->config, kind);
	uint32_t one_permille = n_probes > 1 ? (999 + n_probes) / n_probes : 0;
	struct cp_level *level = &watched->levels[kind];
	struct outcome outcome = {.kind = kinds[kind]};
	uint32_t usual = 0, was = level->value;
	char old_text[32], new_text[32];

	if (rule->off)
		return;
	if (limits.absolute < one_permille)
		limits.absolute = one_permille;
	outcome.step = cp_level_step(level, &limits, rule, value, change->at_ms, &usual);
	say_level(kind, outcome.step == CP_STEP_OVER ? was : usual, old_text);
	say_level(kind, value, new_text);
	outcome.severity = kind == CP_LEVEL_RTT && value < usual ? CP_SEVERITY_INFO : CP_SEVERITY_WARNING;
	outcome.first_ms = level->first_ms;
	outcome.last_ms = level->last_ms;
	outcome.old_text = old_text;
	outcome.new_text = new_text;
	tell(change, watched, &outcome);
}

/* ---- Sets ---- */

/* The texts of one set in one run. */
struct texts {
	char **items;
	size_t n, cap;
};

static void free_texts(struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->items[i]);
	free(texts->items);
}

#define TEXTS_MAX 64 /* of one run; more are not told apart anyway */

/* Takes text over; one that is there already is dropped. 0 or -ENOMEM. */
static int take(struct texts *texts, char *text)
{
	char **items;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->items[i], text) == 0) {
			free(text);
			return 0;
		}
	}
	if (texts->n == TEXTS_MAX) {
		free(text);
		return 0;
	}
	if (texts->n == texts->cap) {
		items = reallocarray(texts->items, texts->cap + 8, sizeof(char *));
		if (!items) {
			free(text);
			return -ENOMEM;
		}
		texts->items = items;
		texts->cap += 8;
	}
	texts->items[texts->n++] = text;
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int observe_set(struct cp_change *change, struct cp_watched *watched, enum cp_set_kind kind, struct texts *texts,
        bool is_complete)
{
	const struct cp_set_traits *traits = &cp_set_traits[kind];
	struct cp_set_input input = {.texts = (const char *const *)texts->items,
	        .n = texts->n,
	        .is_complete = is_complete,
	        .at_ms = change->at_ms};
	struct cp_set_outcome *outcomes = calloc(2, sizeof(*outcomes));
	int rc;

	if (!outcomes)
		return -ENOMEM;
	if (texts->n)
		qsort(texts->items, texts->n, sizeof(char *), compare_texts);
	rc = cp_set_step(&watched->sets[kind], traits, &change->config, &input, &outcomes[0], &outcomes[1]);
	for (int i = 0; i < 2; i++) {
		struct outcome outcome = {.kind = i ? traits->kind_gone : traits->kind_new,
		        .step = outcomes[i].step,
		        .severity = CP_SEVERITY_WARNING,
		        .first_ms = outcomes[i].first_ms,
		        .last_ms = outcomes[i].last_ms,
		        .old_text = outcomes[i].old_text,
		        .new_text = outcomes[i].new_text};

		if (outcome.kind == CP_CHANGE_CNAME || outcome.kind == CP_CHANGE_DNS)
			outcome.severity = CP_SEVERITY_INFO;
		if (outcome.step != CP_STEP_NOTHING && !change->config.rules[outcome.kind].off)
			tell(change, watched, &outcome);
	}
	free(outcomes);
	return rc;
}

static int observe_exits(struct cp_change *change, struct cp_watched *watched, const struct cp_change_target *target)
{
	struct texts texts = {0};
	int rc = 0;

	for (size_t i = 0; i < target->n_exits && rc == 0; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", target->exits[i].asn);
		rc = take(&texts, strdup(text));
	}
	if (rc == 0)
		rc = observe_set(change, watched, CP_SET_EXITS, &texts, target->has_exits);
	free_texts(&texts);
	return rc;
}

/* Appends a part. Returns false when it does not fit. */
static bool append_part(char text[CP_TEXT_MAX + 1], size_t *len, const char *part)
{
	size_t n = strlen(part);

	if (*len + n + 1 > CP_TEXT_MAX)
		return false;
	if (*len)
		text[(*len)++] = CP_PART;
	for (size_t i = 0; i < n; i++)
		text[(*len)++] = part[i] == CP_PART ? '?' : part[i];
	text[*len] = '\0';
	return true;
}

static bool is_silent(const char *step)
{
	return strcmp(step, "*") == 0 || strcmp(step, "?") == 0 || strcmp(step, "private") == 0;
}

/*
 * What of a path can be compared: what is nobody's counts as silence, and silence between two hops of one AS is that
 * AS. False: nobody answered.
 */
static bool say_path(const struct cp_change_path *path, char text[CP_TEXT_MAX + 1])
{
	const char *last = NULL;
	bool owed = false;
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < path->n_steps; i++) {
		const char *step = path->steps[i];

		if (is_silent(step)) {
			owed = true;
			continue;
		}
		if (!last || strcmp(step, last) != 0) {
			if ((owed && !append_part(text, &len, "*")) || !append_part(text, &len, step))
				break;
		}
		owed = false;
		last = step;
	}
	if (last && (owed || !path->reached))
		append_part(text, &len, "*");
	return last != NULL;
}

static int observe_paths(struct cp_change *change, struct cp_watched *watched, const struct cp_change_target *target)
{
	char text[CP_TEXT_MAX + 1];
	struct texts texts = {0};
	int rc = 0;

	for (size_t i = 0; i < target->n_paths && rc == 0; i++) {
		if (say_path(&target->paths[i], text))
			rc = take(&texts, strdup(text));
	}
	if (rc == 0 && texts.n)
		rc = observe_set(change, watched, CP_SET_PATHS, &texts, true);
	free_texts(&texts);
	return rc;
}

/* "198.18.0.0/24": the address with all bits behind the prefix cleared. */
static void say_prefix(const struct cp_change_answer *answer, char *text, size_t size)
{
	bool is_v4 = cp_addr_is_v4(&answer->addr);
	unsigned len = answer->prefix_len ? answer->prefix_len : is_v4 ? 24 : 48;
	char plain[CP_ADDR_STRLEN], prefix[CP_ADDR_STRLEN + 8];
	struct cp_addr first, last;

	if (len > (is_v4 ? 32u : 128u))
		len = is_v4 ? 32 : 128;
	snprintf(prefix, sizeof(prefix), "%s/%u", cp_addr_format(&answer->addr, plain), len);
	if (cp_addr_parse_prefix(prefix, &first, &last) < 0)
		first = answer->addr;
	snprintf(text, size, "%s/%u", cp_addr_format(&first, plain), len);
}

static int observe_dns(struct cp_change *change, struct cp_watched *watched, const struct cp_change_target *target)
{
	enum cp_change_dns_by by = change->config.dns_by;
	struct texts texts = {0};
	int rc = target->n_answers ? 0 : take(&texts, strdup("no address"));

	for (size_t i = 0; i < target->n_answers && rc == 0; i++) {
		const struct cp_change_answer *answer = &target->answers[i];
		char text[CP_ADDR_STRLEN + 8];

		if (by == CP_CHANGE_DNS_ADDRESS)
			cp_addr_format(&answer->addr, text);
		else if (by == CP_CHANGE_DNS_AS && answer->asn)
			snprintf(text, sizeof(text), "AS%u", answer->asn);
		else
			say_prefix(answer, text, sizeof(text));
		rc = take(&texts, strdup(text));
	}
	if (rc == 0)
		rc = observe_set(change, watched, CP_SET_DNS, &texts, true);
	free_texts(&texts);
	return rc;
}

static int observe_cname(struct cp_change *change, struct cp_watched *watched, const struct cp_change_target *target)
{
	char text[CP_TEXT_MAX + 1] = "";
	struct texts texts = {0};
	size_t len = 0;
	int rc;

	for (size_t i = 0; i < target->n_cname; i++) {
		if (!append_part(text, &len, target->cname[i]))
			break;
	}
	rc = take(&texts, strdup(len ? text : "no alias"));
	if (rc == 0)
		rc = observe_set(change, watched, CP_SET_CNAME, &texts, true);
	free_texts(&texts);
	return rc;
}

/* ---- A target, a scope ---- */

static bool paths_count(const struct cp_change_config *config, const struct cp_change_target *target)
{
	return !target->doubtful &&
	       !(target->has_coverage && target->coverage_permille < config->min_coverage_permille);
}

static int observe_sets(struct cp_change *change, struct cp_watched *watched, const struct cp_change_target *target)
{
	const struct cp_change_rule *rules = change->config.rules;
	bool exits_on = !rules[CP_CHANGE_EXIT_NEW].off || !rules[CP_CHANGE_EXIT_GONE].off;
	int rc = 0, one;

	if (exits_on && paths_count(&change->config, target) && (target->has_exits || target->n_exits))
		rc = observe_exits(change, watched, target);
	if (!rules[CP_CHANGE_AS_PATH].off && paths_count(&change->config, target)) {
		one = observe_paths(change, watched, target);
		rc = rc ? rc : one;
	}
	if (!rules[CP_CHANGE_DNS].off && target->has_dns) {
		one = observe_dns(change, watched, target);
		rc = rc ? rc : one;
	}
	if (!rules[CP_CHANGE_CNAME].off && target->has_dns) {
		one = observe_cname(change, watched, target);
		rc = rc ? rc : one;
	}
	return rc;
}

static int find(struct cp_change *change, const struct cp_watched *key, struct cp_watched **ret_watched)
{
	int rc;

	if (strlen(key->name) > CP_NAME_BYTES || strlen(key->group) > CP_NAME_BYTES)
		return -EINVAL;
	rc = cp_change_find(change, key, ret_watched);
	if (rc == -ENOSPC)
		change->n_untracked++;
	if (rc == 0)
		(*ret_watched)->last_run = change->n_runs;
	return rc;
}

int cp_change_target(struct cp_change *change, const struct cp_change_target *target)
{
	struct cp_watched key = {.name = (char *)target->name,
	        .group = (char *)(target->group ? target->group : ""),
	        .port = target->port,
	        .proto = target->proto};
	struct cp_watched *watched;
	int rc = find(change, &key, &watched);

	if (rc < 0)
		return rc;
	observe_verdict(change, watched, target);
	if (target->has_rtt)
		observe_level(change, watched, CP_LEVEL_RTT, target->rtt_us, 0);
	if (target->has_loss && !target->doubtful)
		observe_level(change, watched, CP_LEVEL_LOSS, target->loss_permille, target->n_loss_probes);
	return observe_sets(change, watched, target);
}

int cp_change_coverage(struct cp_change *change, const char *group, uint32_t permille)
{
	struct cp_watched key = {.is_scope = true, .name = (char *)(group ? group : ""), .group = (char *)""};
	struct cp_watched *watched;
	int rc = find(change, &key, &watched);

	if (rc == 0 && permille != CP_CHANGE_UNKNOWN)
		observe_level(change, watched, CP_LEVEL_COVERAGE, permille, 0);
	return rc;
}
