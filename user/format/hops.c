// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * hops.c: a trace for people: a path hop by hop as soon as it is judged, then
 * what it means in sentences. Keeps nothing of a path.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e.h"
#include "explain.h"
#include "phrase.h"
#include "phrase_policy.h"
#include "reason.h"
#include "record.h"
#include "text.h"

#define MARK_COLUMNS 4 /* '>' where the path is outside from, and the TTL */
#define RTT_COLUMNS 9
#define AS_MIN 12
#define FLAGS_ROOM 10 /* left for flags if that costs no name */
#define NAMES_ROOM 26 /* the same of routers' names */
#define NAMES_MIN 10 /* a shorter column for them is not used */
#define PTR_MAX_BYTES 512

struct hops {
	struct cp_text text;
	uint64_t rate_pps;
	uint32_t n_paths_of_target;
	const struct cp_target *target; /* of the latest path */
	bool has_start;
	bool explain, explained; /* the latter: once, so that what holds for the run is said */
	enum cp_explain_topic topic; /* of the latest sentence; CP_EXPLAIN_TOPICS: none yet */
};

/* Where the columns of the hop lines start. */
struct columns {
	unsigned addr, as, as_width, rtt, ptr;
	bool stacked; /* the AS has a line of its own */
};

static int open_hops(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state)
{
	struct hops *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	cp_text_init(&state->text, sink, options ? options->width : 0, options && options->color);
	state->rate_pps = CP_UNKNOWN;
	state->explain = options && options->explain;
	*ret_state = state;
	return 0;
}

static void close_hops(void *ctx)
{
	free(ctx);
}

static int write_start(void *ctx, const struct cp_rec_start *rec)
{
	struct hops *state = ctx;

	state->rate_pps = rec->rate_pps;
	state->has_start = true;
	cp_phrase_head(&state->text, rec);
	return cp_text_flush(&state->text);
}

static int write_warning(void *ctx, const struct cp_rec_warning *rec)
{
	struct hops *state = ctx;

	cp_phrase_warning(&state->text, rec);
	return cp_text_flush(&state->text);
}

static int write_summary(void *ctx, const struct cp_rec_summary *rec)
{
	(void)ctx; /* a trace is for one or a few paths: it sums up nothing */
	(void)rec;
	return 0;
}

/* ---- one hop ---- */

static void say_as(const struct cp_rec_path *rec, uint32_t i, char *buf, size_t size)
{
	const struct cp_origin *origin = &rec->judgement->origins[i];
	const struct cp_as *as;
	char name[64];

	buf[0] = '\0';
	if (cp_addr_is_zero(&rec->path->hops[i].addr))
		return;
	switch (origin->kind) {
	case CP_ORIGIN_AS:
		as = rec->asdb ? cp_asdb_as(rec->asdb, origin->asn[0]) : NULL;
		cp_phrase_name(as ? as->name : NULL, name, sizeof(name));
		if (origin->disputed && origin->n_asn > 1)
			snprintf(buf, size, "AS%u or AS%u%s", origin->asn[0], origin->asn[1],
			        origin->n_asn > 2 ? " ..." : "");
		else
			snprintf(buf, size, "AS%u%s%s%s", origin->asn[0], origin->n_asn > 1 ? "+" : "",
			        *name ? " " : "", name);
		break;
	case CP_ORIGIN_IXP:
		snprintf(buf, size, "IXP:%s", origin->label ? origin->label : "");
		break;
	case CP_ORIGIN_SPECIAL:
		snprintf(buf, size, "%s", origin->label ? origin->label : "private");
		break;
	default:
		snprintf(buf, size, "AS unknown");
	}
}

/* The letter that traceroute users know; NULL: none for this code. */
static const char *unreachable_letter(const struct cp_hop *hop)
{
	static const char *const v4[] = {[0] = "!N",
	        [1] = "!H",
	        [2] = "!P",
	        [4] = "!F",
	        [6] = "!N",
	        [7] = "!H",
	        [9] = "!A",
	        [10] = "!A",
	        [11] = "!N",
	        [12] = "!H",
	        [13] = "!A",
	        [14] = "!A",
	        [15] = "!A"};
	static const char *const v6[] = {[0] = "!N", [1] = "!A", [2] = "!S", [3] = "!H", [5] = "!A", [6] = "!A"};

	if (cp_addr_is_v4(&hop->addr))
		return hop->icmp_code < sizeof(v4) / sizeof(v4[0]) ? v4[hop->icmp_code] : NULL;
	return hop->icmp_code < sizeof(v6) / sizeof(v6[0]) ? v6[hop->icmp_code] : NULL;
}

