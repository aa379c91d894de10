// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_yaml.c: the schema of a watch file, and what libcyaml made of one as
 * audits. Settings are words here; what each must be is said by the option of
 * that name, which this file must not know.
 */
#include "watch_yaml_impl.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml.h"

#define MSEC 1000000ull
#define SEC (1000 * MSEC)
#define INTERVAL_MIN_NS (100 * MSEC)
#define INTERVAL_MAX_NS (366 * 86400 * SEC)
#define KEEP_DEFAULT 100
#define KEEP_MAX 1000000
#define AUDITS_MAX 10000
#define WORDS_MAX 1000000
#define WORD_BYTES 4096

#define MAYBE (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define WORD(struct_, member_, key_) CYAML_FIELD_STRING_PTR(key_, MAYBE, struct struct_, member_, 1, WORD_BYTES)
#define WORDS(struct_, member_, count_, key_)                                                                          \
	CYAML_FIELD_SEQUENCE_COUNT(key_, MAYBE, struct struct_, member_, count_, &word, 1, WORDS_MAX)
#define AUDIT_WORD(key_) WORD(cp_file_audit, settings.key_, #key_),
#define DEFAULT_WORD(key_) WORD(cp_file_defaults, settings.key_, #key_),

static const cyaml_schema_value_t word = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, WORD_BYTES)};
#define KIND(index_, key_) WORD(cp_file_changes, kinds[index_], key_)
static const cyaml_schema_field_t changes_fields[] = {
        KIND(CP_CHANGE_VERDICT, "verdict"),
        KIND(CP_CHANGE_EXIT_NEW, "exit-as-new"),
        KIND(CP_CHANGE_EXIT_GONE, "exit-as-gone"),
        KIND(CP_CHANGE_AS_PATH, "as-path"),
        KIND(CP_CHANGE_RTT, "rtt"),
        KIND(CP_CHANGE_LOSS, "loss"),
        KIND(CP_CHANGE_COVERAGE, "coverage"),
        KIND(CP_CHANGE_DNS, "dns"),
        KIND(CP_CHANGE_CNAME, "cname"),
        CYAML_FIELD_END,
};
#define RULES(struct_)                                                                                                 \
	WORD(struct_, settings.confirm, "confirm"), WORDS(struct_, settings.mute, settings.n_mute, "mute"),            \
	        CYAML_FIELD_MAPPING_PTR("changes", MAYBE, struct struct_, settings.changes, changes_fields)
