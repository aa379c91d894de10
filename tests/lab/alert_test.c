// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert_test.c: alert.h from a shell. Each line of standard input is a message
 * as it stands, or with event=1 a target's name, of which an event is made.
 *
 * Usage: alert_test [url=URL] [spool=DIR] [messages=N] [bytes=N] [timeout=MS]
 *        [min=MS] [max=MS] [age=S] [secret=FILE] [ca=FILE] [header=TEXT]
 *        [limit=MS] [waiting=N] [event=1] [for=MS] [late=MS] [repeat=MS]
 *        [bodies=N] [-- COMMAND ARGS...]
 * Runs until nothing waits, or for so long; all the time with repeat=, a round
 * of so many bodies as often. Messages are sent at once, or late. Prints log
 * lines, and the counts with the longest tick in milliseconds.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/change.h"
#include "format/change.h"
#include "io/alert.h"

struct text {
	char buf[65536];
	size_t len;
};

static void print_line(void *ctx, const char *line)
{
	(void)ctx;
	printf("log: %s\n", line);
}

static int take(void *ctx, const char *data, size_t len)
{
	struct text *text = ctx;

	if (text->len + len > sizeof(text->buf))
		return -1;
	memcpy(text->buf + text->len, data, len);
	text->len += len;
	return 0;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void send_event(struct cp_alert *alert, const char *name)
{
	static struct text body, input;
	struct cp_change_event event = {.kind = CP_CHANGE_VERDICT,
	        .severity = CP_SEVERITY_CRITICAL,
	        .seq = 1,
	        .target = name,
	        .group = name,
	        .port = 443,
	        .proto = IPPROTO_TCP,
	        .old_text = "inside",
	        .new_text = "transit"};
	struct cp_change_origin origin = {.agent = "lab"};
	struct cp_sink body_sink = {.write = take, .ctx = &body}, input_sink = {.write = take, .ctx = &input};

	body.len = input.len = 0;
	if (cp_change_write_alertmanager(&body_sink, &event, &origin) < 0 ||
	        cp_change_write_ndjson(&input_sink, &event, &origin) < 0 ||
	        cp_alert_send(alert, body.buf, body.len, input.buf, input.len) < 0)
		printf("not taken\n");
}

static unsigned long number(const char *arg)
{
	return strtoul(strchr(arg, '=') + 1, NULL, 10);
}

struct lab {
	struct cp_alert_config config;
	const char *headers[2];
	int is_event;
	double for_ms, late_ms, repeat_ms, next_ms;
	unsigned n_bodies, n_rounds;
};

static int parse(struct lab *lab, const char *arg)
{
	struct cp_alert_config *config = &lab->config;
	const char *value = strchr(arg, '=');

	if (!value)
		return -1;
	value++;
	if (strncmp(arg, "url=", 4) == 0)
		config->url = value;
	else if (strncmp(arg, "spool=", 6) == 0)
		config->spool_dir = value;
	else if (strncmp(arg, "messages=", 9) == 0)
		config->spool_max_messages = (uint32_t)number(arg);
	else if (strncmp(arg, "bytes=", 6) == 0)
		config->spool_max_bytes = number(arg);
	else if (strncmp(arg, "timeout=", 8) == 0)
		config->timeout_ms = (uint32_t)number(arg);
	else if (strncmp(arg, "min=", 4) == 0)
		config->retry_min_ms = (uint32_t)number(arg);
	else if (strncmp(arg, "max=", 4) == 0)
		config->retry_max_ms = (uint32_t)number(arg);
	else if (strncmp(arg, "age=", 4) == 0)
		config->max_age_s = (uint32_t)number(arg);
	else if (strncmp(arg, "ca=", 3) == 0)
		config->ca_file = value;
	else if (strncmp(arg, "header=", 7) == 0)
		lab->headers[0] = value;
	else if (strncmp(arg, "limit=", 6) == 0)
		config->command_timeout_ms = (uint32_t)number(arg);
	else if (strncmp(arg, "waiting=", 8) == 0)
		config->command_max_waiting = (uint32_t)number(arg);
	else if (strncmp(arg, "event=", 6) == 0)
		lab->is_event = 1;
	else if (strncmp(arg, "for=", 4) == 0)
		lab->for_ms = (double)number(arg);
	else if (strncmp(arg, "late=", 5) == 0)
		lab->late_ms = (double)number(arg);
	else if (strncmp(arg, "repeat=", 7) == 0)
		lab->repeat_ms = (double)number(arg);
	else if (strncmp(arg, "bodies=", 7) == 0)
		lab->n_bodies = (unsigned)number(arg);
	else if (strncmp(arg, "secret=", 7) == 0) {
		config->secret_file = value;
		config->secret_header = "Authorization";
		config->secret_prefix = "Bearer ";
	} else
		return -1;
	return 0;
}

static void send_all(struct cp_alert *alert, const struct lab *lab)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (lab->is_event)
			send_event(alert, line);
		else if (cp_alert_send(alert, line, strlen(line), line, strlen(line)) < 0)
			printf("not taken\n");
	}
}

