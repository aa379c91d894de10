/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * router_name.h: what the name of a router's interface tells: whose it is, its
 * role and its site. Knows the names of Microsoft's backbone
 * ("ae22-0.icr01.fra23.ntwk.msn.net") and the site codes of
 * data/msn-site-codes.csv. A name is a hint, never a proof.
 */
#ifndef CP_ROUTER_NAME_H
#define CP_ROUTER_NAME_H

#include <stdbool.h>

#define CP_ROUTER_PART_MAX 32

struct cp_router_name {
	unsigned char n_host; /* bytes of the name before its domain: "ae22-0.icr01.fra23"; 0: not Microsoft's */
	bool microsoft; /* below ntwk.msn.net or another of Microsoft's router domains */
	char interface[CP_ROUTER_PART_MAX]; /* "ae22-0"; "" unknown, as in all of these */
	char router[CP_ROUTER_PART_MAX]; /* "icr01" */
	const char *role; /* "internet edge", "backbone", ...; NULL: unknown */
	char site[CP_ROUTER_PART_MAX]; /* code as it stands in the name: "fra23" */
	const char *city, *country; /* of the site, when the code is known; NULL */
};

/* Never fails: what is not understood stays unknown. name may be NULL or hostile text. */
void cp_router_name_parse(const char *name, struct cp_router_name *ret_name);

#endif
