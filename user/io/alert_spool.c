// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert_spool.c: messages that wait, the oldest first, each in a file of its
 * own where there is a directory. A file is written under another name and
 * renamed, so that one that is there is whole; it is not synced, as waiting for
 * a disk would stop the measuring. Must not know who gets the messages.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alert_impl.h"

#define KEY_DIGITS 20
#define NAME_MAX_LEN 40

static void name_of(uint64_t key, bool is_new, char name[NAME_MAX_LEN])
{
	snprintf(name, NAME_MAX_LEN, "%s%020llu.json", is_new ? ".new-" : "", (unsigned long long)key);
}

/* The key in a file's name; false: it is none of ours. */
static bool key_of(const char *name, uint64_t *ret_key)
{
	uint64_t key = 0;

	for (int i = 0; i < KEY_DIGITS; i++) {
		unsigned digit = (unsigned char)name[i] - (unsigned)'0';

		if (digit > 9 || key > (UINT64_MAX - digit) / 10)
			return false;
		key = key * 10 + digit;
	}
	if (strcmp(name + KEY_DIGITS, ".json") != 0)
		return false;
	*ret_key = key;
	return true;
}

static int grow(struct cp_spool *spool)
{
	size_t cap = spool->cap ? spool->cap * 2 : 64;
	struct cp_spooled *items;

	if (spool->n < spool->cap)
		return 0;
	items = reallocarray(spool->items, cap, sizeof(items[0]));
	if (!items)
		return -ENOMEM;
	spool->items = items;
	spool->cap = cap;
	return 0;
}

static void push(struct cp_spool *spool, const struct cp_spooled *item)
{
	spool->items[spool->n++] = *item;
	spool->bytes += item->size;
	if (item->key > spool->last_key)
		spool->last_key = item->key;
}

void cp_spool_drop(struct cp_spool *spool, size_t at)
{
	struct cp_spooled *item = &spool->items[at];
	char name[NAME_MAX_LEN];

	if (!item->body && spool->dir_fd >= 0) {
		name_of(item->key, false, name);
		unlinkat(spool->dir_fd, name, 0);
	}
	free(item->body);
	spool->bytes -= item->size;
	spool->n--;
	memmove(item, item + 1, (spool->n - at) * sizeof(*item));
}

/* Drops what is too much, from index n_keep on, but not the newest. */
static uint64_t make_room(struct cp_spool *spool, size_t n_keep)
{
	uint64_t n = 0;

	while (spool->n > n_keep + 1 && (spool->n > spool->max_items || spool->bytes > spool->max_bytes)) {
		cp_spool_drop(spool, n_keep);
		n++;
	}
	return n;
}

/* ---- What an earlier process left ---- */

