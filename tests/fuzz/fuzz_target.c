// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_target.c: any bytes as a target file and as one target. What is accepted
 * must come out the same when it is written down and read again.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void check_round_trip(const struct cp_target *target)
{
	/* Defaults that the text must override. */
	const struct cp_target_defaults other = {.port = 9, .proto = IPPROTO_UDP};
	struct cp_targets again = {0};
	struct cp_addr addr;
	char text[300];
	int n = snprintf(text, sizeof(text), strchr(target->host, ':') ? "[%s]" : "%s", target->host);

	if (target->port)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ":%u", target->port);
	snprintf(text + n, sizeof(text) - (size_t)n, "/%s", cp_proto_name(target->proto));
	require(cp_targets_add(&again, text, &other, NULL) == 0);
	require(again.n == 1 && strcmp(again.items[0].host, target->host) == 0);
	require(again.items[0].port == target->port && again.items[0].proto == target->proto);
	require(again.items[0].is_literal == target->is_literal);
	require(!target->is_literal || cp_addr_parse(target->host, &addr) == 0);
	require((target->proto == IPPROTO_ICMP) == (target->port == 0));
	cp_targets_free(&again);
}

static void check_err(int rc, const struct cp_err *err)
{
	size_t len = strnlen(err->text, sizeof(err->text));

	require((rc < 0) == (len > 0));
	require(len < sizeof(err->text));
}

static void check_list(const struct cp_targets *targets)
{
	for (size_t i = 0; i < targets->n; i++)
		check_round_trip(&targets->items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cp_target_defaults defaults[] = {
	        {.port = 443, .proto = IPPROTO_TCP, .group = "g"},
	        {.port = 443, .proto = IPPROTO_ICMP},
	};
	char *text = malloc(size + 1);

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		struct cp_targets file = {0}, one = {0};
		struct cp_err err = {{0}};
		int rc = cp_targets_add_text(&file, (const char *)data, size, "fuzz", &defaults[i], &err);

		check_err(rc, &err);
		check_list(&file);
		memset(&err, 0, sizeof(err));
		rc = cp_targets_add(&one, text, &defaults[i], &err);
		check_err(rc, &err);
		require(one.n == (rc == 0));
		check_list(&one);
		cp_targets_free(&file);
		cp_targets_free(&one);
	}
	free(text);
	return 0;
}
