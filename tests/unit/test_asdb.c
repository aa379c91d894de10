// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_asdb.c: text formats, layers, special-use space, names and home sets.
 * How rows overlap is test_asdb_flatten.c, the shipped lists are test_builtin.c.
 */
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

static struct cp_asdb *new_db(void)
{
	struct cp_asdb *db = NULL;

	assert_int_equal(cp_asdb_new(&db), 0);
	assert_non_null(db);
	return db;
}

static void add(struct cp_asdb *db, enum cp_asdb_layer layer, const char *text)
{
	struct cp_err err = {""};
	int rc = cp_asdb_add_rows(db, layer, text, strlen(text), "t", &err);

	if (rc)
		fail_msg("%d: %s", rc, err.text);
}

static struct cp_origin look(const struct cp_asdb *db, const char *text)
{
	struct cp_origin origin;
	struct cp_addr addr;

	assert_int_equal(cp_addr_parse(text, &addr), 0);
	memset(&origin, 0xa5, sizeof(origin));
	cp_asdb_lookup(db, &addr, &origin);
	return origin;
}

/* "-" unknown, "AS1_2", "IXP:name", "label"; and the layer for whatever is known. */
static void expect(const struct cp_asdb *db, const char *text, const char *want, enum cp_asdb_layer layer)
{
	struct cp_origin origin = look(db, text);
	char got[128] = "-";
	size_t n = 0;

	if (origin.kind == CP_ORIGIN_AS) {
		for (int i = 0; i < origin.n_asn; i++)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%u", i ? "_" : "AS", origin.asn[i]);
		assert_null(origin.label);
	} else if (origin.kind == CP_ORIGIN_IXP) {
		snprintf(got, sizeof(got), "IXP:%s", origin.label);
	} else if (origin.kind == CP_ORIGIN_SPECIAL) {
		snprintf(got, sizeof(got), "%s", origin.label);
	}
	if (strcmp(got, want) != 0)
		fail_msg("%s: %s, not %s", text, got, want);
	if (origin.kind != CP_ORIGIN_UNKNOWN)
		assert_int_equal(origin.layer, layer);
}

static void expect_db(const char *rows, const char *addr, const char *want)
{
	struct cp_asdb *db = new_db();

	add(db, CP_ASDB_DATABASE, rows);
	assert_int_equal(cp_asdb_seal(db), 0);
	expect(db, addr, want, CP_ASDB_DATABASE);
	cp_asdb_free(db);
}

static void test_formats(void **state)
{
	(void)state;
	expect_db("20.0.0.0,20.0.0.255,64500\n", "20.0.0.7", "AS64500");
	expect_db("20.0.0.0,20.0.0.255,AS64500,\"Lab, Inc.\"\n", "20.0.0.255", "AS64500");
	expect_db("2a00::,2a00::ff,64500,x\n", "2a00::ff", "AS64500");
	expect_db("\"20.0.0.0\",\"20.0.0.255\",\"64500\",\"x\"", "20.0.0.0", "AS64500");
	expect_db("20.0.0.0\t20.0.0.255\t64500\tUS\tLAB\n", "20.0.0.7", "AS64500");
	expect_db("20.0.0.0\t20.0.0.255\t0\tNone\tNot routed\n", "20.0.0.7", "-");
	expect_db("20.0.0.0/24 64500\n", "20.0.0.7", "AS64500");
	expect_db("20.0.0.0/24\tAS64500", "20.0.0.7", "AS64500");
	expect_db("20.0.0.0/24,as64500,\"a \"\"name\"\"\"\n", "20.0.0.7", "AS64500");
	expect_db("  20.0.0.0/24   64500  \n", "20.0.0.7", "AS64500");
	expect_db("20.0.0.9 64500\n", "20.0.0.9", "AS64500");
	expect_db("20.0.0.9 64500\n", "20.0.0.8", "-");
	expect_db("20.0.0.0\t24\t64500\n", "20.0.0.7", "AS64500");
	expect_db("2a00:1::\t32\t64500\n", "2a00:1:ffff::", "AS64500");
	expect_db("20.0.0.0\t24\t1_2\n", "20.0.0.7", "AS1_2");
	expect_db("20.0.0.0\t24\t1_2,3\n", "20.0.0.7", "AS1_2_3");
	expect_db("20.0.0.0/24 AS1,AS2\n", "20.0.0.7", "AS1_2");
	expect_db("20.0.0.0,20.0.0.255,\"2,1\"\n", "20.0.0.7", "AS2_1");
	expect_db("20.0.0.0/24 7_7_7\n", "20.0.0.7", "AS7");
	expect_db("20.0.0.0/24 1_2_3_4_5_6\n", "20.0.0.7", "AS1_2_3_4");
	expect_db("20.0.0.0/24 4294967295\n", "20.0.0.7", "AS4294967295");
}

