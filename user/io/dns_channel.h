/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_channel.h: the ways to the resolvers, for resolve.c. Owns sockets; must
 * not know what is asked.
 */
#ifndef CP_DNS_CHANNEL_H
#define CP_DNS_CHANNEL_H

#include <ares.h>
#include <stdbool.h>

#include "resolve.h"

#define CP_DNS_CHANNELS_MAX 3 /* as many servers as libc asks */

/* Channel k begins with server k and goes on with the others when that one is silent. */
struct cp_dns_channels {
	ares_channel items[CP_DNS_CHANNELS_MAX];
	unsigned int n, tries;
	bool is_open;
};

/* 0, -EINVAL for a malformed config->server, -EIO, -ENOMEM. */
int cp_dns_channels_open(
        const struct cp_resolve_config *config, struct cp_dns_channels *ret_channels, struct cp_err *err);
/* Questions still under way are called back with ARES_EDESTRUCTION. Takes half-built ones and NULL. */
void cp_dns_channels_close(struct cp_dns_channels *channels);

#endif
