// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * serve.c: `serve`: a store as a dashboard, as JSON and as metrics, until a
 * signal ends it. Sends no probe and needs no rights but to read the file.
 */
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "io/http.h"
#include "io/store.h"

int cp_serve_listen_parse(const char *text, struct cp_addr *ret_addr, uint16_t *ret_port)
{
	const bool brackets = text[0] == '[';
	const char *start = text + brackets, *end = brackets ? strchr(text, ']') : strrchr(text, ':'), *port;
	char host[CP_ADDR_STRLEN] = "";
	struct cp_addr addr;

	if (!brackets && cp_addr_parse(text, &addr) == 0) {
		*ret_addr = addr;
		*ret_port = CP_SERVE_PORT;
		return 0;
	}
	if (!end || (size_t)(end - start) >= sizeof(host))
		return -EINVAL;
	memcpy(host, start, (size_t)(end - start));
	port = end + brackets;
	if (cp_addr_parse(host, &addr) || cp_addr_is_v4(&addr) == brackets || (*port && *port != ':'))
		return -EINVAL;
	if (*port && (!port[1] || strlen(port + 1) > 5 || strspn(port + 1, "0123456789") != strlen(port + 1) ||
	                     strtoul(port + 1, NULL, 10) > 65535))
		return -EINVAL;
	*ret_addr = addr;
	*ret_port = *port ? (uint16_t)strtoul(port + 1, NULL, 10) : CP_SERVE_PORT;
	return 0;
}

/* A store that is not there yet may come; what is no store never will be one. */
static int check_store(const char *path, struct cp_err *err)
{
	struct cp_store *store = NULL;
	int rc = cp_store_open(path, CP_STORE_READ, &store, err);

	cp_store_close(store);
	return rc;
}

static int read_settings(const struct cp_opts *opts, struct cp_serve_settings *ret_settings, struct cp_err *err)
{
	if (opts->n_targets != 1)
		return cp_err_set(err, -EINVAL, "serve wants one store, the FILE of --store, not %zu", opts->n_targets);
	*ret_settings = (struct cp_serve_settings){.path = opts->targets[0]};
	if (cp_serve_listen_parse(opts->listen, &ret_settings->addr, &ret_settings->port))
		return cp_err_set(err, -EINVAL,
		        "--listen wants an address with or without a port (IPv6 with a port: [ADDR]:PORT), not '%s'",
		        opts->listen);
	return check_store(ret_settings->path, err);
}

static void announce(const struct cp_serve_settings *settings, const struct cp_serve *serve)
{
	const bool is_v4 = cp_addr_is_v4(&settings->addr);
	char text[CP_ADDR_STRLEN];

	cp_addr_format(&settings->addr, text);
	if (!cp_http_is_loopback(&settings->addr))
		fprintf(stderr,
		        "coldpotato: warning: %s can be reached by others: what the store has is shown to whoever "
		        "asks, "
		        "without a password and unencrypted\n",
		        text);
	fprintf(stderr, "coldpotato: serving on http://%s%s%s:%u/\n", is_v4 ? "" : "[", text, is_v4 ? "" : "]",
	        cp_serve_port(serve));
}

int cp_cmd_serve(const struct cp_opts *opts)
{
	struct cp_serve_settings settings;
	struct cp_serve *serve = NULL;
	struct cp_err err = {.text = ""};
	sigset_t ends;
	int number = 0, rc;

	/* Taken by sigwait() below; the service's threads have all blocked. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	rc = read_settings(opts, &settings, &err);
	if (rc == 0 && (rc = cp_serve_start(&settings, &serve, &err)) == 0) {
		announce(&settings, serve);
		sigwait(&ends, &number);
		cp_serve_stop(serve);
		return CP_EXIT_OK;
	}
	fprintf(stderr, "coldpotato: %s\n", err.text);
	return rc == -EINVAL ? CP_EXIT_USAGE : CP_EXIT_FAILED;
}
