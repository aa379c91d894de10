// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_router_name.c: any text as the name of a router. What is made of it is
 * short, printable and a part of it, and what people are shown fits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/router_name.h"
#include "format/phrase.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static int is_plain(const char part[CP_ROUTER_PART_MAX])
{
	size_t len = strnlen(part, CP_ROUTER_PART_MAX);

	return len < CP_ROUTER_PART_MAX && strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

static void check_parts(const char *text, const struct cp_router_name *name)
{
	const char *const parts[] = {name->interface, name->router, name->site};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		require(is_plain(parts[i]));
		require(strcasestr(text, parts[i]) != NULL);
		require(name->microsoft || parts[i][0] == '\0');
	}
	require(name->microsoft || (!name->role && !name->city && !name->country));
	require(!name->city == !name->country);
	require(!name->city || name->site[0]);
	require(name->microsoft == (name->n_host > 0));
	require(!name->microsoft || text[name->n_host] == '.');
}

static int is_same(const struct cp_router_name *a, const struct cp_router_name *b)
{
	return a->n_host == b->n_host && a->microsoft == b->microsoft && strcmp(a->interface, b->interface) == 0 &&
	       strcmp(a->router, b->router) == 0 && strcmp(a->site, b->site) == 0 && a->role == b->role &&
	       a->city == b->city && a->country == b->country;
}

/* The same name in other letters, or as an absolute one, is the same router. */
static void check_forms(char *text, const struct cp_router_name *name)
{
	struct cp_router_name again;
	size_t len = strlen(text);

	for (char *c = text; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	cp_router_name_parse(text, &again);
	require(is_same(&again, name));
	if (len == 0 || text[len - 1] == '.' || !name->microsoft)
		return;
	text[len] = '.';
	text[len + 1] = '\0';
	cp_router_name_parse(text, &again);
	require(is_same(&again, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 2), shown[400];
	struct cp_router_name name;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	cp_router_name_parse(text, &name);
	check_parts(text, &name);
	for (unsigned columns = 0; columns < 60; columns += 7)
		require(cp_text_columns(cp_phrase_router(text, columns, shown, sizeof(shown))) <= columns);
	check_forms(text, &name);
	free(text);
	return 0;
}
