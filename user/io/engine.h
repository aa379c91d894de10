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

/*
 * Attachments that outlive an engine, for runs that follow each other: the next engine puts its program where the one
 * before it was, and in between a program that passes everything on holds the place. Links only, so nothing is left
 * behind however we die; a clsact filter is taken off and put on again. Of one thread.
 */
struct cp_engine_keep;
int cp_engine_keep_new(struct cp_engine_keep **ret_keep, struct cp_err *err);
void cp_engine_keep_free(struct cp_engine_keep *keep); /* takes them off; after the engines; takes NULL */

struct cp_engine_config {
	struct cp_engine_keep *keep; /* NULL: what this engine attaches goes with it */
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
	uint32_t n_lanes; /* emitters, each on a core of its own; 0: as many as the rate takes and the host has */
	bool sack; /* there will be destinations with CP_DEST_SACK */
	struct cp_budget_rule host_rule, prefix_rule;
	uint32_t n_budgets;
	uint32_t ring_bytes; /* power of two; 0: chosen from rate_pps and the slots */
};

/* What can be known of an interface's XDP side without attaching. */
struct cp_engine_xdp {
	uint32_t prog_id; /* 0: no program */
	char prog_name[16];
	bool generic; /* the program, not the driver, ... */
	bool known; /* the kernel (6.3) says what the driver can: */
	bool native, emits; /* run programs, send frames of other programs; the latter may take a program of its own */
};
#define CP_XDP_OWNER_SIZE 64
#define CP_XDP_REMEDY_SIZE 64
void cp_engine_xdp_look(uint32_t ifindex, struct cp_engine_xdp *ret_xdp);
/* "another XDP program (id 7, name)", and the command that removes it. Both return buf. */
const char *cp_engine_xdp_owner(const struct cp_engine_xdp *xdp, char *buf, size_t size);
const char *cp_engine_xdp_remedy(const struct cp_engine_xdp *xdp, const char *ifname, char *buf, size_t size);

/* Which datapath a run takes. */
struct cp_engine_choice {
	bool xdp; /* probes leave by XDP, else by tc */
	uint32_t beside; /* bit i: interface i has somebody else's XDP program, so answers come by tc */
	char why[192];
};
/* Attaches nothing. On failure err says what to do. */
int cp_engine_choose(const struct cp_engine_config *config, struct cp_engine_choice *ret_choice, struct cp_err *err);

/* Counters since open; rejected etc. by enum cp_stat. */
struct cp_engine_stats {
	uint64_t stat[CP_STAT_MAX];
	uint64_t attempted; /* the emitter ran for a probe */
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
/*
 * "xdp-native", "xdp-generic", "tc-tcx", "tc-clsact", or, emission by XDP with capture by tc, "xdp-tcx" or
 * "xdp-clsact"; and one clause that says why.
 */
const char *cp_engine_datapath(const struct cp_engine *engine);
const char *cp_engine_why(const struct cp_engine *engine);
/* Filters of killed runs that were found and taken off while this one attached. */
uint32_t cp_engine_n_tidied(const struct cp_engine *engine);
/* Fill the tables, before cp_engine_start(). -ERANGE beyond the sizes of the config. */
int cp_engine_set_dest(struct cp_engine *engine, uint32_t index, const struct cp_dest *dest);
int cp_engine_set_nexthop(struct cp_engine *engine, uint32_t index, const struct cp_nexthop *nexthop);
/* A flow's connection, as it stands; NULL in a run without. Number: dest * n_flows + flow. Borrowed from the engine. */
const struct cp_conn *cp_engine_conn(const struct cp_engine *engine, uint32_t path);
/* From now on SYN-ACKs are reset, so that connections only become fewer. */
void cp_engine_open_no_more(struct cp_engine *engine);
const struct cp_dest *cp_engine_dest(const struct cp_engine *engine, uint32_t index);
/* A prefix that nothing is transmitted to: first address and length, of 128 bits also for IPv4. */
int cp_engine_block(struct cp_engine *engine, const struct cp_addr *first, uint32_t n_bits, bool v6);
/* Emitters at work. */
uint32_t cp_engine_n_lanes(const struct cp_engine *engine);
/* Starts the senders. */
int cp_engine_start(struct cp_engine *engine, struct cp_err *err);
/* From now on; at least 1. */
void cp_engine_set_rate(struct cp_engine *engine, uint64_t rate_pps);
/*
 * Another secret for the probes' identity, between rounds that ask the same slots anew: an answer to anything older is
 * rejected from now on (CP_STAT_REJ_TOKEN), so that it never counts for a newer probe. Only while idle, and not in a
 * run with connections (config.sack).
 */
void cp_engine_set_key(struct cp_engine *engine, const uint32_t token_key[4]);
/* Work in the queues, and how much more they take for certain, in probe ids. */
uint32_t cp_engine_queued(const struct cp_engine *engine);
uint32_t cp_engine_room(const struct cp_engine *engine);
/*
 * Queues work for paced transmission: probes by their ids, the end of connections by a slot of theirs; at most
 * cp_engine_room(). -ENOSPC, or the sender's -errno once it failed.
 */
int cp_engine_push(struct cp_engine *engine, enum cp_work_op op, const uint32_t *ids, uint32_t n);
/*
 * Was this probe the latest one transmitted for its slot? False, too, if it was over a budget or refused by the driver;
 * but of what the driver refuses of live frames (xdp) nothing is known.
 */
bool cp_engine_transmitted(const struct cp_engine *engine, uint32_t id);
/* Everything queued has been through the emitter. */
bool cp_engine_idle(const struct cp_engine *engine);
/* Reads events: waits up to timeout_ms for the first. Returns the number handed to cb, or -errno. */
int cp_engine_drain(struct cp_engine *engine, int timeout_ms, cp_engine_event_cb cb, void *ctx);
/* Drops what is queued and not yet sent; returns how many ids were dropped. Nothing more is transmitted afterwards. */
uint32_t cp_engine_stop(struct cp_engine *engine);
/* Takes the capture off, after cp_engine_stop(): a drain that follows finds the last events, and counters stand still.
 */
void cp_engine_detach(struct cp_engine *engine);
void cp_engine_stats(const struct cp_engine *engine, struct cp_engine_stats *ret_stats);
/*
 * Time from the first transmission since the last call to the end of what the last ones fill at the rate: what an
 * achieved rate is measured over. Call it when idle; 0 when nothing was sent.
 */
uint64_t cp_engine_take_busy_ns(struct cp_engine *engine);
/* Why a sender stopped: 0 or -errno. */
int cp_engine_error(const struct cp_engine *engine);
void cp_engine_close(struct cp_engine *engine); /* detaches; takes NULL */

#endif
