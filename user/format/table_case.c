// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * table_case.c: the targets of the table: which to keep, and how one reads.
 * Texts are made when a path comes in, and only for a target that may be
 * shown: a long run must not pay for lines nobody will see.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "phrase.h"
#include "table.h"

#define NAME_MIN 8
#define VERDICT_MIN 7 /* its title */
#define CONFIDENCE_COLUMNS 4
#define DETAIL_INDENT 4
#define DETAIL_COLUMN 11

/* Where the columns of the target lines start. */
struct columns {
	unsigned name, verdict, confidence, path;
};

enum cp_table_outcome cp_table_outcome(const struct cp_rec_target *rec)
{
	bool failed = rec->answer && rec->answer->status != CP_DNS_OK && rec->answer->status != CP_DNS_LITERAL;

	if (rec->n_dests)
		return (enum cp_table_outcome)rec->verdict;
	if (failed || (rec->skip_reason && strncmp(rec->skip_reason, "dns_", 4) == 0))
		return CP_TABLE_UNRESOLVED;
	return CP_TABLE_SKIPPED;
}

const char *cp_table_outcome_name(enum cp_table_outcome outcome)
{
	if (outcome == CP_TABLE_UNRESOLVED)
		return "unresolved";
	return outcome == CP_TABLE_SKIPPED ? "skipped" : cp_verdict_name((enum cp_verdict)outcome);
}

enum cp_text_color cp_table_outcome_color(enum cp_table_outcome outcome)
{
	return (unsigned)outcome < CP_VERDICTS ? cp_phrase_color((enum cp_verdict)outcome) : CP_YELLOW;
}

static bool is_bad(enum cp_table_outcome outcome)
{
	return (unsigned)outcome > CP_DIRECT;
}

static bool may_show(const struct cp_table_cases *cases, enum cp_table_outcome outcome)
{
	return cases->n_all < CP_TABLE_ALL || (is_bad(outcome) && cases->n_worst[outcome] < CP_TABLE_WORST);
}

static void free_sentences(struct cp_table_case *item)
{
	for (size_t i = 0; i < item->n_sentences; i++)
		free(item->sentences[i].text);
	free(item->sentences);
	item->sentences = NULL;
	item->n_sentences = 0;
}

static void free_case(struct cp_table_case *item)
{
	free_sentences(item);
	free(item->as_path);
	free(item->exit);
	free(item->skip_reason);
	free(item->flows);
	*item = (struct cp_table_case){0};
}

void cp_table_cases_free(struct cp_table_cases *cases)
{
	free_case(&cases->now.worst);
	for (size_t i = 0; i < cases->n_all; i++)
		free_case(&cases->all[i]);
	for (int i = 0; i < CP_TABLE_OUTCOMES; i++) {
		for (size_t k = 0; k < cases->n_worst[i]; k++)
			free_case(&cases->worst[i][k]);
	}
}

/* ---- collecting ---- */

static int keep_sentence(void *ctx, enum cp_explain_topic topic, const char *sentence)
{
	struct cp_table_case *item = ctx;
	struct cp_table_sentence *sentences;

	if (topic == CP_EXPLAIN_HOME || topic == CP_EXPLAIN_DATA)
		return 0; /* the head of the table says it for all */
	sentences = realloc(item->sentences, (item->n_sentences + 1) * sizeof(*sentences));
	if (!sentences)
		return -ENOMEM;
	item->sentences = sentences;
	sentences[item->n_sentences] = (struct cp_table_sentence){.topic = topic, .text = strdup(sentence)};
	if (!sentences[item->n_sentences].text)
		return -ENOMEM;
	item->n_sentences++;
	return 0;
}

/* Why a target is not well; of the others the line says enough. */
static int explain(const struct cp_table_cases *cases, struct cp_table_case *item, const struct cp_rec_path *rec)
{
	free_sentences(item);
	if (!cases->explain || !is_bad((enum cp_table_outcome)rec->judgement->verdict))
		return 0;
	return cp_explain(rec, keep_sentence, item);
}

static int describe(struct cp_table_case *item, const struct cp_rec_path *rec)
{
	char text[CP_PHRASE_MAX];

	free(item->as_path);
	free(item->exit);
	item->exit = NULL;
	item->as_path = strdup(cp_phrase_as_path(rec, text, sizeof(text)));
	if (!item->as_path)
		return -ENOMEM;
	if (!rec->judgement->exit.present)
		return 0;
	item->exit = strdup(cp_phrase_exit(rec, text, sizeof(text)));
	return item->exit ? 0 : -ENOMEM;
}

static void count_dest(struct cp_table_tally *now)
{
	if (now->has_path)
		now->n_dests[now->dest_verdict]++;
}

static void start_tally(struct cp_table_tally *now, const struct cp_target *target)
{
	free_case(&now->worst);
	*now = (struct cp_table_tally){.target = target};
}

