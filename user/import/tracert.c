// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tracert.c: the output of Windows' tracert, in whatever language Windows
 * speaks. What is the same in all of them:
 *
 *   words NAME [ADDRESS] words      or      words ADDRESS words N words
 *   words N words                           (N: at most that many hops)
 *
 *   TTL { <N UNIT | N UNIT | * } x 3  NAME [ADDRESS] | ADDRESS | words
 *   TTL NAME [ADDRESS] | ADDRESS  words     (it answered: unreachable)
 */
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#include "text_formats.h"
#include "text_reader.h"

enum {
	N_CELLS = 3,
	HEADING_LINES = 3, /* a heading has two lines, and an empty one */
};

/* ---- Heading ---- */

/* The destination that a heading names, and the most hops if they are in the same line. */
struct heading {
	struct cp_addr dest;
	char host[CP_NAME_SIZE];
	uint32_t max_ttl; /* 0: not in this line */
};

/* The only number of 1 to 255 that is a word in this line; 0: none, or several. */
static uint32_t find_number(const char *line)
{
	uint32_t found = 0, n = 0, value;
	const char *token;

	while (cp_scan_token(&line, &token)) {
		if (cp_scan_uint(&token, UINT8_MAX, &value) && value &&
		        (token == line || (*token == ':' && token + 1 == line))) {
			found = value;
			n++;
		}
	}
	return n == 1 ? found : 0;
}

/* "name [address]": the word before the bracket, or the address alone. */
static bool find_bracketed(const char *line, struct heading *heading)
{
	const char *open = strchr(line, '['), *close = open ? strchr(open, ']') : NULL, *start;

	if (!close || !cp_scan_addr(open + 1, (size_t)(close - open - 1), &heading->dest))
		return false;
	while (open > line && open[-1] == ' ')
		open--;
	for (start = open; start > line && start[-1] != ' '; start--)
		;
	if (start == open || open - start >= CP_NAME_SIZE)
		return false;
	memcpy(heading->host, start, (size_t)(open - start));
	heading->host[open - start] = '\0';
	heading->max_ttl = find_number(close + 1);
	return true;
}

static bool find_bare(const char *line, struct heading *heading)
{
	const char *at = line, *token;
	size_t len;

	while ((len = cp_scan_token(&at, &token)) > 0) {
		if (!cp_scan_addr(token, len, &heading->dest))
			continue;
		cp_addr_format(&heading->dest, heading->host);
		heading->max_ttl = find_number(line);
		return true;
	}
	return false;
}

/* How the line begins in the languages known; others are told by the rows that follow. */
static bool is_known_heading(const char *line)
{
	static const char *const beginnings[] = {
	        "Tracing route to ",
	        "Routenverfolgung zu ",
	        "D\xc3\xa9termination de l",
	        "D\xe9termination de l",
	        "D\x82termination de l",
	        "Traza a ",
	        "Traza de ",
	        "Rastreando a rota ",
	        "A rastrear a rota ",
	        "Rastreio da rota ",
	        "Traccia instradamento verso ",
	        "Rilevazione instradamento verso ",
	};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (cp_scan_text(&line, beginnings[i]))
			return true;
	}
	return false;
}

static bool is_remark(const char *line)
{
	return cp_scan_text(&line, "#") || strstr(line, "tracert ") || strstr(line, "tracert.exe");
}

/* ---- Rows ---- */

struct row {
	uint32_t ttl;
	uint32_t n_cells, n_silent;
	uint32_t rtt_us; /* of the first answer; 0: none */
	struct cp_who who;
	bool has_who;
	bool is_interrupted; /* "^C" */
	const char *words; /* what is behind */
};

/* "ms" in any script: a short word that is neither a number nor an address. */
static bool scan_unit(const char **at)
{
	const char *next = *at, *token;
	size_t len = cp_scan_token(&next, &token);

	if (len == 0 || len > 8)
		return false;
	if (!(len == 2 && (token[0] | 0x20) == 'm' && (token[1] | 0x20) == 's')) {
		for (size_t i = 0; i < len; i++) {
			if (!(token[i] & 0x80))
				return false;
		}
	}
	*at = next;
	return true;
}

