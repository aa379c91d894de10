// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * change.c: writes a change event. As a record it is an interface
 * (docs/records.md); as an alert it has Alertmanager's own fields (its API's
 * postableAlert), and labels that are the same when the change ends, so that
 * the alert ends, too. Names are hostile: the writers below escape them.
 */
#include "change.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/target.h"
#include "json.h"
#include "ndjson_part.h"
#include "phrase.h"
#include "record.h"
#include "text.h"

#define TIME_MAX 96 /* more than any struct tm can say */
#define LAST_S INT64_C(253402300799) /* of the year 9999; RFC 3339 knows no later one */

/* Unix milliseconds as RFC 3339 in UTC. */
static const char *say_time(uint64_t ms, char buf[TIME_MAX])
{
	time_t s = ms / 1000 < LAST_S ? (time_t)(ms / 1000) : LAST_S;
	struct tm tm = {0};

	gmtime_r(&s, &tm);
	snprintf(buf, TIME_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	        tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(ms % 1000));
	return buf;
}

static void write_target(struct cp_json *json, const struct cp_change_event *event)
{
	if (!event->target) {
		cp_json_null(json, "target");
		return;
	}
	cp_json_object(json, "target");
	cp_json_string(json, "name", event->target);
	cp_json_uint_if(json, "port", event->port, event->port != 0);
	cp_json_string(json, "protocol", event->proto ? cp_proto_name(event->proto) : NULL);
	cp_json_string(json, "group", event->group);
	cp_json_object_end(json);
}

int cp_change_write_ndjson(
        const struct cp_sink *sink, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	struct cp_json json;
	int rc;

	cp_json_init(&json, sink);
	cp_ndjson_begin(&json, "change");
	cp_json_string(&json, "agent", origin->agent);
	cp_json_string(&json, "audit", origin->audit);
	cp_json_uint(&json, "seq", event->seq);
	cp_json_uint(&json, "run", event->run);
	cp_json_uint(&json, "at_ms", event->at_ms);
	write_target(&json, event);
	cp_json_string(&json, "group", event->group);
	cp_json_string(&json, "kind", cp_change_kind_name(event->kind));
	cp_json_string(&json, "state", cp_change_state_name(event->state));
	cp_json_bool(&json, "recovered", event->state == CP_CHANGE_RECOVERED);
	cp_json_string(&json, "severity", cp_change_severity_name(event->severity));
	cp_json_string(&json, "old", event->old_text);
	cp_json_string(&json, "new", event->new_text);
	cp_json_uint(&json, "first_seen_ms", event->first_seen_ms);
	cp_json_uint(&json, "last_seen_ms", event->last_seen_ms);
	cp_json_bool(&json, "muted", event->muted);
	cp_json_object_end(&json);
	rc = cp_json_line(&json);
	cp_json_free(&json);
	return rc;
}

/* ---- A line ---- */

/* "login.example:443/tcp", "group core", "the run". */
static void say_subject(const struct cp_change_event *event, char *buf, size_t size)
{
	const char *proto = event->proto ? cp_proto_name(event->proto) : NULL;
	bool is_v6 = event->target && strchr(event->target, ':');

	if (!event->target)
		snprintf(buf, size, "%s%s", event->group ? "group " : "the run", event->group ? event->group : "");
	else if (event->port)
		snprintf(buf, size, "%s%s%s:%u%s%s", is_v6 ? "[" : "", event->target, is_v6 ? "]" : "", event->port,
		        proto ? "/" : "", proto ? proto : "");
	else
		snprintf(buf, size, "%s%s%s", event->target, proto ? "/" : "", proto ? proto : "");
}

#define SIDE_MAX 2200

/* One side of an event: exit ASes as "AS3491 PCCW Global, AS13335 Cloudflare". Of another kind, or names NULL: as it
 * is. */
static const char *say_side(
        const struct cp_change_event *event, const char *side, const struct cp_asdb *names, char buf[SIDE_MAX])
{
	char word[64], name[128];
	size_t len = 0, n;

	if (!names || (event->kind != CP_CHANGE_EXIT_NEW && event->kind != CP_CHANGE_EXIT_GONE))
		return side;
	for (buf[0] = '\0'; *side && len < SIDE_MAX; side += n + strspn(side + n, " ")) {
		const struct cp_as *as = NULL;
		uint32_t asn = 0;

		n = strcspn(side, " ");
		snprintf(word, sizeof(word), "%.*s", (int)n, side);
		if (cp_asdb_parse_asn(word, &asn) == 0)
			as = cp_asdb_as(names, asn);
		cp_phrase_name(as ? as->name : NULL, name, sizeof(name));
		len += (size_t)snprintf(buf + len, SIDE_MAX - len, "%s%s%s%s%s", len ? ", " : "", asn ? "AS" : "", word,
		        name[0] ? " " : "", name);
	}
	return buf;
}

