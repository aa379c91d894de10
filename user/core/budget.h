/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * budget.h: how many probes a second a destination's address and its prefix
 * (/24, /48) may get, and the probes that have to wait for that. The datapath
 * enforces the same rules; this is what keeps it from having to. Pure: time is
 * an argument.
 */
#ifndef CP_BUDGET_H
#define CP_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/* pps on average; ahead of time a tenth of a second's worth, at most max_ahead packets. pps 0: no limit. */
struct cp_budget_rule cp_budget_rule(uint32_t pps, uint32_t max_ahead);

struct cp_budget;

/* Destinations by their number; the addresses are not kept. 0 or -ENOMEM. */
int cp_budget_new(const struct cp_addr *dests, uint32_t n, struct cp_budget_rule host, struct cp_budget_rule prefix,
        struct cp_budget **ret_budget);
void cp_budget_free(struct cp_budget *budget); /* takes NULL */

/* Numbers of a destination's two budgets, below cp_budget_n(). */
uint32_t cp_budget_host(const struct cp_budget *budget, uint32_t dest);
uint32_t cp_budget_prefix(const struct cp_budget *budget, uint32_t dest);
uint32_t cp_budget_n(const struct cp_budget *budget);

/*
 * Takes n probe ids, whose destination is slot / slots_per_dest. Those within budget stay in ids, in order, and
 * *ret_n is how many; the others are kept until their time. 0 or -ENOMEM.
 */
int cp_budget_admit(
        struct cp_budget *budget, uint32_t slots_per_dest, uint64_t now_ns, uint32_t *ids, uint32_t n, uint32_t *ret_n);
/* Up to cap ids whose time has come; returns how many. */
uint32_t cp_budget_due(struct cp_budget *budget, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap);
/* Probes that still wait for their time. */
uint32_t cp_budget_waiting(const struct cp_budget *budget);

#endif
