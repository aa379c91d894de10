// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * knowledge.c: loads what a run knows before it sends anything: AS data in
 * its layers, service tags, the home set, the vantage, the blocklist.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit_impl.h"
#include "core/builtin.h"
#include "format/database.h"

#define FILE_MAX (1u << 30)
#define AZURE_AS 8075u
#define DAY_S 86400u

/* ---- what is known of the data itself ---- */

/* A file may be from a clock a little ahead of ours; from farther ahead its age is not known. */
static uint64_t age_days(uint64_t built_at_s)
{
	uint64_t now_s = cp_host_clock_wall_ms() / 1000;

	if (built_at_s == CP_UNKNOWN || built_at_s > now_s + DAY_S)
		return CP_UNKNOWN;
	return built_at_s > now_s ? 0 : (now_s - built_at_s) / DAY_S;
}

static void note_database(struct cp_knowledge *known, const char *layer, const char *name, size_t n_rows,
        const struct cp_asfile_info *info)
{
	if (known->n_databases == CP_DATABASES_MAX)
		return;
	memcpy(known->database_types[known->n_databases], info->type, sizeof(known->database_types[0]));
	known->databases[known->n_databases++] = (struct cp_rec_database){
	        .layer = layer,
	        .name = name,
	        .n_rows = n_rows,
	        .built_at_s = info->built_at_s,
	        .age_days = CP_UNKNOWN,
	};
}

static void note_builtin(
        struct cp_knowledge *known, const char *layer, const char *name, size_t n_rows, uint64_t time_s)
{
	const struct cp_asfile_info info = {.built_at_s = time_s ? time_s : CP_UNKNOWN};

	note_database(known, layer, name, n_rows, &info);
}

bool cp_audit_has_database(const struct cp_audit *audit)
{
	return audit->opts->asdbs.n || audit->opts->overlay;
}

void cp_audit_warn_data(struct cp_audit *audit)
{
	size_t n_disputed = cp_asdb_n_disputed(audit->asdb);

	for (size_t i = 0; i < audit->n_databases; i++) {
		const struct cp_rec_database *database = &audit->databases[i];

		if (cp_database_is_old(database))
			cp_outputs_warn(audit, "database-old", "%s is %llu days old: addresses move, fetch a new one",
			        database->name, (unsigned long long)database->age_days);
	}
	if (n_disputed)
		cp_outputs_warn(audit, "databases-disagree",
		        "the AS databases name different ASes for %zu range%s: such addresses count as announced by "
		        "all "
		        "of these",
		        n_disputed, n_disputed == 1 ? "" : "s");
	if (!cp_audit_has_database(audit))
		cp_outputs_warn(audit, "no-database",
		        "no --asdb FILE: only the built-in Microsoft ranges are used, carriers' addresses stay "
		        "unknown");
}

/* ---- AS data ---- */

static int load_rows(struct cp_knowledge *known, enum cp_asdb_layer layer, const char *layer_name, const char *path,
        struct cp_err *err)
{
	size_t before = cp_asdb_n_rows(known->asdb, layer);
	struct cp_asfile_info info;
	int rc;

	cp_asdb_next_source(known->asdb);
	rc = cp_asfile_load(path, FILE_MAX, layer, known->asdb, &info, err);
	if (rc == 0)
		note_database(known, layer_name, path, cp_asdb_n_rows(known->asdb, layer) - before, &info);
	return rc;
}

static int load_ixps(struct cp_knowledge *known, const char *path, struct cp_err *err)
{
	struct cp_asfile_info info = {.type = ""};
	struct cp_asfile file;
	int rc = cp_asfile_read(path, FILE_MAX, &file, err);

	if (rc)
		return rc;
	rc = cp_asdb_add_ixps(known->asdb, file.bytes, file.len, path, err);
	info.built_at_s = file.modified_s;
	cp_asfile_free(&file);
	if (rc == 0)
		note_database(known, "ixp", path, cp_asdb_n_rows(known->asdb, CP_ASDB_IXP), &info);
	return rc;
}

static int load_service_tags(struct cp_knowledge *known, const char *path, struct cp_err *err)
{
	struct cp_asfile_info info = {.type = ""};
	struct cp_asfile file;
	int rc = cp_asfile_read(path, FILE_MAX, &file, err);

	if (rc)
		return rc;
	rc = cp_service_tags_parse(file.bytes, file.len, path, &known->service_tags, err);
	info.built_at_s = file.modified_s;
	cp_asfile_free(&file);
	if (rc == 0)
		note_database(known, "service-tags", path, cp_service_tags_n_prefixes(known->service_tags), &info);
	return rc;
}

