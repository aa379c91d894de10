/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rundiff.h: two judged runs side by side: which targets and paths they share,
 * and what is different. Judges nothing anew and knows neither where a run
 * comes from nor how a difference is shown. Silence is no difference.
 */
#ifndef CP_RUNDIFF_H
#define CP_RUNDIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "verdict.h"

enum cp_rundiff_side { CP_BEFORE = 0, CP_AFTER, CP_SIDES };

#define CP_RUNDIFF_NONE UINT32_MAX /* no such path */

/* What is different; bits 1 << of a target or of a pair of paths. The worst comes first. */
enum cp_rundiff_change {
	CP_RD_WORSE = 0, /* the verdict */
	CP_RD_UNREACHED, /* the destination answered before, and does not now */
	CP_RD_EXIT, /* leaves home, or does not; to another AS, over another exchange, or at another site */
	CP_RD_AS_PATH, /* not by silence alone */
	CP_RD_BETTER,
	CP_RD_REACHED,
	CP_RD_GONE, /* only in the run before */
	CP_RD_NEW, /* only in the run after */
	CP_RD_MORE_LOSS, /* end to end, here and below */
	CP_RD_SLOWER, /* round-trip time of the destination */
	CP_RD_E2E_SLOWER, /* median */
	CP_RD_EXIT_SLOWER, /* of the first foreign hop */
	CP_RD_MORE_JITTER,
	CP_RD_DNS, /* how the name resolves: status */
	CP_RD_ADDRESSES,
	CP_RD_CNAME,
	CP_RD_ROUTER, /* another last home hop, though the exit is the same */
	CP_RD_EXIT_FASTER,
	CP_RD_FASTER,
	CP_RD_E2E_FASTER,
	CP_RD_LESS_LOSS,
	CP_RD_LESS_JITTER,
	CP_RD_MAX,
};
const char *cp_rundiff_change_name(enum cp_rundiff_change change); /* "worse", "unreached" ...; for programs */

#define CP_RD_BIT(change) (1u << (change))
/* Differences of the network's doing that a gate may refuse; the others are noise, or the name server's. */
#define CP_RD_NEWS                                                                                                     \
	(CP_RD_BIT(CP_RD_WORSE) | CP_RD_BIT(CP_RD_UNREACHED) | CP_RD_BIT(CP_RD_EXIT) | CP_RD_BIT(CP_RD_AS_PATH) |      \
	        CP_RD_BIT(CP_RD_BETTER) | CP_RD_BIT(CP_RD_REACHED))

/* Strings, kept once: equal lists are the same pointer. */
struct cp_rundiff_list {
	uint32_t n;
	const char *items[];
};

/* Who a target is: host, port and protocol; the group is only shown. Strings are borrowed and outlive the diff. */
struct cp_rundiff_name {
	const char *host;
	const char *group; /* or NULL */
	uint16_t port; /* 0: none */
	uint8_t proto; /* IPPROTO_*; 0: unknown */
};

#define CP_RUNDIFF_LOSS_MIN 500u /* hundredths of a percent that loss has to change by, as core/change wants */

/* What a destination was measured to be end to end. n_sent 0: it was not. */
struct cp_rundiff_e2e {
	uint32_t n_sent, n_received;
	uint32_t rtt_us, jitter_us; /* median; RFC 3550. UINT32_MAX: unknown */
};

/* One path of a run; small, as there may be a million. A round-trip time of 0 is unknown. */
struct cp_rundiff_path {
	struct cp_addr dest;
	struct cp_addr last_home; /* zero: the vantage itself, or not seen */
	const struct cp_rundiff_list *as_path; /* set by cp_rundiff_add_path() */
	const char *site; /* of last_home; NULL: unknown */
	const char *exit_ixp; /* of the first foreign hop; NULL: none */
	uint32_t target; /* set by cp_rundiff_add_path(): index */
	uint32_t flow;
	uint32_t exit_asn; /* the first AS behind the border; 0: not seen */
	uint32_t rtt_home_us, rtt_exit_us,
	        rtt_dest_us; /* of the last home hop, the first foreign one, the destination */
	struct cp_rundiff_e2e e2e; /* of the destination: compared, and counted, with flow 0 */
	uint8_t exit_ttl_min, exit_ttl_max; /* as in struct cp_exit */
	uint8_t n_hops, n_hops_seen; /* up to the end of the path; of those, answered */
	bool has_exit;
	int8_t verdict; /* enum cp_verdict; -1: unknown */
	int8_t reached; /* 0, 1; -1: unknown */
	int8_t end; /* enum cp_end; -1: unknown */
};

/* What a run says of a target as a whole. */
struct cp_rundiff_answer {
	int8_t verdict; /* enum cp_verdict; -1: nothing was measured */
	const char *dns, *skip_reason; /* or NULL; outlive the diff */
	const char *const *cname;
	size_t n_cname;
	const char *const *addresses;
	size_t n_addresses;
};

struct cp_rundiff;

int cp_rundiff_new(struct cp_rundiff **ret_diff);
void cp_rundiff_free(struct cp_rundiff *diff); /* takes NULL */

/* Each takes one record of a run, in any order; all strings outlive the diff. 0 or -ENOMEM. */
int cp_rundiff_add_target(struct cp_rundiff *diff, enum cp_rundiff_side side, const struct cp_rundiff_name *name,
        const struct cp_rundiff_answer *answer);
