/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * record.h: the records of a run, as every output format receives them. A
 * formatter borrows what a record points to for the duration of the call,
 * except where it says otherwise. Unknown numbers are CP_UNKNOWN, never 0.
 */
#ifndef CP_RECORD_H
#define CP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/asdb.h"
#include "core/combine.h"
#include "core/egress.h"
#include "core/path.h"
#include "core/policy.h"
#include "core/quality.h"
#include "core/service_tag.h"
#include "core/target.h"
#include "core/verdict.h"
#include "sink.h"

#define CP_SCHEMA_VERSION 1
#define CP_UNKNOWN UINT64_MAX

struct cp_rec_database {
	const char *layer; /* "overlay", "ixp", "database", "builtin", "service-tags" */
	const char *name; /* file or "built-in" */
	const char *type; /* what an MMDB calls itself ("GeoLite2-ASN"); NULL: not an MMDB */
	uint64_t n_rows;
	uint64_t built_at_s; /* Unix time of build (file's time when it does not say), CP_UNKNOWN */
	uint64_t age_days; /* when it was loaded, whole days; CP_UNKNOWN */
};

struct cp_rec_start {
	const char *version;
	const char *command; /* "audit", "trace", "analyze" */
	uint64_t wall_ms; /* Unix time */
	uint64_t mono_ns; /* CLOCK_MONOTONIC */
	const char *host;
	const char *agent, *audit; /* of a watch: who measures, which of its audits; else NULL */
	const char *datapath; /* "xdp-native", "xdp-generic", "tc-tcx", "tc-clsact"; NULL: nothing is sent */
	const char *datapath_why;
	const char *const *interfaces;
	size_t n_interfaces;
	uint64_t rate_pps;
	uint64_t n_senders;
	uint32_t first_ttl, max_ttl, attempts, timeout_ms, n_flows; /* 0: unknown */
	const char *tcp_method; /* "syn", "sack", "prefer_sack" */
	uint32_t n_e2e, e2e_interval_ms; /* probes to each destination itself; 0: none, or unknown */
	uint64_t seed;
	const char *resolver;
	struct cp_vantage vantage;
	const struct cp_home *home;
	const char *home_spec;
	const struct cp_rec_database *databases;
	size_t n_databases;
	uint64_t n_targets, n_dests; /* to be probed */
};

/* One target, after all its paths are judged; also a target without an address. */
struct cp_rec_target {
	const struct cp_target *target;
	const struct cp_answer *answer; /* borrowed until the end record; the address of a literal for the call */
	size_t n_dests; /* probed */
	enum cp_verdict verdict; /* meaningless when n_dests is 0 */
	const struct cp_combined *combined; /* of its paths; NULL: nothing was probed, or not known */
	const struct cp_asdb *asdb; /* names of ASes; may be NULL */
	const char *skip_reason; /* why nothing was probed, closed list: dns status names, "blocklisted", "no-route",
	                            ...; NULL */
};

struct cp_rec_path {
	const struct cp_target *target; /* borrowed until the end record */
	const struct cp_answer *answer; /* likewise */
	struct cp_addr dest;
	const struct cp_path *path;
	const struct cp_judgement *judgement;
	const struct cp_asdb *asdb; /* names of ASes */
	const struct cp_service_tag *service_tag; /* of the destination; NULL: none, or not looked up */
	const char *tcp_method; /* "syn" or "sack"; NULL: not TCP */
	const char *sack_fallback; /* why it is not "sack", though asked for: closed list; NULL */
	const struct cp_quality_stats *e2e; /* of the destination, the same for all its flows; NULL: not measured */
	const struct cp_rec_start *start; /* of the run: vantage, home and data, for explanations; NULL: not known */
};

/* The accounting: attempted = replied + timed_out + tx_errors + blocked (lost replies are inside timed_out, and told
 * apart). */
