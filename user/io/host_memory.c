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

/* A hierarchy of control groups that can limit memory. */
struct hierarchy {
	const char *label; /* before the group's name, in /proc/self/cgroup */
	const char *root, *limit, *used;
};

/* Lowers *left to what is left below the limit of one group. It may have none ("max"), or not be there. */
static void lower_to_group(const struct hierarchy *hierarchy, const char *dir, uint64_t *left)
{
	char path[512];
	uint64_t limit, used;

	snprintf(path, sizeof(path), "%s/%s", dir, hierarchy->limit);
	if (!read_number(path, "", &limit))
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, hierarchy->used);
	if (!read_number(path, "", &used))
		return;
	used = limit > used ? limit - used : 0;
	*left = used < *left ? used : *left;
}

/* The group of this process and all above it; each may limit. */
static void lower_to_groups(const struct hierarchy *hierarchy, const char *groups, uint64_t *left)
{
	const char *name = strstr(groups, hierarchy->label);
	char dir[480];

	if (!name)
		return;
	name += strlen(hierarchy->label);
	snprintf(dir, sizeof(dir), "%s%.*s", hierarchy->root, (int)strcspn(name, "\n"), name);
	while (strlen(dir) > strlen(hierarchy->root)) {
		lower_to_group(hierarchy, dir, left);
		*strrchr(dir, '/') = '\0';
	}
}

int cp_host_memory(uint64_t *ret_bytes)
{
	static const struct hierarchy hierarchies[] = {
	        {"0::", "/sys/fs/cgroup", "memory.max", "memory.current"},
	        {":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"},
	};
	uint64_t left = UINT64_MAX, available_kib;
	char *groups;
	size_t len;

	if (read_number("/proc/meminfo", "MemAvailable:", &available_kib))
		left = available_kib * 1024;
	if (cp_host_file_read("/proc/self/cgroup", TEXT_MAX, &groups, &len, NULL) == 0) {
		for (size_t i = 0; i < sizeof(hierarchies) / sizeof(hierarchies[0]); i++)
			lower_to_groups(&hierarchies[i], groups, &left);
		free(groups);
	}
	if (left == UINT64_MAX)
		return -ENOENT;
	*ret_bytes = left;
	return 0;
}
