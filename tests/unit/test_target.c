// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_target.c: one target from its text, and the list that keeps targets
 * unique.
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
static const struct cp_target_defaults ping = {.port = 443, .proto = IPPROTO_ICMP};

static void check_accepted(const char *text, const struct cp_target_defaults *defaults, const char *host, uint16_t port,
        uint8_t proto, bool is_literal)
{
	struct cp_targets targets = {0};
	struct cp_err err = {{0}};

	if (cp_targets_add(&targets, text, defaults, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(targets.n, 1);
	assert_string_equal(targets.items[0].host, host);
	assert_int_equal(targets.items[0].port, port);
	assert_int_equal(targets.items[0].proto, proto);
	assert_int_equal(targets.items[0].is_literal, is_literal);
	assert_null(targets.items[0].group);
	assert_null(targets.items[0].expect);
	cp_targets_free(&targets);
}

/* The sentence must start with the quoted text and hold the hint. */
static void check_refused(const char *text, const struct cp_target_defaults *defaults, const char *hint)
{
	struct cp_targets targets = {0};
	struct cp_err err = {{0}};

	assert_int_equal(cp_targets_add(&targets, text, defaults, &err), -EINVAL);
	if (err.text[0] != '"' || !strstr(err.text, hint))
		fail_msg("\"%s\" was refused with: %s", text, err.text);
	assert_int_equal(targets.n, 0);
	assert_int_equal(cp_targets_add(&targets, text, defaults, NULL), -EINVAL);
	cp_targets_free(&targets);
}

static void accepts_names(void **state)
{
	(void)state;
	check_accepted("example.com", &https, "example.com", 443, IPPROTO_TCP, false);
	check_accepted("example.com:8443", &https, "example.com", 8443, IPPROTO_TCP, false);
	check_accepted("example.com:443/tcp", &https, "example.com", 443, IPPROTO_TCP, false);
	check_accepted("example.com:53/udp", &https, "example.com", 53, IPPROTO_UDP, false);
	check_accepted("example.com/UDP", &https, "example.com", 443, IPPROTO_UDP, false);
	check_accepted("example.com/icmp", &https, "example.com", 0, IPPROTO_ICMP, false);
	check_accepted("example.com", &ping, "example.com", 0, IPPROTO_ICMP, false);
	check_accepted("example.com/tcp", &ping, "example.com", 443, IPPROTO_TCP, false);
	check_accepted("example.com:1/tcp", &ping, "example.com", 1, IPPROTO_TCP, false);
	check_accepted("example.com:65535", &https, "example.com", 65535, IPPROTO_TCP, false);
	check_accepted("WWW.Example.COM.", &https, "www.example.com", 443, IPPROTO_TCP, false);
	check_accepted("www.example.com.:80", &https, "www.example.com", 80, IPPROTO_TCP, false);
	check_accepted("localhost", &https, "localhost", 443, IPPROTO_TCP, false);
	check_accepted("_sip._tcp.example.com", &https, "_sip._tcp.example.com", 443, IPPROTO_TCP, false);
	check_accepted("xn--mnchen-3ya.example", &https, "xn--mnchen-3ya.example", 443, IPPROTO_TCP, false);
	check_accepted("1.2.3.4.in-addr.arpa", &https, "1.2.3.4.in-addr.arpa", 443, IPPROTO_TCP, false);
	check_accepted("4.example", &https, "4.example", 443, IPPROTO_TCP, false);
}

static void accepts_addresses(void **state)
{
	(void)state;
	check_accepted("192.0.2.1", &https, "192.0.2.1", 443, IPPROTO_TCP, true);
	check_accepted("192.0.2.1:80", &https, "192.0.2.1", 80, IPPROTO_TCP, true);
	check_accepted("192.0.2.1/icmp", &https, "192.0.2.1", 0, IPPROTO_ICMP, true);
	check_accepted("2001:db8::1", &https, "2001:db8::1", 443, IPPROTO_TCP, true);
	check_accepted("2001:DB8:0:0::1", &https, "2001:db8::1", 443, IPPROTO_TCP, true);
	check_accepted("2001:db8::1/udp", &https, "2001:db8::1", 443, IPPROTO_UDP, true);
	check_accepted("[2001:db8::1]", &https, "2001:db8::1", 443, IPPROTO_TCP, true);
	check_accepted("[2001:db8::1]:53/udp", &https, "2001:db8::1", 53, IPPROTO_UDP, true);
	check_accepted("[2001:db8::1]/icmp", &https, "2001:db8::1", 0, IPPROTO_ICMP, true);
	check_accepted("2001:db8::1:443", &https, "2001:db8::1:443", 443, IPPROTO_TCP, true);
	check_accepted("::ffff:192.0.2.1", &https, "192.0.2.1", 443, IPPROTO_TCP, true);
}

static void keeps_the_address_of_a_literal(void **state)
{
	struct cp_targets targets = {0};
	struct cp_addr want, got;

	(void)state;
	assert_int_equal(cp_targets_add(&targets, "[2001:db8::7]:443", &https, NULL), 0);
	assert_int_equal(cp_addr_parse("2001:db8::7", &want), 0);
	assert_int_equal(cp_addr_parse(targets.items[0].host, &got), 0);
	assert_true(cp_addr_eq(&got, &want));
	cp_targets_free(&targets);
}

static void refuses_ports(void **state)
{
	static const char *const texts[] = {"a.example:0", "a.example:65536", "a.example:99999",
	        "a.example:", "a.example:-1", "a.example:+80", "a.example:8o", "a.example:100000", "192.0.2.1:0",
	        "[2001:db8::1]:0/tcp", "a.example:https"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_refused(texts[i], &https, "is not a port: write 1 to 65535");
	check_refused("a.example:443/icmp", &https, "icmp has no ports: leave \":443\" out");
	check_refused("a.example:443", &ping, "icmp has no ports: leave \":443\" out, or end with /tcp or /udp");
	check_refused("a.example", &(struct cp_target_defaults){.proto = IPPROTO_UDP}, "no port");
}

static void refuses_hosts(void **state)
{
	(void)state;
	check_refused("", &https, "empty");
	check_refused(":443", &https, "no host");
	check_refused("/tcp", &https, "no host");
	check_refused(".", &https, "empty label");
	check_refused("a..example", &https, "empty label");
	check_refused(".example", &https, "empty label");
	check_refused("a.example..", &https, "empty label");
	check_refused("-a.example", &https, "starts or ends with '-'");
	check_refused("a-.example", &https, "starts or ends with '-'");
	check_refused("a@b.example", &https, "'@' is not allowed in a host name");
	check_refused("*.example.com", &https, "wildcard");
	check_refused("a b.example", &https, "space at position 2");
	check_refused("a\tb", &https, "control character 0x09 at position 2");
	check_refused("m\xc3\xbcnchen.example", &https, "not ASCII at position 2: write the name's A-label");
	check_refused("a.example/sctp", &https, "\"sctp\" is not a protocol: write tcp, udp or icmp");
	check_refused("a.example/", &https, "\"\" is not a protocol");
	check_refused("a.example/tcp/", &https, "\"tcp/\" is not a protocol");
}

static void refuses_addresses(void **state)
{
	(void)state;
	check_refused("192.0.2.256", &https, "a name does not end in a number");
	check_refused("192.0.2", &https, "a name does not end in a number");
	check_refused("a.example.1", &https, "a name does not end in a number");
	check_refused("192.0.2.1.", &https, "a name does not end in a number");
	check_refused("192.0.2.0/24", &https, "a prefix is not a target");
	check_refused("2001:db8::/32", &https, "a prefix is not a target");
	check_refused("2001:db8::g", &https, "not an IPv6 address (with a port: [address]:port)");
	check_refused("a.example:443:80", &https, "not an IPv6 address");
	check_refused("[2001:db8::1", &https, "'[' without ']'");
	check_refused("[2001:db8::1]443", &https, "'4' after ']'");
	check_refused("[192.0.2.1]:80", &https, "only an IPv6 address stands in brackets");
	check_refused("[]", &https, "only an IPv6 address stands in brackets");
	check_refused("fe80::1%eth0", &https, "leave the zone out");
}

static void refuses_urls_with_what_to_write(void **state)
{
	(void)state;
	check_refused("https://host.example/path", &https, "a URL is not a target: write \"host.example:443\"");
	check_refused("http://host.example", &https, "write \"host.example:80\"");
	check_refused("https://host.example:8443?q", &https, "write \"host.example:8443\"");
	check_refused("https://", &https, "write host:port");
	check_refused("https://user@host.example", &https, "write host:port");
}

static void keeps_the_lengths_of_dns(void **state)
{
	char text[300];
	struct cp_targets targets = {0};

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_int_equal(cp_targets_add(&targets, text, &https, NULL), 0);
	text[63] = 'a';
	text[64] = '\0';
	check_refused(text, &https, "64 characters, at most 63");
	text[64] = 'a';
	for (size_t i = 49; i < 254; i += 50)
		text[i] = '.';
	text[253] = '\0';
	assert_int_equal(cp_targets_add(&targets, text, &https, NULL), 0);
	text[253] = '.';
	text[254] = '\0';
	assert_int_equal(cp_targets_add(&targets, text, &https, NULL), 0);
	assert_int_equal(targets.n_duplicates, 1);
	text[253] = 'a';
	check_refused(text, &https, "254 characters, at most 253");
	cp_targets_free(&targets);
}

static void shows_no_control_characters(void **state)
{
	struct cp_targets targets = {0};
	struct cp_err err;
	char text[2000] = "\x1b[31mred\x07\xc2\x9b";

	(void)state;
	assert_int_equal(cp_targets_add(&targets, text, &https, &err), -EINVAL);
	assert_string_equal(err.text, "\"?[31mred???\": control character 0x1b at position 1");
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(cp_targets_add(&targets, text, &https, &err), -EINVAL);
	assert_non_null(strstr(err.text, "xxx...\": longer than 1024 characters"));
	cp_targets_free(&targets);
}

static void merges_duplicates(void **state)
{
	const struct cp_target_defaults grouped = {.port = 443, .proto = IPPROTO_TCP, .group = "first"};
	struct cp_targets targets = {0};

	(void)state;
	assert_int_equal(cp_targets_add(&targets, "a.example", &grouped, NULL), 0);
	assert_int_equal(cp_targets_add(&targets, "A.EXAMPLE.:443/tcp", &https, NULL), 0);
	assert_int_equal(cp_targets_add(&targets, "a.example:444", &https, NULL), 0);
	assert_int_equal(cp_targets_add(&targets, "a.example/udp", &https, NULL), 0);
	assert_int_equal(cp_targets_add(&targets, "a.example/icmp", &https, NULL), 0);
	assert_int_equal(cp_targets_add(&targets, "2001:db8:0::1", &https, NULL), 0);
	assert_int_equal(cp_targets_add(&targets, "[2001:db8::1]:443", &https, NULL), 0);
	assert_int_equal(targets.n, 5);
	assert_int_equal(targets.n_duplicates, 2);
	assert_string_equal(targets.items[0].group, "first");
	cp_targets_free(&targets);
	assert_int_equal(targets.n, 0);
	assert_null(targets.items);
}

/* Every item must stay reachable through the index while both grow. */
static void grows(void **state)
{
	struct cp_targets targets = {0};
	const size_t n = 20000;
	char text[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < n; i++) {
			snprintf(text, sizeof(text), "h%zu.example", i);
			assert_int_equal(cp_targets_add(&targets, text, &https, NULL), 0);
		}
	}
	assert_int_equal(targets.n, n);
	assert_int_equal(targets.n_duplicates, n);
	assert_string_equal(targets.items[n - 1].host, "h19999.example");
	cp_targets_free(&targets);
	cp_targets_free(NULL);
}

static void adds_after_a_trim(void **state)
{
	const struct cp_target_defaults grouped = {.port = 443, .proto = IPPROTO_TCP, .group = "first"};
	struct cp_targets targets = {0};
	char text[32];

	(void)state;
	cp_targets_trim(&targets);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "h%d.example", i);
		assert_int_equal(cp_targets_add(&targets, text, i % 2 ? &grouped : &https, NULL), 0);
		assert_int_equal(cp_targets_expect(&targets, i % 3 ? "ms" : "non-ms"), 0);
	}
	cp_targets_trim(&targets);
	assert_int_equal(targets.cap, 1000);
	assert_null(targets.index);
	assert_int_equal(cp_targets_add(&targets, "h500.example", &https, NULL), 0);
	assert_int_equal(cp_targets_add(&targets, "h1000.example", &https, NULL), 0);
	assert_int_equal(targets.n, 1001);
	assert_int_equal(targets.n_duplicates, 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "h%d.example", i);
		assert_string_equal(targets.items[i].host, text);
		assert_string_equal(targets.items[i].group ? targets.items[i].group : "-", i % 2 ? "first" : "-");
		assert_string_equal(targets.items[i].expect, i % 3 ? "ms" : "non-ms");
	}
	assert_null(targets.items[1000].expect);
	cp_targets_free(&targets);
}

