/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * engine.h: drives the BPF datapath: loads and attaches it, feeds the paced
 * senders, drains the ring. The only part that knows libbpf and libxdp. The
 * caller's thread owns the handle; sender threads live inside.
 */
#ifndef CP_ENGINE_H
#define CP_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "cp_abi.h"

enum cp_datapath { CP_DATAPATH_AUTO = 0, CP_DATAPATH_XDP, CP_DATAPATH_TC };
enum cp_xdp_mode { CP_XDP_AUTO = 0, CP_XDP_NATIVE, CP_XDP_GENERIC };
enum cp_tc_attach { CP_TC_AUTO = 0, CP_TC_TCX, CP_TC_CLSACT };

#define CP_IFACES_MAX 8

struct cp_engine_config {
	enum cp_datapath datapath;
	enum cp_xdp_mode xdp_mode;
	enum cp_tc_attach tc_attach;
	uint32_t ifindexes[CP_IFACES_MAX]; /* where probes leave and replies come in */
	char ifnames[CP_IFACES_MAX][16];
	bool l3[CP_IFACES_MAX]; /* devices without a link-layer header: tc only */
	uint32_t n_ifaces;
	uint32_t n_dests, n_flows, n_ttls, first_ttl;
	uint32_t n_nexthops;
	uint16_t port_base; /* TCP source ports, host order: port_base .. port_base + n_flows - 1 are ours */
	uint16_t udp_port_base; /* UDP likewise; 0: none */
	uint32_t token_key[4];
	uint64_t rate_pps;
	uint32_t ring_bytes; /* power of two; 0: chosen from rate_pps and the slots */
};

/* Counters since open; rejected etc. by enum cp_stat. */
struct cp_engine_stats {
	uint64_t stat[CP_STAT_MAX];
	uint64_t attempted; /* the emitter ran */
	uint64_t transmitted; /* the driver took the frame */
};

/* The datapath's running commentary (verifier, libbpf), for -v. NULL: silence, the default. Not thread-safe. */
typedef void (*cp_engine_log_cb)(const char *line);
void cp_engine_set_log(cp_engine_log_cb log);

struct cp_engine;
typedef void (*cp_engine_event_cb)(void *ctx, const struct cp_event *event);

/* Bytes the tables and the ring of such a run take in the kernel. */
uint64_t cp_engine_memory(const struct cp_engine_config *config);
/* Loads and attaches; nothing is sent yet. On failure err says what to do. */
int cp_engine_open(const struct cp_engine_config *config, struct cp_engine **ret_engine, struct cp_err *err);
/* "xdp-native", "xdp-generic", "tc-tcx" or "tc-clsact", and one clause that says why. */
const char *cp_engine_datapath(const struct cp_engine *engine);
const char *cp_engine_why(const struct cp_engine *engine);
/* Fill the tables, before cp_engine_start(). -ERANGE beyond the sizes of the config. */
int cp_engine_set_dest(struct cp_engine *engine, uint32_t index, const struct cp_dest *dest);
int cp_engine_set_nexthop(struct cp_engine *engine, uint32_t index, const struct cp_nexthop *nexthop);
/* Starts the sender. */
int cp_engine_start(struct cp_engine *engine, struct cp_err *err);
/* Room in the work queue, in probe ids. */
uint32_t cp_engine_room(const struct cp_engine *engine);
/* Queues ids for paced transmission; at most cp_engine_room(). -ENOSPC, or the sender's -errno once it failed. */
int cp_engine_push(struct cp_engine *engine, const uint32_t *ids, uint32_t n);
/* Everything queued has been through the emitter. */
bool cp_engine_idle(const struct cp_engine *engine);
/* Reads events: waits up to timeout_ms for the first. Returns the number handed to cb, or -errno. */
int cp_engine_drain(struct cp_engine *engine, int timeout_ms, cp_engine_event_cb cb, void *ctx);
/* Drops what is queued and not yet sent; returns how many ids were dropped. Nothing more is transmitted afterwards. */
uint32_t cp_engine_stop(struct cp_engine *engine);
void cp_engine_stats(const struct cp_engine *engine, struct cp_engine_stats *ret_stats);
/*
 * Time from the first to the last transmission since the last call, the last frame's interval included: what an
 * achieved rate is measured over. Call it when idle; 0 when nothing was sent.
 */
uint64_t cp_engine_take_busy_ns(struct cp_engine *engine);
/* Why the sender stopped: 0 or -errno. */
int cp_engine_error(const struct cp_engine *engine);
void cp_engine_close(struct cp_engine *engine); /* detaches; takes NULL */

#endif
