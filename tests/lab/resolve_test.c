// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * resolve_test.c: shows what resolve.h says of the names on its standard input,
 * one "name status addresses chain" line each, in the order asked, and what
 * cp_resolve_all() returned. Decides nothing.
 *
 *   resolve_test SERVER|- 4|6|46 [window N] [timeout MS] [tries N] [stop MS] [until MS]
 *   resolve_test SERVER|- ptr [...]      addresses on its standard input, names in the chain
 *   resolve_test describe SERVER|- [SIZE]
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "io/resolve.h"

struct results {
	struct cp_answer *answers;
	unsigned int *n_calls;
};

static atomic_bool stop;

static void on_alarm(int signum)
{
	(void)signum;
	atomic_store(&stop, true);
}

static void on_answer(void *ctx, size_t index, struct cp_answer *answer)
{
	struct results *results = ctx;

	if (results->n_calls[index]++)
		cp_answer_free(answer);
	else
		results->answers[index] = *answer;
}

static char **read_names(size_t *ret_n)
{
	char **names = NULL, *line = NULL;
	size_t n = 0, size = 0;

	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if ((n & (n + 1)) == 0)
			names = reallocarray(names, (n + 1) * 2, sizeof(*names));
		names[n++] = strdup(line);
	}
	free(line);
	*ret_n = n;
	return names;
}

static void show(const char *name, const struct cp_answer *answer)
{
	char text[CP_ADDR_STRLEN];

	printf("%s %s ", name, cp_dns_status_name(answer->status));
	for (size_t i = 0; i < answer->n_addrs; i++)
		printf("%s%s", i ? "," : "", cp_addr_format(&answer->addrs[i], text));
	printf("%s ", answer->n_addrs ? "" : "-");
	for (size_t i = 0; i < answer->n_cname; i++)
		printf("%s%s", i ? ">" : "", answer->cname[i]);
	printf("%s\n", answer->n_cname ? "" : "-");
}

static int ask_all(const struct cp_resolve_config *config, bool is_ptr, char **names, size_t n, struct results *results,
        struct cp_err *err)
{
	struct cp_addr *addrs;
	int rc;

	if (!is_ptr)
		return cp_resolve_all(config, (const char *const *)names, n, on_answer, results, err);
	addrs = calloc(n + 1, sizeof(*addrs));
	for (size_t i = 0; i < n; i++)
		if (cp_addr_parse(names[i], &addrs[i]) < 0)
			exit(2);
	rc = cp_resolve_ptrs(config, addrs, n, on_answer, results, err);
	free(addrs);
	return rc;
}

static int run(const struct cp_resolve_config *config, bool is_ptr)
{
	struct cp_err err = {""};
	struct results results;
	size_t n;
	char **names = read_names(&n);

	results.answers = calloc(n + 1, sizeof(*results.answers));
	results.n_calls = calloc(n + 1, sizeof(*results.n_calls));

	int rc = ask_all(config, is_ptr, names, n, &results, &err);

	for (size_t i = 0; i < n; i++) {
		if (results.n_calls[i] == 1)
			show(names[i], &results.answers[i]);
		else
			printf("%s called %u times\n", names[i], results.n_calls[i]);
		cp_answer_free(&results.answers[i]);
		free(names[i]);
	}
	printf("rc %s%s%s\n", rc ? strerrorname_np(-rc) : "0", rc ? " " : "", rc ? err.text : "");
	free(names);
	free(results.answers);
	free(results.n_calls);
	return 0;
}

static int describe(const struct cp_resolve_config *config, size_t size)
{
	char buf[512] = "untouched";
	int rc = cp_resolve_describe(config, buf, size < sizeof(buf) ? size : sizeof(buf));

	printf("%s %s\n", rc ? strerrorname_np(-rc) : "0", buf);
	return 0;
}

int main(int argc, char **argv)
{
	bool is_describe = argc > 2 && strcmp(argv[1], "describe") == 0;

	if (argc < 3)
		return 2;

	const char *server = argv[1 + is_describe];
	struct cp_resolve_config config = {
	        .server = strcmp(server, "-") ? server : NULL,
	        .want_v4 = strchr(argv[2], '4') != NULL,
	        .want_v6 = strchr(argv[2], '6') != NULL,
	        .stop = &stop,
	};

	if (is_describe)
		return describe(&config, argc > 3 ? (size_t)atoi(argv[3]) : SIZE_MAX);
	for (int i = 3; i + 1 < argc; i += 2) {
		unsigned int value = (unsigned int)atoi(argv[i + 1]);

		if (strcmp(argv[i], "window") == 0)
			config.window = value;
		else if (strcmp(argv[i], "timeout") == 0)
			config.timeout_ms = value;
		else if (strcmp(argv[i], "tries") == 0)
			config.tries = value;
		else if (strcmp(argv[i], "until") == 0) {
			struct timespec now;

			clock_gettime(CLOCK_MONOTONIC, &now);
			config.until_ns =
			        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + value * 1000000ull;
		} else if (strcmp(argv[i], "stop") == 0) {
			const struct itimerval timer = {.it_value = {value / 1000, (value % 1000) * 1000}};

			signal(SIGALRM, on_alarm);
			setitimer(ITIMER_REAL, &timer, NULL);
		}
	}
	return run(&config, strcmp(argv[2], "ptr") == 0);
}
