// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert_webhook.c: POSTs what waits, one after the other and in order, through
 * libcurl's multi interface, so that nobody waits for it. Must not know what is
 * posted. Neither a secret nor the path of the URL, which may hold one, is ever
 * logged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert_impl.h"

#define SECRET_MAX 4096
#define ANSWER_MAX 65536 /* bytes; a longer answer is cut off */
#define RETRY_AFTER_MAX_S 3600

/* ---- Configuration ---- */

static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

/* "https://alerts.example:9093", as much as the log may show. */
static int check_url(const char *url, char **ret_name, struct cp_err *err)
{
	char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
	CURLU *parts = curl_url();
	int rc = 0;

	if (!parts)
		return cp_err_set(err, -ENOMEM, "alert webhook: out of memory");
	if (!is_plain(url) || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
	        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		rc = cp_err_set(err, -EINVAL, "alert webhook: the URL must be http://... or https://...");
	else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK ||
	         curl_url_get(parts, CURLUPART_PASSWORD, &user, 0) == CURLUE_OK)
		rc = cp_err_set(err, -EINVAL,
		        "alert webhook: no user or password in the URL; put the Authorization header into a secret "
		        "file");
	else if (asprintf(ret_name, "%s://%s:%s", scheme, host, port) < 0)
		rc = cp_err_set(err, -ENOMEM, "alert webhook: out of memory");
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(user);
	curl_url_cleanup(parts);
	return rc;
}

/* The first line of a file into buf. */
static int read_secret(const char *path, char buf[SECRET_MAX + 1])
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), rc = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, SECRET_MAX);
	if (n < 0)
		rc = -errno;
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\r\n")] = '\0';
	if (rc == 0 && (!buf[0] || !is_plain(buf)))
		rc = -EINVAL;
	return rc;
}

static int check_secret(const struct cp_alert_config *config, struct cp_err *err)
{
	char secret[SECRET_MAX + 1];
	int rc;

	if (!config->secret_header != !config->secret_file)
		return cp_err_set(err, -EINVAL, "alert webhook: a secret wants both a header's name and a file");
	if (!config->secret_file)
		return 0;
	if (!is_plain(config->secret_header) || strpbrk(config->secret_header, ": ") || !config->secret_header[0] ||
	        (config->secret_prefix && !is_plain(config->secret_prefix)))
		return cp_err_set(err, -EINVAL, "alert webhook: the name of the secret's header is not one");
	rc = read_secret(config->secret_file, secret);
	explicit_bzero(secret, sizeof(secret));
	if (rc == -EINVAL)
		return cp_err_set(err, rc,
		        "alert webhook: %s: its first line is no secret: empty, or with control characters",
		        config->secret_file);
	return rc < 0 ? cp_err_set(err, rc, "alert webhook: %s: %s", config->secret_file, strerror(-rc)) : 0;
}

