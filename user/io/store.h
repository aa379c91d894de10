/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * store.h: runs kept in one SQLite file (WAL): written in batches, read by
 * query, kept within limits (docs/store.md has the schema). The rows below are
 * the tables, column by column. Knows neither records nor their formats.
 *
 * A store is one connection, for one thread. Several processes may have the
 * same file open, one of which writes at a time (the others wait up to a
 * minute, then -EBUSY).
 *
 * Integers that are not known are CP_STORE_NULL, texts NULL; both are NULL in
 * SQL. A struct that was zeroed says 0, not unknown: begin with
 * cp_store_row_init(). Times are Unix time in milliseconds.
 *
 * Functions return 0 or -errno: -ENOSPC (the disk is full), -EBUSY (another
 * process writes), -EBADMSG (the file is damaged), -EROFS, -EEXIST (a row with
 * that key is there), -ENOMEM, -EIO.
 */
#ifndef CP_STORE_H
#define CP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define CP_STORE_NULL INT64_MIN
#define CP_STORE_VERSION 2 /* of the schema: PRAGMA user_version */

enum cp_store_table {
	CP_STORE_RUNS = 0, /* struct cp_store_run */
	CP_STORE_TARGETS, /* struct cp_store_target */
	CP_STORE_PATHS, /* struct cp_store_path */
	CP_STORE_HOPS, /* struct cp_store_hop */
	CP_STORE_EGRESS, /* struct cp_store_egress */
	CP_STORE_EDGES, /* struct cp_store_edge */
	CP_STORE_WARNINGS, /* struct cp_store_warning */
	CP_STORE_ASES, /* struct cp_store_as */
	CP_STORE_POLICIES, /* struct cp_store_policy */
	CP_STORE_CHANGES, /* struct cp_store_change */
	CP_STORE_TABLES,
};

struct cp_store_run {
	const char *agent;
	int64_t run; /* its start; one more where an agent has that already */
	const char *audit; /* "": not a named one */
	const char *command, *version, *host;
	int64_t started_ms, ended_ms; /* ended_ms unknown: it is running, or was killed */
	const char *end_reason; /* "done", "interrupted", "failed", "max-runtime"; NULL: as above */
	const char *error; /* of a failed one */
	int64_t exit_status;
	int64_t vantage_asn;
	const char *vantage_why, *home_spec, *datapath;
	int64_t rate_pps, flows, seed;
	const char *databases; /* JSON array */
	const char *settings; /* JSON: the start record (docs/records.md) */
	const char *accounting; /* JSON object */
	int64_t n_targets, n_dests, n_paths, n_complete, n_hops, n_hops_seen;
	int64_t n_inside, n_direct, n_undecided, n_transit, n_detour; /* targets by verdict */
	int64_t probes, replies, lost; /* lost: replies that were ours and found no room */
	int64_t rows_lost; /* of this run that could not be stored */
	int64_t hops_pruned; /* 1: its hops were removed to keep within limits */
};

struct cp_store_target {
	const char *agent;
	int64_t run, seq;
	const char *name;
	int64_t port;
	const char *protocol, *group, *expect, *dns;
	const char *cname, *addresses; /* JSON arrays of strings */
	int64_t n_dests, n_paths;
	const char *verdict, *skip_reason;
	const char *flows; /* JSON object: `flows` of the target record */
};

struct cp_store_path {
	const char *agent;
	int64_t run, seq, target; /* target: seq of its target */
	const char *dest_ip;
	int64_t dest_asn;
	const char *dest_as_name;
	const char *dest_asns; /* JSON array, where several ASes announce it; NULL: one, or none */
	int64_t dest_asn_disputed; /* 0, 1: databases disagree */
	const char *service_tag, *service_region;
	int64_t flow, reached; /* reached: 0, 1 */
	const char *end_reason;
	int64_t end_code;
	const char *verdict, *confidence, *rule;
	const char *reasons; /* codes, joined by commas */
	const char *as_path; /* steps, joined by spaces; one with a space or quote in it is a JSON string */
	int64_t exit_ttl_min, exit_ttl_max;
	const char *exit_ip, *exit_ptr, *exit_site, *foreign_ip;
	int64_t foreign_asn;
	const char *foreign_as_name, *foreign_ixp;
	int64_t exit_rtt_us, dest_rtt_us; /* at the first hop outside, at the destination */
	int64_t n_hops, n_hops_seen, probes;
	const char *tcp_method, *sack_fallback;
	const char *e2e; /* JSON object; NULL: not measured */
};

