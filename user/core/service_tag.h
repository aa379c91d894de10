/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * service_tag.h: address -> Azure service tag, from the JSON file that
 * Microsoft publishes weekly ("Azure IP Ranges and Service Tags"). A label for
 * people and records: no verdict rests on it. Opens nothing.
 */
#ifndef CP_SERVICE_TAG_H
#define CP_SERVICE_TAG_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "err.h"

/* Strings live as long as the tags they came from. */
struct cp_service_tag {
	const char *name; /* "Storage.NorthEurope", "AzureFrontDoor.Frontend" */
	const char *service; /* "AzureStorage"; without one in the file, the name up to its first dot */
	const char *region; /* "northeurope": its own, else that of AzureCloud around the address; NULL: not of one
	                       region */
};

struct cp_service_tags;

/*
 * Reads such a file: an object with "values", an array of objects with "name" and "properties", in these
 * "addressPrefixes" and, if known, "region" and "systemService". Other keys are ignored. 0; -EINVAL with "<source>:
 * ..." saying what is missing or malformed, and in which tag; -ENOMEM. Free with cp_service_tags_free().
 */
int cp_service_tags_parse(
        const char *text, size_t len, const char *source, struct cp_service_tags **ret_tags, struct cp_err *err);
void cp_service_tags_free(struct cp_service_tags *tags); /* takes NULL */

/*
 * The tag of an address, NULL for none. The longest prefix that has a tag other than AzureCloud (which is all of
 * Azure) decides, else the longest of AzureCloud. Of several tags with the same prefix: one of a region before one
 * without, then the one with the fewest prefixes, then by name. Thread-safe.
 */
const struct cp_service_tag *cp_service_tags_lookup(const struct cp_service_tags *tags, const struct cp_addr *addr);

/* Number of prefixes in the file, repeated ones included. */
size_t cp_service_tags_n_prefixes(const struct cp_service_tags *tags);

#endif
