// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * keep_path.c: paths and hops as rows of a store.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/router_name.h"
#include "format/e2e.h"
#include "format/ends.h"
#include "format/ndjson_hop.h"
#include "format/ndjson_part.h"
#include "keep_impl.h"

#define STEP_MAX 256
#define REASONS_MAX 1024
#define FLAGS_MAX 96

static int64_t known(uint32_t value)
{
	return value ? value : CP_STORE_NULL;
}

/* ---- Texts of a path ---- */

/* A step with a space or a quote in it is a JSON string; all others stand as they are. */
static void add_step(struct cp_keep_text *quoted, const struct cp_as_step *step, char *text, size_t size)
{
	size_t len = strlen(text);
	char plain[STEP_MAX]; /* as long as in records */
	const char *word = cp_as_step_format(step, plain, sizeof(plain));

	if (step->kind == CP_STEP_IXP) {
		cp_json_string(cp_keep_text_begin(quoted), NULL, word);
		word = cp_keep_text_end(quoted);
	}
	/* A name that is nothing but escapes may be too long: half a string is none. */
	if (!word || len + strlen(word) + 2 > size)
		word = "?";
	snprintf(text + len, size - len, "%s%s", len ? " " : "", word);
}

static void join_reasons(uint32_t reasons, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (reasons >> i & 1 && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? "," : "", cp_reason_name(i));
	}
}

static void join_flags(uint8_t flags, bool disputed, char *text, size_t size)
{
	static const struct {
		uint8_t flag;
		const char *name;
	} names[] = {
	        {CP_HOP_INFERRED, "inferred"},
	        {CP_HOP_LATE, "late"},
	        {CP_HOP_QUOTE_MODIFIED, "quote-modified"},
	        {CP_HOP_OTHER_ADDR, "other-address"},
	        {CP_HOP_LIMITED, "limited"},
	        {CP_HOP_PER_PACKET, "per-packet"},
	};
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (i == 1 && disputed)
			len += (size_t)snprintf(text + len, size - len, "%sasn-disputed", len ? "," : "");
		if (flags & names[i].flag && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? "," : "", names[i].name);
	}
}

/* The ASes that announce an address, as records have them; NULL: one, or none. */
static const char *asns_array(struct cp_keep_text *text, const struct cp_origin *origin)
{
	if (origin->kind != CP_ORIGIN_AS || origin->n_asn < 2)
		return NULL;
	cp_json_asns(cp_keep_text_begin(text), NULL, origin);
	return cp_keep_text_end(text);
}

/* ---- Hops ---- */

static const char *mpls_array(struct cp_keep_text *text, const struct cp_hop *hop)
{
	cp_hop_mpls(cp_keep_text_begin(text), NULL, "tc", hop->mpls, hop->n_mpls);
	return cp_keep_text_end(text);
}

static void add_hop(struct cp_keep *keep, const struct cp_rec_path *rec, uint32_t nth, int64_t path)
{
	const struct cp_hop *hop = &rec->path->hops[nth];
	const struct cp_origin *origin = &rec->judgement->origins[nth];
	bool is_seen = !cp_addr_is_zero(&hop->addr);
	bool is_icmp =
	        hop->kind == CP_REPLY_TIME_EXCEEDED || hop->kind == CP_REPLY_UNREACHABLE || hop->kind == CP_REPLY_ECHO;
	uint32_t asn = is_seen ? cp_ends_origin(rec->judgement, origin, hop->ttl) : 0;
	char ip[CP_ADDR_STRLEN], flags[FLAGS_MAX];
	struct cp_router_name name;
	struct cp_store_hop row;

	cp_router_name_parse(hop->ptr, &name);
	join_flags(hop->flags, is_seen && origin->disputed, flags, sizeof(flags));
	cp_keep_as_name(keep, rec->asdb, asn);
	row = (struct cp_store_hop){
	        .agent = keep->agent,
	        .run = keep->run.run,
	        .path = path,
	        .ttl = hop->ttl,
	        .ip = is_seen ? cp_addr_format(&hop->addr, ip) : NULL,
	        .asn = known(asn),
	        .asns = is_seen ? asns_array(&keep->texts[1], origin) : NULL,
	        .ixp = is_seen ? cp_record_ixp(origin) : NULL,
	        .ptr = hop->ptr && hop->ptr[0] ? hop->ptr : NULL,
	        .site = name.site[0] ? name.site : NULL,
	        .role = name.role,
	        .rtt_us = known(hop->rtt_us),
	        .reply = cp_hop_reply_name(hop->kind),
	        .icmp_type = is_icmp ? hop->icmp_type : CP_STORE_NULL,
	        .icmp_code = is_icmp ? hop->icmp_code : CP_STORE_NULL,
	        .reply_ttl = is_seen ? known(hop->reply_ttl) : CP_STORE_NULL,
	        .quoted_ttl = is_seen ? known(hop->quoted_ttl) : CP_STORE_NULL,
	        .mpls = hop->n_mpls ? mpls_array(&keep->texts[0], hop) : NULL,
	        .attempts = hop->attempts,
	        .flags = flags[0] ? flags : NULL,
	};
	if (hop->n_mpls && !row.mpls)
		cp_keep_fail(keep, -ENOMEM);
	cp_keep_add(keep, CP_STORE_HOPS, &row);
}

/* ---- Paths ---- */

