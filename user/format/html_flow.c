// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_flow.c: where the paths of each group leave home and where they end:
 * the table under the diagram, and the same numbers for the script that draws
 * it.
 */
#include "html.h"

static const char *group_label(const struct cp_tally_row *row)
{
	if (row->is_rest)
		return "others";
	return row->group ? row->group : "no group";
}

static const char *exit_label(const struct cp_tally_row *row, char buf[CP_HTML_LABEL_MAX])
{
	struct cp_ends ends = {
	        .leaves = row->leaves,
	        .exit_asn = row->exit_asn,
	        .exit_as_name = row->exit_as_name,
	        .exit_ixp = row->exit_ixp,
	        .dest_asn = row->dest_asn,
	};

	return row->is_rest ? "others" : cp_html_exit_label(&ends, row->verdict, buf);
}

static const char *dest_label(const struct cp_tally_row *row, char buf[CP_HTML_LABEL_MAX])
{
	return row->is_rest ? "others" : cp_html_as_label(row->dest_asn, row->dest_as_name, buf);
}

void cp_html_flow_table(struct cp_tally *tally, struct cp_html *html)
{
	const struct cp_tally_row *rows;
	char label[CP_HTML_LABEL_MAX];
	size_t n;

	rows = cp_tally_rows(tally, &n);
	cp_html_raw(html, "<table><thead><tr><th>Group</th><th>Leaves home to</th><th>Destination's network</th>"
	                  "<th>Verdict</th><th class=\"num\">Paths</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++) {
		cp_html_raw(html, "<tr><td>");
		cp_html_text(html, group_label(&rows[i]));
		cp_html_raw(html, "</td><td>");
		cp_html_text(html, exit_label(&rows[i], label));
		cp_html_raw(html, "</td><td>");
		cp_html_text(html, dest_label(&rows[i], label));
		cp_html_raw(html, "</td><td>");
		cp_html_pill(html, (int)rows[i].verdict);
		cp_html_raw(html, "</td><td class=\"num\">");
		cp_html_count(html, rows[i].n_paths);
		cp_html_raw(html, "</td></tr>\n");
	}
	cp_html_raw(html, "</tbody></table>");
}

void cp_html_flow_rows(struct cp_tally *tally, struct cp_json *json)
{
	const struct cp_tally_row *rows;
	char label[CP_HTML_LABEL_MAX];
	size_t n;

	rows = cp_tally_rows(tally, &n);
	for (size_t i = 0; i < n; i++) {
		cp_json_array(json, NULL);
		cp_json_string(json, NULL, group_label(&rows[i]));
		cp_json_string(json, NULL, exit_label(&rows[i], label));
		cp_json_string(json, NULL, dest_label(&rows[i], label));
		cp_json_uint(json, NULL, rows[i].n_paths);
		cp_json_uint(json, NULL, rows[i].verdict);
		cp_json_array_end(json);
	}
}
