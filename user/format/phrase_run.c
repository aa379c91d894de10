// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * phrase_run.c: the words for a run as a whole: its head, its warnings, how it
 * ended, its accounting.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "phrase.h"

#define LABEL_COLUMN 9 /* where the text behind a label starts */

static void plural(struct cp_text *text, uint64_t n, const char *noun, const char *suffix, const char *after)
{
	char count[CP_NUM_MAX];

	cp_text_printf(text, "%s %s%s%s", cp_text_count(n, count), noun, n == 1 ? "" : suffix, after);
}

static void say_datapath(struct cp_text *text, const struct cp_rec_start *rec)
{
	char rate[CP_NUM_MAX];

	if (!rec->datapath) {
		cp_text_words(text, rec->rate_pps == CP_UNKNOWN ? "as measured before" : "dry run, nothing is sent");
		return;
	}
	cp_text_printf(text, "via %s", rec->datapath);
	for (size_t i = 0; i < rec->n_interfaces; i++)
		cp_text_printf(text, "%s%s", rec->interfaces[i], i + 1 < rec->n_interfaces ? "," : "");
	cp_text_printf(text, "at %s pps", cp_text_count(rec->rate_pps, rate));
}

static void say_database(struct cp_text *text, const struct cp_rec_database *db, const char *after)
{
	char date[CP_NUM_MAX], days[CP_NUM_MAX];

	if (db->built_at_s == CP_UNKNOWN)
		cp_text_printf(text, "%s%s", db->name, after);
	else if (db->age_days == CP_UNKNOWN)
		cp_text_printf(text, "%s (%s)%s", db->name, cp_text_date(db->built_at_s, date), after);
	else
		cp_text_printf(text, "%s (%s, %s d old)%s", db->name, cp_text_date(db->built_at_s, date),
		        cp_text_count(db->age_days, days), after);
}

void cp_phrase_head(struct cp_text *text, const struct cp_rec_start *rec)
{
	text->indent = 2;
	plural(text, rec->n_targets, "target", "s", ",");
	plural(text, rec->n_dests, "address", "es", "");
	if (rec->host)
		cp_text_printf(text, "from %s", rec->host);
	if (rec->vantage.asn)
		cp_text_printf(text, "in AS%u", rec->vantage.asn);
	else
		cp_text_words(text, "(vantage unknown)");
	say_datapath(text, rec);
	cp_text_newline(text);
	if (rec->n_databases) {
		cp_text_color(text, CP_DIM);
		cp_text_words(text, "AS data:");
		for (size_t i = 0; i < rec->n_databases; i++)
			say_database(text, &rec->databases[i], i + 1 < rec->n_databases ? "," : "");
		cp_text_newline(text);
	}
	text->indent = 0;
}

void cp_phrase_warning(struct cp_text *text, const struct cp_rec_warning *rec)
{
	text->indent = 2;
	cp_text_color(text, CP_YELLOW);
	cp_text_words(text, "warning:");
	cp_text_color(text, CP_PLAIN);
	cp_text_words(text, rec->text);
	cp_text_newline(text);
	text->indent = 0;
}

void cp_phrase_partial(struct cp_text *text, const struct cp_rec_end *rec, bool has_begun)
{
	static const struct {
		const char *reason, *phrase;
	} ends[] = {{"interrupted", "INTERRUPTED:"}, {"max-runtime", "STOPPED by --max-runtime:"}};
	const char *phrase = NULL;

	if (rec->reason && strcmp(rec->reason, "done") == 0)
		return;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (rec->reason && strcmp(rec->reason, ends[i].reason) == 0)
			phrase = ends[i].phrase;
	}
	/* There are no results, and standard error says why. */
	if (!phrase && !has_begun)
		return;
	text->indent = 2;
	cp_text_color(text, phrase ? CP_YELLOW : CP_RED);
	cp_text_words(text, phrase ? phrase : "FAILED:");
	cp_text_words(text, "the results are partial.");
	cp_text_color(text, CP_PLAIN);
	if (rec->error)
		cp_text_words(text, rec->error);
	cp_text_newline(text);
	text->indent = 0;
}

/* ---- accounting ---- */

static void label(struct cp_text *text, const char *what)
{
	text->indent = LABEL_COLUMN;
	cp_text_words(text, what);
	cp_text_tab(text, LABEL_COLUMN);
}

/* "12 lost" after a comma; nothing for 0 unless `always`. */
static void item(struct cp_text *text, uint64_t n, const char *what, bool always)
{
	char count[CP_NUM_MAX];

	if (!n && !always)
		return;
	cp_text_put(text, ",");
	cp_text_printf(text, "%s %s", cp_text_count(n, count), what);
}

static uint64_t known(uint64_t n)
{
	return n == CP_UNKNOWN ? 0 : n;
}

