// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * phrase.c: the words of paths and verdicts. What describes a run as a whole
 * is in phrase_run.c. Everything here may contain hostile data: it is escaped
 * when it is put into a text (text.c), not before.
 */
#include "phrase.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/router_name.h"
#include "line.h"
#include "reason.h"

#define NAME_MAX_BYTES 48
#define HOST_MAX_BYTES 256 /* of a host name, with its NUL */

/* A word after a blank, none before the first. */
static void append_word(struct cp_line *line, const char *word)
{
	cp_line_add(line, "%s%s", line->len ? " " : "", word);
}

enum cp_text_color cp_phrase_color(enum cp_verdict verdict)
{
	static const enum cp_text_color colors[CP_VERDICTS] = {
	        [CP_INSIDE] = CP_GREEN,
	        [CP_DIRECT] = CP_CYAN,
	        [CP_UNDECIDED] = CP_YELLOW,
	        [CP_TRANSIT] = CP_RED,
	        [CP_DETOUR] = CP_RED,
	};

	return colors[verdict];
}

/* ---- names ---- */

/* A word that says what kind of company it is, not which. */
static bool is_company_word(const char *word, size_t len)
{
	static const char *const words[] = {"inc", "inc.", "llc", "llc.", "ltd", "ltd.", "limited", "corp", "corp.",
	        "corporation", "co", "co.", "company", "gmbh", "ag", "ab", "sa", "s.a", "s.a.", "s.p.a.", "sas", "b.v.",
	        "bv", "plc", "sl", "pjsc", "pte.", "pte", "pty", "oy", "as", "communications", "technologies",
	        "technology", "international", "group"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == len && strncasecmp(words[i], word, len) == 0)
			return true;
	}
	return false;
}

const char *cp_phrase_name(const char *as_name, char *buf, size_t size)
{
	size_t len = strcspn(as_name ? as_name : "", ",(");

	while (len) {
		size_t word;

		while (len && as_name[len - 1] == ' ')
			len--;
		word = len;
		while (word && as_name[word - 1] != ' ')
			word--;
		if (!word || !is_company_word(as_name + word, len - word))
			break;
		len = word;
	}
	snprintf(buf, size, "%.*s", (int)len, as_name ? as_name : "");
	return buf;
}

/* Bytes of the text without its first label, dot included; 0: it has no other. */
static size_t first_label(const char *text)
{
	size_t n = strcspn(text, ".");

	return text[n] && text[n + 1] ? n + 1 : 0;
}

/* The end of the name that fits behind an ellipsis, from the start of a label on. */
static const char *end_of_name(const char *text, unsigned columns, char *buf, size_t size)
{
	for (size_t n; (n = first_label(text));) {
		text += n;
		snprintf(buf, size, "…%s", text);
		if (cp_text_columns(buf) <= columns)
			return buf;
	}
	buf[0] = '\0';
	return buf;
}

const char *cp_phrase_router(const char *ptr, unsigned columns, char *buf, size_t size)
{
	char host[HOST_MAX_BYTES];
	struct cp_router_name name;

	cp_router_name_parse(ptr, &name);
	snprintf(host, sizeof(host), "%.*s", name.n_host, ptr);

	const struct {
		const char *text, *city;
	} choices[] = {{ptr, name.city}, {host, name.city}, {ptr, NULL}, {host, NULL}};

	for (size_t i = name.city ? 0 : 2; i < (name.microsoft ? 4 : 3); i++) {
		const char *city = choices[i].city;

		snprintf(buf, size, "%s%s%s%s", choices[i].text, city ? " (" : "", city ? city : "", city ? ")" : "");
		if (cp_text_columns(buf) <= columns)
			return buf;
	}
	return end_of_name(name.microsoft ? host : ptr, columns, buf, size);
}

const char *cp_phrase_target(const struct cp_target *target, char *buf, size_t size)
{
	const char *proto = cp_proto_name(target->proto);
	bool is_tcp = proto && strcmp(proto, "tcp") == 0, with_port = target->port && !(is_tcp && target->port == 443);
	bool bracket = with_port && strchr(target->host, ':');
	struct cp_line line = cp_line_of(buf, size);

	cp_line_add(&line, "%s%s%s", bracket ? "[" : "", target->host, bracket ? "]" : "");
	if (with_port)
		cp_line_add(&line, ":%u", target->port);
	if (proto && !is_tcp)
		cp_line_add(&line, "/%s", proto);
	return buf;
}

