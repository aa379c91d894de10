// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store_write.c: rows into the store, in batches. Knows of each table only
 * what store_table.c says.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store_impl.h"

#define SQL_MAX 2048

void cp_store_row_init(enum cp_store_table table, void *row)
{
	const struct cp_store_shape *shape = &cp_store_shapes[table];

	memset(row, 0, shape->size);
	for (uint32_t i = 0; i < shape->n_columns; i++) {
		if (!shape->columns[i].is_text)
			*(int64_t *)((char *)row + shape->columns[i].offset) = CP_STORE_NULL;
	}
}

/* ---- Statements ---- */

static int prepare_insert(struct cp_store *store, enum cp_store_table table)
{
	const struct cp_store_shape *shape = &cp_store_shapes[table];
	char sql[SQL_MAX];
	size_t len = (size_t)snprintf(sql, sizeof(sql), "INSERT INTO %s (", shape->name);

	for (uint32_t i = 0; i < shape->n_columns; i++)
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%s\"%s\"", i ? "," : "", shape->columns[i].name);
	len += (size_t)snprintf(sql + len, sizeof(sql) - len, ") VALUES (");
	for (uint32_t i = 0; i < shape->n_columns; i++)
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, i ? ",?" : "?");
	snprintf(sql + len, sizeof(sql) - len, ")");
	return cp_store_prepare(store, sql, &store->inserts[table]);
}

void cp_store_drop_inserts(struct cp_store *store)
{
	for (int i = 0; i < CP_STORE_TABLES; i++) {
		sqlite3_finalize(store->inserts[i]);
		store->inserts[i] = NULL;
	}
}

/* The texts are borrowed until the statement is reset. */
static int bind_row(sqlite3_stmt *stmt, const struct cp_store_shape *shape, const void *row)
{
	int result = SQLITE_OK;

	for (uint32_t i = 0; i < shape->n_columns && result == SQLITE_OK; i++) {
		const void *member = (const char *)row + shape->columns[i].offset;
		int at = (int)i + 1;

		if (shape->columns[i].is_text) {
			const char *text = *(const char *const *)member;

			/* NULL binds NULL. */
			result = sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
		} else {
			int64_t value = *(const int64_t *)member;

			result = value == CP_STORE_NULL ? sqlite3_bind_null(stmt, at)
			                                : sqlite3_bind_int64(stmt, at, value);
		}
	}
	return result;
}

static int insert(struct cp_store *store, enum cp_store_table table, const void *row)
{
	int rc = store->inserts[table] ? 0 : prepare_insert(store, table), result;
	sqlite3_stmt *stmt = store->inserts[table];

	if (rc)
		return rc;
	result = bind_row(stmt, &cp_store_shapes[table], row);
	if (result == SQLITE_OK)
		result = sqlite3_step(stmt);
	rc = cp_store_errno(store, result);
	sqlite3_reset(stmt); /* says the same again */
	return rc;
}

/* ---- Batches ---- */

