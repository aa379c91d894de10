// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * csv.c: rows for spreadsheets, in the form of RFC 4180 with lines that end in
 * LF: "csv" is one row a path (a target without one has a row, too), and
 * "egress-csv" one row an AS and role of the run. Cells that a spreadsheet
 * would take for a formula are prefixed, control characters are escaped, so
 * that a record is a line. The columns are an interface (docs/formats.md).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ends.h"
#include "silent.h"
#include "utf8.h"

#define ROW_FIRST_CAP 4096
#define AS_PATH_MAX 2048

struct csv {
	struct cp_sink sink;
	char *buf; /* the row under construction */
	size_t len, cap;
	int rc; /* first error; nothing is written after it */
	const struct cp_target *target; /* of the latest path */
};

static int open_csv(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state)
{
	struct csv *csv = calloc(1, sizeof(*csv));

	(void)options; /* cells have neither width nor colour */
	if (!csv)
		return -ENOMEM;
	csv->sink = *sink;
	*ret_state = csv;
	return 0;
}

static void close_csv(void *ctx)
{
	struct csv *csv = ctx;

	if (!csv)
		return;
	free(csv->buf);
	free(csv);
}

/* ---- cells ---- */

static void put(struct csv *csv, const char *data, size_t len)
{
	size_t cap = csv->cap ? csv->cap : ROW_FIRST_CAP;
	char *grown;

	if (csv->rc)
		return;
	while (cap - csv->len < len)
		cap *= 2;
	if (cap != csv->cap) {
		grown = realloc(csv->buf, cap);
		if (!grown) {
			csv->rc = -ENOMEM;
			return;
		}
		csv->buf = grown;
		csv->cap = cap;
	}
	memcpy(csv->buf + csv->len, data, len);
	csv->len += len;
}

static int end_row(struct csv *csv)
{
	put(csv, "\n", 1);
	if (!csv->rc)
		csv->rc = csv->sink.write(csv->sink.ctx, csv->buf, csv->len);
	csv->len = 0;
	return csv->rc;
}

static void separate(struct csv *csv)
{
	if (csv->len)
		put(csv, ",", 1);
}

/* One character, escaped where a terminal or a parser of lines would take it for more than a character. */
static size_t put_char(struct csv *csv, const char *s, size_t len)
{
	char escape[12];
	uint32_t c = 0;
	size_t n = cp_utf8_decode(s, len, &c);

	if (!n) {
		put(csv, CP_UTF8_REPLACEMENT, sizeof(CP_UTF8_REPLACEMENT) - 1);
		return 1;
	}
	if (c == '"')
		put(csv, "\"\"", 2);
	else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		put(csv, escape, (size_t)snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)c));
	else
		put(csv, s, n);
	return n;
}

/* What spreadsheets take for a formula (OWASP, "CSV Injection"); they read the full-width forms alike. */
static bool is_formula(const char *text)
{
	static const char *const starts[] = {"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (strncmp(text, starts[i], strlen(starts[i])) == 0)
			return true;
	}
	return false;
}

/* A text; NULL: an empty cell. An apostrophe before what begins like a formula makes it a text. */
static void cell(struct csv *csv, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	bool formula = len && is_formula(text), quoted = formula || (len && strpbrk(text, ",\""));

	separate(csv);
	if (quoted)
		put(csv, "\"", 1);
	if (formula)
		put(csv, "'", 1);
	for (size_t at = 0; at < len;)
		at += put_char(csv, text + at, len - at);
	if (quoted)
		put(csv, "\"", 1);
}

static void number(struct csv *csv, uint64_t value, bool known)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	cell(csv, known ? text : NULL);
}

static void address(struct csv *csv, const struct cp_addr *addr)
{
	char text[CP_ADDR_STRLEN];

	cell(csv, addr ? cp_addr_format(addr, text) : NULL);
}

static void names(struct csv *csv, const char *const *cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cell(csv, cells[i]);
}

/* ---- csv: paths ---- */

static const char *const path_columns[] = {"target", "port", "protocol", "group", "expect", "verdict", "confidence",
        "reasons", "as_path", "exit_asn", "exit_as_name", "exit_ixp", "exit_ttl_min", "exit_ttl_max", "last_home",
        "first_foreign", "first_foreign_rtt_us", "destination", "destination_asn", "destination_as_name", "cname",
        "flow", "tcp_method", "reached", "end_reason", "rtt_us", "hops", "hops_seen", "probes", "skip_reason",
        "service_tag", "e2e_sent", "e2e_received", "e2e_loss_pct", "e2e_rtt_min_us", "e2e_rtt_avg_us", "e2e_rtt_max_us",
        "e2e_rtt_p50_us", "e2e_rtt_p95_us", "e2e_rtt_p99_us", "e2e_jitter_us", "e2e_jitter_mean_us"};
