/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch_yaml.h: the configuration of `watch` (docs/watch.md) as audits with
 * intervals and settings. Opens nothing; must not know what a setting does, only
 * which there are.
 */
#ifndef CP_WATCH_YAML_H
#define CP_WATCH_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/change.h"
#include "core/err.h"

#define CP_WATCH_CONF_MAX (1u << 24) /* bytes that the file may have */
#define CP_WATCH_NAME_MAX 64
#define CP_WATCH_PLACE 48

/* What an option of the command line would say. */
struct cp_watch_setting {
	char option[24]; /* its long name: "max-ttl" */
	const char *text; /* NULL: it takes none */
	char place[CP_WATCH_PLACE]; /* in the file, for cp_watch_conf_refuse() */
	char number[24]; /* what text points to when it was converted */
};

struct cp_watch_settings {
	struct cp_watch_setting *items;
	uint32_t n;
};

/* A window in which nobody is told, as it stands in the file. */
struct cp_watch_mute {
	const char *text;
	char place[CP_WATCH_PLACE];
};

/* When a kind of change is one. */
struct cp_watch_rule {
	bool is_off;
	uint8_t n, m; /* by n of m runs; 0: not said */
};

struct cp_watch_audit {
	const char *name; /* letters, digits, ".", "_", "-"; at most CP_WATCH_NAME_MAX; one of a kind */
	const char **targets; /* as on the command line; "-" is none */
	size_t n_targets;
	const char *datadog_conf; /* also among the settings; NULL */
	uint64_t interval_ns; /* 0: datadog_conf says it, else default_interval_ns (which is not 0 then) */
	uint64_t default_interval_ns;
	bool has_jitter;
	uint64_t jitter_ns;
	struct cp_watch_settings settings; /* its own, and the defaults where it has none */
	struct cp_watch_rule rules[CP_CHANGE_KINDS]; /* its own, the defaults', the alerts' */
	struct cp_watch_mute *mutes; /* [n_mutes], the alerts', the defaults' and its own */
	uint32_t n_mutes;
	char place[CP_WATCH_PLACE];
};

/* What changes are, and who is told; NULL where the file does not say. Places: "alerts.<key>". */
struct cp_watch_alerts {
	const char *webhook, *ca_file, *secret_file, *secret_header, *secret_prefix, *spool;
	const char **command; /* [n_command + 1], NULL at the end */
	uint32_t n_command;
	const char *dashboard_url, *state;
	uint32_t repeat_ms; /* how often the webhook is told again what lasts; 0: never */
	struct cp_watch_rule confirm;
};

struct cp_yaml;

struct cp_watch_conf {
	struct cp_watch_alerts alerts;
	const char *output; /* directory; NULL: none */
	uint32_t n_kept; /* files of an audit there */
	struct cp_watch_settings settings; /* of all audits: agent, store, listen, rate and AS data */
	struct cp_watch_audit *audits;
	uint32_t n_audits;
	struct cp_yaml *yaml; /* owns the texts */
};

/*
 * Reads a configuration. source names the text in messages. 0, -ENOMEM, or -EINVAL with err "<source>:<line>:<column>:
 * what". Free with cp_watch_conf_free().
 */
int cp_watch_conf_read(
        const char *text, size_t len, const char *source, struct cp_watch_conf *ret_conf, struct cp_err *err);
void cp_watch_conf_free(struct cp_watch_conf *conf); /* frees the members, zeroes it; takes NULL */
/* Says "<source>:<line>:<column>: <what>" of a place, or of a key below it. Returns -EINVAL. */
int cp_watch_conf_refuse(
        const struct cp_watch_conf *conf, struct cp_err *err, const char *place, const char *key, const char *what);

/* "90s", "1h30m", "250ms"; units d, h, m, s, ms, each with a whole number. 0 or -EINVAL. */
int cp_watch_duration(const char *text, uint64_t *ret_ns);

#endif
