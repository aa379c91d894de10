// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_target_text.c: target files, as lines and as CSV.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/target.h"

static const struct cp_target_defaults https = {.port = 443, .proto = IPPROTO_TCP};

static struct cp_targets read_ok(const char *text, const struct cp_target_defaults *defaults)
{
	struct cp_targets targets = {0};
	struct cp_err err = {{0}};

	if (cp_targets_add_text(&targets, text, strlen(text), "list", defaults, &err) != 0)
		fail_msg("%s", err.text);
	return targets;
}

/* The whole sentence; n_before targets stay. */
static void check_refused(const char *text, size_t len, const char *sentence, size_t n_before)
{
	struct cp_targets targets = {0};
	struct cp_err err = {{0}};

	assert_int_equal(cp_targets_add_text(&targets, text, len, "list", &https, &err), -EINVAL);
	assert_string_equal(err.text, sentence);
	assert_int_equal(targets.n, n_before);
	cp_targets_free(&targets);
}

static void check_refused_text(const char *text, const char *sentence, size_t n_before)
{
	check_refused(text, strlen(text), sentence, n_before);
}

static void check(const struct cp_target *target, const char *host, uint16_t port, uint8_t proto, const char *group,
        const char *expect)
{
	assert_string_equal(target->host, host);
	assert_int_equal(target->port, port);
	assert_int_equal(target->proto, proto);
	if (group)
		assert_string_equal(target->group, group);
	else
		assert_null(target->group);
	if (expect)
		assert_string_equal(target->expect, expect);
	else
		assert_null(target->expect);
}

static void reads_lines(void **state)
{
	struct cp_targets t = read_ok("# a comment\n\n  a.example  # why\nb.example:80\tgroup one\n"
	                              "c.example/icmp , two\nd.example,three# x\n[2001:db8::1]:53/udp four\ne.example",
	        &https);

	(void)state;
	assert_int_equal(t.n, 6);
	check(&t.items[0], "a.example", 443, IPPROTO_TCP, NULL, NULL);
	check(&t.items[1], "b.example", 80, IPPROTO_TCP, "group one", NULL);
	check(&t.items[2], "c.example", 0, IPPROTO_ICMP, "two", NULL);
	check(&t.items[3], "d.example", 443, IPPROTO_TCP, "three", NULL);
	check(&t.items[4], "2001:db8::1", 53, IPPROTO_UDP, "four", NULL);
	check(&t.items[5], "e.example", 443, IPPROTO_TCP, NULL, NULL);
	cp_targets_free(&t);
}

/* F44 */
static void reads_what_windows_writes(void **state)
{
	struct cp_targets t = read_ok("\xef\xbb\xbf"
	                              "a.example\r\n\r\nb.example,g\r\n",
	        &https);
	struct cp_targets csv = read_ok("\xef\xbb\xbfHost,Port\r\nc.example,80\r\n", &https);

	(void)state;
	assert_int_equal(t.n, 2);
	check(&t.items[1], "b.example", 443, IPPROTO_TCP, "g", NULL);
	assert_int_equal(csv.n, 1);
	check(&csv.items[0], "c.example", 80, IPPROTO_TCP, NULL, NULL);
	cp_targets_free(&t);
	cp_targets_free(&csv);
}

static void reads_csv(void **state)
{
	const struct cp_target_defaults defaults = {.port = 8443, .proto = IPPROTO_UDP, .group = "all"};
	struct cp_targets t = read_ok("# list\nfqdn,port,group,source,expect,protocol\n"
	                              "a.example,443,core,doc,ms,tcp\n"
	                              "b.example,,,,,\n"
	                              "\"c.example\" , \"53\",\"says \"\"hi\"\", # 1\",x,non-ms # trailing\n"
	                              "  # comment\n"
	                              "d.example,0,,,,icmp\n"
	                              "e.example:99/tcp,53\n",
	        &defaults);

	(void)state;
	assert_int_equal(t.n, 5);
	check(&t.items[0], "a.example", 443, IPPROTO_TCP, "core", "ms");
	check(&t.items[1], "b.example", 8443, IPPROTO_UDP, "all", NULL);
	check(&t.items[2], "c.example", 53, IPPROTO_UDP, "says \"hi\", # 1", "non-ms");
	check(&t.items[3], "d.example", 0, IPPROTO_ICMP, "all", NULL);
	check(&t.items[4], "e.example", 99, IPPROTO_TCP, "all", NULL);
	cp_targets_free(&t);
}

