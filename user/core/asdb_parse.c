// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asdb_parse.c: the text formats of address tables and name lists, into rows
 * and names. Must not know how they are searched. Rows before a malformed one
 * stay added: whoever gets an error throws the database away.
 */
#include "asdb_impl.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Enough for any list with a header; a range row has five fields at most that matter. */
#define FIELDS_MAX 32

enum row_format {
	ROW_UNKNOWN = 0,
	ROW_RANGE_CSV,
	ROW_RANGE_TSV,
	ROW_PREFIX,
	ROW_PFX2AS,
};

/* A row cut into its parts; all of them point into the line. */
struct row_parts {
	const char *first, *last; /* last: NULL when first is a prefix */
	char *asns;
	const char *name; /* NULL: the format has none */
};

int cp_asdb_parse_asn(const char *text, uint32_t *ret_asn)
{
	uint64_t asn = 0;

	if (strncasecmp(text, "AS", 2) == 0)
		text += 2;

	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 10 || text[n] != '\0')
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		asn = asn * 10 + (uint64_t)(text[i] - '0');
	if (asn == 0 || asn > UINT32_MAX)
		return -EINVAL;
	*ret_asn = (uint32_t)asn;
	return 0;
}

void cp_origin_add(struct cp_origin *origin, uint32_t asn)
{
	for (unsigned int i = 0; i < origin->n_asn; i++) {
		if (origin->asn[i] == asn)
			return;
	}
	if (origin->n_asn < CP_MOAS_MAX)
		origin->asn[origin->n_asn++] = asn;
}

static bool is_zero_asn(const char *text)
{
	if (strncasecmp(text, "AS", 2) == 0)
		text += 2;
	return *text != '\0' && strspn(text, "0") == strlen(text);
}

/* "1", "AS1", "1_2", "1,2", "1_2,3". Number 0 alone means not announced: no ASN and no error. */
static int parse_asns(const struct cp_asdb_text *text, char *asns, struct cp_origin *origin)
{
	if (is_zero_asn(asns))
		return 0;
	for (char *item = asns, *end; item; item = end) {
		uint32_t asn;

		end = strpbrk(item, "_,");
		if (end)
			*end++ = '\0';
		if (cp_asdb_parse_asn(item, &asn) < 0)
			return cp_asdb_text_bad(text, "not an AS number:", item);
		cp_origin_add(origin, asn);
	}
	return 0;
}

static bool is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Names begin with a letter; whatever has a dot or a colon was meant to be an address. */
static bool is_header(const char *line)
{
	line += strspn(line, " \t\"");
	return isalpha((unsigned char)*line) && !memchr(line, '.', strcspn(line, ", \t\"")) &&
	       !memchr(line, ':', strcspn(line, ", \t\""));
}

/* Copies the field that begins at line and ends before any of the characters of ends; quotes are left out. */
static const char *copy_field(const char *line, const char *ends, char *buf, size_t size)
{
	line += strspn(line, " ");

	const char *rest = line + strcspn(line, ends);
	size_t n = 0;

	for (; line < rest && n + 1 < size; line++) {
		if (*line != '"')
			buf[n++] = *line;
	}
	buf[n] = '\0';
	return rest;
}

static enum row_format detect_format(const char *line)
{
	char first[CP_ADDR_STRLEN], second[CP_ADDR_STRLEN];
	struct cp_addr addr;
	const char *rest = copy_field(line, ", \t", first, sizeof(first));
	char separator = *rest;

	if (strchr(first, '/') || separator == '\0')
		return ROW_PREFIX;
	rest = copy_field(rest + 1, ", \t", second, sizeof(second));
	if (cp_addr_parse(second, &addr) == 0)
		return separator == ',' ? ROW_RANGE_CSV : separator == '\t' ? ROW_RANGE_TSV : ROW_PREFIX;
	/* Two numbers after an address are a length and an AS; one is the AS of a single address. */
	if (separator != ',' && is_number(second) && rest[strspn(rest, " \t")] != '\0')
		return ROW_PFX2AS;
	return ROW_PREFIX;
}

static int split_range(char *line, enum row_format format, struct row_parts *ret_parts)
{
	bool is_csv = format == ROW_RANGE_CSV;
	char *fields[FIELDS_MAX];
	int n = cp_asdb_split(line, is_csv ? ',' : '\t', fields, FIELDS_MAX);
	int name = is_csv ? 3 : 4;

	if (n < 3)
		return -EINVAL;
	*ret_parts = (struct row_parts){
	        .first = fields[0],
	        .last = fields[1],
	        .asns = fields[2],
	        .name = n > name ? fields[name] : NULL,
	};
	return 0;
}

static void trim_end(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		text[--n] = '\0';
}

