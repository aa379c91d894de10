// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_cases.c: the cases an auditor would ask about, each with what it stands
 * for, its verdict, its confidence, the rule that decides and the reasons
 * given. Paths are written as in verdict_lab.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict_lab.h"

struct a_case {
	const char *what; /* it stands for */
	const char *path, *dest;
	uint32_t vantage;
	int flags;
	const char *want; /* "verdict confidence rule: reasons" */
};

static void check(const struct lab *lab, const struct a_case *cases, size_t n)
{
	char got[1024], reasons[512];
	uint32_t n_wrong = 0;

	for (size_t i = 0; i < n; i++) {
		struct sample sample = {.path = cases[i].path,
		        .dest = cases[i].dest,
		        .vantage = cases[i].vantage,
		        .flags = cases[i].flags};
		struct cp_judgement judgement;
		struct cp_path path;

		judge(lab, &sample, &path, &judgement);
		check_used(&path, &judgement);
		format_reasons(judgement.reasons, reasons, sizeof(reasons));
		snprintf(got, sizeof(got), "%s %s %s:%s%s", cp_verdict_name(judgement.verdict),
		        cp_confidence_name(judgement.confidence), cp_rule_name(judgement.rule), *reasons ? " " : "",
		        reasons);
		if (strcmp(got, cases[i].want)) {
			print_error("%s\n    [%s] %s\n    is     %s\n    wanted %s\n", cases[i].what, cases[i].path,
			        cases[i].dest ? cases[i].dest : "", got, cases[i].want);
			n_wrong++;
		}
	}
	assert_int_equal(n_wrong, 0);
}

#define CHECK(cases) check(*state, cases, sizeof(cases) / sizeof((cases)[0]))
#define HOME 8075

static void test_silence(void **state)
{
	static const struct a_case cases[] = {
	        {"nothing silent", "8075 8075 8075!", NULL, HOME, 0, "inside high all-home:"},
	        {"the head, before home, vantage known", "* * * 8075 8075 8075!", NULL, HOME, 0,
	                "inside high all-home:"},
	        {"the head, vantage unknown: an ISP may hide", "* * * 8075 8075 8075!", NULL, 0, 0,
	                "undecided low vantage-unknown: vantage-unknown"},
	        {"the middle, between home hops", "8075 * * 8075 8075!", NULL, HOME, 0, "inside high all-home:"},
	        {"all of the middle", "* * * * 8075!", NULL, HOME, 0, "inside low all-home: silent-middle"},
	        {"all but one router", "* 8075 * 8075!", NULL, HOME, 0, "inside medium all-home:"},
	        {"the destination", "8075 8075", "8075", HOME, 0, "inside medium all-home: not-reached"},
	        {"everything", "* * *", "8075", HOME, 0, "undecided low nothing-answered: no-evidence not-reached"},
	        {"everything but private hops", "p p *", "13335", HOME, 0,
	                "undecided low nothing-answered: no-evidence not-reached"},
	        {"one TTL of the border", "8075 * 13335!", NULL, HOME, 0, "direct medium two-networks: silent-border"},
	        {"several TTLs of the border", "8075 * * 13335!", NULL, HOME, 0,
	                "direct low two-networks: silent-border"},
	        {"a private hop at the border counts as silence", "8075 p 13335!", NULL, HOME, 0,
	                "direct medium two-networks: silent-border"},
	        {"both sides but the destination", "* * 13335!", NULL, HOME, 0,
	                "undecided low ends-only: silent-border silent-middle"},
	        {"beside a lone foreign hop it does not make two of one", "8075 * 3356 * 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"within a detour it lowers the confidence", "8075 3356 * 3356 8075!", NULL, HOME, 0,
	                "detour medium left-and-returned:"},
	        {"before a transit AS", "* * 3491 3491 13335!", NULL, HOME, 0,
	                "transit medium third-as: silent-border"},
	        {"where replies were lost it is no evidence", "8075 * 8075 8075!", NULL, HOME, LOST,
	                "undecided low silence-doubtful: replies-lost"},
	};

	CHECK(cases);
}

