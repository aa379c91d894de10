// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe.c: the probing itself: the sweep says which slots, the engine sends
 * them and brings events back, until there is nothing left to ask.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "core/standstill.h"
#include "cp_wire.h"

#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define BATCH 4096u
#define QUEUE_PER_SEC 50u /* keep this fraction of a second of work queued: what is queued can no longer be spared */
#define QUEUE_MIN 64u
#define TICK_MS 2
#define EVENTS 256u /* taken from the ring at a time */
#define SLOT_BYTES 10u
#define SHORT_DRAIN_MS 300u
#define HOST_AHEAD 64u /* probes that an address, or a prefix, may get at once: a path's; some paths' */
#define PREFIX_AHEAD 1000u
#define SLOW_MS 10000u /* for routers that answer once a second */

/* ---- Opening ---- */

void cp_audit_describe_ifaces(const struct cp_audit *audit, struct cp_engine_config *config)
{
	config->n_ifaces = audit->n_links;
	for (uint32_t i = 0; i < audit->n_links; i++) {
		config->ifindexes[i] = audit->links[i].ifindex;
		config->l3[i] = audit->links[i].l3;
		memcpy(config->ifnames[i], audit->links[i].name, sizeof(config->ifnames[i]));
	}
}

static int block(void *ctx, const struct cp_addr *first, uint32_t n_bits, bool v6)
{
	return cp_engine_block(ctx, first, n_bits, v6);
}

static int fill_tables(struct cp_audit *audit)
{
	int rc = 0;

	for (uint32_t i = 0; i < audit->n_hops && rc == 0; i++)
		rc = cp_engine_set_nexthop(audit->engine, i, &audit->hops[i].nexthop);
	for (size_t i = 0; i < audit->n_dests && rc == 0; i++) {
		const struct cp_probe_dest *dest = &audit->dests[i];
		struct cp_dest entry = {
		        .addr = dest->addr,
		        .port = cp_swap16(dest->port),
		        .proto = dest->proto,
		        .flags = cp_addr_is_v4(&dest->addr) ? 0 : CP_DEST_V6,
		        .nexthop = dest->nexthop,
		};

		if (dest->skip)
			continue;
		entry.host_budget = cp_budget_host(audit->budget, dest->index);
		entry.prefix_budget = cp_budget_prefix(audit->budget, dest->index);
		if (dest->proto == IPPROTO_TCP && audit->opts->tcp_method != CP_METHOD_SYN)
			entry.flags |= CP_DEST_SACK;
		rc = cp_engine_set_dest(audit->engine, dest->index, &entry);
	}
	return rc ? rc : cp_blocklist_each(audit->blocklist, block, audit->engine);
}

static void count_losses(void *ctx, struct cp_losses *ret_losses)
{
	struct cp_engine_stats stats;

	cp_engine_stats(ctx, &stats);
	ret_losses->n_replies = stats.stat[CP_STAT_RX_LOST];
	ret_losses->n_probes = stats.stat[CP_STAT_TX_ERROR] + stats.stat[CP_STAT_TX_BUDGET];
}

static uint32_t slots_per_dest(const struct cp_opts *opts)
{
	return opts->n_flows * (opts->max_ttl - opts->first_ttl + 1);
}

static int open_sweep(struct cp_audit *audit)
{
	const struct cp_opts *opts = audit->opts;
	struct cp_sweep_config config = {
	        .shape = {audit->n_probed, opts->n_flows, opts->max_ttl - opts->first_ttl + 1, opts->first_ttl},
	        .attempts = opts->attempts,
	        .gap = opts->gap,
	        .exhaustive = opts->exhaustive,
	        .timeout_ms = opts->timeout_ms,
	        .slow_ms = opts->live ? 0 : SLOW_MS, /* a round is to be short */
	        .seed = audit->seed,
	        .dests = audit->probe_addrs,
	        .find_per_packet = !opts->live,
	        .count_losses = count_losses,
	        .losses_ctx = audit->engine,
	};

	return cp_sweep_new(&config, &audit->sweep);
}

/* Source ports for a protocol, when anything is probed with it. */
static int reserve_ports(
        struct cp_audit *audit, uint8_t proto, struct cp_ports **ret_ports, uint16_t *ret_base, struct cp_err *err)
{
	for (size_t i = 0; i < audit->n_dests; i++) {
		if (!audit->dests[i].skip && audit->dests[i].proto == proto)
			return cp_ports_reserve((uint16_t)audit->opts->n_flows, proto, ret_ports, ret_base, err);
	}
	return 0;
}

