/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live_top_impl.h: private to live_top*.c: what its screens have in common.
 */
#ifndef CP_LIVE_TOP_IMPL_H
#define CP_LIVE_TOP_IMPL_H

#include "live_top.h"

#define CP_LIVE_WHEN_MAX 32
#define CP_LIVE_WHEN_WIDTH 11u

/* "06:12:33", of another day "11-28 06:12"; UTC. Returns buf. */
const char *cp_live_top_when(uint64_t at_ms, uint64_t now_ms, char buf[CP_LIVE_WHEN_MAX]);

/* Lines of which some are in sight. Made twice: once to count them, once to draw. */
struct cp_live_page {
	unsigned first, room; /* rows; room 0: only counts */
	uint32_t scroll; /* lines that are above */
	uint32_t n; /* lines so far */
};
/* Goes to the next line. True: it is in sight, in *ret_row. */
bool cp_live_page_next(struct cp_live_page *page, unsigned *ret_row);

/* Rows that a page from this one on has. */
unsigned cp_live_page_room(const struct cp_live_frame *frame, unsigned first);

typedef void (*cp_live_page_fn)(struct cp_live_frame *frame, struct cp_live_page *page, const struct cp_live_ui *ui,
        const struct cp_live_top *top);
/* Draws the lines that are in sight from a row on, down to the last two; scrolls no farther than there are any. */
void cp_live_page_draw(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top,
        unsigned first, cp_live_page_fn lines);

/* "direct -> transit" of a change, and its attributes. */
const char *cp_live_change_text(const struct cp_live_change *change, char *buf, size_t size);
unsigned cp_live_change_attr(const struct cp_live_change *change);
/* "critical", or that it is over. */
const char *cp_live_change_word(const struct cp_live_change *change);

/* live_top_target.c: rows 0 to the last but two. */
void cp_live_top_draw_target(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top);
/* live_top_pane.c: from row 1 on; see cp_live_top_open(), too. */
void cp_live_top_draw_changes(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top);
void cp_live_top_draw_log(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top);

#endif
