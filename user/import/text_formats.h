/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_formats.h: the formats of tools that write for people.
 */
#ifndef CP_TEXT_FORMATS_H
#define CP_TEXT_FORMATS_H

#include "import.h"

extern const struct cp_import_format cp_import_traceroute;
extern const struct cp_import_format cp_import_tracert;
extern const struct cp_import_format cp_import_tracepath;
extern const struct cp_import_format cp_import_mtr_text;
extern const struct cp_import_format cp_import_nmap;

#endif