/*
 * Refuses what would not fit, before anything is taken: the kernel's tables,
 * and per slot at most a cell of the path store and its share of a row.
 */
static int check_memory(const struct cp_engine_config *config, uint64_t e2e_bytes, struct cp_err *err)
{
	uint64_t n_slots = (uint64_t)config->n_dests * config->n_flows * config->n_ttls, left;
	uint64_t needed = cp_engine_memory(config) + n_slots * SLOT_BYTES + e2e_bytes;

	if (cp_host_memory(&left) || needed <= left)
		return 0;
	return cp_err_set(err, -ENOMEM,
	        "%u destinations need up to %llu MiB of memory, %llu MiB are left: probe fewer at once, or with "
	        "fewer flows or TTLs",
	        config->n_dests, (unsigned long long)(needed >> 20), (unsigned long long)(left >> 20));
}

int cp_audit_open(struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_opts *opts = audit->opts;
	struct cp_engine_config config = {
	        .keep = audit->env ? audit->env->keep : NULL,
	        .datapath = opts->datapath,
	        .xdp_mode = opts->xdp_mode,
	        .tc_attach = opts->tc_attach,
	        .n_dests = audit->n_probed,
	        .n_flows = opts->n_flows,
	        .n_ttls = opts->max_ttl - opts->first_ttl + 1,
	        .first_ttl = opts->first_ttl,
	        .n_nexthops = audit->n_hops,
	        .rate_pps = opts->rate_pps,
	        .n_lanes = opts->n_senders,
	        .sack = opts->tcp_method != CP_METHOD_SYN,
	};
	int rc = cp_budget_new(audit->probe_addrs, audit->n_probed, cp_budget_rule(opts->host_pps, HOST_AHEAD),
	        cp_budget_rule(opts->prefix_pps, PREFIX_AHEAD), &audit->budget);

	if (rc)
		return cp_err_set(err, rc, "out of memory");
	config.n_budgets = cp_budget_n(audit->budget);
	config.host_rule = cp_budget_rule(opts->host_pps, HOST_AHEAD);
	config.prefix_rule = cp_budget_rule(opts->prefix_pps, PREFIX_AHEAD);
	rc = reserve_ports(audit, IPPROTO_TCP, &audit->tcp_ports, &config.port_base, err);

	rc = rc ? rc : reserve_ports(audit, IPPROTO_UDP, &audit->udp_ports, &config.udp_port_base, err);
	if (rc)
		return rc;
	rc = cp_host_random(config.token_key, sizeof(config.token_key));
	if (rc)
		return cp_err_set(err, rc, "no random bytes: %s", strerror(-rc));
	cp_audit_describe_ifaces(audit, &config);
	rc = check_memory(&config, cp_e2e_memory(audit), err);
	rc = rc ? rc : cp_engine_open(&config, &audit->engine, err);
	if (rc)
		return rc;
	rc = fill_tables(audit);
	rc = rc ? rc : open_sweep(audit);
	return rc ? cp_err_set(err, rc, "cannot set the run up: %s", strerror(-rc)) : 0;
}

/* ---- Running ---- */

struct probing {
	struct cp_audit *audit;
	struct cp_progress progress;
	struct cp_follow *follow;
	uint32_t queue_max;
	uint32_t n_halvings; /* of the rate, so far */
	uint32_t pass; /* of the latest probes */
	uint64_t busy_ns;
	uint64_t n_answered, n_dup, n_late;
	struct cp_standstill still;
	struct cp_event events[EVENTS];
	uint32_t n_events;
};

/* Hands what was buffered to the sweep, which takes replies in batches. */
static void take_events(struct probing *probing)
{
	enum cp_reply_result results[EVENTS];

	probing->n_events = cp_e2e_take(probing->audit, probing->events, probing->n_events);
	cp_sweep_replies(probing->audit->sweep, probing->events, probing->n_events, results);
	for (uint32_t i = 0; i < probing->n_events; i++) {
		if (results[i] == CP_REPLY_DUP)
			probing->n_dup++;
		else
			probing->n_answered++;
		if (probing->events[i].flags & CP_EV_LATE)
			probing->n_late++;
	}
	probing->n_events = 0;
}

static void on_event(void *ctx, const struct cp_event *event)
{
	struct probing *probing = ctx;
	struct cp_event *kept = &probing->events[probing->n_events++];

	*kept = *event;
	/* When it came nobody can tell. */
	if (cp_standstill_within(&probing->still, event->tx_ns, event->rx_ns))
		kept->tx_ns = 0;
	if (probing->n_events == EVENTS)
		take_events(probing);
}

