// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_path.c: the screen of one path: its verdict on top, a line a hop.
 */
#include <stdio.h>
#include <string.h>

#include "live.h"
#include "phrase.h"
#include "text.h"

#define ROW_VERDICT 1u
#define ROW_MEANING 2u
#define ROW_TITLES 3u
#define ROW_HOPS 4u
#define HOST_AT 5u /* behind the marks '!' and '>', and the TTL */
#define HOST_MIN 15u /* an IPv4 address */
#define AS_NUMBER 7u
#define AS_NAMED 20u
#define AS_NAMED_FROM 100u /* columns of the screen, in which names of ASes have room */
#define LOSS_WIDTH 4u
#define ASKED_WIDTH 5u
#define TIME_WIDTH 5u
#define N_TIMES 5u
#define GRAPH_MIN 8u
#define WORDS 512u

/* Where the columns start; 0: not shown. */
struct layout {
	unsigned host_width, as, as_width, loss, asked, times, n_times, graph, graph_width;
	bool as_named;
};

/* ---- Words ---- */

static const struct cp_hop *hop_at(const struct cp_live_shown *shown, uint32_t i)
{
	const struct cp_path *path = shown->rec->path;

	return i < path->n_hops && path->hops[i].kind != CP_REPLY_NONE ? &path->hops[i] : NULL;
}

static const char *say_host(
        const struct cp_live_shown *shown, const struct cp_live_ui *ui, uint32_t i, unsigned width, char buf[WORDS])
{
	const struct cp_hop *hop = hop_at(shown, i);
	const struct cp_live_hop *live = cp_live_path_hop(shown->live, shown->live->first_ttl + i);
	char addr[CP_ADDR_STRLEN], before[CP_ADDR_STRLEN];
	char was[CP_ADDR_STRLEN + 8] = "";
	size_t len;

	if (!hop) {
		snprintf(buf, WORDS, "*");
		return buf;
	}
	if (ui->columns == CP_LIVE_NAMES && live && cp_live_hop_is_fresh(shown->live, live))
		snprintf(was, sizeof(was), ", was %s", cp_addr_format(&live->before, before));
	width -= strlen(was) < width ? (unsigned)strlen(was) : width;
	if (ui->addresses || !hop->ptr || !*cp_phrase_router(hop->ptr, width, buf, WORDS))
		snprintf(buf, WORDS, "%s", cp_addr_format(&hop->addr, addr));
	len = strlen(buf);
	snprintf(buf + len, WORDS - len, "%s", was);
	return buf;
}

const char *cp_live_say_as(
        const struct cp_origin *origin, const struct cp_asdb *asdb, bool named, char *buf, size_t size)
{
	const struct cp_as *as;
	char name[64];

	if (origin->kind == CP_ORIGIN_AS) {
		as = named && asdb ? cp_asdb_as(asdb, origin->asn[0]) : NULL;
		cp_phrase_name(as ? as->name : NULL, name, sizeof(name));
		snprintf(buf, size, "%u%s%s%s", origin->asn[0], origin->n_asn > 1 ? "+" : "", *name ? " " : "", name);
	} else if (origin->kind == CP_ORIGIN_IXP) {
		snprintf(buf, size, "IXP:%s", origin->label ? origin->label : "");
	} else if (origin->kind == CP_ORIGIN_SPECIAL) {
		snprintf(buf, size, "%s", named && origin->label ? origin->label : "private");
	} else {
		snprintf(buf, size, "?");
	}
	return buf;
}

static const char *say_as(const struct cp_live_shown *shown, uint32_t i, bool named, char buf[WORDS])
{
	buf[0] = '\0';
	if (!hop_at(shown, i))
		return buf;
	return cp_live_say_as(&shown->rec->judgement->origins[i], shown->rec->asdb, named, buf, WORDS);
}

unsigned cp_live_origin_attr(const struct cp_origin *origin, const struct cp_home *home)
{
	switch (origin->kind) {
	case CP_ORIGIN_AS:
		return home && cp_home_has(home, origin->asn[0]) ? CP_LIVE_GREEN : CP_LIVE_YELLOW;
	case CP_ORIGIN_IXP:
		return CP_LIVE_MAGENTA;
	case CP_ORIGIN_SPECIAL:
		return CP_LIVE_DIM;
	default:
		return CP_LIVE_PLAIN;
	}
}