static void say_rejected(struct cp_text *text, const struct cp_accounting *a)
{
	const struct {
		uint64_t n;
		const char *why;
	} reasons[] = {
	        {known(a->rejected_token), "token"},
	        {known(a->rejected_dest), "dest"},
	        {known(a->rejected_unsent), "unsent"},
	        {known(a->rejected_flags), "flags"},
	        {known(a->rejected_short), "short"},
	};
	uint64_t sum = 0, left;
	char count[CP_NUM_MAX];

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		sum += reasons[i].n;
	item(text, sum, "rejected", true);
	left = sum;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (!reasons[i].n)
			continue;
		cp_text_printf(
		        text, "%s%s %s", left == sum ? "(" : "", reasons[i].why, cp_text_count(reasons[i].n, count));
		left -= reasons[i].n;
		cp_text_put(text, left ? "," : ")");
	}
}

static void say_rate(struct cp_text *text, const struct cp_accounting *a, uint64_t rate_pps)
{
	char achieved[CP_NUM_MAX], asked[CP_NUM_MAX], probing[CP_NUM_MAX], total[CP_NUM_MAX];
	uint64_t n = known(a->transmitted) - (known(a->e2e_attempted) - known(a->e2e_unsent)),
	         ns = known(a->probing_ns);

	label(text, "rate");
	if (n && ns)
		cp_text_printf(text, "%s pps", cp_text_count((uint64_t)((double)n * 1e9 / (double)ns + 0.5), achieved));
	if (n && ns && rate_pps != CP_UNKNOWN)
		cp_text_printf(text, "of %s asked for", cp_text_count(rate_pps, asked));
	if (n && ns)
		cp_text_put(text, ",");
	cp_text_printf(text, "%s s probing, %s s in all", cp_text_seconds(ns, probing),
	        cp_text_seconds(known(a->total_ns), total));
	cp_text_newline(text);
}

/* How much of what was to be learned was learned, and what it cost. */
static void say_coverage(struct cp_text *text, const struct cp_accounting *a)
{
	char complete[CP_NUM_MAX], paths[CP_NUM_MAX], seen[CP_NUM_MAX], hops[CP_NUM_MAX];

	if (!known(a->n_paths) || a->n_complete == CP_UNKNOWN)
		return;
	label(text, "coverage");
	cp_text_printf(text, "%s of %s paths complete,", cp_text_count(a->n_complete, complete),
	        cp_text_count(a->n_paths, paths));
	cp_text_printf(text, "%s of %s hops answered,", cp_text_count(known(a->n_hops_seen), seen),
	        cp_text_count(known(a->n_hops), hops));
	if (known(a->n_dests))
		cp_text_printf(text, "%.1f probes each",
		        (double)(known(a->attempted) - known(a->e2e_attempted)) / (double)a->n_dests);
	cp_text_newline(text);
}

/* Of paths that others measured: how they were probed is not known. */
static void say_imported(struct cp_text *text, const struct cp_accounting *a)
{
	char seen[CP_NUM_MAX], hops[CP_NUM_MAX], total[CP_NUM_MAX];

	label(text, "judged");
	plural(text, a->n_targets, "target", "s", ";");
	plural(text, a->n_dests, "address", "es", ",");
	plural(text, a->n_paths, "path", "s", "");
	cp_text_printf(text, "in %s s", cp_text_seconds(known(a->total_ns), total));
	cp_text_newline(text);
	label(text, "coverage");
	cp_text_printf(text, "%s of %s hops answered", cp_text_count(known(a->n_hops_seen), seen),
	        cp_text_count(known(a->n_hops), hops));
	cp_text_newline(text);
	text->indent = 0;
}

void cp_phrase_accounting(struct cp_text *text, const struct cp_accounting *a, uint64_t rate_pps)
{
	char e2e[CP_NUM_MAX];

	if (a->attempted == CP_UNKNOWN && a->probing_ns == CP_UNKNOWN) {
		say_imported(text, a);
		return;
	}
	label(text, "probed");
	plural(text, a->n_targets, "target", "s", "");
	item(text, known(a->n_unresolved), "unresolved", false);
	item(text, known(a->n_skipped), "skipped", false);
	cp_text_put(text, ";");
	plural(text, a->n_dests, "address", "es", ",");
	plural(text, a->n_paths, "path", "s", "");
	cp_text_newline(text);
	say_coverage(text, a);

	label(text, "probes");
	plural(text, a->attempted, "attempted", "", "");
	if (known(a->e2e_attempted))
		cp_text_printf(text, "(%s of them end to end)", cp_text_count(a->e2e_attempted, e2e));
	item(text, a->transmitted, "transmitted", true);
	item(text, known(a->tx_errors), "failed", false);
	item(text, known(a->blocked), "blocked", false);
	item(text, a->replied, "replied", true);
	item(text, a->timed_out, "timed out", true);
	cp_text_newline(text);

	label(text, "replies");
	plural(text, a->matched, "matched", "", "");
	item(text, known(a->duplicates), "duplicate", true);
	item(text, known(a->late), "late", true);
	item(text, a->lost, "lost", true);
	say_rejected(text, a);
	cp_text_newline(text);

	say_rate(text, a, rate_pps);
	text->indent = 0;
}
