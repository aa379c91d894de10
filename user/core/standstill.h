/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * standstill.h: notices that a loop which comes round every few milliseconds
 * did not for a while: the process was stopped, the virtual machine frozen or
 * moved, the computer suspended. Time is an argument; must not know what the
 * loop does.
 */
#ifndef CP_STANDSTILL_H
#define CP_STANDSTILL_H

#include <stdbool.h>
#include <stdint.h>

#define CP_STANDSTILL_MIN_NS 1000000000ull /* less is a busy host */

/* Zeroed: nothing was looked at yet. */
struct cp_standstill {
	uint64_t mono_ns, boot_ns; /* of the latest look */
	uint64_t from_ns, until_ns; /* the latest standstill, by the steady clock; 0: none */
};

/*
 * Each time round, with the steady clock and the one that also runs while the machine is suspended. Returns how long
 * nothing moved since the look before, in nanoseconds; 0: it went on.
 */
uint64_t cp_standstill_look(struct cp_standstill *still, uint64_t mono_ns, uint64_t boot_ns);
/* The loop is left, and will be entered again later: the time until then is none of its own. */
void cp_standstill_leave(struct cp_standstill *still);
/* Has what lasted from one point of the steady clock to another the latest standstill in it? */
bool cp_standstill_within(const struct cp_standstill *still, uint64_t from_ns, uint64_t until_ns);

#endif
