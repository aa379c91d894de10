// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * stored_ndjson.c: rows of a store back into the records they were made of:
 * the text that -o ndjson wrote, as far as the store has it. Must not judge.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/grow.h"
#include "format/json.h"
#include "format/ndjson_hop.h"
#include "format/ndjson_part.h"
#include "format/record.h"
#include "stored.h"

#define WORD_MAX 1600 /* a step of an AS path, all of it escapes */

struct name {
	int64_t asn;
	char *name;
};

struct writer {
	struct cp_store *store;
	const struct cp_store_run *run;
	struct cp_json json;
	struct cp_sink sink;
	struct name *names; /* of ASes, in the order of their numbers */
	size_t n_names, cap_names;
	const struct cp_store_target *target; /* the one whose paths are being written */
};

/* ---- Values ---- */

void cp_stored_number(struct cp_json *json, const char *key, int64_t value)
{
	if (value == CP_STORE_NULL)
		cp_json_null(json, key);
	else
		cp_json_int(json, key, value);
}

void cp_stored_verdicts(struct cp_json *json, const struct cp_store_run *run)
{
	cp_json_object(json, "verdicts");
	cp_stored_number(json, "inside", run->n_inside);
	cp_stored_number(json, "direct", run->n_direct);
	cp_stored_number(json, "undecided", run->n_undecided);
	cp_stored_number(json, "transit", run->n_transit);
	cp_stored_number(json, "detour", run->n_detour);
	cp_json_object_end(json);
}

/*
 * JSON that the program wrote has its control characters escaped, DEL and the C1 ones included. Text with any was put
 * there by somebody else, and would end the line or speak to a terminal.
 */
static bool is_ours(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			return false;
	}
	return true;
}

/* A value that is JSON already. NULL: null. */
static void raw(struct cp_json *json, const char *key, const char *text)
{
	char *pair = NULL;
	int n = 0;

	if (text && !is_ours(text))
		text = NULL;
	if (text)
		n = asprintf(&pair, "\"%s\":%s", key, text);
	if (!text) {
		cp_json_null(json, key);
	} else if (n < 0) {
		json->rc = json->rc ? json->rc : -ENOMEM;
	} else {
		cp_json_again(json, pair, (size_t)n);
		free(pair);
	}
}

/* Comma-joined words; but is left out. */
static void words(struct cp_json *json, const char *key, const char *text, const char *but)
{
	char word[WORD_MAX];

	cp_json_array(json, key);
	while (text && *text) {
		size_t len = strcspn(text, ",");

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (!but || strcmp(word, but) != 0)
			cp_json_string(json, NULL, word);
		text += len + (text[len] == ',');
	}
	cp_json_array_end(json);
}

/* Steps joined by spaces; those in quotes are JSON strings already. */
static void steps(struct cp_json *json, const char *text)
{
	char word[WORD_MAX];

	cp_json_array(json, "as_path");
	while (text && *text) {
		size_t len = 0;

		if (*text == '"') {
			for (len = 1; text[len] && text[len] != '"'; len++)
				len += text[len] == '\\' && text[len + 1];
			len += text[len] == '"';
			snprintf(word, sizeof(word), "%.*s", (int)len, text);
			/* One that is too long or not whole is none. */
			if (len < sizeof(word) && len > 1 && word[len - 1] == '"' && is_ours(word))
				cp_json_again(json, word, len);
			else
				cp_json_string(json, NULL, "?");
		} else {
			len = strcspn(text, " ");
			snprintf(word, sizeof(word), "%.*s", (int)len, text);
			cp_json_string(json, NULL, word);
		}
		text += len + (text[len] == ' ');
	}
	cp_json_array_end(json);
}

static struct cp_json *begin(struct writer *writer, const char *type)
{
	cp_ndjson_begin(&writer->json, type);
	return &writer->json;
}

static int finish(struct writer *writer)
{
	return cp_ndjson_finish(&writer->json);
}

static int write_line(struct writer *writer, const char *line)
{
	int rc;

	if (!is_ours(line))
		return 0;
	rc = writer->sink.write(writer->sink.ctx, line, strlen(line));

	return rc ? rc : writer->sink.write(writer->sink.ctx, "\n", 1);
}

/* ---- Names of ASes ---- */