int cp_table_cases_path(struct cp_table_cases *cases, const struct cp_rec_path *rec)
{
	enum cp_verdict verdict = rec->judgement->verdict;
	struct cp_table_tally *now = &cases->now;
	bool is_worse;
	int rc;

	if (now->target != rec->target)
		start_tally(now, rec->target);
	is_worse = !now->has_path || verdict > (enum cp_verdict)now->worst.outcome;
	if (!now->has_path || !cp_addr_eq(&now->dest, &rec->dest)) {
		count_dest(now);
		now->dest = rec->dest;
		now->dest_verdict = verdict;
	}
	now->has_path = true;
	now->dest_verdict = cp_verdict_worse(now->dest_verdict, verdict);
	now->n_flows[verdict]++;
	if (!is_worse)
		return 0;
	now->worst.outcome = (enum cp_table_outcome)verdict;
	now->worst.confidence = rec->judgement->confidence;
	now->worst.reasons = rec->judgement->reasons;
	now->worst.dest = rec->dest;
	if (!may_show(cases, now->worst.outcome))
		return 0;
	rc = describe(&now->worst, rec);
	return rc ? rc : explain(cases, &now->worst, rec);
}

static int finish_case(struct cp_table_tally *now, const struct cp_rec_target *rec)
{
	struct cp_table_case *item = &now->worst;
	char words[CP_PHRASE_MAX];

	count_dest(now);
	item->target = rec->target;
	item->answer = rec->answer;
	item->outcome = cp_table_outcome(rec);
	for (int i = 0; i < CP_VERDICTS; i++) {
		item->n_dests += now->n_dests[i];
		item->n_flows += now->n_flows[i];
	}
	if ((unsigned)item->outcome < CP_VERDICTS) {
		item->n_dests_like = now->n_dests[item->outcome];
		item->n_flows_like = now->n_flows[item->outcome];
	}
	if (*cp_phrase_flows(rec->combined, rec->asdb, words, sizeof(words))) {
		item->flows = strdup(words);
		if (!item->flows)
			return -ENOMEM;
	}
	if (rec->skip_reason) {
		item->skip_reason = strdup(rec->skip_reason);
		return item->skip_reason ? 0 : -ENOMEM;
	}
	return 0;
}

int cp_table_cases_target(struct cp_table_cases *cases, const struct cp_rec_target *rec)
{
	struct cp_table_tally *now = &cases->now;
	enum cp_table_outcome outcome;
	int rc;

	if (now->target != rec->target)
		start_tally(now, rec->target);
	rc = finish_case(now, rec);
	outcome = now->worst.outcome;
	if (rc || !may_show(cases, outcome))
		free_case(&now->worst);
	else if (cases->n_all < CP_TABLE_ALL)
		cases->all[cases->n_all++] = now->worst;
	else
		cases->worst[outcome][cases->n_worst[outcome]++] = now->worst;
	*now = (struct cp_table_tally){0}; /* its texts have an owner, or are freed */
	cases->n_targets++;
	cases->n_bad += is_bad(outcome);
	return rc;
}

/* ---- writing ---- */

static void widen(unsigned *width, const char *words)
{
	unsigned columns = cp_text_columns(words);

	*width = columns > *width ? columns : *width;
}

static struct columns lay_out(const struct cp_text *text, const struct cp_table_case *const *items, size_t n)
{
	unsigned most = text->width * 2 / 5, verdict = VERDICT_MIN;
	struct columns columns = {.name = NAME_MIN};
	char name[CP_PHRASE_MAX];

	for (size_t i = 0; i < n; i++) {
		widen(&columns.name, cp_phrase_target(items[i]->target, name, sizeof(name)));
		widen(&verdict, cp_table_outcome_name(items[i]->outcome));
	}
	columns.name = columns.name < most ? columns.name : most;
	columns.verdict = columns.name + 2;
	columns.confidence = columns.verdict + verdict + 2;
	columns.path = columns.confidence + CONFIDENCE_COLUMNS + 2;
	return columns;
}

static void print_title(struct cp_text *text, const struct columns *columns)
{
	cp_text_newline(text);
	cp_text_color(text, CP_BOLD);
	cp_text_put(text, "target");
	cp_text_tab(text, columns->verdict);
	cp_text_put(text, "verdict");
	cp_text_tab(text, columns->confidence);
	cp_text_put(text, "conf");
	cp_text_tab(text, columns->path);
	cp_text_put(text, "AS path");
	cp_text_newline(text);
}

/* A name too long for its column has a line of its own: a cut name is of no use. */
static void print_name(struct cp_text *text, const struct cp_table_case *item, const struct columns *columns)
{
	char name[CP_PHRASE_MAX];

	text->indent = 2;
	cp_text_put(text, cp_phrase_target(item->target, name, sizeof(name)));
	if (cp_text_columns(name) > columns->name)
		cp_text_newline(text);
}

