// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_import.c: how fast records of a run are read back, and judged anew, on
 * one core. The file is one that bench_report or an audit wrote as NDJSON.
 *
 * usage: bench_import FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/builtin.h"
#include "import/json_formats.h"
#include "import/run.h"

#define PASSES 3 /* the best of them counts: the others' work disturbs it least */

static double clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* not what others take */
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void give_up(const char *what)
{
	fprintf(stderr, "bench_import: %s\n", what);
	exit(1);
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	char *text;
	long len = -1;

	if (file && fseek(file, 0, SEEK_END) == 0)
		len = ftell(file);
	if (len <= 0 || fseek(file, 0, SEEK_SET))
		give_up("the file cannot be read");
	text = malloc((size_t)len);
	if (!text || fread(text, 1, (size_t)len, file) != (size_t)len)
		give_up("the file cannot be read");
	fclose(file);
	*ret_len = (size_t)len;
	return text;
}

struct count {
	size_t n_paths, n_hops;
};

static int count_path(void *ctx, size_t line, const struct cp_run_path *path)
{
	struct count *count = ctx;

	(void)line;
	count->n_paths++;
	count->n_hops += path->n_hops;
	return 0;
}

/* All that is said of every path. */
static double read_run(const char *text, size_t len, struct count *ret_count)
{
	struct count count = {0};
	const struct cp_run_sink sink = {.path = count_path, .ctx = &count};
	struct cp_run_counts counts;
	struct cp_words *words;
	double start_s = clock_s();

	if (cp_words_new(&words) || cp_run_read(text, len, words, &sink, &counts) || counts.n_bad)
		give_up("the records cannot be read");
	cp_words_free(words);
	*ret_count = count;
	return clock_s() - start_s;
}

/* ---- Judged anew, with the built-in AS data ---- */

struct judge {
	struct cp_asdb *asdb;
	struct cp_home home;
	size_t n;
	struct cp_judgement judgement;
};

static void open_asdb(struct judge *judge)
{
	struct cp_err err;
	size_t n_names, n_rows;
	const char *names = cp_builtin("asns.csv", &n_names), *rows = cp_builtin("microsoft-ranges.csv", &n_rows);

	if (cp_asdb_new(&judge->asdb) || cp_asdb_add_names(judge->asdb, names, n_names, "names", &err) ||
	        cp_asdb_add_rows(judge->asdb, CP_ASDB_BUILTIN, rows, n_rows, "rows", &err) ||
	        cp_asdb_seal(judge->asdb) || cp_home_parse(judge->asdb, "microsoft", &judge->home, &err))
		give_up("the AS data cannot be read");
}

static int judge_trace(void *ctx, const struct cp_trace *trace)
{
	struct judge *judge = ctx;
	const struct cp_verdict_input input = {
	        .path = &trace->path,
	        .dest = &trace->dest,
	        .vantage = {.asn = 8075},
	        .home = &judge->home,
	        .asdb = judge->asdb,
	};

	cp_judge(&input, &judge->judgement);
	judge->n++;
	return 0;
}

static void no_bad(void *ctx, size_t line, const char *why)
{
	(void)ctx;
	(void)line;
	give_up(why);
}

static double judge_run(const char *text, size_t len, struct judge *judge)
{
	const struct cp_import_sink sink = {.trace = judge_trace, .bad = no_bad, .ctx = judge};
	double start_s = clock_s();
	struct cp_err err;

	judge->n = 0;
	if (cp_import_ndjson.read(text, len, "the file", &sink, &err))
		give_up(err.text);
	return clock_s() - start_s;
}

static double best(double a, double b)
{
	return a < b ? a : b;
}

int main(int argc, char **argv)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	double s = 1e9, judged_s = 1e9;
	struct count count;
	size_t len;
	char *text;

	if (argc != 2 || !judge)
		give_up("usage: bench_import FILE");
	open_asdb(judge);
	text = read_file(argv[1], &len);
	for (int i = 0; i < PASSES; i++) {
		s = best(s, read_run(text, len, &count));
		judged_s = best(judged_s, judge_run(text, len, judge));
	}
	free(text);
	printf("run        %8.0f traces/s, %4.0f MB/s: %zu paths of %.1f hops in %.3f s of CPU\n",
	        (double)count.n_paths / s, (double)len / s / 1e6, count.n_paths,
	        (double)count.n_hops / (double)count.n_paths, s);
	printf("judged     %8.0f traces/s, %4.0f MB/s: read, and judged anew, in %.3f s of CPU\n",
	        (double)judge->n / judged_s, (double)len / judged_s / 1e6, judged_s);
	cp_home_free(&judge->home);
	cp_asdb_free(judge->asdb);
	free(judge);
	return 0;
}
