/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json.h: writes JSON (RFC 8259), one text a line, into a byte sink. The
 * buffer is kept between lines, so that a field costs no allocation. Knows no
 * record. Keys are trusted: literals of the program, never data.
 */
#ifndef CP_JSON_H
#define CP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink.h"

struct cp_json {
	struct cp_sink sink;
	char *buf;
	size_t len, cap;
	int rc; /* first error; everything after it does nothing */
};

void cp_json_init(struct cp_json *json, const struct cp_sink *sink);
void cp_json_free(struct cp_json *json); /* takes NULL */

/* In each of these key is NULL for an element of an array and for the outermost value. */
void cp_json_object(struct cp_json *json, const char *key);
void cp_json_object_end(struct cp_json *json);
void cp_json_array(struct cp_json *json, const char *key);
void cp_json_array_end(struct cp_json *json);
void cp_json_null(struct cp_json *json, const char *key);
void cp_json_bool(struct cp_json *json, const char *key, bool value);
void cp_json_int(struct cp_json *json, const char *key, int64_t value);
void cp_json_uint(struct cp_json *json, const char *key, uint64_t value);
/* The number value / 10^n_decimals with all its decimals, exactly; n_decimals at most 9. */
void cp_json_fixed(struct cp_json *json, const char *key, uint64_t value, unsigned n_decimals);
/* Control characters are escaped, each byte that is no UTF-8 becomes U+FFFD. NULL: null. */
void cp_json_string(struct cp_json *json, const char *key, const char *value);
void cp_json_string_n(struct cp_json *json, const char *key, const char *value, size_t len);

/* Ends the line and hands it to the sink in one write. 0 or the first -errno; nothing is written after an error. */
int cp_json_line(struct cp_json *json);

#endif
