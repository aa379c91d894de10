/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rundiff_lab.h: two runs made by hand, path by path, for the tests of
 * comparisons and of how they are told.
 */
#ifndef CP_TEST_RUNDIFF_LAB_H
#define CP_TEST_RUNDIFF_LAB_H

#include "records.h"

#include "format/rundiff.h"

/* A path in one line of a table. Times in microseconds, 0: unknown. */
struct path_spec {
	const char *host, *dest;
	uint32_t flow;
	int8_t verdict;
	const char *as_path; /* steps separated by blanks */
	uint32_t exit_asn; /* 0 with last_home NULL: no exit */
	const char *last_home; /* NULL: the vantage itself */
	uint8_t ttl_min, ttl_max;
	uint32_t rtt_home_us, rtt_exit_us, rtt_dest_us;
	bool is_silent; /* the destination did not answer */
	const char *site, *ixp;
};

/* The steps of a text, which is cut up in place. */
static inline size_t cut_steps(char *text, const char *steps[64])
{
	size_t n = 0;

	for (char *step = strtok(text, " "); step && n < 64; step = strtok(NULL, " "))
		steps[n++] = step;
	return n;
}

/* Strings outlive the diff: they are kept here. */
struct strings {
	char *items[256];
	size_t n;
};

static inline char *keep(struct strings *strings, const char *text)
{
	assert_true(strings->n < 256);
	strings->items[strings->n] = strdup(text);
	assert_non_null(strings->items[strings->n]);
	return strings->items[strings->n++];
}

static inline struct cp_rundiff_path path_of(const struct path_spec *spec)
{
	struct cp_rundiff_path path = {
	        .dest = addr_of(spec->dest),
	        .site = spec->site,
	        .exit_ixp = spec->ixp,
	        .flow = spec->flow,
	        .exit_asn = spec->exit_asn,
	        .rtt_home_us = spec->rtt_home_us,
	        .rtt_exit_us = spec->rtt_exit_us,
	        .rtt_dest_us = spec->rtt_dest_us,
	        .exit_ttl_min = spec->ttl_min,
	        .exit_ttl_max = spec->ttl_max,
	        .n_hops = 10,
	        .n_hops_seen = 6,
	        .has_exit = spec->exit_asn || spec->last_home,
	        .verdict = spec->verdict,
	        .reached = !spec->is_silent,
	        .end = spec->is_silent ? CP_END_GAP : CP_END_REACHED,
	};

	if (spec->last_home)
		path.last_home = addr_of(spec->last_home);
	return path;
}

static inline struct cp_rundiff_name name_of(const char *host)
{
	return (struct cp_rundiff_name){.host = host, .port = 443, .proto = IPPROTO_TCP};
}

static inline void add_path(
        struct cp_rundiff *diff, struct strings *strings, enum cp_rundiff_side side, const struct path_spec *spec)
{
	struct cp_rundiff_name name = name_of(spec->host);
	struct cp_rundiff_path path = path_of(spec);
	const char *steps[64];
	size_t n = cut_steps(keep(strings, spec->as_path), steps);

	assert_int_equal(cp_rundiff_add_path(diff, side, &name, &path, steps, n), 0);
}

static inline void add_paths(struct cp_rundiff *diff, struct strings *strings, enum cp_rundiff_side side,
        const struct path_spec *specs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_path(diff, strings, side, &specs[i]);
}

/* A target's record: addresses and chain separated by blanks; verdict -1: not measured. */
static inline void add_target(struct cp_rundiff *diff, struct strings *strings, enum cp_rundiff_side side,
        const char *host, int8_t verdict, const char *dns, const char *addresses, const char *cname)
{
	struct cp_rundiff_name name = name_of(host);
	const char *addrs[64], *chain[64];
	struct cp_rundiff_answer answer = {.verdict = verdict, .dns = dns, .addresses = addrs, .cname = chain};

	answer.n_addresses = cut_steps(keep(strings, addresses), addrs);
	answer.n_cname = cut_steps(keep(strings, cname), chain);
	assert_int_equal(cp_rundiff_add_target(diff, side, &name, &answer), 0);
}

static const struct cp_rundiff_limits usual_limits = {.rtt_us = 5000, .rtt_pct = 20};

static inline const struct cp_rundiff_result *compare(struct cp_rundiff *diff)
{
	const struct cp_rundiff_result *result;

	assert_int_equal(cp_rundiff_compare(diff, &usual_limits, &result), 0);
	return result;
}

static inline void free_strings(struct strings *strings)
{
	while (strings->n)
		free(strings->items[--strings->n]);
}

static inline void add_as_names(struct cp_rundiff *diff)
{
	assert_int_equal(cp_rundiff_add_as(diff, 8075, "Microsoft Corporation"), 0);
	assert_int_equal(cp_rundiff_add_as(diff, 13335, "Cloudflare Inc."), 0);
	assert_int_equal(cp_rundiff_add_as(diff, 3491, "PCCW Global (HK) Limited"), 0);
	assert_int_equal(cp_rundiff_add_as(diff, 16625, "Akamai Technologies Inc."), 0);
	assert_int_equal(cp_rundiff_add_as(diff, 20940, "Akamai International B.V."), 0);
}

