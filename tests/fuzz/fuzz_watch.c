// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_watch.c: any bytes as a watch file. What is refused has one line with
 * the file's name; what is accepted has names, times and settings in bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/watch_yaml.h"

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

static void check_settings(const struct cp_watch_conf *conf, const struct cp_watch_settings *settings)
{
	for (uint32_t i = 0; i < settings->n; i++) {
		const struct cp_watch_setting *setting = &settings->items[i];
		struct cp_err err = {.text = ""};

		require(*setting->option && !strchr(setting->option, '_'));
		require(!setting->text || *setting->text);
		cp_watch_conf_refuse(conf, &err, setting->place, NULL, "what");
		require(strncmp(err.text, "fuzz.yaml:", 10) == 0);
	}
}

static void check(const struct cp_watch_conf *conf)
{
	require(conf->n_audits > 0 && conf->n_kept > 0);
	check_settings(conf, &conf->settings);
	for (uint32_t i = 0; i < conf->n_audits; i++) {
		const struct cp_watch_audit *audit = &conf->audits[i];

		require(*audit->name && strlen(audit->name) <= CP_WATCH_NAME_MAX && !strchr(audit->name, '/'));
		require(audit->n_targets || audit->datadog_conf);
		require(audit->interval_ns || audit->default_interval_ns || audit->datadog_conf);
		check_settings(conf, &audit->settings);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cp_watch_conf conf;
	struct cp_err err = {.text = ""};

	if (cp_watch_conf_read((const char *)data, size, "fuzz.yaml", &conf, &err)) {
		require(strncmp(err.text, "fuzz.yaml:", 10) == 0 && is_printable(err.text));
		return 0;
	}
	check(&conf);
	cp_watch_conf_free(&conf);
	return 0;
}
