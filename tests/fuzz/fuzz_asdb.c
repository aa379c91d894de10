// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_asdb.c: any bytes as every text that an AS database takes: rows, IXP
 * LANs, names, home items. What is refused says why in one line; what is
 * accepted can be merged, sealed and looked up, and names what it should.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/asdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void check_err(int rc, const struct cp_err *err)
{
	require((rc < 0) == (err->text[0] != '\0'));
	for (const char *c = err->text; *c; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void check_origin(const struct cp_origin *origin)
{
	require(origin->n_asn <= CP_MOAS_MAX);
	require((origin->kind == CP_ORIGIN_AS) == (origin->n_asn > 0));
	require(!origin->disputed || origin->layer == CP_ASDB_DATABASE);
	require((origin->kind == CP_ORIGIN_IXP || origin->kind == CP_ORIGIN_SPECIAL) == (origin->label != NULL));
	for (int i = 0; i < origin->n_asn; i++) {
		require(origin->asn[i] != 0);
		for (int k = 0; k < i; k++)
			require(origin->asn[i] != origin->asn[k]);
	}
}

static void look_up(const struct cp_asdb *db, const uint8_t *data, size_t size)
{
	struct cp_origin origin;
	struct cp_addr addr;

	for (size_t i = 0; i + 16 <= size && i < 64 * 16; i += 16) {
		memcpy(addr.b, data + i, 16);
		cp_asdb_lookup(db, &addr, &origin);
		check_origin(&origin);
		addr = cp_addr_from_v4((uint32_t)data[i] << 24 | (uint32_t)data[i + 1] << 16 | data[i + 2]);
		cp_asdb_lookup(db, &addr, &origin);
		check_origin(&origin);
	}
}

/* The two halves of the input as two databases, and the whole as what the user says, or as lists. */
static void load(const uint8_t *data, size_t size, int how)
{
	const char *text = (const char *)data;
	size_t half = size / 2;
	struct cp_asdb *db = NULL;
	struct cp_home home = {0};
	struct cp_err err = {""};
	int rc;

	require(cp_asdb_new(&db) == 0);
	if (how == 0)
		rc = cp_asdb_add_rows(db, CP_ASDB_OVERLAY, text, size, "f", &err);
	else if (how == 1)
		rc = cp_asdb_add_ixps(db, text, size, "f", &err);
	else if (how == 2)
		rc = cp_asdb_add_names(db, text, size, "f", &err);
	else
		rc = cp_asdb_add_rows(db, CP_ASDB_DATABASE, text, half, "f", &err);
	check_err(rc, &err);
	if (rc == 0 && how == 3) {
		cp_asdb_next_source(db);
		rc = cp_asdb_add_rows(db, CP_ASDB_DATABASE, text + half, size - half, "f", &err);
		check_err(rc, &err);
	}
	if (rc == 0) {
		require(cp_asdb_seal(db) == 0);
		look_up(db, data, size);
		rc = cp_home_add_lines(db, text, size, "f", &home, &err);
		check_err(rc, &err);
		for (size_t i = 1; i < home.n; i++)
			require(home.asns[i - 1] < home.asns[i]);
	}
	cp_home_free(&home);
	cp_asdb_free(db);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int how = 0; how < 4; how++)
		load(data, size, how);
	return 0;
}
