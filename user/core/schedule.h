/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * schedule.h: when each of several repeated jobs is due. Each keeps to a grid
 * of its own, so lateness never adds up; what was missed (a long run, a
 * suspended machine) is made up for by one run, not by many. One job runs at a
 * time, so none overlaps itself or another. Time is an argument; must not know
 * what a job does.
 */
#ifndef CP_SCHEDULE_H
#define CP_SCHEDULE_H

#include <stdint.h>

#define CP_SCHEDULE_NONE UINT32_MAX

struct cp_schedule;

/* seed tells hosts apart: the same seed gives the same jitter. 0 or -ENOMEM. */
int cp_schedule_new(uint64_t seed, struct cp_schedule **ret_schedule);
void cp_schedule_free(struct cp_schedule *schedule); /* takes NULL */

/*
 * Adds a job, number *ret_job from 0. It is due at start_ns + k * interval_ns, k from 0, each time later by its own
 * share of jitter_ns. -EINVAL: an interval of 0, or a jitter not below it; -ENOMEM.
 */
int cp_schedule_add(
        struct cp_schedule *schedule, uint64_t start_ns, uint64_t interval_ns, uint64_t jitter_ns, uint32_t *ret_job);
/* Takes over where a job of another schedule stands when interval and jitter are the same; else does nothing. */
void cp_schedule_carry(struct cp_schedule *schedule, uint32_t job, const struct cp_schedule *other, uint32_t other_job);

/* The job that has waited longest, or CP_SCHEDULE_NONE: none is due yet. */
uint32_t cp_schedule_due(const struct cp_schedule *schedule, uint64_t now_ns);
/* When the first job is due, also when that has passed; UINT64_MAX without jobs. */
uint64_t cp_schedule_next_ns(const struct cp_schedule *schedule);
uint64_t cp_schedule_job_ns(const struct cp_schedule *schedule, uint32_t job); /* of one job */
/*
 * A run of a job ended: it is next due at the first point of its grid that is still to come. Returns how many points
 * before that had no run of their own.
 */
uint64_t cp_schedule_done(struct cp_schedule *schedule, uint32_t job, uint64_t now_ns);

#endif
