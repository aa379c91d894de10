// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * table.c: an audit for people. Collects while the run goes on and writes at
 * its end, in the order in which it is read: is it complete, how do the groups
 * stand, which targets and why, where does traffic leave, does the accounting
 * add up. Keeps copies, except of targets and answers, which stay until the
 * end record. table_case.c knows what is kept of a target.
 */
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e.h"
#include "grid.h"
#include "phrase.h"
#include "phrase_policy.h"

#define GROUPS_KEPT 40 /* the last one is for all further ones */
#define ROLE_ROWS_SHOWN 10
#define WARNINGS_SHOWN 20
#define KIND_WIDTH 100u
#define POLICIES 2

struct group {
	const char *name; /* NULL: no label */
	uint64_t n[CP_TABLE_OUTCOMES];
};

struct row {
	struct cp_egress_row egress;
	char *name; /* of the AS or IXP, copied */
	char *kind; /* what the AS is: "tier1", "cdn"; copied */
	char site[48]; /* where most of its paths leave home, and how many others there are */
};

struct table {
	struct cp_text text;
	struct cp_table_cases cases;
	struct group groups[GROUPS_KEPT];
	size_t n_groups;
	size_t group_now; /* targets of a group mostly follow each other */
	struct group total;
	struct row *rows;
	size_t n_rows;
	uint64_t n_paths; /* denominator of shares */
	uint64_t n_warnings;
	uint64_t rate_pps;
	bool has_start, has_summary;
	struct cp_e2e_sum e2e;
	struct cp_policy_result policies[POLICIES]; /* borrowed until the end record */
	size_t n_policies;
};

static int open_table(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	cp_text_init(&table->text, sink, options ? options->width : 0, options && options->color);
	table->rate_pps = CP_UNKNOWN;
	table->cases.explain = options && options->explain;
	*ret_state = table;
	return 0;
}

static void close_table(void *ctx)
{
	struct table *table = ctx;

	if (!table)
		return;
	cp_table_cases_free(&table->cases);
	for (size_t i = 0; i < table->n_rows; i++) {
		free(table->rows[i].name);
		free(table->rows[i].kind);
	}
	free(table->rows);
	free(table);
}

static int take_start(void *ctx, const struct cp_rec_start *rec)
{
	struct table *table = ctx;

	table->rate_pps = rec->rate_pps;
	table->has_start = true;
	cp_phrase_head(&table->text, rec);
	return cp_text_flush(&table->text);
}

static int take_warning(void *ctx, const struct cp_rec_warning *rec)
{
	struct table *table = ctx;

	if (++table->n_warnings <= WARNINGS_SHOWN)
		cp_phrase_warning(&table->text, rec);
	return cp_text_flush(&table->text);
}

static int take_path(void *ctx, const struct cp_rec_path *rec)
{
	struct table *table = ctx;

	cp_e2e_add(&table->e2e, rec);
	return cp_table_cases_path(&table->cases, rec);
}

/* ---- groups ---- */

