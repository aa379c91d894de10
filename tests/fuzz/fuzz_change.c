// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_change.c: any bytes as the kept state of the detector, and as a mute
 * window. What is taken is written as text that is taken again and is the same,
 * and the detector goes on with it.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void look(void *ctx, const struct cp_change_event *event)
{
	(void)ctx;
	require(event->old_text && event->new_text && event->first_seen_ms <= event->last_seen_ms);
}

static struct cp_change *open_new(void)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_change *change;

	require(cp_change_new(&config, look, NULL, &change, NULL) == 0);
	return change;
}

static void go_on(struct cp_change *change)
{
	const char *steps[] = {"*", "8075", "13335"};
	struct cp_change_path path = {.steps = steps, .n_steps = 3, .reached = true};
	struct cp_change_exit exit = {.asn = 13335, .n_paths = 1};
	struct cp_change_target target = {.name = "a",
	        .port = 443,
	        .proto = IPPROTO_TCP,
	        .has_verdict = true,
	        .verdict = CP_TRANSIT,
	        .has_exits = true,
	        .exits = &exit,
	        .n_exits = 1,
	        .paths = &path,
	        .n_paths = 1,
	        .has_rtt = true,
	        .has_loss = true,
	        .has_dns = true};

	for (uint64_t run = 1; run <= 6; run++) {
		cp_change_begin(change, run, run);
		require(cp_change_target(change, &target) == 0);
		require(cp_change_coverage(change, NULL, 500) == 0);
		cp_change_end(change);
	}
}

static void try_state(const char *text, size_t size)
{
	struct cp_change *change = open_new(), *again = open_new();
	struct cp_err err = {{0}};
	char *once, *twice;
	size_t n_once, n_twice;

	if (cp_change_restore(change, text, size, &err) == 0) {
		require(cp_change_save(change, &once, &n_once) == 0);
		require(cp_change_restore(again, once, n_once, &err) == 0);
		require(cp_change_save(again, &twice, &n_twice) == 0);
		require(n_once == n_twice);
		go_on(again);
		free(once);
		free(twice);
	} else {
		require(err.text[0] != '\0');
	}
	cp_change_free(change);
	cp_change_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct cp_mute mute;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (cp_mute_parse(text, &mute, NULL) == 0)
		(void)cp_mute_holds(&mute, UINT64_C(1795910400000), text, NULL);
	try_state(text, size);
	free(text);
	return 0;
}
