// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_top_target.c: the screen of one target: its verdict on top, what has
 * changed of it, and its paths of the newest run hop by hop.
 */
#include <stdio.h>
#include <string.h>

#include "live_top_impl.h"
#include "phrase.h"
#include "text.h"

#define ROW_VERDICT 1u
#define ROW_MEANING 2u
#define ROW_NUMBERS 3u
#define ROW_LINES 4u
#define HOST_AT 5u /* behind the mark '>' and the TTL */
#define AS_WIDTH 28u
#define TIME_WIDTH 7u
#define WORD_WIDTH 9u /* "recovered" */
#define KIND_WIDTH 12u /* "exit-as-gone" */
#define CHANGES_MAX 5u /* lines; the pane has all */
#define ADDRESS_WIDTH 39u
#define ADDRESS_FROM 110u /* columns of the screen, in which addresses have room beside names */
#define WORDS 512u

/* Columns of hops; address, behind names: 0: not shown. */
struct layout {
	unsigned host_width, address, as, time;
};

static struct layout lay_out(const struct cp_live_frame *frame, const struct cp_live_ui *ui)
{
	struct layout layout = {.time = frame->n_columns - TIME_WIDTH};
	unsigned end;

	layout.as = layout.time - 1 - AS_WIDTH;
	end = layout.as;
	if (!ui->addresses && frame->n_columns >= ADDRESS_FROM)
		end = layout.address = layout.as - 1 - ADDRESS_WIDTH;
	layout.host_width = end - 1 - HOST_AT;
	return layout;
}

static const struct cp_live_run_target *target_of(const struct cp_live_top *top)
{
	return &top->run->targets[top->target];
}

static const char *text_of(const struct cp_live_top *top, cp_live_text text)
{
	return cp_live_run_text(top->run, text);
}

/* ---- Head ---- */

static void draw_name(struct cp_live_frame *frame, const struct cp_live_ui *ui, const struct cp_live_top *top)
{
	const struct cp_live_run_target *target = target_of(top);
	char words[WORDS];
	unsigned n, left;

	snprintf(words, sizeof(words), "  %u/%u%s", ui->n_shown ? cp_live_ui_place(ui) + 1 : 0, ui->n_shown,
	        ui->paused ? "  PAUSED" : "");
	left = frame->n_columns - cp_text_columns(words);
	cp_live_put(frame, 0, left, frame->n_columns, ui->paused ? CP_LIVE_YELLOW | CP_LIVE_BOLD : 0, words);
	n = cp_live_put(frame, 0, 0, frame->n_columns / 2, CP_LIVE_BOLD, text_of(top, target->name));
	snprintf(words, sizeof(words), "audit %s%s%s", top->audit->name, target->group ? "  group " : "",
	        text_of(top, target->group));
	if (n + 2 < left)
		cp_live_put(frame, 0, n + 2, left - n - 2, 0, words);
}

/* How the paths differ, or else what the first one means. */
static cp_live_text meaning_of(const struct cp_live_top *top)
{
	const struct cp_live_run_target *target = target_of(top);

	if (target->flows || !target->n_paths)
		return target->flows;
	return top->run->paths[target->first_path].meaning;
}

static void draw_verdict(struct cp_live_frame *frame, const struct cp_live_top *top)
{
	const struct cp_live_run_target *target = target_of(top);
	char words[CP_PHRASE_MAX + 64];
	unsigned n;

	if (!target->is_judged) {
		snprintf(words, sizeof(words), "not measured: %s", text_of(top, target->as_path));
		cp_live_put(frame, ROW_VERDICT, 0, frame->n_columns, CP_LIVE_YELLOW, words);
		return;
	}
	n = cp_live_put(frame, ROW_VERDICT, 0, frame->n_columns, cp_live_verdict_attr(target->verdict) | CP_LIVE_BOLD,
	        cp_verdict_name(target->verdict));
	snprintf(words, sizeof(words), "(confidence %s)  %s", cp_confidence_name(target->confidence),
	        text_of(top, target->as_path));
	cp_live_put(frame, ROW_VERDICT, n + 1, frame->n_columns - n - 1, 0, words);
	cp_live_put(frame, ROW_MEANING, 0, frame->n_columns, CP_LIVE_DIM, text_of(top, meaning_of(top)));
}

