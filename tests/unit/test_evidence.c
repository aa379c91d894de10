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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_any_path),
	        cmocka_unit_test(test_any_detour),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
