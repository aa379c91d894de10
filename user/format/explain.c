// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * explain.c: reads a judgement back to whoever has to rely on it. Says what
 * is in the record, and nothing that is not; must not judge anew.
 */
#include "explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/router_name.h"
#include "phrase.h"
#include "reason.h"

#define OLD_DAYS 90 /* of AS data: prefixes move */
#define ASNS_SHOWN 16
#define FOREIGN_SHOWN 4 /* hops outside that are cited besides the first */
#define SECONDS_PER_DAY 86400u
#define TOPIC_COLUMNS 13

/* The sentence under construction, and where it goes. */
struct teller {
	const struct cp_rec_path *rec;
	const struct cp_home *home; /* NULL: not known */
	cp_explain_fn *fn;
	void *ctx;
	int rc;
	size_t len;
	char text[CP_PHRASE_MAX];
};

const char *cp_explain_topic_name(enum cp_explain_topic topic)
{
	static const char *const names[CP_EXPLAIN_TOPICS] = {
	        [CP_EXPLAIN_HOME] = "home",
	        [CP_EXPLAIN_VANTAGE] = "vantage",
	        [CP_EXPLAIN_DEST] = "destination",
	        [CP_EXPLAIN_LAST_HOME] = "last home",
	        [CP_EXPLAIN_FOREIGN] = "outside",
	        [CP_EXPLAIN_SILENCE] = "silence",
	        [CP_EXPLAIN_RULE] = "rule",
	        [CP_EXPLAIN_REASON] = "reasons",
	        [CP_EXPLAIN_CONFIDENCE] = "confidence",
	        [CP_EXPLAIN_HELP] = "would help",
	        [CP_EXPLAIN_DATA] = "data",
	};

	return topic < CP_EXPLAIN_TOPICS ? names[topic] : "?";
}