static unsigned hop_attr(const struct cp_live_shown *shown, uint32_t i)
{
	if (!hop_at(shown, i))
		return CP_LIVE_DIM;
	return cp_live_origin_attr(&shown->rec->judgement->origins[i], shown->home);
}

/* ---- Layout ---- */

static unsigned take(unsigned *at, unsigned width)
{
	unsigned column = *at + 1;

	*at = column + width;
	return column;
}

static unsigned longest_as(const struct cp_live_shown *shown, bool named)
{
	unsigned longest = AS_NUMBER;
	char buf[WORDS];

	for (uint32_t i = 0; i < shown->rec->path->n_hops; i++) {
		unsigned n = cp_text_columns(say_as(shown, i, named, buf));

		longest = n > longest ? n : longest;
	}
	return longest < AS_NAMED ? longest : AS_NAMED;
}

static unsigned longest_host(const struct cp_live_shown *shown, const struct cp_live_ui *ui, unsigned most)
{
	unsigned longest = HOST_MIN;
	char buf[WORDS];

	for (uint32_t i = 0; i < shown->rec->path->n_hops; i++) {
		unsigned n = cp_text_columns(say_host(shown, ui, i, most, buf));

		longest = n > longest ? n : longest;
	}
	return longest < most ? longest : most;
}

static struct layout lay_out(
        const struct cp_live_frame *frame, const struct cp_live_ui *ui, const struct cp_live_shown *shown)
{
	static const unsigned n_times[CP_LIVE_COLUMN_SETS] = {N_TIMES, 2, 1};
	bool has_graph = ui->columns != CP_LIVE_NAMES;
	struct layout layout = {.n_times = n_times[ui->columns]};
	unsigned fixed, left, at;

	layout.as_named = ui->columns == CP_LIVE_NAMES || frame->n_columns >= AS_NAMED_FROM;
	layout.as_width = layout.as_named ? longest_as(shown, true) : AS_NUMBER;
	fixed = HOST_AT + 1 + layout.as_width + 1 + LOSS_WIDTH + 1 + ASKED_WIDTH + layout.n_times * (TIME_WIDTH + 1);
	left = frame->n_columns - fixed - (has_graph ? 1 + GRAPH_MIN : 0);
	layout.host_width = has_graph ? longest_host(shown, ui, left) : left;
	at = HOST_AT + layout.host_width;
	layout.as = take(&at, layout.as_width);
	layout.loss = take(&at, LOSS_WIDTH);
	layout.asked = take(&at, ASKED_WIDTH);
	layout.times = at + 1;
	at += layout.n_times * (TIME_WIDTH + 1);
	if (has_graph) {
		layout.graph = at + 1;
		layout.graph_width = frame->n_columns - layout.graph;
		if (layout.graph_width > CP_LIVE_RECENT)
			layout.graph_width = CP_LIVE_RECENT;
	}
	return layout;
}

/* ---- Lines ---- */

static void draw_titles(struct cp_live_frame *frame, const struct layout *layout)
{
	static const char *const times[N_TIMES] = {"Last", "Avg", "Best", "Worst", "StDev"};

	cp_live_put(frame, ROW_TITLES, 1, 3, 0, "TTL");
	cp_live_put(frame, ROW_TITLES, HOST_AT, layout->host_width, 0, "Host");
	cp_live_put(frame, ROW_TITLES, layout->as, layout->as_width, 0, "AS");
	cp_live_put_right(frame, ROW_TITLES, layout->loss, LOSS_WIDTH, 0, "Loss");
	cp_live_put_right(frame, ROW_TITLES, layout->asked, ASKED_WIDTH, 0, "Asked");
	for (unsigned i = 0; i < layout->n_times; i++)
		cp_live_put_right(frame, ROW_TITLES, layout->times + i * (TIME_WIDTH + 1), TIME_WIDTH, 0, times[i]);
	if (layout->graph)
		cp_live_put(frame, ROW_TITLES, layout->graph, layout->graph_width, 0, "Recent");
	cp_live_paint(frame, ROW_TITLES, CP_LIVE_REVERSE);
}

