// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * nmap.c: the traces in nmap's normal output (--traceroute), by what its source
 * prints:
 *
 *   Starting Nmap ... at 2016-03-27 12:56 UTC
 *   Nmap scan report for NAME (ADDRESS) | ADDRESS
 *   TRACEROUTE[ (using port N/tcp | proto N/icmp)]
 *   HOP RTT ADDRESS
 *   N   N.NN ms WHO
 *   N   --      WHO             N  ...            N  ... N     (silence)
 *   -   Hops N-N are the same as for ADDRESS
 *
 * The last form stands for hops that nmap found on the way to another host of the
 * same scan, which may come later in its output: the text is read twice. Only
 * the highest of these TTLs was asked, and answered, on the way to this host; the
 * hops before it are marked as inferred. None has a time of its own.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text_formats.h"
#include "text_reader.h"
#include "text_time.h"

struct known_hop {
	struct cp_addr addr; /* zero: silent */
	char *name; /* NULL: none */
};

/* A trace that others may refer to, and what it refers to itself. */
struct known {
	uint32_t run;
	struct cp_addr dest;
	struct cp_addr like; /* whose hops those up to n_like are */
	uint8_t n_like, n_hops;
	struct known_hop *hops; /* of TTL 1 and up; without silence at the end */
};

struct nmap {
	struct cp_text_reader reader; /* first */
	struct known *known; /* sorted after the first reading */
	size_t n_known, known_cap;
	bool is_first; /* the first reading, which only collects what is known */
	bool out_of_memory;
	uint32_t run; /* how often nmap was started so far */
	struct cp_who host; /* of the latest report */
	bool has_host;
	bool is_in_table; /* between "HOP RTT ADDRESS" and what is no row */
	struct cp_addr like; /* of the trace at hand, as in struct known */
	uint8_t n_like;
	uint64_t start_ms; /* UINT64_MAX: not told */
};

/* ---- What others refer to ---- */

static struct known *add_known(struct nmap *nmap)
{
	if (nmap->n_known == nmap->known_cap) {
		size_t cap = nmap->known_cap ? nmap->known_cap * 2 : 64;
		struct known *known = reallocarray(nmap->known, cap, sizeof(*known));

		if (!known)
			return NULL;
		nmap->known = known;
		nmap->known_cap = cap;
	}
	return memset(&nmap->known[nmap->n_known++], 0, sizeof(struct known));
}

static bool copy_hops(struct known *known, const struct cp_path *path)
{
	uint32_t n_hops = path->n_hops;

	while (n_hops && cp_addr_is_zero(&path->hops[n_hops - 1].addr))
		n_hops--;
	if (n_hops == 0)
		return true;
	known->hops = calloc(n_hops, sizeof(*known->hops));
	if (!known->hops)
		return false;
	known->n_hops = (uint8_t)n_hops;
	for (uint32_t i = 0; i < n_hops; i++) {
		known->hops[i].addr = path->hops[i].addr;
		if (!path->hops[i].ptr)
			continue;
		known->hops[i].name = strdup(path->hops[i].ptr);
		if (!known->hops[i].name)
			return false;
	}
	return true;
}

/* The end of a trace in the first reading. */
static void remember(struct cp_text_trace *text)
{
	struct nmap *nmap = (struct nmap *)text;
	const struct cp_path *path = &text->trace.path;
	struct known *known;

	if (!nmap->is_first || text->bad_line || !text->has_dest || !path->n_hops || path->hops[0].ttl != 1)
		return;
	known = add_known(nmap);
	if (!known) {
		nmap->out_of_memory = true;
		return;
	}
	known->run = nmap->run;
	known->dest = text->trace.dest;
	known->like = nmap->like;
	known->n_like = nmap->n_like;
	nmap->out_of_memory = !copy_hops(known, path);
}

static int compare_known(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->run != y->run ? (x->run > y->run) - (x->run < y->run) : cp_addr_cmp(&x->dest, &y->dest);
}

/* NULL: not in the text. One reference may lead to the next, as often as there are TTLs. */
static const struct known_hop *recall(const struct nmap *nmap, const struct cp_addr *dest, uint32_t ttl)
{
	struct known key = {.run = nmap->run, .dest = *dest};

	for (int i = 0; i < CP_TTL_MAX; i++) {
		const struct known *known =
		        bsearch(&key, nmap->known, nmap->n_known, sizeof(*nmap->known), compare_known);

		if (!known)
			return NULL;
		if (ttl > known->n_like)
			return ttl <= known->n_hops ? &known->hops[ttl - 1] : NULL;
		key.dest = known->like;
	}
	return NULL;
}

static void free_known(struct nmap *nmap)
{
	for (size_t i = 0; i < nmap->n_known; i++) {
		for (uint32_t h = 0; h < nmap->known[i].n_hops; h++)
			free(nmap->known[i].hops[h].name);
		free(nmap->known[i].hops);
	}
	free(nmap->known);
}

/* ---- Headings ---- */

