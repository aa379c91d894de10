/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * live.h: the screens of a live view, as frames of cells that a terminal is
 * then made to look like, and what keys do to them. Whatever the data says, a
 * cell holds one printable character. Knows no terminal, no clock and no
 * probing: the list is of rows that anybody may fill.
 */
#ifndef CP_LIVE_FORMAT_H
#define CP_LIVE_FORMAT_H

#include "core/live.h"
#include "record.h"
#include "text.h"

#define CP_LIVE_COLUMNS_MIN 80u
#define CP_LIVE_ROWS_MIN 24u

/* ---- Frames ---- */

/* struct cp_live_cell.attr: one of the first, and any of the others. */
enum {
	CP_LIVE_PLAIN = 0,
	CP_LIVE_GREEN,
	CP_LIVE_CYAN,
	CP_LIVE_YELLOW,
	CP_LIVE_RED,
	CP_LIVE_MAGENTA,
	CP_LIVE_COLORS,
	CP_LIVE_COLOR_MASK = 0x0f,
	CP_LIVE_BOLD = 0x10,
	CP_LIVE_DIM = 0x20,
	CP_LIVE_REVERSE = 0x40,
};

/* One column of a row. The second column of a wide character has no text. */
struct cp_live_cell {
	char text[5]; /* one character, NUL-terminated */
	uint8_t attr;
};

struct cp_live_frame {
	unsigned n_rows, n_columns;
	bool ascii; /* nothing but ASCII may stand in it */
	struct cp_live_cell *cells; /* [n_rows * n_columns], row by row */
};

int cp_live_frame_new(unsigned n_rows, unsigned n_columns, bool ascii, struct cp_live_frame **ret_frame); /* -ENOMEM */
void cp_live_frame_free(struct cp_live_frame *frame); /* takes NULL */
/* All blank. */
void cp_live_frame_clear(struct cp_live_frame *frame);
/*
 * Writes text from a column on, escaped, and cut to width columns with an ellipsis as the last; what lies outside the
 * frame is left out. Returns the columns written.
 */
unsigned cp_live_put(
        struct cp_live_frame *frame, unsigned row, unsigned column, unsigned width, unsigned attr, const char *text);
/* The same, ending at column + width. */
void cp_live_put_right(
        struct cp_live_frame *frame, unsigned row, unsigned column, unsigned width, unsigned attr, const char *text);
/* Sets the attributes of a whole row, keeping what is written there. */
void cp_live_paint(struct cp_live_frame *frame, unsigned row, unsigned attr);
/* A row as text without trailing blanks, cut to size; returns buf. */
const char *cp_live_row_text(const struct cp_live_frame *frame, unsigned row, char *buf, size_t size);

/* ---- The list ---- */

/* What there is to say of one line of the list: a path, or a target, or an audit. Strings are borrowed. */
struct cp_live_row {
	const char *name;
	const char *detail; /* address and flow; NULL: nothing */
	const char *as_path; /* NULL: not known yet */
	const char *group, *audit; /* NULL: none, or not told apart */
	bool is_judged;
	enum cp_verdict verdict;
	enum cp_confidence confidence;
	uint32_t rtt_us; /* of the destination; UINT32_MAX: unknown */
	uint32_t loss_permille; /* likewise */
	uint32_t n_changes;
	bool is_fresh; /* changed lately */
};

enum cp_live_sort {
	CP_LIVE_BY_ORDER = 0,
	CP_LIVE_BY_NAME,
	CP_LIVE_BY_VERDICT,
	CP_LIVE_BY_RTT,
	CP_LIVE_BY_LOSS,
	CP_LIVE_BY_CHANGES,
	CP_LIVE_SORTS
};
const char *cp_live_sort_name(enum cp_live_sort sort);

/* ---- Keys ---- */

/* Printable ones are their characters. */
enum cp_live_key {
	CP_LIVE_KEY_NONE = 0,
	CP_LIVE_KEY_TAB = '\t',
	CP_LIVE_KEY_ENTER = '\n',
	CP_LIVE_KEY_ESCAPE = 27,
	CP_LIVE_KEY_UP = 0x110000, /* beyond Unicode */
	CP_LIVE_KEY_DOWN,
	CP_LIVE_KEY_LEFT,
	CP_LIVE_KEY_RIGHT,
	CP_LIVE_KEY_PAGE_UP,
	CP_LIVE_KEY_PAGE_DOWN,
	CP_LIVE_KEY_HOME,
	CP_LIVE_KEY_END,
	CP_LIVE_KEY_BACK_TAB,
	CP_LIVE_KEY_BACKSPACE,
};

enum cp_live_columns { CP_LIVE_ALL = 0, CP_LIVE_NAMES, CP_LIVE_GRAPH, CP_LIVE_COLUMN_SETS };

/* What is shown instead of all else; of a view that has them. */
enum cp_live_pane { CP_LIVE_NO_PANE = 0, CP_LIVE_CHANGES, CP_LIVE_LOG };