/* "again 2.0", "again 2.1": of the second round. */
static void repeat(struct cp_alert *alert, struct lab *lab)
{
	static char texts[16][32];
	struct cp_alert_body bodies[16];

	if (lab->repeat_ms <= 0 || now_ms() < lab->next_ms || !cp_alert_is_idle(alert))
		return;
	lab->next_ms = now_ms() + lab->repeat_ms;
	lab->n_rounds++;
	for (unsigned i = 0; i < lab->n_bodies && i < 16; i++) {
		snprintf(texts[i], sizeof(texts[i]), "again %u.%u", lab->n_rounds, i);
		bodies[i] = (struct cp_alert_body){.text = texts[i], .len = strlen(texts[i])};
	}
	if (cp_alert_repeat(alert, bodies, lab->n_bodies < 16 ? lab->n_bodies : 16) < 0)
		printf("not repeated\n");
}

static void run(struct cp_alert *alert, struct lab *lab)
{
	double start = now_ms(), longest = 0;
	struct cp_alert_stats stats;
	int is_sent = 0;

	do {
		double before, took;

		if (!is_sent && now_ms() - start >= lab->late_ms) {
			send_all(alert, lab);
			is_sent = 1;
		}
		repeat(alert, lab);
		before = now_ms();
		cp_alert_tick(alert);
		took = now_ms() - before;
		longest = took > longest ? took : longest;
		cp_alert_wait(alert, 5);
		cp_alert_stats(alert, &stats);
	} while ((stats.n_waiting || stats.n_repeating || lab->repeat_ms > 0 || !is_sent) &&
	         now_ms() - start < lab->for_ms);
	printf("delivered %llu retries %llu refused %llu dropped %llu unspooled %llu commands %llu failed %llu killed "
	       "%llu "
	       "commands-dropped %llu repeated %llu repeats-failed %llu rounds %u waiting %u longest %.0f\n",
	        (unsigned long long)stats.n_delivered, (unsigned long long)stats.n_retries,
	        (unsigned long long)stats.n_refused, (unsigned long long)stats.n_dropped,
	        (unsigned long long)stats.n_unspooled, (unsigned long long)stats.n_commands,
	        (unsigned long long)stats.n_commands_failed, (unsigned long long)stats.n_commands_killed,
	        (unsigned long long)stats.n_commands_dropped, (unsigned long long)stats.n_repeated,
	        (unsigned long long)stats.n_repeats_failed, lab->n_rounds, stats.n_waiting + stats.n_repeating,
	        longest);
}

int main(int argc, char **argv)
{
	struct lab lab = {.config = {.log = print_line, .seed = 1}, .for_ms = 10000, .n_bodies = 1};
	struct cp_err err = {{0}};
	struct cp_alert *alert;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			lab.config.command = (const char *const *)&argv[i + 1];
			break;
		}
		if (parse(&lab, argv[i]) < 0) {
			fprintf(stderr, "alert_test: %s?\n", argv[i]);
			return 2;
		}
	}
	if (lab.headers[0])
		lab.config.headers = lab.headers;
	if (cp_alert_open(&lab.config, &alert, &err) < 0) {
		printf("refused: %s\n", err.text);
		return 1;
	}
	run(alert, &lab);
	cp_alert_close(alert);
	return 0;
}