struct cp_store_hop {
	const char *agent;
	int64_t run, path, ttl; /* path: seq of its path */
	const char *ip; /* NULL: silent */
	int64_t asn;
	const char *asns; /* as dest_asns */
	const char *ixp, *ptr, *site, *role; /* site, role: what ptr says of the router */
	int64_t rtt_us;
	const char *reply;
	int64_t icmp_type, icmp_code, reply_ttl, quoted_ttl;
	const char *mpls; /* JSON array of label stack entries; NULL: none */
	int64_t attempts;
	const char *flags; /* words of the hop record, and "inferred", joined by commas; NULL: none */
};

struct cp_store_egress {
	const char *agent;
	int64_t run, seq;
	const char *role;
	int64_t asn;
	const char *as_name, *as_org, *as_role, *ixp;
	int64_t paths, dests, targets, groups, exit_routers;
	const char *exit_sites; /* JSON array of {"place", "paths"} */
	int64_t handover_p50_us, handover_p95_us, handover_p99_us, cold_share_pct, replies, probes, unanswered;
};

/* Hand-overs between neighbours on AS paths; an exchange is a neighbour, too: asn unknown, the label says which. */
struct cp_store_edge {
	const char *agent;
	int64_t run, seq, from_asn, to_asn;
	const char *from_label, *to_label; /* name of the AS, or "IXP:name" */
	int64_t paths, dests;
	int64_t rtt_p50_us; /* at the first hop of the one that takes over */
};

struct cp_store_warning {
	const char *agent;
	int64_t run, seq;
	const char *code, *text;
};

/* What an AS was called when the run was made. */
struct cp_store_as {
	const char *agent;
	int64_t run, asn;
	const char *name;
};

struct cp_store_policy {
	const char *agent;
	int64_t run, seq;
	const char *record; /* JSON: the policy record */
};

struct cp_store_change {
	const char *agent;
	int64_t seq; /* given by cp_store_add_change() */
	int64_t at_ms, run;
	const char *audit, *target;
	int64_t port;
	const char *protocol, *group;
	const char *kind; /* verdict, exit-as-new, exit-as-gone, as-path, rtt, loss, coverage, dns, cname */
	const char *old, *new;
	int64_t first_seen_ms, last_seen_ms;
	const char *severity;
	int64_t muted; /* 0, 1 */
	const char *state; /* changed, recovered, settled; NULL: of before version 2, and nothing tells */
};

/* ---- Opening ---- */

struct cp_store;

enum cp_store_mode {
	CP_STORE_READ = 0, /* the file must be there */
	CP_STORE_WRITE, /* made when it is not */
};

/*
 * -EINVAL, err says what is wrong and what helps: not a database, another program's, damaged, written by a newer
 * version, not there. Such a file is left as it is. A file of an older schema is brought up to date by
 * CP_STORE_WRITE; CP_STORE_READ shows it as if it were, and leaves it as it is. With CP_STORE_WRITE some space beside
 * the file is set aside (FILE-reserve), which pruning needs on a full disk.
 */
int cp_store_open(const char *path, enum cp_store_mode mode, struct cp_store **ret_store, struct cp_err *err);
void cp_store_close(struct cp_store *store); /* commits what is pending; takes NULL */
const char *cp_store_path_name(const struct cp_store *store);
/* Bytes in use, free pages of the file not counted. */
int cp_store_bytes(struct cp_store *store, uint64_t *ret_bytes);
/* What SQLite said last, for messages. */
const char *cp_store_error(const struct cp_store *store);

/* ---- Writing (store_write.c) ---- */

/* All members unknown. */
void cp_store_row_init(enum cp_store_table table, void *row);

/* A run that begins, durable at once, whatever happens to the power. Its key is set in *run. The strings are borrowed
 * for the call. */