/* "name (192.0.2.1)", in older versions with a colon behind. */
static void take_host(struct nmap *nmap, const char *at)
{
	char host[CP_LINE_MAX + 1];
	const char *start = host;
	size_t len = strlen(at);

	memcpy(host, at, len + 1);
	if (len && host[len - 1] == ':')
		host[len - 1] = '\0';
	nmap->has_host = cp_scan_who(&start, &nmap->host) == CP_WHO_READ;
	nmap->is_in_table = false;
}

/* "(using port 443/tcp)", "(using proto 1/icmp)"; nothing when no packet was needed. */
static void take_method(struct cp_text_trace *text, const char *at)
{
	bool is_port = cp_scan_text(&at, "(using port ");
	uint32_t number;

	if ((!is_port && !cp_scan_text(&at, "(using proto ")) || !cp_scan_uint(&at, UINT16_MAX, &number))
		return;
	if (cp_scan_text(&at, "/tcp)"))
		text->trace.target.proto = IPPROTO_TCP;
	else if (cp_scan_text(&at, "/udp)"))
		text->trace.target.proto = IPPROTO_UDP;
	else if (cp_scan_text(&at, "/icmp)") || cp_scan_text(&at, "/ipv6-icmp)"))
		text->trace.target.proto = IPPROTO_ICMP;
	if (is_port && text->trace.target.proto)
		text->trace.target.port = (uint16_t)number;
}

static int begin(struct nmap *nmap, size_t number, const char *at)
{
	struct cp_text_trace *text = &nmap->reader.text;
	const struct cp_who *host = &nmap->host;
	char addr[CP_ADDR_STRLEN];
	int rc = cp_text_trace_finish(text);

	cp_text_trace_start(text, number);
	text->close = remember;
	nmap->n_like = 0;
	text->trace.wall_ms = nmap->start_ms;
	take_method(text, at);
	if (nmap->has_host) {
		const char *name = host->name[0] ? host->name : cp_addr_format(&host->addr, addr);

		cp_text_trace_host(text, number, name, strlen(name));
		cp_text_trace_dest(text, &host->addr);
	}
	return rc;
}

/* ---- Rows ---- */

/* "Hops 1-3 are the same as for 192.0.2.1", "Hop 1 is the same as for 192.0.2.1". */
static bool scan_reference(const char *at, uint32_t *ret_n_hops, struct cp_addr *ret_dest)
{
	if (cp_scan_text(&at, "Hop 1 is the same as for "))
		*ret_n_hops = 1;
	else if (!cp_scan_text(&at, "Hops 1-") || !cp_scan_uint(&at, CP_TTL_MAX, ret_n_hops) ||
	         !cp_scan_text(&at, "are the same as for "))
		return false;
	return cp_scan_addr(at, strlen(at), ret_dest);
}

/* The row of a hop that is known from another trace. */
static int take_known(struct nmap *nmap, size_t number, uint32_t ttl, bool is_last)
{
	struct cp_text_trace *text = &nmap->reader.text;
	const struct known_hop *known = nmap->is_first ? NULL : recall(nmap, &nmap->like, ttl);
	struct cp_who who = {.name = ""};
	struct cp_hop *hop;
	int rc = cp_text_trace_row(text, number, ttl, &hop);

	if (rc || !hop || nmap->is_first)
		return rc;
	if (!known) {
		cp_text_trace_refuse(text, number, "the hops that this line refers to are not in the text");
		return 0;
	}
	if (cp_addr_is_zero(&known->addr))
		return 0;
	who.addr = known->addr;
	if (known->name)
		snprintf(who.name, sizeof(who.name), "%s", known->name);
	cp_text_trace_answer(text, hop, &who, 0);
	if (!is_last) {
		hop->kind = CP_REPLY_NONE;
		hop->icmp_type = 0;
		hop->flags |= CP_HOP_INFERRED;
	}
	return 0;
}

static int take_reference(struct nmap *nmap, size_t number, const char *at)
{
	struct cp_text_trace *text = &nmap->reader.text;
	struct cp_addr dest;
	uint32_t n_hops;
	int rc = 0;

	if (!scan_reference(at, &n_hops, &dest) || text->trace.path.n_hops) {
		cp_text_trace_refuse(text, number, "this reference to other hops is not understood");
		return 0;
	}
	nmap->like = dest;
	nmap->n_like = (uint8_t)n_hops;
	for (uint32_t ttl = 1; ttl <= n_hops && rc == 0; ttl++)
		rc = take_known(nmap, number, ttl, ttl == n_hops);
	return rc;
}

/* "..." and "... 5" */
static int take_silence(struct nmap *nmap, size_t number, uint32_t ttl, const char *at)
{
	struct cp_text_trace *text = &nmap->reader.text;
	uint32_t last = ttl;
	struct cp_hop *hop;
	int rc = 0;

	if (!cp_scan_end(&at) && (!cp_scan_uint(&at, UINT8_MAX, &last) || !cp_scan_end(&at) || last < ttl)) {
		cp_text_trace_refuse(text, number, "this line of TTL %u is not understood", ttl);
		return 0;
	}
	for (; ttl <= last && rc == 0; ttl++) {
		rc = cp_text_trace_row(text, number, ttl, &hop);
		if (!hop)
			break;
	}
	return rc;
}

