// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_metrics_e2e.c: end-to-end quality by group, as metrics. What is not known
 * of a group has no sample.
 */
#include <stdio.h>
#include <string.h>

#include "api_metrics.h"
#include "format/prom_e2e.h"

/* One question for all families, whose samples are told apart here. */
struct e2e_reader {
	struct cp_prom_text families[CP_E2E_FAMILIES];
	/* The audit being read: how many groups it has, and what those come to that have no series of their own. */
	char audit[256];
	uint64_t n_groups;
	int64_t rest[4];
};

/* A sample of a group of the audit at hand, up to its labels that follow. */
static struct cp_prom_text *e2e_sample(
        struct e2e_reader *reader, enum cp_prom_e2e_family family, const char *suffix, const char *group)
{
	struct cp_prom_text *text = &reader->families[family];

	cp_prom_say(text, "coldpotato_%s%s", cp_prom_e2e_name(family), suffix);
	cp_prom_label(text, '{', "audit", reader->audit);
	cp_prom_label(text, ',', "group", group);
	return text;
}

static void e2e_count(struct e2e_reader *reader, enum cp_prom_e2e_family family, const char *group, const char *key,
        const char *value, int64_t n)
{
	struct cp_prom_text *text = e2e_sample(reader, family, "", group);

	cp_prom_label(text, ',', key, value);
	cp_prom_end_labels(text, (uint64_t)n);
}

/* counts: destinations, those with loss, probes sent, received. */
static void e2e_counts(struct e2e_reader *reader, const char *group, const int64_t counts[4])
{
	e2e_count(reader, CP_E2E_PROBES, group, "state", "sent", counts[2]);
	e2e_count(reader, CP_E2E_PROBES, group, "state", "received", counts[3]);
	e2e_count(reader, CP_E2E_DESTINATIONS, group, "lossy", "true", counts[1]);
	e2e_count(reader, CP_E2E_DESTINATIONS, group, "lossy", "false", counts[0] - counts[1]);
	cp_prom_ratio(
	        e2e_sample(reader, CP_E2E_LOSS, "", group), (uint64_t)(counts[2] - counts[3]), (uint64_t)counts[2]);
}

static void e2e_times(struct e2e_reader *reader, const char *group, const struct cp_store_cell *cells)
{
	static const char *const quantiles[] = {"0.5", "0.95", "0.99"};

	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]) && cells[6].number; i++) {
		struct cp_prom_text *text = e2e_sample(reader, CP_E2E_RTT, "", group);

		cp_prom_label(text, ',', "quantile", quantiles[i]);
		cp_prom_scaled(text, "}", (uint64_t)cells[8 + i].number, 1000000, 6);
	}
	if (cells[6].number) {
		cp_prom_scaled(
		        e2e_sample(reader, CP_E2E_RTT, "_sum", group), "}", (uint64_t)cells[7].number, 1000000, 6);
		cp_prom_end_labels(e2e_sample(reader, CP_E2E_RTT, "_count", group), (uint64_t)cells[6].number);
	}
	if (!cells[11].is_null)
		cp_prom_scaled(
		        e2e_sample(reader, CP_E2E_JITTER, "", group), "}", (uint64_t)cells[11].number, 1000000, 6);
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
	struct e2e_reader reader = {.n_groups = 0};
	int rc = cp_store_ask(store, CP_ASK_METRIC_E2E, args, take_group, &reader);

	end_audit(&reader);
	for (enum cp_prom_e2e_family family = 0; family < CP_E2E_FAMILIES; family++) {
		if (rc == 0 && reader.families[family].len) {
			cp_prom_e2e_family(text, family);
			cp_prom_add(text, &reader.families[family]);
		}
		cp_prom_text_free(&reader.families[family]);
	}
	return rc;
}
