/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.h: what changes in the kernel's links, neighbours, addresses, routes
 * and rules, as it changes (rtnetlink multicast through libmnl). Says which
 * kind of thing changed, not what it is now: that is asked again (route.h).
 * Never blocks, sends or prints.
 */
#ifndef CP_WATCH_H
#define CP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

#define CP_LINK_CHANGES_MAX 32

/* What happened to one interface since the last poll; several may hold. */
struct cp_link_change {
	uint32_t ifindex;
	bool gone; /* deleted, or moved to another network namespace; its index may have been given away since */
	bool down; /* it was down, or without carrier */
	bool up; /* it was up, with carrier */
};

struct cp_changes {
	struct cp_link_change links[CP_LINK_CHANGES_MAX];
	uint32_t n_links;
	bool neighbours;
	bool routes; /* routes, next-hop objects, rules or addresses */
	bool overrun; /* the kernel, or links[], had no room for more: anything may have changed */
};

struct cp_watch; /* one thread */

/* Changes from now on are seen. 0 or -errno. */
int cp_watch_open(struct cp_watch **ret_watch, struct cp_err *err);
void cp_watch_close(struct cp_watch *watch); /* takes NULL */
/* Takes what has happened since the last call. Returns 1 when anything has, 0 when nothing, or -errno. */
int cp_watch_poll(struct cp_watch *watch, struct cp_changes *ret_changes);

#endif
