// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_verdict.c: paths written as text -> verdict, confidence, reasons, AS
 * path and exit; and what must hold for any path at all.
 *
 * A path is a row of tokens, one a TTL:
 *   *        silent                    p      a private address
 *   8075     a router of that AS       ix iy  on the LANs of LabIX and YardIX
 *   1_2      announced by both ASes    ?      public, of no known AS
 *   =N       after any of them: its address number N (else each hop has its own)
 *   ~        after any of them: inferred, not seen for this path
 *   !        after the last: the destination's own answer
 * Where nothing ends in '!', the destination is said apart and stayed silent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/verdict.h"

/* 198.18.<index>.0/24 belongs to the index-th origin. */
static const char *const origins[] = {"8075", "8068", "12076", "13335", "16625", "20940", "3356", "1299", "3491",
        "3320", "174", "3549", "8075_3356", "13335_3356", "8075_8068", "12076_3356", "16625_20940", "3320_3356"};
#define N_ORIGINS (sizeof(origins) / sizeof(origins[0]))

static const char names_csv[] = "asn,name,org,role\n"
                                "8075,Microsoft,Microsoft,microsoft-backbone\n"
                                "8068,Microsoft,Microsoft,microsoft\n"
                                "12076,Microsoft ExpressRoute,Microsoft,microsoft-expressroute\n"
                                "13335,Cloudflare,Cloudflare,cdn\n"
                                "16625,Akamai,Akamai,cdn-akamai\n"
                                "20940,Akamai International,Akamai,cdn-akamai\n"
                                "3356,Lumen,Level 3,tier1\n"
                                "3549,Lumen GBLX,Level 3,tier1\n"
                                "3320,Deutsche Telekom,DTAG,tier1\n";
static const char ixps_csv[] = "prefix,ixp\n198.18.200.0/24,LabIX\n198.18.201.0/24,YardIX\n";

struct lab {
	struct cp_asdb *asdb;
	struct cp_home home;
};

static int lab_setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	char text[2048];
	size_t len = 0;
	struct cp_err err;

	*state = lab;
	for (size_t i = 0; i < N_ORIGINS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "198.18.%zu.0/24 %s\n", i, origins[i]);
	if (!lab || cp_asdb_new(&lab->asdb) ||
	        cp_asdb_add_rows(lab->asdb, CP_ASDB_OVERLAY, text, len, "overlay", &err) ||
	        cp_asdb_add_ixps(lab->asdb, ixps_csv, strlen(ixps_csv), "ixps", &err) ||
	        cp_asdb_add_names(lab->asdb, names_csv, strlen(names_csv), "names", &err) ||
	        cp_asdb_seal(lab->asdb) || cp_home_parse(lab->asdb, "microsoft", &lab->home, &err))
		return -1;
	return 0;
}

static int lab_teardown(void **state)
{
	struct lab *lab = *state;

	cp_home_free(&lab->home);
	cp_asdb_free(lab->asdb);
	free(lab);
	return 0;
}

/* ---- The little language ---- */

enum { LOST = 1, STOPPED = 2, LOOPED = 4, CNAME = 8, FROM5 = 16 };

struct sample {
	const char *path;
	const char *dest; /* token of a destination that did not answer, else NULL */
	uint32_t vantage;
	int flags;
	enum cp_verdict verdict;
	enum cp_confidence confidence;
	const char *reasons; /* in the order of the enum */
	const char *as_path;
	const char *exit; /* "min-max", "" for none */
};

static struct cp_addr token_addr(const char *token, unsigned int number)
{
	size_t len = strcspn(token, "=~!");
	unsigned int net = 0;