static bool scan_cell(const char **at, struct row *row)
{
	const char *next = *at;
	uint32_t ms;

	if (cp_scan_word(&next, "*")) {
		row->n_silent++;
		*at = next;
		return true;
	}
	cp_scan_text(&next, "<");
	if (!cp_scan_uint(&next, UINT32_MAX / 1000 - 1, &ms) || !scan_unit(&next))
		return false;
	if (row->n_cells == row->n_silent) {
		/* Less than tracert can tell is not unknown. */
		bool is_less = memchr(*at, '<', (size_t)(next - *at)) != NULL;

		row->rtt_us = is_less || ms == 0 ? 1 : ms * 1000;
	}
	*at = next;
	return true;
}

/* False: not even the beginning of a row. Else what could be read of it. */
static bool scan_row(const char *line, struct row *ret_row)
{
	struct row row = {0};

	if (!cp_scan_uint(&line, UINT8_MAX, &row.ttl) || row.ttl == 0 || (*line != ' ' && *line != '\t'))
		return false;
	while (row.n_cells < N_CELLS && scan_cell(&line, &row))
		row.n_cells++;
	row.words = line;
	row.is_interrupted = cp_scan_word(&line, "^C");
	if (row.n_silent < N_CELLS && cp_scan_who(&line, &row.who) == CP_WHO_READ) {
		row.has_who = true;
		row.words = line;
	}
	cp_scan_blanks(&row.words);
	*ret_row = row;
	return true;
}

static bool is_full(const struct row *row)
{
	if (row->n_cells == 0)
		return row->has_who && *row->words; /* "192.168.0.1  reports: ..." */
	if (row->n_cells < N_CELLS)
		return false;
	return row->n_silent == N_CELLS || (row->has_who && !*row->words);
}

/* "... reports: Destination host unreachable." in the languages known. */
static bool unreachable_code(const char *words, uint8_t *ret_code)
{
	static const struct {
		const char *words;
		uint8_t code;
	} sentences[] = {
	        {"Destination net unreachable", 0}, {"Destination network unreachable", 0},
	        {"Destination host unreachable", 1}, {"Destination protocol unreachable", 2},
	        {"Destination port unreachable", 3}, {"Zielnetz nicht erreichbar", 0}, {"Zielhost nicht erreichbar", 1},
	        {"Zielprotokoll nicht erreichbar", 2}, {"Zielport nicht erreichbar", 3},
	        {"Red de destino inaccesible", 0}, {"Host de destino inaccesible", 1}, {"Rede de destino inacess", 0},
	        {"Host de destino inacess", 1},
	        {"seau de destination", 0}, /* Impossible de joindre le réseau de destination */
	        {"te de destination", 1}, /* Impossible de joindre l'hôte de destination */
	};

	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (strcasestr(words, sentences[i].words)) {
			*ret_code = sentences[i].code;
			return true;
		}
	}
	return false;
}

static void set_unreachable(struct cp_text_trace *text, size_t number, struct cp_hop *hop, const struct row *row)
{
	static const uint8_t codes6[] = {0, 3, 4, 4}; /* RFC 4443: no route, address, port */
	bool is_v4 = cp_addr_is_v4(&hop->addr);
	uint8_t code;

	if (!unreachable_code(row->words, &code)) {
		cp_text_trace_refuse(text, number, "what this router reports is not understood");
		return;
	}
	hop->kind = CP_REPLY_UNREACHABLE;
	hop->icmp_type = is_v4 ? 3 : 1;
	hop->icmp_code = is_v4 ? code : codes6[code];
}

static void fill_hop(struct cp_text_trace *text, size_t number, struct cp_hop *hop, const struct row *row)
{
	cp_text_trace_probe(hop, row->n_cells ? row->n_cells : 1);
	if (!row->has_who)
		return;
	cp_text_trace_answer(text, hop, &row->who, row->rtt_us);
	if (row->n_cells == 0)
		set_unreachable(text, number, hop, row);
}

static void refuse_row(struct cp_text_trace *text, size_t number, const struct row *row)
{
	if (row->n_cells == N_CELLS && !row->has_who && row->who.name[0])
		cp_text_trace_refuse(text, number, "'%.40s' is a name without an address", row->who.name);
	else
		cp_text_trace_refuse(text, number, "this line of TTL %u is not understood", row->ttl);
}

/* ---- The text ---- */

