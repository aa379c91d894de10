/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * asdb.h: address -> who announces it. Layers, first match wins: user overlay,
 * IXP LANs, special-use ranges, database, built-in ranges; within a layer the
 * most specific row wins. And ASN -> name, organisation, role.
 * Reads text it is given; opens nothing.
 */
#ifndef CP_ASDB_H
#define CP_ASDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "err.h"

enum cp_asdb_layer {
	CP_ASDB_OVERLAY = 0,
	CP_ASDB_IXP,
	CP_ASDB_SPECIAL,
	CP_ASDB_DATABASE,
	CP_ASDB_BUILTIN,
	CP_ASDB_LAYERS,
};

enum cp_origin_kind {
	CP_ORIGIN_UNKNOWN = 0, /* no row: unannounced, or the data does not cover it */
	CP_ORIGIN_AS,
	CP_ORIGIN_IXP,
	CP_ORIGIN_SPECIAL, /* private, CGNAT, documentation ...: nobody's AS */
};

#define CP_MOAS_MAX 4

struct cp_origin {
	uint8_t kind; /* enum cp_origin_kind */
	uint8_t layer; /* enum cp_asdb_layer of the row that matched */
	uint8_t n_asn; /* CP_ORIGIN_AS: 1 or more; more: announced by several (MOAS) */
	uint32_t asn[CP_MOAS_MAX];
	const char *label; /* IXP name ("" unknown) or special-use name; owned by the asdb; else NULL */
};

struct cp_asdb;

int cp_asdb_new(struct cp_asdb **ret_db);
void cp_asdb_free(struct cp_asdb *db); /* takes NULL */

/*
 * Adds rows of a text to a layer. The format is found by looking at the first row:
 *   range CSV        first,last,asn[,"name"]
 *   iptoasn TSV      first<TAB>last<TAB>asn<TAB>country<TAB>name   (asn 0: not announced, skipped)
 *   prefix text      prefix[<space|tab|comma>]asn      and pfx2as: address<TAB>length<TAB>asn
 * asn may be "AS123", "123", MOAS "1_2" and sets "1,2" (where the format's own separator allows it);
 * '#' comments, CRLF, BOM, a header line whose first field is not an address (first line only) are fine. Names go to
 * the AS name table when it has none for that ASN yet. A malformed row: -EINVAL with "<source>:<line>: ...". -EINVAL
 * also when no row is found in a non-empty text. For CP_ASDB_IXP and CP_ASDB_SPECIAL use the functions below.
 */
int cp_asdb_add_rows(struct cp_asdb *db, enum cp_asdb_layer layer, const char *text, size_t len, const char *source,
        struct cp_err *err);
/* CSV with a header naming prefix and ixp (others ignored). */
int cp_asdb_add_ixps(struct cp_asdb *db, const char *text, size_t len, const char *source, struct cp_err *err);
/* CSV with a header naming asn, name, org, role. */
int cp_asdb_add_names(struct cp_asdb *db, const char *text, size_t len, const char *source, struct cp_err *err);

/* Sets the name of an AS, whatever was known of it. 0 or -ENOMEM. */
int cp_asdb_set_name(struct cp_asdb *db, uint32_t asn, const char *name);

/*
 * Sorts and flattens everything added so far; adds the special-use ranges
 * (IANA special-purpose registries, RFC 6890). Call once, before lookups. 0 or -ENOMEM.
 */
int cp_asdb_seal(struct cp_asdb *db);

/* Never fails: CP_ORIGIN_UNKNOWN when no row covers addr. Thread-safe after seal. */
void cp_asdb_lookup(const struct cp_asdb *db, const struct cp_addr *addr, struct cp_origin *ret_origin);

/* Number of rows added to a layer. */
size_t cp_asdb_n_rows(const struct cp_asdb *db, enum cp_asdb_layer layer);

struct cp_as {
	uint32_t asn;
	const char *name;
	const char *org; /* siblings share it; NULL: unknown */
	const char *role; /* microsoft-backbone, cdn, tier1 ...; NULL: unknown */
};
/* NULL when nothing is known of asn. */
const struct cp_as *cp_asdb_as(const struct cp_asdb *db, uint32_t asn);
/* True when both are the same AS, or share an organisation. */
bool cp_asdb_siblings(const struct cp_asdb *db, uint32_t a, uint32_t b);

/* The set of ASes that count as inside. */
struct cp_home {
	uint32_t *asns; /* sorted */
	size_t n;
};
/*
 * spec: comma-separated items: an AS number ("8075", "AS8075"), a role ("microsoft-backbone") or the preset
 * "microsoft" (roles microsoft-backbone and microsoft). -EINVAL names the bad item.
 */
int cp_home_parse(const struct cp_asdb *db, const char *spec, struct cp_home *ret_home, struct cp_err *err);
bool cp_home_has(const struct cp_home *home, uint32_t asn);
void cp_home_free(struct cp_home *home);

#endif