enum { N_PATH_COLUMNS = sizeof(path_columns) / sizeof(path_columns[0]), N_TARGET_COLUMNS = 5, N_E2E_COLUMNS = 11 };

static int start_paths(void *ctx, const struct cp_rec_start *rec)
{
	(void)rec; /* rows alone; the settings are in the formats that have room for them */
	names(ctx, path_columns, N_PATH_COLUMNS);
	return end_row(ctx);
}

static void target_cells(struct csv *csv, const struct cp_target *target)
{
	cell(csv, target->host);
	number(csv, target->port, target->port != 0);
	cell(csv, cp_proto_name(target->proto));
	cell(csv, target->group);
	cell(csv, target->expect);
}

static void exit_cells(struct csv *csv, const struct cp_rec_path *rec, const struct cp_ends *ends)
{
	const struct cp_exit *exit = &rec->judgement->exit;

	number(csv, ends->exit_asn, ends->exit_asn != 0);
	cell(csv, ends->exit_as_name);
	cell(csv, ends->exit_ixp && !*ends->exit_ixp ? "?" : ends->exit_ixp);
	number(csv, exit->ttl_min, exit->present);
	number(csv, exit->ttl_max, exit->present && exit->ttl_max);
	address(csv, ends->last_home ? &ends->last_home->addr : NULL);
	address(csv, ends->first_foreign ? &ends->first_foreign->addr : NULL);
	number(csv, ends->first_foreign ? ends->first_foreign->rtt_us : 0,
	        ends->first_foreign && ends->first_foreign->rtt_us);
}

static void cname_cell(struct csv *csv, const struct cp_answer *answer)
{
	char chain[4096];
	size_t len = 0;

	chain[0] = '\0';
	for (size_t i = 0; answer && i < answer->n_cname && len < sizeof(chain) - 1; i++) {
		int n = snprintf(chain + len, sizeof(chain) - len, "%s%s", len ? " " : "", answer->cname[i]);

		len += n > 0 ? (size_t)n : 0;
	}
	cell(csv, chain);
}

static void path_cells(struct csv *csv, const struct cp_rec_path *rec, const struct cp_ends *ends)
{
	const struct cp_path *path = rec->path;
	uint32_t n_seen = 0;

	for (uint32_t i = 0; i < path->n_hops; i++)
		n_seen += !cp_addr_is_zero(&path->hops[i].addr);
	number(csv, path->flow, true);
	cell(csv, rec->tcp_method);
	cell(csv, path->reached ? "true" : "false");
	cell(csv, cp_end_name(path->end));
	number(csv, ends->dest_rtt_us, ends->dest_rtt_us != 0);
	number(csv, path->n_hops, true);
	number(csv, n_seen, true);
	number(csv, path->n_probes, true);
	cell(csv, NULL);
}

/* NULL: not measured. */
static void e2e_cells(struct csv *csv, const struct cp_quality_stats *e2e)
{
	uint32_t loss = e2e ? cp_quality_loss(e2e) : CP_QUALITY_UNKNOWN;
	char pct[16];

	for (int i = 0; !e2e && i < N_E2E_COLUMNS; i++)
		cell(csv, NULL);
	if (!e2e)
		return;
	number(csv, e2e->n_sent, true);
	number(csv, e2e->n_received, true);
	snprintf(pct, sizeof(pct), "%u.%02u", loss / 100, loss % 100);
	cell(csv, loss == CP_QUALITY_UNKNOWN ? NULL : pct);
	number(csv, e2e->rtt_min_us, e2e->rtt_min_us != CP_QUALITY_UNKNOWN);
	number(csv, e2e->rtt_avg_us, e2e->rtt_avg_us != CP_QUALITY_UNKNOWN);
	number(csv, e2e->rtt_max_us, e2e->rtt_max_us != CP_QUALITY_UNKNOWN);
	number(csv, e2e->rtt_p50_us, e2e->rtt_p50_us != CP_QUALITY_UNKNOWN);
	number(csv, e2e->rtt_p95_us, e2e->rtt_p95_us != CP_QUALITY_UNKNOWN);
	number(csv, e2e->rtt_p99_us, e2e->rtt_p99_us != CP_QUALITY_UNKNOWN);
	number(csv, e2e->jitter_us, e2e->jitter_us != CP_QUALITY_UNKNOWN);
	number(csv, e2e->jitter_mean_us, e2e->jitter_mean_us != CP_QUALITY_UNKNOWN);
}

