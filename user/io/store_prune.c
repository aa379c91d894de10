// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store_prune.c: keeps a store within its limits. Even to delete takes space
 * for a while, in the write-ahead log: each step is small and is brought home
 * before the next. Knows no row.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_impl.h"

#define STEP_KEYS 4096 /* paths or rows that go in one step, where there is room for it */
#define STEP_PAGES 256 /* given back in one step, likewise */

struct victim {
	char *agent;
	int64_t run;
};

/* Brings the log home and empties it. Somebody who reads may be in the way of it: then a later one does. */
static void checkpoint(struct cp_store *store)
{
	(void)sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

/* Runs a statement about a run with up to two numbers; a step of its own. */
static int step(struct cp_store *store, const char *sql, const struct victim *victim, int64_t a, int64_t b)
{
	sqlite3_stmt *stmt = NULL;
	int rc = cp_store_prepare(store, sql, &stmt), result;

	if (rc)
		return rc;
	result = sqlite3_bind_text(stmt, 1, victim->agent, -1, SQLITE_STATIC);
	result = result ? result : sqlite3_bind_int64(stmt, 2, victim->run);
	if (result == SQLITE_OK && sqlite3_bind_parameter_count(stmt) > 2) {
		result = sqlite3_bind_int64(stmt, 3, a);
		result = result ? result : sqlite3_bind_int64(stmt, 4, b);
	}
	rc = cp_store_errno(store, result ? result : sqlite3_step(stmt));
	sqlite3_finalize(stmt);
	return rc;
}

/* The highest seq or path of a run; -1: no row. */
static int highest(
        struct cp_store *store, const char *table, const char *column, const struct victim *victim, int64_t *ret_last)
{
	sqlite3_stmt *stmt = NULL;
	char sql[128];
	int rc, result;

	snprintf(sql, sizeof(sql), "SELECT ifnull(max(%s), -1) FROM %s WHERE agent = ? AND run = ?", column, table);
	rc = cp_store_prepare(store, sql, &stmt);
	if (rc)
		return rc;
	result = sqlite3_bind_text(stmt, 1, victim->agent, -1, SQLITE_STATIC);
	result = result ? result : sqlite3_bind_int64(stmt, 2, victim->run);
	rc = cp_store_errno(store, result ? result : sqlite3_step(stmt));
	if (rc == 0)
		*ret_last = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc;
}

/* Where the log does not fit, steps become as small as they must. */
static int empty_table(struct cp_store *store, const char *table, const char *column, const struct victim *victim)
{
	int64_t n_step = STEP_KEYS, last, at = 0;
	char sql[160];
	int rc = highest(store, table, column, victim, &last);

	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE agent = ? AND run = ? AND %s >= ? AND %s < ?", table, column,
	        column);
	while (rc == 0 && at <= last) {
		rc = step(store, sql, victim, at, at + n_step);
		checkpoint(store);
		if (rc == 0) {
			at += n_step;
		} else if (rc == -ENOSPC && n_step > 1) {
			cp_store_release(store);
			n_step /= 4;
			rc = 0;
		}
	}
	return rc;
}

static int drop_hops(struct cp_store *store, const struct victim *victim)
{
	/* First what says so: a run whose hops went half-way is not taken for whole. */
	int rc = step(store, "UPDATE runs SET hops_pruned = 1 WHERE agent = ? AND run = ?", victim, 0, 0);

	return rc ? rc : empty_table(store, "hops", "path", victim);
}

static int drop_run(struct cp_store *store, const struct victim *victim)
{
	static const char *const tables[] = {"targets", "egress", "edges", "warnings", "policies"};
	int rc = drop_hops(store, victim);

	rc = rc ? rc : empty_table(store, "paths", "seq", victim);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && rc == 0; i++)
		rc = empty_table(store, tables[i], "seq", victim);
	rc = rc ? rc : step(store, "DELETE FROM ases WHERE agent = ? AND run = ?", victim, 0, 0);
	return rc ? rc : step(store, "DELETE FROM runs WHERE agent = ? AND run = ?", victim, 0, 0);
}

/* The oldest run but the newest and those that may be going on, for which a condition with one number holds. -ENOENT:
 * there is none. */
