// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_uri.c: any bytes as a request target. What is accepted is text without
 * controls, and each parameter lies inside of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cp_uri uri;
	char *raw = malloc(size + 1);

	if (!raw)
		return 0;
	memcpy(raw, data, size);
	raw[size] = '\0';
	if (cp_uri_parse(raw, &uri) == 0) {
		need(cp_uri_path(&uri)[0] == '/');
		for (unsigned i = 0; i < uri.n_params; i++) {
			const char *name = uri.text + uri.params[i].name;

			need(uri.params[i].name <= CP_URI_MAX && uri.params[i].value <= CP_URI_MAX);
			need(cp_uri_param(&uri, name) != NULL);
			for (const char *c = name; *c; c++)
				need((unsigned char)*c >= 0x20 && *c != 0x7f);
		}
	}
	free(raw);
	return 0;
}
