// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_log.c: stderr as a stream of our own (fopencookie(3); glibc lets the
 * variable be set), so that whoever writes to it need not know.
 */
#include "live_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/host.h"

#define LINES_MAX 500u
#define LINE_MAX_BYTES 1024u /* the rest of a longer one is left out */

struct cp_live_log {
	FILE *stream, *before; /* stderr now; as it was */
	bool passes_on; /* to what was there before */
	pthread_mutex_t lock; /* guards the rest */
	struct cp_live_log_line lines[LINES_MAX]; /* texts are owned */
	uint32_t n;
	char part[LINE_MAX_BYTES]; /* of a line that has not ended */
	size_t n_part;
};

/* Without memory for it, a line is lost to the view. */
static void end_line(struct cp_live_log *log)
{
	static const char prefix[] = "coldpotato: ";
	const char *text = log->part;
	char *copy;

	log->part[log->n_part] = '\0';
	log->n_part = 0;
	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		text += sizeof(prefix) - 1;
	copy = strdup(text);
	if (!copy)
		return;
	if (log->n == LINES_MAX) {
		free((char *)log->lines[0].text);
		memmove(log->lines, log->lines + 1, (LINES_MAX - 1) * sizeof(*log->lines));
		log->n--;
	}
	log->lines[log->n++] = (struct cp_live_log_line){.at_ms = cp_host_clock_wall_ms(), .text = copy};
}

static ssize_t take(void *cookie, const char *data, size_t len)
{
	struct cp_live_log *log = cookie;

	if (log->passes_on) {
		fwrite(data, 1, len, log->before);
		fflush(log->before);
	}
	pthread_mutex_lock(&log->lock);
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			end_line(log);
		else if (log->n_part + 1 < sizeof(log->part))
			log->part[log->n_part++] = data[i];
	}
	pthread_mutex_unlock(&log->lock);
	return (ssize_t)len;
}

/* Is standard error the terminal that the view is on? */
static bool is_on_screen(void)
{
	struct stat out, err;

	return isatty(STDERR_FILENO) && fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	       out.st_rdev == err.st_rdev;
}

int cp_live_log_open(struct cp_live_log **ret_log)
{
	struct cp_live_log *log = calloc(1, sizeof(*log));

	if (!log)
		return -ENOMEM;
	log->passes_on = !is_on_screen();
	log->stream = fopencookie(log, "w", (cookie_io_functions_t){.write = take});
	if (!log->stream) {
		free(log);
		return -ENOMEM;
	}
	setvbuf(log->stream, NULL, _IOLBF, 0);
	pthread_mutex_init(&log->lock, NULL);
	log->before = stderr;
	stderr = log->stream;
	*ret_log = log;
	return 0;
}

void cp_live_log_close(struct cp_live_log *log)
{
	if (!log)
		return;
	stderr = log->before;
	fclose(log->stream);
	pthread_mutex_destroy(&log->lock);
	for (uint32_t i = 0; i < log->n; i++)
		free((char *)log->lines[i].text);
	free(log);
}

const struct cp_live_log_line *cp_live_log_lock(struct cp_live_log *log, uint32_t *ret_n)
{
	pthread_mutex_lock(&log->lock);
	*ret_n = log->n;
	return log->lines;
}

void cp_live_log_unlock(struct cp_live_log *log)
{
	pthread_mutex_unlock(&log->lock);
}
