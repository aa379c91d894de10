// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine.c: loads the BPF object, maps its tables, and joins attachments,
 * sender and ring into one handle. Must not know what a slot means.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cp_wire.h"

#include "coldpotato.skel.h" /* names types of cp_abi.h */
#include "xmit.skel.h"

#include "engine_impl.h"

#define WAKE_ALWAYS_UP_TO_PPS 20000u
#define RING_MIN_BYTES (1u << 20)
#define RING_MAX_BYTES (1u << 25) /* half a second at 932,000 packets/s; it is mapped twice */
#define BUDGET_SLACK_NS 50000000ull
#define INDEX_ENTRY_BYTES 88u /* an element of the hash of destinations, its bucket included */

struct cp_mapping {
	void *base;
	size_t len;
};

struct cp_engine {
	struct coldpotato *skel;
	struct cp_mapping work, dests, conns;
	struct cp_attachment attachments[CP_IFACES_MAX];
	struct cp_engine_keep *keep; /* where they go afterwards; NULL: nowhere */
	struct xmit *xmit; /* counts what the driver took; NULL in tc mode or without BTF */
	struct ring_buffer *ring;
	struct cp_lanes lanes;
	cp_engine_event_cb event_cb; /* during a drain */
	void *event_ctx;
	uint32_t n_dests, n_nexthops, n_slots;
	uint32_t frame_len; /* that frames begin with */
	bool xdp; /* choice.xdp */
	const char *datapath; /* of the first interface */
	struct cp_engine_choice choice;
	struct cp_park park;
	uint32_t n_tidied;
};

static cp_engine_log_cb engine_log;

static int log_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[1024];

	if (!engine_log || level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	engine_log(line);
	return 0;
}

void cp_engine_set_log(cp_engine_log_cb log)
{
	engine_log = log;
}

/* ---- Loading ---- */

static uint32_t ring_bytes(const struct cp_engine_config *config)
{
	/* Half a second of replies at one a probe, and no more than one for each slot. */
	uint64_t n_slots = (uint64_t)config->n_dests * config->n_flows * config->n_ttls, n = config->rate_pps / 2;
	uint64_t want = (n < n_slots ? n : n_slots) * (sizeof(struct cp_event) + 8), bytes = RING_MIN_BYTES;

	if (config->ring_bytes)
		return config->ring_bytes;
	while (bytes < want && bytes < RING_MAX_BYTES)
		bytes *= 2;
	return (uint32_t)bytes;
}

/* Are there destinations whose answers name no probe? */
static bool is_indexed(const struct cp_engine_config *config)
{
	return config->sack || config->udp_port_base;
}

uint64_t cp_engine_memory(const struct cp_engine_config *config)
{
	uint64_t n_paths = (uint64_t)config->n_dests * config->n_flows;
	uint64_t bytes = ring_bytes(config) + CP_LANES_MAX * CP_WORK_SLOTS * sizeof(struct cp_work);

	bytes += config->n_budgets * sizeof(uint64_t);
	bytes += config->n_dests * sizeof(struct cp_dest) + n_paths * config->n_ttls * sizeof(uint32_t);
	if (config->sack)
		bytes += n_paths * sizeof(struct cp_conn);
	if (is_indexed(config))
		bytes += config->n_dests * (uint64_t)INDEX_ENTRY_BYTES;
	return bytes;
}

static int size_maps(struct cp_engine *engine, const struct cp_engine_config *config)
{
	struct coldpotato *skel = engine->skel;
	int rc = bpf_map__set_max_entries(skel->maps.cp_dests, config->n_dests);

	rc = rc ? rc : bpf_map__set_max_entries(skel->maps.cp_sent, (engine->n_slots + 1) / 2);
	rc = rc ? rc : bpf_map__set_max_entries(skel->maps.cp_ring, ring_bytes(config));
	rc = rc ? rc : bpf_map__set_max_entries(skel->maps.cp_work, engine->lanes.n * CP_WORK_SLOTS);
	if (config->n_budgets)
		rc = rc ? rc : bpf_map__set_max_entries(skel->maps.cp_budgets, config->n_budgets);
	if (config->sack)
		rc = rc ? rc : bpf_map__set_max_entries(skel->maps.cp_conns, config->n_dests * config->n_flows);
	if (is_indexed(config))
		rc = rc ? rc : bpf_map__set_max_entries(skel->maps.cp_index, config->n_dests);
	return rc;
}

