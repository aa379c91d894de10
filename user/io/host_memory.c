// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * host_memory.c: how much memory is left for this process: the machine's, or
 * that of the control groups it is in. Reads files of the kernel, nothing else.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/host.h"

#define TEXT_MAX 65536u

/* The number behind a label at the start of a line, or at the start of the text when label is "". */
static bool find_number(const char *text, const char *label, uint64_t *ret_number)
{
	size_t len = strlen(label);

	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char *end;

		if (strncmp(line, label, len) != 0)
			continue;
		*ret_number = strtoull(line + len, &end, 10);
		return end != line + len;
	}
	return false;
}

static bool read_number(const char *path, const char *label, uint64_t *ret_number)
{
	size_t len;
	char *text;
	bool found;

	if (cp_host_file_read(path, TEXT_MAX, &text, &len, NULL))
		return false;
	found = find_number(text, label, ret_number);
	free(text);
	return found;
}

/* What is left below the limit of one group; false: it has none ("max"), or there is no such group. */
static bool left_in_group(const char *dir, uint64_t *ret_bytes)
{
	char path[512];
	uint64_t limit, used;

	snprintf(path, sizeof(path), "%s/memory.max", dir);
	if (!read_number(path, "", &limit))
		return false;
	snprintf(path, sizeof(path), "%s/memory.current", dir);
	if (!read_number(path, "", &used))
		return false;
	*ret_bytes = limit > used ? limit - used : 0;
	return true;
}

/* The group of this process and all above it; each may limit. */
static bool left_in_groups(uint64_t *ret_bytes)
{
	char dir[480], *line, *end;
	bool found = false;
	uint64_t left;
	size_t len;

	if (cp_host_file_read("/proc/self/cgroup", TEXT_MAX, &line, &len, NULL))
		return false;
	end = strstr(line, "0::/");
	if (end) {
		snprintf(dir, sizeof(dir), "/sys/fs/cgroup%.*s", (int)strcspn(end + 3, "\n"), end + 3);
		while (strlen(dir) > strlen("/sys/fs/cgroup")) {
			if (left_in_group(dir, &left) && (!found || left < *ret_bytes)) {
				*ret_bytes = left;
				found = true;
			}
			*strrchr(dir, '/') = '\0';
		}
	}
	free(line);
	return found;
}

int cp_host_memory(uint64_t *ret_bytes)
{
	uint64_t available_kib, left;
	bool known = read_number("/proc/meminfo", "MemAvailable:", &available_kib);

	if (left_in_groups(&left)) {
		*ret_bytes = known && available_kib * 1024 < left ? available_kib * 1024 : left;
		return 0;
	}
	if (!known)
		return -ENOENT;
	*ret_bytes = available_kib * 1024;
	return 0;
}
