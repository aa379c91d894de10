/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * alert.h: delivers messages that somebody else wrote, to a webhook (libcurl)
 * and to a command (docs/alerts.md). Owns sockets, child processes and the
 * spool. Must not know what a message says. Never blocks and never prints: what
 * happens goes to a callback.
 *
 *   cp_alert_open(&config, &alert, &err)
 *   cp_alert_send(alert, webhook_body, len, command_input, len)   for each event that is not muted
 *   cp_alert_tick(alert)     often, at least every 100 ms while n_waiting or n_repeating of cp_alert_stats() is not 0
 *   cp_alert_close(alert)    what waits stays in the spool, and is sent after the next start
 */
#ifndef CP_ALERT_H
#define CP_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* One line without a newline and without control characters, for the log. Called from within all functions below. */
typedef void (*cp_alert_log_cb)(void *ctx, const char *line);

/* Copied by cp_alert_open(). Zeroed numbers are the defaults. */
struct cp_alert_config {
	const char *url; /* http:// or https://; NULL: no webhook. A password in it is refused */
	const char *const *headers; /* further ones, "Name: value"; NULL terminated; or NULL */
	const char *secret_header; /* name of a header whose value is a secret: "Authorization"; or NULL */
	const char *secret_prefix; /* before the secret: "Bearer "; or NULL */
	const char *secret_file; /* its first line; read again for each request, never shown */
	const char *ca_file; /* PEM; NULL: the system's. Certificates are always verified */
	const char *spool_dir; /* exists and is ours alone; NULL: what waits is lost when the process ends */
	uint64_t spool_max_bytes; /* 0: 64 MiB */
	uint32_t spool_max_messages; /* 0: 10,000. What is older is dropped and counted */
	uint32_t timeout_ms; /* of a request, all in all; 0: 10 s */
	uint32_t retry_min_ms, retry_max_ms; /* doubled with each failure, with jitter; 0: 1 s and 5 min */
	uint32_t max_age_s; /* what has waited longer is dropped and counted; 0: 7 days */
	uint64_t seed; /* of the jitter */

	const char *const *command; /* argv, NULL terminated, [0] an absolute path; or NULL: none. No shell */
	uint32_t command_timeout_ms; /* then it is killed; 0: 10 s */
	uint32_t command_max_waiting; /* 0: 1,000; further ones are dropped and counted */

	cp_alert_log_cb log; /* or NULL */
	void *log_ctx;
};

struct cp_alert; /* one thread */

/* Takes up what an earlier process left in the spool. -EINVAL, -ENOENT ... with a sentence. */
int cp_alert_open(const struct cp_alert_config *config, struct cp_alert **ret_alert, struct cp_err *err);
/* Ends a running request and command at once. Takes NULL. */
void cp_alert_close(struct cp_alert *alert);

/*
 * Takes a message for each: body is POSTed as application/json, input is the command's standard input. Both are copied,
 * up to 1 MiB; NULL: not for that one. Where nothing is configured, nothing happens. 0 when it was taken; else -ENOMEM
 * or -E2BIG, counted as dropped.
 */
int cp_alert_send(struct cp_alert *alert, const char *body, size_t n_body, const char *input, size_t n_input);

/*
 * Has the webhook nothing to deliver, and has it not just failed? Then it may be told again what lasts.
 */
bool cp_alert_is_idle(const struct cp_alert *alert);
struct cp_alert_body {
	const char *text;
	size_t len; /* up to 1 MiB */
};
/*
 * A round of bodies that say again what lasts: POSTed one after the other, never spooled and none of them a second
 * time. What is left of the round when a message comes, when one of them cannot be delivered, or when the next round
 * begins, is dropped: it is old by then. Copied. 0; -EBUSY: not idle; -ENOMEM; -E2BIG.
 */
int cp_alert_repeat(struct cp_alert *alert, const struct cp_alert_body *bodies, size_t n);

/* Moves everything on as far as it goes without waiting. */
void cp_alert_tick(struct cp_alert *alert);
/* The same, but waits for something to happen, up to timeout_ms and to 50 ms. For a shutdown that wants to see things
 * delivered. */
void cp_alert_wait(struct cp_alert *alert, uint32_t timeout_ms);

struct cp_alert_stats {
	uint64_t n_delivered, n_retries, n_refused /* 4xx */, n_dropped /* spool full, too old, unreadable */;
	uint64_t n_repeated, n_repeats_failed; /* bodies of rounds; in none of the above but n_refused */
	uint64_t n_unspooled; /* could not be written to the spool: kept in memory only */
	uint64_t n_commands, n_commands_failed, n_commands_killed, n_commands_dropped;
	uint32_t n_waiting; /* messages for the webhook and for the command, running ones among them */
	uint32_t n_spooled; /* of those, for the webhook */
	uint32_t n_repeating; /* bodies of a round that are left, a running one among them */
	uint64_t bytes_waiting;
};
void cp_alert_stats(const struct cp_alert *alert, struct cp_alert_stats *ret_stats);

#endif
