// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_router_name.c: names of routers as public traceroutes show them, and
 * names that only look like them.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/builtin.h"
#include "core/router_name.h"

#define EDGE "internet edge"

static const struct {
	const char *name, *interface, *router, *role, *site, *city, *country;
} known[] = {
        {"be-11-0.ibr01.dub30.ntwk.msn.net", "be-11-0", "ibr01", "backbone", "dub30", "Dublin", "Ireland"},
        {"be-1-0.ibr02.ams.ntwk.msn.net", "be-1-0", "ibr02", "backbone", "ams", "Amsterdam", "Netherlands"},
        {"be-23-0.ibr02.sto31.ntwk.msn.net", "be-23-0", "ibr02", "backbone", "sto31", "Stockholm", "Sweden"},
        {"ae22-0.icr01.fra23.ntwk.msn.net", "ae22-0", "icr01", "core", "fra23", "Frankfurt", "Germany"},
        {"ae25-0.icr02.sg3.ntwk.msn.net", "ae25-0", "icr02", "core", "sg3", "Singapore", "Singapore"},
        {"ae24-0.ier03.fra31.ntwk.msn.net", "ae24-0", "ier03", EDGE, "fra31", "Frankfurt", "Germany"},
        {"retn.ier02.sto.ntwk.msn.net", "retn", "ier02", EDGE, "sto", "Stockholm", "Sweden"},
        {"ae64-0.ier01.mow30.ntwk.msn.net", "ae64-0", "ier01", EDGE, "mow30", "Moscow", "Russia"},
        {"ae65-0.fra-96cbe-1a.ntwk.msn.net", "ae65-0", "96cbe-1a", EDGE, "fra", "Frankfurt", "Germany"},
        {"ae2-0.sof01-96cbe-1a.ntwk.msn.net", "ae2-0", "96cbe-1a", EDGE, "sof01", "Sofia", "Bulgaria"},
        {"hetzner.fra-96cbe-1a.ntwk.msn.net", "hetzner", "96cbe-1a", EDGE, "fra", "Frankfurt", "Germany"},
        {"xe-1-2-2-0.mel01-96cbe-1b.ntwk.msn.net", "xe-1-2-2-0", "96cbe-1b", EDGE, "mel01", "Melbourne", "Australia"},
        {"ae6-0.ams-96c-1a.ntwk.msn.net", "ae6-0", "96c-1a", EDGE, "ams", "Amsterdam", "Netherlands"},
        {"ae3-0.hkb-96cbe-1b.ntwk.msn.net.", "ae3-0", "96cbe-1b", EDGE, "hkb", "Hong Kong", "Hong Kong SAR"},
        {"po1.owr03.lax31.ntwk.msn.net", "po1", "owr03", "backbone", "lax31", "Los Angeles", "California"},
        {"AE22-0.ICR01.FRA23.NTWK.MSN.NET", "ae22-0", "icr01", "core", "fra23", "Frankfurt", "Germany"},
        /* The role's letters, or the site's, are not known. */
        {"ae27-0.ear01.sto31.ntwk.msn.net", "ae27-0", "ear01", NULL, "sto31", "Stockholm", "Sweden"},
        {"ae102-0.rwa02.pnq21.ntwk.msn.net", "ae102-0", "rwa02", NULL, "pnq21", NULL, NULL},
        {"be1013.rwa02.dm4.ntwk.msn.net", "be1013", "rwa02", NULL, "dm4", NULL, NULL},
        {"xe-0-0-1-0.co2-96c-1b.ntwk.msn.net", "xe-0-0-1-0", "96c-1b", EDGE, "co2", NULL, NULL},
        {"ge-5-2-0-55.tuk-64cb-1b.ntwk.msn.net", "ge-5-2-0-55", "64cb-1b", NULL, "tuk", NULL, NULL},
        {"po18-218.co2-6nf-srch-2b.ntwk.msn.net", "po18-218", "6nf-srch-2b", NULL, "co2", NULL, NULL},
        {"tor1.hkb.msedge.net.", "", "tor1", NULL, "hkb", "Hong Kong", "Hong Kong SAR"},
        {"tor2.hk2.msedge.net", "", "tor2", NULL, "hk2", "Hong Kong", "Hong Kong SAR"},
        /* Without an interface. */
        {"icr01.fra23.ntwk.msn.net", "", "icr01", "core", "fra23", "Frankfurt", "Germany"},
        {"fra-96cbe-1a.ntwk.msn.net", "", "96cbe-1a", EDGE, "fra", "Frankfurt", "Germany"},
        /* Below the domain, and not understood. */
        {"ae60-0.region.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"fra.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"a.b.icr01.fra23.ntwk.msn.net", "", "icr01", "core", "fra23", "Frankfurt", "Germany"},
        {"ae1.icr.fra23.ntwk.msn.net", "ae1", "", NULL, "fra23", "Frankfurt", "Germany"},
        {"ae1.icr01x.fra23.ntwk.msn.net", "ae1", "", NULL, "fra23", "Frankfurt", "Germany"},
        {"ae1.icr01.fra2345.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"ae1.icr01.f.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"ae1.icr01.23.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"ae1.fra-96cbe.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"ae1.fra-96cbe-.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"ae1.fra--1a.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"ae1.-96cbe-1a.ntwk.msn.net", "", "", NULL, "", NULL, NULL},
        {"www.msedge.net", "", "", NULL, "", NULL, NULL},
        {"a.tor1.hkb.msedge.net", "", "", NULL, "", NULL, NULL},
};

