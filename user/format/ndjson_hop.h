/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ndjson_hop.h: a hop as JSON. Most hops of a large run are the same few
 * routers seen again, and differ in the round trip alone: their text is kept.
 * Private to the NDJSON format. Knows no path.
 */
#ifndef CP_NDJSON_HOP_H
#define CP_NDJSON_HOP_H

#include "core/asdb.h"
#include "core/path.h"
#include "json.h"

struct cp_hop_texts;

int cp_hop_texts_new(struct cp_hop_texts **ret_texts);
void cp_hop_texts_free(struct cp_hop_texts *texts); /* takes NULL */

/* "key": all ASes of an address that has several, else null. origin NULL: none. */
void cp_json_asns(struct cp_json *json, const char *key, const struct cp_origin *origin);

/* "ptr", and what it says of the router: "role", "site", "city". ptr NULL: none. */
void cp_router_fields(struct cp_json *json, const char *ptr);

/* "time-exceeded" ...; NULL: none. */
const char *cp_hop_reply_name(uint8_t kind);

/* origin NULL: silent; asn 0: none; ixp NULL: none. asdb, NULL or not, and ixp, which is a part of it, must live as
 * long as texts. */
void cp_hop_texts_write(struct cp_hop_texts *texts, struct cp_json *json, const struct cp_hop *hop,
        const struct cp_asdb *asdb, const struct cp_origin *origin, uint32_t asn, const char *ixp);

/*
 * An array of label stack entries, the top first: label 20 bits, traffic class 3, bottom of stack 1, TTL 8 (RFC 3032,
 * 5462). class_key: what the traffic class is called.
 */
void cp_hop_mpls(struct cp_json *json, const char *key, const char *class_key, const uint32_t *mpls, uint32_t n);

#endif