/* Those who go round here do so every few milliseconds. */
static void notice_standstill(struct probing *probing)
{
	uint64_t now_ns = cp_host_clock_mono_ns();
	uint64_t gap_ns = cp_standstill_look(&probing->still, now_ns, cp_host_clock_boot_ns());

	if (!gap_ns)
		return;
	cp_e2e_forget(probing->audit, now_ns);
	cp_progress_clear(&probing->progress);
	cp_outputs_warn(probing->audit, "stood-still",
	        "this host, or this process, stood still for %.1f s: probes that were out then have no round trip, and "
	        "are asked again",
	        (double)gap_ns / 1e9);
}

static int drain(struct probing *probing, int timeout_ms)
{
	int rc;

	notice_standstill(probing);
	rc = cp_engine_drain(probing->audit->engine, timeout_ms, on_event, probing);

	take_events(probing);
	return rc;
}

static void wait_and_drain(void *ctx, int timeout_ms)
{
	drain(ctx, timeout_ms);
}

/* The sweep has begun another pass: what the ones before it have shown of the connections. 0 or -errno. */
static int note_pass(struct probing *probing)
{
	struct cp_waiting waiting = {wait_and_drain, probing};
	uint64_t sent, total;
	uint32_t pass;

	cp_sweep_progress(probing->audit->sweep, &sent, &total, &pass);
	if (pass == probing->pass)
		return 0;
	probing->pass = pass;
	return cp_connections_review(probing->audit, &waiting);
}

/* Probes whose time has come and that are still worth sending. */
static uint32_t take_due(struct cp_audit *audit, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap)
{
	uint32_t n = cp_budget_due(audit->budget, now_ns, ret_ids, cap), n_kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (cp_sweep_wants(audit->sweep, ret_ids[i]))
			ret_ids[n_kept++] = ret_ids[i];
	}
	return n_kept;
}

/* Asks the sweep for probes. Those that are too much for their destination now are kept. */
static int take_new(struct probing *probing, uint64_t now_ns, uint32_t *ids, uint32_t cap, uint32_t *ret_n)
{
	struct cp_audit *audit = probing->audit;
	uint32_t n = cp_sweep_next(audit->sweep, now_ns, ids, cap);
	int rc = n ? note_pass(probing) : 0;

	n = cp_connections_bar(audit, ids, n);
	return rc ? rc : cp_budget_admit(audit->budget, slots_per_dest(audit->opts), now_ns, ids, n, ret_n);
}

/* Queues what the sweep wants, up to the queue's depth. Returns the number queued, or -errno. */
static int feed(struct probing *probing, uint64_t now_ns)
{
	struct cp_audit *audit = probing->audit;
	uint32_t used = cp_engine_queued(audit->engine), room = cp_engine_room(audit->engine), n, ids[BATCH];
	int rc = 0;

	/* In large pieces: between them this thread sleeps. */
	if (used > probing->queue_max / 2)
		return 0;
	room = room < BATCH ? room : BATCH;
	room = room < probing->queue_max - used ? room : probing->queue_max - used;
	n = take_due(audit, now_ns, ids, room);
	if (n == 0)
		rc = take_new(probing, now_ns, ids, room, &n);
	if (rc == 0 && n)
		rc = cp_engine_push(audit->engine, CP_WORK_PROBE, ids, n);
	return rc ? rc : (int)n;
}

static void set_queue_max(struct probing *probing, uint32_t rate_pps)
{
	probing->queue_max = rate_pps / QUEUE_PER_SEC;
	if (probing->queue_max < QUEUE_MIN)
		probing->queue_max = QUEUE_MIN;
	if (probing->queue_max > CP_WORK_SLOTS)
		probing->queue_max = CP_WORK_SLOTS;
}

/* Follows the rate that signals ask for. */
static void follow_rate(struct probing *probing)
{
	uint32_t n_halvings = cp_signals_rate_halvings(), rate_pps = probing->audit->opts->rate_pps >> n_halvings;

	if (n_halvings == probing->n_halvings)
		return;
	probing->n_halvings = n_halvings;
	rate_pps = rate_pps ? rate_pps : 1;
	set_queue_max(probing, rate_pps);
	cp_engine_set_rate(probing->audit->engine, rate_pps);
	cp_progress_clear(&probing->progress);
	cp_outputs_warn(probing->audit, "rate-changed", "%u packets/s from now on", rate_pps);
}

