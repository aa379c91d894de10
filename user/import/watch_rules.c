// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_rules.c: what a watch file says of changes: who is told, and of each
 * audit which kinds count, how often they must be seen, and when nobody is told.
 * Must not know how a change is found, nor what a window of time means.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch_yaml_impl.h"

#define REPEAT_MS 60000
#define REPEAT_MIN_NS 1000000000ull
#define REPEAT_MAX_NS (86400 * 1000000000ull)

/* "2/3": by two of three runs. */
static int read_confirm(const char *text, struct cp_watch_rule *ret_rule)
{
	unsigned n = (unsigned)(text[0] - '0'), m = text[0] && text[1] ? (unsigned)(text[2] - '0') : 0;

	if (strlen(text) != 3 || text[1] != '/' || n < 1 || n > CP_CHANGE_WINDOW_MAX || m < n ||
	        m > CP_CHANGE_WINDOW_MAX)
		return -EINVAL;
	*ret_rule = (struct cp_watch_rule){.n = (uint8_t)n, .m = (uint8_t)m};
	return 0;
}

/* Of a key that may be missing: then the rule stays. */
static int take_confirm(
        const struct cp_watch_reading *reading, const char *place, const char *text, struct cp_watch_rule *rule)
{
	if (text && read_confirm(text, rule))
		return cp_watch_refuse(reading, place, "confirm",
		        "confirm wants N/M, a change is seen in N of M runs, 1/1 to 8/8, not '%.64s'", text);
	return 0;
}

/* ---- Who is told ---- */

static int copy_list(char *const *items, uint32_t n, const char ***ret_items, uint32_t *ret_n)
{
	*ret_items = calloc(n + 1, sizeof(**ret_items));
	if (!*ret_items)
		return -ENOMEM;
	for (; *ret_n < n; ++*ret_n)
		(*ret_items)[*ret_n] = items[*ret_n];
	return 0;
}

static int take_repeat(const struct cp_watch_reading *reading, const char *text, uint32_t *ret_ms)
{
	uint64_t ns;

	*ret_ms = REPEAT_MS;
	if (!text)
		return 0;
	if (strcmp(text, "off") == 0 || strcmp(text, "0") == 0)
		ns = 0;
	else if (cp_watch_duration(text, &ns) || (ns && (ns < REPEAT_MIN_NS || ns > REPEAT_MAX_NS)))
		return cp_watch_refuse(reading, "alerts", "repeat",
		        "repeat wants a time with its unit, 1s to 1d, or off, not '%.64s'", text);
	*ret_ms = (uint32_t)(ns / 1000000);
	return 0;
}

int cp_watch_take_alerts(const struct cp_watch_reading *reading)
{
	const struct cp_file_alerts *file = reading->file->alerts;
	struct cp_watch_alerts *alerts = &reading->conf->alerts;
	int rc;

	if (!file)
		return 0;
	alerts->webhook = file->webhook;
	alerts->ca_file = file->ca_file;
	alerts->secret_file = file->secret_file;
	alerts->secret_header = file->secret_header;
	alerts->secret_prefix = file->secret_prefix;
	alerts->spool = file->spool;
	alerts->dashboard_url = file->dashboard_url;
	alerts->state = file->state;
	rc = take_repeat(reading, file->repeat, &alerts->repeat_ms);
	rc = rc ? rc : take_confirm(reading, "alerts", file->confirm, &alerts->confirm);
	if (rc == 0 && file->n_command)
		rc = copy_list(file->command, file->n_command, &alerts->command, &alerts->n_command);
	return rc;
}

/* ---- What counts ---- */

/* Of a kind; `place` is that of what says `changes`. */
static int take_kind(const struct cp_watch_reading *reading, const char *place, enum cp_change_kind kind,
        const char *text, const struct cp_watch_rule *confirm, struct cp_watch_rule *rule)
{
	char key[32];

	if (strcmp(text, "on") == 0) {
		*rule = *confirm;
		return 0;
	}
	if (strcmp(text, "off") == 0) {
		*rule = (struct cp_watch_rule){.is_off = true};
		return 0;
	}
	if (read_confirm(text, rule) == 0)
		return 0;
	snprintf(key, sizeof(key), "changes.%s", cp_change_kind_name(kind));
	return cp_watch_refuse(reading, place, key, "%s wants on, off, or N/M (1/1 to 8/8), not '%.64s'",
	        cp_change_kind_name(kind), text);
}

static const char *text_of(const struct cp_file_settings *file, int kind)
{
	return file->changes ? file->changes->kinds[kind] : NULL;
}

static int take_kinds(const struct cp_watch_reading *reading, const struct cp_file_settings *own,
        const struct cp_file_settings *defaults, struct cp_watch_audit *audit)
{
	struct cp_watch_rule confirm = reading->conf->alerts.confirm;
	int rc = take_confirm(reading, "defaults", defaults->confirm, &confirm);

	rc = rc ? rc : take_confirm(reading, audit->place, own->confirm, &confirm);
	for (int i = 0; i < CP_CHANGE_KINDS && rc == 0; i++) {
		enum cp_change_kind kind = (enum cp_change_kind)i;
		struct cp_watch_rule *rule = &audit->rules[i];

		*rule = confirm;
		if (text_of(defaults, i))
			rc = take_kind(reading, "defaults", kind, text_of(defaults, i), &confirm, rule);
		if (rc == 0 && text_of(own, i))
			rc = take_kind(reading, audit->place, kind, text_of(own, i), &confirm, rule);
	}
	return rc;
}

/* ---- When nobody is told ---- */

static void add_mutes(struct cp_watch_audit *audit, const char *place, char *const *texts, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct cp_watch_mute *mute = &audit->mutes[audit->n_mutes++];

		mute->text = texts[i];
		snprintf(mute->place, sizeof(mute->place), "%s.mute.%u", place, i);
	}
}

int cp_watch_take_rules(const struct cp_watch_reading *reading, const struct cp_file_settings *own,
        const struct cp_file_settings *defaults, struct cp_watch_audit *audit)
{
	const struct cp_file_alerts *alerts = reading->file->alerts;
	uint32_t n_of_all = alerts ? alerts->n_mute : 0;

	audit->mutes = calloc((size_t)n_of_all + defaults->n_mute + own->n_mute + 1, sizeof(*audit->mutes));
	if (!audit->mutes)
		return -ENOMEM;
	if (alerts)
		add_mutes(audit, "alerts", alerts->mute, alerts->n_mute);
	add_mutes(audit, "defaults", defaults->mute, defaults->n_mute);
	add_mutes(audit, audit->place, own->mute, own->n_mute);
	return take_kinds(reading, own, defaults, audit);
}
