// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_alert.c: who is told of a change: the log, standard output (-o ndjson),
 * the store, and, unless it is muted, the webhook and the command.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/alert.h"
#include "io/store.h"
#include "watch.h"

#define LAST_WAIT_NS 2000000000ull
#define SLICE_MS 50u
#define BODY_BYTES (256u << 10) /* a body with what lasts is full; one alert more fits anyway */

struct cp_watch_alarm {
	struct cp_alert *alert; /* NULL: nobody to tell */
	char *store; /* path; NULL: none */
	bool to_stdout, has_webhook, has_command;
	uint64_t repeat_ns, next_repeat_ns; /* repeat_ns 0: nothing is told again */
};

static void log_line(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "coldpotato: alert: %s\n", line);
}

static int open_alert(const struct cp_watch_plan *plan, struct cp_alert **ret_alert, struct cp_err *err)
{
	const struct cp_watch_alerts *alerts = &plan->conf.alerts;
	struct cp_alert_config config = {
	        .url = alerts->webhook,
	        .secret_header = alerts->secret_header,
	        .secret_prefix = alerts->secret_prefix,
	        .secret_file = alerts->secret_file,
	        .ca_file = alerts->ca_file,
	        .spool_dir = alerts->spool,
	        .command = alerts->command,
	        .log = log_line,
	};
	struct cp_err why;
	int rc;

	if (!alerts->webhook && !alerts->command)
		return 0;
	rc = cp_host_random(&config.seed, sizeof(config.seed));
	if (rc)
		return cp_err_set(err, rc, "no random bytes: %s", strerror(-rc));
	rc = cp_alert_open(&config, ret_alert, &why);
	if (rc)
		cp_watch_conf_refuse(&plan->conf, err, "alerts", NULL, why.text);
	return rc;
}

int cp_watch_alarm_new(const struct cp_watch_plan *plan, struct cp_watch_alarm **ret_alarm, struct cp_err *err)
{
	const struct cp_opts *opts = &plan->items[0].opts;
	struct cp_watch_alarm *alarm = calloc(1, sizeof(*alarm));
	int rc;

	if (alarm && opts->store)
		alarm->store = strdup(opts->store);
	if (!alarm || (opts->store && !alarm->store)) {
		cp_watch_alarm_free(alarm);
		return cp_err_set(err, -ENOMEM, "out of memory");
	}
	alarm->to_stdout = opts->n_outputs > 0;
	alarm->has_webhook = plan->conf.alerts.webhook;
	alarm->has_command = plan->conf.alerts.command;
	alarm->repeat_ns = plan->conf.alerts.webhook ? plan->conf.alerts.repeat_ms * 1000000ull : 0;
	rc = open_alert(plan, &alarm->alert, err);
	if (rc) {
		cp_watch_alarm_free(alarm);
		return rc;
	}
	*ret_alarm = alarm;
	return 0;
}

bool cp_watch_alarm_waits(const struct cp_watch_alarm *alarm)
{
	struct cp_alert_stats stats = {0};

	if (alarm && alarm->alert)
		cp_alert_stats(alarm->alert, &stats);
	return stats.n_waiting || stats.n_repeating;
}

/* What lasts may be told by whoever comes next. */
static bool is_owed(const struct cp_watch_alarm *alarm)
{
	struct cp_alert_stats stats = {0};

	if (alarm->alert)
		cp_alert_stats(alarm->alert, &stats);
	return stats.n_waiting > 0;
}

void cp_watch_alarm_count(const struct cp_watch_alarm *alarm, struct cp_serve_counts *counts)
{
	struct cp_alert_stats stats = {0};

	if (alarm && alarm->alert)
		cp_alert_stats(alarm->alert, &stats);
	counts->has_webhook = alarm && alarm->has_webhook;
	counts->has_command = alarm && alarm->has_command;
	counts->n_delivered = stats.n_delivered;
	counts->n_retries = stats.n_retries;
	counts->n_refused = stats.n_refused;
	counts->n_dropped = stats.n_dropped;
	counts->n_unspooled = stats.n_unspooled;
	counts->n_repeated = stats.n_repeated;
	counts->n_repeats_failed = stats.n_repeats_failed;
	counts->n_spooled = stats.n_spooled;
	counts->bytes_spooled = stats.bytes_waiting;
	counts->n_commands = stats.n_commands;
	counts->n_commands_failed = stats.n_commands_failed;
	counts->n_commands_killed = stats.n_commands_killed;
	counts->n_commands_dropped = stats.n_commands_dropped;
}

