// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_ndjson.c: a comparison as JSON, one object a line: an interface,
 * described field by field in docs/records.md. Changes are additive; unknown
 * is null, never 0.
 */
#include <stdio.h>
#include <stdlib.h>

#include "e2e.h"
#include "json.h"
#include "ndjson_part.h"
#include "rundiff.h"

struct writer {
	struct cp_json json;
	const struct cp_rundiff_report *report;
	const struct cp_rundiff_result *result;
};

static const char *const side_names[CP_SIDES] = {[CP_BEFORE] = "before", [CP_AFTER] = "after"};

static struct cp_json *begin(struct writer *writer, const char *type)
{
	cp_ndjson_begin(&writer->json, type);
	return &writer->json;
}

static int finish(struct writer *writer)
{
	return cp_ndjson_finish(&writer->json);
}

static void maybe(struct cp_json *json, const char *key, uint64_t value)
{
	cp_json_uint_if(json, key, value, value != CP_UNKNOWN);
}

/* 0 is unknown. */
static void known(struct cp_json *json, const char *key, uint64_t value)
{
	cp_json_uint_if(json, key, value, value != 0);
}

/* ---- diff_start, warning ---- */

static void write_run(struct cp_json *json, const char *key, const struct cp_rundiff_run *run)
{
	cp_json_object(json, key);
	cp_json_string(json, "file", run->name);
	cp_json_string(json, "version", run->version);
	cp_json_string(json, "host", run->host);
	maybe(json, "wall_ms", run->wall_ms);
	known(json, "vantage_asn", run->vantage_asn);
	cp_json_string(json, "home", run->home_spec);
	cp_json_string(json, "datapath", run->datapath);
	cp_json_string(json, "tcp_method", run->tcp_method);
	maybe(json, "flows", run->n_flows);
	maybe(json, "e2e", run->n_e2e);
	cp_json_string(json, "end_reason", run->end_reason);
	cp_json_uint(json, "bad_records", run->n_bad);
	cp_json_object_end(json);
}

static int write_start(struct writer *writer)
{
	struct cp_json *json = begin(writer, "diff_start");

	for (int side = 0; side < CP_SIDES; side++)
		write_run(json, side_names[side], &writer->report->runs[side]);
	cp_json_bool(json, "side_by_side", writer->report->side_by_side);
	cp_json_uint(json, "rtt_us", writer->report->limits.rtt_us);
	cp_json_uint(json, "rtt_pct", writer->report->limits.rtt_pct);
	return finish(writer);
}

static int write_warning(struct writer *writer, const struct cp_rec_warning *warning)
{
	struct cp_json *json = begin(writer, "warning");

	cp_json_string(json, "code", warning->code);
	cp_json_string(json, "text", warning->text);
	return finish(writer);
}

/* ---- What targets and pairs are made of ---- */

static void write_name(struct cp_json *json, const struct cp_rundiff_name *name)
{
	cp_json_object(json, "target");
	cp_json_string(json, "name", name->host);
	known(json, "port", name->port);
	cp_json_string(json, "protocol", cp_proto_name(name->proto));
	cp_json_string(json, "group", name->group);
	cp_json_object_end(json);
}

static void write_changes(struct cp_json *json, const char *key, uint32_t changes)
{
	cp_json_array(json, key);
	for (int i = 0; i < CP_RD_MAX; i++) {
		if (changes >> i & 1)
			cp_json_string(json, NULL, cp_rundiff_change_name(i));
	}
	cp_json_array_end(json);
}

/* NULL: null. */
static void write_list(struct cp_json *json, const char *key, const struct cp_rundiff_list *list)
{
	if (!list) {
		cp_json_null(json, key);
		return;
	}
	cp_json_array(json, key);
	for (uint32_t i = 0; i < list->n; i++)
		cp_json_string(json, NULL, list->items[i]);
	cp_json_array_end(json);
}

static void write_addr(struct cp_json *json, const char *key, const struct cp_addr *addr)
{
	if (cp_addr_is_zero(addr))
		cp_json_null(json, key);
	else
		cp_json_addr(json, key, addr);
}

