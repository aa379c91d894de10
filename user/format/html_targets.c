// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_targets.c: the list of targets as it stands in the document itself, for
 * paper and without scripts. What it keeps is bounded.
 */
#include <errno.h>
#include <stdlib.h>

#include "html.h"
#include "phrase.h"

struct cp_html_targets {
	struct cp_html rows; /* without their ends */
	size_t row_ends[CP_HTML_ROWS_MAX]; /* in rows */
	struct cp_html_worst worst[CP_HTML_ROWS_MAX]; /* only a run that measured it has columns for it */
	uint64_t n; /* given, kept or not */
};

int cp_html_targets_new(struct cp_html_targets **ret_targets)
{
	struct cp_html_targets *targets = calloc(1, sizeof(*targets));

	if (!targets)
		return -ENOMEM;
	*ret_targets = targets;
	return 0;
}

void cp_html_targets_free(struct cp_html_targets *targets)
{
	if (!targets)
		return;
	cp_html_free(&targets->rows);
	free(targets);
}

int cp_html_targets_add(struct cp_html_targets *targets, const struct cp_rec_target *rec, int outcome,
        const char *as_path, const char *exit, const struct cp_html_worst *worst)
{
	struct cp_html *html = &targets->rows;
	uint64_t number = targets->n++;
	char name[CP_PHRASE_MAX];

	if (number >= CP_HTML_ROWS_MAX)
		return 0;
	cp_html_raw(html, "<tr><td>");
	cp_html_pill(html, outcome);
	cp_html_raw(html, "</td><td>");
	cp_html_text(html, cp_phrase_target(rec->target, name, sizeof(name)));
	cp_html_raw(html, "</td><td>");
	cp_html_text(html, rec->target->group);
	cp_html_rawf(html, "</td><td class=\"num\">%zu</td><td>", rec->n_dests);
	cp_html_text(html, rec->n_dests ? as_path : rec->skip_reason);
	cp_html_raw(html, "</td><td>");
	cp_html_text(html, exit);
	cp_html_raw(html, "</td>");
	targets->row_ends[number] = html->len;
	targets->worst[number] = *worst;
	return html->rc;
}

static void write_rows(const struct cp_html_targets *targets, bool with_e2e, struct cp_html *html)
{
	size_t n = targets->n < CP_HTML_ROWS_MAX ? (size_t)targets->n : CP_HTML_ROWS_MAX, at = 0;

	for (size_t i = 0; i < n; i++) {
		cp_html_raw_n(html, targets->rows.buf + at, targets->row_ends[i] - at);
		at = targets->row_ends[i];
		if (with_e2e)
			cp_html_worst_cells(html, &targets->worst[i]);
		cp_html_raw(html, "</tr>\n");
	}
}

/* What is not on the page, or not on paper. */
static void write_notes(uint64_t n, struct cp_html *html)
{
	if (n > CP_HTML_ROWS_MAX) {
		cp_html_raw(html, "<p class=\"note paper\">The first ");
		cp_html_count(html, CP_HTML_ROWS_MAX);
		cp_html_raw(html, " of ");
		cp_html_count(html, n);
		cp_html_raw(html,
		        " targets; the others are on the page when its script may run, and in the run's NDJSON.</p>");
	}
	if (n > CP_HTML_TARGETS_MAX) {
		cp_html_raw(html, "<p class=\"note\">Of ");
		cp_html_count(html, n);
		cp_html_raw(html, " targets the first ");
		cp_html_count(html, CP_HTML_TARGETS_MAX);
		cp_html_raw(html, " are listed; all are counted.</p>");
	}
}

void cp_html_targets_write(const struct cp_html_targets *targets, bool with_e2e, struct cp_html *html)
{
	cp_html_raw(html,
	        "<h3>Targets</h3><div class=\"filter\" id=\"target-filter\"></div>\n<div class=\"scroll\">"
	        "<table class=\"list\" id=\"targets\"><thead><tr><th>Verdict</th><th>Target</th><th>Group</th>"
	        "<th class=\"num\">Addresses</th><th>AS path of the worst path, or why none</th>"
	        "<th>Leaves home to</th>");
	if (with_e2e)
		cp_html_raw(html, "<th class=\"num\">Loss</th><th class=\"num\">Median RTT</th>"
		                  "<th class=\"num\">Jitter</th>");
	cp_html_raw(html, "</tr></thead><tbody>\n");
	write_rows(targets, with_e2e, html);
	cp_html_raw(html, "</tbody></table></div>");
	write_notes(targets->n, html);
}
