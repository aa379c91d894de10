// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * target_text.c: a text of many targets, as lines or as CSV with a header, into
 * a list. Must not know how one target is parsed (target.c) nor where the text
 * comes from.
 *
 * A '#' starts a comment in both forms, unless it stands in a quoted CSV field.
 */
#include "target.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

#define FIELDS_MAX 64

enum column { COL_HOST, COL_PORT, COL_PROTO, COL_GROUP, COL_EXPECT, N_COLUMNS };

static const struct {
	const char *name;
	enum column column;
	int rank; /* of several names for one column, the lower counts */
} column_names[] = {
        {"fqdn", COL_HOST, 0},
        {"host", COL_HOST, 1},
        {"hostname", COL_HOST, 2},
        {"target", COL_HOST, 3},
        {"name", COL_HOST, 4},
        {"port", COL_PORT, 0},
        {"proto", COL_PROTO, 0},
        {"protocol", COL_PROTO, 1},
        {"group", COL_GROUP, 0},
        {"expect", COL_EXPECT, 0},
};

struct fields {
	char *text[FIELDS_MAX];
	size_t n;
};

struct reader {
	struct cp_targets *targets;
	const struct cp_target_defaults *defaults;
	enum { FORM_UNKNOWN, FORM_LINES, FORM_CSV } form;
	int position[N_COLUMNS]; /* in a row, -1: no such column */
	size_t n_columns;
};

/* Unquotes in place from behind the opening quote. Returns what follows the closing one, NULL when there is none. */
static char *unquote(char *text)
{
	char *out = text;

	for (char *in = text; *in; in++) {
		if (*in == '"' && *++in != '"') {
			*out = '\0';
			return in;
		}
		*out++ = *in;
	}
	return NULL;
}

/* Takes one field off *at, which moves behind the comma, or to NULL at the end of the row. */
static int take_field(char **at, char **ret_field, struct cp_err *why)
{
	char *field = *at + strspn(*at, " \t"), *end = field;

	if (*field == '"') {
		end = unquote(++field);
		if (!end)
			return cp_err_set(why, -EINVAL, "a quote is not closed on its line");
		end += strspn(end, " \t");
		if (*end && !strchr(",#", *end))
			return cp_err_set(why, -EINVAL, "text after a closing quote");
		*at = *end == ',' ? end + 1 : NULL;
	} else {
		end += strcspn(end, ",#");
		*at = *end == ',' ? end + 1 : NULL;
		*end = '\0';
		field = cp_line_trim(field);
	}
	*ret_field = field;
	return 0;
}

static int split_row(char *line, struct fields *ret_fields, struct cp_err *why)
{
	ret_fields->n = 0;
	while (line) {
		if (ret_fields->n == FIELDS_MAX)
			return cp_err_set(why, -EINVAL, "more than %d columns", FIELDS_MAX);

		int rc = take_field(&line, &ret_fields->text[ret_fields->n], why);

		if (rc < 0)
			return rc;
		ret_fields->n++;
	}
	return 0;
}

/* Column names are words, so that "example.com,name" is a target with a label and no header. */
static bool is_word(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(" _-", *text))
			return false;
	return true;
}

/* Finds the known columns of a header. 1, 0 when the row is no header, -EINVAL when a column is named twice. */
static int read_header(struct reader *reader, const struct fields *fields, struct cp_err *why)
{
	int rank[N_COLUMNS];

	for (int c = 0; c < N_COLUMNS; c++)
		reader->position[c] = -1;
	for (size_t f = 0; f < fields->n; f++) {
		if (!is_word(fields->text[f]))
			return 0;
		for (size_t i = 0; i < sizeof(column_names) / sizeof(column_names[0]); i++) {
			enum column c = column_names[i].column;
			bool is_known = reader->position[c] >= 0;

			if (strcasecmp(column_names[i].name, fields->text[f]) != 0)
				continue;
			if (is_known && rank[c] == column_names[i].rank)
				return cp_err_set(
				        why, -EINVAL, "the header names column %s twice", column_names[i].name);
			if (is_known && rank[c] < column_names[i].rank)
				continue;
			reader->position[c] = (int)f;
			rank[c] = column_names[i].rank;
		}
	}
	reader->n_columns = fields->n;
	return reader->position[COL_HOST] >= 0;
}

