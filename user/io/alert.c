// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert.c: the two ways of delivery side by side. Must not know how either
 * works.
 */
#include "alert.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "alert_impl.h"

#define TICK_MS 50 /* how long cp_alert_wait() sleeps at most before it looks */

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

uint64_t cp_alert_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t cp_alert_wall_ms(void)
{
	return clock_ns(CLOCK_REALTIME) / CP_ALERT_NS_MS;
}

void cp_alert_say(const struct cp_alert_logger *logger, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	if (!logger->log)
		return;
	va_start(args, fmt);
	if (vsnprintf(line, sizeof(line), fmt, args) < 0)
		line[0] = '\0';
	va_end(args);
	for (char *c = line; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	logger->log(logger->ctx, line);
}

int cp_alert_open(const struct cp_alert_config *config, struct cp_alert **ret_alert, struct cp_err *err)
{
	struct cp_alert_logger logger = {.log = config->log, .ctx = config->log_ctx};
	struct cp_alert *alert;
	int rc = 0;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return cp_err_set(err, -EIO, "alert: libcurl cannot be used");
	alert = calloc(1, sizeof(*alert));
	if (!alert) {
		curl_global_cleanup();
		return cp_err_set(err, -ENOMEM, "alert: out of memory");
	}
	alert->hook.spool.dir_fd = alert->command.out_fd = -1;
	alert->hook.stats = alert->command.stats = &alert->stats;
	alert->hook.logger = alert->command.logger = logger;
	if (config->url)
		rc = cp_webhook_open(&alert->hook, config, err);
	if (rc == 0 && config->command)
		rc = cp_alert_command_open(&alert->command, config, err);
	if (rc < 0) {
		cp_alert_close(alert);
		return rc;
	}
	*ret_alert = alert;
	return 0;
}

void cp_alert_close(struct cp_alert *alert)
{
	if (!alert)
		return;
	cp_webhook_close(&alert->hook);
	cp_alert_command_close(&alert->command);
	free(alert);
	curl_global_cleanup();
}

int cp_alert_send(struct cp_alert *alert, const char *body, size_t n_body, const char *input, size_t n_input)
{
	int rc = 0, command_rc = 0;

	if (alert->hook.url && body) {
		rc = n_body < 1 || n_body > CP_ALERT_BODY_MAX ? -E2BIG : cp_webhook_send(&alert->hook, body, n_body);
		alert->stats.n_dropped += rc < 0;
	}
	if (alert->command.argv && input) {
		command_rc =
		        n_input > CP_ALERT_BODY_MAX ? -E2BIG : cp_alert_command_send(&alert->command, input, n_input);
		alert->stats.n_commands_dropped += command_rc < 0;
	}
	return rc ? rc : command_rc;
}

bool cp_alert_is_idle(const struct cp_alert *alert)
{
	return alert->hook.url && cp_webhook_is_idle(&alert->hook);
}

int cp_alert_repeat(struct cp_alert *alert, const struct cp_alert_body *bodies, size_t n)
{
	if (!cp_alert_is_idle(alert))
		return -EBUSY;
	for (size_t i = 0; i < n; i++) {
		if (bodies[i].len < 1 || bodies[i].len > CP_ALERT_BODY_MAX)
			return -E2BIG;
	}
	return cp_webhook_repeat(&alert->hook, bodies, n);
}

void cp_alert_tick(struct cp_alert *alert)
{
	if (alert->hook.url)
		cp_webhook_tick(&alert->hook);
	if (alert->command.argv)
		cp_alert_command_tick(&alert->command);
}

void cp_alert_wait(struct cp_alert *alert, uint32_t timeout_ms)
{
	int ms = (int)(timeout_ms < TICK_MS ? timeout_ms : TICK_MS);

	cp_alert_tick(alert);
	if (alert->hook.easy)
		curl_multi_poll(alert->hook.multi, NULL, 0, ms, NULL);
	else
		poll(NULL, 0, ms);
	cp_alert_tick(alert);
}

void cp_alert_stats(const struct cp_alert *alert, struct cp_alert_stats *ret_stats)
{
	struct cp_alert_stats stats = alert->stats;

	stats.n_spooled = (uint32_t)alert->hook.spool.n;
	stats.n_repeating = (uint32_t)(alert->hook.n_repeats - alert->hook.at_repeat);
	stats.n_waiting = (uint32_t)(alert->hook.spool.n + alert->command.n_waiting + (alert->command.pid != 0));
	stats.bytes_waiting = alert->hook.spool.bytes;
	*ret_stats = stats;
}