static void draw_numbers(struct cp_live_frame *frame, const struct cp_live_top *top)
{
	const struct cp_live_run_target *target = target_of(top);
	char words[WORDS], rtt[CP_NUM_MAX], loss[CP_NUM_MAX], when[CP_LIVE_WHEN_MAX], changes[64] = "";

	if (!target->is_judged)
		return;
	if (target->n_changes)
		snprintf(
		        changes, sizeof(changes), "  %u change%s", target->n_changes, target->n_changes > 1 ? "s" : "");
	snprintf(words, sizeof(words), "%s  %s ms  loss %s%s%s  run of %s UTC", text_of(top, target->detail),
	        cp_text_ms(target->rtt_us, rtt), cp_live_say_loss(target->loss_permille, loss),
	        target->has_e2e ? " end to end" : "", changes, cp_live_top_when(top->run->wall_ms, top->now_ms, when));
	cp_live_put(frame, ROW_NUMBERS, 0, frame->n_columns, 0, words);
}

/* ---- Changes ---- */

static bool is_of(const struct cp_live_change *change, const struct cp_live_top *top)
{
	return strcmp(change->audit, top->audit->name) == 0 &&
	       strcmp(change->target, text_of(top, target_of(top)->name)) == 0;
}

static void draw_change(
        struct cp_live_frame *frame, unsigned row, const struct cp_live_top *top, const struct cp_live_change *change)
{
	unsigned word = CP_LIVE_WHEN_WIDTH + 1, kind = word + WORD_WIDTH + 1, text = kind + KIND_WIDTH + 1;
	char when[CP_LIVE_WHEN_MAX], words[WORDS];

	cp_live_put(frame, row, 0, CP_LIVE_WHEN_WIDTH, 0, cp_live_top_when(change->at_ms, top->now_ms, when));
	cp_live_put(frame, row, word, WORD_WIDTH, cp_live_change_attr(change), cp_live_change_word(change));
	cp_live_put(frame, row, kind, KIND_WIDTH, 0, cp_change_kind_name(change->kind));
	cp_live_put(frame, row, text, frame->n_columns - text, 0, cp_live_change_text(change, words, sizeof(words)));
}

static void change_lines(struct cp_live_frame *frame, struct cp_live_page *page, const struct cp_live_top *top)
{
	unsigned row, n = 0;

	for (uint32_t i = top->n_changes; i-- > 0 && n < CHANGES_MAX;) {
		if (!is_of(&top->changes[i], top))
			continue;
		if (n++ == 0 && cp_live_page_next(page, &row)) {
			cp_live_put(frame, row, 0, frame->n_columns, 0, "Changes, the newest first");
			cp_live_paint(frame, row, CP_LIVE_REVERSE);
		}
		if (cp_live_page_next(page, &row))
			draw_change(frame, row, top, &top->changes[i]);
	}
}

/* ---- Paths ---- */

static void draw_path_title(
        struct cp_live_frame *frame, unsigned row, const struct layout *layout, const struct cp_live_run_path *path)
{
	char words[WORDS], addr[CP_ADDR_STRLEN];

	snprintf(words, sizeof(words), "%s flow %u: %s, %s", cp_addr_format(&path->dest, addr), path->flow,
	        cp_verdict_name(path->verdict), cp_confidence_name(path->confidence));
	cp_live_put(frame, row, 1, 3, 0, "TTL");
	cp_live_put(frame, row, HOST_AT, layout->host_width, 0, words);
	if (layout->address)
		cp_live_put(frame, row, layout->address, ADDRESS_WIDTH, 0, "Address");
	cp_live_put(frame, row, layout->as, AS_WIDTH, 0, "AS");
	cp_live_put_right(frame, row, layout->time, TIME_WIDTH, 0, "ms");
	cp_live_paint(frame, row, CP_LIVE_REVERSE);
}