static void tells_the_forms_apart(void **state)
{
	/* A label that is a column name makes no header; a lone column name does. */
	struct cp_targets lines = read_ok("a.example,name\nhost\n", &https);
	struct cp_targets header = read_ok("HOSTNAME\na.example\n", &https);
	struct cp_targets ranked = read_ok("name,target,port\nMy site,a.example,1\n", &https);
	struct cp_targets nothing = read_ok("", &https);

	(void)state;
	assert_int_equal(lines.n, 2);
	check(&lines.items[0], "a.example", 443, IPPROTO_TCP, "name", NULL);
	check(&lines.items[1], "host", 443, IPPROTO_TCP, NULL, NULL);
	assert_int_equal(header.n, 1);
	assert_int_equal(ranked.n, 1);
	check(&ranked.items[0], "a.example", 1, IPPROTO_TCP, NULL, NULL);
	assert_int_equal(nothing.n, 0);
	cp_targets_free(&lines);
	cp_targets_free(&header);
	cp_targets_free(&ranked);
}

/* A list with a port column may be probed with ICMP as a whole. */
static void a_list_for_tcp_serves_icmp(void **state)
{
	const struct cp_target_defaults ping = {.port = 443, .proto = IPPROTO_ICMP};
	struct cp_targets t = read_ok("fqdn,port\na.example,443\n", &ping);

	(void)state;
	check(&t.items[0], "a.example", 0, IPPROTO_ICMP, NULL, NULL);
	cp_targets_free(&t);
}

/* F44 */
static void keeps_the_first_of_duplicates(void **state)
{
	struct cp_targets t = read_ok("host,group,expect\na.example,one,ms\nA.example,two,cdn\n", &https);

	(void)state;
	assert_int_equal(t.n, 1);
	assert_int_equal(t.n_duplicates, 1);
	check(&t.items[0], "a.example", 443, IPPROTO_TCP, "one", "ms");
	cp_targets_free(&t);
}

/* F44 */
static void says_which_line(void **state)
{
	(void)state;
	check_refused_text("a.example\n\n# x\nb.example:0\nc.example\n",
	        "list:4: \"b.example:0\": \"0\" is not a port: write 1 to 65535", 1);
	check_refused_text("a.example\r\n*.example\r\n",
	        "list:2: \"*.example\": a wildcard has no address: name hosts below it", 1);
	check_refused_text(",group\n", "list:1: \"\": empty: write host[:port][/protocol]", 0);
	check_refused_text("a.example,b,c\n",
	        "list:1: a group label with a comma or a quote needs the CSV form (a header line: host,group)", 0);
}

static void refuses_bad_csv(void **state)
{
	(void)state;
	check_refused_text("host,port\na.example,0\n", "list:2: column port: write 1 to 65535", 0);
	check_refused_text("host,port\na.example,80\n,80\n", "list:3: \"\": empty: write host[:port][/protocol]", 1);
	check_refused_text("host,proto\na.example,gre\n", "list:2: column protocol: write tcp, udp or icmp", 0);
	check_refused_text(
	        "host,proto,port\na.example,icmp,443\n", "list:2: column port: icmp has no ports, leave it empty", 0);
	check_refused_text("host,port\na.example,1,2\n", "list:2: 3 fields, but the header names 2 columns", 0);
	check_refused_text("host\n\"a.example\n", "list:2: a quote is not closed on its line", 0);
	check_refused_text("host\n\"a\".example\n", "list:2: text after a closing quote", 0);
	check_refused_text("host,port,host\n", "list:1: the header names column host twice", 0);
}

static void refuses_what_is_no_text(void **state)
{
	static const char utf16[] = "a.example\nb\0.\0e\0";
	char line[1100];

	(void)state;
	check_refused(utf16, sizeof(utf16) - 1,
	        "list:2: NUL byte in column 2: the file must be plain text (UTF-16 is not)", 1);
	check_refused_text("a.example\rb.example\n", "list:1: control character 0x0d in column 10", 0);
	check_refused_text("a.example \x1b[2J\n", "list:1: control character 0x1b in column 11", 0);
	memset(line, '#', sizeof(line));
	check_refused(line, 1025, "list:1: the line has 1025 bytes, at most 1024 are allowed", 0);
	line[1024] = '\r';
	line[1025] = '\n';

	struct cp_targets t = {0};

	assert_int_equal(cp_targets_add_text(&t, line, 1026, "list", &https, NULL), 0);
	assert_int_equal(t.n, 0);
}

static void refuses_too_many_columns(void **state)
{
	char text[256] = "host\na.example";
	size_t len = strlen(text);

	(void)state;
	memset(text + len, ',', 64);
	check_refused(text, len + 64, "list:2: more than 64 columns", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_lines),
	        cmocka_unit_test(reads_what_windows_writes),
	        cmocka_unit_test(reads_csv),
	        cmocka_unit_test(tells_the_forms_apart),
	        cmocka_unit_test(a_list_for_tcp_serves_icmp),
	        cmocka_unit_test(keeps_the_first_of_duplicates),
	        cmocka_unit_test(says_which_line),
	        cmocka_unit_test(refuses_bad_csv),
	        cmocka_unit_test(refuses_what_is_no_text),
	        cmocka_unit_test(refuses_too_many_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
