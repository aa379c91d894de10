// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_table.c: a comparison for people, in the order in which it is read:
 * which two runs, is it fair, how much is different, what and where, who
 * carries the traffic out of home, how complete are the runs, are they slower.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "grid.h"
#include "phrase.h"
#include "rundiff_phrase.h"

#define DETAIL_COLUMN 4 /* what is said of a target */
#define LABEL_COLUMN 15 /* where what stands behind a label begins */
#define NAMES_SHOWN 4 /* of each kind, in a line of addresses */

struct table {
	struct cp_text text;
	const struct cp_rundiff_report *report;
	const struct cp_rundiff_result *result;
};

/* ---- Which runs ---- */

static void print_run(struct cp_text *text, const struct cp_rundiff_report *report, enum cp_rundiff_side side)
{
	const struct cp_rundiff_totals *totals = &report->result->totals[side];
	const struct cp_rundiff_run *run = &report->runs[side];
	char targets[CP_NUM_MAX], paths[CP_NUM_MAX], date[CP_NUM_MAX];

	cp_rundiff_label(text, side == CP_BEFORE ? "before" : "after");
	cp_text_words(text, run->name);
	cp_text_put(text, ":");
	cp_text_printf(text, "%s target%s, %s path%s", cp_text_count(totals->n_targets, targets),
	        cp_rundiff_plural(totals->n_targets), cp_text_count(totals->n_paths, paths),
	        cp_rundiff_plural(totals->n_paths));
	if (run->host)
		cp_text_printf(text, "from %s", run->host);
	if (run->vantage_asn)
		cp_text_printf(text, "in AS%u", run->vantage_asn);
	if (run->wall_ms != CP_UNKNOWN)
		cp_text_printf(text, "on %s at %02u:%02u UTC", cp_text_date(run->wall_ms / 1000, date),
		        (unsigned)(run->wall_ms / 3600000 % 24), (unsigned)(run->wall_ms / 60000 % 60));
	cp_text_newline(text);
	text->indent = 0;
}

/* ---- How much is different ---- */

/* "1 worse, 2 better" behind what is there; nothing for none. */
static void print_counts(struct cp_text *text, const uint64_t counts[CP_RD_MAX])
{
	const char *before = ":";
	char count[CP_NUM_MAX];

	for (int i = 0; i < CP_RD_MAX; i++) {
		if (!counts[i])
			continue;
		cp_text_put(text, before);
		cp_text_color(text, cp_rundiff_change_color(i));
		cp_text_printf(text, "%s %s", cp_text_count(counts[i], count), cp_rundiff_say_change(i));
		cp_text_color(text, CP_PLAIN);
		before = ",";
	}
	cp_text_newline(text);
}

static void print_summary(struct cp_text *text, const struct cp_rundiff_result *result)
{
	char count[CP_NUM_MAX];

	cp_text_newline(text);
	cp_rundiff_label(text, "targets");
	cp_text_printf(text, "%s in both runs", cp_text_count(result->n_targets_both, count));
	print_counts(text, result->n_target_changes);
	cp_rundiff_label(text, "paths");
	cp_text_printf(text, "%s in both runs", cp_text_count(result->n_paths_both, count));
	print_counts(text, result->n_path_changes);
	text->indent = 0;
	if (result->has_news || !result->n_paths_both)
		return;
	cp_text_color(text, CP_GREEN);
	cp_text_words(text, "No change of verdict, exit, AS path or reach.");
	cp_text_newline(text);
}

/* ---- What is different, target by target ---- */

static void detail(struct cp_text *text, const char *what)
{
	cp_text_tab(text, DETAIL_COLUMN);
	text->indent = LABEL_COLUMN;
	cp_text_words(text, what);
	cp_text_tab(text, LABEL_COLUMN);
}

/* "a -> b" as a line. */
static void detail_both(struct cp_text *text, const char *what, const char *before, const char *after)
{
	detail(text, what);
	cp_text_words(text, before);
	cp_text_words(text, "->");
	cp_text_words(text, after);
	cp_text_newline(text);
}

