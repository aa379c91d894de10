/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * audit_impl.h: the state of one run and the steps that audit, trace and
 * doctor compose from: knowledge, targets, plan, probing, report. Each step
 * is a file of its own and reads what the steps before it left here.
 */
#ifndef CP_AUDIT_IMPL_H
#define CP_AUDIT_IMPL_H

#include <signal.h>
#include <stdatomic.h>

#include "core/asdb.h"
#include "core/blocklist.h"
#include "core/budget.h"
#include "core/quality.h"
#include "core/service_tag.h"
#include "core/sweep.h"
#include "core/target.h"
#include "core/verdict.h"
#include "format/record.h"
#include "io/asfile.h"
#include "io/engine.h"
#include "io/host.h"
#include "io/route.h"
#include "opts.h"

#define CP_DATABASES_MAX (CP_OPTS_LIST_MAX + 5)

/* Why a destination is not probed. */
enum cp_skip {
	CP_SKIP_NOT = 0,
	CP_SKIP_BLOCKLISTED,
	CP_SKIP_NO_ROUTE,
	CP_SKIP_NO_NEIGHBOUR,
	CP_SKIP_LOCAL,
	CP_SKIP_INTERFACE,
	CP_SKIP_TOO_MANY,
};
/* As records have it; NULL: it is probed. */
const char *cp_skip_name(enum cp_skip skip);

/* One address, port and protocol to probe; names that share it share the probes. Small, as there may be a million. */
struct cp_probe_dest {
	struct cp_addr addr;
	uint32_t index; /* in the engine and the sweep, when probed */
	uint16_t port;
	uint16_t nexthop; /* index into cp_audit.hops */
	uint8_t proto;
	uint8_t skip; /* enum cp_skip */
	bool route_changed; /* during the run: its probes kept to the old way */
};

/* One next hop in use. */
struct cp_hop_out {
	struct cp_nexthop nexthop; /* as the engine takes it */
	struct cp_addr addr; /* the router, or the on-link destination */
	uint32_t link; /* index into cp_audit.links */
	bool resolved;
	uint32_t n_gaps; /* times that its probes, or the replies, could not pass */
	bool lost; /* it fell silent and was given up: some probes were never sent */
};

struct cp_gate;
struct cp_datadog;
struct cp_e2e;

struct cp_output {
	const struct cp_format *format;
	void *state;
	struct cp_sink sink;
	struct cp_output_file *file; /* output.c's own */
	const char *path; /* NULL: standard output */
	int error; /* -errno that ended it */
};

struct cp_names;
struct cp_keep;
struct cp_keep_known;

/* Who has a run go round and round, and looks on (live.c). Calls come from the thread that probes. */
struct cp_rounds {
	int (*look)(void *ctx); /* often, while probing; not 0: stop */
	/*
	 * A round is over: audit->sweep has what it found. Returns, when it is time for another one, 1; 0: enough;
	 * or -errno with err set.
	 */
	int (*between)(void *ctx, struct cp_err *err);
	void (*warn)(void *ctx, const char *text); /* instead of standard error */
	void *ctx;
};

/* ---- What may outlive a run, for those that follow each other ---- */

/* AS data and service tags, and the files it came from as they were. */
struct cp_knowledge {
	struct cp_asdb *asdb;
	struct cp_service_tags *service_tags; /* NULL: none were given */
	struct cp_rec_database databases[CP_DATABASES_MAX]; /* names borrowed from the options; no types, no ages */
	char database_types[CP_DATABASES_MAX][sizeof(((struct cp_asfile_info *)NULL)->type)]; /* "": unknown */
	size_t n_databases;
	uint64_t stamp; /* of the files */
};

/* Somebody else who wants the records, in the order of struct cp_format; an error drops it and fails the run. */
struct cp_hook {
	const struct cp_format *format; /* open and close are not called */
	void *state;
};

#define CP_HOOKS_MAX 8

struct cp_audit;

/* Everything may be zero: a run on its own. */
struct cp_env {
	const char *name; /* that goes before what is said on standard error; NULL: none */
	const struct cp_knowledge *knowledge; /* NULL: loaded by the run */
	struct cp_keep_known *known; /* of the store; NULL: nobody repeats the run */
	struct cp_engine_keep *keep; /* NULL: attached by the run */
	/* called often, and only while the run gets on; its sweep is NULL before it probes; NULL */
	void (*progress)(void *ctx, const struct cp_audit *audit);
	void *ctx;
	struct cp_hook hooks[CP_HOOKS_MAX];
	uint32_t n_hooks;
};

struct cp_audit {
	const struct cp_opts *opts;
	const struct cp_env *env;
	const char *command;
	bool is_import; /* nothing is probed: what concerns probing is unknown */
	uint64_t start_ns, start_wall_ms;

