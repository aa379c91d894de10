// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_sides.c: targets in two columns, one run each: hot potato against
 * cold potato. Owns the layout of the columns.
 */
#include <stdio.h>
#include <string.h>

#include "phrase.h"
#include "rundiff_phrase.h"

#define LABEL_WIDTH 14
#define GAP 2

/* What is said of one target by one run. */
struct side {
	const struct cp_rundiff_view *view;
	const struct cp_rundiff_path *path; /* NULL: none */
	char as_path[CP_PHRASE_MAX], exit[CP_PHRASE_MAX], handover[96], dest[64], cold[16], e2e[128];
};

static unsigned column_width(const struct cp_text *text)
{
	return (text->width - LABEL_WIDTH - GAP) / 2;
}

/* As many words of *s as fit into width columns, at least one; *s is moved behind them. */
static void take_words(const char **s, unsigned width, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	while (**s) {
		const char *word = *s + strspn(*s, " ");
		size_t n = strcspn(word, " "), room = size - len;
		char longer[CP_PHRASE_MAX];

		snprintf(longer, sizeof(longer), "%s%s%.*s", buf, len ? " " : "", (int)n, word);
		if (len && (cp_text_columns(longer) > width || strlen(longer) >= size))
			return;
		len += (size_t)snprintf(buf + len, room, "%s%.*s", len ? " " : "", (int)n, word);
		if (len >= size)
			len = size - 1;
		*s = word + n;
	}
}

/* One thing, in as many lines as the longer of its two sides takes. */
static void print_row(struct cp_text *text, const char *what, const char *before, const char *after,
        enum cp_text_color before_color, enum cp_text_color after_color)
{
	unsigned width = column_width(text);

	do {
		char cell[CP_PHRASE_MAX];

		cp_text_put(text, "  ");
		cp_text_cell(text, what, LABEL_WIDTH - 2, false);
		cp_text_color(text, before_color);
		take_words(&before, width, cell, sizeof(cell));
		cp_text_cell(text, cell, width, false);
		cp_text_color(text, CP_PLAIN);
		cp_text_tab(text, LABEL_WIDTH + width + GAP);
		cp_text_color(text, after_color);
		take_words(&after, width, cell, sizeof(cell));
		cp_text_cell(text, cell, width, false);
		cp_text_newline(text);
		what = "";
	} while (*before || *after);
}

static void describe_exit(const struct cp_rundiff_report *report, struct side *side)
{
	const struct cp_rundiff_path *path = side->path;
	uint32_t cold = cp_rundiff_cold_pct(path);
	char time[64];

	cp_rundiff_say_exit(report, path, side->exit, sizeof(side->exit));
	cp_rundiff_say_time(path->rtt_exit_us, time, sizeof(time));
	if (!path->has_exit)
		snprintf(side->handover, sizeof(side->handover), "-");
	else if (!path->exit_ttl_max)
		snprintf(side->handover, sizeof(side->handover), "after TTL %u", path->exit_ttl_min);
	else if (cp_rundiff_exit_is_point(path))
		snprintf(side->handover, sizeof(side->handover), "TTL %u, %s", path->exit_ttl_max, time);
	else
		snprintf(side->handover, sizeof(side->handover), "TTL %u to %u, %s", path->exit_ttl_min + 1u,
		        path->exit_ttl_max, time);
	if (cold != UINT32_MAX)
		snprintf(side->cold, sizeof(side->cold), "%u%%", cold);
}

static void describe_dest(struct side *side)
{
	char end[32];

	if (side->path->reached == 0)
		snprintf(side->dest, sizeof(side->dest), "not reached (%s)",
		        cp_rundiff_say_end(side->path, end, sizeof(end)));
	else
		cp_rundiff_say_time(side->path->rtt_dest_us, side->dest, sizeof(side->dest));
}

static void describe_e2e(struct side *side)
{
	const struct cp_rundiff_e2e *e2e = &side->path->e2e;
	char loss[32], rtt[64], jitter[32];

	if (!e2e->n_sent)
		return;
	cp_rundiff_say_loss(e2e->n_sent, e2e->n_received, loss, sizeof(loss));
	if (e2e->rtt_us == UINT32_MAX)
		snprintf(side->e2e, sizeof(side->e2e), "%s lost", loss);
	else if (e2e->jitter_us == UINT32_MAX)
		snprintf(side->e2e, sizeof(side->e2e), "%s lost, median %s", loss,
		        cp_rundiff_say_time(e2e->rtt_us, rtt, sizeof(rtt)));
	else
		snprintf(side->e2e, sizeof(side->e2e), "%s lost, median %s, jitter %s", loss,
		        cp_rundiff_say_time(e2e->rtt_us, rtt, sizeof(rtt)),
		        cp_rundiff_say_jitter(e2e->jitter_us, jitter, sizeof(jitter)));
}

