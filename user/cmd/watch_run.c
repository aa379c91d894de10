// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch_run.c: one run of one audit of a watch: its file of records, written
 * under another name until it is whole, the older ones pruned, and the numbers
 * for the log. Must not know when it is run.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/silent.h"
#include "watch.h"

#define STAMP_DIGITS 13 /* milliseconds since 1970, so that names are in the order of time */

/* ---- numbers for the log: a format that writes nothing ---- */

static int take_summary(void *state, const struct cp_rec_summary *rec)
{
	struct cp_watch_outcome *outcome = state;

	memcpy(outcome->verdicts, rec->verdicts, sizeof(outcome->verdicts));
	outcome->accounting = rec->accounting;
	outcome->has_summary = true;
	return 0;
}

static const struct cp_format log_format = {
        .name = "log",
        .start = cp_silent_start,
        .target = cp_silent_target,
        .path = cp_silent_path,
        .warning = cp_silent_warning,
        .summary = take_summary,
        .end = cp_silent_end,
};

const char *cp_watch_describe(const struct cp_watch_outcome *outcome, char *buf, size_t size)
{
	const struct cp_accounting *acc = &outcome->accounting;
	uint64_t permille; /* rounded down: 100 % is all */
	const char *joint = ": ";
	size_t len;

	if (!outcome->has_summary) {
		snprintf(buf, size, "no result after %.1f s", (double)outcome->took_ns / 1e9);
		return buf;
	}
	len = (size_t)snprintf(buf, size, "%" PRIu64 " target%s", acc->n_targets, acc->n_targets == 1 ? "" : "s");
	for (int verdict = CP_VERDICTS - 1; verdict >= 0; verdict--) {
		if (!outcome->verdicts[verdict] || len >= size)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%" PRIu64 " %s", joint, outcome->verdicts[verdict],
		        cp_verdict_name(verdict));
		joint = ", ";
	}
	if (len < size && acc->n_unresolved + acc->n_skipped)
		len += (size_t)snprintf(
		        buf + len, size - len, "%s%" PRIu64 " not measured", joint, acc->n_unresolved + acc->n_skipped);
	if (len < size && acc->n_paths) {
		permille = acc->n_complete * 1000 / acc->n_paths;
		len += (size_t)snprintf(buf + len, size - len, "; %g %% of %" PRIu64 " path%s complete",
		        (double)permille / 10, acc->n_paths, acc->n_paths == 1 ? "" : "s");
	}
	if (len < size)
		snprintf(buf + len, size - len, "; %.1f s", (double)outcome->took_ns / 1e9);
	return buf;
}

/* ---- files of records ---- */

/* "<prefix><name>-<stamp><suffix>"? One audit's name may begin with another's. */
static bool is_of(const char *file, const char *prefix, const char *name, const char *suffix)
{
	size_t n_prefix = strlen(prefix), n_name = strlen(name), n_before = n_prefix + n_name + 1;

	if (strlen(file) != n_before + STAMP_DIGITS + strlen(suffix))
		return false;
	return memcmp(file, prefix, n_prefix) == 0 && memcmp(file + n_prefix, name, n_name) == 0 &&
	       file[n_before - 1] == '-' && strspn(file + n_before, "0123456789") == STAMP_DIGITS &&
	       strcmp(file + n_before + STAMP_DIGITS, suffix) == 0;
}

struct names {
	char **items;
	size_t n;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
	free(names->items);
}

/* Files of this audit. 0 or -errno. */
static int list(const char *dir, const char *prefix, const char *name, const char *suffix, struct names *names)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;
	int rc = entries ? 0 : -errno;

	while (rc == 0 && (entry = readdir(entries))) {
		char **more;

		if (!is_of(entry->d_name, prefix, name, suffix))
			continue;
		more = reallocarray(names->items, names->n + 1, sizeof(*more));
		if (more)
			names->items = more;
		if (!more || !(more[names->n] = strdup(entry->d_name)))
			rc = -ENOMEM;
		else
			names->n++;
	}
	if (entries)
		closedir(entries);
	return rc;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Removes all but the n_kept latest. 0 or -errno. */
static int prune(const char *dir, const char *prefix, const char *name, const char *suffix, uint32_t n_kept)
{
	struct names names = {0};
	char path[PATH_MAX];
	int rc = list(dir, prefix, name, suffix, &names);

	if (names.n)
		qsort(names.items, names.n, sizeof(*names.items), compare);
	for (size_t i = 0; i + n_kept < names.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names.items[i]);
		if (unlink(path) && errno != ENOENT)
			rc = -errno;
	}
	free_names(&names);
	return rc;
}

static int keep_file(const struct cp_watch_conf *conf, const char *name, const char *part, const char *whole)
{
	int rc = rename(part, whole) ? -errno : 0;

	return rc ? rc : prune(conf->output, "", name, ".ndjson", conf->n_kept);
}

static void say_failed(const char *name, const char *what, const char *path, int rc)
{
	fprintf(stderr, "coldpotato: %s: cannot %s %s: %s\n", name, what, path, strerror(-rc));
}

/* ---- a run ---- */

static int run_into_file(const struct cp_watch_plan *plan, struct cp_opts *opts, const struct cp_env *env)
{
	const struct cp_watch_conf *conf = &plan->conf;
	char part[PATH_MAX], whole[PATH_MAX];
	uint64_t stamp = cp_host_clock_wall_ms();
	int status, rc;

	if (!conf->output)
		return cp_audit_run(opts, "watch", env);
	/* What a killed run left. */
	rc = prune(conf->output, ".", env->name, ".part", 0);
	if (rc)
		say_failed(env->name, "tidy up", conf->output, rc);
	snprintf(part, sizeof(part), "%s/.%s-%013" PRIu64 ".part", conf->output, env->name, stamp);
	snprintf(whole, sizeof(whole), "%s/%s-%013" PRIu64 ".ndjson", conf->output, env->name, stamp);
	opts->outputs[opts->n_outputs++] = (struct cp_opts_output){.format = &cp_format_ndjson, .path = part};
	status = cp_audit_run(opts, "watch", env);
	rc = keep_file(conf, env->name, part, whole);
	if (rc == 0)
		return status;
	say_failed(env->name, "keep", whole, rc);
	return status ? status : 1;
}

void cp_watch_run(const struct cp_watch_plan *plan, struct cp_watch_item *item, const struct cp_env *shared,
        struct cp_hook changes, uint32_t max_runtime_s, struct cp_watch_outcome *ret_outcome)
{
	uint64_t start_ns = cp_host_clock_mono_ns();
	struct cp_opts opts = item->opts;
	struct cp_env env = *shared;

	*ret_outcome = (struct cp_watch_outcome){0};
	env.name = item->audit->name;
	env.knowledge = &plan->knowledge;
	env.known = &item->tally.known;
	env.hooks[env.n_hooks++] = changes;
	env.hooks[env.n_hooks++] = (struct cp_hook){.format = &log_format, .state = ret_outcome};
	if (max_runtime_s && (!opts.max_runtime_s || max_runtime_s < opts.max_runtime_s))
		opts.max_runtime_s = max_runtime_s;
	ret_outcome->status = run_into_file(plan, &opts, &env);
	ret_outcome->took_ns = cp_host_clock_mono_ns() - start_ns;
	/* What a run took stays with the allocator otherwise, in pieces, until the next. */
	malloc_trim(0);
}