int cp_rundiff_add_path(struct cp_rundiff *diff, enum cp_rundiff_side side, const struct cp_rundiff_name *name,
        const struct cp_rundiff_path *path, const char *const *as_path, size_t n_as_path);
/* The name of an AS that paths show; the first one counts. */
int cp_rundiff_add_as(struct cp_rundiff *diff, uint32_t asn, const char *as_name);
const char *cp_rundiff_as_name(const struct cp_rundiff *diff, uint32_t asn); /* NULL: unknown */

struct cp_rundiff_limits {
	uint32_t rtt_us, rtt_pct; /* a shift of a round-trip time is one from both on; percent of the time before */
	bool is_cut[CP_SIDES]; /* a run that was cut off: what it lacks is not gone */
};

/* ---- What came out ---- */

/* One target in one run. */
struct cp_rundiff_view {
	bool is_present;
	int8_t verdict; /* -1: not measured. Of its paths, where the run says nothing of the target as a whole */
	const char *dns, *skip_reason; /* NULL: unknown */
	const struct cp_rundiff_list *cname, *addresses; /* NULL: unknown; addresses are sorted */
	uint32_t n_paths;
	uint32_t shown; /* the path that stands for it: the worst, of those in both runs if any; CP_RUNDIFF_NONE */
};

struct cp_rundiff_target {
	struct cp_rundiff_name name;
	struct cp_rundiff_view views[CP_SIDES];
	uint32_t changes; /* of the target itself */
	uint32_t path_changes; /* of any of its paths */
	uint32_t first_pair, n_pairs; /* its paths that are different, the worst first */
};

/* A path that is in both runs and different, or in one only (CP_RUNDIFF_NONE) though its target is in both. */
struct cp_rundiff_pair {
	uint32_t paths[CP_SIDES];
	uint32_t changes;
};

struct cp_rundiff_totals {
	uint64_t n_targets, n_paths;
	uint64_t targets[CP_VERDICTS], paths[CP_VERDICTS]; /* by verdict */
	uint64_t n_reached; /* paths */
	uint64_t n_exits; /* paths that leave home */
	uint64_t n_hops, n_hops_seen;
	uint64_t n_e2e_sent, n_e2e_received; /* probes end to end */
};

/* Of paths in both runs whose time is known in both: medians of the differences and of their shares of the time before.
 */
struct cp_rundiff_shift {
	uint64_t n;
	int64_t median_us; /* meaningful when n is not 0 */
	int64_t median_permille;
};

enum cp_rundiff_exit_kind { CP_RD_EXIT_AS = 0, CP_RD_EXIT_SITE, CP_RD_EXIT_ROUTER, CP_RD_EXIT_KINDS };

/* Where the paths of the runs leave home. Sites and routers only where no silence hides which it is. */
struct cp_rundiff_exit {
	enum cp_rundiff_exit_kind kind;
	uint32_t asn; /* CP_RD_EXIT_AS; 0: not seen */
	const char *label; /* CP_RD_EXIT_AS without asn: the exchange, or NULL; CP_RD_EXIT_SITE: the site */
	struct cp_addr router; /* CP_RD_EXIT_ROUTER */
	uint64_t n_paths[CP_SIDES];
};

struct cp_rundiff_result {
	const struct cp_rundiff_path *paths[CP_SIDES];
	const struct cp_rundiff_target *targets;
	size_t n_targets;
	const uint32_t *order; /* of all targets: the worst differences first, those without any last */
	size_t n_different; /* targets at the beginning of order that are different at all */
	const struct cp_rundiff_pair *pairs;
	const struct cp_rundiff_exit *exits; /* by kind, then by falling paths */
	size_t n_exits;
	struct cp_rundiff_totals totals[CP_SIDES];
	uint64_t n_targets_both, n_paths_both; /* in both runs */
	uint64_t n_targets_only[CP_SIDES], n_paths_only[CP_SIDES];
	uint64_t n_target_changes[CP_RD_MAX], n_path_changes[CP_RD_MAX]; /* targets and pairs with that change */
	uint64_t n_as_paths_silent; /* AS paths that differ in silence alone */
	struct cp_rundiff_shift dest_shift, exit_shift, e2e_shift;
	bool has_news; /* CP_RD_NEWS somewhere, or a target in one run only */
	bool has_worse; /* a verdict became worse, or a destination that answered does not */
};

/* Compares what was added so far; once. The result is the diff's. 0 or -ENOMEM. */
int cp_rundiff_compare(
        struct cp_rundiff *diff, const struct cp_rundiff_limits *limits, const struct cp_rundiff_result **ret_result);

/* ---- The rules (rundiff_rules.c), each for itself ---- */

/* How two AS paths compare. "*", "private" and "?" may be any networks, or none. */
enum cp_rundiff_as { CP_RD_AS_SAME = 0, CP_RD_AS_SILENT, CP_RD_AS_CHANGED };
enum cp_rundiff_as cp_rundiff_compare_as(const struct cp_rundiff_list *before, const struct cp_rundiff_list *after);
/* The changes of a path that is in both runs. */
uint32_t cp_rundiff_compare_paths(const struct cp_rundiff_path *before, const struct cp_rundiff_path *after,
        const struct cp_rundiff_limits *limits);
/* No silence hides between which two hops a path leaves home. */
bool cp_rundiff_exit_is_point(const struct cp_rundiff_path *path);
/* Cold-potato share: the last home hop's time in percent of the destination's, 100 at most; UINT32_MAX: unknown. */
uint32_t cp_rundiff_cold_pct(const struct cp_rundiff_path *path);

#endif
