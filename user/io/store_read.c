// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store_read.c: rows out of the store. One query for all tables, made of the
 * members that are set and that the table has a column for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store_impl.h"

#define SQL_MAX 3072
#define TERMS_MAX 24

void cp_store_query_init(struct cp_store_query *query)
{
	*query = (struct cp_store_query){
	        .run = CP_STORE_NULL,
	        .from_ms = CP_STORE_NULL,
	        .to_ms = CP_STORE_NULL,
	        .seq = CP_STORE_NULL,
	        .target = CP_STORE_NULL,
	        .path = CP_STORE_NULL,
	        .port = CP_STORE_NULL,
	        .foreign_asn = CP_STORE_NULL,
	        .limit = CP_STORE_NULL,
	        .offset = CP_STORE_NULL,
	};
}

void cp_store_row_get(enum cp_store_table table, sqlite3_stmt *stmt, void *row)
{
	const struct cp_store_shape *shape = &cp_store_shapes[table];

	for (uint32_t i = 0; i < shape->n_columns; i++) {
		void *member = (char *)row + shape->columns[i].offset;
		int at = (int)i;

		if (shape->columns[i].is_text)
			*(const char **)member = (const char *)sqlite3_column_text(stmt, at);
		else
			*(int64_t *)member = sqlite3_column_type(stmt, at) == SQLITE_NULL
			                             ? CP_STORE_NULL
			                             : sqlite3_column_int64(stmt, at);
	}
}

/* ---- WHERE ---- */

/* A query being put together. */
struct where {
	char sql[SQL_MAX];
	size_t len;
	struct {
		const char *text; /* or, when NULL, the number */
		int64_t number;
	} terms[TERMS_MAX];
	int n;
};

static void say(struct where *where, const char *text)
{
	size_t len = strlen(text);

	/* The longest of them all fits. */
	if (where->len + len < sizeof(where->sql)) {
		memcpy(where->sql + where->len, text, len + 1);
		where->len += len;
	}
}

static void term(struct where *where, const char *condition, const char *text, int64_t number)
{
	say(where, where->n ? " AND " : " WHERE ");
	say(where, condition);
	where->terms[where->n].text = text;
	where->terms[where->n++].number = number;
}

static void text_is(struct where *where, enum cp_store_table table, const char *column, const char *text)
{
	char condition[64];

	if (!text || !cp_store_column(table, column))
		return;
	snprintf(condition, sizeof(condition), "\"%s\" = ?%d", column, where->n + 1);
	term(where, condition, text, 0);
}

static void number_is(
        struct where *where, enum cp_store_table table, const char *column, const char *is, int64_t number)
{
	char condition[64];

	if (number == CP_STORE_NULL || !cp_store_column(table, column))
		return;
	snprintf(condition, sizeof(condition), "\"%s\" %s ?%d", column, is, where->n + 1);
	term(where, condition, NULL, number);
}

static void text_within(struct where *where, enum cp_store_table table, const char *text)
{
	char condition[128];

	if (!text || !*text)
		return;
	if (table == CP_STORE_TARGETS)
		snprintf(condition, sizeof(condition), "instr(lower(name), lower(?%d)) > 0", where->n + 1);
	else if (table == CP_STORE_CHANGES)
		snprintf(condition, sizeof(condition),
		        "instr(lower(target || ' ' || ifnull(old, '') || ' ' || ifnull(new, '')), lower(?%d)) > 0",
		        where->n + 1);
	else
		return;
	term(where, condition, text, 0);
}

static void add_terms(struct where *where, enum cp_store_table table, const struct cp_store_query *query)
{
	const char *time = table == CP_STORE_CHANGES ? "at_ms" : "started_ms";
	const char *name = table == CP_STORE_CHANGES ? "target" : "name";

	text_is(where, table, "agent", query->agent);
	number_is(where, table, "run", "=", query->run);
	text_is(where, table, "audit", query->audit);
	number_is(where, table, time, ">=", query->from_ms);
	number_is(where, table, time, "<", query->to_ms);
	number_is(where, table, "seq", "=", query->seq);
	if (table == CP_STORE_PATHS)
		number_is(where, table, "target", "=", query->target);
	number_is(where, table, "path", "=", query->path);
	text_is(where, table, "group", query->group);
	text_is(where, table, "verdict", query->verdict);
	text_is(where, table, name, query->name);
	number_is(where, table, "port", "=", query->port);
	text_is(where, table, "protocol", query->protocol);
	text_is(where, table, "kind", query->kind);
	number_is(where, table, "foreign_asn", "=", query->foreign_asn);
	text_within(where, table, query->text);
}

