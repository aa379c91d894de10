// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store.c: opens the file of a store, tells whose it is, makes or migrates its
 * schema, and sets space aside for pruning. Knows no row.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store_impl.h"

#define APPLICATION_ID 0x636f6c64 /* "cold": PRAGMA application_id */
#define BUSY_MS 60000 /* who writes a large run leaves the others little time in between */
/*
 * What is in the log must fit into the file a second time before the log can be emptied: the reserve is larger than the
 * log, which is a few batches. Where there is no room for such a reserve, batches and log are small, and slower.
 */
#define RESERVE_BYTES ((off_t)4 << 20)
#define BATCH_ROWS 8192
#define BATCH_ROWS_TIGHT 1024
#define LOG_PAGES 256 /* from which on it is brought home */
#define LOG_PAGES_TIGHT 32
#define RESERVE_BYTES_MIN ((off_t)64 << 10)
#define CHECKED_BYTES_MAX ((off_t)32 << 20) /* a larger file is not read through before it is written to */

/* Version 0 to 1. Keys, no rowid, no foreign keys: a column store can take the same rows. */
static const char schema_1[] =
        "CREATE TABLE runs (agent TEXT NOT NULL, run INTEGER NOT NULL, audit TEXT NOT NULL DEFAULT '', command TEXT,"
        " version TEXT, host TEXT, started_ms INTEGER, ended_ms INTEGER, end_reason TEXT, error TEXT,"
        " exit_status INTEGER, vantage_asn INTEGER, vantage_why TEXT, home_spec TEXT, datapath TEXT,"
        " rate_pps INTEGER, flows INTEGER, seed INTEGER, databases TEXT, settings TEXT, accounting TEXT,"
        " n_targets INTEGER, n_dests INTEGER, n_paths INTEGER, n_complete INTEGER, n_hops INTEGER,"
        " n_hops_seen INTEGER, n_inside INTEGER, n_direct INTEGER, n_undecided INTEGER, n_transit INTEGER,"
        " n_detour INTEGER, probes INTEGER, replies INTEGER, lost INTEGER, rows_lost INTEGER NOT NULL DEFAULT 0,"
        " hops_pruned INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (agent, run)) WITHOUT ROWID;"
        "CREATE TABLE targets (agent TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, name TEXT,"
        " port INTEGER, protocol TEXT, \"group\" TEXT, expect TEXT, dns TEXT, cname TEXT, addresses TEXT,"
        " n_dests INTEGER, n_paths INTEGER, verdict TEXT, skip_reason TEXT, flows TEXT,"
        " PRIMARY KEY (agent, run, seq)) WITHOUT ROWID;"
        "CREATE TABLE paths (agent TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, target INTEGER,"
        " dest_ip TEXT, dest_asn INTEGER, dest_as_name TEXT, dest_asns TEXT, dest_asn_disputed INTEGER,"
        " service_tag TEXT, service_region TEXT, flow INTEGER, reached INTEGER,"
        " end_reason TEXT, end_code INTEGER, verdict TEXT, confidence TEXT, rule TEXT, reasons TEXT, as_path TEXT,"
        " exit_ttl_min INTEGER, exit_ttl_max INTEGER, exit_ip TEXT, exit_ptr TEXT, exit_site TEXT, foreign_ip TEXT,"
        " foreign_asn INTEGER, foreign_as_name TEXT, foreign_ixp TEXT, exit_rtt_us INTEGER, dest_rtt_us INTEGER,"
        " n_hops INTEGER, n_hops_seen INTEGER, probes INTEGER, tcp_method TEXT, sack_fallback TEXT, e2e TEXT,"
        " PRIMARY KEY (agent, run, seq)) WITHOUT ROWID;"
        "CREATE TABLE hops (agent TEXT NOT NULL, run INTEGER NOT NULL, path INTEGER NOT NULL, ttl INTEGER NOT NULL,"
        " ip TEXT, asn INTEGER, asns TEXT, ixp TEXT, ptr TEXT, site TEXT, role TEXT, rtt_us INTEGER, reply TEXT,"
        " icmp_type INTEGER, icmp_code INTEGER, reply_ttl INTEGER, quoted_ttl INTEGER, mpls TEXT, attempts INTEGER,"
        " flags TEXT, PRIMARY KEY (agent, run, path, ttl)) WITHOUT ROWID;"
        "CREATE TABLE egress (agent TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, role TEXT,"
        " asn INTEGER, as_name TEXT, as_org TEXT, as_role TEXT, ixp TEXT, paths INTEGER, dests INTEGER, targets "
        "INTEGER, \"groups\" INTEGER,"
        " exit_routers INTEGER, exit_sites TEXT, handover_p50_us INTEGER, handover_p95_us INTEGER,"
        " handover_p99_us INTEGER, cold_share_pct INTEGER, replies INTEGER, probes INTEGER, unanswered INTEGER,"
        " PRIMARY KEY (agent, run, seq)) WITHOUT ROWID;"
        "CREATE TABLE edges (agent TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, from_asn INTEGER,"
        " to_asn INTEGER, from_label TEXT, to_label TEXT, paths INTEGER, dests INTEGER, rtt_p50_us INTEGER,"
        " PRIMARY KEY (agent, run, seq)) WITHOUT ROWID;"
        "CREATE TABLE warnings (agent TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, code TEXT,"
        " text TEXT, PRIMARY KEY (agent, run, seq)) WITHOUT ROWID;"
        "CREATE TABLE ases (agent TEXT NOT NULL, run INTEGER NOT NULL, asn INTEGER NOT NULL, name TEXT,"
        " PRIMARY KEY (agent, run, asn)) WITHOUT ROWID;"
        "CREATE TABLE policies (agent TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, record TEXT,"
        " PRIMARY KEY (agent, run, seq)) WITHOUT ROWID;"
        "CREATE TABLE changes (agent TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER, run INTEGER, audit TEXT,"
        " target TEXT, port INTEGER, protocol TEXT, \"group\" TEXT, kind TEXT, old TEXT, new TEXT,"
        " first_seen_ms INTEGER, last_seen_ms INTEGER, severity TEXT, muted INTEGER,"
        " PRIMARY KEY (agent, seq)) WITHOUT ROWID;"
        "CREATE INDEX runs_by_time ON runs (run, audit);"
        "CREATE INDEX paths_by_dest ON paths (dest_ip, run);"
        "CREATE INDEX paths_by_target ON paths (agent, run, target);"
        "CREATE INDEX targets_by_name ON targets (name, run);"
        "CREATE INDEX paths_by_foreign ON paths (foreign_asn, run);"
        "CREATE INDEX changes_by_time ON changes (at_ms);";

