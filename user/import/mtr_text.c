// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mtr_text.c: the reports of mtr (-r, -rw, with -b, -n, -z, -e, -o), and what
 * Globalping's command prints for a measurement with mtr. By what mtr's source
 * prints:
 *
 *   Start: TIME
 *   HOST: OUR-NAME  TITLE...
 *    N.|-- WHO  VALUE...          N. AS64500  WHO  VALUE...
 *      |  `|-- ADDRESS            (others that answered at this TTL)
 *      |   +-- [MPLS: Lbl N TC N S N TTL N]
 *
 * It does not say where the path leads: that is the command's to tell, by an
 * address. Its last line is the destination's, or one of silence, or of a router
 * that refused: it is only taken for the destination when it has the name that
 * the command asked for.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text_formats.h"
#include "text_reader.h"
#include "text_time.h"

#define CUT "this address may have been cut: mtr -w shows all of it"

enum { MAX_TTL = 30, COLUMNS_MAX = 24, LOSS_WIDTH = 6 };

enum column { OTHER = 0, SENT, DROPPED, RECEIVED, BEST, AVERAGE, LAST };

struct heading {
	enum column columns[COLUMNS_MAX];
	size_t n_columns;
	size_t values_at; /* offset in a line where the values begin */
};

struct mtr {
	struct cp_text_reader reader; /* first */
	struct heading heading;
	uint64_t start_ms; /* of "Start:"; UINT64_MAX: none */
};

/* ---- Heading ---- */

static bool find_column(const char *title, size_t len, enum column *ret_column)
{
	static const struct {
		const char *title;
		enum column column;
	} titles[] = {
	        {"Loss%", OTHER},
	        {"Snt", SENT},
	        {"Drop", DROPPED},
	        {"Rcv", RECEIVED},
	        {"Best", BEST},
	        {"Avg", AVERAGE},
	        {"Last", LAST},
	        {"Wrst", OTHER},
	        {"StDev", OTHER},
	        {"Gmean", OTHER},
	        {"Jttr", OTHER},
	        {"Javg", OTHER},
	        {"Jmax", OTHER},
	        {"Jint", OTHER},
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (strlen(titles[i].title) == len && memcmp(titles[i].title, title, len) == 0) {
			*ret_column = titles[i].column;
			return true;
		}
	}
	return false;
}

/* "HOST: name  Loss%   Snt ..." or "Host   Loss% Drop ...". False: no heading. */
static bool scan_heading(const char *line, struct heading *ret_heading)
{
	struct heading heading = {.n_columns = 0};
	const char *at = line, *token;
	bool is_globalping = cp_scan_word(&at, "Host");
	size_t len;

	if (!is_globalping && !cp_scan_text(&at, "HOST:"))
		return false;
	while ((len = cp_scan_token(&at, &token)) > 0) {
		enum column column;

		if (!find_column(token, len, &column)) {
			if (heading.n_columns || is_globalping)
				return false;
			continue;
		}
		if (heading.n_columns == COLUMNS_MAX)
			return false;
		if (heading.n_columns == 0) /* titles stand at the right of their columns */
			heading.values_at = (size_t)(token - line) + len - (len < LOSS_WIDTH ? LOSS_WIDTH : len);
		heading.columns[heading.n_columns++] = column;
	}
	*ret_heading = heading;
	return heading.n_columns > 0;
}

/* A report that ends with an answer of a router: what kind of answer that was is not told. */
static void note_refusal(const struct cp_text_trace *text, struct cp_hop *last)
{
	if (last->kind == CP_REPLY_NONE || last->ttl >= text->max_ttl || cp_addr_eq(&last->addr, &text->trace.dest))
		return;
	last->kind = CP_REPLY_UNTOLD;
	last->icmp_type = 0;
}

/* Where the path leads when the command has a name: see above. */
static void find_dest(struct cp_text_trace *text)
{
	struct cp_path *path = &text->trace.path;
	struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;

	if (!last)
		return;
	if (text->has_dest)
		note_refusal(text, last);
	else if (!text->host[0])
		cp_text_trace_refuse(text, text->trace.line,
		        "the report does not say where it leads: its command (mtr ... ADDRESS) is wanted before it");
	else if (!last->ptr || strcasecmp(last->ptr, text->host) != 0)
		cp_text_trace_refuse(text, text->trace.line,
		        "the report does not tell the address of '%.60s': it is wanted in the command before it",
		        text->host);
	else
		cp_text_trace_dest(text, &last->addr);
}

static int begin(struct mtr *mtr, size_t number)
{
	struct cp_text_trace *text = &mtr->reader.text;
	struct cp_text_command *command = &mtr->reader.command;
	struct cp_addr dest;
	int rc = cp_text_trace_finish(text);

	cp_text_trace_start(text, number);
	text->close = find_dest;
	text->max_ttl = command->is_seen && command->max_ttl ? command->max_ttl : MAX_TTL;
	text->is_trimmed = true;
	text->trace.wall_ms = mtr->start_ms;
	mtr->start_ms = UINT64_MAX;
	if (!command->is_seen)
		return rc;
	if (command->host[0])
		cp_text_trace_host(text, command->line, command->host, strlen(command->host));
	if (cp_scan_addr(command->host, strlen(command->host), &dest))
		cp_text_trace_dest(text, &dest);
	text->trace.target.proto = command->proto;
	text->trace.target.port = command->proto == IPPROTO_ICMP ? 0 : (uint16_t)command->port;
	if (command->proto == IPPROTO_ICMP)
		text->arrival = CP_REPLY_ECHO;
	command->is_seen = command->is_globalping;
	return rc;
}

/* ---- Rows ---- */

struct row {
	uint32_t ttl;
	bool is_silent;
	struct cp_who who;
	uint32_t n_sent;
	uint32_t rtt_us; /* 0: not told */
	char why[128]; /* "": all is well */
};

/* Cuts n words off the end of a line that ends at *end; false when there are not as many. */
static bool cut_values(const char *start, const char **end, size_t n)
{
	const char *at = *end;

	for (size_t i = 0; i < n; i++) {
		while (at > start && (at[-1] == ' ' || at[-1] == '\t'))
			at--;
		if (at == start)
			return false;
		while (at > start && at[-1] != ' ' && at[-1] != '\t')
			at--;
	}
	*end = at;
	return true;
}

/* The average of the round trips, else the best or the last. */
static void read_values(const struct mtr *mtr, const char *at, struct row *row)
{
	uint32_t values[LAST + 1] = {0}, value;

	for (size_t i = 0; i < mtr->heading.n_columns; i++) {
		const char *token, *number;
		size_t len = cp_scan_token(&at, &token);

		number = token;
		if (mtr->heading.columns[i] == OTHER)
			continue;
		if (!cp_scan_decimal(&number, &value) || number != token + len) {
			snprintf(row->why, sizeof(row->why), "'%.*s' is no number", len < 20 ? (int)len : 20, token);
			return;
		}
		values[mtr->heading.columns[i]] = value;
	}
	row->n_sent = (values[SENT] ? values[SENT] : values[DROPPED] + values[RECEIVED]) / 1000;
	row->rtt_us = values[AVERAGE] ? values[AVERAGE] : values[BEST] ? values[BEST] : values[LAST];
	if (!row->rtt_us)
		row->rtt_us = 1; /* too short to be shown */
}

/* "AS64500", "AS???" */
static bool skip_asn(const char **at)
{
	const char *next = *at, *token;
	size_t len = cp_scan_token(&next, &token);

	if (len < 3 || memcmp(token, "AS", 2) != 0 || strspn(token + 2, "0123456789?") != len - 2)
		return false;
	*at = next;
	return true;
}

/*
 * Without -w, mtr cuts names where the values begin. Half an IPv6 address may
 * look like a whole one: it is not believed when it ends exactly there.
 */
static bool may_be_cut(const struct mtr *mtr, const char *line, const char *who_end, const char *values)
{
	size_t n_blanks = strspn(who_end, " "), n_loss = strcspn(values, " ");

	return (size_t)(who_end - line) == mtr->heading.values_at && n_blanks + n_loss == LOSS_WIDTH;
}

static void check_who(const struct mtr *mtr, const char *line, const char *values, struct row *row)
{
	const char *end = values;

	while (end > line && end[-1] == ' ')
		end--;
	if (!row->who.name[0] && !cp_addr_is_v4(&row->who.addr) && may_be_cut(mtr, line, end, values))
		snprintf(row->why, sizeof(row->why), CUT);
}

static void read_who(const struct mtr *mtr, const char *line, const char *at, const char *values, struct row *row)
{
	char part[CP_LINE_MAX + 1];
	const char *rest = part;
	enum cp_scan_who named;

	snprintf(part, sizeof(part), "%.*s", (int)(values - at), at);
	while (skip_asn(&rest))
		;
	if (cp_scan_word(&rest, "???") || cp_scan_text(&rest, "(waiting for reply)")) {
		row->is_silent = true;
		if (!cp_scan_end(&rest))
			snprintf(row->why, sizeof(row->why), "'%.40s' is not understood", rest);
		return;
	}
	named = cp_scan_who(&rest, &row->who);
	if (named == CP_WHO_UNNUMBERED && strchr(row->who.name, ':'))
		snprintf(row->why, sizeof(row->why), CUT);
	else if (named == CP_WHO_UNNUMBERED)
		snprintf(row->why, sizeof(row->why), "'%.40s' is a name without an address: mtr -bw shows both",
		        row->who.name);
	else if (named == CP_WHO_NONE || !cp_scan_end(&rest))
		snprintf(row->why, sizeof(row->why), "this line of TTL %u is not understood", row->ttl);
	else
		check_who(mtr, line, values, row);
}

/* " 1.|-- ", " 1. " */
static bool scan_ttl(const char **at, uint32_t *ret_ttl)
{
	if (!cp_scan_uint(at, UINT8_MAX, ret_ttl) || *ret_ttl == 0 || *(*at)++ != '.')
		return false;
	if (cp_scan_text(at, "|--"))
		return true;
	return **at == ' ' || **at == '\t';
}

static bool scan_row(const struct mtr *mtr, const char *line, struct row *ret_row)
{
	const char *at = line, *values = line + strlen(line);
	struct row row = {0};

	if (!scan_ttl(&at, &row.ttl))
		return false;
	if (!cut_values(at, &values, mtr->heading.n_columns)) {
		/* Globalping has no values of who is silent. */
		values = line + strlen(line);
		read_who(mtr, line, at, values, &row);
		if (!row.is_silent)
			snprintf(row.why, sizeof(row.why), "this line of TTL %u has not all values", row.ttl);
	} else {
		const char *rest = at;

		while (skip_asn(&rest))
			;
		if (cp_scan_text(&rest, "(waiting for reply)")) {
			row.is_silent = true;
		} else {
			read_who(mtr, line, at, values, &row);
			read_values(mtr, values, &row);
		}
	}
	*ret_row = row;
	return true;
}

static int take_row(struct mtr *mtr, size_t number, const struct row *row)
{
	struct cp_text_trace *text = &mtr->reader.text;
	struct cp_hop *hop;
	int rc;

	rc = cp_text_trace_row(text, number, row->ttl, &hop);
	if (rc || !hop)
		return rc;
	if (row->why[0] && mtr->reader.is_cut)
		cp_text_trace_drop(text);
	else if (row->why[0])
		cp_text_trace_refuse(text, number, "%s", row->why);
	else {
		cp_text_trace_probe(hop, row->n_sent);
		if (!row->is_silent)
			cp_text_trace_answer(text, hop, &row->who, row->rtt_us);
	}
	return 0;
}

/* "[MPLS: Lbl N TC N S N TTL N]"; the traffic class was called Exp. */
static bool scan_mpls(const char *at, uint32_t *ret_entry)
{
	uint32_t label, tc, s, ttl;

	if (!cp_scan_text(&at, "[MPLS: Lbl") || !cp_scan_uint(&at, 0xfffff, &label))
		return false;
	if (!(cp_scan_word(&at, "TC") || cp_scan_word(&at, "Exp")) || !cp_scan_uint(&at, 7, &tc))
		return false;
	if (!cp_scan_word(&at, "S") || !cp_scan_uint(&at, 1, &s))
		return false;
	if (!cp_scan_word(&at, "TTL") || !cp_scan_uint(&at, 255, &ttl) || *at != ']')
		return false;
	*ret_entry = label << 12 | tc << 9 | s << 8 | ttl;
	return true;
}

/* A line below a row: another router that answered there, or a label. */
static void take_below(struct mtr *mtr, const char *line)
{
	struct cp_text_trace *text = &mtr->reader.text;
	struct cp_path *path = &text->trace.path;
	const char *at = line + strspn(line, " \t|`+-");
	struct cp_who who;
	struct cp_hop *hop;
	uint32_t entry;

	if (!text->is_open || !path->n_hops || at == line || mtr->reader.is_cut)
		return;
	hop = &path->hops[path->n_hops - 1];
	if (scan_mpls(at, &entry)) {
		if (hop->n_mpls < CP_MPLS_MAX && !(hop->flags & CP_HOP_OTHER_ADDR))
			hop->mpls[hop->n_mpls++] = entry;
		return;
	}
	while (skip_asn(&at))
		;
	if (cp_scan_who(&at, &who) == CP_WHO_READ && cp_scan_end(&at))
		cp_text_trace_answer(text, hop, &who, 0);
}

