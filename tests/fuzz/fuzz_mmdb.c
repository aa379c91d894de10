// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_mmdb.c: any bytes as a file of AS data, from a file, as the program
 * reads it: MMDB, gzip or text. Refused with one line, or loaded.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/asfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libmaxminddb 1.7 loses what it had read of damaged metadata when it refuses a file. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static void require(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cp_addr addr = cp_addr_from_v4(0x14010203);
	struct cp_asfile_info info;
	struct cp_asdb *db = NULL;
	struct cp_err err = {""};
	struct cp_origin origin;
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC), rc;

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	require(cp_asdb_new(&db) == 0);
	rc = cp_asfile_load(path, (size_t)1 << 24, CP_ASDB_DATABASE, db, &info, &err);
	close(fd);
	require((rc < 0) == (err.text[0] != '\0'));
	for (const char *c = err.text; *c; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
	if (rc == 0) {
		require(cp_asdb_seal(db) == 0);
		cp_asdb_lookup(db, &addr, &origin);
		require(origin.n_asn <= CP_MOAS_MAX);
		require(memchr(info.type, '\0', sizeof(info.type)) != NULL);
	}
	cp_asdb_free(db);
	return 0;
}
