// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_verdict.c: paths written as text (verdict_lab.h) -> verdict, confidence,
 * reasons, AS path and exit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict_lab.h"

/* "min-max", "" for no exit; the hop indices must agree with the TTLs. */
static void format_exit(const struct cp_path *path, const struct cp_exit *exit, char *buf, size_t size)
{
	*buf = '\0';
	if (!exit->present)
		return;
	snprintf(buf, size, "%u-%u", exit->ttl_min, exit->ttl_max);
	assert_int_equal(exit->ttl_min, exit->last_home < 0 ? 0 : path->hops[exit->last_home].ttl);
	assert_int_equal(exit->ttl_max, exit->first_foreign < 0 ? 0 : path->hops[exit->first_foreign].ttl);
}

/* Names every sample that comes out otherwise, not only the first. */
static void check(const struct lab *lab, const struct sample *samples, size_t n)
{
	struct cp_judgement judgement;
	struct cp_path path;
	char got[2048], want[2048], reasons[512], as_path[512], exit[16];
	uint32_t n_wrong = 0;

	for (size_t i = 0; i < n; i++) {
		const struct sample *s = &samples[i];

		judge(lab, s, &path, &judgement);
		check_used(&path, &judgement);
		format_reasons(judgement.reasons, reasons, sizeof(reasons));
		format_as_path(&judgement, as_path, sizeof(as_path));
		format_exit(&path, &judgement.exit, exit, sizeof(exit));
		snprintf(got, sizeof(got), "%s %s (%s) <%s> {%s}", cp_verdict_name(judgement.verdict),
		        cp_confidence_name(judgement.confidence), reasons, as_path, exit);
		snprintf(want, sizeof(want), "%s %s (%s) <%s> {%s}", cp_verdict_name(s->verdict),
		        cp_confidence_name(s->confidence), s->reasons, s->as_path, s->exit);
		if (strcmp(got, want)) {
			print_error(
			        "[%s] %s\n    is     %s\n    wanted %s\n", s->path, s->dest ? s->dest : "", got, want);
			n_wrong++;
		}
	}
	assert_int_equal(n_wrong, 0);
}

#define CHECK(samples) check(*state, samples, sizeof(samples) / sizeof((samples)[0]))
#define INSIDE CP_INSIDE
#define DIRECT CP_DIRECT
#define TRANSIT CP_TRANSIT
#define DETOUR CP_DETOUR
#define UNDECIDED CP_UNDECIDED
#define LOW CP_CONF_LOW
#define MEDIUM CP_CONF_MEDIUM
#define HIGH CP_CONF_HIGH

/* ---- The story every release must reproduce ---- */

