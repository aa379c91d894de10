// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_screen.c: keys into choices, and frames onto the terminal.
 */
#include "live_screen.h"

#define PAGE_OVERHEAD 6u /* rows of a screen that do not scroll */

int cp_live_screen_open(
        struct cp_live_screen *screen, const struct cp_term_config *config, uint32_t n_rows, struct cp_err *err)
{
	cp_live_ui_init(&screen->ui, n_rows);
	return cp_term_open(config, &screen->term, err);
}

void cp_live_screen_close(struct cp_live_screen *screen)
{
	cp_term_close(screen->term);
	cp_live_ui_free(&screen->ui);
	screen->term = NULL;
}

int cp_live_screen_draw(struct cp_live_screen *screen, cp_live_draw_fn draw, void *ctx)
{
	struct cp_live_frame *frame;
	int rc;

	cp_term_size(screen->term, &screen->n_rows, &screen->n_columns);
	rc = cp_live_frame_new(screen->n_rows, screen->n_columns, cp_term_is_ascii(screen->term), &frame);
	if (rc)
		return rc;
	rc = draw(ctx, frame);
	if (rc == 0)
		cp_term_show(screen->term, frame);
	cp_live_frame_free(frame);
	return rc;
}

bool cp_live_screen_key(struct cp_live_screen *screen, int timeout_ms)
{
	uint32_t key = cp_term_key(screen->term, timeout_ms), page;
	unsigned n_rows, n_columns;

	if (key == CP_LIVE_KEY_NONE && cp_term_is_gone()) {
		screen->ui.quit = true;
		return false;
	}
	cp_term_size(screen->term, &n_rows, &n_columns);
	if (key == CP_LIVE_KEY_NONE && n_rows == screen->n_rows && n_columns == screen->n_columns)
		return false;
	page = n_rows > PAGE_OVERHEAD + 1 ? n_rows - PAGE_OVERHEAD : 1;
	cp_live_ui_key(&screen->ui, key, page);
	return true;
}
