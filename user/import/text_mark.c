// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text_mark.c: letters to ICMP types and codes. Where a letter stands for
 * several codes, the plainest is taken.
 */
#include "text_mark.h"

#include <string.h>

#include "text_scan.h"

enum {
	TYPE4_UNREACHABLE = 3,
	TYPE4_TIME_EXCEEDED = 11,
	CODE4_TOO_BIG = 4,
	TYPE6_UNREACHABLE = 1,
	TYPE6_TOO_BIG = 2,
	TYPE6_TIME_EXCEEDED = 3,
};

/* Codes of a destination-unreachable message; -1: no such letter for this family. */
static const struct {
	char letter;
	int8_t v4, v6;
} letters[] = {
        {'N', 0, 0},
        {'H', 1, 3},
        {'P', 2, 1},
        {'S', 5, 2},
        {'U', 6, -1},
        {'W', 7, -1},
        {'I', 8, -1},
        {'A', 9, 3},
        {'Z', 10, -1},
        {'Q', 11, -1},
        {'T', 12, -1},
        {'X', 13, 1},
        {'V', 14, -1},
        {'C', 15, -1},
};

static void set(struct cp_hop *hop, uint32_t type, uint32_t code)
{
	uint32_t exceeded = cp_addr_is_v4(&hop->addr) ? TYPE4_TIME_EXCEEDED : TYPE6_TIME_EXCEEDED;

	hop->kind = type == exceeded ? CP_REPLY_TIME_EXCEEDED : CP_REPLY_UNREACHABLE;
	hop->icmp_type = (uint8_t)type;
	hop->icmp_code = (uint8_t)code;
}

static uint32_t unreachable_type(const struct cp_hop *hop)
{
	return cp_addr_is_v4(&hop->addr) ? TYPE4_UNREACHABLE : TYPE6_UNREACHABLE;
}

/* "<code>" and "<type-code>". */
static bool set_numbers(const char *text, const char *end, struct cp_hop *hop)
{
	uint32_t type = unreachable_type(hop), code;

	text++;
	if (!cp_scan_uint(&text, UINT8_MAX, &code))
		return false;
	if (*text == '-') {
		type = code;
		text++;
		if (!cp_scan_uint(&text, UINT8_MAX, &code))
			return false;
	}
	if (*text != '>' || text + 1 != end)
		return false;
	set(hop, type, code);
	return true;
}

/* Only digits, and behind a '-' if there are any: "F", "F-1400". */
static bool set_too_big(const char *text, const char *end, struct cp_hop *hop)
{
	for (text++; text < end; text++) {
		if (*text != '-' && (*text < '0' || *text > '9'))
			return false;
	}
	if (cp_addr_is_v4(&hop->addr))
		set(hop, TYPE4_UNREACHABLE, CODE4_TOO_BIG);
	else
		set(hop, TYPE6_TOO_BIG, 0);
	return true;
}

bool cp_text_mark(const char *mark, size_t len, struct cp_hop *hop)
{
	bool is_v4 = cp_addr_is_v4(&hop->addr);

	if (len == 0 || mark[0] != '!')
		return false;
	if (len == 1)
		return true;
	if (mark[1] == '<')
		return set_numbers(mark + 1, mark + len, hop);
	if (mark[1] == 'F')
		return set_too_big(mark + 1, mark + len, hop);
	for (size_t i = 0; len == 2 && i < sizeof(letters) / sizeof(letters[0]); i++) {
		int8_t code = is_v4 ? letters[i].v4 : letters[i].v6;

		if (letters[i].letter != mark[1] || code < 0)
			continue;
		set(hop, unreachable_type(hop), (uint32_t)code);
		return true;
	}
	return false;
}
