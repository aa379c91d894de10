// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * traceroute.c: the output of traceroute as Linux (traceroute 2.x), the BSDs,
 * macOS, busybox and GNU inetutils print it, of traceroute6, and of
 * tcptraceroute. The grammar was taken from their sources:
 *
 *   traceroute to NAME (ADDRESS)[ from ADDRESS], N hops max[, N byte packets]
 *   Tracing the path to NAME (ADDRESS) on TCP port N[ (SERVICE)], N hops max
 *   TTL { WHO { [ASes] <EXTENSIONS> [open] 'HOPS-BACK' } | N ms MARK | * }...
 *
 * WHO is only printed when it changes; the BSDs begin a line for that.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "text_formats.h"
#include "text_mark.h"
#include "text_reader.h"

/* ---- Heading ---- */

/* "..., 30 hops max": the number before the words. */
static uint32_t find_max_ttl(const char *line)
{
	for (const char *comma = strchr(line, ','); comma; comma = strchr(comma + 1, ',')) {
		const char *at = comma + 1;
		uint32_t max_ttl;

		if (cp_scan_uint(&at, UINT8_MAX, &max_ttl) && cp_scan_word(&at, "hops"))
			return max_ttl;
	}
	return 0;
}

/* Private and link-local ones are of no use: they are not the public address. */
static bool is_public(const struct cp_addr *addr)
{
	uint32_t v4;

	if (!cp_addr_is_v4(addr))
		return (addr->b[0] & 0xe0) == 0x20; /* 2000::/3 */
	v4 = cp_addr_v4(addr);
	return v4 >> 24 != 10 && v4 >> 24 != 127 && v4 >> 24 != 0 && v4 >> 20 != 0xac1 && v4 >> 16 != 0xc0a8 &&
	       v4 >> 16 != 0xa9fe && v4 >> 22 != 0x191 && v4 >> 28 < 0xe;
}

/* Reads "NAME (ADDRESS)" or "ADDRESS"; the comma behind is left. */
static void read_dest(struct cp_text_trace *text, size_t number, const char **at)
{
	const char *host, *start, *end;
	struct cp_addr dest;
	size_t len;

	cp_scan_blanks(at);
	host = *at;
	len = strcspn(host, " \t(,");
	*at += len;
	if (!cp_text_trace_host(text, number, host, len))
		return;
	start = *at;
	if (cp_scan_text(&start, "(")) {
		end = strchr(start, ')');
		if (end && cp_scan_addr(start, (size_t)(end - start), &dest)) {
			cp_text_trace_dest(text, &dest);
			*at = end + 1;
		}
	} else if (cp_scan_addr(host, len, &dest)) {
		cp_text_trace_dest(text, &dest);
	}
}

static void read_udp_heading(struct cp_text_reader *reader, size_t number, const char *at)
{
	struct cp_text_trace *text = &reader->text;
	const struct cp_text_command *command = &reader->command;
	struct cp_addr source;

	read_dest(text, number, &at);
	if (cp_scan_word(&at, "from")) {
		cp_scan_blanks(&at);
		if (cp_scan_addr(at, strcspn(at, " ,"), &source) && is_public(&source))
			text->trace.source = source;
	}
	if (command->is_seen) {
		text->trace.target.proto = command->proto;
		text->trace.target.port = command->proto == IPPROTO_TCP ? (uint16_t)command->port : 0;
	}
}

static void read_tcp_heading(struct cp_text_trace *text, size_t number, const char *at)
{
	uint32_t port;

	read_dest(text, number, &at);
	text->trace.target.proto = IPPROTO_TCP;
	if (cp_scan_word(&at, "on") && cp_scan_word(&at, "TCP") && cp_scan_word(&at, "port") &&
	        cp_scan_uint(&at, UINT16_MAX, &port))
		text->trace.target.port = (uint16_t)port;
}

static bool is_udp_heading(const char **at)
{
	return (cp_scan_word(at, "traceroute") || cp_scan_word(at, "traceroute6")) && cp_scan_word(at, "to");
}

static bool is_tcp_heading(const char **at)
{
	return cp_scan_text(at, "Tracing the path to ");
}

static bool is_heading(const char *line)
{
	const char *at = line;

	return is_tcp_heading(&at) || is_udp_heading(&at);
}

static int begin(struct cp_text_reader *reader, size_t number, const char *line)
{
	int rc = cp_text_trace_finish(&reader->text);
	const char *at = line;

	cp_text_trace_start(&reader->text, number);
	if (is_tcp_heading(&at))
		read_tcp_heading(&reader->text, number, at);
	else if (is_udp_heading(&at))
		read_udp_heading(reader, number, at);
	reader->text.max_ttl = find_max_ttl(line);
	reader->command.is_seen = false;
	return rc;
}