/* What of an exit is text that must last until the row is written. */
struct exit_texts {
	char ip[CP_ADDR_STRLEN], foreign_ip[CP_ADDR_STRLEN];
	struct cp_router_name name;
};

static void fill_exit(
        struct cp_keep *keep, const struct cp_rec_path *rec, struct exit_texts *texts, struct cp_store_path *row)
{
	const struct cp_judgement *judgement = rec->judgement;
	const struct cp_exit *exit = &judgement->exit;
	uint32_t asn = 0;

	if (!exit->present)
		return;
	row->exit_ttl_min = exit->ttl_min;
	row->exit_ttl_max = known(exit->ttl_max);
	if (exit->last_home >= 0) {
		const struct cp_hop *hop = &rec->path->hops[exit->last_home];

		cp_router_name_parse(hop->ptr, &texts->name);
		row->exit_ip = cp_addr_format(&hop->addr, texts->ip);
		row->exit_ptr = hop->ptr && hop->ptr[0] ? hop->ptr : NULL;
		row->exit_site = texts->name.site[0] ? texts->name.site : NULL;
	}
	if (exit->first_foreign < 0)
		return;
	row->foreign_ip = cp_addr_format(&rec->path->hops[exit->first_foreign].addr, texts->foreign_ip);
	row->foreign_ixp = cp_record_ixp(&judgement->origins[exit->first_foreign]);
	row->exit_rtt_us = known(rec->path->hops[exit->first_foreign].rtt_us);
	asn = cp_ends_origin(
	        judgement, &judgement->origins[exit->first_foreign], rec->path->hops[exit->first_foreign].ttl);
	/* Behind the LAN of an exchange: who takes the path over there. */
	if (row->foreign_ixp && rec->start && rec->start->home)
		asn = cp_exit_asn(judgement, rec->start->home);
	row->foreign_asn = known(asn);
	row->foreign_as_name = cp_keep_as_name(keep, rec->asdb, asn);
}

static void fill_hops(const struct cp_rec_path *rec, struct cp_store_path *row)
{
	const struct cp_path *path = rec->path;
	const struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;

	row->n_hops = path->n_hops;
	row->n_hops_seen = 0;
	for (uint32_t i = 0; i < path->n_hops; i++)
		row->n_hops_seen += path->hops[i].kind != CP_REPLY_NONE;
	if (last && path->reached && cp_addr_eq(&last->addr, &rec->dest))
		row->dest_rtt_us = known(last->rtt_us);
}

static void fill_path(struct cp_keep *keep, const struct cp_rec_path *rec, struct cp_store_path *row)
{
	const struct cp_judgement *judgement = rec->judgement;
	const struct cp_path *path = rec->path;
	uint32_t asn =
	        cp_ends_origin(judgement, &judgement->dest_origin, path->n_hops ? path->hops[path->n_hops - 1].ttl : 0);

	row->agent = keep->agent;
	row->run = keep->run.run;
	row->seq = keep->n_paths++;
	row->target = keep->n_targets;
	row->dest_asn = known(asn);
	row->dest_as_name = cp_keep_as_name(keep, rec->asdb, asn);
	row->dest_asns = asns_array(&keep->texts[1], &judgement->dest_origin);
	row->dest_asn_disputed = judgement->dest_origin.disputed;
	row->service_tag = rec->service_tag ? rec->service_tag->name : NULL;
	row->service_region = rec->service_tag ? rec->service_tag->region : NULL;
	if (rec->e2e) {
		cp_e2e_json(cp_keep_text_begin(&keep->texts[2]), NULL, rec->e2e);
		row->e2e = cp_keep_text_end(&keep->texts[2]);
	}
	row->flow = path->flow;
	row->reached = path->reached;
	row->end_reason = cp_end_name(path->end);
	row->end_code = path->end == CP_END_UNREACHABLE ? path->end_code : CP_STORE_NULL;
	row->verdict = cp_verdict_name(judgement->verdict);
	row->confidence = cp_confidence_name(judgement->confidence);
	row->rule = cp_rule_name(judgement->rule);
	row->probes = path->n_probes;
	row->tcp_method = rec->tcp_method;
	row->sack_fallback = rec->sack_fallback;
	fill_hops(rec, row);
}

void cp_keep_path(struct cp_keep *keep, const struct cp_rec_path *rec)
{
	char dest[CP_ADDR_STRLEN], reasons[REASONS_MAX], as_path[(CP_TTL_MAX + 1) * STEP_MAX] = "";
	struct exit_texts texts;
	struct cp_store_path row;

	if (!keep || !keep->has_begun || keep->error)
		return;
	cp_store_row_init(CP_STORE_PATHS, &row);
	fill_path(keep, rec, &row);
	fill_exit(keep, rec, &texts, &row);
	join_reasons(rec->judgement->reasons, reasons, sizeof(reasons));
	for (uint32_t i = 0; i < rec->judgement->n_as_path; i++)
		add_step(&keep->texts[0], &rec->judgement->as_path[i], as_path, sizeof(as_path));
	row.dest_ip = cp_addr_format(&rec->dest, dest);
	row.reasons = reasons;
	row.as_path = as_path;
	cp_keep_add(keep, CP_STORE_PATHS, &row);
	for (uint32_t i = 0; i < rec->path->n_hops; i++)
		add_hop(keep, rec, i, row.seq);
	cp_keep_fail(keep, cp_keep_edges_add(keep, rec));
	keep->target_paths++;
}
