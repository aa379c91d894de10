// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_policy.c: what came of a policy, on the page: its rules, and who breaks
 * them.
 */
#include "html.h"
#include "phrase.h"

#define VIOLATIONS_SHOWN 100u

/* In the colours of verdicts that are as good or bad. */
static void state_pill(struct cp_html *html, enum cp_policy_state state)
{
	static const int colors[] = {
	        [CP_POLICY_HOLDS] = CP_INSIDE, [CP_POLICY_UNDECIDED] = CP_UNDECIDED, [CP_POLICY_VIOLATED] = CP_TRANSIT};

	cp_html_rawf(html, "<span class=\"pill v%d\">%s</span>", colors[state], cp_policy_state_name(state));
}

static void number(struct cp_html *html, uint64_t n)
{
	cp_html_rawf(html, "<td class=\"num%s\">", n ? "" : " zero");
	cp_html_count(html, n);
	cp_html_raw(html, "</td>");
}

static void rule_row(struct cp_html *html, const struct cp_policy_count *count)
{
	cp_html_raw(html, "<tr><th scope=\"row\">");
	cp_html_text(html, count->rule->name);
	if (count->rule->is_warning)
		cp_html_raw(html, " <span class=\"note\">only a warning</span>");
	cp_html_raw(html, "</th><td>");
	state_pill(html, count->state);
	cp_html_raw(html, "</td>");
	number(html, count->n_targets);
	number(html, count->n_kept);
	number(html, count->n_violated);
	number(html, count->n_undecided);
	cp_html_raw(html, "</tr>\n");
}

static void violation_item(struct cp_html *html, const struct cp_policy_violation *violation)
{
	char name[CP_PHRASE_MAX], addr[CP_ADDR_STRLEN], text[512];

	cp_html_raw(html, "<li><b>");
	cp_html_text(html, cp_phrase_target(violation->target, name, sizeof(name)));
	cp_html_raw(html, "</b> ");
	if (!violation->target->is_literal)
		cp_html_rawf(html, "%s", cp_addr_format(&violation->dest, addr));
	if (violation->flow)
		cp_html_rawf(html, ", flow %u", violation->flow);
	cp_html_raw(html, ": ");
	cp_html_text(html, cp_policy_violation_text(violation, text, sizeof(text)));
	cp_html_raw(html, " <span class=\"note\">");
	cp_html_text(html, violation->rule->name);
	cp_html_raw(html, "</span></li>\n");
}

static void violations(struct cp_html *html, const struct cp_policy_result *result)
{
	size_t n = result->n_violations < VIOLATIONS_SHOWN ? result->n_violations : VIOLATIONS_SHOWN;

	if (!n)
		return;
	cp_html_raw(html, "<ul class=\"violations\">");
	for (size_t i = 0; i < n; i++)
		violation_item(html, &result->violations[i]);
	cp_html_raw(html, "</ul>");
	if (result->n_violations_all <= n)
		return;
	cp_html_raw(html, "<p class=\"note\">");
	cp_html_count(html, result->n_violations_all - n);
	cp_html_raw(html, " more paths break a rule; the run's NDJSON has them.</p>");
}

void cp_html_policy(struct cp_html *html, const struct cp_policy_result *result)
{
	cp_html_raw(html, "<h3>");
	cp_html_text(html, result->policy->source);
	cp_html_raw(html, " ");
	state_pill(html, result->state);
	cp_html_raw(html, "</h3><div class=\"scroll\"><table class=\"policy\"><thead><tr><th>Rule</th><th>State</th>"
	                  "<th class=\"num\">Targets</th><th class=\"num\">kept</th><th class=\"num\">violated</th>"
	                  "<th class=\"num\">undecided</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < result->n_counts; i++)
		rule_row(html, &result->counts[i]);
	cp_html_raw(html, "</tbody></table></div>");
	if (result->n_unmatched) {
		cp_html_raw(html, "<p class=\"note\">");
		cp_html_count(html, result->n_unmatched);
		cp_html_raw(html,
		        result->n_unmatched == 1 ? " target matches no rule.</p>" : " targets match no rule.</p>");
	}
	violations(html, result);
}