static void check_optional(const char *name, const char *what, const char *got, const char *want)
{
	if (!got != !want || (want && strcmp(got, want) != 0))
		fail_msg("%s: its %s is %s, not %s", name, what, got ? got : "unknown", want ? want : "unknown");
}

static void test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct cp_router_name name;

		cp_router_name_parse(known[i].name, &name);
		if (!name.microsoft)
			fail_msg("%s: not taken for Microsoft's", known[i].name);
		assert_true(strncasecmp(known[i].name + name.n_host, ".ntwk.msn.net", 13) == 0 ||
		            strncasecmp(known[i].name + name.n_host, ".msedge.net", 11) == 0);
		check_optional(known[i].name, "interface", name.interface, known[i].interface);
		check_optional(known[i].name, "router", name.router, known[i].router);
		check_optional(known[i].name, "site", name.site, known[i].site);
		check_optional(known[i].name, "role", name.role, known[i].role);
		check_optional(known[i].name, "city", name.city, known[i].city);
		check_optional(known[i].name, "country", name.country, known[i].country);
	}
}

static void check_unknown(const char *text)
{
	static const struct cp_router_name nothing;
	struct cp_router_name name;

	memset(&name, 0xa5, sizeof(name));
	cp_router_name_parse(text, &name);
	if (name.microsoft || name.n_host || name.interface[0] || name.router[0] || name.site[0] || name.role ||
	        name.city || name.country)
		fail_msg("'%s' says something", text ? text : "NULL");
	assert_memory_equal(&name.interface, &nothing.interface, sizeof(name.interface));
}

