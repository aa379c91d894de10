// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_plan.c: from a watch file to audits that can run: settings go through
 * the option table as if typed, and all files are read once, so that what is
 * wrong is said before anything runs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import/datadog_conf.h"
#include "serve.h"
#include "watch.h"

#define NSEC_PER_SEC 1000000000ull
#define JITTER_MAX_NS (30 * NSEC_PER_SEC) /* where the file says none: a tenth of the interval, at most this */

/* What is being made ready. */
struct loading {
	const struct cp_opts *typed;
	struct cp_watch_plan *plan;
	struct cp_err *err;
};

/* "--max-ttl wants ..." -> "watch.yaml:3:4: max-ttl wants ..." */
static int refuse_setting(const struct loading *loading, const char *place, const char *text)
{
	return cp_watch_conf_refuse(
	        &loading->plan->conf, loading->err, place, NULL, strncmp(text, "--", 2) == 0 ? text + 2 : text);
}

static int refuse_audit(
        const struct loading *loading, const struct cp_watch_item *item, const char *key, const char *text)
{
	char what[640];

	snprintf(what, sizeof(what), "audit '%s': %s", item->audit->name, text);
	return cp_watch_conf_refuse(&loading->plan->conf, loading->err, item->audit->place, key, what);
}

static int apply(const struct loading *loading, const struct cp_watch_settings *settings, struct cp_opts *opts)
{
	struct cp_err err;

	for (uint32_t i = 0; i < settings->n; i++) {
		const struct cp_watch_setting *setting = &settings->items[i];

		if (cp_opts_given(loading->typed, setting->option))
			continue;
		if (cp_opts_set(opts, setting->option, setting->text, &err))
			return refuse_setting(loading, setting->place, err.text);
	}
	return 0;
}

static int make_opts(const struct loading *loading, struct cp_watch_item *item)
{
	const struct cp_opts *typed = loading->typed;
	struct cp_opts *opts = &item->opts;
	struct cp_err err;
	int rc;

	*opts = *typed;
	opts->targets = item->audit->targets;
	opts->n_targets = item->audit->n_targets;
	opts->progress = CP_WHEN_NEVER;
	opts->max_runtime_s = 0; /* what was typed is for all of it */
	if (!cp_opts_given(typed, "ipv4") && !cp_opts_given(typed, "ipv6"))
		opts->want_v4 = opts->want_v6 = false;
	rc = apply(loading, &loading->plan->conf.settings, opts);
	rc = rc ? rc : apply(loading, &item->audit->settings, opts);
	if (rc)
		return rc;
	if (!opts->want_v4 && !opts->want_v6)
		opts->want_v4 = opts->want_v6 = true;
	return cp_opts_check(opts, &err) ? refuse_audit(loading, item, NULL, err.text) : 0;
}

/* How often the Datadog file wants its instances looked at; 0: it does not say. */
static int datadog_interval(const struct loading *loading, const struct cp_watch_item *item, uint64_t *ret_ns)
{
	const char *path = item->audit->datadog_conf;
	struct cp_targets targets = {0};
	struct cp_datadog_conf conf;
	struct cp_err err;
	size_t len;
	char *text;
	int rc = cp_host_file_read(path, CP_DATADOG_CONF_MAX, &text, &len, &err);

	if (rc)
		return refuse_audit(loading, item, "datadog_conf", err.text);
	rc = cp_datadog_conf_read(text, len, path, &targets, &conf, &err);
	free(text);
	cp_targets_free(&targets);
	if (rc)
		return refuse_audit(loading, item, "datadog_conf", err.text);
	*ret_ns = conf.settings.interval_s * NSEC_PER_SEC;
	cp_datadog_conf_free(&conf);
	return 0;
}

static int take_times(const struct loading *loading, struct cp_watch_item *item)
{
	const struct cp_watch_audit *audit = item->audit;
	int rc = 0;

	item->interval_ns = audit->interval_ns;
	if (!item->interval_ns && audit->datadog_conf)
		rc = datadog_interval(loading, item, &item->interval_ns);
	if (rc)
		return rc;
	if (!item->interval_ns)
		item->interval_ns = audit->default_interval_ns;
	if (!item->interval_ns)
		return refuse_audit(loading, item, "datadog_conf",
		        "has no interval, and the Datadog file no min_collection_interval");
	item->jitter_ns = item->interval_ns / 10 < JITTER_MAX_NS ? item->interval_ns / 10 : JITTER_MAX_NS;
	if (audit->has_jitter)
		item->jitter_ns = audit->jitter_ns;
	if (item->jitter_ns >= item->interval_ns)
		return refuse_audit(loading, item, "jitter", "the jitter must be less than the interval");
	return 0;
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3ull;
	return hash;
}

static int schedule_all(struct cp_watch_plan *plan)
{
	uint64_t now_ns = cp_host_clock_boot_ns();
	int rc = cp_schedule_new(hash_name(plan->agent), &plan->schedule);

	for (uint32_t i = 0; i < plan->n_items && rc == 0; i++) {
		struct cp_watch_item *item = &plan->items[i];

		rc = cp_schedule_add(plan->schedule, now_ns, item->interval_ns, item->jitter_ns, &item->job);
	}
	return rc;
}