struct tracert {
	struct cp_text_reader reader; /* first */
	struct heading heading; /* the latest, until rows follow */
	size_t heading_line; /* 0: none */
	size_t n_lines_since; /* that are not empty */
};

static int begin(struct tracert *tracert)
{
	struct cp_text_trace *text = &tracert->reader.text;
	int rc = cp_text_trace_finish(text);

	cp_text_trace_start(text, tracert->heading_line);
	cp_text_trace_host(text, tracert->heading_line, tracert->heading.host, strlen(tracert->heading.host));
	cp_text_trace_dest(text, &tracert->heading.dest);
	text->trace.target.proto = IPPROTO_ICMP;
	text->arrival = CP_REPLY_ECHO;
	text->max_ttl = tracert->heading.max_ttl;
	tracert->heading_line = 0;
	return rc;
}

static int take_row(struct tracert *tracert, size_t number, const struct row *row)
{
	struct cp_text_trace *text = &tracert->reader.text;
	bool is_cut = tracert->reader.is_cut || row->is_interrupted;
	struct cp_hop *hop;
	int rc = 0;

	if (tracert->heading_line)
		rc = begin(tracert);
	rc = rc ? rc : cp_text_trace_row(text, number, row->ttl, &hop);
	if (rc || !hop)
		return rc;
	if (is_full(row))
		fill_hop(text, number, hop, row);
	else if (!is_cut)
		refuse_row(text, number, row);
	/* The address may be half of one. */
	if (is_cut && !cp_text_trace_has_arrived(text) && row->n_silent < N_CELLS)
		cp_text_trace_drop(text);
	return 0;
}

/* A row without times is known by its place alone. */
static bool may_be_row(const struct tracert *tracert, const struct row *row)
{
	const struct cp_text_trace *text = &tracert->reader.text;
	uint32_t next = cp_text_trace_next(text);

	if (row->n_cells)
		return true;
	if (tracert->heading_line)
		return row->ttl == 1 && row->has_who && *row->words;
	return text->is_open && !cp_text_trace_has_arrived(text) && row->ttl == (next ? next : 1);
}

static int take_words(struct tracert *tracert, size_t number, const char *line)
{
	struct cp_text_trace *text = &tracert->reader.text;
	bool is_known = is_known_heading(line);
	struct heading heading;

	if (cp_scan_end(&line) || is_remark(line))
		return 0;
	if (find_bracketed(line, &heading) || (find_bare(line, &heading) && (is_known || heading.max_ttl))) {
		tracert->heading = heading;
		tracert->heading_line = number;
		tracert->n_lines_since = 0;
		return is_known ? begin(tracert) : 0;
	}
	/* The second line of a heading. */
	if (tracert->heading_line) {
		if (!tracert->heading.max_ttl)
			tracert->heading.max_ttl = find_number(line);
		if (++tracert->n_lines_since >= HEADING_LINES)
			tracert->heading_line = 0;
	} else if (text->is_open && !cp_text_trace_next(text) && !text->max_ttl) {
		text->max_ttl = find_number(line);
	}
	return 0;
}

static int take(struct cp_text_reader *reader, size_t number, const char *line)
{
	struct tracert *tracert = (struct tracert *)reader;
	struct row row;

	if (scan_row(line, &row) && may_be_row(tracert, &row))
		return take_row(tracert, number, &row);
	return take_words(tracert, number, line);
}

static int read_text(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	struct tracert tracert = {.heading_line = 0};

	return cp_text_read(&tracert.reader, text, len, source, "tracert", sink, take, err);
}

/* Three cells and who answered are nobody else's. */
static enum cp_import_match look(const char *line)
{
	struct row row;

	if (is_known_heading(line))
		return CP_IMPORT_SURE;
	if (!scan_row(line, &row) || row.n_cells < N_CELLS || !is_full(&row))
		return CP_IMPORT_NO;
	/* " 3  * * *" is traceroute's. */
	return row.n_silent < N_CELLS || *row.words ? CP_IMPORT_MAYBE : CP_IMPORT_NO;
}

static enum cp_import_match match(const char *text, size_t len)
{
	return cp_text_match(text, len, look);
}

const struct cp_import_format cp_import_tracert = {
        .name = "tracert",
        .what = "output of Windows' tracert, in any language",
        .match = match,
        .read = read_text,
};