static int add_header(struct curl_slist **list, const char *header)
{
	struct curl_slist *longer = curl_slist_append(*list, header);

	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int take_headers(struct cp_webhook *hook, const struct cp_alert_config *config, struct cp_err *err)
{
	int rc = add_header(&hook->headers, "Content-Type: application/json");

	if (rc == 0)
		rc = add_header(&hook->headers, "Expect:"); /* do not ask before sending */
	for (const char *const *header = config->headers; rc == 0 && header && *header; header++) {
		if (!is_plain(*header) || !strchr(*header, ':') || **header == ':')
			return cp_err_set(err, -EINVAL, "alert webhook: a header must read \"Name: value\"");
		rc = add_header(&hook->headers, *header);
	}
	return rc < 0 ? cp_err_set(err, rc, "alert webhook: out of memory") : 0;
}

/* NULL stays NULL. */
static int copy(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static int take_config(struct cp_webhook *hook, const struct cp_alert_config *config, struct cp_err *err)
{
	hook->timeout_ms = config->timeout_ms ? config->timeout_ms : 10000;
	hook->retry_min_ms = config->retry_min_ms ? config->retry_min_ms : 1000;
	hook->retry_max_ms = config->retry_max_ms ? config->retry_max_ms : 300000;
	hook->max_age_s = config->max_age_s ? config->max_age_s : 7 * 86400;
	hook->rng = config->seed | 1;
	if (hook->retry_max_ms < hook->retry_min_ms)
		return cp_err_set(err, -EINVAL, "alert webhook: retries from %u ms to %u ms", hook->retry_min_ms,
		        hook->retry_max_ms);
	if (copy(config->url, &hook->url) < 0 || copy(config->secret_header, &hook->secret_header) < 0 ||
	        copy(config->secret_prefix, &hook->secret_prefix) < 0 ||
	        copy(config->secret_file, &hook->secret_file) < 0 || copy(config->ca_file, &hook->ca_file) < 0)
		return cp_err_set(err, -ENOMEM, "alert webhook: out of memory");
	if (config->ca_file && access(config->ca_file, R_OK) < 0)
		return cp_err_set(err, -errno, "alert webhook: %s: %s", config->ca_file, strerror(errno));
	return take_headers(hook, config, err);
}

int cp_webhook_open(struct cp_webhook *hook, const struct cp_alert_config *config, struct cp_err *err)
{
	uint64_t dropped = 0;
	int rc = check_url(config->url, &hook->name, err);

	if (rc == 0)
		rc = check_secret(config, err);
	if (rc == 0)
		rc = take_config(hook, config, err);
	if (rc == 0)
		rc = cp_spool_open(&hook->spool, config->spool_dir,
		        config->spool_max_bytes ? config->spool_max_bytes : UINT64_C(64) << 20,
		        config->spool_max_messages ? config->spool_max_messages : 10000, &dropped, err);
	if (rc < 0)
		return rc;
	hook->multi = curl_multi_init();
	if (!hook->multi)
		return cp_err_set(err, -ENOMEM, "alert webhook: out of memory");
	hook->stats->n_dropped += dropped;
	if (dropped)
		cp_alert_say(&hook->logger, "alert spool: dropped %llu messages of an earlier run, too many or damaged",
		        (unsigned long long)dropped);
	return 0;
}

/* ---- Requests ---- */

static void forget_secret(struct curl_slist *list)
{
	for (struct curl_slist *item = list; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(list);
}

static void end_request(struct cp_webhook *hook)
{
	if (hook->easy) {
		curl_multi_remove_handle(hook->multi, hook->easy);
		curl_easy_cleanup(hook->easy);
	}
	hook->easy = NULL;
	forget_secret(hook->request_headers);
	hook->request_headers = NULL;
	free(hook->body);
	hook->body = NULL;
	hook->is_repeat = false;
}

/* All but one that runs. */
static void drop_repeats(struct cp_webhook *hook)
{
	size_t n_kept = hook->easy && hook->is_repeat ? hook->at_repeat + 1 : 0;

	for (size_t i = n_kept; i < hook->n_repeats; i++)
		free(hook->repeats[i].text);
	hook->n_repeats = n_kept;
	if (n_kept)
		return;
	free(hook->repeats);
	hook->repeats = NULL;
	hook->at_repeat = 0;
}

void cp_webhook_close(struct cp_webhook *hook)
{
	end_request(hook);
	drop_repeats(hook);
	if (hook->multi)
		curl_multi_cleanup(hook->multi);
	curl_slist_free_all(hook->headers);
	free(hook->url);
	free(hook->name);
	free(hook->secret_header);
	free(hook->secret_prefix);
	free(hook->secret_file);
	free(hook->ca_file);
	cp_spool_close(&hook->spool);
}

/* xorshift64 (Marsaglia): spreads retries of many hosts; no secret depends on it. */
static uint64_t draw(struct cp_webhook *hook)
{
	hook->rng ^= hook->rng << 13;
	hook->rng ^= hook->rng >> 7;
	hook->rng ^= hook->rng << 17;
	return hook->rng;
}

/* Tries again between half of the time that is due and all of it, and not before the server wants. */
static void back_off(struct cp_webhook *hook, uint64_t after_s, const char *why)
{
	uint64_t due_ms = (uint64_t)hook->retry_min_ms << (hook->n_failures < 20 ? hook->n_failures : 20);

	if (due_ms > hook->retry_max_ms)
		due_ms = hook->retry_max_ms;
	due_ms = due_ms / 2 + draw(hook) % (due_ms / 2 + 1);
	if (after_s > RETRY_AFTER_MAX_S)
		after_s = RETRY_AFTER_MAX_S;
	if (due_ms < after_s * 1000)
		due_ms = after_s * 1000;
	hook->next_ns = cp_alert_mono_ns() + due_ms * CP_ALERT_NS_MS;
	hook->n_failures++;
	if (!hook->is_told)
		cp_alert_say(&hook->logger, "alert webhook %s: %s; tries again, %zu messages wait", hook->name, why,
		        hook->spool.n);
	hook->is_told = true;
}

/* What the request under way was for is to be tried again; what lasts, in a round that is of then. */
static void fail(struct cp_webhook *hook, uint64_t after_s, const char *why)
{
	bool is_repeat = hook->is_repeat;

	end_request(hook);
	back_off(hook, after_s, why);
	if (is_repeat) {
		hook->stats->n_repeats_failed++;
		drop_repeats(hook);
	} else {
		hook->stats->n_retries++;
	}
}

static void works(struct cp_webhook *hook)
{
	if (hook->is_told)
		cp_alert_say(&hook->logger, "alert webhook %s: answers again after %u failures", hook->name,
		        hook->n_failures);
	hook->is_told = false;
	hook->n_failures = 0;
	hook->next_ns = 0;
}

/* One of a round was taken, or refused, which is told once. */
static void end_repeat(struct cp_webhook *hook, long status)
{
	bool is_taken = status >= 200 && status < 300;

	free(hook->repeats[hook->at_repeat].text);
	hook->repeats[hook->at_repeat++].text = NULL;
	if (hook->at_repeat == hook->n_repeats) {
		hook->n_repeats = 0;
		drop_repeats(hook);
	}
	hook->stats->n_repeated += is_taken;
	hook->stats->n_refused += !is_taken;
	if (!is_taken && !hook->is_refusal_told)
		cp_alert_say(&hook->logger, "alert webhook %s: refuses with %ld to be told again what lasts",
		        hook->name, status);
	hook->is_refusal_told = !is_taken;
}

static void end_message(struct cp_webhook *hook, long status)
{
	if (status >= 200 && status < 300) {
		hook->stats->n_delivered++;
	} else {
		hook->stats->n_refused++;
		cp_alert_say(&hook->logger, "alert webhook %s: refuses a message with %ld; it is dropped", hook->name,
		        status);
	}
	cp_spool_drop(&hook->spool, 0);
}

/* An answer has come, or none. */
static void judge(struct cp_webhook *hook, CURLcode code)
{
	bool is_repeat = hook->is_repeat;
	curl_off_t after_s = 0;
	long status = 0;
	char why[160];

	curl_easy_getinfo(hook->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(hook->easy, CURLINFO_RETRY_AFTER, &after_s);
	/* An answer too long to be read, with a status, is one. */
	if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && hook->n_answer > ANSWER_MAX)) {
		fail(hook, 0, curl_easy_strerror(code));
		return;
	}
	if (status >= 500 || status == 429 || status == 408) {
		snprintf(why, sizeof(why), "answers %ld", status);
		fail(hook, after_s > 0 ? (uint64_t)after_s : 0, why);
		return;
	}
	end_request(hook);
	works(hook);
	if (is_repeat)
		end_repeat(hook, status);
	else
		end_message(hook, status);
}

static size_t swallow(char *data, size_t size, size_t n, void *ctx)
{
	struct cp_webhook *hook = ctx;

	(void)data;
	hook->n_answer += size * n;
	return hook->n_answer > ANSWER_MAX ? 0 : size * n;
}

/* The fixed headers, and the secret as it is now. */
static int build_headers(struct cp_webhook *hook)
{
	char secret[SECRET_MAX + 1], *header = NULL;
	int rc = 0;

	for (const struct curl_slist *item = hook->headers; item && rc == 0; item = item->next)
		rc = add_header(&hook->request_headers, item->data);
	if (rc < 0 || !hook->secret_file)
		return rc;
	rc = read_secret(hook->secret_file, secret);
	if (rc == 0 && asprintf(&header, "%s: %s%s", hook->secret_header,
	                       hook->secret_prefix ? hook->secret_prefix : "", secret) < 0)
		rc = -ENOMEM;
	if (rc == 0) {
		rc = add_header(&hook->request_headers, header);
		explicit_bzero(header, strlen(header));
		free(header);
	}
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

/* Verified TLS, no redirects (they would take the secret elsewhere), nothing but HTTP. */
static CURLcode set_options(struct cp_webhook *hook, size_t n_body)
{
	CURL *easy = hook->easy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, hook->url);

	code |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	code |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, hook->request_headers);
	code |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "coldpotato");
	code |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, hook->body);
	code |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n_body);
	code |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)hook->timeout_ms);
	code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for the resolver when we end */
	code |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	code |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, hook);
	if (hook->ca_file)
		code |= curl_easy_setopt(easy, CURLOPT_CAINFO, hook->ca_file);
	return code;
}