/* ---- a change as text ---- */

struct text {
	char *bytes;
	size_t len;
};

static int append(void *ctx, const char *data, size_t len)
{
	struct text *text = ctx;
	char *more = realloc(text->bytes, text->len + len + 1);

	if (!more)
		return -ENOMEM;
	memcpy(more + text->len, data, len);
	text->bytes = more;
	text->len += len;
	more[text->len] = '\0';
	return 0;
}

typedef int (*change_writer)(
        const struct cp_sink *sink, const struct cp_change_event *event, const struct cp_change_origin *origin);

/* 0 or -ENOMEM; free() its bytes in either case. */
static int render(change_writer write, const struct cp_change_event *event, const struct cp_change_origin *origin,
        struct text *text)
{
	const struct cp_sink sink = {.write = append, .ctx = text};

	return write(&sink, event, origin);
}

/* ---- telling ---- */

static int store_change(const char *path, const struct cp_change_event *event, const struct cp_change_origin *origin,
        struct cp_err *err)
{
	struct cp_store_change row;
	struct cp_store *store;
	int rc = cp_store_open(path, CP_STORE_WRITE, &store, err);

	if (rc)
		return rc;
	cp_store_row_init(CP_STORE_CHANGES, &row);
	row.agent = origin->agent;
	row.audit = origin->audit;
	row.at_ms = (int64_t)event->at_ms;
	row.run = (int64_t)event->run;
	row.target = event->target;
	if (event->port)
		row.port = event->port;
	row.protocol = event->proto ? cp_proto_name(event->proto) : NULL;
	row.group = event->group;
	row.kind = cp_change_kind_name(event->kind);
	row.old = event->old_text;
	row.new = event->new_text;
	row.first_seen_ms = (int64_t)event->first_seen_ms;
	row.last_seen_ms = (int64_t)event->last_seen_ms;
	row.severity = cp_change_severity_name(event->severity);
	row.muted = event->muted;
	row.state = cp_change_state_name(event->state);
	rc = cp_store_add_change(store, &row);
	if (rc)
		cp_err_set(err, rc, "%s: a change is not stored: %s", path, cp_store_error(store));
	cp_store_close(store);
	return rc;
}

static int send_alert(
        struct cp_alert *alert, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	struct text body = {0}, input = {0};
	int rc = render(cp_change_write_alertmanager, event, origin, &body);

	rc = rc ? rc : render(cp_change_write_ndjson, event, origin, &input);
	rc = rc ? rc : cp_alert_send(alert, body.bytes, body.len, input.bytes, input.len);
	free(body.bytes);
	free(input.bytes);
	return rc;
}

static int print(change_writer write, FILE *out, const char *prefix, const struct cp_change_event *event,
        const struct cp_change_origin *origin)
{
	struct text text = {0};
	int rc = render(write, event, origin, &text);

	if (rc == 0) {
		fprintf(out, "%s%s", prefix, text.bytes);
		if (text.len && text.bytes[text.len - 1] != '\n')
			fputc('\n', out);
		fflush(out);
	}
	free(text.bytes);
	return rc;
}

void cp_watch_alarm_tell(void *ctx, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	struct cp_watch_alarm *alarm = ctx;
	struct cp_err err;
	int rc = print(cp_change_write_line, stderr, "coldpotato: change: ", event, origin);

	if (rc == 0 && alarm->to_stdout)
		rc = print(cp_change_write_ndjson, stdout, "", event, origin);
	if (rc == 0 && alarm->alert && !event->muted)
		rc = send_alert(alarm->alert, event, origin);
	if (rc)
		fprintf(stderr, "coldpotato: warning: %s: a change is not told: %s\n", origin->audit, strerror(-rc));
	if (alarm->store && store_change(alarm->store, event, origin, &err))
		fprintf(stderr, "coldpotato: warning: %s: %s\n", origin->audit, err.text);
}

