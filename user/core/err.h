/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * err.h: the one line a user reads when something fails. Functions below
 * cmd/ return -errno and leave the sentence here; only cmd/ prints it.
 */
#ifndef CP_ERR_H
#define CP_ERR_H

struct cp_err {
	char text[512];
};

/*
 * Formats the sentence (names the thing, says what to do; no newline) and
 * returns rc, so that `return cp_err_set(err, -ENOENT, ...)` reads well.
 * err may be NULL.
 */
int cp_err_set(struct cp_err *err, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