/* The BSDs print the heading elsewhere (stderr); the command may have the address. */
static int begin_by_command(struct cp_text_reader *reader)
{
	struct cp_text_command command = reader->command;
	int rc = cp_text_trace_finish(&reader->text);
	size_t len = strlen(command.host);
	struct cp_addr dest;

	reader->command.is_seen = false;
	cp_text_trace_start(&reader->text, command.line);
	cp_text_trace_host(&reader->text, command.line, command.host, len);
	if (cp_scan_addr(command.host, len, &dest))
		cp_text_trace_dest(&reader->text, &dest);
	reader->text.trace.target.proto = command.proto;
	reader->text.trace.target.port = command.proto == IPPROTO_TCP ? (uint16_t)command.port : 0;
	reader->text.max_ttl = command.max_ttl;
	return rc;
}

/* ---- Rows ---- */

struct row {
	struct cp_text_trace *text;
	struct cp_hop *hop;
	struct cp_who who;
	bool has_who; /* somebody was named in this row */
	bool is_hop; /* ... and is the hop itself */
	bool is_whole; /* a time or a mark came behind who */
	char why[96]; /* what is wrong */
};

static bool fail(struct row *row, const char *what, const char *word, size_t len)
{
	snprintf(row->why, sizeof(row->why), "'%.*s' %s", len < 40 ? (int)len : 40, word, what);
	return false;
}

/* "L=16001,E=0,S=1,T=1" (RFC 3032 entries), separated by '/'. */
static bool read_mpls(struct row *row, const char *at)
{
	static const struct {
		const char *key;
		uint32_t max, shift;
	} fields[] = {{"L=", 0xfffff, 12}, {",E=", 7, 9}, {",S=", 1, 8}, {",T=", 255, 0}};
	uint32_t entries[CP_MPLS_MAX], n = 0, value;

	do {
		uint32_t entry = 0;

		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			if (!cp_scan_text(&at, fields[i].key) || !cp_scan_uint(&at, fields[i].max, &value))
				return false;
			entry |= value << fields[i].shift;
		}
		if (n < CP_MPLS_MAX)
			entries[n++] = entry;
	} while (*at++ == '/');
	if (row->is_hop && !row->hop->n_mpls) {
		memcpy(row->hop->mpls, entries, n * sizeof(entries[0]));
		row->hop->n_mpls = (uint8_t)n;
	}
	return at[-1] == '>' || at[-1] == ';';
}

/* What a TCP segment's flags say of the destination: "<syn,ack>", "[open]". */
static void note_segment(struct row *row, bool is_open)
{
	if (!row->is_hop)
		return;
	row->hop->kind = is_open ? CP_REPLY_SYN_ACK : CP_REPLY_RST;
	row->hop->icmp_type = row->hop->icmp_code = 0;
}

/* "<MPLS:...>", "<syn,ack>", and objects that tell nothing of the path. */
static bool read_extension(struct row *row, const char **at)
{
	const char *start, *inner, *end;

	cp_scan_blanks(at);
	start = inner = *at + 1;
	end = strchr(start, '>');
	if (!end)
		return fail(row, "does not end", *at, strlen(*at));
	*at = end + 1;
	if (cp_scan_text(&inner, "MPLS:"))
		return read_mpls(row, inner) || fail(row, "is no label stack", start, (size_t)(end - start));
	if (cp_scan_text(&inner, "syn,ack"))
		note_segment(row, true);
	else if (cp_scan_text(&inner, "rst"))
		note_segment(row, false);
	return true;
}

/* "[AS64500]", "[*]", "[MPLS: Label 3 Exp 0]", "[open]". */
static bool read_bracket(struct row *row, const char **at)
{
	const char *start, *inner, *end;

	cp_scan_blanks(at);
	start = inner = *at + 1;
	end = strchr(start, ']');
	if (!end)
		return fail(row, "does not end", *at, strlen(*at));
	*at = end + 1;
	if (cp_scan_text(&inner, "open]"))
		note_segment(row, true);
	else if (cp_scan_text(&inner, "closed]"))
		note_segment(row, false);
	return true;
}

static bool read_who(struct row *row, const char **at)
{
	const char *start = *at;

	cp_scan_blanks(&start);
	switch (cp_scan_who(at, &row->who)) {
	case CP_WHO_READ:
		row->has_who = true;
		row->is_whole = false;
		row->is_hop = cp_text_trace_answer(row->text, row->hop, &row->who, 0);
		return true;
	case CP_WHO_UNNUMBERED:
		return fail(row, "is a name without an address", row->who.name, strlen(row->who.name));
	case CP_WHO_NONE:
		break;
	}
	return fail(row, "is not understood", start, strlen(start));
}

static bool read_mark(struct row *row, const char **at)
{
	struct cp_hop other = {.addr = row->who.addr};
	const char *mark;
	size_t len = cp_scan_token(at, &mark);

	row->is_whole = true;
	if (row->has_who && cp_text_mark(mark, len, row->is_hop ? row->hop : &other))
		return true;
	return fail(row, "is no known mark", mark, len);
}

static bool is_interrupt(const char *at)
{
	return cp_scan_word(&at, "^C") && cp_scan_end(&at);
}

