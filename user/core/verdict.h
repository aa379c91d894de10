/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verdict.h: a path with its origins -> a verdict with confidence, reasons and
 * exit, by the rules of docs/verdicts.md. Pure: same evidence, same verdict.
 */
#ifndef CP_VERDICT_H
#define CP_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asdb.h"
#include "path.h"

/* From best to worst: a destination has the worst of its flows, a target the worst of its destinations. */
enum cp_verdict {
	CP_INSIDE = 0,
	CP_DIRECT,
	CP_UNDECIDED,
	CP_TRANSIT,
	CP_DETOUR,
	CP_VERDICTS,
};
enum cp_confidence { CP_CONF_LOW = 0, CP_CONF_MEDIUM, CP_CONF_HIGH };

/* Closed list of reason codes; bits of struct cp_judgement.reasons. Append only. */
enum cp_reason {
	CP_WHY_SILENT_BORDER = 0, /* silence where the path leaves home: the exit is a range */
	CP_WHY_SILENT_MIDDLE, /* nothing but silence between vantage and destination */
	CP_WHY_VANTAGE_UNKNOWN, /* silent or private head and no known vantage */
	CP_WHY_VANTAGE_ASSUMED, /* the first AS seen was taken as the vantage's */
	CP_WHY_SINGLE_FOREIGN_HOP, /* the evidence of a foreign AS is one hop: weak */
	CP_WHY_IXP, /* an IXP LAN was crossed */
	CP_WHY_SIBLINGS, /* ASes of one organisation were taken as one */
	CP_WHY_NO_ORIGIN, /* the destination's AS is not known */
	CP_WHY_UNMAPPED_HOP, /* a public hop whose AS is not known matters */
	CP_WHY_MULTI_ORIGIN, /* an address is announced by several ASes, and it matters */
	CP_WHY_PRIVATE_ENDPOINT, /* the name resolves to a private address */
	CP_WHY_NO_EVIDENCE, /* nothing answered that could carry a verdict */
	CP_WHY_NOT_REACHED, /* the destination itself did not answer */
	CP_WHY_LOOP, /* the path loops; what follows was cut */
	CP_WHY_CNAME_CDN, /* a CNAME chain leads to the destination's CDN */
	CP_WHY_INTERRUPTED, /* the run stopped before this path was done */
	CP_WHY_REPLIES_LOST, /* replies to this run were lost in the ring: silence is doubtful */
	CP_WHY_ROUTE_CHANGED, /* the host's route to the destination changed during the run; not of cp_judge() */
	CP_WHY_SACK_UNAVAILABLE, /* the hops were not asked: they were to be only in a connection with SACK */
	CP_WHY_FAR_END, /* by its name, a hop at a border is not a router of the AS that its address is of */
	CP_WHY_THIRD_PARTY_ADDRESS, /* the single foreign hop looks like another address of a home router */
	CP_WHY_ASYMMETRIC_RETURN, /* the way back seems to be much longer or shorter than the way there */
	CP_WHY_MPLS_TUNNEL, /* silence between home hops, and labels beside it that explain it */
	CP_WHY_RTT_CONTRADICTION, /* the foreign hops answered faster than all that lies before them */
	CP_WHY_FLOWS_DISAGREE, /* flows to this address differ in verdict or exit; not of cp_judge() */
	CP_WHY_PER_PACKET, /* routers on the path spread the packets of one flow: links between hops may not exist */
	CP_WHY_MAX,
};

/*
 * The rule that decided (docs/verdicts.md), in the order in which they are asked. What an auditor cites is the name:
 * names are never changed, a number may.
 */