/* ---- The text ---- */

static int take(struct cp_text_reader *reader, size_t number, const char *line)
{
	struct mtr *mtr = (struct mtr *)reader;
	const char *at = line;
	struct row row;
	int rc;

	if (scan_heading(line, &mtr->heading))
		return begin(mtr, number);
	if (mtr->heading.n_columns && scan_row(mtr, line, &row))
		return take_row(mtr, number, &row);
	if (cp_scan_text(&at, "Start:")) {
		rc = cp_text_trace_finish(&reader->text);
		mtr->start_ms = cp_scan_time(at);
		return rc;
	}
	if (cp_text_command_parse(line, &reader->command)) {
		reader->command.line = number;
		reader->command.is_seen = reader->command.tool == CP_TOOL_MTR;
		return cp_text_trace_finish(&reader->text);
	}
	take_below(mtr, line);
	return 0;
}

static int read_text(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	struct mtr mtr = {.start_ms = UINT64_MAX};

	return cp_text_read(&mtr.reader, text, len, source, "mtr", sink, take, err);
}

static enum cp_import_match look(const char *line)
{
	struct heading heading;

	return scan_heading(line, &heading) ? CP_IMPORT_SURE : CP_IMPORT_NO;
}

static enum cp_import_match match(const char *text, size_t len)
{
	return cp_text_match(text, len, look);
}

const struct cp_import_format cp_import_mtr_text = {
        .name = "mtr-text",
        .what = "reports of mtr (-r, -b or -n), and of Globalping's mtr",
        .match = match,
        .read = read_text,
};
