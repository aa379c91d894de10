// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_tracert.c: outputs of Windows' tracert in several languages and
 * character sets as paths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/text_formats.h"
#include "text_lab.h"

#define N(array_) (sizeof(array_) / sizeof((array_)[0]))
#define TO "Tracing route to www.example.net [203.0.113.80]\r\nover a maximum of 30 hops:\r\n\r\n"
#define T "T 1 www.example.net 203.0.113.80 icmp "
#define HOP1 "  1    <1 ms     1 ms     1 ms  198.18.0.1 \r\n"
#define GOT1 "1 198.18.0.1 1\n"

static void check(const struct import_case *cases, size_t n)
{
	check_cases(&cp_import_tracert, cases, n);
}

static void english(void **state)
{
	static const struct import_case cases[] = {
	        {"\r\n" TO HOP1 "  2     *        *        *     Request timed out.\r\n"
	         "  3    12 ms     *       11 ms  r3.example.net [198.18.3.1] \r\n"
	         "  4    13 ms    12 ms    14 ms  www.example.net [203.0.113.80] \r\n\r\nTrace complete.\r\n",
	                "T 2 www.example.net 203.0.113.80 icmp reached\n" GOT1
	                "2 *\n3 198.18.3.1 12000 r3.example.net\n"
	                "4 203.0.113.80 13000 www.example.net =echo 0/0\n"},
	        /* An address that has no name: everything in one line. */
	        {"C:\\>tracert -d 203.0.113.80\r\n\r\nTracing route to 203.0.113.80 over a maximum of 30 "
	         "hops\r\n\r\n" HOP1 "  2     1 ms     1 ms    <1 ms  203.0.113.80\r\n",
	                "T 3 203.0.113.80 203.0.113.80 icmp reached\n" GOT1 "2 203.0.113.80 1000 =echo 0/0\n"},
	        {"Tracing route to a.example [2001:db8::80] with maximum of 30 hops:\n\n"
	         "  1    <1 ms    <1 ms    <1 ms  2001:db8::1\n  2     3 ms     3 ms     3 ms  2001:db8::80\n",
	                "T 1 a.example 2001:db8::80 icmp reached\n1 2001:db8::1 1\n2 2001:db8::80 3000 =echo 129/0\n"},
	        /* The first times are missing. */
	        {TO "  1     *        *       23 ms  198.18.0.1\r\n", T "interrupted\n1 198.18.0.1 23000\n"},
	        {TO "  1     0 ms    <10 ms   <10 ms  198.18.0.1\r\n", T "interrupted\n1 198.18.0.1 1\n"},
	        {"Tracing route to a.example [203.0.113.80]\nover a maximum of 2 hops:\n" HOP1
	         "  2     *        *        *     Request timed out.\n",
	                "T 1 a.example 203.0.113.80 icmp max-ttl\n" GOT1},
	};

	(void)state;
	check(cases, N(cases));
}

static void unreachable(void **state)
{
	static const struct import_case cases[] = {
	        {TO HOP1 "  2  198.18.0.2  reports: Destination host unreachable.\r\n\r\nTrace complete.\r\n",
	                T "unreachable\n" GOT1 "2 198.18.0.2 0 =unreachable 3/1 x1\n"},
	        {TO HOP1 "  2  r2.example [198.18.0.2]  reports: Destination net unreachable.\r\n",
	                T "unreachable\n" GOT1 "2 198.18.0.2 0 r2.example =unreachable 3/0 x1\n"},
	        {TO HOP1 "  2  203.0.113.80  reports: Destination protocol unreachable.\r\n",
	                T "reached\n" GOT1 "2 203.0.113.80 0 =unreachable 3/2 x1\n"},
	        {"Routenverfolgung zu 203.0.113.80 \xc3\xbc"
	         "ber maximal 30 Hops\n" HOP1 "  2  198.18.0.2  meldet: Zielhost nicht erreichbar.\n",
	                "T 1 203.0.113.80 203.0.113.80 icmp unreachable\n" GOT1 "2 198.18.0.2 0 =unreachable 3/1 x1\n"},
	        {"Tracing route to a.example [2001:db8::80]\nover a maximum of 30 hops:\n"
	         "  1  2001:db8::1  reports: Destination host unreachable.\n",
	                "T 1 a.example 2001:db8::80 icmp unreachable\n1 2001:db8::1 0 =unreachable 1/3 x1\n"},
	        {TO HOP1 "  2  198.18.0.2  rapporteert: iets anders.\r\n",
	                "B 5 what this router reports is not understood\n"},
	};

	(void)state;
	check(cases, N(cases));
}

