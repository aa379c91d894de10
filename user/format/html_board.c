// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_board.c: counts targets by group and outcome, and says in one sentence
 * what they come to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

#define GROUPS_MAX 500u
#define EXITS_MAX 64u
#define EXITS_SAID 3u

struct group {
	char *name; /* NULL: none */
	uint64_t n[CP_HTML_OUTCOMES];
};

/* Targets of one verdict that leave through one neighbour. */
struct exit {
	int outcome;
	char label[CP_HTML_LABEL_MAX];
	uint64_t n;
};

struct cp_html_board {
	struct group groups[GROUPS_MAX + 1]; /* the last: all others */
	size_t n_groups;
	struct exit exits[EXITS_MAX];
	size_t n_exits;
	uint64_t n[CP_HTML_OUTCOMES];
};

int cp_html_board_new(struct cp_html_board **ret_board)
{
	struct cp_html_board *board = calloc(1, sizeof(*board));

	if (!board)
		return -ENOMEM;
	*ret_board = board;
	return 0;
}

void cp_html_board_free(struct cp_html_board *board)
{
	if (!board)
		return;
	for (size_t i = 0; i < board->n_groups; i++)
		free(board->groups[i].name);
	free(board);
}

static struct group *group_of(struct cp_html_board *board, const char *name)
{
	for (size_t i = 0; i < board->n_groups; i++) {
		const char *other = board->groups[i].name;

		if (other == name || (other && name && strcmp(other, name) == 0))
			return &board->groups[i];
	}
	if (board->n_groups == GROUPS_MAX)
		return &board->groups[GROUPS_MAX];
	if (name) {
		board->groups[board->n_groups].name = strdup(name);
		if (!board->groups[board->n_groups].name)
			return NULL;
	}
	return &board->groups[board->n_groups++];
}

static void count_exit(struct cp_html_board *board, int outcome, const char *label)
{
	size_t i = 0;

	while (i < board->n_exits && (board->exits[i].outcome != outcome || strcmp(board->exits[i].label, label) != 0))
		i++;
	if (i == EXITS_MAX)
		return; /* the sentence counts what it does not name */
	if (i == board->n_exits) {
		board->exits[i].outcome = outcome;
		strncpy(board->exits[i].label, label, CP_HTML_LABEL_MAX - 1);
		board->n_exits++;
	}
	board->exits[i].n++;
}

int cp_html_board_target(struct cp_html_board *board, const char *group, int outcome, const char *exit)
{
	struct group *row = group_of(board, group && *group ? group : NULL);

	if (!row)
		return -ENOMEM;
	row->n[outcome]++;
	board->n[outcome]++;
	if (exit)
		count_exit(board, outcome, exit);
	return 0;
}

uint64_t cp_html_board_n(const struct cp_html_board *board, int outcome)
{
	return board->n[outcome];
}

uint64_t cp_html_board_n_all(const struct cp_html_board *board)
{
	uint64_t n = 0;

	for (int i = 0; i < CP_HTML_OUTCOMES; i++)
		n += board->n[i];
	return n;
}

/* ---- the answer ---- */

/* The neighbour that most targets of that outcome leave through, of those not said yet; NULL: none left. */
static const struct exit *next_exit(
        const struct cp_html_board *board, int outcome, const struct exit *const *said, size_t n)
{
	const struct exit *best = NULL;

	for (size_t i = 0; i < board->n_exits; i++) {
		const struct exit *exit = &board->exits[i];
		bool is_said = false;

		for (size_t k = 0; k < n; k++)
			is_said |= said[k] == exit;
		if (exit->outcome == outcome && !is_said && (!best || exit->n > best->n))
			best = exit;
	}
	return best;
}

/* "AS3491 PCCW Global (4), AS13335 Cloudflare (1) and others (2)" */
static void say_exits(const struct cp_html_board *board, int outcome, struct cp_html *html)
{
	const struct exit *said[EXITS_SAID + 1] = {0};
	uint64_t left = board->n[outcome];
	size_t n = 0;

	while (n < EXITS_SAID) {
		said[n] = next_exit(board, outcome, said, n);
		if (!said[n])
			break;
		cp_html_raw(html, n ? ", " : "");
		cp_html_text(html, said[n]->label);
		if (said[n]->n < board->n[outcome]) {
			cp_html_raw(html, " (");
			cp_html_count(html, said[n]->n);
			cp_html_raw(html, ")");
		}
		left -= said[n]->n;
		n++;
	}
	if (left && n) {
		cp_html_raw(html, " and others (");
		cp_html_count(html, left);
		cp_html_raw(html, ")");
	}
}