static void choose_programs(struct cp_engine *engine, const struct cp_engine_config *config)
{
	struct coldpotato *skel = engine->skel;
	bool any_l2 = false, any_l3 = false;

	for (uint32_t i = 0; i < config->n_ifaces; i++) {
		any_l2 |= !config->l3[i];
		any_l3 |= config->l3[i];
	}
	bpf_program__set_autoload(skel->progs.cp_xdp, engine->xdp);
	bpf_program__set_autoload(skel->progs.cp_tc_emit, !engine->xdp);
	bpf_program__set_autoload(skel->progs.cp_tc_capture, (!engine->xdp || engine->choice.beside) && any_l2);
	bpf_program__set_autoload(skel->progs.cp_tc_capture_l3, !engine->xdp && any_l3);
}

static int open_object(struct cp_engine *engine, const struct cp_engine_config *config, struct cp_err *err)
{
	int rc;

	engine->skel = coldpotato__open();
	if (!engine->skel)
		return cp_err_set(err, -errno, "cannot open the BPF object: %s", strerror(errno));
	rc = size_maps(engine, config);
	if (rc)
		return cp_err_set(err, rc, "cannot size the BPF maps: %s", strerror(-rc));
	choose_programs(engine, config);
	rc = coldpotato__load(engine->skel);
	if (rc == 0)
		return 0;
	coldpotato__destroy(engine->skel);
	engine->skel = NULL;
	if (rc == -EPERM || rc == -EACCES)
		return cp_err_set(err, rc,
		        "not allowed to load BPF programs: run as root, or with CAP_BPF, CAP_NET_ADMIN and "
		        "CAP_PERFMON");
	if (rc == -ENOMEM)
		return cp_err_set(err, rc, "not enough memory for the BPF maps of %u destinations: probe fewer at once",
		        config->n_dests);
	return cp_err_set(err, rc,
	        "the kernel refuses the BPF programs (%s): Linux 6.1 or newer is needed; -v shows why", strerror(-rc));
}

static int map_table(struct bpf_map *map, struct cp_mapping *ret_mapping)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t value = (bpf_map__value_size(map) + 7u) & ~(size_t)7;
	size_t len = (value * bpf_map__max_entries(map) + page - 1) & ~(page - 1);
	void *base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (base == MAP_FAILED)
		return -errno;
	*ret_mapping = (struct cp_mapping){base, len};
	return 0;
}

static void unmap_table(struct cp_mapping *mapping)
{
	if (mapping->base)
		munmap(mapping->base, mapping->len);
	*mapping = (struct cp_mapping){0};
}

static int map_tables(struct cp_engine *engine, struct cp_err *err)
{
	int rc = map_table(engine->skel->maps.cp_work, &engine->work);

	rc = rc ? rc : map_table(engine->skel->maps.cp_dests, &engine->dests);
	rc = rc ? rc : map_table(engine->skel->maps.cp_conns, &engine->conns);
	return rc ? cp_err_set(err, rc, "cannot map the BPF tables: %s", strerror(-rc)) : 0;
}

/* ---- Wiring ---- */

/* What leaves late leaves closer together: the datapath's limit lies so much above the one that probes are paced by. */
static struct cp_budget_rule with_slack(struct cp_budget_rule rule)
{
	rule.tolerance_ns += BUDGET_SLACK_NS;
	return rule;
}