/* ---- AS path ---- */

static const char *as_name(const struct cp_rec_path *rec, uint32_t asn, char *buf, size_t size)
{
	const struct cp_as *as = rec->asdb && asn ? cp_asdb_as(rec->asdb, asn) : NULL;

	return cp_phrase_name(as ? as->name : NULL, buf, size);
}

/* The TTL from which on a path is outside; 0: it never left, or where is not known. */
static unsigned foreign_ttl(const struct cp_rec_path *rec)
{
	const struct cp_exit *exit = &rec->judgement->exit;

	if (!exit->present)
		return 0;
	if (exit->ttl_max || !rec->path->n_hops)
		return exit->ttl_max;
	return rec->path->hops[rec->path->n_hops - 1].ttl + 1u;
}

static bool in_as_path(const struct cp_judgement *judgement, const struct cp_origin *origin)
{
	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		for (int k = 0; k < origin->n_asn; k++) {
			if (judgement->as_path[i].kind == CP_STEP_AS && judgement->as_path[i].asn == origin->asn[k])
				return true;
		}
	}
	return false;
}

static const struct cp_as_step *next_as(const struct cp_judgement *judgement, uint32_t i)
{
	while (++i < judgement->n_as_path) {
		if (judgement->as_path[i].kind == CP_STEP_AS)
			return &judgement->as_path[i];
	}
	return NULL;
}

/* Appends the name of AS step i, unless the next one is of the same organisation: siblings are named once. */
static void append_name(struct cp_line *line, const struct cp_rec_path *rec, uint32_t i)
{
	const struct cp_as_step *step = &rec->judgement->as_path[i], *next = next_as(rec->judgement, i);
	char name[NAME_MAX_BYTES];

	if (next && rec->asdb && cp_asdb_siblings(rec->asdb, step->asn, next->asn))
		return;
	as_name(rec, step->asn, name, sizeof(name));
	if (*name)
		append_word(line, name);
}

/* Names are for what is outside; without an exit, for who is at the end and, in a bad case, on the way. */
static bool is_named(const struct cp_rec_path *rec, uint32_t i, bool outside)
{
	if (rec->judgement->as_path[i].kind != CP_STEP_AS || rec->judgement->verdict == CP_INSIDE)
		return false;
	if (outside)
		return true;
	return !rec->judgement->exit.present && i > 0 &&
	       (rec->judgement->verdict > CP_DIRECT || !next_as(rec->judgement, i));
}

static void append_unseen_dest(struct cp_line *line, const struct cp_rec_path *rec, bool outside)
{
	const struct cp_origin *origin = &rec->judgement->dest_origin;
	char name[NAME_MAX_BYTES];

	if (origin->kind != CP_ORIGIN_AS || in_as_path(rec->judgement, origin))
		return;
	if (rec->judgement->exit.present && !outside)
		append_word(line, ">");
	as_name(rec, origin->asn[0], name, sizeof(name));
	cp_line_add(line, "%s(%u%s%s)", line->len ? " " : "", origin->asn[0], *name ? " " : "", name);
}

const char *cp_phrase_as_path(const struct cp_rec_path *rec, char *buf, size_t size)
{
	const struct cp_judgement *judgement = rec->judgement;
	unsigned border = foreign_ttl(rec);
	struct cp_line line = cp_line_of(buf, size);
	bool outside = false;

	for (uint32_t i = 0; i < judgement->n_as_path; i++) {
		const struct cp_as_step *step = &judgement->as_path[i];
		char word[256];

		if (border && !outside && step->kind != CP_STEP_SILENT && step->first_ttl >= border) {
			append_word(&line, ">");
			outside = true;
		}
		append_word(&line, cp_as_step_format(step, word, sizeof(word)));
		if (is_named(rec, i, outside))
			append_name(&line, rec, i);
	}
	append_unseen_dest(&line, rec, outside);
	return buf;
}

/* ---- exit, reasons, names' chains ---- */