static void say_answer(struct cp_text *text, const struct cp_hop *hop)
{
	static const char *const answers[] = {
	        [CP_REPLY_SYN_ACK] = "syn-ack",
	        [CP_REPLY_RST] = "rst",
	        [CP_REPLY_ECHO] = "echo",
	        [CP_REPLY_UDP] = "udp",
	        [CP_REPLY_SACK] = "sack",
	};
	const char *letter;

	if (hop->kind == CP_REPLY_UNREACHABLE && hop->icmp_code == (cp_addr_is_v4(&hop->addr) ? 3 : 4)) {
		cp_text_word(text, "port-unreachable"); /* how a destination answers a datagram */
	} else if (hop->kind == CP_REPLY_UNREACHABLE) {
		letter = unreachable_letter(hop);
		if (letter)
			cp_text_word(text, letter);
		else
			cp_text_printf(text, "!%u", hop->icmp_code);
	} else if (hop->kind < sizeof(answers) / sizeof(answers[0]) && answers[hop->kind]) {
		cp_text_word(text, answers[hop->kind]);
	}
}

static void say_flags(struct cp_text *text, const struct cp_hop *hop)
{
	say_answer(text, hop);
	if (hop->flags & CP_HOP_INFERRED)
		cp_text_word(text, "~");
	if (hop->flags & CP_HOP_LATE)
		cp_text_word(text, "late");
	if (hop->flags & CP_HOP_QUOTE_MODIFIED)
		cp_text_word(text, "rewritten");
	if (hop->flags & CP_HOP_OTHER_ADDR)
		cp_text_word(text, "varies");
	if (hop->flags & CP_HOP_LIMITED)
		cp_text_word(text, "limited");
	if (hop->flags & CP_HOP_PER_PACKET)
		cp_text_word(text, "per packet");
	for (int i = 0; i < hop->n_mpls && i < CP_MPLS_MAX; i++) {
		if (i)
			cp_text_put(text, ",");
		cp_text_printf(text, "%s%u", i ? "" : "MPLS ", hop->mpls[i] >> 12);
	}
}

/* What kind of network it is that the path leaves to, where that fits behind the rest. */
static void say_role(struct cp_text *text, const struct cp_rec_path *rec, uint32_t i)
{
	const struct cp_origin *origin = &rec->judgement->origins[i];
	const struct cp_as *as = NULL;

	if (rec->asdb && origin->kind == CP_ORIGIN_AS && !origin->disputed)
		as = cp_asdb_as(rec->asdb, origin->asn[0]);
	if (as && as->role && text->column + text->blanks + 1 + cp_text_columns(as->role) < text->width)
		cp_text_word(text, as->role);
}

static struct columns lay_out(const struct cp_text *text, const struct cp_rec_path *rec)
{
	struct columns columns = {.addr = MARK_COLUMNS + 2};
	unsigned addr_width = 1, left;
	bool is_named = false;
	char words[128];

	for (uint32_t i = 0; i < rec->path->n_hops; i++) {
		unsigned n = 0;

		if (!cp_addr_is_zero(&rec->path->hops[i].addr))
			n = (unsigned)strlen(cp_addr_format(&rec->path->hops[i].addr, words));
		addr_width = n > addr_width ? n : addr_width;
		say_as(rec, i, words, sizeof(words));
		n = cp_text_columns(words);
		columns.as_width = n > columns.as_width ? n : columns.as_width;
		is_named |= rec->path->hops[i].ptr != NULL;
	}
	columns.as = columns.addr + addr_width + 2;
	left = text->width > columns.as + 2 + RTT_COLUMNS ? text->width - columns.as - 2 - RTT_COLUMNS : 0;
	columns.stacked = left < AS_MIN && left < columns.as_width;
	if (columns.stacked) {
		columns.rtt = columns.as;
		columns.ptr = columns.addr;
		return columns;
	}
	if (is_named && left >= AS_MIN + NAMES_ROOM)
		left -= NAMES_ROOM;
	else if (left >= AS_MIN + FLAGS_ROOM)
		left -= FLAGS_ROOM;
	columns.as_width = columns.as_width < left ? columns.as_width : left;
	columns.rtt = columns.as + columns.as_width + 2;
	columns.ptr = columns.rtt + RTT_COLUMNS + 2;
	return columns;
}

static void say_rtt(struct cp_text *text, const struct cp_hop *hop, unsigned column)
{
	char ms[CP_NUM_MAX], rtt[CP_NUM_MAX + 4] = "?";

	if (hop->rtt_us)
		snprintf(rtt, sizeof(rtt), "%s ms", cp_text_ms(hop->rtt_us, ms));
	cp_text_tab(text, column);
	cp_text_cell(text, rtt, RTT_COLUMNS, true);
}

