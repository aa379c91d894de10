// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * router_name.c: cuts the names of Microsoft's router interfaces into their
 * parts. Must not know where a name comes from, nor what a verdict makes of it.
 *
 * Shapes, as public traceroutes show them:
 *
 *   ae22-0.icr01.fra23.ntwk.msn.net      interface, router, site
 *   hetzner.fra-96cbe-1a.ntwk.msn.net    interface or its peer, site-platform-unit
 *   tor1.hkb.msedge.net                  router, site
 */
#include "router_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 253 /* RFC 1035, without the last dot */
#define LABELS_MAX 8 /* before the domain */

struct site {
	const char *code, *city, *country;
};

/* The rows of data/msn-site-codes.csv, sorted by code; the Makefile writes them. */
static const struct site sites[] = {
#include "msn_sites.h"
};

/* What letters in a router's name stand for, where that is publicly known; NULL says unknown to all others. */
static const struct {
	const char *type, *role;
} roles[] = {
        {"ibr", "backbone"}, {"owr", "backbone"}, {"icr", "core"}, {"ier", "internet edge"}, /* icr01 */
        {"96c", "internet edge"}, {"96cbe", "internet edge"}, /* fra-96cbe-1a */
};

static const char *role_of(const char *type, size_t len)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strlen(roles[i].type) == len && memcmp(roles[i].type, type, len) == 0)
			return roles[i].role;
	}
	return NULL;
}

static int compare_site(const void *code, const void *site)
{
	return strcmp(code, ((const struct site *)site)->code);
}

/* "fra23", "fra", "db3": two to four letters, up to three digits. Returns the number of letters; 0: no site. */
static size_t site_letters(const char *text, size_t len)
{
	size_t n = 0, digits;

	while (n < len && isalpha((unsigned char)text[n]))
		n++;
	for (digits = 0; n + digits < len && isdigit((unsigned char)text[n + digits]); digits++)
		;
	return n >= 2 && n <= 4 && digits <= 3 && n + digits == len ? n : 0;
}

static bool set_site(struct cp_router_name *name, const char *text, size_t len)
{
	char code[5] = "";
	size_t n = site_letters(text, len);

	if (n == 0)
		return false;
	memcpy(name->site, text, len);
	memcpy(code, text, n);

	const struct site *site =
	        bsearch(code, sites, sizeof(sites) / sizeof(sites[0]), sizeof(sites[0]), compare_site);

	if (site) {
		name->city = site->city;
		name->country = site->country;
	}
	return true;
}

/* "icr01": letters, then digits. */
static void set_router(struct cp_router_name *name, const char *text)
{
	size_t n = 0, len = strlen(text);

	while (isalpha((unsigned char)text[n]))
		n++;
	if (n == 0 || n == len || n + strspn(text + n, "0123456789") != len || len >= CP_ROUTER_PART_MAX)
		return;
	memcpy(name->router, text, len);
	name->role = role_of(text, n);
}

/* "fra-96cbe-1a": site, platform, unit. False: something else. */
static bool set_combined(struct cp_router_name *name, const char *text)
{
	const char *dash = strchr(text, '-');
	const char *second = dash ? strchr(dash + 1, '-') : NULL;

	if (!second || second == dash + 1 || second[1] == '\0' || strlen(dash + 1) >= CP_ROUTER_PART_MAX)
		return false;
	if (!set_site(name, text, (size_t)(dash - text)))
		return false;
	memcpy(name->router, dash + 1, strlen(dash + 1));
	name->role = role_of(dash + 1, (size_t)(second - dash - 1));
	return true;
}

static void set_interface(struct cp_router_name *name, const char *text)
{
	if (strlen(text) < CP_ROUTER_PART_MAX)
		memcpy(name->interface, text, strlen(text));
}

/* labels: those before ntwk.msn.net. */
static void parse_ntwk(struct cp_router_name *name, char *const *labels, size_t n)
{
	if (set_combined(name, labels[n - 1])) {
		if (n == 2)
			set_interface(name, labels[0]);
		return;
	}
	if (n >= 2 && set_site(name, labels[n - 1], strlen(labels[n - 1]))) {
		set_router(name, labels[n - 2]);
		if (n == 3)
			set_interface(name, labels[0]);
	}
}

/* labels: those before msedge.net. */
static void parse_msedge(struct cp_router_name *name, char *const *labels, size_t n)
{
	if (n == 2 && set_site(name, labels[1], strlen(labels[1])))
		set_router(name, labels[0]);
}

static const struct {
	const char *suffix;
	void (*parse)(struct cp_router_name *name, char *const *labels, size_t n);
} domains[] = {
        {".ntwk.msn.net", parse_ntwk},
        {".msedge.net", parse_msedge},
};

/* In lower case and without the last dot. False: no host name, so nobody's router name. */
static bool copy_name(const char *from, char to[NAME_MAX_LEN + 1])
{
	size_t len = strnlen(from, NAME_MAX_LEN + 2);

	if (len > 0 && from[len - 1] == '.')
		len--;
	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)from[i];

		/* Not isalnum(): what counts as a letter must not depend on the locale. */
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' &&
		        c != '_' && c != '.')
			return false;
		to[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	to[len] = '\0';
	return true;
}

/* Cuts the labels apart, in place. Returns how many; 0: too many, or an empty one. */
static size_t cut_labels(char *text, char *ret_labels[LABELS_MAX])
{
	size_t n = 0;

	for (char *label; (label = strsep(&text, "."));) {
		if (n == LABELS_MAX || label[0] == '\0')
			return 0;
		ret_labels[n++] = label;
	}
	return n;
}

void cp_router_name_parse(const char *name, struct cp_router_name *ret_name)
{
	char copy[NAME_MAX_LEN + 1], *labels[LABELS_MAX];

	memset(ret_name, 0, sizeof(*ret_name));
	if (!name || !copy_name(name, copy))
		return;

	size_t len = strlen(copy);

	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		size_t tail = strlen(domains[i].suffix);

		if (len <= tail || strcmp(copy + len - tail, domains[i].suffix) != 0)
			continue;
		copy[len - tail] = '\0';

		size_t n = cut_labels(copy, labels);

		if (n == 0)
			return;
		ret_name->microsoft = true;
		ret_name->n_host = (unsigned char)(len - tail);
		domains[i].parse(ret_name, labels, n);
		return;
	}
}
