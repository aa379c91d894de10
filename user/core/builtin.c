// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * builtin.c: embeds data/ with .incbin, so that the program is one file and
 * its lists always match its version. Must not know what is in them.
 */
#include "builtin.h"

#include <string.h>

#define EMBED(symbol, path)                                                                                            \
	__asm__(".section .rodata\n"                                                                                   \
	        ".global cp_data_" #symbol "\ncp_data_" #symbol ":\n"                                                  \
	        ".incbin \"data/" path "\"\n"                                                                          \
	        ".global cp_data_" #symbol "_end\ncp_data_" #symbol "_end:\n"                                          \
	        ".byte 0\n"                                                                                            \
	        ".previous\n");                                                                                        \
	extern const char cp_data_##symbol[], cp_data_##symbol##_end[]

EMBED(asns, "asns.csv");
EMBED(microsoft, "microsoft.csv");
EMBED(controls, "controls.csv");
EMBED(ixp_lans, "ixp-lans.csv");
EMBED(microsoft_ranges, "microsoft-ranges.csv");
EMBED(msn_site_codes, "msn-site-codes.csv");

static const struct {
	const char *name;
	const char *text, *end;
	uint64_t time_s; /* of the table that it was taken from, data/README.md */
} lists[] = {
        {"asns.csv", cp_data_asns, cp_data_asns_end, 0},
        {"microsoft.csv", cp_data_microsoft, cp_data_microsoft_end, 0},
        {"controls.csv", cp_data_controls, cp_data_controls_end, 0},
        {"ixp-lans.csv", cp_data_ixp_lans, cp_data_ixp_lans_end, 0},
        {"microsoft-ranges.csv", cp_data_microsoft_ranges, cp_data_microsoft_ranges_end, 1781654400 /* 2026-06-17 */},
        {"msn-site-codes.csv", cp_data_msn_site_codes, cp_data_msn_site_codes_end, 0},
};

const char *cp_builtin(const char *name, size_t *ret_len)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcmp(lists[i].name, name) == 0) {
			*ret_len = (size_t)(lists[i].end - lists[i].text);
			return lists[i].text;
		}
	}
	return NULL;
}

uint64_t cp_builtin_time_s(const char *name)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcmp(lists[i].name, name) == 0)
			return lists[i].time_s;
	}
	return 0;
}