static int find_victim(struct cp_store *store, const char *condition, int64_t number, struct victim *ret_victim)
{
	sqlite3_stmt *stmt = NULL;
	char sql[320];
	int rc, result;

	snprintf(sql, sizeof(sql),
	        "SELECT agent, run FROM runs WHERE run < (SELECT max(run) FROM runs)"
	        " AND (end_reason IS NOT NULL OR run < (SELECT max(run) FROM runs) - 3600000) AND %s"
	        " ORDER BY run LIMIT 1",
	        condition);
	rc = cp_store_prepare(store, sql, &stmt);
	if (rc)
		return rc;
	result = sqlite3_bind_int64(stmt, 1, number);
	result = result ? result : sqlite3_step(stmt);
	rc = result == SQLITE_DONE ? -ENOENT : cp_store_errno(store, result);
	if (rc == 0) {
		ret_victim->run = sqlite3_column_int64(stmt, 1);
		ret_victim->agent = strdup((const char *)sqlite3_column_text(stmt, 0));
		rc = ret_victim->agent ? 0 : -ENOMEM;
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int prune_age(struct cp_store *store, int64_t before_ms, struct cp_store_pruned *pruned)
{
	struct victim victim;
	char sql[96];
	int rc;

	while ((rc = find_victim(store, "started_ms < ?", before_ms, &victim)) == 0) {
		rc = drop_run(store, &victim);
		free(victim.agent);
		if (rc)
			return rc;
		pruned->n_runs++;
	}
	if (rc != -ENOENT)
		return rc;
	snprintf(sql, sizeof(sql), "DELETE FROM changes WHERE at_ms < %lld", (long long)before_ms);
	rc = cp_store_exec(store, sql);
	checkpoint(store);
	return rc;
}

static int prune_size(struct cp_store *store, uint64_t max_bytes, struct cp_store_pruned *pruned)
{
	for (;;) {
		struct victim victim;
		uint64_t bytes;
		bool is_whole = false;
		int rc = cp_store_bytes(store, &bytes);

		if (rc || bytes <= max_bytes)
			return rc;
		rc = find_victim(store, "hops_pruned = ?", 0, &victim);
		if (rc == -ENOENT) {
			is_whole = true;
			rc = find_victim(store, "run > ?", INT64_MIN, &victim);
		}
		if (rc)
			return rc == -ENOENT ? 0 : rc;
		rc = is_whole ? drop_run(store, &victim) : drop_hops(store, &victim);
		free(victim.agent);
		if (rc)
			return rc;
		pruned->n_runs += is_whole;
		pruned->n_hop_runs += !is_whole;
	}
}

/* Free pages go back to the file system; those that must be moved for it take space, too. */
static int shrink(struct cp_store *store)
{
	int64_t n_free, before = INT64_MAX;
	int n_step = STEP_PAGES;
	char sql[64];
	int rc = cp_store_number(store, "PRAGMA freelist_count", &n_free);

	while (rc == 0 && n_free > 0 && n_free < before) {
		before = n_free;
		snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", n_step);
		rc = cp_store_exec(store, sql);
		checkpoint(store);
		if (rc == -ENOSPC && n_step > 1) {
			cp_store_release(store);
			n_step /= 4;
			before = INT64_MAX;
			rc = 0;
		}
		rc = rc ? rc : cp_store_number(store, "PRAGMA freelist_count", &n_free);
	}
	return rc;
}

static int prune(
        struct cp_store *store, const struct cp_store_limits *limits, uint64_t now_ms, struct cp_store_pruned *pruned)
{
	int rc = 0;

	checkpoint(store);
	if (limits->keep_ms && now_ms > limits->keep_ms)
		rc = prune_age(store, (int64_t)(now_ms - limits->keep_ms), pruned);
	if (rc == 0 && limits->max_bytes)
		rc = prune_size(store, limits->max_bytes, pruned);
	return rc ? rc : shrink(store);
}

int cp_store_prune(struct cp_store *store, const struct cp_store_limits *limits, uint64_t now_ms,
        struct cp_store_pruned *ret_pruned)
{
	struct cp_store_pruned pruned = {0};
	int rc = cp_store_commit(store), reserve_rc;

	rc = rc ? rc : prune(store, limits, now_ms, &pruned);
	if (rc == -ENOSPC) {
		cp_store_release(store);
		rc = prune(store, limits, now_ms, &pruned);
	}
	if (rc == 0)
		*ret_pruned = pruned;
	reserve_rc = cp_store_reserve(store);
	return rc ? rc : reserve_rc == -ENOSPC ? 0 : reserve_rc;
}
