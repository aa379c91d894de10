// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * change_set.c: what a target is seen with, run after run, as a small set of
 * texts: which are usual, which are new, which are gone. Must not know what a
 * text says, except that "*" may stand for any steps of a path.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "change_impl.h"

#define TIMES_TOLD_MAX 3 /* what comes and goes more often is usual */
#define KNOWN_WELL 3 /* times that something was seen before it can be missed */
#define GAP_REMEMBERED 32 /* a longer absence says nothing of how rare an entry is */

const struct cp_set_traits cp_set_traits[CP_SETS] = {
        [CP_SET_EXITS] = {CP_CHANGE_EXIT_NEW, CP_CHANGE_EXIT_GONE, false, false, 8, " ", true},
        [CP_SET_PATHS] = {CP_CHANGE_AS_PATH, CP_CHANGE_KINDS, true, false, 12, " ", false},
        [CP_SET_DNS] = {CP_CHANGE_DNS, CP_CHANGE_DNS, false, true, CP_SET_MAX, " ", true},
        [CP_SET_CNAME] = {CP_CHANGE_CNAME, CP_CHANGE_KINDS, false, true, 8, " > ", false},
};

enum presence { ABSENT = 0, SEEN, MAYBE };

/* One run of one set. */
struct round {
	struct cp_set *set;
	const struct cp_set_traits *traits;
	const struct cp_change_rule *rule_new, *rule_gone; /* rule_gone NULL: not told */
	const struct cp_set_input *input;
	uint8_t n_learn;
	bool was_active; /* before this run */
	uint8_t presence[CP_SET_MAX];
	uint8_t done[CP_SET_MAX]; /* CP_ENTRY_NEW or CP_ENTRY_GONE with ... */
	uint8_t steps[CP_SET_MAX]; /* ... what became of it: enum cp_step */
	char usual[CP_SHOWN_MAX]; /* before this run */
	char left[CP_SHOWN_MAX]; /* of that, what was not gone */
};

/* ---- Entries ---- */

void cp_set_free(struct cp_set *set)
{
	for (unsigned i = 0; i < set->n; i++)
		free(set->entries[i].text);
	free(set->entries);
	*set = (struct cp_set){0};
}

bool cp_set_has(const struct cp_set *set, uint8_t flags)
{
	for (unsigned i = 0; i < set->n; i++) {
		if (set->entries[i].flags & flags)
			return true;
	}
	return false;
}

static struct cp_entry *place(struct cp_set *set, uint8_t n_max)
{
	if (set->n == set->cap) {
		unsigned cap = set->cap ? set->cap * 2u : 2;
		struct cp_entry *entries;

		if (cap > n_max)
			cap = n_max;
		if (set->n >= cap)
			return NULL;
		entries = reallocarray(set->entries, cap, sizeof(entries[0]));
		if (!entries)
			return NULL;
		set->entries = entries;
		set->cap = (uint8_t)cap;
	}
	return &set->entries[set->n];
}

struct cp_entry *cp_set_add(struct cp_set *set, uint8_t n_max, const char *text)
{
	struct cp_entry *entry = place(set, n_max);
	char *copy = entry ? strndup(text, CP_TEXT_MAX) : NULL;

	if (!copy)
		return NULL;
	*entry = (struct cp_entry){.text = copy};
	set->n++;
	return entry;
}

static void forget(struct round *round, unsigned i)
{
	struct cp_set *set = round->set;

	free(set->entries[i].text);
	set->n--;
	memmove(&set->entries[i], &set->entries[i + 1], (set->n - i) * sizeof(set->entries[0]));
	memmove(&round->presence[i], &round->presence[i + 1], set->n - i);
	memmove(&round->done[i], &round->done[i + 1], set->n - i);
	memmove(&round->steps[i], &round->steps[i + 1], set->n - i);
}

