// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * diff_read.c: reads the records of a run piece by piece, so that a run may be
 * larger than memory, and keeps what a comparison needs of each. Must not know
 * what is compared.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"
#include "import/run.h"
#include "stored.h"

#define PIECE_BYTES ((size_t)1 << 20)
#define LINE_BYTES_MAX ((size_t)64 << 20) /* a record has some ten thousand at most */
#define NAMED_MAX 10 /* bad records of a file that are named; the others are counted */

/* The run being read. */
struct reader {
	struct cp_diff *diff;
	struct cp_rundiff_run *run;
	enum cp_rundiff_side side;
	const char *name; /* of the file, for messages */
	size_t n_lines; /* before the piece being read */
	size_t n_starts, n_ends, n_targets_and_paths;
	size_t first_bad; /* line; 0: none */
	char first_why[192];
	bool is_out_of_memory;
};

/* ---- Records that are left out ---- */

static void take_bad(void *ctx, size_t line, const char *why)
{
	struct reader *reader = ctx;

	line += reader->n_lines;
	if (!reader->first_bad) {
		reader->first_bad = line;
		strncpy(reader->first_why, why, sizeof(reader->first_why) - 1);
	}
	if (reader->run->n_bad++ < NAMED_MAX &&
	        cp_diff_warn(reader->diff, "bad-record", "%s:%zu: left out: %s", reader->name, line, why))
		reader->is_out_of_memory = true;
}

/* ---- start ---- */