static void write_verdict(struct cp_json *json, int8_t verdict)
{
	cp_json_string(json, "verdict", verdict < 0 ? NULL : cp_verdict_name(verdict));
}

static void write_exit(struct writer *writer, const struct cp_rundiff_path *path)
{
	struct cp_json *json = &writer->json;

	if (!path->has_exit) {
		cp_json_null(json, "exit");
		return;
	}
	cp_json_object(json, "exit");
	known(json, "asn", path->exit_asn);
	cp_json_string(
	        json, "as_name", path->exit_asn ? cp_rundiff_as_name(writer->report->diff, path->exit_asn) : NULL);
	cp_json_string(json, "ixp", path->exit_ixp);
	cp_json_string(json, "site", path->site);
	write_addr(json, "last_home", &path->last_home);
	cp_json_uint(json, "ttl_min", path->exit_ttl_min);
	known(json, "ttl_max", path->exit_ttl_max);
	known(json, "rtt_us", path->rtt_exit_us);
	cp_json_object_end(json);
}

/* A number in hundredths, of either sign. */
static void hundredths(struct cp_json *json, const char *key, int64_t value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%s%lld.%02lld", value < 0 ? "-" : "", (long long)llabs(value) / 100,
	        (long long)llabs(value) % 100);

	cp_json_value_n(json, key, strlen(key), text, (size_t)n);
}

static void write_e2e(struct cp_json *json, const struct cp_rundiff_e2e *e2e)
{
	if (!e2e->n_sent) {
		cp_json_null(json, "e2e");
		return;
	}
	cp_json_object(json, "e2e");
	cp_json_uint(json, "sent", e2e->n_sent);
	cp_json_uint(json, "received", e2e->n_received);
	cp_json_fixed(json, "loss_pct", cp_e2e_loss(e2e->n_sent, e2e->n_received), 2);
	cp_json_uint_if(json, "rtt_p50_us", e2e->rtt_us, e2e->rtt_us != UINT32_MAX);
	cp_json_uint_if(json, "jitter_us", e2e->jitter_us, e2e->jitter_us != UINT32_MAX);
	cp_json_object_end(json);
}

static void write_path(struct writer *writer, const char *key, enum cp_rundiff_side side, uint32_t number)
{
	const struct cp_rundiff_path *path;
	struct cp_json *json = &writer->json;
	uint32_t cold;

	if (number == CP_RUNDIFF_NONE) {
		cp_json_null(json, key);
		return;
	}
	path = &writer->result->paths[side][number];
	cold = cp_rundiff_cold_pct(path);
	cp_json_object(json, key);
	cp_json_addr(json, "ip", &path->dest);
	cp_json_uint(json, "flow", path->flow);
	write_verdict(json, path->verdict);
	if (path->reached < 0)
		cp_json_null(json, "reached");
	else
		cp_json_bool(json, "reached", path->reached);
	cp_json_string(json, "end_reason", path->end < 0 ? NULL : cp_end_name(path->end));
	write_list(json, "as_path", path->as_path);
	write_exit(writer, path);
	known(json, "rtt_us", path->rtt_dest_us);
	cp_json_uint_if(json, "cold_share_pct", cold, cold != UINT32_MAX);
	write_e2e(json, &path->e2e);
	cp_json_uint(json, "hops", path->n_hops);
	cp_json_uint(json, "hops_seen", path->n_hops_seen);
	cp_json_object_end(json);
}

/* ---- diff_target ---- */

static void write_view(struct writer *writer, enum cp_rundiff_side side, const struct cp_rundiff_view *view)
{
	struct cp_json *json = &writer->json;

	if (!view->is_present) {
		cp_json_null(json, side_names[side]);
		return;
	}
	cp_json_object(json, side_names[side]);
	write_verdict(json, view->verdict);
	cp_json_string(json, "dns", view->dns);
	cp_json_string(json, "skip_reason", view->skip_reason);
	write_list(json, "addresses", view->addresses);
	write_list(json, "cname", view->cname);
	cp_json_uint(json, "paths", view->n_paths);
	write_path(writer, "path", side, view->shown);
	cp_json_object_end(json);
}

