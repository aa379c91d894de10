/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * run.h: reads a run that was written with -o ndjson (docs/records.md), record
 * by record, as it was judged then. Keys and record types that are not known
 * are passed over, keys that are missing are unknown. Must not judge anew.
 */
#ifndef CP_RUN_H
#define CP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/path.h"
#include "core/policy.h"
#include "core/quality.h"
#include "core/verdict.h"
#include "words.h"

#define CP_RUN_UNKNOWN UINT64_MAX /* a 64-bit number that is null or missing */
#define CP_RUN_STRINGS_MAX 64 /* in one array; more are left out, and counted */

/* Strings are NULL where null or missing; they live as long as the words given to cp_run_read(). */
struct cp_run_strings {
	const char *items[CP_RUN_STRINGS_MAX];
	uint32_t n, n_left_out;
};

struct cp_run_target {
	const char *name;
	const char *group;
	uint16_t port; /* 0: null */
	uint8_t proto; /* IPPROTO_*; 0: null */
};

struct cp_run_database {
	const char *layer, *name, *type;
	uint64_t n_rows, built_at_s, age_days;
};

struct cp_run_start {
	const char *version, *command, *host, *agent, *audit, *datapath, *datapath_why, *tcp_method, *resolver;
	struct cp_run_strings interfaces;
	uint64_t wall_ms, mono_ns, rate_pps, n_senders, seed, n_targets, n_dests;
	uint64_t first_ttl, max_ttl, attempts, timeout_ms, n_flows, n_e2e, e2e_interval_ms;
	uint32_t vantage_asn; /* 0: unknown */
	const char *vantage_why;
	const char *home_spec;
	const uint32_t *home_asns; /* borrowed for the call */
	size_t n_home_asns;
	const struct cp_run_database *databases; /* borrowed for the call */
	size_t n_databases;
};

struct cp_run_hop {
	struct cp_hop hop; /* hop.ptr lives with the words */
	uint32_t asn; /* 0: null */
	const char *as_name;
	const char *ixp; /* "": an exchange without a name */
};

struct cp_run_exit {
	bool present;
	uint8_t ttl_min, ttl_max; /* as in struct cp_exit */
	struct cp_addr last_home, first_foreign; /* zero: null */
	const char *last_home_ptr, *last_home_site;
	uint32_t first_foreign_asn; /* 0: null */
	const char *first_foreign_as_name, *first_foreign_ixp;
};

struct cp_run_path {
	struct cp_run_target target;
	struct cp_addr dest; /* zero: missing */
	uint32_t dest_asn; /* 0: null */
	const char *dest_as_name, *service_tag, *service_region;
	struct cp_run_strings cname;
	uint32_t flow;
	const char *tcp_method, *sack_fallback;
	int8_t reached; /* -1: missing */
	int8_t end; /* enum cp_end; -1: missing */
	int16_t end_code; /* -1: null */
	uint64_t n_probes;
	int8_t verdict; /* enum cp_verdict; -1: missing */
	int8_t confidence; /* enum cp_confidence; -1: missing */
	int8_t rule; /* enum cp_rule; CP_RULE_NONE: missing, or not known */
	uint32_t reasons; /* bit 1 << enum cp_reason; codes that are not known are left out */
	struct cp_run_strings as_path;
	struct cp_run_exit exit;
	bool has_e2e; /* false: not measured */
	struct cp_quality_stats e2e; /* of the destination, without its samples */
	uint32_t n_hops;
	struct cp_run_hop hops[CP_TTL_MAX]; /* consecutive TTLs */
};

struct cp_run_target_end {
	struct cp_run_target target;
	const char *expect, *dns, *skip_reason;
	struct cp_run_strings cname, addresses;
	uint64_t n_dests;
	int8_t verdict; /* -1: null */
};

struct cp_run_accounting {
	uint64_t attempted, transmitted, tx_errors, blocked, over_budget, replied, timed_out, matched, duplicates, late;
	uint64_t rejected_token, rejected_dest, rejected_unsent, rejected_flags, rejected_short;
	uint64_t lost, resets_sent, acks_sent, connections_opened, connections_closed, probing_ns, total_ns;
	uint64_t e2e_attempted, e2e_replied, e2e_timed_out, e2e_unsent, e2e_late;
	uint64_t n_targets, n_unresolved, n_skipped, n_dests, n_paths, n_complete, n_hops, n_hops_seen;
};

#define CP_RUN_SITES_MAX 8

struct cp_run_site {
	const char *place;
	uint64_t n_paths;
};

struct cp_run_egress {
	const char *role, *as_name, *ixp;
	uint32_t asn; /* 0: null */
	uint64_t n_paths, n_dests, n_targets;
	uint64_t share_hundredths; /* of a percent */
	uint64_t n_groups, n_replies, n_probes;
	uint64_t loss_hundredths; /* of a percent */
	struct cp_run_site sites[CP_RUN_SITES_MAX]; /* more are left out */
	uint32_t n_sites;
	uint64_t n_exit_routers, handover_p50_us, handover_p95_us, handover_p99_us, cold_share_pct;
};

struct cp_run_summary {
	uint64_t n_paths;
	uint64_t verdicts[CP_VERDICTS];
	const struct cp_run_egress *egress; /* borrowed for the call */
	size_t n_egress;
	struct cp_run_accounting accounting;
};

struct cp_run_rule {
	const char *name;
	bool is_warning; /* severity "warn" */
	enum cp_policy_state state;
	uint64_t n_targets, n_kept, n_violated, n_undecided, n_unmeasured, n_violations;
	uint64_t max_undecided; /* hundredths of a percent */
};

struct cp_run_violation {
	const char *rule, *text;
	struct cp_run_target target;
	struct cp_addr dest; /* zero: missing */
	uint32_t flow;
	bool is_warning;
};

struct cp_run_policy {
	const char *source;
	enum cp_policy_state state;
	const struct cp_run_rule *rules; /* borrowed for the call, as the violations */
	size_t n_rules;
	uint64_t n_unmatched, n_violations_all;
	const struct cp_run_violation *violations;
	size_t n_violations;
};

struct cp_run_warning {
	const char *code, *text;
};

struct cp_run_end {
	const char *reason, *error;
	int64_t exit_status; /* INT64_MIN: missing */
	struct cp_run_accounting accounting;
};

/*
 * What is done with records, which are borrowed for the call. Each returns 0, or -errno to stop; NULL: records of
 * this type are not looked at beyond their type.
 */
struct cp_run_sink {
	int (*start)(void *ctx, size_t line, const struct cp_run_start *rec);
	int (*path)(void *ctx, size_t line, const struct cp_run_path *rec);
	int (*target)(void *ctx, size_t line, const struct cp_run_target_end *rec);
	int (*summary)(void *ctx, size_t line, const struct cp_run_summary *rec);
	int (*policy)(void *ctx, size_t line, const struct cp_run_policy *rec);
	int (*warning)(void *ctx, size_t line, const struct cp_run_warning *rec);
	int (*end)(void *ctx, size_t line, const struct cp_run_end *rec);
	void (*bad)(void *ctx, size_t line, const char *why); /* a record that was left out */
	void *ctx;
};

/* What a text held. */
struct cp_run_counts {
	size_t n_records; /* lines that are not blank */
	size_t n_bad;
	size_t n_unknown; /* of a type that is not known */
	bool has_end; /* false: the run was cut off */
};

/* Reads all of a text of records. 0, also when records are bad; -ENOMEM; what the sink returned. */
int cp_run_read(const char *text, size_t len, struct cp_words *words, const struct cp_run_sink *sink,
        struct cp_run_counts *ret_counts);

#endif
