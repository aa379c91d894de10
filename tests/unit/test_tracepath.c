// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_tracepath.c: outputs of tracepath, new and old, as paths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/text_formats.h"
#include "text_lab.h"

#define N(array_) (sizeof(array_) / sizeof((array_)[0]))
#define LOCAL " 1?: [LOCALHOST]                      pmtu 1500\n"

static void check(const struct import_case *cases, size_t n)
{
	check_cases(&cp_import_tracepath, cases, n);
}

static void reached(void **state)
{
	static const struct import_case cases[] = {
	        {"$ tracepath -b www.example.net\n" LOCAL " 1:  gw.example (198.18.0.1)                     0.512ms \n"
	         " 1:  gw.example (198.18.0.1)                     0.300ms \n"
	         " 2:  no reply\n"
	         " 3:  ??? (198.18.3.1)                    12.345ms asymm  5 \n"
	         " 4:  www.example.net (203.0.113.80)             20.001ms reached\n"
	         "     Resume: pmtu 1500 hops 4 back 5 \n",
	                "T 1 www.example.net 203.0.113.80 udp reached\n1 198.18.0.1 512 gw.example x2\n2 * x1\n"
	                "3 198.18.3.1 12345 x1\n4 203.0.113.80 20001 www.example.net =unreachable 3/3 x1\n"},
	        /* No command: the address is its own name. "reached" twice. */
	        {LOCAL " 1:  203.0.113.80      0.377ms reached\n 1:  203.0.113.80      0.300ms reached\n"
	               "     Resume: pmtu 1500 hops 1 back 1\n",
	                "T 1 203.0.113.80 203.0.113.80 udp reached\n1 203.0.113.80 377 =unreachable 3/3 x2\n"},
	        {" 1?: [LOCALHOST]                        0.034ms pmtu 1500\n"
	         " 1:  2001:db8::1                                           1.5ms \n"
	         " 2:  2001:db8::80                                          2.5ms reached\n",
	                "T 1 2001:db8::80 2001:db8::80 udp reached\n1 2001:db8::1 1500 x1\n"
	                "2 2001:db8::80 2500 =unreachable 1/4 x1\n"},
	        /* The packet was too big for a router: asked again. asymm before the time, as old ones have it. */
	        {LOCAL " 1:  ip-198-18-0-1 (198.18.0.1)   0.187ms pmtu 1400\n 1:  no reply\n"
	               " 2:  198.18.0.2 (198.18.0.2)    asymm  4   3.480ms \n"
	               " 3:  203.0.113.80    5.000ms (This broken router returned corrupted payload) reached\n",
	                "T 1 203.0.113.80 203.0.113.80 udp reached\n1 * x1\n2 198.18.0.2 3480 x1\n"
	                "3 203.0.113.80 5000 =unreachable 3/3 x1\n"},
	        /* Lines that come late; another router for a TTL. */
	        {LOCAL " 1:  198.18.0.1  1.000ms \n 2:  198.18.0.2  2.000ms \n 3:  no reply\n 2:  198.18.0.22  "
	               "7522.936ms \n"
	               " 4:  203.0.113.80  4.0ms reached\n",
	                "T 1 203.0.113.80 203.0.113.80 udp reached\n1 198.18.0.1 1000 x1\n2 198.18.0.2 2000 ~ x2\n3 * "
	                "x1\n"
	                "4 203.0.113.80 4000 =unreachable 3/3 x1\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void not_reached(void **state)
{
	static const struct import_case cases[] = {
	        {"$ tracepath -n -m 3 203.0.113.80\n" LOCAL
	         " 1:  198.18.0.1  1.000ms \n 2:  no reply\n 3:  send failed\n     Too many hops: pmtu 1500\n     "
	         "Resume: pmtu 1500 \n",
	                "T 1 203.0.113.80 203.0.113.80 udp max-ttl\n1 198.18.0.1 1000 x1\n"},
	        {"$ tracepath -n 203.0.113.80\n" LOCAL " 1:  198.18.0.1  1.000ms \n 2:  198.18.0.2  2.000ms !H\n",
	                "T 1 203.0.113.80 203.0.113.80 udp unreachable\n1 198.18.0.1 1000 x1\n"
	                "2 198.18.0.2 2000 =unreachable 3/1 x1\n"},
	        {"$ tracepath -n 203.0.113.80\n" LOCAL " 1:  198.18.0.1  1.000ms \n 2:  198.18.0.2  2.0",
	                "T 1 203.0.113.80 203.0.113.80 udp interrupted\n1 198.18.0.1 1000 x1\n"},
	        /* Its own address, but it was no arrival. */
	        {"$ tracepath -n 203.0.113.80\n" LOCAL " 1:  203.0.113.80  1.000ms \n",
	                "T 1 203.0.113.80 203.0.113.80 udp interrupted\n1 203.0.113.80 1000 x1\n"},
	        {"$ tracepath -n www.example.net\n" LOCAL " 1:  198.18.0.1  1.000ms \n 2:  no reply\n",
	                "B 1 the text does not tell the destination's address\n"},
	        {LOCAL " 1:  198.18.0.1  1.000ms \n", "B 1 the text does not tell the destination's address\n"},
	        {LOCAL " 1:  gw  0.5ms \n 2:  203.0.113.80  1.000ms reached\n",
	                "B 2 'gw' is a name without an address: tracepath -b shows both\n"},
	        {LOCAL " 1:  198.18.0.1  1.000ms asymm\n 2:  203.0.113.80  1.000ms reached\n",
	                "B 2 this line of TTL 1 is not understood\n"},
	        {LOCAL " 1:  198.18.0.1  soon\n", "B 2 this line of TTL 1 is not understood\n"},
	        {LOCAL " 2:  198.18.0.1  1 ms\n 1:  198.18.0.1  1 ms\n",
	                "B 3 TTL 1 is below TTL 2, where the path begins\n"},
	        {"$ tracepath 203.0.113.81\n" LOCAL " 1:  203.0.113.80  1.000ms reached\n",
	                "B 3 reached by another address than the command's\n"},
	        {"nothing\n", "E text: holds no output of tracepath\n"},
	};

	(void)state;
	check(cases, N(cases));
}

static void many_in_a_text(void **state)
{
	static const struct import_case cases[] = {
	        {LOCAL " 1:  203.0.113.80  1.000ms reached\n     Resume: pmtu 1500 hops 1 back 1\n\n" LOCAL
	               " 1:  gw  1.000ms\n     Resume: pmtu 1500\n" LOCAL " 1:  203.0.113.81  1.000ms reached\n",
	                "T 1 203.0.113.80 203.0.113.80 udp reached\n1 203.0.113.80 1000 =unreachable 3/3 x1\n"
	                "B 6 'gw' is a name without an address: tracepath -b shows both\n"
	                "T 8 203.0.113.81 203.0.113.81 udp reached\n1 203.0.113.81 1000 =unreachable 3/3 x1\n"},
	        /* Old ones have no [LOCALHOST]. */
	        {"> tracepath -n 203.0.113.80\n 1:  198.18.0.9    0.208ms pmtu 1500\n 1:  198.18.0.1   3.844ms \n"
	         " 2:  203.0.113.80   6.810ms reached\n     Resume: pmtu 1500\n> ls\n",
	                "T 1 203.0.113.80 203.0.113.80 udp reached\n1 198.18.0.1 3844 x1\n"
	                "2 203.0.113.80 6810 =unreachable 3/3 x1\n"},
	};

	(void)state;
	check(cases, N(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reached),
	        cmocka_unit_test(not_reached),
	        cmocka_unit_test(many_in_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