	/* knowledge.c */
	struct cp_knowledge own; /* where env has none */
	const struct cp_asdb *asdb;
	struct cp_home home;
	struct cp_blocklist *blocklist;
	const struct cp_service_tags *service_tags; /* NULL: none were given */
	struct cp_rec_database databases[CP_DATABASES_MAX];
	size_t n_databases;
	struct cp_vantage vantage;

	/* gather.c */
	struct cp_targets targets;
	struct cp_answer *answers; /* [targets.n_names]; see cp_audit_answer() */
	struct cp_addr literal_addr;
	struct cp_answer literal; /* the answer of every target that is an address */
	char resolver[256];

	/* plan.c */
	struct cp_probe_dest *dests; /* unique */
	size_t n_dests;
	uint32_t
	        *target_first; /* [targets.n + 1]: target t uses target_dests[target_first[t] .. target_first[t + 1]) */
	uint32_t *target_dests; /* indexes into dests */
	struct cp_addr *probe_addrs; /* [n_probed], by engine index */
	uint32_t n_probed;
	struct cp_hop_out hops[CP_NEXTHOPS_MAX];
	uint32_t n_hops;
	struct cp_link links[CP_IFACES_MAX];
	uint32_t n_links;

	/* probe.c */
	struct cp_engine *engine;
	struct cp_sweep *sweep;
	struct cp_budget *budget;
	struct cp_ports *tcp_ports, *udp_ports;
	uint64_t seed;
	struct cp_accounting accounting;
	bool replies_lost; /* silence is doubtful */
	const char *end_reason; /* "done", "interrupted", "failed", "max-runtime" */
	const struct cp_rounds *rounds; /* NULL: a single one, and nobody looks on */

	/* quality.c; NULL: no --e2e */
	struct cp_e2e *e2e;

	/* gate.h; NULL: nothing is expected of the run */
	struct cp_gate *gate;

	/* datadog.c; NULL: no --datadog-conf */
	struct cp_datadog *datadog;

	struct cp_names *names; /* names.c; NULL: not asked for */

	/* output.c */
	struct cp_output outputs[CP_OPTS_LIST_MAX];
	uint32_t n_outputs;
	int hook_errors[CP_HOOKS_MAX]; /* -errno that ended one */
	struct cp_keep *keep; /* keep.h; NULL: no --store */
	struct cp_rec_start start; /* as it was handed to them */
	const char *start_interfaces[CP_IFACES_MAX];
	char host[256];
};

/* ---- signals.c ---- */

/* Counts SIGINT and SIGTERM instead of dying from them, and SIGUSR1 and SIGUSR2; ignores SIGPIPE. */
void cp_signals_catch(void);
/* From now on the first one no longer cuts a write short, so that results reach a slow reader whole. */
void cp_signals_spare_writes(void);
/* Who takes the third one, which kills: for what has to be tidied up. SIG_DFL: nobody. */
void cp_signals_set_last(void (*handler)(int));
/* How often one came; the first one's number in *ret_signal (may be NULL). */
int cp_signals_seen(int *ret_signal);
/* How often the rate is to be halved: SIGUSR1 adds one, SIGUSR2 takes one back. */
unsigned cp_signals_rate_halvings(void);
/* Counts SIGHUP instead of dying from it. */
void cp_signals_catch_reload(void);
unsigned cp_signals_reloads(void);
/* True once one came; for code that polls a flag. */
const atomic_bool *cp_signals_flag(void);

/* ---- knowledge.c: AS data, home, vantage, blocklist. 0 or -errno. ---- */

/* Loads the AS data that the options name. Free with cp_knowledge_free(). */
int cp_knowledge_load(const struct cp_opts *opts, struct cp_knowledge *ret_knowledge, struct cp_err *err);
void cp_knowledge_free(struct cp_knowledge *knowledge);
/* Of those files as they are now: another one than the knowledge's says that they were changed or replaced. */
uint64_t cp_knowledge_stamp(const struct cp_opts *opts);

int cp_audit_load(struct cp_audit *audit, struct cp_err *err);
/* An AS database was given, or rows of the user's own. */
bool cp_audit_has_database(const struct cp_audit *audit);
/* Warns of AS data that is old, missing, or in disagreement. */
void cp_audit_warn_data(struct cp_audit *audit);
/* The Azure Service Tag of an address; NULL: it has none, or none were given. */
const struct cp_service_tag *cp_audit_service_tag(const struct cp_audit *audit, const struct cp_addr *addr);
/* Where the probes start, once the source address (or a zero one) is known. */
void cp_audit_find_vantage(struct cp_audit *audit, const struct cp_addr *source);