static int take_name(void *ctx, const void *row)
{
	const struct cp_store_as *as = row;
	struct writer *writer = ctx;

	if (cp_grow(&writer->names, &writer->cap_names, writer->n_names, sizeof(*writer->names)))
		return -ENOMEM;
	writer->names[writer->n_names].asn = as->asn;
	writer->names[writer->n_names].name = as->name ? strdup(as->name) : NULL;
	if (as->name && !writer->names[writer->n_names].name)
		return -ENOMEM;
	writer->n_names++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	int64_t left = ((const struct name *)a)->asn, right = ((const struct name *)b)->asn;

	return left < right ? -1 : left > right;
}

static const char *name_of(const struct writer *writer, int64_t asn)
{
	struct name key = {.asn = asn}, *found = NULL;

	if (writer->n_names)
		found = bsearch(&key, writer->names, writer->n_names, sizeof(key), compare_names);
	return found ? found->name : NULL;
}

/* ---- path ---- */

static int write_hop(void *ctx, const void *row)
{
	const struct cp_store_hop *hop = row;
	struct writer *writer = ctx;
	struct cp_json *json = &writer->json;

	cp_json_object(json, NULL);
	cp_stored_number(json, "ttl", hop->ttl);
	cp_json_string(json, "ip", hop->ip);
	cp_stored_number(json, "rtt_us", hop->rtt_us);
	cp_stored_number(json, "asn", hop->asn);
	cp_json_string(json, "as_name", name_of(writer, hop->asn));
	raw(json, "asns", hop->asns);
	cp_json_string(json, "ixp", hop->ixp);
	cp_router_fields(json, hop->ptr);
	cp_json_string(json, "reply", hop->reply);
	cp_stored_number(json, "icmp_type", hop->icmp_type);
	cp_stored_number(json, "icmp_code", hop->icmp_code);
	cp_stored_number(json, "reply_ttl", hop->reply_ttl);
	cp_stored_number(json, "quoted_ttl", hop->quoted_ttl);
	raw(json, "mpls", hop->mpls ? hop->mpls : "[]");
	cp_stored_number(json, "attempts", hop->attempts);
	cp_json_bool(json, "inferred", hop->flags && strncmp(hop->flags, "inferred", 8) == 0);
	words(json, "flags", hop->flags, "inferred");
	cp_json_object_end(json);
	return json->rc;
}

static void write_exit(struct cp_json *json, const struct cp_store_path *path)
{
	if (path->exit_ttl_min == CP_STORE_NULL) {
		cp_json_null(json, "exit");
		return;
	}
	cp_json_object(json, "exit");
	cp_stored_number(json, "ttl_min", path->exit_ttl_min);
	cp_stored_number(json, "ttl_max", path->exit_ttl_max);
	if (path->exit_ip) {
		cp_json_object(json, "last_home");
		cp_json_string(json, "ip", path->exit_ip);
		cp_router_fields(json, path->exit_ptr);
		cp_json_object_end(json);
	} else {
		cp_json_null(json, "last_home");
	}
	if (path->foreign_ip) {
		bool is_ixp = path->foreign_ixp != NULL;

		cp_json_object(json, "first_foreign");
		cp_json_string(json, "ip", path->foreign_ip);
		/* The store has the AS behind an exchange. */
		cp_stored_number(json, "asn", is_ixp ? CP_STORE_NULL : path->foreign_asn);
		cp_json_string(json, "as_name", is_ixp ? NULL : path->foreign_as_name);
		cp_json_string(json, "ixp", path->foreign_ixp);
		cp_json_object_end(json);
	} else {
		cp_json_null(json, "first_foreign");
	}
	cp_json_object_end(json);
}

static void write_target_object(struct cp_json *json, const struct cp_store_target *target)
{
	cp_json_object(json, "target");
	cp_json_string(json, "name", target->name);
	cp_stored_number(json, "port", target->port);
	cp_json_string(json, "protocol", target->protocol);
	cp_json_string(json, "group", target->group);
	cp_json_object_end(json);
}

