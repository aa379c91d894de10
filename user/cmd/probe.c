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

/* ---- Opening ---- */

static void describe_ifaces(const struct cp_audit *audit, struct cp_engine_config *config)
{
	config->n_ifaces = audit->n_links;
	for (uint32_t i = 0; i < audit->n_links; i++) {
		config->ifindexes[i] = audit->links[i].ifindex;
		config->l3[i] = audit->links[i].l3;
		memcpy(config->ifnames[i], audit->links[i].name, sizeof(config->ifnames[i]));
	}
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

		if (!dest->skip)
			rc = cp_engine_set_dest(audit->engine, dest->index, &entry);
	}
	return rc;
}

static int open_sweep(struct cp_audit *audit)
{
	const struct cp_opts *opts = audit->opts;
	struct cp_sweep_config config = {
	        .shape = {audit->n_probed, opts->n_flows, opts->max_ttl - opts->first_ttl + 1, opts->first_ttl},
	        .attempts = opts->attempts,
	        .gap = opts->gap,
	        .timeout_ms = opts->timeout_ms,
	        .seed = audit->seed,
	        .dests = audit->probe_addrs,
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
static int check_memory(const struct cp_engine_config *config, struct cp_err *err)
{
	uint64_t n_slots = (uint64_t)config->n_dests * config->n_flows * config->n_ttls, left;
	uint64_t needed = cp_engine_memory(config) + n_slots * SLOT_BYTES;

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
	        .datapath = opts->datapath,
	        .xdp_mode = opts->xdp_mode,
	        .tc_attach = opts->tc_attach,
	        .n_dests = audit->n_probed,
	        .n_flows = opts->n_flows,
	        .n_ttls = opts->max_ttl - opts->first_ttl + 1,
	        .first_ttl = opts->first_ttl,
	        .n_nexthops = audit->n_hops,
	        .rate_pps = opts->rate_pps,
	};
	int rc = reserve_ports(audit, IPPROTO_TCP, &audit->tcp_ports, &config.port_base, err);

	rc = rc ? rc : reserve_ports(audit, IPPROTO_UDP, &audit->udp_ports, &config.udp_port_base, err);
	if (rc)
		return rc;
	rc = cp_host_random(config.token_key, sizeof(config.token_key));
	if (rc)
		return cp_err_set(err, rc, "no random bytes: %s", strerror(-rc));
	describe_ifaces(audit, &config);
	rc = check_memory(&config, err);
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
	uint64_t busy_ns;
	uint64_t n_new, n_dup, n_late;
	struct cp_event events[EVENTS];
	uint32_t n_events;
};

/* Hands what was buffered to the sweep, which takes replies in batches. */
static void take_events(struct probing *probing)
{
	enum cp_reply_result results[EVENTS];

	cp_sweep_replies(probing->audit->sweep, probing->events, probing->n_events, results);
	for (uint32_t i = 0; i < probing->n_events; i++) {
		if (results[i] == CP_REPLY_NEW)
			probing->n_new++;
		else
			probing->n_dup++;
		if (probing->events[i].flags & CP_EV_LATE)
			probing->n_late++;
	}
	probing->n_events = 0;
}

static void on_event(void *ctx, const struct cp_event *event)
{
	struct probing *probing = ctx;

	probing->events[probing->n_events++] = *event;
	if (probing->n_events == EVENTS)
		take_events(probing);
}

static int drain(struct probing *probing, int timeout_ms)
{
	int rc = cp_engine_drain(probing->audit->engine, timeout_ms, on_event, probing);

	take_events(probing);
	return rc;
}

/* Queues what the sweep wants, up to the queue's depth. Returns the number queued, or -errno. */
static int feed(struct probing *probing, uint64_t now_ns)
{
	struct cp_audit *audit = probing->audit;
	uint32_t used = CP_WORK_SLOTS - cp_engine_room(audit->engine), room, n, ids[BATCH];
	int rc;

	if (used >= probing->queue_max)
		return 0;
	room = probing->queue_max - used;
	n = cp_sweep_next(audit->sweep, now_ns, ids, room < BATCH ? room : BATCH);
	if (n == 0)
		return 0;
	rc = cp_engine_push(audit->engine, ids, n);
	return rc ? rc : (int)n;
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

static int run_sweep(struct probing *probing, struct cp_err *err)
{
	struct cp_audit *audit = probing->audit;
	int rc;

	for (;;) {
		uint64_t now_ns = cp_host_clock_mono_ns();
		int n, paused;

		if (cp_signals_seen(NULL)) {
			audit->end_reason = "interrupted";
			return 0;
		}
		if (out_of_time(audit, now_ns)) {
			audit->end_reason = "max-runtime";
			return 0;
		}
		paused = cp_follow_poll(probing->follow, now_ns, err);
		if (paused < 0)
			return paused;
		n = paused ? 0 : feed(probing, now_ns);
		rc = n < 0 ? n : cp_engine_error(audit->engine);
		if (rc)
			return stopped(rc, err);
		if (n == 0 && cp_engine_idle(audit->engine)) {
			probing->busy_ns += cp_engine_take_busy_ns(audit->engine);
			cp_sweep_flushed(audit->sweep, now_ns);
		}
		rc = drain(probing, n ? 0 : TICK_MS);
		if (rc < 0 && rc != -EINTR)
			return stopped(rc, err);
		cp_progress_probing(&probing->progress, audit, probing->n_new);
		if (cp_sweep_done(audit->sweep, cp_host_clock_mono_ns()))
			return 0;
	}
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
	acc->blocked = stats.stat[CP_STAT_TX_BLOCKED];
	acc->replied = probing->n_new;
	acc->timed_out = acc->attempted - acc->tx_errors - acc->blocked - acc->replied;
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
	acc->probing_ns = probing->busy_ns + cp_engine_take_busy_ns(probing->audit->engine);
	/* Slots are asked for the last time in different passes, so any loss may be behind somebody's silence. */
	probing->audit->replies_lost = acc->lost > 0;
}

/* Drivers that send for XDP only while a native program is attached drop everything otherwise, without a word. */
static int expect_transmitted(const struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_accounting *acc = &audit->accounting;
	const char *datapath = cp_engine_datapath(audit->engine);

	if (strncmp(datapath, "xdp", 3) != 0 || acc->transmitted > 0 || acc->attempted == acc->blocked)
		return 0;
	return cp_err_set(err, -EIO, "the driver sent none of the probes through %s: use --datapath tc", datapath);
}

int cp_audit_probe(struct cp_audit *audit, struct cp_err *err)
{
	struct probing probing = {.audit = audit, .queue_max = audit->opts->rate_pps / QUEUE_PER_SEC};
	int rc = cp_follow_open(audit, &probing.progress, &probing.follow, err);

	rc = rc ? rc : cp_engine_start(audit->engine, err);
	if (rc) {
		cp_follow_close(probing.follow);
		return rc;
	}
	if (probing.queue_max < QUEUE_MIN)
		probing.queue_max = QUEUE_MIN;
	if (probing.queue_max > CP_WORK_SLOTS)
		probing.queue_max = CP_WORK_SLOTS;
	cp_progress_init(&probing.progress, audit->opts);
	audit->end_reason = "done";
	rc = run_sweep(&probing, err);
	cp_engine_stop(audit->engine);
	if (strcmp(audit->end_reason, "done") != 0)
		short_drain(&probing);
	account(&probing);
	cp_progress_clear(&probing.progress);
	cp_follow_finish(probing.follow);
	cp_follow_close(probing.follow);
	if (rc == 0 && strcmp(audit->end_reason, "done") == 0)
		rc = expect_transmitted(audit, err);
	if (rc)
		audit->end_reason = "failed";
	return rc;
}
