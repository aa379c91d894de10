// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * foreign.bpf.c: somebody else's XDP program, for the test that ours leaves it alone.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int foreign(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? XDP_PASS : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
