// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * blocklist.c: prefixes that are never probed, in two sorted tables. Must not
 * know what a probe is.
 *
 * Prefixes either nest or are disjoint. Sorted by first address, wider before
 * narrower, the last prefix that starts at or before an address is its most
 * specific one or lies inside a prefix that holds it, so each knows the prefix
 * around it and a look-up is one binary search and a short climb.
 */
#include "blocklist.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

#define NO_PARENT UINT32_MAX

struct prefix {
	struct cp_addr first, last;
	const char *label; /* a literal of this file */
	uint32_t order; /* of addition */
	uint32_t parent; /* index of the narrowest prefix around this one */
};

struct table {
	struct prefix *items;
	size_t n, cap;
};

struct cp_blocklist {
	/* Apart, so that "::/0" means every IPv6 address and not the mapped IPv4 ones too. */
	struct table v4, v6;
};

static const struct {
	const char *prefix, *label;
} defaults[] = {
        {"0.0.0.0/8", "this-network"},
        {"127.0.0.0/8", "loopback"},
        {"169.254.0.0/16", "link-local"},
        {"224.0.0.0/4", "multicast"},
        {"192.0.2.0/24", "documentation"},
        {"198.51.100.0/24", "documentation"},
        {"203.0.113.0/24", "documentation"},
        {"198.18.0.0/15", "benchmarking"},
        {"192.0.0.0/24", "reserved"},
        {"240.0.0.0/4", "reserved"},
        {"168.63.129.16/32", "cloud-platform"},
        {"169.254.169.254/32", "cloud-platform"},
        {"::/128", "this-network"},
        {"::1/128", "loopback"},
        {"fe80::/10", "link-local"},
        {"ff00::/8", "multicast"},
        {"2001:db8::/32", "documentation"},
        {"3fff::/20", "documentation"},
        {"2001:2::/48", "benchmarking"},
        /* All that IANA has not given out: neither global unicast (2000::/3), NAT64 (in 64::/16) nor private
           (fc00::/7). */
        {"::/10", "reserved"},
        {"40::/11", "reserved"},
        {"60::/14", "reserved"},
        {"65::/16", "reserved"},
        {"66::/15", "reserved"},
        {"68::/13", "reserved"},
        {"70::/12", "reserved"},
        {"80::/9", "reserved"},
        {"100::/8", "reserved"},
        {"200::/7", "reserved"},
        {"400::/6", "reserved"},
        {"800::/5", "reserved"},
        {"1000::/4", "reserved"},
        {"4000::/2", "reserved"},
        {"8000::/2", "reserved"},
        {"c000::/3", "reserved"},
        {"e000::/4", "reserved"},
        {"f000::/5", "reserved"},
        {"f800::/6", "reserved"},
        {"fe00::/9", "reserved"},
        {"fec0::/10", "reserved"},
};

static int add_prefix(struct cp_blocklist *list, const char *text, const char *label)
{
	struct prefix prefix = {.label = label};

	if (cp_addr_parse_prefix(text, &prefix.first, &prefix.last) < 0)
		return -EINVAL;

	bool is_v4 = cp_addr_is_v4(&prefix.first) && cp_addr_is_v4(&prefix.last);
	struct table *table = is_v4 ? &list->v4 : &list->v6;

	if (table->n == table->cap) {
		size_t cap = table->cap ? table->cap * 2 : 64;
		struct prefix *items = cap < NO_PARENT ? reallocarray(table->items, cap, sizeof(*items)) : NULL;

		if (!items)
			return -ENOMEM;
		table->items = items;
		table->cap = cap;
	}
	prefix.order = (uint32_t)table->n;
	table->items[table->n++] = prefix;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int order = cp_addr_cmp(&x->first, &y->first);

	if (order == 0)
		order = cp_addr_cmp(&y->last, &x->last);
	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Sorts, drops repeated prefixes and links each to the one around it. */
static void table_finish(struct table *table)
{
	struct prefix *items = table->items;
	size_t n = 0;

	if (table->n == 0)
		return;
	qsort(items, table->n, sizeof(*items), compare);
	for (size_t i = 0; i < table->n; i++)
		if (n == 0 || cp_addr_cmp(&items[n - 1].first, &items[i].first) != 0 ||
		        cp_addr_cmp(&items[n - 1].last, &items[i].last) != 0)
			items[n++] = items[i];
	table->n = n;
	for (size_t i = 0; i < n; i++) {
		uint32_t around = i ? (uint32_t)(i - 1) : NO_PARENT;

		while (around != NO_PARENT && cp_addr_cmp(&items[around].last, &items[i].last) < 0)
			around = items[around].parent;
		items[i].parent = around;
		items[i].order = (uint32_t)i;
	}
}

static const char *table_match(const struct table *table, const struct cp_addr *addr)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cp_addr_cmp(&table->items[middle].first, addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint32_t i = low ? (uint32_t)(low - 1) : NO_PARENT; i != NO_PARENT; i = table->items[i].parent)
		if (cp_addr_cmp(addr, &table->items[i].last) <= 0)
			return table->items[i].label;
	return NULL;
}

