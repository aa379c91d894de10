// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asfile.c: reads files of AS data into memory and tells their formats apart.
 * Must not know what is in an MMDB (asfile_mmdb.c) or a gzip file
 * (asfile_gzip.c).
 */
#include "asfile_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 3

void cp_asfile_free(struct cp_asfile *file)
{
	if (!file)
		return;
	free(file->bytes);
	*file = (struct cp_asfile){.modified_s = CP_ASFILE_UNKNOWN};
}

/* Appends all of fd. On failure the file is still to be freed. */
static int read_all(int fd, size_t max_bytes, size_t expected, struct cp_asfile *file)
{
	size_t room = expected < max_bytes ? expected : max_bytes;
	ssize_t n = 1;

	/* A byte more than expected tells the end without another round. */
	for (room += 2; n > 0; room = room < (size_t)1 << 20 ? 1 << 20 : room * 2) {
		char *grown = realloc(file->bytes, room);

		if (!grown)
			return -ENOMEM;
		file->bytes = grown;
		while (file->len + 1 < room) {
			n = read(fd, file->bytes + file->len, room - 1 - file->len);
			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				break;
			file->len += (size_t)n;
		}
		if (n < 0)
			return -errno;
		if (file->len > max_bytes)
			return -EFBIG;
	}
	file->bytes[file->len] = '\0';
	return 0;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* -EAGAIN: the file was changed meanwhile, what was read may be half of this and half of that. */
static int read_fd(int fd, size_t max_bytes, struct cp_asfile *file)
{
	struct stat before, after;
	bool is_regular;
	int rc;

	if (fstat(fd, &before) < 0)
		return -errno;
	is_regular = S_ISREG(before.st_mode);
	rc = read_all(fd, max_bytes, is_regular && before.st_size > 0 ? (size_t)before.st_size : 0, file);
	if (rc || !is_regular)
		return rc;
	file->modified_s = before.st_mtim.tv_sec < 0 ? CP_ASFILE_UNKNOWN : (uint64_t)before.st_mtim.tv_sec;
	if (fstat(fd, &after) < 0)
		return -errno;
	if (!same_state(&before, &after))
		return -EAGAIN;
	/* Files of the kernel's say that they are empty, and are not. */
	return before.st_size == 0 || file->len == (size_t)before.st_size ? 0 : -EAGAIN;
}

static int read_path(const char *path, size_t max_bytes, struct cp_asfile *file)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int rc = -EAGAIN;

	for (int i = 0; i < TRIES && rc == -EAGAIN; i++) {
		int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

		cp_asfile_free(file);
		if (fd < 0)
			return -errno;
		rc = read_fd(fd, max_bytes, file);
		if (is_stdin)
			return rc == -EAGAIN ? 0 : rc; /* there is no second time */
		close(fd);
	}
	return rc;
}

static int fail(const char *name, int rc, size_t max_bytes, struct cp_err *err)
{
	if (rc == -EFBIG)
		return cp_err_set(err, rc, "%s is larger than %zu bytes", name, max_bytes);
	if (rc == -EAGAIN)
		return cp_err_set(err, rc, "%s is being written: try again when it is complete", name);
	return cp_err_set(err, rc, "cannot read %s: %s", name, strerror(-rc));
}

int cp_asfile_read(const char *path, size_t max_bytes, struct cp_asfile *ret_file, struct cp_err *err)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	struct cp_asfile file = {.modified_s = CP_ASFILE_UNKNOWN};
	int rc = read_path(path, max_bytes, &file);

	if (rc)
		fail(name, rc, max_bytes, err);
	else if (cp_asfile_is_gzip(&file))
		rc = cp_asfile_unpack(&file, max_bytes, name, err);
	if (rc) {
		cp_asfile_free(&file);
		return rc;
	}
	*ret_file = file;
	return 0;
}

/* The name promises an MMDB; what is in the file does not look like one. */
static bool is_named_mmdb(const char *path)
{
	size_t n = strlen(path);

	if (n > 3 && strcmp(path + n - 3, ".gz") == 0)
		n -= 3;
	return n > 5 && strncmp(path + n - 5, ".mmdb", 5) == 0;
}

int cp_asfile_load(const char *path, size_t max_bytes, enum cp_asdb_layer layer, struct cp_asdb *db,
        struct cp_asfile_info *ret_info, struct cp_err *err)
{
	struct cp_asfile_info info = {.type = "", .built_at_s = CP_ASFILE_UNKNOWN};
	struct cp_asfile file;
	int rc = cp_asfile_read(path, max_bytes, &file, err);

	if (rc)
		return rc;
	if (cp_asfile_is_mmdb(&file)) {
		rc = cp_asfile_load_mmdb(&file, path, layer, db, &info, err);
	} else if (file.len == 0 && layer == CP_ASDB_DATABASE) {
		rc = cp_err_set(err, -EINVAL, "%s: the file is empty", path);
	} else if (is_named_mmdb(path)) {
		rc = cp_err_set(err, -EINVAL,
		        "%s: not a MaxMind DB, or cut short: the metadata that such a file ends with is missing", path);
	} else {
		rc = cp_asdb_add_rows(db, layer, file.bytes, file.len, path, err);
		info.built_at_s = file.modified_s;
	}
	cp_asfile_free(&file);
	if (rc == 0)
		*ret_info = info;
	return rc;
}