static int prepare(struct cp_store *store, const struct where *where, sqlite3_stmt **ret_stmt)
{
	sqlite3_stmt *stmt = NULL;
	int rc = cp_store_prepare(store, where->sql, &stmt), result = SQLITE_OK;

	for (int i = 0; i < where->n && rc == 0 && result == SQLITE_OK; i++)
		result = where->terms[i].text ? sqlite3_bind_text(stmt, i + 1, where->terms[i].text, -1, SQLITE_STATIC)
		                              : sqlite3_bind_int64(stmt, i + 1, where->terms[i].number);
	rc = rc ? rc : cp_store_errno(store, result);
	if (rc) {
		sqlite3_finalize(stmt);
		return rc;
	}
	*ret_stmt = stmt;
	return 0;
}

/* ---- Reading ---- */

static int each_row(struct cp_store *store, enum cp_store_table table, sqlite3_stmt *stmt, union cp_store_row *row,
        cp_store_row_fn *each, void *ctx)
{
	int result, rc = 0;

	while (rc == 0 && (result = sqlite3_step(stmt)) != SQLITE_DONE) {
		rc = cp_store_errno(store, result);
		if (rc)
			break;
		cp_store_row_get(table, stmt, row);
		rc = each(ctx, row);
	}
	return rc;
}

static int count(struct cp_store *store, enum cp_store_table table, const struct cp_store_query *query, int64_t *ret_n)
{
	struct where where = {.n = 0};
	sqlite3_stmt *stmt = NULL;
	int rc;

	say(&where, "SELECT count(*) FROM ");
	say(&where, cp_store_shapes[table].name);
	add_terms(&where, table, query);
	rc = prepare(store, &where, &stmt);
	if (rc)
		return rc;
	rc = cp_store_errno(store, sqlite3_step(stmt));
	if (rc == 0)
		*ret_n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc;
}

static void add_order(struct where *where, enum cp_store_table table, const struct cp_store_query *query)
{
	const struct cp_store_shape *shape = &cp_store_shapes[table];
	const char *way = query->newest_first ? "DESC" : "ASC";
	char text[128];

	snprintf(text, sizeof(text), " ORDER BY %s %s, agent%s", shape->time, way, shape->then);
	say(where, text);
	if (query->limit == CP_STORE_NULL && query->offset == CP_STORE_NULL)
		return;
	snprintf(text, sizeof(text), " LIMIT %lld OFFSET %lld",
	        query->limit == CP_STORE_NULL ? -1ll : (long long)query->limit,
	        query->offset == CP_STORE_NULL ? 0ll : (long long)query->offset);
	say(where, text);
}

/* "SELECT <every column> FROM <table>" */
static void select_all(struct where *where, enum cp_store_table table)
{
	const struct cp_store_shape *shape = &cp_store_shapes[table];

	say(where, "SELECT ");
	for (uint32_t i = 0; i < shape->n_columns; i++) {
		say(where, i ? ",\"" : "\"");
		say(where, shape->columns[i].name);
		say(where, "\"");
	}
	say(where, " FROM ");
	say(where, shape->name);
}

int cp_store_read(struct cp_store *store, enum cp_store_table table, const struct cp_store_query *query,
        cp_store_row_fn *each, void *ctx, int64_t *ret_total)
{
	struct where where = {.n = 0};
	union cp_store_row row;
	sqlite3_stmt *stmt = NULL;
	int rc = ret_total ? count(store, table, query, ret_total) : 0;

	if (rc)
		return rc;
	select_all(&where, table);
	add_terms(&where, table, query);
	add_order(&where, table, query);
	rc = prepare(store, &where, &stmt);
	if (rc)
		return rc;
	rc = each_row(store, table, stmt, &row, each, ctx);
	sqlite3_finalize(stmt);
	return rc;
}

