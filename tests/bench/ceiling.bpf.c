// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ceiling.bpf.c: emitters that do nothing but emit, the ceiling to compare
 * ours with; and a sink that counts and drops at the far end.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

__u32 out_ifindex;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} received SEC(".maps");

SEC("xdp")
int ceiling_xdp(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex == 1 ? (int)bpf_redirect(out_ifindex, 0) : XDP_PASS;
}

SEC("tc")
int ceiling_tc(struct __sk_buff *skb)
{
	bpf_clone_redirect(skb, out_ifindex, 0);
	return TC_ACT_OK;
}

static __always_inline void count(void)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&received, &zero);

	if (n)
		(*n)++;
}

SEC("xdp")
int ceiling_sink_xdp(struct xdp_md *ctx __attribute__((unused)))
{
	count();
	return XDP_DROP;
}

/* For the tc datapath: an XDP sink would make veth copy every skb first. */
SEC("tc")
int ceiling_sink_tc(struct __sk_buff *skb __attribute__((unused)))
{
	count();
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
