// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * utf8.c: decoding and column widths of characters. The ranges are the blocks
 * of Unicode's East Asian Width (W, F) and of its marks and format characters;
 * the C library's wcwidth() would depend on the process's locale.
 */
#include "utf8.h"

size_t cp_utf8_decode(const char *s, size_t len, uint32_t *ret_char)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)s[0];
	size_t n = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : 4;
	uint32_t c;

	if (n == 1) {
		*ret_char = lead;
		return 1;
	}
	if (n > len || lead < 0xc2 || lead > 0xf4)
		return 0;
	c = lead & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_char = c;
	return n;
}

struct range {
	uint32_t first, last;
};

static const struct range none[] = {
        {0x0000, 0x001f},
        {0x007f, 0x009f},
        {0x00ad, 0x00ad},
        {0x0300, 0x036f},
        {0x0483, 0x0489},
        {0x0591, 0x05c7},
        {0x0600, 0x0605},
        {0x0610, 0x061c},
        {0x064b, 0x065f},
        {0x06d6, 0x06ed},
        {0x1ab0, 0x1aff},
        {0x1dc0, 0x1dff},
        {0x200b, 0x200f},
        {0x2028, 0x202e},
        {0x2060, 0x206f},
        {0x20d0, 0x20ff},
        {0xd800, 0xf8ff},
        {0xfe00, 0xfe0f},
        {0xfe20, 0xfe2f},
        {0xfeff, 0xfeff},
        {0xfff0, 0xfffb},
        {0xe0000, 0x10ffff},
};

static const struct range wide[] = {
        {0x1100, 0x115f},
        {0x2e80, 0x303e},
        {0x3041, 0xa4cf},
        {0xa960, 0xa97f},
        {0xac00, 0xd7a3},
        {0xf900, 0xfaff},
        {0xfe30, 0xfe6f},
        {0xff00, 0xff60},
        {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f},
        {0x1f680, 0x1f6ff},
        {0x1f900, 0x1f9ff},
        {0x20000, 0x3fffd},
};

static bool in_ranges(const struct range *ranges, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

unsigned cp_utf8_columns(uint32_t c)
{
	if (c >= 0x20 && c < 0x7f)
		return 1;
	if (in_ranges(none, sizeof(none) / sizeof(none[0]), c))
		return 0;
	return in_ranges(wide, sizeof(wide) / sizeof(wide[0]), c) ? 2 : 1;
}