static int load_builtin(struct cp_knowledge *known, struct cp_err *err)
{
	size_t len, n_ixps = cp_asdb_n_rows(known->asdb, CP_ASDB_IXP);
	const char *text = cp_builtin("asns.csv", &len);
	int rc = cp_asdb_add_names(known->asdb, text, len, "asns.csv", err);

	if (rc)
		return rc;
	text = cp_builtin("ixp-lans.csv", &len);
	rc = cp_asdb_add_ixps(known->asdb, text, len, "ixp-lans.csv", err);
	if (rc)
		return rc;
	note_builtin(known, "ixp", "built-in IXP LANs", cp_asdb_n_rows(known->asdb, CP_ASDB_IXP) - n_ixps,
	        cp_builtin_time_s("ixp-lans.csv"));
	text = cp_builtin("microsoft-ranges.csv", &len);
	rc = cp_asdb_add_rows(known->asdb, CP_ASDB_BUILTIN, text, len, "microsoft-ranges.csv", err);
	if (rc == 0)
		note_builtin(known, "builtin", "built-in Microsoft ranges",
		        cp_asdb_n_rows(known->asdb, CP_ASDB_BUILTIN), cp_builtin_time_s("microsoft-ranges.csv"));
	return rc;
}

static int load_all(struct cp_knowledge *known, const struct cp_opts *opts, struct cp_err *err)
{
	int rc = cp_asdb_new(&known->asdb);

	if (rc)
		return cp_err_set(err, rc, "out of memory");
	if (opts->overlay)
		rc = load_rows(known, CP_ASDB_OVERLAY, "overlay", opts->overlay, err);
	if (rc == 0 && opts->ixp)
		rc = load_ixps(known, opts->ixp, err);
	for (uint32_t i = 0; i < opts->asdbs.n && rc == 0; i++)
		rc = load_rows(known, CP_ASDB_DATABASE, "database", opts->asdbs.items[i], err);
	if (rc == 0)
		rc = load_builtin(known, err);
	if (rc == 0 && opts->service_tags)
		rc = load_service_tags(known, opts->service_tags, err);
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
	stamp = mix_in_file(stamp, opts->ixp ? opts->ixp : "");
	return mix_in_file(stamp, opts->service_tags ? opts->service_tags : "");
}

int cp_knowledge_load(const struct cp_opts *opts, struct cp_knowledge *ret_knowledge, struct cp_err *err)
{
	/* Before reading: a change meanwhile is found the next time. */
	struct cp_knowledge known = {.stamp = cp_knowledge_stamp(opts)};
	int rc = load_all(&known, opts, err);

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
	cp_service_tags_free(knowledge->service_tags);
	*knowledge = (struct cp_knowledge){0};
}

const struct cp_service_tag *cp_audit_service_tag(const struct cp_audit *audit, const struct cp_addr *addr)
{
	return audit->service_tags ? cp_service_tags_lookup(audit->service_tags, addr) : NULL;
}

/* ---- home ---- */

static int add_home_file(struct cp_audit *audit, const char *path, struct cp_err *err)
{
	struct cp_asfile file;
	int rc = cp_asfile_read(path, FILE_MAX, &file, err);

	if (rc)
		return rc;
	rc = cp_home_add_lines(audit->asdb, file.bytes, file.len, path, &audit->home, err);
	cp_asfile_free(&file);
	return rc;
}

/* An empty set is a mistake: everything would be outside. */
static int load_home(struct cp_audit *audit, struct cp_err *err)
{
	char *copy = strdup(audit->opts->home), *rest = copy, *item;
	int rc = copy ? 0 : cp_err_set(err, -ENOMEM, "out of memory");

	while (rc == 0 && (item = strsep(&rest, ","))) {
		item += strspn(item, " \t");
		if (item[0] == '@')
			rc = add_home_file(audit, item + 1, err);
		else
			rc = cp_home_add(audit->asdb, item, &audit->home, err);
	}
	free(copy);
	if (rc == 0 && audit->home.n == 0)
		rc = cp_err_set(err, -EINVAL, "home: no AS in %s", audit->opts->home);
	return rc;
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

/* Takes what is known; its databases are as old as they are now. */
static void take_knowledge(struct cp_audit *audit, const struct cp_knowledge *known)
{
	audit->asdb = known->asdb;
	audit->service_tags = known->service_tags;
	audit->n_databases = known->n_databases;
	for (size_t i = 0; i < known->n_databases; i++) {
		audit->databases[i] = known->databases[i];
		audit->databases[i].type = known->database_types[i][0] ? known->database_types[i] : NULL;
		audit->databases[i].age_days = age_days(known->databases[i].built_at_s);
	}
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
	take_knowledge(audit, known);
	rc = load_home(audit, err);
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