int cp_store_begin_run(struct cp_store *store, struct cp_store_run *run);
/*
 * Adds a row to the batch being made; a batch becomes durable as a whole, ends before a path or target, and is a few
 * thousand rows. Add hops after their path. After -ENOSPC the batch is undone (cp_store_lost() counts), and the rest of
 * the run should be left out but for cp_store_end_run(), for which the reserve is freed.
 */
int cp_store_add(struct cp_store *store, enum cp_store_table table, const void *row);
/* Makes what is pending durable. */
int cp_store_commit(struct cp_store *store);
/* Rows since the run began that were undone. */
uint64_t cp_store_lost(const struct cp_store *store);
/* Replaces the row of a run that began, and commits. */
int cp_store_end_run(struct cp_store *store, const struct cp_store_run *run);
/* Adds a change, committed at once; sets its seq. */
int cp_store_add_change(struct cp_store *store, struct cp_store_change *change);

/* ---- Retention (store_prune.c) ---- */

struct cp_store_limits {
	uint64_t keep_ms; /* runs and changes older than this go; 0: all are kept */
	uint64_t max_bytes; /* over it the hops of the oldest runs go first, then the oldest runs; 0: no limit */
};
struct cp_store_pruned {
	uint64_t n_runs; /* removed */
	uint64_t n_hop_runs; /* whose hops were removed */
};
/*
 * Removes what is beyond the limits, never the newest run, and gives the space back to the file system. Goes in small
 * steps that also fit on a full disk. Then sets the reserve aside again.
 */
int cp_store_prune(struct cp_store *store, const struct cp_store_limits *limits, uint64_t now_ms,
        struct cp_store_pruned *ret_pruned);

/* ---- Reading (store_read.c) ---- */

/*
 * Takes a row, of the struct of its table; borrowed for the call. 0: go on; else reading stops and returns it. May
 * read from the store itself, but not write.
 */
typedef int cp_store_row_fn(void *ctx, const void *row);

/* NULL or CP_STORE_NULL members do not matter. A zeroed one finds nothing: begin with cp_store_query_init(). */
struct cp_store_query {
	const char *agent;
	int64_t run;
	const char *audit; /* of runs, changes */
	int64_t from_ms, to_ms; /* runs started, changes noticed: from <= t < to */
	int64_t seq; /* of targets, paths */
	int64_t target; /* of paths: seq of their target */
	int64_t path; /* of hops: seq of their path */
	const char *group, *verdict; /* of targets */
	const char *name, *protocol; /* of targets, changes */
	int64_t port;
	const char *text; /* of targets: a part of the name; of changes: of target, old or new */
	const char *kind; /* of changes */
	int64_t foreign_asn; /* of paths */
	bool newest_first;
	int64_t limit, offset; /* limit unknown: all */
};
void cp_store_query_init(struct cp_store_query *query);

/*
 * Rows in the order of their keys; runs and changes in that of time. ret_total, if not NULL: how many there are without
 * limit and offset. A member of the query that the table has no column for is passed over.
 *
 *   runs                      CP_STORE_RUNS, newest_first
 *   one run                   CP_STORE_RUNS, agent, run
 *   targets of a run          CP_STORE_TARGETS, agent, run
 *   paths of a target         CP_STORE_PATHS, agent, run, target
 *   hops of a path            CP_STORE_HOPS, agent, run, path
 *   history of a target       CP_STORE_TARGETS, name (port, protocol), newest_first
 *   paths that went to an AS  CP_STORE_PATHS, foreign_asn
 *   changes                   CP_STORE_CHANGES, from_ms, newest_first
 */
int cp_store_read(struct cp_store *store, enum cp_store_table table, const struct cp_store_query *query,
        cp_store_row_fn *each, void *ctx, int64_t *ret_total);

/* Paths that left through an AS, run by run. */
struct cp_store_as_share {
	const char *agent;
	int64_t run, paths, dests;
};
/* In the order of runs; each gets a struct cp_store_as_share. */
int cp_store_as_history(
        struct cp_store *store, int64_t asn, const struct cp_store_query *query, cp_store_row_fn *each, void *ctx);

