// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_metrics_e2e.c: end-to-end quality by group, as metrics. What is not known
 * of a group has no sample.
 */
#include <stdio.h>
#include <string.h>

#include "api_metrics.h"

enum { E2E_PROBES = 0, E2E_DESTINATIONS, E2E_LOSS, E2E_RTT, E2E_JITTER, E2E_FAMILIES };

/* One question for all families, whose samples are told apart here. */
struct e2e_reader {
	struct cp_prom_text families[E2E_FAMILIES];
	/* The audit being read: how many groups it has, and what those come to that have no series of their own. */
	char audit[256];
	uint64_t n_groups;
	int64_t rest[4];
};

/* A sample of a group of the audit at hand, up to its labels that follow. */
static void e2e_sample(struct e2e_reader *reader, int family, const char *name, const char *group)
{
	cp_prom_say(&reader->families[family], "coldpotato_%s", name);
	cp_prom_label(&reader->families[family], '{', "audit", reader->audit);
	cp_prom_label(&reader->families[family], ',', "group", group);
}

static void e2e_count(struct e2e_reader *reader, int family, const char *name, const char *group, const char *key,
        const char *value, int64_t n)
{
	e2e_sample(reader, family, name, group);
	cp_prom_label(&reader->families[family], ',', key, value);
	cp_prom_end_labels(&reader->families[family], (uint64_t)n);
}

/* counts: destinations, those with loss, probes sent, received. */
static void e2e_counts(struct e2e_reader *reader, const char *group, const int64_t counts[4])
{
	e2e_count(reader, E2E_PROBES, "e2e_probes", group, "state", "sent", counts[2]);
	e2e_count(reader, E2E_PROBES, "e2e_probes", group, "state", "received", counts[3]);
	e2e_count(reader, E2E_DESTINATIONS, "e2e_destinations", group, "lossy", "true", counts[1]);
	e2e_count(reader, E2E_DESTINATIONS, "e2e_destinations", group, "lossy", "false", counts[0] - counts[1]);
	e2e_sample(reader, E2E_LOSS, "e2e_loss_ratio", group);
	cp_prom_ratio(&reader->families[E2E_LOSS], (uint64_t)(counts[2] - counts[3]), (uint64_t)counts[2]);
}

static void e2e_times(struct e2e_reader *reader, const char *group, const struct cp_store_cell *cells)
{
	static const char *const quantiles[] = {"0.5", "0.95", "0.99"};
	struct cp_prom_text *rtt = &reader->families[E2E_RTT], *jitter = &reader->families[E2E_JITTER];

	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]) && cells[6].number; i++) {
		e2e_sample(reader, E2E_RTT, "e2e_rtt_seconds", group);
		cp_prom_label(rtt, ',', "quantile", quantiles[i]);
		cp_prom_scaled(rtt, "}", (uint64_t)cells[8 + i].number, 1000000, 6);
	}
	if (cells[6].number) {
		e2e_sample(reader, E2E_RTT, "e2e_rtt_seconds_sum", group);
		cp_prom_scaled(rtt, "}", (uint64_t)cells[7].number, 1000000, 6);
		e2e_sample(reader, E2E_RTT, "e2e_rtt_seconds_count", group);
		cp_prom_end_labels(rtt, (uint64_t)cells[6].number);
	}
	if (!cells[11].is_null) {
		e2e_sample(reader, E2E_JITTER, "e2e_jitter_seconds", group);
		cp_prom_scaled(jitter, "}", (uint64_t)cells[11].number, 1000000, 6);
	}
}

/* Times of several groups cannot be added up. */
static void end_audit(struct e2e_reader *reader)
{
	if (reader->n_groups > CP_METRICS_GROUPS_MAX)
		e2e_counts(reader, CP_METRICS_OTHER, reader->rest);
	reader->n_groups = 0;
	memset(reader->rest, 0, sizeof(reader->rest));
}

static const char *text_of(const struct cp_store_cell *cell)
{
	return cell->text ? cell->text : "";
}

static int take_group(void *ctx, const struct cp_store_cell *cells, size_t n)
{
	const int64_t counts[] = {cells[2].number, cells[3].number, cells[4].number, cells[5].number};
	struct e2e_reader *reader = ctx;

	(void)n;
	if (reader->n_groups && strcmp(reader->audit, text_of(&cells[0])) != 0)
		end_audit(reader);
	snprintf(reader->audit, sizeof(reader->audit), "%s", text_of(&cells[0]));
	if (++reader->n_groups <= CP_METRICS_GROUPS_MAX) {
		e2e_counts(reader, text_of(&cells[1]), counts);
		e2e_times(reader, text_of(&cells[1]), cells);
		return 0;
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		reader->rest[i] += counts[i];
	return 0;
}

/* Nothing where no newest run has measured it. */
int cp_api_metrics_e2e(struct cp_store *store, const struct cp_store_args *args, struct cp_prom_text *text)
{
	static const struct {
		const char *name, *type, *help;
	} families[E2E_FAMILIES] = {
	        [E2E_PROBES] = {"e2e_probes", "gauge",
	                "Probes to the destinations themselves whose outcome is known, and those answered."},
	        [E2E_DESTINATIONS] = {"e2e_destinations", "gauge",
	                "Destinations probed end to end, by whether any of their probes was lost."},
	        [E2E_LOSS] = {"e2e_loss_ratio", "gauge",
	                "Share of the probes to the destinations themselves that were lost."},
	        [E2E_RTT] = {"e2e_rtt_seconds", "summary",
	                "Median round trips of the destinations, probed end to end: quantiles over the destinations."},
	        [E2E_JITTER] = {"e2e_jitter_seconds", "gauge",
	                "Mean difference of round trips that follow each other, averaged over destinations."},
	};
	struct e2e_reader reader = {.n_groups = 0};
	int rc = cp_store_ask(store, CP_ASK_METRIC_E2E, args, take_group, &reader);

	end_audit(&reader);
	for (int i = 0; i < E2E_FAMILIES; i++) {
		if (rc == 0 && reader.families[i].len) {
			cp_prom_family(text, families[i].name, families[i].type, families[i].help);
			cp_prom_add(text, &reader.families[i]);
		}
		cp_prom_text_free(&reader.families[i]);
	}
	return rc;
}