static void test_foreign(void **state)
{
	static const char *const names[] = {NULL, "", ".", "..", "msn.net", "ntwk.msn.net", ".ntwk.msn.net",
	        "xntwk.msn.net", "ae22-0.icr01.fra23.xntwk.msn.net", "ae22-0.icr01.fra23.ntwk.msn.net.example.org",
	        "ae22-0.icr01.fra23.ntwk.msn.org", "ae22-0.icr01.fra23.ntwk.msn.net..", "ae22-0..fra23.ntwk.msn.net",
	        "ae-6.r21.sttlwa01.us.bb.gin.ntt.net", "bg-10.br01.ams02.pccwbtn.net", "core5.fra.hetzner.com",
	        "MICROSOFT-C.car1.Seattle1.Level3.net", "msnbot-157-55-39-132.search.msn.com", "tor1.hkb.a-msedge.net",
	        /* Hostile text. */
	        "ae0.icr01.fra23.ntwk.msn.net\n", "\x1b[31mae0.icr01.fra23.ntwk.msn.net",
	        "a<b>.icr01.fra23.ntwk.msn.net", "\xff\xfe.icr01.fra23.ntwk.msn.net", "ae0 .icr01.fra23.ntwk.msn.net",
	        "\\010.icr01.fra23.ntwk.msn.net", "a.b.c.d.e.f.g.icr01.fra23.ntwk.msn.net"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_unknown(names[i]);
}

/* n letters, then the rest. */
static const char *padded(char *buf, size_t size, size_t n, const char *rest)
{
	assert_true(n + strlen(rest) < size);
	memset(buf, 'x', n);
	strcpy(buf + n, rest);
	return buf;
}

static void test_lengths(void **state)
{
	static const char rest[] = ".icr01.fra23.ntwk.msn.net";
	struct cp_router_name name;
	char buf[70000];

	(void)state;
	cp_router_name_parse(padded(buf, sizeof(buf), CP_ROUTER_PART_MAX - 1, rest), &name);
	assert_int_equal(strlen(name.interface), CP_ROUTER_PART_MAX - 1);
	/* A part that has no room is unknown, not cut. */
	cp_router_name_parse(padded(buf, sizeof(buf), CP_ROUTER_PART_MAX, rest), &name);
	assert_string_equal(name.interface, "");
	assert_string_equal(name.router, "icr01");
	cp_router_name_parse(padded(buf, sizeof(buf), 253 - strlen(rest), rest), &name);
	assert_true(name.microsoft);
	assert_string_equal(name.site, "fra23");
	check_unknown(padded(buf, sizeof(buf), 254 - strlen(rest), rest));
	check_unknown(padded(buf, sizeof(buf), 69000, rest));
	/* The other parts: 31 and 32 digits of a router, a platform of 31 and 32 characters. */
	cp_router_name_parse("a.icr0000000000000000000000000001.fra.ntwk.msn.net", &name);
	assert_string_equal(name.router, "icr0000000000000000000000000001");
	cp_router_name_parse("a.icr00000000000000000000000000001.fra.ntwk.msn.net", &name);
	assert_string_equal(name.router, "");
	assert_null(name.role);
	cp_router_name_parse("a.fra-96cbe-1aaaaaaaaaaaaaaaaaaaaaaaa.ntwk.msn.net", &name);
	assert_string_equal(name.router, "96cbe-1aaaaaaaaaaaaaaaaaaaaaaaa");
	cp_router_name_parse("a.fra-96cbe-1aaaaaaaaaaaaaaaaaaaaaaaaa.ntwk.msn.net", &name);
	assert_string_equal(name.router, "");
	assert_string_equal(name.site, "");
}

/* Each row of the shipped list is found, in its bare form and with digits. */
static void test_all_sites(void **state)
{
	size_t len, n = 0;
	const char *list = cp_builtin("msn-site-codes.csv", &len);
	char *copy, *rest, *line;

	(void)state;
	assert_non_null(list);
	copy = rest = strdup(list);
	assert_non_null(copy);
	assert_non_null(strsep(&rest, "\n"));
	while ((line = strsep(&rest, "\n"))) {
		char buf[80];
		struct cp_router_name name;
		const char *code = strsep(&line, ",");
		const char *city = strsep(&line, ",");

		if (!city)
			continue;
		snprintf(buf, sizeof(buf), "ae1-0.icr01.%s%s.ntwk.msn.net", code, n % 2 ? "07" : "");
		cp_router_name_parse(buf, &name);
		check_optional(buf, "city", name.city, city);
		check_optional(buf, "country", name.country, line);
		n++;
	}
	assert_true(n > 100);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_known),
	        cmocka_unit_test(test_foreign),
	        cmocka_unit_test(test_lengths),
	        cmocka_unit_test(test_all_sites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
