// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store_test.c: store.h by itself: rows, queries, changes, keys, retention, and
 * two writers. Lines "ok - " and "not ok - "; built by test_store.sh.
 * usage: store_test FILE        which must not be there
 *        store_test FILE again  opens it and closes it
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/store.h"

#define DAY_MS 86400000ll
#define T0 1700000000000ll

static int n_failed;

static void check(bool holds, const char *what)
{
	printf("%s - store.h: %s\n", holds ? "ok" : "not ok", what);
	n_failed += !holds;
}

/* What a query found: how many rows, and one member of each. */
struct found {
	enum cp_store_table table;
	int64_t n, total;
	int64_t numbers[64];
	char texts[64][64];
};

static int take(void *ctx, const void *row)
{
	struct found *found = ctx;
	const char *text = NULL;
	int64_t number = 0;

	if (found->n == 64)
		return -E2BIG;
	if (found->table == CP_STORE_RUNS) {
		number = ((const struct cp_store_run *)row)->run;
		text = ((const struct cp_store_run *)row)->agent;
	} else if (found->table == CP_STORE_TARGETS) {
		number = ((const struct cp_store_target *)row)->run;
		text = ((const struct cp_store_target *)row)->verdict;
	} else if (found->table == CP_STORE_PATHS) {
		number = ((const struct cp_store_path *)row)->seq;
		text = ((const struct cp_store_path *)row)->dest_ip;
	} else if (found->table == CP_STORE_HOPS) {
		number = ((const struct cp_store_hop *)row)->rtt_us;
		text = ((const struct cp_store_hop *)row)->ip;
	} else {
		number = ((const struct cp_store_change *)row)->seq;
		text = ((const struct cp_store_change *)row)->new;
	}
	found->numbers[found->n] = number;
	snprintf(found->texts[found->n++], sizeof(found->texts[0]), "%s", text ? text : "NULL");
	return 0;
}

static struct found find(struct cp_store *store, enum cp_store_table table, const struct cp_store_query *query)
{
	struct found found = {.table = table};
	int rc = cp_store_read(store, table, query, take, &found, &found.total);

	if (rc)
		check(false, strerror(-rc));
	return found;
}

static int64_t begin(struct cp_store *store, const char *agent, const char *audit, int64_t at)
{
	struct cp_store_run run;
	int rc;

	cp_store_row_init(CP_STORE_RUNS, &run);
	run.agent = agent;
	run.audit = audit;
	run.started_ms = at;
	rc = cp_store_begin_run(store, &run);
	if (rc)
		check(false, strerror(-rc));
	return run.run;
}

/* A target with two paths of three hops, the second of which is silent. */
static void fill(struct cp_store *store, const char *agent, int64_t run, const char *name, const char *verdict)
{
	struct cp_store_target target;
	struct cp_store_path path;
	struct cp_store_hop hop;
	int rc = 0;

	cp_store_row_init(CP_STORE_TARGETS, &target);
	cp_store_row_init(CP_STORE_PATHS, &path);
	cp_store_row_init(CP_STORE_HOPS, &hop);
	target.agent = path.agent = hop.agent = agent;
	target.run = path.run = hop.run = run;
	path.target = target.seq = 7;
	for (int64_t seq = 0; seq < 2; seq++) {
		path.seq = hop.path = seq;
		path.dest_ip = seq ? "2001:db8::1" : "203.0.113.1";
		path.foreign_asn = seq ? CP_STORE_NULL : 3491;
		rc = rc ? rc : cp_store_add(store, CP_STORE_PATHS, &path);
		for (int64_t ttl = 1; ttl <= 3; ttl++) {
			hop.ttl = ttl;
			hop.ip = ttl == 2 ? NULL : "198.18.0.1";
			hop.rtt_us = ttl == 2 ? CP_STORE_NULL : ttl * 100;
			rc = rc ? rc : cp_store_add(store, CP_STORE_HOPS, &hop);
		}
	}
	target.name = name;
	target.port = 443;
	target.protocol = "tcp";
	target.group = "it's \"quoted\"\n";
	target.verdict = verdict;
	rc = rc ? rc : cp_store_add(store, CP_STORE_TARGETS, &target);
	rc = rc ? rc : cp_store_commit(store);
	check(rc == 0, "rows are added");
}

