// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_lanes.c: the emitters side by side: how many there are, on which
 * CPUs, which of them gets a piece of work, and what all of them together have
 * done. A lane is a sender (engine_send.c) with a work ring and a cursor of its
 * own, so that lanes share nothing. Knows neither attachments nor replies.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "engine_impl.h"

/* What one core sends by XDP and by tc: where another lane begins to pay. */
#define XDP_LANE_PPS 1500000u
#define TC_LANE_PPS 300000u

/* The CPUs this process may use and a lane can be told by. Returns how many. */
static uint32_t usable_cpus(uint32_t cpus[CP_CPUS_MAX])
{
	cpu_set_t set;
	uint32_t n = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	for (uint32_t cpu = 0; cpu < CPU_SETSIZE && cpu < CP_CPUS_MAX; cpu++) {
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = cpu;
	}
	return n;
}

uint32_t cp_lanes_choose(const struct cp_engine_config *config, bool xdp)
{
	uint32_t cpus[CP_CPUS_MAX], n_cpus = usable_cpus(cpus);
	uint64_t lane_pps = xdp ? XDP_LANE_PPS : TC_LANE_PPS, n = config->n_lanes;

	/* Replies and decisions take a core, too. */
	if (!n) {
		n = (config->rate_pps + lane_pps - 1) / lane_pps;
		if (n > 1 && n + 1 > n_cpus)
			n = n_cpus > 1 ? n_cpus - 1 : 1;
	}
	if (n > n_cpus)
		n = n_cpus;
	return n < 1 ? 1 : n < CP_LANES_MAX ? (uint32_t)n : CP_LANES_MAX;
}

void cp_lanes_init(struct cp_lanes *lanes, uint32_t n)
{
	*lanes = (struct cp_lanes){.n = n};
	for (uint32_t i = 0; i < n; i++)
		cp_sender_init(&lanes->senders[i]);
}

void cp_lanes_place(struct cp_lanes *lanes, struct cp_run *run)
{
	uint32_t cpus[CP_CPUS_MAX], n_cpus;

	run->n_lanes = lanes->n;
	if (lanes->n == 1)
		return; /* wherever there is time: its lane is known without asking for the CPU */
	n_cpus = usable_cpus(cpus);
	for (uint32_t i = 0; i < lanes->n && i < n_cpus; i++) {
		/* From the end: interrupts and everything that was never placed sit at the beginning. */
		lanes->senders[i].cpu = (int)cpus[n_cpus - 1 - i];
		run->lane_of_cpu[cpus[n_cpus - 1 - i]] = (uint8_t)i;
	}
}

int cp_lanes_start(struct cp_lanes *lanes)
{
	for (uint32_t i = 0; i < lanes->n; i++) {
		int rc = cp_sender_start(&lanes->senders[i]);

		if (rc) {
			cp_lanes_stop(lanes);
			return rc;
		}
	}
	return 0;
}

void cp_lanes_stop(struct cp_lanes *lanes)
{
	for (uint32_t i = 0; i < lanes->n; i++)
		cp_sender_stop(&lanes->senders[i]);
}

void cp_lanes_set_rate(struct cp_lanes *lanes, uint64_t rate_pps)
{
	for (uint32_t i = 0; i < lanes->n; i++) {
		uint64_t share = rate_pps / lanes->n + (i < rate_pps % lanes->n);

		atomic_store(&lanes->senders[i].rate_pps, share ? share : 1);
	}
}

static uint64_t queued(const struct cp_sender *sender)
{
	return atomic_load(&sender->head) - atomic_load(&sender->done);
}

uint32_t cp_lanes_room(const struct cp_lanes *lanes)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < lanes->n; i++) {
		uint64_t n = queued(&lanes->senders[i]);

		most = n > most ? n : most;
	}
	return (uint32_t)(CP_WORK_SLOTS - most);
}

uint32_t cp_lanes_queued(const struct cp_lanes *lanes)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < lanes->n; i++)
		n += queued(&lanes->senders[i]);
	return (uint32_t)n;
}

/* All that shares a budget has one lane, so that a budget is charged by one CPU only. */
static uint32_t lane_of(const struct cp_lanes *lanes, uint32_t dest)
{
	return lanes->n <= 1 ? 0 : lanes->dests[dest].prefix_budget % lanes->n;
}

int cp_lanes_push(struct cp_lanes *lanes, enum cp_work_op op, const uint32_t *ids, uint32_t n)
{
	uint32_t per_dest = lanes->n_flows * lanes->n_ttls;
	uint64_t heads[CP_LANES_MAX];

	if (n > cp_lanes_room(lanes))
		return -ENOSPC;
	for (uint32_t i = 0; i < lanes->n; i++)
		heads[i] = atomic_load(&lanes->senders[i].head);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = cp_id_slot(ids[i]), dest = slot / per_dest, rest = slot % per_dest;
		uint32_t lane = lane_of(lanes, dest);

		lanes->work[lane * CP_WORK_SLOTS + (heads[lane]++ & (CP_WORK_SLOTS - 1))] = (struct cp_work){
		        .id = ids[i],
		        .dest = dest,
		        .flow = (uint8_t)(rest / lanes->n_ttls),
		        .ttl_index = (uint8_t)(rest % lanes->n_ttls),
		        .op = (uint8_t)op,
		};
	}
	for (uint32_t i = 0; i < lanes->n; i++)
		cp_sender_push(&lanes->senders[i], heads[i]);
	return 0;
}

uint64_t cp_lanes_consumed(const struct cp_lanes *lanes)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < lanes->n; i++)
		n += *lanes->senders[i].cursor;
	return n;
}

uint64_t cp_lanes_take_busy_ns(struct cp_lanes *lanes)
{
	uint64_t first_ns = UINT64_MAX, last_ns = 0;

	for (uint32_t i = 0; i < lanes->n; i++) {
		uint64_t first = atomic_exchange(&lanes->senders[i].first_tx_ns, 0);
		uint64_t last = atomic_load(&lanes->senders[i].end_ns);

		if (!first)
			continue;
		first_ns = first < first_ns ? first : first_ns;
		last_ns = last > last_ns ? last : last_ns;
	}
	return last_ns ? last_ns - first_ns : 0;
}

int cp_lanes_error(const struct cp_lanes *lanes)
{
	for (uint32_t i = 0; i < lanes->n; i++) {
		int rc = atomic_load(&lanes->senders[i].error);

		if (rc)
			return rc;
	}
	return 0;
}
