// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_mtr_json.c: any bytes as reports of mtr.
 */
#include "import/json_formats.h"
#include "import_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_import(&cp_import_mtr_json, data, size);
	return 0;
}
