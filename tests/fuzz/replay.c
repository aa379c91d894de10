// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * replay.c: main() for a fuzz target without libFuzzer: runs it once on every
 * file named or found in a directory named, each in a buffer of exactly its
 * size. Must not know any target. No input at all is a failure.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size);
	bool is_read = file && (data || size == 0) && fread(data, 1, size, file) == size;

	if (file)
		fclose(file);
	if (is_read)
		LLVMFuzzerTestOneInput(data, size);
	else
		perror(path);
	free(data);
	return is_read;
}

static size_t replay(const char *path);

/* Returns the number of inputs, 0 when there is none or one cannot be read. */
static size_t replay_directory(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	size_t n_inputs = 0;
	bool is_good = n >= 0;

	for (int i = 0; i < n; i++) {
		char *child = NULL;

		if (is_good && entries[i]->d_name[0] != '.') {
			size_t n_new = asprintf(&child, "%s/%s", path, entries[i]->d_name) < 0 ? 0 : replay(child);

			is_good = n_new > 0;
			n_inputs += n_new;
			free(child);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	if (is_good && n_inputs == 0)
		fprintf(stderr, "%s: no input in this directory\n", path);
	return is_good ? n_inputs : 0;
}

static size_t replay(const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0) {
		perror(path);
		return 0;
	}
	if (S_ISDIR(info.st_mode))
		return replay_directory(path);
	return replay_file(path, (size_t)info.st_size);
}

int main(int argc, char **argv)
{
	size_t n_inputs = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		size_t n = replay(argv[i]);

		if (n == 0)
			return 1;
		n_inputs += n;
	}
	printf("%zu inputs\n", n_inputs);
	return 0;
}