/* "; 3 are handed straight to ..." */
static void say_some(
        const struct cp_html_board *board, int outcome, const char *one, const char *many, struct cp_html *html)
{
	uint64_t n = board->n[outcome];

	if (!n)
		return;
	cp_html_raw(html, "; <b>");
	cp_html_count(html, n);
	cp_html_rawf(html, "</b> %s", n == 1 ? one : many);
}

void cp_html_board_answer(const struct cp_html_board *board, struct cp_html *html)
{
	uint64_t n = cp_html_board_n_all(board) - board->n[CP_HTML_NONE];

	if (!n) {
		cp_html_raw(html, "No target could be probed: there is no answer");
	} else {
		cp_html_raw(html, "<b>");
		cp_html_count(html, board->n[CP_INSIDE]);
		cp_html_raw(html, "</b> of <b>");
		cp_html_count(html, n);
		cp_html_rawf(html, "</b> %s inside",
		        n == 1                     ? "target stays"
		        : board->n[CP_INSIDE] == 1 ? "targets stays"
		                                   : "targets stay");
	}
	say_some(board, CP_DIRECT,
	        "is handed straight to its own network: ", "are handed straight to their own networks: ", html);
	if (board->n[CP_DIRECT])
		say_exits(board, CP_DIRECT, html);
	say_some(board, CP_TRANSIT, "leaves through ", "leave through ", html);
	if (board->n[CP_TRANSIT])
		say_exits(board, CP_TRANSIT, html);
	say_some(board, CP_DETOUR, "leaves and comes back, through ", "leave and come back, through ", html);
	if (board->n[CP_DETOUR])
		say_exits(board, CP_DETOUR, html);
	say_some(board, CP_UNDECIDED, "is undecided", "are undecided", html);
	say_some(board, CP_HTML_NONE, "more could not be probed", "more could not be probed", html);
	cp_html_raw(html, ".");
}

/* ---- the table ---- */

static void bar(struct cp_html *html, const struct group *group, uint64_t total)
{
	double at = 0;

	cp_html_raw(
	        html, "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
	for (int i = 0; i < CP_HTML_OUTCOMES; i++) {
		double width = 100.0 * (double)group->n[i] / (double)total;

		if (!group->n[i])
			continue;
		cp_html_rawf(
		        html, "<rect class=\"v%d\" x=\"%.3f\" y=\"0\" width=\"%.3f\" height=\"8\"/>", i, at, width);
		at += width;
	}
	cp_html_raw(html, "</svg>");
}

static void row(struct cp_html *html, const struct group *group, const char *name)
{
	uint64_t total = 0;

	for (int i = 0; i < CP_HTML_OUTCOMES; i++)
		total += group->n[i];
	if (!total)
		return;
	cp_html_raw(html, "<tr><th scope=\"row\">");
	cp_html_text(html, name);
	cp_html_raw(html, "</th><td>");
	bar(html, group, total);
	cp_html_raw(html, "</td><td class=\"num\">");
	cp_html_count(html, total);
	cp_html_raw(html, "</td>");
	for (int i = 0; i < CP_HTML_OUTCOMES; i++) {
		cp_html_rawf(html, "<td class=\"num%s\">", group->n[i] ? "" : " zero");
		cp_html_count(html, group->n[i]);
		cp_html_raw(html, "</td>");
	}
	cp_html_raw(html, "</tr>\n");
}

void cp_html_board_table(const struct cp_html_board *board, struct cp_html *html)
{
	struct group all = {0};

	memcpy(all.n, board->n, sizeof(all.n));
	cp_html_raw(html, "<div class=\"scroll\"><table class=\"board\"><thead><tr><th>Group</th><th></th>"
	                  "<th class=\"num\">Targets</th>");
	for (int i = 0; i < CP_HTML_OUTCOMES; i++)
		cp_html_rawf(html, "<th class=\"num\"><i class=\"dot v%d\"></i>%s</th>", i, cp_html_outcome(i));
	cp_html_raw(html, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < board->n_groups; i++)
		row(html, &board->groups[i], board->groups[i].name ? board->groups[i].name : "no group");
	row(html, &board->groups[GROUPS_MAX], "other groups");
	cp_html_raw(html, "</tbody><tfoot>");
	row(html, &all, "all");
	cp_html_raw(html, "</tfoot></table></div>");
}
