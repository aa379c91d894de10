/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_scan.h: the words that the tools' texts have in common: numbers,
 * round-trip times, addresses with and without names. Works on one line that
 * ends with a NUL, as cp_lines_next() hands it out. Must not know any tool.
 *
 * A cursor is a const char * into the line. Each function skips blanks, and
 * moves the cursor behind what it read only when it read it.
 */
#ifndef CP_TEXT_SCAN_H
#define CP_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"

#define CP_NAME_SIZE 256 /* of a host name with its NUL; RFC 1035 has 253 */

/* Who answered. */
struct cp_who {
	struct cp_addr addr;
	char name[CP_NAME_SIZE]; /* "": none was shown */
};

/* What stands at a cursor where somebody's name and address may stand. */
enum cp_scan_who {
	CP_WHO_NONE = 0, /* the end of the line, or no such thing */
	CP_WHO_READ,
	CP_WHO_UNNUMBERED, /* a name, but no address; ret_who->name is set */
};

void cp_scan_blanks(const char **at);
bool cp_scan_end(const char **at);
/* Exactly these bytes, whatever follows; upper and lower case are the same. */
bool cp_scan_text(const char **at, const char *text);
/* The same where a blank or the end follows. */
bool cp_scan_word(const char **at, const char *word);
/* The next word, not copied; 0: the end. */
size_t cp_scan_token(const char **at, const char **ret_token);
/* Decimal digits; what follows them is not looked at. */
bool cp_scan_uint(const char **at, uint32_t max, uint32_t *ret_value);
/*
 * "0.345 ms", "0.345ms", "<1 ms" in microseconds. A time too short to be told
 * is 1, as 0 stands for unknown.
 */
bool cp_scan_ms(const char **at, uint32_t *ret_us);
/* A number with or without a fraction, in thousandths. */
bool cp_scan_decimal(const char **at, uint32_t *ret_thousandths);
/* An address of exactly len bytes; a zone ("%eth0") is dropped. False for "::", which stands for none. */
bool cp_scan_addr(const char *text, size_t len, struct cp_addr *ret_addr);
/* "192.0.2.1", "name (192.0.2.1)", "name [192.0.2.1]", "192.0.2.1 (name)". ret_who is set unless CP_WHO_NONE. */
enum cp_scan_who cp_scan_who(const char **at, struct cp_who *ret_who);

#endif
