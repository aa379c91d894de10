// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ndjson_part.c: the parts of records that stand alone. Keeps nothing.
 */
#include "ndjson_part.h"

/* CP_UNKNOWN is null. */
static void maybe(struct cp_json *json, const char *key, uint64_t value)
{
	cp_json_uint_if(json, key, value, value != CP_UNKNOWN);
}

void cp_ndjson_begin(struct cp_json *json, const char *type)
{
	cp_json_object(json, NULL);
	cp_json_string(json, "type", type);
	cp_json_uint(json, "schema_version", CP_SCHEMA_VERSION);
}

int cp_ndjson_finish(struct cp_json *json)
{
	cp_json_object_end(json);
	return cp_json_line(json);
}

const char *cp_record_ixp(const struct cp_origin *origin)
{
	if (origin->kind != CP_ORIGIN_IXP)
		return NULL;
	return origin->label ? origin->label : "";
}

void cp_ndjson_databases(struct cp_json *json, const char *key, const struct cp_rec_start *rec)
{
	cp_json_array(json, key);
	for (size_t i = 0; i < rec->n_databases; i++) {
		cp_json_object(json, NULL);
		cp_json_string(json, "layer", rec->databases[i].layer);
		cp_json_string(json, "name", rec->databases[i].name);
		cp_json_string(json, "database_type", rec->databases[i].type);
		cp_json_uint(json, "rows", rec->databases[i].n_rows);
		maybe(json, "built_at_s", rec->databases[i].built_at_s);
		maybe(json, "age_days", rec->databases[i].age_days);
		cp_json_object_end(json);
	}
	cp_json_array_end(json);
}

static void verdict_counts(struct cp_json *json, const char *key, const uint32_t counts[CP_VERDICTS])
{
	cp_json_object(json, key);
	for (int i = 0; i < CP_VERDICTS; i++)
		cp_json_uint(json, cp_verdict_name(i), counts[i]);
	cp_json_object_end(json);
}

static void exit_object(struct cp_json *json, const struct cp_combined_exit *exit, const struct cp_asdb *asdb)
{
	const struct cp_as *as = asdb && exit->asn ? cp_asdb_as(asdb, exit->asn) : NULL;

	cp_json_object(json, NULL);
	cp_json_uint_if(json, "asn", exit->asn, exit->asn != 0);
	cp_json_string(json, "as_name", as ? as->name : NULL);
	cp_json_string(json, "ixp", exit->ixp);
	cp_json_uint(json, "paths", exit->n_paths);
	cp_json_object_end(json);
}

void cp_ndjson_flows(
        struct cp_json *json, const char *key, const struct cp_combined *combined, const struct cp_asdb *asdb)
{
	if (!combined) {
		cp_json_null(json, key);
		return;
	}
	cp_json_object(json, key);
	cp_json_uint(json, "paths", combined->n_paths);
	verdict_counts(json, "verdicts", combined->by_verdict);
	verdict_counts(json, "destination_verdicts", combined->dests_by_verdict);
	cp_json_array(json, "exits");
	for (uint32_t i = 0; i < combined->n_exits; i++)
		exit_object(json, &combined->exits[i], asdb);
	cp_json_array_end(json);
	cp_json_uint(json, "other_exits", combined->n_other_exits);
	cp_json_uint(json, "unseen_exits", combined->n_unseen_exits);
	cp_json_object_end(json);
}

void cp_ndjson_accounting(struct cp_json *json, const char *key, const struct cp_accounting *accounting)
{
	cp_json_object(json, key);
	maybe(json, "attempted", accounting->attempted);
	maybe(json, "transmitted", accounting->transmitted);
	maybe(json, "tx_errors", accounting->tx_errors);
	maybe(json, "blocked", accounting->blocked);
	maybe(json, "over_budget", accounting->over_budget);
	maybe(json, "replied", accounting->replied);
	maybe(json, "timed_out", accounting->timed_out);
	maybe(json, "matched", accounting->matched);
	maybe(json, "duplicates", accounting->duplicates);
	maybe(json, "late", accounting->late);
	cp_json_object(json, "rejected");
	maybe(json, "token", accounting->rejected_token);
	maybe(json, "dest", accounting->rejected_dest);
	maybe(json, "unsent", accounting->rejected_unsent);
	maybe(json, "flags", accounting->rejected_flags);
	maybe(json, "short", accounting->rejected_short);
	cp_json_object_end(json);
	maybe(json, "lost", accounting->lost);
	maybe(json, "resets_sent", accounting->resets_sent);
	maybe(json, "acks_sent", accounting->acks_sent);
	maybe(json, "connections_opened", accounting->connections_opened);
	maybe(json, "connections_closed", accounting->connections_closed);
	maybe(json, "e2e_attempted", accounting->e2e_attempted);
	maybe(json, "e2e_replied", accounting->e2e_replied);
	maybe(json, "e2e_timed_out", accounting->e2e_timed_out);
	maybe(json, "e2e_unsent", accounting->e2e_unsent);
	maybe(json, "e2e_late", accounting->e2e_late);
	maybe(json, "probing_ns", accounting->probing_ns);
	maybe(json, "total_ns", accounting->total_ns);
	maybe(json, "targets", accounting->n_targets);
	maybe(json, "unresolved", accounting->n_unresolved);
	maybe(json, "skipped", accounting->n_skipped);
	maybe(json, "destinations", accounting->n_dests);
	maybe(json, "paths", accounting->n_paths);
	maybe(json, "complete_paths", accounting->n_complete);
	maybe(json, "hops", accounting->n_hops);
	maybe(json, "hops_seen", accounting->n_hops_seen);
	cp_json_object_end(json);
}
