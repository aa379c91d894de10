// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_builtin.c: the shipped lists: each one loads, is sorted, has no
 * duplicates, and says what verdicts rely on.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/asdb.h"
#include "core/builtin.h"

#define FIELDS 8

typedef void (*row_fn)(char **fields, int n, void *ctx);

static const char *list(const char *name, size_t *ret_len)
{
	const char *text = cp_builtin(name, ret_len);

	assert_non_null(text);
	assert_true(*ret_len > 0);
	assert_int_equal(strlen(text), *ret_len);
	assert_null(strchr(text, '\r'));
	assert_int_equal(text[*ret_len - 1], '\n');
	return text;
}

/* Plain fields only: for the lists that hold no quotes. Returns the number of rows below the header. */
static size_t each_row(const char *name, const char *header, row_fn row, void *ctx)
{
	size_t len, n_rows = 0;
	char *copy = strdup(list(name, &len)), *rest = copy, *line;
	bool is_header = true;

	assert_non_null(copy);
	assert_null(strchr(copy, '"'));
	while ((line = strsep(&rest, "\n"))) {
		char *fields[FIELDS];
		int n = 0;

		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (is_header) {
			assert_string_equal(line, header);
			is_header = false;
			continue;
		}
		for (char *field; n < FIELDS && (field = strsep(&line, ","));)
			fields[n++] = field;
		row(fields, n, ctx);
		n_rows++;
	}
	free(copy);
	return n_rows;
}

static struct cp_asdb *load(void)
{
	struct cp_asdb *db = NULL;
	struct cp_err err = {""};
	size_t n_names, n_ixps, n_ranges;
	const char *names = list("asns.csv", &n_names), *ixps = list("ixp-lans.csv", &n_ixps);
	const char *ranges = list("microsoft-ranges.csv", &n_ranges);

	assert_int_equal(cp_asdb_new(&db), 0);
	if (cp_asdb_add_names(db, names, n_names, "asns.csv", &err) ||
	        cp_asdb_add_ixps(db, ixps, n_ixps, "ixp-lans.csv", &err) ||
	        cp_asdb_add_rows(db, CP_ASDB_BUILTIN, ranges, n_ranges, "microsoft-ranges.csv", &err))
		fail_msg("%s", err.text);
	assert_int_equal(cp_asdb_seal(db), 0);
	return db;
}

static struct cp_origin look(const struct cp_asdb *db, const char *text)
{
	struct cp_origin origin;
	struct cp_addr addr;

	assert_int_equal(cp_addr_parse(text, &addr), 0);
	cp_asdb_lookup(db, &addr, &origin);
	return origin;
}

static void test_no_such_list(void **state)
{
	size_t len = 77;

	(void)state;
	assert_null(cp_builtin("nothing.csv", &len));
	assert_int_equal(len, 77);
	assert_int_equal(cp_builtin_time_s("nothing.csv"), 0);
	assert_int_equal(cp_builtin_time_s("asns.csv"), 0);
	assert_true(cp_builtin_time_s("microsoft-ranges.csv") > 1735689600); /* 2025 */
}

static void test_roles(void **state)
{
	static const struct {
		uint32_t asn;
		const char *org, *role;
	} cases[] = {
	        {8075, "Microsoft", "microsoft-backbone"},
	        {8068, "Microsoft", "microsoft"},
	        {12076, "Microsoft", "microsoft-expressroute"},
	        {36459, "GitHub", "microsoft-subsidiary"},
	        {13443, "LinkedIn", "microsoft-subsidiary"},
	        {16625, "Akamai", "cdn"},
	        {63949, "Akamai", "cdn"},
	        {13335, "Cloudflare", "cdn"},
	        {15169, "Google", "cloud"},
	        {3356, "Lumen", "tier1"},
	        {2906, "Netflix", "cdn"},
	        {4809, "China Telecom", "transit-or-isp"},
	        {3269, "Telecom Italia", "transit-or-isp"},
	        {8072, NULL, "microsoft-registered"},
	};
	struct cp_asdb *db = load();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct cp_as *as = cp_asdb_as(db, cases[i].asn);

		assert_non_null(as);
		assert_true(as->name[0] != '\0');
		assert_string_equal(as->role, cases[i].role);
		if (cases[i].org)
			assert_string_equal(as->org, cases[i].org);
		else
			assert_null(as->org);
	}
	cp_asdb_free(db);
}

/* Its names may be quoted, but the number comes first. */
static void test_asns_sorted(void **state)
{
	size_t len;
	unsigned long previous = 0;
	const char *line = list("asns.csv", &len);

	(void)state;
	assert_int_equal(strncmp(line, "asn,name,org,role\n", 18), 0);
	while (*(line = strchr(line, '\n') + 1) != '\0') {
		unsigned long asn = strtoul(line, NULL, 10);

		assert_true(asn > previous);
		previous = asn;
	}
	assert_true(previous > 65535);
}