static void fill_run(struct cp_engine *engine, const struct cp_engine_config *config)
{
	struct cp_run *run = &engine->skel->bss->run;

	memcpy(run->token_key, config->token_key, sizeof(run->token_key));
	run->n_slots = engine->n_slots;
	run->n_dests = config->n_dests;
	run->n_flows = config->n_flows;
	run->n_ttls = config->n_ttls;
	run->first_ttl = config->first_ttl;
	run->port_base = config->port_base;
	run->udp_port_base = config->udp_port_base;
	run->sack = config->sack;
	run->host_rule = with_slack(config->host_rule);
	run->prefix_rule = with_slack(config->prefix_rule);
	if (config->rate_pps > WAKE_ALWAYS_UP_TO_PPS)
		engine->skel->bss->ring_wake_bytes = bpf_map__max_entries(engine->skel->maps.cp_ring) / 8;
}

static int attach_one(struct cp_engine *engine, const struct cp_engine_config *config, uint32_t i, struct cp_err *err)
{
	struct cp_attachment *at = &engine->attachments[i];
	bool xdp = engine->xdp && !(engine->choice.beside >> i & 1);
	struct bpf_program *prog = xdp             ? engine->skel->progs.cp_xdp
	                           : config->l3[i] ? engine->skel->progs.cp_tc_capture_l3
	                                           : engine->skel->progs.cp_tc_capture;
	enum cp_xdp_mode mode = config->xdp_mode;
	int rc = 0, fd = bpf_program__fd(prog);

	/* Where native XDP is refused the driver seldom sends for XDP either: left the choice, tc is better. */
	if (config->datapath == CP_DATAPATH_AUTO && mode == CP_XDP_AUTO)
		mode = CP_XDP_NATIVE;
	engine->n_tidied += cp_clsact_tidy(config->ifindexes[i]);
	if (cp_keep_take(config, i, xdp, fd, at))
		rc = 0;
	else if (xdp)
		rc = cp_attach_xdp(fd, config->ifindexes[i], config->ifnames[i], mode, at, err);
	else
		rc = cp_attach_tc(fd, config->ifindexes[i], config->ifnames[i], config->tc_attach, at, err);
	if (rc == 0 && engine->xdp && !xdp)
		at->mode = at->clsact ? "xdp-clsact" : "xdp-tcx";
	return rc;
}

/* Counts the driver's word, which needs kernel BTF as nothing else does. NULL: it cannot be counted. */
static struct xmit *count_transmitted(const struct cp_engine *engine)
{
	struct xmit *xmit = xmit__open();
	struct stat ns;

	if (xmit && stat("/proc/self/ns/net", &ns) == 0) {
		xmit->rodata->netns_inum = (uint32_t)ns.st_ino;
		if (bpf_map__reuse_fd(xmit->maps.cp_stats, bpf_map__fd(engine->skel->maps.cp_stats)) == 0 &&
		        xmit__load(xmit) == 0 && xmit__attach(xmit) == 0)
			return xmit;
	}
	xmit__destroy(xmit);
	return NULL;
}

static int handle_event(void *ctx, void *data, size_t len)
{
	struct cp_engine *engine = ctx;

	if (len >= sizeof(struct cp_event))
		engine->event_cb(engine->event_ctx, data);
	return 0;
}

static void set_frame_len(struct cp_engine *engine, uint32_t len)
{
	for (uint32_t i = 0; i < engine->lanes.n; i++)
		engine->lanes.senders[i].frame_len = len;
	engine->frame_len = len;
}

