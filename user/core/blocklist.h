/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * blocklist.h: the addresses that are never probed. Must not know who asks;
 * the emitter has a copy, and the last word.
 */
#ifndef CP_BLOCKLIST_H
#define CP_BLOCKLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "err.h"

struct cp_blocklist;

/*
 * With defaults: this-network, loopback, link-local, multicast, documentation,
 * benchmarking, reserved and cloud platform addresses. Private addresses are
 * in no default: a private endpoint is a finding. NULL when out of memory.
 */
struct cp_blocklist *cp_blocklist_new(bool with_defaults);

/*
 * Adds the prefixes and addresses of a text, one a line; '#' starts a comment,
 * CRLF and a byte order mark are fine. 0, -EINVAL (err says
 * "<source>:<line>: ..."), -ENOMEM; on failure nothing of the text is added.
 */
int cp_blocklist_add_text(
        struct cp_blocklist *list, const char *text, size_t len, const char *source, struct cp_err *err);

/*
 * Why addr is blocked: the label of the most specific prefix that holds it
 * ("this-network", "loopback", "link-local", "multicast", "documentation",
 * "benchmarking", "reserved", "cloud-platform", "user" for rows of a text; of
 * equal prefixes the one added first). NULL: it may be probed. IPv6 prefixes
 * hold no IPv4 address, however short they are. A NAT64 address
 * (64:ff9b::/96) is blocked when the IPv4 address inside it is.
 */
const char *cp_blocklist_match(const struct cp_blocklist *list, const struct cp_addr *addr);

/*
 * Calls cb for each prefix, as first address and length (of 128 bits also for IPv4, n_bits - 96 of it then); NAT64
 * forms of IPv4 prefixes too. Stops at the first non-zero result, which is returned.
 */
typedef int (*cp_blocklist_cb)(void *ctx, const struct cp_addr *first, uint32_t n_bits, bool v6);
int cp_blocklist_each(const struct cp_blocklist *list, cp_blocklist_cb cb, void *ctx);

void cp_blocklist_free(struct cp_blocklist *list);

#endif
