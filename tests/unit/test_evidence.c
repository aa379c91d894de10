// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_evidence.c: what holds for any path at all: random ones never give a
 * verdict that their hops do not carry, and always the same one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict_lab.h"

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33);
}

#define PICK(seed, list) (list)[next_random(seed) % (sizeof(list) / sizeof((list)[0]))]

static void make_path(uint64_t *seed, char *text, size_t size, struct sample *sample)
{
	static const char *const tokens[] = {"*", "*", "*", "8075", "8075", "8075", "8075", "8068", "p", "3356", "1299",
	        "ix", "?", "12076", "13335", "8075_3356", "8075_8068", "12076_3356", "3356~", "8075~", "8075=1", "8075",
	        "3356:icr01.fra23", "8075:icr01.fra23", "8075:icr02.fra23", "8075:lumen", "8075+", "12076~"};
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
	static const char *const home[] = {"8075", "8068", "8075_8068"};
	size_t len = strcspn(token, "=~:+!");

	for (size_t i = 0; i < 3; i++) {
		if (strlen(home[i]) == len && !strncmp(home[i], token, len))
			return true;
	}
	return false;
}

/*
 * All that shows itself is home, but for one hop at most that stands between two of home's, is called as home's routers
 * are, and is said to be.
 */
static void check_inside_claim(const struct sample *sample, const struct cp_judgement *judgement)
{
	char text[512], *save = NULL, *tokens[CP_TTL_MAX + 1];
	bool is_home = false;
	uint32_t n = 0, n_named = 0;

	snprintf(text, sizeof(text), "%s", sample->path);
	for (char *token = strtok_r(text, " ", &save); token; token = strtok_r(NULL, " ", &save))
		tokens[n++] = token;
	for (uint32_t i = 0; i < n; i++) {
		if (*tokens[i] == '*' || *tokens[i] == 'p')
			continue;
		is_home |= token_is_home(tokens[i]) && !strchr(tokens[i], '~');
		if (token_is_home(tokens[i]))
			continue;
		n_named++;
		if (strcmp(tokens[i], "3356:icr01.fra23") || i == 0 || i + 1 == n || !token_is_home(tokens[i - 1]) ||
		        !token_is_home(tokens[i + 1]) || judgement->far_end != 1ull << i ||
		        judgement->confidence == CP_CONF_HIGH)
			fail_msg("inside, with %s in [%s]", tokens[i], sample->path);
	}
	assert_true(n_named <= 1);
	assert_true(is_home);
	if (sample->vantage == 0)
		assert_true(token_is_home(tokens[0]) && !strchr(tokens[0], '~') && !(sample->flags & FROM5));
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
			check_inside_claim(&sample, &judgement);
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

/* ---- Less evidence never makes a path better ---- */

/* A hop that speaks for home, and for nothing else. */
static bool is_plain_home(const char *token)
{
	return !strcmp(token, "8075") || !strcmp(token, "8068") || !strcmp(token, "8075_8068");
}

/* Silence put in, a plain home hop silent or gone, the destination silent: writes such a path, and says if it could. */
static bool weaken(uint64_t *seed, const struct sample *sample, char *text, size_t size, struct sample *ret_weaker)
{
	static char dest[32];
	char copy[512], *save = NULL, *token, *end;
	uint32_t how = next_random(seed) % 4, at = next_random(seed) % 8, i = 0;
	bool done = false;

	*ret_weaker = *sample;
	ret_weaker->path = text;
	*text = '\0';
	snprintf(copy, sizeof(copy), "%s", sample->path);
	for (token = strtok_r(copy, " ", &save); token; token = strtok_r(NULL, " ", &save), i++) {
		bool here = i == at && !done;

		if (how == 0 && here) {
			snprintf(text + strlen(text), size - strlen(text), "* ");
			done = true;
		} else if (how == 1 && here && is_plain_home(token)) {
			token = (char *)"*";
			done = true;
		} else if (how == 2 && here && is_plain_home(token)) {
			done = true;
			continue;
		} else if (how == 3 && (end = strchr(token, '!'))) {
			*end = '\0';
			snprintf(dest, sizeof(dest), "%s", token);
			ret_weaker->dest = dest;
			return true;
		}
		snprintf(text + strlen(text), size - strlen(text), "%s ", token);
	}
	return done;
}

static void test_less_evidence_is_not_better(void **state)
{
	uint64_t seed = 4711;
	uint32_t n_weaker = 0, n_lost = 0, n_hops;
	struct cp_judgement judgement, weaker_judgement;
	struct sample sample, weaker;
	struct cp_path path;
	char text[512], weaker_text[512];

	for (int i = 0; i < 200000; i++) {
		make_path(&seed, text, sizeof(text), &sample);
		if (!weaken(&seed, &sample, weaker_text, sizeof(weaker_text), &weaker))
			continue;
		n_weaker++;
		judge(*state, &sample, &path, &judgement);
		n_hops = path.n_hops;
		judge(*state, &weaker, &path, &weaker_judgement);
		if (judgement.rule == CP_RULE_LOOP && path.n_hops < n_hops)
			continue; /* without a hop of the loop there may be none */
		n_lost += judgement.verdict == CP_INSIDE && weaker_judgement.verdict != CP_INSIDE;
		if (judgement.verdict != CP_INSIDE && weaker_judgement.verdict == CP_INSIDE)
			fail_msg("[%s] is %s, [%s] inside (%s, vantage %u, flags %d)", sample.path,
			        cp_verdict_name(judgement.verdict), weaker.path, weaker.dest ? weaker.dest : "",
			        sample.vantage, sample.flags);
	}
	assert_true(n_weaker > 10000 && n_lost > 100);
}

/* Round trips, reply TTLs and labels grade and explain; names decide about one hop, or that an end is not home's. */
static void test_hints_stay_hints(void **state)
{
	uint64_t seed = 99;
	uint32_t n_named = 0;
	struct cp_judgement judgement, bare;
	struct sample sample;
	struct cp_path path;
	char text[512];

	for (int i = 0; i < 100000; i++) {
		const struct lab *lab = *state;
		struct cp_verdict_input input = {.path = &path, .home = &lab->home, .asdb = lab->asdb};
		struct cp_addr dest;

		make_path(&seed, text, sizeof(text), &sample);
		input.vantage.asn = sample.vantage;
		input.replies_lost = sample.flags & LOST;
		parse_path(&sample, &path, &dest);
		input.dest = &dest;
		cp_judge(&input, &judgement);
		for (uint32_t k = 0; k < path.n_hops; k++) {
			path.hops[k].rtt_us = next_random(&seed) % 100000;
			path.hops[k].reply_ttl = (uint8_t)next_random(&seed);
			path.hops[k].n_mpls = next_random(&seed) % 3 == 0;
		}
		cp_judge(&input, &bare);
		assert_int_equal(judgement.rule, bare.rule);
		assert_int_equal(judgement.verdict, bare.verdict);
		assert_true(bare.confidence <= judgement.confidence);
		for (uint32_t k = 0; k < path.n_hops; k++)
			path.hops[k].ptr = NULL;
		cp_judge(&input, &bare);
		assert_int_equal(bare.far_end, 0);
		if (judgement.rule == bare.rule)
			continue;
		n_named++;
		assert_true(bare.rule == CP_RULE_LONE_FOREIGN_HOP || judgement.rule == CP_RULE_END_NOT_SEEN);
		if (judgement.verdict > CP_UNDECIDED)
			fail_msg("[%s] %s vantage %u: %s, without names %s", sample.path,
			        sample.dest ? sample.dest : "", sample.vantage, cp_rule_name(judgement.rule),
			        cp_rule_name(bare.rule));
	}
	assert_true(n_named > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_any_path),
	        cmocka_unit_test(test_any_detour),
	        cmocka_unit_test(test_less_evidence_is_not_better),
	        cmocka_unit_test(test_hints_stay_hints),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
