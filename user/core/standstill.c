// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* standstill.c: two looks at two clocks, compared. */
#include "standstill.h"

uint64_t cp_standstill_look(struct cp_standstill *still, uint64_t mono_ns, uint64_t boot_ns)
{
	uint64_t before_ns = still->mono_ns, gap_ns = still->boot_ns ? boot_ns - still->boot_ns : 0;

	still->mono_ns = mono_ns;
	still->boot_ns = boot_ns;
	if (gap_ns < CP_STANDSTILL_MIN_NS)
		return 0;
	still->from_ns = before_ns;
	still->until_ns = mono_ns;
	return gap_ns;
}

void cp_standstill_leave(struct cp_standstill *still)
{
	still->boot_ns = 0;
}

bool cp_standstill_within(const struct cp_standstill *still, uint64_t from_ns, uint64_t until_ns)
{
	return still->until_ns && from_ns <= still->until_ns && until_ns >= still->from_ns;
}