static const cyaml_schema_field_t audit_fields[] = {
        CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct cp_file_audit, name, 1, WORD_BYTES),
        WORDS(cp_file_audit, targets, n_targets, "targets"),
        EACH_WORD(AUDIT_WORD) EACH_FLAG(AUDIT_WORD) AUDIT_WORD(interval) AUDIT_WORD(jitter) AUDIT_WORD(timeout)
                AUDIT_WORD(e2e_interval) AUDIT_WORD(max_runtime)
                        WORDS(cp_file_audit, settings.blocklist, settings.n_blocklist, "blocklist"),
        RULES(cp_file_audit),
        CYAML_FIELD_END,
};
static const cyaml_schema_field_t defaults_fields[] = {
        EACH_WORD(DEFAULT_WORD) EACH_FLAG(DEFAULT_WORD) DEFAULT_WORD(interval) DEFAULT_WORD(jitter)
                DEFAULT_WORD(timeout) DEFAULT_WORD(e2e_interval) DEFAULT_WORD(max_runtime)
                        WORDS(cp_file_defaults, settings.blocklist, settings.n_blocklist, "blocklist"),
        RULES(cp_file_defaults),
        CYAML_FIELD_END,
};
static const cyaml_schema_value_t audit_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct cp_file_audit, audit_fields),
};
#define ALERT_WORD(key_) WORD(cp_file_alerts, key_, #key_),
static const cyaml_schema_field_t alerts_fields[] = {
        ALERT_WORD(webhook) ALERT_WORD(ca_file) ALERT_WORD(secret_file) ALERT_WORD(secret_header)
                ALERT_WORD(secret_prefix) ALERT_WORD(spool) ALERT_WORD(dashboard_url) ALERT_WORD(state)
                        ALERT_WORD(confirm) ALERT_WORD(repeat) WORDS(cp_file_alerts, command, n_command, "command"),
        WORDS(cp_file_alerts, mute, n_mute, "mute"),
        CYAML_FIELD_END,
};
static const cyaml_schema_field_t watch_fields[] = {
        WORD(cp_file_watch, agent, "agent"),
        WORD(cp_file_watch, listen, "listen"),
        WORD(cp_file_watch, store, "store"),
        WORD(cp_file_watch, store_keep_days, "store_keep_days"),
        WORD(cp_file_watch, store_max_mb, "store_max_mb"),
        WORD(cp_file_watch, output, "output"),
        CYAML_FIELD_UINT_PTR("keep", MAYBE, struct cp_file_watch, keep),
        WORD(cp_file_watch, rate, "rate"),
        WORDS(cp_file_watch, asdb, n_asdb, "asdb"),
        WORD(cp_file_watch, overlay, "overlay"),
        WORD(cp_file_watch, ixp, "ixp"),
        CYAML_FIELD_MAPPING_PTR("alerts", MAYBE, struct cp_file_watch, alerts, alerts_fields),
        CYAML_FIELD_MAPPING_PTR("defaults", MAYBE, struct cp_file_watch, defaults, defaults_fields),
        CYAML_FIELD_SEQUENCE_COUNT(
                "audits", CYAML_FLAG_POINTER, struct cp_file_watch, audits, n_audits, &audit_schema, 1, AUDITS_MAX),
        CYAML_FIELD_END,
};
static const cyaml_schema_value_t watch_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct cp_file_watch, watch_fields)};

/* Settings that go to the option of their name as they are, or as a switch. */
struct key {
	const char *name;
	size_t offset; /* in struct cp_file_settings */
	bool is_flag;
};

static const struct key keys[] = {
#define KEY(key_) {#key_, offsetof(struct cp_file_settings, key_), false},
#define FLAG(key_) {#key_, offsetof(struct cp_file_settings, key_), true},
        EACH_WORD(KEY) EACH_FLAG(FLAG)
#undef KEY
#undef FLAG
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

int cp_watch_refuse(const struct cp_watch_reading *reading, const char *place, const char *key, const char *fmt, ...)
{
	char what[384];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	return cp_watch_conf_refuse(reading->conf, reading->err, place, key, what);
}

int cp_watch_conf_refuse(
        const struct cp_watch_conf *conf, struct cp_err *err, const char *place, const char *key, const char *what)
{
	char path[2 * CP_WATCH_PLACE];

	snprintf(path, sizeof(path), "%s%s%s", place, *place && key ? "." : "", key ? key : "");
	return cp_yaml_refuse(conf->yaml, err, path, "%s", what);
}

/* ---- durations ---- */

static uint64_t unit_ns(const char *unit, size_t len)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"ms", MSEC}, {"s", SEC}, {"m", 60 * SEC}, {"h", 3600 * SEC}, {"d", 86400 * SEC}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) == len && memcmp(units[i].name, unit, len) == 0)
			return units[i].ns;
	}
	return 0;
}

int cp_watch_duration(const char *text, uint64_t *ret_ns)
{
	uint64_t total = 0;

	if (!*text)
		return -EINVAL;
	while (*text) {
		size_t n_digits = strspn(text, "0123456789");
		size_t n_letters = strspn(text + n_digits, "abcdefghijklmnopqrstuvwxyz");
		uint64_t unit = unit_ns(text + n_digits, n_letters), n = 0;

		if (n_digits == 0 || n_digits > 9 || !unit)
			return -EINVAL;
		for (size_t i = 0; i < n_digits; i++)
			n = n * 10 + (uint64_t)(text[i] - '0');
		if (n > (UINT64_MAX - total) / unit)
			return -EINVAL;
		total += n * unit;
		text += n_digits + n_letters;
	}
	*ret_ns = total;
	return 0;
}

