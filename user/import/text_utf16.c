// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text_utf16.c: UTF-16 (RFC 2781) to UTF-8 (RFC 3629). Knows nothing of lines.
 */
#include "text_utf16.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MARK_LEN = 2, UNIT_LEN = 2, UTF8_MAX = 3 /* bytes a unit */ };

bool cp_utf16_is(const char *text, size_t len)
{
	return len >= MARK_LEN && (memcmp(text, "\xff\xfe", MARK_LEN) == 0 || memcmp(text, "\xfe\xff", MARK_LEN) == 0);
}

static uint32_t unit_at(const uint8_t *unit, bool is_little)
{
	return is_little ? unit[0] | (uint32_t)unit[1] << 8 : unit[1] | (uint32_t)unit[0] << 8;
}

static char *put(char *at, uint32_t c)
{
	if (c < 0x80) {
		*at++ = (char)c;
		return at;
	}
	if (c < 0x800) {
		*at++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*at++ = (char)(0xe0 | c >> 12);
		} else {
			*at++ = (char)(0xf0 | c >> 18);
			*at++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*at++ = (char)(0x80 | (c & 0x3f));
	return at;
}

int cp_utf16_to_utf8(const char *text, size_t len, char **ret_text, size_t *ret_len)
{
	const uint8_t *units = (const uint8_t *)text + MARK_LEN;
	size_t n_units = (len - MARK_LEN) / UNIT_LEN;
	bool is_little = (uint8_t)text[0] == 0xff;
	char *utf8 = malloc(n_units * UTF8_MAX + 1), *at = utf8;

	if (!utf8)
		return -ENOMEM;
	for (size_t i = 0; i < n_units; i++) {
		uint32_t c = unit_at(units + i * UNIT_LEN, is_little);
		uint32_t next = i + 1 < n_units ? unit_at(units + (i + 1) * UNIT_LEN, is_little) : 0;

		if (c >> 10 == 0xd800 >> 10 && next >> 10 == 0xdc00 >> 10) {
			c = 0x10000 + ((c & 0x3ff) << 10) + (next & 0x3ff);
			i++;
		} else if (c >> 11 == 0xd800 >> 11) {
			c = 0xfffd;
		}
		at = put(at, c);
	}
	*ret_text = utf8;
	*ret_len = (size_t)(at - utf8);
	return 0;
}