static int write_target(struct writer *writer, const struct cp_rundiff_target *target)
{
	struct cp_json *json = begin(writer, "diff_target");

	write_name(json, &target->name);
	write_changes(json, "changes", target->changes);
	write_changes(json, "path_changes", target->path_changes);
	cp_json_uint(json, "paths_changed", target->n_pairs);
	for (int side = 0; side < CP_SIDES; side++)
		write_view(writer, side, &target->views[side]);
	return finish(writer);
}

/* ---- diff_path ---- */

/* After minus before; null unless both are known. */
static void write_shift(struct cp_json *json, const char *key, uint32_t before_us, uint32_t after_us)
{
	if (before_us && after_us)
		cp_json_int(json, key, (int64_t)after_us - before_us);
	else
		cp_json_null(json, key);
}

/* The same of what may be 0; UINT32_MAX is unknown. */
static void write_known_shift(struct cp_json *json, const char *key, uint32_t before_us, uint32_t after_us)
{
	if (before_us != UINT32_MAX && after_us != UINT32_MAX)
		cp_json_int(json, key, (int64_t)after_us - before_us);
	else
		cp_json_null(json, key);
}

/* Null in all of them unless it was measured in both. */
static void write_e2e_shifts(struct cp_json *json, const struct cp_rundiff_path *const paths[CP_SIDES])
{
	static const struct cp_rundiff_e2e unknown = {.rtt_us = UINT32_MAX, .jitter_us = UINT32_MAX};
	const struct cp_rundiff_e2e *before = paths[CP_BEFORE] ? &paths[CP_BEFORE]->e2e : &unknown;
	const struct cp_rundiff_e2e *after = paths[CP_AFTER] ? &paths[CP_AFTER]->e2e : &unknown;

	if (before->n_sent && after->n_sent) {
		hundredths(json, "e2e_loss_shift_pct",
		        (int64_t)cp_e2e_loss(after->n_sent, after->n_received) -
		                cp_e2e_loss(before->n_sent, before->n_received));
	} else {
		cp_json_null(json, "e2e_loss_shift_pct");
		before = after = &unknown;
	}
	write_known_shift(json, "e2e_rtt_shift_us", before->rtt_us, after->rtt_us);
	write_known_shift(json, "e2e_jitter_shift_us", before->jitter_us, after->jitter_us);
}

static int write_pair(struct writer *writer, const struct cp_rundiff_target *target, const struct cp_rundiff_pair *pair)
{
	enum cp_rundiff_side side_of_any = pair->paths[CP_BEFORE] != CP_RUNDIFF_NONE ? CP_BEFORE : CP_AFTER;
	const struct cp_rundiff_path *any = &writer->result->paths[side_of_any][pair->paths[side_of_any]];
	const struct cp_rundiff_path *paths[CP_SIDES] = {NULL, NULL};
	struct cp_json *json = begin(writer, "diff_path");

	for (int side = 0; side < CP_SIDES; side++) {
		if (pair->paths[side] != CP_RUNDIFF_NONE)
			paths[side] = &writer->result->paths[side][pair->paths[side]];
	}
	write_name(json, &target->name);
	cp_json_addr(json, "ip", &any->dest);
	cp_json_uint(json, "flow", any->flow);
	write_changes(json, "changes", pair->changes);
	for (int side = 0; side < CP_SIDES; side++)
		write_path(writer, side_names[side], side, pair->paths[side]);
	write_shift(json, "rtt_shift_us", paths[CP_BEFORE] ? paths[CP_BEFORE]->rtt_dest_us : 0,
	        paths[CP_AFTER] ? paths[CP_AFTER]->rtt_dest_us : 0);
	write_shift(json, "exit_rtt_shift_us", paths[CP_BEFORE] ? paths[CP_BEFORE]->rtt_exit_us : 0,
	        paths[CP_AFTER] ? paths[CP_AFTER]->rtt_exit_us : 0);
	write_e2e_shifts(json, paths);
	return finish(writer);
}

