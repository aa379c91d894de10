/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_log.h: what is written to stderr while a view has the terminal: kept
 * for the view instead of tearing its screen. Where standard error is not that
 * terminal it goes there, too. There is one at a time.
 */
#ifndef CP_LIVE_LOG_H
#define CP_LIVE_LOG_H

#include "format/live_top.h"

struct cp_live_log;

/* From now on; before other threads write to stderr. 0 or -errno. */
int cp_live_log_open(struct cp_live_log **ret_log);
/* stderr is what it was; takes NULL. */
void cp_live_log_close(struct cp_live_log *log);
/* The latest lines, the oldest first, borrowed until they are unlocked. Who writes a line waits until then. */
const struct cp_live_log_line *cp_live_log_lock(struct cp_live_log *log, uint32_t *ret_n);
void cp_live_log_unlock(struct cp_live_log *log);

#endif
