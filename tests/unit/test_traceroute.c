// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_traceroute.c: outputs of the traceroutes of Linux, the BSDs, macOS,
 * busybox and inetutils, and of tcptraceroute, as paths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/text_formats.h"
#include "text_lab.h"

#define N(array_) (sizeof(array_) / sizeof((array_)[0]))
#define TO "traceroute to www.example.net (203.0.113.80), 30 hops max, 60 byte packets\n"
#define T "T 1 www.example.net 203.0.113.80 ? "

static void check(const struct import_case *cases, size_t n)
{
	check_cases(&cp_import_traceroute, cases, n);
}

static void linux_rows(void **state)
{
	static const struct import_case cases[] = {
	        {TO " 1  gw.example.net (198.18.0.1)  0.345 ms  0.301 ms  0.288 ms\n"
	            " 2  * * *\n"
	            " 3  198.18.3.1 (198.18.3.1)  5.001 ms * 198.18.3.2 (198.18.3.2)  6.5 ms\n"
	            " 4  www.example.net (203.0.113.80)  12.000 ms  11.9 ms  12.1 ms\n",
	                T "reached\n1 198.18.0.1 345 gw.example.net\n2 *\n3 198.18.3.1 5001 ~\n"
	                  "4 203.0.113.80 12000 www.example.net =? 0/0\n"},
	        /* -n, one probe, -A, -e, --back, --mtu */
	        {TO " 1  198.18.0.1  0.000 ms\n", T "interrupted\n1 198.18.0.1 1 x1\n"},
	        {TO " 1  198.18.0.1 [AS64500]  0.1 ms  0.2 ms  0.3 ms\n"
	            " 2  198.18.0.2 [AS64500/AS64501] '-5'  1 ms  1 ms F=1400 1 ms\n"
	            " 3  r3 (198.18.0.3) [*] <MPLS:L=24304,E=0,S=0,T=1/L=16001,E=5,S=1,T=2>  3.1 ms  3 ms  3 ms\n",
	                T "interrupted\n1 198.18.0.1 100\n2 198.18.0.2 1000\n"
	                  "3 198.18.0.3 3100 r3 <24304,0,0,1> <16001,5,1,2>\n"},
	        /* What TCP says of the destination. */
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  203.0.113.80 <syn,ack>  2 ms  2 ms  2 ms\n",
	                T "reached\n1 198.18.0.1 1000\n2 203.0.113.80 2000 =syn-ack 0/0\n"},
	        {TO " 1  203.0.113.80 <rst,ack>  2 ms  2 ms  2 ms\n", T "reached\n1 203.0.113.80 2000 =rst 0/0\n"},
	        {TO " 1  203.0.113.80 <1/1:0004>  2 ms  2 ms  2 ms\n", T "reached\n1 203.0.113.80 2000 =? 0/0\n"},
	        /* The destination answers beside a router, at the last TTL. */
	        {TO " 1  198.18.0.1  1 ms 203.0.113.80  7 ms  8 ms\n", T "reached\n1 203.0.113.80 7000 ~ =? 0/0\n"},
	        /* Its address in front of other hops is a NAT's. */
	        {TO " 1  203.0.113.80  1 ms  1 ms  1 ms\n 2  198.18.0.2  2 ms  2 ms  2 ms\n 3  203.0.113.80  3 ms 3 ms "
	            "3 ms\n",
	                T "reached\n1 203.0.113.80 1000\n2 198.18.0.2 2000\n3 203.0.113.80 3000 =? 0/0\n"},
	        {TO " 1  203.0.113.80  1 ms  1 ms  1 ms\n 2  * * *\n", T "interrupted\n1 203.0.113.80 1000\n"},
	        {"traceroute to 2001:db8::80 (2001:db8::80), 30 hops max, 80 byte packets\n"
	         " 1  fe80::1%eth0 (fe80::1%eth0)  0.4 ms  0.4 ms  0.4 ms\n"
	         " 2  2001:db8::80 (2001:db8::80)  1 ms !X  1 ms !X  1 ms !X\n",
	                "T 1 2001:db8::80 2001:db8::80 ? reached\n1 fe80::1 400\n2 2001:db8::80 1000 =unreachable "
	                "1/1\n"},
	        /* -f 3 */
	        {TO " 3  198.18.0.3  1 ms  1 ms  1 ms\n 4  203.0.113.80  2 ms  2 ms  2 ms\n",
	                T "reached\n3 198.18.0.3 1000\n4 203.0.113.80 2000 =? 0/0\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void marks(void **state)
{
	static const struct {
		const char *mark, *want;
	} v4[] =
	        {
	                {"!N", "3/0"},
	                {"!H", "3/1"},
	                {"!P", "3/2"},
	                {"!F-1400", "3/4"},
	                {"!F", "3/4"},
	                {"!S", "3/5"},
	                {"!U", "3/6"},
	                {"!W", "3/7"},
	                {"!I", "3/8"},
	                {"!A", "3/9"},
	                {"!Z", "3/10"},
	                {"!Q", "3/11"},
	                {"!T", "3/12"},
	                {"!X", "3/13"},
	                {"!V", "3/14"},
	                {"!C", "3/15"},
	                {"!<16>", "3/16"},
	                {"!<12-1>", "12/1"},
	        },
	  v6[] = {
	          {"!N", "1/0"},
	          {"!P", "1/1"},
	          {"!X", "1/1"},
	          {"!S", "1/2"},
	          {"!A", "1/3"},
	          {"!H", "1/3"},
	          {"!F-1280", "2/0"},
	          {"!<6>", "1/6"},
	          {"!<4-0>", "4/0"},
	  };
	char text[512], want[512];

	(void)state;
	for (size_t i = 0; i < N(v4); i++) {
		snprintf(text, sizeof(text), TO " 1  198.18.0.1  1 ms %s * 1 ms %s\n", v4[i].mark, v4[i].mark);
		snprintf(want, sizeof(want), T "unreachable\n1 198.18.0.1 1000 =unreachable %s\n", v4[i].want);
		check_text(&cp_import_traceroute, text, want);
	}
	for (size_t i = 0; i < N(v6); i++) {
		snprintf(text, sizeof(text),
		        "traceroute6 to a.example (2001:db8::80) from 2001:db8::9, 64 hops max, 28 byte packets\n"
		        " 1  2001:db8::1  1 ms %s  2 ms  3 ms\n",
		        v6[i].mark);
		snprintf(want, sizeof(want),
		        "T 1 a.example 2001:db8::80 ? unreachable\nfrom 2001:db8::9\n1 2001:db8::1 1000 =unreachable "
		        "%s\n",
		        v6[i].want);
		check_text(&cp_import_traceroute, text, want);
	}
}

static void mark_details(void **state)
{
	static const struct import_case cases[] = {
	        /* A fragment's reassembly time, and a reply with a TTL of 1, end no path. */
	        {TO " 1  198.18.0.1  1 ms !<11-1>  1 ms  1 ms\n 2  203.0.113.80  1 ms !  1 ms !  1 ms !\n",
	                T "reached\n1 198.18.0.1 1000\n2 203.0.113.80 1000 =? 0/0\n"},
	        /* The mark of another router than the hop. */
	        {TO " 1  198.18.0.1  1 ms 198.18.0.2  2 ms !H  3 ms !H\n", T "interrupted\n1 198.18.0.1 1000 ~\n"},
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  198.18.0.1  1 ms !H * *\n",
	                T "unreachable\n1 198.18.0.1 1000\n2 198.18.0.1 1000 =unreachable 3/1\n"},
	        {TO " 1  198.18.0.1  1 ms !?\n", "B 2 '!?' is no known mark\n"},
	        {TO " 1  198.18.0.1  1 ms !<300>\n", "B 2 '!<300>' is no known mark\n"},
	        {TO " 1  198.18.0.1  1 ms !<1-2\n", "B 2 '!<1-2' is no known mark\n"},
	        {TO " 1  198.18.0.1  1 ms !Fx\n", "B 2 '!Fx' is no known mark\n"},
	        {TO " 1  !H\n", "B 2 '!H' is no known mark\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void other_tools(void **state)
{
	static const struct import_case cases[] = {
	        /* macOS: one line for each router, warnings before. */
	        {"traceroute: Warning: www.example.net has multiple addresses; using 203.0.113.80\n"
	         "traceroute to www.example.net (203.0.113.80), 64 hops max, 52 byte packets\n"
	         " 1  gw (198.18.0.1)  3.021 ms  1.2 ms  1.3 ms\n"
	         " 2  r2a.example (198.18.2.1)  9 ms\n"
	         "    r2b.example (198.18.2.2)  8 ms\n"
	         "    198.18.2.3 (198.18.2.3)  7.5 ms\n"
	         " 3  * www.example.net (203.0.113.80)  20.5 ms *\n",
	                "T 2 www.example.net 203.0.113.80 ? reached\n1 198.18.0.1 3021 gw\n2 198.18.2.1 9000 "
	                "r2a.example ~\n"
	                "3 203.0.113.80 20500 www.example.net =? 0/0\n"},
	        /* FreeBSD -a: the AS stands before the name, also where a line goes on. */
	        {TO " 1  [AS64500] r (198.18.0.1)  1 ms  1 ms\n    [AS64501] q (198.18.0.2)  2 ms\n",
	                T "interrupted\n1 198.18.0.1 1000 r ~\n"},
	        /* OpenBSD and NetBSD show labels; what of an entry is missing is not made up. */
	        {TO " 1  198.18.0.1 (198.18.0.1) [MPLS: Label 3 Exp 0]  1 ms  1 ms  1 ms\n",
	                T "interrupted\n1 198.18.0.1 1000\n"},
	        /* busybox */
	        {"traceroute to 203.0.113.80 (203.0.113.80), 2 hops max, 46 byte packets\n"
	         " 1  198.18.0.1 (198.18.0.1)  0.123 ms  0.1 ms  0.1 ms\n 2  *  *  *\n",
	                "T 1 203.0.113.80 203.0.113.80 ? max-ttl\n1 198.18.0.1 123\n"},
	        /* inetutils: the address first, times without a blank */
	        {"traceroute to www.example.net (203.0.113.80), 64 hops max\n"
	         "  1   198.18.0.1  1.035ms  0.9ms  0.8ms \n"
	         "  2   203.0.113.80 (www.example.net)  2.5ms  2.4ms  * \n",
	                T "reached\n1 198.18.0.1 1035\n2 203.0.113.80 2500 www.example.net =? 0/0\n"},
	        /* iputils' traceroute6 */
	        {"traceroute to a.example (2001:db8::80) from fd00::5, port 33434, from port 50000, 30 hops max, 60 "
	         "bytes packets\n"
	         " 1  2001:db8::1 (2001:db8::1)  0.4 ms  0.4 ms  0.4 ms\n 2  2001:db8::80 (2001:db8::80)  1 ms 1 ms 1 "
	         "ms\n",
	                "T 1 a.example 2001:db8::80 ? reached\n1 2001:db8::1 400\n2 2001:db8::80 1000 =? 0/0\n"},
	        {"Selected device eth0, address 198.18.0.9, port 54321 for outgoing packets\n"
	         "Tracing the path to www.example.net (203.0.113.80) on TCP port 443 (https), 30 hops max\n"
	         " 1  198.18.0.1  0.4 ms  0.3 ms  0.3 ms\n"
	         " 2  www.example.net (203.0.113.80) [open]  10.1 ms  10.2 ms  10.3 ms\n",
	                "T 2 www.example.net 203.0.113.80 tcp:443 reached\n1 198.18.0.1 400\n"
	                "2 203.0.113.80 10100 www.example.net =syn-ack 0/0\n"},
	        {"Tracing the path to 203.0.113.80 on TCP port 80, 30 hops max\n"
	         " 1  203.0.113.80 [closed]  1 ms  1 ms  1 ms\nDestination not reached\n",
	                "T 1 203.0.113.80 203.0.113.80 tcp:80 reached\n1 203.0.113.80 1000 =rst 0/0\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void many_in_a_text(void **state)
{
	static const struct import_case cases[] = {
	        {"# night run\nuser@host:~$ sudo traceroute -T -p 8443 www.example.net\n" TO
	         " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  203.0.113.80  2 ms  2 ms  2 ms\n"
	         "user@host:~$ ping -c 1 203.0.113.80\n64 bytes from 203.0.113.80: icmp_seq=1\n\n"
	         "3 packets transmitted, 1 received\n\n" TO " 1  * * *\n 2  * * *\n",
	                "T 3 www.example.net 203.0.113.80 tcp:8443 reached\n1 198.18.0.1 1000\n2 203.0.113.80 2000 =? "
	                "0/0\n"
	                "T 11 www.example.net 203.0.113.80 ? interrupted\n"},
	        {"$ traceroute -I www.example.net\r\n" TO " 1  203.0.113.80  2 ms  2 ms  2 ms\r\n",
	                "T 2 www.example.net 203.0.113.80 icmp reached\n1 203.0.113.80 2000 =? 0/0\n"},
	        /* A bad one between two good ones. */
	        {TO " 1  203.0.113.80  1 ms  1 ms  1 ms\n" TO " 1  gw  1 ms  1 ms  1 ms\n 2  203.0.113.80  1 ms\n" TO
	            " 1  203.0.113.80  2 ms  2 ms  2 ms\n",
	                T "reached\n1 203.0.113.80 1000 =? 0/0\nB 4 'gw' is a name without an address\n"
	                  "T 6 www.example.net 203.0.113.80 ? reached\n1 203.0.113.80 2000 =? 0/0\n"},
	        /* Hops without a heading. */
	        {" 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  203.0.113.80  1 ms\n",
	                "B 1 no heading before this hop says where the path leads\n"},
	        {TO " 1  203.0.113.80  1 ms  1 ms  1 ms\n 1  198.18.0.1  1 ms\n",
	                T "reached\n1 203.0.113.80 1000 =? 0/0\n"
	                  "B 3 no heading before this hop says where the path leads\n"},
	        /* ... but with a command that has an address (the BSDs print the heading to stderr). */
	        {"% traceroute -n -m 40 203.0.113.80\n 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  203.0.113.80  1 ms 1 ms 1 "
	         "ms\n",
	                "T 1 203.0.113.80 203.0.113.80 udp reached\n1 198.18.0.1 1000\n2 203.0.113.80 1000 =? 0/0\n"},
	        {"% traceroute www.example.net\n 1  198.18.0.1  1 ms  1 ms  1 ms\n",
	                "B 1 the text does not tell the destination's address\n"},
	        {"traceroute to www.example.net, 30 hops max\n 1  198.18.0.1  1 ms  1 ms  1 ms\n",
	                "B 1 the text does not tell the destination's address\n"},
	        {TO "connect: Network is unreachable\n", "B 1 no hop follows this heading\n"},
	        {"traceroute to a\"b (203.0.113.80), 30 hops max\n 1  203.0.113.80  1 ms\n",
	                "B 1 the destination has no valid host name\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void ends(void **state)
{
	static const struct import_case cases[] = {
	        /* Stopped by hand, or cut off within a line: what is whole is kept. */
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  * *^C\n", T "interrupted\n1 198.18.0.1 1000\n"},
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  198.18.0.2  2 ms ^C",
	                T "interrupted\n1 198.18.0.1 1000\n2 198.18.0.2 2000 x1\n"},
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  198.18.0.1", T "interrupted\n1 198.18.0.1 1000\n"},
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  r2.example (198.18.", T "interrupted\n1 198.18.0.1 1000\n"},
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  203.0.113.80  2 m", T "interrupted\n1 198.18.0.1 1000\n"},
	        {TO " 1  203.0.113.80  1 ms  1 ms  1 ms", T "reached\n1 203.0.113.80 1000 =? 0/0\n"},
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2 ", T "interrupted\n1 198.18.0.1 1000\n"},
	        {TO " 1  198", "B 1 no hop follows this heading\n"},
	        /* Rows that are missing are noticed. */
	        {TO " 1  198.18.0.1  1 ms\n 3  203.0.113.80  1 ms\n",
	                "B 3 the line of TTL 2 is missing before that of TTL 3\n"},
	        {TO " 1  198.18.0.1  1 ms\n 2  \001 1 ms\n 3  203.0.113.80  1 ms\n",
	                "B 3 control character 0x01 in column 5\n"},
	        {TO " 1  203.0.113.80  1 ms  1 ms  1 ms\n\033[32muser@host\033[0m$ \n",
	                T "reached\n1 203.0.113.80 1000 =? 0/0\n"},
	        {TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n 2  198.18.0.2  1 ms  1 ms  1 ms\n 3  198.18.0.1  1 ms  1 ms  1 "
	            "ms\n"
	            " 4  198.18.0.2  1 ms  1 ms  1 ms\n",
	                T "loop\n1 198.18.0.1 1000\n2 198.18.0.2 1000\n3 198.18.0.1 1000\n"},
	        /* Wrong in themselves. */
	        {TO " 1  198.18.0.1  1 ms <MPLS:L=1,E=9,S=1,T=1>\n", "B 2 'MPLS:L=1,E=9,S=1,T=1' is no label stack\n"},
	        {TO " 1  198.18.0.1 <MPLS:L=1\n", "B 2 '<MPLS:L=1' does not end\n"},
	        {TO " 1  198.18.0.1 [AS1\n", "B 2 '[AS1' does not end\n"},
	        {TO " 1  0.5 ms 198.18.0.1\n", "B 2 '0.5' is a name without an address\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void gap_and_max_ttl(void **state)
{
	char text[2048] = TO " 1  198.18.0.1  1 ms  1 ms  1 ms\n";

	(void)state;
	for (int ttl = 2; ttl <= 13; ttl++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%2d  * * *\n", ttl);
	check_text(&cp_import_traceroute, text, T "gap\n1 198.18.0.1 1000\n");
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "14  198.18.0.14  1 ms  1 ms  1 ms\n");
	check_text(&cp_import_traceroute, text,
	        T "interrupted\n1 198.18.0.1 1000\n2 *\n3 *\n4 *\n5 *\n6 *\n7 *\n8 *\n9 *\n10 *\n11 *\n12 *\n13 *\n"
	          "14 198.18.0.14 1000\n");
}

static void at_most_64_hops(void **state)
{
	char text[4096] = TO;

	(void)state;
	for (int ttl = 1; ttl <= 65; ttl++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%2d  * * *\n", ttl);
	check_text(&cp_import_traceroute, text, "B 66 TTL 65: a path has at most 64 hops\n");
}

static void nothing_of_traceroute(void **state)
{
	static const char bytes[] = "\177ELF\2\1\1\0\0\0";
	static struct transcript log;
	char *long_line = malloc(1 << 20);

	(void)state;
	check_text(&cp_import_traceroute, "", "E text: holds no output of traceroute\n");
	check_text(&cp_import_traceroute, "hello\nworld\n", "E text: holds no output of traceroute\n");
	read_bytes(&cp_import_traceroute, bytes, sizeof(bytes) - 1, &log);
	assert_string_equal(log.text, "E text:1: control character 0x7f in column 1\n");
	read_bytes(&cp_import_traceroute, "t\0r\0a\0c\0e\0\n\0", 12, &log);
	assert_string_equal(log.text, "E text:1: NUL byte in column 2: the file must be plain text (UTF-16 is not)\n");
	assert_non_null(long_line);
	memset(long_line, '7', 1 << 20);
	read_bytes(&cp_import_traceroute, long_line, 1 << 20, &log);
	assert_string_equal(log.text, "E text:1: the line has 1048576 bytes, at most 1024 are allowed\n");
	free(long_line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(linux_rows),
	        cmocka_unit_test(marks),
	        cmocka_unit_test(mark_details),
	        cmocka_unit_test(other_tools),
	        cmocka_unit_test(many_in_a_text),
	        cmocka_unit_test(ends),
	        cmocka_unit_test(gap_and_max_ttl),
	        cmocka_unit_test(at_most_64_hops),
	        cmocka_unit_test(nothing_of_traceroute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
