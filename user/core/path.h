/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * path.h: replies become hops, hops become paths. Owns the compact per-slot
 * store and the assembly of a path with its end reason. Knows neither ASes
 * nor time; each slot keeps its first reply, later ones are counted.
 */
#ifndef CP_PATH_H
#define CP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* The slot domain of a run: slot = (dest * n_flows + flow) * n_ttls + (ttl - first_ttl). */
struct cp_shape {
	uint32_t n_dests;
	uint32_t n_flows;
	uint32_t n_ttls;
	uint32_t first_ttl;
};
uint32_t cp_shape_slots(const struct cp_shape *shape);
/* Path number of a slot: dest * n_flows + flow. */
uint32_t cp_shape_path(const struct cp_shape *shape, uint32_t slot);
uint32_t cp_shape_ttl(const struct cp_shape *shape, uint32_t slot);

/* struct cp_hop.flags */
enum {
	CP_HOP_LATE = 1u << 0, /* answered an older attempt: RTT unknown */
	CP_HOP_QUOTE_MODIFIED = 1u << 1,
	CP_HOP_INFERRED = 1u << 2, /* not seen for this path itself */
	CP_HOP_OTHER_ADDR = 1u << 3, /* a later reply for the same slot came from another address */
	CP_HOP_LIMITED = 1u << 4, /* silent or inferred where routers limit their answers: no loss */
	CP_HOP_PER_PACKET = 1u << 5, /* several take turns in answering here: the packets of a flow are spread */
};

struct cp_hop {
	struct cp_addr addr; /* zero: silent */
	uint32_t rtt_us; /* 0: unknown */
	uint8_t ttl;
	uint8_t kind; /* enum cp_reply_kind; CP_REPLY_NONE: silent */
	uint8_t icmp_type, icmp_code;
	uint8_t reply_ttl;
	uint8_t quoted_ttl; /* 0: no quote */
	uint8_t attempts; /* probes transmitted for this slot */
	uint8_t flags; /* CP_HOP_* */
	uint8_t n_mpls;
	uint32_t mpls[CP_MPLS_MAX];
	const char *ptr; /* reverse DNS, borrowed from whoever looked it up; NULL: none, or not looked up */
};

enum cp_end {
	CP_END_REACHED = 0,
	CP_END_UNREACHABLE, /* a router said so: end_code */
	CP_END_LOOP,
	CP_END_GAP, /* too many silent hops in a row */
	CP_END_MAX_TTL,
	CP_END_INTERRUPTED, /* the run stopped before this path was done */
};
const char *cp_end_name(enum cp_end end); /* "reached", "unreachable", "loop", "gap", "max-ttl", "interrupted" */

/* The hops of one flow, cut at the destination, at a loop, or after the last hop seen. */
struct cp_path {
	uint32_t dest;
	uint32_t flow;
	uint8_t end; /* enum cp_end */
	uint8_t end_kind; /* enum cp_reply_kind of the destination's answer, or of the router's that ended it */
	uint8_t end_code; /* ICMP code of CP_END_UNREACHABLE */
	bool reached;
	bool per_packet; /* some hop is CP_HOP_PER_PACKET: who is next to whom is not known */
	uint32_t n_hops;
	uint32_t n_probes; /* all transmissions for this flow */
	struct cp_hop hops[CP_TTL_MAX]; /* consecutive TTLs */
};

/*
 * Index of the hop that closes a loop: an address seen before, with another
 * one in between (the same router twice running is zero-TTL forwarding, and
 * silence in between proves nothing). n_hops when there is none.
 */
uint32_t cp_path_find_loop(const struct cp_path *path);
/*
 * Cuts and ends a path whose hops came from elsewhere, by the rules of
 * cp_paths_get(). Given are hops and n_hops: consecutive TTLs, silence
 * included; n_ttls: how many were asked from the first on, also where nothing
 * is told of them (at least n_hops). Sets n_hops, reached, end, end_kind and
 * end_code. Any answer but a time-exceeded message ends a path: reached when it
 * is from dest, unreachable when it is an unreachable message of another's.
 */
void cp_path_finish(struct cp_path *path, const struct cp_addr *dest, uint32_t n_ttls, uint32_t gap);

struct cp_paths;

int cp_paths_new(const struct cp_shape *shape, struct cp_paths **ret_paths);
void cp_paths_free(struct cp_paths *paths);
/* Memory for a path's TTLs up to this one will be needed. Optional: who says it first saves what lies beyond. */
void cp_paths_expect(struct cp_paths *paths, uint32_t path, uint32_t ttl);
/* The path is looked at soon: fetch what is known of it; once that is there, its slots. */
void cp_paths_prefetch(const struct cp_paths *paths, uint32_t path);
void cp_paths_prefetch_slots(const struct cp_paths *paths, uint32_t path);
/* A probe of this slot is transmitted, in the given pass. */
void cp_paths_sent(struct cp_paths *paths, uint32_t slot, uint32_t pass);
/* True when the slot's latest probe belongs to that pass (told apart modulo 256). */
bool cp_paths_sent_in(const struct cp_paths *paths, uint32_t slot, uint32_t pass);
/* ... or to one from `since` to `pass`, which are less than 256 apart. */
bool cp_paths_sent_since(const struct cp_paths *paths, uint32_t slot, uint32_t since, uint32_t pass);
/* What cp_paths_reply() made of an event. */
enum cp_reply_result {
	CP_REPLY_NEW = 0,
	CP_REPLY_DUP,
	CP_REPLY_AGAIN, /* of cp_sweep_reply(): answers a question that was repeated though it had been answered */
};
/*
 * Takes one validated event; dest is the destination's address (an answer from it ends the path).
 */
enum cp_reply_result cp_paths_reply(struct cp_paths *paths, const struct cp_event *event, const struct cp_addr *dest);
/* The TTLs of a path at which anything answered: bit i is TTL first_ttl + i. */
uint64_t cp_paths_answered(const struct cp_paths *paths, uint32_t path);
/* The same for a reply that will be taken soon. */
void cp_paths_prefetch_reply(const struct cp_paths *paths, const struct cp_event *event);
void cp_paths_prefetch_reply_slot(const struct cp_paths *paths, const struct cp_event *event);
/* True when nothing answered for the slot yet. */
bool cp_paths_silent(const struct cp_paths *paths, uint32_t slot);
uint32_t cp_paths_attempts(const struct cp_paths *paths, uint32_t slot);
/* Who answered for the slot; NULL: nobody. */
const struct cp_addr *cp_paths_from(const struct cp_paths *paths, uint32_t slot);
/* What was left of the TTL of the slot's reply when it arrived; 0: silent. */
uint32_t cp_paths_reply_ttl(const struct cp_paths *paths, uint32_t slot);
/* Lowest TTL at which the path is known to end (destination or unreachable); 0: none yet. */
uint32_t cp_paths_end_ttl(const struct cp_paths *paths, uint32_t path);
/* Highest TTL below the end at which anything answered; 0: none. */
uint32_t cp_paths_last_ttl(const struct cp_paths *paths, uint32_t path);
/* Assembles path number `path`. gap: silent hops in a row after which a path counts as ended by a gap. */
void cp_paths_get(const struct cp_paths *paths, uint32_t path, uint32_t gap, struct cp_path *ret_path);

#endif
