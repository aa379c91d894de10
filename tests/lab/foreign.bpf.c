// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * foreign.bpf.c: somebody else's programs, for the tests that ours leave them alone.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int foreign(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? XDP_PASS : XDP_ABORTED;
}

/* By its name, libxdp's. */
SEC("xdp/dispatcher")
int xdp_dispatcher(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? XDP_PASS : XDP_ABORTED;
}

SEC("tc")
int foreign_tc(struct __sk_buff *skb)
{
	return skb->len ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