int cp_store_as_history(
        struct cp_store *store, int64_t asn, const struct cp_store_query *query, cp_store_row_fn *each, void *ctx)
{
	struct where where = {.n = 0};
	sqlite3_stmt *stmt = NULL;
	int result, rc;

	say(&where, "SELECT agent, run, count(*), count(DISTINCT dest_ip) FROM paths");
	number_is(&where, CP_STORE_PATHS, "foreign_asn", "=", asn);
	text_is(&where, CP_STORE_PATHS, "agent", query->agent);
	number_is(&where, CP_STORE_PATHS, "run", ">=", query->from_ms);
	number_is(&where, CP_STORE_PATHS, "run", "<", query->to_ms);
	say(&where, " GROUP BY run, agent ORDER BY run, agent");
	rc = prepare(store, &where, &stmt);
	if (rc)
		return rc;
	while (rc == 0 && (result = sqlite3_step(stmt)) != SQLITE_DONE) {
		struct cp_store_as_share share;

		rc = cp_store_errno(store, result);
		if (rc)
			break;
		share = (struct cp_store_as_share){
		        .agent = (const char *)sqlite3_column_text(stmt, 0),
		        .run = sqlite3_column_int64(stmt, 1),
		        .paths = sqlite3_column_int64(stmt, 2),
		        .dests = sqlite3_column_int64(stmt, 3),
		};
		rc = each(ctx, &share);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* ---- One run ---- */

/* The run before the newest, of its agent and audit. */
static const char previous_sql[] = " WHERE (?1 IS NULL OR agent = ?1) AND (?2 IS NULL OR audit = ?2) AND (agent, run) ="
                                   " (SELECT b.agent, b.run FROM runs AS b, (SELECT agent, audit, run FROM runs"
                                   " WHERE (?1 IS NULL OR agent = ?1) AND (?2 IS NULL OR audit = ?2)"
                                   " ORDER BY run DESC, agent LIMIT 1) AS a WHERE b.agent = a.agent AND"
                                   " b.audit = a.audit AND b.run < a.run ORDER BY b.run DESC LIMIT 1)";
static const char newest_sql[] = " WHERE (?1 IS NULL OR agent = ?1) AND (?2 IS NULL OR audit = ?2)"
                                 " AND (?3 IS NULL OR run = ?3) AND (?4 IS NULL OR started_ms <= ?4)"
                                 " ORDER BY run DESC, agent LIMIT 1";

static int bind_find(sqlite3_stmt *stmt, enum cp_store_which which, int64_t number, const struct cp_store_query *query)
{
	int result = sqlite3_bind_text(stmt, 1, query->agent, -1, SQLITE_STATIC);

	result = result ? result : sqlite3_bind_text(stmt, 2, query->audit, -1, SQLITE_STATIC);
	if (which == CP_STORE_NUMBER)
		result = result ? result : sqlite3_bind_int64(stmt, 3, number);
	else if (which == CP_STORE_AT)
		result = result ? result : sqlite3_bind_int64(stmt, 4, number);
	return result; /* what is not bound is NULL */
}

int cp_store_find_run(struct cp_store *store, enum cp_store_which which, int64_t number,
        const struct cp_store_query *query, cp_store_row_fn *each, void *ctx)
{
	struct where where = {.n = 0};
	union cp_store_row row;
	sqlite3_stmt *stmt = NULL;
	int result, rc;

	select_all(&where, CP_STORE_RUNS);
	say(&where, which == CP_STORE_PREVIOUS ? previous_sql : newest_sql);
	rc = cp_store_prepare(store, where.sql, &stmt);
	if (rc)
		return rc;
	result = bind_find(stmt, which, number, query);
	result = result ? result : sqlite3_step(stmt);
	rc = result == SQLITE_DONE ? -ENOENT : cp_store_errno(store, result);
	if (rc == 0) {
		cp_store_row_get(CP_STORE_RUNS, stmt, &row);
		rc = each(ctx, &row);
	}
	sqlite3_finalize(stmt);
	return rc;
}