static void wire_lanes(struct cp_engine *engine, const struct cp_engine_config *config)
{
	struct coldpotato *skel = engine->skel;

	engine->lanes.work = engine->work.base;
	engine->lanes.dests = engine->dests.base;
	engine->lanes.n_flows = config->n_flows;
	engine->lanes.n_ttls = config->n_ttls;
	for (uint32_t i = 0; i < engine->lanes.n; i++) {
		struct cp_sender *sender = &engine->lanes.senders[i];

		sender->live_frames = engine->xdp;
		sender->prog_fd = bpf_program__fd(engine->xdp ? skel->progs.cp_xdp : skel->progs.cp_tc_emit);
		sender->frame[12] = CP_ETH_P_IP >> 8; /* the kernel classifies a test skb by its EtherType */
		sender->cursor = (const volatile uint64_t *)&skel->bss->lanes[i].cursor;
	}
	set_frame_len(engine, sizeof(struct cp_eth) + sizeof(struct cp_ip4)); /* until a destination needs more */
	cp_lanes_set_rate(&engine->lanes, config->rate_pps);
	cp_lanes_place(&engine->lanes, &skel->bss->run);
}

static int wire_up(struct cp_engine *engine, const struct cp_engine_config *config, struct cp_err *err)
{
	int rc = 0;

	fill_run(engine, config);
	engine->ring = ring_buffer__new(bpf_map__fd(engine->skel->maps.cp_ring), handle_event, engine, NULL);
	if (!engine->ring)
		return cp_err_set(err, -errno, "cannot map the ring buffer: %s", strerror(errno));
	for (uint32_t i = 0; i < config->n_ifaces && rc == 0; i++)
		rc = attach_one(engine, config, i, err);
	if (rc == 0 && engine->choice.beside)
		rc = cp_park_open(bpf_program__fd(engine->skel->progs.cp_xdp), &engine->park, err);
	if (rc)
		return rc;
	engine->datapath = engine->attachments[0].mode;
	if (engine->xdp)
		engine->xmit = count_transmitted(engine);
	wire_lanes(engine, config);
	return 0;
}

static int open_as(const struct cp_engine_config *config, const struct cp_engine_choice *choice,
        struct cp_engine **ret_engine, struct cp_err *err)
{
	struct cp_engine *engine = calloc(1, sizeof(*engine));
	int rc;

	if (!engine)
		return cp_err_set(err, -ENOMEM, "out of memory");
	cp_lanes_init(&engine->lanes, cp_lanes_choose(config, choice->xdp));
	engine->choice = *choice;
	engine->xdp = choice->xdp;
	engine->keep = config->keep;
	engine->park = (struct cp_park)CP_PARK_NONE;
	engine->n_dests = config->n_dests;
	engine->n_nexthops = config->n_nexthops;
	engine->n_slots = config->n_dests * config->n_flows * config->n_ttls;
	rc = open_object(engine, config, err);
	rc = rc ? rc : map_tables(engine, err);
	rc = rc ? rc : wire_up(engine, config, err);
	if (rc) {
		cp_engine_close(engine);
		return rc;
	}
	*ret_engine = engine;
	return 0;
}

int cp_engine_open(const struct cp_engine_config *config, struct cp_engine **ret_engine, struct cp_err *err)
{
	struct cp_engine_choice choice;
	int rc = cp_engine_check_config(config, err);

	rc = rc ? rc : cp_engine_check_files(err);
	rc = rc ? rc : cp_engine_choose(config, &choice, err);
	if (rc)
		return rc;
	libbpf_set_print(log_libbpf);
	rc = open_as(config, &choice, ret_engine, err);
	if (rc == 0 || rc == -EPERM || rc == -ENOMEM || !choice.xdp || config->datapath != CP_DATAPATH_AUTO)
		return rc;
	/* Not every driver keeps what it promised. */
	choice = (struct cp_engine_choice){.xdp = false};
	snprintf(choice.why, sizeof(choice.why), "%s refuses native XDP", config->ifnames[0]);
	return open_as(config, &choice, ret_engine, err);
}

const char *cp_engine_datapath(const struct cp_engine *engine)
{
	return engine->datapath;
}

const char *cp_engine_why(const struct cp_engine *engine)
{
	return engine->choice.why;
}

uint32_t cp_engine_n_tidied(const struct cp_engine *engine)
{
	return engine->n_tidied;
}