/* The text of the next request. Messages go first. 0 or -errno: the message is gone, or there is no memory. */
static int take_body(struct cp_webhook *hook, size_t *ret_len)
{
	const struct cp_alert_input *repeat;
	int rc;

	if (!hook->spool.n) {
		repeat = &hook->repeats[hook->at_repeat];
		hook->body = malloc(repeat->len);
		if (!hook->body)
			return -ENOMEM;
		memcpy(hook->body, repeat->text, repeat->len);
		*ret_len = repeat->len;
		hook->is_repeat = true;
		return 0;
	}
	rc = cp_spool_read(&hook->spool, &hook->body, ret_len);
	if (rc < 0 && rc != -ENOMEM) {
		cp_alert_say(&hook->logger, "alert spool: a message cannot be read: %s; it is dropped", strerror(-rc));
		cp_spool_drop(&hook->spool, 0);
		hook->stats->n_dropped++;
	}
	return rc;
}

static void start(struct cp_webhook *hook)
{
	size_t n_body;
	int rc = take_body(hook, &n_body);

	if (rc < 0 && rc != -ENOMEM)
		return;
	if (rc == 0)
		rc = build_headers(hook);
	if (rc < 0) {
		fail(hook, 0, rc == -ENOMEM ? "out of memory" : "the file with the secret cannot be used");
		return;
	}
	hook->n_answer = 0;
	hook->easy = curl_easy_init();
	if (!hook->easy || set_options(hook, n_body) != CURLE_OK)
		fail(hook, 0, "libcurl cannot make a request");
	else if (curl_multi_add_handle(hook->multi, hook->easy) != CURLM_OK)
		fail(hook, 0, "libcurl cannot start a request");
}