static void test_text_oddities(void **state)
{
	(void)state;
	expect_db("\xef\xbb\xbf"
	          "20.0.0.0/24 1\n",
	        "20.0.0.7", "AS1");
	expect_db("\xef\xbb\xbf"
	          "first,last,asn\r\n20.0.0.0,20.0.0.255,1\r\n",
	        "20.0.0.7", "AS1");
	expect_db("# a table\n\n \t\r\nprefix asn\n  # more\n20.0.0.0/24 1", "20.0.0.7", "AS1");
	expect_db("start_ip,end_ip,asn\n20.0.0.0,20.0.0.255,1\n", "20.0.0.7", "AS1");
	expect_db("\"first\",\"last\",\"asn\"\n20.0.0.0,20.0.0.255,1\n", "20.0.0.7", "AS1");
	expect_db("prefix/length asn\n20.0.0.0/24 1\n", "20.0.0.7", "AS1");

	struct cp_asdb *db = new_db();

	assert_int_equal(cp_asdb_add_rows(db, CP_ASDB_DATABASE, NULL, 0, "t", NULL), 0);
	assert_int_equal(cp_asdb_n_rows(db, CP_ASDB_DATABASE), 0);
	cp_asdb_free(db);
	cp_asdb_free(NULL);
}

static void refuse_bytes(const char *bytes, size_t len, const char *where)
{
	struct cp_asdb *db = new_db();
	struct cp_err err = {""};

	assert_int_equal(cp_asdb_add_rows(db, CP_ASDB_OVERLAY, bytes, len, "t", &err), -EINVAL);
	if (strncmp(err.text, where, strlen(where)) != 0)
		fail_msg("'%s' does not begin with '%s'", err.text, where);
	cp_asdb_free(db);
}

static void refuse(const char *text, const char *where)
{
	refuse_bytes(text, strlen(text), where);
}

