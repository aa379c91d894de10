// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * uri.c: takes a request target apart and decodes it in place. Must not know
 * what is asked for.
 */
#include "uri.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Whether n more bytes at s continue a character, the first of them within lo..hi (Unicode standard, table 3-7). */
static bool continues(const unsigned char *s, size_t n, unsigned char lo, unsigned char hi)
{
	if (s[0] < lo || s[0] > hi)
		return false;
	for (size_t i = 1; i < n; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return false;
	}
	return true;
}

/* Bytes of the character at s, which ends with a NUL; 0: none starts there, or a control character does. */
static size_t character(const unsigned char *s)
{
	unsigned char c = s[0];

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c >= 0xc2 && c <= 0xdf)
		return continues(s + 1, 1, c == 0xc2 ? 0xa0 : 0x80, 0xbf) ? 2 : 0; /* up to U+009F: controls */
	if (c >= 0xe0 && c <= 0xef)
		return continues(s + 1, 2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf) ? 3 : 0;
	if (c >= 0xf0 && c <= 0xf4)
		return continues(s + 1, 3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf) ? 4 : 0;
	return 0;
}

static bool is_text(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		size_t n = character(s);

		if (!n)
			return false;
		s += n;
	}
	return true;
}

/* Decodes a part where it stands. 0 or -EINVAL. */
static int decode(char *part, bool plus_is_space)
{
	char *to = part;

	for (const char *from = part; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = plus_is_space && *from == '+' ? ' ' : *from;
			continue;
		}
		high = hex(from[1]);
		low = high < 0 ? -1 : hex(from[2]);
		if (low < 0 || (high == 0 && low == 0))
			return -EINVAL;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return is_text(part) ? 0 : -EINVAL;
}

static int take_param(struct cp_uri *uri, char *param)
{
	char *value = strchr(param, '=');

	if (uri->n_params == CP_URI_PARAMS_MAX)
		return -E2BIG;
	if (value)
		*value++ = '\0';
	else
		value = param + strlen(param);
	uri->params[uri->n_params].name = (uint16_t)(param - uri->text);
	uri->params[uri->n_params++].value = (uint16_t)(value - uri->text);
	return decode(param, true) || decode(value, true) ? -EINVAL : 0;
}

static int take_query(struct cp_uri *uri, char *query)
{
	int rc = 0;

	while (query && rc == 0) {
		char *param = strsep(&query, "&");

		if (*param)
			rc = take_param(uri, param);
	}
	return rc;
}

int cp_uri_parse(const char *raw, struct cp_uri *ret_uri)
{
	struct cp_uri uri = {.n_params = 0};
	size_t len = strlen(raw);
	char *query;
	int rc;

	if (len > CP_URI_MAX)
		return -E2BIG;
	if (raw[0] != '/' || strchr(raw, '#'))
		return -EINVAL;
	memcpy(uri.text, raw, len + 1);
	query = strchr(uri.text, '?');
	if (query)
		*query++ = '\0';
	rc = decode(uri.text, false);
	rc = rc ? rc : take_query(&uri, query);
	if (rc == 0)
		*ret_uri = uri;
	return rc;
}

const char *cp_uri_path(const struct cp_uri *uri)
{
	return uri->text;
}

const char *cp_uri_param(const struct cp_uri *uri, const char *name)
{
	for (unsigned i = 0; i < uri->n_params; i++) {
		if (strcmp(uri->text + uri->params[i].name, name) == 0)
			return uri->text + uri->params[i].value;
	}
	return NULL;
}