/* The row's field for a column; "" when it has none. */
static const char *cell(const struct reader *reader, const struct fields *fields, enum column column)
{
	int position = reader->position[column];

	return position >= 0 && (size_t)position < fields->n ? fields->text[position] : "";
}

/* What the row's own columns say becomes what its host field takes where that does not say itself. */
static int row_defaults(
        const struct reader *reader, const struct fields *fields, struct cp_target_defaults *row, struct cp_err *why)
{
	const char *port = cell(reader, fields, COL_PORT), *proto = cell(reader, fields, COL_PROTO);
	const char *group = cell(reader, fields, COL_GROUP);

	if (*proto && cp_proto_parse(proto, &row->proto) < 0)
		return cp_err_set(why, -EINVAL, "column protocol: write tcp, udp or icmp");
	if (*group)
		row->group = group;
	if (!*port || (row->proto == IPPROTO_ICMP && strcmp(port, "0") == 0))
		return 0;
	if (cp_port_parse(port, &row->port) < 0)
		return cp_err_set(why, -EINVAL, "column port: write 1 to 65535");
	/* A list made for TCP may be probed with ICMP, but no row may ask for both itself. */
	if (*proto && row->proto == IPPROTO_ICMP)
		return cp_err_set(why, -EINVAL, "column port: icmp has no ports, leave it empty");
	return 0;
}

static int add_row(struct reader *reader, const struct fields *fields, struct cp_err *why)
{
	struct cp_targets *targets = reader->targets;
	struct cp_target_defaults row = *reader->defaults;
	const char *expect = cell(reader, fields, COL_EXPECT);
	size_t n_before = targets->n;
	int rc;

	if (fields->n > reader->n_columns)
		return cp_err_set(
		        why, -EINVAL, "%zu fields, but the header names %zu columns", fields->n, reader->n_columns);
	rc = row_defaults(reader, fields, &row, why);
	if (rc == 0)
		rc = cp_targets_add(targets, cell(reader, fields, COL_HOST), &row, why);
	if (rc < 0 || targets->n == n_before || !*expect)
		return rc;
	if (cp_targets_expect(targets, expect) < 0)
		return cp_err_set(why, -ENOMEM, "out of memory after %zu targets", targets->n);
	return 0;
}

/* "host", "host group" or "host,group". */
static int add_line(struct reader *reader, char *line, struct cp_err *why)
{
	struct cp_target_defaults own = *reader->defaults;
	char *group;

	line[strcspn(line, "#")] = '\0';
	line = cp_line_trim(line);
	group = line + strcspn(line, ", \t");
	if (*group) {
		bool is_comma = *group == ',';

		*group++ = '\0';
		group += strspn(group, " \t");
		if (!is_comma && *group == ',')
			group = cp_line_trim(group + 1);
		if (strpbrk(group, ",\""))
			return cp_err_set(why, -EINVAL,
			        "a group label with a comma or a quote needs the CSV form (a header line: host,group)");
		if (*group)
			own.group = group;
	}
	return cp_targets_add(reader->targets, line, &own, why);
}

static int read_line(struct reader *reader, char *line, struct cp_err *why)
{
	struct fields fields;
	char copy[CP_LINE_MAX + 1];
	int rc;

	line = cp_line_trim(line);
	if (*line == '\0' || *line == '#')
		return 0;
	if (reader->form == FORM_UNKNOWN) {
		rc = split_row(strcpy(copy, line), &fields, why) < 0 ? 0 : read_header(reader, &fields, why);
		if (rc < 0)
			return rc;
		reader->form = rc ? FORM_CSV : FORM_LINES;
		if (rc)
			return 0;
	}
	if (reader->form == FORM_LINES)
		return add_line(reader, line, why);
	rc = split_row(line, &fields, why);
	return rc < 0 ? rc : add_row(reader, &fields, why);
}

int cp_targets_add_text(struct cp_targets *targets, const char *text, size_t len, const char *source,
        const struct cp_target_defaults *defaults, struct cp_err *err)
{
	struct reader reader = {.targets = targets, .defaults = defaults};
	struct cp_lines lines = cp_lines_start(text, len);
	char line[CP_LINE_MAX + 1];
	struct cp_err why;

	for (;;) {
		int rc = cp_lines_next(&lines, line, &why);

		if (rc == 0)
			return 0;
		if (rc > 0)
			rc = read_line(&reader, line, &why);
		if (rc < 0)
			return cp_err_set(err, rc, "%s:%zu: %s", source, lines.number, why.text);
	}
}
