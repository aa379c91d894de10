/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * change.h: what runs say of the same targets, one run after the other -> what
 * has changed for good (docs/alerts.md). Owns what is usual for each target.
 * Pure: time is an argument, and only shown, never reckoned with; runs are
 * what counts, so a clock that jumps changes nothing. Knows neither how a
 * change is written nor who is told.
 *
 *   cp_change_new(&config, callback, ctx, &change)
 *   for each run:
 *     cp_change_begin(change, run, at_ms)
 *     cp_change_target(change, &observation)      once for each target
 *     cp_change_coverage(change, group, permille) once for the run (NULL) and for each group
 *     cp_change_end(change)
 *   cp_change_save() after a run, cp_change_restore() once before the first one
 *
 * A new configuration (SIGHUP): a new detector, restored from what the old one saves.
 * One detector serves one audit: the same name in two audits is two targets.
 */
#ifndef CP_CHANGE_H
#define CP_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "err.h"
#include "mute.h"
#include "verdict.h"

/* Names are an interface: append only. */
enum cp_change_kind {
	CP_CHANGE_VERDICT = 0,
	CP_CHANGE_EXIT_NEW, /* leaves home through an AS that is not usual */
	CP_CHANGE_EXIT_GONE, /* does not any more leave through one that is */
	CP_CHANGE_AS_PATH, /* outside the usual ones */
	CP_CHANGE_RTT, /* of the destination */
	CP_CHANGE_LOSS, /* more of it */
	CP_CHANGE_COVERAGE, /* less of it, of a run or a group */
	CP_CHANGE_DNS, /* another set of ASes (or prefixes, or addresses) in the answers */
	CP_CHANGE_CNAME, /* a chain that is not usual */
	CP_CHANGE_KINDS,
};
const char *cp_change_kind_name(enum cp_change_kind kind); /* "verdict", "exit-as-new" ... */
/* The kind that has this name, or -EINVAL. */
int cp_change_kind_parse(const char *name, enum cp_change_kind *ret_kind);

enum cp_change_state {
	CP_CHANGE_CHANGED = 0, /* confirmed now */
	CP_CHANGE_RECOVERED, /* as it was before */
	CP_CHANGE_SETTLED, /* has been so for so long that it is now what is usual */
};
const char *cp_change_state_name(enum cp_change_state state); /* "changed", "recovered", "settled" */

enum cp_change_severity { CP_SEVERITY_INFO = 0, CP_SEVERITY_WARNING, CP_SEVERITY_CRITICAL };
const char *cp_change_severity_name(enum cp_change_severity severity); /* "info", "warning", "critical" */

#define CP_CHANGE_WINDOW_MAX 8

struct cp_change_rule {
	bool off; /* this kind is not looked at */
	uint8_t n, m; /* confirmed when n of the last m decided runs say so; recovered when the last m all do not */
	uint16_t n_settle; /* decided runs after which a confirmed state is the usual one; 0: never */
};

/* What counts as the same DNS answer. */
enum cp_change_dns_by { CP_CHANGE_DNS_AS = 0, CP_CHANGE_DNS_PREFIX, CP_CHANGE_DNS_ADDRESS };

struct cp_change_config {
	struct cp_change_rule rules[CP_CHANGE_KINDS];
	uint8_t n_learn, n_learn_dns; /* decided runs from which what is usual is learned without a word: exits and
	                                 paths; answers and chains */
	uint8_t n_level_min; /* values that a median needs before anything is a shift from it; at most 32 */
	uint32_t rtt_abs_us, rtt_pct; /* a shift is both: more than this, and more than percent of the median ... */
	uint32_t loss_abs_permille;
	uint32_t coverage_abs_permille;
	uint32_t mad_factor; /* ... and more than so many median absolute deviations; 0: do not ask */
	uint32_t min_coverage_permille; /* a target that less of was seen has undecided paths; 0: do not ask */
	enum cp_change_dns_by dns_by;
	uint32_t n_forget; /* runs after which a target that is not measured any more is forgotten */
	uint32_t n_targets_max; /* further ones are not watched, and counted */
	const struct cp_mute *mutes; /* copied */
	size_t n_mutes;
};
/* 2 of 3 for all kinds; the numbers are in docs/alerts.md. */
struct cp_change_config cp_change_defaults(void);

#define CP_CHANGE_UNKNOWN UINT32_MAX

struct cp_change_path {
	const char *const *steps; /* as records show them: "*", "8075", "IXP:LINX", "private", "?" */
	size_t n_steps;
	bool reached; /* false: what comes behind the last step is not known */
};

struct cp_change_exit {
	uint32_t asn; /* not 0 */
	uint32_t n_paths;
};

struct cp_change_answer {
	struct cp_addr addr;
	uint32_t asn; /* 0: unknown; then the prefix counts */
	uint8_t prefix_len; /* of the announced prefix; 0: unknown, /24 and /48 are taken */
};

/* One target in one run. All is borrowed for the call. Zeroed (with name and proto) is a target of which nothing is
 * known. */
