// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_atlas.c: any bytes as RIPE Atlas results.
 */
#include "import/json_formats.h"
#include "import_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_import(&cp_import_atlas, data, size);
	return 0;
}
