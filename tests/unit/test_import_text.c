// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_import_text.c: what the readers of tools' texts have in common: which of
 * them a text is for, the words, the command lines, the sink that stops.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "import/text_command.h"
#include "import/text_formats.h"
#include "import/text_scan.h"
#include "import/text_time.h"
#include "import/text_utf16.h"
#include "text_lab.h"

#define N(array_) (sizeof(array_) / sizeof((array_)[0]))

static void finds_the_format(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"traceroute to a (203.0.113.80), 30 hops max, 60 byte packets\n 1  * * *\n", "traceroute"},
	        {"# host\n$ traceroute a\n\ntraceroute6 to a (2001:db8::1) from b, 30 hops max\n", "traceroute"},
	        {"Tracing the path to a (203.0.113.80) on TCP port 80, 30 hops max\n", "traceroute"},
	        {"% traceroute -n 203.0.113.80\n 1  198.18.0.1  1 ms\n", "traceroute"},
	        {"$ traceroute a\n$ mtr a\nHOST: lab  Loss%   Snt\n", "mtr-text"},
	        {"Tracing route to a [203.0.113.80]\r\nover a maximum of 30 hops:\r\n", "tracert"},
	        {"iets [203.0.113.80]\n  1     *        *        *     Time-out bij opdracht.\n", "tracert"},
	        {"iets [203.0.113.80]\n  1    <1 ms     1 ms     *     198.18.0.1\n", "tracert"},
	        {" 1?: [LOCALHOST]  pmtu 1500\n 1:  gw  0.5ms\n", "tracepath"},
	        {" 1:  gw (198.18.0.1)  0.5ms\n 2:  no reply\n", "tracepath"},
	        {"Start: x\nHOST: lab  Loss%   Snt   Last   Avg  Best  Wrst StDev\n", "mtr-text"},
	        {"Host      Loss% Drop Rcv Avg  StDev  Javg\n", "mtr-text"},
	        {"Nmap scan report for a (203.0.113.80)\n\nTRACEROUTE (using port 80/tcp)\n", "nmap"},
	        {"Nmap scan report for a (203.0.113.80)\nHost is up\n", "nmap"},
	        {"", NULL},
	        {" 1  * * *\n", NULL},
	        {"[{\"type\": \"traceroute to\"}]\n", NULL},
	        {"HOST: lab\nHost: www.example.net\n", NULL},
	        {"12:30: all is well\n", NULL},
	        {"TRACEROUTE is a program\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char *exact = malloc(strlen(rows[i].text) + 1);
		const struct cp_import_format *format;

		assert_non_null(exact);
		memcpy(exact, rows[i].text, strlen(rows[i].text));
		format = cp_import_detect(exact, strlen(rows[i].text));
		if ((format ? format->name : NULL) != rows[i].want &&
		        (!format || !rows[i].want || strcmp(format->name, rows[i].want) != 0))
			fail_msg("%s: %s", rows[i].text, format ? format->name : "none");
		assert_true(!format || cp_import_find(format->name) == format);
		free(exact);
	}
}

static int stop(void *ctx, const struct cp_trace *trace)
{
	(void)trace;
	++*(int *)ctx;
	return -ECANCELED;
}

static void ignore(void *ctx, size_t line, const char *why)
{
	(void)ctx;
	(void)line;
	(void)why;
}