static void print_verdicts(struct cp_text *text, int8_t before, int8_t after)
{
	cp_text_color(text, cp_rundiff_verdict_color(before));
	cp_text_words(text, cp_rundiff_say_verdict(before));
	cp_text_color(text, CP_PLAIN);
	if (before == after)
		return;
	cp_text_words(text, "->");
	cp_text_color(text, cp_rundiff_verdict_color(after));
	cp_text_words(text, cp_rundiff_say_verdict(after));
	cp_text_color(text, CP_PLAIN);
}

static const char *joined(const struct cp_rundiff_list *list, char *buf, size_t size)
{
	size_t len = 0;

	snprintf(buf, size, "%s", list->n ? "" : "none");
	for (uint32_t i = 0; i < list->n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? " > " : "", list->items[i]);
	return buf;
}

static bool has_item(const struct cp_rundiff_list *list, const char *item)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (strcmp(list->items[i], item) == 0)
			return true;
	}
	return false;
}

/* What one list has and the other has not, "+a +b +2 more". */
static void print_missing(
        struct cp_text *text, const struct cp_rundiff_list *list, const struct cp_rundiff_list *other, const char *sign)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		if (has_item(other, list->items[i]))
			continue;
		if (n++ >= NAMES_SHOWN)
			continue;
		cp_text_word(text, sign);
		cp_text_put(text, list->items[i]);
	}
	if (n > NAMES_SHOWN)
		cp_text_printf(text, "%s%u more", sign, n - NAMES_SHOWN);
}

static void print_answers(struct cp_text *text, const struct cp_rundiff_target *target)
{
	const struct cp_rundiff_view *before = &target->views[CP_BEFORE], *after = &target->views[CP_AFTER];
	char left[CP_PHRASE_MAX], right[CP_PHRASE_MAX];

	if (target->changes & CP_RD_BIT(CP_RD_DNS))
		detail_both(text, "DNS", before->dns, after->dns);
	if (target->changes & CP_RD_BIT(CP_RD_ADDRESSES)) {
		detail(text, "addresses");
		print_missing(text, before->addresses, after->addresses, "-");
		print_missing(text, after->addresses, before->addresses, "+");
		cp_text_newline(text);
	}
	if (target->changes & CP_RD_BIT(CP_RD_CNAME))
		detail_both(text, "CNAME", joined(before->cname, left, sizeof(left)),
		        joined(after->cname, right, sizeof(right)));
}

static void print_time(struct cp_text *text, const char *what, uint32_t before_us, uint32_t after_us)
{
	char left[64], right[64], shift[64];

	detail(text, what);
	cp_text_printf(text, "%s -> %s, %s", cp_rundiff_say_time(before_us, left, sizeof(left)),
	        cp_rundiff_say_time(after_us, right, sizeof(right)),
	        cp_rundiff_say_shift(before_us, after_us, shift, sizeof(shift)));
	cp_text_newline(text);
}

/* What was measured end to end, as far as it has changed. */
static void print_e2e(
        struct cp_text *text, uint32_t changes, const struct cp_rundiff_e2e *before, const struct cp_rundiff_e2e *after)
{
	char left[64], right[64], shift[64];

	if (changes & (CP_RD_BIT(CP_RD_MORE_LOSS) | CP_RD_BIT(CP_RD_LESS_LOSS))) {
		detail(text, "loss");
		cp_text_printf(text, "%s -> %s, %u of %u -> %u of %u probes end to end",
		        cp_rundiff_say_loss(before->n_sent, before->n_received, left, sizeof(left)),
		        cp_rundiff_say_loss(after->n_sent, after->n_received, right, sizeof(right)),
		        before->n_sent - before->n_received, before->n_sent, after->n_sent - after->n_received,
		        after->n_sent);
		cp_text_newline(text);
	}
	if (changes & (CP_RD_BIT(CP_RD_E2E_SLOWER) | CP_RD_BIT(CP_RD_E2E_FASTER)))
		print_time(text, "end to end", before->rtt_us, after->rtt_us);
	if (changes & (CP_RD_BIT(CP_RD_MORE_JITTER) | CP_RD_BIT(CP_RD_LESS_JITTER))) {
		detail(text, "jitter");
		cp_text_printf(text, "%s -> %s, %s", cp_rundiff_say_jitter(before->jitter_us, left, sizeof(left)),
		        cp_rundiff_say_jitter(after->jitter_us, right, sizeof(right)),
		        cp_rundiff_say_shift(before->jitter_us, after->jitter_us, shift, sizeof(shift)));
		cp_text_newline(text);
	}
}

