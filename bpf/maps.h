/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * maps.h: the tables of the datapath and its counters. Who writes what, and
 * what it means, is in cp_abi.h.
 */
#ifndef CP_MAPS_H
#define CP_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "cp_abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CP_WORK_SLOTS);
	__type(key, __u32);
	__type(value, struct cp_work); /* one lane's ring after the other */
} cp_work SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_dest);
} cp_dests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_sent_pair);
} cp_sent SEC(".maps");

/* Where the time of a slot's latest transmission stands; NULL: no such slot. */
static __always_inline __u32 *sent_of(__u32 slot)
{
	__u32 at = slot / 2;
	struct cp_sent_pair *pair = bpf_map_lookup_elem(&cp_sent, &at);

	return pair ? &pair->sent[slot & 1] : NULL;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CP_NEXTHOPS_MAX);
	__type(key, __u32);
	__type(value, struct cp_nexthop);
} cp_nexthops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_conn);
} cp_conns SEC(".maps");

/* Destinations whose answers name no probe: those with connections, and those of UDP. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct cp_dest_key);
	__type(value, __u32); /* index into cp_dests */
} cp_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CP_BLOCKS_MAX);
	__type(key, struct cp_block_key);
	__type(value, __u8);
} cp_blocks SEC(".maps");

/* Theoretical arrival time of the next packet, CLOCK_MONOTONIC. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} cp_budgets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CP_STAT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} cp_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} cp_ring SEC(".maps");

struct cp_run run;
struct cp_lane lanes[CP_LANES_MAX] __attribute__((aligned(64)));
__u64 ring_wake_bytes; /* unread data at which the reader is woken */

static __always_inline void count(__u32 stat)
{
	__u64 *value = bpf_map_lookup_elem(&cp_stats, &stat);

	if (value)
		__sync_fetch_and_add(value, 1);
}

/*
 * The same for what only capture counts: on a CPU nothing comes between, and a locked instruction would wait for
 * stores that miss the caches.
 */
static __always_inline void count_reply(__u32 stat)
{
	__u64 *value = bpf_map_lookup_elem(&cp_stats, &stat);

	if (value)
		(*value)++;
}

#endif