struct cp_blocklist *cp_blocklist_new(bool with_defaults)
{
	struct cp_blocklist *list = calloc(1, sizeof(*list));

	if (!list || !with_defaults)
		return list;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (add_prefix(list, defaults[i].prefix, defaults[i].label) < 0) {
			cp_blocklist_free(list);
			return NULL;
		}
	}
	table_finish(&list->v4);
	table_finish(&list->v6);
	return list;
}

static int add_line(struct cp_blocklist *list, char *line, struct cp_err *why)
{
	line[strcspn(line, "#")] = '\0';
	line = cp_line_trim(line);
	if (*line == '\0')
		return 0;

	int rc = add_prefix(list, line, "user");

	if (rc == -EINVAL)
		return cp_err_set(why, rc, "neither an address nor a prefix (192.0.2.0/24, 2001:db8::/32)");
	return rc < 0 ? cp_err_set(why, rc, "out of memory") : 0;
}

int cp_blocklist_add_text(
        struct cp_blocklist *list, const char *text, size_t len, const char *source, struct cp_err *err)
{
	struct cp_lines lines = cp_lines_start(text, len);
	size_t n_v4 = list->v4.n, n_v6 = list->v6.n;
	char line[CP_LINE_MAX + 1];
	struct cp_err why;

	for (;;) {
		int rc = cp_lines_next(&lines, line, &why);

		if (rc == 0)
			break;
		if (rc > 0)
			rc = add_line(list, line, &why);
		if (rc < 0) {
			list->v4.n = n_v4;
			list->v6.n = n_v6;
			return cp_err_set(err, rc, "%s:%zu: %s", source, lines.number, why.text);
		}
	}
	table_finish(&list->v4);
	table_finish(&list->v6);
	return 0;
}

static const struct cp_addr nat64 = {.b = {0x00, 0x64, 0xff, 0x9b}};

const char *cp_blocklist_match(const struct cp_blocklist *list, const struct cp_addr *addr)
{
	if (cp_addr_is_v4(addr))
		return table_match(&list->v4, addr);

	const char *label = table_match(&list->v6, addr);

	if (label || memcmp(addr->b, nat64.b, 12) != 0)
		return label;

	struct cp_addr inside = cp_addr_from_v4(cp_addr_v4(addr));

	return table_match(&list->v4, &inside);
}

/* Length of a prefix of 128 bits. */
static uint32_t n_bits(const struct prefix *prefix)
{
	uint32_t n = 0;

	while (n < 128 && !((prefix->first.b[n / 8] ^ prefix->last.b[n / 8]) >> (7 - n % 8) & 1))
		n++;
	return n;
}

int cp_blocklist_each(const struct cp_blocklist *list, cp_blocklist_cb cb, void *ctx)
{
	int rc = 0;

	for (size_t i = 0; i < list->v4.n && rc == 0; i++) {
		struct cp_addr inside = nat64;

		memcpy(inside.b + 12, list->v4.items[i].first.b + 12, 4);
		rc = cb(ctx, &list->v4.items[i].first, n_bits(&list->v4.items[i]), false);
		rc = rc ? rc : cb(ctx, &inside, n_bits(&list->v4.items[i]), true);
	}
	for (size_t i = 0; i < list->v6.n && rc == 0; i++)
		rc = cb(ctx, &list->v6.items[i].first, n_bits(&list->v6.items[i]), true);
	return rc;
}

void cp_blocklist_free(struct cp_blocklist *list)
{
	if (!list)
		return;
	free(list->v4.items);
	free(list->v6.items);
	free(list);
}
