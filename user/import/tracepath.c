// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tracepath.c: the output of iputils' tracepath and tracepath6, by what its
 * source prints:
 *
 *   TTL[?]:  [LOCALHOST] pmtu N
 *   TTL[?]:  no reply | send failed
 *   TTL[?]:  WHO  [asymm N] N.NNNms [asymm N | pmtu N | reached | !H]
 *        Too many hops: pmtu N
 *        Resume: pmtu N [hops N back N]
 *
 * A TTL may have several lines, and late ones stand behind those of higher
 * TTLs. Where the path leads is only said by "reached", and by the command.
 */
#include <netinet/in.h>
#include <string.h>

#include "text_formats.h"
#include "text_mark.h"
#include "text_reader.h"

enum { MAX_TTL = 30 };

struct row {
	uint32_t ttl;
	struct cp_who who;
	enum cp_scan_who named;
	uint32_t rtt_us; /* 0: none */
	struct cp_hop mark; /* kind and code, of a line that ends in a mark */
	bool is_local; /* about ourselves */
	bool is_pmtu; /* the packet was too big, and is sent again */
	bool is_reached;
	bool is_whole; /* it has its time */
	bool is_bad;
};

/* The words behind who answered. */
static void scan_tail(struct row *row, const char *at)
{
	const char *token;
	uint32_t number;
	size_t len;

	while (!cp_scan_end(&at)) {
		if (cp_scan_ms(&at, &row->rtt_us)) {
			row->is_whole = true;
		} else if (cp_scan_word(&at, "asymm")) {
			row->is_bad |= !cp_scan_uint(&at, UINT8_MAX, &number);
		} else if (cp_scan_word(&at, "pmtu")) {
			row->is_bad |= !cp_scan_uint(&at, UINT32_MAX, &number);
			row->is_pmtu = true;
		} else if (cp_scan_word(&at, "reached")) {
			row->is_reached = true;
		} else if (!cp_scan_text(&at, "(This broken router returned corrupted payload)")) {
			row->mark.addr = row->who.addr;
			len = cp_scan_token(&at, &token);
			row->is_bad |= !cp_text_mark(token, len, &row->mark);
		}
	}
}

/* False: this is no row. */
static bool scan_row(const char *line, struct row *ret_row)
{
	struct row row = {0};

	if (!cp_scan_uint(&line, UINT8_MAX, &row.ttl) || row.ttl == 0)
		return false;
	if (*line == '?')
		line++;
	if (*line++ != ':' || (*line != ' ' && *line != '\t'))
		return false;
	if (cp_scan_word(&line, "[LOCALHOST]")) {
		row.is_local = true;
	} else if (cp_scan_text(&line, "no reply") || cp_scan_text(&line, "send failed")) {
		row.is_whole = true;
		row.is_bad = !cp_scan_end(&line);
	} else {
		row.named = cp_scan_who(&line, &row.who);
		row.is_bad = row.named == CP_WHO_NONE;
		scan_tail(&row, line);
	}
	*ret_row = row;
	return true;
}

/* ---- The text ---- */

static int begin(struct cp_text_reader *reader, size_t number)
{
	int rc = cp_text_trace_finish(&reader->text);
	const struct cp_text_command *command = &reader->command;
	struct cp_text_trace *text = &reader->text;
	struct cp_addr dest;

	cp_text_trace_start(text, command->is_seen ? command->line : number);
	text->trace.target.proto = IPPROTO_UDP;
	text->arrival = CP_REPLY_NONE;
	text->max_ttl = command->is_seen && command->max_ttl ? command->max_ttl : MAX_TTL;
	if (command->is_seen && command->host[0]) {
		cp_text_trace_host(text, command->line, command->host, strlen(command->host));
		if (cp_scan_addr(command->host, strlen(command->host), &dest))
			cp_text_trace_dest(text, &dest);
	}
	reader->command.is_seen = false;
	return rc;
}

