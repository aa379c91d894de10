// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * import.c: the list of formats that results are read from. A new one is one
 * line here.
 */
#include <string.h>

#include "import.h"
#include "json_formats.h"
#include "text_formats.h"

const struct cp_import_format *const cp_import_formats[] = {
        &cp_import_ndjson,
        &cp_import_atlas,
        &cp_import_scamper,
        &cp_import_mtr_json,
        &cp_import_datadog,
        &cp_import_traceroute,
        &cp_import_tracert,
        &cp_import_tracepath,
        &cp_import_mtr_text,
        &cp_import_nmap,
        NULL,
};

const struct cp_import_format *cp_import_find(const char *name)
{
	for (size_t i = 0; cp_import_formats[i]; i++) {
		if (strcmp(cp_import_formats[i]->name, name) == 0)
			return cp_import_formats[i];
	}
	return NULL;
}

const struct cp_import_format *cp_import_detect(const char *text, size_t len)
{
	const struct cp_import_format *best = NULL;
	enum cp_import_match best_match = CP_IMPORT_NO;

	for (size_t i = 0; cp_import_formats[i]; i++) {
		enum cp_import_match match = cp_import_formats[i]->match(text, len);

		if (match > best_match) {
			best = cp_import_formats[i];
			best_match = match;
		}
	}
	return best;
}