/* ---- what lasts, again ---- */

/* A round of bodies being made. */
struct round {
	struct cp_alert_body *bodies;
	size_t n;
	struct cp_change_alerts alerts; /* of the one being made */
	struct text text; /* likewise */
	struct cp_sink sink;
	bool is_open; /* one is being made */
	int rc; /* first error */
};

static void end_body(struct round *round)
{
	struct cp_alert_body *more;
	int rc;

	if (!round->is_open)
		return;
	round->is_open = false;
	rc = cp_change_alerts_end(&round->alerts);
	more = rc ? NULL : reallocarray(round->bodies, round->n + 1, sizeof(*more));
	if (!more) {
		round->rc = rc ? rc : -ENOMEM;
		free(round->text.bytes);
	} else {
		round->bodies = more;
		more[round->n++] = (struct cp_alert_body){.text = round->text.bytes, .len = round->text.len};
	}
	round->text = (struct text){.len = 0};
}

static void add_alert(void *ctx, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	struct round *round = ctx;

	if (round->rc)
		return;
	if (!round->is_open)
		cp_change_alerts_begin(&round->alerts, &round->sink);
	round->is_open = true;
	if (cp_change_alerts_add(&round->alerts, event, origin) >= BODY_BYTES)
		end_body(round);
}

static void repeat(struct cp_watch_alarm *alarm, const struct cp_watch_changes *changes)
{
	struct round round = {.sink = {.write = append}};
	int rc;

	round.sink.ctx = &round.text;
	cp_watch_changes_active(changes, add_alert, &round);
	end_body(&round);
	rc = round.rc ? round.rc : cp_alert_repeat(alarm->alert, round.bodies, round.n);
	if (rc)
		fprintf(stderr, "coldpotato: warning: what lasts is not told again: %s\n", strerror(-rc));
	for (size_t i = 0; i < round.n; i++)
		free((char *)round.bodies[i].text);
	free(round.bodies);
}

/* Not on a grid: after a webhook was dead what lasts is told at once, and then as often as before. */
void cp_watch_alarm_tick(struct cp_watch_alarm *alarm, const struct cp_watch_changes *changes)
{
	uint64_t now_ns = cp_host_clock_mono_ns();

	if (!alarm || !alarm->alert)
		return;
	if (changes && alarm->repeat_ns && now_ns >= alarm->next_repeat_ns && cp_alert_is_idle(alarm->alert)) {
		alarm->next_repeat_ns = now_ns + alarm->repeat_ns;
		repeat(alarm, changes);
	}
	if (cp_watch_alarm_waits(alarm))
		cp_alert_tick(alarm->alert);
}

static void wait_while(const struct cp_watch_alarm *alarm, bool (*is_busy)(const struct cp_watch_alarm *alarm))
{
	uint64_t until_ns = cp_host_clock_mono_ns() + LAST_WAIT_NS;

	while (is_busy(alarm) && cp_host_clock_mono_ns() < until_ns && cp_signals_seen(NULL) < 2)
		cp_alert_wait(alarm->alert, SLICE_MS);
}

void cp_watch_alarm_round(struct cp_watch_alarm *alarm, const struct cp_watch_changes *changes)
{
	if (!alarm || !alarm->alert || !alarm->repeat_ns)
		return;
	wait_while(alarm, is_owed);
	if (!cp_alert_is_idle(alarm->alert))
		return;
	repeat(alarm, changes);
	wait_while(alarm, cp_watch_alarm_waits);
}

void cp_watch_alarm_free(struct cp_watch_alarm *alarm)
{
	if (!alarm)
		return;
	wait_while(alarm, is_owed);
	cp_alert_close(alarm->alert);
	free(alarm->store);
	free(alarm);
}
