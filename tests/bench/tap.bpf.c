// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tap.bpf.c: stamps at the far end of the link, by the kernel's monotonic
 * clock: when a TCP SYN came in, when its answer went out. Passes all. Shares
 * no code with the program under test.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tap.h"

#define ICMP 1
#define TIME_EXCEEDED 11
#define TCP 6

struct tcp {
	__be16 sport, dport;
	__be32 seq, ack;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__type(key, __u32); /* sequence number */
	__type(value, struct tap_stamp);
} stamps SEC(".maps");

struct probe {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcp tcp;
} __attribute__((packed));

struct answer {
	struct ethhdr eth;
	struct iphdr ip;
	union {
		struct tcp tcp;
		struct {
			__u8 type, rest[7];
			struct iphdr quoted;
			__be16 quoted_ports[2];
			__be32 quoted_seq; /* no more is quoted */
		} icmp;
	};
} __attribute__((packed));

SEC("xdp")
int tap_in(struct xdp_md *ctx)
{
	struct probe *probe = (void *)(long)ctx->data;
	struct tap_stamp stamp = {.in_ns = bpf_ktime_get_ns()};
	__u32 seq;

	if ((void *)(probe + 1) > (void *)(long)ctx->data_end || probe->eth.h_proto != bpf_htons(ETH_P_IP) ||
	        probe->ip.protocol != TCP)
		return XDP_PASS;
	stamp.destination = bpf_ntohl(probe->ip.daddr);
	stamp.ttl = probe->ip.ttl;
	seq = bpf_ntohl(probe->tcp.seq);
	bpf_map_update_elem(&stamps, &seq, &stamp, BPF_NOEXIST);
	return XDP_PASS;
}

SEC("tc")
int tap_out(struct __sk_buff *skb)
{
	struct answer answer = {0};
	__u64 now = bpf_ktime_get_ns();
	struct tap_stamp *stamp;
	__u32 seq;

	if (bpf_skb_load_bytes(skb, 0, &answer, ETH_HLEN + sizeof(answer.ip) + sizeof(answer.tcp)))
		return TC_ACT_OK;
	if (answer.ip.protocol == TCP) {
		seq = bpf_ntohl(answer.tcp.ack) - 1;
	} else {
		if (answer.ip.protocol != ICMP || bpf_skb_load_bytes(skb, 0, &answer, sizeof(answer)) ||
		        answer.icmp.type != TIME_EXCEEDED)
			return TC_ACT_OK;
		seq = bpf_ntohl(answer.icmp.quoted_seq);
	}
	stamp = bpf_map_lookup_elem(&stamps, &seq);
	if (stamp && !stamp->out_ns)
		stamp->out_ns = now;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