static void print_as_paths(const struct table *table, struct cp_text *text, const struct cp_rundiff_path *before,
        const struct cp_rundiff_path *after)
{
	char line[CP_PHRASE_MAX];

	detail(text, "before");
	cp_text_words(text, cp_rundiff_say_as_path(table->report, before, line, sizeof(line)));
	cp_text_newline(text);
	detail(text, "after");
	cp_text_words(text, cp_rundiff_say_as_path(table->report, after, line, sizeof(line)));
	cp_text_newline(text);
}

static void print_pair(const struct table *table, struct cp_text *text, uint32_t changes,
        const struct cp_rundiff_path *before, const struct cp_rundiff_path *after)
{
	const uint32_t way =
	        CP_RD_BIT(CP_RD_WORSE) | CP_RD_BIT(CP_RD_BETTER) | CP_RD_BIT(CP_RD_EXIT) | CP_RD_BIT(CP_RD_AS_PATH);
	char left[CP_PHRASE_MAX], right[CP_PHRASE_MAX];

	if (changes & way)
		print_as_paths(table, text, before, after);
	if (changes & (CP_RD_BIT(CP_RD_EXIT) | CP_RD_BIT(CP_RD_ROUTER)))
		detail_both(text, "exit", cp_rundiff_say_border(table->report, before, left, sizeof(left)),
		        cp_rundiff_say_border(table->report, after, right, sizeof(right)));
	if (changes & (CP_RD_BIT(CP_RD_REACHED) | CP_RD_BIT(CP_RD_UNREACHED)))
		detail_both(text, "end", cp_rundiff_say_end(before, left, sizeof(left)),
		        cp_rundiff_say_end(after, right, sizeof(right)));
	if (changes & (CP_RD_BIT(CP_RD_SLOWER) | CP_RD_BIT(CP_RD_FASTER)))
		print_time(text, "time", before->rtt_dest_us, after->rtt_dest_us);
	if (changes & (CP_RD_BIT(CP_RD_EXIT_SLOWER) | CP_RD_BIT(CP_RD_EXIT_FASTER)))
		print_time(text, "time, exit", before->rtt_exit_us, after->rtt_exit_us);
	print_e2e(text, changes, &before->e2e, &after->e2e);
}

/* The worst pair of a target that is in both runs; NULL: none is. */
static const struct cp_rundiff_pair *worst_pair(
        const struct cp_rundiff_result *result, const struct cp_rundiff_target *target)
{
	for (uint32_t i = 0; i < target->n_pairs; i++) {
		const struct cp_rundiff_pair *pair = &result->pairs[target->first_pair + i];

		if (pair->paths[CP_BEFORE] != CP_RUNDIFF_NONE && pair->paths[CP_AFTER] != CP_RUNDIFF_NONE)
			return pair;
	}
	return NULL;
}

/* Which path is shown, where the target has others. */
static void print_which(
        struct cp_text *text, const struct cp_rundiff_target *target, const struct cp_rundiff_path *path)
{
	char addr[CP_ADDR_STRLEN], count[CP_NUM_MAX];

	if (target->views[CP_BEFORE].n_paths < 2 && target->views[CP_AFTER].n_paths < 2)
		return;
	detail(text, "to");
	cp_text_printf(text, "%s flow %u", cp_addr_format(&path->dest, addr), path->flow);
	if (target->n_pairs > 1)
		cp_text_printf(text, "and %s path%s more", cp_text_count(target->n_pairs - 1, count),
		        cp_rundiff_plural(target->n_pairs - 1));
	cp_text_newline(text);
}

static void print_worst_pair(const struct table *table, struct cp_text *text, const struct cp_rundiff_target *target)
{
	const struct cp_rundiff_result *result = table->result;
	const struct cp_rundiff_pair *pair = worst_pair(result, target);
	const struct cp_rundiff_path *before, *after;

	if (!pair)
		return;
	before = &result->paths[CP_BEFORE][pair->paths[CP_BEFORE]];
	after = &result->paths[CP_AFTER][pair->paths[CP_AFTER]];
	print_which(text, target, after);
	/* The target's verdict stands in its first line. */
	if (before->verdict != after->verdict && target->views[CP_BEFORE].verdict == target->views[CP_AFTER].verdict) {
		detail(text, "verdict");
		print_verdicts(text, before->verdict, after->verdict);
		cp_text_newline(text);
	}
	print_pair(table, text, pair->changes, before, after);
}

