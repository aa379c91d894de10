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
#include <string.h>

#include "core/addr.h"
#include "sink.h"

struct cp_json {
	struct cp_sink sink;
	char *buf;
	size_t len, cap;
	int rc; /* first error; everything after it does nothing */
};

void cp_json_init(struct cp_json *json, const struct cp_sink *sink);
void cp_json_free(struct cp_json *json); /* takes NULL */

/*
 * In each of these key is NULL for an element of an array and for the
 * outermost value. The wrappers are here so that the length of a literal key
 * is known when it is compiled; the functions behind them take it (n_key).
 */
void cp_json_open_n(struct cp_json *json, const char *key, size_t n_key, char bracket);
void cp_json_close(struct cp_json *json, char bracket);
void cp_json_null_n(struct cp_json *json, const char *key, size_t n_key);
void cp_json_bool_n(struct cp_json *json, const char *key, size_t n_key, bool value);
void cp_json_int_n(struct cp_json *json, const char *key, size_t n_key, int64_t value);
void cp_json_uint_n(struct cp_json *json, const char *key, size_t n_key, uint64_t value);
void cp_json_uint_string_n(struct cp_json *json, const char *key, size_t n_key, uint64_t value);
void cp_json_fixed_n(struct cp_json *json, const char *key, size_t n_key, uint64_t value, unsigned n_decimals);
void cp_json_string_n(struct cp_json *json, const char *key, size_t n_key, const char *value, size_t len);
void cp_json_addr_n(struct cp_json *json, const char *key, size_t n_key, const struct cp_addr *addr);

static inline size_t cp_json_key_len(const char *key)
{
	return key ? strlen(key) : 0;
}

static inline void cp_json_object(struct cp_json *json, const char *key)
{
	cp_json_open_n(json, key, cp_json_key_len(key), '{');
}

static inline void cp_json_object_end(struct cp_json *json)
{
	cp_json_close(json, '}');
}

static inline void cp_json_array(struct cp_json *json, const char *key)
{
	cp_json_open_n(json, key, cp_json_key_len(key), '[');
}

static inline void cp_json_array_end(struct cp_json *json)
{
	cp_json_close(json, ']');
}

static inline void cp_json_null(struct cp_json *json, const char *key)
{
	cp_json_null_n(json, key, cp_json_key_len(key));
}

static inline void cp_json_bool(struct cp_json *json, const char *key, bool value)
{
	cp_json_bool_n(json, key, cp_json_key_len(key), value);
}

static inline void cp_json_int(struct cp_json *json, const char *key, int64_t value)
{
	cp_json_int_n(json, key, cp_json_key_len(key), value);
}

static inline void cp_json_uint(struct cp_json *json, const char *key, uint64_t value)
{
	cp_json_uint_n(json, key, cp_json_key_len(key), value);
}

/* null unless known. */
static inline void cp_json_uint_if(struct cp_json *json, const char *key, uint64_t value, bool known)
{
	if (known)
		cp_json_uint_n(json, key, cp_json_key_len(key), value);
	else
		cp_json_null_n(json, key, cp_json_key_len(key));
}

/* The number value / 10^n_decimals with all its decimals, exactly; n_decimals at most 9. */
static inline void cp_json_fixed(struct cp_json *json, const char *key, uint64_t value, unsigned n_decimals)
{
	cp_json_fixed_n(json, key, cp_json_key_len(key), value, n_decimals);
}

/* The same digits as cp_json_uint(), in quotes. */
static inline void cp_json_uint_string(struct cp_json *json, const char *key, uint64_t value)
{
	cp_json_uint_string_n(json, key, cp_json_key_len(key), value);
}

/* Control characters are escaped, each byte that is no UTF-8 becomes U+FFFD. NULL: null. */
static inline void cp_json_string(struct cp_json *json, const char *key, const char *value)
{
	if (value)
		cp_json_string_n(json, key, cp_json_key_len(key), value, strlen(value));
	else
		cp_json_null_n(json, key, cp_json_key_len(key));
}

/* An address as a string. */
static inline void cp_json_addr(struct cp_json *json, const char *key, const struct cp_addr *addr)
{
	cp_json_addr_n(json, key, cp_json_key_len(key), addr);
}

/* What was written before, the inside of an object or a whole value, with the comma that is due before it. */
void cp_json_again(struct cp_json *json, const char *text, size_t len);

/* A value that is JSON already: what is no UTF-8 in it becomes U+FFFD, nothing else is looked at. */
void cp_json_value_n(struct cp_json *json, const char *key, size_t n_key, const char *text, size_t len);

/* Ends the line and hands it to the sink in one write. 0 or the first -errno; nothing is written after an error. */
int cp_json_line(struct cp_json *json);

#endif
