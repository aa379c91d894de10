/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * host.h: facts about the machine and this process that are not its network's
 * shape: cloud, names, rights, clocks, files, random bytes, source ports that
 * are ours alone. Never prints.
 */
#ifndef CP_HOST_H
#define CP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* By the DMI chassis asset tag; a host without one is not in Azure. */
int cp_host_in_azure(bool *ret_in_azure);
/* -ENAMETOOLONG when buf cannot hold it. */
int cp_host_name(char *buf, size_t size);
int cp_host_kernel(char *buf, size_t size); /* release: "6.1.0-18-amd64" */
/* Effective capabilities, bit CAP_x for capability x. */
int cp_host_caps(uint64_t *ret_effective);
/* Those that probing needs and this process lacks: "CAP_BPF, CAP_PERFMON", or "". */
int cp_host_missing_caps(char *buf, size_t size);
/* Names this process's network namespace while it exists. */
int cp_host_netns_inum(uint32_t *ret_inum);
/*
 * The whole of a file, a pipe or standard input ("-"), with a NUL behind it; free() it. -EFBIG beyond max_bytes;
 * -EINTR when a signal handler ran while waiting for input.
 */
int cp_host_file_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len, struct cp_err *err);
int cp_host_random(void *buf, size_t size);
/*
 * Bytes this process may still take: what the machine has available, or less where a cgroup limits it.
 * 0 or -errno when neither is known.
 */
int cp_host_memory(uint64_t *ret_bytes);
uint64_t cp_host_clock_mono_ns(void);
uint64_t cp_host_clock_boot_ns(void); /* as mono, and goes on while the machine is suspended */
uint64_t cp_host_clock_wall_ms(void); /* since 1970-01-01 UTC */

#define CP_PORTS_MAX 64

struct cp_ports; /* a held range of source ports */

/*
 * Finds n (1 to CP_PORTS_MAX) consecutive ports that nobody uses and holds them until released or until the process
 * ends in whatever way. proto: IPPROTO_TCP or IPPROTO_UDP. Stays out of net.ipv4.ip_local_reserved_ports and, where
 * there is room, out of net.ipv4.ip_local_port_range. -EADDRINUSE: no such range is free.
 */
int cp_ports_reserve(uint16_t n, uint8_t proto, struct cp_ports **ret_ports, uint16_t *ret_base, struct cp_err *err);
void cp_ports_release(struct cp_ports *ports); /* takes NULL */

#endif