static void test_siblings(void **state)
{
	static const uint32_t together[][2] = {{8075, 8068}, {8075, 12076}, {16625, 20940}, {20940, 63949},
	        {2914, 4713}, {3356, 3549}, {209, 3561}, {701, 703}, {174, 1239}, {13443, 14413}, {16509, 14618},
	        {4134, 4809}, {24940, 213230}, {7018, 20057}, {3209, 12353}, {36937, 30844}};
	static const uint32_t apart[][2] = {{8075, 36459}, {8075, 13443}, {8075, 58593}, {8075, 8072}, {16625, 13335},
	        {3356, 2914}, {32163, 18733}, {3209, 12430}, {1299, 3301}, {3491, 4760}};
	struct cp_asdb *db = load();

	(void)state;
	for (size_t i = 0; i < sizeof(together) / sizeof(together[0]); i++)
		assert_true(cp_asdb_siblings(db, together[i][0], together[i][1]));
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
		assert_false(cp_asdb_siblings(db, apart[i][0], apart[i][1]));
	cp_asdb_free(db);
}

static void test_home(void **state)
{
	struct cp_asdb *db = load();
	struct cp_home home = {0};

	(void)state;
	assert_int_equal(cp_home_parse(db, "microsoft", &home, NULL), 0);
	assert_true(cp_home_has(&home, 8075));
	assert_true(cp_home_has(&home, 8068));
	assert_false(cp_home_has(&home, 12076));
	assert_false(cp_home_has(&home, 36459));
	assert_false(cp_home_has(&home, 13443));
	assert_false(cp_home_has(&home, 58593));
	assert_false(cp_home_has(&home, 8072));
	for (size_t i = 1; i < home.n; i++)
		assert_true(home.asns[i - 1] < home.asns[i]);
	cp_home_free(&home);
	cp_asdb_free(db);
}

static void test_addresses(void **state)
{
	struct cp_asdb *db = load();
	struct cp_origin origin;

	(void)state;
	origin = look(db, "104.44.9.6"); /* a backbone router */
	assert_int_equal(origin.kind, CP_ORIGIN_AS);
	assert_int_equal(origin.layer, CP_ASDB_BUILTIN);
	assert_int_equal(origin.asn[0], 8075);
	origin = look(db, "2603:1000::1");
	assert_int_equal(origin.kind, CP_ORIGIN_AS);
	assert_int_equal(origin.asn[0], 8075);
	origin = look(db, "13.107.6.1");
	assert_int_equal(origin.asn[0], 8068);
	origin = look(db, "195.66.224.1");
	assert_int_equal(origin.kind, CP_ORIGIN_IXP);
	assert_string_equal(origin.label, "LINX LON1");
	origin = look(db, "2001:7f8::1");
	assert_int_equal(origin.kind, CP_ORIGIN_IXP);
	assert_string_equal(origin.label, "DE-CIX Frankfurt");
	assert_string_equal(look(db, "195.35.65.9").label, "UA-IX");
	assert_string_equal(look(db, "2001:7f8:8e::9").label, "B-IX");
	assert_int_equal(look(db, "1.1.1.1").kind, CP_ORIGIN_UNKNOWN);
	assert_true(cp_asdb_n_rows(db, CP_ASDB_IXP) > 900);
	assert_true(cp_asdb_n_rows(db, CP_ASDB_BUILTIN) > 1000);
	cp_asdb_free(db);
}

struct range_check {
	const struct cp_asdb *db;
	struct cp_addr last;
	size_t n;
};

static void check_range(char **fields, int n, void *ctx)
{
	struct range_check *check = ctx;
	struct cp_addr first, last;
	struct cp_home home = {0};

	assert_int_equal(n, 3);
	assert_int_equal(cp_addr_parse(fields[0], &first), 0);
	assert_int_equal(cp_addr_parse(fields[1], &last), 0);
	/* IPv4 sorts before the IPv6 space that is in use. */
	assert_true(check->n == 0 || cp_addr_cmp(&check->last, &first) < 0);
	assert_int_equal(cp_home_parse(check->db, "microsoft,microsoft-expressroute", &home, NULL), 0);
	if (!cp_home_has(&home, (uint32_t)strtoul(fields[2], NULL, 10)))
		fail_msg("AS%s is not Microsoft's in asns.csv", fields[2]);
	cp_home_free(&home);
	check->last = last;
	check->n++;
}

static void check_ixp(char **fields, int n, void *ctx)
{
	struct range_check *check = ctx;
	struct cp_addr first, last;
	char buf[CP_ADDR_STRLEN], *slash = strchr(fields[0], '/');

	assert_int_equal(n, 2);
	assert_int_equal(cp_addr_parse_prefix(fields[0], &first, &last), 0);
	assert_non_null(slash);
	*slash = '\0';
	assert_string_equal(cp_addr_format(&first, buf), fields[0]); /* no host bits */
	assert_true(check->n == 0 || cp_addr_cmp(&check->last, &first) <= 0);
	/* No LAN hides addresses that Microsoft announces, nor is it in special-use space. */
	struct cp_origin origin;

	cp_asdb_lookup(check->db, &first, &origin);
	assert_int_equal(origin.kind, CP_ORIGIN_UNKNOWN);
	check->last = first;
	check->n++;
}

