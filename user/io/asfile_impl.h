/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * asfile_impl.h: what the asfile*.c files share; nobody else includes it.
 */
#ifndef CP_ASFILE_IMPL_H
#define CP_ASFILE_IMPL_H

#include "io/asfile.h"

/* asfile_gzip.c: unpacks the bytes in place of the packed ones. Errors as of cp_asfile_read(). */
bool cp_asfile_is_gzip(const struct cp_asfile *file);
int cp_asfile_unpack(struct cp_asfile *file, size_t max_bytes, const char *path, struct cp_err *err);

/* asfile_mmdb.c: has the file the metadata of an MMDB? And its rows into a database, as cp_asfile_load() says. */
bool cp_asfile_is_mmdb(const struct cp_asfile *file);
int cp_asfile_load_mmdb(const struct cp_asfile *file, const char *path, enum cp_asdb_layer layer, struct cp_asdb *db,
        struct cp_asfile_info *ret_info, struct cp_err *err);

#endif