/* A clock that was set back makes nothing old. */
static void drop_old(struct cp_webhook *hook)
{
	uint64_t now_ms = cp_alert_wall_ms();

	while (hook->spool.n && now_ms > hook->spool.items[0].key / 1000 + hook->max_age_s * UINT64_C(1000)) {
		cp_alert_say(
		        &hook->logger, "alert webhook %s: a message has waited too long; it is dropped", hook->name);
		cp_spool_drop(&hook->spool, 0);
		hook->stats->n_dropped++;
	}
}

int cp_webhook_send(struct cp_webhook *hook, const char *body, size_t len)
{
	uint64_t dropped = 0;
	size_t n_keep = hook->easy && !hook->is_repeat ? 1 : 0;
	int file_rc = 0, rc = cp_spool_add(&hook->spool, body, len, n_keep, &dropped, &file_rc);

	drop_repeats(hook);
	if (rc < 0)
		return rc;
	if (file_rc < 0) {
		if (hook->stats->n_unspooled++ == 0)
			cp_alert_say(
			        &hook->logger, "alert spool: %s; messages are kept in memory only", strerror(-file_rc));
	}
	if (dropped) {
		if (hook->stats->n_dropped == 0)
			cp_alert_say(&hook->logger, "alert spool: is full; the oldest messages are dropped");
		hook->stats->n_dropped += dropped;
	}
	return 0;
}

bool cp_webhook_is_idle(const struct cp_webhook *hook)
{
	return !hook->easy && !hook->spool.n && cp_alert_mono_ns() >= hook->next_ns;
}

int cp_webhook_repeat(struct cp_webhook *hook, const struct cp_alert_body *bodies, size_t n)
{
	drop_repeats(hook);
	if (n == 0)
		return 0;
	hook->repeats = calloc(n, sizeof(*hook->repeats));
	if (!hook->repeats)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		char *text = malloc(bodies[i].len);

		if (!text) {
			drop_repeats(hook);
			return -ENOMEM;
		}
		memcpy(text, bodies[i].text, bodies[i].len);
		hook->repeats[hook->n_repeats++] = (struct cp_alert_input){.text = text, .len = bodies[i].len};
	}
	return 0;
}

void cp_webhook_tick(struct cp_webhook *hook)
{
	int n_running, n_left;
	CURLMsg *message;

	if (!hook->easy) {
		drop_old(hook);
		if ((!hook->spool.n && !hook->n_repeats) || cp_alert_mono_ns() < hook->next_ns)
			return;
		start(hook);
	}
	if (!hook->easy)
		return;
	curl_multi_perform(hook->multi, &n_running);
	while (hook->easy && (message = curl_multi_info_read(hook->multi, &n_left))) {
		if (message->msg == CURLMSG_DONE && message->easy_handle == hook->easy)
			judge(hook, message->data.result);
	}
}
