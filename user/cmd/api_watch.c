// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_watch.c: what a watch that serves knows of itself: how its audits go, and
 * what it counts of changes and of telling them, as Prometheus text. Knows no
 * store.
 */
#include <inttypes.h>
#include <stddef.h>

#include "api.h"

/* ---- How the audits go ---- */

/* One number of each audit. */
struct audit_number {
	const char *name, *type, *help;
	size_t offset; /* of a uint64_t in struct cp_serve_audit */
};

static const struct audit_number audit_numbers[] = {
        {"watch_runs_total", "counter", "Runs of an audit since watch started.",
                offsetof(struct cp_serve_audit, n_runs)},
        {"watch_failed_runs_total", "counter", "Of these, runs that failed: exit status 1 or 2.",
                offsetof(struct cp_serve_audit, n_failed)},
        {"watch_missed_runs_total", "counter", "Times an audit was due and had no run of its own.",
                offsetof(struct cp_serve_audit, n_missed)},
        {"watch_agent_conflicts_total", "counter",
                "Runs before which another process had stored one of the same audit as the same agent.",
                offsetof(struct cp_serve_audit, n_conflicts)},
};

/* Opens the labels of a sample. */
static void sample(struct cp_prom_text *text, const char *name, const char *audit)
{
	cp_prom_say(text, "coldpotato_%s", name);
	cp_prom_label(text, '{', "audit", audit);
}

static void write_times(struct cp_prom_text *text, const struct cp_serve_audit *audits, size_t n)
{
	cp_prom_family(text, "watch_interval_seconds", "gauge", "How often an audit is due.");
	for (size_t i = 0; i < n; i++) {
		sample(text, "watch_interval_seconds", audits[i].name);
		cp_prom_scaled(text, "}", (uint64_t)audits[i].interval_ms, 1000, 3);
	}
	cp_prom_family(text, "watch_next_run_timestamp_seconds", "gauge", "When an audit is next due, Unix time.");
	for (size_t i = 0; i < n; i++) {
		sample(text, "watch_next_run_timestamp_seconds", audits[i].name);
		cp_prom_scaled(text, "}", (uint64_t)audits[i].next_ms, 1000, 3);
	}
}

static void write_audits(struct cp_prom_text *text, const struct cp_serve_audit *audits, size_t n)
{
	for (size_t f = 0; f < sizeof(audit_numbers) / sizeof(audit_numbers[0]); f++) {
		const struct audit_number *number = &audit_numbers[f];

		cp_prom_family(text, number->name, number->type, number->help);
		for (size_t i = 0; i < n; i++) {
			sample(text, number->name, audits[i].name);
			cp_prom_end_labels(text, *(const uint64_t *)((const char *)&audits[i] + number->offset));
		}
	}
	write_times(text, audits, n);
}

static void write_watch(struct cp_prom_text *text, const struct cp_serve_settings *settings)
{
	struct cp_serve_audit audits[CP_SERVE_AUDITS_MAX];
	struct cp_serve_watch watch;
	size_t n = settings->audits(settings->ctx, audits, CP_SERVE_AUDITS_MAX);

	if (!n) /* not begun */
		return;
	settings->watch(settings->ctx, &watch);
	cp_prom_single(text, "watch_config_last_reload_successful", "gauge",
	        "1 when the configuration was taken the last time it was read; 0: refused, and the one before stays.",
	        !watch.is_refused);
	cp_prom_family(text, "watch_config_last_reload_success_timestamp_seconds", "gauge",
	        "When the configuration in use was taken, Unix time.");
	cp_prom_scaled(text, "coldpotato_watch_config_last_reload_success_timestamp_seconds", watch.taken_ms, 1000, 3);
	cp_prom_family(
	        text, "watch_config_reloads_total", "counter", "Times the configuration was read again, by result.");
	cp_prom_say(text, "coldpotato_watch_config_reloads_total{result=\"taken\"} %" PRIu64 "\n", watch.n_reloads);
	cp_prom_say(text, "coldpotato_watch_config_reloads_total{result=\"refused\"} %" PRIu64 "\n", watch.n_refused);
	cp_prom_single(text, "watch_rate_packets_per_second", "gauge",
	        "Most packets a second of all audits together, now.", watch.rate_pps);
	write_audits(text, audits, n);
}

