/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * builtin.h: the lists shipped in data/, embedded in the program.
 */
#ifndef CP_BUILTIN_H
#define CP_BUILTIN_H

#include <stddef.h>
#include <stdint.h>

/* "asns.csv", "microsoft.csv", ... -> its text, NUL-terminated; NULL when there is no such list. */
const char *cp_builtin(const char *name, size_t *ret_len);
/* When the data of such a list was collected, Unix time; 0: not known as a whole, or no such list. */
uint64_t cp_builtin_time_s(const char *name);

#endif
