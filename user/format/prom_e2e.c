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

static const struct {
	const char *name, *type, *help;
} families[CP_E2E_FAMILIES] = {
        [CP_E2E_PROBES] = {"e2e_probes", "gauge",
                "Probes to the destinations themselves whose outcome is known, and those answered."},
        [CP_E2E_DESTINATIONS] = {"e2e_destinations", "gauge",
                "Destinations probed end to end, by whether any of their probes was lost."},
        [CP_E2E_LOSS] = {"e2e_loss_ratio", "gauge",
                "Share of the probes to the destinations themselves that were lost."},
        [CP_E2E_RTT] = {"e2e_rtt_seconds", "summary",
                "Median round trips of the destinations, probed end to end: quantiles over the destinations."},
        [CP_E2E_RTT_MIN] = {"e2e_rtt_min_seconds", "gauge",
                "Least round trip of the probes to the destinations themselves."},
        [CP_E2E_RTT_AVG] = {"e2e_rtt_avg_seconds", "gauge", "Their mean round trip."},
        [CP_E2E_RTT_MAX] = {"e2e_rtt_max_seconds", "gauge", "Their greatest round trip."},
        [CP_E2E_JITTER] = {"e2e_jitter_seconds", "gauge",
                "Mean difference of round trips that follow each other, averaged over destinations."},
};

const char *cp_prom_e2e_name(enum cp_prom_e2e_family family)
{
	return families[family].name;
}

void cp_prom_e2e_family(struct cp_prom_text *text, enum cp_prom_e2e_family family)
{
	cp_prom_family(text, families[family].name, families[family].type, families[family].help);
}

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
static void sample(
        struct cp_prom_text *text, enum cp_prom_e2e_family family, const char *suffix, const struct cp_prom_e2e *e2e)
{
	cp_prom_say(text, "coldpotato_%s%s", families[family].name, suffix);
	cp_prom_label(text, '{', "group", e2e->group);
}

static void seconds(struct cp_prom_text *text, uint64_t us)
{
	cp_prom_scaled(text, "}", us, 1000000, 6);
}

/* ---- Counts ---- */

static void count(struct cp_prom_text *text, enum cp_prom_e2e_family family, const struct cp_prom_e2e *e2e,
        const char *key, const char *value, uint64_t n)
{
	sample(text, family, "", e2e);
	cp_prom_label(text, ',', key, value);
	cp_prom_end_labels(text, n);
}

static void write_counts(struct cp_prom_text *text, const struct cp_prom_e2e *groups, size_t n)
{
	cp_prom_e2e_family(text, CP_E2E_PROBES);
	for (size_t i = 0; i < n; i++) {
		count(text, CP_E2E_PROBES, &groups[i], "state", "sent", groups[i].sum.n_sent);
		count(text, CP_E2E_PROBES, &groups[i], "state", "received", groups[i].sum.n_received);
	}
	cp_prom_e2e_family(text, CP_E2E_DESTINATIONS);
	for (size_t i = 0; i < n; i++) {
		const struct cp_e2e_sum *sum = &groups[i].sum;

		count(text, CP_E2E_DESTINATIONS, &groups[i], "lossy", "true", sum->n_lossy);
		count(text, CP_E2E_DESTINATIONS, &groups[i], "lossy", "false", sum->n_dests - sum->n_lossy);
	}
	cp_prom_e2e_family(text, CP_E2E_LOSS);
	for (size_t i = 0; i < n; i++) {
		sample(text, CP_E2E_LOSS, "", &groups[i]);
		cp_prom_ratio(text, groups[i].sum.n_sent - groups[i].sum.n_received, groups[i].sum.n_sent);
	}
}

/* ---- Times ---- */

/* Nothing in a group whose round trips are not known, or when there is no memory, which text says. */
static void write_quantiles(struct cp_prom_text *text, const struct cp_prom_e2e *e2e)
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
		sample(text, CP_E2E_RTT, "", e2e);
		cp_prom_label(text, ',', "quantile", quantiles[i].quantile);
		seconds(text, quantiles[i].us);
	}
	sample(text, CP_E2E_RTT, "_sum", e2e);
	seconds(text, sum);
	sample(text, CP_E2E_RTT, "_count", e2e);
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
	static time_of_fn *const times[CP_E2E_FAMILIES] = {[CP_E2E_RTT_MIN] = least,
	        [CP_E2E_RTT_AVG] = average,
	        [CP_E2E_RTT_MAX] = greatest,
	        [CP_E2E_JITTER] = jitter};

	cp_prom_e2e_family(text, CP_E2E_RTT);
	for (size_t i = 0; i < n; i++)
		write_quantiles(text, &groups[i]);
	for (enum cp_prom_e2e_family family = CP_E2E_RTT_MIN; family < CP_E2E_FAMILIES; family++) {
		cp_prom_e2e_family(text, family);
		for (size_t i = 0; i < n; i++) {
			uint64_t us = times[family](&groups[i].sum);

			if (us == CP_UNKNOWN)
				continue;
			sample(text, family, "", &groups[i]);
			seconds(text, us);
		}
	}
}

void cp_prom_e2e_write(struct cp_prom_text *text, const struct cp_prom_e2e *groups, size_t n)
{
	write_counts(text, groups, n);
	write_times(text, groups, n);
}