/* Two lines of heading, a row of silence and the last line, in UTF-8 if not said otherwise. */
static void languages(void **state)
{
	static const char *const texts[][3] = {
	        {"Routenverfolgung zu www.example.net [203.0.113.80]\n\xc3\xbc"
	         "ber maximal 30 Hops:",
	                "Zeit\xc3\xbc"
	                "berschreitung der Anforderung.",
	                "Ablaufverfolgung beendet."},
	        /* Code page 850 */
	        {"Routenverfolgung zu www.example.net [203.0.113.80] \x81"
	         "ber maximal 30 Abschnitte:\n",
	                "Zeit\x81"
	                "berschreitung der Anforderung.",
	                "Ablaufverfolgung beendet."},
	        {"D\xc3\xa9termination de l\xe2\x80\x99itin\xc3\xa9raire vers www.example.net [203.0.113.80]\n"
	         "avec un maximum de 30 sauts\xc2\xa0:",
	                "D\xc3\xa9lai d\xe2\x80\x99"
	                "attente de la demande d\xc3\xa9pass\xc3\xa9.",
	                "Itin\xc3\xa9raire d\xc3\xa9termin\xc3\xa9."},
	        /* Windows-1252 */
	        {"D\xe9termination de l'itin\xe9raire vers www.example.net [203.0.113.80]\navec un maximum de 30 sauts "
	         ":",
	                "D\xe9lai d'attente de la demande d\xe9pass\xe9.", "Itin\xe9raire d\xe9termin\xe9."},
	        {"Traza a la direcci\xc3\xb3n www.example.net [203.0.113.80]\nsobre un m\xc3\xa1ximo de 30 saltos:",
	                "Tiempo de espera agotado para esta solicitud.", "Traza completa."},
	        {"Rastreando a rota para www.example.net [203.0.113.80]\ncom no m\xc3\xa1ximo 30 saltos:",
	                "Esgotado o tempo limite do pedido.",
	                "Rastreamento conclu\xc3\xad"
	                "do."},
	        {"Traccia instradamento verso www.example.net [203.0.113.80]\nsu un massimo di 30 punti di passaggio:",
	                "Richiesta scaduta.", "Traccia completata."},
	        /* Languages that no list has. */
	        {"Bezig met het traceren van de route naar www.example.net [203.0.113.80]\nvia maximaal 30 hops:",
	                "Time-out bij opdracht.", "De trace is voltooid."},
	        {"Trasowanie do www.example.net [203.0.113.80]\nprzewy\xc5\xbcszaj\xc4\x85"
	         "ce maksymaln\xc4\x85 liczb\xc4\x99 30 przeskok\xc3\xb3w:",
	                "Up\xc5\x82yn\xc4\x85\xc5\x82 limit czasu \xc5\xbc\xc4\x85"
	                "dania.",
	                "\xc5\x9aledzenie zako\xc5\x84"
	                "czone."},
	        {"\xe9\x80\x9a\xe8\xbf\x87\xe6\x9c\x80\xe5\xa4\x9a 30 \xe4\xb8\xaa\xe8\xb7\x83\xe7\x82\xb9\n"
	         "\xe5\x88\xb0 www.example.net [203.0.113.80] \xe7\x9a\x84\xe8\xb7\xaf\xe7\x94\xb1:",
	                "\xe8\xaf\xb7\xe6\xb1\x82\xe8\xb6\x85\xe6\x97\xb6\xe3\x80\x82", ""},
	};
	char text[1024], want[512];

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		bool is_second = texts[i][0][0] == '\xe9';

		snprintf(text, sizeof(text),
		        "%s\n\n  1    <1 ms    <1 ms    <1 ms  198.18.0.1\n  2     *        *        *     %s\n"
		        "  3     9 ms     9 ms     9 ms  www.example.net [203.0.113.80]\n\n%s\n",
		        texts[i][0], texts[i][1], texts[i][2]);
		snprintf(want, sizeof(want),
		        "T %d www.example.net 203.0.113.80 icmp reached\n1 198.18.0.1 1\n2 *\n"
		        "3 203.0.113.80 9000 www.example.net =echo 0/0\n",
		        is_second ? 2 : 1);
		check_text(&cp_import_tracert, text, want);
	}
	/* The unit in another script. */
	check_text(&cp_import_tracert,
	        TO "  1    <1 \xd0\xbc\xd1\x81    <1 \xd0\xbc\xd1\x81    2 \xd0\xbc\xd1\x81  198.18.0.1\n",
	        T "interrupted\n" GOT1);
}