/* Room for one more: what was not seen for longest and is not told of goes. False: all are needed. */
static bool make_room(struct round *round)
{
	struct cp_set *set = round->set;
	unsigned oldest = set->n;

	if (set->n < round->traits->n_max)
		return true;
	for (unsigned i = 0; i < set->n; i++) {
		if (round->presence[i] != ABSENT || (set->entries[i].flags & (CP_ENTRY_NEW | CP_ENTRY_GONE)))
			continue;
		if (oldest == set->n || set->entries[i].gap > set->entries[oldest].gap)
			oldest = i;
	}
	if (oldest == set->n)
		return false;
	forget(round, oldest);
	return true;
}

/* ---- Which entries this run shows ---- */

static size_t part_len(const char *s)
{
	return (size_t)(strchrnul(s, CP_PART) - s);
}

static const char *after_part(const char *s)
{
	s += part_len(s);
	return *s ? s + 1 : s;
}

static bool is_silence(const char *part)
{
	return part_len(part) == 1 && *part == '*';
}

/* As globs match, with steps for letters. In the text, silence is matched by silence only. */
static bool covers(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		size_t len = part_len(text);

		if (is_silence(pattern)) {
			star = pattern = after_part(pattern);
			again = text;
		} else if (*pattern && part_len(pattern) == len && memcmp(pattern, text, len) == 0) {
			pattern = after_part(pattern);
			text = after_part(text);
		} else if (star) {
			pattern = star;
			text = again = after_part(again);
		} else {
			return false;
		}
	}
	while (is_silence(pattern))
		pattern = after_part(pattern);
	return !*pattern;
}

static bool has_part(const char *text, const char *part, size_t len)
{
	for (; *text; text = after_part(text)) {
		if (part_len(text) == len && memcmp(text, part, len) == 0)
			return true;
	}
	return false;
}

/* Whatever answers in the text is in the other one. */
static bool adds_nothing(const char *text, const char *other)
{
	for (; *text; text = after_part(text)) {
		if (!is_silence(text) && !has_part(other, text, part_len(text)))
			return false;
	}
	return true;
}

/*
 * What silence leaves open: all entries that the text may be are neither seen nor missing. Returns true when it is one
 * of them as far as it answers, and *ret_usual when that one is usual.
 */
static bool mark_alike(struct round *round, const char *text, bool *ret_usual)
{
	bool found = false;

	for (unsigned i = 0; i < round->set->n; i++) {
		struct cp_entry *entry = &round->set->entries[i];

		if (!covers(text, entry->text) && !covers(entry->text, text))
			continue;
		if (round->presence[i] == ABSENT)
			round->presence[i] = MAYBE;
		if (!adds_nothing(text, entry->text))
			continue;
		found = true;
		*ret_usual |= entry->flags & CP_ENTRY_USUAL;
	}
	return found;
}

static int mark_text(struct round *round, const char *text)
{
	struct cp_entry *entry;
	bool is_usual = false;

	for (unsigned i = 0; i < round->set->n; i++) {
		if (strncmp(round->set->entries[i].text, text, CP_TEXT_MAX) == 0) {
			round->presence[i] = SEEN;
			return 0;
		}
	}
	if (round->traits->has_wildcards && mark_alike(round, text, &is_usual) && has_part(text, "*", 1))
		return 0;
	if (!make_room(round))
		return 0; /* the least that can be done: what is told of stays right */
	entry = cp_set_add(round->set, round->traits->n_max, text);
	if (!entry)
		return -ENOMEM;
	entry->first_ms = round->input->at_ms;
	if (round->traits->learns_rare) /* it has been missing until now */
		entry->max_gap = round->set->n_learned < GAP_REMEMBERED ? round->set->n_learned : GAP_REMEMBERED;
	if (is_usual)
		entry->flags = CP_ENTRY_USUAL;
	round->presence[round->set->n - 1] = SEEN;
	return 0;
}

/* ---- What this run does to an entry ---- */

static void remember_gap(struct cp_entry *entry)
{
	uint8_t gap = entry->gap < GAP_REMEMBERED ? entry->gap : GAP_REMEMBERED;

	if (gap > entry->max_gap)
		entry->max_gap = gap;
}

