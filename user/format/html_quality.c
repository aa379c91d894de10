// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_quality.c: end-to-end quality on the page: a target's worst destination,
 * and the worst targets of each group. Says nothing where nothing was measured.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "phrase.h"

#define GROUPS_MAX 500u
#define N_KINDS 3

struct group {
	char *name; /* NULL: none */
	struct cp_e2e_sum sum;
	struct cp_html_worst worst;
	char *targets[N_KINDS]; /* that have it: loss, round trip, jitter; NULL: nothing is known */
};

struct cp_html_quality {
	struct group groups[GROUPS_MAX + 1]; /* the last: all others */
	size_t n_groups;
	struct cp_e2e_sum all;
};

/* ---- the worst of some destinations ---- */

void cp_html_worst_init(struct cp_html_worst *worst)
{
	worst->loss = worst->rtt_us = worst->jitter_us = CP_QUALITY_UNKNOWN;
}

static bool is_worse(uint32_t value, uint32_t than)
{
	return value != CP_QUALITY_UNKNOWN && (than == CP_QUALITY_UNKNOWN || value > than);
}

static void take_worse(uint32_t value, uint32_t *worst)
{
	if (is_worse(value, *worst))
		*worst = value;
}

void cp_html_worst_add(struct cp_html_worst *worst, const struct cp_quality_stats *e2e)
{
	if (!e2e)
		return;
	take_worse(cp_quality_loss(e2e), &worst->loss);
	take_worse(e2e->rtt_p50_us, &worst->rtt_us);
	take_worse(e2e->jitter_us, &worst->jitter_us);
}

static void percent(struct cp_html *html, uint32_t hundredths)
{
	if (hundredths == CP_QUALITY_UNKNOWN)
		cp_html_raw(html, "–");
	else
		cp_html_rawf(html, "%u.%02u %%", hundredths / 100, hundredths % 100);
}

/* Zero is a jitter, but no round trip. */
static void time_of(struct cp_html *html, uint32_t us)
{
	if (us == CP_QUALITY_UNKNOWN)
		cp_html_raw(html, "–");
	else if (us)
		cp_html_ms(html, us);
	else
		cp_html_raw(html, "0 µs");
}

void cp_html_worst_cells(struct cp_html *html, const struct cp_html_worst *worst)
{
	cp_html_rawf(html, "<td class=\"num%s\">", worst->loss && worst->loss != CP_QUALITY_UNKNOWN ? " lossy" : "");
	percent(html, worst->loss);
	cp_html_raw(html, "</td><td class=\"num\">");
	time_of(html, worst->rtt_us);
	cp_html_raw(html, "</td><td class=\"num\">");
	time_of(html, worst->jitter_us);
	cp_html_raw(html, "</td>");
}

/* ---- groups ---- */

int cp_html_quality_new(struct cp_html_quality **ret_quality)
{
	struct cp_html_quality *quality = calloc(1, sizeof(*quality));

	if (!quality)
		return -ENOMEM;
	for (size_t i = 0; i <= GROUPS_MAX; i++)
		cp_html_worst_init(&quality->groups[i].worst);
	*ret_quality = quality;
	return 0;
}

void cp_html_quality_free(struct cp_html_quality *quality)
{
	if (!quality)
		return;
	for (size_t i = 0; i <= GROUPS_MAX; i++) {
		free(quality->groups[i].name);
		for (size_t k = 0; k < N_KINDS; k++)
			free(quality->groups[i].targets[k]);
	}
	free(quality);
}

/* NULL: out of memory. */
static struct group *group_of(struct cp_html_quality *quality, const char *name)
{
	struct group *group = &quality->groups[quality->n_groups];

	for (size_t i = 0; i < quality->n_groups; i++) {
		const char *other = quality->groups[i].name;

		if (other == name || (other && name && strcmp(other, name) == 0))
			return &quality->groups[i];
	}
	if (quality->n_groups == GROUPS_MAX)
		return &quality->groups[GROUPS_MAX];
	if (name && !(group->name = strdup(name)))
		return NULL;
	quality->n_groups++;
	return group;
}

static int keep_worst(uint32_t value, const char *target, uint32_t *worst, char **name)
{
	char *copy;

	if (!is_worse(value, *worst))
		return 0;
	copy = strdup(target);
	if (!copy)
		return -ENOMEM;
	free(*name);
	*name = copy;
	*worst = value;
	return 0;
}

