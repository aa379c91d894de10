/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * store_impl.h: a store from inside. Private to store*.c.
 */
#ifndef CP_STORE_IMPL_H
#define CP_STORE_IMPL_H

#include <sqlite3.h>

#include "store.h"

#define CP_STORE_COLUMNS_MAX 40

/* A column and the member it is; members are int64_t or const char *. */
struct cp_store_column {
	const char *name;
	bool is_text;
	uint16_t offset;
};

struct cp_store_shape {
	const char *name;
	const struct cp_store_column *columns;
	uint32_t n_columns;
	size_t size; /* of the struct */
	const char *time; /* what rows are read in the order of: this, the agent, and then the rest of the key */
	const char *then;
};

/* store_table.c */
extern const struct cp_store_shape cp_store_shapes[CP_STORE_TABLES];
/* NULL: the table has none of that name. */
const struct cp_store_column *cp_store_column(enum cp_store_table table, const char *name);

union cp_store_row {
	struct cp_store_run run;
	struct cp_store_target target;
	struct cp_store_path path;
	struct cp_store_hop hop;
	struct cp_store_egress egress;
	struct cp_store_edge edge;
	struct cp_store_warning warning;
	struct cp_store_as as;
	struct cp_store_policy policy;
	struct cp_store_change change;
};

struct cp_store {
	sqlite3 *db;
	char *path;
	char *reserve_path;
	bool is_writer;
	bool in_batch;
	uint32_t n_batch; /* rows of the batch being made */
	uint32_t n_batch_max;
	uint64_t n_lost;
	sqlite3_stmt *inserts[CP_STORE_TABLES];
	uint64_t deadline_ns; /* of a view; CLOCK_MONOTONIC */
};

/* store.c. -errno for a result of SQLite; 0 for SQLITE_OK, SQLITE_ROW and SQLITE_DONE. */
int cp_store_errno(const struct cp_store *store, int result);
int cp_store_exec(struct cp_store *store, const char *sql);
/* Space beside the file that is freed when the disk is full. */
int cp_store_reserve(struct cp_store *store);
void cp_store_release(struct cp_store *store);
int cp_store_prepare(struct cp_store *store, const char *sql, sqlite3_stmt **ret_stmt);
/* The first column of the first row of a query. -ENOENT: it has none. */
int cp_store_number(struct cp_store *store, const char *sql, int64_t *ret_value);

/* store_write.c */
void cp_store_drop_inserts(struct cp_store *store);

/* store_read.c */
void cp_store_row_get(enum cp_store_table table, sqlite3_stmt *stmt, void *row);

/* The SQL of each question, with parameters :agent, :run ...; those of metrics (store_metrics.c) come last. */
/* A number of what a path p knows end to end, in SQL; NULL where it has none. */
#define CP_STORE_E2E(key)                                                                                              \
	"CASE WHEN json_valid(p.e2e) THEN CASE json_type(p.e2e, '$." key "') WHEN 'integer' THEN json_extract(p.e2e,"  \
	" '$." key "') END END"

extern const char *const cp_store_questions[CP_ASK_METRIC_RUNS];
extern const char *const cp_store_metric_questions[CP_ASK_QUESTIONS - CP_ASK_METRIC_RUNS];

#endif
