/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json_formats.h: the formats in JSON, for the list in import.c.
 */
#ifndef CP_JSON_FORMATS_H
#define CP_JSON_FORMATS_H

#include "import.h"

extern const struct cp_import_format cp_import_ndjson; /* our own */
extern const struct cp_import_format cp_import_atlas;
extern const struct cp_import_format cp_import_scamper;
extern const struct cp_import_format cp_import_mtr_json;
extern const struct cp_import_format cp_import_datadog;

#endif
