// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine.c: loads the BPF object, maps its tables, and joins attachments,
 * sender and ring into one handle. Must not know what a slot means.
 */
#include <errno.h>
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

#define AUTO_XDP_ABOVE_PPS 200000u
#define WAKE_ALWAYS_UP_TO_PPS 20000u
#define RING_MIN_BYTES (1u << 20)
#define RING_MAX_BYTES (1u << 26)

struct cp_mapping {
	void *base;
	size_t len;
};

struct cp_engine {
	struct coldpotato *skel;
	struct cp_mapping work, dests, sent;
	struct cp_attachment attachments[CP_IFACES_MAX];
	struct xmit *xmit; /* counts what the driver took; NULL in tc mode or without BTF */
	struct ring_buffer *ring;
	struct cp_sender sender;
	cp_engine_event_cb event_cb; /* during a drain */
	void *event_ctx;
	uint32_t n_dests, n_nexthops, n_slots;
	bool xdp;
	char why[160];
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

/* ---- Choice of the datapath (docs/datapath.md) ---- */

static int choose_datapath(const struct cp_engine_config *config, struct cp_engine *engine, struct cp_err *err)
{
	const char *l3 = NULL, *foreign = NULL;

	for (uint32_t i = 0; i < config->n_ifaces; i++) {
		if (config->l3[i])
			l3 = config->ifnames[i];
		if (cp_xdp_owner(config->ifindexes[i]))
			foreign = config->ifnames[i];
	}
	if (config->datapath == CP_DATAPATH_XDP && l3)
		return cp_err_set(
		        err, -EOPNOTSUPP, "%s has no link-layer header, which XDP needs: use --datapath tc", l3);
	if (config->datapath != CP_DATAPATH_AUTO) {
		engine->xdp = config->datapath == CP_DATAPATH_XDP;
		snprintf(engine->why, sizeof(engine->why), "asked for with --datapath");
		return 0;
	}
	engine->xdp = config->rate_pps > AUTO_XDP_ABOVE_PPS && !l3 && !foreign;
	if (engine->xdp)
		snprintf(engine->why, sizeof(engine->why), "above %u packets/s", AUTO_XDP_ABOVE_PPS);
	else if (config->rate_pps <= AUTO_XDP_ABOVE_PPS)
		snprintf(engine->why, sizeof(engine->why), "up to %u packets/s tc disturbs no driver",
		        AUTO_XDP_ABOVE_PPS);
	else if (l3)
		snprintf(engine->why, sizeof(engine->why), "%s has no link-layer header", l3);
	else
		snprintf(engine->why, sizeof(engine->why), "%s carries another XDP program, left alone", foreign);
	return 0;
}

/* ---- Loading ---- */

static uint32_t ring_bytes(const struct cp_engine_config *config)
{
	/* Half a second of replies at one a probe. */
	uint64_t want = config->rate_pps * (sizeof(struct cp_event) + 8) / 2, bytes = RING_MIN_BYTES;

	if (config->ring_bytes)
		return config->ring_bytes;
	while (bytes < want && bytes < RING_MAX_BYTES)
		bytes *= 2;
	return (uint32_t)bytes;
}

uint64_t cp_engine_memory(const struct cp_engine_config *config)
{
	uint64_t n_slots = (uint64_t)config->n_dests * config->n_flows * config->n_ttls;

	return n_slots * sizeof(uint64_t) + config->n_dests * sizeof(struct cp_dest) + ring_bytes(config) +
	       CP_WORK_SLOTS * sizeof(uint64_t);
}

static int size_maps(struct cp_engine *engine, const struct cp_engine_config *config)
{
	struct coldpotato *skel = engine->skel;
	int rc = bpf_map__set_max_entries(skel->maps.cp_dests, config->n_dests);

	rc = rc ? rc : bpf_map__set_max_entries(skel->maps.cp_sent, engine->n_slots);
	rc = rc ? rc : bpf_map__set_max_entries(skel->maps.cp_ring, ring_bytes(config));
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
	bpf_program__set_autoload(skel->progs.cp_tc_capture, !engine->xdp && any_l2);
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
	rc = rc ? rc : map_table(engine->skel->maps.cp_sent, &engine->sent);
	return rc ? cp_err_set(err, rc, "cannot map the BPF tables: %s", strerror(-rc)) : 0;
}

/* ---- Wiring ---- */

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
	if (config->rate_pps > WAKE_ALWAYS_UP_TO_PPS)
		engine->skel->bss->ring_wake_bytes = bpf_map__max_entries(engine->skel->maps.cp_ring) / 8;
}

