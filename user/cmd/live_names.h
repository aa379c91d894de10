/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_names.h: reverse names while probing goes on: each address is asked for
 * once, by a thread of its own. For one thread besides that.
 */
#ifndef CP_LIVE_NAMES_H
#define CP_LIVE_NAMES_H

#include "core/addr.h"
#include "opts.h"

struct cp_live_names;

/* resolver and rdns_max are taken from opts, which is borrowed. 0 or -errno. */
int cp_live_names_open(const struct cp_opts *opts, struct cp_live_names **ret_names);
void cp_live_names_close(struct cp_live_names *names); /* takes NULL */
/* The name, valid until closed; NULL: none, or not known yet. Asks for what it has not been asked before. */
const char *cp_live_names_get(struct cp_live_names *names, const struct cp_addr *addr);
/* Takes what has arrived, and has the thread ask for what is new. True: names arrived. */
bool cp_live_names_poll(struct cp_live_names *names);

#endif