/* Undoes the batch. Without space it is undone by SQLite already, and the reserve is what the end of the run needs. */
static void undo(struct cp_store *store, int rc)
{
	if (!sqlite3_get_autocommit(store->db))
		(void)cp_store_exec(store, "ROLLBACK"); /* the caller tells the first error */
	store->n_lost += store->n_batch;
	store->n_batch = 0;
	store->in_batch = false;
	if (rc != -ENOSPC)
		return;
	cp_store_release(store);
	/* What was durable in the log before; where others read, a later one does it. */
	(void)sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static int begin(struct cp_store *store)
{
	int rc;

	if (store->in_batch)
		return 0;
	rc = cp_store_exec(store, "BEGIN IMMEDIATE");
	store->in_batch = rc == 0;
	return rc;
}

int cp_store_commit(struct cp_store *store)
{
	int rc;

	if (!store->in_batch)
		return 0;
	rc = cp_store_exec(store, "COMMIT");
	if (rc) {
		undo(store, rc);
		return rc;
	}
	store->in_batch = false;
	store->n_batch = 0;
	return 0;
}

int cp_store_add(struct cp_store *store, enum cp_store_table table, const void *row)
{
	bool is_boundary = table == CP_STORE_PATHS || table == CP_STORE_TARGETS;
	int rc = store->n_batch >= store->n_batch_max && is_boundary ? cp_store_commit(store) : 0;

	rc = rc ? rc : begin(store);
	store->n_batch++;
	rc = rc ? rc : insert(store, table, row);
	if (rc)
		undo(store, rc);
	return rc;
}

uint64_t cp_store_lost(const struct cp_store *store)
{
	return store->n_lost;
}

/* ---- Runs and changes ---- */

/* Inserts a row and commits; once more with the reserve's space where the disk is full. */
static int insert_now(struct cp_store *store, enum cp_store_table table, const void *row)
{
	int rc = cp_store_commit(store);

	for (int i = 0; i < 2; i++) {
		rc = rc ? rc : begin(store);
		rc = rc ? rc : insert(store, table, row);
		if (rc)
			undo(store, rc);
		else
			rc = cp_store_commit(store);
		if (rc != -ENOSPC)
			break;
		rc = i ? rc : 0;
	}
	return rc;
}

int cp_store_begin_run(struct cp_store *store, struct cp_store_run *run)
{
	int rc, later;

	store->n_lost = 0;
	run->run = run->started_ms;
	run->rows_lost = run->rows_lost == CP_STORE_NULL ? 0 : run->rows_lost;
	run->hops_pruned = 0;
	if (!run->audit)
		run->audit = "";
	/*
	 * Waits for the disk, so that a run of which the power takes all else is known to have been. That cannot be
	 * said within a batch; one that finds no space is counted as lost, and for the run there is the reserve.
	 */
	rc = cp_store_commit(store);
	rc = rc && rc != -ENOSPC ? rc : cp_store_exec(store, "PRAGMA synchronous = FULL");
	if (rc)
		return rc;
	while ((rc = insert_now(store, CP_STORE_RUNS, run)) == -EEXIST)
		run->run++;
	later = cp_store_exec(store, "PRAGMA synchronous = NORMAL");
	return rc ? rc : later;
}

static int replace_run(struct cp_store *store, const struct cp_store_run *run)
{
	sqlite3_stmt *stmt = NULL;
	int rc = begin(store);

	rc = rc ? rc : cp_store_prepare(store, "DELETE FROM runs WHERE agent = ? AND run = ?", &stmt);
	if (rc == 0) {
		int result = sqlite3_bind_text(stmt, 1, run->agent, -1, SQLITE_STATIC);

		result = result ? result : sqlite3_bind_int64(stmt, 2, run->run);
		rc = cp_store_errno(store, result ? result : sqlite3_step(stmt));
		sqlite3_finalize(stmt);
	}
	rc = rc ? rc : insert(store, CP_STORE_RUNS, run);
	if (rc)
		undo(store, rc);
	return rc ? rc : cp_store_commit(store);
}

int cp_store_end_run(struct cp_store *store, const struct cp_store_run *run)
{
	struct cp_store_run row = *run;
	int rc = cp_store_commit(store);

	/* What is lost in this very commit is to be counted, too; and then there is the reserve's space. */
	if (rc == 0 || rc == -ENOSPC) {
		row.rows_lost += (int64_t)store->n_lost;
		rc = replace_run(store, &row);
	}
	return rc == -ENOSPC ? replace_run(store, &row) : rc;
}

int cp_store_add_change(struct cp_store *store, struct cp_store_change *change)
{
	int64_t last;
	int rc = cp_store_number(store, "SELECT ifnull(max(seq), 0) FROM changes", &last);

	while (rc == 0) {
		change->seq = ++last;
		rc = insert_now(store, CP_STORE_CHANGES, change);
		if (rc != -EEXIST)
			break;
		rc = 0;
	}
	return rc;
}
