// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_watch.c: what a watch that serves counts of changes and of telling them,
 * as Prometheus text. Knows no store.
 */
#include <inttypes.h>
#include <stddef.h>

#include "api.h"

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

		cp_prom_family(text, numbers[i].name, numbers[i].type, numbers[i].help);
		cp_prom_say(text, "coldpotato_%s %" PRIu64 "\n", numbers[i].name, *value);
	}
}

static void write_kinds(struct cp_prom_text *text, const char *name, const char *help, const uint64_t n[CP_CHANGE_KINDS])
{
	cp_prom_family(text, name, "gauge", help);
	for (int i = 0; i < CP_CHANGE_KINDS; i++)
		cp_prom_say(text, "coldpotato_%s{kind=\"%s\"} %" PRIu64 "\n", name,
		        cp_change_kind_name((enum cp_change_kind)i), n[i]);
}

void cp_api_watch_metrics(struct cp_prom_text *text, const struct cp_api *api)
{
	struct cp_serve_counts counts;

	if (!api->settings.counts)
		return;
	api->settings.counts(api->settings.ctx, &counts);
	write_kinds(text, "changes_active", "Changes that last, by kind.", counts.n_active);
	write_kinds(text, "changes_muted", "Of those, in a mute window when they were noticed: nobody was told.",
	        counts.n_active_muted);
	cp_prom_family(text, "changes_untracked_total", "counter",
	        "Observations of targets beyond those that can be watched.");
	cp_prom_say(text, "coldpotato_changes_untracked_total %" PRIu64 "\n", counts.n_untracked);
	if (counts.has_webhook)
		write_numbers(text, webhook_numbers, sizeof(webhook_numbers) / sizeof(webhook_numbers[0]), &counts);
	if (counts.has_command)
		write_numbers(text, command_numbers, sizeof(command_numbers) / sizeof(command_numbers[0]), &counts);
}