static void test_malformed(void **state)
{
	static const char nul[] = "20.0.0.0/24 1\n20.0.1.0/24\0 1\n";
	static char huge[8192];

	(void)state;
	refuse("20.0.0.0/33 1\n", "t:1: not a prefix: '20.0.0.0/33'");
	refuse("20.0.0.0/24 1\r\n# x\r\n\r\n2a00::/129 1\r\n", "t:4: not a prefix");
	refuse("20.0.0.0\t24\t1\n20.0.0.0\t33\t1\n", "t:2: not a prefix: '20.0.0.0/33'");
	refuse("20.0.0.0\t24\n20.0.0.0\t24\t1\n", "t:2:");
	refuse("20.0.0.0,20.0.0.9,1\n20.0.0.9,20.0.0.8,1\n", "t:2: the last address is before the first");
	refuse("20.0.0.0,20.0.0.9,1\n20.0.0.9,2a00::,1\n", "t:2: first and last address are of two families");
	refuse("20.0.0.0,20.0.0.9,1\n20.0.0.0,20.0.0.9\n", "t:2: malformed row");
	refuse("20.0.0.0,20.0.0.9,1\n20.0.0.0,20.0.0.9,\"1\n", "t:2: malformed row");
	refuse("20.0.0.0,20.0.0.9,1\n20.0.0.0,20.0.0.9,1,\"x\"y\n", "t:2: malformed row");
	refuse("20.0.0.0,20.0.0.9,1\n20.0.0.256,20.0.0.9,1\n", "t:2: not an address: '20.0.0.256'");
	refuse("20.0.0.0,20.0.0.9,x\n", "t:1: not an AS number: 'x'");
	refuse("20.0.0.0/24 4294967296\n", "t:1: not an AS number");
	refuse("20.0.0.0/24 1_\n", "t:1: not an AS number: ''");
	refuse("20.0.0.0/24 1_0\n", "t:1: not an AS number: '0'");
	refuse("20.0.0.0/24 1 2\n", "t:1: not an AS number: '1 2'");
	refuse("20.0.0.0/24 AS\n", "t:1: not an AS number");
	refuse("20.0.0.0/24,1,2\n", "t:1: a name was expected");
	refuse("20.0.0.0/24\n", "t:1: malformed row");
	refuse("300.0.0.0/24 1\n", "t:1: not a prefix");
	/* A header is forgiven once, on the first line only. */
	refuse("20.0.0.0/24 1\nprefix asn\n", "t:2: not a prefix: 'prefix'");
	refuse("prefix asn\nprefix asn\n20.0.0.0/24 1\n", "t:2: not a prefix");
	refuse("prefix asn\n", "t: no rows");
	refuse("# nothing\n\n", "t: no rows");
	refuse_bytes(nul, sizeof(nul) - 1, "t:2: NUL byte");
	refuse_bytes("\0", 1, "t:1: NUL byte");
	memset(huge, '1', sizeof(huge));
	refuse_bytes(huge, sizeof(huge), "t:1: line too long");
}

static void test_layers(void **state)
{
	static const char ixps[] = "ixp,note,prefix\n\"LAB-IX, \"\"East\"\"\",x,20.1.1.0/24\n,,2a00:1::/64\n";
	struct cp_asdb *db = new_db();

	(void)state;
	/* Added in another order than they are asked in; a wider row of an earlier layer beats a narrower one. */
	add(db, CP_ASDB_BUILTIN, "20.0.0.0/6 8075\n20.9.9.9/32 9\n2a00::/16 9\n");
	add(db, CP_ASDB_DATABASE, "20.0.0.0/8 5\n20.1.1.128/25 7\n10.0.0.0/8 3\n2a00::/20 4\n");
	assert_int_equal(cp_asdb_add_ixps(db, ixps, sizeof(ixps) - 1, "i", NULL), 0);
	add(db, CP_ASDB_OVERLAY, "198.18.0.0/16 64500\n20.1.1.7 64501\n2001:db8:1::/48 64502\n");
	expect(db, "20.0.0.1", "-", 0); /* not sealed yet */
	assert_int_equal(cp_asdb_seal(db), 0);

	expect(db, "22.0.0.1", "AS8075", CP_ASDB_BUILTIN);
	expect(db, "20.9.9.9", "AS5", CP_ASDB_DATABASE);
	expect(db, "20.1.1.200", "IXP:LAB-IX, \"East\"", CP_ASDB_IXP);
	expect(db, "20.1.1.7", "AS64501", CP_ASDB_OVERLAY);
	expect(db, "20.1.2.0", "AS5", CP_ASDB_DATABASE);
	expect(db, "198.18.255.255", "AS64500", CP_ASDB_OVERLAY);
	expect(db, "198.19.0.0", "benchmarking", CP_ASDB_SPECIAL);
	expect(db, "10.1.1.1", "private", CP_ASDB_SPECIAL);
	expect(db, "24.0.0.0", "-", 0);
	expect(db, "2a00:1::1", "IXP:", CP_ASDB_IXP);
	expect(db, "2a00:1:0:1::", "AS4", CP_ASDB_DATABASE);
	expect(db, "2a00:ffff::", "AS9", CP_ASDB_BUILTIN);
	expect(db, "2001:db8:1::1", "AS64502", CP_ASDB_OVERLAY);
	expect(db, "2001:db8:2::1", "documentation", CP_ASDB_SPECIAL);
	assert_int_equal(cp_asdb_n_rows(db, CP_ASDB_BUILTIN), 3);
	assert_int_equal(cp_asdb_n_rows(db, CP_ASDB_DATABASE), 4);
	assert_int_equal(cp_asdb_n_rows(db, CP_ASDB_IXP), 2);
	assert_int_equal(cp_asdb_n_rows(db, CP_ASDB_OVERLAY), 3);
	assert_true(cp_asdb_n_rows(db, CP_ASDB_SPECIAL) > 30);

	/* Sealed is sealed. */
	struct cp_err err = {""};

	assert_int_equal(cp_asdb_add_rows(db, CP_ASDB_OVERLAY, "1.0.0.0/8 1", 11, "t", &err), -EINVAL);
	assert_int_equal(cp_asdb_add_ixps(db, ixps, sizeof(ixps) - 1, "i", &err), -EINVAL);
	cp_asdb_free(db);
}