/* Of a key that is there; bounds in nanoseconds. */
static int take_duration(const struct cp_watch_reading *reading, const char *place, const char *key, const char *text,
        uint64_t min_ns, uint64_t max_ns, uint64_t *ret_ns)
{
	uint64_t ns;

	if (cp_watch_duration(text, &ns))
		return cp_watch_refuse(reading, place, key,
		        "%s wants a time with its unit (30s, 5m, 1h30m, 250ms), not '%.64s'", key, text);
	if (ns < min_ns || ns > max_ns)
		return cp_watch_refuse(reading, place, key,
		        "%s wants a time of %" PRIu64 " ms to %" PRIu64 " s, not '%.64s'", key,
		        (uint64_t)(min_ns / MSEC), (uint64_t)(max_ns / SEC), text);
	*ret_ns = ns;
	return 0;
}

/* ---- settings ---- */

static struct cp_watch_setting *add_setting(
        struct cp_watch_settings *settings, const char *place, const char *key, const char *text)
{
	struct cp_watch_setting *setting = &settings->items[settings->n++];

	snprintf(setting->option, sizeof(setting->option), "%s", key);
	for (char *at = setting->option; *at; at++) {
		if (*at == '_')
			*at = '-';
	}
	setting->text = text;
	snprintf(setting->place, sizeof(setting->place), "%s%s%s", place, *place ? "." : "", key);
	return setting;
}

static char *word_at(const struct cp_file_settings *file, size_t offset)
{
	return *(char *const *)((const char *)file + offset);
}

static int take_flag(const struct cp_watch_reading *reading, const char *place, const char *key, const char *text,
        struct cp_watch_settings *settings)
{
	if (strcmp(text, "true") == 0)
		add_setting(settings, place, key, NULL);
	else if (strcmp(text, "false") != 0)
		return cp_watch_refuse(reading, place, key, "%s wants true or false, not '%.64s'", key, text);
	return 0;
}

/* A time that the option wants as a number. */
static int take_time(const struct cp_watch_reading *reading, const char *place, const char *key, const char *text,
        uint64_t unit_in_ns, uint64_t max_ns, struct cp_watch_settings *settings)
{
	struct cp_watch_setting *setting;
	uint64_t ns = 0;
	int rc = take_duration(reading, place, key, text, unit_in_ns, max_ns, &ns);

	if (rc)
		return rc;
	setting = add_setting(settings, place, key, NULL);
	snprintf(setting->number, sizeof(setting->number), "%" PRIu64, ns / unit_in_ns);
	setting->text = setting->number;
	return 0;
}

/* Adds what `file` says and `before` (NULL: none) does not. */
static int take_settings(const struct cp_watch_reading *reading, const char *place, const struct cp_file_settings *file,
        const struct cp_file_settings *before, struct cp_watch_settings *settings)
{
	int rc = 0;

	for (size_t i = 0; i < N_KEYS && rc == 0; i++) {
		const char *text = word_at(file, keys[i].offset);

		if (!text || (before && word_at(before, keys[i].offset)))
			continue;
		if (keys[i].is_flag)
			rc = take_flag(reading, place, keys[i].name, text, settings);
		else
			add_setting(settings, place, keys[i].name, text);
	}
	if (rc == 0 && file->timeout && !(before && before->timeout))
		rc = take_time(reading, place, "timeout", file->timeout, MSEC, 60 * SEC, settings);
	if (rc == 0 && file->e2e_interval && !(before && before->e2e_interval))
		rc = take_time(reading, place, "e2e_interval", file->e2e_interval, MSEC, 60 * SEC, settings);
	if (rc == 0 && file->max_runtime && !(before && before->max_runtime))
		rc = take_time(reading, place, "max_runtime", file->max_runtime, SEC, 604800 * SEC, settings);
	for (uint32_t i = 0; i < file->n_blocklist && !(before && before->blocklist); i++)
		add_setting(settings, place, "blocklist", file->blocklist[i]);
	return rc;
}