static void print_line(struct cp_text *text, const struct cp_table_case *item, const struct columns *columns)
{
	static const char *const confidences[] = {"low", "med", "high"};
	bool has_verdict = (unsigned)item->outcome < CP_VERDICTS;
	const char *words = item->as_path;

	print_name(text, item, columns);
	cp_text_tab(text, columns->verdict);
	cp_text_color(text, cp_table_outcome_color(item->outcome));
	cp_text_put(text, cp_table_outcome_name(item->outcome));
	cp_text_color(text, CP_PLAIN);
	if (has_verdict && item->n_flows) {
		cp_text_tab(text, columns->confidence);
		cp_text_put(text, confidences[item->confidence]);
	}
	if (!has_verdict) {
		words = item->skip_reason;
		if (!words && item->answer)
			words = cp_dns_status_name(item->answer->status);
	}
	text->indent = columns->path;
	cp_text_tab(text, columns->path);
	cp_text_words(text, words ? words : "?");
	cp_text_newline(text);
}

static void print_detail(struct cp_text *text, const char *label, const char *words)
{
	if (!words || !*words)
		return;
	text->indent = DETAIL_COLUMN;
	cp_text_tab(text, DETAIL_INDENT);
	cp_text_color(text, CP_DIM);
	cp_text_put(text, label);
	cp_text_color(text, CP_PLAIN);
	cp_text_tab(text, DETAIL_COLUMN);
	cp_text_words(text, words);
	cp_text_newline(text);
}

/* The address the line speaks of, and how many speak alike when not all do. */
static void print_share(struct cp_text *text, const struct cp_table_case *item)
{
	bool dests_differ = item->n_dests_like < item->n_dests, flows_differ = item->n_flows_like < item->n_flows;
	const char *verdict = cp_table_outcome_name(item->outcome);
	char addr[CP_ADDR_STRLEN];

	if (!item->n_flows || (!is_bad(item->outcome) && !dests_differ && !flows_differ))
		return;
	if (item->target->is_literal && !flows_differ)
		return;
	text->indent = DETAIL_COLUMN;
	cp_text_tab(text, DETAIL_INDENT);
	cp_text_color(text, CP_DIM);
	cp_text_put(text, "to");
	cp_text_color(text, CP_PLAIN);
	cp_text_tab(text, DETAIL_COLUMN);
	cp_text_words(text, cp_addr_format(&item->dest, addr));
	if (dests_differ) {
		cp_text_put(text, ";");
		cp_text_printf(text, "%u of %u addresses: %s", item->n_dests_like, item->n_dests, verdict);
	} else if (flows_differ && !item->flows) {
		cp_text_put(text, ";");
		cp_text_printf(text, "%u of %u flows: %s", item->n_flows_like, item->n_flows, verdict);
	}
	cp_text_newline(text);
}

static void print_case(struct cp_text *text, const struct cp_table_case *item, const struct columns *columns)
{
	char words[CP_PHRASE_MAX];

	print_line(text, item, columns);
	print_share(text, item);
	print_detail(text, "flows", item->flows);
	for (size_t i = 0; i < item->n_sentences; i++)
		cp_explain_line(text, DETAIL_INDENT, item->sentences[i].topic,
		        i && item->sentences[i].topic == item->sentences[i - 1].topic, item->sentences[i].text);
	if (is_bad(item->outcome) && !item->n_sentences) {
		print_detail(text, "exit", item->exit);
		print_detail(text, "why", cp_phrase_reasons(item->reasons, words, sizeof(words)));
	}
	if (item->reasons >> CP_WHY_CNAME_CDN & 1)
		print_detail(text, "cname", cp_phrase_cname(item->answer, words, sizeof(words)));
}

/* The worst first, at most CP_TABLE_WORST; returns how many. */
static size_t pick_worst(const struct cp_table_cases *cases, const struct cp_table_case *items[CP_TABLE_WORST])
{
	static const int order[] = {CP_DETOUR, CP_TRANSIT, CP_UNDECIDED, CP_TABLE_UNRESOLVED, CP_TABLE_SKIPPED};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		for (size_t k = 0; k < cases->n_all && n < CP_TABLE_WORST; k++) {
			if ((int)cases->all[k].outcome == order[i])
				items[n++] = &cases->all[k];
		}
		for (size_t k = 0; k < cases->n_worst[order[i]] && n < CP_TABLE_WORST; k++)
			items[n++] = &cases->worst[order[i]][k];
	}
	return n;
}

void cp_table_cases_print(const struct cp_table_cases *cases, struct cp_text *text)
{
	const struct cp_table_case *items[CP_TABLE_ALL];
	bool all = cases->n_targets <= CP_TABLE_ALL;
	char count[CP_NUM_MAX];
	struct columns columns;
	size_t n = 0;

	if (all) {
		for (; n < cases->n_all; n++)
			items[n] = &cases->all[n];
	} else {
		n = pick_worst(cases, items);
	}
	if (!n)
		return;
	columns = lay_out(text, items, n);
	print_title(text, &columns);
	for (size_t i = 0; i < n; i++)
		print_case(text, items[i], &columns);
	text->indent = 0;
	if (!all && cases->n_bad > n) {
		cp_text_printf(text, "… and %s more; -o ndjson has every target and path",
		        cp_text_count(cases->n_bad - n, count));
		cp_text_newline(text);
	}
}
