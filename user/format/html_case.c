// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_case.c: a finding: a path drawn as a row of boxes, one a hop, with what
 * it means in words. The page's script draws other paths in the same boxes
 * (web/report/report.js).
 */
#include <string.h>

#include "html.h"
#include "phrase.h"
#include "reason.h"

static const char *hop_class(const struct cp_rec_path *rec, const struct cp_html_data *data, uint32_t i)
{
	const struct cp_origin *origin = &rec->judgement->origins[i];

	switch (origin->kind) {
	case CP_ORIGIN_AS:
		return cp_html_data_is_home(data, cp_ends_origin(rec->judgement, origin, rec->path->hops[i].ttl))
		               ? "home"
		               : "foreign";
	case CP_ORIGIN_IXP:
		return "ixp";
	case CP_ORIGIN_SPECIAL:
		return "private";
	default:
		return "unknown";
	}
}

static void whose(struct cp_html *html, const struct cp_rec_path *rec, uint32_t i)
{
	const struct cp_origin *origin = &rec->judgement->origins[i];
	char label[CP_HTML_LABEL_MAX];
	uint32_t asn;

	switch (origin->kind) {
	case CP_ORIGIN_AS:
		asn = cp_ends_origin(rec->judgement, origin, rec->path->hops[i].ttl);
		cp_html_text(html, cp_html_as_label(asn, cp_ends_as_name(rec->asdb, asn), label));
		break;
	case CP_ORIGIN_IXP:
		cp_html_textf(html, "exchange %s", origin->label ? origin->label : "");
		break;
	case CP_ORIGIN_SPECIAL:
		cp_html_text(html, origin->label ? origin->label : "private");
		break;
	default:
		cp_html_raw(html, "AS unknown");
	}
}

/* What is remarkable about an answer. */
static void notes(struct cp_html *html, const struct cp_hop *hop)
{
	if (hop->flags & CP_HOP_INFERRED)
		cp_html_raw(html, "<span class=\"note\">inferred, not seen on this path</span>");
	if (hop->flags & CP_HOP_QUOTE_MODIFIED)
		cp_html_raw(html, "<span class=\"note\">quote rewritten</span>");
	if (hop->kind == CP_REPLY_UNREACHABLE)
		cp_html_rawf(html, "<span class=\"note\">unreachable, code %u</span>", hop->icmp_code);
	if (hop->n_mpls)
		cp_html_rawf(html, "<span class=\"note\">MPLS label %u</span>", hop->mpls[0] >> 12);
}

static void seen_hop(struct cp_html *html, const struct cp_rec_path *rec, const struct cp_html_data *data, uint32_t i)
{
	const struct cp_hop *hop = &rec->path->hops[i];
	bool is_end = rec->path->reached && i + 1 == rec->path->n_hops;
	char addr[CP_ADDR_STRLEN];

	cp_html_rawf(html, "<li class=\"hop %s%s\"><span class=\"ttl\">%u</span>", hop_class(rec, data, i),
	        is_end ? " end" : "", hop->ttl);
	cp_html_rawf(html, "<span class=\"ip\">%s</span><span class=\"as\">", cp_addr_format(&hop->addr, addr));
	whose(html, rec, i);
	cp_html_raw(html, "</span>");
	if (hop->ptr) {
		cp_html_raw(html, "<span class=\"ptr\">");
		cp_html_text(html, hop->ptr);
		cp_html_raw(html, "</span>");
	}
	cp_html_raw(html, "<span class=\"rtt\">");
	cp_html_ms(html, hop->rtt_us);
	cp_html_raw(html, "</span>");
	notes(html, hop);
	if (is_end)
		cp_html_raw(html, "<span class=\"note\">destination</span>");
	cp_html_raw(html, "</li>");
}

/* Hops without an answer from i on share a box, up to what a border divides; returns the next hop. */
static uint32_t silent_hops(struct cp_html *html, const struct cp_rec_path *rec, uint32_t i)
{
	const struct cp_path *path = rec->path;
	uint32_t first = i;

	while (i < path->n_hops && cp_addr_is_zero(&path->hops[i].addr))
		i++;
	cp_html_rawf(html, "<li class=\"hop silent\"><span class=\"ttl\">%u", path->hops[first].ttl);
	if (i - first > 1)
		cp_html_rawf(html, "–%u", path->hops[i - 1].ttl);
	cp_html_raw(html, "</span><span class=\"ip\">no answer</span></li>");
	return i;
}

static void border(struct cp_html *html, const struct cp_exit *exit)
{
	cp_html_raw(html, "<li class=\"border\"><span>leaves home");
	if (exit->ttl_max > exit->ttl_min + 1 && !exit->ttl_min)
		cp_html_rawf(html, " before TTL %u", exit->ttl_max);
	else if (exit->ttl_max > exit->ttl_min + 1)
		cp_html_rawf(html, " between TTL %u and %u", exit->ttl_min, exit->ttl_max);
	cp_html_raw(html, "</span></li>");
}

