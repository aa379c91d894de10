/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ndjson_part.h: parts of NDJSON records that are also kept by themselves: the
 * objects in docs/records.md of these names, and the exchange that records
 * name for an address. key: of the value; NULL: it stands alone.
 */
#ifndef CP_NDJSON_PART_H
#define CP_NDJSON_PART_H

#include "json.h"
#include "record.h"

/* Opens a record: an object with its type and the version of the schema. */
void cp_ndjson_begin(struct cp_json *json, const char *type);
/* Closes it and hands the line on. 0 or the first -errno. */
int cp_ndjson_finish(struct cp_json *json);

/* "": an exchange without a name. NULL: not an exchange. */
const char *cp_record_ixp(const struct cp_origin *origin);

void cp_ndjson_databases(struct cp_json *json, const char *key, const struct cp_rec_start *rec);
/* How the paths of a target differ: by verdict, and by where they leave home. combined NULL: null; asdb may be. */
void cp_ndjson_flows(
        struct cp_json *json, const char *key, const struct cp_combined *combined, const struct cp_asdb *asdb);
void cp_ndjson_accounting(struct cp_json *json, const char *key, const struct cp_accounting *accounting);

#endif