static bool out_of_time(const struct cp_audit *audit, uint64_t now_ns)
{
	uint64_t limit_s = audit->opts->max_runtime_s;

	return limit_s && now_ns - audit->start_ns >= limit_s * NSEC_PER_SEC;
}

static int stopped(int rc, struct cp_err *err)
{
	return cp_err_set(err, rc, "probing stopped: %s", strerror(-rc));
}

enum attention { GO_ON = 0, PAUSE, STOP };

/* What the world around wants: an enum attention, or -errno with err set. */
static int attend(struct probing *probing, uint64_t now_ns, struct cp_err *err)
{
	struct cp_audit *audit = probing->audit;
	int paused;

	if (cp_signals_seen(NULL)) {
		audit->end_reason = "interrupted";
		return STOP;
	}
	if (out_of_time(audit, now_ns)) {
		audit->end_reason = "max-runtime";
		return STOP;
	}
	follow_rate(probing);
	paused = cp_follow_poll(probing->follow, now_ns, err);
	return paused < 0 ? paused : paused ? PAUSE : GO_ON;
}

static int run_sweep(struct probing *probing, struct cp_err *err)
{
	struct cp_audit *audit = probing->audit;
	int rc;

	cp_standstill_leave(&probing->still); /* what was between rounds */
	for (;;) {
		uint64_t now_ns = cp_host_clock_mono_ns();
		int n, attention = attend(probing, now_ns, err);

		if (attention < 0 || attention == STOP)
			return attention < 0 ? attention : 0;
		n = attention == PAUSE ? 0 : feed(probing, now_ns);
		rc = n < 0 ? n : cp_engine_error(audit->engine);
		if (rc)
			return stopped(rc, err);
		if (n == 0 && cp_engine_idle(audit->engine) && !cp_budget_waiting(audit->budget)) {
			probing->busy_ns += cp_engine_take_busy_ns(audit->engine);
			cp_sweep_flushed(audit->sweep, now_ns);
		}
		rc = drain(probing, n ? 0 : TICK_MS);
		if (rc < 0 && rc != -EINTR)
			return stopped(rc, err);
		cp_progress_probing(&probing->progress, audit, probing->n_answered);
		cp_audit_progress(audit);
		if (audit->rounds && audit->rounds->look(audit->rounds->ctx))
			return 0;
		if (cp_sweep_done(audit->sweep, cp_host_clock_mono_ns()))
			return 0;
	}
}

/* The same slots anew, and a secret under which no answer to an older probe of them is valid. */
static int begin_round(struct probing *probing)
{
	struct cp_audit *audit = probing->audit;
	struct cp_sweep *before = audit->sweep;
	uint32_t token_key[4];
	int rc = cp_host_random(token_key, sizeof(token_key));

	if (rc)
		return rc;
	rc = open_sweep(audit);
	if (rc)
		return rc;
	cp_sweep_free(before);
	cp_engine_set_key(audit->engine, token_key);
	probing->pass = 0;
	return 0;
}

static int run_rounds(struct probing *probing, struct cp_err *err)
{
	const struct cp_audit *audit = probing->audit;
	int rc;

	for (;;) {
		rc = run_sweep(probing, err);
		if (rc || strcmp(audit->end_reason, "done") != 0 || !audit->rounds)
			return rc;
		rc = audit->rounds->between(audit->rounds->ctx, err);
		if (rc <= 0)
			return rc;
		/* What is late by now is not of the next round. */
		rc = drain(probing, 0);
		rc = rc < 0 && rc != -EINTR ? rc : begin_round(probing);
		if (rc)
			return stopped(rc, err);
	}
}

/* What only holds as long as nothing but probes of paths was out. */
static void close_paths(struct probing *probing)
{
	probing->busy_ns += cp_engine_take_busy_ns(probing->audit->engine);
	probing->audit->replies_lost = cp_sweep_doubtful(probing->audit->sweep);
}

/* The paths are done, and their connections closed: the destinations themselves. */
static int run_e2e(struct probing *probing, struct cp_err *err)
{
	struct cp_audit *audit = probing->audit;
	int rc;

	close_paths(probing);
	rc = cp_e2e_begin(audit);
	if (rc)
		return stopped(rc, err);
	while (!cp_e2e_done(audit)) {
		uint64_t now_ns = cp_host_clock_mono_ns(), n_settled, n_total;
		int n, attention = attend(probing, now_ns, err);

		if (attention < 0 || attention == STOP)
			return attention < 0 ? attention : 0;
		n = attention == PAUSE ? 0 : cp_e2e_feed(audit, now_ns);
		rc = n < 0 ? n : cp_engine_error(audit->engine);
		if (rc == 0)
			rc = drain(probing, n ? 0 : TICK_MS);
		if (rc < 0 && rc != -EINTR)
			return stopped(rc, err);
		cp_e2e_settle(audit, now_ns);
		cp_e2e_progress(audit, &n_settled, &n_total);
		cp_progress_e2e(&probing->progress, n_settled, n_total);
		cp_audit_progress(audit);
	}
	return 0;
}