static void numbers_the_names(void **state)
{
	static const char *const texts[] = {"198.18.0.1", "a.example", "2001:db8::1", "b.example", "198.18.0.2"};
	static const uint32_t numbers[] = {0, 0, 1, 1, 2};
	struct cp_targets targets = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(cp_targets_add(&targets, texts[i], &https, NULL), 0);
		assert_int_equal(targets.items[i].nth_name, numbers[i]);
	}
	assert_int_equal(targets.n_names, 2);
	cp_targets_free(&targets);
}

static void refuses_a_group_without_end(void **state)
{
	struct cp_target_defaults grouped = {.port = 443, .proto = IPPROTO_TCP};
	struct cp_targets targets = {0};
	char *group = malloc(100000);

	(void)state;
	assert_non_null(group);
	memset(group, 'g', 99999);
	group[99999] = '\0';
	grouped.group = group;
	assert_int_equal(cp_targets_add(&targets, "a.example", &grouped, NULL), -ENOMEM);
	assert_int_equal(targets.n, 0);
	free(group);
	cp_targets_free(&targets);
}

static void names_protocols(void **state)
{
	uint8_t proto = 99;

	(void)state;
	assert_string_equal(cp_proto_name(IPPROTO_TCP), "tcp");
	assert_string_equal(cp_proto_name(IPPROTO_UDP), "udp");
	assert_string_equal(cp_proto_name(IPPROTO_ICMP), "icmp");
	assert_null(cp_proto_name(IPPROTO_ICMPV6));
	assert_int_equal(cp_proto_parse("Icmp", &proto), 0);
	assert_int_equal(proto, IPPROTO_ICMP);
	assert_int_equal(cp_proto_parse("icmp6", &proto), -EINVAL);
	assert_int_equal(cp_proto_parse("", &proto), -EINVAL);
	assert_int_equal(proto, IPPROTO_ICMP);
}