static void remember(struct round *round, struct cp_entry *entry, bool seen)
{
	entry->seen = entry->seen << 1 | seen;
	if (!seen) {
		if (entry->gap < CP_GAP_MAX)
			entry->gap++;
		return;
	}
	/* What was told as gone says so only of what comes and goes, or has been told often enough. */
	if (!(entry->flags & CP_ENTRY_GONE) || round->traits->learns_rare || entry->n_confirmed >= TIMES_TOLD_MAX)
		remember_gap(entry);
	if (entry->seen == UINT32_MAX)
		entry->max_gap = entry->n_confirmed = 0; /* steady for long enough */
	entry->gap = 0;
	if (!(entry->flags & CP_ENTRY_GONE))
		entry->last_ms = round->input->at_ms;
}

static unsigned in_window(const struct cp_entry *entry, unsigned m)
{
	return entry->seen & ((1u << m) - 1);
}

static enum cp_step judge_candidate(struct round *round, struct cp_entry *entry)
{
	const struct cp_change_rule *rule = round->rule_new;
	unsigned n = (unsigned)__builtin_popcount(in_window(entry, rule->m));

	if (!(entry->seen & 1))
		return CP_STEP_NOTHING;
	if (n == 1)
		entry->first_ms = round->input->at_ms;
	if (n < rule->n) {
		if (round->traits->learns_rare && __builtin_popcount(entry->seen) > rule->n)
			entry->flags |= CP_ENTRY_USUAL;
		return CP_STEP_NOTHING;
	}
	if (entry->n_confirmed >= TIMES_TOLD_MAX) {
		entry->flags |= CP_ENTRY_USUAL;
		return CP_STEP_NOTHING;
	}
	entry->n_confirmed++;
	entry->n_active = 0;
	entry->flags |= CP_ENTRY_NEW;
	return CP_STEP_FIRED;
}

static enum cp_step judge_new(struct round *round, struct cp_entry *entry)
{
	const struct cp_change_rule *rule = round->rule_new;

	if (entry->n_active < UINT16_MAX)
		entry->n_active++;
	if (!in_window(entry, rule->m)) {
		entry->flags &= (uint8_t)~CP_ENTRY_NEW;
		return CP_STEP_OVER;
	}
	if (rule->n_settle && entry->n_active >= rule->n_settle) {
		entry->flags = CP_ENTRY_USUAL;
		entry->max_gap = 0;
		return CP_STEP_SETTLED;
	}
	return CP_STEP_NOTHING;
}

/* Gone is what was known well and is missing for longer than it ever was, twice over. */
static enum cp_step judge_usual(struct round *round, struct cp_entry *entry)
{
	const struct cp_change_rule *rule = round->rule_gone;

	if (!rule || !entry->gap)
		return CP_STEP_NOTHING;
	if (entry->gap == 1)
		entry->first_ms = round->input->at_ms;
	if (entry->gap < rule->n + 2u * entry->max_gap || __builtin_popcount(entry->seen) < KNOWN_WELL)
		return CP_STEP_NOTHING;
	if (entry->n_confirmed < UINT8_MAX)
		entry->n_confirmed++;
	entry->n_active = 0;
	entry->last_ms = round->input->at_ms;
	entry->flags |= CP_ENTRY_GONE;
	return CP_STEP_FIRED;
}

static enum cp_step judge_gone(struct round *round, struct cp_entry *entry)
{
	const struct cp_change_rule *rule = round->rule_gone;

	if (entry->n_active < UINT16_MAX)
		entry->n_active++;
	if (!(entry->seen & 1))
		entry->last_ms = round->input->at_ms;
	if (__builtin_popcount(in_window(entry, rule->m)) >= rule->n) {
		entry->flags &= (uint8_t)~CP_ENTRY_GONE;
		return CP_STEP_OVER;
	}
	return rule->n_settle && entry->n_active >= rule->n_settle ? CP_STEP_SETTLED : CP_STEP_NOTHING;
}