/* ---- a small story: a name that left the backbone, one that came back, one that is gone, one whose answer moved ----
 */

static const struct path_spec story_before[] = {
        {"zenn.dev", "203.0.113.1", 0, CP_DIRECT, "* 8075 13335", 13335, "198.18.0.1", 6, 7, 10000, 11000, 12000, false,
                "ams", NULL},
        {"zenn.dev", "203.0.113.1", 1, CP_DIRECT, "* 8075 13335", 13335, "198.18.0.1", 6, 7, 10000, 11000, 12000, false,
                "ams", NULL},
        {"login.microsoft.com", "203.0.113.2", 0, CP_DETOUR, "* 8075 3491 8075", 3491, "198.18.0.2", 4, 6, 4000, 5000,
                20000, false, NULL, NULL},
        {"same.example", "203.0.113.3", 0, CP_INSIDE, "* 8075", 0, NULL, 0, 0, 0, 0, 8000, false, NULL, NULL},
        {"old.example", "203.0.113.4", 0, CP_INSIDE, "* 8075", 0, NULL, 0, 0, 0, 0, 8000, false, NULL, NULL},
        {"moved.example", "203.0.113.5", 0, CP_INSIDE, "* 8075", 0, NULL, 0, 0, 0, 0, 8000, false, NULL, NULL},
        {"far.example", "203.0.113.7", 0, CP_INSIDE, "* 8075", 0, NULL, 0, 0, 0, 0, 10000, false, NULL, NULL},
};
static const struct path_spec story_after[] = {
        {"zenn.dev", "203.0.113.1", 0, CP_TRANSIT, "private * 3491 13335", 3491, NULL, 0, 5, 0, 6000, 45000, false,
                NULL, NULL},
        {"zenn.dev", "203.0.113.1", 1, CP_DIRECT, "8075 * 13335", 13335, "198.18.0.9", 6, 7, 10000, 11000, 12000, false,
                "ams", NULL},
        {"login.microsoft.com", "203.0.113.2", 0, CP_INSIDE, "* 8075", 0, NULL, 0, 0, 0, 0, 0, true, NULL, NULL},
        {"same.example", "203.0.113.3", 0, CP_INSIDE, "8075", 0, NULL, 0, 0, 0, 0, 8100, false, NULL, NULL},
        {"new.example", "203.0.113.8", 0, CP_DIRECT, "8075 IXP:Lab-IX 13335", 13335, "198.18.0.1", 3, 4, 900, 1000,
                2000, false, "fra", "Lab-IX"},
        {"moved.example", "203.0.113.6", 0, CP_INSIDE, "* 8075", 0, NULL, 0, 0, 0, 0, 8000, false, NULL, NULL},
        {"far.example", "203.0.113.7", 0, CP_INSIDE, "* 8075", 0, NULL, 0, 0, 0, 0, 16000, false, NULL, NULL},
};

static inline void tell_runs(struct cp_rundiff *diff, struct strings *strings)
{
	add_as_names(diff);
	add_paths(diff, strings, CP_BEFORE, story_before, sizeof(story_before) / sizeof(story_before[0]));
	add_paths(diff, strings, CP_AFTER, story_after, sizeof(story_after) / sizeof(story_after[0]));
	add_target(diff, strings, CP_BEFORE, "moved.example", CP_INSIDE, "ok", "203.0.113.5", "a.cdn.example");
	add_target(diff, strings, CP_AFTER, "moved.example", CP_INSIDE, "ok", "203.0.113.6", "b.cdn.example");
	add_target(diff, strings, CP_BEFORE, "lost.example", CP_DIRECT, "ok", "203.0.113.9", "");
	add_target(diff, strings, CP_AFTER, "lost.example", -1, "dns_nxdomain", "", "");
}

static const uint32_t story_home[] = {8068, 8075};

static inline struct cp_rundiff_run story_run(const char *name, uint64_t wall_ms)
{
	return (struct cp_rundiff_run){.name = name,
	        .version = "1.0",
	        .host = "vm-weu-01",
	        .datapath = "tc-tcx",
	        .tcp_method = "syn",
	        .resolver = "198.18.0.53",
	        .home_spec = "microsoft",
	        .wall_ms = wall_ms,
	        .vantage_asn = 8075,
	        .home_asns = story_home,
	        .n_home_asns = 2,
	        .first_ttl = 1,
	        .max_ttl = 30,
	        .attempts = 3,
	        .timeout_ms = 1000,
	        .n_flows = 2,
	        .protocols = CP_RUNDIFF_TCP,
	        .end_reason = "done"};
}

#define STORY_MS 1784023200000ull /* 2026-07-14 10:00 UTC */

static inline struct cp_rundiff_report story_report(
        const struct cp_rundiff *diff, const struct cp_rundiff_result *result)
{
	return (struct cp_rundiff_report){
	        .runs = {story_run("runs/monday.ndjson", STORY_MS),
	                story_run("runs/tuesday.ndjson", STORY_MS + 86400000)},
	        .diff = diff,
	        .result = result,
	        .limits = usual_limits,
	        .top = 20,
	};
}

#endif