static void write_destination(struct writer *writer, const struct cp_store_path *path)
{
	struct cp_json *json = &writer->json;

	cp_json_object(json, "destination");
	cp_json_string(json, "ip", path->dest_ip);
	cp_stored_number(json, "asn", path->dest_asn);
	cp_json_string(json, "as_name", path->dest_as_name);
	raw(json, "asns", path->dest_asns);
	cp_json_bool(json, "asn_disputed", path->dest_asn_disputed == 1);
	raw(json, "cname", writer->target->cname ? writer->target->cname : "[]");
	cp_json_string(json, "service_tag", path->service_tag);
	cp_json_string(json, "service_region", path->service_region);
	cp_json_object_end(json);
}

static void run_query(const struct writer *writer, struct cp_store_query *query)
{
	cp_store_query_init(query);
	query->agent = writer->run->agent;
	query->run = writer->run->run;
}

static int write_path(void *ctx, const void *row)
{
	const struct cp_store_path *path = row;
	struct writer *writer = ctx;
	struct cp_store_query query;
	struct cp_json *json = begin(writer, "path");
	int rc;

	write_target_object(json, writer->target);
	write_destination(writer, path);
	cp_stored_number(json, "flow", path->flow);
	cp_json_string(json, "tcp_method", path->tcp_method);
	cp_json_string(json, "sack_fallback", path->sack_fallback);
	cp_json_bool(json, "reached", path->reached == 1);
	cp_json_string(json, "end_reason", path->end_reason);
	cp_stored_number(json, "end_code", path->end_code);
	cp_stored_number(json, "probes", path->probes);
	cp_json_string(json, "verdict", path->verdict);
	cp_json_string(json, "confidence", path->confidence);
	cp_json_string(json, "rule", path->rule);
	words(json, "reasons", path->reasons, NULL);
	steps(json, path->as_path);
	write_exit(json, path);
	raw(json, "e2e", path->e2e);
	cp_json_array(json, "hops");
	run_query(writer, &query);
	query.path = path->seq;
	rc = cp_store_read(writer->store, CP_STORE_HOPS, &query, write_hop, writer, NULL);
	cp_json_array_end(json);
	return rc ? rc : finish(writer);
}

/* ---- target ---- */

static int write_target(void *ctx, const void *row)
{
	const struct cp_store_target *target = row;
	struct writer *writer = ctx;
	struct cp_store_query query;
	struct cp_json *json;
	int rc;

	writer->target = target;
	run_query(writer, &query);
	query.target = target->seq;
	rc = cp_store_read(writer->store, CP_STORE_PATHS, &query, write_path, writer, NULL);
	if (rc)
		return rc;
	json = begin(writer, "target");
	write_target_object(json, target);
	cp_json_string(json, "expect", target->expect);
	cp_json_string(json, "dns", target->dns);
	raw(json, "cname", target->cname);
	raw(json, "addresses", target->addresses);
	cp_stored_number(json, "destinations", target->n_dests);
	cp_json_string(json, "verdict", target->verdict);
	cp_json_string(json, "skip_reason", target->skip_reason);
	raw(json, "flows", target->flows);
	return finish(writer);
}

/* ---- warning, policy, summary, end ---- */

static int warn(struct writer *writer, const char *code, const char *text)
{
	struct cp_json *json = begin(writer, "warning");

	cp_json_string(json, "code", code);
	cp_json_string(json, "text", text);
	return finish(writer);
}

static int write_warning(void *ctx, const void *row)
{
	const struct cp_store_warning *warning = row;

	return warn(ctx, warning->code, warning->text);
}

static int write_gaps(struct writer *writer)
{
	const struct cp_store_run *run = writer->run;
	char text[160];
	int rc = 0;

	if (run->hops_pruned)
		rc = warn(writer, "hops-pruned",
		        "the hops of this run were removed from the store to keep it small; paths and verdicts are as "
		        "they were");
	if (rc == 0 && run->rows_lost > 0) {
		snprintf(text, sizeof(text), "this run is not stored as a whole: at least %lld rows are missing",
		        (long long)run->rows_lost);
		rc = warn(writer, "store-incomplete", text);
	}
	return rc;
}

static int write_policy(void *ctx, const void *row)
{
	const struct cp_store_policy *policy = row;

	return policy->record ? write_line(ctx, policy->record) : 0;
}