static int split_prefix(char *line, struct row_parts *ret_parts)
{
	line += strspn(line, " \t");

	char *fields[FIELDS_MAX];
	char *end = line + strcspn(line, " \t,");
	char *after = end + strspn(end, " \t");

	if (*line == '"' || *after == ',') {
		int n = cp_asdb_split(line, ',', fields, FIELDS_MAX);

		if (n < 2)
			return -EINVAL;
		*ret_parts =
		        (struct row_parts){.first = fields[0], .asns = fields[1], .name = n > 2 ? fields[2] : NULL};
		return 0;
	}
	if (*after == '\0')
		return -EINVAL;
	*end = '\0';
	trim_end(after);
	*ret_parts = (struct row_parts){.first = line, .asns = after};
	return 0;
}

/* Joins address and length in place: the blanks between them become the slash. */
static int split_pfx2as(char *line, struct row_parts *ret_parts)
{
	line += strspn(line, " \t");

	char *slash = line + strcspn(line, " \t");
	char *length = slash + strspn(slash, " \t");
	char *end = length + strcspn(length, " \t");
	char *asns = end + strspn(end, " \t");

	if (*asns == '\0' || strchr(line, '/'))
		return -EINVAL;
	*slash = '/';
	memmove(slash + 1, length, (size_t)(end - length));
	slash[1 + (end - length)] = '\0';
	trim_end(asns);
	*ret_parts = (struct row_parts){.first = line, .asns = asns};
	return 0;
}

static int split_row(char *line, enum row_format format, struct row_parts *ret_parts)
{
	if (format == ROW_PREFIX)
		return split_prefix(line, ret_parts);
	if (format == ROW_PFX2AS)
		return split_pfx2as(line, ret_parts);
	return split_range(line, format, ret_parts);
}

static int parse_range(const struct cp_asdb_text *text, const struct row_parts *parts, struct cp_addr *ret_first,
        struct cp_addr *ret_last)
{
	if (!parts->last) {
		if (cp_addr_parse_prefix(parts->first, ret_first, ret_last) < 0)
			return cp_asdb_text_bad(text, "not a prefix:", parts->first);
		return 0;
	}
	if (cp_addr_parse(parts->first, ret_first) < 0)
		return cp_asdb_text_bad(text, "not an address:", parts->first);
	if (cp_addr_parse(parts->last, ret_last) < 0)
		return cp_asdb_text_bad(text, "not an address:", parts->last);
	if (cp_addr_is_v4(ret_first) != cp_addr_is_v4(ret_last))
		return cp_asdb_text_bad(text, "first and last address are of two families", NULL);
	if (cp_addr_cmp(ret_first, ret_last) > 0)
		return cp_asdb_text_bad(text, "the last address is before the first:", parts->last);
	return 0;
}

static int add_row(struct cp_asdb *db, enum cp_asdb_layer layer, struct cp_asdb_text *text, enum row_format format)
{
	struct cp_origin origin = {.kind = CP_ORIGIN_AS, .layer = (uint8_t)layer};
	struct cp_addr first, last;
	struct row_parts parts;
	int rc;

	if (split_row(text->buf, format, &parts) < 0)
		return cp_asdb_text_bad(text, "malformed row", NULL);
	rc = parse_range(text, &parts, &first, &last);
	if (rc < 0)
		return rc;
	rc = parse_asns(text, parts.asns, &origin);
	if (rc < 0)
		return rc;
	/* "192.0.2.0/24,1,2" looks like a set, but commas part fields here: say so instead of losing an AS. */
	if (format == ROW_PREFIX && parts.name && is_number(parts.name))
		return cp_asdb_text_bad(text, "a name was expected (several ASes are written 1_2), not", parts.name);
	if (origin.n_asn == 0)
		return 0;
	if (parts.name && parts.name[0] != '\0' && origin.n_asn == 1) {
		/* The first name that is heard of an AS stays; add_names() replaces it. */
		rc = cp_asdb_add_name(db, origin.asn[0], parts.name);
		if (rc < 0)
			return rc;
	}
	return cp_asdb_put_range(db, &first, &last, &origin);
}

static int refuse_sealed(const struct cp_asdb *db, const char *source, struct cp_err *err)
{
	if (!db->is_sealed)
		return 0;
	return cp_err_set(err, -EINVAL, "%s: the AS database is already in use", source);
}

static int no_memory(const char *source, struct cp_err *err)
{
	return cp_err_set(err, -ENOMEM, "%s: out of memory", source);
}

int cp_asdb_add_rows(struct cp_asdb *db, enum cp_asdb_layer layer, const char *bytes, size_t len, const char *source,
        struct cp_err *err)
{
	enum row_format format = ROW_UNKNOWN;
	struct cp_asdb_text text;
	bool may_be_header = true;
	int rc = refuse_sealed(db, source, err);

	if (rc < 0)
		return rc;
	cp_asdb_text_init(&text, bytes, len, source, err);
	while ((rc = cp_asdb_text_next(&text)) > 0) {
		if (may_be_header && is_header(text.buf)) {
			may_be_header = false;
			continue;
		}
		may_be_header = false;
		if (format == ROW_UNKNOWN)
			format = detect_format(text.buf);
		rc = add_row(db, layer, &text, format);
		if (rc < 0)
			break;
	}
	if (rc == -ENOMEM)
		return no_memory(source, err);
	if (rc == 0 && len > 0 && format == ROW_UNKNOWN)
		return cp_err_set(err, -EINVAL, "%s: no rows in it", source);
	return rc;
}