static int compare_asns(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* What the record lends only for the call. */
static int keep_lists(struct reader *reader, const struct cp_run_start *rec)
{
	uint32_t *asns = reallocarray(NULL, rec->n_home_asns + 1, sizeof(*asns));
	struct cp_rec_database *databases = reallocarray(NULL, rec->n_databases + 1, sizeof(*databases));
	size_t n_databases = 0;

	reader->diff->home_asns[reader->side] = asns;
	reader->diff->databases[reader->side] = databases;
	if (!asns || !databases)
		return -ENOMEM;
	if (rec->n_home_asns)
		memcpy(asns, rec->home_asns, rec->n_home_asns * sizeof(*asns));
	qsort(asns, rec->n_home_asns, sizeof(*asns), compare_asns);
	for (size_t i = 0; i < rec->n_databases; i++) {
		const struct cp_run_database *database = &rec->databases[i];

		/* Labels of destinations: no verdict rests on them. */
		if (database->layer && strcmp(database->layer, "service-tags") == 0)
			continue;
		databases[n_databases++] = (struct cp_rec_database){.layer = database->layer,
		        .name = database->name,
		        .type = database->type,
		        .n_rows = database->n_rows,
		        .built_at_s = database->built_at_s,
		        .age_days = database->age_days};
	}
	reader->run->home_asns = asns;
	reader->run->n_home_asns = rec->n_home_asns;
	reader->run->databases = databases;
	reader->run->n_databases = n_databases;
	return 0;
}
_Static_assert(CP_RUN_UNKNOWN == CP_UNKNOWN, "unknown numbers are copied as they are");

static int take_start(void *ctx, size_t line, const struct cp_run_start *rec)
{
	struct reader *reader = ctx;
	struct cp_rundiff_run *run = reader->run;

	(void)line;
	if (reader->n_starts++)
		return 0;
	run->version = rec->version;
	run->host = rec->host;
	run->datapath = rec->datapath;
	run->tcp_method = rec->tcp_method;
	run->resolver = rec->resolver;
	run->home_spec = rec->home_spec;
	run->wall_ms = rec->wall_ms;
	run->vantage_asn = rec->vantage_asn;
	run->first_ttl = rec->first_ttl;
	run->max_ttl = rec->max_ttl;
	run->attempts = rec->attempts;
	run->timeout_ms = rec->timeout_ms;
	run->n_flows = rec->n_flows;
	run->n_e2e = rec->n_e2e;
	return keep_lists(reader, rec);
}

/* ---- path ---- */

static struct cp_rundiff_name name_of(const struct cp_run_target *target)
{
	return (struct cp_rundiff_name){
	        .host = target->name, .group = target->group, .port = target->port, .proto = target->proto};
}

static unsigned protocol_of(uint8_t proto)
{
	return proto == IPPROTO_TCP ? CP_RUNDIFF_TCP : proto == IPPROTO_UDP ? CP_RUNDIFF_UDP : CP_RUNDIFF_ICMP;
}

/* The hop at a TTL; NULL: there is none. */
static const struct cp_run_hop *hop_at(const struct cp_run_path *rec, uint8_t ttl)
{
	uint32_t first = rec->n_hops ? rec->hops[0].hop.ttl : 0;

	return ttl && rec->n_hops && ttl >= first && ttl - first < rec->n_hops ? &rec->hops[ttl - first] : NULL;
}

static bool is_home(const struct cp_rundiff_run *run, uint32_t asn)
{
	return run->n_home_asns && bsearch(&asn, run->home_asns, run->n_home_asns, sizeof(asn), compare_asns);
}

/* Who takes a path over: the first AS outside from the border on, which may lie behind an exchange. 0: not seen. */
static uint32_t exit_asn_of(const struct cp_rundiff_run *run, const struct cp_run_path *rec)
{
	if (rec->exit.first_foreign_asn || !rec->exit.ttl_max)
		return rec->exit.first_foreign_asn;
	for (uint32_t i = 0; i < rec->n_hops; i++) {
		const struct cp_run_hop *hop = &rec->hops[i];

		if (hop->hop.ttl >= rec->exit.ttl_max && hop->asn && !is_home(run, hop->asn))
			return hop->asn;
	}
	return 0;
}

static void fill_exit(const struct cp_rundiff_run *run, const struct cp_run_path *rec, struct cp_rundiff_path *path)
{
	const struct cp_run_hop *home = hop_at(rec, rec->exit.ttl_min), *foreign = hop_at(rec, rec->exit.ttl_max);

	if (!rec->exit.present)
		return;
	path->has_exit = true;
	path->exit_ttl_min = rec->exit.ttl_min;
	path->exit_ttl_max = rec->exit.ttl_max;
	path->last_home = rec->exit.last_home;
	path->site = rec->exit.last_home_site;
	path->exit_asn = exit_asn_of(run, rec);
	path->exit_ixp = rec->exit.first_foreign_ixp;
	path->rtt_home_us = home ? home->hop.rtt_us : 0;
	path->rtt_exit_us = foreign ? foreign->hop.rtt_us : 0;
}

static int add_names(struct cp_rundiff *diff, const struct cp_run_path *rec)
{
	int rc = cp_rundiff_add_as(diff, rec->dest_asn, rec->dest_as_name);
	uint32_t last = 0;

	for (uint32_t i = 0; i < rec->n_hops && rc == 0; i++) {
		if (rec->hops[i].asn == last)
			continue;
		last = rec->hops[i].asn;
		rc = cp_rundiff_add_as(diff, last, rec->hops[i].as_name);
	}
	return rc;
}

static struct cp_rundiff_e2e e2e_of(const struct cp_run_path *rec)
{
	return rec->has_e2e ? (struct cp_rundiff_e2e){.n_sent = rec->e2e.n_sent,
	                              .n_received = rec->e2e.n_received,
	                              .rtt_us = rec->e2e.rtt_p50_us,
	                              .jitter_us = rec->e2e.jitter_us}
	                    : (struct cp_rundiff_e2e){0};
}
_Static_assert(CP_QUALITY_UNKNOWN == UINT32_MAX, "unknown times are copied as they are");

static int take_path(void *ctx, size_t line, const struct cp_run_path *rec)
{
	struct reader *reader = ctx;
	struct cp_rundiff_name name = name_of(&rec->target);
	const struct cp_run_hop *last = rec->n_hops ? &rec->hops[rec->n_hops - 1] : NULL;
	struct cp_rundiff_path path = {
	        .dest = rec->dest,
	        .flow = rec->flow,
	        .e2e = e2e_of(rec),
	        .n_hops = (uint8_t)rec->n_hops,
	        .verdict = rec->verdict,
	        .reached = rec->reached,
	        .end = rec->end,
	};
	int rc;

	if (!name.host || cp_addr_is_zero(&path.dest)) {
		take_bad(reader, line, "a path without target or destination");
		return 0;
	}
	reader->n_targets_and_paths++;
	reader->run->protocols |= protocol_of(name.proto);
	for (uint32_t i = 0; i < rec->n_hops; i++) {
		if (rec->hops[i].hop.kind != CP_REPLY_NONE)
			path.n_hops_seen++;
	}
	if (last && rec->reached == 1 && cp_addr_eq(&last->hop.addr, &rec->dest))
		path.rtt_dest_us = last->hop.rtt_us;
	fill_exit(reader->run, rec, &path);
	rc = add_names(reader->diff->diff, rec);
	return rc ? rc
	          : cp_rundiff_add_path(
	                    reader->diff->diff, reader->side, &name, &path, rec->as_path.items, rec->as_path.n);
}

/* ---- target, end ---- */

static int take_target(void *ctx, size_t line, const struct cp_run_target_end *rec)
{
	struct reader *reader = ctx;
	struct cp_rundiff_name name = name_of(&rec->target);
	struct cp_rundiff_answer answer = {
	        .verdict = rec->verdict,
	        .dns = rec->dns,
	        .skip_reason = rec->skip_reason,
	        .cname = rec->cname.items,
	        .n_cname = rec->cname.n,
	        .addresses = rec->addresses.items,
	        .n_addresses = rec->addresses.n,
	};

	if (!name.host) {
		take_bad(reader, line, "a target without a name");
		return 0;
	}
	reader->n_targets_and_paths++;
	reader->run->protocols |= protocol_of(name.proto);
	return cp_rundiff_add_target(reader->diff->diff, reader->side, &name, &answer);
}

static int take_end(void *ctx, size_t line, const struct cp_run_end *rec)
{
	struct reader *reader = ctx;

	(void)line;
	reader->n_ends++;
	reader->run->end_reason = rec->reason ? rec->reason : "unknown";
	return 0;
}

/* ---- Pieces ---- */

static size_t count_lines(const char *text, size_t len)
{
	const char *end = text + len, *at = text;
	size_t n = 0;

	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		n++;
		at++;
	}
	return n;
}