static void refuse_row(struct cp_text_trace *text, size_t number, const struct row *row)
{
	if (row->named == CP_WHO_UNNUMBERED && row->is_whole)
		cp_text_trace_refuse(
		        text, number, "'%.40s' is a name without an address: tracepath -b shows both", row->who.name);
	else
		cp_text_trace_refuse(text, number, "this line of TTL %u is not understood", row->ttl);
}

static void reach(struct cp_text_trace *text, size_t number, const struct row *row, struct cp_hop *hop)
{
	if (text->has_dest && !cp_addr_eq(&text->trace.dest, &row->who.addr))
		cp_text_trace_refuse(text, number, "reached by another address than the command's");
	cp_text_trace_dest(text, &row->who.addr);
	hop->addr = row->who.addr;
	hop->kind = CP_REPLY_UNREACHABLE;
	hop->icmp_type = cp_addr_is_v4(&hop->addr) ? 3 : 1;
	hop->icmp_code = cp_addr_is_v4(&hop->addr) ? 3 : 4;
}

static void fill_hop(struct cp_text_trace *text, size_t number, const struct row *row, struct cp_hop *hop)
{
	cp_text_trace_probe(hop, 1);
	if (row->named != CP_WHO_READ)
		return;
	if (cp_text_trace_answer(text, hop, &row->who, row->rtt_us) && row->mark.kind != CP_REPLY_NONE) {
		hop->kind = row->mark.kind;
		hop->icmp_type = row->mark.icmp_type;
		hop->icmp_code = row->mark.icmp_code;
	}
	if (row->is_reached)
		reach(text, number, row, hop);
}

static int take_row(struct cp_text_reader *reader, size_t number, const struct row *row)
{
	struct cp_text_trace *text = &reader->text;
	struct cp_hop *hop;
	int rc = 0;

	if (!text->is_open || reader->command.is_seen || row->is_local)
		rc = begin(reader, number);
	if (rc || row->is_local || (row->is_pmtu && !row->is_bad))
		return rc;
	if (reader->is_cut && (row->is_bad || !row->is_whole)) {
		text->is_cut = true;
		return 0;
	}
	hop = cp_text_trace_hop(text, number, row->ttl);
	if (!hop)
		return 0;
	if (row->is_bad || !row->is_whole || row->named == CP_WHO_UNNUMBERED)
		refuse_row(text, number, row);
	else
		fill_hop(text, number, row, hop);
	return 0;
}

static int take(struct cp_text_reader *reader, size_t number, const char *line)
{
	const char *at = line;
	struct row row;

	if (scan_row(line, &row))
		return take_row(reader, number, &row);
	if (cp_text_command_parse(line, &reader->command)) {
		reader->command.line = number;
		reader->command.is_seen = reader->command.tool == CP_TOOL_TRACEPATH;
		return cp_text_trace_finish(&reader->text);
	}
	if (cp_scan_text(&at, "Too many hops:"))
		reader->text.max_ttl = 0;
	else if (cp_scan_text(&at, "Resume:"))
		return cp_text_trace_finish(&reader->text);
	return 0;
}

static int read_text(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	struct cp_text_reader reader;

	return cp_text_read(&reader, text, len, source, "tracepath", sink, take, err);
}

static enum cp_import_match look(const char *line)
{
	const char *at = line;
	struct row row;

	if (cp_scan_text(&at, "Resume: pmtu"))
		return CP_IMPORT_SURE;
	if (!scan_row(line, &row) || row.is_bad)
		return CP_IMPORT_NO;
	return row.is_local ? CP_IMPORT_SURE : row.is_whole ? CP_IMPORT_MAYBE : CP_IMPORT_NO;
}

static enum cp_import_match match(const char *text, size_t len)
{
	return cp_text_match(text, len, look);
}

const struct cp_import_format cp_import_tracepath = {
        .name = "tracepath",
        .what = "output of tracepath -b or -n (iputils)",
        .match = match,
        .read = read_text,
};