/* What fits of the name, and leaves room for flags if there are some. */
static void say_ptr(struct cp_text *text, const struct cp_hop *hop, unsigned column)
{
	bool has_flags = hop->kind != CP_REPLY_TIME_EXCEEDED || hop->flags || hop->n_mpls;
	unsigned room = column + (has_flags ? 2 + FLAGS_ROOM + 1 : 0); /* words leave the last column free */
	char words[PTR_MAX_BYTES];

	room = text->width > room ? text->width - room : 0;
	if (!hop->ptr || room < NAMES_MIN || !*cp_phrase_router(hop->ptr, room, words, sizeof(words)))
		return;
	cp_text_tab(text, column);
	cp_text_put(text, words);
}

static void write_hop(struct cp_text *text, const struct cp_rec_path *rec, uint32_t i, const struct columns *columns)
{
	const struct cp_hop *hop = &rec->path->hops[i];
	bool first_foreign = rec->judgement->exit.present && rec->judgement->exit.first_foreign == (int)i;
	char addr[CP_ADDR_STRLEN], words[128], ttl[8];

	snprintf(ttl, sizeof(ttl), "%u", hop->ttl);
	text->indent = columns->addr;
	cp_text_put(text, first_foreign ? ">" : "");
	cp_text_cell(text, ttl, MARK_COLUMNS - first_foreign, true);
	cp_text_tab(text, columns->addr);
	if (cp_addr_is_zero(&hop->addr)) {
		cp_text_put(text, hop->flags & CP_HOP_LIMITED ? "*  limited" : "*");
		cp_text_newline(text);
		return;
	}
	cp_text_put(text, cp_addr_format(&hop->addr, addr));
	say_as(rec, i, words, sizeof(words));
	if (!columns->stacked) {
		cp_text_tab(text, columns->as);
		cp_text_cell(text, words, columns->as_width, false);
	}
	say_rtt(text, hop, columns->rtt);
	if (columns->stacked) {
		cp_text_newline(text);
		cp_text_tab(text, columns->addr);
		cp_text_words(text, words);
	}
	say_ptr(text, hop, columns->ptr);
	cp_text_put(text, "  ");
	say_flags(text, hop);
	if (first_foreign)
		say_role(text, rec, i);
	cp_text_newline(text);
}

/* ---- the path around them ---- */

static void write_head(struct cp_text *text, const struct cp_rec_path *rec)
{
	const char *proto = cp_proto_name(rec->target->proto);
	char addr[CP_ADDR_STRLEN], chain[CP_PHRASE_MAX];

	cp_text_newline(text);
	text->indent = 2;
	cp_text_color(text, CP_BOLD);
	cp_text_words(text, rec->target->host);
	cp_text_color(text, CP_PLAIN);
	if (!rec->target->is_literal)
		cp_text_words(text, cp_addr_format(&rec->dest, addr));
	cp_text_words(text, proto ? proto : "?");
	if (rec->target->port)
		cp_text_printf(text, "port %u", rec->target->port);
	cp_text_put(text, ",");
	cp_text_printf(text, "flow %u", rec->path->flow);
	cp_text_newline(text);
	if (rec->answer && rec->answer->n_cname) {
		cp_text_printf(text, "cname %s", cp_phrase_cname(rec->answer, chain, sizeof(chain)));
		cp_text_newline(text);
	}
	if (rec->service_tag) {
		cp_text_printf(text, "service tag %s%s%s", rec->service_tag->name,
		        rec->service_tag->region ? ", region " : "",
		        rec->service_tag->region ? rec->service_tag->region : "");
		cp_text_newline(text);
	}
}

static const char *end_sentence(const struct cp_path *path)
{
	switch (path->end) {
	case CP_END_UNREACHABLE:
		return "A router said that the destination cannot be reached.";
	case CP_END_LOOP:
		return "The path runs in a loop.";
	case CP_END_GAP:
		return "Nothing answered from there on.";
	case CP_END_MAX_TTL:
		return "The highest TTL to be probed was reached before the destination.";
	case CP_END_INTERRUPTED:
		return "The run stopped before this path was done.";
	default:
		return "";
	}
}

/* Some reasons say what the end of the path says already. */
static bool is_said(const struct cp_path *path, int reason)
{
	return (reason == CP_WHY_LOOP && path->end == CP_END_LOOP) ||
	       (reason == CP_WHY_INTERRUPTED && path->end == CP_END_INTERRUPTED);
}

