// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asdb_home.c: which ASes count as inside. Must not know addresses.
 */
#include "asdb_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ORG_PREFIX "org:"

static int compare_asns(const void *a, const void *b)
{
	uint32_t asn_a = *(const uint32_t *)a, asn_b = *(const uint32_t *)b;

	return (asn_a > asn_b) - (asn_a < asn_b);
}

static int add_asn(struct cp_home *home, size_t *cap, uint32_t asn)
{
	if (home->n == *cap) {
		size_t bigger = *cap ? *cap * 2 : 32;
		uint32_t *moved = reallocarray(home->asns, bigger, sizeof(*moved));

		if (!moved)
			return -ENOMEM;
		home->asns = moved;
		*cap = bigger;
	}
	home->asns[home->n++] = asn;
	return 0;
}

/* Adds the ASes of a role. -ENOENT: there are none. */
static int add_role(const struct cp_asdb *db, const char *role, struct cp_home *home, size_t *cap)
{
	size_t n_before = home->n;

	for (size_t i = 0; i < db->n_ases; i++) {
		if (!db->ases[i].role || strcmp(db->ases[i].role, role) != 0)
			continue;
		if (add_asn(home, cap, db->ases[i].asn) < 0)
			return -ENOMEM;
	}
	return home->n > n_before ? 0 : -ENOENT;
}

/* Likewise of an organisation. */
static int add_org(const struct cp_asdb *db, const char *org, struct cp_home *home, size_t *cap)
{
	size_t n_before = home->n;

	for (size_t i = 0; i < db->n_ases; i++) {
		if (!db->ases[i].org || strcasecmp(db->ases[i].org, org) != 0)
			continue;
		if (add_asn(home, cap, db->ases[i].asn) < 0)
			return -ENOMEM;
	}
	return home->n > n_before ? 0 : -ENOENT;
}

static int add_item(const struct cp_asdb *db, const char *item, struct cp_home *home, size_t *cap)
{
	uint32_t asn;

	if (cp_asdb_parse_asn(item, &asn) == 0)
		return add_asn(home, cap, asn);
	if (strncasecmp(item, ORG_PREFIX, sizeof(ORG_PREFIX) - 1) == 0) {
		item += sizeof(ORG_PREFIX) - 1;
		return add_org(db, item + strspn(item, " \t"), home, cap);
	}
	/* The preset has the name of one of its two roles; either may be missing from a user's list, not both. */
	if (strcmp(item, "microsoft") == 0) {
		int rc = add_role(db, "microsoft-backbone", home, cap);

		if (rc < 0 && rc != -ENOENT)
			return rc;

		int rc_role = add_role(db, item, home, cap);

		return rc == 0 && rc_role == -ENOENT ? 0 : rc_role;
	}
	return add_role(db, item, home, cap);
}

static void sort_unique(struct cp_home *home)
{
	size_t n = 0;

	qsort(home->asns, home->n, sizeof(*home->asns), compare_asns);
	for (size_t i = 0; i < home->n; i++) {
		if (n == 0 || home->asns[n - 1] != home->asns[i])
			home->asns[n++] = home->asns[i];
	}
	home->n = n;
}

static char *trim(char *item)
{
	item += strspn(item, " \t");

	size_t n = strlen(item);

	while (n > 0 && (item[n - 1] == ' ' || item[n - 1] == '\t'))
		item[--n] = '\0';
	return item;
}

/* where: what stands before the message: "home", or a file and its line. */
static int add_named(
        const struct cp_asdb *db, const char *item, const char *where, struct cp_home *home, struct cp_err *err)
{
	size_t n_before = home->n, cap = home->n;
	char plain[81];
	int rc = add_item(db, item, home, &cap);

	if (rc == 0) {
		sort_unique(home);
		return 0;
	}
	home->n = n_before;
	if (rc == -ENOMEM)
		return cp_err_set(err, rc, "%s: out of memory", where);
	return cp_err_set(err, -EINVAL,
	        "%s: '%s' is neither an AS number nor a role or organisation (org:NAME) that any AS has", where,
	        cp_asdb_plain(item, plain, sizeof(plain)));
}

int cp_home_add(const struct cp_asdb *db, const char *item, struct cp_home *home, struct cp_err *err)
{
	char *copy = strdup(item);
	int rc;

	if (!copy)
		return cp_err_set(err, -ENOMEM, "home: out of memory");
	rc = add_named(db, trim(copy), "home", home, err);
	free(copy);
	return rc;
}

int cp_home_add_lines(const struct cp_asdb *db, const char *bytes, size_t len, const char *source, struct cp_home *home,
        struct cp_err *err)
{
	struct cp_asdb_text text;
	char where[CP_ASDB_WHERE_MAX];
	int rc;

	cp_asdb_text_init(&text, bytes, len, source, err);
	while ((rc = cp_asdb_text_next(&text)) > 0) {
		text.buf[strcspn(text.buf, "#")] = '\0';
		rc = add_named(db, trim(text.buf), cp_asdb_text_where(&text, where), home, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

int cp_home_parse(const struct cp_asdb *db, const char *spec, struct cp_home *ret_home, struct cp_err *err)
{
	struct cp_home home = {0};
	char *copy = strdup(spec), *rest = copy, *item;
	int rc = copy ? 0 : cp_err_set(err, -ENOMEM, "home: out of memory");

	while (rc == 0 && (item = strsep(&rest, ",")))
		rc = cp_home_add(db, item, &home, err);
	free(copy);
	if (rc < 0) {
		cp_home_free(&home);
		return rc;
	}
	*ret_home = home;
	return 0;
}

bool cp_home_has(const struct cp_home *home, uint32_t asn)
{
	return home->n > 0 && bsearch(&asn, home->asns, home->n, sizeof(asn), compare_asns);
}

void cp_home_free(struct cp_home *home)
{
	if (!home)
		return;
	free(home->asns);
	*home = (struct cp_home){0};
}