static int check_output(const struct loading *loading)
{
	const struct cp_watch_conf *conf = &loading->plan->conf;
	struct stat st;
	char what[320];
	int rc = 0;

	if (!conf->output)
		return 0;
	if (stat(conf->output, &st) || access(conf->output, W_OK | X_OK))
		rc = errno;
	else if (!S_ISDIR(st.st_mode))
		rc = ENOTDIR;
	if (rc == 0)
		return 0;
	snprintf(what, sizeof(what), "output: cannot write to the directory '%.200s': %s", conf->output, strerror(rc));
	return cp_watch_conf_refuse(conf, loading->err, "output", NULL, what);
}

static int check_listen(const struct loading *loading)
{
	const struct cp_opts *opts = &loading->plan->items[0].opts;
	const char *what = NULL;
	struct cp_addr addr;
	uint16_t port;

	if (!cp_opts_given(opts, "listen"))
		return 0;
	if (cp_serve_listen_parse(opts->listen, &addr, &port))
		what = "listen wants an address with or without a port (IPv6 with a port: [ADDR]:PORT)";
	else if (!opts->store)
		what = "listen serves a store, and there is no store";
	return what ? cp_watch_conf_refuse(&loading->plan->conf, loading->err, "listen", NULL, what) : 0;
}

static int check_items(const struct loading *loading)
{
	struct cp_watch_plan *plan = loading->plan;
	const struct cp_env env = {.knowledge = &plan->knowledge};
	struct cp_err err;
	int rc = 0;

	for (uint32_t i = 0; i < plan->n_items && rc == 0; i++) {
		rc = cp_audit_check(&plan->items[i].opts, &env, &err);
		if (rc)
			rc = refuse_audit(loading, &plan->items[i], NULL, err.text);
	}
	return rc;
}

static int make_plan(const struct loading *loading)
{
	struct cp_watch_plan *plan = loading->plan;
	int rc = check_output(loading);

	plan->items = calloc(plan->conf.n_audits, sizeof(*plan->items));
	if (!plan->items)
		return cp_err_set(loading->err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < plan->conf.n_audits && rc == 0; i++) {
		struct cp_watch_item *item = &plan->items[plan->n_items++];

		item->audit = &plan->conf.audits[i];
		rc = make_opts(loading, item);
		rc = rc ? rc : take_times(loading, item);
	}
	if (rc)
		return rc;
	rc = check_listen(loading);
	if (rc)
		return rc;
	if (plan->items[0].opts.agent)
		snprintf(plan->agent, sizeof(plan->agent), "%s", plan->items[0].opts.agent);
	else if (cp_host_name(plan->agent, sizeof(plan->agent)))
		plan->agent[0] = '\0';
	/* The same for all audits, so once. */
	rc = cp_knowledge_load(&plan->items[0].opts, &plan->knowledge, loading->err);
	rc = rc ? rc : check_items(loading);
	if (rc)
		return rc == -ENOMEM ? rc : -EINVAL;
	rc = schedule_all(plan);
	return rc ? cp_err_set(loading->err, rc, "out of memory") : 0;
}

int cp_watch_plan_load(const struct cp_opts *typed, struct cp_watch_plan **ret_plan, struct cp_err *err)
{
	struct cp_watch_plan *plan;
	size_t len;
	char *text;
	int rc = cp_host_file_read(typed->config, CP_WATCH_CONF_MAX, &text, &len, err);

	if (rc)
		return rc == -ENOMEM ? rc : -EINVAL;
	plan = calloc(1, sizeof(*plan));
	rc = plan ? cp_watch_conf_read(text, len, typed->config, &plan->conf, err)
	          : cp_err_set(err, -ENOMEM, "out of memory");
	free(text);
	if (rc == 0)
		rc = make_plan(&(struct loading){.typed = typed, .plan = plan, .err = err});
	if (rc) {
		cp_watch_plan_free(plan);
		return rc;
	}
	*ret_plan = plan;
	return 0;
}

void cp_watch_plan_free(struct cp_watch_plan *plan)
{
	if (!plan)
		return;
	cp_knowledge_free(&plan->knowledge);
	cp_schedule_free(plan->schedule);
	free(plan->items);
	cp_watch_conf_free(&plan->conf);
	free(plan);
}

void cp_watch_plan_refresh(struct cp_watch_plan *plan)
{
	const struct cp_opts *opts = &plan->items[0].opts;
	uint64_t stamp = cp_knowledge_stamp(opts);
	struct cp_knowledge fresh;
	struct cp_err err;

	if (stamp == plan->knowledge.stamp || stamp == plan->bad_stamp)
		return;
	if (cp_knowledge_load(opts, &fresh, &err)) {
		fprintf(stderr, "coldpotato: warning: %s; the AS data in use stays\n", err.text);
		plan->bad_stamp = stamp;
		return;
	}
	cp_knowledge_free(&plan->knowledge);
	plan->knowledge = fresh;
	plan->bad_stamp = 0;
	fprintf(stderr, "coldpotato: the AS data was changed and is read again\n");
}
