/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * serve.h: the HTTP service over a store, for `serve` and for whoever audits
 * at the same time. Reads the store only.
 *
 * Threads: cp_serve_start() starts its own and returns. The store is looked at
 * every second, so that runs and changes become events whoever writes them. The
 * other functions may be called by any thread and wait for no client.
 */
#ifndef CP_SERVE_H
#define CP_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/change.h"
#include "core/err.h"

struct cp_serve;

/* A named audit that is being repeated. */
struct cp_serve_audit {
	char name[64], state[32]; /* state: a word */
	int64_t interval_ms, next_ms;
	uint64_t n_runs, n_failed; /* since whoever repeats it was started; n_failed: of these */
	uint64_t n_missed; /* times it was due and had no run of its own */
	uint64_t n_conflicts; /* runs before which another process had stored one as the same agent */
};

/* What whoever audits counts of changes and of telling them. Numbers of alerts are from when its file was last read. */
struct cp_serve_counts {
	uint64_t n_active[CP_CHANGE_KINDS], n_active_muted[CP_CHANGE_KINDS]; /* as struct cp_change_stats */
	uint64_t n_untracked; /* observations of targets too many, since the start */
	bool has_webhook, has_command;
	/* As struct cp_alert_stats. */
	uint64_t n_delivered, n_retries, n_refused, n_dropped, n_unspooled, n_repeated, n_repeats_failed;
	uint64_t n_spooled, bytes_spooled;
	uint64_t n_commands, n_commands_failed, n_commands_killed, n_commands_dropped;
};

/* Whoever repeats the audits. */
struct cp_serve_watch {
	uint64_t n_reloads, n_refused; /* times the configuration was read again: taken, and not */
	uint64_t taken_ms; /* Unix time: the configuration in use was taken */
	bool is_refused; /* the latest one was */
	uint64_t rate_pps; /* packets a second, now */
};

#define CP_SERVE_AUDITS_MAX 256 /* that are shown */

struct cp_serve_settings {
	const char *path; /* of the store; borrowed until cp_serve_stop() */
	struct cp_addr addr;
	uint16_t port;
	/*
	 * The audits that are being repeated, at most max; called by the service's threads. NULL: nobody watches, and
	 * the audits are those that the store has runs of.
	 */
	size_t (*audits)(void *ctx, struct cp_serve_audit *ret_audits, size_t max);
	/* Likewise, for metrics; both set where audits is. */
	void (*watch)(void *ctx, struct cp_serve_watch *ret_watch);
	void (*counts)(void *ctx, struct cp_serve_counts *ret_counts);
	void *ctx;
};

#define CP_SERVE_PORT 9180

/* 0 or -errno with err set. A store that is not there, or cannot be read, is no error: it is looked for again. */
int cp_serve_start(const struct cp_serve_settings *settings, struct cp_serve **ret_serve, struct cp_err *err);
void cp_serve_stop(struct cp_serve *serve); /* takes NULL */
uint16_t cp_serve_port(const struct cp_serve *serve);
/* Tells subscribers how far an audit has come. */
int cp_serve_progress(struct cp_serve *serve, const char *audit, uint64_t n_done, uint64_t n_total);
/* "ADDR:PORT", "[V6]:PORT" or either without a port. 0 or -EINVAL. */
int cp_serve_listen_parse(const char *text, struct cp_addr *ret_addr, uint16_t *ret_port);

#endif
