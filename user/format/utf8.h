/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * utf8.h: reads UTF-8 one character at a time (RFC 3629) and knows how many
 * terminal columns a character takes. Must not know any output format.
 */
#ifndef CP_UTF8_H
#define CP_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CP_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/*
 * Decodes the character at s (len > 0 bytes are readable). Returns its length in bytes; 0 when no well-formed
 * character starts there (overlong forms, surrogates and anything above U+10FFFF included).
 */
size_t cp_utf8_decode(const char *s, size_t len, uint32_t *ret_char);
/* Columns of a character: 1 or 2; 0: it has none of its own, or must not reach a terminal (controls, marks, bidi). */
unsigned cp_utf8_columns(uint32_t c);

#endif
