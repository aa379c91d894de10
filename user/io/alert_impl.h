/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * alert_impl.h: what the files of alert.h share: the queue with its directory
 * (alert_spool.c), the webhook (alert_webhook.c) and the command
 * (alert_command.c). Nobody else's.
 */
#ifndef CP_ALERT_IMPL_H
#define CP_ALERT_IMPL_H

#include <curl/curl.h>
#include <sys/types.h>

#include "alert.h"

#define CP_ALERT_BODY_MAX (1u << 20)
#define CP_ALERT_NS_MS UINT64_C(1000000)

uint64_t cp_alert_mono_ns(void);
uint64_t cp_alert_wall_ms(void);

/* Formats a line for the log; what is not printable ASCII becomes '?'. */
struct cp_alert_logger {
	cp_alert_log_cb log;
	void *ctx;
};
void cp_alert_say(const struct cp_alert_logger *logger, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- The queue ---- */

struct cp_spooled {
	uint64_t key; /* when it came, in Unix microseconds, made unique; its file's name */
	uint32_t size;
	char *body; /* NULL: in the file */
};

struct cp_spool {
	int dir_fd; /* -1: in memory only */
	struct cp_spooled *items; /* the oldest first */
	size_t n, cap;
	uint64_t bytes, last_key;
	uint64_t max_bytes;
	uint32_t max_items;
};

/* dir NULL: none. *ret_dropped: found, and too many or unreadable. -EBUSY: another process has it. */
int cp_spool_open(struct cp_spool *spool, const char *dir, uint64_t max_bytes, uint32_t max_items,
        uint64_t *ret_dropped, struct cp_err *err);
void cp_spool_close(struct cp_spool *spool); /* files stay */
/*
 * Takes a copy, and drops from the oldest on what there is no room for, but not the first n_keep. 0 or -ENOMEM.
 * *ret_rc: 0, or why it could not be written to the directory: it is in memory then.
 */
int cp_spool_add(
        struct cp_spool *spool, const char *body, size_t len, size_t n_keep, uint64_t *ret_dropped, int *ret_rc);
/* The oldest one's text; free() it. -ENOENT ...: its file cannot be read. */
int cp_spool_read(const struct cp_spool *spool, char **ret_body, size_t *ret_len);
/* Forgets the one at an index, its file, too. */
void cp_spool_drop(struct cp_spool *spool, size_t at);

struct cp_alert_input {
	char *text;
	size_t len;
};

/* ---- The webhook ---- */

struct cp_webhook {
	struct cp_alert_logger logger;
	char *url, *name; /* name: what the log may show of it */
	struct curl_slist *headers;
	char *secret_header, *secret_prefix, *secret_file, *ca_file;
	uint32_t timeout_ms, retry_min_ms, retry_max_ms, max_age_s;
	uint64_t rng;
	struct cp_spool spool;
	/* What lasts, said again: repeats[at] is the next one, or runs. */
	struct cp_alert_input *repeats;
	size_t n_repeats, at_repeat;
	CURLM *multi;
	CURL *easy; /* the request that runs; NULL: none */
	bool is_repeat; /* it is repeats[at_repeat] */
	bool is_refusal_told; /* of a repeat: the next one is refused as well */
	struct curl_slist *request_headers; /* with the secret */
	char *body;
	size_t n_answer; /* bytes of the answer, which is not kept */
	unsigned n_failures; /* in a row */
	uint64_t next_ns; /* not before */
	bool is_told; /* that it fails */
	struct cp_alert_stats *stats;
};

int cp_webhook_open(struct cp_webhook *hook, const struct cp_alert_config *config, struct cp_err *err);
void cp_webhook_close(struct cp_webhook *hook);
int cp_webhook_send(struct cp_webhook *hook, const char *body, size_t len);
bool cp_webhook_is_idle(const struct cp_webhook *hook);
/* As cp_alert_repeat(); sizes were checked. */
int cp_webhook_repeat(struct cp_webhook *hook, const struct cp_alert_body *bodies, size_t n);
void cp_webhook_tick(struct cp_webhook *hook);

/* ---- The command ---- */

struct cp_alert_command {
	struct cp_alert_logger logger;
	char **argv; /* NULL: none */
	uint32_t timeout_ms, max_waiting;
	struct cp_alert_input *waiting; /* the oldest first */
	size_t n_waiting, cap;
	pid_t pid; /* 0: none runs */
	int out_fd; /* its output; -1: closed */
	uint64_t started_ns;
	bool is_terminated; /* it was asked to end */
	char line[256]; /* of its output, as far as it has come */
	size_t n_line;
	unsigned n_lines; /* logged */
	struct cp_alert_stats *stats;
};

int cp_alert_command_open(struct cp_alert_command *command, const struct cp_alert_config *config, struct cp_err *err);
void cp_alert_command_close(struct cp_alert_command *command);
int cp_alert_command_send(struct cp_alert_command *command, const char *input, size_t len);
void cp_alert_command_tick(struct cp_alert_command *command);

struct cp_alert {
	struct cp_webhook hook; /* url NULL: none */
	struct cp_alert_command command;
	struct cp_alert_stats stats;
};

#endif
