// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_mtr_text.c: reports of mtr of several versions, and Globalping's, as paths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/text_formats.h"
#include "text_lab.h"

#define N(array_) (sizeof(array_) / sizeof((array_)[0]))
#define COMMAND "$ mtr -rbc10 www.example.net\n"
#define HOST "HOST: lab                         Loss%   Snt   Last   Avg  Best  Wrst StDev\n"
#define HOP1 "  1.|-- gw (198.18.0.1)            0.0%    10    0.5   0.6   0.4   0.9   0.1\n"
#define GOT1 "1 198.18.0.1 600 gw x10\n"
#define T "T 2 www.example.net 203.0.113.80 icmp "

static void check(const struct import_case *cases, size_t n)
{
	check_cases(&cp_import_mtr_text, cases, n);
}

static void reports(void **state)
{
	static const struct import_case cases[] = {
	        {COMMAND HOST HOP1 "  2.|-- ???                       100.0    10    0.0   0.0   0.0   0.0   0.0\n"
	                           "  3.|-- 198.18.3.1                10.0%    10   12.5  12.6  12.0  13.9   0.1\n"
	                           "    |  `|-- 198.18.3.2\n    |   |-- 198.18.3.3\n"
	                           "  4.|-- WWW.example.net (203.0.113.80)  0.0% 10   0.0   0.0   0.0   0.1   0.0\n",
	                T "reached\n" GOT1
	                  "2 * x10\n3 198.18.3.1 12600 ~ x10\n4 203.0.113.80 1 WWW.example.net =echo 0/0 x10\n"},
	        /* -z: with the AS, and without the tree; others below. */
	        {"Start: 2023-03-27T10:15:30+0200\nroot@lab:~# mtr -T -P 443 -zbw -c 5 www.example.net\n"
	         "Start: 2023-03-27T10:15:30+0200\n"
	         "HOST: lab                                  Loss%   Snt   Last   Avg  Best  Wrst StDev\n"
	         "  1. AS???    gw (198.18.0.1)               0.0%     5    0.5   0.6   0.4   0.9   0.1\n"
	         "  2. AS64500  r2.example.net (198.18.2.1)   0.0%     5    1.5   1.6   1.4   1.9   0.1\n"
	         "     AS64500  r2b.example.net (198.18.2.2)\n"
	         "  3. AS64501  www.example.net (203.0.113.80) 0.0%    5    2.5   2.6   2.4   2.9   0.1\n",
	                "T 4 www.example.net 203.0.113.80 tcp:443 reached\nat 1679904930000\n1 198.18.0.1 600 gw x5\n"
	                "2 198.18.2.1 1600 r2.example.net ~ x5\n3 203.0.113.80 2600 www.example.net =? 0/0 x5\n"},
	        /* -e, the labels of the row, and those of the others */
	        {COMMAND HOST HOP1 "  2.|-- 198.18.2.1                 0.0%    10    1.5   1.6   1.4   1.9   0.1\n"
	                           "    |  |+-- [MPLS: Lbl 24304 Exp 0 S 0 TTL 1]\n"
	                           "    |  |+-- [MPLS: Lbl 16001 TC 5 S 1 TTL 2]\n"
	                           "    |  `|-- 198.18.2.2\n    |   +-- [MPLS: Lbl 3 Exp 0 S 1 TTL 1]\n"
	                           "  3.|-- www.example.net (203.0.113.80) 0.0% 10   2.5   2.6   2.4   2.9   0.1\n",
	                T "reached\n" GOT1 "2 198.18.2.1 1600 ~ <24304,0,0,1> <16001,5,1,2> x10\n"
	                  "3 203.0.113.80 2600 www.example.net =echo 0/0 x10\n"},
	        /* -o "SRD NAGJMXI": other columns */
	        {"% mtr -u -n -r -o \"SRD NAGJMXI\" 203.0.113.80\n"
	         "HOST: lab               Snt  Rcv Drop  Last   Avg Gmean Jttr Javg Jmax Jint\n"
	         "  1.|-- 198.18.0.1       10    9    1   0.7   0.8   0.6   0.0  0.1  0.1  0.1\n"
	         "  2.|-- 203.0.113.80     10   10    0   1.7   1.8   1.6   0.0  0.1  0.1  0.1\n",
	                "T 2 203.0.113.80 203.0.113.80 udp reached\n1 198.18.0.1 800 x10\n2 203.0.113.80 1800 =? 0/0 "
	                "x10\n"},
	        {"mtr -r 2001:db8::80\nHOST: lab   Loss%   Snt   Last   Avg  Best  Wrst StDev\n"
	         "  1.|-- 2001:db8::1   0.0%   3    0.5   0.6   0.4   0.9   0.1\n"
	         "  2.|-- 2001:db8::80  0.0%   3    0.5   0.6   0.4   0.9   0.1\n",
	                "T 2 2001:db8::80 2001:db8::80 icmp reached\n1 2001:db8::1 600\n2 2001:db8::80 600 =echo "
	                "129/0\n"},
	};

	(void)state;
	check(cases, N(cases));
}