static void parses_ports(void **state)
{
	uint16_t port = 7;

	(void)state;
	assert_int_equal(cp_port_parse("65535", &port), 0);
	assert_int_equal(port, 65535);
	assert_int_equal(cp_port_parse("0", &port), -EINVAL);
	assert_int_equal(cp_port_parse("65536", &port), -EINVAL);
	assert_int_equal(cp_port_parse("", &port), -EINVAL);
	assert_int_equal(cp_port_parse(" 1", &port), -EINVAL);
	assert_int_equal(cp_port_parse("1 ", &port), -EINVAL);
	assert_int_equal(port, 65535);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(accepts_names),
	        cmocka_unit_test(accepts_addresses),
	        cmocka_unit_test(keeps_the_address_of_a_literal),
	        cmocka_unit_test(refuses_ports),
	        cmocka_unit_test(refuses_hosts),
	        cmocka_unit_test(refuses_addresses),
	        cmocka_unit_test(refuses_urls_with_what_to_write),
	        cmocka_unit_test(keeps_the_lengths_of_dns),
	        cmocka_unit_test(shows_no_control_characters),
	        cmocka_unit_test(merges_duplicates),
	        cmocka_unit_test(grows),
	        cmocka_unit_test(adds_after_a_trim),
	        cmocka_unit_test(numbers_the_names),
	        cmocka_unit_test(refuses_a_group_without_end),
	        cmocka_unit_test(names_protocols),
	        cmocka_unit_test(parses_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