static void say(struct teller *teller, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct teller *teller, const char *fmt, ...)
{
	size_t room = sizeof(teller->text) - teller->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(teller->text + teller->len, room, fmt, args);
	va_end(args);
	if (n > 0)
		teller->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void tell(struct teller *teller, enum cp_explain_topic topic)
{
	if (!teller->rc && teller->len)
		teller->rc = teller->fn(teller->ctx, topic, teller->text);
	teller->len = 0;
	teller->text[0] = '\0';
}

/* ---- Parts of sentences ---- */

static void say_as(struct teller *teller, uint32_t asn)
{
	const struct cp_as *as = teller->rec->asdb ? cp_asdb_as(teller->rec->asdb, asn) : NULL;
	char name[64];

	cp_phrase_name(as ? as->name : NULL, name, sizeof(name));
	say(teller, "AS%u%s%s", asn, *name ? " " : "", name);
}

static void say_origin(struct teller *teller, const struct cp_origin *origin)
{
	switch (origin->kind) {
	case CP_ORIGIN_AS:
		for (int i = 0; i < origin->n_asn && i < CP_MOAS_MAX; i++) {
			say(teller, "%s", i ? " and " : "");
			say_as(teller, origin->asn[i]);
		}
		break;
	case CP_ORIGIN_IXP:
		say(teller, "the LAN of exchange %s", origin->label && *origin->label ? origin->label : "(unnamed)");
		break;
	case CP_ORIGIN_SPECIAL:
		say(teller, "%s", origin->label ? origin->label : "private");
		break;
	default:
		say(teller, "no known AS");
	}
}

/* "TTL 5, 198.18.0.1 of AS8075 Microsoft, by name NAME (router icr01, site fra23, Frankfurt)" */
static void say_hop(struct teller *teller, uint32_t i)
{
	const struct cp_hop *hop = &teller->rec->path->hops[i];
	struct cp_router_name name;
	char addr[CP_ADDR_STRLEN];

	say(teller, "TTL %u, %s of ", hop->ttl, cp_addr_format(&hop->addr, addr));
	say_origin(teller, &teller->rec->judgement->origins[i]);
	if (!hop->ptr)
		return;
	cp_router_name_parse(hop->ptr, &name);
	say(teller, ", by name %s", hop->ptr);
	if (!*name.site)
		return;
	say(teller, " (");
	if (name.role)
		say(teller, "%s router, ", name.role);
	say(teller, "site %s", name.site);
	if (name.city)
		say(teller, ", %s", name.city);
	say(teller, ")");
}

static void say_ttls(struct teller *teller, unsigned first, unsigned last)
{
	if (first == last)
		say(teller, "TTL %u", first);
	else
		say(teller, "TTL %u to %u", first, last);
}

/* ---- What a hop is ---- */

static bool is_unseen(const struct teller *teller, uint32_t i)
{
	const struct cp_hop *hop = &teller->rec->path->hops[i];

	return cp_addr_is_zero(&hop->addr) || teller->rec->judgement->origins[i].kind == CP_ORIGIN_SPECIAL ||
	       hop->flags & CP_HOP_INFERRED;
}

static bool is_home_address(const struct teller *teller, uint32_t i)
{
	const struct cp_origin *origin = &teller->rec->judgement->origins[i];

	if (!teller->home || origin->kind != CP_ORIGIN_AS)
		return false;
	for (int k = 0; k < origin->n_asn && k < CP_MOAS_MAX; k++) {
		if (!cp_home_has(teller->home, origin->asn[k]))
			return false;
	}
	return true;
}

/* As the verdict took it: a name can have made home of a foreign address. */
static bool is_home(const struct teller *teller, uint32_t i)
{
	if (is_unseen(teller, i))
		return false;
	return is_home_address(teller, i) || teller->rec->judgement->far_end >> i & 1;
}

static bool is_dest(const struct teller *teller, uint32_t i)
{
	return cp_addr_eq(&teller->rec->path->hops[i].addr, &teller->rec->dest);
}

/* ---- What is home, where it starts, where it goes ---- */

static void tell_home(struct teller *teller)
{
	const struct cp_rec_start *start = teller->rec->start;
	size_t n = teller->home ? teller->home->n : 0;

	if (!n)
		return;
	say(teller, "Home is %s:", start->home_spec ? start->home_spec : "what --home says");
	for (size_t i = 0; i < n && i < ASNS_SHOWN; i++)
		say(teller, "%s AS%u", i ? "," : "", teller->home->asns[i]);
	if (n > ASNS_SHOWN)
		say(teller, " and %zu more", n - ASNS_SHOWN);
	say(teller, ".");
	tell(teller, CP_EXPLAIN_HOME);
}

static const char *vantage_source(const char *why)
{
	static const struct {
		const char *why, *words;
	} sources[] = {
	        {"--vantage-as", "as --vantage-as says"},
	        {"azure-dmi", "because this machine is in Azure (its DMI chassis asset tag says so)"},
	        {"source-address", "which announces the source address of the probes"},
	};

	for (size_t i = 0; why && i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (!strcmp(sources[i].why, why))
			return sources[i].words;
	}
	return why;
}

static void tell_vantage(struct teller *teller)
{
	const struct cp_judgement *judgement = teller->rec->judgement;
	const struct cp_rec_start *start = teller->rec->start;
	const char *source = start ? vantage_source(start->vantage.why) : NULL;

	if (!judgement->vantage_asn) {
		say(teller, "Where the probes start is not known: nothing says which AS this host is in.");
		tell(teller, CP_EXPLAIN_VANTAGE);
		return;
	}
	say(teller, "The probes start in ");
	say_as(teller, judgement->vantage_asn);
	if (teller->home)
		say(teller, ", %s home", cp_home_has(teller->home, judgement->vantage_asn) ? "which is" : "outside");
	if (judgement->reasons >> CP_WHY_VANTAGE_ASSUMED & 1)
		say(teller, ": assumed, because it is the first AS seen and nothing else says where they start");
	else if (source)
		say(teller, ", %s", source);
	say(teller, ".");
	tell(teller, CP_EXPLAIN_VANTAGE);
}

static void tell_dest(struct teller *teller)
{
	const struct cp_rec_path *rec = teller->rec;
	const struct cp_path *path = rec->path;
	char addr[CP_ADDR_STRLEN], chain[CP_PHRASE_MAX];

	say(teller, "The destination %s is of ", cp_addr_format(&rec->dest, addr));
	say_origin(teller, &rec->judgement->dest_origin);
	if (path->reached && path->n_hops)
		say(teller, " and answered, at TTL %u.", path->hops[path->n_hops - 1].ttl);
	else
		say(teller, path->reached ? " and answered." : " and did not answer.");
	tell(teller, CP_EXPLAIN_DEST);
	if (!*cp_phrase_cname(rec->answer, chain, sizeof(chain)))
		return;
	say(teller, "%s leads there by CNAME: %s.", rec->target->host, chain);
	tell(teller, CP_EXPLAIN_DEST);
}

/* ---- Hops cited ---- */

static uint32_t count_home_routers(const struct teller *teller, int *ret_last)
{
	const struct cp_hop *hops = teller->rec->path->hops;
	uint32_t n = 0;

	*ret_last = -1;
	for (uint32_t i = 0; i < teller->rec->path->n_hops; i++) {
		if (!is_home(teller, i) || is_dest(teller, i))
			continue;
		n += *ret_last < 0 || !cp_addr_eq(&hops[*ret_last].addr, &hops[i].addr);
		*ret_last = (int)i;
	}
	return n;
}

static void tell_last_home(struct teller *teller)
{
	const struct cp_judgement *judgement = teller->rec->judgement;
	int last;
	uint32_t n = count_home_routers(teller, &last);

	if (judgement->exit.present)
		last = judgement->exit.last_home;
	if (!teller->home && !judgement->exit.present)
		return;
	if (last >= 0) {
		say(teller, judgement->exit.present ? "The last home hop before the exit is "
		                                    : "The last home router seen is ");
		say_hop(teller, (uint32_t)last);
		say(teller, ".");
	} else if (judgement->exit.present) {
		say(teller, "No home hop was seen before the exit: the path leaves home at the vantage, or behind it.");
	} else {
		say(teller, "No home router answered on the way.");
	}
	if (teller->home && n > 1)
		say(teller, " %u home routers answered in all.", n);
	tell(teller, CP_EXPLAIN_LAST_HOME);
	for (uint32_t i = 0; i < teller->rec->path->n_hops; i++) {
		if (!(judgement->far_end >> i & 1))
			continue;
		say_hop(teller, i);
		say(teller, is_home_address(teller, i)
		                    ? ": by its name it is the neighbour's end of the link."
		                    : ": by its name it is home's router, so it was taken for home.");
		tell(teller, CP_EXPLAIN_LAST_HOME);
	}
}

/* Of the hops that are no home's: those that the verdict rests on, or the first. */
static void tell_foreign(struct teller *teller)
{
	const struct cp_judgement *judgement = teller->rec->judgement;
	const struct cp_exit *exit = &judgement->exit;
	uint32_t n = 0;

	if (exit->present && exit->first_foreign >= 0) {
		say(teller, "The first hop outside is ");
		say_hop(teller, (uint32_t)exit->first_foreign);
		say(teller, ".");
	} else if (exit->present) {
		say(teller, "Nothing outside home was seen: the path leaves it somewhere behind TTL %u.",
		        exit->ttl_min);
	}
	tell(teller, CP_EXPLAIN_FOREIGN);
	for (uint32_t i = 0; teller->home && i < teller->rec->path->n_hops; i++) {
		if (is_unseen(teller, i) || is_home(teller, i) || is_dest(teller, i) || exit->first_foreign == (int)i)
			continue;
		if (!(judgement->used >> i & 1) || n == FOREIGN_SHOWN ||
		        (judgement->verdict == CP_DIRECT && exit->present))
			continue;
		n++;
		say(teller, exit->present ? "Likewise not home's: " : "Not home's is ");
		say_hop(teller, i);
		say(teller, ".");
		tell(teller, CP_EXPLAIN_FOREIGN);
	}
	if (n || exit->present || !teller->home)
		return;
	say(teller, "No router outside home was seen.");
	tell(teller, CP_EXPLAIN_FOREIGN);
}

/* ---- Silence ---- */

/* What a run of hops that show no network means: hop `left` before it and `right` behind it, -1 and n_hops: none. */
static const char *meaning_of_silence(const struct teller *teller, int left, int right)
{
	const struct cp_judgement *judgement = teller->rec->judgement;
	int n_hops = (int)teller->rec->path->n_hops;
	bool left_home = left >= 0 && is_home(teller, (uint32_t)left);
	bool right_home = right < n_hops && is_home(teller, (uint32_t)right);
	bool vantage_home = teller->home && cp_home_has(teller->home, judgement->vantage_asn);

	if (left < 0 && !judgement->vantage_asn)
		return "before the first hop seen, and nothing says whose ground that is, so another network may hide "
		       "there";
	if (right >= n_hops)
		return "at the end of the path; nothing is concluded from it";
	if (left < 0 && right_home && vantage_home)
		return "between the vantage, which is home, and a home hop, so taken for home; no matter";
	if (left < 0 && (vantage_home || right_home))
		return "between the vantage and the first hop seen, of which one is home and the other is not, so the "
		       "border is a range of TTLs, not a point";
	if (left < 0)
		return "before the first hop seen; no matter, as the vantage is known";
	if (left_home && right_home && judgement->reasons >> CP_WHY_MPLS_TUNNEL & 1)
		return "between home hops, of which some carry MPLS labels, so taken for home, inferred";
	if (left_home && right_home)
		return "between home hops, so taken for home, inferred";
	if (left_home || right_home)
		return "where home begins or ends, so the border is a range of TTLs, not a point";
	return "outside home; no matter to where the path leaves it";
}

static const char *kind_of_silence(const struct teller *teller, uint32_t first, uint32_t last)
{
	bool silent = false, other = false;

	for (uint32_t i = first; i <= last; i++) {
		if (cp_addr_is_zero(&teller->rec->path->hops[i].addr))
			silent = true;
		else
			other = true;
	}
	return !other ? "silent" : silent ? "silent, private or inferred" : "private or inferred";
}

static bool is_limited(const struct teller *teller, uint32_t first, uint32_t last)
{
	bool limited = false;

	for (uint32_t i = first; i <= last; i++)
		limited |= teller->rec->path->hops[i].flags & CP_HOP_LIMITED;
	return limited;
}

static void tell_silence(struct teller *teller)
{
	const struct cp_path *path = teller->rec->path;
	int left = -1;
	bool any = false;

	if (path->n_hops && path->hops[0].ttl > 1) {
		say_ttls(teller, 1, path->hops[0].ttl - 1u);
		say(teller, " not probed (--first-ttl).");
		tell(teller, CP_EXPLAIN_SILENCE);
		any = true;
	}
	for (uint32_t i = 0; i < path->n_hops; i++) {
		uint32_t first = i;

		if (!is_unseen(teller, i)) {
			left = (int)i;
			continue;
		}
		while (i + 1 < path->n_hops && is_unseen(teller, i + 1))
			i++;
		say_ttls(teller, path->hops[first].ttl, path->hops[i].ttl);
		say(teller, " %s: %s.", kind_of_silence(teller, first, i),
		        meaning_of_silence(teller, left, (int)i + 1));
		if (is_limited(teller, first, i))
			say(teller, " Routers there answer only so often.");
		tell(teller, CP_EXPLAIN_SILENCE);
		any = true;
	}
	if (any || !path->n_hops)
		return;
	say(teller, "Every TTL up to the last hop answered.");
	tell(teller, CP_EXPLAIN_SILENCE);
}

/* ---- Rule, reasons, confidence ---- */

static void tell_rule(struct teller *teller)
{
	const struct cp_judgement *judgement = teller->rec->judgement;

	if (judgement->rule == CP_RULE_NONE)
		return;
	say(teller, "%s: %s. So the verdict is %s.", cp_rule_name(judgement->rule), cp_explain_rule(judgement->rule),
	        cp_verdict_name(judgement->verdict));
	tell(teller, CP_EXPLAIN_RULE);
}

static void tell_reasons(struct teller *teller)
{
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (!(teller->rec->judgement->reasons >> i & 1))
			continue;
		say(teller, "%s: %s", cp_reason_name(i), cp_reason_sentence(i));
		tell(teller, CP_EXPLAIN_REASON);
	}
}

