// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * quality_stats.c: what the samples of a destination come to.
 */
#include <stdlib.h>
#include <string.h>

#include "quality_impl.h"

#define JITTER_GAIN 16.0 /* RFC 3550, 6.4.1 */

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* The least sample that pct percent of them do not exceed. n is not 0. */
static uint32_t nearest_rank(const uint32_t *sorted, uint32_t n, uint32_t pct)
{
	uint64_t rank = ((uint64_t)n * pct + 99) / 100;

	return sorted[rank ? rank - 1 : 0];
}

/* Of round trips, as no clock but ours is involved: of ways there and back together. */
static void measure_jitter(const uint32_t *rtts_us, uint32_t n, struct cp_quality_stats *stats)
{
	double jitter = 0, sum = 0;

	if (n < 2)
		return;
	for (uint32_t i = 1; i < n; i++) {
		double difference = (double)rtts_us[i] - (double)rtts_us[i - 1];

		difference = difference < 0 ? -difference : difference;
		sum += difference;
		jitter += (difference - jitter) / JITTER_GAIN;
	}
	stats->jitter_us = (uint32_t)(jitter + 0.5);
	stats->jitter_mean_us = (uint32_t)(sum / (n - 1) + 0.5);
}

static void forget_times(struct cp_quality_stats *stats)
{
	stats->rtt_min_us = stats->rtt_avg_us = stats->rtt_max_us = CP_QUALITY_UNKNOWN;
	stats->rtt_p50_us = stats->rtt_p95_us = stats->rtt_p99_us = CP_QUALITY_UNKNOWN;
	stats->jitter_us = stats->jitter_mean_us = CP_QUALITY_UNKNOWN;
}

void cp_quality_forget(struct cp_quality_stats *ret_stats)
{
	*ret_stats = (struct cp_quality_stats){0};
	forget_times(ret_stats);
}

void cp_quality_measure(const uint32_t *rtts_us, uint32_t n, uint32_t *scratch, struct cp_quality_stats *ret_stats)
{
	uint64_t sum = 0;

	ret_stats->n_rtts = n;
	ret_stats->rtts_us = rtts_us;
	forget_times(ret_stats);
	if (n == 0)
		return;
	memcpy(scratch, rtts_us, n * sizeof(*scratch));
	qsort(scratch, n, sizeof(*scratch), by_size);
	for (uint32_t i = 0; i < n; i++)
		sum += scratch[i];
	ret_stats->rtt_min_us = scratch[0];
	ret_stats->rtt_max_us = scratch[n - 1];
	ret_stats->rtt_avg_us = (uint32_t)((sum + n / 2) / n);
	ret_stats->rtt_p50_us = nearest_rank(scratch, n, 50);
	ret_stats->rtt_p95_us = nearest_rank(scratch, n, 95);
	ret_stats->rtt_p99_us = nearest_rank(scratch, n, 99);
	measure_jitter(rtts_us, n, ret_stats);
}

void cp_quality_stats(const struct cp_quality *quality, uint32_t dest, struct cp_quality_stats *ret_stats)
{
	const struct quality_dest *from = &quality->dests[dest];

	cp_quality_measure(
	        quality->rtts_us + (size_t)dest * quality->config.n_probes, from->n_rtts, quality->scratch, ret_stats);
	ret_stats->n_sent = from->n_sent;
	ret_stats->n_received = from->n_received;
	ret_stats->n_refused = from->n_refused;
	ret_stats->n_late = from->n_late;
}

uint32_t cp_quality_loss(const struct cp_quality_stats *stats)
{
	uint64_t n_lost = stats->n_sent - stats->n_received;

	if (!stats->n_sent)
		return CP_QUALITY_UNKNOWN;
	return (uint32_t)((n_lost * 10000 + stats->n_sent / 2) / stats->n_sent);
}