static bool read_item(struct row *row, const char **at)
{
	const char *token;
	uint32_t rtt_us;

	if (cp_scan_text(at, "*")) {
		row->is_whole = true;
		cp_text_trace_probe(row->hop, 1);
		return true;
	}
	if (row->has_who && cp_scan_ms(at, &rtt_us)) {
		row->is_whole = true;
		cp_text_trace_probe(row->hop, 1);
		cp_text_trace_answer(row->text, row->hop, &row->who, rtt_us);
		return true;
	}
	cp_scan_blanks(at);
	switch (**at) {
	case '!':
		return read_mark(row, at);
	case '<':
		return read_extension(row, at);
	case '[':
		return read_bracket(row, at);
	case '\'': /* '-13': hops on the way back */
		cp_scan_token(at, &token);
		return true;
	case 'F': /* F=1500: the packet size from here on */
		if ((*at)[1] == '=') {
			cp_scan_token(at, &token);
			return true;
		}
		break;
	default:
		break;
	}
	return read_who(row, at);
}

static bool read_items(struct row *row, const char *at)
{
	while (!cp_scan_end(&at) && !is_interrupt(at)) {
		if (!read_item(row, &at))
			return false;
	}
	return true;
}

/* The last line of a text that was cut off may end in half an address. */
static void close_row(struct cp_text_reader *reader, size_t number, const struct row *row, bool is_good)
{
	if (reader->is_cut && !(is_good && row->is_whole))
		cp_text_trace_drop(&reader->text);
	else if (!is_good)
		cp_text_trace_refuse(&reader->text, number, "%s", row->why);
}

static int take_row(struct cp_text_reader *reader, size_t number, uint32_t ttl, const char *at)
{
	struct row row = {.text = &reader->text};
	int rc = 0;

	if (reader->command.is_seen)
		rc = begin_by_command(reader);
	rc = rc ? rc : cp_text_trace_row(&reader->text, number, ttl, &row.hop);
	if (rc == 0 && row.hop)
		close_row(reader, number, &row, read_items(&row, at));
	return rc;
}

/* The same TTL in one more line: it begins with who answered. */
static void take_continuation(struct cp_text_reader *reader, size_t number, const char *line)
{
	struct cp_path *path = &reader->text.trace.path;
	struct row row = {.text = &reader->text};
	const char *at = line;
	struct cp_who who;

	if (!reader->text.is_open || !path->n_hops || reader->command.is_seen)
		return;
	while (cp_scan_blanks(&at), *at == '[' && strchr(at, ']'))
		at = strchr(at, ']') + 1;
	if (cp_scan_who(&at, &who) != CP_WHO_READ)
		return;
	row.hop = &path->hops[path->n_hops - 1];
	if (!read_items(&row, line) && !reader->is_cut)
		cp_text_trace_refuse(&reader->text, number, "%s", row.why);
}

/* A number and something an item begins with; a sentence may begin with a number, too. */
static bool is_row(const struct cp_text_trace *text, const char *at, uint32_t ttl)
{
	uint32_t next = cp_text_trace_next(text);
	struct cp_who who;

	if (text->is_open && (ttl == next || !next) && !cp_text_trace_has_arrived(text))
		return true;
	cp_scan_blanks(&at);
	if (*at == '*')
		return true;
	return cp_scan_who(&at, &who) == CP_WHO_READ;
}

static bool is_our_command(const struct cp_text_command *command)
{
	return command->tool == CP_TOOL_TRACEROUTE || command->tool == CP_TOOL_TCPTRACEROUTE;
}

/* What follows a command of another tool is not ours. */
static int take_command(struct cp_text_reader *reader, size_t number)
{
	reader->command.line = number;
	reader->command.is_seen = is_our_command(&reader->command);
	return cp_text_trace_finish(&reader->text);
}

static int take(struct cp_text_reader *reader, size_t number, const char *line)
{
	const char *at = line;
	uint32_t ttl;

	if (is_heading(line))
		return begin(reader, number, line);
	if (cp_text_command_parse(line, &reader->command))
		return take_command(reader, number);
	if (cp_scan_uint(&at, UINT8_MAX, &ttl) && (*at == ' ' || *at == '\t') && !cp_scan_end(&at) &&
	        is_row(&reader->text, at, ttl))
		return take_row(reader, number, ttl, at);
	if (*line == ' ' || *line == '\t')
		take_continuation(reader, number, line);
	return 0;
}

static int read_text(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	struct cp_text_reader reader;

	return cp_text_read(&reader, text, len, source, "traceroute", sink, take, err);
}

static enum cp_import_match look(const char *line)
{
	struct cp_text_command command;

	if (is_heading(line))
		return CP_IMPORT_SURE;
	return cp_text_command_parse(line, &command) && is_our_command(&command) ? CP_IMPORT_MAYBE : CP_IMPORT_NO;
}

static enum cp_import_match match(const char *text, size_t len)
{
	return cp_text_match(text, len, look);
}

const struct cp_import_format cp_import_traceroute = {
        .name = "traceroute",
        .what = "output of traceroute and tcptraceroute (Linux, BSD, macOS, busybox, inetutils)",
        .match = match,
        .read = read_text,
};
