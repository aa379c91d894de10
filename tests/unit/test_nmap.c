// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_nmap.c: the traces in outputs of nmap --traceroute as paths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/text_formats.h"
#include "text_lab.h"

#define N(array_) (sizeof(array_) / sizeof((array_)[0]))
#define REPORT "Nmap scan report for www.example.net (203.0.113.80)\nHost is up (0.048s latency).\n\n"
#define TABLE "TRACEROUTE (using port 443/tcp)\nHOP RTT      ADDRESS\n"
#define T "T 4 www.example.net 203.0.113.80 tcp:443 "

static void check(const struct import_case *cases, size_t n)
{
	check_cases(&cp_import_nmap, cases, n);
}

static void tables(void **state)
{
	static const struct import_case cases[] = {
	        {"Starting Nmap 7.01 ( https://nmap.org ) at 2016-03-27 12:56 Coordinated Universal Time\n" REPORT TABLE
	         "1   ... 2\n3   34.00 ms r3.example.net (198.18.3.1)\n4   ...\n5   --       198.18.5.1\n"
	         "6   53.01 ms www.example.net (203.0.113.80)\n\nNmap done: 1 IP address (1 host up) scanned in 4.67 "
	         "seconds\n",
	                "T 5 www.example.net 203.0.113.80 tcp:443 reached\nat 1459083360000\n1 * x0\n2 * x0\n"
	                "3 198.18.3.1 34000 r3.example.net x0\n4 * x0\n5 198.18.5.1 0 x0\n"
	                "6 203.0.113.80 53010 www.example.net =? 0/0 x0\n"},
	        /* A zone that has only a name is not guessed. */
	        {"Starting Nmap 7.94 ( https://nmap.org ) at 2023-11-01 10:00 CET\n"
	         "Nmap scan report for 203.0.113.80\nTRACEROUTE (using proto 1/icmp)\nHOP RTT     ADDRESS\n"
	         "1   1.00 ms 203.0.113.80\n",
	                "T 3 203.0.113.80 203.0.113.80 icmp reached\n1 203.0.113.80 1000 =? 0/0 x0\n"},
	        {REPORT TABLE "1   1.00 ms 198.18.0.1\n2   ... 30\n", T "gap\n1 198.18.0.1 1000 x0\n"},
	        /* Directly connected; IPv6 */
	        {"Nmap scan report for 2001:db8::80\nTRACEROUTE\nHOP RTT     ADDRESS\n1   0.05 ms 2001:db8::80\n",
	                "T 2 2001:db8::80 2001:db8::80 ? reached\n1 2001:db8::80 50 =? 0/0 x0\n"},
	        /* An old version */
	        {"Interesting ports on www.example.net (203.0.113.80):\n\nTRACEROUTE (using port 53/udp)\nHOP RTT     "
	         "ADDRESS\n"
	         "1   0.05 ms 203.0.113.80\n",
	                "T 3 www.example.net 203.0.113.80 udp:53 reached\n1 203.0.113.80 50 =? 0/0 x0\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void shared_hops(void **state)
{
	static const struct import_case cases[] = {
	        {REPORT TABLE
	                "1   1.00 ms gw (198.18.0.1)\n2   ...\n3   3.00 ms 198.18.0.3\n4   4.00 ms 203.0.113.80\n\n"
	                "Nmap scan report for b.example (203.0.113.81)\n\n" TABLE
	                "-   Hops 1-3 are the same as for 203.0.113.80\n4   5.00 ms b.example (203.0.113.81)\n\n"
	                "Nmap scan report for 203.0.113.82\n\n" TABLE
	                "-   Hop 1 is the same as for 203.0.113.81\n2   ...\n3   9.00 ms 203.0.113.82\n",
	                T "reached\n1 198.18.0.1 1000 gw x0\n2 * x0\n3 198.18.0.3 3000 x0\n4 203.0.113.80 4000 =? 0/0 "
	                  "x0\n"
	                  "T 13 b.example 203.0.113.81 tcp:443 reached\n1 198.18.0.1 0 gw i x0\n2 * x0\n3 198.18.0.3 0 "
	                  "x0\n"
	                  "4 203.0.113.81 5000 b.example =? 0/0 x0\n"
	                  "T 20 203.0.113.82 203.0.113.82 tcp:443 reached\n1 198.18.0.1 0 gw x0\n2 * x0\n"
	                  "3 203.0.113.82 9000 =? 0/0 x0\n"},
	        /* As nmap 7.93 printed it: to a host that comes later; to one that was a hop itself. */
	        {REPORT TABLE "-   Hops 1-3 are the same as for 203.0.113.82\n4   0.01 ms 203.0.113.80\n\n"
	                      "Nmap scan report for 203.0.113.82\n" TABLE
	                      "1   0.00 ms 198.18.0.2\n2   0.00 ms 198.18.1.2\n3   0.03 ms 203.0.113.82\n\n"
	                      "Nmap scan report for 198.18.1.2\n" TABLE
	                      "-   Hops 1-2 are the same as for 203.0.113.82\n\n",
	                T
	                "reached\n1 198.18.0.2 0 i x0\n2 198.18.1.2 0 i x0\n3 203.0.113.82 0 x0\n4 203.0.113.80 10 =? "
	                "0/0 x0\n"
	                "T 10 203.0.113.82 203.0.113.82 tcp:443 reached\n1 198.18.0.2 1 x0\n2 198.18.1.2 1 x0\n"
	                "3 203.0.113.82 30 =? 0/0 x0\n"
	                "T 17 198.18.1.2 198.18.1.2 tcp:443 reached\n1 198.18.0.2 0 i x0\n2 198.18.1.2 0 =? 0/0 x0\n"},
	        {REPORT TABLE "-   Hops 1-3 are the same as for 203.0.113.9\n4   5.00 ms 203.0.113.80\n",
	                "B 6 the hops that this line refers to are not in the text\n"},
	        {REPORT TABLE "1   1.00 ms 203.0.113.80\n\nNmap scan report for 203.0.113.81\n" TABLE
	                      "-   Hops 1-2 are the same as for 203.0.113.80\n3   5.00 ms 203.0.113.81\n",
	                T "reached\n1 203.0.113.80 1000 =? 0/0 x0\n"
	                  "B 11 the hops that this line refers to are not in the text\n"},
	        /* Another run's hosts are others'. */
	        {REPORT TABLE "1   1.00 ms 198.18.0.1\n2   1.00 ms 203.0.113.80\n\nStarting Nmap 7.93 at x\n"
	                      "Nmap scan report for 203.0.113.81\n" TABLE
	                      "-   Hop 1 is the same as for 203.0.113.80\n2   5.00 ms 203.0.113.81\n",
	                T "reached\n1 198.18.0.1 1000 x0\n2 203.0.113.80 1000 =? 0/0 x0\n"
	                  "B 13 the hops that this line refers to are not in the text\n"},
	        /* In a circle */
	        {REPORT TABLE "-   Hop 1 is the same as for 203.0.113.81\n2   5.00 ms 203.0.113.80\n\n"
	                      "Nmap scan report for 203.0.113.81\n" TABLE
	                      "-   Hop 1 is the same as for 203.0.113.80\n2   5.00 ms 203.0.113.81\n",
	                "B 6 the hops that this line refers to are not in the text\n"
	                "B 12 the hops that this line refers to are not in the text\n"},
	        {REPORT TABLE "-   Hops 2-3 are the same as for 203.0.113.9\n",
	                "B 6 this reference to other hops is not understood\n"},
	        {REPORT TABLE "1   1.00 ms 198.18.0.1\n-   Hop 1 is the same as for 203.0.113.9\n",
	                "B 7 this reference to other hops is not understood\n"},
	        /* Nothing but silence behind. */
	        {REPORT TABLE
	                "1   1.00 ms 198.18.0.1\n2   2.00 ms 203.0.113.80\n\nNmap scan report for 203.0.113.81\n" TABLE
	                "-   Hop 1 is the same as for 203.0.113.80\n2   ... 30\n",
	                T "reached\n1 198.18.0.1 1000 x0\n2 203.0.113.80 2000 =? 0/0 x0\n"
	                  "T 10 203.0.113.81 203.0.113.81 tcp:443 gap\n1 198.18.0.1 0 x0\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void bad_tables(void **state)
{
	static const struct import_case cases[] = {
	        {TABLE "1   1.00 ms 203.0.113.80\n", "B 1 the text does not tell the destination's address\n"},
	        {REPORT TABLE "\n", "B 4 no hop follows this heading\n"},
	        {REPORT TABLE "1   1.00 ms gateway\n", "B 6 this line of TTL 1 is not understood\n"},
	        {REPORT TABLE "1   soon    203.0.113.80\n", "B 6 this line of TTL 1 is not understood\n"},
	        {REPORT TABLE "3   ... 2\n", "B 6 this line of TTL 3 is not understood\n"},
	        {REPORT TABLE "1   ... 99\n", "B 6 TTL 65: a path has at most 64 hops\n"},
	        {REPORT TABLE "1   1.00 ms 198.18.0.1\n3   1.00 ms 203.0.113.80\n",
	                "B 7 the line of TTL 2 is missing before that of TTL 3\n"},
	        {REPORT TABLE "1   1.00 ms 198.18.0.1\n2   1.00 ms 203.0.113.8",
	                T "interrupted\n1 198.18.0.1 1000 x0\n"},
	        {REPORT "Nmap done\n", "E text: holds no output of nmap --traceroute\n"},
	};

	(void)state;
	check(cases, N(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(tables),
	        cmocka_unit_test(shared_hops),
	        cmocka_unit_test(bad_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