enum cp_store_which {
	CP_STORE_LATEST = 0, /* the newest */
	CP_STORE_PREVIOUS, /* the one before it of the same agent and audit */
	CP_STORE_NUMBER, /* the run with this number, the newest where several agents have one */
	CP_STORE_AT, /* the newest that started at or before this time */
};
/* query: agent and audit to look among; NULL: all. -ENOENT: there is none. each is called once. */
int cp_store_find_run(struct cp_store *store, enum cp_store_which which, int64_t number,
        const struct cp_store_query *query, cp_store_row_fn *each, void *ctx);

/* ---- Asking (store_ask.c, store_questions.c) ---- */

/* Answers that are put together from several tables; store_questions.c has their columns. */
enum cp_store_question {
	CP_ASK_VERSION = 0, /* changes when another process has written */
	CP_ASK_TOTALS,
	CP_ASK_AUDITS,
	CP_ASK_AGENTS,
	CP_ASK_AUDIT_LAST,
	CP_ASK_FIND_RUN, /* agent, audit, run, to: the newest of these */
	CP_ASK_RUNS,
	CP_ASK_N_RUNS,
	CP_ASK_RUN,
	CP_ASK_WARNINGS,
	CP_ASK_TARGETS,
	CP_ASK_N_TARGETS,
	CP_ASK_GROUPS,
	CP_ASK_PATHS,
	CP_ASK_HOPS,
	CP_ASK_FLOW_NODES,
	CP_ASK_FLOW_LINKS,
	CP_ASK_EGRESS,
	CP_ASK_FLOW_HISTORY,
	CP_ASK_TARGET_HISTORY,
	CP_ASK_HEATMAP_RUNS,
	CP_ASK_HEATMAP_CELLS,
	CP_ASK_AS_NAME,
	CP_ASK_AS_ROLES,
	CP_ASK_AS_HANDOVERS,
	CP_ASK_AS_SITES,
	CP_ASK_AS_TARGETS,
	CP_ASK_AS_HISTORY,
	CP_ASK_COMPARE_TARGETS, /* run and run_b */
	CP_ASK_COMPARE_EXITS,
	CP_ASK_CHANGES,
	CP_ASK_N_CHANGES,
	CP_ASK_LAST_END,
	CP_ASK_ENDED_RUNS,
	CP_ASK_LAST_CHANGE,
	CP_ASK_NEW_CHANGES,
	CP_ASK_METRIC_RUNS,
	CP_ASK_METRIC_TARGETS,
	CP_ASK_METRIC_EXITS,
	CP_ASK_METRIC_RTT,
	CP_ASK_METRIC_E2E,
	CP_ASK_METRIC_DATABASES,
	CP_ASK_QUESTIONS,
};

/* What a question is about. NULL and CP_STORE_NULL: it does not matter; begin with cp_store_args_init(). */
struct cp_store_args {
	const char *agent, *agent_b, *audit, *group, *verdict, *kind, *text, *name, *protocol;
	int64_t run, run_b, seq, path, port, asn, from, to; /* from, to: Unix ms */
	int64_t limit, offset;
};
void cp_store_args_init(struct cp_store_args *args);

/* One column of an answer. The name ends with ":what" where the type alone does not say what it is. */
struct cp_store_cell {
	const char *name;
	const char *text; /* [len], followed by a NUL; NULL: a number, or nothing */
	size_t len;
	bool is_null, is_real;
	int64_t number;
	double real;
};
/* A row of n cells, borrowed for the call. 0: go on; else asking stops and returns it. May ask the store itself. */
typedef int cp_store_cells_fn(void *ctx, const struct cp_store_cell *cells, size_t n);

/*
 * Asks; each gets the rows. -ETIMEDOUT: there was no answer within the time since cp_store_view(); otherwise as
 * cp_store_read().
 */
int cp_store_ask(struct cp_store *store, enum cp_store_question question, const struct cp_store_args *args,
        cp_store_cells_fn *each, void *ctx);
/*
 * Everything asked between these two sees one state of the store, whatever is written meanwhile, and has max_ms
 * together. A view keeps the file from shrinking: let it end soon.
 */
int cp_store_view(struct cp_store *store, uint32_t max_ms);
void cp_store_view_end(struct cp_store *store);

#endif