/* What the target is said to be: its worst change. Paths in one run only come and go with addresses and flows. */
static enum cp_rundiff_change worst_of(const struct cp_rundiff_target *target)
{
	uint32_t changes = target->changes | target->path_changes;

	if (changes)
		return __builtin_ctz(changes);
	return target->views[CP_BEFORE].n_paths > target->views[CP_AFTER].n_paths ? CP_RD_GONE : CP_RD_NEW;
}

static void print_alone(struct cp_text *text, const struct cp_rundiff_target *target)
{
	bool is_gone = target->changes & CP_RD_BIT(CP_RD_GONE);
	int8_t verdict = target->views[is_gone ? CP_BEFORE : CP_AFTER].verdict;

	print_verdicts(text, verdict, verdict);
	cp_text_words(text, is_gone ? "(only in the run before)" : "(only in the run after)");
	cp_text_newline(text);
}

static void print_target(const struct table *table, struct cp_text *text, const struct cp_rundiff_target *target)
{
	enum cp_rundiff_change worst = worst_of(target);
	char name[CP_PHRASE_MAX];

	cp_text_color(text, cp_rundiff_change_color(worst));
	cp_text_words(text, cp_rundiff_say_change(worst));
	cp_text_color(text, CP_PLAIN);
	cp_text_put(text, ":");
	text->indent = DETAIL_COLUMN;
	cp_text_words(text, cp_rundiff_say_target(&target->name, name, sizeof(name)));
	if (!target->views[CP_BEFORE].is_present || !target->views[CP_AFTER].is_present) {
		print_alone(text, target);
		return;
	}
	print_verdicts(text, target->views[CP_BEFORE].verdict, target->views[CP_AFTER].verdict);
	cp_text_newline(text);
	print_answers(text, target);
	print_worst_pair(table, text, target);
	text->indent = 0;
}

static void print_targets(const struct table *table, struct cp_text *text)
{
	const struct cp_rundiff_result *result = table->result;
	size_t top = table->report->top && table->report->top < result->n_different ? table->report->top
	                                                                            : result->n_different;
	char count[CP_NUM_MAX];

	if (top)
		cp_text_newline(text);
	for (size_t i = 0; i < top; i++)
		print_target(table, text, &result->targets[result->order[i]]);
	if (top < result->n_different) {
		cp_text_printf(
		        text, "… and %s more (--top 0 shows all)", cp_text_count(result->n_different - top, count));
		cp_text_newline(text);
	}
	text->indent = 0;
}

/* ---- Who carries the traffic out ---- */

static const char *share(uint64_t n, uint64_t of, char *buf, size_t size)
{
	uint64_t permille = of ? (n * 1000 + of / 2) / of : 0;

	if (n && of)
		snprintf(buf, size, "%u.%u%%", (unsigned)(permille / 10), (unsigned)(permille % 10));
	else
		snprintf(buf, size, "-");
	return buf;
}

static int add_exit(const struct table *table, struct cp_grid *grid, const struct cp_rundiff_exit *exit)
{
	static const char *const kinds[] = {
	        [CP_RD_EXIT_AS] = "AS", [CP_RD_EXIT_SITE] = "site", [CP_RD_EXIT_ROUTER] = "router"};
	const struct cp_rundiff_totals *totals = table->result->totals;
	char n[CP_SIDES][CP_NUM_MAX], shares[CP_SIDES][16], which[CP_ADDR_STRLEN] = "-", name[128] = "";
	bool is_new = !exit->n_paths[CP_BEFORE], is_gone = !exit->n_paths[CP_AFTER];

	if (exit->asn)
		snprintf(which, sizeof(which), "%u", exit->asn);
	if (exit->kind == CP_RD_EXIT_ROUTER)
		cp_addr_format(&exit->router, which);
	if (exit->asn)
		cp_phrase_name(cp_rundiff_as_name(table->report->diff, exit->asn), name, sizeof(name));
	else if (exit->kind == CP_RD_EXIT_AS)
		snprintf(name, sizeof(name), "%s%s", exit->label ? "IXP:" : "not seen", exit->label ? exit->label : "");
	else if (exit->label)
		snprintf(name, sizeof(name), "%s", exit->label);
	for (int side = 0; side < CP_SIDES; side++) {
		share(exit->n_paths[side], totals[side].n_paths, shares[side], sizeof(shares[side]));
		cp_text_count(exit->n_paths[side], n[side]);
	}
	return cp_grid_add(grid, (const char *const[]){kinds[exit->kind], which, name, is_new ? "-" : n[CP_BEFORE],
	                                 shares[CP_BEFORE], is_gone ? "-" : n[CP_AFTER], shares[CP_AFTER],
	                                 is_new    ? "new"
	                                 : is_gone ? "gone"
	                                           : ""});
}