/* True when a foreign address was taken for home because of its name. */
static bool named_home(const struct teller *teller)
{
	for (uint32_t i = 0; teller->home && i < teller->rec->path->n_hops; i++) {
		if (teller->rec->judgement->far_end >> i & 1 && !is_home_address(teller, i))
			return true;
	}
	return false;
}

/* What carries a verdict about a border or about hops outside, by how sure that is. */
static const char *basis_of(const struct cp_judgement *judgement)
{
	static const char *const borders[] = {
	        [CP_CONF_LOW] = "several TTLs between the two networks did not answer, which can hide another one",
	        [CP_CONF_MEDIUM] = "one TTL between the two networks did not answer, which can hide one router",
	        [CP_CONF_HIGH] = "nothing was silent between the two networks",
	};
	static const char *const stretches[] = {
	        [CP_CONF_LOW] = "the evidence is a single hop",
	        [CP_CONF_MEDIUM] = "between the hops outside something is silent or unclear",
	        [CP_CONF_HIGH] = "the hops outside stand next to each other",
	};

	return judgement->verdict == CP_DIRECT ? borders[judgement->basis] : stretches[judgement->basis];
}

/* What carries the verdict, before reasons lower it. */
static void say_basis(struct teller *teller)
{
	int last;
	uint32_t n = count_home_routers(teller, &last);

	if (teller->rec->judgement->verdict == CP_UNDECIDED)
		say(teller, "what is undecided is never sure");
	else if (teller->rec->judgement->verdict != CP_INSIDE)
		say(teller, "%s", basis_of(teller->rec->judgement));
	else if (teller->home)
		say(teller, "of home, %u router%s answered before the destination", n, n == 1 ? "" : "s");
	else
		say(teller, "by the home routers that answered before the destination");
}