static void test_queries(struct cp_store *store, const int64_t runs[3])
{
	struct cp_store_query query;
	struct found found;

	cp_store_query_init(&query);
	query.agent = "a";
	found = find(store, CP_STORE_RUNS, &query);
	check(found.n == 3 && found.numbers[0] == runs[0] && found.numbers[2] == runs[2], "runs of an agent, by time");
	query.newest_first = true;
	query.limit = 1;
	query.offset = 1;
	found = find(store, CP_STORE_RUNS, &query);
	check(found.n == 1 && found.total == 3 && found.numbers[0] == runs[1], "newest first, limit, offset, total");
	cp_store_query_init(&query);
	query.from_ms = T0 + 1;
	query.to_ms = T0 + DAY_MS + 1;
	found = find(store, CP_STORE_RUNS, &query);
	check(found.n == 1 && found.numbers[0] == runs[1], "runs of a time");
	cp_store_query_init(&query);
	query.name = "www.example.org";
	query.port = 443;
	query.newest_first = true;
	found = find(store, CP_STORE_TARGETS, &query);
	check(found.n == 2 && found.numbers[0] == runs[1] && strcmp(found.texts[0], "transit") == 0 &&
	                strcmp(found.texts[1], "direct") == 0,
	        "history of a target");
	cp_store_query_init(&query);
	query.text = "EXAMPLE.net";
	check(find(store, CP_STORE_TARGETS, &query).n == 1, "targets by a part of the name, whatever its case");
	query.text = "%";
	check(find(store, CP_STORE_TARGETS, &query).n == 0, "a wildcard is none");
	cp_store_query_init(&query);
	query.group = "it's \"quoted\"\n";
	query.verdict = "direct";
	check(find(store, CP_STORE_TARGETS, &query).n == 1, "targets by group and verdict, hostile text");
	cp_store_query_init(&query);
	query.agent = "a";
	query.run = runs[0];
	query.target = 7;
	found = find(store, CP_STORE_PATHS, &query);
	check(found.n == 2 && strcmp(found.texts[1], "2001:db8::1") == 0, "paths of a target");
	query.path = 1;
	found = find(store, CP_STORE_HOPS, &query);
	check(found.n == 3 && found.numbers[1] == CP_STORE_NULL && strcmp(found.texts[1], "NULL") == 0 &&
	                found.numbers[2] == 300,
	        "hops of a path; unknown stays unknown");
}

static int take_share(void *ctx, const void *row)
{
	const struct cp_store_as_share *share = row;
	int64_t *sums = ctx;

	sums[0]++;
	sums[1] += share->paths;
	sums[2] += share->dests;
	return 0;
}

static void test_history(struct cp_store *store)
{
	struct cp_store_query query;
	int64_t sums[3] = {0}, none[3] = {0};

	cp_store_query_init(&query);
	check(cp_store_as_history(store, 3491, &query, take_share, sums) == 0 && sums[0] == 3 && sums[1] == 3,
	        "history of an AS");
	query.from_ms = T0 + 10 * DAY_MS;
	check(cp_store_as_history(store, 3491, &query, take_share, none) == 0 && none[0] == 0, "... of a time");
}

static int take_run(void *ctx, const void *row)
{
	*(int64_t *)ctx = ((const struct cp_store_run *)row)->run;
	return 0;
}

static int64_t which(struct cp_store *store, enum cp_store_which which, int64_t number, const char *agent)
{
	struct cp_store_query query;
	int64_t run = 0;
	int rc;

	cp_store_query_init(&query);
	query.agent = agent;
	rc = cp_store_find_run(store, which, number, &query, take_run, &run);
	return rc ? rc : run;
}

static void test_find(struct cp_store *store, const int64_t runs[3])
{
	check(which(store, CP_STORE_LATEST, 0, NULL) == T0 + 5 * DAY_MS, "the latest of all");
	check(which(store, CP_STORE_LATEST, 0, "a") == runs[2], "the latest of an agent");
	check(which(store, CP_STORE_PREVIOUS, 0, "a") == -ENOENT, "the one before: none of that audit");
	check(which(store, CP_STORE_AT, T0 + DAY_MS + 5, NULL) == runs[1], "the newest of then");
	check(which(store, CP_STORE_AT, T0 - 1, NULL) == -ENOENT, "none of before");
	check(which(store, CP_STORE_NUMBER, runs[0], NULL) == runs[0], "by number");
	check(which(store, CP_STORE_NUMBER, 12, NULL) == -ENOENT, "no such number");
}

static void test_changes(struct cp_store *store)
{
	struct cp_store_change change;
	struct cp_store_query query;
	struct found found;
	int rc = 0;

	cp_store_row_init(CP_STORE_CHANGES, &change);
	change.agent = "a";
	change.audit = "hourly";
	change.target = "www.example.org";
	change.kind = "verdict";
	change.old = "direct";
	change.state = "changed";
	for (int i = 0; i < 3; i++) {
		change.at_ms = T0 + i * DAY_MS;
		change.new = i == 2 ? "detour" : "transit";
		rc = rc ? rc : cp_store_add_change(store, &change);
	}
	check(rc == 0 && change.seq == 3, "changes are numbered");
	cp_store_query_init(&query);
	query.kind = "verdict";
	query.audit = "hourly";
	query.newest_first = true;
	query.limit = 2;
	found = find(store, CP_STORE_CHANGES, &query);
	check(found.n == 2 && found.total == 3 && strcmp(found.texts[0], "detour") == 0, "changes, newest first");
	cp_store_query_init(&query);
	query.from_ms = T0 + DAY_MS;
	query.text = "TRANS";
	check(find(store, CP_STORE_CHANGES, &query).n == 1, "changes since then, by text");
}