static void sink_stops_the_reading(void **state)
{
	static const struct {
		const struct cp_import_format *format;
		const char *text;
	} rows[] = {
	        {&cp_import_traceroute, "traceroute to a (203.0.113.80), 30 hops max\n 1  203.0.113.80  1 ms\n"},
	        {&cp_import_tracert, "Tracing route to a [203.0.113.80]\nof 30\n  1  1 ms  1 ms  1 ms  203.0.113.80\n"},
	        {&cp_import_tracepath, " 1?: [LOCALHOST] pmtu 1500\n 1:  203.0.113.80  1.0ms reached\n"},
	        {&cp_import_mtr_text, "$ mtr 203.0.113.80\nHOST: lab  Snt\n 1.|-- 203.0.113.80  1\n"},
	        {&cp_import_nmap,
	                "Nmap scan report for 203.0.113.80\nTRACEROUTE\nHOP RTT ADDRESS\n1 1 ms 203.0.113.80\n"},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char text[1024];
		int n_traces = 0;
		struct cp_import_sink sink = {.trace = stop, .bad = ignore, .ctx = &n_traces};

		/* The second trace is not read. */
		snprintf(text, sizeof(text), "%s%s", rows[i].text, rows[i].text);
		assert_int_equal(rows[i].format->read(text, strlen(text), "text", &sink, NULL), -ECANCELED);
		assert_int_equal(n_traces, 1);
		/* The last one is told at the end. */
		n_traces = 0;
		assert_int_equal(
		        rows[i].format->read(rows[i].text, strlen(rows[i].text), "text", &sink, NULL), -ECANCELED);
		assert_int_equal(n_traces, 1);
	}
}

static void round_trip_times(void **state)
{
	static const struct {
		const char *text;
		uint32_t us; /* 0: not read */
	} rows[] = {
	        {"0.345 ms", 345},
	        {"  12.3ms", 12300},
	        {"1 ms", 1000},
	        {"<1 ms", 1},
	        {"< 1 ms", 1},
	        {"0.000 ms", 1},
	        {"0.0004 ms", 1},
	        {"1.23456 ms x", 1234},
	        {"4294966 ms", 4294966000u},
	        {"4294968 ms", 0},
	        {"99999999999999999999 ms", 0},
	        {"1 msec", 0},
	        {"1 s", 0},
	        {"1", 0},
	        {"-1 ms", 0},
	        {".5 ms", 0},
	        {"1. ms", 0},
	        {"", 0},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *at = rows[i].text;
		uint32_t us = 0;

		if (cp_scan_ms(&at, &us) != (rows[i].us != 0) || us != rows[i].us)
			fail_msg("'%s': %u", rows[i].text, us);
		assert_int_equal(at == rows[i].text, rows[i].us == 0);
	}
}

static void names_and_addresses(void **state)
{
	static const struct {
		const char *text;
		enum cp_scan_who want;
		const char *addr, *name, *rest;
	} rows[] = {
	        {"198.18.0.1 x", CP_WHO_READ, "198.18.0.1", "", " x"},
	        {" gw (198.18.0.1)  1", CP_WHO_READ, "198.18.0.1", "gw", "  1"},
	        {"gw [2001:db8::1]", CP_WHO_READ, "2001:db8::1", "gw", ""},
	        {"198.18.0.1 (198.18.0.1)", CP_WHO_READ, "198.18.0.1", "", ""},
	        {"198.18.0.1 (gw)", CP_WHO_READ, "198.18.0.1", "gw", ""},
	        {"198.18.0.1 (198.18.0.2)", CP_WHO_READ, "198.18.0.1", "", " (198.18.0.2)"},
	        {"198.18.0.1 [gw]", CP_WHO_READ, "198.18.0.1", "", " [gw]"},
	        {"198.18.0.1 ()", CP_WHO_READ, "198.18.0.1", "", " ()"},
	        {"fe80::1%eth0", CP_WHO_READ, "fe80::1", "", ""},
	        {"gw 198.18.0.1", CP_WHO_UNNUMBERED, NULL, "gw", " 198.18.0.1"},
	        {"gw (198.18.0.1]", CP_WHO_UNNUMBERED, NULL, "gw", " (198.18.0.1]"},
	        {"198.18.0.256", CP_WHO_UNNUMBERED, NULL, "198.18.0.256", ""},
	        {"::", CP_WHO_UNNUMBERED, NULL, "::", ""},
	        {"  ", CP_WHO_NONE, NULL, "", "  "},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cp_who who = {.name = ""};
		const char *at = rows[i].text;
		char addr[CP_ADDR_STRLEN];
		enum cp_scan_who got = cp_scan_who(&at, &who);

		if (got != rows[i].want || strcmp(at, rows[i].rest) != 0 || strcmp(who.name, rows[i].name) != 0)
			fail_msg("'%s': %d, '%s', then '%s'", rows[i].text, (int)got, who.name, at);
		if (rows[i].addr)
			assert_string_equal(cp_addr_format(&who.addr, addr), rows[i].addr);
	}
}

