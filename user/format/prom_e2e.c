// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * prom_e2e.c: end-to-end quality by group as metrics. What is not known of a
 * group has no sample.
 */
#include "prom_e2e.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/grow.h"

void cp_prom_e2e_free(struct cp_prom_e2e *e2e)
{
	free(e2e->medians_us);
	e2e->medians_us = NULL;
}

int cp_prom_e2e_add(struct cp_prom_e2e *e2e, const struct cp_rec_path *rec)
{
	cp_e2e_add(&e2e->sum, rec);
	if (!rec->e2e || rec->path->flow != 0 || rec->e2e->rtt_p50_us == CP_QUALITY_UNKNOWN)
		return 0;
	if (cp_grow(&e2e->medians_us, &e2e->cap_medians, e2e->n_medians, sizeof(*e2e->medians_us)))
		return -ENOMEM;
	e2e->medians_us[e2e->n_medians++] = rec->e2e->rtt_p50_us;
	return 0;
}

/* Of a sample, up to its labels that follow. */
static void sample(struct cp_prom_text *text, const char *name, const struct cp_prom_e2e *e2e)
{
	cp_prom_say(text, "coldpotato_%s", name);
	cp_prom_label(text, '{', "group", e2e->group);
}

static void seconds(struct cp_prom_text *text, uint64_t us)
{
	cp_prom_scaled(text, "}", us, 1000000, 6);
}

/* ---- Counts ---- */

static void write_counts(struct cp_prom_text *text, const struct cp_prom_e2e *groups, size_t n)
{
	const char *name = "e2e_probes";

	cp_prom_family(text, name, "gauge",
	        "Probes to the destinations themselves whose outcome is known, and those answered.");
	for (size_t i = 0; i < n; i++) {
		sample(text, name, &groups[i]);
		cp_prom_label(text, ',', "state", "sent");
		cp_prom_end_labels(text, groups[i].sum.n_sent);
		sample(text, name, &groups[i]);
		cp_prom_label(text, ',', "state", "received");
		cp_prom_end_labels(text, groups[i].sum.n_received);
	}
	name = "e2e_destinations";
	cp_prom_family(text, name, "gauge", "Destinations probed end to end, by whether any of their probes was lost.");
	for (size_t i = 0; i < n; i++) {
		sample(text, name, &groups[i]);
		cp_prom_label(text, ',', "lossy", "true");
		cp_prom_end_labels(text, groups[i].sum.n_lossy);
		sample(text, name, &groups[i]);
		cp_prom_label(text, ',', "lossy", "false");
		cp_prom_end_labels(text, groups[i].sum.n_dests - groups[i].sum.n_lossy);
	}
	name = "e2e_loss_ratio";
	cp_prom_family(text, name, "gauge", "Share of the probes to the destinations themselves that were lost.");
	for (size_t i = 0; i < n; i++) {
		sample(text, name, &groups[i]);
		cp_prom_ratio(text, groups[i].sum.n_sent - groups[i].sum.n_received, groups[i].sum.n_sent);
	}
}

/* ---- Times ---- */

/* Nothing in a group whose round trips are not known, or when there is no memory, which text says. */
static void write_quantiles(struct cp_prom_text *text, const char *name, const struct cp_prom_e2e *e2e)
{
	uint32_t *scratch = e2e->n_medians ? reallocarray(NULL, e2e->n_medians, sizeof(*scratch)) : NULL;
	struct cp_quality_stats of;
	uint64_t sum = 0;

	if (!scratch) {
		text->rc = e2e->n_medians && !text->rc ? -ENOMEM : text->rc;
		return;
	}
	cp_quality_measure(e2e->medians_us, (uint32_t)e2e->n_medians, scratch, &of);
	free(scratch);
	for (size_t i = 0; i < e2e->n_medians; i++)
		sum += e2e->medians_us[i];
	const struct {
		const char *quantile;
		uint32_t us;
	} quantiles[] = {{"0.5", of.rtt_p50_us}, {"0.95", of.rtt_p95_us}, {"0.99", of.rtt_p99_us}};
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		sample(text, name, e2e);
		cp_prom_label(text, ',', "quantile", quantiles[i].quantile);
		seconds(text, quantiles[i].us);
	}
	cp_prom_say(text, "coldpotato_%s_sum", name);
	cp_prom_label(text, '{', "group", e2e->group);
	seconds(text, sum);
	cp_prom_say(text, "coldpotato_%s_count", name);
	cp_prom_label(text, '{', "group", e2e->group);
	cp_prom_end_labels(text, e2e->n_medians);
}

typedef uint64_t time_of_fn(const struct cp_e2e_sum *sum);

static uint64_t least(const struct cp_e2e_sum *sum)
{
	return sum->n_rtts ? sum->rtt_min_us : CP_UNKNOWN;
}

static uint64_t average(const struct cp_e2e_sum *sum)
{
	return sum->n_rtts ? sum->rtt_sum_us / sum->n_rtts : CP_UNKNOWN;
}

static uint64_t greatest(const struct cp_e2e_sum *sum)
{
	return sum->n_rtts ? sum->rtt_max_us : CP_UNKNOWN;
}

static uint64_t jitter(const struct cp_e2e_sum *sum)
{
	return sum->n_jitters ? sum->jitter_sum_us / sum->n_jitters : CP_UNKNOWN;
}

static void write_times(struct cp_prom_text *text, const struct cp_prom_e2e *groups, size_t n)
{
	static const struct {
		const char *name, *help;
		time_of_fn *time_of;
	} families[] = {
	        {"e2e_rtt_min_seconds", "Least round trip of the probes to the destinations themselves.", least},
	        {"e2e_rtt_avg_seconds", "Their mean round trip.", average},
	        {"e2e_rtt_max_seconds", "Their greatest round trip.", greatest},
	        {"e2e_jitter_seconds",
	                "Mean difference of round trips that follow each other, averaged over destinations.", jitter},
	};

	cp_prom_family(text, "e2e_rtt_seconds", "summary",
	        "Median round trips of the destinations, probed end to end: quantiles over the destinations.");
	for (size_t i = 0; i < n; i++)
		write_quantiles(text, "e2e_rtt_seconds", &groups[i]);
	for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++) {
		cp_prom_family(text, families[k].name, "gauge", families[k].help);
		for (size_t i = 0; i < n; i++) {
			uint64_t us = families[k].time_of(&groups[i].sum);

			if (us == CP_UNKNOWN)
				continue;
			sample(text, families[k].name, &groups[i]);
			seconds(text, us);
		}
	}
}

void cp_prom_e2e_write(struct cp_prom_text *text, const struct cp_prom_e2e *groups, size_t n)
{
	write_counts(text, groups, n);
	write_times(text, groups, n);
}