/* ---- gather.c: targets and their addresses. -EINVAL: usage. ---- */

int cp_audit_gather(struct cp_audit *audit, struct cp_err *err);
/* Asks DNS for every name. 0 also when some or all names failed; -ECANCELED: interrupted. */
int cp_audit_resolve(struct cp_audit *audit, struct cp_err *err);

/* What DNS said of a target. Of one that is an address: that it is one, but not which. */
static inline const struct cp_answer *cp_audit_answer(const struct cp_audit *audit, const struct cp_target *target)
{
	return target->is_literal ? &audit->literal : &audit->answers[target->nth_name];
}

/* ---- datadog.c: --datadog-conf, without effect where it is not given ---- */

/* Adds its targets to the run's, and its settings to opts where those were not typed. */
int cp_datadog_load(struct cp_audit *audit, struct cp_opts *opts, struct cp_err *err);
/* What of it is not honoured; once the outputs are open. */
void cp_datadog_warn(struct cp_audit *audit);
void cp_datadog_free(struct cp_datadog *datadog); /* takes NULL */

/* ---- plan.c ---- */

/* Unique destinations, blocklist, routes, next hops. 0 also when some are skipped. */
int cp_audit_plan(struct cp_audit *audit, struct cp_err *err);

/* ---- probe.c ---- */

/* Sets the interfaces that probes leave by. */
void cp_audit_describe_ifaces(const struct cp_audit *audit, struct cp_engine_config *config);
/* Opens the datapath and fills its tables; sends nothing. */
int cp_audit_open(struct cp_audit *audit, struct cp_err *err);
/* Probes until done, interrupted or out of time; leaves the accounting. */
int cp_audit_probe(struct cp_audit *audit, struct cp_err *err);

/* ---- connections.c: what TCP SACK probes fly in. Without effect in other runs. ---- */

/* How to wait for the engine: drains replies meanwhile. */
struct cp_waiting {
	void (*wait)(void *ctx, int timeout_ms);
	void *ctx;
};
/* Between passes: gives up connections in which SACK is of no use. 0 or -errno. */
int cp_connections_review(struct cp_audit *audit, const struct cp_waiting *waiting);
/* At the end: resets what is open. */
void cp_connections_close(struct cp_audit *audit, const struct cp_waiting *waiting);
/* With --tcp-method sack: takes those probes out of ids whose path has no connection. Returns how many are left. */
uint32_t cp_connections_bar(const struct cp_audit *audit, uint32_t *ids, uint32_t n);
/* What the probes of a path flew in. */
void cp_connections_describe(const struct cp_audit *audit, const struct cp_probe_dest *dest, const struct cp_path *path,
        struct cp_rec_path *rec);
void cp_connections_count(const struct cp_audit *audit, struct cp_accounting *acc);

/* ---- quality.c: --e2e: probes to the destinations themselves, once the paths are done ---- */

static inline bool cp_e2e_wanted(const struct cp_audit *audit)
{
	return audit->opts->n_e2e != 0;
}
/* Between two of a destination's; 0 when there are none. */
uint32_t cp_e2e_interval_ms(const struct cp_opts *opts);
/* Bytes that it takes. */
uint64_t cp_e2e_memory(const struct cp_audit *audit);
/* Once the engine is idle. 0 or -ENOMEM. */
int cp_e2e_begin(struct cp_audit *audit);
/* Queues what is due, within the rate and the budgets. Returns the number queued, or -errno. */
int cp_e2e_feed(struct cp_audit *audit, uint64_t now_ns);
/* Takes its own out of n events. Returns how many are left, in their order. */
uint32_t cp_e2e_take(struct cp_audit *audit, struct cp_event *events, uint32_t n);
/* All that was captured up to before_ns was taken. */
/* The host stood still until now: what is out counts neither as sent nor as lost. Nothing where there are no such
 * probes. */
void cp_e2e_forget(struct cp_audit *audit, uint64_t now_ns);
void cp_e2e_settle(struct cp_audit *audit, uint64_t before_ns);
bool cp_e2e_done(const struct cp_audit *audit);
/* Probes whose outcome is known, and all there will be. */
void cp_e2e_progress(const struct cp_audit *audit, uint64_t *ret_settled, uint64_t *ret_total);
/* Nothing more is transmitted, captured or taken. */
void cp_e2e_end(struct cp_audit *audit);
/* Adds to the accounting of the whole run, and says what part of it this was. */
void cp_e2e_count(const struct cp_audit *audit, struct cp_accounting *acc);
/* Says what this host lost of it itself. */
void cp_e2e_warn(struct cp_audit *audit);