static void write_meaning(struct cp_text *text, const struct cp_rec_path *rec)
{
	const struct cp_judgement *judgement = rec->judgement;
	char words[CP_PHRASE_MAX];

	text->indent = 2;
	cp_text_color(text, cp_phrase_color(judgement->verdict));
	cp_text_words(text, cp_verdict_name(judgement->verdict));
	cp_text_color(text, CP_PLAIN);
	cp_text_printf(text, "(confidence %s): %s", cp_confidence_name(judgement->confidence),
	        cp_phrase_as_path(rec, words, sizeof(words)));
	cp_text_newline(text);
	if (judgement->exit.present) {
		cp_text_tab(text, 2);
		cp_text_printf(text, "Leaves home %s.", cp_phrase_exit(rec, words, sizeof(words)));
		cp_text_newline(text);
	}
	cp_text_tab(text, 2);
	cp_text_words(text, end_sentence(rec->path));
	cp_text_break(text);
	if (rec->e2e && rec->path->flow == 0) {
		cp_text_tab(text, 2);
		cp_e2e_words(text, rec->e2e);
		cp_text_newline(text);
	}
	text->indent = 0;
}

static void write_reasons(struct cp_text *text, const struct cp_rec_path *rec)
{
	const struct cp_judgement *judgement = rec->judgement;

	text->indent = 2;
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (!(judgement->reasons >> i & 1) || is_said(rec->path, i))
			continue;
		cp_text_tab(text, 2);
		cp_text_words(text, cp_reason_sentence(i));
		cp_text_newline(text);
	}
	text->indent = 0;
}

static int write_sentence(void *ctx, enum cp_explain_topic topic, const char *sentence)
{
	struct hops *state = ctx;

	if (state->explained && (topic == CP_EXPLAIN_HOME || topic == CP_EXPLAIN_DATA))
		return 0;
	cp_explain_line(&state->text, 2, topic, topic == state->topic, sentence);
	state->topic = topic;
	return 0;
}

static void write_explanation(struct hops *state, const struct cp_rec_path *rec)
{
	state->topic = CP_EXPLAIN_TOPICS;
	cp_explain(rec, write_sentence, state);
	state->explained = true;
	state->text.indent = 0;
}

static int write_path(void *ctx, const struct cp_rec_path *rec)
{
	struct hops *state = ctx;
	struct columns columns = lay_out(&state->text, rec);

	state->n_paths_of_target = state->target == rec->target ? state->n_paths_of_target + 1 : 1;
	state->target = rec->target;
	write_head(&state->text, rec);
	for (uint32_t i = 0; i < rec->path->n_hops; i++)
		write_hop(&state->text, rec, i, &columns);
	write_meaning(&state->text, rec);
	if (state->explain)
		write_explanation(state, rec);
	else
		write_reasons(&state->text, rec);
	return cp_text_flush(&state->text);
}

/* Says something only where the paths did not: nothing was probed, or there were several. */
static int write_target(void *ctx, const struct cp_rec_target *rec)
{
	struct hops *state = ctx;
	struct cp_text *text = &state->text;
	const char *why = rec->skip_reason;
	bool several = state->target == rec->target && state->n_paths_of_target > 1;
	char words[CP_PHRASE_MAX];

	if (!why && rec->answer)
		why = cp_dns_status_name(rec->answer->status);
	if (rec->n_dests && !several)
		return 0;
	cp_text_newline(text);
	text->indent = 2;
	cp_text_printf(text, "%s:", rec->target->host);
	if (rec->n_dests) {
		cp_text_color(text, cp_phrase_color(rec->verdict));
		cp_text_words(text, cp_verdict_name(rec->verdict));
		cp_text_color(text, CP_PLAIN);
		cp_text_printf(text, "is the worst of its %u paths", state->n_paths_of_target);
		if (*cp_phrase_flows(rec->combined, rec->asdb, words, sizeof(words))) {
			cp_text_newline(text);
			cp_text_put(text, "flows");
			cp_text_tab(text, 7);
			cp_text_words(text, words);
		}
	} else {
		cp_text_printf(text, "not probed: %s", why ? why : "no address");
	}
	cp_text_newline(text);
	text->indent = 0;
	return cp_text_flush(text);
}

static int write_policy(void *ctx, const struct cp_rec_policy *rec)
{
	struct hops *state = ctx;
	int rc = cp_phrase_policy(&state->text, rec->result);

	return rc ? rc : cp_text_flush(&state->text);
}

static int write_end(void *ctx, const struct cp_rec_end *rec)
{
	struct hops *state = ctx;

	if (rec->accounting.attempted) {
		cp_text_newline(&state->text);
		cp_phrase_accounting(&state->text, &rec->accounting, state->rate_pps);
	}
	cp_phrase_partial(&state->text, rec, state->has_start);
	return cp_text_flush(&state->text);
}

const struct cp_format cp_format_hops = {
        .name = "hops",
        .open = open_hops,
        .start = write_start,
        .target = write_target,
        .path = write_path,
        .warning = write_warning,
        .summary = write_summary,
        .policy = write_policy,
        .end = write_end,
        .close = close_hops,
};