static void describe(const struct cp_rundiff_report *report, const struct cp_rundiff_target *target,
        enum cp_rundiff_side number, struct side *side)
{
	*side = (struct side){.view = &target->views[number],
	        .as_path = "-",
	        .exit = "-",
	        .handover = "-",
	        .dest = "-",
	        .cold = "-",
	        .e2e = "-"};
	if (side->view->shown == CP_RUNDIFF_NONE)
		return;
	side->path = &report->result->paths[number][side->view->shown];
	cp_rundiff_say_as_path(report, side->path, side->as_path, sizeof(side->as_path));
	if (!side->as_path[0])
		snprintf(side->as_path, sizeof(side->as_path), "-");
	describe_exit(report, side);
	describe_dest(side);
	describe_e2e(side);
}

static const char *verdict_of(const struct side *side)
{
	if (!side->view->is_present)
		return "not in this run";
	return cp_rundiff_say_verdict(side->view->verdict);
}

static bool says_nothing(const char *before, const char *after)
{
	return strcmp(before, "-") == 0 && strcmp(after, "-") == 0;
}

static void print_target(
        struct cp_text *text, const struct cp_rundiff_report *report, const struct cp_rundiff_target *target)
{
	struct side before, after;
	char name[CP_PHRASE_MAX];

	describe(report, target, CP_BEFORE, &before);
	describe(report, target, CP_AFTER, &after);
	cp_text_color(text, CP_BOLD);
	cp_text_words(text, cp_rundiff_say_target(&target->name, name, sizeof(name)));
	cp_text_newline(text);
	print_row(text, "verdict", verdict_of(&before), verdict_of(&after),
	        cp_rundiff_verdict_color(before.view->verdict), cp_rundiff_verdict_color(after.view->verdict));
	if (!before.path && !after.path)
		return;
	print_row(text, "AS path", before.as_path, after.as_path, CP_PLAIN, CP_PLAIN);
	if ((before.path && before.path->has_exit) || (after.path && after.path->has_exit)) {
		print_row(text, "exit", before.exit, after.exit, CP_PLAIN, CP_PLAIN);
		print_row(text, "hand-over", before.handover, after.handover, CP_PLAIN, CP_PLAIN);
	}
	print_row(text, "destination", before.dest, after.dest, CP_PLAIN, CP_PLAIN);
	if (!says_nothing(before.cold, after.cold))
		print_row(text, "cold share", before.cold, after.cold, CP_PLAIN, CP_PLAIN);
	if (!says_nothing(before.e2e, after.e2e))
		print_row(text, "end to end", before.e2e, after.e2e, CP_PLAIN, CP_PLAIN);
}

/* "AS8075, lab1": from where, over the column of a run. */
static const char *title_of(const struct cp_rundiff_run *run, char *buf, size_t size)
{
	const char *slash = strrchr(run->name, '/');
	char from[32] = "";

	if (run->vantage_asn)
		snprintf(from, sizeof(from), " from AS%u", run->vantage_asn);
	snprintf(buf, size, "%s%s", slash ? slash + 1 : run->name, from);
	return buf;
}

void cp_rundiff_print_sides(struct cp_text *text, const struct cp_rundiff_report *report)
{
	const struct cp_rundiff_result *result = report->result;
	size_t top = report->top && report->top < result->n_targets ? report->top : result->n_targets;
	char before[CP_PHRASE_MAX], after[CP_PHRASE_MAX], count[CP_NUM_MAX];

	if (!top)
		return;
	cp_text_newline(text);
	print_row(text, "", title_of(&report->runs[CP_BEFORE], before, sizeof(before)),
	        title_of(&report->runs[CP_AFTER], after, sizeof(after)), CP_BOLD, CP_BOLD);
	for (size_t i = 0; i < top; i++)
		print_target(text, report, &result->targets[result->order[i]]);
	if (top == result->n_targets)
		return;
	cp_text_printf(
	        text, "… and %s more targets (--top 0 shows all)", cp_text_count(result->n_targets - top, count));
	cp_text_newline(text);
}