#define NOWHERE "the report does not say where it leads: its command (mtr ... ADDRESS) is wanted before it\n"
#define NOT_TOLD                                                                                                       \
	"B 2 the report does not tell the address of 'www.example.net': it is wanted in the command before it\n"

static void where_it_leads(void **state)
{
	static const struct import_case cases[] = {
	        /* An address is known also where it did not answer: mtr shows one line of silence. */
	        {"$ mtr -rb 203.0.113.80\n" HOST HOP1
	         "  2.|-- ???                       100.0    10    0.0   0.0   0.0   0.0   0.0\n",
	                "T 2 203.0.113.80 203.0.113.80 icmp gap\n" GOT1},
	        {"$ mtr -rb -m 4 203.0.113.80\n" HOST HOP1
	         "  2.|-- ???                       100.0    10    0.0   0.0   0.0   0.0   0.0\n",
	                "T 2 203.0.113.80 203.0.113.80 icmp max-ttl\n" GOT1},
	        /* A router that refused is the last line, too; that it did is not said. */
	        {"$ mtr -rb 203.0.113.80\n" HOST HOP1
	         "  2.|-- 198.18.0.2                50.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                "T 2 203.0.113.80 203.0.113.80 icmp interrupted\n" GOT1 "2 198.18.0.2 600 =? 0/0 x10\n"},
	        {"$ mtr -rb -m 2 203.0.113.80\n" HOST HOP1
	         "  2.|-- 198.18.0.2                50.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                "T 2 203.0.113.80 203.0.113.80 icmp max-ttl\n" GOT1 "2 198.18.0.2 600 x10\n"},
	        /* A name in the command, and not in the last line */
	        {COMMAND HOST HOP1 "  2.|-- 198.18.0.2                50.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                NOT_TOLD},
	        {COMMAND HOST HOP1 "  2.|-- lb (203.0.113.80)          0.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                NOT_TOLD},
	        {COMMAND HOST HOP1 "  2.|-- ???                       100.0    10    0.0   0.0   0.0   0.0   0.0\n",
	                NOT_TOLD},
	        {COMMAND HOST HOP1 "  2.|-- www.example.net (203.0.", NOT_TOLD},
	        {HOST HOP1, "B 1 " NOWHERE},
	        {"$ mtr -rb a.example b.example\n" HOST HOP1, "B 2 " NOWHERE},
	        /* A command is of one report. */
	        {"$ mtr -rn 198.18.0.1\n" HOST HOP1 HOST HOP1,
	                "T 2 198.18.0.1 198.18.0.1 icmp reached\n1 198.18.0.1 600 gw =echo 0/0 x10\nB 4 " NOWHERE},
	        {"$ mtr -rn 198.18.0.1\n" HOST HOP1 HOP1,
	                "T 2 198.18.0.1 198.18.0.1 icmp reached\n1 198.18.0.1 600 gw =echo 0/0 x10\n"
	                "B 4 no heading before this hop says where the path leads\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void bad_rows(void **state)
{
	static const struct import_case cases[] = {
	        {COMMAND HOST "  1.|-- gateway                    0.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                "B 3 'gateway' is a name without an address: mtr -bw shows both\n"},
	        {COMMAND HOST "  1.|-- 82-169-27-254.ip.telfort.  0.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                "B 3 '82-169-27-254.ip.telfort.' is a name without an address: mtr -bw shows both\n"},
	        /* An address that fills all of its room may be half of one. */
	        {COMMAND HOST "  1.|-- 2001:db8:1111:2222:3333:4  0.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                "B 3 this address may have been cut: mtr -w shows all of it\n"},
	        {COMMAND HOST "  1.|-- 2001:db8:1111:2222::3:444  0.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                "B 3 this address may have been cut: mtr -w shows all of it\n"},
	        {COMMAND HOST "  1.|-- 198.18.0.1                 0.0%    10    0.5   0.6   fast  0.9   0.1\n",
	                "B 3 'fast' is no number\n"},
	        {COMMAND HOST "  1.|-- 198.18.0.1\n", "B 3 this line of TTL 1 has not all values\n"},
	        {COMMAND HOST "  1.|-- 198.18.0.1 x               0.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                "B 3 this line of TTL 1 is not understood\n"},
	        {COMMAND HOST HOP1 "  3.|-- 203.0.113.80               0.0%    10    0.5   0.6   0.4   0.9   0.1\n",
	                "B 4 the line of TTL 2 is missing before that of TTL 3\n"},
	        {"$ mtr -r www.example.net\nmtr: Failed to resolve host\n", "E text: holds no output of mtr\n"},
	        {COMMAND HOST, "B 2 no hop follows this heading\n"},
	};

	(void)state;
	check(cases, N(cases));
}

#define GP "Host                                   Loss% Drop Rcv Avg  StDev  Javg\n"

static void globalping(void **state)
{
	static const struct import_case cases[] = {
	        /* One command, several results */
	        {"$ globalping mtr 203.0.113.80 from gcp-europe-west3 --limit 2\n> EU, DE, Frankfurt, ASN:64500, Lab "
	         "(x)\n" GP " 1. AS64500 _gateway (198.18.0.1)       0.0%    0   3 1.4    0.4   1.0\n"
	         " 2. AS???   (waiting for reply)\n"
	         " 3. AS64501 AS64502 www.example.net (203.0.113.80)  33.3%    1   2 4.2    0.1   0.2\n"
	         "> NA, US, Ashburn, ASN:64500, Lab (y)\n" GP
	         " 1. AS64500 203.0.113.81 (203.0.113.81)       0.0%    0   3 1.4    0.4   1.0\n"
	         " 2. AS???   (waiting for reply)\n",
	                "T 3 203.0.113.80 203.0.113.80 icmp reached\n1 198.18.0.1 1400 _gateway\n2 * x0\n"
	                "3 203.0.113.80 4200 www.example.net =echo 0/0\n"
	                "T 8 203.0.113.80 203.0.113.80 icmp gap\n1 203.0.113.81 1400\n"},
	        {"$ globalping mtr a.example from x --protocol tcp --port 443\n" GP
	         " 1. AS64500 a.example (203.0.113.81)       0.0%    0   3 1.4    0.4   1.0\n",
	                "T 2 a.example 203.0.113.81 tcp:443 reached\n1 203.0.113.81 1400 a.example =? 0/0\n"},
	};

	(void)state;
	check(cases, N(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reports),
	        cmocka_unit_test(where_it_leads),
	        cmocka_unit_test(bad_rows),
	        cmocka_unit_test(globalping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