static void test_two(struct cp_store *store, const char *path)
{
	struct cp_store *other = NULL, *reader = NULL;
	struct cp_store_query query;
	struct cp_err err = {.text = ""};
	struct cp_store_warning warning = {.agent = "a", .seq = 0, .code = "c", .text = "t"};
	int64_t run;

	check(cp_store_open(path, CP_STORE_WRITE, &other, &err) == 0, "a second writer opens it");
	check(cp_store_open(path, CP_STORE_READ, &reader, &err) == 0, "and a reader");
	if (!other || !reader)
		return;
	run = begin(other, "a", "", T0);
	check(run == T0 + 1, "the same agent at the same time: one more");
	warning.run = run;
	check(cp_store_add(other, CP_STORE_WARNINGS, &warning) == 0, "a row waits for its batch");
	check(begin(other, "a", "", T0) == T0 + 2, "the next run begins all the same");
	cp_store_query_init(&query);
	query.run = run;
	check(cp_store_lost(other) == 0 && find(reader, CP_STORE_WARNINGS, &query).n == 1, "and the row is kept");
	cp_store_query_init(&query);
	check(find(reader, CP_STORE_RUNS, &query).n == find(store, CP_STORE_RUNS, &query).n, "all see the same");
	check(cp_store_add_change(reader, &(struct cp_store_change){.agent = "r"}) != 0, "a reader does not write");
	cp_store_close(reader);
	cp_store_close(other);
}

static void test_prune(struct cp_store *store, const int64_t runs[3])
{
	const struct cp_store_limits age = {.keep_ms = 2 * DAY_MS}, size = {.max_bytes = 1};
	struct cp_store_query query;
	struct cp_store_pruned pruned = {0};
	struct found found;

	cp_store_query_init(&query);
	check(cp_store_prune(store, &age, T0 + 5 * DAY_MS, &pruned) == 0 && pruned.n_runs == 5, "by age");
	found = find(store, CP_STORE_RUNS, &query);
	check(found.n == 1 && found.numbers[0] == T0 + 5 * DAY_MS, "the newest stays");
	check(find(store, CP_STORE_CHANGES, &query).n == 0, "old changes go, too");
	query.run = runs[0];
	check(find(store, CP_STORE_HOPS, &query).n == 0 && find(store, CP_STORE_TARGETS, &query).n == 0,
	        "nothing of a run is left");
	check(cp_store_prune(store, &size, T0 + 5 * DAY_MS, &pruned) == 0 && pruned.n_runs == 0,
	        "by size: never the newest");
}

/* A process that opens the file and closes it again is not the last one while this one has it open. */
static void test_locks(const char *path)
{
	struct cp_store *again = NULL;
	struct cp_err err;
	char log[512];
	int status = -1;
	pid_t child;

	snprintf(log, sizeof(log), "%s-wal", path);
	check(cp_store_open(path, CP_STORE_READ, &again, &err) == 0, "the file is opened once more");
	cp_store_close(again);
	fflush(stdout);
	child = fork();
	if (child == 0) { /* as a program of its own: SQLite does not outlive fork() */
		execl("/proc/self/exe", "store_test", path, "again", NULL);
		_exit(1);
	}
	check(child > 0 && waitpid(child, &status, 0) == child && status == 0,
	        "another process opens it, and closes it");
	check(access(log, F_OK) == 0, "F54: it leaves the log to those who still have the file open");
}

int main(int argc, char **argv)
{
	struct cp_store *store = NULL;
	struct cp_err err = {.text = ""};
	int64_t runs[3];

	if (argc == 3 && strcmp(argv[2], "again") == 0) {
		int rc = cp_store_open(argv[1], CP_STORE_WRITE, &store, &err);

		cp_store_close(store);
		return rc != 0;
	}
	if (argc != 2 || cp_store_open(argv[1], CP_STORE_WRITE, &store, &err)) {
		fprintf(stderr, "store_test: %s\n", err.text[0] ? err.text : "usage: store_test FILE");
		return 2;
	}
	runs[0] = begin(store, "a", "", T0);
	fill(store, "a", runs[0], "www.example.org", "direct");
	runs[1] = begin(store, "a", "", T0 + DAY_MS);
	fill(store, "a", runs[1], "www.example.org", "transit");
	runs[2] = begin(store, "a", "hourly", T0 + 2 * DAY_MS);
	fill(store, "a", runs[2], "api.example.net", "inside");
	test_queries(store, runs);
	begin(store, "b", "", T0 + 5 * DAY_MS);
	test_history(store);
	test_find(store, runs);
	test_changes(store);
	test_two(store, argv[1]);
	test_locks(argv[1]);
	test_prune(store, runs);
	cp_store_close(store);
	return n_failed > 0;
}