/* "verdict: inside -> transit", "verdict recovered: transit -> inside". */
static void say_change(const struct cp_change_event *event, const struct cp_asdb *names, char *buf, size_t size)
{
	bool is_over = event->state != CP_CHANGE_CHANGED;
	char before[SIDE_MAX], after[SIDE_MAX];

	int n = snprintf(buf, size, "%s%s%s", cp_change_kind_name(event->kind), is_over ? " " : "",
	        is_over ? cp_change_state_name(event->state) : "");

	if (event->old_text && n > 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, ": %s -> %s", say_side(event, event->old_text, names, before),
		        say_side(event, event->new_text, names, after));
}

#define LINE_WIDTH 65535 /* a line is not broken */

int cp_change_write_line(
        const struct cp_sink *sink, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	char subject[1200], change[4400];
	struct cp_text text;

	say_subject(event, subject, sizeof(subject));
	say_change(event, origin->names, change, sizeof(change));
	cp_text_init(&text, sink, LINE_WIDTH, false);
	if (origin->audit) {
		cp_text_put(&text, origin->audit);
		cp_text_put(&text, ": ");
	}
	cp_text_put(&text, cp_change_severity_name(event->severity));
	cp_text_put(&text, ": ");
	cp_text_put(&text, subject);
	cp_text_put(&text, " ");
	cp_text_put(&text, change);
	if (event->muted)
		cp_text_put(&text, " (muted)");
	cp_text_newline(&text);
	return cp_text_flush(&text);
}

/* ---- Alertmanager ---- */

/* Labels without a value are none to Alertmanager. */
static void label(struct cp_json *json, const char *key, const char *value)
{
	if (value && value[0])
		cp_json_string(json, key, value);
}

static void write_labels(
        struct cp_json *json, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	char port[8];

	snprintf(port, sizeof(port), "%u", event->port);
	cp_json_object(json, "labels");
	label(json, "alertname", "ColdpotatoChange");
	label(json, "kind", cp_change_kind_name(event->kind));
	label(json, "severity", cp_change_severity_name(event->severity));
	label(json, "agent", origin->agent);
	label(json, "audit", origin->audit);
	label(json, "target", event->target);
	label(json, "port", event->port ? port : NULL);
	label(json, "protocol", event->proto ? cp_proto_name(event->proto) : NULL);
	label(json, "group", event->group);
	cp_json_object_end(json);
}

static void write_annotations(
        struct cp_json *json, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	char subject[1200], change[4400], summary[5700], time[TIME_MAX];

	say_subject(event, subject, sizeof(subject));
	say_change(event, origin->names, change, sizeof(change));
	snprintf(summary, sizeof(summary), "%s %s", subject, change);
	cp_json_object(json, "annotations");
	cp_json_string(json, "summary", summary);
	/* There is no null in an annotation. */
	if (event->old_text) {
		cp_json_string(json, "old", event->old_text);
		cp_json_string(json, "new", event->new_text);
	}
	if (event->first_seen_ms)
		cp_json_string(json, "first_seen", say_time(event->first_seen_ms, time));
	cp_json_string(json, "last_seen", say_time(event->last_seen_ms, time));
	cp_json_object_end(json);
}

/* What ends before it begins is refused: the clock was set back. */
static uint64_t end_of(const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	uint64_t ends_ms = event->state == CP_CHANGE_CHANGED ? origin->ends_ms : event->at_ms;

	return ends_ms && ends_ms < event->first_seen_ms ? event->first_seen_ms : ends_ms;
}

void cp_change_alerts_begin(struct cp_change_alerts *alerts, const struct cp_sink *sink)
{
	cp_json_init(&alerts->json, sink);
	cp_json_array(&alerts->json, NULL);
}

size_t cp_change_alerts_add(
        struct cp_change_alerts *alerts, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	struct cp_json *json = &alerts->json;
	uint64_t ends_ms = end_of(event, origin);
	char time[TIME_MAX];

	cp_json_object(json, NULL);
	write_labels(json, event, origin);
	write_annotations(json, event, origin);
	if (event->first_seen_ms)
		cp_json_string(json, "startsAt", say_time(event->first_seen_ms, time));
	if (ends_ms)
		cp_json_string(json, "endsAt", say_time(ends_ms, time));
	if (origin->dashboard_url)
		cp_json_string(json, "generatorURL", origin->dashboard_url);
	cp_json_object_end(json);
	return json->len;
}

int cp_change_alerts_end(struct cp_change_alerts *alerts)
{
	int rc;

	cp_json_array_end(&alerts->json);
	rc = cp_json_line(&alerts->json);
	cp_json_free(&alerts->json);
	return rc;
}

int cp_change_write_alertmanager(
        const struct cp_sink *sink, const struct cp_change_event *event, const struct cp_change_origin *origin)
{
	struct cp_change_alerts alerts;

	cp_change_alerts_begin(&alerts, sink);
	cp_change_alerts_add(&alerts, event, origin);
	return cp_change_alerts_end(&alerts);
}
