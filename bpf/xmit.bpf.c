// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * xmit.bpf.c: counts what a driver took of the live frames that the datapath
 * (coldpotato.bpf.c) handed it. An object of its own, because it alone needs
 * the kernel's BTF: where there is none, the datapath still loads.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "cp_abi.h"

#define LOOPBACK_IFINDEX 1

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CP_STAT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} cp_stats SEC(".maps"); /* the datapath's */

const volatile __u32 netns_inum; /* of the network namespace we run in */

struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));
struct net {
	struct ns_common ns;
} __attribute__((preserve_access_index));
typedef struct {
	struct net *net;
} __attribute__((preserve_access_index)) possible_net_t;
struct net_device {
	int ifindex;
	possible_net_t nd_net;
} __attribute__((preserve_access_index));

static __always_inline void count_n(__u32 stat, int n)
{
	__u64 *value = bpf_map_lookup_elem(&cp_stats, &stat);

	if (value && n > 0)
		*value += (__u64)n; /* a live run keeps everything else off its CPU */
}

/* The driver's word on a bulk of frames. Arguments are those of the kernel's tracepoint. */
SEC("tp_btf/xdp_devmap_xmit")
int cp_xdp_xmit(__u64 *args) /* from, to, sent, drops, err */
{
	const struct net_device *from = (const struct net_device *)args[0];

	if (from->ifindex != LOOPBACK_IFINDEX || from->nd_net.net->ns.inum != netns_inum)
		return 0;
	count_n(CP_STAT_TX_TAKEN, (int)args[2]);
	count_n(CP_STAT_TX_ERROR, (int)args[3]);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
