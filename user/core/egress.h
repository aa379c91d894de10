/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * egress.h: per-AS egress statistics of a run. Fed one judged path at a time.
 */
#ifndef CP_EGRESS_H
#define CP_EGRESS_H

#include "target.h"
#include "verdict.h"

enum cp_as_role { CP_ROLE_HOME = 0, CP_ROLE_EXIT, CP_ROLE_TRANSIT, CP_ROLE_DEST, CP_ROLE_IXP, CP_ROLES };
const char *cp_as_role_name(enum cp_as_role role); /* "home", "exit", "transit", "destination", "ixp" */

/* Where paths are handed over, by the names of their last home hops. */
struct cp_egress_site {
	const char *place; /* city, or the code of a site that is not known */
	uint64_t n_paths;
	uint32_t row; /* private */
};

/* One (AS or IXP, role). Percentiles are CP_EGRESS_UNKNOWN when no RTT is known. */
#define CP_EGRESS_UNKNOWN UINT32_MAX
#define CP_EGRESS_SITES 8
#define CP_EGRESS_SITE_LEN 17
struct cp_egress_row {
	uint32_t asn; /* 0: an IXP, see label */
	const char *label; /* IXP name, or NULL */
	enum cp_as_role role;
	uint64_t n_paths;
	uint64_t n_dests;
	uint64_t n_targets;
	uint64_t n_groups; /* distinct labels of those targets; one without a label counts for none */
	uint64_t n_replies; /* hops of the AS, or on the LAN, that answered; once for each path */
	uint64_t n_probes, n_unanswered; /* for these hops; of them those that stayed without an answer */
	uint32_t n_exit_routers; /* CP_ROLE_EXIT: distinct last home hops handing over to it */
	const struct cp_egress_site *sites; /* CP_ROLE_EXIT: by falling paths; those whose routers' names tell */
	size_t n_sites;
	uint32_t handover_p50_us, handover_p95_us, handover_p99_us; /* RTT at the first foreign hop; CP_ROLE_EXIT */
	uint32_t cold_share_pct; /* cold-potato share, median RTT at exit / RTT at destination in percent; CP_ROLE_EXIT
	                          */
};

struct cp_egress;

int cp_egress_new(struct cp_egress **ret_egress);
void cp_egress_free(struct cp_egress *egress);
/* The label of the targets that are added from now on, borrowed until the next call; NULL: none. */
void cp_egress_group(struct cp_egress *egress, const char *group);
/* Paths of one destination, and destinations of one target, must follow each other. 0 or -ENOMEM. */
int cp_egress_add(struct cp_egress *egress, uint32_t target, const struct cp_path *path,
        const struct cp_judgement *judgement, const struct cp_home *home);
/*
 * The rows, by role and then by falling paths; owned by egress, valid until the next add. n_total: paths added so far
 * (the denominator of shares). 0 or -ENOMEM.
 */
int cp_egress_rows(
        struct cp_egress *egress, const struct cp_egress_row **ret_rows, size_t *ret_n, uint64_t *ret_n_total);

#endif