static void tell_confidence(struct teller *teller)
{
	const struct cp_judgement *judgement = teller->rec->judgement;
	const char *before = "; at most ";

	if (judgement->rule == CP_RULE_NONE)
		return;
	say(teller, "%s: ", cp_confidence_name(judgement->confidence));
	say_basis(teller);
	for (int i = 0; i < CP_WHY_MAX && judgement->verdict != CP_UNDECIDED; i++) {
		if (!(judgement->reasons >> i & 1) || cp_reason_cap(i) == CP_CONF_HIGH)
			continue;
		say(teller, "%s%s with %s", before, cp_confidence_name(cp_reason_cap(i)), cp_reason_name(i));
		before = ", ";
	}
	if (named_home(teller) && judgement->verdict != CP_UNDECIDED)
		say(teller, "%smedium where a name made home of a hop", before);
	say(teller, ".");
	tell(teller, CP_EXPLAIN_CONFIDENCE);
}

static void tell_help(struct teller *teller)
{
	const struct cp_judgement *judgement = teller->rec->judgement;
	const char *said[CP_WHY_MAX];
	size_t n = 0;

	for (int i = 0; i < CP_WHY_MAX && judgement->confidence != CP_CONF_HIGH; i++) {
		const char *help = judgement->reasons >> i & 1 ? cp_explain_help(i) : NULL;
		size_t k = 0;

		while (help && k < n && strcmp(said[k], help) != 0)
			k++;
		if (!help || k < n)
			continue;
		said[n++] = help;
		say(teller, "%s%s", n > 1 ? "; " : "", help);
	}
	if (n)
		say(teller, ".");
	tell(teller, CP_EXPLAIN_HELP);
}