static void draw_counts(
        struct cp_live_frame *frame, unsigned row, const struct layout *layout, const struct cp_live_hop *hop)
{
	uint32_t permille = cp_live_hop_loss_permille(hop);
	char words[CP_NUM_MAX];
	bool is_worth_a_look = permille != UINT32_MAX && permille && hop->n_answered;

	cp_live_put_right(frame, row, layout->loss, LOSS_WIDTH, is_worth_a_look ? CP_LIVE_YELLOW : CP_LIVE_PLAIN,
	        cp_live_say_loss(permille, words));
	snprintf(words, sizeof(words), "%u", hop->n_asked);
	cp_live_put_right(frame, row, layout->asked, ASKED_WIDTH, 0, words);
}

static void draw_times(
        struct cp_live_frame *frame, unsigned row, const struct layout *layout, const struct cp_live_times *times)
{
	uint32_t us[N_TIMES] = {times->last_us, (uint32_t)(times->mean_us + 0.5), times->best_us, times->worst_us,
	        (uint32_t)(cp_live_times_stdev_us(times) + 0.5)};
	char words[CP_NUM_MAX];

	for (unsigned i = 0; i < layout->n_times; i++)
		cp_live_put_right(frame, row, layout->times + i * (TIME_WIDTH + 1), TIME_WIDTH, 0,
		        cp_text_ms(times->n ? us[i] : UINT32_MAX, words));
}

/* The height of a round trip between the shortest and the longest shown; small differences stay small. */
static unsigned level_of(uint32_t rtt_us, uint32_t least_us, uint32_t most_us)
{
	uint32_t span_us = most_us - least_us, span_min_us = most_us / 5 + 1;

	return (unsigned)((uint64_t)(rtt_us - least_us) * 7 / (span_us > span_min_us ? span_us : span_min_us));
}

static void draw_graph(
        struct cp_live_frame *frame, unsigned row, const struct layout *layout, const struct cp_live_hop *hop)
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii_bars[] = {"_", ".", "-", "~", "=", "+", "*", "#"};
	unsigned lost = hop->n_answered ? CP_LIVE_RED : CP_LIVE_DIM; /* who never answers is not lost */
	uint32_t rtt_us, least_us = UINT32_MAX, most_us = 0, n = 0;

	for (; n < layout->graph_width && cp_live_hop_recent(hop, n, &rtt_us); n++) {
		if (rtt_us == 0 || rtt_us == CP_LIVE_LOST)
			continue;
		least_us = rtt_us < least_us ? rtt_us : least_us;
		most_us = rtt_us > most_us ? rtt_us : most_us;
	}
	for (uint32_t i = 0; i < n; i++) {
		const char *mark = "?";

		cp_live_hop_recent(hop, n - 1 - i, &rtt_us);
		if (rtt_us && rtt_us != CP_LIVE_LOST)
			mark = (frame->ascii ? ascii_bars : bars)[level_of(rtt_us, least_us, most_us)];
		else if (rtt_us)
			mark = "x";
		cp_live_put(frame, row, layout->graph + i, 1, rtt_us == CP_LIVE_LOST ? lost : 0, mark);
	}
}