/* A target's record, and those of its paths. */
static int write_with_pairs(struct writer *writer, const struct cp_rundiff_target *target)
{
	int rc = write_target(writer, target);

	for (uint32_t i = 0; i < target->n_pairs && rc == 0; i++)
		rc = write_pair(writer, target, &writer->result->pairs[target->first_pair + i]);
	return rc;
}

/* ---- diff_exit ---- */

static int write_exit_row(struct writer *writer, const struct cp_rundiff_exit *exit)
{
	static const char *const kinds[CP_RD_EXIT_KINDS] = {
	        [CP_RD_EXIT_AS] = "as", [CP_RD_EXIT_SITE] = "site", [CP_RD_EXIT_ROUTER] = "router"};
	struct cp_json *json = begin(writer, "diff_exit");

	cp_json_string(json, "kind", kinds[exit->kind]);
	known(json, "asn", exit->asn);
	cp_json_string(json, "as_name", exit->asn ? cp_rundiff_as_name(writer->report->diff, exit->asn) : NULL);
	cp_json_string(json, "ixp", exit->kind == CP_RD_EXIT_AS ? exit->label : NULL);
	cp_json_string(json, "site", exit->kind == CP_RD_EXIT_SITE ? exit->label : NULL);
	write_addr(json, "router", &exit->router);
	cp_json_string(json, "change", !exit->n_paths[CP_BEFORE] ? "new" : !exit->n_paths[CP_AFTER] ? "gone" : NULL);
	for (int side = 0; side < CP_SIDES; side++) {
		uint64_t n = exit->n_paths[side], of = writer->result->totals[side].n_paths;

		cp_json_object(json, side_names[side]);
		cp_json_uint(json, "paths", n);
		if (of)
			cp_json_fixed(json, "share_pct", (n * 10000 + of / 2) / of, 2);
		else
			cp_json_null(json, "share_pct");
		cp_json_object_end(json);
	}
	return finish(writer);
}

/* ---- diff_summary ---- */

static const char *const change_keys[CP_RD_MAX] = {
        [CP_RD_WORSE] = "worse",
        [CP_RD_UNREACHED] = "unreached",
        [CP_RD_EXIT] = "exit",
        [CP_RD_AS_PATH] = "as_path",
        [CP_RD_BETTER] = "better",
        [CP_RD_REACHED] = "reached",
        [CP_RD_GONE] = "gone",
        [CP_RD_NEW] = "new",
        [CP_RD_MORE_LOSS] = "more_loss",
        [CP_RD_SLOWER] = "slower",
        [CP_RD_E2E_SLOWER] = "e2e_slower",
        [CP_RD_EXIT_SLOWER] = "exit_slower",
        [CP_RD_MORE_JITTER] = "more_jitter",
        [CP_RD_DNS] = "dns",
        [CP_RD_ADDRESSES] = "addresses",
        [CP_RD_CNAME] = "cname",
        [CP_RD_ROUTER] = "router",
        [CP_RD_EXIT_FASTER] = "exit_faster",
        [CP_RD_FASTER] = "faster",
        [CP_RD_E2E_FASTER] = "e2e_faster",
        [CP_RD_LESS_LOSS] = "less_loss",
        [CP_RD_LESS_JITTER] = "less_jitter",
};

static void write_counts(struct cp_json *json, const char *key, uint64_t both, const uint64_t only[CP_SIDES],
        const uint64_t changes[CP_RD_MAX])
{
	cp_json_object(json, key);
	cp_json_uint(json, "both", both);
	cp_json_uint(json, "only_before", only[CP_BEFORE]);
	cp_json_uint(json, "only_after", only[CP_AFTER]);
	cp_json_object(json, "changes");
	for (int i = 0; i < CP_RD_MAX; i++)
		cp_json_uint(json, change_keys[i], changes[i]);
	cp_json_object_end(json);
	cp_json_object_end(json);
}