static void append_foreign(struct cp_line *line, const struct cp_rec_path *rec)
{
	int index = rec->judgement->exit.first_foreign;
	const struct cp_origin *origin = &rec->judgement->origins[index];
	const struct cp_hop *hop = &rec->path->hops[index];
	char addr[CP_ADDR_STRLEN];

	cp_line_add(line, "TTL %u (%s", hop->ttl, cp_addr_format(&hop->addr, addr));
	if (origin->kind == CP_ORIGIN_AS)
		cp_line_add(line, ", AS%u", origin->asn[0]);
	else if (origin->kind == CP_ORIGIN_IXP)
		cp_line_add(line, ", IXP:%s", origin->label ? origin->label : "");
	cp_line_add(line, ")");
}

/* ", Frankfurt", or the code of a site that is not known; "" when the name does not tell. */
static const char *site_of(const char *ptr, char *buf, size_t size)
{
	struct cp_router_name name;

	cp_router_name_parse(ptr, &name);
	buf[0] = '\0';
	if (name.site[0])
		snprintf(buf, size, ", %s", name.city ? name.city : name.site);
	return buf;
}

const char *cp_phrase_exit(const struct cp_rec_path *rec, char *buf, size_t size)
{
	const struct cp_exit *exit = &rec->judgement->exit;
	struct cp_line line = cp_line_of(buf, size);
	char home[CP_ADDR_STRLEN + 64] = "the vantage", site[48], addr[CP_ADDR_STRLEN];

	if (!exit->present)
		return buf;
	const struct cp_hop *hop = &rec->path->hops[exit->last_home >= 0 ? exit->last_home : 0];

	if (exit->last_home >= 0)
		snprintf(home, sizeof(home), "TTL %u (%s%s)", hop->ttl, cp_addr_format(&hop->addr, addr),
		        site_of(hop->ptr, site, sizeof(site)));
	if (exit->first_foreign < 0) {
		cp_line_add(&line, "after %s; nothing behind it answered", home);
		return buf;
	}
	cp_line_add(&line, "between %s and ", home);
	append_foreign(&line, rec);
	return buf;
}

const char *cp_phrase_reasons(uint32_t reasons, char *buf, size_t size)
{
	struct cp_line line = cp_line_of(buf, size);

	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (reasons >> i & 1)
			cp_line_add(&line, "%s%s", line.len ? ", " : "", cp_reason_phrase(i));
	}
	return buf;
}

static void append_exits(struct cp_line *line, const struct cp_combined *combined, const struct cp_asdb *asdb)
{
	const char *before = ";", *where = " leave home through";
	char name[NAME_MAX_BYTES];

	for (uint32_t i = 0; i < combined->n_exits; i++, before = ",", where = " through") {
		const struct cp_combined_exit *exit = &combined->exits[i];
		const struct cp_as *as = asdb && exit->asn ? cp_asdb_as(asdb, exit->asn) : NULL;

		cp_line_add(line, "%s %u of %u%s ", before, exit->n_paths, combined->n_paths, where);
		if (exit->asn)
			cp_line_add(line, "AS%u", exit->asn);
		else
			cp_line_add(line, "IXP:%s", exit->ixp ? exit->ixp : "");
		cp_phrase_name(as ? as->name : NULL, name, sizeof(name));
		if (*name)
			append_word(line, name);
	}
	if (combined->n_other_exits)
		cp_line_add(line, "%s %u through others", before, combined->n_other_exits);
}

const char *cp_phrase_flows(const struct cp_combined *combined, const struct cp_asdb *asdb, char *buf, size_t size)
{
	struct cp_line line = cp_line_of(buf, size);

	if (!combined || !cp_combined_differ(combined))
		return buf;
	for (int i = 0; i < CP_VERDICTS; i++) {
		if (combined->by_verdict[i])
			cp_line_add(&line, "%s%u of %u %s", line.len ? ", " : "", combined->by_verdict[i],
			        combined->n_paths, cp_verdict_name(i));
	}
	append_exits(&line, combined, asdb);
	return buf;
}

const char *cp_phrase_cname(const struct cp_answer *answer, char *buf, size_t size)
{
	struct cp_line line = cp_line_of(buf, size);

	for (size_t i = 0; answer && i < answer->n_cname; i++)
		cp_line_add(&line, "%s%s", i ? " > " : "", answer->cname[i]);
	return buf;
}