/* After a stop, what is already under way is still taken; a second signal cuts that short. */
static void short_drain(struct probing *probing)
{
	uint64_t until_ns = cp_host_clock_mono_ns() + SHORT_DRAIN_MS * NSEC_PER_MSEC;

	while (cp_host_clock_mono_ns() < until_ns && cp_signals_seen(NULL) < 2)
		drain(probing, TICK_MS);
}

static void account(struct probing *probing)
{
	struct cp_accounting *acc = &probing->audit->accounting;
	struct cp_engine_stats stats;

	cp_engine_stats(probing->audit->engine, &stats);
	acc->attempted = stats.attempted;
	acc->transmitted = stats.transmitted;
	acc->tx_errors = stats.stat[CP_STAT_TX_ERROR] + stats.stat[CP_STAT_TX_INVALID];
	acc->over_budget = stats.stat[CP_STAT_TX_BUDGET];
	acc->blocked = stats.stat[CP_STAT_TX_BLOCKED] + acc->over_budget;
	acc->replied = probing->n_answered;
	acc->matched = stats.stat[CP_STAT_RX_MATCHED];
	acc->duplicates = probing->n_dup;
	acc->late = probing->n_late;
	acc->rejected_token = stats.stat[CP_STAT_REJ_TOKEN];
	acc->rejected_dest = stats.stat[CP_STAT_REJ_DEST];
	acc->rejected_unsent = stats.stat[CP_STAT_REJ_UNSENT];
	acc->rejected_flags = stats.stat[CP_STAT_REJ_FLAGS];
	acc->rejected_short = stats.stat[CP_STAT_REJ_SHORT];
	acc->lost = stats.stat[CP_STAT_RX_LOST];
	acc->resets_sent = stats.stat[CP_STAT_RX_RST_SENT];
	acc->acks_sent = stats.stat[CP_STAT_RX_ACK_SENT];
	acc->connections_opened = stats.stat[CP_STAT_CONN_OPENED];
	cp_connections_count(probing->audit, acc);
	/* The probes to the destinations are apart: slow on purpose, and no word on what the paths' went through. */
	if (!probing->audit->e2e)
		close_paths(probing);
	acc->probing_ns = probing->busy_ns;
	cp_e2e_count(probing->audit, acc);
	acc->timed_out = acc->attempted - acc->tx_errors - acc->blocked - acc->replied;
}

/* A run whose probes all stayed on this host has measured nothing. */
static int check_transmitted(const struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_accounting *acc = &audit->accounting;

	if (acc->transmitted || !acc->tx_errors)
		return 0;
	return cp_err_set(err, -EIO, "none of %llu probes could be transmitted%s", (unsigned long long)acc->tx_errors,
	        strncmp(cp_engine_datapath(audit->engine), "xdp", 3) == 0 ? ": use --datapath tc" : "");
}

int cp_audit_probe(struct cp_audit *audit, struct cp_err *err)
{
	struct probing probing = {.audit = audit};
	int rc = cp_follow_open(audit, &probing.progress, &probing.follow, err);

	rc = rc ? rc : cp_engine_start(audit->engine, err);
	if (rc) {
		cp_follow_close(probing.follow);
		return rc;
	}
	set_queue_max(&probing, audit->opts->rate_pps);
	cp_progress_init(&probing.progress, audit->opts);
	audit->end_reason = "done";
	rc = run_rounds(&probing, err);
	cp_connections_close(audit, &(struct cp_waiting){wait_and_drain, &probing});
	if (rc == 0 && cp_e2e_wanted(audit) && strcmp(audit->end_reason, "done") == 0)
		rc = run_e2e(&probing, err);
	cp_engine_stop(audit->engine);
	if (strcmp(audit->end_reason, "done") != 0)
		short_drain(&probing);
	cp_engine_detach(audit->engine);
	drain(&probing, 0);
	cp_e2e_end(audit);
	account(&probing);
	cp_progress_clear(&probing.progress);
	cp_follow_finish(probing.follow);
	cp_follow_close(probing.follow);
	rc = rc ? rc : check_transmitted(audit, err);
	if (rc)
		audit->end_reason = "failed";
	return rc;
}