	if (*token == '*')
		return (struct cp_addr){0};
	if (*token == 'p')
		return cp_addr_from_v4(0x0a000000u + number);
	if (*token == '?')
		return cp_addr_from_v4(0x2d000000u + number);
	if (*token == 'i')
		return cp_addr_from_v4(0xc612c800u + (token[1] == 'y' ? 256 : 0) + number);
	while (net < N_ORIGINS && (strlen(origins[net]) != len || strncmp(origins[net], token, len)))
		net++;
	assert_true(net < N_ORIGINS);
	return cp_addr_from_v4(0xc6120000u + net * 256 + number);
}

static void parse_path(const struct sample *sample, struct cp_path *path, struct cp_addr *dest)
{
	char text[512], *save = NULL;

	memset(path, 0, sizeof(*path));
	path->end = sample->flags & STOPPED ? CP_END_INTERRUPTED : sample->flags & LOOPED ? CP_END_LOOP : CP_END_GAP;
	if (sample->dest)
		*dest = token_addr(sample->dest, 250);
	snprintf(text, sizeof(text), "%s", sample->path);
	for (char *token = strtok_r(text, " ", &save); token; token = strtok_r(NULL, " ", &save)) {
		struct cp_hop *hop = &path->hops[path->n_hops++];
		const char *number = strchr(token, '=');

		hop->ttl = (uint8_t)(path->n_hops + (sample->flags & FROM5 ? 4 : 0));
		hop->addr = token_addr(token, number ? 100u + (unsigned int)atoi(number + 1) : path->n_hops);
		hop->kind = *token == '*' ? CP_REPLY_NONE : CP_REPLY_TIME_EXCEEDED;
		hop->flags = strchr(token, '~') ? CP_HOP_INFERRED : 0;
		if (strchr(token, '!')) {
			hop->kind = CP_REPLY_SYN_ACK;
			*dest = hop->addr;
			path->reached = true;
			path->end = CP_END_REACHED;
		}
	}
}

static void judge(const struct lab *lab, const struct sample *sample, struct cp_path *path, struct cp_judgement *ret)
{
	static const char *const chain[] = {"www.example.cdn.example"};
	struct cp_addr dest;
	struct cp_verdict_input input = {
	        .path = path,
	        .dest = &dest,
	        .cname = sample->flags & CNAME ? chain : NULL,
	        .n_cname = sample->flags & CNAME ? 1 : 0,
	        .vantage.asn = sample->vantage,
	        .home = &lab->home,
	        .asdb = lab->asdb,
	        .replies_lost = sample->flags & LOST,
	};

	parse_path(sample, path, &dest);
	cp_judge(&input, ret);
}

static void format_reasons(uint32_t reasons, char *buf, size_t size)
{
	*buf = '\0';
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (reasons & 1u << i)
			snprintf(buf + strlen(buf), size - strlen(buf), "%s%s", *buf ? " " : "", cp_reason_name(i));
	}
}

static void format_as_path(const struct cp_judgement *judgement, char *buf, size_t size)
{
	char step[32];

	*buf = '\0';
	for (uint32_t i = 0; i < judgement->n_as_path; i++)
		snprintf(buf + strlen(buf), size - strlen(buf), "%s%s", *buf ? " " : "",
		        cp_as_step_format(&judgement->as_path[i], step, sizeof(step)));
}

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

