// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * json_pull.c: JSON token by token. Owns the grammar; what tokens mean is the
 * caller's matter.
 */
#include "json_pull.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 64 /* characters that a number is converted from */

/* What may stand next. */
enum state {
	STATE_VALUE = 0,
	STATE_FIRST_ITEM, /* of an array, or its end */
	STATE_FIRST_KEY, /* of an object, or its end */
	STATE_KEY,
	STATE_AFTER, /* a value in a container */
	STATE_DONE,
	STATE_ERROR,
};

void cp_pull_init(struct cp_pull *pull, const char *text, size_t len)
{
	*pull = (struct cp_pull){.at = text, .text = text, .end = text + len, .kind = CP_PULL_END};
}

static enum cp_pull_kind fail(struct cp_pull *pull, const char *at, const char *why)
{
	pull->at = at;
	pull->why = why;
	pull->state = STATE_ERROR;
	return pull->kind = CP_PULL_ERROR;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_digit(const char *at, const char *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

static void skip_space(struct cp_pull *pull)
{
	while (pull->at < pull->end && is_space(*pull->at))
		pull->at++;
}

bool cp_pull_rest_is_blank(const struct cp_pull *pull)
{
	for (const char *c = pull->at; c < pull->end; c++) {
		if (!is_space(*c))
			return false;
	}
	return true;
}

/* ---- Strings ---- */

/* High bit of each byte that is a quote, a backslash, a control character or not ASCII, among others behind it. */
static uint64_t special_bytes(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u, highs = ones << 7;
	uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');

	return ((word - ones * 0x20) | (quote - ones) | (backslash - ones) | word) & highs;
}

/* The first byte from at on that is not plain text, or the end. */
static const char *plain_end(const char *at, const char *end)
{
	uint64_t word;

	while (end - at >= 8) {
		memcpy(&word, at, sizeof(word));
		if (special_bytes(word))
			break;
		at += 8;
	}
	while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80)
		at++;
	return at;
}

/* Length of the character of two or more bytes at `at`; 0: none that is well-formed (RFC 3629, section 4). */
static size_t utf8_length(const char *at, const char *end)
{
	const unsigned char *s = (const unsigned char *)at;
	size_t n = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
	           : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
	           : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
	                                         : 0;

	if (!n || (size_t)(end - at) < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	        (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Four hexadecimal digits at `at`; -1: there are none. */
static int hex4(const char *at, const char *end)
{
	int value = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = at[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* Length of the escape at the backslash `at`, a pair of surrogates being one; 0: it is none. */
static size_t escape_length(const char *at, const char *end)
{
	int unit;

	if (end - at < 2)
		return 0;
	if (at[1] != 'u')
		return strchr("\"\\/bfnrt", at[1]) && at[1] ? 2 : 0;
	unit = hex4(at + 2, end);
	if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000))
		return 0;
	if (unit < 0xd800 || unit >= 0xe000)
		return 6;
	if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
		return 0;
	unit = hex4(at + 8, end);
	return unit >= 0xdc00 && unit < 0xe000 ? 12 : 0;
}

/* pull->at is behind the opening quote. Leaves it behind the closing one. */
static bool read_string(struct cp_pull *pull)
{
	const char *at = pull->at, *end = pull->end;

	pull->text = at;
	pull->has_escapes = false;
	for (;;) {
		size_t n;

		at = plain_end(at, end);
		if (at == end) {
			fail(pull, at, "a string does not end");
			return false;
		}
		if (*at == '"')
			break;
		if ((unsigned char)*at < 0x20) {
			fail(pull, at, "a control character in a string");
			return false;
		}
		n = *at == '\\' ? escape_length(at, end) : utf8_length(at, end);
		if (!n) {
			fail(pull, at, *at == '\\' ? "a bad escape in a string" : "a string is not UTF-8");
			return false;
		}
		pull->has_escapes |= *at == '\\';
		at += n;
	}
	pull->len = (size_t)(at - pull->text);
	pull->at = at + 1;
	return true;
}

/* ---- Values ---- */

static enum cp_pull_kind done(struct cp_pull *pull, enum cp_pull_kind kind)
{
	pull->state = pull->depth ? STATE_AFTER : STATE_DONE;
	return pull->kind = kind;
}

static const char *skip_digits(const char *at, const char *end)
{
	while (is_digit(at, end))
		at++;
	return at;
}

static enum cp_pull_kind read_number(struct cp_pull *pull)
{
	const char *at = pull->at, *end = pull->end;

	pull->text = at;
	at += *at == '-';
	if (!is_digit(at, end))
		return fail(pull, at, "a number without digits");
	at = *at == '0' ? at + 1 : skip_digits(at, end);
	if (at < end && *at == '.') {
		if (!is_digit(at + 1, end))
			return fail(pull, at, "a number without digits behind its point");
		at = skip_digits(at + 1, end);
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		if (!is_digit(at, end))
			return fail(pull, at, "a number without digits in its exponent");
		at = skip_digits(at, end);
	}
	pull->len = (size_t)(at - pull->text);
	pull->at = at;
	return done(pull, CP_PULL_NUMBER);
}

static enum cp_pull_kind read_literal(struct cp_pull *pull, const char *word, size_t len, enum cp_pull_kind kind)
{
	if ((size_t)(pull->end - pull->at) < len || memcmp(pull->at, word, len) != 0)
		return fail(pull, pull->at, "not a value");
	pull->text = pull->at;
	pull->len = len;
	pull->at += len;
	return done(pull, kind);
}

static enum cp_pull_kind enter(struct cp_pull *pull, bool is_object)
{
	if (pull->depth == CP_PULL_DEPTH)
		return fail(pull, pull->at, "nested too deeply");
	pull->objects = pull->objects << 1 | is_object;
	pull->depth++;
	pull->text = pull->at++;
	pull->len = 1;
	pull->state = is_object ? STATE_FIRST_KEY : STATE_FIRST_ITEM;
	return pull->kind = is_object ? CP_PULL_OBJECT : CP_PULL_ARRAY;
}

static enum cp_pull_kind leave(struct cp_pull *pull)
{
	bool is_object = pull->objects & 1;

	pull->objects >>= 1;
	pull->depth--;
	pull->text = pull->at++;
	pull->len = 1;
	return done(pull, is_object ? CP_PULL_OBJECT_END : CP_PULL_ARRAY_END);
}

static enum cp_pull_kind read_value(struct cp_pull *pull)
{
	switch (*pull->at) {
	case '"':
		pull->at++;
		return read_string(pull) ? done(pull, CP_PULL_STRING) : CP_PULL_ERROR;
	case '{':
		return enter(pull, true);
	case '[':
		return enter(pull, false);
	case 't':
		return read_literal(pull, "true", 4, CP_PULL_TRUE);
	case 'f':
		return read_literal(pull, "false", 5, CP_PULL_FALSE);
	case 'n':
		return read_literal(pull, "null", 4, CP_PULL_NULL);
	case '-':
	case '0' ... '9':
		return read_number(pull);
	default:
		return fail(pull, pull->at, "not a value");
	}
}

static enum cp_pull_kind read_key(struct cp_pull *pull)
{
	if (*pull->at != '"')
		return fail(pull, pull->at, "a name in quotes is missing");
	pull->at++;
	if (!read_string(pull))
		return CP_PULL_ERROR;
	skip_space(pull);
	if (pull->at == pull->end || *pull->at != ':')
		return fail(pull, pull->at, "no colon behind a name");
	pull->at++;
	pull->state = STATE_VALUE;
	return pull->kind = CP_PULL_KEY;
}

static enum cp_pull_kind after_comma(struct cp_pull *pull, bool in_object)
{
	pull->at++;
	skip_space(pull);
	if (pull->at == pull->end)
		return fail(pull, pull->at, "cut off");
	return in_object ? read_key(pull) : read_value(pull);
}

enum cp_pull_kind cp_pull_next(struct cp_pull *pull)
{
	bool in_object = pull->objects & 1;
	char c;

	if (pull->state == STATE_ERROR)
		return CP_PULL_ERROR;
	if (pull->state == STATE_DONE)
		return pull->kind = CP_PULL_END;
	skip_space(pull);
	if (pull->at == pull->end)
		return fail(pull, pull->at, "cut off");
	c = *pull->at;
	switch (pull->state) {
	case STATE_AFTER:
		if (c == ',')
			return after_comma(pull, in_object);
		return c == (in_object ? '}' : ']') ? leave(pull) : fail(pull, pull->at, "a comma is missing");
	case STATE_FIRST_KEY:
		return c == '}' ? leave(pull) : read_key(pull);
	case STATE_FIRST_ITEM:
		return c == ']' ? leave(pull) : read_value(pull);
	default:
		return read_value(pull);
	}
}

bool cp_pull_skip(struct cp_pull *pull)
{
	uint32_t depth;

	if (pull->kind == CP_PULL_KEY)
		cp_pull_next(pull);
	if (pull->kind != CP_PULL_OBJECT && pull->kind != CP_PULL_ARRAY)
		return pull->kind != CP_PULL_ERROR;
	depth = pull->depth - 1;
	while (pull->depth > depth) {
		if (cp_pull_next(pull) == CP_PULL_ERROR)
			return false;
	}
	return true;
}

/* ---- What tokens mean ---- */

bool cp_pull_is(const struct cp_pull *pull, const char *word)
{
	return strncmp(pull->text, word, pull->len) == 0 && word[pull->len] == '\0';
}

size_t cp_pull_room(const struct cp_pull *pull)
{
	/* No escape is shorter than what it means. */
	return pull->len + 1;
}

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The character an escape of that length, which was checked, stands for. */
static uint32_t escaped_char(const char *at, size_t len)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	const char *letter;
	uint32_t c;

	if (len == 2) {
		letter = strchr(letters, at[1]);
		return (unsigned char)(letter ? meanings[letter - letters] : at[1]);
	}
	c = (uint32_t)hex4(at + 2, at + len);
	if (len == 12)
		c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)hex4(at + 8, at + len) - 0xdc00);
	return c ? c : 0xfffd;
}

size_t cp_pull_unescape(const struct cp_pull *pull, char *ret_text)
{
	const char *at = pull->text, *end = at + pull->len;
	char *to = ret_text;

	while (at < end) {
		const char *backslash = pull->has_escapes ? memchr(at, '\\', (size_t)(end - at)) : NULL;
		size_t n = (size_t)((backslash ? backslash : end) - at);

		memcpy(to, at, n);
		to += n;
		at += n;
		if (backslash) {
			n = escape_length(at, end);
			to += put_utf8(to, escaped_char(at, n));
			at += n;
		}
	}
	*to = '\0';
	return (size_t)(to - ret_text);
}

bool cp_pull_uint(const struct cp_pull *pull, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (pull->kind != CP_PULL_NUMBER || pull->len > 20)
		return false;
	for (size_t i = 0; i < pull->len; i++) {
		unsigned digit = (unsigned char)pull->text[i] - '0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

bool cp_pull_double(const struct cp_pull *pull, double *ret_value)
{
	char text[NUMBER_MAX + 1];
	double value;

	if (pull->kind != CP_PULL_NUMBER || pull->len > NUMBER_MAX)
		return false;
	memcpy(text, pull->text, pull->len);
	text[pull->len] = '\0';
	value = strtod(text, NULL);
	if (!isfinite(value))
		return false;
	*ret_value = value;
	return true;
}
