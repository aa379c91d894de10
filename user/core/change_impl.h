/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * change_impl.h: what the detector's own files share: values with a median
 * (change_level.c), sets with what is usual (change_set.c), and how it is kept
 * (change_state.c). Nobody else's.
 */
#ifndef CP_CHANGE_IMPL_H
#define CP_CHANGE_IMPL_H

#include "change.h"

#define CP_LEVEL_MAX 32 /* values a median is of */
#define CP_HISTORY 32 /* runs that an entry of a set remembers */
#define CP_GAP_MAX 255

/* What a run did to a state that is watched. */
enum cp_step { CP_STEP_NOTHING = 0, CP_STEP_FIRED, CP_STEP_OVER, CP_STEP_SETTLED };

/* ---- A number: RTT, loss, coverage ---- */

struct cp_level {
	uint32_t values[CP_LEVEL_MAX]; /* a ring; frozen while active */
	uint8_t n, next; /* values kept; where the next one goes */
	uint8_t window, n_window; /* bit 0 the newest run: outside the limits; runs in it */
	bool active;
	uint16_t n_active; /* runs since it was confirmed */
	uint32_t value; /* latest outside the limits */
	uint64_t first_ms, last_ms; /* of what is, or may be, a shift */
};

struct cp_level_limits {
	bool up, down; /* which directions count */
	uint32_t absolute, pct, mad_factor; /* pct 0, mad_factor 0: not asked */
	uint8_t n_min;
};

/* One value of a decided run. ret_usual: the median it was compared with. */
enum cp_step cp_level_step(struct cp_level *level, const struct cp_level_limits *limits,
        const struct cp_change_rule *rule, uint32_t value, uint64_t at_ms, uint32_t *ret_usual);

/* ---- A set of texts: exits, paths, answers, chains ---- */

enum { CP_ENTRY_USUAL = 1u << 0, CP_ENTRY_NEW = 1u << 1, CP_ENTRY_GONE = 1u << 2 };

struct cp_entry {
	char *text; /* parts between CP_PART */
	uint64_t first_ms, last_ms; /* of what is, or may be, a change */
	uint32_t seen; /* bit 0 the newest run */
	uint16_t n_active; /* runs since it was confirmed */
	uint8_t gap, max_gap; /* runs since it was seen; the longest it came back from */
	uint8_t n_confirmed; /* times that it was told, until it was steady for CP_HISTORY runs */
	uint8_t flags; /* CP_ENTRY_* */
};

struct cp_set {
	struct cp_entry *entries;
	uint8_t n, cap;
	uint8_t n_learned; /* decided runs, up to those that are learned from */
};

#define CP_PART '\x1f' /* between the steps of a path or the names of a chain */
#define CP_SET_MAX 16 /* entries; more are not remembered */
#define CP_NAME_BYTES 1024 /* of a target or group */
#define CP_TEXT_MAX 1024 /* bytes of an entry's text; longer ones are cut */

enum cp_set_kind { CP_SET_EXITS = 0, CP_SET_PATHS, CP_SET_DNS, CP_SET_CNAME, CP_SETS };

struct cp_set_traits {
	enum cp_change_kind kind_new, kind_gone; /* CP_CHANGE_KINDS: nothing is told of what is gone */
	bool has_wildcards; /* "*" stands for any steps */
	bool learns_rare; /* what comes back now and then becomes usual without a word */
	uint8_t n_max;
	const char *separator; /* of parts, for people */
	bool is_list; /* shown as all its entries; else as one of them */
};
extern const struct cp_set_traits cp_set_traits[CP_SETS];

#define CP_SHOWN_MAX 2048 /* bytes of old_text and new_text */

/* What a run changed of one kind. */
struct cp_set_outcome {
	enum cp_step step;
	uint64_t first_ms, last_ms;
	char old_text[CP_SHOWN_MAX], new_text[CP_SHOWN_MAX];
};

struct cp_set_input {
	const char *const *texts; /* without repeats */
	size_t n;
	bool is_complete; /* what is missing is not there */
	uint64_t at_ms;
};

/* One decided run. ret_new and ret_gone: of kind_new and kind_gone; of a set with one kind, all is in ret_new. 0,
 * -ENOMEM. */
int cp_set_step(struct cp_set *set, const struct cp_set_traits *traits, const struct cp_change_config *config,
        const struct cp_set_input *input, struct cp_set_outcome *ret_new, struct cp_set_outcome *ret_gone);
void cp_set_free(struct cp_set *set);
/* Any entry with one of the flags? */
bool cp_set_has(const struct cp_set *set, uint8_t flags);
/* Adds an entry with no history; NULL: -ENOMEM, or no room. */
struct cp_entry *cp_set_add(struct cp_set *set, uint8_t n_max, const char *text);

/* ---- A verdict ---- */

struct cp_verdict_track {
	uint32_t ring; /* 4 bits a decided run, the newest lowest */
	uint8_t n; /* runs in it, up to CP_CHANGE_WINDOW_MAX */
	int8_t usual, now; /* enum cp_verdict; -1: not known yet */
	uint16_t n_active;
	uint64_t last_ms;
	uint64_t first_ms[CP_VERDICTS]; /* of the latest stretch of each */
};

/* ---- Who is watched ---- */

/* What was told of a change that lasts. */
struct cp_told {
	uint64_t run, at_ms, first_ms;
	const char *new_text; /* within texts */
	char texts[]; /* old and new, one after the other */
};

struct cp_alarm {
	bool muted; /* when it was told */
	uint8_t severity;
	struct cp_told *told; /* NULL: nothing, or not known */
};

enum cp_level_kind { CP_LEVEL_RTT = 0, CP_LEVEL_LOSS, CP_LEVEL_COVERAGE, CP_LEVELS };

/* A target, or the run or a group as a whole. */
struct cp_watched {
	bool is_scope;
	char *name, *group; /* "": none. Of a scope: name is the group, "" the run */
	uint16_t port;
	uint8_t proto;
	uint64_t last_run; /* count of runs when it was measured last */
	struct cp_verdict_track verdict;
	struct cp_level levels[CP_LEVELS];
	struct cp_set sets[CP_SETS];
	struct cp_alarm alarms[CP_CHANGE_KINDS];
};

struct cp_change {
	struct cp_change_config config; /* its mutes are owned */
	struct cp_mute *mutes;
	cp_change_cb cb;
	void *ctx;
	struct cp_watched **table; /* open addressing, a power of two */
	uint32_t n, cap;
	uint64_t run, at_ms; /* as told */
	uint64_t n_runs, n_events, n_muted, n_untracked;
};

/* The one with this key, added when it is not there. 0, -ENOMEM, -ENOSPC. */
int cp_change_find(struct cp_change *change, const struct cp_watched *key, struct cp_watched **ret_watched);
void cp_watched_free(struct cp_watched *watched);
/* Keeps a copy in place of what was told before. Without memory nothing is known of it. */
void cp_alarm_tell(struct cp_alarm *alarm, const struct cp_change_event *event);
/* An event of one of its kinds, as far as it is known without what happened. */
struct cp_change_event cp_watched_event(const struct cp_watched *watched, enum cp_change_kind kind);
/* Whether a kind is confirmed and not over. */
bool cp_watched_active(const struct cp_watched *watched, enum cp_change_kind kind);

#endif
