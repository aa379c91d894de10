// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_run.c: any bytes as records of a run. Whatever they are, what is handed
 * over must keep what its readers may rely on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static size_t check_string(const char *text)
{
	return text ? strlen(text) : 0;
}

static void check_strings(const struct cp_run_strings *strings)
{
	require(strings->n <= CP_RUN_STRINGS_MAX);
	for (uint32_t i = 0; i < strings->n; i++) {
		require(strings->items[i] != NULL);
		check_string(strings->items[i]);
	}
}

static int check_path(void *ctx, size_t line, const struct cp_run_path *path)
{
	(void)ctx;
	require(line > 0 && path->n_hops <= CP_TTL_MAX);
	check_string(path->target.name);
	check_strings(&path->as_path);
	check_strings(&path->cname);
	require(path->verdict >= -1 && path->verdict < CP_VERDICTS);
	require(path->end >= -1 && path->end <= CP_END_INTERRUPTED);
	require(path->confidence >= -1 && path->confidence <= CP_CONF_HIGH);
	require(path->reasons < 1u << CP_WHY_MAX);
	require(!path->has_e2e ||
	        (path->e2e.n_received <= path->e2e.n_sent && path->e2e.n_rtts <= path->e2e.n_received));
	for (uint32_t i = 0; i < path->n_hops; i++) {
		const struct cp_hop *hop = &path->hops[i].hop;

		require(hop->ttl >= 1 && hop->ttl <= CP_TTL_MAX);
		require(i == 0 || hop->ttl == path->hops[i - 1].hop.ttl + 1);
		require(hop->n_mpls <= CP_MPLS_MAX && hop->kind <= CP_REPLY_SACK);
		require(hop->kind == CP_REPLY_NONE || !cp_addr_is_zero(&hop->addr));
		check_string(path->hops[i].as_name);
		check_string(hop->ptr);
	}
	return 0;
}

static int check_start(void *ctx, size_t line, const struct cp_run_start *start)
{
	(void)ctx;
	require(line > 0);
	for (size_t i = 0; i < start->n_databases; i++)
		check_string(start->databases[i].name);
	for (size_t i = 1; i < start->n_home_asns; i++)
		require(start->home_asns != NULL);
	return 0;
}

static int check_target(void *ctx, size_t line, const struct cp_run_target_end *target)
{
	(void)ctx;
	require(line > 0);
	check_strings(&target->addresses);
	return 0;
}

static int check_policy(void *ctx, size_t line, const struct cp_run_policy *policy)
{
	(void)ctx;
	require(line > 0 && policy->source && policy->state <= CP_POLICY_VIOLATED);
	for (size_t i = 0; i < policy->n_rules; i++) {
		require(policy->rules[i].name && policy->rules[i].max_undecided <= CP_POLICY_ALL);
		check_string(policy->rules[i].name);
	}
	for (size_t i = 0; i < policy->n_violations; i++) {
		check_string(policy->violations[i].rule);
		require(policy->violations[i].rule && policy->violations[i].text && policy->violations[i].target.name);
	}
	return 0;
}

static int check_summary(void *ctx, size_t line, const struct cp_run_summary *summary)
{
	(void)ctx;
	require(line > 0);
	for (size_t i = 0; i < summary->n_egress; i++)
		check_string(summary->egress[i].role);
	return 0;
}

static int check_warning(void *ctx, size_t line, const struct cp_run_warning *warning)
{
	(void)ctx;
	require(line > 0);
	check_string(warning->text);
	return 0;
}

static int check_end(void *ctx, size_t line, const struct cp_run_end *end)
{
	(void)ctx;
	require(line > 0);
	check_string(end->error);
	return 0;
}

static void check_bad(void *ctx, size_t line, const char *why)
{
	size_t *n_bad = ctx;

	require(line > 0 && check_string(why) > 0);
	++*n_bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n_bad = 0;
	const struct cp_run_sink sink = {.start = check_start,
	        .path = check_path,
	        .target = check_target,
	        .summary = check_summary,
	        .policy = check_policy,
	        .warning = check_warning,
	        .end = check_end,
	        .bad = check_bad,
	        .ctx = &n_bad};
	struct cp_run_counts counts;
	struct cp_words *words;

	require(cp_words_new(&words) == 0);
	require(cp_run_read((const char *)data, size, words, &sink, &counts) == 0);
	require(counts.n_bad == n_bad && counts.n_bad + counts.n_unknown <= counts.n_records);
	cp_words_free(words);
	return 0;
}