static void write_verdicts(struct cp_json *json, const char *key, const uint64_t verdicts[CP_VERDICTS])
{
	cp_json_object(json, key);
	for (int i = 0; i < CP_VERDICTS; i++)
		cp_json_uint(json, cp_verdict_name(i), verdicts[i]);
	cp_json_object_end(json);
}

static void write_totals(struct cp_json *json, const char *key, const struct cp_rundiff_totals *totals)
{
	cp_json_object(json, key);
	cp_json_uint(json, "targets", totals->n_targets);
	cp_json_uint(json, "paths", totals->n_paths);
	write_verdicts(json, "target_verdicts", totals->targets);
	write_verdicts(json, "path_verdicts", totals->paths);
	cp_json_uint(json, "paths_reached", totals->n_reached);
	cp_json_uint(json, "paths_with_exit", totals->n_exits);
	cp_json_uint(json, "hops", totals->n_hops);
	cp_json_uint(json, "hops_seen", totals->n_hops_seen);
	cp_json_uint(json, "e2e_sent", totals->n_e2e_sent);
	cp_json_uint(json, "e2e_received", totals->n_e2e_received);
	cp_json_object_end(json);
}

static void write_median(struct cp_json *json, const char *key, const struct cp_rundiff_shift *shift)
{
	cp_json_object(json, key);
	cp_json_uint(json, "paths", shift->n);
	if (shift->n) {
		cp_json_int(json, "median_us", shift->median_us);
		cp_json_int(json, "median_permille", shift->median_permille);
	} else {
		cp_json_null(json, "median_us");
		cp_json_null(json, "median_permille");
	}
	cp_json_object_end(json);
}

static int write_summary(struct writer *writer)
{
	const struct cp_rundiff_result *result = writer->result;
	struct cp_json *json = begin(writer, "diff_summary");

	cp_json_bool(json, "changed", result->has_news);
	cp_json_bool(json, "worse", result->has_worse);
	write_counts(json, "targets", result->n_targets_both, result->n_targets_only, result->n_target_changes);
	write_counts(json, "paths", result->n_paths_both, result->n_paths_only, result->n_path_changes);
	cp_json_uint(json, "as_paths_silent", result->n_as_paths_silent);
	for (int side = 0; side < CP_SIDES; side++)
		write_totals(json, side_names[side], &result->totals[side]);
	write_median(json, "rtt_shift", &result->dest_shift);
	write_median(json, "exit_rtt_shift", &result->exit_shift);
	write_median(json, "e2e_rtt_shift", &result->e2e_shift);
	cp_json_int(json, "exit_status", writer->report->exit_status);
	return finish(writer);
}

/* ---- All of it ---- */

static int write_all(struct writer *writer)
{
	const struct cp_rundiff_report *report = writer->report;
	const struct cp_rundiff_result *result = writer->result;
	size_t n = report->side_by_side ? result->n_targets : result->n_different;
	int rc = write_start(writer);

	for (size_t i = 0; i < report->n_warnings && rc == 0; i++)
		rc = write_warning(writer, &report->warnings[i]);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = write_with_pairs(writer, &result->targets[result->order[i]]);
	for (size_t i = 0; i < result->n_exits && rc == 0; i++)
		rc = write_exit_row(writer, &result->exits[i]);
	return rc ? rc : write_summary(writer);
}

static int write_ndjson(
        const struct cp_sink *sink, const struct cp_format_options *options, const struct cp_rundiff_report *report)
{
	struct writer writer = {.report = report, .result = report->result};
	int rc;

	(void)options; /* lines for machines have neither width nor colour */
	cp_json_init(&writer.json, sink);
	rc = write_all(&writer);
	cp_json_free(&writer.json);
	return rc;
}

const struct cp_rundiff_format cp_rundiff_ndjson = {.name = "ndjson", .write = write_ndjson};