/* What the person has chosen. */
struct cp_live_ui {
	uint32_t n_tabs; /* lists to choose from, of a view that has them (format/live_top.h); 0: it has neither them
	                    nor panes */
	uint32_t tab;
	enum cp_live_pane pane;
	uint32_t line; /* the chosen one of the changes */
	bool opens; /* asked for: what that line is about; see cp_live_top_open() */
	bool now; /* asked for: at once what is else done when it is due; whoever does it takes it back */
	bool in_list; /* else one path */
	bool help, paused, quit;
	bool reset; /* asked for; whoever does it takes it back */
	bool addresses; /* instead of names */
	bool typing; /* a filter, `draft` */
	enum cp_live_columns columns;
	enum cp_live_sort sort;
	char filter[64], draft[64];
	uint32_t current; /* row */
	uint32_t scroll; /* of the path's hops, or whatever is shown of one row; of a pane */
	uint32_t list_top; /* first line of the list that is shown */
	/* made by cp_live_ui_arrange() */
	uint32_t *order; /* [n_shown] rows that the filter lets through, sorted */
	uint32_t n_shown, cap;
};

void cp_live_ui_init(struct cp_live_ui *ui, uint32_t n_rows);
void cp_live_ui_free(struct cp_live_ui *ui);
/* Filters and sorts; if the current row is not among them, the first is from now on. 0 or -ENOMEM. */
int cp_live_ui_arrange(struct cp_live_ui *ui, const struct cp_live_row *rows, uint32_t n_rows);
/* Does the filter, as kept or as it is being typed, let this text through? */
bool cp_live_ui_matches(const struct cp_live_ui *ui, const char *text);
/* page: lines that PgUp and PgDn go. */
void cp_live_ui_key(struct cp_live_ui *ui, uint32_t key, uint32_t page);
/* Place of the current row among those shown; 0 also when none is. */
uint32_t cp_live_ui_place(const struct cp_live_ui *ui);

/* ---- Screens ---- */

/* Columns of the list that there may be. */
struct cp_live_list {
	bool changes; /* how many; the address only where there is room */
	bool audit; /* where there is room */
};

/* What stands around all of them. */
struct cp_live_about {
	const char *title; /* of the list */
	uint32_t n_rounds;
	const char *message; /* latest warning; NULL: none */
};

/* One path. */
struct cp_live_shown {
	const struct cp_live_path *live;
	const struct cp_rec_path *rec; /* its view, judged; the judgement is NULL before the first round */
	const struct cp_home *home;
};

/* Draws whatever the ui says is to be seen. shown: the current row's path; NULL: there is only the list. */
void cp_live_draw(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_about *about,
        const struct cp_live_row *rows, const struct cp_live_shown *shown);
/* Of cp_live_draw(): the hops of a path, and the list, each from row 0 to the last but one. */
void cp_live_draw_path(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_about *about,
        const struct cp_live_shown *shown);
void cp_live_draw_list(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_about *about,
        const struct cp_live_row *rows);
/* The rows of the list and their titles, so many lines from a row on. nothing: what is said where no row is shown. */
void cp_live_draw_rows(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_list *list,
        const struct cp_live_row *rows, unsigned first, unsigned n_lines, const char *nothing);
/* "Filter: " and what is typed of it, in a row. */
void cp_live_draw_typing(struct cp_live_frame *frame, const struct cp_live_ui *ui, unsigned row);
/* Headings at the left edge, what they are of behind two blanks; that any key goes back is added. */
void cp_live_draw_help(struct cp_live_frame *frame, const char *const *lines, size_t n);
/* Says so and returns true. */
bool cp_live_draw_too_small(struct cp_live_frame *frame);
/* The colour of a verdict. */
unsigned cp_live_verdict_attr(enum cp_verdict verdict);
/* The colour of a hop, by whose it is; home NULL: unknown. */
unsigned cp_live_origin_attr(const struct cp_origin *origin, const struct cp_home *home);
#define CP_LIVE_AS_MAX 128
/* "8075", with a name "8075 Microsoft", "IXP:LINX", "private", "?"; asdb NULL: no names. Returns buf. */
const char *cp_live_say_as(
        const struct cp_origin *origin, const struct cp_asdb *asdb, bool named, char *buf, size_t size);
/* Where a judged path leaves home, or else the reasons of its verdict. Returns buf. */
const char *cp_live_say_meaning(const struct cp_rec_path *rec, char *buf, size_t size);
/* "0%", "<1%", "12%"; "-" for UINT32_MAX. Returns buf. */
const char *cp_live_say_loss(uint32_t permille, char buf[CP_NUM_MAX]);
/* Right-aligned state in the first row: which path of how many, rounds, paused. */
void cp_live_draw_state(struct cp_live_frame *frame, const struct cp_live_ui *ui, const struct cp_live_about *about);

#endif