/* All ASes; sites and routers only when they are new or gone. */
static bool is_shown(const struct cp_rundiff_exit *exit)
{
	return exit->kind == CP_RD_EXIT_AS || !exit->n_paths[CP_BEFORE] || !exit->n_paths[CP_AFTER];
}

static int fill_exits(const struct table *table, struct cp_grid *grid)
{
	const struct cp_rundiff_result *result = table->result;
	size_t n_shown[CP_RD_EXIT_KINDS] = {0}, n_left[CP_RD_EXIT_KINDS] = {0};
	int rc = 0;

	for (size_t i = 0; i < result->n_exits && rc == 0; i++) {
		const struct cp_rundiff_exit *exit = &result->exits[i];

		if (!is_shown(exit))
			continue;
		if (table->report->top && n_shown[exit->kind] == table->report->top) {
			n_left[exit->kind]++;
			continue;
		}
		n_shown[exit->kind]++;
		rc = add_exit(table, grid, exit);
	}
	for (int kind = 0; kind < CP_RD_EXIT_KINDS && rc == 0; kind++) {
		static const char *const kinds[] = {"ASes", "sites", "routers"};
		char more[64];

		snprintf(more, sizeof(more), "… and %zu more", n_left[kind]);
		if (n_left[kind])
			rc = cp_grid_add(grid, (const char *const[]){kinds[kind], "", more, "", "", "", "", ""});
	}
	return rc;
}

static int print_exits(const struct table *table, struct cp_text *text)
{
	static const struct cp_grid_column columns[] = {
	        {.title = "exit"},
	        {.title = "AS, router", .right = true, .optional = true},
	        {.title = "name", .flexible = true},
	        {.title = "before", .right = true},
	        {.title = "share", .right = true, .give_way = 1},
	        {.title = "after", .right = true},
	        {.title = "share", .right = true, .give_way = 2},
	        {.title = "", .optional = true},
	};
	struct cp_grid *grid;
	int rc;

	if (!table->result->n_exits)
		return 0;
	rc = cp_grid_new(columns, sizeof(columns) / sizeof(columns[0]), &grid);
	if (rc)
		return rc;
	rc = fill_exits(table, grid);
	if (rc == 0) {
		cp_text_newline(text);
		cp_grid_print(grid, text);
	}
	cp_grid_free(grid);
	return rc;
}

/* ---- All of it ---- */

static int write_table(
        const struct cp_sink *sink, const struct cp_format_options *options, const struct cp_rundiff_report *report)
{
	struct table table = {.report = report, .result = report->result};
	struct cp_text *text = &table.text;
	int rc;

	cp_text_init(text, sink, options ? options->width : 0, options && options->color);
	print_run(text, report, CP_BEFORE);
	print_run(text, report, CP_AFTER);
	for (size_t i = 0; i < report->n_warnings; i++)
		cp_phrase_warning(text, &report->warnings[i]);
	print_summary(text, report->result);
	if (report->side_by_side)
		cp_rundiff_print_sides(text, report);
	else
		print_targets(&table, text);
	rc = print_exits(&table, text);
	if (rc)
		return rc;
	cp_text_newline(text);
	cp_rundiff_print_totals(text, report);
	return cp_text_flush(text);
}

const struct cp_rundiff_format cp_rundiff_table = {.name = "table", .write = write_table};
