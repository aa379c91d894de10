/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ends.h: what the formats for machines name of a path besides its hops: to
 * whom home hands it over, and whose the destination is. Knows no format.
 */
#ifndef CP_ENDS_H
#define CP_ENDS_H

#include "record.h"

/* Unknown is 0 or NULL in all of them. */
struct cp_ends {
	bool leaves; /* the path leaves home */
	uint32_t exit_asn; /* the AS it is handed over to: that of the first foreign hop, behind an IXP LAN the next AS
	                    */
	const char *exit_as_name;
	const char *exit_ixp; /* the IXP LAN it is handed over on; "" an unnamed one; owned by the asdb */
	const struct cp_hop *last_home; /* NULL: the vantage itself, or no exit */
	const struct cp_hop *first_foreign; /* NULL: not seen, or no exit */
	uint32_t dest_asn;
	const char *dest_as_name;
	uint32_t dest_rtt_us; /* of the destination's own answer */
};

/* Points into the record. */
void cp_ends_of(const struct cp_rec_path *rec, struct cp_ends *ret_ends);

/* The name of an AS as the AS data has it; NULL: unknown. asdb may be NULL, asn 0. */
const char *cp_ends_as_name(const struct cp_asdb *asdb, uint32_t asn);

/* Of several ASes that announce an address, the one the AS path shows at that TTL; else the first. 0: none. */
uint32_t cp_ends_origin(const struct cp_judgement *judgement, const struct cp_origin *origin, uint8_t ttl);

/*
 * The AS path as one word a step between blanks: "* 8075 IXP:Lab-IX 13335". Blanks inside an IXP's name stay.
 * Cut to size. Returns buf.
 */
const char *cp_ends_as_path(const struct cp_judgement *judgement, char *buf, size_t size);
/* The codes of the reasons between blanks, "" for none. Returns buf. */
const char *cp_ends_reasons(uint32_t reasons, char *buf, size_t size);

#endif