static void test_leaving_home(void **state)
{
	static const struct a_case cases[] = {
	        {"out and back over two hops", "8075 3356 3356 8075!", NULL, HOME, 0, "detour high left-and-returned:"},
	        {"out and back over two ASes", "8075 3356 1299 8075!", NULL, HOME, 0, "detour high left-and-returned:"},
	        {"out at once: the vantage is a home hop", "3356 3356 8075!", NULL, HOME, 0,
	                "detour high left-and-returned:"},
	        {"out, coming back not seen", "8075 3356 3356", "8075", HOME, 0,
	                "transit medium left-not-returned: not-reached"},
	        {"out, unfinished", "8075 3356 3356", "8075", HOME, STOPPED,
	                "undecided low interrupted: not-reached interrupted"},
	        {"one foreign hop, no name", "8075 3356 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"one foreign router that answers twice", "8075 3356=1 3356=1 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"one foreign hop last of all", "8075 3356", "8075", HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop not-reached"},
	        {"one foreign hop, twice", "8075 3356 8075 3356 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"an exchange, then home again", "8075 ix 8075!", NULL, HOME, 0, "detour low ixp-excursion: ixp"},
	        {"an exchange and a member behind it", "8075 ix 3356 8075!", NULL, HOME, 0,
	                "detour high left-and-returned: ixp"},
	        {"an exchange on the way to its member", "8075 ix 13335!", NULL, HOME, 0,
	                "direct high two-networks: ixp"},
	        {"a carrier", "8075 3356 3356 13335!", NULL, HOME, 0, "transit high third-as:"},
	        {"one hop of a carrier between the two", "8075 3356 13335!", NULL, HOME, 0,
	                "transit low lone-third-hop: single-foreign-hop"},
	        {"one hop of a carrier between home and home, foreign destination", "8075 3356 8075 13335!", NULL, HOME,
	                0, "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"the border link numbered by the destination", "8075 13335 8075 13335!", NULL, HOME, 0,
	                "direct high two-networks:"},
	        {"a foreign hop that was inferred accuses nobody", "8075 3356~ 3356~ 8075!", NULL, HOME, 0,
	                "undecided low unclear-hop: single-foreign-hop"},
	};

	CHECK(cases);
}

static void test_names(void **state)
{
	static const struct a_case cases[] = {
	        {"far end: home's router on a link that the neighbour numbers", "8075 3356:icr01.fra23 8075 8075!",
	                NULL, HOME, 0, "inside medium all-home: far-end"},
	        {"far end between named home hops", "8075:icr01.ams06 3356:icr01.fra23 8075:icr02.fra23 8075!", NULL,
	                HOME, 0, "inside medium all-home: far-end"},
	        {"far end on the way out: the exit stays", "8075 3356:icr01.fra23 8075 13335!", NULL, HOME, 0,
	                "direct medium two-networks: far-end"},
	        {"the name repeats the router before it: the neighbour's end",
	                "8075:icr01.fra23 3356:icr01.fra23 8075 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"the next hop repeats the name: no witness", "8075 3356:icr01.fra23 8075:icr01.fra23 8075!", NULL,
	                HOME, 0, "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"somebody else's name", "8075 3356:lumen 8075 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"a neighbour in the name of the hop beside it", "8075:lumen 3356:icr01.fra23 8075 8075!", NULL, HOME,
	                0, "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"beside a hop that is by its name the neighbour's",
	                "8075:icr02.fra23 8075:icr02.fra23 3356:icr01.fra23 8075 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop far-end"},
	        {"silence beside it", "8075 * 3356:icr01.fra23 8075 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"first of all: no home hop before it", "3356:icr01.fra23 8075 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"two hops are a detour, whatever they are called", "8075 3356:icr01.fra23 3356:icr02.fra23 8075!",
	                NULL, HOME, 0, "detour high left-and-returned:"},
	        {"two hops apart are not home either", "8075 3356:icr01.fra23 8075 3356:icr02.fra23 8075!", NULL, HOME,
	                0, "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"beside an exchange a name is worth nothing", "8075 3356:icr01.fra23 8075 ix 8075!", NULL, HOME, 0,
	                "detour low ixp-excursion: ixp"},
	        {"a name does not bring a carrier to the border home", "8075 3356:icr01.fra23 13335!", NULL, HOME, 0,
	                "transit low lone-third-hop: single-foreign-hop"},
	        {"home's number, the neighbour's router: where home ends", "8075:icr01.fra23 8075:icr01.fra23 13335!",
	                NULL, HOME, 0, "direct high two-networks: far-end"},
	        {"home's number, the neighbour's name", "8075 8075:telia 1299:telia 1299 13335!", NULL, HOME, 0,
	                "transit high third-as: far-end"},
	        {"seen last, a neighbour's end of a link is not home", "8075:icr01.fra23 8075:icr01.fra23", "8075",
	                HOME, 0, "undecided low end-not-seen: not-reached far-end"},
	        {"nor with silence between the two", "8075:icr01.fra23 * 8075:icr01.fra23", "8075", HOME, 0,
	                "undecided low end-not-seen: not-reached far-end"},
	        {"between home hops a repeated name is home's own link", "8075:icr01.fra23 8075:icr01.fra23 8075!",
	                NULL, HOME, 0, "inside high all-home:"},
	        {"a hop that may be home's is not made so by a name", "8075 8075_3356:icr01.fra23 8075!", NULL, HOME, 0,
	                "undecided low unclear-hop: multi-origin"},
	        {"an unmapped hop is not made home by a name", "8075 ?:icr01.fra23 8075!", NULL, HOME, 0,
	                "undecided low unclear-hop: unmapped-hop"},
	};

	CHECK(cases);
}

static void test_times(void **state)
{
	static const struct a_case cases[] = {
	        {"third party: no later, and from as far away", "8075%10^1 3356%10^2 8075%11^3 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop third-party-address"},
	        {"a step in the round trip speaks against it", "8075%10^1 3356%18^2 8075%11^3 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"so does a longer way back", "8075%10^1 3356%10^7 8075%11^3 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"without round trips nothing is said", "8075^1 3356^2 8075^3 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"two foreign hops are no third parties", "8075%10^1 3356%10^2 3356%10^3 8075%11^4 8075!", NULL, HOME,
	                0, "detour high left-and-returned:"},
	        {"a slow hop is normal", "8075%10 8075%90 3356%11 3356%11 8075%12!", NULL, HOME, 0,
	                "detour high left-and-returned:"},
	        {"foreign hops before everything that lies before them", "8075%10 8075%11 3356%3 3356%4 8075%12!", NULL,
	                HOME, 0, "detour medium left-and-returned: rtt-contradiction"},
	        {"one hop before them may just be slow", "8075%10 3356%3 3356%4 8075%12!", NULL, HOME, 0,
	                "detour high left-and-returned:"},
	        {"round trips never decide: far away, still home", "8075%1 8075%190 8075%200!", NULL, HOME, 0,
	                "inside high all-home:"},
	        {"a way back of the same length", "8075^0 8075^1 8075^2!", NULL, HOME, 0, "inside high all-home:"},
	        {"a way back through elsewhere: said, not judged", "8075^0 8075^1 8075^12!", NULL, HOME, 0,
	                "inside high all-home: asymmetric-return"},
	        {"a TTL that was not counted down from 64, 128 or 255", "8075 8075 8075^60!", NULL, HOME, 0,
	                "inside high all-home:"},
	        {"labels beside silence", "8075+ * * 8075 8075!", NULL, HOME, 0, "inside high all-home: mpls-tunnel"},
	        {"labels behind silence", "8075 * 8075+ 8075!", NULL, HOME, 0, "inside high all-home: mpls-tunnel"},
	        {"labels without silence", "8075+ 8075+ 8075!", NULL, HOME, 0, "inside high all-home:"},
	        {"labels do not explain silence at the border", "8075+ * 13335 13335!", NULL, HOME, 0,
	                "direct medium two-networks: silent-border"},
	};

	CHECK(cases);
}

static void test_ends(void **state)
{
	static const struct a_case cases[] = {
	        {"siblings", "8075 8068 8075!", NULL, HOME, 0, "inside high all-home: siblings"},
	        {"a sibling that --home does not name", "8075 12076 8075!", NULL, HOME, 0,
	                "undecided low sibling-excursion: siblings"},
	        {"nor when it is only inferred", "8075 12076~ 8075!", NULL, HOME, 0,
	                "undecided low unclear-hop: single-foreign-hop"},
	        {"a subsidiary's own AS is outside", "8075 14413!", NULL, HOME, 0, "direct high two-networks:"},
	        {"a subsidiary on the way home is a foreign hop", "8075 14413 8075!", NULL, HOME, 0,
	                "undecided low lone-foreign-hop: single-foreign-hop"},
	        {"a Microsoft name on a CDN's addresses is the CDN", "8075 8075 16625!", NULL, HOME, CNAME,
	                "direct high two-networks: cname-cdn"},
	        {"two ASes of one CDN", "8075 20940 16625!", NULL, HOME, CNAME,
	                "direct high two-networks: siblings cname-cdn"},
	        {"a CDN behind a carrier", "8075 3356 3356 16625!", NULL, HOME, CNAME,
	                "transit high third-as: cname-cdn"},
	        {"a CDN that stays silent is not inside", "8075 8075", "16625", HOME, CNAME,
	                "undecided low end-not-seen: not-reached cname-cdn"},
	        {"a CDN's name in home addresses is home", "8075 8075!", NULL, HOME, CNAME, "inside high all-home:"},
	        {"private endpoint", "8075 p!", NULL, HOME, 0, "undecided low private-endpoint: private-endpoint"},
	        {"the destination has no row", "8075 ?!", NULL, HOME, 0, "undecided low dest-no-origin: no-origin"},
	        {"a hop has no row, between home hops", "8075 ? 8075!", NULL, HOME, 0,
	                "undecided low unclear-hop: unmapped-hop"},
	        {"a hop has no row, within the destination's network", "8075 13335 ? 13335!", NULL, HOME, 0,
	                "direct medium two-networks: unmapped-hop"},
	        {"a destination half home's", "8075 8075_3356!", NULL, HOME, 0,
	                "undecided low dest-half-home: multi-origin"},
	        {"a hop half home's", "8075 8075_3356 8075!", NULL, HOME, 0, "undecided low unclear-hop: multi-origin"},
	        {"a hop of two home ASes", "8075 8075_8068 8075!", NULL, HOME, 0, "inside high all-home:"},
	        {"a destination of unrelated ASes", "8075 13335 13335_3356!", NULL, HOME, 0,
	                "undecided low dest-contested: multi-origin"},
	        {"a loop", "8075=1 8075=2 8075=1", "8075", HOME, LOOPED, "undecided low loop: not-reached loop"},
	        {"a loop, of which a hop is silent", "8075=1 * 8075=1", "8075", HOME, 0,
	                "undecided low loop: not-reached loop"},
	        {"an address that comes back, and the destination answers", "8075=1 8075=2 8075=1 8075!", NULL, HOME, 0,
	                "inside medium all-home: loop"},
	        {"a detour seen before the loop", "8075 3356 3356 8075=1 8075=2 8075=1", "8075", HOME, LOOPED,
	                "detour medium left-and-returned: not-reached loop"},
	        {"the end is not seen", "8075 8075", "13335", HOME, 0, "undecided low end-not-seen: not-reached"},
	        {"stopped", "8075 8075", "8075", HOME, STOPPED, "undecided low interrupted: not-reached interrupted"},
	};

	CHECK(cases);
}

static void test_vantages(void **state)
{
	static const struct a_case cases[] = {
	        {"foreign", "3320 3320 8075 8075!", NULL, 3320, 0, "direct high two-networks:"},
	        {"foreign, over a carrier", "3320 3356 3356 8075!", NULL, 3320, 0, "transit high third-as:"},
	        {"foreign, home left and entered again", "3320 8075 3356 3356 8075!", NULL, 3320, 0,
	                "detour high left-and-returned:"},
	        {"assumed, foreign", "p 3320 8075!", NULL, 0, 0, "direct medium two-networks: vantage-assumed"},
	        {"assumed, home, at the first TTL", "8075 8075 8075!", NULL, 0, 0,
	                "inside medium all-home: vantage-assumed"},
	        {"unknown behind private hops", "p 8075 8075!", NULL, 0, 0,
	                "undecided low vantage-unknown: vantage-unknown"},
	        {"unknown behind TTLs that were not probed", "8075 8075 8075!", NULL, 0, FROM5,
	                "undecided low vantage-unknown: vantage-unknown"},
	        {"unknown, but a detour is one from anywhere", "* 8075 3356 3356 8075!", NULL, 0, 0,
	                "detour high left-and-returned:"},
	        {"home in between two foreign ends is a carrier", "3320 8075 8075 13335!", NULL, 3320, 0,
	                "transit high third-as:"},
	};

	CHECK(cases);
}

/* The hops whose names and addresses disagree are marked, and the AS path still shows the address's AS. */
static void test_far_ends_are_marked(void **state)
{
	struct sample sample = {.path = "8075 3356:icr01.fra23 8075 8075!", .vantage = HOME};
	struct cp_judgement judgement;
	struct cp_path path;
	char as_path[128];

	judge(*state, &sample, &path, &judgement);
	assert_int_equal(judgement.far_end, 1u << 1);
	format_as_path(&judgement, as_path, sizeof(as_path));
	assert_string_equal(as_path, "8075 3356 8075");
	assert_false(judgement.exit.present);
	assert_int_equal(judgement.vantage_asn, 8075);

	sample.path = "8075 3356:icr01.fra23 8075 13335!";
	judge(*state, &sample, &path, &judgement);
	assert_true(judgement.exit.present);
	assert_int_equal(judgement.exit.ttl_min, 3);
	assert_int_equal(judgement.exit.ttl_max, 4);
	assert_int_equal(cp_exit_asn(&judgement, &((struct lab *)*state)->home), 13335);
}

/* Microsoft's names say nothing of a home that is somebody else's. */
static void test_names_of_another_home(void **state)
{
	struct sample sample = {.path = "3356 1299:icr01.fra23 3356 3356!", .vantage = 3356};
	struct lab lab = *(struct lab *)*state;
	struct cp_judgement judgement;
	struct cp_path path;
	struct cp_err err;

	assert_int_equal(cp_home_parse(lab.asdb, "AS3356", &lab.home, &err), 0);
	judge(&lab, &sample, &path, &judgement);
	assert_int_equal(judgement.rule, CP_RULE_LONE_FOREIGN_HOP);
	assert_int_equal(judgement.far_end, 0);
	cp_home_free(&lab.home);
}

static void test_return_length(void **state)
{
	(void)state;
	assert_int_equal(cp_return_length(0), -1);
	assert_int_equal(cp_return_length(64), 0);
	assert_int_equal(cp_return_length(51), 13);
	assert_int_equal(cp_return_length(65), -1); /* 63 routers from 128: not likely */
	assert_int_equal(cp_return_length(113), 15);
	assert_int_equal(cp_return_length(245), 10);
	assert_int_equal(cp_return_length(255), 0);
	assert_int_equal(cp_return_length(1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_silence),
	        cmocka_unit_test(test_leaving_home),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_times),
	        cmocka_unit_test(test_ends),
	        cmocka_unit_test(test_vantages),
	        cmocka_unit_test(test_far_ends_are_marked),
	        cmocka_unit_test(test_names_of_another_home),
	        cmocka_unit_test(test_return_length),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