/* Finds the columns of a list by the names in its first line; a column that is not there is -1. */
static int find_columns(struct cp_asdb_text *text, const char *const *names, int n_names, int *columns)
{
	char *fields[FIELDS_MAX];
	int rc = cp_asdb_text_next(text);

	for (int i = 0; i < n_names; i++)
		columns[i] = -1;
	if (rc <= 0)
		return rc;

	int n = cp_asdb_split(text->buf, ',', fields, FIELDS_MAX);

	for (int f = 0; f < n; f++) {
		for (int i = 0; i < n_names; i++) {
			if (columns[i] < 0 && strcasecmp(fields[f], names[i]) == 0)
				columns[i] = f;
		}
	}
	return 1;
}

static const char *column(char **fields, int n, int index)
{
	return index >= 0 && index < n ? fields[index] : "";
}

static int add_ixp(struct cp_asdb *db, struct cp_asdb_text *text, const int *columns)
{
	struct cp_origin origin = {.kind = CP_ORIGIN_IXP, .layer = CP_ASDB_IXP};
	struct row_parts parts = {0};
	struct cp_addr first, last;
	char *fields[FIELDS_MAX];
	int n = cp_asdb_split(text->buf, ',', fields, FIELDS_MAX);
	int rc;

	if (n < 0)
		return cp_asdb_text_bad(text, "malformed row", NULL);
	parts.first = column(fields, n, columns[0]);
	rc = parse_range(text, &parts, &first, &last);
	if (rc < 0)
		return rc;
	rc = cp_asdb_put_string(db, column(fields, n, columns[1]), &origin.label);
	return rc < 0 ? rc : cp_asdb_put_range(db, &first, &last, &origin);
}

int cp_asdb_add_ixps(struct cp_asdb *db, const char *bytes, size_t len, const char *source, struct cp_err *err)
{
	static const char *const names[] = {"prefix", "ixp"};
	struct cp_asdb_text text;
	int columns[2];
	int rc = refuse_sealed(db, source, err);

	if (rc < 0)
		return rc;
	cp_asdb_text_init(&text, bytes, len, source, err);
	rc = find_columns(&text, names, 2, columns);
	if (rc > 0 && (columns[0] < 0 || columns[1] < 0))
		return cp_asdb_text_bad(&text, "the first line must name the columns prefix and ixp", NULL);
	while (rc >= 0 && (rc = cp_asdb_text_next(&text)) > 0)
		rc = add_ixp(db, &text, columns);
	return rc == -ENOMEM ? no_memory(source, err) : rc;
}

enum { COL_ASN, COL_NAME, COL_ORG, COL_ROLE, N_NAME_COLUMNS };

/* Replaces what a field says; an empty field says nothing. */
static int replace_string(struct cp_asdb *db, const char *text, const char **string)
{
	return text[0] == '\0' ? 0 : cp_asdb_put_string(db, text, string);
}

static int add_name(struct cp_asdb *db, struct cp_asdb_text *text, const int *columns)
{
	char *fields[FIELDS_MAX];
	struct cp_as *as;
	uint32_t asn;
	int n = cp_asdb_split(text->buf, ',', fields, FIELDS_MAX);
	int rc;

	if (n < 0)
		return cp_asdb_text_bad(text, "malformed row", NULL);
	if (cp_asdb_parse_asn(column(fields, n, columns[COL_ASN]), &asn) < 0)
		return cp_asdb_text_bad(text, "not an AS number:", column(fields, n, columns[COL_ASN]));
	rc = cp_asdb_put_as(db, asn, &as);
	if (rc == 0)
		rc = replace_string(db, column(fields, n, columns[COL_NAME]), &as->name);
	if (rc == 0)
		rc = replace_string(db, column(fields, n, columns[COL_ORG]), &as->org);
	if (rc == 0)
		rc = replace_string(db, column(fields, n, columns[COL_ROLE]), &as->role);
	return rc;
}

int cp_asdb_add_names(struct cp_asdb *db, const char *bytes, size_t len, const char *source, struct cp_err *err)
{
	static const char *const names[N_NAME_COLUMNS] = {"asn", "name", "org", "role"};
	struct cp_asdb_text text;
	int columns[N_NAME_COLUMNS];
	int rc = refuse_sealed(db, source, err);

	if (rc < 0)
		return rc;
	cp_asdb_text_init(&text, bytes, len, source, err);
	rc = find_columns(&text, names, N_NAME_COLUMNS, columns);
	for (int i = 0; rc > 0 && i < N_NAME_COLUMNS; i++) {
		if (columns[i] < 0)
			return cp_asdb_text_bad(&text, "the first line must name the column", names[i]);
	}
	while (rc >= 0 && (rc = cp_asdb_text_next(&text)) > 0)
		rc = add_name(db, &text, columns);
	return rc == -ENOMEM ? no_memory(source, err) : rc;
}