static void test_most_specific(void **state)
{
	(void)state;
	expect_db("20.0.0.0/8 1\n20.1.0.0/16 2\n20.1.1.0/24 3\n", "20.1.1.1", "AS3");
	expect_db("20.1.1.0/24 3\n20.1.0.0/16 2\n20.0.0.0/8 1\n", "20.1.2.1", "AS2");
	/* Partial overlap: the smaller range wins its whole length. */
	expect_db("20.0.0.0,20.0.0.99,1\n20.0.0.90,20.0.0.120,2\n", "20.0.0.95", "AS2");
	expect_db("20.0.0.80,20.0.0.99,1\n20.0.0.90,20.0.0.120,2\n", "20.0.0.95", "AS1");
	/* As large: the later row. */
	expect_db("20.0.0.0/24 1\n20.0.0.0/24 2\n", "20.0.0.1", "AS2");
	expect_db("20.0.0.5,20.0.0.14,1\n20.0.0.0,20.0.0.9,2\n", "20.0.0.7", "AS2");
}

static void test_families_do_not_mix(void **state)
{
	struct cp_asdb *db = new_db();

	(void)state;
	add(db, CP_ASDB_OVERLAY, "::/0 6\n");
	add(db, CP_ASDB_DATABASE, "20.0.0.0/8 4\n::ffff:21.0.0.0/104 44\n");
	assert_int_equal(cp_asdb_seal(db), 0);
	expect(db, "20.0.0.1", "AS4", CP_ASDB_DATABASE);
	expect(db, "::ffff:20.0.0.1", "AS4", CP_ASDB_DATABASE);
	expect(db, "21.255.0.1", "AS44", CP_ASDB_DATABASE);
	expect(db, "22.0.0.1", "-", 0);
	expect(db, "::fffe:ffff:ffff", "AS6", CP_ASDB_OVERLAY);
	expect(db, "::1:0:0:0", "AS6", CP_ASDB_OVERLAY);
	expect(db, "::", "AS6", CP_ASDB_OVERLAY);
	expect(db, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "AS6", CP_ASDB_OVERLAY);
	cp_asdb_free(db);
}