/* ---- Data ---- */

static void tell_data(struct teller *teller)
{
	const struct cp_rec_start *start = teller->rec->start;
	char date[CP_NUM_MAX];

	for (size_t i = 0; start && i < start->n_databases; i++) {
		const struct cp_rec_database *database = &start->databases[i];
		uint64_t now_s = start->wall_ms / 1000, built_s = database->built_at_s, days;

		days = now_s > built_s ? (now_s - built_s) / SECONDS_PER_DAY : 0;
		say(teller, "%s (%s)", database->name, database->layer);
		if (built_s == CP_UNKNOWN)
			say(teller, ", of no known date.");
		else if (start->wall_ms == CP_UNKNOWN)
			say(teller, " of %s.", cp_text_date(built_s, date));
		else
			say(teller, " of %s, %llu day%s old%s.", cp_text_date(built_s, date), (unsigned long long)days,
			        days == 1 ? "" : "s", days > OLD_DAYS ? ": prefixes move, a newer one is due" : "");
		tell(teller, CP_EXPLAIN_DATA);
	}
}

int cp_explain(const struct cp_rec_path *rec, cp_explain_fn *fn, void *ctx)
{
	struct teller teller = {.rec = rec, .home = rec->start ? rec->start->home : NULL, .fn = fn, .ctx = ctx};

	tell_home(&teller);
	tell_vantage(&teller);
	tell_dest(&teller);
	tell_last_home(&teller);
	tell_foreign(&teller);
	tell_silence(&teller);
	tell_rule(&teller);
	tell_reasons(&teller);
	tell_confidence(&teller);
	tell_help(&teller);
	tell_data(&teller);
	return teller.rc;
}

void cp_explain_line(
        struct cp_text *text, unsigned indent, enum cp_explain_topic topic, bool again, const char *sentence)
{
	text->indent = indent + TOPIC_COLUMNS;
	cp_text_tab(text, indent);
	cp_text_color(text, CP_DIM);
	cp_text_put(text, again ? "" : cp_explain_topic_name(topic));
	cp_text_color(text, CP_PLAIN);
	cp_text_tab(text, indent + TOPIC_COLUMNS);
	cp_text_words(text, sentence);
	cp_text_newline(text);
}