static void judge(struct round *round, unsigned i)
{
	struct cp_entry *entry = &round->set->entries[i];

	if (round->presence[i] == MAYBE)
		return;
	remember(round, entry, round->presence[i] == SEEN);
	if (round->set->n_learned < round->n_learn) {
		if (round->presence[i] == SEEN)
			entry->flags |= CP_ENTRY_USUAL;
	} else if (entry->flags & CP_ENTRY_NEW) {
		round->done[i] = CP_ENTRY_NEW;
		round->steps[i] = (uint8_t)judge_new(round, entry);
	} else if (entry->flags & CP_ENTRY_GONE) {
		round->done[i] = CP_ENTRY_GONE;
		round->steps[i] = (uint8_t)judge_gone(round, entry);
	} else if (entry->flags & CP_ENTRY_USUAL) {
		round->done[i] = CP_ENTRY_GONE;
		round->steps[i] = (uint8_t)judge_usual(round, entry);
	} else {
		round->done[i] = CP_ENTRY_NEW;
		round->steps[i] = (uint8_t)judge_candidate(round, entry);
	}
}

/* What was once, or was usual long ago. A settled absence is no entry any more. */
static void tidy(struct round *round)
{
	bool is_quiet = !cp_set_has(round->set, CP_ENTRY_NEW | CP_ENTRY_GONE); /* else it is what is told as the old */

	for (unsigned i = round->set->n; i-- > 0;) {
		const struct cp_entry *entry = &round->set->entries[i];
		bool is_over = entry->flags & CP_ENTRY_GONE && round->steps[i] == CP_STEP_SETTLED;
		bool is_idle = !(entry->flags & (CP_ENTRY_NEW | CP_ENTRY_GONE));
		bool is_known = entry->flags & CP_ENTRY_USUAL || entry->n_confirmed;

		if (is_over || (is_idle && is_quiet && entry->gap >= (is_known ? CP_GAP_MAX : CP_HISTORY)))
			forget(round, i);
	}
}

/* ---- What is told of it ---- */

static void append(char text[CP_SHOWN_MAX], size_t *len, const char *s, size_t n)
{
	if (n > CP_SHOWN_MAX - 1 - *len)
		n = CP_SHOWN_MAX - 1 - *len;
	memcpy(text + *len, s, n);
	*len += n;
	text[*len] = '\0';
}

static void append_entry(const struct round *round, char text[CP_SHOWN_MAX], size_t *len, const char *entry)
{
	if (*len)
		append(text, len, round->traits->is_list ? " " : ", ", round->traits->is_list ? 1 : 2);
	for (; *entry; entry = after_part(entry)) {
		size_t n = part_len(entry);

		append(text, len, entry, n);
		if (entry[n])
			append(text, len, round->traits->separator, strlen(round->traits->separator));
	}
}

static void say_none(char text[CP_SHOWN_MAX])
{
	if (!text[0])
		memcpy(text, "none", sizeof("none"));
}

/* Those to which a step of this run happened. */
static void say_steps(const struct round *round, uint8_t flag, enum cp_step step, char text[CP_SHOWN_MAX])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < round->set->n; i++) {
		if (round->done[i] == flag && round->steps[i] == step)
			append_entry(round, text, &len, round->set->entries[i].text);
	}
	say_none(text);
}

/* Of a list all that is usual and not hidden, else what was seen most often. */
static void say_usual(const struct round *round, uint8_t hidden, char text[CP_SHOWN_MAX])
{
	const struct cp_entry *best = NULL;
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < round->set->n; i++) {
		const struct cp_entry *entry = &round->set->entries[i];

		if (!(entry->flags & CP_ENTRY_USUAL) || entry->flags & hidden)
			continue;
		if (round->traits->is_list)
			append_entry(round, text, &len, entry->text);
		else if (!best || __builtin_popcount(entry->seen) > __builtin_popcount(best->seen))
			best = entry;
	}
	if (best)
		append_entry(round, text, &len, best->text);
	say_none(text);
}

static void say_seen(const struct round *round, char text[CP_SHOWN_MAX])
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < round->input->n; i++)
		append_entry(round, text, &len, round->input->texts[i]);
	say_none(text);
}

/* Did it happen to an entry of these flags? */
static bool has_step(const struct round *round, uint8_t flags, enum cp_step step)
{
	for (unsigned i = 0; i < round->set->n; i++) {
		if (round->done[i] & flags && round->steps[i] == step)
			return true;
	}
	return false;
}