struct cp_change_target {
	const char *name, *group; /* group NULL or "": none */
	uint16_t port; /* 0: none */
	uint8_t proto; /* IPPROTO_* */
	bool doubtful; /* interrupted, or replies were lost: paths, exits, loss and verdict of this run say nothing */
	bool has_verdict; /* it was judged at all */
	enum cp_verdict verdict; /* CP_UNDECIDED neither confirms nor recovers */
	enum cp_confidence confidence; /* low: taken, but an event of it is one severity lower */
	bool has_exits; /* the borders of its paths are known, if there are any; false: nothing is concluded from what
	                   is missing */
	const struct cp_change_exit *exits;
	size_t n_exits;
	const struct cp_change_path *paths; /* of all flows to all its destinations; silence is no difference */
	size_t n_paths;
	bool has_rtt, has_loss, has_coverage; /* false: unknown */
	uint32_t rtt_us; /* median of its destinations' round-trip times */
	uint32_t loss_permille;
	uint32_t n_loss_probes; /* that it is of: one more lost of several is no shift; 0: not known */
	uint32_t coverage_permille; /* of its paths that were seen to the end, or what the caller takes for it */
	bool has_dns; /* a name server answered: also that there is no such name. False: literal, time-out, failure */
	const struct cp_change_answer *answers;
	size_t n_answers; /* 0: there is no address */
	const char *const *cname; /* the chain, in order; part of what has_dns says is known */
	size_t n_cname;
};

/* Strings are borrowed for the call. */
struct cp_change_event {
	enum cp_change_kind kind;
	enum cp_change_state state;
	enum cp_change_severity severity; /* of a recovery: that of the change it ends */
	uint64_t seq; /* from 1, without gaps; goes on after a restore */
	uint64_t run, at_ms; /* the run that confirmed it */
	uint64_t first_seen_ms, last_seen_ms; /* when runs first and last saw what was confirmed; of a recovery, the
	                                         time that it was changed */
	const char *target; /* NULL: of the run or of a group (coverage) */
	const char *group; /* NULL: none */
	uint16_t port; /* 0: none */
	uint8_t proto; /* 0: none */
	const char *old_text, *new_text; /* "inside", "3491 8075", "12.345 ms", "1.2 %"; "none" for an empty set */
	bool muted; /* record it, deliver it to nobody */
};

/* Called from within cp_change_target() and cp_change_coverage(). */
typedef void (*cp_change_cb)(void *ctx, const struct cp_change_event *event);

struct cp_change;

/* -EINVAL with a sentence for a configuration that makes no sense (n > m, m > CP_CHANGE_WINDOW_MAX ...), -ENOMEM. */
int cp_change_new(const struct cp_change_config *config, cp_change_cb cb, void *ctx, struct cp_change **ret_change,
        struct cp_err *err);
void cp_change_free(struct cp_change *change); /* takes NULL */

/* run: its number in the store; at_ms: Unix time, for the events. */
void cp_change_begin(struct cp_change *change, uint64_t run, uint64_t at_ms);
/* 0; -ENOMEM: this observation is lost, the rest is as before; -ENOSPC: more targets than n_targets_max;
 * -EINVAL: a name or group of more than 1,024 bytes. */
int cp_change_target(struct cp_change *change, const struct cp_change_target *target);
/* group NULL: the whole run. permille CP_CHANGE_UNKNOWN: nothing is known. Errors as above. */
int cp_change_coverage(struct cp_change *change, const char *group, uint32_t permille);
/* Forgets targets that have not been measured for n_forget runs. */
void cp_change_end(struct cp_change *change);

/*
 * Hands out what lasts: confirmed, not over, of a kind that is looked at, and of a target that was measured in one of
 * the latest CP_CHANGE_WINDOW_MAX runs. Events as they were told (state CP_CHANGE_CHANGED, seq 0), but last_seen_ms is
 * of the latest run that saw it. old_text, new_text NULL, first_seen_ms and at_ms 0: not known, of a text that an older
 * version saved.
 */
void cp_change_active(const struct cp_change *change, cp_change_cb cb, void *ctx);

struct cp_change_stats {
	uint64_t n_runs, n_events, n_muted;
	uint64_t n_untracked; /* observations of targets beyond n_targets_max */
	uint32_t n_targets; /* known now, groups among them */
	uint32_t n_active[CP_CHANGE_KINDS]; /* as cp_change_active() has them */
	uint32_t n_active_muted[CP_CHANGE_KINDS]; /* of those */
	size_t bytes; /* taken now */
};
void cp_change_stats(const struct cp_change *change, struct cp_change_stats *ret_stats);

/*
 * All that is known, as text (docs/alerts.md), so that a restart tells nothing twice; free() it. 0 or -ENOMEM.
 */
int cp_change_save(const struct cp_change *change, char **ret_text, size_t *ret_len);
/*
 * Into a new detector. Any bytes may come: -EINVAL with "line N: what" and the detector as it was. Limits and rules are
 * the configuration's, not the text's.
 */
int cp_change_restore(struct cp_change *change, const char *text, size_t len, struct cp_err *err);

#endif