static int read_lines(struct reader *reader, const char *text, size_t len)
{
	const struct cp_run_sink sink = {.start = take_start,
	        .path = take_path,
	        .target = take_target,
	        .end = take_end,
	        .bad = take_bad,
	        .ctx = reader};
	struct cp_run_counts counts;
	int rc = cp_run_read(text, len, reader->diff->words, &sink, &counts);

	reader->n_lines += count_lines(text, len);
	return rc == 0 && reader->is_out_of_memory ? -ENOMEM : rc;
}

/* What is read but not yet handed over. */
struct piece {
	char *text;
	size_t len, size;
};

/* Hands over the whole lines of a piece; keeps the beginning of the next one. */
static int take_whole_lines(struct reader *reader, struct piece *piece)
{
	const char *newline = memrchr(piece->text, '\n', piece->len);
	size_t len = newline ? (size_t)(newline - piece->text) + 1 : 0;
	int rc = len ? read_lines(reader, piece->text, len) : 0;

	memmove(piece->text, piece->text + len, piece->len - len);
	piece->len -= len;
	return rc;
}

static int make_room(struct reader *reader, struct piece *piece, struct cp_err *err)
{
	size_t size = piece->size ? piece->size * 2 : PIECE_BYTES;
	char *grown;

	if (piece->len < piece->size)
		return 0;
	if (size > LINE_BYTES_MAX)
		return cp_err_set(
		        err, -EINVAL, "%s:%zu: not a record: the line does not end", reader->name, reader->n_lines + 1);
	grown = realloc(piece->text, size);
	if (!grown)
		return -ENOMEM;
	piece->text = grown;
	piece->size = size;
	return 0;
}