static void test_ranges_sorted(void **state)
{
	struct cp_asdb *named = load(), *ranges = NULL;
	struct range_check check = {.db = named};
	size_t len;
	const char *text = list("microsoft-ranges.csv", &len);

	(void)state;
	assert_true(each_row("microsoft-ranges.csv", "first,last,asn", check_range, &check) > 1000);
	assert_int_equal(cp_asdb_new(&ranges), 0);
	assert_int_equal(cp_asdb_add_rows(ranges, CP_ASDB_BUILTIN, text, len, "r", NULL), 0);
	assert_int_equal(cp_asdb_seal(ranges), 0);
	check = (struct range_check){.db = ranges};
	assert_true(each_row("ixp-lans.csv", "prefix,ixp", check_ixp, &check) > 900);
	cp_asdb_free(ranges);
	cp_asdb_free(named);
}

struct name_check {
	char previous[300];
	bool is_control;
};

static void check_host(const char *host)
{
	size_t n_label = 0;

	assert_true(strlen(host) <= 253);
	assert_non_null(strchr(host, '.'));
	for (const char *c = host;; c++) {
		if (*c == '.' || *c == '\0') {
			assert_true(n_label >= 1 && n_label <= 63 && c[-1] != '-');
			n_label = 0;
			if (*c == '\0')
				break;
			continue;
		}
		assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || (*c == '-' && n_label > 0));
		n_label++;
	}
	assert_true(isalpha((unsigned char)strrchr(host, '.')[1]));
}

static void check_target(char **fields, int n, void *ctx)
{
	static const char *const expects[] = {"ms", "ms-or-cdn", "cdn", "non-ms", "partner", "unknown"};
	struct name_check *check = ctx;
	char key[300], *end;
	bool is_known = false;

	assert_int_equal(n, 4);
	check_host(fields[0]);

	unsigned long port = strtoul(fields[1], &end, 10);

	assert_true(*end == '\0' && port >= 1 && port <= 65535);
	for (size_t i = 0; i < sizeof(expects) / sizeof(expects[0]); i++)
		is_known = is_known || strcmp(fields[3], expects[i]) == 0;
	assert_true(is_known);
	assert_true(fields[2][0] != '\0' && strcmp(fields[2], "control-nonms") != 0);
	assert_int_equal(check->is_control, strcmp(fields[2], "controls") == 0);
	/* By group, then name: so a duplicate within a group cannot hide. */
	snprintf(key, sizeof(key), "%s %s %05lu", fields[2], fields[0], port);
	assert_true(strcmp(check->previous, key) < 0);
	memcpy(check->previous, key, sizeof(key));
}

struct seen_names {
	char names[1024][256];
	size_t n;
};

static void check_unseen(char **fields, int n, void *ctx)
{
	struct seen_names *seen = ctx;

	assert_true(n > 1 && seen->n < 1024);
	for (size_t i = 0; i < seen->n; i++) {
		if (strcmp(seen->names[i], fields[0]) == 0)
			fail_msg("%s is there twice", fields[0]);
	}
	snprintf(seen->names[seen->n++], sizeof(seen->names[0]), "%s", fields[0]);
}

static void test_targets(void **state)
{
	static const char header[] = "fqdn,port,group,expect";
	struct name_check check = {.is_control = false};
	struct seen_names *seen = calloc(1, sizeof(*seen));

	(void)state;
	assert_non_null(seen);
	assert_true(each_row("microsoft.csv", header, check_target, &check) > 500);
	check = (struct name_check){.is_control = true};
	assert_true(each_row("controls.csv", header, check_target, &check) > 40);
	each_row("microsoft.csv", header, check_unseen, seen);
	each_row("controls.csv", header, check_unseen, seen);
	free(seen);
}

static void check_site(char **fields, int n, void *ctx)
{
	char *previous = ctx;

	assert_int_equal(n, 3);
	assert_true(strlen(fields[0]) >= 2 && strlen(fields[0]) <= 3);
	for (const char *c = fields[0]; *c; c++)
		assert_true(islower((unsigned char)*c));
	assert_true(fields[1][0] != '\0' && fields[2][0] != '\0');
	assert_true(strcmp(previous, fields[0]) < 0);
	strcpy(previous, fields[0]);
}

static void test_sites(void **state)
{
	char previous[8] = "";

	(void)state;
	assert_true(each_row("msn-site-codes.csv", "code,city,country_or_state", check_site, previous) > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_no_such_list),
	        cmocka_unit_test(test_roles),
	        cmocka_unit_test(test_asns_sorted),
	        cmocka_unit_test(test_siblings),
	        cmocka_unit_test(test_home),
	        cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_ranges_sorted),
	        cmocka_unit_test(test_targets),
	        cmocka_unit_test(test_sites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
