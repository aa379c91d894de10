// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asdb_special.c: address space that is nobody's AS. Facts of the IANA IPv4 and
 * IPv6 special-purpose address registries (RFC 6890 and its updates), the
 * multicast space, and the IPv6 space outside 2000::/3, which is not given out.
 *
 * Blocks that the registries call globally reachable (AS112, AMT) are left to
 * the database: they have an origin. As everywhere, the smallest range wins.
 */
#include "asdb_impl.h"

#include <errno.h>

static const struct {
	const char *first; /* a prefix when last is NULL */
	const char *last;
	const char *label;
} special[] = {
        {"0.0.0.0/8", NULL, "this-network"},
        {"10.0.0.0/8", NULL, "private"},
        {"100.64.0.0/10", NULL, "cgnat"},
        {"127.0.0.0/8", NULL, "loopback"},
        {"169.254.0.0/16", NULL, "link-local"},
        {"172.16.0.0/12", NULL, "private"},
        {"192.0.0.0/24", NULL, "ietf-protocol"},
        {"192.0.2.0/24", NULL, "documentation"},
        {"192.88.99.0/24", NULL, "6to4-relay"},
        {"192.168.0.0/16", NULL, "private"},
        {"198.18.0.0/15", NULL, "benchmarking"},
        {"198.51.100.0/24", NULL, "documentation"},
        {"203.0.113.0/24", NULL, "documentation"},
        {"224.0.0.0/4", NULL, "multicast"},
        {"240.0.0.0/4", NULL, "reserved"},
        {"255.255.255.255/32", NULL, "broadcast"},

        {"::/3", NULL, "reserved"},
        {"4000::/2", NULL, "reserved"},
        {"8000::/1", NULL, "reserved"},
        {"::/128", NULL, "unspecified"},
        {"::1/128", NULL, "loopback"},
        {"64:ff9b::/96", NULL, "nat64"},
        {"64:ff9b:1::/48", NULL, "nat64"},
        {"100::/64", NULL, "discard"},
        {"100:0:0:1::/64", NULL, "dummy"},
        /* 2001::/23 without AMT (2001:3::/32) and AS112 (2001:4:112::/48) */
        {"2001::", "2001:2:ffff:ffff:ffff:ffff:ffff:ffff", "ietf-protocol"},
        {"2001:4::", "2001:4:111:ffff:ffff:ffff:ffff:ffff", "ietf-protocol"},
        {"2001:4:113::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "ietf-protocol"},
        {"2001::/32", NULL, "teredo"},
        {"2001:2::/48", NULL, "benchmarking"},
        {"2001:10::/28", NULL, "orchid"},
        {"2001:20::/28", NULL, "orchid"},
        {"2001:30::/28", NULL, "drone-id"},
        {"2001:db8::/32", NULL, "documentation"},
        {"2002::/16", NULL, "6to4"},
        {"3fff::/20", NULL, "documentation"},
        {"5f00::/16", NULL, "srv6-sid"},
        {"fc00::/7", NULL, "private"},
        {"fe80::/10", NULL, "link-local"},
        {"fec0::/10", NULL, "site-local"},
        {"ff00::/8", NULL, "multicast"},
};

static int parse_entry(size_t i, struct cp_addr *ret_first, struct cp_addr *ret_last)
{
	if (!special[i].last)
		return cp_addr_parse_prefix(special[i].first, ret_first, ret_last);
	if (cp_addr_parse(special[i].first, ret_first) < 0)
		return -EINVAL;
	return cp_addr_parse(special[i].last, ret_last);
}

int cp_asdb_add_special(struct cp_asdb *db)
{
	struct cp_origin origin = {.kind = CP_ORIGIN_SPECIAL, .layer = CP_ASDB_SPECIAL};
	struct cp_addr first, last;

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		int rc = parse_entry(i, &first, &last);

		origin.label = special[i].label;
		if (rc == 0)
			rc = cp_asdb_put_range(db, &first, &last, &origin);
		if (rc < 0)
			return rc;
	}
	return 0;
}
