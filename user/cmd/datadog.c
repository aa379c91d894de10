// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * datadog.c: --datadog-conf: its targets join the run's, its settings hold
 * where the command line says nothing, and what it asks for in vain is told
 * once the outputs are open.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "import/datadog_conf.h"

struct cp_datadog {
	struct cp_datadog_conf conf;
};

static enum cp_tcp_method method_of(const char *name)
{
	if (strcmp(name, "sack") == 0)
		return CP_METHOD_SACK;
	return strcmp(name, "prefer_sack") == 0 ? CP_METHOD_PREFER_SACK : CP_METHOD_SYN;
}

/* What was typed goes before what the file says. */
static void apply(const struct cp_datadog_settings *settings, struct cp_opts *opts)
{
	if (!cp_opts_given(opts, "max-ttl"))
		opts->max_ttl = settings->max_ttl;
	if (!cp_opts_given(opts, "timeout"))
		opts->timeout_ms = settings->timeout_ms;
	if (settings->n_flows && !cp_opts_given(opts, "flows"))
		opts->n_flows = settings->n_flows;
	if (settings->n_e2e && !cp_opts_given(opts, "e2e"))
		opts->n_e2e = settings->n_e2e;
	if (settings->tcp_method && !cp_opts_given(opts, "tcp-method"))
		opts->tcp_method = method_of(settings->tcp_method);
}

int cp_datadog_load(struct cp_audit *audit, struct cp_opts *opts, struct cp_err *err)
{
	struct cp_datadog *datadog;
	size_t len;
	char *text;
	int rc;

	if (!opts->datadog_conf)
		return 0;
	rc = cp_host_file_read(opts->datadog_conf, CP_DATADOG_CONF_MAX, &text, &len, err);
	if (rc)
		return rc;
	datadog = calloc(1, sizeof(*datadog));
	rc = datadog ? cp_datadog_conf_read(text, len, opts->datadog_conf, &audit->targets, &datadog->conf, err)
	             : cp_err_set(err, -ENOMEM, "out of memory");
	free(text);
	audit->datadog = datadog;
	if (rc)
		return rc;
	apply(&datadog->conf.settings, opts);
	if (opts->first_ttl > opts->max_ttl)
		return cp_err_set(err, -EINVAL, "%s: max_ttl %u is below --first-ttl %u", opts->datadog_conf,
		        opts->max_ttl, opts->first_ttl);
	return 0;
}

void cp_datadog_warn(struct cp_audit *audit)
{
	const struct cp_datadog_settings *settings = audit->datadog ? &audit->datadog->conf.settings : NULL;

	/* watch is told by its own configuration how often. */
	if (settings && settings->interval_line && !audit->env)
		cp_outputs_warn(audit, "datadog-conf",
		        "%s:%zu:%zu: min_collection_interval is not honoured: an audit runs once; watch repeats it",
		        audit->opts->datadog_conf, settings->interval_line, settings->interval_column);
	for (size_t i = 0; audit->datadog && i < audit->datadog->conf.n_warnings; i++)
		cp_outputs_warn(audit, "datadog-conf", "%s", audit->datadog->conf.warnings[i]);
}

void cp_datadog_free(struct cp_datadog *datadog)
{
	if (!datadog)
		return;
	cp_datadog_conf_free(&datadog->conf);
	free(datadog);
}