static void test_story(void **state)
{
	static const struct sample samples[] = {
	        /* zenn.dev, cold potato and hot potato */
	        {"* * * 8075 8075 13335 13335!", NULL, 8075, 0, DIRECT, HIGH, "", "* 8075 13335", "5-6"},
	        {"3491 3491 13335!", NULL, 8075, 0, TRANSIT, HIGH, "", "3491 13335", "0-1"},
	        {"* * 3491 3491 13335!", NULL, 8075, 0, TRANSIT, MEDIUM, "silent-border", "* 3491 13335", "0-3"},
	        /* own VM's public address */
	        {"* * * 8075 8075", "8075", 8075, 0, INSIDE, MEDIUM, "not-reached", "* 8075 *", ""},
	        /* an App Service name, and those that answer themselves */
	        {"8075 8075 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "8075", ""},
	        {"* * * * * 8075 * 8075 * 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "* 8075", ""},
	        /* security.microsoft.com */
	        {"8075 8075 8068!", NULL, 8075, 0, INSIDE, HIGH, "siblings", "8075 8068", ""},
	        /* www.microsoft.com, www.xbox.com */
	        {"8075 8075 16625!", NULL, 8075, CNAME, DIRECT, HIGH, "cname-cdn", "8075 16625", "2-3"},
	        {"8075 8075 20940 16625!", NULL, 8075, CNAME, DIRECT, HIGH, "siblings cname-cdn", "8075 20940 16625",
	                "2-3"},
	};

	CHECK(samples);
}

/* ---- inside ---- */

static void test_inside(void **state)
{
	static const struct sample samples[] = {
	        /* more home hops seen raise the confidence of a silent middle */
	        {"* * * * 8075!", NULL, 8075, 0, INSIDE, LOW, "silent-middle", "* 8075", ""},
	        {"* 8075 * * 8075!", NULL, 8075, 0, INSIDE, MEDIUM, "", "* 8075", ""},
	        {"* 8075 * 8075 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "* 8075", ""},
	        {"8075 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "8075", ""},
	        /* one router that answers twice is one router */
	        {"* 8075=1 8075=1 * 8075!", NULL, 8075, 0, INSIDE, MEDIUM, "", "* 8075", ""},
	        /* the destination's own address on the way is no router */
	        {"* 8075=1 8075=1!", NULL, 8075, 0, INSIDE, LOW, "silent-middle", "* 8075", ""},
	        /* private hops are nobody's */
	        {"p p 8075 p 8075 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "private 8075", ""},
	        {"p p 8075!", NULL, 8075, 0, INSIDE, LOW, "silent-middle", "private 8075", ""},
	        /* silence between two ASes of home is home's */
	        {"8075 * 8068 * 8075!", NULL, 8075, 0, INSIDE, HIGH, "siblings", "8075 8068 8075", ""},
	        {"8075 *", "8068", 8075, 0, INSIDE, MEDIUM, "siblings not-reached", "8075 *", ""},
	        {"8075_8068 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "8075", ""},
	        /* the vantage must be known, unless the very first hop is home's */
	        {"* * 8075 8075 8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown", "* 8075", ""},
	        {"p 8075 8075 8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown", "private 8075", ""},
	        {"? 8075 8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown unmapped-hop", "? 8075", ""},
	        {"ix 8075 8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown ixp", "IXP:LabIX 8075", ""},
	        {"8075 8075 8075!", NULL, 0, 0, INSIDE, MEDIUM, "vantage-assumed", "8075", ""},
	        {"8075 8075 8075!", NULL, 0, FROM5, UNDECIDED, LOW, "vantage-unknown", "* 8075", ""},
	        {"8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown", "8075", ""},
	        {"8075=1 8075=1!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown", "8075", ""},
	        {"8075 8075 8075!", NULL, 8075, FROM5, INSIDE, HIGH, "", "* 8075", ""},
	        /* what is not known to be home's may be somebody's */
	        {"8075 ? 8075!", NULL, 8075, 0, UNDECIDED, LOW, "unmapped-hop", "8075 ? 8075", ""},
	        {"? 8075 8075!", NULL, 8075, 0, UNDECIDED, LOW, "unmapped-hop", "? 8075", ""},
	        {"8075 8075_3356 8075!", NULL, 8075, 0, UNDECIDED, LOW, "multi-origin", "8075", ""},
	        /* an AS of home's organisation that the user did not count as home */
	        {"8075 12076 12076 8075!", NULL, 8075, 0, UNDECIDED, LOW, "siblings", "8075 12076 8075", ""},
	        {"8075 12076_3356 8075!", NULL, 8075, 0, UNDECIDED, LOW, "multi-origin", "8075 12076 8075", ""},
	        {"8075 12076", "8075", 8075, 0, UNDECIDED, LOW, "siblings not-reached", "8075 12076 *", ""},
	        /* hops that were not seen for this path */
	        {"* 8075~ 8075~ 8075!", NULL, 8075, 0, INSIDE, LOW, "silent-middle", "* 8075", ""},
	        {"8075 3356~ 3356~ 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 3356 8075", ""},
	        {"8075 ix~ 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 IXP:LabIX 8075", ""},
	};

	CHECK(samples);
}

/* ---- direct ---- */

static void test_direct(void **state)
{
	static const struct sample samples[] = {
	        /* silence at the border */
	        {"* 8075 * 13335 13335!", NULL, 8075, 0, DIRECT, MEDIUM, "silent-border", "* 8075 * 13335", "2-4"},
	        {"* 8075 * * 13335!", NULL, 8075, 0, DIRECT, LOW, "silent-border", "* 8075 * 13335", "2-5"},
	        {"8075 p 13335!", NULL, 8075, 0, DIRECT, MEDIUM, "silent-border", "8075 private 13335", "1-3"},
	        {"* * 13335 13335!", NULL, 8075, 0, DIRECT, LOW, "silent-border", "* 13335", "0-3"},
	        {"* * * 13335!", NULL, 8075, 0, UNDECIDED, LOW, "silent-border silent-middle", "* 13335", "0-4"},
	        /* an IXP LAN is a border, never an AS */
	        {"8075 ix 13335!", NULL, 8075, 0, DIRECT, HIGH, "ixp", "8075 IXP:LabIX 13335", "1-2"},
	        {"8075 * ix 13335!", NULL, 8075, 0, DIRECT, MEDIUM, "silent-border ixp", "8075 * IXP:LabIX 13335",
	                "1-3"},
	        {"8075 ix * * 13335!", NULL, 8075, 0, DIRECT, LOW, "silent-border ixp", "8075 IXP:LabIX * 13335",
	                "1-2"},
	        /* the border link may carry either side's number */
	        {"8075 13335 8075 13335!", NULL, 8075, 0, DIRECT, HIGH, "", "8075 13335 8075 13335", "3-4"},
	        {"8075 13335 13335!", NULL, 8075, FROM5, DIRECT, HIGH, "", "* 8075 13335", "5-6"},
	        /* not reached */
	        {"8075 13335", "13335", 8075, 0, DIRECT, MEDIUM, "not-reached", "8075 13335 *", "1-2"},
	        {"8075 20940", "16625", 8075, 0, DIRECT, MEDIUM, "siblings not-reached", "8075 20940 *", "1-2"},
	        {"* 8075 8075", "13335", 8075, 0, UNDECIDED, LOW, "not-reached", "* 8075 *", "3-0"},
	        {"8075 ix", "13335", 8075, 0, UNDECIDED, LOW, "ixp not-reached", "8075 IXP:LabIX *", "1-2"},
	        /* a hop of nobody's between the two, and inside the destination's network */
	        {"8075 ? 13335!", NULL, 8075, 0, UNDECIDED, LOW, "unmapped-hop", "8075 ? 13335", "1-3"},
	        {"8075 13335 ? 13335!", NULL, 8075, 0, DIRECT, MEDIUM, "unmapped-hop", "8075 13335 ? 13335", "1-2"},
	        {"8075 13335_3356 13335!", NULL, 8075, 0, UNDECIDED, LOW, "multi-origin", "8075 13335", "1-2"},
	        {"8075 13335 13335_3356 13335!", NULL, 8075, 0, DIRECT, MEDIUM, "multi-origin", "8075 13335", "1-2"},
	        {"8075 16625_20940 16625!", NULL, 8075, 0, DIRECT, HIGH, "", "8075 16625", "1-2"},
	        /* home's organisation, not home */
	        {"8075 12076 13335!", NULL, 8075, 0, DIRECT, HIGH, "siblings", "8075 12076 13335", "1-2"},
	        {"8075 12076!", NULL, 8075, 0, DIRECT, HIGH, "", "8075 12076", "1-2"},
	        /* a CDN's addresses in home are home; a chain is evidence, not a verdict */
	        {"8075 8075!", NULL, 8075, CNAME, INSIDE, HIGH, "", "8075", ""},
	        {"8075 3320!", NULL, 8075, CNAME, DIRECT, HIGH, "", "8075 3320", "1-2"},
	        {"8075 3356 3356 16625!", NULL, 8075, CNAME, TRANSIT, HIGH, "cname-cdn", "8075 3356 16625", "1-2"},
	        /* the destination has several unrelated origins */
	        {"8075 13335_3356!", NULL, 8075, 0, DIRECT, HIGH, "", "8075 13335", "1-2"},
	        {"8075 13335 13335_3356!", NULL, 8075, 0, UNDECIDED, LOW, "multi-origin", "8075 13335", "1-2"},
	        {"8075 1299 1299 13335_3356!", NULL, 8075, 0, TRANSIT, HIGH, "", "8075 1299 13335", "1-2"},
	};

	CHECK(samples);
}

/* ---- Vantages outside home, and unknown ones ---- */

static void test_vantage(void **state)
{
	static const struct sample samples[] = {
	        {"3320 3320 8075 8075!", NULL, 3320, 0, DIRECT, HIGH, "", "3320 8075", ""},
	        {"* 3320 ix 8075 8075!", NULL, 3320, 0, DIRECT, HIGH, "ixp", "* 3320 IXP:LabIX 8075", ""},
	        {"3320 * 8075 8075!", NULL, 3320, 0, DIRECT, MEDIUM, "silent-border", "3320 * 8075", ""},
	        {"* * 8075 8075!", NULL, 3320, 0, DIRECT, LOW, "silent-border", "* 8075", ""},
	        {"* * * 8075!", NULL, 3320, 0, UNDECIDED, LOW, "silent-middle", "* 8075", ""},
	        {"3320 8075 8075", "8075", 3320, 0, DIRECT, MEDIUM, "not-reached", "3320 8075 *", ""},
	        {"3320 3320", "8075", 3320, 0, UNDECIDED, LOW, "not-reached", "3320 *", ""},
	        {"3320 3356 3356 8075!", NULL, 3320, 0, TRANSIT, HIGH, "", "3320 3356 8075", ""},
	        {"3320 3356 8075!", NULL, 3320, 0, TRANSIT, LOW, "single-foreign-hop", "3320 3356 8075", ""},
	        {"3320 3356 3320 8075!", NULL, 3320, 0, UNDECIDED, LOW, "single-foreign-hop", "3320 3356 3320 8075",
	                ""},
	        {"3356 3549 8075!", NULL, 3356, 0, DIRECT, HIGH, "siblings", "3356 3549 8075", ""},
	        {"3320 8075_12076 8075!", NULL, 3320, 0, DIRECT, HIGH, "", "3320 8075", ""},
	        /* home and back again: seen from outside too */
	        {"3320 8075 3356 3356 8075!", NULL, 3320, 0, DETOUR, HIGH, "", "3320 8075 3356 8075", "2-3"},
	        {"3320 8075 3320 8075!", NULL, 3320, 0, UNDECIDED, LOW, "single-foreign-hop", "3320 8075 3320 8075",
	                ""},
	        /* neither end is home: home is a third AS like any other */
	        {"3320 8075 8075 13335!", NULL, 3320, 0, TRANSIT, HIGH, "", "3320 8075 13335", "3-4"},
	        {"3320 13335!", NULL, 3320, 0, DIRECT, HIGH, "", "3320 13335", ""},
	        {"* * 13335 13335!", NULL, 13335, 0, DIRECT, HIGH, "", "* 13335", ""},
	        /* the first AS seen, foreign, is the vantage's */
	        {"3320 8075 8075!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "3320 8075", ""},
	        {"p 3320 8075!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "private 3320 8075", ""},
	        {"* * 3320 8075!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "* 3320 8075", ""},
	        {"* 3491 3491 1299 1299 13335!", NULL, 0, 0, TRANSIT, MEDIUM, "vantage-assumed", "* 3491 1299 13335",
	                ""},
	        {"p ? 3320 8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-assumed unmapped-hop", "private ? 3320 8075",
	                ""},
	        /* but not when it is the destination's own, behind silence */
	        {"* 13335 13335!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown", "* 13335", ""},
	        {"p 13335 13335!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "private 13335", ""},
	        /* home first: taken behind private hops, for a foreign destination only; never behind silence */
	        {"p 8075 8075 13335!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "private 8075 13335", "3-4"},
	        {"p 8075 13335!", NULL, 0, FROM5, UNDECIDED, LOW, "vantage-unknown", "* private 8075 13335", "6-7"},
	        {"* 8075 8075 13335!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown", "* 8075 13335", "3-4"},
	        {"* 8075 3356 3356 13335!", NULL, 0, 0, TRANSIT, MEDIUM, "vantage-unknown", "* 8075 3356 13335", "2-3"},
	        {"* 8075 3356 3356 8075!", NULL, 0, 0, DETOUR, HIGH, "", "* 8075 3356 8075", "2-3"},
	        /* who announces the first hop is not clear */
	        {"8075_3356 8075 8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown multi-origin", "8075", ""},
	};

	CHECK(samples);
}

/* ---- transit ---- */

static void test_transit(void **state)
{
	static const struct sample samples[] = {
	        {"8075 3356 3356 13335!", NULL, 8075, 0, TRANSIT, HIGH, "", "8075 3356 13335", "1-2"},
	        {"8075 3356 1299 13335!", NULL, 8075, 0, TRANSIT, HIGH, "", "8075 3356 1299 13335", "1-2"},
	        {"8075 * 3356 3356 13335!", NULL, 8075, 0, TRANSIT, MEDIUM, "silent-border", "8075 * 3356 13335",
	                "1-3"},
	        {"8075 ? 3356 3356 13335!", NULL, 8075, 0, TRANSIT, MEDIUM, "unmapped-hop", "8075 ? 3356 13335", "1-3"},
	        {"8075 8075_3356 1299 1299 13335!", NULL, 8075, 0, TRANSIT, MEDIUM, "multi-origin", "8075 1299 13335",
	                "1-3"},
	        {"8075 3356 * 3356 13335!", NULL, 8075, 0, TRANSIT, MEDIUM, "", "8075 3356 13335", "1-2"},
	        {"8075 3356 3356", "13335", 8075, 0, TRANSIT, MEDIUM, "not-reached", "8075 3356 *", "1-2"},
	        {"8075 ix 3356 13335!", NULL, 8075, 0, TRANSIT, HIGH, "ixp", "8075 IXP:LabIX 3356 13335", "1-2"},
	        /* one hop between the two: weak; elsewhere: nothing */
	        {"8075 3356 13335!", NULL, 8075, 0, TRANSIT, LOW, "single-foreign-hop", "8075 3356 13335", "1-2"},
	        {"8075 3356=1 3356=1 13335!", NULL, 8075, 0, TRANSIT, LOW, "single-foreign-hop", "8075 3356 13335",
	                "1-2"},
	        {"8075 3356", "13335", 8075, 0, UNDECIDED, LOW, "single-foreign-hop not-reached", "8075 3356 *", "1-2"},
	        {"8075 3356 8075 13335!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 3356 8075 13335",
	                "3-4"},
	        {"8075 13335 3356 13335!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 13335 3356 13335",
	                "1-2"},
	        {"3356 8075 13335!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "3356 8075 13335", "2-3"},
	        /* home again in between, but gone for certain */
	        {"8075 3356 3356 8075 13335!", NULL, 8075, 0, TRANSIT, HIGH, "", "8075 3356 8075 13335", "1-2"},
	        /* a subsidiary or customer that is not home and no sibling is a third AS */
	        {"8075 3320 3320 13335!", NULL, 8075, 0, TRANSIT, HIGH, "", "8075 3320 13335", "1-2"},
	};

	CHECK(samples);
}

/* ---- detour ---- */

static void test_detour(void **state)
{
	static const struct sample samples[] = {
	        {"8075 3356 3356 8075 8075!", NULL, 8075, 0, DETOUR, HIGH, "", "8075 3356 8075", "1-2"},
	        {"8075 3356 1299 8075!", NULL, 8075, 0, DETOUR, HIGH, "", "8075 3356 1299 8075", "1-2"},
	        {"8075 3356 * 3356 8075!", NULL, 8075, 0, DETOUR, MEDIUM, "", "8075 3356 8075", "1-2"},
	        {"8075 * 3356 3356 8075!", NULL, 8075, 0, DETOUR, MEDIUM, "silent-border", "8075 * 3356 8075", "1-3"},
	        {"* 3356 3356 8075!", NULL, 8075, 0, DETOUR, MEDIUM, "silent-border", "* 3356 8075", "0-2"},
	        {"8075 ix 3356 8075!", NULL, 8075, 0, DETOUR, HIGH, "ixp", "8075 IXP:LabIX 3356 8075", "1-2"},
	        {"8075 ix iy 8075!", NULL, 8075, 0, DETOUR, HIGH, "ixp", "8075 IXP:LabIX IXP:YardIX 8075", "1-2"},
	        {"8075 3356 3356 8075", "8068", 8075, 0, DETOUR, MEDIUM, "siblings not-reached", "8075 3356 8075 *",
	                "1-2"},
	        /* the return follows from where the destination is, but was not seen */
	        {"8075 3356 3356", "8075", 8075, 0, TRANSIT, MEDIUM, "not-reached", "8075 3356 *", "1-2"},
	        /* an IXP LAN alone */
	        {"8075 ix 8075!", NULL, 8075, 0, DETOUR, LOW, "ixp", "8075 IXP:LabIX 8075", "1-2"},
	        {"8075 ix", "8075", 8075, 0, UNDECIDED, LOW, "ixp not-reached", "8075 IXP:LabIX *", ""},
	        /* one hop is weak, wherever it stands and whatever is silent beside it */
	        {"8075 3356 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 3356 8075", ""},
	        {"8075 8075 3356 8075 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 3356 8075",
	                ""},
	        {"8075 * 3356 * 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 * 3356 * 8075", ""},
	        {"8075 3356=1 3356=1 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 3356 8075", ""},
	        {"8075 3356 8075 3356 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop",
	                "8075 3356 8075 3356 8075", ""},
	        {"3356 8075 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "3356 8075", ""},
	        {"8075 3356", "8075", 8075, 0, UNDECIDED, LOW, "single-foreign-hop not-reached", "8075 3356 *", ""},
	        {"8075 3356 ? 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop unmapped-hop",
	                "8075 3356 ? 8075", ""},
	        {"8075 3356 8075 1299 1299 8075!", NULL, 8075, 0, DETOUR, HIGH, "", "8075 3356 8075 1299 8075", "3-4"},
	};

	CHECK(samples);
}

/* ---- What keeps any verdict away ---- */

static void test_undecided(void **state)
{
	static const struct sample samples[] = {
	        {"", "8075", 8075, 0, UNDECIDED, LOW, "no-evidence not-reached", "*", ""},
	        {"* *", "13335", 8075, 0, UNDECIDED, LOW, "no-evidence not-reached", "*", ""},
	        {"p * p", "8075", 8075, 0, UNDECIDED, LOW, "no-evidence not-reached", "private * private *", ""},
	        {"p p!", NULL, 8075, 0, UNDECIDED, LOW, "private-endpoint", "private", ""},
	        {"p 8075", "p", 8075, 0, UNDECIDED, LOW, "private-endpoint not-reached", "private 8075 *", ""},
	        {"8075 ?!", NULL, 8075, 0, UNDECIDED, LOW, "no-origin", "8075 ?", ""},
	        {"8075 ix!", NULL, 8075, 0, UNDECIDED, LOW, "ixp no-origin", "8075 IXP:LabIX", "1-2"},
	        {"8075 8075", "?", 8075, 0, UNDECIDED, LOW, "no-origin not-reached", "8075 *", ""},
	        {"8075 8075_3356!", NULL, 8075, 0, UNDECIDED, LOW, "multi-origin", "8075", ""},
	        /* loops: what was proven before stays, nothing good comes of one */
	        {"8075=1 8075=2 8075=1", "8075", 8075, LOOPED, UNDECIDED, LOW, "not-reached loop", "8075 *", ""},
	        {"8075=1 8075=2 8075=1 3356 3356", "8075", 8075, 0, UNDECIDED, LOW, "not-reached loop", "8075 *", ""},
	        {"8075 3356=1 1299 3356=1", "8075", 8075, LOOPED, UNDECIDED, LOW, "not-reached loop",
	                "8075 3356 1299 3356 *", "1-2"},
	        {"8075 3356=1 1299 3356=1", "13335", 8075, LOOPED, TRANSIT, MEDIUM, "not-reached loop",
	                "8075 3356 1299 3356 *", "1-2"},
	        {"8075=1 8075=2 8075=1 8075!", NULL, 8075, 0, INSIDE, MEDIUM, "loop", "8075", ""},
	        {"8075=1 * 8075=1 8075 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "8075", ""},
	        {"p=1 p=2 p=1 8075 8075 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "private 8075", ""},
	        /* stopped before it was done */
	        {"8075 8075", "8075", 8075, STOPPED, UNDECIDED, LOW, "not-reached interrupted", "8075 *", ""},
	        {"8075 13335", "13335", 8075, STOPPED, UNDECIDED, LOW, "not-reached interrupted", "8075 13335 *",
	                "1-2"},
	        {"8075 3356 3356", "8075", 8075, STOPPED, UNDECIDED, LOW, "not-reached interrupted", "8075 3356 *",
	                "1-2"},
	        {"8075 3356 3356", "13335", 8075, STOPPED, TRANSIT, MEDIUM, "not-reached interrupted", "8075 3356 *",
	                "1-2"},
	        {"8075 3356 3356 8075", "8075", 8075, STOPPED, DETOUR, MEDIUM, "not-reached interrupted",
	                "8075 3356 8075 *", "1-2"},
	        {"*", "8075", 8075, STOPPED, UNDECIDED, LOW, "no-evidence not-reached interrupted", "*", ""},
	        /* replies were lost: silence is doubtful, sightings are not */
	        {"* 8075 8075 8075!", NULL, 8075, LOST, UNDECIDED, LOW, "replies-lost", "* 8075", ""},
	        {"8075 8075 8075!", NULL, 8075, LOST, INSIDE, HIGH, "", "8075", ""},
	        {"8075 8075", "8075", 8075, LOST, UNDECIDED, LOW, "not-reached replies-lost", "8075 *", ""},
	        {"8075 * 13335!", NULL, 8075, LOST, UNDECIDED, LOW, "silent-border replies-lost", "8075 * 13335",
	                "1-3"},
	        {"8075 13335!", NULL, 8075, LOST, DIRECT, HIGH, "", "8075 13335", "1-2"},
	        {"8075 * 3356 3356 13335!", NULL, 8075, LOST, TRANSIT, MEDIUM, "silent-border", "8075 * 3356 13335",
	                "1-3"},
	        {"8075 3356 3356 * 8075!", NULL, 8075, LOST, DETOUR, HIGH, "", "8075 3356 * 8075", "1-2"},
	        {"*", "8075", 8075, LOST, UNDECIDED, LOW, "no-evidence not-reached replies-lost", "*", ""},
	        /* routers spread the packets of a flow: what was seen is there, but not next to each other */
	        {"8075 8075 8075!", NULL, 8075, SPREAD, INSIDE, MEDIUM, "per-packet", "8075", ""},
	        {"8075 13335!", NULL, 8075, SPREAD, DIRECT, MEDIUM, "per-packet", "8075 13335", "1-2"},
	        {"8075 3356 3356 8075!", NULL, 8075, SPREAD, DETOUR, MEDIUM, "per-packet", "8075 3356 8075", "1-2"},
	        {"* * 8075!", NULL, 8075, SPREAD, INSIDE, LOW, "silent-middle per-packet", "* 8075", ""},
	        {"8075 p", "p", 8075, SPREAD, UNDECIDED, LOW, "private-endpoint not-reached per-packet",
	                "8075 private *", ""},
	};

	CHECK(samples);
}

/* ---- Names and order ---- */

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(cp_verdict_name(CP_INSIDE), "inside");
	assert_string_equal(cp_verdict_name(CP_DETOUR), "detour");
	assert_string_equal(cp_verdict_name(CP_VERDICTS), "?");
	assert_string_equal(cp_confidence_name(CP_CONF_LOW), "low");
	assert_string_equal(cp_confidence_name(CP_CONF_HIGH), "high");
	assert_string_equal(cp_reason_name(CP_WHY_SILENT_BORDER), "silent-border");
	assert_string_equal(cp_reason_name(CP_WHY_REPLIES_LOST), "replies-lost");
	assert_string_equal(cp_reason_name(CP_WHY_PER_PACKET), "per-packet");
	assert_string_equal(cp_reason_name(CP_WHY_MAX), "?");
	for (int i = 0; i < CP_WHY_MAX; i++) {
		assert_non_null(cp_reason_name(i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(cp_reason_name(i), cp_reason_name(j));
	}
}

static void test_worse(void **state)
{
	static const enum cp_verdict order[] = {CP_INSIDE, CP_DIRECT, CP_UNDECIDED, CP_TRANSIT, CP_DETOUR};

	(void)state;
	for (int a = 0; a < CP_VERDICTS; a++) {
		for (int b = 0; b < CP_VERDICTS; b++)
			assert_int_equal(cp_verdict_worse(order[a], order[b]), order[a > b ? a : b]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_story),
	        cmocka_unit_test(test_inside),
	        cmocka_unit_test(test_direct),
	        cmocka_unit_test(test_vantage),
	        cmocka_unit_test(test_transit),
	        cmocka_unit_test(test_detour),
	        cmocka_unit_test(test_undecided),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_worse),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
