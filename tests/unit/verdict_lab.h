/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verdict_lab.h: a small world of ASes, and a little language in which the
 * tests of the verdict engine write their paths. Owns no expectation.
 *
 * A path is a row of tokens, one a TTL:
 *   *        silent                    p      a private address
 *   8075     a router of that AS       ix iy  on the LANs of LabIX and YardIX
 *   1_2      announced by both ASes    ?      public, of no known AS
 *   =N       after any of them: its address number N (else each hop has its own)
 *   ~        after any of them: inferred, not seen for this path
 *   !        after the last: the destination's own answer
 *   :R.S     after any of them: its name is that of Microsoft's router R at site S
 *   :owner   likewise, without a dot: a name of that owner's, below owner.net
 *   %N       its round trip took N ms
 *   ^N       its answer passed N routers
 *   +        it carries an MPLS label
 * Where nothing ends in '!', the destination is said apart and stayed silent.
 */
#ifndef CP_TEST_VERDICT_LAB_H
#define CP_TEST_VERDICT_LAB_H

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
        "3320", "174", "3549", "8075_3356", "13335_3356", "8075_8068", "12076_3356", "16625_20940", "3320_3356",
        "8075_12076", "14413"};
#define N_ORIGINS (sizeof(origins) / sizeof(origins[0]))

static const char names_csv[] = "asn,name,org,role\n"
                                "8075,Microsoft,Microsoft,microsoft-backbone\n"
                                "8068,Microsoft,Microsoft,microsoft\n"
                                "12076,Microsoft ExpressRoute,Microsoft,microsoft-expressroute\n"
                                "13335,Cloudflare,Cloudflare,cdn\n"
                                "16625,Akamai,Akamai,cdn-akamai\n"
                                "20940,Akamai International,Akamai,cdn-akamai\n"
                                "14413,LinkedIn,LinkedIn,microsoft-subsidiary\n"
                                "3356,Lumen,Level 3,tier1\n"
                                "3549,Lumen GBLX,Level 3,tier1\n"
                                "3320,Deutsche Telekom,DTAG,tier1\n";
static const char ixps_csv[] = "prefix,ixp\n198.18.200.0/24,LabIX\n198.18.201.0/24,YardIX\n";

struct lab {
	struct cp_asdb *asdb;
	struct cp_home home;
};

static inline int lab_setup(void **state)
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
	        cp_asdb_add_names(lab->asdb, names_csv, strlen(names_csv), "names", &err) || cp_asdb_seal(lab->asdb) ||
	        cp_home_parse(lab->asdb, "microsoft", &lab->home, &err))
		return -1;
	return 0;
}

static inline int lab_teardown(void **state)
{
	struct lab *lab = *state;

	cp_home_free(&lab->home);
	cp_asdb_free(lab->asdb);
	free(lab);
	return 0;
}

/* ---- The little language ---- */

enum { LOST = 1, STOPPED = 2, LOOPED = 4, CNAME = 8, FROM5 = 16, SPREAD = 32 };

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

/* Names live as long as the test. */
static inline const char *token_name(const char *text)
{
	static char names[4096][80];
	static uint32_t n;
	char *name = names[n++ % 4096];
	int len = (int)strcspn(text, "=~!:%^+");

	if (memchr(text, '.', (size_t)len))
		snprintf(name, sizeof(names[0]), "ae%u-0.%.*s.ntwk.msn.net", n, len, text);
	else
		snprintf(name, sizeof(names[0]), "et-%u.edge1.%.*s.net", n, len, text);
	return name;
}

static inline struct cp_addr token_addr(const char *token, unsigned int number)
{
	size_t len = strcspn(token, "=~!:%^+");
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

static inline void token_hints(const char *token, struct cp_hop *hop)
{
	const char *name = strchr(token, ':'), *rtt = strchr(token, '%'), *back = strchr(token, '^');

	hop->ptr = name ? token_name(name + 1) : NULL;
	hop->rtt_us = rtt ? 1000u * (uint32_t)atoi(rtt + 1) : 0;
	hop->reply_ttl = back ? (uint8_t)(64 - atoi(back + 1)) : 0;
	hop->n_mpls = strchr(token, '+') ? 1 : 0;
}

static inline void parse_path(const struct sample *sample, struct cp_path *path, struct cp_addr *dest)
{
	char text[512], *save = NULL;

	memset(path, 0, sizeof(*path));
	path->per_packet = sample->flags & SPREAD;
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
		token_hints(token, hop);
		if (strchr(token, '!')) {
			hop->kind = CP_REPLY_SYN_ACK;
			*dest = hop->addr;
			path->reached = true;
			path->end = CP_END_REACHED;
		}
	}
}

static inline void format_reasons(uint32_t reasons, char *buf, size_t size)
{
	*buf = '\0';
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (reasons & 1u << i)
			snprintf(buf + strlen(buf), size - strlen(buf), "%s%s", *buf ? " " : "", cp_reason_name(i));
	}
}

static inline void judge(
        const struct lab *lab, const struct sample *sample, struct cp_path *path, struct cp_judgement *ret)
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

static inline void format_as_path(const struct cp_judgement *judgement, char *buf, size_t size)
{
	char step[32];

	*buf = '\0';
	for (uint32_t i = 0; i < judgement->n_as_path; i++)
		snprintf(buf + strlen(buf), size - strlen(buf), "%s%s", *buf ? " " : "",
		        cp_as_step_format(&judgement->as_path[i], step, sizeof(step)));
}

static inline void check_used(const struct cp_path *path, const struct cp_judgement *judgement)
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

#endif
