/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * mute.h: windows of time in which changes of some targets are recorded but
 * not delivered. Time is an argument, in UTC. Must not know what a change is.
 */
#ifndef CP_MUTE_H
#define CP_MUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define CP_MUTE_GLOB_MAX 128 /* bytes, with the NUL */

struct cp_mute {
	uint8_t days; /* weekly: bit 0 Sunday ... bit 6 Saturday, of the day on which the window opens; 0: once */
	uint16_t from_min, to_min; /* weekly: minutes of the day [from, to); to <= from: ends on the day after */
	uint64_t from_ms, to_ms; /* once: Unix time [from, to) */
	char target[CP_MUTE_GLOB_MAX], group[CP_MUTE_GLOB_MAX]; /* "" : all */
};

/*
 * Reads one window, all times UTC:
 *
 *   DAYS HH:MM-HH:MM [target=GLOB] [group=GLOB]     DAYS: "*" or a list of names and ranges: "Mon-Fri", "Sat,Sun"
 *   2026-12-24T18:00/2026-12-27T06:00 [target=GLOB] [group=GLOB]
 *
 * HH:MM goes up to 24:00; a window that ends before it begins ends on the next day. GLOB knows * and ?, and is
 * compared without regard to the case of ASCII letters. -EINVAL with a sentence for anything else.
 */
int cp_mute_parse(const char *text, struct cp_mute *ret_mute, struct cp_err *err);

/* Does the window hold at this moment for this target? group may be NULL: only a window for all groups holds. */
bool cp_mute_holds(const struct cp_mute *mute, uint64_t at_ms, const char *target, const char *group);

#endif
