// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * http_answer.c: one request: whether it may be asked at all, the handler's
 * answer, and the headers that go with it. Called by the workers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_impl.h"

/* A request, from its first line until it is answered. */
struct call {
	struct cp_uri uri;
	int uri_rc;
	bool is_whole; /* nothing more of it is to come */
};

void *cp_http_take_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct call *call = malloc(sizeof(*call));

	(void)cls;
	(void)connection;
	if (call) {
		call->is_whole = false;
		call->uri_rc = cp_uri_parse(uri, &call->uri);
	}
	return call;
}

void cp_http_completed(
        void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
	(void)cls;
	(void)code;
	free(*context);
	*context = NULL;
	cp_http_watch_phase(connection, CP_HTTP_ASKING);
}

/* ---- what the client says ---- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The n-th item of a comma-separated list, without white space around it; 0: there is none. */
static size_t list_item(const char **at)
{
	size_t len;

	*at += strspn(*at, " \t,");
	len = strcspn(*at, ",");
	while (len && ((*at)[len - 1] == ' ' || (*at)[len - 1] == '\t'))
		len--;
	return len;
}

/* If-None-Match (RFC 9110, 13.1.2), compared weakly. */
static bool has_tag(const char *list, const char *etag)
{
	size_t n_etag = strlen(etag), len;

	for (const char *at = list; at && (len = list_item(&at)) > 0; at += len) {
		const char *tag = at;
		size_t n = len;

		if (n == 1 && *tag == '*')
			return true;
		if (n > 2 && strncmp(tag, "W/", 2) == 0) {
			tag += 2;
			n -= 2;
		}
		if (n == n_etag + 2 && tag[0] == '"' && tag[n - 1] == '"' && memcmp(tag + 1, etag, n_etag) == 0)
			return true;
	}
	return false;
}

/* Accept-Encoding: gzip is there and not with a weight of nothing. */
static bool accepts_gzip(const char *list)
{
	size_t len;

	for (const char *at = list; at && (len = list_item(&at)) > 0; at += len) {
		size_t n = strcspn(at, ";, \t");
		const char *weight = at + n;

		if (n != 4 || strncasecmp(at, "gzip", 4) != 0)
			continue;
		weight += strspn(weight, " \t");
		if (*weight != ';')
			return true;
		weight += strspn(weight, "; \t");
		return strncasecmp(weight, "q=0", 3) != 0 ||
		       strcspn(weight + 3, "123456789") < strcspn(weight + 3, ",");
	}
	return false;
}

static bool is_port(const char *text)
{
	return !*text || (*text == ':' && strspn(text + 1, "0123456789") == strlen(text + 1));
}

/*
 * On a loopback address only names of this host are answered: a page elsewhere could have its own name point to
 * 127.0.0.1 and read what it likes (DNS rebinding). Other addresses are reached by names that nobody here knows.
 */
static bool is_our_host(const struct cp_http *http, const char *host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	char text[CP_ADDR_STRLEN];
	size_t n;

	if (!cp_http_is_loopback(&http->settings.addr))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		n = strlen(names[i]);
		if (strncasecmp(host, names[i], n) == 0 && is_port(host + n))
			return true;
	}
	cp_addr_format(&http->settings.addr, text);
	n = strlen(text);
	return strncmp(host, text, n) == 0 && is_port(host + n);
}

static bool has_body(struct MHD_Connection *connection)
{
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
	       (length && strspn(length, "0") != strlen(length));
}

/* ---- what it is answered ---- */

static void refuse(struct cp_http_response *response, unsigned status, const char *json)
{
	*response = (struct cp_http_response){
	        .status = status, .type = "application/json; charset=utf-8", .fixed = json, .len = strlen(json)};
}

/* Answers what nobody needs to be asked for. */
static bool refused(const struct cp_http *http, struct MHD_Connection *connection, const char *method,
        const struct call *call, struct cp_http_response *response)
{
	const char *host = header(connection, MHD_HTTP_HEADER_HOST);

	if (!call)
		refuse(response, 503, "{\"error\":\"out of memory\"}\n");
	else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		refuse(response, 405, "{\"error\":\"only GET and HEAD are answered\"}\n");
	else if (call->uri_rc == -E2BIG)
		refuse(response, 414, "{\"error\":\"the request target is too long\"}\n");
	else if (call->uri_rc)
		refuse(response, 400, "{\"error\":\"the request target is malformed, or no UTF-8\"}\n");
	else if (!host)
		refuse(response, 400, "{\"error\":\"the request has no Host\"}\n");
	else if (!is_our_host(http, host))
		refuse(response, 403, "{\"error\":\"this Host is not served here; ask for localhost\"}\n");
	else if (has_body(connection))
		refuse(response, 413, "{\"error\":\"a request has no body here\"}\n");
	else
		return false;
	return true;
}