static int attach_one(struct cp_engine *engine, const struct cp_engine_config *config, uint32_t i, struct cp_err *err)
{
	struct bpf_program *prog = engine->skel->progs.cp_xdp;

	enum cp_xdp_mode mode = config->xdp_mode;

	/* Where native XDP is refused the driver seldom sends for XDP either: left the choice, tc is better. */
	if (config->datapath == CP_DATAPATH_AUTO && mode == CP_XDP_AUTO)
		mode = CP_XDP_NATIVE;
	if (engine->xdp)
		return cp_attach_xdp(bpf_program__fd(prog), config->ifindexes[i], config->ifnames[i], mode,
		        &engine->attachments[i], err);
	prog = config->l3[i] ? engine->skel->progs.cp_tc_capture_l3 : engine->skel->progs.cp_tc_capture;
	return cp_attach_tc(bpf_program__fd(prog), config->ifindexes[i], config->ifnames[i], config->tc_attach,
	        &engine->attachments[i], err);
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

static int wire_up(struct cp_engine *engine, const struct cp_engine_config *config, struct cp_err *err)
{
	int rc = 0;

	fill_run(engine, config);
	engine->ring = ring_buffer__new(bpf_map__fd(engine->skel->maps.cp_ring), handle_event, engine, NULL);
	if (!engine->ring)
		return cp_err_set(err, -errno, "cannot map the ring buffer: %s", strerror(errno));
	for (uint32_t i = 0; i < config->n_ifaces && rc == 0; i++)
		rc = attach_one(engine, config, i, err);
	if (rc)
		return rc;
	if (engine->xdp)
		engine->xmit = count_transmitted(engine);
	engine->sender.live_frames = engine->xdp;
	engine->sender.prog_fd =
	        bpf_program__fd(engine->xdp ? engine->skel->progs.cp_xdp : engine->skel->progs.cp_tc_emit);
	engine->sender.frame_len = sizeof(struct cp_eth) + sizeof(struct cp_ip4); /* until a destination needs more */
	engine->sender.frame[12] = CP_ETH_P_IP >> 8; /* the kernel classifies a test skb by its EtherType */
	engine->sender.rate_pps = config->rate_pps;
	engine->sender.cursor = (const volatile uint64_t *)&engine->skel->bss->run.cursor;
	return 0;
}

static int check_config(const struct cp_engine_config *config, struct cp_err *err)
{
	uint64_t n_slots = (uint64_t)config->n_dests * config->n_flows * config->n_ttls;

	if (n_slots == 0 || n_slots > CP_SLOTS_MAX || config->n_flows > CP_FLOWS_MAX ||
	        config->first_ttl + config->n_ttls - 1 > CP_TTL_MAX || config->n_nexthops > CP_NEXTHOPS_MAX ||
	        config->n_ifaces == 0 || config->n_ifaces > CP_IFACES_MAX || config->rate_pps == 0)
		return cp_err_set(err, -ERANGE,
		        "%u destinations x %u flows x %u TTLs over %u interfaces and %u next hops is more than one run "
		        "holds",
		        config->n_dests, config->n_flows, config->n_ttls, config->n_ifaces, config->n_nexthops);
	return 0;
}

/* The other datapath, after XDP could not be attached and the choice was left to us. */
static int open_with_tc(const struct cp_engine_config *config, struct cp_engine **ret_engine, struct cp_err *err)
{
	struct cp_engine_config tc = *config;
	struct cp_engine *engine;
	int rc;

	tc.datapath = CP_DATAPATH_TC;
	rc = cp_engine_open(&tc, &engine, err);
	if (rc)
		return rc;
	snprintf(engine->why, sizeof(engine->why), "%s refuses native XDP", config->ifnames[0]);
	*ret_engine = engine;
	return 0;
}

int cp_engine_open(const struct cp_engine_config *config, struct cp_engine **ret_engine, struct cp_err *err)
{
	bool xdp;
	struct cp_engine *engine;
	int rc = check_config(config, err);

	if (rc)
		return rc;
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return cp_err_set(err, -ENOMEM, "out of memory");
	libbpf_set_print(log_libbpf);
	cp_sender_init(&engine->sender);
	engine->n_dests = config->n_dests;
	engine->n_nexthops = config->n_nexthops;
	engine->n_slots = config->n_dests * config->n_flows * config->n_ttls;
	rc = choose_datapath(config, engine, err);
	rc = rc ? rc : open_object(engine, config, err);
	rc = rc ? rc : map_tables(engine, err);
	rc = rc ? rc : wire_up(engine, config, err);
	if (rc) {
		xdp = engine->xdp;
		cp_engine_close(engine);
		if (rc == -EOPNOTSUPP && xdp && config->datapath == CP_DATAPATH_AUTO)
			return open_with_tc(config, ret_engine, err);
		return rc;
	}
	*ret_engine = engine;
	return 0;
}

const char *cp_engine_datapath(const struct cp_engine *engine)
{
	return engine->attachments[0].mode;
}

const char *cp_engine_why(const struct cp_engine *engine)
{
	return engine->why;
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
	if (cp_wire_frame_len(dest) >= engine->sender.frame_len)
		engine->sender.frame_len = cp_wire_frame_len(dest) + 1;
	return 0;
}

int cp_engine_set_nexthop(struct cp_engine *engine, uint32_t index, const struct cp_nexthop *nexthop)
{
	if (index >= engine->n_nexthops)
		return -ERANGE;
	return bpf_map_update_elem(bpf_map__fd(engine->skel->maps.cp_nexthops), &index, nexthop, BPF_ANY);
}

int cp_engine_start(struct cp_engine *engine, struct cp_err *err)
{
	int rc = cp_sender_start(&engine->sender);

	return rc ? cp_err_set(err, rc, "cannot start the sender: %s", strerror(-rc)) : 0;
}

/* ---- Work ---- */

static uint64_t queued(const struct cp_engine *engine)
{
	return atomic_load(&engine->sender.head) - atomic_load(&engine->sender.done);
}

uint32_t cp_engine_room(const struct cp_engine *engine)
{
	return (uint32_t)(CP_WORK_SLOTS - queued(engine));
}

int cp_engine_push(struct cp_engine *engine, const uint32_t *ids, uint32_t n)
{
	uint64_t head = atomic_load(&engine->sender.head), *work = engine->work.base;
	bool was_idle = queued(engine) == 0;

	if (cp_engine_error(engine))
		return cp_engine_error(engine);
	if (n > cp_engine_room(engine))
		return -ENOSPC;
	for (uint32_t i = 0; i < n; i++)
		work[(head + i) & (CP_WORK_SLOTS - 1)] = ids[i];
	atomic_store_explicit(&engine->sender.head, head + n, memory_order_release);
	if (was_idle)
		cp_sender_wake(&engine->sender);
	return 0;
}

bool cp_engine_idle(const struct cp_engine *engine)
{
	return queued(engine) == 0;
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
	cp_sender_stop(&engine->sender);
	return (uint32_t)queued(engine);
}

/* ---- Numbers ---- */

void cp_engine_stats(const struct cp_engine *engine, struct cp_engine_stats *ret_stats)
{
	int fd = bpf_map__fd(engine->skel->maps.cp_stats), n_cpus = libbpf_num_possible_cpus();
	uint64_t values[n_cpus > 0 ? n_cpus : 1];

	memset(ret_stats, 0, sizeof(*ret_stats));
	for (uint32_t s = 0; s < CP_STAT_MAX; s++) {
		if (bpf_map_lookup_elem(fd, &s, values))
			continue;
		for (int cpu = 0; cpu < n_cpus; cpu++)
			ret_stats->stat[s] += values[cpu];
	}
	ret_stats->attempted = *engine->sender.cursor;
	ret_stats->transmitted = ret_stats->attempted - ret_stats->stat[CP_STAT_TX_BLOCKED] -
	                         ret_stats->stat[CP_STAT_TX_INVALID] - ret_stats->stat[CP_STAT_TX_ERROR];
	if (engine->xmit)
		ret_stats->transmitted = ret_stats->stat[CP_STAT_TX_TAKEN];
}

uint64_t cp_engine_take_busy_ns(struct cp_engine *engine)
{
	uint64_t first_ns = atomic_exchange(&engine->sender.first_tx_ns, 0);

	if (!first_ns)
		return 0;
	return atomic_load(&engine->sender.last_tx_ns) - first_ns + 1000000000ull / engine->sender.rate_pps;
}

int cp_engine_error(const struct cp_engine *engine)
{
	return atomic_load(&engine->sender.error);
}

void cp_engine_close(struct cp_engine *engine)
{
	if (!engine)
		return;
	cp_sender_stop(&engine->sender);
	for (uint32_t i = 0; i < CP_IFACES_MAX; i++)
		cp_detach(&engine->attachments[i]);
	xmit__destroy(engine->xmit);
	ring_buffer__free(engine->ring);
	unmap_table(&engine->work);
	unmap_table(&engine->dests);
	unmap_table(&engine->sent);
	coldpotato__destroy(engine->skel);
	free(engine);
}