static int take_global_settings(struct cp_watch_reading *reading)
{
	const struct cp_file_watch *file = reading->file;
	struct cp_watch_settings *settings = &reading->conf->settings;

	const struct {
		const char *key, *text;
	} words[] = {{"agent", file->agent}, {"listen", file->listen}, {"store", file->store},
	        {"store_keep_days", file->store_keep_days}, {"store_max_mb", file->store_max_mb}, {"rate", file->rate},
	        {"overlay", file->overlay}, {"ixp", file->ixp}};
	size_t n = sizeof(words) / sizeof(words[0]);

	settings->items = calloc(n + file->n_asdb, sizeof(*settings->items));
	if (!settings->items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (words[i].text)
			add_setting(settings, "", words[i].key, words[i].text);
	}
	for (uint32_t i = 0; i < file->n_asdb; i++)
		add_setting(settings, "", "asdb", file->asdb[i]);
	return 0;
}

/* ---- audits ---- */

static int check_name(const struct cp_watch_reading *reading, const struct cp_watch_audit *audit)
{
	size_t len = strlen(audit->name);

	if (len > CP_WATCH_NAME_MAX || audit->name[0] == '.' || audit->name[0] == '-' ||
	        strspn(audit->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != len)
		return cp_watch_refuse(reading, audit->place, "name",
		        "a name wants letters, digits, '.', '_' and '-', %d at most, and begins with none of '.' and "
		        "'-', not '%.64s'",
		        CP_WATCH_NAME_MAX, audit->name);
	return 0;
}

static int take_times(const struct cp_watch_reading *reading, const struct cp_file_settings *own,
        const struct cp_file_settings *defaults, struct cp_watch_audit *audit)
{
	const char *jitter = own->jitter ? own->jitter : defaults->jitter;
	int rc = 0;

	if (own->interval)
		rc = take_duration(reading, audit->place, "interval", own->interval, INTERVAL_MIN_NS, INTERVAL_MAX_NS,
		        &audit->interval_ns);
	if (rc == 0 && defaults->interval)
		rc = take_duration(reading, "defaults", "interval", defaults->interval, INTERVAL_MIN_NS,
		        INTERVAL_MAX_NS, &audit->default_interval_ns);
	if (rc == 0 && jitter)
		rc = take_duration(reading, own->jitter ? audit->place : "defaults", "jitter", jitter, 0,
		        INTERVAL_MAX_NS, &audit->jitter_ns);
	audit->has_jitter = jitter != NULL;
	if (rc == 0 && !audit->interval_ns && !audit->default_interval_ns && !audit->datadog_conf)
		return cp_watch_refuse(reading, audit->place, NULL, "audit '%s' has no interval", audit->name);
	return rc;
}

static int take_targets(
        const struct cp_watch_reading *reading, const struct cp_file_audit *file, struct cp_watch_audit *audit)
{
	char key[32];

	if (file->n_targets == 0 && !audit->datadog_conf)
		return cp_watch_refuse(
		        reading, audit->place, NULL, "audit '%s' has neither targets nor datadog_conf", audit->name);
	audit->targets = calloc(file->n_targets + 1, sizeof(*audit->targets));
	if (!audit->targets)
		return -ENOMEM;
	for (uint32_t i = 0; i < file->n_targets; i++) {
		snprintf(key, sizeof(key), "targets.%u", i);
		if (strcmp(file->targets[i], "-") == 0 || strcmp(file->targets[i], "@-") == 0)
			return cp_watch_refuse(reading, audit->place, key,
			        "standard input cannot be read at each run: write the targets to a file, @FILE");
		audit->targets[audit->n_targets++] = file->targets[i];
	}
	return 0;
}

static int take_audit(
        const struct cp_watch_reading *reading, const struct cp_file_audit *file, struct cp_watch_audit *audit)
{
	static const struct cp_file_settings none;
	const struct cp_file_settings *defaults = reading->file->defaults ? &reading->file->defaults->settings : &none;
	uint32_t n_lists = file->settings.n_blocklist + defaults->n_blocklist;
	int rc;

	audit->name = file->name;
	audit->datadog_conf = file->settings.datadog_conf ? file->settings.datadog_conf : defaults->datadog_conf;
	rc = check_name(reading, audit);
	rc = rc ? rc : take_targets(reading, file, audit);
	rc = rc ? rc : take_times(reading, &file->settings, defaults, audit);
	rc = rc ? rc : cp_watch_take_rules(reading, &file->settings, defaults, audit);
	if (rc)
		return rc;
	audit->settings.items = calloc(N_KEYS + 3 + n_lists, sizeof(*audit->settings.items));
	if (!audit->settings.items)
		return -ENOMEM;
	rc = take_settings(reading, audit->place, &file->settings, NULL, &audit->settings);
	return rc ? rc : take_settings(reading, "defaults", defaults, &file->settings, &audit->settings);
}

static int compare_names(const void *a, const void *b, void *ctx)
{
	const struct cp_watch_audit *audits = ctx;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int by_name = strcmp(audits[i].name, audits[k].name);

	return by_name ? by_name : (i > k) - (i < k);
}

/* Files, alerts and series are named after an audit. */
static int check_names(const struct cp_watch_reading *reading)
{
	const struct cp_watch_conf *conf = reading->conf;
	uint32_t *order = calloc(conf->n_audits, sizeof(*order));
	int rc = 0;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < conf->n_audits; i++)
		order[i] = i;
	qsort_r(order, conf->n_audits, sizeof(*order), compare_names, conf->audits);
	for (uint32_t i = 1; i < conf->n_audits && rc == 0; i++) {
		const struct cp_watch_audit *audit = &conf->audits[order[i]];

		if (strcmp(audit->name, conf->audits[order[i - 1]].name) == 0)
			rc = cp_watch_refuse(
			        reading, audit->place, "name", "a second audit of the name '%s'", audit->name);
	}
	free(order);
	return rc;
}

