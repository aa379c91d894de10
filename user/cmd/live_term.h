/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_term.h: a terminal that can be made to look like a frame, and whose keys
 * can be read. The only part that knows ncurses. Puts the terminal back however
 * the program ends, SIGKILL excepted. There is one at a time.
 */
#ifndef CP_LIVE_TERM_H
#define CP_LIVE_TERM_H

#include "core/err.h"
#include "format/live.h"

struct cp_term;

struct cp_term_config {
	const char *option; /* that asked for it, "--live" */
	const char *instead; /* what there is without it, for the refusal */
	bool color;
	bool keeps_hangup; /* SIGHUP means something else; else it ends the program, as crashes do */
};

/*
 * Whether standard input and output are a terminal that can be written all over, and large enough. 0, or -EINVAL with
 * err set.
 */
int cp_term_check(const struct cp_term_config *config, struct cp_err *err);
/* Takes the terminal over. 0 or -errno. */
int cp_term_open(const struct cp_term_config *config, struct cp_term **ret_term, struct cp_err *err);
void cp_term_close(struct cp_term *term); /* takes NULL */
/* Whether nobody is at its other end any more. */
bool cp_term_is_gone(void);
/*
 * Frees a thread that waits for the terminal to take what it writes: ends what Ctrl-S stopped and, with discard,
 * throws away what nobody reads. From any thread.
 */
void cp_term_release(bool discard);
/* Whether it shows ASCII only, by the locale. */
bool cp_term_is_ascii(const struct cp_term *term);
void cp_term_size(const struct cp_term *term, unsigned *ret_rows, unsigned *ret_columns); /* at least 1 */
void cp_term_show(struct cp_term *term, const struct cp_live_frame *frame);
/* The next key, as enum cp_live_key has it; CP_LIVE_KEY_NONE when none came in time, or the size changed. */
uint32_t cp_term_key(struct cp_term *term, int timeout_ms);

#endif