static void add_sum(struct cp_e2e_sum *to, const struct cp_e2e_sum *sum)
{
	to->n_dests += sum->n_dests;
	to->n_lossy += sum->n_lossy;
	to->n_sent += sum->n_sent;
	to->n_received += sum->n_received;
}

int cp_html_quality_target(struct cp_html_quality *quality, const struct cp_target *target,
        const struct cp_html_worst *worst, const struct cp_e2e_sum *sum)
{
	struct group *group;
	char name[CP_PHRASE_MAX];

	if (!sum->n_dests)
		return 0;
	group = group_of(quality, target->group && *target->group ? target->group : NULL);
	if (!group)
		return -ENOMEM;
	add_sum(&group->sum, sum);
	add_sum(&quality->all, sum);
	cp_phrase_target(target, name, sizeof(name));
	if (keep_worst(worst->loss, name, &group->worst.loss, &group->targets[0]) ||
	        keep_worst(worst->rtt_us, name, &group->worst.rtt_us, &group->targets[1]) ||
	        keep_worst(worst->jitter_us, name, &group->worst.jitter_us, &group->targets[2]))
		return -ENOMEM;
	return 0;
}

bool cp_html_quality_any(const struct cp_html_quality *quality)
{
	return quality->all.n_dests != 0;
}

/* ---- the section ---- */

static void number(struct cp_html *html, uint64_t n)
{
	cp_html_raw(html, "<td class=\"num\">");
	cp_html_count(html, n);
	cp_html_raw(html, "</td>");
}

static void sum_cells(struct cp_html *html, const char *name, const struct cp_e2e_sum *sum)
{
	cp_html_raw(html, "<tr><th scope=\"row\">");
	cp_html_text(html, name);
	cp_html_raw(html, "</th>");
	number(html, sum->n_dests);
	number(html, sum->n_lossy);
	number(html, sum->n_sent);
	cp_html_raw(html, "<td class=\"num\">");
	percent(html, cp_e2e_loss(sum->n_sent, sum->n_received));
	cp_html_raw(html, "</td>");
}

typedef void show_fn(struct cp_html *html, uint32_t value);

static void worst_cell(struct cp_html *html, show_fn *show, uint32_t value, const char *target)
{
	cp_html_raw(html, "<td>");
	show(html, value);
	if (target) {
		cp_html_raw(html, " <span class=\"note\">");
		cp_html_text(html, target);
		cp_html_raw(html, "</span>");
	}
	cp_html_raw(html, "</td>");
}

static void row(struct cp_html *html, const struct group *group, const char *name)
{
	if (!group->sum.n_dests)
		return;
	sum_cells(html, name, &group->sum);
	/* Of no loss at all nobody has the most. */
	worst_cell(html, percent, group->worst.loss, group->worst.loss ? group->targets[0] : NULL);
	worst_cell(html, time_of, group->worst.rtt_us, group->targets[1]);
	worst_cell(html, time_of, group->worst.jitter_us, group->targets[2]);
	cp_html_raw(html, "</tr>\n");
}

void cp_html_quality_section(const struct cp_html_quality *quality, struct cp_html *html)
{
	if (!cp_html_quality_any(quality))
		return;
	cp_html_raw(html,
	        "<section id=\"quality\"><h2>End to end</h2>\n<p>Probes to the destinations themselves, apart from "
	        "those of the paths: what was lost of them, there or back, and how long the others took. A target is "
	        "known by the worst of its addresses, each by its median round trip; jitter is that of RFC 3550.</p>\n"
	        "<div class=\"scroll\"><table id=\"quality-groups\"><thead><tr><th>Group</th>"
	        "<th class=\"num\">Addresses</th><th class=\"num\">with loss</th><th class=\"num\">Probes</th>"
	        "<th class=\"num\">Lost</th><th>Most loss</th><th>Longest median RTT</th><th>Most jitter</th></tr>"
	        "</thead><tbody>\n");
	for (size_t i = 0; i < quality->n_groups; i++)
		row(html, &quality->groups[i], quality->groups[i].name ? quality->groups[i].name : "no group");
	row(html, &quality->groups[GROUPS_MAX], "other groups");
	cp_html_raw(html, "</tbody><tfoot>");
	sum_cells(html, "all", &quality->all);
	cp_html_raw(html, "<td></td><td></td><td></td></tr></tfoot></table></div></section>\n");
}
