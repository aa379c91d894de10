// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * addr.c: text to address and back, prefixes to ranges. Must not know what an
 * address is used for.
 *
 * There is one form: IPv4 lives in ::ffff:0:0/96, so that "192.0.2.1" and
 * "::ffff:192.0.2.1" are the same address, as they are to the sockets API.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define V4_PREFIX_BITS 96

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

int cp_addr_parse(const char *text, struct cp_addr *ret_addr)
{
	struct cp_addr addr;

	if (strchr(text, ':')) {
		if (inet_pton(AF_INET6, text, addr.b) != 1)
			return -EINVAL;
	} else {
		memcpy(addr.b, v4_prefix, sizeof(v4_prefix));
		if (inet_pton(AF_INET, text, addr.b + sizeof(v4_prefix)) != 1)
			return -EINVAL;
	}
	*ret_addr = addr;
	return 0;
}

static char *put_octet(char *at, unsigned value)
{
	if (value >= 100)
		*at++ = (char)('0' + value / 100);
	if (value >= 10)
		*at++ = (char)('0' + value / 10 % 10);
	*at++ = (char)('0' + value % 10);
	return at;
}

const char *cp_addr_format(const struct cp_addr *addr, char buf[CP_ADDR_STRLEN])
{
	char *at = buf;

	if (!cp_addr_is_v4(addr)) {
		/* Cannot fail: the family exists and the buffer is the size of the longest text. */
		inet_ntop(AF_INET6, addr->b, buf, CP_ADDR_STRLEN);
		return buf;
	}
	/* inet_ntop() goes through sprintf(), which a million paths feel. */
	for (size_t i = sizeof(v4_prefix); i < sizeof(addr->b); i++) {
		at = put_octet(at, addr->b[i]);
		*at++ = i + 1 < sizeof(addr->b) ? '.' : '\0';
	}
	return buf;
}

struct cp_addr cp_addr_from_v4(uint32_t host_order)
{
	struct cp_addr addr;

	memcpy(addr.b, v4_prefix, sizeof(v4_prefix));
	addr.b[12] = (uint8_t)(host_order >> 24);
	addr.b[13] = (uint8_t)(host_order >> 16);
	addr.b[14] = (uint8_t)(host_order >> 8);
	addr.b[15] = (uint8_t)host_order;
	return addr;
}

uint32_t cp_addr_v4(const struct cp_addr *addr)
{
	const uint8_t *b = addr->b;

	return (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15];
}

bool cp_addr_is_v4(const struct cp_addr *addr)
{
	return memcmp(addr->b, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool cp_addr_is_zero(const struct cp_addr *addr)
{
	static const struct cp_addr zero;

	return cp_addr_eq(addr, &zero);
}

int cp_addr_cmp(const struct cp_addr *a, const struct cp_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool cp_addr_eq(const struct cp_addr *a, const struct cp_addr *b)
{
	return cp_addr_cmp(a, b) == 0;
}

/* A prefix length as people write it: digits only, no leading zero, at most max. */
static int parse_length(const char *text, unsigned int max, unsigned int *ret_length)
{
	unsigned int length = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 3 || text[n] != '\0' || (n > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		length = length * 10 + (unsigned int)(text[i] - '0');
	if (length > max)
		return -EINVAL;
	*ret_length = length;
	return 0;
}

/* Clears the bits after the first n_bits in first, sets them in last. */
static void spread_prefix(struct cp_addr *first, struct cp_addr *last, unsigned int n_bits)
{
	for (unsigned int i = 0; i < sizeof(first->b); i++) {
		unsigned int kept = n_bits > i * 8 ? n_bits - i * 8 : 0;
		uint8_t host = (uint8_t)(kept >= 8 ? 0 : 0xff >> kept);

		first->b[i] = (uint8_t)(first->b[i] & ~host);
		last->b[i] = first->b[i] | host;
	}
}

int cp_addr_parse_prefix(const char *text, struct cp_addr *ret_first, struct cp_addr *ret_last)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char head[CP_ADDR_STRLEN];
	struct cp_addr first, last;

	if (n >= sizeof(head))
		return -EINVAL;
	memcpy(head, text, n);
	head[n] = '\0';
	if (cp_addr_parse(head, &first) < 0)
		return -EINVAL;

	bool is_v6_text = strchr(head, ':') != NULL;
	unsigned int max = is_v6_text ? 128 : 32, length = max;

	if (slash && parse_length(slash + 1, max, &length) < 0)
		return -EINVAL;
	spread_prefix(&first, &last, is_v6_text ? length : V4_PREFIX_BITS + length);
	*ret_first = first;
	*ret_last = last;
	return 0;
}
