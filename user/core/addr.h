/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * addr.h: addresses of either family in one 16-byte form (struct cp_addr).
 */
#ifndef CP_ADDR_H
#define CP_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cp_abi.h"

#define CP_ADDR_STRLEN 46

/* Parses an IPv4 or IPv6 literal (no brackets, no zone). 0 or -EINVAL. */
int cp_addr_parse(const char *text, struct cp_addr *ret_addr);
/* Writes the canonical text (RFC 5952; dotted quad for IPv4) into buf; returns buf. */
const char *cp_addr_format(const struct cp_addr *addr, char buf[CP_ADDR_STRLEN]);
struct cp_addr cp_addr_from_v4(uint32_t host_order);
/* The IPv4 address in host order; only for cp_addr_is_v4(). */
uint32_t cp_addr_v4(const struct cp_addr *addr);
bool cp_addr_is_v4(const struct cp_addr *addr);
bool cp_addr_is_zero(const struct cp_addr *addr); /* all sixteen bytes: "no address" */
int cp_addr_cmp(const struct cp_addr *a, const struct cp_addr *b); /* memcmp order */
bool cp_addr_eq(const struct cp_addr *a, const struct cp_addr *b);
/*
 * "10.0.0.0/8", "2001:db8::/32" or a bare address -> first and last address.
 * Host bits that are set are masked away. 0 or -EINVAL.
 */
int cp_addr_parse_prefix(const char *text, struct cp_addr *ret_first, struct cp_addr *ret_last);

#endif