/* The hop at which a detour is home again; n_hops: none. */
static uint32_t back_home(const struct cp_rec_path *rec, const struct cp_html_data *data)
{
	const struct cp_judgement *judgement = rec->judgement;

	if (judgement->verdict != CP_DETOUR || judgement->exit.first_foreign < 0)
		return rec->path->n_hops;
	for (uint32_t i = (uint32_t)judgement->exit.first_foreign + 1; i < rec->path->n_hops; i++) {
		if (!cp_addr_is_zero(&rec->path->hops[i].addr) && strcmp(hop_class(rec, data, i), "home") == 0)
			return i;
	}
	return rec->path->n_hops;
}

static void hops(struct cp_html *html, const struct cp_rec_path *rec, const struct cp_html_data *data)
{
	const struct cp_exit *exit = &rec->judgement->exit;
	const struct cp_path *path = rec->path;
	uint32_t back = back_home(rec, data);
	char addr[CP_ADDR_STRLEN];

	cp_html_raw(html, "<ol class=\"hops\">");
	if (exit->present && exit->last_home < 0)
		border(html, exit);
	for (uint32_t i = 0; i < path->n_hops;) {
		if (cp_addr_is_zero(&path->hops[i].addr)) {
			i = silent_hops(html, rec, i);
			continue;
		}
		if (i == back)
			cp_html_raw(html, "<li class=\"border back\"><span>back home</span></li>");
		seen_hop(html, rec, data, i);
		if (exit->present && exit->last_home == (int)i)
			border(html, exit);
		i++;
	}
	if (!path->reached)
		cp_html_rawf(html,
		        "<li class=\"hop silent end\"><span class=\"ip\">%s</span>"
		        "<span class=\"note\">destination, did not answer</span></li>",
		        cp_addr_format(&rec->dest, addr));
	cp_html_raw(html, "</ol>");
}

static void fact(struct cp_html *html, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	cp_html_rawf(html, "<dt>%s</dt><dd>", name);
	cp_html_text(html, text);
	cp_html_raw(html, "</dd>");
}

static void reasons(struct cp_html *html, uint32_t bits)
{
	if (!bits)
		return;
	cp_html_raw(html, "<dt>Why</dt><dd><ul>");
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (!(bits >> i & 1))
			continue;
		cp_html_raw(html, "<li>");
		cp_html_text(html, cp_reason_sentence(i));
		cp_html_rawf(html, " <code>%s</code></li>", cp_reason_name(i));
	}
	cp_html_raw(html, "</ul></dd>");
}

static void destination(struct cp_html *html, const struct cp_rec_path *rec)
{
	char addr[CP_ADDR_STRLEN], label[CP_HTML_LABEL_MAX];
	const char *proto = cp_proto_name(rec->target->proto);
	struct cp_ends ends;

	cp_ends_of(rec, &ends);
	cp_html_rawf(html, "<dt>Destination</dt><dd>%s", cp_addr_format(&rec->dest, addr));
	if (rec->target->port)
		cp_html_rawf(html, ", %s port %u", proto ? proto : "?", rec->target->port);
	else
		cp_html_rawf(html, ", %s", proto ? proto : "?");
	cp_html_raw(html, ", ");
	cp_html_text(html, cp_html_as_label(ends.dest_asn, ends.dest_as_name, label));
	cp_html_rawf(html, "; path ended: %s", cp_end_name(rec->path->end));
	cp_html_rawf(html, "; confidence of the verdict: %s", cp_confidence_name(rec->judgement->confidence));
	cp_html_raw(html, "</dd>");
}

void cp_html_case(struct cp_html *html, const struct cp_rec_path *rec, const struct cp_html_data *data)
{
	char words[CP_PHRASE_MAX];

	hops(html, rec, data);
	cp_html_raw(html, "<dl class=\"facts\">");
	fact(html, "Leaves home", cp_phrase_exit(rec, words, sizeof(words)));
	destination(html, rec);
	fact(html, "Service tag", rec->service_tag ? rec->service_tag->name : NULL);
	fact(html, "End to end", rec->e2e ? cp_e2e_phrase(rec->e2e, words, sizeof(words)) : NULL);
	reasons(html, rec->judgement->reasons);
	fact(html, "CNAME chain", cp_phrase_cname(rec->answer, words, sizeof(words)));
}

void cp_html_case_open(struct cp_html *html, const struct cp_rec_target *rec, int outcome, const char *as_path,
        uint32_t n_like, uint32_t n_flows)
{
	char name[CP_PHRASE_MAX];

	cp_html_raw(html, "<details class=\"case\" open><summary>");
	cp_html_pill(html, outcome);
	cp_html_raw(html, "<strong>");
	cp_html_text(html, cp_phrase_target(rec->target, name, sizeof(name)));
	cp_html_raw(html, "</strong><span class=\"aspath\">");
	cp_html_text(html, as_path);
	cp_html_raw(html, "</span>");
	if (n_like < n_flows)
		cp_html_rawf(html, "<span class=\"share\">%u of %u flows</span>", n_like, n_flows);
	cp_html_raw(html, "</summary>");
}

void cp_html_case_close(struct cp_html *html)
{
	cp_html_raw(html, "</dl></details>\n");
}
