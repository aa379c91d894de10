/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tap.h: what tap.bpf.c tells bench_tap.c.
 */
#ifndef TAP_H
#define TAP_H

#include <linux/types.h>

struct tap_stamp {
	__u64 in_ns, out_ns; /* 0: no answer */
	__u32 destination; /* host order */
	__u32 ttl;
};

#endif
