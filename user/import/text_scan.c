// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text_scan.c: the words of the tools' texts. Must not know any tool.
 */
#include "text_scan.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void cp_scan_blanks(const char **at)
{
	while (is_blank(**at))
		++*at;
}

bool cp_scan_end(const char **at)
{
	cp_scan_blanks(at);
	return **at == '\0';
}

bool cp_scan_text(const char **at, const char *text)
{
	const char *start = *at;
	size_t len = strlen(text);

	cp_scan_blanks(&start);
	if (strncasecmp(start, text, len) != 0)
		return false;
	*at = start + len;
	return true;
}

bool cp_scan_word(const char **at, const char *word)
{
	const char *end = *at;

	if (!cp_scan_text(&end, word) || (*end && !is_blank(*end)))
		return false;
	*at = end;
	return true;
}

size_t cp_scan_token(const char **at, const char **ret_token)
{
	const char *start = *at, *end;

	cp_scan_blanks(&start);
	for (end = start; *end && !is_blank(*end); end++)
		;
	if (end == start)
		return 0;
	*ret_token = start;
	*at = end;
	return (size_t)(end - start);
}

bool cp_scan_uint(const char **at, uint32_t max, uint32_t *ret_value)
{
	const char *c = *at;
	uint64_t value = 0;

	cp_scan_blanks(&c);
	if (!is_digit(*c))
		return false;
	for (; is_digit(*c); c++) {
		value = value * 10 + (uint64_t)(*c - '0');
		if (value > max)
			return false;
	}
	*ret_value = (uint32_t)value;
	*at = c;
	return true;
}

bool cp_scan_decimal(const char **at, uint32_t *ret_thousandths)
{
	const char *c = *at;
	uint32_t whole, fraction = 0, scale = 100;

	if (!cp_scan_uint(&c, UINT32_MAX / 1000 - 1, &whole))
		return false;
	if (*c == '.' && is_digit(c[1])) {
		for (c++; is_digit(*c); c++, scale /= 10)
			fraction += (uint32_t)(*c - '0') * scale;
	}
	*ret_thousandths = whole * 1000 + fraction;
	*at = c;
	return true;
}

bool cp_scan_ms(const char **at, uint32_t *ret_us)
{
	const char *c = *at;
	uint32_t us;
	bool is_less = cp_scan_text(&c, "<");

	if (!cp_scan_decimal(&c, &us) || !cp_scan_word(&c, "ms"))
		return false;
	*ret_us = is_less || us == 0 ? 1 : us;
	*at = c;
	return true;
}

bool cp_scan_addr(const char *text, size_t len, struct cp_addr *ret_addr)
{
	char buf[CP_ADDR_STRLEN];
	struct cp_addr addr;
	const char *zone = memchr(text, '%', len);

	if (zone && memchr(text, ':', len))
		len = (size_t)(zone - text);
	if (len == 0 || len >= sizeof(buf))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (cp_addr_parse(buf, &addr) != 0 || cp_addr_is_zero(&addr))
		return false;
	*ret_addr = addr;
	return true;
}

/* What is between the brackets of "(...)" or "[...]"; NULL when the word is neither. */
static const char *bracketed(const char *token, size_t len, size_t *ret_len)
{
	if (len < 3)
		return NULL;
	if (!(token[0] == '(' && token[len - 1] == ')') && !(token[0] == '[' && token[len - 1] == ']'))
		return NULL;
	*ret_len = len - 2;
	return token + 1;
}

static void set_name(struct cp_who *who, const char *name, size_t len)
{
	memcpy(who->name, name, len);
	who->name[len] = '\0';
}

/* "192.0.2.1" was read; "(192.0.2.1)" or "(name)" may follow. */
static void scan_name(const char **at, struct cp_who *who)
{
	const char *next = *at, *token, *inner;
	size_t len = cp_scan_token(&next, &token), n;
	struct cp_addr addr;

	inner = len && *token == '(' ? bracketed(token, len, &n) : NULL;
	if (!inner || n >= CP_NAME_SIZE)
		return;
	if (!cp_scan_addr(inner, n, &addr))
		set_name(who, inner, n);
	else if (!cp_addr_eq(&addr, &who->addr))
		return;
	*at = next;
}

enum cp_scan_who cp_scan_who(const char **at, struct cp_who *ret_who)
{
	const char *next = *at, *token, *inner;
	size_t len = cp_scan_token(&next, &token), n;

	if (len == 0 || len >= CP_NAME_SIZE)
		return CP_WHO_NONE;
	ret_who->name[0] = '\0';
	if (cp_scan_addr(token, len, &ret_who->addr)) {
		*at = next;
		scan_name(at, ret_who);
		return CP_WHO_READ;
	}
	set_name(ret_who, token, len);
	*at = next;
	len = cp_scan_token(&next, &token);
	inner = len ? bracketed(token, len, &n) : NULL;
	if (!inner || !cp_scan_addr(inner, n, &ret_who->addr))
		return CP_WHO_UNNUMBERED;
	*at = next;
	if (strcmp(ret_who->name, "???") == 0) /* tracepath: it has none */
		ret_who->name[0] = '\0';
	return CP_WHO_READ;
}
