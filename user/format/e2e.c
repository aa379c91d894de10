// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * e2e.c: end-to-end quality in words and numbers. Measures nothing
 * (core/quality_stats.c).
 */
#include "e2e.h"
#include "line.h"

static void microseconds(struct cp_json *json, const char *key, uint32_t us)
{
	cp_json_uint_if(json, key, us, us != CP_QUALITY_UNKNOWN);
}

void cp_e2e_json(struct cp_json *json, const char *key, const struct cp_quality_stats *e2e)
{
	uint32_t loss = e2e ? cp_quality_loss(e2e) : 0;

	if (!e2e) {
		cp_json_null(json, key);
		return;
	}
	cp_json_object(json, key);
	cp_json_uint(json, "sent", e2e->n_sent);
	cp_json_uint(json, "received", e2e->n_received);
	if (loss == CP_QUALITY_UNKNOWN)
		cp_json_null(json, "loss_pct");
	else
		cp_json_fixed(json, "loss_pct", loss, 2);
	cp_json_uint(json, "refused", e2e->n_refused);
	cp_json_uint(json, "late", e2e->n_late);
	cp_json_uint(json, "rtts", e2e->n_rtts);
	microseconds(json, "rtt_min_us", e2e->rtt_min_us);
	microseconds(json, "rtt_avg_us", e2e->rtt_avg_us);
	microseconds(json, "rtt_max_us", e2e->rtt_max_us);
	microseconds(json, "rtt_p50_us", e2e->rtt_p50_us);
	microseconds(json, "rtt_p95_us", e2e->rtt_p95_us);
	microseconds(json, "rtt_p99_us", e2e->rtt_p99_us);
	microseconds(json, "jitter_us", e2e->jitter_us);
	microseconds(json, "jitter_mean_us", e2e->jitter_mean_us);
	cp_json_object_end(json);
}

unsigned cp_e2e_loss(uint64_t n_sent, uint64_t n_received)
{
	return (unsigned)(((n_sent - n_received) * 10000 + n_sent / 2) / n_sent);
}

static void say_times(const struct cp_quality_stats *e2e, struct cp_line *line)
{
	char min[CP_NUM_MAX], p50[CP_NUM_MAX], p95[CP_NUM_MAX], max[CP_NUM_MAX], jitter[CP_NUM_MAX];

	if (e2e->n_rtts)
		cp_line_add(line, ", RTT min/p50/p95/max %s/%s/%s/%s ms, jitter %s ms",
		        cp_text_ms(e2e->rtt_min_us, min), cp_text_ms(e2e->rtt_p50_us, p50),
		        cp_text_ms(e2e->rtt_p95_us, p95), cp_text_ms(e2e->rtt_max_us, max),
		        cp_text_ms(e2e->jitter_us, jitter));
	else if (e2e->n_received)
		cp_line_add(line, ", RTT unknown, as these answers name no probe");
}

const char *cp_e2e_phrase(const struct cp_quality_stats *e2e, char *buf, size_t size)
{
	struct cp_line line = cp_line_of(buf, size);
	unsigned loss = e2e->n_sent ? cp_e2e_loss(e2e->n_sent, e2e->n_received) : 0;

	if (!e2e->n_sent) {
		cp_line_add(&line, "the run stopped before it was probed");
		return buf;
	}
	cp_line_add(&line, "%u of %u probes answered, %u.%02u %% lost", e2e->n_received, e2e->n_sent, loss / 100,
	        loss % 100);
	if (e2e->n_refused)
		cp_line_add(&line, " (%u refused by a router)", e2e->n_refused);
	if (e2e->n_late)
		cp_line_add(&line, " (%u answered too late)", e2e->n_late);
	say_times(e2e, &line);
	return buf;
}

void cp_e2e_words(struct cp_text *text, const struct cp_quality_stats *e2e)
{
	char phrase[CP_E2E_PHRASE_MAX];

	cp_text_words(text, "end to end:");
	cp_text_words(text, cp_e2e_phrase(e2e, phrase, sizeof(phrase)));
}

void cp_e2e_add(struct cp_e2e_sum *sum, const struct cp_rec_path *rec)
{
	const struct cp_quality_stats *e2e = rec->path->flow == 0 ? rec->e2e : NULL;

	if (!e2e || !e2e->n_sent)
		return;
	sum->n_dests++;
	sum->n_lossy += e2e->n_received < e2e->n_sent;
	sum->n_sent += e2e->n_sent;
	sum->n_received += e2e->n_received;
	if (e2e->n_rtts) {
		sum->rtt_min_us = sum->n_rtts && sum->rtt_min_us < e2e->rtt_min_us ? sum->rtt_min_us : e2e->rtt_min_us;
		sum->rtt_max_us = sum->rtt_max_us > e2e->rtt_max_us ? sum->rtt_max_us : e2e->rtt_max_us;
		sum->n_rtts += e2e->n_rtts;
		sum->rtt_sum_us += (uint64_t)e2e->rtt_avg_us * e2e->n_rtts;
	}
	if (e2e->jitter_mean_us != CP_QUALITY_UNKNOWN) {
		sum->n_jitters++;
		sum->jitter_sum_us += e2e->jitter_mean_us;
	}
}

void cp_e2e_sum_words(struct cp_text *text, const struct cp_e2e_sum *sum)
{
	char sent[CP_NUM_MAX], dests[CP_NUM_MAX], lossy[CP_NUM_MAX], min[CP_NUM_MAX], avg[CP_NUM_MAX], max[CP_NUM_MAX];
	unsigned loss = sum->n_sent ? cp_e2e_loss(sum->n_sent, sum->n_received) : 0;

	if (!sum->n_dests)
		return;
	cp_text_printf(text, "%s probe%s end to end to %s destination%s,", cp_text_count(sum->n_sent, sent),
	        sum->n_sent == 1 ? "" : "s", cp_text_count(sum->n_dests, dests), sum->n_dests == 1 ? "" : "s");
	cp_text_printf(text, "%u.%02u %% lost", loss / 100, loss % 100);
	if (sum->n_lossy)
		cp_text_printf(text, "at %s of them", cp_text_count(sum->n_lossy, lossy));
	if (sum->n_rtts) {
		cp_text_put(text, ",");
		cp_text_printf(text, "RTT min/avg/max %s/%s/%s ms", cp_text_ms(sum->rtt_min_us, min),
		        cp_text_ms((uint32_t)(sum->rtt_sum_us / sum->n_rtts), avg), cp_text_ms(sum->rtt_max_us, max));
	}
}