static void long_names(void **state)
{
	char line[400];
	const char *at = line;
	struct cp_who who;

	(void)state;
	memset(line, 'n', sizeof(line));
	snprintf(line + 255, sizeof(line) - 255, " (198.18.0.1)");
	assert_int_equal(cp_scan_who(&at, &who), CP_WHO_READ);
	assert_int_equal(strlen(who.name), 255);
	memset(line, 'n', sizeof(line));
	snprintf(line + 256, sizeof(line) - 256, " (198.18.0.1)");
	at = line;
	assert_int_equal(cp_scan_who(&at, &who), CP_WHO_NONE);
}

static void command_lines(void **state)
{
	static const struct {
		const char *line;
		bool is_command;
		enum cp_text_tool tool;
		const char *host;
		uint8_t proto;
		uint32_t port, max_ttl;
	} rows[] = {
	        {"mtr -r a.example", true, CP_TOOL_MTR, "a.example", IPPROTO_ICMP, 0, 0},
	        {"$ mtr a.example --report -c4", true, CP_TOOL_MTR, "a.example", IPPROTO_ICMP, 0, 0},
	        {"user@host:~$ sudo mtr -rwTc 10 -P443 -m 20 2001:db8::1 > out.txt", true, CP_TOOL_MTR, "2001:db8::1",
	                IPPROTO_TCP, 443, 20},
	        {"# /usr/sbin/mtr -u --port=53 --max-ttl 9 -a 198.18.0.9 a", true, CP_TOOL_MTR, "a", IPPROTO_UDP, 53,
	                9},
	        {"C:\\x>mtr a", true, CP_TOOL_MTR, "a", IPPROTO_ICMP, 0, 0},
	        {"host#mtr a b", true, CP_TOOL_MTR, "", IPPROTO_ICMP, 0, 0},
	        {"globalping mtr a.example from aws --protocol UDP --port 53 -L 3", true, CP_TOOL_MTR, "a.example",
	                IPPROTO_UDP, 53, 0},
	        {"$ traceroute -T -p 443 -m 12 a 60", true, CP_TOOL_TRACEROUTE, "a", IPPROTO_TCP, 443, 12},
	        {"$ traceroute --icmp a", true, CP_TOOL_TRACEROUTE, "a", IPPROTO_ICMP, 0, 0},
	        {"% traceroute -P icmp a", true, CP_TOOL_TRACEROUTE, "a", IPPROTO_ICMP, 0, 0},
	        {"% traceroute -P gre a", true, CP_TOOL_TRACEROUTE, "a", 0, 0, 0},
	        {"$ traceroute6 -n a", true, CP_TOOL_TRACEROUTE, "a", IPPROTO_UDP, 0, 0},
	        {"$ tcptraceroute -n a 443", true, CP_TOOL_TCPTRACEROUTE, "a", IPPROTO_TCP, 0, 0},
	        {"\xe2\x9d\xaf tracepath -n -m 9 a", true, CP_TOOL_TRACEPATH, "a", IPPROTO_UDP, 0, 9},
	        {"$ mtr -m 999 -P x a", true, CP_TOOL_MTR, "a", IPPROTO_ICMP, 0, 0},
	        {"$ mtr 'a b'", true, CP_TOOL_MTR, "", IPPROTO_ICMP, 0, 0},
	        {"$ mtr -c", true, CP_TOOL_MTR, "", IPPROTO_ICMP, 0, 0},
	        {"traceroute to a (203.0.113.80), 30 hops max", false, 0, "", 0, 0, 0},
	        {"we ran mtr twice", false, 0, "", 0, 0, 0},
	        {"$ mtr", false, 0, "", 0, 0, 0},
	        {"mtr: unknown host", false, 0, "", 0, 0, 0},
	        {"", false, 0, "", 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct cp_text_command got = {.host = ""};

		if (cp_text_command_parse(rows[i].line, &got) != rows[i].is_command || got.tool != rows[i].tool ||
		        strcmp(got.host, rows[i].host) != 0 || got.proto != rows[i].proto || got.port != rows[i].port ||
		        got.max_ttl != rows[i].max_ttl)
			fail_msg("'%s': tool %d, host '%s', protocol %u, port %u, at most %u", rows[i].line,
			        (int)got.tool, got.host, got.proto, got.port, got.max_ttl);
	}
}

static void points_in_time(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} rows[] = {
	        {"1970-01-01T00:00:00+0000", 0},
	        {" 2023-03-27T10:15:30+0200", 1679904930000},
	        {"2023-03-27T10:15:30-02:30", 1679921130000},
	        {"2016-03-27 12:56 UTC", 1459083360000},
	        {"2016-03-27 12:56 GMT", 1459083360000},
	        {"2016-03-27 12:56 Coordinated Universal Time", 1459083360000},
	        {"2016-03-27 12:56Z", 1459083360000},
	        {"2016-03-27 12:56 CET", UINT64_MAX},
	        {"2016-03-27 12:56", UINT64_MAX},
	        {"2016-13-27 12:56 UTC", UINT64_MAX},
	        {"2016-03-27 24:56 UTC", UINT64_MAX},
	        {"1969-12-31 23:59 UTC", UINT64_MAX},
	        {"1970-01-01T00:00:00+0100", UINT64_MAX},
	        {"Mon Mar 27 10:15:30 2023", UINT64_MAX},
	        {"2016-03", UINT64_MAX},
	        {"", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		if (cp_scan_time(rows[i].text) != rows[i].ms)
			fail_msg("'%s': %llu", rows[i].text, (unsigned long long)cp_scan_time(rows[i].text));
	}
}

static void utf16_to_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} rows[] = {
	        {"\xff\xfe"
	         "a\0\n\0",
	                6, "a\n"},
	        {"\xfe\xff"
	         "\0a",
	                4, "a"},
	        {"\xff\xfe"
	         "\xfc\0",
	                4, "\xc3\xbc"},
	        {"\xff\xfe"
	         "\xac\x20",
	                4, "\xe2\x82\xac"},
	        {"\xff\xfe"
	         "\x3d\xd8\x00\xde",
	                6, "\xf0\x9f\x98\x80"},
	        /* Half a pair, the other half, half a unit */
	        {"\xff\xfe"
	         "\x3d\xd8"
	         "a\0",
	                6,
	                "\xef\xbf\xbd"
	                "a"},
	        {"\xff\xfe"
	         "\x3d\xd8",
	                4, "\xef\xbf\xbd"},
	        {"\xff\xfe"
	         "\x00\xde",
	                4, "\xef\xbf\xbd"},
	        {"\xff\xfe"
	         "a\0b",
	                5, "a"},
	        {"\xff\xfe", 2, ""},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char *exact = malloc(rows[i].len), *got;
		size_t len;

		assert_non_null(exact);
		memcpy(exact, rows[i].text, rows[i].len);
		assert_true(cp_utf16_is(exact, rows[i].len));
		assert_int_equal(cp_utf16_to_utf8(exact, rows[i].len, &got, &len), 0);
		assert_int_equal(len, strlen(rows[i].want));
		assert_memory_equal(got, rows[i].want, len);
		free(got);
		free(exact);
	}
	assert_false(cp_utf16_is("\xff", 1));
	assert_false(cp_utf16_is("\xef\xbb\xbf"
	                         "a",
	        4));
	assert_false(cp_utf16_is("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(finds_the_format),
	        cmocka_unit_test(sink_stops_the_reading),
	        cmocka_unit_test(round_trip_times),
	        cmocka_unit_test(names_and_addresses),
	        cmocka_unit_test(long_names),
	        cmocka_unit_test(command_lines),
	        cmocka_unit_test(points_in_time),
	        cmocka_unit_test(utf16_to_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
