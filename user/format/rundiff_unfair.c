// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_unfair.c: what two runs say of themselves that makes it unfair to
 * compare them. Must not know what they found.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rundiff.h"

struct listener {
	cp_rundiff_warn_fn *warn;
	void *ctx;
};

__attribute__((format(printf, 3, 4))) static void say(
        const struct listener *listener, const char *code, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	listener->warn(listener->ctx, code, text);
}

static void compare_text(
        const struct listener *listener, const char *code, const char *what, const char *before, const char *after)
{
	if (before && after && strcmp(before, after) != 0)
		say(listener, code, "%s %s before, %s after", what, before, after);
}

static void compare_number(
        const struct listener *listener, const char *code, const char *what, uint64_t before, uint64_t after)
{
	if (before != CP_UNKNOWN && after != CP_UNKNOWN && before != after)
		say(listener, code, "%s %" PRIu64 " before, %" PRIu64 " after", what, before, after);
}

bool cp_rundiff_other_vantage(const struct cp_rundiff_run runs[CP_SIDES])
{
	uint32_t before = runs[CP_BEFORE].vantage_asn, after = runs[CP_AFTER].vantage_asn;

	return before && after && before != after;
}

static void compare_vantages(const struct listener *listener, const struct cp_rundiff_run *runs)
{
	if (cp_rundiff_other_vantage(runs))
		say(listener, "vantage", "the probes start in AS%u before, in AS%u after", runs[CP_BEFORE].vantage_asn,
		        runs[CP_AFTER].vantage_asn);
	compare_text(listener, "host", "the probes start from host", runs[CP_BEFORE].host, runs[CP_AFTER].host);
}

static void compare_homes(
        const struct listener *listener, const struct cp_rundiff_run *before, const struct cp_rundiff_run *after)
{
	if (!before->n_home_asns || !after->n_home_asns)
		return;
	if (before->n_home_asns == after->n_home_asns &&
	        memcmp(before->home_asns, after->home_asns, before->n_home_asns * sizeof(*before->home_asns)) == 0)
		return;
	say(listener, "home", "home is not the same: %s (%zu AS%s) before, %s (%zu AS%s) after",
	        before->home_spec ? before->home_spec : "?", before->n_home_asns, before->n_home_asns == 1 ? "" : "es",
	        after->home_spec ? after->home_spec : "?", after->n_home_asns, after->n_home_asns == 1 ? "" : "es");
}

/* The file's name counts without its directory. */
static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "?";
}

static bool is_same_database(const struct cp_rec_database *a, const struct cp_rec_database *b)
{
	return strcmp(a->layer ? a->layer : "", b->layer ? b->layer : "") == 0 &&
	       strcmp(base_name(a->name), base_name(b->name)) == 0 && a->n_rows == b->n_rows &&
	       a->built_at_s == b->built_at_s;
}

static void describe(const struct cp_rec_database *db, char *buf, size_t size)
{
	if (db)
		snprintf(buf, size, "%s %s of %" PRIu64 " rows", db->layer ? db->layer : "?", base_name(db->name),
		        db->n_rows == CP_UNKNOWN ? 0 : db->n_rows);
	else
		snprintf(buf, size, "none");
}

/* Only the first one that differs is named: those behind it move with it. */
static void compare_databases(
        const struct listener *listener, const struct cp_rundiff_run *before, const struct cp_rundiff_run *after)
{
	size_t n = before->n_databases > after->n_databases ? before->n_databases : after->n_databases;
	char left[160], right[160];

	if (!before->n_databases || !after->n_databases)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct cp_rec_database *a = i < before->n_databases ? &before->databases[i] : NULL;
		const struct cp_rec_database *b = i < after->n_databases ? &after->databases[i] : NULL;

		if (a && b && is_same_database(a, b))
			continue;
		describe(a, left, sizeof(left));
		describe(b, right, sizeof(right));
		say(listener, "databases", "the AS data is not the same: %s before, %s after%s", left, right,
		        strcmp(left, right) == 0 ? " (of another date)" : "");
		return;
	}
}

static const char *protocols_of(unsigned protocols, char buf[32])
{
	snprintf(buf, 32, "%s%s%s", protocols & CP_RUNDIFF_TCP ? "tcp " : "", protocols & CP_RUNDIFF_UDP ? "udp " : "",
	        protocols & CP_RUNDIFF_ICMP ? "icmp " : "");
	if (*buf)
		buf[strlen(buf) - 1] = '\0';
	return buf;
}

static void compare_probing(
        const struct listener *listener, const struct cp_rundiff_run *before, const struct cp_rundiff_run *after)
{
	char left[32], right[32];

	compare_text(listener, "datapath", "the datapath is", before->datapath, after->datapath);
	compare_text(listener, "tcp-method", "the TCP method is", before->tcp_method, after->tcp_method);
	if (before->protocols && after->protocols && before->protocols != after->protocols)
		say(listener, "protocol", "the targets are probed by %s before, by %s after: not the same targets",
		        protocols_of(before->protocols, left), protocols_of(after->protocols, right));
	compare_number(listener, "flows", "flows for each destination:", before->n_flows, after->n_flows);
	compare_number(listener, "ttl", "the first TTL is", before->first_ttl, after->first_ttl);
	compare_number(listener, "ttl", "the last TTL is", before->max_ttl, after->max_ttl);
	compare_number(listener, "attempts", "probes for a silent hop:", before->attempts, after->attempts);
	compare_number(listener, "timeout", "the longest wait in ms is", before->timeout_ms, after->timeout_ms);
	compare_number(listener, "e2e", "probes end to end to each destination:", before->n_e2e, after->n_e2e);
	compare_text(listener, "resolver", "names are asked of", before->resolver, after->resolver);
}

void cp_rundiff_find_unfair(const struct cp_rundiff_run runs[CP_SIDES], cp_rundiff_warn_fn *warn, void *ctx)
{
	const struct cp_rundiff_run *before = &runs[CP_BEFORE], *after = &runs[CP_AFTER];
	const struct listener listener = {warn, ctx};

	compare_vantages(&listener, runs);
	compare_homes(&listener, before, after);
	compare_databases(&listener, before, after);
	compare_probing(&listener, before, after);
	compare_text(&listener, "version", "the paths were judged by version", before->version, after->version);
	if (before->wall_ms != CP_UNKNOWN && after->wall_ms != CP_UNKNOWN && before->wall_ms > after->wall_ms &&
	        !cp_rundiff_other_vantage(runs))
		say(&listener, "order", "the first run, taken as the one before, is the later one");
}
