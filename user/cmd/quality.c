// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * quality.c: --e2e: once the paths are done, probes to each destination itself,
 * by the same engine, within the same rate and budgets. When each is due and
 * what its answer means is core/quality.c's affair.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"

#define BATCH 4096u
#define QUEUE_PER_SEC 100u /* at most this fraction of a second waits in the engine, so that probes leave when due */
#define SPREAD_MS 1000u /* over which the probes of a destination are spread where nothing is said */
#define INTERVAL_MIN_MS 20u

struct cp_e2e {
	struct cp_quality *quality;
	struct cp_engine_stats before; /* of the paths */
	struct cp_engine_stats after;
	uint64_t n_replied, n_dup, n_late;
};

static uint32_t slots_per_dest(const struct cp_audit *audit)
{
	return audit->opts->n_flows * (audit->opts->max_ttl - audit->opts->first_ttl + 1);
}

uint32_t cp_e2e_interval_ms(const struct cp_opts *opts)
{
	uint32_t ms = opts->n_e2e ? SPREAD_MS / opts->n_e2e : 0;

	if (opts->n_e2e == 0 || opts->e2e_interval_ms)
		return opts->n_e2e ? opts->e2e_interval_ms : 0;
	return ms < INTERVAL_MIN_MS ? INTERVAL_MIN_MS : ms;
}

uint64_t cp_e2e_memory(const struct cp_audit *audit)
{
	return cp_e2e_wanted(audit) ? cp_quality_memory(audit->n_probed, audit->opts->n_e2e) : 0;
}

static bool transmitted(void *ctx, uint32_t id)
{
	return cp_engine_transmitted(ctx, id);
}

int cp_e2e_begin(struct cp_audit *audit)
{
	const struct cp_opts *opts = audit->opts;
	struct cp_e2e *e2e = calloc(1, sizeof(*e2e));
	struct cp_quality_config config = {
	        .shape = {audit->n_probed, opts->n_flows, opts->max_ttl - opts->first_ttl + 1, opts->first_ttl},
	        .n_probes = opts->n_e2e,
	        .interval_ms = cp_e2e_interval_ms(opts),
	        .timeout_ms = opts->timeout_ms,
	        .seed = audit->seed,
	        .start_ns = cp_host_clock_mono_ns(),
	        .dests = audit->probe_addrs,
	        .transmitted = transmitted,
	        .transmitted_ctx = audit->engine,
	        .paths = cp_sweep_paths(audit->sweep),
	};

	if (!e2e || cp_quality_new(&config, &e2e->quality)) {
		free(e2e);
		return -ENOMEM;
	}
	cp_engine_stats(audit->engine, &e2e->before);
	audit->e2e = e2e;
	return 0;
}

void cp_e2e_free(struct cp_e2e *e2e)
{
	if (!e2e)
		return;
	cp_quality_free(e2e->quality);
	free(e2e);
}

static uint32_t queue_max(const struct cp_audit *audit)
{
	uint32_t n = (audit->opts->rate_pps >> cp_signals_rate_halvings()) / QUEUE_PER_SEC;

	n = n < 1 ? 1 : n;
	return n < BATCH ? n : BATCH;
}

int cp_e2e_feed(struct cp_audit *audit, uint64_t now_ns)
{
	struct cp_quality *quality = audit->e2e->quality;
	uint32_t used = cp_engine_queued(audit->engine), room = cp_engine_room(audit->engine), ids[BATCH], n;
	int rc = 0;

	/* The time is read after the queue: what was gone from it then had left. */
	cp_quality_left(quality, cp_host_clock_mono_ns(), used);
	if (used >= queue_max(audit))
		return 0;
	room = room < queue_max(audit) - used ? room : queue_max(audit) - used;
	n = cp_budget_due(audit->budget, now_ns, ids, room);
	if (n == 0) {
		n = cp_quality_next(quality, now_ns, ids, room);
		rc = cp_budget_admit(audit->budget, slots_per_dest(audit), now_ns, ids, n, &n);
	}
	if (rc || n == 0)
		return rc;
	cp_quality_queued(quality, ids, n);
	rc = cp_engine_push(audit->engine, CP_WORK_PROBE, ids, n);
	return rc ? rc : (int)n;
}