static int take_file(struct cp_watch_reading *reading)
{
	const struct cp_file_watch *file = reading->file;
	struct cp_watch_conf *conf = reading->conf;
	int rc = take_global_settings(reading);

	conf->output = file->output;
	conf->n_kept = file->keep ? *file->keep : KEEP_DEFAULT;
	if (rc == 0 && (conf->n_kept == 0 || conf->n_kept > KEEP_MAX))
		rc = cp_watch_refuse(
		        reading, "", "keep", "keep wants a number of files, 1 to %d, not %u", KEEP_MAX, conf->n_kept);
	rc = rc ? rc : cp_watch_take_alerts(reading);
	conf->audits = calloc(file->n_audits, sizeof(*conf->audits));
	if (rc || !conf->audits)
		return rc ? rc : -ENOMEM;
	for (uint32_t i = 0; i < file->n_audits && rc == 0; i++) {
		struct cp_watch_audit *audit = &conf->audits[conf->n_audits++];

		snprintf(audit->place, sizeof(audit->place), "audits.%u", i);
		rc = take_audit(reading, &file->audits[i], audit);
	}
	return rc ? rc : check_names(reading);
}

int cp_watch_conf_read(
        const char *text, size_t len, const char *source, struct cp_watch_conf *ret_conf, struct cp_err *err)
{
	const struct cp_yaml_schema schema = {.top = &watch_schema};
	struct cp_watch_conf conf = {0};
	struct cp_watch_reading reading = {.conf = &conf, .err = err};
	int rc = cp_yaml_read(text, len, source, &schema, &conf.yaml, err);

	if (rc)
		return rc;
	reading.file = cp_yaml_data(conf.yaml);
	rc = take_file(&reading);
	if (rc) {
		cp_watch_conf_free(&conf);
		return rc == -ENOMEM ? cp_err_set(err, rc, "out of memory") : rc;
	}
	*ret_conf = conf;
	return 0;
}

void cp_watch_conf_free(struct cp_watch_conf *conf)
{
	if (!conf)
		return;
	for (uint32_t i = 0; i < conf->n_audits; i++) {
		free(conf->audits[i].targets);
		free(conf->audits[i].settings.items);
		free(conf->audits[i].mutes);
	}
	free(conf->audits);
	free(conf->alerts.command);
	free(conf->settings.items);
	cp_yaml_free(conf->yaml);
	*conf = (struct cp_watch_conf){0};
}