static int add_headers(struct MHD_Response *to, const struct cp_http_response *response)
{
	const char *const headers[][2] = {
	        {"Content-Security-Policy",
	                "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	                "object-src 'none'"},
	        {"X-Content-Type-Options", "nosniff"},
	        {"X-Frame-Options", "DENY"},
	        {"Referrer-Policy", "no-referrer"},
	        {"Cross-Origin-Resource-Policy", "same-origin"},
	        {"Cache-Control", response->fixed && *response->etag ? "no-cache" : "no-store"},
	        {"Content-Type", response->type},
	        {"Content-Encoding", response->is_gzip ? "gzip" : NULL},
	        {"Vary", *response->etag ? "Accept-Encoding" : NULL},
	        {"Allow", response->status == 405 ? "GET, HEAD" : NULL},
	};
	char etag[sizeof(response->etag) + 2] = "\"";
	size_t n = sizeof(headers) / sizeof(headers[0]);

	for (size_t i = 0; i < n; i++) {
		if (headers[i][1] && MHD_add_response_header(to, headers[i][0], headers[i][1]) != MHD_YES)
			return -ENOMEM;
	}
	if (!*response->etag)
		return 0;
	strcat(strcat(etag, response->etag), "\"");
	return MHD_add_response_header(to, "ETag", etag) == MHD_YES ? 0 : -ENOMEM;
}

/* The library's form of an answer; takes what it owns. NULL: no memory, or no room for a subscriber. */
static struct MHD_Response *body_of(
        struct cp_http *http, struct MHD_Connection *connection, struct cp_http_response *response)
{
	char *owned = response->owned;

	response->owned = NULL;
	if (response->is_events)
		return cp_http_events_join(http, connection);
	if (response->status == 304) {
		free(owned);
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	}
	if (response->fixed) {
		free(owned);
		return MHD_create_response_from_buffer(
		        response->len, (void *)(uintptr_t)response->fixed, MHD_RESPMEM_PERSISTENT);
	}
	if (!owned)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer_with_free_callback(response->len, owned, free);
}

static enum MHD_Result queue(struct cp_http *http, struct MHD_Connection *connection, struct cp_http_response *response)
{
	struct MHD_Response *answer = body_of(http, connection, response);
	enum MHD_Result queued = MHD_NO;

	if (!answer && response->is_events) {
		refuse(response, 503, "{\"error\":\"too many subscribers\"}\n");
		answer = body_of(http, connection, response);
	}
	if (!answer)
		return MHD_NO;
	if (add_headers(answer, response) == 0)
		queued = MHD_queue_response(connection, response->status, answer);
	MHD_destroy_response(answer);
	if (queued == MHD_YES && response->status < 600)
		atomic_fetch_add(&http->answers[response->status / 100], 1);
	return queued;
}

static void respond(const struct cp_http *http, struct MHD_Connection *connection, const struct call *call,
        struct cp_http_response *response)
{
	const struct cp_http_request request = {
	        .uri = &call->uri, .accepts_gzip = accepts_gzip(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING))};

	http->settings.handler(http->settings.ctx, &request, response);
	if (response->status == 200 && *response->etag &&
	        has_tag(header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), response->etag))
		response->status = 304;
}

enum MHD_Result cp_http_answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
        const char *version, const char *upload, size_t *n_upload, void **context)
{
	struct cp_http *http = cls;
	struct call *call = *context;
	struct cp_http_response response = {.status = 404};

	(void)url;
	(void)version;
	(void)upload;
	(void)n_upload;
	if (!refused(http, connection, method, call, &response)) {
		/* The library closes the connection of one that is answered at its first call, which is its head. */
		if (!call->is_whole) {
			call->is_whole = true;
			return MHD_YES;
		}
		cp_http_watch_phase(connection, CP_HTTP_ANSWERING); /* the handler's time is not the client's */
		respond(http, connection, call, &response);
	}
	if (response.is_events && strcmp(method, "HEAD") == 0)
		response.is_events = false; /* its headers are all */
	cp_http_watch_phase(connection, response.is_events ? CP_HTTP_STREAMING : CP_HTTP_ANSWERING);
	return queue(http, connection, &response);
}