uint32_t cp_e2e_take(struct cp_audit *audit, struct cp_event *events, uint32_t n)
{
	struct cp_e2e *e2e = audit->e2e;
	uint32_t n_left = 0;

	if (!e2e)
		return n;
	for (uint32_t i = 0; i < n; i++) {
		switch (cp_quality_reply(e2e->quality, &events[i])) {
		case CP_QUALITY_FOREIGN:
			events[n_left++] = events[i];
			break;
		case CP_QUALITY_LATE:
			e2e->n_late++;
			e2e->n_replied++;
			break;
		case CP_QUALITY_ANSWERED:
			e2e->n_replied++;
			break;
		case CP_QUALITY_DUP:
			e2e->n_dup++;
			break;
		}
	}
	return n_left;
}

void cp_e2e_settle(struct cp_audit *audit, uint64_t before_ns)
{
	cp_quality_expire(audit->e2e->quality, before_ns);
}

void cp_e2e_forget(struct cp_audit *audit, uint64_t now_ns)
{
	if (audit->e2e)
		cp_quality_stood_still(audit->e2e->quality, now_ns);
}

bool cp_e2e_done(const struct cp_audit *audit)
{
	return cp_quality_done(audit->e2e->quality);
}

void cp_e2e_progress(const struct cp_audit *audit, uint64_t *ret_settled, uint64_t *ret_total)
{
	cp_quality_progress(audit->e2e->quality, ret_settled, ret_total);
}

void cp_e2e_end(struct cp_audit *audit)
{
	struct cp_e2e *e2e = audit->e2e;

	if (!e2e)
		return;
	cp_quality_abandon(e2e->quality);
	cp_engine_stats(audit->engine, &e2e->after);
}

static uint64_t n_unsent(const struct cp_engine_stats *stats)
{
	return stats->attempted - stats->transmitted;
}

void cp_e2e_count(const struct cp_audit *audit, struct cp_accounting *acc)
{
	const struct cp_e2e *e2e = audit->e2e;

	if (!e2e)
		return;
	acc->replied += e2e->n_replied;
	acc->duplicates += e2e->n_dup;
	acc->late += e2e->n_late;
	acc->e2e_attempted = e2e->after.attempted - e2e->before.attempted;
	acc->e2e_unsent = n_unsent(&e2e->after) - n_unsent(&e2e->before);
	acc->e2e_replied = e2e->n_replied;
	acc->e2e_late = e2e->n_late;
	acc->e2e_timed_out = acc->e2e_attempted - acc->e2e_unsent - acc->e2e_replied;
}

void cp_e2e_warn(struct cp_audit *audit)
{
	const struct cp_e2e *e2e = audit->e2e;
	bool live = audit->engine && strncmp(cp_engine_datapath(audit->engine), "xdp", 3) == 0;
	uint64_t n_lost, n_probes;

	if (!e2e)
		return;
	/* Where it is known whose they were, those not transmitted were sent again. */
	n_probes = live ? e2e->after.stat[CP_STAT_TX_ERROR] - e2e->before.stat[CP_STAT_TX_ERROR] : 0;
	n_lost = e2e->after.stat[CP_STAT_RX_LOST] - e2e->before.stat[CP_STAT_RX_LOST];
	if (n_probes || n_lost)
		cp_outputs_warn(audit, "e2e-doubtful",
		        "of the probes end to end, %" PRIu64 " were not transmitted and %" PRIu64
		        " replies found the ring buffer full: they look lost, and not on the way",
		        n_probes, n_lost);
}

const struct cp_quality_stats *cp_e2e_stats(
        const struct cp_audit *audit, const struct cp_probe_dest *dest, struct cp_quality_stats *ret_stats)
{
	if (!cp_e2e_wanted(audit))
		return NULL;
	if (audit->e2e) {
		cp_quality_stats(audit->e2e->quality, dest->index, ret_stats);
	} else {
		/* The run ended before. */
		*ret_stats = (struct cp_quality_stats){0};
		cp_quality_measure(NULL, 0, NULL, ret_stats);
	}
	return ret_stats;
}
