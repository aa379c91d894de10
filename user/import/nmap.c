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
 * The first hops of the last form were seen on the way to another host of the
 * same scan: they are marked as inferred, and have no times.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "text_formats.h"
#include "text_reader.h"
#include "text_time.h"

/* nmap refers to hosts of one group of its scan, which are not as many. */
enum { KNOWN_MAX = 4096 };

/* A trace that later ones may refer to. */
struct known {
	struct cp_addr dest;
	uint8_t n_hops;
	struct cp_who hops[]; /* of TTL 1 and up; zero address: silent */
};

struct nmap {
	struct cp_text_reader reader; /* first */
	struct known *known[KNOWN_MAX]; /* a ring */
	size_t n_known; /* ever */
	bool out_of_memory;
	struct cp_who host; /* of the latest report */
	bool has_host;
	bool is_in_table; /* between "HOP RTT ADDRESS" and what is no row */
	uint64_t start_ms; /* UINT64_MAX: not told */
};

/* ---- What others refer to ---- */

static void remember(struct cp_text_trace *text)
{
	struct nmap *nmap = (struct nmap *)text;
	const struct cp_path *path = &text->trace.path;
	struct known *known;

	if (text->bad_line || !text->has_dest || !path->n_hops || path->hops[0].ttl != 1)
		return;
	known = calloc(1, sizeof(*known) + path->n_hops * sizeof(known->hops[0]));
	if (!known) {
		nmap->out_of_memory = true;
		return;
	}
	known->dest = text->trace.dest;
	known->n_hops = (uint8_t)path->n_hops;
	for (uint32_t i = 0; i < path->n_hops; i++) {
		known->hops[i].addr = path->hops[i].addr;
		memcpy(known->hops[i].name, text->names[i], CP_NAME_SIZE);
	}
	free(nmap->known[nmap->n_known % KNOWN_MAX]);
	nmap->known[nmap->n_known++ % KNOWN_MAX] = known;
}

static const struct known *recall(const struct nmap *nmap, const struct cp_addr *dest)
{
	size_t n = nmap->n_known < KNOWN_MAX ? nmap->n_known : KNOWN_MAX;

	for (size_t i = 1; i <= n; i++) {
		const struct known *known = nmap->known[(nmap->n_known - i) % KNOWN_MAX];

		if (cp_addr_eq(&known->dest, dest))
			return known;
	}
	return NULL;
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

static int take_reference(struct nmap *nmap, size_t number, const char *at)
{
	struct cp_text_trace *text = &nmap->reader.text;
	const struct known *known = NULL;
	struct cp_addr dest;
	struct cp_hop *hop;
	uint32_t n_hops;
	int rc = 0;

	if (!scan_reference(at, &n_hops, &dest) || text->trace.path.n_hops) {
		cp_text_trace_refuse(text, number, "this reference to other hops is not understood");
		return 0;
	}
	known = recall(nmap, &dest);
	if (!known || known->n_hops < n_hops) {
		cp_text_trace_refuse(text, number, "the hops that this line refers to are not in the text");
		return 0;
	}
	for (uint32_t i = 0; i < n_hops && rc == 0; i++) {
		rc = cp_text_trace_row(text, number, i + 1, &hop);
		if (hop && !cp_addr_is_zero(&known->hops[i].addr)) {
			cp_text_trace_answer(text, hop, &known->hops[i], 0);
			hop->kind = CP_REPLY_NONE;
			hop->icmp_type = 0;
			hop->flags |= CP_HOP_INFERRED;
		}
	}
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
		at = strstr(at, " at ");
		nmap->start_ms = at ? cp_scan_time(at + strlen(" at ")) : UINT64_MAX;
	}
	return 0;
}

static int read_text(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	struct nmap *nmap = calloc(1, sizeof(*nmap));
	int rc;

	if (!nmap)
		return -ENOMEM;
	nmap->start_ms = UINT64_MAX;
	rc = cp_text_read(&nmap->reader, text, len, source, "nmap --traceroute", sink, take, err);
	for (size_t i = 0; i < KNOWN_MAX; i++)
		free(nmap->known[i]);
	free(nmap);
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
