/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_time.h: points in time as tools print them.
 */
#ifndef CP_TEXT_TIME_H
#define CP_TEXT_TIME_H

#include <stdint.h>

/*
 * "2023-03-27T10:15:30+0200", "2016-03-27 12:56 UTC" in milliseconds since 1970.
 * UINT64_MAX for anything else, and without a zone that is known.
 */
uint64_t cp_scan_time(const char *at);

#endif
