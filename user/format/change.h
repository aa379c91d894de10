/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * change.h: a change event as its readers want it: a record, an alert for
 * Alertmanager, a line for people. Knows neither what is usual nor who
 * delivers.
 */
#ifndef CP_FORMAT_CHANGE_H
#define CP_FORMAT_CHANGE_H

#include "core/asdb.h"
#include "core/change.h"
#include "json.h"

/* Where an event comes from: what the detector does not know. All may be NULL. */
struct cp_change_origin {
	const char *agent, *audit;
	const struct cp_asdb
	        *names; /* what exit ASes are called, where people read of them; records have numbers only */
	const char *dashboard_url; /* generatorURL, without anything behind it */
	uint64_t ends_ms; /* of a change that lasts, Unix time: Alertmanager takes it for over then, if it is not told
	                     again; 0: not said, its own resolve_timeout counts */
};

/* One object and a newline: type "change" of docs/records.md. 0 or -errno of the sink. */
int cp_change_write_ndjson(
        const struct cp_sink *sink, const struct cp_change_event *event, const struct cp_change_origin *origin);
/* The body of POST /api/v2/alerts (Alertmanager): an array of one alert and a newline. */
int cp_change_write_alertmanager(
        const struct cp_sink *sink, const struct cp_change_event *event, const struct cp_change_origin *origin);
/* The same of many alerts: an array that is made one by one. */
struct cp_change_alerts {
	struct cp_json json;
};
void cp_change_alerts_begin(struct cp_change_alerts *alerts, const struct cp_sink *sink);
/* Returns how many bytes it is by now. Texts and times of the event may be unknown, as of cp_change_active(). */
size_t cp_change_alerts_add(
        struct cp_change_alerts *alerts, const struct cp_change_event *event, const struct cp_change_origin *origin);
/* Hands it to the sink in one piece, and frees it. 0 or -errno. */
int cp_change_alerts_end(struct cp_change_alerts *alerts);
/* "warning: login.example:443/tcp verdict: inside -> transit", one line without colour, of any length. */
int cp_change_write_line(
        const struct cp_sink *sink, const struct cp_change_event *event, const struct cp_change_origin *origin);

#endif