static int read_pieces(struct reader *reader, int fd, struct piece *piece, struct cp_err *err)
{
	for (;;) {
		int rc = make_room(reader, piece, err);
		ssize_t n;

		if (rc)
			return rc;
		n = read(fd, piece->text + piece->len, piece->size - piece->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cp_err_set(err, -EINVAL, "cannot read %s: %s", reader->name, strerror(errno));
		if (n == 0)
			return piece->len ? read_lines(reader, piece->text, piece->len) : 0;
		piece->len += (size_t)n;
		if (piece->len < piece->size)
			continue; /* a pipe gives little at a time */
		rc = take_whole_lines(reader, piece);
		if (rc)
			return rc;
	}
}

/* ---- A run ---- */

static int check(struct reader *reader, struct cp_err *err)
{
	const struct cp_rundiff_run *run = reader->run;
	struct cp_diff *diff = reader->diff;
	int rc = 0;

	if (!reader->n_targets_and_paths && reader->first_bad)
		return cp_err_set(err, -EINVAL, "%s:%zu: not a record of a run: %s", reader->name, reader->first_bad,
		        reader->first_why);
	if (!reader->n_targets_and_paths)
		return cp_err_set(err, -EINVAL, "%s:%zu: no target and no path in it; is it written with -o ndjson?",
		        reader->name, reader->n_lines);
	if (run->n_bad > NAMED_MAX)
		rc = cp_diff_warn(diff, "bad-records", "%s: %zu records more were left out", reader->name,
		        (size_t)run->n_bad - NAMED_MAX);
	if (rc == 0 && !run->end_reason)
		rc = cp_diff_warn(diff, "cut-off",
		        "%s is cut off: it has no end, and what it lacks is not taken for gone", reader->name);
	else if (rc == 0 && strcmp(run->end_reason, "done") != 0)
		rc = cp_diff_warn(
		        diff, "ended-early", "%s is not complete: its end says %s", reader->name, run->end_reason);
	if (rc == 0 && (reader->n_starts > 1 || reader->n_ends > 1))
		rc = cp_diff_warn(diff, "several-runs", "%s holds several runs, which are taken as one", reader->name);
	diff->is_partial |= run->n_bad > 0 || !run->end_reason;
	return rc;
}

int cp_diff_read(struct cp_diff *diff, enum cp_rundiff_side side, const char *path, struct cp_err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct reader reader = {
	        .diff = diff, .run = &diff->runs[side], .side = side, .name = is_stdin ? "standard input" : path};
	struct piece piece = {0};
	int fd, rc;

	memset(reader.run, 0, sizeof(*reader.run));
	*reader.run = (struct cp_rundiff_run){.name = reader.name,
	        .wall_ms = CP_UNKNOWN,
	        .first_ttl = CP_UNKNOWN,
	        .max_ttl = CP_UNKNOWN,
	        .attempts = CP_UNKNOWN,
	        .timeout_ms = CP_UNKNOWN,
	        .n_flows = CP_UNKNOWN,
	        .n_e2e = CP_UNKNOWN};
	rc = cp_stored_open(path, diff->agent, &fd, err);
	if (rc)
		return rc;
	rc = read_pieces(&reader, fd, &piece, err);
	cp_stored_close(fd);
	free(piece.text);
	rc = rc ? rc : check(&reader, err);
	return rc == -ENOMEM ? cp_err_set(err, rc, "not enough memory for %s", reader.name) : rc;
}
