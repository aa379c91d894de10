// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * policy_run.c: records of run.h -> what policy.h looks at. Must not judge
 * anew, nor know any rule.
 */
#include "policy_run.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define BLOCK 256

/* Targets stay where they are: rules and violations point to them. */
struct block {
	struct block *next;
	size_t n;
	struct cp_target targets[BLOCK];
};

struct cp_policy_run_store {
	struct cp_words *words;
	struct block *blocks; /* the newest first */
};

struct reading {
	struct cp_policy_run *run;
	const struct cp_policy_run_sink *sink;
	const struct cp_target *now; /* whose paths are coming in; NULL: none */
	bool has_start;
};

static void note_bad(void *ctx, size_t line, const char *why)
{
	struct cp_policy_run *run = ((struct reading *)ctx)->run;

	if (run->n_bad++)
		return;
	run->bad_line = line;
	snprintf(run->bad_why, sizeof(run->bad_why), "%s", why);
}

static int compare_asns(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int take_start(void *ctx, size_t line, const struct cp_run_start *rec)
{
	struct reading *reading = ctx;
	struct cp_policy_run *run = reading->run;

	if (reading->has_start) {
		note_bad(ctx, line, "a second start record: one run is wanted");
		return 0;
	}
	run->home.asns = calloc(rec->n_home_asns + 1, sizeof(*run->home.asns));
	if (!run->home.asns)
		return -ENOMEM;
	run->home.n = rec->n_home_asns;
	if (rec->n_home_asns)
		memcpy(run->home.asns, rec->home_asns, rec->n_home_asns * sizeof(*run->home.asns));
	qsort(run->home.asns, run->home.n, sizeof(*run->home.asns), compare_asns);
	run->host = rec->host;
	run->wall_ms = rec->wall_ms;
	run->vantage_asn = rec->vantage_asn;
	reading->has_start = true;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The target of a record: the one at hand, or a new one. NULL: out of memory. */
static const struct cp_target *find_target(struct reading *reading, const struct cp_run_target *rec)
{
	struct cp_policy_run_store *store = reading->run->store;
	const struct cp_target *now = reading->now;
	struct block *block = store->blocks;
	struct cp_target *target;
	struct cp_addr addr;

	if (now && strcmp(now->host, rec->name) == 0 && now->port == rec->port && now->proto == rec->proto &&
	        same_text(now->group, rec->group))
		return now;
	if (!block || block->n == BLOCK) {
		block = calloc(1, sizeof(*block));
		if (!block)
			return NULL;
		block->next = store->blocks;
		store->blocks = block;
	}
	target = &block->targets[block->n++];
	*target = (struct cp_target){
	        .host = rec->name,
	        .group = rec->group,
	        .port = rec->port,
	        .proto = rec->proto,
	        .is_literal = cp_addr_parse(rec->name, &addr) == 0,
	};
	return target;
}

/* What is wrong with a record for our use; NULL: nothing. */
static const char *check_target(const struct reading *reading, const struct cp_run_target *rec)
{
	if (!reading->has_start)
		return "it comes before the start record";
	if (!rec->name || !cp_proto_name(rec->proto))
		return "its target has no name or no protocol";
	return NULL;
}

/* "8075" as it stands in an AS path; silence, exchanges and private hops are no AS. */
static void add_step(const char *step, struct cp_policy_seen *seen, uint32_t *asns)
{
	char *end;
	unsigned long asn = strtoul(step, &end, 10);

	if (step[0] < '0' || step[0] > '9' || *end || asn == 0 || asn > UINT32_MAX)
		return;
	for (size_t i = 0; i < seen->n_asns; i++) {
		if (asns[i] == asn)
			return;
	}
	asns[seen->n_asns++] = (uint32_t)asn;
}

static int take_path(void *ctx, size_t line, const struct cp_run_path *rec)
{
	struct reading *reading = ctx;
	uint32_t asns[CP_RUN_STRINGS_MAX + 1];
	struct cp_policy_seen seen = {
	        .dest = rec->dest,
	        .flow = rec->flow,
	        .reasons = rec->reasons,
	        .asns = asns,
	        .exit_asn = rec->exit.present ? rec->exit.first_foreign_asn : 0,
	};
	const char *why = check_target(reading, &rec->target);
	char dest_asn[16];

	if (!why && (rec->verdict < 0 || rec->confidence < 0))
		why = "it has no verdict or no confidence";
	if (!why && rec->as_path.n_left_out)
		why = "its AS path is too long";
	if (why) {
		note_bad(ctx, line, why);
		return 0;
	}
	seen.verdict = rec->verdict;
	seen.confidence = rec->confidence;
	for (uint32_t i = 0; i < rec->as_path.n; i++)
		add_step(rec->as_path.items[i], &seen, asns);
	snprintf(dest_asn, sizeof(dest_asn), "%u", rec->dest_asn);
	add_step(dest_asn, &seen, asns);
	seen.target = find_target(reading, &rec->target);
	if (!seen.target)
		return -ENOMEM;
	reading->now = seen.target;
	return reading->sink->path(reading->sink->ctx, &seen, reading->run->vantage_asn);
}

static int take_target(void *ctx, size_t line, const struct cp_run_target_end *rec)
{
	struct reading *reading = ctx;
	const char *why = check_target(reading, &rec->target);
	const struct cp_target *target;

	if (why) {
		note_bad(ctx, line, why);
		return 0;
	}
	target = find_target(reading, &rec->target);
	if (!target)
		return -ENOMEM;
	reading->now = NULL;
	return reading->sink->target(reading->sink->ctx, target);
}

static int take_end(void *ctx, size_t line, const struct cp_run_end *rec)
{
	struct reading *reading = ctx;

	(void)line;
	reading->run->is_complete = rec->reason && strcmp(rec->reason, "done") == 0;
	return 0;
}

int cp_policy_run_read(const char *text, size_t len, const char *source, const struct cp_policy_run_sink *sink,
        struct cp_policy_run *run, struct cp_err *err)
{
	struct reading reading = {.run = run, .sink = sink};
	const struct cp_run_sink records = {
	        .start = take_start,
	        .path = take_path,
	        .target = take_target,
	        .end = take_end,
	        .bad = note_bad,
	        .ctx = &reading,
	};
	struct cp_run_counts counts;
	int rc = -ENOMEM;

	*run = (struct cp_policy_run){.wall_ms = UINT64_MAX, .store = calloc(1, sizeof(*run->store))};
	if (run->store)
		rc = cp_words_new(&run->store->words);
	rc = rc ? rc : cp_run_read(text, len, run->store->words, &records, &counts);
	if (rc == -ENOMEM)
		return cp_err_set(err, rc, "out of memory");
	if (rc == 0 && !reading.has_start && run->n_bad)
		return cp_err_set(
		        err, -EINVAL, "%s:%zu: no run as -o ndjson writes it: %s", source, run->bad_line, run->bad_why);
	if (rc == 0 && !reading.has_start)
		return cp_err_set(err, -EINVAL, "%s: no run as -o ndjson writes it: there is no start record", source);
	return rc;
}

void cp_policy_run_free(struct cp_policy_run *run)
{
	struct cp_policy_run_store *store = run->store;

	cp_home_free(&run->home);
	if (store) {
		for (struct block *block = store->blocks, *next; block; block = next) {
			next = block->next;
			free(block);
		}
		cp_words_free(store->words);
		free(store);
	}
	*run = (struct cp_policy_run){0};
}
