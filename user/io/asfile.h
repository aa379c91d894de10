/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * asfile.h: files of AS data: read whole before anything looks at them, so
 * that nothing that happens to a file later reaches us; unpacked; and put into
 * an AS database whatever their format. Must not know what a run does with it.
 */
#ifndef CP_ASFILE_H
#define CP_ASFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/asdb.h"
#include "core/err.h"

#define CP_ASFILE_UNKNOWN UINT64_MAX

/* Our copy of a file. */
struct cp_asfile {
	char *bytes; /* with a NUL behind them; NULL: nothing */
	size_t len; /* after unpacking */
	uint64_t modified_s; /* Unix time of its last change; CP_ASFILE_UNKNOWN: not a file */
};

/*
 * Reads a file, or standard input ("-"), and unpacks it when it is gzip (RFC 1952). A file that is changed while it is
 * read is read again. 0; -EFBIG beyond max_bytes, read or unpacked; -EINVAL for a damaged gzip file; -EAGAIN when it
 * keeps changing; -errno of open() or read(). err names the file. Free with cp_asfile_free().
 */
int cp_asfile_read(const char *path, size_t max_bytes, struct cp_asfile *ret_file, struct cp_err *err);
void cp_asfile_free(struct cp_asfile *file); /* takes an empty one and NULL */

/* What a file of AS data says of itself. */
struct cp_asfile_info {
	char type[64]; /* database type of an MMDB ("GeoLite2-ASN"), control characters as '?'; "": a text */
	uint64_t built_at_s; /* Unix time: build of an MMDB, last change of a text; CP_ASFILE_UNKNOWN */
};

/*
 * Reads a file and adds its rows and names to a layer of a database: a MaxMind DB (MMDB) or a text as
 * cp_asdb_add_rows() takes it. An MMDB's records must have autonomous_system_number, or asn as a number or as
 * "AS13335"; which they have is found by looking. 0; errors as of cp_asfile_read(); -EINVAL for an empty or malformed
 * file, saying what is missing; -ENOMEM. On failure the database may have some of the rows: throw it away.
 */
int cp_asfile_load(const char *path, size_t max_bytes, enum cp_asdb_layer layer, struct cp_asdb *db,
        struct cp_asfile_info *ret_info, struct cp_err *err);

#endif