static void check_used(const struct cp_path *path, const struct cp_judgement *judgement)
{
	for (uint32_t i = 0; i < 64; i++) {
		if (judgement->used & 1ull << i) {
			assert_true(i < path->n_hops);
			assert_false(cp_addr_is_zero(&path->hops[i].addr));
		}
	}
	if (judgement->verdict != CP_UNDECIDED)
		assert_true(judgement->used != 0);
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
			print_error("[%s] %s\n    is     %s\n    wanted %s\n", s->path, s->dest ? s->dest : "", got, want);
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
	        {"8075 8075 20940 16625!", NULL, 8075, CNAME, DIRECT, HIGH, "siblings cname-cdn",
	                "8075 20940 16625", "2-3"},
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
	        {"8075 *", "8068", 8075, 0, INSIDE, MEDIUM, "not-reached", "8075 *", ""},
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
	        {"8075 * ix 13335!", NULL, 8075, 0, DIRECT, MEDIUM, "silent-border ixp", "8075 * IXP:LabIX 13335", "1-3"},
	        {"8075 ix * * 13335!", NULL, 8075, 0, DIRECT, LOW, "silent-border ixp", "8075 IXP:LabIX * 13335", "1-2"},
	        /* the border link may carry either side's number */
	        {"8075 13335 8075 13335!", NULL, 8075, 0, DIRECT, HIGH, "", "8075 13335 8075 13335", "3-4"},
	        /* not reached */
	        {"8075 13335", "13335", 8075, 0, DIRECT, MEDIUM, "not-reached", "8075 13335 *", "1-2"},
	        {"8075 20940", "16625", 8075, 0, DIRECT, MEDIUM, "siblings not-reached", "8075 20940 *", "1-2"},
	        {"* 8075 8075", "13335", 8075, 0, UNDECIDED, LOW, "not-reached", "* 8075 *", "3-0"},
	        {"8075 ix", "13335", 8075, 0, UNDECIDED, LOW, "ixp not-reached", "8075 IXP:LabIX *", "1-2"},
	        /* a hop of nobody's between the two, and inside the destination's network */
	        {"8075 ? 13335!", NULL, 8075, 0, UNDECIDED, LOW, "unmapped-hop", "8075 ? 13335", "1-3"},
	        {"8075 13335 ? 13335!", NULL, 8075, 0, DIRECT, MEDIUM, "unmapped-hop", "8075 13335 ? 13335", "1-2"},
	        {"8075 13335_3356 13335!", NULL, 8075, 0, UNDECIDED, LOW, "multi-origin", "8075 13335", "1-2"},
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
	        {"3320 3356 3320 8075!", NULL, 3320, 0, UNDECIDED, LOW, "single-foreign-hop", "3320 3356 3320 8075", ""},
	        {"3356 3549 8075!", NULL, 3356, 0, DIRECT, HIGH, "siblings", "3356 3549 8075", ""},
	        /* home and back again: seen from outside too */
	        {"3320 8075 3356 3356 8075!", NULL, 3320, 0, DETOUR, HIGH, "", "3320 8075 3356 8075", "2-3"},
	        {"3320 8075 3320 8075!", NULL, 3320, 0, UNDECIDED, LOW, "single-foreign-hop", "3320 8075 3320 8075", ""},
	        /* neither end is home: home is a third AS like any other */
	        {"3320 8075 8075 13335!", NULL, 3320, 0, TRANSIT, HIGH, "", "3320 8075 13335", "3-4"},
	        {"3320 13335!", NULL, 3320, 0, DIRECT, HIGH, "", "3320 13335", ""},
	        {"* * 13335 13335!", NULL, 13335, 0, DIRECT, HIGH, "", "* 13335", ""},
	        /* the first AS seen, foreign, is the vantage's */
	        {"3320 8075 8075!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "3320 8075", ""},
	        {"p 3320 8075!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "private 3320 8075", ""},
	        {"* * 3320 8075!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "* 3320 8075", ""},
	        {"* 3491 3491 1299 1299 13335!", NULL, 0, 0, TRANSIT, MEDIUM, "vantage-assumed",
	                "* 3491 1299 13335", ""},
	        {"p ? 3320 8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-assumed unmapped-hop",
	                "private ? 3320 8075", ""},
	        /* but not when it is the destination's own, behind silence */
	        {"* 13335 13335!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown", "* 13335", ""},
	        {"p 13335 13335!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "private 13335", ""},
	        /* home first: taken behind private hops, for a foreign destination only; never behind silence */
	        {"p 8075 8075 13335!", NULL, 0, 0, DIRECT, MEDIUM, "vantage-assumed", "private 8075 13335", "3-4"},
	        {"* 8075 8075 13335!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown", "* 8075 13335", "3-4"},
	        {"* 8075 3356 3356 13335!", NULL, 0, 0, TRANSIT, MEDIUM, "vantage-unknown", "* 8075 3356 13335", "2-3"},
	        {"* 8075 3356 3356 8075!", NULL, 0, 0, DETOUR, HIGH, "", "* 8075 3356 8075", "2-3"},
	        /* who announces the first hop is not clear */
	        {"8075_3356 8075 8075!", NULL, 0, 0, UNDECIDED, LOW, "vantage-unknown multi-origin",
	                "8075", ""},
	};

	CHECK(samples);
}

/* ---- transit ---- */

static void test_transit(void **state)
{
	static const struct sample samples[] = {
	        {"8075 3356 3356 13335!", NULL, 8075, 0, TRANSIT, HIGH, "", "8075 3356 13335", "1-2"},
	        {"8075 3356 1299 13335!", NULL, 8075, 0, TRANSIT, HIGH, "", "8075 3356 1299 13335", "1-2"},
	        {"8075 * 3356 3356 13335!", NULL, 8075, 0, TRANSIT, MEDIUM, "silent-border", "8075 * 3356 13335", "1-3"},
	        {"8075 ? 3356 3356 13335!", NULL, 8075, 0, TRANSIT, MEDIUM, "unmapped-hop", "8075 ? 3356 13335", "1-3"},
	        {"8075 3356 * 3356 13335!", NULL, 8075, 0, TRANSIT, MEDIUM, "", "8075 3356 13335", "1-2"},
	        {"8075 3356 3356", "13335", 8075, 0, TRANSIT, MEDIUM, "not-reached", "8075 3356 *", "1-2"},
	        {"8075 ix 3356 13335!", NULL, 8075, 0, TRANSIT, HIGH, "ixp", "8075 IXP:LabIX 3356 13335", "1-2"},
	        /* one hop between the two: weak; elsewhere: nothing */
	        {"8075 3356 13335!", NULL, 8075, 0, TRANSIT, LOW, "single-foreign-hop", "8075 3356 13335", "1-2"},
	        {"8075 3356=1 3356=1 13335!", NULL, 8075, 0, TRANSIT, LOW, "single-foreign-hop", "8075 3356 13335",
	                "1-2"},
	        {"8075 3356", "13335", 8075, 0, UNDECIDED, LOW, "single-foreign-hop not-reached", "8075 3356 *", "1-2"},
	        {"8075 3356 8075 13335!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop",
	                "8075 3356 8075 13335", "3-4"},
	        {"8075 13335 3356 13335!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop",
	                "8075 13335 3356 13335", "1-2"},
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
	        {"8075 3356 3356 8075", "8068", 8075, 0, DETOUR, MEDIUM, "siblings not-reached", "8075 3356 8075 *", "1-2"},
	        /* the return follows from where the destination is, but was not seen */
	        {"8075 3356 3356", "8075", 8075, 0, DETOUR, LOW, "not-reached", "8075 3356 *", "1-2"},
	        /* an IXP LAN alone */
	        {"8075 ix 8075!", NULL, 8075, 0, DETOUR, LOW, "ixp", "8075 IXP:LabIX 8075", "1-2"},
	        {"8075 ix", "8075", 8075, 0, UNDECIDED, LOW, "ixp not-reached", "8075 IXP:LabIX *", ""},
	        /* one hop is weak, wherever it stands and whatever is silent beside it */
	        {"8075 3356 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 3356 8075", ""},
	        {"8075 8075 3356 8075 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 3356 8075", ""},
	        {"8075 * 3356 * 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 * 3356 * 8075", ""},
	        {"8075 3356=1 3356=1 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "8075 3356 8075", ""},
	        {"8075 3356 8075 3356 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop",
	                "8075 3356 8075 3356 8075", ""},
	        {"3356 8075 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop", "3356 8075", ""},
	        {"8075 3356", "8075", 8075, 0, UNDECIDED, LOW, "single-foreign-hop not-reached", "8075 3356 *", ""},
	        {"8075 3356 ? 8075!", NULL, 8075, 0, UNDECIDED, LOW, "single-foreign-hop unmapped-hop",
	                "8075 3356 ? 8075", ""},
	        {"8075 3356 8075 1299 1299 8075!", NULL, 8075, 0, DETOUR, HIGH, "",
	                "8075 3356 8075 1299 8075", "3-4"},
	};

	CHECK(samples);
}

/* ---- What keeps any verdict away ---- */

static void test_undecided(void **state)
{
	static const struct sample samples[] = {
	        {"", "8075", 8075, 0, UNDECIDED, LOW, "no-evidence not-reached", "*", ""},
	        {"* *", "13335", 8075, 0, UNDECIDED, LOW, "no-evidence not-reached", "*", "0-0"},
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
	        {"p=1 p=2 p=1 8075 8075 8075!", NULL, 8075, 0, INSIDE, HIGH, "", "private 8075", ""},
	        /* stopped before it was done */
	        {"8075 8075", "8075", 8075, STOPPED, UNDECIDED, LOW, "not-reached interrupted", "8075 *", ""},
	        {"8075 13335", "13335", 8075, STOPPED, UNDECIDED, LOW, "not-reached interrupted", "8075 13335 *", "1-2"},
	        {"8075 3356 3356", "8075", 8075, STOPPED, UNDECIDED, LOW, "not-reached interrupted", "8075 3356 *", "1-2"},
	        {"8075 3356 3356", "13335", 8075, STOPPED, TRANSIT, MEDIUM, "not-reached interrupted",
	                "8075 3356 *", "1-2"},
	        {"8075 3356 3356 8075", "8075", 8075, STOPPED, DETOUR, MEDIUM, "not-reached interrupted",
	                "8075 3356 8075 *", "1-2"},
	        {"*", "8075", 8075, STOPPED, UNDECIDED, LOW, "no-evidence not-reached interrupted", "*", ""},
	        /* replies were lost: silence is doubtful, sightings are not */
	        {"* 8075 8075 8075!", NULL, 8075, LOST, UNDECIDED, LOW, "replies-lost", "* 8075", ""},
	        {"8075 8075 8075!", NULL, 8075, LOST, INSIDE, HIGH, "", "8075", ""},
	        {"8075 8075", "8075", 8075, LOST, UNDECIDED, LOW, "not-reached replies-lost", "8075 *", ""},
	        {"8075 * 13335!", NULL, 8075, LOST, UNDECIDED, LOW, "silent-border replies-lost", "8075 * 13335", "1-3"},
	        {"8075 13335!", NULL, 8075, LOST, DIRECT, HIGH, "", "8075 13335", "1-2"},
	        {"8075 * 3356 3356 13335!", NULL, 8075, LOST, TRANSIT, MEDIUM, "silent-border", "8075 * 3356 13335", "1-3"},
	        {"8075 3356 3356 * 8075!", NULL, 8075, LOST, DETOUR, HIGH, "", "8075 3356 * 8075", "1-2"},
	        {"*", "8075", 8075, LOST, UNDECIDED, LOW, "no-evidence not-reached replies-lost", "*", ""},
	};

	CHECK(samples);
}

/* ---- AS paths ---- */

static void test_as_path_ttls(void **state)
{
	static const struct sample sample = {"* * 8075 * 8075 * ix 13335", "13335", 8075, 0, DIRECT, LOW, "", "", ""};
	static const uint8_t want[][2] = {{1, 2}, {3, 5}, {6, 6}, {7, 7}, {8, 8}, {9, 9}};
	struct cp_judgement judgement;
	struct cp_path path;
	char text[32];

	judge(*state, &sample, &path, &judgement);
	assert_int_equal(judgement.n_as_path, 6);
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(judgement.as_path[i].first_ttl, want[i][0]);
		assert_int_equal(judgement.as_path[i].last_ttl, want[i][1]);
	}
	assert_string_equal(cp_as_step_format(&judgement.as_path[3], text, sizeof(text)), "IXP:LabIX");
	assert_string_equal(cp_as_step_format(&judgement.as_path[3], text, 6), "IXP:L");
}

/* Sixty-four hops, each another step, and the destination silent: every slot of the AS path is used. */
static void test_as_path_full(void **state)
{
	struct sample sample = {NULL, "13335", 8075, 0, TRANSIT, HIGH, "", "", ""};
	struct cp_judgement judgement;
	struct cp_path path;
	char text[512] = "";

	for (int i = 0; i < CP_TTL_MAX; i++)
		strcat(text, i % 2 ? "3356 " : "1299 ");
	sample.path = text;
	judge(*state, &sample, &path, &judgement);
	assert_int_equal(judgement.n_as_path, CP_TTL_MAX + 1);
	assert_int_equal(judgement.as_path[CP_TTL_MAX].kind, CP_STEP_SILENT);
	assert_int_equal(judgement.verdict, CP_TRANSIT);
	assert_int_equal(judgement.used, UINT64_MAX);
}

/* Other tools may know that the destination answered without saying from which address. */
static void test_answer_from_elsewhere(void **state)
{
	struct sample sample = {"8075 8075", "8068", 8075, 0, INSIDE, HIGH, "", "", ""};
	const struct lab *lab = *state;
	struct cp_judgement judgement;
	struct cp_path path;
	struct cp_addr dest;
	struct cp_verdict_input input = {
	        .path = &path, .dest = &dest, .vantage.asn = 8075, .home = &lab->home, .asdb = lab->asdb};
	char text[64];

	parse_path(&sample, &path, &dest);
	path.reached = true;
	path.end = CP_END_REACHED;
	cp_judge(&input, &judgement);
	assert_int_equal(judgement.verdict, CP_INSIDE);
	assert_int_equal(judgement.confidence, CP_CONF_HIGH);
	format_as_path(&judgement, text, sizeof(text));
	assert_string_equal(text, "8075 8068");
}

/* ---- What holds for any path ---- */

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33);
}

#define PICK(seed, list) (list)[next_random(seed) % (sizeof(list) / sizeof((list)[0]))]

static void make_path(uint64_t *seed, char *text, size_t size, struct sample *sample)
{
	static const char *const tokens[] = {"*", "*", "*", "8075", "8075", "8075", "8075", "8068", "p", "3356", "1299",
	        "ix", "?", "12076", "13335", "8075_3356", "8075_8068", "12076_3356", "3356~", "8075~", "8075=1"};
	static const char *const dests[] = {"8075", "8068", "8075", "8075_8068", "13335", "8075_3356", "p", "?"};
	static const uint32_t vantages[] = {0, 8075, 8068, 3320, 3356, 12076};
	static const int flags[] = {0, 0, 0, LOST, STOPPED, LOOPED, FROM5, CNAME};
	uint32_t n = next_random(seed) % 8;
	const char *dest = PICK(seed, dests);

	*text = '\0';
	for (uint32_t i = 0; i < n; i++)
		snprintf(text + strlen(text), size - strlen(text), "%s ", PICK(seed, tokens));
	*sample = (struct sample){.path = text, .vantage = PICK(seed, vantages), .flags = PICK(seed, flags)};
	if (next_random(seed) % 2)
		snprintf(text + strlen(text), size - strlen(text), "%s!", dest);
	else
		sample->dest = dest;
}

/* Of tokens that are certainly home's; anything else that shows itself may not be. */
static bool token_is_home(const char *token)
{
	return !strcmp(token, "8075") || !strcmp(token, "8068") || !strcmp(token, "8075_8068") ||
	        !strcmp(token, "8075=1") || !strcmp(token, "8075~");
}

static void check_inside_claim(const struct sample *sample)
{
	char text[512], *save = NULL;
	bool is_first = true, is_home = false, is_home_first = false;

	snprintf(text, sizeof(text), "%s", sample->path);
	for (char *token = strtok_r(text, " ", &save); token; token = strtok_r(NULL, " ", &save)) {
		token[strcspn(token, "!")] = '\0';
		if (*token != '*' && *token != 'p') {
			if (!token_is_home(token))
				fail_msg("inside, with %s in [%s]", token, sample->path);
			is_home |= strcmp(token, "8075~") != 0;
			is_home_first |= is_first && strcmp(token, "8075~") != 0;
		}
		is_first = false;
	}
	assert_true(is_home);
	if (sample->vantage == 0)
		assert_true(is_home_first && !(sample->flags & FROM5));
	else
		assert_true(sample->vantage == 8075 || sample->vantage == 8068);
	if (sample->dest)
		assert_true(token_is_home(sample->dest) && !(sample->flags & (STOPPED | LOST)));
}

/* Nothing that left home is inside, and nothing is from nowhere; the same evidence gives the same verdict. */
static void test_any_path(void **state)
{
	uint64_t seed = 20251122;
	uint32_t seen[CP_VERDICTS] = {0};
	struct cp_judgement judgement, again;
	struct cp_path path;
	struct sample sample;
	char text[512];

	for (int i = 0; i < 200000; i++) {
		make_path(&seed, text, sizeof(text), &sample);
		judge(*state, &sample, &path, &judgement);
		memset(&again, 0xa5, sizeof(again));
		judge(*state, &sample, &path, &again);
		assert_memory_equal(&judgement, &again, sizeof(judgement));
		seen[judgement.verdict]++;
		if (judgement.verdict == CP_INSIDE)
			check_inside_claim(&sample);
		if (judgement.verdict == CP_UNDECIDED)
			assert_int_not_equal(judgement.reasons, 0);
		assert_int_equal(judgement.reasons >> CP_WHY_MAX, 0);
		check_used(&path, &judgement);
	}
	for (int verdict = 0; verdict < CP_VERDICTS; verdict++)
		assert_true(seen[verdict] > 100);
}

/* A detour shows two signs of foreign ground, or an IXP LAN; a single foreign hop never makes one. */
static void test_any_detour(void **state)
{
	uint64_t seed = 7;
	uint32_t n_detours = 0;
	struct cp_judgement judgement;
	struct cp_path path;
	struct sample sample;
	char text[512];

	for (int i = 0; i < 200000; i++) {
		uint32_t n_foreign = 0, n_ixp = 0;

		make_path(&seed, text, sizeof(text), &sample);
		judge(*state, &sample, &path, &judgement);
		if (judgement.verdict != CP_DETOUR)
			continue;
		n_detours++;
		for (uint32_t hop = 0; hop < path.n_hops; hop++) {
			const struct cp_origin *origin = &judgement.origins[hop];

			n_ixp += origin->kind == CP_ORIGIN_IXP;
			n_foreign += origin->kind == CP_ORIGIN_AS && !(path.hops[hop].flags & CP_HOP_INFERRED) &&
			        !cp_home_has(&((struct lab *)*state)->home, origin->asn[0]);
		}
		assert_true(n_ixp > 0 || n_foreign > 1);
		assert_true(judgement.exit.present);
	}
	assert_true(n_detours > 100);
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
	        cmocka_unit_test(test_as_path_ttls),
	        cmocka_unit_test(test_as_path_full),
	        cmocka_unit_test(test_answer_from_elsewhere),
	        cmocka_unit_test(test_any_path),
	        cmocka_unit_test(test_any_detour),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_worse),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
