// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * knowledge.c: loads what a run knows before it sends anything: AS data in
 * its layers, the home set, the vantage, the blocklist.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit_impl.h"
#include "core/builtin.h"

#define FILE_MAX (1u << 30)
#define AZURE_AS 8075u

static void note_database(
        struct cp_knowledge *known, const char *layer, const char *name, size_t n_rows, uint64_t built_at_s)
{
	if (known->n_databases < CP_DATABASES_MAX)
		known->databases[known->n_databases++] = (struct cp_rec_database){
		        .layer = layer, .name = name, .n_rows = n_rows, .built_at_s = built_at_s};
}

static uint64_t file_time_s(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_mtime : CP_UNKNOWN;
}

static int load_rows(struct cp_knowledge *known, enum cp_asdb_layer layer, const char *layer_name, const char *path,
        struct cp_err *err)
{
	size_t len, before = cp_asdb_n_rows(known->asdb, layer);
	char *text;
	int rc = cp_host_file_read(path, FILE_MAX, &text, &len, err);

	if (rc)
		return rc;
	if (layer == CP_ASDB_IXP)
		rc = cp_asdb_add_ixps(known->asdb, text, len, path, err);
	else
		rc = cp_asdb_add_rows(known->asdb, layer, text, len, path, err);
	free(text);
	if (rc == 0)
		note_database(known, layer_name, path, cp_asdb_n_rows(known->asdb, layer) - before, file_time_s(path));
	return rc;
}

static int load_builtin(struct cp_knowledge *known, struct cp_err *err)
{
	size_t len;
	const char *text = cp_builtin("asns.csv", &len);
	int rc = cp_asdb_add_names(known->asdb, text, len, "asns.csv", err);

	if (rc)
		return rc;
	text = cp_builtin("ixp-lans.csv", &len);
	rc = cp_asdb_add_ixps(known->asdb, text, len, "ixp-lans.csv", err);
	if (rc)
		return rc;
	note_database(known, "ixp", "built-in IXP LANs", cp_asdb_n_rows(known->asdb, CP_ASDB_IXP), CP_UNKNOWN);
	text = cp_builtin("microsoft-ranges.csv", &len);
	rc = cp_asdb_add_rows(known->asdb, CP_ASDB_BUILTIN, text, len, "microsoft-ranges.csv", err);
	if (rc == 0)
		note_database(known, "builtin", "built-in Microsoft ranges",
		        cp_asdb_n_rows(known->asdb, CP_ASDB_BUILTIN), CP_UNKNOWN);
	return rc;
}

static int load_asdb(struct cp_knowledge *known, const struct cp_opts *opts, struct cp_err *err)
{
	int rc = cp_asdb_new(&known->asdb);

	if (rc)
		return cp_err_set(err, rc, "out of memory");
	if (opts->overlay)
		rc = load_rows(known, CP_ASDB_OVERLAY, "overlay", opts->overlay, err);
	if (rc == 0 && opts->ixp)
		rc = load_rows(known, CP_ASDB_IXP, "ixp", opts->ixp, err);
	for (uint32_t i = 0; i < opts->asdbs.n && rc == 0; i++)
		rc = load_rows(known, CP_ASDB_DATABASE, "database", opts->asdbs.items[i], err);
	if (rc == 0)
		rc = load_builtin(known, err);
	if (rc)
		return rc;
	rc = cp_asdb_seal(known->asdb);
	return rc ? cp_err_set(err, rc, "not enough memory for the AS data") : 0;
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t mix_in(uint64_t stamp, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		stamp = (stamp ^ bytes[i]) * 0x100000001b3ull;
	return stamp;
}

static uint64_t mix_in_file(uint64_t stamp, const char *path)
{
	struct stat st = {0};

	if (stat(path, &st) == 0) {
		stamp = mix_in(stamp, &st.st_dev, sizeof(st.st_dev));
		stamp = mix_in(stamp, &st.st_ino, sizeof(st.st_ino));
		stamp = mix_in(stamp, &st.st_size, sizeof(st.st_size));
		stamp = mix_in(stamp, &st.st_mtim, sizeof(st.st_mtim));
	}
	return mix_in(stamp, path, strlen(path) + 1);
}

uint64_t cp_knowledge_stamp(const struct cp_opts *opts)
{
	uint64_t stamp = 0xcbf29ce484222325ull;

	for (uint32_t i = 0; i < opts->asdbs.n; i++)
		stamp = mix_in_file(stamp, opts->asdbs.items[i]);
	stamp = mix_in_file(stamp, opts->overlay ? opts->overlay : "");
	return mix_in_file(stamp, opts->ixp ? opts->ixp : "");
}

int cp_knowledge_load(const struct cp_opts *opts, struct cp_knowledge *ret_knowledge, struct cp_err *err)
{
	/* Before reading: a change meanwhile is found the next time. */
	struct cp_knowledge known = {.stamp = cp_knowledge_stamp(opts)};
	int rc = load_asdb(&known, opts, err);

	if (rc) {
		cp_knowledge_free(&known);
		return rc;
	}
	*ret_knowledge = known;
	return 0;
}

void cp_knowledge_free(struct cp_knowledge *knowledge)
{
	cp_asdb_free(knowledge->asdb);
	*knowledge = (struct cp_knowledge){0};
}

static int load_blocklist(struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_opts *opts = audit->opts;

	audit->blocklist = cp_blocklist_new(!opts->no_default_blocklist);
	if (!audit->blocklist)
		return cp_err_set(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < opts->blocklists.n; i++) {
		const char *path = opts->blocklists.items[i];
		size_t len;
		char *text;
		int rc = cp_host_file_read(path, FILE_MAX, &text, &len, err);

		if (rc)
			return rc;
		rc = cp_blocklist_add_text(audit->blocklist, text, len, path, err);
		free(text);
		if (rc)
			return rc;
	}
	return 0;
}

int cp_audit_load(struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_knowledge *known = audit->env ? audit->env->knowledge : NULL;
	int rc = 0;

	if (!known) {
		rc = cp_knowledge_load(audit->opts, &audit->own, err);
		known = &audit->own;
	}
	if (rc)
		return rc;
	audit->asdb = known->asdb;
	memcpy(audit->databases, known->databases, sizeof(audit->databases));
	audit->n_databases = known->n_databases;
	rc = cp_home_parse(audit->asdb, audit->opts->home, &audit->home, err);
	return rc ? rc : load_blocklist(audit, err);
}

void cp_audit_find_vantage(struct cp_audit *audit, const struct cp_addr *source)
{
	struct cp_origin origin;
	bool in_azure = false;

	audit->vantage = (struct cp_vantage){0};
	if (audit->opts->vantage_as) {
		audit->vantage = (struct cp_vantage){audit->opts->vantage_as, "--vantage-as"};
		return;
	}
	if (cp_host_in_azure(&in_azure) == 0 && in_azure) {
		audit->vantage = (struct cp_vantage){AZURE_AS, "azure-dmi"};
		return;
	}
	cp_asdb_lookup(audit->asdb, source, &origin);
	if (origin.kind == CP_ORIGIN_AS && origin.n_asn == 1)
		audit->vantage = (struct cp_vantage){origin.asn[0], "source-address"};
}
