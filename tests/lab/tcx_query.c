// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcx_query.c: prints the ids of the TCX ingress programs of an interface,
 * which bpftool before version 7.4 does not show. Prints nothing on kernels without TCX.
 */
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#define TCX_INGRESS 46
#define IDS_MAX 64

int main(int argc, char **argv)
{
	uint32_t ids[IDS_MAX] = {0};
	struct {
		uint32_t target_ifindex, attach_type, query_flags, attach_flags;
		uint64_t prog_ids;
		uint32_t prog_cnt, pad;
		uint64_t rest[4];
	} query = {.attach_type = TCX_INGRESS, .prog_ids = (uintptr_t)ids, .prog_cnt = IDS_MAX};

	query.target_ifindex = argc == 2 ? if_nametoindex(argv[1]) : 0;
	if (!query.target_ifindex) {
		fprintf(stderr, "usage: tcx_query INTERFACE (an existing one)\n");
		return 2;
	}
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)))
		return errno == EINVAL ? 0 : 1;
	for (uint32_t i = 0; i < query.prog_cnt; i++)
		printf("%u\n", ids[i]);
	return 0;
}