/* Lets the capture program find a destination by its answer. */
static int index_dest(struct cp_engine *engine, uint32_t index, const struct cp_dest *dest)
{
	struct cp_dest_key key = {.addr = dest->addr, .port = dest->port, .proto = dest->proto};

	return bpf_map_update_elem(bpf_map__fd(engine->skel->maps.cp_index), &key, &index, BPF_ANY);
}

int cp_engine_set_dest(struct cp_engine *engine, uint32_t index, const struct cp_dest *dest)
{
	if (index >= engine->n_dests)
		return -ERANGE;
	((struct cp_dest *)engine->dests.base)[index] = *dest;
	/*
	 * One byte more than any frame needs, so that the emitter always trims: a live run recycles pages, and the
	 * kernel forgets the length a page's last user left it with (our resets do) only when the program has changed
	 * it.
	 */
	if (cp_wire_frame_len(dest, CP_SEGMENT_SYN) >= engine->frame_len)
		set_frame_len(engine, cp_wire_frame_len(dest, CP_SEGMENT_SYN) + 1);
	if (dest->proto != CP_IPPROTO_UDP && !(dest->flags & CP_DEST_SACK))
		return 0;
	return index_dest(engine, index, dest);
}

int cp_engine_set_nexthop(struct cp_engine *engine, uint32_t index, const struct cp_nexthop *nexthop)
{
	if (index >= engine->n_nexthops)
		return -ERANGE;
	return bpf_map_update_elem(bpf_map__fd(engine->skel->maps.cp_nexthops), &index, nexthop, BPF_ANY);
}

int cp_engine_block(struct cp_engine *engine, const struct cp_addr *first, uint32_t n_bits, bool v6)
{
	struct cp_block_key key = {.n_bits = 8 + n_bits, .family = v6 ? 6 : 4};
	uint8_t blocked = 1;

	memcpy(key.addr, first, sizeof(key.addr));
	return bpf_map_update_elem(bpf_map__fd(engine->skel->maps.cp_blocks), &key, &blocked, BPF_ANY);
}

const struct cp_conn *cp_engine_conn(const struct cp_engine *engine, uint32_t path)
{
	if (!engine->skel->bss->run.sack)
		return NULL;
	return &((const struct cp_conn *)engine->conns.base)[path];
}

void cp_engine_set_key(struct cp_engine *engine, const uint32_t token_key[4])
{
	memcpy(engine->skel->bss->run.token_key, token_key, sizeof(engine->skel->bss->run.token_key));
}

void cp_engine_open_no_more(struct cp_engine *engine)
{
	__atomic_store_n(&engine->skel->bss->run.closing, 1, __ATOMIC_SEQ_CST);
}

const struct cp_dest *cp_engine_dest(const struct cp_engine *engine, uint32_t index)
{
	return &((const struct cp_dest *)engine->dests.base)[index];
}

uint32_t cp_engine_n_lanes(const struct cp_engine *engine)
{
	return engine->lanes.n;
}

int cp_engine_start(struct cp_engine *engine, struct cp_err *err)
{
	int rc = cp_lanes_start(&engine->lanes);

	return rc ? cp_err_set(err, rc, "cannot start the sender: %s", strerror(-rc)) : 0;
}

void cp_engine_set_rate(struct cp_engine *engine, uint64_t rate_pps)
{
	cp_lanes_set_rate(&engine->lanes, rate_pps);
}

/* ---- Work ---- */

uint32_t cp_engine_queued(const struct cp_engine *engine)
{
	return cp_lanes_queued(&engine->lanes);
}

uint32_t cp_engine_room(const struct cp_engine *engine)
{
	return cp_lanes_room(&engine->lanes);
}

int cp_engine_push(struct cp_engine *engine, enum cp_work_op op, const uint32_t *ids, uint32_t n)
{
	int rc = cp_lanes_error(&engine->lanes);

	return rc ? rc : cp_lanes_push(&engine->lanes, op, ids, n);
}

bool cp_engine_idle(const struct cp_engine *engine)
{
	return cp_lanes_queued(&engine->lanes) == 0;
}