/* dry_run.c: writes what would be probed to standard output. 0 or -errno, err says so. */
int cp_audit_show_plan(const struct cp_audit *audit, struct cp_err *err);
/* Of a destination that was probed, filled into *ret_stats; NULL: no --e2e. */
const struct cp_quality_stats *cp_e2e_stats(
        const struct cp_audit *audit, const struct cp_probe_dest *dest, struct cp_quality_stats *ret_stats);
void cp_e2e_free(struct cp_e2e *e2e); /* takes NULL */

/* ---- follow.c: links, next hops and routes, as they change while probes are out ---- */

struct cp_progress;
struct cp_follow;
int cp_follow_open(
        struct cp_audit *audit, struct cp_progress *progress, struct cp_follow **ret_follow, struct cp_err *err);
/* Call it often. 0: go on; 1: feed the engine nothing for now; -errno: the way out is gone for good, err says why. */
int cp_follow_poll(struct cp_follow *follow, uint64_t now_ns, struct cp_err *err);
/* After the last probe: what is still to be found out and said. */
void cp_follow_finish(struct cp_follow *follow);
void cp_follow_close(struct cp_follow *follow); /* takes NULL */
/* The silence of this destination's paths may be of our own making. */
bool cp_follow_doubts(const struct cp_audit *audit, const struct cp_probe_dest *dest);

/* ---- names.c: reverse names of routers ---- */

/* Asks DNS for the names of all routers on all paths, for three seconds at most; says what it could not find out. */
void cp_audit_name_hops(struct cp_audit *audit);
/* Sets the names of a path's hops, borrowed from names. Takes NULL. */
void cp_names_set(const struct cp_names *names, struct cp_path *path);
void cp_names_free(struct cp_names *names); /* takes NULL */

/* ---- output.c ---- */

int cp_outputs_open(struct cp_audit *audit, struct cp_err *err);
void cp_outputs_start(struct cp_audit *audit);
/* Of a run that was made before; what it points to is borrowed until the end. */
void cp_outputs_start_as(struct cp_audit *audit, const struct cp_rec_start *rec);
void cp_outputs_warn(struct cp_audit *audit, const char *code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
void cp_outputs_path(struct cp_audit *audit, const struct cp_rec_path *rec);
void cp_outputs_target(struct cp_audit *audit, const struct cp_rec_target *rec);
void cp_outputs_summary(struct cp_audit *audit, const struct cp_rec_summary *rec);
/* What came of --policy and --fail-on; after the summary. */
void cp_outputs_policies(struct cp_audit *audit);
/* One that is not of the gate. What it points to stays until the outputs end. */
void cp_outputs_policy(struct cp_audit *audit, const struct cp_rec_policy *rec);
/* Writes the end record and closes everything. 0, or the first -errno of an output, with err set. */
int cp_outputs_end(struct cp_audit *audit, const char *error, int exit_status, struct cp_err *err);
/* True when no output can take anything any more, nor the store. */
bool cp_outputs_dead(const struct cp_audit *audit);

/* ---- report.c ---- */

/* Judges every path and hands paths, targets and the summary to the outputs. 0 or -ENOMEM. */
int cp_audit_report(struct cp_audit *audit, struct cp_err *err);

/* ---- live.c: --live, instead of outputs and report ---- */

/* Is there a terminal to live on? Before anything is begun. -EINVAL: no. */
int cp_live_check(const struct cp_opts *opts, struct cp_err *err);
/* After cp_audit_open(): probes round by round, and shows it, until the user has enough. */
int cp_live_run(struct cp_audit *audit, struct cp_err *err);

/* ---- progress.c: one line on a terminal. ---- */

struct cp_progress {
	bool on;
	uint64_t start_ns, next_ns;
};
void cp_progress_init(struct cp_progress *progress, const struct cp_opts *opts);
void cp_progress_probing(struct cp_progress *progress, const struct cp_audit *audit, uint64_t n_replies);
void cp_progress_e2e(struct cp_progress *progress, uint64_t n_settled, uint64_t n_total);
void cp_progress_text(struct cp_progress *progress, const char *text);
void cp_progress_clear(struct cp_progress *progress);

void cp_audit_free(struct cp_audit *audit);

/* ---- audit.c: a whole run ---- */

/* Probes, reports, and says on standard error what failed. Returns the exit status. May be called again and again. */
int cp_audit_run(const struct cp_opts *opts, const char *command, const struct cp_env *env);
/*
 * Reads all that a run reads before it asks the network (targets, lists, policies), so that what is wrong there is
 * known early. 0 or -errno.
 */
int cp_audit_check(const struct cp_opts *opts, const struct cp_env *env, struct cp_err *err);
/* The run gets on. */
static inline void cp_audit_progress(const struct cp_audit *audit)
{
	if (audit->env && audit->env->progress)
		audit->env->progress(audit->env->ctx, audit);
}

#endif
