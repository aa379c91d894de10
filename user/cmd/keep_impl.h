/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * keep_impl.h: a run on its way into a store. Private to keep*.c.
 */
#ifndef CP_KEEP_IMPL_H
#define CP_KEEP_IMPL_H

#include "format/json.h"
#include "io/store.h"
#include "keep.h"

#define CP_KEEP_NAME_MAX 256
#define CP_KEEP_TEXTS 3

/* JSON that becomes a column; the text lasts until it is begun again. */
struct cp_keep_text {
	struct cp_json json;
	char *text;
	size_t cap;
};
struct cp_json *cp_keep_text_begin(struct cp_keep_text *text);
/* NULL: out of memory. */
const char *cp_keep_text_end(struct cp_keep_text *text);

/* One hand-over between neighbours on AS paths. */
struct cp_keep_edge {
	uint32_t from, to; /* ASes; 0: an exchange */
	const char *from_ixp, *to_ixp; /* its name, borrowed of the AS data */
	uint64_t n_paths, n_dests;
	struct cp_addr last_dest;
	uint32_t *rtts; /* at the first hop of the one that takes over */
	size_t n_rtts, cap_rtts;
};

struct cp_keep {
	struct cp_store *store;
	struct cp_keep_config config;
	char agent[CP_KEEP_NAME_MAX];
	struct cp_store_run run;
	bool has_begun, is_told, is_shared;
	int error; /* the first */
	char error_text[256];
	int64_t n_targets, n_paths, n_warnings, n_policies; /* the next seq of each */
	int64_t target_paths; /* of the target at hand */

	void *ndjson; /* state of that format, which writes into record */
	struct cp_sink record_sink;
	char *record; /* the last line it wrote */
	size_t record_cap;
	struct cp_keep_text texts[CP_KEEP_TEXTS];
	char *settings, *databases, *accounting; /* owned texts of the run's row */
	char *strings[6]; /* copies of the start record's */

	uint32_t *asns; /* whose names are stored; sorted */
	size_t n_asns, cap_asns;
	struct cp_keep_edge *edges;
	size_t n_edges, cap_edges;
	const struct cp_asdb *asdb; /* that names them */
};

/* Unknown, as the store has it. */
static inline int64_t cp_keep_number(uint64_t value)
{
	return value > INT64_MAX ? CP_STORE_NULL : (int64_t)value; /* CP_UNKNOWN, too */
}

/* keep.c. Records the first failure. */
void cp_keep_fail(struct cp_keep *keep, int rc);
void cp_keep_add(struct cp_keep *keep, enum cp_store_table table, const void *row);
/* The name of an AS, kept in the store when it is first asked for. asn 0 or no name: NULL. */
const char *cp_keep_as_name(struct cp_keep *keep, const struct cp_asdb *asdb, uint32_t asn);

/* keep_edges.c. 0 or -ENOMEM. */
int cp_keep_edges_add(struct cp_keep *keep, const struct cp_rec_path *rec);
void cp_keep_edges_write(struct cp_keep *keep);
void cp_keep_edges_free(struct cp_keep *keep);

#endif
