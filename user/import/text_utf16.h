/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_utf16.h: UTF-16 with its byte order mark, as PowerShell 5 writes what a
 * program prints ("tracert HOST >FILE"), into UTF-8. Knows nothing of lines.
 */
#ifndef CP_TEXT_UTF16_H
#define CP_TEXT_UTF16_H

#include <stdbool.h>
#include <stddef.h>

/* The text begins with a byte order mark of either order. */
bool cp_utf16_is(const char *text, size_t len);
/*
 * The text without its mark; half a pair becomes U+FFFD, half a unit at the end
 * is dropped. The result is the caller's to free, and is not NUL-terminated. 0 or
 * -ENOMEM. Only for a text of which cp_utf16_is() holds.
 */
int cp_utf16_to_utf8(const char *text, size_t len, char **ret_text, size_t *ret_len);

#endif
