/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * uri.h: what an HTTP client asks for: path and parameters of a request target
 * in origin form (RFC 9112, 3.2.1; RFC 3986). Strict, because whoever asks may
 * be hostile: no percent-encoding that is none, no byte that is no UTF-8, no
 * control character. Must not know what is asked for.
 */
#ifndef CP_URI_H
#define CP_URI_H

#include <stddef.h>
#include <stdint.h>

#define CP_URI_MAX 2048 /* bytes as they came */
#define CP_URI_PARAMS_MAX 16

struct cp_uri {
	char text[CP_URI_MAX + 1]; /* decoded parts, each with a NUL */
	struct {
		uint16_t name, value; /* where in text */
	} params[CP_URI_PARAMS_MAX];
	unsigned n_params;
};

/*
 * Reads a request target: "/path?name=value&name=value"; '+' in a parameter is a space (as forms have it), a
 * parameter without '=' has the value "". 0; -E2BIG: longer than CP_URI_MAX or more parameters; -EINVAL: malformed.
 */
int cp_uri_parse(const char *raw, struct cp_uri *ret_uri);
/* The decoded path; starts with '/'. */
const char *cp_uri_path(const struct cp_uri *uri);
/* The value of the first parameter of this name; NULL: there is none. */
const char *cp_uri_param(const struct cp_uri *uri, const char *name);

#endif