static int compare_keys(const void *a, const void *b)
{
	const struct cp_spooled *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int load_one(struct cp_spool *spool, const char *name, uint64_t *dropped)
{
	struct cp_spooled item = {0};
	struct stat info;
	int rc;

	if (strncmp(name, ".new-", 5) == 0 && key_of(name + 5, &item.key)) {
		unlinkat(spool->dir_fd, name, 0); /* was not finished */
		return 0;
	}
	if (!key_of(name, &item.key))
		return 0;
	if (fstatat(spool->dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(info.st_mode) ||
	        info.st_size < 1 || info.st_size > CP_ALERT_BODY_MAX) {
		unlinkat(spool->dir_fd, name, 0);
		++*dropped;
		return 0;
	}
	rc = grow(spool);
	if (rc < 0)
		return rc;
	item.size = (uint32_t)info.st_size;
	push(spool, &item);
	return 0;
}

static int load(struct cp_spool *spool, uint64_t *dropped)
{
	int fd = openat(spool->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!dir) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == 0 && (errno = 0, entry = readdir(dir)))
		rc = load_one(spool, entry->d_name, dropped);
	if (rc == 0)
		rc = -errno;
	closedir(dir);
	if (rc == 0 && spool->n) {
		qsort(spool->items, spool->n, sizeof(spool->items[0]), compare_keys);
		*dropped += make_room(spool, 0);
	}
	return rc;
}

int cp_spool_open(struct cp_spool *spool, const char *dir, uint64_t max_bytes, uint32_t max_items,
        uint64_t *ret_dropped, struct cp_err *err)
{
	struct cp_spool opened = {.dir_fd = -1, .max_bytes = max_bytes, .max_items = max_items};
	uint64_t dropped = 0;
	int rc = 0;

	if (dir) {
		opened.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (opened.dir_fd < 0)
			return cp_err_set(err, -errno, "alert spool %s: %s", dir, strerror(errno));
		if (flock(opened.dir_fd, LOCK_EX | LOCK_NB) < 0)
			rc = cp_err_set(err, errno == EWOULDBLOCK ? -EBUSY : -errno, "alert spool %s: %s", dir,
			        errno == EWOULDBLOCK ? "another process uses it" : strerror(errno));
		else if (faccessat(opened.dir_fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
			rc = cp_err_set(err, -errno, "alert spool %s: %s", dir, strerror(errno));
		else if ((rc = load(&opened, &dropped)) < 0)
			cp_err_set(err, rc, "alert spool %s: %s", dir, strerror(-rc));
	}
	if (rc < 0) {
		cp_spool_close(&opened);
		return rc;
	}
	*spool = opened;
	*ret_dropped = dropped;
	return 0;
}

void cp_spool_close(struct cp_spool *spool)
{
	for (size_t i = 0; i < spool->n; i++)
		free(spool->items[i].body);
	free(spool->items);
	if (spool->dir_fd >= 0)
		close(spool->dir_fd);
	*spool = (struct cp_spool){.dir_fd = -1};
}

/* ---- In and out ---- */

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_file(const struct cp_spool *spool, uint64_t key, const char *body, size_t len)
{
	char name[NAME_MAX_LEN], new_name[NAME_MAX_LEN];
	int fd, rc;

	name_of(key, false, name);
	name_of(key, true, new_name);
	fd = openat(spool->dir_fd, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, body, len);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && renameat(spool->dir_fd, new_name, spool->dir_fd, name) < 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(spool->dir_fd, new_name, 0);
	return rc;
}

int cp_spool_add(
        struct cp_spool *spool, const char *body, size_t len, size_t n_keep, uint64_t *ret_dropped, int *ret_rc)
{
	struct cp_spooled item = {.key = cp_alert_wall_ms() * 1000, .size = (uint32_t)len};
	int rc = grow(spool), file_rc = 0;

	if (rc < 0)
		return rc;
	if (item.key <= spool->last_key)
		item.key = spool->last_key + 1;
	if (spool->dir_fd >= 0)
		file_rc = write_file(spool, item.key, body, len);
	if (spool->dir_fd < 0 || file_rc < 0) {
		item.body = malloc(len);
		if (!item.body)
			return -ENOMEM;
		memcpy(item.body, body, len);
	}
	push(spool, &item);
	*ret_dropped = make_room(spool, n_keep);
	*ret_rc = file_rc;
	return 0;
}

static int read_file(const struct cp_spool *spool, const struct cp_spooled *item, char *body)
{
	char name[NAME_MAX_LEN];
	size_t len = 0;
	ssize_t n = 1;
	int fd;

	name_of(item->key, false, name);
	fd = openat(spool->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < item->size && n > 0) {
		n = read(fd, body + len, item->size - len);
		if (n > 0)
			len += (size_t)n;
	}
	close(fd);
	return len == item->size ? 0 : -EIO;
}

int cp_spool_read(const struct cp_spool *spool, char **ret_body, size_t *ret_len)
{
	const struct cp_spooled *item = &spool->items[0];
	char *body = malloc(item->size);
	int rc = 0;

	if (!body)
		return -ENOMEM;
	if (item->body)
		memcpy(body, item->body, item->size);
	else
		rc = read_file(spool, item, body);
	if (rc < 0) {
		free(body);
		return rc;
	}
	*ret_body = body;
	*ret_len = item->size;
	return 0;
}
