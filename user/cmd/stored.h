/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stored.h: runs as they are named on a command line: a file of NDJSON records,
 * standard input, or a run in a store.
 *
 *   RUN.ndjson, -
 *   FILE.db, FILE.db:latest      the newest run
 *   FILE.db:previous             the one before it, of the same agent and audit
 *   FILE.db:1795926717224        the run of this number
 *   FILE.db:2026-11-28T10:00     the newest that had begun then; with seconds or without; local time, UTC with a Z
 *   FILE.db:2026-11-28           ... by the end of that day
 */
#ifndef CP_STORED_H
#define CP_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "format/json.h"
#include "format/sink.h"
#include "io/store.h"

/*
 * Where the records of a run can be read, from their beginning: the file itself, standard input (0), or a file in
 * memory with what a store has of it, as -o ndjson would write it. agent: whose run, where a store is named; NULL:
 * anybody's. -EINVAL: there is no such file, store or run, err says which; -ENOMEM, -EIO.
 */
int cp_stored_open(const char *name, const char *agent, int *ret_fd, struct cp_err *err);
/* Closes what cp_stored_open() opened. */
void cp_stored_close(int fd);

/* The whole of it, with a NUL behind; free() it. Errors as above. */
int cp_stored_read(const char *name, const char *agent, char **ret_text, size_t *ret_len, struct cp_err *err);

/* True when name is a store, or a run in one; with the file's name, to be freed, and what stands behind the colon. */
bool cp_stored_is_store(const char *name, char **ret_path, const char **ret_which);

/* stored_ndjson.c: values of rows in records: null for what is not known; targets by verdict. */
void cp_stored_number(struct cp_json *json, const char *key, int64_t value);
void cp_stored_verdicts(struct cp_json *json, const struct cp_store_run *run);
/* A run as NDJSON. 0, -errno of the sink or the store. */
int cp_stored_write(struct cp_store *store, const struct cp_store_run *run, const struct cp_sink *sink);

#endif
