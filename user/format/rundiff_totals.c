// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_totals.c: the last lines of a comparison for people: how complete
 * both runs are, how fast, and what was lost.
 */
#include "phrase.h"
#include "rundiff_phrase.h"

static uint64_t n_decided(const uint64_t verdicts[CP_VERDICTS])
{
	uint64_t n = 0;

	for (int i = 0; i < CP_VERDICTS; i++)
		n += i == CP_UNDECIDED ? 0 : verdicts[i];
	return n;
}

/* "inside 4 -> 5, transit 1 -> 0"; what neither run has is left out. */
static void print_by_verdict(struct cp_text *text, const struct cp_rundiff_result *result)
{
	const uint64_t *before = result->totals[CP_BEFORE].targets, *after = result->totals[CP_AFTER].targets;
	char counts[CP_SIDES][CP_NUM_MAX];
	bool is_first = true;

	cp_rundiff_label(text, "verdicts");
	for (int i = 0; i < CP_VERDICTS; i++) {
		if (!before[i] && !after[i])
			continue;
		cp_text_put(text, is_first ? "" : ",");
		cp_text_color(text, cp_phrase_color(i));
		cp_text_words(text, cp_verdict_name(i));
		cp_text_color(text, CP_PLAIN);
		cp_text_printf(text, "%s -> %s", cp_text_count(before[i], counts[CP_BEFORE]),
		        cp_text_count(after[i], counts[CP_AFTER]));
		is_first = false;
	}
	if (is_first)
		cp_text_words(text, "none");
	cp_text_newline(text);
}

/* "8 of 9 -> 9 of 9 targets decided" */
static void ratio(struct cp_text *text, const uint64_t n[CP_SIDES], const uint64_t of[CP_SIDES], const char *what)
{
	char counts[4][CP_NUM_MAX];

	cp_text_printf(text, "%s of %s -> %s of %s %s", cp_text_count(n[CP_BEFORE], counts[0]),
	        cp_text_count(of[CP_BEFORE], counts[1]), cp_text_count(n[CP_AFTER], counts[2]),
	        cp_text_count(of[CP_AFTER], counts[3]), what);
	cp_text_newline(text);
}

static void print_coverage(struct cp_text *text, const struct cp_rundiff_result *result)
{
	const struct cp_rundiff_totals *before = &result->totals[CP_BEFORE], *after = &result->totals[CP_AFTER];
	char count[CP_NUM_MAX];

	cp_rundiff_label(text, "decided");
	ratio(text, (const uint64_t[]){n_decided(before->targets), n_decided(after->targets)},
	        (const uint64_t[]){before->n_targets, after->n_targets}, "targets");
	cp_rundiff_label(text, "reached");
	ratio(text, (const uint64_t[]){before->n_reached, after->n_reached},
	        (const uint64_t[]){before->n_paths, after->n_paths}, "paths");
	cp_rundiff_label(text, "answered");
	ratio(text, (const uint64_t[]){before->n_hops_seen, after->n_hops_seen},
	        (const uint64_t[]){before->n_hops, after->n_hops}, "hops");
	if (!result->n_as_paths_silent)
		return;
	cp_rundiff_label(text, "silence");
	cp_text_printf(text, "%s AS path%s differ%s in it alone, which is no difference",
	        cp_text_count(result->n_as_paths_silent, count), cp_rundiff_plural(result->n_as_paths_silent),
	        result->n_as_paths_silent == 1 ? "s" : "");
	cp_text_newline(text);
}

static void print_times(struct cp_text *text, const struct cp_rundiff_report *report)
{
	char line[CP_PHRASE_MAX];

	cp_rundiff_label(text, "time");
	cp_text_printf(
	        text, "%s to the destination", cp_rundiff_say_median(&report->result->dest_shift, line, sizeof(line)));
	cp_text_newline(text);
	if (report->result->exit_shift.n) {
		cp_rundiff_label(text, "");
		cp_text_tab(text, text->indent);
		cp_text_printf(
		        text, "%s to the exit", cp_rundiff_say_median(&report->result->exit_shift, line, sizeof(line)));
		cp_text_newline(text);
	}
	if (report->result->e2e_shift.n) {
		cp_rundiff_label(text, "");
		cp_text_tab(text, text->indent);
		cp_text_printf(
		        text, "%s end to end", cp_rundiff_say_median(&report->result->e2e_shift, line, sizeof(line)));
		cp_text_newline(text);
	}
}

/* Nothing where neither run has measured it. */
static void print_loss(struct cp_text *text, const struct cp_rundiff_totals totals[CP_SIDES])
{
	const struct cp_rundiff_totals *before = &totals[CP_BEFORE], *after = &totals[CP_AFTER];
	char left[32], right[32], counts[CP_SIDES][CP_NUM_MAX];

	if (!before->n_e2e_sent && !after->n_e2e_sent)
		return;
	cp_rundiff_label(text, "loss");
	cp_text_printf(text, "%s -> %s end to end, of %s -> %s probes",
	        cp_rundiff_say_loss(before->n_e2e_sent, before->n_e2e_received, left, sizeof(left)),
	        cp_rundiff_say_loss(after->n_e2e_sent, after->n_e2e_received, right, sizeof(right)),
	        cp_text_count(before->n_e2e_sent, counts[CP_BEFORE]),
	        cp_text_count(after->n_e2e_sent, counts[CP_AFTER]));
	cp_text_newline(text);
}

void cp_rundiff_print_totals(struct cp_text *text, const struct cp_rundiff_report *report)
{
	print_by_verdict(text, report->result);
	print_coverage(text, report->result);
	print_times(text, report);
	print_loss(text, report->result->totals);
	text->indent = 0;
}