int cp_engine_drain(struct cp_engine *engine, int timeout_ms, cp_engine_event_cb cb, void *ctx)
{
	int n;

	engine->event_cb = cb;
	engine->event_ctx = ctx;
	/* Most events come without a wake-up, so the ring is read before and after the wait. */
	n = ring_buffer__consume(engine->ring);
	if (n == 0 && timeout_ms > 0) {
		n = ring_buffer__poll(engine->ring, timeout_ms);
		if (n == 0 || n == -EINTR)
			n = ring_buffer__consume(engine->ring);
	}
	return n;
}

uint32_t cp_engine_stop(struct cp_engine *engine)
{
	cp_lanes_stop(&engine->lanes);
	return cp_lanes_queued(&engine->lanes);
}

void cp_engine_detach(struct cp_engine *engine)
{
	for (uint32_t i = 0; i < CP_IFACES_MAX; i++)
		cp_keep_give(engine->keep, &engine->attachments[i]);
}

/* ---- Numbers ---- */

void cp_engine_stats(const struct cp_engine *engine, struct cp_engine_stats *ret_stats)
{
	int fd = bpf_map__fd(engine->skel->maps.cp_stats), n_cpus = libbpf_num_possible_cpus();
	uint64_t values[n_cpus > 0 ? n_cpus : 1], taken;

	memset(ret_stats, 0, sizeof(*ret_stats));
	for (uint32_t s = 0; s < CP_STAT_MAX; s++) {
		if (bpf_map_lookup_elem(fd, &s, values))
			continue;
		for (int cpu = 0; cpu < n_cpus; cpu++)
			ret_stats->stat[s] += values[cpu];
	}
	ret_stats->attempted = cp_lanes_consumed(&engine->lanes) - ret_stats->stat[CP_STAT_TX_CLOSE];
	ret_stats->transmitted = ret_stats->attempted - ret_stats->stat[CP_STAT_TX_BLOCKED] -
	                         ret_stats->stat[CP_STAT_TX_BUDGET] - ret_stats->stat[CP_STAT_TX_INVALID] -
	                         ret_stats->stat[CP_STAT_TX_ERROR];
	/*
	 * What the driver did not take: frames that a device without ndo_xdp_xmit gets never come as far as being
	 * refused. More than our own: another run is at work in this namespace.
	 */
	taken = ret_stats->stat[CP_STAT_TX_TAKEN] - ret_stats->stat[CP_STAT_TX_CLOSE];
	if (engine->xmit && taken < ret_stats->transmitted) {
		ret_stats->stat[CP_STAT_TX_ERROR] += ret_stats->transmitted - taken;
		ret_stats->transmitted = taken;
	}
}

bool cp_engine_transmitted(const struct cp_engine *engine, uint32_t id)
{
	uint32_t slot = cp_id_slot(id), pair = slot / 2;
	struct cp_sent_pair pairs;

	/* A slot has its place in the table; should it be out of reach, nothing is held against the probe. */
	if (bpf_map_lookup_elem(bpf_map__fd(engine->skel->maps.cp_sent), &pair, &pairs))
		return true;
	return pairs.sent[slot % 2] && cp_sent_attempt(pairs.sent[slot % 2]) == cp_id_attempt(id);
}

uint64_t cp_engine_take_busy_ns(struct cp_engine *engine)
{
	return cp_lanes_take_busy_ns(&engine->lanes);
}

int cp_engine_error(const struct cp_engine *engine)
{
	return cp_lanes_error(&engine->lanes);
}

void cp_engine_close(struct cp_engine *engine)
{
	if (!engine)
		return;
	cp_lanes_stop(&engine->lanes);
	cp_engine_detach(engine);
	cp_park_close(&engine->park);
	xmit__destroy(engine->xmit);
	ring_buffer__free(engine->ring);
	unmap_table(&engine->work);
	unmap_table(&engine->dests);
	unmap_table(&engine->conns);
	coldpotato__destroy(engine->skel);
	free(engine);
}
