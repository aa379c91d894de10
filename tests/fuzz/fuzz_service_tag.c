// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_service_tag.c: any bytes as a file of Azure service tags. What is
 * accepted answers lookups with whole tags.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/service_tag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cp_service_tags *tags = NULL;
	struct cp_err err = {""};
	int rc = cp_service_tags_parse((const char *)data, size, "f", &tags, &err);

	require((rc < 0) == (err.text[0] != '\0'));
	require((rc < 0) == (tags == NULL));
	for (size_t i = 0; tags && i + 4 <= size; i++) {
		struct cp_addr addr = cp_addr_from_v4((uint32_t)data[i] << 24 | (uint32_t)data[i + 1] << 16 |
		                                      (uint32_t)data[i + 2] << 8 | data[i + 3]);
		const struct cp_service_tag *tag = cp_service_tags_lookup(tags, &addr);

		require(!tag || (tag->name[0] != '\0' && tag->service));
	}
	cp_service_tags_free(tags);
	return 0;
}