static void draw_hop(struct cp_live_frame *frame, unsigned row, const struct layout *layout,
        const struct cp_live_ui *ui, const struct cp_live_shown *shown, uint32_t i)
{
	const struct cp_judgement *judgement = shown->rec->judgement;
	uint32_t ttl = shown->live->first_ttl + i;
	const struct cp_live_hop *hop = cp_live_path_hop(shown->live, ttl);
	bool is_exit = judgement->exit.present && judgement->exit.first_foreign == (int)i && hop_at(shown, i);
	bool is_fresh = cp_live_hop_is_fresh(shown->live, hop);
	unsigned attr = hop_attr(shown, i) | (is_exit ? CP_LIVE_BOLD : 0u);
	char words[WORDS];

	cp_live_put(frame, row, 0, 1, CP_LIVE_BOLD, is_fresh ? "!" : " ");
	cp_live_put(frame, row, 1, 1, CP_LIVE_BOLD, is_exit ? ">" : " ");
	snprintf(words, sizeof(words), "%u", ttl);
	cp_live_put_right(frame, row, 2, 2, 0, words);
	cp_live_put(frame, row, HOST_AT, layout->host_width, attr | (is_fresh ? CP_LIVE_REVERSE : 0u),
	        say_host(shown, ui, i, layout->host_width, words));
	cp_live_put(frame, row, layout->as, layout->as_width, attr, say_as(shown, i, layout->as_named, words));
	if (!hop->n_asked)
		return;
	draw_counts(frame, row, layout, hop);
	draw_times(frame, row, layout, &hop->times);
	if (layout->graph)
		draw_graph(frame, row, layout, hop);
}

/* ---- The screen ---- */

static void draw_head(struct cp_live_frame *frame, const struct cp_live_shown *shown)
{
	const struct cp_rec_path *rec = shown->rec;
	char target[300], addr[CP_ADDR_STRLEN], words[WORDS];
	unsigned n;

	n = cp_live_put(
	        frame, 0, 0, frame->n_columns / 2, CP_LIVE_BOLD, cp_phrase_target(rec->target, target, sizeof(target)));
	snprintf(words, sizeof(words), "%s%sflow %u", rec->target->is_literal ? "" : cp_addr_format(&rec->dest, addr),
	        rec->target->is_literal ? "" : "  ", rec->path->flow);
	cp_live_put(frame, 0, n + 2, frame->n_columns - n - 2, 0, words);
}

const char *cp_live_say_meaning(const struct cp_rec_path *rec, char *buf, size_t size)
{
	char words[CP_PHRASE_MAX];

	if (*cp_phrase_exit(rec, words, sizeof(words)))
		snprintf(buf, size, "leaves home %s", words);
	else
		cp_phrase_reasons(rec->judgement->reasons, buf, size);
	return buf;
}

static void draw_verdict(struct cp_live_frame *frame, const struct cp_rec_path *rec)
{
	const struct cp_judgement *judgement = rec->judgement;
	char words[CP_PHRASE_MAX], line[CP_PHRASE_MAX + 32];
	unsigned n = cp_live_put(frame, ROW_VERDICT, 0, frame->n_columns,
	        cp_live_verdict_attr(judgement->verdict) | CP_LIVE_BOLD, cp_verdict_name(judgement->verdict));

	snprintf(line, sizeof(line), "(confidence %s)  %s", cp_confidence_name(judgement->confidence),
	        cp_phrase_as_path(rec, words, sizeof(words)));
	cp_live_put(frame, ROW_VERDICT, n + 1, frame->n_columns - n - 1, 0, line);
	cp_live_put(
	        frame, ROW_MEANING, 0, frame->n_columns, CP_LIVE_DIM, cp_live_say_meaning(rec, words, sizeof(words)));
}

void cp_live_draw_path(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_about *about,
        const struct cp_live_shown *shown)
{
	uint32_t n_hops = shown->live->top_ttl ? shown->live->top_ttl - shown->live->first_ttl + 1 : 0;
	uint32_t room = frame->n_rows - ROW_HOPS - 1, most = n_hops > room ? n_hops - room : 0;
	struct layout layout;

	draw_head(frame, shown);
	cp_live_draw_state(frame, ui, about);
	if (!shown->rec->judgement) {
		cp_live_put(frame, ROW_VERDICT, 0, frame->n_columns, CP_LIVE_DIM, "probing ...");
		return;
	}
	draw_verdict(frame, shown->rec);
	layout = lay_out(frame, ui, shown);
	draw_titles(frame, &layout);
	ui->scroll = ui->scroll < most ? ui->scroll : most;
	for (uint32_t i = 0; i < room && ui->scroll + i < n_hops; i++)
		draw_hop(frame, ROW_HOPS + i, &layout, ui, shown, ui->scroll + i);
}