static const char *say_host(const struct cp_live_top *top, const struct cp_live_ui *ui,
        const struct cp_live_run_hop *hop, unsigned width, char *buf, size_t size)
{
	char addr[CP_ADDR_STRLEN];

	if (cp_addr_is_zero(&hop->addr))
		snprintf(buf, size, "*");
	else if (ui->addresses || !hop->name || !*cp_phrase_router(text_of(top, hop->name), width, buf, size))
		snprintf(buf, size, "%s", cp_addr_format(&hop->addr, addr));
	return buf;
}

static void draw_hop(struct cp_live_frame *frame, unsigned row, const struct layout *layout,
        const struct cp_live_top *top, const struct cp_live_ui *ui, const struct cp_live_run_hop *hop)
{
	unsigned attr = hop->attr | (hop->is_exit ? CP_LIVE_BOLD : 0u);
	char words[WORDS];

	cp_live_put(frame, row, 1, 1, CP_LIVE_BOLD, hop->is_exit ? ">" : " ");
	snprintf(words, sizeof(words), "%u", hop->ttl);
	cp_live_put_right(frame, row, 2, 2, 0, words);
	cp_live_put(frame, row, HOST_AT, layout->host_width, attr,
	        say_host(top, ui, hop, layout->host_width, words, sizeof(words)));
	if (cp_addr_is_zero(&hop->addr))
		return;
	if (layout->address && hop->name)
		cp_live_put(frame, row, layout->address, ADDRESS_WIDTH, 0, cp_addr_format(&hop->addr, words));
	cp_live_put(frame, row, layout->as, AS_WIDTH, attr, text_of(top, hop->as));
	cp_live_put_right(frame, row, layout->time, TIME_WIDTH, 0, cp_text_ms(hop->rtt_us, words));
}

/* Blanks before what belongs to a path and is no hop. */
static void path_line(struct cp_live_frame *frame, struct cp_live_page *page, const char *text)
{
	unsigned row;

	if (*text && cp_live_page_next(page, &row))
		cp_live_put(frame, row, HOST_AT, frame->n_columns, CP_LIVE_DIM, text);
}

static void path_lines(struct cp_live_frame *frame, struct cp_live_page *page, const struct cp_live_ui *ui,
        const struct cp_live_top *top, const struct cp_live_run_path *path)
{
	struct layout layout = lay_out(frame, ui);
	unsigned row;

	if (cp_live_page_next(page, &row))
		draw_path_title(frame, row, &layout, path);
	if (path->meaning != meaning_of(top))
		path_line(frame, page, text_of(top, path->meaning));
	path_line(frame, page, text_of(top, path->e2e));
	for (uint32_t i = 0; i < path->n_hops; i++) {
		if (cp_live_page_next(page, &row))
			draw_hop(frame, row, &layout, top, ui, &top->run->hops[path->first_hop + i]);
	}
}

static void target_lines(struct cp_live_frame *frame, struct cp_live_page *page, const struct cp_live_ui *ui,
        const struct cp_live_top *top)
{
	const struct cp_live_run_target *target = target_of(top);
	char words[WORDS];

	change_lines(frame, page, top);
	for (uint32_t i = 0; i < target->n_paths; i++)
		path_lines(frame, page, ui, top, &top->run->paths[target->first_path + i]);
	snprintf(words, sizeof(words), "%u further paths are not kept here", target->n_all_paths - target->n_paths);
	path_line(frame, page, target->n_all_paths > target->n_paths ? words : "");
}

void cp_live_top_draw_target(struct cp_live_frame *frame, struct cp_live_ui *ui, const struct cp_live_top *top)
{
	draw_name(frame, ui, top);
	draw_verdict(frame, top);
	draw_numbers(frame, top);
	cp_live_page_draw(frame, ui, top, ROW_LINES, target_lines);
}