static void test_special(void **state)
{
	static const struct {
		const char *addr, *label;
	} cases[] = {{"0.0.0.0", "this-network"}, {"0.255.255.255", "this-network"}, {"1.0.0.0", "-"},
	        {"9.255.255.255", "-"}, {"10.0.0.0", "private"}, {"10.255.255.255", "private"}, {"11.0.0.0", "-"},
	        {"100.63.255.255", "-"}, {"100.64.0.0", "cgnat"}, {"100.127.255.255", "cgnat"}, {"100.128.0.0", "-"},
	        {"127.0.0.1", "loopback"}, {"169.254.169.254", "link-local"}, {"172.15.255.255", "-"},
	        {"172.16.0.0", "private"}, {"172.31.255.255", "private"}, {"172.32.0.0", "-"},
	        {"192.0.0.1", "ietf-protocol"}, {"192.0.1.0", "-"}, {"192.0.2.1", "documentation"},
	        {"192.31.196.1", "-"}, {"192.88.99.1", "6to4-relay"}, {"192.168.0.1", "private"},
	        {"198.17.255.255", "-"}, {"198.18.0.0", "benchmarking"}, {"198.19.255.255", "benchmarking"},
	        {"198.20.0.0", "-"}, {"198.51.100.1", "documentation"}, {"203.0.113.1", "documentation"},
	        {"223.255.255.255", "-"}, {"224.0.0.1", "multicast"}, {"239.255.255.255", "multicast"},
	        {"240.0.0.0", "reserved"}, {"255.255.255.254", "reserved"}, {"255.255.255.255", "broadcast"},
	        {"::", "unspecified"}, {"::1", "loopback"}, {"::2", "reserved"}, {"64:ff9b::1.2.3.4", "nat64"},
	        {"64:ff9b:1::", "nat64"}, {"100::1", "discard"}, {"100:0:0:1::1", "dummy"},
	        {"100:0:0:2::1", "reserved"}, {"1fff:ffff::", "reserved"}, {"2000::", "-"}, {"2001::1", "teredo"},
	        {"2001:1::1", "ietf-protocol"}, {"2001:2::1", "benchmarking"}, {"2001:2:1::", "ietf-protocol"},
	        {"2001:3::1", "-"}, {"2001:4:111::", "ietf-protocol"}, {"2001:4:112::1", "-"},
	        {"2001:4:113::", "ietf-protocol"}, {"2001:10::", "orchid"}, {"2001:2f:ffff::", "orchid"},
	        {"2001:30::", "drone-id"}, {"2001:1ff:ffff::", "ietf-protocol"}, {"2001:200::", "-"},
	        {"2001:db7:ffff::", "-"}, {"2001:db8::1", "documentation"}, {"2001:db9::", "-"},
	        {"2002:102:304::", "6to4"}, {"2003::", "-"}, {"3ffe:ffff::", "-"}, {"3fff::", "documentation"},
	        {"3fff:fff::", "documentation"}, {"3fff:1000::", "-"}, {"4000::", "reserved"}, {"5f00::1", "srv6-sid"},
	        {"fbff::", "reserved"}, {"fc00::", "private"}, {"fdff:ffff::", "private"}, {"fe00::", "reserved"},
	        {"fe80::1", "link-local"}, {"febf::1", "link-local"}, {"fec0::", "site-local"},
	        {"ff02::1", "multicast"}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"}};
	struct cp_asdb *db = new_db();

	(void)state;
	assert_int_equal(cp_asdb_seal(db), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(db, cases[i].addr, cases[i].label, CP_ASDB_SPECIAL);
	cp_asdb_free(db);
}

static void test_names(void **state)
{
	static const char list[] = "role,asn,org,name\ncdn,AS1,Acme,\"Acme, \"\"Inc\"\"\"\ncdn,2,Acme,\n,3,,Three\n";
	static const char more[] = "asn,name,org,role\n3,,Trio,tier1\n";
	struct cp_asdb *db = new_db();

	(void)state;
	add(db, CP_ASDB_DATABASE, "20.0.0.0,20.0.0.9,1,first\n20.0.1.0,20.0.1.9,1,second\n20.0.2.0,20.0.2.9,2,two\n");
	add(db, CP_ASDB_DATABASE, "20.0.3.0\t20.0.3.9\t5\tUS\tFIVE - Five Ltd\n20.0.4.0\t20.0.4.9\t6_7\tUS\tno name\n");
	assert_string_equal(cp_asdb_as(db, 1)->name, "first");
	assert_null(cp_asdb_as(db, 1)->org);
	assert_int_equal(cp_asdb_add_names(db, list, sizeof(list) - 1, "n", NULL), 0);
	assert_int_equal(cp_asdb_add_names(db, more, sizeof(more) - 1, "n", NULL), 0);
	add(db, CP_ASDB_DATABASE, "20.0.5.0,20.0.5.9,3,late\n20.0.6.0,20.0.6.9,8,\n");
	assert_int_equal(cp_asdb_seal(db), 0);

	assert_string_equal(cp_asdb_as(db, 1)->name, "Acme, \"Inc\"");
	assert_string_equal(cp_asdb_as(db, 1)->org, "Acme");
	assert_string_equal(cp_asdb_as(db, 1)->role, "cdn");
	assert_string_equal(cp_asdb_as(db, 2)->name, "two");
	assert_string_equal(cp_asdb_as(db, 3)->name, "Three");
	assert_string_equal(cp_asdb_as(db, 3)->org, "Trio");
	assert_string_equal(cp_asdb_as(db, 5)->name, "FIVE - Five Ltd");
	assert_int_equal(cp_asdb_set_name(db, 3, "Drei"), 0);
	assert_int_equal(cp_asdb_set_name(db, 99, "new\nhere"), 0);
	assert_string_equal(cp_asdb_as(db, 3)->name, "Drei");
	assert_string_equal(cp_asdb_as(db, 3)->org, "Trio");
	assert_string_equal(cp_asdb_as(db, 99)->name, "new\nhere");
	assert_null(cp_asdb_as(db, 99)->org);
	assert_int_equal(cp_asdb_as(db, 5)->asn, 5);
	assert_null(cp_asdb_as(db, 5)->role);
	assert_null(cp_asdb_as(db, 6));
	assert_null(cp_asdb_as(db, 8));
	assert_null(cp_asdb_as(db, 0));

	assert_true(cp_asdb_siblings(db, 1, 2));
	assert_true(cp_asdb_siblings(db, 99, 99));
	assert_false(cp_asdb_siblings(db, 1, 3));
	assert_false(cp_asdb_siblings(db, 5, 99));
	assert_false(cp_asdb_siblings(db, 98, 99));
	cp_asdb_free(db);
}

static void test_malformed_lists(void **state)
{
	static const struct {
		int (*add)(struct cp_asdb *, const char *, size_t, const char *, struct cp_err *);
		const char *text, *error;
	} cases[] = {
	        {cp_asdb_add_names, "asn,name,org\n1,a,b\n", "l:1: the first line must name the column 'role'"},
	        {cp_asdb_add_names, "asn,name,org,role\n1,a,b,c\nx,a,b,c\n", "l:3: not an AS number: 'x'"},
	        {cp_asdb_add_names, "# c\nasn,name,org,role\n1,\"a,b,c\n", "l:3: malformed row"},
	        {cp_asdb_add_names, "asn,name,org,role\n,a,b,c\n", "l:2: not an AS number: ''"},
	        {cp_asdb_add_ixps, "prefix\n20.0.0.0/24\n", "l:1: the first line must name the columns"},
	        {cp_asdb_add_ixps, "20.0.0.0/24,LINX\n", "l:1: the first line must name the columns"},
	        {cp_asdb_add_ixps, "prefix,ixp\r\n20.0.0.0/24,a\r\n20.0.0.0/40,b\r\n",
	                "l:3: not a prefix: '20.0.0.0/40'"},
	        {cp_asdb_add_ixps, "prefix,ixp\n20.0.0.0/24,\"a\"b\n", "l:2: malformed row"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_asdb *db = new_db();
		struct cp_err err = {""};

		assert_int_equal(cases[i].add(db, cases[i].text, strlen(cases[i].text), "l", &err), -EINVAL);
		if (strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("'%s' does not begin with '%s'", err.text, cases[i].error);
		cp_asdb_free(db);
	}
}

static void test_many_names(void **state)
{
	struct cp_asdb *db = new_db();
	char text[64], name[16];

	(void)state;
	for (uint32_t asn = 1; asn <= 5000; asn++) {
		snprintf(text, sizeof(text), "20.0.%u.%u/32,%u,n%u\n", asn >> 8, asn & 255, asn * 65537, asn);
		add(db, CP_ASDB_OVERLAY, text);
	}
	assert_int_equal(cp_asdb_seal(db), 0);
	for (uint32_t asn = 1; asn <= 5000; asn++) {
		struct cp_addr addr = cp_addr_from_v4(0x14000000 + asn);
		struct cp_origin origin;

		cp_asdb_lookup(db, &addr, &origin);
		assert_int_equal(origin.asn[0], asn * 65537);
		snprintf(name, sizeof(name), "n%u", asn);
		assert_string_equal(cp_asdb_as(db, asn * 65537)->name, name);
	}
	cp_asdb_free(db);
}

static void expect_home(const struct cp_asdb *db, const char *spec, const uint32_t *asns, size_t n)
{
	struct cp_home home = {0};
	struct cp_err err = {""};

	if (cp_home_parse(db, spec, &home, &err))
		fail_msg("%s", err.text);
	assert_int_equal(home.n, n);
	assert_memory_equal(home.asns, asns, n * sizeof(asns[0]));
	for (size_t i = 0; i < n; i++)
		assert_true(cp_home_has(&home, asns[i]));
	assert_false(cp_home_has(&home, asns[n - 1] + 1));
	cp_home_free(&home);
	assert_false(cp_home_has(&home, asns[0]));
}

static void test_home(void **state)
{
	static const char list[] =
	        "asn,name,org,role\n8075,b,M,microsoft-backbone\n8068,m,M,microsoft\n8069,m,M,microsoft\n"
	        "36459,g,G,microsoft-subsidiary\n13335,c,C,cdn\n";
	static const char *const bad[] = {
	        "", ",", "8075,", "0", "AS0", "4294967296", "nonsense", "8075 8068", "8075x", "-1"};
	struct cp_home untouched = {.asns = NULL, .n = 77};
	struct cp_asdb *db = new_db();

	(void)state;
	cp_home_free(NULL);
	assert_int_equal(cp_asdb_add_names(db, list, sizeof(list) - 1, "n", NULL), 0);
	assert_int_equal(cp_asdb_seal(db), 0);
	expect_home(db, "8075", (uint32_t[]){8075}, 1);
	expect_home(db, "AS64500", (uint32_t[]){64500}, 1);
	expect_home(db, "microsoft", (uint32_t[]){8068, 8069, 8075}, 3);
	expect_home(db, "microsoft-backbone", (uint32_t[]){8075}, 1);
	expect_home(db, " cdn , as8075,8075,microsoft-backbone ,1", (uint32_t[]){1, 8075, 13335}, 3);
	expect_home(db, "microsoft,microsoft-subsidiary", (uint32_t[]){8068, 8069, 8075, 36459}, 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cp_home home = untouched;
		struct cp_err err = {""};

		assert_int_equal(cp_home_parse(db, bad[i], &home, &err), -EINVAL);
		assert_int_equal(home.n, untouched.n);
	}

	struct cp_err err = {""};

	assert_int_equal(cp_home_parse(db, "8075,nonsense,cdn", &untouched, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'nonsense'"));
	cp_asdb_free(db);

	db = new_db();
	assert_int_equal(cp_home_parse(db, "microsoft", &untouched, &err), -EINVAL);
	cp_asdb_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_formats),
	        cmocka_unit_test(test_text_oddities),
	        cmocka_unit_test(test_malformed),
	        cmocka_unit_test(test_layers),
	        cmocka_unit_test(test_most_specific),
	        cmocka_unit_test(test_families_do_not_mix),
	        cmocka_unit_test(test_special),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_malformed_lists),
	        cmocka_unit_test(test_many_names),
	        cmocka_unit_test(test_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
