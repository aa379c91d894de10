/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * glob.h: patterns with * and ?, as names of hosts are matched: the case of
 * ASCII letters does not count. Must not know what is matched.
 */
#ifndef CP_GLOB_H
#define CP_GLOB_H

#include <stdbool.h>

/* Costs no more than the product of both lengths. */
bool cp_glob_matches(const char *pattern, const char *text);

#endif
