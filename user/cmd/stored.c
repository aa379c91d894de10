// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * stored.c: finds the run that a command line names, and opens it as a stream
 * of records, wherever it lies. Knows no record.
 */
#include "stored.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/host.h"

#define BUFFER_BYTES (1u << 18)
#define RUN_BYTES_MAX (1ull << 32)

/* ---- Names ---- */

static bool is_database(const char *path)
{
	static const char magic[16] = "SQLite format 3";
	char head[sizeof(magic)];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && pread(fd, head, sizeof(head), 0) == sizeof(head) &&
	     memcmp(head, magic, sizeof(head)) == 0;
	close(fd);
	return is;
}

static bool ends_in_db(const char *name, size_t len)
{
	return len > 3 && memcmp(name + len - 3, ".db", 3) == 0;
}

bool cp_stored_is_store(const char *name, char **ret_path, const char **ret_which)
{
	const char *at = name;

	if (access(name, F_OK) == 0 || !strchr(name, ':'))
		at = name + strlen(name);
	for (;;) {
		size_t len = (size_t)(at - name) + strcspn(at, ":");
		char *path = strndup(name, len);

		if (!path)
			return false;
		/* A file that is not there is named in the error, not taken for records. */
		if (is_database(path) || (ends_in_db(name, len) && access(path, F_OK))) {
			*ret_path = path;
			*ret_which = name[len] ? name + len + 1 : "latest";
			return true;
		}
		free(path);
		if (!name[len])
			return false;
		at = name + len + 1;
	}
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 18;
}

/* Unix time in ms of the last moment that a text means. */
static bool parse_time(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *format;
		int span_s; /* beyond which the moment is another one */
	} formats[] = {{"%Y-%m-%dT%H:%M:%S", 0}, {"%Y-%m-%dT%H:%M", 0}, {"%Y-%m-%d", 86399}};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, formats[i].format, &tm);
		time_t time;

		if (!end || (*end && strcmp(end, "Z") != 0))
			continue;
		tm.tm_sec += formats[i].span_s;
		time = *end ? timegm(&tm) : mktime(&tm);
		*ret_ms = (int64_t)time * 1000 + (formats[i].span_s ? 999 : 0);
		return true;
	}
	return false;
}

static int parse_which(const char *text, enum cp_store_which *ret_which, int64_t *ret_number)
{
	*ret_number = 0;
	if (strcmp(text, "latest") == 0)
		*ret_which = CP_STORE_LATEST;
	else if (strcmp(text, "previous") == 0)
		*ret_which = CP_STORE_PREVIOUS;
	else if (is_number(text))
		*ret_which = CP_STORE_NUMBER, *ret_number = strtoll(text, NULL, 10);
	else if (parse_time(text, ret_number))
		*ret_which = CP_STORE_AT;
	else
		return -EINVAL;
	return 0;
}

/* ---- A stream in memory ---- */

struct stream {
	struct cp_store *store;
	int fd;
	size_t len;
	char data[BUFFER_BYTES];
};

static int flush(struct stream *stream)
{
	size_t done = 0;

	while (done < stream->len) {
		ssize_t n = write(stream->fd, stream->data + done, stream->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	stream->len = 0;
	return 0;
}

static int write_stream(void *ctx, const char *data, size_t len)
{
	struct stream *stream = ctx;

	while (len) {
		size_t room = BUFFER_BYTES - stream->len, n = len < room ? len : room;
		int rc;

		memcpy(stream->data + stream->len, data, n);
		stream->len += n;
		data += n;
		len -= n;
		rc = stream->len == BUFFER_BYTES ? flush(stream) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

static int take_run(void *ctx, const void *row)
{
	struct stream *stream = ctx;
	struct cp_sink sink = {.write = write_stream, .ctx = stream};
	int rc = cp_stored_write(stream->store, row, &sink);

	rc = rc ? rc : flush(stream);
	return rc == -ENOENT ? -EIO : rc; /* that one means that there is no run */
}

static int find_and_write(
        struct stream *stream, const char *path, const char *text, const char *agent, struct cp_err *err)
{
	struct cp_store_query query;
	enum cp_store_which which;
	int64_t number;
	int rc;

	if (parse_which(text, &which, &number))
		return cp_err_set(err, -EINVAL,
		        "%s: '%s' names no run; latest, previous, a run's number, or a time like 2026-11-28T10:00 do",
		        path, text);
	cp_store_query_init(&query);
	query.agent = agent;
	rc = cp_store_find_run(stream->store, which, number, &query, take_run, stream);
	if (rc == -ENOENT)
		return cp_err_set(err, -EINVAL, "%s: no run '%s' in it%s%s", path, text, agent ? " of agent " : "",
		        agent ? agent : "");
	return rc ? cp_err_set(err, rc == -EBADMSG ? -EINVAL : rc, "cannot read %s: %s", path,
	                    rc == -EBADMSG ? "the database is damaged" : strerror(-rc))
	          : 0;
}

static int open_store(const char *path, const char *which, const char *agent, int *ret_fd, struct cp_err *err)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int rc;

	if (!stream)
		return cp_err_set(err, -ENOMEM, "out of memory");
	stream->fd = -1;
	rc = cp_store_open(path, CP_STORE_READ, &stream->store, err);
	if (rc == 0) {
		stream->fd = memfd_create("run", MFD_CLOEXEC);
		if (stream->fd < 0)
			rc = cp_err_set(err, -errno, "no memory for the run: %s", strerror(errno));
	}
	rc = rc ? rc : find_and_write(stream, path, which, agent, err);
	if (rc == 0 && lseek(stream->fd, 0, SEEK_SET) < 0)
		rc = cp_err_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (rc == 0)
		*ret_fd = stream->fd;
	else if (stream->fd >= 0)
		close(stream->fd);
	cp_store_close(stream->store);
	free(stream);
	return rc;
}

int cp_stored_open(const char *name, const char *agent, int *ret_fd, struct cp_err *err)
{
	const char *which;
	char *path;
	int fd, rc;

	if (strcmp(name, "-") == 0) {
		*ret_fd = STDIN_FILENO;
		return 0;
	}
	if (cp_stored_is_store(name, &path, &which)) {
		rc = open_store(path, which, agent, ret_fd, err);
		free(path);
		return rc;
	}
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cp_err_set(err, -EINVAL, "cannot read %s: %s", name, strerror(errno));
	*ret_fd = fd;
	return 0;
}

int cp_stored_read(const char *name, const char *agent, char **ret_text, size_t *ret_len, struct cp_err *err)
{
	const char *which;
	char proc[32], *path;
	int fd, rc;

	if (!cp_stored_is_store(name, &path, &which)) {
		rc = cp_host_file_read(name, RUN_BYTES_MAX, ret_text, ret_len, err);
		return rc == -ENOMEM ? rc : rc ? -EINVAL : 0;
	}
	rc = open_store(path, which, agent, &fd, err);
	free(path);
	if (rc)
		return rc;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	rc = cp_host_file_read(proc, RUN_BYTES_MAX, ret_text, ret_len, err);
	close(fd);
	return rc;
}

void cp_stored_close(int fd)
{
	if (fd != STDIN_FILENO)
		close(fd);
}