/*
 * What version 1 tells of the state of a change: the run that confirms one sees it, and the one that ends it does not.
 * It had nothing of what settled.
 */
#define STATE_1 "CASE WHEN last_seen_ms = at_ms THEN 'changed' WHEN last_seen_ms < at_ms THEN 'recovered' END"

/* Version 1 to 2. */
static const char schema_2[] = "ALTER TABLE changes ADD COLUMN state TEXT; UPDATE changes SET state = " STATE_1;

/* [n]: from version n to n + 1. */
static const char *const migrations[CP_STORE_VERSION] = {schema_1, schema_2};

/*
 * [n]: what a reader sees of version n + 1, where the file has version n; of its own connection only. When a writer
 * brings the file up to date meanwhile, its own column goes before that of the view.
 */
static const char *const disguises[CP_STORE_VERSION] = {
        NULL, "CREATE TEMP VIEW changes AS SELECT *, " STATE_1 " AS state FROM main.changes"};

/* ---- Small things ---- */

int cp_store_errno(const struct cp_store *store, int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		/* The memory that is shared with other processes lies on the same disk. */
		return store->db && sqlite3_system_errno(store->db) == ENOSPC ? -ENOSPC : -EIO;
	default:
		return -EIO;
	}
}

int cp_store_exec(struct cp_store *store, const char *sql)
{
	return cp_store_errno(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

int cp_store_prepare(struct cp_store *store, const char *sql, sqlite3_stmt **ret_stmt)
{
	return cp_store_errno(store, sqlite3_prepare_v2(store->db, sql, -1, ret_stmt, NULL));
}

int cp_store_number(struct cp_store *store, const char *sql, int64_t *ret_value)
{
	sqlite3_stmt *stmt = NULL;
	int rc = cp_store_prepare(store, sql, &stmt), result;

	if (rc)
		return rc;
	result = sqlite3_step(stmt);
	if (result == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return result == SQLITE_DONE ? -ENOENT : cp_store_errno(store, result);
}

const char *cp_store_path_name(const struct cp_store *store)
{
	return store->path;
}

const char *cp_store_error(const struct cp_store *store)
{
	return sqlite3_errmsg(store->db);
}

int cp_store_bytes(struct cp_store *store, uint64_t *ret_bytes)
{
	int64_t n_pages = 0, n_free = 0, size = 0;
	int rc = cp_store_number(store, "PRAGMA page_count", &n_pages);

	rc = rc ? rc : cp_store_number(store, "PRAGMA freelist_count", &n_free);
	rc = rc ? rc : cp_store_number(store, "PRAGMA page_size", &size);
	if (rc == 0)
		*ret_bytes = (uint64_t)((n_pages - n_free) * size);
	return rc;
}

/* ---- The reserve ---- */

/* At most a quarter of what is free. */
int cp_store_reserve(struct cp_store *store)
{
	int fd = open(store->reserve_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), rc = -ENOSPC;
	off_t size = RESERVE_BYTES, n_free;
	struct statvfs fs;
	bool is_tight;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstatvfs(fd, &fs) || fstat(fd, &st)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	n_free = (off_t)(fs.f_bavail * fs.f_frsize) + st.st_size;
	while (size > n_free / 4)
		size /= 2;
	if (size <= st.st_size)
		rc = 0;
	else if (size >= RESERVE_BYTES_MIN)
		rc = -posix_fallocate(fd, 0, size);
	close(fd);
	is_tight = rc || size < RESERVE_BYTES;
	store->n_batch_max = is_tight ? BATCH_ROWS_TIGHT : BATCH_ROWS;
	sqlite3_wal_autocheckpoint(store->db, is_tight ? LOG_PAGES_TIGHT : LOG_PAGES);
	return rc;
}

void cp_store_release(struct cp_store *store)
{
	/* Where it is not there, there is nothing to free. */
	(void)unlink(store->reserve_path);
}

/* ---- Opening ---- */

static int damaged(const struct cp_store *store, struct cp_err *err)
{
	return cp_err_set(err, -EINVAL,
	        "%s: the database is damaged (%s); it is left as it is: move it away, or see `.recover` of sqlite3(1)",
	        store->path, sqlite3_errmsg(store->db));
}

static int failed(const struct cp_store *store, int rc, struct cp_err *err)
{
	if (sqlite3_errcode(store->db) == SQLITE_NOTADB)
		return cp_err_set(err, -EINVAL, "%s: not a database", store->path);
	if (rc == -EBADMSG)
		return damaged(store, err);
	return cp_err_set(err, rc, "%s: cannot use it as a store: %s", store->path, sqlite3_errmsg(store->db));
}

static int newer(const struct cp_store *store, int64_t version, struct cp_err *err)
{
	return cp_err_set(err, -EINVAL,
	        "%s: written by a newer version of this program (schema %lld, this one knows %d): use that version, or "
	        "another file",
	        store->path, (long long)version, CP_STORE_VERSION);
}

/* A file without a version is ours to fill when there is nothing in it. */
static int check_empty(struct cp_store *store, struct cp_err *err)
{
	int64_t n_tables = 0;
	int rc = cp_store_number(store, "SELECT count(*) FROM sqlite_master", &n_tables);

	if (rc)
		return failed(store, rc, err);
	if (n_tables)
		return cp_err_set(err, -EINVAL, "%s: a database of another program", store->path);
	if (!store->is_writer)
		return cp_err_set(err, -EINVAL, "%s: an empty database, no run is in it", store->path);
	return 0;
}

/* Inside a transaction, so that two processes do not both do it. */
static int migrate(struct cp_store *store, struct cp_err *err)
{
	char stamp[96];
	int64_t version = 0;
	/* auto_vacuum can only be chosen before there is a table. */
	int rc = cp_store_exec(store, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");

	rc = rc ? rc : cp_store_exec(store, "BEGIN IMMEDIATE");
	rc = rc ? rc : cp_store_number(store, "PRAGMA user_version", &version);
	for (; rc == 0 && version < CP_STORE_VERSION; version++)
		rc = cp_store_exec(store, migrations[version]);
	snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
	        CP_STORE_VERSION);
	rc = rc ? rc : cp_store_exec(store, stamp);
	rc = rc ? rc : cp_store_exec(store, "COMMIT");
	if (rc == 0)
		return 0;
	rc = failed(store, rc, err);
	if (!sqlite3_get_autocommit(store->db))
		(void)cp_store_exec(store, "ROLLBACK"); /* the first error is the one to tell */
	return rc;
}

/* Nothing of it reaches a file. */
static int disguise(struct cp_store *store, int64_t version, struct cp_err *err)
{
	int rc = cp_store_exec(store, "PRAGMA temp_store = MEMORY; PRAGMA query_only = 0");

	for (; rc == 0 && version < CP_STORE_VERSION; version++)
		rc = cp_store_exec(store, disguises[version]);
	rc = rc ? rc : cp_store_exec(store, "PRAGMA query_only = 1");
	return rc ? failed(store, rc, err) : 0;
}

/* *ret_version: 0, ours to fill. */
static int check_version(struct cp_store *store, int64_t *ret_version, struct cp_err *err)
{
	int64_t id = 0, version = 0;
	int rc = cp_store_number(store, "PRAGMA application_id", &id);

	rc = rc ? rc : cp_store_number(store, "PRAGMA user_version", &version);
	if (rc)
		return failed(store, rc, err);
	if (version > CP_STORE_VERSION && id == APPLICATION_ID)
		return newer(store, version, err);
	if (version && id != APPLICATION_ID)
		return cp_err_set(err, -EINVAL, "%s: a database of another program", store->path);
	rc = version ? 0 : check_empty(store, err);
	if (rc == 0)
		*ret_version = version;
	return rc;
}

/* Reads a file of bearable size through, and compiles a statement for each table. */
static int check_contents(struct cp_store *store, struct cp_err *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *says;
	struct stat st;
	int rc;

	for (int i = 0; i < CP_STORE_TABLES; i++) {
		char sql[64];

		snprintf(sql, sizeof(sql), "SELECT * FROM %s LIMIT 1", cp_store_shapes[i].name);
		rc = cp_store_prepare(store, sql, &stmt);
		sqlite3_finalize(stmt);
		if (rc)
			return rc == -EIO ? damaged(store, err) : failed(store, rc, err);
	}
	if (!store->is_writer || stat(store->path, &st) || st.st_size > CHECKED_BYTES_MAX)
		return 0;
	rc = cp_store_prepare(store, "PRAGMA quick_check(1)", &stmt);
	if (rc)
		return failed(store, rc, err);
	rc = cp_store_errno(store, sqlite3_step(stmt));
	if (rc) {
		sqlite3_finalize(stmt);
		return failed(store, rc, err);
	}
	says = (const char *)sqlite3_column_text(stmt, 0);
	if (!says || strcmp(says, "ok") != 0) {
		/* Before what is wrong may stand a line on where. */
		const char *line = says ? strrchr(says, '\n') : NULL;

		rc = cp_err_set(err, -EINVAL,
		        "%s: the database is damaged (%s); it is left as it is: move it away, or see `.recover` of "
		        "sqlite3(1)",
		        store->path,
		        line   ? line + 1
		        : says ? says
		               : "out of memory");
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* Of this connection; nothing of it is written to the file. */
static int set_modes(struct cp_store *store, struct cp_err *err)
{
	static const char writer[] = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;"
	                             "PRAGMA journal_size_limit = 4194304";
	int rc;

	sqlite3_busy_timeout(store->db, BUSY_MS);
	rc = cp_store_exec(store, store->is_writer ? writer : "PRAGMA query_only = 1");
	return rc ? failed(store, rc, err) : 0;
}

/*
 * Nobody but SQLite opens the file: where a process closes a descriptor of it, all its locks on it are gone (POSIX),
 * and whoever writes elsewhere takes the log away from under the connections that are left.
 */
static int open_database(struct cp_store *store, struct cp_err *err)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (store->is_writer ? SQLITE_OPEN_CREATE : 0);
	int result = sqlite3_open_v2(store->path, &store->db, flags, NULL);

	/* SQLite falls back to reading only by itself, where that is all that is allowed. */
	if (!store->db)
		return cp_err_set(err, -ENOMEM, "out of memory");
	if (result != SQLITE_OK) {
		int error = sqlite3_system_errno(store->db);

		/* It is not the file that is wrong. */
		return cp_err_set(err, error == EMFILE || error == ENFILE ? -error : -EINVAL, "cannot open %s: %s",
		        store->path, error ? strerror(error) : sqlite3_errmsg(store->db));
	}
	sqlite3_extended_result_codes(store->db, 1);
	if (store->is_writer && sqlite3_db_readonly(store->db, "main") == 1)
		return cp_err_set(err, -EINVAL, "cannot write to %s: it may only be read", store->path);
	return 0;
}

static int open_all(struct cp_store *store, struct cp_err *err)
{
	int rc = open_database(store, err);
	int64_t version = 0;

	rc = rc ? rc : set_modes(store, err);
	rc = rc ? rc : check_version(store, &version, err);
	if (rc == 0 && version == 0)
		rc = migrate(store, err);
	/* What is damaged is left as it is, so an old one is looked at before it is changed. */
	rc = rc ? rc : check_contents(store, err);
	if (rc == 0 && version && version < CP_STORE_VERSION)
		rc = store->is_writer ? migrate(store, err) : disguise(store, version, err);
	if (rc || !store->is_writer)
		return rc;
	rc = cp_store_reserve(store);
	/* Without a reserve as much can be stored as there is room for. */
	return rc == -ENOSPC || rc == 0
	               ? 0
	               : cp_err_set(err, rc, "cannot set space aside in %s: %s", store->reserve_path, strerror(-rc));
}

int cp_store_open(const char *path, enum cp_store_mode mode, struct cp_store **ret_store, struct cp_err *err)
{
	struct cp_store *store = calloc(1, sizeof(*store));
	int rc;

	if (!store)
		return cp_err_set(err, -ENOMEM, "out of memory");
	store->is_writer = mode == CP_STORE_WRITE;
	store->path = strdup(path);
	if (!store->path || asprintf(&store->reserve_path, "%s-reserve", path) < 0) {
		store->reserve_path = NULL;
		cp_store_close(store);
		return cp_err_set(err, -ENOMEM, "out of memory");
	}
	rc = open_all(store, err);
	/* On a full disk there is no room even for the index of the log, which lies beside the file. */
	if (store->is_writer && (rc == -ENOSPC || rc == -EIO) && unlink(store->reserve_path) == 0) {
		sqlite3_close(store->db);
		store->db = NULL;
		rc = open_all(store, err);
	}
	if (rc) {
		cp_store_close(store);
		return rc;
	}
	*ret_store = store;
	return 0;
}

void cp_store_close(struct cp_store *store)
{
	if (!store)
		return;
	if (store->db)
		(void)cp_store_commit(store); /* who needs to know commits before */
	cp_store_drop_inserts(store);
	sqlite3_close(store->db);
	free(store->path);
	free(store->reserve_path);
	free(store);
}
