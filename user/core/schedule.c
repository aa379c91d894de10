// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * schedule.c: owns the grids and where each job stands in its own. Must not
 * know a clock.
 */
#include "schedule.h"

#include <errno.h>
#include <stdlib.h>

struct job {
	uint64_t start_ns, interval_ns, jitter_ns;
	uint64_t slot; /* k of the next run */
	uint64_t due_ns; /* of that */
};

struct cp_schedule {
	uint64_t seed;
	struct job *jobs;
	uint32_t n;
};

/* splitmix64's finaliser (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* Saturates: what lies beyond the end of time is never due. */
static uint64_t add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static uint64_t slot_ns(const struct cp_schedule *schedule, uint32_t number, uint64_t slot)
{
	const struct job *job = &schedule->jobs[number];
	uint64_t at, jitter = 0;

	if (slot > (UINT64_MAX - job->start_ns) / job->interval_ns)
		return UINT64_MAX;
	at = job->start_ns + slot * job->interval_ns;
	if (job->jitter_ns)
		jitter = mix(mix(schedule->seed + number) + slot) % (job->jitter_ns + 1);
	return add(at, jitter);
}

int cp_schedule_new(uint64_t seed, struct cp_schedule **ret_schedule)
{
	struct cp_schedule *schedule = calloc(1, sizeof(*schedule));

	if (!schedule)
		return -ENOMEM;
	schedule->seed = seed;
	*ret_schedule = schedule;
	return 0;
}

void cp_schedule_free(struct cp_schedule *schedule)
{
	if (!schedule)
		return;
	free(schedule->jobs);
	free(schedule);
}

int cp_schedule_add(
        struct cp_schedule *schedule, uint64_t start_ns, uint64_t interval_ns, uint64_t jitter_ns, uint32_t *ret_job)
{
	struct job *jobs;

	if (interval_ns == 0 || jitter_ns >= interval_ns)
		return -EINVAL;
	jobs = realloc(schedule->jobs, (schedule->n + 1) * sizeof(*jobs));
	if (!jobs)
		return -ENOMEM;
	schedule->jobs = jobs;
	jobs[schedule->n] = (struct job){.start_ns = start_ns, .interval_ns = interval_ns, .jitter_ns = jitter_ns};
	jobs[schedule->n].due_ns = slot_ns(schedule, schedule->n, 0);
	*ret_job = schedule->n++;
	return 0;
}

void cp_schedule_carry(struct cp_schedule *schedule, uint32_t job, const struct cp_schedule *other, uint32_t other_job)
{
	const struct job *from = &other->jobs[other_job];
	struct job *to = &schedule->jobs[job];

	if (from->interval_ns == to->interval_ns && from->jitter_ns == to->jitter_ns)
		*to = *from;
}

uint32_t cp_schedule_due(const struct cp_schedule *schedule, uint64_t now_ns)
{
	uint32_t first = CP_SCHEDULE_NONE;

	for (uint32_t i = 0; i < schedule->n; i++) {
		if (schedule->jobs[i].due_ns > now_ns)
			continue;
		if (first == CP_SCHEDULE_NONE || schedule->jobs[i].due_ns < schedule->jobs[first].due_ns)
			first = i;
	}
	return first;
}

uint64_t cp_schedule_next_ns(const struct cp_schedule *schedule)
{
	uint64_t next_ns = UINT64_MAX;

	for (uint32_t i = 0; i < schedule->n; i++) {
		if (schedule->jobs[i].due_ns < next_ns)
			next_ns = schedule->jobs[i].due_ns;
	}
	return next_ns;
}

uint64_t cp_schedule_job_ns(const struct cp_schedule *schedule, uint32_t job)
{
	return schedule->jobs[job].due_ns;
}

uint64_t cp_schedule_done(struct cp_schedule *schedule, uint32_t number, uint64_t now_ns)
{
	struct job *job = &schedule->jobs[number];
	uint64_t ran = job->slot, next = ran + 1;

	/* The jitter may put a point before now behind it; the one after the latest grid point never is before. */
	if (now_ns > job->start_ns && (now_ns - job->start_ns) / job->interval_ns > next)
		next = (now_ns - job->start_ns) / job->interval_ns;
	while (slot_ns(schedule, number, next) <= now_ns)
		next++;
	job->slot = next;
	job->due_ns = slot_ns(schedule, number, next);
	return next - ran - 1;
}
