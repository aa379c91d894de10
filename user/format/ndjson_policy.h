/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ndjson_policy.h: the fields of a policy record. Private to the formats that
 * write JSON.
 */
#ifndef CP_NDJSON_POLICY_H
#define CP_NDJSON_POLICY_H

#include "json.h"
#include "record.h"

/* Writes them into the object that is open. */
void cp_ndjson_policy(struct cp_json *json, const struct cp_rec_policy *rec);

#endif
