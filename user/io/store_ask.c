// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store_ask.c: asks the questions of store_questions.c: binds what they are
 * about by name, hands out their rows cell by cell, and gives up when they take
 * too long. Knows none of them.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "store_impl.h"

#define CELLS_MAX 48
#define STEPS_PER_LOOK 10000 /* of SQLite's machine, between two looks at the clock */

void cp_store_args_init(struct cp_store_args *args)
{
	*args = (struct cp_store_args){
	        .run = CP_STORE_NULL,
	        .run_b = CP_STORE_NULL,
	        .seq = CP_STORE_NULL,
	        .path = CP_STORE_NULL,
	        .port = CP_STORE_NULL,
	        .asn = CP_STORE_NULL,
	        .from = CP_STORE_NULL,
	        .to = CP_STORE_NULL,
	        .limit = CP_STORE_NULL,
	        .offset = CP_STORE_NULL,
	};
}

/* ---- Time ---- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int is_late(void *ctx)
{
	const struct cp_store *store = ctx;

	return now_ns() > store->deadline_ns;
}

int cp_store_view(struct cp_store *store, uint32_t max_ms)
{
	store->deadline_ns = now_ns() + max_ms * 1000000ull;
	sqlite3_progress_handler(store->db, STEPS_PER_LOOK, is_late, store);
	return cp_store_exec(store, "BEGIN");
}

void cp_store_view_end(struct cp_store *store)
{
	sqlite3_progress_handler(store->db, 0, NULL, NULL);
	/* Nothing was written: there is nothing that could fail to be kept. */
	if (!sqlite3_get_autocommit(store->db))
		(void)cp_store_exec(store, "ROLLBACK");
}

/* ---- Asking ---- */

static int bind_text(sqlite3_stmt *stmt, const char *name, const char *text)
{
	int at = sqlite3_bind_parameter_index(stmt, name);

	return at && text ? sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC) : SQLITE_OK;
}

static int bind_number(sqlite3_stmt *stmt, const char *name, int64_t number)
{
	int at = sqlite3_bind_parameter_index(stmt, name);

	return at && number != CP_STORE_NULL ? sqlite3_bind_int64(stmt, at, number) : SQLITE_OK;
}

/* What a question does not have is passed over; what is not known stays NULL. */
static int bind_all(sqlite3_stmt *stmt, const struct cp_store_args *args)
{
	const struct {
		const char *name, *text;
	} texts[] = {{":agent", args->agent}, {":agent_b", args->agent_b}, {":audit", args->audit},
	        {":group", args->group}, {":verdict", args->verdict}, {":kind", args->kind}, {":text", args->text},
	        {":name", args->name}, {":protocol", args->protocol}};
	const struct {
		const char *name;
		int64_t number;
	} numbers[] = {{":run", args->run}, {":run_b", args->run_b}, {":seq", args->seq}, {":path", args->path},
	        {":port", args->port}, {":asn", args->asn}, {":from", args->from}, {":to", args->to},
	        {":limit", args->limit}, {":offset", args->offset}};
	int result = SQLITE_OK;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && result == SQLITE_OK; i++)
		result = bind_text(stmt, texts[i].name, texts[i].text);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && result == SQLITE_OK; i++)
		result = bind_number(stmt, numbers[i].name, numbers[i].number);
	return result;
}

static int get_cells(sqlite3_stmt *stmt, struct cp_store_cell cells[CELLS_MAX], int n)
{
	for (int i = 0; i < n; i++) {
		int type = sqlite3_column_type(stmt, i);

		cells[i] = (struct cp_store_cell){.name = sqlite3_column_name(stmt, i),
		        .is_null = type == SQLITE_NULL,
		        .is_real = type == SQLITE_FLOAT};
		if (type == SQLITE_INTEGER) {
			cells[i].number = sqlite3_column_int64(stmt, i);
		} else if (type == SQLITE_FLOAT) {
			cells[i].real = sqlite3_column_double(stmt, i);
		} else if (type != SQLITE_NULL) {
			cells[i].text = (const char *)sqlite3_column_text(stmt, i);
			cells[i].len = (size_t)sqlite3_column_bytes(stmt, i);
			if (!cells[i].text)
				return -ENOMEM;
		}
	}
	return 0;
}

static int ask_errno(const struct cp_store *store, int result)
{
	return (result & 0xff) == SQLITE_INTERRUPT ? -ETIMEDOUT : cp_store_errno(store, result);
}

int cp_store_ask(struct cp_store *store, enum cp_store_question question, const struct cp_store_args *args,
        cp_store_cells_fn *each, void *ctx)
{
	const char *sql = question < CP_ASK_METRIC_RUNS ? cp_store_questions[question]
	                                                : cp_store_metric_questions[question - CP_ASK_METRIC_RUNS];
	struct cp_store_cell cells[CELLS_MAX];
	sqlite3_stmt *stmt = NULL;
	int result = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL), n, rc;

	result = result ? result : bind_all(stmt, args);
	rc = ask_errno(store, result);
	n = sqlite3_column_count(stmt);
	n = n < CELLS_MAX ? n : CELLS_MAX;
	while (rc == 0 && (result = sqlite3_step(stmt)) != SQLITE_DONE) {
		rc = ask_errno(store, result);
		rc = rc ? rc : get_cells(stmt, cells, n);
		rc = rc ? rc : each(ctx, cells, (size_t)n);
	}
	sqlite3_finalize(stmt);
	return rc;
}
