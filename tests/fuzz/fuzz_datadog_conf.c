// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_datadog_conf.c: any bytes as network_path.d/conf.yaml. What is accepted
 * gives targets that can be probed and settings within their bounds.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cp_abi.h"
#include "import/datadog_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

/* One line that no terminal takes for more than text. */
static int is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

static void check_targets(const struct cp_targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		const struct cp_target *target = &targets->items[i];

		require(target->host[0] != '\0');
		require((target->proto == IPPROTO_ICMP) == (target->port == 0));
		for (const char *s = target->group ? target->group : ""; *s; s++)
			require((unsigned char)*s >= ' ' && *s != 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cp_targets targets = {0};
	struct cp_datadog_conf conf;
	struct cp_err err = {.text = ""};
	int rc = cp_datadog_conf_read((const char *)data, size, "fuzz", &targets, &conf, &err);

	check_targets(&targets);
	if (rc) {
		require(strncmp(err.text, "fuzz:", 5) == 0 && is_printable(err.text));
	} else {
		require(targets.n > 0);
		require(conf.settings.max_ttl >= 1 && conf.settings.max_ttl <= CP_TTL_MAX);
		require(conf.settings.timeout_ms >= 1 && conf.settings.timeout_ms <= 60000);
		require(conf.settings.n_flows <= CP_FLOWS_MAX);
		for (size_t i = 0; i < conf.n_warnings; i++)
			require(strncmp(conf.warnings[i], "fuzz:", 5) == 0 && is_printable(conf.warnings[i]));
		cp_datadog_conf_free(&conf);
	}
	cp_targets_free(&targets);
	return 0;
}
