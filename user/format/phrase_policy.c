// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * phrase_policy.c: a policy's state, its rules and who breaks them, as text.
 * Must not know which format asks.
 */
#include "phrase_policy.h"

#include <stdio.h>

#include "grid.h"
#include "phrase.h"

#define VIOLATIONS_SHOWN 10
#define RULES_SHOWN 30

static const char *count_or_dash(uint64_t n, char buf[CP_NUM_MAX])
{
	return n ? cp_text_count(n, buf) : "-";
}

static int add_count(struct cp_grid *grid, const struct cp_policy_count *count)
{
	char targets[CP_NUM_MAX], kept[CP_NUM_MAX], violated[CP_NUM_MAX], undecided[CP_NUM_MAX];

	return cp_grid_add(grid, (const char *const[]){count->rule->name, cp_text_count(count->n_targets, targets),
	                                 count_or_dash(count->n_kept, kept), count_or_dash(count->n_violated, violated),
	                                 count_or_dash(count->n_undecided, undecided),
	                                 cp_policy_state_name(count->state), count->rule->is_warning ? "warn" : ""});
}

/* All rules of a short policy; of a long one those that do not hold. */
static int fill(struct cp_grid *grid, const struct cp_policy_result *result, uint64_t *ret_n_left)
{
	uint64_t n_shown = 0;
	int rc = 0;

	for (size_t i = 0; i < result->n_counts && rc == 0; i++) {
		const struct cp_policy_count *count = &result->counts[i];

		if (n_shown == RULES_SHOWN || (result->n_counts > RULES_SHOWN && count->state == CP_POLICY_HOLDS))
			continue;
		rc = add_count(grid, count);
		n_shown++;
	}
	*ret_n_left = result->n_counts - n_shown;
	return rc;
}

static int print_rules(struct cp_text *text, const struct cp_policy_result *result)
{
	static const struct cp_grid_column columns[] = {
	        {.title = "rule", .flexible = true},
	        {.title = "targets", .right = true},
	        {.title = "kept", .right = true},
	        {.title = "violated", .right = true},
	        {.title = "undecided", .short_title = "undec.", .right = true},
	        {.title = "state"},
	        {.title = "severity", .optional = true},
	};
	char count[CP_NUM_MAX];
	struct cp_grid *grid;
	uint64_t n_left = 0;
	int rc = cp_grid_new(columns, sizeof(columns) / sizeof(columns[0]), &grid);

	if (rc)
		return rc;
	rc = fill(grid, result, &n_left);
	if (rc == 0 && n_left < result->n_counts)
		cp_grid_print(grid, text);
	cp_grid_free(grid);
	if (n_left) {
		cp_text_printf(text, "… and %s more rules", cp_text_count(n_left, count));
		cp_text_newline(text);
	}
	return rc;
}

static void print_violation(struct cp_text *text, const struct cp_policy_violation *violation, bool name_rule)
{
	char name[CP_PHRASE_MAX], addr[CP_ADDR_STRLEN], words[512];

	text->indent = 2;
	cp_text_put(text, cp_phrase_target(violation->target, name, sizeof(name)));
	if (!violation->target->is_literal)
		cp_text_word(text, cp_addr_format(&violation->dest, addr));
	if (violation->flow)
		cp_text_printf(text, "flow %u", violation->flow);
	cp_text_put(text, ":");
	cp_text_color(text, violation->rule->is_warning ? CP_YELLOW : CP_RED);
	cp_text_words(text, cp_policy_violation_text(violation, words, sizeof(words)));
	cp_text_color(text, CP_PLAIN);
	if (name_rule) {
		snprintf(words, sizeof(words), "[%.200s]", violation->rule->name);
		cp_text_word(text, words);
	}
	text->indent = 0;
	cp_text_newline(text);
}

static void print_violations(struct cp_text *text, const struct cp_policy_result *result)
{
	size_t n = result->n_violations < VIOLATIONS_SHOWN ? result->n_violations : VIOLATIONS_SHOWN;
	char count[CP_NUM_MAX];

	for (size_t i = 0; i < n; i++)
		print_violation(text, &result->violations[i], result->n_counts > 1);
	if (result->n_violations_all > n) {
		cp_text_printf(text, "… and %s more paths; -o ndjson has them",
		        cp_text_count(result->n_violations_all - n, count));
		cp_text_newline(text);
	}
}

int cp_phrase_policy(struct cp_text *text, const struct cp_policy_result *result)
{
	static const enum cp_text_color colors[] = {CP_GREEN, CP_YELLOW, CP_RED};
	char count[CP_NUM_MAX];
	int rc;

	cp_text_newline(text);
	cp_text_color(text, CP_BOLD);
	cp_text_words(text, "policy");
	cp_text_word(text, result->policy->source);
	cp_text_color(text, CP_PLAIN);
	cp_text_put(text, ":");
	cp_text_color(text, colors[result->state]);
	cp_text_word(text, cp_policy_state_name(result->state));
	cp_text_color(text, CP_PLAIN);
	cp_text_newline(text);
	rc = print_rules(text, result);
	if (result->n_unmatched) {
		cp_text_printf(text, "%s %s", cp_text_count(result->n_unmatched, count),
		        result->n_unmatched == 1 ? "target matches no rule" : "targets match no rule");
		cp_text_newline(text);
	}
	print_violations(text, result);
	return rc;
}