struct cp_accounting {
	uint64_t attempted, transmitted, tx_errors;
	uint64_t blocked; /* by the blocklist, or over the budget of an address or prefix */
	uint64_t over_budget; /* of those */
	uint64_t replied; /* probes whose first reply was taken */
	uint64_t timed_out; /* transmitted and not replied */
	uint64_t matched; /* replies proven ours, duplicates included */
	uint64_t duplicates, late;
	uint64_t rejected_token, rejected_dest, rejected_unsent, rejected_flags, rejected_short;
	uint64_t lost; /* ours, but the ring was full */
	uint64_t resets_sent; /* in answer to segments */
	uint64_t acks_sent, connections_opened, connections_closed; /* TCP SACK */
	/* Of all these, the probes to the destinations themselves: e2e_attempted = e2e_replied + e2e_timed_out +
	 * e2e_unsent. */
	uint64_t e2e_attempted, e2e_replied, e2e_timed_out;
	uint64_t e2e_unsent; /* not transmitted: failed or blocked */
	uint64_t e2e_late; /* of those replied, after their time */
	uint64_t probing_ns; /* time with probes of paths to transmit: what the achieved rate is measured over */
	uint64_t total_ns;
	uint64_t n_targets, n_unresolved, n_skipped, n_dests, n_paths;
	uint64_t n_complete; /* paths of which nothing is left to ask */
	uint64_t n_hops, n_hops_seen; /* TTLs up to the end of each path; of those, answered */
};

struct cp_rec_summary {
	const struct cp_egress_row *egress;
	size_t n_egress;
	uint64_t n_paths; /* denominator of shares */
	uint64_t verdicts[CP_VERDICTS]; /* targets by verdict */
	struct cp_accounting accounting;
	const struct cp_asdb *asdb;
};

struct cp_rec_warning {
	const char *code; /* closed list, kebab-case */
	const char *text;
};

/* Whether the run keeps to what was expected of it (--policy, --fail-on): one record for each of them. */
struct cp_rec_policy {
	const struct cp_policy_result *result; /* what it points to is borrowed until the end record */
	const struct cp_asdb *asdb; /* names of ASes; NULL: none known */
};

struct cp_rec_end {
	const char *reason; /* "done", "interrupted", "failed" */
	const char *error; /* with "failed", else NULL */
	int exit_status;
	struct cp_accounting accounting;
};

struct cp_format_options {
	unsigned width; /* columns to lay a table out for; 0: 80 */
	bool color; /* ANSI colours */
	bool explain; /* for people: why each verdict is what it is */
};

/*
 * An output format. Calls come in the order start, (target | path | warning)*, summary, policy*, end; end is always
 * the last, also after failure, where any of the others may be missing (even start). Every call returns 0 or -errno of
 * the sink (the caller stops using the format then). Paths of a target come before its target record.
 */
struct cp_format {
	const char *name;
	int (*open)(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state);
	int (*start)(void *state, const struct cp_rec_start *rec);
	int (*target)(void *state, const struct cp_rec_target *rec);
	int (*path)(void *state, const struct cp_rec_path *rec);
	int (*warning)(void *state, const struct cp_rec_warning *rec);
	int (*summary)(void *state, const struct cp_rec_summary *rec);
	int (*policy)(void *state, const struct cp_rec_policy *rec); /* NULL: has no place for it */
	int (*end)(void *state, const struct cp_rec_end *rec);
	void (*close)(void *state); /* frees the state; takes NULL */
};

extern const struct cp_format cp_format_table; /* audit: summary for people */
extern const struct cp_format cp_format_hops; /* trace: hop by hop for people */
extern const struct cp_format cp_format_ndjson;
extern const struct cp_format cp_format_csv; /* a row a path */
extern const struct cp_format cp_format_egress_csv; /* a row an AS and role */
extern const struct cp_format cp_format_atlas; /* RIPE Atlas traceroute results */
extern const struct cp_format cp_format_datadog; /* Datadog's Network Path payload */
extern const struct cp_format cp_format_prom; /* Prometheus text, for node_exporter's textfile collector */
extern const struct cp_format cp_format_html; /* one page to hand on */
/* NULL-terminated; by name: cp_format_find("ndjson"), NULL when unknown. */
extern const struct cp_format *const cp_formats[];
const struct cp_format *cp_format_find(const char *name);

#endif