static void percent(struct cp_json *json, const char *key, int64_t part, int64_t whole)
{
	if (part == CP_STORE_NULL || whole <= 0)
		cp_json_null(json, key);
	else
		cp_json_fixed(json, key, (uint64_t)(part * 10000 + whole / 2) / (uint64_t)whole, 2);
}

static int write_egress(void *ctx, const void *row)
{
	const struct cp_store_egress *egress = row;
	struct writer *writer = ctx;
	struct cp_json *json = &writer->json;

	cp_json_object(json, NULL);
	cp_json_string(json, "role", egress->role);
	cp_stored_number(json, "asn", egress->asn);
	cp_json_string(json, "as_name", egress->as_name);
	cp_json_string(json, "as_org", egress->as_org);
	cp_json_string(json, "as_role", egress->as_role);
	cp_json_string(json, "ixp", egress->ixp);
	cp_stored_number(json, "paths", egress->paths);
	cp_stored_number(json, "destinations", egress->dests);
	cp_stored_number(json, "targets", egress->targets);
	cp_stored_number(json, "groups", egress->groups);
	percent(json, "share_pct", egress->paths, writer->run->n_paths);
	cp_stored_number(json, "exit_routers", egress->exit_routers);
	raw(json, "exit_sites", egress->exit_sites);
	cp_stored_number(json, "replies", egress->replies);
	cp_stored_number(json, "probes", egress->probes);
	percent(json, "loss_pct", egress->unanswered, egress->probes);
	cp_stored_number(json, "handover_p50_us", egress->handover_p50_us);
	cp_stored_number(json, "handover_p95_us", egress->handover_p95_us);
	cp_stored_number(json, "handover_p99_us", egress->handover_p99_us);
	cp_stored_number(json, "cold_share_pct", egress->cold_share_pct);
	cp_json_object_end(json);
	return json->rc;
}

static int write_summary(struct writer *writer)
{
	const struct cp_store_run *run = writer->run;
	struct cp_store_query query;
	struct cp_json *json;
	int rc;

	if (run->n_inside == CP_STORE_NULL)
		return 0;
	json = begin(writer, "summary");
	cp_stored_number(json, "paths", run->n_paths);
	cp_stored_verdicts(json, run);
	cp_json_array(json, "egress");
	run_query(writer, &query);
	rc = cp_store_read(writer->store, CP_STORE_EGRESS, &query, write_egress, writer, NULL);
	cp_json_array_end(json);
	raw(json, "accounting", run->accounting);
	return rc ? rc : finish(writer);
}

static int write_end(struct writer *writer)
{
	const struct cp_store_run *run = writer->run;
	struct cp_json *json;

	/* A run that was killed, or is still going on, has none. */
	if (!run->end_reason)
		return 0;
	json = begin(writer, "end");
	cp_json_string(json, "reason", run->end_reason);
	cp_json_string(json, "error", run->error);
	cp_stored_number(json, "exit_status", run->exit_status);
	raw(json, "accounting", run->accounting);
	return finish(writer);
}

/* ---- A run ---- */

static int write_all(struct writer *writer)
{
	struct cp_store *store = writer->store;
	struct cp_store_query query;
	int rc = writer->run->settings ? write_line(writer, writer->run->settings) : 0;

	run_query(writer, &query);
	rc = rc ? rc : cp_store_read(store, CP_STORE_ASES, &query, take_name, writer, NULL);
	rc = rc ? rc : cp_store_read(store, CP_STORE_TARGETS, &query, write_target, writer, NULL);
	rc = rc ? rc : cp_store_read(store, CP_STORE_WARNINGS, &query, write_warning, writer, NULL);
	rc = rc ? rc : write_gaps(writer);
	rc = rc ? rc : write_summary(writer);
	rc = rc ? rc : cp_store_read(store, CP_STORE_POLICIES, &query, write_policy, writer, NULL);
	return rc ? rc : write_end(writer);
}

int cp_stored_write(struct cp_store *store, const struct cp_store_run *run, const struct cp_sink *sink)
{
	struct writer writer = {.store = store, .run = run, .sink = *sink};
	int rc;

	cp_json_init(&writer.json, sink);
	rc = write_all(&writer);
	cp_json_free(&writer.json);
	for (size_t i = 0; i < writer.n_names; i++)
		free(writer.names[i].name);
	free(writer.names);
	return rc;
}