static int write_path(void *ctx, const struct cp_rec_path *rec)
{
	const struct cp_judgement *judgement = rec->judgement;
	char words[AS_PATH_MAX];
	struct csv *csv = ctx;
	struct cp_ends ends;

	cp_ends_of(rec, &ends);
	csv->target = rec->target;
	target_cells(csv, rec->target);
	cell(csv, cp_verdict_name(judgement->verdict));
	cell(csv, cp_confidence_name(judgement->confidence));
	cell(csv, cp_ends_reasons(judgement->reasons, words, sizeof(words)));
	cell(csv, cp_ends_as_path(judgement, words, sizeof(words)));
	exit_cells(csv, rec, &ends);
	address(csv, &rec->dest);
	number(csv, ends.dest_asn, ends.dest_asn != 0);
	cell(csv, ends.dest_as_name);
	cname_cell(csv, rec->answer);
	path_cells(csv, rec, &ends);
	cell(csv, rec->service_tag ? rec->service_tag->name : NULL);
	e2e_cells(csv, rec->e2e);
	return end_row(csv);
}

/* A target whose paths have rows needs none of its own. */
static int write_target(void *ctx, const struct cp_rec_target *rec)
{
	struct csv *csv = ctx;
	const char *why = rec->skip_reason;

	bool has_rows = csv->target == rec->target;

	csv->target = NULL;
	if (has_rows)
		return csv->rc;
	if (!why && rec->answer)
		why = cp_dns_status_name(rec->answer->status);
	target_cells(csv, rec->target);
	for (int i = N_TARGET_COLUMNS; i < N_PATH_COLUMNS - N_E2E_COLUMNS - 2; i++)
		cell(csv, NULL);
	cell(csv, why);
	cell(csv, NULL);
	e2e_cells(csv, NULL);
	return end_row(csv);
}

/* ---- egress-csv ---- */

static const char *const egress_columns[] = {"role", "asn", "as_name", "org", "as_role", "ixp", "paths", "share_pct",
        "destinations", "targets", "exit_routers", "handover_p50_us", "handover_p95_us", "handover_p99_us",
        "cold_share_pct"};

static int start_egress(void *ctx, const struct cp_rec_start *rec)
{
	(void)rec;
	names(ctx, egress_columns, sizeof(egress_columns) / sizeof(egress_columns[0]));
	return end_row(ctx);
}

static void egress_cells(struct csv *csv, const struct cp_rec_summary *rec, const struct cp_egress_row *row)
{
	const struct cp_as *as = rec->asdb && row->asn ? cp_asdb_as(rec->asdb, row->asn) : NULL;
	bool is_exit = row->role == CP_ROLE_EXIT;
	char share[32] = "";

	cell(csv, cp_as_role_name(row->role));
	number(csv, row->asn, row->asn != 0);
	cell(csv, as ? as->name : NULL);
	cell(csv, as ? as->org : NULL);
	cell(csv, as ? as->role : NULL);
	cell(csv, row->asn ? NULL : row->label);
	number(csv, row->n_paths, true);
	if (rec->n_paths)
		snprintf(share, sizeof(share), "%.2f", 100.0 * (double)row->n_paths / (double)rec->n_paths);
	cell(csv, share);
	number(csv, row->n_dests, true);
	number(csv, row->n_targets, true);
	number(csv, row->n_exit_routers, is_exit);
	number(csv, row->handover_p50_us, row->handover_p50_us != CP_EGRESS_UNKNOWN);
	number(csv, row->handover_p95_us, row->handover_p95_us != CP_EGRESS_UNKNOWN);
	number(csv, row->handover_p99_us, row->handover_p99_us != CP_EGRESS_UNKNOWN);
	number(csv, row->cold_share_pct, row->cold_share_pct != CP_EGRESS_UNKNOWN);
}

static int write_egress(void *ctx, const struct cp_rec_summary *rec)
{
	struct csv *csv = ctx;
	int rc = csv->rc;

	for (size_t i = 0; i < rec->n_egress && rc == 0; i++) {
		egress_cells(csv, rec, &rec->egress[i]);
		rc = end_row(csv);
	}
	return rc;
}

const struct cp_format cp_format_csv = {
        .name = "csv",
        .open = open_csv,
        .start = start_paths,
        .target = write_target,
        .path = write_path,
        .warning = cp_silent_warning,
        .summary = cp_silent_summary,
        .end = cp_silent_end,
        .close = close_csv,
};

const struct cp_format cp_format_egress_csv = {
        .name = "egress-csv",
        .open = open_csv,
        .start = start_egress,
        .target = cp_silent_target,
        .path = cp_silent_path,
        .warning = cp_silent_warning,
        .summary = write_egress,
        .end = cp_silent_end,
        .close = close_csv,
};
