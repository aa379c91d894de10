// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * json.c: the JSON writer. Owns its line buffer. Where a comma belongs is read
 * off the last byte written, so there is no nesting state to get wrong.
 */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define FIRST_CAP 4096
#define NUMBER_MAX 24 /* 20 digits, sign or quotes, point */

void cp_json_init(struct cp_json *json, const struct cp_sink *sink)
{
	*json = (struct cp_json){.sink = *sink};
}

void cp_json_free(struct cp_json *json)
{
	if (!json)
		return;
	free(json->buf);
	json->buf = NULL;
	json->len = json->cap = 0;
}

static bool grow(struct cp_json *json, size_t more)
{
	size_t cap = json->cap ? json->cap : FIRST_CAP;
	char *buf;

	while (cap - json->len < more)
		cap *= 2;
	buf = realloc(json->buf, cap);
	if (!buf) {
		json->rc = -ENOMEM;
		return false;
	}
	json->buf = buf;
	json->cap = cap;
	return true;
}

/* Room for `more` bytes, unless an error is pending. */
static inline bool room(struct cp_json *json, size_t more)
{
	if (json->rc)
		return false;
	return json->cap - json->len >= more || grow(json, more);
}

static void put(struct cp_json *json, const char *data, size_t len)
{
	if (!room(json, len))
		return;
	memcpy(json->buf + json->len, data, len);
	json->len += len;
}

/* The comma before a value where one is due, its key, and room for `more` bytes of value. */
static inline bool lead(struct cp_json *json, const char *key, size_t n, size_t more)
{
	char *at;

	if (!room(json, n + 4 + more))
		return false;
	at = json->buf + json->len;
	if (json->len && at[-1] != '{' && at[-1] != '[')
		*at++ = ',';
	if (key) {
		*at++ = '"';
		memcpy(at, key, n);
		at += n;
		*at++ = '"';
		*at++ = ':';
	}
	json->len = (size_t)(at - json->buf);
	return true;
}

static inline void literal(struct cp_json *json, const char *key, size_t n_key, const char *text, size_t len)
{
	if (!lead(json, key, n_key, len))
		return;
	memcpy(json->buf + json->len, text, len);
	json->len += len;
}

void cp_json_open_n(struct cp_json *json, const char *key, size_t n_key, char bracket)
{
	literal(json, key, n_key, &bracket, 1);
}

void cp_json_close(struct cp_json *json, char bracket)
{
	put(json, &bracket, 1);
}

void cp_json_null_n(struct cp_json *json, const char *key, size_t n_key)
{
	literal(json, key, n_key, "null", 4);
}

void cp_json_bool_n(struct cp_json *json, const char *key, size_t n_key, bool value)
{
	if (value)
		literal(json, key, n_key, "true", 4);
	else
		literal(json, key, n_key, "false", 5);
}

/* Writes value's digits so that they end at `end`, at least n_least of them; returns their start. */
static char *digits(char *end, uint64_t value, unsigned n_least)
{
	char *at = end;

	while (value || n_least) {
		*--at = (char)('0' + value % 10);
		value /= 10;
		n_least -= n_least > 0;
	}
	return at;
}

void cp_json_uint_n(struct cp_json *json, const char *key, size_t n_key, uint64_t value)
{
	char text[NUMBER_MAX], *end = text + sizeof(text), *at = digits(end, value, 1);

	literal(json, key, n_key, at, (size_t)(end - at));
}

void cp_json_uint_string_n(struct cp_json *json, const char *key, size_t n_key, uint64_t value)
{
	char text[NUMBER_MAX], *end = text + sizeof(text), *at;

	*--end = '"';
	at = digits(end, value, 1);
	*--at = '"';
	literal(json, key, n_key, at, (size_t)(text + sizeof(text) - at));
}

void cp_json_int_n(struct cp_json *json, const char *key, size_t n_key, int64_t value)
{
	char text[NUMBER_MAX], *end = text + sizeof(text);
	char *at = digits(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);

	if (value < 0)
		*--at = '-';
	literal(json, key, n_key, at, (size_t)(end - at));
}

void cp_json_fixed_n(struct cp_json *json, const char *key, size_t n_key, uint64_t value, unsigned n_decimals)
{
	uint64_t unit = 1;
	char text[NUMBER_MAX], *end = text + sizeof(text), *at = end;

	for (unsigned i = 0; i < n_decimals; i++)
		unit *= 10;
	if (n_decimals) {
		at = digits(at, value % unit, n_decimals);
		*--at = '.';
	}
	at = digits(at, value / unit, 1);
	literal(json, key, n_key, at, (size_t)(end - at));
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Escapes one character that cannot stand for itself; room for six bytes is there. */
static void put_escape(struct cp_json *json, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char named[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	char *at = json->buf + json->len;

	*at++ = '\\';
	if (c == '"' || c == '\\') {
		*at++ = (char)c;
	} else if (c < sizeof(named) && named[c]) {
		*at++ = named[c];
	} else {
		*at++ = 'u';
		for (int shift = 12; shift >= 0; shift -= 4)
			*at++ = hex[c >> shift & 15];
	}
	json->len = (size_t)(at - json->buf);
}

/* One character that is not plain ASCII; returns the bytes it took. */
static size_t put_special(struct cp_json *json, const char *s, size_t len)
{
	uint32_t c = 0;
	size_t n = cp_utf8_decode(s, len, &c);

	if (!n) {
		put(json, CP_UTF8_REPLACEMENT, sizeof(CP_UTF8_REPLACEMENT) - 1);
		return 1;
	}
	/* DEL and the C1 controls need no escape in JSON, but a terminal that is shown a line obeys them. */
	if (c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c < 0xa0)) {
		if (room(json, 6))
			put_escape(json, c);
	} else {
		put(json, s, n);
	}
	return n;
}

void cp_json_string_n(struct cp_json *json, const char *key, size_t n_key, const char *value, size_t len)
{
	size_t from = 0, at = 0;

	if (!lead(json, key, n_key, len + 2))
		return;
	json->buf[json->len++] = '"';
	while (at < len) {
		if (is_plain((unsigned char)value[at])) {
			at++;
			continue;
		}
		put(json, value + from, at - from);
		at += put_special(json, value + at, len - at);
		from = at;
	}
	put(json, value + from, at - from);
	put(json, "\"", 1);
}

void cp_json_addr_n(struct cp_json *json, const char *key, size_t n_key, const struct cp_addr *addr)
{
	char text[CP_ADDR_STRLEN];

	cp_addr_format(addr, text);
	cp_json_string_n(json, key, n_key, text, strlen(text));
}

void cp_json_again(struct cp_json *json, const char *text, size_t len)
{
	literal(json, NULL, 0, text, len);
}

void cp_json_value_n(struct cp_json *json, const char *key, size_t n_key, const char *text, size_t len)
{
	size_t at = 0;

	if (!len || !lead(json, key, n_key, len))
		return;
	while (at < len) {
		uint32_t c = 0;
		size_t n = (unsigned char)text[at] < 0x80 ? 1 : cp_utf8_decode(text + at, len - at, &c);

		/* Only strings can have these in them. */
		if (n == 0 || text[at] == 0x7f || (c >= 0x80 && c < 0xa0)) {
			at += put_special(json, text + at, len - at);
		} else {
			put(json, text + at, n);
			at += n;
		}
	}
}

int cp_json_line(struct cp_json *json)
{
	put(json, "\n", 1);
	if (!json->rc)
		json->rc = json->sink.write(json->sink.ctx, json->buf, json->len);
	json->len = 0;
	return json->rc;
}
