/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch_yaml_impl.h: private to watch_yaml.c and watch_rules.c: a watch file as
 * it stands, and what is being made of it.
 */
#ifndef CP_WATCH_YAML_IMPL_H
#define CP_WATCH_YAML_IMPL_H

#include "watch_yaml.h"

/* Settings that are words. In groups, so that the layout of this list is stable. */
#define TARGET_WORDS(X) X(protocol) X(port) X(tcp_method) X(addresses) X(resolver) X(rdns_max) X(datadog_conf) X(e2e)
#define RATE_WORDS(X) X(dest_rate) X(prefix_rate) X(attempts) X(flows) X(gap) X(first_ttl) X(max_ttl)
#define PATH_WORDS(X) X(interface) X(source) X(datapath) X(xdp_mode) X(tc_attach) X(senders)
#define JUDGE_WORDS(X) X(home) X(vantage_as) X(policy) X(fail_on)
#define EACH_WORD(X) TARGET_WORDS(X) RATE_WORDS(X) PATH_WORDS(X) JUDGE_WORDS(X)
#define EACH_FLAG(X) X(exhaustive) X(no_rdns) X(ipv4) X(ipv6)

/* What counts as a change, by kind: enum cp_change_kind. */
struct cp_file_changes {
	char *kinds[CP_CHANGE_KINDS];
};

/* What an audit, and "defaults", may say, as it stands in the file. */
struct cp_file_settings {
#define MEMBER(key_) char *key_;
	EACH_WORD(MEMBER)
	EACH_FLAG(MEMBER)
#undef MEMBER
	char *interval, *jitter, *timeout, *e2e_interval, *max_runtime;
	char **blocklist;
	uint32_t n_blocklist;
	char *confirm;
	char **mute;
	uint32_t n_mute;
	struct cp_file_changes *changes;
};

struct cp_file_audit {
	char *name;
	char **targets;
	uint32_t n_targets;
	struct cp_file_settings settings;
};

struct cp_file_defaults {
	struct cp_file_settings settings;
};

struct cp_file_alerts {
	char *webhook, *ca_file, *secret_file, *secret_header, *secret_prefix, *spool, *dashboard_url, *state, *confirm,
	        *repeat;
	char **command, **mute;
	uint32_t n_command, n_mute;
};

struct cp_file_watch {
	char *agent, *listen, *store, *store_keep_days, *store_max_mb, *output, *rate, *overlay, *ixp;
	uint32_t *keep;
	char **asdb;
	uint32_t n_asdb;
	struct cp_file_alerts *alerts;
	struct cp_file_defaults *defaults;
	struct cp_file_audit *audits;
	uint32_t n_audits;
};

/* What is being read. */
struct cp_watch_reading {
	struct cp_watch_conf *conf;
	const struct cp_file_watch *file;
	struct cp_err *err;
};

/* Says what is wrong with a place, or with a key below it. Returns -EINVAL. */
int cp_watch_refuse(const struct cp_watch_reading *reading, const char *place, const char *key, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* ---- watch_rules.c: what counts as a change, and who is told ---- */

/* 0, -EINVAL, -ENOMEM. */
int cp_watch_take_alerts(const struct cp_watch_reading *reading);
/* Of an audit, after cp_watch_take_alerts(): confirm, mute and changes of its own, of the defaults and of the alerts.
 */
int cp_watch_take_rules(const struct cp_watch_reading *reading, const struct cp_file_settings *own,
        const struct cp_file_settings *defaults, struct cp_watch_audit *audit);

#endif
