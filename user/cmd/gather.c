// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * gather.c: from what was typed to targets with addresses: arguments, @file,
 * standard input, presets; then DNS.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "core/builtin.h"
#include "io/resolve.h"

#define NSEC_PER_SEC 1000000000ull
#define TARGETS_MAX_BYTES (1u << 28)
#define DNS_TRY_MS 1000u /* of the first of three tries; each waits twice as long */

static int add_preset(
        struct cp_audit *audit, const char *name, const struct cp_target_defaults *defaults, struct cp_err *err)
{
	const char *list = NULL, *text;
	size_t len;

	if (strcmp(name, "microsoft") == 0)
		list = "microsoft.csv";
	else if (strcmp(name, "controls") == 0)
		list = "controls.csv";
	if (!list)
		return cp_err_set(
		        err, -EINVAL, "there is no preset '%s': preset:microsoft and preset:controls exist", name);
	text = cp_builtin(list, &len);
	return cp_targets_add_text(&audit->targets, text, len, list, defaults, err);
}

static int add_file(
        struct cp_audit *audit, const char *path, const struct cp_target_defaults *defaults, struct cp_err *err)
{
	const char *source = strcmp(path, "-") == 0 ? "standard input" : path;
	size_t len;
	char *text;
	int rc = cp_host_file_read(path, TARGETS_MAX_BYTES, &text, &len, err);

	if (rc)
		return rc;
	rc = cp_targets_add_text(&audit->targets, text, len, source, defaults, err);
	free(text);
	return rc;
}

int cp_audit_gather(struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_opts *opts = audit->opts;
	struct cp_target_defaults defaults = {.port = (uint16_t)opts->port, .proto = opts->protocol};
	int rc = 0;

	for (size_t i = 0; i < opts->n_targets && rc == 0; i++) {
		const char *text = opts->targets[i];

		if (strncmp(text, "preset:", 7) == 0)
			rc = add_preset(audit, text + 7, &defaults, err);
		else if (text[0] == '@' || strcmp(text, "-") == 0)
			rc = add_file(audit, text[0] == '@' ? text + 1 : text, &defaults, err);
		else
			rc = cp_targets_add(&audit->targets, text, &defaults, err);
	}
	if (rc)
		return rc;
	if (audit->targets.n == 0)
		return cp_err_set(err, -EINVAL, "no target in what was given");
	cp_targets_trim(&audit->targets);
	return 0;
}

static void take_answer(void *ctx, size_t index, struct cp_answer *answer)
{
	struct cp_audit *audit = ctx;

	cp_answer_free(&audit->answers[index]);
	audit->answers[index] = *answer;
	cp_audit_progress(audit);
}

int cp_audit_resolve(struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_opts *opts = audit->opts;
	struct cp_resolve_config config = {
	        .server = opts->resolver,
	        .want_v4 = opts->want_v4,
	        .want_v6 = opts->want_v6,
	        .stop = cp_signals_flag(),
	        .until_ns = opts->max_runtime_s ? audit->start_ns + opts->max_runtime_s * NSEC_PER_SEC : 0,
	};
	size_t n_names = audit->targets.n_names;
	const char **names;
	int rc;

	audit->literal = (struct cp_answer){.status = CP_DNS_LITERAL, .addrs = &audit->literal_addr, .n_addrs = 1};
	if ((n_names || !opts->no_rdns) && cp_resolve_describe(&config, audit->resolver, sizeof(audit->resolver)))
		audit->resolver[0] = '\0';
	if (!n_names)
		return 0;
	names = calloc(n_names, sizeof(*names));
	audit->answers = calloc(n_names, sizeof(*audit->answers));
	if (!names || !audit->answers) {
		free(names);
		return cp_err_set(err, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < audit->targets.n; i++) {
		const struct cp_target *target = &audit->targets.items[i];

		if (target->is_literal)
			continue;
		audit->answers[target->nth_name].status = CP_DNS_TIMEOUT; /* until it is answered */
		names[target->nth_name] = target->host;
	}
	rc = cp_resolve_all(&config, names, n_names, take_answer, audit, err);
	if (rc == -ECANCELED && !cp_signals_seen(NULL)) { /* out of time: what has an answer is gone on with */
		*err = (struct cp_err){.text = ""};
		rc = 0;
	}
	free(names);
	return rc;
}