static bool same_group(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static struct group *find_group(struct table *table, const char *name)
{
	size_t i;

	if (table->n_groups && same_group(table->groups[table->group_now].name, name))
		return &table->groups[table->group_now];
	for (i = 0; i < table->n_groups; i++) {
		if (same_group(table->groups[i].name, name))
			break;
	}
	if (i == GROUPS_KEPT)
		i--;
	table->group_now = i;
	if (i == table->n_groups)
		table->groups[table->n_groups++].name = i + 1 < GROUPS_KEPT ? name : "(other groups)";
	return &table->groups[i];
}

static int take_target(void *ctx, const struct cp_rec_target *rec)
{
	enum cp_table_outcome outcome = cp_table_outcome(rec);
	struct table *table = ctx;
	struct group *group = find_group(table, rec->target->group);

	group->n[outcome]++;
	table->total.n[outcome]++;
	return cp_table_cases_target(&table->cases, rec);
}

static uint64_t group_size(const struct group *group)
{
	uint64_t n = 0;

	for (int i = 0; i < CP_TABLE_OUTCOMES; i++)
		n += group->n[i];
	return n;
}

static int add_group(struct cp_grid *grid, const struct group *group, const char *name)
{
	char counts[CP_TABLE_OUTCOMES + 1][CP_NUM_MAX];
	const char *cells[CP_TABLE_OUTCOMES + 2] = {name, cp_text_count(group_size(group), counts[0])};

	for (int i = 0; i < CP_TABLE_OUTCOMES; i++)
		cells[i + 2] = group->n[i] ? cp_text_count(group->n[i], counts[i + 1]) : "-";
	return cp_grid_add(grid, cells);
}

static int fill_groups(const struct table *table, struct cp_grid *grid)
{
	int rc = 0;

	for (size_t i = 0; i < table->n_groups && !rc; i++)
		rc = add_group(grid, &table->groups[i], table->groups[i].name ? table->groups[i].name : "(none)");
	return rc ? rc : add_group(grid, &table->total, "total");
}

static int print_groups(struct table *table)
{
	static const struct cp_grid_column columns[] = {
	        {.title = "group", .flexible = true},
	        {.title = "targets", .right = true},
	        {.title = "inside", .right = true},
	        {.title = "direct", .right = true},
	        {.title = "undecided", .short_title = "undec.", .right = true, .optional = true},
	        {.title = "transit", .right = true, .optional = true},
	        {.title = "detour", .right = true, .optional = true},
	        {.title = "unresolved", .short_title = "unres.", .right = true, .optional = true},
	        {.title = "skipped", .right = true, .optional = true},
	};
	struct cp_grid *grid;
	int rc;

	if (table->n_groups < 2)
		return 0;
	rc = cp_grid_new(columns, sizeof(columns) / sizeof(columns[0]), &grid);
	if (rc)
		return rc;
	rc = fill_groups(table, grid);
	if (!rc) {
		cp_text_newline(&table->text);
		cp_grid_print(grid, &table->text);
	}
	cp_grid_free(grid);
	return rc;
}

/* ---- egress by AS ---- */

/* "Frankfurt", "Frankfurt +2"; "" where no name tells. */
static void say_site(const struct cp_egress_row *row, char *buf, size_t size)
{
	if (row->n_sites > 1)
		snprintf(buf, size, "%s +%zu", row->sites[0].place, row->n_sites - 1);
	else if (row->n_sites)
		snprintf(buf, size, "%s", row->sites[0].place);
}

static int keep_row(struct row *row, const struct cp_rec_summary *rec, const struct cp_egress_row *egress)
{
	const struct cp_as *as = egress->asn && rec->asdb ? cp_asdb_as(rec->asdb, egress->asn) : NULL;
	const char *ixp = egress->label ? egress->label : "";
	char name[64];

	cp_phrase_name(as ? as->name : NULL, name, sizeof(name));
	row->egress = *egress;
	say_site(egress, row->site, sizeof(row->site));
	row->name = strdup(egress->asn ? name : ixp);
	row->kind = strdup(as && as->role ? as->role : "");
	return row->name && row->kind ? 0 : -ENOMEM;
}

static int take_summary(void *ctx, const struct cp_rec_summary *rec)
{
	struct table *table = ctx;

	if (rec->n_egress && !table->rows) {
		table->rows = calloc(rec->n_egress, sizeof(*table->rows));
		if (!table->rows)
			return -ENOMEM;
	}
	table->has_summary = true;
	table->n_paths = rec->n_paths;
	for (size_t i = table->n_rows; i < rec->n_egress; i++) {
		int rc = keep_row(&table->rows[i], rec, &rec->egress[i]);

		/* Also a half-made one is freed with the others. */
		table->n_rows++;
		if (rc)
			return rc;
	}
	return 0;
}

/* "0", "12%"; "<1%" is not 0. */
static void say_loss(const struct cp_egress_row *egress, char *buf, size_t size)
{
	uint64_t pct = egress->n_probes ? (egress->n_unanswered * 100 + egress->n_probes / 2) / egress->n_probes : 0;

	if (!egress->n_probes)
		snprintf(buf, size, "-");
	else if (!egress->n_unanswered)
		snprintf(buf, size, "0");
	else if (!pct)
		snprintf(buf, size, "<1%%");
	else
		snprintf(buf, size, "%u%%", (unsigned)pct);
}

static int add_egress(const struct table *table, struct cp_grid *grid, const struct row *row)
{
	const struct cp_egress_row *egress = &row->egress;
	char asn[CP_NUM_MAX] = "IXP", paths[CP_NUM_MAX], share[CP_NUM_MAX] = "-", routers[CP_NUM_MAX] = "-";
	char p50[CP_NUM_MAX], p95[CP_NUM_MAX], cold[CP_NUM_MAX] = "-", loss[CP_NUM_MAX];
	uint64_t permille;

	if (egress->asn)
		snprintf(asn, sizeof(asn), "%u", egress->asn);
	if (table->n_paths) {
		permille = (egress->n_paths * 1000 + table->n_paths / 2) / table->n_paths;
		snprintf(share, sizeof(share), "%u.%u%%", (unsigned)(permille / 10), (unsigned)(permille % 10));
	}
	if (egress->role == CP_ROLE_EXIT)
		cp_text_count(egress->n_exit_routers, routers);
	if (egress->cold_share_pct != CP_EGRESS_UNKNOWN)
		snprintf(cold, sizeof(cold), "%u%%", egress->cold_share_pct);
	say_loss(egress, loss, sizeof(loss));
	return cp_grid_add(grid, (const char *const[]){cp_as_role_name(egress->role), asn, row->name,
	                                 cp_text_count(egress->n_paths, paths), share, routers, row->site,
	                                 cp_text_ms(egress->handover_p50_us, p50),
	                                 cp_text_ms(egress->handover_p95_us, p95), cold, loss, row->kind});
}

/* The rows of one role, from row `from` on, the biggest of them; *ret_next: the first row of the next role. */
static int add_role(const struct table *table, struct cp_grid *grid, size_t from, size_t *ret_next)
{
	enum cp_as_role role = table->rows[from].egress.role;
	size_t end = from;
	char more[64];
	int rc = 0;

	while (end < table->n_rows && table->rows[end].egress.role == role)
		end++;
	*ret_next = end;
	for (size_t i = from; i < end && i < from + ROLE_ROWS_SHOWN && !rc; i++)
		rc = add_egress(table, grid, &table->rows[i]);
	if (rc || end <= from + ROLE_ROWS_SHOWN)
		return rc;
	snprintf(more, sizeof(more), "… and %zu more", end - from - ROLE_ROWS_SHOWN);
	return cp_grid_add(
	        grid, (const char *const[]){cp_as_role_name(role), "", more, "", "", "", "", "", "", "", "", ""});
}

static int print_egress(struct table *table)
{
	static const struct cp_grid_column columns[] = {
	        {.title = "egress", .flexible = false},
	        {.title = "AS", .right = true},
	        {.title = "name", .flexible = true},
	        {.title = "paths", .right = true},
	        {.title = "share", .right = true},
	        {.title = "routers", .right = true, .optional = true, .give_way = 2},
	        {.title = "from", .optional = true, .give_way = 4},
	        {.title = "ms p50", .right = true, .optional = true},
	        {.title = "ms p95", .right = true, .optional = true, .give_way = 3},
	        {.title = "cold", .right = true, .optional = true, .give_way = 1},
	        {.title = "loss", .right = true, .optional = true, .give_way = 5},
	        {.title = "kind", .optional = true, .give_way = 6},
	};
	/* What an AS is, is worth a column only where that takes nothing from the others. */
	size_t n_columns = sizeof(columns) / sizeof(columns[0]) - (table->text.width < KIND_WIDTH);
	struct cp_grid *grid;
	int rc;

	if (!table->n_rows)
		return 0;
	rc = cp_grid_new(columns, n_columns, &grid);
	if (rc)
		return rc;
	for (size_t i = 0; i < table->n_rows && !rc;)
		rc = add_role(table, grid, i, &i);
	if (!rc) {
		cp_text_newline(&table->text);
		cp_grid_print(grid, &table->text);
	}
	cp_grid_free(grid);
	return rc;
}

static int take_policy(void *ctx, const struct cp_rec_policy *rec)
{
	struct table *table = ctx;

	if (table->n_policies < POLICIES)
		table->policies[table->n_policies++] = *rec->result;
	return 0;
}

/* ---- end ---- */

static void print_e2e(struct table *table)
{
	if (!table->e2e.n_dests)
		return;
	cp_text_newline(&table->text);
	table->text.indent = 2;
	cp_e2e_sum_words(&table->text, &table->e2e);
	cp_text_newline(&table->text);
	table->text.indent = 0;
}

/* "9 targets: 6 inside, 2 direct, 1 transit"; with groups the last line of their table says it. */
static void print_total(struct table *table)
{
	uint64_t n = group_size(&table->total);
	struct cp_text *text = &table->text;
	const char *before = ":";
	char count[CP_NUM_MAX];

	if (!n || table->n_groups > 1)
		return;
	cp_text_newline(text);
	cp_text_printf(text, "%s target%s", cp_text_count(n, count), n == 1 ? "" : "s");
	for (int i = 0; i < CP_TABLE_OUTCOMES; i++) {
		if (!table->total.n[i])
			continue;
		cp_text_put(text, before);
		cp_text_color(text, cp_table_outcome_color(i));
		cp_text_printf(text, "%s %s", cp_text_count(table->total.n[i], count), cp_table_outcome_name(i));
		cp_text_color(text, CP_PLAIN);
		before = ",";
	}
	cp_text_newline(text);
}

static int take_end(void *ctx, const struct cp_rec_end *rec)
{
	struct table *table = ctx;
	char count[CP_NUM_MAX];
	int rc;

	if (table->n_warnings > WARNINGS_SHOWN) {
		cp_text_printf(&table->text, "… and %s more warnings",
		        cp_text_count(table->n_warnings - WARNINGS_SHOWN, count));
		cp_text_newline(&table->text);
	}
	cp_phrase_partial(&table->text, rec, table->has_start);
	rc = print_groups(table);
	print_total(table);
	cp_table_cases_print(&table->cases, &table->text);
	if (!rc)
		rc = print_egress(table);
	print_e2e(table);
	for (size_t i = 0; i < table->n_policies && !rc; i++)
		rc = cp_phrase_policy(&table->text, &table->policies[i]);
	/* A run that failed before it began has nothing to account for. */
	if (table->has_summary || rec->accounting.attempted) {
		cp_text_newline(&table->text);
		cp_phrase_accounting(&table->text, &rec->accounting, table->rate_pps);
	}
	if (rc)
		return rc;
	return cp_text_flush(&table->text);
}

const struct cp_format cp_format_table = {
        .name = "table",
        .open = open_table,
        .start = take_start,
        .target = take_target,
        .path = take_path,
        .warning = take_warning,
        .summary = take_summary,
        .policy = take_policy,
        .end = take_end,
        .close = close_table,
};