static void say(const struct round *round, uint8_t flags, enum cp_step step, struct cp_set_outcome *outcome)
{
	bool is_new = flags & CP_ENTRY_NEW && has_step(round, CP_ENTRY_NEW, step);

	if (step == CP_STEP_FIRED || step == CP_STEP_SETTLED)
		memcpy(outcome->old_text, round->usual, sizeof(round->usual));
	else if (is_new)
		say_steps(round, CP_ENTRY_NEW, step, outcome->old_text);
	else
		memcpy(outcome->old_text, round->left, sizeof(round->left));
	if (step == CP_STEP_FIRED && flags == CP_ENTRY_NEW)
		say_steps(round, CP_ENTRY_NEW, step, outcome->new_text);
	else
		say_seen(round, outcome->new_text);
}

/*
 * The step that counts for a kind: over and settled only when nothing of it is left. Of a kind that tells of both, what
 * was there before something new came goes without a further word.
 */
static enum cp_step step_of(const struct round *round, uint8_t flags)
{
	bool is_one = flags == (CP_ENTRY_NEW | CP_ENTRY_GONE);

	if (has_step(round, is_one && round->was_active ? CP_ENTRY_NEW : flags, CP_STEP_FIRED))
		return CP_STEP_FIRED;
	for (unsigned i = 0; i < round->set->n; i++) {
		if (round->set->entries[i].flags & flags && round->steps[i] != CP_STEP_SETTLED)
			return CP_STEP_NOTHING;
	}
	if (has_step(round, flags, CP_STEP_SETTLED))
		return CP_STEP_SETTLED;
	return has_step(round, flags, CP_STEP_OVER) ? CP_STEP_OVER : CP_STEP_NOTHING;
}

static void conclude(const struct round *round, uint8_t flags, struct cp_set_outcome *outcome)
{
	outcome->step = step_of(round, flags);
	outcome->first_ms = UINT64_MAX;
	outcome->last_ms = 0;
	for (unsigned i = 0; i < round->set->n; i++) {
		const struct cp_entry *entry = &round->set->entries[i];

		if (!(round->done[i] & flags) || round->steps[i] == CP_STEP_NOTHING)
			continue;
		if (entry->first_ms < outcome->first_ms)
			outcome->first_ms = entry->first_ms;
		if (entry->last_ms > outcome->last_ms)
			outcome->last_ms = entry->last_ms;
	}
	if (outcome->step != CP_STEP_NOTHING)
		say(round, flags, outcome->step, outcome);
}

int cp_set_step(struct cp_set *set, const struct cp_set_traits *traits, const struct cp_change_config *config,
        const struct cp_set_input *input, struct cp_set_outcome *ret_new, struct cp_set_outcome *ret_gone)
{
	bool tells_gone = traits->kind_gone != CP_CHANGE_KINDS, is_one = traits->kind_gone == traits->kind_new;
	struct round round = {.set = set,
	        .traits = traits,
	        .rule_new = &config->rules[traits->kind_new],
	        .rule_gone = tells_gone ? &config->rules[traits->kind_gone] : NULL,
	        .input = input,
	        .was_active = cp_set_has(set, CP_ENTRY_NEW | CP_ENTRY_GONE),
	        .n_learn = traits->learns_rare ? config->n_learn_dns : config->n_learn};
	int rc = 0;

	ret_new->step = ret_gone->step = CP_STEP_NOTHING;
	say_usual(&round, 0, round.usual);
	say_usual(&round, CP_ENTRY_GONE, round.left);
	for (size_t i = 0; i < input->n && rc == 0; i++)
		rc = mark_text(&round, input->texts[i]);
	for (unsigned i = 0; i < set->n; i++) {
		if (round.presence[i] == ABSENT && !input->is_complete)
			round.presence[i] = MAYBE;
		judge(&round, i);
	}
	if (set->n_learned < round.n_learn)
		set->n_learned++;
	conclude(&round, is_one ? CP_ENTRY_NEW | CP_ENTRY_GONE : CP_ENTRY_NEW, ret_new);
	if (tells_gone && !is_one)
		conclude(&round, CP_ENTRY_GONE, ret_gone);
	tidy(&round);
	return rc;
}