enum cp_rule {
	CP_RULE_NONE = 0, /* not judged */
	CP_RULE_PRIVATE_ENDPOINT,
	CP_RULE_DEST_NO_ORIGIN,
	CP_RULE_DEST_HALF_HOME,
	CP_RULE_HOPS_NOT_ASKED,
	CP_RULE_NOTHING_ANSWERED,
	CP_RULE_LEFT_AND_RETURNED,
	CP_RULE_LEFT_NOT_RETURNED,
	CP_RULE_THIRD_AS,
	CP_RULE_IXP_EXCURSION,
	CP_RULE_LONE_FOREIGN_HOP,
	CP_RULE_LONE_THIRD_HOP,
	CP_RULE_UNCLEAR_HOP,
	CP_RULE_SIBLING_EXCURSION,
	CP_RULE_LOOP,
	CP_RULE_INTERRUPTED,
	CP_RULE_END_NOT_SEEN,
	CP_RULE_VANTAGE_UNKNOWN,
	CP_RULE_ENDS_ONLY,
	CP_RULE_SILENCE_DOUBTFUL,
	CP_RULE_DEST_CONTESTED,
	CP_RULE_ALL_HOME,
	CP_RULE_TWO_NETWORKS,
	CP_RULES,
};
const char *cp_rule_name(enum cp_rule rule); /* "left-and-returned" ...; NULL for CP_RULE_NONE */

const char *cp_verdict_name(enum cp_verdict verdict); /* "inside" ... */
const char *cp_confidence_name(enum cp_confidence confidence); /* "low", "medium", "high" */
const char *cp_reason_name(enum cp_reason reason); /* "silent-border" ... */
/* The highest confidence that a verdict can have with this reason. */
enum cp_confidence cp_reason_cap(enum cp_reason reason);

/* One element of an AS path. */
struct cp_as_step {
	uint8_t kind; /* enum cp_step_kind */
	uint8_t first_ttl, last_ttl;
	uint32_t asn; /* CP_STEP_AS */
	const char *label; /* CP_STEP_IXP: name */
};
enum cp_step_kind { CP_STEP_SILENT = 0, CP_STEP_AS, CP_STEP_IXP, CP_STEP_PRIVATE, CP_STEP_UNKNOWN };
/* "*", "8075", "IXP:LINX", "private", "?" into buf; returns buf. */
const char *cp_as_step_format(const struct cp_as_step *step, char *buf, size_t size);

/* Where a path leaves home. */
struct cp_exit {
	bool present;
	uint8_t ttl_min, ttl_max; /* last home TTL (0: the vantage itself), first foreign TTL (0: not seen) */
	int8_t last_home; /* index into the path's hops, -1: the vantage itself */
	int8_t first_foreign; /* index into the path's hops, -1: not seen (the destination is foreign and silent) */
};

struct cp_judgement {
	enum cp_verdict verdict;
	enum cp_confidence confidence;
	enum cp_confidence basis; /* the confidence before names and reasons lowered it */
	uint32_t reasons; /* bit 1 << enum cp_reason */
	enum cp_rule rule; /* that decided */
	uint32_t vantage_asn; /* as it was taken, given or assumed; 0: unknown */
	struct cp_exit exit;
	struct cp_origin dest_origin;
	struct cp_origin origins[CP_TTL_MAX]; /* of the path's hops; UNKNOWN for silent ones */
	struct cp_as_step as_path[CP_TTL_MAX + 1];
	uint32_t n_as_path;
	uint64_t used; /* bit per hop index: the hops the verdict rests on */
	uint64_t far_end; /* bit per hop index: by its name a router of somebody else than its address says */
};

/* Where the probes start. */
struct cp_vantage {
	uint32_t asn; /* 0: unknown */
	const char *why; /* "--vantage-as", "azure-dmi", "source-address", or NULL */
};

struct cp_verdict_input {
	const struct cp_path *path; /* with the names of its hops, where they are known: the same path without may be
	                               judged otherwise */
	const struct cp_addr *dest;
	const char *const *cname; /* chain, or NULL */
	size_t n_cname;
	struct cp_vantage vantage;
	const struct cp_home *home;
	const struct cp_asdb *asdb;
	bool replies_lost; /* the run lost replies in the ring */
	bool sack_unavailable; /* the hops were not asked */
};

void cp_judge(const struct cp_verdict_input *input, struct cp_judgement *ret_judgement);

/* The neighbour that a path is handed to: the first AS outside home from the exit on. 0: no exit, or not seen. */
uint32_t cp_exit_asn(const struct cp_judgement *judgement, const struct cp_home *home);

/*
 * How many routers the answer has passed on its way back, taken from what is left of its TTL: systems start at 64,
 * 128 or 255. -1: cannot be told.
 */
int cp_return_length(uint8_t reply_ttl);

/* The worse of two verdicts, for combining flows and destinations. */
enum cp_verdict cp_verdict_worse(enum cp_verdict a, enum cp_verdict b);

#endif