static int take_answer(struct nmap *nmap, size_t number, uint32_t ttl, const char *at)
{
	struct cp_text_trace *text = &nmap->reader.text;
	enum cp_scan_who named = CP_WHO_NONE;
	struct cp_who who;
	struct cp_hop *hop;
	uint32_t rtt_us = 0;
	int rc = cp_text_trace_row(text, number, ttl, &hop);

	if (rc || !hop)
		return rc;
	if (cp_scan_word(&at, "--") || cp_scan_ms(&at, &rtt_us))
		named = cp_scan_who(&at, &who);
	if (named == CP_WHO_READ && cp_scan_end(&at))
		cp_text_trace_answer(text, hop, &who, rtt_us);
	else if (!nmap->reader.is_cut)
		cp_text_trace_refuse(text, number, "this line of TTL %u is not understood", ttl);
	/* The address may be half of one. */
	if (nmap->reader.is_cut && !cp_text_trace_has_arrived(text))
		cp_text_trace_drop(text);
	return 0;
}

/* A line of the table; false: it is none, and so the table is at its end. */
static bool take_row(struct nmap *nmap, size_t number, const char *line, int *ret_rc)
{
	const char *at = line;
	uint32_t ttl;

	if (cp_scan_word(&at, "-")) {
		*ret_rc = take_reference(nmap, number, at);
		return true;
	}
	if (!cp_scan_uint(&at, UINT8_MAX, &ttl) || (*at != ' ' && *at != '\t'))
		return false;
	*ret_rc = cp_scan_word(&at, "...") ? take_silence(nmap, number, ttl, at) : take_answer(nmap, number, ttl, at);
	return true;
}

/* ---- The text ---- */

static bool is_method(const char *at)
{
	return cp_scan_end(&at) || cp_scan_text(&at, "(using ");
}

static int take(struct cp_text_reader *reader, size_t number, const char *line)
{
	struct nmap *nmap = (struct nmap *)reader;
	const char *at = line;
	int rc = 0;

	if (nmap->out_of_memory)
		return -ENOMEM;
	if (nmap->is_in_table && take_row(nmap, number, line, &rc))
		return rc;
	nmap->is_in_table = false;
	if (cp_scan_text(&at, "Nmap scan report for ") || cp_scan_text(&at, "Interesting ports on ")) {
		take_host(nmap, at);
		return cp_text_trace_finish(&reader->text);
	}
	if (cp_scan_word(&at, "TRACEROUTE") && is_method(at))
		return begin(nmap, number, at);
	at = line;
	if (cp_scan_word(&at, "HOP") && cp_scan_word(&at, "RTT") && cp_scan_word(&at, "ADDRESS")) {
		nmap->is_in_table = reader->text.is_open;
	} else if (cp_scan_text(&at, "Starting Nmap ")) {
		rc = cp_text_trace_finish(&reader->text);
		nmap->run++;
		at = strstr(at, " at ");
		nmap->start_ms = at ? cp_scan_time(at + strlen(" at ")) : UINT64_MAX;
	}
	return rc;
}

static int skip_trace(void *ctx, const struct cp_trace *trace)
{
	(void)ctx;
	(void)trace;
	return 0;
}

static void skip_bad(void *ctx, size_t line, const char *why)
{
	(void)ctx;
	(void)line;
	(void)why;
}

static int read_once(struct nmap *nmap, const char *text, size_t len, const char *source,
        const struct cp_import_sink *sink, struct cp_err *err)
{
	int rc;

	nmap->run = 0;
	nmap->has_host = nmap->is_in_table = false;
	nmap->start_ms = UINT64_MAX;
	rc = cp_text_read(&nmap->reader, text, len, source, "nmap --traceroute", sink, take, err);
	return nmap->out_of_memory ? -ENOMEM : rc;
}

static int read_text(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	const struct cp_import_sink none = {.trace = skip_trace, .bad = skip_bad};
	struct nmap nmap = {.is_first = true};
	int rc = read_once(&nmap, text, len, source, &none, err);

	if (rc == 0) {
		if (nmap.n_known)
			qsort(nmap.known, nmap.n_known, sizeof(*nmap.known), compare_known);
		nmap.is_first = false;
		rc = read_once(&nmap, text, len, source, sink, err);
	}
	free_known(&nmap);
	return rc;
}

static enum cp_import_match look(const char *line)
{
	const char *at = line;

	if (cp_scan_word(&at, "TRACEROUTE") && is_method(at))
		return CP_IMPORT_SURE;
	at = line;
	return cp_scan_text(&at, "Nmap scan report for ") ? CP_IMPORT_MAYBE : CP_IMPORT_NO;
}

static enum cp_import_match match(const char *text, size_t len)
{
	return cp_text_match(text, len, look);
}

const struct cp_import_format cp_import_nmap = {
        .name = "nmap",
        .what = "normal output of nmap --traceroute",
        .match = match,
        .read = read_text,
};
