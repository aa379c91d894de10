/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_screen.h: what live views have in common: a terminal, what its user has
 * chosen, and the step from a key, or another size, to a screen that is drawn
 * anew. Must not know what is shown.
 */
#ifndef CP_LIVE_SCREEN_H
#define CP_LIVE_SCREEN_H

#include "live_term.h"

struct cp_live_screen {
	struct cp_term *term;
	struct cp_live_ui ui;
	unsigned n_rows, n_columns; /* as last drawn */
};

/* Draws a frame of the terminal's size; 0 or -errno. */
typedef int (*cp_live_draw_fn)(void *ctx, struct cp_live_frame *frame);

/* Takes the terminal over. n_rows as for cp_live_ui_init(). */
int cp_live_screen_open(
        struct cp_live_screen *screen, const struct cp_term_config *config, uint32_t n_rows, struct cp_err *err);
void cp_live_screen_close(struct cp_live_screen *screen); /* also of a zeroed one */
/* 0, -ENOMEM, or what draw returned. */
int cp_live_screen_draw(struct cp_live_screen *screen, cp_live_draw_fn draw, void *ctx);
/*
 * Waits so long for a key, and does what it says to screen->ui. True: the screen is to be drawn anew. When nobody is
 * at the other end any more, that quits.
 */
bool cp_live_screen_key(struct cp_live_screen *screen, int timeout_ms);

#endif