static void around_and_between(void **state)
{
	static const struct import_case cases[] = {
	        {"# dst: 198.18.7.7, 30 hops\nMicrosoft Windows [Version 10.0.19045.3803]\r\n\r\nC:\\Users\\x> tracert "
	         "www.example.net\r\n\r\n" TO HOP1 "  2     5 ms     5 ms     5 ms  203.0.113.80\r\n\r\nTrace "
	         "complete.\r\n\r\nC:\\Users\\x> ping 198.18.7.7\r\n"
	         "Ping statistics for 198.18.7.7:\r\n    Packets: Sent = 4\r\n\r\n"
	         "Tracing route to b.example [203.0.113.81]\r\nover a maximum of 30 hops:\r\n\r\n"
	         "  1     5 ms     5 ms     5 ms  203.0.113.81\r\n",
	                "T 6 www.example.net 203.0.113.80 icmp reached\n" GOT1 "2 203.0.113.80 5000 =echo 0/0\n"
	                "T 18 b.example 203.0.113.81 icmp reached\n1 203.0.113.81 5000 =echo 0/0\n"},
	        {HOP1, "B 1 no heading before this hop says where the path leads\n"},
	        {"Tracing route to the moon\n" HOP1, "B 2 no heading before this hop says where the path leads\n"},
	        /* What names an address long before the hops is no heading. */
	        {"server is web [203.0.113.80]\none\ntwo\nthree\n" HOP1,
	                "B 5 no heading before this hop says where the path leads\n"},
	        {TO HOP1 "  3     5 ms     5 ms     5 ms  203.0.113.80\r\n",
	                "B 5 the line of TTL 2 is missing before that of TTL 3\n"},
	        {TO HOP1 "  2     5 ms     5 ms     5 ms  gateway\r\n", "B 5 'gateway' is a name without an address\n"},
	        {TO HOP1 "  2     5 ms     5 ms  203.0.113.80\r\n", "B 5 this line of TTL 2 is not understood\n"},
	        {TO HOP1 "  2     5 ms     5 ms     5 ms  203.0.113.80 x\r\n",
	                "B 5 this line of TTL 2 is not understood\n"},
	        {TO HOP1 "  2     5 ms     5 ms     5 ms  203.0.113.\x1b[0m\r\n",
	                "B 5 control character 0x1b in column 43\n"},
	        {TO HOP1 "  2     *        *     ^C\r\n", T "interrupted\n" GOT1},
	        {TO HOP1 "  2  ^C\r\n", T "interrupted\n" GOT1},
	        /* Cut off: the address may be half of one. */
	        {TO HOP1 "  2     5 ms     5 ms     5 ms  198.18.0.1", T "interrupted\n" GOT1},
	        {TO HOP1 "  2     5 ms     5 ms     5 ms  203.0.113.80",
	                T "reached\n" GOT1 "2 203.0.113.80 5000 =echo 0/0\n"},
	        {TO HOP1 "  2     *        *        *     Requ", T "interrupted\n" GOT1},
	        {TO HOP1 "  2     *   ", T "interrupted\n" GOT1},
	        {TO "  1  General failure.\r\n", "B 4 this line of TTL 1 is not understood\n"},
	        {TO "  1  ^C\r\n", "B 1 no hop follows this heading\n"},
	        {TO, "B 1 no hop follows this heading\n"},
	        {TO HOP1 "  2     5 ms     5 ms     5 ms  203.0.113.80\r\n3 files copied\r\n",
	                T "reached\n" GOT1 "2 203.0.113.80 5000 =echo 0/0\n"},
	        {TO HOP1 "8 hosts are up\r\n9 198.18.0.9 is down\r\n", T "interrupted\n" GOT1},
	        {"Unable to resolve target system name nowhere.example.\n", "E text: holds no output of tracert\n"},
	};

	(void)state;
	check(cases, N(cases));
}

/* What PowerShell 5 makes of "tracert HOST >FILE". */
static void utf16(void **state)
{
	static const char text[] = TO HOP1 "  2     5 ms     5 ms     5 ms  203.0.113.80\r\n";
	static struct transcript log;
	char wide[2 * sizeof(text)];

	(void)state;
	for (int is_big = 0; is_big < 2; is_big++) {
		memcpy(wide, is_big ? "\xfe\xff" : "\xff\xfe", 2);
		for (size_t i = 0; i + 1 < sizeof(text); i++) {
			wide[2 + 2 * i + !is_big] = 0;
			wide[2 + 2 * i + is_big] = text[i];
		}
		read_bytes(&cp_import_tracert, wide, sizeof(wide), &log);
		assert_string_equal(log.text, T "reached\n" GOT1 "2 203.0.113.80 5000 =echo 0/0\n");
		assert_ptr_equal(cp_import_detect(wide, sizeof(wide)), &cp_import_tracert);
	}
	read_bytes(&cp_import_tracert, "\xff\xfe", 2, &log);
	assert_string_equal(log.text, "E text: holds no output of tracert\n");
	read_bytes(&cp_import_tracert, "\xff\xfe\0\0\n\0x", 7, &log);
	assert_string_equal(log.text, "E text:1: NUL byte in column 1: the file must be plain text (UTF-16 is not)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(english),
	        cmocka_unit_test(unreachable),
	        cmocka_unit_test(languages),
	        cmocka_unit_test(around_and_between),
	        cmocka_unit_test(utf16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