/* ---- Changes, and telling them ---- */

/* One number of the counts. */
struct number {
	const char *name, *type, *help;
	size_t offset; /* of a uint64_t in struct cp_serve_counts */
};

#define NUMBER(name_, type_, member_, help_)                                                                           \
	{                                                                                                              \
		name_, type_, help_, offsetof(struct cp_serve_counts, member_)                                         \
	}

static const struct number webhook_numbers[] = {
        NUMBER("alerts_delivered_total", "counter", n_delivered, "Messages that the webhook took."),
        NUMBER("alerts_retries_total", "counter", n_retries, "Attempts at a message that failed and are made again."),
        NUMBER("alerts_refused_total", "counter", n_refused, "Messages that the webhook refused; they are dropped."),
        NUMBER("alerts_dropped_total", "counter", n_dropped, "Messages too many, too old or unreadable."),
        NUMBER("alerts_unspooled_total", "counter", n_unspooled, "Messages that could not be written to the spool."),
        NUMBER("alerts_repeated_total", "counter", n_repeated, "Times that the webhook was told again what lasts."),
        NUMBER("alerts_repeats_failed_total", "counter", n_repeats_failed, "Times that this failed."),
        NUMBER("alerts_waiting", "gauge", n_spooled, "Messages for the webhook that wait now."),
        NUMBER("alerts_spool_bytes", "gauge", bytes_spooled, "Size of these."),
};

static const struct number command_numbers[] = {
        NUMBER("alert_commands_total", "counter", n_commands, "Commands that were started for a change."),
        NUMBER("alert_commands_failed_total", "counter", n_commands_failed, "Of those, with another status than 0."),
        NUMBER("alert_commands_killed_total", "counter", n_commands_killed,
                "Of those, ended because they took too long."),
        NUMBER("alert_commands_dropped_total", "counter", n_commands_dropped,
                "Changes that no command was started for."),
};

static void write_numbers(
        struct cp_prom_text *text, const struct number *numbers, size_t n, const struct cp_serve_counts *counts)
{
	for (size_t i = 0; i < n; i++) {
		const uint64_t *value = (const uint64_t *)((const char *)counts + numbers[i].offset);

		cp_prom_single(text, numbers[i].name, numbers[i].type, numbers[i].help, *value);
	}
}

static void write_kinds(
        struct cp_prom_text *text, const char *name, const char *help, const uint64_t n[CP_CHANGE_KINDS])
{
	cp_prom_family(text, name, "gauge", help);
	for (int i = 0; i < CP_CHANGE_KINDS; i++)
		cp_prom_say(text, "coldpotato_%s{kind=\"%s\"} %" PRIu64 "\n", name,
		        cp_change_kind_name((enum cp_change_kind)i), n[i]);
}

static void write_counts(struct cp_prom_text *text, const struct cp_serve_settings *settings)
{
	struct cp_serve_counts counts;

	settings->counts(settings->ctx, &counts);
	write_kinds(text, "changes_active", "Changes that last, by kind.", counts.n_active);
	write_kinds(text, "changes_muted", "Of those, in a mute window when they were noticed: nobody was told.",
	        counts.n_active_muted);
	cp_prom_single(text, "changes_untracked_total", "counter",
	        "Observations of targets beyond those that can be watched.", counts.n_untracked);
	if (counts.has_webhook)
		write_numbers(text, webhook_numbers, sizeof(webhook_numbers) / sizeof(webhook_numbers[0]), &counts);
	if (counts.has_command)
		write_numbers(text, command_numbers, sizeof(command_numbers) / sizeof(command_numbers[0]), &counts);
}

void cp_api_watch_metrics(struct cp_prom_text *text, const struct cp_api *api)
{
	if (!api->settings.audits)
		return;
	write_watch(text, &api->settings);
	write_counts(text, &api->settings);
}
